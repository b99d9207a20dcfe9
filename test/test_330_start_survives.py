# SPDX-License-Identifier: Apache-2.0

"""Whatever is wrong around it, the server starts and serves its certificates.
"""

import os
import shutil
import subprocess

import pytest

from acme_env import conf, install, tls
from acme_env.journey import live_file, wait_until_served

pytestmark = pytest.mark.personalities

SHOP, NEW = "shop.test", "new.test"
LEVEL3 = "DEFAULT@SECLEVEL=3"


def fill(folder):
    with open(os.path.join(folder, "ballast"), "wb", 0) as file:
        with pytest.raises(OSError):
            while True:
                file.write(b"x" * 4096)


# All outside of the test's folder is read-only for the server.
NO_OTHER_PLACE = """
for dir in /tmp /var/tmp /dev/shm /run; do
    mount --rbind $dir $dir && mount -o remount,bind,ro $dir
done
mount --rbind "$0" "$0" && mount -o remount,bind,rw "$0"
cd /dev/shm && exec "$@"
"""


def own_mounts():
    """A command that gives a server mounts of its own, or None if that is not
    possible. In a chroot / is not a mount, and cannot be made private; then
    all mounts have to be private."""
    argv = ["unshare", "-m"]
    if os.geteuid() != 0 or not shutil.which("unshare"):
        return None
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        if "shared:" not in file.read():
            argv += ["--propagation", "unchanged"]
    return argv


def test_a_full_disk(httpd, pebble):
    """With a certificate, and with a new site that waits for its first."""
    unshare = own_mounts()
    if not unshare:
        return
    full = httpd.path("full")
    os.makedirs(full)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=755", "tmpfs",
                    full], check=True)
    try:
        argv = httpd.argv
        httpd.argv = lambda *more: unshare + [
            "sh", "-c", NO_OTHER_PLACE, os.path.dirname(httpd.dir)] \
            + argv(*more)
        store = '"%s/store"' % full
        httpd.configure(conf.managed_conf(httpd, pebble, SHOP,
                                          ACMEStoreDir=store))
        httpd.start()
        wait_until_served(httpd, pebble, SHOP)
        httpd.allow_log("acme:(warn|error)")
        fill(full)
        httpd.restart()
        assert tls.served(httpd.https_port, SHOP).by_pebble
        httpd.configure(conf.managed_conf(
            httpd, pebble, SHOP, NEW, ACMEStoreDir=store,
            ACMERenewMode="manual"))
        httpd.graceful()
        assert not tls.served(httpd.https_port, NEW).by_pebble
        httpd.restart()
        assert tls.served(httpd.https_port, SHOP).by_pebble
        httpd.stop()
    finally:
        subprocess.run(["umount", "-l", full], check=True)


def test_folders_that_others_may_write(httpd, pebble):
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP))
    httpd.start()
    wait_until_served(httpd, pebble, SHOP)
    store = httpd.path("store")
    for name in ("live", "archive"):
        os.chmod(os.path.join(store, name), 0o770)
    httpd.expect_log("ACME0190: .*/live could be written by others")
    httpd.expect_log("ACME0190: .*/archive could be written by others")
    httpd.restart()
    assert tls.served(httpd.https_port, SHOP).by_pebble
    assert os.stat(os.path.join(store, "live")).st_mode & 0o777 == 0o700
    if os.geteuid() == 0:
        shutil.chown(store, *install.httpd_user())
        httpd.expect_log("ACME0101: .* belongs to user")
        httpd.restart()
        assert tls.served(httpd.https_port, SHOP).by_pebble
        httpd.expect_log("ACME0105: .* nothing is ordered: .*may be written")
        os.chmod(live_file(httpd, SHOP, "privkey.pem"), 0o660)
        httpd.graceful()
        assert not tls.served(httpd.https_port, SHOP).by_pebble


def test_a_secret_that_is_a_folder(httpd, pebble):
    os.makedirs(httpd.path("store", "secret"))
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP))
    httpd.expect_log("ACME0101: .*/secret is no regular file")
    httpd.start()


def test_a_security_level_that_p256_does_not_meet(httpd, pebble):
    """The placeholder has to load, because the server does not start
    otherwise."""
    httpd.configure(conf.managed_conf(
        httpd, pebble, SHOP, "SSLCipherSuite DEFAULT@SECLEVEL=4\n",
        ACMEPrivateKeys="P-384", ACMERetryDelay="1h"))
    httpd.allow_log("ACME0340: %s: .*with SECLEVEL=4 no server could" % SHOP)
    httpd.start()
    httpd.wait_for_log("ACME0340: %s" % SHOP)


def test_a_security_level_that_the_certificate_does_not_meet(httpd, pebble):
    """Pebble's intermediate has an RSA key of 2048 bits."""
    httpd.expect_log("ACME0340: %s: .*with SECLEVEL=3 no server could" % NEW)
    httpd.configure(conf.managed_conf(
        httpd, pebble, conf.site_conf(
            httpd, SHOP, https="ACMEDomain\nSSLCipherSuite DEFAULT\n"),
        conf.site_conf(httpd, NEW), "SSLCipherSuite %s\n" % LEVEL3,
        ACMERetryDelay="1h"))
    httpd.start()
    wait_until_served(httpd, pebble, SHOP)
    httpd.wait_for_log("ACME0340: %s" % NEW)
    assert not tls.served(httpd.https_port, NEW).by_pebble
    httpd.expect_log("ACME0105: %s: .* another is ordered: .*SECLEVEL=3" % SHOP)
    httpd.allow_log("ACME0340: %s" % SHOP)
    httpd.configure(conf.managed_conf(
        httpd, pebble, conf.site_conf(
            httpd, SHOP, https="ACMEDomain\nSSLOpenSSLConfCmd CipherString %s\n"
            % LEVEL3), ACMERetryDelay="1h"))
    httpd.restart()
    assert not tls.served(httpd.https_port, SHOP).by_pebble


def test_what_was_not_loaded_is_tried_again(httpd, pebble):
    """mod_ssl refuses, here because of other files. All is well when these are
    repaired, and nothing is ordered."""
    good = conf.managed_conf(httpd, pebble, NEW, ACMEActivation="manual")
    bad = good + conf.site_conf(
        httpd, "other.test", https="SSLCertificateFile %s\n"
        "SSLCertificateKeyFile %s\n" % (pebble.ca_file, pebble.ca_file))
    httpd.configure(good)
    httpd.start()
    httpd.wait_for_log("%s: certificate ready" % NEW)
    orders = pebble.orders()
    httpd.configure(bad)
    httpd.expect_log("ssl:emerg")
    httpd.allow_log("ssl:error|AH00020|AH00016|AH00098")
    with pytest.raises(AssertionError):
        httpd.graceful(10)
    assert os.path.exists(httpd.path("store", "unproven"))
    httpd.configure(good)
    httpd.start()
    assert tls.served(httpd.https_port, NEW).by_pebble
    assert httpd.log.lines("ACME0133: %s: the last start ended" % NEW)
    assert pebble.orders() == orders
    for name in ("unproven", "refused", "loading"):
        assert not os.path.exists(httpd.path("store", name))


def test_an_edit_that_would_end_the_server(httpd, pebble):
    """-t by hand succeeds; our own restart waits, and comes later."""
    good = conf.managed_conf(httpd, pebble, NEW, ACMEActivationDelay="4s")
    bad = good + "Listen 127.0.0.1:%d\n" % pebble.port + conf.site_conf(
        httpd, "other.test", https="SSLCertificateFile %s\n"
        "SSLCertificateKeyFile %s\n" % (
            pebble.ca_file, shutil.copy(pebble.key_file, httpd.path("k.pem"))))
    subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-out", httpd.path("k.pem")],
                   check=True, stderr=subprocess.DEVNULL)
    httpd.configure(good)
    httpd.start()
    httpd.configure(bad)
    assert httpd.configtest()[0] == 0
    httpd.expect_log("ACME0201: .*ACME0194: Listen 127.0.0.1 %d: "
                     ".*ACME0195: other.test" % pebble.port)
    httpd.wait_for_log("ACME0201")
    assert httpd.is_running() and not httpd.restarts()
    httpd.configure(good)
    wait_until_served(httpd, pebble, NEW)
