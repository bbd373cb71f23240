/* SPDX-License-Identifier: GPL-2.0-only */
#include "../kernel.h"

/* by insertion, and stable, as the kernel's */
static inline void list_sort(void *priv, struct list_head *head,
			     int (*cmp)(void *priv, const struct list_head *a,
					const struct list_head *b))
{
	struct list_head sorted, *node, *at;

	INIT_LIST_HEAD(&sorted);
	while (!list_empty(head)) {
		node = head->next;
		list_del_init(node);
		for (at = sorted.next; at != &sorted; at = at->next)
			if (cmp(priv, at, node) > 0)
				break;
		/* before @at */
		list_add_tail(node, at);
	}
	list_splice_init(&sorted, head);
}
