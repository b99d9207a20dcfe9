# SPDX-License-Identifier: Apache-2.0

"""Dry runs: all steps at another CA, of which nothing remains."""

import os

import pytest

from acme_env import acmectl, conf, procs, status, tls
from acme_env.acmectl import DONE, FAILED, USAGE
from acme_env.gate import Gate
from acme_env.journey import activate_by_hand

SHOP, BLOG = "shop.test", "blog.test"
# The test service of letsencrypt.
STAGING = "acme-staging-v02.api.letsencrypt.org"


@pytest.fixture
def test_ca(make_pebble, pebble, room):
    """A CA that validates at the ports of the first, and may call itself
    STAGING."""
    ca = make_pebble(start=False, http_port=pebble.http_port,
                     tls_port=pebble.tls_port)
    ca.ca_file, ca.key_file = tls.self_signed(room + "/test-ca", "localhost",
                                              STAGING)
    return ca.start()


def configure(httpd, pebble, test_ca, blog=""):
    """Trusts both CAs; one of its sites is renewed by hand only."""
    both = httpd.path("conf", "roots.pem")
    with open(both, "w", encoding="ascii") as out:
        for ca in (pebble, test_ca):
            with open(ca.ca_file, encoding="ascii") as file:
                out.write(file.read())
    httpd.configure(conf.managed_conf(
        httpd, pebble, SHOP, ACMEActivation="manual", ACMEKeyReuse="on",
        ACMECACertificateFile='"%s"' % both) + conf.site_conf(
            httpd, BLOG, https="ACMEDomain\nACMERenewMode manual\n" + blog))


@pytest.fixture
def server(httpd, pebble, test_ca):
    configure(httpd, pebble, test_ca)
    httpd.start()
    activate_by_hand(httpd, pebble, SHOP)
    return httpd


def what_is_live(httpd):
    store = httpd.path("store")
    seen = {kind: acmectl.tree(os.path.join(store, kind))
            for kind in ("live", "archive", "stash", "staging", "keys",
                         "reuse", "challenges", "dns", "accounts",
                         "notes")}
    seen["status"] = [status.of(httpd, name) for name in (SHOP, BLOG)]
    jobs = acmectl.tree(os.path.join(store, "jobs"))
    seen["jobs"] = {name: data for name, data in jobs.items()
                    if "dry" not in name}
    return seen


def assert_untouched(httpd, before):
    """The other CA has an account and notes of its own, and nothing else."""
    now = what_is_live(httpd)
    for kind, seen in before.items():
        if kind in ("accounts", "notes"):
            assert seen and seen.items() <= now[kind].items(), kind
        else:
            assert seen == now[kind], kind
    assert len(now["accounts"]) == len(before["accounts"]) + 1


def at_rest(httpd):
    """Waits until the worker has settled the activated certificates."""
    seen = []

    def look():
        seen.append(what_is_live(httpd))
        return len(seen) > 3 and seen[-1] == seen[-2] == seen[-3]
    procs.wait_until(look, 30, lambda: "the server to rest", interval=1)
    return seen[-1]


def dry_run(httpd, ca, *names):
    return acmectl.run(httpd, "renew", *names, "--dry-run", "--ca",
                       ca.directory, "--json")


def test_it_changes_nothing(server, pebble, test_ca):
    before = at_rest(server)
    # A name that does not lead here is told in the CA's words. This comes first
    # because Pebble may accept a name that it has validated once.
    test_ca.break_name(BLOG)
    result = dry_run(server, test_ca, BLOG)
    assert result.status == FAILED
    assert result.json["sites"][0]["result"] == "failed"
    assert "could not resolve" in result.json["sites"][0]["detail"]
    assert_untouched(server, before)
    test_ca.repair_name(BLOG)
    result = dry_run(server, test_ca, SHOP, BLOG)
    assert result.status == DONE, result
    assert [site["result"] for site in result.json["sites"]] \
        == ["ready", "ready"]
    assert "nothing was changed" in result.json["sites"][0]["detail"]
    assert test_ca.certificates() == 2 and test_ca.accounts() == 1
    assert pebble.certificates() == 1
    assert_untouched(server, before)
    # Without names it is for all, not only for what is due.
    result = dry_run(server, test_ca)
    assert [(site["name"], site["result"]) for site in result.json["sites"]] \
        == [(SHOP, "ready"), (BLOG, "ready")]
    # A CA that does not exist.
    test_ca.stop()
    result = dry_run(server, test_ca, SHOP)
    assert result.status == FAILED
    assert_untouched(server, before)


def test_without_a_ca_it_is_the_test_service(server, pebble, test_ca,
                                             make_pebble, make_proxy):
    """The test service of letsencrypt, which is behind this proxy."""
    gate, proxy = Gate(test_ca), make_proxy()
    make_pebble.before_end.append(gate.close)
    directory = gate.forward(
        "GET", "/dir", {"Host": STAGING, "User-Agent": "test"}, None)[2]
    gate.answer("/directory", 200, directory.decode(), "application/json")
    proxy.instead[STAGING + ":443"] = gate.port
    configure(server, pebble, test_ca, """
ACMECertificateAuthority letsencrypt
ACMEHttpProxy http://localhost:%d
""" % proxy.port)
    server.graceful()
    before = at_rest(server)
    result = acmectl.run(server, "renew", "--dry-run", "--json")
    assert result.status == DONE, (result, server.log.tail())
    assert [(site["name"], site["result"]) for site in result.json["sites"]] \
        == [(SHOP, "not-tried"), (BLOG, "ready")]
    assert "no test service" in result.json["sites"][0]["detail"]
    assert set(proxy.connects) == {STAGING + ":443"}
    assert gate.count("/directory") == 1
    assert test_ca.certificates() == 1 and pebble.certificates() == 1
    assert_untouched(server, before)


def test_what_is_asked_wrongly(server):
    result = acmectl.run(server, "renew", SHOP, "--dry-run")
    assert result.status == FAILED and "--ca URL" in result.err
    result = acmectl.run(server, "renew", SHOP, "--ca", "letsencrypt")
    assert result.status == USAGE and "--dry-run" in result.err
    result = acmectl.run(server, "renew", SHOP, "--dry-run", "--ca", "nobody")
    assert result.status == FAILED and "letsencrypt-test" in result.err
    result = acmectl.run(server, "renew", "other.test", "--dry-run")
    assert result.status == FAILED
    server.stop()
    result = acmectl.run(server, "renew", SHOP, "--dry-run", "--ca",
                         "https://localhost:1/dir")
    assert result.status == FAILED and "no server is running" in result.err
