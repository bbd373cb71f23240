#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
"""
Nothing ever wedges: the block device behind one LUN hangs (a suspended
device-mapper table under writes), and everybody else goes on. What is asked of
the target meanwhile is answered soon; the times are shown. When the device
resumes, no old write lands after a newer one.
"""

import contextlib
import mmap
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(os.environ.get("IET_TOP", ".")) / "tests/lib"))

from hangdisk import HangDisk, sh
from ktap import (FOLDER, IQN, Failed, Stopwatch, Target, case, ietadm, image,
                  main, note, sessions, wait_for)
from neighbour import Neighbour
from pdu import (ABORT_TASK, BUSY, COMPLETE, GOOD, LUN_RESET, READ, SCSI_RSP,
                 TMF_RSP, WRITE, Conn, read10, write10)

STUCK, WELL = f"{IQN}:stuck", f"{IQN}:well"
ME = f"{IQN}:writer"
# An emulated CPU that others use as well is slow; what wedges never answers.
SOON = 20
PATIENCE = 60
BLOCK = 512
target = neighbour = disk = None
times = []


class Timed:
    """Measures what is asked of the target while the device hangs."""

    def __init__(self, what):
        self.what = what

    def __enter__(self):
        self.watch = Stopwatch().__enter__()

    def __exit__(self, kind, *_):
        self.watch.__exit__()
        took = self.watch.seconds
        times.append((self.what, took))
        if not kind and took > SOON:
            raise Failed(f"{self.what} took {took:.1f} s")


def begin():
    global target, neighbour, disk
    disk = HangDisk("iet-stuck", 16 << 20)
    target = Target(f"""
Target {STUCK}
	Lun 0 Path={disk.path},Type=blockio
	Lun 1 Path={image('ok.img', 1 << 20)},Type=fileio
Target {WELL}
	Lun 0 Path={image('well.img', 1 << 20)},Type=fileio
""")
    neighbour = Neighbour(WELL, 0)


def end():
    disk.resume()
    neighbour.end()
    target.end()
    disk.end()
    slowest = {}
    for what, took in times:
        slowest[what] = max(took, slowest.get(what, 0))
    for what, took in slowest.items():
        note(f"{took:7.2f} s  {what}")


def writer(name=ME, isid=b"\x80wedge"):
    return Conn(patience=PATIENCE).login(STUCK, name, isid=isid).ready(0)


def hang(conn, lba, byte):
    """A WRITE that will not end: 512 bytes of @byte; its tag."""
    return conn.scsi(write10(lba, 1), WRITE, BLOCK, 0,
                     data=bytes([byte]) * BLOCK).itt


def medium(lba):
    """What is really there, past all caches."""
    fd = os.open(disk.path, os.O_RDONLY | os.O_DIRECT)
    try:
        page = mmap.mmap(-1, 4096)
        os.preadv(fd, [page], lba * BLOCK // 4096 * 4096)
        at = lba * BLOCK % 4096
        return page[at]
    finally:
        os.close(fd)


def ours_in_d():
    """Our threads that can't be woken: network threads and ietd."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue
        name = text[text.index("(") + 1:text.rindex(")")]
        state = text[text.rindex(")") + 2]
        if state == "D" and name.startswith(("iet_net", "ietd", "ietadm")):
            found.append(name)
    return found


@case("others and other units go on, pings are answered")
def _():
    disk.suspend()
    try:
        c = writer().ready(1)
        for i in range(8):
            hang(c, i, 1)
        with Timed("NOP-Out on the connection whose writes hang"):
            c.ping()
        with Timed("write and read on another LUN, same connection"):
            if c.write(3, b"x" * BLOCK, 1).status != GOOD:
                raise Failed("WRITE to the other LUN")
            c.read(3, 1, 1)
        with Timed("login and I/O of another initiator, same target"):
            with Conn(patience=PATIENCE).login(STUCK, f"{IQN}:other") as other:
                other.ready(1).read(0, 1, 1)
                other.logout()
        for i in range(50):
            with Timed("a login and logout of others"):
                with Conn(patience=PATIENCE).login(STUCK, f"{IQN}:n{i}") as other:
                    other.logout()
        neighbour.check()
        if ours_in_d():
            raise Failed(f"in D state: {ours_in_d()}")
    finally:
        disk.resume()
    for _ in range(8):
        c.expect(SCSI_RSP, status=GOOD)
    c.logout()


@case("a medium error names the block that it was")
def _():
    with Conn().login(STUCK) as c:
        c.ready()
        with disk.bad_sectors(1234, 3):
            for flags, cdb in ((READ, read10(1100, 400)),
                               (WRITE, write10(1000, 256)),
                               (READ, read10(1235, 1))):
                count = int.from_bytes(cdb[7:9], "big")
                itt = c.scsi(cdb, flags, count * BLOCK).itt
                rsp = (c.fill(itt, bytes(count * BLOCK)) if flags == WRITE else
                       c.expect(SCSI_RSP, itt=itt))
                # fixed format: response code, sense key, information
                sense = rsp.data[2:]
                got = sense[0], sense[2], int.from_bytes(sense[3:7], "big")
                first = max(1234, int.from_bytes(cdb[2:6], "big"))
                if got != (0xf0, 3, first):
                    raise Failed(f"LBA {first}: {got}")
        c.read(1100, 400)


@case("abort and reset are answered, honestly")
def _():
    c = writer()
    disk.suspend()
    try:
        first = hang(c, 10, 0x11)
        with Timed("ABORT TASK of a write that hangs"):
            c.tmf(ABORT_TASK, ref=first)
            rsp = c.expect(TMF_RSP)
        if rsp.b2 == COMPLETE:
            raise Failed("complete, but the write may land")
        with Timed("LOGICAL UNIT RESET with a write that hangs"):
            c.tmf(LUN_RESET)
            rsp = c.expect(TMF_RSP)
        if rsp.b2 == COMPLETE:
            raise Failed("complete, but the write may land")
        neighbour.check()
    finally:
        disk.resume()
    # the functions were refused, so that the task is still there
    c.expect(SCSI_RSP, itt=first, status=GOOD)
    if medium(10) != 0x11:
        raise Failed("the write did not land")
    with Timed("LOGICAL UNIT RESET of a device that is well again"):
        c.tmf(LUN_RESET)
        c.expect(TMF_RSP, b2=COMPLETE)
    c.ready(0).logout()


@case("an abort is complete when the write can't land any more")
def _():
    c = writer()
    disk.suspend()
    first = hang(c, 12, 0x12)
    c.ping()
    c.tmf(ABORT_TASK, ref=first)
    time.sleep(0.3)
    disk.resume()
    rsp = c.receive()
    if rsp.opcode == SCSI_RSP or rsp.b2 != COMPLETE:
        # it was given up before the device resumed: a slow machine
        c.expect(TMF_RSP if rsp.opcode == SCSI_RSP else SCSI_RSP)
    else:
        landed = medium(12)
        c.write(12, b"\x13" * BLOCK)
        time.sleep(0.5)
        if medium(12) != 0x13:
            raise Failed(f"the aborted write landed late (before: {landed})")
    c.logout()


@case("a session that drops and comes back: no ghost writes")
def _():
    c = writer()
    disk.suspend()
    try:
        hang(c, 20, 0xaa)
        c.ping()
        c.close()
        with Timed("re-login of the initiator whose writes hang"):
            c = Conn(patience=PATIENCE).login(STUCK, ME, isid=b"\x80wedge")
        with Timed("its next write, which is refused as BUSY"):
            rsp = c.write(20, b"\xbb" * BLOCK)
        if rsp.status != BUSY:
            raise Failed(f"status {rsp.status}, not BUSY: {rsp.sense}")
        with Timed("the same from a session of another ISID"):
            with Conn(patience=PATIENCE).login(STUCK, ME) as other:
                if other.write(20, b"\xcc" * BLOCK).status != BUSY:
                    raise Failed("not BUSY")
        with Timed("its I/O to another LUN"):
            c.ready(1).write(5, b"y" * BLOCK, 1)
        neighbour.check()
    finally:
        disk.resume()
    wait_for("the old write lands", lambda: medium(20) == 0xaa)

    def again():
        rsp = c.write(20, b"\xbb" * BLOCK)
        if rsp.status == GOOD:
            return True
        if rsp.status != BUSY and (rsp.sense or b"\0")[0] != 6:
            raise Failed(f"status {rsp.status} {rsp.sense}")
        return False
    wait_for("the new write is taken", again)
    time.sleep(0.5)
    if medium(20) != 0xbb:
        raise Failed("the old write landed after the newer one")
    c.logout()


@contextlib.contextmanager
def hung_file():
    """A file on a file system whose device can be made to hang."""
    below = HangDisk("iet-below", 32 << 20)
    mount = FOLDER / "below"
    mount.mkdir()
    try:
        sh("mkfs.ext4", "-q", "-F", below.path)
        sh("mount", "-o", "noatime", below.path, mount)
        path = mount / "file.img"
        path.write_bytes(bytes(1 << 20))
        sh("sync", "-f", path)
        yield below, path
    finally:
        below.resume()
        wait_for("nobody has the file system",
                 lambda: not subprocess.run(["umount", mount],
                                            capture_output=True).returncode)
        below.end()


def lun_9(op, *params):
    ret = ietadm("--op", op, "--tid=1", "--lun=9", *params)
    if ret.returncode:
        raise Failed(f"{op} of the LUN: {ret.stderr}")


@case("a LUN whose writes hang is deleted and made anew: no ghost writes")
def _():
    with hung_file() as (below, path):
        params = ["--params", f"Path={path},Type=fileio"]
        lun_9("new", *params)
        c = writer().ready(9)
        below.suspend()
        c.scsi(write10(20, 1), WRITE, BLOCK, 9, data=b"\xaa" * BLOCK)
        c.ping()
        c.close()
        wait_for("the session ends", lambda: ME not in sessions())
        with Timed("a LUN that hangs is deleted and made anew"):
            lun_9("delete")
            lun_9("new", *params)
        c = Conn(patience=PATIENCE).login(STUCK, ME, isid=b"\x80wedge")
        with Timed("a write to it, which is refused as BUSY"):
            rsp = c.write(20, b"\xbb" * BLOCK, 9)
        if rsp.status != BUSY:
            raise Failed(f"status {rsp.status}, not BUSY: {rsp.sense}")
        neighbour.check()
        below.resume()

        def again():
            rsp = c.write(20, b"\xbb" * BLOCK, 9)
            if rsp.status != GOOD and rsp.status != BUSY and (
                    rsp.sense or b"\0")[0] != 6:
                raise Failed(f"status {rsp.status} {rsp.sense}")
            return rsp.status == GOOD
        wait_for("the new write is taken", again)
        c.logout()
        lun_9("delete")
        if path.read_bytes()[20 * BLOCK] != 0xbb:
            raise Failed("the old write landed after the newer one")


@case("the initiator's reinstatement in mid-write, ten times")
def _():
    for i in range(10):
        c = writer()
        disk.suspend()
        hang(c, 30, i)
        c.ping()
        # the same port again, while the old connection is open
        new = Conn(patience=PATIENCE).login(STUCK, ME, isid=b"\x80wedge")
        if new.write(30, b"\xee" * BLOCK).status != BUSY:
            raise Failed("not BUSY")
        disk.resume()
        c.close()

        def written():
            return new.write(30, bytes([100 + i]) * BLOCK).status == GOOD
        wait_for("the write is taken", written)
        if medium(30) != 100 + i:
            raise Failed("an old write won")
        new.logout()


@case("administration goes on: show, delete of all kinds, daemon")
def _():
    c = writer()
    disk.suspend()
    try:
        hang(c, 40, 0x40)
        c.ping()
        with Timed("ietadm show, /proc"):
            if ietadm("--op", "show", "--tid=1").returncode:
                raise Failed("show")
            if ME not in sessions():
                raise Failed("not listed")
        with Timed("kill -9 of ietd and its restart"):
            target.daemon.send_signal(signal.SIGKILL)
            target.daemon.wait()
            target.start()
        c.ping()
        with Timed("reload"):
            if ietadm("--op", "reload").returncode:
                raise Failed("reload")
        sid = next(line.split(":")[1].split()[0] for line in
                   Path("/proc/net/iet/session").read_text().splitlines()
                   if f"initiator:{ME}" in line)
        with Timed("ietadm delete of the connection"):
            if ietadm("--op", "delete", "--tid=1", f"--sid={sid}",
                      "--cid=1").returncode:
                raise Failed("delete of the connection")
            c.expect_end()
        wait_for("the session is gone", lambda: ME not in sessions())
        with Timed("ietadm delete of the LUN that hangs"):
            if ietadm("--op", "delete", "--tid=1", "--lun=0").returncode:
                raise Failed("delete of the LUN")
        with Timed("ietadm delete of the target"):
            ret = ietadm("--op", "delete", "--tid=1")
            if ret.returncode:
                raise Failed(f"delete of the target: {ret.stderr}")
        with Timed("rmmod, refused"):
            ret = subprocess.run(["rmmod", "iscsi_trgt"], capture_output=True)
            if not ret.returncode:
                raise Failed("unloaded with a write in flight")
        neighbour.check()
        if ours_in_d():
            raise Failed(f"in D state: {ours_in_d()}")
    finally:
        disk.resume()
    wait_for("the old write lands", lambda: medium(40) == 0x40)


@case("an initiator that reads nothing, and one that stops in mid-PDU")
def _():
    deaf = Conn(patience=PATIENCE).login(WELL, f"{IQN}:deaf").ready(0)
    for _ in range(30):
        deaf.scsi(b"\x28\0\0\0\0\0\0\x04\0\0", 0x40, 1024 * BLOCK, 0)
    half = Conn(patience=PATIENCE).login(WELL, f"{IQN}:half").ready(0)
    half.send_bytes(b"\x01\x80" + bytes(20))
    neighbour.check()
    with Timed("re-login of the one that reads nothing"):
        Conn(patience=PATIENCE).login(WELL, f"{IQN}:deaf", isid=deaf.isid).logout()
    with Timed("re-login of the one in mid-PDU"):
        Conn(patience=PATIENCE).login(WELL, f"{IQN}:half", isid=half.isid).logout()
    deaf.close()
    half.close()
    neighbour.check()


main(begin, end)
