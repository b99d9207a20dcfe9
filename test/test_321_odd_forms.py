# SPDX-License-Identifier: Apache-2.0
"""Answers in forms of their own, of CAs and of servers in front of them: what
is not needed spoils nothing, and no order is lost for what is not the CA's."""

from acme_env import conf, procs, status
from acme_env.behaviours_odd import FORMS, FRONTS, Moves
from acme_env.journey import live_file, wait_until_served


def sites_conf(httpd, fake, names, **changes):
    sites = []
    for name in names:
        https = "ACMEDomain\n    ACMECertificateAuthority " \
            + fake.ca[name].directory_url
        if name.startswith("alternate"):
            https += '\n    ACMEPreferredChain "Fake CA Other Root"'
        sites.append(conf.site_conf(httpd, name + ".test",
                                    ["www.%s.test" % name], https=https))
    return conf.managed_conf(httpd, fake, *sites, ACMEActivation="manual",
                             **changes)


def test_no_form_costs_more_than_a_request(make_httpd, make_fake):
    """Each has its certificate from its first order, with no failure."""
    fake = make_fake(**FORMS)
    httpd = make_httpd(fake)
    httpd.configure(sites_conf(httpd, fake, FORMS))
    # The connection ends instead of an answer; requests are repeated.
    httpd.allow_log("ACME0342: localhost: network: ")
    httpd.allow_log("ACME0403: (tooslow|tooearly).test: .*, trying again in")
    httpd.allow_log("ACME0812: alternate[a-z]*.test: ")
    httpd.start()
    for name in FORMS:
        httpd.wait_for_log("%s.test: certificate ready" % name)
    httpd.graceful()
    wait_until_served(httpd, fake, *["%s.test" % name for name in FORMS])
    wrong = []
    for name in FORMS:
        ca = fake.ca[name]
        told = status.of(httpd, "%s.test" % name)["renewal"]
        counts = (len(ca.accounts), len(ca.orders), len(ca.issued()))
        # The first of two is invalid, so that it cannot be had any more.
        orders = 2 if name == "namemissinglater" else 1
        with open(live_file(httpd, "%s.test" % name, "chain.pem"),
                  encoding="ascii") as file:
            chain = file.read()
        if counts != (1, orders, 1) or chain.count("BEGIN") != 1 \
                or ca.counts("finalize") > 2 + (orders == 2) \
                or told["errors"] and name != "accountconflict":
            wrong.append((name, counts, ca.counts("finalize"), told))
    assert not wrong


def test_no_order_is_lost_for_what_is_not_the_cas(make_httpd, make_fake):
    """A page, a redirect, a wall: the next try goes on with the order."""
    fake = make_fake(moves=Moves, **FRONTS)
    httpd = make_httpd(fake)
    httpd.configure(sites_conf(httpd, fake, ["moves", *FRONTS],
                               ACMERetryDelay="1s"))
    for name in FRONTS:
        httpd.expect_log("ACME0341: %s.test: .*trying again in" % name)
    httpd.start()
    for name in FRONTS:
        httpd.wait_for_log("%s.test: certificate ready" % name)
    for name in FRONTS:
        ca = fake.ca[name]
        assert (len(ca.orders), len(ca.issued())) == (1, 1), name
    words = httpd.log.lines("ACME0341: awayfinalize.test: ")[0]
    assert "came a redirect to https://localhost:1/maintenance" in words
    words = httpd.log.lines("ACME0341: pagechallenge.test: ")[0]
    assert 'came a web page, "Please wait"' in words
    # A restart, another newOrder, and a wall: the order is still there.
    ca = fake.ca["moves"]
    procs.wait_until(lambda: ca.counts("finalize") == 1, procs.GIVE_UP,
                     lambda: "a finalize\n" + httpd.log.tail())
    httpd.stop()
    ca.moved = True
    httpd.expect_log("ACME0341: moves.test: .*trying again in")
    httpd.start()
    httpd.wait_for_log("moves.test: certificate ready")
    assert (len(ca.orders), len(ca.issued())) == (1, 1)
    assert ca.counts("finalize") == 1
