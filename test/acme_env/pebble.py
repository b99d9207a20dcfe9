# SPDX-License-Identifier: Apache-2.0

"""A Pebble with its DNS server, each on its own ports and in its folder."""

import datetime
import json
import os
import re
import signal
import ssl
import urllib.request

from . import install, procs, tls
from .ports import free_port

READY = "ACME directory available"


class Pebble:
    """A CA with its DNS server. http_port and tls_port: where it validates.

    `env` is for Pebble, in addition to: no wait before a validation, no nonce
    rejected, no authorization reused (except one in a hundred, because Pebble
    compares its dice with > and not with >=; so a test must not break a name
    that was validated and then count on a failure). validity: how long its
    certificates live, in seconds. ipv6: Pebble, and all names for which it
    asks its DNS server, have ::1 only. dns_server: "ADDRESS:PORT" of the DNS
    server that it asks instead of its own."""

    def __init__(self, folder, http_port=None, tls_port=None, validity=None,
                 env=None, config=None, ipv6=False, dns_server=None):
        self.dir = folder
        self._ipv6 = ipv6
        self.host = "[::1]" if ipv6 else "localhost"
        self._listen = "[::1]" if ipv6 else "127.0.0.1"
        self.http_port = http_port or free_port()
        self.tls_port = tls_port or free_port()
        self.port = free_port()
        self.mgmt_port = free_port()
        self.dns_port = free_port()
        self.dns_mgmt_port = free_port()
        self.dns_server = dns_server or "127.0.0.1:%d" % self.dns_port
        self.validity = validity
        self.env = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0",
                    "PEBBLE_AUTHZREUSE": "0"}
        self.env.update(env or {})
        self.config = config or {}
        self._daemon = None
        self._dns = None
        self._starts = 0
        # A Gate through which clients see another CA's behaviour, or None.
        self.front = None
        os.makedirs(folder, mode=0o755, exist_ok=True)
        self.root_file = self._path("root.pem")
        # The certificate of Pebble's server, which its clients trust.
        self.ca_file, self.key_file = tls.self_signed(
            self._path("tls"), "localhost", "127.0.0.1", "::1")

    def _path(self, name):
        return os.path.join(self.dir, name)

    @property
    def directory(self):
        if self.front:
            return self.front.directory
        return "https://%s:%d/dir" % (self.host, self.port)

    @property
    def log_path(self):
        """The log of the present start; each start has its own."""
        return self._path("pebble-%d.log" % self._starts)

    def _write_config(self):
        pebble = {
            "listenAddress": "%s:%d" % (self._listen, self.port),
            "managementListenAddress": "%s:%d" % (self._listen,
                                                  self.mgmt_port),
            "certificate": self.ca_file,
            "privateKey": self.key_file,
            "httpPort": self.http_port,
            "tlsPort": self.tls_port,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": False,
            "retryAfter": {"authz": 1, "order": 1},
        }
        if self.validity:
            # The first is for newer Pebbles, the second for older ones.
            pebble["profiles"] = {"default": {
                "description": "the only one",
                "validityPeriod": self.validity}}
            pebble["certificateValidityPeriod"] = self.validity
        pebble.update(self.config)
        path = self._path("pebble.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"pebble": pebble}, file, indent=2)
        return path

    # -- life -------------------------------------------------------------

    def start(self):
        """Returns when it answers. Each start is a new CA, because Pebble
        stores nothing."""
        self._start_dns()
        self._starts += 1
        env = {"PATH": os.environ.get("PATH", os.defpath)}
        env.update(self.env)
        self._daemon = procs.Daemon(
            [os.path.join(install.pebble_dir(), "pebble"),
             "-config", self._write_config(),
             "-dnsserver", self.dns_server],
            self.log_path, env=env, cwd=self.dir)
        self._wait_for_root()
        return self

    def _wait_for_root(self):
        def fetch():
            if self._daemon.exit_status() is not None:
                raise AssertionError("Pebble ended:\n" + self.log())
            try:
                return self.management("/roots/0")
            except OSError:
                return None
        root = procs.wait_until(fetch, 30, lambda: "Pebble's root:\n"
                                + self.log(), interval=0.05)
        with open(self.root_file, "w", encoding="ascii") as file:
            file.write(root)

    def _start_dns(self):
        if self._dns:
            return
        program = os.path.join(install.pebble_dir(), "pebble-challtestsrv")
        usage = procs.run([program, "-h"]).stdout
        # The names of the options differ between versions of Pebble.
        options = {"-dnsserver": "127.0.0.1:%d" % self.dns_port,
                   "-dns01": "127.0.0.1:%d" % self.dns_port,
                   "-doh": "", "-http01": "", "-https01": "",
                   "-tlsalpn01": "",
                   "-defaultIPv4": "" if self._ipv6 else "127.0.0.1",
                   "-defaultIPv6": "::1" if self._ipv6 else "",
                   "-management": "127.0.0.1:%d" % self.dns_mgmt_port}
        argv = [program]
        for name, value in options.items():
            if re.search(r"^\s+%s\b" % name, usage, re.M):
                argv += [name, value]
        self._dns = procs.Daemon(argv, self._path("dns.log"), cwd=self.dir)

        def answers():
            try:
                self._dns_post("/clear-a", {"host": "nobody.test"})
                return True
            except OSError:
                return False
        procs.wait_until(answers, 15, "the DNS test server answers",
                         interval=0.05)

    def stop(self):
        """Stops the CA; its DNS server goes on."""
        if self._daemon:
            self._daemon.stop()
            self._daemon = None

    def shutdown(self):
        self.stop()
        if self._dns:
            self._dns.stop()
            self._dns = None

    def freeze(self):
        """Keeps connections and does not answer any more, until thaw()."""
        self._daemon.signal(signal.SIGSTOP)

    def thaw(self):
        self._daemon.signal(signal.SIGCONT)

    # -- DNS --------------------------------------------------------------

    def _dns_post(self, path, body):
        request = urllib.request.Request(
            "http://127.0.0.1:%d%s" % (self.dns_mgmt_port, path),
            data=json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=procs.GIVE_UP) as answer:
            return answer.read()

    def set_address(self, host, *addresses):
        """Sets the address of a host; all others have 127.0.0.1."""
        self._dns_post("/clear-a", {"host": host})
        if addresses:
            self._dns_post("/add-a", {"host": host,
                                      "addresses": list(addresses)})

    def break_name(self, host):
        """Lets DNS fail for a name, so that each validation fails."""
        self._dns_post("/set-servfail", {"host": host})

    def repair_name(self, host):
        self._dns_post("/clear-servfail", {"host": host})

    # -- renewal information ----------------------------------------------

    def set_renewal_info(self, pem, start, end, url=None):
        """Sets the renewal information of a certificate: a window from and to
        so many seconds from now, and a page that explains it."""
        def at(seconds):
            when = (datetime.datetime.now(datetime.timezone.utc)
                    + datetime.timedelta(seconds=seconds))
            return when.strftime("%Y-%m-%dT%H:%M:%SZ")
        info = {"suggestedWindow": {"start": at(start), "end": at(end)}}
        if url:
            info["explanationURL"] = url
        self.management("/set-renewal-info/", json.dumps(
            {"Certificate": pem, "ARIResponse": json.dumps(info)}))

    # -- what it tells ----------------------------------------------------

    def management(self, path, body=None):
        context = ssl.create_default_context(cafile=self.ca_file)
        with urllib.request.urlopen(
                "https://%s:%d%s" % (self.host, self.mgmt_port, path),
                data=body.encode() if body else None,
                context=context, timeout=procs.GIVE_UP) as answer:
            return answer.read().decode()

    def log(self):
        try:
            with open(self.log_path, encoding="utf-8",
                      errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def _count(self, regex):
        return len(re.findall(regex, self.log(), re.M))

    def accounts(self):
        """How many accounts it has made since its start."""
        return self._count(r"There are now \d+ accounts in memory")

    def orders(self):
        """How many orders it has made since its start."""
        return self._count(r"There are now \d+ orders in the db")

    def certificates(self):
        return self._count(r"Issued certificate serial")

    def requests(self, path=""):
        """How many requests came (for a path such as /order-plz)."""
        return self._count(r"(?:GET|HEAD|POST) %s\S* -> calling handler"
                           % (path or "/"))

    def wait_for(self, regex, timeout=procs.GIVE_UP):
        pattern = re.compile(regex, re.M)
        return procs.wait_until(
            lambda: pattern.search(self.log()), timeout,
            lambda: "/%s/ in Pebble's log:\n%s" % (regex, self.log()[-2000:]))
