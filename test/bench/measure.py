# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and

"""What processes cost, and tables of it."""

import http.client
import os
import statistics
import threading
import time

from acme_env import procs

TICK = os.sysconf("SC_CLK_TCK")


def _stat(pid):
    with open("/proc/%d/stat" % pid, encoding="latin-1") as file:
        return file.read().rpartition(")")[2].split()


def cpu(pid):
    """Seconds (user and system) of a process, its children, and those of
    them that have ended."""
    total = 0
    for one in [pid] + procs.children(pid):
        try:
            fields = _stat(one)
        except OSError:
            continue
        total += int(fields[11]) + int(fields[12])
        if one == pid:
            total += int(fields[13]) + int(fields[14])
    return total / TICK


def memory(pid, key):
    """A line of smaps_rollup, in kB: Pss, Private_Dirty, Rss."""
    with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as file:
        for line in file:
            if line.startswith(key + ":"):
                return int(line.split()[1])
    raise KeyError(key)


def fleet_memory(pid, key="Pss"):
    return sum(memory(one, key) for one in [pid] + procs.children(pid))


class Pinned:
    """What is started inside runs on these cores only, where there are two."""

    def __init__(self, *cores):
        self.cores = set(cores) & os.sched_getaffinity(0)

    def __enter__(self):
        self._before = os.sched_getaffinity(0)
        if self.cores and len(self._before) > 1:
            os.sched_setaffinity(0, self.cores)

    def __exit__(self, *unused):
        os.sched_setaffinity(0, self._before)


class Knocker:
    """Asks a server all the time; .longest is the longest wait, in s."""

    def __init__(self, port, path="/", host="localhost", interval=0.005):
        self._args = port, path, host, interval
        self.longest = 0
        self.failures = 0
        self._end = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *unused):
        self._end = True
        self._thread.join()

    def _run(self):
        port, path, host, interval = self._args
        while not self._end:
            begun = time.monotonic()
            try:
                get(port, path, host)
            except (OSError, http.client.HTTPException):
                self.failures += 1
            self.longest = max(self.longest, time.monotonic() - begun)
            time.sleep(interval)


def get(port, path, host="localhost", timeout=60):
    """(seconds, body)"""
    begun = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port,
                                            timeout=timeout)
    try:
        connection.request("GET", path, headers={"Host": host,
                                                 "Connection": "close"})
        body = connection.getresponse().read()
        return time.monotonic() - begun, body
    finally:
        connection.close()


def print_number(value):
    if value is None:
        return "-"
    if value == 0 or abs(value) >= 1000:
        return "%.0f" % value
    return "%.3g" % value


class Series:
    """Numbers of repeated runs."""

    def __init__(self):
        self.values = []

    def add(self, value):
        self.values.append(value)

    @property
    def median(self):
        return statistics.median(self.values) if self.values else None

    def __str__(self):
        if not self.values:
            return "-"
        text = print_number(self.median)
        if len(self.values) > 1:
            text += " (%s..%s)" % (print_number(min(self.values)),
                                   print_number(max(self.values)))
        return text


KINDS = ("acme", "md", "plain")


class Results:
    """series(what, n)[kind]; a table of them with ratios."""

    def __init__(self):
        self._rows = {}
        self.wanted = []
        self.notes = []

    def series(self, what, n, kind):
        row = self._rows.setdefault((what, n), {})
        return row.setdefault(kind, Series())

    def add(self, what, n, kind, value):
        self.series(what, n, kind).add(value)

    def median(self, what, n, kind):
        series = self._rows.get((what, n), {}).get(kind)
        return series.median if series else None

    def want(self, text, value, limit, at_most=True):
        """A number that was promised: shown with whether it holds."""
        if value is not None:
            self.wanted.append((text, value, limit, at_most))

    def ratio(self, what, n, kind, other):
        above = self.median(what, n, kind)
        below = self.median(what, n, other)
        return above / below if above is not None and below else None

    def note(self, text):
        self.notes.append(text)
        print("# " + text, flush=True)

    def markdown(self):
        lines = ["| | N | mod_acme | mod_md | floor | to mod_md | to floor |",
                 "|---|---|---|---|---|---|---|"]
        for (what, n), row in self._rows.items():
            cells = [str(row.get(kind, Series())) for kind in KINDS]
            ratios = [print_number(self.ratio(what, n, "acme", kind))
                      for kind in KINDS[1:]]
            lines.append("| %s | %s | %s |" % (what, n,
                                               " | ".join(cells + ratios)))
        if self.wanted:
            lines += ["", "| wanted | limit | measured | |", "|---|---|---|---|"]
        for text, value, limit, at_most in self.wanted:
            good = value <= limit if at_most else value >= limit
            lines.append("| %s | %s %s | %s | %s |" % (
                text, "at most" if at_most else "at least",
                print_number(limit), print_number(value),
                "yes" if good else "NO"))
        if self.notes:
            lines += [""] + ["- " + note for note in self.notes]
        return "\n".join(lines) + "\n"
