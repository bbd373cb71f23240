#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 7200
"""
What administrators and their scripts do, at random, beside an exact model of
what there must be (tests/lib/admin_state.py): ietadm, files that are read
again, some with an error, a daemon that is killed, media that come and go,
several ietadm at once, while initiators are logged in. After each step /proc,
ietadm, discovery, logins and the initiators must agree with the model.

    tests/long/admin_model.py [SECONDS [SEED [STEPS]]]	60 seconds
"""

import collections
import json
import os
import random
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, os.path.join(os.environ["IET_TOP"], "tests/lib"))

from admin_conf import as_conf, snapshot  # noqa: E402
from admin_state import *  # noqa: E402,F403
from hangdisk import sh  # noqa: E402
from ktap import (FOLDER, IQN, SBIN, Failed, Target as Daemon,  # noqa: E402
                  case, ietadm, listens, main, note, wait_for)
from pdu import (ASYNC, CHECK_CONDITION, DATA_IN, FINAL,  # noqa: E402
                 GOOD, LOGOUT, R2T, READ, RESERVED, SCSI_RSP, TEXT,
                 TEXT_RSP, WRITE, Conn, chap_response, keys_of, read10,
                 text, write10)

ARGS = [int(word, 0) for word in sys.argv[1:]]
SECONDS = ARGS[0] if ARGS else 60
SEED = ARGS[1] if len(ARGS) > 1 else random.getrandbits(32)
STEPS = ARGS[2] if len(ARGS) > 2 else 1 << 62
del sys.argv[1:]

FILES = FOLDER / "admin-fs"
ETC = Path("/etc/iet")
MIB = 1 << 20
NAMES = [f"{IQN}:admin.{n}" for n in "abcdef"]
INITIATORS = [f"{IQN}:host{n}" for n in range(4)]
ADDRESSES = ["10.9.9.1", "10.9.9.2", "127.0.0.1"]
USERS = [("joe", "joes-secret-12"), ("ann", "anns-secret-34"),
         ("tom", "toms-secret-56")]
NUMBERS = (0, 0, 1, 1, 2, 3, 7, 255, 256, 16383)
EBUSY, EEXIST, ENOENT, EINVAL, EIO = 16, 17, 2, 22, 5
UNSUPPORTED = 95
READ_CAPACITY16 = bytes([0x9e, 0x10]) + bytes(11) + b"\x20\0\0"
REPORT_LUNS = bytes([0xa0]) + bytes(7) + b"\x10\0\0\0"


def lun_list(data):
    return [struct.unpack_from(">H", data, at)[0] & 0x3fff
            for at in range(8, 8 + struct.unpack(">I", data[:4])[0], 8)]


class Host:
    """An initiator with a session."""

    def __init__(self, conn, session):
        self.conn, self.session = conn, session
        self.doubt = False  # whether unit attentions were not looked at

    def data_in(self, cdb, length, unit=0):
        itt = self.conn.scsi(cdb, READ, length, unit).itt
        pdu = self.next()
        if pdu.opcode != DATA_IN or pdu.itt != itt:
            raise Failed(f"{self.session.initiator} LUN {unit} "
                         f"{cdb.hex()}: {pdu}")
        data = pdu.data
        while not pdu.flags & 1:
            pdu = self.next()
            if pdu.opcode == SCSI_RSP:
                break
            data += pdu.data
        return data

    def next(self):
        """The next PDU that is not an asynchronous message."""
        while (pdu := self.conn.receive()).opcode == ASYNC:
            pass
        return pdu

    def write(self, cdb, data, unit):
        itt = self.conn.scsi(cdb, WRITE, len(data), unit).itt
        while (pdu := self.next()).opcode == R2T:
            self.conn.data_out(pdu, data[pdu.offset:pdu.offset + pdu.length])
        if pdu.itt != itt or pdu.status != GOOD:
            raise Failed(f"{self.session.initiator} LUN {unit}: {pdu}")

    def ready(self, unit):
        itt = self.conn.scsi(bytes(6), unit=unit).itt
        pdu = self.next()
        if pdu.opcode != SCSI_RSP or pdu.itt != itt:
            raise Failed(f"{self.session.initiator}: {pdu}")
        return pdu

    def ping(self):
        itt = self.conn.nop(b"ping").itt
        pdu = self.next()
        if pdu.itt != itt or pdu.data != b"ping":
            raise Failed(f"{self.session.initiator}: no ping, {pdu}")

    def told(self, unit):
        codes = set()
        while (rsp := self.ready(unit)).status != GOOD:
            if rsp.status != CHECK_CONDITION or rsp.sense[0] != 6 or \
                    rsp.sense[1] in codes:
                raise Failed(f"{self.session.initiator} LUN {unit}: {rsp}, "
                             f"after {codes}")
            codes.add(rsp.sense[1])
        return codes


class Machine:
    """All there is, and the steps that change it."""

    def __init__(self, rng):
        self.rng, self.last, self.hosts = rng, [], []
        FILES.mkdir(parents=True, exist_ok=True)
        self.paths = [FILES / f"disk{n}" for n in range(8)]
        media = {}
        for path in self.paths:
            path.write_bytes(bytes(MIB))
            media[str(path)] = Medium(MIB)
        sh("modprobe", "loop")
        self.loops = []
        for n in range(2):
            file = FILES / f"loop{n}"
            file.write_bytes(bytes(2 * MIB))
            loop = subprocess.run(
                ["losetup", "-f", "--show", file], check=True,
                capture_output=True, text=True).stdout.strip()
            self.loops.append(loop)
            media[loop] = Medium(2 * MIB)
        self.state = State(media)
        self.conf = Conf()
        # what ietadm and the file serve does not mix
        self.of_file = [*map(str, self.paths[:4]), self.loops[0]]
        self.of_ietadm = [*map(str, self.paths[4:]), self.loops[1]]
        self.daemon = Daemon(self.conf.text()[0])
        self.fds = None
        self.told = collections.Counter()  # unit attentions

    # --- small things

    def pick(self, items):
        return self.rng.choice(list(items))

    def maybe(self, chance):
        return self.rng.random() < chance

    def adm(self, *args, code=0, says=None):
        done = ietadm(*args)
        self.judge(args, done.returncode, done.stdout, done.stderr, code, says)
        return done.stdout

    @staticmethod
    def judge(args, status, out, err, code=0, says=None):
        want = code and 256 - code
        words = " ".join(map(str, args))
        if status != want:
            raise Failed(f"ietadm {words}: exit status {status}, not {want}: "
                         f"{out}{err}")
        if bool(code) != bool(err) and says is None:
            raise Failed(f"ietadm {words}: stderr {err!r}")
        if says and says not in err:
            raise Failed(f"ietadm {words}: {err!r} does not say {says!r}")

    @staticmethod
    def params(values):
        return "--params=" + ",".join(f"{k}={v}" for k, v in values.items())

    def some_tid(self):
        """Mostly one that there is."""
        if self.state.targets and self.maybe(0.9):
            return self.pick(self.state.targets).tid
        return self.rng.choice((1, 2, 3, 9, 4294967295))

    # --- targets

    def value(self, param):
        """A text for a parameter, at its borders or outside."""
        r = self.rng
        if isinstance(param.low, tuple):
            usual = ACTIVE if param.low is STATES and self.maybe(0.8) else \
                param.low
            return r.choice([*param.low, param.low[0].lower(), "maybe", ""]
                            if self.maybe(0.1) else usual)
        near = [param.low, param.low + 1, param.default, param.limit,
                param.high, r.randint(param.low, param.high)]
        if param.name.startswith("NOP"):  # hosts are silent for seconds
            near = [0, 89, 90]
        if self.maybe(0.15):
            near = [param.low - 1, param.high + 1, 1 << 32, "x", "-1", "08",
                    "1 ", ""]
        value = r.choice(near)
        if isinstance(value, int) and value >= 0 and self.maybe(0.1):
            return hex(value)
        return str(value)

    def values(self, words, most=4, right=False):
        """{word: text}, and {word: value}, or None if any is refused."""
        names = self.rng.sample(words, self.rng.randint(1, most))
        given = {}
        for name in names:
            given[name] = self.value(PARAMS[name])
            while right and PARAMS[name].take(given[name]) is None:
                given[name] = self.value(PARAMS[name])
        taken = {k: PARAMS[k].take(v) for k, v in given.items()}
        return given, None if None in taken.values() else taken

    def lowered(self, given, params=None):
        """Does one of these texts make a warning?"""
        params = params or {p.name: p.default for p in PARAMS.values()}
        first, burst = (PARAMS[k].take(given[k]) if k in given else params[k]
                        for k in ("FirstBurstLength", "MaxBurstLength"))
        return "FirstBurstLength" in given and first > burst or any(str(PARAMS[k].take(v)).lower() != str(
            int(v, 0) if v[:1].isdigit() and not isinstance(
                PARAMS[k].low, tuple) else v).lower()
            for k, v in given.items())

    def step_new_target(self):
        tid = self.rng.choice((0, 0, 0, 1, 2, 5, 70000))
        name = self.pick(NAMES)
        given, taken = ({}, {})
        if self.maybe(0.4):
            given, taken = self.values(list(PARAMS))
        if self.maybe(0.15):
            name = self.pick((f"{IQN}:UPPER", "iqn", "x.y", "iqn.a b",
                              "iqn." + "x" * 230, ""))
        bad = name not in NAMES
        tid = 0 if bad else tid
        # an empty value is none, and one of "Name=," is not there
        args = ("--op", "new", f"--tid={tid}",
                self.params({"Name": name, **given}))
        if taken is None:
            return self.adm(*args, code=EINVAL)
        if tid and self.state.target(tid) or self.state.by_name(name):
            return self.adm(*args, code=EEXIST)
        if bad:
            return self.adm(*args, code=EINVAL)
        self.adm(*args, says="warning" if self.lowered(given) else None)
        target = self.state.new_target(name, RUNTIME, tid)
        self.state.set_params(target, taken)
        return None

    def step_delete_target(self):
        tid = self.some_tid()
        target = self.state.target(tid)
        args = ("--op", "delete", f"--tid={tid}")
        if not target:
            return self.adm(*args, code=ENOENT, says="no such target")
        if self.state.sessions_of(target):
            if self.maybe(0.7):
                return self.busy(target, args)
            for session in self.state.sessions_of(target):
                self.adm("--op", "delete", f"--tid={tid}",
                         f"--sid={session.sid}")
                self.state.end_session(session)
        self.adm(*args)
        self.state.del_target(target)
        return None

    def busy(self, target, args):
        """Refused, unless the administrator has begun to close sessions."""
        done = ietadm(*args)
        if done.returncode or time.monotonic() > getattr(
                target, "evicting", 0):
            return self.judge(args, done.returncode, done.stdout, done.stderr,
                              EBUSY, "has sessions")
        self.state.del_target(target)
        return None

    def step_update_target(self):
        tid = self.some_tid()
        target = self.state.target(tid)
        given, taken = self.values(list(PARAMS))
        args = ["--op", "update", f"--tid={tid}", self.params(given)]
        alias = self.pick(("", "a name", "x" * 255)) if self.maybe(0.2) \
            else None
        if alias is not None:
            args[-1] += f",Alias={alias}"
        if taken is None:
            return self.adm(*args, code=EINVAL)
        if not target:
            return self.adm(*args, code=ENOENT, says="no such target")
        says = "warning" if self.lowered(given, target.params) else None
        self.adm(*args, says=says)
        self.state.set_params(target, taken)
        if alias is not None:
            target.alias = alias
        return None

    def step_redirect(self):
        tid = self.some_tid()
        target = self.state.target(tid)
        where = self.pick(("", "", "10.1.2.3", "10.1.2.3:3261", "[fe80::1]",
                           "[fe80::1]:99", "host.example", "10.1.2", ":1",
                           "10.1.2.3:0", "10.1.2.3:65536", "[fe80::1",
                           "a b", "x" * 300))
        permanent = bool(where) and self.maybe(0.4)
        args = ("--op", "update", f"--tid={tid}",
                f"--redirect={where}{',permanent' * permanent}")
        if where in ("10.1.2", ":1", "10.1.2.3:0", "10.1.2.3:65536",
                     "[fe80::1", "a b", "x" * 300):
            return self.adm(*args, code=EINVAL)
        if not target:
            return self.adm(*args, code=ENOENT, says="no such target")
        self.adm(*args)
        target.redirect, target.permanent = where, permanent
        target.redirect_of_config = False
        return None

    # --- logical units

    def lun_args(self, path):
        """Arguments that are right for a disk."""
        r, args = self.rng, {}
        block = 512
        if path and path.startswith("/dev"):
            args["Type"] = "blockio"
        elif not path:
            args.update(Type="nullio", Blocks=str(r.choice((1, 1000, 1 << 31))))
        if not args.get("Type") == "blockio" and self.maybe(0.3):
            block = r.choice((512, 1024, 2048, 4096))
            args["BlockSize"] = str(block)
        if path and self.maybe(0.3):
            args["IOMode"] = r.choice(("wt", "wb", "ro"))
        if self.maybe(0.3):
            args["ScsiId"] = f"id{r.randrange(1 << 30):08x}"
        if self.maybe(0.2):
            args["ScsiSN"] = r.choice(("1", "x" * 128, f"sn{r.random()}"))
        if self.maybe(0.2):
            args["Removable"] = r.choice(("Yes", "No"))
        if path and self.maybe(0.2):
            args["ThinProvisioned"] = r.choice(("Yes", "No"))
        args.update(self.props(block))
        if self.maybe(0.15):
            args["NAA"] = f"5{r.randrange(1 << 60):015x}"
        if self.maybe(0.1):
            args["EUI64"] = f"{r.randrange(1 << 64):016x}"
        return args

    def props(self, block):
        r, all_of = self.rng, {}
        all_of["VendorId"] = r.choice(("ACME", "x" * 8))
        all_of["ProductId"] = r.choice(("disk", "y" * 16, "a b"))
        all_of["ProductRev"] = r.choice(("1", "0001"))
        all_of["ScsiVersion"] = str(r.randint(3, 7))
        all_of["PhysicalBlockSize"] = str(block << r.randint(0, 3))
        all_of["RotationRate"] = r.choice(("0", "1", "1025", "65534"))
        all_of["OptimalIO"] = r.choice(("65536", "4096:131072", "1048576"))
        return {k: all_of[k] for k in all_of if self.maybe(0.1)}

    def step_new_lun(self):
        tid, number = self.some_tid(), self.pick(NUMBERS)
        target = self.state.target(tid)
        path = self.pick([*self.of_ietadm, None])
        args = self.lun_args(path)
        if path and self.maybe(0.5):
            args = {k: args[k] for k in args if k in ("Type", "IOMode")}
        known = path and self.state.find_path(path, args.get("IOMode") == "ro")
        given = {"Path": path, **args} if path else args
        call = ("--op", "new", f"--tid={tid}", f"--lun={number}",
                self.params(given))
        if self.maybe(0.1):
            return self.wrong_lun(call, path, args)
        if not target:
            return self.adm(*call, code=ENOENT, says="no such target")
        if not known and path and path not in self.state.media:
            return self.adm(*call, code=ENOENT, says=path)
        if not known and path and not self.state.usable(path):
            return self.adm(*call, code=EINVAL, says="smaller than one block")
        if not known and path in self.loops and any(
                v.path == path for v in self.state.volumes()):
            return self.adm(*call, code=EBUSY, says="in use")
        if number in target.luns:
            return self.adm(*call, code=EEXIST, says="in use")
        what = known and known.conflict(args)
        if what:
            return self.adm(*call, code=EEXIST, says=what)
        self.adm(*call)
        volume = known or Volume(path, self.state.media[path] if path else None,
                                 args, default_id(target.name, number))
        self.state.add_lun(target, number, volume, RUNTIME)
        return None

    def wrong_lun(self, call, path, args):
        """One argument more, which can't be."""
        have = {k.lower() for k in args}
        wrong = [("Colour", "red"), ("BlockSize", "513"), ("BlockSize", "8192"),
                 ("ScsiId", "x" * 65), ("ScsiId", ""), ("ScsiSN", "y" * 129),
                 ("IOMode", "rw"), ("Type", "tape"), ("Removable", "1"),
                 ("ScsiVersion", "8"), ("RotationRate", "2"), ("NAA", "7"),
                 ("PhysicalBlockSize", "1000"), ("OptimalIO", "3")]
        wrong.append(("Blocks", "5") if path else ("IOMode", "wt"))
        if not path:
            wrong.append(("Blocks", "0"))
        key, value = self.pick(wrong)
        says = None if key.lower() in have else key
        self.adm(*call[:-1], f"{call[-1]},{key}={value}", code=EINVAL,
                 says=says)

    def some_lun(self):
        tid = self.some_tid()
        target = self.state.target(tid)
        if target and target.luns and self.maybe(0.9):
            return tid, target, self.pick(target.luns)
        return tid, target, self.pick(NUMBERS)

    def step_delete_lun(self):
        tid, target, number = self.some_lun()
        args = ("--op", "delete", f"--tid={tid}", f"--lun={number}")
        if not target or number not in target.luns:
            return self.adm(*args, code=ENOENT, says="no such")
        self.adm(*args)
        self.state.del_lun(target, number)
        return None

    def step_update_lun(self):
        tid, target, number = self.some_lun()
        lun = target.luns.get(number) if target else None
        call = ("--op", "update", f"--tid={tid}", f"--lun={number}")
        props = self.props(lun.volume.block if lun else 512)
        if not props and self.maybe(0.8):
            props = {"VendorId": "OTHER"}
        if not lun:
            return self.adm(*call, *([self.params(props)] if props else []),
                            code=ENOENT, says="no such")
        volume = lun.volume
        if self.maybe(0.15):
            wrong = self.pick((("IOMode", "ro"), ("ScsiId", "x"), ("Path", "/"),
                               ("NAA", "5" + "0" * 15), ("VendorId", "é"),
                               ("Colour", "red"), ("ScsiVersion", "2"),
                               ("PhysicalBlockSize", "256")))
            return self.adm(*call, self.params({**props, wrong[0]: wrong[1]}),
                            code=EINVAL)
        if props:
            self.adm(*call, self.params(props))
            self.state.set_props(volume, {**volume.props, **props})
        else:
            self.adm(*call)
            self.state.rescan(volume)
        return None

    def step_medium(self):
        """A file grows, is truncated, vanishes, or is back."""
        path = self.pick(self.paths)
        medium = self.state.media.get(str(path))
        if medium is None:
            path.write_bytes(bytes(MIB))
            self.state.media[str(path)] = Medium(MIB)
        elif self.maybe(0.25):
            path.unlink()
            del self.state.media[str(path)]
        else:
            medium.size = self.rng.choice((MIB, 2 * MIB, 3 * MIB, 65536, 0))
            os.truncate(path, medium.size)
            self.look_at(medium)

    def look_at(self, medium):
        """ietadm asks for its size to be looked at."""
        for t in self.state.targets:
            for number, lun in t.luns.items():
                if lun.volume.medium is medium:
                    self.adm("--op", "update", f"--tid={t.tid}",
                             f"--lun={number}")
                    self.state.rescan(lun.volume)

    # --- accounts

    def account_target(self):
        """(options, name, whether there is one)"""
        if self.maybe(0.2):
            return self.pick(((), ("--tid=0",))), "", True
        tid = self.some_tid()
        target = self.state.target(tid)
        return (f"--tid={tid}",), target and target.name, bool(target)

    def step_user(self):
        options, name, there = self.account_target()
        user, secret = self.pick(USERS)
        incoming = self.maybe(0.7)
        key = "IncomingUser" if incoming else "OutgoingUser"
        call = ("--op", "new", *options, "--user")
        given = {key: user, "Password": secret}
        who = ""
        if incoming and self.maybe(0.3):
            who = given["Initiator"] = self.pick(
                [*INITIATORS, *ADDRESSES, "ALL"])
        if self.maybe(0.1):
            wrong = self.pick(("Password", key))
            given.pop(wrong)
            return self.adm(*call, self.params(given), code=EINVAL,
                            says="missing")
        if not there:
            return self.adm(*call, self.params(given), code=ENOENT,
                            says="no such target")
        self.adm(*call, self.params(given))
        self.state.put_account(Account(name, incoming, user, secret, who,
                                       RUNTIME))
        return None

    def step_delete_user(self):
        options, name, there = self.account_target()
        call = ("--op", "delete", *options, "--user")
        have = [a for a in self.state.accounts if a.target == name]
        if not there or not have or self.maybe(0.1):
            return self.adm(*call, "--params=IncomingUser=nobody", code=ENOENT)
        account = self.pick(have)
        key = "IncomingUser" if account.incoming else "OutgoingUser"
        self.adm(*call, f"--params={key}={account.name}")
        self.state.accounts.remove(account)
        return None

    # --- faults, which nobody meets: their initiator does not come

    def step_fault(self):
        tid = self.some_tid()
        target = self.state.target(tid)
        login = self.maybe(0.5)
        kind = self.pick(("login-drop", "login-status") if login else
                         ("hang", "delay", "drop"))
        given = {"Initiator": f"{IQN}:nobody"}
        given.update({"delay": {"Delay": 5},
                      "login-status": {"Status": "0301"}}.get(kind, {}))
        options = (f"--tid={tid}",)
        if login and self.maybe(0.2):
            options, target = (), "discovery"
        call = ("--op", "new", *options, f"--fault={kind}",
                self.params(given))
        if not target:
            return self.adm(*call, code=ENOENT, says="no such target")
        number = self.adm(*call).strip()
        if login:
            name = target if isinstance(target, str) else target.name
            self.state.login_faults.setdefault(name, []).append(number)
        else:
            target.faults.append(number)
        return None

    def step_delete_fault(self):
        tid = self.some_tid()
        target = self.state.target(tid)
        call = ("--op", "delete", f"--tid={tid}")
        if not target:
            return self.adm(*call, "--fault=77", code=ENOENT)
        mine = self.state.login_faults.get(target.name, [])
        if self.maybe(0.3):
            self.adm(*call, "--fault=all")
            target.faults, mine[:] = [], []
        elif mine or target.faults:
            number = self.pick(mine + target.faults)
            self.adm(*call, f"--fault={number}")
            (mine if number in mine else target.faults).remove(number)
        else:
            self.adm(*call, f"--fault={self.pick(('L99', '4000000'))}",
                     code=ENOENT, says="no such fault")
        return None

    # --- initiators

    def chap(self, conn, names, user, secret):
        """Status of a login that proves who it is if it is asked to."""
        rsp = conn.login_request(text(**names, AuthMethod="CHAP,None"),
                                 stage=0, flags=0)
        if rsp.status or keys_of(rsp.data).get("AuthMethod") != "CHAP":
            if rsp.status:
                return rsp
            return conn.login_request(b"", 0, 3, flags=FINAL | 3)
        rsp = conn.login_request(text(CHAP_A="5"), stage=0, flags=0)
        if rsp.status:
            return rsp
        got = keys_of(rsp.data)
        answer = chap_response(int(got["CHAP_I"]), secret.encode(),
                               bytes.fromhex(got["CHAP_C"][2:]))
        return conn.login_request(
            text(CHAP_N=user, CHAP_R="0x" + answer.hex()), 0, 3,
            flags=FINAL | 3)

    def log_in(self, name, initiator, address, user, secret):
        """(connection, Login Response)"""
        conn = Conn(address)
        names = {"InitiatorName": initiator, "SessionType": "Normal",
                 "TargetName": name}
        if not name:
            names = {"InitiatorName": initiator, "SessionType": "Discovery"}
        rsp = self.chap(conn, names, user, secret)
        if not rsp.status:
            conn.logged_in(rsp)
        return conn, rsp

    def someone(self, name):
        """Who logs in to a target: mostly one that may."""
        initiator, address = self.pick(INITIATORS), self.pick(ADDRESSES)
        user, secret = self.pick(USERS)
        fit = [a for a in self.state.accounts if a.target == name
               and a.incoming and (not a.who or matches(
                   a.who, initiator, address))]
        if fit and self.maybe(0.8):
            account = self.pick(fit)
            user, secret = account.name, account.secret
        if self.maybe(0.1):
            secret = "wrong-secret-99"
        return initiator, address, user, secret

    def visitor(self):
        """Whose login to which target: mostly one that gets LUNs."""
        best = None
        for _ in range(self.rng.choice((1, 20))):
            name = self.pick([*(t.name for t in self.state.targets),
                              *NAMES[:1]])
            who = self.someone(name)
            if best is None or not self.state.login(name, *who):
                best = name, who
            target = self.state.by_name(best[0])
            if target and target.luns and not self.state.login(
                    best[0], *best[1]):
                break
        return best

    def step_login(self):
        name, who = self.visitor()
        want = self.state.login(name, *who)
        conn, rsp = self.log_in(name, *who)
        if rsp.status != want:
            raise Failed(f"login to {name} as {who}: status "
                         f"{rsp.status:#06x}, not {want:#06x}")
        if want:
            conn.close()
            return
        target = self.state.by_name(name)
        sid = int.from_bytes(conn.isid + struct.pack("<H", conn.tsih),
                             "little")
        session = Session(target, who[0], who[1], sid,
                          self.state.rules(name, who[0], who[1]))
        self.state.sessions.append(session)
        host = Host(conn, session)
        self.hosts.append(host)
        wait_for("the connection is handed over", lambda: str(sid) in
                 Path("/proc/net/iet/session").read_text(), pause=0.01)
        if len(self.hosts) > 6:
            self.log_out(self.hosts[0])

    def log_out(self, host):
        host.conn.request(LOGOUT, flags=FINAL, cid=host.conn.cid)
        host.next()
        host.conn.close()
        self.hosts.remove(host)
        self.state.end_session(host.session)

    def step_logout(self):
        if self.hosts:
            self.log_out(self.pick(self.hosts))

    def step_delete_session(self):
        tid = self.some_tid()
        target = self.state.target(tid)
        sessions = self.state.sessions_of(target) if target else []
        call = ["--op", "delete", f"--tid={tid}"]
        if not sessions or self.maybe(0.1):
            return self.adm(*call, "--sid=77", code=ENOENT, says="no such")
        session = self.pick(sessions)
        call.append(f"--sid={session.sid}")
        if self.maybe(0.3):
            self.adm(*call, "--cid=99", code=ENOENT, says="no such")
        if self.maybe(0.5):
            call.append("--cid=1")
        self.adm(*call)
        # for half a minute its target can be deleted under new sessions
        target.evicting = time.monotonic() + 40
        self.state.end_session(session)
        return None

    def step_io(self):
        """A block is written and read again."""
        for host in self.hosts:
            session = host.session
            fit = [n for n in session.pending
                   if session.access(n) == "rw"
                   and session.target.luns[n].volume.iomode != "ro"
                   and session.target.luns[n].volume.blocks > 8
                   and session.target.luns[n].volume.type != "nullio"]
            if not fit or session.target.params["AluaState"] not in ACTIVE:
                continue
            unit = self.pick(fit)
            volume = session.target.luns[unit].volume
            if volume.medium.size // volume.block != volume.blocks:
                continue  # it has shrunk to nothing
            data = self.rng.randbytes(volume.block)
            host.write(write10(7, 1), data, unit)
            self.same("what is read", host.data_in(
                read10(7, 1), volume.block, unit), data)

    # --- files

    def edit_conf(self):
        """Another file, with something changed."""
        conf, r = self.conf, self.rng
        todo = r.choice((self.edit_target, self.edit_lun, self.edit_lun,
                         self.edit_lun, self.edit_words, self.edit_access,
                         self.edit_accounts, self.edit_disk))
        if not conf.targets:
            todo = self.edit_target
        todo(conf)

    def edit_target(self, conf):
        name = self.pick(NAMES)
        old = next((t for t in conf.targets if t.name == name), None)
        if old:
            conf.targets.remove(old)
            if self.maybe(0.5):
                conf.targets.append(old)
        else:
            conf.targets.append(ConfTarget(name))

    def edit_lun(self, conf):
        t, number = self.pick(conf.targets), self.pick(NUMBERS)
        if number in t.luns and self.maybe(0.5):
            del t.luns[number]
        elif self.maybe(0.15):
            t.luns[number] = (None, self.lun_args(None))
        else:
            path = self.pick(self.of_file)
            if path not in conf.disks:
                conf.disks[path] = self.lun_args(path)
            t.luns[number] = (path, {})

    def edit_disk(self, conf):
        path = self.pick(self.of_file)
        conf.disks[path] = self.lun_args(path)

    def edit_words(self, conf):
        t = self.pick(conf.targets)
        if self.maybe(0.3):
            t.params = {}
        else:
            t.params.update(self.values(list(PARAMS), right=True)[0])
        t.alias = self.pick((None, "an alias", "x"))
        if self.maybe(0.2):
            t.redirect = self.pick((None, None, "10.1.2.3:3261"))
            t.permanent = self.maybe(0.5)

    def edit_access(self, conf):
        t = self.pick(conf.targets)
        t.portals = self.rng.sample(ADDRESSES, self.pick((0, 0, 0, 1, 2)))
        t.access = []
        if self.maybe(0.5):
            for _ in range(self.rng.randint(1, 4)):
                luns = self.pick(("all", "none", (0, 1), (1, 2, 3), (255, 256)))
                t.access.append((self.pick([*INITIATORS, *ADDRESSES, "ALL"]),
                                 luns, self.pick(("rw", "ro"))))

    def edit_accounts(self, conf):
        owner = self.pick([conf, *conf.targets])
        owner.accounts = [
            ConfAccount(True, user, secret, self.pick(
                ("", "", "", *INITIATORS, *ADDRESSES)))
            for user, secret in self.rng.sample(USERS, self.pick((0, 0, 1, 2)))]
        if self.maybe(0.3):
            owner.accounts.append(ConfAccount(False, "us", "our-secret-1234"))

    def put_conf(self, lines):
        self.daemon.conf.write_text(lines)

    def step_reload(self):
        for _ in range(self.rng.randint(0, 3)):
            self.edit_conf()
        lines, at = self.conf.text()
        self.put_conf(lines)
        look = self.look() if self.maybe(0.5) else None
        before = snapshot(self.state)
        if self.maybe(0.2) and not self.missing():
            self.hang_up()
            self.state.apply(self.conf)
            self.looked(look, before, {})
            return
        done = ietadm("--op", "reload")
        failed = self.state.apply(self.conf)
        if bool(failed) != bool(done.returncode):
            raise Failed(f"reload: {done.returncode} {done.stderr}, "
                         f"failed: {failed}")
        for key in failed:
            if f"{self.daemon.conf}:{at[key]}: " not in done.stderr:
                raise Failed(f"line {at[key]} is not in: {done.stderr}")
        self.looked(look, before, failed)
        if not failed and self.maybe(0.3):
            self.looked(self.look(), snapshot(self.state), {})

    def look(self):
        """A dry run, which must not change anything and tells no secrets."""
        done = ietadm("--op", "reload", "--dry-run")
        for _, secret in [*USERS, ("us", "our-secret-1234")]:
            if secret in done.stdout + done.stderr:
                raise Failed(f"a secret is told: {done.stdout}{done.stderr}")
        return done

    def looked(self, done, before, failed):
        """Has a dry run seen what the reload has done?"""
        if done is None:
            return
        want = 256 - EIO if failed else int(before != snapshot(self.state))
        lines = [line for line in done.stdout.splitlines()
                 if line.split()[0] not in ("adopt", "keep")]
        if done.returncode != want or not failed and bool(lines) != want:
            raise Failed(f"a dry run: exit status {done.returncode}, not "
                         f"{want}: {done.stdout}{done.stderr}")

    def step_config(self):
        """What runs as a file, which then makes the same."""
        text = self.adm("--op", "show", "--config", "--secrets")
        conf = as_conf(self.state)
        self.put_conf(text)
        check = subprocess.run(
            [f"{SBIN}/ietd", "--check-config", "-c", self.daemon.conf],
            capture_output=True, text=True, timeout=120)
        odd = [line for line in check.stdout.splitlines()[:-1]
               if "has the secret of line" not in line]
        if check.returncode or odd:
            raise Failed(f"{check}\n{text}")
        self.looked(self.look(), snapshot(self.state), {})
        if self.maybe(0.3) and all(
                v.medium.size // v.block == v.blocks and self.usable(v)
                for v in self.state.volumes() if v.medium):
            self.adm("--op", "delete")
            for target in list(self.state.targets):
                self.state.del_target(target)
        elif self.maybe(0.5):
            return self.put_conf(self.conf.text()[0])
        done = ietadm("--op", "reload")
        failed = self.state.apply(conf)
        if done.returncode or failed:
            raise Failed(f"the file that was shown: {done} {failed}\n{text}")
        self.same("once more", self.adm("--op", "show", "--config",
                                        "--secrets"), text)
        return self.put_conf(self.conf.text()[0])

    def usable(self, volume):
        return self.state.media.get(volume.path) is volume.medium and \
            self.state.usable(volume.path)

    def missing(self):
        """Has the file paths that are not there?"""
        return [p for t in self.conf.targets for p, _ in t.luns.values()
                if p and not self.state.usable(p)]

    def applied(self):
        log = (FOLDER / "ietd.log").read_text()
        return log.count("configuration applied")

    def hang_up(self):
        before = self.applied()
        self.daemon.daemon.send_signal(signal.SIGHUP)
        wait_for("SIGHUP is obeyed", lambda: self.applied() > before,
                 pause=0.02)

    BROKEN = (
        "Colour red", "Lun 0", "Lun 20000 Path=/x", "Lun x Path=/x",
        "Lun 9 Path=relative", "Lun 9 Type=tape", "Lun 9 Path=/x,BlockSize=7",
        "Lun 9 Type=nullio,Path=/x", "Lun 9 Path=/x,Colour=red",
        "Lun 9 Path=/x,Path=/y", "Lun 9 Path=/x,OptimalIO=1000",
        "Lun 9 Path=/x,BlockSize=4096,PhysicalBlockSize=512",
        "MaxSessions -1", "MaxSessions 65536",
        "Wthreads 0", "Wthreads 129", "QueuedCommands 257", "NOPInterval 91",
        "HeaderDigest MD5", "InitialR2T perhaps", "MaxBurstLength 511",
        "MaxBurstLength", "MaxConnections 0", "DataPDUInOrder maybe",
        "AluaState asleep", "Portal nowhere", "Redirect :3260",
        "Redirect 10.0.0.1 later", "LunAccess ALL", "LunAccess ALL 0 wx",
        "LunAccess ALL 5-2", "LunAccess [ 0", "IncomingUser joe",
        "IncomingUser joe @/nowhere", "IncomingUser joe secret initiator=",
        "Target", "Target x", "Target iqn.a/b",
        "iSNSServer here", "LoginRate 5", "Alias", "Type 1",
    )

    def step_broken_file(self):
        """One error, and nothing changes."""
        if not self.conf.targets:
            return
        lines = self.conf.text()[0].splitlines()
        first = next(i for i, line in enumerate(lines)
                     if line.startswith("Target"))
        number = self.rng.randint(first + 1, len(lines))
        lines.insert(number, self.pick(self.BROKEN))
        self.put_conf("\n".join(lines) + "\n")
        self.last.append(f"    line {number + 1}: {lines[number]}")
        self.adm("--op", "reload", code=EINVAL,
                 says=f"{self.daemon.conf}:{number + 1}: ")
        self.put_conf(self.conf.text()[0])

    def step_allow(self):
        """initiators.allow or targets.allow, which count at once."""
        which = self.pick(("initiators_allow", "targets_allow"))
        path = ETC / which.replace("_", ".")
        rules = None
        if self.maybe(0.5):
            items = [*ADDRESSES, "ALL"] + INITIATORS * (which[0] == "i")
            rules = [(self.pick(["ALL", *NAMES]),
                      self.rng.sample(items, self.rng.randint(1, 3)))
                     for _ in range(self.rng.randint(0, 3))]
            rules.append(("ALL", ["ALL"]))
        setattr(self.state, which, rules)
        path.unlink(missing_ok=True)
        if rules is not None:
            path.write_text("".join(f"{t} {', '.join(items)}\n"
                                    for t, items in rules))

    # --- the daemon

    def step_restart(self):
        how = self.pick((signal.SIGKILL, signal.SIGKILL, signal.SIGTERM))
        self.daemon.daemon.send_signal(how)
        self.daemon.daemon.wait(60)
        self.fds = None
        if self.maybe(0.2):
            for name in ("accounts", "faults"):
                (Path("/run/iet") / name).unlink(missing_ok=True)
            self.state.accounts = [a for a in self.state.accounts
                                   if a.origin == CONFIG]
            self.state.login_faults = {}
        self.put_conf(self.conf.text()[0])
        self.daemon.start()
        self.state.apply(self.conf)

    def step_delete_all(self):
        if self.maybe(0.7):
            return
        self.adm("--op", "delete")
        for target in list(self.state.targets):
            self.state.del_target(target)

    # --- several at once, and one that is killed

    def step_at_once(self):
        """Two for the same number: one gets it, whichever."""
        if not self.state.targets:
            return
        target = self.pick(self.state.targets)
        number = self.pick(NUMBERS)
        calls = [("--op", "new", f"--tid={target.tid}", f"--lun={number}",
                  f"--params=Type=nullio,Blocks={n}") for n in (100, 200)]
        runs = [subprocess.Popen([f"{SBIN}/ietadm", *c], text=True,
                                 stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE) for c in calls]
        results = [(r.communicate(timeout=120), r.returncode) for r in runs]
        good = [n for n, (_, status) in zip((100, 200), results) if not status]
        if len(good) != (number not in target.luns):
            raise Failed(f"two at once: {results}")
        for (out, err), status in results:
            if status:
                self.judge(calls[0], status, out, err, EEXIST, "in use")
        if good:
            self.state.add_lun(target, number, Volume(
                None, None, {"Type": "nullio", "Blocks": str(good[0])},
                default_id(target.name, number)), RUNTIME)

    def step_killed(self):
        """An ietadm that is killed has done it, or has not."""
        tid, target, number = self.some_lun()
        if not target or number not in target.luns:
            return
        run = subprocess.Popen(
            [f"{SBIN}/ietadm", "--op", "delete", f"--tid={tid}",
             f"--lun={number}"], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        time.sleep(self.rng.random() * 0.01)
        run.kill()
        run.wait(60)
        before = self.state.proc_volume()
        if Path("/proc/net/iet/volume").read_text() != before:
            self.state.del_lun(target, number)

    # --- what must be so

    @staticmethod
    def same(what, have, want):
        if have != want:
            raise Failed(f"{what}:\n{have}\nis not\n{want}")

    def check(self):
        wait_for("what /proc says of sessions",
                 lambda: self.state.proc_session() ==
                 Path("/proc/net/iet/session").read_text(), 5) \
            if self.hosts or self.state.sessions else None
        self.same("volume", Path("/proc/net/iet/volume").read_text(),
                  self.state.proc_volume())
        self.same("session", Path("/proc/net/iet/session").read_text(),
                  self.state.proc_session())
        self.check_show()
        self.check_hosts()
        self.rng.choice((self.check_discovery, self.check_login))()
        self.check_daemon()

    def check_show(self):
        lines = self.adm("--op", "show").splitlines(True)
        self.same("show", "".join(
            line for line in lines[2:] if not line.startswith("\tfault")),
            self.state.show_targets())
        status = f"ietd: running, config {self.daemon.conf}, accounts " \
            f"{len(self.state.accounts)}, isns none\n"
        self.same("status", lines[1].replace("version 2.0, ", ""), status)
        for look in self.rng.sample((
                self.check_faults, self.check_target, self.check_keys,
                self.check_lun, self.check_stats, self.check_users), 2):
            look()

    def some_target(self):
        return self.pick(self.state.targets or [None])

    def check_target(self):
        if target := self.some_target():
            self.same("show --tid", self.adm(
                "--op", "show", f"--tid={target.tid}"), target.show())

    def check_keys(self):
        if target := self.some_target():
            self.same("show --sid=0", self.adm(
                "--op", "show", f"--tid={target.tid}", "--sid=0"),
                target.show_keys())

    def check_lun(self):
        target = self.some_target()
        if target and target.luns:
            number = self.pick(target.luns)
            self.same("show --lun", self.adm(
                "--op", "show", f"--tid={target.tid}", f"--lun={number}"),
                target.luns[number].volume.show())

    def check_users(self):
        target = self.some_target() if self.maybe(0.7) else None
        self.same("users", self.adm("--op", "show", "--user", *(
            [f"--tid={target.tid}"] if target else [])),
            self.state.show_users(target.name if target else ""))

    def check_faults(self):
        have = json.loads(self.adm("--op", "show", "--fault", "--json"))
        tids = {t.name: t.tid for t in self.state.targets}
        want = {(t.tid, n) for t in self.state.targets for n in t.faults}
        want |= {(tids.get(name, 0), n)
                 for name, all_of in self.state.login_faults.items()
                 for n in all_of}
        self.same("faults", {(f["tid"], str(f["id"]))
                             for f in have["faults"]}, want)

    def check_stats(self):
        have = json.loads(self.adm("--op", "show", "--stats", "--json"))
        self.same("stats", [
            (t["tid"], t["name"], [(n["lun"], n["path"]) for n in t["luns"]],
             sorted(s["sid"] for s in t["sessions"]),
             sorted((n["lun"], n["sid"]) for n in t["nexuses"]))
            for t in have["targets"]], [
            (t.tid, t.name, [(n, t.luns[n].volume.path or "")
                             for n in sorted(t.luns)],
             sorted(str(s.sid) for s in self.state.sessions_of(t)),
             sorted((n, str(s.sid)) for s in self.state.sessions_of(t)
                    for n in s.pending))
            for t in self.state.sorted()])

    def check_hosts(self):
        for host in list(self.hosts):
            if host.session.gone:
                self.hosts.remove(host)
                self.check_gone(host.conn)
            else:
                self.check_host(host)

    @staticmethod
    def check_gone(conn):
        try:
            while True:
                conn.receive()
        except EOFError:
            conn.close()

    def check_host(self, host):
        session = host.session
        host.ping()
        if session.target.params["AluaState"] not in ACTIVE:
            host.doubt = True
            return
        volumes = {n: session.target.luns[n].volume for n in session.pending}
        for number in sorted(session.pending):
            told = host.told(number)
            if not host.doubt and told != session.pending[number]:
                raise Failed(
                    f"{session.initiator} LUN {number} of "
                    f"{session.target.name}: unit attentions "
                    f"{sorted(map(hex, told))}, not "
                    f"{sorted(map(hex, session.pending[number]))}")
            self.told.update(map(hex, told))
            session.pending[number].clear()
        host.doubt = False
        self.same(f"REPORT LUNS of {session.initiator}",
                  lun_list(host.data_in(REPORT_LUNS, 4096)),
                  sorted(session.pending))
        if not volumes or self.maybe(0.7):
            return
        unit = self.pick(volumes)
        volume = volumes[unit]
        data = host.data_in(READ_CAPACITY16, 32, unit)
        last, block = struct.unpack_from(">QI", data)
        self.same("capacity", (last + 1, block), (volume.blocks, volume.block))
        data = host.data_in(bytes([0x12, 0, 0, 0, 255, 0]), 255, unit)
        self.same("INQUIRY", (data[8:16].decode().rstrip(),
                              data[1] >> 7, data[2]),
                  (volume.props.get("VendorId", "IET"),
                   volume.removable == "Yes",
                   int(volume.props.get("ScsiVersion", 6))))
        data = host.data_in(bytes([0x12, 1, 0x80, 0, 255, 0]), 255, unit)
        self.same("serial number", data[4:].decode(), volume.scsi_sn)

    def check_discovery(self):
        who = self.someone("")
        conn, rsp = self.log_in("", *who)
        initiator, address, user, secret = who
        want = 0 if self.state.proof("", user, secret, initiator,
                                     address) else NO_PROOF
        if rsp.status != want:
            raise Failed(f"discovery as {who}: {rsp.status:#06x}, not "
                         f"{want:#06x}")
        if not want:
            self.same(f"targets for {who}", self.discovered(conn),
                      {k: set(v) for k, v in self.state.send_targets(
                          initiator, address, [address] if address[:4] ==
                          "127." else ADDRESSES[:2]).items()})
        conn.close()

    @staticmethod
    def discovered(conn):
        found, name = {}, None
        conn.request(TEXT, data=text(SendTargets="All"), flags=FINAL,
                     ttt=RESERVED)
        for pair in conn.expect(TEXT_RSP).data.decode().split("\0"):
            key, _, value = pair.partition("=")
            if key == "TargetName":
                name = value
                found[name] = set()
            elif key == "TargetAddress":
                found[name].add(value.removesuffix(":3260,1"))
        return found

    def check_login(self):
        """A login that is refused, where the model says so."""
        name = self.pick(NAMES)
        who = self.someone(name)
        want = self.state.login(name, *who)
        if not want:
            return
        conn, rsp = self.log_in(name, *who)
        conn.close()
        if rsp.status != want:
            raise Failed(f"login to {name} as {who}: status "
                         f"{rsp.status:#06x}, not {want:#06x}")

    def check_daemon(self):
        if not self.daemon.alive():
            raise Failed("ietd is gone")
        pid = self.daemon.daemon.pid
        fds = len(os.listdir(f"/proc/{pid}/fd"))
        if self.fds is None:
            self.fds = fds + 4  # connections that are being closed
        if fds > self.fds:
            wait_for(f"ietd closes descriptors: {fds}", lambda: len(
                os.listdir(f"/proc/{pid}/fd")) <= self.fds)

    # --- from beginning to end

    STEPS = {
        "new_target": 8, "delete_target": 3, "update_target": 8,
        "redirect": 2, "new_lun": 12, "delete_lun": 4, "update_lun": 6,
        "medium": 4, "user": 4, "delete_user": 2, "fault": 2,
        "delete_fault": 1, "login": 12, "logout": 2, "delete_session": 2,
        "io": 4, "reload": 14, "broken_file": 5, "allow": 2, "restart": 2,
        "delete_all": 1, "config": 6, "at_once": 2, "killed": 1,
    }

    def step(self):
        name = self.rng.choices(list(self.STEPS), self.STEPS.values())[0]
        self.last = self.last[-12:] + [name]
        getattr(self, f"step_{name}")()
        self.check()
        return name

    def end(self):
        for host in self.hosts:
            host.conn.close()
        self.daemon.end()
        for loop in self.loops:
            wait_for("the device is let go", lambda loop=loop: subprocess.run(
                ["losetup", "-d", loop], capture_output=True).returncode == 0)


class Bed:
    machine = None

    @classmethod
    def begin(cls):
        for address in ADDRESSES[:2]:
            sh("ip", "addr", "add", f"{address}/32", "dev", "lo")
        ETC.mkdir(parents=True, exist_ok=True)
        cls.machine = Machine(random.Random(SEED))

    @classmethod
    def end(cls):
        if cls.machine:
            cls.machine.end()
        for address in ADDRESSES[:2]:
            sh("ip", "addr", "del", f"{address}/32", "dev", "lo")
        sh("rm", "-rf", ETC, FILES)


def calls():
    """What ietadm was called with last, for who looks for a failure."""
    global ietadm
    real, last = ietadm, []

    def noted(*args):
        if args[1] != "show":
            last[:] = last[-30:] + [" ".join(map(str, args))]
        return real(*args)

    ietadm = noted
    return last


LAST_CALLS = calls()


@case(f"what administrators do, seed {SEED}")
def _():
    machine, done = Bed.machine, 0
    end = time.monotonic() + SECONDS
    try:
        while done < STEPS and (STEPS < 1 << 62 or time.monotonic() < end):
            machine.step()
            done += 1
    except Exception:
        note(f"seed {SEED}, step {done}")
        note("\n".join(machine.last))
        note("\n".join(LAST_CALLS))
        note(machine.daemon.conf.read_text())
        raise
    note(f"{done} steps, unit attentions "
         + ", ".join(f"{k}: {n}" for k, n in sorted(machine.told.items())))


@case("the module goes when all is deleted")
def _():
    machine = Bed.machine
    for host in machine.hosts:
        host.conn.close()
    machine.hosts = []
    ietadm("--op", "delete")
    machine.daemon.daemon.terminate()
    machine.daemon.daemon.wait(60)
    wait_for("rmmod", lambda: subprocess.run(
        ["rmmod", "iscsi_trgt"], capture_output=True).returncode == 0, 60)
    machine.daemon.start()


if __name__ == "__main__":
    main(Bed.begin, Bed.end)
