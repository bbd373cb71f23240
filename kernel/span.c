// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ranges of blocks that commands work on: see span.h.
 */
#include "span.h"

/**
 * iet_spans_init() - no command works on anything
 * @spans: of a new logical unit
 */
void iet_spans_init(struct iet_spans *spans)
{
	spin_lock_init(&spans->lock);
	INIT_LIST_HEAD(&spans->list);
	spans->nr_excl = 0;
	spans->nr_waiting = 0;
}

static bool conflict(const struct iet_span *a, const struct iet_span *b)
{
	return (a->excl || b->excl) && a->first < b->end && b->first < a->end;
}

/*
 * Where in the list a range goes: at the end, or, ahead, before the first one
 * that waits.  If one behind that has been granted already and is in conflict,
 * it is too late to get ahead.
 */
static struct list_head *place(struct iet_spans *spans, struct iet_span *span)
{
	struct iet_span *other, *first = NULL;

	if (!span->ahead || !spans->nr_waiting)
		return &spans->list;
	list_for_each_entry(other, &spans->list, node) {
		if (!first && other->nr_before)
			first = other;
		if (first && !other->nr_before && conflict(other, span))
			return &spans->list;
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
		else if (conflict(other, span) && before)
			span->nr_before++;
		else if (conflict(other, span))
			other->nr_before++;
	}
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
	unsigned long flags;
	bool now;

	span->nr_before = 0;
	spin_lock_irqsave(&spans->lock, flags);
	list_add_tail(&span->node, place(spans, span));
	if (span->excl || spans->nr_excl)
		count_conflicts(spans, span);
	now = !span->nr_before;
	spans->nr_excl += span->excl;
	spans->nr_waiting += !now;
	spin_unlock_irqrestore(&spans->lock, flags);
	return now;
}

/*
 * Those that it was in the way of are all behind it, and wait.  Interrupts are
 * off, and there may be very many: none is looked at but once.
 */
static void grant(struct iet_spans *spans, struct iet_span *span)
{
	struct iet_span *other = span;

	list_for_each_entry_continue(other, &spans->list, node) {
		if (!conflict(other, span) || --other->nr_before)
			continue;
		spans->nr_waiting--;
		other->granted(other);
	}
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

	spin_lock_irqsave(&spans->lock, flags);
	spans->nr_excl -= span->excl;
	if (spans->nr_waiting)
		grant(spans, span);
	list_del_init(&span->node);
	spin_unlock_irqrestore(&spans->lock, flags);
}
