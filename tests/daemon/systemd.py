# SPDX-License-Identifier: MIT
"""systemd.py ADDRESS OUT - receives what a service tells its manager; one line each in OUT."""
import socket
import sys

address, out = sys.argv[1:]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("\0" + address[1:] if address[0] == "@" else address)
print("bound", flush=True)
with open(out, "w", buffering=1) as f:
    while True:
        f.write(s.recv(65536).decode().replace("\n", "|") + "\n")
