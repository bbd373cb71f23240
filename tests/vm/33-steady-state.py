#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
"""
Nothing is allocated for an I/O once a connection has found its pace, and what it
has kept for that is given back when there is none: the kernel's own tracepoints
count what the module asks the allocators for, and what it gives them.
"""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, os.path.join(os.environ["IET_TOP"], "tests/lib"))

from bed import Bed  # noqa: E402
from ktap import IQN, Failed, case, main, note  # noqa: E402
from pdu import *  # noqa: E402,F403

TARGET = f"{IQN}:steady"
NULLIO, FILEIO, BLOCKIO = 0, 1, 2
SMALL, MEDIUM, LARGE = 4096, 65536, 1 << 20
SEGMENT = 1 << 18
CONF = f"""
Target {TARGET}
    QueuedCommands 32
    InitialR2T No
    MaxRecvDataSegmentLength {SEGMENT}
    MaxXmitDataSegmentLength {SEGMENT}
    Lun {NULLIO} Type=nullio,Blocks=65536
    Lun {FILEIO} Path=/run/iet-test/steady.img,Type=fileio
    Lun {BLOCKIO} Path=/dev/nullb0,Type=blockio
"""
TRACING = Path("/sys/kernel/tracing")
SLAB = ("kmalloc", "kmalloc_node", "kmem_cache_alloc", "kmem_cache_alloc_node")
OURS = "[iscsi_trgt]"


class Counter:
    """Allocations of the module, by function, while it is in use."""

    def __init__(self):
        kmem = TRACING / "events/kmem"
        self.triggers = {kmem / name / "trigger": "hist:keys=call_site.sym"
                         for name in SLAB if (kmem / name).exists()}
        self.triggers[kmem / "mm_page_alloc/trigger"] = "hist:keys=stacktrace"
        self.found = {}

    def __enter__(self):
        for trigger, text in self.triggers.items():
            trigger.write_text(text, encoding="ascii")
        return self

    def __exit__(self, *_):
        for trigger, text in self.triggers.items():
            hist = (trigger.parent / "hist").read_text(encoding="ascii")
            trigger.write_text(f"!{text}", encoding="ascii")
            for entry in hist.split("{")[1:]:
                self.take(entry)

    def take(self, entry):
        """One entry of a histogram: who, and how often."""
        hits = re.search(r"hitcount:\s*(\d+)", entry)
        for line in entry.splitlines():
            # what the allocators do among themselves is not the caller
            if re.search(r"alloc|event_|get_free|stacktrace:", line) \
                    and OURS not in line:
                continue
            if OURS in line and hits:
                name = re.search(r"(\w+)(\+\S+)?\s+\[iscsi_trgt\]", line)[1]
                self.found[name] = self.found.get(name, 0) + int(hits[1])
            break

    @property
    def total(self):
        return sum(self.found.values())


class Freed(Counter):
    """Pages that the module gives back since they are not needed."""

    def __init__(self):
        self.triggers = {TRACING / "events/kmem/mm_page_free/trigger":
                         "hist:keys=stacktrace"}
        self.found = {}

    def take(self, entry):
        trimmed = re.search(r"\b(trim_this|trim_all)\+?\S*\s+\[iscsi_trgt\]",
                            entry)
        hits = re.search(r"hitcount:\s*(\d+)", entry)
        if trimmed and hits:
            self.found[trimmed[1]] = (self.found.get(trimmed[1], 0) +
                                      int(hits[1]))


class Load:
    conn = None

    @classmethod
    def begin(cls):
        subprocess.run(["modprobe", "null_blk", "nr_devices=1", "gb=1"],
                       check=True)
        Bed.begin(CONF)
        cls.conn = Conn().login(TARGET, MaxRecvDataSegmentLength=SEGMENT)
        for unit in (NULLIO, FILEIO, BLOCKIO):
            cls.conn.ready(unit)

    @classmethod
    def end(cls):
        if cls.conn:
            cls.conn.close()
        Bed.end()
        subprocess.run(["modprobe", "-r", "null_blk"], check=False)
        subprocess.run(["umount", TRACING], check=False)

    @classmethod
    def read(cls, unit, size):
        for n in range(rounds(size)):
            cls.conn.read(n * 16, size // 512, unit)

    @classmethod
    def write(cls, unit, size):
        data = bytes(size)
        for n in range(rounds(size)):
            cls.conn.write(n * 16, data, unit, segment=SEGMENT)


def rounds(size):
    return 10 if size == LARGE else 50


def count(work, unit, size):
    """What the second half of it allocates, when the pages are there."""
    work(unit, size)
    # TCP has the acknowledgement of the last
    time.sleep(0.3)
    with Counter() as counter:
        work(unit, size)
    note(f"{counter.total} allocations by {rounds(size)} I/Os "
         f"{counter.found or ''}")
    return counter


@case("the tracepoints see what a login and the first write allocate")
def _():
    with Counter() as counter:
        Conn().login(TARGET).logout()
        Load.conn.write(0, bytes(65536), NULLIO)
    note(counter.found)
    # the compiler may have made one function of the last two
    for names in {"iet_conn_create"}, {"iet_tio_alloc", "alloc_pages_of"}:
        if not names & counter.found.keys():
            raise Failed(f"none of {names}: then the rest would mean nothing")


def steady(what, work, unit, size):
    @case(f"{size >> 10} KiB {what}: nothing is allocated")
    def _():
        # a page that TCP holds longer than usual is replaced, and on a busy
        # machine many are; what each I/O allocates is there every time
        for _ in range(3):
            counter = count(work, unit, size)
            if counter.total <= 5:
                return
        raise Failed(f"{counter.found}")


for length in SMALL, MEDIUM, LARGE:
    for number, medium in enumerate(("nullio", "fileio", "blockio")):
        steady(f"reads, {medium}", Load.read, number, length)
        steady(f"writes, {medium}", Load.write, number, length)

@case("pages that are not needed any more are given back")
def _():
    Load.write(NULLIO, LARGE)
    for _ in range(10):
        with Freed() as freed:
            time.sleep(6)
        note(f"{freed.total} pages")
        if freed.total:
            return
    raise Failed("none in a minute")


subprocess.run(["mount", "-t", "tracefs", "none", TRACING], check=False,
               capture_output=True)
if (TRACING / "events/kmem/kmalloc/hist").exists():
    main(Load.begin, Load.end)
else:
    print("KTAP version 1\n1..1\n"
          "ok 1 - allocations # SKIP this kernel has no histograms of them")
