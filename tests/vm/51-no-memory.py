#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
"""
Allocations that fail in the network threads, while sessions do everything.
Commands may fail, connections may end; nothing hangs, and nothing is left.

Only kernels that can fail allocations have it (uml-debug, uml-cov).
"""

import os
import random
import sys
import time
from pathlib import Path

sys.path.insert(0, os.path.join(os.environ["IET_TOP"], "tests/lib"))

from bed import Bed  # noqa: E402
from ktap import (IQN, Failed, case, main, note, sessions,  # noqa: E402
                  wait_for)
from pdu import *  # noqa: E402,F403

TARGET = f"{IQN}:short"
FAILSLAB = Path("/sys/kernel/debug/failslab")
SECONDS = 6
CONF = f"""
LoginRate 0
Target {TARGET}
    MaxConnections 2
    ErrorRecoveryLevel 2
    InitialR2T No
    Lun 0 Path=/run/iet-test/short.img,Type=fileio
    Lun 1 Type=nullio
"""
SEED = random.getrandbits(32)
# what there may be instead of an answer
GONE = (Failed, OSError, EOFError)


def put(name, value):
    (FAILSLAB / name).write_text(f"{value}\n")


def tasks(*names):
    for comm in Path("/proc").glob("[0-9]*/comm"):
        try:
            if comm.read_text().startswith(names):
                yield comm.parent
        except OSError:
            pass  # it has ended


class Failing:
    """Of the allocations of these tasks so many of 100 fail."""

    def __init__(self, percent, *names):
        self.percent, self.tasks = percent, list(tasks(*names))

    def __enter__(self):
        for name, value in (("task-filter", "Y"), ("ignore-gfp-wait", "N"),
                            ("interval", 1), ("times", -1), ("verbose", 0)):
            put(name, value)
        for task in self.tasks:
            (task / "make-it-fail").write_text("1")
        put("probability", self.percent)

    def __exit__(self, *_):
        put("probability", 0)
        for task in self.tasks:
            (task / "make-it-fail").write_text("0")


def all_kinds(rng):
    """A session that does something of everything, as far as it gets."""
    with Conn(patience=5).login(TARGET, f"{IQN}:short",
                                TaskReporting="FastAbort") as c:
        c.ready(0).ready(1)
        c.write(rng.randrange(1000), rng.randbytes(64 << 10), 0)
        c.read(rng.randrange(1000), 2048, 1)
        c.tmf(rng.choice((ABORT_TASK_SET, LUN_RESET)))
        c.expect(TMF_RSP)
        c.data_of(c.scsi(bytes([0x12, 1, 0x83, 0, 255, 0]), READ, 255).itt)
        c.request(TEXT, data=text(*(f"X{n}=1" for n in range(40))))
        c.expect(TEXT_RSP)
        if rng.random() < 0.5:
            c.logout()


def seconds_of(function):
    """Runs it again and again; how often it went well, and how often not."""
    rng, end = random.Random(SEED), time.monotonic() + SECONDS
    well = ill = 0
    while time.monotonic() < end:
        try:
            function(rng)
            well += 1
        except GONE:
            ill += 1
    note(f"seed {SEED}: {well} times it went well, {ill} times it did not")
    return ill


def is_served():
    """As if nothing had been."""
    wait_for("the sessions end", lambda: not sessions(), 60)
    data = random.randbytes(8192)
    with Conn().login(TARGET, f"{IQN}:after") as c:
        c.ready(0).write(5, data, 0)
        if c.read(5, 16) != data:
            raise Failed("other data")
        c.logout()
    wait_for("the sessions end", lambda: not sessions(), 60)


def short(name, percent):
    @case(name)
    def _():
        with Failing(percent, "iet_net"):
            ill = seconds_of(all_kinds)
        is_served()
        if percent >= 50 and not ill:
            raise Failed("none has failed")


@case("with memory all of it goes well")
def _():
    all_kinds(random.Random(SEED))
    is_served()


short("one of a hundred allocations of the network threads fails", 1)
short("every tenth", 10)
short("every second", 50)


if not FAILSLAB.exists():
    print("KTAP version 1\n1..0 # SKIP this kernel fails no allocations")
    sys.exit()
main(lambda: Bed.begin(CONF), Bed.end, lambda f, o: (f(**o), Bed.check()))
