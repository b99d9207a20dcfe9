# SPDX-License-Identifier: Apache-2.0

"""One server before a Pebble behind a Gate, for many small cases.

Nothing is ordered by itself (ACMERenewMode manual, ACMEActivation manual): a
case has a site, and with that an account, of its own, asks with acmectl, and
looks at what has become of it. So cases share a server, and none sees the
others' faults."""

import email.utils
import shutil
import time

from . import acmectl, conf, status
from .clock import Clock
from .gate import Gate
from .httpd import Httpd
from .pebble import Pebble

# How long nothing must come, where nothing is due.
QUIET = 0.7

# Requests of a try for a site of one or two names, if nothing is repeated;
# the last is where redirections lead to (faults.py).
MOST = {"/dir": 1, "/nonce-plz": 3, "/sign-me-up": 1, "/order-plz": 1,
        "/authZ/": 4, "/chalZ/": 2, "/my-order/": 6, "/finalize-order/": 1,
        "/certZ/": 1, "/elsewhere": 1}


class Bench:
    """sites: {name: {directive: value}}, where "ServerAlias" is one, too.
    clock: ahead() turns the server's."""

    def __init__(self, folder, sites, clock=False):
        self._folder = folder
        self._sites = {name: dict(own) for name, own in sites.items()}
        self.pebble = Pebble(folder + "/pebble").start()
        self.gate = Gate(self.pebble, prompt=True)
        self.httpd = Httpd(folder + "/httpd",
                           http_port=self.pebble.http_port,
                           https_port=self.pebble.tls_port)
        if clock:
            self.httpd.clock = Clock(folder)
        self._ahead = 0
        # Each case says itself what it expects; crashes count.
        self.httpd.allow_log(r"acme:(warn|error)\]")
        self._configure()
        self.httpd.start()

    def _configure(self):
        self.httpd.configure(conf.managed_conf(
            self.httpd, self.pebble,
            *[self._site(name, own) for name, own in self._sites.items()],
            ACMECertificateAuthority=self.gate.directory,
            ACMEActivation="manual", ACMERenewMode="manual",
            ACMERetryDelay="10min"))

    def change(self, name, **own):
        """Other directives of a site, by a graceful restart."""
        self.change_each({name: own})

    def change_each(self, changes):
        """{site: {directive: value}}"""
        for name, own in changes.items():
            self._sites[name].update(own)
        self._configure()
        self.httpd.graceful()

    def _site(self, name, own):
        own = dict({"ACMEContactEmail": "admin@" + name}, **own)
        aliases = own.pop("ServerAlias", "").split()
        return conf.site_conf(
            self.httpd, name, aliases, https="ACMEDomain\n" + "".join(
                "    %s %s\n" % setting for setting in own.items()))

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.httpd.stop()
        self.gate.close()
        self.pebble.shutdown()
        complaints = self.httpd.log.problems()
        assert not complaints, "\n".join(complaints)
        shutil.rmtree(self._folder)

    def begin(self):
        """A case: no faults, no requests."""
        self.gate.ask_pebble()
        self.gate.requests.clear()

    def ahead(self, seconds):
        """Turns the server's clock on by so much."""
        self._ahead += seconds
        self.gate.ahead = self._ahead
        self.httpd.clock.turn_to(self._ahead)

    def before(self, due):
        """Turns it to minutes before a time, or half of what is left: so long
        a test has to look that nothing comes."""
        left = due - self.now()
        self.ahead(int(left - min(left / 2, 300)))

    def after(self, due):
        """Turns it to right after a time."""
        self.ahead(max(int(due - self.now()), 0) + 5)

    def keeps(self, date, seconds, since):
        """Whether a date is so many seconds after something that happened
        between `since` and now, by the server's clock."""
        return since + seconds - 5 < until(date, 0) \
            < self.now() + seconds + 5

    def now(self):
        """By the server's clock."""
        return time.time() + self._ahead

    def in_seconds(self, seconds):
        """As in_seconds(), by the server's clock."""
        return in_seconds(self._ahead + seconds)

    def rest(self):
        """Long enough for what should not come."""
        time.sleep(QUIET)

    def renew(self, *args):
        return acmectl.run(self.httpd, "renew", "--timeout", "300", *args,
                           env=self.httpd.env())

    def succeeds(self, name, *args):
        result = self.renew(name, *args)
        assert result.status == acmectl.DONE, (result, self.httpd.log.tail())
        said = status.of(self.httpd, name)["renewal"]
        assert said["finished"] and not said["last"].get("problem")

    def fails(self, name, *args, faulty="", rounds=1):
        """What the status says of it then. No request follows, and beside
        those for the faulty path, which the caller counts, none came in vain.
        rounds: how often all is begun anew."""
        result = self.renew(name, *args)
        assert result.status == acmectl.FAILED, result
        self.assert_bounded(faulty, rounds)
        seen = list(self.gate.requests)
        said = status.of(self.httpd, name)["renewal"]
        self.rest()
        assert self.gate.requests == seen, \
            "it does not rest: %s" % self.gate.requests[len(seen):]
        assert said["last"]["detail"] in result.out
        return said

    def assert_bounded(self, faulty="", rounds=1):
        """No requests but those that were to be made."""
        for path in {path for _, path in self.gate.requests}:
            if faulty and path.startswith(faulty):
                continue
            kind = next((start for start in MOST if path.startswith(start)),
                        path)
            most = MOST.get(kind, 0) * rounds
            if kind == "/nonce-plz":
                # What the gate answers brings no nonce for the next one.
                most += self.gate.count(faulty or "none")
            assert self.gate.count(kind) <= most, self.gate.requests

    def comes(self, name, said, path):
        """The next try (for that path), which comes by itself, when it is
        due and not before; nothing is wrong any more."""
        self.gate.ask_pebble()
        seen = list(self.gate.requests)
        self.before(until(said["next-run"], 0))
        self.rest()
        assert self.gate.requests == seen, "it does not wait"
        self.after(until(said["next-run"], 0))
        said = self.is_ready(name)
        assert not said["last"].get("problem")
        assert self.gate.count(path) > sum(
            1 for _, one in seen if one.startswith(path))

    def is_ready(self, name):
        """Soon, and with nobody's help."""
        return status.wait_for(self.httpd, name,
                               lambda s: s["renewal"]["finished"])["renewal"]


def wait_of(said):
    """Seconds from the last try to the next; None: there will be none."""
    if not said.get("next-run"):
        return None
    return until(said["next-run"], until(said["last-run"], 0))


def until(date, begin):
    """Seconds from one time (of time.time()) to a date."""
    return email.utils.parsedate_to_datetime(date).timestamp() - begin


def in_seconds(seconds):
    """A date for headers, so many seconds from now."""
    return email.utils.formatdate(time.time() + seconds, usegmt=True)
