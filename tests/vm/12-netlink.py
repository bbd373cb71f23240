#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
"""
The module's netlink family without the daemon: what it takes, what it
refuses and how, dumps, events, /proc/net/iet, /dev/ietctl, unloading.
"""

import errno
import fcntl
import os
import re
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

TOP = Path(os.environ["IET_TOP"])
sys.path.insert(0, str(TOP / "tests/lib"))
from iet_netlink import ID, NLM_F_DUMP, Netlink, Refused, attr, pack

IQN = "iqn.2001-04.com.example:"
FOLDER = Path("/run/iet-netlink")
RESULTS = []
KEYS = {"K_INITIAL_R2T": 0, "K_IMMEDIATE_DATA": 1, "K_MAX_CONNECTIONS": 1,
        "K_MAX_RECV_DATA_SEGMENT_LENGTH": 8192,
        "K_MAX_XMIT_DATA_SEGMENT_LENGTH": 8192,
        "K_MAX_BURST_LENGTH": 65536, "K_FIRST_BURST_LENGTH": 65536,
        "K_MAX_OUTSTANDING_R2T": 1, "K_HEADER_DIGEST": 1, "K_DATA_DIGEST": 2}


def result(what, passed, why=""):
    RESULTS.append(passed)
    if not passed and why:
        print("#", str(why).replace("\n", "\n# "))
    print(f"{'' if passed else 'not '}ok {len(RESULTS)} - {what}", flush=True)


def same(what, got, want):
    result(what, got == want, f"got {got!r}\nwant {want!r}")


def refused(what, number, words, fn, *args, culprit=True, **kwargs):
    """The request must fail with this errno, words, and an attribute."""
    try:
        got = fn(*args, **kwargs)
    except Refused as e:
        ok = e.errno == number and re.search(words, e.text)
        if culprit:
            ok = ok and (e.offset is not None or e.missing is not None)
        result(what, bool(ok), f"{e}; at {e.offset}, missing {e.missing}")
    else:
        result(what, False, f"was accepted: {got}")


def load():
    subprocess.run(["bash", "-c", ". tests/lib/ktap.sh >/dev/null; "
                    ". tests/lib/iet.sh; ktap_plan=0; iet_load"],
                   cwd=TOP, check=True)


def test_info(nl):
    info = nl.do("INFO_GET")
    want = re.search('IET_VERSION "(.*)"',
                     (TOP / "include/iet_version.h").read_text())[1]
    same("the module tells its version", info["I_VERSION"], want)
    same("there is no daemon", info["I_DAEMON"], 0)
    same("a network thread for each CPU", info["I_NTHREADS"], os.cpu_count())
    refused("INFO_GET takes no attributes", errno.EINVAL, ".", nl.raw,
            "INFO_GET", attr(1, b"1234"))


def test_targets(nl):
    a = nl.do("TARGET_NEW", T_NAME=IQN + "a")
    same("the first target has tid 1", a["T_TID"], 1)
    same("defaults of parameters", [a["T_WTHREADS"], a["T_QUEUED_COMMANDS"],
                                    a["T_NOP_INTERVAL"]], [8, 128, 0])
    same("defaults of keys", [a["T_KEYS"]["K_INITIAL_R2T"],
                              a["T_KEYS"]["K_HEADER_DIGEST"]], [0, 3])
    nl.do("TARGET_NEW", T_NAME=IQN + "c", T_TID=3)
    same("the lowest free tid",
         nl.do("TARGET_NEW", T_NAME=IQN + "b", T_TID=0)["T_TID"], 2)
    refused("a name that is in use", errno.EEXIST, "exists", nl.do,
            "TARGET_NEW", T_NAME=IQN + "a")
    refused("a tid that is in use", errno.EEXIST, "in use", nl.do,
            "TARGET_NEW", T_NAME=IQN + "x", T_TID=3)
    for name in ("disk", "iqn.", "IQN.2001-04.x:y", IQN + "A", IQN + "a b",
                 IQN + "a\nb", IQN + "a/b"):
        refused(f"the name {name!r}", errno.EINVAL, "a target name", nl.do,
                "TARGET_NEW", T_NAME=name)
    longest = IQN + "l" * (223 - len(IQN))
    same("a name of 223 characters",
         nl.do("TARGET_NEW", T_NAME=longest)["T_NAME"], longest)
    refused("a name of 224 characters", errno.EINVAL, ".", nl.do,
            "TARGET_NEW", T_NAME=longest + "l")
    refused("no name", errno.EINVAL, "name is missing", nl.do, "TARGET_NEW")
    same("TARGET_GET by name",
         nl.do("TARGET_GET", T_NAME=IQN + "c")["T_TID"], 3)
    refused("TARGET_GET of nothing", errno.ENOENT, "no such target", nl.do,
            "TARGET_GET", T_TID=99)
    refused("TARGET_GET without any id", errno.EINVAL, "missing", nl.do,
            "TARGET_GET", culprit=False)


def test_target_set(nl):
    t = nl.do("TARGET_SET", T_TID=1, T_WTHREADS=16, T_ALIAS="an alias",
              T_REDIRECT="10.0.0.1:3260",
              T_KEYS={"K_MAX_BURST_LENGTH": 16777215})
    same("parameters are set", [t["T_WTHREADS"], t["T_ALIAS"],
                                t["T_REDIRECT"], t["T_QUEUED_COMMANDS"],
                                t["T_KEYS"]["K_MAX_BURST_LENGTH"]],
         [16, "an alias", "10.0.0.1:3260", 128, 16777215])
    same("the redirect is for now", t["T_REDIRECT_FLAGS"], 0)
    t = nl.do("TARGET_SET", T_TID=1, T_REDIRECT="10.0.0.1",
              T_REDIRECT_FLAGS=3)
    same("the redirect is for good", t["T_REDIRECT_FLAGS"], 3)
    t = nl.do("TARGET_SET", T_TID=1, T_ALIAS="an alias")
    same("other changes leave it", t["T_REDIRECT_FLAGS"], 3)
    refused("a flag of the redirect that there is not", errno.ERANGE, "flag",
            nl.do, "TARGET_SET", T_TID=1, T_REDIRECT="a", T_REDIRECT_FLAGS=4)
    refused("flags without a redirect", errno.EINVAL, "without a redirect",
            nl.do, "TARGET_SET", T_TID=1, T_REDIRECT_FLAGS=1)
    t = nl.do("TARGET_SET", T_TID=1, T_REDIRECT="")
    same("the redirect is cleared", [t["T_REDIRECT"], t["T_REDIRECT_FLAGS"]],
         ["", 0])
    for name, value, words in (
            ("T_WTHREADS", 0, "Wthreads must be 1 to 128"),
            ("T_WTHREADS", 129, "Wthreads must be 1 to 128"),
            ("T_TYPE", 1, r"only be 0"),
            ("T_QUEUED_COMMANDS", 257, "QueuedCommands must be 1 to 256"),
            ("T_NOP_INTERVAL", 91, "NOPInterval must be 0 to 90"),
            ("T_NOP_TIMEOUT", 91, "NOPTimeout must be 0 to 90"),
            ("T_ORIGIN", 2, "origin")):
        refused(f"{name} {value}", errno.ERANGE, words, nl.do, "TARGET_SET",
                T_TID=1, **{name: value})
    for name, value, words in (
            ("K_MAX_RECV_DATA_SEGMENT_LENGTH", 511, "must be 512 to 262144"),
            ("K_MAX_RECV_DATA_SEGMENT_LENGTH", 1 << 20, "must be 512 to"),
            ("K_MAX_BURST_LENGTH", 1 << 24, "must be 512 to 16777215"),
            ("K_DATA_PDU_IN_ORDER", 0, "only be Yes"),
            ("K_OFMARKER", 1, "only be No"),
            ("K_HEADER_DIGEST", 4, "None")):
        refused(f"{name} {value}", errno.ERANGE, words, nl.do, "TARGET_SET",
                T_TID=1, T_KEYS={name: value})
    refused("a request with one wrong value changes nothing", errno.ERANGE,
            "NOPInterval", nl.do, "TARGET_SET", T_TID=1, T_WTHREADS=99,
            T_NOP_INTERVAL=99)
    same("nothing has changed", nl.do("TARGET_GET", T_TID=1)["T_WTHREADS"], 16)
    refused("another name", errno.EINVAL, "name .* cannot be changed", nl.do,
            "TARGET_SET", T_TID=1, T_NAME=IQN + "z")
    refused("an alias with a newline", errno.EINVAL, "control character",
            nl.do, "TARGET_SET", T_TID=1, T_ALIAS="a\nb")
    refused("an attribute that doesn't exist", errno.EINVAL, ".", nl.raw,
            "TARGET_SET", pack("T_TID", 1) + attr(99, b"1234"))
    refused("an attribute of the wrong size", errno.EINVAL, ".", nl.raw,
            "TARGET_SET", attr(ID["T_TID"], b"1"))
    refused("a nest that isn't one", errno.EINVAL, ".", nl.raw, "TARGET_SET",
            pack("T_TID", 1) + attr(ID["T_KEYS"], b"1234"))
    refused("a string without its end", errno.EINVAL, ".", nl.raw,
            "TARGET_NEW", attr(ID["T_NAME"], b"iqn."))


def new_lun(nl, fd, lun=0, **values):
    return nl.do("LUN_NEW", **{"L_TID": 1, "L_LUN": lun, "L_IOTYPE": "fileio",
                               "L_FD": fd, "L_PATH": str(FOLDER / "disk"),
                               **values})


def test_luns(nl):
    path = FOLDER / "disk"
    path.write_bytes(bytes(1 << 20))
    fd = os.open(path, os.O_RDWR)
    lun = new_lun(nl, fd, L_SCSI_ID="id", L_SCSI_SN="serial")
    same("a LUN of a file", [lun["L_BLOCKS"], lun["L_BLOCK_SIZE"],
                             lun["L_IOMODE"], lun["L_PATH"],
                             lun["L_SCSI_ID"], lun["L_SCSI_SN"]],
         [2048, 512, 0, str(path), "id", "serial"])
    os.ftruncate(fd, 2 << 20)
    lun = nl.do("LUN_SET", L_TID=1, L_LUN=0, L_RESCAN=True)
    same("the file has grown", lun["L_BLOCKS"], 4096)
    same("a LUN of nothing", nl.do(
        "LUN_NEW", L_TID=1, L_LUN=16383, L_IOTYPE="nullio", L_BLOCKS=1000,
        L_BLOCK_SIZE=4096)["L_BLOCKS"], 1000)
    lun = nl.do("LUN_NEW", L_TID=1, L_LUN=9, L_IOTYPE="nullio", L_REMOVABLE=1)
    same("a removable LUN", [lun["L_REMOVABLE"], lun["L_THIN"]], [1, 0])
    nl.do("LUN_DEL", L_TID=1, L_LUN=9)
    test_props(nl)
    same("the target counts them",
         nl.do("TARGET_GET", T_TID=1)["T_NR_LUNS"], 2)
    refused("a LUN that is in use", errno.EEXIST, "in use", new_lun, nl, fd)
    test_shared(nl, fd)
    os.close(fd)
    path = FOLDER / "other"
    path.write_bytes(bytes(2 << 20))
    fd = os.open(path, os.O_RDWR)
    refused("LUN 16384", errno.ERANGE, "0 to 16383", new_lun, nl, fd, 16384)
    refused("a target that doesn't exist", errno.ENOENT, "no such target",
            new_lun, nl, fd, 1, L_TID=99)
    refused("an iotype that doesn't exist", errno.EINVAL, "fileio, blockio",
            new_lun, nl, fd, 1, L_IOTYPE="tapeio")
    refused("iomode 3", errno.ERANGE, "IOMode", new_lun, nl, fd, 1,
            L_IOMODE=3)
    for size in (256, 513, 1536, 8192):
        refused(f"a block size of {size}",
                errno.EINVAL if size == 1536 or size == 513 else errno.ERANGE,
                "BlockSize must be", new_lun, nl, fd, 1, L_BLOCK_SIZE=size)
    for name, words in (("L_THIN", "ThinProvisioned must be"),
                        ("L_REMOVABLE", "Removable must be"),
                        ("L_ENCRYPTED", "Encrypted must be")):
        refused(f"{name} 3", errno.ERANGE, words, new_lun, nl, fd, 1,
                **{name: 3})
    refused("encrypted, and no state file", errno.EINVAL,
            "needs a state file", new_lun, nl, fd, 1, L_ENCRYPTED=2,
            culprit=False)
    refused("Blocks for a file", errno.EINVAL, "blocks", new_lun, nl, fd, 1,
            L_BLOCKS=7, culprit=False)
    refused("an id with a control character", errno.EINVAL, "control",
            new_lun, nl, fd, 1, L_SCSI_ID="a\tb")
    refused("an id that isn't ASCII", errno.EINVAL, "ASCII", new_lun, nl, fd,
            1, L_SCSI_ID="\u00e4")
    refused("an id of 65 characters", errno.EINVAL, ".", new_lun, nl, fd, 1,
            L_SCSI_ID="1" * 65)
    refused("a LUN's path can't be changed", errno.EINVAL, "cannot be changed",
            nl.do, "LUN_SET", L_TID=1, L_LUN=0, L_PATH="/x")
    refused("LUN_DEL of nothing", errno.ENOENT, "no such LUN", nl.do,
            "LUN_DEL", L_TID=1, L_LUN=5)
    os.close(fd)
    test_files(nl, path, fd)


def test_shared(nl, fd):
    lun = {"L_TID": 1, "L_LUN": 2}
    same("the same file is the same disk",
         new_lun(nl, fd, 2)["L_SCSI_ID"], "id")
    nl.do("LUN_DEL", **lun)
    for name, value, words in (
            ("L_IOTYPE", "blockio", "another Type"),
            ("L_IOMODE", 1, "another IOMode"),
            ("L_BLOCK_SIZE", 4096, "another BlockSize"),
            ("L_THIN", 1, "another ThinProvisioned"),
            ("L_REMOVABLE", 1, "another Removable"),
            ("L_ENCRYPTED", 1, "another Encrypted"),
            ("L_SCSI_ID", "x", "another ScsiId"),
            ("L_SCSI_SN", "x", "another ScsiSN"),
            ("L_PROPS", {"P_VENDOR": "x"}, "other properties")):
        refused(f"the same disk with {words}", errno.EEXIST, words, new_lun,
                nl, fd, 2, culprit=False, **{name: value})
    of = {**lun, "L_IOTYPE": "fileio", "L_OF_TID": 1, "L_OF_LUN": 0}
    same("the disk of a LUN", nl.do("LUN_NEW", **of)["L_SCSI_SN"], "serial")
    nl.do("LUN_DEL", **lun)
    refused("a disk and a file", errno.EINVAL, "either a file", nl.do,
            "LUN_NEW", **of, L_FD=fd)
    refused("half a disk", errno.EINVAL, "go together", nl.do, "LUN_NEW",
            **lun, L_IOTYPE="fileio", L_OF_LUN=0, culprit=False)
    refused("a disk that isn't there", errno.ENOENT, "no such LUN", nl.do,
            "LUN_NEW", **{**of, "L_OF_LUN": 77})


PROPS = {"P_VENDOR": "ACME", "P_PRODUCT": "Disk", "P_REVISION": "1.0",
         "P_NAA": "5001405012345678", "P_EUI64": "0011223344556677",
         "P_UUID": "3a0bd6d0-f1e2-4d9a-8c1b-0123456789ab",
         "P_SCSI_VERSION": 5, "P_PHYS_BLOCK_SIZE": 4096, "P_ROTATION": 7200,
         "P_IO_GRANULARITY": 4096, "P_IO_OPTIMAL": 65536}


def test_props(nl):
    new = {"L_TID": 1, "L_LUN": 9, "L_IOTYPE": "nullio"}
    for name, value, number, words in (
            ("P_VENDOR", "123456789", errno.EINVAL, "."),
            ("P_PRODUCT", "", errno.EINVAL, "printable"),
            ("P_REVISION", "a\n", errno.EINVAL, "printable"),
            ("P_NAA", "4001405012345678", errno.EINVAL, "NAA must be"),
            ("P_EUI64", "00112233445566", errno.EINVAL, "EUI64 must be"),
            ("P_UUID", "3a0bd6d0", errno.EINVAL, "UUID must be"),
            ("P_SCSI_VERSION", 8, errno.ERANGE, "ScsiVersion must be"),
            ("P_PHYS_BLOCK_SIZE", 3072, errno.EINVAL, "power of two"),
            ("P_PHYS_BLOCK_SIZE", 2 << 20, errno.ERANGE, "power of two"),
            ("P_ROTATION", 2, errno.EINVAL, "RotationRate must be"),
            ("P_ROTATION", 65535, errno.ERANGE, "RotationRate must be"),
            ("P_IO_OPTIMAL", 511, errno.ERANGE, "OptimalIO must be")):
        refused(f"{name} {value!r}", number, words, nl.do, "LUN_NEW",
                **new, L_PROPS={name: value})
    for props, words in (({"P_PHYS_BLOCK_SIZE": 512}, "less than the block"),
                         ({"P_IO_OPTIMAL": 5000}, "multiple of the block"),
                         ({"P_IO_OPTIMAL": 12288, "P_IO_GRANULARITY": 8192},
                          "multiple of its granularity")):
        refused(f"{props} of a disk with blocks of 4096", errno.EINVAL, words,
                nl.do, "LUN_NEW", **new, L_BLOCK_SIZE=4096, L_PROPS=props,
                culprit=False)
    same("all properties", nl.do("LUN_NEW", **new, L_PROPS=PROPS)["L_PROPS"],
         PROPS)
    lun = {"L_TID": 1, "L_LUN": 9}
    refused("another NAA name", errno.EINVAL, "cannot be changed", nl.do,
            "LUN_SET", **lun, L_PROPS={**PROPS, "P_NAA": "5" * 16},
            culprit=False)
    same("others change", nl.do("LUN_SET", **lun, L_PROPS={
        **PROPS, "P_VENDOR": "X"})["L_PROPS"]["P_VENDOR"], "X")
    nl.do("LUN_DEL", **lun)
    nl.do("LUN_NEW", **new, L_PROPS={"P_ROTATION": 0})
    same("not told is not the default",
         nl.do("LUN_GET", **lun)["L_PROPS"], {"P_ROTATION": 0})
    same("all by default again", nl.do("LUN_SET", **lun, L_PROPS={})[
        "L_PROPS"], {})
    nl.do("LUN_DEL", **lun)


def test_files(nl, path, closed):
    refused("an fd that isn't open", errno.EBADF, "not an open file", new_lun,
            nl, closed, 1)
    refused("a huge fd", errno.EBADF, "not an open file", new_lun, nl,
            0xffffffff, 1)
    refused("no fd", errno.EINVAL, "needs a file", nl.do, "LUN_NEW",
            L_TID=1, L_LUN=1, L_IOTYPE="fileio", culprit=False)
    refused("an fd for nullio", errno.EINVAL, "takes no file", nl.do, "LUN_NEW",
            L_TID=1, L_LUN=1, L_IOTYPE="nullio", L_FD=0, culprit=False)
    refused("a path for nullio", errno.EINVAL, "no path", nl.do, "LUN_NEW",
            L_TID=1, L_LUN=1, L_IOTYPE="nullio", L_PATH="/x")
    ro = os.open(path, os.O_RDONLY)
    refused("a file open for reading only", errno.EACCES, "read-only",
            new_lun, nl, ro, 1, culprit=False)
    lun = new_lun(nl, ro, 1, L_IOMODE=2)
    same("it is good for ro", lun["L_IOMODE"], 2)
    os.close(ro)
    # one that is no LUN: it would be found again, whatever the fd is
    path = FOLDER / "third"
    path.write_bytes(bytes(1 << 20))
    wo = os.open(path, os.O_WRONLY)
    refused("a file open for writing only", errno.EACCES, "for reading",
            new_lun, nl, wo, 2, culprit=False)
    os.close(wo)
    folder = os.open(FOLDER, os.O_RDONLY)
    refused("a folder", errno.EINVAL, "neither a", new_lun, nl, folder, 2,
            L_IOMODE=2, culprit=False)
    os.close(folder)
    left, _right = socket.socketpair()
    refused("a socket", errno.EINVAL, "neither a", new_lun, nl, left.fileno(),
            2, culprit=False)
    fd = os.open(path, os.O_RDWR)
    refused("a file for blockio", errno.EINVAL, "not a block device", new_lun,
            nl, fd, 2, L_IOTYPE="blockio", culprit=False)
    os.close(fd)


def test_proc():
    text = Path("/proc/net/iet/volume").read_text()
    same("/proc/net/iet/volume", text.split("tid:2", 1)[1],
         f" name:{IQN}b\n"
         f"tid:3 name:{IQN}c\n"
         f"tid:1 name:{IQN}a\n"
         "\tlun:0 state:0 iotype:fileio iomode:wt blocks:4096 blocksize:512 "
         f"path:{FOLDER}/disk\n"
         "\tlun:1 state:0 iotype:fileio iomode:ro blocks:4096 blocksize:512 "
         f"path:{FOLDER}/disk\n"
         "\tlun:16383 state:0 iotype:nullio iomode:wt blocks:1000 "
         "blocksize:4096\n")
    same("mode of /proc/net/iet/session",
         os.stat("/proc/net/iet/session").st_mode & 0o777, 0o444)


def tcp_pair():
    listener = socket.create_server(("127.0.0.1", 0))
    initiator = socket.create_connection(listener.getsockname())
    target, _ = listener.accept()
    listener.close()
    return initiator, target


def new_session(nl, **values):
    return nl.do("SESSION_NEW", **{
        "S_TID": 1, "S_INITIATOR": "iqn.1994-05.com.example:i",
        "S_ISID": b"\x80\0\0\0\0\1", "S_EXP_CMD_SN": 1, "S_KEYS": KEYS,
        **values})


def new_conn(nl, sid, fd, **values):
    return nl.do("CONN_NEW", **{
        "C_TID": 1, "C_SID": sid, "C_CID": 0, "C_FD": fd, "C_STAT_SN": 1,
        "C_EXP_STAT_SN": 1, "C_HEADER_DIGEST": 1, "C_DATA_DIGEST": 2,
        "C_MAX_RECV": 8192, "C_MAX_XMIT": 8192, **values})


def test_sessions(nl):
    refused("keys out of range", errno.ERANGE, "must be", new_session, nl,
            S_KEYS={**KEYS, "K_MAX_BURST_LENGTH": 1})
    refused("FirstBurstLength over MaxBurstLength", errno.EINVAL, "over",
            new_session, nl, S_KEYS={**KEYS, "K_MAX_BURST_LENGTH": 512})
    refused("two digests at once", errno.EINVAL, "one digest", new_session,
            nl, S_KEYS={**KEYS, "K_DATA_DIGEST": 3})
    refused("an ISID of five bytes", errno.ERANGE, ".", new_session, nl,
            S_ISID=b"12345")
    refused("no initiator", errno.EINVAL, "empty", new_session, nl,
            S_INITIATOR="")
    session = new_session(nl)
    sid = session["S_SID"]
    same("the session id has ISID and TSIH", sid.to_bytes(8, "little"),
         b"\x80\0\0\0\0\1" + session["S_TSIH"].to_bytes(2, "little"))
    same("keys that were not negotiated",
         session["S_KEYS"]["K_DEFAULT_TIME2RETAIN"], 20)
    test_lun_map(nl, sid)
    test_handoff(nl, sid)
    refused("SESSION_DEL of nothing", errno.ENOENT, "no such session", nl.do,
            "SESSION_DEL", S_TID=1, S_SID=1)


def test_lun_map(nl, sid):
    session = {"S_TID": 1, "S_SID": sid}
    rule = struct.pack("=3I", 0, 5, 1)
    for rules, number, words in (
            (rule + b"1234", errno.EINVAL, "triples"),
            (struct.pack("=3I", 5, 4, 1), errno.EINVAL, "no LUNs"),
            (struct.pack("=3I", 0, 16384, 1), errno.EINVAL, "no LUNs"),
            (rule + struct.pack("=3I", 0, 5, 3), errno.EINVAL, "access"),
            (257 * rule, errno.ERANGE, ".")):
        refused(f"a LUN map of {len(rules)} bytes: {words}", number, words,
                nl.do, "SESSION_SET", **session, S_LUN_MAP=rules)
    same("no map at first", "S_LUN_MAP" in nl.do("SESSION_GET", **session),
         False)
    for rules in (256 * rule, b""):
        same(f"a LUN map of {len(rules)} bytes", nl.do(
            "SESSION_SET", **session, S_LUN_MAP=rules)["S_LUN_MAP"], rules)
    same("no map again", "S_LUN_MAP" in nl.do("SESSION_SET", **session), False)
    refused("SESSION_SET of nothing", errno.ENOENT, "no such session", nl.do,
            "SESSION_SET", S_TID=1, S_SID=1, S_LUN_MAP=rule)


def test_handoff(nl, sid):
    initiator, target = tcp_pair()
    fd = target.fileno()
    unix, _other = socket.socketpair()
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener = socket.create_server(("127.0.0.1", 0))
    pipe, _ = os.pipe()
    for what, bad, number, words in (
            ("a pipe", pipe, errno.ENOTSOCK, "not a socket"),
            ("nothing", 999, errno.EBADF, "not a socket"),
            ("a unix socket", unix.fileno(), errno.EINVAL, "not a TCP"),
            ("a UDP socket", udp.fileno(), errno.EINVAL, "not a TCP"),
            ("a listener", listener.fileno(), errno.EINVAL,
             "not established")):
        refused(f"handoff of {what}", number, words, new_conn, nl, sid, bad)
    for name, bad in (("C_CID", 65536), ("C_HEADER_DIGEST", 3),
                      ("C_MAX_RECV", 1 << 24), ("C_MAX_XMIT", 1 << 24)):
        refused(f"handoff with {name} {bad}", errno.ERANGE, "must be",
                new_conn, nl, sid, fd, **{name: bad})
    refused("handoff to no session", errno.ENOENT, "no such session",
            new_conn, nl, 5, fd)
    same("handoff of a TCP socket", new_conn(nl, sid, fd), None)
    target.close()
    refused("TARGET_DEL with a session", errno.EBUSY, "has sessions", nl.do,
            "TARGET_DEL", T_TID=1)
    same("/proc/net/iet/session",
         Path("/proc/net/iet/session").read_text().split("tid:1 ", 1)[1],
         f"name:{IQN}a\n\tsid:{sid} initiator:iqn.1994-05.com.example:i\n"
         "\t\tcid:0 ip:127.0.0.1 state:active hd:none dd:crc32c\n")
    conn = nl.do("SESSION_GET", S_TID=1, S_SID=sid)["S_CONN"][0]
    same("SESSION_GET has the connection",
         [conn["C_CID"], conn["C_ADDR"], conn["C_DATA_DIGEST"]],
         [0, "127.0.0.1", 2])
    nl.do("CONN_DEL", C_TID=1, C_SID=sid, C_CID=0)
    initiator.settimeout(30)
    same("CONN_DEL closes the socket", initiator.recv(1), b"")


def test_dumps(nl):
    for n in range(200):
        tid = nl.do("TARGET_NEW", T_NAME=f"{IQN}dump{n}",
                    T_ALIAS="x" * 255)["T_TID"]
        nl.do("LUN_NEW", L_TID=tid, L_LUN=n, L_IOTYPE="nullio")
    tids = [t["T_TID"] for t in nl.dump("TARGET_GET")]
    same("a dump has all targets, in order", tids, sorted(tids))
    same("and each once", len(set(tids)), 204)
    luns = nl.dump("LUN_GET")
    same("a dump of all LUNs", len(luns), 203)
    same("a dump of a target's LUNs",
         [x["L_LUN"] for x in nl.dump("LUN_GET", L_TID=1)], [0, 1, 16383])
    for n in range(20):
        new_session(nl, S_TID=2, S_ISID=b"\x80\0\0\0\0" + bytes([n]))
    same("a dump of a target's sessions",
         len({s["S_SID"] for s in nl.dump("SESSION_GET", S_TID=2)}), 20)
    same("the same in a dump of all", len(nl.dump("SESSION_GET")), 20)
    refused("a dump of a target that doesn't exist", errno.ENOENT, "", nl.dump,
            "LUN_GET", L_TID=9999, culprit=False)
    for cmd, name in (("TARGET", "T_TID"), ("LUN", "L_LUN"),
                      ("SESSION", "S_SID")):
        refused(f"a dump of one {cmd}", errno.EINVAL, "", nl.dump,
                cmd + "_GET", culprit=False, **{name: 1})
    same("a quiet dump is consistent", nl.interrupted, False)
    test_cursor(nl, tids)


def test_cursor(nl, tids):
    """Objects go while a dump is under way."""
    other = Netlink()
    nl._send(nl.family, ID["CMD_TARGET_GET"], b"", NLM_F_DUMP)
    nl.sock.recv(1)
    for tid in tids[4:]:
        other.do("TARGET_DEL", T_TID=tid)
    seen, changed, done = 0, False, False
    while not done:
        data = nl.sock.recv(65536)
        while len(data) >= 16:
            length, what, flags = struct.unpack_from("=IHH", data)
            seen += what == nl.family
            changed |= bool(flags & 0x10)
            done |= what == 3
            data = data[(length + 3) & ~3:]
    result("a dump ends though its objects go", done and seen < len(tids),
           f"{seen} seen")
    result("and says that it was interrupted", changed)


def churn(number):
    """Code for a process that makes and deletes a target with a LUN."""
    return (f"""
import iet_netlink, time
nl = iet_netlink.Netlink()
end = time.monotonic() + 5
while time.monotonic() < end:
    tid = nl.do("TARGET_NEW", T_NAME="{IQN}churn{number}")["T_TID"]
    nl.do("LUN_NEW", L_TID=tid, L_LUN=0, L_IOTYPE="nullio")
    nl.do("SESSION_NEW", S_TID=tid, S_INITIATOR="iqn.1994-05.x:{number}",
          S_ISID=b"123456", S_EXP_CMD_SN=1, S_KEYS={{"K_DATA_DIGEST": 1}})
    nl.do("LUN_NEW", L_TID=tid, L_LUN=1, L_IOTYPE="nullio")
    nl.do("LUN_DEL", L_TID=tid, L_LUN=0)
    nl.do("TARGET_DEL", T_TID=tid, T_FORCE=True)
""")


def test_churn(nl):
    """Changes in several processes while others look."""
    env = {**os.environ, "PYTHONPATH": str(TOP / "tests/lib")}
    crowd = [subprocess.Popen([sys.executable, "-c", churn(n)], env=env)
             for n in range(4)]
    before = len(nl.dump("TARGET_GET"))
    while any(p.poll() is None for p in crowd):
        for cmd in ("TARGET_GET", "LUN_GET", "SESSION_GET"):
            nl.dump(cmd)
        Path("/proc/net/iet/volume").read_text()
        Path("/proc/net/iet/session").read_text()
    same("four processes change, one looks", [p.returncode for p in crowd],
         [0] * 4)
    same("and all is as before", len(nl.dump("TARGET_GET")), 4)
    result("the look before saw at most theirs", 4 <= before <= 8, before)


def test_events(nl, listener):
    listener.events()
    nl.do("TARGET_NEW", T_NAME=IQN + "e", T_TID=50)
    nl.do("LUN_NEW", L_TID=50, L_LUN=7, L_IOTYPE="nullio")
    nl.do("LUN_DEL", L_TID=50, L_LUN=7)
    nl.do("TARGET_DEL", T_TID=50)
    # sessions of earlier tests that got no connection end when they like
    seen = [e for e in listener.events() if e[0] in ("TARGET_NTF", "LUN_NTF")]
    same("events", seen, [
        ("TARGET_NTF", {"T_TID": 50, "T_EVENT": ID["EVENT_NEW"]}),
        ("LUN_NTF", {"L_TID": 50, "L_LUN": 7, "L_EVENT": ID["EVENT_NEW"]}),
        ("LUN_NTF", {"L_TID": 50, "L_LUN": 7, "L_EVENT": ID["EVENT_DEL"]}),
        ("TARGET_NTF", {"T_TID": 50, "T_EVENT": ID["EVENT_DEL"]})])


def claim(fd, version=1, flags=0):
    request = 1 << 30 | 8 << 16 | ord("i") << 8 | 64
    try:
        fcntl.ioctl(fd, request, struct.pack("=II", version, flags))
        return 0
    except OSError as e:
        return e.errno


def test_claim(nl, listener):
    fd = os.open("/dev/ietctl", os.O_RDWR)
    second = os.open("/dev/ietctl", os.O_RDWR)
    same("mode of /dev/ietctl", os.stat("/dev/ietctl").st_mode & 0o777, 0o600)
    same("a claim of another version", claim(fd, 2), errno.EPROTO)
    same("a claim with flags", claim(fd, 1, 1), errno.EINVAL)
    same("opening is no claim", nl.do("INFO_GET")["I_DAEMON"], 0)
    same("a claim", claim(fd), 0)
    same("the daemon is there", nl.do("INFO_GET")["I_DAEMON"], 1)
    same("a second claim", claim(second), errno.EBUSY)
    listener.events()
    os.close(fd)
    same("the daemon is gone", [e["T_EVENT"] for what, e in listener.events()
                                if what == "TARGET_NTF"],
         [ID["EVENT_DAEMON_GONE"]])
    same("targets stay", len(nl.dump("TARGET_GET")), 4)
    same("the next one may claim", claim(second), 0)
    os.close(second)


# After the import: this tree need not be readable for everybody.
NOBODY = """
import os
import iet_netlink as n
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
try: n.Netlink().%s
except (n.Refused, OSError) as e: print(e.errno)
"""


def as_nobody(call):
    return subprocess.run([sys.executable, "-c", NOBODY % call], cwd=TOP,
                          env={**os.environ, "PYTHONPATH":
                               str(TOP / "tests/lib")},
                          capture_output=True, text=True).stdout.strip()


def test_nobody():
    for what, call in {"ask": "do('INFO_GET')",
                       "dump": "dump('TARGET_GET')",
                       "listen": "subscribe()"}.items():
        same(f"nobody may not {what}", as_nobody(call), str(errno.EPERM))


def rmmod():
    return subprocess.run(["rmmod", "iscsi_trgt"], capture_output=True,
                          text=True)


def rmmod_soon():
    """What has been deleted ends by itself, which takes a moment."""
    for _ in range(300):
        if rmmod().returncode == 0:
            return True
        time.sleep(0.2)
    return False


def test_end(nl):
    """Forced deletion; unloading with targets in place."""
    nl.do("TARGET_DEL", T_TID=2, T_FORCE=True)
    refused("the target is gone", errno.ENOENT, "no such", nl.do,
            "TARGET_GET", T_TID=2)
    result("a module with LUNs can't be unloaded", "in use" in rmmod().stderr)
    for lun in nl.dump("LUN_GET"):
        nl.do("LUN_DEL", L_TID=lun["L_TID"], L_LUN=lun["L_LUN"])
    same("targets without LUNs are there", len(nl.dump("TARGET_GET")), 3)
    result("the module is unloaded", rmmod_soon(),
           Path("/proc/modules").read_text())
    same("/proc/net/iet is gone", Path("/proc/net/iet").exists(), False)
    same("/dev/ietctl is gone", Path("/dev/ietctl").exists(), False)
    same("no thread is left", subprocess.run(
        ["pgrep", "^iet"], capture_output=True, text=True).stdout, "")
    load()
    same("loaded again, empty", Netlink().dump("TARGET_GET"), [])
    result("unloaded again", rmmod_soon())


def main():
    load()
    FOLDER.mkdir(exist_ok=True)
    print("TAP version 13")
    nl, listener = Netlink(), Netlink()
    listener.subscribe()
    test_info(nl)
    test_targets(nl)
    test_target_set(nl)
    test_luns(nl)
    test_proc()
    test_sessions(nl)
    test_dumps(nl)
    test_churn(nl)
    test_events(nl, listener)
    test_claim(nl, listener)
    test_nobody()
    test_end(nl)
    print(f"1..{len(RESULTS)}")
    return 0 if all(RESULTS) else 1


sys.exit(main())
