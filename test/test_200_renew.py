# SPDX-License-Identifier: Apache-2.0

"""Renewal by itself, in time, with a new key; the old certificate is archived.
"""

import subprocess

import pytest

from acme_env import conf, status, tls
from acme_env.journey import (generations, get, live_file, wait_until_served)

pytestmark = pytest.mark.personalities

SHOP, BLOG = "shop.test", "blog.test"


def public_key(path):
    return subprocess.run(["openssl", "pkey", "-in", path, "-pubout"],
                          stdout=subprocess.PIPE, check=True).stdout


def test_a_renewal_changes_serial_and_key(make_httpd, make_pebble):
    pebble = make_pebble(validity=300)
    httpd = make_httpd(pebble)
    # Due 30 s after it was issued, because the window is at most nine tenths.
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP,
                                      ACMERenewWindow="280s",
                                      ACMECheckInterval="2s"))
    httpd.start()
    first = wait_until_served(httpd, pebble, SHOP)[SHOP]
    old_key = public_key(live_file(httpd, SHOP, "privkey.pem"))
    second = tls.wait_for_serial(httpd.https_port, SHOP, first.serial)
    assert second.by_pebble and second.not_before > first.not_before
    tls.verify(httpd.https_port, SHOP, pebble.root_file)
    assert public_key(live_file(httpd, SHOP, "privkey.pem")) != old_key
    assert pebble.accounts() == 1
    # The old certificate is kept beside the live one.
    assert generations(httpd, SHOP)[:2] == [1, 2]
    with open(httpd.path("store", "archive", SHOP, "1", "cert.pem"),
              encoding="ascii") as file:
        assert tls.Served(file.read()).serial == first.serial
    said = status.of(httpd, SHOP)
    assert said["site"] == "lkc"
    assert second.serial.lstrip("0") in str(said["cert"]).lower()


@pytest.mark.full
def test_the_archive_is_bounded(make_httpd, make_pebble):
    pebble = make_pebble(validity=180)
    httpd = make_httpd(pebble)
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP,
                                      ACMERenewWindow="175s",
                                      ACMECheckInterval="1s"))
    httpd.start()
    shown = wait_until_served(httpd, pebble, SHOP)[SHOP]
    for _ in range(6):
        shown = tls.wait_for_serial(httpd.https_port, SHOP, shown.serial)
    kept = generations(httpd, SHOP)
    assert len(kept) == 4 and kept[-1] >= 7, kept


def test_a_failing_renewal_keeps_the_certificate(make_httpd, make_pebble):
    pebble = make_pebble(validity=300)
    httpd = make_httpd(pebble)
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP,
                                      ACMERenewWindow="285s",
                                      ACMECheckInterval="2s",
                                      ACMERetryDelay="10min"))
    httpd.start()
    first = wait_until_served(httpd, pebble, SHOP)[SHOP]
    pebble.break_name(SHOP)
    httpd.expect_log(r"ACME\d+: %s: " % SHOP)
    said = status.wait_for(
        httpd, SHOP, lambda s: (s.get("renewal") or {}).get("errors"))
    assert said["renewal"]["errors"] == 1
    assert said["renewal"]["next-run"]
    assert SHOP in status.problem(said)
    orders = pebble.orders()
    httpd.graceful()
    shown = tls.served(httpd.https_port, SHOP)
    assert shown.by_pebble
    assert get(httpd, SHOP, https=True, ca=pebble.root_file).status == 200
    assert shown.not_before >= first.not_before
    assert pebble.orders() == orders
