# SPDX-License-Identifier: Apache-2.0

"""dns-01 by ACMEDnsResponder: this server answers for a zone of its own, to a
real resolver between the CA and it."""

import os
import socket
import urllib.parse

import pytest

from acme_env import acmectl, conf, procs, responder, status, store
from acme_env.journey import (activate_by_hand, wait_until_served,
                                worker_pid)
from acme_env.responder import ZONE, Responder, flags_of, status_of

SHOP, BLOG, IDLE = "shop.test", "blog.test", "idle.test"


def responder_conf(httpd, pebble, line, *sites, **changes):
    settings = {"ACMEDnsResponder": line, "ACMECAChallenges": "dns-01"}
    settings.update(changes)
    return conf.managed_conf(httpd, pebble, *sites, **settings)


def in_zone(name):
    return "%s.%s" % (name, ZONE)


def wait_until_clean(httpd):
    procs.wait_until(lambda: store.names(httpd, "dns") == [], procs.GIVE_UP,
                     "no record is left in store/dns")


@pytest.fixture
def place(make_dns):
    """SHOP and IDLE lead here by CNAME, BLOG by NS."""
    return Responder(make_dns, cnames=(SHOP, IDLE), delegated=(BLOG,))


@pytest.fixture
def pebble(make_pebble, place):
    return make_pebble(dns_server=place.resolver.address)


def sites_conf(httpd):
    """A name with its wildcard; a wildcard alone, with a virtual host that it
    covers; a name for which nothing is ordered."""
    return ((SHOP, "*." + SHOP), "ACMEDomain *.%s\n" % BLOG,
            conf.site_conf(httpd, "any." + BLOG, https=""),
            conf.site_conf(httpd, IDLE,
                           https="ACMEDomain\nACMERenewMode manual\n"))


def test_wildcards_by_cname_and_by_ns(httpd, pebble, place):
    """With their base and alone; configtest and the status have the records to
    publish; the sockets stay over a graceful restart, and no program inherits
    them; what is told while no order is open."""
    httpd.configure(responder_conf(httpd, pebble, place.line,
                                   *sites_conf(httpd)))
    checked, said = httpd.configtest()
    assert checked == 0, said
    for name in (SHOP, BLOG, IDLE):
        assert ("to be published once in the DNS, for ACMEDnsResponder: "
                "_acme-challenge.%s. IN CNAME %s.\n" % (name, in_zone(name))
                in said), said
    httpd.start()
    held = responder.sockets(httpd.pid, place.port)
    assert list(held.values()) == [False, False]
    served = wait_until_served(httpd, pebble, SHOP, "any." + BLOG)
    assert served[SHOP].names == ["*." + SHOP, SHOP]
    assert served["any." + BLOG].names == ["*." + BLOG]
    wait_until_clean(httpd)
    assert pebble.orders() == 2
    record = "_acme-challenge.%s. IN CNAME %s." % (SHOP, in_zone(SHOP))
    assert status.of(httpd, SHOP)["ca"]["dns-records"] == [record]
    # Whatever it finds: nobody but the test's resolver knows these names.
    checked = acmectl.run(httpd, "check", SHOP, "--timeout", "2s")
    assert ("to be published once in the DNS, for ACMEDnsResponder: %s\n"
            % record in checked.out), checked
    assert acmectl.run(httpd, "check", SHOP, "--timeout", "2s",
                       "--json").json["dns-records"] == [record]
    # The restarts that have activated the certificates have kept them.
    assert responder.sockets(httpd.pid, place.port) == held
    httpd.graceful()
    assert responder.sockets(httpd.pid, place.port) == held
    place.wait_until_up()
    ask_while_idle(place)


def ask_while_idle(place):
    nodata = place.dig(in_zone(IDLE), "TXT")
    assert status_of(nodata) == "NOERROR"
    assert sorted(flags_of(nodata)) == ["aa", "qr", "rd"]
    assert "ANSWER: 0, AUTHORITY: 1" in nodata and "\tSOA\t" in nodata
    for name, kind, want in (
            (in_zone(SHOP), "TXT", "NOERROR"), (in_zone(SHOP), "A", "NOERROR"),
            (ZONE, "SOA", "NOERROR"), (ZONE, "NS", "NOERROR"),
            ("test." + ZONE, "A", "NOERROR"),
            ("_acme-challenge." + BLOG, "SOA", "NOERROR"),
            (in_zone("none.test"), "TXT", "NXDOMAIN"),
            ("_acme-challenge.none.test", "TXT", "REFUSED"),
            ("test", "NS", "REFUSED"), (".", "NS", "REFUSED"),
            (ZONE, "ANY", "NOERROR")):
        said = place.dig(name, kind)
        assert status_of(said) == want, said
        assert status_of(place.dig(name, kind, "+tcp")) == want
    assert "ns.test." in place.dig(ZONE, "NS", "+short")
    assert '"RFC8482"' in place.dig(ZONE, "ANY", "+short")
    assert "Transfer failed" in place.dig(ZONE, "AXFR")
    assert status_of(place.dig(ZONE, "SOA", "+opcode=UPDATE")) == "NOTIMP"
    said = place.dig("ShOp.TeSt.AcMe.TeSt", "TXT")
    assert ";ShOp.TeSt.AcMe.TeSt." in said, said
    assert "udp: 1232" in place.dig(ZONE, "SOA", "+bufsize=4096")
    assert "BADVERS" in place.dig(ZONE, "SOA", "+edns=1", "+noednsneg")
    # The way that a CA takes.
    found = place.resolver.dig("_acme-challenge." + IDLE, "TXT")
    assert status_of(found) == "NOERROR" and "CNAME" in found


@pytest.mark.parametrize("mpm", ["event", "worker", "prefork"])
def test_killed_while_a_challenge_is_pending(make_httpd, pebble, place, gate,
                                             mpm):
    """Another child answers with what the store has; the order goes on."""
    httpd = make_httpd(pebble, mpm=mpm)
    httpd.allow_log("exit signal Killed")
    held = gate.hold("/chalZ/", before=True)
    httpd.configure(responder_conf(
        httpd, pebble, place.line, (SHOP, "*." + SHOP),
        ACMECertificateAuthority=gate.directory, ACMEActivation="manual"))
    httpd.start()
    held.wait()
    values = sorted(urllib.parse.unquote(name)
                    for name in store.names(httpd, "dns"))
    assert len(values) == 2
    assert place.resolver.txt("_acme-challenge." + SHOP) == values
    sockets = responder.sockets(httpd.pid, place.port)
    for pid in {worker_pid(httpd), place.answerer(httpd)}:
        httpd.kill_child(pid)
    place.wait_until_up()
    assert place.resolver.txt("_acme-challenge." + SHOP) == values
    assert responder.sockets(httpd.pid, place.port) == sockets
    held.release()
    served = activate_by_hand(httpd, pebble, SHOP)[SHOP]
    assert served.names == ["*." + SHOP, SHOP]
    wait_until_clean(httpd)
    assert pebble.orders() == 1


def test_the_directive_changes(httpd, pebble, place):
    """A port that is taken ends no start: the error says so, and dns-01 is
    off. Sockets are bound anew only when the directive changes, also when old
    and new ones overlap; nothing stays when it is gone."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", place.port))
        httpd.expect_log(
            r"ACME0663: ACMEDnsResponder 127\.0\.0\.1:%d acme\.test: UDP cannot "
            "be bound: Address already in use; dns-01 is off" % place.port)
        httpd.configure(responder_conf(
            httpd, pebble, place.line, SHOP, ACMERenewMode="manual",
            ACMECAChallenges="dns-01 http-01"))
        httpd.start()
        said = status.of(httpd, SHOP)["ca"]
        assert said["challenges"] == ["http-01"]
        assert said["challenges-left-out"] == [
            "dns-01: ACMEDnsResponder cannot listen on 127.0.0.1:%d: UDP "
            "cannot be bound: Address already in use" % place.port]
        assert not responder.sockets(httpd.pid, place.port)
    httpd.graceful()
    place.wait_until_up()
    assert status.of(httpd, SHOP)["ca"]["challenges"] == ["dns-01", "http-01"]
    one_address = responder.sockets(httpd.pid, place.port)
    assert len(one_address) == 2

    def change(line):
        httpd.configure(responder_conf(
            httpd, pebble, line, SHOP, ACMERenewMode="manual",
            ACMECAChallenges="dns-01 http-01"))
        httpd.graceful()
    # All addresses, while children of before may have the one still.
    change("%d %s ns.test" % (place.port, ZONE))
    all_addresses = responder.sockets(httpd.pid, place.port)
    assert len(all_addresses) == 2
    assert not set(all_addresses) & set(one_address)
    place.wait_until_up()
    # Another zone at the same place.
    change("%d other.test ns.test" % place.port)
    assert responder.sockets(httpd.pid, place.port) == all_addresses
    procs.wait_until(
        lambda: status_of(place.dig(ZONE, "SOA")) == "REFUSED"
        and status_of(place.dig("other.test", "SOA")) == "NOERROR",
        procs.GIVE_UP, "the new zone is answered for")
    httpd.allow_log("ACME0610: .*dns-01 is left out")
    change("none")
    assert not responder.sockets(httpd.pid, place.port)


def has_connection(pid, sock):
    """Whether the process has the other end of a connection."""
    ends = ["0100007F:%04X" % sock.getpeername()[1],
            "0100007F:%04X" % sock.getsockname()[1]]
    with open("/proc/net/tcp", encoding="ascii") as file:
        inodes = [line.split()[9] for line in file
                  if line.split()[1:3] == ends]
    folder = "/proc/%d/fd" % pid
    return any(os.path.lexists(os.path.join(folder, fd))
               and os.readlink(os.path.join(folder, fd))
               == "socket:[%s]" % inode
               for fd in os.listdir(folder) for inode in inodes)


@pytest.mark.parametrize("mpm", ["event", "worker", "prefork"])
def test_a_child_of_before_lives_on(make_httpd, pebble, place, mpm):
    """The child that answers is retired by a graceful restart while it has a
    connection. It answers no more, so that those of now do."""
    httpd = make_httpd(pebble, mpm=mpm)

    def change(zone):
        httpd.configure("Timeout 3600\n" + responder_conf(
            httpd, pebble, "127.0.0.1:%d %s ns.test" % (place.port, zone),
            SHOP, ACMERenewMode="manual"))
    change(ZONE)
    httpd.start()
    place.wait_until_up()
    old = place.answerer(httpd)
    halves = []

    def is_held():
        if len(halves) < 40:
            halves.append(socket.create_connection(
                ("127.0.0.1", httpd.http_port)))
            halves[-1].send(b"GET / HTTP/1.1\r\n")
        return any(has_connection(old, half) for half in halves)
    procs.wait_until(is_held, procs.GIVE_UP, "the child has a connection")
    change("other.test")
    httpd.graceful()
    procs.wait_until(
        lambda: status_of(place.dig("other.test", "SOA")) == "NOERROR",
        procs.GIVE_UP, "the new zone is answered for")
    assert place.answerer(httpd) != old
    assert any(has_connection(old, half) for half in halves)
    for half in halves:
        half.close()


def test_a_flood(httpd, pebble, place):
    """Memory stays as it was and most get no reply; TCP is served meanwhile,
    and UDP afterwards. TCP connections that send nothing, half of a query or
    garbage do not keep others out, nor the server from ending."""
    httpd.configure(responder_conf(httpd, pebble, place.line, SHOP, IDLE,
                                   ACMERenewMode="manual"))
    httpd.start()
    place.wait_until_up()
    names = [in_zone(IDLE), "none." + ZONE, ZONE, "else.where"]
    packets = [responder.query(names[i % 4], (16, 255, 6, 1)[i // 4 % 4], i)
               for i in range(50000)]
    packets[::7] = [os.urandom(i % 900) for i in range(len(packets[::7]))]
    children = httpd.children()
    replies = responder.flood(place.port, packets[:10000])
    before = [responder.memory(pid) for pid in children]
    assert status_of(place.dig(in_zone(IDLE), "TXT", "+tcp")) == "NOERROR"
    replies += responder.flood(place.port, packets[10000:])
    assert status_of(place.dig(in_zone(IDLE), "TXT", "+tcp")) == "NOERROR"
    for pid, had in zip(children, before):
        assert responder.memory(pid) < had + 2048
    assert 0 < len(replies) < len(packets) / 2
    place.wait_until_up()
    assert set(children) <= set(httpd.children())
    slow = []
    for i in range(60):
        slow.append(socket.create_connection(("127.0.0.1", place.port)))
        slow[-1].send((b"", b"\0", b"\0\x20abc")[i % 3])
    assert status_of(place.dig(in_zone(SHOP), "TXT", "+tcp")) == "NOERROR"
    with socket.create_connection(("127.0.0.1", place.port)) as huge:
        huge.send(b"\xff\xff" + 100 * b"x")
        huge.settimeout(procs.GIVE_UP)
        assert huge.recv(1) == b""
    httpd.stop()
    for sock in slow:
        sock.close()
