#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
"""
What the target counts of known commands, as ietadm shows it: for each LUN and
session, with histograms of latency, and what its trace events say.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, os.path.join(os.environ["IET_TOP"], "tests/lib"))

from bed import Bed  # noqa: E402
from iet_netlink import Netlink, Refused as NetlinkRefused  # noqa: E402
from ktap import (IQN, Failed, Skipped, case, main,  # noqa: E402
                  wait_for)
from ktap import ietadm as run_ietadm  # noqa: E402
from pdu import *  # noqa: E402,F403

TARGET, PEER = f"{IQN}:stats", f"{IQN}:peer"
QUIET, BUSY_ONE, HUNG = 0, 3, 5
CONF = f"""
Target {TARGET}
    Lun {QUIET} Type=nullio,Blocks=65536
    Lun {BUSY_ONE} Path=/run/iet-test/stats.img,Type=fileio
    Lun {HUNG} Path=/dev/mapper/iet-stats,Type=blockio
"""
TRACING = Path("/sys/kernel/tracing")
COUNTERS = ("reads", "writes", "others", "read_bytes", "write_bytes", "checks",
            "errors", "aborted")


def ietadm(*args):
    done = run_ietadm(*args)
    if done.returncode:
        raise Failed(f"ietadm {' '.join(args)}: {done.stderr}")
    return done.stdout


def stats(*which):
    """The target, as a program is told."""
    answer = json.loads(ietadm("--op", "show", "--stats", "--json", *which))
    return answer["targets"][0]


def of_lun(number):
    return next(lun for lun in stats("--tid=1")["luns"]
                if lun["lun"] == number)


def difference(after, before):
    """What has grown, by name."""
    return {name: after[name] - before[name] for name in after
            if isinstance(after[name], int) and name != "lun"
            and after[name] != before[name]}


def grows(what, after, before, **wanted):
    have = difference(after, before)
    if have != wanted:
        raise Failed(f"{what}: {have} instead of {wanted}")


def known_commands(c):
    """2 reads, 3 writes (one of them by R2Ts), 2 others, 2 of all refused."""
    c.read(0, 8, BUSY_ONE)
    c.read(8, 16, BUSY_ONE)
    c.write(0, bytes(512), BUSY_ONE)
    c.write(8, bytes(1024), BUSY_ONE)
    c.command(bytes(6), unit=BUSY_ONE)
    c.command(read10(1 << 30, 1), flags=READ, edtl=512, unit=BUSY_ONE)
    c.command(b"\xc0" + bytes(15), unit=BUSY_ONE)
    # when that is answered, all of them have been counted
    c.ping()


KNOWN = {"reads": 3, "writes": 2, "others": 2, "read_bytes": 24 * 512,
         "write_bytes": 3 * 512, "checks": 2}


@case("a LUN and the session that uses it count the same")
def _():
    with Conn().login(TARGET, PEER) as c:
        c.ready(BUSY_ONE)
        lun, idle = of_lun(BUSY_ONE), of_lun(QUIET)
        nexus = nexus_of(BUSY_ONE, PEER)
        known_commands(c)
        grows("LUN", of_lun(BUSY_ONE), lun, **KNOWN)
        grows("the other LUN", of_lun(QUIET), idle)
        grows("nexus", nexus_of(BUSY_ONE, PEER), nexus, **KNOWN)
        only = stats("--tid=1", f"--lun={BUSY_ONE}")
        if [n["lun"] for n in only["luns"] + only["nexuses"]] \
                != [BUSY_ONE, BUSY_ONE] or only["sessions"]:
            raise Failed(f"--lun shows {only}")


def nexus_of(lun, initiator):
    return next(n for n in stats("--tid=1")["nexuses"]
                if n["lun"] == lun and n["initiator"] == initiator)


def session_of(initiator):
    return next(s for s in stats("--tid=1")["sessions"]
                if s["initiator"] == initiator)


@case("what a session did stays with the LUN when it has ended")
def _():
    before = of_lun(BUSY_ONE)
    with Conn().login(TARGET, PEER) as c:
        c.ready(BUSY_ONE)
        begun = difference(of_lun(BUSY_ONE), before)
        known_commands(c)
        c.logout()
    wait_for("the session is gone", lambda: not stats("--tid=1")["sessions"])
    have = difference(of_lun(BUSY_ONE), before)
    want = {k: begun.get(k, 0) + KNOWN.get(k, 0) for k in begun | KNOWN}
    if have != want:
        raise Failed(f"{have} instead of {want}")


@case("R2Ts, digest errors, Rejects and task management are a session's")
def _():
    with Conn().login(TARGET, PEER, InitialR2T="Yes", ImmediateData="No",
                      DataDigest="CRC32C", HeaderDigest="None") as c:
        c.ready(QUIET)
        before = session_of(PEER)
        c.write(0, bytes(512), QUIET)
        w = c.scsi(write10(0, 1), WRITE, 512, unit=QUIET)
        r2t = c.expect(R2T, itt=w.itt)
        c.send(Pdu(DATA_OUT, bytes(512), flags=FINAL, itt=w.itt, ttt=r2t.ttt,
                   lun=lun(QUIET)), bad_ddigest=True)
        c.expect(REJECT)
        c.expect(SCSI_RSP, itt=w.itt)
        c.tmf(ABORT_TASK, ref=0x4711, unit=QUIET)
        c.expect(TMF_RSP)
        # a LUN that is not there
        c.command(bytes(6), unit=77)
        grows("session", session_of(PEER), before, writes=2, others=1,
              write_bytes=512, checks=2, r2ts=2, digest_errors=1, rejects=1,
              tmfs=1)
        sid = before["sid"]
        only = stats("--tid=1", f"--sid={sid}")
        if {n["sid"] for n in only["nexuses"] + only["sessions"]} != {sid} \
                or only["luns"]:
            raise Failed(f"--sid shows {only}")


@case("a command that is aborted is counted so, when its disk returns it")
def _():
    with Conn().login(TARGET, PEER) as c:
        c.ready(HUNG)
        before = of_lun(HUNG)
        with Bed.disk.hang():
            w = c.scsi(read10(0, 1), READ, 512, unit=HUNG)
            c.ping()
            c.tmf(ABORT_TASK, ref=w.itt, unit=HUNG)
            c.expect(TMF_RSP)
        # a function that was given up lets the command go on
        wait_for("it is back", lambda: difference(of_lun(HUNG), before) in (
            {"reads": 1, "aborted": 1}, {"reads": 1, "read_bytes": 512}))


@case("latency is counted only while it is switched on")
def _():
    with Conn().login(TARGET, PEER) as c:
        c.ready(BUSY_ONE)
        c.read(0, 8, BUSY_ONE)
        c.ping()
        if "latency_us" in of_lun(BUSY_ONE):
            raise Failed("there is a histogram that nobody has asked for")
        switch("Yes")
        known_commands(c)
        on = of_lun(BUSY_ONE)["latency_us"]
        switch("No")
        known_commands(c)
        off = of_lun(BUSY_ONE)["latency_us"]
        # one of the reads is refused and does not get to the device server
        sums = {name: sum(on[name]) for name in on if "_" in name
                and name != "less_than"}
        if sums != {"read_total": 2, "read_device": 2, "write_total": 2,
                    "write_device": 2} or on["on"] != 1:
            raise Failed(f"{sums} of {on}")
        if off != {**on, "on": 0}:
            raise Failed(f"switched off: {off}, before: {on}")
        if len(on["read_total"]) != len(on["less_than"]) + 1:
            raise Failed(f"the bounds do not fit: {on}")


def switch(to):
    ietadm("--op", "update", "--tid=1", f"--lun={BUSY_ONE}",
           f"--params=Latency={to}")


@case("a disk that takes long is seen in the device's part")
def _():
    ietadm("--op", "update", "--tid=1", f"--lun={HUNG}",
           "--params=Latency=Yes")
    with Conn().login(TARGET, PEER) as c:
        c.ready(HUNG)
        with Bed.disk.hang():
            w = c.scsi(read10(64, 1), READ, 512, unit=HUNG)
            c.expect_nothing(0.3)
        c.expect(DATA_IN, itt=w.itt)
        c.ping()
        latency = of_lun(HUNG)["latency_us"]
        # 0.3 s and more
        for name in "read_total", "read_device":
            if sum(latency[name][18:]) != 1:
                raise Failed(f"{name}: {latency[name]}")


@case("the table for people has the same numbers")
def _():
    with Conn().login(TARGET, PEER) as c:
        c.ready(BUSY_ONE)
        c.read(0, 8, BUSY_ONE)
        c.ping()
        words = ietadm("--op", "show", "--stats", "--tid=1")
        want = of_lun(BUSY_ONE)
        row = next(line.split() for line in words.splitlines()
                   if line.split()[:2] == [str(BUSY_ONE), "all"])
        if row[2:] != [str(want[name]) for name in COUNTERS] + ["all"]:
            raise Failed(f"{row} instead of {want}")
        if f"{PEER}\n" not in words or "read_device" not in words:
            raise Failed(words)


@case("Prometheus gets the same numbers")
def _():
    with Conn().login(TARGET, PEER) as c:
        c.ready(BUSY_ONE)
        known_commands(c)
        samples = dict(
            line.rsplit(" ", 1) for line in
            ietadm("--op", "show", "--stats", "--prometheus").splitlines()
            if not line.startswith("#"))
        sid = session_of(PEER)["sid"]
        for group, have, labels in (
                ("lun", of_lun(BUSY_ONE), f'lun="{BUSY_ONE}"'),
                ("session", session_of(PEER),
                 f'initiator="{PEER}",sid="{sid}"')):
            for name in COUNTERS:
                key = (f'iet_{group}_{name}_total'
                       f'{{target="{TARGET}",{labels}}}')
                if samples.get(key) != str(have[name]):
                    raise Failed(f"{key} is {samples.get(key)}, "
                                 f"{have[name]} in JSON")
        if samples[f'iet_target_sessions{{target="{TARGET}",tid="1"}}'] != "1":
            raise Failed(f"{samples}")


@case("what scripts read has not changed")
def _():
    plain = ietadm("--op", "show", "--tid=1", f"--lun={QUIET}")
    if "reads" in plain or "Latency" in plain:
        raise Failed(plain)


@case("netlink: nobody gets counters who has not asked, or asks for nonsense")
def _():
    nl = Netlink()
    lun_set = nl.do("LUN_GET", L_TID=1, L_LUN=BUSY_ONE)
    if "L_STATS" in lun_set:
        raise Failed("unasked")
    if nl.do("LUN_GET", L_TID=1, L_LUN=BUSY_ONE, L_WITH_STATS=True)[
            "L_STATS"]["ST_READS"] != of_lun(BUSY_ONE)["reads"]:
        raise Failed("another number than in the dump")
    for wrong in 2, 0xffffffff:
        try:
            nl.do("LUN_SET", L_TID=1, L_LUN=BUSY_ONE, L_TIMED=wrong)
        except NetlinkRefused as error:
            if "Latency must be" not in error.text:
                raise Failed(error.text) from None
        else:
            raise Failed(f"L_TIMED={wrong} was taken")
    if nl.dump("NEXUS_GET", N_TID=1, N_LUN=999):
        raise Failed("there is a nexus of LUN 999")


# --- trace events --------------------------------------------------------------

class Trace:
    """Events while it is in use; afterwards they are in `lines`."""

    def __init__(self, *names):
        self.events = [TRACING / "events/iet" / name for name in names]
        self.lines = []

    def __enter__(self):
        if not (TRACING / "events").exists():
            raise Skipped("this kernel has no trace events")
        (TRACING / "trace").write_text("", encoding="ascii")
        for event in self.events:
            (event / "enable").write_text("1", encoding="ascii")
        return self

    def __exit__(self, *_):
        for event in self.events:
            (event / "enable").write_text("0", encoding="ascii")
        text = (TRACING / "trace").read_text(encoding="ascii")
        self.lines = [line.split(": ", 1)[1] for line in text.splitlines()
                      if ": iet_" in line]

    def one(self, *words):
        """The fields of the only event that has all of `words`."""
        found = [line for line in self.lines
                 if all(word in line.split() or line.startswith(word)
                        for word in words)]
        if len(found) != 1:
            raise Failed(f"{len(found)} events with {words} in "
                         f"{self.lines}")
        return dict(word.split("=", 1) for word in found[0].split()
                    if "=" in word)




@case("trace: a read that works, and one that does not")
def _():
    with Conn().login(TARGET, PEER) as c:
        c.ready(BUSY_ONE)
        with Trace("iet_scsi_cmd", "iet_scsi_done") as trace:
            c.read(16, 8, BUSY_ONE)
            c.command(read10(1 << 30, 1), flags=READ, edtl=512, unit=BUSY_ONE)
            c.ping()
        trace.one("iet_scsi_cmd", "op=READ_10(0x28)", "lba=16", "blocks=8",
                  f"lun={BUSY_ONE}", "tid=1", "edtl=4096")
        good = trace.one("iet_scsi_done", "status=GOOD")
        total, wait, device = (int(good[name]) for name in
                               ("total_ns", "wait_ns", "device_ns"))
        if not 0 < wait + device <= total < 20e9:
            raise Failed(f"{good}")
        bad = trace.one("iet_scsi_done", "status=CHECK_CONDITION")
        if bad["sense"] != "5/21/00":
            raise Failed(f"{bad}")
        if good["sid"] != session_of(PEER)["sid"]:
            raise Failed(f"{good}")


@case("trace: R2T, Reject, task management and the end of a connection")
def _():
    with Conn().login(TARGET, PEER, InitialR2T="Yes",
                      ImmediateData="No") as c:
        c.ready(QUIET)
        with Trace("iet_r2t", "iet_reject", "iet_tmf_begin", "iet_tmf_end",
                   "iet_conn_state") as trace:
            c.write(0, bytes(512), QUIET)
            c.snack(0, itt=0x123)
            c.expect(REJECT)
            c.tmf(ABORT_TASK, ref=0x4711, unit=QUIET)
            c.expect(TMF_RSP)
            c.logout()
            wait_for("the session is gone",
                     lambda: not stats("--tid=1")["sessions"])
    trace.one("iet_r2t", "r2tsn=0", "offset=0", "len=512")
    trace.one("iet_reject", "pdu=SNACK(0x10)", "itt=0x00000123")
    trace.one("iet_tmf_begin", "function=ABORT_TASK", "rtt=0x00004711")
    trace.one("iet_tmf_end", "function=ABORT_TASK", "response=1")
    trace.one("iet_conn_state", "state=shut", "reason=logout")


def begin():
    subprocess.run(["mount", "-t", "tracefs", "none", TRACING], check=False,
                   capture_output=True)
    Bed.begin(CONF)


def end():
    Bed.end()
    subprocess.run(["umount", TRACING], check=False, capture_output=True)


def around(function, options):
    """Each case begins when the sessions of the one before it have ended."""
    function(**options)
    Bed.check()


main(begin, end, around)
