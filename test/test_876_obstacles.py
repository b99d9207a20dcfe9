# SPDX-License-Identifier: Apache-2.0

"""Whatever httpd's user has put in the place of an item, before it is needed
and while the server runs: it is moved aside or left alone, nothing outside is
touched, no process hangs, and each site gets its certificate."""

import os
import shutil
import socket
import sys

import pytest

from acme_env import acmectl, conf, procs, store, tls
from acme_env.acmectl import FAILED
from acme_env.journey import activate_by_hand, as_httpd_user

KINDS = ("jobs", "keys", "staging")
OBSTACLES = ("folder", "filled", "fifo", "socket", "link", "loop", "device",
             "huge", "shut")
SITES = {"%s-%s.test" % (kind, what): (kind, what)
         for kind in KINDS for what in OBSTACLES}
SHOP = "shop.test"


def plant(path, what, outside):
    """Puts an obstacle in the place of whatever is there."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)
    if what in ("folder", "filled"):
        os.mkdir(path)
    if what == "filled":
        os.mkdir(os.path.join(path, "more"))
    elif what == "fifo":
        os.mkfifo(path)
    elif what == "socket":
        os.chdir(os.path.dirname(path))
        socket.socket(socket.AF_UNIX).bind(os.path.basename(path))
    elif what in ("link", "loop", "device"):
        os.symlink({"link": outside, "loop": path,
                    "device": "/dev/zero"}[what], path)
    elif what in ("huge", "shut"):
        with open(path, "wb") as file:
            file.truncate(1 << 33 if what == "huge" else 0)
        os.chmod(path, 0 if what == "shut" else 0o600)


def plant_all(httpd, outside):
    """As httpd's user, for all sites."""
    script = "import sys\nsys.path.insert(0, %r)\n" \
        "from test_876_obstacles import SITES, plant\n" \
        "for name, (kind, what) in SITES.items():\n" \
        "    plant('%s/%%s/%%s' %% (kind, name), what, %r)\n" % (
            os.path.dirname(os.path.abspath(__file__)),
            httpd.path("store"), outside)
    done = as_httpd_user([sys.executable, "-c", script])
    assert done.returncode == 0, done.stdout


def live(httpd):
    return {name: store.digest(httpd, "live", name) for name in SITES}


def test_in_the_place_of_items(make_httpd, fake):
    httpd = make_httpd(fake)
    ca = fake.ca["ca"]
    for tag in ("0551", "0511", "0310: .*Permission denied",
                "0341: .*Permission denied"):
        httpd.allow_log("ACME%s" % tag)
    outside = httpd.write("outside", "of the store", 0o666)
    httpd.configure(conf.managed_conf(httpd, fake, SHOP,
                                      ACMEActivation="manual"))
    httpd.start()
    activate_by_hand(httpd, fake, SHOP)
    # Before they are sites.
    plant_all(httpd, outside)
    httpd.configure(conf.managed_conf(httpd, fake, SHOP, *SITES,
                                      ACMEActivation="manual"))
    httpd.graceful()
    for name in SITES:
        httpd.wait_for_log("%s: certificate ready" % name)
    httpd.graceful()
    first = live(httpd)
    assert len(ca.orders) == 1 + len(SITES)
    procs.wait_until(lambda: not store.names(httpd, "staging"), procs.GIVE_UP,
                     "the worker clears")

    # While the server runs. What cannot be read waits for the next start.
    plant_all(httpd, outside)
    mark = httpd.log.mark()
    shut = [name for name in SITES if name.endswith("-shut.test")]
    for _ in range(2):
        said = acmectl.run(httpd, "renew", "--force", "--timeout", "1", *SITES)
        assert said.status == FAILED, said
    for name in set(SITES) - set(shut):
        httpd.wait_for_log("%s: certificate ready" % name, mark=mark)
    # It was asked for twice, and each time others were as well.
    lines = httpd.log.lines("acme:warn.*ACME0310: jobs-shut.test: ", mark)
    assert 1 <= len(lines) <= 3, lines
    httpd.graceful()
    acmectl.ok(httpd, "renew", "--force", *shut)
    httpd.graceful()
    for name, digest in live(httpd).items():
        assert digest != first[name], name
    assert procs.alive(httpd.pid)
    with open(outside, encoding="ascii") as file:
        assert file.read() == "of the store"


@pytest.mark.skipif(os.geteuid() != 0, reason="gives lists as root")
def test_access_control_lists(make_httpd, fake):
    """One keeps the worker out of the store, whose mode does not show that;
    others let another user write."""
    httpd = make_httpd(fake)
    httpd.configure(conf.managed_conf(httpd, fake, SHOP,
                                      ACMEActivation="manual"))
    httpd.start()
    first = activate_by_hand(httpd, fake, SHOP)[SHOP]
    user = os.stat(store.path(httpd, "jobs")).st_uid

    def give(folder, uid, may, kind="access"):
        entries = ((1, 7, -1), (2, may, uid), (4, 0, -1), (16, 7, -1),
                   (32, 1, -1))
        os.setxattr(store.path(httpd, folder), "system.posix_acl_" + kind,
                    (2).to_bytes(4, "little") + b"".join(
                        tag.to_bytes(2, "little") + right.to_bytes(2, "little")
                        + (who % (1 << 32)).to_bytes(4, "little")
                        for tag, right, who in entries))
    try:
        give("", user, 0)
    except OSError:
        # This file system has no such lists.
        return
    for folder in "live", "outbox", "staging":
        for kind in "access", "default":
            give(folder, 12345, 7, kind)
    httpd.allow_log("ACME0313: .*restart the server")
    httpd.expect_log("ACME0190: .*/live could be written by others")
    httpd.graceful()
    acmectl.ok(httpd, "renew", SHOP, "--force")
    httpd.graceful()
    assert tls.served(httpd.https_port, SHOP).serial != first.serial
    for folder in "", "live", "outbox":
        assert not os.listxattr(store.path(httpd, folder)), folder
