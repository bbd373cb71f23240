#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
"""
ietd under a service manager: this program plays systemd's notify socket.
READY=1 must mean that the configuration is applied and ietd listens.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

TOP = Path(os.environ["IET_TOP"])
IETD = os.path.join(os.environ["IET_SBIN"], "ietd")
TARGET = "iqn.2001-04.com.example:notify"
FOLDER = Path("/run/iet-notify")
RESULTS = []


def result(what, passed, why=""):
    RESULTS.append(passed)
    if not passed and why:
        print("#", str(why).replace("\n", "\n# "))
    print(f"{'' if passed else 'not '}ok {len(RESULTS)} - {what}", flush=True)


def load_module():
    subprocess.run(["bash", "-c", ". tests/lib/ktap.sh >/dev/null; "
                    ". tests/lib/iet.sh; ktap_plan=0; iet_load"],
                   cwd=TOP, check=True)


def listens():
    """Is there a socket in state LISTEN at port 3260, IPv4 or IPv6?"""
    lines = (Path("/proc/net/tcp").read_text()
             + Path("/proc/net/tcp6").read_text()).splitlines()
    return any(line.split()[1].endswith(f":{3260:04X}")
               and line.split()[3] == "0A" for line in lines
               if ":" in line.split()[0])


class Manager:
    """Starts ietd with a notify socket."""

    def __init__(self, name, conf, abstract=False):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        address = f"\0{name}" if abstract else str(FOLDER / name)
        self.socket.bind(address)
        self.socket.settimeout(30)
        env = {**os.environ, "NOTIFY_SOCKET": address.replace("\0", "@")}
        self.process = subprocess.Popen([IETD, "-f", "-c", conf], env=env)

    def states(self):
        """The next message as a dictionary; empty if none comes."""
        try:
            text = self.socket.recv(4096).decode()
        except TimeoutError:
            return {}
        return dict(line.split("=", 1) for line in text.splitlines())

    def ready(self):
        while state := self.states():
            if state.get("READY") == "1":
                return True
        return False

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


def write(name, text):
    path = FOLDER / name
    path.write_text(text)
    path.chmod(0o600)
    return path


def good_start(abstract):
    conf = write("good.conf", f"Target {TARGET}\n\tLun 0 Type=nullio\n")
    manager = Manager("a" if abstract else "p", conf, abstract)
    result("READY=1 comes" + (", abstract socket" if abstract else ""),
           manager.ready())
    volume = Path("/proc/net/iet/volume").read_text()
    result("... when the configuration is applied", TARGET in volume, volume)
    result("... and ietd listens", listens())
    status = manager.end()
    result("ietd ends with status 0 at SIGTERM", status == 0, status)
    result("... and has said STOPPING=1",
           any("STOPPING" in s for s in iter(manager.states, {})))


def bad_start():
    conf = write("bad.conf", f"Target {TARGET}\n\tNonsense 1\n")
    manager = Manager("b", conf)
    manager.socket.settimeout(5)
    ready = manager.ready()
    result("no READY=1 with an error in the configuration", not ready)
    if ready:
        manager.end()
    status = manager.process.wait(30)
    result("... and a status that is not 0", status != 0, status)


def two_reloads():
    """The second comes while the files of the first are being opened."""
    conf = write("two.conf", f"Target {TARGET}\n\tLun 0 Type=nullio\n")
    manager = Manager("t", conf)
    manager.ready()
    for i in range(1, 61):
        with open(FOLDER / f"disk{i}", "wb") as disk:
            disk.truncate(1 << 20)
    many = conf.read_text() + "".join(
        f"\tLun {i} Path={FOLDER}/disk{i}\n" for i in range(1, 61))
    write("two.conf", many)
    manager.process.send_signal(signal.SIGHUP)
    began = manager.states()
    result("SIGHUP: RELOADING=1", began.get("RELOADING") == "1", began)
    time.sleep(0.005)
    write("two.conf", many + "\tLun 99 Type=nullio\n")
    manager.process.send_signal(signal.SIGHUP)
    volume = ""
    end = time.monotonic() + 120
    while "lun:99 " not in volume and time.monotonic() < end:
        time.sleep(0.1)
        volume = Path("/proc/net/iet/volume").read_text()
    result("what changes while a reload is under way is not forgotten",
           "lun:99 " in volume, volume)
    result("... and READY=1 comes", manager.ready())
    manager.end()


def main():
    print("KTAP version 1\n1..15", flush=True)
    FOLDER.mkdir()
    load_module()
    good_start(abstract=False)
    good_start(abstract=True)
    bad_start()
    two_reloads()
    subprocess.run([os.path.join(os.environ["IET_SBIN"], "ietadm"),
                    "--op", "delete"], check=True)
    return 0 if all(RESULTS) else 1


if __name__ == "__main__":
    sys.exit(main())
