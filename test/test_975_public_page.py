# SPDX-License-Identifier: Apache-2.0

"""server-status may be seen by everybody: it names no place in the
configuration; acme-status does."""

from acme_env import conf, status
from acme_env.journey import get
from acme_env.ports import free_port

SHOP = "shop.test"


def test_no_places(httpd, pebble):
    """Nothing listens where the site is, which configtest, status and page
    say."""
    site = """
<VirtualHost 127.0.0.1:%d>
    ServerName %s
    SSLEngine on
    ACMEDomain
    ACMERenewMode manual
</VirtualHost>
""" % (free_port(), SHOP)
    httpd.configure(conf.managed_conf(httpd, pebble, site))
    httpd.expect_log("ACME0049: nothing listens on .*httpd.conf:")
    httpd.start()
    said = status.of(httpd, SHOP)["judgement"]["what"]
    assert "nothing listens on " in said and "httpd.conf:" in said
    page = get(httpd, "localhost", "/server-status").body
    page = page[page.index("Managed Certificates"):]
    assert "nothing listens on " in page
    assert "the virtual host at (place: see acme-status)" in page
    assert "httpd.conf:" not in page
