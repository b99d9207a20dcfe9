# SPDX-License-Identifier: Apache-2.0

"""dns-01 by a command: wildcards, commands that fail or hang, and records that
are torn down whatever happens."""

import os
import pwd

import pytest

from acme_env import conf, install, procs, status, store, tls
from acme_env.dns_command import DnsCommand
from acme_env.journey import wait_until_served, worker_pid

SHOP, BLOG = "shop.test", "blog.test"


@pytest.fixture
def command(room, pebble):
    return DnsCommand(os.path.join(room, "dns"), pebble)


def dns_conf(httpd, pebble, command, *sites, **changes):
    """Managed sites that are proven by dns-01."""
    settings = {"ACMEChallengeDns01": command.line,
                "ACMECAChallenges": "dns-01",
                "ACMEDnsServers": "127.0.0.1:%d" % pebble.dns_port}
    settings.update(changes)
    return conf.managed_conf(httpd, pebble, *sites, **settings)


def wait_until_clean(httpd, command, *names):
    """Waits until each record that was set up is torn down."""
    for name in names:
        command.wait_for("teardown", name,
                         count=len(command.calls("setup", name)))
    procs.wait_until(lambda: store.names(httpd, "dns") == [], procs.GIVE_UP,
                     "no record is left in store/dns")


def test_a_name_and_its_wildcard(httpd, pebble, command):
    """One certificate for both, also for a virtual host that the wildcard
    covers; the command runs as httpd's user, with nothing of httpd."""
    httpd.more_env["MY_SECRET"] = "of the administrator"
    httpd.configure(dns_conf(
        httpd, pebble, command, (SHOP, "*." + SHOP),
        conf.site_conf(httpd, "deep." + SHOP, https="")))
    httpd.start()
    served = wait_until_served(httpd, pebble, SHOP)[SHOP]
    assert served.names == ["*." + SHOP, SHOP]
    assert tls.served(httpd.https_port,
                      "deep." + SHOP).serial == served.serial
    assert tls.served(httpd.https_port,
                      "any." + SHOP).serial == served.serial
    wait_until_clean(httpd, command, SHOP)

    calls = command.calls()
    setups = [call["argv"] for call in calls if call["argv"][0] == "setup"]
    assert [argv[1] for argv in setups] == [SHOP, SHOP]
    assert len({argv[2] for argv in setups}) == 2
    assert sorted(call["argv"][1:] for call in calls
                  if call["argv"][0] == "teardown") == sorted(
                      argv[1:] for argv in setups)
    user = install.httpd_user()
    for call in calls:
        assert call["env"]["ACME_RECORD"] == "_acme-challenge." + SHOP
        assert set(call["env"]) - {"ACME_RECORD", "PATH", "LC_CTYPE"} == set()
        # 3 is the folder that the script itself looks into.
        assert call["files"] == [0, 1, 2, 3]
        assert call["group"] == call["pid"]
        if user:
            assert call["uid"] == pwd.getpwnam(user[0]).pw_uid
    assert pebble.orders() == 1
    assert status.of(httpd, SHOP)["ca"]["challenges"] == ["dns-01"]


def test_a_wildcard_alone_beside_http_01(httpd, pebble, command):
    """By default the other types are preferred for a plain name; a program
    written for version 1 gets the name only."""
    httpd.configure(conf.managed_conf(
        httpd, pebble, (SHOP, "*." + BLOG),
        ACMEChallengeDns01=command.line, ACMEChallengeDns01Version=1,
        ACMEDnsPropagation="1s"))
    httpd.start()
    served = wait_until_served(httpd, pebble, SHOP)[SHOP]
    assert served.names == ["*." + BLOG, SHOP]
    wait_until_clean(httpd, command, BLOG)
    assert [call["argv"][:2] for call in command.calls()] == [
        ["setup", BLOG], ["teardown", BLOG]]
    assert len(command.calls("teardown")[0]["argv"]) == 2
    assert status.of(httpd, SHOP)["ca"]["challenges"] == [
        "http-01", "tls-alpn-01", "dns-01"]


def test_commands_that_fail_stall_nobody(httpd, pebble, command):
    """One hangs and heeds no signal, one fails, one prints garbage, one fails
    to tear down; the last site has its certificate all the same."""
    hangs, fails, prints, stays = ("hangs.test", "fails.test", "prints.test",
                                   "stays.test")
    command.tell("setup", hangs, "hang")
    command.tell("setup", fails, "fail")
    command.tell("setup", prints, "garbage")
    command.tell("teardown", stays, "fail")
    httpd.configure(dns_conf(
        httpd, pebble, command, hangs, fails, prints, stays, SHOP,
        ACMERetryDelay="1h", ACMEDnsPropagation="0 5s"))
    begin = "ACME0341: %s: .*the dns-01 command /usr/bin/python3 "
    record = r"\(setup\) for the record _acme-challenge\.%s "
    httpd.expect_log(
        begin % fails + record % fails
        + "has ended with exit status 3; it printed last: no such zone")
    httpd.expect_log(
        begin % prints + record % prints + "has ended with exit status 1; it "
        r"printed last: .* \?\?\[31mACME0001: forged")
    httpd.expect_log(
        begin % hangs + record % hangs + "did not end within 5 seconds, and "
        "was ended; it printed last: hanging")
    httpd.expect_log("ACME0631: %s: the record _acme-challenge.%s could not "
                     "be torn down: .*no such zone" % (stays, stays))
    httpd.start()
    wait_until_served(httpd, pebble, SHOP)
    wait_until_served(httpd, pebble, stays)
    for name, words in ((fails, "no such zone"), (prints, "forged"),
                        (hangs, "did not end within 5 seconds")):
        said = status.wait_for(httpd, name, lambda s: (
            s.get("renewal") or {}).get("errors"))
        assert words in status.problem(said)
        # What was not set up may be there all the same.
        command.wait_for("teardown", name)
    hung = command.calls("setup", hangs)[0]["pid"]
    procs.wait_until(lambda: not procs.alive(hung), procs.GIVE_UP,
                     "the command that hangs is gone")
    # One record is left; a start tries again.
    procs.wait_until(lambda: len(store.names(httpd, "dns")) == 1,
                     procs.GIVE_UP, "one record is left in store/dns")
    command.tell("teardown", stays, None)
    httpd.graceful()
    procs.wait_until(lambda: store.names(httpd, "dns") == [], procs.GIVE_UP,
                     "no record is left in store/dns")
    assert len(command.calls("setup", stays)) == 1
    assert len(command.calls("teardown", stays)) >= 2


def test_killed_while_the_command_runs(httpd, pebble, command):
    """A graceful restart ends the command and waits for nothing. After kill -9
    of the worker the next one tears the record down and sets it up again. The
    same order goes on."""
    command.tell("setup", SHOP, "hang")
    httpd.allow_log("exit signal Killed")
    httpd.configure(dns_conf(httpd, pebble, command, SHOP))
    httpd.start()
    hung = command.wait_for("setup", SHOP)[0]["pid"]
    command.tell("setup", SHOP, "linger")
    httpd.graceful()
    procs.wait_until(lambda: not procs.alive(hung), procs.GIVE_UP,
                     "the command that hangs is gone")
    lingers = command.wait_for("setup", SHOP, count=2)[1]["pid"]
    command.tell("setup", SHOP, None)
    httpd.kill_child(worker_pid(httpd))
    wait_until_served(httpd, pebble, SHOP)
    wait_until_clean(httpd, command, SHOP)
    assert [call["argv"][0] for call in command.calls()] == 3 * [
        "setup", "teardown"]
    assert len({call["argv"][2] for call in command.calls()}) == 1
    assert pebble.orders() == 1
    procs.kill(lingers)


def test_the_site_is_gone_after_a_kill(httpd, pebble, command, gate):
    """Its record is torn down by the next start, with the command that it had.
    """
    held = gate.hold("/chalZ/", before=True)
    httpd.allow_log("exit signal Killed")
    httpd.configure(dns_conf(httpd, pebble, command, SHOP,
                             ACMECertificateAuthority=gate.directory))
    httpd.start()
    held.wait()
    assert len(store.names(httpd, "dns")) == 1
    httpd.kill_child(worker_pid(httpd))
    httpd.configure(conf.managed_conf(httpd, pebble, BLOG))
    httpd.graceful()
    held.release()
    wait_until_served(httpd, pebble, BLOG)
    command.wait_for("teardown", SHOP)
    procs.wait_until(lambda: store.names(httpd, "dns") == [], procs.GIVE_UP,
                     "no record is left in store/dns")
