# SPDX-License-Identifier: Apache-2.0

"""A CA without a server: certificates for stores that tests make, quickly."""

import base64
import datetime
import json
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID


def name_of(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def extended(builder, public, issuer_public, is_ca):
    """Adds what RFC 5280 demands of a CA's certificate, or of one that it
    issues; Python 3.13 demands it, too."""
    builder = builder \
        .add_extension(x509.BasicConstraints(is_ca, None), True) \
        .add_extension(x509.AuthorityKeyIdentifier
                       .from_issuer_public_key(issuer_public), False) \
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public),
                       False)
    return builder.add_extension(x509.KeyUsage(
        key_cert_sign=True, crl_sign=True, digital_signature=True,
        content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False,
        decipher_only=False), True) if is_ca else builder


def new_key(bits=0):
    if bits:
        return rsa.generate_private_key(public_exponent=65537, key_size=bits)
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key, passphrase=None):
    how = serialization.BestAvailableEncryption(passphrase) if passphrase \
        else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM,
                             serialization.PrivateFormat.PKCS8, how)


class Issuer:
    """Signs with a certificate: a root, or one below the root of a parent."""

    def __init__(self, name="Paper CA", parent=None):
        self.key = new_key()
        self.name = name_of(name)
        self.cert = (parent or self)._sign(
            self.key.public_key(), self.name, None,
            datetime.timedelta(days=1000), True)

    def pem(self):
        return self.cert.public_bytes(serialization.Encoding.PEM)

    def _sign(self, public, subject, names, life, is_ca):
        now = datetime.datetime.now(datetime.timezone.utc)
        start = now - datetime.timedelta(days=1)
        builder = x509.CertificateBuilder().subject_name(subject) \
            .issuer_name(self.name).public_key(public) \
            .serial_number(x509.random_serial_number()) \
            .not_valid_before(start).not_valid_after(now + life)
        builder = extended(builder, public, self.key.public_key(), is_ca)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(
                [x509.DNSName(name) for name in names]), False)
        return builder.sign(self.key, hashes.SHA256())

    def issue(self, names, days=60, key=None, bits=0):
        """Returns (key, PEM of the chain)."""
        key = key or new_key(bits)
        cert = self._sign(key.public_key(), name_of(names[0]), names,
                          datetime.timedelta(days=days), False)
        return key, b"".join(one.public_bytes(serialization.Encoding.PEM)
                             for one in (cert, self.cert))


def _put(folder, name, data):
    os.makedirs(folder, mode=0o755, exist_ok=True)
    path = os.path.join(folder, name)
    with open(path, "wb") as file:
        file.write(data if isinstance(data, bytes)
                   else json.dumps(data).encode())
    os.chmod(path, 0o600)
    return path


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def md_store(folder, issuer, ca_url, sites, account=None, encrypted=True,
             days=60):
    """Makes a store of mod_md: sites are lists of names; account is (url,
    key)."""
    secret = os.urandom(48)
    _put(folder, "md_store.json", {"store": {"version": 3.0},
                                   "key": b64(secret)})
    account_id = "ACME-localhost-0000"
    for names in sites:
        key, chain = issuer.issue(names, days=days)
        place = os.path.join(folder, "domains", names[0])
        _put(place, "md.json", {
            "name": names[0], "domains": names, "state": 2,
            "contacts": ["mailto:hostmaster@example.test"],
            "ca": {"proto": "ACME", "urls": [ca_url],
                   "account": account_id, "agreement": "accepted"}})
        _put(place, "privkey.pem", key_pem(key))
        _put(place, "pubcert.pem", chain)
    if account:
        url, key, contact = account
        place = os.path.join(folder, "accounts", account_id)
        _put(place, "account.json", {
            "id": account_id, "disabled": False, "status": "valid",
            "url": url, "ca-url": ca_url, "contact": [contact],
            "registration": {"contact": [contact], "status": "valid"}})
        _put(place, "account.pem",
             key_pem(key, secret if encrypted else None))
    return folder


def certbot_store(folder, issuer, ca_url, lineages, account=None, days=60):
    """Makes a folder of certbot: lineages are (name, names), or (name, names,
    days, bits of an RSA key or 0)."""
    for lineage, names, *more in lineages:
        life, bits = more or (days, 0)
        key, chain = issuer.issue(names, days=life, bits=bits)
        leaf, rest = chain.split(b"-----END CERTIFICATE-----\n", 1)
        leaf += b"-----END CERTIFICATE-----\n"
        archive = os.path.join(folder, "archive", lineage)
        live = os.path.join(folder, "live", lineage)
        os.makedirs(live)
        for name, data in (("privkey", key_pem(key)), ("cert", leaf),
                           ("chain", rest), ("fullchain", chain)):
            _put(archive, name + "1.pem", data)
            os.symlink("../../archive/%s/%s1.pem" % (lineage, name),
                       os.path.join(live, name + ".pem"))
        _put(os.path.join(folder, "renewal"), lineage + ".conf", (
            "# renew_before_expiry = 30 days\nversion = 2.1.0\n"
            "archive_dir = %s\n\n[renewalparams]\naccount = 0123\n"
            "authenticator = webroot\nserver = %s\nkey_type = ecdsa\n"
            % (archive, ca_url)).encode())
    _put(os.path.join(folder, "live"), "README", b"do not touch\n")
    if account:
        url, key, contact = account
        path = ca_url.split("//", 1)[1]
        place = os.path.join(folder, "accounts", *path.split("/"), "0123")
        _put(place, "private_key.json", rsa_jwk(key))
        _put(place, "regr.json", {"body": {"contact": [contact]}, "uri": url})
        _put(place, "meta.json", {"creation_host": "localhost"})
    return folder


def rsa_jwk(key):
    numbers = key.private_numbers()
    public = numbers.public_numbers

    def number(value):
        return b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))
    return {"kty": "RSA", "n": number(public.n), "e": number(public.e),
            "d": number(numbers.d), "p": number(numbers.p),
            "q": number(numbers.q), "dp": number(numbers.dmp1),
            "dq": number(numbers.dmq1), "qi": number(numbers.iqmp)}
