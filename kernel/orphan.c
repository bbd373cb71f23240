// SPDX-License-Identifier: GPL-2.0-only
/*
 * Orphans: aborted writes that a backend still holds.
 *
 * An abort can't take a write back from a hung disk, and nobody is to wait for
 * it.  But the initiator may send newer data meanwhile, perhaps from another
 * session, and the old write must not land after it.  So as long as there is
 * one, the logical units of its medium answer BUSY to its initiator, or, if
 * that has lost its reservation to somebody else, to all.
 */
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/string.h>

#include "orphan.h"
#include "scsi.h"
#include "volume.h"

/**
 * iet_orphans_init() - there are none
 * @orphans: to be filled in, zeroed
 */
void iet_orphans_init(struct iet_orphans *orphans)
{
	unsigned int i;

	spin_lock_init(&orphans->lock);
	for (i = 0; i < IET_ORPHAN_BUCKETS; i++) {
		INIT_LIST_HEAD(&orphans->buckets[i].list);
		INIT_LIST_HEAD(&orphans->buckets[i].writers);
	}
	INIT_LIST_HEAD(&orphans->waits);
}

static struct iet_orphan_bucket *bucket(struct iet_orphans *orphans,
					const char *iname)
{
	unsigned int hash = 0;

	while (*iname)
		hash = hash * 31 + (u8)*iname++;
	return &orphans->buckets[hash % IET_ORPHAN_BUCKETS];
}

static void bar(struct iet_scmd *s)
{
	if (s->barred)
		return;
	s->barred = true;
	s->vol->orphans->nr_barred++;
}

/**
 * iet_orphan_add() - a command has been aborted, but its backend holds it
 * @s: the command
 *
 * What it has not begun is left out; if it is a write, it is an orphan now.
 *
 * Context: any.
 */
void iet_orphan_add(struct iet_scmd *s)
{
	struct iet_volume *vol = s->vol;
	struct iet_orphans *o;
	unsigned long flags;

	WRITE_ONCE(s->aborted, true);
	if (!vol)
		return;
	iet_scsi_aborted(s);
	if (!iet_scsi_is_write(s))
		return;
	o = vol->orphans;
	spin_lock_irqsave(&o->lock, flags);
	if (list_empty(&s->orphan_node)) {
		list_add_tail(&s->orphan_node,
			      &bucket(o, s->nexus->iname)->list);
		WRITE_ONCE(o->nr, o->nr + 1);
		if (READ_ONCE(s->nexus->bars))
			bar(s);
	}
	spin_unlock_irqrestore(&o->lock, flags);
}

/**
 * iet_orphan_bar() - an orphan is to keep all initiators off
 * @s: a command that has been aborted in the backend; if it is no write,
 *	nothing happens
 *
 * Context: any.
 */
void iet_orphan_bar(struct iet_scmd *s)
{
	struct iet_orphans *o = s->vol->orphans;
	unsigned long flags;

	spin_lock_irqsave(&o->lock, flags);
	if (!list_empty(&s->orphan_node))
		bar(s);
	spin_unlock_irqrestore(&o->lock, flags);
}

/**
 * iet_orphan_bar_all() - some of the orphans are to keep all initiators off
 * @vol: the volume
 * @match: is it one of them? called with the lock of the orphans held
 * @arg: for @match
 *
 * Context: any.
 */
void iet_orphan_bar_all(struct iet_volume *vol,
			bool (*match)(const struct iet_scmd *s,
				      const void *arg),
			const void *arg)
{
	struct iet_orphans *o = vol->orphans;
	struct iet_scmd *s;
	unsigned long flags;
	unsigned int i;

	spin_lock_irqsave(&o->lock, flags);
	for (i = 0; i < IET_ORPHAN_BUCKETS; i++) {
		list_for_each_entry(s, &o->buckets[i].list, orphan_node) {
			if (match(s, arg))
				bar(s);
		}
	}
	spin_unlock_irqrestore(&o->lock, flags);
}

/* The last that somebody waits for has come back. */
static void tell_waiters(struct iet_orphans *o, bool bars_only)
{
	struct iet_orphan_wait *wait;

	list_for_each_entry(wait, &o->waits, node) {
		if (wait->bars_only == bars_only)
			wait->all_back(wait);
	}
}

static void unbar(struct iet_scmd *s)
{
	s->barred = false;
	if (!--s->vol->orphans->nr_barred)
		tell_waiters(s->vol->orphans, true);
}

static void count_one_less(struct iet_orphans *o)
{
	WRITE_ONCE(o->nr, o->nr - 1);
	if (!o->nr)
		tell_waiters(o, false);
}

/**
 * iet_orphan_wait() - be told when there are no orphans
 * @vol: the volume
 * @wait: with @all_back, which may be called before this returns, and
 *	@bars_only
 *
 * Context: any.
 */
void iet_orphan_wait(struct iet_volume *vol, struct iet_orphan_wait *wait)
{
	struct iet_orphans *o = vol->orphans;
	unsigned long flags;

	spin_lock_irqsave(&o->lock, flags);
	list_add_tail(&wait->node, &o->waits);
	if (!(wait->bars_only ? o->nr_barred : o->nr))
		wait->all_back(wait);
	spin_unlock_irqrestore(&o->lock, flags);
}

/**
 * iet_orphan_unwait() - not to be told any more
 * @vol: the volume
 * @wait: what iet_orphan_wait() has been given, or will be
 *
 * Context: any.
 */
void iet_orphan_unwait(struct iet_volume *vol, struct iet_orphan_wait *wait)
{
	struct iet_orphans *o = vol->orphans;
	unsigned long flags;

	spin_lock_irqsave(&o->lock, flags);
	list_del_init(&wait->node);
	spin_unlock_irqrestore(&o->lock, flags);
}

/* with the lock of the orphans held */
static void del(struct iet_scmd *s)
{
	if (list_empty(&s->orphan_node))
		return;
	list_del_init(&s->orphan_node);
	if (s->barred)
		unbar(s);
	count_one_less(s->vol->orphans);
}

/**
 * iet_orphan_del() - the backend has returned an aborted command
 * @s: a command that iet_scsi_prepare() has seen and that still holds its
 *	volume; if it is no orphan, nothing happens
 *
 * Context: any.
 */
void iet_orphan_del(struct iet_scmd *s)
{
	struct iet_volume *vol = s->vol;
	struct iet_orphans *o;
	unsigned long flags;

	WRITE_ONCE(s->aborted, false);
	if (!vol)
		return;
	o = vol->orphans;
	spin_lock_irqsave(&o->lock, flags);
	del(s);
	spin_unlock_irqrestore(&o->lock, flags);
}

/**
 * iet_orphan_revive() - an aborted command is to go on after all
 * @s: as for iet_orphan_del()
 *
 * Not if somebody else relies on its end.
 *
 * Context: any.
 *
 * Return: false if it stays an orphan
 */
bool iet_orphan_revive(struct iet_scmd *s)
{
	struct iet_volume *vol = s->vol;
	struct iet_orphans *o;
	unsigned long flags;
	bool ok = true;

	if (vol) {
		o = vol->orphans;
		spin_lock_irqsave(&o->lock, flags);
		ok = !s->barred;
		if (ok)
			del(s);
		spin_unlock_irqrestore(&o->lock, flags);
	}
	if (ok)
		WRITE_ONCE(s->aborted, false);
	return ok;
}

/* Is a copy not to go on? */
static bool is_aborted(const struct iet_writer *w)
{
	return READ_ONCE(w->aborted) || (w->cmd && READ_ONCE(w->cmd->aborted));
}

/**
 * iet_orphan_blocks() - must an initiator wait for its aborted writes?
 * @vol: the logical unit
 * @nexus: of the initiator; the name counts, not the session
 *
 * Context: any.
 *
 * Return: true if there are any
 */
bool iet_orphan_blocks(struct iet_volume *vol, const struct iet_nexus *nexus)
{
	struct iet_orphans *o = vol->orphans;
	struct iet_orphan_bucket *b;
	struct iet_writer *w;
	struct iet_scmd *s;
	unsigned long flags;
	bool found;

	if (likely(!READ_ONCE(o->nr)))
		return false;
	b = bucket(o, nexus->iname);
	spin_lock_irqsave(&o->lock, flags);
	found = o->nr_barred;
	list_for_each_entry(s, &b->list, orphan_node) {
		if (found)
			break;
		found = !strcmp(s->nexus->iname, nexus->iname);
	}
	list_for_each_entry(w, &b->writers, node) {
		if (found)
			break;
		found = is_aborted(w) && !strcmp(w->iname, nexus->iname);
	}
	spin_unlock_irqrestore(&o->lock, flags);
	return found;
}

/**
 * iet_writer_begin() - a copy is about to write to a logical unit
 * @vol: the logical unit
 * @w: the copy
 *
 * If it is aborted from now on, it is an orphan until iet_writer_end().
 *
 * Context: any.
 *
 * Return: false: it has been aborted, and must not write
 */
bool iet_writer_begin(struct iet_volume *vol, struct iet_writer *w)
{
	struct iet_orphans *o = vol->orphans;
	unsigned long flags;
	bool ok;

	spin_lock_irqsave(&o->lock, flags);
	ok = !is_aborted(w);
	if (ok) {
		list_add_tail(&w->node, &bucket(o, w->iname)->writers);
		WRITE_ONCE(o->nr, o->nr + 1);
	}
	spin_unlock_irqrestore(&o->lock, flags);
	return ok;
}

/**
 * iet_writer_end() - a copy has written
 * @vol: the logical unit
 * @w: the copy, after iet_writer_begin()
 *
 * Context: any.
 */
void iet_writer_end(struct iet_volume *vol, struct iet_writer *w)
{
	struct iet_orphans *o = vol->orphans;
	unsigned long flags;

	spin_lock_irqsave(&o->lock, flags);
	list_del_init(&w->node);
	count_one_less(o);
	spin_unlock_irqrestore(&o->lock, flags);
}
