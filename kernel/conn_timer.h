/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a connection does after a while: see conn_timer.c.
 */
#ifndef IET_CONN_TIMER_H
#define IET_CONN_TIMER_H

#include <linux/timer.h>
#include <linux/types.h>

struct iet_conn;

/**
 * enum iet_timer - what there may be to do
 * @IET_TIMER_PING: is the initiator still there? (ping.c)
 * @IET_TIMER_RETAIN: give a suspended connection up (recovery.c)
 * @IET_TIMER_WATCH: look at commands that wait for the initiator (watch.c)
 * @IET_TIMER_DROP: drop an initiator that was asked to go (async.c)
 * @IET_TIMER_LUNS: tell of changed LUNs once more (async.c)
 * @IET_TIMER_TRIM: give commands back that are not used (cmnd_pool.c)
 * @IET_TIMER_TEXT: forget a Text sequence that does not go on (text.c)
 * @IET_TIMER_FAULT: send again after a fault (fault_tx.c)
 * @IET_TIMER_NR: how many there are
 */
enum iet_timer {
	IET_TIMER_PING,
	IET_TIMER_RETAIN,
	IET_TIMER_WATCH,
	IET_TIMER_DROP,
	IET_TIMER_LUNS,
	IET_TIMER_TRIM,
	IET_TIMER_TEXT,
	IET_TIMER_FAULT,
	IET_TIMER_NR
};

/**
 * struct iet_conn_timer - a connection's timers
 * @timer: kicks the thread
 * @running: @timer will fire, or has and the thread does not know yet
 * @fires: jiffies when
 * @set: bits by enum iet_timer: which are set
 * @due: jiffies when they are due
 *
 * The connection's thread's own.
 */
struct iet_conn_timer {
	struct timer_list timer;
	bool running;
	unsigned long fires;
	unsigned long set;
	unsigned long due[IET_TIMER_NR];
};

void iet_timer_init(struct iet_conn *conn);
void iet_timer_stop(struct iet_conn *conn);

/* called by the connection's thread only, or before it knows the connection */
void iet_timer_set(struct iet_conn *conn, enum iet_timer id,
		   unsigned long delay);
void iet_timer_set_by(struct iet_conn *conn, enum iet_timer id,
		      unsigned long delay);
bool iet_timer_is_set(const struct iet_conn *conn, enum iet_timer id);
void iet_timer_clear(struct iet_conn *conn);
void iet_timer_run(struct iet_conn *conn);

#endif /* IET_CONN_TIMER_H */
