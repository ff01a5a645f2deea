# SPDX-License-Identifier: MIT
"""control.py SOCKET PID - whatever is sent to the control socket, others are served."""
import json
import os
import random
import socket
import sys
import threading
import time

path, pid = sys.argv[1], int(sys.argv[2])


def report(name, ok, *notes):
    for n in () if ok else notes:
        print("#", n)
    print(f"{'ok' if ok else 'not ok'} - daemon/control: {name}")


def connect():
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(20)
    for _ in range(200):
        try:
            s.connect(path)
            break
        except BlockingIOError:  # so many wait to be let in
            time.sleep(0.05)
    return s


def lines(s, upto="end"):
    """The objects of an answer."""
    f, out = s.makefile("rb"), []
    for line in f:
        out.append(json.loads(line))
        if out[-1]["type"] == upto:
            break
    return out


def ask(text):
    s = connect()
    s.sendall(text)
    answer = lines(s)
    s.close()
    return answer


def alive():
    try:
        return ask(b"status\n")[-1]["code"] == 0
    except (OSError, ValueError, IndexError):
        return False


def memory():
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmRSS"):
            return int(line.split()[1])


def files():
    return len(os.listdir(f"/proc/{pid}/fd"))


start_memory, start_files = memory(), files()

# words
for name, text in {
    "nothing": b"\n", "tabs": b"\t\t\t\n", "blanks": b"   \n", "a command that is none": b"stauts\n",
    "a word too many": b"resume\tone\tx\n", "too many words": b"status" + b"\tx" * 50 + b"\n",
    "a key without a value": b"switchover\tone\tto=\n", "bytes": bytes(range(11, 256)) + b"\n",
    "a cluster that is no name": b"explain\t" + bytes(range(128, 256)) + b"\n",
    "a path": b"explain\t../../etc/passwd\n", "JSON": b'{"command":"status"}\n',
    "HTTP": b"GET /metrics HTTP/1.1\r\n",
}.items():
    answer = ask(text)
    code = answer[-1]["code"]
    report(f"{name} is answered", code in (2, 4), answer)
report("a line end of two bytes is taken", ask(b"status\r\n")[-1]["code"] == 0)
report("a zero byte is refused", ask(b"status\0x\n")[-1]["code"] == 2)

# several requests in one piece, one request in many
s = connect()
s.sendall(b"status\n" * 20)
got = [lines(s)[-1]["code"] for _ in range(1)]
s.close()
s = connect()
for c in b"status\tone\n":
    s.sendall(bytes([c]))
    time.sleep(0.01)
report("a request in single bytes", lines(s)[-1]["code"] == 0)
s.close()
s = connect()
s.sendall(b"status\n" * 50)
s.shutdown(socket.SHUT_WR)
f = s.makefile("rb")
ends = sum(json.loads(line)["type"] == "end" for line in f)
report("fifty requests in one piece", ends == 50, f"{ends} answers")
s.close()

# too long
s = connect()
try:
    s.sendall(b"x" * 5000)
    answer = lines(s)
    ok = answer[-1]["code"] == 2 and s.recv(1) == b""
except OSError as e:
    ok, answer = True, e
report("a line that is too long is refused", ok, answer)
s = connect()
try:
    for _ in range(2000):
        s.sendall(b"y" * 10000)
    ok = False
except OSError:
    ok = True
report("a line without an end is not kept", ok)
report("answers after that", alive())

# half requests stay open
half = []
for _ in range(50):
    h = connect()
    h.sendall(b"stat")
    half.append(h)
report("half requests hold up nobody", alive())

# gone before the answer
for _ in range(200):
    h = connect()
    h.sendall(b"status\n")
    h.close()
report("who does not wait for an answer does no harm", alive())

# junk
rng = random.Random(1)
for _ in range(300):
    h = connect()
    try:
        h.sendall(bytes(rng.choice(b"\n\t\0 =abstu\xff{\"") for _ in range(rng.randrange(200))))
    except OSError:
        pass
    h.close()
report("junk does no harm", alive())

# a hundred at once
results = []


def one():
    try:
        results.append(all(ask(b"status\n")[-1]["code"] == 0 for _ in range(5)))
    except (OSError, ValueError, IndexError) as e:
        results.append(e)


threads = [threading.Thread(target=one) for _ in range(100)]
for t in threads:
    t.start()
for t in threads:
    t.join()
report("a hundred clients at once", results == [True] * 100, [r for r in results if r is not True][:3])

# more than there is room for: said, not crashed
many = []
refused = 0
for _ in range(300):
    h = connect()
    many.append(h)
for h in many:
    h.setblocking(False)
end = time.monotonic() + 10
while refused == 0 and time.monotonic() < end:
    for h in many:
        try:
            refused += b"too many" in h.recv(200)
        except OSError:
            pass  # no word yet
    time.sleep(0.05)
report("too many clients are told so", refused > 0)
for h in many + half:
    h.close()
time.sleep(0.5)
report("there is room again", alive())

# slow readers: each asks a lot and reads nothing
slow = []
for _ in range(20):
    h = connect()
    h.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    h.setblocking(False)
    try:
        for _ in range(2000):
            h.send(b"status\n" * 500)
    except OSError:
        pass
    slow.append(h)
follow = []
for _ in range(20):
    h = connect()
    h.sendall(b"events\tfollow\n")
    follow.append(h)
for i in range(3000):
    ask(b"switchover\tone\tto=a\n") if i % 10 == 0 else None
report("slow readers hold up nobody", alive())
grown = memory() - start_memory
report("slow readers do not fill the memory", grown < 30000, f"{grown} kB more")
for h in slow + follow:
    h.close()
time.sleep(1)
report("no descriptor stays behind", files() <= start_files + 2, f"{start_files} then {files()}")
