# SPDX-License-Identifier: Apache-2.0

"""A server in front of Pebble that holds, answers, changes or drops requests,
by path.

Pebble names its resources after the Host of the request, so a client that
starts at Gate.directory stays behind the gate. Pebble's paths are /dir,
/nonce-plz, /sign-me-up, /order-plz, /my-order/, /authZ/, /chalZ/,
/finalize-order/ and /certZ/."""

import datetime
import http.client
import json
import re
import ssl
import threading

from . import procs
from .ports import free_port
from .rule import Rule, names_ordered, payload
from .tls_server import Handler, TlsServer

HOP_BY_HOP = ("connection", "keep-alive", "transfer-encoding",
              "content-length")


class Held:
    """Requests for a path that are held at the gate."""

    def __init__(self, before):
        self.before = before
        self.arrived = threading.Event()
        self.free = threading.Event()

    def wait(self, timeout=procs.GIVE_UP):
        assert self.arrived.wait(timeout), "no such request came"

    def release(self):
        self.free.set()


class Gate:
    """Stopped by the fixture. `requests` lists (method, path) in their order,
    said(path) has their payloads, `orders` the names of each order that the CA
    made. ahead: seconds by which the clients' clock is ahead of ours and
    Pebble's. prompt: Pebble's Retry-After, which is at least a second, is left
    out, so that clients come back when they like."""

    def __init__(self, pebble, prompt=False):
        self._pebble = pebble
        self._prompt = prompt
        self.port = free_port()
        self.requests = []
        self._said = []
        self.orders = []
        self.ahead = 0
        self._held = {}
        self._rules = []
        self._lock = threading.Lock()
        self._server = TlsServer(self.port, _handler(self), pebble.ca_file,
                                 pebble.key_file)

    @property
    def directory(self):
        return "https://localhost:%d/dir" % self.port

    # -- what tests do ----------------------------------------------------

    def hold(self, path, before=True):
        """Holds the requests whose path starts so: before Pebble sees them, or
        (before=False) after its response, which is not sent yet."""
        held = Held(before)
        self._held[path] = held
        return held

    def answer(self, path, status, body, content_type="text/html",
               headers=(), **which):
        """Sends this response without asking Pebble. which: see Rule."""
        self._rules.append(Rule(path, answer=(
            status, list(headers) + [("Content-Type", content_type)],
            body.encode()), **which))

    def change(self, path, changed, **which):
        """Changes Pebble's response by changed(status, headers, body)."""
        self._rules.append(Rule(path, change=changed, **which))

    def drop(self, path, **which):
        """Ends the connection without a response."""
        self._rules.append(Rule(path, drop=True, **which))

    def ask_pebble(self, path=None):
        """Ends answer(), change() and drop() for a path, or for all."""
        self._rules = [rule for rule in self._rules
                       if path and rule.path != path]

    def count(self, path):
        return sum(1 for _, seen in self.requests if seen.startswith(path))

    def said(self, path):
        """The payloads of the signed requests for a path."""
        return [json.loads(text) for seen, text in self._said
                if seen.startswith(path)]

    def orders_of(self, name):
        """How many orders for that name there were."""
        return sum(1 for names in self.orders if name in names)

    def wait_for(self, path, count=1, timeout=procs.GIVE_UP):
        procs.wait_until(lambda: self.count(path) >= count, timeout,
                         lambda: "%d requests for %s; so far: %s"
                         % (count, path, self.requests))

    def close(self):
        for held in self._held.values():
            held.release()
        self._server.close()

    # -- what the handler does --------------------------------------------

    def note(self, method, path, body):
        text = body and payload(body)
        with self._lock:
            self.requests.append((method, path))
            if text:
                self._said.append((path, text))

    def note_order(self, body):
        with self._lock:
            self.orders.append(names_ordered(body))

    def held_for(self, path):
        for start, held in self._held.items():
            if path.startswith(start) and not held.free.is_set():
                return held
        return None

    def rule_for(self, path, body):
        with self._lock:
            for rule in self._rules:
                if rule.takes(path, body):
                    return rule
        return None

    def _on_time(self, body):
        """Changes the end of Pebble's orders, which is within a day and by
        another clock."""
        if not self.ahead:
            return body
        expires = datetime.datetime.now(datetime.timezone.utc) \
            + datetime.timedelta(days=1, seconds=self.ahead)
        return re.sub(rb'("expires": *)"[^"]*"', rb'\1"%s"' % (
            expires.strftime("%Y-%m-%dT%H:%M:%SZ").encode()), body)

    def forward(self, method, path, headers, body):
        """Returns (status, headers, body) of Pebble."""
        context = ssl.create_default_context(cafile=self._pebble.ca_file)
        connection = http.client.HTTPSConnection(
            "localhost", self._pebble.port, context=context,
            timeout=procs.GIVE_UP)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            headers = [item for item in answer.getheaders()
                       if not (self._prompt
                               and item[0].lower() == "retry-after")]
            return answer.status, headers, self._on_time(answer.read())
        finally:
            connection.close()


def _handler(gate):
    class GateHandler(Handler):
        def _serve(self):
            body = self.body() or None
            gate.note(self.command, self.path, body)
            held = gate.held_for(self.path)
            if held and held.before:
                held.arrived.set()
                held.free.wait()
            rule = gate.rule_for(self.path, body)
            try:
                status, headers, answer = self._answer(rule, body)
            except OSError:
                self.close_connection = True
                return
            if held and not held.before:
                held.arrived.set()
                held.free.wait()
            self._send(status, headers, answer)

        def _answer(self, rule, body):
            if rule and rule.drop:
                raise ConnectionAbortedError
            if rule and rule.answer:
                return rule.answer
            passed = {key: value for key, value in self.headers.items()
                      if key.lower() != "connection"}
            answer = gate.forward(self.command, self.path, passed, body)
            if self.path.startswith("/order-plz") and answer[0] == 201:
                gate.note_order(body)
            return rule.change(*answer) if rule else answer

        def _send(self, status, headers, answer):
            self.send_response_only(status)
            for key, value in headers:
                if key.lower() not in HOP_BY_HOP:
                    self.send_header(key, value)
            self.send_body(status, answer)

        do_GET = do_HEAD = do_POST = _serve
    return GateHandler
