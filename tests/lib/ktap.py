# SPDX-License-Identifier: GPL-2.0-only
"""
KTAP for test programs in Python, and the target for them in the VM.

    from ktap import case, main, Failed
    @case("what it shows")
    def _():
        raise Failed("why not")
    main()

A case passes if it returns, and is left out if it raises Skipped. What runs
before and after all cases is given to main(). At the end the status is 1 if
anything failed.
"""

import contextlib
import os
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path

TOP = Path(os.environ.get("IET_TOP", "."))
SBIN = os.environ.get("IET_SBIN", "usr")
IQN = "iqn.2001-04.com.example"
FOLDER = Path("/run/iet-test")
CASES = []
TRIES = 5  # of a case for which the machine is too slow


class Failed(Exception):
    """The target did not do what it should have done."""


class Skipped(Exception):
    """What the case needs is not there."""


class TooSlow(Exception):
    """The machine did not let the case do something in time."""


def case(name, **options):
    """Registers a test case; main()'s `around` gets the options."""
    def register(function):
        CASES.append((name, function, options))
        return function
    return register


def note(text):
    for line in str(text).splitlines():
        print("#", line, flush=True)


@contextlib.contextmanager
def in_time(seconds, since=None):
    """
    What has to be done before a timer of the target's runs out, which was set
    not before now, or `since`. A machine that is busy, or stopped for a moment,
    may be too slow for it: whatever came of it, it shows nothing then, and the
    case is made once more.
    """
    since = since or time.monotonic()
    try:
        yield
    finally:
        took = time.monotonic() - since
        if took >= seconds:
            raise TooSlow(f"{took:.2f} s for what has to be done in "
                          f"{seconds} s")


class Standstill(threading.Thread):
    """Adds up the seconds in which the machine let nobody run."""

    TICK = 0.05

    def __init__(self):
        super().__init__(daemon=True)
        self.lost, self.seen = 0, time.monotonic()
        self.start()

    def run(self):
        while True:
            time.sleep(self.TICK)
            now = time.monotonic()
            late = now - self.seen - self.TICK
            if late > self.TICK:
                self.lost += late
            self.seen = now

    def until(self, moment):
        """All that were lost before that moment."""
        while self.seen < moment:
            time.sleep(self.TICK / 5)
        return self.lost


class Stopwatch:
    """
    Measures what is done in its block: `elapsed` is the time that went by,
    `seconds` is without those in which the machine stood still, as those do
    that share their CPUs with others.
    """

    standstill = None

    def __enter__(self):
        cls = type(self)
        cls.standstill = cls.standstill or Standstill()
        self.lost = cls.standstill.until(time.monotonic())
        self.start = time.monotonic()
        return self

    def __exit__(self, *_):
        end = time.monotonic()
        self.elapsed = end - self.start
        self.seconds = self.elapsed - (self.standstill.until(end) - self.lost)


def try_case(call):
    for _ in range(TRIES - 1):
        try:
            return call()
        except TooSlow as slow:
            note(f"{slow}: once more")
            time.sleep(2)  # the timers of that try run out
    return call()


def run_case(number, name, call):
    start = time.monotonic()
    skipped = ""
    try:
        try_case(call)
        good = True
    except Skipped as reason:
        good, skipped = True, f" # SKIP {reason}"
    except Exception as error:  # a broken test is a failed one
        good = False
        note(f"{type(error).__name__}: {error}")
        frames = traceback.extract_tb(error.__traceback__)
        note(" < ".join(f"{f.name}:{f.lineno}" for f in reversed(frames)))
    took = time.monotonic() - start
    if took > 5:
        note(f"the next took {took:.1f} s")
    print(f"{'' if good else 'not '}ok {number} - {name}{skipped}", flush=True)
    return good


def main(begin=lambda: None, end=lambda: None,
         around=lambda function, options: function(**options)):
    """Runs all cases, or those whose names contain the first argument."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    cases = [c for c in CASES if wanted in c[0]]
    print(f"KTAP version 1\n1..{len(cases)}", flush=True)
    begin()
    try:
        good = [run_case(number, name, lambda f=f, o=o: around(f, {**o}))
                for number, (name, f, o) in enumerate(cases, 1)]
    finally:
        end()
    sys.exit(0 if good and all(good) else 1)


def wait_for(what, condition, seconds=30, pause=0.1):
    """Waits until condition() is true; returns its value."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > end:
            raise Failed(f"waited {seconds} s in vain: {what}")
        time.sleep(pause)
    return value


# --- the target ---------------------------------------------------------------

class Target:
    """Module and daemon, with a configuration file; see iet.sh."""

    def __init__(self, conf):
        FOLDER.mkdir(exist_ok=True)
        self.conf = FOLDER / "ietd.conf"
        self.conf.touch(0o600)
        self.conf.write_text(conf)
        self.log = open(FOLDER / "ietd.log", "ab")
        self.daemon = None
        self.start()

    def start(self):
        subprocess.run(["bash", "-c", ". tests/lib/ktap.sh >/dev/null; "
                        ". tests/lib/iet.sh; iet_teardown() { :; }; "
                        "ktap_plan=0; iet_load"], cwd=TOP, check=True)
        self.daemon = subprocess.Popen(
            [f"{SBIN}/ietd", "-f", "-c", self.conf], stdin=subprocess.DEVNULL,
            stdout=self.log, stderr=self.log)
        wait_for("ietd listens", listens)

    def alive(self):
        return self.daemon.poll() is None

    def end(self):
        ietadm("--op", "delete")
        self.daemon.terminate()
        try:
            self.daemon.wait(60)
        except subprocess.TimeoutExpired:
            self.daemon.kill()


def listens():
    """Is there a socket in state LISTEN at port 3260?"""
    lines = (Path("/proc/net/tcp").read_text()
             + Path("/proc/net/tcp6").read_text()).splitlines()
    return any(f[1].endswith(":0CBC") and f[3] == "0A"
               for f in map(str.split, lines))


def ietadm(*args):
    return subprocess.run([f"{SBIN}/ietadm", *args], capture_output=True,
                          text=True, timeout=120)


def sessions():
    """Names of the initiators that have a session."""
    text = Path("/proc/net/iet/session").read_text()
    return [line.split("initiator:", 1)[1] for line in text.splitlines()
            if "initiator:" in line]


def image(name, size):
    path = FOLDER / name
    FOLDER.mkdir(exist_ok=True)
    with open(path, "wb") as file:
        file.truncate(size)
    return path
