# SPDX-License-Identifier: Apache-2.0

"""The section in server-status: dates, and links to pages of the CA."""

import json
import re

from acme_env import acmectl, conf, status
from acme_env.journey import get

SHOP = "shop.test"
DATE = (r'<span style="white-space:nowrap">(in [^<]+|[^<]+ ago)</span><br />'
        r'<span style="white-space:nowrap">\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ'
        r'</span>')


def refusal(gate, instance):
    gate.ask_pebble()
    gate.answer("/order-plz", 403, json.dumps(
        {"type": "urn:ietf:params:acme:error:unauthorized",
         "status": 403, "detail": "not this name", "instance": instance}),
        "application/problem+json")


def test_dates_and_links(httpd, pebble, gate):
    """A problem document of the CA is a link where it is https, and nothing
    else is one."""
    refusal(gate, "https://ca.test/why?a=1&b=%22")
    httpd.expect_log(r"acme:(warn|error).* %s: " % SHOP)
    httpd.configure(conf.managed_conf(
        httpd, pebble, SHOP, ACMECertificateAuthority=gate.directory,
        ACMERetryDelay="10min"))
    httpd.start()
    status.wait_for(httpd, SHOP, lambda s: s["renewal"]["errors"] == 1)
    page = get(httpd, "localhost", "/server-status").body
    assert '<a href="https://ca.test/why?a=1&amp;b=%22" ' \
        'rel="noopener noreferrer">the problem, by the CA</a>' in page
    assert re.search("tried again " + DATE, page), page
    for instance in ("javascript:alert(1)", "http://ca.test/why",
                     "https://ca.test/\"onclick='x'", "https://ca.test/a b"):
        refusal(gate, instance)
        assert acmectl.run(httpd, "renew", SHOP).status == acmectl.FAILED
        page = get(httpd, "localhost", "/server-status").body
        rows = re.findall(r"<tr style.*?</tr>", page, re.S)
        assert len(rows) == 1 and "not this name" in rows[0]
        for href in re.findall(r'<a href="([^"]*)"', rows[0]):
            assert href == "https://ca.test/&quot;onclick='x'"
