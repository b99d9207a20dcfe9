# SPDX-License-Identifier: Apache-2.0
"""Answers of CAs in unusual forms: Link and Location headers in every form that
their grammar allows, and small mistakes that the module tolerates."""

import subprocess

from acme_env import fake_chain, status
from acme_env.behaviours import LINKS, TOLERATED
from acme_env.fake_ca import Ca
from acme_env.journey import live_file, wait_until_served


def top_issuer(httpd, name):
    with open(live_file(httpd, name, "fullchain.pem"),
              encoding="ascii") as file:
        last = file.read().split("-----BEGIN CERTIFICATE-----")[-1]
    return subprocess.run(
        ["openssl", "x509", "-noout", "-issuer"],
        input="-----BEGIN CERTIFICATE-----" + last, text=True,
        stdout=subprocess.PIPE, check=True).stdout


def test_each_has_its_certificate(make_httpd, make_fake):
    """A site gets its certificate from its first order at each of these CAs; of
    two chains it gets the one that ACMEPreferredChain names."""
    every = dict(LINKS, **TOLERATED)
    fake = make_fake(**every)
    httpd = make_httpd(fake)
    httpd.configure(fake.sites_conf(
        httpd, every, ACMEPreferredChain='"Fake CA Other Root"'))
    httpd.start()
    for name in every:
        httpd.wait_for_log("%s.test: certificate ready" % name)
    with open(fake.root_file, "a", encoding="ascii") as file:
        file.write(fake_chain.OTHER_ROOT.pem)
    httpd.graceful()
    wait_until_served(httpd, fake, *["%s.test" % name for name in every])
    wrong = []
    for name in every:
        ca = fake.ca[name]
        told = status.of(httpd, "%s.test" % name)["renewal"]
        counts = (len(ca.accounts), len(ca.orders), len(ca.issued()))
        chain = top_issuer(httpd, "%s.test" % name)
        if counts != (1, 1, 1) or told["errors"] \
                or ("Other" in chain) != (name in LINKS):
            wrong.append((name, counts, chain, told))
    assert not wrong
    assert len(httpd.log.lines("ACME0421: commonname.test: ")) == 1
    assert fake.ca["commonname"].counts("finalize") == 2
    for name in ("noncebyget", "noncebyget404", "noncebyget501"):
        methods = [request.method for request in fake.ca[name].requests
                   if request.stage == "newNonce"]
        assert methods[0] == "HEAD" and "HEAD" not in methods[2:]


def test_a_binding_with_stray_bits(make_httpd, make_fake):
    """The HMAC key of an external account has padding, and its last base64
    character has more bits than the 16 bytes need."""
    fake = make_fake(eab=type("Eab", (Ca,), {
        "eab_keys": {"kid-1": b"0123456789abcdef"}}))
    httpd = make_httpd(fake)
    httpd.configure(fake.sites_conf(
        httpd, ["eab"],
        ACMEExternalAccountBinding="kid-1 MDEyMzQ1Njc4OWFiY2RlZh=="))
    httpd.start()
    httpd.wait_for_log("eab.test: certificate ready")
    assert len(fake.ca["eab"].accounts) == 1
