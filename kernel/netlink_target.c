// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands for targets.
 */
#include <linux/string.h>

#include "compat.h"
#include "event.h"
#include "netlink.h"
#include "param.h"
#include "target.h"
#include "volume.h"

/*
 * What a request says about a target, checked as a whole before any of it is
 * used.
 */
struct target_args {
	struct iet_target_param param;
	u32 keys[IET_K_MAX + 1];
	u32 origin;
	const struct nlattr *alias;
	const struct nlattr *redirect;
	u32 redirect_flags;
	u32 alua_state;
	u32 alua_preferred;
	u32 alua_explicit;
	bool alua;
};

static int redirect_get(struct target_args *args, struct genl_info *info)
{
	static const struct iet_range range = {
		.max = IET_REDIRECT_PERMANENT | IET_REDIRECT_CONFIG,
		.text = "unknown flag",
	};
	const struct nlattr *flags = info->attrs[IET_T_REDIRECT_FLAGS];
	int err;

	args->redirect = info->attrs[IET_T_REDIRECT];
	args->redirect_flags = 0;
	if (!args->redirect)
		return flags ? iet_nl_refuse(info->extack, flags,
					     "flags without a redirect",
					     -EINVAL) :
			       0;
	err = iet_nl_text_check(args->redirect, info->extack);
	if (err || !flags)
		return err;
	return iet_range_get(&range, flags, &args->redirect_flags,
			     info->extack);
}

/* What the request does not say stays. */
static int alua_get(struct target_args *args, const struct iet_alua *old,
		    struct genl_info *info)
{
	static const struct iet_range state = {
		.max = IET_ALUA_TRANSITIONING,
		.text = "unknown asymmetric access state",
	};
	static const struct iet_range flag = {
		.max = 1,
		.text = "must be No (0) or Yes (1)",
	};
	const struct {
		int attr;
		const struct iet_range *range;
		u32 *val;
	} rows[] = {
		{ IET_T_ALUA_STATE, &state, &args->alua_state },
		{ IET_T_ALUA_PREFERRED, &flag, &args->alua_preferred },
		{ IET_T_ALUA_EXPLICIT, &flag, &args->alua_explicit },
	};
	const struct nlattr *attr;
	unsigned int i;
	int err;

	args->alua = false;
	args->alua_state = READ_ONCE(old->state);
	args->alua_preferred = old->preferred;
	args->alua_explicit = old->explicit;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		attr = info->attrs[rows[i].attr];
		if (!attr)
			continue;
		args->alua = true;
		err = iet_range_get(rows[i].range, attr, rows[i].val,
				    info->extack);
		if (err)
			return err;
	}
	if (args->alua_state <= IET_ALUA_UNAVAILABLE ||
	    args->alua_state == IET_ALUA_TRANSITIONING)
		return 0;
	return iet_nl_refuse(info->extack, info->attrs[IET_T_ALUA_STATE],
			     state.text, -ERANGE);
}

static int args_get(struct target_args *args, struct genl_info *info)
{
	static const struct iet_range origin = {
		.min = IET_ORIGIN_RUNTIME,
		.max = IET_ORIGIN_CONFIG,
		.text = "unknown origin",
	};
	struct nlattr **attrs = info->attrs;
	int err;

	err = iet_target_param_get(attrs, &args->param, info->extack);
	if (!err && attrs[IET_T_KEYS])
		err = iet_keys_get(attrs[IET_T_KEYS], args->keys, info->extack);
	if (!err && attrs[IET_T_ORIGIN])
		err = iet_range_get(&origin, attrs[IET_T_ORIGIN], &args->origin,
				    info->extack);
	args->alias = attrs[IET_T_ALIAS];
	if (!err && args->alias)
		err = iet_nl_text_check(args->alias, info->extack);
	return err ? err : redirect_get(args, info);
}

/* those of a disk that other targets have as well follow the last change */
static void set_wthreads(struct iet_target *target, u32 wthreads)
{
	struct iet_lun *lun;
	unsigned long nr;

	if (target->param.wthreads == wthreads)
		return;
	xa_for_each(&target->luns, nr, lun)
		iet_volume_set_wthreads(lun->vol, wthreads);
}

static void args_use(const struct target_args *args, struct iet_target *target)
{
	const struct iet_alua alua = {
		.state = args->alua_state,
		.preferred = args->alua_preferred,
		.explicit = args->alua_explicit,
	};

	set_wthreads(target, args->param.wthreads);
	target->param = args->param;
	memcpy(target->keys, args->keys, sizeof(target->keys));
	target->origin = args->origin;
	if (args->alua)
		iet_alua_set(target, &alua);
	if (args->alias)
		nla_strscpy(target->alias, args->alias, sizeof(target->alias));
	if (!args->redirect)
		return;
	nla_strscpy(target->redirect, args->redirect, sizeof(target->redirect));
	target->redirect_flags = args->redirect_flags;
}

static struct iet_target *by_tid_or_name(struct genl_info *info)
{
	struct nlattr *tid = info->attrs[IET_T_TID];
	struct nlattr *name = info->attrs[IET_T_NAME];
	struct iet_target *target;

	if (tid)
		return iet_nl_target(tid, info->extack);
	if (!name)
		return ERR_PTR(iet_nl_refuse(
			info->extack, NULL,
			"which target? tid or name is missing", -EINVAL));
	target = iet_target_by_name(nla_data(name));
	if (!target)
		return ERR_PTR(iet_nl_refuse(info->extack, name,
					     "no such target", -ENOENT));
	return target;
}

/**
 * iet_nl_target_get() - TARGET_GET
 * @reply: gets the target set
 * @info: request
 *
 * Context: under iet_config_lock.
 *
 * Return: 0 or a negative errno.
 */
int iet_nl_target_get(struct sk_buff *reply, struct genl_info *info)
{
	struct iet_target *target = by_tid_or_name(info);

	if (IS_ERR(target))
		return PTR_ERR(target);
	return iet_nl_reply(reply, info, iet_nl_fill_target, target);
}

/**
 * iet_nl_target_new() - TARGET_NEW
 * @reply: gets the target set
 * @info: request
 *
 * Context: under iet_config_lock.
 *
 * Return: 0 or a negative errno.
 */
int iet_nl_target_new(struct sk_buff *reply, struct genl_info *info)
{
	const struct nlattr *name = info->attrs[IET_T_NAME];
	const struct nlattr *tid_attr = info->attrs[IET_T_TID];
	u32 tid = tid_attr ? nla_get_u32(tid_attr) : 0;
	struct target_args args = { .origin = IET_ORIGIN_RUNTIME };
	struct iet_target *target;
	int err;

	iet_target_param_default(&args.param);
	iet_keys_default(args.keys);
	err = args_get(&args, info);
	if (!err)
		err = alua_get(&args, &(struct iet_alua){}, info);
	if (err)
		return err;
	if (tid && iet_target_by_tid(tid))
		return iet_nl_refuse(info->extack, tid_attr,
				     "the tid is in use", -EEXIST);
	target = iet_target_create(nla_data(name), tid, info->extack);
	if (IS_ERR(target)) {
		NL_SET_BAD_ATTR(info->extack, name);
		return PTR_ERR(target);
	}
	args_use(&args, target);
	iet_event_target(target->tid, IET_EVENT_NEW);
	return iet_nl_reply(reply, info, iet_nl_fill_target, target);
}

/**
 * iet_nl_target_set() - TARGET_SET
 * @reply: gets the target set
 * @info: request
 *
 * New sessions get the new values, and new LUNs the new Wthreads.
 *
 * Context: under iet_config_lock.
 *
 * Return: 0 or a negative errno.
 */
int iet_nl_target_set(struct sk_buff *reply, struct genl_info *info)
{
	struct iet_target *target;
	struct target_args args;
	int err;

	target = iet_nl_target(info->attrs[IET_T_TID], info->extack);
	if (IS_ERR(target))
		return PTR_ERR(target);
	args.param = target->param;
	memcpy(args.keys, target->keys, sizeof(args.keys));
	args.origin = target->origin;
	err = args_get(&args, info);
	if (!err)
		err = alua_get(&args, &target->alua, info);
	if (err)
		return err;
	args_use(&args, target);
	iet_event_target(target->tid, IET_EVENT_SET);
	return iet_nl_reply(reply, info, iet_nl_fill_target, target);
}

/**
 * iet_nl_target_del() - TARGET_DEL
 * @reply: stays empty
 * @info: request
 *
 * Context: under iet_config_lock.
 *
 * Return: 0 or a negative errno.
 */
int iet_nl_target_del(struct sk_buff *reply, struct genl_info *info)
{
	const struct nlattr *tid = info->attrs[IET_T_TID];
	struct iet_target *target = iet_nl_target(tid, info->extack);
	int err;

	if (IS_ERR(target))
		return PTR_ERR(target);
	err = iet_target_delete(target, nla_get_flag(info->attrs[IET_T_FORCE]),
				info->extack);
	if (err)
		NL_SET_BAD_ATTR(info->extack, tid);
	return err;
}

static int dump_target(struct sk_buff *skb, struct netlink_callback *cb,
		       struct iet_target *target)
{
	return iet_nl_dump_one(skb, cb, iet_nl_fill_target, target);
}

/**
 * iet_nl_target_dump() - dump of TARGET_GET
 * @skb: message
 * @cb: dump state; args[0]: next tid
 *
 * Context: takes iet_config_lock.
 *
 * Return: see iet_nl_dump_in_targets().
 */
int iet_nl_target_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	int err = iet_nl_dump_check(cb, IET_T_TID);

	if (!err)
		err = iet_nl_dump_check(cb, IET_T_NAME);
	if (err)
		return err;
	return iet_nl_dump_in_targets(skb, cb, NULL, dump_target);
}
