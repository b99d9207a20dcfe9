# SPDX-License-Identifier: Apache-2.0

"""Fixtures: each test has its own folder, ports, Pebble and httpd.

The folder of a failed test is kept, and its path is printed. After each test
the error log of each of its servers is checked, see acme_env/errorlog.py."""

import itertools
import os
import re
import shutil
import sys
import tempfile

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from acme_env.dns_servers import Named, Unbound  # noqa: E402
from acme_env.fake_server import FakeServer  # noqa: E402
from acme_env.gate import Gate  # noqa: E402
from acme_env.httpd import Httpd  # noqa: E402
from acme_env.pebble import Pebble  # noqa: E402
from acme_env.personality import PERSONALITIES  # noqa: E402
from acme_env.proxy import Proxy  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--full", action="store_true",
                     help="also what takes longer")
    parser.addoption("--personality", choices=sorted(PERSONALITIES) + ["all"],
                     help="only the tests that are marked so, with this CA")


def pytest_generate_tests(metafunc):
    """A test that is marked for it runs with each CA that --personality asks
    for; without the option with plain Pebble, and its share with all."""
    mark = metafunc.definition.get_closest_marker("personalities")
    if not mark or "personality" not in metafunc.fixturenames:
        return
    asked = metafunc.config.getoption("--personality")
    if asked == "all" or (not asked and mark.kwargs.get("share")):
        names = list(PERSONALITIES)
    elif asked:
        names = [asked]
    else:
        return
    metafunc.parametrize("personality", names, indirect=True)


def pytest_collection_modifyitems(config, items):
    def is_asked_for(item):
        if config.getoption("--personality"):
            return item.get_closest_marker("personalities") \
                and "personality" in item.fixturenames
        return config.getoption("--full") \
            or not item.get_closest_marker("full")
    later = [item for item in items if not is_asked_for(item)]
    if later:
        config.hook.pytest_deselected(items=later)
        items[:] = [item for item in items if is_asked_for(item)]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.failed:
        item.stash[_failed] = True
        folder = item.stash.get(_folder, None)
        if folder:
            report.sections.append(("kept folder", folder))


_numbers = itertools.count(1)
_failed = pytest.StashKey()
_folder = pytest.StashKey()


@pytest.fixture(scope="session")
def base_dir():
    """A folder with a short path, for unix sockets, that httpd's user can
    enter."""
    path = tempfile.mkdtemp(prefix="acme-test-",
                            dir=os.environ.get("ACME_TEST_DIR", "/tmp"))
    os.chmod(path, 0o755)
    yield path
    try:
        os.rmdir(path)
    except OSError:
        print("\nfolders of failed tests: " + path)


@pytest.fixture
def room(request, base_dir):
    """The test's folder, removed when the test and its log check have passed.
    """
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", request.node.name)[:32]
    path = os.path.join(base_dir, "%d-%s" % (next(_numbers),
                                             name.strip("-")))
    os.makedirs(path, mode=0o755)
    request.node.stash[_folder] = path
    yield path
    if not request.node.stash.get(_failed, False):
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def personality(request):
    """The name of the CA that clients of a Pebble see, see PERSONALITIES."""
    return getattr(request, "param", "pebble")


@pytest.fixture
def make_pebble(room, personality):
    """make_pebble(**options) starts a Pebble, which is stopped after the test.
    Clients see it as the CA of the test's personality.
    """
    made = []

    def make(start=True, **options):
        pebble = Pebble(os.path.join(room, "pebble%d" % len(made)),
                        **options)
        made.append(pebble)
        if PERSONALITIES[personality]:
            pebble.front = PERSONALITIES[personality](pebble)
            make.before_end.append(pebble.front.close)
        return pebble.start() if start else pebble
    make.before_end = []
    yield make
    for end in make.before_end:
        end()
    for pebble in made:
        pebble.shutdown()


@pytest.fixture
def pebble(make_pebble):
    return make_pebble()


@pytest.fixture
def gate(pebble, make_pebble):
    """The Gate before this test's Pebble, open as long as that runs. It has
    the test's personality."""
    if pebble.front:
        return pebble.front
    door = Gate(pebble)
    make_pebble.before_end.append(door.close)
    return door


@pytest.fixture
def make_fake(request, room):
    """make_fake(**behaviours): a FakeServer instead of a Pebble, whose CAs
    give the responses that the test programs. Closed after httpd. An exception
    in a behaviour fails the test."""
    made = []

    def make(**behaviours):
        made.append(FakeServer(os.path.join(room, "fake%d" % len(made)),
                               **behaviours))
        return made[-1]
    yield make
    for fake in made:
        fake.close()
    failures = [text for fake in made for text in fake.failures]
    if failures:
        request.node.stash[_failed] = True
        pytest.fail("a programmable CA:\n" + "\n".join(failures),
                    pytrace=False)


@pytest.fixture
def fake(make_fake):
    """A FakeServer with one CA that behaves well."""
    return make_fake()


@pytest.fixture
def make_dns(room):
    """make_dns(Named or Unbound, **options): a DNS server that the test starts
    when it has told it what it needs; it is stopped after the test."""
    made = []

    def make(kind, **options):
        made.append(kind(os.path.join(room, "%s%d" % (kind.name, len(made))),
                         **options))
        return made[-1]
    yield make
    for server in made:
        server.stop()


@pytest.fixture
def named(make_dns):
    """A Named that is not started."""
    return make_dns(Named)


@pytest.fixture
def unbound(make_dns):
    """An Unbound that is not started."""
    return make_dns(Unbound)


@pytest.fixture
def make_proxy():
    """make_proxy(**options) starts a Proxy, which is closed after the test."""
    made = []

    def make(**options):
        made.append(Proxy(**options))
        return made[-1]
    yield make
    for proxy in made:
        proxy.close()


@pytest.fixture
def make_httpd(request, room, make_pebble, make_fake, make_proxy):
    """make_httpd(pebble=None, **options): an Httpd, at the ports where the
    Pebble validates, if there is one. It is stopped before the servers that it
    uses, and its log is checked. folder: the name of its ServerRoot."""
    made = []

    def make(pebble=None, **options):
        if pebble:
            options.setdefault("http_port", pebble.http_port)
            options.setdefault("https_port", pebble.tls_port)
        folder = options.pop("folder", "httpd%d" % len(made))
        httpd = Httpd(os.path.join(room, folder), **options)
        made.append(httpd)
        return httpd
    yield make
    complaints = []
    for httpd in made:
        try:
            httpd.stop()
        except AssertionError as error:
            complaints.append(str(error))
        complaints += httpd.log.problems()
    if complaints:
        request.node.stash[_failed] = True
        pytest.fail("the error log:\n  " + "\n  ".join(complaints),
                    pytrace=False)


@pytest.fixture
def httpd(make_httpd, pebble):
    return make_httpd(pebble)
