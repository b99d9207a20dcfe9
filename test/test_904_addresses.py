# SPDX-License-Identifier: Apache-2.0

"""Certificates for IP addresses (RFC 8738), version 4 and 6, by http-01 and by
tls-alpn-01."""

import re

import pytest

from acme_env import conf, procs, status, tls
from acme_env.journey import activate_by_hand

SHOP, PLAIN = "shop.test", "plain.test"
ADDRESSES = ("127.0.0.1", "::1")


def names_of(served):
    """All names of a certificate, those that are addresses as well."""
    text = procs.run(["openssl", "x509", "-noout", "-ext", "subjectAltName"],
                     stdin=served.pem).stdout
    return sorted(re.findall(r"(?:DNS|IP Address):([^,\s]+)", text))


def both_addresses(httpd, text):
    """The same virtual hosts on both addresses."""
    return re.sub(r"<VirtualHost 127.0.0.1:(\d+)>",
                  r"<VirtualHost 127.0.0.1:\1 [::1]:\1>", text) + (
        "Listen [::1]:%d\nListen [::1]:%d https\n"
        % (httpd.http_port, httpd.https_port))


def configure(httpd, pebble, sites, **changes):
    httpd.configure(both_addresses(httpd, conf.managed_conf(
        httpd, pebble, *sites, ACMEActivation="manual", **changes)))


@pytest.mark.parametrize("kind", ["http-01", "tls-alpn-01"])
def test_addresses_beside_a_name(httpd, pebble, kind):
    """The site is not the first virtual host of its addresses, and that is not
    managed; the server insists on server names that it knows."""
    own = tls.self_signed(httpd.path("own"), PLAIN, key_type=("rsa:2048",))
    plain = conf.site_conf(httpd, PLAIN, https="SSLCertificateFile %s\n"
                           "SSLCertificateKeyFile %s\n" % own)
    shop = conf.site_conf(httpd, SHOP, https="ACMEDomain %s 0:0::1\n"
                          % ADDRESSES[0])
    configure(httpd, pebble, [plain, shop], ACMECAChallenges=kind,
              SSLStrictSNIVHostCheck="on")
    httpd.start()
    shown = activate_by_hand(httpd, pebble, SHOP)[SHOP]
    assert names_of(shown) == ["0:0:0:0:0:0:0:1", ADDRESSES[0], SHOP]
    assert (pebble.orders(), pebble.certificates()) == (1, 1)
    answered = httpd.log.lines("ACME0602" if kind == "http-01"
                               else "ACME0614")
    assert answered
    if kind == "tls-alpn-01":
        said = "\n".join(answered)
        assert "1.0.0.127.in-addr.arpa: " in said
        assert "1" + ".0" * 31 + ".ip6.arpa: " in said
    assert not httpd.log.lines("ACME0602" if kind == "tls-alpn-01"
                               else "ACME0614")
    assert tls.served(httpd.https_port, PLAIN).subject == "CN=" + PLAIN
    site = status.of(httpd, SHOP)
    assert site["domains"] == [SHOP, ADDRESSES[0], ADDRESSES[1]]
    assert site["proto"] == {"acme-tls/1": [SHOP] if kind == "tls-alpn-01"
                             else []}


def test_an_address_alone(httpd, pebble):
    """Its virtual host has the address as its name; each type comes to it."""
    site = conf.site_conf(httpd, ADDRESSES[0])
    # The address is no name that a client sends, so it is the first one.
    configure(httpd, pebble, [site], ACMECAChallenges="tls-alpn-01")
    httpd.start()
    httpd.wait_for_log("127.0.0.1: certificate ready")
    httpd.graceful()

    def look():
        shown = tls.served(httpd.https_port, None)
        return shown if shown.by_pebble else None
    shown = procs.wait_until(look, procs.GIVE_UP, "its certificate")
    assert names_of(shown) == [ADDRESSES[0]]
    assert pebble.orders() == 1
    assert len(httpd.log.lines("ACME0614: 1.0.0.127.in-addr.arpa: ")) > 0
