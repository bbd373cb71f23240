# SPDX-License-Identifier: GPL-2.0-only
"""
Sessions and connections as an initiator knows them, those that have failed as
well, and as the target shows them: what tests/long/session_model.py is about.
"""

import time
from pathlib import Path

from ktap import FOLDER, IQN, ietadm
from pdu import *  # noqa: F403

PATIENCE = 60
LONG = 3600  # seconds of Time2Retain, which never runs out
CONFLICT = 0x18
LOST, CLEARED = 0x2900, 0x477f
NOT_FOUND, FULL = 0x0203, 0x0302
LIVE, FAILED, CLEANUP = "live", "failed", "in cleanup"
HERE = "127.0.0.1"


class Unit:
    """A logical unit."""

    def __init__(self):
        self.keys = {}  # registrations: (initiator, ISID, target) -> key
        self.reserved = None  # by RESERVE of this session


class Target:
    def __init__(self, tid, erl, conns, queued, units, sessions=0, host=None):
        self.name, self.tid = f"{IQN}:life{tid}", tid
        self.erl, self.conns, self.queued = erl, conns, queued
        self.units, self.max_sessions, self.host = units, sessions, host
        self.exists = True
        # has the administrator closed sessions of it, a while ago at most?
        self.evicted = True

    def conf(self):
        luns = "".join(f"    Lun {n} Path={FOLDER}/life-{unit}.img,"
                       "Type=fileio\n" for n, unit in enumerate(self.units))
        host = f"    Portal {self.host}\n" if self.host else ""
        return (f"Target {self.name}\n    MaxConnections {self.conns}\n"
                f"    ErrorRecoveryLevel {self.erl}\n    DefaultTime2Wait 0\n"
                f"    DefaultTime2Retain {LONG}\n"
                f"    QueuedCommands {self.queued}\n"
                f"    MaxSessions {self.max_sessions}\n{host}{luns}")


class Link(Conn):
    """A connection, also after it has failed."""

    def __init__(self, host=HERE):
        super().__init__(host, patience=PATIENCE)
        self.session = None
        self.state = LIVE
        self.since = 0  # when it failed, or was logged out
        self.is_cut = False  # by us
        self.tasks = []

    def receive(self, patience=None):
        """From ErrorRecoveryLevel 1 on an R2T comes again after a while."""
        while (pdu := super().receive(patience)).opcode == R2T:
            again = [t for t in self.tasks if t.itt == pdu.itt and t.r2t]
            if not again:
                break
            again[0].r2t = pdu
        return pdu

    def sync(self):
        """The target has seen all that was sent, and knows that we have."""
        nop = self.nop(op=NOP_OUT | IMMEDIATE)
        return self.expect(NOP_IN, itt=nop.itt)

    def over(self):
        """The target closes it, if we have not."""
        if not self.is_cut:
            self.expect_end()
        self.close()

    def __str__(self):
        return f"{self.session}/{self.cid}"


class Session:
    def __init__(self, target, initiator, isid, link):
        self.target, self.initiator, self.isid = target, initiator, isid
        self.numbers, self.names = link.numbers, link.names
        self.tsih = link.tsih
        keys = link.keys
        self.erl = int(keys["ErrorRecoveryLevel"])
        self.conns = int(keys["MaxConnections"])
        self.wait = int(keys["DefaultTime2Wait"])
        self.retain = int(keys["DefaultTime2Retain"])
        self.links = []
        self.attentions = [[LOST] for _ in target.units]
        self.early = None  # (link, PDU) that waits for the CmdSN before it
        self.orphans = []

    @property
    def port(self):
        return self.initiator, self.isid, self.target.name

    @property
    def retains(self):
        return self.erl == 2 and self.retain > 0

    @property
    def live(self):
        return [link for link in self.links if link.state == LIVE]

    @property
    def suspended(self):
        return [link for link in self.links if link.state != LIVE]

    @property
    def tasks(self):
        return [task for link in self.links for task in link.tasks]

    @property
    def sid(self):
        return int.from_bytes(self.isid + self.tsih.to_bytes(2, "little"),
                              "little")

    @property
    def window(self):
        """Commands that may be sent now."""
        return self.target.queued - len(self.orphans) - sum(
            not task.answered for task in self.tasks)

    def of(self, cid):
        return [link for link in self.links if link.cid == cid]

    def shown(self):
        return (self.target.name, self.sid, self.initiator, tuple(sorted(
            (link.cid, "active" if link.state == LIVE else "closing")
            for link in self.links)))

    def __str__(self):
        return f"{self.initiator[-1]}{self.isid[-1]}@{self.target.name[-1]}" \
               f"#{self.tsih}"


class Task:
    """A command that waits for its data, the medium, or to be acknowledged."""

    def __init__(self, kind, link, lun, lba, slot=None):
        self.kind, self.lun, self.lba, self.slot = kind, lun, lba, slot
        self.session = link.session
        self.itt = self.r2t = None
        self.answered = False
        link.tasks.append(self)

    @property
    def unit(self):
        return self.session.target.units[self.lun]

    def __str__(self):
        return f"{self.kind} {self.itt:#x} at {self.lun}"


class Pending:
    """A login that is in the middle."""

    def __init__(self, link, login):
        self.link, self.login = link, login
        self.began = time.monotonic()


class Login:
    """What a login asks for; `tsih` and `cid` are those of one that joins."""

    def __init__(self, target, host, initiator, isid, keys, tsih=0, cid=1,
                 joins=None):
        self.target, self.host, self.tid = target, host, target.tid
        self.initiator, self.isid, self.keys = initiator, isid, keys
        self.tsih, self.cid, self.joins = tsih, cid, joins
        self.names = {"InitiatorName": initiator, "TargetName": target.name,
                      "SessionType": "Normal"}

    def connect(self):
        link = Link(self.host)
        link.isid, link.tsih, link.cid = self.isid, self.tsih, self.cid
        link.names = self.names
        if self.joins:
            link.numbers = self.joins.numbers
        # the requests of a login are one task
        link.task = {"itt": link.itt, "cmdsn": link.cmdsn}
        return link

    @property
    def agreed(self):
        """What a new session has."""
        asked = {key: int(value) for key, value in self.keys.items()
                 if not isinstance(value, str)}
        return {**asked, "ErrorRecoveryLevel": min(
            asked["ErrorRecoveryLevel"], self.target.erl),
            "MaxConnections": min(asked["MaxConnections"],
                                  self.target.conns)}

    def __str__(self):
        return (f"login of {self.initiator[-1]}{self.isid[-1]} at "
                f"{self.target.name[-1]} by {self.host} TSIH {self.tsih} "
                f"CID {self.cid} {self.keys}")


class State:
    """What there is, by RFC 7143, and what becomes of it."""

    def __init__(self, targets):
        self.log = []
        self.targets = targets
        self.units = [Unit() for _ in range(3)]
        for target in targets:
            target.units = [self.units[n] for n in target.units]
        self.sessions = []
        self.orphans = []  # tasks that nobody waits for, but that hang

    def say(self, text):
        self.log.append(text)

    def find(self, login):
        for s in self.sessions:
            if s.port == (login.initiator, login.isid, login.target.name) \
                    and login.tsih in (0, s.tsih):
                return s
        return None

    @staticmethod
    def named(s, cid):
        """Which connection is meant by a CID?"""
        found = sorted(s.of(cid), key=lambda link: (LIVE, FAILED, CLEANUP)
                       .index(link.state) * 1000 - s.links.index(link))
        return found[0] if found else None

    def verdict(self, login):
        """The status that it ends with (11.13.5)."""
        target = login.target
        if not target.exists or target.host not in (None, login.host) or (
                target.tid != login.tid):
            return NOT_FOUND
        if login.tsih:
            s = self.find(login)
            if not s:
                return NO_SESSION
            others = [c for c in s.live if c.cid != login.cid]
            # 6.3.4: one more, to clean another up
            return TOO_MANY if len(others) >= s.conns + (s.erl == 2) else 0
        others = [s for s in self.sessions if s.target is target
                  and s.port != (login.initiator, login.isid, target.name)]
        if target.max_sessions and len(others) >= target.max_sessions:
            return FULL
        return 0

    def expected(self, s, lun):
        """Status and sense of a command."""
        unit = s.target.units[lun]
        if any(t.kind == "held write" and t.unit is unit
               and t.session.initiator == s.initiator for t in self.orphans):
            return BUSY, None
        if s.attentions[lun]:
            return CHECK_CONDITION, (6, s.attentions[lun].pop(0))
        if unit.reserved not in (None, s):
            return CONFLICT, None
        return GOOD, None

    def lose_task(self, task):
        """Nobody waits for it any more."""
        if task.slot:
            self.orphans.append(task)
            task.session.orphans.append(task)

    def end_link(self, link):
        """It is over, and its tasks with it (7.5)."""
        s = link.session
        s.links.remove(link)
        if s.early and s.early[0] is link:
            s.early = None  # it was not executed (11.14)
        for task in link.tasks:
            self.lose_task(task)
            asked = s.attentions[task.lun]
            if s.links and CLEARED not in asked:
                asked.append(CLEARED)
        if link.state == LIVE:
            link.over()
        if not s.links:
            self.end_session(s)

    def end_session(self, s):
        """Its I_T nexus is lost."""
        if s not in self.sessions:
            return
        self.say(f"  {s} ends")
        self.sessions.remove(s)
        for link in s.links:
            for task in link.tasks:
                self.lose_task(task)
            if link.state == LIVE:
                link.over()
        s.links = []
        for unit in self.units:
            if unit.reserved is s:
                unit.reserved = None

    def fail(self, link, logged_out=False):
        """It has failed, or is logged out for recovery."""
        s = link.session
        if not s.retains:
            self.end_link(link)
            return
        if s.early and s.early[0] is link:
            s.early = None
        if link.state == LIVE:
            link.over()
        link.state = CLEANUP if logged_out else FAILED


def shown():
    """Sessions and connections of /proc/net/iet/session."""
    found, name = [], None
    for line in Path("/proc/net/iet/session").read_text().splitlines():
        words = dict(word.split(":", 1) for word in line.split())
        if "tid" in words:
            name = words["name"]
        elif "sid" in words:
            found.append((name, int(words["sid"]), words["initiator"],
                          []))
        else:
            found[-1][3].append((int(words["cid"]), words["state"]))
    return sorted((*entry[:3], tuple(sorted(entry[3])))
                  for entry in found)


def shown_by_ietadm():
    found, name = [], None
    for line in ietadm("--op", "show").stdout.splitlines():
        words = line.replace(":", "").split() or [""]
        if words[0] == "target":
            name = line.split()[2]
        elif words[0] == "session":
            found.append((name, int(words[1]), line.split()[2], []))
        elif words[0] == "connection":
            found[-1][3].append((int(words[1]), words[3]))
    return sorted((*entry[:3], tuple(sorted(entry[3])))
                  for entry in found)
