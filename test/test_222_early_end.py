# SPDX-License-Identifier: Apache-2.0

"""A child that is ended before it has begun."""

import os

import pytest

from acme_env import conf, install, preload, procs
from acme_env.httpd import START_SERVERS
from acme_env.journey import wait_until_served

pytestmark = pytest.mark.personalities

SHOP = "shop.test"

PLACES = [(mpm, place) for mpm in ("event", "worker", "prefork")
          for place in ("getpid", "initgroups")]
# In child_init httpd has blocked all signals, on which the module relies.
PLACES.append(("prefork", "pthread_create"))


@pytest.mark.parametrize("mpm, place", PLACES)
def test_no_exit_in_the_middle_of_a_call(make_httpd, pebble, mpm, place):
    """SIGTERM comes while a child is inside a function of libc. Exit handlers
    must not run then, because they free memory that this function is changing:
    the library would abort, and the log would have AH00052."""
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
    # The first two have been ended, and others have replaced them.
    procs.wait_until(
        lambda: os.path.exists(count) and os.path.getsize(count)
        >= 2 + START_SERVERS and len(httpd.children()) >= START_SERVERS,
        120, "children in the place of those that were ended")
    wait_until_served(httpd, pebble, SHOP, timeout=120)
