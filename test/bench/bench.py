# SPDX-License-Identifier: Apache-2.0

"""Speed and size beside mod_md and plain httpd: make bench [BENCH=full].

Runs of the three are alternated; the table shows medians, and the smallest and
the largest value. floor: plain httpd with the same files, or for issuance the
CA with a client that does nothing else. The results of each step are kept, so
that a run that was interrupted goes on after the last complete step."""

import argparse
import json
import os
import platform
import shutil
import signal
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

import answering  # noqa: E402
import fleet  # noqa: E402
import issuance  # noqa: E402
import measure  # noqa: E402
import needs  # noqa: E402
import starting  # noqa: E402
from acme_env import install, procs  # noqa: E402
from measure import Target  # noqa: E402

# Kept results are valid for the code with which they were measured.
KEPT_FORMAT = 1

TARGETS = [
    Target(issuance.FAST, 500, "md", 12, at_most=False),
    Target(issuance.FAST, 500, "plain", 0.5, at_most=False),
    Target(issuance.FAST_CPU, None, "md", 0.1),
    Target(issuance.SLOW, 100, "md", 40, at_most=False),
    Target("start: CPU, s", None, "plain", 1.05),
    Target("start: s", None, "plain", 1.10),
    Target("graceful restart: CPU, s", None, "plain", 1.05),
    Target("graceful restart: s", None, "plain", 1.10),
    Target("Private_Dirty of a child, largest: MB", 1000, "over", 1),
    Target(starting.NEW, None, "value", 1.2),
    Target("requests to the CA at a start", 1000, "value", 1),
    Target("requests to the CA at a graceful restart", 1000, "value", 1),
    Target("status JSON: ms", 1000, "value", 30),
    Target("status JSON: ms", 10000, "value", 300),
    Target("instructions per request, plain", None, "plain", 1.01),
    Target("instructions per request, TLS", None, "plain", 1.01),
]


class Bench:
    def __init__(self, full):
        self.full = full
        self.kinds = measure.KINDS
        self.results = None
        self._base = tempfile.mkdtemp(
            prefix="acme-bench-", dir=os.environ.get("ACME_TEST_DIR", "/tmp"))
        os.chmod(self._base, 0o755)
        self._seeds = {}
        self._garbage = []
        self._number = 0

    def folder(self, name):
        self._number += 1
        path = os.path.join(self._base, "%d-%s" % (self._number, name))
        os.makedirs(path, mode=0o755)
        return path

    def remove(self, path):
        """Removes files at the end of the step: for minutes, a file system may
        search all recently removed files before it makes a file."""
        self._garbage.append(path)

    def sweep(self):
        for path in self._garbage:
            shutil.rmtree(path, ignore_errors=True)
        self._garbage = []

    def seed(self, count):
        if count not in self._seeds:
            self._seeds[count] = fleet.Seed(
                os.path.join(self._base, "seed-%d" % count),
                fleet.names(count))
        return self._seeds[count]

    def close(self):
        shutil.rmtree(self._base, ignore_errors=True)


def quick_steps():
    """(part, step, function)"""
    return [
        ("issue", "issue 100", lambda b: issuance.run(b, 100)),
        ("issue", "issue 500",
         lambda b: issuance.run(b, 500, kinds=("acme", "plain"))),
        ("issue", "issue slowly", lambda b: issuance.run(b, 5, slow=True)),
        ("issue", "served", issuance.served),
        ("start", "start 1000", lambda b: starting.run(b, 1000, 2)),
        ("new", "new", lambda b: starting.new_sites(b, 20, "RSA 2048", 1)),
        ("heard", "heard", lambda b: starting.heard(b, 1000, 4)),
        ("page", "page 1000", lambda b: answering.all_pages(b, 1000, 9)),
        ("page", "challenge", lambda b: answering.challenge(b, 50)),
        ("page", "configtest", lambda b: answering.configtest(b, 1000, 3)),
        ("request", "request", lambda b: answering.instructions(b, 20, 1)),
    ]


def full_steps():
    def repeated(function, *args, times=3, **options):
        def step(bench):
            for _ in range(times):
                function(bench, *args, **options)
        return step
    steps = [("issue", "issue %d" % n, repeated(issuance.run, n))
             for n in (10, 100, 500, 1000)]
    steps += [
        ("issue", "issue slowly", repeated(issuance.run, 100, slow=True)),
        ("issue", "served", repeated(issuance.served, times=5)),
    ]
    steps += [("start", "start %d" % n,
               lambda b, n=n: starting.run(b, n, 7))
              for n in (0, 100, 1000, 5000)]
    steps += [
        ("new", "new", lambda b: starting.new_sites(b, 50, "RSA 4096", 3)),
        ("heard", "heard", lambda b: starting.heard(b, 1000, 10)),
        ("page", "page 1000", lambda b: answering.all_pages(b, 1000, 9)),
        ("page", "page 10000", lambda b: answering.all_pages(b, 10000, 9)),
        ("page", "challenge", lambda b: answering.challenge(b, 200)),
        ("page", "configtest", lambda b: answering.configtest(b, 10000, 5)),
        ("request", "request", lambda b: answering.instructions(b, 100, 3)),
    ]
    return steps


class Kept:
    """The results, by step, in a file."""

    def __init__(self, path, full):
        self._path = path
        self.steps = {}
        self._head = {"format": KEPT_FORMAT, "full": full}
        try:
            with open(path, encoding="utf-8") as file:
                data = json.load(file)
        except (OSError, ValueError):
            return
        if all(data.get(key) == value for key, value in self._head.items()):
            self.steps = data["steps"]

    def put(self, name, results):
        self.steps[name] = results.kept()
        with open(self._path + ".new", "w", encoding="utf-8") as file:
            json.dump(dict(self._head, steps=self.steps), file)
        os.replace(self._path + ".new", self._path)

    def forget(self):
        self.steps = {}


def about(bench):
    def one(argv):
        done = procs.run(argv)
        return (done.stdout.strip().splitlines() or ["unknown"])[0]
    return """\
`make bench%s`, %s, %d cores, load %.1f at the end.
httpd: %s; OpenSSL: %s; CA: %s

floor: plain httpd with the same certificates, keys and libraries loaded; for
issuance the CA's own limit, under a client that does nothing else. Medians,
and the smallest and the largest value; ratios are of medians. Server and CA
each have a core of their own.
""" % (" BENCH=full" if bench.full else "", platform.platform(),
       os.cpu_count(), os.getloadavg()[0],
       one([install.httpd_binary(), "-v"]), one(["openssl", "version"]),
       one([os.path.join(install.pebble_dir(), "pebble"), "-version"]))


def run(bench, steps, wanted, kept, again):
    for part, name, function in steps:
        if wanted and part not in wanted and name not in wanted:
            continue
        if name in kept.steps and not again:
            print("# %s: there already" % name, flush=True)
            continue
        begun = time.monotonic()
        bench.results = measure.Results()
        function(bench)
        bench.sweep()
        kept.put(name, bench.results)
        print("# %s: %.0f s" % (name, time.monotonic() - begun), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*",
                        help="parts or steps: %s; default: all" % ", ".join(
                            sorted({step[0] for step in full_steps()})))
    parser.add_argument("--full", action="store_true",
                        default=os.environ.get("BENCH") == "full")
    parser.add_argument("--fresh", action="store_true",
                        help="forget what was measured before")
    parser.add_argument("--kept", help="where that is kept")
    parser.add_argument("--output", help="the table goes to this file, too")
    options = parser.parse_args()
    steps = full_steps() if options.full else quick_steps()
    for part in options.parts:
        if not any(part in step[:2] for step in steps):
            parser.error("no such part: %s" % part)
    # End the processes that were started, also when this one is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    bench = Bench(options.full)
    bench.kinds, missing = needs.look()
    kept = Kept(options.kept or "bench-%s.json"
                % ("full" if options.full else "quick"), options.full)
    # A quick run is so short that it is not continued.
    if options.fresh or not (options.full or options.parts):
        kept.forget()
    try:
        run(bench, steps, options.parts, kept, bool(options.parts))
    finally:
        bench.close()
    done = [measure.Results(kept.steps[name]) for _, name, _ in steps
            if name in kept.steps]
    text = about(bench) + "\n" + measure.markdown(done, TARGETS)
    text += "".join("- %s\n" % line for line in missing)
    print(text)
    if options.output:
        with open(options.output, "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main()
