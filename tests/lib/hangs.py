# SPDX-License-Identifier: GPL-2.0-only
"""
Commands that the medium holds, each by a rule of its own (fault injection),
until they are let go: which of them run is known, and nothing is a matter of
time.
"""

from iet_netlink import ID, Netlink

# of each target: commands that may hang, at blocks of their own
SLOTS, BLOCKS = 20, 8


class Slot:
    """Blocks of a target's units, at which the medium hangs."""

    def __init__(self, tid, number):
        self.tid, self.number = tid, number
        self.lba = number * BLOCKS
        self.rule = None
        self.task = None


class Hangs:
    """Those of some targets."""

    def __init__(self, tids):
        self.nl = Netlink()
        self.slots = {tid: [Slot(tid, n) for n in range(SLOTS)]
                      for tid in tids}

    def free(self, tid):
        return [s for s in self.slots[tid] if s.task is None]

    def hang(self, slot, task):
        reply = self.nl.do("FAULT_NEW", F_TID=slot.tid,
                           F_KIND=ID["FAULT_HANG"], F_LBA=slot.lba,
                           F_LBA_LAST=slot.lba + BLOCKS - 1)
        slot.rule, slot.task = reply["F_ID"], task

    def let_go(self, slot):
        self.nl.do("FAULT_DEL", F_TID=slot.tid, F_ID=slot.rule)
        slot.rule = slot.task = None

    def held(self):
        """(TID, rule) of each command that hangs now."""
        return {(tid, rule["F_ID"]) for tid in self.slots
                for rule in self.nl.dump("FAULT_GET", F_TID=tid)
                if rule["F_HELD"]}

    def close(self):
        for tid in self.slots:
            self.nl.do("FAULT_DEL", F_TID=tid)
        self.nl.sock.close()
