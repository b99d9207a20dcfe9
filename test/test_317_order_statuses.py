# SPDX-License-Identifier: Apache-2.0
"""Orders whose statuses are not those of RFC 8555's picture: each has its
certificate from the first order."""

from acme_env import conf, status
from acme_env.behaviours_order import STATUSES
from acme_env.journey import wait_until_served

# Finalize requests, where it is not one. A request whose connection broke may
# be repeated by the transport.
FINALIZED = {"nottaken": 2, "failsfornow": 2, "pendingagain": 2,
             "heardtwice": 2}


def site_of(httpd, fake, name):
    return conf.site_conf(
        httpd, "%s.test" % name, https="ACMEDomain\n"
        "    ACMECertificateAuthority " + fake.ca[name].directory_url)


def test_each_status_leads_to_the_certificate(make_httpd, make_fake):
    fake = make_fake(**STATUSES)
    httpd = make_httpd(fake)
    httpd.configure(conf.managed_conf(
        httpd, fake, *[site_of(httpd, fake, name) for name in STATUSES],
        ACMEActivation="manual"))
    # The answer that is lost.
    httpd.allow_log("ACME0403: heardtwice.test: finalizing the order failed")
    httpd.start()
    for name in STATUSES:
        httpd.wait_for_log("%s.test: certificate ready" % name)
    httpd.graceful()
    wait_until_served(httpd, fake, *["%s.test" % name for name in STATUSES])
    for name in STATUSES:
        ca = fake.ca[name]
        told = status.of(httpd, "%s.test" % name)["renewal"]
        assert (len(ca.orders), len(ca.issued()), told["errors"]) \
            == (1, 1, 0), (name, told)
        most = 8 if name == "heardtwice" else FINALIZED.get(name, 1)
        assert FINALIZED.get(name, 1) <= ca.counts("finalize") <= most, name
        assert ca.counts("order") <= 12, name
