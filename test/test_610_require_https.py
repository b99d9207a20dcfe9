# SPDX-License-Identifier: Apache-2.0

"""ACMERequireHttps: redirects from http to https, once https has a
certificate."""

from acme_env import conf, tls
from acme_env.journey import get, wait_until_served

OFF, TEMP, PERM, ALIAS = "off.test", "temp.test", "perm.test", "www.perm.test"
HSTS = "strict-transport-security"


def site(httpd, name, require, aliases=()):
    return conf.site_conf(httpd, name, aliases,
                          https="ACMEDomain\n    ACMERequireHttps " + require)


def test_who_is_sent_where(httpd, pebble, gate):
    held = gate.hold("/finalize-order/")
    httpd.write("htdocs/%s/.well-known/own" % PERM, "left to others\n")
    sites = [site(httpd, OFF, "off"), site(httpd, TEMP, "Temporary"),
             site(httpd, PERM, "permanent", (ALIAS,))]
    httpd.configure(conf.managed_conf(
        httpd, pebble, *sites, ACMECertificateAuthority=gate.directory))
    httpd.start()
    held.wait()
    # No redirect leads to a placeholder, and there is no HSTS header.
    for name in (OFF, TEMP, PERM):
        assert get(httpd, name).status == 200
        answer = get(httpd, name, https=True)
        assert answer.status == 503 and HSTS not in answer.headers
    held.release()
    wait_until_served(httpd, pebble, OFF, TEMP, PERM, ALIAS)

    assert get(httpd, OFF).status == 200
    redirects(httpd, TEMP, 302, 307)
    redirects(httpd, PERM, 301, 308)
    # Paths of challenges, and names that the certificate lacks.
    assert get(httpd, PERM, "/.well-known/own").body == "left to others\n"
    assert get(httpd, PERM, "/.well-known/acme-challenge/x").status == 404
    answer = tls.curl("http://%s:%d/" % (PERM, httpd.http_port), PERM,
                      httpd.http_port, args=["-H", "Host: other.test"])
    assert answer.status == 200 and "location" not in answer.headers
    answer = get(httpd, ALIAS.upper() + ".", "/")
    assert answer.headers["location"] == "https://%s/" % ALIAS
    # Only permanent redirects have the HSTS header.
    ca = pebble.root_file
    assert HSTS not in get(httpd, TEMP, https=True, ca=ca).headers
    answer = get(httpd, PERM, https=True, ca=ca)
    assert answer.status == 200
    assert answer.headers[HSTS] == "max-age=15768000"

    # No https arrives: no redirect, and a warning.
    httpd.configure(conf.managed_conf(
        httpd, pebble, *sites, ACMECertificateAuthority=gate.directory,
        ACMEPortMap="http:%d https:-" % httpd.http_port))
    httpd.expect_log("ACME0027: ACMERequireHttps at .*ACMEPortMap")
    status, said = httpd.configtest()
    assert status == 0 and "ACME0027" in said
    httpd.graceful()
    assert get(httpd, PERM).status == 200


def redirects(httpd, name, get_status, post_status):
    answer = get(httpd, name, "/a%20b/%C3%A9?x=1&y=%2F")
    assert answer.status == get_status
    assert answer.headers["location"].lower() \
        == "https://%s/a%%20b/%%c3%%a9?x=1&y=%%2f" % name
    assert HSTS not in answer.headers
    assert get(httpd, name, args=["-I"]).status == get_status
    answer = get(httpd, name, "/form", args=["-d", "a=1"])
    assert answer.status == post_status
    assert answer.headers["location"] == "https://%s/form" % name


def test_it_yields_to_the_sites_own_header(httpd, pebble):
    """The header of mod_headers counts, and is sent once."""
    httpd.modules += ("headers",)
    httpd.configure(conf.managed_conf(httpd, pebble, conf.site_conf(
        httpd, PERM, https="""ACMEDomain
    ACMERequireHttps permanent
    Header set Strict-Transport-Security "max-age=60" """)))
    httpd.start()
    wait_until_served(httpd, pebble, PERM)
    answer = get(httpd, PERM, https=True, ca=pebble.root_file)
    assert answer.headers[HSTS] == "max-age=60"


def test_in_a_section_and_behind_a_proxy_that_ends_tls(make_httpd, pebble):
    """No loop: the proxy says that the visitor came by https."""
    httpd = make_httpd(pebble, modules=("remoteip",))
    httpd.configure(conf.managed_conf(
        httpd, pebble, site(httpd, TEMP, "temporary"),
        conf.site_conf(httpd, OFF, http="""
    <If "%{QUERY_STRING} == 'secure'">
        ACMERequireHttps permanent
    </If>"""),
        extra="RemoteIPHeader X-Forwarded-For\n"))
    httpd.expect_log("ACME0054: ACMERequireHttps at .*RemoteIPHeader")
    httpd.expect_log("ACME0055: .* not redirected")
    status, said = httpd.configtest()
    assert status == 0 and "ACME0054" in said, said
    httpd.start()
    wait_until_served(httpd, pebble, TEMP, OFF)
    # Within a section, only what it is for.
    assert get(httpd, OFF, "/?open").status == 200
    answer = get(httpd, OFF, "/?secure")
    assert answer.status == 301
    assert answer.headers["location"] == "https://%s/?secure" % OFF
    answer = get(httpd, OFF, "/?secure",
                 args=["-H", "X-Forwarded-Proto: https"])
    assert answer.status == 200
    for header, code in (("X-Forwarded-Proto: https", 200),
                         ("X-Forwarded-Proto: HTTPS, http", 200),
                         ("X-Forwarded-Proto: http, https", 302),
                         ("X-Forwarded-Ssl: on", 200),
                         ("Forwarded: for=192.0.2.1;proto=https", 200),
                         ("Forwarded: proto=http, proto=https", 302),
                         ("Forwarded: for=192.0.2.1", 302),
                         ("X-Forwarded-Proto: http", 302)):
        answer = get(httpd, TEMP, args=["-H", header])
        assert answer.status == code, header
    assert len(httpd.log.lines("ACME0055")) == 1
    # Who has made sure of the proxy says so by a section.
    httpd.configure(conf.managed_conf(
        httpd, pebble, conf.site_conf(httpd, TEMP, http="""
    <If true>
        ACMERequireHttps temporary
    </If>"""), extra="RemoteIPHeader X-Forwarded-For\n"))
    status, said = httpd.configtest()
    assert status == 0 and "ACME0054" not in said, said
    httpd.graceful()
    assert get(httpd, TEMP).status == 302
    assert get(httpd, TEMP, args=["-H", "X-Forwarded-Proto: https"]).status \
        == 200
