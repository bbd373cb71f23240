#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
"""
Broken and misplaced PDUs in the full feature phase: each gets the answer that
RFC 7143 asks for, while another initiator works on.
"""

import os
import random
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.environ["IET_TOP"], "tests/lib"))

from bed import Bed  # noqa: E402
from ktap import (IQN, Failed, case, in_time, main, note,  # noqa: E402
                  sessions, wait_for)
from pdu import *  # noqa: E402,F403

TARGET, SMALL = f"{IQN}:bad", f"{IQN}:small"
NULL, FILE, HUNG, OTHERS = 0, 1, 2, 3
WINDOW = 32
GIVE_UP = 1.5  # seconds that task management waits for a disk
CRC = {"HeaderDigest": "CRC32C", "DataDigest": "CRC32C"}

CONF = f"""
Target {TARGET}
    QueuedCommands {WINDOW}
    InitialR2T No
    ImmediateData Yes
    MaxOutstandingR2T 4
    HeaderDigest CRC32C,None
    DataDigest CRC32C,None
    MaxRecvDataSegmentLength 8192
    FirstBurstLength 16384
    MaxBurstLength 65536
    Lun {NULL} Type=nullio,Blocks=65536
    Lun {FILE} Path=/run/iet-test/file.img,Type=fileio
    Lun {HUNG} Path=/dev/mapper/iet-bad,Type=blockio
    Lun {OTHERS} Path=/run/iet-test/others.img,Type=fileio
Target {SMALL}
    QueuedCommands 1
    MaxRecvDataSegmentLength 512
    MaxBurstLength 512
    FirstBurstLength 512
    Lun 0 Path=/run/iet-test/small.img,Type=fileio
"""


def around(function, options):
    """Each case has a new session, and the neighbour must be well after it."""
    keys = {"InitialR2T": "No", "ImmediateData": "Yes", **options}
    if keys.pop("conn", True):
        unit = keys.pop("unit", NULL)
        with Conn().login(TARGET, **keys) as c:
            function(c.ready(unit))
    else:
        function()
    Bed.check()


def rejected(c, reason, **request):
    """A request that is rejected with this reason and its own header."""
    op = request.pop("op")
    pdu = c.request(op, **request)
    rsp = c.expect(REJECT, reason=reason, itt=RESERVED)
    if rsp.data[:48] != bytes(pdu.bhs):
        raise Failed("the Reject has not the header of the bad PDU")


def plug(c, pdu_or_cmdsn):
    """After a Reject the CmdSN is to be used again (RFC 7143 7.3)."""
    c.cmdsn = pdu_or_cmdsn


# --- lengths, opcodes, flags --------------------------------------------------

@case("an unknown opcode is rejected: command not supported")
def _(c):
    for op in [*range(0x07, 0x10), *range(0x11, 0x40)]:
        rejected(c, NOT_SUPPORTED, op=op, data=b"what is this?")
    c.ping()


@case("... immediate, and with AHS and all bits set")
def _(c):
    for op in range(0x47, 0x50):
        pdu = Pdu(op, b"\xff" * 64, b"\xff" * 1020, lun=b"\xff" * 8)
        pdu.bhs[8:48] = b"\xff" * 40
        c.send(pdu)
        c.expect(REJECT, reason=NOT_SUPPORTED)
    c.ping()


@case("AHS where there may be none: invalid PDU field")
def _(c):
    for op in (NOP_OUT, TMF, TEXT, LOGOUT):
        rejected(c, INVALID_FIELD, op=op | IMMEDIATE, ahs=b"\0\2\1\0" * 4)
    rejected(c, INVALID_FIELD, op=DATA_OUT, ahs=b"\0\2\1\0")
    c.ping()


@case("AHS that are broken: invalid PDU field")
def _(c):
    for ahs in (b"\xff\xff\1\0", b"\0\0\1\0", b"\0\1\1\0", b"\0\5\3\0....",
                b"\0\5\2\0....", b"\0\x21\1\0....", b"\xff" * 1020,
                bytes(1020), b"\0\5\1\0....\0\5\1\0...."):
        sn = c.cmdsn
        rejected(c, INVALID_FIELD, op=SCSI, flags=FINAL, ahs=ahs)
        plug(c, sn)
    c.ping()


@case("an extended CDB of any length is survived")
def _(c):
    for length in (1, 16, 17, 100, 228, 244, 245, 1000):
        sn = c.cmdsn
        ahs = struct.pack(">HBx", length + 1, 1) + bytes(length)
        c.scsi(b"\x7f" + bytes(6) + b"\xff", ahs=ahs)
        if c.receive().opcode == REJECT:
            plug(c, sn)
    c.ping()


@case("READ(32), with an AHS, reads", unit=FILE)
def _(c):
    data = random.randbytes(1024)
    c.write(5, data, FILE)
    cdb = struct.pack(">B6xBHBxQI2H", 0x7f, 0x18, 9, 0, 5, 0, 0, 0
                      ) + struct.pack(">I", 2)
    ahs = struct.pack(">HBx", 17, 1) + cdb[16:]
    c.scsi(cdb[:16], READ, 1024, FILE, ahs=ahs)
    if c.expect(DATA_IN, status=GOOD).data != data:
        raise Failed("other data")


@case("data where there may be none: invalid PDU field")
def _(c):
    for op in (TMF | IMMEDIATE, LOGOUT | IMMEDIATE, SNACK):
        rejected(c, INVALID_FIELD, op=op, data=b"data" * 100)
    c.ping()


@case("the I bit where there is none: invalid PDU field")
def _(c):
    for op in (DATA_OUT, SNACK):
        rejected(c, INVALID_FIELD, op=op | IMMEDIATE)
    c.ping()


@case("a data segment as long as it may be is taken")
def _(c):
    data = random.randbytes(8192)
    nop = c.nop(data)
    if c.expect(NOP_IN, itt=nop.itt).data != data:
        raise Failed("the ping came back changed")


@case("... one byte more: protocol error, and the connection ends")
def _(c):
    rejected(c, PROTOCOL_ERROR, op=NOP_OUT, data=bytes(8193))
    c.expect_end()


for opcode in (NOP_OUT, SCSI, TMF, TEXT, DATA_OUT, LOGOUT, SNACK, 0x0a):
    @case(f"opcode {opcode:#04x} that announces 16 MiB: protocol error, end")
    def _(c, op=opcode):
        rejected(c, PROTOCOL_ERROR, op=op, dlength=0xffffff)
        c.expect_end()


@case("a login in the full feature phase: protocol error")
def _(c):
    c.send(Pdu(LOGIN | IMMEDIATE, text(InitiatorName="x"), flags=0x87))
    c.expect(REJECT, reason=PROTOCOL_ERROR)
    c.ping()


@case("SNACK without error recovery: SNACK reject")
def _(c):
    for kind in range(16):
        rejected(c, SNACK_REJECT, op=SNACK, flags=FINAL | kind,
                 begrun=kind, runlength=RESERVED)
    c.ping()


# --- SCSI commands ------------------------------------------------------------

@case("a SCSI command with the reserved tag: invalid PDU field")
def _(c):
    sn = c.cmdsn
    rejected(c, INVALID_FIELD, op=SCSI, itt=RESERVED, flags=FINAL)
    plug(c, sn)
    c.ping()


@case("reserved task attributes: invalid PDU field")
def _(c):
    for attribute in (5, 6, 7):
        sn = c.cmdsn
        rejected(c, INVALID_FIELD, op=SCSI, flags=FINAL | attribute)
        plug(c, sn)
    c.ping()


@case("no F bit in a command that has no data to follow: protocol error")
def _(c):
    for flags in (0, READ):
        sn = c.cmdsn
        rejected(c, PROTOCOL_ERROR, op=SCSI, flags=flags, edtl=512,
                 cdb=read10(0, 1))
        plug(c, sn)
    c.ping()


@case("immediate data with a READ, or more than announced: protocol error")
def _(c):
    for flags, edtl in ((READ, 512), (0, 0), (WRITE, 511), (WRITE, 0)):
        sn = c.cmdsn
        rejected(c, PROTOCOL_ERROR, op=SCSI, flags=FINAL | flags, edtl=edtl,
                 cdb=write10(0, 1), data=bytes(512))
        plug(c, sn)
    c.ping()


@case("immediate data when ImmediateData=No: protocol error",
      ImmediateData="No")
def _(c):
    sn = c.cmdsn
    rejected(c, PROTOCOL_ERROR, op=SCSI, flags=FINAL | WRITE, edtl=512,
             cdb=write10(0, 1), data=bytes(512))
    plug(c, sn)
    c.ping()


@case("no F bit when InitialR2T=Yes: protocol error", InitialR2T="Yes")
def _(c):
    sn = c.cmdsn
    rejected(c, PROTOCOL_ERROR, op=SCSI, flags=WRITE, edtl=512,
             cdb=write10(0, 1))
    plug(c, sn)
    c.ping()


@case("immediate data over FirstBurstLength: protocol error",
      FirstBurstLength=512)
def _(c):
    sn = c.cmdsn
    rejected(c, PROTOCOL_ERROR, op=SCSI, flags=FINAL | WRITE, edtl=1024,
             cdb=write10(0, 2), data=bytes(1024))
    plug(c, sn)
    c.ping()


@case("4 GiB announced for a block: the rest is a residual", unit=FILE)
def _(c):
    c.scsi(write10(0, 1), WRITE, 0xffffffff, FILE)
    r2t = c.expect(R2T, offset=0, length=512)
    c.data_out(r2t, bytes(512))
    c.expect(SCSI_RSP, status=GOOD, residual=0xffffffff - 512)
    c.scsi(read10(0, 1), READ, 0xffffffff, FILE)
    c.expect(DATA_IN, status=GOOD, dlength=512, residual=0xffffffff - 512)


@case("nothing announced for a block: an overflow, and nothing is written",
      unit=FILE)
def _(c):
    c.write(9, b"\x55" * 512, FILE)
    c.scsi(write10(9, 1), WRITE, 0, FILE)
    if c.expect(SCSI_RSP, residual=512).flags & 6 != 4:
        raise Failed("no overflow")
    if c.read(9, 1, FILE) != b"\x55" * 512:
        raise Failed("something was written")


@case("a length without a direction: no data, and nothing is written",
      unit=FILE)
def _(c):
    c.write(9, b"\x55" * 512, FILE)
    for op in (0x2a, 0x2e, 0x2f, 0x28):
        c.scsi(rw10(op, 9, 1), 0, 512, FILE)
        c.expect(SCSI_RSP)
    if c.read(9, 1, FILE) != b"\x55" * 512:
        raise Failed("something was written")


@case("read and write at once: refused whatever the command is, nothing is "
      "moved, and both residuals say so", unit=FILE)
def _(c):
    c.write(9, b"\x55" * 512, FILE)
    for op in (0x2a, 0x28, 0x53, 0x12):
        for edtl, read in ((512, 1024), (65536, 0), (0, 512)):
            ahs = struct.pack(">HBxI", 5, 2, read) if read else b""
            c.scsi(rw10(op, 9, 1), READ | WRITE, edtl, FILE, ahs=ahs,
                   data=b"\x66" * min(edtl, 512))
            rsp = c.expect(SCSI_RSP, status=CHECK_CONDITION, residual=edtl,
                           flags=FINAL | (2 if edtl else 0)
                           | (8 if read else 0))
            if int.from_bytes(rsp.bhs[40:44], "big") != read:
                raise Failed(f"the residual of the read: {rsp.bhs[40:44]}")
            if rsp.sense not in ((5, 0x0e03), (5, 0x2000)):
                raise Failed(f"sense {rsp.sense}")
    if c.read(9, 1, FILE) != b"\x55" * 512:
        raise Failed("something was written")


@case("read and write at once with data that is to come", unit=FILE)
def _(c):
    cmd = c.scsi(write10(0, 8), READ | WRITE, 4096, FILE, final=False)
    c.request(DATA_OUT, itt=cmd.itt, data=bytes(2048), flags=0)
    c.request(DATA_OUT, itt=cmd.itt, data=bytes(2048), offset=2048, datasn=1)
    c.expect(SCSI_RSP, itt=cmd.itt, status=CHECK_CONDITION, residual=4096)
    c.ping()


@case("the length of a read where there is none: invalid PDU field")
def _(c):
    for flags in (READ, WRITE, 0):
        sn = c.cmdsn
        rejected(c, INVALID_FIELD, op=SCSI, flags=FINAL | flags,
                 cdb=read10(0, 1), ahs=struct.pack(">HBxI", 5, 2, 512))
        plug(c, sn)
    c.ping()


@case("all opcodes, all ones, in every direction")
def _(c):
    for op in range(256):
        if op in (0x2a, 0x0a, 0xaa, 0x8a, 0x2e, 0xae, 0x8e, 0x1b):
            continue
        for flags in (0, READ):
            cdb = bytes([op]) + b"\xff" * 15
            itt = c.scsi(cdb, flags, 512 if flags else 0).itt
            while (rsp := c.receive()).opcode == DATA_IN and not rsp.flags & 1:
                pass
            if rsp.opcode not in (SCSI_RSP, DATA_IN) or rsp.itt != itt:
                raise Failed(f"opcode {op:#x}: {rsp}")
    c.ping()


# --- Data-Out -----------------------------------------------------------------

def waiting_write(c, blocks=4, unit=FILE, **fields):
    """A write of which the target has asked for data."""
    c.scsi(write10(0, blocks), WRITE, blocks * 512, unit, **fields)
    return c.expect(R2T, offset=0, length=blocks * 512)


@case("Data-Out with a wrong transfer tag is rejected, the write goes on",
      unit=FILE)
def _(c):
    r2t = waiting_write(c)
    for ttt in (0, 1, r2t.ttt ^ 1, r2t.ttt ^ 0x80000000, 0x7fffffff,
                r2t.ttt ^ 0x1ff):
        c.data_out(r2t, bytes(2048), ttt=ttt)
    got = [c.receive(5)]
    while got[-1].opcode == REJECT and len(got) < 6:
        try:
            got.append(c.receive(5))
        except TimeoutError:
            break
    for rsp in got:
        if rsp.opcode != REJECT or rsp.reason != INVALID_FIELD:
            raise Failed(f"got {rsp}")
    c.data_out(r2t, bytes(2048))
    c.expect(SCSI_RSP, itt=r2t.itt, status=GOOD)


@case("Data-Out with another task's transfer tag: invalid PDU field",
      unit=FILE)
def _(c):
    one, two = waiting_write(c), waiting_write(c)
    rejected(c, INVALID_FIELD, op=DATA_OUT, itt=one.itt, ttt=two.ttt,
             data=bytes(2048))
    for r2t in (two, one):
        c.data_out(r2t, bytes(2048))
        c.expect(SCSI_RSP, itt=r2t.itt, status=GOOD)


@case("Data-Out for no task, a READ, a NOP: invalid PDU field", unit=FILE)
def _(c):
    rejected(c, INVALID_FIELD, op=DATA_OUT, itt=0x12345678, data=bytes(512))
    read = c.scsi(read10(0, 1), READ, 512, FILE)
    c.expect(DATA_IN, itt=read.itt)
    rejected(c, INVALID_FIELD, op=DATA_OUT, itt=read.itt, data=bytes(512))
    rejected(c, INVALID_FIELD, op=DATA_OUT, itt=RESERVED, data=bytes(512))
    c.ping()


def broken_write(c, itt, before):
    """The command has ended, and what it was to write is not there."""
    if c.expect(SCSI_RSP, itt=itt, status=CHECK_CONDITION).sense[0] != 11:
        raise Failed("not ABORTED COMMAND")
    if c.read(0, 4, FILE) != before:
        raise Failed("something was written")


def broken_sequence(name, reason, wrong, data=2048):
    @case(f"Data-Out with {name}: a Reject, then CHECK CONDITION", unit=FILE)
    def _(c):
        before = c.read(0, 4, FILE)
        r2t = waiting_write(c)
        c.data_out(r2t, random.randbytes(data), **wrong)
        c.expect(REJECT, reason=reason)
        if not wrong.get("flags", FINAL):
            c.data_out(r2t, b"", datasn=1)
        broken_write(c, r2t.itt, before)


broken_sequence("a wrong DataSN", PROTOCOL_ERROR, {"datasn": 1})
broken_sequence("a wrong offset", INVALID_FIELD, {"offset": 512})
broken_sequence("an offset of 4 GiB", INVALID_FIELD, {"offset": 0xfffffe00})
broken_sequence("too many bytes", PROTOCOL_ERROR, {}, 2049)
broken_sequence("too few bytes", PROTOCOL_ERROR, {}, 2047)
broken_sequence("no F bit at the end", PROTOCOL_ERROR, {"flags": 0})


@case("a DataSN that is left out: a Reject, then CHECK CONDITION", unit=FILE)
def _(c):
    before = c.read(0, 4, FILE)
    r2t = waiting_write(c)
    c.data_out(r2t, b"\xab" * 512, flags=0)
    c.data_out(r2t, b"\xab" * 512, flags=0, offset=512, datasn=2)
    c.expect(REJECT, reason=PROTOCOL_ERROR)
    c.expect_nothing()
    c.data_out(r2t, b"\xab" * 1024, offset=1024, datasn=3)
    broken_write(c, r2t.itt, before)


def stuck_r2t(name, ends_at_once):
    """
    The initiator takes nothing, so that an R2T has to wait, and spoils the
    write meanwhile.
    """
    @case(f"{name}: no more R2Ts, CHECK CONDITION", MaxOutstandingR2T=4,
          MaxBurstLength=65536, MaxRecvDataSegmentLength=262144)
    def _(c):
        write = c.scsi(write10(0, 768), WRITE, 768 * 512)
        r2ts = [c.expect(R2T, r2tsn=sn, length=65536) for sn in range(4)]
        reads = {c.scsi(read10(0, 2048), READ, 1 << 20).itt
                 for _ in range(16)}
        for sn in range(8):
            c.data_out(r2ts[0], bytes(8192), offset=sn * 8192, datasn=sn,
                       flags=FINAL if sn == 7 else 0)
        c.data_out(r2ts[1], bytes(512), datasn=5, flags=0)
        if ends_at_once:
            end_sequences(c, r2ts[1:])
        rejects = 0
        while reads or not rejects:
            rsp = c.receive()
            if rsp.opcode == DATA_IN and rsp.flags & 1:
                reads.remove(rsp.itt)
            elif rsp.opcode == REJECT:
                rejects += 1
            elif rsp.opcode != DATA_IN:
                raise Failed(f"waited for Data-In and a Reject, got {rsp}")
        if not ends_at_once:
            c.ping()
            end_sequences(c, r2ts[1:])
        if c.expect(SCSI_RSP, itt=write.itt,
                    status=CHECK_CONDITION).sense[0] != 11:
            raise Failed("not ABORTED COMMAND")
        # its tag is free again
        c.scsi(bytes(6), itt=write.itt)
        c.expect(SCSI_RSP, itt=write.itt, status=GOOD)


def end_sequences(c, r2ts):
    for r2t in r2ts:
        c.data_out(r2t, b"")


stuck_r2t("a write spoilt while an R2T waits to be sent", False)
stuck_r2t("... and ended as well", True)


@case("Data-Out with the tag of unsolicited data is rejected, the write "
      "goes on", unit=FILE)
def _(c):
    r2t = waiting_write(c)
    rejected(c, INVALID_FIELD, op=DATA_OUT, itt=r2t.itt, data=bytes(2048))
    c.data_out(r2t, bytes(2048))
    c.expect(SCSI_RSP, itt=r2t.itt, status=GOOD)


@case("Data-Out without a byte changes nothing", unit=FILE)
def _(c):
    r2t = waiting_write(c)
    for sn in range(3):
        c.data_out(r2t, b"", flags=0, datasn=sn)
    c.data_out(r2t, bytes(2048), datasn=3)
    c.expect(SCSI_RSP, itt=r2t.itt, status=GOOD)


@case("unsolicited data over FirstBurstLength: a Reject, CHECK CONDITION",
      unit=FILE, FirstBurstLength=1024)
def _(c):
    before = c.read(0, 4, FILE)
    cmd = c.scsi(write10(0, 4), WRITE, 2048, FILE, final=False)
    c.request(DATA_OUT, itt=cmd.itt, data=b"\xcd" * 2048)
    c.expect(REJECT, reason=PROTOCOL_ERROR)
    broken_write(c, cmd.itt, before)


@case("unsolicited data that is wanted is taken", unit=FILE)
def _(c):
    data = random.randbytes(4096)
    cmd = c.scsi(write10(8, 8), WRITE, 4096, FILE, final=False,
                 data=data[:512])
    c.request(DATA_OUT, itt=cmd.itt, data=data[512:1024], flags=0, offset=512)
    c.request(DATA_OUT, itt=cmd.itt, data=data[1024:2048], offset=1024,
              datasn=1)
    r2t = c.expect(R2T, itt=cmd.itt, offset=2048, length=2048)
    c.data_out(r2t, data[2048:])
    c.expect(SCSI_RSP, itt=cmd.itt, status=GOOD)
    if c.read(8, 8, FILE) != data:
        raise Failed("other data was written")


@case("data of a write that is refused is thrown away", unit=FILE)
def _(c):
    cmd = c.scsi(write10(0x7fffffff, 4), WRITE, 2048, FILE, final=False,
                 data=bytes(512))
    c.request(DATA_OUT, itt=cmd.itt, data=bytes(1536), offset=512)
    rsp = c.expect(SCSI_RSP, itt=cmd.itt, status=CHECK_CONDITION)
    if rsp.sense != (5, 0x2100):
        raise Failed(f"sense {rsp.sense}")
    c.ping()


# --- CmdSN, tags --------------------------------------------------------------

@case("a CmdSN outside the window is silently ignored", unit=FILE)
def _(c):
    c.ping()
    sn, top = c.cmdsn, c.maxcmdsn
    for wrong in (sn - 1, sn - 100, top + 1, top + 100, sn + 0x80000000):
        for op, more in ((NOP_OUT, {"data": b"x"}),
                         (SCSI, {"flags": FINAL, "cdb": bytes(6)}),
                         (SCSI, {"flags": WRITE, "cdb": write10(0, 2),
                                 "edtl": 1024, "data": b"\xee" * 512}),
                         (TMF, {"flags": FINAL | LUN_RESET}),
                         (TEXT, {"data": text(SendTargets="")}),
                         (LOGOUT, {"flags": FINAL})):
            pdu = c.request(op, cmdsn=wrong & 0xffffffff, **more)
            if op == SCSI and more["flags"] == WRITE:
                c.request(DATA_OUT, itt=pdu.itt, data=bytes(512), offset=512)
    c.ping()


@case("an early command waits until the gap is filled")
def _(c):
    c.ping()
    first = c.cmdsn
    late = [c.scsi(bytes(6), cmdsn=first + n).itt for n in (3, 1, 2)]
    c.expect_nothing()
    now = c.scsi(bytes(6), cmdsn=first).itt
    order = [c.expect(SCSI_RSP, status=GOOD).itt for _ in range(4)]
    if order != [now, late[1], late[2], late[0]]:
        raise Failed(f"answered in the order {order}")
    c.cmdsn = first + 4
    c.ping()


@case("a whole window of early commands waits")
def _(c):
    c.ping()
    first = c.cmdsn
    for sn in range(first + WINDOW - 1, first, -1):
        c.scsi(bytes(6), cmdsn=sn)
    c.nop(b"now", op=NOP_OUT | IMMEDIATE)
    c.expect(NOP_IN)
    c.scsi(bytes(6), cmdsn=first)
    for _ in range(WINDOW):
        c.expect(SCSI_RSP, status=GOOD)
    c.cmdsn = first + WINDOW
    c.ping()


@case("an early command that comes a hundred times counts once")
def _(c):
    c.ping()
    first = c.cmdsn
    itts = [c.scsi(bytes(6), cmdsn=first + 1).itt for _ in range(100)]
    c.expect_nothing()
    now = c.scsi(bytes(6), cmdsn=first).itt
    c.expect(SCSI_RSP, itt=now)
    if c.expect(SCSI_RSP).itt not in itts:
        raise Failed("another one was answered")
    c.cmdsn = first + 2
    c.ping()


@case("an early command that is aborted leaves no gap", unit=FILE)
def _(c):
    c.ping()
    first = c.cmdsn
    early = c.scsi(write10(0, 1), WRITE, 512, FILE, cmdsn=first + 1)
    c.tmf(ABORT_TASK, early.itt, FILE, refcmdsn=first + 1)
    c.expect(TMF_RSP, response=COMPLETE)
    now = c.scsi(bytes(6), cmdsn=first).itt
    c.expect(SCSI_RSP, itt=now)
    c.cmdsn = first + 2
    c.ping()


@case("the CmdSN of a rejected command is free to be used again")
def _(c):
    c.ping()
    sn = c.cmdsn
    c.request(SCSI, flags=FINAL | 7)
    if c.expect(REJECT, reason=INVALID_FIELD).expcmdsn != sn:
        raise Failed("the rejected command was counted")
    c.expect(SCSI_RSP, itt=c.scsi(bytes(6), cmdsn=sn).itt, status=GOOD)
    c.ping()


@case("a gap is closed by aborting what did not arrive")
def _(c):
    c.ping()
    sn = c.cmdsn
    c.request(SCSI, flags=FINAL | 7)
    c.expect(REJECT, reason=INVALID_FIELD)
    itts = [c.scsi(bytes(6)).itt for _ in range(3)]
    c.expect_nothing()
    c.tmf(ABORT_TASK, 0x1234, refcmdsn=sn)
    c.expect(TMF_RSP, response=COMPLETE)
    if [c.expect(SCSI_RSP).itt for _ in itts] != itts:
        raise Failed("answered in another order")
    c.tmf(ABORT_TASK, 0x1234, refcmdsn=sn)
    c.expect(TMF_RSP, response=NO_TASK)
    c.tmf(ABORT_TASK, 0x1234, refcmdsn=c.cmdsn)
    c.expect(TMF_RSP, response=NO_TASK)
    c.ping()


@case("a tag that is in use: task in progress", unit=FILE)
def _(c):
    r2t = waiting_write(c)
    for op, more in ((SCSI, {"flags": FINAL}), (NOP_OUT, {}),
                     (TMF, {"flags": FINAL | LUN_RESET}), (TEXT, {})):
        rejected(c, TASK_IN_PROGRESS, op=op | IMMEDIATE, itt=r2t.itt, **more)
    sn = c.cmdsn
    rejected(c, TASK_IN_PROGRESS, op=SCSI, itt=r2t.itt, flags=FINAL)
    plug(c, sn)
    c.data_out(r2t, bytes(2048))
    c.expect(SCSI_RSP, itt=r2t.itt, status=GOOD)
    c.ping()


@case("a flood of immediate pings is answered, each in its turn")
def _(c):
    itts = [c.nop(b"x" * 100, op=NOP_OUT | IMMEDIATE).itt for _ in range(500)]
    for itt in itts:
        c.expect(NOP_IN, itt=itt)
    c.ping()


@case("of a flood of immediate commands some are rejected, none is lost",
      unit=FILE)
def _(c):
    waiting = [c.scsi(write10(0, 1), WRITE, 512, FILE, op=SCSI | IMMEDIATE)
               for _ in range(40)]
    seen = [c.receive() for _ in waiting]
    if {p.opcode for p in seen} != {R2T, REJECT}:
        raise Failed(f"got {[p.name for p in seen]}")
    if any(p.reason != IMMEDIATE_REJECT for p in seen if p.opcode == REJECT):
        raise Failed("another reason")
    c.ping()
    for r2t in (p for p in seen if p.opcode == R2T):
        c.data_out(r2t, bytes(512))
        c.expect(SCSI_RSP, itt=r2t.itt, status=GOOD)


# --- text, NOP-Out, logout ----------------------------------------------------

def bad_text(name, data, reason=PROTOCOL_ERROR, flags=FINAL):
    @case(f"text: {name}")
    def _(c):
        sn = c.cmdsn
        c.request(TEXT, data=data, flags=flags)
        if c.expect(REJECT, reason=reason).expcmdsn == sn:
            c.cmdsn = sn
        c.ping()


bad_text("no = in it", text("SendTargets"))
bad_text("no key", text("=All"))
bad_text("a key of 64 characters", text("k" * 64 + "=1"))
bad_text("8 KiB of garbage", b"\xff" * 8192)
bad_text("F and C bit", text(SendTargets=""), flags=FINAL | CONTINUE)
bad_text("no NUL at the end", b"SendTargets=")
bad_text("a key twice", text("SendTargets=", "SendTargets="))
bad_text("an answer that nobody asked for", text(XYZ="NotUnderstood"))
bad_text("a length that is none", text(MaxRecvDataSegmentLength="511"))
bad_text("more unknown keys than anyone has", b"a=\0" * 129)


@case("text: what is not for this phase is refused by name")
def _(c):
    c.request(TEXT, data=text(HeaderDigest="CRC32C", MaxBurstLength="1",
                              SendTargets="All", XYZ="1"))
    keys = keys_of(c.expect(TEXT_RSP).data)
    if keys != {"HeaderDigest": "Reject", "MaxBurstLength": "Reject",
                "SendTargets": "Reject", "XYZ": "NotUnderstood"}:
        raise Failed(keys)
    # 13.25: obsolete, but no unknown keys
    c.request(TEXT, data=text(IFMarker="No", OFMarkInt="2048"))
    keys = keys_of(c.expect(TEXT_RSP).data)
    if keys != {"IFMarker": "Reject", "OFMarkInt": "Reject"}:
        raise Failed(keys)


def text_step(c, itt, ttt, data=b"", ask=FINAL, **fields):
    """One more request of a sequence, and its answer."""
    c.request(TEXT, itt=itt, ttt=ttt, data=data, flags=ask)
    rsp = c.expect(TEXT_RSP, itt=itt, **fields)
    if (rsp.ttt == RESERVED) != bool(rsp.flags & FINAL):
        raise Failed(f"the tag does not fit the F bit: {rsp}")
    return rsp


@case("text: a request in parts, each answered with nothing but the last")
def _(c):
    rsp = text_step(c, 0x77, RESERVED, b"SendTar", CONTINUE, flags=0,
                    dlength=0)
    c.ping()
    rsp = text_step(c, 0x77, rsp.ttt, b"gets=\0XY", CONTINUE, flags=0,
                    dlength=0)
    rsp = text_step(c, 0x77, rsp.ttt, b"Z=1\0", 0, flags=0)
    keys = keys_of(rsp.data)
    if keys.get("TargetName") != TARGET or keys["XYZ"] != "NotUnderstood":
        raise Failed(keys)
    text_step(c, 0x77, rsp.ttt, flags=FINAL, dlength=0)
    c.ping()


@case("text: an answer in parts, of what the initiator takes",
      MaxRecvDataSegmentLength=512)
def _(c):
    names = [f"X-{n:03}-" + "x" * 50 for n in range(100)]
    rsp = text_step(c, 0x78, RESERVED, text(*(f"{n}=1" for n in names)),
                    flags=CONTINUE, dlength=512)
    data, parts = rsp.data, 1
    while not rsp.flags & FINAL:
        # of other requests meanwhile nobody takes notice
        c.ping()
        rsp = text_step(c, 0x78, rsp.ttt)
        data += rsp.data
        parts += 1
    want = text(*(f"{n}=NotUnderstood" for n in names))
    if data != want or parts != -(-len(want) // 512):
        raise Failed(f"{len(data)} bytes in {parts} parts")


@case("text: a new request ends the sequence, and so does a wrong tag")
def _(c):
    old = text_step(c, 0x79, RESERVED, text(XYZ="1"), 0, flags=0)
    new = text_step(c, 0x79, RESERVED, text(XYZ="1"), 0, flags=0)
    if old.ttt == new.ttt:
        raise Failed("the same tag again")
    for itt, ttt in ((0x79, old.ttt), (0x79, new.ttt), (0x7a, 0)):
        sn = c.cmdsn
        rejected(c, PROTOCOL_ERROR, op=TEXT, itt=itt, ttt=ttt)
        plug(c, sn)
    c.ping()


@case("text: data where the rest of an answer was to be asked for",
      MaxRecvDataSegmentLength=512)
def _(c):
    data = text(*(f"X-{n}=1" for n in range(60)))
    rsp = text_step(c, 0x7b, RESERVED, data, flags=CONTINUE)
    sn = c.cmdsn
    rejected(c, PROTOCOL_ERROR, op=TEXT, itt=0x7b, ttt=rsp.ttt, data=data)
    plug(c, sn)
    c.ping()


@case("text: more than 16 KiB is a long operation")
def _(c):
    rsp = text_step(c, 0x7c, RESERVED, b"XYZ=" + b"x" * 8188, CONTINUE)
    rsp = text_step(c, 0x7c, rsp.ttt, b"x" * 8192, CONTINUE, dlength=0)
    sn = c.cmdsn
    rejected(c, LONG_OPERATION, op=TEXT, itt=0x7c, ttt=rsp.ttt, data=b"\0")
    plug(c, sn)
    c.ping()


@case("text: a segment length that is declared anew holds from the last "
      "response on, unless the negotiation fails", unit=FILE)
def _(c):
    def longest():
        itt = c.scsi(read10(0, 16), READ, 8192, FILE).itt
        sizes = [c.expect(DATA_IN, itt=itt)]
        while not sizes[-1].flags & 1:
            sizes.append(c.expect(DATA_IN, itt=itt))
        return max(p.dlength for p in sizes)

    before = longest()
    rsp = text_step(c, 0x7d, RESERVED, text(MaxRecvDataSegmentLength=1024),
                    0, flags=0, dlength=0)
    if longest() != before:
        raise Failed("it holds before the end")
    sn = c.cmdsn
    rejected(c, PROTOCOL_ERROR, op=TEXT, itt=0x7d, ttt=rsp.ttt, data=b"x")
    plug(c, sn)
    if longest() != before:
        raise Failed("it holds though the negotiation has failed")
    text_step(c, 0x7d, RESERVED, text(MaxRecvDataSegmentLength="0x400"),
              flags=FINAL, dlength=0)
    if longest() != 1024:
        raise Failed(f"{longest()}")


@case("text: a longer segment counts from the response on, not before it",
      MaxRecvDataSegmentLength=512)
def _(c):
    data = random.randbytes(4096)
    # both have come before the first of their answers is made
    ping = c.make(NOP_OUT, data=data)
    ask = c.make(TEXT, data=text(MaxRecvDataSegmentLength=4096))
    c.send_bytes(ping.wire() + ask.wire())
    if c.expect(NOP_IN, itt=ping.itt).data != data[:512]:
        raise Failed("more than the initiator takes")
    c.expect(TEXT_RSP, itt=ask.itt, flags=FINAL)
    c.nop(data)
    if c.expect(NOP_IN).data != data:
        raise Failed("less than the initiator takes")


@case("text: SendTargets tells of this target only")
def _(c):
    c.request(TEXT, data=text(SendTargets=""))
    keys = keys_of(c.expect(TEXT_RSP).data)
    if keys.get("TargetName") != TARGET:
        raise Failed(keys)
    c.request(TEXT, data=text(SendTargets=SMALL))
    if c.expect(TEXT_RSP).data:
        raise Failed("another target is told of")


@case("a ping that wants no answer must be immediate")
def _(c):
    sn = c.cmdsn
    rejected(c, PROTOCOL_ERROR, op=NOP_OUT, itt=RESERVED)
    plug(c, sn)
    for ttt in (RESERVED, 0, 0x12345678):
        c.nop(b"x" * 50, op=NOP_OUT | IMMEDIATE, itt=RESERVED, ttt=ttt)
    c.ping()


@case("a ping comes back no longer than the initiator takes it",
      MaxRecvDataSegmentLength=512)
def _(c):
    data = random.randbytes(4096)
    c.nop(data)
    if c.expect(NOP_IN).data != data[:512]:
        raise Failed("not the first 512 bytes")


@case("logout of what is not there, for what is not supported")
def _(c):
    for flags, cid, response in ((1, 99, 1), (2, 1, 2), (0x7f, 1, 1)):
        c.request(LOGOUT | IMMEDIATE, flags=FINAL | flags, cid=cid)
        rsp = c.receive()
        if rsp.opcode == LOGOUT_RSP and rsp.response != response:
            raise Failed(f"got {rsp}")
        if rsp.opcode not in (LOGOUT_RSP, REJECT):
            raise Failed(f"got {rsp}")
    c.ping()
    c.logout()


@case("what follows a logout is not looked at")
def _(c):
    out = c.make(LOGOUT, flags=FINAL)
    more = [c.make(NOP_OUT, data=bytes(1000)) for _ in range(50)]
    c.send_bytes(b"".join(p.wire() for p in [out, *more]))
    c.expect(LOGOUT_RSP, response=0)
    c.expect_end()


# --- digests ------------------------------------------------------------------

@case("with both digests data arrives as it was", unit=FILE, **CRC)
def _(c):
    data = random.randbytes(12 * 512)
    c.write(20, data, FILE)
    if c.read(20, 12, FILE) != data:
        raise Failed("other data")
    c.ping()


for opcode in (NOP_OUT, SCSI, TMF | IMMEDIATE, TEXT, DATA_OUT, LOGOUT):
    @case(f"a wrong header digest, opcode {opcode:#04x}: the connection ends",
          **CRC)
    def _(c, op=opcode):
        c.request(op, bad_hdigest=True)
        c.expect_end()


@case("a wrong header digest of a header with AHS", **CRC)
def _(c):
    c.scsi(bytes(16), ahs=b"\0\2\1\0....", bad_hdigest=True)
    c.expect_end()


@case("a wrong data digest of a ping: data digest error, end", **CRC)
def _(c):
    c.nop(b"data", bad_ddigest=True)
    c.expect(REJECT, reason=DATA_DIGEST)
    c.expect_end()


@case("a wrong data digest of immediate data: nothing is written", unit=FILE,
      **CRC)
def _(c):
    before = c.read(40, 1, FILE)
    c.scsi(write10(40, 1), WRITE, 512, FILE, data=random.randbytes(512),
           bad_ddigest=True)
    c.expect(REJECT, reason=DATA_DIGEST)
    c.expect_end()
    with Conn().login(TARGET) as other:
        if other.ready(FILE).read(40, 1, FILE) != before:
            raise Failed("it was written")


@case("a wrong data digest of solicited data: nothing is written", unit=FILE,
      **CRC)
def _(c):
    before = c.read(0, 4, FILE)
    r2t = waiting_write(c)
    c.data_out(r2t, random.randbytes(2048), bad_ddigest=True)
    c.expect(REJECT, reason=DATA_DIGEST)
    broken_write(c, r2t.itt, before)


# --- task management ----------------------------------------------------------

@case("a function that does not exist: not supported")
def _(c):
    for function in (0, 13, 0x7f):
        c.tmf(function)
        c.expect(TMF_RSP, response=TMF_NOT_SUPPORTED)
    c.ping()


@case("functions for a unit that does not exist: no such LUN")
def _(c):
    for function in (ABORT_TASK_SET, CLEAR_TASK_SET, LUN_RESET):
        c.tmf(function, unit=77)
        c.expect(TMF_RSP, response=NO_LUN)


@case("abort of a task that never was, or is over: no such task", unit=FILE)
def _(c):
    c.tmf(ABORT_TASK, 0x12345678, FILE)
    c.expect(TMF_RSP, response=NO_TASK)
    done = c.scsi(bytes(6), unit=FILE)
    c.expect(SCSI_RSP, itt=done.itt)
    c.tmf(ABORT_TASK, done.itt, FILE, refcmdsn=done.cmdsn)
    c.expect(TMF_RSP, response=NO_TASK)
    nop = c.tmf(ABORT_TASK, c.itt, FILE)
    c.expect(TMF_RSP, itt=nop.itt, response=NO_TASK)


@case("abort of a task of another unit: no such task", unit=FILE)
def _(c):
    r2t = waiting_write(c)
    c.tmf(ABORT_TASK, r2t.itt, NULL)
    c.expect(TMF_RSP, response=NO_TASK)
    c.data_out(r2t, bytes(2048))
    c.expect(SCSI_RSP, itt=r2t.itt, status=GOOD)


@case("abort of a write that waits for its data", unit=FILE)
def _(c):
    before = c.read(0, 4, FILE)
    r2t = waiting_write(c)
    c.tmf(ABORT_TASK, r2t.itt, FILE)
    c.expect(TMF_RSP, response=COMPLETE)
    c.data_out(r2t, b"\xaa" * 2048)
    c.ping()
    if c.read(0, 4, FILE) != before:
        raise Failed("it was written")


@case("abort of a write whose unsolicited data is on its way", unit=FILE)
def _(c):
    cmd = c.scsi(write10(0, 8), WRITE, 4096, FILE, final=False)
    c.tmf(ABORT_TASK, cmd.itt, FILE)
    c.expect(TMF_RSP, response=COMPLETE)
    c.request(DATA_OUT, itt=cmd.itt, data=bytes(2048), flags=0)
    c.request(DATA_OUT, itt=cmd.itt, data=bytes(2048), offset=2048, datasn=1)
    c.ping()


@case("ABORT TASK SET ends all tasks of the unit, and only those", unit=FILE)
def _(c):
    c.ready(NULL)
    mine = [waiting_write(c) for _ in range(5)]
    other = waiting_write(c, unit=NULL)
    c.tmf(ABORT_TASK_SET, unit=FILE)
    c.expect(TMF_RSP, response=COMPLETE)
    for r2t in mine:
        c.data_out(r2t, bytes(2048))
    c.data_out(other, bytes(2048))
    c.expect(SCSI_RSP, itt=other.itt, status=GOOD)
    c.ping()


@case("LOGICAL UNIT RESET: the others get a unit attention", unit=FILE)
def _(c):
    with Conn().login(TARGET, f"{IQN}:other") as other:
        other.ready(FILE)
        r2t = waiting_write(other)
        c.tmf(LUN_RESET, unit=FILE)
        c.expect(TMF_RSP, response=COMPLETE)
        other.data_out(r2t, bytes(2048))
        rsp = other.command(bytes(6), unit=FILE)
        if rsp.sense is None or rsp.sense[0] != 6 or rsp.sense[1] >> 8 != 0x29:
            raise Failed(f"status {rsp.status}, sense {rsp.sense}")
        other.ready(FILE).ping()
        c.ready(FILE).ping()


def suspended(function):
    """The function is called while the device behind HUNG hangs."""
    def call(c):
        with Bed.disk.hang():
            function(c)
    return call


@case("abort of a write that a hung device holds: rejected in time, and the "
      "write goes on", unit=HUNG)
def _(c):
    writes = []

    @suspended
    def while_it_hangs(c):
        writes.append(c.scsi(write10(0, 1), WRITE, 512, HUNG,
                             data=b"\x11" * 512))
        time.sleep(0.5)
        with in_time(GIVE_UP):
            abort = c.tmf(ABORT_TASK, writes[0].itt, HUNG)
            c.ping()
            c.ready(NULL).read(0, 4, NULL)
        Bed.neighbour.check()
        start = time.monotonic()
        with Conn().login(TARGET, f"{IQN}:late") as late:
            late.ready(FILE)
        note(f"a login took {time.monotonic() - start:.2f} s meanwhile")
        c.expect(TMF_RSP, itt=abort.itt, response=TMF_REJECTED)

    while_it_hangs(c)
    c.expect(SCSI_RSP, itt=writes[0].itt, status=GOOD)
    c.ready(HUNG).write(0, b"\x22" * 512, HUNG)
    if c.read(0, 1, HUNG) != b"\x22" * 512:
        raise Failed("an older write came after the newer one")


@case("abort of a write that a slow device holds: complete, not answered, "
      "and a newer write meanwhile is BUSY", unit=HUNG)
def _(c):
    before = c.read(0, 1, HUNG)
    with Bed.disk.hang():
        cmd = c.scsi(write10(0, 1), WRITE, 512, HUNG, data=b"\x44" * 512)
        time.sleep(0.3)
        start = time.monotonic()
        abort = c.tmf(ABORT_TASK, cmd.itt, HUNG)
        with in_time(GIVE_UP, start):
            newer = c.scsi(write10(0, 1), WRITE, 512, HUNG,
                           data=b"\x55" * 512)
            c.expect(SCSI_RSP, itt=newer.itt, status=BUSY)
    with in_time(GIVE_UP, start):
        c.expect(TMF_RSP, itt=abort.itt, response=COMPLETE)
    c.ping()
    if c.read(0, 1, HUNG) not in (before, b"\x44" * 512):
        raise Failed("the newer write was carried out")


@case("LOGICAL UNIT RESET while a device hangs: rejected in time", unit=HUNG)
def _(c):
    @suspended
    def while_it_hangs(c):
        for n in range(4):
            c.scsi(read10(n, 1), READ, 512, HUNG)
        time.sleep(0.5)
        with in_time(GIVE_UP):
            c.tmf(LUN_RESET, unit=HUNG)
            c.ping()
        c.expect(TMF_RSP, response=TMF_REJECTED)

    while_it_hangs(c)
    for _ in range(4):
        c.expect(DATA_IN, status=GOOD)
    c.ready(HUNG).read(0, 1, HUNG)


@case("a connection is dropped while a device hangs", unit=HUNG)
def _(c):
    @suspended
    def while_it_hangs(c):
        c.scsi(write10(0, 1), WRITE, 512, HUNG, data=b"\x33" * 512)
        c.scsi(read10(0, 1), READ, 512, HUNG)
        time.sleep(0.5)
        c.close()
        wait_for("the session ends", lambda: f"{IQN}:raw" not in sessions())
        with Conn().login(TARGET) as again:
            again.ready(NULL).read(0, 1, NULL)
            rsp = again.command(write10(0, 1), flags=WRITE, edtl=512,
                                unit=HUNG, data=bytes(512))
            if rsp.status not in (BUSY, CHECK_CONDITION):
                raise Failed(f"a newer write: status {rsp.status}")

    while_it_hangs(c)


# --- sessions and sockets -----------------------------------------------------

@case("a session is reinstated in the middle of a write", unit=FILE)
def _(c):
    before = c.read(0, 4, FILE)
    r2t = waiting_write(c)
    with Conn().login(TARGET, isid=c.isid) as again:
        try:
            c.data_out(r2t, b"\x99" * 2048)
        except OSError:
            pass
        c.expect_end()
        again.ready(FILE)
        if again.read(0, 4, FILE) != before:
            raise Failed("the write of the old session was carried out")
        again.ping()


@case("ten reinstatements in a row, none waits for an answer", conn=False)
def _():
    conns = [Conn().login(TARGET, isid=b"\x80AAAAA") for _ in range(10)]
    conns[-1].ready(FILE).ping()
    for c in conns[:-1]:
        c.expect_end()
    conns[-1].logout()


def whole_pdus(c):
    """One PDU of every kind, as bytes."""
    r2t = waiting_write(c)
    kinds = [c.make(NOP_OUT, data=b"p" * 100), c.make(
        SCSI, flags=FINAL | WRITE, cdb=write10(0, 1), edtl=512, lun=lun(FILE),
        data=b"\x77" * 512), c.make(TMF | IMMEDIATE, flags=FINAL | LUN_RESET,
                                    lun=lun(NULL)),
             c.make(TEXT, data=text(SendTargets="")), c.make(
        DATA_OUT, data=bytes(2048), itt=r2t.itt, ttt=r2t.ttt), c.make(
        LOGOUT, flags=FINAL), c.make(SNACK)]
    return [pdu.wire(c.hdigest, c.ddigest) for pdu in kinds]


for cut in (1, 47, 48, 50, -1):
    @case(f"a connection drops {abs(cut)} bytes {'before' if cut < 0 else 'in'}"
          f"{' the end of' if cut < 0 else 'to'} each kind of PDU", conn=False)
    def _(cut=cut):
        for kind in range(7):
            keys = CRC if kind % 2 else {}
            with Conn().login(TARGET, InitialR2T="No", **keys) as c:
                c.send_bytes(whole_pdus(c.ready(FILE))[kind][:cut])
        wait_for("the sessions end", lambda: f"{IQN}:raw" not in sessions())


@case("a connection is reset in the middle of a READ of 1 MiB", conn=False)
def _():
    for _ in range(5):
        with Conn().login(TARGET) as c:
            c.ready(NULL).scsi(read10(0, 2048), READ, 1 << 20)
            c.expect(DATA_IN)
            linger = struct.pack("ii", 1, 0)
            c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    wait_for("the sessions end", lambda: f"{IQN}:raw" not in sessions())


@case("a half-closed connection ends, and with it its session", unit=FILE)
def _(c):
    c.scsi(read10(0, 16), READ, 8192, FILE)
    c.scsi(write10(0, 4), WRITE, 2048, FILE)
    c.finish()
    try:
        while True:
            c.receive(30)
    except EOFError:
        pass
    wait_for("the session ends", lambda: f"{IQN}:raw" not in sessions())


@case("urgent data of TCP is data like all other, and nothing stops at it")
def _(c):
    for cut in (1, 30, 47, 48):
        wire = c.make(NOP_OUT, data=b"urgent").wire()
        # the last byte of the first part is the urgent one
        c.sock.send(wire[:cut], socket.MSG_OOB)
        c.sock.sendall(wire[cut:])
        if c.expect(NOP_IN).data != b"urgent":
            raise Failed("the ping came back changed")
    pings = b"".join(c.make(NOP_OUT).wire() for _ in range(30))
    c.sock.send(pings[:777], socket.MSG_OOB)
    c.sock.send(pings[777:], socket.MSG_OOB)
    for _ in range(30):
        c.expect(NOP_IN)


@case("TCP segments of one byte", conn=False)
def _():
    with Conn(chunk=1).login(TARGET, InitialR2T="No", **CRC) as c:
        data = random.randbytes(1024)
        c.ready(FILE).write(60, data, FILE)
        if c.read(60, 2, FILE) != data:
            raise Failed("other data")
        c.nop(b"abc", op=NOP_OUT)
        c.expect(NOP_IN)
        c.logout()


@case("everything in one TCP segment", unit=FILE)
def _(c):
    c.send_bytes(b"".join(
        c.make(SCSI, flags=FINAL | WRITE | SIMPLE, cdb=write10(n, 1), edtl=512,
               lun=lun(FILE), data=bytes([n]) * 512).wire()
        for n in range(WINDOW)))
    for _ in range(WINDOW):
        c.expect(SCSI_RSP, status=GOOD)
    if c.read(0, WINDOW, FILE) != b"".join(
            bytes([n]) * 512 for n in range(WINDOW)):
        raise Failed("other data")


@case("the smallest of everything: one command, 512 bytes at a time",
      conn=False)
def _():
    with Conn().login(SMALL, InitialR2T="Yes", ImmediateData="No",
                      MaxRecvDataSegmentLength=512, MaxBurstLength=512,
                      MaxOutstandingR2T=1) as c:
        c.ready(0)
        if c.maxcmdsn != c.cmdsn:
            raise Failed(f"a window of {c.maxcmdsn - c.cmdsn + 1}")
        data = random.randbytes(32 * 512)
        c.write(5, data, 0, segment=512)
        if c.read(5, 32) != data:
            raise Failed("other data")
        c.logout()


@case("nothing is left of all these sessions", conn=False)
def _():
    wait_for("the sessions end",
             lambda: sessions() == [f"{IQN}:neighbour"])


main(lambda: Bed.begin(CONF, neighbour=(TARGET, OTHERS)), Bed.end, around)
