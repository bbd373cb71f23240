/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * NOP-In: is an initiator still there?
 */
#ifndef IET_PING_H
#define IET_PING_H

#include <linux/types.h>

struct iet_conn;

/**
 * struct iet_conn_ping - a connection's NOP-In
 * @last_rx: jiffies of the last PDU received
 * @sent: jiffies of our last NOP-In, if @waiting
 * @waiting: it has not been answered
 *
 * The connection's thread's own.
 */
struct iet_conn_ping {
	unsigned long last_rx;
	unsigned long sent;
	bool waiting;
};

void iet_ping_start(struct iet_conn *conn);

/* called by the connection's thread only */
void iet_ping_send(struct iet_conn *conn);
void iet_ping_timer(struct iet_conn *conn);

#endif /* IET_PING_H */
