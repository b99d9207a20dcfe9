# SPDX-License-Identifier: Apache-2.0

"""An added name gives a new certificate; a removed name keeps the old one."""

from acme_env import conf, procs, tls
from acme_env.journey import activate_by_hand

SHOP, WWW, NEW = "shop.test", "www.shop.test", "new.shop.test"


def test_a_name_added_and_a_name_removed(httpd, pebble):
    httpd.configure(conf.managed_conf(httpd, pebble, (SHOP, WWW),
                                      ACMEActivation="manual"))
    httpd.start()
    first = activate_by_hand(httpd, pebble, SHOP)[SHOP]
    assert first.names == [SHOP, WWW]

    httpd.configure(conf.managed_conf(httpd, pebble, (SHOP, WWW, NEW)))
    httpd.graceful()
    # A certificate that covers the ServerName is served at once; the one with
    # all names follows.
    assert tls.served(httpd.https_port, SHOP).serial == first.serial
    second = tls.wait_for_serial(httpd.https_port, SHOP, first.serial)
    assert second.names == sorted([SHOP, WWW, NEW])
    assert pebble.orders() == 2 and pebble.accounts() == 1

    httpd.configure(conf.managed_conf(httpd, pebble, (SHOP, NEW)))
    mark = httpd.log.mark()
    httpd.graceful()
    procs.never(lambda: httpd.restarts(mark) > 1, 14, "a second restart")
    assert tls.served(httpd.https_port, SHOP).serial == second.serial
    assert pebble.orders() == 2
