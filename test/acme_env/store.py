# SPDX-License-Identifier: Apache-2.0

"""Live, stashed and recorded certificates in a server's store."""

import hashlib
import json
import os
import ssl

from . import tls


def path(httpd, *names):
    return httpd.path("store", *names)


def names(httpd, place):
    """The names of the certificates in live/, stash/, import/ or staging/."""
    folder = path(httpd, place)
    if not os.path.isdir(folder):
        return []
    # Without incomplete files of a killed start.
    return sorted(name for name in os.listdir(folder)
                  if not name.startswith("."))


def serial(httpd, place, name):
    """The serial of the certificate there, or None."""
    try:
        with open(path(httpd, place, name, "cert.pem"),
                  encoding="ascii") as file:
            return tls.Served(file.read()).serial
    except FileNotFoundError:
        return None


def digest(httpd, place, name):
    """A digest that is the same for the same certificate; faster than its
    serial."""
    with open(path(httpd, place, name, "cert.pem"), encoding="ascii") as file:
        return hashlib.sha256(
            ssl.PEM_cert_to_DER_cert(file.read())).hexdigest()


def record(httpd):
    """{first name: deployed state}, as the last start left it."""
    with open(path(httpd, "sites"), encoding="utf-8") as file:
        return {site["names"][0]: site["deployed"]
                for site in json.load(file)["sites"]}


def point(httpd, place, name, generation):
    """Points place/NAME to a version; None removes the pointer."""
    link = path(httpd, place, name)
    if os.path.lexists(link):
        os.unlink(link)
    if generation is not None:
        os.symlink("../archive/%s/%d" % (name, generation), link)
