# SPDX-License-Identifier: Apache-2.0

"""A certificate goes live, and an administrator takes it back before the worker
has cleared what was staged: nothing is wrong, and it does not come back."""

import contextlib
import fcntl
import os

from acme_env import acmectl, conf, procs, status, store, tls
from acme_env.journey import activate_by_hand

BACK, GONE, TWICE = "back.test", "gone.test", "twice.test"
SITES = (BACK, GONE, TWICE)


@contextlib.contextmanager
def lease_taken(httpd):
    """Nobody may act, and so nobody clears."""
    with open(store.path(httpd, "locks", "lease.worker"), "rb+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def test_nothing_is_refused(make_httpd, fake):
    httpd = make_httpd(fake)
    httpd.configure(conf.managed_conf(httpd, fake, *SITES,
                                      ACMEActivation="manual"))
    httpd.start()
    first = activate_by_hand(httpd, fake, *SITES)
    procs.wait_until(lambda: not store.names(httpd, "staging"), procs.GIVE_UP,
                     "the worker clears")
    mark = httpd.log.mark()
    for name in SITES:
        acmectl.ok(httpd, "renew", name, "--force")
        httpd.wait_for_log("%s: certificate ready" % name, mark=mark)
    httpd.stop()
    orders = len(fake.ca["ca"].orders)
    httpd.allow_log("nothing is ordered since")
    with lease_taken(httpd):
        httpd.start()
        for name in SITES:
            assert tls.served(httpd.https_port, name).serial \
                != first[name].serial
        acmectl.ok(httpd, "rollback", BACK)
        acmectl.ok(httpd, "delete", GONE, "--force")
        acmectl.ok(httpd, "rollback", TWICE)
        httpd.graceful()
        acmectl.ok(httpd, "rollback", TWICE, "--generation", "2")
        httpd.graceful()
        acmectl.ok(httpd, "rollback", TWICE, "--generation", "1")
        httpd.graceful()
        assert store.names(httpd, "staging") == sorted(SITES)
        assert not httpd.log.lines("ACME0104")
        mark = httpd.log.mark()
    httpd.graceful()
    # One is ordered for the site that has none, and nothing else.
    httpd.wait_for_log("%s: certificate ready" % GONE, mark=mark)
    procs.wait_until(lambda: store.names(httpd, "staging") == [GONE],
                     procs.GIVE_UP, "the worker clears")
    httpd.graceful()
    assert len(fake.ca["ca"].orders) == orders + 1
    for name in BACK, TWICE:
        assert tls.served(httpd.https_port, name).serial == first[name].serial
        said = status.of(httpd, name)
        assert not said["renewal"]["errors"]
        assert not os.path.exists(store.path(httpd, "staging", name))
