#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
"""
Broken logins: each is refused with the status that RFC 7143 11.13.5 has for
it, or its connection is closed, while others log in and work on.
"""

import base64
import os
import random
import sys

sys.path.insert(0, os.path.join(os.environ["IET_TOP"], "tests/lib"))

from bed import Bed  # noqa: E402
from ktap import (IQN, Failed, Target, case, main, sessions,  # noqa: E402
                  wait_for)
from pdu import *  # noqa: E402,F403

TARGET, SECRET = f"{IQN}:open", f"{IQN}:secret"
NAME = f"{IQN}:raw"
(INITIATOR_ERROR, AUTH_FAILED, FORBIDDEN, NOT_FOUND) = range(0x200, 0x204)
(BAD_VERSION, TOO_MANY, MISSING, CANT_INCLUDE, BAD_TYPE, NO_SESSION,
 INVALID) = range(0x205, 0x20c)
OUT_OF_RESOURCES = 0x302
SECURITY, OPERATIONAL, FULL = 0, 1, 3

CONF = f"""
Target {TARGET}
    Lun 0 Path=/run/iet-test/open.img,Type=fileio
Target {SECRET}
    IncomingUser joe topsecret1234
    OutgoingUser jack othersecret12
    Lun 0 Type=nullio
"""


def around(function, options):
    """Each case has a connection; afterwards a login must work."""
    with Conn() as c:
        function(c, **options)
    with Conn().login(TARGET, f"{IQN}:good") as good:
        good.ready(0)
    Bed.check()


def names(**more):
    """What a login must begin with; None leaves a key out."""
    keys = {"InitiatorName": NAME, "TargetName": TARGET,
            "SessionType": "Normal", **more}
    return text(**{k: v for k, v in keys.items() if v is not None})


def refused(c, status, data=None, **fields):
    """A request that is refused; after it the connection ends."""
    rsp = c.login_request(names() if data is None else data, **fields)
    if rsp.status != status:
        raise Failed(f"status {rsp.status:#06x}, not {status:#06x}")
    if rsp.flags & FINAL:
        raise Failed("a refusal with the T bit")
    c.expect_end()


def refusal(name, status, data=None, **fields):
    """A case of one request."""
    @case(name)
    def _(c):
        refused(c, status, data, **fields)


# --- garbage ------------------------------------------------------------------

@case("8 KiB of random bytes: closed, or refused")
def _(c):
    for seed in range(20):
        with Conn() as mad:
            try:
                mad.send_bytes(random.Random(seed).randbytes(8192))
                mad.finish()
                while (rsp := mad.receive(40)).opcode == LOGIN_RSP:
                    if not rsp.status:
                        raise Failed(f"seed {seed} logs in")
            except (EOFError, ConnectionError):
                pass


@case("8 KiB of one byte, whichever: closed, or refused")
def _(c):
    for byte in (0x00, 0x03, 0x43, 0x7f, 0xff, 0x0a, 0x20):
        with Conn() as mad:
            try:
                mad.send_bytes(bytes([byte]) * 8192)
                mad.finish()
                if mad.receive(40).status == 0:
                    raise Failed(f"{byte:#x} logs in")
            except (EOFError, ConnectionError):
                pass


for opcode in (NOP_OUT, SCSI, TMF, TEXT, DATA_OUT, LOGOUT, SNACK, 0x3f):
    @case(f"opcode {opcode:#04x} instead of a login: closed")
    def _(c, op=opcode):
        c.send(Pdu(op | IMMEDIATE, b"data"))
        c.expect_end()


# --- header -------------------------------------------------------------------

refusal("a version that we do not speak", BAD_VERSION, vmin=1, vmax=2)
refusal("no I bit", INITIATOR_ERROR, op=LOGIN)
refusal("AHS", INITIATOR_ERROR, ahslen=1)
refusal("a data segment of 16 MiB", INITIATOR_ERROR, dlength=0xffffff)
refusal("a data segment of 8193 bytes", INITIATOR_ERROR,
        names() + bytes(8193 - len(names())))
refusal("the reserved stage", INITIATOR_ERROR, stage=2)
refusal("the reserved stage as the next one", INITIATOR_ERROR, next_stage=2)
refusal("the full feature phase as the current stage", INITIATOR_ERROR,
        stage=3)
refusal("from the operational stage to itself", INITIATOR_ERROR, next_stage=1)
refusal("from the operational stage back", INITIATOR_ERROR, next_stage=0)
refusal("T and C bit", INITIATOR_ERROR, flags=FINAL | CONTINUE | 1 << 2 | 3)
refusal("a session that does not exist", NO_SESSION, tsih=0x7777)
refusal("a discovery session with a TSIH", NO_SESSION,
        names(SessionType="Discovery", TargetName=None), tsih=1)


@case("another opcode in the midst of a login: invalid during login")
def _(c):
    c.login_request(names(), flags=1 << 2)
    c.send(Pdu(NOP_OUT | IMMEDIATE))
    c.expect(LOGIN_RSP, status=INVALID)
    c.expect_end()


for field, value in (("isid", b"\x80other"), ("tsih", 1), ("cid", 2),
                     ("itt", 99), ("cmdsn", 77)):
    @case(f"a second request with another {field}")
    def _(c, field=field, value=value):
        c.login_request(names(), flags=1 << 2)
        refused(c, INITIATOR_ERROR, b"", **{field: value})


@case("back to the security stage")
def _(c):
    c.login_request(names(), stage=SECURITY, next_stage=OPERATIONAL)
    refused(c, INITIATOR_ERROR, b"", stage=SECURITY)


@case("on to the operational stage without asking")
def _(c):
    c.login_request(names(), flags=0)
    refused(c, INITIATOR_ERROR, b"", stage=OPERATIONAL)


@case("requests without end")
def _(c):
    for _ in range(300):
        rsp = c.login_request(names(), flags=1 << 2)
        if rsp.status:
            break
    if rsp.status != INITIATOR_ERROR:
        raise Failed(f"status {rsp.status:#06x}")
    c.expect_end()


# --- text ---------------------------------------------------------------------

refusal("no =", INITIATOR_ERROR, names() + text("HeaderDigest"))
refusal("no key", INITIATOR_ERROR, names() + text("=None"))
refusal("no NUL at the end", INITIATOR_ERROR, names() + b"HeaderDigest=None")
refusal("8 KiB of 0xff as text", INITIATOR_ERROR, b"\xff" * 8192)
refusal("a key of 64 characters", INITIATOR_ERROR,
        names() + text("X" * 64 + "=1"))
refusal("a key of 8000 characters", INITIATOR_ERROR,
        names() + text("X" * 8000 + "=1"))
refusal("a key with a blank", INITIATOR_ERROR, names() + text("X y=1"))
refusal("a value of 256 characters", INITIATOR_ERROR,
        names(InitiatorAlias="x" * 256))
refusal("a value of 7900 characters", INITIATOR_ERROR,
        names(MaxBurstLength="9" * 7900))
refusal("a key that comes twice", INITIATOR_ERROR,
        names() + text("MaxBurstLength=512", "MaxBurstLength=512"))
refusal("more unknown keys than anyone has", INITIATOR_ERROR,
        names() + text(*(f"X{n}=1" for n in range(1000))))
refusal("an answer to what was not asked", INITIATOR_ERROR,
        names(TargetAlias="Reject"))
refusal("a key that only targets send", INITIATOR_ERROR,
        names(TargetPortalGroupTag="1"))
refusal("a key of the full feature phase", INITIATOR_ERROR,
        names(SendTargets="All"))
refusal("an operational key in the security stage", INITIATOR_ERROR,
        names(MaxBurstLength="512"), stage=SECURITY, next_stage=OPERATIONAL)
refusal("a security key in the operational stage", INITIATOR_ERROR,
        names(AuthMethod="None"))
refusal("a MaxRecvDataSegmentLength of 0", INITIATOR_ERROR,
        names(MaxRecvDataSegmentLength=0))
refusal("a MaxRecvDataSegmentLength of 2^64", INITIATOR_ERROR,
        names(MaxRecvDataSegmentLength=1 << 64))


@case("an unknown key of 63 characters: NotUnderstood")
def _(c):
    key = "X" * 63
    rsp = c.login_request(names(**{key: "1" * 255}))
    if rsp.status or keys_of(rsp.data).get(key) != "NotUnderstood":
        raise Failed(f"{rsp} {rsp.data}")


@case("values that make no sense are rejected by name, not taken")
def _(c):
    bad = {"MaxBurstLength": 511, "FirstBurstLength": "abc",
           "InitialR2T": "Maybe", "MaxOutstandingR2T": 0,
           "DefaultTime2Wait": 3601, "ErrorRecoveryLevel": 3,
           "HeaderDigest": "MD5", "MaxConnections": "",
           "ImmediateData": "yes", "DataDigest": ",,,"}
    rsp = c.login_request(names(**bad))
    answers = keys_of(rsp.data)
    wrong = [k for k in bad if answers.get(k) != "Reject"]
    if rsp.status or wrong:
        raise Failed(f"status {rsp.status:#x}, not rejected: {wrong}")


@case("a login in requests of one byte with the C bit")
def _(c):
    data = names()
    for at in range(len(data) - 1):
        rsp = c.login_request(data[at:at + 1], flags=CONTINUE | 1 << 2)
        if rsp.status or rsp.data:
            raise Failed(f"{rsp}")
    if c.login_request(data[-1:]).status:
        raise Failed("refused")


@case("C bits without end: out of resources")
def _(c):
    for _ in range(9):
        rsp = c.login_request(b"X" * 8192, flags=CONTINUE | 1 << 2)
        if rsp.status:
            break
    if rsp.status not in (OUT_OF_RESOURCES, INITIATOR_ERROR):
        raise Failed(f"status {rsp.status:#06x}")
    c.expect_end()


# --- names, sessions ----------------------------------------------------------

refusal("no InitiatorName", MISSING, names(InitiatorName=None))
refusal("no text at all", MISSING, b"")
refusal("no TargetName", MISSING, names(TargetName=None))
refusal("a target that does not exist", NOT_FOUND, names(TargetName="iqn.x"))
refusal("a SessionType that does not exist", BAD_TYPE,
        names(SessionType="Strange"))
refusal("an empty InitiatorName", INITIATOR_ERROR, names(InitiatorName=""))
refusal("an InitiatorName of 224 bytes", INITIATOR_ERROR,
        names(InitiatorName="iqn." + "x" * 220))
refusal("an InitiatorName with a newline", INITIATOR_ERROR,
        names(InitiatorName="iqn.x\nlogin from 1.2.3.4"))


@case("another InitiatorName in the second request")
def _(c):
    c.login_request(names(), flags=1 << 2)
    refused(c, INITIATOR_ERROR, text(InitiatorName=f"{IQN}:other"))


@case("a second connection when MaxConnections is 1: too many")
def _(c):
    c.login(TARGET)
    with Conn() as second:
        second.isid = c.isid
        rsp = second.login_request(names(), tsih=c.tsih, cid=2)
    if rsp.status not in (TOO_MANY, CANT_INCLUDE):
        raise Failed(f"status {rsp.status:#06x}")
    c.ready(0).ping()


@case("a connection to another initiator's session")
def _(c):
    c.login(TARGET)
    with Conn() as second:
        rsp = second.login_request(names(InitiatorName=f"{IQN}:thief"),
                                   tsih=c.tsih, cid=2)
    if rsp.status not in (NO_SESSION, CANT_INCLUDE):
        raise Failed(f"status {rsp.status:#06x}")
    c.ready(0).ping()


# --- authentication -----------------------------------------------------------

def chap_begin(c, **keys):
    """The requests until the challenge; its keys."""
    c.login_request(names(TargetName=SECRET, AuthMethod="CHAP"), flags=0)
    return keys_of(c.login_request(text(CHAP_A="5", **keys), flags=0).data)


def binary(value):
    if value[:2].lower() == "0b":
        return base64.b64decode(value[2:])
    return bytes.fromhex(value[2:])


def answer(keys, secret=b"topsecret1234", **more):
    response = chap_response(int(keys["CHAP_I"]), secret,
                             binary(keys["CHAP_C"]))
    return text(CHAP_N="joe", CHAP_R="0x" + response.hex(), **more)


refusal("no AuthMethod where there must be one", AUTH_FAILED,
        names(TargetName=SECRET), stage=SECURITY, next_stage=OPERATIONAL)
refusal("AuthMethod=None where there must be one", AUTH_FAILED,
        names(TargetName=SECRET, AuthMethod="None"), stage=SECURITY,
        next_stage=OPERATIONAL)
refusal("straight to the operational stage", AUTH_FAILED,
        names(TargetName=SECRET))
refusal("a method that does not exist", AUTH_FAILED,
        names(TargetName=SECRET, AuthMethod="KRB5,SRP"), stage=SECURITY,
        next_stage=OPERATIONAL)


@case("CHAP with the right secret, and it proves itself")
def _(c):
    mine = random.randbytes(16)
    rsp = c.login_request(answer(chap_begin(c), CHAP_I="7",
                                 CHAP_C="0x" + mine.hex()), stage=SECURITY,
                          next_stage=OPERATIONAL)
    keys = keys_of(rsp.data)
    if rsp.status or binary(keys["CHAP_R"]) != chap_response(
            7, b"othersecret12", mine):
        raise Failed(f"{rsp} {keys}")
    c.logged_in(c.login_request(b"")).ready(0).logout()


@case("CHAP with the response in base64")
def _(c):
    keys = chap_begin(c)
    response = chap_response(int(keys["CHAP_I"]), b"topsecret1234",
                             binary(keys["CHAP_C"]))
    coded = base64.b64encode(response).decode()
    rsp = c.login_request(text(CHAP_N="joe", CHAP_R="0b" + coded),
                          stage=SECURITY, next_stage=OPERATIONAL)
    if rsp.status:
        raise Failed(f"{rsp}")


def bad_chap(name, make):
    @case(f"CHAP with {name}: authentication failed")
    def _(c):
        keys = chap_begin(c)
        rsp = c.login_request(make(keys), stage=SECURITY,
                              next_stage=OPERATIONAL)
        if rsp.status != AUTH_FAILED:
            raise Failed(f"status {rsp.status:#06x}")
        c.expect_end()


bad_chap("a wrong secret", lambda k: answer(k, b"wrong"))
bad_chap("no response", lambda k: text(CHAP_N="joe"))
bad_chap("no name", lambda k: text(CHAP_R="0x" + "00" * 16))
bad_chap("an unknown name", lambda k: answer(k).replace(b"joe", b"jim"))
bad_chap("a response of one byte", lambda k: text(CHAP_N="joe", CHAP_R="0x1"))
bad_chap("a response of 1 KiB",
         lambda k: text(CHAP_N="joe", CHAP_R="0x" + "ab" * 1024))
bad_chap("a response that is no number",
         lambda k: text(CHAP_N="joe", CHAP_R="0xzz"))
bad_chap("our own challenge sent back",
         lambda k: answer(k, CHAP_I=k["CHAP_I"], CHAP_C=k["CHAP_C"]))


@case("CHAP with empty requests gets nowhere")
def _(c):
    chap_begin(c)
    for _ in range(5):
        rsp = c.login_request(b"", stage=SECURITY, next_stage=FULL)
        if rsp.status == AUTH_FAILED:
            return
        if rsp.status or rsp.flags & FINAL or rsp.data:
            raise Failed(f"{rsp}")
    rsp = c.login_request(text(CHAP_N="joe", CHAP_R="0x00"), flags=0)
    if rsp.status != AUTH_FAILED:
        raise Failed(f"{rsp}")


@case("CHAP_R before anything else")
def _(c):
    rsp = c.login_request(names(TargetName=SECRET) + text(
        CHAP_N="joe", CHAP_R="0x" + "00" * 16), stage=SECURITY,
        next_stage=OPERATIONAL)
    if rsp.status not in (INITIATOR_ERROR, AUTH_FAILED):
        raise Failed(f"status {rsp.status:#06x}")


@case("a CHAP algorithm that does not exist")
def _(c):
    c.login_request(names(TargetName=SECRET, AuthMethod="CHAP"), flags=0)
    rsp = c.login_request(text(CHAP_A="99,x,4"), flags=0)
    if rsp.status != AUTH_FAILED and keys_of(
            rsp.data).get("CHAP_A") != "Reject":
        raise Failed(f"{rsp} {rsp.data}")


@case("the T bit in the midst of CHAP does not let anyone in")
def _(c):
    c.login_request(names(TargetName=SECRET, AuthMethod="CHAP"), flags=0)
    rsp = c.login_request(text(CHAP_A="5"), stage=SECURITY, next_stage=FULL)
    if rsp.flags & FINAL:
        raise Failed("on to the next stage")
    refused(c, INITIATOR_ERROR, b"", stage=OPERATIONAL)


# --- connections --------------------------------------------------------------

@case("a login that drops after any number of bytes")
def _(c):
    whole = Pdu(LOGIN | IMMEDIATE, names(), flags=0x87, itt=1).wire()
    for cut in (1, 3, 47, 48, 49, 100, len(whole) - 1):
        with Conn() as half:
            half.send_bytes(whole[:cut])


@case("a login in TCP segments of one byte")
def _(c):
    with Conn(chunk=1).login(TARGET) as slow:
        slow.ready(0)


@case("a session that is dropped as soon as it is there")
def _(c):
    for _ in range(20):
        Conn().login(TARGET).close()
    wait_for("the sessions end", lambda: NAME not in sessions())


@case("requests that come with the login, before its answer")
def _(c):
    login = Pdu(LOGIN | IMMEDIATE, names(), flags=0x87, itt=1, cmdsn=1,
                isid=c.isid, expstatsn=1)
    pings = [Pdu(NOP_OUT, b"early", flags=FINAL, itt=n, cmdsn=n - 1,
                 ttt=RESERVED) for n in range(2, 12)]
    c.send_bytes(login.wire() + b"".join(p.wire() for p in pings))
    c.expect(LOGIN_RSP, status=0)
    for ping in pings:
        c.expect(NOP_IN, itt=ping.itt)


# --- discovery ----------------------------------------------------------------

def discovery(c):
    return c.login(None)


@case("discovery: what is not for it is rejected")
def _(c):
    discovery(c)
    for op in (SCSI, TMF | IMMEDIATE, DATA_OUT, SNACK, 0x1f):
        c.request(op)
        if c.receive().opcode not in (REJECT, TMF_RSP):
            raise Failed(f"opcode {op:#x}")


@case("discovery: text without =")
def _(c):
    discovery(c).request(TEXT, data=text("SendTargets"))
    c.expect(REJECT)


@case("discovery: 8 KiB of garbage")
def _(c):
    discovery(c).request(TEXT, data=b"\xff" * 8192)
    c.expect(REJECT)


@case("discovery: a data segment that is too long")
def _(c):
    discovery(c).request(TEXT, dlength=0xffffff)
    try:
        if c.receive().opcode == REJECT:
            c.expect_end()
    except EOFError:
        pass


@case("discovery: all targets, then logout")
def _(c):
    discovery(c).request(TEXT, data=text(SendTargets="All"))
    data = c.expect(TEXT_RSP).data
    if data.count(b"TargetName=") != 2:
        raise Failed(data)
    c.logout()


@case("nothing is left of all these logins")
def _(c):
    wait_for("the sessions end", lambda: set(sessions()) <= {
        f"{IQN}:neighbour", f"{IQN}:good"})


main(lambda: Bed.begin(CONF, neighbour=(TARGET, 0)), Bed.end, around)
