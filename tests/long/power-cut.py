#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 1200
"""
Power cuts: a VM is killed in the middle of a PERSISTENT RESERVE OUT with APTPL,
of a MODE SELECT that saves, of a write, and of a SANITIZE, CRYPTOGRAPHIC ERASE.
The next boot, from the same disk,
must find the state from before the command or the one from after it, all of it,
and the latter if the command had been answered.

    tests/run --host "tests/long/power-cut.py [ROUNDS [KERNEL]]"

In each round the machine is killed a bit later than in the one before, from
the moment the command is sent until it has long been done. On the disk are an
ext4 file system with /var/lib/iet and the file of a logical unit.

The same program runs in the VM, as "power-cut.py guest": it does what it is
told by lines that come out of /run/lab/control.
"""

import json
import os
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOP = Path(os.environ.get("IET_TOP", "."))
sys.path[:0] = [str(TOP / "tests"), str(TOP / "tests/lib")]

import pdu  # noqa: E402
from ktap import IQN, Failed, Target, case, main, note  # noqa: E402

ROUNDS = 16  # of each kind
BOOT_SECONDS = 300
STEP_SECONDS = 60
LEAD = 0.002  # before the command, for the first cuts
SAY = "power-cut: "  # begins the guest's lines

# --- in the VM ----------------------------------------------------------------

TARGET = f"{IQN}:power"
DISK, STATE = Path("/run/power"), Path("/var/lib/iet")
BLOCKS = 128
SECRET = 1  # the encrypted unit
KEYS, RESERVATION = 0, 1  # PERSISTENT RESERVE IN
REGISTER, RESERVE, PREEMPT, IGNORE = 0, 1, 4, 6  # ... OUT
APTPL = 1
REGISTRANTS_ONLY = 5
CACHING, CONTROL = 0x08, 0x0a
FUA = 0x08


class Guest:
    """The target, two initiators, and what is kept."""

    def __init__(self):
        self.mount()
        Target(f"Target {TARGET}\n\tLun 0 Path={DISK}/unit,Type=fileio,"
               "ScsiId=power\n"
               f"\tLun {SECRET} Path={DISK}/secret,Type=fileio,"
               "ScsiId=secret,Encrypted=Yes\n")
        self.a, self.b = self.initiator("a"), self.initiator("b")

    @staticmethod
    def mount():
        for folder in (DISK, STATE):
            folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["modprobe", "ext4"], check=False)
        subprocess.run(["mount", "-t", "ext4", "/dev/vda", DISK], check=True)
        (DISK / "state").mkdir(exist_ok=True)
        subprocess.run(["mount", "--bind", DISK / "state", STATE], check=True)
        for unit in (DISK / "unit", DISK / "secret"):
            if not unit.exists():
                unit.write_bytes(bytes(BLOCKS * 512))
        os.sync()

    @staticmethod
    def initiator(name):
        return pdu.Conn(patience=STEP_SECONDS // 3).login(
            TARGET, f"{IQN}:{name}", isid=b"\x80" + name.encode().ljust(5))

    @staticmethod
    def out(conn, cdb, data):
        rsp = conn.fill(conn.scsi(cdb, pdu.WRITE, len(data)).itt, data)
        if rsp.status != pdu.GOOD:
            raise Failed(f"status {rsp.status:#x}, sense {rsp.sense}")

    @staticmethod
    def get(conn, cdb):
        data = conn.expect(pdu.DATA_IN, itt=conn.scsi(cdb, pdu.READ, 255).itt)
        if not data.flags & 1:
            conn.expect(pdu.SCSI_RSP, status=pdu.GOOD)
        return data.data

    def pr_out(self, conn, action, key, sa_key=0):
        self.out(conn, struct.pack(">BBBxxLx", 0x5f, action, REGISTRANTS_ONLY,
                                   24),
                 struct.pack(">QQ4xBxxx", key, sa_key, APTPL))

    def pr_in(self, action):
        data = self.get(self.a, struct.pack(">BB5xHx", 0x5e, action, 255))
        return [struct.unpack_from(">Q", data, at)[0]
                for at in range(8, len(data) - 7, 8)]

    def page(self, code):
        return bytearray(self.get(self.a, struct.pack(">BBBxBx", 0x1a, 8, code,
                                                      255))[4:])

    def holder(self):
        return (self.pr_in(RESERVATION) or [0])[0]

    def secret(self):
        """What the encrypted unit is full of; 0: of what nobody wrote."""
        self.a.ready(SECRET)
        data = self.a.read(0, BLOCKS, SECRET)
        words = {struct.unpack_from(">Q", data, at)[0]
                 for at in range(0, len(data), 8)}
        if len(words) == 1:
            return words.pop()
        return 0 if min(words) > 1 << 32 and len(words) == len(data) / 8 else -1

    def state(self):
        """All that is kept, as the target tells it."""
        for conn in (self.a, self.b):
            conn.ready()  # whatever there was to tell them
        blocks = self.a.read(0, BLOCKS)
        return {"keys": sorted(self.pr_in(KEYS)), "holder": self.holder(),
                "secret": self.secret(),
                "mode": [self.page(p)[2] & 4 for p in (CACHING, CONTROL)],
                "blocks": sorted({struct.unpack_from(">Q", blocks, at)[0]
                                  for at in range(0, len(blocks), 8)})}

    # What is done when the power goes: each returns what it changes in the
    # state, and a function that does it.

    def reserved(self):
        """Both initiators are registered; who holds the reservation, first."""
        key = max([0, *self.pr_in(KEYS)]) + 1
        self.pr_out(self.a, IGNORE, 0, key)
        self.pr_out(self.b, IGNORE, 0, key + 1)
        if not self.holder():
            self.pr_out(self.a, RESERVE, key)
        both = [(self.a, key), (self.b, key + 1)]
        return both if self.holder() == key else both[::-1]

    def register(self):
        (conn, key), (_, other) = self.reserved()
        new = max(key, other) + 1
        return ({"keys": sorted([other, new]), "holder": new},
                lambda: self.pr_out(conn, REGISTER, key, new))

    def preempt(self):
        (_, key), (conn, other) = self.reserved()
        return ({"keys": [other], "holder": other},
                lambda: self.pr_out(conn, PREEMPT, other, key))

    def mode(self):
        self.reserved()
        pages = [self.page(CACHING), self.page(CONTROL)]
        value = ~pages[0][2] & 4
        for page in pages:
            page[0] &= 0x3f
            page[2] = page[2] & ~4 | value
        data = bytes(4) + b"".join(pages)
        return ({"mode": [value, value]},
                lambda: self.out(self.a, struct.pack(
                    ">BBxxBx", 0x15, 0x11, len(data)), data))

    def write(self):
        self.reserved()
        value = max(self.state()["blocks"]) + 1
        cdb = bytearray(pdu.write10(0, BLOCKS))
        cdb[1] = FUA
        data = struct.pack(">Q", value) * (BLOCKS * 64)
        return {"blocks": [value]}, lambda: self.out(self.a, bytes(cdb), data)

    def erase(self):
        self.reserved()
        data = struct.pack(">Q", 1 + os.getpid()) * (BLOCKS * 64)
        if self.b.ready(SECRET).write(0, data, SECRET).status != pdu.GOOD:
            raise Failed("a write to the encrypted unit")
        return {"secret": 0}, self.erase_now

    def erase_now(self):
        rsp = self.a.command(bytes([0x48, 3, *bytes(8)]), unit=SECRET)
        if rsp.status != pdu.GOOD:
            raise Failed(f"status {rsp.status:#x}, sense {rsp.sense}")


def in_guest():
    def say(what, value=None):
        print(f"{SAY}{what} {json.dumps(value)}", flush=True)
    try:
        target = Guest()
        # what comes before it is open is lost
        with open("/run/lab/control") as control:
            say("found", target.state())
            for line in control:
                target.state()
                change, do = getattr(target, line.strip())()
                old = target.state()
                say("ready", [old, {**old, **change}])
                control.readline()
                time.sleep(LEAD)
                do()
                say("done")
    except Exception as error:
        say("failed", f"{type(error).__name__}: {error}")
        raise


# --- on the host --------------------------------------------------------------

class Boot:
    """A VM whose power will be cut; `found` is the state that it began with."""

    def __init__(self, bed):
        self.machine = bed.machine()
        self.lines = b""
        self.machine.__enter__()
        try:
            self.found = self.hear("found", BOOT_SECONDS)
        except BaseException:
            self.cut()
            raise

    def hear(self, what, seconds=STEP_SECONDS):
        """The value that the guest says."""
        value = self.listen(time.monotonic() + seconds)
        if value is None:
            raise Failed(f"waited for '{what}' in vain; kernel log: "
                         + self.machine.kernel_log()[-600:])
        if value[0] != what:
            raise Failed(f"waited for '{what}', got {value}")
        return value[1]

    def listen(self, deadline):
        """(what, value) of the next line that the guest says, or None."""
        while True:
            *whole, _ = self.lines.split(b"\n")
            for line in whole:
                self.lines = self.lines[len(line) + 1:]
                text = line.decode(errors="replace").strip()
                if text.startswith(SAY):
                    what, value = text[len(SAY):].split(" ", 1)
                    return what, json.loads(value)
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            select.select([self.machine.output], [], [], left)
            try:
                data = os.read(self.machine.output, 65536)
            except BlockingIOError:
                continue
            self.lines += data
            if not data:  # nobody has opened the other end yet, or any more
                time.sleep(0.01)

    def tell(self, line):
        self.machine.control.sendall(line.encode() + b"\n")

    def cut(self):
        """The power goes. All its processes: one writes to the disk."""
        try:
            os.killpg(self.machine.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.machine.__exit__()

    def prepare(self, kind):
        self.tell(kind)
        return self.hear("ready")

    def do(self, kind):
        """All of it; how long it took, seconds."""
        self.prepare(kind)
        start = time.monotonic()
        self.tell("go")
        self.hear("done")
        return time.monotonic() - start  # with LEAD

    def do_half(self, kind, seconds):
        """
        The power goes so long after the command was given. What may be found
        then: a list of one state or two.
        """
        states = self.prepare(kind)
        end = time.monotonic() + seconds
        self.tell("go")
        answered = self.listen(end)
        time.sleep(max(0, end - time.monotonic()))
        self.cut()
        if answered and answered[0] != "done":
            raise Failed(f"{answered}")
        return states[1:] if answered else states


class Bed:
    """The disk, and machines that have it one after the other."""

    def __init__(self, kernel):
        from lab import build, kernels
        self.kernel = kernels.find(kernel)
        self.dir = Path(tempfile.mkdtemp(prefix="iet-power."))
        self.disk = self.dir / "disk"
        with open(self.disk, "wb") as disk:
            disk.truncate(64 << 20)
        subprocess.run(["mkfs.ext4", "-q", "-E", "nodiscard", self.disk],
                       check=True)
        programs = build.programs()
        listing = self.dir / "programs"
        listing.write_text(f"1\t{BOOT_SECONDS}\ttests/long/power-cut.py guest\n")
        self.files = {"iscsi_trgt.ko": build.module(self.kernel),
                      "ietd": programs / "ietd",
                      "ietadm": programs / "ietadm", "programs": listing}

    def machine(self):
        from lab import qemu, uml
        kind = uml.Machine if self.kernel.user_mode else qemu.Machine
        return kind(self.kernel, self.dir / "log", mem=1024,
                    disks=[self.disk], files=self.files)

    def end(self):
        shutil.rmtree(self.dir)


def is_one_of(found, states):
    """Of a write that is cut, each block is old or new."""
    blocks = {b for s in states for b in s["blocks"]}
    rest = [{**s, "blocks": None} for s in states]
    return {**found, "blocks": None} in rest and blocks >= set(found["blocks"])


def kill_again_and_again(kind, rounds):
    boot, took = Boot(bed), 0
    counts = {"old": 0, "new": 0, "answered": 0}
    try:
        for number in range(rounds):
            took = max(took, min(boot.do(kind) for _ in range(3)))
            states = boot.do_half(kind, took * 1.5 * number / (rounds - 1))
            boot = Boot(bed)
            if not is_one_of(boot.found, states):
                raise Failed(f"round {number}: {boot.found} is none of "
                             f"{states}")
            counts["old" if boot.found == states[0] and len(states) > 1
                   else "answered" if len(states) == 1 else "new"] += 1
    finally:
        boot.cut()
    note(f"{kind}, {took * 1000:.1f} ms: {counts['old']} times as before it, "
         f"{counts['new']} as after it, {counts['answered']} after its answer")
    if not counts["old"] or not counts["answered"]:
        raise Failed("the power never went in the middle of it")


if __name__ == "__main__":
    if sys.argv[1:] == ["guest"]:
        in_guest()
        sys.exit()
    arguments, sys.argv[1:] = sys.argv[1:], []
    bed = Bed(arguments[1] if len(arguments) > 1 else "uml")
    for title, name in (
            ("REGISTER of the holder of the reservation", "register"),
            ("PREEMPT of the holder", "preempt"),
            ("MODE SELECT of two pages, saved", "mode"),
            ("a forced write", "write"),
            ("CRYPTOGRAPHIC ERASE", "erase")):
        case(title)(lambda name=name: kill_again_and_again(
            name, int((arguments or [ROUNDS])[0])))
    main(end=bed.end)
