# SPDX-License-Identifier: Apache-2.0

"""The first configuration of README, on the configurations that come with
Debian and with RHEL."""

import os
import re
import shutil

from acme_env import conf, debian, install, tls
from acme_env.journey import wait_until_served

SHOP = "shop.test"
TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# What counts of RHEL's conf/httpd.conf and conf.d/ssl.conf, which comes after
# conf.d/example.conf.
RHEL = """
Listen 80
%s
Listen 443 https
<VirtualHost _default_:443>
    SSLEngine on
    SSLCertificateFile "%s"
    SSLCertificateKeyFile "%s"
</VirtualHost>
"""


def first_configuration():
    with open(os.path.join(TOP, "README"), encoding="utf-8") as file:
        part = file.read().split("A first configuration\n")[1]
    lines = re.search(r"(?:^(?:    .*)?\n)+^    </VirtualHost>\n"
                      r"(?:^(?:    .*)?\n)+^    </VirtualHost>\n", part,
                      re.M).group(0)
    return re.sub(r"^    ", "", lines, flags=re.M)


def adapt(httpd, text):
    """The same for high ports of loopback, and a name that Pebble reaches."""
    for port, own in (("80", httpd.http_port), ("443", httpd.https_port)):
        text = re.sub(r"^(\s*)Listen %s\b" % port,
                      r"\1Listen 127.0.0.1:%d" % own, text, flags=re.M)
        text = text.replace("*:%s>" % port, "*:%d>" % own)
        text = text.replace("_default_:%s>" % port, "_default_:%d>" % own)
    return text.replace("example.org", SHOP)


def here(httpd, pebble):
    """What a test needs besides: another CA, a store, the status."""
    return conf.managed_conf(
        httpd, pebble, ACMECertificateAgreement=None).replace(
            "LoadModule acme_module %s\n" % install.acme_module(), "")


def rewrite(path, change):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(change(text))


def assert_accepted(httpd):
    status, said = httpd.configtest()
    assert status == 0, said
    assert "ACME" not in said, said


def assert_works(httpd, pebble):
    assert httpd.configtest()[0] == 0, httpd.configtest()[1]
    httpd.start()
    wait_until_served(httpd, pebble, SHOP)
    assert pebble.orders() == 1


def test_on_debian(httpd, pebble, room):
    folder = debian.unpack(room)
    etc = os.path.join(folder, "etc/apache2")
    with open(etc + "/mods-available/acme.load", "w",
              encoding="utf-8") as file:
        file.write("# Depends: ssl\nLoadModule acme_module %s\n"
                   % install.acme_module())
    shutil.copy(os.path.join(TOP, "conf/acme.conf"), etc + "/mods-available")
    site = etc + "/sites-available/example.conf"
    with open(site, "w", encoding="utf-8") as file:
        file.write(first_configuration())
    # What the package's installation enables, and then what README says.
    debian.tool(folder, "a2enmod", "mpm_event", "authz_core", "authz_host",
                "dir", "alias", "status", home=room)
    debian.tool(folder, "a2enmod", "ssl", "acme", home=room)
    debian.tool(folder, "a2ensite", "example", home=room)
    user, group = install.httpd_user()
    text = "ServerRoot \"%s\"\n" % etc
    for name, value in (("RUN_DIR", httpd.path("run")),
                        ("LOG_DIR", httpd.path("logs")),
                        ("PID_FILE", httpd.path("run/httpd.pid")),
                        ("RUN_USER", user), ("RUN_GROUP", group)):
        text += "Define APACHE_%s \"%s\"\n" % (name, value)
    text += """
Include apache2.conf
ServerName localhost
ErrorLog "%s"
TypesConfig "%s"
""" % (httpd.path("logs/error_log"),
       httpd.write("conf/mime.types", "text/html html\n"))
    httpd.configure(text, base=False)
    assert_accepted(httpd)
    for path in (site, etc + "/ports.conf"):
        rewrite(path, lambda text: adapt(httpd, text))
    httpd.configure(text + "LogLevel notice ssl:warn\n" + here(httpd, pebble),
                    base=False)
    assert_works(httpd, pebble)


def test_on_rhel(httpd, pebble, room):
    text = "LoadModule acme_module %s\n" % install.acme_module() \
        + RHEL % ((first_configuration(),)
                  + tls.self_signed(room + "/localhost", "localhost"))
    base = re.sub(r"^Listen .*\n", "", httpd.base_conf(), flags=re.M)
    httpd.configure(base + text, base=False)
    assert_accepted(httpd)
    httpd.configure(base + adapt(httpd, text) + here(httpd, pebble),
                    base=False)
    assert_works(httpd, pebble)
