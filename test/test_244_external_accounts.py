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

"""Accounts that are bound to external ones; nothing shows the key."""

import json
import os

import pytest

from acme_env import conf, status
from acme_env.journey import activate_by_hand

SHOP, BLOG = "shop.test", "blog.test"
KEYS = {"kid-1": "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ"
                 "12W",
        "kid-2": "b10lLJs8l1GPIzsLP0s6pMt8O0XVGnfTaCeROxQM0BIt2XrJMDHJZBM5NuQmQ"
                 "JQH"}


@pytest.fixture
def ca(make_pebble):
    return make_pebble(config={"externalAccountBindingRequired": True,
                               "externalAccountMACKeys": KEYS})


def assert_hidden(httpd):
    """No key in the log, in any status, nor in what configtest says."""
    shown = httpd.log.text() + json.dumps(status.fetch(httpd)[1]) \
        + json.dumps(status.of(httpd, SHOP)) + httpd.configtest()[1]
    for key in KEYS.values():
        assert key not in shown


def test_inline_and_an_account_for_each(make_httpd, ca):
    httpd = make_httpd(ca)
    sites = ""
    for name, kid in ((SHOP, "kid-1"), (BLOG, "kid-2")):
        sites += conf.site_conf(httpd, name, https=(
            "ACMEDomain\nACMEExternalAccountBinding %s %s\n"
            % (kid, KEYS[kid])))
    httpd.configure(conf.managed_conf(httpd, ca, sites,
                                      ACMEActivation="manual"))
    httpd.start()
    activate_by_hand(httpd, ca, SHOP, BLOG)
    assert ca.accounts() == 2
    assert status.of(httpd, SHOP)["eab"] == {"kid": "kid-1"}
    assert_hidden(httpd)


def test_from_a_file_for_root_alone(make_httpd, ca):
    httpd = make_httpd(ca)
    path = httpd.write("conf/eab.json", json.dumps(
        {"kid": "kid-1", "hmac": KEYS["kid-1"]})) \
        or httpd.path("conf", "eab.json")
    os.chmod(path, 0o600)
    httpd.configure(conf.managed_conf(
        httpd, ca, SHOP, ACMEActivation="manual",
        ACMEExternalAccountBinding='"%s"' % path))
    httpd.start()
    activate_by_hand(httpd, ca, SHOP)
    assert ca.accounts() == 1
    assert status.of(httpd, SHOP)["eab"] == {"kid": "kid-1"}
    assert_hidden(httpd)


def test_a_file_of_no_use_stops_orders_only(make_httpd, ca):
    httpd = make_httpd(ca)
    httpd.configure(conf.managed_conf(
        httpd, ca, SHOP, ACMEExternalAccountBinding="conf/nowhere.json"))
    httpd.expect_log(r"ACME0806: .*nowhere.json")
    httpd.expect_log(r"ACME0340: .*nowhere.json")
    httpd.start()
    status.wait_for(httpd, SHOP, lambda s: s["state"] == 5)
    assert ca.accounts() == 0


@pytest.mark.parametrize("kid, key", [("kid-1", KEYS["kid-2"]),
                                      ("kid-9", KEYS["kid-1"])])
def test_one_that_is_refused_is_told_once(make_httpd, ca, kid, key):
    httpd = make_httpd(ca)
    httpd.configure(conf.managed_conf(
        httpd, ca, SHOP, ACMEExternalAccountBinding="%s %s" % (kid, key)))
    httpd.expect_log(r"ACME0340: .*ACMEExternalAccountBinding")
    httpd.start()
    said = status.wait_for(httpd, SHOP, lambda s: s["state"] == 5)
    assert "ACMEExternalAccountBinding" in said["renewal"]["last"]["to-fix"]
    assert ca.requests("/sign-me-up") == 1
    assert_hidden(httpd)
