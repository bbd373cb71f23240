# SPDX-License-Identifier: GPL-2.0-only
"""open-iscsi, for test programs: what iet.sh has, and that it ends."""

import os
import subprocess

from ktap import Failed, wait_for


def oi_shell(script):
    """
    A shell script with the functions of iet.sh, whose failure is the case's.
    iscsid runs, and has discovered. Its output.
    """
    done = subprocess.run(["bash", "-c", f"""
        . tests/lib/ktap.sh >/dev/null; . tests/lib/iet.sh
        iet_teardown() {{ :; }}; ktap_plan=0
        trap oi_down EXIT
        set -e
        oi_up && oi_discover >/dev/null
        {script}
        """], capture_output=True, text=True,
        cwd=os.environ["IET_TOP"], timeout=600)
    # it may need longer to end than oi_down waits
    wait_for("iscsid ends", lambda: subprocess.run(
        ["pgrep", "-x", "iscsid"], capture_output=True).returncode)
    if done.returncode:
        raise Failed(f"{done.stdout}\n{done.stderr}")
    return done.stdout
