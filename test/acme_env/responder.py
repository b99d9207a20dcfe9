# SPDX-License-Identifier: Apache-2.0

"""ACMEDnsResponder of a server under test: its zone behind a real resolver, and
its sockets."""

import os
import re
import socket
import struct

from . import dns_servers, procs
from .dns_servers import Named, Unbound
from .ports import free_port

ZONE = "acme.test"
NAME_SERVER = "ns.test"


class Responder:
    """A port for ACMEDnsResponder. `cnames`: names of which _acme-challenge is
    a CNAME into its zone, in a real name server; `delegated`: those of which it
    is delegated here. Pebble asks a real resolver, which knows both."""

    def __init__(self, make_dns, cnames=(), delegated=()):
        self.port = free_port()
        self.line = "127.0.0.1:%d %s %s" % (self.port, ZONE, NAME_SERVER)
        named = make_dns(Named)
        named.add_zone("test", records="".join(
            "_acme-challenge.%s. IN CNAME %s.%s.\n" % (name, name, ZONE)
            for name in cnames))
        named.start()
        stubs = {"test": named.port, ZONE: self.port}
        stubs.update({"_acme-challenge." + name: self.port
                      for name in delegated})
        self.resolver = make_dns(Unbound, stubs=stubs).start()

    def dig(self, name, kind, *options):
        return dns_servers.dig(self.port, name, kind, *options)

    @staticmethod
    def answerer(httpd):
        """The pid of the child that answers: it holds the lease, a lock on a
        file of the store."""
        folder = httpd.path("store", "locks")
        lock = [name for name in os.listdir(folder) if "responder" in name]
        inode = os.stat(os.path.join(folder, lock[0])).st_ino
        with open("/proc/locks", encoding="ascii") as file:
            holders = [int(line.split()[-4]) for line in file
                       if line.split()[-3].endswith(":%d" % inode)
                       and "->" not in line]
        return holders[0]

    def is_up(self):
        return "status: NOERROR" in self.dig(ZONE, "SOA", "+tries=1",
                                             "+time=1")

    def wait_until_up(self):
        procs.wait_until(self.is_up, procs.GIVE_UP,
                         "the server's DNS answers")


def status_of(said):
    """The status in dig's output."""
    found = re.search(r"status: (\w+)", said)
    return found and found.group(1)


def flags_of(said):
    return re.search(r"flags: ([a-z ]*);", said).group(1).split()


def sockets(pid, port):
    """{inode: whether programs inherit it} of a process's sockets that are
    bound to the port of 127.0.0.1 or of all addresses: UDP, and TCP that
    listens."""
    bound = set()
    for kind, state in (("udp", "07"), ("tcp", "0A"), ("udp6", "07"),
                        ("tcp6", "0A")):
        with open("/proc/net/" + kind, encoding="ascii") as file:
            for line in file.readlines()[1:]:
                fields = line.split()
                if (fields[1].endswith(":%04X" % port)
                        and fields[3] == state):
                    bound.add(fields[9])
    found = {}
    folder = "/proc/%d/fd" % pid
    for fd in os.listdir(folder):
        try:
            link = os.readlink(os.path.join(folder, fd))
        except OSError:
            continue
        inode = re.match(r"socket:\[(\d+)\]", link)
        if inode and inode.group(1) in bound:
            with open("/proc/%d/fdinfo/%s" % (pid, fd),
                      encoding="ascii") as file:
                flags = re.search(r"^flags:\s+(\d+)", file.read(), re.M)
            found[inode.group(1)] = not int(flags.group(1), 8) & os.O_CLOEXEC
    return found


def query(name, kind=16, number=1):
    """The bytes of a query."""
    labels = b"".join(bytes([len(label)]) + label.encode("ascii")
                      for label in name.split("."))
    return struct.pack(">HHHHHH", number & 0xffff, 0x100, 1, 0, 0, 0) + (
        labels + b"\0" + struct.pack(">HH", kind, 1))


def flood(port, packets):
    """Sends them all by UDP, and returns the replies that have come meanwhile.
    """
    replies = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", port))
        sock.setblocking(False)
        for packet in packets:
            for _ in range(2):
                try:
                    sock.send(packet)
                    break
                except (BlockingIOError, ConnectionRefusedError):
                    pass
            try:
                replies.append(sock.recv(4096))
            except OSError:
                pass
    return replies


def memory(pid):
    """KB of memory that is a process's own."""
    with open("/proc/%d/status" % pid, encoding="ascii") as file:
        return int(re.search(r"^RssAnon:\s+(\d+)", file.read(), re.M).group(1))
