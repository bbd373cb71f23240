// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a connection does after a while.
 *
 * Each thing has its own time (enum iet_timer), all of a connection have one
 * timer of the kernel's, which fires when the first is due and kicks the
 * thread.  A time that is moved away leaves it alone: it then fires for nothing,
 * once, which is cheaper than to move it for each PDU.
 */
#include <linux/jiffies.h>
#include <linux/kernel.h>

#include "cmnd_pool.h"
#include "conn.h"
#include "conn_timer.h"
#include "fault_pdu.h"
#include "nthread.h"
#include "ping.h"
#include "recovery.h"
#include "text.h"

static void (*const handlers[IET_TIMER_NR])(struct iet_conn *conn) = {
	[IET_TIMER_PING] = iet_ping_timer,
	[IET_TIMER_RETAIN] = iet_recovery_timer,
	[IET_TIMER_WATCH] = iet_watch_timer,
	[IET_TIMER_DROP] = iet_async_drop_timer,
	[IET_TIMER_LUNS] = iet_async_luns_timer,
	[IET_TIMER_TRIM] = iet_cmnd_pool_trim,
	[IET_TIMER_TEXT] = iet_text_timer,
	[IET_TIMER_FAULT] = iet_fault_timer,
};

static void fire(struct timer_list *timer)
{
	struct iet_conn *conn =
		container_of(timer, struct iet_conn, timer.timer);

	set_bit(IET_CONN_TIMER, &conn->flags);
	iet_nthread_kick(conn);
}

/**
 * iet_timer_init - no time is set
 * @conn: new connection, zeroed
 */
void iet_timer_init(struct iet_conn *conn)
{
	timer_setup(&conn->timer.timer, fire, 0);
}

/**
 * iet_timer_stop - no time will be set any more
 * @conn: a connection that is closing, as its thread knows
 *
 * Context: may sleep.
 */
void iet_timer_stop(struct iet_conn *conn)
{
	timer_shutdown_sync(&conn->timer.timer);
}

static void fire_by(struct iet_conn_timer *t, unsigned long when)
{
	if (t->running && time_before_eq(t->fires, when))
		return;
	t->running = true;
	t->fires = when;
	mod_timer(&t->timer, when);
}

/**
 * iet_timer_set - do something later
 * @conn: the connection; if it is closing, and not suspended, nothing happens
 * @id: what
 * @delay: when, jiffies from now; takes the place of what was set before
 *
 * Context: the connection's thread, or before it has it.
 */
void iet_timer_set(struct iet_conn *conn, enum iet_timer id,
		   unsigned long delay)
{
	struct iet_conn_timer *t = &conn->timer;

	if (conn->state == IET_CONN_CLOSING && !conn->suspended)
		return;
	t->due[id] = jiffies + max(delay, 1UL);
	__set_bit(id, &t->set);
	fire_by(t, t->due[id]);
}

/**
 * iet_timer_set_by - do something not later than that
 * @conn: the connection, as for iet_timer_set()
 * @id: what
 * @delay: when, jiffies from now, unless it is set already to be sooner
 *
 * Context: the connection's thread, or before it has it.
 */
void iet_timer_set_by(struct iet_conn *conn, enum iet_timer id,
		      unsigned long delay)
{
	const struct iet_conn_timer *t = &conn->timer;

	if (!iet_timer_is_set(conn, id) ||
	    time_before(jiffies + delay, t->due[id]))
		iet_timer_set(conn, id, delay);
}

/**
 * iet_timer_is_set - is something still to be done?
 * @conn: the connection
 * @id: what
 *
 * Context: the connection's thread.
 * Return: true if so
 */
bool iet_timer_is_set(const struct iet_conn *conn, enum iet_timer id)
{
	return test_bit(id, &conn->timer.set);
}

/**
 * iet_timer_clear - nothing is to be done any more
 * @conn: the connection
 *
 * Context: the connection's thread.
 */
void iet_timer_clear(struct iet_conn *conn)
{
	conn->timer.set = 0;
}

/**
 * iet_timer_run - the timer has fired: do what is due
 * @conn: the connection
 *
 * Context: the connection's thread; does not sleep.
 */
void iet_timer_run(struct iet_conn *conn)
{
	struct iet_conn_timer *t = &conn->timer;
	unsigned int id;

	t->running = false;
	for (id = 0; id < IET_TIMER_NR; id++) {
		if (!iet_timer_is_set(conn, id) ||
		    time_before(jiffies, t->due[id]))
			continue;
		__clear_bit(id, &t->set);
		handlers[id](conn);
	}
	for_each_set_bit(id, &t->set, IET_TIMER_NR)
		fire_by(t, t->due[id]);
}
