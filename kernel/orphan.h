/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Aborted writes that a backend still holds: see orphan.c.
 */
#ifndef IET_ORPHAN_H
#define IET_ORPHAN_H

#include <linux/list.h>
#include <linux/spinlock.h>

/* so that who asks for his own looks at few of others */
#define IET_ORPHAN_BUCKETS 32

/**
 * struct iet_orphan_bucket - the orphans of some initiators
 * @list: iet_scmd.orphan_node: aborted writes that the backend still holds
 *	(see iet_orphan_add())
 * @writers: iet_writer.node: copies that are writing, aborted or not
 */
struct iet_orphan_bucket {
	struct list_head list;
	struct list_head writers;
};

/**
 * struct iet_orphans - the orphans of a medium
 * @lock: protects the rest; taken from any context
 * @buckets: by InitiatorName
 * @nr: how many there are in both; read without the lock on the fast path
 * @nr_barred: how many of them keep all initiators off
 * @waits: iet_orphan_wait.node: who waits for their end
 * @medium: only compared: what the volumes have in common
 * @refs: how many volumes have it; as @node, see orphan_set.c
 * @node: in the table of all
 *
 * They are the medium's and not the volume's, since a LUN may be deleted and
 * made anew, or one be served read-only beside another, while an old write is
 * on its way to the blocks.
 *
 * Lifetime: from iet_orphans_get() of the first volume to iet_orphans_put() of
 * the last, when no command of it is left.
 */
struct iet_orphans {
	spinlock_t lock;
	struct iet_orphan_bucket buckets[IET_ORPHAN_BUCKETS];
	unsigned int nr;
	unsigned int nr_barred;
	struct list_head waits;
	const void *medium;
	unsigned int refs;
	struct hlist_node node;
};

void iet_orphans_init(struct iet_orphans *orphans);

/* orphan_set.c */
struct iet_orphans *iet_orphans_get(const void *medium);
void iet_orphans_put(struct iet_orphans *orphans);

#endif /* IET_ORPHAN_H */
