# SPDX-License-Identifier: Apache-2.0

"""The CAA guard: acmectl warns before an account ends whose URL is in CAA
records of sites."""

import pytest

from acme_env import acmectl, conf
from acme_env.acmectl import FAILED
from acme_env.dns_zones import DnsZones
from acme_env.journey import activate_by_hand

SHOP, WWW, BLOG = "shop.test", "www.shop.test", "blog.test"
CA = "ca.example.org"


@pytest.fixture
def pebble(make_pebble):
    return make_pebble(config={"caaIdentities": ["pebble.example.org", CA]})


@pytest.fixture
def dns():
    zones = DnsZones(1)
    yield zones
    zones.close()


def warned(result):
    """The names that a command has warned of."""
    lines = result.err.splitlines()
    return [line.split()[-1] for line in lines
            if line.startswith("acmectl:     ")]


def test_before_an_account_ends(httpd, pebble, dns):
    httpd.configure(conf.managed_conf(
        httpd, pebble, (SHOP, WWW), BLOG, ACMEActivation="manual",
        ACMEDnsServers=dns.directive))
    httpd.start()
    activate_by_hand(httpd, pebble, SHOP, BLOG)
    account, = acmectl.ok(httpd, "account", "show", "--json").json["accounts"]

    # Records that any account meets, or none of ours.
    dns.set(0, SHOP, "CAA", '0 issue "%s"' % CA)
    dns.set(0, BLOG, "CAA", '0 issue "%s; accounturi=https://other/"' % CA)
    result = acmectl.run(httpd, "account", "deactivate")
    assert result.status == FAILED and warned(result) == []

    dns.set(0, SHOP, "CAA", '0 issue "other.example"',
            '0 issue "%s; accounturi=%s"' % (CA, account["account"]))
    # These keep the URL of the account.
    httpd.expect_log("ACME0824: .* has a new key")
    assert warned(acmectl.ok(httpd, "account", "rollover")) == []
    assert warned(acmectl.ok(httpd, "account", "recover")) == []

    result = acmectl.run(httpd, "account", "deactivate")
    assert result.status == FAILED and "--yes" in result.err
    assert sorted(warned(result)) == [SHOP, WWW]
    assert "warning: CAA records (accounturi) allow" in result.err
    assert 'CAA 0 issue "pebble.example.org"' in result.err
    httpd.expect_log("ACME0825: .*deactivated")
    result = acmectl.ok(httpd, "account", "deactivate", "--yes")
    assert sorted(warned(result)) == [SHOP, WWW]
    result = acmectl.ok(httpd, "account", "recover", "--json")
    assert sorted(warned(result)) == [SHOP, WWW]
    assert "forgotten" in result.json["result"]
