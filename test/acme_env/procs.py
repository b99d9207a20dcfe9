# SPDX-License-Identifier: Apache-2.0

"""Processes: only those that this run started are ever ended, by pid."""

import os
import signal
import subprocess
import time

# Seconds after which a test gives up waiting for something that must come:
# long, because a machine may be slow, and harmless, because a test goes on as
# soon as it has come. No wait is given up before.
GIVE_UP = 180


def wait_until(condition, timeout, what, interval=0.1):
    """The first true value of condition(); AssertionError when too late.

    timeout: how long it may take, if that is more than GIVE_UP. `what` may be
    a function, called for the message."""
    timeout = max(timeout, GIVE_UP)
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            text = what() if callable(what) else what
            raise AssertionError("not within %g s: %s" % (timeout, text))
        time.sleep(interval)


def never(condition, seconds, what):
    """Looks for so long, and it must not come."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert not condition(), what() if callable(what) else what
        time.sleep(0.1)


def children(pid):
    """The pids of the living children of pid."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            state, parent = _stat(int(entry))
            if parent == pid and state != "Z":
                found.append(int(entry))
    return sorted(found)


def alive(pid):
    state, _ = _stat(pid)
    return state is not None and state != "Z"


def threads(pid):
    """How many it has, 0 when it is gone."""
    try:
        return len(os.listdir("/proc/%d/task" % pid))
    except OSError:
        return 0


def _stat(pid):
    try:
        with open("/proc/%d/stat" % pid, encoding="latin-1") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return None, None
    return fields[0], int(fields[1])


def kill(pid, signum=signal.SIGKILL):
    """True if there was somebody to signal."""
    try:
        os.kill(pid, signum)
    except ProcessLookupError:
        return False
    return True


def run(argv, timeout=GIVE_UP, stdin="", **kwargs):
    """A finished process with its output (text) in .stdout, errors with it.

    Nothing is raised for its exit status."""
    return subprocess.run(argv, input=stdin, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True,
                          errors="replace", timeout=timeout, check=False,
                          **kwargs)


def as_user(names):
    """What subprocess needs for (user, group), or None: who we are."""
    if not names:
        return {}
    return {"user": names[0], "group": names[1], "extra_groups": []}


class Daemon:
    """A program in the foreground of its own session, output to a file."""

    def __init__(self, argv, output, env=None, cwd=None, user=None):
        self.argv = argv
        with open(output, "ab") as file:
            self._process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=file,
                stderr=subprocess.STDOUT, env=env, cwd=cwd,
                start_new_session=True, **as_user(user))
        self.pid = self._process.pid

    def exit_status(self):
        """None while it runs."""
        return self._process.poll()

    def signal(self, signum):
        if self.exit_status() is None:
            self._process.send_signal(signum)

    def wait(self, timeout):
        return self._process.wait(timeout)

    def stop(self, timeout=GIVE_UP):
        """SIGTERM, then SIGKILL. True if it went by itself."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        try:
            self._process.wait(timeout)
            return True
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return False
