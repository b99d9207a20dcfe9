# SPDX-License-Identifier: Apache-2.0

"""ACMEHttp01Stateless: two nodes with one account and without a common store.
Pebble comes to the first one, whichever has ordered. The commands are those of
docs/nodes.md."""

import os
import shutil

from acme_env import acmectl, conf, procs
from acme_env.acmectl import DONE
from acme_env.journey import activate_by_hand, get

SHOP, WWW, OTHER = "shop.test", "www.shop.test", "other.test"
PLACE = "/.well-known/acme-challenge/"
TOKEN = "abcdefghijklmnopqrstuvwxyz-_0123456789ABCDE"
ANOTHER_NODE = "ACME0620: shop.test: http-01 challenge of another node"


def node(httpd, pebble, **changes):
    """A node, as the manual configures it. It is restarted by hand."""
    changes.setdefault("ACMEHttp01Stateless", "on")
    plain = "\n" + conf.site_conf(httpd, OTHER, https="SSLEngine off")
    httpd.configure(conf.managed_conf(
        httpd, pebble, (SHOP, WWW), plain, ACMEActivation="manual",
        ACMECAChallenges="http-01", **changes))
    httpd.expect_log("ACME0072: .* can prove none of them by http-01")
    return httpd


def thumbprint(httpd, name=SHOP, token=TOKEN):
    """The thumbprint in the answer to a token, or None."""
    answer = get(httpd, name, PLACE + token)
    if answer.status == 404:
        return None
    assert answer.status == 200
    assert answer.body.startswith(token + "."), answer.body
    return answer.body[len(token) + 1:]


def wait_for_thumbprint(httpd, wanted):
    """Until wanted(thumbprint) is true several times in a row, because each
    child finds out by itself."""
    def look():
        seen = [thumbprint(httpd) for _ in range(8)]
        return all(map(wanted, seen)) and (seen[0] or "none")
    return procs.wait_until(look, procs.GIVE_UP,
                            lambda: "other answers\n" + httpd.log.tail(),
                            interval=0.5)


def renew(httpd):
    return acmectl.run(httpd, "renew", SHOP, "--force")


def test_two_nodes_without_a_shared_store(make_httpd, pebble, room):
    pass_file = acmectl.passphrase_file(room)
    bundle = os.path.join(room, "node.bundle")

    def carry(old, new):
        """As the manual has it."""
        if os.path.exists(bundle):
            os.remove(bundle)
        acmectl.ok(old, "export", "--all", "--out", bundle,
                   "--passphrase-file", pass_file)
        return acmectl.run(new, "import", bundle, "--passphrase-file",
                           pass_file)

    first = node(make_httpd(pebble), pebble, ACMERenewMode="manual")
    first.start()
    # No account, no answer; and an account counts without a restart.
    assert thumbprint(first) is None
    assert renew(first).status == DONE
    shared = wait_for_thumbprint(first, bool)
    activate_by_hand(first, pebble, SHOP)

    # The other node takes certificates and account over before its first
    # start. Nobody but the first node is asked by Pebble.
    second = node(make_httpd(), pebble)
    assert carry(first, second).status == DONE
    second.start()
    mark = first.log.mark()
    assert renew(second).status == DONE
    second.graceful()
    assert first.log.lines(ANOTHER_NODE, mark)
    assert not second.log.lines("ACME0602")
    assert pebble.accounts() == 1
    assert wait_for_thumbprint(second, bool) == shared

    what_is_answered(first, shared)

    # Another key: the answers of the node that has changed it follow without a
    # restart, and those of the other one once it has the new key.
    first.expect_log("ACME0824: .* has a new key")
    acmectl.ok(first, "account", "rollover")
    rolled = wait_for_thumbprint(first, lambda text: text != shared)
    assert thumbprint(second) == shared
    second.expect_log("ACME0622: .*another key for the account")
    second.expect_log("ACME0824: .* has a new key")
    assert carry(first, second).status == DONE
    assert wait_for_thumbprint(second, lambda text: text != shared) == rolled
    assert renew(second).status == DONE
    assert pebble.accounts() == 1

    # A node that has an account already goes on with the new one like this.
    second.stop()
    shutil.rmtree(second.path("store", "accounts"))
    carry(first, second)
    second.start()
    assert renew(second).status == DONE
    assert pebble.accounts() == 1

    # A closed account answers for nobody.
    first.expect_log("ACME0825: .*deactivated")
    acmectl.ok(first, "account", "deactivate", "--yes")
    wait_for_thumbprint(first, lambda text: text is None)


def what_is_answered(httpd, shared):
    """Tokens that a CA may send, for managed names; nothing else."""
    for token in ("a" * 22, "b" * 128, "-" * 43):
        assert thumbprint(httpd, token=token) == shared
        assert thumbprint(httpd, WWW, token) == shared
    answer = get(httpd, SHOP, PLACE + TOKEN)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-type"] == "application/octet-stream"
    for token in ("a" * 21, "b" * 129, "a" * 30 + "%2e", "a" * 30 + "/x", "",
                  "a" * 30 + ".html", "%3Cscript%3Ealert(1)%3C/script%3E"):
        assert get(httpd, SHOP, PLACE + token).status == 404, token
    httpd.write("htdocs/%s%s%s" % (OTHER, PLACE, TOKEN), "of another\n")
    assert get(httpd, OTHER, PLACE + TOKEN).body == "of another\n"


def test_off_is_the_default_and_the_first_ca_counts(make_httpd, make_pebble):
    """Off: only tokens of its own. With several CAs, the first one's account
    is the one that answers."""
    one, two = make_pebble(), make_pebble()
    httpd = make_httpd(one)
    httpd.expect_log("ACME0073: .*the first one")
    httpd.expect_log("ACME0072: ")
    stateless = conf.site_conf(httpd, SHOP, https="""
ACMEDomain
ACMEHttp01Stateless on
ACMECertificateAuthority %s %s
""" % (one.directory, two.directory))
    httpd.configure(conf.managed_conf(
        httpd, one, stateless, OTHER, ACMEActivation="manual",
        ACMECAChallenges="http-01"))
    httpd.start()
    activate_by_hand(httpd, one, SHOP, OTHER)
    assert thumbprint(httpd, OTHER) is None
    assert wait_for_thumbprint(httpd, bool)
    assert (one.accounts(), two.accounts()) == (1, 0)
