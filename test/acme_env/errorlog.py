# SPDX-License-Identifier: Apache-2.0

"""httpd's error log.

After each test every line of level warn or worse that the test did not
announce is a failure; so is every crash, unless the very crash was."""

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
# Says that a child has not ended within 3 seconds, which is how slow the machine
# is. A child that does not end at all is killed, and that is said as an error.
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
        """One more file that the check reads, such as a rotated one."""
        self._paths.append(path)

    def text(self, mark=0):
        """The error log from a mark on."""
        return _read(self.path)[mark:].decode("utf-8", "replace")

    def mark(self):
        """A place in the log: what is written from now on comes after it."""
        try:
            return os.path.getsize(self.path)
        except OSError:
            return 0

    def lines(self, regex, mark=0):
        pattern = re.compile(regex)
        return [line for line in self.text(mark).splitlines()
                if pattern.search(line)]

    def time_of(self, regex, mark=0):
        """When the first such line was written, by the server's clock."""
        text = re.match(r"\[([^\]]+)\]", self.lines(regex, mark)[0]).group(1)
        return datetime.datetime.strptime(
            text, "%a %b %d %H:%M:%S.%f %Y").replace(
                tzinfo=datetime.timezone.utc).timestamp()

    def wait_for(self, regex, timeout=procs.GIVE_UP, mark=0, check=None):
        """The first match of regex, line by line, after the mark.

        check: called each time; what it raises ends the wait."""
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
        """The test provokes such a line: it must come, and may."""
        self._expected.append(re.compile(regex))

    def allow(self, regex):
        """Such a line may come."""
        self._allowed.append(re.compile(regex))

    def problems(self):
        """What the check after the test complains about."""
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
