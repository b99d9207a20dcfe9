# SPDX-License-Identifier: Apache-2.0

"""The end-to-end test house: real httpd, real Pebble, one room each.

ports     free ports, to TCP and to UDP
procs     starting, waiting for and ending the processes that we started
install   where this machine keeps httpd, its modules, Pebble and our module
errorlog  httpd's error log: marks, waiting, and the check after each test
httpd     one httpd in its own ServerRoot
pebble    one Pebble with its DNS server, and what its log tells
proxy     a proxy on the way to Pebble
gate      a door before Pebble: holds, answers or loses requests
tls       the certificate that a server shows, and curl
conf      configuration text for managed sites
status    the acme-status page
store     what is live, stashed and recorded
preload   libraries that kill httpd at an operation, or turn its clock
"""
