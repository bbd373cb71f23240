// SPDX-License-Identifier: GPL-2.0-only
/*
 * Notifications to the netlink group "events".
 */
#include <linux/atomic.h>

#include "compat.h"
#include "event.h"
#include "netlink.h"

/* between registering and unregistering the family */
static bool enabled;

/* every change is an event, so counting those tells a dump of changes */
static atomic_t generation = ATOMIC_INIT(1);

/* what identifies the object; attributes that are 0 are not in the set */
struct event {
	u8 cmd;
	u8 tid_attr;
	u8 lun_attr;
	u8 sid_attr;
	u8 cid_attr;
	u8 pad_attr;
	u8 event_attr;
};

static const struct event target_event = {
	.cmd = IET_CMD_TARGET_NTF,
	.tid_attr = IET_T_TID,
	.event_attr = IET_T_EVENT,
};

static const struct event lun_event = {
	.cmd = IET_CMD_LUN_NTF,
	.tid_attr = IET_L_TID,
	.lun_attr = IET_L_LUN,
	.event_attr = IET_L_EVENT,
};

static const struct event session_event = {
	.cmd = IET_CMD_SESSION_NTF,
	.tid_attr = IET_S_TID,
	.sid_attr = IET_S_SID,
	.pad_attr = IET_S_PAD,
	.event_attr = IET_S_EVENT,
};

static const struct event conn_event = {
	.cmd = IET_CMD_CONN_NTF,
	.tid_attr = IET_C_TID,
	.sid_attr = IET_C_SID,
	.cid_attr = IET_C_CID,
	.pad_attr = IET_C_PAD,
	.event_attr = IET_C_EVENT,
};

/* the ids of this one are a rule's, and what it has done */
static const struct event fault_event = {
	.cmd = IET_CMD_FAULT_NTF,
	.tid_attr = IET_F_TID,
	.lun_attr = IET_F_ID,
	.sid_attr = IET_F_HITS,
	.cid_attr = IET_F_KIND,
	.pad_attr = IET_F_PAD,
	.event_attr = IET_F_EVENT,
};

struct ids {
	u32 tid;
	u32 lun;
	u64 sid;
	u32 cid;
	enum iet_event event;
};

static int fill(struct sk_buff *skb, const struct event *e,
		const struct ids *ids)
{
	const struct {
		u8 attr;
		u32 val;
	} numbers[] = {
		{ e->tid_attr, ids->tid },
		{ e->lun_attr, ids->lun },
		{ e->cid_attr, ids->cid },
		{ e->event_attr, ids->event },
	};
	void *hdr = genlmsg_put(skb, 0, 0, &iet_genl_family, 0, e->cmd);
	int i;

	if (!hdr)
		return -EMSGSIZE;
	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		if (numbers[i].attr &&
		    nla_put_u32(skb, numbers[i].attr, numbers[i].val))
			return -EMSGSIZE;
	if (e->sid_attr &&
	    nla_put_u64_64bit(skb, e->sid_attr, ids->sid, e->pad_attr))
		return -EMSGSIZE;
	genlmsg_end(skb, hdr);
	return 0;
}

/* all attributes that fill() may put */
#define EVENT_SIZE \
	(4 * nla_total_size(sizeof(u32)) + nla_total_size_64bit(sizeof(u64)))

static void send(const struct event *e, const struct ids *ids)
{
	struct sk_buff *skb;

	if (!READ_ONCE(enabled) ||
	    !genl_has_listeners(&iet_genl_family, &init_net, 0))
		return;
	skb = genlmsg_new(EVENT_SIZE, GFP_NOWAIT | __GFP_NOWARN);
	if (skb && !fill(skb, e, ids)) {
		genlmsg_multicast(&iet_genl_family, skb, 0, 0,
				  GFP_NOWAIT | __GFP_NOWARN);
		return;
	}
	/* the listeners are told that they lost one, and look again */
	nlmsg_free(skb);
	genl_set_err(&iet_genl_family, &init_net, 0, 0, ENOBUFS);
}

static void notify(const struct event *e, const struct ids *ids)
{
	atomic_inc(&generation);
	send(e, ids);
}

/**
 * iet_event_target() - something has happened to a target
 * @tid: target id, 0 for what is not about a target
 * @event: what
 *
 * Context: process context; doesn't wait.
 */
void iet_event_target(u32 tid, enum iet_event event)
{
	const struct ids ids = { .tid = tid, .event = event };

	notify(&target_event, &ids);
}

/**
 * iet_event_lun() - something has happened to a LUN
 * @tid: target id
 * @lun: its number
 * @event: what
 *
 * Context: process context; doesn't wait.
 */
void iet_event_lun(u32 tid, u32 lun, enum iet_event event)
{
	const struct ids ids = { .tid = tid, .lun = lun, .event = event };

	notify(&lun_event, &ids);
}

/**
 * iet_event_session() - something has happened to a session
 * @tid: target id
 * @sid: session id
 * @event: what
 *
 * Context: process context; doesn't wait.
 */
void iet_event_session(u32 tid, u64 sid, enum iet_event event)
{
	const struct ids ids = { .tid = tid, .sid = sid, .event = event };

	notify(&session_event, &ids);
}

/**
 * iet_event_conn() - something has happened to a connection
 * @tid: target id
 * @sid: session id
 * @cid: connection id
 * @event: what
 *
 * Context: process context; doesn't wait.
 */
void iet_event_conn(u32 tid, u64 sid, u16 cid, enum iet_event event)
{
	const struct ids ids = {
		.tid = tid, .sid = sid, .cid = cid, .event = event
	};

	notify(&conn_event, &ids);
}

/**
 * iet_event_fault() - a fault was injected
 * @tid: target id
 * @id: by which rule
 * @kind: enum iet_fault_kind
 * @hits: how often it has done so
 *
 * Nothing has changed by that.
 *
 * Context: process context; doesn't wait.
 */
void iet_event_fault(u32 tid, u32 id, u32 kind, u64 hits)
{
	const struct ids ids = {
		.tid = tid,
		.lun = id,
		.cid = kind,
		.sid = hits,
		.event = IET_EVENT_FAULT,
	};

	send(&fault_event, &ids);
}

/**
 * iet_events_enable() - the netlink family is there, or about to go
 * @enable: whether it is there
 *
 * Context: process context, while there are no sessions.
 */
void iet_events_enable(bool enable)
{
	WRITE_ONCE(enabled, enable);
}

/**
 * iet_event_generation() - has anything changed?
 *
 * Return: another value after any change of configuration or sessions; never
 * 0, as netlink dumps want it.
 */
u32 iet_event_generation(void)
{
	u32 gen = atomic_read(&generation);

	return gen ? gen : 1;
}
