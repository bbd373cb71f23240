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
	INIT_LIST_HEAD(&spans->list);
	spans->nr_excl = 0;
	spans->nr_waiting = 0;
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
	return list_empty(&spans->list);
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

/* Counted in @nr_excl: while there is one, all ranges are in the list. */
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

/*
 * Where in the list a range goes: at the end, or, ahead, before the first one
 * that waits.  Where it would be in the way of one that has been granted
 * already, it is too late to get ahead: it is behind that.
 */
static struct list_head *place(struct iet_spans *spans, struct iet_span *span)
{
	struct iet_span *other, *first = NULL;

	if (!span->ahead || !spans->nr_waiting)
		return &spans->list;
	list_for_each_entry(other, &spans->list, node) {
		if (!first && other->nr_before)
			first = other;
		else if (first && !other->nr_before && in_way(span, other))
			first = NULL;
	}
	return first ? &first->node : &spans->list;
}

/* Who is in its way, and, if it has got ahead, in whose way it is. */
static void count_conflicts(struct iet_spans *spans, struct iet_span *span)
{
	struct iet_span *other;
	bool before = true;

	list_for_each_entry(other, &spans->list, node) {
		if (other == span)
			before = false;
		else if (before && in_way(other, span))
			span->nr_before++;
		else if (!before && in_way(span, other))
			other->nr_before++;
	}
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
		list_splice_init(&lane->list, &spans->list);
		spin_unlock(&lane->lock);
	}
}

static bool enter(struct iet_spans *spans, struct iet_span *span)
{
	unsigned long flags;
	bool now;

	spin_lock_irqsave(&spans->lock, flags);
	if (is_exclusive(span)) {
		WRITE_ONCE(spans->nr_excl, spans->nr_excl + 1);
		if (spans->nr_excl == 1)
			collect(spans);
	}
	span->lane = NULL;
	list_add_tail(&span->node, place(spans, span));
	if (spans->nr_excl)
		count_conflicts(spans, span);
	now = !span->nr_before;
	spans->nr_waiting += !now;
	spin_unlock_irqrestore(&spans->lock, flags);
	return now;
}

/**
 * iet_span_lock() - a command is about to work on a range
 * @spans: of the logical unit
 * @span: first, end, excl and granted are set; the caller keeps it until
 *	iet_span_unlock()
 *
 * Context: any.
 *
 * Return: true: go on; false: @span->granted will be, or has been called
 */
bool iet_span_lock(struct iet_spans *spans, struct iet_span *span)
{
	span->nr_before = 0;
	return (!is_exclusive(span) && pass(spans, span)) || enter(spans, span);
}

/*
 * Those that it was in the way of are all behind it, and wait.  Interrupts are
 * off, and there may be very many: none is looked at but once.
 */
static void grant(struct iet_spans *spans, struct iet_span *span)
{
	struct iet_span *other = span;

	list_for_each_entry_continue(other, &spans->list, node) {
		if (!in_way(span, other) || --other->nr_before)
			continue;
		spans->nr_waiting--;
		other->granted(other);
	}
}

/* With the lock held. */
static void take_out(struct iet_spans *spans, struct iet_span *span)
{
	if (is_exclusive(span))
		WRITE_ONCE(spans->nr_excl, spans->nr_excl - 1);
	if (spans->nr_waiting)
		grant(spans, span);
	list_del_init(&span->node);
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

	if (leave(span))
		return;
	spin_lock_irqsave(&spans->lock, flags);
	take_out(spans, span);
	spin_unlock_irqrestore(&spans->lock, flags);
}

/**
 * iet_span_cancel() - a command that waits does not want its range any more
 * @spans: of the logical unit
 * @span: which may have been granted, or given back
 *
 * Context: any, also interrupts.
 *
 * Return: true: it waited, and is out of the list; it will not be granted
 */
bool iet_span_cancel(struct iet_spans *spans, struct iet_span *span)
{
	unsigned long flags;
	bool waited;

	spin_lock_irqsave(&spans->lock, flags);
	waited = span->nr_before;
	if (waited) {
		spans->nr_waiting--;
		span->nr_before = 0;
		take_out(spans, span);
	}
	spin_unlock_irqrestore(&spans->lock, flags);
	return waited;
}
