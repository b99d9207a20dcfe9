# SPDX-License-Identifier: Apache-2.0
"""Behaviour of certain CAs that Pebble does not have: a Gate for each, which
changes requests and responses so that its clients see that CA."""

import datetime
import json
import threading

from . import procs
from .gate import Gate
from .rule import names_ordered, payload, problem

CHALLENGE, AUTHORIZATION = "/chalZ/", "/authZ/"
ORDERS, NEW_ORDER = ("/order-plz", "/my-order/", "/finalize-order/"), \
    "/order-plz"

# What a Pebble needs (Pebble(config=LETS_ENCRYPT)) to offer its profiles.
DAY = 24 * 3600
LETS_ENCRYPT = {"profiles": {
    "classic": {"description": "90 days", "validityPeriod": 90 * DAY},
    "tlsserver": {"description": "45 days", "validityPeriod": 45 * DAY},
    "shortlived": {"description": "6 days", "validityPeriod": 6 * DAY}}}
NAMES = {"tlsserver": 25, "shortlived": 25}
NAMES_ELSE = 100
BYTES = 10000
AUTHORIZED_FOR = datetime.timedelta(hours=1)


class LetsEncrypt(Gate):
    """Validates as Let's Encrypt does since 2026-07: a challenge stays pending
    until it is valid or invalid, and a second response to it is a conflict
    (409). Orders have 25 names by the profiles tlsserver and shortlived, else
    100, and 10,000 bytes of names; authorizations and orders end after an hour.

    told: the paths of the challenges for which clients have sent a response;
    told_again: the paths of the conflicts, in order. minds_replacing: an order
    that replaces a certificate is a conflict, too. blocked: accounts may not
    order (unauthorized), and are valid all the same."""

    def __init__(self, pebble, **options):
        self.told = []
        self.told_again = []
        self.minds_replacing = False
        self.blocked = False
        self._ends = {}
        self._loses = False
        self._kept = None
        self._challenges = {}
        self._telling = threading.Lock()
        super().__init__(pebble, **options)

    # -- what tests do ----------------------------------------------------

    def hold_validations(self):
        """Lets validations last until release_validations(): Pebble gets the
        responses only then, because it would not wait."""
        self._kept = []

    def release_validations(self):
        with self._telling:
            kept, self._kept = self._kept, None
        for request in kept:
            status, _, answer = super().forward(*request)
            assert status == 200, answer

    def lose_answers(self):
        """Ends the connection after the first response to a challenge was
        received, so that the client gets no answer."""
        self._loses = True

    def wait_for_told(self, count, timeout=120):
        procs.wait_until(lambda: len(set(self.told)) >= count, timeout,
                         lambda: "%d challenges; so far: %s"
                         % (count, self.requests))

    def wait_for_told_again(self, count, timeout=120):
        """Waits for conflicts of so many challenges, at least one for each."""
        procs.wait_until(lambda: len(set(self.told_again)) >= count, timeout,
                         lambda: "%d challenges again; so far: %s"
                         % (count, self.requests))

    # -- what the handler does --------------------------------------------

    def forward(self, method, path, headers, body):
        said = payload(body) if body else ""
        if path.startswith(CHALLENGE) and said:
            return self._tell(method, path, headers, body)
        if path.startswith(NEW_ORDER):
            refusal = self._refuse(body, json.loads(said), headers)
            if refusal:
                return refusal
        return self._as_seen(path, super().forward(method, path, headers,
                                                   body))

    def _refuse(self, body, said, headers):
        """The answer to an order that cannot be, or None."""
        if self.blocked:
            return self._say(headers, 403, "unauthorized",
                             "this account may not order certificates")
        if self.minds_replacing and "replaces" in said:
            return self._say(headers, 409, "conflict", "it has been replaced")
        names = names_ordered(body)
        most = NAMES.get(said.get("profile"), NAMES_ELSE)
        if len(names) > most:
            return self._say(headers, 400, "malformed", "Order cannot contain "
                             "more than %d identifiers" % most)
        if sum(len(name) for name in names) > BYTES:
            return self._say(headers, 400, "malformed", "Order cannot contain "
                             "more than %d bytes of identifiers" % BYTES)
        return None

    def _tell(self, method, path, headers, body):
        with self._telling:
            again = path in self.told
            if again:
                self.told_again.append(path)
                return self._say(headers, 409, "conflict",
                                 "it is being validated")
            if self._kept is None:
                answer = super().forward(method, path, headers, body)
            else:
                self._kept.append((method, path, headers, body))
                answer = (200, [("Content-Type", "application/json"),
                                self._nonce(headers)],
                          json.dumps(self._challenges[path]).encode())
            if answer[0] == 200:
                self.told.append(path)
        if self._loses and answer[0] == 200:
            raise ConnectionAbortedError
        return self._as_seen(path, answer)

    def _nonce(self, headers):
        """A nonce for the next request, as each response has one."""
        who = {name: headers[name] for name in ("Host", "User-Agent")}
        _, got, _ = super().forward("HEAD", "/nonce-plz", who, None)
        return next(item for item in got if item[0].lower() == "replay-nonce")

    def _say(self, headers, status, kind, detail):
        text, content_type = problem(kind, detail, status=status)
        return status, [("Content-Type", content_type),
                        self._nonce(headers)], text.encode()

    def _end(self, key):
        """An hour after it was seen first."""
        now = datetime.datetime.now(datetime.timezone.utc) \
            + datetime.timedelta(seconds=self.ahead)
        return self._ends.setdefault(key, (now + AUTHORIZED_FOR).strftime(
            "%Y-%m-%dT%H:%M:%SZ"))

    def _as_seen(self, path, answer):
        """Shows no challenge as processing, and an end within an hour."""
        status, headers, body = answer
        if path.startswith(ORDERS) and status in (200, 201):
            document = json.loads(body)
            document["expires"] = self._end(document["finalize"])
            return status, headers, json.dumps(document).encode()
        if status != 200 or not path.startswith((AUTHORIZATION, CHALLENGE)):
            return answer
        document = json.loads(body)
        if path.startswith(AUTHORIZATION):
            document["expires"] = self._end(path)
        for challenge in document.get("challenges", [document]):
            if challenge["status"] == "processing":
                challenge["status"] = "pending"
            at = challenge["url"]
            self._challenges[at[at.index(CHALLENGE):]] = challenge
        return status, headers, json.dumps(document).encode()


# What --personality knows: what stands before Pebble, if anything does.
PERSONALITIES = {"pebble": None, "letsencrypt": LetsEncrypt}
