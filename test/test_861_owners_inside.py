# SPDX-License-Identifier: Apache-2.0

"""Owners and modes inside of the store that a chown, a chmod or a copy has
changed: a start sets right what is root's, too."""

import os
import shutil
import subprocess

import pytest

from acme_env import acmectl, conf, install, tls
from acme_env.journey import activate_by_hand
from acme_env.procs import wait_until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="chown needs root")

SHOP = "shop.test"
ROOTS = ("live", "stash", "import", "archive", "desired", "outbox", "secret",
         "sites", "owner")


def run(*argv):
    subprocess.run(argv, check=True)


def chmod_open(store, keep):
    """Others could have held the lock, and read the secret."""
    run("chmod", "-R", "777", store)


def chmod_closed(store, keep):
    run("chmod", "-R", "600", store)


def copied(store, keep):
    """By root with another umask, and by name with links."""
    shutil.rmtree(store)
    run("sh", "-c", 'umask 077; cp -r "$0" "$1"', keep, store)


def chown_inside(store, keep):
    run("sh", "-c", 'chown -R "$0" "$1"/*', install.httpd_user()[0], store)


CHANGES = [(chmod_open, ["0190", "0113"]), (chmod_closed, []), (copied, []),
           (chown_inside, ["0161"])]


def check(httpd, pebble, change, tags):
    """Changes the store of a server that is stopped, and starts it."""
    store, keep = httpd.path("store"), httpd.path("keep")
    run("cp", "-a", store, keep)
    change(store, keep)
    shutil.rmtree(keep)
    for tag in tags:
        httpd.expect_log("ACME%s: %s/" % (tag, store))
    mark = httpd.log.mark()
    httpd.start()
    before = tls.served(httpd.https_port, SHOP)
    assert before.by_pebble
    assert len(httpd.log.lines("ACME0510: ", mark)) == 1
    assert acmectl.ok(httpd, "status").out.startswith("  %s: ok: " % SHOP)
    for name in ROOTS:
        info = os.lstat(os.path.join(store, name))
        assert (info.st_uid, info.st_mode & 0o22) == (0, 0), name
    for base, _, names in os.walk(os.path.join(store, "archive", SHOP)):
        for name in names:
            assert os.lstat(os.path.join(base, name)).st_uid == 0
    orders = pebble.orders()
    acmectl.ok(httpd, "renew", SHOP, "--force")
    httpd.graceful()
    tls.wait_for_serial(httpd.https_port, SHOP, before.serial)
    assert pebble.orders() == orders + 1 and pebble.accounts() == 1
    # It is said once, and not again at the next start.
    assert len(httpd.log.lines("ACME0510: ", mark)) == 1
    assert len(httpd.log.lines("ACME0161: ", mark)) == ("0161" in tags)
    httpd.stop()


def test_after_a_start_all_works(httpd, pebble):
    httpd.allow_log("ACME0313: ")
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP,
                                      ACMEActivation="manual"))
    httpd.start()
    activate_by_hand(httpd, pebble, SHOP)
    httpd.stop()
    for change, tags in CHANGES:
        check(httpd, pebble, change, tags)


def test_a_folder_of_requests_that_cannot_be_read(httpd, pebble):
    """Said once, not at each turn of the worker."""
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP,
                                      ACMEActivation="manual"))
    httpd.start()
    activate_by_hand(httpd, pebble, SHOP)
    httpd.wait_for_log("ACME0311: %s: idle: renewed in" % SHOP)
    folder = httpd.path("store", "outbox")
    os.chmod(folder, 0o700)
    httpd.expect_log("ACME0360: requests of acmectl are not seen until ")

    def seen():
        """Wakes the worker, until it has met the folder again and again."""
        os.utime(folder)
        return len(httpd.log.lines("ACME0360: ")) > 3
    wait_until(seen, 60, httpd.log.tail, interval=0.1)
    assert len(httpd.log.lines("acme:warn.*ACME0360: ")) == 1
    httpd.graceful()
    assert len(httpd.log.lines("ACME0510: ")) == 1
    acmectl.ok(httpd, "renew", SHOP, "--force")
