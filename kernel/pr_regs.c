// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sets of I_T nexuses by name: see pr_regs.h.
 */
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"
#include "pr_regs.h"

/* what is looked for */
struct name {
	const char *port;
	const char *target;
};

static int compare(const void *key, const struct rb_node *node)
{
	const struct iet_pr_reg *reg =
		rb_entry(node, struct iet_pr_reg, by_name);
	const struct name *name = key;

	return strcmp(name->port, reg->port) ?:
					       strcmp(name->target, reg->target);
}

static int compare_nodes(struct rb_node *node, const struct rb_node *other)
{
	const struct iet_pr_reg *reg =
		rb_entry(node, struct iet_pr_reg, by_name);
	struct name name = { reg->port, reg->target };

	return compare(&name, other);
}

/**
 * iet_pr_reg_new() - make one that is in no set
 * @port: name of the initiator port
 * @target: name of the target
 * @target_port: its relative target port identifier
 * @gfp: for the memory
 *
 * Return: one without a key, which kfree() frees, or NULL
 */
struct iet_pr_reg *iet_pr_reg_new(const char *port, const char *target,
				  u16 target_port, gfp_t gfp)
{
	size_t port_len = strlen(port) + 1, target_len = strlen(target) + 1;
	struct iet_pr_reg *reg =
		kzalloc(sizeof(*reg) + port_len + target_len, gfp);

	if (!reg)
		return NULL;
	memcpy(reg->names, port, port_len);
	memcpy(reg->names + port_len, target, target_len);
	reg->port = reg->names;
	reg->target = reg->names + port_len;
	reg->target_port = target_port;
	INIT_LIST_HEAD(&reg->node);
	return reg;
}

/**
 * iet_pr_regs_init() - there is none
 * @regs: to be filled in
 */
void iet_pr_regs_init(struct iet_pr_regs *regs)
{
	INIT_LIST_HEAD(&regs->list);
	regs->by_name = RB_ROOT;
	regs->nr = 0;
}

/**
 * iet_pr_regs_free() - free all that are in a set
 * @regs: the set; empty afterwards
 */
void iet_pr_regs_free(struct iet_pr_regs *regs)
{
	struct iet_pr_reg *reg, *next;

	list_for_each_entry_safe(reg, next, &regs->list, node)
		kfree(reg);
	iet_pr_regs_init(regs);
}

/**
 * iet_pr_regs_add() - one more, as the last
 * @regs: the set
 * @reg: it, in no set; the set's from now on
 *
 * Return: false: there is one of this name; @reg stays the caller's
 */
bool iet_pr_regs_add(struct iet_pr_regs *regs, struct iet_pr_reg *reg)
{
	if (rb_find_add(&reg->by_name, &regs->by_name, compare_nodes))
		return false;
	list_add_tail(&reg->node, &regs->list);
	regs->nr++;
	return true;
}

/**
 * iet_pr_regs_del() - one less
 * @regs: the set
 * @reg: which is in it; the caller's from now on
 */
void iet_pr_regs_del(struct iet_pr_regs *regs, struct iet_pr_reg *reg)
{
	rb_erase(&reg->by_name, &regs->by_name);
	list_del_init(&reg->node);
	regs->nr--;
}

/**
 * iet_pr_regs_swap() - two sets change places
 * @a: one
 * @b: the other
 */
void iet_pr_regs_swap(struct iet_pr_regs *a, struct iet_pr_regs *b)
{
	struct rb_root by_name = a->by_name;
	unsigned int nr = a->nr;
	LIST_HEAD(list);

	list_splice_init(&a->list, &list);
	list_splice_init(&b->list, &a->list);
	list_splice_init(&list, &b->list);
	a->by_name = b->by_name;
	b->by_name = by_name;
	a->nr = b->nr;
	b->nr = nr;
}

/**
 * iet_pr_regs_find() - the one between two ports
 * @regs: the set
 * @port: name of the initiator port
 * @target: name of the target
 *
 * Return: it, or NULL
 */
struct iet_pr_reg *iet_pr_regs_find(const struct iet_pr_regs *regs,
				    const char *port, const char *target)
{
	struct name name = { port, target };
	struct rb_node *node = rb_find(&name, &regs->by_name, compare);

	return node ? rb_entry(node, struct iet_pr_reg, by_name) : NULL;
}
