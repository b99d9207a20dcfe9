# SPDX-License-Identifier: Apache-2.0

"""Starts and restarts of many sites with certificates: time, CPU, memory, and
requests to the CA."""

import http.server
import json
import os
import ssl
import threading
import time

import fleet
import measure
from acme_env import tls
from acme_env.ports import free_port

NEW = "first start with new sites, times that with none"

# After a start, for the work of children.
SETTLE = 2


def _cycle(bench, server, count):
    """A start and a graceful restart."""
    results, kind = bench.results, server.kind
    server.cores = (1,)
    results.add("start: s", count, kind, server.start())
    time.sleep(SETTLE)
    used = server.cpu()
    results.add("start: CPU, s", count, kind, used)
    results.add("memory of the fleet (PSS): MB", count, kind,
                measure.fleet_memory(server.pid) / 1024)
    results.add("Private_Dirty of a child, largest: MB", count, kind, max(
        measure.memory(pid, "Private_Dirty")
        for pid in server.children()) / 1024)
    for _ in range(2):
        before = server.cpu()
        with measure.Knocker(server.http_port) as knocker:
            results.add("graceful restart: s", count, kind, server.graceful())
            time.sleep(SETTLE)
        results.add("graceful restart: longest wait of a connection, s",
                    count, kind, knocker.longest)
        results.add("graceful restart: connections that failed", count, kind,
                    knocker.failures)
        results.add("graceful restart: CPU, s", count, kind,
                    server.cpu() - before)


def run(bench, count, rounds):
    seed = bench.seed(count)
    kinds = bench.kinds
    folder = bench.folder("start-%d" % count)
    servers = {}
    for kind in kinds:
        server = fleet.Server(os.path.join(folder, kind), kind)
        server.compose(seed.sites, seed=seed, ca=seed.ca)
        server.warm_up()
        servers[kind] = server
    for number in range(rounds):
        # Alternated, so that the first one changes.
        for i in range(len(kinds)):
            server = servers[kinds[(i + number) % len(kinds)]]
            try:
                _cycle(bench, server, count)
            finally:
                server.stop()
    bench.remove(folder)


class Listener:
    """A CA that only counts; it has nothing but a directory."""

    def __init__(self, folder):
        os.makedirs(folder, exist_ok=True)
        self.port = free_port()
        self.requests = []
        self.ca_file, key_file = tls.self_signed(
            os.path.join(folder, "tls"), "localhost", "127.0.0.1")
        listener = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                listener.requests.append(self.path)
                base = listener.url("")
                body = json.dumps({
                    "newNonce": base + "nonce", "newAccount": base + "account",
                    "newOrder": base + "order", "revokeCert": base + "revoke",
                    "keyChange": base + "change",
                    "renewalInfo": base + "info"}).encode()
                if self.path != "/dir":
                    body = b"{}"
                self.send_response(200 if self.path == "/dir" else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_HEAD = do_POST = do_GET

            def log_message(self, *unused):
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, *unused):
                """Clients that are gone at a restart are not errors."""

        self._server = Server(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca_file, key_file)
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True,
            do_handshake_on_connect=False)
        threading.Thread(target=self._server.serve_forever,
                         daemon=True).start()

    def url(self, path):
        return "https://localhost:%d/%s" % (self.port, path)

    def close(self):
        self._server.shutdown()
        self._server.server_close()


def _heard_by(bench, listener, server, count, patience):
    kind = server.kind
    listener.requests.clear()
    server.start()
    time.sleep(patience)
    before = len(listener.requests)
    bench.results.add("requests to the CA at a start", count, kind, before)
    server.graceful()
    time.sleep(patience)
    bench.results.add("requests to the CA at a graceful restart", count, kind,
                      len(listener.requests) - before)


def heard(bench, count, patience):
    """Requests to the CA at a restart with all certificates valid."""
    folder = bench.folder("heard")
    listener = Listener(os.path.join(folder, "ca"))
    seed = fleet.Seed(os.path.join(folder, "seed"), fleet.names(count),
                      listener.url("dir"))
    for kind in bench.kinds:
        if kind == "plain":
            continue
        server = fleet.Server(os.path.join(folder, kind), kind)
        server.compose(seed.sites, listener.url("dir"), listener.ca_file,
                       seed=seed)
        try:
            _heard_by(bench, listener, server, count, patience)
        finally:
            server.stop()
    listener.close()
    bench.remove(folder)


def new_sites(bench, count, key, rounds):
    """The first start with sites without certificates, beside one where all
    have certificates."""
    seed = bench.seed(count)
    what = "start of %d sites, N of them new, %s: s" % (count, key)
    times = {}
    for _ in range(rounds):
        for new in (0, count):
            for kind in bench.kinds:
                if kind == "plain":
                    continue
                folder = bench.folder("new-%s" % kind)
                server = fleet.Server(folder, kind)
                server.cores = (1,)
                server.compose(seed.sites, ca=seed.ca, key=key if new
                               else "P-256", seed=None if new else seed)
                try:
                    took = server.start()
                finally:
                    server.stop()
                bench.results.add(what, new, kind, took)
                times.setdefault((kind, new), measure.Series()).add(took)
                bench.remove(folder)
    for kind in bench.kinds:
        if (kind, count) in times:
            bench.results.add(NEW, count, kind, times[kind, count].median
                              / times[kind, 0].median)
