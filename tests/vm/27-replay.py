#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
"""
What known initiators send, byte for byte where it is known, and what they
must get: Microsoft's, open-iscsi, libiscsi, ESXi, iPXE, FreeBSD's.
"""

import os
import re
import struct
import sys

sys.path.insert(0, os.path.join(os.environ["IET_TOP"], "tests/lib"))

from bed import Bed  # noqa: E402
from ktap import IQN, Failed, case, main, sessions, wait_for  # noqa: E402
from pdu import *  # noqa: E402,F403

OPEN, CHAP = f"{IQN}:open", f"{IQN}:chap"
SECRET, THEIRS = b"topsecret1234", b"othersecret12"

CONF = f"""
Target {OPEN}
    Lun 0 Path=/run/iet-test/open.img,Type=fileio
    Lun 1 Type=nullio,Blocks=65536
Target {CHAP}
    IncomingUser joe {SECRET.decode()}
    OutgoingUser jack {THEIRS.decode()}
    Lun 0 Type=nullio,Blocks=65536
"""


def same(what, got, expected):
    if got != expected:
        raise Failed(f"{what}: {got!r}, not {expected!r}")


def raw_login(c, flags, isid, cmdsn, expstatsn, itt, *pairs, tsih=0, cid=1):
    """A Login Request from its bytes; the response, and its keys."""
    data = text(*pairs)
    c.send_bytes(b"\x43" + bytes([flags]) + b"\0\0" + b"\0"
                 + len(data).to_bytes(3, "big") + bytes.fromhex(isid)
                 + struct.pack(">HIHHII", tsih, itt, cid, 0, cmdsn, expstatsn)
                 + bytes(16) + pad(data))
    rsp = c.expect(LOGIN_RSP, itt=itt)
    if rsp.status:
        raise Refused(rsp)
    offered = {pair.split("=")[0] for pair in pairs}
    got = keys_of(rsp.data)
    told = {"TargetPortalGroupTag", "TargetAlias", "MaxRecvDataSegmentLength",
            "CHAP_A", "CHAP_I", "CHAP_C", "CHAP_N", "CHAP_R"}
    if set(got) - offered - told:
        raise Failed(f"not offered, but answered: {set(got) - offered}")
    bad = [k for k, v in got.items() if v in ("NotUnderstood", "Reject",
                                              "Irrelevant")]
    return rsp, got, bad


def in_full_feature(c, rsp, got, isid, cmdsn, itt):
    same("flags", rsp.flags & 0x8f, 0x87)
    c.isid, c.tsih, c.cmdsn, c.itt = isid, rsp.tsih, cmdsn, itt + 1
    c.keys.update(got)
    if not rsp.maxcmdsn - rsp.expcmdsn < 1 << 31:
        raise Failed("the command window is closed")
    return c


# --- Microsoft ----------------------------------------------------------------

MS_NAME = "InitiatorName=iqn.1991-05.com.microsoft:host"
MS_ISID = "400001370001"
MS_DIGESTS = ("HeaderDigest=None,CRC32C", "DataDigest=None,CRC32C")
MS_TIMES = ("DefaultTime2Wait=0", "DefaultTime2Retain=60")
MS_SEGMENT = "MaxRecvDataSegmentLength=65536"
MS_NORMAL = ("ErrorRecoveryLevel=2", "InitialR2T=No", "ImmediateData=Yes",
             "MaxBurstLength=262144", "FirstBurstLength=65536",
             "MaxConnections=32", "MaxOutstandingR2T=16",
             "DataPDUInOrder=Yes", "DataSequenceInOrder=Yes")
MS_LEGAL = {"ErrorRecoveryLevel": "[012]", "InitialR2T": "Yes|No",
            "ImmediateData": "Yes|No", "MaxBurstLength": r"\d{3,6}",
            "FirstBurstLength": r"\d{3,5}", "MaxConnections": r"\d\d?",
            "MaxOutstandingR2T": "[1-9]|1[0-6]", "DefaultTime2Wait": r"\d+",
            "DefaultTime2Retain": r"\d\d?", "HeaderDigest": "None",
            "DataDigest": "None", "DataPDUInOrder": "Yes",
            "DataSequenceInOrder": "Yes"}


def ms_login(c, target=OPEN, tsih=0, cid=1):
    rsp, got, bad = raw_login(
        c, 0x81, MS_ISID, 1, 1, 1, MS_NAME, "SessionType=Normal",
        f"TargetName={target}", "AuthMethod=None", tsih=tsih, cid=cid)
    same("the first response", (rsp.flags, got.get("TargetPortalGroupTag"),
                                got.get("AuthMethod"), bad),
         (0x81, "1", "None", []))
    return ms_operational(c, rsp, tsih, cid)


def ms_operational(c, rsp, tsih=0, cid=1):
    leading = () if tsih else MS_NORMAL
    rsp, got, bad = raw_login(c, 0x87, MS_ISID, 1, rsp.statsn + 1, 1,
                              *MS_DIGESTS, MS_SEGMENT, *MS_TIMES, *leading,
                              tsih=tsih, cid=cid)
    same("refused", bad, [])
    if not tsih:
        for key, legal in MS_LEGAL.items():
            if not re.fullmatch(legal, got.get(key, "")):
                raise Failed(f"{key}={got.get(key)}")
    return in_full_feature(c, rsp, got, bytes.fromhex(MS_ISID), 1, 1)


@case("Microsoft: discovery, all targets, logout")
def _():
    with Conn() as c:
        rsp, got, bad = raw_login(c, 0x81, MS_ISID, 1, 1, 1, MS_NAME,
                                  "SessionType=Discovery", "AuthMethod=None")
        same("the first response", (rsp.flags, got.get("AuthMethod"), bad),
             (0x81, "None", []))
        rsp, got, bad = raw_login(c, 0x87, MS_ISID, 1, rsp.statsn + 1, 1,
                                  *MS_DIGESTS, MS_SEGMENT, *MS_TIMES)
        same("refused", bad, [])
        in_full_feature(c, rsp, got, bytes.fromhex(MS_ISID), 1, 1)
        c.request(TEXT, data=text(SendTargets="All"))
        words = c.expect(TEXT_RSP, flags=FINAL).data.split(b"\0")
        same("the end", words.pop(), b"")
        names = [w.decode() for w in words if w.startswith(b"TargetName=")]
        same("targets", sorted(names), [f"TargetName={CHAP}",
                                        f"TargetName={OPEN}"])
        for word in words:
            if not re.fullmatch(rb"TargetName=iqn\.[!-~]+|"
                                rb"TargetAddress=127\.0\.0\.1:3260,1", word):
                raise Failed(word)
        c.logout()


def ms_command(c, cdb, length, unit=0):
    """A command with a length that is too large: its data."""
    c.scsi(bytes.fromhex(cdb), READ, length, unit)
    rsp = c.receive()
    if rsp.opcode == REJECT:
        raise Failed(f"{cdb}: Reject, which stalls Windows")
    if rsp.opcode == DATA_IN:
        same(f"residual of {cdb}", rsp.residual, length - len(rsp.data))
        return rsp.data
    same(f"status of {cdb}", (rsp.status, rsp.sense[0]), (CHECK_CONDITION, 5))
    return None


@case("Microsoft: login, the commands that make a disk of it, logout")
def _():
    with Conn() as c:
        ms_login(c).ready(0)
        luns = ms_command(c, "a00000000000000010000000", 4096)
        same("REPORT LUNS", luns.hex(), "00000010" + "00" * 4 + "00" * 8
             + "0001" + "00" * 6)
        inquiry = ms_command(c, "12000000ff00", 255)
        same("INQUIRY", inquiry[0], 0)
        pages = ms_command(c, "12010000ff00", 255)
        for page in (0x80, 0x83, 0xb0):
            if page not in pages[4:]:
                raise Failed(f"VPD page {page:#x} is not listed")
            vpd = ms_command(c, f"1201{page:02x}00ff00", 255)
            same("page", vpd[1], page)
            same("its length", int.from_bytes(vpd[2:4], "big"), len(vpd) - 4)
        designators = ms_command(c, "12018300ff00", 255)[4:]
        kinds = set()
        while designators:
            kinds.add(designators[1] & 15)
            designators = designators[4 + designators[3]:]
        if 3 not in kinds:
            raise Failed(f"no NAA designator among {kinds}")
        same("READ CAPACITY(10)",
             ms_command(c, "25" + "00" * 9, 8).hex(), "00007fff00000200")
        same("READ CAPACITY(16)",
             ms_command(c, "9e10" + "00" * 11 + "ff0000", 255)[:12].hex(),
             "0000000000007fff00000200")
        for page in ("08", "3f", "1c", "00"):
            sense = ms_command(c, f"1a00{page}00c000", 192)
            if sense and sense[0] != len(sense) - 1:
                raise Failed(f"MODE SENSE {page}: {sense.hex()}")
        for unknown in ("1201c000ff00", "a4" + "00" * 9 + "ff00",
                        "5e02" + "00" * 6 + "ff00"):
            ms_command(c, unknown, 255)
        ms_logout(c)


def ms_logout(c):
    c.request(LOGOUT | IMMEDIATE, flags=FINAL, cmdsn=c.cmdsn)
    c.expect(LOGOUT_RSP, response=0)
    c.expect_end()


@case("Microsoft: an R2T has nothing but the F bit in its flags")
def _():
    with Conn() as c:
        ms_login(c).ready(0)
        c.scsi(write10(0, 1024), WRITE, 1 << 19, 0, data=bytes(8192))
        while True:
            r2t = c.receive()
            if r2t.opcode == SCSI_RSP:
                break
            same("R2T", (r2t.opcode, r2t.flags), (R2T, 0x80))
            for at in range(r2t.offset, r2t.offset + r2t.length, 65536):
                left = r2t.offset + r2t.length - at
                c.data_out(r2t, bytes(min(left, 65536)), offset=at,
                           datasn=(at - r2t.offset) // 65536,
                           flags=FINAL if left <= 65536 else 0)
        same("status", r2t.status, GOOD)
        ms_logout(c)


@case("Microsoft: CHAP, one way and mutual")
def _():
    for mutual in (False, True):
        with Conn() as c:
            rsp, got, _bad = raw_login(
                c, 0x81, MS_ISID, 1, 1, 1, MS_NAME, "SessionType=Normal",
                f"TargetName={CHAP}", "AuthMethod=CHAP,None")
            same("the first response",
                 (rsp.flags & 0x80, got["AuthMethod"],
                  got["TargetPortalGroupTag"]), (0, "CHAP", "1"))
            rsp, got, _bad = raw_login(c, 0, MS_ISID, 1, rsp.statsn + 1, 1,
                                       "CHAP_A=5")
            same("CHAP_A", got["CHAP_A"], "5")
            answer = chap_response(int(got["CHAP_I"]), SECRET,
                                   bytes.fromhex(got["CHAP_C"][2:]))
            more = (("CHAP_I=17", "CHAP_C=0x" + "5a" * 16) if mutual else ())
            rsp, got, bad = raw_login(
                c, 0x81, MS_ISID, 1, rsp.statsn + 1, 1, "CHAP_N=joe",
                f"CHAP_R=0x{answer.hex()}", *more)
            same("then", (rsp.flags, bad), (0x81, []))
            if mutual:
                proof = chap_response(17, THEIRS, b"\x5a" * 16)
                same("CHAP_R", (got["CHAP_N"], got["CHAP_R"]),
                     ("jack", f"0x{proof.hex()}"))
            ms_operational(c, rsp).ready(0).logout()


@case("Microsoft: a second connection, or a clear word that there may be none")
def _():
    with Conn() as c, Conn() as second:
        ms_login(c).ready(0)
        try:
            ms_login(second, tsih=c.tsih, cid=2)
        except Refused as refusal:
            same("status", refusal.status, 0x206)
        c.ping()
        wait_for("one session", lambda: len(sessions()) == 1)


# --- open-iscsi ---------------------------------------------------------------

OI_ISID = "00023d000001"
OI_NAMES = ("InitiatorName=iqn.1993-08.org.debian:01:abc",
            "InitiatorAlias=host")
OI_FIRST = ("HeaderDigest=None", "DataDigest=None", "DefaultTime2Wait=2",
            "DefaultTime2Retain=0", "IFMarker=No", "OFMarker=No",
            "ErrorRecoveryLevel=0")
OI_NORMAL = ("InitialR2T=No", "ImmediateData=Yes", "MaxBurstLength=16776192",
             "FirstBurstLength=262144", "MaxOutstandingR2T=1",
             "MaxConnections=1", "DataPDUInOrder=Yes",
             "DataSequenceInOrder=Yes", "MaxRecvDataSegmentLength=262144")


def oi_login(c):
    rsp, got, bad = raw_login(c, 0x81, OI_ISID, 1, 0, 0, *OI_NAMES,
                              f"TargetName={OPEN}", "SessionType=Normal",
                              "AuthMethod=None")
    same("the first response", (rsp.flags, got["TargetPortalGroupTag"], bad),
         (0x81, "1", []))
    rsp, got, bad = raw_login(c, 0x87, OI_ISID, 1, rsp.statsn + 1, 0,
                              *OI_FIRST, *OI_NORMAL)
    same("refused", bad, [])
    same("markers", (got["IFMarker"], got["OFMarker"]), ("No", "No"))
    return in_full_feature(c, rsp, got, bytes.fromhex(OI_ISID), 1, 0)


@case("open-iscsi: discovery")
def _():
    with Conn() as c:
        rsp, _got, bad = raw_login(c, 0x81, OI_ISID, 1, 0, 0, *OI_NAMES,
                                   "SessionType=Discovery", "AuthMethod=None")
        same("refused", bad, [])
        rsp, got, bad = raw_login(c, 0x87, OI_ISID, 1, rsp.statsn + 1, 0,
                                  *OI_FIRST,
                                  "MaxRecvDataSegmentLength=32768")
        same("refused", bad, [])
        in_full_feature(c, rsp, got, bytes.fromhex(OI_ISID), 1, 0)
        c.request(TEXT | IMMEDIATE, data=text(SendTargets="All"))
        same("targets", c.expect(TEXT_RSP).data.count(b"TargetName="), 2)
        c.logout()


@case("open-iscsi: login, pings, and how it escalates")
def _():
    with Conn() as c:
        oi_login(c).ready(0)
        c.nop(op=NOP_OUT | IMMEDIATE, ttt=RESERVED)
        c.expect(NOP_IN, ttt=RESERVED)
        write = c.scsi(write10(0, 1024), WRITE, 1 << 19, 0,
                       data=bytes(8192))
        c.expect(R2T, itt=write.itt)
        c.tmf(ABORT_TASK, write.itt, refcmdsn=write.cmdsn)
        c.expect(TMF_RSP, response=COMPLETE)
        c.ready(0)
        for function in (LUN_RESET, WARM_RESET):
            c.tmf(function)
            c.expect(TMF_RSP, response=COMPLETE)
            c.ready(0)
        with Conn() as again:  # session reinstatement
            oi_login(again).ready(0)
            c.expect_end()
            again.logout()


# --- others -------------------------------------------------------------------

@case("libiscsi: its login, keys in the order of its code")
def _():
    names = ("InitiatorName=iqn.2007-10.com.github:sahlberg:libiscsi:test",
             f"TargetName={OPEN}", "SessionType=Normal")
    with Conn() as c:
        rsp, _got, bad = raw_login(c, 0x81, "800000000001", 1, 0, 1, *names,
                                   "HeaderDigest=None,CRC32C",
                                   "AuthMethod=None")
        same("refused", (rsp.flags, bad), (0x81, []))
        rsp, got, bad = raw_login(
            c, 0x87, "800000000001", 1, rsp.statsn + 1, 1, *names,
            "DataDigest=None", "InitialR2T=No", "ImmediateData=Yes",
            "MaxBurstLength=262144", "FirstBurstLength=262144",
            "DefaultTime2Wait=2", "DefaultTime2Retain=0",
            "MaxOutstandingR2T=1", "ErrorRecoveryLevel=0", "IFMarker=No",
            "OFMarker=No", "MaxConnections=1",
            "MaxRecvDataSegmentLength=262144", "DataPDUInOrder=Yes",
            "DataSequenceInOrder=Yes")
        same("refused", bad, [])
        in_full_feature(c, rsp, got, bytes.fromhex("800000000001"), 1, 1)
        c.ready(0).logout()


@case("ESXi: an abort that is sent four times, then the connection closes; "
      "and what it knows its disks by stays the same")
def _():
    seen = []
    for _ in range(2):
        with Conn().login(OPEN, "iqn.1998-01.com.vmware:esx") as c:
            c.ready(0)
            seen.append([ms_command(c, f"1201{page}00ff00", 255)
                         for page in ("80", "83")])
            write = c.scsi(write10(0, 1024), WRITE, 1 << 19, 0,
                           data=bytes(8192))
            c.expect(R2T, itt=write.itt)
            answers = []
            for _ in range(4):
                c.tmf(ABORT_TASK, write.itt, refcmdsn=write.cmdsn)
                answers.append(c.expect(TMF_RSP).response)
            same("answers", answers, [COMPLETE] + [NO_TASK] * 3)
    same("VPD pages", seen[0], seen[1])


@case("ESXi: RESERVE(6) and COMPARE AND WRITE")
def _():
    with Conn().login(OPEN, "iqn.1998-01.com.vmware:a") as a, \
            Conn().login(OPEN, "iqn.1998-01.com.vmware:b") as b:
        a.ready(0)
        b.ready(0)
        same("RESERVE", a.command(bytes([0x16, 0, 0, 0, 0, 0])).status, GOOD)
        same("conflict", b.command(bytes(6)).status, 0x18)
        same("RELEASE", a.command(bytes([0x17, 0, 0, 0, 0, 0])).status, GOOD)
        a.write(7, b"\x11" * 512)
        caw = bytes.fromhex("89000000000000000007000000010000")
        for status in (GOOD, CHECK_CONDITION):
            a.scsi(caw, WRITE, 1024, 0, data=b"\x11" * 512 + b"\x22" * 512)
            same("COMPARE AND WRITE", a.expect(SCSI_RSP).status, status)
        same("data", b.read(7, 1), b"\x22" * 512)


@case("iPXE: the T bit in every request, also in the midst of CHAP")
def _():
    isid, name = "000001000001", "InitiatorName=iqn.2010-04.org.ipxe:host"
    with Conn() as c:
        rsp, got, _bad = raw_login(
            c, 0x81, isid, 0, 0, 1, name, f"TargetName={CHAP}",
            "SessionType=Normal", "AuthMethod=CHAP,None")
        same("not yet", (rsp.flags & 0x80, got["AuthMethod"]), (0, "CHAP"))
        rsp, got, _bad = raw_login(c, 0x81, isid, 0, rsp.statsn + 1, 1,
                                   "CHAP_A=5")
        same("not yet", rsp.flags & 0x80, 0)
        answer = chap_response(int(got["CHAP_I"]), SECRET,
                               bytes.fromhex(got["CHAP_C"][2:]))
        rsp, got, bad = raw_login(c, 0x81, isid, 0, rsp.statsn + 1, 1,
                                  "CHAP_N=joe", f"CHAP_R=0x{answer.hex()}")
        same("now", (rsp.flags, bad), (0x81, []))
        rsp, got, bad = raw_login(
            c, 0x87, isid, 0, rsp.statsn + 1, 1, "HeaderDigest=None",
            "DataDigest=None", "MaxConnections=1", "InitialR2T=Yes",
            "ImmediateData=No", "MaxRecvDataSegmentLength=8192",
            "MaxBurstLength=262144", "DefaultTime2Wait=0",
            "DefaultTime2Retain=0", "MaxOutstandingR2T=1",
            "DataPDUInOrder=Yes", "DataSequenceInOrder=Yes",
            "ErrorRecoveryLevel=0")
        same("refused", bad, [])
        in_full_feature(c, rsp, got, bytes.fromhex(isid), 0, 1)
        c.ready(0)
        if len(c.read(0, 2048)) != 1 << 20:
            raise Failed("READ of 1 MiB")
        c.logout()


@case("FreeBSD: iSCSIProtocolLevel=2 is understood")
def _():
    isid = "800000010000"
    with Conn() as c:
        rsp, got, bad = raw_login(
            c, 0x81, isid, 1, 0, 0, "AuthMethod=None",
            "InitiatorName=iqn.1994-09.org.freebsd:host",
            f"TargetName={OPEN}", "SessionType=Normal")
        same("refused", (rsp.flags, bad), (0x81, []))
        rsp, got, bad = raw_login(
            c, 0x87, isid, 1, rsp.statsn + 1, 0, "HeaderDigest=None",
            "DataDigest=None", "MaxRecvDataSegmentLength=262144",
            "MaxBurstLength=262144", "FirstBurstLength=131072",
            "InitialR2T=Yes", "MaxOutstandingR2T=1", "ImmediateData=Yes",
            "ErrorRecoveryLevel=0", "DefaultTime2Wait=0",
            "DefaultTime2Retain=0", "iSCSIProtocolLevel=2")
        same("refused", bad, [])
        same("level", got["iSCSIProtocolLevel"], "2")
        in_full_feature(c, rsp, got, bytes.fromhex(isid), 1, 0)
        c.ready(0)
        c.scsi(write10(0, 64), WRITE, 32768, 0, data=bytes(32768))
        c.expect(SCSI_RSP, status=GOOD)
        c.tmf(QUERY_TASK_SET)
        c.expect(TMF_RSP, response=COMPLETE)
        c.logout()


main(lambda: Bed.begin(CONF), Bed.end)
