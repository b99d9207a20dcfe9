# SPDX-License-Identifier: Apache-2.0
"""Answers that real CAs give and Pebble does not: a programmable CA per
behaviour, and a site per CA, all on one server."""

import json

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from acme_env import conf, jws, status
from acme_env.behaviours import READERS
from acme_env.fake_ca import Ca
from acme_env.issuer import new_key
from acme_env.journey import activate_by_hand, wait_until_served

SHOP = "shop.test"


def test_a_decent_ca(make_httpd, fake):
    httpd = make_httpd(fake)
    httpd.configure(conf.managed_conf(httpd, fake, SHOP,
                                      ACMEActivation="manual"))
    httpd.start()
    activate_by_hand(httpd, fake, SHOP)
    ca = fake.ca["ca"]
    assert len(ca.accounts) == len(ca.orders) == len(ca.issued()) == 1
    assert ca.counts("unknown") == 0


def test_what_is_not_needed_may_be_missing(make_httpd, make_fake):
    """A site gets its certificate from its first order, without a failure, from
    each CA that leaves out, nulls or misspells members that are not needed."""
    fake = make_fake(**READERS)
    httpd = make_httpd(fake)
    httpd.configure(fake.sites_conf(httpd, READERS))
    # The connection ends instead of an answer.
    httpd.allow_log("ACME0342: localhost: network: ")
    httpd.start()
    for name in READERS:
        httpd.wait_for_log("%s.test: certificate ready" % name)
    httpd.graceful()
    wait_until_served(httpd, fake, *["%s.test" % name for name in READERS])
    wrong = []
    for name in READERS:
        ca = fake.ca[name]
        told = status.of(httpd, "%s.test" % name)["renewal"]
        counts = (len(ca.accounts), len(ca.orders), len(ca.issued()))
        if counts != (1, 1, 1) or \
                told["errors"] and not name.startswith("accountexists"):
            wrong.append((name, counts, told))
    assert not wrong


def signed(ca, key, said, payload):
    """A request for newAccount that carries `payload`, with a signature over
    `said`."""
    numbers = key.public_key().public_numbers()
    jwk = {"kty": "EC", "crv": "P-256",
           "x": jws.encode(numbers.x.to_bytes(32, "big")),
           "y": jws.encode(numbers.y.to_bytes(32, "big"))}
    protected = jws.encode(json.dumps({
        "alg": "ES256", "jwk": jwk, "nonce": ca.nonce(),
        "url": ca.base + "/new-account"}).encode())
    r, s = utils.decode_dss_signature(key.sign(
        ("%s.%s" % (protected, jws.encode(said))).encode(),
        ec.ECDSA(hashes.SHA256())))
    return json.dumps({
        "protected": protected, "payload": jws.encode(payload),
        "signature": jws.encode(r.to_bytes(32, "big")
                                + s.to_bytes(32, "big"))}).encode()


def test_the_ca_verifies_signatures_and_nonces():
    """The CA of the tests checks signatures, because a CA that takes anything
    would hide a fault of the module."""
    ca = Ca("ca", "https://localhost:1/ca")
    key = new_key()
    good = signed(ca, key, b"{}", b"{}")
    forged = signed(ca, key, b"{}", b'{"onlyReturnExisting":false}')
    assert ca.receive("POST", "/new-account", forged).status == 400
    assert ca.accounts == {}
    assert ca.receive("POST", "/new-account", good).status == 201
    again = ca.receive("POST", "/new-account", good)
    assert again.json()["type"].endswith(":badNonce")
    elsewhere = signed(ca, key, b"{}", b"{}")
    assert ca.receive("POST", "/new-order", elsewhere).status == 403
    assert len(ca.accounts) == 1
