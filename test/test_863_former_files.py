# SPDX-License-Identifier: Apache-2.0

"""A former certificate is served as it was, however it stood in the
configuration, and of whatever kind its key is."""

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from acme_env import conf, issuer, tls
from test_830_chain_file import OldCa, vhost


def layouts(httpd, old):
    """{name: its lines}: how the chain of the old certificate is named."""
    chain = "SSLCertificateChainFile %s\n"
    include = httpd.write("conf/chain.conf", old.chain())
    found = {"include.test": 'Include "%s"\n' % include,
             "relative.test": chain % "conf/old/ca.pem",
             "variable.test": chain % "${OLD}/ca.pem",
             "macro.test": "<Macro Chain $file>\n%s</Macro>\n"
             "Use Chain conf/old/ca.pem\n" % (chain % "$file"),
             "section.test": "<IfModule ssl_module>\n<IfVersion >= 2.2>\n"
             "%s</IfVersion>\n</IfModule>\n" % (chain % "conf/old/ca.pem")}
    return {name: old.pair(name) + lines for name, lines in found.items()}


def pair(old, name, key=None, form=b"%s", more=""):
    """The lines of a certificate with its chain in one file."""
    key, chain = old.sub.issue([name], key=key)
    cert = old.put(name + ".pem", form % chain)
    return 'SSLCertificateFile "%s"\nSSLCertificateKeyFile "%s"\n%s' % (
        cert, old.put(name + ".key", issuer.key_pem(key)),
        more % {"file": cert})


def combined(old, name):
    """All in one file, with parameters, and the key as PKCS#1."""
    key, chain = old.sub.issue([name], bits=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption())
    return 'SSLCertificateFile "%s"\n' % old.put(
        name + ".pem", b"words\n" + pem + chain +
        b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
        b"-----END EC PARAMETERS-----\n")


def test_it_is_served_as_it_was(make_httpd, make_pebble):
    pebble = make_pebble(start=False)
    httpd = make_httpd(pebble, modules=("macro", "version"))
    old = OldCa(httpd)
    sites = layouts(httpd, old)
    sites["combined.test"] = combined(old, "combined.test")
    # mod_ssl leaves the first one of such a chain file out.
    sites["same.test"] = pair(old, "same.test",
                              more='SSLCertificateChainFile "%(file)s"\n')
    sites["p521.test"] = pair(old, "p521.test",
                              ec.generate_private_key(ec.SECP521R1()))
    sites["ed25519.test"] = pair(old, "ed25519.test",
                                 ed25519.Ed25519PrivateKey.generate())
    settings = {"ACMERenewMode": "manual",
                "extra": 'Define OLD "%s"\n' % httpd.path("conf", "old")}
    httpd.configure(conf.managed_conf(
        httpd, pebble, "other.test",
        *[vhost(httpd, name, lines) for name, lines in sites.items()],
        **settings))
    httpd.start()
    before = {name: tls.chain(httpd.https_port, name) for name in sites}
    # The files are named no more; an own one, of any kind, is served.
    own = vhost(httpd, "own.test", "ACMEDomain\n" + pair(
        old, "own.test", ec.generate_private_key(ec.SECP521R1())).replace(
            "SSLCert", "ACMECert"))
    settings.pop("extra")
    httpd.configure(conf.managed_conf(
        httpd, pebble, own,
        *[vhost(httpd, name, "ACMEDomain\n") for name in sites], **settings))
    httpd.graceful()
    for name, shown in before.items():
        assert len(shown) == 2, (name, shown)
        assert tls.chain(httpd.https_port, name) == shown
        tls.verify(httpd.https_port, name, old.root_file)
    tls.verify(httpd.https_port, "own.test", old.root_file)
