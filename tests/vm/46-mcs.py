#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
"""
Sessions of several connections (RFC 7143 4.2.2, 6.3.4, 11.14): one numbering
of commands, a task for each connection, and connections that come and go.
"""

import os
import random
import socket
import sys
import time
from pathlib import Path

sys.path.insert(0, os.path.join(os.environ["IET_TOP"], "tests/lib"))

from bed import Bed  # noqa: E402
from iet_netlink import Netlink  # noqa: E402
from ktap import (IQN, Failed, Stopwatch, case, ietadm,  # noqa: E402
                  in_time, main, sessions, wait_for)
from pdu import *  # noqa: E402,F403

TARGET, SINGLE = f"{IQN}:mcs", f"{IQN}:single"
FILE, NULL, HUNG = 0, 1, 2
ORDERED = 2  # task attribute (11.3.1)
MOST, WINDOW = 16, 32
HANDOFF = 0.5  # seconds that a Logout waits for a connection that may come

CONF = f"""
Target {TARGET}
    MaxConnections {MOST}
    QueuedCommands {WINDOW}
    InitialR2T No
    MaxBurstLength 65536
    Lun {FILE} Path=/run/iet-test/mcs.img,Type=fileio
    Lun {NULL} Type=nullio,Blocks=65536
    Lun {HUNG} Path=/dev/mapper/iet-mcs,Type=blockio
Target {SINGLE}
    Lun 0 Path=/run/iet-test/single.img,Type=fileio
"""


def around(function, options):
    """Each case has a new session of `conns` connections."""
    conns = options.pop("conns", 2)
    with Conn().login(TARGET, MaxConnections=MOST, InitialR2T="No",
                      **options) as first:
        others = [first.join(cid) for cid in range(2, conns + 1)]
        first.ready(FILE)
        function(first, *others)
        for conn in others:
            conn.close()
    wait_for("the session ends", lambda: not sessions())
    Bed.check()


def refused(status, function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except Refused as refusal:
        if refusal.status != status:
            raise
    else:
        raise Failed("the login was accepted")


def shown():
    """The CIDs of /proc/net/iet/session."""
    lines = Path("/proc/net/iet/session").read_text().splitlines()
    return sorted(int(line.split()[0][4:]) for line in lines
                  if line.startswith("\t\tcid:"))


# --- login --------------------------------------------------------------------

@case("a session has 16 connections, and all of them work", conns=MOST)
def _(first, *others):
    if first.keys["MaxConnections"] != str(MOST):
        raise Failed(f"MaxConnections={first.keys['MaxConnections']}")
    data = random.randbytes(512 * MOST)
    for n, conn in enumerate((first, *others)):
        conn.write(n, data[n * 512:][:512], FILE)
    for n, conn in enumerate((*others, first)):
        if conn.read(0, MOST, FILE) != data:
            raise Failed(f"connection {n} reads something else")


@case("... they are shown as IET does, and by ietadm", conns=MOST)
def _(first, *others):
    # a Login Response comes before the handoff to the module
    wait_for("all 16", lambda: shown() == list(range(1, MOST + 1)))
    if len(sessions()) != 1:
        raise Failed(f"{len(sessions())} sessions")
    line = Path("/proc/net/iet/session").read_text().splitlines()[-1]
    if line != f"\t\tcid:{1} ip:127.0.0.1 state:active hd:none dd:none":
        raise Failed(f"line {line!r}")


@case("... and a 17th is refused: too many connections", conns=MOST)
def _(first, *others):
    refused(TOO_MANY, first.join, MOST + 1)
    others[0].logout(CLOSE_CONNECTION)
    first.join(MOST + 1).ping()


@case("MaxConnections is 1 unless it is configured")
def _(first, second):
    with Conn().login(SINGLE, MaxConnections=8) as c:
        if c.keys["MaxConnections"] != "1":
            raise Failed(f"MaxConnections={c.keys['MaxConnections']}")
        refused(TOO_MANY, c.join, 2)
        c.logout()


@case("a session that is not theirs, or is none: it does not exist")
def _(first, second):
    refused(NO_SESSION, first.join, 3, {"tsih": first.tsih + 1})
    refused(NO_SESSION, first.join, 3, {"isid": b"\x80other"})
    names = first.names
    for wrong in ({"InitiatorName": "iqn.2001-04.com.example:other"},
                  {"TargetName": SINGLE}):
        first.names = {**names, **wrong}
        refused(NO_SESSION, first.join, 3)
    first.names = names
    first.ping()


@case("what holds for the session can't be negotiated again")
def _(first, second):
    other = first.join(3, MaxBurstLength=512, InitialR2T="Yes",
                       HeaderDigest="None")
    if (other.keys["MaxBurstLength"], other.keys["InitialR2T"]) != (
            "Reject", "Reject"):
        raise Failed(f"keys {other.keys}")
    if other.keys["HeaderDigest"] != "None":
        raise Failed("HeaderDigest is of the connection")
    other.ping()


# --- order --------------------------------------------------------------------

@case("the login response tells the session's numbers")
def _(first, second):
    for _ in range(5):
        first.ping()
    third = Conn()
    third.isid, third.tsih, third.cid = first.isid, first.tsih, 3
    rsp = third.login_request(text(**first.names), cmdsn=first.cmdsn)
    if (rsp.expcmdsn, rsp.maxcmdsn) != (first.cmdsn,
                                        first.cmdsn + WINDOW - 1):
        raise Failed(f"numbers of {rsp}, CmdSN is {first.cmdsn}")
    third.close()


@case("a command waits for one that comes by the other connection")
def _(first, second):
    early = second.nop(b"early", op=NOP_OUT, cmdsn=first.cmdsn + 1)
    second.expect_nothing(0.3)
    nop = first.nop(b"next")
    first.expect(NOP_IN, itt=nop.itt)
    second.expect(NOP_IN, itt=early.itt)
    first.cmdsn += 1
    second.ping()
    first.ping()


@case("a write waits for the end of its last PDU when another starts it")
def _(first, second):
    second.ready(FILE)
    data = random.randbytes(8192)
    write = second.scsi(write10(64, 16), WRITE, len(data), final=False,
                        cmdsn=first.cmdsn + 1)
    last = second.make(DATA_OUT, itt=write.itt, lun=lun(FILE),
                       data=data).wire()
    second.send_bytes(last[:1024])
    second.expect_nothing(0.2)
    first.ping()
    second.expect_nothing(0.2)
    second.send_bytes(last[1024:])
    second.expect(SCSI_RSP, itt=write.itt, status=GOOD)
    first.cmdsn += 1
    if first.read(64, 16) != data:
        raise Failed("other data was written")


@case("commands in any order by any connection are executed in order",
      conns=8)
def _(*conns):
    base, order = conns[0].cmdsn, list(range(WINDOW))
    random.shuffle(order)
    sent = dict.fromkeys(conns, 0)
    for n in order:
        conn = random.choice(conns)
        sent[conn] += 1
        # ORDERED, or the device server may choose
        conn.request(SCSI, flags=FINAL | WRITE | 2, edtl=512, lun=lun(FILE),
                     cdb=write10(7, 1), data=bytes([n]) * 512, itt=0x100 + n,
                     cmdsn=base + n)
    conns[0].cmdsn = base + WINDOW
    for conn, count in sent.items():
        for _ in range(count):
            conn.expect(SCSI_RSP, status=GOOD)
    if conns[0].read(7, 1) != bytes([WINDOW - 1]) * 512:
        raise Failed("the last CmdSN was not the last write")


@case("a CmdSN that comes by both connections is executed once")
def _(first, second):
    sn = first.cmdsn
    a = first.nop(b"a", cmdsn=sn + 1)
    now = first.nop(b"a has come", op=NOP_OUT | IMMEDIATE, cmdsn=sn)
    first.expect(NOP_IN, itt=now.itt)
    second.nop(b"b", cmdsn=sn + 1)
    second.expect_nothing(0.3)
    nop = second.nop(b"c", cmdsn=sn)
    second.expect(NOP_IN, itt=nop.itt)
    first.expect(NOP_IN, itt=a.itt)
    second.nop(b"d", cmdsn=sn)
    second.expect_nothing(0.3)
    first.cmdsn = sn + 2
    second.ping()


@case("the window is the session's, not the connection's")
def _(first, second):
    first.ready(HUNG)
    with Bed.disk.hang():
        for n in range(WINDOW):
            (first, second)[n % 2].scsi(read10(n, 1), READ, 512, HUNG)
        nop = first.nop(b"too many", cmdsn=first.cmdsn)
        first.expect_nothing(0.3)
        if nop.cmdsn <= first.maxcmdsn:
            raise Failed(f"MaxCmdSN is {first.maxcmdsn}")
    first.cmdsn = nop.cmdsn
    for conn in (first, second):
        for _ in range(WINDOW // 2):
            conn.expect(DATA_IN)
    first.ping()


@case("a tag in use by another connection: task in progress")
def _(first, second):
    itt = first.scsi(write10(0, 16), WRITE, 8192).itt
    r2t = first.expect(R2T, itt=itt)
    sn = second.cmdsn
    second.nop(b"same tag", itt=itt)
    second.expect(REJECT, reason=TASK_IN_PROGRESS)
    first.cmdsn = sn
    first.data_out(r2t, bytes(8192))
    first.expect(SCSI_RSP, status=GOOD)
    second.ping()


@case("a rejected command's CmdSN may come again by another connection")
def _(first, second):
    sn = first.cmdsn
    later = second.nop(b"later", cmdsn=sn + 1)
    first.request(TEXT, ttt=5, data=text("SendTargets="), cmdsn=sn)
    first.expect(REJECT)
    second.expect_nothing(0.3)
    second.nop(b"again", cmdsn=sn)
    second.expect(NOP_IN)
    second.expect(NOP_IN, itt=later.itt)
    first.cmdsn = sn + 2
    first.ping()


# --- allegiance ---------------------------------------------------------------

@case("data and status come by the connection of their command")
def _(first, second):
    data = random.randbytes(65536)
    first.write(100, data)
    tasks = {}
    for n in range(8):
        conn = (first, second)[n % 2]
        tasks[n] = conn.scsi(read10(100, 128), READ, 65536).itt
    for n in range(8):
        conn, got = (first, second)[n % 2], b""
        while not (pdu := conn.expect(DATA_IN, itt=tasks[n])).flags & 1:
            got += pdu.data
        if got + pdu.data != data:
            raise Failed(f"command {n} reads something else")


@case("Data-Out by another connection than its command's is rejected")
def _(first, second):
    first.scsi(write10(0, 16), WRITE, 8192)
    r2t = first.expect(R2T)
    second.data_out(r2t, bytes(8192))
    second.expect(REJECT, reason=INVALID_FIELD)
    first.data_out(r2t, bytes(8192))
    first.expect(SCSI_RSP, status=GOOD)
    second.ping()


@case("StatSN counts for each connection")
def _(first, second):
    one, two = first.expstatsn, second.expstatsn
    for _ in range(3):
        first.ping()
    second.ping()
    if (first.expstatsn - one, second.expstatsn - two) != (3, 1):
        raise Failed("StatSN")


# --- task management ----------------------------------------------------------

@case("LUN RESET ends the commands of all connections")
def _(first, second):
    for conn in (first, second):
        conn.ready(HUNG)
        conn.scsi(write10(0, 16), WRITE, 8192, HUNG)
        conn.expect(R2T)
    first.tmf(LUN_RESET, unit=HUNG)
    first.expect(TMF_RSP, response=COMPLETE)
    second.ping()
    first.ping()


@case("... but not those that were sent after it")
def _(first, second):
    first.ready(NULL)
    tmf = first.tmf(LUN_RESET, unit=NULL, op=TMF, cmdsn=first.cmdsn + 1)
    second.scsi(write10(0, 16), WRITE, 8192, NULL, cmdsn=first.cmdsn + 2)
    first.nop(b"now", cmdsn=first.cmdsn)
    first.expect(NOP_IN)
    first.expect(TMF_RSP, itt=tmf.itt, response=COMPLETE)
    rsp = second.receive()
    if rsp.opcode == R2T:
        second.data_out(rsp, bytes(8192))
        rsp = second.expect(SCSI_RSP)
    if rsp.opcode != SCSI_RSP:
        raise Failed(f"got {rsp}")
    first.cmdsn += 3
    first.ready(NULL)


@case("ABORT TASK SET: the end of one task starts no other that is to end",
      conns=4)
def _(*conns):
    for n in range(20):
        old, new = random.sample(conns, 2)
        old.write(0, bytes(512), FILE)
        first = new.scsi(write10(8, 8), WRITE, 4096, FILE, attr=ORDERED)
        new.expect(R2T, itt=first.itt)
        # its data is all there, but it waits for the other
        second = old.scsi(write10(0, 1), WRITE, 512, FILE, data=b"\xff" * 512)
        conn = random.choice(conns)
        conn.nop(op=NOP_OUT | IMMEDIATE)
        conn.expect(NOP_IN)
        conn.tmf(ABORT_TASK_SET, unit=FILE)
        conn.expect(TMF_RSP, response=COMPLETE)
        old.ping()
        if old.read(0, 1, FILE) != bytes(512):
            raise Failed(f"round {n}: {second} was carried out")


@case("ABORT TASK finds a task of another connection")
def _(first, second):
    pdu = second.scsi(write10(0, 16), WRITE, 8192)
    second.expect(R2T)
    first.tmf(ABORT_TASK, pdu.itt, FILE, refcmdsn=pdu.cmdsn)
    first.expect(TMF_RSP, response=COMPLETE)
    second.ping()


@case("ABORT TASK of a task that never arrived closes the gap")
def _(first, second):
    lost = first.cmdsn
    first.cmdsn += 1
    waits = second.nop(b"waits")
    second.expect_nothing(0.3)
    first.tmf(ABORT_TASK, 0xdead, refcmdsn=lost)
    first.expect(TMF_RSP, response=COMPLETE)
    second.expect(NOP_IN, itt=waits.itt)
    # it comes after all
    second.nop(b"late", cmdsn=lost)
    second.expect_nothing(0.3)
    first.ping()


@case("... also when it is half received")
def _(first, second):
    lost = second.make(SCSI, flags=FINAL | WRITE | SIMPLE, edtl=8192,
                       cdb=write10(9, 16), data=bytes(8192), lun=lun(FILE))
    second.send_bytes(lost.wire()[:4000])
    time.sleep(0.2)
    waits = first.nop(b"waits")
    first.expect_nothing(0.3)
    first.tmf(ABORT_TASK, lost.itt, FILE, refcmdsn=lost.cmdsn)
    rsp = [first.receive(), first.receive()]
    if {p.opcode for p in rsp} != {TMF_RSP, NOP_IN}:
        raise Failed(f"got {rsp[0]} and {rsp[1]}")
    second.send_bytes(lost.wire()[4000:])
    second.ping()
    if waits.itt not in [p.itt for p in rsp]:
        raise Failed("another ping")


# --- the end ------------------------------------------------------------------

@case("logout closes one connection, the others go on", conns=3)
def _(first, second, third):
    second.logout(CLOSE_CONNECTION)
    first.ping()
    first.logout(CLOSE_CONNECTION, cid=3)
    third.expect_end()
    first.ping()
    first.request(LOGOUT, flags=FINAL | CLOSE_CONNECTION, cid=3)
    first.expect(LOGOUT_RSP, response=CID_NOT_FOUND)
    wait_for("one connection is left", lambda: shown() == [1])


def hand_over(cid):
    """
    Another connection of the session, from us in the place of ietd; what is
    returned hands it over.
    """
    nl = Netlink()
    tid = nl.do("TARGET_GET", T_NAME=TARGET)["T_TID"]
    sid = nl.dump("SESSION_GET", S_TID=tid)[0]["S_SID"]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        initiator = socket.create_connection(listener.getsockname())
        target, _ = listener.accept()
    initiator.settimeout(60)

    def now():
        nl.do("CONN_NEW", C_TID=tid, C_SID=sid, C_CID=cid,
              C_FD=target.fileno(), C_STAT_SN=1, C_EXP_STAT_SN=1,
              C_HEADER_DIGEST=1, C_DATA_DIGEST=1, C_MAX_RECV=8192,
              C_MAX_XMIT=8192)
        target.close()
        return initiator
    return now


@case("logout waits for a connection that ietd is just handing over")
def _(first, second):
    now = hand_over(9)
    with in_time(HANDOFF):
        logout = first.request(LOGOUT, flags=FINAL | CLOSE_CONNECTION, cid=9)
        other = first.request(LOGOUT, flags=FINAL | CLOSE_CONNECTION, cid=8)
        # nothing else waits
        first.ping()
        initiator = now()
    with initiator:
        first.expect(LOGOUT_RSP, itt=logout.itt, response=0)
        if initiator.recv(1):
            raise Failed("the connection is not closed")
    first.expect(LOGOUT_RSP, itt=other.itt, response=CID_NOT_FOUND)
    # it may end meanwhile
    second.request(LOGOUT, flags=FINAL | CLOSE_CONNECTION, cid=9)
    second.close()
    wait_for("one connection is left", lambda: shown() == [1])


@case("logout with a reason that is none")
def _(first, second):
    for reason in (3, 0x7f):
        sn = first.cmdsn
        first.request(LOGOUT, flags=FINAL | reason)
        first.expect(REJECT, reason=INVALID_FIELD)
        first.cmdsn = sn
    first.ping()


@case("logout closes the session with all connections", conns=4)
def _(first, *others):
    first.logout(CLOSE_SESSION)
    for conn in others:
        conn.expect_end()
    wait_for("the session ends", lambda: not sessions())


@case("... when a PDU of another connection is what it waited for")
def _(c, other):
    missing = c.make(NOP_OUT)
    other.request(LOGOUT)
    other.nop(op=NOP_OUT | IMMEDIATE)
    other.expect(NOP_IN)
    # what is behind it ends with the connection; each would be rejected
    rest = [c.make(SNACK, flags=FINAL) for _ in range(8)]
    c.send_bytes(b"".join(pdu.wire() for pdu in [missing, *rest]))
    other.expect(LOGOUT_RSP, response=0)
    other.expect_end()
    c.expect_end()


@case("recovery is not supported at ErrorRecoveryLevel 0")
def _(first, second):
    first.request(LOGOUT, flags=FINAL | RECOVERY, cid=2)
    first.expect(LOGOUT_RSP, response=NO_RECOVERY)
    first.tmf(TASK_REASSIGN, 1)
    first.expect(TMF_RSP, response=NO_REASSIGN)
    second.ping()


@case("a connection that ends takes its tasks with it, no others")
def _(first, second):
    first.scsi(write10(0, 16), WRITE, 8192)
    second.scsi(write10(32, 16), WRITE, 8192)
    r2t = first.expect(R2T)
    second.expect(R2T)
    second.close()
    wait_for("one connection is left", lambda: shown() == [1])
    first.data_out(r2t, bytes(8192))
    first.expect(SCSI_RSP, status=GOOD)
    first.ping()


@case("the same CID reinstates a connection: its tasks end")
def _(first, second):
    pdu = second.scsi(write10(0, 16), WRITE, 8192)
    second.expect(R2T)
    again = first.join(2)
    again.ping()
    second.expect_end()
    again.tmf(ABORT_TASK, pdu.itt, FILE, refcmdsn=pdu.cmdsn)
    again.expect(TMF_RSP, response=NO_TASK)
    again.write(0, b"n" * 8192)
    wait_for("the old one is gone", lambda: shown() == [1, 2])


@case("... also if it is the only one", conns=1)
def _(first):
    again = first.join(1)
    again.ping()
    first.expect_end()
    wait_for("the old one is gone", lambda: shown() == [1])
    again.logout()


@case("... 60 times in a row, with commands under way")
def _(first, second):
    for n in range(60):
        second.scsi(write10(0, 16), WRITE, 8192)
        second.expect(R2T)
        second.scsi(read10(0, 128), READ, 65536)
        second.expect(DATA_IN)
        # which is told that tasks have ended
        old, second = second, first.join(2).ready(FILE)
        old.close()
    second.ping()
    wait_for("the old ones are gone", lambda: shown() == [1, 2])


@case("an old write on a hung disk does not land after reinstatement")
def _(first, second):
    first.ready(HUNG)
    with Bed.disk.hang():
        second.scsi(write10(0, 1), WRITE, 512, HUNG, data=b"o" * 512)
        second.ping()
        again = first.join(2)
        rsp = again.command(write10(0, 1), flags=WRITE, edtl=512, unit=HUNG,
                            data=b"n" * 512)
        if rsp.status != BUSY:
            raise Failed(f"status {rsp.status} while the old one is there")
        rsp = first.command(write10(0, 1), flags=WRITE, edtl=512, unit=HUNG,
                            data=b"n" * 512)
        if rsp.status != BUSY:
            raise Failed(f"status {rsp.status} by the other connection")
    wait_for("the orphan returns", lambda: again.command(
        write10(0, 1), flags=WRITE, edtl=512, unit=HUNG,
        data=b"n" * 512).status == GOOD)
    if again.read(0, 1, HUNG) != b"n" * 512:
        raise Failed("the old write landed after the new one")


@case("session reinstatement closes all connections", conns=4)
def _(first, *others):
    with Conn().login(TARGET, isid=first.isid, MaxConnections=MOST) as new:
        for conn in (first, *others):
            conn.expect_end()
        new.ready(FILE)
        if new.tsih == first.tsih or shown() != [1]:
            raise Failed(f"TSIH {new.tsih}, CIDs {shown()}")
        new.logout()


@case("ietadm closes one connection of several, the others are told of its "
      "tasks", conns=3)
def _(first, second, third):
    first.ready(NULL)
    second.scsi(write10(0, 16), WRITE, 8192, FILE)
    second.expect(R2T)
    sid = int.from_bytes(first.isid + first.tsih.to_bytes(2, "little"),
                         "little")
    done = ietadm("--op", "delete", "--tid=1", f"--sid={sid}", "--cid=2")
    if done.returncode:
        raise Failed(done.stderr)
    second.expect_end()
    for rsp, want in ((third.command(bytes(6), unit=FILE), 0x477f),
                      (first.command(bytes(6), unit=FILE), None),
                      (first.command(bytes(6), unit=NULL), None)):
        if (rsp.sense or (6, None))[1] != want:
            raise Failed(f"sense {rsp.sense}")


@case("a session whose disk hangs is deleted with all connections", conns=4)
def _(first, *others):
    with Bed.disk.hang():
        for conn in (first, *others):
            conn.scsi(read10(0, 1), READ, 512, HUNG)
            conn.scsi(write10(0, 1), WRITE, 512, HUNG, data=bytes(512))
        first.nop(b"x", op=NOP_OUT | IMMEDIATE)
        with Stopwatch() as watch:
            new = Conn().login(TARGET, isid=first.isid, MaxConnections=MOST)
            new.ready(FILE)
        new.logout()
        if watch.seconds > 2:
            raise Failed(f"it took {watch.seconds:.1f} s")


main(lambda: Bed.begin(CONF, size=4 << 20), Bed.end, around)
