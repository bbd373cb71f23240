# SPDX-License-Identifier: GPL-2.0-only
"""
Builds the module and the programs from copies of the sources below .cache, so
that builds for several kernels, and runs at the same time, do not meet.
"""

import fcntl
import os
import subprocess
from contextlib import contextmanager
from pathlib import Path

from . import CACHE, TOP, LabError

BUILDS = CACHE / "build"
SOURCES = {".c", ".h", ".S", ".sh", ".y", ".l", ".yaml", ".lds"}
NAMES = {"Makefile", "Kbuild", "Kconfig"}
MADE = {"probe.h"}  # by builds, and so not a source


@contextmanager
def locked(name):
    BUILDS.mkdir(parents=True, exist_ok=True)
    with open(BUILDS / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def sources(root, folders):
    """Relative paths of all source files in these folders of root."""
    for folder in folders:
        for path in (root / folder).rglob("*"):
            known = path.suffix in SOURCES or path.name in NAMES
            made = path.name in MADE or path.name.endswith(".mod.c")
            if known and not made and path.is_file():
                yield path.relative_to(root)


def sync(dest, folders, files=()):
    """Makes dest's sources equal to the tree's; true if anything changed."""
    want = set(sources(TOP, folders)) | {Path(f) for f in files}
    changed = False
    for path in set(sources(dest, folders)) - want:
        (dest / path).unlink()
        changed = True
    for path in sorted(want):
        text = (TOP / path).read_bytes()
        copy = dest / path
        if copy.exists() and copy.read_bytes() == text:
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(text)
        changed = True
    return changed


def make(what, command, dest):
    """Runs a build, its output kept in build.log and shown if it fails."""
    log = dest / "build.log"
    with open(log, "w") as out:
        rc = subprocess.call([str(c) for c in command], stdout=out,
                             stderr=subprocess.STDOUT,
                             stdin=subprocess.DEVNULL)
    if rc:
        print(log.read_text(errors="replace"), end="")
        raise LabError(f"{what} does not build, see {log}")


def module_command(kernel, dest, args):
    if kernel.installed:
        return ["make", "-C", kernel.headers, f"M={dest}", *args]
    if kernel.user_mode:
        return ["make", "-C", kernel.headers, "ARCH=um", f"M={dest}", *args]
    return [TOP / "tests/kernel-make", kernel.root, dest, *args]


def module(kernel, name=None, args=()):
    """Builds iscsi_trgt.ko for a kernel; returns its path."""
    name = name or kernel.version
    if kernel.counts:
        args = [*args, "GCOV_PROFILE=y", "KCOV_INSTRUMENT=y"]
    dest = BUILDS / name
    built = dest / "kernel/iscsi_trgt.ko"
    if not kernel.headers.exists():
        raise LabError(f"no headers for {kernel.version}")
    with locked(name):
        if sync(dest, ["kernel", "include"], ["Kbuild"]) or not built.exists():
            built.unlink(missing_ok=True)
            make(f"the module for {kernel.version}",
                 module_command(kernel, dest, [f"-j{os.cpu_count()}", *args,
                                               "modules"]), dest)
    return built


def bench(kernel):
    """Builds the modules of tests/bench; returns the folder they are in."""
    dest = BUILDS / f"{kernel.version}-bench"
    folder = dest / "tests/bench"
    built = [folder / name for name in ("kload/kload.ko",
                                        "floor/iscsi_floor.ko")]
    with locked(dest.name):
        if (sync(dest, ["tests/bench", "include"])
                or not all(b.exists() for b in built)):
            (dest / "Kbuild").write_text("obj-m := tests/bench/\n")
            make(f"tests/bench for {kernel.version}",
                 module_command(kernel, dest, ["modules"]), dest)
    return folder


def kunit(kernel):
    """Builds the KUnit suites for a kernel that has KUnit; the module."""
    dest = BUILDS / f"{kernel.version}-kunit"
    built = dest / "tests/unit/kunit/iet_kunit.ko"
    with locked(dest.name):
        if (sync(dest, ["kernel", "tests/unit", "include"])
                or not built.exists()):
            built.unlink(missing_ok=True)
            (dest / "Kbuild").write_text("obj-m := tests/unit/kunit/\n")
            make(f"KUnit suites for {kernel.version}",
                 module_command(kernel, dest, ["modules"]), dest)
    return built


def clients():
    """Builds the test programs in C; returns their paths by name."""
    dest = BUILDS / "clients"
    folder = dest / "tests/client"
    with locked("clients"):
        if sync(dest, ["tests/client", "tests/fuzz", "tests/load", "include"]):
            (dest / "built").unlink(missing_ok=True)
        if not (dest / "built").exists():
            make("tests/client", ["make", "-C", folder], dest)
            (dest / "built").touch()
    return {path.name: path for path in (folder / "bin").iterdir()}


def programs():
    """Builds ietd, ietadm, iet-convert; returns the folder they are in."""
    dest = BUILDS / "usr"
    folder = dest / "usr"
    built = [folder / name for name in ("ietd", "ietadm", "iet-convert")]
    with locked("usr"):
        if (sync(dest, ["usr", "include"])
                or not all(b.exists() for b in built)):
            for b in built:
                b.unlink(missing_ok=True)
            make("usr/", ["make", f"-j{os.cpu_count()}", "-C", folder, "all"],
                 dest)
    return folder
