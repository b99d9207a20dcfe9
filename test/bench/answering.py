# SPDX-License-Identifier: Apache-2.0

"""The cost of requests: ordinary ones, challenges, pages."""

import json
import os
import re
import shutil
import subprocess
import time

import fleet
import measure
from acme_env import procs

PLENTY, FEW = 250, 50


def _is_open(port):
    try:
        measure.get(port, "/")
    except OSError:
        return False
    return True


def _instructions(bench, server, requests, secure):
    """The instructions of so many requests, from their header to their
    response, in a server of one process. (A TLS handshake never costs the same
    twice.)"""
    out = os.path.join(server.dir, "callgrind.out")
    daemon = procs.Daemon(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=" + out,
         "--toggle-collect=ap_run_post_read_request",
         "--toggle-collect=ap_process_async_request"]
        + server.argv("-X"), server.path("logs/stderr"), env=server.env(),
        cwd=server.dir)
    procs.wait_until(lambda: _is_open(server.http_port), 120, server.tails)
    # Made by the user who starts it, written at the end by httpd's user.
    os.chmod(out, 0o666)
    url = "%s://localhost:%d/" % (
        ("https", server.https_port) if secure
        else ("http", server.http_port))
    config = "".join('url = "%s"\noutput = /dev/null\n' % url
                     for _ in range(requests))
    subprocess.run(["curl", "-sSk", "--noproxy", "*", "-K", "-"], input=config,
                   text=True, check=True)
    daemon.stop(120)
    with open(out, encoding="utf-8", errors="replace") as file:
        found = re.search(r"^(?:summary|totals): (\d+)", file.read(), re.M)
    return int(found.group(1))


def instructions(bench, sites, rounds):
    if not shutil.which("valgrind"):
        return
    seed = bench.seed(sites)
    for secure in (False, True):
        what = "instructions per request, %s" % ("TLS" if secure else "plain")
        for _ in range(rounds):
            for kind in ("acme", "plain"):
                folder = bench.folder("instructions")
                server = fleet.Server(folder, kind, mpm="event")
                server.compose(seed.sites, seed=seed, ca=seed.ca,
                               extra="KeepAlive On\nKeepAliveTimeout 60\n"
                                     "MaxKeepAliveRequests 0\n")
                server.warm_up()
                some = _instructions(bench, server, FEW, secure)
                many = _instructions(bench, server, PLENTY, secure)
                bench.results.add(what, sites, kind,
                                  (many - some) / (PLENTY - FEW))
                bench.remove(folder)


def pages(bench, count, rounds):
    """The status with all sites, and its effect on other requests."""
    seed = bench.seed(count)
    for kind in bench.kinds:
        if kind == "plain":
            continue
        folder = bench.folder("pages")
        server = fleet.Server(folder, kind)
        server.compose(seed.sites, seed=seed, ca=seed.ca)
        server.start()
        time.sleep(3)
        with measure.Knocker(server.http_port) as quiet:
            time.sleep(1)
        json_page = "/acme-status" if kind == "acme" else "/md-status"
        numbers = "/acme-metrics" if kind == "acme" else "/server-status?auto"
        with measure.Knocker(server.http_port) as knocker:
            for page, what in ((json_page, "status JSON: ms"),
                               ("/server-status", "server-status: ms"),
                               (numbers, "metrics: ms")):
                for _ in range(rounds):
                    seconds, body = measure.get(server.http_port, page)
                    bench.results.add(what, count, kind, seconds * 1000)
                    if page == json_page:
                        domains = json.loads(body)["managed-domains"]
                        assert len(domains) == count, len(domains)
        for when, waits in (("quiet", quiet), ("during pages", knocker)):
            bench.results.add("median wait of others, %s: ms" % when, count,
                              kind, waits.median * 1000)
            bench.results.add("longest wait of others, %s: ms" % when, count,
                              kind, waits.longest * 1000)
        server.stop()
        bench.remove(folder)


def all_pages(bench, count, rounds):
    engine(bench, count)
    pages(bench, count, rounds)


def challenge(bench, rounds):
    """A request for a challenge that does not exist, and for a file."""
    seed = bench.seed(100)
    folder = bench.folder("challenge")
    server = fleet.Server(folder, "acme")
    server.compose(seed.sites, seed=seed, ca=seed.ca)
    server.start()
    time.sleep(2)
    for _ in range(rounds):
        for what, path in (("http-01 answer: ms",
                            "/.well-known/acme-challenge/" + "a" * 43),
                           ("a small file: ms", "/")):
            seconds, _ = measure.get(server.http_port, path, seed.sites[0])
            bench.results.add(what, 100, "acme", seconds * 1000)
    server.stop()
    bench.remove(folder)


def configtest(bench, count, rounds):
    seed = bench.seed(count)
    folder = bench.folder("configtest")
    servers = []
    for kind in bench.kinds:
        server = fleet.Server(os.path.join(folder, kind), kind)
        server.compose(seed.sites, ca=seed.ca, seed=seed
                       if kind == "plain" else None)
        servers.append(server)
    for _ in range(rounds):
        for server in servers:
            begun = time.monotonic()
            status, said = server.configtest()
            assert status == 0, said
            bench.results.add("configtest: s", count, server.kind,
                              time.monotonic() - begun)
    bench.remove(folder)


def engine(bench, count):
    """The work of the engine alone, without a server."""
    seed = bench.seed(count)
    done = subprocess.run([fleet.tool("engine"), seed.dir, seed.ca],
                          input="\n".join(seed.sites) + "\n", text=True,
                          stdout=subprocess.PIPE, check=True)
    names = {"live": "reading all that is live: ms",
             "again": "reading all that is live, again: ms",
             "jobs": "reading all jobs: ms",
             "reconcile": "reconcile all sites: ms",
             "schedule": "schedule of all sites: ms",
             "status": "status JSON without a server: ms"}
    for line in done.stdout.splitlines():
        name, ms = line.split()
        bench.results.add(names[name], count, "acme", float(ms))
