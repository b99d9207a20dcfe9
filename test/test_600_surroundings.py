# SPDX-License-Identifier: Apache-2.0

"""A site with all that is usual: redirects, proxies, passwords, old
certificates."""

import pytest

from acme_env import conf, tls
from acme_env.journey import get, wait_until_served

SHOP, ALIAS, BACK = "shop.test", "old.shop.test", "back.test"
# user "ann", password "secret"
PASSWORDS = "ann:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n"


def surroundings(httpd, cert, key):
    """:80 redirects to https; :443 is a reverse proxy behind a password, with
    an alias and an older certificate of its own."""
    httpd.write("conf/passwords", PASSWORDS)
    httpd.write("htdocs/%s/index.html" % BACK, "from the back\n")
    return """
<VirtualHost 127.0.0.1:%(http)d>
    ServerName %(back)s
    DocumentRoot "%(dir)s/htdocs/%(back)s"
</VirtualHost>
""" % {"http": httpd.http_port, "back": BACK, "dir": httpd.dir} \
        + conf.site_conf(
            httpd, SHOP, (ALIAS,), body=False,
            http="Redirect permanent / https://%s/" % SHOP,
            https="""
    ACMEDomain
    SSLCertificateFile "%s"
    SSLCertificateKeyFile "%s"
    ProxyPass "/" "http://%s:%d/"
    <Location "/">
        AuthType Basic
        AuthName "members"
        AuthBasicProvider file
        AuthUserFile conf/passwords
        Require valid-user
    </Location>""" % (cert, key, "127.0.0.1", httpd.http_port))


@pytest.mark.parametrize("mpm", ["event", "prefork"])
def test_a_site_as_it_really_is(make_httpd, pebble, room, mpm):
    cert, key = tls.self_signed(room + "/snakeoil", SHOP, ALIAS)
    httpd = make_httpd(pebble, mpm=mpm, modules=(
        "proxy", "proxy_http", "auth_basic", "authn_file", "authz_user"))
    text = conf.acme_conf(httpd, pebble) + surroundings(httpd, cert, key) \
        + conf.localhost_conf(httpd)
    httpd.configure(text)
    httpd.start()

    # Until there is a managed one, its own certificate is served, and no 503.
    with open(cert, encoding="ascii") as file:
        own = tls.Served(file.read())
    assert tls.served(httpd.https_port, SHOP).serial == own.serial
    assert get(httpd, SHOP, https=True).status == 401

    shown = wait_until_served(httpd, pebble, SHOP, ALIAS)
    assert shown[SHOP].names == sorted([SHOP, ALIAS])
    assert httpd.restarts() == 1 and pebble.orders() == 1
    # All around it works as before.
    answer = get(httpd, ALIAS, "/some/where")
    assert answer.status == 301
    assert answer.headers["location"] == "https://%s/some/where" % SHOP
    assert get(httpd, SHOP, https=True, ca=pebble.root_file).status == 401
    answer = get(httpd, SHOP, https=True, ca=pebble.root_file,
                 args=["-u", "ann:secret"])
    assert answer.status == 200 and answer.body == "from the back\n"
    # One notice that the own certificate is ignored.
    assert httpd.log.lines("SSLCertificateFile.*|" + cert)
    # It stays so after a restart by hand.
    httpd.graceful()
    assert tls.served(httpd.https_port, SHOP).serial == shown[SHOP].serial
