# SPDX-License-Identifier: GPL-2.0-only
"""
A disposable virtual machine whose root is the host's own, read-only below and
a tmpfs above, so that every installed program is in the guest and nothing it
does lasts. What differs between QEMU and User-Mode Linux is in qemu.py and
uml.py.
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
UNPACK = {".xz": ["xz", "-dc"], ".zst": ["zstd", "-qdc"],
          ".gz": ["gzip", "-dc"]}
TOOLS = ["modprobe", "depmod", "xz", "zstd", "setpriv"]
MARK = "\x1e"  # begins the lines that guest.sh prints for us


def module_files(kernel, names):
    """Paths of modules and what they need, in the order to load them."""
    base = ["modprobe", "-d", kernel.root, "-S", kernel.version,
            "--show-depends"]
    files = []
    for name in names:
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

    name = None  # as tests/lab/init.sh knows it
    modules = []  # what the kernel must load to get at its root
    tools = []

    def __init__(self, kernel, log, mem=2048, smp=2, disks=(), forwards=(),
                 share=None, append="", settings=None, files=None, tty=False):
        missing = [t for t in TOOLS + self.tools if not shutil.which(t)]
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
        self.make_root()
        self.log.write_bytes(b"")
        os.mkfifo(self.dir / "out")
        self.output = os.open(self.dir / "out", os.O_RDONLY | os.O_NONBLOCK)
        with open(self.dir / "vm.err", "w") as err:
            self.process = self.launch(err)
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
        """What the machine itself, not its kernel, had to say."""
        return (self.dir / "vm.err").read_text(errors="replace").strip()

    def kernel_log(self):
        return self.log.read_text(errors="replace")

    def make_root(self):
        """busybox, the modules in load order, the two init scripts."""
        root = self.dir / "root"
        for name in ("bin", "m", "l", "u", "n", "dev", "proc", "sys", "lab"):
            (root / name).mkdir(parents=True)
        shutil.copy("/bin/busybox", root / "bin")
        for n, path in enumerate(module_files(self.kernel, self.modules)):
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
        return root

    def shell_settings(self):
        settings = {
            "kver": self.kernel.version, "kroot": self.kernel.root,
            "share": self.share or "", "network": int(bool(self.forwards)),
            "top": TOP, "machine": self.name, **self.settings,
        }
        return "".join(f"{k}={shlex.quote(str(v))}\n"
                       for k, v in settings.items())

    def spawn(self, command, fds, **std):
        """Starts the machine's process with these descriptors open in it."""
        # setpriv: the VM must not outlive us, whatever ends us
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *map(str, command)],
            pass_fds=fds, start_new_session=not self.tty,  # Ctrl-C is ours
            **std)

    def launch(self, err):
        """Starts the VM, its own complaints going to err."""
        raise NotImplementedError
