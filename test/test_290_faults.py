# SPDX-License-Identifier: Apache-2.0

"""All that a CA can answer, in every phase in which it can: what the status
says, when the next try is, how many requests the CA gets meanwhile, and that
all is well when the fault is over. The class of each problem and its reason:
mod_acme/base/acme_problem_type.c."""

import collections
import os
import time

import pytest

from acme_env import status
from acme_env.bench import Bench, wait_of
from acme_env.faults import FAULTS, PATHS, WORDS
from acme_env.journey import get

pytestmark = pytest.mark.personalities

URN = "urn:ietf:params:acme:error:"
OWN = "urn:mod_acme:error:"

# Waits, in seconds: at least, at most. The delay is 10 minutes, to which
# chance adds up to a fifth.
BACKOFF = (599, 721)
NEVER = None
HOUR = (3597, 3603)
TWO_HOURS = (7195, 7203)

Cell = collections.namedtuple("Cell", "phase fault kind wait count words")


def cells(phases, faults, kind=None, wait=BACKOFF, count=1, words=WORDS):
    """If a problem's type is not given, it is URN and the fault's name. count:
    the requests of that phase."""
    counts = count if isinstance(count, tuple) else (count,)
    return [Cell(phase, fault, kind or URN + fault, wait, counts, words)
            for phase in phases.split() for fault in faults.split()]


START = "directory account"
ORDER = "order authz challenge poll finalize download"
LIMITED, BUSY = URN + "rateLimited", URN + "serverInternal"
NETWORK, PROTOCOL = OWN + "network", OWN + "protocol"

FAILS = (
    # -- until there is an account
    cells(START + " order", "429", LIMITED)
    + cells(START, "429-page", LIMITED, words="429")
    + cells(START, "503-page 500-page", BUSY, words="50")
    + cells("directory", "web-page array object truncated", PROTOCOL,
            words="directory")
    + cells("directory", "redirect", PROTOCOL, words="404")
    + cells("directory", "redirect-loop", PROTOCOL, count=4, words="redirect")
    # On a connection that was used before, the request is repeated on a new
    # one.
    + cells(START, "dropped", NETWORK, count=(1, 2), words="localhost")
    + cells("nonce", "429 429-page", LIMITED, words="429")
    + cells("nonce", "429-seconds", LIMITED, HOUR, words="429")
    + cells("nonce", "500-page", BUSY, words="500")
    + cells("nonce", "503-seconds", BUSY, HOUR, words="503")
    # By HEAD, and then by GET.
    + cells("nonce", "web-page", PROTOCOL, count=2, words="nonce")
    + cells("account", "web-page truncated", PROTOCOL, words="account")
    + cells("account", "accountDoesNotExist unauthorized userActionRequired "
            "malformed unheardOf")
    + cells("account", "invalidContact externalAccountRequired", wait=NEVER)
    # The request is repeated, and then the try is over.
    + cells("account order poll finalize download", "badNonce", count=20)
    # -- what may come whenever the CA is asked
    + cells(START + " " + ORDER, "429-seconds", LIMITED, HOUR)
    + cells(START + " " + ORDER, "503-seconds", BUSY, HOUR, words="503")
    + cells(START + " " + ORDER, "429-date", LIMITED, TWO_HOURS)
    + cells(START + " " + ORDER, "503-date", BUSY, TWO_HOURS, words="503")
    + cells("directory " + ORDER, "userActionRequired")
    + cells("authz challenge poll download", "unauthorized malformed")
    + cells("finalize", "unauthorized")
    + cells("directory", "accountDoesNotExist unauthorized")
    # The account is registered again, and the order begins anew, once.
    + cells("order authz challenge poll finalize download",
            "accountDoesNotExist", count=2)
    + cells(START + " " + ORDER, "caa connection dns")
    + cells(START + " " + ORDER, "rejectedIdentifier", wait=NEVER)
    # Types in phases where they make no sense.
    + cells(START + " " + ORDER, "alreadyReplaced")
    + cells(START + " order authz challenge poll download", "orderNotReady")
    # At challenge and finalize it means that they are in progress.
    + cells(START + " order authz poll download", "conflict")
    + cells("order authz challenge poll", "web-page", PROTOCOL, words="")
    + cells("authz poll", "truncated", PROTOCOL, words="")
    # The order says that it was not heard, three times.
    + cells("finalize", "web-page", PROTOCOL, count=4, words="")
    # -- what comes in one place
    + cells("order", "unheardOf")
    # The account is checked once, and is valid.
    + cells("order", "unauthorized malformed", count=2)
    # Each request is repeated five times at most.
    + cells("order", "503-second", BUSY, count=6, words="503")
    + cells("order", "redirect-post", PROTOCOL, words="308")
    # Without a common name, and then with one.
    + cells("finalize", "badCSR", wait=NEVER, count=2)
    + cells("finalize", "malformed", count=2)
    + cells("finalize", "orderNotReady", count=6)
    # What is no certificate is asked for again, three times.
    + cells("download", "web-page", PROTOCOL, count=4, words="begins with: <")
    + cells("download", "empty", PROTOCOL, count=4, words="empty")
    + cells("download", "truncated", PROTOCOL, count=4, words="has no end"))

# (phase, fault, how often, least duration in seconds)
PASSES = [
    ("order", "503-soon", 1, 2), ("authz", "429-soon", 1, 2),
    ("challenge", "503-soon", 1, 2), ("poll", "429-soon", 1, 2),
    ("finalize", "503-soon", 1, 2), ("download", "503-soon", 1, 2),
    # Without a time, 5 s and growing.
    ("order", "500-page", 1, 5), ("authz", "dropped", 2, 5),
    ("poll", "429", 1, 5), ("finalize", "dropped", 2, 5),
    ("finalize", "conflict", 1, 5),
    # Without a wait.
    ("account", "badNonce", 3, 0), ("order", "badNonce", 3, 0),
    ("finalize", "badNonce", 3, 0), ("finalize", "orderNotReady", 1, 0),
    # Responses that are no fault.
    ("directory", "text-plain", None, 0), ("account", "text-plain", None, 0),
    ("order", "text-plain", None, 0), ("download", "text-plain", None, 0),
    # The CA has acted, and what it says to that is not needed.
    ("challenge", "truncated", None, 0), ("finalize", "truncated", None, 0),
    ("order", "truncated", 1, 0),
]

# Requests without a fault, if not one.
MOST = {"poll": 6, "finalize": 2}

# Here the test waits for the next try instead of asking for it.
BY_ITSELF = ("503-date", "accountDoesNotExist", "userActionRequired")


def site_of(*what):
    return "-".join(what).lower() + ".test"


SITES = {site_of(*cell[:2]): {} for cell in FAILS}
SITES.update({site_of("passes", *row[:2]): {} for row in PASSES})


@pytest.fixture(scope="module")
def bench(base_dir, personality):
    with Bench(os.path.join(base_dir, "faults-" + personality), SITES,
               personality, clock=True) as made:
        yield made


@pytest.mark.parametrize("cell", FAILS, ids=lambda cell: "%s-%s" % cell[:2])
def test_one_problem_and_then_all_is_well(bench, cell):
    name, path = site_of(*cell[:2]), PATHS[cell.phase]
    bench.begin()
    FAULTS[cell.fault](bench.gate, path)
    said = bench.fails(name, faulty=path,
                       rounds=2 if cell.count == (2,) else 1)
    last = said["last"]
    assert (last["problem"], said["errors"]) == (cell.kind, 1)
    assert cell.words in last["detail"]
    assert last["activity"]
    assert last.get("to-fix") or cell.fault == "unheardOf"
    wait = wait_of(said)
    assert wait == cell.wait if cell.wait is None or wait is None \
        else cell.wait[0] <= wait <= cell.wait[1], wait
    assert bench.gate.count(path) in cell.count, bench.gate.requests
    if cell.fault == "userActionRequired":
        assert last["instance"] == "https://ca.test/agree"
        assert "https://ca.test/terms" in last["to-fix"]
    assert [sub["detail"] for sub in last.get("subproblems", ())] == (
        ["not this one", "not by us"]
        if cell.fault == "rejectedIdentifier" else [])
    # The site's http works.
    assert get(bench.httpd, name).status == 200
    if cell.fault in BY_ITSELF:
        bench.comes(name, said, path)
        return
    bench.gate.ask_pebble()
    bench.succeeds(name)


@pytest.mark.parametrize("phase, fault, times, seconds", PASSES)
def test_no_problem_at_all(bench, phase, fault, times, seconds):
    """The order waits as long as it is told, and goes on."""
    name, path = site_of("passes", phase, fault), PATHS[phase]
    bench.begin()
    FAULTS[fault](bench.gate, path, times=times)
    begun = time.monotonic()
    bench.succeeds(name)
    assert time.monotonic() - begun >= seconds
    assert status.of(bench.httpd, name)["renewal"]["errors"] == 0
    # Completed steps are not repeated.
    if times:
        assert bench.gate.count(path) <= times + MOST.get(phase, 1)
    if phase != "order":
        assert bench.gate.count("/order-plz") == 1
