# SPDX-License-Identifier: Apache-2.0

"""Stores of other clients with gaps, in older forms and with what was not
served yet are adopted: what is of use in them is found, and nothing ordered."""

import base64
import json
import os
import shutil

from cryptography.hazmat.primitives import serialization

from acme_env import acmectl, conf, issuer, tls
from acme_env.acmectl import NOTHING
from test_831_adopted import serial_in, settle


def put(path, data):
    """Writes a file of a store, and returns its path."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)
    return path


def serial(chain):
    return tls.Served(chain.decode()).serial


def certbot(folder, ca, pebble, elsewhere):
    """Returns {name: serial of the newest one that is of use}."""
    names = ["half.test", "empty.test", "moved.test", "disk.test"]
    issuer.certbot_store(folder, ca, pebble.directory,
                         [(name, [name]) for name in names])
    archive = os.path.join(folder, "archive")
    expected = {name: serial_in(os.path.join(archive, name, "fullchain1.pem"))
                for name in names}
    # Renewals that ended halfway: a chain without its key, files without any
    # bytes, of which live/ has the links already.
    for name, data in (("half.test", ca.issue(["half.test"], days=80)[1]),
                       ("empty.test", b"")):
        for kind in ("fullchain", "cert"):
            put(os.path.join(archive, name, kind + "3.pem"), data)
            link = os.path.join(folder, "live", name, kind + ".pem")
            os.unlink(link)
            os.symlink("../../archive/%s/%s3.pem" % (name, kind), link)
    key, chain = ca.issue(["empty.test"], days=70)
    put(os.path.join(archive, "empty.test", "fullchain2.pem"), chain)
    put(os.path.join(archive, "empty.test", "privkey2.pem"),
        issuer.key_pem(key))
    expected["empty.test"] = serial(chain)
    # Its archive is elsewhere by its renewal's settings, or by a link.
    for name in ("moved.test", "disk.test"):
        shutil.move(os.path.join(archive, name),
                    os.path.join(elsewhere, name))
    os.symlink(os.path.join(elsewhere, "disk.test"),
               os.path.join(archive, "disk.test"))
    shutil.rmtree(os.path.join(folder, "live", "moved.test"))
    path = os.path.join(folder, "renewal", "moved.test.conf")
    with open(path, encoding="ascii") as file:
        text = file.read()
    put(path, text.replace(archive, elsewhere).encode())
    return expected


def mod_md(folder, ca, pebble):
    names = ["first.test", "staged.test", "former.test"]
    issuer.md_store(folder, ca, pebble.directory, [[name] for name in names])

    def domain(name, *file):
        return os.path.join(folder, "domains", name, *file)
    expected = {name: serial_in(domain(name, "pubcert.pem"))
                for name in names}
    # As mod_md's first version filed them.
    os.rename(domain("first.test", "privkey.pem"),
              domain("first.test", "pkey.pem"))
    os.rename(domain("first.test", "pubcert.pem"),
              domain("first.test", "cert.pem"))
    # Obtained, with its key encrypted, and not served yet.
    with open(os.path.join(folder, "md_store.json"), "rb") as file:
        secret = base64.urlsafe_b64decode(json.load(file)["key"])
    key, chain = ca.issue(["staged.test"], days=85)
    staging = os.path.join(folder, "staging", "staged.test")
    put(os.path.join(staging, "privkey.pem"), issuer.key_pem(key, secret))
    put(os.path.join(staging, "pubcert.pem"), chain)
    expected["staged.test"] = serial(chain)
    # Damaged, but the one before is still valid.
    shutil.copytree(domain("former.test"),
                    os.path.join(folder, "archive", "former.test.2"))
    put(domain("former.test", "pubcert.pem"), b"")
    return expected


def pem_files(folder, ca):
    """Files of programs that write more than certificates into them: {name:
    (path of the chain, of the key, serial)}."""
    found = {}
    for name, form in (("words.test", b"Bag Attributes\r\n  name: x\r\n%s%s"),
                       ("both.test", b"%s\n%s")):
        key, chain = ca.issue([name])
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption())
        path = put(os.path.join(folder, name + ".pem"), form % (pem, chain))
        found[name] = path, serial(chain)
    return found


def test_no_order_for_any_of_them(make_httpd, make_pebble, room):
    pebble = make_pebble()
    ca = issuer.Issuer()
    elsewhere = os.path.join(room, "elsewhere")
    stores = {"certbot": os.path.join(room, "letsencrypt"),
              "mod_md": os.path.join(room, "md")}
    os.makedirs(elsewhere)
    expected = certbot(stores["certbot"], ca, pebble, elsewhere)
    expected.update(mod_md(stores["mod_md"], ca, pebble))
    files = pem_files(room, ca)
    httpd = make_httpd(pebble)
    httpd.configure(conf.managed_conf(httpd, pebble, *expected, *files,
                                      ACMERenewMode="manual"))
    # The server runs, and has nothing yet.
    httpd.start()
    before = {client: acmectl.tree(folder)
              for client, folder in stores.items()}
    for client, folder in stores.items():
        result = acmectl.ok(httpd, "import", "--from", client, folder,
                            "--json")
        assert result.json["skipped"] == [], result
    for name, (path, of) in files.items():
        expected[name] = of
        acmectl.ok(httpd, "import", "--chain", path, "--key", path, "--ca",
                   pebble.directory, name)
    for client, folder in stores.items():
        assert acmectl.tree(folder) == before[client]
        assert acmectl.run(httpd, "import", "--from", client,
                           folder).status == NOTHING
    httpd.configure(conf.managed_conf(httpd, pebble, *expected))
    httpd.graceful()
    for name, of in expected.items():
        assert tls.served(httpd.https_port, name).serial == of, name
    settle(httpd, *expected)
    assert pebble.orders() == 0
    # They are live now, and another import has nothing to do.
    for client, folder in stores.items():
        assert acmectl.run(httpd, "import", "--from", client,
                           folder).status == NOTHING
