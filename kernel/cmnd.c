// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands: the pool of a connection, the tags by which they are found, and the
 * queue of those that have something to send.  How one begins is in request.c,
 * how it ends in cmnd_end.c.
 */
#include <linux/jhash.h>
#include <linux/slab.h>

#include "cmnd.h"
#include "cmnd_pool.h"
#include "cmnd_stats.h"
#include "compat.h"
#include "conn.h"
#include "nthread.h"
#include "order.h"
#include "session.h"
#include "ttt.h"

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

	return min(nr, IET_TTT_PLACES);
}

/**
 * iet_cmnd_make_room - have a command to take from the pool
 * @conn: the connection
 *
 * If there is none, the oldest response that is not acknowledged is given up,
 * or several: some may be of other connections' pools.
 *
 * Context: the connection's thread.
 * Return: is there one?
 */
bool iet_cmnd_make_room(struct iet_conn *conn)
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

	if (!iet_cmnd_make_room(conn))
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
	cmnd->doomed = false;
	cmnd->gated = false;
	INIT_LIST_HEAD(&cmnd->line_node);
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
	cmnd->begun = false;
	cmnd->times = (struct iet_cmnd_times){};
	cmnd->din.sn = 0;
	cmnd->snack_tag = 0;
	cmnd->reject_sn = 0;
	cmnd->r2t.sent = 0;
	cmnd->tries = 0;
	cmnd->response = 0;
	cmnd->aborted_by = NULL;
	cmnd->claims = NULL;
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

/**
 * iet_cmnd_hash - a command can be found by its tag
 * @cmnd: the command, with its tag set
 *
 * Context: the connection's thread.
 */
void iet_cmnd_hash(struct iet_cmnd *cmnd)
{
	hlist_add_head(&cmnd->itt_node, itt_bucket(cmnd->conn, cmnd->itt));
	cmnd->hashed = true;
}

/**
 * iet_cmnd_unhash - a command can't be found by its tag any more
 * @cmnd: the command
 *
 * Context: the connection's thread.
 */
void iet_cmnd_unhash(struct iet_cmnd *cmnd)
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

	iet_cmnd_unhash(cmnd);
	iet_order_leave(cmnd);
	if (conn->rx.cmnd == cmnd)
		conn->rx.cmnd = NULL;
	if (cmnd->state == IET_CMND_PARKED)
		list_del(&cmnd->park_node);
	if (cmnd->state == IET_CMND_SENT)
		list_del(&cmnd->tx_node);
	iet_tmf_release(cmnd);
	iet_cmnd_ended(cmnd, false);
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
	/* its tags mean nothing to this connection, and data may be coming */
	if (cmnd->r2t.sent)
		iet_conn_note_dropped(conn, cmnd->itt);
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

/**
 * iet_cmnd_reject_and_close - the end of a connection, after a Reject
 * @conn: the connection, with the PDU in conn->rx
 * @reason: enum iscsi_reject_reason
 *
 * Context: the connection's thread.
 * Return: as iet_cmnd_reject()
 */
int iet_cmnd_reject_and_close(struct iet_conn *conn, u8 reason)
{
	int err = iet_cmnd_reject(conn, reason);

	if (err)
		return err;
	list_last_entry(&conn->tx.queue, struct iet_cmnd, tx_node)->close_after =
		true;
	conn->stop_rx = true;
	return 0;
}
