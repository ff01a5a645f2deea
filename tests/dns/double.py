# SPDX-License-Identifier: MIT
"""A name server that does what the first part of a name says, its mode: "silent.db.example.test".
Prints its port, then serves UDP and TCP on 127.0.0.1.

  double.py SECRET

Questions are answered, with authority, by "nothing is there", unless the mode is one of a question.
What comes is told on stderr: "udp update silent" and the like.

  of updates:
    ok           takes them, signed
    silent       no answer
    drop         no answer to the first copy of each
    late         takes them, 300 ms later
    unsigned     takes them, without a signature
    wrongmac     takes them, with a signature that is damaged
    otherkey     takes them, signed with another secret
    otheralg     takes them, signed with hmac-sha1
    wrongid      takes them, with another id
    wrongsource  takes them, from another port
    garbage      bytes
    half         the first half of a right answer
    flood        300 times garbage by UDP, and right by TCP
    forged       an unsigned refusal by UDP, and right by TCP
    cut          cut off by UDP, and right by TCP
    cutalways    cut off by TCP too
    close        by UDP cut off, by TCP closed at once
    pieces       by UDP cut off, by TCP byte after byte
    long         by UDP cut off, by TCP 60000 bytes
    race         the prerequisite is never met, signed
    raceonce     is not met once, signed
    badtime      BADTIME, signed, of a clock an hour ahead
    servfail, refused, notzone, notauth, notimp, formerr, nxdomain   the code, signed
    servfailonce the code once, signed, then takes them
    barenotauth, barenotimp     the code, unsigned
  of questions:
    q-silent, q-garbage, q-half, q-wrongid, q-othername, q-wrongsource, q-question
    q-servfail, q-refused, q-formerr, q-notimp, q-notauth
    q-referral   no authority
    q-cut        cut off by UDP, and right by TCP
    q-cutalways  cut off by TCP too
    q-alias      a CNAME
    q-damaged    a TXT record that begins as one of ours
    q-many       40 TXT records
    q-flood      300 times garbage by UDP, and right by TCP
"""
import base64
import hashlib
import hmac
import os
import select
import socket
import struct
import sys
import threading
import time

SECRET = base64.b64decode(sys.argv[1])
CODES = {"servfail": 2, "refused": 5, "notzone": 10, "notauth": 9, "notimp": 4, "formerr": 1,
         "nxdomain": 3, "servfailonce": 2, "barenotauth": 9, "barenotimp": 4}
seen = {}


def skip_name(m, at):
    while m[at]:
        if m[at] & 0xc0:
            return at + 2
        at += m[at] + 1
    return at + 1


def skip_record(m, at):
    at = skip_name(m, at)
    return at + 10 + struct.unpack_from("!H", m, at + 8)[0]


def wire(name):
    return b"".join(bytes([len(x)]) + x.encode() for x in name.split(".") if x) + b"\0"


def question(m):
    return m[12:skip_name(m, 12) + 4]


def mode_of(m):
    """An update has its zone as question; its name begins the first record after it."""
    at = 12 if m[2] & 0x78 == 0 else skip_name(m, 12) + 4
    return m[at + 1:at + 1 + m[at]].decode().lower()


def request_mac(m):
    """The signature of a request, whose last record it is in."""
    n = struct.unpack_from("!4H", m, 4)
    at = 12
    for _ in range(n[0]):
        at = skip_name(m, at) + 4
    for _ in range(n[1] + n[2] + n[3] - 1):
        at = skip_record(m, at)
    at = skip_name(m, at) + 10
    at = skip_name(m, at) + 8  # the algorithm, the time, the fudge
    size = struct.unpack_from("!H", m, at)[0]
    return m[at + 2:at + 2 + size]


def signed(m, request, secret=SECRET, error=0, when=None, other=b"", digest="sha256", damage=False):
    when = int(time.time()) if when is None else when
    key, alg = wire("haguard"), wire("hmac-" + digest)
    clock = struct.pack("!HIH", when >> 32, when & 0xffffffff, 300)
    mac = request_mac(request)
    data = (struct.pack("!H", len(mac)) + mac + m + key + struct.pack("!HI", 255, 0) + alg + clock +
            struct.pack("!HH", error, len(other)) + other)
    sig = hmac.new(secret, data, getattr(hashlib, digest)).digest()
    if damage:
        sig = bytes([sig[0] ^ 1]) + sig[1:]
    body = (alg + clock + struct.pack("!H", len(sig)) + sig + m[:2] +
            struct.pack("!HH", error, len(other)) + other)
    count = struct.unpack_from("!H", m, 10)[0] + 1
    return (m[:10] + struct.pack("!H", count) + m[12:] + key +
            struct.pack("!HHIH", 250, 255, 0, len(body)) + body)


def answer(m, rcode=0, flags=0x8400, records=(), ident=None):
    opcode = struct.unpack_from("!H", m, 2)[0] & 0x7800
    return (struct.pack("!HHHHHH", struct.unpack_from("!H", m)[0] if ident is None else ident,
                        flags | opcode | rcode, 1, len(records), 0, 0) + question(m) +
            b"".join(records))


def record(rtype, data):
    return b"\xc0\x0c" + struct.pack("!HHIH", rtype, 1, 5, len(data)) + data


def string(text):
    return bytes([len(text)]) + text.encode()


def to_update(m, tcp, mode):
    """A list of answers: bytes, or bytes and how to send them."""
    good = signed(answer(m, flags=0x8000), m)
    first = seen.setdefault(("u", m), 0) == 0
    seen[("u", m)] += 1
    count = seen[mode] = seen.get(mode, 0) + 1
    cut = answer(m, flags=0x8200)
    if mode == "silent" or (mode == "drop" and first):
        return []
    if mode == "late":
        time.sleep(0.3)
    if mode == "unsigned":
        return [answer(m, flags=0x8000)]
    if mode == "wrongmac":
        return [signed(answer(m, flags=0x8000), m, damage=True)]
    if mode == "otherkey":
        return [signed(answer(m, flags=0x8000), m, secret=b"another")]
    if mode == "otheralg":
        return [signed(answer(m, flags=0x8000), m, digest="sha1")]
    if mode == "wrongid":
        return [signed(answer(m, flags=0x8000, ident=struct.unpack_from("!H", m)[0] ^ 1), m)]
    if mode == "wrongsource" and not tcp:
        return [(good, "elsewhere")]
    if mode == "garbage":
        return [b"\x17garbage that is no message"]
    if mode == "half":
        return [good[:len(good) // 2]]
    if mode == "flood" and not tcp:
        return [os.urandom(40)] * 300
    if mode == "forged" and not tcp:
        return [answer(m, rcode=5, flags=0x8000)]
    if mode in ("cut", "cutalways", "close", "pieces", "long") and not tcp:
        return [signed(cut, m)]
    if mode == "cutalways":
        return [signed(cut, m)]
    if mode == "close":
        return [(b"", "close")]
    if mode == "pieces":
        return [(good, "pieces")]
    if mode == "long":
        return [good + b"\0" * (60000 - len(good))]
    if mode == "race" or (mode == "raceonce" and count == 1):
        return [signed(answer(m, rcode=8, flags=0x8000), m)]
    if mode == "badtime":
        now = int(time.time())
        there = now + 3600
        return [signed(answer(m, rcode=9, flags=0x8000), m, error=18, when=now,
                       other=struct.pack("!HI", there >> 32, there & 0xffffffff))]
    if mode.startswith("bare"):
        return [answer(m, rcode=CODES[mode], flags=0x8000)]
    if mode in CODES and not (mode == "servfailonce" and count > 1):
        return [signed(answer(m, rcode=CODES[mode], flags=0x8000), m)]
    return [good]


def to_question(m, tcp, mode):
    rtype = struct.unpack("!H", question(m)[-4:-2])[0]
    mode = mode[2:] if mode.startswith("q-") else ""
    if mode == "silent":
        return []
    if mode == "garbage":
        return [b"\x17garbage that is no message"]
    if mode == "half":
        return [answer(m, records=[record(16, string("x" * 100))])[:60]]
    if mode == "wrongid":
        return [answer(m, ident=struct.unpack_from("!H", m)[0] ^ 1)]
    if mode == "othername":
        return [answer(m[:12] + b"\x01" + b"x" + b"\0" + question(m)[-4:])]
    if mode == "wrongsource" and not tcp:
        return [(answer(m), "elsewhere")]
    if mode == "question":
        return [m]
    if mode in CODES:
        return [answer(m, rcode=CODES[mode])]
    if mode == "referral":
        return [answer(m, flags=0x8000)]
    if mode == "cutalways" or (mode == "cut" and not tcp):
        return [answer(m, flags=0x8600)]
    if mode == "alias":
        return [answer(m, records=[record(5, wire("elsewhere.test"))])]
    if mode == "damaged" and rtype == 16:
        return [answer(m, records=[record(16, string("haguard term=seven gen=1"))])]
    if mode == "many" and rtype == 16:
        return [answer(m, records=[record(16, string("text %d" % i)) for i in range(40)])]
    if mode == "flood" and not tcp:
        return [os.urandom(40)] * 300
    return [answer(m)]


def answers(m, tcp):
    update = m[2] & 0x78 == 0x28
    mode = mode_of(m)
    sys.stderr.write("%s %s %s\n" % ("tcp" if tcp else "udp",
                                     "update" if update else "question", mode))
    sys.stderr.flush()
    for a in to_update(m, tcp, mode) if update else to_question(m, tcp, mode):
        yield a if isinstance(a, tuple) else (a, "")


def serve_tcp(conn):
    conn.settimeout(3)
    conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        while True:
            size = struct.unpack("!H", conn.recv(2, socket.MSG_WAITALL))[0]
            m = conn.recv(size, socket.MSG_WAITALL)
            for a, how in answers(m, True):
                if how == "close":
                    raise OSError
                data = struct.pack("!H", len(a)) + a
                step = 1 if how == "pieces" else len(data)
                for i in range(0, len(data), step):
                    conn.sendall(data[i:i + step])
                    time.sleep(0.001 if how == "pieces" else 0)
    except (OSError, struct.error):
        pass
    conn.close()


def serve_udp(udp, elsewhere, m, peer):
    for a, how in answers(m, False):
        (elsewhere if how == "elsewhere" else udp).sendto(a, peer)


def main():
    while True:
        tcp = socket.socket()
        tcp.bind(("127.0.0.1", 0))
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            udp.bind(tcp.getsockname())
            break
        except OSError:
            pass
    tcp.listen(128)
    elsewhere = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    elsewhere.bind(("127.0.0.1", 0))
    print(udp.getsockname()[1], flush=True)
    while True:
        for s in select.select([udp, tcp], [], [])[0]:
            if s is tcp:
                work, args = serve_tcp, (tcp.accept()[0],)
            else:
                work, args = serve_udp, (udp, elsewhere) + udp.recvfrom(65535)
            threading.Thread(target=work, args=args, daemon=True).start()


main()
