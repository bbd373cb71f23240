// SPDX-License-Identifier: GPL-2.0-only
/*
 * Volumes: making and ending them.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"
#include "crypt.h"
#include "iotype.h"
#include "latency.h"
#include "netlink.h"
#include "orphan.h"
#include "state.h"
#include "scsi.h"
#include "thin.h"
#include "volume.h"

/* closes backends: unbound, so that one that hangs holds up no other */
static struct workqueue_struct *release_wq;

/*
 * The volume's own workers may still be returning from the io that had the last
 * reference; destroy_workqueue() waits for that.  The file, which a volume that
 * was not finished does not have, is closed here and not by fput(), which
 * leaves the files of kernel threads to one work item of the whole system,
 * where a disk that hangs would hold up everybody's.
 */
static void free_volume(struct iet_volume *vol)
{
	destroy_workqueue(vol->wq);
	iet_orphans_put(vol->orphans);
	iet_crypt_detach(vol);
	if (vol->file)
		__fput_sync(vol->file);
	percpu_ref_exit(&vol->ref);
	iet_state_close(vol);
	iet_reservation_exit(&vol->reservation);
	iet_latency_free(vol);
	kfree(vol->echo);
	kfree(vol->path);
	iet_spans_exit(&vol->spans);
	kfree(vol);
}

/*
 * The end.  Once the reference to the module is put, the module may be unloaded;
 * its exit waits in iet_volume_exit() until this function has returned.
 */
static void release_volume(struct work_struct *work)
{
	struct iet_volume *vol = container_of(to_rcu_work(work),
					      struct iet_volume, release_work);

	WARN_ON_ONCE(!list_empty(&vol->itls));
	iet_thin_unwatch(vol);
	free_volume(vol);
	module_put(THIS_MODULE);
}

/*
 * The last reference is gone; any context.  Lookups may still be looking at
 * vol->ref to find that out, as may percpu_ref_put() itself, which called us:
 * all of them under RCU, hence the grace period.
 */
static void ref_drained(struct percpu_ref *ref)
{
	struct iet_volume *vol = container_of(ref, struct iet_volume, ref);

	queue_rcu_work(release_wq, &vol->release_work);
}

static int check_open_mode(const struct iet_lun_args *args,
			   struct netlink_ext_ack *extack)
{
	fmode_t mode = args->file->f_mode;

	if (!(mode & FMODE_READ)) {
		NL_SET_ERR_MSG(extack, "not opened for reading");
		return -EACCES;
	}
	if (args->iomode != IET_IOMODE_RO && !(mode & FMODE_WRITE)) {
		NL_SET_ERR_MSG(extack, "opened read-only; IOMode is not ro");
		return -EACCES;
	}
	return 0;
}

static int check_args(const struct iet_lun_args *args,
		      struct netlink_ext_ack *extack)
{
	if (!args->file) {
		if (!args->iotype->needs_file)
			return 0;
		NL_SET_ERR_MSG(extack, "the iotype needs a file");
		return -EINVAL;
	}
	if (!args->iotype->needs_file) {
		NL_SET_ERR_MSG(extack, "the iotype takes no file");
		return -EINVAL;
	}
	if (args->blocks) {
		NL_SET_ERR_MSG(extack, "the number of blocks is the file's");
		return -EINVAL;
	}
	return check_open_mode(args, extack);
}

/* FNV-1a, 64 bits: the same in all kernels, so that identities are */
static u64 hash_string(const char *s)
{
	u64 hash = 0xcbf29ce484222325;

	for (; *s; s++)
		hash = (hash ^ (u8)*s) * 0x100000001b3;
	return hash;
}

/*
 * An identity for a volume that was given none: of its path, or, without one,
 * of how many volumes there were before it.
 */
static void default_scsi_id(struct iet_volume *vol)
{
	static atomic64_t nr = ATOMIC64_INIT(0);
	u64 id = vol->path[0] ? hash_string(vol->path) :
				(u64)atomic64_inc_return(&nr);

	snprintf(vol->scsi_id, sizeof(vol->scsi_id), "%016llx", id);
}

static void set_ids(struct iet_volume *vol, const struct iet_lun_args *args)
{
	strscpy(vol->scsi_id, args->scsi_id ?: "", sizeof(vol->scsi_id));
	if (!vol->scsi_id[0])
		default_scsi_id(vol);
	strscpy(vol->scsi_sn, args->scsi_sn ?: "", sizeof(vol->scsi_sn));
	if (!vol->scsi_sn[0])
		snprintf(vol->scsi_sn, sizeof(vol->scsi_sn), "%*phN",
			 (int)strlen(vol->scsi_id), vol->scsi_id);
}

static struct workqueue_struct *alloc_workers(const struct iet_volume *vol,
					      u32 wthreads)
{
	const char *name = vol->path[0] ? kbasename(vol->path) :
					  vol->iotype->name;

	/* a name that is too long costs a warning */
	return alloc_workqueue("iet-%.18s", WQ_UNBOUND | WQ_MEM_RECLAIM,
			       wthreads, name);
}

static struct iet_volume *alloc_volume(const struct iet_lun_args *args)
{
	struct iet_volume *vol = kzalloc(sizeof(*vol), GFP_KERNEL);

	if (!vol)
		return NULL;
	vol->iotype = args->iotype;
	vol->iomode = args->iomode;
	vol->thin = args->thin;
	vol->removable = args->removable;
	spin_lock_init(&vol->lock);
	INIT_LIST_HEAD(&vol->luns);
	INIT_LIST_HEAD(&vol->itls);
	iet_reservation_init(&vol->reservation);
	INIT_RCU_WORK(&vol->release_work, release_volume);
	if (iet_spans_init(&vol->spans))
		goto free_vol;
	vol->path = kstrdup(args->path ?: "", GFP_KERNEL);
	if (!vol->path)
		goto exit_spans;
	set_ids(vol, args);
	vol->wq = alloc_workers(vol, args->wthreads);
	if (!vol->wq)
		goto free_path;
	vol->medium = vol;
	if (args->file)
		vol->medium = args->file->f_mapping->host;
	vol->orphans = iet_orphans_get(vol->medium);
	if (!vol->orphans)
		goto destroy_wq;
	if (percpu_ref_init(&vol->ref, ref_drained, 0, GFP_KERNEL))
		goto put_orphans;
	return vol;

put_orphans:
	iet_orphans_put(vol->orphans);
destroy_wq:
	destroy_workqueue(vol->wq);
free_path:
	kfree(vol->path);
exit_spans:
	iet_spans_exit(&vol->spans);
free_vol:
	kfree(vol);
	return NULL;
}

/* Why a state file can't be used; without one that is in use it goes on. */
static const struct {
	int err;
	const char *text;
} state_errors[] = {
	{ -EINVAL, "the state file is of a later release, or no file" },
	{ -EACCES, "the state file is not open for reading and writing" },
	{ -EAGAIN, "the state of its predecessor is still being written" },
	{ -EILSEQ, "the reservations in the state file make no sense" },
	{ -EXDEV, "the state file is of another logical unit" },
	{ 0, "the state file can't be read" },
};

static int open_state(struct iet_volume *vol, const struct iet_lun_args *args,
		      struct netlink_ext_ack *extack)
{
	unsigned int i;
	int err;

	if (!args->state_file)
		return 0;
	err = iet_state_open(vol, args->state_file);
	if (!err)
		err = iet_reservation_restore(vol);
	if (err == -EBUSY) {
		pr_notice(
			"%s: another logical unit has its ScsiId: its reservations are not kept\n",
			vol->path);
		return 0;
	}
	if (!err || err == -ENOMEM)
		return err;
	for (i = 0; state_errors[i].err && state_errors[i].err != err; i++)
		;
	if (extack)
		extack->_msg = state_errors[i].text;
	return err;
}

static int check_props(const struct iet_volume *vol,
		       const struct iet_props *props,
		       struct netlink_ext_ack *extack)
{
	const char *refusal = iet_props_refusal(props, vol);

	return refusal ? iet_nl_refuse(extack, NULL, refusal, -EINVAL) : 0;
}

/**
 * iet_volume_create() - make a volume
 * @args: what it is to be; checked here as far as the medium is concerned
 * @extack: takes the reason of a refusal
 *
 * The caller has the initial reference, which iet_volume_kill() puts.
 *
 * Context: process context, in a netlink handler; sleeps for memory, but does
 * no I/O.
 * Return: the volume, or an ERR_PTR:
 * -EINVAL	the file is of the wrong kind or too small, or the block size
 *		does not fit
 * -ENOKEY	there should be a key
 * -EACCES	the file or device can't be written, and IOMode is not ro
 * -ENOMEM	no memory
 * -ENODEV	the module is being unloaded
 */
struct iet_volume *iet_volume_create(const struct iet_lun_args *args,
				     struct netlink_ext_ack *extack)
{
	struct iet_volume *vol;
	int err = check_args(args, extack);

	if (err)
		return ERR_PTR(err);
	if (!try_module_get(THIS_MODULE))
		return ERR_PTR(-ENODEV);
	err = -ENOMEM;
	vol = alloc_volume(args);
	if (!vol)
		goto put_module;
	err = open_state(vol, args, extack);
	if (err)
		goto free_vol;
	err = vol->iotype->attach(vol, args, extack);
	if (err)
		goto free_vol;
	err = iet_crypt_attach(vol, args, extack);
	if (err)
		goto free_vol;
	err = check_props(vol, &args->props, extack);
	if (err)
		goto free_vol;
	iet_mode_init(vol);
	vol->props = args->props;
	if (args->file)
		vol->file = get_file(args->file);
	iet_thin_watch(vol);
	iet_crypt_begin(vol);
	return vol;

free_vol:
	free_volume(vol);
put_module:
	module_put(THIS_MODULE);
	return ERR_PTR(err);
}

/**
 * iet_volume_kill() - end a volume
 * @vol: created, and linked nowhere any more; once only
 *
 * No new references are given out; puts the initial one.  When the last one is
 * put, the backend is closed and the volume freed, behind everyone's back.
 *
 * Context: any; does not sleep.
 */
void iet_volume_kill(struct iet_volume *vol)
{
	iet_state_kill(vol);
	percpu_ref_kill(&vol->ref);
}

/**
 * iet_volume_set_props() - change what a volume says of itself
 * @vol: the volume; the caller has a reference
 * @props: all properties
 * @extack: takes the reason of a refusal
 *
 * Context: process context, callers serialized.
 * Return: 0; -EINVAL: they do not fit the volume, or would make another one of
 * it for the initiators.
 */
int iet_volume_set_props(struct iet_volume *vol, const struct iet_props *props,
			 struct netlink_ext_ack *extack)
{
	int err = check_props(vol, props, extack);

	if (err)
		return err;
	if (!iet_props_same_unit(&vol->props, props))
		return iet_nl_refuse(
			extack, NULL,
			"NAA, EUI64 and UUID cannot be changed: delete the LUN and make a new one",
			-EINVAL);
	iet_props_set(vol, props);
	return 0;
}

/**
 * iet_volume_set_wthreads() - change how many workers there may be
 * @vol: the volume; the caller has a reference
 * @wthreads: at most so many, 1-128
 *
 * Context: process context.
 */
void iet_volume_set_wthreads(struct iet_volume *vol, u32 wthreads)
{
	workqueue_set_max_active(vol->wq, wthreads);
}

/**
 * iet_volume_init() - get ready for volumes
 *
 * Context: module init.
 * Return: 0 or -ENOMEM.
 */
int iet_volume_init(void)
{
	release_wq = alloc_workqueue("iet-release", WQ_UNBOUND, 0);
	return release_wq ? 0 : -ENOMEM;
}

/**
 * iet_volume_exit() - undo iet_volume_init()
 *
 * Each volume holds the module, so that there is none left; what is waited for
 * is at most that the last one's release returns.
 *
 * Context: module exit, or init that failed.
 */
void iet_volume_exit(void)
{
	destroy_workqueue(release_wq);
}
