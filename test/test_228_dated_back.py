# SPDX-License-Identifier: Apache-2.0
"""CAs date certificates back: a new one from a CA that does so by more than the
one before goes live, and an older one never does."""

import datetime
import glob

from acme_env import acmectl, conf, fake_chain, procs, status, tls
from acme_env.fake_ca import Ca
from acme_env.journey import activate_by_hand

SITE = "shop.test"


class FromMidnight(Ca):
    """Dates all certificates of a day from its beginning, a day earlier, so
    that the day in which the test runs does not matter."""

    @property
    def backdate(self):
        now = fake_chain.now()
        return datetime.timedelta(days=1, hours=now.hour, minutes=now.minute,
                                  seconds=now.second)


def configure(httpd, fake, name):
    httpd.configure(conf.managed_conf(httpd, fake, conf.site_conf(
        httpd, SITE, https="ACMEDomain\n    ACMECertificateAuthority "
        + fake.ca[name].directory_url), ACMEActivation="manual"))


def keep(httpd, copy):
    """Keeps a copy of the sealed certificate, as httpd's user can."""
    procs.run(["cp", "-a", httpd.path("store", "staging", SITE),
               httpd.path(copy)])


def put_back(httpd, copy):
    procs.run(["cp", "-a", httpd.path(copy),
               httpd.path("store", "staging", SITE)])


def renewed(httpd, old, copy):
    """Renews by hand, keeps a copy, and returns what is served then."""
    mark = httpd.log.mark()
    acmectl.ok(httpd, "renew", SITE, "--force")
    httpd.wait_for_log("%s: certificate ready" % SITE, mark=mark)
    keep(httpd, copy)
    httpd.graceful()
    shown = tls.wait_for_serial(httpd.https_port, SITE, old.serial)
    # Until the worker has cleared what was staged, acmectl renew has nothing to
    # do, because a certificate waits.
    status.wait_for(httpd, SITE, lambda s: not s["renewal"]["finished"]
                    and not glob.glob(httpd.path("store", "staging", "*")))
    return shown


def test_another_ca_dates_back_further(make_httpd, make_fake):
    fake = make_fake(midnight=FromMidnight)
    httpd = make_httpd(fake)
    configure(httpd, fake, "ca")
    httpd.start()
    httpd.wait_for_log("%s: certificate ready" % SITE)
    keep(httpd, "first")
    first = activate_by_hand(httpd, fake, SITE)[SITE]

    # The other CA's certificate is valid from an earlier time, and is new.
    configure(httpd, fake, "midnight")
    mark = httpd.log.mark()
    httpd.graceful()
    httpd.wait_for_log("%s: certificate ready" % SITE, mark=mark)
    keep(httpd, "second")
    httpd.graceful()
    second = tls.wait_for_serial(httpd.https_port, SITE, first.serial)

    # Two of the same notBefore.
    third = renewed(httpd, second, "third")
    assert third.serial != first.serial
    assert [len(fake.ca[name].issued()) for name in ("ca", "midnight")] \
        == [1, 2]
    assert status.of(httpd, SITE)["renewal"]["errors"] == 0

    # An administrator goes back to the second, and then renews.
    acmectl.ok(httpd, "rollback", SITE)
    httpd.graceful()
    again = tls.wait_for_serial(httpd.https_port, SITE, third.serial)
    assert again.serial == second.serial
    fourth = renewed(httpd, second, "fourth")
    assert fourth.serial not in (first.serial, third.serial)

    # What was live before does not come back.
    httpd.allow_log("ACME0341: %s" % SITE)
    for copy in ("first", "second", "third"):
        httpd.stop()
        put_back(httpd, copy)
        mark = httpd.log.mark()
        httpd.expect_log("ACME0104: .*%s: .*the site had it before" % SITE)
        httpd.start()
        httpd.wait_for_log("ACME0104: .*the site had it before", mark=mark)
        assert tls.served(httpd.https_port, SITE).serial == fourth.serial
    httpd.stop()
