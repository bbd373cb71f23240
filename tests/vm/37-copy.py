#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
"""
Copy offload: EXTENDED COPY and tokens between files, block devices and
targets; by raw PDUs, by libiscsi's suite, by sg_xcopy. ddpt 0.97 is no client
for this: it puts its range descriptors at byte 15 of the list instead of 16
(SBC-3 5.13.2). For LBA 3 and 2048 blocks it sends
    00 1e 00 00 00 00 00 00 00 00 00 00 00 00 00 10
    00 00 00 00 00 00 03 00 00 08 00 00 00 00 00 00
"""

import os
import struct
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, os.path.join(os.environ["IET_TOP"], "tests/lib"))

from hangdisk import HangDisk, sh  # noqa: E402
from ktap import (FOLDER, IQN, Failed, Target, case, ietadm, image,  # noqa
                  main, note, sessions, wait_for)
from oi import oi_shell  # noqa: E402
from pdu import *  # noqa: E402,F403

COPY, OTHER = f"{IQN}:copy", f"{IQN}:other"
ME, ELSE = f"{IQN}:me", f"{IQN}:else"
FILE, DISK, SLOW, SHARED, CLONE, WIDE, GOING = range(7)
FAR = 0  # the LUN of the other target
MIB = 1 << 20
XFS = FOLDER / "xfs"
SIZE = 32 * MIB
target = slow = None
loops = []


def loop(name, size):
    loops.append(sh("losetup", "-f", "--show", str(image(name, size))))
    return loops[-1]


def begin():
    global target, slow
    subprocess.run(["modprobe", "xfs"], check=False)
    slow = HangDisk("iet-copy", SIZE)
    disk = loop("loop.disk", SIZE)
    fs = loop("loop.xfs", 400 * MIB)
    sh("mkfs.xfs", "-q", "-m", "reflink=1", fs)
    XFS.mkdir(exist_ok=True)
    sh("mount", "-t", "xfs", fs, str(XFS))
    for name in ("shared", "clone"):
        with open(XFS / name, "wb") as file:
            file.truncate(64 * MIB)
    target = Target(f"""
Target {COPY}
    Lun {FILE} Path={image('file', SIZE)},Type=fileio,ThinProvisioned=Yes
    Lun {DISK} Path={disk},Type=blockio
    Lun {SLOW} Path={slow.path},Type=blockio
    Lun {SHARED} Path={XFS}/shared,Type=fileio
    Lun {CLONE} Path={XFS}/clone,Type=fileio
    Lun {WIDE} Path={image('wide', SIZE)},Type=fileio,BlockSize=4096
    Lun {GOING} Path={image('going', SIZE)},Type=fileio
Target {OTHER}
    Lun {FAR} Path={image('far', SIZE)},Type=fileio
""")


def end():
    slow.resume()
    target.end()
    slow.end()
    wait_for("the module lets the files go", lambda: not subprocess.run(
        ["umount", str(XFS)], capture_output=True).returncode)
    for dev in loops:
        sh("losetup", "-d", dev)


def login(name=COPY, initiator=ME, units=(FILE, DISK)):
    c = Conn(patience=30).login(name, initiator)
    for unit in units:
        c.ready(unit)
    return c


# --- commands ---------------------------------------------------------------

def send(c, cdb, data, unit=0):
    """A command with as much Data-Out as it asks for; its tag."""
    itt = c.scsi(cdb, WRITE, len(data), unit).itt
    if data:
        r2t = c.expect(R2T, itt=itt)
        c.data_out(r2t, data[:r2t.length])
    return itt


def out(c, cdb, data, unit=0):
    return c.expect(SCSI_RSP, itt=send(c, cdb, data, unit))


def get(c, cdb, length, unit=0):
    """Data-In of a command, or its SCSI Response."""
    c.scsi(cdb, READ, length, unit)
    pdu = c.receive()
    if pdu.opcode == SCSI_RSP:
        return pdu
    if not pdu.flags & 1:
        c.expect(SCSI_RSP, status=GOOD)
    return pdu.data


def good(rsp):
    if rsp.status != GOOD:
        raise Failed(f"status {rsp.status:#x}, sense {rsp.sense}: "
                     f"{rsp.data.hex()}")
    return rsp


def bad(rsp, key, asc):
    if rsp.status != CHECK_CONDITION or rsp.sense != (key, asc):
        raise Failed(f"status {rsp.status:#x}, sense {rsp.sense}, not "
                     f"{key:#x}, {asc:#06x}")
    return rsp


def third_party(opcode, sa, length=0, list_id=None):
    cdb = bytearray(struct.pack(">BB8xI2x", opcode, sa, length))
    if list_id is not None:
        at = 6 if opcode == 0x83 and sa != 0x1c else 2
        if sa in (0, 4):
            cdb[2] = list_id
        else:
            cdb[at:at + 4] = struct.pack(">I", list_id)
    return bytes(cdb)


NAMES = {}


def name_of(c, unit):
    """The NAA designator of a unit, with its header."""
    page = get(c, bytes([0x12, 1, 0x83, 2, 0, 0]), 512, unit)
    at = 4
    while page[at + 1] & 0x3f != 3:
        at += 4 + page[at + 3]
    return page[at:at + 4 + page[at + 3]]


def cscd(name, block=512):
    return (b"\xe4\0\0\0" + name).ljust(28, b"\0") + struct.pack(">I", block)


def segment(src, dst, blocks, src_lba, dst_lba, flags=0):
    return struct.pack(">BBHHHHHQQ", 2, flags, 24, src, dst, 0, blocks,
                       src_lba, dst_lba)


def segment_bytes(src, dst, count, src_lba, dst_lba, src_off=0, dst_off=0):
    return struct.pack(">BBHHHIQQHH", 10, 0, 28, src, dst, count, src_lba,
                       dst_lba, src_off, dst_off)


def xcopy_list(cscds, segments, list_id=1, usage=0):
    cscds, segments = b"".join(cscds), b"".join(segments)
    return struct.pack(">BBH4xII", list_id, usage << 3, len(cscds),
                       len(segments), 0) + cscds + segments


def xcopy(c, unit, cscds, segments, **kw):
    data = xcopy_list(cscds, segments, **kw)
    return out(c, third_party(0x83, 0, len(data)), data, unit)


def populate(c, unit, ranges, list_id=7, rod_type=None, timeout=0):
    ranges = b"".join(struct.pack(">QI4x", *r) for r in ranges)
    data = struct.pack(">HBxIIHH", 14 + len(ranges),
                       2 if rod_type is not None else 0, timeout,
                       rod_type or 0, 0, len(ranges)) + ranges
    rsp = out(c, third_party(0x83, 0x10, len(data), list_id), data, unit)
    if rsp.status != GOOD:
        return rsp
    info = get(c, third_party(0x84, 7, 1024, list_id), 1024, unit)
    at = 32 + info[13]
    if info[4] != 0x10 or info[5] != 1 or len(info) != at + 4 + 514:
        raise Failed(f"ROD token information: {info[:40].hex()}")
    return info[at + 6:]


def write_token(c, unit, token, ranges, list_id=8, offset=0, flags=0):
    ranges = b"".join(struct.pack(">QI4x", *r) for r in ranges)
    data = struct.pack(">HB5xQ", 534 + len(ranges), flags, offset)
    data += token + bytes(6) + struct.pack(">H", len(ranges)) + ranges
    return out(c, third_party(0x83, 0x11, len(data), list_id), data, unit)


def pattern(seed, blocks, block=512):
    return b"".join(struct.pack(">II", seed, i) * (block // 8)
                    for i in range(blocks))


def write(c, unit, lba, data, block=512):
    step = 64 * 1024
    for at in range(0, len(data), step):
        good(c.write(lba + at // block, data[at:at + step], unit, block))


def check(c, unit, lba, data, block=512):
    have = c.read(lba, len(data) // block, unit, block)
    if have != data:
        at = next(i for i in range(len(data)) if have[i] != data[i])
        raise Failed(f"unit {unit}, byte {at} of {len(data)}: "
                     f"{have[at]:#x} is not {data[at]:#x}")


# --- EXTENDED COPY ----------------------------------------------------------

@case("EXTENDED COPY between files, block devices, and within one")
def _():
    c = login()
    for src, dst in ((FILE, DISK), (DISK, FILE), (DISK, SLOW), (FILE, FILE),
                     (SLOW, DISK)):
        data = pattern(src * 16 + dst, 700)
        c.ready(src).ready(dst)
        write(c, src, 3, data)
        for via, base in ((src, 2000), (dst, 5001)):
            good(xcopy(c, via, [cscd(name_of(c, src)), cscd(name_of(c, dst))],
                       [segment(0, 1, 500, 3, base),
                        segment(0, 1, 200, 503, base + 500)]))
            check(c, dst, base, data)
    c.logout()


@case("... of blocks of different sizes, and ranges that overlap")
def _():
    c = login(units=(FILE, WIDE))
    data = pattern(77, 800)
    write(c, FILE, 0, data)
    names = [cscd(name_of(c, FILE)), cscd(name_of(c, WIDE), 4096)]
    good(xcopy(c, FILE, names, [segment(0, 1, 800, 0, 9)]))
    check(c, WIDE, 9, data, 4096)
    good(xcopy(c, FILE, names, [segment(0, 0, 800, 0, 8)]))
    check(c, FILE, 8, data)
    bad(xcopy(c, FILE, names, [segment(0, 1, 801, 0, 9)]), 0xa, 0x260a)
    c.logout()


@case("... of bytes, by segments with offsets")
def _():
    c = login(units=(FILE, DISK, WIDE))
    data = pattern(78, 800)
    write(c, FILE, 0, data)
    names = [cscd(name_of(c, FILE)), cscd(name_of(c, DISK)),
             cscd(name_of(c, WIDE), 4096)]
    good(xcopy(c, FILE, names, [
        segment_bytes(0, 1, len(data), 0, 21),
        segment_bytes(0, 2, 5 * 4096, 7, 30),
        segment_bytes(0, 0, len(data), 0, 5)]))
    check(c, DISK, 21, data)
    check(c, FILE, 5, data)
    check(c, WIDE, 30, data[7 * 512:][:5 * 4096], 4096)
    for seg, residue in (
            (segment_bytes(0, 1, 513, 0, 0), 513),
            (segment_bytes(0, 1, 512, 0, 0, src_off=1), 512),
            (segment_bytes(0, 1, 512, 0, 0, dst_off=512), 512),
            (segment_bytes(0, 2, 512, 0, 0), 512)):
        rsp = bad(xcopy(c, FILE, names, [seg]), 0xa, 0x260a)
        if (got := struct.unpack_from(">I", rsp.data, 5)[0]) != residue:
            raise Failed(f"{got} bytes are left, not {residue}")
    good(xcopy(c, FILE, names, [segment_bytes(0, 1, 0, 0, 0)]))
    rsp = bad(xcopy(c, FILE, names,
                    [segment_bytes(0, 1, 1024, SIZE // 512 - 1, 0)]), 0xa, 0)
    c.logout()


@case("... to another target of the module, for who has a session there")
def _():
    with login(OTHER, units=(FAR,)) as far:
        name = cscd(name_of(far, FAR))
        data = pattern(5, 300)
        c = login()
        write(c, FILE, 0, data)
        names = [cscd(name_of(c, FILE)), name]
        good(xcopy(c, FILE, names, [segment(0, 1, 300, 0, 17)]))
        check(far, FAR, 17, data)
        good(xcopy(c, FILE, names, [segment(1, 0, 200, 17, 900)]))
        check(c, FILE, 900, data[:200 * 512])
        c.logout()
        # somebody else has no session there
        with login(initiator=ELSE) as c:
            bad(xcopy(c, FILE, names, [segment(1, 0, 1, 0, 0)]), 0xa, 0x0d02)
        far.logout()

    def refused():
        with login() as c:
            rsp = xcopy(c, FILE, names, [segment(1, 0, 1, 0, 0)])
        return rsp.status == CHECK_CONDITION and rsp.sense == (0xa, 0x0d02)
    wait_for("without a session it is refused", refused)


@case("... nor to who uses the same name at another address")
def _():
    with login(OTHER, units=(FAR,)) as far:
        name = cscd(name_of(far, FAR))
        c = Conn(host="127.0.0.2", patience=30)
        c.sock.close()
        c.sock = __import__("socket").create_connection(
            ("127.0.0.1", 3260), 30, source_address=("127.0.0.3", 0))
        c.poll.register(c.sock)
        c.login(COPY, ME).ready(FILE)
        bad(xcopy(c, FILE, [cscd(name_of(c, FILE)), name],
                  [segment(1, 0, 1, 0, 0)]), 0xa, 0x0d02)
        c.close()


@case("reservations at the other unit keep a copy off")
def _():
    c, other = login(), login(initiator=ELSE, units=(DISK,))
    names = [cscd(name_of(c, FILE)), cscd(name_of(c, DISK))]
    good(other.command(bytes([0x16, 0, 0, 0, 0, 0]), unit=DISK))
    rsp = bad(xcopy(c, FILE, names, [segment(0, 1, 1, 0, 0)]), 0xa, 0x0d01)
    if rsp.data[2 + 18] != 0x18:
        raise Failed(f"the conflict is not told: {rsp.data.hex()}")
    good(other.command(bytes([0x17, 0, 0, 0, 0, 0]), unit=DISK))
    good(xcopy(c, FILE, names, [segment(0, 1, 1, 0, 0)]))
    other.logout()
    c.logout()


@case("what is in error is told: segment, field, residue, status")
def _():
    c = login()
    names = [cscd(name_of(c, FILE)), cscd(name_of(c, DISK))]
    last = SIZE // 512 - 2
    rsp = bad(xcopy(c, FILE, names, [segment(0, 1, 5, 0, 0),
                                     segment(0, 1, 3, 0, last)]), 0xa, 0)
    sense = rsp.data[2:]
    if sense[3:7] != b"\0\0\0\3" or sense[10:12] != b"\0\1" or \
            sense[15:18] != b"\xa0\0\x14":
        raise Failed(f"sense data: {sense.hex()}")
    status = get(c, third_party(0x84, 0, 100, 1), 100, FILE)
    if status != b"\0\0\0\x08\x02\0\1\0" + struct.pack(">I", 5 * 512):
        raise Failed(f"copy status: {status.hex()}")
    details = get(c, third_party(0x84, 4, 200, 1), 200, FILE)
    if details[56] != 2 or details[60:62] != sense[:2]:
        raise Failed(f"failure details: {details.hex()}")
    # Data-Out that is longer or shorter than the CDB says
    data = xcopy_list(names, [segment(0, 1, 1, 0, 0)])
    rsp = good(out(c, third_party(0x83, 0, len(data)), data + bytes(100),
                   FILE))
    if rsp.flags & 6 != 2 or rsp.residual != 100:
        raise Failed(f"residual: {rsp}")
    bad(out(c, third_party(0x83, 0, len(data)), data[:-28], FILE), 5, 0x1a00)
    c.logout()


# --- file systems that share ------------------------------------------------

def used():
    return int(sh("df", "--output=used", "-k", str(XFS)).split()[-1])


@case("files on one XFS share what is copied, in next to no time")
def _():
    c = login(units=(SHARED, CLONE))
    with open(XFS / "shared", "r+b") as file:
        for i in range(60):
            file.write(struct.pack(">I", i) * (MIB // 4))
        os.fsync(file.fileno())
    names = [cscd(name_of(c, SHARED)), cscd(name_of(c, CLONE))]
    before, start = used(), time.monotonic()
    # 60 MiB less one block at each end: what is not aligned is written
    good(xcopy(c, SHARED, names, [segment(0, 1, 61439, 1, 1),
                                  segment(0, 1, 61439, 61440, 61440)]))
    took, grown = time.monotonic() - start, used() - before
    note(f"60 MiB copied in {took:.3f} s, which took {grown} KiB of space")
    sh("cmp", "-i", "512", "-n", str(60 * MIB - 1024),
       str(XFS / "shared"), str(XFS / "clone"))
    if grown > 4096:
        raise Failed(f"it took {grown} KiB")
    # where blocks can't be shared they are copied
    good(xcopy(c, SHARED, names, [segment(0, 1, 2000, 3, 5)]))
    check(c, CLONE, 5, c.read(3, 1000, SHARED))
    # and sharing is not seen: the source changes, the clone doesn't
    old = c.read(40000, 8, CLONE)
    write(c, SHARED, 40000, pattern(99, 8))
    check(c, CLONE, 40000, old)
    c.logout()


# --- tokens -----------------------------------------------------------------

@case("a token is good for a copy, also of others and to another target")
def _():
    c = login()
    data = pattern(21, 600)
    write(c, FILE, 100, data)
    token = populate(c, FILE, [(100, 200), (300, 400)])
    good(write_token(c, DISK, token, [(10, 300), (900, 300)]))
    check(c, DISK, 10, data[:300 * 512])
    check(c, DISK, 900, data[300 * 512:])
    info = get(c, third_party(0x84, 7, 1024, 8), 1024, DISK)
    if info[4:6] != b"\x11\x01" or info[15] != 0xf1 or \
            struct.unpack(">Q", info[16:24]) != (600,):
        raise Failed(f"ROD token information: {info.hex()}")
    with login(OTHER, ELSE, (FAR,)) as far:
        good(write_token(far, FAR, token, [(0, 100)], offset=150, flags=2))
        check(far, FAR, 0, data[150 * 512:250 * 512])
        bad(write_token(far, FAR, token, [(0, 1)]), 5, 0x2304)
    c.logout()


@case("a token is good for a copy to other blocks of its unit")
def _():
    c = login(units=(FILE, DISK, SHARED))
    data = pattern(22, 64)
    for unit in (FILE, DISK, SHARED):
        write(c, unit, 1000, data)
        token = populate(c, unit, [(1000, 64)])
        # behind and before it, side by side
        for lba in (5000, 8, 1064, 936):
            good(write_token(c, unit, token, [(lba, 64)]))
            check(c, unit, lba, data)
        write(c, unit, 1063, data[:512])
        bad(write_token(c, unit, token, [(0, 1)]), 5, 0x2306)
    c.logout()


@case("tokens end: by a change, by one bit, by time, with the unit")
def _():
    c = login(units=(FILE, DISK, GOING))
    token = populate(c, FILE, [(0, 64)], rod_type=0x800000)
    write(c, FILE, 64, bytes(512))
    good(write_token(c, DISK, token, [(0, 64)]))
    write(c, FILE, 63, bytes(512))
    bad(write_token(c, DISK, token, [(0, 64)]), 5, 0x2306)
    token = populate(c, FILE, [(0, 64)])
    for at in (15, 300, 511):
        guess = token[:at] + bytes([token[at] ^ 1]) + token[at + 1:]
        bad(write_token(c, DISK, guess, [(0, 64)]), 5, 0x2304)
    token = populate(c, FILE, [(0, 64)], timeout=1)
    time.sleep(1.5)
    bad(write_token(c, DISK, token, [(0, 64)]), 5, 0x2307)
    token = populate(c, GOING, [(0, 64)])
    if ietadm("--op", "delete", "--tid=1", f"--lun={GOING}").returncode:
        raise Failed("delete of the LUN")
    c.expect(ASYNC, event=0)
    c.ready(DISK)
    bad(write_token(c, DISK, token, [(0, 64)]), 5, 0x2304)
    c.logout()


@case("the block zero token zeroes")
def _():
    c = login()
    token = struct.pack(">IHH", 0xffff0001, 0, 504).ljust(512, b"\0")
    for unit in (FILE, DISK):
        write(c, unit, 0, pattern(3, 64))
        good(write_token(c, unit, token, [(1, 62)]))
        check(c, unit, 0, pattern(3, 1) + bytes(62 * 512)
              + pattern(3, 64)[-512:])
    c.logout()


# --- aborts, and disks that hang --------------------------------------------

def begun(c):
    """The copy of list identifier 1 is under way: a worker has taken it up."""
    def under_way():
        status = get(c, third_party(0x84, 0, 100, 1), 100, FILE)
        return not isinstance(status, Pdu) and status[4] == 0
    wait_for("the copy begins", under_way)


@case("a source that hangs stalls the copy, and nobody else")
def _():
    c = login(units=(FILE, DISK, SLOW))
    data = xcopy_list([cscd(name_of(c, SLOW)), cscd(name_of(c, DISK))],
                      [segment(0, 1, 4000, 0, 0)])
    slow.suspend()
    try:
        itt = send(c, third_party(0x83, 0, len(data)), data, FILE)
        begun(c)
        # the destination's blocks are free, also for atomic commands
        write(c, DISK, 0, pattern(8, 8))
        have = c.read(0, 1, DISK)
        cas = bytes([0x89, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0])
        good(out(c, cas, have + bytes(512), DISK))
        status = get(c, third_party(0x84, 0, 100, 1), 100, FILE)
        if status[4] != 0:
            raise Failed(f"copy status: {status.hex()}")
        again = out(c, third_party(0x83, 0, len(data)), data, FILE)
        bad(again, 5, 0x0016)
    finally:
        slow.resume()
    good(c.expect(SCSI_RSP, itt=itt))
    c.logout()


@case("an aborted copy writes nothing later; COPY OPERATION ABORT")
def _():
    c = login(units=(FILE, DISK, SLOW))
    names = [cscd(name_of(c, SLOW)), cscd(name_of(c, DISK))]
    write(c, SLOW, 0, pattern(50, 2000))
    write(c, DISK, 0, pattern(51, 2000))
    data = xcopy_list(names, [segment(0, 1, 2000, 0, 0)])
    slow.suspend()
    itt = send(c, third_party(0x83, 0, len(data)), data, FILE)
    begun(c)
    c.tmf(ABORT_TASK, ref=itt, unit=FILE)
    time.sleep(0.3)
    slow.resume()
    rsp = c.receive()
    if rsp.opcode == SCSI_RSP or rsp.b2 != COMPLETE:
        # it was given up before the device resumed: a slow machine
        c.expect(TMF_RSP if rsp.opcode == SCSI_RSP else SCSI_RSP)
    check(c, DISK, 0, pattern(51, 2000))
    slow.suspend()
    itt = send(c, third_party(0x83, 0, len(data)), data, FILE)
    begun(c)
    abort = c.scsi(third_party(0x83, 0x1c, 0, 1), 0, 0, FILE).itt
    c.ping()
    slow.resume()
    answers = {p.itt: p for p in (c.expect(SCSI_RSP), c.expect(SCSI_RSP))}
    good(answers[abort])
    bad(answers[itt], 0xa, 0)
    check(c, DISK, 0, pattern(51, 2000))
    c.logout()


def drop_in_mid_copy(pause):
    """False: the copy had not yet begun to write, and never did."""
    c = login(units=(FILE, DISK, SLOW))
    write(c, FILE, 0, pattern(60, 64))
    write(c, SLOW, 0, bytes(64 * 512))
    data = xcopy_list([cscd(name_of(c, FILE)), cscd(name_of(c, SLOW))],
                      [segment(0, 1, 64, 0, 0)])
    with slow.hang():
        send(c, third_party(0x83, 0, len(data)), data, FILE)
        begun(c)
        time.sleep(pause)
        c.close()
        wait_for("its session ends", lambda: ME not in sessions())
        new = Conn(patience=30).login(COPY, ME)
        # a unit attention comes first, unless it is BUSY already
        ghost = BUSY in [new.command(bytes(6), unit=SLOW).status
                         for _ in range(3)]
        if ghost and new.write(0, bytes(512), SLOW).status != BUSY:
            raise Failed("a write is taken before the ghost's")

    def again():
        return new.write(0, b"\xee" * 512, SLOW).status == GOOD
    wait_for("the new write is taken", again)
    time.sleep(0.3)
    check(new, SLOW, 0, b"\xee" * 512)
    if not ghost:
        check(new, SLOW, 1, bytes(63 * 512))
    new.logout()
    return ghost


@case("a session that drops: no ghost of its copy")
def _():
    if not any(drop_in_mid_copy(pause) for pause in (0, 0.1, 1, 5, 20)):
        raise Failed("no copy ever wrote")


@case("in the background: its status, and a unit that is deleted meanwhile")
def _():
    c = login(units=(FILE, DISK, SLOW))
    cscds = cscd(name_of(c, SLOW)) + cscd(name_of(c, DISK))
    segments = segment(0, 1, 1000, 0, 0)
    header = struct.pack(">BBH11xBB3xI18xHHH", 1, 0, 32, 1, 0xff, 77,
                         len(cscds), len(segments), 0)
    data = header + cscds + segments
    slow.suspend()
    try:
        good(out(c, third_party(0x83, 1, len(data)), data, FILE))
        status = get(c, third_party(0x84, 5, 200, 77), 200, FILE)
        if status[4:6] != b"\x01\x12":
            raise Failed(f"copy status: {status.hex()}")
        if ietadm("--op", "delete", "--tid=1", f"--lun={SLOW}").returncode:
            raise Failed("delete of the LUN")
    finally:
        slow.resume()
    c.expect(ASYNC, event=0)
    c.ready(FILE)

    def ended():
        status = get(c, third_party(0x84, 5, 200, 77), 200, FILE)
        return status if status[5] != 0x12 else None
    status = wait_for("the copy ends", ended)
    if status[5] != 0x02 or status[12] != 2 or status[34:35] != b"\x0a" or \
            status[44:46] != b"\x0d\x02":
        raise Failed(f"copy status: {status.hex()}")
    c.logout()


# --- tools ------------------------------------------------------------------

@case("libiscsi's families ExtendedCopy and ReceiveCopyResults")
def _():
    for family in ("ExtendedCopy", "ReceiveCopyResults"):
        for unit in (FILE, DISK):
            done = subprocess.run(
                ["iscsi-test-cu", "--dataloss", "-t", f"ALL.{family}",
                 f"iscsi://127.0.0.1/{COPY}/{unit}"], timeout=600,
                capture_output=True, text=True)
            tests = next(line.split()[2:5] for line in
                         done.stdout.splitlines()
                         if line.split()[:1] == ["tests"])
            if done.returncode or tests[0] != tests[1] or tests[2] != "0":
                raise Failed(f"{family}, unit {unit}: {done.stdout}")


def shell(script):
    """With open-iscsi; $file and $disk are its disks."""
    return oi_shell(f"""
        oi_login {COPY} >/dev/null
        file=$(oi_disk {COPY} {FILE}) disk=$(oi_disk {COPY} {DISK})
        {script}
        """)


@case("open-iscsi: sg_xcopy, sent to the one disk and to the other")
def _():
    note(shell("""
        dd if=/dev/urandom of=$file bs=1M count=8 oflag=direct status=none
        modprobe sg 2>/dev/null || :
        generic() { ls -d /sys/block/${1##*/}/device/scsi_generic/* |
            sed 's|.*/|/dev/|'; }
        sgf=$(generic $file) sgd=$(generic $disk)
        sg_xcopy if=$sgf of=$sgd bs=512 count=8192 seek=4096 2>&1
        cmp -n $((8192 * 512)) -i 0:$((4096 * 512)) $file $disk
        blockdev --flushbufs $disk
        sg_xcopy if=$sgf of=$sgd bs=512 count=8192 skip=8192 --on_src 2>&1
        blockdev --flushbufs $disk
        cmp -n $((8192 * 512)) -i $((8192 * 512)):0 $file $disk
        sg_copy_results --params $sgf
        sg_vpd -p 0x8f $sgf
        """))


main(begin, end)
