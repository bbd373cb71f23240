#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
"""
Some random steps of administrators beside a model of what there must be, always
the same: tests/long/admin_model.py, which takes as many as one likes.
"""

import os
import runpy
import sys

sys.argv[1:] = ["500", "1", "20"]  # so many steps, however long they take
runpy.run_path(os.path.join(os.environ["IET_TOP"],
                            "tests/long/admin_model.py"),
               run_name="__main__")
