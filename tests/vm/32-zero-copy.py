#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Reads of a file whose pages are sent as they are: the right bytes, whatever
happens to file and pages before they have gone.
"""

import os
import random
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ["IET_TOP"], "tests/lib"))

from bed import Bed  # noqa: E402
from ktap import FOLDER, IQN, Failed, Target, case, main, note  # noqa: E402
from pdu import READ, Conn, read10  # noqa: E402

TARGET = f"{IQN}:zero-copy"
BLOCK = 512
SIZE = 4 << 20
FILE = FOLDER / "zero-copy.img"
HUGE = FOLDER / "huge"  # a tmpfs whose page cache has folios of 2 MiB
LARGE = 1024  # blocks: more than the sockets hold
CONF = f"""
Target {TARGET}
    MaxRecvDataSegmentLength 65536
    DataDigest CRC32C,None
    Lun 0 Path={FILE},Type=fileio,IOMode=wb
    Lun 1 Path={FOLDER}/other.img,Type=fileio,IOMode=wb
    Lun 2 Path={HUGE}/file.img,Type=fileio,IOMode=wb
"""
KEYS = {"MaxRecvDataSegmentLength": 65536, "MaxBurstLength": 262144}


def login(name="reader", **keys):
    return Conn().login(TARGET, initiator=f"{IQN}:{name}", **KEYS,
                        **keys).ready(0).ready(1).ready(2)


def pattern(tag, blocks=LARGE):
    """Each block says whose it is, and which."""
    return b"".join(f"{tag} {n:07}".encode().ljust(16) * 32
                    for n in range(blocks))


def check_blocks(data, *allowed):
    for n in range(len(data) // BLOCK):
        block = data[n * BLOCK:(n + 1) * BLOCK]
        if block not in [a[n * BLOCK:(n + 1) * BLOCK] for a in allowed]:
            raise Failed(f"block {n} is {block[:32]}...")


def begun(reader):
    """Waits until there is something to be received, which nobody receives."""
    if not reader.poll.poll(20000):
        raise Failed("no data")


def rewritten_while_waiting(**keys):
    """
    A read that is not taken off the socket; then all its blocks are written,
    and much else is read and written. What comes in the end.
    """
    with login(**keys) as reader, login("writer") as writer:
        writer.write(0, pattern("old"))
        itt = reader.scsi(read10(0, LARGE), READ, LARGE * BLOCK).itt
        begun(reader)
        writer.write(0, pattern("new"))
        for n in range(4):
            writer.write(n * LARGE, pattern(f"other{n}"), unit=1)
            writer.read(n * LARGE, LARGE, unit=1)
        data = reader.data_of(itt)
        check_blocks(reader.read(0, LARGE), pattern("new"))
        return data


@case("blocks that are rewritten before they have gone: the old or the new")
def _():
    check_blocks(rewritten_while_waiting(), pattern("old"), pattern("new"))


@case("... and with a data digest the old ones, whose digest is sent")
def _():
    check_blocks(rewritten_while_waiting(DataDigest="CRC32C"), pattern("old"))


@case("a file that is truncated before its blocks have gone")
def _():
    with login() as reader:
        reader.write(0, pattern("old"))
        itt = reader.scsi(read10(0, LARGE), READ, LARGE * BLOCK).itt
        begun(reader)
        os.truncate(FILE, 0)
        os.truncate(FILE, SIZE)
        with login("writer") as writer:
            for n in range(4):
                writer.write(n * LARGE, pattern(f"other{n}"), unit=1)
        check_blocks(reader.data_of(itt), pattern("old"),
                     bytes(LARGE * BLOCK))
    with login() as reader:
        check_blocks(reader.read(0, LARGE), bytes(LARGE * BLOCK))


def read_all_over(path, unit):
    content = random.Random(32).randbytes(SIZE)
    with open(path, "r+b") as file:  # its size stays as it is
        file.write(content)
    chance = random.Random(23)
    with login() as reader:
        sizes = [1, 2, 7, 8, 9, 31, 32, 33, 64, 65, 128, 129, 256, 511, 512]
        for blocks in sizes * 3:
            for lba in (8 * chance.randrange(SIZE // 4096 - 64),
                        chance.randrange(SIZE // BLOCK - 512),
                        SIZE // BLOCK - blocks):
                data = reader.read(lba, blocks, unit)
                if data != content[lba * BLOCK:(lba + blocks) * BLOCK]:
                    raise Failed(f"{blocks} blocks at {lba}: wrong data")


@case("reads of all lengths at all places")
def _():
    read_all_over(FILE, 0)


@case("... of a file whose pages are in large folios")
def _():
    read_all_over(HUGE / "file.img", 2)
    with open("/proc/meminfo", encoding="ascii") as file:
        huge = [line for line in file if line.startswith("ShmemHugePages")]
    note("".join(huge) or "this kernel has no large folios for tmpfs")
    if huge and huge[0].split()[1] == "0":
        raise Failed("the file has no large folios")


@case("holes read as zeroes")
def _():
    os.truncate(FILE, 0)
    os.truncate(FILE, SIZE)
    with login() as reader:
        reader.write(64, pattern("data", 8))
        check_blocks(reader.read(0, 128),
                     bytes(64 * BLOCK) + pattern("data", 8)
                     + bytes(56 * BLOCK))


def begin():
    HUGE.mkdir(parents=True, exist_ok=True)
    with open("/proc/meminfo", encoding="ascii") as file:
        option = "huge=always" if "ShmemHugePages" in file.read() else "size=9m"
    subprocess.run(["mount", "-t", "tmpfs", "-o", option, "tmpfs", HUGE],
                   check=True)
    with open(HUGE / "file.img", "wb") as file:
        file.truncate(SIZE)
    Bed.begin(CONF, size=SIZE)


def end():
    Bed.end()
    subprocess.run(["umount", HUGE], check=True)


main(begin, end)
