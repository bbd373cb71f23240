#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
"""
Task management: every function and every response (RFC 7143 11.5, 11.6, RFC
7144), what it does to the requester, to others, and to a disk that hangs.
"""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.environ["IET_TOP"], "tests/lib"))

from bed import Bed  # noqa: E402
from ktap import (IQN, Failed, Stopwatch, TooSlow, case,  # noqa: E402
                  in_time, main, sessions, wait_for)
from pdu import *  # noqa: E402,F403

TARGET, COLD, SHARED = f"{IQN}:tmf", f"{IQN}:cold", f"{IQN}:shared"
NULL, FILE, HUNG = 0, 1, 2
OTHER = f"{IQN}:other"
# after so many seconds the target stops waiting for earlier commands, for what
# a disk holds, and for initiators that don't acknowledge
ARRIVAL, GIVE_UP, FENCED = 0.5, 1.5, 0.5
SAM5 = {"iSCSIProtocolLevel": 2}
FAST = {"TaskReporting": "FastAbort,RFC3720"}

CONF = f"""
Target {TARGET}
    MaxConnections 4
    InitialR2T Yes
    ImmediateData Yes
    Lun {NULL} Type=nullio,Blocks=65536
    Lun {FILE} Path=/run/iet-test/file.img,Type=fileio
    Lun {HUNG} Path=/dev/mapper/iet-tmf,Type=blockio
Target {COLD}
    Lun {NULL} Type=nullio,Blocks=65536
    Lun {FILE} Path=/run/iet-test/cold.img,Type=fileio
Target {SHARED}
    Lun {NULL} Type=nullio,Blocks=65536
    Lun {FILE} Path=/run/iet-test/cold.img,Type=fileio
"""


def around(function, options):
    """Each case has one session, or, if it takes two arguments, two."""
    keys = {"ImmediateData": "Yes", **options}
    units, target = keys.pop("units", [FILE]), keys.pop("target", TARGET)
    try:
        with Conn().login(target, **keys) as c:
            for unit in units:
                c.ready(unit)
            if function.__code__.co_argcount == 1:
                function(c)
            else:
                with Conn().login(target, OTHER, **keys) as other:
                    for unit in units:
                        other.ready(unit)
                    function(c, other)
    except TooSlow:
        set_back()
        raise
    Bed.check()


def set_back():
    """What a case that did not come to its end may have changed."""
    with Conn().login(TARGET, f"{IQN}:setter") as c:
        for unit in (FILE, HUNG):
            c.ready(unit)
            control(c, unit=unit)


def waiting_write(c, unit=FILE, blocks=4, **fields):
    """A write of which the target has asked for data."""
    c.scsi(write10(0, blocks), WRITE, blocks * 512, unit, **fields)
    return c.expect(R2T, offset=0, length=blocks * 512)


def finish(c, r2t):
    """The data that a write waits for; GOOD status."""
    c.data_out(r2t, bytes(r2t.length))
    c.expect(SCSI_RSP, itt=r2t.itt, status=GOOD)


def attention(c, unit=FILE):
    """The unit attention that is next: its ASC and ASCQ, or None."""
    rsp = c.command(bytes(6), unit=unit)
    if rsp.status == GOOD:
        return None
    if rsp.sense[0] != 6:
        raise Failed(f"sense {rsp.sense}")
    return rsp.sense[1]


def same(what, got, expected):
    if got != expected:
        raise Failed(f"{what}: {got!r}, not {expected!r}")


def supported(c):
    """REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS."""
    c.scsi(bytes([0xa3, 0x0d] + [0] * 7 + [255, 0, 0]), READ, 255, FILE)
    return c.expect(DATA_IN, status=GOOD).data[:2]


def done(c, function, response=COMPLETE, **fields):
    with in_time(GIVE_UP):
        c.tmf(function, **fields)
        return c.expect(TMF_RSP, response=response)


# --- which functions there are ------------------------------------------------

@case("without iSCSIProtocolLevel the functions of RFC 7144 are not there")
def _(c):
    for function in (QUERY_TASK, QUERY_TASK_SET, NEXUS_RESET, QUERY_ASYNC):
        done(c, function, TMF_NOT_SUPPORTED, unit=FILE)
    same("reported", supported(c).hex(), "fa00")


@case("with iSCSIProtocolLevel=2 they are", **SAM5)
def _(c):
    same("iSCSIProtocolLevel", c.keys["iSCSIProtocolLevel"], "2")
    for function in (QUERY_TASK, QUERY_TASK_SET, QUERY_ASYNC, NEXUS_RESET):
        done(c, function, unit=FILE)
    c.ready(FILE)
    same("reported", supported(c).hex(), "fe07")


@case("iSCSIProtocolLevel=1 and 0 are agreed to, and are not 2",
      iSCSIProtocolLevel=0)
def _(c):
    same("level", c.keys["iSCSIProtocolLevel"], "0")
    done(c, QUERY_TASK, TMF_NOT_SUPPORTED, unit=FILE)


@case("a function that nobody has heard of", **SAM5)
def _(c):
    for function in (0, 13, 64, 127):
        done(c, function, TMF_NOT_SUPPORTED, unit=FILE)


@case("TASK REASSIGN at ErrorRecoveryLevel 0: no reassignment")
def _(c):
    done(c, TASK_REASSIGN, NO_REASSIGN, unit=FILE, ref=1)


@case("a unit that is not there: LUN does not exist", **SAM5)
def _(c):
    for function in (ABORT_TASK, ABORT_TASK_SET, CLEAR_ACA, CLEAR_TASK_SET,
                     LUN_RESET, QUERY_TASK, QUERY_TASK_SET, QUERY_ASYNC):
        done(c, function, NO_LUN, unit=99)


@case("a resource that is no task: the LUN field of resets does not matter",
      **SAM5)
def _(c):
    done(c, NEXUS_RESET, unit=99)
    done(c, WARM_RESET, unit=99)


# --- the control mode page ------------------------------------------------------

NACA, ACA = 0x04, 4
ACA_ACTIVE, TASK_ABORTED = 0x30, 0x40


def control(c, tst=0, qerr=0, tas=0, unit=FILE):
    """MODE SELECT of the control mode page; the others are told of it."""
    page = bytes([0x0a, 10, 0x02 | tst << 5, 0x10 | qerr << 1, 0, tas << 6])
    data = bytes(4) + page + bytes(6)
    itt = c.scsi(bytes([0x15, 0x10, 0, 0, len(data), 0]), WRITE, len(data),
                 unit, data=data).itt
    c.expect(SCSI_RSP, itt=itt, status=GOOD)


def fail(c, naca=0, unit=FILE):
    """A command that ends with CHECK CONDITION: there is no such LBA."""
    cdb = bytes([0x28, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 1, naca])
    itt = c.scsi(cdb, READ, 512, unit).itt
    c.expect(SCSI_RSP, itt=itt, status=CHECK_CONDITION)


def status(c, cdb=bytes(6), unit=FILE, **fields):
    return c.command(cdb, unit=unit, **fields).status


@case("ACA: what it keeps off, what is held, and CLEAR ACA")
def _(c, other):
    mine, theirs = waiting_write(c), waiting_write(other)
    fail(c, NACA)
    same("statuses", [status(c), status(other), status(c, attr=ACA)],
         [ACA_ACTIVE, BUSY, GOOD])
    for conn, r2t in ((c, mine), (other, theirs)):
        conn.data_out(r2t, bytes(r2t.length))
    other.expect_nothing(0.2)
    done(other, CLEAR_ACA, unit=FILE)
    same("another's CLEAR ACA does nothing", status(c), ACA_ACTIVE)
    c.tmf(CLEAR_ACA, unit=FILE)
    got = {pdu.opcode: pdu for pdu in (c.receive(), c.receive())}
    same("answers", (got[TMF_RSP].response, got[SCSI_RSP].itt,
                     got[SCSI_RSP].status), (COMPLETE, mine.itt, GOOD))
    other.expect(SCSI_RSP, itt=theirs.itt, status=GOOD)
    same("statuses", [status(c), status(other)], [GOOD, GOOD])


@case("ACA: commands that are held can be aborted, and a session that has one "
      "can end")
def _(c, other):
    mine, theirs = waiting_write(c), waiting_write(other)
    fail(c, NACA)
    for conn, r2t in ((c, mine), (other, theirs)):
        conn.data_out(r2t, bytes(r2t.length))
    done(c, ABORT_TASK, unit=FILE, ref=mine.itt)
    done(other, ABORT_TASK_SET, unit=FILE)
    same("still there", status(c), ACA_ACTIVE)
    c.close()
    wait_for("the condition ends", lambda: status(other) == GOOD)


@case("ACA: the command that is let in goes with CLEAR ACA, a reset ends all")
def _(c, other):
    fail(c, NACA)
    c.scsi(write10(0, 4), WRITE, 2048, FILE, attr=ACA)
    r2t = c.expect(R2T)
    same("one at a time", status(c, attr=ACA), ACA_ACTIVE)
    done(c, CLEAR_ACA, unit=FILE)
    c.data_out(r2t, bytes(r2t.length))
    same("over", [status(c), status(other)], [GOOD, GOOD])
    fail(c, NACA)
    done(other, LUN_RESET, unit=FILE)
    same("reset", [attention(c), attention(other)], [0x2903, 0x2903])
    same("over", [status(c), status(other)], [GOOD, GOOD])


@case("TST: a task set for each initiator")
def _(c, other):
    control(c, tst=1)
    same("told", attention(other), 0x2a01)
    theirs = waiting_write(other)
    fail(c, NACA)
    same("statuses", [status(c), status(other)], [ACA_ACTIVE, GOOD])
    done(c, CLEAR_ACA, unit=FILE)
    done(c, CLEAR_TASK_SET, unit=FILE)
    finish(other, theirs)
    same("not told", attention(other), None)
    control(c)
    other.ready(FILE)


@case("QErr: CHECK CONDITION aborts the commands of all, or of the initiator")
def _(c, other):
    for qerr, attention_of_other in ((1, 0x2f00), (3, None)):
        control(c, qerr=qerr)
        other.ready(FILE)
        mine, theirs = waiting_write(c), waiting_write(other)
        fail(c)
        for conn, r2t in ((c, mine), (other, theirs)):
            conn.data_out(r2t, bytes(r2t.length))
        if qerr == 3:
            other.expect(SCSI_RSP, itt=theirs.itt, status=GOOD)
        c.ping()
        same("of the others", attention(other), attention_of_other)
    control(c)
    other.ready(FILE)


@case("TAS: who loses commands to another is told by TASK ABORTED")
def _(c, other):
    control(c, tas=1)
    other.ready(FILE)
    mine, theirs = waiting_write(c), waiting_write(other)
    done(c, CLEAR_TASK_SET, unit=FILE)
    for conn, r2t in ((c, mine), (other, theirs)):
        conn.data_out(r2t, bytes(r2t.length))
    other.expect(SCSI_RSP, itt=theirs.itt, status=TASK_ABORTED)
    c.ping()
    same("and not once more", attention(other), None)
    control(c, tas=1, qerr=1)
    other.ready(FILE)
    theirs = waiting_write(other)
    fail(c)
    other.data_out(theirs, bytes(theirs.length))
    other.expect(SCSI_RSP, itt=theirs.itt, status=TASK_ABORTED)
    control(c)
    other.ready(FILE)


@case("CLEAR ACA without an ACA condition: complete")
def _(c):
    r2t = waiting_write(c)
    done(c, CLEAR_ACA, unit=FILE)
    finish(c, r2t)


# --- one task -----------------------------------------------------------------

@case("ABORT TASK within the window for a command that never came: complete, "
      "and its CmdSN counts as received")
def _(c):
    lost, c.cmdsn = c.cmdsn, c.cmdsn + 1
    early = c.nop(b"early")
    c.expect_nothing(0.3)
    c.tmf(ABORT_TASK, 0x99, FILE, refcmdsn=lost)
    got = {c.receive().opcode, c.receive().opcode}
    same("answers", got, {TMF_RSP, NOP_IN})
    c.send(Pdu(SCSI, flags=FINAL | SIMPLE, itt=0x99, cmdsn=lost,
               expstatsn=c.expstatsn, lun=lun(FILE)))
    c.expect_nothing(0.3)
    c.ping()
    same("tag", early.itt < c.itt, True)


@case("ABORT TASK outside the window: task does not exist")
def _(c):
    for ref in (c.cmdsn - 1, c.cmdsn, c.cmdsn + 100, c.cmdsn + (1 << 31)):
        done(c, ABORT_TASK, NO_TASK, ref=0x99, unit=FILE,
             refcmdsn=ref & 0xffffffff)


@case("ABORT TASK that is itself not immediate")
def _(c):
    r2t = waiting_write(c)
    done(c, ABORT_TASK, ref=r2t.itt, unit=FILE, op=TMF)
    c.data_out(r2t, bytes(r2t.length))
    c.ping()


@case("QUERY TASK: a task that is there, one that is not, one of another unit",
      units=[FILE, NULL], **SAM5)
def _(c):
    r2t = waiting_write(c)
    done(c, QUERY_TASK, SUCCEEDED, ref=r2t.itt, unit=FILE)
    done(c, QUERY_TASK, COMPLETE, ref=r2t.itt, unit=NULL)
    done(c, QUERY_TASK, COMPLETE, ref=0x12345678, unit=FILE)
    finish(c, r2t)
    done(c, QUERY_TASK, COMPLETE, ref=r2t.itt, unit=FILE)


# --- task sets ----------------------------------------------------------------

@case("QUERY TASK SET counts this initiator's tasks only",
      units=[FILE, NULL], **SAM5)
def _(c, other):
    theirs = waiting_write(other)
    done(c, QUERY_TASK_SET, COMPLETE, unit=FILE)
    mine = waiting_write(c)
    done(c, QUERY_TASK_SET, SUCCEEDED, unit=FILE)
    done(c, QUERY_TASK_SET, COMPLETE, unit=NULL)
    finish(c, mine)
    finish(other, theirs)


@case("ABORT TASK SET leaves the others alone")
def _(c, other):
    theirs, mine = waiting_write(other), waiting_write(c)
    done(c, ABORT_TASK_SET, unit=FILE)
    c.data_out(mine, bytes(mine.length))
    same("unit attention", (attention(c), attention(other)), (None, None))
    finish(other, theirs)


@case("CLEAR TASK SET: who loses commands is told, who has none is not")
def _(c, other):
    with Conn().login(TARGET, f"{IQN}:idle") as idle:
        idle.ready(FILE)
        theirs, mine = waiting_write(other), waiting_write(c)
        done(c, CLEAR_TASK_SET, unit=FILE)
        for conn, r2t in ((c, mine), (other, theirs)):
            conn.data_out(r2t, bytes(r2t.length))
        same("of the requester", attention(c), None)
        same("of who had commands", attention(other), 0x2f00)
        same("of who had none", attention(idle), None)


@case("LOGICAL UNIT RESET: all are told, other units go on",
      units=[FILE, NULL])
def _(c, other):
    theirs, elsewhere = waiting_write(other), waiting_write(other, NULL)
    done(c, LUN_RESET, unit=FILE)
    other.data_out(theirs, bytes(theirs.length))
    same("unit attentions", [attention(c), attention(other)],
         [0x2903, 0x2903])
    finish(other, elsewhere)
    same("of the other unit", attention(other, NULL), None)


@case("TARGET WARM RESET: all units, all sessions, which go on",
      units=[FILE, NULL])
def _(c, other):
    mine, theirs = waiting_write(c, NULL), waiting_write(other)
    done(c, WARM_RESET)
    c.data_out(mine, bytes(mine.length))
    other.data_out(theirs, bytes(theirs.length))
    for conn in (c, other):
        same("unit attentions", [attention(conn), attention(conn, NULL)],
             [0x2902, 0x2902])
        conn.ping()


@case("a unit that two targets have is reset for both, by each function, and "
      "the other target's own units are not", target=COLD)
def _(c):
    for function in (LUN_RESET, WARM_RESET, CLEAR_TASK_SET, COLD_RESET):
        with Conn().login(SHARED, OTHER) as other:
            other.ready(FILE).ready(NULL)
            theirs, own = waiting_write(other), waiting_write(other, NULL)
            done(c, function, unit=FILE)
            other.data_out(theirs, bytes(theirs.length))
            same(f"unit attention after function {function}",
                 attention(other),
                 0x2f00 if function == CLEAR_TASK_SET else 0x2903)
            same("... and no other one", attention(other), None)
            finish(other, own)
            same("of the other unit", attention(other, NULL), None)
            if function == COLD_RESET:
                c.expect_end()
                other.ping()
                continue
            for unit in (FILE, NULL):
                c.ready(unit)


@case("TARGET COLD RESET: all sessions of the target end after the response, "
      "those of others do not", target=COLD)
def _(c, other):
    with Conn().login(TARGET, f"{IQN}:elsewhere") as elsewhere:
        waiting_write(other)
        c.tmf(COLD_RESET)
        c.expect(TMF_RSP, response=COMPLETE)
        c.expect_end()
        other.expect_end()
        elsewhere.ready(FILE).ping()
    wait_for("the sessions end", lambda: not sessions())
    with Conn().login(COLD) as again:
        same("unit attention", attention(again), 0x2900)


@case("I_T NEXUS RESET: this initiator's tasks on all units, a unit attention, "
      "and what it had reserved", units=[FILE, NULL], **SAM5)
def _(c, other):
    c.command(bytes([0x16, 0, 0, 0, 0, 0]), unit=FILE)
    same("reserved", other.command(bytes(6), unit=FILE).status, 0x18)
    mine = waiting_write(c), waiting_write(c, NULL)
    theirs = waiting_write(other, NULL)
    done(c, NEXUS_RESET)
    for r2t in mine:
        c.data_out(r2t, bytes(r2t.length))
    same("unit attentions", [attention(c), attention(c, NULL)],
         [0x2907, 0x2907])
    same("of the other", attention(other), None)
    finish(other, theirs)


@case("QUERY ASYNCHRONOUS EVENT tells of a unit attention and leaves it there",
      **SAM5)
def _(c, other):
    same("info", done(c, QUERY_ASYNC, unit=FILE).info, 0)
    done(other, LUN_RESET, unit=FILE)
    for _ in range(2):
        rsp = done(c, QUERY_ASYNC, SUCCEEDED, unit=FILE)
        same("AdditionalResponseInformation", f"{rsp.info:06x}", "162903")
    same("unit attention", attention(c), 0x2903)
    same("info", done(c, QUERY_ASYNC, unit=FILE).info, 0)


@case("a function overtakes what waits for a missing command: that is aborted")
def _(c):
    missing, c.cmdsn = c.cmdsn, c.cmdsn + 1
    parked = c.scsi(write10(0, 1), WRITE, 512, FILE, data=b"\x77" * 512)
    c.tmf(ABORT_TASK_SET, unit=FILE)
    with Stopwatch() as watch:
        c.expect(TMF_RSP, response=COMPLETE)
    if watch.seconds > 2:
        raise Failed("it took too long")
    c.send(Pdu(NOP_OUT, flags=FINAL, itt=0x77, ttt=RESERVED, cmdsn=missing,
               expstatsn=c.expstatsn))
    c.expect(NOP_IN, itt=0x77)
    c.ping()
    if c.read(0, 1, FILE) == b"\x77" * 512:
        raise Failed(f"command {parked.itt:#x} was carried out")


@case("... but what comes in time is waited for")
def _(c):
    r2t = waiting_write(c)
    missing, c.cmdsn = c.cmdsn, c.cmdsn + 1
    with in_time(ARRIVAL):
        c.tmf(ABORT_TASK_SET, unit=FILE)
        c.expect_nothing(0.2)
        c.send(Pdu(NOP_OUT, flags=FINAL, itt=0x77, ttt=RESERVED,
                   cmdsn=missing, expstatsn=c.expstatsn))
    same("answers", {c.receive().opcode, c.receive().opcode},
         {NOP_IN, TMF_RSP})
    c.data_out(r2t, bytes(r2t.length))
    c.ping()


@case("... and a reset whose connection ends meanwhile does nothing")
def _(c):
    with Conn().login(TARGET, OTHER) as other:
        other.ready(FILE)
        other.make(NOP_OUT)  # a CmdSN that is never sent
        with in_time(ARRIVAL):
            other.tmf(LUN_RESET, unit=FILE)
            other.nop(b"it has come", op=NOP_OUT | IMMEDIATE)
            other.expect(NOP_IN)
            other.close()
            wait_for("the session ends", lambda: OTHER not in sessions(),
                     pause=0.01)
    time.sleep(2 * ARRIVAL)
    same("unit attention", attention(c), None)


@case("what comes after a function is none of its business")
def _(c):
    pdus = [c.make(TMF | IMMEDIATE, flags=FINAL | ABORT_TASK_SET,
                   ref=RESERVED, lun=lun(FILE)),
            c.make(SCSI, flags=FINAL | WRITE | SIMPLE, cdb=write10(0, 4),
                   edtl=2048, lun=lun(FILE))]
    c.send_bytes(b"".join(pdu.wire() for pdu in pdus))
    got = {pdu.opcode: pdu for pdu in (c.receive(), c.receive())}
    same("answers", set(got), {TMF_RSP, R2T})
    finish(c, got[R2T])


@case("... nor is an immediate command that does")
def _(c):
    sn = c.cmdsn
    with in_time(ARRIVAL):
        reset = c.tmf(LUN_RESET, unit=FILE, cmdsn=sn + 1)
        late = c.scsi(write10(0, 1), WRITE, 512, FILE, op=SCSI | IMMEDIATE,
                      cmdsn=sn + 1)
        r2t = c.expect(R2T, itt=late.itt)
        # what the function waits for
        now = c.nop(b"now", cmdsn=sn)
        c.cmdsn = sn + 1
        c.expect(NOP_IN, itt=now.itt)
        c.expect(TMF_RSP, itt=reset.itt, response=COMPLETE)
    c.data_out(r2t, bytes(512))
    c.expect(SCSI_RSP, itt=late.itt, status=GOOD)


@case("eight resets at once, again and again, are all answered")
def _(c, other):
    theirs = waiting_write(other)
    for _ in range(4):
        for _ in range(8):
            c.tmf(LUN_RESET, unit=FILE)
        for _ in range(8):
            c.expect(TMF_RSP, response=COMPLETE)
    other.data_out(theirs, bytes(theirs.length))
    other.ready(FILE).ping()


# --- TaskReporting ------------------------------------------------------------

@case("TaskReporting: what the initiator likes best, and we know")
def _(c):
    for offer, answer in (("FastAbort,ResponseFence", "FastAbort"),
                          ("ResponseFence,FastAbort", "ResponseFence"),
                          ("X-new,RFC3720", "RFC3720"), ("X-new", "Reject")):
        with Conn().login(TARGET, TaskReporting=offer) as other:
            same(offer, other.keys["TaskReporting"], answer)


@case("FastAbort: whose tasks another initiator aborts is told for each unit",
      units=[FILE, NULL], **FAST)
def _(c, other):
    theirs = [waiting_write(other, unit) for unit in (FILE, NULL, FILE)]
    done(c, WARM_RESET)
    told = [other.expect(ASYNC, event=TASK_TERMINATION, itt=RESERVED)
            for _ in range(2)]
    same("units", {pdu.lun for pdu in told},
         {int.from_bytes(lun(unit), "big") for unit in (FILE, NULL)})
    other.nop(op=NOP_OUT | IMMEDIATE, itt=RESERVED, lun=told[0].bhs[8:16])
    for r2t in theirs:
        other.data_out(r2t, bytes(r2t.length))
    other.ready(FILE).ready(NULL).ping()


@case("... but not the requester, nor who has no tasks there",
      units=[FILE, NULL], **FAST)
def _(c, other):
    mine, theirs = waiting_write(c), waiting_write(other, NULL)
    done(c, CLEAR_TASK_SET, unit=FILE)
    c.data_out(mine, bytes(mine.length))
    c.ping()
    finish(other, theirs)


@case("without FastAbort nobody is told")
def _(c, other):
    theirs = waiting_write(other)
    done(c, LUN_RESET, unit=FILE)
    other.data_out(theirs, bytes(theirs.length))
    same("unit attention", attention(other), 0x2903)


FENCE = {"TaskReporting": "ResponseFence", "MaxConnections": 2}


def unseen(c):
    """A second connection, whose last status is not acknowledged."""
    second = c.join(2)
    second.nop(b"status")
    second.expect(NOP_IN)
    return second


@case("ResponseFence: what was answered on other connections is seen first",
      **FENCE)
def _(c):
    with unseen(c) as second:
        with in_time(FENCED):
            c.tmf(LUN_RESET, unit=FILE)
            ping = second.expect(NOP_IN, itt=RESERVED)
            c.expect_nothing(0.2)
            second.nop(op=NOP_OUT | IMMEDIATE, itt=RESERVED, ttt=ping.ttt)
            c.expect(TMF_RSP, response=COMPLETE)
        c.ready(FILE)
        second.ping()


@case("... and a connection on which nobody looks is closed", **FENCE)
def _(c):
    with unseen(c) as second:
        with Stopwatch() as watch:
            c.tmf(LUN_RESET, unit=FILE)
            second.expect(NOP_IN, itt=RESERVED)
            c.expect(TMF_RSP, response=COMPLETE)
        if watch.seconds > 3:
            raise Failed(f"it took {watch.seconds:.1f} s")
        second.expect_end()
        c.ready(FILE).ping()


@case("RFC3720: the response does not wait for other connections",
      MaxConnections=2, TaskReporting="RFC3720")
def _(c):
    with unseen(c) as second:
        done(c, LUN_RESET, unit=FILE)
        second.expect_nothing(0.3)
        c.ready(FILE)
        second.ping()


@case("FastAbort: the requester's other connections are told as well",
      MaxConnections=2, **FAST)
def _(c):
    with c.join(2) as second:
        r2t = waiting_write(second)
        with in_time(FENCED):
            c.tmf(LUN_RESET, unit=FILE)
            second.expect(ASYNC, event=TASK_TERMINATION,
                          lun=int.from_bytes(lun(FILE), "big"))
            ping = second.expect(NOP_IN, itt=RESERVED)
            second.nop(op=NOP_OUT | IMMEDIATE, itt=RESERVED, ttt=ping.ttt)
            c.expect(TMF_RSP, response=COMPLETE)
        second.data_out(r2t, bytes(r2t.length))
        c.ready(FILE)
        second.ping()


# --- a disk that hangs --------------------------------------------------------

def hanging(function):
    """The function is called while the device behind HUNG hangs."""
    def call(c, other):
        with Bed.disk.hang():
            function(c, other)
    return call


def rejected(c):
    """The response to a function of which a disk holds commands, in time."""
    with Stopwatch() as watch:
        c.expect(TMF_RSP, response=TMF_REJECTED)
    if watch.seconds > 4:
        raise Failed(f"it took {watch.seconds:.1f} s")
    return watch.elapsed


def slow(c, function, **fields):
    c.tmf(function, **fields)
    elapsed = rejected(c)
    if elapsed < 1:
        raise Failed(f"it took {elapsed:.1f} s only")


@case("resets while a disk hangs are rejected in time, and queries answered",
      units=[HUNG], **SAM5)
@hanging
def _(c, other):
    write = other.scsi(write10(0, 1), WRITE, 512, HUNG, data=bytes(512))
    read = c.scsi(read10(0, 1), READ, 512, HUNG)
    time.sleep(0.3)
    done(c, QUERY_TASK, SUCCEEDED, ref=read.itt, unit=HUNG)
    done(c, QUERY_TASK_SET, SUCCEEDED, unit=HUNG)
    for function in (LUN_RESET, CLEAR_TASK_SET, NEXUS_RESET, WARM_RESET,
                     COLD_RESET):
        slow(c, function, unit=HUNG)
    other.ping()
    same("tag", write.itt != 0, True)


@case("a reset waits no longer for a command whose connection has gone",
      units=[HUNG])
@hanging
def _(c, other):
    other.scsi(write10(0, 1), WRITE, 512, HUNG, data=bytes(512))
    other.ping()
    time.sleep(0.3)
    c.tmf(LUN_RESET, unit=HUNG)
    time.sleep(0.3)
    other.close()
    rejected(c)


@case("nor for one that was an orphan before, which can still land",
      units=[HUNG])
@hanging
def _(c, other):
    other.scsi(write10(0, 1), WRITE, 512, HUNG, data=bytes(512))
    other.ping()
    time.sleep(0.3)
    other.close()
    wait_for("the session ends", lambda: OTHER not in sessions())
    slow(c, LUN_RESET, unit=HUNG)
    with Conn().login(TARGET, f"{IQN}:third") as third:
        third.ready(FILE).ping()


@case("... but for one that lands in time, and no longer", units=[HUNG])
def _(c):
    for function in (LUN_RESET, WARM_RESET):
        with Bed.disk.hang():
            with Conn().login(TARGET, OTHER) as other:
                other.ready(HUNG)
                other.scsi(write10(0, 1), WRITE, 512, HUNG, data=bytes(512))
                other.ping()
            wait_for("the session ends", lambda: OTHER not in sessions())
            start = time.monotonic()
            c.tmf(function, unit=HUNG)
            # it waits
            c.expect_nothing(0.3)
        with in_time(GIVE_UP - 0.1, start):
            c.expect(TMF_RSP, response=COMPLETE)
        c.ready(HUNG)


@case("a reset whose own connection ends: what it aborted elsewhere goes on",
      units=[HUNG])
def _(c, other):
    with Bed.disk.hang():
        write = other.scsi(write10(0, 1), WRITE, 512, HUNG, data=bytes(512))
        other.ping()
        time.sleep(0.3)
        c.tmf(LUN_RESET, unit=HUNG)
        time.sleep(0.3)
        c.close()
        time.sleep(2)
    other.expect(SCSI_RSP, itt=write.itt, status=GOOD)


def held(c):
    """A write and a read that a disk holds."""
    tasks = (c.scsi(write10(0, 1), WRITE, 512, HUNG, data=bytes(512)),
             c.scsi(read10(8, 1), READ, 512, HUNG))
    c.ping()
    time.sleep(0.3)
    return tasks


@case("two initiators reset a unit: what one gives up the other waits for, "
      "and when both have, it goes on", units=[HUNG])
def _(c, other):
    with Bed.disk.hang():
        write, read = held(other)
        c.tmf(LUN_RESET, unit=HUNG)
        time.sleep(0.5)
        other.tmf(LUN_RESET, unit=HUNG)
        for conn in (c, other):
            rejected(conn)
    got = {pdu.itt: pdu for pdu in (other.receive(), other.receive())}
    same("answers", (got[write.itt].opcode, got[read.itt].opcode),
         (SCSI_RSP, DATA_IN))
    same("status", got[write.itt].status, GOOD)


@case("... and if it comes back in time for the second, it has been aborted",
      units=[HUNG])
def _(c, other):
    with Bed.disk.hang():
        held(other)
        start = time.monotonic()
        c.tmf(LUN_RESET, unit=HUNG)
        time.sleep(1)
        with in_time(GIVE_UP - 0.1):
            other.tmf(LUN_RESET, unit=HUNG)
            rejected(c)
            other.expect_nothing(0.1)
            Bed.disk.resume()
            other.expect(TMF_RSP, response=COMPLETE)
    same("it took its time", time.monotonic() - start > GIVE_UP, True)
    other.ready(HUNG).ping()


@case("ABORT TASK for what another's reset has aborted is no lie, either",
      units=[HUNG])
def _(c, other):
    with Bed.disk.hang():
        write, read = held(other)
        c.tmf(LUN_RESET, unit=HUNG)
        time.sleep(0.5)
        for task in (write, read):
            other.tmf(ABORT_TASK, unit=HUNG, ref=task.itt)
        rejected(c)
        for _ in range(2):
            rejected(other)
    same("answers", {other.receive().itt, other.receive().itt},
         {write.itt, read.itt})


@case("TAS: what a disk holds is told when it comes back, or goes on",
      units=[HUNG])
def _(c, other):
    control(c, tas=1, unit=HUNG)
    other.ready(HUNG)
    with Bed.disk.hang():
        write = other.scsi(write10(0, 1), WRITE, 512, HUNG, data=bytes(512))
        other.ping()
        time.sleep(0.3)
        slow(c, CLEAR_TASK_SET, unit=HUNG)
    other.expect(SCSI_RSP, itt=write.itt, status=GOOD)
    with Bed.disk.hang():
        write = other.scsi(write10(0, 1), WRITE, 512, HUNG, data=bytes(512))
        other.ping()
        time.sleep(0.3)
        start = time.monotonic()
        c.tmf(LUN_RESET, unit=HUNG)
        time.sleep(0.3)
    with in_time(GIVE_UP - 0.1, start):
        other.expect(SCSI_RSP, itt=write.itt, status=TASK_ABORTED)
        c.expect(TMF_RSP, response=COMPLETE)
    other.ready(HUNG)


@case("after all that every unit works", units=[FILE, NULL, HUNG])
def _(c):
    for unit in (FILE, HUNG):
        c.write(0, b"\x5a" * 512, unit)
        same("data", c.read(0, 1, unit), b"\x5a" * 512)


main(lambda: Bed.begin(CONF), Bed.end, around)
