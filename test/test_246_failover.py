# SPDX-License-Identifier: Apache-2.0

"""Several CAs: the next one is used when a CA fails by its own fault."""

import pytest

from acme_env import acmectl, conf, status
from acme_env.clock import Clock
from acme_env.journey import activate_by_hand, wait_until_served
from acme_env.rule import problem

pytestmark = pytest.mark.personalities

SHOP = "shop.test"
# Responses of the first CA to orders of these sites: status, body, headers.
PAGE = ("<html>sorry</html>", "text/html")
FAULTS = {
    "broken.test": (500, PAGE, ()),
    "busy.test": (503, PAGE, [("Retry-After", "3600")]),
    "internal.test": (400, problem("serverInternal", "it broke"),
                      [("Replay-Nonce", "none")]),
}
# It does not answer to orders of this site.
LOST = "lost.test"
# Seconds between the requests of an order that fail for a while.
OUTAGE = (5, 10, 20, 40, 80)


@pytest.fixture
def second(pebble, make_pebble):
    """A CA beside `pebble`, which validates at the same ports."""
    return make_pebble(http_port=pebble.http_port, tls_port=pebble.tls_port)


def configure(httpd, first, second, *sites, directory=None, trusted=None,
              **changes):
    """Trusts both CAs, which both validate at this server."""
    trust = ""
    for pebble in trusted or (first, second):
        with open(pebble.ca_file, encoding="ascii") as file:
            trust += file.read()
    httpd.write("conf/trust.pem", trust)
    changes.setdefault("ACMEActivation", "manual")
    httpd.configure(conf.managed_conf(
        httpd, first, *(sites or (SHOP,)),
        ACMECertificateAuthority="%s %s" % (directory or first.directory,
                                            second.directory),
        ACMECACertificateFile='"%s"' % httpd.path("conf", "trust.pem"),
        **changes))


def test_a_ca_that_is_away(httpd, pebble, second):
    pebble.stop()
    configure(httpd, pebble, second)
    httpd.expect_log(r"ACME034[12]: ")
    httpd.expect_log(r"ACME0380: .*asked instead")
    httpd.start()
    activate_by_hand(httpd, second, SHOP)
    # A single failure of the first CA was enough.
    assert len(httpd.log.lines("ACME034[12]: ")) == 1
    assert second.orders() == 1 and second.accounts() == 1
    # The next order is at the first CA again.
    said = status.wait_for(httpd, SHOP, lambda s: s["ca"]["current"]
                           == pebble.directory)
    assert said["ca"]["urls"] == [pebble.directory, second.directory]
    pebble.start()
    renew(httpd, pebble, SHOP)
    assert pebble.orders() == 1 and second.orders() == 1


def test_two_cas_that_are_away(httpd, pebble, second, make_pebble):
    """Each has its own count and wait: the third is asked within seconds."""
    third = make_pebble(http_port=pebble.http_port, tls_port=pebble.tls_port)
    configure(httpd, pebble, third, trusted=(pebble, second, third),
              directory="%s %s" % (pebble.directory, second.directory),
              ACMERetryDelay="1s")
    pebble.stop()
    second.stop()
    httpd.expect_log(r"ACME034[12]: ")
    httpd.expect_log(r"ACME0380: .*asked instead")
    httpd.start()
    activate_by_hand(httpd, third, SHOP)
    # One wait of a second or so at each of the two.
    said = httpd.log.lines("ACME034[12]: ")
    assert len(said) == 2 and all("again in 1 s" in line for line in said), said
    assert len(httpd.log.lines("ACME0380: ")) == 2
    assert third.orders() == 1


def renew(httpd, pebble, *names):
    """Renews a site at its CA."""
    acmectl.ok(httpd, "renew", *names, "--force", env=httpd.env())
    httpd.graceful()
    wait_until_served(httpd, pebble, *names)
    for name in names:
        said = status.of(httpd, name)["ca"]
        assert said["current"] == said["urls"][0]


def test_faults_of_a_ca(httpd, pebble, second, gate, room):
    """Each site orders at the next CA at once, and then returns to the first.
    """
    httpd.clock = Clock(room)
    for name, (code, (body, content_type), headers) in FAULTS.items():
        gate.answer("/order-plz", code, body, content_type, headers,
                    naming=name)
    gate.drop("/order-plz", naming=LOST)
    sites = [LOST, *FAULTS]
    configure(httpd, pebble, second, *sites, directory=gate.directory,
              ACMERetryFailover="1", ACMERetryDelay="10min")
    for name in sites:
        httpd.expect_log(r"ACME0380: %s: .*asked instead" % name)
    httpd.expect_log("ACME0403: (broken|lost).test: ")
    httpd.start()
    for number, wait in enumerate(OUTAGE, 1):
        for name in ("broken.test", LOST):
            httpd.wait_for_log("ACME0403: %s: .*again in %d s" % (name, wait))
        httpd.clock.turn_to(sum(OUTAGE[:number]))
    activate_by_hand(httpd, second, *sites)
    asked = [order["identifiers"][0]["value"]
             for order in gate.said("/order-plz")]
    assert {name: asked.count(name) for name in FAULTS} == {
        "broken.test": 1 + len(OUTAGE), "busy.test": 1, "internal.test": 1}
    assert second.orders() == len(sites) and second.accounts() == 1
    assert not pebble.orders()
    gate.ask_pebble()
    renew(httpd, pebble, *sites)
    assert pebble.orders() == second.orders() == len(sites)


def test_a_ca_that_does_not_answer(httpd, pebble, second, gate, room):
    """It does not answer for a minute, which passes quickly here."""
    httpd.clock = Clock(room)
    held = gate.hold("/dir")
    configure(httpd, pebble, second, directory=gate.directory,
              ACMERetryFailover="1", ACMERetryDelay="10min")
    httpd.expect_log(r"ACME0380: .* timed out .*asked instead")
    httpd.start()
    held.wait()
    httpd.clock.wait_for_nothing(61)
    activate_by_hand(httpd, second, SHOP)
    assert gate.count("/dir") == 1 and not pebble.requests()
    assert second.orders() == 1


def test_a_ca_that_is_not_trusted(httpd, pebble, second):
    configure(httpd, pebble, second, trusted=[second],
              ACMERetryFailover="1", ACMERetryDelay="10min")
    httpd.expect_log(r"ACME0380: .*certificate.*asked instead")
    httpd.start()
    activate_by_hand(httpd, second, SHOP)
    assert pebble.requests() == 0 and second.orders() == 1


def test_a_ca_whose_limit_is_exhausted(httpd, pebble, second, gate):
    gate.answer("/order-plz", 429,
                '{"type":"urn:ietf:params:acme:error:rateLimited",'
                '"detail":"too many","status":429}',
                content_type="application/problem+json",
                headers=[("Retry-After", "3600"), ("Replay-Nonce", "none")])
    configure(httpd, pebble, second, directory=gate.directory,
              ACMERetryFailover="1")
    httpd.expect_log(r"ACME0380: .*too many")
    httpd.start()
    activate_by_hand(httpd, second, SHOP)
    assert gate.count("/order-plz") == 1
    assert second.orders() == 1


def test_what_is_wrong_with_the_site_stays_with_the_first(httpd, pebble, second):
    pebble.break_name(SHOP)
    configure(httpd, pebble, second)
    httpd.expect_log(r"ACME0341: ")
    httpd.start()
    status.wait_for(httpd, SHOP,
                    lambda s: s["renewal"]["errors"] >= 2, timeout=60)
    assert second.requests("/dir") == 0


def test_another_ca_is_asked_at_once(httpd, pebble, second):
    """The configuration names another CA; the old certificate is served until
    then."""
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP,
                                      ACMEActivation="manual"))
    httpd.start()
    activate_by_hand(httpd, pebble, SHOP)
    httpd.configure(conf.managed_conf(httpd, second, SHOP,
                                      ACMEActivation="manual"))
    mark = httpd.log.mark()
    httpd.graceful()
    httpd.wait_for_log("%s: certificate ready" % SHOP, mark=mark)
    wait_until_served(httpd, pebble, SHOP)
    httpd.graceful()
    wait_until_served(httpd, second, SHOP)
    assert pebble.orders() == second.orders() == 1
