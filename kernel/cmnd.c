// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a command, from its header to the end of its response.
 *
 * iet_cmnd_header() makes a command of a request whose header has come and
 * provides for its data; iet_cmnd_pdu(), when all of the PDU is there, starts
 * it if its CmdSN is next.  Data-Out PDUs go to the command they name.
 */
#include <linux/jhash.h>
#include <linux/slab.h>
#include <scsi/scsi_proto.h>

#include "cmnd.h"
#include "cmnd_pool.h"
#include "compat.h"
#include "conn.h"
#include "nthread.h"
#include "opcodes.h"
#include "pdu.h"
#include "recovery.h"
#include "sense.h"
#include "session.h"
#include "target.h"
#include "text.h"
#include "watch.h"

#define IMMEDIATE_MAX (IET_CMND_RESERVE / 2)
#define TIO_GFP (GFP_NOWAIT | __GFP_NOWARN)

/**
 * struct cmnd_op - what to do with a kind of request
 * @header: the header is there: provide for the data; 0, -ENOMEM: try again
 *	later, or an enum iscsi_reject_reason
 * @start: the whole PDU is there, and it is the request's turn
 */
struct cmnd_op {
	int (*header)(struct iet_cmnd *cmnd);
	void (*start)(struct iet_cmnd *cmnd);
};

static bool is_scsi(const struct iet_cmnd *cmnd)
{
	return iscsi_opcode(&cmnd->req) == ISCSI_OP_SCSI_CMD;
}

static void scsi_done(struct iet_scmd *s)
{
	iet_cmnd_done(container_of(s, struct iet_cmnd, scmd));
}

/**
 * iet_cmnds_nr - how many commands does a connection need?
 * @window: QueuedCommands
 * @erl: ErrorRecoveryLevel
 *
 * Where responses are kept until they are acknowledged there is room for as
 * many as there may be commands.  Who acknowledges none loses the oldest.
 *
 * Return: the number, no more than a Target Transfer Tag can tell apart
 */
unsigned int iet_cmnds_nr(unsigned int window, u8 erl)
{
	unsigned int nr = (erl ? 2 * window : window) + IET_CMND_RESERVE;

	return min(nr, IET_TTT_INDEX_MASK + 1);
}

/*
 * Is there a command?  If not, the oldest response that is not acknowledged is
 * given up, or several: some may be of other connections' pools.
 */
static bool make_room(struct iet_conn *conn)
{
	if (list_empty(&conn->free) && iet_cmnd_pool_grow(conn))
		return true;
	while (list_empty(&conn->free) && !list_empty(&conn->unacked)) {
		struct iet_cmnd *oldest = list_first_entry(
			&conn->unacked, struct iet_cmnd, tx_node);

		conn->forgotten_sn = oldest->stat_sn + 1;
		iet_cmnd_free(oldest);
	}
	return !list_empty(&conn->free);
}

/**
 * iet_cmnd_alloc - take a command from the pool
 * @conn: the connection
 *
 * It may be had by giving up a response that is not acknowledged.
 *
 * Context: the connection's thread.
 * Return: a command in state RX, or NULL if all are in use
 */
struct iet_cmnd *iet_cmnd_alloc(struct iet_conn *conn)
{
	struct iet_cmnd *cmnd;

	if (!make_room(conn))
		return NULL;
	cmnd = list_first_entry(&conn->free, struct iet_cmnd, node);
	list_move_tail(&cmnd->node, &conn->active);
	conn->nr_active++;
	conn->pool.peak = max(conn->pool.peak, conn->nr_active);
	cmnd->state = IET_CMND_RX;
	cmnd->gen++;
	cmnd->queued = false;
	cmnd->sending = 0;
	cmnd->hashed = false;
	cmnd->counted = false;
	cmnd->immediate = false;
	cmnd->aborted = false;
	cmnd->tell = false;
	cmnd->judged = false;
	cmnd->failed = false;
	cmnd->close_after = false;
	cmnd->itt = cpu_to_be32(ISCSI_RESERVED_TAG);
	cmnd->ext_cdb = NULL;
	cmnd->numbered = false;
	cmnd->status_due = true;
	cmnd->own_status = false;
	cmnd->r2t_again = false;
	cmnd->r2t_repeated = false;
	cmnd->din.sn = 0;
	cmnd->snack_tag = 0;
	cmnd->reject_sn = 0;
	cmnd->r2t.sent = 0;
	cmnd->tries = 0;
	cmnd->response = 0;
	cmnd->aborted_by = NULL;
	cmnd->tmf = NULL;
	cmnd->scmd.op = NULL;
	cmnd->scmd.vol = NULL;
	cmnd->scmd.in_len = 0;
	cmnd->scmd.out_len = 0;
	cmnd->scmd.status = 0;
	cmnd->scmd.sense_len = 0;
	cmnd->scmd.tio.nr = 0;
	cmnd->scmd.tio.size = 0;
	return cmnd;
}

static struct hlist_head *itt_bucket(struct iet_conn *conn, __be32 itt)
{
	u32 hash = jhash_1word((__force u32)itt, 0);

	return &conn->itt[hash % IET_ITT_BUCKETS];
}

static void rehash(struct iet_cmnd *cmnd)
{
	hlist_add_head(&cmnd->itt_node, itt_bucket(cmnd->conn, cmnd->itt));
	cmnd->hashed = true;
}

static void unhash(struct iet_cmnd *cmnd)
{
	if (cmnd->hashed)
		hlist_del(&cmnd->itt_node);
	cmnd->hashed = false;
}

/**
 * iet_cmnd_find - look a command up by its tag
 * @conn: the connection it is allegiant to
 * @itt: InitiatorTaskTag
 *
 * Context: the connection's thread.
 * Return: the command, or NULL
 */
struct iet_cmnd *iet_cmnd_find(struct iet_conn *conn, __be32 itt)
{
	struct iet_cmnd *cmnd;

	hlist_for_each_entry(cmnd, itt_bucket(conn, itt), itt_node) {
		if (cmnd->itt == itt)
			return cmnd;
	}
	return NULL;
}

/**
 * iet_cmnd_find_any - look a command of the session up by its tag
 * @conn: the connection that is looked at first
 * @itt: InitiatorTaskTag
 *
 * Context: the connection's thread.
 * Return: the command, whichever connection it is allegiant to, or NULL
 */
struct iet_cmnd *iet_cmnd_find_any(struct iet_conn *conn, __be32 itt)
{
	struct iet_cmnd *cmnd = iet_cmnd_find(conn, itt);
	struct iet_conn *other;

	if (cmnd || list_is_singular(&conn->session->members))
		return cmnd;
	list_for_each_entry(other, &conn->session->members, member_node) {
		if (other != conn)
			cmnd = iet_cmnd_find(other, itt);
		if (cmnd)
			break;
	}
	return cmnd;
}

/**
 * iet_cmnd_answered - a command gives its place in the command window back
 * @cmnd: a command whose response is being made, or that gets none
 *
 * The response itself opens the window: with a window of one nothing else
 * would.
 *
 * Context: the connection's thread.
 */
void iet_cmnd_answered(struct iet_cmnd *cmnd)
{
	struct iet_session *session = cmnd->conn->session;

	if (!cmnd->counted)
		return;
	cmnd->counted = false;
	iet_cmdsn_answered(&session->sn);
}

/**
 * iet_cmnd_free - give a command back to the pool
 * @cmnd: a command that is in no queue, of which nothing is being sent, and
 *	that no backend holds
 *
 * Context: the connection's thread.
 */
void iet_cmnd_free(struct iet_cmnd *cmnd)
{
	struct iet_conn *conn = cmnd->conn, *home = cmnd->home;

	unhash(cmnd);
	if (conn->rx.cmnd == cmnd)
		conn->rx.cmnd = NULL;
	if (cmnd->state == IET_CMND_PARKED)
		list_del(&cmnd->park_node);
	if (cmnd->state == IET_CMND_SENT)
		list_del(&cmnd->tx_node);
	iet_tmf_release(cmnd);
	iet_scsi_release(&cmnd->scmd);
	kfree(cmnd->ext_cdb);
	cmnd->ext_cdb = NULL;
	iet_cmnd_answered(cmnd);
	conn->nr_immediate -= cmnd->immediate;
	cmnd->state = IET_CMND_FREE;
	home->nr_active--;
	/* last in, first out: its memory is in the cache */
	list_move(&cmnd->node, &home->free);
	if (conn == home)
		return;
	conn->nr_adopted--;
	cmnd->conn = home;
	/* which may have waited for it */
	iet_nthread_kick(home);
}

/**
 * iet_cmnd_dequeue - a command has nothing to send any more
 * @cmnd: the command; PDUs of it that are being sent are sent to their end
 *
 * Context: the connection's thread.
 */
void iet_cmnd_dequeue(struct iet_cmnd *cmnd)
{
	if (cmnd->queued)
		list_del(&cmnd->tx_node);
	cmnd->queued = false;
}

/**
 * iet_conn_queue - a command has something to send
 * @conn: its connection
 * @cmnd: the command, with its kind set
 *
 * Context: the connection's thread.
 */
void iet_conn_queue(struct iet_conn *conn, struct iet_cmnd *cmnd)
{
	if (cmnd->state == IET_CMND_SENT)
		list_del(&cmnd->tx_node);
	if (cmnd->kind != IET_TX_R2T)
		cmnd->state = IET_CMND_SENDING;
	if (cmnd->queued)
		return;
	cmnd->queued = true;
	list_add_tail(&cmnd->tx_node, &conn->tx.queue);
	/* the thread may be serving another connection just now */
	if (!conn->on_run)
		iet_nthread_kick(conn);
}

/**
 * iet_conn_sn - ExpCmdSN and MaxCmdSN for a response
 * @conn: the connection it is sent on
 * @exp: where to put ExpCmdSN
 * @max: where to put MaxCmdSN
 *
 * Context: the connection's thread.
 */
void iet_conn_sn(struct iet_conn *conn, __be32 *exp, __be32 *max)
{
	const struct iet_cmdsn *sn = &conn->session->sn;

	*exp = cpu_to_be32(sn->exp);
	*max = cpu_to_be32(sn->max);
}

/**
 * iet_cmnd_reject - answer the PDU whose header was received with a Reject
 * @conn: the connection
 * @reason: enum iscsi_reject_reason
 *
 * What is left of the PDU is thrown away.  If it had a CmdSN, that is still
 * to be received: the initiator closes the gap (RFC 7143 7.3).
 *
 * Context: the connection's thread.
 * Return: 0, or -ENOMEM if there is no command to do it with
 */
int iet_cmnd_reject(struct iet_conn *conn, u8 reason)
{
	return iet_cmnd_reject_sn(conn, reason, 0);
}

/**
 * iet_cmnd_reject_sn - iet_cmnd_reject() of a SNACK
 * @conn: the connection
 * @reason: enum iscsi_reject_reason
 * @sn: the DataSN or R2TSN that would come next (11.17.1)
 *
 * Context: the connection's thread.
 * Return: as iet_cmnd_reject()
 */
int iet_cmnd_reject_sn(struct iet_conn *conn, u8 reason, u32 sn)
{
	struct iet_cmnd *cmnd = iet_cmnd_alloc(conn);

	if (!cmnd)
		return -ENOMEM;
	cmnd->req = conn->rx.bhs;
	cmnd->response = reason;
	cmnd->reject_sn = sn;
	cmnd->kind = IET_TX_REJECT;
	conn->rx.cmnd = NULL;
	iet_conn_queue(conn, cmnd);
	return 0;
}

/* The end of the connection, after the Reject has told why. */
static int reject_and_close(struct iet_conn *conn, u8 reason)
{
	int err = iet_cmnd_reject(conn, reason);

	if (err)
		return err;
	list_last_entry(&conn->tx.queue, struct iet_cmnd, tx_node)->close_after =
		true;
	conn->stop_rx = true;
	return 0;
}

/* Unsolicited data for this tag may be under way: it is no error. */
static void note_dropped(struct iet_conn *conn, __be32 itt)
{
	conn->dropped_itt[conn->dropped_pos] = itt;
	conn->dropped_pos = (conn->dropped_pos + 1) % IET_DROPPED_ITTS;
}

static bool was_dropped(const struct iet_conn *conn, __be32 itt)
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
			unhash(cmnd);
		cmnd->tell = false;
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
			note_dropped(conn, cmnd->itt);
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
			note_dropped(conn, cmnd->itt);
		iet_cmnd_dequeue(cmnd);
		if (!cmnd->sending) {
			iet_cmnd_free(cmnd);
			return;
		}
		/* half an R2T is sent: iet_cmnd_sent() frees the command */
		unhash(cmnd);
		if (conn->rx.cmnd == cmnd)
			conn->rx.cmnd = NULL;
		break;
	case IET_CMND_EXECUTING:
		unhash(cmnd);
		if (is_scsi(cmnd))
			iet_orphan_add(&cmnd->scmd);
		break;
	}
	cmnd->aborted = true;
	cmnd->aborted_by = tmf;
	if (tmf)
		iet_tmf_get(tmf);
}

/* No data is asked for any more; what is under way is thrown away. */
static void stop_data(struct iet_cmnd *cmnd)
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
	if (cmnd->state == IET_CMND_WAIT_DATA &&
	    cmnd->conn->session->keys[IET_K_TASK_REPORTING] ==
		    IET_TASK_FAST_ABORT)
		tas = false;
	if (cmnd->aborted || !tas) {
		iet_cmnd_abort(cmnd, tmf);
		return false;
	}
	if (cmnd->state == IET_CMND_EXECUTING) {
		iet_orphan_add(&cmnd->scmd);
		cmnd->aborted = true;
		cmnd->tell = true;
		cmnd->aborted_by = tmf;
		if (tmf)
			iet_tmf_get(tmf);
		return true;
	}
	if (!cmnd->failed) {
		stop_data(cmnd);
		cmnd->failed = true;
		task_aborted(cmnd);
		iet_cmnd_progress(cmnd);
	}
	return true;
}

static void aborted_ended(struct iet_cmnd *cmnd)
{
	struct iet_tmf *tmf = cmnd->aborted_by;

	iet_cmnd_free(cmnd);
	if (tmf)
		iet_tmf_put(tmf);
}

/**
 * iet_cmnd_revive - an aborted command that a backend holds goes on
 * @cmnd: the command
 * @tmf: the function that aborted it, and is given up now
 *
 * Its response will be sent after all.  Context: the connection's thread.
 */
void iet_cmnd_revive(struct iet_cmnd *cmnd, struct iet_tmf *tmf)
{
	if (!cmnd->aborted || cmnd->aborted_by != tmf ||
	    cmnd->state != IET_CMND_EXECUTING)
		return;
	cmnd->aborted_by = NULL;
	if (cmnd->tell)
		unhash(cmnd);
	cmnd->tell = false;
	/*
	 * Not if the initiator has given its tag away meanwhile, or if the
	 * connection has ended, or if a new holder of the reservation relies
	 * on its end: then it stays an orphan.
	 */
	if (cmnd->conn->state != IET_CONN_CLOSING &&
	    !iet_cmnd_find(cmnd->conn, cmnd->itt) &&
	    iet_orphan_revive(&cmnd->scmd)) {
		cmnd->aborted = false;
		rehash(cmnd);
	}
	iet_tmf_put(tmf);
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

	unhash(cmnd);
	old->nr_immediate -= cmnd->immediate;
	conn->nr_immediate += cmnd->immediate;
	old->nr_adopted -= old != cmnd->home;
	conn->nr_adopted += conn != cmnd->home;
	cmnd->conn = conn;
	/* StatSN and SNACK tags are those of a connection */
	cmnd->numbered = false;
	cmnd->snack_tag = 0;
	list_move_tail(&cmnd->node, &conn->active);
	rehash(cmnd);
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

	if (!is_scsi(cmnd) || cmnd->aborted)
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

static void respond(struct iet_cmnd *cmnd)
{
	if (cmnd->conn->suspended)
		iet_cmnd_keep(cmnd);
	else
		iet_conn_queue(cmnd->conn, cmnd);
}

/* Another initiator has aborted it. */
static void tell_of_abort(struct iet_cmnd *cmnd)
{
	struct iet_tmf *tmf = cmnd->aborted_by;

	cmnd->aborted = false;
	cmnd->aborted_by = NULL;
	cmnd->tell = false;
	task_aborted(cmnd);
	respond(cmnd);
	if (tmf)
		iet_tmf_put(tmf);
}

/**
 * iet_cmnd_returned - a command that was executed is the thread's again
 * @cmnd: the command
 *
 * Context: the connection's thread.
 */
void iet_cmnd_returned(struct iet_cmnd *cmnd)
{
	if (!cmnd->aborted) {
		if (!is_scsi(cmnd) || !iet_qerr(cmnd))
			respond(cmnd);
		return;
	}
	if (is_scsi(cmnd))
		iet_orphan_del(&cmnd->scmd);
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

/* The initiator has all responses before this StatSN. */
static void acknowledged(struct iet_conn *conn, u32 stat_sn)
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

/* SCSI commands */

static int scsi_cdb(struct iet_cmnd *cmnd)
{
	struct iet_conn *conn = cmnd->conn;
	struct iscsi_scsi_cmd_hdr *hdr = (void *)&cmnd->req;
	const u8 both = ISCSI_CMD_READ | ISCSI_CMD_WRITE;
	struct iet_pdu_ahs ahs;

	if (iet_pdu_ahs(conn->rx.ahs, conn->rx.ahs_len,
			(hdr->flags & both) == both, &ahs) ||
	    sizeof(hdr->cdb) + ahs.ext_len > IET_CDB_MAX)
		return ISCSI_REJECT_INVALID_PDU_FIELD;
	cmnd->scmd.cdb = hdr->cdb;
	cmnd->scmd.cdb_len = sizeof(hdr->cdb) + ahs.ext_len;
	cmnd->scmd.read_edtl = ahs.read_len;
	if (!ahs.ext)
		return 0;
	if (!cmnd->ext_cdb)
		cmnd->ext_cdb = kmalloc(IET_CDB_MAX, TIO_GFP);
	if (!cmnd->ext_cdb)
		return -ENOMEM;
	memcpy(cmnd->ext_cdb, hdr->cdb, sizeof(hdr->cdb));
	memcpy(cmnd->ext_cdb + sizeof(hdr->cdb), ahs.ext, ahs.ext_len);
	cmnd->scmd.cdb = cmnd->ext_cdb;
	return 0;
}

static int scsi_header(struct iet_cmnd *cmnd)
{
	struct iscsi_scsi_cmd_hdr *hdr = (void *)&cmnd->req;
	struct iet_conn *conn = cmnd->conn;
	const u32 *keys = conn->session->keys;
	struct iet_scmd *s = &cmnd->scmd;
	u32 unsolicited;
	int err;

	err = scsi_cdb(cmnd);
	if (err == -ENOMEM && iet_rx_has_waited(&conn->rx))
		return ISCSI_REJECT_LONG_OPERATION;
	if (err)
		return err;
	s->nexus = &conn->session->nexus;
	s->attr = hdr->flags & ISCSI_CMD_ATTR_MASK;
	s->dir_out = hdr->flags & ISCSI_CMD_WRITE;
	s->dir_in = hdr->flags & ISCSI_CMD_READ;
	memcpy(s->lun_raw, hdr->lun, sizeof(s->lun_raw));
	s->edtl = be32_to_cpu(hdr->data_length);
	s->done = scsi_done;
	/* a digest of it is made, or it may be sent once more */
	s->stable = conn->ddigest || conn->erl;

	iet_data_in_init(&cmnd->din, keys[IET_K_MAX_BURST_LENGTH]);
	iet_r2t_init(&cmnd->r2t, keys[IET_K_MAX_BURST_LENGTH],
		     keys[IET_K_MAX_OUTSTANDING_R2T], conn->erl);
	if (!s->dir_out)
		return 0;
	unsolicited = min(s->edtl, keys[IET_K_FIRST_BURST_LENGTH]);
	iet_r2t_unsolicited(&cmnd->r2t, iscsi_dlength(hdr), unsolicited,
			    hdr->flags & ISCSI_FLAG_FINAL);
	err = iet_scsi_alloc(s, min(s->edtl, IET_TIO_MAX), TIO_GFP);
	if (err != -EAGAIN &&
	    !(err == -ENOMEM && iet_rx_has_waited(&conn->rx)))
		return err;
	s->status = SAM_STAT_TASK_SET_FULL;
	cmnd->failed = true;
	return 0;
}

static void scsi_execute(struct iet_cmnd *cmnd)
{
	cmnd->state = IET_CMND_EXECUTING;
	cmnd->kind = IET_TX_SCSI;
	iet_scsi_execute(&cmnd->scmd);
}

/**
 * iet_cmnd_progress - what a command that may wait for data does next
 * @cmnd: the command, in state WAIT_DATA
 *
 * Data is accounted for when its header is there: with the last of it still
 * under way (another connection may have started a command that was parked)
 * nothing happens, and the end of that PDU calls again.
 *
 * Context: the connection's thread.
 */
void iet_cmnd_progress(struct iet_cmnd *cmnd)
{
	struct iet_conn *conn = cmnd->conn;

	if (conn->rx.cmnd == cmnd)
		return;
	if (iet_r2t_complete(&cmnd->r2t)) {
		/* an R2T that was to be sent again */
		iet_cmnd_dequeue(cmnd);
		if (!cmnd->failed) {
			scsi_execute(cmnd);
			return;
		}
		cmnd->kind = IET_TX_SCSI;
		iet_scsi_refused(&cmnd->scmd);
		if (!iet_qerr(cmnd))
			iet_conn_queue(conn, cmnd);
	} else if (iet_r2t_pending(&cmnd->r2t)) {
		cmnd->kind = IET_TX_R2T;
		iet_conn_queue(conn, cmnd);
	} else {
		iet_watch_data(cmnd);
	}
}

/**
 * iet_cmnd_ask_again - data that was asked for, or announced, does not come
 * @cmnd: a command in state WAIT_DATA, not in the transmit queue, at
 *	ErrorRecoveryLevel 1 and up
 *
 * Perhaps the initiator has not seen the R2T: then it is the same once more.
 * If some of the data has come, an R2T asks for the rest (RFC 7143 7.9).
 *
 * Context: the connection's thread.
 */
void iet_cmnd_ask_again(struct iet_cmnd *cmnd)
{
	if (iet_r2t_untouched(&cmnd->r2t)) {
		cmnd->r2t_again = true;
		cmnd->kind = IET_TX_R2T;
		iet_conn_queue(cmnd->conn, cmnd);
		return;
	}
	iet_r2t_restart(&cmnd->r2t);
	iet_cmnd_progress(cmnd);
}

static void scsi_start(struct iet_cmnd *cmnd)
{
	struct iet_scmd *s = &cmnd->scmd;

	/* its data may have come wrong while it was parked */
	if (!cmnd->failed)
		cmnd->failed = !iet_scsi_prepare(s);
	iet_r2t_set_total(&cmnd->r2t, !cmnd->failed && s->dir_out ?
					      min(s->out_len, s->edtl) :
					      0);
	cmnd->state = IET_CMND_WAIT_DATA;
	iet_cmnd_progress(cmnd);
}

/* NOP-Out (11.18) */

/*
 * Room for the data of a request that is no SCSI command: from the same budget
 * (see budget.c).  None ends with a Reject instead of waiting without bound.
 */
static int data_header(struct iet_cmnd *cmnd, u32 len)
{
	struct iet_conn *conn = cmnd->conn;
	int err;

	cmnd->scmd.nexus = &conn->session->nexus;
	err = iet_scsi_alloc(&cmnd->scmd, len, TIO_GFP);
	if (err == -EAGAIN ||
	    (err == -ENOMEM && iet_rx_has_waited(&conn->rx)))
		return ISCSI_REJECT_LONG_OPERATION;
	return err;
}

static int nop_header(struct iet_cmnd *cmnd)
{
	u32 len = iscsi_dlength(&cmnd->req);

	cmnd->kind = IET_TX_NOP_IN;
	if (cmnd->req.itt == cpu_to_be32(ISCSI_RESERVED_TAG))
		return 0;
	return data_header(cmnd, len);
}

static void nop_start(struct iet_cmnd *cmnd)
{
	struct iet_conn *conn = cmnd->conn;

	/* an answer to our ping, or a request that wants none */
	if (cmnd->req.itt == cpu_to_be32(ISCSI_RESERVED_TAG)) {
		conn->pinging = false;
		iet_cmnd_free(cmnd);
		return;
	}
	iet_conn_queue(conn, cmnd);
}

/* Text (11.10) */

static int text_header(struct iet_cmnd *cmnd)
{
	u32 len = iscsi_dlength(&cmnd->req);

	cmnd->kind = IET_TX_TEXT;
	return data_header(cmnd, len);
}

static int no_data(struct iet_cmnd *cmnd)
{
	return 0;
}

static const struct cmnd_op ops[] = {
	[ISCSI_OP_NOP_OUT] = { nop_header, nop_start },
	[ISCSI_OP_SCSI_CMD] = { scsi_header, scsi_start },
	[ISCSI_OP_TMF_REQ] = { no_data, iet_tmf_start },
	[ISCSI_OP_TEXT_REQ] = { text_header, iet_text_start },
	[ISCSI_OP_LOGOUT_REQ] = { no_data, iet_logout_start },
};

static bool is_parked(struct iet_session *session, u32 cmd_sn)
{
	struct iet_cmnd *cmnd;

	list_for_each_entry(cmnd, &session->parked, park_node) {
		if (cmnd->cmd_sn == cmd_sn)
			return true;
	}
	return false;
}

/* Requests to be ignored silently (RFC 7143 4.2.2.1). */
static bool to_be_ignored(struct iet_conn *conn, const struct iscsi_hdr *hdr)
{
	struct iet_session *session = conn->session;
	u32 cmd_sn = iet_pdu_cmd_sn(hdr);

	return iet_pdu_has_cmd_sn(hdr) &&
	       (iet_cmdsn_outside(&session->sn, cmd_sn) ||
		is_parked(session, cmd_sn));
}

static enum iet_cmdsn_verdict arrived(struct iet_session *session,
				      const struct iscsi_hdr *hdr)
{
	return iet_cmdsn_arrived(&session->sn, iet_pdu_cmd_sn(hdr),
				 !iet_pdu_has_cmd_sn(hdr));
}

/* Does a task have this tag?  One that has its response has not any more. */
static bool tag_in_use(struct iet_conn *conn, __be32 itt)
{
	struct iet_cmnd *cmnd;

	if (itt == cpu_to_be32(ISCSI_RESERVED_TAG))
		return false;
	while ((cmnd = iet_cmnd_find_any(conn, itt))) {
		if (cmnd->state != IET_CMND_SENT)
			return true;
		unhash(cmnd);
	}
	return false;
}

/* May this request be taken up?  0, or an enum iscsi_reject_reason. */
static u8 refuse_request(struct iet_conn *conn, const struct iscsi_hdr *hdr)
{
	bool immediate = hdr->opcode & ISCSI_OP_IMMEDIATE;

	if (tag_in_use(conn, hdr->itt))
		return ISCSI_REJECT_TASK_IN_PROGRESS;
	if (immediate && iscsi_opcode(hdr) == ISCSI_OP_SCSI_CMD &&
	    conn->nr_immediate >= IMMEDIATE_MAX)
		return ISCSI_REJECT_IMMEDIATE;
	return 0;
}

static struct iet_cmnd *new_request(struct iet_conn *conn)
{
	const struct iscsi_hdr *hdr = &conn->rx.bhs;
	struct iet_cmnd *cmnd = iet_cmnd_alloc(conn);

	if (!cmnd)
		return NULL;
	cmnd->req = *hdr;
	cmnd->itt = hdr->itt;
	cmnd->cmd_sn = iet_pdu_cmd_sn(hdr);
	if (is_scsi(cmnd) && hdr->opcode & ISCSI_OP_IMMEDIATE) {
		cmnd->immediate = true;
		conn->nr_immediate++;
	}
	if (hdr->itt != cpu_to_be32(ISCSI_RESERVED_TAG))
		rehash(cmnd);
	return cmnd;
}

/* A request that has, or could have, a CmdSN. */
static int request_header(struct iet_conn *conn)
{
	struct iet_rx *rx = &conn->rx;
	struct iet_cmnd *cmnd = rx->cmnd;
	int err;
	u8 reason;

	if (!cmnd) {
		if (to_be_ignored(conn, &rx->bhs)) {
			note_dropped(conn, rx->bhs.itt);
			return 0;
		}
		reason = refuse_request(conn, &rx->bhs);
		if (reason)
			return iet_cmnd_reject(conn, reason);
		cmnd = new_request(conn);
		if (!cmnd)
			return -ENOMEM;
		rx->cmnd = cmnd;
	}
	rx->data_off = 0;
	err = ops[iscsi_opcode(&rx->bhs)].header(cmnd);
	if (err > 0) {
		iet_cmnd_free(cmnd);
		return iet_cmnd_reject(conn, err);
	}
	return err;
}

/* A command of another connection's pool, to which the tag belongs. */
static struct iet_cmnd *find_adopted(struct iet_conn *conn, __be32 itt, u32 ttt)
{
	struct iet_cmnd *cmnd;

	if (!conn->nr_adopted)
		return NULL;
	cmnd = iet_cmnd_find(conn, itt);
	if (!cmnd || cmnd->home == conn || !is_scsi(cmnd) || cmnd->aborted ||
	    cmnd->index != (ttt & IET_TTT_INDEX_MASK) ||
	    cmnd->gen != (u16)(ttt >> 16))
		return NULL;
	return cmnd;
}

/* Is the tag one of an earlier generation? */
static bool is_stale(u16 gen, u32 ttt)
{
	u16 behind = gen - (ttt >> 16);

	return behind && behind < 0x4000;
}

/* Data-Out: the command it is for, NULL and a reason, or NULL and 0: drop */
static struct iet_cmnd *find_write(struct iet_conn *conn,
				   const struct iscsi_data_out_hdr *hdr,
				   u8 *reason)
{
	u32 ttt = be32_to_cpu(hdr->ttt);
	u32 index = ttt & IET_TTT_INDEX_MASK;
	struct iet_cmnd *cmnd;

	*reason = 0;
	if (ttt == ISCSI_RESERVED_TAG) {
		cmnd = iet_cmnd_find(conn, hdr->itt);
		if (!cmnd && was_dropped(conn, hdr->itt))
			return NULL;
	} else if ((cmnd = find_adopted(conn, hdr->itt, ttt))) {
		return cmnd;
	} else {
		cmnd = index < conn->pool.max ? conn->pool.cmnds[index] : NULL;
		/* an answer to an R2T of a command that has ended since */
		if (cmnd ? is_stale(cmnd->gen, ttt) :
			   conn->pool.gen && is_stale(conn->pool.gen + 1, ttt))
			return NULL;
		if (cmnd &&
		    ((u16)(ttt >> 16) != cmnd->gen || cmnd->itt != hdr->itt))
			cmnd = NULL;
		/* it has ended, and its place is not in use again */
		if (cmnd && (cmnd->state == IET_CMND_FREE || cmnd->aborted))
			return NULL;
	}
	if (!cmnd || !is_scsi(cmnd)) {
		*reason = ISCSI_REJECT_INVALID_PDU_FIELD;
		return NULL;
	}
	return cmnd;
}

/*
 * The data of a write can't be had right any more.  At ErrorRecoveryLevel 0
 * the command ends when each open sequence has (RFC 7143 7.8).  R2Ts that
 * were to be sent are not: one that is half sent is the last.
 */
static void fail_write(struct iet_cmnd *cmnd, u16 asc)
{
	const struct iet_sense sense = { .key = ABORTED_COMMAND, .asc = asc };

	stop_data(cmnd);
	if (cmnd->failed)
		return;
	cmnd->failed = true;
	iet_scsi_check(&cmnd->scmd, &sense);
}

/**
 * struct data_out_error - what a bad Data-Out means (RFC 7143 7.8, 11.4.7.2)
 * @reason: enum iscsi_reject_reason
 * @asc: additional sense code that ends the command, 0: it goes on
 */
struct data_out_error {
	u8 reason;
	u16 asc;
};

static const struct data_out_error data_out_errors[] = {
	[IET_R2T_BAD_TAG] = { ISCSI_REJECT_INVALID_PDU_FIELD, 0 },
	[IET_R2T_BAD_SN] = { ISCSI_REJECT_PROTOCOL_ERROR,
			     IET_ASC_PROTOCOL_CRC },
	[IET_R2T_BAD_OFFSET] = { ISCSI_REJECT_INVALID_PDU_FIELD,
				 IET_ASC_DATA_AMOUNT },
	[IET_R2T_TOO_LONG] = { ISCSI_REJECT_PROTOCOL_ERROR,
			       IET_ASC_DATA_AMOUNT },
	[IET_R2T_TOO_SHORT] = { ISCSI_REJECT_PROTOCOL_ERROR,
				IET_ASC_DATA_AMOUNT },
	[IET_R2T_NOT_FINAL] = { ISCSI_REJECT_PROTOCOL_ERROR,
				IET_ASC_DATA_AMOUNT },
};

static enum iet_r2t_verdict account_data(struct iet_cmnd *cmnd,
					 const struct iscsi_data_out_hdr *hdr)
{
	u32 ttt = be32_to_cpu(hdr->ttt);
	u32 slot = ttt >> IET_TTT_INDEX_BITS & IET_TTT_SLOT_MASK;
	u32 sn = cmnd->r2t.filled;
	u32 ago = (sn - slot) & IET_TTT_SLOT_MASK;

	/*
	 * R2TSN of the slot: the one that is being filled, if it is right, or
	 * an earlier one.  Nobody can answer an R2T that is half sent.
	 */
	if (ago > IET_TTT_SLOT_MASK / 2 || ago > sn ||
	    (!ago && cmnd->r2t.sent - sn - 1 < cmnd->sending &&
	     !cmnd->r2t_repeated))
		sn = ISCSI_RESERVED_TAG;
	else
		sn -= ago;
	return iet_r2t_data_out(&cmnd->r2t, ttt != ISCSI_RESERVED_TAG, sn,
				be32_to_cpu(hdr->data_sn),
				be32_to_cpu(hdr->buffer_offset),
				iscsi_dlength(hdr),
				hdr->flags & ISCSI_FLAG_FINAL);
}

/*
 * An R2T waits to be sent again, and the last data that it asks for is on its
 * way: there is nothing left to ask for.  What is next the end of the PDU says.
 */
static void forget_r2t(struct iet_cmnd *cmnd)
{
	u32 sn, off, len;

	if (!cmnd->r2t_again || iet_r2t_again(&cmnd->r2t, &sn, &off, &len))
		return;
	cmnd->r2t_again = false;
	iet_cmnd_dequeue(cmnd);
}

static int data_out_header(struct iet_conn *conn)
{
	struct iet_rx *rx = &conn->rx;
	const struct iscsi_data_out_hdr *hdr = (void *)&rx->bhs;
	const struct data_out_error *error;
	enum iet_r2t_verdict verdict;
	struct iet_cmnd *cmnd;
	u8 reason;

	/* the Reject needs a command; nothing may change before it is there */
	if (!make_room(conn))
		return -ENOMEM;
	cmnd = find_write(conn, hdr, &reason);
	if (!cmnd)
		return reason ? iet_cmnd_reject(conn, reason) : 0;
	verdict = account_data(cmnd, hdr);
	rx->cmnd = cmnd;
	rx->data_off = be32_to_cpu(hdr->buffer_offset);
	if (verdict == IET_R2T_OK) {
		cmnd->tries = 0;
		forget_r2t(cmnd);
		return 0;
	}
	if (verdict == IET_R2T_IGNORE) {
		rx->cmnd = NULL;
		if (cmnd->state == IET_CMND_WAIT_DATA)
			iet_cmnd_progress(cmnd);
		return 0;
	}
	error = &data_out_errors[verdict];
	iet_cmnd_reject(conn, error->reason);
	if (!error->asc)
		return 0;
	fail_write(cmnd, error->asc);
	/* the PDU may be the one that ends the sequence */
	account_data(cmnd, hdr);
	if (cmnd->state == IET_CMND_WAIT_DATA)
		iet_cmnd_progress(cmnd);
	return 0;
}

/**
 * iet_cmnd_header - a header has been received
 * @conn: the connection, with the header and its AHSs in conn->rx
 *
 * Sets conn->rx.cmnd and data_off to where the data is to go; without a
 * command the data is thrown away.
 *
 * Context: the connection's thread.
 * Return: 0, or -ENOMEM: call again later
 */
int iet_cmnd_header(struct iet_conn *conn)
{
	struct iet_rx *rx = &conn->rx;
	const u32 *keys = conn->session->keys;
	const struct iet_pdu_limits lim = {
		.max_recv = conn->max_recv,
		.first_burst = keys[IET_K_FIRST_BURST_LENGTH],
		.immediate_data = keys[IET_K_IMMEDIATE_DATA],
		.initial_r2t = keys[IET_K_INITIAL_R2T],
	};
	u8 reason;

	switch (iet_pdu_check(&rx->bhs, &lim, &reason)) {
	case IET_PDU_FATAL:
		return reject_and_close(conn, reason);
	case IET_PDU_REJECT:
		return iet_cmnd_reject(conn, reason);
	case IET_PDU_OK:
		break;
	}
	acknowledged(conn, iet_pdu_exp_stat_sn(&rx->bhs));
	switch (iscsi_opcode(&rx->bhs)) {
	case ISCSI_OP_DATA_OUT:
		return data_out_header(conn);
	case ISCSI_OP_SNACK_REQ:
		return iet_snack(conn);
	default:
		return request_header(conn);
	}
}

static void start(struct iet_cmnd *cmnd)
{
	cmnd->counted = iet_pdu_has_cmd_sn(&cmnd->req);
	ops[iscsi_opcode(&cmnd->req)].start(cmnd);
}

/**
 * iet_cmnd_uncount - a request that has just been started is rejected
 * @cmnd: the request
 *
 * Its CmdSN is still to be received, see iet_cmnd_reject().
 *
 * Context: the connection's thread, from the request's start function.
 */
void iet_cmnd_uncount(struct iet_cmnd *cmnd)
{
	struct iet_session *session = cmnd->conn->session;

	if (!cmnd->counted)
		return;
	cmnd->counted = false;
	iet_cmdsn_rejected(&session->sn);
}

/* Keep an early command, in the order of CmdSN. */
static void park(struct iet_session *session, struct iet_cmnd *cmnd)
{
	struct iet_cmnd *other;

	cmnd->state = IET_CMND_PARKED;
	list_for_each_entry_reverse(other, &session->parked, park_node) {
		if (iscsi_sn_before(other->cmd_sn, cmnd->cmd_sn))
			break;
	}
	list_add(&cmnd->park_node, &other->park_node);
}

/**
 * iet_cmnd_plug - a command that did not arrive is aborted
 * @conn: the connection
 * @cmd_sn: its CmdSN
 *
 * From now on the CmdSN counts as received (RFC 7143 11.5.1).
 *
 * Context: the connection's thread, which calls iet_cmnd_unpark() after this.
 * Return: 0, or -ENOENT if this CmdSN is not missing
 */
int iet_cmnd_plug(struct iet_conn *conn, u32 cmd_sn)
{
	struct iet_session *session = conn->session;

	if (is_parked(session, cmd_sn) || !iet_cmdsn_plug(&session->sn, cmd_sn))
		return -ENOENT;
	return 0;
}

static void start_parked(struct iet_session *session)
{
	struct iet_cmnd *cmnd;

	for (;;) {
		enum iet_cmdsn_verdict verdict;

		iet_cmdsn_skip(&session->sn);
		cmnd = list_first_entry_or_null(&session->parked,
						struct iet_cmnd, park_node);
		if (!cmnd)
			return;
		verdict = arrived(session, &cmnd->req);
		if (verdict == IET_CMDSN_EARLY)
			return;
		list_del(&cmnd->park_node);
		cmnd->state = IET_CMND_RX;
		/* or the CmdSN came again on its way here */
		if (verdict == IET_CMDSN_NEXT)
			start(cmnd);
		else
			iet_cmnd_free(cmnd);
	}
}

/**
 * iet_cmnd_unpark - start the parked commands whose turn has come
 * @session: the session, of which a command has arrived or a CmdSN has been
 *	plugged
 *
 * They may be those of other connections.
 *
 * Context: the session's thread.
 */
void iet_cmnd_unpark(struct iet_session *session)
{
	start_parked(session);
	if (!list_empty(&session->arrivals))
		iet_tmf_arrivals(session);
}

static void request_pdu(struct iet_conn *conn, struct iet_cmnd *cmnd)
{
	struct iet_session *session = conn->session;

	switch (arrived(session, &cmnd->req)) {
	case IET_CMDSN_NEXT:
		start(cmnd);
		if (!list_empty(&session->parked) || session->sn.nr_plugged ||
		    !list_empty(&session->arrivals))
			iet_cmnd_unpark(session);
		break;
	case IET_CMDSN_EARLY:
		park(session, cmnd);
		break;
	case IET_CMDSN_OUTSIDE:
		iet_cmnd_abort(cmnd, NULL);
		break;
	}
}

/**
 * iet_cmnd_pdu - a whole PDU has been received
 * @conn: the connection
 *
 * Context: the connection's thread.
 */
void iet_cmnd_pdu(struct iet_conn *conn)
{
	struct iet_cmnd *cmnd = conn->rx.cmnd;

	conn->last_rx = jiffies;
	if (!cmnd)
		return;
	conn->rx.cmnd = NULL;
	if (iscsi_opcode(&conn->rx.bhs) != ISCSI_OP_DATA_OUT)
		request_pdu(conn, cmnd);
	else if (cmnd->state == IET_CMND_WAIT_DATA)
		iet_cmnd_progress(cmnd);
}

/* A request that was damaged: it may come again, or not. */
static int request_error(struct iet_conn *conn)
{
	struct iet_cmnd *cmnd = conn->rx.cmnd;

	if (!conn->erl)
		return reject_and_close(conn, ISCSI_REJECT_DATA_DIGEST);
	if (iet_cmnd_reject(conn, ISCSI_REJECT_DATA_DIGEST))
		return -ENOMEM;
	if (cmnd->r2t.unsolicited)
		note_dropped(conn, cmnd->itt);
	iet_cmnd_free(cmnd);
	return 0;
}

/**
 * iet_cmnd_data_error - the data segment of a PDU fails its digest
 * @conn: the connection, with the PDU in conn->rx
 *
 * The PDU is rejected (RFC 7143 7.8).  At ErrorRecoveryLevel 0 a write whose
 * Data-Out it was ends with CHECK CONDITION, and after a request, which can't
 * come again, the connection ends.  At other levels the data is asked for by
 * an R2T, and the initiator sends the request again, whose CmdSN is missing.
 *
 * Context: the connection's thread.
 * Return: 0, or -ENOMEM: call again later
 */
int iet_cmnd_data_error(struct iet_conn *conn)
{
	const struct iscsi_data_out_hdr *hdr = (void *)&conn->rx.bhs;
	struct iet_cmnd *cmnd = conn->rx.cmnd;

	if (iscsi_opcode(hdr) != ISCSI_OP_DATA_OUT)
		return request_error(conn);
	if (iet_cmnd_reject(conn, ISCSI_REJECT_DATA_DIGEST))
		return -ENOMEM;
	if (conn->erl)
		iet_r2t_lost(&cmnd->r2t, be32_to_cpu(hdr->buffer_offset),
			     hdr->flags & ISCSI_FLAG_FINAL);
	else
		fail_write(cmnd, IET_ASC_PROTOCOL_CRC);
	if (cmnd->state == IET_CMND_WAIT_DATA)
		iet_cmnd_progress(cmnd);
	return 0;
}
