# SPDX-License-Identifier: Apache-2.0

"""The clock is set back and forward: nothing is deleted, nothing is ordered.
"""

import pytest

from acme_env import conf, procs, status, store, tls
from acme_env.clock import Clock
from acme_env.journey import wait_until_served

pytestmark = pytest.mark.personalities

A, B = "a.test", "b.test"
DAY = 86400


def test_back_and_forward(make_httpd, make_pebble, room):
    pebble = make_pebble(validity=10 * DAY)
    httpd = make_httpd(pebble)
    httpd.clock = Clock(room)
    httpd.allow_log("ACME0152")
    httpd.configure(conf.managed_conf(httpd, pebble, A, B))
    httpd.start()
    first = wait_until_served(httpd, pebble, A, B)[A].serial
    httpd.configure(conf.managed_conf(httpd, pebble, A))
    httpd.graceful()
    stashed = store.serial(httpd, "stash", B)
    assert stashed
    httpd.stop()

    # Back: it is logged, and nothing happens.
    httpd.clock.turn_to(-40 * DAY)
    mark = httpd.log.mark()
    httpd.start()
    httpd.wait_for_log("ACME0152: the clock of this machine is (40|39) days",
                       mark=mark)
    assert tls.served(httpd.https_port, A).serial == first
    assert store.serial(httpd, "stash", B) == stashed
    httpd.graceful()
    assert store.serial(httpd, "stash", B) == stashed
    httpd.stop()
    assert pebble.orders() == 2

    # Forward: all certificates seem to have expired, but not by the CA's
    # clock.
    httpd.clock.turn_to(20 * DAY)
    httpd.expect_log("the clock of this machine is 2[01] days .*"
                     "ahead of the CA's")
    mark = httpd.log.mark()
    httpd.start()
    assert tls.served(httpd.https_port, A).serial == first
    httpd.wait_for_log("ahead of the CA's: nothing is ordered", mark=mark)
    assert "ahead of the CA" in status.problem(status.of(httpd, A))
    for _ in range(2):
        httpd.graceful()
        assert store.serial(httpd, "stash", B) == stashed
        assert tls.served(httpd.https_port, A).serial == first
    httpd.stop()
    assert pebble.orders() == 2

    # A site that comes back while the clock is wrong needs no order either.
    httpd.configure(conf.managed_conf(httpd, pebble, A, B))
    httpd.start()
    procs.wait_until(lambda: status.of(httpd, B).get("renewal", {})
                     .get("errors"), 30, "the order that is not made")
    assert store.serial(httpd, "stash", B) == stashed
    httpd.stop()
    assert pebble.orders() == 2

    # Set right: all is as before.
    httpd.clock.turn_to(0)
    httpd.start()
    assert tls.served(httpd.https_port, A).serial == first
    assert store.serial(httpd, "live", B) == stashed
    httpd.stop()
    assert pebble.orders() == 2
