# SPDX-License-Identifier: Apache-2.0

"""ACMEHttpProxy: requests to the CA go through a proxy."""

import urllib.parse

import pytest

from acme_env import conf, procs, status, tls
from acme_env.journey import activate_by_hand

pytestmark = pytest.mark.personalities

SHOP, BLOG = "shop.test", "blog.test"


def place(ca):
    """Where a CA is for its clients: HOST:PORT."""
    return urllib.parse.urlsplit(ca.directory).netloc


def through(httpd, pebble, proxy, scheme="http", user="", **changes):
    changes.setdefault("ACMEActivation", "manual")
    httpd.configure(conf.managed_conf(
        httpd, pebble, SHOP, ACMERetryDelay="10min",
        ACMEHttpProxy="%s://%slocalhost:%d" % (scheme, user, proxy.port),
        **changes))
    return httpd.start()


def test_an_https_proxy_with_a_password(make_httpd, pebble, make_proxy, room):
    """All requests go through it, and none around it."""
    cert, key = tls.self_signed(room + "/proxy", "localhost")
    proxy = make_proxy(password="ann:p:w", cert=cert, key=key)
    httpd = through(make_httpd(pebble), pebble, proxy, "https", "ann:p%3Aw@",
                    ACMEHttpProxyCACertificateFile='"%s"' % cert)
    procs.wait_until(pebble.certificates, 30, lambda: httpd.log.tail())
    assert set(proxy.connects) == {place(pebble)}
    assert proxy.passed
    # The password is not in the log.
    assert "p%3Aw" not in httpd.log.text()


def test_proxies_that_fail(make_httpd, pebble, make_proxy, room):
    """Each is named, with advice; no request goes around it."""
    cert, key = tls.self_signed(room + "/proxy", "localhost")
    refusing = make_proxy()
    refusing.mode = "refuse"
    asking = make_proxy(password="ann:pw")
    hanging = make_proxy()
    hanging.mode = "hang"
    stranger = make_proxy(cert=cert, key=key)
    cases = [(refusing, "http", ("403", "allow connections")),
             (asking, "http", ("407", "USER:PASSWORD")),
             (stranger, "https", ("ACMEHttpProxyCACertificateFile",)),
             (hanging, "http", ())]
    servers = []
    for proxy, scheme, words in cases:
        httpd = make_httpd()
        if words:
            httpd.expect_log("acme:(warn|error).*localhost:%d" % proxy.port)
        servers.append(through(httpd, pebble, proxy, scheme))
    for httpd, (proxy, _, words) in zip(servers, cases):
        if not words:
            continue
        seen = status.wait_for(httpd, SHOP, lambda s: (
            s.get("renewal") or {}).get("last", {}).get("problem"))
        problem = status.problem(seen)
        for word in words + ("through the proxy localhost:%d" % proxy.port,):
            assert word in problem, problem
    # A child that waits for a connection can still be stopped and is not
    # killed, which the parent would log.
    hanging.wait_for_connect()
    servers[-1].stop()
    assert not servers[-1].log.lines("AH0004[67]|SIGKILL")
    assert pebble.requests() == 0


def test_a_set_with_another_way(make_httpd, make_pebble, pebble, make_proxy):
    """One CA is behind a proxy, another is reached without."""
    proxy = make_proxy()
    inner = make_pebble(http_port=pebble.http_port, tls_port=pebble.tls_port)
    httpd = make_httpd(pebble)
    intranet = """
<ACMEDomainSet %s>
    ACMECertificateAuthority %s
    ACMECACertificateFile "%s"
    ACMEHttpProxy none
</ACMEDomainSet>
""" % (BLOG, inner.directory, inner.ca_file)
    httpd.configure(conf.managed_conf(
        httpd, pebble, SHOP, conf.site_conf(httpd, BLOG, https=""),
        extra=intranet, ACMEActivation="manual",
        ACMEHttpProxy="http://localhost:%d" % proxy.port))
    httpd.start()
    activate_by_hand(httpd, pebble, SHOP)
    activate_by_hand(httpd, inner, BLOG)
    assert (pebble.orders(), inner.orders()) == (1, 1)
    assert set(proxy.connects) == {place(pebble)}


def test_ways_that_differ(httpd, pebble):
    """Two sites with one account, and a password that is not shown."""
    one = "ACMEDomain\nACMEHttpProxy http://ann:secret@localhost:1\n"
    httpd.configure(conf.managed_conf(
        httpd, pebble, conf.site_conf(httpd, SHOP, https=one),
        conf.site_conf(httpd, BLOG, https="ACMEDomain\nACMEHttpProxy none\n")))
    code, said = httpd.configtest()
    assert code != 0 and "ACME0013" in said and "ACMEHttpProxy" in said
    assert "secret" not in said
    httpd.configure(conf.managed_conf(httpd, pebble, conf.site_conf(
        httpd, SHOP, http="ACMEDomain\nACMEHttpProxy none\n", https=one)))
    code, said = httpd.configtest()
    assert code != 0 and "ACME0005" in said and "(...)@localhost:1" in said
    assert "secret" not in said
