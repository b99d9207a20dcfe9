# SPDX-License-Identifier: Apache-2.0

"""Accounts that are bound to external ones; no output shows the key."""

import base64
import json
import os

import pytest

from acme_env import acmectl, conf, procs, status
from acme_env.journey import activate_by_hand, get

SHOP, BLOG, NEWS = "shop.test", "blog.test", "news.test"
KEYS = {"kid-1": "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ"
                 "12W",
        "kid-2": "b10lLJs8l1GPIzsLP0s6pMt8O0XVGnfTaCeROxQM0BIt2XrJMDHJZBM5NuQmQ"
                 "JQH",
        "kid-3": "Hq0RVz0T8T1sQGQ3gn9PjC6mRbXJtqFqkJmYPpQK9Jw4nqZcV8oQb7bR5yX2"
                 "fLwSxE1dU3aHgKvNtMzYcOaPqA"}
PAGES = """
<Location "/acme-metrics">
    SetHandler acme-metrics
</Location>
<Location "/server-info">
    SetHandler server-info
</Location>
"""


@pytest.fixture
def pebble(make_pebble):
    return make_pebble(config={"externalAccountBindingRequired": True,
                               "externalAccountMACKeys": KEYS})


def assert_hidden(httpd):
    """Asserts that no key is in the log, in any status or in configtest's
    output."""
    shown = httpd.log.text() + json.dumps(status.fetch(httpd)[1]) \
        + json.dumps(status.of(httpd, SHOP)) + httpd.configtest()[1]
    for key in KEYS.values():
        assert key not in shown


def test_inline_and_an_account_for_each(make_httpd, pebble):
    httpd = make_httpd(pebble)
    sites = ""
    for name, kid in ((SHOP, "kid-1"), (BLOG, "kid-2")):
        sites += conf.site_conf(httpd, name, https=(
            "ACMEDomain\nACMEExternalAccountBinding %s %s\n"
            % (kid, KEYS[kid])))
    httpd.configure(conf.managed_conf(httpd, pebble, sites,
                                      ACMEActivation="manual"))
    httpd.start()
    activate_by_hand(httpd, pebble, SHOP, BLOG)
    assert pebble.accounts() == 2
    assert status.of(httpd, SHOP)["eab"] == {"kid": "kid-1"}
    assert_hidden(httpd)


def test_from_a_file_for_root_alone(make_httpd, pebble):
    httpd = make_httpd(pebble)
    path = httpd.write("conf/eab.json", json.dumps(
        {"kid": "kid-1", "hmac": KEYS["kid-1"]})) \
        or httpd.path("conf", "eab.json")
    os.chmod(path, 0o600)
    httpd.configure(conf.managed_conf(
        httpd, pebble, SHOP, ACMEActivation="manual",
        ACMEExternalAccountBinding='"%s"' % path))
    httpd.start()
    activate_by_hand(httpd, pebble, SHOP)
    assert pebble.accounts() == 1
    assert status.of(httpd, SHOP)["eab"] == {"kid": "kid-1"}
    assert_hidden(httpd)


def what_is_shown(httpd):
    """All output about a server, by where it comes from."""
    shown = {"log": httpd.log.text()}
    for page in ("acme-status", "acme-status/" + SHOP, "server-status",
                 "server-status?auto", "acme-metrics", "server-info",
                 "server-info?config", "server-info?mod_acme.c"):
        answer = get(httpd, "localhost", "/" + page)
        assert answer.status == 200 and answer.body, answer
        shown[page] = answer.body
    for words in (["status"], ["status", SHOP], ["list"], ["account", "show"]):
        for more in ([], ["--json"]):
            said = acmectl.run(httpd, *(words + more))
            assert said.out, said
            shown["acmectl " + " ".join(words + more)] = said.out + said.err
    for option in ("-DDUMP_CONFIG", "-DDUMP_RUN_CFG", "-DDUMP_VHOSTS"):
        shown[option] = procs.run(httpd.argv("-t", option),
                                  env=httpd.env()).stdout
    return shown


def forms(secret):
    """Forms in which a file may have a key."""
    raw = base64.urlsafe_b64decode(secret + "==")
    return [secret.encode(), raw, raw.hex().encode(), base64.b64encode(raw)]


def test_each_algorithm_and_nothing_shows_a_key(make_httpd, pebble, gate,
                                                make_proxy):
    """The key is in a virtual host, in a set and in a file; one CA is behind a
    proxy."""
    proxy = make_proxy(password="annabell:geheim@")
    httpd = make_httpd(pebble, modules=("info",))
    path = httpd.write("conf/eab.json", json.dumps(
        {"kid": "kid-3", "hmac": KEYS["kid-3"], "alg": "HS512"}), mode=0o600)
    way = "http://annabell:geheim%%40@localhost:%d" % proxy.port
    section = """
<ACMEDomainSet %s>
    ACMEExternalAccountBinding kid-2 "%s" HS384
    ACMEHttpProxy %s
</ACMEDomainSet>
""" % (BLOG, KEYS["kid-2"], way)
    httpd.configure(conf.managed_conf(
        httpd, pebble, NEWS, conf.site_conf(
            httpd, SHOP, https="ACMEDomain\nACMEHttpProxy %s\n"
            "ACMEExternalAccountBinding kid-1 %s\n" % (way, KEYS["kid-1"])),
        conf.site_conf(httpd, BLOG, https=""), extra=PAGES + section,
        ACMECertificateAuthority=gate.directory, ACMEActivation="manual",
        ACMEExternalAccountBinding='"%s"' % path))
    httpd.start()
    activate_by_hand(httpd, pebble, SHOP, BLOG, NEWS)
    assert pebble.accounts() == 3 and proxy.passed
    bound = {}
    for asked in gate.said("/sign-me-up"):
        header = json.loads(base64.urlsafe_b64decode(
            asked["externalAccountBinding"]["protected"] + "=="))
        bound[header["kid"]] = header["alg"]
    assert bound == {"kid-1": "HS256", "kid-2": "HS384", "kid-3": "HS512"}
    shown = what_is_shown(httpd)
    for page in ("-DDUMP_CONFIG", "server-info", "server-info?mod_acme.c"):
        said = shown[page].replace("<i>", "")
        for text in ("kid-1 *** HS256", "kid-2 *** HS384", "eab.json",
                     "ACMEHttpProxy (...)@localhost:%d" % proxy.port):
            assert text in said, (page, text)
    for name, data in acmectl.tree(httpd.path("store")).items():
        shown["store/" + name] = data
    secrets = [b"annabell", b"geheim"] + sum(map(forms, KEYS.values()), [])
    for name, text in shown.items():
        data = text if isinstance(text, bytes) else text.encode()
        for secret in secrets:
            assert secret not in data, (name, secret)


def test_a_file_of_no_use_stops_orders_only(make_httpd, pebble):
    httpd = make_httpd(pebble)
    httpd.configure(conf.managed_conf(
        httpd, pebble, SHOP, ACMEExternalAccountBinding="conf/nowhere.json"))
    httpd.expect_log(r"ACME0806: .*nowhere.json")
    httpd.expect_log(r"ACME0340: .*nowhere.json")
    httpd.start()
    status.wait_for(httpd, SHOP, lambda s: s["state"] == 5)
    assert pebble.accounts() == 0


@pytest.mark.parametrize("kid, key", [("kid-1", KEYS["kid-2"]),
                                      ("kid-9", KEYS["kid-1"])])
def test_one_that_is_refused_is_told_once(make_httpd, pebble, kid, key):
    httpd = make_httpd(pebble)
    httpd.configure(conf.managed_conf(
        httpd, pebble, SHOP, ACMEExternalAccountBinding="%s %s" % (kid, key)))
    httpd.expect_log(r"ACME0340: .*ACMEExternalAccountBinding")
    httpd.start()
    said = status.wait_for(httpd, SHOP, lambda s: s["state"] == 5)
    assert "ACMEExternalAccountBinding" in said["renewal"]["last"]["to-fix"]
    assert pebble.requests("/sign-me-up") == 1
    assert_hidden(httpd)
