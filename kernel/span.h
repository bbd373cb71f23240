/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ranges of blocks that commands work on: what makes COMPARE AND WRITE atomic.
 *
 * A command whose reading and writing must be one (exclusive) waits for those
 * that came before it and touch its blocks; those that come after wait for it.
 * Others do not wait for each other.  A command that is to go ahead does not
 * wait for those that wait themselves.  Nobody sleeps: a range that can't be had
 * at once is granted later.  Since they are granted in the order of arrival,
 * and each command holds one, nobody waits for ever.
 *
 * ORDERED tasks (SAM-5 8.6.3) are exclusive over all blocks, HEAD OF QUEUE
 * tasks (8.6.4) go ahead.
 */
#ifndef IET_SPAN_H
#define IET_SPAN_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>

/**
 * struct iet_spans - the ranges of a logical unit
 * @lock: of everything here; taken from any context
 * @list: iet_span.node, in the order of arrival
 * @nr_excl: exclusive ones in it
 * @nr_waiting: ranges in it that have not been granted
 */
struct iet_spans {
	spinlock_t lock;
	struct list_head list;
	unsigned int nr_excl;
	unsigned int nr_waiting;
};

/**
 * struct iet_span - what a command works on
 * @node: in spans->list from iet_span_lock() to iet_span_unlock()
 * @first: first block
 * @end: the block after the last
 * @excl: no other command may touch these blocks at the same time
 * @ahead: before those that have not been granted
 * @nr_before: how many before it in the list are in its way; 0: it is granted
 * @granted: called once if it had to wait, in any context, under the lock
 */
struct iet_span {
	struct list_head node;
	u64 first;
	u64 end;
	bool excl;
	bool ahead;
	unsigned int nr_before;
	void (*granted)(struct iet_span *span);
};

void iet_spans_init(struct iet_spans *spans);
bool iet_span_lock(struct iet_spans *spans, struct iet_span *span);
void iet_span_unlock(struct iet_spans *spans, struct iet_span *span);

#endif /* IET_SPAN_H */
