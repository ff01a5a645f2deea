# SPDX-License-Identifier: MIT
"""A client that keeps an account of what was acknowledged.

client.py write LOG TARGET [--rate N] [--wait N]
    writes new keys until SIGTERM. TARGET is an address, or a file with one: the service name, read
    again at each new connection. LOG gets a line for each acknowledged write: clock port replicas
    number. --wait N: asks with WAIT for N replicas, and logs how many there were
client.py verify LOG ADDRESS [--port P] [--since C] [--until C] [--replicas N]
    looks for the logged writes of port P, time C and at least N replicas; prints acked=N lost=N
client.py clock
    the time as in the log
"""
import argparse
import os
import signal
import socket
import sys
import time


class Redis:
    def __init__(self, address, timeout):
        host, port = address.rsplit(":", 1)
        self.port = int(port)
        self.sock = socket.create_connection((host.strip("[]"), self.port), timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.sock.makefile("rb")
        if "REDISCLI_AUTH" in os.environ:
            self.ask("AUTH", os.environ["REDISCLI_AUTH"])

    def send(self, *commands):
        out = b""
        for words in commands:
            out += b"*%d\r\n" % len(words)
            for word in words:
                word = str(word).encode()
                out += b"$%d\r\n%s\r\n" % (len(word), word)
        self.sock.sendall(out)

    def reply(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise OSError("closed")
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise OSError(rest.decode())
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2]
        return int(rest) if kind == b":" else rest

    def ask(self, *words):
        self.send(words)
        return self.reply()

    def close(self):
        self.file.close()
        self.sock.close()


def target_of(target):
    if os.path.sep not in target:
        return target
    with open(target, encoding="ascii") as f:
        return f.read().split()[0]


def write(args):
    ended = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(1))
    run, number, conn = os.path.basename(args.log), 0, None
    with open(args.log, "a", buffering=1, encoding="ascii") as log:
        while not ended:
            number += 1
            try:
                if conn is None:
                    conn = Redis(target_of(args.target), args.timeout)
                # a key is written once: what was not acknowledged may or may not be there
                commands = [("SET", f"{run}:{number}", number)]
                if args.wait:
                    commands.append(("WAIT", args.wait, 1000))
                conn.send(*commands)
                conn.reply()
                replicas = conn.reply() if args.wait else 0
                log.write(f"{time.monotonic_ns()} {conn.port} {replicas} {number}\n")
                if args.rate:
                    time.sleep(1 / args.rate)
            except (OSError, IndexError, ValueError):
                if conn is not None:
                    conn.close()
                conn = None
                time.sleep(0.005)


def verify(args):
    run, numbers, lost = os.path.basename(args.log), [], []
    with open(args.log, encoding="ascii") as log:
        for line in log:
            at, port, replicas, number = map(int, line.split())
            if args.port in (None, port) and replicas >= args.replicas \
                    and args.since <= at <= args.until:
                numbers.append(number)
    conn = Redis(args.target, 5)
    for i in range(0, len(numbers), 1000):
        some = numbers[i:i + 1000]
        conn.send(*[("GET", f"{run}:{n}") for n in some])
        lost += [n for n in some if conn.reply() != str(n).encode()]
    if lost:
        print(f"# lost: {lost[:10]}", file=sys.stderr)
    print(f"acked={len(numbers)} lost={len(lost)}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["write", "verify", "clock"])
    parser.add_argument("log", nargs="?")
    parser.add_argument("target", nargs="?")
    parser.add_argument("--rate", type=int, default=0)
    parser.add_argument("--wait", type=int, default=0)
    parser.add_argument("--timeout", type=float, default=1)
    parser.add_argument("--port", type=int)
    parser.add_argument("--since", type=int, default=0)
    parser.add_argument("--until", type=int, default=1 << 63)
    parser.add_argument("--replicas", type=int, default=0)
    args = parser.parse_args()
    if args.what == "clock":
        print(time.monotonic_ns())
    else:
        {"write": write, "verify": verify}[args.what](args)


main()
