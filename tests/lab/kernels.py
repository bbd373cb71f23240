# SPDX-License-Identifier: GPL-2.0-only
"""Finds a kernel by name: one that is installed, else one fetched from Debian."""

import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from . import CACHE, TOP, LabError

# What --kernel takes besides a full release, and the Debian suite it is in.
SUITES = {"6.1": "bookworm", "6.12": "trixie", "sid": "sid"}
FETCHED = CACHE / "kernels"
UML = {"uml", "uml-debug", "uml-cov"}  # what tests/uml-build makes
MAX_AGE = 7 * 86400  # a fetched kernel older than this is looked up anew


@dataclass(frozen=True)
class Kernel:
    """A kernel image with its modules and headers below root."""

    version: str
    root: Path

    @property
    def image(self):
        return self.root / "boot" / f"vmlinuz-{self.version}"

    @property
    def modules(self):
        return self.root / "lib/modules" / self.version

    @property
    def headers(self):
        return self.modules / "build"

    @property
    def user_mode(self):
        return "-uml" in self.version

    @property
    def counts(self):
        """It tells what runs: see uml-cov.config."""
        return self.version.endswith("-uml-cov")

    @property
    def installed(self):
        return self.root == Path("/")


def version_key(version):
    return [int(n) for n in re.findall(r"\d+", version)]


def kernels_in(root):
    """All kernels below root that have modules, oldest first."""
    found = [
        Kernel(image.name.removeprefix("vmlinuz-"), root)
        for image in (root / "boot").glob("vmlinuz-*")
    ]
    found = [k for k in found if k.modules.is_dir()]
    return sorted(found, key=lambda k: version_key(k.version))


def stock(kernels):
    """Those of the plain amd64 flavour."""
    return [k for k in kernels if re.search(r"\d-amd64$", k.version)]


def fetch(suite):
    """The newest kernel of a Debian suite, from the cache if it is recent."""
    link = FETCHED / suite
    fresh = link.exists() and time.time() - link.lstat().st_mtime < MAX_AGE
    if not fresh:
        rc = subprocess.call([TOP / "tests/kernel-fetch", suite])
        if rc and not link.exists():
            raise LabError(f"cannot fetch the kernel of Debian {suite}")
        if rc:
            print(f"# cannot look for a newer kernel of Debian {suite}, "
                  "going on with the one fetched before")
    return Kernel(link.resolve().name, link.resolve())


def user_mode(flavour):
    """User-Mode Linux, built if need be."""
    if subprocess.call([TOP / "tests/uml-build", flavour]):
        raise LabError(f"cannot build {flavour}, see .cache/uml/{flavour}.log")
    return kernels_in((CACHE / "uml" / flavour).resolve())[-1]


def find(name):
    """
    The kernel called name: a release, a key of SUITES, or one of UML; None
    means the newest that is installed.
    """
    if name in UML:
        return user_mode(name)
    here = kernels_in(Path("/"))
    if name is None:
        if not here:
            raise LabError("no kernel installed (apt install linux-image-amd64)")
        return (stock(here) or here)[-1]
    for kernel in here + [k for d in FETCHED.glob("*-amd64")
                          for k in kernels_in(d)]:
        if kernel.version == name:
            return kernel
    if name not in SUITES:
        raise LabError(f"no kernel {name}: give an installed release or one of "
                       + ", ".join([*SUITES, *sorted(UML)]))
    same = [k for k in stock(here) if re.match(re.escape(name) + r"[.-]", k.version)]
    return same[-1] if same else fetch(SUITES[name])
