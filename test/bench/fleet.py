# SPDX-License-Identifier: Apache-2.0

"""The same number of sites on mod_acme, on mod_md and on plain mod_ssl."""

import os
import pwd
import re
import shutil
import subprocess
import time

import measure
from acme_env import install, procs
from acme_env.httpd import Httpd

NOWHERE = "https://localhost:1/dir"


def names(count, stem="site"):
    return ["%s%05d.bench.test" % (stem, i) for i in range(1, count + 1)]


def tool(name):
    return os.path.join(os.environ["ACME_BENCH_BIN"], name)


class Seed:
    """A store with a certificate for each name, made once for each size."""

    def __init__(self, folder, sites, ca=NOWHERE):
        self.dir = folder
        self.sites = sites
        self.ca = ca
        uid, gid = os.geteuid(), os.getegid()
        if install.httpd_user():
            entry = pwd.getpwnam(install.httpd_user()[0])
            uid, gid = entry.pw_uid, entry.pw_gid
        if sites:
            subprocess.run([tool("fill"), folder, ca, "90", str(uid),
                            str(gid)], input="\n".join(sites) + "\n",
                           text=True, check=True)

    def file(self, name, which):
        return os.path.join(self.dir, "live", name, which)


class Server(Httpd):
    """kind: acme, md or plain (files of mod_ssl)."""

    def __init__(self, folder, kind, **options):
        super().__init__(folder, **options)
        self.kind = kind
        self.cores = ()
        self.ready = 0

    # -- configuration ----------------------------------------------------

    def compose(self, sites, ca=NOWHERE, ca_file=None, seed=None, extra="",
                key="P-256"):
        """seed: certificates that exist already."""
        store = self.path("store")
        text = [extra]
        if self.kind == "acme":
            text.append("""
LoadModule acme_module %s
ACMEStoreDir "%s"
ACMECertificateAuthority %s
ACMECertificateAgreement accepted
ACMEPortMap http:%d https:%d
ACMEPrivateKeys %s
ACMEActivation %s
""" % (install.acme_module(), store, ca, self.http_port, self.https_port,
                key, "graceful" if self.activates else "manual"))
            if ca_file:
                text.append('ACMECACertificateFile "%s"\n' % ca_file)
        elif self.kind == "md":
            text.append("""
LoadModule md_module %s/mod_md.so
MDStoreDir "%s"
MDCertificateAuthority %s
MDCertificateAgreement accepted
MDContactEmail admin@bench.test
MDPortMap http:%d https:%d
MDPrivateKeys %s
MDCAChallenges http-01
MDStapling off
""" % (install.apxs("LIBEXECDIR"), store, ca, self.http_port,
                self.https_port, key))
            if ca_file:
                text.append('MDCACertificateFile "%s"\n' % ca_file)
        else:
            text.append(load_libraries())
        text.append("""
<VirtualHost 127.0.0.1:%d>
    ServerName localhost
    <Location "/acme-status">
        SetHandler acme-status
    </Location>
    <Location "/acme-metrics">
        SetHandler acme-metrics
    </Location>
    <Location "/md-status">
        SetHandler md-status
    </Location>
    <Location "/server-status">
        SetHandler server-status
    </Location>
</VirtualHost>
""" % self.http_port)
        text += [self._site(name, seed) for name in sites]
        self.configure("".join(text))
        self.write("htdocs/index.html", "it works\n")
        if seed:
            self._take(seed)

    def warm_up(self):
        """Starts the server once, so that nothing is new any more."""
        time.sleep(0.2)
        self.start()
        self.stop()

    activates = False

    def _site(self, name, seed):
        if self.kind == "plain":
            own = "SSLCertificateFile %s\n    SSLCertificateKeyFile %s" % (
                seed.file(name, "fullchain.pem"),
                seed.file(name, "privkey.pem"))
        elif self.kind == "acme":
            own = "ACMEDomain"
        else:
            own = ""
        outside = "MDomain %s\n" % name if self.kind == "md" else ""
        return """%s<VirtualHost 127.0.0.1:%d>
    ServerName %s
    SSLEngine on
    %s
</VirtualHost>
""" % (outside, self.https_port, name, own)

    def _take(self, seed):
        store = self.path("store")
        if self.kind == "acme":
            shutil.rmtree(store, ignore_errors=True)
            if seed.sites:
                subprocess.run(["cp", "-a", seed.dir, store], check=True)
        elif self.kind == "md" and seed.sites:
            # The store has a key of its own, which the first start makes.
            self.start()
            self.stop()
            for name in seed.sites:
                folder = os.path.join(store, "domains", name)
                os.makedirs(folder, mode=0o700, exist_ok=True)
                for ours, theirs in (("fullchain.pem", "pubcert"),
                                     ("privkey.pem", "privkey")):
                    shutil.copy(seed.file(name, ours), os.path.join(
                        folder, theirs + ".secp256r1.pem"))

    # -- life -------------------------------------------------------------

    def start(self, timeout=300):
        mark = self.log.mark()
        begun = time.monotonic()
        with measure.Pinned(*self.cores):
            self._daemon = procs.Daemon(
                self.argv("-DFOREGROUND"), self.path("logs/stderr"),
                env=self.env(), cwd=self.dir)
        self._wait_ready(mark, timeout, r"resuming normal operations")
        self.ready = time.time()
        return time.monotonic() - begun

    def graceful(self, timeout=300):
        """Seconds until it is complete."""
        mark = self.log.mark()
        begun = time.monotonic()
        os.kill(self.pid, 10)
        self._wait_ready(
            mark, timeout,
            r"(?s)(?:SIGUSR1|Graceful restart).*resuming normal operations")
        return time.monotonic() - begun

    def _wait_ready(self, mark, timeout, regex):
        pattern = re.compile(regex)

        def look():
            self._check_running()
            return pattern.search(self.log.text(mark))
        procs.wait_until(look, timeout, lambda: self.tails(), interval=0.005)

    def stop(self, timeout=120):
        """Ends the server with all children."""
        if self.is_running():
            children = self.children()
            self._daemon.stop(timeout)
            for pid in children:
                procs.kill(pid)
            self._daemon = None

    def cpu(self):
        return measure.cpu(self.pid)

    # -- issuance ---------------------------------------------------------

    def issued(self):
        """The number of certificates that it has got and not activated yet."""
        folder = self.path("store", "staging")
        try:
            entries = os.listdir(folder)
        except FileNotFoundError:
            return 0
        if self.kind == "acme":
            return sum(1 for name in entries if not name.startswith(".tmp"))
        return sum(1 for name in entries if os.path.exists(
            os.path.join(folder, name, "job.json"))
            and any(file.startswith("pubcert") for file in
                    os.listdir(os.path.join(folder, name))))


def load_libraries():
    """The libraries that our module links with, so that memory is compared
    fairly."""
    done = procs.run(["ldd", install.acme_module()])
    found = re.findall(r"lib(?:curl|jansson)\S* => (\S+)", done.stdout)
    return "".join('LoadFile "%s"\n' % path for path in found)
