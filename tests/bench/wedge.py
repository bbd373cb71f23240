#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
"""
What a hung disk does to everybody else: the same requests to this target and
to LIO in one VM, each with two LUNs, the first a suspended device-mapper
device that an initiator writes to. Prints a table of seconds, "hung" for what
was not answered within ten seconds.

    tests/run --kernel uml tests/bench/wedge.py
"""

import os
import sys
import time
from pathlib import Path

TOP = Path(os.environ.get("IET_TOP", "."))
sys.path[:0] = [str(TOP / "tests/lib"), str(TOP / "tests/bench")]

from hangdisk import HangDisk, sh
from ktap import IQN, Failed, Target, case, ietadm, main, note
from pdu import ABORT_TASK, LUN_RESET, TMF_RSP, WRITE, Conn, text, write10
from peers import ALL_KEYS

HUNG = 10
BLOCK = 512
CORE = Path("/sys/kernel/config/target/core")
LIO = Path("/sys/kernel/config/target/iscsi")
STUCK, WELL = f"{IQN}:stuck", f"{IQN}:well"
rows = {}
beds = {}


def put(path, value):
    path.write_text(f"{value}\n")


class Ours:
    name, port = "iet", 3260

    def __init__(self):
        self.disk = HangDisk("wedge-iet", 16 << 20)
        self.target = Target(f"""
Target {STUCK}
	Lun 0 Path={self.disk.path},Type=blockio
	Lun 1 Type=nullio
Target {WELL}
	Lun 0 Type=nullio
""")

    def show(self):
        if ietadm("--op", "show").returncode:
            raise Failed("show")

    def delete_well(self):
        if ietadm("--op", "delete", "--tid=2").returncode:
            raise Failed("delete")

    def end(self):
        self.target.end()


class Lio:
    name, port = "LIO", 3261

    def __init__(self):
        for module in ("target_core_mod", "target_core_iblock",
                       "iscsi_target_mod"):
            sh("modprobe", module)
        self.disk = HangDisk("wedge-lio", 16 << 20)
        self.stuck = self.device("iblock_0", "stuck",
                                 f"udev_path={self.disk.path}")
        self.well = self.device("rd_mcp_0", "well", "rd_pages=1024")
        self.tpg(STUCK, [self.stuck, self.well])
        self.tpg(WELL, [self.well])

    @staticmethod
    def device(hba, name, control):
        path = CORE / hba / name
        path.mkdir(parents=True)
        put(path / "control", control)
        put(path / "enable", 1)
        return path

    def tpg(self, name, devices):
        tpg = LIO / name / "tpgt_1"
        tpg.mkdir(parents=True)
        for n, device in enumerate(devices):
            (tpg / f"lun/lun_{n}").mkdir()
            (tpg / f"lun/lun_{n}/disk").symlink_to(device)
        (tpg / f"np/127.0.0.1:{self.port}").mkdir()
        for key, value in (("authentication", 0), ("generate_node_acls", 1),
                           ("demo_mode_write_protect", 0)):
            put(tpg / "attrib" / key, value)
        put(tpg / "enable", 1)

    def show(self):
        for path in LIO.glob("*/tpgt_1/dynamic_sessions"):
            path.read_text()

    def delete_well(self):
        put(LIO / WELL / "tpgt_1/enable", 0)

    def end(self):
        for tpg in LIO.glob("iqn*/tpgt_1"):
            put(tpg / "enable", 0)
            for lun in tpg.glob("lun/lun_*"):
                (lun / "disk").unlink()
                lun.rmdir()
            for portal in tpg.glob("np/*"):
                portal.rmdir()
            tpg.rmdir()
            tpg.parent.rmdir()
        for path in (self.stuck, self.well):
            path.rmdir()
            path.parent.rmdir()


def connect(bed, target, who, **more):
    conn = Conn(port=bed.port, patience=HUNG)
    return conn.login(target, f"{IQN}:{who}", **ALL_KEYS, **more)


def stuck_writer(bed):
    return connect(bed, STUCK, "writer", isid=b"\x80wedge")


def task_management(conn, function, **fields):
    conn.tmf(function, **fields)
    while conn.receive().opcode != TMF_RSP:
        pass


def discover(bed):
    with Conn(port=bed.port, patience=HUNG) as conn:
        conn.login(None, f"{IQN}:finder")
        conn.request(0x04, data=text("SendTargets=All"))
        conn.receive()


def io(conn, unit):
    conn.ready(unit).read(0, 1, unit)


def logins(bed, target, count, who="other"):
    for n in range(count):
        with connect(bed, target, f"{who}{n}") as conn:
            conn.nop()
            conn.receive()


def in_child(call):
    child = os.fork()
    if not child:
        try:
            call()
        except (OSError, Failed) as error:
            note(error)
            os._exit(1)
        os._exit(0)
    deadline = time.monotonic() + HUNG
    while time.monotonic() < deadline:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            if status:
                raise Failed("refused")
            return
        time.sleep(0.005)
    os.kill(child, 9)
    raise TimeoutError


# What is asked, in this order, of a bed whose writer has commands in flight.
# What asks the kernel directly may hang for good and needs a process of its own.
ASKED = [
    ("NOP-Out of the writer", lambda b: (b.writer.nop(), b.writer.receive())),
    ("I/O of the writer to another LUN", lambda b: io(b.writer, 1)),
    ("login of another initiator", lambda b: logins(b, STUCK, 1)),
    ("its I/O to another LUN", lambda b: io(connect(b, STUCK, "io"), 1)),
    ("ABORT TASK of a write", lambda b: task_management(
        b.writer, ABORT_TASK, ref=b.tag)),
    ("LOGICAL UNIT RESET", lambda b: task_management(
        connect(b, STUCK, "reset"), LUN_RESET)),
    ("the writer drops and logs in again", lambda b: (
        b.writer.close(), stuck_writer(b))),
    ("discovery", discover),
    ("login of another initiator, then", lambda b: logins(b, STUCK, 1, "n")),
    ("login to another target", lambda b: logins(b, WELL, 1)),
    ("50 logins to another target", lambda b: logins(b, WELL, 50)),
    ("administration: show", lambda b: in_child(b.show)),
    ("administration: another target goes", lambda b: in_child(b.delete_well)),
]


def seconds_of(bed, call):
    """How long call() takes, or what became of it."""
    start = time.monotonic()
    try:
        call(bed)
    except TimeoutError:
        return "hung"
    except (OSError, EOFError, Failed) as error:
        # what says that a PDU did not come is a failure, too
        return "hung" if "in time" in str(error) else f"failed: {error}"
    return f"{time.monotonic() - start:.2f}"


def in_d():
    """How many processes can't be woken, and their names."""
    names = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            line = stat.read_text()
        except OSError:
            continue
        if line[line.rindex(")") + 2] == "D":
            names.append(line[line.index("(") + 1:line.rindex(")")])
    return f"{len(names)} {' '.join(sorted(set(names)))}".strip()


def measure(bed):
    bed.writer = stuck_writer(bed).ready(0)
    bed.disk.suspend()
    try:
        for lba in range(8):
            bed.tag = bed.writer.scsi(write10(lba, 1), WRITE, BLOCK, 0,
                                      data=bytes(BLOCK)).itt
        for what, call in ASKED:
            rows.setdefault(what, {})[bed.name] = seconds_of(bed, call)
        rows.setdefault("processes in D state", {})[bed.name] = in_d()
    finally:
        bed.disk.resume()
        bed.writer.close()
    time.sleep(2)


def begin():
    for kind in (Ours, Lio):
        beds[kind.name] = kind()


def end():
    for bed in beds.values():
        bed.end()
        bed.disk.end()


@case("what a hung disk does to this target")
def _():
    measure(beds["iet"])


@case("what it does to LIO")
def _():
    measure(beds["LIO"])


@case("the table")
def _():
    note("| while one disk hangs: seconds | iet | LIO |\n|---|---|---|")
    for what, values in rows.items():
        note(f"| {what} | {values.get('iet')} | {values.get('LIO')} |")


main(begin, end)
