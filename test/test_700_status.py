# SPDX-License-Identifier: Apache-2.0

"""acme-status and the section in server-status."""

import http.client
import json

from acme_env import conf, procs, status, tls
from acme_env.journey import get, wait_until_served

SHOP, WWW, BAD = "shop.test", "www.shop.test", "bad.test"


def test_what_the_pages_say(httpd, pebble):
    pebble.break_name(BAD)
    httpd.expect_log(r"acme:(warn|error).* %s: " % BAD)
    httpd.configure(conf.managed_conf(httpd, pebble, (SHOP, WWW), BAD,
                                      ACMERetryDelay="10min",
                                      ACMEContactEmail="ann@shop.test"))
    httpd.start()
    shown = wait_until_served(httpd, pebble, SHOP)[SHOP]
    status.wait_for(httpd, BAD,
                    lambda s: (s.get("renewal") or {}).get("errors"))

    # One site: mod_md's names and forms.
    shop = status.of(httpd, SHOP)
    assert shop["name"] == SHOP and sorted(shop["domains"]) == [SHOP, WWW]
    assert shop["contacts"] == ["mailto:ann@shop.test"]
    assert shop["ca"]["urls"] == [pebble.directory]
    assert shop["ca"]["agreement"] == "accepted"
    # 2: complete.
    assert shop["site"] == "lkc" and shop["state"] == 2
    cert = shop["cert"]["P-256"]
    assert cert["serial"].lower().lstrip("0") == shown.serial.lstrip("0")
    assert len(cert["sha256-fingerprint"].replace(":", "")) == 64
    assert cert["valid"]["from"] and cert["valid"]["until"]

    bad = status.of(httpd, BAD)
    assert bad["site"] != "lkc" and not bad.get("cert")
    assert bad["state"] != 2 and bad["state-descr"]
    assert bad["renewal"]["errors"] == 1 and bad["renewal"]["next-run"]
    assert bad["renewal"]["last"]["problem"].startswith(
        "urn:ietf:params:acme:error:")
    assert "to-fix" in json.dumps(bad)

    # All sites, and a site that does not exist.
    code, everything = status.fetch(httpd)
    assert code == 200
    assert sorted(site["name"] for site in everything["managed-domains"]) \
        == [BAD, SHOP]
    assert everything["activation"]["mode"] == "graceful"
    assert status.fetch(httpd, "unknown.test")[0] == 404
    # No secret of any kind.
    assert "PRIVATE" not in json.dumps(everything)

    # server-status, for people and for programs.
    def page():
        return get(httpd, "localhost", "/server-status").body
    assert "Managed Certificates" in page()
    assert SHOP in page() and BAD in page()
    assert "<th>To fix</th>" in page() and "; then acmectl renew " in page()
    # The worst come first.
    assert page().index("<td>failing</td>") < page().index(
        "<td>%s</td>" % SHOP)
    # Once the worker has seen that the new certificate is live.
    procs.wait_until(lambda: "<td>ok</td>" in page(), 30, httpd.log.tail)
    auto = get(httpd, "localhost", "/server-status?auto").body
    lines = dict(line.split(": ", 1) for line in auto.splitlines()
                 if line.startswith("ManagedCertificates"))
    assert lines["ManagedCertificatesTotal"] == "2"
    assert lines["ManagedCertificatesOK"] == "1"
    assert lines["ManagedCertificatesErrored"] == "1"

    # Text of others is escaped.
    assert "<script" not in page()
    answer = tls.curl("http://localhost:%d/acme-status/%%3Cscript%%3E"
                      % httpd.http_port, "localhost", httpd.http_port)
    assert answer.status == 404


def test_a_ca_that_says_too_much(httpd, pebble, gate):
    """One line of it is in the table. The response to a challenge says that it
    ends the connection, and does so."""
    gate.answer("/order-plz", 403, json.dumps(
        {"type": "urn:ietf:params:acme:error:unauthorized", "status": 403,
         "detail": "no\n\x1b[31m" + 4000 * "A"}), "application/problem+json")
    httpd.expect_log(r"acme:(warn|error).* %s: " % SHOP)
    httpd.configure(conf.managed_conf(
        httpd, pebble, SHOP, ACMECertificateAuthority=gate.directory,
        ACMERetryDelay="10min"))
    httpd.start()
    status.wait_for(httpd, SHOP,
                    lambda s: (s.get("renewal") or {}).get("errors"))
    page = get(httpd, "localhost", "/server-status").body
    assert r"no\x0a\x1b[31mAAA" in page and "\x1b" not in page
    assert 400 * "A" not in page
    connection = http.client.HTTPConnection("127.0.0.1", httpd.http_port)
    connection.request("GET", "/.well-known/acme-challenge/x",
                       headers={"Host": SHOP})
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Connection"]) == (404, "close")
    connection.close()
