# SPDX-License-Identifier: Apache-2.0

"""Revocations during which a process is killed, or the CA cannot be reached:
none is lost."""

import json
import os
import signal
import subprocess

import pytest

from acme_env import acmectl, conf, procs, store, tls
from acme_env.acmectl import FAILED
from acme_env.journey import wait_until_served

pytestmark = pytest.mark.personalities

SHOP = "shop.test"


def started(httpd, pebble, gate):
    httpd.configure(conf.managed_conf(
        httpd, pebble, SHOP, ACMECertificateAuthority=gate.directory,
        ACMEActivationInterval="1s 6h"))
    httpd.start()
    return wait_until_served(httpd, pebble, SHOP)[SHOP]


def is_revoked(pebble, serial):
    return json.loads(pebble.management(
        "/cert-status-by-serial/" + serial.lower().lstrip("0")))[
            "Status"] == "Revoked"


def begin(httpd, *words):
    """Starts acmectl revoke."""
    return subprocess.Popen(
        [acmectl.program(), "--store", httpd.path("store"), "revoke", SHOP,
         "--yes", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL, text=True, start_new_session=True)


def done_marks(httpd):
    marks = []
    for name in os.listdir(store.path(httpd, "revoked")):
        with open(store.path(httpd, "revoked", name),
                  encoding="utf-8") as file:
            marks.append(json.load(file)["done"])
    return marks


@pytest.mark.personalities(share=True)
@pytest.mark.parametrize("before", [True, False])
def test_the_worker_is_killed(httpd, pebble, gate, before):
    first = started(httpd, pebble, gate)
    held = gate.hold("/revoke-cert", before=before)
    ctl = begin(httpd, "--reason", "keyCompromise")
    held.wait()
    assert is_revoked(pebble, first.serial) is not before
    httpd.allow_log(r"AH00052: child pid \d+ exit signal Killed")
    for pid in httpd.children():
        httpd.kill_child(pid)
    held.release()
    out, _ = ctl.communicate(timeout=procs.GIVE_UP)
    assert ctl.returncode == 0 and "revoked (keyCompromise)" in out, out
    assert is_revoked(pebble, first.serial)
    # The next process has asked again, and got the result.
    assert gate.count("/revoke-cert") == 2
    tls.wait_for_serial(httpd.https_port, SHOP, first.serial)
    assert done_marks(httpd) == [True, True]
    assert os.listdir(store.path(httpd, "outbox")) == []


def test_acmectl_is_killed_and_nobody_helps(httpd, pebble, gate):
    first = started(httpd, pebble, gate)
    held = gate.hold("/revoke-cert")
    ctl = begin(httpd, "--reason", "superseded")
    held.wait()
    ctl.send_signal(signal.SIGKILL)
    ctl.wait()
    assert done_marks(httpd) == [False]
    held.release()
    second = tls.wait_for_serial(httpd.https_port, SHOP, first.serial)
    assert is_revoked(pebble, first.serial)
    # The start that activated the new certificate has completed the entry.
    assert done_marks(httpd) == [True]
    assert os.listdir(store.path(httpd, "outbox")) == []
    httpd.restart()
    assert tls.served(httpd.https_port, SHOP).serial == second.serial
    assert pebble.certificates() == 2 and gate.count("/revoke-cert") == 1


def test_a_ca_that_is_away_is_asked_again(httpd, pebble, gate):
    first = started(httpd, pebble, gate)
    gate.answer("/revoke-cert", 503, "{}", headers=[("Retry-After", "3")],
                times=1)
    httpd.expect_log(r"ACME0842: %s: .* is not revoked yet" % SHOP)
    said = acmectl.run(httpd, "revoke", SHOP, "--yes", "--json")
    assert said.status == FAILED and said.json["result"] == "failed"
    assert "the server tries again" in said.json["detail"]
    procs.wait_until(lambda: is_revoked(pebble, first.serial), 120,
                     lambda: "the second try:\n" + httpd.log.tail())
    tls.wait_for_serial(httpd.https_port, SHOP, first.serial)
    assert gate.count("/revoke-cert") == 2
