# SPDX-License-Identifier: Apache-2.0

"""dns-01 by updates of a zone (RFC 2136, TSIG), with BIND 9: what it takes and
what it refuses, and records that are torn down whatever happens. Pebble asks a
resolver that asks the same BIND."""

import os

import pytest

from acme_env import acmectl, conf, procs, status, store
from acme_env.dns_servers import program
from acme_env.journey import activate_by_hand, worker_pid

SHOP, BLOG, MAIL = "shop.test", "blog.test", "mail.test"
# The zone for challenges, which those of BLOG and MAIL lead to.
ZONE = "acme.test"
KEY = "acme-key"


def challenge(name):
    return "_acme-challenge." + name


@pytest.fixture
def pebble(make_pebble, unbound):
    return make_pebble(dns_server=unbound.address)


@pytest.fixture
def bind(named, unbound):
    """A BIND, which is not started: with a zone in which only the challenges of
    its own name may be changed, a zone for challenges, and one that leads
    there. Pebble asks an unbound that asks it."""
    unbound.stubs = dict.fromkeys((SHOP, BLOG, ZONE), named.port)
    unbound.start()
    named.add_key(KEY)
    named.add_zone(SHOP, policy="grant %s name %s TXT; "
                   % (KEY, challenge(SHOP)))
    named.add_zone(ZONE, KEY, records="there IN CNAME blog")
    named.add_zone(BLOG, records="%s. IN CNAME there.%s." % (challenge(BLOG),
                                                          ZONE))
    return named


def update_conf(httpd, pebble, bind, *sites, **changes):
    """Managed sites that are proven by dns-01. BIND is asked whether it has the
    records, too."""
    settings = {"ACMECAChallenges": "dns-01", "ACMEActivation": "manual",
                "ACMEDnsServers": bind.address}
    settings.update(changes)
    return conf.managed_conf(httpd, pebble, *sites, **settings)


def site(httpd, name, *directives):
    return conf.site_conf(httpd, name,
                          https="\n".join(("ACMEDomain",) + directives) + "\n")


def wait_until_ready(httpd, name):
    httpd.wait_for_log("%s: certificate ready" % name)


def wait_until_clean(httpd):
    procs.wait_until(lambda: store.names(httpd, "dns") == [], procs.GIVE_UP,
                     "no record is left in store/dns")


def nsupdate(bind, *lines):
    done = procs.run([program("nsupdate"), "-k", bind.key_files[KEY]],
                     stdin="server 127.0.0.1 %d\n%s\nsend\n"
                     % (bind.port, "\n".join(lines)))
    assert done.returncode == 0, done.stdout


def test_records_come_and_go(httpd, pebble, bind):
    """A name and its wildcard, whose two records do not harm a third one of
    somebody else; and a name whose challenges are in another zone. The server
    is looked up, the zones are found, and nobody who may read httpd's files sees the secret."""
    bind.start()
    nsupdate(bind, "update add %s 1 TXT \"other's\"" % challenge(SHOP))
    httpd.configure(update_conf(
        httpd, pebble, bind, (SHOP, "*." + SHOP), BLOG,
        ACMEDnsUpdate="ns.%s:%d %s" % (ZONE, bind.port, bind.key_files[KEY])))
    httpd.start()
    served = activate_by_hand(httpd, pebble, SHOP, BLOG)
    assert served[SHOP].names == ["*." + SHOP, SHOP]
    wait_until_clean(httpd)
    assert bind.txt(challenge(SHOP)) == ["other's"]
    assert bind.txt("blog." + ZONE) == []
    assert pebble.orders() == 2
    assert status.of(httpd, SHOP)["ca"]["challenges"] == ["dns-01"]
    secret = bind.secret(KEY).encode()
    for folder, _, files in os.walk(httpd.path()):
        for name in files:
            with open(os.path.join(folder, name), "rb") as file:
                assert secret not in file.read(), name


def test_refusals_are_clear_and_stall_nobody(httpd, pebble, bind, room):
    """Another secret, a key that BIND does not know, a name that the key may
    not change, a zone that is not there: each says so. The other site has its
    certificate all the same."""
    bind.add_zone("policy.test", KEY, policy="grant %s name %s TXT; "
                  % (KEY, challenge("elsewhere.test")))
    bind.start()
    forged = os.path.join(room, "forged.key")
    unknown = os.path.join(room, "unknown.key")
    done = procs.run([program("tsig-keygen"), KEY])
    for path, text in ((forged, done.stdout),
                       (unknown, done.stdout.replace(KEY, "unknown-key"))):
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        os.chmod(path, 0o600)
    good = "%s %s" % (bind.address, bind.key_files[KEY])
    cases = {
        "forged.test": ("%s %s" % (bind.address, forged),
                        r"NOTAUTH, BADSIG: the signature is wrong"),
        "unknown.test": ("%s %s" % (bind.address, unknown),
                         r"the key unknown-key \(hmac-sha256\): NOTAUTH, "
                         "BADKEY: it does not know the key"),
        "policy.test": (good, r"refused the update of the zone policy\.test, "
                        r"signed by the key acme-key \(hmac-sha256\): "
                        "REFUSED: it does not let"),
        "nozone.test": (good, r"has no zone for _acme-challenge\.nozone\.test "
                        r"\(REFUSED"),
        "zone.test": ("%s policy.test %s" % (bind.address,
                                             bind.key_files[KEY]),
                      r"_acme-challenge\.zone\.test is not in the zone "
                      r"policy\.test"),
    }
    for name, (_, words) in cases.items():
        httpd.expect_log(r"ACME0341: %s: dnsUpdate: the record "
                         r"_acme-challenge\.%s cannot be set up: .*%s"
                         % (name, name, words))
    httpd.configure(update_conf(
        httpd, pebble, bind, SHOP,
        *[site(httpd, name, "ACMEDnsUpdate " + line)
          for name, (line, _) in cases.items()],
        ACMEDnsUpdate=good, ACMERetryDelay="1h"))
    httpd.start()
    wait_until_ready(httpd, SHOP)
    for name in cases:
        said = status.wait_for(httpd, name, lambda s: (
            s.get("renewal") or {}).get("errors"))
        assert said["renewal"]["last"]["problem"].endswith("dnsUpdate")
    # Nothing was written for any of them: there is nothing to tear down.
    wait_until_clean(httpd)


def test_bind_stops_and_starts_again(httpd, pebble, bind):
    """A record that cannot be set up is a problem; one that cannot be torn
    down is kept in mind until it is."""
    httpd.configure(update_conf(
        httpd, pebble, bind, SHOP, ACMERetryDelay="1h",
        ACMEDnsUpdate="%s %s %s" % (bind.address, SHOP,
                                    bind.key_files[KEY])))
    httpd.expect_log(r"ACME0341: %s: .*the name server 127\.0\.0\.1:%d has "
                     "sent no reply: .*refused" % (SHOP, bind.port))
    httpd.start()
    said = status.wait_for(httpd, SHOP, lambda s: (
        s.get("renewal") or {}).get("errors"))
    assert "no reply" in status.problem(said)
    bind.start()
    acmectl.ok(httpd, "renew", SHOP)
    wait_until_ready(httpd, SHOP)
    wait_until_clean(httpd)
    assert bind.txt(challenge(SHOP)) == []


def test_killed_while_the_record_is_there(httpd, pebble, bind, gate):
    """After kill -9 of the worker the next one removes the record where it was
    written, although the site is gone and its CNAME record leads elsewhere;
    but only when BIND is there again."""
    held = gate.hold("/chalZ/", before=True)
    bind.start()
    line = "%s %s" % (bind.address, bind.key_files[KEY])
    httpd.allow_log("exit signal Killed")
    httpd.configure(update_conf(httpd, pebble, bind, BLOG, ACMEDnsUpdate=line,
                                ACMECertificateAuthority=gate.directory))
    httpd.start()
    held.wait()
    assert len(store.names(httpd, "dns")) == 1
    assert len(bind.txt("blog." + ZONE)) == 1
    bind.stop()
    httpd.kill_child(worker_pid(httpd))
    httpd.expect_log(r"ACME0631: %s: the record blog\.%s could not be torn "
                     "down: .*no reply" % (BLOG, ZONE))
    bind.add_zone(BLOG)
    httpd.configure(conf.managed_conf(
        httpd, pebble, MAIL, site(httpd, SHOP, "ACMEDnsUpdate " + line),
        ACMERenewMode="manual"))
    httpd.graceful()
    held.release()
    httpd.wait_for_log("ACME0631")
    assert len(store.names(httpd, "dns")) == 1
    bind.start()
    assert len(bind.txt("blog." + ZONE)) == 1
    httpd.graceful()
    wait_until_clean(httpd)
    assert bind.txt("blog." + ZONE) == []
