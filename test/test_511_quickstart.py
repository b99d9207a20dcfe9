# SPDX-License-Identifier: Apache-2.0

"""conf/quickstart: where it is started, and what it finds before it builds."""

import os
import subprocess

import pytest

from acme_env import install, procs

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SCRIPT = os.path.join(TOP, "conf", "quickstart")


def argv(folder):
    return [SCRIPT, "--once", "--dir", folder, "--module",
            install.acme_module()]


def is_good(status, said):
    return status == 0 and "https://blog.example.test" in said \
        and "Pebble Intermediate" in said


def warnings(folder):
    """What preflight has to say of the sites: nothing, because it asks the DNS
    that knows their names."""
    path = os.path.join(folder, "server", "logs", "error_log")
    with open(path, encoding="utf-8") as file:
        return [line for line in file if "ACME067" in line]


def refused(folder, **env):
    done = procs.run(argv(folder), env={**os.environ, **env})
    assert done.returncode == 1, done.stdout
    return done.stdout


def test_what_can_be_known_before_the_build(room):
    """Nothing was built, and no server was started."""
    folder = os.path.join(room, "new")
    assert "no Pebble" in refused(folder, PEBBLE_DIR=room)
    assert not os.path.exists(os.path.join(folder, "server"))
    used = os.path.join(room, "used")
    os.makedirs(os.path.join(used, "mine"))
    assert "not empty" in refused(used)
    assert os.listdir(used) == ["mine"]
    assert "cannot have such a name" in refused(os.path.join(room, "a$b"))
    if os.geteuid() == 0:
        closed = os.path.join(room, "closed")
        os.makedirs(closed, mode=0o700)
        assert "is closed to httpd's user" in refused(
            os.path.join(closed, "new"))


@pytest.mark.full
def test_again_beside_another_and_with_a_space(room):
    os.chmod(room, 0o755)
    folder = os.path.join(room, "with a space")
    done = procs.run(argv(folder), timeout=4 * procs.GIVE_UP)
    assert is_good(done.returncode, done.stdout), done.stdout
    assert warnings(folder) == []
    both = [subprocess.Popen(argv(path), stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True)
            for path in (folder, os.path.join(room, "another"))]
    for one in both:
        said = one.communicate(timeout=4 * procs.GIVE_UP)[0]
        assert is_good(one.returncode, said), said
