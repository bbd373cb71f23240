#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 1500
"""
An upgrade of the Debian package while an initiator works: its session goes on,
and a new daemon takes over. dpkg and the package's own scripts do all of it,
on a system without systemd. In User-Mode Linux, where building takes no time.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, os.path.join(os.environ["IET_TOP"], "tests/lib"))

from ktap import (FOLDER, IQN, TOP, Failed, case, listens, main,  # noqa: E402
                  note, sessions, wait_for)
from neighbour import Neighbour  # noqa: E402
from pdu import Conn  # noqa: E402

TARGET = f"{IQN}:upgrade"
DEBS = FOLDER / "debs"
CONF = Path("/etc/iet/ietd.conf")
MODULE = Path("/lib/modules", os.environ["IET_KERNEL"],
              "updates/iscsi_trgt.ko")
NEXT = "2.0+next"


def sh(*command, **more):
    done = subprocess.run([str(c) for c in command], text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          **more)
    if done.returncode:
        raise Failed(f"{' '.join(map(str, command))}: {done.stdout[-2000:]}")
    return done.stdout


def install(package):
    """
    What tests/run has put into PATH must not be what is started; and services
    are started in the system's runlevel, which the VM has none of.
    """
    note(sh("dpkg", "--force-depends", "--force-confold", "-i", package,
            env={**os.environ, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                 "RUNLEVEL": "2", "PREVLEVEL": "N",
                 "DEBIAN_FRONTEND": "noninteractive"}))


def package(version):
    found = list(DEBS.glob(f"iscsitarget_{version}_*.deb"))
    if len(found) != 1:
        raise Failed(f"packages of version {version}: {found}")
    return found[0]


def build():
    sh("make", "-s", "deb", f"DEB_DIR={DEBS}", "DEB_BUILD_OPTIONS=nocheck",
       cwd=TOP)
    old, tree = package("2.0"), FOLDER / "tree"
    sh("dpkg-deb", "-R", old, tree)
    control = tree / "DEBIAN/control"
    control.write_text(control.read_text().replace(
        "Version: 2.0\n", f"Version: {NEXT}\n"))
    # another file, so that nobody can take the old daemon for the new one
    with open(tree / "usr/sbin/ietd", "ab") as daemon:
        daemon.write(b"next")
    sh("dpkg-deb", "--root-owner-group", "-b", tree,
       old.with_name(old.name.replace("_2.0_", f"_{NEXT}_")))


def daemon():
    """Process id and file of the daemon that runs."""
    pid = int(Path("/run/ietd.pid").read_text())
    return pid, os.stat(f"/proc/{pid}/exe").st_size


def session_ids():
    text = Path("/proc/net/iet/session").read_text()
    return [word for word in text.split() if word.startswith("sid:")]


class Bed:
    """The initiator that works all the time."""
    neighbour = None


@case("the packages are built, and the first is installed and starts")
def _():
    build()
    MODULE.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(os.environ["IET_MODULE"], MODULE)
    sh("depmod")
    # of containers, which start nothing
    Path("/usr/sbin/policy-rc.d").unlink(missing_ok=True)
    install(package("2.0"))
    wait_for("ietd listens", listens)


@case("an initiator logs in and works")
def _():
    with open(FOLDER / "disk.img", "wb") as image:
        image.truncate(16 << 20)
    with open(CONF, "a", encoding="ascii") as conf:
        conf.write(f"\nTarget {TARGET}\n"
                   f"\tLun 0 Path={FOLDER}/disk.img,Type=fileio\n")
    sh("/etc/init.d/iscsi-target", "reload")
    Bed.neighbour = Neighbour(TARGET, 0)
    Bed.neighbour.check()


@case("the upgrade: a new daemon, the same session, whose initiator works on")
def _():
    before, sids, rounds = daemon(), session_ids(), Bed.neighbour.rounds
    install(package(NEXT))
    wait_for("ietd listens", listens)
    Bed.neighbour.check()
    note(f"{Bed.neighbour.rounds - rounds} rounds of the initiator meanwhile, "
         f"the slowest so far {Bed.neighbour.slowest:.2f} s")
    pid, size = daemon()
    if pid == before[0] or size != before[1] + len("next"):
        raise Failed(f"daemon before: {before}, now: {pid, size}")
    if session_ids() != sids:
        raise Failed(f"sessions before: {sids}, now: {session_ids()}")


@case("the new daemon lets others in, and out")
def _():
    with Conn().login(TARGET) as other:
        other.ready(0).logout()
    Bed.neighbour.check()


@case("and back to the old version")
def _():
    sids = session_ids()
    install(package("2.0"))
    wait_for("ietd listens", listens)
    Bed.neighbour.check()
    if session_ids() != sids:
        raise Failed(f"sessions before: {sids}, now: {session_ids()}")
    Bed.neighbour.end()
    wait_for("the session ends", lambda: not sessions())


@case("a purge ends it all")
def _():
    note(sh("dpkg", "-P", "iscsitarget"))
    if Path("/sys/module/iscsi_trgt").exists() or CONF.exists() or listens():
        raise Failed("something is left")


main()
