# SPDX-License-Identifier: Apache-2.0

"""First certificates of many sites, and the limit of the CA itself."""

import asyncio
import os
import ssl
import subprocess
import threading
import time
import urllib.request
import zlib

import fleet
import measure
from acme_env import tls
from acme_env.pebble import Pebble

FAST = "issuance, instant CA: certificates/s"
FAST_CPU = "issuance, instant CA: client CPU, ms each"
SLOW = "issuance, validations of 1.5-3 s: certificates/s"

# After so long without a certificate, the CA is checked.
STALLED = 20
VOID_TRIES = 4


class Deadlock(Exception):
    """The CA does not answer any more, so the run is void."""


class SlowDoor:
    """In front of a server's http port: validations take 1.5 to 3 s, always
    the same time for a name."""

    def __init__(self, port, target):
        self._port, self._target = port, target
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()
        self._started.wait()

    def _run(self):
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(
            self._serve, "127.0.0.1", self._port, backlog=2048))
        self._started.set()
        self._loop.run_forever()
        server.close()

    async def _serve(self, reader, writer):
        try:
            request = await reader.readuntil(b"\r\n\r\n")
            host = [line for line in request.lower().split(b"\r\n")
                    if line.startswith(b"host:")][0]
            await asyncio.sleep(1.5 + zlib.crc32(host) % 1500 / 1000)
            there, back = await asyncio.open_connection("127.0.0.1",
                                                        self._target)
            back.write(request)
            while True:
                data = await there.read(65536)
                if not data:
                    break
                writer.write(data)
                await writer.drain()
            back.close()
        except (OSError, asyncio.IncompleteReadError, IndexError):
            pass
        finally:
            writer.close()

    def close(self):
        self._loop.call_soon_threadsafe(self._loop.stop)


class Authority(Pebble):
    """Pebble on the first core, without waits."""

    def __init__(self, folder, **options):
        super().__init__(folder, config={"retryAfter": {"authz": 0,
                                                        "order": 0}},
                         **options)

    def start(self):
        with measure.Pinned(0):
            return super().start()

    def answers(self):
        """Whether its database answers, which needs its lock."""
        context = ssl.create_default_context(cafile=self.ca_file)
        try:
            urllib.request.urlopen(
                "https://localhost:%d/cert-status-by-serial/1"
                % self.mgmt_port, context=context, timeout=5).read()
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True


def _fly(server, authority, count, limit):
    """Waits for all certificates; returns (seconds since ready, seconds of
    CPU)."""
    before = server.cpu()
    got, moved = 0, time.time()
    while got < count:
        time.sleep(0.02)
        now = server.issued()
        if now > got:
            got, moved = now, time.time()
        elif time.time() - moved > STALLED:
            if not authority.answers():
                raise Deadlock()
            if time.time() - moved > limit:
                raise RuntimeError("%s: %d of %d certificates, and no more\n%s"
                                   % (server.kind, got, count,
                                      server.log.tail()))
    return time.time() - server.ready, server.cpu() - before


def issue(bench, kind, count, slow=False, extra=""):
    """A run on a CA of its own."""
    folder = bench.folder("issue-%s-%d" % (kind, count))
    authority = Authority(os.path.join(folder, "ca"))
    door = None
    server = fleet.Server(os.path.join(folder, "httpd"), kind,
                          http_port=None if slow else authority.http_port,
                          https_port=authority.tls_port)
    server.cores = (1,)
    try:
        authority.start()
        if slow:
            door = SlowDoor(authority.http_port, server.http_port)
        # The CA validates at the port of the SlowDoor.
        server.compose(fleet.names(count), authority.directory,
                       authority.ca_file, extra=extra)
        if slow:
            path = server.path("conf/httpd.conf")
            with open(path, encoding="utf-8") as file:
                text = file.read()
            server.write("conf/httpd.conf", text.replace(
                "PortMap http:%d " % server.http_port,
                "PortMap http:%d " % authority.http_port)
                if kind != "acme" else text)
        server.start()
        return _fly(server, authority, count, 120)
    finally:
        server.stop()
        authority.shutdown()
        if door:
            door.close()
        bench.remove(folder)


def saturate(bench, count, parallel=64, slow=False):
    folder = bench.folder("saturate-%d" % count)
    authority = Authority(os.path.join(folder, "ca"))
    port = authority.http_port
    door = None
    try:
        authority.start()
        if slow:
            port = fleet.Httpd(os.path.join(folder, "ports")).http_port
            door = SlowDoor(authority.http_port, port)
        with measure.Pinned(1):
            done = subprocess.run(
                [fleet.tool("saturate"), authority.directory,
                 authority.ca_file, str(port),
                 str(count if slow else parallel), "20"],
                input="\n".join(fleet.names(count)) + "\n", text=True,
                stdout=subprocess.PIPE, timeout=600)
        if done.returncode == 3:
            raise Deadlock()
        seconds, good, bad, cpu = done.stdout.split()
        if int(good) != count:
            raise RuntimeError("saturate: %s of %d failed" % (bad, count))
        return float(seconds), float(cpu)
    finally:
        authority.shutdown()
        if door:
            door.close()
        bench.remove(folder)


def repeated(bench, what, function, *args, **options):
    """Runs it again when the CA has made it void."""
    for _ in range(VOID_TRIES):
        try:
            return function(bench, *args, **options)
        except Deadlock:
            bench.results.note("%s: the CA stopped answering (a deadlock of "
                               "Pebble's); the run is void and repeated"
                               % what)
    return None


def run(bench, count, slow=False, kinds=("acme", "md", "plain")):
    """plain: the limit of the CA."""
    what = "issuance, %s" % ("validations of 1.5-3 s" if slow
                             else "instant CA")
    results = bench.results
    for kind in kinds:
        if kind not in bench.kinds:
            continue
        if kind == "plain":
            got = repeated(bench, what, saturate, count, slow=slow)
        else:
            got = repeated(bench, what, issue, kind, count, slow=slow)
        if not got:
            continue
        results.add(what + ": s", count, kind, got[0])
        results.add(what + ": certificates/s", count, kind, count / got[0])
        results.add(what + ": client CPU, ms each", count, kind,
                    got[1] / count * 1000)


def served(bench):
    """From the CA's response to the first handshake with the certificate."""
    folder = bench.folder("served")
    authority = Authority(os.path.join(folder, "ca"))
    server = fleet.Server(os.path.join(folder, "httpd"), "acme",
                          http_port=authority.http_port,
                          https_port=authority.tls_port)
    server.activates = True
    name = fleet.names(1)[0]
    try:
        authority.start()
        server.compose([name], authority.directory, authority.ca_file)
        server.start()
        authority.wait_for("Issued certificate serial", 30)
        begun = time.monotonic()
        while time.monotonic() < begun + 60:
            try:
                if tls.served(server.https_port, name).by_pebble:
                    break
            except OSError:
                pass
            time.sleep(0.01)
        bench.results.add("the CA's answer to served: s", 1, "acme",
                          time.monotonic() - begun)
    finally:
        server.stop()
        authority.shutdown()
        bench.remove(folder)
