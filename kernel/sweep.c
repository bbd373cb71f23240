// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sweeps: see sweep.h.  Only a connection's thread may touch its commands, so
 * that who has to do with those of several connections sends each a message.
 */
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/slab.h>

#include "conn.h"
#include "nthread.h"
#include "session.h"
#include "sweep.h"
#include "target.h"

/**
 * struct sweep_msg - a connection is asked to look, or all of its session
 * @msg: the message
 * @node: in conn->sweeps, if it will look again
 * @sweep: for whom, with a count in its @looking
 */
struct sweep_msg {
	struct iet_conn_msg msg;
	struct list_head node;
	struct iet_sweep *sweep;
};

static void put_looking(struct iet_sweep *sweep)
{
	if (atomic_dec_and_test(&sweep->looking))
		sweep->ops->done(sweep);
}

static bool look(struct iet_conn *conn, struct sweep_msg *m)
{
	if (!m->sweep->ops->look(m->sweep, conn))
		return false;
	put_looking(m->sweep);
	kfree(m);
	return true;
}

static void take_message(struct iet_conn *conn, struct iet_conn_msg *msg)
{
	struct sweep_msg *m = container_of(msg, struct sweep_msg, msg);

	if (m->sweep->ops->arrive)
		m->sweep->ops->arrive(m->sweep, conn);
	if (!look(conn, m))
		list_add_tail(&m->node, &conn->sweeps);
}

/**
 * iet_sweep_begin - connections are about to be asked
 * @sweep: memory for it
 * @ops: what for
 */
void iet_sweep_begin(struct iet_sweep *sweep, const struct iet_sweep_ops *ops)
{
	sweep->ops = ops;
	atomic_set(&sweep->looking, 1);
}

/**
 * iet_sweep_end - all that are to be asked have been
 * @sweep: after iet_sweep_begin(); may be gone when this returns
 *
 * Context: any.
 */
void iet_sweep_end(struct iet_sweep *sweep)
{
	put_looking(sweep);
}

/*
 * All connections have the one thread.  Those that are not linked any more have
 * orphans only.
 */
static void take_session_message(struct iet_conn *conn,
				 struct iet_conn_msg *msg)
{
	struct sweep_msg *m = container_of(msg, struct sweep_msg, msg);
	struct iet_conn *member;

	list_for_each_entry(member, &conn->session->members, member_node) {
		if (test_bit(IET_CONN_UNLINKED, &member->flags))
			continue;
		m->sweep->ops->look(m->sweep, member);
		/* it may have lost what it waited for */
		iet_nthread_kick(member);
	}
	put_looking(m->sweep);
	kfree(m);
}

static bool send(struct iet_sweep *sweep, struct iet_conn *conn,
		 void (*fn)(struct iet_conn *conn, struct iet_conn_msg *msg))
{
	struct sweep_msg *m = kmalloc(sizeof(*m), GFP_NOIO);

	lockdep_assert_held(&iet_config_lock);
	if (!m)
		return false;
	m->msg.fn = fn;
	m->sweep = sweep;
	atomic_inc(&sweep->looking);
	iet_conn_tell(conn, &m->msg);
	return true;
}

/**
 * iet_sweep_conn - ask a connection's thread to look
 * @sweep: the sweep
 * @conn: the connection, linked to its session
 *
 * Context: iet_config_lock held; takes memory, without I/O for it.
 */
void iet_sweep_conn(struct iet_sweep *sweep, struct iet_conn *conn)
{
	if (!send(sweep, conn, take_message))
		sweep->ops->lost(sweep, conn);
}

/**
 * iet_sweep_session - ask all connections of a session, which look once
 * @sweep: the sweep
 * @session: the session
 *
 * Nothing happens in the session between the first of them and the last: what
 * is aborted starts no other command of it that will be.
 *
 * Context: as iet_sweep_conn().
 */
void iet_sweep_session(struct iet_sweep *sweep, struct iet_session *session)
{
	struct iet_conn *conn = list_first_entry_or_null(
		&session->conns, struct iet_conn, session_node);

	if (!conn || send(sweep, conn, take_session_message))
		return;
	list_for_each_entry(conn, &session->conns, session_node)
		sweep->ops->lost(sweep, conn);
}

/**
 * iet_sweep_again - what a connection was to look at may have changed
 * @conn: the connection: its initiator has acknowledged something, or it is
 *	closing
 *
 * Context: the connection's thread; does not sleep.
 */
void iet_sweep_again(struct iet_conn *conn)
{
	struct sweep_msg *m, *next;
	LIST_HEAD(list);

	list_splice_init(&conn->sweeps, &list);
	list_for_each_entry_safe(m, next, &list, node) {
		if (!look(conn, m))
			list_add_tail(&m->node, &conn->sweeps);
	}
}
