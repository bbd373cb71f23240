// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is counted and traced of a SCSI command.
 *
 * It is counted once, when its response is built, or when it goes without one;
 * both happen in the session's thread, which alone writes to the counters.
 */
#include <scsi/scsi_proto.h>

#include "cmnd_stats.h"
#include "compat.h"
#include "conn.h"
#include "opcodes.h"
#include "session.h"

#define READS (IET_OP_MEDIUM | IET_OP_LIMIT | IET_OP_IN)
#define WRITES (IET_OP_MEDIUM | IET_OP_WRITE | IET_OP_OUT)

static enum iet_stat_attr kind(const struct iet_scmd *s)
{
	if (s->op && (s->op->flags & READS) == READS)
		return IET_ST_READS;
	if (s->op && (s->op->flags & WRITES) == WRITES)
		return IET_ST_WRITES;
	return IET_ST_OTHERS;
}

static void count_status(struct iet_stats *stats, const struct iet_scmd *s,
			 bool answered)
{
	if (!answered || s->status == SAM_STAT_TASK_ABORTED)
		iet_stats_add(stats, IET_ST_ABORTED, 1);
	else if (s->status == SAM_STAT_CHECK_CONDITION)
		iet_stats_add(stats, IET_ST_CHECKS, 1);
	else
		iet_stats_add(stats, IET_ST_ERRORS, 1);
}

static void count(struct iet_stats *stats, const struct iet_cmnd *cmnd,
		  bool answered)
{
	const struct iet_scmd *s = &cmnd->scmd;
	enum iet_stat_attr attr = kind(s);

	iet_stats_add(stats, attr, 1);
	if (unlikely(!answered || s->status != SAM_STAT_GOOD))
		count_status(stats, s, answered);
	else if (attr == IET_ST_READS)
		iet_stats_add(stats, IET_ST_READ_BYTES,
			      iet_cmnd_data_in_len(cmnd));
	else if (attr == IET_ST_WRITES)
		iet_stats_add(stats, IET_ST_WRITE_BYTES,
			      min(s->out_len, s->edtl));
}

/* one that has been retained, see recovery.c, does not hold its unit any more */
static struct iet_stats *stats_of(const struct iet_scmd *s)
{
	struct iet_itl *itl = iet_nexus_itl(s->nexus, s->lun_raw);

	return itl && (!s->vol || s->vol == itl->lun->vol) ? &itl->stats :
							     &s->nexus->stats;
}

static void measure(struct iet_cmnd *cmnd, bool answered)
{
	const struct iet_scmd *s = &cmnd->scmd;
	enum iet_stat_attr attr = kind(s);
	struct iet_cmnd_times t = {};

	/* if they are all there: it may just have been switched on */
	if (cmnd->times.begun) {
		t.begun = ktime_get_ns() - cmnd->times.begun;
		if (cmnd->times.run && cmnd->times.done) {
			t.run = cmnd->times.run - cmnd->times.begun;
			t.done = cmnd->times.done - cmnd->times.run;
			if (answered && s->vol && attr != IET_ST_OTHERS)
				iet_latency_count(s->vol, attr == IET_ST_WRITES,
						  t.begun, t.done);
		}
	}
	trace_iet_scsi_done(cmnd, answered, t.begun, t.run, t.done);
}

/**
 * iet_cmnd_account() - count a SCSI command that ends
 * @cmnd: the command, which has begun and was not counted yet
 * @answered: with its status on the way, else without any
 *
 * Context: the connection's thread.
 */
void iet_cmnd_account(struct iet_cmnd *cmnd, bool answered)
{
	const struct iet_scmd *s = &cmnd->scmd;

	cmnd->begun = false;
	rcu_read_lock();
	count(stats_of(s), cmnd, answered);
	rcu_read_unlock();
	if (iet_cmnd_timed())
		measure(cmnd, answered);
}
