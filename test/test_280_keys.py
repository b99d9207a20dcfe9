# SPDX-License-Identifier: Apache-2.0

"""Two kinds of keys for a site: each client gets the one that it supports."""

import json
import os
import shutil
import ssl
import time

import pytest

from acme_env import acmectl, conf, procs, status, tls
from acme_env.journey import activate_by_hand, generations, live_file

pytestmark = pytest.mark.personalities

SHOP, BLOG = "shop.test", "blog.test"
SHOP_RSA = SHOP + "-rsa"


def configure(httpd, pebble, *sites, keys="RSA 2048 P-256", **changes):
    if keys:
        changes["ACMEPrivateKeys"] = keys
    httpd.configure(conf.managed_conf(httpd, pebble, *(sites or (SHOP,)),
                                      ACMEActivation="manual", **changes))


def kinds(httpd, name=SHOP):
    """The certificate that each kind of client gets."""
    shown = {kind: tls.served(httpd.https_port, name, kind=kind)
             for kind in ("ECDSA", "RSA")}
    assert shown["ECDSA"].algorithm == "id-ecPublicKey"
    assert shown["RSA"].algorithm == "rsaEncryption"
    assert all(one.by_pebble for one in shown.values())
    assert shown["ECDSA"].names == shown["RSA"].names
    return {kind: one.serial for kind, one in shown.items()}


def serve_both(httpd, pebble, **changes):
    configure(httpd, pebble, **changes)
    httpd.start()
    httpd.wait_for_log("%s: certificate ready" % SHOP)
    httpd.wait_for_log("%s: certificate ready" % SHOP_RSA)
    httpd.graceful()
    return httpd


@pytest.fixture
def both(httpd, pebble):
    """A server with both certificates."""
    return serve_both(httpd, pebble)


def test_each_client_gets_its_kind(both, pebble):
    first = kinds(both)
    assert first["ECDSA"] != first["RSA"]
    # There is one account, and for each kind an order, a row and a folder.
    assert (pebble.accounts(), pebble.orders()) == (1, 2)
    for name, kind, of in ((SHOP, "P-256", None), (SHOP_RSA, "rsa", SHOP)):
        site = status.of(both, name)
        assert site["site"] == "lkc" and site["domains"] == [SHOP]
        assert kind in site["cert"] and site.get("of") == of
        assert generations(both, name) == [1]
        assert os.path.exists(live_file(both, name, "privkey.pem"))
    assert len(both.log.lines("ACME0108: 1 site managed: 1 with")) == 1
    # Nothing is ordered again at a start, and both are served at once.
    both.restart()
    assert kinds(both) == first
    assert pebble.orders() == 2
    # Both are renewed by the site's name, one by its own.
    acmectl.ok(both, "renew", SHOP, "--force")
    both.graceful()
    second = kinds(both)
    assert not set(second.values()) & set(first.values())
    acmectl.ok(both, "renew", SHOP_RSA, "--force")
    both.graceful()
    third = kinds(both)
    assert third["ECDSA"] == second["ECDSA"]
    assert third["RSA"] != second["RSA"]
    # A rollback works for it as for any other.
    acmectl.ok(both, "rollback", SHOP_RSA)
    both.graceful()
    assert kinds(both) == {"ECDSA": third["ECDSA"], "RSA": second["RSA"]}
    # When it is revoked, only that one is replaced.
    both.expect_log("ACME084[0-9]: %s: " % SHOP_RSA)
    acmectl.ok(both, "revoke", SHOP_RSA, "--yes")
    both.wait_for_log("(?s)revoked.*%s: certificate ready" % SHOP_RSA)
    both.graceful()
    fourth = kinds(both)
    assert fourth["ECDSA"] == second["ECDSA"]
    assert fourth["RSA"] not in (third["RSA"], second["RSA"])
    # A key of another machine, of that kind, is for the site's names.
    request = acmectl.ok(both, "csr", SHOP_RSA).out
    done = procs.run(["openssl", "req", "-noout", "-text"], stdin=request)
    assert "DNS:%s\n" % SHOP in done.stdout and "2048 bit" in done.stdout


def test_long_rsa_keys(httpd, pebble):
    sites = {SHOP: "3072", BLOG: "4096"}
    configure(httpd, pebble, *[
        conf.site_conf(httpd, name, https="ACMEDomain\n"
                       "ACMEPrivateKeys RSA %s\n" % bits)
        for name, bits in sites.items()], keys=None)
    httpd.start()
    shown = activate_by_hand(httpd, pebble, *sites)
    assert {name: one.key for name, one in shown.items()} == sites
    assert all(one.algorithm == "rsaEncryption" for one in shown.values())
    assert pebble.orders() == 2


def test_a_kind_goes_and_comes_back(both, pebble):
    first = kinds(both)
    configure(both, pebble, keys="P-256")
    both.expect_log("ACME0569: %s: " % SHOP_RSA)
    both.graceful()
    assert tls.served(both.https_port, SHOP).serial == first["ECDSA"]
    with pytest.raises(ssl.SSLError):
        tls.served(both.https_port, SHOP, kind="RSA")
    # It is unstashed and not ordered again; the other one does not replace it.
    configure(both, pebble)
    both.expect_log("ACME0564: %s: unstashed" % SHOP_RSA)
    both.graceful()
    assert kinds(both) == first
    assert pebble.orders() == 2
    # When the site is removed and added again, both come back.
    both.expect_log("ACME0569: %s: |ACME0570" % SHOP)
    configure(both, pebble, BLOG, keys=None)
    both.graceful()
    activate_by_hand(both, pebble, BLOG)
    configure(both, pebble, SHOP, BLOG)
    both.expect_log("ACME0564: %s: unstashed" % SHOP)
    both.graceful()
    assert kinds(both) == first


def test_one_that_is_bad_is_not_shown_beside_a_good_one(both, pebble, room):
    """A client that supports both kinds would get the bad one."""
    first = kinds(both)
    configure(both, pebble, ACMERenewMode="manual")
    both.graceful()
    for name, left in ((SHOP, "RSA"), (SHOP_RSA, "ECDSA")):
        both.expect_log("ACME0841: %s: " % name)
        both.expect_log("ACME0840: %s: the certificate is not served" % name)
        acmectl.ok(both, "revoke", name, "--reason", "keyCompromise", "--yes")
        # Other servers would not know that it is revoked.
        result = acmectl.run(both, "export", name, "--plain", "--out",
                             os.path.join(room, name))
        assert result.status == acmectl.FAILED
        assert "is not exported: its key was compromised" in result.err
        assert not os.path.exists(os.path.join(room, name))
        both.graceful()
        assert tls.served(both.https_port, SHOP).serial == first[left]
        gone = "RSA" if left == "ECDSA" else "ECDSA"
        with pytest.raises(ssl.SSLError):
            tls.served(both.https_port, SHOP, kind=gone)
        acmectl.ok(both, "renew", name)
        both.graceful()
        now = kinds(both)
        assert now[left] == first[left] and now[gone] != first[gone]
        first = now


def test_one_kind_is_better_than_none(both, pebble):
    """The site's own certificate is lost, and the CA does not answer."""
    first = kinds(both)
    # A staged certificate would be promoted once more.
    procs.wait_until(lambda: not kept(both, "staging"), procs.GIVE_UP,
                     "the end of what is staged")
    both.stop()
    pebble.stop()
    os.remove(both.path("store", "live", SHOP))
    shutil.rmtree(both.path("store", "archive", SHOP))
    both.allow_log("ACME034[0-9]: .*network")
    both.start()
    assert tls.served(both.https_port, SHOP).serial == first["RSA"]
    assert status.of(both, SHOP)["site"] == "okc"
    assert status.of(both, SHOP_RSA)["site"] == "lkc"
    # As soon as there is one, it is served too. Pebble has forgotten everything.
    pebble.start()
    both.expect_log("ACME0333: .*registering again")
    acmectl.ok(both, "renew", SHOP)
    both.graceful()
    now = kinds(both)
    assert now["RSA"] == first["RSA"] and now["ECDSA"] != first["ECDSA"]


def exported(httpd, room):
    """A bundle for acmectl import, of certificates that no site serves any
    more."""
    bundle = os.path.join(room, "bundle")
    args = [bundle, "--passphrase-file", acmectl.passphrase_file(room)]
    acmectl.ok(httpd, "export", "--all", "--out", *args)
    httpd.stop()
    return ["import"] + args


def kept(httpd, kind):
    """The store's certificates of that kind."""
    return [name for name in os.listdir(httpd.path("store", kind))
            if not name.startswith(".")]


@pytest.mark.parametrize("path", ["/order-plz", "/chalZ/", "/finalize-order/",
                                  "/certZ/"])
def test_a_bundle_has_both(httpd, make_httpd, pebble, gate, room, path):
    """It is imported while orders are in progress, which end at any step."""
    ca = {"ACMECertificateAuthority": gate.directory}
    first = kinds(serve_both(httpd, pebble, **ca))
    bundle = exported(httpd, room)
    other = make_httpd(pebble)
    configure(other, pebble, **ca)
    held = gate.hold(path)
    other.start()
    held.wait()
    assert kept(other, "keys")
    assert bool(kept(other, "challenges")) == (path != "/order-plz")
    other.expect_log("ACME0565: %s: the imported" % SHOP)
    other.expect_log("ACME0565: %s: the imported" % SHOP_RSA)
    acmectl.ok(other, *bundle)
    seen, mark = list(gate.requests), other.log.mark()
    other.graceful()
    assert kinds(other) == first
    for name in (SHOP, SHOP_RSA):
        other.wait_for_log("ACME0311: %s: idle" % name, mark=mark)
        said = status.of(other, name)
        assert not said["renew"] and said["renewal"]["errors"] == 0
        assert "problem" not in status.problem(said)
    # The CA gets no further request for it, and its challenge is not answered.
    assert gate.requests == seen
    assert len(other.log.lines("ACME0354: .*: its order is given up")) \
        == (path != "/order-plz")
    assert not kept(other, "challenges") and not kept(other, "staging")
    assert pebble.orders() == (2 if path == "/order-plz" else 3)
    assert pebble.certificates() == (3 if path == "/certZ/" else 2)
    # The next order is not hindered either.
    held.release()
    acmectl.ok(other, "renew", SHOP, "--force")
    other.graceful()
    second = kinds(other)
    assert second["ECDSA"] not in first.values()
    assert second["RSA"] not in first.values()


def test_a_bundle_that_comes_too_late(both, make_httpd, pebble, room):
    """Of two certificates at a start, the one that expires later is served."""
    first = kinds(both)
    bundle = exported(both, room)
    issued = time.time()
    # A certificate's times are whole seconds.
    procs.wait_until(lambda: time.time() > issued + 2, procs.GIVE_UP,
                     "two seconds")
    other = make_httpd(pebble)
    configure(other, pebble)
    other.start()
    for name in (SHOP, SHOP_RSA):
        other.wait_for_log("%s: certificate ready" % name)
    acmectl.ok(other, *bundle)
    other.graceful()
    assert not set(kinds(other).values()) & set(first.values())
    for name in (SHOP, SHOP_RSA):
        other.wait_for_log("ACME0561: %s: .*expires later" % name)
    assert pebble.orders() == pebble.certificates() == 4


def mod_md_store(httpd, pebble, folder):
    """A store as mod_md keeps both kinds, with the server's certificates."""
    base = os.path.join(folder, "domains", SHOP)
    os.makedirs(base)
    with open(os.path.join(base, "md.json"), "w", encoding="ascii") as file:
        json.dump({"name": SHOP, "ca": {"urls": [pebble.directory]}}, file)
    for name, kind in ((SHOP, ""), (SHOP_RSA, ".rsa2048")):
        shutil.copy(live_file(httpd, name, "privkey.pem"),
                    os.path.join(base, "privkey%s.pem" % kind))
        shutil.copy(live_file(httpd, name, "fullchain.pem"),
                    os.path.join(base, "pubcert%s.pem" % kind))
    return folder


def test_both_are_adopted_of_mod_md(both, make_httpd, pebble, room):
    first = kinds(both)
    folder = mod_md_store(both, pebble, os.path.join(room, "md"))
    both.stop()
    other = make_httpd(pebble)
    configure(other, pebble)
    args = ["import", "--from", "mod_md", folder, SHOP]
    result = acmectl.run(other, *args, BLOG)
    assert result.status == acmectl.FAILED and "no domain of that name" in result.err
    acmectl.ok(other, *args)
    other.expect_log("ACME0565: %s: the imported" % SHOP)
    other.expect_log("ACME0565: %s: the imported" % SHOP_RSA)
    other.start()
    assert kinds(other) == first
    assert pebble.orders() == 2


def test_a_kind_is_added_to_rsa(httpd, pebble):
    """Clients with RSA notice nothing, and pinned keys stay valid."""
    configure(httpd, pebble, keys="RSA 2048", ACMEKeyReuse="on")
    httpd.start()
    first = activate_by_hand(httpd, pebble, SHOP)[SHOP].serial
    key = public_key(httpd)
    configure(httpd, pebble, ACMEKeyReuse="on")
    httpd.expect_log("ACME0563: %s: was split from" % SHOP_RSA)
    httpd.graceful()
    httpd.wait_for_log("(?s)another kind of key.*%s: certificate ready" % SHOP)
    httpd.graceful()
    assert kinds(httpd)["RSA"] == first
    assert pebble.orders() == 2
    acmectl.ok(httpd, "renew", SHOP_RSA, "--force")
    httpd.graceful()
    assert kinds(httpd)["RSA"] != first
    assert public_key(httpd, SHOP_RSA) == key


def test_names_that_collide(httpd, pebble):
    configure(httpd, pebble, SHOP, SHOP_RSA)
    code, said = httpd.configtest()
    assert code != 0
    assert "ACME0850" in said and SHOP_RSA in said and SHOP + " (" in said


def public_key(httpd, name=SHOP):
    """The public key, as a TLSA record of the kind 3 1 1 hashes it."""
    with open(live_file(httpd, name, "cert.pem"), encoding="ascii") as file:
        done = procs.run(["openssl", "x509", "-noout", "-pubkey"],
                         stdin=file.read())
    assert done.returncode == 0
    return done.stdout


def renewed(httpd, *args):
    acmectl.ok(httpd, "renew", SHOP, *(args or ("--force",)))
    httpd.graceful()
    return public_key(httpd)


def test_a_key_that_is_used_again(httpd, pebble):
    configure(httpd, pebble, keys="P-256 RSA 2048", ACMEKeyReuse="on")
    httpd.start()
    activate_by_hand(httpd, pebble, SHOP)
    httpd.wait_for_log("%s: certificate ready" % SHOP_RSA)
    httpd.graceful()
    first, serials = public_key(httpd), kinds(httpd)
    rsa = public_key(httpd, SHOP_RSA)
    assert renewed(httpd) == first
    assert public_key(httpd, SHOP_RSA) == rsa
    assert not set(serials.values()) & set(kinds(httpd).values())
    # Also when the certificate before was never served, and after a restart.
    acmectl.ok(httpd, "renew", SHOP, "--force")
    httpd.restart()
    assert renewed(httpd) == first
    # The copies are sealed, and removed when they are not wanted.
    folder = httpd.path("store", "reuse")
    assert len(os.listdir(folder)) == 2
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), "rb") as file:
            assert b"PRIVATE KEY" not in file.read()
    configure(httpd, pebble, keys="P-256 RSA 2048")
    httpd.graceful()
    assert not os.listdir(folder)
    second = renewed(httpd)
    assert second != first
    # Another kind needs another key.
    configure(httpd, pebble, keys="P-384", ACMEKeyReuse="on")
    httpd.expect_log("ACME0569: %s: " % SHOP_RSA)
    httpd.graceful()
    httpd.wait_for_log("(?s)another kind of key.*certificate ready")
    httpd.graceful()
    third = public_key(httpd)
    assert third not in (first, second)
    assert renewed(httpd) == third


@pytest.mark.parametrize("reason", ["keyCompromise", "superseded"])
def test_a_revoked_ones_key_is_not_used_again(httpd, pebble, reason):
    configure(httpd, pebble, keys="P-256", ACMEKeyReuse="on")
    httpd.start()
    activate_by_hand(httpd, pebble, SHOP)
    first = public_key(httpd)
    httpd.expect_log("ACME0841: %s: " % SHOP)
    mark = httpd.log.mark()
    acmectl.ok(httpd, "revoke", SHOP, "--reason", reason, "--yes")
    httpd.wait_for_log("%s: certificate ready" % SHOP, mark=mark)
    httpd.graceful()
    second = public_key(httpd)
    assert second != first
    assert renewed(httpd) == second
