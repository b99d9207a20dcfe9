# SPDX-License-Identifier: Apache-2.0

"""A proxy on the way to the CA: CONNECT, and ways to fail."""

import base64
import select
import socket
import ssl
import threading

from . import procs
from .ports import free_port


class Proxy:
    """mode: "forward", "refuse" or "hang". With a password, it demands that.
    `connects` lists the targets that clients asked for, `passed` how often
    they were connected. instead: {"HOST:PORT": PORT}, the real targets; if it
    is given, there are no others. cert, key: it is an https proxy."""

    def __init__(self, password=None, cert=None, key=None):
        self.port = free_port()
        self.mode = "forward"
        self.connects = []
        self.passed = 0
        self.instead = {}
        self._password = password
        self._context = None
        if cert:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(cert, key)
        self._ended = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._listener.settimeout(0.2)
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self):
        self._ended.set()
        self._thread.join()
        self._listener.close()

    def wait_for_connect(self, timeout=procs.GIVE_UP):
        procs.wait_until(lambda: self.connects, timeout,
                         "somebody comes to the proxy")

    def _accept(self):
        while not self._ended.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                continue
            client.settimeout(procs.GIVE_UP)
            threading.Thread(target=self._attend, args=(client,),
                             daemon=True).start()

    def _attend(self, client):
        with client:
            try:
                if self._context:
                    client = self._context.wrap_socket(client,
                                                       server_side=True)
                head = b""
                while b"\r\n\r\n" not in head:
                    data = client.recv(4096)
                    if not data:
                        return
                    head += data
                self._answer(client, head.decode("latin-1"))
            except OSError:
                # The client has gone, or does not trust this server.
                pass

    def _answer(self, client, head):
        method, target = head.split()[:2]
        assert method == "CONNECT", head
        self.connects.append(target)
        if self.mode == "hang":
            self._ended.wait()
        elif self.mode == "refuse" or (self.instead
                                       and target not in self.instead):
            client.sendall(b"HTTP/1.1 403 Not through here\r\n\r\n")
        elif self._password and self._secret() not in head:
            client.sendall(b"HTTP/1.1 407 Who is it\r\nContent-Length: 0\r\n"
                           b"Proxy-Authenticate: Basic realm=\"x\"\r\n\r\n")
        else:
            host, _, port = target.rpartition(":")
            if self.instead:
                host, port = "localhost", self.instead[target]
            with socket.create_connection((host, int(port))) as server:
                client.sendall(b"HTTP/1.1 200 Go on\r\n\r\n")
                self.passed += 1
                self._copy(client, server)

    def _secret(self):
        word = base64.b64encode(self._password.encode()).decode()
        return "Proxy-Authorization: Basic %s\r\n" % word

    def _copy(self, client, server):
        while not self._ended.is_set():
            # select() does not notice what TLS has read already.
            ready = [client] if self._context and client.pending() else \
                select.select([client, server], [], [], 0.2)[0]
            for one in ready:
                data = one.recv(65536)
                if not data:
                    return
                (server if one is client else client).sendall(data)
