# SPDX-License-Identifier: Apache-2.0

"""make install and a2enmod acme, in Debian's layout, in a folder of its own.

The layout is that of the package apache2, downloaded and unpacked: nothing
is installed, no service is started."""

import os
import re
import shutil

import pytest

from acme_env import conf, debian, install
from acme_env.debian import must
from acme_env.journey import wait_until_served

SHOP = "shop.test"
BUILT = shutil.ignore_patterns(
    ".git", ".libs", "build-asan", "build-fuzz", "*.o", "*.lo", "*.la",
    "config.status", "config.h", "Makefile", "acme.load", "acmectl",
    "acmectl_problems.inc")


@pytest.fixture
def layout(room):
    return debian.unpack(room)


def build_dir():
    """The folder in which the module was built; its Makefile installs it."""
    path = os.path.dirname(os.path.dirname(install.acme_module()))
    assert os.path.exists(os.path.join(path, "config.status")), \
        "%s is no build folder: the module must come from make" % path
    return path


def source_dir(build):
    with open(os.path.join(build, "Makefile"), encoding="utf-8") as file:
        found = re.search(r"^abs_srcdir = (.+)$", file.read(), re.M)
    return found.group(1)


def test_a2enmod(make_httpd, pebble, layout, room):
    # Configured again, because the folder of a2enmod is known at configure
    # time only.
    build = os.path.join(room, "build")
    os.makedirs(build)
    source = source_dir(build_dir())
    if os.path.exists(os.path.join(source, "config.status")):
        # Sources that are configured themselves cannot be so for another
        # folder: a copy without what was built can.
        source = shutil.copytree(source, os.path.join(room, "source"),
                                 symlinks=True, ignore=BUILT)
    must([source + "/configure", "--disable-werror", "CFLAGS=-O0",
          "--with-apxs=" + install.apxs_path(),
          "--with-modsdir=/etc/apache2/mods-available"], cwd=build)
    must(["make", "-j2", "mod_acme.la"], cwd=build)
    stage = os.path.join(room, "stage")
    must(["make", "install", "DESTDIR=" + stage], cwd=build)

    etc = os.path.join(layout, "etc", "apache2")
    for name in ("acme.load", "acme.conf"):
        shutil.copy(os.path.join(stage, "etc/apache2/mods-available", name),
                    os.path.join(etc, "mods-available"))
    # The module is not in its final folder: only its path changes.
    load = os.path.join(etc, "mods-available", "acme.load")
    with open(load, encoding="utf-8") as file:
        text = file.read()
    module = re.search(r"LoadModule acme_module (\S+)", text).group(1)
    assert os.path.exists(stage + module)
    with open(load, "w", encoding="utf-8") as file:
        file.write(text.replace(module, stage + module))

    httpd = make_httpd(pebble)
    env = {"PATH": os.environ["PATH"] + ":/usr/sbin",
           "APACHE_CONFDIR": etc, "APACHE_LOCK_DIR": httpd.path("run"),
           "HOME": room}
    said = must([os.path.join(layout, "usr/sbin/a2enmod"), "acme"], env=env)
    # mod_ssl comes with it.
    enabled = os.listdir(os.path.join(etc, "mods-enabled"))
    assert {"acme.load", "acme.conf", "ssl.load"} <= set(enabled), said

    httpd.write("conf/mime.types", "text/html html\n")
    httpd.configure("""
Define APACHE_RUN_DIR "%s"
Include %s/mods-enabled/*.load
Include %s/mods-enabled/*.conf
# Debian's comes with another package.
TypesConfig "%s/conf/mime.types"
""" % (httpd.path("run"), etc, etc, httpd.dir) + debian.base(httpd, enabled)
        + conf.managed_conf(httpd, pebble, SHOP).replace(
            "LoadModule acme_module %s\n" % install.acme_module(), ""),
        base=False)
    assert httpd.configtest()[0] == 0, httpd.configtest()[1]
    httpd.start()
    wait_until_served(httpd, pebble, SHOP)
    httpd.stop()
    must([os.path.join(layout, "usr/sbin/a2dismod"), "acme"], env=env)
    must(["make", "uninstall", "DESTDIR=" + stage], cwd=build)
    left = [file for _, _, files in os.walk(stage) for file in files]
    assert left == []
