# SPDX-License-Identifier: Apache-2.0

"""The worker's process crashes at a site, each time it gets to it."""

import re

import pytest

from acme_env import acmectl, conf, preload, procs, status
from acme_env.journey import wait_until_served, worker_pid

pytestmark = pytest.mark.personalities

GOOD, BAD = "good.test", "bad.test"


def test_no_crash_loop(httpd, pebble):
    """The crash counts as a failure of this site, with all that follows from
    one. The others are served meanwhile."""
    # A sanitizer would make an exit of the crash.
    httpd.more_env = {"LD_PRELOAD": preload.build(httpd.dir, "crash"),
                      "CRASH_AT": "/keys/" + BAD,
                      "ASAN_OPTIONS": "detect_leaks=0:handle_segv=0"}
    httpd.configure(conf.managed_conf(httpd, pebble, GOOD, BAD,
                                      conf.status_conf(),
                                      ACMEActivation="manual",
                                      ACMERetryDelay="5s"))
    httpd.expect_log("AH0005[12]: .* exit signal Segmentation fault")
    httpd.expect_log("ACME0341: %s: .*ended unexpectedly, 3 times" % BAD)
    httpd.start()
    # No restart is made meanwhile, because it would begin to count anew.
    httpd.wait_for_log("%s: certificate ready" % GOOD)
    httpd.wait_for_log("ACME0341: %s" % BAD)

    def counted():
        """Each crash from the third on is a failure, with its wait. The next
        child may log the failure before the parent logs the crash."""
        said = httpd.log.text()
        failures = said.count("ACME0341: %s" % BAD)
        crashes = len(re.findall("AH0005[12]: child pid .* exit signal", said))
        return crashes - failures in (2, 3)
    procs.wait_until(counted, procs.GIVE_UP, httpd.log.tail)
    site = status.of(httpd, BAD)
    assert site["renewal"]["errors"] >= 1
    assert "mod_acme:error:crash" in status.problem(site)
    httpd.more_env = {}
    httpd.restart()
    wait_until_served(httpd, pebble, GOOD)
    httpd.wait_for_log("%s: certificate ready" % BAD)
    httpd.graceful()
    wait_until_served(httpd, pebble, BAD)
    assert pebble.orders() == 2


def test_acmectl_waits_for_the_next_worker(httpd, pebble):
    """It begins some seconds after the one before it was killed."""
    httpd.allow_log("exit signal Killed")
    httpd.configure(conf.managed_conf(httpd, pebble, GOOD))
    httpd.start()
    wait_until_served(httpd, pebble, GOOD)
    # By what it says the worker's child is known.
    httpd.wait_for_log("ACME0347: %s" % GOOD)
    httpd.kill_child(worker_pid(httpd))
    acmectl.ok(httpd, "renew", GOOD, "--force")
    assert pebble.orders() == 2
