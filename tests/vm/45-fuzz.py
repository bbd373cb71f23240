#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 240
"""
A minute of tests/fuzz/pdus.py against the module, three at once: whatever is
sent, a proper initiator is served, and nothing is left.

    tests/vm/45-fuzz.py [SECONDS [SEED]]
"""

import os
import random
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ["IET_TOP"], "tests/lib"))

from ktap import (IQN, TOP, Failed, Target, case, image, main,  # noqa: E402
                  note, sessions, wait_for)

TARGET, CONTROL = f"{IQN}:fuzz", f"{IQN}:control"
WORKERS = 3
SECONDS = int(sys.argv[1]) if len(sys.argv) > 1 else 60
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else random.getrandbits(32)
del sys.argv[1:]

CONF = f"""
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

BED = []


def begin():
    for name in ("fuzz", "ro", "control"):
        image(f"{name}.img", 16 << 20)
    BED.append(Target(CONF))


@case(f"{SECONDS} s of PDUs that are almost right")
def _():
    workers = [subprocess.Popen(
        [TOP / "tests/fuzz/pdus.py", "--target", TARGET, "--units", "0,1,2,9",
         "--control", CONTROL, "--seed", str(SEED + n),
         "--seconds", str(SECONDS)], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for n in range(WORKERS)]
    outputs = [worker.communicate()[0] for worker in workers]
    note("".join(outputs).replace("# ", ""))
    if any(worker.returncode for worker in workers):
        raise Failed("see above")


@case("ietd is still there")
def _():
    if not BED[0].alive():
        raise Failed("it is gone")


@case("no session is left")
def _():
    wait_for("the sessions end", lambda: not sessions(), 60)


main(begin, lambda: BED and BED[0].end())
