# SPDX-License-Identifier: Apache-2.0

"""What this machine has: httpd, its modules, Pebble, and our module."""

import functools
import glob
import grp
import os
import pwd
import re
import shutil

from . import procs

TEST_DIR = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TOP = os.path.dirname(TEST_DIR)


def apxs_path():
    path = os.environ.get("ACME_APXS") or os.environ.get("APXS") \
        or shutil.which("apxs") or \
        shutil.which("apxs", path="/usr/sbin:/usr/local/apache2/bin")
    if not path:
        raise RuntimeError("no apxs: install httpd's development package or "
                           "set APXS to its path")
    return path


@functools.lru_cache(None)
def apxs(variable):
    done = procs.run([apxs_path(), "-q", variable])
    if done.returncode != 0:
        raise RuntimeError("apxs -q %s: %s" % (variable, done.stdout))
    return done.stdout.strip()


@functools.lru_cache(None)
def httpd_binary():
    path = os.path.join(apxs("SBINDIR"), apxs("PROGNAME"))
    if not os.access(path, os.X_OK):
        raise RuntimeError("no httpd at %s, where apxs says it is" % path)
    return path


@functools.lru_cache(None)
def _built_in():
    done = procs.run([httpd_binary(), "-l"])
    return frozenset(re.findall(r"^\s+(?:mod_)?(\w+)\.c$", done.stdout,
                                re.M))


def load_module(name):
    """The LoadModule line, empty for a module that is compiled in."""
    if name in _built_in():
        return ""
    path = os.path.join(apxs("LIBEXECDIR"), "mod_%s.so" % name)
    if not os.path.exists(path):
        raise RuntimeError("httpd has no mod_%s (%s)" % (name, path))
    return "LoadModule %s_module %s\n" % (name, path)


@functools.lru_cache(None)
def acme_module():
    """The path of our mod_acme.so: $ACME_MODULE, or the one that `make` made.
    """
    path = os.environ.get("ACME_MODULE")
    if path:
        if not os.path.exists(path):
            raise RuntimeError("ACME_MODULE is %s, which does not exist"
                               % path)
        return os.path.abspath(path)
    for pattern in ("", ".libs", "mod_acme", "mod_acme/.libs", "build",
                    "build/.libs", "build/mod_acme/.libs"):
        found = glob.glob(os.path.join(TOP, pattern, "mod_acme.so"))
        if found:
            return found[0]
    raise RuntimeError("no mod_acme.so: run make, or set ACME_MODULE to it")


@functools.lru_cache(None)
def acme_module_uses(symbol):
    """Whether our mod_acme.so refers to that symbol of a library."""
    with open(acme_module(), "rb") as file:
        return symbol in file.read()


@functools.lru_cache(None)
def sanitizer_preload():
    """The library that a module built with a sanitizer needs first."""
    if "ACME_HTTPD_PRELOAD" in os.environ:
        return os.environ["ACME_HTTPD_PRELOAD"]
    try:
        done = procs.run(["ldd", acme_module()])
    except (RuntimeError, OSError):
        return ""
    match = re.search(r"lib(?:clang_rt\.)?asan\S* => (\S+)", done.stdout)
    return match.group(1) if match else ""


@functools.lru_cache(None)
def pebble_dir():
    done = procs.run([os.path.join(TOP, "scripts", "get-pebble")],
                     timeout=10 * procs.GIVE_UP)
    folder = done.stdout.strip().rpartition("\n")[2]
    if done.returncode != 0 or not os.path.isdir(folder):
        raise RuntimeError("no Pebble: %s" % done.stdout)
    return folder


@functools.lru_cache(None)
def dns_servers_dir():
    """The folder of named, unbound and dig."""
    done = procs.run([os.path.join(TOP, "scripts", "get-dns-servers")],
                     timeout=10 * procs.GIVE_UP)
    folder = done.stdout.strip().rpartition("\n")[2]
    if done.returncode != 0 or not os.path.isdir(folder):
        raise RuntimeError("no DNS servers: %s" % done.stdout)
    return folder


@functools.lru_cache(None)
def httpd_user():
    """(user, group) for a server started by root; else None."""
    if os.geteuid() != 0:
        return None
    for name in ("www-data", "apache", "httpd", "www", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return name, grp.getgrgid(entry.pw_gid).gr_name
    raise RuntimeError("no user for httpd's children on this machine")


def mpms():
    return ("event", "worker", "prefork")
