# SPDX-License-Identifier: Apache-2.0
"""Root's own small files in the store are empty, cut off or anything: a power
cut leaves such ones. The server starts, and serves what is live."""

import os

from acme_env import acmectl, conf, procs, status, store, tls
from acme_env.journey import activate_by_hand

SHOP, BLOG = "shop.test", "blog.test"
CONTENTS = [b"", b"null", b"\0\xff" * 99,
            b"#start\n#deaths x\n#suspect a\n#held\nshop.test\nshop.test x\n"]


def damage(httpd, files, content):
    for name in files:
        path = store.path(httpd, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)


def test_the_server_starts_and_serves(httpd, pebble):
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP, BLOG,
                                      ACMEActivation="manual"))
    httpd.start()
    first = activate_by_hand(httpd, pebble, SHOP, BLOG)
    httpd.stop()
    fingerprint = store.digest(httpd, "live", SHOP)
    httpd.allow_log("acme:(warn|error|notice)")
    files = ["sites", "live.index", "unproven", "loading", "refused",
             "changed", "removed/" + SHOP, "pinned/" + SHOP,
             "pinned/" + BLOG, "revoked/key-" + fingerprint,
             "desired/sites.json", "desired/server.json",
             "outbox/" + SHOP, "waiting/" + SHOP]
    saved = httpd.path("saved")
    procs.run(["cp", "-a", store.path(httpd), saved])
    for content in CONTENTS:
        procs.run(["rm", "-rf", store.path(httpd)])
        procs.run(["cp", "-a", saved, store.path(httpd)])
        damage(httpd, files, content)
        assert acmectl.run(httpd, "status").status in (0, 1, 2), \
            content
        assert acmectl.run(httpd, "list").status in (0, 1, 2), \
            content
        mark = httpd.log.mark()
        httpd.start()
        for name in (SHOP, BLOG):
            assert tls.served(httpd.https_port, name).serial \
                == first[name].serial, (content, name)
        # A new one goes live beside them.
        acmectl.ok(httpd, "renew", SHOP, "--force")
        httpd.wait_for_log("%s: certificate ready" % SHOP, mark=mark)
        damage(httpd, ["removed/" + SHOP, "pinned/" + SHOP], content)
        httpd.graceful()
        tls.wait_for_serial(httpd.https_port, SHOP, first[SHOP].serial)
        assert status.of(httpd, SHOP)["renewal"]["errors"] == 0, content
        httpd.stop()
