#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 7200
"""
Commands of all task attributes, of several initiators at several logical units,
beside a model of SAM-5: whose turn it is (8.6), what an ACA condition keeps off
(5.9.2), what QErr, TST and TAS say (SPC-4 7.5.8), who is aborted by a task
management function or by PREEMPT AND ABORT, and who hears of it how.

    tests/long/task_model.py [SECONDS [SEED [ROUNDS [FIRST]]]]	60 seconds

The medium hangs for each command by a rule of its own (fault injection), so
that which of them run is known, and nothing is a matter of time. After each
step the target must be where the model is: those that run, and all responses.

A mismatch shows what was done; `1 SEED 1 ROUND` is that round alone.
"""

import os
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.environ["IET_TOP"], "tests/lib"))

from bed import Bed  # noqa: E402
from hangs import BLOCKS, Hangs  # noqa: E402
from ktap import FOLDER, IQN, Failed, case, in_time, main  # noqa: E402
from pdu import *  # noqa: E402,F403
from rounds import COUNTS, Rounds  # noqa: E402

ROUNDS = Rounds()
TARGETS = (f"{IQN}:task0", f"{IQN}:task1")
SIZE = 1 << 20
PATIENCE = 60
GIVE_UP = 1.5  # seconds after which a function stops waiting for the medium

ORDERED, HEAD, ACA = 2, 3, 4
ACA_ACTIVE, ABORTED = 0x30, 0x40
NACA = 4
BAD = read10(0xffffffff, 1)
TASK_SET_CLEARED, PREEMPTED = 0x2f00, 0x2a05
TARGET_RESET, RESET, NEXUS_LOST = 0x2902, 0x2903, 0x2907
# service actions of PERSISTENT RESERVE OUT
PREEMPT_AND_ABORT, REGISTER_AND_IGNORE = 5, 6
QERR_ALL, QERR_OWN = 1, 3

# unit 0 is the same one in both targets
CONF = f"""
Target {TARGETS[0]}
    MaxConnections 2
    Lun 0 Path={FOLDER}/task-0.img,Type=fileio
    Lun 1 Path={FOLDER}/task-1.img,Type=fileio
Target {TARGETS[1]}
    MaxConnections 2
    Lun 0 Path={FOLDER}/task-0.img,Type=fileio
"""


class Unit:
    """A logical unit, as the model has it."""

    def __init__(self, number):
        self.number = number
        self.tasks = []  # those that have got in line, in that order
        self.kept = []  # those that will, when an ACA condition is over
        self.tst = self.qerr = self.tas = 0


class Task:
    """A command that the target has, and that may have to wait."""

    def __init__(self, nexus, unit, attr, kind, slot):
        self.nexus, self.unit, self.attr, self.kind = nexus, unit, attr, kind
        self.slot, self.conn = slot, nexus.model.rng.choice(nexus.conns)
        self.itt = self.r2t = None
        self.data_due = kind == "write by R2T"
        self.runs = False
        self.aborted = False  # by whom: True, or "tell"
        self.status = None  # what it is to end with when it may
        self.doomed = False  # it is known to be aborted
        self.bars = False  # by PREEMPT AND ABORT: nobody gets in meanwhile
        self.functions = []  # which wait for it

    @property
    def is_gone(self):
        """For its initiator."""
        return self.doomed and self.aborted is True

    def __str__(self):
        return (f"{self.kind} {self.itt:#x} of {self.nexus.name} at "
                f"{self.unit.number} attr {self.attr} slot "
                f"{self.slot and self.slot.number}")

    def take_r2t(self, pdu):
        if pdu.opcode != R2T:
            raise Failed(f"no R2T: {pdu}")
        self.r2t = pdu

    @property
    def is_in_line(self):
        return self in self.unit.tasks or self in self.unit.kept

    @property
    def writes(self):
        return self.kind.startswith("write")

    @property
    def held(self):
        """By the medium."""
        return self.runs and self.slot is not None


def reserve_out(conn, action, key, other, naca=b"\0", **how):
    """PERSISTENT RESERVE OUT with a RESERVATION KEY and a service action's."""
    data = struct.pack(">QQ8x", key, other)
    cdb = bytes([0x5f, action, 0, 0, 0, 0, 0, 0, len(data)]) + naca
    return conn.scsi(cdb, WRITE, len(data), data=data, **how)


class Nexus:
    """A session, and what the target owes it."""

    def __init__(self, model, which, number):
        self.model, self.which, self.number = model, which, number
        self.name = f"{IQN}:nexus{number}"
        self.key = 0x1000 + number  # of its registrations
        self.units = model.units if which == 0 else model.units[:1]
        self.registered = set()  # with which of them
        self.log_in()

    def log_in(self):
        """As the same initiator port, so that it stays registered."""
        self.conn = Conn(patience=PATIENCE).login(
            TARGETS[self.which], self.name,
            isid=struct.pack(">BHBH", 0x80, 0x5a5a, 0, self.number),
            TaskReporting=self.model.reporting,
            InitialR2T="Yes", ImmediateData="Yes", iSCSIProtocolLevel=2,
            MaxConnections=2)
        self.conns = [self.conn]
        if self.model.rng.random() < 0.3:
            self.conns.append(self.conn.join(2))
        self.attentions = {unit: [] for unit in self.units}
        self.aca = {unit: None for unit in self.units}  # None, True, a task
        self.owed = {}  # ITT -> what must come
        for unit in self.units:
            self.conn.ready(unit.number)

    def register(self, unit):
        """For PREEMPT AND ABORT to name it."""
        itt = reserve_out(self.conn, REGISTER_AND_IGNORE, 0, self.key,
                          unit=unit.number).itt
        self.conn.expect(SCSI_RSP, itt=itt, status=GOOD)
        self.registered.add(unit)

    def log_in_again(self):
        """The target has ended the session, whatever it owed."""
        for conn in self.conns:
            try:
                while True:
                    self.take_pdu(conn)
            except EOFError:
                conn.close()
        self.log_in()

    def tell(self, unit, asc):
        """
        A unit attention: a reset says all there is to say, and the loss of a
        nexus less than that (SAM-5 5.14.3).
        """
        pending = self.attentions[unit]
        if asc in pending:
            return
        if asc >> 8 == RESET >> 8:
            if pending and pending[0] >> 8 == RESET >> 8 and pending[0] < asc:
                return
            pending.clear()
        pending.append(asc)

    def expects(self, itt, what):
        if itt in self.owed:
            raise Failed(f"model: {itt:#x} is owed {self.owed[itt]}")
        self.owed[itt] = what

    def take(self):
        """What has come must be owed."""
        while True:
            conn = self.ready_conn()
            if not conn:
                return
            self.take_pdu(conn)

    def take_pdu(self, conn):
        pdu = conn.receive()
        if pdu.opcode == NOP_IN and pdu.itt == RESERVED:
            # a fence: what has come there is acknowledged
            conn.nop(op=NOP_OUT | IMMEDIATE, itt=RESERVED, ttt=pdu.ttt)
            return
        if pdu.opcode == ASYNC and self.model.reporting == "FastAbort":
            if pdu.event != TASK_TERMINATION:
                raise Failed(f"{self.name} gets {pdu}")
            return
        want = self.owed.pop(pdu.itt, None)
        self.model.log.append(f"    {self.name} < {pdu}")
        if not want:
            raise Failed(f"{self.name} is not owed {pdu}")
        want(pdu)

    def sync(self, conn):
        """The target has seen all that was sent there."""
        itt = conn.nop(op=NOP_OUT | IMMEDIATE).itt
        self.expects(itt, lambda pdu: None)

    def ready_conn(self):
        """One where something comes; it is waited for if it is owed."""
        end = time.monotonic() + PATIENCE
        while True:
            for conn in self.conns:
                wait = 2 if self.owed and len(self.conns) > 1 else 0
                if conn.input or conn.poll.poll(wait):
                    return conn
            if not self.owed:
                return None
            if len(self.conns) == 1:
                return self.conn
            if time.monotonic() > end:
                raise Failed(f"{self.name} is owed {len(self.owed)} answers")


def response(status, sense=None):
    """A check of a SCSI Response, or of the Data-In with the status."""
    def check(pdu):
        if pdu.opcode not in (SCSI_RSP, DATA_IN) or pdu.status != status:
            raise Failed(f"status is not {status:#x}: {pdu}")
        if sense is not None and pdu.sense != sense:
            raise Failed(f"sense is not {sense}: {pdu}")
    return check


class Model:
    """What there must be, and what is done."""

    def __init__(self, rng):
        self.rng = rng
        self.log = []
        self.reporting = self.rng.choice(("RFC3720", "ResponseFence",
                                          "FastAbort"))
        self.units = [Unit(0), Unit(1)]
        self.tasks = []  # that the target has, in the order of their coming
        self.late = []  # writes to be told TASK ABORTED, after their data
        self.hangs = Hangs((1, 2))
        self.nexuses = [Nexus(self, 0, 0), Nexus(self, 0, 1),
                        Nexus(self, 1, 2)]

    def say(self, text):
        self.log.append(text)

    def sharing(self, unit):
        return [n for n in self.nexuses if unit in n.units]

    def of_target(self, which):
        return [n for n in self.nexuses if n.which == which]

    # --- SAM-5

    def same_set(self, unit, one, other):
        return not unit.tst or one is other

    def submit(self):
        """Who gets in line: an initiator's own in the order of their coming."""
        for unit in self.units:
            for task in list(unit.kept):
                if not self.kept_by_aca(task):
                    unit.kept.remove(task)
                    unit.tasks.append(task)
        for task in list(self.tasks):
            if task.is_in_line or task.data_due:
                continue
            before = [t for t in self.tasks[:self.tasks.index(task)]
                      if t.nexus is task.nexus and t.unit is task.unit
                      and not t.is_in_line]
            if task.attr not in (HEAD, ACA) and any(
                    ORDERED in (t.attr, task.attr) for t in before):
                continue
            if self.kept_by_aca(task):
                task.unit.kept.append(task)
            else:
                task.unit.tasks.append(task)

    def kept_by_aca(self, task):
        unit = task.unit
        if task.nexus.aca[unit] is task:
            return False
        return any(n.aca[unit] and self.same_set(unit, n, task.nexus)
                   for n in self.sharing(unit))

    def may_run(self, task):
        line = task.unit.tasks
        at = line.index(task)
        if self.kept_by_aca(task):
            return False
        if task.attr in (HEAD, ACA):
            return True
        for n, other in enumerate(line):
            if other is task or not self.same_set(task.unit, other.nexus,
                                                  task.nexus):
                continue
            if task.attr == ORDERED and (n < at or other.attr in (HEAD, ACA)):
                return False
            if other.attr == ORDERED and n < at:
                return False
        return True

    def go_on(self):
        """Until nobody can."""
        again = True
        while again:
            again = False
            self.submit()
            for unit in self.units:
                for task in list(unit.tasks):
                    if not task.runs and self.may_run(task):
                        task.runs = again = True
                        if not task.slot:
                            self.finish(task)

    def forget(self, task):
        """The target has it no longer."""
        self.tasks.remove(task)
        if task in task.unit.tasks:
            task.unit.tasks.remove(task)
        if task in task.unit.kept:
            task.unit.kept.remove(task)
        aca = task.nexus.aca
        if aca[task.unit] is task:
            aca[task.unit] = True
        for function in task.functions:
            function.waits.discard(task)
        task.functions = []

    def finish(self, task):
        """It has run, without the medium."""
        self.forget(task)
        task.nexus.expects(task.itt, response(GOOD))

    def abort(self, task, function=None, told=True, tas=True):
        """`told`: for something that the initiator itself has done."""
        other = not told
        if task.aborted:
            if told and task.aborted == "tell":
                task.aborted = True
        else:
            tell = other and tas and task.unit.tas and not (
                task.data_due and self.reporting == "FastAbort")
            task.aborted = "tell" if tell else True
        if task.held:
            if function:
                function.waits.add(task)
                task.functions.append(function)
            else:
                task.doomed = True
            return
        # it has not begun
        if task.data_due and task.aborted == "tell":
            # when its data has come
            if task not in self.late:
                self.late.append(task)
        elif task.aborted == "tell":
            task.nexus.expects(task.itt, response(ABORTED))
        self.forget(task)
        if task.slot:
            self.hangs.let_go(task.slot)

    def check_condition(self, nexus, unit, naca, task):
        """A command has ended so: what follows."""
        if naca and not nexus.aca[unit]:
            nexus.aca[unit] = True
        elif not naca and task and nexus.aca[unit] is task:
            nexus.aca[unit] = None
        if not unit.qerr:
            return
        told = set()
        for other in list(self.tasks):
            if other.unit is not unit:
                continue
            if other.nexus is nexus:
                self.abort(other)
            elif unit.qerr == QERR_ALL and not unit.tst:
                self.abort(other, told=False)
                if other.aborted != "tell":
                    told.add(other.nexus)
        for other in told:
            other.tell(unit, TASK_SET_CLEARED)
        self.late = [t for t in self.late
                     if t.nexus is not nexus or t.unit is not unit]

    def verdict(self, nexus, unit, attr, naca, preempts=False):
        """Of a command that comes: a status, or None."""
        aca = attr == ACA
        own = nexus.aca[unit]
        if own:
            return None if aca and own is True else ACA_ACTIVE
        if not preempts and any(
                n.aca[unit] and self.same_set(unit, n, nexus)
               for n in self.sharing(unit)):
            return ACA_ACTIVE if naca else BUSY
        return CHECK_CONDITION if aca else None

    def orphaned(self, nexus, unit):
        return any(t.aborted and t.writes and t.held and t.unit is unit
                   and (t.nexus is nexus or t.bars) for t in self.tasks)

    # --- what is done

    def issue(self):
        """A command, of whatever kind."""
        rng = self.rng
        nexus = rng.choice(self.nexuses)
        unit = rng.choice(nexus.units)
        attr = rng.choice((SIMPLE, SIMPLE, SIMPLE, ORDERED, ORDERED, HEAD))
        if nexus.aca[unit] and rng.random() < 0.7 or rng.random() < 0.02:
            attr = ACA
        naca = NACA if rng.random() < 0.12 else 0
        kind = rng.choice(("read", "write", "write by R2T", "flush", "compare",
                           "mode sense", "ready", "register", "bad"))
        if kind == "bad" and rng.random() < 0.6:
            kind = "read"
        free = self.hangs.free(nexus.which + 1)
        if not free:
            return
        slot = None
        if kind in ("read", "write", "write by R2T", "flush", "compare"):
            slot = rng.choice(free)
        self.say(f"{kind} of {nexus.name} at {unit.number} attr {attr} "
                 f"naca {naca}")
        COUNTS[kind] += 1
        task = Task(nexus, unit, attr, kind, slot)
        task.naca = naca
        refused = self.refusal(task)
        if slot and not refused:
            self.hangs.hang(task.slot, task)
        self.send(task)
        nexus.sync(task.conn)
        if refused:
            status, sense = refused
            nexus.expects(task.itt, response(status, sense))
            return
        if kind == "register":
            nexus.registered.add(unit)
        if kind == "ready" and attr != ORDERED or kind == "register":
            # implicit head of queue, unless it is to be in order
            nexus.expects(task.itt, response(GOOD))
            return
        self.tasks.append(task)
        if task.data_due:
            nexus.expects(task.itt, task.take_r2t)
        if nexus.aca[unit] is True and attr == ACA:
            nexus.aca[unit] = task

    def refusal(self, task):
        """Status and sense, if it is told at once."""
        nexus, unit, kind = task.nexus, task.unit, task.kind
        status = self.verdict(nexus, unit, task.attr, task.naca,
                              kind == "preempt")
        if status:
            sense = None
            if status == CHECK_CONDITION:
                sense = (5, 0x4900)
                self.check_condition(nexus, unit, task.naca, None)
            return status, sense
        takes = nexus.aca[unit] is True  # it is the one that is let in
        if self.orphaned(nexus, unit):
            return BUSY, None
        sense = None
        if nexus.attentions[unit]:
            sense = (6, nexus.attentions[unit].pop(0))
        elif kind == "bad":
            sense = (5, 0x2100)
        if not sense:
            return None
        if takes and not task.naca:
            nexus.aca[unit] = None
        self.check_condition(nexus, unit, task.naca, None)
        return CHECK_CONDITION, sense

    def send(self, task):
        kind, c = task.kind, task.conn
        lba = task.slot.lba if task.slot else 0
        naca = bytes([task.naca])
        how = {"attr": task.attr, "unit": task.unit.number}
        size = BLOCKS * 512
        if kind == "read":
            pdu = c.scsi(read10(lba, BLOCKS)[:9] + naca, READ, size, **how)
        elif kind == "write":
            pdu = c.scsi(write10(lba, BLOCKS)[:9] + naca, WRITE, size,
                         data=bytes(size), **how)
        elif kind == "write by R2T":
            pdu = c.scsi(write10(lba, BLOCKS)[:9] + naca, WRITE, size, **how)
        elif kind == "flush":
            pdu = c.scsi(rw10(0x35, lba, BLOCKS)[:9] + naca, **how)
        elif kind == "compare":
            cdb = bytearray(rw10(0x2f, lba, BLOCKS)[:9] + naca)
            cdb[1] = 2
            pdu = c.scsi(bytes(cdb), WRITE, size, data=b"\1" * size, **how)
        elif kind == "mode sense":
            pdu = c.scsi(bytes([0x1a, 0, 0x0a, 0, 4]) + naca, READ, 4, **how)
        elif kind == "register":
            pdu = reserve_out(c, REGISTER_AND_IGNORE, 0, task.nexus.key,
                              naca, **how)
        elif kind == "preempt":
            pdu = reserve_out(c, PREEMPT_AND_ABORT, task.nexus.key,
                              task.victim.key, naca, **how)
        elif kind == "bad":
            pdu = c.scsi(BAD[:9] + naca, READ, 512, **how)
        else:
            pdu = c.scsi(bytes(5) + naca, **how)
        task.itt = pdu.itt

    def give_data(self, task=None):
        """For a write that waits for it, aborted or not."""
        due = [t for t in self.tasks if t.data_due and t.r2t] + self.late
        if not due:
            return
        task = task or self.rng.choice(due)
        self.say(f"data for {task}")
        task.conn.data_out(task.r2t, bytes(BLOCKS * 512))
        task.nexus.sync(task.conn)
        if task in self.late:
            self.late.remove(task)
            task.nexus.expects(task.itt, response(ABORTED))
        else:
            task.data_due = False

    def release(self, task=None):
        """The medium gives a command back."""
        running = [t for t in self.tasks if t.held]
        if not running:
            return
        awaited = task
        task = task or self.rng.choice(running)
        self.say(f"the medium lets {task} go")
        slot = task.slot
        task.slot = None
        self.finish_held(task)
        self.hangs.let_go(slot)
        if task.aborted is True and not awaited:
            self.linger(task.nexus)

    def linger(self, nexus):
        """Nothing tells when an aborted command has come back."""
        for _ in range(10):
            self.hangs.held()
            for conn in nexus.conns:
                nexus.sync(conn)
            self.go_on()
            nexus.take()
            time.sleep(0.002)

    def finish_held(self, task):
        nexus, unit = task.nexus, task.unit
        self.forget_held(task)
        if task.aborted == "tell":
            nexus.expects(task.itt, response(ABORTED))
        if task.aborted:
            return
        if task.kind == "compare":
            nexus.expects(task.itt, response(CHECK_CONDITION, (0xe, 0x1d00)))
            was = task if task.had_aca else None
            if was:
                nexus.aca[unit] = was
            self.check_condition(nexus, unit, task.naca, was)
            if nexus.aca[unit] is was and was:
                nexus.aca[unit] = True
        else:
            nexus.expects(task.itt, response(GOOD))

    def forget_held(self, task):
        task.had_aca = task.nexus.aca[task.unit] is task
        self.forget(task)

    # --- task management

    def function(self):
        rng = self.rng
        nexus = rng.choice(self.nexuses)
        unit = rng.choice(nexus.units)
        kind = rng.choice((ABORT_TASK, ABORT_TASK, ABORT_TASK_SET,
                           CLEAR_TASK_SET, LUN_RESET, CLEAR_ACA, QUERY_TASK,
                           QUERY_TASK_SET, WARM_RESET, COLD_RESET,
                           NEXUS_RESET))
        if self.late:
            return
        self.say(f"function {kind} of {nexus.name} at {unit.number}")
        COUNTS[f"function {kind}"] += 1
        own = [t for t in self.tasks if t.nexus is nexus and t.unit is unit]
        if kind in (ABORT_TASK, QUERY_TASK) and not own:
            return
        Function(self, nexus, unit, kind, own).run()

    def preempt(self):
        """PREEMPT AND ABORT of another's registration."""
        unit = self.rng.choice(self.units)
        there = [n for n in self.sharing(unit) if unit in n.registered]
        if self.late or len(there) < 2:
            return
        nexus, victim = self.rng.sample(there, 2)
        self.say(f"{nexus.name} preempts {victim.name} at {unit.number}")
        COUNTS["preempt"] += 1
        Preemption(self, nexus, unit, victim).run()

    def step(self):
        what = self.rng.choices(
            (self.issue, self.release, self.give_data, self.function,
             self.preempt), (10, 6, 3, 1.4, 0.6))[0]
        what()
        self.settle()

    # --- is it so?

    def settle(self):
        self.go_on()
        for nexus in self.nexuses:
            nexus.take()
        # new ones may have come in line by what has come
        want = {(t.slot.tid, t.slot.rule) for t in self.tasks if t.held}
        end = time.monotonic() + PATIENCE
        while (got := self.hangs.held()) != want:
            if time.monotonic() > end:
                names = {(t.slot.tid, t.slot.rule): str(t) for t in self.tasks
                         if t.slot}
                raise Failed(
                    "runs, and should not: "
                    f"{[names.get(k, k) for k in got - want]}; should run: "
                    f"{[names.get(k, k) for k in want - got]}")
            for nexus in self.nexuses:
                nexus.take()
            time.sleep(0.001)

    def run(self, steps):
        self.begin()
        self.settle()
        for _ in range(steps):
            self.step()
        self.end()

    def begin(self):
        """The control mode page of each unit, for this round."""
        for unit in self.units:
            unit.tst = self.rng.choice((0, 0, 1))
            unit.qerr = self.rng.choice((0, 0, 0, 1, 3))
            unit.tas = self.rng.choice((0, 1))
            self.say(f"unit {unit.number}: TST {unit.tst} QErr {unit.qerr} "
                     f"TAS {unit.tas} {self.reporting}")
            page = bytes([0x0a, 10, 0x02 | unit.tst << 5,
                          0x10 | unit.qerr << 1, 0, unit.tas << 6])
            data = bytes(4) + page + bytes(6)
            c = self.nexuses[0].conn
            itt = c.scsi(bytes([0x15, 0x10, 0, 0, len(data), 0]), WRITE,
                         len(data), unit.number, data=data).itt
            c.expect(SCSI_RSP, itt=itt, status=GOOD)
            for nexus in self.sharing(unit):
                nexus.conn.ready(unit.number)
                if self.rng.random() < 0.7:
                    nexus.register(unit)

    def end(self):
        """All that is there comes to its end."""
        self.say("the end")
        self.clear_conditions()
        while self.tasks or self.late:
            self.clear_conditions()
            before = len(self.tasks) + len(self.late)
            self.release()
            self.settle()
            self.give_data()
            self.settle()
            if before and before == len(self.tasks) + len(self.late) and not any(
                    t.held or t.data_due for t in self.tasks):
                raise Failed("model: "
                             f"{[str(t) for t in self.tasks]} for ever")
        self.clear_conditions()
        for nexus in self.nexuses:
            nexus.conn.ping()
            for unit in nexus.units:
                for asc in nexus.attentions[unit]:
                    rsp = nexus.conn.command(bytes(6), unit=unit.number)
                    if rsp.sense != (6, asc):
                        raise Failed(f"{nexus.name}: no unit attention "
                                     f"{asc:#x}: {rsp}")
                rsp = nexus.conn.command(bytes(6), unit=unit.number)
                if rsp.status != GOOD:
                    raise Failed(f"{nexus.name}: {rsp}")

    def clear_conditions(self):
        for unit in self.units:
            for nexus in self.sharing(unit):
                if nexus.aca[unit]:
                    Function(self, nexus, unit, CLEAR_ACA, []).run()
                    self.settle()

    def close(self):
        for nexus in self.nexuses:
            for conn in nexus.conns:
                conn.close()
        self.hangs.close()


class Function:
    """A task management function, from its request to its response."""

    def __init__(self, model, nexus, unit, kind, own):
        self.model, self.nexus, self.unit = model, nexus, unit
        self.kind, self.own = kind, own
        self.waits = set()

    def run(self):
        model, unit, kind = self.model, self.unit, self.kind
        fields = {}
        want = COMPLETE
        if kind in (ABORT_TASK, QUERY_TASK):
            task = model.rng.choice(self.own)
            fields["ref"] = task.itt
            model.say(f"  of {task}")
        self.start = time.monotonic()
        self.conn = model.rng.choice(self.nexus.conns)
        self.itt = self.conn.tmf(kind, unit=unit.number, **fields).itt
        if kind == QUERY_TASK:
            want = (SUCCEEDED if not task.aborted or task.aborted == "tell"
                    else COMPLETE)
        elif kind == QUERY_TASK_SET:
            want = (SUCCEEDED if any(not t.aborted for t in self.own)
                    else COMPLETE)
        elif kind == ABORT_TASK:
            if task.is_gone:
                want = NO_TASK
            else:
                model.abort(task, self)
        elif kind == ABORT_TASK_SET:
            self.abort_all(self.own)
        elif kind == CLEAR_TASK_SET:
            self.abort_all([t for t in model.tasks if t.unit is unit and (
                not unit.tst or t.nexus is self.nexus)])
        elif kind == LUN_RESET:
            self.reset()
        elif kind == CLEAR_ACA:
            self.clear_aca()
        elif kind in (WARM_RESET, COLD_RESET):
            self.reset_target()
        elif kind == NEXUS_RESET:
            self.reset_nexus()
        self.wait(want)

    def abort_all(self, tasks, asc=TASK_SET_CLEARED, tas=True):
        """Those of others are told of by `asc`, if they are not otherwise."""
        told = set()
        for task in tasks:
            if task.is_gone:
                continue
            own = task.nexus is self.nexus
            self.model.abort(task, self, told=own, tas=tas)
            if asc and not own and task.aborted != "tell":
                told.add(task.nexus)
        for nexus in told:
            nexus.tell(self.unit, asc)

    def reset(self):
        model, unit = self.model, self.unit
        for nexus in model.sharing(unit):
            nexus.tell(unit, RESET)
        self.abort_all([t for t in model.tasks if t.unit is unit], None)
        self.set_back(unit)

    def set_back(self, unit):
        for nexus in self.model.sharing(unit):
            nexus.aca[unit] = None
        unit.tst = unit.qerr = unit.tas = 0

    def reset_target(self):
        """Which resets all its units, for others, too."""
        model, units = self.model, self.nexus.units
        for unit in units:
            for nexus in model.sharing(unit):
                nexus.tell(unit, TARGET_RESET if nexus.which ==
                           self.nexus.which else RESET)
        self.abort_all([t for t in model.tasks if t.unit in units], None,
                       False)
        for unit in units:
            self.set_back(unit)

    def reset_nexus(self):
        for unit in self.nexus.units:
            self.nexus.tell(unit, NEXUS_LOST)
        self.abort_all([t for t in self.model.tasks
                        if t.nexus is self.nexus])
        for unit in self.nexus.units:
            self.nexus.aca[unit] = None

    def take_answer(self):
        """TARGET COLD RESET closes the other connections before it."""
        if self.kind != COLD_RESET:
            self.nexus.take()
        conns, end = list(self.nexus.conns), time.monotonic() + PATIENCE
        while self.nexus.owed:
            if time.monotonic() > end:
                raise Failed("the reset is not answered")
            for conn in list(conns):
                try:
                    if conn.input or conn.poll.poll(1):
                        self.nexus.take_pdu(conn)
                except EOFError:
                    if conn is self.conn:
                        raise
                    conns.remove(conn)

    def end_sessions(self):
        """TARGET COLD RESET has been answered."""
        for nexus in self.model.of_target(self.nexus.which):
            nexus.log_in_again()

    def clear_aca(self):
        task = self.nexus.aca[self.unit]
        if isinstance(task, Task):
            self.model.abort(task, self)
        self.nexus.aca[self.unit] = None

    def wait_until_aborted(self, victims):
        """Then the medium may give them back."""
        for nexus, unit in victims:
            if self.kind in (ABORT_TASK, CLEAR_ACA):
                for conn in nexus.conns:
                    nexus.sync(conn)
                nexus.take()
                continue
            # what waits for its data before it is told is there still
            for task in [t for t in self.model.late if t.nexus is nexus]:
                self.model.give_data(task)
            found = True
            while found:
                answers = []
                itt = nexus.conn.tmf(QUERY_TASK_SET, unit=unit.number).itt
                nexus.expects(itt, lambda pdu: answers.append(pdu.response))
                nexus.take()
                found = answers != [COMPLETE]

    def answer(self, pdu, want):
        if pdu.opcode != TMF_RSP or pdu.response != want:
            raise Failed(f"the response is not {want}: {pdu}")

    def old_writes(self):
        """Aborted ones that are waited for, whoever has aborted them."""
        if self.kind in (WARM_RESET, COLD_RESET):
            units = self.nexus.units
        elif self.kind == LUN_RESET or (self.kind == CLEAR_TASK_SET
                                        and not self.unit.tst):
            units = [self.unit]
        else:
            units = []
        return [t for t in self.model.tasks if t.unit in units and t.aborted
                and t.held and t.writes]

    def wait(self, want):
        """For the medium, if need be."""
        model = self.model
        model.go_on()
        waits = list(self.waits) + [t for t in self.old_writes()
                                    if t not in self.waits]
        if waits and model.rng.random() < 0.08:
            model.say("  which is given up")
            self.nexus.expects(self.itt, lambda pdu: self.answer(
                pdu, TMF_REJECTED))
            model.settle()
            for task in list(self.waits):
                task.functions.remove(self)
                if not task.functions and not task.doomed:
                    task.aborted = False
            return
        with in_time(GIVE_UP - 0.1, self.start):
            if waits:
                self.wait_until_aborted({(t.nexus, t.unit)
                                         for t in self.waits})
            for task in waits:
                if task in model.tasks:
                    model.release(task)
            self.nexus.expects(self.itt, lambda pdu: self.answer(pdu, want))
            model.go_on()
            self.take_answer()
        if self.kind == COLD_RESET:
            self.end_sessions()
        model.settle()


class Preemption(Function):
    """PREEMPT AND ABORT: a command that does much the same."""

    def __init__(self, model, nexus, unit, victim):
        super().__init__(model, nexus, unit, None, [])
        self.victim = victim

    def run(self):
        model, unit, victim = self.model, self.unit, self.victim
        task = Task(self.nexus, unit, SIMPLE, "preempt", None)
        task.naca, task.victim = 0, victim
        refused = model.refusal(task)
        self.start = time.monotonic()
        model.send(task)
        self.nexus.sync(task.conn)
        self.itt = task.itt
        if refused:
            self.nexus.expects(self.itt, response(*refused))
            return
        victim.registered.discard(unit)
        victim.tell(unit, PREEMPTED)
        theirs = [t for t in model.tasks
                  if t.nexus is victim and t.unit is unit]
        for other in theirs:
            model.abort(other, told=False)
            other.bars = True
        victim.aca[unit] = None
        self.wait([t for t in theirs if t.held and t.writes])

    def wait(self, waits):
        """For writes, which keep everybody off if that takes too long."""
        model = self.model
        model.go_on()
        self.nexus.expects(self.itt, response(GOOD))
        if waits and model.rng.random() < 0.2:
            model.say("  for which the medium is too slow")
            model.settle()
            return
        with in_time(GIVE_UP - 0.1, self.start):
            if waits:
                self.wait_until_aborted({(self.victim, self.unit)})
            for task in waits:
                if task in model.tasks:
                    model.release(task)
            model.go_on()
            self.nexus.take()
        model.settle()


@case("each command has its turn, and its end, as the model says")
def _():
    ROUNDS.play(Model, (20, 60, 150))


main(lambda: Bed.begin(CONF, SIZE), Bed.end)
