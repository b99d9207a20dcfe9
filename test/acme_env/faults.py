# SPDX-License-Identifier: Apache-2.0

"""Faults at a Gate: FAULTS has functions (gate, path, **which: see Rule), by
the name of the problem or by what comes instead of a response."""

from . import rule
from .bench import in_seconds
from .rule import about, problem

PATHS = {"directory": "/dir", "nonce": "/nonce-plz",
         "account": "/sign-me-up", "order": "/order-plz",
         "authz": "/authZ/", "challenge": "/chalZ/", "poll": "/my-order/",
         "finalize": "/finalize-order/", "download": "/certZ/"}

WORDS = "the CA says so, and why"


def says(code, kind, *headers, **members):
    """An error document."""
    def fault(gate, path, **which):
        text, content_type = problem(kind, WORDS, **members)
        gate.answer(path, code, text, content_type, headers, **which)
    return fault


def page(code, *headers):
    """A page of a server in front of the CA."""
    def fault(gate, path, **which):
        gate.answer(path, code, "<html>dear user</html>", headers=headers,
                    **which)
    return fault


def changed(change):
    return lambda gate, path, **which: gate.change(path, change, **which)


def redirect(code, to):
    return lambda gate, path, **which: gate.answer(
        path, code, "", headers=[("Location", gate.directory[:-4] + (
            path if to is None else to))], **which)


def dropped(gate, path, **which):
    gate.drop(path, **which)


def dated(fault, *args):
    """A response with a Retry-After that is a date, in two hours."""
    return lambda gate, path, **which: fault(
        *args, ("Retry-After", in_seconds(gate.ahead + 7200)))(
            gate, path, **which)


FAULTS = {
    "429": says(429, "rateLimited"),
    "429-seconds": says(429, "rateLimited", ("Retry-After", "3600")),
    "429-date": dated(says, 429, "rateLimited"),
    "429-soon": says(429, "rateLimited", ("Retry-After", "2")),
    "429-page": page(429),
    "500-page": page(500),
    "503-page": page(503),
    "503-seconds": page(503, ("Retry-After", "3600")),
    "503-date": dated(page, 503),
    "503-second": page(503, ("Retry-After", "1")),
    "503-soon": page(503, ("Retry-After", "2")),
    "web-page": page(200),
    "truncated": changed(rule.truncated),
    "array": lambda gate, path, **which: gate.answer(
        path, 200, "[]", "application/json", **which),
    "object": lambda gate, path, **which: gate.answer(
        path, 200, "{}", "application/json", **which),
    "empty": lambda gate, path, **which: gate.answer(
        path, 200, "", "application/pem-certificate-chain", **which),
    "text-plain": changed(rule.of_type("text/plain")),
    "redirect": redirect(302, "/elsewhere"),
    "redirect-loop": redirect(302, None),
    "redirect-post": redirect(308, None),
    "dropped": dropped,
    "userActionRequired": says(
        403, "userActionRequired",
        ("Link", '<https://ca.test/terms>;rel="terms-of-service"'),
        instance="https://ca.test/agree"),
    "rejectedIdentifier": says(400, "rejectedIdentifier", subproblems=[
        about("a.fault.test", "rejectedIdentifier", "not this one"),
        about("b.fault.test", "caa", "not by us")]),
}
for _code, _kinds in {
        400: ("accountDoesNotExist", "badCSR", "badNonce", "connection",
              "dns", "externalAccountRequired", "invalidContact", "malformed",
              "unheardOf"),
        403: ("caa", "orderNotReady", "unauthorized"),
        409: ("alreadyReplaced", "conflict")}.items():
    FAULTS.update({_kind: says(_code, _kind) for _kind in _kinds})
