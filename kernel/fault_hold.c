// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands that a fault holds, for a while or until its rule goes, as a disk
 * would: for everybody else a backend has them.
 *
 * An aborted one is an orphan like any other.  It ends when it is let go, and
 * has not touched the medium.
 */
#include <linux/bits.h>
#include <linux/jiffies.h>
#include <linux/slab.h>

#include "compat.h"
#include "fault.h"
#include "opcodes.h"
#include "target.h"
#include "volume.h"

/**
 * struct iet_fault_held - a command that is held
 * @node: in iet_faults.held, under its lock
 * @faults: those of its target
 * @s: the command
 * @id: which rule holds it
 * @timed: @work runs by itself; else when the rule goes
 * @work: lets the command go on, by a worker of its volume
 *
 * Lifetime: ends with @work.  The command holds its session, which holds the
 * target with @faults, and its volume.
 */
struct iet_fault_held {
	struct list_head node;
	struct iet_faults *faults;
	struct iet_scmd *s;
	u32 id;
	bool timed;
	struct delayed_work work;
};

static void go_on(struct work_struct *work)
{
	struct iet_fault_held *held = container_of(to_delayed_work(work),
						   struct iet_fault_held, work);
	struct iet_faults *faults = held->faults;
	struct iet_scmd *s = held->s;
	struct iet_fault_rule *rule;
	unsigned long flags;

	spin_lock_irqsave(&faults->lock, flags);
	list_del(&held->node);
	rule = iet_fault_find(faults, held->id);
	if (rule)
		rule->held--;
	spin_unlock_irqrestore(&faults->lock, flags);
	kfree(held);
	iet_scsi_go_on(s);
}

/**
 * iet_fault_held_new() - get what is needed to hold a command
 *
 * Context: any; does not sleep.
 * Return: for iet_fault_hold() or kfree(), or NULL
 */
struct iet_fault_held *iet_fault_held_new(void)
{
	return kzalloc(sizeof(struct iet_fault_held),
		       GFP_NOWAIT | __GFP_NOWARN);
}

/**
 * iet_fault_hold() - hold a command
 * @held: from iet_fault_held_new(), freed here or later
 * @s: a command that has a volume and is about to run
 * @hit: of which rule, and for how long, if it says so
 *
 * Context: as of iet_scsi_execute().
 * Return: false: the rule has gone meanwhile, the command is not held
 */
bool iet_fault_hold(struct iet_fault_held *held, struct iet_scmd *s,
		    const struct iet_fault_hit *hit)
{
	struct iet_faults *faults = s->nexus->target->faults;
	struct iet_fault_rule *rule;
	unsigned long flags;

	held->faults = faults;
	held->s = s;
	held->id = hit->id;
	held->timed = hit->delay;
	INIT_DELAYED_WORK(&held->work, go_on);
	spin_lock_irqsave(&faults->lock, flags);
	rule = iet_fault_find(faults, hit->id);
	if (rule) {
		rule->held++;
		list_add_tail(&held->node, &faults->held);
		if (held->timed)
			queue_delayed_work(s->vol->wq, &held->work,
					   msecs_to_jiffies(hit->delay));
	}
	spin_unlock_irqrestore(&faults->lock, flags);
	if (!rule)
		kfree(held);
	return rule;
}

/**
 * iet_fault_release() - let commands go on
 * @faults: of a target
 * @id: the rule that holds them, which has been removed
 *
 * Context: process context; does not sleep.
 */
void iet_fault_release(struct iet_faults *faults, u32 id)
{
	struct iet_fault_held *held, *next;
	unsigned long flags;

	spin_lock_irqsave(&faults->lock, flags);
	list_for_each_entry_safe(held, next, &faults->held, node) {
		/* one whose time is over goes on by itself */
		if (held->id != id ||
		    (held->timed && !cancel_delayed_work(&held->work)))
			continue;
		queue_delayed_work(held->s->vol->wq, &held->work, 0);
	}
	spin_unlock_irqrestore(&faults->lock, flags);
}
