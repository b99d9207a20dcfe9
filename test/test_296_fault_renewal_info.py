# SPDX-License-Identifier: Apache-2.0

"""A CA has trouble with renewal information: that has no other effect, it is
asked again when it is due, and then its time counts."""

import os

import pytest

from acme_env import acmectl, rule, status, tls
from acme_env.bench import Bench, until
from acme_env.journey import wait_until_served
from acme_env.rule import problem

pytestmark = pytest.mark.personalities

URN = "urn:ietf:params:acme:error:"
OWN = "urn:mod_acme:error:"
WORDS = "the CA says so, and why"
RENEWAL = "/draft-ietf-acme-ari-03/renewalInfo/"
BACKOFF = (598, 722)
HOUR, DAY = 3600, 86400


def says(code, kind, retry_after=None):
    def fault(bench, path):
        text, content_type = problem(kind, WORDS)
        value = bench.in_seconds(2 * HOUR) if retry_after == "date" \
            else retry_after
        bench.gate.answer(path, code, text, content_type,
                          [("Retry-After", value)] if value else [])
    return fault


def page(code, *headers):
    return lambda bench, path: bench.gate.answer(
        path, code, "<html>dear user</html>", headers=headers)


def document(text):
    return lambda bench, path: bench.gate.answer(path, 200, text,
                                                 "application/json")


def window(start, end):
    return document('{"suggestedWindow": {"start": "%s", "end": "%s"}}'
                    % (start, end))


def loop(bench, path):
    page(302, ("Location", bench.gate.directory[:-4] + path))(bench, path)


def near(seconds):
    return seconds - 5, seconds + 5


# (what the CA does, problem, words, time of the next request, requests)
CASES = {
    "429": (says(429, "rateLimited"), URN + "rateLimited", WORDS, BACKOFF, 1),
    "429-seconds": (says(429, "rateLimited", "7200"), URN + "rateLimited",
                    WORDS, near(2 * HOUR), 1),
    "429-date": (says(429, "rateLimited", "date"), URN + "rateLimited", WORDS,
                 near(2 * HOUR), 1),
    # A day at most, because it may announce a revocation.
    "429-days": (says(429, "rateLimited", str(3 * DAY)), URN + "rateLimited",
                 WORDS, near(DAY), 1),
    "503-seconds": (page(503, ("Retry-After", "3600")),
                    URN + "serverInternal", "503", near(HOUR), 1),
    "503-date": (lambda bench, path: page(503, (
        "Retry-After", bench.in_seconds(2 * HOUR)))(bench, path),
        URN + "serverInternal", "503", near(2 * HOUR), 1),
    "500": (page(500), URN + "serverInternal", "500", BACKOFF, 1),
    "404": (says(404, "malformed"), URN + "malformed", WORDS, BACKOFF, 1),
    "unauthorized": (says(403, "unauthorized"), URN + "unauthorized", WORDS,
                     BACKOFF, 1),
    "unknown": (says(400, "accountDoesNotExist"), URN + "accountDoesNotExist",
                WORDS, BACKOFF, 1),
    "action": (says(403, "userActionRequired"), URN + "userActionRequired",
               WORDS, BACKOFF, 1),
    "rejected": (says(403, "rejectedIdentifier"), URN + "rejectedIdentifier",
                 WORDS, BACKOFF, 1),
    "web-page": (page(200), OWN + "protocol", "renewal", BACKOFF, 1),
    "truncated": (lambda bench, path: bench.gate.change(path, rule.truncated),
                  OWN + "protocol", "renewal", BACKOFF, 1),
    "reversed": (window("2030-01-02T00:00:00Z", "2030-01-01T00:00:00Z"),
                 OWN + "protocol", "start", BACKOFF, 1),
    "no-date": (window("soon", "later"), OWN + "protocol", "start", BACKOFF,
                1),
    "loop": (loop, OWN + "protocol", "redirect", BACKOFF, 4),
}

SITES = dict.fromkeys(
    ["says-%s.test" % case.lower() for case in CASES]
    + ["away.test", "replaced.test", "minded.test"],
    {"ACMEContactEmail": "all@ari.test", "ACMERenewViaARI": "off"})
WATCHED = {"ACMERenewMode": "auto", "ACMERenewViaARI": "on"}
UNWATCHED = {"ACMERenewMode": "manual", "ACMERenewViaARI": "off"}


@pytest.fixture(scope="module")
def bench(base_dir, personality):
    """All sites have their certificates, and no CA is asked about them."""
    with Bench(os.path.join(base_dir, "ari-" + personality), SITES,
               personality, clock=True) as made:
        result = made.renew(*SITES)
        assert result.status == acmectl.DONE, result
        made.httpd.graceful()
        wait_until_served(made.httpd, made.pebble, *SITES)
        yield made


def renewal_path(bench, name):
    said = status.of(bench.httpd, name)
    return RENEWAL + said["cert"]["P-256"]["ari-cert-id"]


def watch_fail(bench, name, path):
    """Returns what the status says of the renewal information then."""
    bench.change(name, **WATCHED)
    said = status.wait_for(bench.httpd, name,
                           lambda s: (s.get("ari") or {}).get("problem"))
    bench.rest()
    assert "window" not in said["ari"]
    # The certificate is still valid.
    assert said["state"] == 2 and said["renewal"]["errors"] == 0
    assert tls.served(bench.httpd.https_port, name).by_pebble
    assert bench.gate.count("/order-plz") == 0
    return said["ari"], bench.gate.count(path)


def is_told(bench, name, due):
    """Waits for the next request, which comes by itself and not before its
    time. Later requests are not checked, because others set the clock, too."""
    path = renewal_path(bench, name)
    seen = bench.gate.count(path)
    bench.gate.ask_pebble()
    bench.before(due)
    bench.rest()
    assert bench.gate.count(path) == seen
    bench.after(due)
    said = status.wait_for(bench.httpd, name,
                           lambda s: s["ari"].get("window"))
    assert "problem" not in said["ari"]
    assert said["ari"]["selected"] == said["renew-at"]
    assert bench.gate.count(path) == seen + 1
    bench.change(name, **UNWATCHED)


@pytest.mark.parametrize("case", CASES)
def test_a_ca_that_does_not_say(bench, case):
    name = "says-%s.test" % case.lower()
    fault, kind, words, again, requests = CASES[case]
    bench.begin()
    path = renewal_path(bench, name)
    fault(bench, path)
    asked = bench.now()
    ari, seen = watch_fail(bench, name, path)
    assert ari["problem"]["problem"] == kind
    assert words in ari["problem"]["detail"] and ari["problem"]["to-fix"]
    due = until(ari["retry-after"], 0)
    assert asked + again[0] <= due <= bench.now() + again[1] + 3
    assert seen == requests
    is_told(bench, name, due)


def test_a_ca_that_is_away(bench):
    bench.begin()
    page(503, ("Retry-After", "3600"))(bench, "/dir")
    asked = bench.now()
    ari, seen = watch_fail(bench, "away.test", "/dir")
    assert ari["problem"]["problem"] == URN + "serverInternal"
    assert seen == 1 and bench.gate.count(RENEWAL) == 0
    assert bench.keeps(ari["retry-after"], HOUR, asked)
    is_told(bench, "away.test", until(ari["retry-after"], 0))


@pytest.mark.parametrize("name, code, kind, orders", [
    ("replaced.test", 409, "alreadyReplaced", 2),
    ("minded.test", 400, "malformed", 4)])
def test_an_order_that_may_not_replace(bench, name, code, kind, orders):
    """It is made once more without `replaces`, and succeeds. Where that is
    malformed, too, both are made again after a look at the account, because a
    signature of a former key of it is called so."""
    bench.begin()
    bench.change(name, **WATCHED)
    status.wait_for(bench.httpd, name,
                    lambda s: (s.get("ari") or {}).get("window"))
    bench.begin()
    says(code, kind)(bench, "/order-plz")
    said = bench.fails(name, "--force", faulty="/order-plz")
    assert said["last"]["problem"] == URN + kind
    assert said["last"]["detail"] == WORDS
    assert bench.gate.count("/order-plz") == orders
    bench.gate.ask_pebble()
    bench.succeeds(name, "--force")
    assert bench.gate.count("/order-plz") == orders + 1
    bench.change(name, **UNWATCHED)
