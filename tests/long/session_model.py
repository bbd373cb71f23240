#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 7200
"""
How sessions and connections begin and end, of several initiators at several
targets, beside a model of RFC 7143: logins of all kinds (6.3, 6.3.4-6.3.6),
logouts (11.14), connections that are cut at any moment, what is left of their
tasks and how long (7.2.2, 13.15, 13.16), what the administrator ends, and an
ietd that is killed.

    tests/long/session_model.py [SECONDS [SEED [ROUNDS [FIRST]]]]	60 seconds

After each step the target must be where the model is: its answer, the sessions
and connections that it shows, the command window of each session, and each
connection that is to be there or not. In between each initiator is told what
its I_T nexus has lost (unit attentions, reservations), and of nothing else.

A mismatch shows what was done; `1 SEED 1 ROUND` is that round alone.
"""

import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ["IET_TOP"], "tests/lib"))

from bed import Bed  # noqa: E402
from hangs import BLOCKS, SLOTS, Hangs  # noqa: E402
from ktap import (IQN, Failed, case, ietadm,  # noqa: E402
                  listens, main, wait_for)
from life import *  # noqa: E402,F403
from pdu import *  # noqa: E402,F403
from rounds import COUNTS, Rounds  # noqa: E402

ROUNDS = Rounds()
SIZE = 1 << 20
LOGIN_TIME = 15  # seconds that ietd gives a login
SHORT = 1  # second of Time2Retain
EARLY = 0.1  # of a timer, by which the clocks may differ
THERE = "127.0.0.2"
NAMES = [f"{IQN}:life-{n}" for n in "ab"]
ISIDS = [b"\x80life" + bytes([n]) for n in (1, 2)]


def targets():
    """Unit 0 of the first two is the same one."""
    return [Target(1, 2, 4, 8, [0, 1]), Target(2, 1, 2, 32, [0], sessions=2),
            Target(3, 2, 1, 16, [2], host=THERE)]


CONF = "LoginRate 0\n" + "".join(target.conf() for target in targets())


class Model(State):
    def __init__(self, rng):
        super().__init__(targets())
        self.rng = rng
        self.returning = set()  # (initiator, unit) of those let go
        self.used = set()  # TSIHs
        self.pending = None
        self.running = True  # ietd
        self.hangs = Hangs((1, 2))
        self.lba = 0
        self.find_tids()

    def find_tids(self):
        for target in self.targets:
            reply = self.hangs.nl.do("TARGET_GET", T_NAME=target.name)
            target.tid = reply["T_TID"]

    def adm(self, *args, good=True):
        done = ietadm(*args)
        self.say(f"  ietadm {' '.join(args)}: {done.returncode}")
        if good != (not done.returncode):
            raise Failed(f"ietadm {args}: {done.returncode} {done.stderr}")

    def any_session(self, lives=True):
        fit = [s for s in self.sessions if s.live or not lives]
        return self.rng.choice(fit) if fit else None

    def any_link(self):
        fit = [link for s in self.sessions for link in s.live]
        return self.rng.choice(fit) if fit else None

    # --- the end of failed connections

    def tidy(self):
        """What is left when nothing is left to wait for (8.2, M4)."""
        for s in list(self.sessions):
            for link in s.suspended:
                if link.state == CLEANUP and not link.tasks and s.live:
                    self.end_link(link)
            if s.retain == SHORT and s.suspended:
                self.run_out(s)

    def run_out(self, s):
        """Time2Retain is over, and not too early."""
        self.say(f"  the time of {s} runs out")
        COUNTS["times run out"] += 1
        since = max(link.since for link in s.suspended)
        for link in s.suspended:
            self.end_link(link)
        self.compare()
        took = time.monotonic() - since
        if took < s.wait + s.retain - EARLY:
            raise Failed(f"{s} was retained for {took:.2f} s")

    # --- logins

    def new_login(self, initiator=None):
        rng = self.rng
        target = rng.choices(self.targets, (3, 1, 1))[0]
        host = target.host or HERE
        if rng.random() < 0.05:
            host = HERE if host == THERE else THERE
        keys = {"ErrorRecoveryLevel": rng.choice((0, 1, 2, 2, 2, 2)),
                "MaxConnections": rng.choice((1, 2, 4, 8)),
                "DefaultTime2Retain": rng.choice((0, LONG, LONG, LONG, LONG)),
                "InitialR2T": "Yes", "ImmediateData": "Yes"}
        if rng.random() < 0.1:
            keys.update(DefaultTime2Wait=rng.choice((0, 1)),
                        DefaultTime2Retain=SHORT)
        else:
            keys["DefaultTime2Wait"] = 0
        return Login(target, host, initiator or rng.choice(NAMES),
                     rng.choice(ISIDS), keys)

    def join_login(self):
        """One more connection, the same once more, or a wrong one."""
        rng, s = self.rng, self.any_session(lives=False)
        if not s:
            return self.new_login()
        login = Login(s.target, s.target.host or HERE, s.initiator, s.isid,
                      {}, s.tsih, rng.randint(1, 5), s)
        wrong = rng.random()
        if wrong < 0.05:
            login.tsih = rng.choice([n for n in range(1, 99)
                                     if n != s.tsih])
        elif wrong < 0.08:
            login.isid = b"\x80other"
        elif wrong < 0.11:
            login.initiator = f"{IQN}:other"
            login.names["InitiatorName"] = login.initiator
        elif wrong < 0.14:
            login.target = rng.choice(self.targets)
            login.names["TargetName"] = login.target.name
            login.tid = login.target.tid
        return login

    def any_login(self):
        return self.rng.choice((self.new_login, self.join_login))()

    def step_login(self):
        self.log_in(self.any_login(), self.rng.choice((1, 1, 2)))

    def step_join(self):
        self.log_in(self.join_login(), 1)

    def log_in(self, login, requests):
        self.say(f"{login} in {requests}")
        link = self.connect(login)
        if not link:
            return
        if requests == 2 and not self.half(link, login):
            return
        self.finish(link, login, requests == 1)

    def connect(self, login):
        try:
            link = login.connect()
        except ConnectionRefusedError:
            if self.running:
                raise
            return None
        if not self.running:
            raise Failed("who listens?")
        return link

    def refused(self, link, rsp, want):
        if rsp.status != want:
            raise Failed(f"the login should have ended with {want:#06x}: "
                         f"{rsp}")
        if not want:
            return False
        COUNTS[f"logins {want:#06x}"] += 1
        link.expect_end()
        link.close()
        return True

    def half(self, link, login):
        """The first request of two: does the login go on?"""
        want = self.verdict(login)
        rsp = link.login_request(text(**login.names, AuthMethod="None"),
                                 stage=0, next_stage=1, **link.task)
        # there is no session before the last one
        if self.refused(link, rsp, 0 if want == FULL else want):
            return False
        if rsp.flags != 0x81:
            raise Failed(f"no transition: {rsp}")
        return True

    def finish(self, link, login, alone=False):
        """The last request, or the only one."""
        names = login.names if alone else {}
        want, s = self.verdict(login), self.find(login)
        window = login.target.queued
        if login.tsih and s:
            window = s.window if s.live else 0  # it may not be so yet
        rsp = link.login_request(text(**names, **login.keys), **link.task)
        if self.refused(link, rsp, want):
            return
        COUNTS["joins" if login.tsih else "logins"] += 1
        if rsp.flags & 0x83 != 0x83 or not rsp.tsih:
            raise Failed(f"the login did not end: {rsp}")
        link.logged_in(rsp)
        (self.join if login.tsih else self.lead)(link, login)
        numbers = rsp.expcmdsn, rsp.maxcmdsn - rsp.expcmdsn + 1
        if login.tsih not in (0, rsp.tsih):
            raise Failed(f"another TSIH: {rsp}")
        # between the requests of one login others go on
        if alone and window and numbers != (link.numbers.cmdsn, window):
            raise Failed(f"ExpCmdSN or a window of {window}: {rsp}")

    def lead(self, link, login):
        """A new session, in the place of an old one (6.3.5)."""
        if link.tsih in self.used:
            raise Failed(f"TSIH {link.tsih} again")
        self.used.add(link.tsih)
        old = self.find(login)
        if old:
            COUNTS["sessions reinstated"] += 1
            self.end_session(old)
        for key, value in login.agreed.items():
            if int(link.keys[key]) != value:
                raise Failed(f"{key}={link.keys[key]}, not {value}")
        s = Session(login.target, login.initiator, login.isid, link)
        self.sessions.append(s)
        link.session = s
        s.links.append(link)

    def join(self, link, login):
        """A connection more, maybe in the place of an old one (6.3.4)."""
        s = self.find(login)
        link.session = s
        now = time.monotonic()
        old = s.of(link.cid)
        s.links.append(link)
        for other in old:
            COUNTS["connections reinstated"] += 1
            if other.state != CLEANUP:
                other.since = now
            self.fail(other, True)

    def step_pending(self):
        """A login begins, and ends some steps later, whatever is then."""
        if self.pending:
            self.go_on()
            return
        login = self.any_login()
        self.say(f"half a {login}")
        link = self.connect(login)
        if link and self.half(link, login):
            self.pending = Pending(link, login)

    def go_on(self):
        link, login = self.pending.link, self.pending.login
        began, self.pending = self.pending.began, None
        self.say(f"... goes on: {login}")
        if time.monotonic() - began > LOGIN_TIME / 2:
            link.close()
        else:
            COUNTS["logins that took their time"] += 1
            self.finish(link, login)

    def step_cut_login(self):
        """The initiator goes, somewhere on the way."""
        self.compare()
        rng, login = self.rng, self.any_login()
        moment = rng.randrange(5)
        self.say(f"{login} is cut at {moment}")
        link = self.connect(login)
        if not link:
            return
        COUNTS["logins cut"] += 1
        whole = Pdu(LOGIN | IMMEDIATE, text(**login.names, **login.keys),
                    flags=0x87, isid=login.isid, tsih=login.tsih,
                    cid=login.cid, itt=link.itt, cmdsn=link.cmdsn).wire()
        if moment == 1:
            link.send_bytes(whole[:rng.randrange(1, len(whole))])
        elif moment == 2 and not self.half(link, login):
            return
        elif moment > 2 and (login.tsih or self.verdict(login)):
            moment = 0
        elif moment > 2:
            # as far as ietd knows it is logged in
            link.send_bytes(whole)
            if moment == 4:
                link.expect(LOGIN_RSP, status=0)
        self.drop(link)
        if moment > 2:
            self.adopt(login, link)

    def drop(self, link):
        if self.rng.random() < 0.5:
            link.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                 struct.pack("ii", 1, 0))
        link.is_cut = True
        link.close()

    def adopt(self, login, link):
        """
        Its predecessor is gone; whether there was a connection to recover when
        the end was noticed, nobody knows.
        """
        self.discover()  # ietd has seen all that came before
        old = self.find(login)
        if old:
            self.end_session(old)
        link.keys = login.agreed
        known = {s.sid for s in self.sessions}
        new = [sid for _, sid, *_ in shown() if sid not in known]
        s = Session(login.target, login.initiator, login.isid, link)
        if new and s.retains:
            s.tsih = link.tsih = new[0] >> 48
            self.used.add(s.tsih)
            COUNTS["sessions that began with a failure"] += 1
            link.session, link.state = s, FAILED
            s.links.append(link)
            self.sessions.append(s)

    # --- logouts, failures

    def step_logout(self):
        rng, link = self.rng, self.any_link()
        if not link:
            return
        s = link.session
        reason = rng.choice((0, 1, 1, 1, 2, 2, 2, 3))
        cid = rng.choice((link.cid, link.cid, 77,
                          rng.choice(s.links).cid, rng.choice(s.links).cid))
        op = LOGOUT | IMMEDIATE
        if not s.early or rng.random() < 0.5:
            self.close_gap(s)
            op = LOGOUT
        left = [c.cid for c in s.links if c.state == FAILED and c.tasks]
        if left and rng.random() < 0.6:
            reason, cid = RECOVERY, left[0]
        self.say(f"logout of {cid} by {link}, reason {reason}")
        COUNTS[f"logouts {reason}"] += 1
        now, ends = time.monotonic(), self.named(s, cid)
        pdu = link.request(op, flags=FINAL | reason, cid=cid)
        if reason == 3:
            link.expect(REJECT, reason=INVALID_FIELD)
            if op == LOGOUT:
                s.numbers.cmdsn -= 1
            return
        want = 0
        if reason == RECOVERY and s.erl < 2:
            want = NO_RECOVERY
        elif reason != CLOSE_SESSION and not ends:
            want = CID_NOT_FOUND
        rsp = link.expect(LOGOUT_RSP, itt=pdu.itt, response=want)
        if want:
            return
        if s.erl == 2 and (rsp.time2wait, rsp.time2retain) != (s.wait,
                                                               s.retain):
            raise Failed(f"times of {rsp}")
        if reason == CLOSE_SESSION:
            self.end_session(s)
        elif reason == CLOSE_CONNECTION:
            self.end_link(ends)
        elif ends.state != CLEANUP:
            ends.since = now
            self.fail(ends, True)

    def step_cut(self):
        """A connection fails, whatever is on its way."""
        rng, link = self.rng, self.any_link()
        if not link or len(link.session.suspended) > 8:
            return
        s = link.session
        how = rng.choice(("idle", "idle", "half closed", "in a header",
                          "in data"))
        self.say(f"{link} is cut, {how}")
        COUNTS[f"cut {how}"] += 1
        if s.retains and rng.random() < 0.4:
            self.unacknowledged(link)
        writes = [t for t in link.tasks if t.r2t]
        data = bytes(BLOCKS * 512)
        if how == "in data" and writes:
            r2t = writes[0].r2t
            part = Pdu(DATA_OUT, data[:r2t.length], flags=FINAL, itt=r2t.itt,
                       ttt=r2t.ttt, lun=r2t.bhs[8:16], offset=r2t.offset,
                       expstatsn=link.expstatsn)
        else:
            part = link.make(SCSI, flags=FINAL | WRITE | SIMPLE, data=data,
                             edtl=len(data), cdb=write10(0, BLOCKS),
                             cmdsn=link.cmdsn)
        if how == "in a header":
            link.send_bytes(part.wire()[:rng.randrange(1, 48)])
        elif how == "in data":
            link.send_bytes(part.wire()[:rng.randrange(48, len(data))])
        link.since = time.monotonic()
        if how == "half closed":
            link.finish()
            link.expect_end()
        self.drop(link)
        self.fail(link)
        if s not in self.sessions and self.running:
            # at once, and its nexus is lost nevertheless (SAM-5 6.3.4)
            self.log_in(self.new_login(s.initiator), 1)
            self.step_probe()

    def unacknowledged(self, link):
        """A read whose status the initiator does not acknowledge."""
        lun = self.rng.randrange(len(link.session.attentions))
        ready = self.clear(link.session, lun)
        for other in link.session.live:  # that is acknowledged, at any rate
            other.sync()
        if not ready:
            return
        link.acks = False
        task = Task("read", link, lun, self.place())
        task.itt = link.scsi(read10(task.lba, BLOCKS), READ, BLOCKS * 512,
                             lun).itt
        link.data_of(task.itt)
        task.answered = True

    # --- tasks

    def place(self):
        self.lba = (self.lba + BLOCKS) % (SIZE // 512 - SLOTS * BLOCKS)
        return SLOTS * BLOCKS + self.lba

    def step_task(self):
        rng, link = self.rng, self.any_link()
        if not link:
            return
        s = link.session
        lun = rng.randrange(len(s.attentions))
        kind = rng.choice(("write", "write", "held read", "held write"))
        free = self.hangs.slots.get(s.target.tid) and self.hangs.free(
            s.target.tid)
        if s.window < 3 or not self.clear(s, lun):
            return
        if kind == "write":
            task = Task(kind, link, lun, self.place())
        elif free:
            slot = rng.choice(free)
            task = Task(kind, link, lun, slot.lba, slot)
            self.hangs.hang(slot, task)
        else:
            return
        COUNTS[kind] += 1
        data = bytes(BLOCKS * 512)
        if kind == "held read":
            task.itt = link.scsi(read10(task.lba, BLOCKS), READ, len(data),
                                 lun).itt
        else:
            task.itt = link.scsi(write10(task.lba, BLOCKS), WRITE, len(data),
                                 lun, data=data if task.slot else b"").itt
        self.say(f"{task} by {link}")
        if kind == "write":
            task.r2t = link.expect(R2T, itt=task.itt)
        else:
            wait_for("it hangs", lambda: (task.slot.tid, task.slot.rule)
                     in self.hangs.held(), pause=0.005)

    def let_go(self, task):
        self.hangs.let_go(task.slot)
        task.slot = None
        if task.kind == "held write":
            self.returning.add((task.session.initiator, task.unit))

    def step_finish(self):
        """A task goes on, be it one that nobody waits for."""
        tasks = [t for s in self.sessions for t in s.tasks
                 if t.slot or t.r2t] + self.orphans
        if not tasks:
            return
        task = self.rng.choice(tasks)
        self.say(f"{task} goes on")
        if task in self.orphans:
            self.orphans.remove(task)
            task.session.orphans.remove(task)
            self.let_go(task)
            return
        link = next(c for c in task.session.links if task in c.tasks)
        if task.slot:
            self.let_go(task)
        elif link.state == LIVE:
            link.data_out(task.r2t, bytes(task.r2t.length))
        if link.state == LIVE:
            self.answered(link, task)

    @staticmethod
    def answered(link, task):
        pdu = link.receive()
        if pdu.opcode not in (SCSI_RSP, DATA_IN) or pdu.itt != task.itt or (
                pdu.status != GOOD):
            raise Failed(f"{task} ends with {pdu}")
        link.tasks.remove(task)

    def step_reassign(self):
        """11.5.1, 11.6.1"""
        rng, link = self.rng, self.any_link()
        if not link:
            return
        s = link.session
        tasks = [t for c in s.links if c.state == CLEANUP for t in c.tasks]
        if not tasks or rng.random() < 0.3:
            tasks = [*s.tasks, None]
        task = rng.choice(tasks)
        old = task and next(c for c in s.links if task in c.tasks)
        self.say(f"{task} of {old} to {link}")
        want = COMPLETE
        if s.erl < 2:
            want = NO_REASSIGN
        elif not task:
            want = NO_TASK
        elif old.state != CLEANUP:
            want = STILL_ALLEGIANT
        COUNTS[f"reassignments {want}"] += 1
        link.tmf(TASK_REASSIGN, task.itt if task else 0xdead)
        link.expect(TMF_RSP, response=want)
        if want != COMPLETE:
            return
        old.tasks.remove(task)
        link.tasks.append(task)
        if task.kind == "write":
            task.r2t = None
            task.r2t = link.expect(R2T, itt=task.itt)
        elif task.kind == "read":
            link.data_of(task.itt)
            link.tasks.remove(task)
        elif not task.slot:
            self.answered(link, task)

    def step_early(self):
        """A command waits for one that has not come."""
        s = self.any_session()
        if not s or s.early or s.window < 3 or not self.clear(s, 0):
            return
        link = self.rng.choice(s.live)
        self.say(f"an early command by {link}")
        COUNTS["early commands"] += 1
        s.early = link, link.scsi(bytes(6), cmdsn=s.numbers.cmdsn + 1)

    def close_gap(self, s):
        if not s.early:
            return
        early, pdu = s.early
        s.early = None
        link = self.rng.choice(s.live)
        self.say(f"{link} closes the gap")
        if (s.initiator, s.target.units[0]) in self.returning:
            self.command(s, 0, op=SCSI | IMMEDIATE)
        nop = link.nop(op=NOP_OUT)
        link.expect(NOP_IN, itt=nop.itt)
        s.numbers.cmdsn += 1
        status, sense = self.expected(s, 0)
        rsp = early.expect(SCSI_RSP, itt=pdu.itt, status=status)
        if rsp.sense != sense:
            raise Failed(f"sense is not {sense}: {rsp}")

    # --- what an I_T nexus has

    def command(self, s, lun, cdb=bytes(6), data=b"", op=SCSI):
        """By any connection; its status."""
        self.close_gap(s)
        link, unit = self.rng.choice(s.live), s.target.units[lun]
        status, sense = self.expected(s, lun)
        back = (s.initiator, unit) in self.returning and status != BUSY
        while True:
            rsp = link.command(cdb, unit=lun, data=data, edtl=len(data),
                               flags=WRITE if data else 0, op=op)
            if rsp.status != BUSY or not back:
                break
        if (rsp.status, rsp.sense) != (status, sense):
            raise Failed(f"{s} at {lun}: {rsp} instead of status {status} "
                         f"{sense}")
        if status != BUSY:
            self.returning.discard((s.initiator, unit))
        return status

    def clear(self, s, lun):
        """Is the unit ready, once it has told what there is to tell?"""
        while (status := self.command(s, lun)) == CHECK_CONDITION:
            pass
        return status == GOOD

    def step_probe(self):
        s = self.any_session()
        if s:
            lun = self.rng.randrange(len(s.attentions))
            self.say(f"{s} asks unit {lun}")
            self.command(s, lun)

    def step_reserve(self):
        """RESERVE (SPC-2) is lost with the nexus."""
        s = self.any_session()
        if not s or len(s.attentions) < 2 or not self.clear(s, 1):
            return
        unit = s.target.units[1]
        # it may go before another's command, which then conflicts with it
        if any(task.unit is unit for other in self.sessions if other is not s
               for task in other.tasks):
            return
        self.say(f"{s} reserves, or releases")
        COUNTS["reservations"] += 1
        self.command(s, 1, bytes([0x17 if unit.reserved else 0x16]) + bytes(5))
        unit.reserved = None if unit.reserved else s

    def step_register(self):
        """A registration (SPC-4) is the initiator port's."""
        s = self.any_session()
        if not s or s.target is self.targets[2] or not self.clear(s, 0):
            return
        unit = s.target.units[0]
        key = self.rng.choice((0, self.rng.getrandbits(64)))
        self.say(f"{s} registers {key:#x}")
        self.persistent_out(s, 6, key)
        unit.keys[s.port] = key
        if not key:
            del unit.keys[s.port]
        link = self.rng.choice(s.live)
        data = link.data_of(link.scsi(struct.pack(">BB5xHx", 0x5e, 0, 1024),
                                      READ, 1024).itt)
        got = sorted(struct.unpack(f">{len(data) // 8 - 1}Q", data[8:]))
        if got != sorted(unit.keys.values()):
            raise Failed(f"keys {got}, not {unit.keys}")

    def persistent_out(self, s, action, key, own=0):
        COUNTS["registrations"] += 1
        self.command(s, 0, struct.pack(">BB3xIx", 0x5f, action, 24),
                     struct.pack(">QQ8x", own, key))

    # --- what the administrator does

    def name(self, s, *more):
        return f"--tid={s.target.tid}", f"--sid={s.sid}", *more

    def step_delete(self):
        """A session or a connection, there or not."""
        rng, s = self.rng, self.any_session(lives=False)
        if not s:
            return
        self.compare()
        s.target.evicted = True
        if rng.random() < 0.5:
            self.adm("--op", "delete", *self.name(s))
            self.end_session(s)
            self.adm("--op", "delete", *self.name(s), good=False)
            return
        cid = rng.choice(s.links).cid
        self.adm("--op", "delete", *self.name(s, f"--cid={cid}"))
        self.end_link(s.of(cid)[-1])

    def step_async(self):
        """11.9.1"""
        rng, s = self.rng, self.any_session(lives=False)
        if not s:
            return
        self.compare()
        event = rng.choice((LOGOUT_REQUEST, DROP_CONNECTION, DROP_SESSION,
                            NEGOTIATION_REQUEST))
        word = {LOGOUT_REQUEST: "logout", DROP_CONNECTION: "drop-connection",
                DROP_SESSION: "drop-session",
                NEGOTIATION_REQUEST: "negotiate"}[event]
        more, told = [], s.live
        if event == DROP_CONNECTION:
            link = rng.choice(s.links)
            more, told = [f"--cid={link.cid}"], [
                c for c in s.of(link.cid) if c.state == LIVE]
        COUNTS[word] += 1
        if event in (LOGOUT_REQUEST, NEGOTIATION_REQUEST):
            word += ",Time=3600"
            want = {"p1": 0, "p2": 0, "p3": 3600}
        else:
            want = {"p1": 0, "p2": s.wait, "p3": 0}
        now = time.monotonic()
        self.adm("--op", "update", *self.name(s, *more),
                 f"--params=Async={word}")
        for link in told:
            if event == DROP_CONNECTION:
                want.update(p1=link.cid, p3=s.retain if s.retains else 0)
            link.expect(ASYNC, event=event, **want)
        if event == DROP_SESSION:
            self.end_session(s)
        for link in told if event == DROP_CONNECTION else []:
            link.since = now
            self.fail(link)

    def step_target(self):
        """A target is deleted, and comes back with the file."""
        self.compare()
        target = self.targets[2]
        mine = [s for s in self.sessions if s.target is target]
        if not target.exists:
            if self.running:
                self.adm("--op", "reload")
                self.back()
        elif mine and not target.evicted and self.rng.random() < 0.5:
            self.adm("--op", "delete", f"--tid={target.tid}", good=False)
        else:
            for s in mine:
                self.adm("--op", "delete", *self.name(s))
                self.end_session(s)
            self.compare()
            self.adm("--op", "delete", f"--tid={target.tid}")
            COUNTS["targets deleted"] += 1
            target.exists, target.evicted = False, False

    def back(self):
        for target in self.targets:
            target.exists = True
        self.find_tids()

    def step_daemon(self):
        """ietd is killed, and started again some steps later."""
        if not self.running:
            self.say("ietd is back")
            Bed.target.start()
            self.running = True
            self.back()
            return
        self.say("ietd is killed")
        COUNTS["kills"] += 1
        self.running = False
        Bed.target.daemon.send_signal(signal.SIGKILL)
        Bed.target.daemon.wait(PATIENCE)
        wait_for("nobody listens", lambda: not listens(), pause=0.01)
        if self.pending:
            self.pending.link.expect_end()
            self.pending.link.close()
            self.pending = None

    def step_discovery(self):
        if not self.running:
            return
        COUNTS["discoveries"] += 1
        with Link() as link:
            link.tsih = self.rng.choice((0, 0, 0, 7))
            names = {"InitiatorName": NAMES[0], "SessionType": "Discovery"}
            rsp = link.login_request(text(**names))
            if self.refused(link, rsp, NO_SESSION if link.tsih else 0):
                return
            link.logged_in(rsp)
            self.ask_for_targets(link)
            for reason, cid, want in self.rng.sample((
                    (CLOSE_CONNECTION, 77, CID_NOT_FOUND),
                    (RECOVERY, 1, NO_RECOVERY)), 2):
                link.request(LOGOUT, flags=FINAL | reason, cid=cid)
                link.expect(LOGOUT_RSP, response=want)
            link.logout(self.rng.choice((CLOSE_SESSION, CLOSE_CONNECTION)))

    def ask_for_targets(self, link):
        link.request(TEXT, data=text(SendTargets="All"))
        found = re.findall(rb"TargetName=([^\0]*)",
                           link.expect(TEXT_RSP).data)
        want = [t.name for t in self.targets if t.exists and not t.host]
        if sorted(name.decode() for name in found) != want:
            raise Failed(f"targets {found}")

    def discover(self):
        """ietd takes one event after the other."""
        with Link() as link:
            link.login("", NAMES[0])
            link.logout()

    # --- is it so?

    def compare(self):
        want = sorted(s.shown() for s in self.sessions)
        end = time.monotonic() + PATIENCE
        while (got := shown()) != want:
            if time.monotonic() > end:
                raise Failed(f"sessions: {got}, not {want}")
            time.sleep(0.002)
        if self.rng.random() < 0.1 and shown_by_ietadm() != want:
            raise Failed(f"ietadm shows {shown_by_ietadm()}, not {want}")

    def settle(self):
        """It is, sometimes before all that has ended is out of the way."""
        self.tidy()
        if self.rng.random() < 0.7:
            self.compare()
        for s in self.sessions:
            for link in s.live:
                self.look_at(s, link)

    @staticmethod
    def look_at(s, link):
        """It is alive, and the window is right, once orphans have returned."""
        end = time.monotonic() + PATIENCE
        while True:
            pdu = link.sync()
            got = pdu.expcmdsn, pdu.maxcmdsn - pdu.expcmdsn + 1
            if got == (s.numbers.cmdsn, s.window):
                return
            if time.monotonic() > end:
                raise Failed(f"{link}: ExpCmdSN and window are {got}, not "
                             f"{s.numbers.cmdsn}, {s.window}")
            time.sleep(0.002)

    STEPS = {"login": 7, "join": 9, "pending": 2, "cut_login": 3, "logout": 6,
             "cut": 6, "task": 12, "finish": 5, "reassign": 8, "early": 2,
             "probe": 8, "reserve": 3, "register": 2, "delete": 1,
             "async": 1.5, "target": 1, "daemon": 0.5, "discovery": 1}

    def run(self, steps):
        for _ in range(steps):
            name = self.rng.choices(list(self.STEPS), self.STEPS.values())[0]
            if not self.running and self.rng.random() < 0.2:
                name = "daemon"
            getattr(self, f"step_{name}")()
            self.settle()
        self.end()

    def end(self):
        """All that is there comes to its end."""
        self.say("the end")
        if not self.running:
            self.step_daemon()
        if self.pending:
            self.go_on()
        if not self.targets[2].exists:
            self.step_target()
        for task in self.orphans:
            self.let_go(task)
        self.orphans = []
        for s in list(self.sessions):
            self.end_tasks(s)
            if s.live and self.rng.random() < 0.5:
                self.leave(s)
            else:
                self.adm("--op", "delete", *self.name(s))
                self.end_session(s)
        self.compare()
        self.forget_keys()

    def end_tasks(self, s):
        for link in s.links:
            for task in [t for t in link.tasks if t.slot]:
                self.let_go(task)
                if link.state == LIVE:
                    self.answered(link, task)

    def leave(self, s):
        self.close_gap(s)
        s.live[0].logout()
        s.live[0].is_cut = True  # by us, too
        self.end_session(s)

    def forget_keys(self):
        if not self.units[0].keys:
            return
        login = Login(self.targets[0], HERE, NAMES[0], ISIDS[0], {
            "ErrorRecoveryLevel": 0, "MaxConnections": 1,
            "DefaultTime2Wait": 0, "DefaultTime2Retain": 0})
        self.log_in(login, 1)
        s = self.sessions[0]
        self.clear(s, 0)
        self.persistent_out(s, 6, 1)
        self.persistent_out(s, 3, 0, 1)
        self.leave(s)
        self.compare()

    def close(self):
        for s in self.sessions:
            for link in s.links:
                link.close()
        self.hangs.close()


@case("sessions and connections begin and end as the model says")
def _():
    ROUNDS.play(Model, (30, 80, 200))


@case("the module goes when all is deleted")
def _():
    ietadm("--op", "delete")
    Bed.target.daemon.terminate()
    Bed.target.daemon.wait(PATIENCE)
    wait_for("rmmod", lambda: subprocess.run(
        ["rmmod", "iscsi_trgt"], capture_output=True).returncode == 0)
    Bed.target.start()


main(lambda: Bed.begin(CONF, SIZE), Bed.end)
