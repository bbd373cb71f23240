/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The generic netlink family "iet", inside: see iet_netlink.h for what it
 * looks like from outside.
 *
 *	netlink.c	  the family, its table of commands, dispatch
 *	netlink_policy.c  what attributes a command takes
 *	netlink_fill.c	  objects to messages
 *	netlink_props.c	  properties of LUNs, both ways
 *	netlink_stats.c	  counters
 *	netlink_target.c, netlink_lun.c, netlink_session.c, netlink_fault.c  the
 *			  commands
 *
 * Handlers never wait for a disk or a peer: a handler that sleeps holds up
 * every user of generic netlink.
 */
#ifndef IET_KERNEL_NETLINK_H
#define IET_KERNEL_NETLINK_H

#include <net/genetlink.h>

#include "iet_netlink.h"

struct iet_lun;
struct iet_props;
struct iet_session;
struct iet_target;

extern struct genl_family iet_genl_family;
/* random, another at each load of the module */
extern u64 iet_nl_instance;

int iet_netlink_init(void);
void iet_netlink_exit(void);

/* netlink_policy.c: indexed by attribute, complete to the set's maximum */
extern const struct nla_policy iet_none_policy[IET_I_MAX + 1];
extern const struct nla_policy iet_key_policy[IET_K_MAX + 1];
extern const struct nla_policy iet_prop_policy[IET_P_MAX + 1];
extern const struct nla_policy iet_target_get_policy[IET_T_MAX + 1];
extern const struct nla_policy iet_target_new_policy[IET_T_MAX + 1];
extern const struct nla_policy iet_target_set_policy[IET_T_MAX + 1];
extern const struct nla_policy iet_target_del_policy[IET_T_MAX + 1];
extern const struct nla_policy iet_lun_get_policy[IET_L_MAX + 1];
extern const struct nla_policy iet_lun_new_policy[IET_L_MAX + 1];
extern const struct nla_policy iet_lun_set_policy[IET_L_MAX + 1];
extern const struct nla_policy iet_lun_del_policy[IET_L_MAX + 1];
extern const struct nla_policy iet_nexus_get_policy[IET_N_MAX + 1];
extern const struct nla_policy iet_session_get_policy[IET_S_MAX + 1];
extern const struct nla_policy iet_session_new_policy[IET_S_MAX + 1];
extern const struct nla_policy iet_session_set_policy[IET_S_MAX + 1];
extern const struct nla_policy iet_session_del_policy[IET_S_MAX + 1];
extern const struct nla_policy iet_conn_new_policy[IET_C_MAX + 1];
extern const struct nla_policy iet_conn_del_policy[IET_C_MAX + 1];
extern const struct nla_policy iet_conn_async_policy[IET_C_MAX + 1];
extern const struct nla_policy iet_fault_get_policy[IET_F_MAX + 1];
extern const struct nla_policy iet_fault_new_policy[IET_F_MAX + 1];

/* netlink_fill.c */
typedef int (*iet_nl_fill_fn)(struct sk_buff *skb, const void *obj);

/**
 * struct iet_nl_lun - what the fill function of a LUN needs
 * @target: the target
 * @lun: the LUN
 */
struct iet_nl_lun {
	const struct iet_target *target;
	const struct iet_lun *lun;
};

int iet_nl_fill_info(struct sk_buff *skb, const void *obj);
int iet_nl_fill_target(struct sk_buff *skb, const void *target);
int iet_nl_fill_lun(struct sk_buff *skb, const void *nl_lun);
int iet_nl_fill_session(struct sk_buff *skb, const void *session);
int iet_nl_reply(struct sk_buff *reply, struct genl_info *info,
		 iet_nl_fill_fn fill, const void *obj);
int iet_nl_dump_one(struct sk_buff *skb, struct netlink_callback *cb,
		    iet_nl_fill_fn fill, const void *obj);
int iet_nl_dump_check(struct netlink_callback *cb, int attr);

typedef int (*iet_nl_dump_fn)(struct sk_buff *skb, struct netlink_callback *cb,
			      struct iet_target *target);

int iet_nl_dump_in_targets(struct sk_buff *skb, struct netlink_callback *cb,
			   const struct nlattr *tid, iet_nl_dump_fn fn);

/* netlink_stats.c */
int iet_nl_fill_lun_stats(struct sk_buff *skb, const void *nl_lun);
int iet_nl_fill_session_stats(struct sk_buff *skb, const void *session);

/* netlink_props.c */
int iet_nl_props_get(const struct nlattr *nest, struct iet_props *props,
		     struct netlink_ext_ack *extack);
int iet_nl_put_props(struct sk_buff *skb, int attr,
		     const struct iet_props *props);

/* netlink.c: what all commands share */
unsigned int iet_nl_lock(void);
void iet_nl_unlock(unsigned int noio);
int iet_nl_text_check(const struct nlattr *attr,
		      struct netlink_ext_ack *extack);
struct iet_target *iet_nl_target(const struct nlattr *tid,
				 struct netlink_ext_ack *extack);

/**
 * iet_nl_refuse() - refuse a request in words
 * @extack: NULL: nobody listens
 * @attr: the offending attribute, or NULL
 * @text: why; a constant
 * @err: negative errno
 *
 * Return: @err.
 */
static inline int iet_nl_refuse(struct netlink_ext_ack *extack,
				const struct nlattr *attr, const char *text,
				int err)
{
	if (extack) {
		extack->_msg = text;
		extack->bad_attr = attr;
	}
	return err;
}

/* netlink_session.c */
struct iet_session *iet_nl_next_session(struct iet_target *target,
					unsigned long tsih);

/* the commands: doit and dumpit of genl_ops, called by netlink.c */
int iet_nl_target_get(struct sk_buff *reply, struct genl_info *info);
int iet_nl_target_new(struct sk_buff *reply, struct genl_info *info);
int iet_nl_target_set(struct sk_buff *reply, struct genl_info *info);
int iet_nl_target_del(struct sk_buff *reply, struct genl_info *info);
int iet_nl_lun_get(struct sk_buff *reply, struct genl_info *info);
int iet_nl_lun_new(struct sk_buff *reply, struct genl_info *info);
int iet_nl_lun_set(struct sk_buff *reply, struct genl_info *info);
int iet_nl_lun_del(struct sk_buff *reply, struct genl_info *info);
int iet_nl_session_get(struct sk_buff *reply, struct genl_info *info);
int iet_nl_session_new(struct sk_buff *reply, struct genl_info *info);
int iet_nl_session_set(struct sk_buff *reply, struct genl_info *info);
int iet_nl_session_del(struct sk_buff *reply, struct genl_info *info);
int iet_nl_conn_new(struct sk_buff *reply, struct genl_info *info);
int iet_nl_conn_del(struct sk_buff *reply, struct genl_info *info);
int iet_nl_conn_async(struct sk_buff *reply, struct genl_info *info);
int iet_nl_fault_get(struct sk_buff *reply, struct genl_info *info);
int iet_nl_fault_new(struct sk_buff *reply, struct genl_info *info);
int iet_nl_fault_del(struct sk_buff *reply, struct genl_info *info);

int iet_nl_target_dump(struct sk_buff *skb, struct netlink_callback *cb);
int iet_nl_lun_dump(struct sk_buff *skb, struct netlink_callback *cb);
int iet_nl_session_dump(struct sk_buff *skb, struct netlink_callback *cb);
int iet_nl_fault_dump(struct sk_buff *skb, struct netlink_callback *cb);
int iet_nl_nexus_dump(struct sk_buff *skb, struct netlink_callback *cb);

#endif /* IET_KERNEL_NETLINK_H */
