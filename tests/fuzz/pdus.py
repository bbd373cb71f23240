#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Sends a target PDUs that are almost right: whole sessions of them, made of
every kind of request with fields, lengths, digests, order and text changed.
What it sends follows from the seed and the number of the session alone, but
for the tags that the target chooses, so a session can be run again:

    tests/fuzz/pdus.py --seed 7 --first 1234 --sessions 1

It ends with status 1 if the target no longer answers a proper initiator; what
the target's kernel logs is for the caller to look at.
"""

import argparse
import os
import random
import sys
import time
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "tests/lib"))

from ktap import Failed  # noqa: E402
from pdu import *  # noqa: E402,F403
from pdu import FIELDS, UNKNOWN, rw10  # noqa: E402

NUMBERS = [0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 127, 128, 255, 256, 511, 512,
           513, 4095, 4096, 8191, 8192, 8193, 65535, 65536, 1 << 18, 1 << 24,
           0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff]
CDBS = [0x00, 0x03, 0x08, 0x0a, 0x12, 0x1a, 0x1b, 0x25, 0x28, 0x28, 0x28,
        0x2a, 0x2a, 0x2a, 0x2e, 0x2f, 0x35, 0x41, 0x42, 0x4d, 0x55, 0x5a,
        0x5e, 0x5f, 0x7f, 0x83, 0x84, 0x88, 0x89, 0x8a, 0x8e, 0x8f, 0x91,
        0x93, 0x9b, 0x9c, 0x9e, 0xa0, 0xa3, 0xa4, 0xa8, 0xaa, 0xae, 0xaf]
KEYS = ["SendTargets", "MaxRecvDataSegmentLength", "InitiatorAlias",
        "HeaderDigest", "MaxBurstLength", "X-com.example.key", "k" * 63,
        "TargetName", "ErrorRecoveryLevel"]
VALUES = ["", "All", "Yes", "No", "0", "512", "8192", "16777215", "16777216",
          "-1", "0x200", "None", "CRC32C", "9" * 255, "=", "=" * 40, "\xff"]


def number(rng, size):
    value = rng.choice(NUMBERS) if rng.random() < 0.7 else rng.getrandbits(32)
    return value & ((1 << 8 * size) - 1)


class Session:
    """One connection, and the requests that are sent on it."""

    def __init__(self, rng, target, units):
        self.rng, self.units = rng, units
        pick = rng.choice
        self.conn = Conn(patience=30)
        self.conn.isid = bytes([0x80, 0xf, 0, 0, 0, rng.randrange(4)])
        self.conn.login(
            target, "iqn.2001-04.com.example:fuzz", self.conn.isid,
            InitialR2T=pick(["Yes", "No"]), ImmediateData=pick(["Yes", "No"]),
            ErrorRecoveryLevel=pick([0, 0, 1, 2]),
            MaxConnections=pick([1, 4]),
            HeaderDigest=pick(["None", "CRC32C"]),
            DataDigest=pick(["None", "CRC32C"]),
            MaxRecvDataSegmentLength=pick([512, 8192, 262144]),
            MaxBurstLength=pick([512, 8192, 65536, 262144]),
            FirstBurstLength=pick([512, 4096, 65536]),
            MaxOutstandingR2T=pick([1, 2, 16]))
        self.r2ts, self.texts, self.tags, self.sent = [], [], [1], 0
        self.over = False

    # --- requests that are right

    def tag(self):
        return self.rng.choice(self.tags[-20:])

    def nop(self):
        return self.conn.make(NOP_OUT | self.rng.choice([0, IMMEDIATE]),
                              data=bytes(self.rng.choice([0, 1, 100, 5000])))

    def scsi(self):
        rng = self.rng
        op, blocks = rng.choice(CDBS), rng.choice([0, 1, 2, 8, 64, 300])
        length = blocks * 512
        flags = rng.choice([0, READ, WRITE, READ | WRITE])
        data = b""
        if flags & WRITE and rng.random() < 0.5:
            data = rng.randbytes(min(length, rng.choice([0, 512, 4096])))
        cdb = bytearray(rw10(op, rng.choice([0, 1, 5000]), blocks))
        if rng.random() < 0.3:
            cdb = bytearray(16)
            cdb[0], cdb[rng.randrange(1, 16)] = op, rng.getrandbits(8)
        ahs = b""
        if rng.random() < 0.05:
            ahs = struct.pack(">HBB", rng.randrange(40), rng.randrange(4), 0
                              ) + rng.randbytes(rng.choice([0, 4, 16, 36]))
        return self.conn.make(
            SCSI | (IMMEDIATE if rng.random() < 0.1 else 0), data=data,
            ahs=ahs, cdb=bytes(cdb), edtl=length,
            lun=lun(rng.choice(self.units)),
            flags=flags | rng.randrange(5) | rng.choice([FINAL, FINAL, 0]))

    def data_out(self):
        rng = self.rng
        if not self.r2ts:
            return self.conn.make(
                DATA_OUT, itt=self.tag(), data=bytes(512),
                ttt=rng.choice([RESERVED, 0, 0x10001]),
                flags=rng.choice([0, FINAL]))
        r2t = rng.choice(self.r2ts)
        if rng.random() < 0.7:
            self.r2ts.remove(r2t)
        length = min(r2t.length, 8192)
        return self.conn.make(
            DATA_OUT, itt=r2t.itt, ttt=r2t.ttt, offset=r2t.offset,
            data=bytes(length),
            flags=FINAL if length == r2t.length else 0)

    def tmf(self):
        rng = self.rng
        return self.conn.make(
            TMF | IMMEDIATE, flags=FINAL | rng.randrange(1, 14),
            ref=self.tag(), lun=lun(rng.choice(self.units)),
            refcmdsn=self.conn.cmdsn - rng.randrange(3) & 0xffffffff)

    def text(self):
        rng = self.rng
        data = b"".join(
            f"{rng.choice(KEYS)}={rng.choice(VALUES)}\0".encode("latin-1")
            for _ in range(rng.choice([0, 1, 1, 2, 10, 60])))[:8192]
        if not self.texts or rng.random() < 0.3:
            return self.conn.make(TEXT | rng.choice([0, IMMEDIATE]), data=data,
                                  flags=rng.choice([FINAL, 0, CONTINUE]))
        # or the sequence goes on
        rsp = self.texts.pop()
        return self.conn.make(TEXT, itt=rsp.itt, ttt=rsp.ttt,
                              data=rng.choice([b"", data]),
                              flags=rng.choice([FINAL, 0, CONTINUE]))

    def snack(self):
        return self.conn.make(SNACK, flags=FINAL | self.rng.randrange(4),
                              itt=self.tag(), begrun=number(self.rng, 4),
                              runlength=number(self.rng, 4))

    def other(self):
        op = self.rng.choice([LOGIN, LOGOUT, 7, 0x1c, NOP_IN, R2T, REJECT])
        return self.conn.make(op | self.rng.choice([0, IMMEDIATE]),
                              data=bytes(self.rng.choice([0, 4, 60])))

    # --- what is done to them

    def change(self, pdu):
        """A few fields get other values."""
        rng = self.rng
        for _ in range(rng.choice([0, 0, 0, 1, 1, 2, 5])):
            # the opcode may have changed
            fields = FIELDS.get(pdu.opcode, UNKNOWN)
            name = rng.choice(list(fields))
            if name in ("dlength", "ahslen") and rng.random() < 0.9:
                continue  # it would take the rest of the stream with it
            size = fields[name][1]
            if size <= 4:
                setattr(pdu, name, number(rng, size))
            else:
                setattr(pdu, name, rng.randbytes(size))
        if rng.random() < 0.05:
            pdu.bhs[rng.choice([0, 1, 2, 3, *range(8, 48)])
                    ] ^= 1 << rng.randrange(8)
        if pdu.data and rng.random() < 0.1:
            data = bytearray(pdu.data)
            data[rng.randrange(len(data))] = rng.getrandbits(8)
            pdu.__dict__["data"] = bytes(data)
        return pdu

    def next(self):
        """The next PDU as bytes."""
        rng = self.rng
        make = rng.choices([self.nop, self.scsi, self.data_out, self.tmf,
                            self.text, self.snack, self.other],
                           [10, 40, 30, 6, 8, 3, 3])[0]
        pdu = self.change(make())
        self.tags.append(pdu.itt)
        conn = self.conn
        return pdu.wire(conn.hdigest, conn.ddigest, rng.random() < 0.005,
                        rng.random() < 0.02)

    def answers(self, seconds):
        """Takes what has come."""
        try:
            while True:
                pdu = self.conn.receive(seconds)
                if pdu.opcode == R2T:
                    self.r2ts = self.r2ts[-20:] + [pdu]
                elif pdu.opcode == TEXT_RSP and not pdu.flags & FINAL:
                    self.texts = [pdu]
                elif pdu.opcode == REJECT:
                    # the gap that it leaves (RFC 7143 7.3)
                    self.conn.cmdsn = pdu.expcmdsn
                seconds = 0.001
        except TimeoutError:
            pass

    def send(self, data):
        step = self.rng.choice([0, 0, 0, 0, 1, 7, 48, 1000])
        if step and len(data) < 3000:
            for at in range(0, len(data), step):
                self.conn.sock.sendall(data[at:at + step])
        else:
            self.conn.sock.sendall(data)

    def run(self):
        rng = self.rng
        try:
            for _ in range(rng.choice([1, 5, 20, 50])):
                batch = [self.next() for _ in range(rng.choice([1, 4, 10, 40]))]
                self.sent += len(batch)
                self.send(b"".join(batch))
                self.answers(rng.choice([0.001, 0.001, 0.02]))
            self.finish()
        except (EOFError, OSError):
            pass  # the target has had enough
        finally:
            self.conn.close()
        return self.sent

    def finish(self):
        """There are many ways of leaving."""
        rng, conn = self.rng, self.conn
        way = rng.randrange(5)
        if way == 0:
            conn.send_bytes(rng.randbytes(rng.choice([1, 47, 48, 5000])))
        elif way == 1:
            conn.send_bytes(self.next()[:rng.choice([1, 20, 48, 60])])
        elif way == 2:
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                 struct.pack("ii", 1, 0))
        elif way == 3:
            conn.finish()
            self.answers(0.1)


def proper(target, unit):
    """A proper initiator is served, and soon."""
    start = time.monotonic()
    name = f"iqn.2001-04.com.example:proper{os.getpid()}"
    with Conn(patience=30).login(target, name) as c:
        lba, data = os.getpid() % 1000 * 8, os.urandom(4096)
        c.ready(unit).write(lba, data, unit)
        if c.read(lba, 8, unit) != data:
            raise Failed("other data than was written")
        c.logout()
    return time.monotonic() - start


def fuzz(target, units, control, seed, first=0, sessions=0, count=0,
         seconds=0):
    """Runs sessions until one of the limits; returns how many PDUs."""
    end = time.monotonic() + seconds if seconds else None
    sent, slowest, at = 0, 0, first
    while not (sessions and at >= first + sessions or count and sent >= count
               or end and time.monotonic() > end):
        try:
            session = Session(random.Random(f"{seed}:{at}"), target, units)
            sent += session.run()
            if at % 20 == 0:
                slowest = max(slowest, proper(control, 0))
        except (Failed, EOFError, OSError) as error:
            raise Failed(f"seed {seed}, session {at}: {error}") from error
        at += 1
        if at % 500 == 0:
            print(f"# {at - first} sessions, {sent} PDUs", flush=True)
    print(f"# seed {seed}: {at - first} sessions, {sent} PDUs; a proper "
        f"initiator took {slowest:.2f} s at most")
    return sent


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.strip(),
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--target", default="iqn.2001-04.com.example:fuzz")
    add("--units", default="0,1", help="units that may be written to")
    add("--control", default="iqn.2001-04.com.example:control",
        help="a target that nobody fuzzes, with a unit 0 to be written to: "
        "others may reset the fuzzed one")
    add("--seed", type=int, default=int.from_bytes(os.urandom(4), "big"))
    add("--first", type=int, default=0, help="begin with this session")
    add("--sessions", type=int, default=0, help="so many sessions")
    add("--count", type=int, default=0, help="so many PDUs")
    add("--seconds", type=int, default=0, help="so long")
    args = parser.parse_args()
    if not args.sessions + args.count + args.seconds:
        parser.error("give --sessions, --count or --seconds")
    try:
        fuzz(args.target, [int(u) for u in args.units.split(",")],
             args.control, args.seed, args.first, args.sessions, args.count,
             args.seconds)
    except Failed as error:
        print(f"pdus.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
