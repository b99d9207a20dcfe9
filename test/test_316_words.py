# SPDX-License-Identifier: Apache-2.0
"""The reason that a CA gives for a refusal is shown, whatever form it has, and
the advice names the place where the refusal happened."""

from acme_env import status
from acme_env.behaviours import WORDS


def test_words_lead_to_the_place(make_httpd, make_fake):
    fake = make_fake(**WORDS)
    httpd = make_httpd(fake)
    httpd.configure(fake.sites_conf(httpd, WORDS, ACMERetryDelay="1h"))
    httpd.expect_log("ACME0[0-9]{3}: ")
    httpd.start()
    wrong = []
    for name, kind in WORDS.items():
        site = "%s.test" % name
        told = status.wait_for(
            httpd, site, lambda page: page["renewal"].get("last", {})
            .get("problem"))["renewal"]["last"]
        says = kind.says % fake.port if "%d" in kind.says else kind.says
        if says not in told["detail"] or kind.to_fix not in told["to-fix"] \
                or kind.at not in (None, told.get("activity")) \
                or ("ACMECertificateAuthority" in told["to-fix"]) \
                != (kind.to_fix == "ACMECertificateAuthority"):
            wrong.append((name, told))
        assert not fake.ca[name].issued()
    assert not wrong
    lines = httpd.log.lines("notype.test: .*The account has no quota left")
    assert lines, httpd.log.tail()
