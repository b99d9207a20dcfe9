# SPDX-License-Identifier: Apache-2.0

"""A certificate that covers several sites serves all of them, whenever and in
whatever order they are configured."""

import os

from acme_env import acmectl, conf, issuer, store, tls
from acme_env.journey import activate_by_hand
from test_831_adopted import lineage, settle

NAMES = ["a.test", "b.test", "c.test", "own.test"]
TWO = "ACMEDomain\nACMEPrivateKeys P-256 RSA\n"


def test_sites_that_are_configured_later(make_httpd, make_pebble, room):
    """Of one lineage with all names, and of one with a wildcard."""
    pebble = make_pebble()
    folder = issuer.certbot_store(
        os.path.join(room, "letsencrypt"), issuer.Issuer(), pebble.directory,
        [("a.test", NAMES, 60, 2048), ("w.test", ["w.test", "*.w.test"])])
    httpd = make_httpd(pebble)
    pair = tls.self_signed(httpd.path("conf", "own"), "own.test")
    own = 'SSLCertificateFile "%s"\nSSLCertificateKeyFile "%s"\n' % pair

    def start_with(*sites):
        """Starts with more sites. None of them is ordered."""
        httpd.configure(conf.managed_conf(httpd, pebble, *sites))
        mark = httpd.log.mark()
        if httpd.is_running():
            httpd.graceful()
        else:
            httpd.start()
        return mark

    def check(mark, *names):
        for name in names:
            assert tls.served(httpd.https_port, name).serial == \
                lineage(folder, "w.test" if "w." in name else "a.test"), name
            httpd.wait_for_log("ACME0311: %s: idle: renewed in" % name,
                               mark=mark)
        assert pebble.orders() == 0

    acmectl.ok(httpd, "import", "--from", "certbot", folder)
    first = ["a.test", "x.w.test",
             conf.site_conf(httpd, "own.test", https=own)]
    check(start_with(*first), "a.test", "x.w.test")
    assert tls.served(httpd.https_port, "own.test").issuer == "CN=own.test"
    check(start_with(*first[:2], "b.test"), "a.test", "b.test")
    later = ["b.test", "c.test", "y.w.test", "w.test",
             conf.site_conf(httpd, "own.test", https="ACMEDomain\n" + own)]
    check(start_with(*first[:2], *later), *NAMES, "x.w.test", "y.w.test",
          "w.test")
    assert httpd.log.lines("ACME0160: c.test: is covered by the certificate "
                           "of ")


def test_parts_of_a_site_with_two_kinds_of_keys(httpd, pebble):
    names = ["a.test", "b.test", "c.test", "d.test"]
    httpd.configure(conf.managed_conf(
        httpd, pebble, conf.site_conf(httpd, "a.test", names[1:], https=TWO),
        ACMEActivation="manual"))
    httpd.start()
    httpd.wait_for_log("a.test-rsa: certificate ready")
    activate_by_hand(httpd, pebble, "a.test")
    serials = {kind: tls.served(httpd.https_port, "a.test", kind=kind).serial
               for kind in ("ECDSA", "RSA")}
    assert pebble.orders() == 2
    # Two sets, of which each has both kinds.
    httpd.configure(conf.managed_conf(
        httpd, pebble,
        conf.site_conf(httpd, "c.test", ("a.test",), https=TWO),
        conf.site_conf(httpd, "b.test", ("d.test",), https=TWO),
        ACMEActivation="manual"))
    httpd.graceful()
    for name in names:
        for kind, serial in serials.items():
            assert tls.served(httpd.https_port, name, kind=kind).serial == \
                serial, (name, kind)
        tls.verify(httpd.https_port, name, pebble.root_file)
    settle(httpd, "c.test", "b.test", "c.test-rsa", "b.test-rsa")
    # All are stashed, and come back one after the other, with one kind.
    httpd.configure(conf.managed_conf(httpd, pebble, "other.test",
                                      ACMERenewMode="manual"))
    httpd.graceful()
    assert len(store.names(httpd, "stash")) == 4
    for count in range(1, 5):
        httpd.configure(conf.managed_conf(httpd, pebble, *names[:count],
                                          ACMEActivation="manual"))
        mark = httpd.log.mark()
        httpd.graceful()
        for name in names[:count]:
            assert tls.served(httpd.https_port, name).serial == \
                serials["ECDSA"], name
            httpd.wait_for_log("ACME0311: %s: idle: renewed in" % name,
                               mark=mark)
    assert pebble.orders() == 2
