# SPDX-License-Identifier: Apache-2.0

"""A store that was restored without its symbolic links costs no order."""

import os
import shutil

import pytest

from acme_env import acmectl, conf, procs, store, tls
from acme_env.acmectl import DONE
from acme_env.journey import wait_until_served

pytestmark = pytest.mark.personalities

# How a site's link came back: a folder with copies of the files, the same
# without the archive, not at all, as a file with its text.
SITES = ("folder.test", "alone.test", "none.test", "text.test")


def lose(httpd, place, name, how):
    link = httpd.path("store", place, name)
    text, target = os.readlink(link), os.path.realpath(link)
    os.unlink(link)
    if how in ("folder", "alone"):
        shutil.copytree(target, link)
        os.chmod(link, 0o755)
    if how == "alone":
        shutil.rmtree(httpd.path("store", "archive", name))
    if how == "text":
        with open(link, "w", encoding="ascii") as file:
            file.write(text)


def test_no_order_for_links(httpd, pebble):
    stashed = "stashed.test"
    httpd.configure(conf.managed_conf(httpd, pebble, *SITES, stashed))
    httpd.start()
    serials = {name: shown.serial for name, shown in
               wait_until_served(httpd, pebble, *SITES, stashed).items()}
    httpd.configure(conf.managed_conf(httpd, pebble, *SITES))
    httpd.graceful()
    orders = pebble.orders()
    # What the worker has not cleared yet would be made live anew.
    procs.wait_until(lambda: not store.names(httpd, "staging"), procs.GIVE_UP,
                     "an empty staging folder")
    httpd.stop()
    for name in SITES:
        lose(httpd, "live", name, name.split(".")[0])
    lose(httpd, "stash", stashed, "folder")
    httpd.configure(conf.managed_conf(httpd, pebble, *SITES, stashed))
    mark = httpd.log.mark()
    httpd.start()
    for name in SITES + (stashed,):
        assert tls.served(httpd.https_port, name).serial == serials[name]
        httpd.wait_for_log("ACME0311: %s: idle: renewed in" % name, mark=mark)
    assert pebble.orders() == orders
    assert sorted(store.names(httpd, "live")) == sorted(SITES + (stashed,))
    for name in SITES + (stashed,):
        link = httpd.path("store", "live", name)
        assert os.path.islink(link) and os.stat(
            os.path.join(link, "privkey.pem")).st_mode & 0o77 == 0
    assert len(httpd.log.lines("ACME0121: ", mark)) == 4
    assert len(httpd.log.lines("ACME0832: none.test: ", mark)) == 1
    assert acmectl.run(httpd, "status").status == DONE
    # What acmectl deletes does not come back.
    acmectl.ok(httpd, "delete", "none.test", "--force")
    httpd.stop()
    httpd.start()
    wait_until_served(httpd, pebble, "none.test")
    assert pebble.orders() == orders + 1
