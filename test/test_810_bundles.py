# SPDX-License-Identifier: Apache-2.0

"""Keys and certificates move: bundles from one server to another, csr and
sign. All that is hostile is refused and changes nothing."""

import json
import os
import pty
import select
import signal
import stat
import subprocess
import time

import pytest

from acme_env import acmectl, conf, issuer, procs, store, tls
from acme_env.acmectl import DONE, FAILED, NOTHING
from acme_env.journey import get, wait_until_served

pytestmark = pytest.mark.personalities

SHOP, BLOG = "shop.test", "blog.test"


def two_sites(httpd, pebble):
    httpd.configure(conf.managed_conf(httpd, pebble, (SHOP, "www." + SHOP),
                                      BLOG))
    httpd.start()
    return wait_until_served(httpd, pebble, SHOP, BLOG)


def test_one_server_to_another_whose_ca_is_down(make_httpd, make_pebble, room):
    pebble = make_pebble()
    old = make_httpd(pebble)
    shown = two_sites(old, pebble)
    pass_file = acmectl.passphrase_file(room)
    bundle = os.path.join(room, "bundle")
    result = acmectl.ok(old, "export", "--all", "--out", bundle,
                        "--passphrase-file", pass_file)
    assert "2 certificates and 1 account " in result.err
    assert stat.S_IMODE(os.stat(bundle).st_mode) == 0o600
    with open(bundle, "rb") as file:
        assert b"PRIVATE" not in file.read()
    old.stop()
    pebble.freeze()
    orders = pebble.orders()

    # First the import, then the server's first start.
    new = make_httpd(pebble)
    new.configure(conf.managed_conf(new, pebble, (SHOP, "www." + SHOP), BLOG))
    result = acmectl.ok(new, "import", bundle, "--json",
                        "--passphrase-file", pass_file)
    assert sorted(one["name"] for one in result.json["certificates"]) == \
        [BLOG, SHOP]
    assert result.json["accounts"] == 1
    new.start()
    for name in (SHOP, BLOG):
        assert tls.served(new.https_port, name).serial == shown[name].serial
        tls.verify(new.https_port, name, pebble.root_file)
    assert get(new, SHOP, https=True, ca=pebble.root_file).status == 200
    assert acmectl.run(new, "status").status == DONE
    # A second import has nothing to do.
    again = acmectl.run(new, "import", bundle, "--passphrase-file", pass_file)
    assert again.status == NOTHING

    # The CA answers again: renewed as any other, with the imported account.
    pebble.thaw()
    accounts = pebble.accounts()
    assert pebble.orders() == orders
    acmectl.ok(new, "renew", SHOP, "--force")
    renewed = tls.wait_for_serial(new.https_port, SHOP, shown[SHOP].serial)
    assert renewed.by_pebble
    assert pebble.orders() == orders + 1
    assert pebble.accounts() == accounts


def test_an_import_into_a_running_server(make_httpd, make_pebble, room):
    pebble = make_pebble()
    old = make_httpd(pebble)
    shown = two_sites(old, pebble)
    pass_file = acmectl.passphrase_file(room)
    exported = acmectl.ok(old, "export", BLOG, "--passphrase-file", pass_file)
    old.stop()
    orders = pebble.orders()

    new = make_httpd(pebble)
    new.configure(conf.managed_conf(new, pebble, SHOP))
    new.start()
    wait_until_served(new, pebble, SHOP)
    assert pebble.orders() == orders + 1
    # No site wants it yet: it waits in the stash until one does.
    mark = new.log.mark()
    result = acmectl.run(new, "import", "-", "--passphrase-file", pass_file,
                         stdin=exported.raw)
    assert result.status == DONE, result
    assert "kept until a site wants it" in result.out
    new.wait_for_restart(mark)
    sites = {site["name"]: site
             for site in acmectl.ok(new, "list", "--json").json["sites"]}
    assert "stash" in sites[BLOG]
    new.configure(conf.managed_conf(new, pebble, SHOP, BLOG))
    new.graceful()
    assert tls.served(new.https_port, BLOG).serial == shown[BLOG].serial
    assert pebble.orders() == orders + 1


def test_where_a_bundle_goes(httpd, pebble, room):
    two_sites(httpd, pebble)
    pass_file = acmectl.passphrase_file(room)
    public = os.path.join(room, "public")
    with open(public, "w", encoding="ascii") as file:
        file.write("x")
    os.chmod(public, 0o644)
    for how in (["--plain"], ["--passphrase-file", pass_file]):
        result = acmectl.run(httpd, "export", SHOP, "--out", public, *how)
        assert result.status == FAILED and "others have rights" in result.err
    with open(public, encoding="ascii") as file:
        assert file.read() == "x"
    # A pipe is allowed; a file that others can read is not.
    plain = acmectl.ok(httpd, "export", SHOP, "--plain")
    data = json.loads(plain.out)
    assert [one["name"] for one in data["certificates"]] == [SHOP]
    assert data["accounts"] == []
    assert "PRIVATE KEY" in data["certificates"][0]["key"]
    with open(public, "wb") as file:
        done = subprocess.run(
            [acmectl.program(), "--store", httpd.path("store"), "export",
             SHOP, "--plain"], stdout=file, stderr=subprocess.PIPE,
            check=False)
    assert done.returncode == FAILED and os.path.getsize(public) == 0
    # No terminal, no passphrase: no bundle.
    result = acmectl.run(httpd, "export", SHOP)
    assert result.status == FAILED and "--passphrase-fd" in result.err
    assert result.out == ""
    short = os.path.join(room, "short")
    with open(short, "w", encoding="ascii") as file:
        file.write("short\n")
    os.chmod(short, 0o600)
    assert acmectl.run(httpd, "export", SHOP, "--passphrase-file",
                       short).status == FAILED
    os.chmod(pass_file, 0o644)
    result = acmectl.run(httpd, "export", SHOP, "--passphrase-file", pass_file)
    assert result.status == FAILED and "chmod 600" in result.err
    # A descriptor.
    result = acmectl.run(httpd, "export", SHOP, "--passphrase-fd", "0",
                         stdin=b"correct horse battery\n")
    assert result.status == DONE and result.raw.startswith(b"ACMEBOX\x01")
    assert acmectl.run(httpd, "export", "other.test", "--plain").status \
        == FAILED


def at_a_terminal(argv, answers):
    """(exit status, all that the terminal showed); each answer is typed after
    a prompt."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(argv[0], argv)
    shown = b""
    end = time.monotonic() + procs.GIVE_UP

    def more():
        ready = select.select([fd], [], [], 1)[0]
        try:
            return os.read(fd, 1024) if ready else b""
        except OSError:
            return None
    for answer in answers:
        prompts = shown.count(b": ")
        while shown.count(b": ") <= prompts and time.monotonic() < end:
            shown += more() or b""
        os.write(fd, answer)
    piece = b""
    while piece is not None and time.monotonic() < end:
        piece = more()
        shown += piece or b""
    procs.kill(pid)
    status = os.waitpid(pid, 0)[1]
    os.close(fd)
    return status, shown.decode(errors="replace")


def test_the_prompt(httpd, pebble, room):
    two_sites(httpd, pebble)
    bundle = os.path.join(room, "bundle")
    argv = [acmectl.program(), "--store", httpd.path("store")]
    export = argv + ["export", SHOP, "--out", bundle]
    status, shown = at_a_terminal(export, [b"correct horse\n",
                                           b"another horse\n"])
    assert os.WEXITSTATUS(status) == FAILED and "not the same" in shown
    assert not os.path.exists(bundle)
    status, shown = at_a_terminal(export, [b"correct horse\n",
                                           b"correct horse\n"])
    assert os.WEXITSTATUS(status) == DONE, shown
    assert "horse" not in shown
    status, shown = at_a_terminal(argv + ["import", bundle, "--dry-run"],
                                  [b"correct horse\n"])
    assert os.WEXITSTATUS(status) == NOTHING and "already" in shown, shown
    # Ctrl-C ends acmectl.
    status, shown = at_a_terminal(export, [b"\x03"])
    assert status != 0
    assert not os.WIFSIGNALED(status) or os.WTERMSIG(status) == signal.SIGINT


def hostile(bundle, **changes):
    """The bundle with its first certificate changed."""
    data = json.loads(bundle)
    data["certificates"][0].update(changes)
    return json.dumps(data).encode()


@pytest.fixture
def target(httpd, pebble):
    two_sites(httpd, pebble)
    # The worker clears what was staged some time after the restart.
    procs.wait_until(lambda: not store.names(httpd, "staging"), procs.GIVE_UP,
                     "an empty staging folder")
    return httpd


def refused(target, room, data, reason, *args):
    """Asserts that the import of these bytes fails for that reason and changes
    nothing."""
    path = os.path.join(room, "hostile")
    with open(path, "wb") as file:
        file.write(data)
    store = target.path("store")
    before = acmectl.tree(store)
    result = acmectl.run(target, "import", path, *args)
    assert result.status == FAILED, result
    assert reason in result.err.lower(), result
    after = acmectl.tree(store)
    # The worker's folders may change.
    for seen in (before, after):
        for name in list(seen):
            if name.split("/")[0] in ("jobs", "locks", "desired",
                                      "challenges"):
                del seen[name]
    assert before == after
    return result


def test_hostile_bundles(target, pebble, room):
    pass_file = acmectl.passphrase_file(room)
    locked = acmectl.ok(target, "export", SHOP, "--passphrase-file",
                        pass_file).raw
    plain = acmectl.ok(target, "export", SHOP, "--plain").raw
    other = os.path.join(room, "other")
    with open(other, "w", encoding="ascii") as file:
        file.write("another passphrase\n")
    os.chmod(other, 0o600)
    refused(target, room, locked, "does not open", "--passphrase-file", other)
    for cut in (0, 5, 11, 39, 55, len(locked) // 2, len(locked) - 1):
        refused(target, room, locked[:cut], "", "--passphrase-file", pass_file)
    for at in (6, 7, 8, 9, 10, 11, 12, 30, 41, len(locked) - 1):
        flipped = bytearray(locked)
        flipped[at] ^= 1
        refused(target, room, bytes(flipped), "", "--passphrase-file",
                pass_file)
    # Excessive costs are refused before they are computed.
    for log_n in (0, 13, 19, 31, 63, 255):
        costly = bytearray(locked)
        costly[8] = log_n
        refused(target, room, bytes(costly), "cost", "--passphrase-file",
                pass_file)
    refused(target, room, plain[:len(plain) // 2], "no bundle")
    refused(target, room, b"\0" * 100, "no bundle")
    refused(target, room, b"[]", "no bundle")
    refused(target, room, b"{}", "no bundle")
    refused(target, room, plain.replace(b"bundle 1", b"bundle 9"), "version")


def test_hostile_certificates(target, pebble, room):
    plain = acmectl.ok(target, "export", SHOP, "--plain").raw
    ca = issuer.Issuer()
    url = pebble.directory
    key, chain = ca.issue([SHOP], days=900)
    good = issuer.key_pem(key).decode()

    refused(target, room, hostile(plain, key=good), "another key")
    weak, weak_chain = ca.issue([SHOP], bits=1024)
    refused(target, room, hostile(
        plain, key=issuer.key_pem(weak).decode(), chain=weak_chain.decode()),
        SHOP)
    late, late_chain = ca.issue([SHOP], days=-0.5)
    refused(target, room, hostile(
        plain, key=issuer.key_pem(late).decode(), chain=late_chain.decode()),
        "expired")
    for name in ("../../etc/passwd", "..", "/", "shop.test/../blog.test", "",
                 "a b", "*", "shop..test", "SHOP.TEST", "\n"):
        refused(target, room, hostile(plain, name=name), "")
    refused(target, room, hostile(plain, name="other.test"), "does not cover")
    # A certificate of a test CA is not from the site's CA, however long it is
    # valid.
    refused(target, room, hostile(
        plain, key=good, chain=chain.decode(),
        **{"ca-url": "https://acme-staging.example/directory"}),
        "configured for")
    # A certificate of unknown origin does not lead to a trusted root.
    data = json.loads(hostile(plain, key=good, chain=chain.decode()))
    del data["certificates"][0]["ca-url"]
    refused(target, room, json.dumps(data).encode(), SHOP)
    # One bad certificate among good ones: all of the bundle is refused.
    data = json.loads(acmectl.ok(target, "export", "--all", "--plain").raw)
    data["certificates"].append(dict(data["certificates"][0], name=".."))
    refused(target, room, json.dumps(data).encode(), "nothing was imported")
    data = json.loads(plain)
    data["certificates"] *= 2
    refused(target, room, json.dumps(data).encode(), "twice")
    data = json.loads(plain)
    data["accounts"] = [{"ca": url, "key": "none"}]
    refused(target, room, json.dumps(data).encode(), "account")
    serial = tls.served(target.https_port, SHOP).serial
    target.graceful()
    assert tls.served(target.https_port, SHOP).serial == serial


def test_a_hundred_megabytes(target, room):
    path = os.path.join(room, "huge")
    with open(path, "wb") as file:
        file.truncate(100 * 1024 * 1024)
    before = acmectl.tree(target.path("store", "archive"))
    result = acmectl.run(target, "import", path)
    assert result.status == FAILED and "more than" in result.err
    # Neither a FIFO nor a folder.
    os.mkfifo(path + ".fifo")
    assert acmectl.run(target, "import", path + ".fifo",
                       timeout=procs.GIVE_UP).status == FAILED
    assert acmectl.run(target, "import", room).status == FAILED
    assert acmectl.tree(target.path("store", "archive")) == before


def test_csr_and_sign(make_httpd, make_pebble, room):
    pebble = make_pebble()
    old = make_httpd(pebble)
    two_sites(old, pebble)
    new = make_httpd(pebble)
    new.configure(conf.managed_conf(new, pebble, (SHOP, "www." + SHOP)))
    request = os.path.join(room, "request.pem")
    chain = os.path.join(room, "chain.pem")
    acmectl.ok(new, "csr", SHOP, "--names", "www." + SHOP, "--out", request)
    with open(request, encoding="ascii") as file:
        text = file.read()
    assert "CERTIFICATE REQUEST" in text and "PRIVATE" not in text
    orders = pebble.orders()
    acmectl.ok(old, "sign", request, "--out", chain)
    assert pebble.orders() == orders + 1
    signed = tls.Served(open(chain, encoding="ascii").read())
    assert signed.by_pebble and signed.names == [SHOP, "www." + SHOP]
    # The old server goes on with its own certificate.
    assert tls.served(old.https_port, SHOP).serial != signed.serial
    assert os.listdir(old.path("store", "outbox")) == []

    # Pebble is not trusted by this machine, so it has to be named.
    assert acmectl.run(new, "import", "--chain", chain, SHOP).status == FAILED
    acmectl.ok(new, "import", "--chain", chain, "--ca", pebble.directory,
               SHOP)
    old.stop()
    new.start()
    assert tls.served(new.https_port, SHOP).serial == signed.serial
    tls.verify(new.https_port, SHOP, pebble.root_file)
    assert os.listdir(new.path("store", "waiting")) == []
    assert pebble.orders() == orders + 1
    new.stop()
    old.start()
    # Names for which this server does not answer are not ordered.
    for name in ("other.test", BLOG + ".other.test"):
        acmectl.ok(new, "csr", name, "--out", request + "2")
        result = acmectl.run(old, "sign", request + "2")
        assert result.status == FAILED and "no site" in result.err
        os.unlink(request + "2")
    assert pebble.orders() == orders + 1
    for bad in ("", "x", text[:200], text.replace("A", "B")):
        path = os.path.join(room, "bad")
        with open(path, "w", encoding="ascii") as file:
            file.write(bad)
        assert acmectl.run(old, "sign", path).status == FAILED
