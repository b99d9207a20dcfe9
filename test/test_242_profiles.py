# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""Profiles, and what changes the certificate that is wanted."""

import time

import pytest

from acme_env import conf, status, tls
from acme_env.journey import wait_until_served

SHOP = "shop.test"
HOUR = 3600
PROFILES = {"classic": {"description": "as ever",
                        "validityPeriod": 90 * 24 * HOUR},
            "shortlived": {"description": "six days",
                           "validityPeriod": 160 * HOUR}}


@pytest.fixture
def ca(make_pebble):
    return make_pebble(config={"profiles": PROFILES})


def life(served):
    return (served.not_after - served.not_before).total_seconds()


def test_a_profile_and_its_change(make_httpd, ca):
    httpd = make_httpd(ca)
    httpd.configure(conf.managed_conf(httpd, ca, SHOP,
                                      ACMEProfile="shortlived",
                                      ACMEProfileMandatory="on"))
    httpd.start()
    first = wait_until_served(httpd, ca, SHOP)[SHOP]
    assert abs(life(first) - 160 * HOUR) < HOUR
    said = status.of(httpd, SHOP)
    assert said["profile"] == "shortlived"
    assert said["state"] == 2
    # Restarts change nothing, another profile does.
    httpd.graceful()
    time.sleep(2)
    assert ca.orders() == 1
    httpd.configure(conf.managed_conf(httpd, ca, SHOP, ACMEProfile="classic"))
    httpd.graceful()
    second = tls.wait_for_serial(httpd.https_port, SHOP, first.serial,
                                 timeout=60)
    assert abs(life(second) - 90 * 24 * HOUR) < HOUR
    assert ca.orders() == 2


def test_another_kind_of_key_is_ordered_at_once(make_httpd, pebble):
    httpd = make_httpd(pebble)
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP))
    httpd.start()
    first = wait_until_served(httpd, pebble, SHOP)[SHOP]
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP,
                                      ACMEPrivateKeys="P-384"))
    httpd.graceful()
    tls.wait_for_serial(httpd.https_port, SHOP, first.serial, timeout=60)
    assert "P-384" in status.of(httpd, SHOP)["cert"]
    assert pebble.orders() == 2


def test_a_mandatory_profile_that_is_not_offered(make_httpd, ca):
    httpd = make_httpd(ca)
    httpd.configure(conf.managed_conf(httpd, ca, SHOP, ACMEProfile="eternal",
                                      ACMEProfileMandatory="on"))
    httpd.expect_log(r"ACME0340: %s: .*no profile eternal.*classic" % SHOP)
    httpd.start()
    said = status.wait_for(httpd, SHOP, lambda s: s["state"] == 5)
    assert "invalidProfile" in status.problem(said)
    assert "shortlived" in status.problem(said)
    assert ca.orders() == 0


def test_one_that_is_no_must_is_done_without(make_httpd, ca):
    httpd = make_httpd(ca)
    httpd.configure(conf.managed_conf(httpd, ca, SHOP, ACMEProfile="eternal"))
    httpd.expect_log(r"ACME0805: %s: .*no profile eternal" % SHOP)
    httpd.start()
    wait_until_served(httpd, ca, SHOP)
    time.sleep(3)
    assert ca.orders() == 1
