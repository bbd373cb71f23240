// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connections: taking a socket over, serving it, closing it.
 *
 * Closing takes three steps.  iet_conn_close(), by anybody, only asks for
 * it.  The connection's thread then stops all traffic and ends what no
 * backend holds (conn_shut()).  A worker does what may sleep: it unlinks the
 * connection from its session and lets go of the socket (conn_unlink_work()).
 * The thread keeps the rest until the last command has come back.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/tcp.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "async.h"
#include "cmnd.h"
#include "compat.h"
#include "conn.h"
#include "event.h"
#include "hold.h"
#include "nthread.h"
#include "order.h"
#include "recovery.h"
#include "session.h"
#include "sweep.h"
#include "target.h"
#include "trace.h"

static struct kmem_cache *cache;

/**
 * iet_conns_init - set up what all connections share
 *
 * Context: module init.
 * Return: 0 or -ENOMEM
 */
int iet_conns_init(void)
{
	cache = KMEM_CACHE(iet_conn, SLAB_HWCACHE_ALIGN);
	return cache ? 0 : -ENOMEM;
}

/**
 * iet_conns_exit - undo iet_conns_init()
 *
 * Context: module exit, or init that failed; there is no connection.
 */
void iet_conns_exit(void)
{
	kmem_cache_destroy(cache);
}

static void kick_flag(struct sock *sk, int flag)
{
	struct iet_conn *conn;

	read_lock_bh(&sk->sk_callback_lock);
	conn = sk->sk_user_data;
	/* if it is set already, whoever did it has kicked */
	if (conn && !test_and_set_bit(flag, &conn->flags))
		iet_nthread_kick(conn);
	read_unlock_bh(&sk->sk_callback_lock);
}

static void conn_data_ready(struct sock *sk)
{
	kick_flag(sk, IET_CONN_RX_READY);
}

static void conn_write_space(struct sock *sk)
{
	if (sk_stream_is_writeable(sk)) {
		clear_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
		kick_flag(sk, IET_CONN_TX_READY);
	}
}

static void conn_state_change(struct sock *sk)
{
	struct iet_conn *conn;

	read_lock_bh(&sk->sk_callback_lock);
	conn = sk->sk_user_data;
	/*
	 * In CLOSE_WAIT there may be requests to be read still; the receive
	 * side sees the end of the stream after them.
	 */
	if (conn && sk->sk_state == TCP_CLOSE_WAIT) {
		set_bit(IET_CONN_RX_READY, &conn->flags);
		iet_nthread_kick(conn);
	} else if (conn && sk->sk_state != TCP_ESTABLISHED) {
		iet_conn_fail(conn, IET_EVENT_CLOSED_BY_PEER);
	}
	read_unlock_bh(&sk->sk_callback_lock);
}

/*
 * Under sk_callback_lock a callback either sees all of ours or none, and a
 * socket that has closed already is noticed, since its state change came
 * before our callback was there.
 */
static int take_socket(struct iet_conn *conn, struct netlink_ext_ack *extack)
{
	struct sock *sk = conn->sock->sk;
	int err = 0;

	write_lock_bh(&sk->sk_callback_lock);
	if (sk->sk_user_data) {
		NL_SET_ERR_MSG(extack, "the socket is in use in the kernel");
		err = -EBUSY;
	} else if (sk->sk_state != TCP_ESTABLISHED &&
		   sk->sk_state != TCP_CLOSE_WAIT) {
		NL_SET_ERR_MSG(extack, "the socket is not connected");
		err = -ENOTCONN;
	} else {
		conn->saved_data_ready = sk->sk_data_ready;
		conn->saved_write_space = sk->sk_write_space;
		conn->saved_state_change = sk->sk_state_change;
		sk->sk_user_data = conn;
		/* an urgent byte is one of the stream like all others */
		sock_set_flag(sk, SOCK_URGINLINE);
		/* a network thread must not wait for memory: see tx.c */
		sk->sk_allocation = GFP_ATOMIC | __GFP_NOWARN;
		sk->sk_data_ready = conn_data_ready;
		sk->sk_write_space = conn_write_space;
		sk->sk_state_change = conn_state_change;
	}
	write_unlock_bh(&sk->sk_callback_lock);
	return err;
}

static void give_socket_back(struct iet_conn *conn)
{
	struct sock *sk = conn->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_user_data = NULL;
	sk->sk_data_ready = conn->saved_data_ready;
	sk->sk_write_space = conn->saved_write_space;
	sk->sk_state_change = conn->saved_state_change;
	write_unlock_bh(&sk->sk_callback_lock);
}

static void conn_free_work(struct work_struct *work)
{
	struct iet_conn *conn =
		container_of(work, struct iet_conn, unlink_work);

	iet_cmnd_pool_destroy(conn);
	kfree(conn->fault);
	iet_session_put(conn->session);
	kmem_cache_free(cache, conn);
}

/* The last reference may go in a hard interrupt: a worker does the rest. */
static void conn_release(struct kref *ref)
{
	struct iet_conn *conn = container_of(ref, struct iet_conn, ref);

	INIT_WORK(&conn->unlink_work, conn_free_work);
	queue_work(iet_wq, &conn->unlink_work);
}

/**
 * iet_conn_get - take a reference
 * @conn: the connection, which the caller knows to be alive
 */
void iet_conn_get(struct iet_conn *conn)
{
	kref_get(&conn->ref);
}

/**
 * iet_conn_put - let go of a reference
 * @conn: the connection
 *
 * Context: any; the end itself is left to a worker.
 */
void iet_conn_put(struct iet_conn *conn)
{
	kref_put(&conn->ref, conn_release);
}

/* The part of closing that may sleep. */
static void conn_unlink_work(struct work_struct *work)
{
	struct iet_conn *conn =
		container_of(work, struct iet_conn, unlink_work);
	struct iet_session *session = conn->session;

	iet_timer_stop(conn);
	mutex_lock(&iet_config_lock);
	list_del(&conn->session_node);
	session->nr_conns--;
	iet_event_conn(session->target->tid, session->sid, conn->cid,
		       conn->close_reason);
	if (!session->nr_conns || conn->ends_session)
		iet_session_close(session, conn->close_reason);
	/* nothing comes any more, though a backend may hold commands still */
	if (!session->nr_conns)
		iet_nexus_exit(&session->nexus);
	iet_hold_release(conn);
	mutex_unlock(&iet_config_lock);
	sockfd_put(conn->sock);
	set_bit(IET_CONN_UNLINKED, &conn->flags);
	iet_nthread_kick(conn);
	iet_conn_put(conn);
}

static void conn_setup(struct iet_conn *conn, struct iet_session *session,
		       const struct iet_conn_args *args)
{
	kref_init(&conn->ref);
	conn->session = session;
	init_llist_head(&conn->done);
	init_llist_head(&conn->msgs);
	INIT_LIST_HEAD(&conn->free);
	INIT_LIST_HEAD(&conn->active);
	INIT_LIST_HEAD(&conn->unacked);
	INIT_LIST_HEAD(&conn->member_node);
	INIT_LIST_HEAD(&conn->sweeps);
	INIT_LIST_HEAD(&conn->holds);
	INIT_LIST_HEAD(&conn->tx.queue);
	iet_timer_init(conn);
	INIT_WORK(&conn->unlink_work, conn_unlink_work);
	conn->sock = args->sock;
	conn->cid = args->cid;
	conn->hdigest = args->header_digest;
	conn->ddigest = args->data_digest;
	conn->max_recv = args->max_recv;
	conn->max_xmit_limit = IET_MAX_RECV_SEGMENT;
	conn->max_xmit = min(args->max_xmit, conn->max_xmit_limit);
	conn->stat_sn = args->stat_sn;
	conn->exp_stat_sn = args->exp_stat_sn;
	conn->forgotten_sn = args->stat_sn;
	conn->erl = session->keys[IET_K_ERROR_RECOVERY_LEVEL];
	conn->fence_sn = args->exp_stat_sn;
	conn->state = IET_CONN_ACTIVE;
	/* no task has the reserved tag */
	memset(conn->dropped_itt, 0xff, sizeof(conn->dropped_itt));
	conn->flags = BIT(IET_CONN_RX_READY) | BIT(IET_CONN_TX_READY);
}

static bool is_closing(const struct iet_conn *conn)
{
	return test_bit(IET_CONN_CLOSE, &conn->flags);
}

/**
 * iet_conn_leaves - is this connection about to end?
 * @conn: the connection
 *
 * Context: any.
 * Return: true if its place in the session is free for another
 */
bool iet_conn_leaves(const struct iet_conn *conn)
{
	return is_closing(conn) || test_bit(IET_CONN_LEAVING, &conn->flags);
}

/*
 * May there be such a connection?  One of the same CID is reinstated by it
 * (RFC 7143 6.3.4).
 */
static int check_place(struct iet_session *session, u16 cid,
		       struct netlink_ext_ack *extack)
{
	struct iet_conn *conn;
	u32 max = session->keys[IET_K_MAX_CONNECTIONS];
	u32 others = 0;

	/* one more is for recovering one that has failed (6.3.4) */
	max += session->keys[IET_K_ERROR_RECOVERY_LEVEL] == 2;
	if (session->unlinked) {
		NL_SET_ERR_MSG(extack, "the session is being closed");
		return -ENODEV;
	}
	list_for_each_entry(conn, &session->conns, session_node)
		others += conn->cid != cid && !iet_conn_leaves(conn);
	if (others >= max) {
		NL_SET_ERR_MSG(extack,
			       "MaxConnections of the session is reached");
		return -EUSERS;
	}
	return 0;
}

/* The thread closes the old one before it reads from the new, see join(). */
static void reinstate(struct iet_session *session, u16 cid)
{
	struct iet_conn *conn;

	list_for_each_entry(conn, &session->conns, session_node) {
		if (conn->cid == cid)
			iet_conn_fail(conn, IET_EVENT_REINSTATED);
	}
}

/**
 * iet_conn_create - take a connection over from the daemon
 * @session: its session
 * @args: the socket and what was negotiated; on success the connection owns
 *	the reference to the socket's file
 * @extack: for the reason of a refusal
 *
 * Context: iet_config_lock held; does not wait.
 * Return: the connection, which its thread holds, or an ERR_PTR
 */
struct iet_conn *iet_conn_create(struct iet_session *session,
				 struct iet_conn_args *args,
				 struct netlink_ext_ack *extack)
{
	struct iet_conn *conn;
	int err;

	lockdep_assert_held(&iet_config_lock);
	err = check_place(session, args->cid, extack);
	if (err)
		return ERR_PTR(err);
	conn = kmem_cache_zalloc(cache, GFP_NOIO);
	if (!conn)
		return ERR_PTR(-ENOMEM);
	conn_setup(conn, session, args);
	err = kernel_getpeername(args->sock, (struct sockaddr *)&conn->addr);
	if (err < 0)
		goto err_free;
	err = iet_cmnd_pool_create(conn,
				   iet_cmnds_nr(session->sn.window, conn->erl));
	if (err)
		goto err_free;
	tcp_sock_set_nodelay(conn->sock->sk);
	/* the callbacks kick the thread, so that it must be known first */
	iet_nthread_assign(conn);
	err = take_socket(conn, extack);
	if (err)
		goto err_unassign;
	iet_session_get(session);
	reinstate(session, conn->cid);
	if (list_empty(&session->conns))
		iet_nexus_set_peer(&session->nexus, &conn->addr);
	list_add(&conn->session_node, &session->conns);
	session->nr_conns++;
	/* the thread has it as soon as it is attached */
	iet_ping_start(conn);
	iet_nthread_attach(conn);
	iet_event_conn(session->target->tid, session->sid, conn->cid,
		       IET_EVENT_NEW);
	trace_iet_conn_state(conn, IET_TRACE_CONN_ACTIVE);
	return conn;

err_unassign:
	iet_nthread_unassign(conn);
err_free:
	iet_cmnd_pool_destroy(conn);
	kmem_cache_free(cache, conn);
	return ERR_PTR(err);
}

/**
 * iet_conn_find - look a connection up
 * @session: its session
 * @cid: connection id
 *
 * Context: iet_config_lock held, which also protects the result.
 * Return: the connection, the newest if older ones are being closed, or NULL
 */
struct iet_conn *iet_conn_find(struct iet_session *session, u16 cid)
{
	struct iet_conn *conn;

	lockdep_assert_held(&iet_config_lock);
	list_for_each_entry(conn, &session->conns, session_node) {
		if (conn->cid == cid)
			return conn;
	}
	return NULL;
}

/**
 * iet_conn_close - ask for the end of a connection
 * @conn: the connection; the caller holds a reference or iet_config_lock, or
 *	is its thread or its socket's callback
 * @reason: why, for the events; the first one counts
 *
 * It is not to be recovered, even if it has failed before.
 *
 * Context: any.
 */
void iet_conn_close(struct iet_conn *conn, enum iet_event reason)
{
	set_bit(IET_CONN_END, &conn->flags);
	iet_conn_fail(conn, reason);
}

/**
 * iet_conn_fail - a connection can't go on
 * @conn: the connection, as for iet_conn_close()
 * @reason: why, for the events; the first one counts
 *
 * It ends, or is suspended: see recovery.c.
 *
 * Context: any.
 */
void iet_conn_fail(struct iet_conn *conn, enum iet_event reason)
{
	cmpxchg(&conn->close_reason, IET_EVENT_UNSPEC, reason);
	set_bit(IET_CONN_CLOSE, &conn->flags);
	iet_nthread_kick(conn);
}

/**
 * iet_conn_tell - ask a connection's thread to do something
 * @conn: the connection, linked to its session
 * @msg: what; it belongs to the thread now
 *
 * Context: iet_config_lock held, so that the connection is not unlinked
 * meanwhile: the thread sees every message before it lets go of it.
 */
void iet_conn_tell(struct iet_conn *conn, struct iet_conn_msg *msg)
{
	lockdep_assert_held(&iet_config_lock);
	llist_add(&msg->node, &conn->msgs);
	iet_nthread_kick(conn);
}

/**
 * iet_address_text - an address in text
 * @addr: IPv4 or IPv6
 * @buf: where to put it: IPv4 dotted, IPv6 in brackets, without the port
 * @len: size of @buf
 *
 * Return: length of the text, as snprintf()
 */
int iet_address_text(const struct sockaddr_storage *addr, char *buf, size_t len)
{
	const struct sockaddr_in *in = (const void *)addr;
	const struct sockaddr_in6 *in6 = (const void *)addr;

	if (addr->ss_family == AF_INET)
		return snprintf(buf, len, "%pI4", &in->sin_addr);
	/* an IPv4 peer on a dual-stack listener */
	if (ipv6_addr_v4mapped(&in6->sin6_addr))
		return snprintf(buf, len, "%pI4", &in6->sin6_addr.s6_addr[12]);
	return snprintf(buf, len, "[%pI6c]", &in6->sin6_addr);
}

/* What no backend holds ends here, the rest are orphans. */
static void conn_finish(struct iet_conn *conn)
{
	iet_cmnds_end(conn);
	conn->suspended = false;
	iet_conn_get(conn);
	queue_work(iet_wq, &conn->unlink_work);
}

/* The thread's part of closing: no more traffic. */
static void conn_shut(struct iet_conn *conn)
{
	WRITE_ONCE(conn->state, IET_CONN_CLOSING);
	trace_iet_conn_state(conn, IET_TRACE_CONN_SHUT);
	/*
	 * A PDU of this very connection may have been the one that another's
	 * Logout waited for: what was received ahead is not looked at.
	 */
	conn->stop_rx = true;
	give_socket_back(conn);
	kernel_sock_shutdown(conn->sock, SHUT_RDWR);
	iet_text_end(&conn->text);
	iet_timer_clear(conn);
	iet_sweep_again(conn);
	if (iet_recovery_possible(conn))
		iet_recovery_begin(conn);
	else
		conn_finish(conn);
}

/**
 * iet_conn_end - close a connection at once
 * @conn: a connection of the caller's session
 * @reason: why, for the events
 *
 * Context: the session's thread.
 */
void iet_conn_end(struct iet_conn *conn, enum iet_event reason)
{
	iet_conn_close(conn, reason);
	if (conn->state != IET_CONN_CLOSING)
		conn_shut(conn);
	else if (conn->suspended)
		conn_finish(conn);
}

/**
 * iet_conn_suspend - a connection of this session is logged out for recovery
 * @conn: a connection that is not closing
 *
 * Context: the session's thread.
 */
void iet_conn_suspend(struct iet_conn *conn)
{
	iet_conn_fail(conn, IET_EVENT_LOGOUT);
	conn_shut(conn);
	if (conn->suspended)
		iet_recovery_logged_out(conn);
}

/**
 * iet_conn_member - look a connection up
 * @session: the session
 * @cid: connection id
 *
 * Context: the session's thread.
 * Return: the connection, or NULL; one that is being closed is not found
 */
struct iet_conn *iet_conn_member(struct iet_session *session, u16 cid)
{
	struct iet_conn *conn;

	list_for_each_entry(conn, &session->members, member_node) {
		if (conn->cid == cid && conn->state != IET_CONN_CLOSING)
			return conn;
	}
	return NULL;
}

/*
 * The first turn of a connection.  One that it reinstates is closed before
 * anything is read from this one: its commands have ended then, are suspended,
 * or are known as orphans.
 */
static void join(struct iet_conn *conn)
{
	struct iet_conn *other;

	list_for_each_entry(other, &conn->session->members, member_node) {
		if (is_closing(other) && other->state != IET_CONN_CLOSING)
			conn_shut(other);
		if (other->suspended && other->cid == conn->cid)
			iet_recovery_logged_out(other);
		/* it may have been there for its session's sake only */
		if (other->suspended)
			iet_nthread_kick(other);
	}
	list_add(&conn->member_node, &conn->session->members);
	iet_logout_arrived(conn);
}

static void leave(struct iet_conn *conn)
{
	list_del(&conn->member_node);
	trace_iet_conn_state(conn, IET_TRACE_CONN_GONE);
	iet_nthread_detach(conn);
}

static void take_messages(struct iet_conn *conn)
{
	struct llist_node *list =
		llist_reverse_order(llist_del_all(&conn->msgs));
	struct iet_conn_msg *msg, *next;

	llist_for_each_entry_safe(msg, next, list, node)
		msg->fn(conn, msg);
}

static void take_done(struct iet_conn *conn)
{
	struct llist_node *list =
		llist_reverse_order(llist_del_all(&conn->done));
	struct iet_cmnd *cmnd, *next;

	llist_for_each_entry_safe(cmnd, next, list, done_node)
		iet_cmnd_returned(cmnd);
}

static void look_at_line(struct iet_session *session)
{
	if (unlikely(session->look_at_line))
		iet_order_run(session);
}

/**
 * iet_conn_run - a turn of a connection
 * @conn: the connection
 *
 * Context: the connection's thread.
 * Return: true if there is more to do at once
 */
bool iet_conn_run(struct iet_conn *conn)
{
	/* no message comes after this: asked before they are taken */
	bool unlinked = test_bit(IET_CONN_UNLINKED, &conn->flags);
	bool more = false;

	if (list_empty(&conn->member_node))
		join(conn);
	if (is_closing(conn) && conn->state != IET_CONN_CLOSING)
		conn_shut(conn);
	if (test_and_clear_bit(IET_CONN_TIMER, &conn->flags))
		iet_timer_run(conn);
	if (conn->suspended && iet_recovery_over(conn))
		conn_finish(conn);
	take_messages(conn);
	take_done(conn);
	look_at_line(conn->session);
	if (conn->state == IET_CONN_CLOSING) {
		if (!conn->nr_active && unlinked)
			leave(conn);
		return false;
	}
	if (!atomic_read(&conn->session->hold))
		more = iet_conn_rx(conn);
	look_at_line(conn->session);
	if (conn->state == IET_CONN_CLOSING)
		return false;
	more |= iet_conn_tx(conn);
	return more || conn->session->look_at_line;
}

/**
 * iet_conn_starved - does the connection wait for memory or a command?
 * @conn: the connection
 *
 * Context: the connection's thread.
 * Return: true if iet_conn_run() is to be called again after a while
 */
bool iet_conn_starved(const struct iet_conn *conn)
{
	return conn->state == IET_CONN_ACTIVE &&
	       (conn->rx.starved || conn->tx.starved);
}
