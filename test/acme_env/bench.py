# SPDX-License-Identifier: Apache-2.0

"""One server before a Pebble behind a Gate, for many small cases.

Nothing is ordered without a request (ACMERenewMode manual, ACMEActivation
manual). A case has its own site, and so its own account, asks with acmectl and
checks the result. So cases share a server, and no case sees the faults of
another."""

import email.utils
import shutil
import time

from . import acmectl, conf, status
from .clock import Clock
from .gate import Gate
from .httpd import Httpd
from .pebble import Pebble
from .personality import PERSONALITIES

# Seconds in which no request may come when nothing is due.
QUIET = 0.7

# Requests of a try for a site of one or two names, if nothing is repeated. The
# last one is the target of redirects (faults.py).
MOST = {"/dir": 1, "/nonce-plz": 3, "/sign-me-up": 1, "/order-plz": 1,
        "/authZ/": 4, "/chalZ/": 2, "/my-order/": 6, "/finalize-order/": 1,
        "/certZ/": 1, "/elsewhere": 1}


class Bench:
    """sites: {name: {directive: value}}, where "ServerAlias" is allowed as
    well. personality: the CA that is seen, see PERSONALITIES. clock: ahead()
    sets the server's clock."""

    def __init__(self, folder, sites, personality="pebble", clock=False):
        self._folder = folder
        self._sites = {name: dict(own) for name, own in sites.items()}
        self.pebble = Pebble(folder + "/pebble").start()
        self.gate = (PERSONALITIES[personality] or Gate)(self.pebble,
                                                         prompt=True)
        self.httpd = Httpd(folder + "/httpd",
                           http_port=self.pebble.http_port,
                           https_port=self.pebble.tls_port)
        if clock:
            self.httpd.clock = Clock(folder)
        self._ahead = 0
        # Each case checks its own messages; a crash fails the test.
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
        """Changes the directives of a site, by a graceful restart."""
        self.change_each({name: own})

    def change_each(self, changes):
        """Changes several sites: {site: {directive: value}}."""
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
        """Begins a case: no faults, no requests so far."""
        self.gate.ask_pebble()
        self.gate.requests.clear()

    def ahead(self, seconds):
        """Sets the server's clock forward by so many seconds."""
        self._ahead += seconds
        self.gate.ahead = self._ahead
        self.httpd.clock.turn_to(self._ahead)

    def before(self, due):
        """Sets the clock to minutes before a time, or to half of what is left,
        so that the test checks long enough that nothing comes."""
        left = due - self.now()
        self.ahead(int(left - min(left / 2, 300)))

    def after(self, due):
        """Sets the clock to right after a time."""
        self.ahead(max(int(due - self.now()), 0) + 5)

    def keeps(self, date, seconds, since):
        """Whether a date is so many seconds after something that happened
        between `since` and now, by the server's clock."""
        return since + seconds - 5 < until(date, 0) \
            < self.now() + seconds + 5

    def now(self):
        """The time by the server's clock."""
        return time.time() + self._ahead

    def in_seconds(self, seconds):
        """A date as in_seconds() gives it, by the server's clock."""
        return in_seconds(self._ahead + seconds)

    def rest(self):
        """Waits long enough for requests that must not come."""
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
        """Asserts that the try fails, and returns what the status says. No
        request follows. Except those for the faulty path, which the caller
        counts, no request was in vain. rounds: how often the try is begun
        anew."""
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
        """Asserts that there were only the expected requests."""
        for path in {path for _, path in self.gate.requests}:
            if faulty and path.startswith(faulty):
                continue
            kind = next((start for start in MOST if path.startswith(start)),
                        path)
            most = MOST.get(kind, 0) * rounds
            if kind == "/nonce-plz":
                # A response of the gate has no nonce for the next request.
                most += self.gate.count(faulty or "none")
            assert self.gate.count(kind) <= most, self.gate.requests

    def comes(self, name, said, path):
        """Waits for the next try (for that path), which must come by itself at
        its time and not before; no problem is left."""
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
        """Waits until the certificate is ready, without help."""
        return status.wait_for(self.httpd, name,
                               lambda s: s["renewal"]["finished"])["renewal"]


def wait_of(said):
    """Seconds from the last try to the next; None if there is no next try."""
    if not said.get("next-run"):
        return None
    return until(said["next-run"], until(said["last-run"], 0))


def until(date, begin):
    """Seconds from a time (of time.time()) to a date."""
    return email.utils.parsedate_to_datetime(date).timestamp() - begin


def in_seconds(seconds):
    """A date for headers, so many seconds from now."""
    return email.utils.formatdate(time.time() + seconds, usegmt=True)
