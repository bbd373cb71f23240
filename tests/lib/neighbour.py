# SPDX-License-Identifier: GPL-2.0-only
"""
A well-behaved initiator that works all the time, on a logical unit of its
own, while others misbehave. check() says whether the target still serves it.
"""

import os
import threading
import time

from ktap import Failed
from pdu import GOOD, Conn

BLOCKS = 8


class Neighbour(threading.Thread):
    """Writes, reads back and compares, a few times a second."""

    NAME = "iqn.2001-04.com.example:neighbour"

    def __init__(self, target, unit, pause=0.05):
        super().__init__(daemon=True)
        self.conn = Conn().login(target, self.NAME)
        self.conn.ready(unit)
        self.unit, self.pause = unit, pause
        self.rounds, self.slowest, self.error = 0, 0, None
        self.stop = False
        self.start()

    def run(self):
        try:
            while not self.stop:
                start = time.monotonic()
                self.one_round()
                self.slowest = max(self.slowest, time.monotonic() - start)
                self.rounds += 1
                time.sleep(self.pause)
            self.conn.logout()
        except (Failed, OSError, EOFError) as error:
            self.error = error

    def one_round(self):
        lba, data = self.rounds * BLOCKS % 1024, os.urandom(BLOCKS * 512)
        rsp = self.conn.write(lba, data, self.unit)
        if rsp.status != GOOD:
            raise Failed(f"WRITE: status {rsp.status} {rsp.sense}")
        if self.conn.read(lba, BLOCKS, self.unit) != data:
            raise Failed(f"what was written at {lba} is not what is read")

    def check(self, seconds=60):
        """Two more rounds: the second began after this was called."""
        wanted, end = self.rounds + 2, time.monotonic() + seconds
        while self.rounds < wanted:
            if self.error:
                raise Failed(f"the neighbour: {self.error}")
            if time.monotonic() > end:
                raise Failed(f"the neighbour waits for {seconds} s")
            time.sleep(0.02)

    def end(self):
        self.stop = True
        self.join(60)
        if self.error:
            raise Failed(f"the neighbour: {self.error}")
