# SPDX-License-Identifier: Apache-2.0

"""Other modules in the server: configtest refuses those that cannot work
beside ours, with a remedy."""

import glob
import os
import re

import pytest

from acme_env import conf, install, procs

SHOP, ALIAS, OTHER = "shop.test", "www.shop.test", "other.test"


@pytest.fixture
def server(make_httpd, make_pebble):
    return make_httpd(modules=("md",)), make_pebble(start=False)


def says(server, *sites, **changes):
    """(exit status, output) of configtest for a configuration with them."""
    httpd, pebble = server
    httpd.configure(conf.managed_conf(httpd, pebble, *sites, **changes))
    status, said = httpd.configtest()
    assert not os.path.exists(httpd.path("store"))
    return status, said


def refuses(server, *words, sites=((SHOP, ALIAS),), **changes):
    status, said = says(server, *sites, **changes)
    assert status == 1, said
    for word in words:
        assert re.search(word, said), said


def line_of(httpd, text):
    with open(httpd.path("conf/httpd.conf"), encoding="utf-8") as file:
        lines = file.read().splitlines()
    return "httpd\\.conf:%d\\b" % (1 + [l.strip() for l in lines].index(text))


def test_mod_md(server):
    """Its names are its own, however they are written."""
    httpd, _ = server
    for theirs in ("MDomain x.test %s", "MDomain WWW.Shop.test. manual",
                   "<MDomainSet x.test %s>\nMDRenewMode manual\n</MDomainSet>",
                   "MDomain *.shop.test manual",
                   "<IfModule md_module>\nMDomain %s\n</IfModule>"):
        theirs = theirs % ALIAS if "%s" in theirs else theirs
        place = line_of if "\n" not in theirs else lambda *_: "httpd"
        httpd.configure(theirs)
        refuses(server, "mod_md", "www.shop.test", extra=theirs + "\n")
        if "\n" not in theirs:
            refuses(server, place(httpd, theirs), extra=theirs + "\n")
    # A virtual host of ours by an alias, and of mod_md by its ServerName.
    half = conf.site_conf(httpd, OTHER, (ALIAS,), https="")
    refuses(server, "mod_md", sites=((SHOP, ALIAS), half),
            extra="MDomain %s\n" % OTHER)
    # Nothing in common.
    status, said = says(server, (SHOP, ALIAS),
                        conf.site_conf(httpd, OTHER, https=""),
                        extra="MDomain %s *.elsewhere.test\n" % OTHER)
    assert status == 0, said


def test_certificates_by_another_way(server):
    """SSLOpenSSLConfCmd would override what is obtained."""
    httpd, _ = server
    own = "SSLOpenSSLConfCmd Certificate conf/own.pem"
    httpd.write("conf/own.pem", "mod_ssl only looks whether it is there\n")
    site = conf.site_conf(httpd, SHOP, https="ACMEDomain\n" + own)
    refuses(server, "SSLOpenSSLConfCmd", "SSLCertificateFile", sites=(site,))
    refuses(server, line_of(httpd, own), sites=(site,))
    refuses(server, "SSLOpenSSLConfCmd", extra=own + "\n")
    # It is allowed elsewhere, and other commands are allowed everywhere.
    status, said = says(
        server, conf.site_conf(httpd, OTHER, https=own),
        conf.site_conf(httpd, SHOP, https="""ACMEDomain
    SSLOpenSSLConfCmd MinProtocol TLSv1.2"""))
    assert status == 0, said


def test_a_virtual_host_without_a_name(server):
    """It would get the main server's name, however valid that is."""
    httpd, _ = server
    host = """
<VirtualHost 127.0.0.1:%d>
    SSLEngine on
    %%s
</VirtualHost>
""" % httpd.https_port
    main = "ServerName www.main.test\n"
    for domain in ("ACMEDomain", "ACMEDomain x.test"):
        refuses(server, "ServerName of its own", sites=(host % domain,),
                extra=main)
        refuses(server, line_of(httpd, domain), sites=(host % domain,),
                extra=main)
    status, said = says(
        server, host % "ServerName x.test\n    ACMEDomain", extra=main)
    assert status == 0, said


def test_chroot_and_core_dumps(server):
    httpd, _ = server
    if os.geteuid() == 0:
        chroot = "ChrootDir %s\n" % httpd.path("htdocs")
        refuses(server, "ChrootDir", re.escape(
            "'ACMEStoreDir %s/" % httpd.path("htdocs")), extra=chroot)
        refuses(server, "ACMEStoreDir", extra=chroot,
                ACMEStoreDir='"%s-more/store"' % httpd.path("htdocs"))
        status, said = says(
            server, SHOP, extra=chroot,
            ACMEStoreDir='"%s/store"' % httpd.path("htdocs"))
        assert status == 0, said
    status, said = says(server, SHOP, extra="CoreDumpDirectory run\n")
    assert status == 0 and "ACME0022" in said and "run" in said
    assert said.count("CoreDumpDirectory") == 1
    status, said = says(server, SHOP)
    assert (status, said.strip()) == (0, "Syntax OK")


def stand_in(folder, file, name):
    """A module with the name of another one, which does nothing."""
    source = os.path.join(folder, file)
    with open(source, "w", encoding="ascii") as out:
        out.write("""#include <httpd.h>
#include <http_config.h>
module AP_MODULE_DECLARE_DATA %s = {STANDARD20_MODULE_STUFF, NULL, NULL, NULL,
                                    NULL, NULL, NULL, 0};
""" % name)
    done = procs.run([install.apxs_path(), "-c", file], cwd=folder)
    assert done.returncode == 0, done.stdout
    return os.path.join(folder, ".libs", file[:-2] + ".so")


def packaged(folder, package, module):
    """A module from this machine's archive, unpacked and not installed."""
    done = procs.run(["apt-get", "download", package], cwd=folder) \
        if os.path.exists("/usr/bin/apt-get") else None
    found = glob.glob(os.path.join(folder, package + "_*.deb"))
    if not done or done.returncode or not found:
        return None
    procs.run(["dpkg", "-x", found[0], folder])
    found = glob.glob(os.path.join(folder, "**", module), recursive=True)
    return found[0] if found else None


@pytest.mark.parametrize("package, module, source, name", [
    ("libapache2-mpm-itk", "mpm_itk.so", "mpm_itk.c", "mpm_itk_module"),
    ("libapache2-mod-ruid2", "mod_ruid2.so", "mod_ruid2.c", "ruid2_module"),
])
def test_users_that_change(make_httpd, make_pebble, room, package, module,
                           source, name):
    """mpm-itk and mod_ruid2: the worker would run as any user."""
    path = packaged(room, package, module) or stand_in(room, source, name)
    server = make_httpd(mpm="prefork"), make_pebble(start=False)
    refuses(server, "ACME0021", "which is loaded", "php-fpm",
            extra='LoadModule %s "%s"\n' % (name, path))
    # They are allowed where nothing is managed.
    httpd, pebble = server
    httpd.configure(conf.acme_conf(httpd, pebble)
                    + 'LoadModule %s "%s"\n' % (name, path))
    status, said = httpd.configtest()
    assert status == 0, said
