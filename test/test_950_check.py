# SPDX-License-Identifier: Apache-2.0

"""acmectl check: what is wrong on the way that a CA takes to a name."""

from acme_env import acmectl, conf

ADDRESS, CLOSED, UNKNOWN = "127.0.0.1", "127.0.0.2", "127.0.0.3"


def checks(result, state):
    """(check, detail) of all checks that ended so."""
    return [(one["check"], one["detail"]) for one in result.json["checks"]
            if one["state"] == state]


def test_each_type_of_an_address(httpd, pebble):
    """The site is asked by http and by https, as a CA asks; nothing is
    ordered, and no CA is needed."""
    httpd.configure(conf.managed_conf(httpd, pebble, conf.site_conf(
        httpd, ADDRESS), ACMERenewMode="manual")
        + "Listen %s:%d\n" % (UNKNOWN, httpd.http_port))
    httpd.start()
    for kind, port in (("http-01", "port 80 (%d here)" % httpd.http_port),
                       ("tls-alpn-01",
                        "port 443 (%d here)" % httpd.https_port)):
        done = acmectl.ok(httpd, "check", ADDRESS, "--type", kind, "--json")
        assert done.json["state"] == "ok"
        assert done.json["challenge"] == kind
        assert checks(done, "ok") == [
            ("server", "this server answers at %s of %s" % (port, ADDRESS))]
    said = acmectl.ok(httpd, "check", ADDRESS).out
    assert said.startswith("%s (http-01)\n  ok       server    " % ADDRESS)

    closed = acmectl.run(httpd, "check", CLOSED, "--json")
    assert closed.status == acmectl.FAILED
    assert [one[0] for one in checks(closed, "fault")] == ["port"]
    assert "Listen" in closed.json["to-fix"]
    # The server answers there, and does not know the address.
    unknown = acmectl.run(httpd, "check", UNKNOWN, "--json")
    assert unknown.status == acmectl.FAILED
    assert [one[0] for one in checks(unknown, "fault")] == ["host"]
    assert unknown.json["name"] == UNKNOWN
    text = acmectl.run(httpd, "check", UNKNOWN)
    assert text.status == acmectl.FAILED
    assert "  fault    host      this server answers at " in text.out
    assert "to fix:   have what is in front of this server pass the Host" \
        in text.out
    assert pebble.orders() == 0


def test_what_cannot_be_checked(httpd, pebble):
    httpd.configure(conf.managed_conf(httpd, pebble, conf.site_conf(
        httpd, ADDRESS), ACMERenewMode="manual"))
    httpd.start()
    assert acmectl.run(httpd, "check").status == acmectl.USAGE
    assert acmectl.run(httpd, "check", "no name").status == acmectl.FAILED
    wrong = acmectl.run(httpd, "check", ADDRESS, "--type", "http-02")
    assert wrong.status == acmectl.USAGE
    assert "http-01, tls-alpn-01 or dns-01" in wrong.err
    httpd.stop()
    gone = acmectl.run(httpd, "check", ADDRESS, "--json")
    assert gone.status == acmectl.FAILED
    assert [one[0] for one in checks(gone, "fault")] == ["port"]
