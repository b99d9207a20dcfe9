# SPDX-License-Identifier: Apache-2.0

"""What configtest warns of beside ACMEDomain is in every status, until it is
mended."""

import re

from acme_env import acmectl, conf, status
from acme_env.journey import get, wait_until_served
from acme_env.ports import free_port

SHOP, BLOG, MAIL, WELL = "shop.test", "blog.test", "mail.test", "well.test"


def host(port, name, *lines):
    return "<VirtualHost 127.0.0.1:%d>\nServerName %s\n%s\n</VirtualHost>\n" \
        % (port, name, "\n".join(lines))


def judged(httpd, name, part, fix):
    """JSON, acmectl, metrics and the page say the same of the site."""
    judgement = status.of(httpd, name)["judgement"]
    assert judgement["level"] == "blocked" and judgement["attention"]
    assert re.search(part, judgement["what"]), judgement
    assert re.search(fix, judgement["to-fix"]), judgement
    assert judgement["to-fix"].endswith(", then apachectl graceful")
    for command in "status", "explain":
        result = acmectl.run(httpd, command, name)
        assert result.status == acmectl.FAILED
        assert re.search(part, result.out) and re.search(fix, result.out)
    metrics = get(httpd, "localhost", "/acme-metrics").body
    assert 'acme_site_attention{site="%s"} 1\n' % name in metrics
    page = get(httpd, "localhost", "/server-status").body
    assert "<td>%s</td><td>blocked</td>" % name in page
    # Nobody waits for a certificate that is never ordered.
    result = acmectl.run(httpd, "wait", "--timeout", "60", name)
    assert result.status == acmectl.FAILED
    assert re.search("not served: .*" + part, result.err), result


def test_mistakes_are_in_the_status(httpd, pebble):
    other = free_port()
    start = conf.managed_conf(
        httpd, pebble, WELL, ACMEActivation="manual", extra="<Location "
        '"/acme-metrics">\nSetHandler acme-metrics\n</Location>\n')
    httpd.allow_log("ACME00(47|48|49|50): ")
    httpd.configure(
        start + "ACMEDomain mial.test\n"
        + host(httpd.https_port, SHOP, "ACMEDomain")
        + host(httpd.http_port, BLOG, "ACMEDomain")
        + host(httpd.http_port, MAIL)
        + host(other, "far.test", "SSLEngine on", "ACMEDomain",
               "ACMERenewMode manual"))
    httpd.start()
    wait_until_served_after_restart(httpd, pebble)
    judged(httpd, SHOP, r"at \S+:\d+ is for port %d and has no TLS"
           % httpd.https_port, r"add 'SSLEngine on' to the virtual host at ")
    judged(httpd, BLOG, "none of its virtual hosts has TLS",
           r"add a virtual host for port %d" % httpd.https_port)
    judged(httpd, "mial.test", r"no virtual host has the name mial\.test",
           "correct ACMEDomain at ")
    judgement = status.of(httpd, "far.test")["judgement"]
    assert "nothing listens on port %d" % other in judgement["what"]
    assert "add 'Listen %d', then" % other in judgement["to-fix"]
    assert acmectl.run(httpd, "status").status == acmectl.FAILED
    assert not status.of(httpd, WELL)["judgement"]["attention"]
    assert pebble.orders() == 1
    # All is well when it is mended.
    httpd.configure(
        start + "ACMEDomain mail.test\n"
        + conf.site_conf(httpd, SHOP) + conf.site_conf(httpd, BLOG)
        + host(httpd.https_port, MAIL, "SSLEngine on"))
    mark = httpd.log.mark()
    httpd.graceful()
    for name in SHOP, BLOG, MAIL:
        httpd.wait_for_log("%s: certificate ready" % name, mark=mark)
    httpd.graceful()
    acmectl.ok(httpd, "wait", "--timeout", "60")
    assert acmectl.run(httpd, "status").status == 0


def wait_until_served_after_restart(httpd, pebble):
    httpd.wait_for_log("%s: certificate ready" % WELL)
    httpd.graceful()
    wait_until_served(httpd, pebble, WELL)
