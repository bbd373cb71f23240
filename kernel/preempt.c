// SPDX-License-Identifier: GPL-2.0-only
/*
 * PREEMPT AND ABORT: see preempt.h (SPC-4 5.13.11.5).
 *
 * As with task management, a worker sends a message to each connection
 * concerned, whose thread aborts the tasks.  Writes that the backend still
 * holds become orphans, and bar the logical unit for everybody: none of them
 * may land after a write of who has preempted.  The command waits for them for
 * a while only; after that, who comes is told BUSY for as long as they are
 * there, and no command hangs with the disk.
 */
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "aca.h"
#include "cmnd.h"
#include "compat.h"
#include "conn.h"
#include "pr_state.h"
#include "preempt.h"
#include "session.h"
#include "target.h"
#include "volume.h"

/* how long a backend may take to return the aborted writes */
#define DEADLINE msecs_to_jiffies(1500)

/**
 * struct preempt_msg - asks a connection's thread to abort commands
 * @msg: the message
 * @p: on whose behalf, with a count in its @looking
 */
struct preempt_msg {
	struct iet_conn_msg msg;
	struct iet_preempt *p;
};

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

/* Somebody has looked; after the last one, wait. */
static void put_looking(struct iet_preempt *p)
{
	if (atomic_dec_and_test(&p->looking))
		queue_delayed_work(iet_wq, &p->end, 0);
}

static bool concerns(const struct iet_preempt *p, const struct iet_cmnd *cmnd)
{
	return iscsi_opcode(&cmnd->req) == ISCSI_OP_SCSI_CMD &&
	       (cmnd->state == IET_CMND_WAIT_DATA ||
		cmnd->state == IET_CMND_EXECUTING) &&
	       cmnd->scmd.vol == p->s->vol && &cmnd->scmd != p->s;
}

/* In the connection's thread. */
static void take_message(struct iet_conn *conn, struct iet_conn_msg *msg)
{
	struct preempt_msg *m = container_of(msg, struct preempt_msg, msg);
	struct iet_cmnd *cmnd, *next;

	list_for_each_entry_safe(cmnd, next, &conn->active, node) {
		bool held = cmnd->state == IET_CMND_EXECUTING;

		if (!concerns(m->p, cmnd))
			continue;
		if (&conn->session->nexus == m->p->s->nexus)
			iet_cmnd_abort(cmnd, NULL);
		else
			iet_cmnd_abort_by_other(
				cmnd, NULL, READ_ONCE(m->p->s->vol->mode.tas));
		if (held)
			iet_orphan_bar(&cmnd->scmd);
	}
	put_looking(m->p);
	kfree(m);
}

/*
 * Without memory for a message the connection ends, and its tasks with it:
 * those that are writing bar the unit when its thread, in a moment, ends them.
 */
static void tell(struct iet_conn *conn, struct iet_preempt *p)
{
	struct preempt_msg *m = kmalloc(sizeof(*m), GFP_KERNEL);

	if (!m) {
		WRITE_ONCE(conn->session->nexus.bars, true);
		iet_conn_close(conn, IET_EVENT_ADMIN);
		return;
	}
	m->msg.fn = take_message;
	m->p = p;
	atomic_inc(&p->looking);
	iet_conn_tell(conn, &m->msg);
}

static bool is_preempted(const struct iet_preempt *p,
			 const struct iet_nexus *nexus)
{
	const struct iet_pr_reg *reg;

	if (nexus == p->s->nexus)
		return p->own;
	list_for_each_entry(reg, p->gone, node)
		if (!strcmp(reg->port, nexus->initiator) &&
		    !strcmp(reg->target, nexus->target->name))
			return true;
	return false;
}

/* Writes whose connection has ended already, and with it who could be told. */
static bool is_preempted_orphan(const struct iet_scmd *s, const void *arg)
{
	return is_preempted(arg, s->nexus);
}

/* Those of targets that are just being deleted, too. */
static void tell_sessions(struct iet_preempt *p)
{
	struct iet_session *session;
	struct iet_conn *conn;

	list_for_each_entry(session, &iet_sessions, all_node) {
		if (!is_preempted(p, &session->nexus))
			continue;
		iet_aca_clear(p->s->vol, &session->nexus);
		list_for_each_entry(conn, &session->conns, session_node)
			tell(conn, p);
	}
}

static void tell_work(struct work_struct *work)
{
	struct iet_preempt *p = container_of(work, struct iet_preempt, work);
	unsigned int noio = memalloc_noio_save();

	mutex_lock(&iet_config_lock);
	tell_sessions(p);
	iet_orphan_bar_all(p->s->vol, is_preempted_orphan, p);
	mutex_unlock(&iet_config_lock);
	memalloc_noio_restore(noio);
	put_looking(p);
}

/**
 * iet_preempt() - abort the tasks of preempted nexuses
 * @p: with @s, @gone, @own and @done set
 *
 * Context: any.
 */
void iet_preempt(struct iet_preempt *p)
{
	atomic_set(&p->looking, 1);
	INIT_WORK(&p->work, tell_work);
	INIT_DELAYED_WORK(&p->end, end_work);
	INIT_LIST_HEAD(&p->wait.node);
	p->wait.all_back = all_back;
	p->waiting = false;
	queue_work(iet_wq, &p->work);
}
