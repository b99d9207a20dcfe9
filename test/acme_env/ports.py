# SPDX-License-Identifier: Apache-2.0

"""Free ports on 127.0.0.1. No port is given out twice in a run, nor to two
runs at a time.

A process takes blocks of ports. A block belongs to it while it holds a socket
with the block's name in Linux's abstract namespace, which ends with the
process."""

import os
import socket

# Ports below those that the kernel gives to outgoing connections.
FIRST, LAST, BLOCK = 15000, 32000, 50
BLOCKS = (LAST - FIRST) // BLOCK

_held = []
_left = []


def _is_free(port):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as sock:
            if kind == socket.SOCK_STREAM:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


def _take_block():
    begin = len(_held) + os.getpid()
    for number in range(begin, begin + BLOCKS):
        first = FIRST + number % BLOCKS * BLOCK
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            claim.bind("\0mod_acme test ports %d" % first)
        except OSError:
            claim.close()
            continue
        _held.append(claim)
        _left.extend(range(first, first + BLOCK))
        return
    raise RuntimeError("no free ports on 127.0.0.1")


def free_port():
    while True:
        if not _left:
            _take_block()
        port = _left.pop(0)
        if _is_free(port):
            return port
