# SPDX-License-Identifier: Apache-2.0

"""The cost of processes, and tables of it."""

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
    """Seconds (user and system) of a process, of its children, and of children
    that have ended."""
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
    """Processes that are started inside run on these cores only, if there are
    two."""

    def __init__(self, *cores):
        self.cores = set(cores) & os.sched_getaffinity(0)

    def __enter__(self):
        self._before = os.sched_getaffinity(0)
        if self.cores and len(self._before) > 1:
            os.sched_setaffinity(0, self.cores)

    def __exit__(self, *unused):
        os.sched_setaffinity(0, self._before)


class Knocker:
    """Sends requests all the time; .longest and .median are of their
    durations, in s."""

    def __init__(self, port, path="/", host="localhost", interval=0.005):
        self._args = port, path, host, interval
        self.waits = []
        self.failures = 0
        self._end = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *unused):
        self._end = True
        self._thread.join()

    @property
    def longest(self):
        return max(self.waits, default=0)

    @property
    def median(self):
        return statistics.median(self.waits or [0])

    def _run(self):
        port, path, host, interval = self._args
        while not self._end:
            begun = time.monotonic()
            try:
                get(port, path, host)
            except (OSError, http.client.HTTPException):
                self.failures += 1
            self.waits.append(time.monotonic() - begun)
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
RATIO_TO = {"md": "mod_md", "plain": "floor"}


class Target:
    """The target for a row; for the row with the largest measured N, if n is
    None."""

    def __init__(self, what, n, how, limit, at_most=True):
        """how: md, plain: a ratio to it; over: more than plain; value"""
        self.what, self.n, self.how = what, n, how
        self.limit, self.at_most = limit, at_most

    def value(self, row):
        ours = row.get("acme")
        other = row.get(self.how) if self.how in RATIO_TO else row.get("plain")
        if not ours or self.how != "value" and not other:
            return None
        if self.how == "value":
            return ours.median
        if self.how == "over":
            return ours.median - other.median
        return ours.median / other.median

    def words(self, value):
        unit = {"value": "", "over": " over the floor"}.get(self.how)
        if unit is None:
            unit = " x " + RATIO_TO[self.how]
        good = value <= self.limit if self.at_most else value >= self.limit
        return "%.4g, at %s %s%s: %s" % (
            value, "most" if self.at_most else "least",
            print_number(self.limit), unit, "reached" if good
            else "**not reached**")


class Results:
    """Numbers by (what, n) and kind, of a step of a benchmark."""

    def __init__(self, kept=None):
        kept = kept or {"rows": [], "notes": []}
        self.rows = {}
        self.notes = list(kept["notes"])
        for what, n, kinds in kept["rows"]:
            for kind, values in kinds.items():
                for value in values:
                    self.add(what, n, kind, value)

    def kept(self):
        """The results as JSON has them."""
        return {"notes": self.notes, "rows": [
            [what, n, {kind: series.values for kind, series in row.items()}]
            for (what, n), row in self.rows.items()]}

    def add(self, what, n, kind, value):
        row = self.rows.setdefault((what, n), {})
        row.setdefault(kind, Series()).add(value)

    def note(self, text):
        self.notes.append(text)
        print("# " + text, flush=True)


def _ratio(row, kind):
    if "acme" not in row or kind not in row or not row[kind].median:
        return None
    return row["acme"].median / row[kind].median


def _judged(rows, targets):
    """Texts of targets, by (what, n)."""
    texts = {}
    for target in targets:
        found = [(n, target.value(row)) for (what, n), row in rows.items()
                 if what == target.what and target.n in (None, n)
                 and target.value(row) is not None]
        if found:
            n, value = max(found)
            texts.setdefault((target.what, n), []).append(target.words(value))
    return texts


def markdown(steps, targets):
    """A table of all steps (Results)."""
    rows = {}
    for step in steps:
        rows.update(step.rows)
    texts = _judged(rows, targets)
    lines = ["| | N | mod_acme | mod_md | floor | to mod_md | to floor "
             "| target |", "|---|---|---|---|---|---|---|---|"]
    for (what, n), row in rows.items():
        cells = [str(row.get(kind, Series())) for kind in KINDS]
        cells += [print_number(_ratio(row, kind)) for kind in KINDS[1:]]
        cells.append("; ".join(texts.get((what, n), [])))
        lines.append("| %s | %s | %s |" % (what, n, " | ".join(cells)))
    notes = [note for step in steps for note in step.notes]
    if notes:
        lines += [""] + ["- " + note for note in notes]
    return "\n".join(lines) + "\n"
