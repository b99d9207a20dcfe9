# SPDX-License-Identifier: Apache-2.0

"""Steps that many tests share."""

import os
import re
import subprocess

from . import install, procs, tls

# A certificate is ready in a second or two; the parent checks every 10 s.
PATIENCE = procs.GIVE_UP


def wait_until_served(httpd, pebble, *names, timeout=PATIENCE):
    """Waits until certificates of Pebble, or of the FakeServer in its place,
    are served; returns {name: Served}."""
    def look():
        shown = {}
        for name in names:
            try:
                shown[name] = tls.served(httpd.https_port, name)
            except OSError:
                return None
            if not shown[name].by_test_ca:
                return None
        return shown
    shown = procs.wait_until(
        look, timeout, lambda: "the CA's certificates for %s; the log:\n%s"
        % (", ".join(names), httpd.log.tail(40)), interval=0.3)
    for name in names:
        tls.verify(httpd.https_port, name, pebble.root_file)
    return shown


def activate_by_hand(httpd, pebble, *names, timeout=PATIENCE):
    """Activates certificates in tests of other things (ACMEActivation manual),
    which saves the wait for the parent's check every 10 s. Returns {name:
    Served}."""
    for name in names:
        httpd.wait_for_log("%s: certificate ready" % re.escape(name), timeout)
    httpd.graceful()
    return wait_until_served(httpd, pebble, *names)


def get(httpd, name, path="/", https=False, ca=None, args=()):
    """Sends GET by the site's name to this server's port."""
    port = httpd.https_port if https else httpd.http_port
    return tls.curl("%s://%s:%d%s" % ("https" if https else "http", name,
                                      port, path),
                    name, port, ca=ca, args=args)


def worker_pid(httpd, mark=0):
    """The pid of the child whose thread orders, by its last message."""
    lines = httpd.log.lines(r"\[acme:\w+\] .* ACME0[345]\d\d: ", mark)
    for line in reversed(lines):
        pid = int(re.search(r"\[pid (\d+)", line).group(1))
        if pid in httpd.children():
            return pid
    raise AssertionError("no child of ours has said anything:\n"
                         + httpd.log.tail())


def as_httpd_user(argv, **kwargs):
    """Runs a function as the user of httpd's children, which may be our own.
    """
    kwargs.update(procs.as_user(install.httpd_user()))
    return subprocess.run(argv, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True,
                          errors="replace", timeout=procs.GIVE_UP, check=False,
                          **kwargs)


def generations(httpd, name):
    """The numbers of all kept versions of a site, the live one too."""
    folder = httpd.path("store", "archive", name)
    return sorted(int(entry) for entry in os.listdir(folder)
                  if entry.isdigit())


def live_file(httpd, name, file):
    return httpd.path("store", "live", name, file)
