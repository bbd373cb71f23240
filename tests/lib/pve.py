#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Plays the provider "iet" of Proxmox VE's ZFS over iSCSI: reads ietd.conf and
/proc/net/iet/volume as strictly as that does, runs the same commands and
writes ietd.conf anew; without ssh, since both are on this machine.

    pve.py TARGET list_lu|list_view|create_lu|delete_lu|add_view PATH
    pve.py TARGET modify_lu SIZE PATH
"""

import re
import subprocess
import sys
from pathlib import Path

CONF = Path("/etc/iet/ietd.conf")
TARGET = re.compile(r"^\s*Target\s*([\w\-:.]+)\s*$", re.ASCII)
WORD = re.compile(r"^\s*(\w+)\s+(\w+)\s*$", re.ASCII)
LUN = re.compile(r"^\s*(\w+)\s+(\d+)\s+([\w\-/=,]+)\s*$", re.ASCII)
TID = re.compile(r"^\s*tid:(\d+)\s+name:([\w\-:.]+)\s*$", re.ASCII)


class Provider:
    """The target's stanza, apart from what else the file has."""

    def __init__(self, target):
        self.target = target
        self.rest = []
        self.words = {}
        self.luns = {}
        inside = False
        for line in CONF.read_text().splitlines():
            found = TARGET.match(line)
            if found:
                inside = found[1] == target
            if not inside:
                self.rest.append(line)
            elif not found:
                self.take(line)

    def take(self, line):
        if not line or line.lstrip().startswith("#"):
            return
        found = WORD.match(line)
        if found and found[1] != "Lun":
            self.words[found[1]] = found[2]
            return
        found = LUN.match(line)
        if not found or found[1] != "Lun":
            sys.exit(f"Parse error [{line}]")
        self.luns[int(found[2])] = dict(
            pair.split("=") for pair in found[3].split(","))

    def save(self):
        lines = self.rest + ["", "Target " + self.target]
        lines += [f"\t{word}\t\t\t{value}"
                  for word, value in self.words.items()]
        lines += [f"\tLun {n} Path={lun['Path']},Type={lun['Type']}"
                  for n, lun in self.luns.items()]
        CONF.write_text("\n".join(lines) + "\n")

    def number(self, path):
        return next((n for n, lun in self.luns.items()
                     if lun["Path"] == path), None)

    def tid(self):
        for line in Path("/proc/net/iet/volume").read_text().splitlines():
            found = TID.match(line)
            if found and found[2] == self.target:
                return found[1]
        return sys.exit("no such target")

    def ietadm(self, op, number, *more):
        subprocess.run(["/usr/sbin/ietadm", "--op", op, f"--tid={self.tid()}",
                        f"--lun={number}", *more], check=True)

    def new(self, number):
        lun = self.luns[number]
        self.ietadm("new", number, "--params",
                    f"Path={lun['Path']},Type={lun['Type']}")

    def list_lu(self, path):
        if self.number(path) is not None:
            print(path)

    def list_view(self, path):
        print(self.number(path))

    def add_view(self, path):
        pass

    def create_lu(self, path):
        if self.number(path) is not None:
            sys.exit(f"{path}: LUN exists")
        number = next(n for n in range(16384) if n not in self.luns)
        self.luns[number] = {"Path": path, "Type": "blockio"}
        self.save()
        try:
            self.new(number)
        except subprocess.CalledProcessError as error:
            del self.luns[number]
            self.save()
            sys.exit(error)

    def modify_lu(self, _size, path):
        number = self.number(path)
        self.ietadm("delete", number)
        self.new(number)

    def delete_lu(self, path):
        number = self.number(path)
        self.ietadm("delete", number)
        del self.luns[number]
        self.save()


getattr(Provider(sys.argv[1]), sys.argv[2])(*sys.argv[3:])
