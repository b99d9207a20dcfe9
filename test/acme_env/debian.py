# SPDX-License-Identifier: Apache-2.0

"""Debian's layout of httpd: that of the package apache2, downloaded and
unpacked. Nothing is installed, no service is started."""

import glob
import os
import shutil

import pytest

from . import procs


def must(argv, **kwargs):
    done = procs.run(argv, timeout=10 * procs.GIVE_UP, **kwargs)
    assert done.returncode == 0, "%s\n%s" % (argv, done.stdout[-3000:])
    return done.stdout


def unpack(room):
    """Debian's /etc/apache2 and its tools, below the test's folder."""
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        pytest.skip("no Debian: there is no a2enmod to try")
    folder = os.path.join(room, "debian")
    os.makedirs(folder)
    must(["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download",
          "apache2"], cwd=folder)
    must(["dpkg", "-x"] + glob.glob(folder + "/apache2_*.deb") + [folder])
    # The paths in it are below the test's folder as well.
    path = os.path.join(folder, "etc/apache2/mods-available/ssl.conf")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace("/usr/share/", folder + "/usr/share/"))
    return folder


def tool(folder, name, *args, home):
    """Calls a2enmod or a2ensite of this layout. Returns what it says."""
    return must([os.path.join(folder, "usr/sbin", name), *args],
                env={"PATH": os.environ["PATH"] + ":/usr/sbin", "HOME": home,
                     "APACHE_CONFDIR": os.path.join(folder, "etc/apache2"),
                     "APACHE_LOCK_DIR": home})


def base(httpd, enabled):
    """Our own base without the modules that Debian's links load."""
    return "".join(
        line for line in httpd.base_conf().splitlines(True)
        if not any(line.startswith("LoadModule %s_module "
                                   % name.rpartition(".")[0])
                   for name in enabled)
        and not (line.startswith("SSLSessionCache") and
                 "ssl.conf" in enabled))
