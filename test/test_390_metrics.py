# SPDX-License-Identifier: Apache-2.0

"""acme-metrics, which Prometheus reads."""

import re

from acme_env import conf, status, tls
from acme_env.journey import get, wait_until_served

SHOP, BAD = "shop.test", "bad.test"
LINE = re.compile(r'^([a-z_]+)(?:\{([a-z_]+="(?:[^"\\]|\\.)*"(?:,|(?=\})))*\})? '
                  r'-?[0-9]+$')
PAGE = """
<Location "/acme-metrics">
    SetHandler acme-metrics
</Location>
"""


def metrics_of(text):
    """The lines, by the text before the number."""
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            assert LINE.match(line), line
            name, value = line.rsplit(" ", 1)
            assert name not in found, line
            found[name] = int(value)
    return found


def of(name, site):
    return '%s{site="%s"}' % (name, site)


def test_what_prometheus_reads(httpd, pebble):
    pebble.break_name(BAD)
    httpd.expect_log(r"acme:(warn|error).* %s: " % BAD)
    httpd.configure(PAGE + conf.managed_conf(httpd, pebble, SHOP, BAD,
                                             ACMERetryDelay="10min"))
    httpd.start()
    shown = wait_until_served(httpd, pebble, SHOP)[SHOP]
    status.wait_for(httpd, BAD,
                    lambda s: (s.get("renewal") or {}).get("errors"))
    answer = get(httpd, "localhost", "/acme-metrics")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith(
        "text/plain; version=0.0.4")
    found = metrics_of(answer.body)
    assert found["acme_sites"] == 2 and found["acme_sites_ok"] == 1
    assert found["acme_sites_errored"] == 1
    assert found["acme_store_usable"] == found["acme_ordering"] == 1
    assert found["acme_activation_blocked"] == 0
    assert found["acme_generation"] >= 1
    assert found[of("acme_site_state", SHOP)] == 2
    assert found[of("acme_site_failures", SHOP)] == 0
    assert found[of("acme_site_failures", BAD)] == 1
    assert found[of("acme_site_renewing", BAD)] == 1
    assert of("acme_site_next_run_seconds", BAD) in found
    begin, end = [found[of("acme_site_certificate_not_%s_seconds" % which,
                           SHOP)] for which in ("before", "after")]
    assert begin < end
    assert end == int(shown.not_after.timestamp())
    assert of("acme_site_certificate_not_after_seconds", BAD) not in found
    assert 'acme_site_info{site="%s",serves="lkc",authority="' % SHOP \
        in answer.body
    # Each metric is described once, before its lines.
    heads = re.findall(r"^# TYPE (\S+) gauge$", answer.body, re.M)
    assert len(heads) == len(set(heads))
    assert {name.split("{")[0] for name in found} <= set(heads)

    url = "http://localhost:%d/acme-metrics" % httpd.http_port
    assert tls.curl(url, "localhost", httpd.http_port,
                    args=["-I"]).status == 200
    assert tls.curl(url, "localhost", httpd.http_port,
                    args=["-d", "x"]).status == 405


def test_without_any_site(httpd, pebble):
    httpd.configure(PAGE + conf.acme_conf(httpd, pebble))
    httpd.start()
    answer = get(httpd, "localhost", "/acme-metrics")
    assert answer.status == 200
    assert metrics_of(answer.body)["acme_sites"] == 0
