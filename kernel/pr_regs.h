/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sets of I_T nexuses by name, which is what registrations for persistent
 * reservations belong to: in the order in which they came, none twice.  Whatever
 * initiators do, to find one takes a number of comparisons that grows with the
 * logarithm of how many there are.
 */
#ifndef IET_PR_REGS_H
#define IET_PR_REGS_H

#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/types.h>

/**
 * struct iet_pr_reg - a registered I_T nexus
 * @node: in the list of a set, or in none
 * @by_name: in its tree
 * @key: reservation key
 * @ua: what the initiator is to be told (ASC << 8 | ASCQ), or 0
 * @target_port: relative target port identifier, for show: that of @target
 *	when it was last seen
 * @port: name of the initiator port
 * @target: name of the target; each has one target port
 * @names: where they are
 *
 * Lifetime: of the set that it is in, or of whoever has taken it out.
 */
struct iet_pr_reg {
	struct list_head node;
	struct rb_node by_name;
	u64 key;
	u16 ua;
	u16 target_port;
	const char *port;
	const char *target;
	char names[];
};

/**
 * struct iet_pr_regs - a set of them
 * @list: iet_pr_reg.node, the oldest first
 * @by_name: iet_pr_reg.by_name
 * @nr: how many
 */
struct iet_pr_regs {
	struct list_head list;
	struct rb_root by_name;
	unsigned int nr;
};

struct iet_pr_reg *iet_pr_reg_new(const char *port, const char *target,
				  u16 target_port, gfp_t gfp);

void iet_pr_regs_init(struct iet_pr_regs *regs);
void iet_pr_regs_free(struct iet_pr_regs *regs);
bool iet_pr_regs_add(struct iet_pr_regs *regs, struct iet_pr_reg *reg);
void iet_pr_regs_del(struct iet_pr_regs *regs, struct iet_pr_reg *reg);
void iet_pr_regs_swap(struct iet_pr_regs *a, struct iet_pr_regs *b);
struct iet_pr_reg *iet_pr_regs_find(const struct iet_pr_regs *regs,
				    const char *port, const char *target);

#endif /* IET_PR_REGS_H */
