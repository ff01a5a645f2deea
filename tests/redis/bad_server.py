# SPDX-License-Identifier: MIT
"""Servers that misbehave, one for each MODE: prints MODE=PORT for each, then does to each
connection what MODE says.

  garbage    answers with bytes that are no protocol
  unasked    answers each question ten times, the first bytes before any question
  close      closes at once
  reset      resets at once
  greet      says at once that there is no room, and resets
  short      answers each command with half of an INFO and then closes
  types      answers each command with a number
  array      announces an array of two thousand million elements
  endless    a bulk string of 400 MB that keeps coming
  nested     arrays in arrays, ever deeper
  mute       accepts and never answers
  norole     PONG, then INFO texts without a role
"""
import socket
import struct
import sys
import threading


def commands(conn):
    """Yields once for each complete command."""
    buf = b""
    while True:
        data = conn.recv(65536)
        if not data:
            return
        buf += data
        while True:
            n = size(buf)
            if not n:
                break
            yield buf[:n]
            buf = buf[n:]


def size(buf):
    if not buf.startswith(b"*") or b"\r\n" not in buf:
        return 0
    at = buf.index(b"\r\n") + 2
    for _ in range(int(buf[1:at - 2])):
        end = buf.find(b"\r\n", at)
        if end < 0:
            return 0
        at = end + 2 + int(buf[at + 1:end]) + 2
        if at > len(buf):
            return 0
    return at


def serve(conn, mode):
    try:
        if mode == "close":
            conn.close()
            return
        if mode == "greet":
            conn.sendall(b"-ERR max number of clients reached\r\n")
        if mode in ("reset", "greet"):
            conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            conn.close()
            return
        if mode == "garbage":
            conn.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 10)
        if mode == "unasked":
            conn.sendall(b"+PONG\r\n" * 10)
        for cmd in commands(conn):
            if mode == "unasked":
                conn.sendall(b"+PONG\r\n" * 10)
            elif mode == "short":
                conn.sendall(b"+PONG\r\n$4000\r\n# Replication\r\nrole:mas")
                conn.close()
                return
            elif mode == "types":
                conn.sendall(b":42\r\n")
            elif mode == "array":
                conn.sendall(b"*2000000000\r\n")
            elif mode == "nested":
                conn.sendall(b"*1\r\n" * 1000)
            elif mode == "endless":
                conn.sendall(b"$400000000\r\n")
                while True:
                    conn.sendall(b"x" * 65536)
            elif mode == "norole":
                text = b"# Server\r\nnothing:1\r\n"
                pong = cmd.upper().startswith(b"*1\r\n$4\r\nPING")
                conn.sendall(b"+PONG\r\n" if pong else b"$%d\r\n%s\r\n" % (len(text), text))
    except OSError:
        pass


def listen(mode):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    print(f"PORT_{mode}={listener.getsockname()[1]}", end=" ")
    return listener


def accept(listener, mode):
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=serve, args=(conn, mode), daemon=True).start()


def main():
    for mode in sys.argv[1:]:
        threading.Thread(target=accept, args=(listen(mode), mode)).start()
    print(flush=True)


main()
