# SPDX-License-Identifier: Apache-2.0

"""What CAs and proxies of tests have in common: a TLS server with a thread for
each connection."""

import http.server
import ssl
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    """Reads nothing and answers nothing of its own; logs nothing."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def body(self):
        length = int(self.headers.get("Content-Length") or 0)
        return self.rfile.read(length) if length else b""

    def send_body(self, status, body):
        """Ends the headers."""
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD" and status != 204:
            self.wfile.write(body)

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except OSError:
            # The client has gone, perhaps because a test has killed it.
            self.close_connection = True

    def log_message(self, format, *args):
        pass


class _Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class TlsServer:
    def __init__(self, port, handler, cert_file, key_file, protocols=()):
        self._server = _Listener(("127.0.0.1", port), handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert_file, key_file)
        if protocols:
            context.set_alpn_protocols(protocols)
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True,
            do_handshake_on_connect=False)
        threading.Thread(target=self._server.serve_forever,
                         kwargs={"poll_interval": 0.1}, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
