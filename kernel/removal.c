// SPDX-License-Identifier: GPL-2.0-only
/*
 * START STOP UNIT and PREVENT ALLOW MEDIUM REMOVAL: a medium that initiators
 * can eject and load, if the unit is removable.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <scsi/scsi_proto.h>

#include "compat.h"
#include "opcodes.h"
#include "ready.h"
#include "target.h"
#include "volume.h"

#define POWER_CONDITION 0xf0
#define NO_FLUSH 0x04
#define LOEJ 0x02
#define START 0x01

#define PREVENT 0x01

/* With vol->lock held. */
static bool is_prevented(const struct iet_volume *vol)
{
	const struct iet_itl *itl;

	list_for_each_entry(itl, &vol->itls, vol_node)
		if (itl->prevent)
			return true;
	return false;
}

static void set_stopped(struct iet_scmd *s, bool stopped)
{
	struct iet_itl *itl;

	rcu_read_lock();
	itl = iet_scsi_itl(s);
	if (itl)
		WRITE_ONCE(itl->stopped, stopped);
	rcu_read_unlock();
}

/*
 * Somebody may prevent it at any time, also while the medium is flushed, and
 * rely on it then.
 */
static void eject(struct iet_scmd *s)
{
	struct iet_volume *vol = s->vol;
	unsigned long flags;
	bool prevented;

	spin_lock_irqsave(&vol->lock, flags);
	prevented = is_prevented(vol);
	if (!prevented && vol->condition == IET_READY)
		WRITE_ONCE(vol->condition, IET_NO_MEDIUM);
	spin_unlock_irqrestore(&vol->lock, flags);
	if (prevented)
		iet_scsi_refuse(s, ILLEGAL_REQUEST, IET_ASC_REMOVAL_PREVENTED);
}

/* The others may have another medium before them (SPC-4 5.9). */
static void load(struct iet_scmd *s)
{
	WRITE_ONCE(s->vol->condition, IET_READY);
	iet_ua_volume(s->vol, IET_ASC_MEDIUM_CHANGED, s->nexus);
}

static void stop(struct iet_scmd *s)
{
	if (s->cdb[4] & LOEJ)
		eject(s);
	else if (!s->vol->removable)
		set_stopped(s, true);
}

static void flushed(struct iet_scmd *s)
{
	if (!s->err)
		stop(s);
	iet_scsi_end(s, s->err);
}

static bool may_eject(struct iet_scmd *s)
{
	struct iet_volume *vol = s->vol;
	unsigned long flags;
	bool prevented;

	if (!vol->removable) {
		iet_scsi_invalid_field(s, 4, 1);
		return false;
	}
	spin_lock_irqsave(&vol->lock, flags);
	prevented = is_prevented(vol);
	spin_unlock_irqrestore(&vol->lock, flags);
	if (prevented) {
		iet_scsi_refuse(s, ILLEGAL_REQUEST, IET_ASC_REMOVAL_PREVENTED);
		return false;
	}
	return true;
}

/**
 * iet_sbc_start_stop() - START STOP UNIT, SBC-3 5.23
 * @s: the command
 * @gfp: unused
 *
 * What is stopped is the unit as the initiator sees it, until it starts it or
 * leaves: others work on, and whoever comes finds a unit that is ready.  A
 * removable unit stays ready unless its medium is ejected; that is for all.
 * There is nothing that turns, and no power to save: power conditions mean
 * nothing.
 *
 * IMMED is not obeyed in that status waits for the flush.
 *
 * Return: see &struct iet_scsi_op
 */
int iet_sbc_start_stop(struct iet_scmd *s, gfp_t gfp)
{
	struct iet_volume *vol = s->vol;
	u8 what = s->cdb[4];

	if (what & POWER_CONDITION)
		return 0;
	if (what & LOEJ && !may_eject(s))
		return 0;
	if (what & START) {
		set_stopped(s, false);
		if (what & LOEJ && vol->condition == IET_NO_MEDIUM)
			load(s);
		return 0;
	}
	if (what & NO_FLUSH || vol->condition == IET_NO_MEDIUM) {
		stop(s);
		return 0;
	}
	return iet_scsi_io(s, IET_IO_FLUSH, 0, NULL, 0,
			   READ_ONCE(vol->nr_blocks) << vol->blk_shift,
			   flushed);
}

/**
 * iet_sbc_is_start() - may a START STOP UNIT pass in spite of a reservation?
 * @s: the command
 *
 * Return: true if it starts the unit, without a power condition (SBC-3, table
 * 13)
 */
bool iet_sbc_is_start(const struct iet_scmd *s)
{
	return (s->cdb[4] & (POWER_CONDITION | START)) == START;
}

/**
 * iet_spc_is_allow() - may a PREVENT ALLOW MEDIUM REMOVAL pass in spite of a
 * reservation?
 * @s: the command
 *
 * Return: true if it prevents nothing (SPC-4, table 66)
 */
bool iet_spc_is_allow(const struct iet_scmd *s)
{
	return !(s->cdb[4] & PREVENT);
}

/**
 * iet_spc_prevent_allow() - PREVENT ALLOW MEDIUM REMOVAL, SBC-3 5.8
 * @s: the command
 * @gfp: unused
 *
 * Removal is prevented as long as any initiator wants it so; what one wants is
 * forgotten with its session.
 *
 * Return: 0
 */
int iet_spc_prevent_allow(struct iet_scmd *s, gfp_t gfp)
{
	struct iet_itl *itl;
	unsigned long flags;

	rcu_read_lock();
	itl = iet_scsi_itl(s);
	if (itl) {
		spin_lock_irqsave(&s->vol->lock, flags);
		itl->prevent = s->cdb[4] & PREVENT;
		spin_unlock_irqrestore(&s->vol->lock, flags);
	}
	rcu_read_unlock();
	return 0;
}
