# SPDX-License-Identifier: Apache-2.0

"""Profiles, and other changes of the certificate that is wanted."""

import pytest

from acme_env import conf, status
from acme_env.bench import until
from acme_env.journey import activate_by_hand, wait_until_served
from acme_env.rule import problem

SHOP, BLOG = "shop.test", "blog.test"
HOUR = 3600
PROFILES = {"classic": {"description": "as ever",
                        "validityPeriod": 90 * 24 * HOUR},
            "shortlived": {"description": "six days",
                           "validityPeriod": 160 * HOUR}}


@pytest.fixture
def pebble(make_pebble):
    return make_pebble(config={"profiles": PROFILES})


def life(served):
    return (served.not_after - served.not_before).total_seconds()


def configure(httpd, pebble, **changes):
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP,
                                      ACMEActivation="manual", **changes))


def change(httpd, pebble, **changes):
    """Changes the configuration; returns what is served after one more order.
    """
    configure(httpd, pebble, **changes)
    mark, orders = httpd.log.mark(), pebble.orders()
    httpd.graceful()
    httpd.wait_for_log("%s: certificate ready" % SHOP, mark=mark)
    httpd.graceful()
    assert pebble.orders() == orders + 1
    return wait_until_served(httpd, pebble, SHOP)[SHOP]


def test_a_profile_and_its_change(make_httpd, pebble):
    httpd = make_httpd(pebble)
    configure(httpd, pebble, ACMEProfile="shortlived",
              ACMEProfileMandatory="on")
    httpd.start()
    first = activate_by_hand(httpd, pebble, SHOP)[SHOP]
    assert abs(life(first) - 160 * HOUR) < HOUR
    said = status.of(httpd, SHOP)
    assert said["profile"] == "shortlived"
    assert said["state"] == 2
    # It is renewed at half of its life.
    used = until(said["renew-at"], first.not_before.timestamp())
    assert abs(used - life(first) / 2) < 60
    # Restarts change nothing, another profile does.
    mark = httpd.log.mark()
    httpd.graceful()
    httpd.wait_for_log("%s: idle: renewed in" % SHOP, mark=mark)
    assert pebble.orders() == 1
    second = change(httpd, pebble, ACMEProfile="classic")
    assert abs(life(second) - 90 * 24 * HOUR) < HOUR


def test_another_kind_of_key_is_ordered_at_once(make_httpd, pebble):
    httpd = make_httpd(pebble)
    configure(httpd, pebble)
    httpd.start()
    first = activate_by_hand(httpd, pebble, SHOP)[SHOP]
    second = change(httpd, pebble, ACMEPrivateKeys="P-384")
    assert second.serial != first.serial and second.key == "384"
    assert "P-384" in status.of(httpd, SHOP)["cert"]


def test_a_mandatory_profile_that_is_not_offered(make_httpd, pebble):
    httpd = make_httpd(pebble)
    configure(httpd, pebble, ACMEProfile="eternal", ACMEProfileMandatory="on")
    httpd.expect_log(r"ACME0340: %s: .*no profile eternal.*classic" % SHOP)
    httpd.start()
    said = status.wait_for(httpd, SHOP, lambda s: s["state"] == 5)
    assert "invalidProfile" in status.problem(said)
    assert "shortlived" in status.problem(said)
    assert pebble.orders() == 0


def test_one_that_is_no_must_is_done_without(make_httpd, pebble):
    httpd = make_httpd(pebble)
    configure(httpd, pebble, ACMEProfile="eternal")
    httpd.expect_log(r"ACME0805: %s: .*no profile eternal" % SHOP)
    httpd.start()
    activate_by_hand(httpd, pebble, SHOP)
    httpd.wait_for_log("%s: idle: renewed in" % SHOP)
    assert pebble.orders() == 1


def test_one_that_the_ca_offers_and_refuses(make_httpd, pebble, gate):
    """A profile that is refused is logged once, or the order is made without
    it."""
    body, content_type = problem("invalidProfile", "not for you")
    gate.answer("/order-plz", 400, body, content_type, naming="profile")
    httpd = make_httpd(pebble)
    httpd.configure(conf.managed_conf(
        httpd, pebble,
        *[conf.site_conf(httpd, name, https="ACMEDomain\n"
                         "ACMEProfileMandatory %s\n" % mandatory)
          for name, mandatory in ((SHOP, "on"), (BLOG, "off"))],
        ACMECertificateAuthority=gate.directory, ACMEProfile="classic",
        ACMEActivation="manual"))
    httpd.expect_log(r"ACME0340: %s: .*not for you" % SHOP)
    httpd.expect_log(r"ACME0811: %s: .*not for you" % BLOG)
    httpd.start()
    activate_by_hand(httpd, pebble, BLOG)
    said = status.wait_for(httpd, SHOP, lambda s: s["state"] == 5)
    assert "invalidProfile" in status.problem(said)
    assert "choose a profile" in said["renewal"]["last"]["to-fix"]
    assert "next-run" not in said["renewal"]
    asked = [(order["identifiers"][0]["value"], order.get("profile"))
             for order in gate.said("/order-plz")]
    assert sorted(asked, key=str) == [(BLOG, "classic"), (BLOG, None),
                                      (SHOP, "classic")]
