#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
"""
Persistent reservations between initiators: through power cuts, as far as the
state file goes, and PREEMPT AND ABORT while the disk hangs.
"""

import contextlib
import os
import struct
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(os.environ.get("IET_TOP", ".")) / "tests/lib"))

from hangdisk import HangDisk
from ktap import (FOLDER, IQN, Failed, Stopwatch, Target, case, ietadm,
                  image, main, wait_for)
from pdu import (BUSY, DATA_IN, GOOD, NEXUS_RESET, READ, SCSI_RSP, TMF_RSP,
                 WRITE, Conn, write10)

TARGET = f"{IQN}:pr"
STATE = Path("/var/lib/iet")
CONFLICT = 0x18
# An emulated CPU that others use as well is slow; what wedges never answers.
SOON = 60
BLOCK = 512
SLOT = 1 << 20
IGNORE, REGISTER, RESERVE, CLEAR, PREEMPT, ABORT = 6, 0, 1, 3, 4, 5
KEEP = 1  # APTPL
CONF = f"""
Target {TARGET}
	Lun 0 Path=/run/iet-test/pr.img,Type=fileio,ScsiId=kept
	Lun 1 Path=/dev/mapper/iet-pr,Type=blockio
	Lun 2 Type=nullio,Blocks=1024
	Lun 3 Type=nullio,Blocks=1024,Removable=Yes
"""
target = disk = None


def begin():
    global target, disk
    image("pr.img", 1 << 20)
    disk = HangDisk("iet-pr", 16 << 20)
    target = Target(CONF)


def end():
    disk.resume()
    target.end()
    disk.end()


def restart():
    """As after a power cut: nothing of the module is left."""
    global target
    target.end()
    wait_for("the module can go", lambda: subprocess.run(
        ["rmmod", "iscsi_trgt"], capture_output=True).returncode == 0)
    target = Target(CONF)


def host(name, unit=0):
    conn = Conn(patience=SOON).login(TARGET, f"{IQN}:{name}",
                                     isid=b"\x80" + name.encode().ljust(5))
    return conn.ready(unit)


def pr_out(conn, action, key=0, sa_key=0, kind=0, flags=0, unit=0, wait=True):
    cdb = struct.pack(">BBBxxLx", 0x5f, action, kind, 24)
    data = struct.pack(">QQ4xBxxx", key, sa_key, flags)
    itt = conn.scsi(cdb, WRITE, len(data), unit, data=data).itt
    return conn.expect(SCSI_RSP, itt=itt) if wait else itt


def pr_in(conn, action, unit=0):
    cdb = struct.pack(">BB5xHx", 0x5e, action, 4096)
    itt = conn.scsi(cdb, READ, 4096, unit).itt
    data = conn.expect(DATA_IN, itt=itt)
    if not data.flags & 1:
        conn.expect(SCSI_RSP, itt=itt, status=GOOD)
    return data.data


def keys(conn, unit=0):
    data = pr_in(conn, 0, unit)
    return sorted(struct.unpack(f">{len(data) // 8 - 1}Q", data[8:]))


def reserved(conn, unit=0):
    """(key, type), or None"""
    data = pr_in(conn, 1, unit)
    return (struct.unpack(">Q", data[8:16])[0], data[21] & 15) \
        if len(data) > 8 else None


def must(rsp, status=GOOD, sense=None):
    if rsp.status != status or sense and rsp.sense[1] != sense:
        raise Failed(f"status {rsp.status:#x}, sense {rsp.sense}")


def equal(have, want):
    if have != want:
        raise Failed(f"{have}, not {want}")


def write(conn, unit=0, lba=0, byte=1, **fields):
    return conn.scsi(write10(lba, 1), WRITE, BLOCK, unit,
                     data=bytes([byte]) * BLOCK, **fields).itt


def status_of_write(conn, **fields):
    return conn.expect(SCSI_RSP, itt=write(conn, **fields)).status


@case("what a power cut leaves is what APTPL has kept")
def _():
    a, b = host("a"), host("b")
    must(pr_out(a, REGISTER, 0, 0xa, flags=KEEP))
    must(pr_out(b, REGISTER, 0, 0xb, flags=KEEP))
    must(pr_out(a, RESERVE, 0xa, kind=1))
    before = (STATE / "kept.state").stat()
    equal(before.st_mode & 0o7777, 0o600)
    equal(STATE.stat().st_mode & 0o7777, 0o700)
    restart()
    a, b = host("a"), host("b")
    equal(keys(a), [0xa, 0xb])
    equal(reserved(b), (0xa, 1))
    equal(status_of_write(a), GOOD)
    equal(status_of_write(b), CONFLICT)
    must(pr_out(b, REGISTER, 0xb, 0xc))
    restart()
    equal(keys(host("a")), [])


def newest(image):
    """Which slot counts: the place of its sequence number."""
    slots = [image[at:at + 64] for at in (0, SLOT)]
    seqs = [struct.unpack(">Q", s[16:24])[0] for s in slots]
    return seqs.index(max(seqs)) * SLOT


@case("a slot that a power cut has torn: the state before it")
def _():
    a = host("a")
    must(pr_out(a, REGISTER, 0, 1, flags=KEEP))
    must(pr_out(a, REGISTER, 1, 2, flags=KEEP))
    target.end()
    path = STATE / "kept.state"
    with open(path, "r+b") as file:
        at = newest(file.read())
        file.seek(at + 64 + 8 + 8 + 3)  # in the first registration
        file.write(b"\xff")
    restart()
    a = host("a")
    equal(keys(a), [1])
    # the next write takes the slot that is spoilt, and so on
    for key in (3, 4, 5):
        must(pr_out(a, IGNORE, 0, key, flags=KEEP))
    restart()
    a = host("a")
    equal(keys(a), [5])
    must(pr_out(a, CLEAR, 5))


@case("a state file with nothing but rubbish begins anew")
def _():
    target.end()
    (STATE / "kept.state").write_bytes(b"rubbish" * 300000)
    restart()
    a = host("a")
    equal(keys(a), [])
    must(pr_out(a, REGISTER, 0, 9, flags=KEEP))
    restart()
    a = host("a")
    equal(keys(a), [9])
    must(pr_out(a, REGISTER, 9, 0))


@case("a state file of another logical unit is refused")
def _():
    (STATE / "copy.state").write_bytes((STATE / "kept.state").read_bytes())
    (STATE / "copy.state").chmod(0o600)
    image("copy.img", 1 << 20)
    done = ietadm("--op", "new", "--tid=1", "--lun=7", "--params",
                  f"Path={FOLDER}/copy.img,Type=fileio,ScsiId=copy")
    if not done.returncode or "another logical unit" not in done.stderr:
        raise Failed(f"{done.returncode}: {done.stderr}")
    (STATE / "copy.state").unlink()


@case("without a state file: no APTPL")
def _():
    a = host("a").ready(2)
    must(pr_out(a, REGISTER, 0, 1, flags=KEEP, unit=2), 2, 0x2600)
    equal(pr_in(a, 2, 2)[2] & 1, 0)
    equal(pr_in(a, 2, 0)[2] & 1, 1)


@case("PREEMPT AND ABORT: the others' commands end, and they are told")
def _():
    a, b = host("a", 1), host("b", 1)
    must(pr_out(a, REGISTER, 0, 0xa, unit=1))
    must(pr_out(b, REGISTER, 0, 0xb, unit=1))
    must(pr_out(a, RESERVE, 0xa, kind=3, unit=1))
    # a write of a's that waits for its data
    itt = a.scsi(write10(0, 1), WRITE, BLOCK, 1).itt
    a.receive()  # R2T
    must(pr_out(b, ABORT, 0xb, 0xa, 3, unit=1))
    must(a.command(bytes(6), unit=1), 2, 0x2a05)
    equal(status_of_write(a, unit=1), CONFLICT)
    equal(status_of_write(b, unit=1), GOOD)
    must(pr_out(b, CLEAR, 0xb, unit=1))
    if not itt:
        raise Failed("no tag")


@case("PREEMPT AND ABORT of all registrants: the asker's own, but for itself")
def _():
    a, b = host("a", 1), host("b", 1)
    must(pr_out(a, REGISTER, 0, 0xa, unit=1))
    must(pr_out(b, REGISTER, 0, 0xb, unit=1))
    must(pr_out(a, RESERVE, 0xa, kind=7, unit=1))
    # writes that wait for their data
    a.scsi(write10(0, 1), WRITE, BLOCK, 1)
    theirs = a.receive()
    b.scsi(write10(0, 1), WRITE, BLOCK, 1)
    mine = b.receive()
    must(pr_out(b, ABORT, 0xb, 0, 7, unit=1))
    # data for what does not exist any more: nobody answers
    for conn, r2t in (a, theirs), (b, mine):
        conn.data_out(r2t, bytes(BLOCK))
        conn.ping()
    must(a.command(bytes(6), unit=1), 2, 0x2a05)
    equal(keys(b, 1), [0xb])
    equal(status_of_write(b, unit=1), GOOD)
    must(pr_out(b, CLEAR, 0xb, unit=1))


def hung_holder():
    """Two hosts; the disk hangs with a write of the first, which reserved it."""
    a, b = host("a", 1), host("b", 1)
    must(pr_out(a, REGISTER, 0, 0xa, unit=1))
    must(pr_out(b, REGISTER, 0, 0xb, unit=1))
    must(pr_out(a, RESERVE, 0xa, kind=5, unit=1))
    disk.suspend()
    write(a, 1, 8, 0xaa)
    a.ping()
    return a, b


def fence(b):
    """It aborts the tasks of the holder, and writes when the disk is back."""
    with Stopwatch() as watch:
        must(pr_out(b, ABORT, 0xb, 0xa, 5, unit=1))
    if watch.elapsed < 1 or watch.seconds > 20:
        raise Failed(f"took {watch.elapsed:.1f} s")
    # its own new write must not be overtaken
    equal(status_of_write(b, unit=1, lba=8, byte=0xbb), BUSY)
    disk.resume()
    wait_for("the old write is back", lambda: status_of_write(
        b, unit=1, lba=8, byte=0xbb) == GOOD)
    equal(set(b.read(8, 1, 1)), {0xbb})
    must(pr_out(b, CLEAR, 0xb, unit=1))


@case("PREEMPT AND ABORT while the disk hangs: no old write lands late")
def _():
    a, b = hung_holder()
    fence(b)


@case("... nor one of an initiator whose connection has gone")
def _():
    a, b = hung_holder()
    a.close()
    wait_for("its session has gone", lambda: f"{IQN}:a" not in
             Path("/proc/net/iet/session").read_text())
    fence(b)


RESERVE_6 = bytes([0x16, 0, 0, 0, 0, 0])
PREVENT = bytes([0x1e, 0, 0, 0, 1, 0])
EJECT = bytes([0x1b, 0, 0, 0, 2, 0])
LOAD = bytes([0x1b, 0, 0, 0, 3, 0])


def keep_for_oneself(conn):
    must(conn.command(RESERVE_6))
    must(conn.ready(3).command(PREVENT, unit=3))


def is_free(conn):
    """Nobody else has reserved the disk, or prevents removal."""
    equal(status_of_write(conn), GOOD)
    must(conn.ready(3).command(EJECT, unit=3))
    must(conn.command(LOAD, unit=3))


@case("what a nexus keeps for itself ends with it, whatever another disk does")
def _():
    a, b = host("a"), host("b")
    keep_for_oneself(a)
    equal(status_of_write(b), CONFLICT)
    must(b.ready(3).command(EJECT, unit=3), 2, 0x5302)
    with disk.hang():
        write(a.ready(1), 1)
        a.ping()
        a.close()
        wait_for("it is over", lambda: status_of_write(b) == GOOD)
        is_free(b)


@case("... and with I_T NEXUS RESET, after which the session goes on")
def _():
    b = host("b")
    a = Conn(patience=SOON).login(TARGET, f"{IQN}:a", isid=b"\x80sam-5",
                                  iSCSIProtocolLevel=2)
    keep_for_oneself(a.ready())
    equal(status_of_write(b), CONFLICT)
    a.tmf(NEXUS_RESET)
    a.expect(TMF_RSP, response=0)
    is_free(b)
    must(a.command(bytes(6)), 2, 0x2907)


def max_sessions(number):
    done = ietadm("--op", "update", "--tid=1", "--params",
                  f"MaxSessions={number}")
    if done.returncode:
        raise Failed(done.stderr)


def set_threads(policy):
    for comm in Path("/proc").glob("[0-9]*/comm"):
        with contextlib.suppress(OSError):
            if comm.read_text().startswith("iet_net/"):
                os.sched_setscheduler(int(comm.parent.name), policy,
                                      os.sched_param(0))


@contextlib.contextmanager
def busy():
    """Somebody else has the CPUs, and the network threads none."""
    hogs = [subprocess.Popen(["sh", "-c", "while :; do :; done"])
            for _ in range(os.cpu_count())]
    set_threads(os.SCHED_IDLE)
    try:
        yield
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()
        set_threads(os.SCHED_OTHER)


@case("... before its initiator's next session has a say, by whatever port")
def _():
    a = host("a")
    keep_for_oneself(a)
    # nor does it count as one of those that there may be
    wait_for("it is the only one", lambda: Path(
        "/proc/net/iet/session").read_text().count("initiator:") == 1)
    max_sessions(1)
    with busy():
        a.close()
        new = Conn(patience=SOON).login(TARGET, f"{IQN}:a", isid=b"\x80next1")
        told = [new.scsi(bytes(6), unit=unit).itt for unit in (0, 3)]
        write_itt = write(new)
        eject_itt = new.scsi(EJECT, unit=3).itt
    for itt in told:
        must(new.expect(SCSI_RSP, itt=itt), 2, 0x2900)
    must(new.expect(SCSI_RSP, itt=write_itt))
    must(new.expect(SCSI_RSP, itt=eject_itt))
    must(new.command(LOAD, unit=3))
    max_sessions(0)


main(begin, end)
