# SPDX-License-Identifier: Apache-2.0

"""A store whose owners or modes were changed: what a start can repair it
repairs, else log and every status say what is wrong and what mends it."""

import os
import shutil
import subprocess
import time

import pytest

from acme_env import acmectl, conf, install, status, tls
from acme_env.journey import activate_by_hand, get
from acme_env.procs import wait_until

SHOP = "shop.test"
WORKERS = ("accounts", "challenges", "dns", "jobs", "keys", "locks",
           "notes", "staging")

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="chown needs root")


def served(httpd, pebble, *sites, **changes):
    httpd.allow_log("ACME0313: ")
    httpd.configure(conf.managed_conf(
        httpd, pebble, *sites, extra='<Location "/acme-metrics">\n'
        "SetHandler acme-metrics\n</Location>\n", ACMEActivation="manual",
        **changes))
    httpd.start()
    return activate_by_hand(httpd, pebble, *sites)


def chown_all(folder, user, group):
    subprocess.run(["chown", "-R", "%s:%s" % (user, group), folder],
                   check=True)


def owners(folder):
    """{path: (owner, mode)} of the worker's folders and files."""
    found = {}
    for kind in WORKERS:
        for base, _, names in os.walk(os.path.join(folder, kind)):
            for path in [base] + [os.path.join(base, n) for n in names]:
                info = os.lstat(path)
                found[path] = (info.st_uid, info.st_mode & 0o7777)
    return found


def uid():
    return int(subprocess.run(["id", "-u", install.httpd_user()[0]],
                              stdout=subprocess.PIPE, check=True).stdout)


def metrics(httpd):
    return dict(line.rsplit(" ", 1) for line in get(
        httpd, "localhost", "/acme-metrics").body.splitlines()
        if not line.startswith("#"))


@needs_root
def test_a_chown_of_the_store_is_repaired_at_the_next_start(httpd, pebble):
    before = served(httpd, pebble, SHOP)[SHOP]
    store = httpd.path("store")
    # What was put there by httpd's user is not given back.
    chown_all(store, "root", "root")
    planted = os.path.join(store, "jobs", "planted")
    with open(planted, "w", encoding="ascii") as file:
        file.write("acme-store 1 0123456789abcdef\nroot's own")
    outside = httpd.write("outside", "root's own", 0o600)
    os.symlink(outside, os.path.join(store, "jobs", "link"))
    os.link(outside, os.path.join(store, "jobs", "hard"))
    httpd.expect_log("ACME0511: .*/jobs/.* is left alone .2 such files.")
    # All surfaces know before the worker has met it.
    result = acmectl.run(httpd, "status")
    assert result.status == acmectl.FAILED and "! the server: blocked: " \
        "nothing can be ordered or renewed: %s/" % store in result.out
    assert "to fix: restart the server (apachectl graceful)" in result.out
    assert acmectl.run(httpd, "status", SHOP).status == acmectl.FAILED
    assert "unusable" in status.fetch(httpd)[1]
    assert status.of(httpd, SHOP)["judgement"]["level"] == "blocked"
    shown = metrics(httpd)
    assert (shown["acme_store_usable"], shown["acme_ordering"],
            shown["acme_level"]) == ("0", "0", "4")
    page = get(httpd, "localhost", "/server-status").body
    assert "<strong>blocked: nothing can be ordered or renewed" in page
    # And acmectl does not say that there is no server.
    result = acmectl.run(httpd, "renew", SHOP, "--force", "--timeout", "5")
    assert result.status == acmectl.FAILED
    assert "a server is running with this store" in result.err
    assert "apachectl graceful" in result.err
    mark = httpd.log.mark()
    httpd.graceful()
    assert len(httpd.log.lines("ACME0510: ", mark)) == 1
    alone = {planted, os.path.join(store, "jobs", "link"),
             os.path.join(store, "jobs", "hard")}
    for path, (owner, mode) in owners(store).items():
        if path in alone:
            assert owner == 0, path
        else:
            assert owner == uid(), path
            assert mode == (0o700 if os.path.isdir(path) else 0o600), path
    assert os.stat(outside).st_uid == 0
    assert acmectl.ok(httpd, "status").out.startswith("  %s: ok: " % SHOP)
    orders = pebble.orders()
    acmectl.ok(httpd, "renew", SHOP, "--force")
    httpd.graceful()
    tls.wait_for_serial(httpd.https_port, SHOP, before.serial)
    assert pebble.orders() == orders + 1 and pebble.accounts() == 1


@needs_root
def test_the_worker_says_it_once_per_back_off(httpd, pebble):
    """And it does not wake five times a second, whoever asks."""
    httpd.expect_log("ACME0313: worker: nothing can be ordered or renewed "
                     "since .*what to do: restart the server")
    served(httpd, pebble, SHOP)
    chown_all(httpd.path("store"), "root", "root")
    folder = httpd.path("store", "outbox")
    wait_until(lambda: os.utime(folder) or httpd.log.lines("ACME0313"), 60,
               httpd.log.tail, interval=0.1)
    for _ in range(30):
        os.utime(folder)
        time.sleep(0.1)
    assert len(httpd.log.lines("ACME0313")) == 1
    shown = status.fetch(httpd)[1]
    assert "since" in shown["unusable"]
    assert shown["judgement"]["to-fix"].startswith("restart the server")


@needs_root
def test_all_folders_of_another_user_are_told_at_once(httpd, pebble):
    served(httpd, pebble, SHOP)
    httpd.stop()
    for kind in WORKERS:
        shutil.chown(httpd.path("store", kind), 12345)
    httpd.expect_log("ACME0101: .*accounts, staging, challenges, dns, jobs, "
                     "keys, notes, locks belongs to user 12345, .*what to do: "
                     "chown -R %d:" % uid())
    httpd.start()
    assert tls.served(httpd.https_port, SHOP).by_pebble
    result = acmectl.run(httpd, "status")
    assert result.status == acmectl.FAILED
    assert "belongs to user 12345" in result.out
    command = httpd.log.lines("what to do: chown")[0].split(
        "what to do: ", 1)[1].split(", then restart", 1)[0]
    subprocess.run(command.split(), check=True)
    httpd.graceful()
    acmectl.ok(httpd, "status")


@needs_root
def test_modes_and_a_read_only_file_system(httpd, pebble):
    """A filled store that cannot be written; what is there is served."""
    store = httpd.path("store")
    os.makedirs(store)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m,mode=711", "tmpfs",
                    store], check=True)
    try:
        served(httpd, pebble, SHOP)
        subprocess.run(["chmod", "-R", "u-w,a+rX", os.path.join(store, "jobs"),
                        os.path.join(store, "locks")], check=True)
        assert acmectl.run(httpd, "status").status == acmectl.FAILED
        httpd.graceful()
        acmectl.ok(httpd, "status")
        assert {mode for path, (_, mode) in owners(store).items()
                if not os.path.isdir(path)} == {0o600}
        httpd.stop()
        subprocess.run(["mount", "-o", "remount,ro", store], check=True)
        httpd.expect_log("ACME0101: .*read-only.*remount,rw")
        result = acmectl.run(httpd, "status")
        assert "is read-only" in result.out and "remount,rw" in result.out
        httpd.start()
        assert tls.served(httpd.https_port, SHOP).by_pebble
        assert acmectl.run(httpd, "status").status == acmectl.FAILED
        assert metrics(httpd)["acme_store_usable"] == "0"
        assert len(httpd.log.lines("ACME0101")) == 1
        subprocess.run(["mount", "-o", "remount,rw", store], check=True)
        httpd.graceful()
        acmectl.ok(httpd, "status")
        # And one that is full while a certificate waits.
        with open(os.path.join(store, "ballast"), "wb", 0) as file:
            with pytest.raises(OSError):
                while True:
                    file.write(b"x" * 4096)
        result = acmectl.run(httpd, "status", SHOP)
        assert result.status == acmectl.FAILED and "is full" in result.out
        assert "unusable" in status.fetch(httpd)[1]
        os.unlink(os.path.join(store, "ballast"))
        httpd.stop()
    finally:
        subprocess.run(["umount", "-l", store], check=True)
