/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ranges of blocks that commands work on, and whose turn it is: what makes
 * COMPARE AND WRITE atomic, and an ORDERED task ordered.
 *
 * A command whose reading and writing must be one (exclusive) waits for those
 * that came before it and touch its blocks; those that come after wait for it.
 * Others do not wait for each other.  A command that is to go ahead does not
 * wait for those that wait themselves.  Nobody sleeps: a range that can't be had
 * at once is granted later.  Since they are granted in the order of arrival,
 * and each command holds one, nobody waits for ever.
 *
 * An ORDERED task (SAM-5 8.6.3) waits for all that came before it into its task
 * set, and those that come after wait for it, whatever their blocks, which may
 * be none.  HEAD OF QUEUE tasks (8.6.4) go ahead: no order concerns them.
 *
 * Exclusive ones are rare.  While there is none, nobody is in anybody's way, and
 * ranges are only written down, each CPU for itself, so that initiators of the
 * same logical unit don't meet here.  The first exclusive one collects them.
 *
 * An ACA condition (aca.c) holds commands of which it is not, or not yet, the
 * turn.  They are put aside in the order in which they came: they keep nobody
 * off their blocks, since what ends the condition may need those.  When it has
 * ended they get in line again, in that order, and before all that come then.
 */
#ifndef IET_SPAN_H
#define IET_SPAN_H

#include <linux/list.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>
#include <linux/types.h>

/**
 * struct iet_span_lane - ranges that a CPU has let pass
 * @lock: of @list, and of iet_span.lane of those in it; taken from any context,
 *	also within iet_spans.lock
 * @list: iet_span.node, none of them exclusive or waiting
 */
struct iet_span_lane {
	spinlock_t lock;
	struct list_head list;
};

/**
 * struct iet_spans - the ranges of a logical unit
 * @lock: of everything here but the lanes; taken from any context
 * @running: iet_span.node of those that have been granted and are in no lane
 * @waiting: of those that have others before them, in the order of their turns
 * @held: of those that a condition keeps off, in the order of arrival
 * @nr_excl: exclusive and ordered ones in these lists, and conditions; set
 *	before the lanes are looked at, and read under the lock of a lane before
 *	anything is put there
 * @nr_conditions: ACA conditions
 * @lanes: of each CPU; all of them are empty while @nr_excl is not 0
 */
struct iet_spans {
	spinlock_t lock;
	struct list_head running;
	struct list_head waiting;
	struct list_head held;
	unsigned int nr_excl;
	unsigned int nr_conditions;
	struct iet_span_lane __percpu *lanes;
};

/**
 * struct iet_span - what a command works on
 * @node: in a lane or in one of the lists of spans from iet_span_lock() to
 *	iet_span_unlock()
 * @lane: which one; NULL: it is in a list.  Once there, it stays there
 * @first: first block
 * @end: the block after the last
 * @excl: no other command may touch these blocks at the same time
 * @ordered: after all that came before it, and before all that come after
 * @ahead: before those that have not been granted, and out of all order
 * @free: it waits for nobody, and nobody for it: only a condition keeps it off,
 *	and it is in no list else
 * @set: a task set; NULL: that of all I_T nexuses
 * @is_held: does a condition keep it off?  Called under the lock; NULL: none
 * @granted: called once if it had to wait, in any context, under the lock
 * @nr_before: how many of those before it are in its way, if it is waiting
 * @aside: it is held
 */
struct iet_span {
	struct list_head node;
	struct iet_span_lane *lane;
	u64 first;
	u64 end;
	bool excl;
	bool ordered;
	bool ahead;
	bool free;
	const void *set;
	bool (*is_held)(const struct iet_span *span);
	void (*granted)(struct iet_span *span);
	unsigned int nr_before;
	bool aside;
};

int iet_spans_init(struct iet_spans *spans);
void iet_spans_exit(struct iet_spans *spans);
bool iet_spans_idle(struct iet_spans *spans);
bool iet_span_lock(struct iet_spans *spans, struct iet_span *span);
bool iet_span_cancel(struct iet_spans *spans, struct iet_span *span);
void iet_span_unlock(struct iet_spans *spans, struct iet_span *span);
void iet_spans_conditions(struct iet_spans *spans, unsigned int nr);

#endif /* IET_SPAN_H */
