#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
"""
What the target does under a crowd: half-open connections, logins at the same
time, sessions that all read. Memory must be bounded and given back, and who
comes in between must get in within two seconds.

    tests/load/load.py [HALF-OPEN LOGINS SESSIONS]

The figures are comments in the output. Memory is what the machine has in use
but for this program's own; so it has the kernel's side of both ends of each
connection.
"""

import os
import re
import resource
import select
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, os.path.join(os.environ["IET_TOP"], "tests/lib"))

from ktap import (IQN, Failed, Stopwatch, Target, case,  # noqa: E402
                  image, main, note, sessions, wait_for)
from iet_netlink import Netlink  # noqa: E402
from pdu import *  # noqa: E402,F403

SIZES = [int(a) for a in sys.argv[1:4]] or [10000, 1000, 512]
HALF_OPEN, LOGINS, SESSIONS = SIZES
del sys.argv[1:4]
TARGET, DISK, LUNS = f"{IQN}:load", f"{IQN}:disk", f"{IQN}:luns"
PER_ADDRESS = 500
LOGIN_LIMIT = 2  # seconds
IDLE_LIMIT = 64 << 10  # bytes of a session
NOISE = 4 << 20  # bytes: what the rest of the machine takes meanwhile
IO_SECONDS = 4
LARGE = SESSIONS >= 256
DEPTH, WRITE_KIB = (128, 1024) if LARGE else (32, 256)
WRITE_SECONDS = max(10, SESSIONS // 10)
MANY_LUNS = 1000 if LARGE else 100
MANY_SESSIONS = max(SESSIONS, 60)
BLOCKS = 8
MIB = 1 << 20

CONF = f"""
LoginRate 0
Target {TARGET}
    Lun 0 Type=nullio,Blocks=1048576
Target {DISK}
    Lun 0 Path=/run/iet-test/crowd.img,Type=fileio
Target {LUNS}
"""


class Bed:
    target = None

    @classmethod
    def begin(cls):
        files = HALF_OPEN + 2 * SESSIONS + 1000
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
        image("crowd.img", 64 * MIB)
        cls.target = Target(CONF)

    @classmethod
    def end(cls):
        if cls.target:
            cls.target.end()


def status_of(pid, field):
    text = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"{field}:\s+(\d+)", text).group(1)) << 10


def in_use():
    """Bytes in use that are no cache, nor this program's."""
    info = dict(re.findall(r"(\w+):\s+(\d+)",
                           Path("/proc/meminfo").read_text()))
    used = int(info["MemTotal"]) - int(info["MemAvailable"])
    return (used << 10) - status_of("self", "VmRSS")


def total():
    text = Path("/proc/meminfo").read_text()
    return int(re.search(r"MemTotal:\s+(\d+)", text).group(1)) << 10


def daemon():
    return status_of(Bed.target.daemon.pid, "VmRSS")


def connect(number):
    """A connection from one of many addresses."""
    sock = socket.socket()
    address = 2 + number // PER_ADDRESS
    sock.bind((f"127.0.{1 + address // 250}.{1 + address % 250}", 0))
    sock.connect(("127.0.0.1", 3260))
    return sock


def login_pdu(number):
    names = text(InitiatorName=f"{IQN}:many", TargetName=TARGET,
                 SessionType="Normal", MaxRecvDataSegmentLength=65536)
    isid = struct.pack(">BHBH", 0x80, 7, 0, number & 0xffff)
    return Pdu(LOGIN | IMMEDIATE, names, flags=0x87, isid=isid, cid=1, itt=1,
               cmdsn=1).wire()


def good_login():
    """Seconds that somebody in good faith takes to get to a ready disk."""
    with Stopwatch() as watch, Conn().login(TARGET, f"{IQN}:good") as good:
        good.ready(0).logout()
    return watch.seconds


def get_in(what):
    """The first may have to wait for others to be accepted before it."""
    first, *then = (good_login() for _ in range(4))
    note(f"{what}: a login takes {max(then):.3f} s at most; the first took "
         f"{first:.3f} s")
    if max(then) > LOGIN_LIMIT:
        raise Failed(f"it took {max(then):.1f} s")


def given_back(before, what):
    def is_back():
        return in_use() - before < 32 * MIB
    wait_for("the sessions end", lambda: not sessions(), 60)
    wait_for("the memory comes back", is_back, 60)
    note(f"{what}: {(in_use() - before) / MIB:.1f} MiB are left in use")


def show(what, number, before, peak, ietd):
    grown = peak - before
    note(f"{what}: {before / MIB:.0f} MiB before, {peak / MIB:.0f} at the "
         f"peak: {grown / MIB:.1f} MiB, {grown / number / 1024:.1f} KiB each; "
         f"ietd {ietd / MIB:.1f} MiB")
    return grown / number


@case("half-open connections: some say nothing, some half a request")
def _():
    good_login()
    before = in_use()
    start = time.monotonic()
    socks = []
    for number in range(HALF_OPEN):
        socks.append(connect(number))
        if number % 2:
            try:
                socks[-1].send(login_pdu(number)[:60])
            except OSError:
                pass  # one of too many
        if number == HALF_OPEN // 2:
            get_in("half of them")
    get_in("all of them")
    took = time.monotonic() - start
    show(f"{HALF_OPEN} half-open connections", HALF_OPEN, before, in_use(),
         daemon())
    note(f"made in {took:.1f} s")
    for sock in socks:
        sock.close()
    given_back(before, "afterwards")


@case("logins at the same time")
def _():
    before = in_use()
    socks = [connect(number) for number in range(LOGINS)]
    half = [login_pdu(number) for number in range(LOGINS)]
    for sock, data in zip(socks, half):
        sock.send(data[:-8])
    show(f"{LOGINS} logins that have begun", LOGINS, before, in_use(),
         daemon())
    start = time.monotonic()
    waiting = {sock.fileno(): sock for sock in socks}
    poll = select.poll()
    for sock, data in zip(socks, half):
        sock.send(data[-8:])
        poll.register(sock, select.POLLIN)
    slowest = get_through(poll, waiting, start)
    took = time.monotonic() - start
    note(f"{LOGINS} logins at the same time: {LOGINS / took:.0f} in a second, "
         f"the last after {slowest:.2f} s")
    get_in(f"beside {LOGINS} sessions")
    wait_for("all sessions", lambda: len(sessions()) >= LOGINS, 60)
    show(f"{LOGINS} idle sessions", LOGINS, before, in_use(), daemon())
    for sock in socks:
        sock.close()
    given_back(before, "afterwards")


def get_through(poll, waiting, start):
    """Waits for all Login Responses; seconds that the slowest took."""
    while waiting:
        ready = poll.poll(60000)
        if not ready:
            raise Failed(f"{len(waiting)} logins have no answer")
        for fd, _event in ready:
            data = waiting[fd].recv(4096)
            if len(data) < 48 or data[36]:
                raise Failed(f"refused: {data[:48].hex()}")
            poll.unregister(fd)
            del waiting[fd]
    return time.monotonic() - start


def read_all(conns):
    """Each has one READ under way, for a while; how many were done by each."""
    poll, done = select.poll(), dict.fromkeys(range(len(conns)), 0)
    by_fd = {conn.sock.fileno(): n for n, conn in enumerate(conns)}
    for conn in conns:
        poll.register(conn.sock, select.POLLIN)
        conn.scsi(read10(0, BLOCKS), READ, BLOCKS * 512)
    end = time.monotonic() + IO_SECONDS
    under_way = len(conns)
    while under_way:
        ready = poll.poll(60000)
        if not ready:
            raise Failed(f"{under_way} reads have no answer")
        for fd, _event in ready:
            conn = conns[by_fd[fd]]
            conn.expect(DATA_IN, status=GOOD, dlength=BLOCKS * 512)
            done[by_fd[fd]] += 1
            if time.monotonic() < end:
                conn.scsi(read10(done[by_fd[fd]], BLOCKS), READ, BLOCKS * 512)
            else:
                under_way -= 1
    return done.values()


@case("sessions that all read")
def _():
    before = in_use()
    conns = [Conn().login(TARGET, f"{IQN}:many").ready(0)
             for _ in range(SESSIONS)]
    each = show(f"{SESSIONS} idle sessions", SESSIONS, before, in_use(),
                daemon())
    if each > IDLE_LIMIT + NOISE / SESSIONS:
        raise Failed(f"an idle session takes {each / 1024:.1f} KiB")
    done = read_all(conns)
    note(f"{SESSIONS} sessions read: {sum(done) / IO_SECONDS:.0f} in a "
         f"second, from {min(done)} to {max(done)} each (this program is the "
         "limit)")
    if not min(done):
        raise Failed("somebody got nothing")
    for conn in conns:
        conn.scsi(read10(0, 2048), READ, MIB)
    get_in(f"while {SESSIONS} sessions read 1 MiB each")
    show(f"{SESSIONS} sessions with 1 MiB each", SESSIONS, before, in_use(),
         daemon())
    for conn in conns:
        conn.close()
    given_back(before, "afterwards")


def grown_by_crowd(crowd, before):
    """Waits for its end; the most that was in use meanwhile, bytes."""
    peak = 0
    while crowd.poll() is None:
        try:
            peak = max(peak, in_use() - status_of(crowd.pid, "VmRSS") - before)
        except (OSError, AttributeError):
            break  # it has just ended
        time.sleep(0.2)
    return peak


@case(f"{SESSIONS} sessions write {WRITE_KIB} KiB at a queue depth of {DEPTH}")
def _():
    # in place: a file that is made anew has another size for a moment, and
    # the target may tell of that just when the crowd is at work
    with open("/run/iet-test/crowd.img", "r+b") as crowd_img:
        crowd_img.write(bytes(64 * MIB))
    before = in_use()
    with subprocess.Popen(
            ["crowd", DISK, *map(str, (SESSIONS, DEPTH, WRITE_KIB,
                                       WRITE_SECONDS))],
            stdout=subprocess.PIPE, text=True) as crowd:
        for line in crowd.stdout:
            if "logged in" in line:
                break
        time.sleep(2)
        get_in("beside them")
        peak = grown_by_crowd(crowd, before)
        out = crowd.stdout.read()
    note(f"{out}at the peak {peak / MIB:.0f} MiB more in use than before, "
         f"of {total() / MIB:.0f}")
    if crowd.returncode:
        raise Failed("see above")
    least, most, median = (int(re.search(rf"{key}=(\d+)", out).group(1))
                           for key in ("min", "max", "median"))
    # what the first got before the others came is what they asked for
    if least * 4 < median or most - DEPTH > 4 * median:
        raise Failed("some get far more than others")
    if float(re.search(r"longest=([\d.]+)", out).group(1)) > WRITE_SECONDS / 2:
        raise Failed("some wait too long")
    given_back(before, "afterwards")


def quartiles(took):
    """Of the first ones and of the last."""
    part = min(100, len(took) // 4)
    return [sorted(some)[part // 4] for some in (took[:part], took[-part:])]


def timed(function, *args):
    start = time.monotonic()
    function(*args)
    return time.monotonic() - start


def first_and_last(what, number, make):
    """
    Makes so many; the first ones and the last take about the same time, if the
    machine is as fast all the time: what is always the same work tells.
    """
    took, work = [], []
    for n in range(number):
        took.append(timed(make, n))
        work.append(timed(sum, range(20000)))
    first, last = quartiles(took)
    slower = max(1, quartiles(work)[1] / quartiles(work)[0])
    note(f"{number} {what}: one of the first takes {1000 * first:.2f} ms, one "
         f"of the last {1000 * last:.2f} ms (lower quartiles; the machine is "
         f"{slower:.2f} times slower then), all of them {sum(took):.1f} s")
    if last > 2 * first * slower + 0.002:
        raise Failed("the more there are, the longer it takes")


@case("the last of many LUNs is made as fast as the first")
def _():
    before, link = in_use(), Netlink()
    first_and_last("LUNs", MANY_LUNS, lambda n: link.do(
        "LUN_NEW", L_TID=3, L_LUN=n, L_IOTYPE="nullio", L_BLOCKS=2048))
    show(f"{MANY_LUNS} LUNs", MANY_LUNS, before, in_use(), daemon())


@case("so is the last of many sessions")
def _():
    conns = []
    before = in_use()
    first_and_last("sessions", MANY_SESSIONS,
                   lambda _: conns.append(Conn().login(TARGET, f"{IQN}:many")))
    for conn in conns:
        conn.close()
    given_back(before, "afterwards")


main(Bed.begin, Bed.end)
