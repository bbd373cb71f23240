// SPDX-License-Identifier: GPL-2.0-only
/*
 * New sessions wait for old connections: see hold.h.
 */
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <net/sock.h>
#include <net/tcp_states.h>

#include "conn.h"
#include "hold.h"
#include "nthread.h"
#include "recovery.h"
#include "session.h"
#include "target.h"

/**
 * struct hold - a session waits for the end of a connection
 * @node: in conn->holds
 * @session: the session, with a reference, and a count in its @hold
 *
 * Lifetime: up to the end of the connection.
 */
struct hold {
	struct list_head node;
	struct iet_session *session;
};

/**
 * iet_hold_replaces() - does a session reinstate another (RFC 7143 6.3.5)?
 * @session: a new one
 * @old: one that was there before
 *
 * Return: true if so
 */
bool iet_hold_replaces(const struct iet_session *session,
		       const struct iet_session *old)
{
	return old->target == session->target &&
	       iet_session_is_of(old, session->initiator, session->isid);
}

/*
 * Will it be gone in a moment?  One that the peer has closed may not have been
 * looked at since.  Not one that is, or will be, suspended: its nexus is there
 * until Time2Retain is over.
 */
static bool is_ending(const struct iet_conn *conn)
{
	if (test_bit(IET_CONN_END, &conn->flags))
		return true;
	return !iet_recovery_possible(conn) &&
	       (test_bit(IET_CONN_CLOSE, &conn->flags) ||
		READ_ONCE(conn->sock->sk->sk_state) != TCP_ESTABLISHED);
}

/**
 * iet_hold_leaves() - is a session ending, though nobody has closed it yet?
 * @session: the session
 *
 * Context: iet_config_lock held.
 * Return: true if a new one of its initiator would wait for all of it
 */
bool iet_hold_leaves(const struct iet_session *session)
{
	const struct iet_conn *conn;

	lockdep_assert_held(&iet_config_lock);
	list_for_each_entry(conn, &session->conns, session_node)
		if (!is_ending(conn))
			return false;
	return session->nr_conns;
}

static int hold(struct iet_session *session, struct iet_conn *conn)
{
	struct hold *h = kmalloc(sizeof(*h), GFP_NOIO);

	if (!h)
		return -ENOMEM;
	iet_session_get(session);
	h->session = session;
	list_add(&h->node, &conn->holds);
	atomic_inc(&session->hold);
	return 0;
}

static int hold_for(struct iet_session *session, struct iet_session *old)
{
	bool replaced = iet_hold_replaces(session, old);
	struct iet_conn *conn;
	int err = 0;

	list_for_each_entry(conn, &old->conns, session_node) {
		if (err || (!replaced && !is_ending(conn)))
			continue;
		err = hold(session, conn);
		/* whatever it may have sent before nobody waits for */
		if (!replaced)
			iet_conn_fail(conn, IET_EVENT_CLOSED_BY_PEER);
	}
	return err;
}

/**
 * iet_hold_take() - a session begins
 * @session: the session, in no list yet
 *
 * It waits for all connections that it reinstates, whoever closes them, and for
 * those of its initiator that are ending, be it by another port or target.
 *
 * Context: iet_config_lock held; does not wait.
 * Return: 0 or -ENOMEM; then iet_hold_drop() is to follow
 */
int iet_hold_take(struct iet_session *session)
{
	struct iet_session *old;
	int err = 0;

	lockdep_assert_held(&iet_config_lock);
	list_for_each_entry(old, &iet_sessions, all_node)
		if (!err && !strcmp(old->initiator, session->initiator))
			err = hold_for(session, old);
	return err;
}

/* Return: the session, of which the caller has a reference now */
static struct iet_session *end_hold(struct hold *h)
{
	struct iet_session *session = h->session;

	list_del(&h->node);
	kfree(h);
	return session;
}

/**
 * iet_hold_drop() - a session does not begin after all
 * @session: after iet_hold_take()
 *
 * Context: iet_config_lock held.
 */
void iet_hold_drop(struct iet_session *session)
{
	struct iet_session *old;
	struct iet_conn *conn;
	struct hold *h, *next;

	lockdep_assert_held(&iet_config_lock);
	list_for_each_entry(old, &iet_sessions, all_node)
		list_for_each_entry(conn, &old->conns, session_node)
			list_for_each_entry_safe(h, next, &conn->holds, node)
				if (h->session == session)
					iet_session_put(end_hold(h));
}

/**
 * iet_hold_release() - a connection has ended
 * @conn: the connection, which is in its session's list no longer; if it was
 *	the last, the nexus is lost
 *
 * Context: iet_config_lock held.
 */
void iet_hold_release(struct iet_conn *conn)
{
	struct iet_session *session;
	struct iet_conn *other;
	struct hold *h, *next;

	lockdep_assert_held(&iet_config_lock);
	list_for_each_entry_safe(h, next, &conn->holds, node) {
		session = end_hold(h);
		if (atomic_dec_and_test(&session->hold))
			list_for_each_entry(other, &session->conns,
					    session_node)
				iet_nthread_kick(other);
		iet_session_put(session);
	}
}
