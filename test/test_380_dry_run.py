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

"""Dry runs: the whole journey at another CA, and nothing of it stays."""

import json
import os

import pytest

from acme_env import acmectl, conf, procs, status
from acme_env.acmectl import DONE, FAILED, USAGE
from acme_env.journey import activate_by_hand

SHOP, BLOG = "shop.test", "blog.test"


@pytest.fixture
def test_ca(make_pebble, pebble):
    """Validates where the first does."""
    return make_pebble(http_port=pebble.http_port, tls_port=pebble.tls_port)


@pytest.fixture
def server(httpd, pebble, test_ca):
    """Trusts both; one of its sites is renewed by hand only."""
    both = httpd.path("conf", "roots.pem")
    with open(both, "w", encoding="ascii") as out:
        for ca in (pebble, test_ca):
            with open(ca.ca_file, encoding="ascii") as file:
                out.write(file.read())
    httpd.configure(conf.managed_conf(
        httpd, pebble, SHOP, ACMEActivation="manual",
        ACMECACertificateFile='"%s"' % both) + conf.site_conf(
            httpd, BLOG, https="ACMEDomain\nACMERenewMode manual\n"))
    httpd.start()
    activate_by_hand(httpd, pebble, SHOP)
    return httpd


def what_is_live(httpd):
    store = httpd.path("store")
    seen = {kind: acmectl.tree(os.path.join(store, kind))
            for kind in ("live", "archive", "stash", "staging", "keys")}
    seen["status"] = [status.of(httpd, name) for name in (SHOP, BLOG)]
    jobs = acmectl.tree(os.path.join(store, "jobs"))
    seen["jobs"] = {name: data for name, data in jobs.items()
                    if "dry" not in name}
    return json.dumps(seen, sort_keys=True, default=repr)


def at_rest(httpd):
    """Once the worker has settled what was activated."""
    seen = []

    def look():
        seen.append(what_is_live(httpd))
        return len(seen) > 3 and seen[-1] == seen[-2] == seen[-3]
    procs.wait_until(look, 30, lambda: "the server to rest", interval=1)
    return seen[-1]


def dry_run(httpd, ca, *names):
    return acmectl.run(httpd, "renew", *names, "--dry-run", "--ca",
                       ca.directory, "--json")


def test_it_changes_nothing(server, pebble, test_ca):
    before = at_rest(server)
    result = dry_run(server, test_ca, SHOP, BLOG)
    assert result.status == DONE, result
    assert [site["result"] for site in result.json["sites"]] \
        == ["ready", "ready"]
    assert "nothing was changed" in result.json["sites"][0]["detail"]
    assert test_ca.certificates() == 2 and test_ca.accounts() == 1
    assert pebble.certificates() == 1
    assert what_is_live(server) == before
    # A name that does not lead here is told in the CA's words.
    test_ca.break_name(BLOG)
    result = dry_run(server, test_ca, BLOG)
    assert result.status == FAILED
    assert result.json["sites"][0]["result"] == "failed"
    assert "could not resolve" in result.json["sites"][0]["detail"]
    # And a CA that is not there.
    test_ca.stop()
    result = dry_run(server, test_ca, SHOP)
    assert result.status == FAILED
    assert what_is_live(server) == before


def test_what_is_asked_wrongly(server):
    result = acmectl.run(server, "renew", SHOP, "--dry-run")
    assert result.status == FAILED and "--ca URL" in result.err
    result = acmectl.run(server, "renew", SHOP, "--ca", "letsencrypt")
    assert result.status == USAGE and "--dry-run" in result.err
    result = acmectl.run(server, "renew", SHOP, "--dry-run", "--ca", "nobody")
    assert result.status == FAILED and "letsencrypt-test" in result.err
    result = acmectl.run(server, "renew", "other.test", "--dry-run")
    assert result.status == FAILED
    server.stop()
    result = acmectl.run(server, "renew", SHOP, "--dry-run", "--ca",
                         "https://localhost:1/dir")
    assert result.status == FAILED and "no server is running" in result.err
