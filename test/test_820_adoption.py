# SPDX-License-Identifier: Apache-2.0

"""Stores of other clients are adopted: one command, no order."""

import os

from acme_env import acmectl, conf, issuer, procs, tls
from acme_env.acmectl import DONE, FAILED
from acme_env.journey import wait_until_served

CONTACT = "mailto:hostmaster@example.test"


def serial_of(pem):
    return tls.Served(pem).serial


def real_account(make_httpd, pebble, tmp):
    """An account that Pebble knows: (URL, key)."""
    from cryptography.hazmat.primitives import serialization
    httpd = make_httpd(pebble)
    httpd.configure(conf.managed_conf(httpd, pebble, "first.test"))
    httpd.start()
    wait_until_served(httpd, pebble, "first.test")
    data = acmectl.ok(httpd, "export", "--all", "--plain").json
    httpd.stop()
    account = data["accounts"][0]
    return account["url"], serialization.load_pem_private_key(
        account["key"].encode(), None)


def test_two_hundred_sites_of_mod_md(make_httpd, make_pebble, room):
    pebble = make_pebble()
    url, key = real_account(make_httpd, pebble, room)
    accounts, orders = pebble.accounts(), pebble.orders()
    names = ["site%03d.test" % i for i in range(200)]
    folder = issuer.md_store(os.path.join(room, "md"), issuer.Issuer(),
                             pebble.directory,
                             [[name, "www." + name] for name in names],
                             account=(url, key, CONTACT))
    broken = os.path.join(folder, "domains", names[7], "privkey.pem")
    with open(broken, "w", encoding="ascii") as file:
        file.write("damaged")
    httpd = make_httpd(pebble)
    # One shared body: 200 sites are no test of the disk.
    httpd.configure(conf.managed_conf(
        httpd, pebble, *[conf.site_conf(httpd, name, ("www." + name,),
                                        body=False)
                         for name in names if name != names[7]]))
    os.makedirs(httpd.path("store"))
    os.chmod(httpd.path("store"), 0o711)
    md = acmectl.tree(folder)
    dry = acmectl.ok(httpd, "import", "--from", "mod_md", folder, "--dry-run",
                     "--json").json
    assert len(dry["certificates"]) == 199 and dry["dry-run"] is True
    assert [skip["what"] for skip in dry["skipped"]] == ["domains/" + names[7]]
    assert not os.listdir(httpd.path("store"))
    result = acmectl.ok(httpd, "import", "--from", "mod_md", folder, "--json",
                        timeout=200)
    assert len(result.json["certificates"]) == 199
    assert result.json["accounts"] == 1
    assert names[7] in result.err
    assert acmectl.tree(folder) == md, "mod_md's store was changed"
    httpd.start()
    for name in names[:3] + names[-3:]:
        with open(os.path.join(folder, "domains", name, "pubcert.pem"),
                  encoding="ascii") as file:
            expected = serial_of(file.read())
        assert tls.served(httpd.https_port, name).serial == expected
    assert acmectl.run(httpd, "status").status == DONE
    assert pebble.orders() == orders
    # The account at the CA was kept: it is used for the renewal.
    old = tls.served(httpd.https_port, names[0]).serial
    acmectl.ok(httpd, "renew", names[0], "--force")
    tls.wait_for_serial(httpd.https_port, names[0], old)
    assert pebble.accounts() == accounts
    assert pebble.orders() == orders + 1


def test_certbot(make_httpd, make_pebble, room):
    pebble = make_pebble()
    ca = issuer.Issuer()
    account = issuer.new_key(2048)
    folder = issuer.certbot_store(
        os.path.join(room, "letsencrypt"), ca, pebble.directory,
        [("shop.test", ["shop.test", "www.shop.test"]),
         ("my blog_1", ["blog.test"]),
         ("broken.test", ["broken.test"]), ("late.test", ["late.test"])],
        account=(pebble.directory + "/nobody", account, CONTACT))
    # Its live link is broken, but the archive has the certificate.
    os.unlink(os.path.join(folder, "live", "my blog_1", "privkey.pem"))
    for part in ("live", "archive"):
        base = os.path.join(folder, part, "broken.test")
        for name in os.listdir(base):
            if "privkey" in name:
                os.unlink(os.path.join(base, name))
    httpd = make_httpd(pebble)
    httpd.configure(conf.managed_conf(httpd, pebble,
                                      ("shop.test", "www.shop.test"),
                                      "blog.test"))
    result = acmectl.ok(httpd, "import", "--from", "certbot", folder,
                        "shop.test", "my blog_1", "--json")
    assert sorted(one["name"] for one in result.json["certificates"]) == \
        ["blog.test", "shop.test"]
    assert result.json["accounts"] == 1
    result = acmectl.run(httpd, "import", "--from", "certbot", folder,
                         "broken.test")
    assert result.status == FAILED and "broken.test" in result.err
    result = acmectl.run(httpd, "import", "--from", "certbot", folder,
                         "shop.test", "my blog")
    assert result.status == FAILED and "my blog: " in result.err
    httpd.start()
    for name, lineage in (("shop.test", "shop.test"),
                          ("blog.test", "my blog_1")):
        with open(os.path.join(folder, "archive", lineage, "fullchain1.pem"),
                  encoding="ascii") as file:
            assert tls.served(httpd.https_port, name).serial == \
                serial_of(file.read())
    assert pebble.orders() == 0


def test_hostile_stores(httpd, pebble, room):
    """Damaged and unusable certificates are left out, with the reason."""
    ca = issuer.Issuer()
    folder = issuer.md_store(os.path.join(room, "md"), ca, pebble.directory,
                             [["good.test"], ["weak.test"], ["late.test"],
                              ["other.test"], ["link.test"], ["huge.test"]])

    def put(site, name, data):
        path = os.path.join(folder, "domains", site, name)
        if os.path.lexists(path):
            os.unlink(path)
        with open(path, "wb") as file:
            file.write(data)
    key, chain = ca.issue(["weak.test"], bits=1024)
    put("weak.test", "privkey.pem", issuer.key_pem(key))
    put("weak.test", "pubcert.pem", chain)
    key, chain = ca.issue(["late.test"], days=-0.5)
    put("late.test", "privkey.pem", issuer.key_pem(key))
    put("late.test", "pubcert.pem", chain)
    put("other.test", "privkey.pem", issuer.key_pem(issuer.new_key()))
    os.unlink(os.path.join(folder, "domains", "link.test", "privkey.pem"))
    os.symlink("/etc/passwd", os.path.join(folder, "domains", "link.test",
                                           "privkey.pem"))
    with open(os.path.join(folder, "domains", "huge.test", "pubcert.pem"),
              "r+b") as file:
        file.truncate(100 * 1024 * 1024)
    put("good.test", "md.json", (
        '{"name": "good.test", "ca": {"urls": ["%s"]}}'
        % pebble.directory).encode())
    issuer._put(os.path.join(folder, "domains", "evil"), "md.json",
                {"name": "../../../tmp/evil"})
    os.makedirs(os.path.join(folder, "accounts", "ACME-x-0000"))
    result = acmectl.ok(httpd, "import", "--from", "mod_md", folder, "--json")
    assert [one["name"] for one in result.json["certificates"]] == \
        ["good.test"]
    why = {skip["what"]: skip["why"] for skip in result.json["skipped"]}
    assert sorted(why) == ["accounts/ACME-x-0000", "domains/evil",
                           "domains/huge.test", "domains/late.test",
                           "domains/link.test", "domains/other.test",
                           "domains/weak.test"]
    assert "expired" in why["domains/late.test"]
    assert "another key" in why["domains/other.test"]
    assert os.listdir(httpd.path("store", "import")) == ["good.test"]
    for nothing in (room, "/nowhere", "/etc/passwd"):
        assert acmectl.run(httpd, "import", "--from", "mod_md",
                           nothing).status == FAILED
        assert acmectl.run(httpd, "import", "--from", "certbot",
                           nothing).status == FAILED
    assert procs.run(["ls", "/tmp/evil"]).returncode != 0
