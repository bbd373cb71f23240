// SPDX-License-Identifier: GPL-2.0-only
/*
 * Deadlines of a connection's commands: see watch.h.
 *
 * The timer runs only while something waits; it then looks at all commands of
 * the connection, which is cheaper than a timer for each.
 */
#include <linux/kernel.h>

#include "cmnd.h"
#include "conn.h"
#include "conn_timer.h"
#include "session.h"
#include "watch.h"

/* how long data may take to go on, and how often it is asked for again */
#define DATA_PATIENCE (3 * HZ)
#define DATA_TRIES 3
/* from the Login Response to CONN_NEW; the daemon needs microseconds */
#define HANDOFF_PATIENCE (HZ / 2)

/**
 * iet_watch_data - a write waits for data
 * @cmnd: the command, in state WAIT_DATA, of which data has come, or an R2T
 *	has been sent
 *
 * Context: the connection's thread.
 */
void iet_watch_data(struct iet_cmnd *cmnd)
{
	if (!cmnd->r2t.recovery)
		return;
	cmnd->waits_since = jiffies;
	iet_timer_set_by(cmnd->conn, IET_TIMER_WATCH, DATA_PATIENCE);
}

/**
 * iet_watch_logout - a Logout waits for the connection that it is about
 * @cmnd: the request, in state WAIT_CONN
 *
 * Context: the connection's thread.
 */
void iet_watch_logout(struct iet_cmnd *cmnd)
{
	cmnd->waits_since = jiffies;
	iet_timer_set_by(cmnd->conn, IET_TIMER_WATCH, HANDOFF_PATIENCE);
}

/* Jiffies that are left; when there are none, it is done. */
static long look_at_data(struct iet_cmnd *cmnd)
{
	long left = cmnd->waits_since + DATA_PATIENCE - jiffies;

	if (!cmnd->r2t.recovery || cmnd->gated || cmnd->tries == DATA_TRIES)
		return 0;
	/* an R2T that is still to be sent, or data just coming: no silence */
	if (cmnd->queued || cmnd->sending || cmnd->conn->rx.cmnd == cmnd) {
		cmnd->waits_since = jiffies;
		return DATA_PATIENCE;
	}
	if (left > 0)
		return left;
	cmnd->waits_since = jiffies;
	cmnd->tries++;
	iet_cmnd_ask_again(cmnd);
	return cmnd->tries < DATA_TRIES ? DATA_PATIENCE : 0;
}

static long look_at_logout(struct iet_cmnd *cmnd)
{
	long left = cmnd->waits_since + HANDOFF_PATIENCE - jiffies;

	if (left > 0)
		return left;
	cmnd->response = ISCSI_LOGOUT_CID_NOT_FOUND;
	iet_conn_queue(cmnd->conn, cmnd);
	return 0;
}

/**
 * iet_watch_timer - look at what waits
 * @conn: a connection that is not closing
 *
 * Context: the connection's thread.
 */
void iet_watch_timer(struct iet_conn *conn)
{
	struct iet_cmnd *cmnd, *next;
	long soonest = 0;

	list_for_each_entry_safe(cmnd, next, &conn->active, node) {
		long left = 0;

		if (cmnd->state == IET_CMND_WAIT_DATA && !cmnd->aborted)
			left = look_at_data(cmnd);
		else if (cmnd->state == IET_CMND_WAIT_CONN)
			left = look_at_logout(cmnd);
		if (left > 0 && (!soonest || left < soonest))
			soonest = left;
	}
	if (soonest)
		iet_timer_set_by(conn, IET_TIMER_WATCH, soonest);
}
