# SPDX-License-Identifier: Apache-2.0

"""Requests of acmectl for something else than certificates, and a CA that
refuses, has no time or answers something that makes no sense: acmectl says so
at once, in the CA's words; nothing is asked again without need; account and
certificate are as valid as before."""

import os

import pytest

from acme_env import acmectl, status
from acme_env.bench import Bench
from acme_env.faults import FAULTS, WORDS

pytestmark = pytest.mark.personalities

REVOKE, ACCOUNT = "/revoke-cert", "/my-account/"

# Commands of acmectl, and the path of their requests.
ERRANDS = {"recover": "/sign-me-up", "rollover": "/rollover-account-key",
           "deactivate": ACCOUNT}

# Its message.
SAID = {"429-seconds": WORDS, "503-date": "503", "dropped": "localhost"}
SAID.update(dict.fromkeys(
    ("accountDoesNotExist", "alreadyReplaced", "caa", "connection", "dns",
     "orderNotReady", "rejectedIdentifier", "unauthorized",
     "userActionRequired"), WORDS))

# A revocation is repeated if the CA has no time; the others are not.
TRIED_AGAIN = ("429-seconds", "503-date", "dropped")
# Another account, or the certificate's own key, may succeed.
BY_KEY = ("accountDoesNotExist", "unauthorized")

SITES = {errand + ".test": {} for errand in ERRANDS}
SITES.update({"contact-%s.test" % fault.lower(): {} for fault in SAID})
SITES.update({"revoke.test": {}, "unheard.test": {}})


@pytest.fixture(scope="module")
def bench(base_dir, personality):
    """All have their accounts; the certificate to be revoked is live."""
    with Bench(os.path.join(base_dir, "errands-" + personality), SITES,
               personality, clock=True) as made:
        result = made.renew(*SITES)
        assert result.status == acmectl.DONE, result
        made.httpd.graceful()
        yield made


def run(bench, *args):
    return acmectl.run(bench.httpd, *args, env=bench.httpd.env())


def accounts(bench):
    """The accounts as acmectl shows them, by contact."""
    shown = run(bench, "account", "show", "--json").json["accounts"]
    return {account["contact"]: account for account in shown}


def account_of(bench, name):
    return accounts(bench)["mailto:admin@" + name]


def asks(bench, errand):
    account = account_of(bench, errand + ".test")
    return run(bench, "account", errand, "--ca", account["account"], "--yes")


def begin_with(bench, fault, path, seen):
    """Begins when no request of the case before is in progress."""
    assert bench.gate.requests == seen
    bench.begin()
    FAULTS[fault](bench.gate, path)


def times(fault):
    """How often the CA may have got the request: once, but libcurl repeats it
    on a new connection if used ones are dead, after five at most."""
    return range(1, 7) if fault == "dropped" else (1,)


@pytest.mark.parametrize("errand", ERRANDS)
def test_an_account_and_every_fault(bench, errand):
    name, path = errand + ".test", ERRANDS[errand]
    before = account_of(bench, name)
    bench.begin()
    seen = []
    for fault, words in SAID.items():
        begin_with(bench, fault, path, seen)
        result = asks(bench, errand)
        seen = list(bench.gate.requests)
        assert result.status == acmectl.FAILED, (fault, result)
        assert words in result.err, (fault, result)
        assert bench.gate.count(path) in times(fault)
        # Besides, requests that ask which key the CA has, before and after.
        bench.assert_bounded(path, rounds=2 if errand == "rollover" else 1)
        after = account_of(bench, name)
        assert after["account"] == before["account"]
        assert after["status"] in ("valid", "refused"), (fault, after)
        assert after["status"] == "valid" or errand == "recover"
    bench.rest()
    assert bench.gate.requests == seen
    # It is as valid as before, and then the request succeeds.
    bench.begin()
    assert bench.renew(name, "--force").status == acmectl.DONE
    result = asks(bench, errand)
    assert result.status == acmectl.DONE, result


def test_a_change_of_keys_that_nobody_hears_of(bench):
    """The connection breaks, and the request that libcurl repeats is refused:
    before the new key is discarded, the CA is asked for it."""
    def lost(*answer):
        raise ConnectionAbortedError

    bench.begin()
    before = account_of(bench, "unheard.test")
    bench.gate.change(ERRANDS["rollover"], lost, times=1)
    result = run(bench, "account", "rollover", "--ca", before["account"])
    repeated = bench.gate.count(ERRANDS["rollover"]) > 1
    assert result.status == (acmectl.DONE if repeated else acmectl.FAILED)
    assert bench.renew("unheard.test", "--force").status == acmectl.DONE
    assert account_of(bench, "unheard.test")["account"] == before["account"]


def test_a_contact_and_every_fault(bench):
    """Certificates do not wait for it; the CA is told with the next one. An
    account goes on with any of the new contacts."""
    sites = {fault: "contact-%s.test" % fault.lower() for fault in SAID}
    made = bench.pebble.accounts()
    bench.begin()
    bench.change_each({name: {"ACMEContactEmail": "new@" + name}
                       for name in sites.values()})
    for fault, name in sites.items():
        FAULTS[fault](bench.gate, ACCOUNT, naming="new@" + name)
    result = bench.renew("--force", *sites.values())
    assert result.status == acmectl.DONE, result
    assert len(sites) <= bench.gate.count(ACCOUNT) \
        < len(sites) + len(times("dropped"))
    assert bench.gate.count("/order-plz") == len(sites)
    for fault, name in sites.items():
        line, = bench.httpd.log.lines("ACME0823: .*new@" + name)
        assert SAID[fault] in line
    assert not [contact for contact in accounts(bench) if "new@" in contact]
    bench.httpd.graceful()
    bench.begin()
    result = bench.renew("--force", *sites.values())
    assert result.status == acmectl.DONE, result
    assert bench.gate.count(ACCOUNT) == len(sites)
    shown = accounts(bench)
    for name in sites.values():
        assert shown["mailto:new@" + name]["status"] == "valid"
    assert bench.pebble.accounts() == made


def test_a_revocation_and_every_fault(bench):
    bench.begin()
    seen = []
    for fault, words in SAID.items():
        begin_with(bench, fault, REVOKE, seen)
        result = run(bench, "revoke", "revoke.test", "--yes", "--json")
        seen = list(bench.gate.requests)
        assert result.status == acmectl.FAILED, (fault, result)
        assert words in result.json["detail"], (fault, result)
        tried_again = fault in TRIED_AGAIN
        assert result.json["result"] == ("failed" if tried_again
                                         else "refused"), fault
        assert ("tries again" in result.json["detail"]) == tried_again
        assert bench.gate.count(REVOKE) in (
            (2,) if fault in BY_KEY else times(fault)), bench.gate.requests
        bench.assert_bounded(REVOKE)
        assert "revoked" not in status.of(bench.httpd, "revoke.test")
    # At the time of the CA, by itself, and not before.
    begin_with(bench, "429-seconds", REVOKE, seen)
    run(bench, "revoke", "revoke.test", "--yes")
    seen = list(bench.gate.requests)
    bench.gate.ask_pebble()
    bench.ahead(3600 - 120)
    bench.rest()
    assert bench.gate.requests == seen
    bench.ahead(125)
    said = status.wait_for(bench.httpd, "revoke.test",
                           lambda s: s.get("revoked"))
    assert said["revoked"]["confirmed"] is True
    assert bench.gate.count(REVOKE) == 2
