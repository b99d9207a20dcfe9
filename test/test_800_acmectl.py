# SPDX-License-Identifier: Apache-2.0

"""acmectl beside a running server: list, status, wait, renew, rollback,
delete, adopt; exit statuses and JSON."""

import json
import os
import re

import pytest

from acme_env import acmectl, conf, procs, tls
from acme_env.acmectl import DONE, FAILED, NOTHING, USAGE
from acme_env.journey import generations, wait_until_served

pytestmark = pytest.mark.personalities

SHOP, BLOG = "shop.test", "blog.test"


def started(httpd, pebble, *sites, **changes):
    httpd.configure(conf.managed_conf(httpd, pebble, *sites, **changes))
    httpd.start()
    return httpd


def test_usage_and_help():
    assert acmectl.run("/nowhere").status == USAGE
    assert acmectl.run("/nowhere", "dance").status == USAGE
    assert acmectl.run("/nowhere", "list", "--dance").status == USAGE
    assert acmectl.run("/nowhere", "list", "--force").status == USAGE
    assert acmectl.run("/nowhere", "rollback").status == USAGE
    assert acmectl.run("/nowhere", "renew", "--force").status == USAGE
    assert acmectl.run("/nowhere", "wait", "--timeout", "soon").status == USAGE
    assert acmectl.run("/nowhere", "export").status == USAGE
    assert acmectl.run("/nowhere", "import", "--from", "acme.sh",
                       "/x").status == USAGE
    result = acmectl.run("/nowhere", "--help")
    assert result.status == DONE and "rollback NAME" in result.out
    result = acmectl.run("/nowhere", "list")
    assert result.status == FAILED and "/nowhere" in result.err


def test_wait_list_and_status(httpd, pebble):
    started(httpd, pebble, (SHOP, "www." + SHOP), BLOG)
    result = acmectl.ok(httpd, "wait", "--json", "--timeout", "120")
    assert {site["name"]: site["result"] for site in result.json["sites"]} \
        == {SHOP: "served", BLOG: "served"}
    # Its output is true.
    assert tls.served(httpd.https_port, SHOP).by_pebble
    assert tls.served(httpd.https_port, BLOG).by_pebble
    sites = {site["name"]: site
             for site in acmectl.ok(httpd, "list", "--json").json["sites"]}
    assert sorted(sites) == [BLOG, SHOP]
    assert sites[SHOP]["site"] == "lkc"
    assert sorted(sites[SHOP]["live"]["names"]) == [SHOP, "www." + SHOP]
    assert sites[SHOP]["live"]["serial"].lstrip("0") == \
        tls.served(httpd.https_port, SHOP).serial.lstrip("0")
    assert SHOP in acmectl.ok(httpd, "list").out
    status = acmectl.ok(httpd, "status", "--json").json
    assert status["server"] is True and status["needs-attention"] == 0
    assert [site["state"] for site in status["managed-domains"]] == [2, 2]
    assert {site["deployed"] for site in status["managed-domains"]} == {"lkc"}
    one = acmectl.ok(httpd, "status", "www." + SHOP, "--json").json
    assert one["name"] == SHOP and one["needs-attention"] is False
    assert re.match(r"  %s: ok: valid until \S+Z\n +next: renewed in .*, at "
                    r"\S+Z\n$" % SHOP, acmectl.ok(httpd, "status", SHOP).out)
    assert acmectl.ok(httpd, "status").out.endswith("2 certificates: 2 ok\n")
    assert acmectl.ok(httpd, "status", "--attention").out == \
        "0 certificates:\n"
    # No key is in the output.
    everything = acmectl.ok(httpd, "list", "--json").out + json.dumps(status)
    assert "PRIVATE KEY" not in everything
    assert acmectl.run(httpd, "status", "other.test").status == FAILED
    assert acmectl.run(httpd, "status", "not a name").status == FAILED


def test_wait_tells_what_failed_and_why(httpd, pebble):
    pebble.break_name(SHOP)
    httpd.expect_log(r"ACME\d+: %s: " % SHOP)
    started(httpd, pebble, SHOP, BLOG, ACMERetryDelay="10min")
    acmectl.ok(httpd, "wait", BLOG, "--timeout", "120")
    result = acmectl.run(httpd, "wait", "--json", "--timeout", "3")
    assert result.status == FAILED
    failed = {site["name"]: site for site in result.json["sites"]}
    assert failed[BLOG]["result"] == "served"
    assert failed[SHOP]["result"] == "waiting"
    assert SHOP in failed[SHOP]["detail"]
    result = acmectl.run(httpd, "status")
    assert result.status == FAILED and "! " + SHOP in result.out
    # A second request is tried at once, and succeeds.
    pebble.repair_name(SHOP)
    result = acmectl.ok(httpd, "renew", SHOP, "--json")
    assert result.json["sites"][0]["result"] == "ready"
    acmectl.ok(httpd, "wait", "--timeout", "120")
    assert acmectl.run(httpd, "status").status == DONE


def test_renew(httpd, pebble):
    started(httpd, pebble, SHOP)
    old = wait_until_served(httpd, pebble, SHOP)[SHOP]
    orders = pebble.orders()
    # Nothing is due.
    result = acmectl.run(httpd, "renew")
    assert result.status == NOTHING and "nothing is due" in result.out
    result = acmectl.run(httpd, "renew", SHOP, "--json")
    assert result.status == NOTHING
    assert result.json["sites"][0]["result"] == "not-due"
    assert pebble.orders() == orders
    mark = httpd.log.mark()
    result = acmectl.ok(httpd, "renew", SHOP, "--force")
    assert len(httpd.log.lines("%s: certificate ready" % SHOP, mark)) == 1
    assert pebble.orders() == orders + 1
    new = tls.wait_for_serial(httpd.https_port, SHOP, old.serial)
    assert new.by_pebble
    # It was done once, and no file is left.
    httpd.graceful()
    mark = httpd.log.mark()
    httpd.restart()
    httpd.wait_for_log("ACME0311: %s: idle" % SHOP, mark=mark)
    assert pebble.orders() == orders + 1
    assert os.listdir(httpd.path("store", "outbox")) == []
    assert acmectl.run(httpd, "renew", "other.test").status == FAILED


def test_a_failing_renewal_says_why(httpd, pebble):
    started(httpd, pebble, SHOP)
    wait_until_served(httpd, pebble, SHOP)
    httpd.expect_log(r"ACME\d+: ")
    pebble.stop()
    result = acmectl.run(httpd, "renew", SHOP, "--force", "--json")
    assert result.status == FAILED
    assert result.json["sites"][0]["result"] == "failed"
    assert re.search(r"next try \S+ \S+ UTC; to fix: check that this server "
                     "reaches", result.json["sites"][0]["detail"])
    said = acmectl.run(httpd, "status", SHOP)
    assert said.status == FAILED and re.match(
        r"! %s: failing: valid until \S+Z; failed 1 time since \S+Z: .*\n"
        r" +next: tried again in .*, at \S+Z\n +to fix: check that this server "
        r"reaches.*; then acmectl renew %s\n$" % (SHOP, SHOP), said.out)


def test_manual_sites_are_ordered_when_asked(httpd, pebble):
    started(httpd, pebble, SHOP, ACMERenewMode="manual")
    result = acmectl.run(httpd, "wait", "--timeout", "120")
    assert result.status == FAILED and "manual" in result.err
    assert pebble.orders() == 0
    acmectl.ok(httpd, "renew")
    wait_until_served(httpd, pebble, SHOP)
    assert pebble.orders() == 1


def test_no_server(httpd, pebble):
    started(httpd, pebble, SHOP)
    wait_until_served(httpd, pebble, SHOP)
    httpd.stop()
    result = acmectl.run(httpd, "renew", SHOP, "--force")
    assert result.status == FAILED and "no server is running" in result.err
    status = acmectl.ok(httpd, "status", "--json").json
    assert status["server"] is False
    assert os.listdir(httpd.path("store", "outbox")) == []


def test_rollback_is_picked_up_and_pinned(httpd, pebble):
    started(httpd, pebble, SHOP)
    first = wait_until_served(httpd, pebble, SHOP)[SHOP]
    assert acmectl.run(httpd, "rollback", SHOP).status == NOTHING
    acmectl.ok(httpd, "renew", SHOP, "--force")
    second = tls.wait_for_serial(httpd.https_port, SHOP, first.serial)
    orders = pebble.orders()
    result = acmectl.ok(httpd, "rollback", SHOP, "--json")
    assert result.json["generation"] == 1
    back = tls.wait_for_serial(httpd.https_port, SHOP, second.serial)
    assert back.serial == first.serial
    # It stays over restarts, and nothing is ordered.
    mark = httpd.log.mark()
    httpd.graceful()
    httpd.wait_for_log("ACME0311: %s: idle" % SHOP, mark=mark)
    assert tls.served(httpd.https_port, SHOP).serial == first.serial
    assert pebble.orders() == orders
    assert acmectl.ok(httpd, "list", "--json").json["sites"][0]["pinned"]
    assert generations(httpd, SHOP) == [1, 2]
    assert acmectl.run(httpd, "rollback", SHOP, "--generation",
                       "1").status == NOTHING
    assert acmectl.run(httpd, "rollback", SHOP, "--generation",
                       "9").status == FAILED
    # Until acmectl asks for another one.
    acmectl.ok(httpd, "renew", SHOP, "--force")
    third = tls.wait_for_serial(httpd.https_port, SHOP, first.serial)
    assert third.serial not in (first.serial, second.serial)


def test_delete(httpd, pebble):
    started(httpd, pebble, SHOP, BLOG)
    wait_until_served(httpd, pebble, SHOP, BLOG)
    result = acmectl.run(httpd, "delete", SHOP)
    assert result.status == FAILED and "--force" in result.err
    httpd.configure(conf.managed_conf(httpd, pebble, BLOG))
    httpd.graceful()
    sites = {site["name"]: site
             for site in acmectl.ok(httpd, "list", "--json").json["sites"]}
    assert "stash" in sites[SHOP] and "live" in sites[BLOG]
    assert acmectl.ok(httpd, "delete", SHOP, "--json").json["removed"] == 1
    assert acmectl.run(httpd, "delete", SHOP).status == NOTHING
    names = [site["name"]
             for site in acmectl.ok(httpd, "list", "--json").json["sites"]]
    assert names == [BLOG]


def test_what_was_deleted_does_not_come_back(httpd, pebble):
    """httpd's user puts back a copy of the sealed certificate that it has
    kept."""
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP,
                                      ACMEActivation="manual"))
    httpd.start()
    httpd.wait_for_log("%s: certificate ready" % SHOP)
    staged = httpd.path("store", "staging", SHOP)
    kept = httpd.path("kept")
    procs.run(["cp", "-a", staged, kept])
    httpd.graceful()
    wait_until_served(httpd, pebble, SHOP)
    httpd.stop()
    acmectl.ok(httpd, "delete", SHOP, "--force")
    procs.run(["cp", "-a", kept, staged])
    httpd.expect_log("ACME0104: .*%s: .*replaced or removed" % SHOP)
    httpd.allow_log("ACME0341: %s" % SHOP)
    httpd.start()
    assert not tls.served(httpd.https_port, SHOP).by_pebble
    httpd.stop()


def test_adopt(httpd, pebble):
    started(httpd, pebble, SHOP)
    wait_until_served(httpd, pebble, SHOP)
    result = acmectl.run(httpd, "adopt")
    assert result.status == FAILED and "stop it first" in result.err
    httpd.stop()
    assert acmectl.run(httpd, "adopt", "--json").status == DONE
    assert acmectl.run(httpd, "adopt").status == NOTHING
    httpd.start()
    assert tls.served(httpd.https_port, SHOP).by_pebble
