# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""One server before a Pebble behind a Gate, for many small cases.

Nothing is ordered by itself (ACMERenewMode manual, ACMEActivation manual): a
case has a site, and with that an account, of its own, asks with acmectl, and
looks at what has become of it. So cases share a server, and none sees the
others' faults."""

import email.utils
import time

from . import acmectl, conf, status
from .gate import Gate
from .httpd import Httpd
from .pebble import Pebble

# How long nothing must come, where nothing is due.
QUIET = 1


class Bench:
    """sites: {name: {directive: value}}"""

    def __init__(self, folder, sites):
        self.pebble = Pebble(folder + "/pebble").start()
        self.gate = Gate(self.pebble)
        self.httpd = Httpd(folder + "/httpd",
                           http_port=self.pebble.http_port,
                           https_port=self.pebble.tls_port)
        # Each case says itself what it expects; crashes count.
        self.httpd.allow_log(r"acme:(warn|error)\]")
        self.httpd.configure(conf.managed_conf(
            self.httpd, self.pebble,
            *[self._site(name, own) for name, own in sites.items()],
            ACMECertificateAuthority=self.gate.directory,
            ACMEActivation="manual", ACMERenewMode="manual",
            ACMERetryDelay="10min"))
        self.httpd.start()

    def _site(self, name, own):
        own = dict({"ACMEContactEmail": "admin@" + name}, **own)
        return conf.site_conf(self.httpd, name, https="ACMEDomain\n" + "".join(
            "    %s %s\n" % setting for setting in own.items()))

    def close(self):
        """What the error log has to complain of."""
        self.httpd.stop()
        self.gate.close()
        self.pebble.shutdown()
        return self.httpd.log.problems()

    def begin(self):
        """A case: no faults, no requests."""
        self.gate.ask_pebble()
        self.gate.requests.clear()

    def renew(self, name, *args):
        return acmectl.run(self.httpd, "renew", name, "--timeout", "40", *args)

    def succeeds(self, name):
        result = self.renew(name)
        assert result.status == acmectl.DONE, (result, self.httpd.log.tail())
        said = status.of(self.httpd, name)["renewal"]
        assert said["finished"] and not said["last"].get("problem")

    def fails(self, name):
        """What the status says of it then. No request follows."""
        result = self.renew(name)
        assert result.status == acmectl.FAILED, result
        seen = list(self.gate.requests)
        said = status.of(self.httpd, name)["renewal"]
        time.sleep(QUIET)
        assert self.gate.requests == seen, "it does not rest"
        assert said["last"]["detail"] in result.out
        return said


def wait_of(said):
    """Seconds from the last try to the next; None: there will be none."""
    if not said.get("next-run"):
        return None
    last, following = (email.utils.parsedate_to_datetime(said[key])
                       for key in ("last-run", "next-run"))
    return (following - last).total_seconds()


def in_seconds(seconds):
    """A date for headers, so many seconds from now."""
    return email.utils.formatdate(time.time() + seconds, usegmt=True)
