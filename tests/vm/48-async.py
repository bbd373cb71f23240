#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
"""
Asynchronous messages (RFC 7143 11.9): what initiators are told and asked for,
with ietadm and by events, and what becomes of those that do not listen.
"""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, os.path.join(os.environ["IET_TOP"], "tests/lib"))

from bed import Bed  # noqa: E402
from ktap import (FOLDER, IQN, Failed, Stopwatch, case,  # noqa: E402
                  ietadm, in_time, main, sessions, wait_for)
from pdu import *  # noqa: E402,F403

TARGET = f"{IQN}:async"
RAW = f"{IQN}:raw"
NULL, FILE = 0, 1
LUNS_CHANGED, CAPACITY_CHANGED = (6, 0x3f0e), (6, 0x2a09)

CONF = f"""
Target {TARGET}
    Lun {NULL} Type=nullio,Blocks=65536
    Lun {FILE} Path={FOLDER}/file.img,Type=fileio
"""


def around(function, options):
    """Each case has one session, or, if it takes two arguments, two."""
    keys = {"DefaultTime2Wait": 3, "DefaultTime2Retain": 0, **options}
    with Conn().login(TARGET, **keys) as c:
        c.ready(NULL).ready(FILE)
        if function.__code__.co_argcount == 1:
            function(c)
        else:
            with Conn().login(TARGET, f"{IQN}:other", **keys) as other:
                other.ready(NULL).ready(FILE)
                function(c, other)
    Bed.check()


def sid_of(initiator):
    text = Path("/proc/net/iet/session").read_text()
    return re.search(rf"sid:(\d+) initiator:{re.escape(initiator)}\n",
                     text).group(1)


def adm(*args):
    done = ietadm(*args)
    if done.returncode:
        raise Failed(done.stderr)


def tell(params, initiator=RAW, *args):
    adm("--op", "update", "--tid=1", f"--sid={sid_of(initiator)}", *args,
        f"--params={params}")


def same(what, got, expected):
    if got != expected:
        raise Failed(f"{what}: {got!r}, not {expected!r}")


def message(c, event, **fields):
    return c.expect(ASYNC, event=event, flags=FINAL, itt=RESERVED, vcode=0,
                    **fields)


# --- by ietadm ----------------------------------------------------------------

@case("logout request: the initiator logs out and comes back")
def _(c):
    tell("Async=logout,Time=30")
    message(c, LOGOUT_REQUEST, p1=0, p2=0, p3=30)
    c.read(0, 4)
    c.logout()
    with Conn().login(TARGET) as again:
        again.ready(NULL).ping()


@case("... and is given 10 seconds unless ietadm says so")
def _(c):
    tell("Async=logout", RAW, "--cid=1")
    message(c, LOGOUT_REQUEST, p3=10)
    c.logout()


@case("... its messages have status numbers that it acknowledges")
def _(c):
    before = c.expstatsn
    tell("Async=logout")
    same("StatSN", message(c, LOGOUT_REQUEST).statsn, before)
    c.ping()
    same("ExpStatSN", c.expstatsn, before + 2)


@case("who does not log out in time is dropped, and told so; others are not")
def _(c, other):
    with Stopwatch() as watch:
        with in_time(2):
            tell("Async=logout,Time=2")
            message(c, LOGOUT_REQUEST, p3=2)
            c.ping()
        message(c, DROP_CONNECTION, p1=1, p2=3, p3=0)
        c.expect_end()
    if watch.elapsed < 1.8 or watch.seconds > 5:
        raise Failed(f"after {watch.elapsed:.1f} s")
    wait_for("the session ends", lambda: RAW not in sessions())
    other.ready(NULL).ping()


@case("... also if it does not read its socket")
def _(c):
    for _ in range(40):
        c.scsi(read10(0, 2048), READ, 1 << 20)
    time.sleep(0.5)
    tell("Async=logout,Time=1")
    wait_for("the session ends", lambda: RAW not in sessions())


@case("a connection is dropped: the initiator is told which, and for how long")
def _(c):
    r = c.scsi(read10(0, 8), READ, 4096)
    tell("Async=drop-connection", RAW, "--cid=1")
    c.expect(DATA_IN, itt=r.itt)
    message(c, DROP_CONNECTION, p1=1, p2=3, p3=0)
    c.expect_end()
    wait_for("the session ends", lambda: RAW not in sessions())


@case("... which is 0 where its tasks can't be reassigned",
      DefaultTime2Retain=20)
def _(c):
    tell("Async=drop-connection")
    message(c, DROP_CONNECTION, p1=1, p2=3, p3=0)
    c.expect_end()
    wait_for("the session ends", lambda: RAW not in sessions())


@case("a session is dropped")
def _(c, other):
    tell("Async=drop-session")
    message(c, DROP_SESSION, p1=0, p2=3, p3=0)
    c.expect_end()
    wait_for("the session ends", lambda: RAW not in sessions())
    other.ping()


@case("negotiation request: a Text Request changes the segment length",
      MaxRecvDataSegmentLength=4096)
def _(c):
    same("segment", len(first_data_in(c)), 4096)
    tell("Async=negotiate,Time=5")
    message(c, NEGOTIATION_REQUEST, p3=5)
    for value, length in (("8192", 8192), ("0x200", 512)):
        c.request(TEXT, data=text(MaxRecvDataSegmentLength=value))
        c.expect(TEXT_RSP, dlength=0)
        same(f"segment after {value}", len(first_data_in(c)), length)
    # a declaration has no answer to refuse it with
    sn = c.cmdsn
    c.request(TEXT, data=text(MaxRecvDataSegmentLength="511"))
    c.expect(REJECT, reason=PROTOCOL_ERROR)
    c.cmdsn = sn
    same("segment after 511", len(first_data_in(c)), 512)


def first_data_in(c):
    c.scsi(read10(0, 64), READ, 64 * 512)
    first = pdu = c.expect(DATA_IN)
    while not pdu.flags & 1:
        pdu = c.expect(DATA_IN)
    return first.data


@case("ietadm says what is wrong")
def _(c):
    sid = sid_of(RAW)
    for args, words in (
            ((f"--sid={sid}", "--cid=9", "--params=Async=logout"),
             "no such connection"),
            (("--sid=5", "--params=Async=logout"), "no such session"),
            ((f"--sid={sid}", "--params=Async=quit"), "not one of"),
            ((f"--sid={sid}", "--params=Async=logout,Time=9999"), "3600")):
        got = ietadm("--op", "update", "--tid=1", *args)
        if not got.returncode or words not in got.stderr:
            raise Failed(f"{args}: {got.returncode} {got.stderr}")
    c.expect_nothing(0.3)
    c.ping()


@case("--op delete of a session and of a connection says nothing, as ever")
def _(c, other):
    adm("--op", "delete", "--tid=1", f"--sid={sid_of(RAW)}")
    c.expect_end()
    adm("--op", "delete", "--tid=1", f"--sid={sid_of(f'{IQN}:other')}",
        "--cid=1")
    other.expect_end()


# --- SCSI events --------------------------------------------------------------

@case("a LUN comes and goes: an event, besides the unit attention")
def _(c):
    adm("--op", "new", "--tid=1", "--lun=7", "--params=Type=nullio,Blocks=99")
    event = message(c, SCSI_EVENT, lun=int.from_bytes(lun(7), "big"))
    same("sense", event.sense, LUNS_CHANGED)
    same("unit attention", c.command(bytes(6)).sense, LUNS_CHANGED)
    time.sleep(1.1)
    adm("--op", "delete", "--tid=1", "--lun=7")
    same("sense", message(c, SCSI_EVENT).sense, LUNS_CHANGED)
    same("unit attention", c.command(bytes(6)).sense, LUNS_CHANGED)


@case("... many of them are no more than one event in a second")
def _(c):
    start = time.monotonic()
    for op in ("new", "delete"):
        for number in range(100, 108):
            more = ["--params=Type=nullio,Blocks=9"] if op == "new" else []
            adm("--op", op, "--tid=1", f"--lun={number}", *more)
    time.sleep(1.5)
    c.nop(b"all of them have come", op=NOP_OUT | IMMEDIATE)
    events = 0
    while (pdu := c.receive()).opcode == ASYNC:
        events += 1
    same("opcode", pdu.opcode, NOP_IN)
    took = time.monotonic() - start
    if not 1 <= events <= took + 1:
        raise Failed(f"{events} events in {took:.1f} s")
    c.ready(NULL).ping()


@case("a disk has a new size: an event for its LUN to all initiators")
def _(c, other):
    os.truncate(FOLDER / "file.img", 2 << 20)
    adm("--op", "update", "--tid=1", f"--lun={FILE}")
    for conn in (c, other):
        event = message(conn, SCSI_EVENT,
                        lun=int.from_bytes(lun(FILE), "big"))
        same("sense", event.sense, CAPACITY_CHANGED)
        same("unit attention", conn.command(bytes(6), unit=FILE).sense,
             CAPACITY_CHANGED)
    adm("--op", "update", "--tid=1", f"--lun={FILE}")
    c.expect_nothing(0.3)


@case("libiscsi, in QEMU, takes no notice of an event")
def _(_c):
    with subprocess.Popen(
            ["qemu-img", "bench", "-c", "100000000", "-d", "8", "-f", "raw",
             f"iscsi://127.0.0.1/{TARGET}/0"], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True) as bench:
        try:
            wait_for("its session", lambda: len(sessions()) > 1)
            time.sleep(0.5)
            before = Path("/proc/net/iet/session").read_text()
            adm("--op", "new", "--tid=1", "--lun=8",
                "--params=Type=nullio,Blocks=99")
            time.sleep(1)
            adm("--op", "delete", "--tid=1", "--lun=8")
            time.sleep(0.5)
            same("sessions", Path("/proc/net/iet/session").read_text(), before)
            if bench.poll():
                raise Failed(bench.stdout.read())
        finally:
            bench.kill()


main(lambda: Bed.begin(CONF, size=1 << 20), Bed.end, around)
