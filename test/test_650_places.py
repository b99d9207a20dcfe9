# SPDX-License-Identifier: Apache-2.0

"""Where a server may run: without root, inside of ChrootDir, with IPv6 only,
beside another one."""

import json
import os
import re
import shutil

from acme_env import conf, install, procs, status, tls
from acme_env.journey import get, wait_until_served

SHOP, BLOG = "shop.test", "blog.test"


def test_started_without_root(make_httpd, pebble):
    """All runs as one user, and one notice says what that means."""
    httpd = make_httpd(pebble, as_user=True)
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP))
    httpd.start()
    wait_until_served(httpd, pebble, SHOP)
    httpd.graceful()
    notices = httpd.log.lines("not started by root")
    assert len(notices) == 1 and "[acme:notice]" in notices[0], notices
    store = os.stat(httpd.path("store"))
    assert store.st_mode & 0o777 == 0o700
    if install.httpd_user():
        assert store.st_uid != 0
    assert get(httpd, SHOP, https=True, ca=pebble.root_file).status == 200


def load_libgcc():
    """glibc loads it when a thread ends, which httpd does not prepare."""
    known = procs.run(["/sbin/ldconfig", "-p"]).stdout
    found = re.search(r"libgcc_s\.so\.1 .*=> (\S+)", known)
    return "LoadFile %s\n" % found.group(1) if found else ""


def test_chroot(make_httpd, pebble):
    """The children see the store under another path. Only root can do this."""
    if os.geteuid() != 0:
        return
    httpd = make_httpd(pebble)
    ca_file = shutil.copy(pebble.ca_file, httpd.path("ca.pem"))
    for name in ("hosts", "nsswitch.conf"):
        if os.path.exists("/etc/" + name):
            os.makedirs(httpd.path("etc"), exist_ok=True)
            shutil.copy("/etc/" + name, httpd.path("etc"))
    httpd.configure(conf.managed_conf(
        httpd, pebble, SHOP,
        extra="ChrootDir %s\n%s" % (httpd.dir, load_libgcc()),
        ACMECACertificateFile='"%s"' % ca_file))
    httpd.start()
    wait_until_served(httpd, pebble, SHOP)
    assert status.of(httpd, SHOP)["site"] == "lkc"
    # Files that the children cannot find are not made in another place.
    assert sorted(os.listdir(httpd.path("store", "live"))) == [SHOP]
    assert pebble.orders() == 1


def test_ipv6_only(make_httpd, make_pebble):
    pebble = make_pebble(ipv6=True)
    httpd = make_httpd(pebble)
    text = httpd.base_conf() + conf.managed_conf(httpd, pebble, SHOP)
    httpd.configure(text.replace("127.0.0.1", "[::1]"), base=False)
    httpd.start()

    def served():
        try:
            shown = tls.served(httpd.https_port, SHOP, host="::1")
        except OSError:
            return None
        return shown.by_pebble
    procs.wait_until(served, 60, lambda: httpd.log.tail())
    tls.verify(httpd.https_port, SHOP, pebble.root_file, host="::1")


def test_two_servers_on_one_store(make_httpd, pebble):
    """The second server serves the certificates, changes nothing and says so.
    """
    first = make_httpd(pebble)
    first.configure(conf.managed_conf(first, pebble, SHOP))
    first.start()
    mine = wait_until_served(first, pebble, SHOP)[SHOP]
    owner = first.path("store", "owner")
    assert os.stat(owner).st_mode & 0o777 == 0o600
    with open(owner, encoding="utf-8") as file:
        before = file.read()
    assert json.loads(before) == {
        "config": first.path("conf/httpd.conf"), "server-root": first.dir,
        "pid-file": first.path("run/httpd.pid")}

    second = make_httpd()
    second.expect_log(r"acme:error.*ACME0101: .*%s.*acmectl adopt"
                      % re.escape(first.path("conf/httpd.conf")))
    second.configure(conf.managed_conf(
        second, pebble, SHOP, BLOG,
        ACMEStoreDir='"%s"' % first.path("store")))
    second.start()
    assert tls.served(second.https_port, SHOP).serial == mine.serial
    assert not tls.served(second.https_port, BLOG).by_pebble
    assert get(second, BLOG, https=True).status == 503
    with open(owner, encoding="utf-8") as file:
        assert file.read() == before
    assert not os.path.exists(first.path("store", "jobs", BLOG))
    # The first one is not disturbed.
    first.graceful()
    assert tls.served(first.https_port, SHOP).serial == mine.serial
    assert first.log.lines("ACME0101") == []
    assert pebble.orders() == 1

    # The store belongs to the second server now.
    first.stop()
    os.unlink(owner)
    mark = second.log.mark()
    second.graceful()
    assert second.log.lines("ACME0101", mark) == []
    with open(owner, encoding="utf-8") as file:
        assert json.load(file)["server-root"] == second.dir
    assert tls.served(second.https_port, SHOP).serial == mine.serial
    # It orders now; the orders fail, because Pebble validates at other ports.
    second.allow_log("acme:(warn|error).*%s" % BLOG)
    procs.wait_until(lambda: pebble.orders() >= 2, 30, second.log.tail)


def test_a_store_that_others_could_replace(httpd, pebble):
    """Somebody else may write in a folder above it."""
    above = httpd.path("above")
    os.makedirs(os.path.join(above, "mine"))
    httpd.configure(conf.managed_conf(
        httpd, pebble, SHOP,
        ACMEStoreDir='"%s"' % os.path.join(above, "mine", "store")))
    for mode, warned in ((0o755, False), (0o777, True), (0o1777, False),
                         (0o775, True), (0o700, False)):
        os.chmod(above, mode)
        status_, said = httpd.configtest()
        assert status_ == 0, said
        assert ("ACME0136" in said) is warned, (oct(mode), said)
    if os.geteuid() == 0 and install.httpd_user():
        shutil.chown(above, *install.httpd_user())
        assert "%s (owner " % above in httpd.configtest()[1]
