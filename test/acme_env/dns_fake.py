# SPDX-License-Identifier: Apache-2.0

"""A name server over UDP whose answers a test sets: the authority for all
names. A name without any record does not exist."""

import ipaddress
import socket
import struct
import threading

A, NS, CNAME, SOA, TXT, AAAA, CAA = 1, 2, 5, 6, 16, 28, 257
SERVFAIL, NXDOMAIN = 2, 3


def wire(name):
    return b"".join(bytes([len(label)]) + label.encode()
                    for label in name.split(".") if label) + b"\0"


def read_name(packet, at):
    labels = []
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode())
        at += 1 + packet[at]
    return ".".join(labels).lower(), at + 1


class DnsFake:
    """Answers on a port of its own, until stop()."""

    def __init__(self):
        self._records = {}
        self._failing = set()
        self._silent = False
        self.asked = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    # -- what is answered ---------------------------------------------------

    def set(self, name, *addresses, cname=None, caa=()):
        """Replaces all records of a name. caa: (flags, tag, value)."""
        records = [(A if ":" not in text else AAAA,
                    ipaddress.ip_address(text).packed) for text in addresses]
        records += [(CAA, bytes([flags, len(tag)]) + tag.encode()
                     + value.encode()) for flags, tag, value in caa]
        if cname:
            records.append((CNAME, cname))
        self._records = dict(self._records, **{name: records})
        self._failing.discard(name)

    def remove(self, name):
        self._records = {one: records for one, records
                         in self._records.items() if one != name}

    def fail(self, name):
        """SERVFAIL for a name."""
        self._failing.add(name)

    def hush(self, silent=True):
        """Answers nothing at all, or all again."""
        self._silent = silent

    # -- the server ---------------------------------------------------------

    def _serve(self):
        while True:
            try:
                packet, peer = self._socket.recvfrom(4096)
            except OSError:
                return
            if not packet:
                return
            if not self._silent:
                self._socket.sendto(self._answer(packet), peer)

    def _find(self, name, kind):
        """Code and records: (name, type, data)."""
        answers = []
        for _ in range(8):
            if name in self._failing:
                return SERVFAIL, []
            records = self._records.get(name)
            if records is None:
                return NXDOMAIN, answers
            alias = [data for one, data in records if one == CNAME]
            if not alias:
                return 0, answers + [(name, one, data) for one, data
                                     in records if one == kind]
            answers.append((name, CNAME, wire(alias[0])))
            name = alias[0]
        return SERVFAIL, []

    def _answer(self, packet):
        name, at = read_name(packet, 12)
        kind = struct.unpack("!H", packet[at:at + 2])[0]
        self.asked.append((name, kind))
        code, answers = self._find(name, kind)
        # A response with AA, RD as it came, and RA.
        flags = 0x8480 | (packet[2] & 1) << 8 | code
        text = struct.pack("!2sHHHHH", packet[:2], flags, 1, len(answers), 0,
                           0) + packet[12:at + 4]
        for owner, one, data in answers:
            text += wire(owner) + struct.pack("!HHIH", one, 1, 5,
                                              len(data)) + data
        return text

    def stop(self):
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._socket.close()
