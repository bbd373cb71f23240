// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generic netlink family "iet": commands, who may use them, dispatch.
 */
#include <linux/capability.h>
#include <linux/random.h>
#include <linux/sched/mm.h>

#include "compat.h"
#include "event.h"
#include "netlink.h"
#include "target.h"

/* a LUN with the longest path, and the rest of the set */
#define REPLY_SIZE (IET_PATH_LEN + 4096)

/* without this a command makes no sense */
struct need {
	u16 attr;
	const char *text;
};

/**
 * struct handler - a command that is no dump
 * @fn: does it, and fills the reply if there is to be one
 * @unlocked: takes iet_config_lock by itself
 * @needs: required attributes, ends with an empty one
 */
struct handler {
	int (*fn)(struct sk_buff *reply, struct genl_info *info);
	bool unlocked;
	struct need needs[12];
};

#define NEED_TARGET(set)                                        \
	{                                                       \
		IET_##set##_TID, "which target? tid is missing" \
	}
#define NEED_LUN                                       \
	{                                              \
		IET_L_LUN, "which LUN? lun is missing" \
	}
#define NEED_SESSION(set)                                        \
	{                                                        \
		IET_##set##_SID, "which session? sid is missing" \
	}

static int info_get(struct sk_buff *reply, struct genl_info *info)
{
	return iet_nl_reply(reply, info, iet_nl_fill_info, NULL);
}

static const struct handler handlers[IET_CMD_MAX + 1] = {
	[IET_CMD_INFO_GET] = { .fn = info_get },
	[IET_CMD_TARGET_GET] = { .fn = iet_nl_target_get },
	[IET_CMD_TARGET_NEW] = {
		.fn = iet_nl_target_new,
		.needs = { { IET_T_NAME, "the target's name is missing" } },
	},
	[IET_CMD_TARGET_SET] = {
		.fn = iet_nl_target_set,
		.needs = { NEED_TARGET(T) },
	},
	[IET_CMD_TARGET_DEL] = {
		.fn = iet_nl_target_del,
		.needs = { NEED_TARGET(T) },
	},
	[IET_CMD_LUN_GET] = {
		.fn = iet_nl_lun_get,
		.needs = { NEED_TARGET(L), NEED_LUN },
	},
	[IET_CMD_LUN_NEW] = {
		.fn = iet_nl_lun_new,
		.unlocked = true,
		.needs = { NEED_TARGET(L), NEED_LUN,
			   { IET_L_IOTYPE, "the LUN's iotype is missing" } },
	},
	[IET_CMD_LUN_SET] = {
		.fn = iet_nl_lun_set,
		.needs = { NEED_TARGET(L), NEED_LUN },
	},
	[IET_CMD_LUN_DEL] = {
		.fn = iet_nl_lun_del,
		.needs = { NEED_TARGET(L), NEED_LUN },
	},
	[IET_CMD_SESSION_GET] = {
		.fn = iet_nl_session_get,
		.needs = { NEED_TARGET(S), NEED_SESSION(S) },
	},
	[IET_CMD_SESSION_NEW] = {
		.fn = iet_nl_session_new,
		.needs = { NEED_TARGET(S),
			   { IET_S_INITIATOR, "InitiatorName is missing" },
			   { IET_S_ISID, "ISID is missing" },
			   { IET_S_EXP_CMD_SN, "ExpCmdSN is missing" },
			   { IET_S_KEYS, "the negotiated keys are missing" } },
	},
	[IET_CMD_SESSION_SET] = {
		.fn = iet_nl_session_set,
		.needs = { NEED_TARGET(S), NEED_SESSION(S) },
	},
	[IET_CMD_SESSION_DEL] = {
		.fn = iet_nl_session_del,
		.needs = { NEED_TARGET(S), NEED_SESSION(S) },
	},
	[IET_CMD_CONN_NEW] = {
		.fn = iet_nl_conn_new,
		.needs = { NEED_TARGET(C), NEED_SESSION(C),
			   { IET_C_CID, "CID is missing" },
			   { IET_C_FD, "the socket is missing" },
			   { IET_C_STAT_SN, "StatSN is missing" },
			   { IET_C_EXP_STAT_SN, "ExpStatSN is missing" },
			   { IET_C_HEADER_DIGEST, "HeaderDigest is missing" },
			   { IET_C_DATA_DIGEST, "DataDigest is missing" },
			   { IET_C_MAX_RECV, "our segment length is missing" },
			   { IET_C_MAX_XMIT,
			     "the peer's segment length is missing" } },
	},
	[IET_CMD_CONN_DEL] = {
		.fn = iet_nl_conn_del,
		.needs = { NEED_TARGET(C), NEED_SESSION(C),
			   { IET_C_CID, "which connection? cid is missing" } },
	},
	[IET_CMD_CONN_ASYNC] = {
		.fn = iet_nl_conn_async,
		.needs = { NEED_TARGET(C), NEED_SESSION(C),
			   { IET_C_ASYNC_EVENT, "the event is missing" } },
	},
	[IET_CMD_FAULT_GET] = {
		.fn = iet_nl_fault_get,
		.needs = { NEED_TARGET(F),
			   { IET_F_ID, "which fault? id is missing" } },
	},
	[IET_CMD_FAULT_NEW] = {
		.fn = iet_nl_fault_new,
		.needs = { NEED_TARGET(F),
			   { IET_F_KIND, "the kind of fault is missing" } },
	},
	[IET_CMD_FAULT_DEL] = {
		.fn = iet_nl_fault_del,
		.needs = { NEED_TARGET(F) },
	},
};

/**
 * iet_nl_lock() - take iet_config_lock
 *
 * While it is held no allocation waits for reclaim to write to a disk, since
 * that may be the disk that hangs.
 *
 * Return: what to give to iet_nl_unlock().
 */
unsigned int iet_nl_lock(void)
{
	unsigned int noio = memalloc_noio_save();

	mutex_lock(&iet_config_lock);
	return noio;
}

/**
 * iet_nl_unlock() - let go of iet_config_lock
 * @noio: from iet_nl_lock()
 */
void iet_nl_unlock(unsigned int noio)
{
	mutex_unlock(&iet_config_lock);
	memalloc_noio_restore(noio);
}

/**
 * iet_nl_text_check() - refuse a text that would spoil a line of output
 * @attr: string attribute
 * @extack: for the refusal
 *
 * Return: 0 or -EINVAL.
 */
int iet_nl_text_check(const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	const unsigned char *p = nla_data(attr);

	for (; *p; p++)
		if (*p < 0x20 || *p == 0x7f)
			return iet_nl_refuse(extack, attr,
					     "control character in a text",
					     -EINVAL);
	return 0;
}

/**
 * iet_nl_target() - the target that a request names
 * @tid: u32 attribute
 * @extack: for the refusal
 *
 * Context: under iet_config_lock.
 *
 * Return: the target, or ERR_PTR(-ENOENT).
 */
struct iet_target *iet_nl_target(const struct nlattr *tid,
				 struct netlink_ext_ack *extack)
{
	struct iet_target *target = iet_target_by_tid(nla_get_u32(tid));

	if (!target)
		return ERR_PTR(
			iet_nl_refuse(extack, tid, "no such target", -ENOENT));
	return target;
}

static int check_needs(const struct handler *h, struct genl_info *info)
{
	const struct need *need;

	for (need = h->needs; need->attr; need++) {
		if (info->attrs[need->attr])
			continue;
		NL_SET_ERR_ATTR_MISS(info->extack, NULL, need->attr);
		return iet_nl_refuse(info->extack, NULL, need->text, -EINVAL);
	}
	return 0;
}

static int check_admin(const struct sk_buff *skb,
		       struct netlink_ext_ack *extack)
{
	if (netlink_capable(skb, CAP_SYS_ADMIN))
		return 0;
	return iet_nl_refuse(extack, NULL, "CAP_SYS_ADMIN is required", -EPERM);
}

/* all commands but dumps */
static int dispatch(struct sk_buff *skb, struct genl_info *info)
{
	const struct handler *h = &handlers[info->genlhdr->cmd];
	struct sk_buff *reply;
	unsigned int noio;
	int err;

	err = check_admin(skb, info->extack);
	if (!err)
		err = check_needs(h, info);
	if (err)
		return err;

	/* before the lock, since this may wait for memory */
	reply = nlmsg_new(REPLY_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	if (h->unlocked) {
		err = h->fn(reply, info);
	} else {
		noio = iet_nl_lock();
		err = h->fn(reply, info);
		iet_nl_unlock(noio);
	}
	if (err || !reply->len) {
		nlmsg_free(reply);
		return err;
	}
	return genlmsg_reply(reply, info);
}

static int dump_start(struct netlink_callback *cb)
{
	cb->min_dump_alloc = REPLY_SIZE;
	return check_admin(cb->skb, cb->extack);
}

#define DO(id, pol)                                            \
	{                                                      \
		.cmd = IET_CMD_##id, .flags = GENL_ADMIN_PERM, \
		.policy = iet_##pol##_policy,                  \
		.maxattr = ARRAY_SIZE(iet_##pol##_policy) - 1, \
		.doit = dispatch,                              \
	}
#define DO_DUMP(id, pol, dump)                                         \
	{                                                              \
		.cmd = IET_CMD_##id, .flags = GENL_ADMIN_PERM,         \
		.policy = iet_##pol##_policy,                          \
		.maxattr = ARRAY_SIZE(iet_##pol##_policy) - 1,         \
		.doit = dispatch, .start = dump_start, .dumpit = dump, \
	}

#define DUMP(id, pol, dump)                                    \
	{                                                      \
		.cmd = IET_CMD_##id, .flags = GENL_ADMIN_PERM, \
		.policy = iet_##pol##_policy,                  \
		.maxattr = ARRAY_SIZE(iet_##pol##_policy) - 1, \
		.start = dump_start, .dumpit = dump,           \
	}

static const struct genl_ops ops[] = {
	DO(INFO_GET, none),
	DO_DUMP(TARGET_GET, target_get, iet_nl_target_dump),
	DO(TARGET_NEW, target_new),
	DO(TARGET_SET, target_set),
	DO(TARGET_DEL, target_del),
	DO_DUMP(LUN_GET, lun_get, iet_nl_lun_dump),
	DO(LUN_NEW, lun_new),
	DO(LUN_SET, lun_set),
	DO(LUN_DEL, lun_del),
	DO_DUMP(SESSION_GET, session_get, iet_nl_session_dump),
	DO(SESSION_NEW, session_new),
	DO(SESSION_DEL, session_del),
	DO(SESSION_SET, session_set),
	DO(CONN_NEW, conn_new),
	DO(CONN_DEL, conn_del),
	DO(CONN_ASYNC, conn_async),
	DO_DUMP(FAULT_GET, fault_get, iet_nl_fault_dump),
	DO(FAULT_NEW, fault_new),
	DO(FAULT_DEL, fault_get),
	DUMP(NEXUS_GET, nexus_get, iet_nl_nexus_dump),
};

static const struct genl_multicast_group groups[] = {
	{ .name = IET_GENL_GROUP_EVENTS, .flags = GENL_MCAST_CAP_SYS_ADMIN },
};

/*
 * parallel_ops: a handler waits for iet_config_lock, and must not hold up
 * other families meanwhile.
 */
struct genl_family iet_genl_family __ro_after_init = {
	.name = IET_GENL_NAME,
	.version = IET_GENL_VERSION,
	.module = THIS_MODULE,
	.parallel_ops = true,
	.ops = ops,
	.n_ops = ARRAY_SIZE(ops),
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
};

u64 iet_nl_instance __ro_after_init;

/**
 * iet_netlink_init() - open the door: from now on there are requests
 *
 * Return: 0 or a negative errno.
 */
int iet_netlink_init(void)
{
	int err;

	iet_nl_instance = get_random_u64();
	err = genl_register_family(&iet_genl_family);
	if (!err)
		iet_events_enable(true);
	return err;
}

/**
 * iet_netlink_exit() - close the door
 *
 * Returns when no handler runs any more.
 */
void iet_netlink_exit(void)
{
	iet_events_enable(false);
	genl_unregister_family(&iet_genl_family);
}
