# SPDX-License-Identifier: Apache-2.0

"""Preflight: what is wrong with a name is found before the CA finds it."""

import http.client
import http.server
import threading

import pytest

from acme_env import acmectl, conf, procs, status
from acme_env.dns_fake import DnsFake

FINE, ALIAS, GONE, HOST, OTHER, STALE, CLOSED, LOOP, FAILING = SITES = (
    "fine.test", "alias.test", "gone.test", "host.test", "other.test",
    "stale.test", "closed.test", "loop.test", "failing.test")

# Addresses of the machine where nothing listens but what a test puts there.
PROXY_AT, OTHER_AT, CLOSED_AT, LOOP_AT = (
    "127.0.0.5", "127.0.0.6", "127.0.0.7", "127.0.0.8")


@pytest.fixture
def pebble(make_pebble):
    return make_pebble(config={"caaIdentities": ["ca.test"]})


@pytest.fixture
def dns():
    server = DnsFake()
    yield server
    server.stop()


@pytest.fixture
def serve():
    """serve(address, port, answer): a web server; answer(handler) answers."""
    servers = []

    def make(address, port, answer):
        class Handler(http.server.BaseHTTPRequestHandler):
            server_version = "other"

            def do_GET(self):
                answer(self)

            def log_message(self, *args):
                pass
        server = http.server.ThreadingHTTPServer((address, port), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
    yield make
    for server in servers:
        server.shutdown()
        server.server_close()


def send(handler, code, body=b"", **headers):
    handler.send_response(code)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def not_here(handler):
    send(handler, 404)


def again(handler):
    send(handler, 302, Location=handler.path)


def proxy_to(port):
    """A proxy that does not pass the Host header on."""
    def answer(handler):
        to = http.client.HTTPConnection("127.0.0.1", port,
                                        timeout=procs.GIVE_UP)
        to.request("GET", handler.path, headers={"Host": "backend.internal"})
        got = to.getresponse()
        send(handler, got.status, got.read())
        to.close()
    return answer


def configure(httpd, pebble, dns, *sites, **changes):
    settings = {"ACMEPreflight": "on", "ACMEDnsServers": dns.address}
    settings.update(changes)
    httpd.configure(conf.managed_conf(httpd, pebble, *sites, **settings))


def fault_of(httpd, name):
    """The only fault of a site: (check, state)."""
    faults = status.of(httpd, name)["preflight"]["faults"]
    assert len(faults) == 1, faults
    assert faults[0]["name"] == name and faults[0]["to-fix"]
    return faults[0]["check"], faults[0]["state"]


def test_caa_forbids(httpd, pebble, dns):
    """The first order tells what the CA is called in CAA records."""
    shut, method = "shut.test", "method.test"
    dns.set("test", caa=[(0, "issue", "ca.test")])
    dns.set(FINE, "127.0.0.1")
    dns.set(shut, "127.0.0.1", caa=[(0, "issue", "other.test")])
    dns.set(method, "127.0.0.1", caa=[
        (0, "issue", "ca.test; validationmethods=dns-01")])
    configure(httpd, pebble, dns, FINE, ACMEActivation="manual")
    httpd.start()
    status.wait_for(httpd, FINE, lambda site: site["renewal"]["finished"])
    configure(httpd, pebble, dns, FINE, shut, method,
              ACMEActivation="manual")
    httpd.allow_log("ACME0671: ")
    httpd.graceful()
    for name, words in ((shut, "allows only other.test"),
                        (method, "only with other validationmethods")):
        httpd.log.wait_for("ACME0671: %s: .*the CAA record of %s allows.*%s"
                           % (name, name, words.replace("allows ", "")))
        assert fault_of(httpd, name) == ("caa", "forbids")
        assert "add the CAA record: 0 issue" in status.of(
            httpd, name)["judgement"]["to-fix"]
    assert pebble.orders() == 1
    done = acmectl.run(httpd, "check", shut, "--json")
    assert done.status == acmectl.FAILED
    assert [one["check"] for one in done.json["checks"]
            if one["state"] == "forbids"] == ["caa"]
    assert "permits this CA" in acmectl.ok(httpd, "check", FINE).out


def test_each_fault_before_its_order(httpd, pebble, dns, serve):
    """What forbids an order holds it back, so that the CA never hears of it;
    everything else warns, and the order goes."""
    serve(PROXY_AT, httpd.http_port, proxy_to(httpd.http_port))
    serve(OTHER_AT, httpd.http_port, not_here)
    serve(LOOP_AT, httpd.http_port, again)
    dns.set(FINE, "127.0.0.1")
    dns.set(ALIAS, cname="b.test")
    dns.set("b.test", cname=FINE)
    dns.set(HOST, PROXY_AT)
    dns.set(OTHER, OTHER_AT)
    dns.set(STALE, "127.0.0.1", "::1")
    dns.set(CLOSED, CLOSED_AT)
    dns.set(LOOP, LOOP_AT)
    dns.fail(FAILING)
    configure(httpd, pebble, dns, *SITES, ACMEActivation="manual")
    httpd.allow_log("ACME067[01]: ")
    httpd.start()

    warned = {OTHER: "server", STALE: "ipv6", CLOSED: "port",
              LOOP: "redirect", FAILING: "dns"}
    for name in (FINE, ALIAS) + tuple(warned):
        status.wait_for(httpd, name,
                        lambda site: site["renewal"]["finished"])
        lines = httpd.log.lines("ACME0670: %s: " % name)
        assert len(lines) == (name in warned), lines
    for name, check in warned.items():
        assert fault_of(httpd, name) == (check, "fault")
        # The CA was content, so it does not count any more.
        site = status.of(httpd, name)
        assert site["preflight"]["refuted"] is True
        assert "preflight" not in site["judgement"]["what"]
    for name in (FINE, ALIAS):
        assert "preflight" not in status.of(httpd, name)

    held = {GONE: ("name", "it does not exist in the DNS"),
            HOST: ("host", "for the host backend.internal")}
    for name, (check, words) in held.items():
        httpd.log.wait_for("ACME0671: %s: its order is held back.*%s" % (
            name, words))
        assert fault_of(httpd, name) == (check, "forbids")
        site = status.of(httpd, name)
        assert words in site["judgement"]["what"]
        assert site["judgement"]["level"] == "failing"
        assert site["preflight"]["held-since"]
        assert site["renewal"]["errors"] == 0
        assert [one["type"] for one in site["renewal"]["log"]["entries"]] \
            == ["held-back"]
    assert pebble.orders() == len(SITES) - len(held)
    assert pebble.certificates() == len(SITES) - len(held)
    assert not httpd.log.lines("ACME0341: ")

    # The same from the command line.
    for name, check in list(warned.items()) + [
            (name, check) for name, (check, _) in held.items()]:
        done = acmectl.run(httpd, "check", name, "--json")
        assert done.status == acmectl.FAILED
        assert [one["check"] for one in done.json["checks"]
                if one["state"] in ("fault", "forbids")] == [check]
    for name in (FINE, ALIAS):
        acmectl.ok(httpd, "check", name)

    # Somebody who asks does not wait.
    dns.set(GONE, "127.0.0.1")
    acmectl.ok(httpd, "renew", GONE)
    assert status.of(httpd, GONE)["preflight"]["refuted"] is True
