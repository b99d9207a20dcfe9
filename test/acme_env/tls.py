# SPDX-License-Identifier: Apache-2.0

"""The certificate that a server shows for a name; curl."""

import datetime
import re
import socket
import ssl

from . import procs


def self_signed(stem, *names, key_type=("ec", "-pkeyopt",
                                        "ec_paramgen_curve:P-256")):
    """Makes stem.pem and stem.key for the names; returns both paths.
    key_type: openssl's arguments for another kind of key."""
    cert, key = stem + ".pem", stem + ".key"
    alt = ",".join(("IP:" if name[0] in "0123456789:" else "DNS:") + name
                   for name in names)
    done = procs.run([
        "openssl", "req", "-x509", "-nodes", "-days", "30",
        "-subj", "/CN=" + names[0], "-addext", "subjectAltName=" + alt,
        "-addext", "basicConstraints=critical,CA:FALSE",
        "-keyout", key, "-out", cert, "-newkey"] + list(key_type))
    assert done.returncode == 0, done.stdout
    return cert, key


class Served:
    """What a handshake showed."""

    def __init__(self, pem):
        self.pem = pem
        text = _x509(pem, "-subject", "-issuer", "-serial", "-startdate",
                     "-enddate", "-ext", "subjectAltName", "-nameopt",
                     "RFC2253")
        fields = dict(line.split("=", 1) for line in text.splitlines()
                      if re.match(r"[a-zA-Z]+=", line))
        self.subject = fields["subject"].strip()
        self.issuer = fields["issuer"].strip()
        self.serial = fields["serial"].strip().lower()
        self.not_before = _date(fields["notBefore"])
        self.not_after = _date(fields["notAfter"])
        self.names = sorted(re.findall(r"DNS:([^,\s]+)", text))
        key = _x509(pem, "-text")
        self.key = re.search(r"Public-Key: \((\d+) bit\)", key).group(1)
        self.algorithm = re.search(r"Public Key Algorithm: (\S+)",
                                   key).group(1)

    @property
    def by_pebble(self):
        return "Pebble" in self.issuer

    @property
    def by_test_ca(self):
        return self.by_pebble or "Fake CA" in self.issuer

    def __repr__(self):
        return "<%s %s by %s>" % (self.serial, ",".join(self.names),
                                  self.issuer)


def _x509(pem, *args):
    done = procs.run(["openssl", "x509", "-noout"] + list(args), stdin=pem)
    assert done.returncode == 0, done.stdout
    return done.stdout


def _date(text):
    return datetime.datetime.strptime(
        text.strip(), "%b %d %H:%M:%S %Y %Z").replace(
            tzinfo=datetime.timezone.utc)


def served(port, name, host="127.0.0.1", timeout=procs.GIVE_UP,
           kind=None):
    """The certificate that is shown for a name, by whatever CA. kind: RSA or
    ECDSA, for a client that supports only keys of that kind."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if kind:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("ECDHE-%s-AES128-GCM-SHA256" % kind)
    with socket.create_connection((host, port), timeout=timeout) as raw:
        with context.wrap_socket(raw, server_hostname=name) as tls:
            der = tls.getpeercert(binary_form=True)
    return Served(ssl.DER_cert_to_PEM_cert(der))


def chain(port, name, kind=None):
    """The chain of a handshake, leaf first: [(subject, issuer)]. kind: as for
    served()."""
    argv = ["openssl", "s_client", "-connect", "127.0.0.1:%d" % port,
            "-servername", name, "-showcerts", "-nameopt", "RFC2253"]
    if kind:
        argv += ["-tls1_2", "-cipher", "ECDHE-%s-AES128-GCM-SHA256" % kind]
    done = procs.run(argv, stdin="", timeout=procs.GIVE_UP)
    return re.findall(r"^ *\d+ s:(.*)\n +i:(.*)$", done.stdout, re.M)


def verify(port, name, root_file, host="127.0.0.1",
           timeout=procs.GIVE_UP):
    """Makes a handshake and verifies chain and name, as a strict client does;
    raises on failure."""
    context = ssl.create_default_context(cafile=root_file)
    # The default since Python 3.13.
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    with socket.create_connection((host, port), timeout=timeout) as raw:
        with context.wrap_socket(raw, server_hostname=name):
            pass


def wait_for_serial(port, name, old, timeout=60):
    """The first served certificate with another serial than old."""
    def look():
        try:
            now = served(port, name)
        except OSError:
            return None
        return now if now.serial != old else None
    return procs.wait_until(look, timeout,
                            "%s: another serial than %s" % (name, old),
                            interval=0.3)


class Response:
    def __init__(self, status, headers, body, error):
        self.status = status
        self.headers = headers
        self.body = body
        self.error = error

    def __repr__(self):
        return "<%s %r %s>" % (self.status, self.body[:200], self.error)


def curl(url, name, port, ca=None, args=(), timeout=procs.GIVE_UP):
    """GET url; the connection goes to the virtual host of that name at
    127.0.0.1:port. ca: a file of trusted roots; None: nothing is verified.
    Status 0: no response; .error has the reason."""
    argv = ["curl", "-sS", "-i", "--max-time", str(timeout), "--noproxy", "*",
            "--resolve", "%s:%d:127.0.0.1" % (name, port)]
    argv += ["--cacert", ca] if ca else ["-k"]
    done = procs.run(argv + list(args) + [url], timeout=timeout + 10)
    match = None
    text = done.stdout.replace("\r\n", "\n")
    # Interim responses (100, 103) come first.
    while True:
        found = re.match(r"HTTP/\S+ (\d+)[^\n]*\n((?:[^\n]+\n)*)\n", text)
        if not found:
            break
        match = found
        text = text[found.end():]
    if not match:
        return Response(0, {}, "", text)
    headers = {}
    for line in match.group(2).splitlines():
        key, _, value = line.partition(":")
        headers[key.strip().lower()] = value.strip()
    return Response(int(match.group(1)), headers, text, "")
