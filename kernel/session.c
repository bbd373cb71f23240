// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sessions: registry, reinstatement, end.
 */
#include <linux/idr.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include "compat.h"
#include "conn.h"
#include "event.h"
#include "fault.h"
#include "hold.h"
#include "lun_map.h"
#include "nthread.h"
#include "session.h"
#include "target.h"
#include "tmf.h"

struct workqueue_struct *iet_wq;
LIST_HEAD(iet_sessions);

static DEFINE_IDA(tsih_ida);

/*
 * A TSIH is not given out again soon: an initiator that is late with an old
 * one must not meet another session.  Under iet_config_lock.
 */
static int alloc_tsih(void)
{
	static u16 last;
	int tsih;

	tsih = last < 0xffff ?
		       ida_alloc_range(&tsih_ida, last + 1, 0xffff, GFP_NOIO) :
		       -ENOSPC;
	if (tsih == -ENOSPC)
		tsih = ida_alloc_range(&tsih_ida, 1, 0xffff, GFP_NOIO);
	if (tsih > 0)
		last = tsih;
	return tsih;
}

/**
 * iet_session_init - set up what all sessions share
 *
 * Return: 0 or -ENOMEM
 */
int iet_session_init(void)
{
	iet_wq = alloc_workqueue("iet", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	return iet_wq ? 0 : -ENOMEM;
}

/**
 * iet_session_exit - undo iet_session_init()
 *
 * Sessions hold the module, so none is left.  Context: may sleep.
 */
void iet_session_exit(void)
{
	destroy_workqueue(iet_wq);
	ida_destroy(&tsih_ida);
}

/* The last reference is gone: no connection, no command. */
static void session_release_work(struct work_struct *work)
{
	struct iet_session *session =
		container_of(work, struct iet_session, release_work);
	struct iet_target *target = session->target;

	cancel_delayed_work_sync(&session->orphan_work);
	mutex_lock(&iet_config_lock);
	list_del(&session->target_node);
	list_del(&session->all_node);
	iet_nexus_exit(&session->nexus);
	mutex_unlock(&iet_config_lock);
	ida_free(&tsih_ida, session->tsih);
	kfree(session);
	iet_target_put(target);
	/* iet_session_exit() waits for the few instructions after this */
	module_put(THIS_MODULE);
}

static void session_release(struct kref *ref)
{
	struct iet_session *session =
		container_of(ref, struct iet_session, ref);

	queue_work(iet_wq, &session->release_work);
}

/**
 * iet_session_get - take a reference
 * @session: the session, which the caller knows to be alive
 */
void iet_session_get(struct iet_session *session)
{
	kref_get(&session->ref);
}

/**
 * iet_session_put - let go of a reference
 * @session: the session
 *
 * Context: any; the end itself is left to a worker.
 */
void iet_session_put(struct iet_session *session)
{
	kref_put(&session->ref, session_release);
}

/* A session was made, but its connection did not come. */
static void session_orphan_work(struct work_struct *work)
{
	struct iet_session *session = container_of(
		to_delayed_work(work), struct iet_session, orphan_work);

	mutex_lock(&iet_config_lock);
	if (!session->nr_conns)
		iet_session_close(session, IET_EVENT_TIMEOUT);
	mutex_unlock(&iet_config_lock);
}

/**
 * iet_session_is_of() - is a session that of an initiator port (RFC 7143 4.2.2)?
 * @session: the session
 * @initiator: name of the port's node
 * @isid: 6 bytes
 *
 * Context: any
 * Return: true if so
 */
bool iet_session_is_of(const struct iet_session *session, const char *initiator,
		       const u8 *isid)
{
	return !strcmp(session->initiator, initiator) &&
	       !memcmp(session->isid, isid, sizeof(session->isid));
}

/* Session reinstatement (RFC 7143 6.3.5) */
static void replace_old(struct iet_session *session)
{
	struct iet_session *old;

	list_for_each_entry(old, &session->target->sessions, target_node)
		if (old != session && iet_hold_replaces(session, old))
			iet_session_close(old, IET_EVENT_REINSTATED);
}

/* Will there be room for this one?  See iet_hold_take(). */
static bool makes_room(const struct iet_session *session,
		       const struct iet_session_args *args)
{
	if (session->unlinked ||
	    iet_session_is_of(session, args->initiator, args->isid))
		return true;
	return !strcmp(session->initiator, args->initiator) &&
	       iet_hold_leaves(session);
}

static bool too_many_sessions(const struct iet_target *target,
			      const struct iet_session_args *args)
{
	const struct iet_session *s;
	u32 nr = 0;

	if (!target->param.max_sessions)
		return false;
	list_for_each_entry(s, &target->sessions, target_node)
		nr += !makes_room(s, args);
	return nr >= target->param.max_sessions;
}

static u64 make_sid(const struct iet_session *session)
{
	u8 b[8];

	memcpy(b, session->isid, sizeof(session->isid));
	put_unaligned_le16(session->tsih, b + sizeof(session->isid));
	return get_unaligned_le64(b);
}

static void session_setup(struct iet_session *session,
			  struct iet_target *target,
			  const struct iet_session_args *args, u16 tsih)
{
	kref_init(&session->ref);
	session->target = target;
	session->tsih = tsih;
	memcpy(session->isid, args->isid, sizeof(session->isid));
	strscpy(session->initiator, args->initiator,
		sizeof(session->initiator));
	memcpy(session->keys, args->keys, sizeof(session->keys));
	session->sid = make_sid(session);
	session->born = ktime_get();
	INIT_LIST_HEAD(&session->conns);
	INIT_DELAYED_WORK(&session->orphan_work, session_orphan_work);
	INIT_WORK(&session->release_work, session_release_work);
	iet_link_stats_init(&session->stats);
	INIT_LIST_HEAD(&session->parked);
	INIT_LIST_HEAD(&session->arrivals);
	INIT_LIST_HEAD(&session->line);
	INIT_LIST_HEAD(&session->members);
	iet_cmdsn_init(&session->sn, args->exp_cmd_sn,
		       target->param.queued_commands);
}

static int new_nexus(struct iet_session *session,
		     const struct iet_session_args *args)
{
	struct iet_lun_map *map = NULL;

	if (args->map) {
		map = kmemdup(args->map,
			      struct_size(args->map, rules, args->map->nr),
			      GFP_NOIO);
		if (!map)
			return -ENOMEM;
	}
	session->nexus.map = map;
	session->nexus.sid = session->sid;
	return iet_nexus_init(&session->nexus, session->target,
			      session->initiator, session->isid);
}

/**
 * iet_session_create - make a session, or reinstate one
 * @target: the target
 * @args: what the daemon negotiated
 * @extack: for the reason of a refusal
 *
 * An older session of the same initiator port is closed (RFC 7143 6.3.5).
 * The session is dropped again if it gets no connection within
 * IET_SESSION_ORPHAN_S seconds.
 *
 * Context: iet_config_lock held; does not wait.
 * Return: the session, which the registry holds, or an ERR_PTR: -ENODEV if
 * the target is being deleted, -EUSERS if MaxSessions is reached, -ENOSPC if
 * there is no TSIH left, -ENOMEM
 */
struct iet_session *iet_session_create(struct iet_target *target,
				       const struct iet_session_args *args,
				       struct netlink_ext_ack *extack)
{
	struct iet_session *session;
	int tsih, err;

	lockdep_assert_held(&iet_config_lock);
	if (target->dying) {
		NL_SET_ERR_MSG(extack, "the target is being deleted");
		return ERR_PTR(-ENODEV);
	}
	if (too_many_sessions(target, args)) {
		NL_SET_ERR_MSG(extack, "MaxSessions of the target is reached");
		return ERR_PTR(-EUSERS);
	}
	session = kzalloc(sizeof(*session), GFP_NOIO);
	if (!session)
		return ERR_PTR(-ENOMEM);
	tsih = alloc_tsih();
	if (tsih < 0) {
		NL_SET_ERR_MSG(extack, "no TSIH is left");
		err = tsih;
		goto err_free;
	}
	session_setup(session, target, args, tsih);
	err = new_nexus(session, args);
	if (err)
		goto err_tsih;
	err = iet_hold_take(session);
	if (err)
		goto err_nexus;
	iet_tmf_supported(args->keys[IET_K_PROTOCOL_LEVEL],
			  session->nexus.tmfs);
	/* netlink's own reference makes sure that there is one to add to */
	__module_get(THIS_MODULE);
	iet_target_get(target);
	list_add(&session->target_node, &target->sessions);
	list_add(&session->all_node, &iet_sessions);
	target->nr_sessions++;
	replace_old(session);
	queue_delayed_work(iet_wq, &session->orphan_work,
			   IET_SESSION_ORPHAN_S * HZ);
	iet_event_session(target->tid, session->sid, IET_EVENT_NEW);
	return session;

err_nexus:
	iet_hold_drop(session);
	iet_nexus_exit(&session->nexus);
err_tsih:
	ida_free(&tsih_ida, tsih);
err_free:
	kfree(session);
	return ERR_PTR(err);
}

/**
 * iet_session_find - look a session up
 * @target: the target
 * @sid: session id as in /proc/net/iet/session
 *
 * Context: iet_config_lock held, which also protects the result.
 * Return: the session, or NULL
 */
struct iet_session *iet_session_find(struct iet_target *target, u64 sid)
{
	struct iet_session *session;

	lockdep_assert_held(&iet_config_lock);
	list_for_each_entry(session, &target->sessions, target_node) {
		if (session->sid == sid && !session->unlinked)
			return session;
	}
	return NULL;
}

/**
 * iet_session_close - end a session
 * @session: the session
 * @reason: why, for the events
 *
 * The session is gone for administration at once; its connections end by
 * themselves.
 *
 * Context: iet_config_lock held; does not wait.
 */
void iet_session_close(struct iet_session *session, enum iet_event reason)
{
	struct iet_conn *conn;

	lockdep_assert_held(&iet_config_lock);
	if (session->unlinked)
		return;
	session->unlinked = true;
	session->nexus.closed = true;
	session->target->nr_sessions--;
	iet_faults_session_ended(session->target, session->sid);
	iet_event_session(session->target->tid, session->sid, reason);
	list_for_each_entry(conn, &session->conns, session_node)
		iet_conn_close(conn, reason);
	iet_session_put(session);
}
