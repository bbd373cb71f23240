// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asynchronous messages (RFC 7143 11.9).
 *
 * They go out like responses, in the connection's thread; whoever else has
 * something to tell sends the thread a message.  They are a courtesy: what has
 * to be known (a unit attention) or has to end (a connection) does not depend
 * on them, so one that finds no command free is left out.
 */
#include <linux/kernel.h>
#include <linux/slab.h>
#include <scsi/scsi_proto.h>

#include "async.h"
#include "cdb.h"
#include "cmnd.h"
#include "compat.h"
#include "conn.h"
#include "conn_timer.h"
#include "recovery.h"
#include "sense.h"
#include "session.h"
#include "target.h"

/* how long the message that a connection is dropped may take to be sent */
#define DROP_DEADLINE HZ
/* thousands of LUNs that come at once are no more than news of one */
#define TELL_INTERVAL HZ

/**
 * struct ask_msg - an initiator is to be asked for something
 * @msg: the message
 * @event: enum iscsi_async_event
 * @seconds: how long it may take
 */
struct ask_msg {
	struct iet_conn_msg msg;
	u8 event;
	u16 seconds;
};

/**
 * struct scsi_msg - an initiator is to be told of a SCSI event
 * @msg: the message
 * @lun: the logical unit
 * @asc: enum iet_asc of the unit attention
 */
struct scsi_msg {
	struct iet_conn_msg msg;
	u32 lun;
	u16 asc;
};

/* --- in the connection's thread ------------------------------------------- */

static struct iet_cmnd *new_message(struct iet_conn *conn, u8 event)
{
	struct iet_cmnd *cmnd = iet_cmnd_alloc(conn);
	struct iscsi_async_hdr *hdr;

	if (!cmnd)
		return NULL;
	memset(&cmnd->req, 0, sizeof(cmnd->req));
	hdr = (void *)&cmnd->req;
	hdr->opcode = ISCSI_OP_ASYNC;
	hdr->flags = ISCSI_FLAG_FINAL;
	hdr->tag = cpu_to_be32(ISCSI_RESERVED_TAG);
	hdr->async_event = event;
	cmnd->kind = IET_TX_ASYNC;
	return cmnd;
}

static void set_params(struct iet_cmnd *cmnd, u16 p1, u16 p2, u16 p3)
{
	struct iscsi_async_hdr *hdr = (void *)&cmnd->req;

	hdr->param1 = cpu_to_be16(p1);
	hdr->param2 = cpu_to_be16(p2);
	hdr->param3 = cpu_to_be16(p3);
}

/**
 * iet_async_end - the initiator has been told that a connection is dropped
 * @conn: the connection, which ends, or is suspended if only it is dropped
 *
 * Context: the connection's thread; does not sleep.
 */
void iet_async_end(struct iet_conn *conn)
{
	/* the reason has been set with the message */
	if (conn->async.with_session)
		iet_conn_close(conn, IET_EVENT_ADMIN);
	else
		iet_conn_fail(conn, IET_EVENT_ADMIN);
}

/* How long tasks may be reassigned; 0: they end (11.9.1). */
static u16 time_to_retain(const struct iet_conn *conn)
{
	if (conn->async.with_session || !iet_recovery_possible(conn))
		return 0;
	return conn->session->keys[IET_K_DEFAULT_TIME2RETAIN];
}

/* The connection ends when it has been told, or a little later anyway. */
static void drop(struct iet_conn *conn, u8 event, enum iet_event reason)
{
	const u32 *keys = conn->session->keys;
	struct iet_cmnd *cmnd = new_message(conn, event);

	conn->async.dropping = true;
	conn->async.with_session = event == ISCSI_ASYNC_DROP_SESSION;
	cmpxchg(&conn->close_reason, IET_EVENT_UNSPEC, reason);
	if (!cmnd) {
		iet_async_end(conn);
		return;
	}
	set_params(cmnd, event == ISCSI_ASYNC_DROP_CONNECTION ? conn->cid : 0,
		   keys[IET_K_DEFAULT_TIME2WAIT], time_to_retain(conn));
	cmnd->close_after = true;
	conn->stop_rx = true;
	iet_conn_queue(conn, cmnd);
	iet_timer_set(conn, IET_TIMER_DROP, DROP_DEADLINE);
}

static void ask(struct iet_conn *conn, u8 event, u16 seconds)
{
	struct iet_cmnd *cmnd = new_message(conn, event);

	if (cmnd) {
		set_params(cmnd, 0, 0, seconds);
		iet_conn_queue(conn, cmnd);
	}
	if (event == ISCSI_ASYNC_LOGOUT_REQUEST)
		iet_timer_set(conn, IET_TIMER_DROP, seconds * HZ);
}

/**
 * iet_async_say - tell an initiator something, or drop its connection
 * @conn: the connection
 * @event: as of iet_async_ask()
 * @seconds: as of iet_async_ask()
 *
 * Context: the connection's thread; does not sleep.
 */
void iet_async_say(struct iet_conn *conn, u8 event, u16 seconds)
{
	/* there is nobody to be told */
	if (conn->suspended && event == ISCSI_ASYNC_DROP_SESSION)
		iet_conn_end(conn, IET_EVENT_ADMIN);
	if (conn->state == IET_CONN_CLOSING || conn->async.dropping)
		return;
	if (event == ISCSI_ASYNC_DROP_CONNECTION ||
	    event == ISCSI_ASYNC_DROP_SESSION)
		drop(conn, event, IET_EVENT_ADMIN);
	else
		ask(conn, event, seconds);
}

static void take_ask(struct iet_conn *conn, struct iet_conn_msg *msg)
{
	struct ask_msg *m = container_of(msg, struct ask_msg, msg);

	iet_async_say(conn, m->event, m->seconds);
	kfree(m);
}

static void scsi_event(struct iet_conn *conn, u32 lun, u16 asc)
{
	struct iet_cmnd *cmnd = new_message(conn, ISCSI_ASYNC_SCSI_EVENT);
	const struct iet_sense sense = { .key = UNIT_ATTENTION, .asc = asc };

	if (!cmnd)
		return;
	iet_lun_encode(lun, cmnd->req.lun);
	cmnd->scmd.sense_len = iet_sense_fixed(cmnd->scmd.sense, &sense);
	iet_conn_queue(conn, cmnd);
}

static void tell_luns_changed(struct iet_conn *conn, u32 lun)
{
	conn->async.luns_changed = iet_timer_is_set(conn, IET_TIMER_LUNS);
	if (conn->async.luns_changed)
		return;
	iet_timer_set(conn, IET_TIMER_LUNS, TELL_INTERVAL);
	scsi_event(conn, lun, IET_ASC_LUNS_CHANGED);
}

static void take_scsi_event(struct iet_conn *conn, struct iet_conn_msg *msg)
{
	struct scsi_msg *m = container_of(msg, struct scsi_msg, msg);

	if (conn->state == IET_CONN_CLOSING || conn->async.dropping)
		goto out;
	if (m->asc == IET_ASC_LUNS_CHANGED)
		tell_luns_changed(conn, m->lun);
	else
		scsi_event(conn, m->lun, m->asc);
out:
	kfree(m);
}

/**
 * iet_async_drop_timer - an initiator has had the time to go
 * @conn: the connection
 *
 * Context: the connection's thread; does not sleep.
 */
void iet_async_drop_timer(struct iet_conn *conn)
{
	if (conn->async.dropping)
		iet_async_end(conn);
	else
		drop(conn, ISCSI_ASYNC_DROP_CONNECTION, IET_EVENT_TIMEOUT);
}

/**
 * iet_async_luns_timer - changed LUNs may be told of again
 * @conn: the connection
 *
 * Context: the connection's thread; does not sleep.
 */
void iet_async_luns_timer(struct iet_conn *conn)
{
	if (conn->async.luns_changed && !conn->async.dropping)
		tell_luns_changed(conn, 0);
}

/**
 * iet_async_terminated - an initiator need not send data for a unit any more
 * @conn: a connection of a session with TaskReporting=FastAbort
 * @lun_raw: LUN field of the commands that are being aborted, 8 bytes
 *
 * Context: the connection's thread; does not sleep.
 */
void iet_async_terminated(struct iet_conn *conn, const u8 *lun_raw)
{
	struct iet_cmnd *cmnd;

	if (conn->state == IET_CONN_CLOSING)
		return;
	cmnd = new_message(conn, ISCSI_ASYNC_TASK_TERMINATION);
	if (!cmnd)
		return;
	memcpy(cmnd->req.lun, lun_raw, sizeof(cmnd->req.lun));
	iet_conn_queue(conn, cmnd);
}

/* --- by others ------------------------------------------------------------ */

/**
 * iet_async_ask - ask an initiator for something, or drop a connection
 * @conn: the connection
 * @event: enum iscsi_async_event, neither of SCSI nor of task management
 * @seconds: how long it may take, up to %IET_ASYNC_TIME_MAX
 *
 * An initiator that was asked to log out and does not is told that the
 * connection is dropped, and it is.
 *
 * Context: iet_config_lock held; does not wait.
 * Return: 0 or -ENOMEM
 */
int iet_async_ask(struct iet_conn *conn, u8 event, u32 seconds)
{
	struct ask_msg *m = kmalloc(sizeof(*m), GFP_NOIO);

	if (!m)
		return -ENOMEM;
	m->msg.fn = take_ask;
	m->event = event;
	m->seconds = seconds;
	iet_conn_tell(conn, &m->msg);
	return 0;
}

/* Any connection of the session will do, if it stays. */
static struct iet_conn *any_conn(const struct iet_session *session)
{
	struct iet_conn *conn;

	list_for_each_entry(conn, &session->conns, session_node) {
		if (!iet_conn_leaves(conn))
			return conn;
	}
	return NULL;
}

static void tell_session(struct iet_session *session, u32 lun, u16 asc)
{
	struct iet_conn *conn = any_conn(session);
	struct scsi_msg *m;

	if (!conn || session->unlinked)
		return;
	m = kmalloc(sizeof(*m), GFP_NOIO);
	if (!m)
		return;
	m->msg.fn = take_scsi_event;
	m->lun = lun;
	m->asc = asc;
	iet_conn_tell(conn, &m->msg);
}

/**
 * iet_async_luns_changed - tell an initiator that there are other LUNs now
 * @session: its session
 * @lun: one that there is
 *
 * Its unit attention has been established already.
 *
 * Context: iet_config_lock held; does not wait.
 */
void iet_async_luns_changed(struct iet_session *session, u32 lun)
{
	lockdep_assert_held(&iet_config_lock);
	tell_session(session, lun, IET_ASC_LUNS_CHANGED);
}

static void tell_target(const struct iet_target *target,
			const struct iet_volume *vol, u16 asc)
{
	struct iet_session *session;
	struct iet_itl *itl;
	unsigned long lun;

	list_for_each_entry(session, &target->sessions, target_node) {
		xa_for_each(&session->nexus.itls, lun, itl) {
			if (itl->lun->vol == vol)
				tell_session(session, lun, asc);
		}
	}
}

/**
 * iet_async_capacity_changed - tell all initiators that a unit has a new size
 * @vol: the logical unit
 *
 * The unit attentions have been established already.
 *
 * Context: iet_config_lock held; does not wait.
 */
void iet_async_capacity_changed(const struct iet_volume *vol)
{
	struct iet_target *target;

	lockdep_assert_held(&iet_config_lock);
	list_for_each_entry(target, &iet_targets, node)
		tell_target(target, vol, IET_ASC_CAPACITY_CHANGED);
}
