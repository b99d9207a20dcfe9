# SPDX-License-Identifier: Apache-2.0

"""Killed, or restarted, during orders: nothing is lost, nothing is done twice.
"""

import pytest

from acme_env import conf, procs, status, tls
from acme_env.journey import activate_by_hand, wait_until_served, worker_pid

pytestmark = pytest.mark.personalities(share=True)

SHOP, BAD = "shop.test", "bad.test"


@pytest.mark.parametrize("path, before", [
    ("/sign-me-up", False), ("/authZ/", True), ("/chalZ/", True),
    ("/chalZ/", False), ("/finalize-order/", True),
    ("/finalize-order/", False), ("/certZ/", True)])
def test_the_worker_is_killed(httpd, pebble, gate, path, before):
    """kill -9 while the request is being sent, or after a response that was
    not received."""
    held = gate.hold(path, before=before)
    httpd.allow_log("exit signal Killed")
    httpd.configure(conf.managed_conf(
        httpd, pebble, SHOP, ACMEActivation="manual",
        ACMECertificateAuthority=gate.directory))
    httpd.start()
    held.wait()
    if path == "/chalZ/" and not before:
        # The child that is killed may have a request of the CA, which would
        # end the order.
        pebble.wait_for("set VALID")
    httpd.kill_child(worker_pid(httpd))
    held.release()
    activate_by_hand(httpd, pebble, SHOP, timeout=90)
    assert (pebble.accounts(), pebble.orders(),
            pebble.certificates()) == (1, 1, 1)
    assert status.of(httpd, SHOP)["site"] == "lkc"


def test_thirty_restarts_during_orders(httpd, pebble, gate):
    """One site's order succeeds meanwhile; the other's fails."""
    pebble.break_name(BAD)
    httpd.expect_log(r"acme:(warn|error).* %s: " % BAD)
    httpd.configure(conf.managed_conf(
        httpd, pebble, BAD, SHOP, ACMERetryDelay="10min",
        ACMECertificateAuthority=gate.directory))
    held = gate.hold("/finalize-order/")
    httpd.start()
    held.wait()
    status.wait_for(httpd, BAD,
                    lambda s: (s.get("renewal") or {}).get("errors"))
    for count in range(30):
        if count == 15:
            held.release()
        httpd.graceful()
    wait_until_served(httpd, pebble, SHOP)
    assert (pebble.accounts(), pebble.orders(),
            pebble.certificates()) == (1, 2, 1)
    said = status.of(httpd, BAD)
    assert said["renewal"]["errors"] == 1
    assert not tls.served(httpd.https_port, BAD).by_pebble
    assert procs.alive(httpd.pid)
