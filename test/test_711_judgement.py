# SPDX-License-Identifier: Apache-2.0

"""One judgement on all surfaces, and acmectl explain."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios

import pytest

from acme_env import acmectl, conf, status, tls
from acme_env.journey import get
from acme_env.procs import GIVE_UP, wait_until

pytestmark = pytest.mark.personalities

SHOP, BLOG = "shop.test", "blog.test"


def configure(httpd, pebble, *sites, **changes):
    changes.setdefault("ACMEActivation", "manual")
    httpd.configure(conf.managed_conf(
        httpd, pebble, *sites, extra='<Location "/acme-metrics">\n'
        "SetHandler acme-metrics\n</Location>\n", **changes))


def metrics(httpd):
    return dict(line.rsplit(" ", 1) for line in get(
        httpd, "localhost", "/acme-metrics").body.splitlines()
        if not line.startswith("#"))


LEVELS = ("ok", "due", "waiting", "failing", "blocked")


def everywhere(httpd, level, part, attention):
    """What all surfaces say of SHOP; acmectl's exit status too."""
    judged = status.of(httpd, SHOP)["judgement"]
    assert (judged["level"], judged["attention"]) == (level, attention), judged
    assert part in judged["what"], judged
    result = acmectl.run(httpd, "status", SHOP)
    assert result.status == int(attention), result
    assert "%s: %s: " % (SHOP, level) in result.out and part in result.out
    result = acmectl.run(httpd, "explain", SHOP)
    assert result.status == int(attention)
    assert result.out.startswith("%s: %s: " % (SHOP, level))
    shown = metrics(httpd)
    assert shown['acme_site_level{site="%s"}' % SHOP] \
        == str(LEVELS.index(level))
    assert shown['acme_site_attention{site="%s"}' % SHOP] \
        == str(int(attention))
    page = get(httpd, "localhost", "/server-status").body
    page = page[page.index("<h2>Managed Certificates</h2>"):]
    assert "<td>%s</td><td>%s</td>" % (SHOP, level) in page and part in page, \
        page
    return judged


def test_from_the_order_to_the_restart(httpd, pebble, gate):
    """A CA that drops connections is seen while it lasts; a certificate that
    waits is seen; what another configuration wants is known at once."""
    httpd.expect_log("ACME0403: %s: " % SHOP)
    gate.drop("/order-plz")
    configure(httpd, pebble, SHOP, ACMECertificateAuthority=gate.directory)
    httpd.start()
    status.wait_for(httpd, SHOP, lambda s: "hindrance" in s["renewal"])
    judged = everywhere(httpd, "waiting", "its order makes no progress, since",
                        True)
    assert judged["next"] == "the request is repeated"
    assert status.of(httpd, SHOP)["renewal"]["errors"] == 0
    result = acmectl.run(httpd, "wait", "--timeout", "1")
    assert result.status == acmectl.FAILED and "network: " in result.err
    gate.ask_pebble()
    httpd.wait_for_log("%s: certificate ready" % SHOP)
    shown = status.wait_for(httpd, SHOP,
                            lambda s: s["renewal"]["finished"])["renewal"]
    assert "hindrance" not in shown
    judged = everywhere(httpd, "waiting", "served after the next restart",
                        True)
    assert judged["to-fix"] == "apachectl graceful"
    staged = shown["cert"]["P-256"]["serial"].lower().lstrip("0")
    httpd.graceful()
    assert tls.served(httpd.https_port, SHOP).serial.lstrip("0") == staged
    shown = status.of(httpd, SHOP)
    assert not shown["renewal"]["finished"] and "cert" not in shown["renewal"]
    assert shown["ca"]["url"] == gate.directory
    acmectl.ok(httpd, "wait", "--timeout", "60")
    wait_until(lambda: status.of(httpd, SHOP)["judgement"]["level"] == "ok",
               30, httpd.log.tail)
    everywhere(httpd, "ok", "valid until", False)
    # Another kind of key is known to be wanted before the worker begins.
    held = gate.hold("/order-plz")
    configure(httpd, pebble, SHOP, ACMECertificateAuthority=gate.directory,
              ACMEPrivateKeys="P-384")
    mark = httpd.log.mark()
    httpd.graceful()
    shown = status.of(httpd, SHOP)
    assert (shown["state"], shown["renew"]) == (1, True)
    assert shown["state-descr"] == "certificate(P-384) is missing"
    result = acmectl.run(httpd, "wait", "--timeout", "1")
    assert result.status == acmectl.FAILED
    assert "P-384" in acmectl.run(httpd, "status").out
    held.release()
    httpd.wait_for_log("%s: certificate ready" % SHOP, mark=mark)
    httpd.graceful()
    acmectl.ok(httpd, "wait", "--timeout", "60")


def test_what_needs_somebody(httpd, pebble):
    """ACMERenewMode manual, and a restart that is held back."""
    configure(httpd, pebble, SHOP, ACMERenewMode="manual")
    httpd.start()
    judged = everywhere(httpd, "blocked", "ACMERenewMode manual", True)
    assert judged["to-fix"] == "acmectl renew " + SHOP
    acmectl.ok(httpd, "renew", SHOP)
    httpd.graceful()
    acmectl.ok(httpd, "wait", "--timeout", "60")
    judged = everywhere(httpd, "ok", "not renewed by itself", False)
    assert judged["to-fix"].startswith("acmectl renew %s, from 20" % SHOP)
    assert "next" not in judged
    # Now a certificate is ready, and the configuration broken.
    configure(httpd, pebble, SHOP, ACMEActivation="graceful")
    httpd.graceful()
    httpd.configure("Nonsense here\n")
    httpd.expect_log("ACME0201: ")
    acmectl.ok(httpd, "renew", SHOP, "--force")
    httpd.wait_for_log("ACME0201")
    wait_until(lambda: "server is not restarted, since" in
               acmectl.run(httpd, "status").out, 30, httpd.log.tail)
    judged = everywhere(httpd, "blocked", "the server is not restarted, since",
                        True)
    assert judged["to-fix"].startswith("apachectl configtest")
    result = acmectl.run(httpd, "status")
    assert result.out.startswith("! the server: blocked: 1 new certificate is "
                                 "ready, but the server is not restarted")
    assert metrics(httpd)["acme_level"] == "4"
    assert acmectl.run(httpd, "status", "--json").json["judgement"][
        "level"] == "blocked"


def on_terminal(httpd, columns, *args):
    """What acmectl prints on a terminal that is so wide."""
    parent, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ,
                struct.pack("HHHH", 24, columns, 0, 0))
    subprocess.run([acmectl.program(), "--store", httpd.path("store")]
                   + list(args), stdin=terminal, stdout=terminal,
                   stderr=terminal, check=False, timeout=GIVE_UP)
    os.close(terminal)
    seen = b""
    try:
        while True:
            seen += os.read(parent, 65536)
    except OSError:
        pass  # the end, as Linux has it
    os.close(parent)
    return seen.decode()


def test_explain_and_help(httpd, pebble):
    """A site on one screen, a message by its tag; a dry run of all."""
    httpd.expect_log("ACME0341: %s: .*; failure 1, trying again in .*; what to "
                     "do: " % SHOP)
    pebble.break_name(SHOP)
    configure(httpd, pebble, SHOP, BLOG, ACMERetryDelay="10min")
    httpd.start()
    httpd.wait_for_log("ACME0341")
    result = acmectl.run(httpd, "explain", SHOP)
    assert result.status == acmectl.FAILED
    assert re.match(
        r"%s: failing: has no certificate yet.*\n\n +site +%s.*httpd.conf:"
        r"(?s:.*)\n +order +none under way, at .*\n +authorization "
        r"(?s:.*)\n +challenge .*\(http-01: (?s:.*)\n +activation "
        r"(?s:.*)\n +\S+Z  an order is begun: first certificate\n(?s:.*)"
        r"\n +\S+Z  failed: .*\n\n +next: +tried again in 1?[0-9] minutes.*, at "
        r"\S+Z\n +to fix: .*; then acmectl renew %s\n$" % (SHOP, SHOP, SHOP),
        result.out), result.out
    # The progress keeps to one line, and is gone before the result. It comes
    # twice a second.
    shown = on_terminal(httpd, 40, "wait", SHOP, "--timeout", "3")
    progress, result = shown.rsplit("\r\x1b[K", 1)
    assert result.startswith("acmectl: %s: not served: " % SHOP)
    lines = progress.split("\r\x1b[K")
    assert len(lines) > 1 and max(map(len, lines)) == 39, lines
    assert lines[0].startswith("0 of 1 served; ")
    line = httpd.log.lines("ACME0341")[0]
    assert acmectl.ok("/nowhere", "explain", line).out == acmectl.ok(
        "/nowhere", "explain", "ACME0341").out
    assert acmectl.ok("/nowhere", "explain", "0341").out.startswith(
        "ACME0341\n\nWarning: this site has failed")
    assert "port 80" in acmectl.ok("/nowhere", "explain", "dns").out
    assert acmectl.run("/nowhere", "explain", "ACME0311").status \
        == acmectl.NOTHING
    assert "explain NAME" in acmectl.ok("/nowhere", "help").out
    assert "renew [NAME...]" in acmectl.ok("/nowhere", "help", "renew").out
    assert acmectl.run("/nowhere", "help", "x").status == acmectl.USAGE
    httpd.wait_for_log("%s: certificate ready" % BLOG)
    result = acmectl.run(httpd, "status")
    assert result.out.index("! " + SHOP) < result.out.index(BLOG)
    assert "2 certificates: 1 failing 1 waiting\n" in result.out
    assert BLOG in result.out.split(SHOP, 1)[1]
    pebble.repair_name(SHOP)
    result = acmectl.run(httpd, "renew", "--dry-run", "--json", "--ca",
                         pebble.directory)
    assert {site["name"]: site["result"] for site in result.json["sites"]} \
        == {SHOP: "ready", BLOG: "ready"}, result
