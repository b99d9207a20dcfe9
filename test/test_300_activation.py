# SPDX-License-Identifier: Apache-2.0

"""How a finished certificate comes into use, and what may not break."""

import subprocess
import time

import pytest

from acme_env import conf, procs, status, tls
from acme_env.journey import (PATIENCE, activate_by_hand, get,
                              wait_until_served)

SHOP, BLOG = "shop.test", "blog.test"


def test_a_request_in_flight_completes(make_httpd, pebble):
    httpd = make_httpd(pebble, modules=("ratelimit", "env", "filter"))
    # 3 MB at 150 KB a second: longer than the way to the restart.
    httpd.write("htdocs/%s/slow.bin" % SHOP, "0123456789abcdef" * 196608)
    httpd.configure(conf.managed_conf(
        httpd, pebble, conf.site_conf(
            httpd, SHOP, http="""
    <Location "/slow.bin">
        SetOutputFilter RATE_LIMIT
        SetEnv rate-limit 150
    </Location>""")))
    httpd.start()
    target = httpd.path("downloaded")
    download = subprocess.Popen(
        ["curl", "-sS", "--noproxy", "*", "--max-time", "90", "-o", target,
         "-w", "%{http_code} %{size_download}",
         "--resolve", "%s:%d:127.0.0.1" % (SHOP, httpd.http_port),
         "http://%s:%d/slow.bin" % (SHOP, httpd.http_port)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    wait_until_served(httpd, pebble, SHOP)
    assert httpd.restarts() == 1
    assert download.poll() is None, "the download was too quick"
    assert download.communicate(timeout=90)[0] == "200 3145728"


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
    wait_until_served(httpd, pebble, SHOP, timeout=5)


def test_activation_delay(httpd, pebble):
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP,
                                      ACMEActivationDelay="25s"))
    httpd.start()
    procs.wait_until(pebble.certificates, 30, "a certificate")
    issued = time.monotonic()
    wait_until_served(httpd, pebble, SHOP)
    assert time.monotonic() - issued >= 24


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
    # Said once, not with each look.
    assert len(httpd.log.lines("acme:error.*NoSuchDirective")) == 1


def test_a_damaged_store_does_not_stop_the_server(httpd, pebble):
    """A wrong secret: what is live is served, nothing is ordered, and the
    secret is not overwritten."""
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
    with pytest.raises(AssertionError):
        procs.wait_until(lambda: pebble.orders() > 1, 8, "an order")
    with open(httpd.path("store/secret"), encoding="ascii") as file:
        assert file.read() == "short"
