# SPDX-License-Identifier: Apache-2.0

"""The table in config_table.txt: configurations that are accepted, warned
about and refused, with parts of the message and the place."""

import os
import re

import pytest

from acme_env import conf, install

TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                     "config_table.txt")


class Case:
    """A block of the table."""

    def __init__(self, title):
        self.title = title
        self.kind = None
        self.words = []
        self.lines = []


def read_table():
    cases = []
    with open(TABLE, encoding="utf-8") as file:
        for line in file:
            line = line.rstrip("\n")
            head = re.match(r"(ok|warn|refuse)( (.*))?$", line)
            if line.startswith("#"):
                continue
            if line.startswith("== "):
                cases.append(Case(line[3:]))
            elif head and not cases[-1].lines:
                cases[-1].kind = head.group(1)
                if head.group(3):
                    cases[-1].words.append(head.group(3))
            elif line.strip():
                cases[-1].lines.append(line)
    return cases


CASES = read_table()
FORMS = {"names": "n%d.test", "others": "o%d.test", "labels": "l%d",
         "long": "x%%d.%s.test" % ".".join([60 * "y"] * 3)}


def numbered(match):
    return " ".join(FORMS[match.group(1)] % i
                    for i in range(int(match.group(2))))


def a_label(match):
    if install.acme_module_uses(b"idn2_to_ascii_8z"):
        return "write " + match.group(1)
    return r"as A-labels \(xn--\.\.\.\)"


def host(httpd, line):
    """The lines of a virtual host."""
    parts = [part.strip() for part in line.split(" ; ")]
    kind, *words = parts[0].split()
    if kind == "@raw":
        yield "<VirtualHost %s>" % " ".join(words)
    else:
        yield "<VirtualHost 127.0.0.1:%d>" % (
            httpd.http_port if kind == "@web" else httpd.https_port)
        if words[0] != "-":
            yield "ServerName " + words[0]
        if words[1:]:
            yield "ServerAlias " + " ".join(words[1:])
        if kind == "@tls":
            yield "SSLEngine on"
    yield from parts[1:]
    yield "</VirtualHost>"


def fill(httpd, line):
    line = re.sub(r"\{(names|others|labels|long):(\d+)\}", numbered, line)
    line = re.sub(r"\{alabel:([^}]+)\}", a_label, line)
    for key, value in (("dir", httpd.dir), ("http", httpd.http_port),
                       ("https", httpd.https_port),
                       ("more", httpd.more_port)):
        line = line.replace("{%s}" % key, str(value))
    return line.replace("\\u0308", "\u0308")


def expand(httpd, lines):
    """The configuration, and the numbers of its lines that must be named."""
    made, marked = [], []
    for line in lines:
        mark = line.startswith("=> ")
        line = fill(httpd, line[3:] if mark else line)
        if mark:
            marked.append(len(made) + 1)
        made += host(httpd, line) if line.startswith("@") else [line]
    return made, marked


@pytest.fixture(scope="module")
def house(base_dir):
    """One server for all cases, because configtest only reads."""
    from acme_env.httpd import Httpd
    from acme_env.pebble import Pebble
    from acme_env.ports import free_port
    import shutil

    folder = os.path.join(base_dir, "table")
    pebble = Pebble(os.path.join(folder, "pebble"))
    httpd = Httpd(os.path.join(folder, "httpd"), pebble.http_port,
                  pebble.tls_port, modules=("macro", "version", "headers"))
    httpd.more_port = free_port()
    httpd.write("conf/cert.pem", "a certificate\n")
    httpd.write("conf/key.pem", "a key\n")
    key = 'key "%s" { algorithm %s; secret "c2VjcmV0"; };\n'
    for name, text in (("key", key % ("a.key", "hmac-sha256")),
                       ("line", "hmac-sha512:a.key.:c2VjcmV0\n"),
                       ("open", key % ("a.key", "hmac-sha256")),
                       ("weak", key % ("old.key", "hmac-md5")),
                       ("empty", "\n")):
        httpd.write("conf/dns." + name, text)
        os.chmod(httpd.path("conf", "dns." + name),
                 0o644 if name == "open" else 0o600)
    good = "\n".join(host(httpd, "@tls good.test ; ACMEDomain"))
    httpd.write("conf/good.conf", good + "\n")
    httpd.write("conf/included/bad.conf", good.replace("good.test", "bad"))
    yield httpd, conf.acme_conf(httpd, pebble)
    pebble.shutdown()
    shutil.rmtree(folder)


def check(case, status, said, places):
    if case.kind == "refuse":
        assert status == 1, said
        assert "Syntax OK" not in said, said
        # Every message names a place.
        assert re.search(r"line \d+ of |\.conf:\d+|the main server", said), \
            said
    else:
        assert status == 0, said
        assert said.strip().endswith("Syntax OK"), said
    if case.kind == "ok":
        assert said.strip() == "Syntax OK"
    for place in places:
        assert re.search(place, said), "%s is not named\n%s" % (place, said)


@pytest.mark.parametrize("case", CASES,
                         ids=[re.sub(r"[^A-Za-z0-9]+", "-", c.title)
                              for c in CASES])
def test_configuration(house, case):
    httpd, acme = house
    lines, marked = expand(httpd, case.lines)
    before = (httpd.base_conf() + acme).count("\n")
    httpd.configure(acme + "\n".join(lines) + "\n")
    status, said = httpd.configtest()
    check(case, status, said,
          [r"line %d of|httpd\.conf:%d\b" % (before + n, before + n)
           for n in marked])
    for words in case.words:
        assert re.search(fill(httpd, words), said), said
    assert not os.path.exists(httpd.path("store"))


def test_the_table_is_large_enough():
    kinds = [case.kind for case in CASES]
    assert len(CASES) >= 120
    assert kinds.count("refuse") >= 60 and kinds.count("ok") >= 40
    assert None not in kinds
    assert len({case.title for case in CASES}) == len(CASES)
