# SPDX-License-Identifier: Apache-2.0

"""httpd's error log.

After each test every line of level warn or worse that the test did not
announce is a failure. So is every crash, unless that crash was announced."""

import datetime
import os
import re

from . import procs

LEVEL = re.compile(r"^\[[^\]]+\] \[[\w-]*:(emerg|alert|crit|error|warn)\] ")
CRASH = re.compile(r"AddressSanitizer|LeakSanitizer|ThreadSanitizer"
                   r"|: runtime error: "
                   r"|exit signal (?!Killed|Terminated)"
                   r"|SIGSEGV|Segmentation fault|\bassertion .* failed"
                   r"|file .*, line \d+, assertion")
# httpd logs that a child has not ended within 3 seconds, which depends on the
# speed of the machine. A child that does not end at all is killed, and that is
# logged as an error.
SLOW = re.compile(r"AH00045: ")
KILLED = re.compile(r"exit signal Killed")


class ErrorLog:
    """The log files of one server: error logs and its standard error."""

    def __init__(self, path, *others):
        self.path = path
        self._paths = [path] + list(others)
        self._expected = []
        self._allowed = []

    def add(self, path):
        """Adds a file to those that the check reads, such as a rotated log."""
        self._paths.append(path)

    def text(self, mark=0):
        """The error log from a mark on."""
        return _read(self.path)[mark:].decode("utf-8", "replace")

    def mark(self):
        """A place in the log, before all that is written from now on."""
        try:
            return os.path.getsize(self.path)
        except OSError:
            return 0

    def lines(self, regex, mark=0):
        pattern = re.compile(regex)
        return [line for line in self.text(mark).splitlines()
                if pattern.search(line)]

    def time_of(self, regex, mark=0):
        """The time of the first such line, by the server's clock."""
        text = re.match(r"\[([^\]]+)\]", self.lines(regex, mark)[0]).group(1)
        return datetime.datetime.strptime(
            text, "%a %b %d %H:%M:%S.%f %Y").replace(
                tzinfo=datetime.timezone.utc).timestamp()

    def wait_for(self, regex, timeout=procs.GIVE_UP, mark=0, check=None):
        """The first match of regex, line by line, after the mark. check:
        called each time; an exception in it ends the wait."""
        pattern = re.compile(regex, re.M)

        def look():
            found = pattern.search(self.text(mark))
            if not found and check:
                check()
            return found
        return procs.wait_until(
            look, timeout,
            lambda: "/%s/ in the log, which ends:\n%s" % (regex, self.tail()))

    def tail(self, count=25):
        return "\n".join(self.text().splitlines()[-count:])

    def expect(self, regex):
        """Announces a line that the test provokes: it must come."""
        self._expected.append(re.compile(regex))

    def allow(self, regex):
        """Announces a line that may come."""
        self._allowed.append(re.compile(regex))

    def problems(self):
        """The complaints of the check after the test."""
        bad = []
        seen = set()
        for path in self._paths:
            for line in _read(path).decode("utf-8", "replace").splitlines():
                hits = [p for p in self._expected if p.search(line)]
                seen.update(hits)
                if CRASH.search(line) and not any(
                        "exit signal" in p.pattern for p in hits):
                    bad.append("crash: " + line)
                elif (LEVEL.search(line) or KILLED.search(line)) \
                        and not hits and not SLOW.search(line) \
                        and not any(p.search(line) for p in self._allowed):
                    bad.append("not announced: " + line)
        bad += ["announced, but it never came: /%s/" % p.pattern
                for p in self._expected if p not in seen]
        return bad


def _read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""
