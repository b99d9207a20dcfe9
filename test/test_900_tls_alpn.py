# SPDX-License-Identifier: Apache-2.0

"""tls-alpn-01 (RFC 8737): who gets the challenge certificate, and who does
not."""

import os
import re

import pytest

from acme_env import acmectl, conf, procs, status, tls
from acme_env.journey import activate_by_hand, as_httpd_user, worker_pid

SHOP, PLAIN = "shop.test", "plain.test"
KEYS = {"p256.test": "P-256", "p384.test": "P-384", "rsa.test": "RSA 2048",
        "both.test": "RSA 2048 P-256"}
PROTOCOL = "acme-tls/1"
ONLY_ALPN = {"ACMECAChallenges": "tls-alpn-01"}


class Shown:
    """What openssl saw in a handshake that offers a protocol."""

    def __init__(self, httpd, name, *args, alpn=PROTOCOL, host="127.0.0.1"):
        argv = ["openssl", "s_client", "-connect",
                "%s:%d" % (host, httpd.https_port), "-alpn", alpn]
        argv += ["-servername", name] if name else ["-noservername"]
        self.text = procs.run(argv + list(args), stdin="",
                              timeout=procs.GIVE_UP).stdout
        found = re.search(r"ALPN protocol: (\S+)", self.text)
        self.protocol = found and found.group(1)
        found = re.search(r"-----BEGIN CERTIFICATE.*?END CERTIFICATE-----\n",
                          self.text, re.S)
        self.pem = found and found.group(0)
        self.chain = len(re.findall(r"^ *\d+ s:", self.text, re.M))

    @property
    def cert(self):
        done = procs.run(["openssl", "x509", "-noout", "-text"],
                         stdin=self.pem)
        return done.stdout

    @property
    def is_challenge(self):
        return "1.3.6.1.5.5.7.1.31: critical" in self.cert


def challenges(httpd):
    """The answers in the store."""
    folder = httpd.path("store", "challenges")
    return [name for name in os.listdir(folder) if not name.startswith(".")]


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_all_kinds_of_keys(httpd, pebble, version):
    """First with placeholders and a certificate from elsewhere with another
    kind of key, then with what was issued; and nothing is left behind."""
    own = tls.self_signed(httpd.path("own"), "own.test",
                          key_type=("rsa:2048",))
    sites = [conf.site_conf(httpd, name, https="ACMEDomain\n"
                            "ACMEPrivateKeys %s\n" % keys)
             for name, keys in KEYS.items()]
    sites.append(conf.site_conf(
        httpd, "own.test", https="ACMEDomain\nSSLCertificateFile %s\n"
        "SSLCertificateKeyFile %s\n" % own))
    # A CA has no client certificate.
    sites.append(conf.site_conf(
        httpd, "client.test", https="ACMEDomain\nSSLVerifyClient require\n"
        "SSLCACertificateFile %s\n" % own[0]))
    httpd.configure(conf.managed_conf(
        httpd, pebble, *sites, extra="SSLProtocol -all +%s\n" % version,
        ACMEActivation="manual", ACMEPortMap="http:- https:%d"
        % httpd.https_port))
    httpd.start()
    for name in ("both.test-rsa", "client.test"):
        httpd.wait_for_log("%s: certificate ready" % name)
    activate_by_hand(httpd, pebble, "own.test", *KEYS)
    made = len(KEYS) + 3
    assert (pebble.orders(), pebble.certificates()) == (made, made)
    acmectl.ok(httpd, "renew", "--force", *KEYS)
    made += len(KEYS) + 1
    assert (pebble.orders(), pebble.certificates()) == (made, made)
    assert not httpd.log.lines("http-01")
    assert challenges(httpd) == []


@pytest.fixture
def pending(httpd, pebble, gate):
    """A server with a challenge that is up, and the CA not told yet: SHOP is
    managed and first, PLAIN is not, and has a certificate with an RSA key."""
    own = tls.self_signed(httpd.path("own"), PLAIN, key_type=("rsa:2048",))
    plain = conf.site_conf(httpd, PLAIN, https="SSLCertificateFile %s\n"
                           "SSLCertificateKeyFile %s\nProtocols h2 http/1.1\n"
                           % own)
    httpd.configure(conf.managed_conf(
        httpd, pebble, SHOP, plain, ACMEActivation="manual",
        ACMECertificateAuthority=gate.directory, **ONLY_ALPN))
    held = gate.hold("/chalZ/")
    httpd.start()
    held.wait()
    yield httpd
    assert [name.split("%20")[-1] for name in challenges(httpd)] == [SHOP]
    held.release()
    activate_by_hand(httpd, pebble, SHOP)
    assert challenges(httpd) == []
    # Without a challenge the virtual host knows the protocol, and serves what
    # it serves to all.
    shown = Shown(httpd, SHOP)
    assert (shown.protocol, shown.is_challenge) == (PROTOCOL, False)


def test_while_a_challenge_is_pending(pending, pebble):
    httpd = pending
    kinds = {"id-ecPublicKey": ("-sigalgs", "ECDSA+SHA256"),
             "rsaEncryption": ("-sigalgs", "RSA-PSS+SHA256:RSA+SHA256")}
    for kind, args in kinds.items():
        shown = Shown(httpd, SHOP, "-tls1_3", *args)
        assert shown.protocol == PROTOCOL and shown.is_challenge, shown.text
        assert kind in shown.cert and "DNS:%s\n" % SHOP in shown.cert
        assert shown.chain == 1
    # The placeholder has an elliptic key, so TLS 1.2 has that.
    shown = Shown(httpd, SHOP.upper(), "-tls1_2")
    assert shown.protocol == PROTOCOL and shown.is_challenge
    # All other handshakes are as they were: other protocols, and other names.
    for name, alpn in ((SHOP, "http/1.1"), (SHOP, "h2,http/1.1"),
                       (PLAIN, PROTOCOL), ("unknown.test", PROTOCOL),
                       ("x" * 250 + ".test", PROTOCOL), (None, PROTOCOL)):
        for version in ("-tls1_2", "-tls1_3"):
            shown = Shown(httpd, name, version, alpn=alpn)
            if name == PLAIN:
                # mod_ssl then says http/1.1, which no such client takes.
                assert not shown.pem and PROTOCOL not in shown.text
                continue
            assert shown.pem and not shown.is_challenge, (name, shown.text)
            if name == SHOP:
                assert shown.protocol == "http/1.1"
    # Clients are not bothered: no upgrade to it, no h2 where there was none.
    for url, name, port in (
            ("https://%s:%d/", SHOP, httpd.https_port),
            ("http://%s:%d/", SHOP, httpd.http_port),
            ("https://%s:%d/", PLAIN, httpd.https_port),
            ("http://%s:%d/", PLAIN, httpd.http_port)):
        for args in ((), ("-H", "Connection: Upgrade", "-H",
                          "Upgrade: " + PROTOCOL)):
            answer = tls.curl(url % (name, port), name, port,
                              args=("--http1.1",) + args)
            assert answer.status == (503 if (name, port) == (
                SHOP, httpd.https_port) else 200)
            assert PROTOCOL not in answer.headers.get("upgrade", "")
    assert tls.served(httpd.https_port, PLAIN).subject == "CN=" + PLAIN


def test_nothing_is_said_after_the_handshake(pending):
    """A request over acme-tls/1 is not answered; the connection is closed."""
    shown = procs.run(
        ["openssl", "s_client", "-connect",
         "127.0.0.1:%d" % pending.https_port, "-alpn", PROTOCOL,
         "-servername", SHOP, "-quiet", "-no_ign_eof"],
        stdin="GET / HTTP/1.1\r\nHost: %s\r\n\r\n" % SHOP,
        timeout=procs.GIVE_UP)
    assert "HTTP/" not in shown.stdout, shown.stdout
    assert not re.search('"GET /', open(pending.path("logs/access_log"),
                                       encoding="utf-8").read())


def test_what_httpd_s_user_writes_is_no_answer(pending):
    """An item that was not sealed for this name does not exist."""
    pending.expect_log("ACME0551: tls-alpn-01 ")
    folder = pending.path("store", "challenges")
    [name] = challenges(pending)
    planted = name.replace(SHOP, "unknown.test")
    done = as_httpd_user(["cp", os.path.join(folder, name),
                          os.path.join(folder, planted)])
    assert done.returncode == 0, done.stdout
    shown = Shown(pending, "unknown.test")
    assert shown.pem and not shown.is_challenge
    os.unlink(os.path.join(folder, planted))


def test_names_that_no_virtual_host_has(make_httpd, pebble, gate):
    """The first virtual host of the address gets them, though it is not
    managed; and the server insists on server names that it knows. mod_md,
    which proposes the protocol for all virtual hosts, changes nothing."""
    httpd = make_httpd(pebble, modules=("http2", "md"))
    own = tls.self_signed(httpd.path("own"), PLAIN, key_type=("rsa:2048",))
    plain = conf.site_conf(
        httpd, PLAIN, https="SSLCertificateFile %s\nSSLCertificateKeyFile %s\n"
        "Protocols h2\n" % own)
    other = conf.site_conf(httpd, "other.test", https="ACMEDomain off\n"
                           "SSLCertificateFile %s\nSSLCertificateKeyFile %s\n"
                           % own)
    held = gate.hold("/chalZ/")
    httpd.configure(conf.managed_conf(
        httpd, pebble, plain, other, SHOP,
        extra="ACMEDomain %s more.test\nSSLStrictSNIVHostCheck on\n" % SHOP,
        ACMEActivation="manual", ACMECertificateAuthority=gate.directory,
        **ONLY_ALPN))
    httpd.expect_log("ACME0048: .* more.test as ")
    httpd.start()
    held.wait()
    # Only for a name with a challenge, where no other virtual host has it.
    shown = Shown(httpd, "more.test", "-tls1_2")
    assert (shown.protocol, shown.is_challenge) == (PROTOCOL, True)
    assert Shown(httpd, PLAIN, alpn="h2").protocol == "h2"
    for name in (PLAIN, "other.test", "unknown.test"):
        shown = Shown(httpd, name)
        assert not shown.pem and PROTOCOL not in shown.text
    answer = tls.curl("https://%s:%d/" % (PLAIN, httpd.https_port), PLAIN,
                      httpd.https_port, args=("--http1.1",))
    assert (answer.status, answer.headers.get("upgrade")) == (200, "h2")
    held.release()
    activate_by_hand(httpd, pebble, SHOP)
    assert tls.served(httpd.https_port, SHOP).names == ["more.test", SHOP]
    assert status.of(httpd, SHOP)["proto"] == {PROTOCOL: [SHOP]}


@pytest.mark.parametrize("validated", [False, True])
def test_the_worker_is_killed(httpd, pebble, gate, validated):
    """Before the CA is told, or when it has validated: the order goes on, by
    the same type, and nothing is left behind."""
    httpd.allow_log("exit signal Killed")
    held = gate.hold("/chalZ/", before=not validated)

    def configure(types):
        httpd.configure(conf.managed_conf(
            httpd, pebble, SHOP, ACMEActivation="manual",
            ACMECertificateAuthority=gate.directory, ACMECAChallenges=types))
    configure("tls-alpn-01 http-01")
    httpd.start()
    held.wait()
    assert len(challenges(httpd)) == 1
    if validated:
        pebble.wait_for("set VALID")
    # The order keeps to its type, though another one is preferred by now.
    configure("http-01 tls-alpn-01")
    httpd.kill_child(worker_pid(httpd))
    httpd.graceful()
    held.release()
    activate_by_hand(httpd, pebble, SHOP, timeout=90)
    assert (pebble.orders(), pebble.certificates()) == (1, 1)
    assert not httpd.log.lines("ACME0602: ")
    assert challenges(httpd) == []


def test_an_order_that_is_given_up(httpd, pebble, gate):
    """What a killed worker has put up for it is removed as well."""
    httpd.allow_log("exit signal Killed")
    held = gate.hold("/chalZ/")
    httpd.configure(conf.managed_conf(
        httpd, pebble, SHOP, ACMEActivation="manual",
        ACMECertificateAuthority=gate.directory, **ONLY_ALPN))
    httpd.start()
    held.wait()
    httpd.kill_child(worker_pid(httpd))
    httpd.configure(conf.managed_conf(
        httpd, pebble, SHOP, ACMEActivation="manual", ACMEPrivateKeys="P-384",
        ACMECertificateAuthority=gate.directory, ACMECAChallenges="http-01"))
    held.release()
    httpd.graceful()
    activate_by_hand(httpd, pebble, SHOP)
    assert challenges(httpd) == []
