#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 300
"""
iet-convert beside the targets it reads the configuration of: what hosts know
a disk by is as it was. And its files: new ones, and for root alone.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, os.path.join(os.environ["IET_TOP"], "tests/lib"))

from ktap import (FOLDER, IQN, SBIN, Failed, Skipped, Target,  # noqa: E402
                  case, image, main, wait_for)
from pdu import *  # noqa: E402,F403

NAME, UUID = f"{IQN}:disks", "0ca4c9e6-7d01-4f4b-9a6c-0f6f5bd8a4ef"
TARGET_CORE = Path("/sys/kernel/config/target")
TPG = TARGET_CORE / "iscsi" / NAME / "tpgt_1"
STORE = TARGET_CORE / "core/fileio_0/disk0"
# LIO asks for what an initiator leaves out
KEYS = {"HeaderDigest": "None", "DataDigest": "None", "MaxConnections": 1,
        "InitialR2T": "Yes", "ImmediateData": "Yes", "MaxBurstLength": 65536,
        "MaxRecvDataSegmentLength": 65536, "FirstBurstLength": 65536,
        "DefaultTime2Wait": 2, "DefaultTime2Retain": 20,
        "MaxOutstandingR2T": 1, "DataPDUInOrder": "Yes",
        "DataSequenceInOrder": "Yes", "ErrorRecoveryLevel": 0,
        "IFMarker": "No", "OFMarker": "No"}


def put(path, text):
    path.write_text(f"{text}\n", encoding="ascii")


def inquiry(conn, page, unit):
    evpd = int(page is not None)
    cdb = bytes([0x12, evpd, page or 0, 0, 255, 0])
    conn.scsi(cdb.ljust(16, b"\0"), READ, 255, unit)  # noqa: F405
    pdu = conn.expect(DATA_IN)  # noqa: F405
    if not pdu.flags & 1:
        conn.expect(RESPONSE)  # noqa: F405
    return pdu.data


def designators(page):
    """What names the unit: {(type, bytes)}, without what fills them up."""
    found, at = set(), 4
    while at < len(page):
        kind, length = page[at + 1], page[at + 3]
        if kind in (1, 2, 3):  # T10, EUI-64, NAA; no port, no group
            data = page[at + 4:at + 4 + length]
            found.add((kind, data.rstrip(b"\0") if kind == 1 else data))
        at += 4 + length
    return found


def identity(port, unit):
    """Vendor, product, revision; serial number; designators."""
    with Conn(port=port) as conn:  # noqa: F405
        conn.login(NAME, f"{IQN}:host", **KEYS)
        return (inquiry(conn, None, unit)[8:36],
                inquiry(conn, 0x80, unit)[4:].strip(b" \0"),
                designators(inquiry(conn, 0x83, unit)))


def convert(source, path, *options):
    return subprocess.run([f"{SBIN}/iet-convert", *options, source, path],
                          capture_output=True, text=True, check=False,
                          timeout=60)


def ours(source, path, unit):
    """The identity that a disk has with us."""
    done = convert(source, path)
    if done.returncode:
        raise Failed(f"status {done.returncode}: {done.stderr}")
    target = Target(done.stdout)
    try:
        return identity(3260, unit)
    finally:
        target.end()


def compare(there, here, but=()):
    for what, one, other in zip(("INQUIRY", "serial number"), there, here):
        if one != other:
            raise Failed(f"{what}: {one} there, {other} here")
    lost = {d for d in there[2] if d not in but} - here[2]
    if lost:
        raise Failed(f"designators {lost} are not in {here[2]}")


# --- LIO


def lio_up():
    for module in ("configfs", "target_core_mod", "target_core_file",
                   "iscsi_target_mod"):
        if subprocess.run(["modprobe", module], check=False,
                          capture_output=True).returncode:
            raise Skipped(f"there is no {module}")
    (TARGET_CORE / "iscsi").mkdir(exist_ok=True)
    (TPG / "np/127.0.0.1:3261").mkdir(parents=True)
    for key, value in (("generate_node_acls", 1), ("authentication", 0)):
        put(TPG / "attrib" / key, value)
    STORE.mkdir(parents=True)
    put(STORE / "control", f"fd_dev_name={image('lio.img', 1 << 20)},"
        f"fd_dev_size={1 << 20}")
    put(STORE / "wwn/vpd_unit_serial", UUID)
    put(STORE / "enable", 1)
    put(STORE / "attrib/emulate_model_alias", 1)
    (TPG / "lun/lun_5").mkdir()
    (TPG / "lun/lun_5/disk").symlink_to(STORE)
    put(TPG / "enable", 1)


def lio_down():
    if TPG.exists():
        put(TPG / "enable", 0)
        (TPG / "lun/lun_5/disk").unlink(missing_ok=True)
        for folder in (TPG / "lun/lun_5", TPG / "np/127.0.0.1:3261", TPG,
                       TPG.parent):
            if folder.exists():
                folder.rmdir()
    if STORE.exists():
        STORE.rmdir()
        STORE.parent.rmdir()


def saveconfig():
    """As targetcli would write it, of what has to do with it."""
    path = FOLDER / "saveconfig.json"
    attributes = {key: int((STORE / "attrib" / key).read_text().split()[0])
                  for key in ("emulate_model_alias", "block_size",
                              "emulate_write_cache", "is_nonrot")}
    path.write_text(json.dumps({
        "storage_objects": [{
            "plugin": "fileio", "name": "disk0", "wwn": UUID,
            "dev": str(FOLDER / "lio.img"), "size": 1 << 20,
            "write_back": False, "attributes": attributes}],
        "targets": [{"fabric": "iscsi", "wwn": NAME, "tpgs": [{
            "tag": 1, "enable": True, "node_acls": [],
            "attributes": {"generate_node_acls": 1,
                           "demo_mode_write_protect": 0},
            "luns": [{"index": 5,
                      "storage_object": "/backstores/fileio/disk0"}],
            "portals": [{"ip_address": "0.0.0.0", "port": 3260}]}]}]},
        indent=2))
    return path


@case("a disk of LIO's is the same disk")
def _():
    try:
        lio_up()
        there, path = identity(3261, 5), saveconfig()
    finally:
        lio_down()
    if b"LIO-ORG disk0" not in there[0]:
        raise Failed(f"no disk of LIO's: {there}")
    compare(there, ours("lio", path, 5))


# --- tgt


def tgtadm(*args):
    return subprocess.run(["tgtadm", "-C", "7", "--lld", "iscsi", *args],
                          capture_output=True, check=False).returncode


def targets_conf():
    path = FOLDER / "targets.conf"
    path.write_text(f"<target {NAME}>\n\tbacking-store "
                    f"{image('tgt.img', 1 << 20)}\n</target>\n")
    return path


@case("a disk of tgt's is the same disk")
def _():
    path = targets_conf()
    if not shutil.which("tgtd"):
        raise Skipped("there is no tgtd")
    with subprocess.Popen(["tgtd", "-f", "-C", "7", "--iscsi",
                           "portal=127.0.0.1:3262"],
                          stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as daemon:
        try:
            wait_for("tgtd answers", lambda: not tgtadm(
                "--op", "show", "--mode", "system"), 60)
            # what tgt-admin makes of the file
            for more in (("new", "target", "-T", NAME),
                         ("new", "logicalunit", "--lun", "1", "-b",
                          str(FOLDER / "tgt.img")),
                         ("bind", "target", "-I", "ALL")):
                if tgtadm("--tid", "1", "--op", more[0], "--mode", more[1],
                          *more[2:]):
                    raise Failed(f"tgtadm {more}")
            there = identity(3262, 1)
        finally:
            daemon.kill()
    # the other NAA designator is made of the same numbers
    local = {d for d in there[2] if d[0] == 3 and len(d[1]) == 8}
    compare(there, ours("tgt", path, 1), but=local)


# --- files


@case("files are new, for root alone, and both or none")
def _():
    path, out = targets_conf(), FOLDER / "made.conf"
    allow = FOLDER / "made.allow"
    options = ("-o", str(out), "-a", str(allow))
    try:
        done = convert("tgt", path, *options)
        if done.returncode or done.stdout or done.stderr:
            raise Failed(f"{done}")
        if out.stat().st_mode & 0o777 != 0o600:
            raise Failed(f"mode {out.stat().st_mode:o}")
        if subprocess.run([f"{SBIN}/ietd", "--check-config", "-c", out],
                          check=False, capture_output=True).returncode:
            raise Failed("ietd does not take it")
        if allow.read_text() != f"{NAME} ALL\n":
            raise Failed(allow.read_text())
        out.write_text("mine")
        if convert("tgt", path, *options).returncode != 1:
            raise Failed("over an existing file")
        if out.read_text() != "mine":
            raise Failed("an existing file is lost")
        out.unlink()
        if convert("tgt", path, *options).returncode != 1 or out.exists():
            raise Failed("half of a result")
    finally:
        out.unlink(missing_ok=True)
        allow.unlink(missing_ok=True)


@case("what is not carried over is said, and the status tells")
def _():
    path = targets_conf()
    text = path.read_text()
    path.write_text(text.replace("</target>", "gargot\ninitiator-name "
                                 "iqn.i\n</target>"))
    done = convert("tgt", path)
    if done.returncode != 2 or f"{path}:3: gargot: not known" not in \
            done.stderr or "see --allow" not in done.stderr or \
            f"#   {NAME} iqn.i\n" not in done.stdout:
        raise Failed(f"{done}")
    path.write_text(text + "<target>")
    done = convert("tgt", path)
    if done.returncode != 1 or done.stdout:
        raise Failed(f"{done}")
    for bad in (("none", path), ("tgt", FOLDER / "missing")):
        if convert(*bad).returncode != 1:
            raise Failed(f"{bad}")


if __name__ == "__main__":
    main(lambda: FOLDER.mkdir(exist_ok=True))
