// SPDX-License-Identifier: GPL-2.0-only
/*
 * Logout (RFC 7143 11.14).
 *
 * The daemon sends the last Login Response before it hands the connection
 * over, so that an initiator can log a connection out, by another one, that
 * is not here yet.  Such a Logout waits for it for a while.
 */
#include <linux/kernel.h>

#include "cmnd.h"
#include "compat.h"
#include "conn.h"
#include "recovery.h"
#include "session.h"
#include "watch.h"

static u16 cid_of(const struct iet_cmnd *cmnd)
{
	const struct iscsi_logout_hdr *hdr = (const void *)&cmnd->req;

	return be16_to_cpu(hdr->cid);
}

/* The connection ends with the response; its place is free from now on. */
static void close_own(struct iet_cmnd *cmnd)
{
	cmnd->close_after = true;
	cmnd->conn->stop_rx = true;
	set_bit(IET_CONN_LEAVING, &cmnd->conn->flags);
}

static u8 close_session(struct iet_cmnd *cmnd)
{
	struct iet_conn *own = cmnd->conn, *conn;

	list_for_each_entry(conn, &own->session->members, member_node) {
		if (conn != own)
			iet_conn_end(conn, IET_EVENT_LOGOUT);
	}
	own->ends_session = true;
	close_own(cmnd);
	return ISCSI_LOGOUT_SUCCESS;
}

static u8 close_connection(struct iet_cmnd *cmnd)
{
	struct iet_session *session = cmnd->conn->session;
	struct iet_conn *conn =
		iet_conn_member(session, cid_of(cmnd)) ?:
			iet_recovery_find(session, cid_of(cmnd));

	if (!conn)
		return ISCSI_LOGOUT_CID_NOT_FOUND;
	if (conn == cmnd->conn)
		close_own(cmnd);
	else
		iet_conn_end(conn, IET_EVENT_LOGOUT);
	return ISCSI_LOGOUT_SUCCESS;
}

static u8 recover_connection(struct iet_cmnd *cmnd)
{
	struct iet_session *session = cmnd->conn->session;
	struct iet_conn *conn = iet_conn_member(session, cid_of(cmnd));

	if (cmnd->conn->erl < 2)
		return ISCSI_LOGOUT_RECOVERY_UNSUPPORTED;
	if (conn == cmnd->conn) {
		conn->logged_out = true;
		close_own(cmnd);
		return ISCSI_LOGOUT_SUCCESS;
	}
	if (conn) {
		iet_conn_suspend(conn);
		return ISCSI_LOGOUT_SUCCESS;
	}
	conn = iet_recovery_find(session, cid_of(cmnd));
	if (!conn)
		return ISCSI_LOGOUT_CID_NOT_FOUND;
	iet_recovery_logged_out(conn);
	return ISCSI_LOGOUT_SUCCESS;
}

/* Each carries a Logout out, and returns an enum iscsi_logout_response. */
static u8 (*const logouts[])(struct iet_cmnd *cmnd) = {
	[ISCSI_LOGOUT_CLOSE_SESSION] = close_session,
	[ISCSI_LOGOUT_CLOSE_CONNECTION] = close_connection,
	[ISCSI_LOGOUT_RECOVERY] = recover_connection,
};

static u8 reason_of(const struct iet_cmnd *cmnd)
{
	const struct iscsi_logout_hdr *hdr = (const void *)&cmnd->req;

	return hdr->reason & ISCSI_LOGOUT_REASON_MASK;
}

static bool may_be_coming(const struct iet_session *session)
{
	return session->keys[IET_K_MAX_CONNECTIONS] > 1 ||
	       session->keys[IET_K_ERROR_RECOVERY_LEVEL] == 2;
}

/**
 * iet_logout_start - carry a Logout out
 * @cmnd: the request
 *
 * Context: the connection's thread; does not sleep.
 */
void iet_logout_start(struct iet_cmnd *cmnd)
{
	u8 reason = reason_of(cmnd);

	if (reason >= ARRAY_SIZE(logouts)) {
		iet_cmnd_uncount(cmnd);
		cmnd->kind = IET_TX_REJECT;
		cmnd->response = ISCSI_REJECT_INVALID_PDU_FIELD;
		iet_conn_queue(cmnd->conn, cmnd);
		return;
	}
	cmnd->kind = IET_TX_LOGOUT;
	cmnd->response = logouts[reason](cmnd);
	if (cmnd->response == ISCSI_LOGOUT_CID_NOT_FOUND &&
	    may_be_coming(cmnd->conn->session)) {
		cmnd->state = IET_CMND_WAIT_CONN;
		iet_watch_logout(cmnd);
		return;
	}
	iet_conn_queue(cmnd->conn, cmnd);
}

static void look_for(struct iet_conn *waiting, const struct iet_conn *conn)
{
	struct iet_cmnd *cmnd, *next;

	list_for_each_entry_safe(cmnd, next, &waiting->active, node) {
		if (cmnd->state != IET_CMND_WAIT_CONN ||
		    cid_of(cmnd) != conn->cid)
			continue;
		cmnd->response = logouts[reason_of(cmnd)](cmnd);
		iet_conn_queue(waiting, cmnd);
	}
}

/**
 * iet_logout_arrived - a connection is here; does a Logout wait for it?
 * @conn: the connection, which is a member of its session
 *
 * Context: the session's thread.
 */
void iet_logout_arrived(struct iet_conn *conn)
{
	struct iet_conn *other;

	list_for_each_entry(other, &conn->session->members, member_node) {
		if (other != conn)
			look_for(other, conn);
	}
}
