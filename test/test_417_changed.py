# SPDX-License-Identifier: Apache-2.0

"""A certificate that was ordered because the configuration changed is activated
at once, because the administrator is waiting for it."""

import pytest

from acme_env import conf, tls
from acme_env.journey import wait_until_served

pytestmark = pytest.mark.personalities

SHOP = "shop.test"


def change(httpd, pebble, **changes):
    # The restart for a renewal would wait for up to six hours.
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP,
                                      ACMEActivationInterval="1s 6h",
                                      **changes))


def test_another_ca_and_another_key_are_live_at_once(make_httpd, make_pebble):
    """The site moves from the CA's test service to the CA, and then to another
    kind of key."""
    test_ca = make_pebble()
    real_ca = make_pebble(http_port=test_ca.http_port,
                          tls_port=test_ca.tls_port)
    httpd = make_httpd(test_ca)
    change(httpd, test_ca)
    httpd.start()
    first = wait_until_served(httpd, test_ca, SHOP)[SHOP].serial
    change(httpd, real_ca)
    httpd.graceful()
    second = tls.wait_for_serial(httpd.https_port, SHOP, first).serial
    wait_until_served(httpd, real_ca, SHOP)
    change(httpd, real_ca, ACMEPrivateKeys="P-384")
    httpd.graceful()
    third = tls.wait_for_serial(httpd.https_port, SHOP, second)
    assert third.key == "384", third
    assert (test_ca.orders(), real_ca.orders()) == (1, 2)
