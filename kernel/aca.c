// SPDX-License-Identifier: GPL-2.0-only
/*
 * Auto contingent allegiance: see aca.h.
 *
 * The condition is one of an I_T_L nexus.  If all nexuses share a task set
 * (TST is 0) it concerns the others as well.  Commands whose turn it was go on;
 * those that have been taken, and wait for theirs, are held until the condition
 * is over (span.h).  New ones are turned away by a status.
 */
#include <linux/kernel.h>
#include <linux/list.h>
#include <scsi/scsi_proto.h>

#include "aca.h"
#include "iscsi_proto.h"
#include "opcodes.h"
#include "target.h"
#include "volume.h"

#define OP_PR_OUT 0x5f
#define SA_PREEMPT_AND_ABORT 0x05

/* This one ends conditions of others (SPC-4 5.13.11.5). */
static bool is_preempt_and_abort(const struct iet_scmd *s)
{
	return s->cdb[0] == OP_PR_OUT &&
	       (s->cdb[1] & 0x1f) == SA_PREEMPT_AND_ABORT;
}

static bool one_task_set(const struct iet_volume *vol)
{
	return !READ_ONCE(vol->mode.tst);
}

/* Does a condition of somebody else concern a command? */
static bool others_concern(const struct iet_scmd *s)
{
	return READ_ONCE(s->vol->nr_aca) && one_task_set(s->vol) &&
	       !is_preempt_and_abort(s);
}

static void refuse_attribute(struct iet_scmd *s)
{
	iet_scsi_refuse(s, ILLEGAL_REQUEST, IET_ASC_INVALID_MESSAGE);
}

/* With vol->lock held.  Return: SAM status, GOOD: it may */
static u8 verdict(struct iet_scmd *s, struct iet_itl *itl)
{
	bool aca = s->attr == ISCSI_ATTR_ACA;

	if (itl->aca && (!aca || itl->aca_task))
		return SAM_STAT_ACA_ACTIVE;
	if (itl->aca) {
		itl->aca_task = s;
		s->aca_task = true;
	} else if (others_concern(s)) {
		return iet_cdb_naca(s->cdb) ? SAM_STAT_ACA_ACTIVE :
					      SAM_STAT_BUSY;
	}
	return aca && !itl->aca ? SAM_STAT_CHECK_CONDITION : SAM_STAT_GOOD;
}

/**
 * iet_aca_admit() - may a command be taken, as far as conditions go?
 * @s: the command, with its row of the table and its unit
 * @itl: its I_T_L nexus, under rcu_read_lock()
 *
 * SAM-5 5.9.2.2 to 5.9.2.4.
 *
 * Context: any.
 *
 * Return: false: its status is set
 */
bool iet_aca_admit(struct iet_scmd *s, struct iet_itl *itl)
{
	struct iet_volume *vol = s->vol;
	unsigned long flags;

	if (likely(!READ_ONCE(vol->nr_aca) && s->attr != ISCSI_ATTR_ACA))
		return true;
	spin_lock_irqsave(&vol->lock, flags);
	s->status = verdict(s, itl);
	spin_unlock_irqrestore(&vol->lock, flags);
	if (s->status == SAM_STAT_CHECK_CONDITION)
		refuse_attribute(s);
	return s->status == SAM_STAT_GOOD;
}

/**
 * iet_aca_holds() - does a condition keep a command off that wants to begin?
 * @s: a command that has been admitted
 *
 * Context: any.
 *
 * Return: true if so; when that may have changed iet_spans_conditions() says so
 */
bool iet_aca_holds(const struct iet_scmd *s)
{
	const struct iet_itl *itl;
	bool own;

	if (s->aca_task)
		return false;
	rcu_read_lock();
	itl = iet_scsi_itl(s);
	own = itl && READ_ONCE(itl->aca);
	rcu_read_unlock();
	return own || others_concern(s);
}

/* With vol->lock held. */
static void conditions_changed(struct iet_volume *vol)
{
	iet_spans_conditions(&vol->spans, vol->nr_aca);
}

/**
 * iet_aca_changed() - TST may have changed
 * @vol: the logical unit
 *
 * Context: any.
 */
void iet_aca_changed(struct iet_volume *vol)
{
	unsigned long flags;

	spin_lock_irqsave(&vol->lock, flags);
	conditions_changed(vol);
	spin_unlock_irqrestore(&vol->lock, flags);
}

/* With vol->lock held. */
static void end_condition(struct iet_volume *vol, struct iet_itl *itl)
{
	if (!itl->aca)
		return;
	WRITE_ONCE(itl->aca, false);
	itl->aca_task = NULL;
	WRITE_ONCE(vol->nr_aca, vol->nr_aca - 1);
}

/**
 * iet_aca_forget() - an I_T_L nexus has been taken out of its unit's list
 * @vol: the logical unit
 * @itl: the nexus
 *
 * Context: any; @vol->lock is held.
 */
void iet_aca_forget(struct iet_volume *vol, struct iet_itl *itl)
{
	if (!itl->aca)
		return;
	end_condition(vol, itl);
	conditions_changed(vol);
}

/**
 * iet_aca_clear() - end ACA conditions
 * @vol: the logical unit
 * @nexus: of this I_T nexus, NULL: of all
 *
 * Context: any.
 */
void iet_aca_clear(struct iet_volume *vol, const struct iet_nexus *nexus)
{
	struct iet_itl *itl;
	unsigned long flags;

	if (!READ_ONCE(vol->nr_aca))
		return;
	spin_lock_irqsave(&vol->lock, flags);
	list_for_each_entry(itl, &vol->itls, vol_node)
		if (!nexus || itl->nexus == nexus)
			end_condition(vol, itl);
	conditions_changed(vol);
	spin_unlock_irqrestore(&vol->lock, flags);
}

/**
 * iet_aca_leave() - a command gives its place in the condition back
 * @s: a command that has ended, or that never began
 *
 * Context: any.
 */
void iet_aca_leave(struct iet_scmd *s)
{
	struct iet_itl *itl;
	unsigned long flags;

	if (likely(!s->aca_task))
		return;
	s->aca_task = false;
	rcu_read_lock();
	itl = iet_nexus_itl(s->nexus, s->lun_raw);
	if (itl && itl->lun->vol == s->vol) {
		spin_lock_irqsave(&s->vol->lock, flags);
		if (itl->aca_task == s)
			itl->aca_task = NULL;
		spin_unlock_irqrestore(&s->vol->lock, flags);
	}
	rcu_read_unlock();
}

/**
 * iet_aca_is_let_in() - is it the command that sees to a condition?
 * @s: a command that has a volume
 *
 * Not if the condition that it was let in for is over.
 *
 * Context: any.
 *
 * Return: true if so
 */
bool iet_aca_is_let_in(const struct iet_scmd *s)
{
	const struct iet_itl *itl;
	bool is;

	if (!s->aca_task)
		return false;
	rcu_read_lock();
	itl = iet_scsi_itl(s);
	is = itl && READ_ONCE(itl->aca_task) == s;
	rcu_read_unlock();
	return is;
}

/**
 * iet_aca_ended() - a command has ended with CHECK CONDITION
 * @s: the command; iet_aca_leave() follows
 * @itl: its I_T_L nexus, under rcu_read_lock()
 *
 * With NACA there is a condition from now on.  If it is the one that has been
 * let in to see to it, there is no condition any more without (SAM-5 5.9.2.5).
 *
 * Context: any.
 */
void iet_aca_ended(struct iet_scmd *s, struct iet_itl *itl)
{
	bool naca = iet_cdb_naca(s->cdb);
	struct iet_volume *vol = s->vol;
	unsigned long flags;

	if (likely(!naca && !s->aca_task))
		return;
	spin_lock_irqsave(&vol->lock, flags);
	if (list_empty(&itl->vol_node)) {
		; /* it is just being deleted */
	} else if (naca && !itl->aca) {
		WRITE_ONCE(itl->aca, true);
		s->aca_began = true;
		WRITE_ONCE(vol->nr_aca, vol->nr_aca + 1);
		conditions_changed(vol);
	} else if (!naca) {
		end_condition(vol, itl);
		conditions_changed(vol);
	}
	spin_unlock_irqrestore(&vol->lock, flags);
}

/**
 * iet_aca_take_back() - a command has been aborted before its status was sent
 * @s: the command, which has its volume still
 *
 * The initiator does not know of a condition that it has left, and would not
 * end it.
 *
 * Context: any.
 */
void iet_aca_take_back(struct iet_scmd *s)
{
	if (unlikely(s->vol && s->aca_began))
		iet_aca_clear(s->vol, s->nexus);
	s->aca_began = false;
}
