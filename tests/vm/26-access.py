#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
"""
Who gets in, from where and how often, with the real daemon and module:
cloned initiators, the limit on logins, secrets from files, redirects, portals
of targets.
"""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ["IET_TOP"], "tests/lib"))

from ktap import (FOLDER, IQN, Failed, Target, case, ietadm, main,  # noqa: E402
                  note, sessions, wait_for)
from pdu import *  # noqa: E402,F403

OPEN, SAFE, HERE, AWAY = (f"{IQN}:{name}"
                          for name in ("open", "safe", "here", "away"))
ISID = bytes.fromhex("400001370001")
MOVED, MOVED_FOR_GOOD, NOT_FOUND, UNAVAILABLE = 0x101, 0x102, 0x203, 0x301
# who connects to one of these has the same address
ADDRESSES = [f"10.9.9.{n}" for n in range(1, 6)]
SECRET = FOLDER / "joe.secret"

CONF = f"""
Target {OPEN}
    Lun 0 Type=nullio,Blocks=131072
Target {SAFE}
    IncomingUser joe @{SECRET}
    IncomingUser ann anns-secret-12 initiator={IQN}:ann[0-9]*
    IncomingUser tom toms-secret-12 initiator=10.9.9.0/29
    Lun 0 Type=nullio,Blocks=131072
Target {HERE}
    Portal 10.9.9.1
    Portal 10.9.9.2:3260
    Lun 0 Type=nullio,Blocks=131072
Target {AWAY}
    Redirect 10.9.9.7:3261 permanent
    Lun 0 Type=nullio,Blocks=131072
"""


class Bed:
    """The target, and addresses to reach it by."""

    target = None

    @classmethod
    def begin(cls):
        for address in ADDRESSES:
            subprocess.run(["ip", "addr", "add", f"{address}/32", "dev", "lo"],
                           check=True)
        put_secret("joes-secret-12", 0o600)
        cls.target = Target(CONF)

    @classmethod
    def end(cls):
        if cls.target:
            cls.target.end()
        for address in ADDRESSES:
            subprocess.run(["ip", "addr", "del", f"{address}/32", "dev", "lo"],
                           check=False)


def put_secret(secret, mode):
    FOLDER.mkdir(exist_ok=True)
    SECRET.touch()
    SECRET.chmod(mode)
    SECRET.write_text(f"{secret}\nnot this line\n")


def reload(conf):
    Bed.target.conf.write_text(conf)
    return ietadm("--op", "reload")


def status(address, target=OPEN, initiator=f"{IQN}:clone", isid=None):
    """The status of a login from this address; the session ends."""
    with Conn(address) as c:
        try:
            c.login(target, initiator, isid)
        except Refused as refused:
            return refused.status
        if target:
            c.logout()
        return 0


def same(what, have, want):
    if have != want:
        raise Failed(f"{what}: {have!r}, not {want!r}")


def discovered(address):
    """What discovery by this address says: {target: [addresses]}."""
    found, name = {}, None
    with Conn(address) as c:
        c.login(None)
        c.request(TEXT, data=text(SendTargets="All"), flags=FINAL,
                  ttt=RESERVED)
        for pair in c.expect(TEXT_RSP).data.decode().split("\0"):
            key, _, value = pair.partition("=")
            if key == "TargetName":
                name = value
                found[name] = []
            elif key == "TargetAddress":
                found[name].append(value)
    return found


def redirect_of(target):
    with Conn() as c:
        rsp = c.login_request(text(InitiatorName=f"{IQN}:x", TargetName=target,
                                   SessionType="Normal"))
        return rsp.status, keys_of(rsp.data).get("TargetAddress")


def inq(secret, user="joe", host="127.0.0.1", initiator=f"{IQN}:inq"):
    return subprocess.run(
        ["timeout", "60", "iscsi-inq", "-i", initiator,
         f"iscsi://{user}%{secret}@{host}/{SAFE}/0"],
        capture_output=True, check=False).returncode == 0


def log_lines(word):
    return [line for line in (FOLDER / "ietd.log").read_text().splitlines()
            if word in line]


@case("a portal: discovery says which, exactly")
def _():
    same("by 10.9.9.1", discovered("10.9.9.1").get(HERE),
         ["10.9.9.1:3260,1", "10.9.9.2:3260,1"])
    same("by 10.9.9.3", discovered("10.9.9.3").get(HERE), None)
    if OPEN not in discovered("10.9.9.3"):
        raise Failed("the others are not there")


@case("a portal: logins there and nowhere else")
def _():
    same("10.9.9.1", status("10.9.9.1", HERE), 0)
    same("10.9.9.2", status("10.9.9.2", HERE), 0)
    same("10.9.9.3", status("10.9.9.3", HERE), NOT_FOUND)
    same("127.0.0.1", status("127.0.0.1", HERE), NOT_FOUND)


@case("a redirect of the file, for good")
def _():
    same("answer", redirect_of(AWAY), (MOVED_FOR_GOOD, "10.9.9.7:3261"))


@case("a redirect by ietadm, for now and for good; a reload leaves it")
def _():
    volumes = open("/proc/net/iet/volume").read().splitlines()
    tid = next(line.split()[0][4:] for line in volumes
               if line.endswith(f"name:{OPEN}"))
    update = ["--op", "update", f"--tid={tid}"]
    ietadm(*update, "--redirect=10.9.9.8")
    same("for now", redirect_of(OPEN), (MOVED, "10.9.9.8"))
    ietadm(*update, "--redirect=10.9.9.8,permanent")
    same("for good", redirect_of(OPEN), (MOVED_FOR_GOOD, "10.9.9.8"))
    same("reload", reload(CONF).returncode, 0)
    same("after it", redirect_of(OPEN), (MOVED_FOR_GOOD, "10.9.9.8"))
    ietadm(*update, "--redirect=")
    same("no more", status("127.0.0.1"), 0)


@case("a redirect that is not in the file any more is gone")
def _():
    same("reload", reload(CONF.replace("    Redirect", "    #")).returncode, 0)
    same("status", status("127.0.0.1", AWAY), 0)
    same("reload", reload(CONF).returncode, 0)
    same("answer", redirect_of(AWAY), (MOVED_FOR_GOOD, "10.9.9.7:3261"))


@case("a secret from a file")
def _():
    same("the secret", inq("joes-secret-12"), True)
    same("another", inq("jims-secret-12"), False)
    same("its path", inq(f"@{SECRET}"), False)


@case("a secret that others may read: an error, and what was, stays")
def _():
    put_secret("new-secret-123", 0o644)
    answer = reload(CONF)
    if not answer.returncode or "chmod 600" not in answer.stderr:
        raise Failed(answer)
    same("the old one", inq("joes-secret-12"), True)
    SECRET.chmod(0o600)
    same("reload", reload(CONF).returncode, 0)
    same("the new one", inq("new-secret-123"), True)
    same("the old one", inq("joes-secret-12"), False)
    same("lines with it", log_lines("new-secret-123"), [])


@case("users that are bound to initiators, by name or by address")
def _():
    for want, *login in (
            (True, "anns-secret-12", "ann", "127.0.0.1", f"{IQN}:ann42"),
            (False, "anns-secret-12", "ann", "127.0.0.1", f"{IQN}:bob"),
            (False, "joes-secret-12", "ann", "127.0.0.1", f"{IQN}:ann42"),
            (True, "toms-secret-12", "tom", "10.9.9.3"),
            (False, "toms-secret-12", "tom")):
        same(" ".join(login), inq(*login), want)
    same("lines with a secret", log_lines("-secret-1"), [])


@case("clones: one of them is let in, and the log has one line")
def _():
    clones = ["10.9.9.1", "10.9.9.2", "10.9.9.1", "10.9.9.2", "10.9.9.1"]
    for address in clones:
        same(address, status(address, isid=ISID), 0)
    for _ in range(5):
        same("the other", status("10.9.9.2", isid=ISID), UNAVAILABLE)
    same("the last", status("10.9.9.1", isid=ISID), 0)
    same("another ISID", status("10.9.9.2"), 0)
    same("another name", status("10.9.9.2", initiator=f"{IQN}:other",
                                isid=ISID), 0)
    lines = log_lines("cloned machines")
    note("\n".join(lines))
    same("lines", len(lines), 1)


@case("too many logins: refused, and others are not")
def _():
    same("reload", reload("LoginRate 1\n" + CONF).returncode, 0)
    tries = 0
    while status("10.9.9.4", None) == 0:
        tries += 1
        if tries == 500:
            raise Failed("500 logins")
    note(f"{tries} logins before one was refused")
    if tries < 10:
        raise Failed(f"{tries} logins")
    same("discovery by another", status("10.9.9.5", None), 0)
    same("a login of another", status("10.9.9.5"), 0)
    same("reload", reload(CONF).returncode, 0)
    same("without that limit", status("10.9.9.4"), 0)
    same("lines", len(log_lines("10.9.9.4 begins more than 1 login")), 1)


@case("no session is left")
def _():
    wait_for("they end", lambda: not sessions())


main(Bed.begin, Bed.end)
