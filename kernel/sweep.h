/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sweeps: the threads of several connections look at something of their own,
 * and when all have, whoever asked them is told.
 */
#ifndef IET_SWEEP_H
#define IET_SWEEP_H

#include <linux/atomic.h>
#include <linux/types.h>

struct iet_conn;
struct iet_session;
struct iet_sweep;

/**
 * struct iet_sweep_ops - what a sweep is for
 * @arrive: called in the thread of the connection before it looks for the first
 *	time; NULL: there is nothing to do
 * @look: looks; called in the thread of the connection, also when that is
 *	closing.  false: not done yet; it is called again when the initiator
 *	has acknowledged something, and when the connection closes.  Not if
 *	all of a session are asked: then it looks once
 * @lost: there was no memory to ask a connection, which is not waited for;
 *	under iet_config_lock
 * @done: all have looked; called once, from any context; the sweep may end
 */
struct iet_sweep_ops {
	void (*arrive)(struct iet_sweep *sweep, struct iet_conn *conn);
	bool (*look)(struct iet_sweep *sweep, struct iet_conn *conn);
	void (*lost)(struct iet_sweep *sweep, struct iet_conn *conn);
	void (*done)(struct iet_sweep *sweep);
};

/**
 * struct iet_sweep - connections are being asked
 * @ops: what for
 * @looking: those that have not looked, and whoever is still asking
 *
 * Lifetime: its owner's, up to @ops->done.
 */
struct iet_sweep {
	const struct iet_sweep_ops *ops;
	atomic_t looking;
};

void iet_sweep_begin(struct iet_sweep *sweep, const struct iet_sweep_ops *ops);
void iet_sweep_end(struct iet_sweep *sweep);

/* between the two, under iet_config_lock */
void iet_sweep_conn(struct iet_sweep *sweep, struct iet_conn *conn);
void iet_sweep_session(struct iet_sweep *sweep, struct iet_session *session);

/**
 * iet_sweep_runs - is somebody still to look?
 * @sweep: a sweep, or zeroes
 *
 * Return: true if so
 */
static inline bool iet_sweep_runs(const struct iet_sweep *sweep)
{
	return atomic_read(&sweep->looking);
}

/* called by the connection's thread only */
void iet_sweep_again(struct iet_conn *conn);

#endif /* IET_SWEEP_H */
