# SPDX-License-Identifier: Apache-2.0

"""When the next try is, and for which sites: waits are kept to the second, and
other sites do not wait."""

import json
import os
import subprocess

import pytest

from acme_env import acmectl, procs, rule, status
from acme_env.bench import Bench, until, wait_of
from acme_env.rule import problem

pytestmark = pytest.mark.personalities

URN = "urn:ietf:params:acme:error:"
TIMEOUT = "urn:mod_acme:error:timeout"
POLL = "/my-order/"
WORDS = "the CA says so, and why"
MINUTE, HOUR, DAY = 60, 3600, 86400

# (path, status, Retry-After or a function that makes it, seconds)
NAMED = {
    "directory": ("/dir", 503, "3000", 3000),
    "account": ("/sign-me-up", 429, None, 2 * HOUR),
    "order": ("/order-plz", 429, None, 3 * HOUR),
    "poll": ("/my-order/", 503, "4000", 4000),
    "days": ("/order-plz", 429, str(3 * DAY), 3 * DAY),
    "years": ("/order-plz", 429, str(1000 * DAY), 7 * DAY),
}
SENSELESS = {"word": "soon", "negative": "-5",
             "past": "Thu, 01 Jan 1970 00:00:00 GMT", "sum": "1 + 1"}

SITES = {"named-%s.test" % key: {} for key in NAMED}
SITES.update({"senseless-%s.test" % key: {} for key in SENSELESS})
SITES.update({name: {"ACMEContactEmail": "both@pair.test"}
              for name in ("poor.test", "rich.test", "late.test")})
SITES.update({"other.test": {}, "spare.test": {}})
SITES.update({name: {"ACMEContactEmail": "all@full.test"}
              for name in ("one.full.test", "two.full.test", "six.full.test")})
SITES.update({"not.full.test": {}, "ten.full.test": {}})
SITES["grows.test"] = {}
SITES["quick.test"] = {"ACMERetryDelay": "1s"}
SITES["lost.test"] = {"ACMERetryDelay": "1s"}
SITES.update({key + ".test": {} for key in (
    "forever-pending", "forever-processing", "minutes-seconds", "minutes-date",
    "hours-seconds", "hours-date", "hours-poll")})
for _own in SITES.values():
    _own.setdefault("ACMERetryDelay", "1min")


@pytest.fixture(scope="module")
def bench(base_dir, personality):
    with Bench(os.path.join(base_dir, "waits-" + personality), SITES,
               personality, clock=True) as made:
        yield made


def limit(gate, path, code, retry_after, words=WORDS, **which):
    text, content_type = problem("rateLimited", words)
    gate.answer(path, code, text, content_type,
                [("Retry-After", retry_after)] if retry_after else [], **which)


@pytest.mark.parametrize("case", NAMED)
def test_the_time_that_the_ca_names(bench, case):
    """It is kept over a restart, and then all goes on by itself."""
    name = "named-%s.test" % case
    path, code, value, seconds = NAMED[case]
    bench.begin()
    since = bench.now()
    limit(bench.gate, path, code, value or bench.in_seconds(seconds))
    said = bench.fails(name, faulty=path)
    assert bench.keeps(said["next-run"], seconds, since)
    bench.gate.ask_pebble()
    seen = len(bench.gate.requests)
    bench.httpd.graceful()
    bench.before(until(said["next-run"], 0))
    bench.rest()
    assert len(bench.gate.requests) == seen, bench.gate.requests[seen:]
    assert status.of(bench.httpd, name)["renewal"]["next-run"] \
        == said["next-run"]
    bench.after(until(said["next-run"], 0))
    bench.is_ready(name)
    # The order that could not be fetched is not given up.
    assert bench.gate.orders_of(name) == 1


@pytest.mark.parametrize("case", SENSELESS)
def test_a_time_that_makes_no_sense(bench, case):
    """Then our own wait is used."""
    name = "senseless-%s.test" % case
    bench.begin()
    limit(bench.gate, "/dir", 429, SENSELESS[case])
    assert MINUTE - 1 <= wait_of(bench.fails(name)) <= MINUTE * 1.2 + 1
    bench.gate.ask_pebble()
    bench.succeeds(name)


def test_waits_grow(bench):
    """1, 10, 100 minutes, then once a day; chance adds up to a fifth."""
    bench.begin()
    bench.gate.answer("/dir", 500, "")
    said = bench.fails("grows.test")
    for errors, wait in enumerate((MINUTE, 10 * MINUTE, 100 * MINUTE,
                                   DAY, DAY), 1):
        assert said["errors"] == errors == bench.gate.count("/dir")
        assert wait - 1 <= wait_of(said) <= wait * 1.2 + 1
        due = until(said["next-run"], 0)
        bench.before(due)
        bench.rest()
        assert bench.gate.count("/dir") == errors
        if errors == 5:
            break
        bench.after(due)
        said = status.wait_for(bench.httpd, "grows.test",
                               lambda s, last=errors:
                               s["renewal"]["errors"] > last)["renewal"]
    bench.gate.ask_pebble()
    bench.ahead(DAY)
    bench.is_ready("grows.test")


def test_a_short_delay_and_no_help(bench):
    """The next try comes by itself, and succeeds."""
    bench.begin()
    bench.gate.answer("/dir", 500, "", times=1)
    assert bench.renew("quick.test").status == acmectl.FAILED
    bench.is_ready("quick.test")
    assert bench.gate.count("/dir") == 2


def test_a_limit_stops_whom_it_names(bench):
    """Two sites of an account: the limit is for the names of one of them."""
    bench.begin()
    since = bench.now()
    limit(bench.gate, "/order-plz", 429, "3600", naming="poor.test")
    result = bench.renew("poor.test", "rich.test", "--json")
    assert {site["name"]: site["result"] for site in result.json["sites"]} \
        == {"poor.test": "failed", "rich.test": "ready"}
    said = status.of(bench.httpd, "poor.test")["renewal"]
    assert said["last"]["problem"] == URN + "rateLimited"
    assert said["last"]["detail"] == WORDS
    assert bench.keeps(said["next-run"], HOUR, since)
    # A site that comes later does not wait either.
    bench.succeeds("late.test")
    assert bench.gate.count("/order-plz") == 3
    bench.gate.ask_pebble()
    bench.succeeds("poor.test")


@pytest.mark.parametrize("words, which, held, others", [
    ("too many new orders (300) from this account in the last 3h0m0s, retry "
     "after 2030-01-01 00:00:00 UTC: see https://letsencrypt.org/docs/"
     "rate-limits/#new-orders-per-account", "orders of this account",
     ("one.full.test", "two.full.test"), ("not.full.test",)),
    ('too many certificates (50) already issued for "full.test" in the last '
     "168h0m0s", "certificates for full.test",
     ("six.full.test", "ten.full.test"), ())])
def test_a_limit_stops_all_whom_it_names(bench, words, which, held, others):
    """One site gets the refusal, and the other one does not ask: not even by
    hand, or after a restart. Other sites go on."""
    bench.begin()
    heard, spared = held
    limit(bench.gate, "/order-plz", 429, "600", words=words, naming=heard)
    since = bench.now()
    said = bench.fails(heard, "--force")
    assert bench.keeps(said["next-run"], 10 * MINUTE, since)
    bench.gate.ask_pebble()
    for name in others:
        bench.succeeds(name, "--force")
    bench.httpd.graceful()
    asked = bench.gate.count("/order-plz")
    for name in spared, heard:
        result = acmectl.run(bench.httpd, "renew", "--force", "--timeout",
                             "1", name, env=bench.httpd.env())
        assert result.status == acmectl.FAILED
        said = status.wait_for(bench.httpd, name,
                               lambda s: "limits" in s)["limits"]
        assert which in said["waits-for"]
        assert abs(until(said["until"], bench.now()) - 10 * MINUTE) < MINUTE
    assert bench.gate.count("/order-plz") == asked
    bench.ahead(11 * MINUTE)
    for name in held:
        bench.is_ready(name)
    assert bench.gate.count("/order-plz") == asked + 2


def test_a_limit_of_one_account_is_not_one_of_another(bench):
    bench.begin()
    limit(bench.gate, "/sign-me-up", 429, "3600", naming="admin@other.test")
    bench.fails("other.test")
    bench.succeeds("spare.test")
    bench.gate.ask_pebble()
    bench.succeeds("other.test")


def test_an_account_that_is_always_lost(bench):
    """It is registered again once, and then less and less often; all is well
    when the CA has found it."""
    bench.begin()
    text, content_type = problem("accountDoesNotExist", WORDS)
    bench.gate.answer("/order-plz", 400, text, content_type)
    said = bench.fails("lost.test", faulty="/order-plz", rounds=2)
    assert said["last"]["problem"] == URN + "accountDoesNotExist"
    assert said["last"]["detail"] == WORDS and said["last"]["to-fix"]
    assert bench.gate.count("/order-plz") == bench.gate.count("/sign-me-up") \
        == 2
    seen = len(bench.gate.requests)
    # Its retry sends no request until the account is registered again.
    said = status.wait_for(bench.httpd, "lost.test",
                           lambda s: s["renewal"]["errors"] > 1)["renewal"]
    assert MINUTE - 10 <= wait_of(said) <= MINUTE
    assert len(bench.gate.requests) == seen
    bench.gate.ask_pebble()
    bench.ahead(MINUTE)
    bench.is_ready("lost.test")
    assert bench.gate.count("/sign-me-up") == 3


def still(state, retry_after):
    """An order in this state until it may leave it."""
    change = rule.members(("Retry-After", retry_after), status=state)
    before = ("pending", "ready") if state == "processing" else ()

    def changed(code, headers, body):
        if json.loads(body)["status"] in before:
            return code, headers, body
        return change(code, headers, body)
    return changed


def ask(bench, name):
    """acmectl renew, which waits for the result."""
    return subprocess.Popen(
        [acmectl.program(), "--store", bench.httpd.path("store"), "renew",
         "--timeout", "2h", name], stdout=subprocess.PIPE,
        env=bench.httpd.env())


def wait_until_processing(bench, name):
    bench.httpd.wait_for_log("ACME0401: %s: finalize -> process" % name)


def answer_of(asked):
    said, _ = asked.communicate(timeout=procs.GIVE_UP)
    return asked.returncode, said.decode()


@pytest.mark.parametrize("state", ["pending", "processing"])
def test_an_order_that_does_not_come_to_an_end(bench, state):
    """It is polled for ten minutes, and then there is a pause, after which the
    same order is tried again."""
    name = "forever-%s.test" % state
    bench.begin()
    bench.gate.change(POLL, still(state, "60"))
    asked = ask(bench, name)
    bench.gate.wait_for(POLL)
    if state == "processing":
        wait_until_processing(bench, name)
    bench.ahead(11 * MINUTE)
    code, words = answer_of(asked)
    assert code == acmectl.FAILED and "timeout" in words
    said = status.of(bench.httpd, name)["renewal"]
    assert said["last"]["problem"] == TIMEOUT and said["last"]["to-fix"]
    assert MINUTE - 1 <= wait_of(said) <= MINUTE * 1.2 + 1
    assert bench.gate.count(POLL) <= 8
    bench.assert_bounded(POLL)
    bench.gate.ask_pebble()
    bench.succeeds(name)
    assert bench.gate.orders_of(name) == 1


@pytest.mark.parametrize("case", ["seconds", "date"])
def test_an_order_that_takes_minutes(bench, case):
    """It is polled when the CA says."""
    name = "minutes-%s.test" % case
    bench.begin()
    bench.gate.change("/finalize-order/", still(
        "processing",
        "500" if case == "seconds" else bench.in_seconds(500)))
    asked = ask(bench, name)
    wait_until_processing(bench, name)
    seen = list(bench.gate.requests)
    bench.ahead(200)
    bench.rest()
    assert bench.gate.requests == seen
    bench.ahead(310)
    assert answer_of(asked)[0] == acmectl.DONE
    assert bench.gate.requests[len(seen)][1].startswith(POLL)
    bench.assert_bounded()


@pytest.mark.parametrize("case", ["seconds", "date", "poll"])
def test_an_order_that_takes_hours(bench, case):
    """It is left until then, and goes on with one request."""
    name = "hours-%s.test" % case
    path = POLL if case == "poll" else "/finalize-order/"
    bench.begin()
    bench.gate.change(path, still(
        "processing",
        bench.in_seconds(2 * HOUR) if case == "date" else "7200"))
    since = bench.now()
    said = bench.fails(name)
    assert said["last"]["problem"] == TIMEOUT and said["last"]["to-fix"]
    assert "/my-order/" in said["last"]["detail"]
    assert bench.keeps(said["next-run"], 2 * HOUR, since)
    looks = bench.gate.count(POLL)
    # The same over restarts.
    bench.httpd.graceful()
    bench.comes(name, said, POLL)
    assert bench.gate.count(POLL) == looks + 1
    assert bench.gate.count("/finalize-order/") == 1
    assert bench.gate.orders_of(name) == 1
