# SPDX-License-Identifier: Apache-2.0

"""An httpd with its own ServerRoot, in the foreground of its own session."""

import os
import shutil
import signal
import time

from . import install, procs
from .errorlog import ErrorLog
from .ports import free_port

# The modules that a server loads, without those that are compiled in.
MODULES = ("unixd", "log_config", "authn_core", "authz_core", "authz_host",
           "dir", "alias", "socache_shmcb", "ssl", "watchdog", "status")

START_SERVERS = 2
GRACEFUL = "(?:SIGUSR1 received|Graceful restart requested)"


class Httpd:
    """Make it, configure() it, start() it; the fixture stops and checks it.

    Attributes: dir (ServerRoot), http_port, https_port, log (ErrorLog), clock
    (a Clock, or None for the machine's)."""

    def __init__(self, folder, http_port=None, https_port=None, mpm=None,
                 modules=(), as_user=False):
        """as_user: started not by root, but by the user of its children."""
        self.dir = folder
        self._user = install.httpd_user() if as_user else None
        self.mpm = mpm or os.environ.get("ACME_MPM", "event")
        self.modules = MODULES + tuple(m for m in modules if m not in MODULES)
        self.http_port = http_port or free_port()
        self.https_port = https_port or free_port()
        self.defines = []
        self.more_env = {}
        self.clock = None
        self._daemon = None
        self._rotated = 0
        for name in ("conf", "logs", "run", "htdocs"):
            os.makedirs(self.path(name), mode=0o755, exist_ok=True)
        self.write("htdocs/index.html", "it works\n")
        self.log = ErrorLog(self.path("logs/error_log"),
                            self.path("logs/stderr"))

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def write(self, name, text, mode=0o644):
        """Writes a file below the ServerRoot and returns its path."""
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    # -- configuration ----------------------------------------------------

    def configure(self, text, base=True):
        """Writes conf/httpd.conf: the base, then text."""
        self.write("conf/httpd.conf", (self.base_conf() if base else "")
                   + text)

    def base_conf(self):
        lines = [install.load_module("mpm_" + self.mpm)]
        lines += [install.load_module(name) for name in self.modules]
        lines.append("""
ServerRoot "%(dir)s"
DefaultRuntimeDir run
PidFile run/httpd.pid
ServerName localhost
Listen 127.0.0.1:%(http)d
Listen 127.0.0.1:%(https)d https
DocumentRoot htdocs
ErrorLog logs/error_log
LogLevel notice ssl:warn
LogFormat "%%h \\"%%r\\" %%>s %%{Host}i" short
CustomLog logs/access_log short
KeepAliveTimeout 2
SSLSessionCache shmcb:run/ssl_scache(512000)
GracefulShutdownTimeout 10
StartServers %(children)d
%(spare)s
<Directory />
    Require all granted
</Directory>
""" % {"dir": self.dir, "http": self.http_port, "https": self.https_port,
       "children": START_SERVERS,
       "spare": "MinSpareServers 1" if self.mpm == "prefork"
                else "MinSpareThreads 25"})
        if install.httpd_user() and not self._user:
            lines.append("User %s\nGroup %s\n" % install.httpd_user())
        return "".join(lines)

    def argv(self, *more):
        argv = [install.httpd_binary(), "-d", self.dir,
                "-f", self.path("conf/httpd.conf")]
        for name in self.defines:
            argv += ["-D", name]
        return argv + list(more)

    def env(self, more=None):
        """The variables of the server, and of programs that are to see what it
        sees. more: instead of more_env."""
        more = self.more_env if more is None else more
        env = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C",
               "TZ": "UTC"}
        preload = install.sanitizer_preload()
        if preload:
            env["LD_PRELOAD"] = preload
            env["ASAN_OPTIONS"] = os.environ.get(
                "ASAN_OPTIONS", "detect_leaks=0:abort_on_error=0")
            env["UBSAN_OPTIONS"] = os.environ.get(
                "UBSAN_OPTIONS", "print_stacktrace=1")
        preloads = [preload]
        if self.clock:
            env.update(self.clock.env())
            preloads.append(self.clock.library)
        env.update(more)
        preloads.append(more.get("LD_PRELOAD"))
        if any(preloads):
            env["LD_PRELOAD"] = " ".join(filter(None, preloads))
        return env

    def configtest(self):
        """Returns (exit status, all output)."""
        done = procs.run(self.argv("-t"), env=self.env(),
                         **procs.as_user(self._user))
        return done.returncode, done.stdout

    # -- life -------------------------------------------------------------

    @property
    def pid(self):
        return self._daemon.pid

    def is_running(self):
        return self._daemon is not None \
            and self._daemon.exit_status() is None

    def start(self, timeout=procs.GIVE_UP):
        """Starts the server; returns when it answers on its http port."""
        mark = self.log.mark()
        if self._user:
            for folder, _, names in os.walk(self.dir):
                for name in [folder] + names:
                    shutil.chown(os.path.join(folder, name), *self._user)
        self._daemon = procs.Daemon(self.argv("-DFOREGROUND"),
                                    self.path("logs/stderr"), env=self.env(),
                                    cwd=self.dir, user=self._user)
        self.log.wait_for("resuming normal operations", timeout, mark,
                          check=self._check_running)
        return self

    def start_that_may_end(self, more):
        """Starts the server with these variables, until it runs or has ended;
        returns the exit status, or None if it ran. It is stopped then."""
        mark = self.log.mark()
        daemon = procs.Daemon(self.argv("-DFOREGROUND"),
                              self.path("logs/stderr"), env=self.env(more),
                              cwd=self.dir)

        def over():
            return daemon.exit_status() is not None \
                or self.log.lines("resuming normal operations", mark)
        procs.wait_until(over, procs.GIVE_UP, "a start or its end",
                         interval=0.02)
        status = daemon.exit_status()
        daemon.stop()
        return status

    def _check_running(self):
        if not self.is_running():
            raise AssertionError("httpd ended with status %s\n%s" % (
                self._daemon and self._daemon.exit_status(), self.tails()))

    def tails(self):
        """The ends of its log and of its standard error."""
        with open(self.path("logs/stderr"), encoding="utf-8",
                  errors="replace") as file:
            return "%s\n%s" % (file.read()[-2000:], self.log.tail())

    def stop(self, timeout=procs.GIVE_UP):
        """Sends SIGTERM; children that survive it are ended and reported."""
        if not self.is_running():
            return
        children = self.children()
        in_time = self._daemon.stop(timeout)
        left = [pid for pid in children if procs.alive(pid)]
        for pid in left:
            procs.kill(pid)
        self._daemon = None
        assert in_time, "httpd did not stop within %g s" % timeout
        assert not left, "httpd left its children %s behind" % left

    def graceful(self, timeout=procs.GIVE_UP):
        """Restarts gracefully by hand; returns when that is complete."""
        mark = self.log.mark()
        self._daemon.signal(signal.SIGUSR1)
        self.wait_for_restart(mark, timeout)

    def restart(self):
        self.stop()
        self.start()

    def wait_for_restart(self, mark, timeout=procs.GIVE_UP):
        """Waits until a graceful restart after the mark is complete."""
        self.log.wait_for(r"(?s)%s.*resuming normal operations" % GRACEFUL,
                          timeout, mark, check=self._check_running)

    def restarts(self, mark=0):
        """How many graceful restarts the log shows."""
        return len(self.log.lines(GRACEFUL, mark))

    def children(self):
        return procs.children(self.pid) if self.is_running() else []

    def kill_child(self, pid, signum=signal.SIGKILL):
        assert pid in self.children(), "%d is no child of ours" % pid
        procs.kill(pid, signum)

    # -- the log ----------------------------------------------------------

    def wait_for_log(self, regex, timeout=procs.GIVE_UP, mark=0):
        return self.log.wait_for(regex, timeout, mark,
                                 check=self._check_running)

    def expect_log(self, regex):
        self.log.expect(regex)

    def allow_log(self, regex):
        self.log.allow(regex)

    def rotate_log(self):
        """Rotates the log as logrotate does; the check still reads the old
        lines."""
        self._rotated += 1
        old = "%s.%d" % (self.log.path, self._rotated)
        os.rename(self.log.path, old)
        self.log.add(old)

    def remove(self):
        for _ in range(5):
            shutil.rmtree(self.dir, ignore_errors=True)
            if not os.path.exists(self.dir):
                return
            time.sleep(0.1)
