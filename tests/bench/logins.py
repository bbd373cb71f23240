#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 300
"""
Logins in a second beside LIO, in one VM, in turns.

    tests/run --kernel uml tests/bench/logins.py
"""

import os
import statistics
import subprocess
import sys
from pathlib import Path

TOP = Path(os.environ.get("IET_TOP", "."))
sys.path[:0] = [str(TOP / "tests/lib"), str(TOP / "tests/bench")]

import peers  # noqa: E402
from ktap import Failed, case, main, note  # noqa: E402

SECONDS, ROUNDS, PARALLEL = 2, 5, (1, 32)
PEERS = [peers.Ours(), peers.Lio()]


def begin():
    for peer in PEERS:
        peer.up()
    # every address may begin 200 in a second, unless told otherwise
    conf = PEERS[0].target.conf
    conf.write_text("LoginRate 0\n" + conf.read_text())
    subprocess.run([f"{os.environ['IET_SBIN']}/ietadm", "--op", "reload"],
                   check=True)


def end():
    for peer in PEERS:
        peer.down()


def rate(peer, parallel):
    done = subprocess.run(
        ["logins", str(peer.port), peer.iqn, str(parallel), str(SECONDS)],
        capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"{peer.name}: {done.stdout}{done.stderr}")
    return float(done.stdout)


def measure(parallel):
    rounds = [[rate(peer, parallel) for peer in PEERS] for _ in range(ROUNDS)]
    for peer, rates in zip(PEERS, zip(*rounds)):
        note(f"{parallel} at a time, {peer.name}: {statistics.median(rates):.0f}"
             f" logins in a second ({min(rates):.0f} to {max(rates):.0f})")
    ratio = statistics.median(ours / lio for ours, lio in rounds)
    note(f"{parallel} at a time, ours / LIO's: {ratio:.2f}")


for number in PARALLEL:
    case(f"logins, {number} at a time")(lambda n=number: measure(n))

main(begin, end)
