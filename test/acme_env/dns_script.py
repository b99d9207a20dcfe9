# SPDX-License-Identifier: Apache-2.0

"""A program for ACMEChallengeDns01, run as

    python3 dns_script.py FOLDER PORT setup|teardown NAME [VALUE]

It sets TXT records by way of the management port of pebble-challtestsrv, and
notes each call in FOLDER/calls. A file FOLDER/ACTION-NAME tells it to do
something else: see misbehave()."""

import json
import os
import sys
import time
import urllib.request

# Longer than any test waits.
FOR_EVER = 3600


def note(folder, **more):
    """Adds a line of JSON to FOLDER/calls, in one write."""
    call = {"argv": sys.argv[3:], "uid": os.getuid(),
            "env": dict(os.environ), "pid": os.getpid(),
            "group": os.getpgrp(),
            "files": sorted(int(fd) for fd in os.listdir("/proc/self/fd"))}
    call.update(more)
    line = json.dumps(call) + "\n"
    out = os.open(os.path.join(folder, "calls"),
                  os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    os.write(out, line.encode())
    os.close(out)


def misbehave(order):
    """hang: never ends, not even when it is told to. fail: exit status 3.
    garbage: prints much that is no text, and fails."""
    if order == "hang":
        import signal
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("hanging", flush=True)
        time.sleep(FOR_EVER)
    if order == "fail":
        print("no such zone")
        sys.exit(3)
    if order == "garbage":
        out = sys.stdout.buffer
        out.write(bytes(range(256)) * 4000)
        out.write(b"\n\0\x1b[31mACME0001: forged\n")
        out.flush()
        sys.exit(1)


def change(port, path, body):
    request = urllib.request.Request(
        "http://127.0.0.1:%s%s" % (port, path),
        data=json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=60) as answer:
        answer.read()


def main():
    folder, port, action, name = sys.argv[1:5]
    record = "_acme-challenge.%s." % name
    try:
        with open(os.path.join(folder, "%s-%s" % (action, name)),
                  encoding="ascii") as file:
            order = file.read().strip()
    except FileNotFoundError:
        order = None
    note(folder)
    misbehave(order)
    if action == "setup":
        change(port, "/set-txt", {"host": record, "value": sys.argv[5]})
    else:
        change(port, "/clear-txt", {"host": record})
    if order == "linger":
        print("lingering", flush=True)
        time.sleep(FOR_EVER)


main()
