# SPDX-License-Identifier: Apache-2.0

"""SSLCertificateChainFile belongs to the certificates in the configuration,
and not to those that are served instead."""

import os

import pytest

from acme_env import acmectl, conf, issuer, tls
from acme_env.journey import activate_by_hand

pytestmark = pytest.mark.personalities

KINDS = ("ECDSA", "RSA")


class OldCa:
    """A CA with an intermediate; leaf, key and chain are files of their
    own, as certbot and hosting panels left them."""

    def __init__(self, httpd):
        self.httpd = httpd
        self.root = issuer.Issuer("Old Root")
        self.sub = issuer.Issuer("Old Intermediate", self.root)
        self.root_file = self.put("root.pem", self.root.pem())
        self.chain_file = self.put("ca.pem", self.sub.pem())

    def put(self, name, data):
        return self.httpd.write("conf/old/" + name, data.decode(), mode=0o600)

    def pair(self, *names, days=60, bits=0, passphrase=None):
        """The lines without a chain."""
        key, chain = self.sub.issue(list(names), days=days, bits=bits)
        end = b"-----END CERTIFICATE-----\n"
        stem = "%s.%d.%d" % (names[0], bits, days)
        cert = self.put(stem + ".pem", chain.split(end)[0] + end)
        return 'SSLCertificateFile "%s"\nSSLCertificateKeyFile "%s"\n' % (
            cert, self.put(stem + ".key", issuer.key_pem(key, passphrase)))

    def chain(self):
        return 'SSLCertificateChainFile "%s"\n' % self.chain_file


def vhost(httpd, name, *lines):
    return conf.site_conf(httpd, name, https="".join(lines), body=False)


def test_in_each_layout(httpd, pebble):
    """In the virtual host, in the main server only, all three inherited;
    with one and two kinds of keys, and both in the old configuration."""
    old = OldCa(httpd)
    names = ["%s%d.test" % (layout, kinds)
             for layout in ("own", "mixed", "none") for kinds in (1, 2)]
    two = "ACMEPrivateKeys P-256 RSA\n"
    sites = []
    for name in names:
        lines = ["ACMEDomain\n", two if "2" in name else ""]
        if name.startswith("own"):
            lines += [old.pair(name), old.pair(name, bits=2048), old.chain()]
        elif name.startswith("mixed"):
            lines.append(old.pair(name))
        sites.append(vhost(httpd, name, *lines))
    # What is not managed keeps its chain.
    other = "other.test"
    sites.append(vhost(httpd, other, old.pair(other)))
    httpd.configure(conf.managed_conf(
        httpd, pebble, *sites, ACMEActivation="manual",
        extra=old.pair(*names) + old.chain()))
    httpd.start()
    for name in names:
        tls.verify(httpd.https_port, name, old.root_file)

    def check():
        for name in names:
            for kind in KINDS if "2" in name else KINDS[:1]:
                shown = tls.chain(httpd.https_port, name, kind)
                assert len(shown) == 2, (name, kind, shown)
                assert "Pebble" in shown[1][0] and \
                    shown[0][1] == shown[1][0], (name, kind, shown)
            tls.verify(httpd.https_port, name, pebble.root_file)
        tls.verify(httpd.https_port, other, old.root_file)

    for name in names:
        if "2" in name:
            httpd.wait_for_log("%s-rsa: certificate ready" % name)
    first = activate_by_hand(httpd, pebble, *names)
    check()
    # Renewed, and after one more restart.
    for name in names:
        acmectl.ok(httpd, "renew", name, "--force")
    httpd.graceful()
    check()
    for name in names:
        assert tls.served(httpd.https_port, name).serial != first[name].serial
    httpd.stop()
    httpd.start()
    check()


def test_a_former_certificate_and_a_placeholder(httpd, pebble):
    old = OldCa(httpd)
    both = ("former.test", "gone.test", "left.test")
    site = {name: vhost(httpd, name, old.pair(name), old.chain())
            for name in both}
    late = vhost(httpd, "late.test", old.pair("late.test", days=-0.5),
                 old.chain(), "ACMEDomain\n")
    settings = {"ACMERenewMode": "manual"}
    httpd.configure(conf.managed_conf(httpd, pebble, *site.values(), late,
                                      "first.test", **settings))
    httpd.start()
    # It has expired: a placeholder, alone.
    httpd.expect_log("ACME0154: late.test: ")
    assert len(tls.chain(httpd.https_port, "late.test")) == 1
    # Its files are no longer in the configuration, or the chain alone is.
    managed = [vhost(httpd, "former.test", "ACMEDomain\n"),
               vhost(httpd, "gone.test", "ACMEDomain\n"),
               vhost(httpd, "left.test", "ACMEDomain\n", old.chain()), late]
    httpd.configure(conf.managed_conf(httpd, pebble, *managed, **settings))
    for _ in range(2):
        httpd.graceful()
        for name in both:
            assert tls.chain(httpd.https_port, name)[1][0] == \
                "CN=Old Intermediate"
            tls.verify(httpd.https_port, name, old.root_file)
    # Its chain file is gone: said, and it is served as it is.
    os.unlink(old.chain_file)
    httpd.configure(conf.managed_conf(
        httpd, pebble, *managed[:2], **settings))
    httpd.expect_log("ACME0120: (former|gone).test: .*/ca.pem")
    httpd.graceful()
    assert len(tls.chain(httpd.https_port, "former.test")) == 1
    assert httpd.log.lines("ACME0120: former.test: .*/ca.pem")
    acmectl.run(httpd, "renew", "former.test")
    activate_by_hand(httpd, pebble, "former.test")
    assert "Pebble" in tls.chain(httpd.https_port, "former.test")[1][0]


def test_certificate_files_of_the_administrator(httpd, pebble):
    """ACMECertificateFile with its chain, beside an old chain file."""
    old, new = OldCa(httpd), issuer.Issuer("New Root")
    key, chain = issuer.Issuer("New Intermediate", new).issue(["file.test"])
    cert_file = httpd.write("conf/new.pem", chain.decode())
    key_file = httpd.write("conf/new.key", issuer.key_pem(key).decode())
    httpd.configure(conf.managed_conf(httpd, pebble, vhost(
        httpd, "file.test", old.pair("file.test"), old.chain(),
        'ACMEDomain\nACMECertificateFile "%s"\nACMECertificateKeyFile "%s"\n'
        % (cert_file, key_file))))
    httpd.start()
    assert [subject for subject, _ in
            tls.chain(httpd.https_port, "file.test")] == \
        ["CN=file.test", "CN=New Intermediate"]


def test_nothing_false_about_an_encrypted_key(httpd, pebble):
    """It cannot be read here, but mod_ssl can, and serves it."""
    old = OldCa(httpd)
    ask = httpd.write("conf/ask", "#!/bin/sh\necho secret\n", mode=0o755)
    name = "locked.test"
    lines = [old.pair(name, passphrase=b"secret"), old.chain()]
    extra = 'SSLPassPhraseDialog "exec:%s"\n' % ask
    settings = {"ACMEActivation": "manual", "extra": extra}
    httpd.configure(conf.managed_conf(
        httpd, pebble, vhost(httpd, name, *lines), "first.test", **settings))
    httpd.start()
    httpd.configure(conf.managed_conf(
        httpd, pebble, vhost(httpd, name, *lines, "ACMEDomain\n"),
        **settings))
    httpd.graceful()
    tls.verify(httpd.https_port, name, old.root_file)
    activate_by_hand(httpd, pebble, name)
    httpd.graceful()
    assert not httpd.log.lines("ACME0153")
