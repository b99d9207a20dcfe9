# SPDX-License-Identifier: Apache-2.0

"""One connection of an HTTP/2 server (RFC 9113), which ends streams and itself
as a test wants it. Requests are answered one after the other, so that what has
not been answered has not been heard."""

import socket
import struct

from . import hpack

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, \
    CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITY = 1, 1, 4, 8, 32
NO_ERROR, INTERNAL_ERROR, REFUSED_STREAM, CANCEL, ENHANCE_YOUR_CALM, \
    HTTP_1_1_REQUIRED = 0, 2, 7, 8, 11, 13
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


class Over(Exception):
    """The connection has ended."""


class Connection:
    def __init__(self, tls, answer, instead):
        """answer(method, path, body): the Answer of the CA. instead(path): a
        function that is called with (connection, stream) before the CA hears
        of the request, or None."""
        self._tls = tls
        self._answer = answer
        self._instead = instead
        self._reader = hpack.Reader()
        self._open = {}
        self.last = 0

    def serve(self):
        try:
            if self._take(len(PREFACE)) != PREFACE:
                return
            self.send(SETTINGS, 0, 0, b"")
            # Room for all requests of a connection; each is short.
            self.send(WINDOW_UPDATE, 0, 0, struct.pack("!I", 1 << 30))
            while True:
                self._frame()
        except (Over, OSError):
            pass
        finally:
            self._reader.close()

    # -- what behaviours do -----------------------------------------------

    def send(self, kind, flags, stream, data):
        self._tls.sendall(struct.pack("!I", len(data))[1:] + struct.pack(
            "!BBI", kind, flags, stream) + data)

    def headers(self, stream, fields, end=False):
        self.send(HEADERS, END_HEADERS | (END_STREAM if end else 0), stream,
                  hpack.write(fields))

    def body(self, stream, data, end=True):
        """A client's window is larger than all answers of a test."""
        for at in range(0, max(len(data), 1), 16000):
            self.send(DATA, END_STREAM if end and at + 16000 >= len(data)
                      else 0, stream, data[at:at + 16000])

    def reset(self, stream, code):
        self.send(RST_STREAM, 0, stream, struct.pack("!I", code))

    def go_away(self, last, code=NO_ERROR):
        self.send(GOAWAY, 0, 0, struct.pack("!II", last, code))

    def end(self):
        """Ends the connection once the client has read everything: an end
        with unread requests would take away answers that are on their way."""
        self._tls.shutdown(socket.SHUT_WR)
        while self._tls.recv(4096):
            pass
        raise Over

    def whole(self, stream, answer):
        """Sends an answer as it is."""
        self.headers(stream, fields_of(answer), end=not answer.body)
        if answer.body:
            self.body(stream, answer.body)

    # -- frames -----------------------------------------------------------

    def _take(self, length):
        data = b""
        while len(data) < length:
            more = self._tls.recv(length - len(data))
            if not more:
                raise Over
            data += more
        return data

    def _frame(self):
        head = self._take(9)
        length = int.from_bytes(head[:3], "big")
        kind, flags, stream = struct.unpack("!BBI", head[3:])
        data = self._take(length)
        if kind == SETTINGS and not flags & ACK:
            self.send(SETTINGS, ACK, 0, b"")
        elif kind == PING and not flags & ACK:
            self.send(PING, ACK, 0, data)
        elif kind == GOAWAY:
            raise Over
        elif kind == RST_STREAM:
            self._open.pop(stream, None)
        elif kind in (HEADERS, CONTINUATION, DATA):
            self._part(kind, flags, stream, data)

    def _part(self, kind, flags, stream, data):
        if kind == HEADERS:
            self._open[stream] = [b"", b"", False]
        request = self._open.get(stream)
        if not request:
            return
        if kind != CONTINUATION and flags & PADDED:
            data = data[1:len(data) - data[0]]
        if kind == HEADERS and flags & PRIORITY:
            data = data[5:]
        request[kind == DATA] += data
        if kind != CONTINUATION and flags & END_STREAM:
            request[2] = True
        if kind != DATA and flags & END_HEADERS:
            request[0] = self._reader.read(request[0])
        if request[2] and isinstance(request[0], dict):
            self._whole_request(stream, *self._open.pop(stream)[:2])

    def _whole_request(self, stream, fields, body):
        path = fields[":path"]
        before = self._instead(path)
        if before:
            before(self, stream)
            return
        self.last = stream
        answer = self._answer(fields[":method"], path, body)
        if answer.wire:
            answer.wire(self, stream, answer)
        else:
            self.whole(stream, answer)


def fields_of(answer):
    fields = [(":status", str(answer.status))]
    if answer.content_type and answer.body:
        fields.append(("content-type", answer.content_type))
    return fields + answer.headers
