# SPDX-License-Identifier: GPL-2.0-only
"""
A block device that can be made to hang: a device-mapper table over a loop
device, suspended with what is under way in it.

    disk = HangDisk("iet-x", 4 << 20)  # disk.path is /dev/mapper/iet-x
    with disk.hang():
        ...
    disk.resume()  # before the target ends, whatever happened
    disk.end()     # after it: also sees that the module let it go
"""

import contextlib
import subprocess
from pathlib import Path

from ktap import Failed, image, wait_for


def sh(*command):
    """What the command printed; Failed with its errors if it failed."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"{' '.join(map(str, command))}: {done.stdout}"
                     f"{done.stderr}")
    return done.stdout.strip()


class HangDisk:
    """Of `size` bytes, zeroes at first."""

    def __init__(self, name, size):
        self.name, self.path = name, Path("/dev/mapper") / name
        for module in ("loop", "dm_mod"):
            sh("modprobe", module)
        self.sectors = size // 512
        self.loop = sh("losetup", "-f", "--show", image(f"{name}.img", size))
        sh("dmsetup", "create", name, "--table",
           f"0 {size // 512} linear {self.loop} 0")
        sh("dmsetup", "mknodes")
        wait_for("the mapped device", self.path.exists)

    def table(self, *lines):
        """What the device is made of from now on."""
        text = "".join(f"{line}\n" for line in lines)
        subprocess.run(["dmsetup", "load", self.name], input=text, text=True,
                       check=True, capture_output=True)
        sh("dmsetup", "suspend", self.name)
        sh("dmsetup", "resume", self.name)

    @contextlib.contextmanager
    def bad_sectors(self, first, number):
        """They can't be read or written."""
        rest = first + number
        self.table(f"0 {first} linear {self.loop} 0",
                   f"{first} {number} error",
                   f"{rest} {self.sectors - rest} linear {self.loop} {rest}")
        try:
            yield
        finally:
            self.table(f"0 {self.sectors} linear {self.loop} 0")

    def suspend(self):
        """What is asked of it from now on is answered after resume()."""
        # noflush: what is under way stays under way
        sh("dmsetup", "suspend", "--noflush", "--nolockfs", self.name)

    def resume(self):
        subprocess.run(["dmsetup", "resume", self.name], check=False)

    @contextlib.contextmanager
    def hang(self):
        self.suspend()
        try:
            yield
        finally:
            self.resume()

    def end(self):
        wait_for("the module lets the device go", lambda: subprocess.run(
            ["dmsetup", "remove", self.name],
            capture_output=True).returncode == 0, 60)
        sh("losetup", "-d", self.loop)
