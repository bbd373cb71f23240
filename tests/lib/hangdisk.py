# SPDX-License-Identifier: GPL-2.0-only
"""
A block device that can be made to hang: a device-mapper table over a loop
device, suspended with what is under way in it.

    disk = HangDisk("iet-x", 4 << 20)  # is /dev/mapper/iet-x
    with disk.hang():
        ...
    disk.resume()  # before the target ends, whatever happened
    disk.end()     # after it
"""

import contextlib
import subprocess

from ktap import Failed, image


def sh(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"{' '.join(map(str, command))}: {done.stderr}")
    return done.stdout.strip()


class HangDisk:
    """Of `size` bytes, zeroes at first."""

    def __init__(self, name, size):
        self.name = name
        for module in ("loop", "dm_mod"):
            sh("modprobe", module)
        self.loop = sh("losetup", "-f", "--show", image(f"{name}.img", size))
        sh("dmsetup", "create", name, "--table",
           f"0 {size // 512} linear {self.loop} 0")
        sh("dmsetup", "mknodes")

    @contextlib.contextmanager
    def hang(self):
        """What is asked of it meanwhile is answered afterwards."""
        sh("dmsetup", "suspend", "--noflush", "--nolockfs", self.name)
        try:
            yield
        finally:
            sh("dmsetup", "resume", self.name)

    def resume(self):
        subprocess.run(["dmsetup", "resume", self.name], check=False)

    def end(self):
        subprocess.run(["dmsetup", "remove", "--retry", self.name],
                       check=False)
        subprocess.run(["losetup", "-d", self.loop], check=False)
