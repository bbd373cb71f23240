/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is counted and traced of a SCSI command.
 */
#ifndef IET_CMND_STATS_H
#define IET_CMND_STATS_H

#include <linux/ktime.h>

#include "cmnd.h"
#include "latency.h"
#include "trace.h"

/**
 * iet_cmnd_timed() - does anybody want to know how long commands take?
 *
 * Return: true if so
 */
static inline bool iet_cmnd_timed(void)
{
	return static_branch_unlikely(&iet_latency_key) ||
	       trace_iet_scsi_done_enabled();
}

/**
 * iet_cmnd_stamp() - note the time, if anybody wants to know
 * @when: takes it, nanoseconds
 */
static inline void iet_cmnd_stamp(u64 *when)
{
	if (iet_cmnd_timed())
		*when = ktime_get_ns();
}

void iet_cmnd_account(struct iet_cmnd *cmnd, bool answered);

/**
 * iet_cmnd_begun() - it is a SCSI command's turn
 * @cmnd: the command, prepared
 *
 * Context: the connection's thread.
 */
static inline void iet_cmnd_begun(struct iet_cmnd *cmnd)
{
	cmnd->begun = true;
	trace_iet_scsi_cmd(cmnd);
}

/**
 * iet_cmnd_ended() - count a SCSI command that has ended
 * @cmnd: a command; only the first call after its beginning counts
 * @answered: with its status on the way, else without any
 *
 * Context: the connection's thread.
 */
static inline void iet_cmnd_ended(struct iet_cmnd *cmnd, bool answered)
{
	if (cmnd->begun)
		iet_cmnd_account(cmnd, answered);
}

#endif /* IET_CMND_STATS_H */
