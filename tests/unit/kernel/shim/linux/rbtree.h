/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Search trees under the kernel's names: treaps, as flat as its own are, up to
 * a factor.
 */
#ifndef SHIM_RBTREE_H
#define SHIM_RBTREE_H
#include "../kernel.h"

struct rb_node {
	struct rb_node *parent, *child[2];
	u32 weight;
};

struct rb_root {
	struct rb_node *rb_node;
};

#define RB_ROOT ((struct rb_root){ NULL })
#define RB_EMPTY_ROOT(root) (!(root)->rb_node)
#define rb_entry(p, type, member) container_of(p, type, member)

static inline void shim_rb_put(struct rb_root *root, struct rb_node *old,
			       struct rb_node *node)
{
	struct rb_node *parent = old->parent;

	if (!parent)
		root->rb_node = node;
	else
		parent->child[parent->child[1] == old] = node;
	if (node)
		node->parent = parent;
}

/* @node changes places with its parent. */
static inline void shim_rb_lift(struct rb_root *root, struct rb_node *node)
{
	struct rb_node *parent = node->parent;
	bool right = parent->child[1] == node;
	struct rb_node *inner = node->child[!right];

	shim_rb_put(root, parent, node);
	node->child[!right] = parent;
	parent->parent = node;
	parent->child[right] = inner;
	if (inner)
		inner->parent = parent;
}

static inline struct rb_node *
rb_find_add(struct rb_node *node, struct rb_root *root,
	    int (*cmp)(struct rb_node *, const struct rb_node *))
{
	static u32 seed = 1;
	struct rb_node **at = &root->rb_node, *parent = NULL;
	int c;

	while (*at) {
		parent = *at;
		c = cmp(node, parent);
		if (!c)
			return parent;
		at = &parent->child[c > 0];
	}
	seed = seed * 1664525 + 1013904223;
	*node = (struct rb_node){ .parent = parent, .weight = seed >> 4 };
	*at = node;
	while (node->parent && node->parent->weight < node->weight)
		shim_rb_lift(root, node);
	return NULL;
}

static inline struct rb_node *
rb_find(const void *key, const struct rb_root *root,
	int (*cmp)(const void *key, const struct rb_node *))
{
	struct rb_node *node = root->rb_node;
	int c;

	while (node) {
		c = cmp(key, node);
		if (!c)
			break;
		node = node->child[c > 0];
	}
	return node;
}

static inline void rb_erase(struct rb_node *node, struct rb_root *root)
{
	while (node->child[0] && node->child[1])
		shim_rb_lift(root, node->child[node->child[1]->weight >
					       node->child[0]->weight]);
	shim_rb_put(root, node, node->child[0] ?: node->child[1]);
}
#endif /* SHIM_RBTREE_H */
