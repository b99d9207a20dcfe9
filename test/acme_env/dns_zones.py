# SPDX-License-Identifier: Apache-2.0

"""A small DNS: a resolver and name servers, on several addresses of 127.0.0.0/8
with one port, in a thread of the test."""

import selectors
import socket
import struct
import threading

from .ports import free_port

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "TXT": 16, "CAA": 257}
NUMBERS = {number: name for name, number in TYPES.items()}


def _name(text):
    labels = [label.encode() for label in text.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def _data(kind, value):
    if kind == "A":
        return socket.inet_aton(value)
    if kind == "TXT":
        return bytes([len(value)]) + value.encode()
    if kind == "CAA":
        flags, tag, text = value.split(" ", 2)
        return (bytes([int(flags), len(tag)]) + tag.encode()
                + text.strip('"').encode())
    return _name(value)


class DnsZones:
    """Server 0 is the resolver, the others are name servers. Each answers from
    the records that the test has given to it."""

    def __init__(self, count):
        self.port = free_port()
        self.records = [{} for _ in range(count)]
        self.silent = set()
        self.questions = []
        self._lock = threading.Lock()
        self._selector = selectors.DefaultSelector()
        self._sockets = []
        for number in range(count):
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.bind((self.address(number), self.port))
            self._selector.register(sock, selectors.EVENT_READ, number)
            self._sockets.append(sock)
        self._wake, stop = socket.socketpair()
        self._sockets += [self._wake, stop]
        self._selector.register(stop, selectors.EVENT_READ, None)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @staticmethod
    def address(number):
        return "127.0.0.%d" % (number + 1)

    @property
    def directive(self):
        """The value of ACMEDnsServers: the resolver, and the name servers, so
        that they are asked at this port."""
        return " ".join("%s:%d" % (self.address(number), self.port)
                        for number in range(len(self.records)))

    def set(self, number, name, kind, *values):
        with self._lock:
            self.records[number][(name, kind)] = values

    def zone(self, name, *numbers):
        """Delegates a zone to these name servers."""
        self.set(0, name, "NS", *("ns%d.test" % number
                                  for number in numbers))
        for number in numbers:
            self.set(0, "ns%d.test" % number, "A", self.address(number))

    def asked(self, number, name, kind):
        """How often a server was asked this."""
        with self._lock:
            return self.questions.count((number, name, kind))

    def close(self):
        self._wake.close()
        self._thread.join()
        for sock in self._sockets:
            sock.close()

    def _serve(self):
        while True:
            for key, _ in self._selector.select():
                if key.data is None:
                    return
                query, peer = key.fileobj.recvfrom(4096)
                reply = self._answer(key.data, query)
                if reply:
                    key.fileobj.sendto(reply, peer)

    def _answer(self, number, query):
        at, labels = 12, []
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        name = ".".join(labels).lower()
        kind = NUMBERS.get(struct.unpack("!H", query[at + 1:at + 3])[0])
        with self._lock:
            self.questions.append((number, name, kind))
            records = self.records[number]
            if number in self.silent:
                return None
            found = []
            while (name, "CNAME") in records and kind != "CNAME":
                found.append((name, "CNAME", records[(name, "CNAME")][0]))
                name = records[(name, "CNAME")][0]
            found += [(name, kind, value)
                      for value in records.get((name, kind), ())]
            exists = any(of == name or of.endswith("." + name)
                         for of, _ in records)
        flags = 0x8000 | (0x0400 if number else 0x0080)
        flags |= struct.unpack("!H", query[2:4])[0] & 0x0100
        reply = query[:2] + struct.pack("!HHHHH", flags | (0 if exists else 3),
                                        1, len(found), 0, 0)
        reply += query[12:at + 5]
        for owner, of, value in found:
            data = _data(of, value)
            reply += _name(owner) + struct.pack("!HHIH", TYPES[of], 1, 60,
                                                len(data)) + data
        return reply
