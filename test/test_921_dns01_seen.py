# SPDX-License-Identifier: Apache-2.0

"""dns-01: the name servers of the zone have the record before the CA is told,
or a warning says which of them has not."""

import os

import pytest

from acme_env import conf, procs, status, store
from acme_env.dns_command import DnsCommand
from acme_env.dns_zones import DnsZones

SHOP, BLOG, DEAD = "shop.test", "blog.test", "dead.test"


@pytest.fixture
def command(room, pebble):
    return DnsCommand(os.path.join(room, "dns"), pebble)


@pytest.fixture
def dns():
    zones = DnsZones(5)
    yield zones
    zones.close()


def configure(httpd, pebble, command, dns, *sites, off=None, **changes):
    """off: a site whose name servers are not to be asked."""
    settings = {"ACMEChallengeDns01": command.line,
                "ACMECAChallenges": "dns-01",
                "ACMEDnsServers": dns.directive,
                # It is enough that a certificate is ready.
                "ACMEActivation": "manual"}
    settings.update(changes)
    text = conf.managed_conf(httpd, pebble, *sites, **settings)
    if off:
        text = text.replace("ServerName %s\n" % off,
                            "ServerName %s\nACMEDnsPropagation 0\n" % off)
    httpd.configure(text)


def record(name):
    return "_acme-challenge." + name


def value_of(command, name):
    """The value of the record that the command was called for."""
    return command.wait_for("setup", name)[0]["argv"][2]


def wait_for_hindrance(httpd, name, words):
    """Waits until the status says that the site waits for this."""
    status.wait_for(httpd, name, lambda s: words in (
        (s.get("renewal") or {}).get("hindrance") or {}).get("detail", ""))


def wait_until_ready(httpd, *names):
    for name in names:
        status.wait_for(httpd, name, lambda s: (
            s.get("renewal") or {}).get("finished"))


def test_the_ca_is_told_when_all_have_it(httpd, pebble, command, dns):
    """One site waits for a name server that lags behind; another one, whose
    name is an alias, does not wait for it; a third has a name server that is
    down."""
    dns.zone(SHOP, 1, 2)
    dns.zone(BLOG, 1)
    dns.zone("keys.test", 3)
    dns.zone(DEAD, 1)
    dns.set(0, DEAD, "NS", "ns1.test", "nobody.test")
    dns.set(0, "nobody.test", "A", "127.0.0.99")
    dns.set(1, record(BLOG), "CNAME", "blog.keys.test")
    for number in (1, 2):
        dns.set(number, SHOP, "TXT", "other")
    configure(httpd, pebble, command, dns, SHOP, BLOG, DEAD,
              ACMEDnsPropagation="1h")
    httpd.start()

    dns.set(1, record(DEAD), "TXT", value_of(command, DEAD))
    dns.set(3, "blog.keys.test", "TXT", "another", value_of(command, BLOG))
    dns.set(1, record(SHOP), "TXT", value_of(command, SHOP))
    wait_until_ready(httpd, DEAD, BLOG)
    httpd.log.wait_for("ACME0644: blog.test: the record "
                       r"_acme-challenge\.blog\.test is seen at all name "
                       r"servers of keys\.test that answer \(1 addresses of 1")
    httpd.log.wait_for(r"ACME0644: dead\.test: .*\(1 addresses of 2")

    wait_for_hindrance(httpd, SHOP, (
        "the record _acme-challenge.shop.test is not at all name servers of "
        "shop.test yet, but awaited at ns2.test (127.0.0.3);"))
    assert not httpd.log.lines("ACME0644: shop.test")
    assert pebble.orders() == 3
    dns.set(2, record(SHOP), "TXT", value_of(command, SHOP))
    wait_until_ready(httpd, SHOP)
    assert "hindrance" not in (status.of(httpd, SHOP).get("renewal") or {})
    assert pebble.orders() == 3
    assert dns.asked(2, record(SHOP), "TXT") >= 2
    # The resolver does not remember that there was no record.
    for name in (SHOP, BLOG, DEAD):
        assert dns.asked(0, record(name), "TXT") == 0
        assert len(command.calls("setup", name)) == 1
    procs.wait_until(lambda: store.names(httpd, "dns") == [], procs.GIVE_UP,
                     "no record is left in store/dns")


def test_the_ca_is_told_in_the_end(httpd, pebble, command, dns):
    """A name server never gets the record; those of another zone do not answer,
    and the name servers of a third are not known; with 0 nobody is asked."""
    none, off = "none.test", "off.test"
    dns.zone(SHOP, 1, 2)
    dns.zone(BLOG, 3)
    dns.zone(off, 4)
    dns.silent = {3}
    dns.set(2, SHOP, "TXT", "other")
    httpd.expect_log(r"ACME0643: shop\.test: the record "
                     r"_acme-challenge\.shop\.test is still not seen at "
                     r"ns2\.test \(127\.0\.0\.3\); the CA is told all the same")
    configure(httpd, pebble, command, dns, SHOP, BLOG, none, off, off=off,
              ACMEDnsPropagation="3s")
    httpd.start()
    dns.set(1, record(SHOP), "TXT", value_of(command, SHOP))
    wait_until_ready(httpd, SHOP, BLOG, none, off)
    httpd.log.wait_for(r"ACME0642: blog\.test: no name server can be asked "
                       r"whether it has the record _acme-challenge\.blog")
    httpd.log.wait_for(r"ACME0642: none\.test: .*no zone is known for "
                       r"_acme-challenge\.none\.test")
    assert dns.asked(0, off, "NS") == 0
    assert pebble.orders() == 4
