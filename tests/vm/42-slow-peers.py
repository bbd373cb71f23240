#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
"""
Initiators that are slow, silent or stuck, or far too many: they cost the
target no more than they may, and nobody else notices.
"""

import os
import resource
import sys
import time

sys.path.insert(0, os.path.join(os.environ["IET_TOP"], "tests/lib"))

from bed import Bed  # noqa: E402
from ktap import (IQN, Failed, Stopwatch, case, in_time,  # noqa: E402
                  main, note, sessions, wait_for)
from pdu import *  # noqa: E402,F403

TARGET, PINGING = f"{IQN}:slow", f"{IQN}:pinging"
STALLED = f"{IQN}:stalled"
NOP_INTERVAL, NOP_TIMEOUT = 2, 2
LOGIN_SECONDS = 15
TEXT_SECONDS = 10
IDLE = 1000

CONF = f"""
Target {TARGET}
    QueuedCommands 32
    Lun 0 Type=nullio,Blocks=65536
    Lun 1 Path=/run/iet-test/slow.img,Type=fileio
Target {PINGING}
    NOPInterval {NOP_INTERVAL}
    NOPTimeout {NOP_TIMEOUT}
    Lun 0 Type=nullio
"""


class Stalled:
    """A Text sequence that does not go on while other things are tested."""
    conn = ttt = since = None

    @classmethod
    def begin(cls):
        cls.conn = Conn().login(TARGET, STALLED).ready(0)
        cls.conn.request(TEXT, itt=0x77, data=text(XYZ="1"), flags=0)
        cls.ttt = cls.conn.expect(TEXT_RSP, flags=0).ttt
        cls.since = time.monotonic()


def begin():
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
    Bed.begin(CONF, neighbour=(TARGET, 1))
    Stalled.begin()


def around(function, options):
    function(**options)
    Bed.check(stay=[STALLED])


def memory():
    """Kilobytes in use that are no cache."""
    with open("/proc/meminfo") as text:
        info = {k: int(v.split()[0]) for k, v in (x.split(":") for x in text)}
    return info["MemTotal"] - info["MemAvailable"]


def login_time():
    with Stopwatch() as watch, Conn().login(TARGET, f"{IQN}:good") as good:
        good.ready(0)
    return watch.seconds


@case("logins that do not go on are closed in time: nothing sent, one byte, "
      "one byte a second, half of the text")
def _():
    login = Pdu(LOGIN | IMMEDIATE, text(InitiatorName=f"{IQN}:x"), flags=0x87)
    with Stopwatch() as watch:
        start = time.monotonic()
        conns = [Conn() for _ in range(4)]
        conns[1].send_bytes(login.wire()[:1])
        conns[3].send_bytes(login.wire()[:60])
        for byte in login.wire()[:60]:
            try:
                conns[2].send_bytes(bytes([byte]))
            except OSError:
                break
            time.sleep(1)
            if time.monotonic() - start > LOGIN_SECONDS + 3:
                break
        for conn in conns:
            conn.expect_end()
    note(f"closed within {watch.elapsed:.1f} s")
    if watch.elapsed < LOGIN_SECONDS - 1 or watch.seconds > LOGIN_SECONDS * 2:
        raise Failed(f"after {watch.elapsed:.1f} s")


@case(f"a Text sequence that has stalled for {TEXT_SECONDS} s is forgotten")
def _():
    time.sleep(max(0, Stalled.since + TEXT_SECONDS + 1 - time.monotonic()))
    with Stalled.conn as c:
        sn = c.cmdsn
        c.request(TEXT, itt=0x77, ttt=Stalled.ttt, flags=FINAL)
        if c.expect(REJECT, reason=PROTOCOL_ERROR).expcmdsn == sn:
            c.cmdsn = sn
        c.ping()


@case(f"a login takes at most 2 s beside {IDLE} idle connections")
def _():
    idle = [Conn() for _ in range(IDLE)]
    took = max(login_time() for _ in range(3))
    note(f"{took:.2f} s")
    Bed.neighbour.check()
    for conn in idle:
        conn.close()
    if took > 2:
        raise Failed(f"it took {took:.2f} s")


@case("... and beside more of them than one address may have")
def _():
    idle = [Conn() for _ in range(1200)]
    took = max(login_time() for _ in range(3))
    note(f"{took:.2f} s")
    for conn in idle:
        conn.close()
    if took > 2:
        raise Failed(f"it took {took:.2f} s")


@case("initiators that ask for 32 MiB each and read nothing")
def _():
    conns = []
    for _ in range(4):
        conns.append(Conn().login(TARGET).ready(0))
        for n in range(32):
            conns[-1].scsi(read10(n, 2048), READ, 1 << 20)
    time.sleep(2)
    Bed.neighbour.check()
    took = login_time()
    for conn in conns:
        conn.close()
    wait_for("the sessions end", lambda: f"{IQN}:raw" not in sessions())
    if took > 2:
        raise Failed(f"a login took {took:.2f} s")


@case("an initiator that reads late gets all of it")
def _():
    with Conn().login(TARGET) as c:
        c.ready(0)
        itts = {c.scsi(read10(n, 2048), READ, 1 << 20).itt for n in range(8)}
        time.sleep(2)
        got = dict.fromkeys(itts, 0)
        while itts:
            pdu = c.expect(DATA_IN)
            got[pdu.itt] += pdu.dlength
            if pdu.flags & 1:
                itts.remove(pdu.itt)
        if set(got.values()) != {1 << 20}:
            raise Failed(got)


@case("initiators that stop in the midst of a PDU, or owe data")
def _():
    conns = [Conn().login(TARGET).ready(1) for _ in range(4)]
    conns[0].send_bytes(conns[0].make(NOP_OUT, data=bytes(4000)).wire()[:2000])
    conns[1].send_bytes(bytes(20))
    for conn in conns[2:]:
        for n in range(32):
            conn.scsi(write10(n, 8), WRITE, 4096, 1)
        conn.expect(R2T)
    Bed.neighbour.check()
    # the others of the same session are not held up either
    if login_time() > 2:
        raise Failed("a login took more than 2 s")
    for conn in conns:
        conn.close()
    wait_for("the sessions end", lambda: f"{IQN}:raw" not in sessions())


@case("an initiator that does not answer NOP-In is dropped")
def _():
    with Conn().login(PINGING) as c:
        start = time.monotonic()
        ping = c.expect(NOP_IN, itt=RESERVED)
        if ping.ttt == RESERVED:
            raise Failed("a ping without a tag")
        c.expect_end()
        took = time.monotonic() - start
    note(f"dropped after {took:.1f} s")
    if took < NOP_TIMEOUT:
        raise Failed(f"after {took:.1f} s")
    wait_for("the session ends", lambda: f"{IQN}:raw" not in sessions())


@case("... one that answers is not")
def _():
    with Conn().login(PINGING) as c:
        for _ in range(3):
            with in_time(NOP_INTERVAL + NOP_TIMEOUT):
                ping = c.expect(NOP_IN, itt=RESERVED)
                c.nop(op=NOP_OUT | IMMEDIATE, itt=RESERVED, ttt=ping.ttt)
        with in_time(NOP_INTERVAL):
            c.ready(0).ping()


@case("writes that announce 16 MiB and send nothing do not eat the memory")
def _():
    before = memory()
    conns = [Conn().login(TARGET, isid=bytes([0x80, 1, 1, 1, 1, n])).ready(0)
             for n in range(8)]
    for conn in conns:
        for n in range(32):
            conn.scsi(write10(0, 32768), WRITE, 16 << 20)
    time.sleep(3)
    used = memory() - before >> 10
    note(f"{used} MiB for {len(conns)} sessions")
    Bed.neighbour.check()
    took = login_time()
    for conn in conns:
        conn.close()
    wait_for("the sessions end", lambda: f"{IQN}:raw" not in sessions())
    wait_for("the memory is given back", lambda: memory() - before < 64 << 10)
    if used > 512 or took > 2:
        raise Failed(f"{used} MiB, a login took {took:.2f} s")


main(begin, Bed.end, around)
