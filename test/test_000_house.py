# SPDX-License-Identifier: Apache-2.0

"""Tests of acme_env itself, without the module."""

import concurrent.futures
import os

import pytest

from acme_env import conf, procs, tls
from acme_env.errorlog import ErrorLog
from acme_env.ports import free_port

pytest_plugins = ["pytester"]


def test_ports_are_never_given_twice():
    ports = [free_port() for _ in range(50)]
    assert len(set(ports)) == 50


@pytest.mark.parametrize("mpm", ["event", "worker", "prefork"])
def test_httpd_starts_restarts_and_stops(make_httpd, mpm):
    httpd = make_httpd(mpm=mpm)
    httpd.configure("")
    assert httpd.configtest() == (0, "Syntax OK\n")
    httpd.start()
    url = "http://localhost:%d/" % httpd.http_port
    assert tls.curl(url, "localhost", httpd.http_port).body == "it works\n"
    pid = httpd.pid
    httpd.graceful()
    assert httpd.pid == pid and httpd.restarts() == 1
    procs.wait_until(httpd.children, 5, "children after the restart")
    httpd.stop()
    assert tls.curl(url, "localhost", httpd.http_port).status == 0
    assert not procs.alive(pid)


def test_a_wrong_configuration_is_told(make_httpd):
    httpd = make_httpd()
    httpd.configure("NoSuchDirective on\n")
    status, text = httpd.configtest()
    assert status == 1 and "NoSuchDirective" in text
    with pytest.raises(AssertionError, match="NoSuchDirective"):
        httpd.start()


def test_served_certificate(make_httpd, room):
    httpd = make_httpd()
    cert, key = tls.self_signed(os.path.join(room, "own"), "example.test")
    httpd.configure(conf.site_conf(
        httpd, "example.test",
        https='SSLCertificateFile "%s"\nSSLCertificateKeyFile "%s"'
        % (cert, key)))
    httpd.start()
    shown = tls.served(httpd.https_port, "example.test")
    assert shown.names == ["example.test"]
    assert shown.subject == "CN=example.test"
    assert not shown.by_pebble and shown.not_after > shown.not_before
    assert (shown.algorithm, shown.key) == ("id-ecPublicKey", "256")
    tls.verify(httpd.https_port, "example.test", cert)
    answer = tls.curl("https://example.test:%d/" % httpd.https_port,
                      "example.test", httpd.https_port, ca=cert)
    assert answer.status == 200
    assert answer.body == conf.BODY % "example.test"


def test_pebble_starts_and_is_a_new_ca_after_a_restart(pebble):
    with open(pebble.root_file, encoding="ascii") as file:
        first = file.read()
    assert "BEGIN CERTIFICATE" in first
    assert (pebble.accounts(), pebble.orders()) == (0, 0)
    answer = tls.curl(pebble.directory, "localhost", pebble.port,
                      ca=pebble.ca_file)
    assert answer.status == 200 and "newOrder" in answer.body
    pebble.break_name("broken.test")
    pebble.repair_name("broken.test")
    pebble.stop()
    assert tls.curl(pebble.directory, "localhost", pebble.port).status == 0
    pebble.start()
    with open(pebble.root_file, encoding="ascii") as file:
        assert file.read() != first


def test_the_gate_passes_holds_and_answers(pebble, gate):
    def ask(path):
        return tls.curl("https://localhost:%d%s" % (gate.port, path),
                        "localhost", gate.port, ca=pebble.ca_file)
    passed = ask("/dir")
    assert passed.status == 200
    assert "https://localhost:%d/order-plz" % gate.port in passed.body
    gate.answer("/dir", 500, "<html>no</html>", times=1)
    assert ask("/dir").status == 500
    assert ask("/dir").status == 200
    assert gate.count("/dir") == 3
    for before in (True, False):
        seen = pebble.requests("/nonce-plz")
        held = gate.hold("/nonce-plz", before=before)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            later = pool.submit(ask, "/nonce-plz")
            held.wait()
            assert not later.done()
            assert pebble.requests("/nonce-plz") == seen + (not before)
            held.release()
            assert later.result().status == 204
    pebble.stop()
    assert ask("/dir").status == 0


def write_log(tmp_path, text):
    path = tmp_path / "error_log"
    path.write_text(text)
    return ErrorLog(str(path))


LINE = "[Tue Nov 20 10:00:00.000000 2029] [%s] [pid 1:tid 2] %s\n"


@pytest.mark.parametrize("level, counts", [
    ("core:notice", 0), ("acme:info", 0), ("acme:debug", 0),
    ("acme:warn", 1), ("ssl:error", 1), ("core:crit", 1),
    ("core:alert", 1), ("core:emerg", 1)])
def test_the_log_check_counts_levels(tmp_path, level, counts):
    log = write_log(tmp_path, LINE % (level, "something"))
    assert len(log.problems()) == counts


def test_the_log_check_knows_what_was_announced(tmp_path):
    log = write_log(tmp_path, LINE % ("acme:warn", "ACME0301: a.test: no"))
    log.expect("ACME0301")
    assert log.problems() == []
    log.expect("ACME0302")
    assert log.problems() == ["announced, but it never came: /ACME0302/"]


@pytest.mark.parametrize("text", [
    LINE % ("core:notice",
            "AH00052: child pid 3 exit signal Segmentation fault (11)"),
    "==7==ERROR: AddressSanitizer: heap-use-after-free on address 0x6\n",
    "mod_acme.c:7:3: runtime error: signed integer overflow\n"])
def test_a_crash_cannot_be_announced(tmp_path, text):
    log = write_log(tmp_path, text)
    log.allow(".")
    assert len(log.problems()) == 1


def test_a_killed_child_must_be_announced(tmp_path):
    log = write_log(tmp_path, LINE % (
        "core:notice", "AH00052: child pid 3 exit signal Killed (9)"))
    assert len(log.problems()) == 1
    log.allow("exit signal Killed")
    assert log.problems() == []


def test_an_unannounced_warning_fails_the_test(pytester, monkeypatch):
    """A test whose assertions all pass fails for a warning in its log."""
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "conftest.py"), encoding="utf-8") as file:
        pytester.makeconftest(
            "import sys\nsys.path.insert(0, %r)\n" % here + file.read())
    pytester.makepyfile("""
        from acme_env import tls

        def provoke(httpd):
            httpd.configure('LogLevel error\\nScriptAlias /x /nowhere\\n'
                            '<Location /no>\\nRequire all denied\\n'
                            '</Location>\\n')
            httpd.start()
            answer = tls.curl("http://localhost:%d/no" % httpd.http_port,
                              "localhost", httpd.http_port)
            assert answer.status == 403

        def test_silent(make_httpd):
            provoke(make_httpd())

        def test_announced(make_httpd):
            httpd = make_httpd()
            httpd.expect_log("AH01630: client denied")
            provoke(httpd)
    """)
    monkeypatch.setenv("ACME_TEST_DIR", "/tmp")
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*not announced: *AH01630*"])
