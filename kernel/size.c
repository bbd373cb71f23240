// SPDX-License-Identifier: GPL-2.0-only
/*
 * The size of a volume, which changes when somebody makes the file or the
 * device below larger or smaller.
 */
#include <linux/kernel.h>

#include "compat.h"
#include "opcodes.h"
#include "volume.h"

/**
 * iet_volume_rescan() - look at the size of a volume's medium again
 * @vol: the volume; the caller has a reference
 *
 * If it has changed, the initiators are told (SBC-3 4.7).  It does no I/O, and
 * is cheap enough for commands that are not READ or WRITE.
 *
 * Context: any.
 * Return: has the size changed?
 */
bool iet_volume_rescan(struct iet_volume *vol)
{
	u64 nr_blocks = vol->iotype->size(vol);
	unsigned long flags;
	bool changed;

	if (!nr_blocks || nr_blocks == READ_ONCE(vol->nr_blocks))
		return false;
	spin_lock_irqsave(&vol->lock, flags);
	changed = nr_blocks != vol->nr_blocks;
	WRITE_ONCE(vol->nr_blocks, nr_blocks);
	spin_unlock_irqrestore(&vol->lock, flags);
	if (changed)
		iet_ua_volume(vol, IET_ASC_CAPACITY_CHANGED, NULL);
	return changed;
}
