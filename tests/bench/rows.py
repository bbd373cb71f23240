# SPDX-License-Identifier: GPL-2.0-only
"""
What is measured: one Row for each line of the result.
"""

from dataclasses import dataclass, field

TARGETS = ("ours", "lio", "tgt", "floor", "memory")
MEDIA = ("nullio", "fileio", "blockio")


@dataclass(frozen=True)
class Login:
    """How the initiator logs in; rows with the same Login share it."""
    sessions: int = 1
    digests: bool = False
    max_recv: int = 262144  # MaxRecvDataSegmentLength of both sides


@dataclass(frozen=True)
class Row:
    name: str
    medium: str
    load: dict = field(hash=False)  # of kload
    login: Login = Login()
    quick: bool = False
    without: tuple = ()  # targets that can't
    beside: str = ""  # who else is there meanwhile: a kind of beside.py
    beside_medium: str = "nullio"  # where

    def takes_part(self, target):
        """Is this target measured?"""
        return target not in self.without and (target != "memory" or
                                               self.medium == "fileio")

    @property
    def raw(self):
        """Is a program beside, whose time counts as that of others?"""
        return self.beside in ("segments", "bytewise", "deaf")

    @property
    def verifiable(self):
        return self.medium != "nullio" and "unaligned" not in self.load

    @property
    def unit(self):
        """Large I/Os are told in MB/s, small ones in IOPS."""
        return "MB/s" if self.load["bs"] >= 65536 else "IOPS"


def basic(medium):
    for write, what in ((0, "read"), (100, "write")):
        for qd in (1, 8, 32, 128):
            yield Row(f"{what}-4k-qd{qd}-{medium}", medium,
                      {"bs": 4096, "qd": qd, "write": write},
                      quick=qd in (1, 32))
    yield Row(f"mixed-64k-qd16-{medium}", medium,
              {"bs": 65536, "qd": 16, "write": 30})
    for write, what in ((0, "read"), (100, "write")):
        yield Row(f"{what}-1m-qd4-{medium}", medium,
                  {"bs": 1 << 20, "qd": 4, "write": write, "seq": 1},
                  quick=True)


def variants(prefix, login, loads, medium="nullio", **more):
    """The same with another login."""
    suffix = "" if medium == "nullio" else f"-{medium}"
    for what, load in loads.items():
        yield Row(f"{prefix}-{what}{suffix}", medium, load, login, **more)


SMALL = {"read-4k-qd32": {"bs": 4096, "qd": 32, "write": 0},
         "write-4k-qd32": {"bs": 4096, "qd": 32, "write": 100}}
LARGE = {"read-1m-qd4": {"bs": 1 << 20, "qd": 4, "write": 0, "seq": 1},
         "write-1m-qd4": {"bs": 1 << 20, "qd": 4, "write": 100, "seq": 1}}
MANY = {"read-4k-qd4": {"bs": 4096, "qd": 4, "write": 0},
        "write-4k-qd4": {"bs": 4096, "qd": 4, "write": 100}}


def beside():
    """A modest initiator beside others, of which some are no good."""
    load = {"bs": 4096, "qd": 4, "write": 0}
    two = Login(sessions=2)
    for kind, medium in (("nobody", "nullio"), ("greedy", "nullio"),
                         ("greedy", "fileio"), ("busy", "nullio"),
                         ("unaligned", "fileio"),
                         ("segments", "nullio"), ("bytewise", "nullio"),
                         ("deaf", "nullio")):
        lun = "" if medium == "nullio" else "-other-lun"
        yield Row(f"beside-{kind}{lun}", "nullio", load, two,
                  without=("floor", "memory"), beside=kind, beside_medium=medium)


ROWS = [
    *(row for medium in MEDIA for row in basic(medium)),
    *(row for medium in MEDIA for row in
      variants("digests", Login(digests=True), SMALL | LARGE, medium)),
    *variants("max-recv-8k", Login(max_recv=8192), LARGE),
    *variants("max-recv-512", Login(max_recv=512),
              {"read-4k-qd1": {"bs": 4096, "qd": 1, "write": 0}}),
    Row("unaligned-512-qd32-fileio", "fileio",
        {"bs": 512, "qd": 32, "write": 50, "unaligned": 1},
        without=("floor", "memory")),
    *beside(),
    *variants("4-sessions", Login(sessions=4), MANY),
    *variants("8-sessions", Login(sessions=8), MANY),
    *variants("64-sessions", Login(sessions=64), MANY),
]


def choose(words):
    """Rows by name, or part of it; "quick" are the few, "all" all."""
    names = {row.name for row in ROWS}

    def wanted(row, word):
        if word in names:
            return word == row.name
        return word == "all" or word in row.name or (
            word == "quick" and row.quick)
    chosen = [row for row in ROWS if any(wanted(row, word) for word in words)]
    if not chosen:
        raise SystemExit(f"no row is named like any of {' '.join(words)}")
    return chosen
