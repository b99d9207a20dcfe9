# SPDX-License-Identifier: Apache-2.0

"""The acme-status page."""

import json

from . import procs, tls


def fetch(httpd, name=None):
    """Returns (HTTP status, parsed JSON or None)."""
    path = "/acme-status" + ("/" + name if name else "")
    answer = tls.curl("http://localhost:%d%s" % (httpd.http_port, path),
                      "localhost", httpd.http_port)
    if answer.status != 200:
        return answer.status, None
    return answer.status, json.loads(answer.body)


def of(httpd, name):
    """What the page says about one site."""
    code, status = fetch(httpd, name)
    assert code == 200, "acme-status/%s: %s" % (name, code)
    return status


def wait_for(httpd, name, condition, timeout=procs.GIVE_UP):
    """The first status of the site for which condition(status) is true."""
    seen = [None]

    def look():
        code, seen[0] = fetch(httpd, name)
        return seen[0] if code == 200 and condition(seen[0]) else None
    return procs.wait_until(
        look, timeout, lambda: "status of %s, which is:\n%s\nlog:\n%s" % (
            name, json.dumps(seen[0], indent=1), httpd.log.tail()),
        interval=0.5)


def problem(status):
    """The words of the last problem, in a single text."""
    return json.dumps((status.get("renewal") or {}).get("last") or {})
