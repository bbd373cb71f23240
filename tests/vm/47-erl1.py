#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
"""
ErrorRecoveryLevel 1 (RFC 7143 7.2, 7.8, 7.9, 11.16): damaged and missing
PDUs, SNACK in all its kinds, and initiators that abuse them.
"""

import errno
import os
import random
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ["IET_TOP"], "tests/lib"))

from bed import Bed  # noqa: E402
from ktap import (FOLDER, IQN, Failed, case, ietadm, in_time,  # noqa: E402
                  main, sessions, wait_for)
from pdu import *  # noqa: E402,F403

TARGET, PLAIN, GONE = f"{IQN}:erl1", f"{IQN}:plain", f"{IQN}:gone"
FILE, OTHERS, NULL = 0, 1, 2
WINDOW, SEG, BURST = 16, 4096, 16384
DATA = 3  # seconds after which data that does not come is asked for again
CRC = {"HeaderDigest": "CRC32C", "DataDigest": "CRC32C"}

CONF = f"""
Target {TARGET}
    ErrorRecoveryLevel 1
    QueuedCommands {WINDOW}
    InitialR2T No
    MaxOutstandingR2T 8
    MaxBurstLength {BURST}
    FirstBurstLength {BURST}
    Lun {FILE} Path=/run/iet-test/erl1.img,Type=fileio
    Lun {OTHERS} Path=/run/iet-test/others.img,Type=fileio
    Lun {NULL} Type=nullio,Blocks=65536
Target {GONE}
    ErrorRecoveryLevel 1
    Lun 0 Path=/run/iet-test/gone.img,Type=fileio
Target {PLAIN}
    MaxOutstandingR2T 64
    MaxBurstLength 512
    FirstBurstLength 512
    Lun 0 Path=/run/iet-test/plain.img,Type=fileio
"""


def around(function, options):
    """Each case has a new session; CRC32C unless `digests` is False."""
    keys = {"InitialR2T": "No", "ErrorRecoveryLevel": 1,
            "MaxOutstandingR2T": 8, "MaxRecvDataSegmentLength": SEG,
            "MaxBurstLength": BURST, "FirstBurstLength": BURST,
            **(CRC if options.pop("digests", True) else {}), **options}
    with Conn().login(TARGET, **keys) as c:
        function(c.ready(FILE))
    Bed.check()


def fields(pdu, *names):
    return {n: getattr(pdu, n) for n in names}


def same(pdu, other, but=("expcmdsn", "maxcmdsn", "expdatasn")):
    """An exact replica, but for the fields that must be current (11.16)."""
    names = [n for n in FIELDS[pdu.opcode] if n not in but]
    if (pdu.opcode != other.opcode or pdu.data != other.data
            or fields(pdu, *names) != fields(other, *names)):
        raise Failed(f"{other} is no replica of {pdu}")


def read_pdus(c, blocks=64, lba=0, unit=FILE):
    """A READ; all PDUs that come for it."""
    itt = c.scsi(read10(lba, blocks), READ, blocks * 512, unit).itt
    pdus = [c.expect(DATA_IN, itt=itt)]
    while not pdus[-1].flags & 1:
        pdus.append(c.expect(DATA_IN, itt=itt))
    return pdus


def no_snack(c, reason, kind, *args, **kwargs):
    """This SNACK is rejected, and nothing but the Reject comes."""
    pdu = c.snack(kind, *args, **kwargs)
    rsp = c.expect(REJECT, reason=reason)
    if rsp.data[:48] != bytes(pdu.bhs):
        raise Failed("the Reject has another header")
    c.ping()
    return rsp


# --- what is agreed -----------------------------------------------------------

@case("ErrorRecoveryLevel 1 is agreed on, with one R2T at a time")
def _(c):
    if c.keys["ErrorRecoveryLevel"] != "1":
        raise Failed(f"level {c.keys['ErrorRecoveryLevel']}")
    if c.keys["MaxOutstandingR2T"] != "1":
        raise Failed(f"MaxOutstandingR2T={c.keys['MaxOutstandingR2T']}")


@case("... but not unless it is configured, nor more than the other wants")
def _(c):
    with Conn().login(PLAIN, ErrorRecoveryLevel=2) as other:
        if other.keys["ErrorRecoveryLevel"] != "0":
            raise Failed(f"level {other.keys['ErrorRecoveryLevel']}")
        other.logout()
    with Conn().login(TARGET, ErrorRecoveryLevel=0) as other:
        other.ready(FILE).snack(STATUS_SNACK)
        other.expect(REJECT, reason=SNACK_REJECT)


@case("data out of order is declined, and 64 R2Ts at a time are used")
def _(c):
    with Conn().login(PLAIN, DataPDUInOrder="No", DataSequenceInOrder="No",
                      MaxOutstandingR2T=100, InitialR2T="Yes",
                      ImmediateData="No", MaxBurstLength=512) as other:
        if (other.keys["DataPDUInOrder"], other.keys["DataSequenceInOrder"],
                other.keys["MaxOutstandingR2T"]) != ("Yes", "Yes", "64"):
            raise Failed(f"keys {other.keys}")
        data = random.randbytes(100 * 512)
        other.ready(0).scsi(write10(0, 100), WRITE, len(data))
        r2ts = [other.expect(R2T, r2tsn=n) for n in range(64)]
        other.expect_nothing(0.3)
        for r2t in r2ts:
            other.data_out(r2t, data[r2t.offset:][:512])
        for n in range(64, 100):
            r2t = other.expect(R2T, r2tsn=n)
            other.data_out(r2t, data[r2t.offset:][:512])
        other.expect(SCSI_RSP, status=GOOD)
        if other.read(0, 100) != data:
            raise Failed("other data")
        # another order than the one agreed on
        other.scsi(write10(0, 4), WRITE, 2048)
        r2ts = [other.expect(R2T) for _ in range(4)]
        other.data_out(r2ts[1], bytes(512))
        other.expect(REJECT)


# --- damaged on the way to us -------------------------------------------------

@case("a damaged command is rejected, and taken when it comes again")
def _(c):
    data = random.randbytes(SEG)
    pdu = c.scsi(write10(0, 8), WRITE, SEG, data=data, bad_ddigest=True)
    c.expect(REJECT, reason=DATA_DIGEST)
    later = c.scsi(bytes(6))
    c.expect_nothing(0.3)
    c.scsi(write10(0, 8), WRITE, SEG, data=data, itt=pdu.itt,
           cmdsn=pdu.cmdsn)
    rsps = [c.expect(SCSI_RSP, status=GOOD) for _ in range(2)]
    if {rsp.itt for rsp in rsps} != {pdu.itt, later.itt}:
        raise Failed(f"got {rsps[0]} and {rsps[1]}")
    if c.read(0, 8) != data:
        raise Failed("other data")


@case("... and so are the Data-Out PDUs that follow it")
def _(c):
    data = random.randbytes(2 * SEG)

    def send(**more):
        pdu = c.scsi(write10(0, 16), WRITE, 2 * SEG, final=False,
                     data=data[:SEG], **more)
        c.request(DATA_OUT, flags=FINAL, itt=pdu.itt, offset=SEG,
                  data=data[SEG:], lun=lun(FILE))
        return pdu

    pdu = send(bad_ddigest=True)
    c.expect(REJECT, reason=DATA_DIGEST)
    c.nop(b"between", op=NOP_OUT | IMMEDIATE)
    c.expect(NOP_IN)
    send(itt=pdu.itt, cmdsn=pdu.cmdsn)
    c.expect(SCSI_RSP, itt=pdu.itt, status=GOOD)
    if c.read(0, 16) != data:
        raise Failed("other data")


@case("a damaged ping, text request")
def _(c):
    for op, body in ((NOP_OUT, b"ping"), (TEXT, text("SendTargets="))):
        sn = c.cmdsn
        pdu = c.request(op, data=body, bad_ddigest=True)
        c.expect(REJECT, reason=DATA_DIGEST)
        c.cmdsn = sn
        c.request(op, data=body, itt=pdu.itt)
        c.expect(op | 0x20, itt=pdu.itt)


@case("a damaged header ends the connection")
def _(c):
    c.nop(b"", bad_hdigest=True)
    c.expect_end()


for at in range(4):
    @case(f"Data-Out {at + 1} of 4 is damaged, and asked for again")
    def _(c, at=at):
        data = random.randbytes(4 * SEG)
        itt = c.scsi(write10(100, 32), WRITE, len(data)).itt
        r2t = c.expect(R2T, r2tsn=0, length=BURST)
        for n in range(4):
            c.data_out(r2t, data[n * SEG:][:SEG], offset=n * SEG, datasn=n,
                       flags=FINAL if n == 3 else 0, bad_ddigest=n == at)
        c.expect(REJECT, reason=DATA_DIGEST)
        again = c.expect(R2T, itt=itt, r2tsn=1, offset=at * SEG,
                         length=(4 - at) * SEG)
        if again.ttt == r2t.ttt:
            raise Failed("the same tag for another R2T")
        c.data_out(again, data[at * SEG:])
        c.expect(SCSI_RSP, itt=itt, status=GOOD, expdatasn=2)
        if c.read(100, 32) != data:
            raise Failed("other data")


@case("unsolicited Data-Out is damaged, and asked for")
def _(c):
    data = random.randbytes(4 * SEG)
    pdu = c.scsi(write10(7, 32), WRITE, len(data), final=False,
                 data=data[:SEG])
    for n in range(1, 4):
        c.request(DATA_OUT, flags=FINAL if n == 3 else 0, itt=pdu.itt,
                  datasn=n - 1, offset=n * SEG, data=data[n * SEG:][:SEG],
                  lun=lun(FILE), bad_ddigest=n == 2)
    c.expect(REJECT, reason=DATA_DIGEST)
    r2t = c.expect(R2T, offset=2 * SEG, length=2 * SEG, r2tsn=0)
    c.data_out(r2t, data[2 * SEG:])
    c.expect(SCSI_RSP, status=GOOD)
    if c.read(7, 32) != data:
        raise Failed("other data")


@case("a Data-Out is missing, and asked for")
def _(c):
    data = random.randbytes(4 * SEG)
    c.scsi(write10(0, 32), WRITE, len(data))
    r2t = c.expect(R2T)
    for n in (0, 2, 3):
        c.data_out(r2t, data[n * SEG:][:SEG], offset=n * SEG, datasn=n,
                   flags=FINAL if n == 3 else 0)
    r2t = c.expect(R2T, offset=SEG, length=3 * SEG)
    c.data_out(r2t, data[SEG:])
    c.expect(SCSI_RSP, status=GOOD)
    if c.read(0, 32) != data:
        raise Failed("other data")


@case("a Data-Out that comes twice counts once")
def _(c):
    c.scsi(write10(0, 16), WRITE, 2 * SEG)
    r2t = c.expect(R2T)
    c.data_out(r2t, b"a" * SEG, flags=0)
    c.data_out(r2t, b"b" * SEG, flags=FINAL)
    c.data_out(r2t, b"c" * SEG, offset=SEG, datasn=1)
    c.expect(SCSI_RSP, status=GOOD)
    if c.read(0, 16) != b"a" * SEG + b"c" * SEG:
        raise Failed("other data")


@case("a write of which every PDU is damaged ten times")
def _(c):
    data, at = random.randbytes(8 * SEG), 0
    itt = c.scsi(write10(0, 64), WRITE, len(data)).itt
    for n in range(80):
        r2t = c.expect(R2T, itt=itt, r2tsn=n)
        for sn, off in enumerate(range(r2t.offset, r2t.offset + r2t.length,
                                       SEG)):
            c.data_out(r2t, data[off:][:SEG], offset=off, datasn=sn,
                       flags=FINAL if off + SEG == r2t.offset + r2t.length
                       else 0, bad_ddigest=off == at and n % 10 != 9)
        if n % 10 != 9:
            c.expect(REJECT, reason=DATA_DIGEST)
        else:
            at = r2t.offset + r2t.length
        if at == len(data):
            break
    c.expect(SCSI_RSP, itt=itt, status=GOOD)
    if c.read(0, 64) != data:
        raise Failed("other data")


# --- lost on the way to the initiator -----------------------------------------

@case("an R2T that is not answered comes three times more; data that stops is "
      "asked for from where it is; what is late is ignored", digests=False)
def _(c):
    data = random.randbytes(2 * BURST)
    start = time.monotonic()
    with in_time(DATA, start):
        lost = c.scsi(write10(0, 32), WRITE, BURST).itt
        first = c.expect(R2T, itt=lost)
        half = c.scsi(write10(32, 32), WRITE, BURST).itt
        r2t = c.expect(R2T, itt=half)
        c.data_out(r2t, data[BURST:][:SEG], flags=0)
        # a write that announces more unasked data, which does not come
        mute = c.scsi(write10(64, 8), WRITE, SEG, final=False).itt
        c.ping()
    # until the first one comes once more
    with in_time(2 * DATA, start):
        got = {lost: [], half: [], mute: []}
        for _ in range(3):
            rsp = c.expect(R2T)
            got[rsp.itt].append(rsp)
        same(first, got[lost][0], ("statsn", "expcmdsn", "maxcmdsn"))
        rest, = got[half]
        if (rest.r2tsn, rest.offset, rest.length) != (1, SEG, BURST - SEG):
            raise Failed(f"not the rest: {rest}")
        asked, = got[mute]
        if (asked.r2tsn, asked.offset, asked.length) != (0, 0, SEG):
            raise Failed(f"not what was announced: {asked}")
        # the late ones: of the first R2T, and unasked
        c.data_out(r2t, data[BURST + SEG:], offset=SEG, datasn=1)
        c.request(DATA_OUT, itt=mute, data=bytes(SEG), lun=lun(FILE))
        c.ping()
        c.data_out(rest, data[BURST + SEG:], offset=SEG)
        c.expect(SCSI_RSP, itt=half, status=GOOD)
        c.data_out(asked, bytes(SEG))
        c.expect(SCSI_RSP, itt=mute, status=GOOD)
    for _ in range(2):
        same(first, c.expect(R2T), ("statsn", "expcmdsn", "maxcmdsn"))
    c.expect_nothing(4)
    c.data_out(first, data[:BURST])
    c.expect(SCSI_RSP, itt=lost, status=GOOD, expdatasn=1)
    if c.read(0, 64) != data:
        raise Failed("other data")


@case("Data SNACK: a run of Data-In comes again as it was")
def _(c):
    c.acks = False
    pdus = read_pdus(c)
    if len(pdus) != 8:
        raise Failed(f"{len(pdus)} PDUs")
    for beg, run, last in ((2, 3, 5), (0, 1, 1), (5, 0, 8), (0, 0, 8)):
        c.snack(DATA_SNACK, beg, run, pdus[0].itt)
        for pdu in pdus[beg:last]:
            same(pdu, c.receive())
    c.ping()


@case("Data SNACK: the last Data-In has its status again")
def _(c):
    c.acks = False
    pdus = read_pdus(c)
    c.snack(DATA_SNACK, 7, 1, pdus[0].itt)
    pdu = c.expect(DATA_IN, statsn=pdus[-1].statsn)
    same(pdus[-1], pdu)


@case("Data SNACK: the data is that of the first time")
def _(c):
    data = random.randbytes(64 * 512)
    c.write(0, data)
    c.acks = False
    pdus = read_pdus(c)
    other = random.randbytes(64 * 512)
    c.write(0, other)
    c.snack(DATA_SNACK, 0, 0, pdus[0].itt)
    again = b"".join(c.receive().data for _ in pdus)
    if again != data:
        raise Failed("other data")


@case("Status SNACK: each response comes again as it was")
def _(c):
    c.acks, first = False, c.expstatsn
    c.ping()
    rsps = []
    c.nop(b"one")
    rsps.append(c.expect(NOP_IN))
    c.scsi(bytes(6))
    rsps.append(c.expect(SCSI_RSP))
    c.scsi(b"\x1b\xff\xff\xff\xff\xfb")
    rsps.append(c.expect(SCSI_RSP, status=CHECK_CONDITION))
    c.tmf(LUN_RESET, unit=NULL)
    rsps.append(c.expect(TMF_RSP))
    c.request(TEXT, data=text("SendTargets="))
    rsps.append(c.expect(TEXT_RSP))
    c.request(TEXT, data=text("XYZ=1"), flags=0)
    rsps.append(c.expect(TEXT_RSP, flags=0))
    c.request(DATA_OUT, itt=0xdead)
    rsps.append(c.expect(REJECT))
    rsps.append(read_pdus(c, 8)[-1])
    for rsp in rsps:
        c.snack(STATUS_SNACK, rsp.statsn, 1)
        same(rsp, c.receive())
    c.snack(STATUS_SNACK, first + 1, len(rsps))
    for rsp in rsps:
        same(rsp, c.receive())
    c.snack(STATUS_SNACK)
    c.expect(NOP_IN, statsn=first)
    for rsp in rsps:
        same(rsp, c.receive())


@case("... a ping, too, though the initiator takes more by now")
def _(c):
    c.request(TEXT, data=text("MaxRecvDataSegmentLength=512"))
    c.expect(TEXT_RSP)
    c.acks = False
    c.nop(random.randbytes(2000))
    rsp = c.expect(NOP_IN, dlength=512)
    c.request(TEXT, data=text("MaxRecvDataSegmentLength=1024"))
    c.expect(TEXT_RSP)
    c.snack(STATUS_SNACK, rsp.statsn, 1)
    same(rsp, c.receive())


@case("... until it is acknowledged")
def _(c):
    c.acks = False
    pdus = read_pdus(c)
    c.expstatsn = pdus[-1].statsn + 1
    no_snack(c, PROTOCOL_ERROR, STATUS_SNACK, pdus[-1].statsn, 1)
    no_snack(c, PROTOCOL_ERROR, DATA_SNACK, 0, 0, pdus[0].itt)


@case("R2T SNACK: the R2T comes again")
def _(c):
    data = random.randbytes(2 * BURST)
    itt = c.scsi(write10(0, 64), WRITE, len(data)).itt
    first = c.expect(R2T)
    for beg, run in ((0, 1), (0, 0)):
        c.snack(DATA_SNACK, beg, run, itt)
        same(first, c.receive())
    c.data_out(first, data[:BURST])
    second = c.expect(R2T, r2tsn=1)
    # the first has been answered
    c.snack(DATA_SNACK, 0, 1, itt)
    c.expect(REJECT, reason=PROTOCOL_ERROR, datasn=2)
    c.snack(DATA_SNACK, 1, 1, itt)
    same(second, c.receive(), ("expcmdsn", "maxcmdsn", "statsn"))
    c.data_out(second, data[BURST:])
    c.expect(SCSI_RSP, status=GOOD, expdatasn=2)
    if c.read(0, 64) != data:
        raise Failed("other data")


@case("R2T SNACK: none comes once all its data is on its way")
def _(c):
    data = random.randbytes(SEG)
    itt = c.scsi(write10(0, SEG // 512), WRITE, len(data)).itt
    r2t = c.expect(R2T)
    snack = c.make(SNACK, flags=FINAL | DATA_SNACK, itt=itt, begrun=0,
                   runlength=1)
    last = c.make(DATA_OUT, flags=FINAL, itt=itt, ttt=r2t.ttt,
                  lun=r2t.bhs[8:16], data=data).wire(c.hdigest, c.ddigest)
    c.send_bytes(snack.wire(c.hdigest, c.ddigest) + last[:1024])
    c.expect_nothing(0.2)
    c.send_bytes(last[1024:])
    c.expect(SCSI_RSP, itt=itt, status=GOOD, expdatasn=1)
    if c.read(0, SEG // 512) != data:
        raise Failed("other data")


@case("R-Data SNACK: all data newly cut, and the status with the tag")
def _(c):
    data = random.randbytes(64 * 512)
    c.write(0, data)
    c.acks = False
    pdus = read_pdus(c)
    c.request(TEXT, data=text("MaxRecvDataSegmentLength=1024"))
    c.expect(TEXT_RSP)
    # they can't be taken any more as they were
    no_snack(c, SNACK_REJECT, DATA_SNACK, 0, 0, pdus[0].itt)
    c.snack(R_DATA_SNACK, itt=pdus[0].itt, ttt=0x1234)
    got = b""
    for sn in range(32):
        pdu = c.expect(DATA_IN, datasn=sn, offset=len(got), itt=pdus[0].itt)
        if pdu.flags & 1:
            raise Failed("status without the tag")
        got += pdu.data
    rsp = c.expect(SCSI_RSP, itt=pdus[0].itt, statsn=pdus[-1].statsn,
                   status=GOOD, expdatasn=32)
    if rsp.bhs[20:24] != (0x1234).to_bytes(4, "big"):
        raise Failed(f"SNACK tag {rsp.bhs[20:24].hex()}")
    if got != data:
        raise Failed("other data")
    # and again, after that
    c.snack(STATUS_SNACK, rsp.statsn, 1)
    same(rsp, c.receive())
    c.snack(DATA_SNACK, 3, 2, pdus[0].itt)
    c.expect(DATA_IN, datasn=3, offset=3 * 1024)
    c.expect(DATA_IN, datasn=4, offset=4 * 1024)
    c.ping()


@case("a SNACK while the data is still being sent")
def _(c):
    data = random.randbytes(1024 * 512)
    for at in range(0, 1024, 128):
        c.write(at, data[at * 512:][:128 * 512])
    itt = c.scsi(read10(0, 1024), READ, len(data)).itt
    got, snacks = bytearray(len(data)), 0
    while True:
        pdu = c.expect(DATA_IN, itt=itt)
        got[pdu.offset:pdu.offset + len(pdu.data)] = pdu.data
        if snacks < 20 and pdu.datasn:
            snacks += 1
            c.snack(DATA_SNACK, pdu.datasn - 1, 2, itt)
        if pdu.flags & 1:
            break
    if got != data:
        raise Failed("other data")
    c.nop(b"the end", op=NOP_OUT | IMMEDIATE)
    while c.receive().opcode != NOP_IN:
        pass


# --- abuse --------------------------------------------------------------------

@case("a SNACK for what was not sent: protocol error")
def _(c):
    c.acks = False
    pdus = read_pdus(c)
    itt, sn = pdus[0].itt, pdus[-1].statsn
    for beg, run in ((8, 1), (0, 9), (7, 2), (9, 0), (RESERVED, 1),
                     (1, RESERVED), (RESERVED, RESERVED)):
        rsp = no_snack(c, PROTOCOL_ERROR, DATA_SNACK, beg, run, itt)
        if rsp.datasn != 8:
            raise Failed(f"the Reject names DataSN {rsp.datasn}")
    for beg, run in ((sn + 1000, 1), (sn, 1000), (sn, RESERVED),
                     (c.expstatsn - 1, 1), (sn + 0x80000000, 1)):
        no_snack(c, PROTOCOL_ERROR, STATUS_SNACK, beg & RESERVED, run)
    no_snack(c, PROTOCOL_ERROR, DATA_SNACK, 0, 0, 0xdead)
    no_snack(c, PROTOCOL_ERROR, STATUS_SNACK, sn, 1, itt)


@case("a SNACK of another kind, or for what there is not")
def _(c):
    c.acks = False
    pdus = read_pdus(c)
    for kind in range(4, 16):
        no_snack(c, PROTOCOL_ERROR, kind, 0, 0, pdus[0].itt)
    no_snack(c, INVALID_DATA_ACK, DATA_ACK, 1, 0, ttt=0x77)
    no_snack(c, PROTOCOL_ERROR, R_DATA_SNACK, 0, 0, pdus[0].itt)
    no_snack(c, PROTOCOL_ERROR, R_DATA_SNACK, 0, 0, pdus[0].itt, ttt=0)
    no_snack(c, PROTOCOL_ERROR, R_DATA_SNACK, 1, 0, pdus[0].itt, ttt=5)
    no_snack(c, PROTOCOL_ERROR, R_DATA_SNACK, 0, 1, pdus[0].itt, ttt=5)
    nop = c.nop(b"no data")
    c.expect(NOP_IN)
    no_snack(c, PROTOCOL_ERROR, DATA_SNACK, 0, 1, nop.itt)
    no_snack(c, PROTOCOL_ERROR, R_DATA_SNACK, 0, 0, nop.itt, ttt=5)


@case("acknowledging what was not sent is ignored")
def _(c):
    c.acks = False
    pdus = read_pdus(c)
    for wrong in (pdus[-1].statsn + 100, c.expstatsn - 1, 0x80000000):
        c.nop(b"", op=NOP_OUT | IMMEDIATE, expstatsn=wrong & RESERVED)
        c.expect(NOP_IN)
    c.snack(DATA_SNACK, 0, 1, pdus[0].itt)
    same(pdus[0], c.receive())


@case("who acknowledges nothing loses the oldest: no more is kept",
      digests=False)
def _(c):
    c.acks = False
    for _ in range(2 * WINDOW + 100):
        pdus = read_pdus(c, 8)
    last = pdus[-1].statsn
    c.snack(STATUS_SNACK, last, 1)
    same(pdus[-1], c.receive())
    c.snack(STATUS_SNACK, last - WINDOW, 1)
    c.expect(DATA_IN, statsn=last - WINDOW)
    # as many as there are commands
    no_snack(c, SNACK_REJECT, STATUS_SNACK, last - 2 * WINDOW - 16, 1)
    # the window was never closed by that
    if c.maxcmdsn - c.cmdsn + 1 != WINDOW:
        raise Failed(f"a window of {c.maxcmdsn - c.cmdsn + 1}")


@case("a flood of SNACKs: each PDU is queued once, and others are served",
      digests=False)
def _(c):
    c.acks = False
    pdus = read_pdus(c, 64)
    flood = b"".join(
        c.make(SNACK, flags=FINAL | DATA_SNACK, itt=pdus[0].itt).wire()
        for _ in range(200))
    c.send_bytes(flood)
    c.nop(b"the end", op=NOP_OUT | IMMEDIATE)
    count = 0
    while (pdu := c.receive()).opcode == DATA_IN:
        count += 1
    if pdu.opcode != NOP_IN or count > 200 * 8:
        raise Failed(f"{count} PDUs, then {pdu}")
    Bed.neighbour.check()


@case("a tag is free as soon as its response is there")
def _(c):
    c.acks = False
    for n in range(50):
        c.scsi(bytes(6), itt=0x55)
        rsp = c.expect(SCSI_RSP, itt=0x55, status=GOOD)
    c.snack(STATUS_SNACK, rsp.statsn - 3, 1)
    c.expect(SCSI_RSP, itt=0x55, statsn=rsp.statsn - 3)


@case("a disk is let go of while reads of it are not acknowledged")
def _(c):
    with Conn().login(GONE, ErrorRecoveryLevel=1) as other:
        other.ready().acks = False
        pdus = read_pdus(other)
        done = ietadm("--op", "delete", "--tid=2", "--lun=0")
        if done.returncode:
            raise Failed(done.stderr)
        wait_for("nobody has it open", lambda: not is_open("gone.img"))
        other.snack(DATA_SNACK, 0, 1, pdus[0].itt)
        # it is told of the change, too
        while (pdu := other.receive()).opcode == ASYNC:
            pass
        same(pdus[0], pdu)


def is_open(name):
    """A file that is written to can't be run (ETXTBSY)."""
    path = FOLDER / name
    path.chmod(0o755)
    try:
        subprocess.run([path], check=False)
    except OSError as error:
        return error.errno == errno.ETXTBSY
    return False


@case("a session ends with much that is not acknowledged")
def _(c):
    c.acks = False
    for _ in range(20):
        read_pdus(c, 64)
    c.snack(STATUS_SNACK)
    c.expect(DATA_IN)
    c.close()
    wait_for("the session ends",
             lambda: sessions() == [f"{IQN}:neighbour"])


main(lambda: Bed.begin(CONF, size=4 << 20, neighbour=(TARGET, OTHERS)),
     Bed.end, around)
