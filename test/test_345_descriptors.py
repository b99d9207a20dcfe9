# SPDX-License-Identifier: Apache-2.0

"""Programs that the server starts inherit no descriptor of ours."""

import os
import re

import pytest

from acme_env import conf, install
from acme_env.journey import get, worker_pid

pytestmark = pytest.mark.personalities

SHOP = "shop.test"

# Prints what is open beside the three that belong to every program.
PROGRAM = """#!/bin/sh
echo "Content-Type: text/plain"
echo
echo "parent $PPID"
for fd in /proc/$$/fd/*; do
    case "${fd##*/}:$(readlink "$fd")" in
        [012]:*|*/fds.cgi) ;;
        *) echo "open $(readlink "$fd")" ;;
    esac
done
"""

ONE_CHILD = {"prefork": "StartServers 1\nMaxRequestWorkers 1\n",
             "event": "StartServers 1\nServerLimit 1\nMaxRequestWorkers 25\n"}


@pytest.mark.parametrize("module", ["cgi", "cgid"])
@pytest.mark.parametrize("mpm", ["prefork", "event"])
def test_a_cgi_inherits_nothing(make_httpd, pebble, gate, mpm, module):
    """While the worker of the same child waits for the CA's answer, and has
    looked up a name that nobody knows."""
    httpd = make_httpd(pebble, mpm=mpm)
    httpd.write("cgi/fds.cgi", PROGRAM)
    os.chmod(httpd.path("cgi", "fds.cgi"), 0o755)
    extra = install.load_module(module) + ONE_CHILD[mpm] \
        + 'ScriptAlias /cgi/ "%s/"\n' % httpd.path("cgi")
    if module == "cgid":
        extra += "ScriptSock cgid.sock\n"
    # A CA whose name has to be looked up, beside the one that answers late.
    lost = conf.site_conf(
        httpd, "lost.test", https="ACMEDomain\nACMECertificateAuthority "
        "https://ca.invalid/directory\n")
    httpd.allow_log("ca.invalid|AH00161|AH10159")

    def inherited():
        text = get(httpd, "localhost", "/cgi/fds.cgi").body
        assert text.startswith("parent "), text
        return int(text.split()[1]), sorted(
            re.sub(r"\d+", "N", line) for line in text.split("\n")
            if line.startswith("open"))
    httpd.configure(conf.acme_conf(httpd, pebble) + extra
                    + conf.localhost_conf(httpd))
    httpd.start()
    of_httpd = inherited()[1]
    httpd.stop()
    held = gate.hold("/sign-me-up")
    httpd.configure(conf.managed_conf(
        httpd, pebble, SHOP, lost, extra=extra,
        ACMECertificateAuthority=gate.directory))
    httpd.start()
    held.wait()
    parent, found = inherited()
    if module == "cgi":
        assert parent == worker_pid(httpd)
    assert found == of_httpd
    held.release()
    httpd.stop()
