# SPDX-License-Identifier: Apache-2.0

"""Which type of challenge is taken: as configured, as the CA offers, as this
server can answer, and another one after a failure."""

from acme_env import acmectl, conf, status
from acme_env.fake_ca import Ca
from acme_env.journey import activate_by_hand, get
from acme_env.ports import free_port

SHOP, BLOG, WIKI = "shop.test", "blog.test", "wiki.test"


def used(httpd, mark=0):
    """The types by which names were proven, in the order of the attempts."""
    found = []
    for line in httpd.log.lines("ACME0602|ACME0614", mark):
        kind = "http-01" if "ACME0602" in line else "tls-alpn-01"
        if found[-1:] != [kind]:
            found.append(kind)
    return found


def test_the_next_one_after_a_failure(make_httpd, make_pebble):
    """Port 80 is closed to the CA, which only it can know: the next attempt
    goes by TLS; a renewal begins with the preferred one again."""
    pebble = make_pebble(http_port=free_port())
    httpd = make_httpd(pebble, http_port=free_port())
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP,
                                      ACMEActivation="manual"))
    httpd.expect_log(
        "ACME0341: %s: .*failure 1, trying again in .* by tls-alpn-01 instead "
        "of http-01; what to do: " % SHOP)
    httpd.start()
    httpd.wait_for_log("ACME0341")
    said = status.of(httpd, SHOP)
    assert said["ca"]["challenges"] == ["http-01", "tls-alpn-01"]
    assert said["proto"] == {"acme-tls/1": [SHOP]}
    activate_by_hand(httpd, pebble, SHOP)
    assert used(httpd) == ["tls-alpn-01"]
    assert (pebble.orders(), pebble.certificates()) == (2, 1)
    mark = httpd.log.mark()
    said = acmectl.run(httpd, "renew", SHOP, "--force")
    assert said.status == acmectl.FAILED
    httpd.wait_for_log("%s: certificate ready" % SHOP, mark=mark)
    assert len(httpd.log.lines("ACME0341", mark)) == 1
    assert used(httpd, mark) == ["tls-alpn-01"]
    assert (pebble.orders(), pebble.certificates()) == (4, 2)


def test_and_round_again(make_httpd, make_pebble):
    """The other way round: TLS is closed to the CA. Memory of what has failed
    outlives a restart."""
    pebble = make_pebble(tls_port=free_port())
    httpd = make_httpd(pebble, https_port=free_port())
    httpd.configure(conf.managed_conf(
        httpd, pebble, SHOP, ACMEActivation="manual", ACMERetryDelay="10min",
        ACMECAChallenges="TLS-ALPN-01 http-01"))
    httpd.expect_log("ACME0341: %s: .* by http-01 instead of tls-alpn-01; "
                     % SHOP)
    httpd.start()
    httpd.wait_for_log("ACME0341")
    assert status.of(httpd, SHOP)["ca"]["challenges"] == ["tls-alpn-01",
                                                          "http-01"]
    httpd.restart()
    acmectl.ok(httpd, "renew", SHOP)
    activate_by_hand(httpd, pebble, SHOP)
    assert used(httpd) == ["http-01"]
    assert (pebble.orders(), pebble.certificates()) == (2, 1)


def test_what_can_be_offered(httpd, pebble):
    """Per site, by what it says and by the virtual hosts that it has."""
    sites = [conf.site_conf(httpd, SHOP),
             conf.site_conf(httpd, BLOG, https="ACMEDomain\n"
                            "ACMECAChallenges http-01\n"),
             # No virtual host has TLS, but other programs want it.
             """
<VirtualHost 127.0.0.1:%d>
    ServerName %s
    ACMEDomain
    ACMERenewMode always
</VirtualHost>
""" % (httpd.http_port, WIKI)]
    httpd.configure(conf.managed_conf(
        httpd, pebble, *sites, ACMEActivation="manual",
        ACMECAChallenges="tls-alpn-01 http-01"))
    httpd.expect_log("ACME0610: ACMECAChallenges tls-alpn-01 http-01 at .*: "
                     "tls-alpn-01 is left out for the site %s .* none of its "
                     "virtual hosts has TLS on port " % WIKI)
    httpd.start()
    activate_by_hand(httpd, pebble, SHOP, BLOG)
    httpd.wait_for_log("%s: certificate ready" % WIKI)
    by = {name: status.of(httpd, name) for name in (SHOP, BLOG, WIKI)}
    assert {name: one["ca"]["challenges"] for name, one in by.items()} == {
        SHOP: ["tls-alpn-01", "http-01"], BLOG: ["http-01"],
        WIKI: ["http-01"]}
    assert {name: one["proto"]["acme-tls/1"] for name, one in by.items()} == {
        SHOP: [SHOP], BLOG: [], WIKI: []}
    [left_out] = by[WIKI]["ca"]["challenges-left-out"]
    assert left_out.startswith("tls-alpn-01: none of its virtual hosts has ")
    assert len(httpd.log.lines("ACME0614: %s: " % SHOP)) > 0
    assert not httpd.log.lines("ACME0614: (%s|%s): " % (BLOG, WIKI))
    assert acmectl.ok(httpd, "explain", WIKI).out.count(left_out) == 1
    assert get(httpd, SHOP).status == 200


class OnlyDns(Ca):
    """A CA that wants names to be proven by DNS."""

    def challenges(self, authz):
        return [one for one in super().challenges(authz)
                if one["type"] == "dns-01"]


def test_none_that_the_ca_offers(make_httpd, make_fake):
    """Each type with its reason; nothing is tried before a change."""
    fake = make_fake(dns=OnlyDns)
    httpd = make_httpd(fake)
    httpd.configure(fake.sites_conf(
        httpd, ["dns"], ACMEPortMap="http:%d https:-" % httpd.http_port))
    httpd.expect_log(
        "ACME0340: .*the CA offers dns-01, and this server can meet http-01 "
        r"\(http-01: the CA does not offer it; tls-alpn-01: ACMEPortMap "
        "https:- says that ")
    httpd.start()
    httpd.wait_for_log("ACME0340")
