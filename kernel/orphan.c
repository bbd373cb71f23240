// SPDX-License-Identifier: GPL-2.0-only
/*
 * Orphans: aborted writes that a backend still holds.
 *
 * An abort can't take a write back from a hung disk, and nobody is to wait for
 * it.  But the initiator may send newer data meanwhile, perhaps from another
 * session, and the old write must not land after it.  So as long as there is
 * one, its logical unit answers BUSY to its initiator, or, if that has lost its
 * reservation to somebody else, to all.
 */
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/string.h>

#include "scsi.h"
#include "volume.h"

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
	unsigned long flags;

	WRITE_ONCE(s->aborted, true);
	if (!vol || !iet_scsi_is_write(s))
		return;
	spin_lock_irqsave(&vol->lock, flags);
	if (list_empty(&s->orphan_node)) {
		list_add_tail(&s->orphan_node, &vol->orphans);
		WRITE_ONCE(vol->nr_orphans, vol->nr_orphans + 1);
	}
	spin_unlock_irqrestore(&vol->lock, flags);
}

static void bar(struct iet_scmd *s)
{
	if (s->barred)
		return;
	s->barred = true;
	s->vol->nr_barred++;
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
	struct iet_volume *vol = s->vol;
	unsigned long flags;

	spin_lock_irqsave(&vol->lock, flags);
	if (!list_empty(&s->orphan_node))
		bar(s);
	spin_unlock_irqrestore(&vol->lock, flags);
}

/**
 * iet_orphan_bar_all() - some of the orphans are to keep all initiators off
 * @vol: the volume
 * @match: is it one of them? called with vol->lock held
 * @arg: for @match
 *
 * Context: any.
 */
void iet_orphan_bar_all(struct iet_volume *vol,
			bool (*match)(const struct iet_scmd *s,
				      const void *arg),
			const void *arg)
{
	struct iet_scmd *s;
	unsigned long flags;

	spin_lock_irqsave(&vol->lock, flags);
	list_for_each_entry(s, &vol->orphans, orphan_node) {
		if (match(s, arg))
			bar(s);
	}
	spin_unlock_irqrestore(&vol->lock, flags);
}

/* One of those that kept all off has come back. */
static void unbar(struct iet_scmd *s)
{
	struct iet_orphan_wait *wait;

	s->barred = false;
	if (--s->vol->nr_barred)
		return;
	list_for_each_entry(wait, &s->vol->bar_waits, node)
		wait->all_back(wait);
}

/**
 * iet_orphan_wait() - be told when no orphan keeps all initiators off
 * @vol: the volume
 * @wait: with @all_back, which may be called before this returns
 *
 * Context: any.
 */
void iet_orphan_wait(struct iet_volume *vol, struct iet_orphan_wait *wait)
{
	unsigned long flags;

	spin_lock_irqsave(&vol->lock, flags);
	list_add_tail(&wait->node, &vol->bar_waits);
	if (!vol->nr_barred)
		wait->all_back(wait);
	spin_unlock_irqrestore(&vol->lock, flags);
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
	unsigned long flags;

	spin_lock_irqsave(&vol->lock, flags);
	list_del_init(&wait->node);
	spin_unlock_irqrestore(&vol->lock, flags);
}

/* with vol->lock held */
static void del(struct iet_scmd *s)
{
	if (list_empty(&s->orphan_node))
		return;
	list_del_init(&s->orphan_node);
	WRITE_ONCE(s->vol->nr_orphans, s->vol->nr_orphans - 1);
	if (s->barred)
		unbar(s);
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
	unsigned long flags;

	WRITE_ONCE(s->aborted, false);
	if (!vol)
		return;
	spin_lock_irqsave(&vol->lock, flags);
	del(s);
	spin_unlock_irqrestore(&vol->lock, flags);
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
	unsigned long flags;
	bool ok = true;

	if (vol) {
		spin_lock_irqsave(&vol->lock, flags);
		ok = !s->barred;
		if (ok)
			del(s);
		spin_unlock_irqrestore(&vol->lock, flags);
	}
	if (ok)
		WRITE_ONCE(s->aborted, false);
	return ok;
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
	struct iet_writer *w;
	struct iet_scmd *s;
	unsigned long flags;
	bool found = false;

	if (likely(!READ_ONCE(vol->nr_orphans)))
		return false;
	spin_lock_irqsave(&vol->lock, flags);
	list_for_each_entry(s, &vol->orphans, orphan_node) {
		found = s->barred || !strcmp(s->nexus->iname, nexus->iname);
		if (found)
			break;
	}
	list_for_each_entry(w, &vol->writers, node) {
		if (found)
			break;
		found = iet_writer_aborted(w) &&
			!strcmp(w->iname, nexus->iname);
	}
	spin_unlock_irqrestore(&vol->lock, flags);
	return found;
}

/**
 * iet_writer_aborted() - is a copy not to go on?
 * @w: the copy
 *
 * Return: true if not
 */
bool iet_writer_aborted(const struct iet_writer *w)
{
	return READ_ONCE(w->aborted) || (w->cmd && READ_ONCE(w->cmd->aborted));
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
	unsigned long flags;
	bool ok;

	spin_lock_irqsave(&vol->lock, flags);
	ok = !iet_writer_aborted(w);
	if (ok) {
		list_add_tail(&w->node, &vol->writers);
		WRITE_ONCE(vol->nr_orphans, vol->nr_orphans + 1);
	}
	spin_unlock_irqrestore(&vol->lock, flags);
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
	unsigned long flags;

	spin_lock_irqsave(&vol->lock, flags);
	list_del_init(&w->node);
	WRITE_ONCE(vol->nr_orphans, vol->nr_orphans - 1);
	spin_unlock_irqrestore(&vol->lock, flags);
}
