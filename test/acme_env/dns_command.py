# SPDX-License-Identifier: Apache-2.0

"""The command of ACMEChallengeDns01 (dns_script.py), and what it was called
with."""

import json
import os

from . import procs

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      "dns_script.py")
PYTHON = "/usr/bin/python3"


class DnsCommand:
    """Sets records of the DNS server of a Pebble."""

    def __init__(self, folder, pebble):
        self.folder = folder
        os.makedirs(folder)
        # The command runs as httpd's user.
        os.chmod(folder, 0o777)
        self.script = os.path.join(folder, "dns_script.py")
        with open(SCRIPT, encoding="ascii") as file:
            text = file.read()
        with open(self.script, "w", encoding="ascii") as file:
            file.write(text)
        os.chmod(self.script, 0o755)
        self.line = '%s -I "%s" "%s" %d' % (PYTHON, self.script, folder,
                                            pebble.dns_mgmt_port)

    def tell(self, action, name, order):
        """Makes it hang, fail, ... from now on, or work again (None)."""
        path = os.path.join(self.folder, "%s-%s" % (action, name))
        if order is None:
            os.unlink(path)
            return
        with open(path + ".new", "w", encoding="ascii") as file:
            file.write(order)
        os.chmod(path + ".new", 0o644)
        os.rename(path + ".new", path)

    def calls(self, *begin):
        """All calls so far whose arguments begin so."""
        try:
            with open(os.path.join(self.folder, "calls"),
                      encoding="utf-8") as file:
                lines = file.read().splitlines()
        except FileNotFoundError:
            return []
        calls = [json.loads(line) for line in lines]
        return [call for call in calls
                if call["argv"][:len(begin)] == list(begin)]

    def wait_for(self, *begin, count=1):
        """Returns the calls that begin so, when there are so many."""
        return procs.wait_until(
            lambda: len(self.calls(*begin)) >= count and self.calls(*begin),
            procs.GIVE_UP, lambda: "%d calls of %s; there are %s" % (
                count, " ".join(begin), self.calls()))
