# SPDX-License-Identifier: Apache-2.0

"""Accounts in trouble: a change of keys that is killed, an account that
somebody else has closed, a CA that keeps losing it, changed terms."""

import json
import threading

import pytest

from acme_env import acmectl, conf, status
from acme_env.acmectl import DONE, FAILED
from acme_env.journey import activate_by_hand, worker_pid

pytestmark = pytest.mark.personalities

SHOP, BLOG = "shop.test", "blog.test"
TERMS = "https://ca.test/terms-v2"


def started(httpd, pebble, *sites, **changes):
    httpd.configure(conf.managed_conf(httpd, pebble, *(sites or (SHOP,)),
                                      ACMEActivation="manual", **changes))
    httpd.start()
    activate_by_hand(httpd, pebble, *(sites or (SHOP,)))
    return httpd


def account(httpd):
    shown, = acmectl.ok(httpd, "account", "show", "--json").json["accounts"]
    return shown


def renew(httpd, *names):
    return acmectl.run(httpd, "renew", *(names or (SHOP,)), "--force")


def last(httpd, name=SHOP):
    return status.of(httpd, name)["renewal"]["last"]


@pytest.mark.parametrize("before", [True, False])
def test_killed_in_the_middle_of_a_rollover(httpd, pebble, gate, before):
    """kill -9 while keyChange is being sent, or after a response that was not
    received."""
    httpd.allow_log("exit signal Killed")
    started(httpd, pebble, ACMECertificateAuthority=gate.directory)
    httpd.expect_log("ACME0824: .* has a new key")
    held = gate.hold("/rollover-account-key", before=before)
    results = []
    asking = threading.Thread(target=lambda: results.append(
        acmectl.run(httpd, "account", "rollover", "--json")))
    asking.start()
    held.wait()
    httpd.kill_child(worker_pid(httpd))
    held.release()
    asking.join(90)
    assert results[0].status == DONE, results[0]
    assert renew(httpd).status == DONE
    httpd.restart()
    assert renew(httpd).status == DONE
    assert account(httpd)["status"] == "valid"
    assert pebble.accounts() == 1


def test_somebody_else_has_closed_it(make_httpd, pebble, room):
    httpd = started(make_httpd(pebble), pebble, SHOP, BLOG)
    other = make_httpd()
    bundle = room + "/bundle"
    pass_file = acmectl.passphrase_file(room)
    acmectl.ok(httpd, "export", "--all", "--out", bundle,
               "--passphrase-file", pass_file)
    other.configure(conf.managed_conf(other, pebble, SHOP,
                                      ACMEActivation="manual"))
    acmectl.ok(other, "import", bundle, "--passphrase-file", pass_file)
    other.expect_log("ACME0362")
    other.expect_log("ACME0825: .*deactivated")
    other.start()
    other.wait_for_log("ACME0362")
    acmectl.ok(other, "account", "deactivate", "--yes")
    assert account(other)["status"] == "deactivated"
    other.stop()

    # One error for all sites, with advice, and no other account.
    httpd.expect_log("ACME0828: .*acmectl account recover")
    httpd.expect_log("ACME0342: .*what to do: .*acmectl account recover")
    result = renew(httpd, SHOP, BLOG)
    assert result.status == FAILED and "deactivated" in result.out
    assert "acmectl account recover" in last(httpd)["to-fix"]
    assert account(httpd)["status"] == "refused"
    assert "DEACTIVATED" in acmectl.ok(httpd, "account", "show").out
    httpd.graceful()
    orders = pebble.requests("/order-plz")
    assert renew(httpd, SHOP, BLOG).status == FAILED
    assert pebble.requests("/order-plz") == orders
    assert len(httpd.log.lines("ACME0828")) == 1
    assert pebble.accounts() == 1

    result = acmectl.ok(httpd, "account", "recover")
    assert "forgotten" in result.out
    assert renew(httpd, SHOP, BLOG).status == DONE
    assert pebble.accounts() == 2
    assert account(httpd)["status"] == "valid"


def test_a_ca_that_keeps_losing_it(httpd, pebble, gate):
    """The account is registered again once, and then not before its time,
    whoever asks, and over restarts."""
    started(httpd, pebble, ACMECertificateAuthority=gate.directory)
    unknown = json.dumps({"type": "urn:ietf:params:acme:error:"
                                  "accountDoesNotExist", "detail": "who?"})
    gate.answer("/order-plz", 400, unknown, "application/problem+json")
    httpd.expect_log("ACME0333: .*does not know the account")
    httpd.expect_log("ACME034[12]: .*accountDoesNotExist")
    registrations = gate.count("/sign-me-up")
    orders = gate.count("/order-plz")
    for count in range(4):
        assert renew(httpd).status == FAILED
        if count == 2:
            httpd.graceful()
    assert "accountDoesNotExist" in last(httpd)["problem"]
    assert gate.count("/sign-me-up") == registrations + 1
    assert gate.count("/order-plz") == orders + 2
    assert account(httpd)["status"] == "unknown"
    # Pebble still has the account: it is found by its key, at once.
    gate.ask_pebble("/order-plz")
    acmectl.ok(httpd, "account", "recover")
    assert renew(httpd).status == DONE
    assert pebble.accounts() == 1


def test_terms_that_have_changed(httpd, pebble, gate):
    started(httpd, pebble, ACMECertificateAuthority=gate.directory)
    gate.answer("/order-plz", 403, json.dumps(
        {"type": "urn:ietf:params:acme:error:userActionRequired",
         "detail": "the terms are new", "instance": "https://ca.test/agree"}),
        "application/problem+json",
        headers=[("Link", '<%s>;rel="terms-of-service"' % TERMS)])
    httpd.expect_log("ACME0341: .*open https://ca.test/agree .*" + TERMS)
    assert renew(httpd).status == FAILED
    said = last(httpd)
    assert said["instance"] == "https://ca.test/agree"
    assert TERMS in said["to-fix"] and "acmectl renew" in said["to-fix"]
    gate.ask_pebble("/order-plz")
    assert acmectl.run(httpd, "renew").status == DONE


def test_contacts_come_and_go(httpd, pebble):
    """The CA is told at the start; the account, and what DNS has, stay."""
    started(httpd, pebble, ACMEContactEmail="old@example.org")
    first = account(httpd)
    httpd.expect_log("ACME0821: .*goes on with the account")
    httpd.expect_log("ACME0822: .*mailto:new@example.org")
    httpd.configure(conf.managed_conf(
        httpd, pebble, SHOP, ACMEActivation="manual",
        ACMEContactEmail="new@example.org"))
    httpd.graceful()
    httpd.wait_for_log("ACME0822: .*new@example.org")
    assert account(httpd)["account"] == first["account"]
    # A deactivated account stays so under any contact.
    httpd.expect_log("ACME0825: .*deactivated")
    acmectl.ok(httpd, "account", "deactivate", "--yes")
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP,
                                      ACMEActivation="manual"))
    httpd.graceful()
    httpd.expect_log("ACME0340: .*deactivated by acmectl")
    assert renew(httpd).status == FAILED
    assert account(httpd)["status"] == "deactivated"
    assert pebble.accounts() == 1
