#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 2400
"""
Everything at once: hosts with sessions of all kinds send commands that wait for
each other, end each other or hang, and go without a word, while logical units
and targets are deleted and made anew, sessions are dropped, faults injected, the disk hangs
and ietd is killed. What the hosts get is not looked at; but a neighbour is served
all the time, the kernel logs nothing, and the module can be unloaded.

    tests/long/churn.py [SECONDS [SEED]]	5 minutes
"""

import os
import random
import signal
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, os.path.join(os.environ["IET_TOP"], "tests/lib"))

from bed import Bed  # noqa: E402
from ktap import (FOLDER, IQN, Failed, case, ietadm, image,  # noqa: E402
                  listens, main, note, sessions, wait_for)
from pdu import *  # noqa: E402,F403

SECONDS = int(sys.argv[1]) if len(sys.argv) > 1 else 300
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else random.getrandbits(32)
del sys.argv[1:]

HOSTS, BURST = 6, 24
SIZE = 4 << 20
BLOCKS = SIZE // 512
FILE, DISK, NULL, WIPED, RO = 0, 1, 2, 3, 5
CHURN, SHARED, CALM = f"{IQN}:churn", f"{IQN}:shared", f"{IQN}:calm"
NACA, ORDERED, HEAD, ACA = 0x04, 2, 3, 4

FILE_LUN = f"Path={FOLDER}/a.img,Type=fileio,ThinProvisioned=Yes,ScsiId=a"
RO_LUN = f"Path={FOLDER}/a.img,Type=fileio,IOMode=ro,ScsiId=a"
LUNS = {
    (1, FILE): FILE_LUN,
    (1, DISK): "Path=/dev/mapper/iet-churn,Type=blockio,ScsiId=disk",
    (1, NULL): "Type=nullio,Blocks=8192,ScsiId=null",
    (1, WIPED): f"Path={FOLDER}/b.img,Type=fileio,ScsiId=b",
    (2, FILE): FILE_LUN,
    (2, RO): RO_LUN,
}
OPTIONS = """
    MaxConnections 3
    ErrorRecoveryLevel 2
    DefaultTime2Wait 1
    DefaultTime2Retain 1
    QueuedCommands 32
    InitialR2T No
    ImmediateData Yes
    MaxOutstandingR2T 4"""


def stanza(name, tid):
    luns = [f"    Lun {n} {p}\n" for (t, n), p in LUNS.items() if t == tid]
    return f"Target {name}{OPTIONS}\n" + "".join(luns)


CONF = f"""
LoginRate 0
{stanza(CHURN, 1)}
{stanza(SHARED, 2)}
Target {CALM}
    Lun 0 Path={FOLDER}/calm.img,Type=fileio
"""

done = threading.Event()
counts = {}


def count(what):
    counts[what] = counts.get(what, 0) + 1


# --- what hosts send ----------------------------------------------------------

def naa(unit):
    """The NAA designator of a unit, as EXTENDED COPY names it."""
    with Conn().login(CHURN, f"{IQN}:asks") as c:
        c.ready(unit)
        itt = c.scsi(bytes((0x12, 1, 0x83, 1, 0, 0)), READ, 256, unit).itt
        page = c.expect(DATA_IN, itt=itt).data
    at = 4
    while page[at + 1] & 0x0f != 3:
        at += 4 + page[at + 3]
    return page[at:at + 4 + page[at + 3]]


class Commands:
    """Each makes a (CDB, Data-Out, length of Data-In)."""

    def __init__(self, rng, names):
        self.rng, self.names = rng, names
        self.token = bytes(512)

    def place(self, most=64):
        # most of them meet in a few blocks
        lba = self.rng.choice((0, 8, self.rng.randrange(BLOCKS - 128)))
        return lba, self.rng.choice((1, 8, self.rng.randint(1, most)))

    def read(self):
        lba, n = self.place()
        return read10(lba, n), b"", n * 512

    def write(self):
        lba, n = self.place()
        return write10(lba, n), self.rng.randbytes(8) * 64 * n, 0

    def part(self):
        lba, n = self.place()
        return write10(lba, n), bytes(n * 512 - 100), 0

    def compare_write(self):
        cdb = struct.pack(">BBQ3xBxx", 0x89, 0, self.place()[0], 1)
        return cdb, bytes(1024), 0

    def orwrite(self):
        lba, n = self.place()
        return struct.pack(">BBQIxx", 0x8b, 0, lba, n), bytes(n * 512), 0

    def write_same(self):
        flags = self.rng.choice((0, 0x08))
        cdb = struct.pack(">BBIBHB", 0x41, flags, self.place()[0], 0, 1024, 0)
        return cdb, bytes((self.rng.choice((0, 7)),)) * 512, 0

    def unmap(self):
        data = struct.pack(">HH4xQI4x", 22, 16, *self.place())
        return struct.pack(">BB5xHx", 0x42, 0, len(data)), data, 0

    def verify(self):
        lba, n = self.place()
        return rw10(0x2f, lba, n), b"", 0

    def flush(self):
        return bytes((0x35,)) + bytes(9), b"", 0

    def attention(self):
        return bytes(6), b"", 0

    def inquiry(self):
        return bytes((0x12, 1, 0x83, 1, 0, 0)), b"", 256

    def luns(self):
        return struct.pack(">B5xI2x", 0xa0, 4096), b"", 4096

    def mode_sense(self):
        return bytes((0x1a, 0, 0x3f, 0, 255, 0)), b"", 255

    def mode_select(self):
        """Task sets, QErr, UA_INTLCK, TAS."""
        r = self.rng
        page = struct.pack(">BBBBBB6x", 0x0a, 0x0a,
                           0x02 | r.choice((0, 0x20)),
                           0x10 | r.choice((0, 0x02, 0x06)),
                           r.choice((0, 0, 0, 0x30)), r.choice((0, 0x40)))
        data = bytes(4) + page
        return bytes((0x15, 0x10, 0, 0, len(data), 0)), data, 0

    def reserve(self):
        return bytes((self.rng.choice((0x16, 0x17)),)) + bytes(5), b"", 0

    def pr_out(self):
        r = self.rng
        action = r.choice((6, 6, 6, 1, 2, 3, 4, 5, 5, 5))
        data = struct.pack(">QQ4xBxxx", r.randint(1, 3), r.randint(1, 3),
                           r.choice((0, 0, 1)) if action == 6 else 0)
        return struct.pack(">BBBxxLx", 0x5f, action, r.choice((1, 5, 6, 8)),
                           24), data, 0

    def pr_in(self):
        return struct.pack(">BB5xHx", 0x5e, self.rng.choice((0, 1, 3)),
                           4096), b"", 4096

    def xcopy(self):
        r = self.rng
        cscds = b"".join(struct.pack(">Bxxx24sB3s", 0xe4, n.ljust(24, b"\0"),
                                     0, b"\0\2\0") for n in self.names)
        body = struct.pack(">BBHHHxxHQQ", 2, 0, 24, r.randrange(2),
                           r.randrange(2), r.choice((8, 4000)),
                           r.choice((0, 64)), r.choice((0, 96)))
        if r.random() < 0.5:
            lid4, head = 0, struct.pack(">BBH4xII", r.randrange(4), 0,
                                        len(cscds), len(body), 0)
        else:  # perhaps in the background
            lid4, head = 1, struct.pack(
                ">BBH11xBB3xI18xHHH", 1, 0, 32, r.randrange(2), 0xff,
                r.randrange(4), len(cscds), len(body), 0)
        data = head + cscds + body
        return struct.pack(">BB8xIxx", 0x83, lid4, len(data)), data, 0

    def populate(self):
        data = struct.pack(">HBxI6xHQI4x", 30, 0, 0, 16, *self.place())
        return struct.pack(">BB4xIIxx", 0x83, 0x10, self.rng.randrange(4),
                           len(data)), data, 0

    def token_info(self):
        return struct.pack(">BBI4xIxx", 0x84, 7, self.rng.randrange(4),
                           1024), b"", 1024

    def write_token(self):
        flags = self.rng.choice((0, 1))
        data = struct.pack(">HBx4xQ512s6xHQI4x", 550, flags, 0, self.token, 16,
                           *self.place(8))
        return struct.pack(">BB4xIIxx", 0x83, 0x11, self.rng.randrange(4),
                           len(data)), data, 0

    def copy_abort(self):
        return struct.pack(">BBI10x", 0x83, 0x1c, self.rng.randrange(4)
                           ), b"", 0

    def sanitize(self):
        if self.rng.random() < 0.5:
            return bytes((0x48, 0x82)) + bytes(8), b"", 0
        data = struct.pack(">BBH", 1, 0, 4) + b"junk"
        return bytes((0x48, 0x81, 0, 0, 0, 0, 0, 0, len(data), 0)), data, 0

    def format_unit(self):
        return bytes((0x04,)) + bytes(5), b"", 0

    def stop(self):
        start = self.rng.random() < 0.9
        return bytes((0x1b, 0, 0, 0, start, 0)), b"", 0

    def sense(self):
        return bytes((0x03, 0, 0, 0, 252, 0)), b"", 252

    def bad(self):
        """CHECK CONDITION: for QErr and ACA."""
        return read10(1 << 30, 1), b"", 512

    MIX = (("read", 30), ("write", 30), ("part", 3), ("compare_write", 10),
           ("orwrite", 4), ("write_same", 4), ("unmap", 4), ("verify", 4),
           ("flush", 4), ("attention", 8), ("inquiry", 3), ("luns", 2),
           ("mode_sense", 2), ("mode_select", 3), ("reserve", 3),
           ("pr_out", 8), ("pr_in", 2), ("xcopy", 6), ("populate", 5),
           ("token_info", 5), ("write_token", 5), ("copy_abort", 2),
           ("format_unit", 1), ("stop", 2), ("sense", 4), ("bad", 5))

    def any(self, unit):
        if unit == WIPED and self.rng.random() < 0.2:
            return self.sanitize()
        names, weights = zip(*self.MIX)
        return getattr(self, self.rng.choices(names, weights)[0])()


class Host(threading.Thread):
    """Comes, sends, and goes one way or another, again and again."""

    def __init__(self, number, names):
        super().__init__(daemon=True)
        self.rng = random.Random(f"{SEED} {number}")
        self.commands = Commands(self.rng, names)
        # two are the same initiator, by two paths
        self.iname = f"{IQN}:host{number // 2}"
        self.isid = struct.pack(">BHBH", 0x80, 1, 0, number)
        self.error = None

    def run(self):
        try:
            while not done.is_set():
                self.visit()
        except Exception as error:  # of the test itself
            self.error = error
            raise

    def visit(self):
        r = self.rng
        target = r.choice((1, 1, 2))
        self.units = [n for t, n in LUNS if t == target] + [FILE, NULL]
        try:
            c = Conn(patience=5).login(
                (CHURN, SHARED)[target - 1], self.iname, isid=self.isid,
                ErrorRecoveryLevel=r.choice((0, 0, 1, 2)), MaxConnections=3,
                InitialR2T=r.choice(("Yes", "No")), ImmediateData="Yes",
                TaskReporting=r.choice(("RFC3720", "ResponseFence",
                                        "FastAbort")),
                iSCSIProtocolLevel=2, MaxOutstandingR2T=4,
                DefaultTime2Wait=1, DefaultTime2Retain=1)
        except (Failed, OSError, EOFError):
            count("logins refused")
            time.sleep(0.05)
            return
        count("logins")
        conns = [c]
        try:
            for _ in range(r.randint(1, 12)):
                if done.is_set():
                    break
                self.turn(conns)
        except (Failed, OSError, EOFError):
            count("connections lost")
        for conn in conns:
            self.leave(conn)

    def leave(self, c):
        r = self.rng
        try:
            how = r.randrange(4)
            if how == 0:
                c.request(LOGOUT, flags=FINAL | r.choice((0, 1, 2)), cid=c.cid)
                self.listen(c, 0.2)
            elif how == 1:  # a reset
                c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                  struct.pack("ii", 1, 0))
        except (Failed, OSError, EOFError):
            pass
        c.close()

    def turn(self, conns):
        r = self.rng
        if len(conns) < 3 and r.random() < 0.1:
            conns.append(conns[0].join(len(conns) + 1))
        for c in conns:
            for _ in range(r.randint(1, BURST)):
                self.command(c)
            if r.random() < 0.5:
                self.manage(c)
            self.listen(c, r.choice((0, 0.02, 0.1, 0.5)))

    def command(self, c):
        r = self.rng
        immediate = r.random() < 0.05
        if not immediate and (c.maxcmdsn - c.cmdsn) & 1 << 31:
            return
        unit = r.choice(self.units)
        cdb, out, length = self.commands.any(unit)
        if r.random() < 0.05 and len(cdb) in (6, 10, 16):
            cdb = cdb[:-1] + bytes((NACA,))
        attr = r.choices((SIMPLE, ORDERED, HEAD, ACA), (90, 4, 4, 2))[0]
        now = out[:min(len(out), 8192)] if r.random() < 0.7 else b""
        c.scsi(cdb, (WRITE if out else 0) | (READ if length else 0),
               len(out) or length, unit, data=now, attr=attr,
               op=SCSI | IMMEDIATE if immediate else SCSI)
        count("commands")

    def manage(self, c):
        r = self.rng
        function = r.choice((ABORT_TASK, ABORT_TASK, ABORT_TASK_SET,
                             CLEAR_TASK_SET, CLEAR_ACA, LUN_RESET, WARM_RESET,
                             QUERY_TASK, QUERY_TASK_SET, NEXUS_RESET,
                             QUERY_ASYNC, TASK_REASSIGN))
        if r.random() < 0.01:
            function = COLD_RESET
        c.tmf(function, max(1, c.itt - r.randint(1, 20)),
              r.choice((FILE, DISK, NULL, WIPED)),
              refcmdsn=c.cmdsn - r.randint(1, 20) & 0xffffffff)
        count("functions")

    def listen(self, c, seconds):
        """Data is sent for most of what asks for it."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                pdu = c.receive(left)
            except TimeoutError:
                return
            if pdu.opcode == R2T and self.rng.random() < 0.8:
                at, stop = pdu.offset, pdu.offset + pdu.length
                for sn, off in enumerate(range(at, stop, 8192)):
                    c.data_out(pdu, bytes(min(8192, stop - off)), offset=off,
                               datasn=sn,
                               flags=FINAL if off + 8192 >= stop else 0)
            elif pdu.opcode == NOP_IN and pdu.ttt != RESERVED:
                c.nop(op=NOP_OUT | IMMEDIATE, itt=RESERVED, ttt=pdu.ttt)
            elif pdu.opcode == DATA_IN and len(pdu.data) > 550:
                self.commands.token = pdu.data[38:550]
            elif pdu.opcode == SCSI_RSP:
                count(f"status {pdu.status:#04x}")
                if pdu.sense:
                    count("sense {:x}/{:04x}".format(*pdu.sense))


# --- what happens to them -----------------------------------------------------

def replace_unit(r):
    tid, number = r.choice(list(LUNS))
    ietadm("--op", "delete", f"--tid={tid}", f"--lun={number}")
    if r.random() < 0.5:
        time.sleep(r.random() / 2)
    put_unit(tid, number)
    count("units replaced")


def put_unit(tid, number):
    ietadm("--op", "new", f"--tid={tid}", f"--lun={number}", "--params",
           LUNS[tid, number])


def drop_session(r):
    text = Path("/proc/net/iet/session").read_text()
    sids = [line.split()[0][4:] for line in text.splitlines()
            if line.strip().startswith("sid:") and ":host" in line]
    for sid in r.sample(sids, min(len(sids), 2)):
        for tid in (1, 2):
            ietadm("--op", "delete", f"--tid={tid}", f"--sid={sid}")
        count("sessions dropped")


def replace_target(r):
    """It can be deleted only when it has no sessions."""
    for _ in range(20):
        if not ietadm("--op", "delete", "--tid=2").returncode:
            count("targets replaced")
            break
        drop_session(r)
    ietadm("--op", "reload")


def reload(r):
    ietadm("--op", "reload")
    for tid, number in LUNS:
        put_unit(tid, number)
    count("reloads")


def change_access(r):
    ietadm("--op", "update", "--tid=2", "--params", "AluaState=" + r.choice(
        ("active/optimized", "standby", "unavailable", "active/optimized")))
    count("changes of access")


def hang(r):
    with Bed.disk.hang():
        time.sleep(r.choice((0.1, 1, 3)))
    count("hangs")


def kill_daemon(r):
    Bed.target.daemon.send_signal(signal.SIGKILL)
    Bed.target.daemon.wait()
    wait_for("nobody listens", lambda: not listens())
    Bed.target.start()
    count("ietd killed")


FAULTS = {
    "drop": ("PDU=status,Byte=20", "PDU=data-in", "PDU=data-out,Byte=end"),
    "withhold": ("PDU=status", "PDU=r2t", "PDU=data-in", "PDU=scsi-command"),
    "split": ("", "Byte=48"),
    "stall": ("Delay=300",),
    "duplicate": ("", "PDU=r2t", "PDU=data-in"),
    "header": ("PDU=data-in,Byte=1",),  # hosts can still read it
    "data": ("", "PDU=scsi-response"),
    "reject": ("", "PDU=scsi-command", "PDU=data-out", "PDU=logout"),
    "async": ("Event=logout", "Event=drop-connection", "Event=drop-session",
              "Event=negotiate"),
    "sense": ("", "Sense=b/47/01", "Direction=write"),
    "status": ("Status=busy", "Status=task-set-full", "Status=task-aborted"),
    "delay": ("Delay=200", "Delay=3000"),
    "hang": ("", "Opcode=0x2a", "LBA=0-8", "Opcode=0x89"),
    "corrupt": ("", "Byte=0"),
    "no-flush": ("",),
}


def inject(r):
    """A rule more for a target, or all of one go."""
    tid = r.choice((1, 2))
    if r.random() < 0.25:
        ietadm("--op", "delete", f"--tid={tid}", "--fault=all")
        count("faults ended")
        return
    kind = r.choice(list(FAULTS))
    also = r.choice(("", "", f"Count={r.randint(1, 20)}"))
    params = [f"Chance={r.choice((2, 10, 50))}%", r.choice(FAULTS[kind]), also]
    limit = [f"--lun={FILE}"] if r.random() < 0.3 else []
    done = ietadm("--op", "new", f"--tid={tid}", *limit, f"--fault={kind}",
                  "--params", ",".join(filter(None, params)))
    count(f"faults {'made' if not done.returncode else 'refused'}")
    ietadm("--op", "show", "--fault")


def end_faults():
    for tid in (1, 2):
        ietadm("--op", "delete", f"--tid={tid}", "--fault=all")


def restore():
    """What ALUA and START STOP have left."""
    ietadm("--op", "update", "--tid=2", "--params",
           "AluaState=active/optimized")


EVENTS = ((replace_unit, 30), (drop_session, 20), (replace_target, 8),
          (reload, 6), (change_access, 6), (hang, 12), (kill_daemon, 4), (inject, 40))


def disturb(end):
    r = random.Random(SEED)
    functions, weights = zip(*EVENTS)
    while time.monotonic() < end:
        for _ in range(10):
            r.choices(functions, weights)[0](r)
            time.sleep(r.random() / 4)
        Bed.neighbour.check(60)


# --- cases --------------------------------------------------------------------

def begin():
    note(f"seed {SEED}")
    image("a.img", SIZE)
    image("b.img", SIZE)
    Bed.begin(CONF, SIZE, (CALM, 0))


@case(f"{SECONDS} s of everything at once: the neighbour is served")
def _():
    hosts = [Host(n, [naa(FILE), naa(DISK)]) for n in range(HOSTS)]
    for host in hosts:
        host.start()
    try:
        disturb(time.monotonic() + SECONDS)
    finally:
        done.set()
        for host in hosts:
            host.join(120)
        # what a rule holds keeps its session
        end_faults()
        note(", ".join(f"{n} {what}" for what, n in sorted(counts.items())))
    broken = [h.error for h in hosts if h.error or h.is_alive()]
    if broken:
        raise Failed(f"hosts: {broken}")


@case("all sessions end, but the neighbour's")
def _():
    wait_for("the sessions end", lambda: len(sessions()) <= 1, 60)


@case("each unit works for who comes now")
def _():
    restore()
    reload(None)
    for tid, name in ((1, CHURN), (2, SHARED)):
        with Conn(patience=60).login(name, f"{IQN}:late") as c:
            for unit in sorted(n for t, n in LUNS if t == tid):
                c.tmf(LUN_RESET, unit=unit)
                c.expect(TMF_RSP)
                rsp = c.command(bytes((0x12, 0, 0, 0, 0, 0)), unit=unit)
                if rsp.status != GOOD:
                    raise Failed(f"unit {unit} of {name}: {rsp.status}")


@case("the module can be unloaded")
def _():
    Bed.end()
    Bed.disk = Bed.neighbour = Bed.target = None
    wait_for("the module can go", lambda: subprocess.run(
        ["rmmod", "iscsi_trgt"], capture_output=True).returncode == 0, 60)


main(begin, Bed.end)
