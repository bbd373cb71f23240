#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
"""
A minute of tests/fuzz/pdu_fuzz.c against the module: whatever is sent, a proper
initiator is served, and nothing is left.

    tests/vm/45-fuzz.py [SECONDS | PDUSp [SEED]]
"""

import os
import random
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, os.path.join(os.environ["IET_TOP"], "tests/lib"))

from ktap import (IQN, TOP, Failed, Target, case, image, main,  # noqa: E402
                  note, sessions, wait_for)

TARGET, CONTROL = f"{IQN}:fuzz", f"{IQN}:control"
LIMIT = sys.argv[1] if len(sys.argv) > 1 else "60"
SEED = sys.argv[2] if len(sys.argv) > 2 else random.getrandbits(32)
MORE = sys.argv[3:]
del sys.argv[1:]
MIB = 1 << 20
# KASAN keeps what is freed for a while; there kmemleak looks after memory
KMEMLEAK = Path("/sys/kernel/debug/kmemleak").exists()

CONF = f"""
LoginRate 0
Target {TARGET}
    InitialR2T No
    ImmediateData Yes
    MaxOutstandingR2T 16
    MaxConnections 4
    ErrorRecoveryLevel 2
    HeaderDigest CRC32C,None
    DataDigest CRC32C,None
    Lun 0 Path=/run/iet-test/fuzz.img,Type=fileio
    Lun 1 Type=nullio
    Lun 2 Path=/run/iet-test/ro.img,Type=fileio,IOMode=ro
Target {CONTROL}
    Lun 0 Path=/run/iet-test/control.img,Type=fileio
"""


class Bed:
    target = None
    before = threads = 0


def limit():
    if LIMIT.endswith("p"):
        return f"{LIMIT[:-1]} PDUs", ["--pdus", LIMIT[:-1]]
    return f"{LIMIT} s of PDUs", ["--seconds", LIMIT]


def in_use():
    info = dict(re.findall(r"(\w+):\s+(\d+)",
                           Path("/proc/meminfo").read_text()))
    used = int(info["MemTotal"]) - int(info["MemAvailable"])
    return (used - int(info["Shmem"])) << 10


def threads():
    """The module's own."""
    names = []
    for comm in Path("/proc").glob("[0-9]*/comm"):
        try:
            names.append(comm.read_text())
        except OSError:
            pass  # it has ended
    return len([n for n in names if n.startswith("iet")])


def fuzz(*args):
    captures = sorted((TOP / "tests/fuzz/pdus").glob("*.bin"))
    return subprocess.run(
        ["pdu_fuzz", "--target", TARGET, "--control", CONTROL, "--units",
         "0,0,1,2,9", *map(str, args), *MORE, *map(str, captures)],
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def begin():
    for name in ("fuzz", "ro", "control"):
        image(f"{name}.img", 16 << 20)
    Bed.target = Target(CONF)
    fuzz("--sessions", 3)  # all that is made once has been made then
    wait_for("the sessions end", lambda: not sessions(), 60)
    Bed.before, Bed.threads = in_use(), threads()


def end():
    if Bed.target:
        Bed.target.end()


@case(f"{limit()[0]} that are almost right")
def _():
    result = fuzz("--seed", SEED, *limit()[1])
    note(result.stdout.replace("# ", ""))
    if result.returncode:
        raise Failed("see above")


@case("ietd is still there")
def _():
    if not Bed.target.alive():
        raise Failed("it is gone")


@case("no session, no memory and no thread is left")
def _():
    wait_for("the sessions end", lambda: not sessions(), 60)
    if not KMEMLEAK:
        wait_for("the memory comes back",
                 lambda: in_use() - Bed.before < 32 * MIB, 60)
    note(f"{(in_use() - Bed.before) / MIB:.1f} MiB more in use than before")
    wait_for(f"{Bed.threads} threads", lambda: threads() == Bed.threads)


main(begin, end)
