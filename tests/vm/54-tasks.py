#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
"""
A few rounds of commands of all task attributes beside a model of SAM-5, always
the same: tests/long/task_model.py, which takes as many as one likes.
"""

import os
import runpy
import sys

sys.argv[1:] = ["500", "7", "4"]  # so many rounds, however long they take
runpy.run_path(os.path.join(os.environ["IET_TOP"],
                            "tests/long/task_model.py"), run_name="__main__")
