# SPDX-License-Identifier: Apache-2.0

"""One server with all that others put into theirs, in a folder whose name has
a space and symbols: each site has its own difficulty."""

import os
import urllib.parse

from acme_env import conf, procs, tls
from acme_env.journey import get, wait_until_served

H2, MTLS, PROXY = "h2.test", "mtls.test", "proxy.test"
REWRITE, FOLDER, DAV = "rewrite.test", "folder.test", "dav.test"
PLAIN, THEIRS = "plain.test", "theirs.test"
OURS = (H2, MTLS, PROXY, REWRITE, FOLDER, DAV, PLAIN)
PLACE = "/.well-known/acme-challenge/"

MODULES = ("http2", "proxy", "proxy_http", "rewrite", "dav", "dav_fs", "md",
           "setenvif", "headers")


def sites(httpd, client_cert):
    yield conf.site_conf(
        httpd, H2, https="ACMEDomain\n    Protocols h2 http/1.1")
    yield conf.site_conf(httpd, MTLS, https="""ACMEDomain
    SSLVerifyClient require
    SSLCACertificateFile "%s" """ % client_cert)
    catch_all = 'ProxyPass "/" "http://127.0.0.1:%d/"\n' \
        "    ProxyPreserveHost off" % httpd.http_port
    yield conf.site_conf(httpd, PROXY, http=catch_all,
                         https="ACMEDomain\n    " + catch_all)
    yield conf.site_conf(
        httpd, REWRITE, http="""RewriteEngine on
    RewriteRule .* https://%s%%{REQUEST_URI} [R=301,L]""" % REWRITE,
        https="""ACMEDomain
    RewriteEngine on
    RewriteRule ^/old$ /index.html [L]""")
    in_folder = """<Directory "%s">
        RewriteEngine on
        RewriteRule ^index\\.html$ - [F]
        RewriteRule ^\\.well-known - [F]
    </Directory>""" % httpd.path("htdocs", FOLDER)
    yield conf.site_conf(httpd, FOLDER, http=in_folder)
    dav = "<Location />\n        Dav on\n    </Location>"
    yield conf.site_conf(httpd, DAV, http=dav, https="ACMEDomain\n    " + dav)
    yield conf.site_conf(httpd, PLAIN, https="""ACMEDomain
    SSLOpenSSLConfCmd MinProtocol TLSv1.2
    SSLOpenSSLConfCmd Options -SessionTicket
    <IfDirective SSLPolicy>
        SSLPolicy intermediate
    </IfDirective>""")
    yield conf.site_conf(httpd, THEIRS, https="")


def test_all_of_them(make_httpd, pebble, gate, room):
    client_cert, client_key = tls.self_signed(room + "/client", "client.test")
    httpd = make_httpd(pebble, modules=MODULES,
                       folder="sérver röot \u4f60")
    # mod_md has no certificate either, and logs that.
    httpd.allow_log(r"md:warn|AH10085")
    httpd.configure(conf.managed_conf(
        httpd, pebble, *sites(httpd, client_cert),
        ACMEStoreDir='"the störe"',
        ACMECertificateAuthority=gate.directory, extra="""
MDomain %s
MDStoreDir "md störe"
MDRenewMode manual
DavLockDB run/dav_lock
Protocols h2c http/1.1
""" % THEIRS))
    held = gate.hold("/chalZ/")
    httpd.start()
    held.wait()
    # Each name has its answer, whatever comes before it.
    folder = httpd.path("the störe", "challenges")
    procs.wait_until(
        lambda: len(os.listdir(folder)) == len(OURS), 20,
        lambda: "a challenge for each site: %s" % os.listdir(folder))
    tokens = [urllib.parse.unquote(name) for name in os.listdir(folder)]
    for name in OURS:
        answers = [get(httpd, name, PLACE + token).status for token in tokens]
        assert sorted(answers) == [200] + (len(OURS) - 1) * [404], name
    answers = [get(httpd, H2, PLACE + token,
                   args=["--http2-prior-knowledge"]).status
               for token in tokens]
    assert sorted(answers) == [200] + (len(OURS) - 1) * [404]
    # 503 until then, over HTTP/2 too; the site of mod_md is not ours.
    answer = get(httpd, H2, https=True,
                 args=["--http2", "-w", "%{http_version}"])
    assert answer.status == 503 and answer.headers["retry-after"]
    assert answer.body.endswith("2"), answer.body
    assert get(httpd, PROXY, https=True).status == 503
    assert get(httpd, THEIRS, PLACE + tokens[0]).status == 404
    held.release()
    wait_until_served_all(httpd, pebble)

    ca = pebble.root_file
    answer = get(httpd, H2, https=True, ca=ca,
                 args=["--http2", "-w", "%{http_version}"])
    assert (answer.status, answer.body) == (200, "this is %s\n2" % H2)
    certificate = ["--cert", client_cert, "--key", client_key]
    assert get(httpd, MTLS, https=True, ca=ca).status == 0
    assert get(httpd, MTLS, https=True, ca=ca, args=certificate).status == 200
    assert get(httpd, PROXY, "/", https=True, ca=ca).body == "it works\n"
    assert get(httpd, REWRITE, "/x").headers["location"] \
        == "https://%s/x" % REWRITE
    assert get(httpd, REWRITE, "/old", https=True, ca=ca).status == 200
    assert get(httpd, FOLDER, "/index.html").status == 403
    assert get(httpd, DAV, "/index.html", https=True, ca=ca,
               args=["-X", "PROPFIND", "-H", "Depth: 0"]).status == 207
    assert get(httpd, PLAIN, https=True, ca=ca).status == 200
    assert get(httpd, PLAIN, https=True, ca=ca,
               args=["--tls-max", "1.1"]).status == 0
    assert not tls.served(httpd.https_port, THEIRS).by_pebble
    assert pebble.orders() == len(OURS)


def wait_until_served_all(httpd, pebble):
    """tls.verify has no certificate for one of them."""
    wait_until_served(httpd, pebble, *[n for n in OURS if n != MTLS])
    assert tls.served(httpd.https_port, PLAIN).by_pebble
