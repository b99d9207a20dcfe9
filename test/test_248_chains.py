# SPDX-License-Identifier: Apache-2.0

"""Which chain is taken; must-staple."""

import re
import subprocess

import pytest

from acme_env import conf
from acme_env.journey import activate_by_hand, live_file

SHOP = "shop.test"


@pytest.fixture
def ca(make_pebble):
    return make_pebble(env={"PEBBLE_ALTERNATE_ROOTS": "2"})


def roots(ca):
    """The common names of Pebble's three roots."""
    names = []
    for number in range(3):
        shown = subprocess.run(
            ["openssl", "x509", "-noout", "-subject", "-nameopt", "multiline"],
            input=ca.management("/roots/%d" % number), text=True,
            stdout=subprocess.PIPE, check=True).stdout
        names.append(re.search(r"commonName\s*= (.*)", shown).group(1))
    return names


def top_issuer(httpd):
    with open(live_file(httpd, SHOP, "fullchain.pem"),
              encoding="ascii") as file:
        last = file.read().split("-----BEGIN CERTIFICATE-----")[-1]
    return subprocess.run(
        ["openssl", "x509", "-noout", "-issuer", "-nameopt", "multiline"],
        input="-----BEGIN CERTIFICATE-----" + last, text=True,
        stdout=subprocess.PIPE, check=True).stdout


@pytest.mark.parametrize("number", [0, 1, 2])
def test_the_preferred_chain(make_httpd, ca, number):
    name = roots(ca)[number]
    with open(ca.root_file, "w", encoding="ascii") as file:
        file.write(ca.management("/roots/%d" % number))
    httpd = make_httpd(ca)
    httpd.configure(conf.managed_conf(httpd, ca, SHOP,
                                      ACMEActivation="manual",
                                      ACMEPreferredChain='"%s"' % name))
    httpd.start()
    httpd.wait_for_log("%s: certificate ready" % re.escape(SHOP), 60)
    httpd.graceful()
    assert name in top_issuer(httpd)


def configure(httpd, ca, chain):
    httpd.configure(conf.managed_conf(httpd, ca, SHOP,
                                      ACMEActivation="manual",
                                      ACMEPreferredChain=chain))


@pytest.mark.parametrize("how", ["several names", "trusted"])
def test_the_chain_to_a_root_that_is_known(make_httpd, ca, how):
    """By the first name that is offered, and by the roots of this machine."""
    name = roots(ca)[2]
    with open(ca.root_file, "w", encoding="ascii") as file:
        file.write(ca.management("/roots/2"))
    httpd = make_httpd(ca)
    chain = "trusted"
    if how == "trusted":
        httpd.more_env["SSL_CERT_FILE"] = ca.root_file
    else:
        chain = '"Nobody at all" "%s" "%s"' % (name, roots(ca)[0])
    configure(httpd, ca, chain)
    httpd.start()
    httpd.wait_for_log("%s: certificate ready" % re.escape(SHOP), 60)
    httpd.graceful()
    assert name in top_issuer(httpd)
    assert not httpd.log.lines("ACME0060|ACME0812")


def test_no_chain_to_a_root_that_is_known(make_httpd, ca):
    """A warning is logged, and the CA's own choice is taken."""
    httpd = make_httpd(ca)
    configure(httpd, ca, "trusted")
    httpd.allow_log("ACME0060")
    httpd.start()
    activate_by_hand(httpd, ca, SHOP)
    assert len(httpd.log.lines("ACME0060: %s: " % SHOP)) == 1


def test_one_that_nobody_has(make_httpd, ca):
    httpd = make_httpd(ca)
    httpd.configure(conf.managed_conf(httpd, ca, SHOP,
                                      ACMEActivation="manual",
                                      ACMEPreferredChain="Nobody"))
    httpd.start()
    activate_by_hand(httpd, ca, SHOP)
    assert httpd.log.lines("ACME0812: %s: " % SHOP)


def test_must_staple_is_in_the_certificate(make_httpd, ca):
    httpd = make_httpd(ca)
    httpd.configure(conf.managed_conf(httpd, ca, SHOP,
                                      ACMEActivation="manual",
                                      ACMEMustStaple="on"))
    httpd.start()
    activate_by_hand(httpd, ca, SHOP)
    shown = subprocess.run(
        ["openssl", "x509", "-noout", "-ext", "tlsfeature", "-in",
         live_file(httpd, SHOP, "cert.pem")],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False).stdout
    assert "status_request" in shown
