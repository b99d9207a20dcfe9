# SPDX-License-Identifier: Apache-2.0

"""Processes. Only those that this run has started are ended, by pid."""

import os
import signal
import subprocess
import time

# Seconds after which a test gives up waiting for something that must come. It
# is long because a machine may be slow, and costs nothing because a test goes
# on as soon as it has come. No wait is shorter.
GIVE_UP = 300


def wait_until(condition, timeout, what, interval=0.1):
    """Returns the first true value of condition(); AssertionError when it is
    too late. timeout: how long it may take, if that is more than GIVE_UP.
    `what` may be a function, which is called for the message."""
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
    """Checks for so long that it does not come."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert not condition(), what() if callable(what) else what
        time.sleep(0.1)


def children(pid):
    """The pids of the living children of a process."""
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
    """The number of threads of a process, 0 when it has ended."""
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
    """Sends a signal. Returns True if the process exists."""
    try:
        os.kill(pid, signum)
    except ProcessLookupError:
        return False
    return True


def run(argv, timeout=GIVE_UP, stdin="", **kwargs):
    """Runs a program and returns it with its output (text) in .stdout, errors
    included. A failing exit status raises nothing."""
    return subprocess.run(argv, input=stdin, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True,
                          errors="replace", timeout=timeout, check=False,
                          **kwargs)


def as_user(names):
    """Arguments of subprocess for (user, group), or for None: for our own
    user."""
    if not names:
        return {}
    return {"user": names[0], "group": names[1], "extra_groups": []}


class Daemon:
    """A program in the foreground of its own session, with its output in a
    file."""

    def __init__(self, argv, output, env=None, cwd=None, user=None):
        self.argv = argv
        with open(output, "ab") as file:
            self._process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=file,
                stderr=subprocess.STDOUT, env=env, cwd=cwd,
                start_new_session=True, **as_user(user))
        self.pid = self._process.pid

    def exit_status(self):
        """The exit status, None while it runs."""
        return self._process.poll()

    def signal(self, signum):
        if self.exit_status() is None:
            self._process.send_signal(signum)

    def wait(self, timeout):
        return self._process.wait(timeout)

    def stop(self, timeout=GIVE_UP):
        """Sends SIGTERM, then SIGKILL. True if it ended by itself."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        try:
            self._process.wait(timeout)
            return True
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return False
