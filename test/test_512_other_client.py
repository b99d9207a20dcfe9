# SPDX-License-Identifier: Apache-2.0

"""A store of another ACME client on this machine is named, not ignored."""

import os

from acme_env import acmectl, conf, issuer

SHOP, BLOG, OTHER = "shop.test", "blog.test", "other.test"


def test_mod_mds_certificates_are_named(httpd, pebble, room):
    folder = issuer.md_store(
        httpd.path("md"), issuer.Issuer(), pebble.directory,
        [[SHOP, "www." + SHOP], [BLOG]],
        account=(pebble.directory + "/nobody", issuer.new_key(2048),
                 "mailto:a@example.test"))
    httpd.configure(conf.managed_conf(httpd, pebble, SHOP, BLOG, OTHER,
                                      ACMERenewMode="manual"))
    httpd.start()
    said = httpd.log.lines("ACME0137")
    assert len(said) == 1 and "[acme:notice]" in said[0]
    assert " and 1 more: mod_md has a certificate for it in %s" % folder \
        in said[0]
    command = said[0].partition("acmectl ")[2].split()
    assert command == ["import", "--from", "mod_md", folder]
    result = acmectl.ok(httpd, *command)
    assert "mod_md goes on renewing" in result.err
    httpd.graceful()
    httpd.restart()
    # All that it has is there now.
    assert len(httpd.log.lines("ACME0137")) == 1
    assert os.path.exists(httpd.path("store", "live", SHOP))
