# SPDX-License-Identifier: Apache-2.0

"""Clients with OpenSSL, GnuTLS, Python and curl are served the same while
tls-alpn-01 challenges are pending, for whichever name and version of TLS."""

import os
import re
import shutil
import socket
import ssl

import pytest

from acme_env import conf, procs, tls
from acme_env.journey import activate_by_hand, wait_until_served

SHOP, RSA, PLAIN, UNKNOWN = "shop.test", "rsa.test", "plain.test", "no.test"
NAMES = (SHOP, RSA, PLAIN, UNKNOWN, None)
VERSIONS = ("1.2", "1.3")
PROTOCOL = "acme-tls/1"
CHALLENGE = "1.3.6.1.5.5.7.1.31"


def serial_of(pem):
    done = procs.run(["openssl", "x509", "-noout", "-serial"], stdin=pem)
    return done.stdout.strip()


def first_pem(text):
    found = re.search(r"-----BEGIN CERTIFICATE.*?-----END CERTIFICATE-----\n",
                      text, re.S)
    return found and found.group(0)


def request(name):
    return "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % (
        name or SHOP)


def page(text):
    """The status and the page of a response, wherever it is in the text."""
    found = re.search(r"HTTP/1\.1 (\d+)", text)
    body = re.search("this is [a-z.]+", text)
    return found and found.group(1), body and body.group(0)


class Client:
    """A client of one server. roots: a file with what SHOP and RSA lead to.
    Each way to ask returns what the client saw."""

    def __init__(self, httpd, roots):
        self.port = httpd.https_port
        self.roots = roots

    def trusts(self, name):
        return name in (SHOP, RSA)

    def openssl(self, name, version, alpn="http/1.1"):
        argv = ["openssl", "s_client", "-ign_eof", "-connect",
                "127.0.0.1:%d" % self.port, "-tls" + version.replace(".", "_"),
                "-alpn", alpn, "-CAfile", self.roots]
        argv += ["-servername", name] if name else ["-noservername"]
        if self.trusts(name) and alpn != PROTOCOL:
            argv += ["-verify_return_error", "-verify_hostname", name]
        text = procs.run(argv, stdin=request(name),
                         timeout=procs.GIVE_UP).stdout
        protocol = re.search(r"ALPN protocol: (\S+)", text)
        return (serial_of(first_pem(text)), protocol and protocol.group(1),
                page(text))

    def gnutls(self, name, version, alpn="http/1.1"):
        argv = ["gnutls-cli", "--port", str(self.port), "--print-cert",
                "--priority", "NORMAL:-VERS-ALL:+VERS-TLS" + version,
                "--alpn", alpn, "--x509cafile", self.roots, "--no-ocsp"]
        argv += ["--sni-hostname", name] if name else ["--disable-sni"]
        if self.trusts(name) and alpn != PROTOCOL:
            argv += ["--verify-hostname", name]
        else:
            argv += ["--insecure"]
        text = procs.run(argv + ["127.0.0.1"], stdin=request(name),
                         timeout=procs.GIVE_UP).stdout
        assert "Handshake was completed" in text, text
        protocol = re.search(r"- Application protocol: (\S+)", text)
        return (serial_of(first_pem(text)), protocol and protocol.group(1),
                page(text))

    def python(self, name, version, alpn="http/1.1"):
        context = ssl.create_default_context(cafile=self.roots)
        if not self.trusts(name):
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        context.minimum_version = context.maximum_version = getattr(
            ssl.TLSVersion, "TLSv" + version.replace(".", "_"))
        context.set_alpn_protocols([alpn])
        with socket.create_connection(("127.0.0.1", self.port),
                                      timeout=procs.GIVE_UP) as raw:
            with context.wrap_socket(raw, server_hostname=name) as secure:
                secure.sendall(request(name).encode())
                text = b""
                while True:
                    data = secure.recv(4096)
                    if not data:
                        break
                    text += data
                pem = ssl.DER_cert_to_PEM_cert(secure.getpeercert(True))
                return (serial_of(pem), secure.selected_alpn_protocol(),
                        page(text.decode()))

    def curl(self, name, version, alpn="http/1.1"):
        answer = tls.curl(
            "https://%s:%d/" % (name or "127.0.0.1", self.port),
            name or "127.0.0.1", self.port,
            ca=self.roots if self.trusts(name) else None,
            args=("--tlsv" + version, "--tls-max", version,
                  "--http2" if alpn == "h2" else "--http1.1"))
        return answer.status, answer.body.strip()


def what_is_seen(client, kinds):
    return {(kind, name, version): getattr(client, kind)(name, version)
            for kind in kinds for name in NAMES for version in VERSIONS}


def configure(httpd, pebble, gate, *aliases):
    own = httpd.path("own.pem"), httpd.path("own.key")
    plain = conf.site_conf(
        httpd, PLAIN, https="SSLCertificateFile %s\nSSLCertificateKeyFile %s\n"
        % own)
    httpd.configure(conf.managed_conf(
        httpd, pebble,
        conf.site_conf(httpd, SHOP, [name + SHOP for name in aliases]),
        conf.site_conf(httpd, RSA, [name + RSA for name in aliases],
                       https="ACMEDomain\nACMEPrivateKeys RSA 2048\n"),
        plain, ACMEActivation="manual", ACMECAChallenges="tls-alpn-01",
        ACMECertificateAuthority=gate.directory))


@pytest.fixture
def served(httpd, pebble, gate):
    """A server with two managed sites, one with an RSA key only, and one that
    is not managed."""
    tls.self_signed(httpd.path("own"), PLAIN)
    configure(httpd, pebble, gate)
    httpd.start()
    activate_by_hand(httpd, pebble, SHOP, RSA)
    return httpd


def begin_challenges(httpd, pebble, gate):
    """Has certificates with another name ordered, up to where the CA is to be
    told. Returns what holds them there."""
    held = gate.hold("/chalZ/")
    configure(httpd, pebble, gate, "www.")
    httpd.graceful()
    folder = httpd.path("store", "challenges")
    procs.wait_until(
        lambda: len([name for name in os.listdir(folder)
                     if not name.startswith(".")]) == 4, procs.GIVE_UP,
        lambda: "four challenges\n" + httpd.log.tail())
    return held


def the_challenge_is_there(client, ask):
    """Who asks for it gets it, of the kind of key that the site has; on TLS 1.2
    the kind is settled before the protocol is."""
    ordinary = {name: ask(name, "1.2")[0] for name in (SHOP, RSA)}
    for name, version in [(name, version) for name in (SHOP, RSA, "www." + RSA)
                          for version in VERSIONS]:
        serial, protocol, (status, _) = ask(name, version, PROTOCOL)
        assert protocol == PROTOCOL and status is None
        assert serial not in ordinary.values(), (name, version)
    text = procs.run(["openssl", "s_client", "-connect",
                      "127.0.0.1:%d" % client.port, "-servername", RSA,
                      "-tls1_2", "-alpn", PROTOCOL], stdin="",
                     timeout=procs.GIVE_UP).stdout
    shown = procs.run(["openssl", "x509", "-noout", "-text"],
                      stdin=first_pem(text)).stdout
    assert CHALLENGE in shown and "rsaEncryption" in shown
    assert re.search("Cipher is ECDHE-RSA-", text), text


def show(httpd, pebble, gate, kinds):
    client = Client(httpd, pebble.root_file)
    before = what_is_seen(client, kinds)
    for (kind, name, version), seen in before.items():
        wanted = name if name in (SHOP, RSA, PLAIN) else SHOP
        if kind == "curl":
            assert seen == (200, "this is " + wanted), (name, version)
        else:
            assert seen[1] == "http/1.1"
            assert seen[2] == ("200", "this is " + wanted), (kind, name)
    held = begin_challenges(httpd, pebble, gate)
    assert what_is_seen(client, kinds) == before
    for kind in kinds:
        if kind in ("openssl", "gnutls"):
            the_challenge_is_there(client, getattr(client, kind))
    held.release()
    procs.wait_until(
        lambda: len(httpd.log.lines(": certificate ready")) == 4,
        procs.GIVE_UP, lambda: "certificates\n" + httpd.log.tail())
    httpd.graceful()
    shown = wait_until_served(httpd, pebble, SHOP, RSA)
    assert [shown[name].names for name in (SHOP, RSA)] == [
        [SHOP, "www." + SHOP], [RSA, "www." + RSA]]
    assert shown[RSA].algorithm == "rsaEncryption"
    assert pebble.certificates() == 4


def test_openssl_python_and_curl(served, pebble, gate):
    show(served, pebble, gate, ("openssl", "python", "curl"))


def test_gnutls(served, pebble, gate):
    if not shutil.which("gnutls-cli"):
        pytest.skip("there is no gnutls-cli (gnutls-bin)")
    show(served, pebble, gate, ("gnutls",))
