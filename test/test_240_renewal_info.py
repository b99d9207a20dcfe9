# SPDX-License-Identifier: Apache-2.0

"""Renewal information (RFC 9773): the CA says when to renew, and orders name
what they replace."""

import time

from acme_env import conf, status, tls
from acme_env.journey import live_file, wait_until_served

SHOP = "shop.test"
RENEWAL = "/draft-ietf-acme-ari-03/renewalInfo/"
INCIDENT = "https://pebble.test/incident"


def obtain(httpd, pebble, **changes):
    """Gets the first certificate without asking when to renew it; returns its
    PEM."""
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP, **changes))
    httpd.start()
    wait_until_served(httpd, pebble, SHOP)
    with open(live_file(httpd, SHOP, "cert.pem"), encoding="ascii") as file:
        return file.read()


def replaced(gate):
    """The certificate that each order replaces, or None."""
    return [order.get("replaces") for order in gate.said("/order-plz")]


def ari_id(httpd):
    return status.of(httpd, SHOP)["cert"]["P-256"]["ari-cert-id"]


def ask(httpd, pebble, **changes):
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP,
                                      ACMERenewViaARI="on", **changes))
    httpd.graceful()


def test_a_window_in_the_past_renews_at_once(httpd, pebble, gate):
    # Routine renewals would wait for 6 h.
    changes = {"ACMEActivationInterval": "1s 6h",
               "ACMECertificateAuthority": gate.directory}
    pem = obtain(httpd, pebble, **changes)
    old = tls.served(httpd.https_port, SHOP).serial
    first = ari_id(httpd)
    pebble.set_renewal_info(pem, -7200, -3600, INCIDENT)
    ask(httpd, pebble, **changes)
    new = tls.wait_for_serial(httpd.https_port, SHOP, old, timeout=60)
    assert new.by_pebble
    assert pebble.orders() == 2 and pebble.accounts() == 1
    assert httpd.log.lines("ACME0801: %s: .* at once, see %s"
                           % (SHOP, INCIDENT))
    # Pebble accepts the certificate that the order replaces.
    assert replaced(gate) == [None, first]
    assert not httpd.log.lines("ACME0810")
    # The next certificate has another window, and nothing happens.
    said = status.wait_for(httpd, SHOP,
                           lambda s: (s.get("ari") or {}).get("window"))
    assert said["ari"]["selected"] == said["renew-at"]
    assert ari_id(httpd).count(".") == 1 and ari_id(httpd) != first
    time.sleep(3)
    assert pebble.orders() == 2


def test_asked_once_and_not_again_by_restarts(make_httpd, pebble,
                                              gate):
    httpd = make_httpd(pebble)
    obtain(httpd, pebble, ACMECertificateAuthority=gate.directory)
    ask(httpd, pebble, ACMECertificateAuthority=gate.directory)
    gate.wait_for(RENEWAL)
    first = status.wait_for(httpd, SHOP,
                            lambda s: (s.get("ari") or {}).get("window"))
    requests = len(gate.requests)
    for _ in range(3):
        httpd.graceful()
        time.sleep(2)
    assert len(gate.requests) == requests, gate.requests[requests:]
    again = status.of(httpd, SHOP)
    assert again["ari"] == first["ari"]


def test_a_ca_that_does_not_say_costs_nothing(make_httpd, pebble,
                                              gate):
    gate.answer(RENEWAL, 500, "<html>sorry</html>")
    httpd = make_httpd(pebble)
    obtain(httpd, pebble, ACMECertificateAuthority=gate.directory)
    ask(httpd, pebble, ACMECertificateAuthority=gate.directory)
    gate.wait_for(RENEWAL)
    said = status.wait_for(httpd, SHOP,
                           lambda s: (s.get("ari") or {}).get("problem"))
    assert "window" not in said["ari"] and said["ari"]["retry-after"]
    assert said["state"] == 2 and said["renewal"]["errors"] == 0
    time.sleep(3)
    assert gate.count(RENEWAL) == 1


def test_an_order_that_may_not_replace_is_placed_all_the_same(
        make_httpd, pebble, gate):
    httpd = make_httpd(pebble)
    pem = obtain(httpd, pebble, ACMECertificateAuthority=gate.directory)
    old = tls.served(httpd.https_port, SHOP).serial
    first = ari_id(httpd)
    pebble.set_renewal_info(pem, -7200, -3600)
    gate.answer("/order-plz", 409,
                '{"type":"urn:ietf:params:acme:error:alreadyReplaced",'
                '"detail":"somebody was faster","status":409}',
                content_type="application/problem+json",
                headers=[("Replay-Nonce", "used-up")], times=1)
    ask(httpd, pebble, ACMECertificateAuthority=gate.directory)
    tls.wait_for_serial(httpd.https_port, SHOP, old, timeout=60)
    assert httpd.log.lines("ACME0810: %s: .*somebody was faster" % SHOP)
    # Repeated, because that response had no valid nonce.
    assert replaced(gate)[:2] == [None, first]
    assert replaced(gate)[2:] == [None, None]
