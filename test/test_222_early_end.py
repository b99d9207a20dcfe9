# SPDX-License-Identifier: Apache-2.0

"""A child that is ended before it has begun."""

import os

import pytest

from acme_env import conf, install, preload, procs
from acme_env.httpd import START_SERVERS
from acme_env.journey import wait_until_served

SHOP = "shop.test"

PLACES = [(mpm, place) for mpm in ("event", "worker", "prefork")
          for place in ("getpid", "initgroups")]
# In child_init, where httpd has blocked all signals: that is relied on.
PLACES.append(("prefork", "pthread_create"))


@pytest.mark.parametrize("mpm, place", PLACES)
def test_no_exit_in_the_middle_of_a_call(make_httpd, pebble, mpm, place):
    """SIGTERM comes in the middle of a function of libc's. What runs at exit()
    must not run above it, because it frees what that one is about to make: the
    library aborts there, and the log would have AH00052."""
    httpd = make_httpd(pebble, mpm=mpm)
    if place == "initgroups" and not (os.geteuid() == 0
                                      and install.httpd_user()):
        pytest.skip("nobody changes his groups")
    count = httpd.path("run", "ended")
    httpd.more_env = {"LD_PRELOAD": preload.build(httpd.dir, "end_in"),
                      "END_IN": place, "END_COUNT": count}
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP))
    os.chmod(httpd.path("run"), 0o777)
    httpd.start()
    # The first two have been ended, and others have come in their place.
    procs.wait_until(
        lambda: os.path.exists(count) and os.path.getsize(count)
        >= 2 + START_SERVERS and len(httpd.children()) >= START_SERVERS,
        120, "children in the place of those that were ended")
    wait_until_served(httpd, pebble, SHOP, timeout=120)
