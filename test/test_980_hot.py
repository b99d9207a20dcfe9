# SPDX-License-Identifier: Apache-2.0

"""ACMEActivation hot: new certificates are served with no restart."""

import os
import re
import socket
import ssl
import threading

import pytest

from acme_env import acmectl, conf, install, procs, status, store, tls
from acme_env.journey import (as_httpd_user, get, wait_until_served,
                              worker_pid)

SHOP, BOTH, OWN = "shop.test", "both.test", "own.test"
STAPLED = "stapled.test"
KEYS = {SHOP: "P-256", BOTH: "RSA 2048 P-256"}
SERVED = "%s: the new certificate is served from now on, with no restart"


class Load:
    """Clients that make handshakes until stop(), a thread for each kind of
    client and name. Each second handshake resumes a session. A thread ends at
    the first failure, which is in .failed."""

    def __init__(self, httpd, names):
        self.failed, self.count, self._over = [], 0, False
        self._httpd = httpd
        self._threads = [threading.Thread(target=self._run, args=(name, make))
                         for name in names for make in CLIENTS]
        for thread in self._threads:
            thread.start()

    def _run(self, name, make):
        try:
            while not self._over:
                context = make()
                session = self._ask(context, name, None)
                self._ask(context, name, session)
                self.count += 2
        except (OSError, AssertionError) as error:
            self.failed.append((name, error))

    def _ask(self, context, name, session):
        with socket.create_connection(
                ("127.0.0.1", self._httpd.https_port),
                timeout=procs.GIVE_UP) as raw, \
                context.wrap_socket(raw, server_hostname=name,
                                    session=session) as tls_socket:
            tls_socket.sendall(b"GET / HTTP/1.0\r\nHost: %s\r\n\r\n"
                               % (name or SHOP).encode())
            answer = tls_socket.recv(4096)
            while tls_socket.recv(4096):
                pass
            assert answer.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 503 ")), \
                answer
            return tls_socket.session

    def wait_for_more(self, count=100):
        goal = self.count + count
        procs.wait_until(lambda: self.count > goal or self.failed,
                         procs.GIVE_UP, "%d more handshakes" % count)

    def stop(self):
        self._over = True
        for thread in self._threads:
            thread.join()
        assert not self.failed


def _client(version, kind=None):
    def make():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.minimum_version = context.maximum_version = version
        if kind:
            context.set_ciphers("ECDHE-%s-AES128-GCM-SHA256" % kind)
        return context
    return make


# The placeholder has an elliptic key.
CLIENTS = (_client(ssl.TLSVersion.TLSv1_3),
           _client(ssl.TLSVersion.TLSv1_2),
           _client(ssl.TLSVersion.TLSv1_2, "ECDSA"))


def serials(httpd, name, count=24):
    """What so many handshakes show, which are spread over the children."""
    seen = set()
    context = CLIENTS[0]()
    for _ in range(count):
        with socket.create_connection(("127.0.0.1", httpd.https_port),
                                      timeout=procs.GIVE_UP) as raw, \
                context.wrap_socket(raw, server_hostname=name) as one:
            seen.add(one.getpeercert(binary_form=True))
    return {tls.Served(ssl.DER_cert_to_PEM_cert(der)).serial for der in seen}


def hot_conf(httpd, pebble, *sites, **changes):
    changes.setdefault("ACMEActivation", "hot")
    return conf.managed_conf(httpd, pebble, *sites, **changes)


def wait_until_swapped(httpd, name, timeout=procs.GIVE_UP, mark=0):
    httpd.wait_for_log(SERVED % re.escape(name), timeout, mark)


@pytest.mark.parametrize("mpm", install.mpms())
def test_first_certificates_while_clients_come(make_httpd, pebble, mpm):
    """Placeholder and 503 end in every process, no handshake fails, nothing
    restarts; the next start serves the same."""
    httpd = make_httpd(pebble, mpm=mpm)
    sites = [conf.site_conf(httpd, name, https="ACMEDomain\n"
                            "ACMEPrivateKeys %s\n" % keys)
             for name, keys in KEYS.items()]
    # No child ends because it has nothing to do.
    limits = "MaxSpareServers 50\n" if mpm == "prefork" \
        else "MaxSpareThreads 400\n"
    httpd.configure(hot_conf(httpd, pebble, *sites, extra=limits))
    httpd.start()
    pid = httpd.pid
    # Also one without a server name, which gets the first virtual host.
    load = Load(httpd, list(KEYS) + [None])
    try:
        for name in (SHOP, BOTH, BOTH + "-rsa"):
            wait_until_swapped(httpd, name)
        children = httpd.children()
        load.wait_for_more()
    finally:
        load.stop()
    for name in KEYS:
        tls.verify(httpd.https_port, name, pebble.root_file)
        assert get(httpd, name, https=True,
                   ca=pebble.root_file).body == conf.BODY % name
        assert len(serials(httpd, name)) == 1
    rsa = tls.served(httpd.https_port, BOTH, kind="RSA")
    ecdsa = tls.served(httpd.https_port, BOTH, kind="ECDSA")
    assert rsa.by_pebble and ecdsa.by_pebble and rsa.serial != ecdsa.serial
    assert httpd.restarts() == 0 and httpd.pid == pid
    assert set(children) <= set(httpd.children())
    shown = status.of(httpd, SHOP)
    assert shown["site"] == "lkc" and shown["judgement"]["level"] == "ok"
    assert shown["hot"] == {"generation": shown["hot"]["generation"]}
    whole = status.fetch(httpd)[1]["activation"]
    assert whole["mode"] == "hot" and whole["pending"] == 0
    assert whole["hot"]["generation"] == 3
    assert {child["pid"] for child in whole["hot"]["children"]} \
        <= set(httpd.children())
    assert max(child["generation"]
               for child in whole["hot"]["children"]) == 3
    # Soon root has made them live, without a restart, the worker has cleared
    # what was staged, and no file shows a key.
    before = {name: tls.served(httpd.https_port, name, kind="ECDSA").serial
              for name in KEYS}
    procs.wait_until(
        lambda: {name: store.serial(httpd, "live", name)
                 for name in KEYS} == before, procs.GIVE_UP, "the live set")
    procs.wait_until(lambda: store.names(httpd, "staging") == [],
                     procs.GIVE_UP, "nothing that is staged")
    found = as_httpd_user(["grep", "-rlas", "PRIVATE KEY",
                           httpd.path("store")])
    assert found.stdout == ""
    # A process that begins later serves them, and the status knows them.
    for child in httpd.children():
        httpd.kill_child(child)
    assert serials(httpd, SHOP, 3) == {before[SHOP]}
    assert status.of(httpd, SHOP)["judgement"]["level"] == "ok"
    assert ": ok: valid until" in acmectl.ok(httpd, "status", SHOP).out
    assert acmectl.ok(httpd, "wait")
    assert httpd.restarts() == 0
    httpd.graceful()
    assert before == {name: tls.served(httpd.https_port, name,
                                       kind="ECDSA").serial for name in KEYS}
    assert pebble.orders() == 3


def test_the_workers_child_is_killed_right_after(httpd, pebble):
    """Processes that come later serve it too, acmectl sees it, and nothing is
    lost or ordered again."""
    httpd.configure(hot_conf(httpd, pebble, SHOP))
    httpd.start()
    wait_until_swapped(httpd, SHOP)
    serial = tls.served(httpd.https_port, SHOP).serial
    for _ in range(2):
        mark = httpd.log.mark()
        httpd.kill_child(worker_pid(httpd))
        assert serials(httpd, SHOP) == {serial}
        # The next worker announces it once more, if root has not made it live.
        httpd.wait_for_log("ACME0311: %s: " % SHOP, mark=mark)
    # Two renewals, without a restart.
    for _ in range(2):
        procs.wait_until(lambda: store.names(httpd, "staging") == [],
                         procs.GIVE_UP, "nothing that is staged")
        assert store.serial(httpd, "live", SHOP) == serial
        mark = httpd.log.mark()
        done = acmectl.ok(httpd, "renew", SHOP, "--force")
        assert "the certificate is served" in done.out
        wait_until_swapped(httpd, SHOP, mark=mark)
        renewed = serials(httpd, SHOP)
        assert len(renewed) == 1 and serial not in renewed
        serial = renewed.pop()
    assert acmectl.ok(httpd, "wait", SHOP)
    assert ": ok: valid until" in acmectl.ok(httpd, "status", SHOP).out
    assert pebble.orders() == 3 and httpd.restarts() == 0
    # Whether or not the last one is live, the next start serves it.
    httpd.stop()
    httpd.start()
    assert serials(httpd, SHOP, 3) == {serial}
    assert store.serial(httpd, "live", SHOP) == serial
    assert pebble.orders() == 3


def test_what_still_needs_a_restart(httpd, pebble):
    """A certificate that must be stapled, and one that is damaged before
    another process has taken it over: what was served is kept, the log and the
    status say why, and the server restarts."""
    own = tls.self_signed(httpd.path("own"), OWN)
    httpd.configure(hot_conf(
        httpd, pebble,
        conf.site_conf(httpd, OWN, https="ACMEDomain\nSSLCertificateFile %s\n"
                       "SSLCertificateKeyFile %s\n" % own),
        extra="Include conf/more.conf\n"))
    httpd.write("conf/more.conf", "# nothing yet\n")
    httpd.start()
    # Nothing can be made live meanwhile.
    httpd.write("conf/more.conf", "NoSuchDirective on\n")
    httpd.allow_log("ACME0713: .*NoSuchDirective")
    httpd.allow_log("ACME0201: .*NoSuchDirective")
    # Nothing has made a handshake yet but what is about to, so that only the
    # worker's process has taken it over.
    wait_until_swapped(httpd, OWN)
    with open(store.path(httpd, "staging", OWN), "r+b") as file:
        file.seek(-20, os.SEEK_END)
        file.write(b"damaged, damaged")
    httpd.allow_log("ACME0(551|341|342|343): ")
    httpd.expect_log("ACME0702: " + OWN)
    mark = httpd.log.mark()

    def kept():
        assert tls.served(httpd.https_port, OWN)
        return httpd.log.lines("ACME0702: " + OWN)
    procs.wait_until(kept, procs.GIVE_UP, "a process that keeps what it has")
    assert "cannot be read" in status.of(httpd, OWN)["hot"]["restart"]
    children = status.fetch(httpd)[1]["activation"]["hot"]["children"]
    assert sorted(child["kept"] for child in children)[-1] == 1
    # The restart, another order, and the configuration with must-staple.
    httpd.write("conf/more.conf", "# repaired\n")
    httpd.wait_for_restart(mark)
    wait_until_swapped(httpd, OWN, mark=mark)
    tls.verify(httpd.https_port, OWN, pebble.root_file)
    httpd.configure(hot_conf(
        httpd, pebble, OWN,
        conf.site_conf(httpd, STAPLED, https="ACMEDomain\nACMEMustStaple on\n")))
    httpd.graceful()
    mark = httpd.log.mark()
    httpd.wait_for_log("ACME0704: %s: .*ACMEMustStaple" % re.escape(STAPLED))
    assert "ACMEMustStaple" in status.of(httpd, STAPLED)["hot"]["restart"]
    wait_until_served(httpd, pebble, STAPLED)
    assert httpd.restarts(mark) == 1


def test_graceful_leaves_no_copies(make_httpd, pebble):
    """A server that no root has started makes certificates live, too; its
    copies for later processes go with ACMEActivation hot."""
    httpd = make_httpd(pebble, as_user=True)
    httpd.configure(hot_conf(httpd, pebble, SHOP))
    httpd.start()
    wait_until_swapped(httpd, SHOP)
    procs.wait_until(lambda: store.names(httpd, "bundles") == [SHOP]
                     and store.names(httpd, "staging") == [],
                     procs.GIVE_UP, "the live set")
    serial = store.serial(httpd, "live", SHOP)
    assert serials(httpd, SHOP, 3) == {serial} and httpd.restarts() == 0
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP))
    httpd.graceful()
    assert store.names(httpd, "bundles") == []
    assert serials(httpd, SHOP, 3) == {serial}


def test_dated_ahead(httpd, pebble):
    """A certificate whose file is dated ahead, because the clock was set back,
    waits for a restart: it is not tried again and again."""
    httpd.configure(hot_conf(httpd, pebble, SHOP,
                             extra="Include conf/more.conf\n"))
    httpd.write("conf/more.conf", "# nothing yet\n")
    httpd.start()
    httpd.write("conf/more.conf", "NoSuchDirective on\n")
    httpd.allow_log("ACME0713: .*NoSuchDirective")
    httpd.allow_log("ACME0201: .*NoSuchDirective")
    wait_until_swapped(httpd, SHOP)
    ahead = os.stat(store.path(httpd, "staging", SHOP)).st_mtime + 86400
    os.utime(store.path(httpd, "staging", SHOP), (ahead, ahead))
    mark = httpd.log.mark()
    httpd.write("conf/more.conf", "# repaired\n")
    httpd.wait_for_restart(mark)
    tls.verify(httpd.https_port, SHOP, pebble.root_file)
    assert store.serial(httpd, "live", SHOP) \
        == tls.served(httpd.https_port, SHOP).serial
    assert pebble.orders() == 1
