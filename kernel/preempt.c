// SPDX-License-Identifier: GPL-2.0-only
/*
 * PREEMPT AND ABORT: see preempt.h (SPC-4 5.13.11.5).
 *
 * As with task management, the thread of each connection concerned aborts the
 * tasks.  Writes that the backend still holds become orphans, and bar the
 * logical unit for everybody: none of them may land after a write of who has
 * preempted.  The command waits for them for a while only; after that, who comes
 * is told BUSY for as long as they are there, and no command hangs with the
 * disk.
 */
#include "aca.h"
#include "cmnd.h"
#include "compat.h"
#include "conn.h"
#include "preempt.h"
#include "session.h"
#include "sweep.h"
#include "target.h"
#include "volume.h"

/* how long a backend may take to return the aborted writes */
#define DEADLINE msecs_to_jiffies(1500)

static bool is_preempted(const struct iet_preempt *p,
			 const struct iet_nexus *nexus)
{
	if (nexus == p->s->nexus)
		return p->own;
	return iet_pr_regs_find(p->gone, nexus->initiator, nexus->target->name);
}

/* When what they hold has been aborted: not before, or it would go on. */
static void end_conditions(struct iet_preempt *p)
{
	struct iet_session *session;

	mutex_lock(&iet_config_lock);
	list_for_each_entry(session, &iet_sessions, all_node)
		if (is_preempted(p, &session->nexus))
			iet_aca_clear(p->s->vol, &session->nexus);
	mutex_unlock(&iet_config_lock);
}

/*
 * The first time it begins to wait, the second time that is over.  A work item
 * never runs twice at once, so that however soon the second time comes, the
 * first is done with @p by then.
 */
static void end_work(struct work_struct *work)
{
	struct iet_preempt *p =
		container_of(to_delayed_work(work), struct iet_preempt, end);

	if (!p->waiting) {
		end_conditions(p);
		p->waiting = true;
		queue_delayed_work(iet_wq, &p->end, DEADLINE);
		iet_orphan_wait(p->s->vol, &p->wait);
		return;
	}
	iet_orphan_unwait(p->s->vol, &p->wait);
	/* nothing comes to an end in between any more */
	cancel_delayed_work(&p->end);
	p->done(p->s);
}

static void all_back(struct iet_orphan_wait *wait)
{
	struct iet_preempt *p = container_of(wait, struct iet_preempt, wait);

	mod_delayed_work(iet_wq, &p->end, 0);
}

/* After the last one has looked, wait. */
static void done(struct iet_sweep *sweep)
{
	struct iet_preempt *p = container_of(sweep, struct iet_preempt, sweep);

	queue_delayed_work(iet_wq, &p->end, 0);
}

static bool concerns(const struct iet_preempt *p, const struct iet_cmnd *cmnd)
{
	return iscsi_opcode(&cmnd->req) == ISCSI_OP_SCSI_CMD &&
	       (cmnd->state == IET_CMND_WAIT_DATA ||
		cmnd->state == IET_CMND_EXECUTING) &&
	       cmnd->scmd.vol == p->s->vol && &cmnd->scmd != p->s;
}

static bool look(struct iet_sweep *sweep, struct iet_conn *conn)
{
	struct iet_preempt *p = container_of(sweep, struct iet_preempt, sweep);
	struct iet_cmnd *cmnd, *next;

	list_for_each_entry_safe(cmnd, next, &conn->active, node) {
		bool held = cmnd->state == IET_CMND_EXECUTING;

		if (!concerns(p, cmnd))
			continue;
		if (&conn->session->nexus == p->s->nexus)
			iet_cmnd_abort(cmnd, NULL);
		else
			iet_cmnd_abort_by_other(cmnd, NULL,
						READ_ONCE(p->s->vol->mode.tas));
		if (held)
			iet_orphan_bar(&cmnd->scmd);
	}
	return true;
}

/*
 * Without memory for a message the connection ends, and its tasks with it:
 * those that are writing bar the unit when its thread, in a moment, ends them.
 */
static void lost(struct iet_sweep *sweep, struct iet_conn *conn)
{
	WRITE_ONCE(conn->session->nexus.bars, true);
	iet_conn_close(conn, IET_EVENT_ADMIN);
}

static const struct iet_sweep_ops ops = {
	.look = look,
	.lost = lost,
	.done = done,
};

/* Writes whose connection has ended already, and with it who could be told. */
static bool is_preempted_orphan(const struct iet_scmd *s, const void *arg)
{
	return is_preempted(arg, s->nexus);
}

/* Those of targets that are just being deleted, too. */
static void sweep_sessions(struct iet_preempt *p)
{
	struct iet_session *session;

	list_for_each_entry(session, &iet_sessions, all_node) {
		if (!is_preempted(p, &session->nexus))
			continue;
		iet_sweep_session(&p->sweep, session);
	}
}

static void sweep_work(struct work_struct *work)
{
	struct iet_preempt *p = container_of(work, struct iet_preempt, work);

	mutex_lock(&iet_config_lock);
	sweep_sessions(p);
	iet_orphan_bar_all(p->s->vol, is_preempted_orphan, p);
	mutex_unlock(&iet_config_lock);
	iet_sweep_end(&p->sweep);
}

/**
 * iet_preempt() - abort the tasks of preempted nexuses
 * @p: with @s, @gone, @own and @done set
 *
 * Context: any.
 */
void iet_preempt(struct iet_preempt *p)
{
	iet_sweep_begin(&p->sweep, &ops);
	INIT_WORK(&p->work, sweep_work);
	INIT_DELAYED_WORK(&p->end, end_work);
	INIT_LIST_HEAD(&p->wait.node);
	p->wait.bars_only = true;
	p->wait.all_back = all_back;
	p->waiting = false;
	queue_work(iet_wq, &p->work);
}
