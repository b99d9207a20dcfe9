# SPDX-License-Identifier: Apache-2.0

"""A backup of the store takes the place of a newer one, or is copied over it:
what is older in it is served, and all goes on, with the account's key of before
a rollover, too."""

import os
import shutil

import pytest

from acme_env import acmectl, conf, procs, store, tls
from acme_env.journey import activate_by_hand

SHOP, BLOG = "shop.test", "blog.test"


def renewed(httpd, name, old):
    acmectl.ok(httpd, "renew", name, "--force")
    httpd.graceful()
    shown = tls.wait_for_serial(httpd.https_port, name, old.serial)
    procs.wait_until(lambda: not store.names(httpd, "staging"), procs.GIVE_UP,
                     "the worker clears")
    return shown


@pytest.mark.parametrize("over", [False, True])
def test_it_goes_on(httpd, pebble, over):
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP, BLOG,
                                      ACMEActivation="manual"))
    httpd.start()
    first = activate_by_hand(httpd, pebble, SHOP, BLOG)
    procs.wait_until(lambda: not store.names(httpd, "staging"), procs.GIVE_UP,
                     "the worker clears")
    httpd.stop()
    backup = httpd.path("backup")
    procs.run(["cp", "-a", store.path(httpd), backup])
    httpd.start()
    second = renewed(httpd, SHOP, first[SHOP])
    httpd.expect_log("ACME0824: .* has a new key")
    acmectl.ok(httpd, "account", "rollover")
    newest = renewed(httpd, SHOP, second)
    httpd.stop()
    if not over:
        shutil.rmtree(store.path(httpd))
    procs.run(["cp", "-a", "-T", backup, store.path(httpd)])
    orders = pebble.orders()
    httpd.start()
    # One that was for the site is served, and none is ordered for that.
    shown = tls.served(httpd.https_port, SHOP)
    assert shown.serial in (first[SHOP].serial, newest.serial)
    assert tls.served(httpd.https_port, BLOG).serial == first[BLOG].serial
    acmectl.ok(httpd, "status")
    assert (pebble.accounts(), pebble.orders()) == (1, orders)
    # The CA refuses signatures of the former key, so the account is checked.
    httpd.expect_log("ACME0333: .*does not know the account")
    renewed(httpd, SHOP, shown)
    assert renewed(httpd, BLOG, first[BLOG]).by_pebble
    assert pebble.accounts() == 2
    acmectl.ok(httpd, "status")
    assert os.listdir(store.path(httpd, "outbox")) == []
