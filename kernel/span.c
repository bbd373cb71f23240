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
		if (!first && other->waiting)
			first = other;
		if (first && !other->waiting && conflict(other, span))
			return &spans->list;
	}
	return first ? &first->node : &spans->list;
}

/* Must it wait for one of those before it? */
static bool must_wait(struct iet_spans *spans, struct iet_span *span)
{
	struct iet_span *before;

	list_for_each_entry(before, &spans->list, node) {
		if (before == span)
			return false;
		if (conflict(before, span))
			return true;
	}
	return false;
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
	bool waiting = false;

	spin_lock_irqsave(&spans->lock, flags);
	list_add_tail(&span->node, place(spans, span));
	if (span->excl || spans->nr_excl)
		waiting = must_wait(spans, span);
	span->waiting = waiting;
	spans->nr_excl += span->excl;
	spans->nr_waiting += waiting;
	spin_unlock_irqrestore(&spans->lock, flags);
	return !waiting;
}

static void grant(struct iet_spans *spans)
{
	struct iet_span *span;

	list_for_each_entry(span, &spans->list, node) {
		if (!span->waiting || must_wait(spans, span))
			continue;
		span->waiting = false;
		spans->nr_waiting--;
		span->granted(span);
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
	list_del_init(&span->node);
	spans->nr_excl -= span->excl;
	if (spans->nr_waiting)
		grant(spans);
	spin_unlock_irqrestore(&spans->lock, flags);
}
