# SPDX-License-Identifier: GPL-2.0-only
"""
User-Mode Linux: the kernel as a process, at nearly the speed of the machine,
with one CPU. Debian has none that takes modules, so that it is built from
Debian's kernel source (tests/uml-build).
"""

import os
import subprocess

from . import LabError, vm

BOOT = ("console=tty0 ignore_loglevel panic=-1 printk.devkmsg=on noreboot "
        "con=null ssl=null slub_debug=-")


class Machine(vm.Machine):
    """One boot of User-Mode Linux; everything comes by hostfs and pipes."""

    name = "uml"

    def launch(self, err):
        if self.forwards:
            raise LabError("User-Mode Linux has no network to the outside")
        out = os.open(self.dir / "out", os.O_WRONLY)
        log = os.open(self.log, os.O_WRONLY | os.O_APPEND)
        control = self.guest_end.fileno()
        try:
            return self.spawn(
                self.command(out, log, control), [out, log, control],
                stdin=None if self.tty else subprocess.DEVNULL,
                stdout=None if self.tty else log,
                stderr=None if self.tty else err,
                env={**os.environ, "TMPDIR": "/dev/shm"})
        finally:
            os.close(out)
            os.close(log)

    def command(self, out, log, control):
        cmd = [self.kernel.image, *BOOT.split(), f"mem={self.mem}M",
               "root=/dev/root", "rootfstype=hostfs", "rw", "init=/init",
               f"rootflags={self.dir / 'root'}", f"con0=null,fd:{log}",
               f"ssl0=null,fd:{out}", f"ssl1=fd:{control},null",
               f"umid=iet{os.getpid()}", f"uml_dir={self.dir}"]
        if self.tty:
            cmd.append("ssl2=fd:0,fd:1")
        cmd += [f"ubd{n}={disk}" for n, disk in enumerate(self.disks)]
        return cmd + self.append.split()
