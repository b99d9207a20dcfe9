# SPDX-License-Identifier: Apache-2.0

"""LKC and OKC: what happens to certificates when the configuration changes.
The CA's count of orders proves that no change causes an order that is not
needed."""

import os
import time

import pytest

from acme_env import conf, procs, status, store, tls
from acme_env.journey import activate_by_hand, get, wait_until_served

pytestmark = pytest.mark.personalities


def own(httpd, name):
    """Lines of a virtual host with a certificate of its own."""
    cert, key = tls.self_signed(httpd.path("conf", name), name)
    return 'SSLCertificateFile "%s"\nSSLCertificateKeyFile "%s"\n' % (cert,
                                                                      key)


def plain(httpd, name, managed=False):
    """A site without TLS."""
    if managed:
        httpd.allow_log("ACME0050")
    return """
<VirtualHost 127.0.0.1:%d>
    ServerName %s
    DocumentRoot "%s"
    %s
</VirtualHost>
""" % (httpd.http_port, name, httpd.path("htdocs"),
       "ACMEDomain" if managed else "")


class Stage:
    """A server whose sites change."""

    def __init__(self, httpd, pebble, **changes):
        self.httpd, self.pebble, self.changes = httpd, pebble, changes
        self.running = False

    def show(self, *sites):
        """Takes another configuration into use by a graceful restart."""
        self.httpd.configure(conf.managed_conf(self.httpd, self.pebble, *sites,
                                               **self.changes))
        if self.running:
            self.httpd.graceful()
        else:
            self.httpd.start()
            self.running = True

    def served(self, name):
        return tls.served(self.httpd.https_port, name)

    def serial(self, name):
        return self.served(name).serial

    def wait(self, *names):
        return {name: shown.serial for name, shown in wait_until_served(
            self.httpd, self.pebble, *names).items()}

    def state(self, name):
        said = status.of(self.httpd, name)
        return said["site"], said["deployed"], "stash" in said


A, B, C, D = "a.test", "b.test", "c.test", "d.test"
H, O, P = "h.test", "o.test", "p.test"


def test_the_rows_without_imports(httpd, pebble, gate):
    """none, http, OKC and LKC, each to no TLS, OKC, undeployed and ACME."""
    stage = Stage(httpd, pebble, ACMECertificateAuthority=gate.directory)
    okc = {name: conf.site_conf(httpd, name, https=own(httpd, name))
           for name in (B, O, P)}
    stage.show(A, B, C, D, plain(httpd, H), okc[O],
               okc[P])
    first = stage.wait(A, B, C, D)
    assert pebble.orders() == 4
    own_o, own_p = stage.serial(O), stage.serial(P)
    assert stage.state(A) == ("lkc", "lkc", False)

    # LKC: no TLS, OKC, undeployed. OKC: no TLS, undeployed. http: the same.
    mark = httpd.log.mark()
    stage.show(plain(httpd, A, managed=True), okc[B], D, plain(httpd, O),
               plain(httpd, H))
    assert store.names(httpd, "stash") == [A, B, C]
    assert store.names(httpd, "live") == [D]
    assert stage.state(A) == ("none", "http", True)
    assert not stage.served(B).by_pebble
    said = httpd.log.text(mark)
    assert "%s: no TLS: its certificate is stashed" % A in said
    assert "%s: TLS with its own certificate: its" % B in said
    assert "%s: undeployed: its certificate is stashed" % C in said
    assert store.record(httpd)[D] == "lkc"
    # Restart once more, as every night: nothing changes.
    httpd.graceful()
    assert store.names(httpd, "stash") == [A, B, C]

    # Deployed http, OKC and none, to ACME: what is stashed is back.
    mark = httpd.log.mark()
    stage.show(A, conf.site_conf(httpd, B, https=own(httpd, B)
                                 + "ACMEDomain\n"), C, D)
    for name in (A, B, C, D):
        assert stage.serial(name) == first[name], name
    assert store.names(httpd, "stash") == []
    assert stage.state(B) == ("lkc", "lkc", False)
    assert "unstashed the certificate" in httpd.log.text(mark)
    assert "SSLCertificateFile" in httpd.log.text(mark)
    assert pebble.orders() == 4

    # http and OKC, with nothing stashed: provisioned. Until then OKC serves,
    # also when its line is gone and whatever is restarted in between.
    stage.show(D, okc[O], okc[P], plain(httpd, H))
    own_o, own_p = stage.serial(O), stage.serial(P)
    held = gate.hold("/finalize-order/")
    mark = httpd.log.mark()
    stage.show(D, O, conf.site_conf(httpd, P, https=own(httpd, P)
                                    + "ACMEDomain\n"), H)
    own_p = stage.serial(P)
    held.wait()
    for again in (httpd.graceful, httpd.restart, httpd.graceful, lambda: None):
        assert stage.serial(O) == own_o and stage.serial(P) == own_p
        assert get(httpd, O, https=True).status == 200
        assert get(httpd, P, https=True).status == 200
        assert get(httpd, H, https=True).status == 503
        assert get(httpd, H).status == 200
        assert stage.state(O) == ("okc", "okc", False)
        assert stage.state(H)[:2] == ("http", "none")
        again()
    held.release()
    stage.wait(D, O, P, H)
    assert pebble.orders() == 7
    assert stage.state(O) == ("lkc", "lkc", False)
    assert stage.serial(D) == first[D]


def test_the_rows_with_imports(httpd, pebble):
    """L(stash, import) and L(live, import), from every deployed state."""
    stage = Stage(httpd, pebble)
    okc = conf.site_conf(httpd, A, https=own(httpd, A))
    stage.show(A, D)
    early = stage.wait(A, D)[A]
    stage.show(D)
    # Its pointer is lost: a new certificate is ordered, and the first one
    # archived.
    store.point(httpd, "stash", A, None)
    httpd.stop()
    stage.running = False
    procs.run(["rm", "-f", store.path(httpd, "staging", A),
               store.path(httpd, "jobs", A)])
    stage.show(A, D)
    late = stage.wait(A, D)[A]
    # The worker has noticed that it is live: it is not staged any more.
    procs.wait_until(lambda: not store.names(httpd, "staging"), 30,
                     "an empty staging")
    assert early != late and pebble.orders() == 3
    with open(store.path(httpd, "archive", A, "2", "cert.pem"),
              encoding="ascii") as file:
        assert tls.Served(file.read()).serial == late
    before = {"none": [D], "http": [plain(httpd, A), D], "okc": [okc, D]}
    for deployed, sites in before.items():
        for stashed, imported in ((None, 2), (1, 2), (2, 1)):
            stage.show(*sites)
            store.point(httpd, "stash", A, stashed)
            store.point(httpd, "import", A, imported)
            stage.show(A, D)
            assert stage.serial(A) == late, (deployed, stashed, imported)
            assert store.names(httpd, "stash") == []
            assert store.names(httpd, "import") == []
    for live, imported in ((1, 2), (2, 1)):
        store.point(httpd, "live", A, live)
        store.point(httpd, "import", A, imported)
        stage.show(A, D)
        assert stage.serial(A) == late
        assert store.names(httpd, "import") == []
    # An import for a site that wants none yet is stashed, whatever the site
    # has.
    for sites in before.values():
        stage.show(*sites)
        store.point(httpd, "stash", A, None)
        store.point(httpd, "import", A, 2)
        stage.show(*sites)
        assert store.serial(httpd, "stash", A) == late
        assert store.names(httpd, "import") == []
    stage.show(A, D)
    assert stage.serial(A) == late
    assert pebble.orders() == 3


def test_a_certificate_is_known_by_its_names(httpd, pebble):
    """The site is renamed, its first name changed, it is merged, split, and
    has a wildcard on port 80."""
    stage = Stage(httpd, pebble)
    stage.show((A, B), C)
    first = stage.wait(A, C)
    assert pebble.orders() == 2
    # Its first name changes, then it has a new file and virtual host.
    stage.show((B, A), C)
    assert stage.serial(A) == stage.serial(B) == first[A]
    assert store.names(httpd, "live") == [B, C]
    # Only one of its names remains.
    stage.show(A, C)
    assert stage.serial(A) == first[A]
    # Split: both sites serve it, each with files of its own.
    stage.show((A, B), C)
    stage.show(A, B, C)
    assert stage.serial(A) == stage.serial(B) == first[A]
    assert store.names(httpd, "live") == [A, B, C]
    # Merged again: it covers all.
    stage.show((A, B), C)
    assert stage.serial(A) == stage.serial(B) == first[A]
    assert pebble.orders() == 2
    # Merged with names that it does not cover: it is served, and one order is
    # needed.
    stage.show((A, B, C))
    wide = tls.wait_for_serial(httpd.https_port, A, first[A])
    assert wide.names == [A, B, C]
    assert pebble.orders() == 3
    # Split from that: no order.
    stage.show((A, B), C)
    assert pebble.orders() == 3
    assert stage.serial(A) == wide.serial
    assert stage.serial(C) in (first[C], wide.serial)


def test_a_hundred_are_removed_and_brought_back(httpd, pebble):
    sites = ["s%d.test" % i for i in range(100)]
    # By hand, because the server leaves twenty times as long between two
    # restarts as one of them took, and a hundred sites are not ready at once.
    stage = Stage(httpd, pebble, ACMEParallelOrders=25,
                  ACMEActivation="manual")
    stage.show("stays.test", *sites)
    first = {name: shown.serial for name, shown in activate_by_hand(
        httpd, pebble, "stays.test", *sites).items()}
    orders = pebble.orders()
    assert orders == 101
    mark = httpd.log.mark()
    stage.show("stays.test")
    assert store.names(httpd, "stash") == sorted(sites)
    # One notice instead of a hundred.
    notices = [line for line in httpd.log.text(mark).splitlines()
               if "acme:notice" in line and "ACME05" in line]
    assert len(notices) == 1 and "100 of 101" in notices[0]
    httpd.restart()
    stage.show("stays.test", *sites)
    for name in sites:
        assert stage.serial(name) == first[name]
    assert store.names(httpd, "stash") == []
    assert pebble.orders() == orders
    assert pebble.accounts() == 1


def test_an_expired_one_is_deleted_not_unstashed(make_httpd, make_pebble):
    pebble = make_pebble(validity=90)
    httpd = make_httpd(pebble)
    stage = Stage(httpd, pebble, ACMERenewWindow="1s")
    # The next certificate of the other site waits for the restart.
    httpd.allow_log("ACME0897: %s: .* waits for activation" % D)
    stage.show(A, D)
    first = stage.wait(A, D)
    stage.show(D)
    assert store.names(httpd, "stash") == [A]
    with open(store.path(httpd, "stash", A, "cert.pem"),
              encoding="ascii") as file:
        end = tls.Served(file.read()).not_after
    procs.wait_until(lambda: time.time() > end.timestamp() + 1,
                     60, "its expiry")
    stage.show(A, D)
    assert not stage.served(A).by_pebble
    assert get(httpd, A, https=True).status == 503
    second = stage.wait(A)[A]
    assert second != first[A]
    # The CA's clock has passed the time since: it is deleted, with its key,
    # and nothing is logged.
    mark = httpd.log.mark()
    httpd.graceful()
    assert store.names(httpd, "stash") == []
    assert "1" not in os.listdir(store.path(httpd, "archive", A))
    assert not httpd.log.lines("acme:(info|notice|warn|error).*ACME05", mark)


def test_two_instances_never_share_a_store(make_httpd, pebble):
    httpd = make_httpd(pebble)
    stage = Stage(httpd, pebble)
    stage.show(A, D)
    first = stage.wait(A, D)
    other = make_httpd()
    other.expect_log("ACME0101: .* belongs to the server .*acmectl")
    other.configure(conf.managed_conf(
        other, pebble, D, ACMEStoreDir='"%s"' % httpd.path("store")))
    other.start()
    # It serves the certificates in the store, changes nothing and orders
    # nothing.
    assert tls.served(other.https_port, D).serial == first[D]
    assert store.names(httpd, "stash") == []
    assert store.names(httpd, "live") == [A, D]
    other.stop()
    httpd.graceful()
    assert stage.serial(A) == first[A]
    assert pebble.orders() == 2
    # What acmectl adopt does.
    httpd.stop()
    os.unlink(store.path(httpd, "owner"))
    third = make_httpd(pebble)
    third.configure(conf.managed_conf(
        third, pebble, D, ACMEStoreDir='"%s"' % httpd.path("store")))
    third.start()
    assert store.names(httpd, "stash") == [A]
