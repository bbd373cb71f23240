#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 240
"""
A minute of tests/fuzz/pdus.py against the module: whatever it sends, a proper
initiator is served, and nothing is left.

    tests/vm/45-fuzz.py [SECONDS [SEED]]
"""

import os
import random
import sys

sys.path.insert(0, os.path.join(os.environ["IET_TOP"], "tests/lib"))
sys.path.insert(0, os.path.join(os.environ["IET_TOP"], "tests/fuzz"))

from ktap import (IQN, Failed, Target, case, image, main, note,  # noqa: E402
                  sessions, wait_for)
from pdus import fuzz  # noqa: E402

TARGET = f"{IQN}:fuzz"
SECONDS = int(sys.argv[1]) if len(sys.argv) > 1 else 60
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else random.getrandbits(32)
del sys.argv[1:]

CONF = f"""
Target {TARGET}
    InitialR2T No
    ImmediateData Yes
    MaxOutstandingR2T 16
    HeaderDigest CRC32C,None
    DataDigest CRC32C,None
    Lun 0 Path=/run/iet-test/fuzz.img,Type=fileio
    Lun 1 Type=nullio
    Lun 2 Path=/run/iet-test/ro.img,Type=fileio,IOMode=ro
"""

BED = []


def begin():
    for name in ("fuzz", "ro"):
        image(f"{name}.img", 16 << 20)
    BED.append(Target(CONF))


@case(f"{SECONDS} s of PDUs that are almost right")
def _():
    if not fuzz(TARGET, [0, 1, 2, 9], SEED, seconds=SECONDS,
                say=lambda line: note(line.lstrip("# "))):
        raise Failed("nothing was sent")


@case("ietd is still there")
def _():
    if not BED[0].alive():
        raise Failed("it is gone")


@case("no session is left")
def _():
    wait_for("the sessions end", lambda: not sessions(), 60)


main(begin, lambda: BED and BED[0].end())
