# SPDX-License-Identifier: Apache-2.0

"""A start that is ended between the first promotion and the loading."""

import os
import shutil

import pytest

from acme_env import conf, preload, procs, store, tls
from acme_env.journey import wait_until_served

pytestmark = pytest.mark.personalities

SITES = ["s%02d.test" % i for i in range(20)]
SHOP, NEW = "shop.test", "new.test"


def stage(httpd, pebble, *names):
    """All sites have a new certificate that waits; the server is stopped."""
    httpd.configure(conf.managed_conf(httpd, pebble, *names,
                                      ACMEActivation="manual"))
    httpd.start()
    for name in names:
        httpd.wait_for_log("%s: certificate ready" % name)
    httpd.stop()
    assert pebble.orders() == len(names)


def test_a_kill_is_no_refusal(httpd, pebble):
    """20 first certificates, and a kill at any step of the start: the next
    start serves all of them, and nothing is ordered."""
    library = preload.build(httpd.dir, "kill_at")
    stage(httpd, pebble, *SITES)
    saved = httpd.path("saved")
    procs.run(["cp", "-a", store.path(httpd), saved])
    count = httpd.path("killed-at")

    def killed(at):
        if os.path.exists(count):
            os.unlink(count)
        return httpd.start_that_may_end({
            "LD_PRELOAD": library, "KILL_AT": str(at), "KILL_COUNT": count,
            "KILL_BELOW": httpd.path("store")}) is not None
    assert not killed(10 ** 6)
    # The worker counts as well, where it runs in the same process: so the end
    # of the promotions is where the marks of the start are removed.
    with open(count, encoding="utf-8") as file:
        steps = file.read().splitlines()
    last = max(at for at, step in enumerate(steps, 1)
               if step.endswith("/loading"))
    first = min(at for at, step in enumerate(steps, 1)
                if "/live/" in step)
    points = sorted(set(range(first, last, (last - first) // 7 or 1))
                    | {last - 3, last - 2, last - 1, last})
    assert len(points) > 8 and last - first > 100
    for at in points:
        shutil.rmtree(store.path(httpd))
        procs.run(["cp", "-a", "-T", saved, store.path(httpd)])
        assert killed(at), at
        httpd.start()
        for name in SITES:
            assert tls.served(httpd.https_port, name).by_pebble, (at, name)
        assert not os.path.exists(store.path(httpd, "refused")), at
        assert not os.path.exists(store.path(httpd, "unproven")), at
        httpd.stop()
    assert pebble.orders() == len(SITES)


def test_killed_while_one_is_loaded(httpd, pebble):
    """A single kill is chance. After the second one the certificate is
    refused, and the server starts. The others are served in any case."""
    library = preload.build(httpd.dir, "load")
    stage(httpd, pebble, SHOP, NEW)
    spoilt = {"LD_PRELOAD": library, "LOAD_OF": "/live/%s/" % NEW,
              "LOAD_HOW": "killed"}
    assert httpd.start_that_may_end(spoilt) is not None
    saved = httpd.path("saved")
    procs.run(["cp", "-a", store.path(httpd), saved])
    # Chance.
    mark = httpd.log.mark()
    httpd.start()
    for name in (SHOP, NEW):
        assert tls.served(httpd.https_port, name).by_pebble
    assert httpd.log.lines("ACME0133: .* is tried again now", mark)
    httpd.stop()
    assert pebble.orders() == 2
    # Not chance.
    shutil.rmtree(store.path(httpd))
    procs.run(["cp", "-a", "-T", saved, store.path(httpd)])
    assert httpd.start_that_may_end(spoilt) is not None
    httpd.expect_log("ACME0192: %s: .*there was none before" % NEW)
    httpd.expect_log("ACME0104: .*%s: .*server ended" % NEW)
    httpd.allow_log("ACME0341: %s" % NEW)
    assert httpd.start_that_may_end(spoilt) is None
    httpd.start()
    assert tls.served(httpd.https_port, SHOP).by_pebble


def test_what_ends_the_server_is_found(httpd, pebble):
    """httpd ends over a certificate; the next start does without it."""
    library = preload.build(httpd.dir, "load")
    stage(httpd, pebble, SHOP, NEW)
    httpd.allow_log("ssl:|AH00016|AH00020")
    assert httpd.start_that_may_end({
        "LD_PRELOAD": library, "LOAD_OF": "/live/%s/" % NEW,
        "LOAD_HOW": "fails"}) is not None
    httpd.expect_log("ACME0192: %s: .*there was none before" % NEW)
    httpd.expect_log("ACME0104: .*%s: .*server ended" % NEW)
    httpd.expect_log("ACME0341: %s" % NEW)
    mark = httpd.log.mark()
    httpd.start()
    assert tls.served(httpd.https_port, SHOP).by_pebble
    assert not tls.served(httpd.https_port, NEW).by_pebble
    httpd.wait_for_log("%s: certificate ready" % NEW, mark=mark)
    httpd.graceful()
    wait_until_served(httpd, pebble, NEW)
    assert pebble.orders() == 3
    for name in ("unproven", "refused", "loading"):
        assert not os.path.exists(store.path(httpd, name))


def test_somebody_elses_mistake_burns_nothing(httpd, pebble):
    """No certificate is refused for another mistake, however often the server
    does not start because of it."""
    stage(httpd, pebble, SHOP, NEW)
    good = conf.managed_conf(httpd, pebble, SHOP, NEW)
    httpd.configure(good + conf.site_conf(
        httpd, "other.test", https="SSLCertificateFile %s\n"
        "SSLCertificateKeyFile %s\n" % (pebble.ca_file, pebble.ca_file)))
    httpd.allow_log("ssl:|AH00016|AH00020|AH00098")
    httpd.allow_log("ACME0134|ACME0109")
    for _ in range(4):
        with pytest.raises(AssertionError):
            httpd.start(10)
    httpd.configure(good)
    httpd.start()
    wait_until_served(httpd, pebble, SHOP, NEW)
    assert pebble.orders() == 2


def test_what_killed_writers_left_is_removed(httpd, pebble):
    """In each of root's folders, when it is old."""
    stage(httpd, pebble, SHOP)
    httpd.start()
    httpd.stop()
    places = [store.path(httpd, *place, ".tmp-left") for place in (
        (), ("desired",), ("outbox",), ("archive",), ("live",), ("stash",),
        ("import",), ("archive", SHOP))]
    for path in places:
        with open(path, "w", encoding="ascii"):
            pass
        os.utime(path, (1, 1))
    young = store.path(httpd, ".tmp-young")
    with open(young, "w", encoding="ascii"):
        pass
    httpd.start()
    assert [path for path in places if os.path.exists(path)] == []
    assert os.path.exists(young)
