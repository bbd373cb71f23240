#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 7200
"""
All commands that read or change a medium, at random, beside an exact model of
each logical unit: status, sense, residual count and data must be what the model
says, and so must the files be, as the host sees them. A mismatch shows the
last commands; the seed makes them come again.

    tests/long/model.py [SECONDS [SEED [STEPS]]]	60 seconds

Several sessions with different negotiated values take turns, or have commands
in flight at the same time, on ranges that do not overlap.
"""

import collections
import os
import random
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ["IET_TOP"], "tests/lib"))

from hangdisk import sh  # noqa: E402
from ktap import (FOLDER, IQN, Failed, Target, case, ietadm,  # noqa: E402
                  image, main, note, wait_for)
from pdu import (CHECK_CONDITION, COMPLETE, GOOD, LUN_RESET,  # noqa: E402
                 READ, TMF_RSP, WRITE)
from tasks import Task, Tasks  # noqa: E402

ARGS = [int(word, 0) for word in sys.argv[1:]]
SECONDS = ARGS[0] if ARGS else 60
SEED = ARGS[1] if len(ARGS) > 1 else random.getrandbits(32)
STEPS = ARGS[2] if len(ARGS) > 2 else 1 << 62
del sys.argv[1:]

MODEL = f"{IQN}:model"
DISKS = FOLDER / "model-fs"
OUT_OF_RANGE, BAD_FIELD, BAD_OPCODE = (5, 0x2100), (5, 0x2400), (5, 0x2000)
MISCOMPARED = 0xe, 0x1d00
PROTECTED, SW_PROTECTED = (7, 0x2700), (7, 0x2702)
STOPPED = 2, 0x0402
ATTENTION, RESET_OCCURRED, CAPACITY, MODE = 6, 0x2903, 0x2a09, 0x2a01
DPO, FUA, UNMAP, ANCHOR, NDOB = 0x10, 0x08, 0x08, 0x10, 0x01

SESSIONS = (
    {},
    {"InitialR2T": "No", "MaxOutstandingR2T": 4, "FirstBurstLength": 4096,
     "MaxBurstLength": 12288, "MaxRecvDataSegmentLength": 1024},
    {"ImmediateData": "No", "InitialR2T": "No", "MaxBurstLength": 65536,
     "MaxRecvDataSegmentLength": 262144, "ErrorRecoveryLevel": 1},
    {"ImmediateData": "No", "MaxBurstLength": 512, "FirstBurstLength": 512,
     "MaxRecvDataSegmentLength": 512},
    {"HeaderDigest": "CRC32C", "DataDigest": "CRC32C", "InitialR2T": "No",
     "MaxRecvDataSegmentLength": 4100, "MaxBurstLength": 16388},
)


class Unit:
    """What a logical unit is to be."""

    def __init__(self, number, file, options, size, path=None):
        self.number, self.file, self.options = number, file, options
        self.path = path or file
        self.block = 4096 if "BlockSize=4096" in options else 512
        self.thin = "ThinProvisioned=Yes" in options
        self.ro = "IOMode=ro" in options
        self.crypt = "Encrypted=Yes" in options
        self.is_file = path is None
        self.data = bytearray(size)
        self.anything = set()  # blocks whose data nobody promises
        self.start_over()

    def start_over(self):
        """It is served anew."""
        self.wce, self.swp = "IOMode=wb" in self.options, False

    @property
    def blocks(self):
        return len(self.data) // self.block

    @property
    def params(self):
        return f"Path={self.path},{self.options}"

    def get(self, lba, blocks):
        return bytes(self.data[lba * self.block:(lba + blocks) * self.block])

    def put(self, lba, data):
        at = lba * self.block
        self.data[at:at + len(data)] = data

    def protection(self):
        return PROTECTED if self.ro else SW_PROTECTED if self.swp else None


class Want:
    """What a command should do: its answer, and then what it changes."""

    def __init__(self, name, unit, cdb, out=b"", length=0, data=None,
                 effect=None, fails=None, exact=False, info=None, span=None):
        self.name, self.unit, self.cdb, self.out = name, unit, cdb, out
        self.length = len(out) if out else length
        self.data, self.effect, self.fails = data, effect, fails
        self.exact, self.info = exact, info
        self.span = span or (0, unit.blocks)
        self.edtl = self.length
        self.flags = WRITE if out else READ if length else 0

    def __str__(self):
        return (f"LUN {self.unit.number} {self.name} blocks {self.span[0]}+"
                f"{self.span[1]} {self.cdb.hex()} EDTL {self.edtl} of "
                f"{self.length} flags {self.flags:#x}"
                + (f" fails {self.fails}" if self.fails else ""))


def cdb6(opcode, lba, blocks):
    return struct.pack(">IBB", opcode << 24 | lba, blocks & 0xff, 0)


def cdb10(opcode, lba, blocks, flags=0):
    return struct.pack(">BBIBHB", opcode, flags, lba, 0, blocks, 0)


def cdb12(opcode, lba, blocks, flags=0):
    return struct.pack(">BBIIBB", opcode, flags, lba, blocks, 0, 0)


def cdb16(opcode, lba, blocks, flags=0):
    return struct.pack(">BBQIBB", opcode, flags, lba, blocks, 0, 0)


def cdb32(action, lba, blocks, flags=0):
    return struct.pack(">BB5xBHBxQ8xI", 0x7f, 0, 0x18, action, flags, lba,
                       blocks)


FORMS = {6: cdb6, 10: cdb10, 12: cdb12, 16: cdb16, 32: cdb32}


class Commands:
    """Makes commands; the model must not change before they are sent."""

    def __init__(self, rng):
        self.rng = rng

    # --- what they have in common

    def maybe(self, chance):
        return self.rng.random() < chance

    def place(self, unit, most=None):
        r, blocks = self.rng, unit.blocks
        most = min(most or blocks, 1 << 21 >> unit.block.bit_length() - 1)
        lba = r.choice((0, 8, r.randrange(64), r.randrange(blocks),
                        r.randrange(blocks), blocks - 1 - r.randrange(16)))
        n = r.choice((0, 1, 1, 8, r.randint(1, 16), r.randint(1, 64),
                      r.randint(1, 64), r.randint(1, 700)))
        return lba, min(n, most, blocks - lba)

    def bytes(self, count, block=512):
        """Half of them are compared with what is there, or are zeroes."""
        if self.maybe(0.15):
            return bytes(count)
        if self.maybe(0.3):
            return self.rng.randbytes(block) * (count // block)
        return self.rng.randbytes(count)

    def form(self, codes, lba, blocks, flags=0):
        """One of the CDBs that can say so."""
        fit = [length for length in codes
               if length != 6 or not flags and 0 < blocks <= 256
               and lba + blocks <= 1 << 21]
        length = self.rng.choice(fit)
        if length == 6:
            return cdb6(codes[6], lba, blocks)
        return FORMS[length](codes[length], lba, blocks, flags)

    def spoil(self, want):
        """Once in a while: too few or too many bytes, no direction."""
        if want.exact or want.fails or not want.flags or self.maybe(0.9):
            return want
        block = want.unit.block
        want.edtl = self.rng.choice((
            want.length + 4, want.length + block, want.length // 2,
            self.rng.randrange(want.length), want.length - block))
        want.edtl = max(want.edtl, 0)
        if self.maybe(0.05):
            want.flags = want.edtl = 0
        return want

    def have(self, want, whole=True):
        """How much Data-Out of it there is."""
        have = min(want.edtl, want.length)
        return have - have % want.unit.block if whole else have

    # --- READ, WRITE

    def read(self, unit):
        lba, n = self.place(unit)
        flags = self.rng.choice((0, 0, DPO, FUA, DPO | FUA))
        cdb = self.form({6: 0x08, 10: 0x28, 12: 0xa8, 16: 0x88, 32: 9}, lba,
                        n, flags)
        return self.spoil(Want("READ", unit, cdb, length=n * unit.block,
                               data=unit.get(lba, n), span=(lba, n)))

    def write(self, unit):
        lba, n = self.place(unit)
        flags = self.rng.choice((0, 0, DPO, FUA, DPO | FUA))
        cdb = self.form({6: 0x0a, 10: 0x2a, 12: 0xaa, 16: 0x8a, 32: 11}, lba,
                        n, flags)
        want = self.spoil(Want("WRITE", unit, cdb, span=(lba, n),
                               out=self.bytes(n * unit.block)))
        have = self.have(want, whole=False)
        want.effect = lambda: unit.put(lba, want.out[:have])
        return want

    def write_verify(self, unit):
        lba, n = self.place(unit)
        cdb = self.form({10: 0x2e, 12: 0xae, 16: 0x8e, 32: 12}, lba, n,
                        self.rng.choice((0, 2, DPO, DPO | 2)))
        want = self.spoil(Want("WRITE AND VERIFY", unit, cdb, span=(lba, n),
                               out=self.bytes(n * unit.block)))
        have = self.have(want)
        want.effect = lambda: unit.put(lba, want.out[:have])
        return want

    def orwrite(self, unit):
        lba, n = self.place(unit)
        flags = self.rng.choice((0, DPO, FUA))
        want = self.spoil(Want("ORWRITE", unit, cdb16(0x8b, lba, n, flags),
                               span=(lba, n), out=self.bytes(n * unit.block)))
        have = self.have(want)

        def effect():
            old = int.from_bytes(unit.get(lba, n)[:have], "big")
            new = int.from_bytes(want.out[:have], "big")
            unit.put(lba, (old | new).to_bytes(have, "big"))
        want.effect = effect
        return want

    def write_atomic(self, unit):
        """All of it, or nothing; as far as the medium's limits go."""
        most, align, least = unit.atomic
        lba, n = self.place(unit, self.rng.choice((most, most, None)))
        if most and self.maybe(0.7):
            lba -= lba % align
        cdb = struct.pack(">BBQ2xHxx", 0x9c, self.rng.choice((0, FUA)), lba,
                          n)
        want = self.spoil(Want("WRITE ATOMIC", unit, cdb, span=(lba, n),
                               out=self.bytes(n * unit.block)))
        if not most:
            want.fails = BAD_OPCODE
        elif n > most or n % least or n and lba % align:
            want.fails = BAD_FIELD
        elif self.have(want) == n * unit.block:
            want.effect = lambda: unit.put(lba, want.out[:want.length])
        return want

    # --- VERIFY, COMPARE AND WRITE

    def nearly(self, data):
        """The same, or with a byte changed."""
        if not data or self.maybe(0.6):
            return data
        at = self.rng.choice((0, len(data) - 1,
                              self.rng.randrange(len(data))))
        return data[:at] + bytes((data[at] ^ 0x80,)) + data[at + 1:]

    @staticmethod
    def differs(want, have, there):
        """Where the one is not the other: then it fails."""
        if have == there:
            return False
        want.info = next(i for i, (a, b) in enumerate(zip(have, there))
                         if a != b)
        want.fails = MISCOMPARED
        return True

    def verify(self, unit):
        lba, n = self.place(unit)
        bytchk = self.rng.choice((0, 2, 2, 6))
        there = unit.get(lba, n)
        out = self.nearly(there) if bytchk == 2 else b""
        if bytchk == 6 and n:
            out = self.nearly(unit.get(lba, 1))
        cdb = self.form({10: 0x2f, 12: 0xaf, 16: 0x8f, 32: 10}, lba, n,
                        bytchk | self.rng.choice((0, DPO)))
        want = self.spoil(Want(f"VERIFY {bytchk >> 1}", unit, cdb, out=out,
                               span=(lba, n)))
        have = want.out[:self.have(want)]
        if bytchk == 6 and have:
            self.differs(want, have * n, there)
        elif bytchk == 2:
            self.differs(want, have, there[:len(have)])
        return want

    def compare_write(self, unit):
        lba, n = self.place(unit, 16)
        there = unit.get(lba, n)
        new = self.bytes(n * unit.block)
        old = self.nearly(there)
        cdb = struct.pack(">BBQ3xBxx", 0x89, self.rng.choice((0, FUA)), lba,
                          n)
        want = Want("COMPARE AND WRITE", unit, cdb, out=old + new,
                    span=(lba, n), exact=True)
        if not self.differs(want, old, there):
            want.effect = lambda: unit.put(lba, new)
        return want

    # --- WRITE SAME, UNMAP, GET LBA STATUS

    def gone(self, unit, lba, n):
        unit.put(lba, bytes(n * unit.block))
        if not unit.zeroes:
            unit.anything.update(range(lba, lba + n))

    def write_same(self, unit):
        lba, n = self.place(unit)
        count = n or unit.blocks - lba
        long = self.maybe(0.6)
        flags = self.rng.choice((0, 0, UNMAP, UNMAP | ANCHOR, ANCHOR))
        ndob = long and self.maybe(0.3)
        block = b"" if ndob else self.bytes(unit.block)
        flags |= NDOB if ndob else 0
        cdb = self.form({16: 0x93, 32: 13} if long else {10: 0x41}, lba, n,
                        flags)
        want = Want("WRITE SAME", unit, cdb, out=block, exact=True,
                    span=(lba, count))
        fill = (block or bytes(unit.block)) * count
        if flags & ANCHOR and not flags & UNMAP or (flags & UNMAP
                                                    and not unit.thin):
            want.fails = BAD_FIELD
        else:
            want.effect = lambda: unit.put(lba, fill)
        return want

    def unmap(self, unit):
        spans = [self.place(unit) for _ in range(self.rng.choice(
            (0, 1, 1, 2, 5, 40)))]
        out = struct.pack(">HH4x", 6 + 16 * len(spans), 16 * len(spans))
        out += b"".join(struct.pack(">QI4x", *span) for span in spans)
        anchor = self.maybe(0.2)
        cdb = struct.pack(">BB5xHx", 0x42, anchor, len(out))
        want = Want("UNMAP", unit, cdb, out=out)

        def effect():
            for span in spans:
                self.gone(unit, *span)
        want.effect = effect
        if not unit.thin:
            want.fails = BAD_OPCODE
        elif self.maybe(0.1):  # nothing happens then
            spans.append((unit.blocks, 1))
            out = struct.pack(">HH4x", 6 + 16 * len(spans), 16 * len(spans))
            want.out = out + b"".join(struct.pack(">QI4x", *s) for s in spans)
            want.cdb = struct.pack(">BB5xHx", 0x42, 0, len(want.out))
            want.edtl = want.length = len(want.out)
            want.fails = OUT_OF_RANGE
        return want

    def lba_status(self, unit):
        lba = self.place(unit)[0]
        length = self.rng.choice((8, 24, 40, 4096))
        cdb = struct.pack(">BBQIxx", 0x9e, 0x12, lba, length)
        want = Want("GET LBA STATUS", unit, cdb, length=length,
                    span=(lba, 0))
        want.fails = None if unit.thin else BAD_OPCODE
        want.data = lambda data: self.check_status(unit, lba, data, length)
        return want

    @staticmethod
    def check_status(unit, lba, data, length):
        """What is deallocated is zeroes; there is no gap."""
        said = struct.unpack(">I", data[:4])[0] + 4
        if said > length and len(data) != length or (
                said <= length and len(data) != said):
            raise Failed(f"{len(data)} bytes of {said}, room for {length}")
        for at in range(8, len(data) - 15, 16):
            first, n, state = struct.unpack(">QIB", data[at:at + 13])
            if first != lba or not n or n > unit.blocks - lba:
                raise Failed(f"{n} blocks from {first} on, not {lba}")
            if state and unit.get(first, n).count(0) != n * unit.block:
                raise Failed(f"{n} blocks from {first} on have data")
            lba += n
        if said == len(data) and said < 4000 and lba != unit.blocks:
            raise Failed(f"status ends before block {lba} of {unit.blocks}")

    # --- the rest

    def flush(self, unit):
        lba, n = self.place(unit)
        cdb = self.form({10: 0x35, 16: 0x91}, lba, n,
                        self.rng.choice((0, 2)))
        return Want("SYNCHRONIZE CACHE", unit, cdb, span=(lba, n))

    def prefetch(self, unit):
        lba, n = self.place(unit)
        cdb = self.form({10: 0x34, 16: 0x90}, lba, n,
                        self.rng.choice((0, 2)))
        return Want("PRE-FETCH", unit, cdb, span=(lba, n))

    def capacity(self, unit):
        data = struct.pack(">II", unit.blocks - 1, unit.block)
        return Want("READ CAPACITY", unit, cdb10(0x25, 0, 0), length=8,
                    data=data)

    def beyond(self, unit):
        """The end comes before the range does."""
        r = self.rng
        n = r.choice((1, 2, 9, 100))
        lba = r.choice((unit.blocks - n + 1, unit.blocks, (1 << 32) - 1,
                        (1 << 64) - 1, 1 << 63, unit.blocks + 1 << 12))
        sixteen = lba + n >> 32 or self.maybe(0.5)
        name = r.choice(("READ", "WRITE", "VERIFY", "WRITE SAME",
                         "SYNCHRONIZE CACHE", "ORWRITE"))
        ten, long = {"READ": (0x28, 0x88), "WRITE": (0x2a, 0x8a),
                     "VERIFY": (0x2f, 0x8f), "WRITE SAME": (0x41, 0x93),
                     "SYNCHRONIZE CACHE": (0x35, 0x91),
                     "ORWRITE": (None, 0x8b)}[name]
        if name == "ORWRITE" or sixteen:
            cdb = cdb16(long, lba, n)
        else:
            cdb = cdb10(ten, lba, n)
        out = {"WRITE": n, "ORWRITE": n, "WRITE SAME": 1}.get(name, 0)
        length = n * unit.block if name == "READ" else 0
        return Want(f"{name} beyond the end", unit, cdb, length=length,
                    out=bytes(out * unit.block), fails=OUT_OF_RANGE)

    def reserved(self, unit):
        """A bit is set that must not be."""
        r = self.rng
        cdb = bytearray(cdb10(r.choice((0x28, 0x2a, 0x2f, 0x35)), 0, 1))
        at, bits = r.choice(((1, 0xe0), (6, 0xe0), (9, 0x03)))
        cdb[at] |= 1 << r.choice([i for i in range(8) if bits >> i & 1])
        out = bytes(unit.block) if cdb[0] == 0x2a else b""
        length = unit.block if cdb[0] == 0x28 else 0
        return Want("reserved bit", unit, bytes(cdb), out, length,
                    fails=BAD_FIELD)


# how often: commands that leave the medium alone, and others
READERS = {"read": 30, "verify": 8, "lba_status": 4, "flush": 2,
           "prefetch": 2, "capacity": 1, "reserved": 1}
WRITERS = {"write": 30, "write_verify": 6, "orwrite": 4, "compare_write": 6,
           "write_same": 8, "unmap": 6, "write_atomic": 3}
ALL = {**READERS, **WRITERS, "beyond": 3}
# these keep to their span
TOGETHER = ("read", "write", "write_verify", "orwrite", "verify", "write_same",
            "compare_write", "flush", "prefetch")

# beside commands that read or write
EVENTS = {"race_or": 20, "race_compare": 20, "race_write": 30,
          "extended_copy": 30, "token_copy": 20, "format": 2, "sanitize": 1,
          "mode": 10, "stop_start": 3, "reset": 5, "resize": 6, "again": 4,
          "relogin": 5}


class World:
    """Target, sessions, units; what happens and whether it is right."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.commands = Commands(self.rng)
        self.log = collections.deque(maxlen=12)
        self.loops, self.sessions, self.mounted = [], [], False
        self.steps = collections.Counter()
        self.units = []

    # --- what there is

    def loop(self, path, *options):
        device = sh("losetup", *options, "-f", "--show", str(path))
        self.loops.append(device)
        return device

    def filesystem(self):
        """One that is not tmpfs, if the kernel has it."""
        subprocess.run(["modprobe", "ext4"], check=False, capture_output=True)
        device = self.loop(image("model-fs.img", 64 << 20))
        sh("mkfs.ext4", "-q", "-F", device)
        DISKS.mkdir(exist_ok=True)
        sh("mount", "-t", "ext4", device, str(DISKS))
        self.mounted = True

    def add(self, name, options, size, folder=FOLDER, block=False):
        path = folder / name
        with open(path, "wb") as file:
            file.truncate(size)
        sector = "4096" if "BlockSize=4096" in options else "512"
        device = self.loop(path, "-b", sector) if block else None
        self.units.append(Unit(len(self.units), path, options, size, device))

    def begin(self):
        FOLDER.mkdir(exist_ok=True)
        subprocess.run(["modprobe", "loop"], check=False)
        self.filesystem()
        mib = 1 << 20
        file, thin = "Type=fileio", "Type=fileio,ThinProvisioned=Yes"
        self.add("thick", file, mib)
        self.add("thin", thin, mib)
        self.add("back", thin + ",IOMode=wb", 3 * mib // 2)
        self.add("wide", thin + ",BlockSize=4096", 3 * mib)
        self.add("ext4", thin, mib, DISKS)
        self.add("ext4-wb", file + ",IOMode=wb,BlockSize=4096", 2 * mib,
                 DISKS)
        self.add("disk", "Type=blockio", mib, block=True)
        self.add("thin-disk", "Type=blockio,ThinProvisioned=Yes", mib,
                 block=True)
        self.add("secret", thin + ",Encrypted=Yes,ScsiId=secret", mib)
        self.add("odd", file, 999 * 512)
        self.add("ro", file + ",IOMode=ro", mib // 4)
        ro = self.units[-1]
        ro.data[:] = self.rng.randbytes(len(ro.data))
        ro.file.write_bytes(ro.data)
        self.target = Target(
            f"Target {MODEL}\n    InitialR2T No\n    ImmediateData Yes\n"
            "    MaxOutstandingR2T 4\n    MaxRecvDataSegmentLength 16384\n"
            "    ErrorRecoveryLevel 2\n    HeaderDigest CRC32C,None\n"
            "    DataDigest CRC32C,None\n" + "".join(
                f"    Lun {u.number} {u.params}\n" for u in self.units))
        self.sessions = [self.login(i) for i in range(len(SESSIONS))]
        for unit in self.units:
            self.learn(unit)

    def learn(self, unit):
        """What depends on the medium: Block Limits and READ CAPACITY(16)."""
        session = self.sessions[0]
        limits = session.run(Task(bytes((0x12, 1, 0xb0, 0, 64, 0)),
                                  unit.number, edtl=64)).data
        unit.atomic = struct.unpack(">III", limits[44:56])
        capacity = session.run(Task(struct.pack(">BB11xBxx", 0x9e, 0x10, 32),
                                    unit.number, edtl=32)).data
        page = session.run(Task(bytes((0x12, 1, 0x83, 1, 0, 0)), unit.number,
                                edtl=256)).data
        at = 4
        while page[at + 1] & 0x3f != 3:
            at += 4 + page[at + 3]
        unit.name = bytes(page[at:at + 4 + page[at + 3]])
        unit.zeroes = bool(capacity[14] & 0x40)

    def login(self, index):
        session = Tasks(self.rng, MODEL, f"{IQN}:model{index}",
                        **SESSIONS[index])
        for unit in self.units:
            session.ready(unit.number)
        return session

    def end(self):
        for session in self.sessions:
            session.close()
        self.target.end()
        if self.mounted:
            wait_for("the module lets the files go", lambda: not
                     subprocess.run(["umount", str(DISKS)],
                                    capture_output=True).returncode)
        for device in reversed(self.loops):
            wait_for("the module lets the disks go", lambda d=device: not
                     subprocess.run(["losetup", "-d", d],
                                    capture_output=True).returncode)

    # --- one command

    def judge(self, want, task):
        """What came against what had to come."""
        if want.fails:
            if (task.status, task.sense) != (CHECK_CONDITION, want.fails):
                raise Failed(f"status {task.status}, sense {task.sense}, not "
                             f"{want.fails}")
            if want.info is not None and task.info != want.info:
                raise Failed(f"information {task.info}, not {want.info}")
            if task.data:
                raise Failed(f"{len(task.data)} bytes in spite of an error")
            return
        if task.status != GOOD:
            raise Failed(f"status {task.status}, sense {task.sense}")
        if want.flags & READ and callable(want.data):
            want.data(bytes(task.data))
            return
        residual = want.length - want.edtl if want.flags else 0
        if task.residual != residual:
            raise Failed(f"residual {task.residual}, not {residual}")
        if want.flags & READ:
            self.same_data(want, bytes(task.data),
                           want.data[:want.edtl])

    def same_data(self, want, have, should):
        if len(have) != len(should):
            raise Failed(f"{len(have)} bytes, not {len(should)}")
        if have != should:
            at = next(i for i, (a, b) in enumerate(zip(have, should))
                      if a != b)
            count = sum(a != b for a, b in zip(have, should))
            raise Failed(f"{count} bytes differ, the first is {at}: "
                         f"{have[at:at + 16].hex()}, not "
                         f"{should[at:at + 16].hex()}")

    def make(self, unit, among=None):
        among = among or ALL
        name = self.rng.choices(list(among), list(among.values()))[0]
        want = getattr(self.commands, name)(unit)
        protection = unit.protection()
        changes = name in WRITERS or want.cdb[0] in (
            0x2a, 0x8a, 0x41, 0x93, 0x8b)
        if protection and changes and want.fails not in (
                OUT_OF_RANGE, BAD_OPCODE) or (
                    protection and want.name == "UNMAP" and unit.thin):
            if want.name != "reserved bit":
                want.fails, want.info, want.effect = protection, None, None
        return want

    def send(self, session, want):
        self.steps[want.name] += 1
        self.log.append(f"session {self.sessions.index(session)}: {want}")
        return session.start(Task(want.cdb, want.unit.number, want.out,
                                  want.edtl, want.flags))

    def done(self, want, task):
        try:
            self.judge(want, task)
        except Failed as error:
            raise Failed(f"{want}: {error}") from None
        if not want.fails and want.effect:
            want.effect()
        if want.unit.anything:
            self.settle(want.unit)

    def settle(self, unit):
        """What was unmapped, and not to read as zeroes, is what is there."""
        data = unit.file.read_bytes()
        for lba in unit.anything:
            at = lba * unit.block
            unit.put(lba, data[at:at + unit.block])
        unit.anything.clear()

    def one(self):
        session = self.rng.choice(self.sessions)
        want = self.make(self.rng.choice(self.units))
        task = self.send(session, want)
        session.finish_all()
        self.done(want, task)

    def several(self):
        """Some at once: several may read a block, or one writes it."""
        taken, sent = {}, []
        for _ in range(self.rng.choice((2, 4, 12))):
            unit = self.rng.choice(self.units)
            want = self.make(unit, {n: ALL[n] for n in TOGETHER})
            lba, n = want.span
            spans = taken.setdefault(unit.number, [])
            if any(lba < end and begin < lba + n for begin, end in spans):
                continue
            spans.append((lba, lba + n))
            session = self.rng.choice(self.sessions)
            sent.append((want, self.send(session, want)))
        for session in self.sessions:
            session.finish_all()
        for want, task in sent:
            self.done(want, task)

    # --- several on the same blocks

    def race(self, wants):
        """All at once, by any session; (what was wanted, what came)."""
        sent = [(want, self.send(self.rng.choice(self.sessions), want))
                for want in wants]
        for session in self.sessions:
            session.finish_all()
        return sent

    def race_place(self):
        unit = self.changeable()
        lba, n = self.commands.place(unit, 64)
        return unit, lba, max(n, 1)

    def race_or(self):
        """None of the bits is lost."""
        unit, lba, n = self.race_place()
        unit_bits = int.from_bytes(unit.get(lba, n), "big")
        wants = []
        for _ in range(self.rng.randint(2, 8)):
            first = self.rng.randrange(n)
            count = self.rng.randint(1, n - first)
            out = self.rng.randbytes(count * unit.block)
            shift = 8 * unit.block * (n - first - count)
            unit_bits |= int.from_bytes(out, "big") << shift
            wants.append(Want("ORWRITE", unit, cdb16(0x8b, lba + first,
                                                     count), out=out,
                              span=(lba + first, count)))
        for want, task in self.race(wants):
            self.done(want, task)
        unit.put(lba, unit_bits.to_bytes(n * unit.block, "big"))
        self.look(unit, lba, n)

    def race_compare(self):
        """One of them finds what was there, the others do not."""
        unit, lba, n = self.race_place()
        old = unit.get(lba, n)
        cdb = struct.pack(">BBQ3xBxx", 0x89, 0, lba, n)
        sent = self.race([Want("COMPARE AND WRITE", unit, cdb, out=old + bytes(
            byte ^ i for byte in old), span=(lba, n)) for i in range(1, 5)])
        won = [want for want, task in sent if task.status == GOOD]
        if len(won) != 1:
            raise Failed(f"{len(won)} have found the same")
        for want, task in sent:
            want.fails = None if want == won[0] else MISCOMPARED
            want.info = None if want == won[0] else 0
            self.done(want, task)
        unit.put(lba, won[0].out[len(old):])
        self.look(unit, lba, n)

    def race_write(self):
        """Each block is one that was written, or is read as it was before."""
        unit, lba, n = self.race_place()
        may = [{unit.get(lba + i, 1)} for i in range(n)]
        wants = []
        for _ in range(self.rng.randint(2, 8)):
            first = self.rng.randrange(n)
            count = self.rng.randint(1, n - first)
            if self.commands.maybe(0.3):
                wants.append(Want("READ", unit, cdb16(0x88, lba + first,
                                                      count),
                                  length=count * unit.block,
                                  data=lambda data: None,
                                  span=(lba + first, count)))
                continue
            out = self.rng.randbytes(count * unit.block)
            wants.append(Want("WRITE", unit, cdb16(0x8a, lba + first, count),
                              out=out, span=(lba + first, count)))
        written = [want.out for want in wants]
        sent = self.race(wants)
        end = [set() for _ in range(n)]
        for want, out in zip(wants, written):
            first = want.span[0] - lba
            for i in range(len(out) // unit.block):
                end[first + i].add(out[i * unit.block:(i + 1) * unit.block])
        for want, task in sent:
            self.done(want, task)
            if want.flags & READ:
                self.one_of(unit, want.span, bytes(task.data),
                            [a | b for a, b in zip(may, end)][
                                want.span[0] - lba:])
        data = self.good(Want("READ", unit, cdb16(0x88, lba, n), span=(lba, n),
                              length=n * unit.block, data=lambda data: None))
        self.one_of(unit, (lba, n), data,
                    [b or a for a, b in zip(may, end)])
        unit.put(lba, data)

    @staticmethod
    def one_of(unit, span, data, may):
        if len(data) != span[1] * unit.block:
            raise Failed(f"{len(data)} bytes of {span[1]} blocks")
        for i in range(span[1]):
            if data[i * unit.block:(i + 1) * unit.block] not in may[i]:
                raise Failed(f"LUN {unit.number} block {span[0] + i} is "
                             "nothing that anybody has written")

    def look(self, unit, lba, n):
        self.good(Want("READ", unit, cdb16(0x88, lba, n), span=(lba, n),
                       length=n * unit.block, data=unit.get(lba, n)))

    # --- what happens beside

    def told(self, session, unit):
        """The unit attentions that are pending there."""
        codes = []
        while (task := session.run(Task(bytes(6), unit.number))).status:
            if not task.sense or task.sense[0] != ATTENTION or len(codes) > 9:
                raise Failed(f"LUN {unit.number} is not ready: status "
                             f"{task.status}, sense {task.sense}")
            codes.append(task.sense[1])
        return codes

    def all_told(self, unit, *any_of, but=None):
        """All sessions are, of one of these."""
        for index, session in enumerate(self.sessions):
            codes = self.told(session, unit)
            if any_of and session != but and not set(codes) & set(any_of):
                raise Failed(f"session {index} is told {codes} of LUN "
                             f"{unit.number}, not {any_of}")

    def good(self, want, session=None):
        """A command that must do."""
        session = session or self.rng.choice(self.sessions)
        task = self.send(session, want)
        session.finish_all()
        self.done(want, task)
        return bytes(task.data)

    def changeable(self, units=None):
        return self.rng.choice([u for u in units or self.units
                                if not u.protection()])

    def fill(self, unit, pattern):
        """Each block begins with it, and is full of it."""
        block = (pattern * unit.block)[:unit.block]
        unit.put(0, block * unit.blocks)

    def format(self):
        unit = self.rng.choice(self.units)
        pattern = self.rng.randbytes(self.rng.choice(
            (0, 0, 1, 3, 512, unit.block)))
        out = struct.pack(">BBHBBH", 0, 0x88, 0, 0, 1, len(pattern)) + pattern
        want = Want("FORMAT UNIT", unit,
                    bytes((4, 0x10 if pattern else 0, 0, 0, 0, 0)),
                    out=out if pattern else b"", fails=unit.protection(),
                    effect=lambda: self.fill(unit, pattern or b"\0"))
        self.good(want)
        self.all_told(unit)

    def sanitize(self):
        unit = self.rng.choice(self.units)
        pattern = self.rng.randbytes(self.rng.choice((1, 7, unit.block)))
        passes, invert = self.rng.randint(1, 3), self.commands.maybe(0.5)
        out = struct.pack(">BBH", invert << 7 | passes, 0,
                          len(pattern)) + pattern
        if invert and passes == 2:
            pattern = bytes(byte ^ 0xff for byte in pattern)
        cdb = struct.pack(">BB5xHx", 0x48, 1, len(out))
        if unit.thin and self.commands.maybe(0.5):
            cdb, out, pattern = bytes((0x48, 2)) + bytes(8), b"", b"\0"
        self.good(Want("SANITIZE", unit, cdb, out=out,
                       fails=unit.protection(),
                       effect=lambda: self.fill(unit, pattern)))
        self.all_told(unit)

    def mode(self):
        """WCE or SWP is changed, not for ever."""
        unit = self.rng.choice([u for u in self.units
                                if u.is_file and not u.ro])
        name, code, at, bit = self.rng.choice((
            ("wce", 8, 2, 0x04), ("swp", 0x0a, 4, 0x08)))
        session = self.rng.choice(self.sessions)
        sense = Want("MODE SENSE", unit, bytes((0x1a, 8, code, 0, 255, 0)),
                     length=255, data=lambda data: None)
        page = bytearray(self.good(sense, session)[4:])
        if bool(page[at] & bit) != getattr(unit, name):
            raise Failed(f"LUN {unit.number}: {name} is not "
                         f"{getattr(unit, name)}")
        page[0] &= 0x3f
        page[at] ^= bit
        cdb = bytes((0x15, 0x10, 0, 0, 4 + len(page), 0))
        self.good(Want("MODE SELECT", unit, cdb, out=bytes(4) + page),
                  session)
        setattr(unit, name, not getattr(unit, name))
        self.all_told(unit, MODE, but=session)

    def stop_start(self):
        """Of an initiator by itself."""
        unit = self.rng.choice(self.units)
        session = self.rng.choice(self.sessions)
        self.good(Want("stop", unit, bytes((0x1b, 0, 0, 0, 0, 0))), session)
        want = self.commands.read(unit)
        want.fails = STOPPED
        self.good(want, session)
        self.good(Want("start", unit, bytes((0x1b, 0, 0, 0, 1, 0))), session)

    def reset(self):
        unit = self.rng.choice(self.units)
        session = self.rng.choice(self.sessions)
        self.log.append(f"LUN RESET of {unit.number}")
        session.tmf(LUN_RESET, unit=unit.number)
        session.expect(TMF_RSP, response=COMPLETE)
        on = unit.wce
        unit.start_over()
        unit.wce |= on  # what is in the cache would pass for stable
        self.all_told(unit, 0x2900, 0x2901, 0x2902, RESET_OCCURRED)

    def resize(self):
        unit = self.rng.choice([u for u in self.units if u.is_file
                                and not u.ro and not u.crypt])
        blocks = self.rng.randrange(200, (2 << 20) // unit.block)
        self.log.append(f"LUN {unit.number} gets {blocks} blocks, not "
                        f"{unit.blocks}")
        size, old = blocks * unit.block, len(unit.data)
        os.truncate(unit.file, size)
        self.admin("update", unit)
        del unit.data[size:]
        unit.data.extend(bytes(size - len(unit.data)))
        if size != old:
            self.all_told(unit, CAPACITY)

    def admin(self, op, unit, *more):
        done = ietadm("--op", op, "--tid=1", f"--lun={unit.number}", *more)
        if done.returncode:
            raise Failed(f"{op}: {done.stdout}{done.stderr}")

    def again(self):
        """Without the logical unit, and with it again."""
        unit = self.rng.choice(self.units)
        self.log.append(f"LUN {unit.number} goes and comes")
        self.admin("delete", unit)
        self.admin("new", unit, "--params", unit.params)
        unit.start_over()
        self.all_told(unit)
        for other in self.units:
            self.all_told(other)

    def relogin(self):
        index = self.rng.randrange(len(self.sessions))
        session = self.sessions[index]
        self.log.append(f"session {index} goes and comes")
        session.logout() if self.commands.maybe(0.5) else session.close()
        self.sessions[index] = self.login(index)

    # --- copies

    def copy_units(self):
        dst = self.changeable()
        return self.rng.choice([u for u in self.units
                                if u.block == dst.block]), dst

    def cscd(self, unit):
        return (b"\xe4\0\0\0" + unit.name).ljust(28, b"\0") + struct.pack(
            ">I", unit.block)

    def extended_copy(self):
        """Segments one after the other, also onto themselves."""
        r, (src, dst) = self.rng, self.copy_units()
        segments, moves = b"", []
        for _ in range(r.choice((1, 1, 2, 5))):
            lba, n = self.commands.place(src)
            n = min(n, dst.blocks)
            to = r.choice((max(0, lba - 3), lba + 5, r.randrange(dst.blocks)))
            to = min(to, dst.blocks - n)
            moves.append((lba, n, to))
            segments += struct.pack(">BBHHHHHQQ", 2, 0, 24, 0, 1, 0, n, lba,
                                    to)
        cscds = self.cscd(src) + self.cscd(dst)
        action = r.randrange(2)
        if action:
            head = struct.pack(">BBH11xBB3xI18xHHH", 1, 0, 32, 0, 0xff,
                               sum(self.steps.values()), len(cscds),
                               len(segments), 0)
        else:
            head = struct.pack(">BBH4xII", r.randrange(256), 0, len(cscds),
                               len(segments), 0)
        out = head + cscds + segments

        def effect():
            for lba, n, to in moves:
                dst.put(to, src.get(lba, n))
        cdb = struct.pack(">BB8xIxx", 0x83, action, len(out))
        self.log.append(f"EXTENDED COPY from LUN {src.number}: {moves}")
        self.good(Want("EXTENDED COPY", dst, cdb, out=out, effect=effect))

    def token_copy(self):
        """POPULATE TOKEN, WRITE USING TOKEN, by one initiator."""
        r, (src, dst) = self.rng, self.copy_units()
        session = r.choice(self.sessions)
        lba, n = self.commands.place(src)
        skip = r.choice((0, r.randrange(n + 1)))
        count = min(n - skip, dst.blocks)
        to = r.randrange(dst.blocks - count + 1)
        if not count or src == dst and to < lba + n and lba < to + count:
            return
        self.log.append(f"token of LUN {src.number}, {n} from {lba}, {skip} "
                        f"left out, {count} of it go to LUN {dst.number} "
                        f"from {to} on")
        out = struct.pack(">HBxIIHHQI4x", 30, 0, 0, 0, 0, 16, lba, n)
        self.good(Want("POPULATE TOKEN", src, struct.pack(
            ">BB4xIIBB", 0x83, 0x10, 7, len(out), 0, 0), out=out), session)
        info = self.good(Want("RECEIVE ROD TOKEN", src, struct.pack(
            ">BBI4xIBB", 0x84, 7, 7, 1024, 0, 0), length=1024,
            data=lambda data: None), session)
        token = info[32 + info[13] + 6:]
        out = struct.pack(">HB5xQ", 550, 0, skip) + token + bytes(
            6) + struct.pack(">HQI4x", 16, to, count)
        self.good(Want("WRITE USING TOKEN", dst, struct.pack(
            ">BB4xIIBB", 0x83, 0x11, 8, len(out), 0, 0), out=out,
            effect=lambda: dst.put(to, src.get(lba + skip, count))), session)

    def event(self):
        name = self.rng.choices(list(EVENTS), list(EVENTS.values()))[0]
        self.steps[name] += 1
        try:
            getattr(self, name)()
        except Failed as error:
            raise Failed(f"{name}: {error}") from None

    # --- the files

    def compare(self):
        """The host sees what the initiators have written."""
        for unit in self.units:
            if unit.crypt:
                continue
            with open(unit.file, "rb") as file:
                data = file.read()
            if data != unit.data:
                at = next(i for i, (a, b) in enumerate(zip(data, unit.data))
                          if a != b)
                raise Failed(f"LUN {unit.number} is not as it should be: "
                             f"{len(data)} bytes, byte {at}")

    def read_all(self):
        for unit in self.units:
            step = 256
            for lba in range(0, unit.blocks, step):
                n = min(step, unit.blocks - lba)
                want = Want("READ", unit, cdb10(0x28, lba, n),
                            length=n * unit.block, data=unit.get(lba, n),
                            span=(lba, n))
                task = self.send(self.sessions[0], want)
                self.sessions[0].finish_all()
                self.done(want, task)

    def run(self):
        end = time.monotonic() + SECONDS
        step = 0
        while step < STEPS and time.monotonic() < end:
            self.rng.choices((self.one, self.several, self.event),
                             (76, 15, 9))[0]()
            step += 1
            if step % 250 == 0:
                self.compare()
        self.read_all()
        self.compare()


world = World(SEED)


@case("media are what the commands have made of them")
def _():
    note(f"tests/long/model.py {SECONDS} {SEED} {STEPS}")
    try:
        world.run()
    except Exception:
        note("the last commands were")
        for line in world.log:
            note(line)
        raise
    finally:
        note(", ".join(f"{n} {k}" for k, n in sorted(world.steps.items())))


if __name__ == "__main__":
    main(world.begin, world.end)
