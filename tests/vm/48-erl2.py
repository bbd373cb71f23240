#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
"""
ErrorRecoveryLevel 2 (RFC 7143 6.3.4, 7.2.2, 11.5.1, 11.14): connections fail,
their tasks go on by others, and what is never taken up again ends.
"""

import os
import random
import re
import sys
from pathlib import Path

sys.path.insert(0, os.path.join(os.environ["IET_TOP"], "tests/lib"))

from bed import Bed  # noqa: E402
from ktap import (IQN, Failed, Stopwatch, case, ietadm, in_time,  # noqa: E402
                  main, sessions, wait_for)
from pdu import *  # noqa: E402,F403

TARGET, SINGLE = f"{IQN}:erl2", f"{IQN}:single"
FILE, HUNG = 0, 1
SEG = 4096
# how many seconds a function waits for the commands before it
ARRIVAL = 0.5
# task attribute (11.3.1), and a status
ORDERED, TASK_ABORTED = 2, 0x40

CONF = f"""
Target {TARGET}
    ErrorRecoveryLevel 2
    MaxConnections 4
    DefaultTime2Wait 0
    DefaultTime2Retain 60
    InitialR2T No
    MaxBurstLength 16384
    Lun {FILE} Path=/run/iet-test/erl2.img,Type=fileio
    Lun {HUNG} Path=/dev/mapper/iet-erl2,Type=blockio
Target {SINGLE}
    ErrorRecoveryLevel 2
    DefaultTime2Wait 0
    Lun 0 Path=/run/iet-test/erl2.img,Type=fileio
"""


def around(function, options):
    """
    Each case has a new session of two connections. A function that returns
    one of them has it log the session out in the end.
    """
    conns = options.pop("conns", 2)
    keys = {"MaxConnections": 4, "InitialR2T": "No", "ErrorRecoveryLevel": 2,
            "MaxRecvDataSegmentLength": SEG, "MaxBurstLength": 16384,
            **options}
    first = Conn().login(TARGET, **keys)
    others = [first.join(cid, MaxRecvDataSegmentLength=SEG)
              for cid in range(2, conns + 1)]
    try:
        last = function(first.ready(FILE), *others)
        if last:
            last.ping()
            last.logout()
        wait_for("the session ends", lambda: not sessions())
    finally:
        for conn in (first, *others):
            conn.close()
        end_sessions()
    Bed.check()


def end_sessions():
    """What a case that failed has left would live on for a while."""
    text = Path("/proc/net/iet/session").read_text()
    for cid in shown():
        for sid in re.findall(r"sid:(\d+)", text):
            ietadm("--op", "delete", "--tid=1", f"--sid={sid}", f"--cid={cid}")


def shown(state=None):
    """The CIDs of /proc/net/iet/session."""
    lines = Path("/proc/net/iet/session").read_text().splitlines()
    return sorted(int(line.split()[0][4:]) for line in lines
                  if line.startswith("\t\tcid:")
                  and (not state or f" state:{state} " in line))


def fail(conn):
    """The connection is gone, as both sides notice."""
    cid = conn.cid
    conn.close()
    wait_for("it is suspended", lambda: cid not in shown("active"))


def recover(conn, cid):
    """Logout for recovery, by another connection."""
    conn.request(LOGOUT | IMMEDIATE, flags=FINAL | RECOVERY, cid=cid)
    return conn.expect(LOGOUT_RSP, response=0)


def reassign(conn, itt, response=COMPLETE, **fields):
    conn.tmf(TASK_REASSIGN, itt, **fields)
    conn.expect(TMF_RSP, response=response)


def tell_of_aborts(conn, tas):
    """The TAS bit of the control mode page."""
    page = bytes([0x0a, 10, 0x02, 0x10, 0, tas << 6]) + bytes(6)
    page = bytes(4) + page
    conn.scsi(bytes([0x15, 0x10, 0, 0, len(page), 0]), WRITE, len(page),
              data=page)
    conn.expect(SCSI_RSP, status=GOOD)


# --- what is agreed -----------------------------------------------------------

@case("ErrorRecoveryLevel 2, and the times, are agreed on",
      DefaultTime2Retain=7, DefaultTime2Wait=1)
def _(first, second):
    keys = ("ErrorRecoveryLevel", "DefaultTime2Retain", "DefaultTime2Wait")
    if [first.keys[k] for k in keys] != ["2", "7", "1"]:
        raise Failed(f"keys {first.keys}")
    second.ping()
    rsp = recover(first, 2)
    if (rsp.time2wait, rsp.time2retain) != (1, 7):
        raise Failed(f"times of {rsp}")
    return first


# --- reassignment -------------------------------------------------------------

@case("a read goes on by another connection, from where it was")
def _(first, second):
    data = random.randbytes(64 * 512)
    first.write(0, data)
    second.acks = False
    itt = second.scsi(read10(0, 64), READ, len(data)).itt
    got = b"".join(second.expect(DATA_IN, datasn=n).data for n in range(3))
    fail(second)
    recover(first, 2)
    reassign(first, itt, expdatasn=3)
    for sn in range(3, 8):
        pdu = first.expect(DATA_IN, itt=itt, datasn=sn, offset=len(got))
        got += pdu.data
    if got != data or not pdu.flags & 1 or pdu.statsn != first.expstatsn - 1:
        raise Failed("other data, or no status")
    wait_for("the failed one is given up", lambda: shown() == [1])
    return first


@case("... all of it, or the status alone")
def _(first, second):
    data = random.randbytes(64 * 512)
    first.write(0, data)
    second.acks = False
    one = second.scsi(read10(0, 64), READ, len(data)).itt
    second.data_of(one)
    two = second.scsi(read10(0, 64), READ, len(data)).itt
    second.data_of(two)
    fail(second)
    recover(first, 2)
    reassign(first, one)
    if first.data_of(one) != data:
        raise Failed("other data")
    reassign(first, two, expdatasn=8)
    first.expect(SCSI_RSP, itt=two, status=GOOD, expdatasn=8)
    return first


@case("... cut as the other connection takes it")
def _(first, second):
    data = random.randbytes(64 * 512)
    first.write(0, data)
    small = first.join(3, MaxRecvDataSegmentLength=1024)
    second.acks = False
    itt = second.scsi(read10(0, 64), READ, len(data)).itt
    got = b"".join(second.expect(DATA_IN).data for _ in range(2))
    fail(second)
    recover(small, 2)
    reassign(small, itt, expdatasn=2)
    for sn in range(2, 2 + (len(data) - len(got)) // 1024):
        got += small.expect(DATA_IN, itt=itt, datasn=sn,
                            offset=len(got)).data
    if got != data:
        raise Failed("other data")
    return small


@case("an ExpDataSN that is wrong is ignored: all data comes")
def _(first, second):
    second.acks = False
    itts = []
    for _ in range(3):
        itts.append(second.scsi(read10(0, 64), READ, 64 * 512).itt)
        second.data_of(itts[-1])
    fail(second)
    recover(first, 2)
    for itt, wrong in zip(itts, (9, 0x80000000, RESERVED)):
        reassign(first, itt, expdatasn=wrong)
        if len(first.data_of(itt)) != 64 * 512:
            raise Failed("not all data")
    return first


@case("a write goes on: what is missing is asked for")
def _(first, second):
    data = random.randbytes(32 * 512)
    itt = second.scsi(write10(8, 32), WRITE, len(data)).itt
    r2t = second.expect(R2T, r2tsn=0)
    second.data_out(r2t, data[:SEG], flags=0)
    second.ping()
    fail(second)
    recover(first, 2)
    reassign(first, itt)
    again = first.expect(R2T, itt=itt, r2tsn=1, offset=SEG,
                         length=len(data) - SEG)
    # what comes for the old one is late, and not used
    first.data_out(r2t, bytes(SEG), flags=0)
    first.ping()
    first.data_out(again, data[SEG:])
    first.expect(SCSI_RSP, itt=itt, status=GOOD)
    if first.read(8, 32) != data:
        raise Failed("other data")
    return first


@case("... unless it is aborted there: what still comes of it is thrown away")
def _(first, second):
    itt = second.scsi(write10(8, 32), WRITE, 32 * 512).itt
    second.expect(R2T)
    fail(second)
    recover(first, 2)
    reassign(first, itt)
    r2t = first.expect(R2T, itt=itt)
    first.tmf(ABORT_TASK, itt, FILE, refcmdsn=first.cmdsn - 1)
    first.expect(TMF_RSP, response=COMPLETE)
    first.data_out(r2t, bytes(SEG), flags=0)
    first.ping()
    return first


@case("... one whose unsolicited data never came")
def _(first, second):
    data = random.randbytes(16 * 512)
    itt = second.scsi(write10(8, 16), WRITE, len(data), final=False,
                      data=data[:512]).itt
    second.nop(b"seen", op=NOP_OUT | IMMEDIATE)
    second.expect(NOP_IN)
    fail(second)
    recover(first, 2)
    reassign(first, itt)
    r2t = first.expect(R2T, itt=itt, offset=512, length=len(data) - 512)
    first.data_out(r2t, data[512:])
    first.expect(SCSI_RSP, itt=itt, status=GOOD)
    if first.read(8, 16) != data:
        raise Failed("other data")
    return first


@case("... one whose last PDU came in part")
def _(first, second):
    data = random.randbytes(2 * SEG)
    itt = second.scsi(write10(8, 2 * SEG // 512), WRITE, len(data)).itt
    r2t = second.expect(R2T, r2tsn=0)
    second.data_out(r2t, data[:SEG], flags=0)
    last = second.make(DATA_OUT, flags=FINAL, itt=itt, ttt=r2t.ttt,
                       lun=r2t.bhs[8:16], offset=SEG, datasn=1,
                       data=data[SEG:])
    second.send_bytes(last.wire()[:1024])
    second.expect_nothing(0.2)
    fail(second)
    recover(first, 2)
    reassign(first, itt)
    again = first.expect(R2T, itt=itt, r2tsn=1, offset=SEG, length=SEG)
    first.data_out(again, data[SEG:])
    first.expect(SCSI_RSP, itt=itt, status=GOOD)
    if first.read(8, 2 * SEG // 512) != data:
        raise Failed("other data")
    return first


@case("a status that was not acknowledged comes by another connection")
def _(first, second):
    second.acks = False
    good = second.scsi(write10(0, 1), WRITE, 512, data=bytes(512)).itt
    second.expect(SCSI_RSP)
    bad = second.scsi(b"\x1b\xff\xff\xff\xff\xff").itt
    sense = second.expect(SCSI_RSP, status=CHECK_CONDITION).sense
    fail(second)
    recover(first, 2)
    # under the numbers of that connection
    first.nop(b"", op=NOP_OUT | IMMEDIATE)
    first.expect(NOP_IN)
    reassign(first, good)
    first.expect(SCSI_RSP, itt=good, status=GOOD, statsn=first.expstatsn)
    reassign(first, bad)
    rsp = first.expect(SCSI_RSP, itt=bad, status=CHECK_CONDITION,
                       statsn=first.expstatsn)
    if rsp.sense != sense:
        raise Failed(f"sense {rsp.sense}")
    return first


@case("... and one that was is not there any more")
def _(first, second):
    itt = second.scsi(bytes(6)).itt
    second.expect(SCSI_RSP)
    second.ping()
    fail(second)
    recover(first, 2)
    reassign(first, itt, NO_TASK)
    return first


@case("a command that a disk holds is reassigned, and answered there")
def _(first, second):
    first.ready(HUNG)
    data = random.randbytes(512)
    with Bed.disk.hang():
        write = second.scsi(write10(0, 1), WRITE, 512, HUNG, data=data).itt
        read = second.scsi(read10(1, 8), READ, SEG, HUNG).itt
        second.ping()
        fail(second)
        recover(first, 2)
        reassign(first, write)
        reassign(first, read)
        first.expect_nothing(0.3)
    rsps = {p.itt: p for p in (first.receive(), first.receive())}
    if rsps[write].opcode != SCSI_RSP or rsps[write].status:
        raise Failed(f"got {rsps[write]}")
    if rsps[read].opcode != DATA_IN or len(rsps[read].data) != SEG:
        raise Failed(f"got {rsps[read]}")
    if first.read(0, 1, HUNG) != data:
        raise Failed("it was not written")
    return first


@case("... three times, and the last connection ends first")
def _(first, second):
    first.ready(HUNG)
    with Bed.disk.hang():
        itt = second.scsi(read10(1, 8), READ, SEG, HUNG).itt
        second.ping()
        conn = second
        for cid in (2, 3, 2):
            fail(conn)
            conn = first.join(5 - cid)
            recover(conn, cid)
            reassign(conn, itt)
        conn.ping()
        first.logout(CLOSE_CONNECTION, cid=conn.cid)
        reassign(first, itt, NO_TASK)
    return first


@case("the window stays right over many reassignments")
def _(first, second):
    size = first.maxcmdsn - first.cmdsn + 1
    for n in range(12):
        second.acks = False
        itts = [second.scsi(read10(0, 8), READ, SEG).itt for _ in range(8)]
        for itt in itts:
            second.data_of(itt)
        fail(second)
        second = first.join(2)
        for itt in itts[n % 8:]:
            reassign(second, itt)
            second.data_of(itt)
    first.ping()
    if first.maxcmdsn - first.cmdsn + 1 != size:
        raise Failed(f"a window of {first.maxcmdsn - first.cmdsn + 1}")
    second.close()
    return first


# --- refusals -----------------------------------------------------------------

@case("a task is allegiant until its connection is logged out")
def _(first, second):
    itt = second.scsi(write10(0, 16), WRITE, 8192).itt
    r2t = second.expect(R2T)
    reassign(first, itt, STILL_ALLEGIANT)
    second.data_out(r2t, bytes(8192))
    second.expect(SCSI_RSP, status=GOOD)
    itt = second.scsi(write10(0, 16), WRITE, 8192).itt
    second.expect(R2T)
    reassign(second, itt, STILL_ALLEGIANT)
    fail(second)
    reassign(first, itt, STILL_ALLEGIANT)
    recover(first, 2)
    reassign(first, itt)
    first.data_out(first.expect(R2T), bytes(8192))
    first.expect(SCSI_RSP, status=GOOD)
    return first


@case("what is no task can't be reassigned")
def _(first, second):
    itt = first.scsi(bytes(6)).itt
    first.expect(SCSI_RSP)
    nop = second.nop(b"x")
    second.expect(NOP_IN)
    fail(second)
    recover(first, 2)
    for wrong in (0xdead, RESERVED, nop.itt):
        reassign(first, wrong, NO_TASK)
    pdu = first.tmf(TASK_REASSIGN, first.itt)
    first.expect(TMF_RSP, itt=pdu.itt, response=STILL_ALLEGIANT)
    del itt
    return first


@case("a logout for a CID that there is not")
def _(first, second):
    for reason in (CLOSE_CONNECTION, RECOVERY):
        first.request(LOGOUT, flags=FINAL | reason, cid=77)
        first.expect(LOGOUT_RSP, response=CID_NOT_FOUND)
    return first


# --- reinstatement, continuation, the end -------------------------------------

@case("a connection logs itself out for recovery")
def _(first, second):
    itt = second.scsi(write10(0, 16), WRITE, 8192).itt
    second.expect(R2T)
    second.request(LOGOUT, flags=FINAL | RECOVERY, cid=2)
    second.expect(LOGOUT_RSP, response=0)
    second.expect_end()
    reassign(first, itt)
    first.data_out(first.expect(R2T), bytes(8192))
    first.expect(SCSI_RSP, status=GOOD)
    return first


@case("a connection that lives is logged out for recovery by another")
def _(first, second):
    itt = second.scsi(write10(0, 16), WRITE, 8192).itt
    second.expect(R2T)
    recover(first, 2)
    second.expect_end()
    reassign(first, itt)
    first.data_out(first.expect(R2T), bytes(8192))
    first.expect(SCSI_RSP, status=GOOD)
    return first


@case("the same CID reinstates it, and takes its tasks over")
def _(first, second):
    itt = second.scsi(write10(0, 16), WRITE, 8192).itt
    second.expect(R2T)
    again = first.join(2)
    second.expect_end()
    reassign(again, itt)
    again.data_out(again.expect(R2T), bytes(8192))
    again.expect(SCSI_RSP, status=GOOD)
    wait_for("the old one is given up", lambda: shown() == [1, 2])
    return again


@case("a session goes on after all of its connections have failed")
def _(first, second):
    itt = second.scsi(write10(0, 16), WRITE, 8192).itt
    second.expect(R2T)
    first.ping()
    fail(first)
    fail(second)
    if len(sessions()) != 1:
        raise Failed("the session is gone")
    new = first.join(2)
    reassign(new, itt)
    new.data_out(new.expect(R2T), bytes(8192))
    new.expect(SCSI_RSP, status=GOOD)
    new.ping()
    recover(new, 1)
    wait_for("the failed ones are given up", lambda: shown() == [2])
    return new


@case("... also if it has but one, of a target that allows but one")
def _(first, second):
    with Conn().login(SINGLE, ErrorRecoveryLevel=2) as c:
        itt = c.ready().scsi(write10(0, 16), WRITE, 8192).itt
        c.expect(R2T)
        # a second one to clean the first up (6.3.4)
        new = c.join(2)
        recover(new, 1)
        reassign(new, itt)
        new.data_out(new.expect(R2T), bytes(8192))
        new.expect(SCSI_RSP, status=GOOD)
        try:
            new.join(3).join(4)
        except Refused as refusal:
            if refusal.status != TOO_MANY:
                raise
        else:
            raise Failed("a third connection")
        new.logout()
    return first


@case("a damaged header costs the connection, not its tasks")
def _(first, second):
    third = first.join(3, HeaderDigest="CRC32C")
    itt = third.scsi(write10(0, 16), WRITE, 8192).itt
    third.expect(R2T)
    third.nop(b"", op=NOP_OUT | IMMEDIATE, bad_hdigest=True)
    third.expect_end()
    recover(first, 3)
    reassign(first, itt)
    first.data_out(first.expect(R2T), bytes(8192))
    first.expect(SCSI_RSP, status=GOOD)
    return first


@case("CmdSNs that were lost with a connection come again by another")
def _(first, second):
    missing = first.cmdsn
    first.cmdsn += 1
    itt = second.scsi(bytes(6)).itt
    second.expect_nothing(0.3)
    fail(second)
    recover(first, 2)
    # it was received, but not executed: forgotten (11.14)
    reassign(first, itt, NO_TASK)
    first.nop(b"missing", cmdsn=missing)
    first.expect(NOP_IN, expcmdsn=missing + 1)
    first.scsi(bytes(6), itt=itt, cmdsn=missing + 1)
    first.expect(SCSI_RSP, itt=itt, status=GOOD)
    return first


@case("ABORT TASK ends a suspended task")
def _(first, second):
    pdu = second.scsi(write10(0, 16), WRITE, 8192)
    second.expect(R2T)
    fail(second)
    recover(first, 2)
    first.tmf(ABORT_TASK, pdu.itt, FILE, refcmdsn=pdu.cmdsn)
    first.expect(TMF_RSP, response=COMPLETE)
    reassign(first, pdu.itt, NO_TASK)
    return first


@case("LUN RESET ends suspended and reassigned tasks")
def _(first, second):
    first.ready(HUNG)
    itts = []
    for _ in range(2):
        itts.append(second.scsi(write10(0, 16), WRITE, 8192, HUNG).itt)
        second.expect(R2T)
    fail(second)
    recover(first, 2)
    reassign(first, itts[0])
    first.expect(R2T)
    first.tmf(LUN_RESET, unit=HUNG)
    first.expect(TMF_RSP, response=COMPLETE)
    for itt in itts:
        reassign(first, itt, NO_TASK)
    return first


@case("... but not one that waits for commands when its own connection fails: "
      "it can't be reassigned, and nobody could be told")
def _(first, second):
    itt = first.scsi(write10(0, 16), WRITE, 8192).itt
    r2t = first.expect(R2T, itt=itt)
    missing = first.cmdsn
    first.cmdsn += 1
    with in_time(ARRIVAL):
        reset = second.tmf(LUN_RESET, unit=FILE)
        second.nop(op=NOP_OUT | IMMEDIATE)
        second.expect(NOP_IN)
        fail(second)
    recover(first, 2)
    reassign(first, reset.itt, NO_TASK)
    first.nop(b"missing", cmdsn=missing)
    first.expect(NOP_IN, expcmdsn=missing + 1)
    # which would be carried out after it
    first.tmf(ABORT_TASK_SET, unit=HUNG)
    first.expect(TMF_RSP, response=COMPLETE)
    rsp = first.command(bytes(6))
    if rsp.status != GOOD:
        raise Failed(f"the unit was reset: {rsp}")
    first.data_out(r2t, bytes(8192))
    first.expect(SCSI_RSP, itt=itt, status=GOOD)
    return first


@case("what another initiator aborts of a suspended connection is told of when "
      "it is reassigned")
def _(first, second):
    with Conn().login(TARGET, f"{IQN}:other") as other:
        other.ready(FILE)
        tell_of_aborts(other, True)
        first.ready(FILE)
        itts = [second.scsi(write10(0, 16), WRITE, 8192).itt]
        second.expect(R2T)
        # its data is all there; it waits for the first one
        itts.append(second.scsi(write10(0, 1), WRITE, 512, attr=ORDERED,
                                data=bytes(512)).itt)
        second.ping()
        fail(second)
        recover(first, 2)
        other.tmf(CLEAR_TASK_SET, unit=FILE)
        other.expect(TMF_RSP, response=COMPLETE)
        for itt in itts:
            reassign(first, itt)
            first.expect(SCSI_RSP, itt=itt, status=TASK_ABORTED)
        tell_of_aborts(other, False)
        other.logout()
    wait_for("the failed one is given up", lambda: shown() == [1])
    return first


@case("tasks that nobody takes over end with Time2Retain",
      DefaultTime2Retain=1)
def _(first, second):
    itt = second.scsi(write10(0, 16), WRITE, 8192).itt
    second.expect(R2T)
    fail(second)
    wait_for("it is given up", lambda: shown() == [1])
    reassign(first, itt, NO_TASK)
    # RFC 7143 7.5: some commands cleared by iSCSI protocol event
    same_unit = [first.command(bytes(6)) for _ in range(2)]
    if (same_unit[0].sense, same_unit[1].status) != ((6, 0x477f), GOOD):
        raise Failed(f"no unit attention: {same_unit[0]}")
    first.request(LOGOUT, flags=FINAL | RECOVERY, cid=2)
    first.expect(LOGOUT_RSP, response=CID_NOT_FOUND)
    return first


@case("... and so does a session", DefaultTime2Retain=1)
def _(first, second):
    fail(first)
    fail(second)
    wait_for("it is given up", lambda: not sessions())
    try:
        first.join(1)
    except Refused as refusal:
        if refusal.status != NO_SESSION:
            raise


@case("nothing is retained if Time2Retain is 0", DefaultTime2Retain=0)
def _(first, second):
    itt = second.scsi(write10(0, 16), WRITE, 8192).itt
    second.expect(R2T)
    second.close()
    wait_for("it is given up", lambda: shown() == [1])
    reassign(first, itt, NO_TASK)
    first.close()
    wait_for("the session ends", lambda: not sessions())


@case("... nor waited for: an ORDERED command goes on", DefaultTime2Retain=0)
def _(first, second):
    second.scsi(write10(0, 16), WRITE, 8192)
    second.expect(R2T)
    itt = first.scsi(write10(0, 1), WRITE, 512, attr=ORDERED,
                     data=bytes(512)).itt
    first.expect_nothing(0.1)
    second.close()
    first.expect(SCSI_RSP, itt=itt, status=GOOD)
    return first


@case("an old write on a hung disk does not land after its time",
      DefaultTime2Retain=1)
def _(first, second):
    first.ready(HUNG)
    with Bed.disk.hang():
        second.scsi(write10(0, 1), WRITE, 512, HUNG, data=b"o" * 512)
        second.ping()
        fail(second)
        wait_for("it is given up", lambda: shown() == [1])
        rsp = first.command(write10(0, 1), flags=WRITE, edtl=512, unit=HUNG,
                            data=b"n" * 512)
        if rsp.status != BUSY:
            raise Failed(f"status {rsp.status} while the old one is there")
    wait_for("the orphan returns", lambda: first.command(
        write10(0, 1), flags=WRITE, edtl=512, unit=HUNG,
        data=b"n" * 512).status == GOOD)
    if first.read(0, 1, HUNG) != b"n" * 512:
        raise Failed("the old write landed after the new one")
    return first


def within(seconds, what, condition):
    with Stopwatch() as watch:
        wait_for(what, condition)
    if watch.seconds > seconds:
        raise Failed(f"{what}: {watch.seconds:.1f} s")


def leave_tasks(first, second):
    """Suspended tasks of all kinds, one of them with a hung disk."""
    second.acks = False
    second.scsi(write10(0, 16), WRITE, 8192)
    second.expect(R2T)
    second.data_of(second.scsi(read10(0, 64), READ, 64 * 512).itt)
    second.scsi(read10(0, 8), READ, SEG, HUNG)
    itt = second.scsi(write10(8, 1), WRITE, 512, HUNG, data=bytes(512)).itt
    second.nop(b"x", op=NOP_OUT | IMMEDIATE)
    second.expect(NOP_IN)
    fail(second)
    recover(first, 2)
    return itt


@case("a session with suspended tasks is reinstated, logged out, deleted")
def _(first, second):
    first.ready(HUNG)
    with Bed.disk.hang():
        # reinstated
        leave_tasks(first, second)
        new = Conn().login(TARGET, isid=first.isid, ErrorRecoveryLevel=2,
                           MaxConnections=4)
        new.ready(FILE)
        within(2, "the old ones are gone", lambda: shown() == [1])
        first.expect_end()
        new.logout()
        # logged out, with one of its tasks reassigned
        new = Conn().login(TARGET, f"{IQN}:two", ErrorRecoveryLevel=2,
                           MaxConnections=4)
        itt = leave_tasks(new.ready(FILE).ready(HUNG), new.join(2))
        reassign(new, itt)
        new.logout()
        within(2, "it is logged out", lambda: not sessions())
        # deleted
        new = Conn().login(TARGET, f"{IQN}:three", ErrorRecoveryLevel=2,
                           MaxConnections=4)
        itt = leave_tasks(new.ready(FILE).ready(HUNG), new.join(2))
        reassign(new, itt)
        sid = int.from_bytes(new.isid + new.tsih.to_bytes(2, "little"),
                             "little")
        for cid in (2, 1):
            ietadm("--op", "delete", "--tid=1", f"--sid={sid}",
                   f"--cid={cid}")
        within(2, "it is deleted", lambda: not sessions())


@case("one that reconnects again and again does not pile them up")
def _(first, second):
    for _ in range(24):
        second.scsi(write10(0, 16), WRITE, 8192)
        second.expect(R2T)
        # which is told when tasks of the oldest end
        old, second = second, first.join(2).ready(FILE)
        old.close()
    second.ping()
    wait_for("the oldest are given up", lambda: len(shown()) <= 18)
    if len(shown("closing")) < 2:
        raise Failed("all are given up")
    if ietadm("--op", "show", "--tid=1").returncode:
        raise Failed("they can't be shown")
    return second


def drop(conn, what, *args):
    """By the administrator, who has it told."""
    sid = int.from_bytes(conn.isid + conn.tsih.to_bytes(2, "little"), "little")
    done = ietadm("--op", "update", "--tid=1", f"--sid={sid}", *args,
                  f"--params=Async={what}")
    if done.returncode:
        raise Failed(done.stderr)


@case("a connection that is dropped keeps its tasks as long as it is told",
      DefaultTime2Wait=0, DefaultTime2Retain=50)
def _(first, second):
    itt = second.scsi(write10(0, 16), WRITE, 8192).itt
    second.expect(R2T)
    drop(first, "drop-connection", "--cid=2")
    second.expect(ASYNC, event=DROP_CONNECTION, p1=2, p2=0, p3=50)
    second.expect_end()
    recover(first, 2)
    reassign(first, itt)
    first.data_out(first.expect(R2T), bytes(8192))
    first.expect(SCSI_RSP, status=GOOD)
    return first


@case("a session that is dropped leaves nothing, whatever has failed before")
def _(first, second):
    second.scsi(write10(0, 16), WRITE, 8192)
    second.expect(R2T)
    fail(second)
    drop(first, "drop-session")
    first.expect(ASYNC, event=DROP_SESSION, p1=0, p3=0)
    first.expect_end()
    wait_for("the session is gone", lambda: not sessions())


@case("what was kept for its session's sake goes when that lives again",
      DefaultTime2Retain=60)
def _(first, second):
    first.logout(CLOSE_CONNECTION)
    second.request(LOGOUT, flags=FINAL | RECOVERY, cid=2)
    second.expect(LOGOUT_RSP, response=0)
    second.expect_end()
    wait_for("it is suspended", lambda: shown("closing") == [2])
    new = second.join(5)
    wait_for("it is given up", lambda: shown() == [5])
    return new


@case("of new LUNs is told who is there, not who is suspended", conns=3)
def _(first, second, third):
    for conn in (first, third):
        conn.scsi(write10(0, 16), WRITE, 8192)
        conn.expect(R2T)
        fail(conn)
    ietadm("--op", "new", "--tid=1", "--lun=7", "--params=Type=nullio")
    try:
        second.expect(ASYNC, event=0)
    finally:
        ietadm("--op", "delete", "--tid=1", "--lun=7")
    second.expect(ASYNC, event=0)  # a second after the first, or at once
    return second


main(lambda: Bed.begin(CONF, size=4 << 20), Bed.end, around)
