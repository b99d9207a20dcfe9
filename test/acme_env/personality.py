# SPDX-License-Identifier: Apache-2.0
"""What a CA does in its own way, and Pebble does not: a Gate per CA, which
changes what goes by so that its clients see that CA."""

import json
import threading

from . import procs
from .gate import Gate
from .rule import payload, problem

CHALLENGE, AUTHORIZATION = "/chalZ/", "/authZ/"


class LetsEncrypt(Gate):
    """As it validates since 2026-07: a challenge stays pending until it is
    valid or invalid, and to be told of it again is a conflict (409).

    told: the paths of the challenges that clients have told it of; told_again:
    those of each conflict, as they came. minds_replacing: an order that
    replaces anything is a conflict, too."""

    def __init__(self, pebble, **options):
        self.told = []
        self.told_again = []
        self.minds_replacing = False
        self._loses = False
        self._kept = None
        self._challenges = {}
        self._telling = threading.Lock()
        super().__init__(pebble, **options)

    # -- what tests do ----------------------------------------------------

    def hold_validations(self):
        """Validations last until release_validations(): Pebble is told only
        then, because it would not wait."""
        self._kept = []

    def release_validations(self):
        with self._telling:
            kept, self._kept = self._kept, None
        for request in kept:
            status, _, answer = super().forward(*request)
            assert status == 200, answer

    def lose_answers(self):
        """Who tells it of a challenge for the first time is heard, and hears
        nothing: the connection ends."""
        self._loses = True

    def wait_for_told(self, count, timeout=120):
        procs.wait_until(lambda: len(set(self.told)) >= count, timeout,
                         lambda: "%d challenges; so far: %s"
                         % (count, self.requests))

    def wait_for_told_again(self, count, timeout=120):
        """So many challenges, each at least once."""
        procs.wait_until(lambda: len(set(self.told_again)) >= count, timeout,
                         lambda: "%d challenges again; so far: %s"
                         % (count, self.requests))

    # -- what the handler does --------------------------------------------

    def forward(self, method, path, headers, body):
        said = payload(body) if body else ""
        if path.startswith(CHALLENGE) and said:
            return self._tell(method, path, headers, body)
        if path.startswith("/order-plz") and self.minds_replacing \
                and "replaces" in json.loads(said):
            return self._conflict(headers, "it has been replaced")
        return self._as_seen(path, super().forward(method, path, headers,
                                                   body))

    def _tell(self, method, path, headers, body):
        with self._telling:
            again = path in self.told
            if again:
                self.told_again.append(path)
                return self._conflict(headers, "it is being validated")
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
        """For the next request, as each answer has one."""
        who = {name: headers[name] for name in ("Host", "User-Agent")}
        _, got, _ = super().forward("HEAD", "/nonce-plz", who, None)
        return next(item for item in got if item[0].lower() == "replay-nonce")

    def _conflict(self, headers, detail):
        text, content_type = problem("conflict", detail, status=409)
        return 409, [("Content-Type", content_type),
                     self._nonce(headers)], text.encode()

    def _as_seen(self, path, answer):
        """Nothing is processing."""
        status, headers, body = answer
        if status != 200 or not path.startswith((AUTHORIZATION, CHALLENGE)):
            return answer
        document = json.loads(body)
        for challenge in document.get("challenges", [document]):
            if challenge["status"] == "processing":
                challenge["status"] = "pending"
            at = challenge["url"]
            self._challenges[at[at.index(CHALLENGE):]] = challenge
        return status, headers, json.dumps(document).encode()
