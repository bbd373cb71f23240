#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
"""
Asymmetric access: one disk through two targets, which are its target port
groups. Who may change their states, who is told, and what works in which.
"""

import os
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(os.environ.get("IET_TOP", ".")) / "tests/lib"))

from ktap import IQN, Failed, Target, case, ietadm, image, main
from pdu import DATA_IN, GOOD, READ, SCSI_RSP, WRITE, Conn, write10

ONE, TWO = f"{IQN}:one", f"{IQN}:two"
BLOCK = 512
CONF = f"""
Target {ONE}
	Lun 0 Path=/run/iet-test/alua.img,Type=fileio,ScsiId=alua
	AluaState active-optimized
	AluaPreferred Yes
Target {TWO}
	Lun 3 Path=/run/iet-test/alua.img,Type=fileio,ScsiId=alua
	AluaState standby
	AluaExplicit Yes
"""
STANDBY, UNAVAILABLE, TRANSITION, CHANGED = 0x040b, 0x040c, 0x040a, 0x2a06
target = None


def begin():
    global target
    image("alua.img", 1 << 20)
    target = Target(CONF)


def end():
    target.end()


class Path_:
    """A way to the disk."""

    def __init__(self, name, unit, isid):
        self.conn = Conn().login(name, f"{IQN}:host", isid=isid)
        self.unit = unit
        self.sense()  # power on

    def sense(self):
        """Additional sense of TEST UNIT READY, or 0."""
        rsp = self.conn.command(bytes(6), unit=self.unit)
        return 0 if rsp.status == GOOD else rsp.sense[1]

    def read_in(self, cdb, length):
        itt = self.conn.scsi(cdb, READ, length, self.unit).itt
        pdu = self.conn.receive()
        if pdu.opcode != DATA_IN:
            raise Failed(f"{pdu} {pdu.sense}")
        if not pdu.flags & 1:
            self.conn.expect(SCSI_RSP, itt=itt, status=GOOD)
        return pdu.data

    def groups(self):
        """{group: (state, preferred, port)}"""
        data = self.read_in(struct.pack(">BB4xLxx", 0xa3, 0x0a, 1024), 1024)
        if len(data) != struct.unpack(">L", data[:4])[0] + 4:
            raise Failed(f"length of {data}")
        found = {}
        for at in range(4, len(data), 12):
            state, number, ports, port = struct.unpack(
                ">BxH3xB2xH", data[at:at + 12])
            if ports != 1:
                raise Failed(f"{ports} ports")
            found[number] = state & 15, state >> 7, port
        return found

    def own(self):
        """(group, port) of VPD page 83"""
        data = self.read_in(struct.pack(">BBBHx", 0x12, 1, 0x83, 255), 255)
        at, own = 4, {}
        while at < len(data):
            own[data[at + 1] & 0x3f] = data[at + 4:at + 4 + data[at + 3]]
            at += 4 + data[at + 3]
        return tuple(int.from_bytes(own[t], "big") for t in (0x15, 0x14))

    def set(self, state, group):
        data = struct.pack(">4xBxH", state, group)
        cdb = struct.pack(">BB4xLxx", 0xa4, 0x0a, len(data))
        itt = self.conn.scsi(cdb, WRITE, len(data), self.unit, data=data).itt
        rsp = self.conn.expect(SCSI_RSP, itt=itt)
        return 0 if rsp.status == GOOD else rsp.sense[1]

    def write(self):
        itt = self.conn.scsi(write10(0, 1), WRITE, BLOCK, self.unit,
                             data=bytes(BLOCK)).itt
        rsp = self.conn.expect(SCSI_RSP, itt=itt)
        return 0 if rsp.status == GOOD else rsp.sense[1]


def paths():
    return Path_(ONE, 0, b"\x80one\0\0"), Path_(TWO, 3, b"\x80two\0\0")


def equal(have, want):
    if have != want:
        raise Failed(f"{have}, not {want}")


@case("both groups are reported by both, and each knows its own")
def _():
    one, two = paths()
    a, b = one.own(), two.own()
    equal(a[0], a[1])
    if a == b:
        raise Failed("one port for both")
    want = {a[0]: (0, 1, a[1]), b[0]: (2, 0, b[1])}
    equal(one.groups(), want)
    equal(two.groups(), want)


@case("standby keeps writes off, the other path does not")
def _():
    one, two = paths()
    equal(one.write(), 0)
    equal(two.write(), STANDBY)
    equal(two.sense(), STANDBY)


@case("an initiator changes a state where it may; the others are told")
def _():
    one, two = paths()
    group = two.own()[0]
    equal(one.set(0, group), 0x2000)
    equal(two.set(0, group), 0)
    equal(one.sense(), CHANGED)
    equal(one.sense(), 0)
    equal(two.write(), 0)
    equal(two.set(9, group), 0x2600)
    equal(two.set(2, group), 0)
    equal(two.write(), STANDBY)


@case("ietadm changes a state; everybody is told")
def _():
    one, two = paths()
    for state, sense in (("unavailable", UNAVAILABLE),
                         ("transitioning", TRANSITION),
                         ("active-nonoptimized", 0), ("standby", STANDBY)):
        done = ietadm("--op", "update", "--tid=2", "--params",
                      f"AluaState={state}")
        equal((done.returncode, done.stderr), (0, ""))
        equal(one.sense(), CHANGED)
        equal(one.sense(), 0)
        equal(two.sense(), CHANGED)
        equal(two.sense(), sense)
    done = ietadm("--op", "update", "--tid=2", "--params", "AluaState=offline")
    if not done.returncode or "offline" not in done.stderr:
        raise Failed(f"{done.returncode}: {done.stderr}")


@case("what ietadm shows of it")
def _():
    shown = ietadm("--op", "show", "--tid=2").stdout.split()
    for line in "AluaState=standby", "AluaExplicit=Yes":
        if line not in shown:
            raise Failed(f"no {line} in {shown}")


main(begin, end)
