#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
"""
What sessions cost that have nothing to do, beside LIO, in one VM: memory, and
CPU time in a second. Each pings its target now and then, as initiators do.

    tests/run --kernel uml tests/bench/idle.py
"""

import os
import sys
import time
from pathlib import Path

TOP = Path(os.environ.get("IET_TOP", "."))
sys.path[:0] = [str(TOP / "tests/lib"), str(TOP / "tests/bench")]

import peers  # noqa: E402
from ktap import IQN, case, main, note  # noqa: E402
from pdu import (FINAL, IMMEDIATE, NOP_OUT, RESERVED, Conn,  # noqa: E402
                 Pdu)

SESSIONS, SECONDS = 512, 10
PING_EVERY = 5  # seconds, open-iscsi's default
PEERS = [peers.Ours(), peers.Lio()]


def begin():
    for peer in PEERS:
        peer.up()
    # every address may begin 200 in a second, unless told otherwise
    ours = PEERS[0].target
    ours.conf.write_text("LoginRate 0\n" + ours.conf.read_text())
    peers.sh(f"{os.environ['IET_SBIN']}/ietadm", "--op", "reload")


def end():
    for peer in PEERS:
        peer.down()


def used_memory():
    """Bytes that are not free, caches aside."""
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    table = {line.split()[0]: int(line.split()[1]) for line in lines}
    return (table["MemTotal:"] - table["MemAvailable:"]) << 10


def busy():
    """Seconds of CPU time that were not idle, of all CPUs, and our own."""
    fields = Path("/proc/stat").read_text(encoding="ascii").split()[1:9]
    ticks = sum(int(f) for n, f in enumerate(fields) if n not in (3, 4))
    return ticks / os.sysconf("SC_CLK_TCK") - sum(os.times()[:2])


def log_in(peer, number):
    return Conn(port=peer.port).login(
        peer.iqn, f"{IQN}:idle{number}",
        isid=b"\x80" + number.to_bytes(5, "big"), **peers.ALL_KEYS)


def ping(conn):
    """LIO has questions of its own meanwhile."""
    itt = conn.nop(op=NOP_OUT | IMMEDIATE).itt
    while (pdu := conn.receive()).itt != itt:
        conn.send(Pdu(NOP_OUT | IMMEDIATE, flags=FINAL, itt=RESERVED,
                      ttt=pdu.ttt, lun=pdu.bhs[8:16], cmdsn=conn.cmdsn,
                      expstatsn=conn.expstatsn))


def idle(conns, seconds, pings):
    """CPU time of a second in which each pings, or not."""
    before, start = busy(), time.monotonic()
    step = PING_EVERY / len(conns)
    for number in range(int(seconds / step)):
        time.sleep(max(0, start + number * step - time.monotonic()))
        if pings:
            ping(conns[number % len(conns)])
    return (busy() - before) / (time.monotonic() - start)


def measure(peer):
    before = used_memory()
    conns = [log_in(peer, n) for n in range(SESSIONS)]
    time.sleep(8)  # what is not needed has been given back
    memory = (used_memory() - before) / SESSIONS / 1024
    silent, pinged = (idle(conns, SECONDS, pings) for pings in (False, True))
    for conn in conns:
        conn.close()
    time.sleep(2)
    note(f"{SESSIONS} sessions of {peer.name}: {memory:.0f} KiB each, with both "
         f"ends of the connection; CPU time in a second {silent * 1e3:.1f} ms, "
         f"with pings {pinged * 1e3:.1f} ms")


for one in PEERS:
    case(f"idle sessions of {one.name}")(lambda peer=one: measure(peer))

main(begin, end)
