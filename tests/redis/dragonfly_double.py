# SPDX-License-Identifier: MIT
"""A double of Dragonfly: prints its port, answers by transcripts/dragonfly.txt.

  dragonfly_double.py [key=value]...

  state=     primary | stable | full-sync | lost-link | older | taken-over | shutting-down | loading
  pid=, age= of the process (seconds); own=, followed= one hex digit each, 40 times; offset=
  takeover=  ok | full-sync | failed    hold= seconds that REPLTAKEOVER takes
  clients=   how many invented clients CLIENT LIST shows, besides the connected ones
  of_replica=1  REPLICAOF finds that the target is a replica
  denied=COMMAND  needs the admin port

"DOUBLE LOG" answers with the commands that changed something, one on a line; "DOUBLE SET k=v"
changes a key; "DOUBLE RESET k=v..." makes it as if it had just been started so.
"""
import os
import socket
import string
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def transcripts():
    found, name = {}, None
    with open(os.path.join(HERE, "transcripts", "dragonfly.txt"), encoding="ascii") as f:
        for line in f:
            line = line.rstrip("\n")
            if line.startswith("== "):
                name = line[3:]
                found[name] = []
            elif name and line and not line.startswith("#!"):
                found[name].append(line)
    return {k: "\r\n".join(v) for k, v in found.items()}


SAID = transcripts()


class Double:
    def __init__(self, words):
        self.conns = {}
        self.reset(words)
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]

    def reset(self, words):
        self.set = {"state": "primary", "pid": "77", "age": "100", "own": "d", "followed": "c",
                    "offset": "1234", "takeover": "ok", "hold": "0", "clients": "0",
                    "of_replica": "", "denied": "", "master_host": "127.0.0.1",
                    "master_port": "6390"}
        self.set.update(w.split("=", 1) for w in words)
        self.began = time.monotonic()
        self.log = []
        self.killed = []
        self.mutex = threading.Lock()  # the replication mutex: REPLTAKEOVER holds it to the end

    def say(self, section, **more):
        values = dict(self.set, port=self.port, own=self.set["own"] * 40,
                      followed=self.set["followed"] * 40,
                      uptime=int(float(self.set["age"]) + time.monotonic() - self.began), **more)
        return string.Template(SAID[section]).substitute(values)

    def bulk(self, name):
        text = self.say(name) + "\r\n"
        return "$%d\r\n%s\r\n" % (len(text), text)

    def error(self, name):
        return self.say(name) + "\r\n"

    def info(self, section):
        if section == "replication":
            with self.mutex:
                state = self.set["state"]
                if state in ("taken-over", "loading"):
                    state = "primary"
                return self.bulk("info-replication-" + state)
        return self.bulk("info-" + section)

    def replicaof(self, host, port):
        if (host, port) == ("NO", "ONE"):
            self.set["state"] = "primary"
            return "+OK\r\n"
        try:
            socket.create_connection((host, int(port)), timeout=20).close()
        except OSError:
            return self.error("error-connect")
        if self.set["of_replica"]:
            return self.error("error-replica-of-replica")
        self.set.update(state="full-sync", master_host=host, master_port=port)
        return "+OK\r\n"

    def takeover(self):
        with self.mutex:
            time.sleep(float(self.set["hold"]))
            if self.set["takeover"] == "full-sync":
                return self.error("error-full-sync")
            if self.set["takeover"] == "failed":
                return self.error("error-takeover")
            self.set["state"] = "primary"
            return "+OK\r\n"

    def client_list(self):
        lines = []
        for i, addr in enumerate(list(self.conns)):
            lines.append(self.say("client-list-line", id=i, addr=addr, name=""))
        for i in range(int(self.set["clients"])):
            addr = "192.0.2.1:%d" % (1000 + i)
            name = "repl_ctrl" if i == 1 else ""
            if addr not in self.killed:
                lines.append(self.say("client-list-line", id=1000 + i, addr=addr, name=name))
        text = "\n".join(lines) + "\n"
        return "$%d\r\n%s\r\n" % (len(text), text)

    def client(self, words):
        what = words[1].upper()
        if what == "LIST":
            return self.client_list()
        if what == "KILL":
            if words[2].upper() != "ADDR":
                return self.error("error-kill-type")
            self.killed.append(words[3])
            if words[3] in self.conns:
                self.conns.pop(words[3]).shutdown(socket.SHUT_RDWR)
            return "+OK\r\n"
        return "+OK\r\n"

    def answer(self, words):
        name, state = words[0].upper(), self.set["state"]
        if name == "DOUBLE":
            if words[1] == "RESET":
                self.reset(words[2:])
                return "+OK\r\n"
            if words[1] == "SET":
                self.set.update([words[2].split("=", 1)])
                return "+OK\r\n"
            text = "\n".join(self.log)
            return "$%d\r\n%s\r\n" % (len(text), text)
        if self.set["denied"] == name:
            return self.error("error-restricted")
        if state == "shutting-down":
            return self.error("error-shutting-down")
        if name == "PING":
            loading = state in ("loading", "full-sync")
            return self.error("error-loading") if loading else "+PONG\r\n"
        if state == "taken-over":
            return self.error("error-loading")
        if name == "INFO":
            return self.info(words[1])
        self.log.append(" ".join(words)) if (name, words[-1]) != ("CLIENT", "LIST") else None
        if name == "CONFIG":
            if words[1].upper() == "GET":
                self.log.pop()
                return "*0\r\n"
            return self.error("error-rewrite")
        if name == "CLIENT":
            return self.client(words)
        if name == "REPLICAOF":
            return self.replicaof(words[1], words[2])
        if name == "REPLTAKEOVER":
            return self.takeover()
        return "-ERR unknown command `%s`\r\n" % words[0]

    def serve(self, conn, addr):
        lines = conn.makefile("rb")
        try:
            while True:
                head = lines.readline()
                if not head:
                    return
                words = []
                for _ in range(int(head[1:])):
                    n = int(lines.readline()[1:])
                    words.append(lines.read(n + 2)[:-2].decode())
                conn.sendall(self.answer(words).encode())
        except OSError:
            pass
        finally:
            self.conns.pop(addr, None)
            conn.close()

    def run(self):
        print(self.port, flush=True)
        while True:
            conn, peer = self.listener.accept()
            addr = "%s:%d" % peer
            self.conns[addr] = conn
            threading.Thread(target=self.serve, args=(conn, addr), daemon=True).start()


Double(sys.argv[1:]).run()
