# SPDX-License-Identifier: Apache-2.0

"""Virtual hosts that mod_acme leaves alone, and what they serve."""

from acme_env import conf, tls
from acme_env.journey import get, wait_until_served
from acme_env.ports import free_port

SHOP = "shop.test"


def own(httpd, name, stem):
    """Lines of a virtual host with a certificate of its own."""
    cert, key = tls.self_signed(httpd.path("conf", stem), name)
    return 'SSLCertificateFile "%s"\nSSLCertificateKeyFile "%s"\n' % (cert,
                                                                      key)


def test_another_port_keeps_a_certificate_of_its_own(httpd, pebble):
    """ACMEDomain off: while the same name is managed beside it, over restarts,
    and without the redirect of the site."""
    port = free_port()
    other = """
Listen 127.0.0.1:%d
<VirtualHost 127.0.0.1:%d>
    ServerName %s
    SSLEngine on
    %s
    ACMEDomain off
</VirtualHost>
""" % (port, port, SHOP, own(httpd, SHOP, "intern"))
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP, other,
                                      ACMERequireHttps="permanent"))
    httpd.start()
    wait_until_served(httpd, pebble, SHOP)
    mine = tls.served(port, SHOP)
    assert not mine.by_pebble and SHOP in mine.issuer, mine
    httpd.graceful()
    assert tls.served(port, SHOP).serial == mine.serial
    assert tls.served(httpd.https_port, SHOP).by_pebble
    shown = get(httpd, SHOP, https=True, ca=pebble.root_file)
    assert "strict-transport-security" in shown.headers
    shown = tls.curl("https://%s:%d/" % (SHOP, port), SHOP, port,
                     args=("-k",))
    assert "strict-transport-security" not in shown.headers
    assert pebble.orders() == 1
