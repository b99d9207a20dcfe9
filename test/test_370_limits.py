# SPDX-License-Identifier: Apache-2.0

"""Rate limits are kept: a site that waits says until when, and a restart
forgets nothing."""

import email.utils
import time

from acme_env import acmectl, conf, procs, status
from acme_env.journey import activate_by_hand

SITES = ["a%d.test" % i for i in range(6)]


def waiting(httpd):
    shown = {}
    for name in SITES:
        site = status.of(httpd, name)
        if "limits" in site:
            until = email.utils.parsedate_to_datetime(site["limits"]["until"])
            shown[name] = until.timestamp()
            assert "ACMERateLimit" in site["limits"]["waits-for"]
    return shown


def test_first_certificates_wait_for_the_limit(httpd, pebble):
    """4 in an hour, of which a quarter is kept for renewals: 3 now, then one
    every 15 minutes."""
    httpd.configure(conf.managed_conf(httpd, pebble, *SITES,
                                      ACMEActivation="manual",
                                      ACMERateLimit="4/1h"))
    httpd.expect_log("ACME0875: .*4 orders in 1 hour")
    begun = time.time()
    httpd.start()
    wait_for(lambda: pebble.orders() == 3 and len(waiting(httpd)) == 3)
    times = sorted(waiting(httpd).values())
    assert begun + 13 * 60 < times[0] < time.time() + 16 * 60
    assert [round((b - a) / 60) for a, b in zip(times, times[1:])] == [15, 15]
    # A restart changes nothing.
    held = waiting(httpd)
    ready = [name for name in SITES if name not in held]
    activate_by_hand(httpd, pebble, *ready)
    httpd.graceful()
    time.sleep(3)
    assert pebble.orders() == 3
    assert waiting(httpd) == held
    # A renewal goes first, with the part that was kept for renewals.
    httpd.expect_log("ACME0875: .*4 orders in 1 hour")
    assert acmectl.run(httpd, "renew", ready[0], "--force").status == 0
    assert pebble.orders() == 4
    # Then the limit is exhausted.
    result = acmectl.run(httpd, "renew", ready[1], "--force", "--timeout", "5")
    assert result.status == 1
    assert pebble.orders() == 4


def wait_for(condition):
    procs.wait_until(condition, 60, lambda: "the limit to hold", interval=0.3)


def test_without_a_limit_nothing_waits(httpd, pebble):
    httpd.configure(conf.managed_conf(httpd, pebble, *SITES,
                                      ACMEActivation="manual",
                                      ACMERateLimit="off"))
    httpd.start()
    activate_by_hand(httpd, pebble, *SITES)
    assert pebble.orders() == len(SITES)
    assert not waiting(httpd)
