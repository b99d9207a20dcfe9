# SPDX-License-Identifier: Apache-2.0

"""A CA that is down, slow, or refuses some requests. For wrong responses see
test_290_faults.py and the tests after it."""

import pytest

from acme_env import conf, status
from acme_env.bench import until, wait_of
from acme_env.journey import activate_by_hand, get, wait_until_served

pytestmark = pytest.mark.personalities

SHOP, BLOG, BAD = "shop.test", "blog.test", "bad.test"


def errors(said):
    return (said.get("renewal") or {}).get("errors") or 0


def test_half_of_the_nonces_are_rejected(make_httpd, make_pebble):
    pebble = make_pebble(env={"PEBBLE_WFE_NONCEREJECT": "50"})
    httpd = make_httpd(pebble)
    httpd.configure(conf.managed_conf(httpd, pebble, (SHOP, "www.shop.test"),
                                      BLOG, ACMEActivation="manual"))
    httpd.start()
    activate_by_hand(httpd, pebble, SHOP, BLOG)
    assert (pebble.accounts(), pebble.orders()) == (1, 2)


def test_the_ca_is_down_at_start(make_httpd, make_pebble):
    """The server starts and serves, tries with growing delays, and logs it;
    all is well once the CA answers."""
    pebble = make_pebble(start=False)
    httpd = make_httpd(pebble)
    httpd.expect_log(r"acme:(warn|error)")
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP,
                                      ACMERetryDelay="1s"))
    httpd.start()
    assert get(httpd, SHOP).status == 200
    assert get(httpd, SHOP, https=True).status == 503
    said = status.wait_for(httpd, SHOP, lambda s: errors(s) >= 1)
    assert "localhost" in status.problem(said)
    said = status.wait_for(httpd, SHOP, lambda s: errors(s) >= 2)
    # The delays were 1 s, then ten times as much, and up to a fifth by chance.
    delay = 10 ** (errors(said) - 1)
    due = until(said["renewal"]["next-run"], 0)
    assert delay - 1 <= wait_of(said["renewal"]) <= delay * 1.2 + 1
    pebble.start()
    wait_until_served(httpd, pebble, SHOP)
    assert httpd.log.time_of("%s: certificate ready" % SHOP) >= due
    assert pebble.orders() == 1


def test_one_bad_name_delays_no_other(httpd, pebble):
    pebble.break_name(BAD)
    httpd.expect_log(r"acme:(warn|error).* %s: " % BAD)
    httpd.configure(conf.managed_conf(httpd, pebble, BAD, SHOP,
                                      ACMEActivation="manual",
                                      ACMERetryDelay="10min"))
    httpd.start()
    activate_by_hand(httpd, pebble, SHOP)
    said = status.of(httpd, BAD)
    assert errors(said) == 1
    last = said["renewal"]["last"]
    assert "urn:ietf:params:acme:error:" in last["problem"]
    assert last["detail"]
    assert "to-fix" in str(said)
    assert pebble.orders() == 2
