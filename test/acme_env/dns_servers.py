# SPDX-License-Identifier: Apache-2.0

"""DNS servers as processes of their own, on high ports of 127.0.0.1: BIND's
named, which has zones and takes updates, and unbound, which resolves."""

import os
import re

from . import install, procs
from .ports import free_port


def _write(path, text, mode=0o644):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    os.chmod(path, mode)
    return path


def program(name):
    return os.path.join(install.dns_servers_dir(), name)


def dig(port, name, kind, *options):
    """The output of dig for a question to 127.0.0.1."""
    return procs.run([program("dig"), "@127.0.0.1", "-p", str(port), name,
                      kind, "+tries=2", "+time=5"] + list(options)).stdout


class _Server:
    """name: of the program, and of its files."""

    name = None

    def __init__(self, folder, port=None):
        self.dir = folder
        self.port = port or free_port()
        self._daemon = None
        os.makedirs(folder, mode=0o755, exist_ok=True)

    @property
    def address(self):
        return "127.0.0.1:%d" % self.port

    @property
    def log_path(self):
        return self._path(self.name + ".log")

    def _path(self, name):
        return os.path.join(self.dir, name)

    def log(self):
        try:
            with open(self.log_path, encoding="utf-8",
                      errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def _argv(self):
        raise NotImplementedError

    def start(self):
        """Returns when it answers."""
        self._daemon = procs.Daemon(self._argv(), self.log_path, cwd=self.dir)

        def answers():
            if self._daemon.exit_status() is not None:
                raise AssertionError("%s ended:\n%s" % (self.name,
                                                        self.log()))
            return "status: " in dig(self.port, "version.bind.", "TXT", "CH",
                                     "+tries=1", "+time=1")
        procs.wait_until(answers, procs.GIVE_UP, lambda: "%s answers:\n%s"
                         % (self.name, self.log()), interval=0.05)
        return self

    def stop(self):
        if self._daemon:
            self._daemon.stop()
            self._daemon = None

    def signal(self, signum):
        self._daemon.signal(signum)

    def dig(self, name, kind, *options):
        return dig(self.port, name, kind, *options)

    def answers(self, name, kind, *options):
        """What `dig +short` has for a question, sorted."""
        return sorted(line for line in self.dig(
            name, kind, "+short", *options).split("\n")
            if line and not line.startswith(";"))

    def txt(self, name):
        """The TXT records at a name, or where its CNAME leads, without quotes
        and sorted."""
        return [text.strip('"') for text in self.answers(name, "TXT")
                if text.startswith('"')]


class Named(_Server):
    """A name server with zones. Keys and zones are added before start().

    A zone that is added with keys takes updates of TXT records that are signed
    by them."""

    name = "named"

    def __init__(self, folder, port=None):
        super().__init__(folder, port)
        self.key_files = {}
        self._keys = {}
        self._zones = {}
        # Statements for named.conf, in addition.
        self.more = ""
        self.options = ""

    def add_key(self, name, algorithm="hmac-sha256"):
        """Makes a TSIG key; returns the path of its file, which only its owner
        may read."""
        done = procs.run([program("tsig-keygen"), "-a", algorithm, name])
        assert done.returncode == 0, done.stdout
        self._keys[name] = done.stdout
        self.key_files[name] = _write(self._path(name + ".key"), done.stdout,
                                      0o600)
        return self.key_files[name]

    def secret(self, name):
        return re.search(r'secret "([^"]+)"', self._keys[name]).group(1)

    def add_zone(self, zone, *keys, policy=None, records=""):
        """A zone with an SOA, itself as its name server, and an address for
        each name. policy: for update-policy, instead of all TXT records for
        each of the keys."""
        if policy is None:
            policy = "".join("grant %s zonesub TXT; " % key for key in keys)
        self._zones[zone] = policy
        _write(self._path(zone + ".zone"),
               "$TTL 1\n"
               "@ IN SOA ns.%s. hostmaster.%s. 1 3600 600 86400 1\n"
               "@ IN NS ns.%s.\n"
               "@ IN A 127.0.0.1\n"
               "ns IN A 127.0.0.1\n"
               "%s\n" % (zone, zone, zone, records))

    def _argv(self):
        zones = "".join(
            'zone "%s" { type primary; file "%s.zone"; %s };\n' % (
                zone, zone, "update-policy { %s};" % policy if policy else "")
            for zone, policy in self._zones.items())
        _write(self._path("named.conf"),
               'options {\n'
               '    directory "%s";\n'
               '    pid-file "named.pid";\n'
               '    session-keyfile "session.key";\n'
               '    managed-keys-directory "%s";\n'
               '    listen-on port %d { 127.0.0.1; };\n'
               '    listen-on-v6 { none; };\n'
               '    recursion no;\n'
               '    dnssec-validation no;\n'
               '    empty-zones-enable no;\n'
               '    notify no;\n'
               '    %s\n'
               '};\n'
               'controls { };\n'
               '%s%s%s\n' % (self.dir, self.dir, self.port, self.options,
                             "".join(self._keys.values()), zones, self.more),
               0o600)
        return [program("named"), "-g", "-n", "1", "-c",
                self._path("named.conf")]


class Unbound(_Server):
    """A resolver that asks the servers that it is told to.

    stubs: {zone: port} of authoritative servers, which it asks without
    recursion and whose referrals and CNAMEs it follows. All of `test.` and
    what is not named is unknown to it. options: lines for its `server:`."""

    name = "unbound"

    def __init__(self, folder, port=None, stubs=None, options=""):
        super().__init__(folder, port)
        self.stubs = stubs or {}
        self.options = options

    def _argv(self):
        stubs = "".join("stub-zone:\n"
                        '    name: "%s"\n'
                        "    stub-addr: 127.0.0.1@%d\n"
                        "    stub-no-cache: yes\n" % (zone, port)
                        for zone, port in self.stubs.items())
        _write(self._path("unbound.conf"),
               "server:\n"
               '    directory: "%s"\n'
               '    chroot: ""\n'
               '    username: ""\n'
               '    pidfile: ""\n'
               '    logfile: ""\n'
               "    use-syslog: no\n"
               "    do-daemonize: no\n"
               "    num-threads: 1\n"
               "    interface: 127.0.0.1@%d\n"
               "    access-control: 127.0.0.0/8 allow\n"
               "    do-ip6: no\n"
               "    do-not-query-localhost: no\n"
               '    module-config: "iterator"\n'
               '    local-zone: "test." nodefault\n'
               "    cache-max-ttl: 0\n"
               "    cache-max-negative-ttl: 0\n"
               "    hide-version: no\n"
               "%s\n"
               "remote-control:\n"
               "    control-enable: no\n"
               "%s" % (self.dir, self.port, self.options, stubs))
        return [program("unbound"), "-d", "-c", self._path("unbound.conf")]
