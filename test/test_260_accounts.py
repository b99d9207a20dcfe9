# SPDX-License-Identifier: Apache-2.0

"""Accounts over the years: found again, a new key, a new contact, their end,
and a CA that has lost them."""

import pytest

from acme_env import acmectl, conf, procs, status
from acme_env.acmectl import DONE, FAILED, NOTHING, USAGE
from acme_env.journey import activate_by_hand

SHOP = "shop.test"
CAA = ["pebble.letsencrypt.org", "ca.example.org"]
# An identity of private CAs, which no CAA record can have.
STRANGE_CAA = ["internal-ca", "", "ca example", "https://ca.example.org/"]


@pytest.fixture
def pebble(make_pebble):
    """A Pebble with the names that it uses in CAA records."""
    return make_pebble(config={"caaIdentities": STRANGE_CAA + CAA})


@pytest.fixture
def server(httpd, pebble):
    """A server with its first certificate, which is restarted by hand."""
    configure(httpd, pebble)
    httpd.start()
    activate_by_hand(httpd, pebble, SHOP)
    return httpd


def configure(httpd, pebble, **changes):
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP,
                                      ACMEActivation="manual", **changes))


def account(httpd):
    return acmectl.ok(httpd, "account", "show", "--json").json["accounts"]


def renew(httpd):
    return acmectl.run(httpd, "renew", SHOP, "--force")


def test_show_rollover_and_recover(server, pebble):
    shown, = account(server)
    assert shown["ca"] == pebble.directory and shown["status"] == "valid"
    assert shown["account"].startswith(pebble.directory.replace("/dir", "/"))
    assert "PRIVATE KEY" not in str(shown)
    records = ['CAA 0 issue "%s; accounturi=%s"' % (name, shown["account"])
               for name in CAA]
    assert shown["caa"] == records
    lines = [line.split(None, 2) for line
             in acmectl.ok(server, "account", "show").out.splitlines()]
    assert ["account", shown["account"]] in lines
    assert [line[2] for line in lines if line[:2] == ["for", "DNS"]] \
        == ["example.org. " + record for record in records]
    server.expect_log("ACME0824: .* has a new key")
    result = acmectl.ok(server, "account", "rollover", "--json")
    assert result.json["account"] == shown["account"]
    assert pebble.requests("/rollover-account-key") == 1
    # The new key works for orders, after a restart too.
    assert renew(server).status == DONE
    server.graceful()
    assert renew(server).status == DONE
    asked = pebble.requests("/sign-me-up")
    result = acmectl.ok(server, "account", "recover", "--json")
    assert result.json["account"] == shown["account"]
    assert pebble.requests("/sign-me-up") == asked + 1
    assert pebble.accounts() == 1


def test_the_end_and_another_beginning(server, pebble):
    before, = account(server)
    result = acmectl.run(server, "account", "deactivate")
    assert result.status == FAILED and "--yes" in result.err
    server.expect_log("ACME0825: .*deactivated")
    acmectl.ok(server, "account", "deactivate", "--yes")
    assert "DEACTIVATED" in acmectl.ok(server, "account", "show").out
    # One failure, no request, and advice.
    orders = pebble.requests("/order-plz")
    server.expect_log("ACME0340: .*deactivated by acmectl")
    result = renew(server)
    assert result.status == FAILED and "deactivated by acmectl" in result.out
    problem = status.of(server, SHOP)["renewal"]["last"]
    assert "acmectl account recover" in problem["to-fix"]
    assert pebble.requests("/order-plz") == orders
    result = acmectl.ok(server, "account", "recover")
    assert "forgotten" in result.out
    assert renew(server).status == DONE
    after, = account(server)
    assert after["account"] != before["account"]
    assert pebble.accounts() == 2


def test_another_contact_is_told(server, pebble):
    before, = account(server)
    assert "contact" not in before
    configure(server, pebble, ACMEContactEmail="new@example.org")
    server.expect_log("ACME0821: .*goes on with the account")
    server.expect_log("ACME0822: .*mailto:new@example.org")
    server.graceful()
    assert renew(server).status == DONE
    after, = account(server)
    assert after["account"] == before["account"]
    assert after["contact"] == "mailto:new@example.org"
    assert pebble.accounts() == 1


def test_a_ca_that_has_lost_it(server, pebble):
    """Pebble stores nothing, so after a restart it knows no account."""
    pebble.stop()
    pebble.start()
    server.expect_log("ACME0827: .*recover")
    result = acmectl.run(server, "account", "recover")
    assert result.status == FAILED
    server.expect_log("ACME0333: .*does not know the account")
    assert renew(server).status == DONE
    assert pebble.accounts() == 1
    assert account(server)[0]["account"]


def test_without_a_server_and_bad_words(server):
    assert acmectl.run(server, "account").status == USAGE
    assert acmectl.run(server, "account", "dance").status == USAGE
    result = acmectl.run(server, "account", "rollover", "--ca",
                         "https://elsewhere.test/dir")
    assert result.status == NOTHING and "--ca" in result.err
    server.stop()
    assert len(account(server)) == 1
    result = acmectl.run(server, "account", "rollover")
    assert result.status == FAILED and "no server is running" in result.err
