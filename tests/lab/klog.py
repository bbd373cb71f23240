# SPDX-License-Identifier: GPL-2.0-only
"""Finds the lines of a kernel log that no test may cause."""

import re

BAD = re.compile("|".join([
    r"\bBUG: ", r"\bWARNING: ", r"\bOops\b", r"general protection",
    r"Unable to handle kernel", r"unable to handle page fault",
    r"Kernel panic", r"kernel BUG at", r"KASAN", r"KFENCE", r"KCSAN",
    r"UBSAN", r"refcount_t:", r"possible circular locking",
    r"possible recursive locking", r"inconsistent lock state",
    r"suspicious RCU usage", r"lock held when returning",
    r"held lock freed", r"DEBUG_LOCKS_WARN", r"ODEBUG:",
    r"non-static key", r"still has objects", r"Objects remaining",
    r"unreferenced object", r"kmemleak: [1-9]", r"blocked for more than",
    r"soft lockup", r"detected stalls", r"self-detected stall",
    r"scheduling while atomic", r"Bad page", r"list_(add|del) corruption",
    r"invoked oom-killer", r"page allocation failure", r"double free",
    r"stack-protector", r"segfault at",
]))


# What comes before a warning that is the initiator's, not the target's:
# Linux 7.2 waits for runtime power management of SCSI devices when a session
# of open-iscsi ends. One of LIO does the same, without our module.
FOREIGN = re.compile(
    r"WQ_MEM_RECLAIM iscsi_ctrl_\S+ .*is flushing !WQ_MEM_RECLAIM pm:")


def bad_lines(text):
    """The lines of text that tell of a fault, at most twenty."""
    lines = text.splitlines()
    return [line for before, line in zip(["", *lines], lines)
            if BAD.search(line) and not FOREIGN.search(before)][:20]
