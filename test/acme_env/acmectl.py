# SPDX-License-Identifier: Apache-2.0

"""Runs acmectl beside a server."""

import json
import os
import subprocess

from . import install, procs

DONE, FAILED, NOTHING, USAGE = 0, 1, 2, 64


class Result:
    def __init__(self, done):
        self.status = done.returncode
        self.raw = done.stdout
        self.out = done.stdout.decode(errors="replace")
        self.err = done.stderr.decode(errors="replace")

    @property
    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return "<%d %r %r>" % (self.status, self.out[-800:], self.err[-800:])


def program():
    """The path of acmectl: $ACMECTL, or the one built beside the module."""
    return os.environ.get("ACMECTL") or os.path.join(
        os.path.dirname(os.path.dirname(install.acme_module())), "acmectl")


def run(store, *args, stdin=b"", timeout=4 * procs.GIVE_UP, env=None):
    """Runs acmectl --store STORE ARGS; store may be a server, for its store.
    """
    path = store if isinstance(store, str) else store.path("store")
    argv = [program(), "--store", path] + list(args)
    # A new session, so that there is no terminal to ask at.
    return Result(subprocess.run(
        argv, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        timeout=timeout, check=False, start_new_session=True, env=env))


def ok(store, *args, **kwargs):
    """Runs acmectl as run() does, and asserts that it succeeds."""
    result = run(store, *args, **kwargs)
    assert result.status == DONE, "acmectl %s: %r" % (" ".join(args), result)
    return result


def passphrase_file(folder, text="correct horse battery"):
    path = os.path.join(folder, "passphrase")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text + "\n")
    os.chmod(path, 0o600)
    return path


def tree(folder):
    """Every file below a folder, with its bytes or the target of a link, to
    see that nothing has changed. Locks are left out."""
    seen = {}
    for base, dirs, files in os.walk(folder):
        for name in files + dirs:
            path = os.path.join(base, name)
            short = os.path.relpath(path, folder)
            if os.path.islink(path):
                seen[short] = os.readlink(path)
            elif os.path.isfile(path) and not short.startswith("lock"):
                with open(path, "rb") as file:
                    seen[short] = file.read()
    return seen
