#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
"""
A few sessions of random PDUs beside a model of the protocol, always the same:
tests/long/wire_model.py, which takes as many as one likes.
"""

import os
import runpy
import sys

sys.argv[1:] = ["500", "5", "8"]  # so many sessions, however long they take
runpy.run_path(os.path.join(os.environ["IET_TOP"],
                            "tests/long/wire_model.py"), run_name="__main__")
