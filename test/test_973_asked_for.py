# SPDX-License-Identifier: Apache-2.0

"""What an administrator asks for by acmectl renew goes live soon, and does not
wait with routine renewals."""

from acme_env import acmectl, conf, tls
from acme_env.acmectl import DONE, NOTHING
from acme_env.journey import wait_until_served

SHOP = "shop.test"


def test_what_is_asked_for_does_not_wait(make_httpd, make_pebble):
    pebble = make_pebble(validity=120)
    httpd = make_httpd(pebble)

    def configure(**changes):
        httpd.configure(conf.managed_conf(
            httpd, pebble, SHOP, ACMEActivationInterval="1s 6h", **changes))
    configure(ACMERenewWindow="1s")
    httpd.start()
    first = wait_until_served(httpd, pebble, SHOP)[SHOP]

    # A renewal that is not due.
    assert acmectl.run(httpd, "renew", SHOP).status == NOTHING
    assert acmectl.ok(httpd, "renew", SHOP, "--force")
    second = tls.wait_for_serial(httpd.https_port, SHOP, first.serial)
    assert pebble.orders() == 2

    # One that came by itself, 12 s after it was issued, and waits for others.
    configure(ACMERenewWindow="115s")
    mark = httpd.log.mark()
    httpd.graceful()
    httpd.wait_for_log("%s: certificate ready" % SHOP, mark=mark)
    result = acmectl.run(httpd, "renew", SHOP)
    assert result.status == DONE and "is ready" in result.out, result
    third = tls.wait_for_serial(httpd.https_port, SHOP, second.serial)
    assert third.serial != first.serial
