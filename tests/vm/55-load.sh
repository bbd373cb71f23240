#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 900
# A small crowd: see tests/load/load.py, and "make load" for the large one.
exec tests/load/load.py 300 30 12
