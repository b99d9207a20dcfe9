# SPDX-License-Identifier: Apache-2.0

"""Programmable CAs behind one TLS port: https://localhost:PORT/NAME/dir."""

import os
import time
import traceback

from . import conf, fake_chain, tls
from .fake_ca import Ca, problem
from .http2 import Connection
from .ports import free_port
from .tls_server import Handler, TlsServer


class FakeServer:
    """Takes the place of a Pebble: http_port, tls_port, ca_file, root_file,
    directory (of the CA whose name is "ca"). ca[NAME]: a Ca. failures:
    exceptions in behaviours, for the fixture."""

    def __init__(self, folder, http2=False, **behaviours):
        """http2: clients may speak that as well. behaviours: {name: a subclass of Ca}; "ca" behaves well unless it is
        given."""
        os.makedirs(folder, mode=0o755, exist_ok=True)
        self.http_port = free_port()
        self.tls_port = free_port()
        self.port = free_port()
        self.ca = {}
        self.failures = []
        self.ca_file, key = tls.self_signed(os.path.join(folder, "tls"),
                                            "localhost", "127.0.0.1", "::1")
        self.root_file = os.path.join(folder, "root.pem")
        with open(self.root_file, "w", encoding="ascii") as file:
            file.write(fake_chain.ROOT.pem)
        self.add(**dict({"ca": Ca}, **behaviours))
        self._server = TlsServer(self.port, _handler(self), self.ca_file, key,
                                 ["h2", "http/1.1"] if http2 else ())

    def add(self, **behaviours):
        for name, behaviour in behaviours.items():
            self.ca[name] = behaviour(
                name, "https://localhost:%d/%s" % (self.port, name),
                self.http_port)

    def sites_conf(self, httpd, names, **changes):
        """A site for each CA, with two names: NAME.test and www.NAME.test."""
        return conf.managed_conf(httpd, self, *[
            conf.site_conf(httpd, name + ".test", ["www.%s.test" % name],
                           https="ACMEDomain\n    ACMECertificateAuthority "
                           + self.ca[name].directory_url)
            for name in names], ACMEActivation="manual", **changes)

    @property
    def directory(self):
        return self.ca["ca"].directory_url

    def close(self):
        self._server.close()


def _handler(fake):
    class FakeHandler(Handler):
        def handle(self):
            try:
                self.connection.do_handshake()
            except OSError:
                return
            if self.connection.selected_alpn_protocol() == "h2":
                Connection(self.connection, self._answer,
                           self._unheard).serve()
            else:
                super().handle()

        def _serve(self):
            answer = self._answer(self.command, self.path, self.body())
            if answer.delay:
                time.sleep(answer.delay)
            if answer.drop:
                self.close_connection = True
            elif answer.wire:
                answer.wire(self, answer)
            else:
                self.send(answer)

        def head(self, answer):
            """Sends the headers, but for the length and the empty line."""
            self.send_response_only(answer.status)
            self.send_header("Date", self.date_time_string())
            if answer.content_type and answer.body:
                self.send_header("Content-Type", answer.content_type)
            for name, value in answer.headers:
                self.send_header(name, value)

        def send(self, answer):
            """Sends an answer as it is."""
            self.head(answer)
            self.send_body(answer.status, answer.body)

        def _unheard(self, path):
            _, name, rest = (path + "/").split("/", 2)
            return name in fake.ca and fake.ca[name].unheard("/" + rest[:-1])

        def _answer(self, method, path, body):
            _, name, rest = (path + "/").split("/", 2)
            ca = fake.ca.get(name)
            if not ca:
                return problem(404, "malformed", "no CA is called %s" % name)
            try:
                return ca.receive(method, "/" + rest[:-1], body)
            except Exception:  # pylint: disable=broad-except
                fake.failures.append("%s: %s" % (name,
                                                 traceback.format_exc()))
                return problem(500, "serverInternal", "see the test")

        do_GET = do_HEAD = do_POST = _serve
    return FakeHandler
