# SPDX-License-Identifier: Apache-2.0

"""How a finished certificate is activated, and what must not break."""

import os
import socket

import pytest

from acme_env import conf, procs, status, tls
from acme_env.httpd import GRACEFUL
from acme_env.journey import (PATIENCE, activate_by_hand, get,
                              wait_until_served)

pytestmark = pytest.mark.personalities

SHOP, BLOG = "shop.test", "blog.test"
LARGE = 64 * 1024 * 1024


def test_a_request_in_flight_completes(make_httpd, pebble):
    """The client does not read before the restart is complete, and there is
    more than any socket buffers."""
    httpd = make_httpd(pebble)
    os.truncate(httpd.write("htdocs/%s/large.bin" % SHOP, ""), LARGE)
    # Writing waits for the client, for longer than the test.
    httpd.configure("Timeout %d\n" % (4 * procs.GIVE_UP)
                    + conf.managed_conf(httpd, pebble, SHOP))
    httpd.start()
    with socket.create_connection(("127.0.0.1", httpd.http_port),
                                  timeout=procs.GIVE_UP) as client:
        client.sendall(b"GET /large.bin HTTP/1.0\r\nHost: %s\r\n\r\n"
                       % SHOP.encode())
        got = client.recv(1024)
        assert got.startswith(b"HTTP/1.1 200 "), got
        wait_until_served(httpd, pebble, SHOP)
        assert httpd.restarts() == 1
        while b"\r\n\r\n" not in got:
            got += client.recv(1024)
        size = len(got) - got.index(b"\r\n\r\n") - 4
        assert size < LARGE
        while True:
            more = client.recv(65536)
            if not more:
                break
            size += len(more)
    assert size == LARGE


def test_manual_waits_for_the_admin(httpd, pebble):
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP,
                                      ACMEActivation="manual"))
    httpd.start()
    procs.wait_until(pebble.certificates, 30, "a certificate")

    def pending():
        activation = status.fetch(httpd)[1]["activation"]
        return activation["mode"] == "manual" and activation["pending"] == 1
    procs.wait_until(pending, 30, "one site that waits", interval=0.5)
    assert httpd.restarts() == 0
    assert not tls.served(httpd.https_port, SHOP).by_pebble
    httpd.graceful()
    wait_until_served(httpd, pebble, SHOP)


def test_activation_delay(httpd, pebble):
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP,
                                      ACMEActivationDelay="25s"))
    httpd.start()
    wait_until_served(httpd, pebble, SHOP)
    assert httpd.log.time_of(GRACEFUL) \
        - httpd.log.time_of("%s: certificate ready" % SHOP) >= 24


def test_a_broken_include_when_a_certificate_is_ready(httpd, pebble, gate):
    """The server keeps serving, says why, and restarts once repaired."""
    held = gate.hold("/certZ/")
    httpd.write("conf/more.conf", "# nothing yet\n")
    httpd.configure(conf.managed_conf(
        httpd, pebble, SHOP, extra="Include conf/more.conf\n",
        ACMECertificateAuthority=gate.directory))
    httpd.start()
    held.wait()
    httpd.write("conf/more.conf", "NoSuchDirective on\n")
    held.release()
    pid = httpd.pid
    httpd.expect_log("acme:error.*NoSuchDirective")
    httpd.wait_for_log("acme:error.*NoSuchDirective", 40)
    children = httpd.children()
    assert get(httpd, SHOP).body == conf.BODY % SHOP
    activation = status.fetch(httpd)[1]["activation"]
    assert "NoSuchDirective" in activation["blocked"]
    assert httpd.restarts() == 0 and httpd.children() == children

    httpd.write("conf/more.conf", "# repaired\n")
    wait_until_served(httpd, pebble, SHOP, timeout=PATIENCE * 2)
    assert httpd.pid == pid and httpd.restarts() == 1
    assert not status.fetch(httpd)[1]["activation"].get("blocked")
    # Logged once, not at each check.
    assert len(httpd.log.lines("acme:error.*NoSuchDirective")) == 1


def test_a_damaged_store_does_not_stop_the_server(httpd, pebble):
    """The secret is wrong: the live certificates are served, nothing is
    ordered, and the secret is not overwritten."""
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP,
                                      ACMEActivation="manual"))
    httpd.start()
    first = activate_by_hand(httpd, pebble, SHOP)[SHOP]
    httpd.stop()
    httpd.write("store/secret", "short", mode=0o600)
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP, BLOG))
    httpd.expect_log("acme:error.*secret")
    httpd.start()
    assert tls.served(httpd.https_port, SHOP).serial == first.serial
    assert not tls.served(httpd.https_port, BLOG).by_pebble
    assert get(httpd, BLOG, https=True).status == 503
    procs.never(lambda: pebble.orders() > 1, 8, "an order")
    with open(httpd.path("store/secret"), encoding="ascii") as file:
        assert file.read() == "short"
