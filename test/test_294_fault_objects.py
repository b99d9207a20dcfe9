# SPDX-License-Identifier: Apache-2.0

"""Contents of a CA's objects: validations that fail, with the CA's words for
each name; orders that take their time; and orders, authorizations and
challenges that make no sense."""

import json
import os

import pytest

from acme_env import rule, status
from acme_env.bench import Bench, wait_of
from acme_env.rule import about, problem

pytestmark = pytest.mark.personalities

URN = "urn:ietf:params:acme:error:"
PROTOCOL = "urn:mod_acme:error:protocol"
WORDS = "the CA says so, and why"
ORDER, AUTHZ = "/my-order/", "/authZ/"

TRIED_AGAIN = ("caa", "connection", "dns", "incorrectResponse", "rateLimited",
               "serverInternal", "tls", "unauthorized", "unheardOf")
# Only a changed configuration helps.
FOR_GOOD = ("rejectedIdentifier", "unsupportedIdentifier")


def authorization_for(name):
    def change(code, headers, body):
        document = json.loads(body)
        document["identifier"]["value"] = name
        return code, headers, json.dumps(document).encode()
    return change


def late(state, still, times):
    """An order that comes to a state after so many requests for it."""
    left = [times]

    def change(code, headers, body):
        if json.loads(body)["status"] != state or left[0] == 0:
            return code, headers, body
        left[0] -= 1
        return rule.members(("Retry-After", "1"), status=still)(
            code, headers, body)
    return change


# The place, and the wrong content.
STRANGE = {
    "order-status": ("/order-plz", rule.members(status="surprised")),
    "order-finalize": (ORDER, rule.members(finalize="http://ca.test/")),
    "order-many": ("/order-plz", rule.members(authorizations=[
        "https://localhost/%d" % i for i in range(2000)])),
    "order-location": ("/order-plz", rule.members(
        ("Location", "javascript:alert(1)"))),
    "authz-status": (AUTHZ, rule.members(status="perhaps")),
    "authz-name": (AUTHZ, authorization_for("bank.test")),
    "authz-challenges": (AUTHZ, rule.members(challenges=[])),
    "challenge-token": (AUTHZ, rule.members(challenges=[
        {"type": "http-01", "status": "pending", "token": "../../etc/passwd",
         "url": "https://localhost/chalZ/1"}])),
}

# (path, final state, state before, how often)
SLOW = {
    "pending": (ORDER, "ready", "pending", 2),
    "processing": (ORDER, "valid", "processing", 2),
    "ready": ("/finalize-order/", "processing", "ready", 1),
    "again": ("/finalize-order/", "processing", "pending", 1),
}

SITES = {"says-%s.test" % kind.lower(): {} for kind in TRIED_AGAIN + FOR_GOOD}
SITES.update({"strange-%s.test" % key: {} for key in STRANGE})
SITES.update({"slow-%s.test" % key: {} for key in SLOW})
SITES.update({"%s.pair.test" % key: {"ServerAlias": "www.%s.pair.test" % key}
              for key in ("validation", "order", "refused", "final", "partly")})
SITES.update({"gone-%s.test" % key: {} for key in
              ("authz", "challenge", "poll", "finalize", "download")})
SITES.update({"silent.test": {}, "early.test": {}, "hostile.test": {}})


@pytest.fixture(scope="module")
def bench(base_dir, personality):
    with Bench(os.path.join(base_dir, "objects-" + personality), SITES,
               personality) as made:
        yield made


def fail_validation(gate, reasons, after=0):
    """reasons: {name: (kind, detail)}"""
    gate.change(ORDER, rule.members(status="invalid"))
    gate.change(AUTHZ, rule.invalid_authorization(reasons), after=after)


def details(said):
    return {sub["identifier"]["value"]: (sub["type"], sub["detail"])
            for sub in said["last"]["subproblems"]}


@pytest.mark.parametrize("kind", TRIED_AGAIN + FOR_GOOD)
def test_a_validation_that_fails(bench, kind):
    name = "says-%s.test" % kind.lower()
    bench.begin()
    fail_validation(bench.gate, {name: (kind, WORDS)}, after=1)
    said = bench.fails(name)
    last = said["last"]
    assert (last["problem"], last["detail"]) == (URN + kind, WORDS)
    assert details(said) == {name: (URN + kind, WORDS)}
    assert last.get("to-fix") or kind == "unheardOf"
    if kind in FOR_GOOD:
        assert wait_of(said) is None
    else:
        assert 599 <= wait_of(said) <= 721
    # The order was fetched once, and its authorization once more, for the
    # reason.
    assert [bench.gate.count(path) for path in
            ("/order-plz", AUTHZ, "/chalZ/", ORDER)] == [1, 2, 1, 1]
    bench.gate.ask_pebble()
    bench.succeeds(name)
    # An order that has failed is not fetched again.
    assert bench.gate.count("/order-plz") == 2


def test_an_authorization_that_is_invalid_from_the_start(bench):
    bench.begin()
    fail_validation(bench.gate, {"early.test": ("dns", WORDS)})
    said = bench.fails("early.test")
    assert said["last"]["problem"] == URN + "dns"
    assert said["last"]["detail"] == WORDS
    assert bench.gate.count("/chalZ/") == 0
    bench.gate.ask_pebble()
    bench.succeeds("early.test")


def test_each_name_has_its_own_reason(bench):
    name = "validation.pair.test"
    bench.begin()
    fail_validation(bench.gate, {name: ("dns", "no such host"),
                                 "www." + name: ("caa", "not by us")}, after=2)
    said = bench.fails(name)
    assert said["last"]["problem"] == URN + "compound"
    assert details(said) == {name: (URN + "dns", "no such host"),
                             "www." + name: (URN + "caa", "not by us")}
    bench.gate.ask_pebble()
    bench.succeeds(name)


def test_one_name_of_two(bench):
    name = "partly.pair.test"
    bench.begin()
    fail_validation(bench.gate, {"www." + name: ("connection", WORDS)},
                    after=2)
    said = bench.fails(name)
    assert said["last"]["problem"] == URN + "connection"
    assert details(said) == {"www." + name: (URN + "connection", WORDS)}
    bench.gate.ask_pebble()
    bench.succeeds(name)


@pytest.mark.parametrize("phase", ["order", "refused", "final"])
def test_what_the_ca_says_of_each_name(bench, phase):
    """In an order that fails at last, in newOrder, and in finalize."""
    name = phase + ".pair.test"
    kinds = {name: "rejectedIdentifier", "www." + name: "caa"}
    subproblems = [about(one, kind, "of " + one) for one, kind in kinds.items()]
    bench.begin()
    text, content_type = problem("rejectedIdentifier", WORDS,
                                 subproblems=subproblems)
    if phase == "order":
        bench.gate.change(ORDER, rule.members(status="invalid",
                                              error=json.loads(text)))
    else:
        bench.gate.answer("/order-plz" if phase == "refused"
                          else "/finalize-order/", 403, text, content_type)
    said = bench.fails(name)
    assert said["last"]["problem"] == URN + "rejectedIdentifier"
    assert said["last"]["detail"] == WORDS
    assert details(said) == {one: (URN + kind, "of " + one)
                             for one, kind in kinds.items()}
    assert wait_of(said) is None
    bench.gate.ask_pebble()
    bench.succeeds(name)


def test_an_order_that_fails_for_no_reason(bench):
    bench.begin()
    bench.gate.change(ORDER, rule.members(status="invalid"))
    said = bench.fails("silent.test")
    assert said["last"]["problem"] == PROTOCOL
    assert "does not say why" in said["last"]["detail"]
    bench.gate.ask_pebble()
    bench.succeeds("silent.test")


def test_words_that_are_meant_to_do_harm(bench):
    """They are stored, in bounds, and neither the log nor a terminal gets
    their control characters."""
    words = "\x1b[2J</script>\n[acme:emerg] fake \u202e%n%s" + "x" * 5000
    bench.begin()
    text, content_type = problem("malformed", words, instance="javascript:1")
    bench.gate.answer("/order-plz", 400, text, content_type)
    result = bench.renew("hostile.test")
    assert "\x1b" not in result.out and "\x1b" not in bench.httpd.log.text()
    said = status.of(bench.httpd, "hostile.test")["renewal"]
    assert said["last"]["detail"].startswith(words[:20])
    assert len(said["last"]["detail"]) < 2100
    assert not bench.httpd.log.lines(r"^\[acme:emerg\]")
    bench.gate.ask_pebble()
    bench.succeeds("hostile.test")


@pytest.mark.parametrize("case", STRANGE)
def test_what_cannot_be(bench, case):
    """A clear problem, which ends the order and nothing else."""
    name = "strange-%s.test" % case
    path, change = STRANGE[case]
    bench.begin()
    bench.gate.change(path, change)
    said = bench.fails(name)
    assert said["last"]["problem"] == PROTOCOL
    assert said["last"]["to-fix"]
    assert 599 <= wait_of(said) <= 721
    assert bench.gate.count(path) == 1
    bench.gate.ask_pebble()
    bench.succeeds(name)


@pytest.mark.parametrize("case", SLOW)
def test_a_ca_that_takes_its_time(bench, case):
    """It is polled when it says, and not before."""
    name = "slow-%s.test" % case
    path, state, still, times = SLOW[case]
    bench.begin()
    bench.gate.change(path, late(state, still, times))
    bench.succeeds(name)
    assert status.of(bench.httpd, name)["renewal"]["errors"] == 0
    assert bench.gate.count("/order-plz") == 1
    assert bench.gate.count("/finalize-order/") == 1
    assert bench.gate.count(ORDER) <= times + 6


@pytest.mark.parametrize("phase, path", [
    ("authz", AUTHZ), ("challenge", "/chalZ/"), ("poll", ORDER),
    ("finalize", "/finalize-order/"), ("download", "/certZ/")])
def test_an_account_that_is_gone_in_between(bench, phase, path):
    """It is registered again, and the order begins anew, at once and only
    once; but for one that the CA has issued for, whose certificate is
    downloaded."""
    bench.begin()
    text, content_type = problem("accountDoesNotExist", WORDS)
    bench.gate.answer(path, 400, text, content_type, times=1)
    bench.succeeds("gone-%s.test" % phase)
    assert bench.gate.count("/order-plz") == (1 if phase == "download" else 2)
    assert bench.gate.count("/sign-me-up") == 2
    assert bench.gate.count("/dir") == 1
