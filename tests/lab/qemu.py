# SPDX-License-Identifier: GPL-2.0-only
"""A stock Debian kernel in QEMU, which emulates its CPUs."""

import os
import shutil
import subprocess
from pathlib import Path

from . import vm

# A machine that is busy may let an emulated CPU stand still for a while: that
# is no lockup of the guest's kernel.
BOOT = ("console=ttyS0 ignore_loglevel panic=-1 printk.devkmsg=on "
        "mitigations=off no_timer_check rcupdate.rcu_cpu_stall_timeout=60 "
        "watchdog_thresh=30")


class Machine(vm.Machine):
    """One boot in QEMU; everything comes by virtio."""

    name = "qemu"
    modules = ["virtio_pci", "virtio_console", "virtio_blk", "virtio_net",
               "configfs", "overlay", "9p", "9pnet_virtio"]
    tools = ["qemu-system-x86_64", "cpio"]

    def make_root(self):
        root = super().make_root()
        listing = subprocess.run(["find", "."], cwd=root, check=True,
                                 stdout=subprocess.PIPE)
        with open(self.dir / "initrd", "wb") as out:
            subprocess.run(["cpio", "-o", "-H", "newc", "-R", "0:0",
                            "--quiet"], cwd=root, input=listing.stdout,
                           stdout=out, check=True)
        shutil.rmtree(root)

    def launch(self, err):
        std = None if self.tty else subprocess.DEVNULL
        return self.spawn(self.command(), [self.guest_end.fileno()],
                          stdin=std, stdout=std,
                          stderr=None if self.tty else err)

    def command(self):
        cmd = ["qemu-system-x86_64", "-nodefaults", "-no-user-config",
               "-display", "none", "-no-reboot", "-machine", "q35",
               "-accel", os.environ.get("TESTS_ACCEL", "tcg,thread=multi"),
               "-cpu", "max", "-smp", str(self.smp), "-m", str(self.mem),
               "-kernel", str(self.kernel.image),
               "-initrd", str(self.dir / "initrd"),
               "-append", f"{BOOT} {self.append}",
               "-chardev", f"file,id=log,path={self.log}",
               "-serial", "chardev:log", "-device", "virtio-serial-pci",
               "-chardev", f"file,id=out,path={self.dir / 'out'}",
               "-device", "virtserialport,chardev=out,nr=1,name=iet.out",
               "-chardev", f"socket,id=control,fd={self.guest_end.fileno()}",
               "-device",
               "virtserialport,chardev=control,nr=3,name=iet.control"]
        if self.tty:
            cmd += ["-chardev", "stdio,id=tty,signal=off",
                    "-device", "virtconsole,chardev=tty,nr=2"]
        cmd += self.nine_p("root", Path("/"), "on")
        if self.share:
            cmd += self.nine_p("out", self.share, "off")
        for n, disk in enumerate(self.disks):
            cmd += ["-drive", f"file={disk},if=none,format=raw,id=d{n}",
                    "-device", f"virtio-blk-pci,drive=d{n}"]
        return cmd + self.network()

    @staticmethod
    def nine_p(tag, path, readonly):
        return ["-fsdev", f"local,id={tag},path={path},security_model=none,"
                f"readonly={readonly},multidevs=remap",
                "-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"]

    def network(self):
        """
        No network at all, or one in which the forwarded ports of the host's
        loopback arrive at the same address and port in the guest, so that
        the addresses a server in the guest tells are right outside, too.
        """
        if not self.forwards:
            return ["-nic", "none"]
        rules = "".join(f",hostfwd=tcp:127.0.0.1:{host}-127.0.0.1:{guest}"
                        for host, guest in self.forwards)
        return ["-nic", f"user,model=virtio-net-pci,restrict=on{rules}"]
