// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which volumes have their orphans in common: those of the same medium.
 *
 * Most have it for themselves.  The others are a volume that has no LUN any
 * more, but commands that its backend still holds, and the one that was made
 * of the same medium since; and those that serve it read-only and not.
 */
#include <linux/hashtable.h>
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "orphan.h"

static DEFINE_MUTEX(lock);
/* iet_orphans.node, by medium */
static DEFINE_HASHTABLE(all, 8);

static struct iet_orphans *find(const void *medium)
{
	struct iet_orphans *orphans;

	hash_for_each_possible(all, orphans, node, (unsigned long)medium) {
		if (orphans->medium == medium)
			return orphans;
	}
	return NULL;
}

/**
 * iet_orphans_get() - the orphans of a medium
 * @medium: only compared; it lasts as long as the volume
 *
 * Context: sleeps, but not for a disk.
 *
 * Return: the orphans, with a reference, or NULL: no memory
 */
struct iet_orphans *iet_orphans_get(const void *medium)
{
	struct iet_orphans *orphans;

	mutex_lock(&lock);
	orphans = find(medium);
	if (!orphans) {
		orphans = kzalloc(sizeof(*orphans), GFP_NOIO);
		if (orphans) {
			iet_orphans_init(orphans);
			orphans->medium = medium;
			hash_add(all, &orphans->node, (unsigned long)medium);
		}
	}
	if (orphans)
		orphans->refs++;
	mutex_unlock(&lock);
	return orphans;
}

/**
 * iet_orphans_put() - a volume has no commands any more
 * @orphans: from iet_orphans_get()
 *
 * Context: sleeps, but not for a disk.
 */
void iet_orphans_put(struct iet_orphans *orphans)
{
	mutex_lock(&lock);
	if (!--orphans->refs) {
		WARN_ON_ONCE(orphans->nr);
		hash_del(&orphans->node);
		kfree(orphans);
	}
	mutex_unlock(&lock);
}
