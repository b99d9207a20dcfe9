# SPDX-License-Identifier: Apache-2.0

"""A child that is ended before it has begun, or while a thread is busy."""

import os
import socket

import pytest

from acme_env import conf, install, preload, procs, responder
from acme_env.httpd import START_SERVERS
from acme_env.journey import wait_until_served
from acme_env.ports import free_port

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


def keep_thread(httpd, function):
    """Lets the thread that calls the function not come back from it."""
    late = httpd.path("run", "late")
    httpd.more_env = {"LD_PRELOAD": preload.build(httpd.dir, "late"),
                      "LATE": late, "LATE_IN": function}
    os.chmod(httpd.path("run"), 0o777)
    return late


@pytest.mark.parametrize("mpm", ("event", "worker", "prefork"))
def test_no_exit_handler_beside_the_worker(make_httpd, fake, mpm):
    """The worker's thread does not end in time. Exit handlers of libraries free
    what it uses, and the child would crash."""
    httpd = make_httpd(fake, mpm=mpm)
    late = keep_thread(httpd, "curl_multi_init")
    httpd.configure(conf.managed_conf(httpd, fake, SHOP))
    httpd.start()
    procs.wait_until(lambda: os.path.exists(late + ".inside"), procs.GIVE_UP,
                     "the worker begins")
    httpd.stop()
    assert not os.path.exists(late + ".handlers")
    assert not httpd.log.lines("AH00052")


@pytest.mark.parametrize("mpm", ("event", "worker", "prefork"))
def test_no_exit_handler_beside_the_dns_responder(make_httpd, fake, mpm):
    """As above, with the thread that answers for ACMEDnsResponder."""
    httpd = make_httpd(fake, mpm=mpm)
    late = keep_thread(httpd, "ldns_wire2pkt")
    port = free_port()
    httpd.configure(conf.managed_conf(
        httpd, fake, SHOP, ACMECAChallenges="dns-01", ACMERenewMode="manual",
        ACMEDnsResponder="127.0.0.1:%d acme.test ns.test" % port))
    httpd.start()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(responder.query("acme.test"), ("127.0.0.1", port))
        procs.wait_until(lambda: os.path.exists(late + ".inside"),
                         procs.GIVE_UP, "a query is read")
    httpd.stop()
    assert not os.path.exists(late + ".handlers")
    assert not httpd.log.lines("AH00052")
