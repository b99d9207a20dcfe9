# SPDX-License-Identifier: Apache-2.0

"""acmectl revoke: by the account, by the certificate's own key. A revoked
certificate is replaced at once and never comes back."""

import json
import os
import shutil

import pytest

from acme_env import acmectl, conf, issuer, procs, status, store, tls
from acme_env.acmectl import FAILED, NOTHING, USAGE
from acme_env.journey import (as_httpd_user, generations,
                              wait_until_served)

pytestmark = pytest.mark.personalities

SHOP = "shop.test"
COMPROMISED = ("--reason", "keyCompromise", "--yes")


def started(httpd, pebble, *sites, **changes):
    # Routine renewals would wait for hours.
    changes.setdefault("ACMEActivationInterval", "1s 6h")
    httpd.configure(conf.managed_conf(httpd, pebble, *(sites or (SHOP,)),
                                      **changes))
    httpd.start()
    return wait_until_served(httpd, pebble, SHOP)[SHOP]


def at_ca(pebble, serial):
    """(status, reason) at the CA."""
    said = json.loads(pebble.management(
        "/cert-status-by-serial/" + serial.lower().lstrip("0")))
    return said["Status"], said.get("Reason")


def mark_of(httpd):
    """The entries of the blocklist: certificates, and names of those of keys.
    """
    marks, keys = [], []
    for name in sorted(os.listdir(store.path(httpd, "revoked"))):
        if name.startswith("key-"):
            keys.append(name)
            continue
        with open(store.path(httpd, "revoked", name),
                  encoding="utf-8") as file:
            marks.append(json.load(file))
    return marks, keys


def archived(httpd, generation, file=""):
    return store.path(httpd, "archive", SHOP, str(generation), file)


def key_of(httpd, generation):
    with open(archived(httpd, generation, "privkey.pem"), "rb") as file:
        return file.read()


def import_pair(httpd, pebble, chain, key):
    return acmectl.run(httpd, "import", "--chain", chain, "--key", key,
                       "--ca", pebble.directory, SHOP)


def test_usage(httpd, pebble):
    first = started(httpd, pebble)
    for words in (("revoke",), ("revoke", SHOP, "--reason", "because"),
                  ("revoke", SHOP, "--reason", "2"),
                  ("revoke", SHOP, "--reason", "certificateHold"),
                  ("revoke", SHOP, "--serial", "1", "--generation", "1")):
        assert acmectl.run(httpd, *words).status == USAGE, words
    said = acmectl.run(httpd, "revoke", SHOP, "--reason", "cACompromise")
    assert "keyCompromise (1)" in said.err and "cACompromise is for" in said.err
    for words in ((SHOP,), ("other.test", "--yes"), ("not a name", "--yes"),
                  (SHOP, "--yes", "--serial", "1234"),
                  (SHOP, "--yes", "--generation", "9")):
        assert acmectl.run(httpd, "revoke", *words).status == FAILED, words
    said = acmectl.run(httpd, "revoke", SHOP)
    assert "--yes" in said.err
    # A certificate of unknown origin.
    with open(archived(httpd, 1, "meta.json"), "r+",
              encoding="utf-8") as file:
        meta = json.load(file)
        del meta["ca-url"]
        file.seek(0)
        file.truncate()
        json.dump(meta, file)
    said = acmectl.run(httpd, "revoke", SHOP, "--yes")
    assert said.status == FAILED and "--ca URL" in said.err
    assert at_ca(pebble, first.serial)[0] == "Valid"
    assert not os.path.exists(store.path(httpd, "revoked"))
    httpd.stop()
    said = acmectl.run(httpd, "revoke", SHOP, "--ca", pebble.directory,
                       "--yes")
    assert said.status == FAILED and "no server is running" in said.err
    assert os.listdir(store.path(httpd, "outbox")) == []
    assert not os.path.exists(store.path(httpd, "revoked"))


def test_by_account_and_replaced_at_once(httpd, pebble):
    first = started(httpd, pebble)
    key = key_of(httpd, 1)
    orders = pebble.orders()
    said = acmectl.ok(httpd, "revoke", SHOP, "--reason", "4", "--yes",
                      "--json").json
    assert said["result"] == "revoked" and "the account" in said["detail"]
    assert "ordered now" in said["detail"]
    assert at_ca(pebble, first.serial) == ("Revoked", 4)
    assert httpd.log.lines(r"ACME0841: %s: certificate %s \(superseded\) is "
                           r"revoked" % (SHOP, first.serial.lower()))
    second = tls.wait_for_serial(httpd.https_port, SHOP, first.serial)
    assert second.by_pebble and pebble.orders() == orders + 1
    assert key_of(httpd, 2) != key
    assert at_ca(pebble, second.serial)[0] == "Valid"
    (mark,), keys = mark_of(httpd)
    assert mark["done"] is True and mark["reason"] == 4 and keys == []
    assert os.listdir(store.path(httpd, "outbox")) == []
    acmectl.ok(httpd, "wait", "--timeout", "30")
    assert "revoked" not in status.of(httpd, SHOP)
    # A second revocation has nothing to do.
    assert acmectl.run(httpd, "revoke", SHOP, "--generation", "1",
                       "--yes").status == NOTHING
    serial = ":".join(first.serial.lower()[i:i + 2]
                      for i in range(0, len(first.serial), 2))
    said = acmectl.run(httpd, "revoke", SHOP, "--serial", serial.upper(),
                       "--yes", "--json")
    assert said.status == NOTHING and said.json["result"] == "already"
    # It is never used again: not by rollback, not by import.
    said = acmectl.run(httpd, "rollback", SHOP)
    assert said.status == NOTHING and "it was revoked (superseded)" in said.err
    said = acmectl.run(httpd, "rollback", SHOP, "--generation", "1")
    assert said.status == FAILED and "it was revoked" in said.err
    said = import_pair(httpd, pebble, archived(httpd, 1, "fullchain.pem"),
                       archived(httpd, 1, "privkey.pem"))
    assert said.status == FAILED and "never used again" in said.err
    httpd.restart()
    assert tls.served(httpd.https_port, SHOP).serial == second.serial
    assert pebble.orders() == orders + 1


@pytest.mark.parametrize("kind", ["P-256", "P-384", "RSA 2048"])
def test_by_its_own_key_where_the_account_is_another(httpd, pebble, kind):
    first = started(httpd, pebble, ACMEPrivateKeys=kind)
    httpd.stop()
    shutil.rmtree(store.path(httpd, "accounts"))
    httpd.start()
    said = acmectl.ok(httpd, "revoke", SHOP, "--reason",
                      "cessationofoperation", "--yes", "--json").json
    assert said["result"] == "revoked" and "its own key" in said["detail"]
    assert at_ca(pebble, first.serial) == ("Revoked", 5)
    assert tls.wait_for_serial(httpd.https_port, SHOP,
                               first.serial).by_pebble
    # The key was in no request, and is in none of the worker's folders.
    assert os.listdir(store.path(httpd, "outbox")) == []
    assert pebble.accounts() == 2


def test_a_compromised_key_never_comes_back(httpd, pebble, room):
    first = started(httpd, pebble)
    old = key_of(httpd, 1)
    acmectl.ok(httpd, "revoke", SHOP, "--reason", "keycompromise", "--yes")
    assert at_ca(pebble, first.serial) == ("Revoked", 1)
    second = tls.wait_for_serial(httpd.https_port, SHOP, first.serial)
    (mark,), keys = mark_of(httpd)
    assert mark["reason"] == 1 and keys == ["key-" + mark["key-hash"]]
    # The worker may read it.
    assert as_httpd_user(["test", "-r", store.path(httpd, "revoked",
                                                   keys[0])]).returncode == 0
    said = acmectl.run(httpd, "rollback", SHOP)
    assert said.status == NOTHING and "its key was compromised" in said.err
    said = import_pair(httpd, pebble, archived(httpd, 1, "fullchain.pem"),
                       archived(httpd, 1, "privkey.pem"))
    assert said.status == FAILED and "its key was compromised" in said.err
    # Nor by another certificate with the same key, nor by a request with it.
    paper = issuer.Issuer()
    path = os.path.join(room, "old")
    os.makedirs(path)
    key = issuer.serialization.load_pem_private_key(old, None)
    _, chain = paper.issue([SHOP], key=key)
    for name, data in (("chain.pem", chain), ("key.pem", old)):
        with open(os.path.join(path, name), "wb") as file:
            file.write(data)
    said = import_pair(httpd, pebble, path + "/chain.pem", path + "/key.pem")
    assert said.status == FAILED and "its key was compromised" in said.err
    csr = issuer.x509.CertificateSigningRequestBuilder().subject_name(
        issuer.x509.Name([])).add_extension(
            issuer.x509.SubjectAlternativeName([issuer.x509.DNSName(SHOP)]),
            False).sign(key, issuer.hashes.SHA256())
    said = acmectl.run(httpd, "sign", "-", stdin=csr.public_bytes(
        issuer.serialization.Encoding.PEM))
    assert said.status == FAILED and "compromised" in said.err
    os.makedirs(store.path(httpd, "waiting"), mode=0o700)
    with open(store.path(httpd, "waiting", SHOP), "wb") as file:
        file.write(old)
    said = acmectl.ok(httpd, "csr", SHOP)
    assert "is compromised, this is another one" in said.err
    request = issuer.x509.load_pem_x509_csr(said.raw)
    assert request.public_key().public_numbers() \
        != key.public_key().public_numbers()
    # Nor from the stash.
    orders = pebble.orders()
    procs.wait_until(lambda: store.names(httpd, "staging") == [], 30,
                     "the worker clears what is live")
    httpd.stop()
    store.point(httpd, "live", SHOP, None)
    store.point(httpd, "stash", SHOP, 1)
    # Without the record, because a lost live link would be put back by it.
    os.remove(store.path(httpd, "sites"))
    httpd.start()
    third = wait_until_served(httpd, pebble, SHOP)[SHOP]
    assert third.serial not in (first.serial, second.serial)
    assert pebble.orders() == orders + 1
    assert store.names(httpd, "stash") == []
    # Nor as an import that was made without acmectl.
    httpd.expect_log(r"ACME0572: %s: .* cannot be used .*its key was compromised"
                     % SHOP)
    store.point(httpd, "import", SHOP, 1)
    httpd.restart()
    assert tls.served(httpd.https_port, SHOP).serial == third.serial
    assert generations(httpd, SHOP)[0] == 1


def test_manual_sites_are_replaced_when_asked(httpd, pebble):
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP,
                                      ACMERenewMode="manual"))
    httpd.start()
    acmectl.ok(httpd, "renew", SHOP)
    first = wait_until_served(httpd, pebble, SHOP)[SHOP]
    said = acmectl.ok(httpd, "revoke", SHOP, "--yes")
    assert "ACMERenewMode is manual: acmectl renew" in said.out
    assert at_ca(pebble, first.serial)[0] == "Revoked"
    said = acmectl.run(httpd, "wait", "--timeout", "3")
    assert said.status == FAILED and "manual" in said.err
    # The revocation goes on, and that is logged, in this process and in the
    # next.
    shown = status.of(httpd, SHOP)
    assert shown["revoked"]["confirmed"] is True
    assert shown["revoked"]["reason"] == "unspecified"
    for _ in range(2):
        (brief,) = status.fetch(httpd)[1]["managed-domains"]
        assert brief["revoked"] == shown["revoked"]
    assert "it was revoked" in shown["state-descr"] and shown["renew"] is True
    httpd.expect_log(r"ACME0840: %s: .*it was revoked.*manual" % SHOP)
    httpd.restart()
    assert tls.served(httpd.https_port, SHOP).serial == first.serial
    assert "it was revoked" in status.of(httpd, SHOP)["state-descr"]
    listed = acmectl.ok(httpd, "list", "--json").json["sites"][0]
    assert "it was revoked" in listed["live"]["revoked"]
    said = acmectl.run(httpd, "status")
    assert said.status == FAILED and "it was revoked" in said.out
    assert pebble.orders() == 1
    acmectl.ok(httpd, "renew")
    tls.wait_for_serial(httpd.https_port, SHOP, first.serial)
    assert "revoked" not in status.of(httpd, SHOP)


def test_what_the_ca_refuses_is_not_revoked(httpd, pebble, gate):
    first = started(httpd, pebble, ACMECertificateAuthority=gate.directory)
    refusal = json.dumps({
        "type": "urn:ietf:params:acme:error:badRevocationReason",
        "detail": "not that one"})
    gate.answer("/revoke-cert", 400, refusal, "application/problem+json")
    httpd.expect_log(r"ACME0843: %s: .*not that one" % SHOP)
    said = acmectl.run(httpd, "revoke", SHOP, "--reason", "3", "--yes",
                       "--json")
    assert said.status == FAILED and said.json["result"] == "refused"
    assert "not that one" in said.json["detail"]
    assert gate.count("/revoke-cert") == 1
    assert at_ca(pebble, first.serial)[0] == "Valid"
    assert mark_of(httpd) == ([], [])
    assert "revoked" not in status.of(httpd, SHOP)
    # A compromised key stays so, whatever the CA says.
    said = acmectl.run(httpd, "revoke", SHOP, *COMPROMISED)
    assert said.status == FAILED and "with another key" in said.out
    tls.wait_for_serial(httpd.https_port, SHOP, first.serial)
    (mark,), keys = mark_of(httpd)
    assert mark["done"] is False and len(keys) == 1
    # A second request succeeds.
    gate.ask_pebble("/revoke-cert")
    acmectl.ok(httpd, "revoke", SHOP, "--generation", "1", "--yes")
    assert at_ca(pebble, first.serial) == ("Revoked", 1)
    assert mark_of(httpd)[0][0]["done"] is True
