# SPDX-License-Identifier: Apache-2.0

"""http-01: which requests are answered, and how, while an order is in
progress."""

import os
import sys
import urllib.parse

import pytest

from acme_env import conf, procs
from acme_env.journey import activate_by_hand, as_httpd_user, get

SHOP, OTHER = "shop.test", "other.test"
PLACE = "/.well-known/acme-challenge/"


def test_a_challenge_and_what_is_not_one(httpd, pebble, gate):
    """Only the right token is answered, only for managed names, and only while
    it is pending."""
    held = gate.hold("/authZ/")
    challenge = gate.hold("/chalZ/")
    plain = "\n" + conf.site_conf(httpd, OTHER, https="SSLEngine off")
    httpd.write("htdocs/%s%sown" % (OTHER, PLACE), "left to others\n")
    httpd.write("htdocs/%s%sown" % (SHOP, PLACE), "not this way\n")
    httpd.configure(conf.managed_conf(
        httpd, pebble, SHOP, plain, ACMEActivation="manual",
        ACMECertificateAuthority=gate.directory))
    httpd.start()
    held.wait()
    held.release()
    challenge.wait()

    # The answer is there before the CA is told to fetch it.
    token = pending_token(httpd)
    answer = get(httpd, SHOP, PLACE + token)
    assert answer.status == 200
    assert answer.body.startswith(token + ".")
    assert get(httpd, SHOP, PLACE + token + "x").status == 404
    assert get(httpd, SHOP, PLACE + "unknown").status == 404
    assert get(httpd, SHOP, PLACE).status == 404
    assert get(httpd, SHOP, PLACE + "..%2f..%2fsecret").status == 404
    assert get(httpd, SHOP, PLACE + "own").status in (200, 404)
    # Requests for other names go to other handlers.
    assert get(httpd, OTHER, PLACE + token).status == 404
    assert get(httpd, OTHER, PLACE + "own").body == "left to others\n"

    # A file of another program is not a challenge, under any name; it is
    # logged once.
    httpd.expect_log("ACME0551: planted: ")
    httpd.allow_log("ACME0551: copied: ")
    folder = httpd.path("store", "challenges")
    done = as_httpd_user(["sh", "-c",
                          'cd "$1" && printf planted >planted && '
                          'cp * copied; true', "sh", folder])
    assert done.returncode == 0, done.stdout
    assert os.path.exists(os.path.join(folder, "planted"))
    assert get(httpd, SHOP, PLACE + "planted").status == 404
    assert get(httpd, SHOP, PLACE + "copied").status == 404
    assert get(httpd, SHOP, PLACE + token).status == 200

    no_key_in_clear(httpd)
    challenge.release()
    activate_by_hand(httpd, pebble, SHOP)
    # Nothing is left behind.
    assert get(httpd, SHOP, PLACE + token).status == 404
    no_key_in_clear(httpd)


def pending_token(httpd):
    """The token that the CA will ask for: the only pending one."""
    folder = httpd.path("store", "challenges")
    names = procs.wait_until(lambda: os.listdir(folder), 10,
                             "a pending challenge in " + folder)
    assert len(names) == 1, names
    return urllib.parse.unquote(names[0])


def no_key_in_clear(httpd):
    """Files that httpd's user can read have no secret. A server that was
    started by one user has no such separation, so nothing is checked."""
    if os.geteuid() != 0:
        return
    # Root lists the files, because folders may allow opening and not listing.
    files = [os.path.join(folder, name) for folder, _, names
             in os.walk(httpd.path("store")) for name in names]
    script = r"""
import sys
seen = 0
for path in sys.argv[1:]:
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        continue
    seen += 1
    for clear in (b"PRIVATE KEY", b'"d":', b'"d" :', b"hmac"):
        if clear in data:
            print("IN CLEAR", path, clear)
print("files read:", seen)
"""
    done = as_httpd_user([sys.executable, httpd.write("look.py", script)]
                         + files)
    assert done.returncode == 0, done.stdout
    assert "IN CLEAR" not in done.stdout, done.stdout
    # A check that reads no file proves nothing.
    assert "files read: 0" not in done.stdout, files
    for name in ("live", "archive", "secret"):
        done = as_httpd_user(["ls", httpd.path("store", name, "")])
        assert done.returncode != 0, (name, done.stdout)


@pytest.mark.parametrize("http", [
    "Redirect permanent / https://shop.test/",
    "<Location />\nRequire all denied\n</Location>",
    "ProxyPass / http://127.0.0.1:9/",
    "RewriteEngine on\nRewriteRule .* - [F]"])
def test_the_challenge_comes_first(make_httpd, pebble, http):
    """It comes before redirects, authorization, proxies and rewriting."""
    httpd = make_httpd(pebble, modules=("proxy", "proxy_http", "rewrite"))
    httpd.configure(conf.managed_conf(
        httpd, pebble, conf.site_conf(httpd, SHOP, http=http),
        ACMEActivation="manual"))
    httpd.start()
    procs.wait_until(pebble.certificates, 30,
                     lambda: "a certificate\n" + httpd.log.tail())
