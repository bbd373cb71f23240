#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
"""
Fault injection: each kind of fault is seen on the wire as it was asked for,
so often as it was asked for, and nothing of it is left when it is removed.
"""

import errno
import functools
import os
import re
import socket
import struct
import sys
import time
from pathlib import Path

sys.path.insert(0, os.path.join(os.environ["IET_TOP"], "tests/lib"))

from bed import Bed  # noqa: E402
from iet_netlink import ID, Netlink, Refused as NlRefused  # noqa: E402
from ktap import (FOLDER, IQN, Failed, case, ietadm, in_time,  # noqa: E402
                  main, sessions, wait_for)
from neighbour import Neighbour  # noqa: E402
from pdu import *  # noqa: E402,F403

TARGET, OTHER = f"{IQN}:fault", f"{IQN}:other"
KEEPER = f"{IQN}:keeper"
RAW = f"{IQN}:raw"
NULL, FILE = 0, 1
MEDIUM = bytes(i * 7 % 251 for i in range(256 * 512))

CONF = f"""
Target {TARGET}
    MaxConnections 2
    ErrorRecoveryLevel 2
    Lun {NULL} Type=nullio,Blocks=65536
    Lun {FILE} Path={FOLDER}/file.img,Type=fileio
Target {OTHER}
    Lun 0 Path={FOLDER}/other.img,Type=fileio
Target {KEEPER}
"""


def medium_write():
    with open(FOLDER / "file.img", "r+b") as file:
        file.write(MEDIUM)


def medium(first=0, blocks=len(MEDIUM) // 512):
    with open(FOLDER / "file.img", "rb") as file:
        return file.read()[first * 512:(first + blocks) * 512]


def around(function, options):
    """Each case begins and ends without faults, and others notice nothing."""
    medium_write()
    keys = {"DefaultTime2Wait": 0, "DefaultTime2Retain": 0, **options}
    with Conn().login(TARGET, **keys) as c:
        c.ready(NULL).ready(FILE)
        try:
            function(c)
        finally:
            netlink().do("FAULT_DEL", F_TID=1)
    Bed.check()


def adm(*args):
    done = ietadm(*args)
    if done.returncode:
        raise Failed(done.stderr)
    return done.stdout.strip()


def fault(kind, *options, **params):
    """A new rule; its id."""
    given = [f"--params={','.join(f'{k}={v}' for k, v in params.items())}"]
    return int(adm("--op", "new", "--tid=1", f"--fault={kind}", *options,
                   *(given if params else [])))


@functools.cache
def netlink():
    return Netlink()


def remove(number):
    netlink().do("FAULT_DEL", F_TID=1, F_ID=number)


def rule(number):
    return netlink().do("FAULT_GET", F_TID=1, F_ID=number)


def held(number):
    wait_for("it is held", lambda: rule(number)["F_HELD"] == 1)


def counts(number, hits, seen=None):
    r = rule(number)
    if r["F_HITS"] != hits or seen not in (None, r["F_SEEN"]):
        raise Failed(f"hits and seen are not {hits} and {seen}: {r}")


def same(what, got, expected):
    if got != expected:
        raise Failed(f"{what}: {got!r:.200}, not {expected!r:.200}")


def sid_of(initiator):
    text = Path("/proc/net/iet/session").read_text()
    return re.search(rf"sid:(\d+) initiator:{re.escape(initiator)}\n",
                     text).group(1)


def read(c, lba=0, blocks=1, unit=FILE):
    return c.scsi(read10(lba, blocks), READ, blocks * 512, unit)


def good_read(c, lba=0, blocks=8):
    same("data", c.read(lba, blocks, FILE), MEDIUM[lba * 512:][:blocks * 512])


# --- rules --------------------------------------------------------------------

@case("a rule says what it was given; the log says that there is one")
def _(c):
    one = fault("sense", f"--lun={FILE}", f"--sid={sid_of(RAW)}",
                Initiator=RAW, Opcode="0x28", Direction="read", LBA="5-9",
                Sense="3/11/01", Chance="12.5%", Skip=3, Count=4, Seed=99)
    line = adm("--op", "show", "--tid=1", "--fault")
    same("rule", line,
         f"Tid=1 Id={one} Kind=sense Sid={sid_of(RAW)} Lun=1 Initiator={RAW} "
         "Opcode=0x28 Direction=read LBA=5-9 Sense=3/11/01 Chance=12.5% "
         "Skip=3 Count=4 Seed=99 Seen=0 Hits=0 Held=0")
    same("show all", line in adm("--op", "show"), True)
    same("id of another", fault("hang", LBA="7-7") > one, True)
    log = os.popen("dmesg").read()
    if f"fault injection is on for target 1, {TARGET}" not in log:
        raise Failed("nothing in the log")
    adm("--op", "delete", "--tid=1", "--fault=all")
    same("none", adm("--op", "show", "--tid=1", "--fault"), "")
    log = os.popen("dmesg | tail -n 3").read()
    if f"fault injection is off for target 1, {TARGET}" not in log:
        raise Failed(log)


@case("what can't be is refused in words, and there are no more than 64")
def _(c):
    nl = Netlink()
    kind = {k: ID[f"FAULT_{k}"] for k in ("DROP", "HANG", "DELAY", "REJECT")}
    for attrs, number, words in (
            ({}, errno.EINVAL, "the kind of fault is missing"),
            ({"F_KIND": 0}, errno.EINVAL, "unknown kind of fault"),
            ({"F_KIND": 0xffffffff}, errno.EINVAL, "unknown kind of fault"),
            ({"F_KIND": kind["DELAY"]}, errno.EINVAL, "the delay is missing"),
            ({"F_KIND": kind["HANG"], "F_SID": 5}, errno.ENOENT,
             "no such session"),
            ({"F_KIND": kind["HANG"], "F_INITIATOR": "a\nb"}, errno.EINVAL,
             "control character in a text"),
            ({"F_KIND": kind["HANG"], "F_INITIATOR": "x" * 224},
             errno.EINVAL, ""),
            ({"F_KIND": kind["HANG"], "F_LBA": 5, "F_LBA_LAST": 4},
             errno.EINVAL, "the last block is before the first one"),
            ({"F_KIND": kind["HANG"], "F_HITS": 1}, errno.EINVAL, ""),
            ({"F_KIND": kind["REJECT"], "F_PDU": DATA_IN}, errno.EINVAL,
             "faults of this kind are of received PDUs")):
        try:
            nl.do("FAULT_NEW", F_TID=1, **attrs)
            raise Failed(f"{attrs}: taken")
        except NlRefused as e:
            same(f"{attrs}: errno", e.errno, number)
            if words not in e.text:
                raise Failed(f"{attrs}: {e.text}") from None
    for tid, number in ((9, 1), (1, 1 << 30), (2, 0)):
        try:
            nl.do("FAULT_DEL", F_TID=tid, F_ID=number)
            raise Failed("deleted what is not there")
        except NlRefused as e:
            same("errno", e.errno, errno.ENOENT)
    for _ in range(64):
        nl.do("FAULT_NEW", F_TID=1, F_KIND=kind["HANG"], F_LUN=77)
    same("rules", len(nl.dump("FAULT_GET", F_TID=1)), 64)
    got = ietadm("--op", "new", "--tid=1", "--fault=hang")
    same("the last straw", (got.returncode, got.stderr),
         (256 - errno.ENOSPC, "ietadm: new fault hang of target 1: the target "
          "has 64 faults already\n"))
    good_read(c)


@case("skip, count and seed: exact, and the same again")
def _(c):
    def pattern(**params):
        number = fault("status", f"--lun={FILE}", Status="busy",
                       Opcode=0, **params)
        got = [c.command(bytes(6), unit=FILE).status == BUSY
               for _ in range(40)]
        counts(number, sum(got), 40)
        remove(number)
        return got

    same("skip and count", pattern(Skip=5, Count=3),
         [False] * 5 + [True] * 3 + [False] * 32)
    first = pattern(Chance="30%", Seed=7)
    same("seed", pattern(Chance="30%", Seed=7), first)
    if not 2 < sum(first) < 25 or pattern(Chance="30%", Seed=8) == first:
        raise Failed(f"{first}")


@case("for one session, one initiator, one LUN; over when it ends")
def _(c):
    other = Conn().login(TARGET, f"{IQN}:second").ready(NULL).ready(FILE)
    by_name = fault("status", f"--lun={NULL}", Status="busy",
                    Initiator=f"{IQN}:second")
    by_sid = fault("status", f"--sid={sid_of(RAW)}", f"--lun={FILE}",
                   Status="task-set-full")
    same("other, 0", other.command(bytes(6), unit=NULL).status, BUSY)
    same("other, 1", other.command(bytes(6), unit=FILE).status, GOOD)
    same("raw, 0", c.command(bytes(6), unit=NULL).status, GOOD)
    same("raw, 1", c.command(bytes(6), unit=FILE).status, TASK_SET_FULL)
    c.logout()
    wait_for("the rule ends", lambda: "F_ENDED" in rule(by_sid))
    counts(by_sid, 1, 1)
    counts(by_name, 1, 1)
    other.logout()


@case("events: a fault was injected, at most one a second for each rule")
def _(c):
    nl = Netlink()
    nl.subscribe()
    number = fault("status", Status="busy", Opcode=0)
    for _ in range(20):
        same("status", c.command(bytes(6)).status, BUSY)
    found = [a for k, a in nl.events() if k == "FAULT_NTF"]
    if not 1 <= len(found) < 10:
        raise Failed(f"{found}")
    event = found[0]
    same("event", (event["F_TID"], event["F_ID"], event["F_KIND"]),
         (1, number, ID["FAULT_STATUS"]))
    if not 1 <= event["F_HITS"] <= 20:
        raise Failed(f"{event}")


# --- commands -----------------------------------------------------------------

@case("sense: a bad block is one, whoever reads over it, until it is removed")
def _(c):
    number = fault("sense", f"--lun={FILE}", LBA="20-21", Direction="read")
    for lba, blocks, bad in ((18, 4, 20), (21, 9, 21)):
        rsp = c.expect(SCSI_RSP, itt=read(c, lba, blocks).itt,
                       status=CHECK_CONDITION)
        same("sense", rsp.sense, (3, 0x1100))
        same("information", rsp.data[2] & 0x80 and
             int.from_bytes(rsp.data[5:9], "big"), bad)
        same("residual", rsp.residual, blocks * 512)
    good_read(c, 0, 20)
    good_read(c, 22, 8)
    counts(number, 2, 2)
    remove(number)
    good_read(c, 16, 8)


@case("sense of choice, of a write: nothing is written")
def _(c):
    fault("sense", Sense="b/47/03", Opcode="0x2a", Count=1)
    rsp = c.write(8, bytes(512), FILE)
    same("sense", (rsp.status, rsp.sense), (CHECK_CONDITION, (0xb, 0x4703)))
    good_read(c)
    same("again", c.write(8, bytes(512), FILE).status, GOOD)


@case("status: a write is refused without an R2T")
def _(c):
    fault("status", Status="reservation-conflict", Direction="write", Count=1)
    rsp = c.command(write10(0, 8), flags=WRITE, edtl=4096, unit=FILE)
    same("status", rsp.status, 0x18)
    good_read(c)


@case("corrupt: one byte of one block is read wrong, the medium is not")
def _(c):
    fault("corrupt", f"--lun={FILE}", LBA=9, Byte=5, Count=2)
    for blocks in (16, 4):
        want = bytearray(MEDIUM[8 * 512:][:blocks * 512])
        want[517] ^= 0xff
        same("data", c.read(8, blocks, FILE), bytes(want))
    good_read(c, 8, 16)
    same("medium", medium(), MEDIUM)


@case("no-flush: the medium is not told, the initiator is told GOOD")
def _(c):
    number = fault("no-flush", f"--lun={FILE}")
    same("status", c.command(bytes([0x35]) + bytes(9), unit=FILE).status,
         GOOD)
    counts(number, 1, 1)
    # write-through: the write is done, its flush is not
    same("write", c.write(3, bytes(512), FILE).status, GOOD)
    counts(number, 2, 2)
    same("medium", medium(3, 1), bytes(512))


@case("delay: others overtake, also on the same connection")
def _(c):
    fault("delay", f"--lun={FILE}", Delay=1500, Direction="read", Count=1)
    start = time.monotonic()
    with in_time(1.4):
        slow = read(c)
        c.command(bytes(6), unit=FILE)
        c.read(0, 8, NULL)
    same("data", c.data_of(slow.itt), MEDIUM[:512])
    if time.monotonic() - start < 1.4:
        raise Failed("too soon")


@case("delay: at once if its rule is removed")
def _(c):
    number = fault("delay", f"--lun={FILE}", Delay=60000)
    slow = read(c)
    held(number)
    remove(number)
    same("data", c.data_of(slow.itt), MEDIUM[:512])


@case("hang: until its rule is removed")
def _(c):
    number = fault("hang", f"--lun={FILE}", Opcode="0x2a", Count=1)
    itt = c.scsi(write10(0, 1), WRITE, 512, FILE).itt
    r2t = c.expect(R2T)
    c.data_out(r2t, b"x" * 512)
    held(number)
    c.ping()
    c.expect_nothing(0.3)
    # another block, another unit
    good_read(c, 8, 8)
    c.read(0, 8, NULL)
    remove(number)
    c.expect(SCSI_RSP, itt=itt, status=GOOD)
    same("medium", medium(0, 1), b"x" * 512)


@case("hang: aborted as on a disk that hangs, and no old write lands")
def _(c):
    number = fault("hang", f"--lun={FILE}", Opcode="0x2a", Count=1)
    w = c.scsi(write10(0, 1), WRITE, 512, FILE)
    c.data_out(c.expect(R2T), b"old".ljust(512))
    held(number)
    c.request(TMF | IMMEDIATE, flags=FINAL | ABORT_TASK, lun=lun(FILE),
              ref=w.itt, refcmdsn=w.cmdsn)
    # it is given up after 1.5 s
    c.expect(TMF_RSP, response=TMF_REJECTED)
    remove(number)
    c.expect(SCSI_RSP, itt=w.itt, status=GOOD)
    number = fault("hang", f"--lun={FILE}", Opcode="0x2a", Count=1)
    c.scsi(write10(0, 1), WRITE, 512, FILE)
    c.data_out(c.expect(R2T), b"older".ljust(512))
    held(number)
    c.close()
    wait_for("the session ends", lambda: RAW not in sessions())
    with Conn().login(TARGET) as again:
        again.ready(NULL)
        same("busy", again.command(bytes(6), unit=FILE).status, BUSY)
        remove(number)
        again.ready(FILE)
        same("write", again.write(0, b"new".ljust(512), FILE).status, GOOD)
        same("data", again.read(0, 1, FILE), b"new".ljust(512))


# --- PDUs that are sent -------------------------------------------------------

def segments(c):
    """TCP segments with data that have come: tcpi_data_segs_in."""
    info = c.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192)
    return struct.unpack_from("=I", info, 152)[0]


def ends_after(c, length):
    try:
        c.wait_bytes(1 << 20, time.monotonic() + 60)
    except EOFError:
        pass
    same("bytes before the end", len(c.input), length)
    wait_for("the session ends", lambda: RAW not in sessions())


@case("drop: before a PDU, what came before it is there")
def _(c):
    number = fault("drop", PDU="data-in", Skip=1)
    good_read(c)
    c.nop(b"", op=NOP_OUT)
    read(c)
    c.expect(NOP_IN)
    ends_after(c, 0)
    counts(number, 1, 2)


@case("drop: after all of a PDU")
def _(c):
    fault("drop", PDU="data-in", Byte="end")
    read(c, 0, 8)
    ends_after(c, 48 + 4096)


@case("drop: in the middle of a PDU, in its data, which is large",
      MaxRecvDataSegmentLength=65536)
def _(c):
    fault("drop", PDU="data-in", Byte=30001)
    read(c, 0, 128)
    ends_after(c, 30001)


@case("drop: all of a session's I/O goes on by another connection, at level 2",
      ErrorRecoveryLevel=2, DefaultTime2Retain=20)
def _(c):
    fault("drop", PDU="status", Count=1)
    task = read(c, 0, 4)
    c.expect_end()
    with Conn() as again:
        again.isid, again.tsih, again.cid = c.isid, c.tsih, c.cid
        again.numbers = c.numbers
        again.login(TARGET, isid=c.isid, ErrorRecoveryLevel=2)
        again.tmf(TASK_REASSIGN, ref=task.itt, unit=FILE)
        again.expect(TMF_RSP, response=COMPLETE)
        same("data", again.data_of(task.itt), MEDIUM[:2048])
        again.logout()


@case("split: one cut, exactly there")
def _(c):
    def segments_of_read():
        # before TCP takes them for lost
        with in_time(0.2):
            before = segments(c)
            good_read(c)
            return segments(c) - before

    good_read(c)
    same("segments", segments_of_read(), 1)
    number = fault("split", PDU="data-in", Byte=20)
    same("segments", segments_of_read(), 2)
    counts(number, 1, 1)
    remove(number)
    same("segments", segments_of_read(), 1)


@case("split: into many pieces of random lengths, header, digests and all",
      HeaderDigest="CRC32C", DataDigest="CRC32C",
      MaxRecvDataSegmentLength=65536)
def _(c):
    fault("split", Seed=5)
    before = segments(c)
    good_read(c, 0, 128)
    if segments(c) - before < 128:
        raise Failed(f"{segments(c) - before} segments")
    c.ping()


@case("stall: the connection is silent for a while, others are not")
def _(c):
    with Conn().login(TARGET, f"{IQN}:second") as other:
        other.ready(NULL)
        fault("stall", f"--sid={sid_of(RAW)}", PDU="nop-in", Delay=1000,
              Count=1)
        start = time.monotonic()
        with in_time(1):
            c.nop(b"ping")
            task = read(c)
            other.ping()
            c.expect_nothing(0.5)
        c.expect(NOP_IN)
        if time.monotonic() - start < 0.95:
            raise Failed("too soon")
        same("data", c.data_of(task.itt), MEDIUM[:512])
        other.logout()


@case("stall: at once if its rule is removed, or all of the target's are")
def _(c):
    def stalled():
        number = fault("stall", PDU="nop-in", Delay=60000, Count=1)
        c.nop(b"ping")
        wait_for("it is stalled", lambda: rule(number)["F_HITS"] == 1)
        c.expect_nothing(0.3)
        return number

    remove(stalled())
    c.expect(NOP_IN)
    stalled()
    # one that is not its own
    remove(fault("stall", PDU="r2t", Delay=5))
    c.expect_nothing(0.3)
    netlink().do("FAULT_DEL", F_TID=1)
    c.expect(NOP_IN)
    good_read(c)


@case("withhold: an R2T; the write waits, and can be aborted")
def _(c):
    number = fault("withhold", PDU="r2t", Count=1)
    w = c.scsi(write10(0, 1), WRITE, 512, FILE)
    c.expect_nothing(0.3)
    c.tmf(ABORT_TASK, ref=w.itt, unit=FILE, refcmdsn=w.cmdsn)
    c.expect(TMF_RSP, response=COMPLETE)
    counts(number, 1)
    same("write", c.write(0, MEDIUM[:512], FILE).status, GOOD)


@case("withhold: an R2T, at level 1 it comes again", ErrorRecoveryLevel=1)
def _(c):
    fault("withhold", PDU="r2t", Count=1)
    w = c.scsi(write10(0, 1), WRITE, 512, FILE)
    r2t = c.expect(R2T, r2tsn=0)
    c.data_out(r2t, MEDIUM[:512])
    c.expect(SCSI_RSP, itt=w.itt, status=GOOD)


@case("withhold: status, but not the data before it")
def _(c):
    number = fault("withhold", f"--lun={FILE}", PDU="status")
    itt = read(c).itt
    pdu = c.expect(DATA_IN, itt=itt, statsn=0, status=0)
    same("S bit, data", (pdu.flags & 1, pdu.data), (0, MEDIUM[:512]))
    c.command(bytes(6), unit=NULL)
    c.scsi(bytes(6), unit=FILE)
    c.expect_nothing(0.3)
    counts(number, 2, 2)
    remove(number)
    # their StatSN are used up
    same("missing", c.expect(NOP_IN, itt=c.nop(b"").itt).statsn
         - c.expstatsn + 1 >= 0, True)


@case("withhold: status, at level 1 a SNACK gets it", ErrorRecoveryLevel=1)
def _(c):
    fault("withhold", f"--lun={FILE}", PDU="status", Count=1)
    before = c.expstatsn
    w = c.scsi(bytes(6), unit=FILE)
    c.expect_nothing(0.3)
    c.snack(STATUS_SNACK, before, 1)
    c.expect(SCSI_RSP, itt=w.itt, statsn=before, status=GOOD)


@case("withhold: a Data-In PDU is missing, its DataSN with it",
      MaxRecvDataSegmentLength=512)
def _(c):
    fault("withhold", PDU="data-in", Skip=1, Count=2)
    itt = read(c, 0, 6).itt
    got = [c.expect(DATA_IN, itt=itt) for _ in range(4)]
    same("DataSN", [(p.datasn, p.offset) for p in got],
         [(n, n * 512) for n in (0, 3, 4, 5)])


@case("duplicate: a Data-In PDU, status and all, an R2T, a response",
      MaxRecvDataSegmentLength=512)
def _(c):
    number = fault("duplicate", PDU="data-in", Skip=1, Count=2)
    itt = read(c, 0, 3).itt
    got = [c.expect(DATA_IN, itt=itt) for _ in range(5)]
    same("PDUs", [(p.datasn, p.offset, p.flags & 1) for p in got],
         [(0, 0, 0), (1, 512, 0), (1, 512, 0), (2, 1024, 1), (2, 1024, 1)])
    same("bytes", (bytes(got[3].bhs), got[3].data),
         (bytes(got[4].bhs), got[4].data))
    counts(number, 2)
    c.ping()
    fault("duplicate", PDU="r2t", Count=1)
    w = c.scsi(write10(0, 1), WRITE, 512, FILE)
    first, second = c.expect(R2T, r2tsn=0), c.expect(R2T, r2tsn=0)
    same("R2T", bytes(first.bhs), bytes(second.bhs))
    fault("duplicate", PDU="scsi-response", Count=1)
    c.data_out(first, MEDIUM[:512])
    got = [c.expect(SCSI_RSP, itt=w.itt, status=GOOD) for _ in range(2)]
    same("response", bytes(got[0].bhs), bytes(got[1].bhs))
    c.ping()
    good_read(c)


@case("duplicate: what is large", MaxRecvDataSegmentLength=65536)
def _(c):
    fault("duplicate", PDU="data-in", Count=1)
    itt = read(c, 0, 128).itt
    for _ in range(2):
        same("data", c.expect(DATA_IN, itt=itt).data, MEDIUM[:65536])
    c.ping()


@case("header: a byte of it is wrong, its digest is right",
      HeaderDigest="CRC32C")
def _(c):
    fault("header", PDU="nop-in", Byte=24, Count=1)
    before = c.expstatsn
    c.nop(b"")
    same("StatSN", c.expect(NOP_IN).statsn, before ^ 0xff << 24)
    c.expstatsn = before + 1
    c.ping()


@case("header digest: wrong; not without one", HeaderDigest="CRC32C")
def _(c):
    with Conn().login(TARGET, f"{IQN}:second") as other:
        number = fault("header-digest", PDU="nop-in", Count=1)
        other.ping()
        counts(number, 0, 0)
    c.nop(b"")
    try:
        c.receive()
        raise Failed("it is right")
    except Failed as error:
        same("error", str(error), "wrong header digest")
    counts(number, 1, 1)
    c.expstatsn += 1
    c.ping()


@case("data digest: wrong; at level 1 a SNACK gets the PDU again",
      DataDigest="CRC32C", ErrorRecoveryLevel=1, MaxRecvDataSegmentLength=512)
def _(c):
    fault("data-digest", f"--lun={FILE}", Count=1)
    c.acks = False
    itt = read(c, 0, 2).itt
    try:
        c.receive()
        raise Failed("it is right")
    except Failed as error:
        same("error", str(error), "wrong data digest")
    c.expect(DATA_IN, datasn=1)
    c.snack(DATA_SNACK, 0, 1, itt)
    same("data", c.expect(DATA_IN, datasn=0).data, MEDIUM[:512])


@case("data: a byte of it is wrong, its digest is right",
      DataDigest="CRC32C", MaxRecvDataSegmentLength=65536)
def _(c):
    fault("data", f"--lun={FILE}", Byte=1000, Count=1)
    data = bytearray(MEDIUM[:65536])
    data[1000] ^= 0xff
    same("data", c.read(0, 128, FILE), bytes(data))
    good_read(c, 0, 128)
    same("medium", medium(), MEDIUM)


@case("data: also if the page cache would be sent",
      MaxRecvDataSegmentLength=65536)
def _(c):
    good_read(c, 0, 128)
    fault("data", f"--lun={FILE}", Byte=50000, Count=1)
    data = bytearray(MEDIUM[:65536])
    data[50000] ^= 0xff
    same("data", c.read(0, 128, FILE), bytes(data))
    good_read(c, 0, 128)
    same("medium", medium(), MEDIUM)


# --- PDUs that are received ---------------------------------------------------

@case("drop: at a request, which is not seen, or after it")
def _(c):
    number = fault("drop", PDU="scsi-command", Opcode="0x2a", Count=1)
    good_read(c)
    c.scsi(write10(0, 1), WRITE, 512, FILE)
    ends_after(c, 0)
    counts(number, 1, 1)
    remove(number)
    fault("drop", PDU="scsi-command", Opcode="0x28", LBA=77, Byte="end")
    with Conn().login(TARGET) as again:
        again.ready(NULL).ready(FILE)
        good_read(again)
        read(again, 70, 8)
        again.expect(DATA_IN)
        again.expect_end()


@case("withhold: a request is not seen; its CmdSN is missing")
def _(c):
    number = fault("withhold", PDU="scsi-command", Count=1)
    lost = c.scsi(bytes(6))
    after = c.scsi(bytes(6))
    c.expect_nothing(0.3)
    c.scsi(bytes(6), cmdsn=lost.cmdsn)
    for _ in range(2):
        c.expect(SCSI_RSP, status=GOOD)
    counts(number, 1, 3)
    same("CmdSN", c.cmdsn, after.cmdsn + 1)


@case("withhold: a Data-Out PDU is not seen; at level 1 it is asked for again",
      ErrorRecoveryLevel=1)
def _(c):
    fault("withhold", f"--lun={FILE}", PDU="data-out", LBA="0-1", Count=1)
    w = c.scsi(write10(0, 2), WRITE, 1024, FILE)
    r2t = c.expect(R2T)
    c.data_out(r2t, MEDIUM[:512], flags=0)
    c.data_out(r2t, MEDIUM[512:1024], offset=512, datasn=1)
    again = c.expect(R2T)
    c.data_out(again, MEDIUM[again.offset:again.offset + again.length])
    c.expect(SCSI_RSP, itt=w.itt, status=GOOD)


@case("reject: a request, with a reason; its CmdSN is to come again")
def _(c):
    number = fault("reject", PDU="scsi-command", Reason=6, Count=2)
    for reason in (6, 6):
        w = c.scsi(write10(0, 1), WRITE, 512, FILE, cmdsn=c.cmdsn)
        rej = c.expect(REJECT, reason=reason)
        same("header", bytes(rej.data), bytes(w.bhs))
    counts(number, 2, 2)
    good_read(c)
    fault("reject", PDU="nop-out", Count=1)
    c.nop(b"x" * 100, op=NOP_OUT | IMMEDIATE)
    c.expect(REJECT, reason=PROTOCOL_ERROR)
    c.ping()


@case("async: a message follows a request")
def _(c):
    fault("async", PDU="nop-out", Event="logout", Count=1)
    c.nop(b"")
    got = {c.receive().opcode, c.receive().opcode}
    same("PDUs", got, {ASYNC, NOP_IN})
    good_read(c)
    fault("async", PDU="scsi-command", Event="drop-session", Count=1)
    c.scsi(bytes(6))
    while (pdu := c.receive()).opcode != ASYNC:
        pass
    same("event", pdu.event, DROP_SESSION)
    c.expect_end()


@case("faults end with the target, and with their connection's memory")
def _(c):
    adm("--op", "new", "--tid=7", f"--params=Name={IQN}:seven")
    adm("--op", "new", "--tid=7", "--lun=0", "--params=Type=nullio,Blocks=99")
    with Conn().login(f"{IQN}:seven") as seven:
        seven.ready(0)
        adm("--op", "new", "--tid=7", "--fault=hang")
        seven.scsi(bytes(6))
        wait_for("it is held", lambda: "Held=1" in
                 adm("--op", "show", "--tid=7", "--fault"))
        adm("--op", "delete", "--tid=7", "--lun=0")
        c.ping()
        nl = Netlink()
        nl.do("TARGET_DEL", T_TID=7, T_FORCE=True)
        seven.expect(ASYNC)  # the LUN has gone
        seven.expect_end()
    same("none", adm("--op", "show", "--tid=1", "--fault"), "")


def begin():
    """
    A target that nobody uses has a rule as long as there is I/O, so that the
    hooks are not patched into code that another CPU executes: QEMU's emulated
    CPUs may stop at a breakpoint that is not there any more, as they may at
    boot (7.2: "Oops: int3").
    """
    Bed.begin(CONF, size=4 << 20)
    adm("--op", "new", "--tid=3", "--fault=sense")
    Bed.neighbour = Neighbour(OTHER, 0)


main(begin, Bed.end, around)
