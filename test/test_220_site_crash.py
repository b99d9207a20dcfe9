# SPDX-License-Identifier: Apache-2.0

"""kill -9 at every change of the store that a start makes."""

import hashlib
import os
import shutil
import signal
import socket
import ssl

import pytest

from acme_env import conf, preload, procs, store
from acme_env.journey import wait_until_served

pytestmark = pytest.mark.personalities

SITES = ["s%02d.test" % i for i in range(20)]


def kept(httpd):
    """{digest: places} of all certificates to which a pointer leads."""
    found = {}
    for place in ("live", "stash", "import"):
        for name in store.names(httpd, place):
            found.setdefault(store.digest(httpd, place, name), []).append(
                place + "/" + name)
    return found


def shown(httpd, name):
    """The digest of the served certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", httpd.https_port),
                                  timeout=procs.GIVE_UP) as raw:
        with context.wrap_socket(raw, server_hostname=name) as tls:
            return hashlib.sha256(tls.getpeercert(True)).hexdigest()


def start_to_be_killed(httpd, library, at):
    """Starts the server; returns whether it was killed at that operation."""
    count = httpd.path("killed-at")
    if os.path.exists(count):
        os.unlink(count)
    env = {"LD_PRELOAD": library, "KILL_AT": str(at),
           "KILL_BELOW": httpd.path("store"), "KILL_COUNT": count}
    return httpd.start_that_may_end(env) == -signal.SIGKILL


def test_killed_at_every_operation(httpd, pebble):
    """20 sites at once: 13 are removed, 2 come back, 2 have an import about
    which the start decides, one set is split, 2 stay."""
    library = preload.build(httpd.dir, "kill_at")
    httpd.allow_log("ACME0101|ACME0105")
    pairs = [(SITES[18], "www." + SITES[18])]
    httpd.configure(conf.managed_conf(httpd, pebble, *SITES[:18], *pairs,
                                      SITES[19]))
    httpd.start()
    wait_until_served(httpd, pebble, *SITES)
    # Two certificates are stashed, and two wait as imports.
    httpd.configure(conf.managed_conf(httpd, pebble, *SITES[4:18], *pairs,
                                      SITES[19]))
    httpd.graceful()
    httpd.stop()
    for name in SITES[2:4]:
        os.rename(store.path(httpd, "stash", name),
                  store.path(httpd, "import", name))
    orders = pebble.orders()
    everything = set(kept(httpd))
    assert len(everything) == 20 and orders == 20

    after = SITES[0:4] + SITES[8:10] + [pairs[0][0], pairs[0][1]]
    httpd.configure(conf.managed_conf(httpd, pebble, *after))
    saved = httpd.path("saved")
    procs.run(["cp", "-a", store.path(httpd), saved])
    at, killed = 1, 0
    while True:
        shutil.rmtree(store.path(httpd))
        procs.run(["cp", "-a", "-T", saved, store.path(httpd)])
        if not start_to_be_killed(httpd, library, at):
            break
        killed += 1
        # After any kill, each certificate is in exactly one place.
        found = kept(httpd)
        assert set(found) == everything, at
        # After a split both sites have it, each in a place of its own.
        twice = {digest: places for digest, places in found.items()
                 if len(places) > 1}
        assert all(sorted(places) == ["live/" + pairs[0][0],
                                      "live/" + pairs[0][1]]
                   for places in twice.values()), (at, twice)
        httpd.start()
        found = kept(httpd)
        assert set(found) == everything, at
        for name in after:
            assert "live/" + name in found[shown(httpd, name)], (at, name)
        assert store.names(httpd, "import") == []
        assert sorted(store.names(httpd, "live")) == sorted(after)
        assert len(store.names(httpd, "stash")) == 13
        httpd.stop()
        at += 1
    assert killed > 20, killed
    assert pebble.orders() == orders
