# SPDX-License-Identifier: Apache-2.0
"""A store that is full, from any step of a start on."""

import errno
import os
import shutil

from acme_env import acmectl, conf, preload, procs, store, tls
from acme_env.journey import activate_by_hand

SHOP, NEW = "shop.test", "new.test"


def test_the_server_starts_whenever_the_store_is_full(httpd, pebble):
    """A renewal and a first certificate are staged. What is live is served, and
    what could not be put in place waits for the next start."""
    library = preload.build(httpd.dir, "kill_at")
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP,
                                      ACMEActivation="manual"))
    httpd.start()
    first = activate_by_hand(httpd, pebble, SHOP)[SHOP].serial
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP, NEW,
                                      ACMEActivation="manual"))
    mark = httpd.log.mark()
    acmectl.ok(httpd, "renew", SHOP, "--force")
    httpd.wait_for_log("%s: certificate ready" % SHOP, mark=mark)
    httpd.stop()
    procs.run(["mv", store.path(httpd, "staging", SHOP), httpd.path("kept")])
    httpd.start()
    httpd.wait_for_log("%s: certificate ready" % NEW)
    httpd.stop()
    procs.run(["mv", httpd.path("kept"), store.path(httpd, "staging", SHOP)])
    orders = pebble.orders()
    saved, count = httpd.path("saved"), httpd.path("count")
    procs.run(["cp", "-a", store.path(httpd), saved])
    httpd.allow_log("acme:(warn|error)")

    def start(at):
        """Starts with a store that is full from the n-th change on; returns
        how many changes the parent made."""
        shutil.rmtree(store.path(httpd))
        procs.run(["cp", "-a", "-T", saved, store.path(httpd)])
        if os.path.exists(count):
            os.unlink(count)
        httpd.more_env = {
            "LD_PRELOAD": library, "KILL_AT": str(at), "KILL_COUNT": count,
            "FAIL_WITH": str(errno.ENOSPC), "KILL_BELOW": store.path(httpd)}
        httpd.start()
        served = tls.served(httpd.https_port, SHOP)
        new = tls.served(httpd.https_port, NEW).by_pebble
        httpd.stop()
        httpd.more_env = {}
        with open(count, encoding="utf-8") as file:
            steps = file.read().splitlines()
        return served.serial, new, steps

    second, new, steps = start(10 ** 6)
    assert second != first and new
    last = max(at for at, step in enumerate(steps, 1)
               if "/live/" in step or "/unproven" in step)
    assert last > 12
    for at in range(1, last + 1, last // 6):
        serial, _, _ = start(at)
        assert serial in (first, second), at
        httpd.start()
        assert tls.served(httpd.https_port, SHOP).serial == second, at
        assert tls.served(httpd.https_port, NEW).by_pebble, at
        httpd.stop()
    assert pebble.orders() == orders
