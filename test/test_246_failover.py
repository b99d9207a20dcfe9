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

"""Several CAs: the next one is asked when one fails by its own fault."""

import time

import pytest

from acme_env import conf, status
from acme_env.journey import activate_by_hand

SHOP = "shop.test"


@pytest.fixture
def second(pebble, make_pebble):
    """A CA beside `pebble`, which validates at the same ports."""
    return make_pebble(http_port=pebble.http_port, tls_port=pebble.tls_port)


def configure(httpd, first, second, directory=None, **changes):
    """Both trusted, both validating at this server."""
    trust = ""
    for pebble in (first, second):
        with open(pebble.ca_file, encoding="ascii") as file:
            trust += file.read()
    httpd.write("conf/trust.pem", trust)
    changes.setdefault("ACMEActivation", "manual")
    httpd.configure(conf.managed_conf(
        httpd, first, SHOP,
        ACMECertificateAuthority="%s %s" % (directory or first.directory,
                                            second.directory),
        ACMECACertificateFile='"%s"' % httpd.path("conf", "trust.pem"),
        **changes))


def test_a_ca_that_is_away(httpd, pebble, second):
    pebble.stop()
    configure(httpd, pebble, second)
    httpd.expect_log(r"ACME034[12]: ")
    httpd.expect_log(r"ACME0380: .*asked instead")
    begun = time.time()
    httpd.start()
    activate_by_hand(httpd, second, SHOP)
    assert time.time() - begun < 30
    assert second.orders() == 1 and second.accounts() == 1
    # Back at the first for what comes next; nothing comes now.
    said = status.wait_for(httpd, SHOP, lambda s: s["ca"]["current"]
                           == pebble.directory)
    assert said["ca"]["urls"] == [pebble.directory, second.directory]
    pebble.start()
    time.sleep(3)
    assert pebble.orders() == 0 and second.orders() == 1


def test_a_ca_whose_limit_is_exhausted(httpd, pebble, second, gate):
    gate.answer("/order-plz", 429,
                '{"type":"urn:ietf:params:acme:error:rateLimited",'
                '"detail":"too many","status":429}',
                content_type="application/problem+json",
                headers=[("Retry-After", "3600"), ("Replay-Nonce", "none")])
    configure(httpd, pebble, second, directory=gate.directory,
              ACMERetryFailover="1")
    httpd.expect_log(r"ACME0380: .*too many")
    httpd.start()
    activate_by_hand(httpd, second, SHOP)
    assert gate.count("/order-plz") == 1
    assert second.orders() == 1


def test_what_is_wrong_with_the_site_stays_with_the_first(httpd, pebble, second):
    pebble.break_name(SHOP)
    configure(httpd, pebble, second)
    httpd.expect_log(r"ACME0341: ")
    httpd.start()
    status.wait_for(httpd, SHOP,
                    lambda s: s["renewal"]["errors"] >= 2, timeout=60)
    assert second.requests("/dir") == 0
