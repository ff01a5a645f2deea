# SPDX-License-Identifier: MIT
"""A slow path: prints its port, then hands on UDP between a client and 127.0.0.1:PORT, but keeps
updates: those that speak of ADDRESS, where one is given. When SIGUSR1 comes, it hands on all that it
kept, tells on stdout what each was answered with (its code), and keeps no more. From SIGUSR2 on it
keeps again, but only the next one.

  relay.py PORT [ADDRESS]
"""
import os
import select
import signal
import socket
import sys

server = ("127.0.0.1", int(sys.argv[1]))
about = socket.inet_aton(sys.argv[2]) if len(sys.argv) > 2 else b""
front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
front.bind(("127.0.0.1", 0))
woken, wake = os.pipe()
signal.signal(signal.SIGUSR1, lambda *_: os.write(wake, b"1"))
signal.signal(signal.SIGUSR2, lambda *_: os.write(wake, b"2"))
kept, keeping = [], -1  # how many more; -1: all


def hand_on(message, peer):
    back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    back.settimeout(2)
    back.sendto(message, server)
    reply = back.recvfrom(65535)[0]
    back.close()
    front.sendto(reply, peer)
    return reply[3] & 15


print(front.getsockname()[1], flush=True)
while True:
    for s in select.select([front, woken], [], [])[0]:
        if s == woken:
            if os.read(woken, 1) == b"2":
                keeping = 1
                print("again", flush=True)
                continue
            keeping = 0
            for m, p in kept:
                print("code", hand_on(m, p), flush=True)
            print("done", len(kept), flush=True)
            kept = []
            continue
        data, sender = front.recvfrom(65535)
        if keeping and data[2] & 0x78 == 0x28 and about in data:
            keeping -= keeping > 0
            kept.append((data, sender))
            print("kept", flush=True)
        else:
            hand_on(data, sender)
