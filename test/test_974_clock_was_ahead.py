# SPDX-License-Identifier: Apache-2.0

"""A certificate that was obtained while the clocks of the machine and of its CA
were ahead bars nothing once they are right: status says so, and acmectl renew
has a new one go live."""

import datetime

from acme_env import acmectl, conf, procs, status, tls
from acme_env.clock import Clock
from acme_env.fake_ca import Ca
from acme_env.journey import wait_until_served

SHOP = "shop.test"
DAY = 86400
AHEAD = 4


class WasAhead(Ca):
    """Dates its first certificate days ahead, as our own clock is."""

    @property
    def backdate(self):
        hour = datetime.timedelta(hours=1)
        return hour if self.issued() else hour - datetime.timedelta(days=AHEAD)


def test_a_clock_that_was_ahead(make_httpd, make_fake, room):
    fake = make_fake(ahead=WasAhead)
    httpd = make_httpd(fake)
    httpd.clock = Clock(room)
    httpd.clock.turn_to(AHEAD * DAY)
    httpd.configure(conf.managed_conf(
        httpd, fake, SHOP,
        ACMECertificateAuthority=fake.ca["ahead"].directory_url))
    httpd.start()
    httpd.wait_for_log("%s: certificate ready" % SHOP)

    def shown():
        try:
            found = tls.served(httpd.https_port, SHOP)
        except OSError:
            return None
        return found if found.by_test_ca else None
    first = procs.wait_until(shown, procs.GIVE_UP, httpd.log.tail)
    now = datetime.datetime.now(datetime.timezone.utc)
    assert first.not_before > now + datetime.timedelta(days=AHEAD - 1)
    httpd.stop()

    # The clocks are set right.
    httpd.clock.turn_to(0)
    httpd.allow_log("ACME0152: the clock of this machine is ")
    httpd.start()
    said = acmectl.run(httpd, "status", SHOP)
    assert said.status == acmectl.FAILED
    assert "clients refuse it until " in said.out
    assert "then acmectl renew " + SHOP in said.out
    assert tls.served(httpd.https_port, SHOP).serial == first.serial
    acmectl.ok(httpd, "renew", SHOP)
    tls.wait_for_serial(httpd.https_port, SHOP, first.serial)
    wait_until_served(httpd, fake, SHOP)
    assert not httpd.log.lines("ACME0104")
    assert len(fake.ca["ahead"].issued()) == 2
    said = status.wait_for(httpd, SHOP,
                           lambda s: not s["renewal"]["finished"])
    assert said["site"] == "lkc" and said["renewal"]["errors"] == 0
    # And it stays.
    httpd.graceful()
    assert wait_until_served(httpd, fake, SHOP)
    assert len(fake.ca["ahead"].issued()) == 2
