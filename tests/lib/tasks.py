# SPDX-License-Identifier: GPL-2.0-only
"""
Several SCSI commands at once on one connection, the data of each split in any
way that was negotiated: immediate, unsolicited, by R2T.

    s = Tasks(rng, TARGET, MaxBurstLength=4096)
    t = s.run(Task(read10(0, 8), edtl=4096))
    t.status, t.sense, t.residual, t.data
"""

import struct

from ktap import Failed
from pdu import (DATA_IN, DATA_OUT, FINAL, R2T, READ, SCSI_RSP, WRITE, Conn,
                 lun)

ASYNC = 0x32
OVERFLOW, UNDERFLOW = 4, 2
TEXT_KEYS = {"MaxRecvDataSegmentLength": 8192, "FirstBurstLength": 65536,
             "MaxBurstLength": 262144, "InitialR2T": "Yes",
             "ImmediateData": "Yes", "MaxOutstandingR2T": 1,
             "HeaderDigest": "None", "DataDigest": "None",
             "ErrorRecoveryLevel": 0}


class Task:
    """A command, and what came of it; `residual`: > 0 is an overflow."""

    def __init__(self, cdb, unit=0, out=b"", edtl=None, flags=None):
        self.cdb, self.unit, self.out = cdb, unit, bytes(out)
        self.edtl = len(self.out) if edtl is None else edtl
        self.flags = flags
        if flags is None:
            self.flags = WRITE if out else READ if self.edtl else 0
        self.data = bytearray()
        self.status = self.sense = self.itt = self.info = None
        self.residual = self.datasn = self.r2tsn = self.burst = 0

    def ended(self, status, flags, count):
        self.status = status
        self.residual = (count if flags & OVERFLOW else
                         -count if flags & UNDERFLOW else 0)
        if not self.residual and count or flags & 6 == 6:
            raise Failed(f"flags {flags:#x} and residual count {count}")


class Tasks(Conn):
    """A session with one connection."""

    def __init__(self, rng, target, initiator, **keys):
        super().__init__()
        self.rng, self.mine = rng, {**TEXT_KEYS, **keys}
        self.tasks = {}
        self.login(target, initiator, **self.mine)

    def size(self, key):
        """Theirs, if they have said it."""
        value = self.keys.get(key, TEXT_KEYS[key])
        return 0 if value == "Irrelevant" else int(value)

    def yes(self, key):
        return self.keys[key] == "Yes"

    def receive(self, patience=None):
        while (pdu := super().receive(patience)).opcode == ASYNC:
            pass
        return pdu

    # --- Data-Out

    def pieces(self, task, begin, end, ttt, datasn=0):
        """A sequence of Data-Out PDUs."""
        most = self.size("MaxRecvDataSegmentLength")
        while True:
            step = self.rng.choice((most, most, self.rng.randint(1, most)))
            stop = min(begin + step, end)
            self.request(DATA_OUT, itt=task.itt, ttt=ttt, lun=lun(task.unit),
                         flags=FINAL if stop == end else 0, offset=begin,
                         datasn=datasn, data=task.out[begin:stop])
            begin, datasn = stop, datasn + 1
            if begin == end:
                return

    def start(self, task):
        first = most = 0
        if task.flags & WRITE:
            task.out = task.out[:task.edtl].ljust(task.edtl, b"\x5a")
            first = min(self.size("FirstBurstLength"), task.edtl)
            most = min(first, self.size("MaxRecvDataSegmentLength"))
        now = 0
        if self.yes("ImmediateData"):
            now = self.rng.choice((0, most, self.rng.randint(0, most)))
        later = (not self.yes("InitialR2T") and first > now
                 and self.rng.random() < 0.7)
        fields = {}
        if len(task.cdb) > 16:
            fields["ahs"] = struct.pack(">HBx", len(task.cdb) - 15,
                                        1) + task.cdb[16:]
        task.itt = self.scsi(task.cdb[:16], task.flags, task.edtl, task.unit,
                             data=task.out[:now], final=not later,
                             **fields).itt
        self.tasks[task.itt] = task
        if later:
            self.pieces(task, now, first, 0xffffffff)
        return task

    # --- what comes

    def data_in(self, task, pdu):
        if pdu.offset != len(task.data) or pdu.datasn != task.datasn:
            raise Failed(f"Data-In out of order: {pdu}")
        if pdu.dlength > int(self.mine["MaxRecvDataSegmentLength"]):
            raise Failed(f"Data-In is too long: {pdu}")
        task.datasn += 1
        task.data += pdu.data
        task.burst += len(pdu.data)
        if task.burst > self.size("MaxBurstLength"):
            raise Failed(f"sequence of Data-In is too long: {pdu}")
        if pdu.flags & FINAL:
            task.burst = 0
        if pdu.flags & 1:
            task.ended(pdu.status, pdu.flags, pdu.residual)

    def ready_to_transfer(self, task, pdu):
        if pdu.r2tsn != task.r2tsn:
            raise Failed(f"R2TSN is not {task.r2tsn}: {pdu}")
        if not 0 < pdu.length <= self.size("MaxBurstLength"):
            raise Failed(f"R2T of a wrong length: {pdu}")
        if pdu.offset + pdu.length > task.edtl:
            raise Failed(f"R2T beyond {task.edtl}: {pdu}")
        task.r2tsn += 1
        self.pieces(task, pdu.offset, pdu.offset + pdu.length, pdu.ttt)

    def response(self, task, pdu):
        if pdu.response:
            raise Failed(f"response of the target: {pdu}")
        task.sense = pdu.sense
        sense = pdu.data[2:]
        if sense and sense[0] == 0xf0:
            task.info = int.from_bytes(sense[3:7], "big")
        task.ended(pdu.status, pdu.flags, pdu.residual)

    def step(self):
        """Takes one PDU; the task that it ends, or None."""
        pdu = self.receive()
        task = self.tasks.get(pdu.itt)
        take = {DATA_IN: self.data_in, R2T: self.ready_to_transfer,
                SCSI_RSP: self.response}.get(pdu.opcode)
        if not task or not take:
            raise Failed(f"out of place: {pdu}")
        take(task, pdu)
        if task.status is None:
            return None
        return self.tasks.pop(pdu.itt)

    def finish_all(self):
        while self.tasks:
            self.step()

    def run(self, task):
        self.start(task)
        self.finish_all()
        return task
