# SPDX-License-Identifier: Apache-2.0

"""Sites beyond one ACMEDomain in a virtual host: sets, virtual hosts that are
found, own certificates, names that keep failing."""

import os

import pytest

from acme_env import acmectl, conf, procs, status, store, tls
from acme_env.journey import activate_by_hand, get, wait_until_served

pytestmark = pytest.mark.personalities

SHOP, BLOG, WIKI, OWN = "shop.test", "blog.test", "wiki.test", "own.test"
WWW, OLD = "www.shop.test", "old.shop.test"


def plain(httpd, name, aliases=(), https=""):
    """A virtual host without a directive of ours."""
    return conf.site_conf(httpd, name, aliases, https=https)


def files(cert, key, prefix="SSL"):
    return "%sCertificateFile %s\n    %sCertificateKeyFile %s\n" % (
        prefix, cert, prefix, key)


def test_virtual_hosts_without_a_certificate_are_found(httpd, pebble):
    """Virtual hosts that have a certificate are left alone. The module's
    reading of the configuration agrees with mod_ssl's: there is no warning
    (ACME0130)."""
    own = tls.self_signed(httpd.path("conf", "own"), OWN)
    httpd.configure(conf.managed_conf(
        httpd, pebble, plain(httpd, SHOP, (WWW,)), plain(httpd, BLOG),
        plain(httpd, OWN, https=files(*own)),
        plain(httpd, WIKI),
        # Neither the listener's protocol nor this switches it on.
        plain(httpd, "intranet").replace("SSLEngine on", ""),
        plain(httpd, "extranet").replace("SSLEngine on",
                                           "SSLEngine optional"),
        extra="ACMEAutoDomains on\n", ACMEActivation="manual"))
    httpd.start()
    for name in (SHOP, BLOG, WIKI):
        assert get(httpd, name, https=True).status == 503
    assert tls.served(httpd.https_port, OWN).names == [OWN]
    shown = activate_by_hand(httpd, pebble, SHOP, BLOG, WIKI)
    assert shown[SHOP].names == sorted([SHOP, WWW])
    assert shown[BLOG].names == [BLOG] and shown[WIKI].names == [WIKI]
    assert not tls.served(httpd.https_port, OWN).by_pebble
    assert pebble.orders() == 3
    assert status.fetch(httpd, OWN)[0] == 404


def test_sets_have_their_own_settings(httpd, pebble):
    httpd.configure(conf.managed_conf(
        httpd, pebble, plain(httpd, SHOP), plain(httpd, BLOG, (OLD,)),
        plain(httpd, WIKI), extra="""
<ACMEDomainSet %s>
    ACMEMember %s
    ACMEPrivateKeys P-384
</ACMEDomainSet>
<ACMEDomainSet %s manual>
    ACMEPrivateKeys RSA 2048
</ACMEDomainSet>
""" % (SHOP, BLOG, WIKI), ACMEActivation="manual"))
    httpd.start()
    shown = activate_by_hand(httpd, pebble, SHOP, WIKI)
    assert shown[SHOP].names == sorted([SHOP, BLOG, OLD])
    assert shown[SHOP].key == "384"
    assert tls.served(httpd.https_port, BLOG).serial == shown[SHOP].serial
    assert shown[WIKI].names == [WIKI] and shown[WIKI].key == "2048"
    assert pebble.orders() == 2


def test_the_main_server(httpd, pebble):
    main = "main.test"
    httpd.configure(conf.managed_conf(
        httpd, pebble, plain(httpd, SHOP), extra="""
ServerName %s
SSLEngine on
ACMEBaseServer on
ACMEAutoDomains on
""" % main, ACMEActivation="manual").replace(
    "SSLEngine on\n    \n", "SSLEngine on\n").replace(
        "<VirtualHost 127.0.0.1:%d>" % httpd.http_port,
        "<VirtualHost 127.0.0.1:%d>\n    SSLEngine off" % httpd.http_port))
    httpd.start()
    httpd.wait_for_log("%s: certificate ready" % main)
    httpd.wait_for_log("%s: certificate ready" % SHOP)
    assert pebble.orders() == 2


def test_a_certificate_of_ones_own(httpd, pebble):
    """It is served and shown, and nothing is ordered for it."""
    own = tls.self_signed(httpd.path("conf", "own"), OWN)
    text = conf.managed_conf(
        httpd, pebble, SHOP,
        plain(httpd, OWN, https="ACMEDomain\n    " + files(*own,
                                                           prefix="ACME")),
        ACMEActivation="manual")
    httpd.configure(text)
    httpd.start()
    first = tls.served(httpd.https_port, OWN)
    assert first.names == [OWN] and get(httpd, OWN, https=True).status == 200
    activate_by_hand(httpd, pebble, SHOP)
    assert pebble.orders() == 1
    shown = status.of(httpd, OWN)
    assert shown["site"] == "okc" and shown["state"] == 2
    assert shown["cert-file"] == own[0]
    assert shown["cert"]["P-256"]["valid"]["until"]
    assert not shown["renew"] and "renew-at" not in shown

    # An administrator replaces it; nothing else does.
    tls.self_signed(httpd.path("conf", "own"), OWN)
    httpd.graceful()
    second = tls.served(httpd.https_port, OWN)
    assert second.serial != first.serial and second.names == [OWN]

    # A key that does not match would stop the server at a restart.
    _, key = tls.self_signed(httpd.path("conf", "other"), OWN)
    os.replace(key, own[1])
    httpd.expect_log("ACME0131: %s: .*for another key" % OWN)
    httpd.graceful()
    assert get(httpd, OWN, https=True).status == 503
    assert get(httpd, SHOP, https=True, ca=pebble.root_file).status == 200
    shown = status.of(httpd, OWN)
    assert shown["state"] == 4 and "another key" in shown["state-descr"]

    # Without the directives one is obtained.
    httpd.configure(text.replace("ACMECertificate", "#ACMECertificate")
                    .replace("#ACMECertificateA", "ACMECertificateA"))
    httpd.graceful()
    activate_by_hand(httpd, pebble, OWN)


def test_ones_own_certificate_puts_the_others_away(httpd, pebble):
    """The managed certificate is stashed, and comes back without an order.
    acmectl shows what the server does."""
    own = tls.self_signed(httpd.path("conf", "own"), SHOP)
    managed = conf.managed_conf(httpd, pebble, SHOP, BLOG)
    httpd.configure(managed)
    httpd.start()
    first = wait_until_served(httpd, pebble, SHOP, BLOG)

    httpd.configure(conf.managed_conf(
        httpd, pebble, BLOG, conf.site_conf(
            httpd, SHOP, https="ACMEDomain\n    " + files(*own, "ACME"))))
    httpd.graceful()
    mine = tls.served(httpd.https_port, SHOP)
    assert not mine.by_pebble
    assert store.names(httpd, "stash") == [SHOP]
    assert store.names(httpd, "live") == [BLOG]
    said = status.of(httpd, SHOP)
    assert said["site"] == said["deployed"] == "okc" and "stash" in said
    result = acmectl.ok(httpd, "status", SHOP, "--json").json
    assert result["cert-file"] == said["cert-file"] == own[0]
    assert result["cert"] == said["cert"]
    assert result["needs-attention"] is False
    waited = acmectl.ok(httpd, "wait", "--json").json
    assert {site["result"] for site in waited["sites"]} == {"served"}
    forced = acmectl.run(httpd, "renew", SHOP, "--force")
    assert "its own certificate file is served" in forced.out
    httpd.graceful()
    assert store.names(httpd, "stash") == [SHOP]

    httpd.configure(managed)
    httpd.graceful()
    assert tls.served(httpd.https_port, SHOP).serial == first[SHOP].serial
    assert tls.served(httpd.https_port, BLOG).serial == first[BLOG].serial
    assert status.of(httpd, SHOP)["deployed"] == "lkc"
    assert store.names(httpd, "stash") == []
    assert pebble.orders() == 2


def test_an_alias_that_keeps_failing_is_left_out(httpd, pebble):
    pebble.break_name(OLD)
    httpd.expect_log("ACME0341: %s: " % SHOP)
    httpd.expect_log("ACME0348: %s: .* without %s" % (SHOP, OLD))
    httpd.configure(conf.managed_conf(
        httpd, pebble, (SHOP, WWW, OLD), extra="ACMEPartialNames on\n",
        ACMERetryDelay="1s"))
    httpd.start()
    shown = wait_until_served(httpd, pebble, SHOP)[SHOP]
    assert shown.names == sorted([SHOP, WWW])
    assert pebble.orders() == 3
    site = status.wait_for(httpd, SHOP, lambda s: s["site"] == "lkc"
                           and s["state"] == 2)
    assert OLD in site["state-descr"]
    assert [name["name"] for name in site["left-out"]] == [OLD]
    assert site["left-out"][0]["detail"]
    # Nothing more happens until the renewal, over restarts too.
    mark = httpd.log.mark()
    httpd.graceful()
    procs.wait_until(lambda: status.of(httpd, SHOP)["renewal"]["errors"] == 0,
                     20, "the failures to be over")
    assert pebble.orders() == 3
    assert not httpd.log.lines("ordering a certificate", mark)
