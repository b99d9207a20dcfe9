# SPDX-License-Identifier: Apache-2.0

"""configtest refuses every mistake, with the place, the value and what to
write instead. It changes no file."""

import os
import re

import pytest

from acme_env import conf, install, procs

SHOP, BLOG = "shop.test", "blog.test"

# (directive and arguments at server level, what the message must contain)
REFUSED = [
    # names
    ("ACMEDomain", "at server level"),
    ("ACMEDomain shop..test", "shop..test"),
    ("ACMEDomain -shop.test", "-shop.test"),
    ("ACMEDomain shop_.test/x", "shop_.test/x"),
    ("ACMEDomain *.shop.test", "wildcard"),
    ("ACMEDomain %s.test" % ("a" * 64), "63"),
    ("ACMEDomain %s.test" % ".".join(["a" * 60] * 5), "25[345]"),
    # authority
    ("ACMECertificateAuthority letsencript", "letsencrypt-test"),
    ("ACMECertificateAuthority http://ca.test/dir", "https"),
    ("ACMECertificateAuthority https:///dir", "URL"),
    ("ACMECertificateAuthority https://me@ca.test/dir", "user"),
    ("ACMECertificateAgreement yes", "accepted"),
    ("ACMEContactEmail nobody", "mail address"),
    ("ACMEContactEmail a@b.test,c@d.test", "one address"),
    ("ACMEExternalAccountBinding", "one, two or three"),
    ("ACMEExternalAccountBinding kid c2VjcmV0", r"\*\*\*: the HMAC key has 6"),
    ("ACMEExternalAccountBinding kid no!base64", r"\*\*\*: .*base64url"),
    ("ACMEExternalAccountBinding kid c2VjcmV0c2VjcmV0c2VjcmV0 RS256",
     "HS256, HS384 or HS512"),
    ("ACMECertificateAuthority letsencrypt zerossl LetsEncrypt",
     "there twice"),
    ("ACMECertificateAuthority letsencrypt nobody", "known by name"),
    ("ACMERetryFailover 0", "from 1 to"),
    ("ACMERetryFailover some", "from 1 to"),
    ("ACMEMustStaple perhaps", "on or off"),
    ("ACMEPreferredChain \"\"", "common name"),
    ("ACMEPreferredChain " + 257 * "x", "common name"),
    ("ACMEPreferredChain", "needs the common name"),
    ("ACMEPreferredChain trusted \"Root X\"", "trusted: stands alone"),
    ("ACMEPreferredChain \"Root X\" none", "none: stands alone"),
    # keys
    ("ACMEPrivateKeys", "P-256"),
    ("ACMEPrivateKeys P-999", "P-256"),
    ("ACMEPrivateKeys RSA 1024", "2048"),
    ("ACMEPrivateKeys RSA 99999", "4096"),
    ("ACMEPrivateKeys P-256 P-384", "one with an RSA key at most"),
    ("ACMEPrivateKeys RSA 2048 rsa4096", "one with an RSA key at most"),
    ("ACMEPrivateKeys P-256 RSA P-384", "one with an RSA key at most"),
    ("ACMEPrivateKeys P-256 2048", "takes no number"),
    # renewal
    ("ACMERenewMode never", "auto, always or manual"),
    ("ACMERenewWindow 0%", "1% to 99%"),
    ("ACMERenewWindow 101%", "1% to 99%"),
    ("ACMERenewWindow soon", "30d"),
    ("ACMERenewWindow -1d", "30d"),
    ("ACMEWarnWindow 0", "such as 33%"),
    ("ACMEWarnWindow 100%", "1% to 99%"),
    ("ACMERenewViaARI sometimes", "on or off"),
    ("ACMEProfile \"two words\"", "no name of a profile"),
    ("ACMEProfile " + 65 * "x", "1 to 64"),
    ("ACMEProfileMandatory yes", "on or off"),
    ("ACMECheckInterval 0", "too short"),
    ("ACMECheckInterval 12x", "12h"),
    ("ACMERetryDelay 0", "too short"),
    ("ACMERetryDelay often", "no duration"),
    ("ACMEParallelOrders 0", "from 1 to"),
    ("ACMERateLimit 300", "orders/period"),
    ("ACMERateLimit 0/1h", "orders/period"),
    ("ACMERateLimit 5/never", "orders/period"),
    ("ACMERateLimit 5/1h/1h", "orders/period"),
    ("ACMERateLimit none", "orders/period"),
    ("ACMEParallelOrders 5x", "from 1 to"),
    ("ACMEParallelOrders 999999", "from 1 to"),
    # ports
    ("ACMEPortMap 8080", "http:PORT"),
    ("ACMEPortMap ftp:21", "http:PORT"),
    ("ACMEPortMap http:0", "1 to 65535"),
    ("ACMEPortMap http:65536", "1 to 65535"),
    ("ACMEPortMap http:80x", "1 to 65535"),
    # activation
    ("ACMEActivation sometimes", "graceful"),
    ("ACMEActivation cold", "graceful"),
    ("ACMEActivationDelay later", "no duration"),
    ("ACMEActivationInterval 0", "a second or more"),
    ("ACMEActivationInterval 1min never", "a second or more"),
    # https and proxies
    ("ACMERequireHttps", "takes one argument"),
    ("ACMERequireHttps on", "off, temporary or permanent"),
    ("ACMEHttpProxy proxy.test:3128", "only http and https|is no URL"),
    ("ACMEHttpProxy socks5://proxy.test:1080", "http://HOST:PORT"),
    ("ACMEHttpProxy http://", "is no URL"),
    ("ACMEHttpProxy http://proxy.test:0", "from 1 to"),
    ("ACMEHttpProxy http://proxy.test:65536", "from 1 to"),
    ("ACMEHttpProxy http://proxy.test:3128/path", "nothing behind"),
    ("ACMEHttpProxy http://proxy.test?x", "nothing behind|is no URL"),
    ("ACMEHttpProxyCACertificateFile", "takes one argument"),
    # Not built: refused, with what there is instead.
    ("ACMEStapling on", "use SSLUseStapling"),
    ("ACMEStoreLocks 10s", "only one worker"),
    # dns-01.
    ("ACMEChallengeDns01", "needs the path of a program"),
    ("ACMEChallengeDns01Version two", "is no version"),
    ("ACMEDnsUpdate", "takes 1-3 arguments|takes one, two or three"),
    ("ACMEDnsUpdate 127.0.0.1:port", "is no name server"),
    ("ACMEDnsPropagation soon", "is no wait"),
    ("ACMEDnsPropagation 1s soon", "is no limit"),
]


def line_of(httpd, text):
    path = httpd.path("conf", "httpd.conf")
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.strip() == text:
                return number
    raise AssertionError("no line " + text)


@pytest.fixture
def server(make_httpd, make_pebble):
    return make_httpd(make_pebble(start=False)), make_pebble(start=False)


def refuse(httpd, text):
    """Asserts that configtest refuses it; returns its message."""
    status, said = httpd.configtest()
    assert status == 1, said
    assert re.search(text, said), said
    assert "Syntax OK" not in said
    assert not os.path.exists(httpd.path("store"))
    return said


def test_bad_values(server):
    """One server for all cases, because configtest only reads."""
    httpd, pebble = server
    wrong = []
    for directive, text in REFUSED:
        httpd.configure(conf.managed_conf(httpd, pebble, SHOP,
                                          extra=directive + "\n"))
        try:
            said = refuse(httpd, text)
            line = line_of(httpd, directive)
            assert re.search(r"line %d of|httpd\.conf:%d\b" % (line, line),
                             said), said
            assert directive.split()[0] in said, said
        except AssertionError as error:
            wrong.append("%s\n%s" % (directive, error))
    assert not wrong, "\n\n".join(wrong)


def test_a_good_configuration_touches_nothing(server):
    httpd, pebble = server
    httpd.configure(conf.managed_conf(httpd, pebble, (SHOP, "www.shop.test"),
                                      BLOG))
    status, said = httpd.configtest()
    assert (status, said.strip()) == (0, "Syntax OK")
    assert not os.path.exists(httpd.path("store"))


@pytest.mark.parametrize("good", [
    "ACMECertificateAuthority LetsEncrypt",
    "ACMECertificateAuthority zerossl",
    "ACMECertificateAuthority google-test",
    "ACMEContactEmail admin@shop.test",
    "ACMEExternalAccountBinding kid c2VjcmV0c2VjcmV0c2VjcmV0",
    "ACMEExternalAccountBinding kid c2VjcmV0c2VjcmV0c2VjcmV0 HS256",
    "ACMEExternalAccountBinding conf/eab.json",
    "ACMEExternalAccountBinding none",
    "ACMECertificateAuthority letsencrypt zerossl google",
    "ACMERetryFailover 3",
    "ACMEPreferredChain \"ISRG Root X1\"",
    "ACMEPreferredChain none",
    "ACMEPreferredChain Trusted",
    "ACMEPreferredChain \"ISRG Root X2\" \"ISRG Root X1\"",
    "ACMEPreferredChain GlobalSign",
    "ACMEMustStaple on",
    "ACMEPrivateKeys RSA 4096",
    "ACMEPrivateKeys secp384r1",
    "ACMEPrivateKeys RSA 2048 P-256",
    "ACMEPrivateKeys P-384 rsa4096",
    "ACMERenewWindow 30",
    "ACMERenewWindow 50%",
    "ACMEWarnWindow 5",
    "ACMEWarnWindow 20%",
    "ACMERenewViaARI On",
    "ACMEProfile shortlived",
    "ACMEProfileMandatory on",
    "ACMERetryDelay 90",
    "ACMEPortMap 80:8080 443:-",
    "ACMERequireHttps Temporary",
    "ACMEHttpProxy none",
    "ACMEHttpProxy https://ann:p%40w@proxy.test",
    "ACMEHttpProxy http://[::1]:3128/",
    "ACMEHttpProxyCACertificateFile conf/roots.pem",
    "ACMEActivationDelay 1",
    "ACMEActivationInterval 2min 12h",
])
def test_good_values(server, good):
    httpd, pebble = server
    name = good.split()[0]
    changes = {name: None} if name != "ACMEPortMap" else {}
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP, extra=good + "\n",
                                      **changes))
    status, said = httpd.configtest()
    assert status == 0, said


def test_overlapping_sets_name_both_places(server):
    httpd, pebble = server
    first, second = "ACMEDomain %s %s" % (SHOP, BLOG), "ACMEDomain x.test " \
        + BLOG
    httpd.configure(conf.managed_conf(
        httpd, pebble, conf.site_conf(httpd, SHOP, https=""),
        extra=first + "\n" + second + "\n"))
    said = refuse(httpd, BLOG)
    for text in (first, second):
        assert "httpd.conf:%d" % line_of(httpd, text) in said, said


def test_overlapping_virtual_hosts(server):
    httpd, pebble = server
    httpd.configure(conf.managed_conf(httpd, pebble, (SHOP, "both.test"),
                                      (BLOG, "both.test")))
    said = refuse(httpd, "both.test")
    assert len(set(re.findall(r"httpd\.conf:(\d+)", said))) >= 2, said


def test_different_settings_for_one_site(server):
    """Two virtual hosts of a site have two values: which of them counts is not
    clear."""
    httpd, pebble = server
    httpd.configure(conf.managed_conf(
        httpd, pebble, conf.site_conf(
            httpd, SHOP, http="ACMEDomain\nACMEPrivateKeys P-384",
            https="ACMEDomain\nACMEPrivateKeys RSA 2048")))
    said = refuse(httpd, "ACMEPrivateKeys")
    assert len(set(re.findall(r"httpd\.conf:(\d+)", said))) >= 2, said


def test_what_is_refused_is_not_repeated_where_it_may_be_secret(server):
    httpd, pebble = server
    eab = "ACMEExternalAccountBinding kid Z2VoZWltZ2VoZWltZ2VoZWlt"
    for extra, text in (("ACMEHttpProxy ftp://ann:geheim@x.test", "x.test"),
                        ("ACMEHttpProxy http://ann:geheim@", "is no URL"),
                        ("ACMEHttpProxy http://ann:7geheim", "is no URL"),
                        ("ACMEHttpProxy ann:geheim", "ann:"),
                        ("ACMEExternalAccountBinding kid geheim", "has 4 bytes"),
                        (eab + " HS512", "24|18 bytes"),
                        (eab + " HS256 more", "takes one, two or three"),
                        (eab.replace("Acc", "Ac"), "Invalid command"),
                        ("<Directory />\n%s\n</Directory>" % eab,
                         "not allowed in")):
        httpd.configure(conf.managed_conf(httpd, pebble, SHOP,
                                          extra=extra + "\n"))
        said = refuse(httpd, text)
        assert "geheim" not in said and "Z2Vo" not in said, said


def test_require_https_is_one_for_a_site(server):
    """It is joined over the site's virtual hosts; two values are refused."""
    httpd, pebble = server
    for first, second, good in (("off", "permanent", False),
                                ("temporary", "Temporary", True)):
        httpd.configure(conf.managed_conf(
            httpd, pebble, conf.site_conf(
                httpd, SHOP, http="ACMEDomain\nACMERequireHttps " + first,
                https="ACMEDomain\nACMERequireHttps " + second)))
        if good:
            assert httpd.configtest()[0] == 0
        else:
            refuse(httpd, "ACMERequireHttps is '(off|permanent)' at")


def test_a_virtual_host_without_a_name(server):
    httpd, pebble = server
    httpd.configure(conf.managed_conf(httpd, pebble, """
<VirtualHost 127.0.0.1:%d>
    SSLEngine on
    ACMEDomain
</VirtualHost>
""" % httpd.https_port))
    refuse(httpd, "ServerName")


def test_server_wide_directives_are_refused_in_virtual_hosts(server):
    httpd, pebble = server
    for directive in ("ACMEStoreDir store", "ACMEPortMap http:80",
                      "ACMECheckInterval 1h", "ACMEParallelOrders 5",
                      "ACMERateLimit 5/1h", "ACMEActivation manual",
                      "ACMEActivationDelay 1", "ACMEStashKeep 30d",
                      "ACMEActivationInterval 1min"):
        httpd.configure(conf.managed_conf(
            httpd, pebble, conf.site_conf(
                httpd, SHOP, https="ACMEDomain\n    " + directive)))
        refuse(httpd, directive.split()[0])


def test_no_port_80(server):
    """http-01 cannot work, and is the only challenge: this is said before
    anything fails."""
    httpd, pebble = server
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP,
                                      ACMECAChallenges="http-01",
                                      ACMEPortMap="http:- https:%d"
                                      % httpd.https_port))
    refuse(httpd, "ACMEPortMap")


def test_without_mod_ssl(make_httpd, make_pebble):
    pebble = make_pebble(start=False)
    httpd = make_httpd(pebble)
    httpd.modules = tuple(m for m in httpd.modules
                          if m not in ("ssl", "socache_shmcb"))
    base = httpd.base_conf().replace("SSLSessionCache", "#")
    base = base.replace("LogLevel notice ssl:warn", "LogLevel notice")
    httpd.configure(base + conf.acme_conf(httpd, pebble) + """
<VirtualHost 127.0.0.1:%d>
    ServerName %s
    ACMEDomain
</VirtualHost>
""" % (httpd.http_port, SHOP), base=False)
    refuse(httpd, "mod_ssl")


def test_agreement_is_only_a_warning(server):
    httpd, pebble = server
    httpd.configure(conf.managed_conf(
        httpd, pebble, SHOP, ACMECertificateAuthority="letsencrypt-test",
        ACMECACertificateFile=None, ACMECertificateAgreement=None))
    status, said = httpd.configtest()
    assert status == 0, said
    assert "ACMECertificateAgreement accepted" in said


def test_every_directive_is_in_the_annotated_configuration(server):
    """All of it is commented out: a2enmod acme changes nothing."""
    httpd, pebble = server
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP))
    listed = procs.run(httpd.argv("-L"), env=httpd.env()).stdout
    known = re.findall(r"^(ACME\w+) \(.*\n(?!\tof mod_md, and not)", listed,
                       re.M)
    assert len(known) >= 16, listed[-2000:]
    path = os.path.join(install.TOP, "conf", "acme.conf")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert not re.search(r"^[^#\n]", text, re.M)
    for name in known:
        assert re.search(r"^# %s .*Default: " % name, text, re.M), name
        assert re.search(r"^#%s\b" % name, text, re.M), name
    # It has nothing that is not built.
    assert set(re.findall(r"^#? ?(ACME[A-Za-z0-9]+)\b", text, re.M)) \
        == set(known)
