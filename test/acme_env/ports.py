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

"""Free ports on 127.0.0.1, never given out twice in one run."""

import os
import socket

# Below the ports that the kernel gives to outgoing connections.
FIRST, LAST = 15000, 32000

_next = FIRST + (os.getpid() * 37) % (LAST - FIRST)


def _is_free(port):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as sock:
            if kind == socket.SOCK_STREAM:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


def free_port():
    global _next
    for _ in range(LAST - FIRST):
        port = _next
        _next = _next + 1 if _next < LAST else FIRST
        if _is_free(port):
            return port
    raise RuntimeError("no free port on 127.0.0.1")
