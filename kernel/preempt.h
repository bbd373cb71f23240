/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PREEMPT AND ABORT: ends the tasks of those who have been preempted.  It is
 * the session layer's, since tasks belong to the threads of connections.
 */
#ifndef IET_PREEMPT_H
#define IET_PREEMPT_H

#include <linux/list.h>
#include <linux/workqueue.h>

#include "pr_regs.h"
#include "scsi.h"
#include "sweep.h"

/**
 * struct iet_preempt - tasks are being aborted
 * @s: on whose behalf
 * @gone: the nexuses that have been preempted
 * @own: and the nexus of @s
 * @sweep: the connections of those
 * @work: asks them
 * @waiting: @end has begun to wait
 * @wait: for what has to come back from the backend
 * @end: when it has, or has not
 * @done: called once
 *
 * Lifetime: of the caller, up to @done.
 */
struct iet_preempt {
	struct iet_scmd *s;
	const struct iet_pr_regs *gone;
	bool own;
	struct iet_sweep sweep;
	struct work_struct work;
	bool waiting;
	struct iet_orphan_wait wait;
	struct delayed_work end;
	void (*done)(struct iet_scmd *s);
};

void iet_preempt(struct iet_preempt *p);

#endif /* IET_PREEMPT_H */
