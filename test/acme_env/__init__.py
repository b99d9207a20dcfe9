# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

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
