# SPDX-License-Identifier: Apache-2.0

"""Stores as people have them are adopted without an order: RSA keys, one
certificate for several sites, several for one."""

import os
import re

import pytest

from acme_env import acmectl, conf, install, issuer, tls
from acme_env.acmectl import DONE, FAILED
from acme_env.journey import activate_by_hand

pytestmark = pytest.mark.personalities

FIVE = ["%s.test" % letter for letter in "abcde"]


def settle(httpd, *names):
    """Until the worker has looked at the sites and found nothing to do."""
    for name in names:
        httpd.wait_for_log("ACME0311: %s: idle: renewed in"
                           % re.escape(name))


def serial_in(path):
    with open(path, encoding="ascii") as file:
        return tls.Served(file.read()).serial


def mod_md(httpd, pebble, sets):
    """Has the real mod_md obtain certificates: its store."""
    text = install.load_module("md") + """
MDStoreDir md
MDCertificateAuthority %s
MDCACertificateFile "%s"
MDCertificateAgreement accepted
MDContactEmail hostmaster@example.test
MDPortMap http:%d https:%d
MDRetryDelay 1s
MDStapling off
%s""" % (pebble.directory, pebble.ca_file, httpd.http_port, httpd.https_port,
         "".join("MDomain %s\n" % " ".join(names) for names in sets))
    text += conf.localhost_conf(httpd)
    for names in sets:
        for name in names:
            text += conf.site_conf(httpd, name, https="", body=False)
    httpd.allow_log(r"AH\d+")
    httpd.configure(text)
    httpd.start()
    for names in sets:
        httpd.wait_for_log(r"AH10059: The Managed Domain %s " % names[0])
    httpd.stop()
    # mod_md puts its certificates in place at the next start.
    httpd.start()
    httpd.stop()
    return httpd.path("md")


def test_a_store_of_the_real_mod_md(make_httpd, make_pebble):
    pebble = make_pebble()
    old = make_httpd(pebble)
    folder = mod_md(old, pebble, [FIVE, ["single.test"]])
    orders = pebble.orders()
    names = FIVE + ["single.test"]
    serials = {name: serial_in(os.path.join(
        folder, "domains", "single.test" if name == "single.test"
        else FIVE[0], "pubcert.pem")) for name in names}
    httpd = make_httpd(pebble)
    httpd.configure(conf.managed_conf(httpd, pebble, *names,
                                      ACMEActivation="manual"))
    # There is no store yet: neither does looking make one.
    dry = acmectl.ok(httpd, "import", "--from", "mod_md", folder, "--dry-run")
    assert not os.path.exists(httpd.path("store"))
    assert "2 certificates and 1 account would be imported" in dry.out
    assert "2 of 2 certificates have another kind of key" in dry.err
    done = acmectl.ok(httpd, "import", "--from", "mod_md", folder)
    assert dry.out.splitlines()[:2] == done.out.splitlines()[:2]
    httpd.start()

    def check():
        for name in names:
            shown = tls.served(httpd.https_port, name)
            assert shown.serial == serials[name], name
            assert (shown.algorithm, shown.key) == ("rsaEncryption", "2048")
        settle(httpd, *names)
        assert pebble.orders() == orders
        assert acmectl.run(httpd, "status").status == DONE
    check()
    assert sorted(os.listdir(httpd.path("store", "live"))) == sorted(names)
    for name in FIVE[1:]:
        assert os.path.realpath(httpd.path("store", "live", name)) == \
            httpd.path("store", "archive", name, "1")
    httpd.stop()
    httpd.start()
    check()
    # The configured kind counts from the renewal on.
    acmectl.run(httpd, "renew", "single.test", "--force")
    activate_by_hand(httpd, pebble, "single.test")
    assert tls.served(httpd.https_port, "single.test").key == "256"
    assert pebble.orders() == orders + 1
    # It is written: another one is ordered at once.
    httpd.configure(conf.managed_conf(httpd, pebble, *FIVE[:1],
                                      ACMEPrivateKeys="P-256",
                                      ACMEActivation="manual"))
    httpd.graceful()
    activate_by_hand(httpd, pebble, FIVE[0])
    assert pebble.orders() == orders + 2


def test_what_is_ordered_anew_is_said_before(make_httpd, make_pebble, room):
    """ACMEPrivateKeys is written, and the server runs."""
    pebble = make_pebble()
    folder = issuer.certbot_store(
        os.path.join(room, "letsencrypt"), issuer.Issuer(), pebble.directory,
        [("a.test", ["a.test"], 60, 2048), ("b.test", ["b.test"], 60, 2048),
         ("c.test", ["c.test"], 60, 0)])
    httpd = make_httpd(pebble)
    httpd.configure(conf.managed_conf(httpd, pebble, *FIVE[:3],
                                      ACMEPrivateKeys="P-256",
                                      ACMERenewMode="manual"))
    httpd.start()
    said = acmectl.ok(httpd, "import", "--from", "certbot", folder,
                      "--dry-run")
    assert "2 of 3 certificates are served only until another one" in said.err
    said = acmectl.ok(httpd, "import", "--from", "certbot", folder,
                      "--dry-run", "--json").json
    assert {one["name"]: one.get("ordered-anew")
            for one in said["certificates"]} == {
                "a.test": "another kind of key: P-256",
                "b.test": "another kind of key: P-256", "c.test": None}
    # For a name that it lacks, too.
    httpd.configure(conf.managed_conf(httpd, pebble, *FIVE[:2],
                                      ("c.test", "www.c.test"),
                                      ACMERenewMode="manual"))
    httpd.graceful()
    said = acmectl.ok(httpd, "import", "--from", "certbot", folder,
                      "--dry-run")
    assert "1 of 3 certificates is served only until another one is ordered " \
        "after the next restart (it does not cover www.c.test)" in said.err
    assert "ACMEPrivateKeys" not in said.err
    # Not written, nothing is.
    httpd.configure(conf.managed_conf(httpd, pebble, *FIVE[:3],
                                      ACMERenewMode="manual"))
    httpd.graceful()
    said = acmectl.ok(httpd, "import", "--from", "certbot", folder,
                      "--dry-run")
    assert "ordered" not in said.err + said.out


def lineage(folder, name):
    return serial_in(os.path.join(folder, "archive", name, "fullchain1.pem"))


def test_lineages_of_certbot(make_httpd, make_pebble, room):
    """One for five sites, -0001, an elliptic and an RSA one, no links."""
    pebble = make_pebble()
    folder = issuer.certbot_store(
        os.path.join(room, "letsencrypt"), issuer.Issuer(), pebble.directory,
        [("a.test", FIVE + ["nobody.test"], 60, 2048),
         ("wide.test", ["wide.test"], 60, 0),
         ("wide.test-0001", ["wide.test", "www.wide.test"], 60, 0),
         ("two.test", ["two.test"], 60, 2048),
         ("two.test-0001", ["two.test"], 61, 0),
         ("later.test", ["later.test"], 50, 0),
         ("later.test-0001", ["later.test"], 60, 0)])
    # A backup program that leaves links out, one that follows them.
    for file in os.listdir(os.path.join(folder, "live", "two.test")):
        os.unlink(os.path.join(folder, "live", "two.test", file))
    os.rmdir(os.path.join(folder, "live", "two.test"))
    for file in os.listdir(os.path.join(folder, "live", "a.test")):
        path = os.path.join(folder, "live", "a.test", file)
        with open(path, "rb") as found:
            data = found.read()
        os.unlink(path)
        with open(path, "wb") as made:
            made.write(data)
    httpd = make_httpd(pebble)
    two = conf.site_conf(httpd, "two.test",
                         https="ACMEDomain\nACMEPrivateKeys P-256 RSA\n")
    httpd.configure(conf.managed_conf(
        httpd, pebble, *FIVE, ("wide.test", "www.wide.test"), two,
        "later.test"))
    result = acmectl.ok(httpd, "import", "--from", "certbot", folder, "--json")
    assert sorted(one["name"] for one in result.json["certificates"]) == \
        ["a.test", "later.test", "two.test", "two.test-rsa", "wide.test"]
    assert sorted(skip["what"] for skip in result.json["skipped"]) == \
        ["live/later.test", "live/wide.test"]
    httpd.start()
    for name in FIVE:
        assert tls.served(httpd.https_port, name).serial == \
            lineage(folder, "a.test")
    for name, kind, of in (
            ("wide.test", None, "wide.test-0001"),
            ("later.test", None, "later.test-0001"),
            ("two.test", "ECDSA", "two.test-0001"),
            ("two.test", "RSA", "two.test")):
        assert tls.served(httpd.https_port, name, kind=kind).serial == \
            lineage(folder, of)
    settle(httpd, *FIVE, "wide.test", "later.test", "two.test", "two.test-rsa")
    assert pebble.orders() == 0
    # Five become one set, are stashed, and come back as five.
    httpd.configure(conf.managed_conf(httpd, pebble, tuple(FIVE)))
    httpd.graceful()
    httpd.configure(conf.managed_conf(httpd, pebble, "other.test",
                                      ACMERenewMode="manual"))
    httpd.graceful()
    httpd.configure(conf.managed_conf(httpd, pebble, *FIVE))
    mark = httpd.log.mark()
    httpd.graceful()
    for name in FIVE:
        assert tls.served(httpd.https_port, name).serial == \
            lineage(folder, "a.test")
        httpd.wait_for_log("ACME0311: %s: idle: renewed in" % name, mark=mark)
    assert pebble.orders() == 0


def test_a_name_that_was_asked_for(httpd, pebble, room):
    """A lineage that another one replaces is no failure; a damaged one is."""
    folder = issuer.certbot_store(
        os.path.join(room, "letsencrypt"), issuer.Issuer(), pebble.directory,
        [("a.test", ["a.test"], 50, 0), ("a.test-0001", ["a.test"], 60, 0),
         ("b.test", ["b.test"], 60, 0)])
    os.unlink(os.path.join(folder, "archive", "b.test", "privkey1.pem"))
    acmectl.ok(httpd, "import", "--from", "certbot", folder, "a.test",
               "a.test-0001", "--dry-run")
    assert acmectl.run(httpd, "import", "--from", "certbot", folder, "a.test",
                       "b.test", "--dry-run").status == FAILED
    assert acmectl.run(httpd, "import", "--from", "certbot", folder, "a.test",
                       "c.test", "--dry-run").status == FAILED
    # Where no store can be made, the import would fail, too.
    file = os.path.join(room, "file")
    with open(file, "w", encoding="ascii"):
        pass
    assert acmectl.run(os.path.join(file, "store"), "import", "--from",
                       "certbot", folder, "a.test",
                       "--dry-run").status == FAILED
