#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
An initiator that is greedy, or slow, or sends odd things, while another one is
measured:

    beside.py KIND PORT IQN LUN DISK SECONDS

It says "ready" when it has begun, and in the end maybe what it has had. Started
by guest.py; KINDS has them all.
"""

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))


class Beside:
    def __init__(self, port, iqn, lun, disk, seconds):
        self.port, self.iqn, self.lun = int(port), iqn, int(lun)
        self.disk, self.seconds = disk, int(seconds)

    def kload(self, job):
        fd = os.open("/proc/kload", os.O_RDWR)
        print("ready", flush=True)
        os.write(fd, f"dev={self.disk} secs={self.seconds} {job}".encode())
        print(os.read(fd, 4096).decode().strip(), flush=True)

    def conn(self, **options):
        # none of it is needed for the others
        # pylint: disable=import-outside-toplevel
        import pdu
        from peers import ALL_KEYS
        keys = ALL_KEYS | options.pop("keys", {})
        conn = pdu.Conn(port=self.port, **options)
        conn.login(self.iqn, "iqn.1993-08.org.debian:01:beside", **keys)
        return pdu, conn.ready(self.lun)

    def for_its_time(self, step):
        print("ready", flush=True)
        end = time.monotonic() + self.seconds
        while time.monotonic() < end:
            step()

    # --- kinds

    def nobody(self):
        print("ready", flush=True)

    def greedy(self):
        """As much as it can get, in large pieces."""
        self.kload("bs=262144 qd=64 write=30")

    def busy(self):
        """As much as it can get, in small pieces."""
        self.kload("bs=4096 qd=128 write=30")

    def unaligned(self):
        """Tiny I/Os at any sector."""
        self.kload("bs=512 qd=32 write=50 unaligned=1")

    def segments(self):
        """64 KiB in segments of 512 bytes, one command at a time."""
        _, conn = self.conn(keys={"MaxRecvDataSegmentLength": 512})
        self.for_its_time(lambda: conn.read(0, 128, self.lun))

    def bytewise(self):
        """Each byte in a TCP segment of its own."""
        _, conn = self.conn(chunk=1)
        self.for_its_time(lambda: conn.write(0, bytes(512), self.lun))

    def deaf(self):
        """Asks for data and reads none of it: the window is zero."""
        conns = []
        for _ in range(4):
            pdu, conn = self.conn()
            conns.append(conn)
            for n in range(16):
                conn.scsi(pdu.read10(n, 2048), pdu.READ, 1 << 20,
                          unit=self.lun)
        self.for_its_time(lambda: time.sleep(0.1))


KINDS = ("nobody", "greedy", "busy", "unaligned", "segments", "bytewise", "deaf")


def main():
    kind = sys.argv[1]
    if kind not in KINDS:
        raise SystemExit(f"beside.py: no kind {kind}")
    getattr(Beside(*sys.argv[2:]), kind)()


if __name__ == "__main__":
    main()
