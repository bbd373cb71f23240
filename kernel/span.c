// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ranges of blocks that commands work on: see span.h.
 */
#include "span.h"

/**
 * iet_spans_init() - no command works on anything
 * @spans: of a new logical unit
 *
 * Context: may sleep.
 *
 * Return: 0 or -ENOMEM
 */
int iet_spans_init(struct iet_spans *spans)
{
	int cpu;

	spin_lock_init(&spans->lock);
	INIT_LIST_HEAD(&spans->running);
	INIT_LIST_HEAD(&spans->waiting);
	INIT_LIST_HEAD(&spans->held);
	spans->nr_excl = 0;
	spans->nr_conditions = 0;
	spans->lanes = alloc_percpu(struct iet_span_lane);
	if (!spans->lanes)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		struct iet_span_lane *lane = per_cpu_ptr(spans->lanes, cpu);

		spin_lock_init(&lane->lock);
		INIT_LIST_HEAD(&lane->list);
	}
	return 0;
}

/**
 * iet_spans_idle() - does no command work on anything?
 * @spans: of a logical unit that gets no commands meanwhile
 *
 * Return: true if none does
 */
bool iet_spans_idle(struct iet_spans *spans)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		if (!list_empty(&per_cpu_ptr(spans->lanes, cpu)->list))
			return false;
	}
	return list_empty(&spans->running) && list_empty(&spans->waiting) &&
	       list_empty(&spans->held);
}

/**
 * iet_spans_exit() - the logical unit ends
 * @spans: of the logical unit, which no command uses
 *
 * Context: may sleep.
 */
void iet_spans_exit(struct iet_spans *spans)
{
	WARN_ON_ONCE(!iet_spans_idle(spans));
	free_percpu(spans->lanes);
}

/* Counted in @nr_excl: while there is one, all ranges are in the lists. */
static bool is_exclusive(const struct iet_span *span)
{
	return span->excl || span->ordered;
}

/* Does one that comes have to wait for one that came before it? */
static bool in_way(const struct iet_span *first, const struct iet_span *then)
{
	if ((first->excl || then->excl) && first->first < then->end &&
	    then->first < first->end)
		return true;
	return (first->ordered || then->ordered) && !then->ahead &&
	       (first->set == then->set || !first->set || !then->set);
}

/* Nobody is in the way of a range, nor is it, unless there is an exclusive one. */
static bool pass(struct iet_spans *spans, struct iet_span *span)
{
	struct iet_span_lane *lane = raw_cpu_ptr(spans->lanes);
	unsigned long flags;
	bool ok;

	spin_lock_irqsave(&lane->lock, flags);
	ok = !READ_ONCE(spans->nr_excl);
	if (ok) {
		span->lane = lane;
		list_add_tail(&span->node, &lane->list);
	}
	spin_unlock_irqrestore(&lane->lock, flags);
	return ok;
}

/* Those that have passed were there before the first exclusive one. */
static void collect(struct iet_spans *spans)
{
	struct iet_span *span;
	int cpu;

	for_each_possible_cpu(cpu) {
		struct iet_span_lane *lane = per_cpu_ptr(spans->lanes, cpu);

		spin_lock(&lane->lock);
		list_for_each_entry(span, &lane->list, node)
			WRITE_ONCE(span->lane, NULL);
		list_splice_init(&lane->list, &spans->running);
		spin_unlock(&lane->lock);
	}
}

/* With the lock held. */
static void add_excl(struct iet_spans *spans, unsigned int nr)
{
	bool first = nr && !spans->nr_excl;

	WRITE_ONCE(spans->nr_excl, spans->nr_excl + nr);
	if (first)
		collect(spans);
}

/* With the lock held. */
static void sub_excl(struct iet_spans *spans, unsigned int nr)
{
	WRITE_ONCE(spans->nr_excl, spans->nr_excl - nr);
}

/* With the lock held. */
static bool is_held(const struct iet_spans *spans, const struct iet_span *span)
{
	return spans->nr_conditions && span->is_held && span->is_held(span);
}

/* Who is in its way, and, if it gets ahead, in whose way it is. */
static void count_conflicts(struct iet_spans *spans, struct iet_span *span)
{
	struct iet_span *other;

	list_for_each_entry(other, &spans->running, node)
		span->nr_before += in_way(other, span);
	list_for_each_entry(other, &spans->waiting, node) {
		if (span->ahead)
			other->nr_before += in_way(span, other);
		else
			span->nr_before += in_way(other, span);
	}
}

/* With the lock held.  Return: is it granted? */
static bool get_in_line(struct iet_spans *spans, struct iet_span *span)
{
	span->nr_before = 0;
	if (span->free)
		return true;
	if (spans->nr_excl)
		count_conflicts(spans, span);
	if (!span->nr_before)
		list_add_tail(&span->node, &spans->running);
	else if (span->ahead)
		list_add(&span->node, &spans->waiting);
	else
		list_add_tail(&span->node, &spans->waiting);
	return !span->nr_before;
}

static bool enter(struct iet_spans *spans, struct iet_span *span)
{
	unsigned long flags;
	bool now = false;

	spin_lock_irqsave(&spans->lock, flags);
	span->lane = NULL;
	add_excl(spans, is_exclusive(span));
	span->aside = is_held(spans, span);
	if (!span->aside)
		now = get_in_line(spans, span);
	else if (span->ahead)
		list_add(&span->node, &spans->held);
	else
		list_add_tail(&span->node, &spans->held);
	spin_unlock_irqrestore(&spans->lock, flags);
	return now;
}

/**
 * iet_span_lock() - a command is about to work on a range
 * @spans: of the logical unit
 * @span: @first to @set are, and @is_held and @granted; the caller keeps it
 *	until iet_span_unlock()
 *
 * Context: any.
 *
 * Return: true: go on; false: @span->granted will be, or has been called
 */
bool iet_span_lock(struct iet_spans *spans, struct iet_span *span)
{
	bool now;

	span->nr_before = 0;
	span->aside = false;
	if (span->free)
		now = !READ_ONCE(spans->nr_conditions);
	else
		now = !is_exclusive(span) && pass(spans, span);
	return now || enter(spans, span);
}

/*
 * Those that it was in the way of all wait: where it has waited itself, behind
 * it.  Interrupts are off, and there may be very many: none is looked at but
 * once.
 */
static void let_by(struct iet_spans *spans, struct iet_span *span,
		   struct list_head *behind)
{
	struct iet_span *other = list_entry(behind, struct iet_span, node);
	struct iet_span *next;

	list_for_each_entry_safe_continue(other, next, &spans->waiting, node) {
		if (!in_way(span, other) || --other->nr_before)
			continue;
		list_move_tail(&other->node, &spans->running);
		other->granted(other);
	}
}

/* Takes a range out of its lane; false if it is in none, or no longer. */
static bool leave(struct iet_span *span)
{
	struct iet_span_lane *lane = READ_ONCE(span->lane);
	unsigned long flags;
	bool there;

	if (!lane)
		return false;
	spin_lock_irqsave(&lane->lock, flags);
	there = span->lane;
	if (there)
		list_del_init(&span->node);
	spin_unlock_irqrestore(&lane->lock, flags);
	return there;
}

/**
 * iet_span_unlock() - a command has done its work on a range
 * @spans: of the logical unit
 * @span: as locked, and granted
 *
 * Context: any, also interrupts.
 */
void iet_span_unlock(struct iet_spans *spans, struct iet_span *span)
{
	unsigned long flags;

	if (span->free || leave(span))
		return;
	spin_lock_irqsave(&spans->lock, flags);
	list_del_init(&span->node);
	sub_excl(spans, is_exclusive(span));
	let_by(spans, span, &spans->waiting);
	spin_unlock_irqrestore(&spans->lock, flags);
}

/* One that is waiting: with the lock held. */
static void give_up_turn(struct iet_spans *spans, struct iet_span *span)
{
	let_by(spans, span, &span->node);
	list_del_init(&span->node);
	span->nr_before = 0;
}

/**
 * iet_span_cancel() - a command that waits does not want its range any more
 * @spans: of the logical unit
 * @span: which may have been granted, or given back
 *
 * Context: any, also interrupts.
 *
 * Return: true: it waited, and is out of the lists; it will not be granted
 */
bool iet_span_cancel(struct iet_spans *spans, struct iet_span *span)
{
	unsigned long flags;
	bool waited;

	spin_lock_irqsave(&spans->lock, flags);
	waited = span->nr_before || span->aside;
	if (span->nr_before)
		give_up_turn(spans, span);
	else if (span->aside)
		list_del_init(&span->node);
	span->aside = false;
	if (waited)
		sub_excl(spans, is_exclusive(span));
	spin_unlock_irqrestore(&spans->lock, flags);
	return waited;
}

/* From the last to the first, so that none of them is granted meanwhile. */
static void put_aside(struct iet_spans *spans)
{
	struct iet_span *span, *prev;
	LIST_HEAD(aside);

	list_for_each_entry_safe_reverse(span, prev, &spans->waiting, node) {
		if (!is_held(spans, span))
			continue;
		give_up_turn(spans, span);
		span->aside = true;
		list_add(&span->node, &aside);
	}
	list_splice_tail(&aside, &spans->held);
}

static void take_up(struct iet_spans *spans)
{
	struct iet_span *span, *next;

	list_for_each_entry_safe(span, next, &spans->held, node) {
		if (is_held(spans, span))
			continue;
		list_del_init(&span->node);
		span->aside = false;
		if (get_in_line(spans, span))
			span->granted(span);
	}
}

/**
 * iet_spans_conditions() - ACA conditions have begun, ended or changed
 * @spans: of the logical unit
 * @nr: how many there are now
 *
 * What iet_span.is_held says from now on holds for those that are there, too.
 *
 * Context: any, also interrupts; the caller sees to it that this is called once
 * at a time.
 */
void iet_spans_conditions(struct iet_spans *spans, unsigned int nr)
{
	unsigned long flags;

	spin_lock_irqsave(&spans->lock, flags);
	add_excl(spans, nr);
	sub_excl(spans, spans->nr_conditions);
	WRITE_ONCE(spans->nr_conditions, nr);
	put_aside(spans);
	take_up(spans);
	spin_unlock_irqrestore(&spans->lock, flags);
}
