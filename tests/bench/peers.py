# SPDX-License-Identifier: GPL-2.0-only
"""
The targets that are compared, in the VM: ours, LIO, tgt, and the floors. Each
serves the same kinds of media, of SIZE bytes in memory, on a port of its own.
"""

import os
import subprocess
import sys
from pathlib import Path

from ktap import IQN, TOP, Target, wait_for

SIZE = 128 << 20
FOLDER = Path("/run/bench")
CONFIGFS = Path("/sys/kernel/config")

# of LIO and ours; open-iscsi asks for the same
MAX_BURST, FIRST_BURST, MAX_RECV = 1 << 20, 1 << 18, 1 << 18

# All keys: LIO asks for those that an initiator leaves out.
ALL_KEYS = {"HeaderDigest": "None", "DataDigest": "None", "MaxConnections": 1,
            "InitialR2T": "Yes", "ImmediateData": "Yes",
            "MaxRecvDataSegmentLength": 262144, "MaxBurstLength": 262144,
            "FirstBurstLength": 65536, "DefaultTime2Wait": 2,
            "DefaultTime2Retain": 20, "MaxOutstandingR2T": 1,
            "DataPDUInOrder": "Yes", "DataSequenceInOrder": "Yes",
            "ErrorRecoveryLevel": 0, "IFMarker": "No", "OFMarker": "No"}


def sh(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True,
                          text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: "
                           f"{done.stderr or done.stdout}")
    return done.stdout


def modprobe(*modules):
    for module in modules:
        sh("modprobe", module)


def put(path, text):
    Path(path).write_text(f"{text}\n", encoding="ascii")


def zero(path):
    """Every block is there, as on a disk that has been in use."""
    sh("dd", "if=/dev/zero", f"of={path}", "bs=1M", f"count={SIZE >> 20}",
       "conv=notrunc", "status=none")


def image(name):
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.img"
    zero(path)
    return path


class NullBlk:
    """
    A block device without a medium, complete when it is submitted to. Or with
    one, in memory.
    """
    keeps_data = False

    def __init__(self, name):
        modprobe("configfs")
        if not Path("/sys/module/null_blk").exists():
            sh("modprobe", "null_blk", "nr_devices=0")
        self.dir = CONFIGFS / "nullb" / name
        self.dir.mkdir()
        for key, value in (("size", SIZE >> 20), ("blocksize", 512),
                           ("queue_mode", 2), ("irqmode", 0),
                           ("memory_backed", int(self.keeps_data)),
                           ("power", 1)):
            put(self.dir / key, value)
        named = Path("/dev") / name
        index = (self.dir / "index").read_text(encoding="ascii").strip()
        self.path = named if named.exists() else Path(f"/dev/nullb{index}")

    def end(self):
        put(self.dir / "power", 0)
        self.dir.rmdir()


class Peer:
    """A target: its name is that of rows.TARGETS."""
    name = port = None
    luns = {"nullio": 0, "fileio": 1, "blockio": 2}

    @property
    def iqn(self):
        return f"{IQN}:{self.name}"

    def lun(self, medium):
        return self.luns[medium]

    def up(self):
        raise NotImplementedError

    def down(self):
        pass


class Ours(Peer):
    name, port = "ours", 3260
    target = disk = None
    settings = {
        "QueuedCommands": 256, "InitialR2T": "No", "ImmediateData": "Yes",
        "MaxBurstLength": MAX_BURST, "FirstBurstLength": FIRST_BURST,
        "MaxRecvDataSegmentLength": MAX_RECV,
        "MaxXmitDataSegmentLength": MAX_RECV,
        "HeaderDigest": "None,CRC32C", "DataDigest": "None,CRC32C",
    }

    def up(self):
        self.disk = NullBlk("ours")
        self.target = Target("\n".join([
            f"Target {self.iqn}",
            *(f"{key} {value}" for key, value in self.settings.items()),
            f"Lun 0 Type=nullio,Blocks={SIZE >> 9}",
            f"Lun 1 Type=fileio,Path={image('ours')}",
            f"Lun 2 Type=blockio,Path={self.disk.path}", ""]))

    def down(self):
        if self.target:
            self.target.end()
            wait_for("volumes are closed", lambda: not subprocess.run(
                ["rmmod", "iscsi_trgt"], check=False,
                stderr=subprocess.DEVNULL).returncode)
        if self.disk:
            self.disk.end()


class Lio(Peer):
    name, port = "lio", 3261
    core = CONFIGFS / "target/core"
    disk = None

    @property
    def tpg(self):
        return CONFIGFS / "target/iscsi" / self.iqn / "tpgt_1"

    def up(self):
        for path in ("/var/target/pr", "/etc/target/pr"):
            os.makedirs(path, exist_ok=True)
        self.disk = NullBlk("lio")
        modprobe("target_core_mod", "target_core_iblock", "target_core_file",
                 "iscsi_target_mod")
        (self.core.parent / "iscsi").mkdir(exist_ok=True)
        self.portal()
        self.back("nullio", "rd_mcp_0",
                  f"rd_pages={SIZE >> 12},rd_nullio=1")
        self.back("fileio", "fileio_0", f"fd_dev_name={image('lio')},"
                  f"fd_dev_size={SIZE}")
        self.back("blockio", "iblock_0", f"udev_path={self.disk.path}")
        put(self.tpg / "enable", 1)

    def portal(self):
        (self.tpg / f"np/127.0.0.1:{self.port}").mkdir(parents=True)
        for key, value in (("generate_node_acls", 1), ("authentication", 0),
                           ("demo_mode_write_protect", 0),
                           ("cache_dynamic_acls", 1),
                           ("default_cmdsn_depth", 256)):
            put(self.tpg / "attrib" / key, value)
        for key, value in (("MaxRecvDataSegmentLength", MAX_RECV),
                           ("MaxXmitDataSegmentLength", MAX_RECV),
                           ("MaxBurstLength", MAX_BURST),
                           ("FirstBurstLength", FIRST_BURST),
                           ("ImmediateData", "Yes"), ("InitialR2T", "No")):
            put(self.tpg / "param" / key, value)

    def back(self, medium, hba, control):
        store = self.core / hba / medium
        store.mkdir(parents=True)
        put(store / "control", control)
        put(store / "enable", 1)
        lun = self.tpg / f"lun/lun_{self.luns[medium]}"
        lun.mkdir()
        (lun / medium).symlink_to(store)

    def down(self):
        if self.tpg.exists():
            put(self.tpg / "enable", 0)
            for lun in (self.tpg / "lun").glob("lun_*"):
                for link in lun.iterdir():
                    if link.is_symlink():
                        link.unlink()
                lun.rmdir()
            (self.tpg / f"np/127.0.0.1:{self.port}").rmdir()
            self.tpg.rmdir()
            self.tpg.parent.rmdir()
        for store in self.core.glob("*_0/*io"):
            store.rmdir()
            store.parent.rmdir()
        if self.disk:
            self.disk.end()


class Floor(Peer):
    name, port = "floor", 3262
    luns = {"nullio": 0, "fileio": 0, "blockio": 0}
    program = None

    def up(self):
        # pylint: disable-next=consider-using-with
        self.program = subprocess.Popen(
            [sys.executable, TOP / "tests/bench/floor/login", "127.0.0.1",
             str(self.port), str(SIZE >> 9)])

    def down(self):
        if self.program:
            self.program.terminate()
            self.program.wait()


class Memory(Floor):
    """The floor with as much memory as the files have."""
    name, port = "memory", 3264
    luns = {"fileio": 1}


class Tgt(Peer):
    name, port = "tgt", 3263
    luns = {"nullio": 1, "fileio": 2, "blockio": 3}
    program = disk = None

    def up(self):
        self.disk = NullBlk("tgt")
        # pylint: disable-next=consider-using-with
        self.program = subprocess.Popen(
            ["tgtd", "-f", "--iscsi", f"portal=127.0.0.1:{self.port}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for("tgtd listens", self.answers)
        self.admin("new", "target", "-T", self.iqn)
        self.admin("bind", "target", "-I", "ALL")
        for key, value in (("MaxRecvDataSegmentLength", MAX_RECV),
                           ("MaxXmitDataSegmentLength", MAX_RECV),
                           ("MaxBurstLength", MAX_BURST),
                           ("FirstBurstLength", FIRST_BURST),
                           ("InitialR2T", "No"), ("ImmediateData", "Yes"),
                           ("MaxQueueCmd", 256),
                           ("HeaderDigest", "CRC32C,None"),
                           ("DataDigest", "CRC32C,None")):
            self.admin("update", "target", "-n", key, "-v", value)
        for medium, store, path in (
                ("nullio", "null", "/dev/null"),
                ("fileio", "rdwr", image("tgt")),
                ("blockio", "rdwr", self.disk.path)):
            self.admin("new", "logicalunit", "--lun", self.luns[medium],
                       "-E", store, "-b", path)

    @staticmethod
    def admin(op, mode, *more):
        sh("tgtadm", "--lld", "iscsi", "--op", op, "--mode", mode, "--tid", 1,
           *more)

    @staticmethod
    def answers():
        return not subprocess.run(
            ["tgtadm", "--op", "show", "--mode", "system"], check=False,
            capture_output=True).returncode

    def down(self):
        if self.program:
            self.program.kill()
            self.program.wait()
        if self.disk:
            self.disk.end()


PEERS = {peer.name: peer for peer in (Ours, Lio, Tgt, Floor, Memory)}
