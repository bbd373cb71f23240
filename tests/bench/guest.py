#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 36000
"""
The part of the benchmark that runs in the VM:

    guest.py FOLDER

FOLDER/job.json says which rows and targets and how often; the modules are
there as well. What was measured goes to FOLDER/results, a line of JSON for each
measurement, and for the eye to standard output, as KTAP. Started by run.
"""

import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

BENCH = Path(__file__).resolve().parent
sys.path.insert(0, str(BENCH))
sys.path.insert(0, str(BENCH.parent / "lib"))

import peers  # noqa: E402
import rows  # noqa: E402
from ktap import note  # noqa: E402
from openiscsi import OpenIscsi  # noqa: E402

# share of the time that the guest neither used nor was idle: somebody else on
# the host had its CPU. Only User-Mode Linux can tell
DISTURBED = 0.05
TRIES = 4


class Kload:
    """The load, from kload.ko."""

    @staticmethod
    def run(disks, load, secs):
        job = " ".join([*(f"dev={d}" for d in disks), f"secs={secs}",
                        *(f"{k}={v}" for k, v in load.items())])
        fd = os.open("/proc/kload", os.O_RDWR)
        try:
            os.write(fd, job.encode())
            text = os.read(fd, 4096).decode()
        finally:
            os.close(fd)
        result = {k: int(v) for k, v in
                  (item.split("=") for item in text.split())}
        if result["errors"] or result["wrong"]:
            raise RuntimeError(f"I/O errors: {text}")
        return result


def insmod(path):
    """With the modules that it needs."""
    needs = peers.sh("modinfo", "-F", "depends", path).strip()
    peers.modprobe(*filter(None, needs.split(",")))
    peers.sh("insmod", path)


class Bench:
    def __init__(self, folder):
        self.folder = folder
        self.job = job = json.loads((folder / "job.json").read_text())
        self.rows = [row for row in rows.ROWS if row.name in job["rows"]]
        self.uml = "User Mode Linux" in Path("/proc/cpuinfo").read_text()
        # pylint: disable-next=consider-using-with
        self.out = open(folder / "results", "a", encoding="ascii")
        self.initiator = OpenIscsi()
        self.peers = {}

    def run(self):
        print(f"KTAP version 1\n1..{len(self.rows)}", flush=True)
        floors = {"floor", "memory"} & set(self.job["targets"])
        for name in ("kload", *(("iscsi_floor",) if floors else ())):
            insmod(self.folder / f"{name}.ko")
        try:
            peers.Ours.settings |= self.job.get("set", {})
            peers.NullBlk.keeps_data = bool(self.job.get("verify"))
            self.peers = {name: peers.PEERS[name]()
                          for name in self.job["targets"]}
            for peer in self.peers.values():
                peer.up()
            self.run_rows()
            self.mark("end", "")
        finally:
            self.initiator.down()
            for peer in self.peers.values():
                peer.down()
            subprocess.run(["rmmod", "kload", *(("iscsi_floor",) if floors
                                                else ())], check=False)

    def run_rows(self):
        number = 0
        for login in dict.fromkeys(row.login for row in self.rows):
            todo = [row for row in self.rows if row.login == login]
            disks = self.log_in(login, todo)
            for row in todo:
                number += 1
                self.mark("begin", self.module_symbols())
                good = self.measure(row, disks)
                print(f"{'' if good else 'not '}ok {number} - {row.name}",
                      flush=True)
            self.initiator.log_out()

    def mark(self, name, text):
        """Tells a profiler on the host when to begin and to end."""
        if "marks" in self.job:
            part = self.folder / f"{name}.part"
            part.write_text(text, encoding="ascii")
            part.rename(self.folder / name)

    @staticmethod
    def module_symbols():
        return "".join(line + "\n" for line in Path("/proc/kallsyms").read_text(
            encoding="ascii").splitlines() if line.endswith("]"))

    def log_in(self, login, todo):
        """Disks by target and medium."""
        for peer in self.peers.values():
            if any(row.takes_part(peer.name) for row in todo):
                self.initiator.log_in(peer, login)
        return {name: {medium: self.initiator.disks(peer, login, medium)
                       for medium in {m for row in todo
                                      if row.takes_part(name) for m in
                                      (row.medium, row.beside and
                                       row.beside_medium) if m}}
                for name, peer in self.peers.items()
                if any(row.takes_part(name) for row in todo)}

    def measure(self, row, disks):
        names = [name for name in self.peers if row.takes_part(name)]
        samples = {name: [] for name in names}
        for _ in range(self.job["rounds"]):
            for name in names:
                result = self.sample(row, name, disks[name])
                samples[name].append(result)
                self.out.write(json.dumps({"row": row.name, "target": name,
                                           **result}) + "\n")
        self.out.flush()
        note(f"{row.name}: " + ", ".join(
            f"{name} {self.summary(row, samples[name])}" for name in names))
        quiet = self.job["noisy"] or all(s["disturbed"] <= DISTURBED
                    for all_of in samples.values() for s in all_of)
        if not quiet:
            note("disturbed in spite of all tries: does not count")
        return quiet

    @contextlib.contextmanager
    def somebody_beside(self, row, peer, disks):
        """Another initiator works, too: see beside.py."""
        if not row.beside:
            yield
            return
        # its time begins before and ends after
        seconds = self.job["secs"] + 2
        command = [BENCH / "beside.py", row.beside, peer.port, peer.iqn,
                   peer.lun(row.beside_medium), disks[row.beside_medium][-1],
                   seconds]
        with subprocess.Popen([str(c) for c in command], text=True,
                              stdout=subprocess.PIPE) as other:
            if other.stdout.readline() != "ready\n":
                raise RuntimeError(f"{row.name}: there is nobody beside")
            yield
            had = other.stdout.read().strip()
            note(had and f"beside {peer.name}: {had}")
        if other.returncode:
            raise RuntimeError(f"{row.name}: beside.py has failed")

    def sample(self, row, name, disks):
        """One measurement; again if somebody else wanted the CPU."""
        best = None
        mine = disks[row.medium][:1 if row.beside else None]
        for _ in range(1 if self.job["noisy"] else TRIES):
            with self.somebody_beside(row, self.peers[name], disks):
                result = Kload.run(mine, self.load(row), self.job["secs"])
            self.rate(row, result)
            if best is None or result["disturbed"] < best["disturbed"]:
                best = result
            if best["disturbed"] <= DISTURBED:
                break
            time.sleep(0.5)
        return best

    def load(self, row):
        if not self.job.get("verify"):
            return row.load
        return {**row.load, "verify": 1, "write": 50}

    def rate(self, row, result):
        """
        IOPS: of the time that the guest had its CPU, in User-Mode Linux, so
        that what little others took of it does not count. A program of the
        guest is a process of the host's like any other.
        """
        ns = result["wall_ns"]
        result["disturbed"] = 0.0
        if self.uml and not row.raw:
            ns = min(ns, result["cpu_ns"] + result["idle_ns"])
            result["disturbed"] = 1 - ns / result["wall_ns"]
        result["iops"] = result["ios"] * 1e9 / ns

    @staticmethod
    def summary(row, samples):
        iops = statistics.median(s["iops"] for s in samples)
        cost = statistics.median(s["cpu_ns"] / s["ios"] for s in samples)
        if row.unit == "MB/s":
            return f"{iops * row.load['bs'] / 1e6:.0f} MB/s {cost / 1000:.0f} us"
        return f"{iops:.0f} IOPS {cost:.0f} ns"


def main():
    Bench(Path(sys.argv[1])).run()


main()
