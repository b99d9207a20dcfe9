# SPDX-License-Identifier: Apache-2.0

"""Configuration text for managed sites."""

from . import install

# The text of a site's page, so that a test sees which site has answered.
BODY = "this is %s\n"


def acme_conf(httpd, pebble, **changes):
    """The module and its settings for a Pebble, with short times for tests.
    changes: the name of a directive and its arguments, or None to leave it
    out; a list gives several lines."""
    settings = {
        "ACMEStoreDir": '"%s"' % httpd.path("store"),
        "ACMECertificateAuthority": pebble.directory,
        "ACMECACertificateFile": '"%s"' % pebble.ca_file,
        "ACMECertificateAgreement": "accepted",
        "ACMEPortMap": "http:%d https:%d" % (httpd.http_port,
                                             httpd.https_port),
        "ACMERetryDelay": "2s",
        # The resolver of the machine does not know the names of tests.
        "ACMEPreflight": "off",
        # Most tests count requests, and renew by ACMERenewWindow.
        "ACMERenewViaARI": "off",
        "ACMEActivationInterval": "1s 1s",
    }
    settings.update(changes)
    # mod_ssl warns of the placeholder, because that has no site's name.
    httpd.allow_log("AH01909: .* does NOT include an ID")
    lines = ["LoadModule acme_module %s\n" % install.acme_module(),
             "LogLevel acme:debug\n"]
    for name, value in settings.items():
        for one in value if isinstance(value, list) else [value]:
            if one is not None:
                lines.append("%s %s\n" % (name, one))
    return "".join(lines)


def status_conf():
    """The status pages, in the server for the name localhost."""
    return """
<Location "/acme-status">
    SetHandler acme-status
</Location>
<Location "/server-status">
    SetHandler server-status
</Location>
"""


def site_conf(httpd, name, aliases=(), http="", https="ACMEDomain\n",
              body=True):
    """A site on both ports; `https` has the lines that make it managed."""
    root = httpd.path("htdocs", name)
    if body:
        httpd.write("htdocs/%s/index.html" % name, BODY % name)
    alias = "    ServerAlias %s\n" % " ".join(aliases) if aliases else ""
    return """
<VirtualHost 127.0.0.1:%(http_port)d>
    ServerName %(name)s
%(alias)s    DocumentRoot "%(root)s"
    %(http)s
</VirtualHost>
<VirtualHost 127.0.0.1:%(https_port)d>
    ServerName %(name)s
%(alias)s    DocumentRoot "%(root)s"
    SSLEngine on
    %(https)s
</VirtualHost>
""" % {"name": name, "alias": alias, "root": root,
       "http_port": httpd.http_port, "https_port": httpd.https_port,
       "http": http, "https": https}


def localhost_conf(httpd):
    """The first virtual host of the http port, with the status pages."""
    return """
<VirtualHost 127.0.0.1:%d>
    ServerName localhost
%s
</VirtualHost>
""" % (httpd.http_port, status_conf())


def managed_conf(httpd, pebble, *sites, extra="", **changes):
    """All for managed sites: a name, or a tuple of name and aliases, or text.
    """
    text = acme_conf(httpd, pebble, **changes) + extra + localhost_conf(httpd)
    for site in sites:
        if isinstance(site, tuple):
            text += site_conf(httpd, site[0], site[1:])
        elif "\n" in site:
            text += site
        else:
            text += site_conf(httpd, site)
    return text
