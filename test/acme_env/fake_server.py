# SPDX-License-Identifier: Apache-2.0

"""Programmable CAs behind one TLS port: https://localhost:PORT/NAME/dir."""

import http.server
import os
import ssl
import threading
import time
import traceback

from . import conf, fake_chain, tls
from .fake_ca import Ca, problem
from .ports import free_port


class FakeServer:
    """Takes the place of a Pebble: http_port, tls_port, ca_file, root_file,
    directory (of the CA whose name is "ca"). ca[NAME]: a Ca. failures:
    exceptions in behaviours, for the fixture."""

    def __init__(self, folder, **behaviours):
        """behaviours: {name: a subclass of Ca}; "ca" behaves well unless it is
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
        self._server = _Listener(("127.0.0.1", self.port), _handler(self))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca_file, key)
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True,
            do_handshake_on_connect=False)
        threading.Thread(target=self._server.serve_forever,
                         kwargs={"poll_interval": 0.1}, daemon=True).start()

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
        self._server.shutdown()
        self._server.server_close()


class _Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def _handler(fake):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _serve(self):
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length) if length else b""
            answer = self._answer(body)
            if answer.delay:
                time.sleep(answer.delay)
            if answer.drop:
                self.close_connection = True
                return
            self.send_response_only(answer.status)
            self.send_header("Date", self.date_time_string())
            if answer.content_type and answer.body:
                self.send_header("Content-Type", answer.content_type)
            for name, value in answer.headers:
                self.send_header(name, value)
            if answer.status != 204:
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            if self.command != "HEAD" and answer.status != 204:
                self.wfile.write(answer.body)

        def _answer(self, body):
            _, name, rest = (self.path + "/").split("/", 2)
            ca = fake.ca.get(name)
            if not ca:
                return problem(404, "malformed", "no CA is called %s" % name)
            try:
                return ca.receive(self.command, "/" + rest[:-1], body)
            except Exception:  # pylint: disable=broad-except
                fake.failures.append("%s: %s" % (name,
                                                 traceback.format_exc()))
                return problem(500, "serverInternal", "see the test")

        def handle_one_request(self):
            try:
                super().handle_one_request()
            except OSError:
                # The client has gone.
                self.close_connection = True

        def log_message(self, format, *args):
            pass

        do_GET = do_HEAD = do_POST = _serve
    return Handler
