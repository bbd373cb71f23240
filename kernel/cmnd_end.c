// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of a command: it has been executed, its response has been sent and
 * acknowledged, it is aborted, or its connection is over.
 */
#include <scsi/scsi_proto.h>

#include "aca.h"
#include "claim.h"
#include "cmnd.h"
#include "cmnd_stats.h"
#include "compat.h"
#include "conn.h"
#include "nthread.h"
#include "order.h"
#include "opcodes.h"
#include "pdu.h"
#include "recovery.h"
#include "sense.h"
#include "session.h"
#include "target.h"

/**
 * iet_conn_note_dropped - data for a task that has ended may be under way
 * @conn: the connection
 * @itt: of a command that is no more: its data is no error
 *
 * Context: the connection's thread.
 */
void iet_conn_note_dropped(struct iet_conn *conn, __be32 itt)
{
	conn->dropped_itt[conn->dropped_pos] = itt;
	conn->dropped_pos = (conn->dropped_pos + 1) % IET_DROPPED_ITTS;
}

/**
 * iet_conn_was_dropped - may data come for this tag, of a task that has ended?
 * @conn: the connection
 * @itt: InitiatorTaskTag
 *
 * Context: the connection's thread.
 * Return: true if so: it is to be thrown away
 */
bool iet_conn_was_dropped(const struct iet_conn *conn, __be32 itt)
{
	unsigned int i;

	/* which stands for an unused place */
	if (itt == cpu_to_be32(ISCSI_RESERVED_TAG))
		return false;
	for (i = 0; i < IET_DROPPED_ITTS; i++) {
		if (conn->dropped_itt[i] == itt)
			return true;
	}
	return false;
}

/**
 * iet_cmnd_abort - end a command without a response
 * @cmnd: the command
 * @tmf: who waits for its end, or NULL
 *
 * If a backend holds the command it becomes an orphan: it keeps its volume
 * and pages until the backend returns it, and @tmf waits for that.  A
 * response that is being sent is sent to its end.
 *
 * Context: the connection's thread.
 */
void iet_cmnd_abort(struct iet_cmnd *cmnd, struct iet_tmf *tmf)
{
	struct iet_conn *conn = cmnd->conn;

	/* an aborted one keeps new commands off by itself, see orphan.c */
	if (cmnd->aborted) {
		if (cmnd->tell)
			iet_cmnd_unhash(cmnd);
		cmnd->tell = false;
		iet_claim_add(cmnd, tmf);
		return;
	}
	switch (cmnd->state) {
	case IET_CMND_FREE:
	case IET_CMND_SENDING:
	case IET_CMND_SENT:
		return;
	case IET_CMND_PARKED:
		/* its CmdSN has been received and must not become a gap */
		iet_cmdsn_plug(&conn->session->sn, cmnd->cmd_sn);
		if (cmnd->r2t.unsolicited)
			iet_conn_note_dropped(conn, cmnd->itt);
		iet_cmnd_free(cmnd);
		return;
	case IET_CMND_WAIT_CONN:
		iet_cmnd_free(cmnd);
		return;
	case IET_CMND_RX:
		/* another connection may wait for this one */
		if (iet_pdu_has_cmd_sn(&cmnd->req))
			iet_cmdsn_plug(&conn->session->sn, cmnd->cmd_sn);
		fallthrough;
	case IET_CMND_WAIT_DATA:
		if (cmnd->r2t.unsolicited)
			iet_conn_note_dropped(conn, cmnd->itt);
		iet_cmnd_dequeue(cmnd);
		if (!cmnd->sending) {
			iet_cmnd_free(cmnd);
			return;
		}
		/* half an R2T is sent: iet_cmnd_sent() frees the command */
		iet_order_leave(cmnd);
		iet_cmnd_unhash(cmnd);
		if (conn->rx.cmnd == cmnd)
			conn->rx.cmnd = NULL;
		break;
	case IET_CMND_EXECUTING:
		iet_cmnd_unhash(cmnd);
		if (iet_cmnd_is_scsi(cmnd))
			iet_orphan_add(&cmnd->scmd);
		break;
	}
	cmnd->aborted = true;
	iet_claim_add(cmnd, tmf);
}

/**
 * iet_cmnd_stop_data - no data is asked for any more
 * @cmnd: a write; what is under way is thrown away
 *
 * Context: the connection's thread.
 */
void iet_cmnd_stop_data(struct iet_cmnd *cmnd)
{
	iet_r2t_fail(&cmnd->r2t);
	if (cmnd->state == IET_CMND_WAIT_DATA)
		iet_cmnd_dequeue(cmnd);
}

static void task_aborted(struct iet_cmnd *cmnd)
{
	cmnd->scmd.status = SAM_STAT_TASK_ABORTED;
	cmnd->scmd.sense_len = 0;
	cmnd->scmd.in_len = 0;
}

/**
 * iet_cmnd_abort_by_other - end a command for something that another I_T nexus
 * has done
 * @cmnd: a SCSI command, in state WAIT_DATA or EXECUTING
 * @tmf: who waits for its end, or NULL
 * @tas: the TAS bit of the control mode page
 *
 * As iet_cmnd_abort(), but with @tas the initiator gets status TASK ABORTED:
 * when the data that it has been asked for has come, or when the backend
 * returns the command (SAM-5 5.3.1).
 *
 * Context: the connection's thread.
 * Return: true: the initiator will be told, by this status or another
 */
bool iet_cmnd_abort_by_other(struct iet_cmnd *cmnd, struct iet_tmf *tmf,
			     bool tas)
{
	/* with FastAbort the initiator may stop sending data (4.2.3.4) */
	if (cmnd->state == IET_CMND_WAIT_DATA && !cmnd->gated &&
	    cmnd->conn->session->keys[IET_K_TASK_REPORTING] ==
		    IET_TASK_FAST_ABORT)
		tas = false;
	if (cmnd->aborted) {
		iet_claim_add(cmnd, tmf);
		return cmnd->tell;
	}
	if (!tas) {
		iet_cmnd_abort(cmnd, tmf);
		return false;
	}
	if (cmnd->state == IET_CMND_EXECUTING) {
		iet_orphan_add(&cmnd->scmd);
		cmnd->aborted = true;
		cmnd->tell = true;
		iet_claim_add(cmnd, tmf);
		return true;
	}
	if (!cmnd->failed) {
		iet_cmnd_stop_data(cmnd);
		iet_order_leave(cmnd);
		cmnd->failed = true;
		task_aborted(cmnd);
		iet_cmnd_progress(cmnd);
	}
	return true;
}

static void aborted_ended(struct iet_cmnd *cmnd)
{
	struct iet_claims claims = iet_claims_take(cmnd);

	iet_cmnd_free(cmnd);
	iet_claims_end(claims);
}

/**
 * iet_cmnd_revive - an aborted command that a backend holds goes on
 * @cmnd: the command
 * @tmf: the function that aborted it, and is given up now
 *
 * Its response will be sent after all, if no other function waits for its end,
 * nor anybody else relies on it.  Context: the connection's thread.
 */
void iet_cmnd_revive(struct iet_cmnd *cmnd, struct iet_tmf *tmf)
{
	if (!cmnd->aborted || cmnd->state != IET_CMND_EXECUTING ||
	    !iet_claim_drop(cmnd, tmf))
		return;
	if (cmnd->tell)
		iet_cmnd_unhash(cmnd);
	cmnd->tell = false;
	/*
	 * Not if the initiator has given its tag away meanwhile, or if a new
	 * holder of the reservation relies on its end: then it stays an orphan.
	 */
	if (!iet_cmnd_find(cmnd->conn, cmnd->itt) &&
	    iet_orphan_revive(&cmnd->scmd)) {
		cmnd->aborted = false;
		iet_cmnd_hash(cmnd);
	} else {
		cmnd->doomed = true;
	}
}

/**
 * iet_cmnd_move - a task gets another connection
 * @cmnd: a suspended task
 * @conn: the connection that it is to be allegiant to
 *
 * Context: the session's thread.
 */
void iet_cmnd_move(struct iet_cmnd *cmnd, struct iet_conn *conn)
{
	struct iet_conn *old = cmnd->conn;

	iet_cmnd_unhash(cmnd);
	old->nr_immediate -= cmnd->immediate;
	conn->nr_immediate += cmnd->immediate;
	old->nr_adopted -= old != cmnd->home;
	conn->nr_adopted += conn != cmnd->home;
	cmnd->conn = conn;
	/* StatSN and SNACK tags are those of a connection */
	cmnd->numbered = false;
	cmnd->snack_tag = 0;
	list_move_tail(&cmnd->node, &conn->active);
	iet_cmnd_hash(cmnd);
}

/* An orphan outlives the connection, if it is not of its pool. */
static void go_home(struct iet_cmnd *cmnd)
{
	struct iet_conn *conn = cmnd->conn, *home = cmnd->home;

	if (conn == home)
		return;
	conn->nr_adopted--;
	conn->nr_immediate -= cmnd->immediate;
	home->nr_immediate += cmnd->immediate;
	cmnd->conn = home;
	list_move_tail(&cmnd->node, &home->active);
}

/**
 * iet_cmnd_end - end a command, since its connection sends no more
 * @cmnd: the command, not in the transmit queue
 *
 * One that a backend holds becomes an orphan; so does a task management
 * function in progress.
 *
 * Context: the connection's thread.
 */
void iet_cmnd_end(struct iet_cmnd *cmnd)
{
	iet_tmf_end(cmnd);
	if (cmnd->state == IET_CMND_EXECUTING) {
		iet_cmnd_abort(cmnd, NULL);
		go_home(cmnd);
	} else if (cmnd->aborted) {
		aborted_ended(cmnd);
	} else {
		iet_cmnd_free(cmnd);
	}
}

/*
 * A task that the initiator gets no status for, as if it had ended with CHECK
 * CONDITION: the next command to its unit, from whichever connection of the
 * session, is told so (RFC 7143 7.5).  If the session ends as well, a new one
 * is told of the loss of the nexus, by POWER ON, RESET.
 */
static void tell_of_end(struct iet_conn *conn, struct iet_cmnd *cmnd)
{
	struct iet_itl *itl;

	if (!iet_cmnd_is_scsi(cmnd) || cmnd->aborted)
		return;
	switch (cmnd->state) {
	case IET_CMND_WAIT_DATA:
	case IET_CMND_EXECUTING:
		break;
	case IET_CMND_SENDING:
		if (cmnd->kind == IET_TX_SCSI)
			break;
		return;
	case IET_CMND_SENT:
		/* what waited to be reassigned */
		if (conn->suspended && cmnd->kind == IET_TX_SCSI)
			break;
		return;
	default:
		return;
	}
	rcu_read_lock();
	itl = iet_nexus_itl(&conn->session->nexus, cmnd->scmd.lun_raw);
	if (itl)
		iet_ua_add(itl->lun->vol, itl, IET_ASC_PROTOCOL_EVENT);
	rcu_read_unlock();
}

/**
 * iet_cmnds_end - the connection is over: end all its commands
 * @conn: the connection, which sends and receives no more
 *
 * Those that a backend holds, or that are task management functions in
 * progress, stay until they come back.  Context: the connection's thread.
 */
void iet_cmnds_end(struct iet_conn *conn)
{
	struct iet_cmnd *cmnd, *next;

	conn->rx.cmnd = NULL;
	iet_tx_drop(conn);
	list_for_each_entry_safe(cmnd, next, &conn->active, node) {
		tell_of_end(conn, cmnd);
		iet_cmnd_dequeue(cmnd);
		iet_cmnd_end(cmnd);
	}
}

/**
 * iet_cmnd_done - a command has been executed
 * @cmnd: the command, in state EXECUTING
 *
 * Context: any, hard interrupts included.
 */
void iet_cmnd_done(struct iet_cmnd *cmnd)
{
	/* the one that lasts; where it is allegiant to is the thread's */
	struct iet_conn *conn = cmnd->home;

	iet_cmnd_stamp(&cmnd->times.done);
	if (iet_nthread_current(conn)) {
		iet_cmnd_returned(cmnd);
		/* which may have been its last one */
		if (!conn->on_run)
			iet_nthread_kick(conn);
		return;
	}
	/*
	 * The connection can't go away before its thread has seen the
	 * command, which it can't see before the kick: the reference is for
	 * the time between the two.
	 */
	iet_conn_get(conn);
	if (llist_add(&cmnd->done_node, &conn->done))
		iet_nthread_kick(conn);
	iet_conn_put(conn);
}

/**
 * iet_cmnd_respond - a SCSI command has its status
 * @cmnd: the command, with its kind set; in none of the states in which it is
 *	being sent, or has been
 *
 * Where there is nobody to send it to, it waits for a connection.
 *
 * Context: the connection's thread.
 */
void iet_cmnd_respond(struct iet_cmnd *cmnd)
{
	if (cmnd->conn->suspended)
		iet_cmnd_keep(cmnd);
	else
		iet_conn_queue(cmnd->conn, cmnd);
}

/* Another initiator has aborted it. */
static void tell_of_abort(struct iet_cmnd *cmnd)
{
	struct iet_claims claims = iet_claims_take(cmnd);

	cmnd->aborted = false;
	cmnd->tell = false;
	task_aborted(cmnd);
	iet_cmnd_respond(cmnd);
	iet_claims_end(claims);
}

/**
 * iet_cmnd_returned - a command that was executed is the thread's again
 * @cmnd: the command
 *
 * Context: the connection's thread.
 */
void iet_cmnd_returned(struct iet_cmnd *cmnd)
{
	bool scsi = iet_cmnd_is_scsi(cmnd);

	if (scsi && !cmnd->aborted && iet_qerr(cmnd))
		return;
	if (scsi) {
		iet_scsi_leave(&cmnd->scmd);
		iet_order_leave(cmnd);
	}
	if (!cmnd->aborted) {
		iet_cmnd_respond(cmnd);
		return;
	}
	if (scsi) {
		iet_orphan_del(&cmnd->scmd);
		iet_aca_take_back(&cmnd->scmd);
	}
	if (cmnd->tell)
		tell_of_abort(cmnd);
	else
		aborted_ended(cmnd);
}

/**
 * iet_cmnd_keep - a response may have to be sent, or sent again, later
 * @cmnd: the command, not in the transmit queue
 *
 * What it needs for that are its header and the data of a read, and nothing
 * that others may wait for.
 *
 * Context: the connection's thread.
 */
void iet_cmnd_keep(struct iet_cmnd *cmnd)
{
	struct iet_conn *conn = cmnd->conn;
	struct iet_cmnd *other;

	iet_tmf_release(cmnd);
	if (cmnd->kind == IET_TX_SCSI && iet_cmnd_data_in_len(cmnd))
		iet_scsi_let_go(&cmnd->scmd);
	else if (cmnd->kind == IET_TX_SCSI)
		iet_scsi_release(&cmnd->scmd);
	cmnd->state = IET_CMND_SENT;
	list_for_each_entry_reverse(other, &conn->unacked, tx_node) {
		if (iscsi_sn_before(other->stat_sn, cmnd->stat_sn))
			break;
	}
	list_add(&cmnd->tx_node, &other->tx_node);
}

static void close_after(const struct iet_cmnd *cmnd)
{
	struct iet_conn *conn = cmnd->conn;

	if (cmnd->kind == IET_TX_REJECT)
		iet_conn_fail(conn, IET_EVENT_PROTOCOL_ERROR);
	else if (conn->logged_out)
		iet_conn_fail(conn, IET_EVENT_LOGOUT);
	else if (cmnd->kind == IET_TX_ASYNC)
		iet_async_end(conn);
	else
		iet_conn_close(conn, IET_EVENT_LOGOUT);
}

/**
 * iet_cmnd_sent - all that a command had to send is with TCP
 * @cmnd: the command, no longer in the transmit queue
 *
 * Context: the connection's thread.
 */
void iet_cmnd_sent(struct iet_cmnd *cmnd)
{
	struct iet_conn *conn = cmnd->conn;

	if (cmnd->aborted) {
		aborted_ended(cmnd);
		return;
	}
	/* after an R2T the command goes on */
	if (cmnd->state != IET_CMND_SENDING)
		return;
	if (cmnd->close_after)
		close_after(cmnd);
	if (conn->erl && cmnd->numbered &&
	    !iscsi_sn_before(cmnd->stat_sn, conn->exp_stat_sn))
		iet_cmnd_keep(cmnd);
	else
		iet_cmnd_free(cmnd);
}

/**
 * iet_cmnds_acknowledged - the initiator has all responses before a StatSN
 * @conn: the connection
 * @stat_sn: ExpStatSN of a request
 *
 * Context: the connection's thread.
 */
void iet_cmnds_acknowledged(struct iet_conn *conn, u32 stat_sn)
{
	struct iet_cmnd *cmnd, *next;

	/* nobody can have what was not sent */
	if (!iscsi_sn_before(conn->exp_stat_sn, stat_sn) ||
	    iscsi_sn_before(conn->stat_sn, stat_sn))
		return;
	conn->exp_stat_sn = stat_sn;
	list_for_each_entry_safe(cmnd, next, &conn->unacked, tx_node) {
		if (!iscsi_sn_before(cmnd->stat_sn, stat_sn))
			break;
		iet_cmnd_free(cmnd);
	}
}
