# SPDX-License-Identifier: Apache-2.0

"""configtest with thousands of virtual hosts, and by any user."""

import os
import pwd
import re

import pytest

from acme_env import conf, procs

SITES = 5000


def hosts(httpd, ask):
    """An http and an https virtual host for each site."""
    parts = []
    for i in range(SITES):
        name = "site%d.test" % i
        parts.append("""
<VirtualHost 127.0.0.1:%d>
    ServerName %s
    ServerAlias www.%s
</VirtualHost>
<VirtualHost 127.0.0.1:%d>
    ServerName %s
    ServerAlias www.%s shop.%s blog.%s wiki.%s
    SSLEngine on
    %s
</VirtualHost>
""" % (httpd.http_port, name, name, httpd.https_port, name, name, name, name,
       name, ask))
    return "".join(parts)


@pytest.mark.parametrize("extra, ask", [
    ("", "ACMEDomain"), ("ACMEAutoDomains on\n", "")],
                         ids=["asked", "found"])
def test_one_mistake_among_thousands(make_httpd, make_pebble, extra, ask):
    """It is found, and is the only message. make bench measures the speed."""
    pebble = make_pebble(start=False)
    httpd = make_httpd(pebble)
    good = hosts(httpd, ask)
    httpd.configure(conf.acme_conf(httpd, pebble) + extra + good)
    status, said = httpd.configtest()
    assert (status, said.strip()) == (0, "Syntax OK")

    bad = good.replace("ServerName site3456.test\n    ServerAlias www.site3456"
                       ".test shop", "ServerName site_3456.test\n    "
                       "ServerAlias www.site3456.test shop", 1)
    assert bad != good
    httpd.configure(conf.acme_conf(httpd, pebble) + extra + bad)
    status, said = httpd.configtest()
    assert status == 1 and len(said.splitlines()) == 3, said
    assert "site_3456.test" in said, said
    line = int(re.search(r"httpd\.conf:(\d+)", said).group(1))
    with open(httpd.path("conf", "httpd.conf"), encoding="utf-8") as file:
        lines = file.readlines()
    assert "site_3456.test" in "".join(lines[line - 1:line + 1])
    assert not os.path.exists(httpd.path("store"))


def test_anybody_may_run_it(make_httpd, make_pebble):
    """The store need not even be readable, and no file changes."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to be somebody else")
    pebble = make_pebble(start=False)
    httpd = make_httpd(pebble)
    user = pwd.getpwnam("nobody")
    os.makedirs(httpd.path("store"), mode=0o700)
    secret = httpd.path("conf", "private")
    os.makedirs(secret, mode=0o700)
    before = os.stat(httpd.path("store"))
    own = """
<VirtualHost 127.0.0.1:%d>
    ServerName own.test
    SSLEngine on
    ACMEDomain
    ACMECertificateFile %s/cert.pem
    ACMECertificateKeyFile %s/key.pem
</VirtualHost>
""" % (httpd.https_port, secret, secret)

    def configtest():
        return procs.run(httpd.argv("-t"), env=httpd.env(),
                         **procs.as_user((user.pw_uid, user.pw_gid)))
    httpd.configure(conf.managed_conf(httpd, pebble, "shop.test", own))
    done = configtest()
    assert (done.returncode, done.stdout.strip()) == (0, "Syntax OK")
    httpd.configure(conf.managed_conf(httpd, pebble, "shop..test", own))
    done = configtest()
    assert done.returncode == 1 and "shop..test" in done.stdout
    after = os.stat(httpd.path("store"))
    assert (before.st_mtime_ns, before.st_mode) \
        == (after.st_mtime_ns, after.st_mode)
    assert os.listdir(httpd.path("store")) == []
