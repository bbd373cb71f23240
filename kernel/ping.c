// SPDX-License-Identifier: GPL-2.0-only
/*
 * NOP-In: is an initiator still there?  One that has said nothing for
 * NOPInterval is asked, and has NOPTimeout to answer (RFC 7143 11.19).
 */
#include <linux/jiffies.h>
#include <linux/kernel.h>

#include "cmnd.h"
#include "conn.h"
#include "conn_timer.h"
#include "ping.h"
#include "session.h"
#include "target.h"

static unsigned long nop_interval(const struct iet_conn *conn)
{
	return READ_ONCE(conn->session->target->param.nop_interval) * HZ;
}

static unsigned long nop_timeout(const struct iet_conn *conn)
{
	unsigned long t =
		READ_ONCE(conn->session->target->param.nop_timeout) * HZ;
	unsigned long interval = nop_interval(conn);

	return t && t < interval ? t : interval;
}

/**
 * iet_ping_start - look after an initiator
 * @conn: a connection that its thread does not have yet
 */
void iet_ping_start(struct iet_conn *conn)
{
	conn->ping.last_rx = jiffies;
	if (nop_interval(conn))
		iet_timer_set(conn, IET_TIMER_PING, nop_interval(conn));
}

/**
 * iet_ping_send - send a NOP-In that the initiator has to answer
 * @conn: the connection
 *
 * Context: the connection's thread.
 */
void iet_ping_send(struct iet_conn *conn)
{
	struct iet_cmnd *cmnd = iet_cmnd_alloc(conn);

	if (!cmnd)
		return;
	cmnd->kind = IET_TX_PING;
	conn->ping.waiting = true;
	conn->ping.sent = jiffies;
	iet_conn_queue(conn, cmnd);
}

/**
 * iet_ping_timer - has the initiator been heard of?
 * @conn: the connection
 *
 * Context: the connection's thread.
 */
void iet_ping_timer(struct iet_conn *conn)
{
	unsigned long interval = nop_interval(conn);
	unsigned long next = conn->ping.last_rx + interval;

	if (!interval)
		return;
	if (conn->ping.waiting) {
		next = conn->ping.sent + nop_timeout(conn);
		if (time_after_eq(jiffies, next)) {
			iet_conn_fail(conn, IET_EVENT_TIMEOUT);
			return;
		}
	} else if (time_after_eq(jiffies, next)) {
		iet_ping_send(conn);
		next = jiffies + nop_timeout(conn);
	}
	iet_timer_set(conn, IET_TIMER_PING, max_t(long, next - jiffies, 1));
}
