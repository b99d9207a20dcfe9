# SPDX-License-Identifier: Apache-2.0
"""A CA leaves a challenge pending while it validates, and answers 409 conflict
to a second response, as Let's Encrypt does. Twelve orders are interrupted at
that point: none fails, and none is placed twice."""

import pytest

from acme_env import acmectl, conf, status, tls
from acme_env.journey import activate_by_hand, live_file, \
    wait_until_served, worker_pid
from acme_env.personality import LETS_ENCRYPT, LetsEncrypt

SITES = ["s%02d.conflict.test" % number for number in range(12)]
SHOP = "shop.test"
# A wait for something that happens as soon as the machine is free.
PATIENCE = 180


@pytest.fixture
def ca(pebble, make_pebble):
    door = LetsEncrypt(pebble)
    make_pebble.before_end.append(door.close)
    return door


def be_validated(httpd, pebble, ca):
    """Starts a server whose sites are all being validated."""
    httpd.configure(conf.managed_conf(
        httpd, pebble, *SITES, ACMEActivation="manual",
        ACMECertificateAuthority=ca.directory))
    ca.hold_validations()
    httpd.start()
    ca.wait_for_told(len(SITES), PATIENCE)


def assert_all_well(httpd, pebble, ca):
    """The orders go on, and nothing has failed."""
    ca.wait_for_told_again(len(SITES), PATIENCE)
    assert pebble.certificates() == 0
    ca.release_validations()
    for name in SITES:
        httpd.wait_for_log("%s: certificate ready" % name, PATIENCE)
    httpd.graceful(PATIENCE)
    wait_until_served(httpd, pebble, *SITES, timeout=PATIENCE)
    assert (pebble.accounts(), pebble.orders(),
            pebble.certificates()) == (1, len(SITES), len(SITES))
    assert sorted(ca.orders) == [[name] for name in SITES]
    assert set(ca.told_again) == set(ca.told)
    for name in SITES:
        renewal = status.of(httpd, name)["renewal"]
        assert renewal["errors"] == 0, renewal
        assert not renewal["last"].get("problem"), renewal


def test_a_graceful_restart_while_the_ca_validates(httpd, pebble, ca):
    be_validated(httpd, pebble, ca)
    httpd.graceful(PATIENCE)
    assert_all_well(httpd, pebble, ca)


def test_the_worker_is_killed_while_the_ca_validates(httpd, pebble, ca):
    httpd.allow_log("exit signal Killed")
    be_validated(httpd, pebble, ca)
    httpd.kill_child(worker_pid(httpd))
    assert_all_well(httpd, pebble, ca)


def test_the_answers_are_lost(httpd, pebble, ca):
    """The CA has got the request, and the connection ended."""
    httpd.allow_log("telling the CA to validate failed, trying again")
    ca.lose_answers()
    be_validated(httpd, pebble, ca)
    assert_all_well(httpd, pebble, ca)


def test_what_replaces_is_a_conflict(httpd, pebble, ca):
    """A renewal is ordered again, without `replaces`."""
    text = conf.managed_conf(httpd, pebble, SHOP,
                             ACMECertificateAuthority=ca.directory)
    httpd.configure(text)
    httpd.start()
    wait_until_served(httpd, pebble, SHOP, timeout=PATIENCE)
    old = tls.served(httpd.https_port, SHOP).serial
    with open(live_file(httpd, SHOP, "cert.pem"), encoding="ascii") as file:
        pebble.set_renewal_info(file.read(), -7200, -3600)
    ca.minds_replacing = True
    httpd.configure(text + "ACMERenewViaARI on\n")
    httpd.graceful(PATIENCE)
    tls.wait_for_serial(httpd.https_port, SHOP, old, timeout=PATIENCE)
    assert httpd.log.lines("ACME0810: %s: .*it has been replaced" % SHOP)
    assert ["replaces" in said for said in ca.said("/order-plz")][:3] \
        == [False, True, False]
    assert pebble.orders() == len(ca.orders)


def test_a_blocked_account_is_not_a_dead_one(httpd, pebble, ca):
    """It may not order now. It is looked up once, stays valid, and orders again
    when it may; no other is made."""
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP,
                                      ACMEActivation="manual",
                                      ACMECertificateAuthority=ca.directory))
    ca.blocked = True
    httpd.expect_log("ACME0341: %s: .*this account may not order" % SHOP)
    httpd.start()
    httpd.wait_for_log("ACME0341: %s: .*this account may not order" % SHOP)
    last = status.of(httpd, SHOP)["renewal"]["last"]
    assert "permission" in last["to-fix"], last
    accounts = acmectl.ok(httpd, "account", "show", "--json").json["accounts"]
    assert [account["status"] for account in accounts] == ["valid"]
    ca.blocked = False
    activate_by_hand(httpd, pebble, SHOP)
    assert (pebble.accounts(), pebble.orders()) == (1, 1)


def test_the_limits_of_its_profiles(make_httpd, make_pebble):
    """Counted by the CA: what configtest does not refuse, it does."""
    pebble = make_pebble(config=LETS_ENCRYPT)
    ca = LetsEncrypt(pebble)
    make_pebble.before_end.append(ca.close)
    httpd = make_httpd(pebble)
    sites = {name: [name] + ["w%02d.%s" % (i, name) for i in range(count - 1)]
             for name, count in (("all.test", 25), ("many.test", 26),
                                 ("long.test", 45))}
    sites["long.test"] = [sites["long.test"][0]] + [
        "%s.%s" % (".".join(["x" * 60] * 3), name)
        for name in sites["long.test"][1:]] + [
        "%s.%s" % (".".join(["y" * 60] * 3), name)
        for name in sites["long.test"][1:]]
    profiles = {"all.test": "shortlived", "many.test": "tlsserver",
                "long.test": "classic"}
    httpd.configure(conf.managed_conf(
        httpd, pebble, *[conf.site_conf(
            httpd, name, names[1:],
            https="ACMEDomain\n    ACMEProfile " + profiles[name])
            for name, names in sites.items()],
        ACMEActivation="manual", ACMERetryDelay="1h",
        ACMECertificateAuthority=ca.directory))
    for name, words in (("many.test", "more than 25 identifiers"),
                        ("long.test", "more than 10000 bytes")):
        httpd.expect_log("ACME0341: %s: .*%s" % (name, words))
    httpd.start()
    httpd.wait_for_log("all.test: certificate ready")
    httpd.wait_for_log("ACME0341: many.test: .*more than 25 identifiers")
    httpd.wait_for_log("ACME0341: long.test: .*more than 10000 bytes")
    assert [sorted(names) for names in ca.orders] \
        == [sorted(sites["all.test"])]
