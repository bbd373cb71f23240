#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Which lines of a kernel log fail a test: tests/lab/klog.py."""

import os
import sys
from pathlib import Path

TOP = Path(os.environ.get("IET_TOP", "."))
sys.path[:0] = [str(TOP / "tests/lib"), str(TOP / "tests/lab")]

from klog import bad_lines  # noqa: E402
from ktap import Failed, case, main  # noqa: E402

WARNING = ("[   50.953631] WARNING: kernel/workqueue.c:3856 at "
           "check_flush_dependency.part.0+0xa0/0x110, CPU#0: kworker/u8:0/12")
FLUSH = ("[   50.953036] workqueue: WQ_MEM_RECLAIM {} is flushing "
         "!WQ_MEM_RECLAIM {}")
INITIATOR = "iscsi_ctrl_1:90:__iscsi_unbind_session [scsi_transport_iscsi]"
POWER = "pm:pm_runtime_work"


def expect(lines, *bad):
    found = bad_lines("\n".join(lines))
    if found != list(bad):
        raise Failed(f"{found}")


@case("a warning counts, other lines don't")
def _():
    expect(["[    1.000000] sd 0:0:0:0: [sda] Attached SCSI disk", WARNING,
            "[    2.000000] iscsi_trgt: 1 warning"], WARNING)


@case("the initiator's own one when a session ends does not")
def _():
    expect([FLUSH.format(INITIATOR, POWER), WARNING])


@case("the same of another queue, for other work, or a later one does")
def _():
    for text in (FLUSH.format("iet:conn_work [iscsi_trgt]", POWER),
                 FLUSH.format(INITIATOR, "events:conn_work [iscsi_trgt]")):
        expect([text, WARNING], WARNING)
    expect([FLUSH.format(INITIATOR, POWER), WARNING, WARNING], WARNING)


main()
