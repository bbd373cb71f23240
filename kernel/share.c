// SPDX-License-Identifier: GPL-2.0-only
/*
 * One logical unit through several LUNs, of one target or of several.
 *
 * Two volumes of one medium would each have their own reservations, unit
 * attentions and atomic commands, so that initiators could do behind each
 * other's back what SCSI promises not to happen.  A medium is an inode: of a
 * file, or of a block device, which has one, whatever its names are.
 *
 * A medium that some LUNs serve read-only and others do not is two volumes: a
 * volume is read-only as a whole, and nothing done to one that is needs to be
 * known to the others.
 */
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/hashtable.h>
#include <linux/jiffies.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "async.h"
#include "compat.h"
#include "netlink.h"
#include "share.h"
#include "target.h"
#include "volume.h"

/* iet_volume.share_node, by medium: all that have a file and a LUN */
static DEFINE_HASHTABLE(media, 8);

/* how often their sizes are looked at, beside by commands */
#define SIZE_SECONDS 5

static void look_at_sizes(struct work_struct *work);

/* nobody tells of a file or a device that has grown */
static DECLARE_DEFERRABLE_WORK(size_work, look_at_sizes);

static void look_at_sizes(struct work_struct *work)
{
	struct iet_volume *vol;
	int bucket;

	mutex_lock(&iet_config_lock);
	hash_for_each(media, bucket, vol, share_node)
		if (iet_volume_rescan(vol))
			iet_async_capacity_changed(vol);
	if (!hash_empty(media))
		schedule_delayed_work(&size_work, SIZE_SECONDS * HZ);
	mutex_unlock(&iet_config_lock);
}

/**
 * iet_share_exit() - the module is being unloaded
 *
 * Volumes hold the module: there are none left.
 */
void iet_share_exit(void)
{
	cancel_delayed_work_sync(&size_work);
}

/**
 * iet_share_add() - a volume has got its first LUN
 * @vol: the volume
 *
 * Context: under iet_config_lock.
 */
void iet_share_add(struct iet_volume *vol)
{
	lockdep_assert_held(&iet_config_lock);
	if (!vol->file)
		return;
	if (hash_empty(media))
		schedule_delayed_work(&size_work, SIZE_SECONDS * HZ);
	hash_add(media, &vol->share_node, (unsigned long)vol->medium);
}

/**
 * iet_share_del() - a volume has lost its last LUN
 * @vol: the volume
 *
 * Context: under iet_config_lock.
 */
void iet_share_del(struct iet_volume *vol)
{
	lockdep_assert_held(&iet_config_lock);
	if (vol->file)
		hash_del(&vol->share_node);
}

/**
 * iet_share_find() - the volume that keeps its blocks in a file
 * @file: open file, or NULL
 * @ro: the one that is served read-only
 *
 * Context: under iet_config_lock.
 *
 * Return: the volume, which has a LUN, or NULL.
 */
struct iet_volume *iet_share_find(const struct file *file, bool ro)
{
	const void *medium = file ? file->f_mapping->host : NULL;
	struct iet_volume *vol;

	lockdep_assert_held(&iet_config_lock);
	hash_for_each_possible(media, vol, share_node, (unsigned long)medium)
		if (vol->medium == medium && iet_volume_read_only(vol) == ro)
			return vol;
	return NULL;
}

/* what cannot be another way for another LUN of the same volume */
static const char *difference(const struct iet_volume *vol,
			      const struct iet_lun_args *args)
{
	const struct {
		int attr;
		bool differs;
		const char *text;
	} rows[] = {
		{ IET_L_IOTYPE, args->iotype != vol->iotype,
		  "the medium is that of another LUN, with another Type" },
		{ IET_L_IOMODE, args->iomode != vol->iomode,
		  "the medium is that of another LUN, with another IOMode" },
		{ IET_L_BLOCK_SIZE, args->block_size != 1U << vol->blk_shift,
		  "the medium is that of another LUN, with another BlockSize" },
		{ IET_L_BLOCKS, args->blocks != vol->nr_blocks,
		  "the medium is that of another LUN, with other Blocks" },
		{ IET_L_THIN, args->thin != vol->thin,
		  "the medium is that of another LUN, with another ThinProvisioned" },
		{ IET_L_REMOVABLE, args->removable != vol->removable,
		  "the medium is that of another LUN, with another Removable" },
		{ IET_L_ENCRYPTED, !args->encrypted != !vol->crypt,
		  "the medium is that of another LUN, with another Encrypted" },
		{ IET_L_SCSI_ID, strcmp(args->scsi_id, vol->scsi_id),
		  "the medium is that of another LUN, with another ScsiId" },
		{ IET_L_SCSI_SN, strcmp(args->scsi_sn, vol->scsi_sn),
		  "the medium is that of another LUN, with another ScsiSN" },
		{ IET_L_PROPS,
		  memcmp(&args->props, &vol->props, sizeof(vol->props)),
		  "the medium is that of another LUN, with other properties" },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		if (args->given & BIT(rows[i].attr) && rows[i].differs)
			return rows[i].text;
	return NULL;
}

/**
 * iet_share_check() - may a volume get another LUN?
 * @vol: the volume
 * @args: what the LUN is to be; what it does not say is as it is
 * @extack: for the refusal
 *
 * Context: under iet_config_lock.
 *
 * Return: 0, or -EEXIST: it would have to be two things at once.
 */
int iet_share_check(const struct iet_volume *vol,
		    const struct iet_lun_args *args,
		    struct netlink_ext_ack *extack)
{
	const char *text = difference(vol, args);

	lockdep_assert_held(&iet_config_lock);
	return text ? iet_nl_refuse(extack, NULL, text, -EEXIST) : 0;
}

/**
 * iet_share_check_crypt() - may a medium be served by one more volume?
 * @args: what the volume is to be
 * @extack: for the refusal
 *
 * One that some LUNs serve read-only and others do not is two volumes.  Not if
 * it is encrypted: one of the two would have no key, or not know of a new one.
 *
 * Context: under iet_config_lock.
 *
 * Return: 0 or -EEXIST
 */
int iet_share_check_crypt(const struct iet_lun_args *args,
			  struct netlink_ext_ack *extack)
{
	bool ro = args->iomode == IET_IOMODE_RO;
	const struct iet_volume *other = iet_share_find(args->file, !ro);

	if (!other || (!other->crypt && !args->encrypted))
		return 0;
	return iet_nl_refuse(
		extack, NULL,
		"the medium is that of another LUN, with another IOMode, and encrypted",
		-EEXIST);
}
