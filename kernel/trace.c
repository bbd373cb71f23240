// SPDX-License-Identifier: GPL-2.0-only
/*
 * Trace events: their definitions are made here.
 */
#include "compat.h"

#define CREATE_TRACE_POINTS
#include "trace.h"
