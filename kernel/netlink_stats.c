// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters to netlink messages, and the command for those of I_T_L nexuses.
 * All of it runs under iet_config_lock.
 */
#include "compat.h"
#include "latency.h"
#include "netlink.h"
#include "session.h"
#include "stats.h"
#include "target.h"
#include "volume.h"

static int put_stats(struct sk_buff *skb, int attr,
		     const struct iet_stats_sum *sum, unsigned int nr)
{
	struct nlattr *nest = nla_nest_start(skb, attr);
	unsigned int i;

	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < nr; i++)
		if (nla_put_u64_64bit(skb, i + 1, sum->nr[i], IET_ST_PAD))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_latency(struct sk_buff *skb, const struct iet_volume *vol)
{
	struct iet_latency sum;
	struct nlattr *nest;
	unsigned int i;

	if (!iet_latency_get(vol, &sum))
		return 0;
	nest = nla_nest_start(skb, IET_L_LATENCY);
	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < ARRAY_SIZE(sum.nr); i++)
		if (nla_put(skb, i + 1, sizeof(sum.nr[i]), sum.nr[i]))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * iet_nl_fill_lun_stats() - a LUN set with its counters
 * @skb: message
 * @obj: struct iet_nl_lun
 *
 * Return: 0 or -EMSGSIZE.
 */
int iet_nl_fill_lun_stats(struct sk_buff *skb, const void *obj)
{
	const struct iet_nl_lun *l = obj;
	struct iet_stats_sum sum;

	if (iet_nl_fill_lun(skb, obj))
		return -EMSGSIZE;
	iet_stats_lun(l->target, l->lun, &sum);
	if (put_stats(skb, IET_L_STATS, &sum, IET_STATS_LUN))
		return -EMSGSIZE;
	return put_latency(skb, l->lun->vol);
}

/**
 * iet_nl_fill_session_stats() - a session set with its counters
 * @skb: message
 * @obj: struct iet_session
 *
 * Return: 0 or -EMSGSIZE.
 */
int iet_nl_fill_session_stats(struct sk_buff *skb, const void *obj)
{
	struct iet_stats_sum sum;

	if (iet_nl_fill_session(skb, obj))
		return -EMSGSIZE;
	iet_stats_session(obj, &sum);
	return put_stats(skb, IET_S_STATS, &sum, IET_STATS_NR);
}

static int fill_nexus(struct sk_buff *skb, const void *obj)
{
	const struct iet_itl *itl = obj;
	const struct iet_session *s =
		container_of(itl->nexus, struct iet_session, nexus);
	struct iet_stats_sum sum;

	iet_stats_itl(itl, &sum);
	if (nla_put_u32(skb, IET_N_TID, s->target->tid) ||
	    nla_put_u32(skb, IET_N_LUN, itl->lun->lun) ||
	    nla_put_u64_64bit(skb, IET_N_SID, s->sid, IET_N_PAD) ||
	    nla_put_string(skb, IET_N_INITIATOR, s->initiator))
		return -EMSGSIZE;
	return put_stats(skb, IET_N_STATS, &sum, IET_STATS_LUN);
}

/* the LUNs of a session, from cb->args[2] on, or the one that is asked for */
static int dump_session(struct sk_buff *skb, struct netlink_callback *cb,
			const struct iet_session *s)
{
	const struct nlattr *only = iet_genl_dump_attrs(cb)[IET_N_LUN];
	unsigned long lun, last = only ? nla_get_u32(only) : IET_LUN_MAX;
	struct iet_itl *itl;
	int err;

	if (only && cb->args[2] <= last)
		cb->args[2] = last;
	xa_for_each_range((struct xarray *)&s->nexus.itls, lun, itl,
			  cb->args[2], last) {
		err = iet_nl_dump_one(skb, cb, fill_nexus, itl);
		if (err)
			return err;
		cb->args[2] = lun + 1;
	}
	return 0;
}

/* the sessions of a target, from the TSIH cb->args[1] on */
static int dump_target(struct sk_buff *skb, struct netlink_callback *cb,
		       struct iet_target *target)
{
	struct iet_session *s;
	int err;

	while ((s = iet_nl_next_session(target, cb->args[1]))) {
		/* the session that the cursor was in may be gone */
		if (s->tsih != cb->args[1])
			cb->args[2] = 0;
		cb->args[1] = s->tsih;
		err = dump_session(skb, cb, s);
		if (err)
			return err;
		cb->args[1] = s->tsih + 1;
		cb->args[2] = 0;
	}
	return 0;
}

/**
 * iet_nl_nexus_dump() - dump of NEXUS_GET
 * @skb: message
 * @cb: dump state; args[0]: tid, args[1]: TSIH, args[2]: next LUN
 *
 * Context: takes iet_config_lock.
 *
 * Return: see iet_nl_dump_in_targets().
 */
int iet_nl_nexus_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	return iet_nl_dump_in_targets(
		skb, cb, iet_genl_dump_attrs(cb)[IET_N_TID], dump_target);
}
