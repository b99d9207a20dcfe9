# SPDX-License-Identifier: Apache-2.0
"""A certificate that was issued counts for the CA's limits: it is had in the
end, and what would be refused again is not ordered again."""

from acme_env import acmectl, conf, procs, status
from acme_env.behaviours_order import AGAIN, CHAINS, LAGS, REFUSED, Unreadable
from acme_env.fake_ca import Ca
from acme_env.journey import live_file, wait_until_served


def site_of(httpd, fake, name, *others):
    urls = [fake.ca[ca].directory_url for ca in (name,) + others]
    return conf.site_conf(
        httpd, "%s.test" % name, https="ACMEDomain\n"
        "    ACMECertificateAuthority " + " ".join(urls))


def sites_conf(httpd, fake, *names, **changes):
    return conf.managed_conf(
        httpd, fake, *[site_of(httpd, fake, name) for name in names],
        ACMEActivation="manual", **changes)


def test_it_is_had_in_whatever_form_and_a_little_later(make_httpd, make_fake):
    behaviours = dict(CHAINS, **LAGS)
    fake = make_fake(**behaviours)
    httpd = make_httpd(fake)
    httpd.configure(sites_conf(httpd, fake, *behaviours))
    httpd.start()
    for name in behaviours:
        httpd.wait_for_log("%s.test: certificate ready" % name)
    httpd.graceful()
    wait_until_served(httpd, fake, *["%s.test" % name for name in behaviours])
    for name in behaviours:
        ca = fake.ca[name]
        told = status.of(httpd, "%s.test" % name)["renewal"]
        assert (len(ca.orders), len(ca.issued()), told["errors"]) \
            == (1, 1, 0), (name, told)
        with open(live_file(httpd, "%s.test" % name, "chain.pem"),
                  encoding="ascii") as file:
            chain = file.read()
        assert chain.count("BEGIN") == (2 if name == "rootfirst" else 1), name
        if name in LAGS:
            stage = LAGS[name].stage
            most = 3 if stage in ("certificate", "finalize") else 12
            assert 3 <= ca.counts(stage) <= most, name


def test_what_was_not_ordered_is_not_ordered_again(make_httpd, make_fake):
    fake = make_fake(**REFUSED)
    httpd = make_httpd(fake)
    httpd.configure(sites_conf(httpd, fake, *REFUSED, ACMERetryDelay="1s"))
    httpd.start()
    for name in REFUSED:
        httpd.expect_log("ACME0340: %s.test: .*; what to do: .*acmectl renew"
                         % name)
    for name in REFUSED:
        httpd.wait_for_log("ACME0340: %s.test" % name)
    httpd.graceful()
    httpd.restart()
    for name in REFUSED:
        ca = fake.ca[name]
        told = status.of(httpd, "%s.test" % name)
        last = told["renewal"]["last"]
        assert last["problem"] == "urn:mod_acme:error:certificate"
        assert "acmectl renew" in last["to-fix"]
        assert "secret" not in str(told)
        assert len(ca.orders) == 1, name
        # Nothing is planned.
        assert "next-run" not in told["renewal"], told["renewal"]
    # Until an administrator asks.
    for name in REFUSED:
        ca = fake.ca[name]
        ca.mended = True
        acmectl.ok(httpd, "renew", "%s.test" % name)
        assert len(ca.orders) == 2, name


def test_another_ca_is_asked_at_once(make_httpd, make_fake):
    fake = make_fake(other=Ca, **REFUSED)
    httpd = make_httpd(fake)
    httpd.configure(conf.managed_conf(
        httpd, fake, *[site_of(httpd, fake, name, "other")
                       for name in REFUSED], ACMEActivation="manual"))
    for name in REFUSED:
        httpd.expect_log("ACME0380: %s.test: .* is asked instead, at once"
                         % name)
    httpd.start()
    for name in REFUSED:
        httpd.wait_for_log("%s.test: certificate ready" % name)
    for name in REFUSED:
        assert len(fake.ca[name].orders) == 1
    assert len(fake.ca["other"].orders) == len(REFUSED)


def test_the_same_certificate_is_downloaded_again(make_httpd, make_fake):
    """Over failures and restarts, from the first order."""
    fake = make_fake(**AGAIN)
    httpd = make_httpd(fake)
    httpd.configure(sites_conf(httpd, fake, *AGAIN, ACMERetryDelay="1s"))
    for name in AGAIN:
        httpd.expect_log("ACME0341: %s.test: " % name)
    httpd.start()
    for name in AGAIN:
        httpd.wait_for_log("ACME0341: %s.test: " % name)
    httpd.restart()
    httpd.wait_for_log("unreadable.test: certificate ready")
    procs.wait_until(
        lambda: all(fake.ca[name].counts("certificate") > 1 for name in AGAIN),
        procs.GIVE_UP, lambda: "a second download\n" + httpd.log.tail())
    fake.ca["noissuer"].chain = super(AGAIN["noissuer"],
                                      fake.ca["noissuer"]).chain
    acmectl.ok(httpd, "renew", "noissuer.test")
    for name in AGAIN:
        ca = fake.ca[name]
        assert (len(ca.orders), len(ca.issued())) == (1, 1), name
    assert fake.ca["unreadable"].counts("certificate") == 7
    words = status.problem(status.of(httpd, "notyetvalid.test"))
    assert "not valid before" in words and "clock" in words
