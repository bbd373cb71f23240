// SPDX-License-Identifier: GPL-2.0-only
/*
 * Task management (RFC 7143 11.5, 4.2.3; SAM-5 7).
 *
 * ABORT TASK concerns one command of the same connection.  The others may
 * concern commands of any connection of the target, and only a connection's
 * thread may touch its commands: a worker sends each of them a message, and
 * the response is sent when all have looked and no backend holds an aborted
 * command any more.  Nobody else waits.
 *
 * A backend that hangs is not waited for: after a while the commands that it
 * still holds are alive again, and the function is rejected.  "Function
 * complete" would be a lie, since a write could land after it.
 */
#include <linux/slab.h>

#include "cmnd.h"
#include "compat.h"
#include "conn.h"
#include "ready.h"
#include "sense.h"
#include "session.h"
#include "target.h"
#include "tmf.h"
#include "volume.h"

/**
 * struct iet_tmf_op - a task management function
 * @function: enum iscsi_tmf
 * @lun: it concerns a logical unit
 * @all_sessions: commands of all I_T nexuses, not only of the requester's
 * @ua: unit attention for all I_T nexuses concerned, 0 = none
 * @ua_cleared: unit attention for the others whose commands were cleared
 */
struct iet_tmf_op {
	u8 function;
	bool lun;
	bool all_sessions;
	u16 ua;
	u16 ua_cleared;
};

/**
 * struct tmf_msg - asks a connection's thread to abort commands
 * @msg: the message
 * @tmf: on whose behalf, with a count in its @pending
 * @give_up: let what a backend still holds go on instead
 */
struct tmf_msg {
	struct iet_conn_msg msg;
	struct iet_tmf *tmf;
	bool give_up;
};

/* how long a backend may take to return the aborted commands */
#define TMF_DEADLINE msecs_to_jiffies(1500)

static const struct iet_tmf_op tmf_ops[] = {
	{ .function = ISCSI_TMF_ABORT_TASK, .lun = true },
	{ .function = ISCSI_TMF_ABORT_TASK_SET, .lun = true },
	{
		.function = ISCSI_TMF_CLEAR_TASK_SET,
		.lun = true,
		.all_sessions = true,
		.ua_cleared = IET_ASC_COMMANDS_CLEARED,
	},
	{
		.function = ISCSI_TMF_LOGICAL_UNIT_RESET,
		.lun = true,
		.all_sessions = true,
		.ua = IET_ASC_LUN_RESET,
	},
	{
		.function = ISCSI_TMF_TARGET_WARM_RESET,
		.all_sessions = true,
		.ua = IET_ASC_BUS_RESET,
	},
};

static const struct iet_tmf_op *find_op(u8 function)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tmf_ops); i++) {
		if (tmf_ops[i].function == function)
			return &tmf_ops[i];
	}
	return NULL;
}

static struct iet_cmnd *tmf_cmnd(struct iet_tmf *tmf)
{
	return container_of(tmf, struct iet_cmnd, tmf);
}

/**
 * iet_tmf_get - there is one more thing to wait for
 * @tmf: function in progress
 */
void iet_tmf_get(struct iet_tmf *tmf)
{
	refcount_inc(&tmf->pending);
}

/**
 * iet_tmf_put - something that was waited for has ended
 * @tmf: function in progress
 *
 * Context: any.
 */
void iet_tmf_put(struct iet_tmf *tmf)
{
	if (refcount_dec_and_test(&tmf->pending))
		iet_cmnd_done(tmf_cmnd(tmf));
}

/**
 * iet_tmf_release - the command that carried the function ends
 * @tmf: function, or one that never began
 */
void iet_tmf_release(struct iet_tmf *tmf)
{
	if (tmf->vol)
		percpu_ref_put(&tmf->vol->ref);
	tmf->vol = NULL;
}

/* By another connection of the session, after the function. */
static bool came_later(struct iet_tmf *tmf, const struct iet_cmnd *cmnd)
{
	const struct iet_cmnd *own = tmf_cmnd(tmf);

	return cmnd->conn->session == own->conn->session &&
	       cmnd->conn != own->conn && cmnd->counted &&
	       iscsi_sn_before(own->cmd_sn, cmnd->cmd_sn);
}

/* Does the function concern this command? */
static bool concerns(struct iet_tmf *tmf, const struct iet_cmnd *cmnd)
{
	if (iscsi_opcode(&cmnd->req) != ISCSI_OP_SCSI_CMD)
		return false;
	if (cmnd->state != IET_CMND_WAIT_DATA &&
	    cmnd->state != IET_CMND_EXECUTING)
		return false;
	if (came_later(tmf, cmnd))
		return false;
	return !tmf->op->lun || cmnd->scmd.vol == tmf->vol;
}

/*
 * Another initiator's command is about to be aborted, of which the unit
 * attention is to tell it: one that came meanwhile may have taken that.
 */
static void tell_again(const struct iet_tmf *tmf, const struct iet_cmnd *cmnd,
		       struct iet_conn *own)
{
	u16 asc = tmf->op->ua ?: tmf->op->ua_cleared;
	struct iet_itl *itl;

	if (!asc || cmnd->conn->session == own->session)
		return;
	rcu_read_lock();
	itl = iet_nexus_itl(&cmnd->conn->session->nexus, cmnd->scmd.lun_raw);
	if (itl)
		iet_ua_add(itl->lun->vol, itl, asc);
	rcu_read_unlock();
}

/* In the connection's thread: abort its commands, or let them go on. */
static void take_message(struct iet_conn *conn, struct iet_conn_msg *msg)
{
	struct tmf_msg *m = container_of(msg, struct tmf_msg, msg);
	struct iet_tmf *tmf = m->tmf;
	struct iet_cmnd *cmnd, *next;

	list_for_each_entry_safe(cmnd, next, &conn->active, node) {
		/* what came after the function is none of its business */
		if (cmnd == tmf_cmnd(tmf))
			break;
		if (m->give_up) {
			iet_cmnd_revive(cmnd, tmf);
		} else if (concerns(tmf, cmnd) && !cmnd->aborted) {
			tell_again(tmf, cmnd, tmf_cmnd(tmf)->conn);
			iet_cmnd_abort(cmnd, tmf);
		}
	}
	kfree(m);
	iet_tmf_put(tmf);
}

static bool send_message(struct iet_conn *conn, struct iet_tmf *tmf)
{
	struct tmf_msg *m = kmalloc(sizeof(*m), GFP_NOIO);

	if (!m)
		return false;
	m->msg.fn = take_message;
	m->tmf = tmf;
	m->give_up = READ_ONCE(tmf->given_up);
	iet_tmf_get(tmf);
	iet_conn_tell(conn, &m->msg);
	return true;
}

static void establish_ua(struct iet_tmf *tmf, struct iet_session *own)
{
	const struct iet_tmf_op *op = tmf->op;
	struct iet_session *session;
	struct iet_lun *lun;
	unsigned long i;

	if (op->lun && op->ua) {
		iet_ua_volume(tmf->vol, op->ua, NULL);
		iet_reservation_reset(tmf->vol);
		iet_mode_reset(tmf->vol);
		iet_ready_reset(tmf->vol);
	}
	if (op->lun && op->ua_cleared)
		iet_ua_volume(tmf->vol, op->ua_cleared, &own->nexus);
	if (op->lun || !op->ua)
		return;
	xa_for_each(&own->target->luns, i, lun) {
		iet_reservation_reset(lun->vol);
		iet_mode_reset(lun->vol);
		iet_ready_reset(lun->vol);
	}
	list_for_each_entry(session, &own->target->sessions, target_node)
		iet_ua_nexus(&session->nexus, op->ua);
}

/* A volume may be mapped into several targets: look at all of them. */
static bool session_concerned(const struct iet_tmf *tmf,
			      const struct iet_session *own,
			      const struct iet_session *session)
{
	if (session == own)
		return true;
	if (!tmf->op->all_sessions)
		return false;
	return tmf->op->lun || session->target == own->target;
}

static bool send_messages(struct iet_tmf *tmf, struct iet_session *own)
{
	struct iet_session *session;
	struct iet_target *target;
	struct iet_conn *conn;
	bool ok = true;

	list_for_each_entry(target, &iet_targets, node) {
		list_for_each_entry(session, &target->sessions, target_node) {
			if (!session_concerned(tmf, own, session))
				continue;
			list_for_each_entry(conn, &session->conns, session_node)
				ok &= send_message(conn, tmf);
		}
	}
	return ok;
}

static void tmf_work(struct work_struct *work)
{
	struct iet_tmf *tmf = container_of(work, struct iet_tmf, work);
	struct iet_cmnd *cmnd = tmf_cmnd(tmf);
	struct iet_session *own = cmnd->conn->session;

	mutex_lock(&iet_config_lock);
	if (!tmf->given_up)
		establish_ua(tmf, own);
	if (!send_messages(tmf, own))
		cmnd->response = ISCSI_TMF_RSP_REJECTED;
	mutex_unlock(&iet_config_lock);
	iet_tmf_put(tmf);
}

static bool is_waiting(const struct iet_cmnd *cmnd)
{
	return iscsi_opcode(&cmnd->req) == ISCSI_OP_TMF_REQ &&
	       cmnd->state == IET_CMND_EXECUTING && !cmnd->aborted &&
	       !cmnd->tmf.given_up;
}

/* @work is not in use any more: it held a count until its end. */
static void give_up(struct iet_tmf *tmf)
{
	/* it may have ended just now, which the thread will see next */
	if (!refcount_inc_not_zero(&tmf->pending))
		return;
	WRITE_ONCE(tmf->given_up, true);
	tmf_cmnd(tmf)->response = ISCSI_TMF_RSP_REJECTED;
	INIT_WORK(&tmf->work, tmf_work);
	queue_work(iet_wq, &tmf->work);
}

/**
 * iet_tmf_check - give up the functions that have waited too long
 * @conn: the connection; its tmf_timer has fired
 *
 * Context: the connection's thread; does not sleep.
 */
void iet_tmf_check(struct iet_conn *conn)
{
	unsigned long next = 0;
	struct iet_cmnd *cmnd;

	list_for_each_entry(cmnd, &conn->active, node) {
		if (!is_waiting(cmnd))
			continue;
		/* the messages have not been sent yet: look again */
		if (work_busy(&cmnd->tmf.work))
			next = jiffies + 1;
		else if (time_after_eq(jiffies, cmnd->tmf.deadline))
			give_up(&cmnd->tmf);
		else if (!next || time_before(cmnd->tmf.deadline, next))
			next = cmnd->tmf.deadline;
	}
	if (next)
		queue_delayed_work(iet_wq, &conn->tmf_timer,
				   max_t(long, next - jiffies, 1));
}

/* A task that does not exist: it is over, or its request did not arrive. */
static u8 abort_missing(struct iet_cmnd *cmnd)
{
	const struct iscsi_tmf_hdr *hdr = (void *)&cmnd->req;
	u32 ref = be32_to_cpu(hdr->ref_cmd_sn);

	/* that of an immediate task is the function's own (11.5.5) */
	if (!iscsi_sn_before(ref, cmnd->cmd_sn))
		return ISCSI_TMF_RSP_NO_TASK;
	switch (iet_cmnd_plug(cmnd->conn, ref)) {
	case 0:
		return ISCSI_TMF_RSP_COMPLETE;
	case -ENOENT:
		return ISCSI_TMF_RSP_NO_TASK;
	default:
		return ISCSI_TMF_RSP_REJECTED;
	}
}

static void abort_task(struct iet_cmnd *cmnd)
{
	const struct iscsi_tmf_hdr *hdr = (void *)&cmnd->req;
	struct iet_cmnd *victim = iet_cmnd_find_any(cmnd->conn, hdr->ref_itt);

	/*
	 * If it is not here, its connection is slower than this one.  A
	 * response that is on its way is sent before ours, which then says
	 * that the task does not exist (11.6.1).
	 */
	if (!victim)
		cmnd->response = abort_missing(cmnd);
	else if (iscsi_opcode(&victim->req) != ISCSI_OP_SCSI_CMD ||
		 memcmp(victim->req.lun, hdr->lun, sizeof(hdr->lun)) ||
		 victim->state >= IET_CMND_SENDING)
		cmnd->response = ISCSI_TMF_RSP_NO_TASK;
	else
		iet_cmnd_abort(victim, &cmnd->tmf);
	iet_tmf_put(&cmnd->tmf);
}

/* Allegiance can be taken over at ErrorRecoveryLevel 2 only (11.6.1). */
static u8 unsupported(u8 function)
{
	return function == ISCSI_TMF_TASK_REASSIGN ?
		       ISCSI_TMF_RSP_NO_REASSIGN :
		       ISCSI_TMF_RSP_NOT_SUPPORTED;
}

/**
 * iet_tmf_start - carry out a task management function
 * @cmnd: the request
 *
 * Context: the connection's thread; does not sleep.
 */
void iet_tmf_start(struct iet_cmnd *cmnd)
{
	const struct iscsi_tmf_hdr *hdr = (void *)&cmnd->req;
	struct iet_tmf *tmf = &cmnd->tmf;

	cmnd->kind = IET_TX_TMF;
	cmnd->response = ISCSI_TMF_RSP_COMPLETE;
	tmf->op = find_op(hdr->function & ISCSI_TMF_MASK);
	if (!tmf->op) {
		cmnd->response = unsupported(hdr->function & ISCSI_TMF_MASK);
		iet_conn_queue(cmnd->conn, cmnd);
		return;
	}
	if (tmf->op->lun) {
		tmf->vol = iet_nexus_get_volume(&cmnd->conn->session->nexus,
						hdr->lun);
		if (!tmf->vol) {
			cmnd->response = ISCSI_TMF_RSP_NO_LUN;
			iet_conn_queue(cmnd->conn, cmnd);
			return;
		}
	}
	cmnd->state = IET_CMND_EXECUTING;
	refcount_set(&tmf->pending, 1);
	tmf->given_up = false;
	tmf->deadline = jiffies + TMF_DEADLINE;
	INIT_WORK(&tmf->work, tmf_work);
	queue_delayed_work(iet_wq, &cmnd->conn->tmf_timer, TMF_DEADLINE);
	if (tmf->op->function == ISCSI_TMF_ABORT_TASK) {
		abort_task(cmnd);
		return;
	}
	queue_work(iet_wq, &tmf->work);
}
