// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands for faults that are injected.
 */
#include <linux/string.h>

#include "compat.h"
#include "event.h"
#include "fault.h"
#include "netlink.h"
#include "session.h"
#include "target.h"

static u64 *wide(struct iet_fault_args *args, int attr)
{
	switch (attr) {
	case IET_F_SID:
		return &args->sid;
	case IET_F_LBA:
		return &args->lba;
	case IET_F_LBA_LAST:
		return &args->lba_last;
	default:
		return NULL;
	}
}

/* The policy has seen to their types. */
static int args_get(struct iet_fault_args *args, struct genl_info *info)
{
	const struct nlattr *attr = info->attrs[IET_F_INITIATOR];
	const char *refusal;
	int i, bad, err;

	memset(args, 0, sizeof(*args));
	if (attr) {
		err = iet_nl_text_check(attr, info->extack);
		if (err)
			return err;
		nla_strscpy(args->initiator, attr, sizeof(args->initiator));
	}
	for (i = 1; i <= IET_F_MAX; i++) {
		u64 *number = wide(args, i);

		attr = info->attrs[i];
		if (!attr)
			continue;
		args->has |= BIT(i);
		if (number)
			*number = nla_get_u64(attr);
		else if (i != IET_F_INITIATOR)
			args->val[i] = nla_get_u32(attr);
	}
	refusal = iet_fault_refusal(args, &bad);
	return refusal ? iet_nl_refuse(info->extack, info->attrs[bad], refusal,
				       -EINVAL) :
			 0;
}

static int check_session(struct iet_target *target, struct genl_info *info)
{
	const struct nlattr *sid = info->attrs[IET_F_SID];

	if (!sid || iet_session_find(target, nla_get_u64(sid)))
		return 0;
	return iet_nl_refuse(info->extack, sid, "no such session", -ENOENT);
}

/**
 * struct nl_fault - what the fill function of a rule needs
 * @target: of which target
 * @rule: the rule
 */
struct nl_fault {
	const struct iet_target *target;
	struct iet_fault_rule *rule;
};

static int put_args(struct sk_buff *skb, struct iet_fault_args *args)
{
	u32 has = args->has & ~BIT(IET_F_TID);
	int i;

	for (i = 1; i <= IET_F_MAX; i++) {
		const u64 *number = wide(args, i);
		int err;

		if (!(has & BIT(i)))
			continue;
		if (i == IET_F_INITIATOR)
			err = nla_put_string(skb, i, args->initiator);
		else if (number)
			err = nla_put_u64_64bit(skb, i, *number, IET_F_PAD);
		else
			err = nla_put_u32(skb, i, args->val[i]);
		if (err)
			return -EMSGSIZE;
	}
	return 0;
}

static int fill(struct sk_buff *skb, const void *obj)
{
	const struct nl_fault *f = obj;
	struct iet_faults *faults = f->target->faults;
	struct iet_fault_rule *rule = f->rule;
	u64 seen, hits;
	u32 held;
	bool ended;

	spin_lock_irq(&faults->lock);
	seen = rule->seen;
	hits = rule->hits;
	held = rule->held;
	ended = rule->ended;
	spin_unlock_irq(&faults->lock);
	if (nla_put_u32(skb, IET_F_TID, f->target->tid) ||
	    nla_put_u32(skb, IET_F_ID, rule->id) ||
	    put_args(skb, &rule->args) ||
	    nla_put_u64_64bit(skb, IET_F_SEEN, seen, IET_F_PAD) ||
	    nla_put_u64_64bit(skb, IET_F_HITS, hits, IET_F_PAD) ||
	    nla_put_u32(skb, IET_F_HELD, held) ||
	    (ended && nla_put_flag(skb, IET_F_ENDED)))
		return -EMSGSIZE;
	return 0;
}

/* the rule that a request names */
static struct iet_fault_rule *find(struct iet_target *target,
				   struct genl_info *info)
{
	const struct nlattr *attr = info->attrs[IET_F_ID];
	struct iet_fault_rule *rule = NULL;

	if (target->faults)
		rule = iet_fault_find(target->faults, nla_get_u32(attr));
	if (rule)
		return rule;
	return ERR_PTR(
		iet_nl_refuse(info->extack, attr, "no such fault", -ENOENT));
}

/**
 * iet_nl_fault_get() - FAULT_GET
 * @reply: gets the fault set
 * @info: request
 *
 * Context: under iet_config_lock.
 *
 * Return: 0 or a negative errno.
 */
int iet_nl_fault_get(struct sk_buff *reply, struct genl_info *info)
{
	struct iet_target *target =
		iet_nl_target(info->attrs[IET_F_TID], info->extack);
	struct nl_fault f = { .target = target };

	if (IS_ERR(target))
		return PTR_ERR(target);
	f.rule = find(target, info);
	if (IS_ERR(f.rule))
		return PTR_ERR(f.rule);
	return iet_nl_reply(reply, info, fill, &f);
}

/**
 * iet_nl_fault_new() - FAULT_NEW
 * @reply: gets the fault set
 * @info: request
 *
 * Context: under iet_config_lock.
 *
 * Return: 0 or a negative errno.
 */
int iet_nl_fault_new(struct sk_buff *reply, struct genl_info *info)
{
	struct iet_target *target =
		iet_nl_target(info->attrs[IET_F_TID], info->extack);
	struct nl_fault f = { .target = target };
	struct iet_fault_args args;
	int err;

	if (IS_ERR(target))
		return PTR_ERR(target);
	err = args_get(&args, info);
	if (!err)
		err = check_session(target, info);
	if (err)
		return err;
	f.rule = iet_target_fault_add(target, &args);
	if (IS_ERR(f.rule)) {
		err = PTR_ERR(f.rule);
		return err == -ENOSPC ?
			       iet_nl_refuse(info->extack, NULL,
					     "the target has 64 faults already",
					     err) :
			       err;
	}
	return iet_nl_reply(reply, info, fill, &f);
}

/**
 * iet_nl_fault_del() - FAULT_DEL
 * @reply: stays empty
 * @info: request
 *
 * Context: under iet_config_lock.
 *
 * Return: 0 or a negative errno.
 */
int iet_nl_fault_del(struct sk_buff *reply, struct genl_info *info)
{
	struct iet_target *target =
		iet_nl_target(info->attrs[IET_F_TID], info->extack);
	struct iet_fault_rule *rule;

	if (IS_ERR(target))
		return PTR_ERR(target);
	if (!info->attrs[IET_F_ID]) {
		iet_target_faults_clear(target);
		return 0;
	}
	rule = find(target, info);
	if (IS_ERR(rule))
		return PTR_ERR(rule);
	iet_target_fault_remove(target, rule);
	return 0;
}

/* the rules of a target, from the id cb->args[1] on */
static int dump_target(struct sk_buff *skb, struct netlink_callback *cb,
		       struct iet_target *target)
{
	struct nl_fault f = { .target = target };
	int err;

	while (target->faults &&
	       (f.rule = iet_fault_next(target->faults, cb->args[1]))) {
		err = iet_nl_dump_one(skb, cb, fill, &f);
		if (err)
			return err;
		cb->args[1] = (long)f.rule->id + 1;
	}
	return 0;
}

/**
 * iet_nl_fault_dump() - dump of FAULT_GET
 * @skb: message
 * @cb: dump state; args[0]: tid, args[1]: next id
 *
 * Context: takes iet_config_lock.
 *
 * Return: see iet_nl_dump_in_targets().
 */
int iet_nl_fault_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	int err = iet_nl_dump_check(cb, IET_F_ID);

	if (err)
		return err;
	return iet_nl_dump_in_targets(
		skb, cb, iet_genl_dump_attrs(cb)[IET_F_TID], dump_target);
}
