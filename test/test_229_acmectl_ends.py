# SPDX-License-Identifier: Apache-2.0
"""acmectl is killed at any change of the store, or the store is full from then
on: the store is as before or as wanted, and the same command does the rest."""

import errno
import os
import shutil

from acme_env import acmectl, conf, issuer, preload, procs, store, tls
from acme_env.acmectl import DONE, FAILED, NOTHING
from acme_env.journey import activate_by_hand

SHOP, BLOG = "shop.test", "blog.test"


class Trial:
    """A store with two versions of a certificate, and a command."""

    def __init__(self, httpd, pebble):
        self.httpd = httpd
        self.library = preload.build(httpd.dir, "kill_at")
        self.saved = httpd.path("saved")
        self.count = httpd.path("count")
        httpd.configure(conf.managed_conf(httpd, pebble, SHOP,
                                          ACMEActivation="manual"))
        httpd.start()
        first = activate_by_hand(httpd, pebble, SHOP)[SHOP].serial
        mark = httpd.log.mark()
        acmectl.ok(httpd, "renew", SHOP, "--force")
        httpd.wait_for_log("%s: certificate ready" % SHOP, mark=mark)
        httpd.graceful()
        tls.wait_for_serial(httpd.https_port, SHOP, first)
        httpd.stop()
        procs.run(["cp", "-a", store.path(httpd), self.saved])

    def restore(self):
        shutil.rmtree(store.path(self.httpd))
        procs.run(["cp", "-a", "-T", self.saved, store.path(self.httpd)])

    def run(self, argv, at, full=False):
        """Runs the command until the n-th change. Returns its Result, and how
        many changes there were."""
        if os.path.exists(self.count):
            os.unlink(self.count)
        more = {"LD_PRELOAD": self.library, "KILL_AT": str(at),
                "KILL_COUNT": self.count,
                "KILL_BELOW": store.path(self.httpd)}
        if full:
            more["FAIL_WITH"] = str(errno.ENOSPC)
        env = self.httpd.env(more)
        result = acmectl.run(self.httpd, *argv, env=env)
        try:
            with open(self.count, encoding="utf-8") as file:
                return result, len(file.read().splitlines())
        except FileNotFoundError:
            return result, 0

    def each(self, argv, check, count=99):
        """Ends the command at each change, or at so many of them, by a kill and
        for lack of room, and calls check() each time; then, after the command
        was done again."""
        for full in (False, True):
            self.restore()
            result, last = self.run(argv, 10 ** 6, full)
            assert result.status == DONE and last, result
            check(result, True)
            for at in range(1, last + 1, max(1, last // count)):
                self.restore()
                result, _ = self.run(argv, at, full)
                if full and result.status == FAILED:
                    assert os.strerror(errno.ENOSPC) in result.err, \
                        (argv, at, result)
                check(result, result.status == DONE)
                again = acmectl.run(self.httpd, *argv)
                assert again.status in (DONE, NOTHING), (argv, at, again)
                check(again, True)


def serials(httpd, *places):
    return [store.serial(httpd, place, SHOP) for place in places]


def test_it_ends_anywhere(httpd, pebble, room):
    trial = Trial(httpd, pebble)
    new, = serials(httpd, "live")
    old = store.serial(httpd, "archive/%s" % SHOP, "1")
    ca = issuer.Issuer()
    folder = issuer.certbot_store(os.path.join(room, "letsencrypt"), ca,
                                  pebble.directory, [(SHOP, [SHOP])])

    def deleted(_, over):
        assert serials(httpd, "live")[0] in ((None,) if over else (None, new))
        if serials(httpd, "live")[0] is None:
            # What is gone is noted, so that it does not come back.
            assert os.path.exists(store.path(httpd, "removed", SHOP))
    trial.each(("delete", SHOP, "--force"), deleted)

    def back(_, over):
        assert serials(httpd, "live")[0] in ((old,) if over else (old, new))
        if serials(httpd, "live")[0] == old:
            assert store.names(httpd, "pinned") == [SHOP]
    trial.each(("rollback", SHOP, "--generation", "1"), back)

    def imported(_, over):
        assert serials(httpd, "live") == [new]
        assert over <= (store.names(httpd, "import") == [SHOP])
    trial.each(("import", "--from", "certbot", folder), imported)


def test_no_key_stays_in_a_version_that_is_half_removed(httpd, pebble):
    """Nothing else would look there when the site is not managed any more."""
    trial = Trial(httpd, pebble)
    folder = store.path(httpd, "archive", SHOP)
    half = None
    at = 0
    while not half:
        at += 1
        trial.restore()
        result, _ = trial.run(("delete", SHOP, "--force"), at)
        assert result.status != DONE
        half = next((name for name in os.listdir(folder)
                     if name.startswith(".tmp-")), None)
    assert os.path.exists(os.path.join(folder, half, "privkey.pem"))
    httpd.configure(conf.managed_conf(httpd, pebble, BLOG,
                                      ACMEActivation="manual"))
    httpd.start()
    assert os.listdir(folder) == ["1"]
