# SPDX-License-Identifier: Apache-2.0

"""What servers do to a connection: subclasses of Ca, for HTTP/1 (RFC 9112) and
for HTTP/2 (RFC 9113)."""

import gzip
import zlib

from . import http2
from .fake_ca import Ca
from .http2 import fields_of

OTHER = "https://localhost:1/other"
# What counts in the answer, and must not be taken from elsewhere.
MISLEADING = [("Location", OTHER), ("Replay-Nonce", "another"),
              ("Link", '<%s>;rel="alternate"' % OTHER), ("Retry-After", "999")]


class Wire(Ca):
    """All answers are sent in this way."""

    def takes(self, request):
        return True

    def answered(self, request, answer):
        if self.takes(request):
            answer.wire = self.way
        return answer


class Once(Wire):
    """The first answers of these stages are. A client waits after each."""

    stages = ("newAccount", "newOrder", "finalize", "certificate")

    def takes(self, request):
        return request.number == 1 and request.stage in self.stages


# -- HTTP/1: way(handler, answer) ----------------------------------------------


class Closing(Wire):
    """Each answer is the last of its connection."""

    def way(self, handler, answer):
        answer.header("Connection", "close")
        handler.send(answer)


class Silent(Wire):
    """The same, and nobody says so."""

    def way(self, handler, answer):
        handler.send(answer)
        handler.close_connection = True


class Old(Wire):
    """HTTP/1.0: the end of the connection is the end of the body."""

    def way(self, handler, answer):
        handler.protocol_version = "HTTP/1.0"
        handler.head(answer)
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(answer.body)
        handler.close_connection = True
        # Without close_notify the body could be cut, and libcurl with
        # OpenSSL 3.5 does not take it.
        handler.connection.settimeout(10)
        try:
            handler.connection.unwrap()
        except OSError:
            pass


class Interim(Wire):
    """Answers before the answer, nobody has asked for them"""

    def way(self, handler, answer):
        handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        handler.wfile.write(b"HTTP/1.1 103 Early Hints\r\n" + b"".join(
            b"%s: %s\r\n" % (name.encode(), value.encode())
            for name, value in MISLEADING) + b"\r\n")
        handler.send(answer)


class Chunked(Wire):
    """In pieces, with trailers"""

    def way(self, handler, answer):
        if handler.command == "HEAD" or answer.status == 204:
            handler.send(answer)
            return
        handler.head(answer)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.send_header("Trailer", "Replay-Nonce, Location")
        handler.end_headers()
        for at in range(0, len(answer.body), 100):
            part = answer.body[at:at + 100]
            handler.wfile.write(b"%x;a=b\r\n%s\r\n" % (len(part), part))
        handler.wfile.write(b"0\r\n" + b"".join(
            b"%s: %s\r\n" % (name.encode(), value.encode())
            for name, value in MISLEADING) + b"\r\n")


class Excess(Wire):
    """More comes than was announced."""

    def way(self, handler, answer):
        answer.header("Content-Length", str(len(answer.body)))
        if handler.command == "HEAD" or answer.status == 204:
            answer.body = b""
        lines = ["%s: %s" % field for field in answer.headers]
        handler.wfile.write("\r\n".join(
            ["HTTP/1.1 %d" % answer.status] + lines + ["", ""]).encode()
            + answer.body + b"\r\n<!-- served by a proxy -->")
        handler.close_connection = True


class Packed(Wire):
    """A compressed body (RFC 9110 8.4)"""

    encoding = "deflate"

    def pack(self, body):
        return zlib.compress(body)

    def way(self, handler, answer):
        if answer.body:
            answer.body = self.pack(answer.body)
            answer.headers.append(("Content-Encoding", self.encoding))
        handler.send(answer)


class PackedRaw(Packed):
    """As old servers understood deflate"""

    def pack(self, body):
        packer = zlib.compressobj(wbits=-15)
        return packer.compress(body) + packer.flush()


class PackedTwice(Packed):
    encoding = "gzip, deflate"

    def pack(self, body):
        return zlib.compress(gzip.compress(body))


class NotPacked(Packed):
    encoding = "identity"

    def pack(self, body):
        return body


class PackedChunked(Chunked):
    def way(self, handler, answer):
        if answer.body:
            answer.body = gzip.compress(answer.body)
            answer.headers.append(("Content-Encoding", "x-gzip"))
        super().way(handler, answer)


class Cut(Once):
    """The connection ends in the middle of the body."""

    def way(self, handler, answer):
        handler.head(answer)
        handler.send_header("Content-Length", str(len(answer.body) + 1))
        handler.end_headers()
        handler.wfile.write(answer.body[:len(answer.body) // 2])
        handler.close_connection = True


class CutChunked(Once):
    """The last chunk is missing."""

    def way(self, handler, answer):
        handler.head(answer)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(answer.body), answer.body))
        handler.close_connection = True


class CutPacked(Cut):
    def way(self, handler, answer):
        answer.body = gzip.compress(answer.body)
        answer.headers.append(("Content-Encoding", "gzip"))
        super().way(handler, answer)


class Lost(Once):
    """The connection ends instead of an answer."""

    def way(self, handler, answer):
        handler.close_connection = True


class LostHeaders(Once):
    """It ends within the headers."""

    def way(self, handler, answer):
        handler.head(answer)
        handler.flush_headers()
        handler.close_connection = True


HTTP1 = {kind.__name__.lower(): kind for kind in (
    Closing, Silent, Old, Interim, Chunked, Excess, Packed, PackedRaw,
    PackedTwice, NotPacked, PackedChunked, Cut, CutChunked, CutPacked, Lost,
    LostHeaders)}


# -- HTTP/2: way(connection, stream, answer) -----------------------------------


class Streams(Ca):
    """As it should be"""


class Hints(Wire):
    """103 before, and trailers behind"""

    def way(self, connection, stream, answer):
        connection.headers(stream, [(":status", "103")] + MISLEADING)
        connection.headers(stream, fields_of(answer))
        connection.body(stream, answer.body, end=False)
        connection.headers(stream, MISLEADING, end=True)


class LastAnswer(Once):
    """GOAWAY after it was answered"""

    def way(self, connection, stream, answer):
        connection.whole(stream, answer)
        connection.go_away(stream)
        connection.end()


class Announced(Once):
    """GOAWAY comes before the answer, as servers that are about to stop do."""

    def way(self, connection, stream, answer):
        connection.go_away(2 ** 31 - 1)
        connection.go_away(stream)
        connection.whole(stream, answer)
        connection.end()


class ResetLate(Once):
    """RST_STREAM after the whole answer (RFC 9113 8.1)"""

    def way(self, connection, stream, answer):
        connection.whole(stream, answer)
        connection.reset(stream, http2.NO_ERROR)


class ResetBody(Once):
    """RST_STREAM in the middle of the body"""

    def way(self, connection, stream, answer):
        connection.headers(stream, fields_of(answer))
        connection.body(stream, answer.body[:len(answer.body) // 2],
                        end=False)
        connection.reset(stream, http2.CANCEL)


class GoneBody(Once):
    """The connection ends in the middle of the body."""

    def way(self, connection, stream, answer):
        connection.headers(stream, fields_of(answer))
        connection.body(stream, answer.body[:len(answer.body) // 2],
                        end=False)
        connection.end()


class LostReset(Once):
    """The CA has heard, and RST_STREAM is all that comes."""

    def way(self, connection, stream, answer):
        connection.reset(stream, http2.INTERNAL_ERROR)


class LostGone(Once):
    """The same by GOAWAY, which says that the stream was heard"""

    def way(self, connection, stream, answer):
        connection.go_away(stream, http2.INTERNAL_ERROR)
        connection.end()


class Unheard(Ca):
    """The first requests of these stages do not reach the CA."""

    stages = ("directory", "newNonce") + Once.stages

    def __init__(self, *args):
        super().__init__(*args)
        self._unheard = set()

    def unheard(self, path):
        stage = self.stage_of(path)
        if stage in self._unheard or stage not in self.stages:
            return None
        self._unheard.add(stage)
        return self.refuse


class Refused(Unheard):
    def refuse(self, connection, stream):
        connection.reset(stream, http2.REFUSED_STREAM)


class GoAway(Unheard):
    """GOAWAY that names the stream before as the last one. libcurl does not
    repeat such a request by itself."""

    stages = ("newOrder", "finalize")
    code = http2.NO_ERROR

    def refuse(self, connection, stream):
        connection.go_away(connection.last, self.code)
        connection.end()


class Calm(GoAway):
    code = http2.ENHANCE_YOUR_CALM


class Http11(Unheard):
    """These are answered over HTTP/1.1 only. libcurl keeps to that for all
    requests to the server."""

    def refuse(self, connection, stream):
        connection.reset(stream, http2.HTTP_1_1_REQUIRED)


HTTP2 = {kind.__name__.lower(): kind for kind in (
    Streams, Hints, LastAnswer, Announced, ResetLate, ResetBody, GoneBody,
    LostReset, LostGone, Refused, GoAway, Calm)}
