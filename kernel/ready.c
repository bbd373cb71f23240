// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is a logical unit ready: see ready.h.
 *
 * The condition is looked at when a command arrives and again when it runs,
 * when no command that changes the condition can be running (they have all of
 * the medium to themselves).  So nothing reads or writes an ejected medium or
 * one that is being erased.
 */
#include <linux/kernel.h>
#include <scsi/scsi_proto.h>

#include "opcodes.h"
#include "ready.h"
#include "volume.h"

#define OP_FORMAT_UNIT 0x04
#define OP_SANITIZE 0x48

/*
 * @allowed: commands with one of these flags work
 * @cure: the operation code of another one that does
 */
static const struct {
	u8 key;
	u16 asc;
	u32 allowed;
	bool progress;
	u8 cure[2];
} conditions[] = {
	[IET_NO_MEDIUM] = { NOT_READY, IET_ASC_NO_MEDIUM, IET_OP_UNREADY },
	[IET_FORMATTING] = { NOT_READY, IET_ASC_FORMATTING, IET_OP_ERASING,
			     true },
	[IET_FORMAT_FAILED] = { MEDIUM_ERROR,
				IET_ASC_MEDIUM_FORMAT_CORRUPTED,
				IET_OP_UNREADY | IET_OP_ERASING,
				false,
				{ OP_FORMAT_UNIT, OP_SANITIZE } },
	[IET_SANITIZING] = { NOT_READY, IET_ASC_SANITIZING, IET_OP_ERASING,
			     true },
	[IET_SANITIZE_FAILED] = { MEDIUM_ERROR,
				  IET_ASC_SANITIZE_FAILED,
				  IET_OP_ERASING,
				  false,
				  { OP_SANITIZE } },
};

static bool is_stopped(const struct iet_itl *itl)
{
	return itl && READ_ONCE(itl->stopped);
}

/**
 * iet_ready_sense() - why a logical unit is not ready
 * @vol: the logical unit
 * @itl: for which initiator; NULL: what is the same for all
 * @sense: takes the reason, and how far it has got, if it is not
 *
 * Context: any; under rcu_read_lock(), for @itl.
 *
 * Return: false if it is ready
 */
bool iet_ready_sense(const struct iet_volume *vol, const struct iet_itl *itl,
		     struct iet_sense *sense)
{
	u8 condition = READ_ONCE(vol->condition);

	if (condition == IET_READY && !is_stopped(itl))
		return false;
	*sense = (struct iet_sense){ .key = NOT_READY,
				     .asc = IET_ASC_INITIALIZING_NEEDED };
	if (condition == IET_READY)
		return true;
	sense->key = conditions[condition].key;
	sense->asc = conditions[condition].asc;
	if (conditions[condition].progress) {
		sense->flags = IET_SENSE_PROGRESS;
		sense->progress = READ_ONCE(vol->progress);
	}
	return true;
}

static bool allowed(const struct iet_scsi_op *op, u8 condition)
{
	if (condition == IET_READY) /* but stopped */
		return op->flags & IET_OP_UNREADY;
	if (op->flags & conditions[condition].allowed)
		return true;
	return op->opcode && (op->opcode == conditions[condition].cure[0] ||
			      op->opcode == conditions[condition].cure[1]);
}

/**
 * iet_ready_check() - may a command run, as far as the unit is ready?
 * @s: the command, with its row of the table and its unit
 * @itl: its I_T_L nexus, under rcu_read_lock(); NULL: it is known not to be
 *	stopped, or that does not matter any more
 *
 * Context: any.
 *
 * Return: false: status and sense are set
 */
bool iet_ready_check(struct iet_scmd *s, const struct iet_itl *itl)
{
	struct iet_sense sense;

	if (likely(!READ_ONCE(s->vol->condition) && !is_stopped(itl)))
		return true;
	if (s->op->flags & IET_OP_ALWAYS ||
	    allowed(s->op, READ_ONCE(s->vol->condition)))
		return true;
	if (!iet_ready_sense(s->vol, itl, &sense))
		return true; /* it has just become so */
	iet_scsi_check(s, &sense);
	return false;
}

/**
 * iet_ready_reset() - a logical unit has been reset, or an I_T nexus is lost
 * @vol: the logical unit
 * @nexus: of this I_T nexus, NULL: of all
 *
 * It has not stopped it, and does not prevent the removal of its medium (SPC-4
 * 6.13).  An ejected medium stays where it is, and what erases it goes on
 * (SBC-3 4.11).
 *
 * Context: any.
 */
void iet_ready_reset(struct iet_volume *vol, const struct iet_nexus *nexus)
{
	struct iet_itl *itl;
	unsigned long flags;

	spin_lock_irqsave(&vol->lock, flags);
	list_for_each_entry(itl, &vol->itls, vol_node) {
		if (nexus && itl->nexus != nexus)
			continue;
		itl->prevent = false;
		WRITE_ONCE(itl->stopped, false);
	}
	spin_unlock_irqrestore(&vol->lock, flags);
}
