#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 7200
"""
Sessions with random values of what is negotiated, and in them whatever an
initiator may send, in any order that is allowed, beside a model (tests/lib/
wire.py) that knows what each PDU of the target has to say.

    tests/long/wire_model.py [SECONDS [SEED [SESSIONS [FIRST]]]]	60 seconds

A mismatch shows the last PDUs and the session's number; `1 SEED 1 NUMBER` is
that session alone.
"""

import collections
import itertools
import os
import random
import select
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.environ["IET_TOP"], "tests/lib"))

from ktap import (FOLDER, IQN, Failed, Target, case, ietadm,  # noqa: E402
                  image, main, note, sessions, wait_for)
from pdu import *  # noqa: E402,F403
from wire import *  # noqa: E402,F403

ARGS = [int(word, 0) for word in sys.argv[1:]]
SECONDS = ARGS[0] if ARGS else 60
SEED = ARGS[1] if len(ARGS) > 1 else random.getrandbits(32)
SESSIONS = ARGS[2] if len(ARGS) > 2 else 1 << 62
FIRST = ARGS[3] if len(ARGS) > 3 else 0
del sys.argv[1:]

SIZE = 1 << 20
PATIENCE = 60
ORPHANED = 5  # seconds in which what was held must have come back
HELD = "Chance=4%,Delay=40,Seed=1"  # some commands take longer than others
# QueuedCommands, MaxRecvDataSegmentLength
TARGETS = ((1, 8192), (4, 512), (16, 4096), (64, 65536))

CONF = "".join(f"""
Target {IQN}:wire{n}
    QueuedCommands {queued}
    MaxRecvDataSegmentLength {segment}
    ErrorRecoveryLevel 2
    MaxConnections 8
    MaxOutstandingR2T 64
    DefaultTime2Wait 0
    DefaultTime2Retain 20
    InitialR2T No
    Lun 0 Path={FOLDER}/wire{n}-0.img,Type=fileio
    Lun 1 Path={FOLDER}/wire{n}-1.img,Type=fileio,BlockSize=4096,IOMode=wb
""" for n, (queued, segment) in enumerate(TARGETS))

MEDIA = [{0: Medium(0, SIZE, 512), 1: Medium(1, SIZE, 4096)} for _ in TARGETS]
COUNTS = collections.Counter()


def cdb_for(rng, writes, lba, blocks):
    """READ or WRITE in one of its forms."""
    form = rng.choice((10, 10, 10, 16, 32))
    if form == 10:
        return struct.pack(">BBIBHB", 0x2a if writes else 0x28, 0, lba, 0,
                           blocks, 0)
    if form == 16:
        return struct.pack(">BBQIBB", 0x8a if writes else 0x88, 0, lba,
                           blocks, 0, 0)
    return struct.pack(">BB5xBHBxQ8xI", 0x7f, 0, 0x18, 11 if writes else 9, 0,
                       lba, blocks)


class Wire:
    """
    A session, and what is done with it; `previous`: the one that it takes the
    place of.
    """

    def __init__(self, number, previous=None):
        self.rng = rng = random.Random(f"{SEED} {number}")
        self.seeds = (f"{SEED} {number} {n}" for n in itertools.count())
        self.log = collections.deque(maxlen=SHOWN)
        self.which = rng.randrange(len(TARGETS))
        self.previous = previous
        if previous:
            self.which = previous.which
        self.leaves_all = False  # as if the initiator had crashed
        self.window = TARGETS[self.which][0]
        self.media = MEDIA[self.which]
        self.jobs, self.unsent, self.links, self.lost = {}, {}, [], []
        self.maxcmdsn = None
        self.attentions = None  # any
        self.orphans = time.monotonic() + ORPHANED
        self.finished = {}  # tasks that have their answer
        self.over = False  # it has ended before its time
        self.tags = set()
        self.hurts = rng.random() < 0.5

    # --- what the model asks

    def new_tag(self, rng):
        while True:
            tag = rng.choice((rng.getrandbits(32), rng.getrandbits(6)))
            if tag not in self.tags and tag != RESERVED:
                self.tags.add(tag)
                return tag

    @property
    def cmdsn(self):
        return self.numbers.cmdsn

    def first_unsent(self):
        return min(self.unsent, default=self.cmdsn,
                   key=lambda sn: sn - self.cmdsn & RESERVED)

    def ended(self, job):
        COUNTS[type(job).__name__] += 1
        del self.jobs[job.itt]
        if self.erl and isinstance(job, Read):
            self.finished[job.itt] = job

    def attention(self, unit, asc):
        if self.attentions is not None and asc not in self.attentions:
            raise Failed(f"a unit attention {asc:#x} of LUN {unit}")

    def deliver(self, link, pdu):
        job = self.jobs.get(pdu.itt)
        if not job or job.link is not link or not job.sent:
            raise Failed(f"out of place: {pdu}")
        if not job.immediate and not before(job.cmdsn, pdu.expcmdsn):
            raise Failed(f"ExpCmdSN is not past {job.cmdsn:#x}: {pdu}")
        job.take(pdu)

    # --- login

    def keys(self):
        r = self.rng.choice
        yes = ("Yes", "No")
        sizes = (512, 516, 1024, 4096, 8192, 65536)
        keys = {
            "InitialR2T": r(yes), "ImmediateData": r(yes),
            "MaxBurstLength": r((512, 516, 1024, 4100, 16384, 65536, 262144)),
            "MaxOutstandingR2T": r((1, 1, 2, 3, 8, 64)),
            "DataPDUInOrder": r(yes), "DataSequenceInOrder": r(yes),
            "ErrorRecoveryLevel": r((0, 0, 1, 2, 2)),
            "MaxConnections": r((1, 1, 2, 4)),
            "iSCSIProtocolLevel": r((1, 2)),
        }
        keys["FirstBurstLength"] = min(keys["MaxBurstLength"],
                                       r((512, 1024, 2052, 65536)))
        return keys, r(sizes)

    def digests(self):
        crc = self.rng.choice(("None", "None", "CRC32C"))
        return {"HeaderDigest": crc,
                "DataDigest": self.rng.choice((crc, "CRC32C", "None"))}

    def begin(self):
        keys, mine = self.keys()
        self.offer = keys
        link = Link(patience=PATIENCE)
        link.numbers.cmdsn = self.rng.choice(
            (1, 0x7ffffffe, 0xfffffffd, self.rng.getrandbits(32)))
        old = self.previous and self.previous.newest
        link.login(f"{IQN}:wire{self.which}", f"{IQN}:wire",
                   old and old.isid, **keys, MaxRecvDataSegmentLength=mine,
                   **self.digests())
        self.newest = link
        if old:
            self.previous.is_reinstated()
        self.numbers = link.numbers
        self.erl = link.size("ErrorRecoveryLevel")
        if self.erl and link.size("MaxOutstandingR2T") > 1:
            raise Failed("more than one R2T with recovery")
        self.links.append(link)
        link.begin(self, mine)
        for _ in range(self.rng.randrange(link.size("MaxConnections"))):
            self.join()
        self.get_ready()

    def is_reinstated(self):
        """Another session has taken its place."""
        COUNTS["session reinstated"] += 1
        for link in self.links:
            link.ending = True
            link.prepared.clear()
            link.unasked.clear()
        self.attentions = None
        self.until(lambda: all(link.dead for link in self.links))
        self.end_all()

    def join(self, cid=None, like=None):
        old = like or self.links[0]
        mine = self.rng.choice((512, 1024, 8192, 65536))
        cid = cid or 1 + max(link.cid for link in self.links)
        new = Link(patience=PATIENCE)
        new.numbers, new.keys = old.numbers, dict(old.keys)
        new.isid, new.tsih, new.cid = old.isid, old.tsih, cid
        for key in ("HeaderDigest", "DataDigest", "MaxRecvDataSegmentLength"):
            new.keys.pop(key, None)
        new.log_in(old.names, {"MaxRecvDataSegmentLength": mine,
                               **self.digests()})
        self.links.append(new.begin(self, mine))
        # the end of the others before it is handed over would be the session's
        self.settle_one(Ping(new, next(self.seeds), True))
        return new

    def get_ready(self):
        """No unit attention is left."""
        allowed, self.attentions = self.attentions, None
        for unit in self.media:
            left = 8
            while left:
                job = self.settle_one(Scsi(self.any_link(), next(self.seeds),
                                           unit, bytes(6)))
                if job.status == GOOD:
                    break
                if job.status == BUSY:
                    time.sleep(0.01)
                else:
                    left -= 1
            else:
                raise Failed("unit attentions without end")
        self.attentions = set() if allowed is None else allowed

    # --- sending

    def any_link(self):
        return self.rng.choice(self.links)

    def room(self):
        """Commands that fit into the window."""
        if self.maxcmdsn is None:
            return 1
        room = self.maxcmdsn + 1 - self.cmdsn & RESERVED
        return 0 if room > 1 << 31 else room

    def issue(self, job):
        """It is the next command of the session."""
        self.jobs[job.itt] = job
        if job.immediate:
            job.send()
            return job
        while not self.room():
            self.progress()
        job.cmdsn = self.cmdsn
        self.unsent[job.cmdsn] = job
        self.numbers.cmdsn = job.cmdsn + 1 & RESERVED
        job.link.prepared.append(job)
        return job

    def send_prepared(self, link):
        job = link.prepared.popleft()
        if not job.immediate:
            del self.unsent[job.cmdsn]
        job.send()

    def ready_streams(self):
        found = []
        for link in self.links:
            while link.unasked and link.unasked[0].over:
                link.unasked.popleft()
            if link.unasked and not link.ending:
                found.append(link.unasked[0])
        for job in self.jobs.values():
            if isinstance(job, Write) and job.asked and job.sent:
                if not job.asked[0].held and not job.link.ending:
                    found.append(job.asked[0])
        return found

    def send_something(self):
        """A prepared request or a piece of data; was there anything?"""
        links = [link for link in self.links if link.prepared]
        streams = self.ready_streams()
        if not links and not streams:
            return False
        if links and (not streams or self.rng.random() < 0.4):
            self.send_prepared(self.rng.choice(links))
        else:
            self.rng.choice(streams).step()
        return True

    # --- receiving

    def receive_from(self, link):
        try:
            pdu = link.receive()
        except EOFError:
            if not link.ending:
                raise Failed(f"the target closes connection {link.cid}"
                             ) from None
            link.dead = True
            return
        link.handle(pdu)

    def receive_all(self):
        """What is there now."""
        any_came = False
        for link in list(self.links):
            while link.available() and link in self.links:
                any_came = True
                self.receive_from(link)
        return any_came

    def wait(self):
        poll = select.poll()
        for link in self.links:
            if not link.dead:
                poll.register(link.sock, select.POLLIN)
        if not poll.poll(PATIENCE * 1000):
            waits = [*self.jobs.values()]
            for link in self.links:
                waits += [f"StatSN {sn:#x} again" for sn in link.owed]
                waits += [f"{again.what()} again"
                          for again in link.again.values()]
                waits += [f"Reject {reason} of {Pdu.received(bhs, b'', b'')}"
                          for reason, bhs, _ in link.rejects_due()]
            raise Failed("waits for " + "; ".join(map(str, waits)))

    def progress(self):
        if self.receive_all() or self.send_something():
            return
        self.wait()

    def until(self, condition):
        while not condition():
            self.progress()

    def settle_one(self, job):
        self.issue(job)
        self.until(lambda: job.over)
        return job

    def busy(self):
        return (self.jobs or self.ready_streams()
                or any(link.prepared or link.owed or link.again
                       or link.rejects_due() for link in self.links))

    def is_open(self, pdu):
        return (pdu.expcmdsn == self.cmdsn
                and pdu.maxcmdsn == self.cmdsn + self.window - 1 & RESERVED)

    def settle(self):
        """Everything is answered, and the window is open."""
        self.until(lambda: not self.busy())
        for link in self.links:
            ping = self.settle_one(Ping(link, next(self.seeds), True))
        # what a backend holds of tasks that have ended keeps its place
        while not self.is_open(ping.answer) and (
                time.monotonic() < self.orphans):
            time.sleep(0.01)
            ping = self.settle_one(Ping(link, next(self.seeds), True))
        if not self.is_open(ping.answer):
            raise Failed(f"the next CmdSN is {self.cmdsn:#x}, the window that "
                         f"of {ping.answer}")
        if any(m.leases for m in self.media.values()):
            raise Failed("leases are left")

    # --- commands

    def place(self, writes):
        rng = self.rng
        unit = rng.choice((0, 0, 1))
        medium = self.media[unit]
        for _ in range(8):
            blocks = rng.choice((0, 1, 1, 2, rng.randint(1, 16),
                                 rng.randint(1, 65536 // medium.block)))
            lba = rng.randrange(medium.blocks - max(blocks, 1) + 1)
            lease = medium.lease(lba * medium.block,
                                 (lba + blocks) * medium.block, writes)
            if lease:
                return unit, medium, lba, blocks, lease
        return None

    def io(self, link, immediate):
        rng = self.rng
        writes = rng.random() < 0.55
        found = self.place(writes)
        if not found:
            return None
        unit, medium, lba, blocks, lease = found
        length = edtl = blocks * medium.block
        fails = None
        if rng.random() < 0.15:
            edtl = max(0, rng.choice((
                length + 4, length + medium.block, length // 2, 0,
                length - 1, length + rng.randint(0, 3000))))
        if rng.random() < 0.04 and blocks:
            medium.leases.remove(lease)
            lease, lba, fails = None, medium.blocks - blocks + 1, OUT_OF_RANGE
        kind, flags = (Write, WRITE) if writes else (Read, READ)
        attr = rng.choice((1, 1, 1, 1, 0, 2, 3))
        return kind(link, next(self.seeds), unit,
                    cdb_for(rng, writes, lba, blocks), length, edtl, flags,
                    fails, lease, lba * medium.block, immediate, attr)

    def both_ways(self, link, immediate):
        """A bidirectional command: there is none that would be one."""
        job = Write(link, next(self.seeds), self.rng.choice((0, 1)),
                    read10(0, 1), 0, self.rng.choice((0, 4, 700)),
                    READ | WRITE, NOT_BOTH, immediate=immediate)
        job.bidi = self.rng.choice((0, 1, 4096))
        return job

    def no_data(self, link, immediate):
        rng = self.rng
        if rng.random() < 0.15:
            return self.both_ways(link, immediate)
        unit, fails = rng.choice(((0, None), (1, None), (77, NO_UNIT)))
        flags = rng.choice((0, 0, READ, WRITE))
        kind = {0: Scsi, READ: Read, WRITE: Write}[flags]
        edtl = rng.choice((0, 4, 700)) if flags else 0
        return kind(link, next(self.seeds), unit, bytes(6), 0, edtl, flags,
                    fails, immediate=immediate)

    def new_job(self, link):
        rng = self.rng
        immediate = rng.random() < 0.06 and sum(
            job.immediate and job.link is link
            for job in self.jobs.values()) < 5 and not any(
            job.doomed == "many" and job.link is not link or isinstance(
                job, Function) and job.link is not link
            for job in self.jobs.values())  # nobody knows which was first
        what = rng.random()
        if what < 0.82:
            return self.io(link, immediate)
        if what < 0.88:
            return self.no_data(link, immediate)
        if what < 0.95 or any(isinstance(job, Text) and job.link is link
                              for job in self.jobs.values()):
            return Ping(link, next(self.seeds), immediate)
        return Text(link, next(self.seeds), immediate)

    def command(self):
        if self.room() and len(self.jobs) < 40:
            job = self.new_job(self.any_link())
            if job:
                self.issue(job)

    def batch(self):
        """Several, which may overtake each other on several connections."""
        for _ in range(self.rng.randint(2, 8)):
            self.command()

    def send(self):
        for _ in range(self.rng.randint(1, 6)):
            if not self.send_something():
                return

    def send_none(self):
        self.receive_all()

    # --- the session

    ACTIONS = (("command", 30), ("batch", 6), ("send", 40), ("send_none", 20),
               ("settle", 1), ("abort", 2), ("hold", 5), ("snack", 8),
               ("query", 1), ("many", 0.5), ("leave_one", 0.7), ("drop", 0.7),
               ("wrong", 2), ("crash", 0.15))

    def run(self, steps):
        names, weights = zip(*self.ACTIONS)
        for _ in range(steps):
            name = self.rng.choices(names, weights)[0]
            getattr(self, name)()
            if self.over or self.leaves_all:
                return
            if self.rng.random() < 0.5:
                self.receive_all()
        self.settle()
        self.leave()

    def leave(self):
        link = self.links[0]
        job = self.issue(Leave(link, next(self.seeds), CLOSE_SESSION,
                               link.cid))
        for other in self.links:
            other.ending = True
        self.until(lambda: all(link.dead for link in self.links))
        if job.answer.response:
            raise Failed(f"logout: {job.answer}")

    # --- task management

    def tasks(self):
        return [job for job in self.jobs.values()
                if isinstance(job, Scsi) and not job.doomed
                and job.unit in self.media]

    def abort(self):
        tasks = self.tasks()
        if not tasks:
            return
        job, link = self.rng.choice(tasks), self.any_link()
        if job.immediate and job.link is not link:
            return
        # what a backend holds then keeps other commands off for a while
        self.orphans = time.monotonic() + ORPHANED
        if not job.sent and (job.immediate or job not in job.link.prepared):
            return  # it comes again
        job.doomed = "abort"
        if not job.sent:
            job.link.prepared.remove(job)
            del self.unsent[job.cmdsn]
        self.issue(Function.of(
            job, link, next(self.seeds), ABORT_TASK,
            lambda response: self.aborted(job, link, response)))

    def aborted(self, job, link, response):
        """What was sent before the response has come, if it is the same."""
        if response not in (COMPLETE, NO_TASK):
            raise Failed(f"ABORT TASK: response {response} for {job}")
        COUNTS[f"ABORT TASK {response}"] += 1

        def check():
            if response == NO_TASK and not job.over:
                raise Failed(f"there is no task, but no answer of {job}")
            if not job.over:
                job.die()
        if link is job.link:
            if response == COMPLETE and job.over:
                raise Failed(f"aborted, but answered before: {job}")
            check()
            return
        ping = Ping(job.link, next(self.seeds), True)
        ping.then = check
        self.issue(ping)

    def query(self):
        """QUERY TASK: what is there may have ended meanwhile."""
        tasks = [job for job in self.tasks() if job.sent]
        link = self.any_link()
        new = link.size("iSCSIProtocolLevel") >= 2
        if not tasks:
            return
        job = self.rng.choice(tasks)

        def then(response):
            if not new and response == TMF_NOT_SUPPORTED:
                return
            if not new or response not in (SUCCEEDED, COMPLETE) or (
                    link is job.link and not job.doomed
                    and (response == SUCCEEDED) == job.over):
                raise Failed(f"QUERY TASK: response {response} for {job}")
        if job.immediate or job.link is link or not new:
            self.issue(Function.of(job, link, next(self.seeds), QUERY_TASK,
                                   then))

    SETS = ((ABORT_TASK_SET, ()), (CLEAR_TASK_SET, ()), (LUN_RESET, (0x2903,)),
            (WARM_RESET, (0x2902,)))

    def many(self):
        """The functions that are about many tasks."""
        self.calm()
        self.until(lambda: not any(link.prepared or link.rejects_due()
                                   for link in self.links))
        function, attentions = self.rng.choice(self.SETS)
        link, unit = self.any_link(), self.rng.choice((0, 1))
        tasks = [job for job in self.tasks()
                 if job.unit == unit or function == WARM_RESET]
        for job in tasks:
            job.doomed = "many"
        self.attentions.update(attentions)
        self.orphans = time.monotonic() + ORPHANED
        COUNTS[f"function {function}"] += 1

        def then(response):
            if response != COMPLETE:
                raise Failed(f"function {function}: response {response}")
            for job in tasks:
                self.is_over(job, link)
        self.issue(Function(link, next(self.seeds), function, then,
                            unit=unit))

    def is_over(self, job, link):
        """What is to come of its answer, has come or is on its way."""
        def check():
            if not job.over:
                job.die()
        if link is job.link or job.over:
            check()
            return
        ping = Ping(job.link, next(self.seeds), True)
        ping.then = check
        self.issue(ping)

    # --- connections come and go

    def calm(self):
        """No function is in progress, and no barrier after one."""
        self.until(lambda: not any(
            job.doomed or isinstance(job, Function)
            or isinstance(job, Ping) and job.immediate
            for job in self.jobs.values()))

    def ends_tasks(self):
        """A connection will end, and some of its tasks with it."""
        self.attentions.add(0x477f)
        self.orphans = time.monotonic() + ORPHANED

    def others(self, link):
        return [other for other in self.links if other is not link]

    def hand_over(self, link, to):
        """What was not sent yet goes another way."""
        left = list(link.prepared)
        link.prepared.clear()
        for job in left:
            if job.immediate:
                job.die()
            elif isinstance(job, Text):
                # a text belongs to its connection; something takes its CmdSN
                job.die()
                ping = Ping(to, next(self.seeds))
                ping.cmdsn = job.cmdsn
                self.jobs[ping.itt] = ping
                self.prepare_again(ping)
            else:
                job.start_over(to)
                self.prepare_again(job)

    def prepare_again(self, job):
        self.unsent[job.cmdsn] = job
        queue = [*job.link.prepared, job]
        queue.sort(key=lambda j: (j.cmdsn if j.cmdsn is not None
                                  else self.cmdsn) - self.cmdsn & RESERVED)
        job.link.prepared = collections.deque(queue)

    def leave_one(self):
        """Logout of a connection: its tasks end, if it has any."""
        link = self.any_link()
        if not self.others(link):
            return
        self.calm()
        if self.rng.random() < 0.5:
            self.until(lambda: not any(job.link is link
                                       for job in self.jobs.values()))
        self.ends_tasks()
        by = self.rng.choice(self.links)
        to = self.rng.choice(self.others(link))
        COUNTS["logout of a connection"] += 1
        self.hand_over(link, to)
        job = Leave(by, next(self.seeds), CLOSE_CONNECTION, link.cid)
        link.ending = True
        self.issue(job)
        self.finish_logout(job, link, by)
        self.gone(link, to, False)
        self.come_back(link)

    def finish_logout(self, job, link, by, allowed=(0,)):
        link.unasked.clear()
        for task in self.jobs.values():
            if task.link is link and isinstance(task, Write):
                task.give_up_streams()
        self.until(lambda: job.over and (link.dead or link is not by))
        if job.answer.response not in allowed:
            raise Failed(f"logout: {job.answer}")

    def gone(self, link, to, recover):
        """The target knows that a connection has gone; what of its tasks?"""
        link.close()
        link.dead = True
        if link in self.links:
            self.links.remove(link)
        exp = self.settle_one(Ping(to, next(self.seeds),
                                   True)).answer.expcmdsn
        for job in [job for job in self.jobs.values() if job.link is link]:
            missing = not job.immediate and not before(job.cmdsn, exp)
            if missing:
                self.close_gap(job, to)
            elif recover and isinstance(job, Scsi) and job.sent:
                self.reassign(job, to)
            else:
                job.die()

    def close_gap(self, job, to):
        """Its CmdSN has not been received."""
        if isinstance(job, Scsi) and self.rng.random() < 0.6:
            COUNTS["command sent again"] += 1
            job.start_over(to)
            self.prepare_again(job)
            return
        COUNTS["gap closed"] += 1
        self.unsent.pop(job.cmdsn, None)
        job.sent = False
        job.die()

        def then(response):
            if response != COMPLETE:
                raise Failed(f"a gap is not closed: response {response}")
        unit = job.unit if job.unit in self.media else 0
        self.issue(Function(to, next(self.seeds), ABORT_TASK, then, job.itt,
                            unit, refcmdsn=job.cmdsn))

    def reassign(self, job, to):
        COUNTS["reassigned"] += 1
        job.doomed = "moves"

        def then(response):
            if response == NO_TASK and job.immediate:
                job.die()
                return
            if response != COMPLETE:
                raise Failed(f"TASK REASSIGN: response {response} for {job}")
            job.doomed, job.resumed = None, True
            job.link = to
            job.when = time.monotonic()
            job.moved()
        count = job.datasn if isinstance(job, Read) else job.r2tsn
        function = Function(to, next(self.seeds), TASK_REASSIGN, then,
                            job.itt, job.unit, expdatasn=count)
        self.issue(function)
        self.until(lambda: function.over)

    def come_back(self, link):
        most = link.size("MaxConnections")
        if len(self.links) < most and self.rng.random() < 0.8:
            free = all(other.cid != link.cid for other in self.links)
            self.join(link.cid if free and self.rng.random() < 0.5 else None)

    def close(self, link):
        link.close()

    def fatal(self, link, pdu, reason=None, **how):
        """The target closes the connection, if need be after a Reject."""
        prepared = list(link.prepared)
        link.prepared.clear()
        link.ending = True
        if reason:
            link.rejects.append((reason, bytes(pdu.bhs), None))
        link.send(pdu, **how)
        self.until(lambda: link.dead)
        if reason and link.rejects_due():
            raise Failed(f"closed without a Reject of {pdu}")
        link.prepared.extend(prepared)
        COUNTS["closed by the target"] += 1

    def bad_header(self, link):
        if not link.hdigest:
            self.close(link)
            return
        self.fatal(link, self.now(link, NOP_OUT | IMMEDIATE),
                   bad_hdigest=True)

    def too_long(self, link):
        data = bytes(link.size("MaxRecvDataSegmentLength") + 1)
        self.fatal(link, self.now(link, NOP_OUT | IMMEDIATE, data=data[:8],
                                  dlength=len(data)), PROTOCOL_ERROR)

    def bad_data(self, link):
        """Which is fatal for a request at ErrorRecoveryLevel 0."""
        if not link.ddigest or self.erl:
            self.close(link)
            return
        self.fatal(link, self.now(link, NOP_OUT | IMMEDIATE, data=b"ping"),
                   DATA_DIGEST, bad_ddigest=True)

    def drop(self):
        """A connection fails."""
        link = self.any_link()
        if self.rng.random() < 0.7 and not self.others(link):
            return
        self.calm()
        self.ends_tasks()
        # what is on its way may be lost in the midst of a task's data
        for _ in range(self.rng.randint(0, 8)):
            if link.available():
                self.receive_from(link)
        self.rng.choice((self.close, self.close, self.bad_header,
                         self.too_long, self.bad_data))(link)
        link.dead = link.ending = True
        self.links.remove(link)
        link.unasked.clear()
        for job in self.jobs.values():
            if job.link is link and isinstance(job, Write):
                job.give_up_streams()
        again = self.erl == 2 and self.rng.random() < 0.5
        if not self.links and self.erl < 2:
            self.end_all()
            return
        COUNTS["connection failed"] += 1
        self.lost.append(link)
        if again or not self.links:
            to = self.join(link.cid, like=link)
        else:
            to = self.any_link()
        self.hand_over(link, to)
        if not again and to.cid != link.cid:
            reason = RECOVERY if self.erl == 2 else CLOSE_CONNECTION
            job = self.issue(Leave(to, next(self.seeds), reason, link.cid))
            self.finish_logout(job, link, to,
                               (0,) if self.erl == 2 else (0, CID_NOT_FOUND))
        self.gone(link, to, self.erl == 2)
        if not again:
            self.come_back(link)

    def crash(self):
        """The initiator comes back with the same name, and knows nothing."""
        self.calm()
        self.leaves_all = True

    def end_all(self):
        COUNTS["session failed"] += 1
        self.over = True
        for job in list(self.jobs.values()):
            job.die()

    # --- what an initiator must not do

    def wrong(self):
        """Refused in the way that is prescribed; nothing changes by it."""
        link = self.any_link()
        if self.unsent or link.rejects_due():
            return
        header = self.rng.choice(self.WRONGS)(self, link)
        if not header:
            return
        reason, pdu = header
        link.rejects.append((reason, bytes(pdu.bhs), None))
        link.send(pdu)
        self.until(lambda: not link.rejects_due())
        COUNTS[f"Reject {reason}"] += 1

    def now(self, link, op, **fields):
        """A request that takes no CmdSN, since it will be rejected."""
        return link.make(op, cmdsn=self.cmdsn, itt=fields.pop(
            "itt", self.new_tag(self.rng)), **fields)

    def wrong_opcode(self, link):
        return NOT_SUPPORTED, link.make(self.rng.choice((0x07, 0x1c, 0x1f)))

    def wrong_data_out(self, link):
        return INVALID_FIELD, link.make(
            DATA_OUT, itt=self.new_tag(self.rng), data=b"data", lun=lun(0))

    def wrong_snack(self, link):
        if not self.erl:
            return SNACK_REJECT, link.make(SNACK, flags=FINAL | STATUS_SNACK,
                                           itt=RESERVED)
        kind = self.rng.choice((DATA_SNACK, DATA_ACK, 7))
        return (INVALID_DATA_ACK if kind == DATA_ACK else PROTOCOL_ERROR,
                link.make(SNACK, flags=FINAL | kind,
                          itt=self.new_tag(self.rng), ttt=1))

    def wrong_tag(self, link):
        tasks = [job for job in self.tasks()
                 if job.sent and isinstance(job, Write) and job.asked]
        if not tasks:
            return None
        return TASK_IN_PROGRESS, self.now(link, NOP_OUT | self.immediate(),
                                          itt=self.rng.choice(tasks).itt)

    def immediate(self):
        return self.rng.choice((0, IMMEDIATE)) if self.room() else IMMEDIATE

    def wrong_login(self, link):
        return PROTOCOL_ERROR, Pdu(LOGIN | IMMEDIATE, text("A=1"),
                                   flags=0x87, itt=self.new_tag(self.rng),
                                   cmdsn=self.cmdsn)

    def wrong_final(self, link):
        """No F bit in a command without data."""
        return PROTOCOL_ERROR, self.now(
            link, SCSI | self.immediate(), flags=SIMPLE, cdb=bytes(6))

    def wrong_data(self, link):
        """Immediate data: more than announced, or none is allowed."""
        return PROTOCOL_ERROR, self.now(
            link, SCSI | self.immediate(), flags=FINAL | SIMPLE | WRITE,
            edtl=3, data=b"four", cdb=bytes(6))

    def wrong_attribute(self, link):
        return INVALID_FIELD, self.now(link, SCSI | self.immediate(),
                                       flags=FINAL | 5, cdb=bytes(6))

    def wrong_text(self, link):
        """Which would end a text that is in progress."""
        if any(isinstance(job, Text) and job.link is link
               for job in self.jobs.values()):
            return None
        return PROTOCOL_ERROR, self.now(link, TEXT | IMMEDIATE, ttt=5,
                                        data=text("A=1"))

    def wrong_logout(self, link):
        return INVALID_FIELD, self.now(link, LOGOUT | IMMEDIATE,
                                       flags=FINAL | 3)

    def wrong_ping(self, link):
        return PROTOCOL_ERROR, self.now(link, NOP_OUT, itt=RESERVED)

    def wrong_ahs(self, link):
        return INVALID_FIELD, self.now(
            link, SCSI | self.immediate(), flags=FINAL | SIMPLE, cdb=bytes(6),
            ahs=struct.pack(">HBx4x", 5, self.rng.choice((0, 2, 3, 0x80))))

    WRONGS = (wrong_opcode, wrong_data_out, wrong_snack, wrong_tag,
              wrong_login, wrong_final, wrong_data, wrong_attribute,
              wrong_text, wrong_logout, wrong_ping, wrong_ahs)

    # --- recovery within a connection

    def hold(self):
        """From now on nothing is acknowledged, or everything."""
        link = self.any_link()
        if not self.erl or link.owed or link.again:
            return
        if not link.hold:
            link.hold = True
        elif self.rng.random() < 0.2:
            link.acknowledge()

    def snack(self):
        link = self.any_link()
        if any(isinstance(job, Text) and job.link is link
               for job in self.jobs.values()):
            return  # which may change what can come again
        if self.erl and not link.owed and not link.again:
            self.rng.choice((self.status_snack, self.data_snack,
                             self.r2t_snack, self.r_data_snack))(link)

    @staticmethod
    def cut_longer(link, pdus):
        """Then only an R-Data SNACK is allowed (11.16)."""
        return any(pdu.longest > link.mine for pdu in pdus)

    def status_snack(self, link):
        """All that is kept in a range."""
        numbers = list(link.kept)
        if not numbers or self.cut_longer(link, link.kept.values()):
            return
        first = self.rng.randrange(len(numbers))
        last = self.rng.randint(first, len(numbers) - 1)
        link.owed = numbers[first:last + 1]
        link.snack(STATUS_SNACK, numbers[first], last - first + 1)
        COUNTS["status SNACK"] += 1

    def kept_reads(self, link):
        done = [self.finished.get(pdu.itt) for pdu in link.kept.values()
                if pdu.opcode in (DATA_IN, SCSI_RSP)]
        return [job for job in done if job and job.pdus]

    def data_snack(self, link):
        jobs = self.kept_reads(link) + [
            job for job in self.tasks() if isinstance(job, Read)
            and job.pdus and job.link is link]
        if not jobs:
            return
        job = self.rng.choice((self.rng.choice(jobs),
                               max(jobs, key=lambda job: job.datasn)))
        if self.cut_longer(link, job.pdus.values()):
            return
        beg = self.rng.randrange(job.datasn)
        run = self.rng.randint(1, job.datasn - beg)
        link.again[job.itt] = Run(job, beg, beg + run)
        if beg + run == job.datasn and job.over and self.rng.random() < 0.3:
            run = 0
        link.snack(DATA_SNACK, beg, run, job.itt)
        COUNTS["data SNACK"] += 1

    def r_data_snack(self, link):
        jobs = self.kept_reads(link)
        if not jobs:
            return
        job = self.rng.choice(jobs)
        tag = self.rng.randint(1, RESERVED - 1)
        link.again[job.itt] = Recut(job, tag)
        link.snack(R_DATA_SNACK, itt=job.itt, ttt=tag)
        COUNTS["R-Data SNACK"] += 1

    def r2t_snack(self, link):
        jobs = [job for job in self.tasks() if isinstance(job, Write)
                and job.link is link and job.asked and not job.r2t_again]
        if not jobs:
            return
        job = self.rng.choice(jobs)
        job.asked[0].held = job.r2t_again = True
        link.snack(DATA_SNACK, job.r2tsn - 1, 1, job.itt)
        COUNTS["R2T SNACK"] += 1


def show(wire, number):
    note(f"session {number} of seed {SEED}: target {wire.which}, "
         f"{wire.offer}")
    for link in wire.links:
        note(f"connection {link.cid}: {link.mine} {link.keys}")
    start = wire.log[-1][0] if wire.log else 0
    alike = [(cid, arrow, bhs[0], bhs[16:20]) for _, cid, arrow, bhs, _
             in wire.log]
    for n, (when, cid, arrow, bhs, _) in enumerate(wire.log):
        # the middle of a run of data of one task says little
        if bhs[0] == DATA_IN and 0 < n < len(alike) - 2 and (
                alike[n - 1] == alike[n] == alike[n + 1] == alike[n + 2]):
            continue
        pdu = Pdu.received(bhs, b"", b"")
        immediate = " immediate" if arrow[-1] == ">" and bhs[0] & 0x40 else ""
        note(f"{when - start:8.3f} {cid} {arrow:5}{immediate} {pdu}")


@case("each PDU of the target is what the model says")
def _():
    note(f"seed {SEED}")
    end = time.monotonic() + SECONDS
    last = None
    for number in itertools.count(FIRST):
        if number >= FIRST + SESSIONS or time.monotonic() > end:
            break
        if not last:
            wait_for("the last session ends", lambda: not sessions())
        wire = Wire(number, last)
        try:
            wire.begin()
            wire.run(wire.rng.choice((50, 200, 400)))
        except Exception:
            show(wire, number)
            raise
        finally:
            for link in (last.links if last else []) + wire.lost:
                link.close()
        last = wire if wire.leaves_all else None
        for link in [] if last else wire.links:
            link.close()
        COUNTS["sessions"] += 1
    for link in last.links if last else []:
        link.close()
    note(", ".join(f"{n} {what}" for what, n in sorted(COUNTS.items())))


def begin():
    for n in range(len(TARGETS)):
        for unit in (0, 1):
            image(f"wire{n}-{unit}.img", SIZE)
    begin.target = Target(CONF)
    for tid in (2, 4):
        done = ietadm("--op", "new", f"--tid={tid}", "--fault=delay",
                      f"--params={HELD}")
        if done.returncode:
            raise Failed(done.stderr)


main(begin, lambda: begin.target.end())
