#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
"""
Faults of logins and of discovery: each is seen on the wire as it was asked for,
none lets anybody in, and initiators get over those that end.
"""

import contextlib
import json
import os
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.environ["IET_TOP"], "tests/lib"))

from bed import Bed  # noqa: E402
from iet_netlink import Netlink  # noqa: E402
from ktap import (FOLDER, IQN, Failed, case, ietadm, main,  # noqa: E402
                  sessions, wait_for)
from oi import oi_shell  # noqa: E402
from pdu import *  # noqa: E402,F403

TARGET, SECRET = f"{IQN}:fault", f"{IQN}:secret"
RAW = "iqn.2001-04.com.example:raw"
OUT_OF_RESOURCES = 0x302

CONF = f"""
Target {TARGET}
    Lun 0 Path={FOLDER}/disk.img,Type=fileio
Target {SECRET}
    IncomingUser joe topsecret1234
    OutgoingUser jack othersecret12
    Lun 0 Type=nullio
"""


def adm(*args):
    done = ietadm(*args)
    if done.returncode:
        raise Failed(done.stderr)
    return done.stdout.strip()


def rules():
    return json.loads(adm("--op", "show", "--fault", "--json"))["faults"]


def rule(number):
    return next(r for r in rules() if r["id"] == number)


def fault(kind, *options, tid=1, **params):
    """A new rule; its id."""
    given = [f"--params={','.join(f'{k}={v}' for k, v in params.items())}"]
    return adm("--op", "new", f"--fault=login-{kind}",
               *([f"--tid={tid}"] if tid else []), *options,
               *(given if params else []))


def clear():
    adm("--op", "delete", "--fault=all")


def around(function, options):
    """Each case begins and ends without faults and without sessions."""
    try:
        function(**options)
    finally:
        clear()
    with Conn().login(TARGET, f"{IQN}:good") as good:
        good.ready(0)
        good.logout()
    Bed.check()


def same(what, got, expected):
    if got != expected:
        raise Failed(f"{what}: {got!r:.300}, not {expected!r:.300}")


def counts(number, hits, seen):
    r = rule(number)
    same("hits and seen", (r["hits"], r["seen"]), (hits, seen))


def names(target=TARGET, **more):
    return text(**{"InitiatorName": RAW, "TargetName": target,
                   "SessionType": "Normal", **more})


def send_login(c, data=None, stage=1, next_stage=3):
    c.send(Pdu(LOGIN | IMMEDIATE, names() if data is None else data,
               flags=FINAL | stage << 2 | next_stage, isid=c.isid, cid=c.cid,
               itt=c.itt, cmdsn=c.cmdsn, expstatsn=c.expstatsn))


def ends_after(c, length):
    with contextlib.suppress(EOFError):
        c.wait_bytes(1 << 20, time.monotonic() + 60)
    same("bytes before the end", len(c.input), length)


def good_login():
    """A login without a fault, and how long its response is."""
    with Conn() as c:
        rsp = c.login_request(names())
        same("status", rsp.status, 0)
        return 48 + len(rsp.data) + -len(rsp.data) % 4


# --- logins -------------------------------------------------------------------

@case("drop: at the request, before, in and after the response; no session")
def _():
    length = good_login()
    wait_for("it ends", lambda: RAW not in sessions())
    for params, expected in (({"PDU": "login"}, 0), ({}, 0),
                             ({"Byte": 50}, 50), ({"Byte": "end"}, length),
                             ({"Stage": "final", "Byte": 48}, 48),
                             ({"Stage": "security"}, None)):
        number = fault("drop", Count=1, **params)
        with Conn() as c:
            send_login(c)
            if expected is None:
                c.expect(LOGIN_RSP, status=0)
            else:
                ends_after(c, expected)
        counts(number, int(expected is not None), int(expected is not None))
        wait_for("no session", lambda: RAW not in sessions())
        clear()


@case("status: any refusal, and the older session of the initiator goes on")
def _():
    with Conn() as old:
        old.login(TARGET).ready(0)
        for status in ("0203", "0301", "03ff", "ff00"):
            fault("status", Status=status, Initiator=RAW.upper(), Count=1)
            with Conn() as c:
                c.isid = old.isid
                rsp = c.login_request(names())
                same("status", rsp.status, int(status, 16))
                same("T bit, data", (rsp.flags & 0x80, rsp.data), (0, b""))
                c.expect_end()
        fault("status", Status="0301", Initiator=f"{IQN}:other")
        old.ping()
        old.logout()
    number = fault("status", Status="0302", Stage="operational", Skip=1,
                   Count=1)
    good_login()
    with Conn() as c:
        same("security", c.login_request(names(), stage=0,
                                         next_stage=1).status, 0)
        same("operational", c.login_request(b"").status, 0x302)
    counts(number, 1, 2)


@case("status: moved, to an address, to a wrong one, to none")
def _():
    for params, want in (({"Status": "0101", "Address": "127.0.0.1:3260%2c1"},
                          b"TargetAddress=127.0.0.1:3260,1\0"),
                         ({"Status": "0102", "Address": "%ff[::"},
                          b"TargetAddress=\xff[::\0"),
                         ({"Status": "0101"}, b"")):
        fault("status", Count=1, **params)
        with Conn() as c:
            rsp = c.login_request(names())
            same("answer", (rsp.status, rsp.data),
                 (int(params["Status"], 16), want))
            c.expect_end()


@case("delay: others go on; at once if its rule is removed; not who has gone")
def _():
    number = fault("delay", Delay=60000, Initiator=RAW)
    slow, other = Conn(), Conn()
    send_login(slow)
    wait_for("it is held", lambda: rule(number)["held"] == 1)
    with other.login(TARGET, f"{IQN}:quick"):
        other.ready(0).logout()
    slow.expect_nothing(0.3)
    clear()
    same("status", slow.expect(LOGIN_RSP).status, 0)
    wait_for("the session", lambda: RAW in sessions())
    number = fault("delay", Delay=60000, Initiator=RAW, Count=1)
    with Conn() as gone:
        gone.isid = slow.isid
        send_login(gone)
        wait_for("it is held", lambda: rule(number)["held"] == 1)
    clear()
    slow.tsih, slow.hdigest = 1, False
    slow.ping()
    slow.close()
    number = fault("delay", Delay=700)
    start = time.monotonic()
    good_login()
    if time.monotonic() - start < 0.65:
        raise Failed("too soon")


@case("withhold: no answer, until the initiator has had enough")
def _():
    for params in ({}, {"PDU": "login"}):
        number = fault("withhold", Count=1, **params)
        with Conn() as c:
            send_login(c)
            c.expect_nothing(0.5)
            counts(number, 1, 1)
            same("a session", RAW in sessions(), not params)
        wait_for("no session", lambda: RAW not in sessions())
        clear()


@case("key: left out, another value, one more, twice, damaged")
def _():
    def keys(**request):
        with Conn() as c:
            rsp = c.login_request(names(MaxBurstLength=65536,
                                        InitialR2T="No"), **request)
            return rsp.data.rstrip(b"\0").split(b"\0")

    before = keys()
    burst = b"MaxBurstLength=65536"
    for params, change in (
            ({"Key": "MaxBurstLength"},
             lambda k: [] if k == burst else [k]),
            ({"Key": "MaxBurstLength", "Value": "Irrelevant"},
             lambda k: [b"MaxBurstLength=Irrelevant"] if k == burst else [k]),
            ({"Key": "MaxBurstLength", "Value": ""},
             lambda k: [b"MaxBurstLength="] if k == burst else [k]),
            ({"Key": "MaxBurstLength", "Do": "twice"},
             lambda k: [k, k] if k == burst else [k]),
            ({"Key": "MaxBurstLength", "Do": "damage"},
             lambda k: [b"MaxBurstLength=65537"] if k == burst else [k])):
        fault("key", **params)
        same(str(params), keys(), [n for k in before for n in change(k)])
        clear()
    fault("key", Key="X-a", Do="add", Value="b%2cc%00X-d=%ff")
    fault("key", Key="MaxBurstLength")
    number = fault("key", Key="FirstBurstLength")
    same("two rules", keys(), [k for k in before if k != burst]
         + [b"X-a=b,c", b"X-d=\xff"])
    counts(number, 0, 0)


@case("header, data, split, duplicate")
def _():
    length = good_login()
    fault("header", Byte=16, Count=1)
    with Conn() as c:
        same("ITT", c.login_request(names()).itt, c.itt ^ 0xff << 24)
    clear()
    fault("header", Byte=1, Stage="final")
    with Conn() as c:
        rsp = c.login_request(names(), stage=0, next_stage=1)
        same("flags", rsp.flags, 0x81)
        same("flags", c.login_request(b"").flags, 0x87 ^ 0xff)
    clear()
    fault("data", Byte=0, Count=1)
    with Conn() as c:
        same("data", c.login_request(names()).data[0], b"T"[0] ^ 0xff)
    clear()
    fault("duplicate", Count=1)
    with Conn() as c:
        first = c.login_request(names())
        again = c.expect(LOGIN_RSP)
        same("twice", (bytes(first.bhs), first.data),
             (bytes(again.bhs), again.data))
    clear()
    for params, enough in (({"Byte": 20}, 2), ({"Seed": 3}, 2)):
        fault("split", Count=1, **params)
        with Conn() as c:
            send_login(c)
            c.wait_bytes(length, time.monotonic() + 60)
            info = c.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192)
            if struct.unpack_from("=I", info, 152)[0] < enough:
                raise Failed("one segment")
            c.expect(LOGIN_RSP, status=0)


# --- authentication -----------------------------------------------------------

def chap(c, **mutual):
    """As far as the target's challenge has been answered: the last response."""
    c.login_request(names(SECRET, AuthMethod="CHAP,None"), flags=0)
    got = keys_of(c.login_request(text(CHAP_A="5"), flags=0).data)
    answer = "0x" + chap_response(int(got["CHAP_I"]), b"topsecret1234",
                                  bytes.fromhex(got["CHAP_C"][2:])).hex()
    return c.login_request(text(CHAP_N="joe", CHAP_R=answer, **mutual),
                           stage=0, next_stage=3)


@case("CHAP: a fault of it keeps out who would get in")
def _():
    with Conn() as c:
        same("without", chap(c).status, 0)
    for params in ({"Key": "CHAP_C", "Value": "0x" + "11" * 32},
                   {"Key": "CHAP_C", "Do": "damage"}):
        fault("key", tid=2, Count=1, **params)
        with Conn() as c:
            same(str(params), chap(c).status, 0x201)
        clear()


@case("CHAP: nobody gets in who would be kept out")
def _():
    for kind, params in (
            ("key", {"Key": "AuthMethod", "Value": "None"}),
            ("text", {}), ("header", {"Byte": 36}), ("delay", {"Delay": 1})):
        fault(kind, tid=2, **params)
        with Conn() as c:
            c.login_request(names(SECRET, AuthMethod="CHAP,None"), flags=0)
            send_login(c, b"", stage=0, next_stage=3)
            same("status", c.receive().status,
                 0xfd01 if kind == "header" else 0x201)
            c.expect_end()
        same("session", RAW in sessions(), False)
        clear()


@case("CHAP: the target's own answer is wrong, in the right form")
def _():
    challenge = "0x" + "42" * 16
    right = "0x" + chap_response(7, b"othersecret12", b"B" * 16).hex()
    number = fault("key", tid=2, Key="CHAP_R", Do="damage", Count=1)
    for good in (False, True):
        with Conn() as c:
            got = keys_of(chap(c, CHAP_I="7", CHAP_C=challenge).data)
            same("name", got["CHAP_N"], "jack")
            same("right", got["CHAP_R"].lower() == right.lower(), good)
            same("length", len(got["CHAP_R"]), len(right))
    counts(number, 1, 2)


# --- discovery ----------------------------------------------------------------

def send_targets(**keys):
    with Conn() as c:
        c.login(None, **keys)
        c.request(TEXT | IMMEDIATE, data=text(SendTargets="All"))
        return c.expect(TEXT_RSP).data


@case("discovery: nothing, half of it, too much, what nobody knows")
def _():
    before = send_targets()
    for kind, params, want in (
            ("text", {}, b""),
            ("text", {"Length": 30}, before[:30]),
            ("text", {"Value": "TargetName=iqn.x%00"}, b"TargetName=iqn.x\0"),
            ("key", {"Key": "X-what", "Value": "1", "Do": "add"},
             before + b"X-what=1\0"),
            ("key", {"Key": "TargetName"}, None),
            ("text", {"Length": 100000}, None)):
        fault(kind, tid=0, PDU="text-response", Count=1, **params)
        got = send_targets()
        if want is not None:
            same(f"{kind} {params}", got, want)
        elif kind == "key":
            same("names, addresses", (b"TargetName" in got,
                                      b"TargetAddress" in got), (False, True))
        else:
            same("length", (len(got), got[:len(before)]), (100000, before))
        clear()
    fault("drop", tid=0, PDU="text-response", Byte=60)
    with Conn() as c:
        c.login(None, HeaderDigest="CRC32C")
        c.request(TEXT | IMMEDIATE, data=text(SendTargets="All"))
        ends_after(c, 60)
    clear()
    number = fault("status", tid=0, Status="0300")
    good_login()
    with Conn() as c:
        rsp = c.login_request(text(InitiatorName=RAW, SessionType="Discovery"))
        same("status", rsp.status, 0x300)
    counts(number, 1, 1)


# --- rules --------------------------------------------------------------------

@case("rules outlive the daemon, and end with their target")
def _():
    kept = fault("status", Status="0301", Count=2, Seed=5)
    lost = fault("drop", tid=0)
    of_module = adm("--op", "new", "--tid=1", "--fault=hang", "--lun=0",
                    "--params=Opcode=0x35")
    with Conn() as c:
        same("status", c.login_request(names()).status, 0x301)
    same("deleted", adm("--op", "delete", f"--fault={lost}"), "")
    Bed.target.daemon.terminate()
    Bed.target.daemon.wait(60)
    Bed.target.start()
    same("rules", [(r["id"], r["kind"], r["hits"]) for r in rules()],
         [(of_module, "hang", 0), (kept, "login-status", 1)])
    for status in (0x301, 0):
        with Conn() as c:
            same("status", c.login_request(names()).status, status)
    adm("--op", "delete", f"--fault={of_module}")
    line = f"Tid=1 Id={kept} Kind=login-status Status=0301 Count=2 Seed=5 " \
        "Seen=3 Hits=2 Held=0"
    same("shown", adm("--op", "show", "--tid=1", "--fault"), line)
    same("show all", f"\tfault: {line}\n" in adm("--op", "show") + "\n", True)
    adm("--op", "new", "--tid=7", f"--params=Name={IQN}:seven")
    fault("drop", tid=7)
    adm("--op", "delete", "--tid=7")
    same("rules", [r["id"] for r in rules()], [kept])
    # another one takes its place before the daemon has looked
    adm("--op", "new", "--tid=7", f"--params=Name={IQN}:seven")
    fault("drop", tid=7)
    nl = Netlink()
    nl.do("TARGET_DEL", T_TID=7)
    nl.do("TARGET_NEW", T_TID=7, T_NAME=f"{IQN}:seven")
    same("rules", [r["id"] for r in rules()], [kept])
    adm("--op", "delete", "--tid=7")


@case("what can't be is refused in words")
def _():
    for args, words in (
            (("--tid=1", "--fault=login-crash"), "there is no such kind"),
            (("--tid=9", "--fault=login-drop"), "no such target"),
            (("--tid=1", "--fault=login-drop", "--lun=0"),
             "a login has no session or LUN yet"),
            (("--tid=1", "--fault=login-status", "--params=Status=0000"),
             'Status: "0000" is not valid'),
            (("--fault=hang",), "--tid is missing")):
        done = ietadm("--op", "new", *args)
        if not done.returncode or words not in done.stderr:
            raise Failed(f"{args}: {done}")


# --- open-iscsi ---------------------------------------------------------------

@case("open-iscsi: gets over lost connections and a target that has no room, "
      "and follows a redirection")
def _():
    # it notices the end of a connection in the login only by its own time
    oi_shell(f"""
        fault() {{ ietadm --op new --tid=1 "--fault=login-$1" \
            "--params=$2,Initiator=$OI_NAME" >/dev/null; }}
        oi_set {TARGET} 'node.conn[0].timeo.login_timeout' 5
        again() {{ # HITS
            oi_login {TARGET} 127.0.0.1
            disk=$(oi_disk {TARGET})
            cmp -n 65536 $disk {FOLDER}/disk.img
            oi_logout {TARGET} 127.0.0.1
            ietadm --op show --tid=1 --fault
            ietadm --op show --tid=1 --fault | grep -q Hits=$1
            ietadm --op delete --tid=1 --fault=all
        }}
        fault drop Count=2
        again 2
        fault status Status=0302,Count=2
        again 2
        fault status Status=0101,Address=127.0.0.2:3260,Count=1
        again 1
        """)


def begin():
    Bed.begin(CONF, size=4 << 20)


main(begin, Bed.end, around)
