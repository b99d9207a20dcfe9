# SPDX-License-Identifier: Apache-2.0
"""Answers that real CAs give and Pebble does not: a programmable CA per
behaviour, and a site per CA, all on one server."""

from acme_env import conf, status
from acme_env.behaviours import READERS
from acme_env.journey import activate_by_hand, wait_until_served

SHOP = "shop.test"


def test_a_decent_ca(make_httpd, fake):
    httpd = make_httpd(fake)
    httpd.configure(conf.managed_conf(httpd, fake, SHOP,
                                      ACMEActivation="manual"))
    httpd.start()
    activate_by_hand(httpd, fake, SHOP)
    ca = fake.ca["ca"]
    assert len(ca.accounts) == len(ca.orders) == len(ca.issued()) == 1
    assert ca.counts("unknown") == 0


def test_what_is_not_needed_may_be_missing(make_httpd, make_fake):
    """Each has its certificate from its first order, with no failure."""
    fake = make_fake(**READERS)
    httpd = make_httpd(fake)
    httpd.configure(fake.sites_conf(httpd, READERS))
    # The connection ends instead of an answer.
    httpd.allow_log("ACME0342: localhost: network: ")
    httpd.start()
    for name in READERS:
        httpd.wait_for_log("%s.test: certificate ready" % name)
    httpd.graceful()
    wait_until_served(httpd, fake, *["%s.test" % name for name in READERS])
    wrong = []
    for name in READERS:
        ca = fake.ca[name]
        told = status.of(httpd, "%s.test" % name)["renewal"]
        counts = (len(ca.accounts), len(ca.orders), len(ca.issued()))
        if counts != (1, 1, 1) or \
                told["errors"] and not name.startswith("accountexists"):
            wrong.append((name, counts, told))
    assert not wrong
