# SPDX-License-Identifier: Apache-2.0

"""make install and uninstall beside a configuration that is in use."""

import os

import pytest

from acme_env import install, procs


def make(target, stage):
    build = os.path.dirname(os.path.dirname(install.acme_module()))
    done = procs.run(["make", "-C", build, target, "DESTDIR=" + stage])
    assert done.returncode == 0, done.stdout
    return done.stdout


def installed(stage):
    """{path: text} of what is configured."""
    found = {}
    for folder, _, names in os.walk(stage):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, encoding="utf-8") as file:
                found[path] = file.read()
    return found


def test_what_was_changed_stays(room):
    stage = os.path.join(room, "stage")
    make("install-data-local", stage)
    new = installed(stage)
    if not new:
        pytest.skip("this httpd has no folder for it")
    # Again, and nothing was changed.
    make("install-data-local", stage)
    assert installed(stage) == new
    changed = sorted(new)[0]
    mine = new[changed] + "ACMECertificateAgreement accepted\n"
    with open(changed, "w", encoding="utf-8") as file:
        file.write(mine)
    said = make("install-data-local", stage)
    assert "%s is kept as it is; the new one is %s.dist" % (
        changed, changed) in said
    assert installed(stage) == {**new, changed: mine,
                                changed + ".dist": new[changed]}
    said = make("uninstall-hook", stage)
    assert "%s was changed and is kept" % changed in said
    assert installed(stage) == {changed: mine}
    # What is like the new one again goes as all else.
    with open(changed, "w", encoding="utf-8") as file:
        file.write(new[changed])
    make("install-data-local", stage)
    assert installed(stage) == new
    make("uninstall-hook", stage)
    assert installed(stage) == {}
