# SPDX-License-Identifier: GPL-2.0-only
"""
What an initiator may expect of a target, PDU by PDU (RFC 7143): a model of a
session's numbers, of its tasks, and of the media. tests/long/wire_model.py has
it at work.

A Link is a connection, which checks the numbers of all that comes. A Job is a
request that waits for its answer, and checks what comes for it. What a Job
does by chance is up to a generator of its own, so that it does the same
however fast the target is.
"""

import collections
import copy
import random
import struct
import time

from ktap import Failed
from pdu import (ASYNC, BUSY, CHECK_CONDITION, DATA_DIGEST, DATA_IN, DATA_OUT,
                 FINAL, GOOD, IMMEDIATE, LOGOUT, LOGOUT_RSP, NOP_IN, NOP_OUT,
                 R2T, READ, REJECT, RESERVED, SCSI, SCSI_RSP, TEXT, TEXT_RSP,
                 TMF, TMF_RSP, WRITE, Conn, Pdu, lun, text)

OVERFLOW, UNDERFLOW, STATUS = 4, 2, 1
BIDI_UNDERFLOW = 8
SHOWN = 300  # PDUs, when something is wrong
LATE = 2.0  # seconds after which a target may ask for data once more
DAMAGED = 0xb, 0x4705
OUT_OF_RANGE, NO_UNIT, NOT_BOTH = (5, 0x2100), (5, 0x2500), (5, 0x0e03)
ATTENTION = 6
DEFAULTS = {"MaxRecvDataSegmentLength": 8192, "FirstBurstLength": 65536,
            "MaxBurstLength": 262144, "InitialR2T": "Yes",
            "ImmediateData": "Yes", "MaxOutstandingR2T": 1,
            "MaxConnections": 1, "ErrorRecoveryLevel": 0,
            "iSCSIProtocolLevel": 1}


def before(one, other):
    """Serial numbers, as RFC 1982 has them."""
    return one != other and other - one & RESERVED < 1 << 31


class Medium:
    """The bytes of a logical unit, and who is at work on which of them."""

    def __init__(self, number, size, block):
        self.number, self.block = number, block
        self.data = bytearray(size)
        self.unknown = bytearray(size)  # 1: nobody knows what is there
        self.leases = []

    @property
    def blocks(self):
        return len(self.data) // self.block

    def lease(self, begin, end, writes):
        """May somebody work there now? Reads may meet."""
        if any(b < end and begin < e and (writes or w)
               for b, e, w in self.leases):
            return None
        self.leases.append((begin, end, writes))
        return self.leases[-1]

    def put(self, at, data):
        self.data[at:at + len(data)] = data
        self.unknown[at:at + len(data)] = bytes(len(data))

    def forget(self, at, length):
        self.unknown[at:at + length] = b"\1" * length

    def compare(self, at, data):
        there = self.data[at:at + len(data)]
        if there == data:
            return
        for n, (a, b) in enumerate(zip(there, data)):
            if a != b and not self.unknown[at + n]:
                raise Failed(f"LUN {self.number}: other data at {at + n}, "
                             f"{n} bytes into the read")


class Stream:
    """A sequence of Data-Out PDUs."""

    def __init__(self, job, ttt, begin, end, r2t=None):
        self.job, self.ttt, self.begin, self.end = job, ttt, begin, end
        self.pos, self.datasn, self.r2t = begin, 0, r2t
        self.hurt = None  # from where on the target has to ask again
        self.held = False  # until an R2T has come again
        self.over = False

    def step(self):
        """One PDU; is it the last?"""
        job, rng, link = self.job, self.job.rng, self.job.link
        most = link.size("MaxRecvDataSegmentLength")
        left = self.end - self.pos
        step = min(left, rng.choice((most, most, rng.randint(1, most))))
        if left and rng.random() < 0.03:
            step = 0
        stop = self.pos + step
        final = stop == self.end
        how = {}
        lost = False
        if step and self.hurt is None and link.wire.hurts:
            if link.ddigest and rng.random() < 0.06:
                how = {"bad_ddigest": True}
            elif link.erl and not final and rng.random() < 0.04:
                lost = True
        pdu = link.make(DATA_OUT, itt=job.itt, ttt=self.ttt,
                        lun=lun(job.unit), flags=FINAL if final else 0,
                        offset=self.pos, datasn=self.datasn,
                        data=job.out[self.pos:stop])
        if how or lost:
            self.hurt = self.pos
        if how:
            link.rejects.append((DATA_DIGEST, bytes(pdu.bhs), job))
            if not link.erl:
                job.spoilt = True
        if not lost:
            link.send(pdu, **how)
        else:
            link.note("lost", pdu)
        self.datasn += 1
        self.pos = stop
        if final:
            self.over = True
            job.stream_ended(self)


class Job:
    """A request, from its making to the end of its answer."""

    answer = None

    def __init__(self, link, seed, immediate=False):
        self.link, self.immediate = link, immediate
        self.rng = random.Random(seed)
        self.itt = link.wire.new_tag(self.rng)
        self.cmdsn = None
        self.unit = 0
        self.sent = self.over = self.died = False
        self.doomed = None  # what may end it without an answer
        self.when = time.monotonic()

    def __str__(self):
        return f"{type(self).__name__} ITT {self.itt:#x} CmdSN {self.cmdsn}"

    def pdu(self):
        raise NotImplementedError

    def op(self, op):
        return op | (IMMEDIATE if self.immediate else 0)

    def send(self):
        pdu = self.pdu()
        self.sent = True
        self.when = time.monotonic()
        self.link.send(pdu)
        self.after()

    def after(self):
        """What follows the request."""

    def take(self, pdu):
        """A PDU for it."""
        raise Failed(f"{self} gets {pdu}")

    def end(self):
        self.over = True
        self.link.wire.ended(self)

    def die(self):
        """It ends without an answer; what comes late of it is not looked at."""
        self.died = True
        self.end()

    def streams(self):
        return ()

    def start_over(self, link):
        """It never arrived, and is to be sent on another connection."""
        self.link, self.sent = link, False

    def make(self, op, **fields):
        """Its CmdSN was chosen long before."""
        cmdsn = self.link.wire.cmdsn if self.immediate else self.cmdsn
        self.cmdsn = cmdsn
        return self.link.make(self.op(op), itt=self.itt, cmdsn=cmdsn,
                              **fields)


class Ping(Job):
    """NOP-Out, with data or without."""

    def __init__(self, link, seed, immediate=False, length=None):
        super().__init__(link, seed, immediate)
        most = min(link.size("MaxRecvDataSegmentLength"), 8192)
        if length is None:
            length = self.rng.choice((0, 1, 5, most,
                                      self.rng.randint(0, most)))
        self.data = self.rng.randbytes(length)
        self.then = lambda: None

    def pdu(self):
        return self.make(NOP_OUT, data=self.data)

    def take(self, pdu):
        if pdu.opcode != NOP_IN or pdu.ttt != RESERVED or pdu.flags != FINAL:
            raise Failed(f"{self} gets {pdu}")
        if pdu.data != self.data[:self.link.mine]:
            raise Failed(f"a ping of {len(self.data)} bytes came back "
                         f"otherwise: {pdu}")
        self.answer = pdu
        self.end()
        self.then()


class Scsi(Job):
    """
    A SCSI command. `length`: the bytes that its CDB wants to move, `edtl`:
    what the initiator says of that; `fails`: its sense.
    """

    def __init__(self, link, seed, unit, cdb, length=0, edtl=0, flags=0,
                 fails=None, lease=None, at=0, immediate=False, attr=1):
        super().__init__(link, seed, immediate)
        self.unit, self.cdb, self.flags, self.attr = unit, cdb, flags, attr
        self.length, self.edtl, self.fails = length, edtl, fails
        self.lease, self.at = lease, at
        self.data, self.pdus = bytearray(), {}
        self.datasn = self.burst = self.r2tsn = 0
        self.recut = 0  # SNACK tag of an R-Data SNACK
        self.spoilt = self.resumed = self.r2t_again = False
        self.status = None
        self.bidi = 0

    def __str__(self):
        return (f"{super().__str__()} LUN {self.unit} {self.cdb.hex()} "
                f"length {self.length} EDTL {self.edtl} at {self.at}")

    @property
    def total(self):
        """Bytes that move."""
        return 0 if self.fails else min(self.length, self.edtl)

    def medium(self):
        return self.link.wire.media[self.unit]

    def pdu(self):
        ahs = b""
        if len(self.cdb) > 16:
            ahs = struct.pack(">HBx", len(self.cdb) - 15, 1) + self.cdb[16:]
        if self.bidi:
            ahs += struct.pack(">HBxI", 5, 2, self.bidi)
        return self.make(SCSI, cdb=self.cdb[:16], lun=lun(self.unit), ahs=ahs,
                         flags=self.final() | self.flags | self.attr,
                         edtl=self.edtl, data=self.immediate_data())

    def final(self):
        return FINAL

    def immediate_data(self):
        return b""

    def end(self):
        if self.lease:
            self.medium().leases.remove(self.lease)
        self.lease = None
        super().end()

    def moved(self):
        """It goes on by another connection, as far as it has come."""

    # --- its end

    def residual(self, flags, count, moved=(True,)):
        """What the device server wanted to move: nothing, if it refused."""
        for wants in moved:
            length = self.length if self.flags and wants else 0
            if self.flags & READ and self.flags & WRITE:
                length = 0
            wanted = (OVERFLOW if length > self.edtl else
                      UNDERFLOW if length < self.edtl else 0)
            if flags & 6 == wanted and count == abs(length - self.edtl):
                return
        raise Failed(f"flags {flags:#x} and residual count {count} for {self}")

    def done(self, status, sense):
        """The answer is complete."""
        wire = self.link.wire
        self.status = status
        if status == BUSY and time.monotonic() < wire.orphans:
            return self.nothing_done()
        if status == CHECK_CONDITION and sense and sense[0] == ATTENTION:
            wire.attention(self.unit, sense[1])
            return self.nothing_done()
        if self.spoilt and status == CHECK_CONDITION and sense == DAMAGED:
            return self.nothing_done()
        wanted = (CHECK_CONDITION, self.fails) if self.fails else (GOOD, None)
        if (self.spoilt and not self.fails) or (status, sense) != wanted:
            raise Failed(f"{self} ends with status {status} {sense}, not "
                         f"{wanted}{', with bad data' * self.spoilt}")
        return self.all_done()

    def nothing_done(self):
        pass

    def all_done(self):
        pass

    def response(self, pdu):
        if self.streams():
            raise Failed(f"{self}: an answer before all its data: {pdu}")
        self.form_of_response(pdu)
        self.finish(pdu, pdu.status, pdu.sense)

    def form_of_response(self, pdu):
        if pdu.response or pdu.flags & ~(6 | FINAL | BIDI_UNDERFLOW):
            raise Failed(f"{self} gets {pdu}")
        if not pdu.flags & FINAL or pdu.bhs[4]:
            raise Failed(f"{self} gets {pdu}")
        count = self.datasn + self.r2tsn
        if pdu.expdatasn != count and not self.resumed:
            raise Failed(f"ExpDataSN is not {count} in: {pdu}")
        if pdu.status == GOOD:
            moved = (True,)
        elif pdu.sense == DAMAGED:
            moved = (True, False)  # before its turn came, or after
        else:
            moved = (False,)
        self.residual(pdu.flags, pdu.residual, moved)
        bidi = int.from_bytes(pdu.bhs[40:44], "big")
        if bidi != self.bidi or bool(bidi) != bool(pdu.flags
                                                   & BIDI_UNDERFLOW):
            raise Failed(f"bidirectional residual of {pdu}")
        tag = int.from_bytes(pdu.bhs[20:24], "big")
        if tag != self.recut:
            raise Failed(f"SNACK tag {tag:#x} of {pdu}")
        if pdu.status == GOOD and pdu.data:
            raise Failed(f"sense data with GOOD: {pdu}")

    def finish(self, pdu, status, sense):
        if self.r2t_again:
            raise Failed(f"{self} ends before what a SNACK asked for: {pdu}")
        self.answer = pdu
        self.done(status, sense)
        self.end()

    def take(self, pdu):
        if pdu.opcode == SCSI_RSP:
            self.response(pdu)
        else:
            super().take(pdu)


class Read(Scsi):
    """Data-In."""

    def take(self, pdu):
        if pdu.opcode == DATA_IN:
            self.data_in(pdu)
        else:
            super().take(pdu)

    def form(self, pdu):
        """What holds for each Data-In PDU."""
        status = pdu.flags & STATUS
        wrong = pdu.flags & ~(FINAL | OVERFLOW | UNDERFLOW | STATUS)
        if pdu.ttt != RESERVED or any(pdu.bhs[8:16]):
            wrong = True  # LUN and TTT go with the A bit
        if not status and (pdu.statsn or pdu.residual or pdu.flags & 6
                           or pdu.status):
            wrong = True
        if status and not pdu.flags & FINAL:
            wrong = True
        if wrong or not pdu.data or len(pdu.data) > self.link.mine:
            raise Failed(f"{self} gets {pdu}")

    def data_in(self, pdu):
        self.form(pdu)
        if pdu.datasn != self.datasn or pdu.offset != len(self.data):
            raise Failed(f"not DataSN {self.datasn} and offset "
                         f"{len(self.data)}: {pdu}")
        self.datasn += 1
        self.data += pdu.data
        self.burst += len(pdu.data)
        if len(self.data) > self.total:
            raise Failed(f"more than {self.total} bytes: {pdu}")
        if self.burst > self.link.size("MaxBurstLength"):
            raise Failed(f"a sequence longer than MaxBurstLength: {pdu}")
        last = len(self.data) == self.total
        if last and not pdu.flags & FINAL:
            raise Failed(f"the end of the data without F bit: {pdu}")
        if pdu.flags & FINAL:
            self.burst = 0
        if self.link.erl:
            self.pdus[pdu.datasn] = pdu
        if pdu.flags & STATUS:
            self.residual(pdu.flags, pdu.residual)
            self.finish(pdu, pdu.status, None)

    def all_done(self):
        if len(self.data) != self.total:
            raise Failed(f"{self} ends with {len(self.data)} bytes of "
                         f"{self.total}")
        if not self.fails and self.unit in self.link.wire.media:
            self.medium().compare(self.at, self.data)


class Run:
    """Data-In PDUs that a Data SNACK asked for: as they were."""

    def __init__(self, job, beg, end):
        self.job, self.left = job, set(range(beg, end))

    def what(self):
        return f"DataSN {sorted(self.left)} of {self.job}"

    def takes(self, pdu):
        if pdu.opcode != DATA_IN or pdu.datasn not in self.left:
            return False
        replica(self.job.pdus[pdu.datasn], pdu)
        self.left.remove(pdu.datasn)
        if not self.left:
            del self.job.link.again[self.job.itt]
        return True


class Recut:
    """What an R-Data SNACK asks for: all data, and then the status."""

    def __init__(self, job, tag):
        self.old = job
        self.new = copy.copy(job)
        self.new.data, self.new.pdus = bytearray(), {}
        self.new.datasn = self.new.burst = 0
        self.new.recut = tag

    def what(self):
        return f"DataSN {self.new.datasn} and status of {self.old}"

    def takes(self, pdu):
        new, old, link = self.new, self.old, self.old.link
        if pdu.opcode == DATA_IN:
            if pdu.flags & STATUS:
                raise Failed(f"status without the tag: {pdu}")
            new.data_in(pdu)
            return True
        if pdu.statsn != old.answer.statsn or new.data != old.data:
            raise Failed(f"not what an R-Data SNACK asked for: {pdu}")
        new.form_of_response(pdu)
        if pdu.status:
            raise Failed(f"another status: {pdu}")
        old.pdus, old.datasn, old.recut = new.pdus, new.datasn, new.recut
        old.answer = pdu
        if pdu.statsn in link.kept:
            link.kept[pdu.statsn] = pdu
        del link.again[old.itt]
        return True


class Write(Scsi):
    """Immediate and unsolicited data, and what is asked for."""

    def __init__(self, *args, **more):
        super().__init__(*args, **more)
        link, rng = self.link, self.rng
        self.out = rng.randbytes(self.edtl)
        first = min(link.size("FirstBurstLength"), self.edtl)
        most = min(first, link.size("MaxRecvDataSegmentLength"))
        self.now = 0
        if link.yes("ImmediateData"):
            self.now = rng.choice((0, most, rng.randint(0, most)))
        self.unasked = None
        if not link.yes("InitialR2T") and rng.random() < 0.6 and (
                first > self.now or rng.random() < 0.1):
            stop = rng.choice((first, first, rng.randint(self.now, first)))
            self.unasked = Stream(self, RESERVED, self.now, stop)
        self.stop = self.unasked and self.unasked.end
        self.asked = collections.deque()
        self.next = self.now
        self.hurt_now = (link.erl and link.ddigest and self.now
                         and link.wire.hurts and rng.random() < 0.04)
        self.sent_to = 0  # how far it has been sent, at most
        self.floor = None  # where a task that moved may go on, at most

    def final(self):
        return 0 if self.unasked else FINAL

    def immediate_data(self):
        return self.out[:self.now]

    def send(self):
        if not self.hurt_now:
            super().send()
            return
        # it is as if it had never been there
        self.hurt_now = False
        pdu = self.pdu()
        self.link.rejects.append((DATA_DIGEST, bytes(pdu.bhs), self))
        self.link.send(pdu, bad_ddigest=True)
        if not self.immediate:
            self.link.wire.unsent[self.cmdsn] = self
        if self.unasked:
            self.link.unasked.append(
                Ghost(self, RESERVED, self.now, self.unasked.end))

    def rejected(self):
        """Its data was damaged; the request comes again."""
        if self.sent:
            return
        for stream in self.link.unasked:
            stream.over |= stream.job is self
        self.link.prepared.appendleft(self)

    def after(self):
        self.sent_to = self.now
        if self.unasked:
            self.link.unasked.append(self.unasked)

    def streams(self):
        return [s for s in (self.unasked, *self.asked) if s and not s.over]

    def stream_ended(self, stream):
        self.when = time.monotonic()
        self.sent_to = max(self.sent_to, stream.pos)
        if stream is self.unasked:
            self.next = stream.end
        elif stream in self.asked:
            self.asked.remove(stream)
        if stream.hurt is not None and self.link.erl:
            self.next = stream.hurt

    def take(self, pdu):
        if pdu.opcode == R2T:
            self.ready_to_transfer(pdu)
        else:
            super().take(pdu)

    def same_r2t(self, pdu):
        """The last one comes again, since we asked or since we were late."""
        stream = self.asked[-1] if self.asked else None
        if not stream or stream.over or not (
                self.r2t_again or time.monotonic() - self.when > LATE):
            raise Failed(f"R2TSN is not {self.r2tsn}: {pdu}")
        replica(stream.r2t, pdu, ("statsn",))
        self.r2t_again = stream.held = False

    def resume(self, pdu):
        """The task goes on from where it is."""
        if before(pdu.r2tsn, self.r2tsn) or pdu.offset > self.sent_to:
            raise Failed(f"{self} was sent to {self.sent_to}, R2TSN "
                         f"{self.r2tsn}: {pdu}")
        self.r2tsn, self.next = pdu.r2tsn, pdu.offset
        self.floor, self.resumed = None, False

    def ready_to_transfer(self, pdu):
        if self.floor is not None:
            self.resume(pdu)
        if pdu.r2tsn == self.r2tsn - 1:
            self.same_r2t(pdu)
            return
        streams = self.streams()
        if self.link.erl and streams and (
                time.monotonic() - self.when > LATE):
            # it asks for what it has not got; that of before is late
            self.next = pdu.offset
            if pdu.offset > max(s.pos for s in streams):
                raise Failed(f"{self}: nobody sent as much: {pdu}")
            self.give_up_streams()
            streams = []
        if self.unasked and not self.unasked.over:
            raise Failed(f"{self}: an R2T before the end of what is sent "
                         f"without one: {pdu}")
        burst = self.link.size("MaxBurstLength")
        length = min(burst, self.total - self.next)
        if (pdu.flags != FINAL or pdu.r2tsn != self.r2tsn
                or pdu.offset != self.next or pdu.length != length
                or length <= 0 or pdu.bhs[8:16] != lun(self.unit)
                or pdu.ttt == RESERVED or pdu.data):
            raise Failed(f"not R2TSN {self.r2tsn} for {length} bytes from "
                         f"{self.next} on: {pdu}")
        if len(streams) >= self.link.size("MaxOutstandingR2T"):
            raise Failed(f"{len(streams)} R2Ts are outstanding: {pdu}")
        if any(s.ttt == pdu.ttt for s in streams):
            raise Failed(f"the tag is in use: {pdu}")
        self.r2tsn += 1
        self.next += length
        self.when = time.monotonic()
        self.asked.append(Stream(self, pdu.ttt, pdu.offset,
                                 pdu.offset + length, pdu))

    def give_up_streams(self):
        for stream in self.streams():
            stream.over = True
            self.sent_to = max(self.sent_to, stream.pos)
        self.asked.clear()
        self.r2t_again = False

    def start_over(self, link):
        super().start_over(link)
        self.give_up_streams()
        if self.unasked:
            self.unasked = Stream(self, RESERVED, self.now, self.stop)
        self.next, self.r2tsn, self.spoilt = self.now, 0, False
        self.hurt_now = False

    def moved(self):
        """To another connection: what was open is not any more."""
        self.give_up_streams()
        self.floor = self.sent_to

    def all_done(self):
        if self.next < self.total and self.floor is None:
            raise Failed(f"{self} ends, but {self.total} bytes were not asked "
                         f"for from {self.next} on")
        if not self.fails and self.unit in self.link.wire.media:
            self.medium().put(self.at, self.out[:self.total])

    def ghosts(self):
        """Its data may be on its way when it ends."""
        for s in self.streams():
            ghost = Ghost(self, s.ttt, s.pos, s.end)
            ghost.datasn = s.datasn
            self.link.unasked.append(ghost)

    def die(self):
        if self.link.wire.rng.random() < 0.4 and self.sent:
            self.ghosts()
        if self.sent and self.unit in self.link.wire.media:
            self.medium().forget(self.at, self.total)
        self.give_up_streams()
        super().die()


class Ghost(Stream):
    """Data for a command that was rejected: nobody wants it."""

    def step(self):
        job, link = self.job, self.job.link
        most = link.size("MaxRecvDataSegmentLength")
        stop = min(self.pos + most, self.end)
        link.send(link.make(DATA_OUT, itt=job.itt, ttt=self.ttt,
                            lun=lun(job.unit), offset=self.pos,
                            flags=FINAL if stop == self.end else 0,
                            datasn=self.datasn,
                            data=job.out[self.pos:stop]))
        self.datasn += 1
        self.pos = stop
        self.over = stop == self.end


class Text(Job):
    """A text, in several requests if need be."""

    def __init__(self, link, seed, immediate=False):
        super().__init__(link, seed, immediate)
        rng, words = self.rng, []
        self.wanted = {}
        self.segment = None
        if rng.random() < 0.6:
            words.append("SendTargets=")
            self.wanted["TargetName"] = link.names["TargetName"]
            self.wanted["TargetAddress"] = "127.0.0.1:3260,1"
        for _ in range(rng.choice((0, 1, 5, 60))):
            key = f"X-{rng.getrandbits(40):x}"
            words.append(f"{key}={rng.randbytes(8).hex()}")
            self.wanted[key] = "NotUnderstood"
        if rng.random() < 0.3:
            self.segment = rng.choice((512, 516, 700, 4096, 65536))
            words.append(f"MaxRecvDataSegmentLength={self.segment}")
        self.out, self.pos = text(*words), 0
        self.ttt, self.got = RESERVED, b""
        self.ending = False

    def pdu(self):
        most = self.link.size("MaxRecvDataSegmentLength")
        step = self.rng.choice((most, most, self.rng.randint(1, most)))
        part = self.out[self.pos:self.pos + step]
        self.pos += len(part)
        more = self.pos < len(self.out)
        self.ending = not more
        return self.make(TEXT, ttt=self.ttt, data=part,
                         flags=0x40 if more else FINAL)

    def again(self):
        if not self.immediate:
            self.cmdsn = None
        self.link.wire.issue(self)

    def take(self, pdu):
        if pdu.opcode != TEXT_RSP or pdu.flags & ~0xc0:
            raise Failed(f"{self} gets {pdu}")
        if len(pdu.data) > self.link.mine:
            raise Failed(f"{self} gets {pdu}")
        final = pdu.flags & FINAL
        if bool(final) != (pdu.ttt == RESERVED) or pdu.flags == 0xc0 or (
                final and not self.ending):
            raise Failed(f"{self} gets {pdu}")
        self.got += pdu.data
        self.ttt = pdu.ttt
        if not final:
            self.again()
            return
        got = [w.split(b"=", 1) for w in self.got.split(b"\0") if w]
        said = {k.decode(): v.decode() for k, v in got}
        said.pop("MaxRecvDataSegmentLength", None)
        if len(got) < len(said) or said != self.wanted or (
                self.got and self.got[-1]):
            raise Failed(f"{self}: {said}, not {self.wanted}")
        if self.segment:
            self.link.mine = self.segment
        self.answer = pdu
        self.end()


class Function(Job):
    """Task management; `then(response)` says whether it is right."""

    def __init__(self, link, seed, function, then, ref=RESERVED, unit=0,
                 immediate=True, **fields):
        super().__init__(link, seed, immediate)
        self.function, self.then, self.ref = function, then, ref
        self.unit, self.fields = unit, fields

    @classmethod
    def of(cls, job, link, seed, function, then):
        """RefCmdSN of an immediate task is the function's own (11.5.5)."""
        new = cls(link, seed, function, then, job.itt, job.unit)
        new.fields["refcmdsn"] = (link.wire.cmdsn if job.immediate
                                  else job.cmdsn)
        return new

    def __str__(self):
        return f"{super().__str__()} function {self.function} of {self.ref:#x}"

    def pdu(self):
        return self.make(TMF, flags=FINAL | self.function, ref=self.ref,
                         lun=lun(self.unit), **self.fields)

    def take(self, pdu):
        if pdu.opcode != TMF_RSP or pdu.flags != FINAL or pdu.data:
            raise Failed(f"{self} gets {pdu}")
        self.answer = pdu
        self.end()
        self.then(pdu.response)


class Leave(Job):
    """Logout."""

    def __init__(self, link, seed, reason, cid, immediate=True):
        super().__init__(link, seed, immediate)
        self.reason, self.cid = reason, cid

    def pdu(self):
        return self.make(LOGOUT, flags=FINAL | self.reason, cid=self.cid)

    def take(self, pdu):
        if pdu.opcode != LOGOUT_RSP or pdu.flags != FINAL or pdu.data:
            raise Failed(f"{self} gets {pdu}")
        self.answer = pdu
        self.end()


def replica(one, other, but=()):
    """The same PDU once more; ExpCmdSN and MaxCmdSN are current (11.16)."""
    a, b = bytearray(one.bhs), bytearray(other.bhs)
    spare = [(28, 36)] + [(24, 28)] * ("statsn" in but)
    for begin, end in spare:
        a[begin:end] = b[begin:end] = bytes(end - begin)
    if a != b or one.data != other.data:
        raise Failed(f"{other} is no replica of {one}")


class Link(Conn):
    """A connection, which checks the numbers of all that comes."""

    wire = None

    def begin(self, wire, mine):
        self.wire, self.mine = wire, mine
        self.erl = wire.erl
        self.rejects = []  # those that are to come
        self.prepared = collections.deque()  # requests that have a CmdSN
        self.unasked = collections.deque()  # unsolicited data, in order
        self.statsn = self.expstatsn  # the next one
        self.kept = collections.OrderedDict()  # what is not acknowledged
        self.owed = []  # statuses that a SNACK asked for
        self.again = {}  # tasks of which data is to come again
        self.exp_seen = self.max_seen = None
        self.hold = False  # acknowledges nothing
        self.ending = self.dead = False
        return self

    def size(self, key):
        value = self.keys.get(key, DEFAULTS[key])
        return 0 if value == "Irrelevant" else int(value)

    def yes(self, key):
        return self.keys.get(key, DEFAULTS[key]) == "Yes"

    def note(self, arrow, pdu):
        """The last PDUs of both directions, for who looks for a mistake."""
        if self.wire:
            self.wire.log.append((time.monotonic(), self.cid, arrow,
                                  bytes(pdu.bhs), pdu.dlength))

    def send(self, pdu, **digests):
        self.note("bad>" if any(digests.values()) else ">", pdu)
        return super().send(pdu, **digests)

    def count(self, pdu):
        """Once the login is over everything is looked at by check()."""
        if not self.wire:
            super().count(pdu)

    def available(self):
        if self.dead:
            return False
        return len(self.input) >= 48 or bool(self.poll.poll(0))

    def acknowledge(self):
        """All that has come."""
        self.hold = False
        self.expstatsn = self.statsn
        self.kept.clear()

    def rejects_due(self):
        """Those that must come."""
        return [entry for entry in self.rejects
                if not entry[2] or not entry[2].died]

    # --- numbers

    def windows(self, pdu):
        wire = self.wire
        exp, most = pdu.expcmdsn, pdu.maxcmdsn
        if self.exp_seen is not None and (before(exp, self.exp_seen)
                                          or before(most, self.max_seen)):
            raise Failed(f"the window goes back: {pdu}")
        self.exp_seen, self.max_seen = exp, most
        size = most + 1 - exp & RESERVED
        if size > wire.window:
            raise Failed(f"a window of {size} commands: {pdu}")
        if before(wire.first_unsent(), exp):
            raise Failed(f"ExpCmdSN {exp:#x}, but {wire.first_unsent():#x} "
                         f"was not sent: {pdu}")
        if wire.maxcmdsn is None or before(wire.maxcmdsn, most):
            wire.maxcmdsn = most

    def status_number(self, pdu):
        """Its StatSN; True if a SNACK asked for it."""
        if self.owed and pdu.statsn == self.owed[0]:
            replica(self.kept[self.owed.pop(0)], pdu)
            return True
        if pdu.statsn != self.statsn:
            raise Failed(f"StatSN is not {self.statsn:#x}: {pdu}")
        self.statsn = self.statsn + 1 & RESERVED
        if self.hold and (len(self.kept) < 6 or self.owed or self.again):
            self.kept[pdu.statsn] = pdu
        else:
            self.acknowledge()
        return False

    def has_status(self, pdu):
        if pdu.opcode == DATA_IN:
            return pdu.flags & STATUS
        return pdu.opcode != R2T and not (pdu.opcode == NOP_IN
                                          and pdu.itt == RESERVED)

    def check(self, pdu):
        """True if it is for a job."""
        if any(pdu.padding) or pdu.ahs or pdu.bhs[0] & 0xc0:
            raise Failed(f"padding, AHS or opcode of {pdu}")
        self.windows(pdu)
        again = self.again.get(pdu.itt)
        if again and pdu.opcode in (DATA_IN, SCSI_RSP) and again.takes(pdu):
            return False
        if self.has_status(pdu):
            return not self.status_number(pdu)
        elif pdu.opcode != DATA_IN and pdu.statsn != self.statsn:
            raise Failed(f"StatSN to come is {self.statsn:#x}: {pdu}")
        return True

    def handle(self, pdu):
        """Everything that comes."""
        self.note("<", pdu)
        pdu.__dict__["longest"] = self.mine  # how it was cut
        if not self.check(pdu):
            return
        if pdu.opcode == REJECT:
            self.reject(pdu)
        elif pdu.opcode == ASYNC:
            raise Failed(f"{pdu}")
        elif pdu.opcode == NOP_IN and pdu.itt == RESERVED:
            self.request(NOP_OUT | IMMEDIATE, itt=RESERVED, ttt=pdu.ttt,
                         lun=bytes(pdu.bhs[8:16]), cmdsn=self.wire.cmdsn)
        else:
            self.wire.deliver(self, pdu)

    def reject(self, pdu):
        if pdu.itt != RESERVED or pdu.flags != FINAL:
            raise Failed(f"tag of {pdu}")
        for n, (reason, header, job) in enumerate(self.rejects):
            if header == pdu.data[:48]:
                break
        else:
            refused = Pdu.received(pdu.data, b"", b"")
            raise Failed(f"nothing to reject: {pdu} of {refused}")
        if reason != pdu.reason:
            raise Failed(f"the reason is not {reason}: {pdu}")
        del self.rejects[n]
        if isinstance(job, Write):
            job.rejected()
