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

"""Speed and size beside mod_md and plain httpd: make bench [BENCH=full].

Runs of the three are alternated; tables show medians, and the smallest and
the largest value. floor: plain httpd with the same files, or for issuance
the CA under a client that does nothing else."""

import argparse
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
import starting  # noqa: E402
from acme_env import install, procs  # noqa: E402


class Bench:
    def __init__(self, full):
        self.full = full
        self.results = measure.Results()
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
        """At the end of the part: a file system may go through all that was
        removed of late before it makes a file, for minutes."""
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


def issue(bench):
    results = bench.results
    for count in (10, 100, 500, 1000) if bench.full else (10, 100):
        for _ in range(3 if bench.full else 1):
            issuance.run(bench, count)
    if not bench.full:
        issuance.run(bench, 500, kinds=("acme", "plain"))
    slow = 100 if bench.full else 20
    issuance.run(bench, slow, slow=True)
    issuance.served(bench)

    fast = "issuance, instant CA: certificates/s"
    results.want("instant CA, N = 500: certificates/s, times mod_md",
                 results.ratio(fast, 500, "acme", "md"), 12, False)
    results.want("instant CA, N = 500: part of the CA's own limit",
                 results.ratio(fast, 500, "acme", "plain"), 0.5, False)
    results.want("validations of 1.5-3 s, N = 100: times mod_md",
                 results.ratio("issuance, validations of 1.5-3 s: "
                               "certificates/s", 100, "acme", "md"), 40, False)
    results.want("client CPU per certificate, part of mod_md's",
                 results.ratio("issuance, instant CA: client CPU, ms each",
                               100, "acme", "md"), 0.1)


def start(bench):
    results = bench.results
    rounds = 7 if bench.full else 2
    for count in (0, 100, 1000, 5000) if bench.full else (100, 1000):
        starting.run(bench, count, rounds)
    largest = 5000 if bench.full else 1000
    for what in ("start", "graceful restart"):
        results.want("%s at %d sites: CPU, times plain" % (what, largest),
                     results.ratio(what + ": CPU, s", largest, "acme",
                                   "plain"), 1.05)
        results.want("%s at %d sites: time, times plain" % (what, largest),
                     results.ratio(what + ": s", largest, "acme", "plain"),
                     1.10)
    dirty = [results.median("Private_Dirty of a child, largest: MB", 1000,
                            kind) for kind in ("acme", "plain")]
    if None not in dirty:
        results.want("Private_Dirty of a child at 1000 sites: MB over plain",
                     dirty[0] - dirty[1], 1)


def new(bench):
    key = "RSA 4096" if bench.full else "RSA 2048"
    starting.new_sites(bench, 50, key, 3)
    what = "start of 50 sites, N of them new, %s: s" % key
    none, some = [bench.results.median(what, count, "acme")
                  for count in (0, 50)]
    bench.results.want("first start with 50 new sites, times that with none",
                       some / none, 1.2)


def heard(bench):
    starting.heard(bench, 1000)
    bench.results.want(
        "requests to the CA at a restart with 1000 valid certificates",
        bench.results.median("requests to the CA at a graceful restart", 1000,
                             "acme"), 1)


def page(bench):
    for count, limit in ((1000, 30), (10000, 300)):
        answering.engine(bench, count)
        answering.pages(bench, count, 9)
        bench.results.want("status JSON of %d sites: ms" % count,
                           bench.results.median("status JSON: ms", count,
                                                "acme"), limit)
    answering.challenge(bench, 50)
    answering.configtest(bench, 10000, 3)


def request(bench):
    answering.instructions(bench, 100, 1)
    for how in ("plain", "TLS"):
        ratio = bench.results.ratio("instructions per request, " + how, 100,
                                    "acme", "plain")
        bench.results.want("instructions per request, %s, times httpd's own"
                           % how, ratio, 1.01)


PARTS = {"issue": issue, "start": start, "new": new, "heard": heard,
         "page": page, "request": request}


def about(bench):
    def one(argv):
        done = procs.run(argv)
        return (done.stdout.strip().splitlines() or ["unknown"])[0]
    return """\
`make bench%s`, %s, %d cores, load %s at the begin and %s at the end.
httpd: %s; OpenSSL: %s; CA: %s

floor: plain httpd with the same certificates, keys and libraries loaded; for
issuance the CA's own limit, under a client that does nothing else. Medians,
and the smallest and the largest value; the last columns are ratios of
medians. Server and CA each have a core of their own.
""" % (" BENCH=full" if bench.full else "", platform.platform(),
       os.cpu_count(), bench.load, "%.1f" % os.getloadavg()[0],
       one([install.httpd_binary(), "-v"]), one(["openssl", "version"]),
       one([os.path.join(install.pebble_dir(), "pebble"), "-version"]))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[[]] + sorted(PARTS))
    parser.add_argument("--full", action="store_true",
                        default=os.environ.get("BENCH") == "full")
    parser.add_argument("--output", help="the table goes to this file, too")
    options = parser.parse_args()
    # What was started is ended also when somebody ends us.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    bench = Bench(options.full)
    bench.load = "%.1f" % os.getloadavg()[0]
    try:
        for name in options.parts or PARTS:
            begun = time.monotonic()
            PARTS[name](bench)
            bench.sweep()
            print("# %s: %.0f s" % (name, time.monotonic() - begun),
                  flush=True)
        text = about(bench) + "\n" + bench.results.markdown()
    finally:
        bench.close()
    print(text)
    if options.output:
        with open(options.output, "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main()
