# SPDX-License-Identifier: Apache-2.0

"""From nothing to served certificates, without help from outside."""

import json
import os
import re

import pytest

from acme_env import conf, install, procs, status, tls
from acme_env.journey import (PATIENCE, activate_by_hand, generations, get,
                              live_file, wait_until_served)

SHOP, WWW, BLOG = "shop.test", "www.shop.test", "blog.test"


@pytest.mark.parametrize("mpm", install.mpms())
def test_two_sites_one_restart_one_account(make_httpd, pebble, mpm):
    httpd = make_httpd(pebble, mpm=mpm)
    httpd.configure(conf.managed_conf(httpd, pebble, (SHOP, WWW), BLOG))
    assert httpd.configtest() == (0, "Syntax OK\n")
    httpd.start()

    # Plain http answers as usual all the time; https has a placeholder.
    assert get(httpd, SHOP).body == conf.BODY % SHOP
    shown = tls.served(httpd.https_port, SHOP)
    assert not shown.by_pebble
    answer = get(httpd, SHOP, https=True)
    assert answer.status == 503
    assert int(answer.headers["retry-after"]) > 0

    shown = wait_until_served(httpd, pebble, SHOP, WWW, BLOG)
    assert shown[SHOP].names == [SHOP, WWW]
    assert shown[BLOG].names == [BLOG]
    assert shown[SHOP].algorithm == "id-ecPublicKey"
    assert get(httpd, WWW, https=True, ca=pebble.root_file).body \
        == conf.BODY % SHOP
    assert httpd.restarts() == 1
    assert (pebble.accounts(), pebble.orders()) == (1, 2)
    for name in (SHOP, BLOG):
        said = status.of(httpd, name)
        assert said["site"] == "lkc"
        assert said["cert"]


def test_a_second_run_does_nothing(httpd, pebble):
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP))
    httpd.start()
    first = wait_until_served(httpd, pebble, SHOP)[SHOP]
    before = (pebble.accounts(), pebble.orders(), pebble.certificates())
    assert before == (1, 1, 1)
    httpd.restart()
    mark = httpd.log.mark()
    # At once, with no restart in between.
    assert tls.served(httpd.https_port, SHOP).serial == first.serial
    # The worker has checked, and the parent too.
    procs.never(lambda: httpd.restarts(mark), 14, "a restart")
    assert (pebble.accounts(), pebble.orders(),
            pebble.certificates()) == before
    assert generations(httpd, SHOP) == [1]


def test_the_stable_files(httpd, pebble):
    httpd.configure(conf.managed_conf(
        httpd, pebble, SHOP, ACMEPrivateKeys="RSA 2048",
        ACMEActivation="manual"))
    httpd.start()
    shown = activate_by_hand(httpd, pebble, SHOP)[SHOP]
    assert (shown.algorithm, shown.key) == ("rsaEncryption", "2048")
    for name in ("privkey", "cert", "chain", "fullchain"):
        path = live_file(httpd, SHOP, name + ".pem")
        assert os.stat(path).st_mode & 0o077 == 0, path
    with open(live_file(httpd, SHOP, "cert.pem"), encoding="ascii") as file:
        cert = file.read()
    assert tls.Served(cert).serial == shown.serial
    with open(live_file(httpd, SHOP, "chain.pem"), encoding="ascii") as file:
        chain = file.read()
    with open(live_file(httpd, SHOP, "fullchain.pem"),
              encoding="ascii") as file:
        assert file.read() == cert + chain


def test_names_at_server_level(httpd, pebble):
    """ACMEDomain with names outside of virtual hosts: one certificate for all
    that have one of the names."""
    sites = conf.site_conf(httpd, SHOP, https="") \
        + conf.site_conf(httpd, BLOG, https="")
    httpd.configure(conf.managed_conf(
        httpd, pebble, sites, extra="ACMEDomain %s %s\n" % (SHOP, BLOG),
        ACMEActivation="manual"))
    httpd.start()
    httpd.wait_for_log("certificate ready")
    httpd.graceful()
    shown = wait_until_served(httpd, pebble, SHOP, BLOG)
    assert shown[SHOP].serial == shown[BLOG].serial
    assert shown[SHOP].names == sorted([SHOP, BLOG])
    assert pebble.orders() == 1


def test_loadmodule_alone_does_nothing(httpd, pebble):
    httpd.configure(conf.acme_conf(httpd, pebble)
                    + conf.localhost_conf(httpd))
    httpd.start()
    procs.never(pebble.requests, 5, "a request")
    assert not os.path.exists(httpd.path("store"))
    for pid in httpd.children():
        with open("/proc/%d/maps" % pid, encoding="utf-8") as file:
            assert "mod_acme.so" in file.read()


def test_without_agreement_nothing_is_ordered(httpd, pebble):
    httpd.configure(conf.managed_conf(
        httpd, pebble, SHOP, ACMECertificateAgreement=None))
    # The CA is given by its URL, so that only its directory tells of terms.
    httpd.expect_log("ACME0340: .*the CA %s has terms of service .*: data:text.*"
                     "read data:text.*, then add: ACMECertificateAgreement "
                     "accepted" % re.escape(pebble.directory))
    code, text = httpd.configtest()
    assert code == 0
    httpd.start()
    said = status.wait_for(
        httpd, SHOP, lambda s: "ACMECertificateAgreement" in json.dumps(s),
        timeout=PATIENCE)
    assert said["site"] != "lkc"
    assert said["judgement"]["level"] == "blocked"
    assert re.match("read data:text.*ACMECertificateAgreement accepted",
                    said["judgement"]["to-fix"])
    assert (pebble.accounts(), pebble.orders()) == (0, 0)


def test_renew_mode_manual_orders_nothing(httpd, pebble):
    httpd.configure(conf.managed_conf(
        httpd, pebble, SHOP, ACMERenewMode="manual"))
    httpd.start()
    procs.never(pebble.requests, 8, "a request")
    # mod_md's number for manual.
    assert status.of(httpd, SHOP)["renew-mode"] == 0
