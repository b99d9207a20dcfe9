# SPDX-License-Identifier: Apache-2.0

"""Connections to the CA that end, that are of another kind, or say more than
was asked: each site has its certificate from one order."""

from acme_env.behaviours_wire import HTTP1, HTTP2, Http11
from acme_env.journey import wait_until_served


def wrong(fake, names):
    """Returns the CAs with more accounts, orders, certificates or finalize
    requests than their behaviour explains."""
    found = []
    for name in names:
        ca = fake.ca[name]
        # Of an order only the answer has the URL. Where none of the first
        # answer comes, another order has to be made. libcurl may hand on
        # nothing of an answer whose stream was reset, or whose headers end
        # early (8.14).
        orders = {"lost": (2,), "lostreset": (2,), "lostgone": (2,),
                  "resetbody": (1, 2), "lostheaders": (1, 2)}.get(name, (1,))
        if len(ca.accounts) != 1 or len(ca.orders) not in orders \
                or len(ca.issued()) != 1 or ca.counts("finalize") > 3:
            found.append((name, len(ca.accounts), len(ca.orders),
                          len(ca.issued()), ca.counts("finalize")))
    return found


def obtain(make_httpd, fake, names):
    httpd = make_httpd(fake)
    httpd.configure(fake.sites_conf(httpd, names, ACMERetryDelay="1s"))
    # What is lost before there is an order is a failure of the try.
    httpd.allow_log("ACME0(34[12]|403): .*trying again in")
    httpd.start()
    for name in names:
        httpd.wait_for_log("%s.test: certificate ready" % name)
    assert not wrong(fake, names)
    return httpd


def test_http_1(make_httpd, make_fake):
    fake = make_fake(**HTTP1)
    httpd = obtain(make_httpd, fake, HTTP1)
    httpd.graceful()
    wait_until_served(httpd, fake, *["%s.test" % name for name in HTTP1])
    assert not wrong(fake, HTTP1)


def test_http_2(make_httpd, make_fake):
    fake = make_fake(http2=True, **HTTP2)
    obtain(make_httpd, fake, HTTP2)
    fake = make_fake(http2=True, http11=Http11)
    obtain(make_httpd, fake, ["http11"])
