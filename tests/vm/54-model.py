#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
"""
Some hundred random commands beside a model of the media, always the same:
tests/long/model.py, which takes as many as one likes.
"""

import os
import runpy
import sys

sys.argv[1:] = ["500", "1", "400"]  # so many steps, however long they take
runpy.run_path(os.path.join(os.environ["IET_TOP"], "tests/long/model.py"),
               run_name="__main__")
