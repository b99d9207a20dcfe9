# SPDX-License-Identifier: Apache-2.0

"""Certificates of a programmable CA: roots, intermediates, leaves."""

import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from .issuer import extended, name_of, new_key


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def pem(cert):
    return cert.public_bytes(serialization.Encoding.PEM).decode()


def _names(names):
    """The names as a certificate or a request has them."""
    general = []
    for name in names:
        try:
            general.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            general.append(x509.DNSName(name))
    return x509.SubjectAlternativeName(general)


def names_of(request):
    """The names in a CSR."""
    try:
        general = request.extensions.get_extension_for_class(
            x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [str(name.value) for name in general]


class Signer:
    """A key with a certificate: a root, if there is no parent. key, name: of
    another signer, for a cross-signed certificate."""

    def __init__(self, common_name, parent=None, twin=None):
        self.key = twin.key if twin else new_key()
        self.name = twin.name if twin else name_of(common_name)
        self._parent = parent or self
        self.cert = self._parent.sign(self.name, self.key.public_key(),
                                      datetime.timedelta(days=4000),
                                      datetime.timedelta(days=400))

    @property
    def pem(self):
        return pem(self.cert)

    def sign(self, subject, public, life, backdate, names=None):
        start = now() - backdate
        builder = x509.CertificateBuilder().subject_name(subject) \
            .issuer_name(self.name).public_key(public) \
            .serial_number(x509.random_serial_number()) \
            .not_valid_before(start).not_valid_after(start + life)
        builder = extended(builder, public, self.key.public_key(), not names)
        if names:
            builder = builder.add_extension(_names(names), True) \
                .add_extension(x509.ExtendedKeyUsage(
                    [ExtendedKeyUsageOID.SERVER_AUTH]), False)
        return builder.sign(self.key, hashes.SHA256())

    def issue(self, public, names, life, backdate):
        """Issues a leaf without a subject, as CAs do today."""
        return self.sign(x509.Name([]), public, life, backdate, names)


# Made once in a run, because no test depends on whose they are.
ROOT = Signer("Fake CA Root")
INTERMEDIATE = Signer("Fake CA Intermediate", ROOT)
OTHER_ROOT = Signer("Fake CA Other Root")
# The same intermediate, signed by the other root.
CROSSED = Signer(None, OTHER_ROOT, twin=INTERMEDIATE)
