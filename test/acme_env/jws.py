# SPDX-License-Identifier: Apache-2.0

"""Signed requests (RFC 7515, RFC 8555 6.2), as a CA verifies them."""

import base64
import hashlib
import hmac
import json

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

CURVES = {"P-256": (ec.SECP256R1, "ES256", hashes.SHA256),
          "P-384": (ec.SECP384R1, "ES384", hashes.SHA384)}


class BadRequest(Exception):
    """The request is not a JWS, or its signature is wrong."""


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def thumbprint(jwk):
    """The thumbprint of a key (RFC 7638)."""
    wanted = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n")}
    members = {name: jwk[name] for name in wanted[jwk["kty"]]}
    text = json.dumps(members, sort_keys=True, separators=(",", ":"))
    return encode(hashlib.sha256(text.encode()).digest())


class Jws:
    """A JWS whose signature by the key was verified. protected: its header;
    payload: its text; said: the payload, parsed, or {}."""

    def __init__(self, body):
        try:
            document = json.loads(body)
            self._signed = (document["protected"] + "."
                            + document["payload"]).encode()
            self._signature = decode(document["signature"])
            self.protected = json.loads(decode(document["protected"]))
            self.payload = decode(document["payload"]).decode()
            self.said = json.loads(self.payload) if self.payload else {}
        except (KeyError, TypeError, ValueError) as error:
            raise BadRequest("no JWS: %s" % error) from error

    def verify(self, jwk):
        try:
            if jwk["kty"] == "EC":
                self._verify_ec(jwk)
            else:
                self._verify_rsa(jwk)
        except (InvalidSignature, KeyError, TypeError, ValueError) as error:
            raise BadRequest("the signature: %r" % error) from error

    def verify_hmac(self, secret):
        """Verifies an external account binding."""
        wanted = hmac.new(secret, self._signed, "sha256").digest()
        if self.protected.get("alg") != "HS256" \
                or not hmac.compare_digest(wanted, self._signature):
            raise BadRequest("the MAC of the external account binding")

    def _verify_ec(self, jwk):
        curve, algorithm, digest = CURVES[jwk["crv"]]
        self._check_algorithm(algorithm)
        half = len(self._signature) // 2
        x, y, r, s = (int.from_bytes(data, "big") for data in (
            decode(jwk["x"]), decode(jwk["y"]), self._signature[:half],
            self._signature[half:]))
        ec.EllipticCurvePublicNumbers(x, y, curve()).public_key().verify(
            utils.encode_dss_signature(r, s), self._signed,
            ec.ECDSA(digest()))

    def _verify_rsa(self, jwk):
        self._check_algorithm("RS256")
        n, e = (int.from_bytes(decode(jwk[name]), "big") for name in "ne")
        rsa.RSAPublicNumbers(e, n).public_key().verify(
            self._signature, self._signed, padding.PKCS1v15(),
            hashes.SHA256())

    def _check_algorithm(self, algorithm):
        if self.protected.get("alg") != algorithm:
            raise BadRequest("alg %s" % self.protected.get("alg"))
