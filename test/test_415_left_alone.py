# SPDX-License-Identifier: Apache-2.0

"""Virtual hosts that mod_acme leaves alone, and what they serve."""

from acme_env import acmectl, conf, procs, store, tls
from acme_env.journey import activate_by_hand, get, wait_until_served
from acme_env.ports import free_port

SHOP, BLOG = "shop.test", "blog.test"


def own(httpd, name, stem):
    """Lines of a virtual host with a certificate of its own."""
    cert, key = tls.self_signed(httpd.path("conf", stem), name)
    return 'SSLCertificateFile "%s"\nSSLCertificateKeyFile "%s"\n' % (cert,
                                                                      key)


def test_another_port_keeps_a_certificate_of_its_own(httpd, pebble):
    """ACMEDomain off: the same name is managed beside it, over restarts, and
    without the redirect of the site."""
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


def show(httpd, pebble, *sites):
    """Takes another configuration into use by a graceful restart."""
    httpd.configure(conf.managed_conf(httpd, pebble, *sites))
    status, said = httpd.configtest()
    assert status == 0, said
    if httpd.is_running():
        httpd.graceful()
    return said


def test_acmedomain_is_removed_and_sslengine_stays(httpd, pebble):
    """The server goes on: with one of two, with the last one, through
    restarts of every kind. Nothing is ordered when ACMEDomain is back."""
    httpd.allow_log("ACME0051|ACME0052")
    rest = conf.site_conf(httpd, SHOP, https="")
    show(httpd, pebble, SHOP, BLOG)
    httpd.start()
    first = wait_until_served(httpd, pebble, SHOP, BLOG)[SHOP].serial
    for sites in ((rest, BLOG), (rest,), (rest, BLOG)):
        said = show(httpd, pebble, *sites)
        assert "ACME0051" in said and "SSLCertificateFile" in said, said
        for again in (None, httpd.graceful, httpd.restart):
            if again:
                again()
            assert tls.served(httpd.https_port, SHOP).serial == first
            assert get(httpd, SHOP, https=True).status == 200
    assert httpd.log.lines("ACME0052: %s: .*is served until you decide; it is "
                           "valid until .*, and not renewed" % SHOP)
    assert "ACME005" not in show(httpd, pebble, SHOP, BLOG)
    assert tls.served(httpd.https_port, SHOP).serial == first
    wait_until_served(httpd, pebble, SHOP, BLOG)
    assert pebble.orders() == 2


def test_the_former_certificate_was_revoked(httpd, pebble):
    """It is not served, and the server goes on: with other sites, with the
    last one, and when the certificate is damaged."""
    httpd.allow_log("ACME0051|ACME0571: %s|ACME0840: %s" % (BLOG, SHOP))
    httpd.expect_log("ACME0690: %s: .*revo" % SHOP)
    httpd.expect_log("ACME0690: %s: .*privkey.pem" % BLOG)
    rest, blog = [conf.site_conf(httpd, name, https="")
                  for name in (SHOP, BLOG)]
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP, BLOG,
                                      ACMEActivation="manual"))
    httpd.start()
    first = activate_by_hand(httpd, pebble, SHOP, BLOG)[SHOP].serial
    acmectl.ok(httpd, "revoke", SHOP, "--yes")
    for sites in ((rest, BLOG), (rest,)):
        show(httpd, pebble, *sites)
        for again in (None, httpd.graceful, httpd.restart):
            if again:
                again()
            assert tls.served(httpd.https_port, SHOP).serial != first
            shown = get(httpd, SHOP, https=True)
            assert (shown.status, shown.headers.get("retry-after")) \
                == (503, None)
            assert "no certificate" in shown.body
            assert get(httpd, SHOP).status == 200
    httpd.stop()
    procs.run(["truncate", "-s", "9",
               store.path(httpd, "archive", BLOG, "1", "privkey.pem")])
    show(httpd, pebble, rest, blog)
    httpd.start()
    assert get(httpd, BLOG, https=True).status == 503
    # Written again, it is replaced.
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP, blog,
                                      ACMEActivation="manual"))
    mark = httpd.log.mark()
    httpd.restart()
    httpd.wait_for_log("%s: certificate ready" % SHOP, mark=mark)
    httpd.graceful()
    tls.wait_for_serial(httpd.https_port, SHOP, first)
    assert wait_until_served(httpd, pebble, SHOP)[SHOP].serial != first


def test_a_certificate_of_its_own_comes_instead(httpd, pebble):
    """Then the certificate that was obtained is stashed, as always."""
    httpd.allow_log("ACME0051|ACME0052")
    show(httpd, pebble, SHOP)
    httpd.start()
    first = wait_until_served(httpd, pebble, SHOP)[SHOP].serial
    show(httpd, pebble, conf.site_conf(httpd, SHOP, https=""), BLOG)
    assert tls.served(httpd.https_port, SHOP).serial == first
    show(httpd, pebble,
         conf.site_conf(httpd, SHOP, https=own(httpd, SHOP, "own")), BLOG)
    assert not tls.served(httpd.https_port, SHOP).by_pebble
    assert httpd.log.lines("ACME0569: %s: .*stashed" % SHOP)
