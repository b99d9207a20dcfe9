# SPDX-License-Identifier: Apache-2.0

"""acmectl revoke is killed at each change of the store, and run again: the CA
has revoked the certificate once, and it is never served again."""

import concurrent.futures
import json
import os

from acme_env import acmectl, conf, preload, store, tls
from acme_env.acmectl import DONE, NOTHING
from acme_env.fake_ca import Ca, problem

# Sites per way; one for each change, and some are left.
MANY = 24


class ByKey(Ca):
    """Its accounts may not revoke: the certificate's key has to sign."""

    def instead(self, request):
        if request.stage == "revokeCert" and request.account:
            return problem(403, "unauthorized", "not by an account")
        return None


WAYS = {"ca": "superseded", "bykey": "keyCompromise"}
# Which changes: the second way makes all that the first one makes.
EACH = {"ca": 3, "bykey": 1}
SITES = {"%s%d.test" % (way, number): way
         for way in WAYS for number in range(0, MANY, EACH[way])}


def serial_of(httpd, place, name):
    return int(store.serial(httpd, place, name), 16)


def is_blocked(httpd, serial):
    """Returns whether the blocklist has it, or None where it is not done. A
    compromised key has an entry of its own."""
    found = False
    for name in store.names(httpd, "revoked"):
        with open(store.path(httpd, "revoked", name),
                  encoding="utf-8") as file:
            entry = json.load(file)
        if int(entry["serial"], 16) == serial:
            found = True if entry["done"] and found is not None else None
    return found


class Trial:
    def __init__(self, httpd, fake):
        self.httpd = httpd
        self.fake = fake
        self.library = preload.build(httpd.dir, "kill_at")

    def revoke(self, name, at=0):
        """Returns the Result, and how many changes there were."""
        count = self.httpd.path("run", name)
        open(count, "w", encoding="utf-8").close()
        env = self.httpd.env({
            "LD_PRELOAD": self.library, "KILL_AT": str(at),
            "KILL_COUNT": count,
            "KILL_BELOW": store.path(self.httpd)} if at else {})
        result = acmectl.run(self.httpd, "revoke", name, "--yes", "--reason",
                             WAYS[SITES[name]], env=env)
        with open(count, encoding="utf-8") as file:
            return result, len(file.read().splitlines())

    def killed(self, name, at, serial):
        """Kills it at this change, and runs it again."""
        revoked = self.fake.ca[SITES[name]].revoked
        result, _ = self.revoke(name, at)
        assert result.status < 0, (name, at, result)
        blocked = is_blocked(self.httpd, serial)
        # The CA is asked once the certificate is blocked for ever.
        assert blocked is not False or serial not in revoked, (name, at)
        result, _ = self.revoke(name)
        assert result.status in (DONE, NOTHING), (name, at, result)
        assert revoked.count(serial) == 1, (name, at)
        assert is_blocked(self.httpd, serial), (name, at)


def test_it_is_killed_anywhere(make_httpd, make_fake):
    fake = make_fake(bykey=ByKey)
    httpd = make_httpd(fake)
    httpd.configure(conf.managed_conf(httpd, fake, *[
        conf.site_conf(httpd, name, https="ACMEDomain\n    "
                       "ACMECertificateAuthority "
                       + fake.ca[way].directory_url)
        for name, way in SITES.items()], ACMEActivation="manual"))
    httpd.start()
    for name in SITES:
        httpd.wait_for_log("%s: certificate ready" % name)
    httpd.graceful()
    old = {name: serial_of(httpd, "live", name) for name in SITES}
    trial = Trial(httpd, fake)
    tried = []
    for way in WAYS:
        first = way + "0.test"
        result, last = trial.revoke(first, 10 ** 6)
        assert result.status == DONE and 4 < last < MANY, (last, result)
        sites = {"%s%d.test" % (way, at): at
                 for at in range(EACH[way], last + 1, EACH[way])}
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda item: trial.killed(*item, old[item[0]]),
                          sites.items()))
        tried += [first, *sites]
    # The others are as they were.
    assert sum(len(ca.revoked) for ca in fake.ca.values()) == len(tried)
    for name in tried:
        httpd.wait_for_log(r"(?s)(%s: certificate ready.*){2}" % name)
    # What a writer has left is removed once it is old.
    for folder in "revoked", "outbox":
        for name in os.listdir(store.path(httpd, folder)):
            os.utime(store.path(httpd, folder, name), (0, 0))
    for step in httpd.graceful, httpd.restart:
        step()
        for name in tried:
            assert int(tls.served(httpd.https_port, name).serial, 16) \
                != old[name], name
    # The start has removed what the killed ones have left.
    assert os.listdir(store.path(httpd, "outbox")) == []
    assert not [name for name in os.listdir(store.path(httpd, "revoked"))
                if name.startswith(".")]
    assert [len(ca.issued()) for ca in fake.ca.values()] \
        == [sum(SITES[name] == way for name in [*SITES, *tried])
            for way in WAYS]
