# SPDX-License-Identifier: GPL-2.0-only
"""The parts of tests/run: kernels, builds, the VM, and the reading of KTAP."""

from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
CACHE = TOP / ".cache"


class LabError(Exception):
    """Something that keeps the tests from being run at all; one line."""
