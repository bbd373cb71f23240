#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
"""
Some rounds of sessions and connections that begin and end beside a model,
always the same: tests/long/session_model.py, which takes as many as one likes.
"""

import os
import runpy
import sys

sys.argv[1:] = ["500", "7", "4"]  # so many rounds, however long they take
runpy.run_path(os.path.join(os.environ["IET_TOP"],
                            "tests/long/session_model.py"),
               run_name="__main__")
