# SPDX-License-Identifier: Apache-2.0

"""The child that orders: how it ends, and what may prevent its work."""

import fcntl
import os
import signal
import time

import pytest

from acme_env import conf, preload, procs, status
from acme_env.clock import Clock
from acme_env.journey import wait_until_served, worker_pid

pytestmark = pytest.mark.personalities

SHOP = "shop.test"
MPMS = ("event", "worker", "prefork")
SIGNALS = pytest.mark.parametrize("signum", [signal.SIGUSR1, signal.SIGTERM],
                                  ids=["graceful", "stop"])


def start(make_httpd, pebble, gate, mpm):
    httpd = make_httpd(pebble, mpm=mpm)
    httpd.configure(conf.managed_conf(
        httpd, pebble, SHOP, ACMEActivation="manual",
        ACMECertificateAuthority=gate.directory))
    os.chmod(httpd.path("run"), 0o777)
    httpd.more_env = {"LD_PRELOAD": preload.build(httpd.dir, "steps"),
                      "STEPS": httpd.path("run", "steps")}
    httpd.start()
    return httpd


def steps(httpd, pid):
    """The number of steps of 10 ms for which a child has waited to end."""
    try:
        return os.path.getsize(httpd.path("run", "steps.%d" % pid))
    except FileNotFoundError:
        return 0


def end_child(httpd, signum, meanwhile=lambda pid: None):
    """The number of steps that the worker's child needs to end, and seconds.
    """
    mark = httpd.log.mark()
    pid = worker_pid(httpd)
    begun = time.monotonic()
    os.kill(httpd.pid, signum)
    meanwhile(pid)
    procs.wait_until(lambda: not procs.alive(pid), procs.GIVE_UP,
                     lambda: "the end of child %d" % pid, interval=0.02)
    took = time.monotonic() - begun
    if signum == signal.SIGUSR1:
        httpd.wait_for_restart(mark)
    else:
        httpd.restart()
    return steps(httpd, pid), took


@SIGNALS
@pytest.mark.personalities(share=True)
@pytest.mark.parametrize("mpm", MPMS)
def test_an_order_just_made_is_not_lost(make_httpd, pebble, gate, mpm,
                                        signum):
    """The CA has made it, and its response comes while the child is ending."""
    held = gate.hold("/order-plz", before=False)
    httpd = start(make_httpd, pebble, gate, mpm)
    held.wait()
    hold = httpd.write("run/steps.hold", "")

    def meanwhile(pid):
        # It waits, and longer than for anything else; then comes the answer,
        # and the worker's thread is done.
        procs.wait_until(lambda: steps(httpd, pid) > 60, procs.GIVE_UP,
                         "a child that waits for an answer", interval=0.02)
        threads = procs.threads(pid)
        held.release()
        procs.wait_until(lambda: procs.threads(pid) < threads, procs.GIVE_UP,
                         "the end of the worker's thread", interval=0.02)
        os.unlink(hold)
    end_child(httpd, signum, meanwhile)
    httpd.wait_for_log("%s: certificate ready" % SHOP)
    assert pebble.orders() == 1


@pytest.mark.parametrize("path, least, most", [
    ("/order-plz", 2, 290), ("/authZ/", 0, 100), ("/sign-me-up", 0, 100)])
def test_a_stop_is_not_delayed_for_long(make_httpd, pebble, gate, path,
                                        least, most):
    """Two seconds for an order and nothing for anything else, and no more
    steps than fit before the parent asks a second time, which is after 3 s."""
    held = gate.hold(path)
    httpd = start(make_httpd, pebble, gate, os.environ.get("ACME_MPM"))
    held.wait()
    gone, took = end_child(httpd, signal.SIGTERM)
    held.release()
    assert took >= least and gone < most


def damage_all(httpd):
    """Damages files as a power cut may, before their bytes have reached the
    disk: the worker's mark, the site's job, the staged certificate, and the
    account."""
    count = 0
    for kind in ("jobs", "staging", "accounts"):
        folder = httpd.path("store", kind)
        for name in os.listdir(folder):
            os.truncate(os.path.join(folder, name), 0)
            count += 1
    return count


def test_files_without_bytes_stop_nothing(httpd, pebble):
    """A file that does not open is treated as missing: at worst that causes
    another order."""
    httpd.expect_log("ACME0551: worker: .*jobs.*is damaged")
    httpd.allow_log("ACME0(551|341|342): ")
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP,
                                      ACMEActivation="manual"))
    httpd.start()
    httpd.wait_for_log("%s: certificate ready" % SHOP)
    httpd.stop()
    assert damage_all(httpd) == 4
    os.mkdir(httpd.path("store", "keys", SHOP))
    mark = httpd.log.mark()
    httpd.start()
    httpd.wait_for_log("%s: certificate ready" % SHOP, mark=mark)
    httpd.graceful()
    wait_until_served(httpd, pebble, SHOP, timeout=10)
    assert (pebble.accounts(), pebble.orders()) == (2, 2)


def test_a_lock_that_is_held_for_ever_is_said(httpd, pebble, room):
    """Another process holds it: nothing is ordered, and log and status say so.
    """
    httpd.expect_log("ACME0314: worker: nothing is ordered since "
                     ".*locks/lease.worker")
    httpd.clock = Clock(room)
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP,
                                      ACMEActivation="manual"))
    os.makedirs(httpd.path("store", "locks"), mode=0o700)
    path = httpd.path("store", "locks", "lease.worker")
    with open(path, "w", encoding="ascii") as file:
        os.chmod(path, 0o666)
        fcntl.flock(file, fcntl.LOCK_EX)
        httpd.start()
        time.sleep(3)
        assert "waiting" not in status.fetch(httpd)[1]
        httpd.clock.turn_to(301)
        httpd.wait_for_log("ACME0314: ")
        assert "lease.worker" in status.fetch(httpd)[1]["waiting"]
    httpd.wait_for_log("ACME0315: ")
    httpd.wait_for_log("%s: certificate ready" % SHOP)
    assert "waiting" not in status.fetch(httpd)[1]


def test_a_clock_set_back_delays_no_try(make_httpd, make_pebble, room):
    """The CA was down while the clock was two hours ahead."""
    pebble = make_pebble(start=False)
    httpd = make_httpd(pebble)
    httpd.expect_log("ACME0342: ")
    httpd.clock = Clock(room)
    httpd.clock.turn_to(7200)
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP,
                                      ACMEActivation="manual",
                                      ACMERetryDelay="30min"))
    httpd.start()
    httpd.wait_for_log("ACME0342: ")
    pebble.start()
    httpd.clock.turn_to(0)
    httpd.wait_for_log("%s: certificate ready" % SHOP, timeout=20)


def test_a_clock_set_back_delays_no_activation(httpd, pebble, room):
    """A certificate became ready while the clock was two hours ahead."""
    # The clock is before the last start: it is logged, and nothing is removed
    # for its age.
    httpd.expect_log("ACME0152: ")
    httpd.clock = Clock(room)
    httpd.clock.turn_to(7200)
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP,
                                      ACMEActivationDelay="5s"))
    httpd.start()
    procs.wait_until(
        lambda: status.fetch(httpd)[1]["activation"].get("next"), 30,
        httpd.log.tail)
    httpd.clock.turn_to(0)
    wait_until_served(httpd, pebble, SHOP)


def test_a_secret_that_is_too_large_is_not_called_a_full_disk(httpd, pebble):
    httpd.expect_log("ACME0101: .*secret cannot be read or written: .*large")
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP))
    os.mkdir(httpd.path("store"), 0o700)
    httpd.write("store/secret", "x" * 5000, mode=0o600)
    httpd.start()
    assert "No space" not in status.fetch(httpd)[1]["unusable"]
