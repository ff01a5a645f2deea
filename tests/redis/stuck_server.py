# SPDX-License-Identifier: MIT
"""A healthy small store whose first connection stops answering after one round: prints its port.

  stuck_server.py ROUNDS   how many rounds (each ends with INFO replication) the first one gets
"""
import socket
import sys
import threading

SERVER = b"# Server\r\nredis_version:7.0.15\r\nrun_id:" + b"a" * 40 + b"\r\n"
REPLICATION = (b"# Replication\r\nrole:master\r\nconnected_slaves:0\r\nmaster_replid:" + b"b" * 40 +
               b"\r\nmaster_replid2:" + b"0" * 40 + b"\r\nmaster_repl_offset:7\r\n"
               b"second_repl_offset:-1\r\n")
KEYSPACE = b"# Keyspace\r\ndb0:keys=1,expires=0,avg_ttl=0\r\n"


def bulk(text):
    return b"$%d\r\n%s\r\n" % (len(text), text)


def answer(words):
    name = words[0].upper()
    if name == b"PING":
        return b"+PONG\r\n"
    if name == b"INFO":
        return bulk({b"server": SERVER, b"keyspace": KEYSPACE}.get(words[1], REPLICATION))
    if name == b"CONFIG":
        return b"*0\r\n"
    return b"+OK\r\n"


def serve(conn, rounds):
    lines = conn.makefile("rb")
    try:
        while True:
            head = lines.readline()
            if not head:
                return
            words = []
            for _ in range(int(head[1:])):
                n = int(lines.readline()[1:])
                words.append(lines.read(n + 2)[:-2])
            if rounds == 0:
                continue
            conn.sendall(answer(words))
            if words == [b"INFO", b"replication"]:
                rounds -= 1
    except OSError:
        pass


def main():
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(16)
    print(listener.getsockname()[1], flush=True)
    rounds = int(sys.argv[1])
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=serve, args=(conn, rounds), daemon=True).start()
        rounds = -1


main()
