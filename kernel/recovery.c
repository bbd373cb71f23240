// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connection recovery at ErrorRecoveryLevel 2 (RFC 7143 7.2.2, 11.5.1, 11.14).
 *
 * A connection that fails, or is logged out for recovery, is suspended: it has
 * no socket any more, but it keeps its SCSI tasks, those that backends hold,
 * those that wait for data, and those whose status is not acknowledged.  It is
 * not given up before Time2Wait + Time2Retain seconds have passed; then its
 * tasks end as those of other connections do.  As long as there is a suspended
 * connection there is its session, too, so that a session can be continued by
 * a login when all its connections have failed.
 *
 * TASK REASSIGN moves a task to the connection that it comes by.  The task's
 * memory stays where it is, with the connection that it was received on
 * (iet_cmnd.home); that one thus lasts as long as the task.
 *
 * All of a session is in one thread, so nothing here needs a lock.
 */
#include <linux/kernel.h>

#include "cmnd.h"
#include "compat.h"
#include "conn.h"
#include "nthread.h"
#include "recovery.h"
#include "session.h"
#include "trace.h"

/* suspended connections of a session; the oldest is given up for a new one */
#define SUSPENDED_MAX IET_MAX_CONNECTIONS

/**
 * iet_recovery_possible - may a connection that ends be suspended?
 * @conn: the connection
 *
 * Not if someone wants its end, or if nothing is to be retained (13.16).
 *
 * Context: the session's thread, or iet_config_lock held.
 * Return: true if so
 */
bool iet_recovery_possible(const struct iet_conn *conn)
{
	return conn->erl == 2 && !test_bit(IET_CONN_END, &conn->flags) &&
	       conn->session->keys[IET_K_DEFAULT_TIME2RETAIN];
}

static bool is_scsi_task(const struct iet_cmnd *cmnd)
{
	if (iscsi_opcode(&cmnd->req) != ISCSI_OP_SCSI_CMD || cmnd->aborted)
		return false;
	switch (cmnd->state) {
	case IET_CMND_WAIT_DATA:
	case IET_CMND_EXECUTING:
		return true;
	case IET_CMND_SENDING:
	case IET_CMND_SENT:
		/* not a Reject of such a command */
		return cmnd->kind == IET_TX_SCSI;
	default:
		return false;
	}
}

static void suspend_task(struct iet_cmnd *cmnd)
{
	if (cmnd->state == IET_CMND_WAIT_DATA) {
		cmnd->r2t_again = false;
		iet_r2t_restart(&cmnd->r2t);
	} else if (cmnd->state == IET_CMND_SENDING) {
		iet_cmnd_keep(cmnd);
	}
}

/*
 * What is not a SCSI task ends; so do requests that were not executed since
 * another was missing (11.14).
 */
static void suspend_tasks(struct iet_conn *conn)
{
	struct iet_cmnd *cmnd, *next;
	struct iet_rx *rx = &conn->rx;

	/* accounted for at its header, but the rest of it never comes */
	if (rx->cmnd && iscsi_opcode(&rx->bhs) == ISCSI_OP_DATA_OUT)
		iet_r2t_lost(&rx->cmnd->r2t, rx->data_off,
			     rx->bhs.flags & ISCSI_FLAG_FINAL);
	rx->cmnd = NULL;
	iet_tx_drop(conn);
	list_for_each_entry_safe(cmnd, next, &conn->active, node) {
		iet_cmnd_dequeue(cmnd);
		if (is_scsi_task(cmnd))
			suspend_task(cmnd);
		else
			iet_cmnd_end(cmnd);
	}
}

static void start_timer(struct iet_conn *conn)
{
	const u32 *keys = conn->session->keys;
	unsigned long delay = (keys[IET_K_DEFAULT_TIME2WAIT] +
			       keys[IET_K_DEFAULT_TIME2RETAIN]) *
			      HZ;

	iet_timer_set(conn, IET_TIMER_RETAIN, delay);
}

/* An initiator that reconnects again and again must not pile them up. */
static void limit_suspended(struct iet_session *session)
{
	struct iet_conn *conn, *oldest = NULL;
	unsigned int nr = 0;

	/* the newest come first */
	list_for_each_entry(conn, &session->members, member_node) {
		if (conn->suspended) {
			oldest = conn;
			nr++;
		}
	}
	if (nr > SUSPENDED_MAX)
		iet_conn_end(oldest, IET_EVENT_TIMEOUT);
}

/**
 * iet_recovery_begin - suspend a connection
 * @conn: the connection, which sends and receives no more
 *
 * Context: the session's thread.
 */
void iet_recovery_begin(struct iet_conn *conn)
{
	suspend_tasks(conn);
	conn->suspended = true;
	trace_iet_conn_state(conn, IET_TRACE_CONN_SUSPENDED);
	start_timer(conn);
	limit_suspended(conn->session);
}

/**
 * iet_recovery_timer - a suspended connection has been retained long enough
 * @conn: the connection
 *
 * Context: the session's thread.
 */
void iet_recovery_timer(struct iet_conn *conn)
{
	conn->retained = true;
}

static bool has_live_member(const struct iet_session *session)
{
	const struct iet_conn *conn;

	list_for_each_entry(conn, &session->members, member_node) {
		if (conn->state == IET_CONN_ACTIVE)
			return true;
	}
	return false;
}

/**
 * iet_recovery_over - is a suspended connection to be given up?
 * @conn: the connection
 *
 * It is when someone wants it, when its time is over, and when the initiator
 * knows of its end, no task is left, and the session does without it.
 *
 * Context: the session's thread.
 * Return: true if so
 */
bool iet_recovery_over(const struct iet_conn *conn)
{
	if (test_bit(IET_CONN_END, &conn->flags) || conn->retained)
		return true;
	return conn->logged_out && list_empty(&conn->active) &&
	       has_live_member(conn->session);
}

/**
 * iet_recovery_logged_out - the initiator knows that a connection has failed
 * @conn: suspended connection; its tasks may be reassigned from now on
 *
 * By a Logout for recovery, or by a login with its CID (6.3.4).
 *
 * Context: the session's thread.
 */
void iet_recovery_logged_out(struct iet_conn *conn)
{
	if (conn->logged_out)
		return;
	conn->logged_out = true;
	start_timer(conn);
	iet_nthread_kick(conn);
}

/**
 * iet_recovery_find - look a suspended connection up
 * @session: the session
 * @cid: connection id
 *
 * Context: the session's thread.
 * Return: the newest that is not logged out yet; else the newest; or NULL
 */
struct iet_conn *iet_recovery_find(struct iet_session *session, u16 cid)
{
	struct iet_conn *conn, *found = NULL;

	list_for_each_entry(conn, &session->members, member_node) {
		if (!conn->suspended || conn->cid != cid)
			continue;
		if (!conn->logged_out)
			return conn;
		found = found ?: conn;
	}
	return found;
}

/*
 * Go on with a task from where it is: data that the initiator has is not sent
 * again, and data of a write that has come is not asked for again.
 */
static void resume(struct iet_cmnd *cmnd, u32 exp_data_sn)
{
	switch (cmnd->state) {
	case IET_CMND_WAIT_DATA:
		iet_cmnd_progress(cmnd);
		break;
	case IET_CMND_SENT:
		iet_data_in_restart(&cmnd->din, iet_cmnd_data_in_len(cmnd),
				    exp_data_sn);
		cmnd->status_due = true;
		iet_conn_queue(cmnd->conn, cmnd);
		break;
	default:
		/* a backend has it, and its status comes by itself */
		break;
	}
}

/**
 * iet_recovery_reassign - carry TASK REASSIGN out (11.5.1, 11.6.1)
 * @cmnd: the request
 *
 * The response goes before all that the task has to send.
 *
 * Context: the connection's thread; does not sleep.
 */
void iet_recovery_reassign(struct iet_cmnd *cmnd)
{
	const struct iscsi_tmf_hdr *hdr = (void *)&cmnd->req;
	struct iet_conn *conn = cmnd->conn, *old;
	struct iet_cmnd *task = NULL;

	if (conn->erl < 2) {
		cmnd->response = ISCSI_TMF_RSP_NO_REASSIGN;
	} else {
		task = iet_cmnd_find_any(conn, hdr->ref_itt);
		cmnd->response = ISCSI_TMF_RSP_NO_TASK;
	}
	if (task && (!task->conn->suspended || !task->conn->logged_out)) {
		task = NULL;
		cmnd->response = ISCSI_TMF_RSP_STILL_ALLEGIANT;
	}
	if (task)
		cmnd->response = ISCSI_TMF_RSP_COMPLETE;
	iet_conn_queue(conn, cmnd);
	if (!task)
		return;
	old = task->conn;
	iet_cmnd_move(task, conn);
	resume(task, be32_to_cpu(hdr->exp_data_sn));
	/* it may have been its last */
	iet_nthread_kick(old);
}
