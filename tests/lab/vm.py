# SPDX-License-Identifier: GPL-2.0-only
"""
A disposable virtual machine: a Debian kernel in QEMU whose root is the host's
own, read-only below and a tmpfs above, so that every installed program is in
the guest and nothing it does lasts.
"""

import os
import shlex
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from . import TOP, LabError

LAB = TOP / "tests/lab"
MODULES = ["virtio_pci", "virtio_console", "virtio_blk", "virtio_net",
           "configfs", "overlay", "9p", "9pnet_virtio"]
UNPACK = {".xz": ["xz", "-dc"], ".zst": ["zstd", "-qdc"],
          ".gz": ["gzip", "-dc"]}
TOOLS = ["qemu-system-x86_64", "cpio", "modprobe", "depmod", "xz", "zstd",
         "setpriv"]
MARK = "\x1e"  # begins the lines that guest.sh prints for us
BOOT = ("console=ttyS0 ignore_loglevel panic=-1 printk.devkmsg=on "
        "mitigations=off no_timer_check rcupdate.rcu_cpu_stall_timeout=60")


def module_files(kernel):
    """Paths of MODULES and what they need, in the order to load them."""
    base = ["modprobe", "-d", kernel.root, "-S", kernel.version,
            "--show-depends"]
    files = []
    for name in MODULES:
        out = subprocess.run([*base, name], stdout=subprocess.PIPE, text=True,
                             stderr=subprocess.PIPE)
        if out.returncode:
            raise LabError(f"kernel {kernel.version} has no {name}: "
                           + out.stderr.strip())
        for line in out.stdout.splitlines():
            word = line.split()
            if word[0] == "insmod" and word[1] not in files:
                files.append(word[1])
    return files


class Machine:
    """
    One boot. The guest runs tests/lab/guest.sh, which reads settings (shell
    variables) and files (name -> host path) from /run/lab; all it prints
    comes out of the descriptor `output`, the kernel's log is in the file log.
    What is written to the socket `control` can be read from /run/lab/control.
    """

    def __init__(self, kernel, log, mem=2048, smp=2, disks=(), forwards=(),
                 share=None, append="", settings=None, files=None, tty=False):
        missing = [t for t in TOOLS if not shutil.which(t)]
        if not Path("/bin/busybox").exists():
            missing.append("busybox")
        if missing:
            raise LabError(f"{', '.join(missing)} not found (make deps)")
        self.kernel, self.log, self.share = kernel, Path(log), share
        self.mem, self.smp, self.disks = mem, smp, disks
        self.forwards, self.append, self.tty = forwards, append, tty
        self.settings, self.files = dict(settings or {}), dict(files or {})
        self.dir = Path(tempfile.mkdtemp(prefix="iet-vm."))
        self.process = self.output = None
        self.control, self.guest_end = socket.socketpair()

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            shutil.rmtree(self.dir, ignore_errors=True)
            raise
        return self

    def start(self):
        self.make_initramfs()
        self.log.write_bytes(b"")
        os.mkfifo(self.dir / "out")
        self.output = os.open(self.dir / "out", os.O_RDONLY | os.O_NONBLOCK)
        std = None if self.tty else subprocess.DEVNULL
        with open(self.dir / "qemu.err", "w") as err:
            self.process = subprocess.Popen(
                self.command(), stdin=std, stdout=std,
                pass_fds=[self.guest_end.fileno()],
                start_new_session=not self.tty,  # Ctrl-C is for us alone
                stderr=None if self.tty else err)
        self.guest_end.close()

    def __exit__(self, *_):
        self.kill()
        os.close(self.output)
        self.control.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def power_off(self, seconds=20):
        """Waits for the guest to switch itself off."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def complaint(self):
        """What QEMU itself had to say."""
        return (self.dir / "qemu.err").read_text(errors="replace").strip()

    def kernel_log(self):
        return self.log.read_text(errors="replace")

    def make_initramfs(self):
        """busybox, the modules in load order, the two init scripts."""
        root = self.dir / "initramfs"
        for name in ("bin", "m", "l", "u", "n", "dev", "proc", "sys", "lab"):
            (root / name).mkdir(parents=True)
        shutil.copy("/bin/busybox", root / "bin")
        for n, path in enumerate(module_files(self.kernel)):
            with open(root / f"m/{n:03}.ko", "wb") as out:
                unpack = UNPACK.get(Path(path).suffix, ["cat"])
                subprocess.run([*unpack, path], stdout=out, check=True)
        shutil.copy(LAB / "init.sh", root / "init")
        (root / "init").chmod(0o755)
        shutil.copy(LAB / "guest.sh", root / "lab")
        for name, path in self.files.items():
            shutil.copy(path, root / "lab" / name)
            if name.endswith(".ko"):  # by far the most of it: debug data
                subprocess.run(["strip", "-g", root / "lab" / name],
                               check=True)
        (root / "lab/settings").write_text(self.shell_settings())
        listing = subprocess.run(["find", "."], cwd=root, check=True,
                                 stdout=subprocess.PIPE)
        with open(self.dir / "initrd", "wb") as out:
            subprocess.run(["cpio", "-o", "-H", "newc", "-R", "0:0",
                            "--quiet"], cwd=root, input=listing.stdout,
                           stdout=out, check=True)
        shutil.rmtree(root)

    def shell_settings(self):
        settings = {
            "kver": self.kernel.version, "kroot": self.kernel.root,
            "share": self.share or "", "network": int(bool(self.forwards)),
            "top": TOP, **self.settings,
        }
        return "".join(f"{k}={shlex.quote(str(v))}\n"
                       for k, v in settings.items())

    def command(self):
        # setpriv: the VM must not outlive us, whatever ends us
        cmd = ["setpriv", "--pdeathsig", "KILL",
               "qemu-system-x86_64", "-nodefaults", "-no-user-config",
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
