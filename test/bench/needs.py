# SPDX-License-Identifier: Apache-2.0

"""What the benchmark needs on a machine: finds it, or names what is missing.
"""

import os
import shutil
import sys

import measure
from acme_env import install


def _has_md():
    return os.path.exists(os.path.join(install.apxs("LIBEXECDIR"),
                                       "mod_md.so"))


def look():
    """Returns (kinds of servers that can be measured, what is missing for the
    others); ends the program if nothing can be measured."""
    missing = []
    for program in ("curl", "openssl"):
        if not shutil.which(program):
            sys.exit("make bench needs %s: install it (Debian, Ubuntu: "
                     "apt-get install %s)" % (program, program))
    try:
        install.pebble_dir()
    except RuntimeError as error:
        sys.exit("make bench needs Pebble, the test CA: %s" % error)
    if not shutil.which("valgrind"):
        missing.append("instructions per request are not measured: valgrind "
                       "is missing (Debian, Ubuntu: apt-get install valgrind)")
    if _has_md():
        return measure.KINDS, missing
    missing.append("mod_md is missing (Debian, Ubuntu: it is part of "
                   "apache2-bin; RHEL, Fedora, clones: mod_md): nothing is "
                   "compared with it")
    return ("acme", "plain"), missing
