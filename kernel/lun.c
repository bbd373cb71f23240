// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUNs: which volume is what number of a target.
 */
#include <linux/slab.h>

#include "async.h"
#include "compat.h"
#include "event.h"
#include "netlink.h"
#include "rod_token.h"
#include "scsi.h"
#include "sense.h"
#include "session.h"
#include "share.h"
#include "target.h"
#include "volume.h"

/* sessions that are being closed are in the list as well: see session.c */
static void del_from_sessions(struct iet_target *target, u32 lun)
{
	struct iet_session *s;

	list_for_each_entry(s, &target->sessions, target_node) {
		bool seen = xa_load(&s->nexus.itls, lun);

		iet_nexus_del_lun(&s->nexus, lun);
		if (seen)
			iet_async_luns_changed(s, 0);
	}
}

static int add_to_sessions(struct iet_target *target, struct iet_lun *lun)
{
	struct iet_session *s;
	int err;

	list_for_each_entry(s, &target->sessions, target_node) {
		err = iet_nexus_add_lun(&s->nexus, lun);
		if (err)
			return err;
		if (xa_load(&s->nexus.itls, lun->lun))
			iet_async_luns_changed(s, lun->lun);
	}
	return 0;
}

static void link_volume(struct iet_lun *l)
{
	unsigned long flags;

	spin_lock_irqsave(&l->vol->lock, flags);
	list_add_tail(&l->vol_node, &l->vol->luns);
	spin_unlock_irqrestore(&l->vol->lock, flags);
}

static void unlink_volume(struct iet_lun *l)
{
	unsigned long flags;

	spin_lock_irqsave(&l->vol->lock, flags);
	list_del_init(&l->vol_node);
	spin_unlock_irqrestore(&l->vol->lock, flags);
}

/**
 * iet_lun_add() - map a volume into a target
 * @target: the target
 * @lun: number, 0-16383
 * @vol: the volume; on success its LUNs own its initial reference
 * @origin: enum iet_origin
 * @extack: for the refusal
 *
 * Context: under iet_config_lock; doesn't wait.
 *
 * Return: 0, -EEXIST if there is such a LUN, -ENOMEM.
 */
int iet_lun_add(struct iet_target *target, u32 lun, struct iet_volume *vol,
		u32 origin, struct netlink_ext_ack *extack)
{
	struct iet_lun *l;
	int err;

	lockdep_assert_held(&iet_config_lock);
	l = kzalloc(sizeof(*l), GFP_KERNEL);
	if (!l)
		return -ENOMEM;
	l->lun = lun;
	l->vol = vol;
	l->target = target;
	INIT_LIST_HEAD(&l->vol_node);
	l->origin = origin;

	err = xa_insert(&target->luns, lun, l, GFP_KERNEL);
	if (err) {
		kfree(l);
		if (err == -EBUSY)
			err = iet_nl_refuse(extack, NULL, "the LUN is in use",
					    -EEXIST);
		return err;
	}
	err = add_to_sessions(target, l);
	if (err) {
		xa_erase(&target->luns, lun);
		del_from_sessions(target, lun);
		/* commands may have seen it meanwhile */
		kfree_rcu(l, rcu);
		return err;
	}
	link_volume(l);
	if (!vol->nr_luns++)
		iet_share_add(vol);
	target->nr_luns++;
	iet_event_lun(target->tid, lun, IET_EVENT_NEW);
	return 0;
}

/**
 * iet_lun_delete() - remove a LUN
 * @target: the target
 * @lun: number
 * @extack: for the refusal
 *
 * The volume ends with its last LUN; commands that are under way keep it until
 * they end.
 *
 * Context: under iet_config_lock; doesn't wait.
 *
 * Return: 0, or -ENOENT if there is no such LUN.
 */
int iet_lun_delete(struct iet_target *target, u32 lun,
		   struct netlink_ext_ack *extack)
{
	struct iet_lun *l;

	lockdep_assert_held(&iet_config_lock);
	l = xa_erase(&target->luns, lun);
	if (!l)
		return iet_nl_refuse(extack, NULL, "no such LUN", -ENOENT);
	unlink_volume(l);
	target->nr_luns--;
	del_from_sessions(target, lun);
	if (!--l->vol->nr_luns) {
		iet_share_del(l->vol);
		/* tokens refer to it until the last of them has been dropped */
		percpu_ref_get(&l->vol->ref);
		iet_volume_kill(l->vol);
		iet_rod_volume_gone(l->vol);
		percpu_ref_put(&l->vol->ref);
	}
	kfree_rcu(l, rcu);
	iet_event_lun(target->tid, lun, IET_EVENT_DEL);
	return 0;
}

/**
 * iet_lun_of() - does a target have a LUN of this volume?
 * @vol: the volume
 * @target: the target
 *
 * Context: any.
 *
 * Return: true if so
 */
bool iet_lun_of(struct iet_volume *vol, const struct iet_target *target)
{
	unsigned long flags;
	struct iet_lun *lun;
	bool found = false;

	spin_lock_irqsave(&vol->lock, flags);
	list_for_each_entry(lun, &vol->luns, vol_node)
		found |= lun->target == target;
	spin_unlock_irqrestore(&vol->lock, flags);
	return found;
}

/**
 * iet_lun_rescan() - look at the size of a LUN's medium again
 * @lun: the LUN
 *
 * If it has changed, the initiators are told (SBC-3 4.7).
 *
 * Context: under iet_config_lock; doesn't wait.
 */
void iet_lun_rescan(struct iet_lun *lun)
{
	lockdep_assert_held(&iet_config_lock);
	if (iet_volume_rescan(lun->vol))
		iet_async_capacity_changed(lun->vol);
}
