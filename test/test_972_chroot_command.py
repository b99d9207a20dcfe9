# SPDX-License-Identifier: Apache-2.0

"""ChrootDir and the program of ACMEChallengeDns01, which runs inside of it."""

import os
import shutil

import pytest

from acme_env import conf, procs
from acme_env.journey import activate_by_hand

SHOP = "shop.test"

# Sets the record by the management port of pebble-challtestsrv. It needs no
# library, because there are none inside.
PROGRAM = r"""
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    char body[600], text[1000], answer[1000];
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int set = argc == 5 && strcmp(argv[2], "setup") == 0;

    if (access("/conf/httpd.conf", F_OK) != 0) {
        return 2; /* not inside */
    }
    at.sin_port = htons((unsigned short)atoi(argv[1]));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    snprintf(body, sizeof(body),
             "{\"host\":\"_acme-challenge.%s.\",\"value\":\"%s\"}", argv[3],
             set ? argv[4] : "");
    snprintf(text, sizeof(text),
             "POST /%s-txt HTTP/1.0\r\nContent-Length: %d\r\n\r\n%s",
             set ? "set" : "clear", (int)strlen(body), body);
    if (connect(fd, (struct sockaddr *)&at, sizeof(at)) != 0
        || write(fd, text, strlen(text)) < 0
        || read(fd, answer, sizeof(answer)) <= 0) {
        return 1;
    }
    return 0;
}
"""


@pytest.fixture
def inside(make_httpd, pebble):
    """A server in its own folder, with what its children need there, but for
    the program."""
    httpd = make_httpd(pebble)
    shutil.copy(pebble.ca_file, httpd.path("ca.pem"))
    for name in ("hosts", "nsswitch.conf"):
        if os.path.exists("/etc/" + name):
            os.makedirs(httpd.path("etc"), exist_ok=True)
            shutil.copy("/etc/" + name, httpd.path("etc"))
    return httpd


def configure(httpd, pebble, program):
    # glibc loads it when a thread ends, which httpd does not prepare.
    known = procs.run(["/sbin/ldconfig", "-p"]).stdout
    libgcc = [line.split()[-1] for line in known.splitlines()
              if "libgcc_s.so.1" in line][:1]
    extra = "ChrootDir %s\n" % httpd.dir
    extra += "".join("LoadFile %s\n" % path for path in libgcc)
    httpd.configure(conf.managed_conf(
        httpd, pebble, (SHOP, "*." + SHOP), extra=extra,
        ACMEActivation="manual", ACMECAChallenges="dns-01",
        ACMECACertificateFile='"%s"' % httpd.path("ca.pem"),
        ACMEChallengeDns01='"%s" %d' % (program, pebble.dns_mgmt_port)))


def said(httpd):
    status, text = httpd.configtest()
    assert status == 0, text
    return text


def test_a_program_inside(inside, pebble):
    """Its path is one below ChrootDir, or one inside of it; whichever is
    written, it is looked for where it runs."""
    if os.geteuid() != 0:
        return
    httpd = inside
    place = httpd.path("bin", "record")
    # It is outside, but not inside.
    configure(httpd, pebble, "/bin/true")
    text = said(httpd)
    assert "ACME0634: ACMEChallengeDns01 /bin/true at " in text
    assert "copy it to %s/bin/true, and all that it needs" % httpd.dir in text
    # A script whose interpreter is not inside.
    httpd.write("bin/script", "#! /usr/bin/env python3\n", mode=0o755)
    configure(httpd, pebble, httpd.path("bin/script"))
    assert "its interpreter /usr/bin/env is not; copy that to %s/usr/bin" \
        % httpd.dir in said(httpd)
    # Neither is there a /dev/null.
    source = httpd.write("record.c", PROGRAM)
    compiler = os.environ.get("CC") or shutil.which("cc") or "gcc"
    done = procs.run([compiler, "-static", "-O1", "-o", place, source])
    assert done.returncode == 0, done.stdout
    for program in (place, "/bin/record"):
        configure(httpd, pebble, program)
        assert "touch %s/dev/null" % httpd.dir in said(httpd)
    httpd.write("dev/null", "")
    os.chmod(place, 0o644)
    assert "'chmod 755 %s'" % place in said(httpd)
    os.chmod(place, 0o755)
    assert "ACME0634" not in said(httpd)
    httpd.start()
    served = activate_by_hand(httpd, pebble, SHOP)[SHOP]
    assert served.names == ["*." + SHOP, SHOP]
    # The same, as root knows it.
    configure(httpd, pebble, place)
    assert "ACME0634" not in said(httpd)
    mark = httpd.log.mark()
    httpd.graceful()
    assert not httpd.log.lines("ACME0634", mark)
    assert pebble.orders() == 1
