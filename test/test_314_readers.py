# SPDX-License-Identifier: Apache-2.0
"""Answers that real CAs give and Pebble does not: a programmable CA per
behaviour, and a site per CA."""

from acme_env import conf
from acme_env.journey import activate_by_hand

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
