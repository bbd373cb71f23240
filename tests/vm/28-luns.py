#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
"""
Logical units with the real daemon and module: one disk through two targets,
who may do what with which, disks that grow, what they say of themselves.
"""

import contextlib
import os
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ["IET_TOP"], "tests/lib"))

from ktap import (FOLDER, IQN, Failed, Target, case, ietadm,  # noqa: E402
                  image, main, wait_for)
from pdu import *  # noqa: E402,F403

A, B = f"{IQN}:a", f"{IQN}:b"
ALICE, BOB, EVE = (f"{IQN}:{name}" for name in ("alice", "bob", "eve"))
MIB = 1 << 20
DISK = FOLDER / "disk"
UNIT_ATTENTION = 6
LUNS_CHANGED, INQUIRY_CHANGED = 0x3f0e, 0x3f03
CAPACITY_CHANGED, MODE_CHANGED, RESET = 0x2a09, 0x2a01, 0x2903
NO_UNIT, WRITE_PROTECTED = 0x2500, 0x2700
READ_CAPACITY16 = bytes([0x9e, 0x10]) + bytes(11) + b"\x20\0\0"
ACCESS = f"""
    LunAccess {ALICE} 0,5-6
    LunAccess {BOB} 0 ro
    LunAccess 127.0.0.0/8 3 ro
"""


def conf(access="", shared="", second=True):
    text = f"""
Target {A}{access}
    Lun 0 Path={DISK}{shared}
    Lun 3 Type=nullio,Blocks=1000
"""
    return text + f"Target {B}\n    Lun 7 Path={DISK}\n" if second else text


class Bed:
    target = None

    @classmethod
    def begin(cls):
        FOLDER.mkdir(exist_ok=True)
        DISK.write_bytes(bytes(8 * MIB))
        cls.target = Target(conf())

    @classmethod
    def end(cls):
        if cls.target:
            cls.target.end()
        DISK.unlink(missing_ok=True)


def reload(*args, **kwargs):
    Bed.target.conf.write_text(conf(*args, **kwargs))
    done = ietadm("--op", "reload")
    if done.returncode:
        raise Failed(f"reload: {done.stdout}{done.stderr}")


def same(what, have, want):
    if have != want:
        raise Failed(f"{what}: {have!r}, not {want!r}")


def asc(rsp):
    """Additional sense code and qualifier of a response, or 0."""
    return rsp.sense[1] if rsp.sense else 0


def data_in(c, cdb, length, unit=0):
    """The data of a command, in one PDU."""
    itt = c.scsi(cdb, READ, length, unit).itt
    pdu = c.receive()
    if pdu.opcode != DATA_IN or pdu.itt != itt:
        raise Failed(f"waited for Data-In, got {pdu} {pdu.sense}")
    if not pdu.flags & 1:
        c.expect(SCSI_RSP, itt=itt)
    return pdu.data


def inquiry(c, page=None, unit=0):
    evpd = page is not None
    return data_in(c, bytes([0x12, evpd, page or 0, 0, 255, 0]), 255, unit)


def luns(c):
    data = data_in(c, bytes([0xa0]) + bytes(8) + b"\xff\0\0", 255)
    return [struct.unpack(">H", data[at:at + 2])[0]
            for at in range(8, 8 + struct.unpack(">I", data[:4])[0], 8)]


def blocks(c, unit=0):
    return struct.unpack(">Q", data_in(c, READ_CAPACITY16, 32, unit)[:8])[0] + 1


def told(c, unit=0):
    """The unit attentions that are pending, one after the other."""
    codes = []
    while (rsp := c.command(bytes(6), unit=unit)).status:
        codes.append(asc(rsp))
        if rsp.sense[0] != UNIT_ATTENTION or len(codes) > 8:
            break
    return codes


class Initiator(Conn):
    """One that leaves asynchronous messages unread: others test them."""

    def receive(self, patience=None):
        while (pdu := super().receive(patience)).opcode == ASYNC:
            pass
        return pdu


def log_in(target, initiator, unit=0):
    c = Initiator()
    c.login(target, initiator)
    return c.ready(unit)


@case("the same path is one disk: identity, data, reset, reservation")
def _():
    with log_in(A, ALICE) as a, log_in(B, BOB, 7) as b:
        same("serial number", inquiry(b, 0x80, 7), inquiry(a, 0x80))
        unit = [inquiry(c, 0x83, n)[4:56] for c, n in ((a, 0), (b, 7))]
        same("designators of the unit", unit[1], unit[0])
        a.write(5, b"\xa5" * 512)
        same("data", b.read(5, 1, 7), b"\xa5" * 512)
        a.command(bytes([0x16, 0, 0, 0, 0, 0]))
        same("RESERVE of the other", b.command(bytes(6), unit=7).status, 0x18)
        a.tmf(LUN_RESET)
        a.expect(TMF_RSP, response=0)
        same("told of the reset", told(b, 7), [RESET])
        same("and it can be used again", told(b, 7), [])


@case("the disk goes with the last of its LUNs, not with the first")
def _():
    with log_in(B, BOB, 7) as b:
        lun = ["--tid=1", "--lun=0"]
        same("delete", ietadm("--op", "delete", *lun).returncode, 0)
        same("data", b.read(5, 1, 7), b"\xa5" * 512)
        bad = ietadm("--op", "new", *lun, "--params",
                     f"Path={DISK},BlockSize=4096")
        same("another block size", "another BlockSize" in bad.stderr, True)
        same("new", ietadm("--op", "new", *lun, "--params",
                           f"Path={DISK}").returncode, 0)
        with log_in(A, ALICE) as a:
            same("serial number", inquiry(a, 0x80), inquiry(b, 0x80, 7))


@case("what a disk says changes by a reload, and initiators are told")
def _():
    reload()
    with log_in(A, ALICE) as a, log_in(B, BOB, 7) as b:
        reload(shared=",VendorId=ACME,ScsiVersion=5,RotationRate=7200,"
               "PhysicalBlockSize=4096")
        same("told", [told(a), told(b, 7)],
             [[INQUIRY_CHANGED, CAPACITY_CHANGED]] * 2)
        data = inquiry(b, unit=7)
        same("vendor and version", (data[8:16], data[2]), (b"ACME    ", 5))
        same("rotation", inquiry(a, 0xb1)[4:6], struct.pack(">H", 7200))
        same("exponent", data_in(a, READ_CAPACITY16, 32)[13] & 15, 3)
        shown = ietadm("--op", "show", "--tid=1", "--lun=0").stdout
        same("shown", "VendorId=ACME\n" in shown, True)
        ietadm("--op", "update", "--tid=1", "--lun=0", "--params",
               "ProductId=Slow Disk")
        same("told of one more", told(b, 7), [INQUIRY_CHANGED])
        data = inquiry(a)
        same("the others stay", data[8:32], b"ACME    Slow Disk       ")
        reload()
        same("default again", inquiry(a)[8:16] if told(a) else "", b"IET     ")


@contextlib.contextmanager
def loop_device(name):
    """A block device of 4 MiB, which can be opened but once."""
    subprocess.run(["modprobe", "loop"], check=True)
    device = subprocess.run(
        ["losetup", "-f", "--show", image(name, 4 * MIB)], check=True,
        capture_output=True, text=True).stdout.strip()
    try:
        yield device
    finally:
        reload()
        wait_for("the module lets it go", lambda: subprocess.run(
            ["losetup", "-d", device], check=False).returncode == 0)


def serial(target, unit):
    with log_in(target, ALICE, unit) as c:
        return inquiry(c, 0x80, unit)


@case("block devices change places by a reload, within a target and with others")
def _():
    with loop_device("x.img") as x, loop_device("y.img") as y:
        x, y = (f"Path={name},Type=blockio,ScsiSN=" for name in (x, y))
        for a, b in (({1: x, 2: y}, {}), ({1: y, 2: x}, {}), ({3: x}, {7: y}),
                     ({3: y}, {7: x}), ({4: x, 5: x}, {9: y}),
                     ({4: y}, {8: x, 9: x})):
            sides = ((A, a, f"Lun 0 Path={DISK}"), (B, b, ""))
            Bed.target.conf.write_text("".join(
                f"Target {target}\n{more}\n" + "".join(
                    f"Lun {unit} {path}{'xy'[path is y]}\n"
                    for unit, path in units.items())
                for target, units, more in sides))
            done = ietadm("--op", "reload")
            same(f"reload to {a} {b}", (done.returncode, done.stderr), (0, ""))
            for target, units, _ in sides:
                for unit, path in units.items():
                    same("serial number", serial(target, unit)[4:5],
                         b"y" if path is y else b"x")


@case("LunAccess: who sees what")
def _():
    reload(access=ACCESS)
    for initiator, want in ((ALICE, [0, 3]), (BOB, [0, 3]), (EVE, [3])):
        with log_in(A, initiator, want[-1]) as c:
            same(f"LUNs of {initiator}", luns(c), want)
    with log_in(A, EVE, 3) as c:
        same("not there", asc(c.command(bytes(6), unit=0)), NO_UNIT)
        same("nor for INQUIRY", inquiry(c)[0], 0x7f)
    with log_in(B, EVE, 7) as c:
        same("a target without rules", luns(c), [7])


@case("LunAccess: who may write")
def _():
    with log_in(A, ALICE) as a, log_in(A, BOB) as b:
        same("the one", a.write(9, b"a" * 512).status, GOOD)
        rsp = b.write(9, b"b" * 512)
        same("the other", (asc(rsp), rsp.sense[0]), (WRITE_PROTECTED, 7))
        same("data", b.read(9, 1), b"a" * 512)
        sense = bytes([0x1a, 0, 0x3f, 0, 255, 0])
        same("WP", [data_in(c, sense, 255)[2] >> 7 for c in (a, b)], [0, 1])


@case("LunAccess: LUNs that come later obey, and a reload changes sessions")
def _():
    with log_in(A, ALICE) as a, log_in(A, BOB) as b:
        for lun in (5, 8):
            ietadm("--op", "new", "--tid=1", f"--lun={lun}", "--params",
                   "Type=nullio,Blocks=8")
        same("told", [told(a), told(b)], [[LUNS_CHANGED], []])
        same("LUNs", [luns(a), luns(b)], [[0, 3, 5], [0, 3]])
        reload(access=f"\n    LunAccess {BOB} all\n    LunAccess ALL 0 ro\n")
        same("told who may only read now", told(a),
             [MODE_CHANGED, LUNS_CHANGED])
        same("told who sees all", told(b), [MODE_CHANGED, LUNS_CHANGED])
        same("LUNs", [luns(a), luns(b)], [[0], [0, 3, 5, 8]])
        same("not any more", asc(a.write(9, b"c" * 512)), WRITE_PROTECTED)
        same("now", b.write(9, b"b" * 512).status, GOOD)
        reload()
        same("everything again", luns(a), [0, 3, 5, 8])


def grown_by_itself(c):
    """
    The file grows, and a read beyond its old end is the first to notice: the
    target looks now and then as well, so that there are several tries.
    """
    for size in range(12 * MIB, 16 * MIB, MIB):
        os.truncate(DISK, size)
        itt = c.scsi(read10(size // 512 - 1, 1), READ, 512).itt
        rsp = c.receive()
        if rsp.opcode == DATA_IN and rsp.itt == itt:
            same("read beyond the old end", len(rsp.data), 512)
            return size
        same("or it is told", asc(rsp), CAPACITY_CHANGED)
    raise Failed("reads don't notice")


@case("a file that grows: commands notice, and so does the target by itself")
def _():
    with log_in(A, ALICE) as a, log_in(B, BOB, 7) as b:
        size = grown_by_itself(a)
        same("told", [told(a), told(b, 7)], [[CAPACITY_CHANGED]] * 2)
        same("blocks", [blocks(a), blocks(b, 7)], [size // 512] * 2)
        os.truncate(DISK, 16 * MIB)
        same("READ CAPACITY", asc(b.command(READ_CAPACITY16, unit=7)),
             CAPACITY_CHANGED)
        same("and then", blocks(b, 7), 16 * MIB // 512)
        same("told once", told(a), [CAPACITY_CHANGED])
        os.truncate(DISK, 20 * MIB)
        wait_for("nobody looks, but it is seen",
                 lambda: f"blocks:{20 * MIB // 512} " in
                 open("/proc/net/iet/volume").read())
        os.truncate(DISK, 8 * MIB)
        ietadm("--op", "update", "--tid=1", "--lun=0")
        same("shrunk", asc(a.command(bytes(6))), CAPACITY_CHANGED)
        same("beyond the end", asc(a.write(20000, bytes(512))), 0x2100)


@case("multipath: libiscsi finds one disk and uses both ways")
def _():
    urls = [f"iscsi://127.0.0.1/{A}/0", f"iscsi://127.0.0.1/{B}/7"]
    run = subprocess.run(
        ["timeout", "200", "iscsi-test-cu", "--dataloss", "-t",
         "ALL.MultipathIO.*", *urls], capture_output=True, text=True,
        check=False)
    table = [line.split() for line in run.stdout.splitlines()
             if line.split()[:1] in (["suites"], ["tests"])]
    if run.returncode or "skipped" in run.stdout.lower() or not table:
        raise Failed(f"{run.returncode}: {run.stdout[-1500:]}{run.stderr}")


main(Bed.begin, Bed.end)
