# SPDX-License-Identifier: GPL-2.0-only
"""
open-iscsi, in the VM: sessions of the targets of peers.py, and their disks.
"""

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

from ktap import wait_for
from peers import FIRST_BURST, FOLDER, MAX_BURST, modprobe, put, sh

SESSIONS = Path("/sys/class/iscsi_session")
SETTINGS = {
    "node.startup": "manual",
    "node.session.scan": "manual",
    "node.session.cmds_max": 256,
    "node.session.queue_depth": 128,
    "node.session.timeo.replacement_timeout": 120,
    # nothing that is not measured
    "node.conn[0].timeo.noop_out_interval": 0,
    "node.conn[0].timeo.noop_out_timeout": 0,
    "node.session.iscsi.InitialR2T": "No",
    "node.session.iscsi.ImmediateData": "Yes",
    "node.session.iscsi.FirstBurstLength": FIRST_BURST,
    "node.session.iscsi.MaxBurstLength": MAX_BURST,
}
# an I/O is one command
MAX_SECTORS_KB = 1024


class OpenIscsi:
    def __init__(self):
        self.iscsid = None

    def start(self):
        modprobe("iscsi_tcp", "sd_mod")
        for folder in ("/etc/iscsi/nodes", "/etc/iscsi/send_targets",
                       "/var/lib/iscsi"):
            shutil.rmtree(folder, ignore_errors=True)
        os.makedirs("/run/lock/iscsi", exist_ok=True)
        FOLDER.mkdir(exist_ok=True)
        put("/etc/iscsi/initiatorname.iscsi",
            "InitiatorName=iqn.1993-08.org.debian:01:bench")
        self.configure(1, False, 262144)
        # it ends its whole process group when it ends
        # pylint: disable-next=consider-using-with
        self.iscsid = subprocess.Popen(
            ["iscsid", "-f"], start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        wait_for("iscsid answers", lambda: "ISCSIADM_ABSTRACT_NAMESPACE"
                 in Path("/proc/net/unix").read_text(encoding="ascii"))

    @staticmethod
    def configure(sessions, digests, max_recv):
        """What new records of targets take over."""
        digest = "CRC32C" if digests else "None"
        settings = SETTINGS | {
            "node.session.nr_sessions": sessions,
            "node.conn[0].iscsi.HeaderDigest": digest,
            "node.conn[0].iscsi.DataDigest": digest,
            "node.conn[0].iscsi.MaxRecvDataSegmentLength": max_recv,
            # 0: what the target takes
            "node.conn[0].iscsi.MaxXmitDataSegmentLength":
                0 if max_recv == 262144 else max_recv,
        }
        put("/etc/iscsi/iscsid.conf",
            "\n".join(f"{k} = {v}" for k, v in settings.items()))

    def log_in(self, peer, login):
        if not self.iscsid:
            self.start()
        self.configure(login.sessions, login.digests, login.max_recv)
        node = ("iscsiadm", "-m", "node", "-T", peer.iqn, "-p",
                f"127.0.0.1:{peer.port}")
        sh(*node, "-o", "new")
        sh(*node, "--login")

    @staticmethod
    def log_out():
        sh("iscsiadm", "-m", "node", "--logoutall=all")
        sh("iscsiadm", "-m", "node", "-o", "delete")

    def disks(self, peer, login, medium):
        """One for each session, ready to be measured."""
        lun = peer.lun(medium)
        for host in self.hosts(peer.iqn):
            # Linux takes a target for one of SCSI-2 until it knows LUN 0
            for number in sorted({0, lun}):
                put(host / "scan", f"- - {number}")
        found = wait_for(
            f"disks of {peer.name}",
            lambda: (d := self.find(peer.iqn, lun)) and
            len(d) == login.sessions and d, 60)
        for disk in found:
            queue = Path(f"/sys/block/{disk}/queue")
            wait_for(f"{queue}", lambda q=queue: self.take_scheduler_off(q), 60)
            limit = int((queue / "max_hw_sectors_kb").read_text())
            put(queue / "max_sectors_kb", min(limit, MAX_SECTORS_KB))
        return [f"/dev/{disk}" for disk in found]

    @staticmethod
    def take_scheduler_off(queue):
        """ENOENT also means that the kernel is still adding the disk."""
        try:
            put(queue / "scheduler", "none")
        except FileNotFoundError:
            return False
        return True

    @staticmethod
    def sessions(iqn):
        return [session for session in SESSIONS.glob("session*")
                if (session / "targetname").read_text().strip() == iqn]

    def hosts(self, iqn):
        for session in self.sessions(iqn):
            host = (session / "device").resolve().parent.name
            yield Path("/sys/class/scsi_host", host)

    def find(self, iqn, lun):
        disks = [disk.name for session in self.sessions(iqn)
                 for disk in session.glob(f"device/target*/*:{lun}/block/sd*")]
        # which comes into being piece by piece
        return [d for d in disks if Path("/dev", d).exists() and
                Path(f"/sys/block/{d}/queue/scheduler").exists()]

    def down(self):
        if not self.iscsid:
            return
        if list(SESSIONS.glob("session*")):
            self.log_out()
        while self.iscsid.poll() is None:
            # it misses a signal that comes just before it sleeps in poll()
            self.iscsid.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.iscsid.wait(timeout=1)
        self.iscsid = None
