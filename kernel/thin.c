// SPDX-License-Identifier: GPL-2.0-only
/*
 * How much space there is for the blocks of thin provisioned units: asked of
 * the iotype, for the log page and for the warning before there is none.
 */
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/workqueue.h>

#include "iotype.h"
#include "noio.h"
#include "scsi.h"
#include "sense.h"
#include "thin.h"
#include "volume.h"

/* a sixteenth of the unit left is little */
#define LOW_SHIFT 4
/* which is looked at so often */
#define WATCH_SECONDS 10

/**
 * iet_thin_space() - how much space there is for a unit
 * @vol: the logical unit
 * @used: takes what its blocks use, bytes
 * @available: takes what there is for more of them, bytes
 *
 * Context: process context; may sleep for the file system.
 *
 * Return: true if it is known
 */
bool iet_thin_space(struct iet_volume *vol, u64 *used, u64 *available)
{
	struct iet_noio noio;
	int err;

	if (!vol->thin || !vol->iotype->space)
		return false;
	noio = iet_noio_begin();
	err = vol->iotype->space(vol, used, available);
	iet_noio_end(noio);
	return !err;
}

/**
 * iet_thin_threshold() - when is there little space left?
 * @vol: the logical unit
 *
 * Return: bytes; so much or less is little
 */
u64 iet_thin_threshold(const struct iet_volume *vol)
{
	return READ_ONCE(vol->nr_blocks) << vol->blk_shift >> LOW_SHIFT;
}

/* Not if there is enough for all of its blocks. */
static bool is_low(struct iet_volume *vol)
{
	u64 total = READ_ONCE(vol->nr_blocks) << vol->blk_shift;
	u64 used, available;

	if (!iet_thin_space(vol, &used, &available))
		return false;
	return available <= iet_thin_threshold(vol) &&
	       available < total - min(used, total);
}

/**
 * iet_thin_check() - look at the space, and warn if there has become little
 * @vol: the logical unit
 *
 * All initiators are told, once (SBC-3 4.7.3.7).
 *
 * Context: process context; may sleep for the file system; callers serialized.
 */
void iet_thin_check(struct iet_volume *vol)
{
	bool low = is_low(vol);

	if (low && !vol->space_low)
		iet_ua_volume(vol, IET_ASC_THIN_THRESHOLD, NULL);
	vol->space_low = low;
}

static void watch(struct work_struct *work)
{
	struct iet_volume *vol = container_of(to_delayed_work(work),
					      struct iet_volume, space_work);

	iet_thin_check(vol);
	queue_delayed_work(vol->wq, &vol->space_work, WATCH_SECONDS * HZ);
}

static bool is_watched(const struct iet_volume *vol)
{
	return vol->thin && vol->iotype->space && !iet_volume_read_only(vol);
}

/**
 * iet_thin_watch() - look at the space from time to time
 * @vol: a new logical unit
 *
 * Context: any.
 */
void iet_thin_watch(struct iet_volume *vol)
{
	INIT_DELAYED_WORK(&vol->space_work, watch);
	if (is_watched(vol))
		queue_delayed_work(vol->wq, &vol->space_work,
				   WATCH_SECONDS * HZ);
}

/**
 * iet_thin_unwatch() - undo iet_thin_watch()
 * @vol: the logical unit
 *
 * Context: sleeps, perhaps for the file system.
 */
void iet_thin_unwatch(struct iet_volume *vol)
{
	if (is_watched(vol))
		cancel_delayed_work_sync(&vol->space_work);
}
