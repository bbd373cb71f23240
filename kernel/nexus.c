// SPDX-License-Identifier: GPL-2.0-only
/*
 * I_T nexuses, and for each logical unit that one sees an I_T_L nexus.
 */
#include <linux/kernel.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "opcodes.h"
#include "target.h"
#include "volume.h"

/*
 * The caller holds iet_config_lock, so an allocation must not wait for a disk
 * that may hang: no reclaim that writes.
 */
static int add_lun(struct iet_nexus *nexus, struct iet_lun *lun)
{
	unsigned int noio = memalloc_noio_save();
	struct iet_itl *itl;
	unsigned long flags;
	int err = -ENOMEM;

	lockdep_assert_held(&iet_config_lock);
	itl = kzalloc(sizeof(*itl), GFP_KERNEL);
	if (!itl)
		goto out;
	itl->nexus = nexus;
	itl->lun = lun;
	itl->ua[itl->nr_ua++] = IET_ASC_POWER_ON;
	INIT_LIST_HEAD(&itl->vol_node);

	err = xa_insert(&nexus->itls, lun->lun, itl, GFP_KERNEL);
	if (err) {
		kfree(itl);
		goto out;
	}
	spin_lock_irqsave(&lun->vol->lock, flags);
	list_add_tail(&itl->vol_node, &lun->vol->itls);
	spin_unlock_irqrestore(&lun->vol->lock, flags);
out:
	memalloc_noio_restore(noio);
	return err;
}

/* Does the initiator see a unit by another LUN of the same target? */
static bool sees(struct iet_nexus *nexus, const struct iet_volume *vol)
{
	struct iet_itl *itl;
	unsigned long lun;

	if (vol->nr_luns < 2)
		return false;
	xa_for_each(&nexus->itls, lun, itl)
		if (itl->lun->vol == vol)
			return true;
	return false;
}

static void del_lun(struct iet_nexus *nexus, u32 lun)
{
	struct iet_itl *itl;
	unsigned long flags;

	lockdep_assert_held(&iet_config_lock);
	itl = xa_erase(&nexus->itls, lun);
	if (!itl)
		return;
	spin_lock_irqsave(&itl->lun->vol->lock, flags);
	list_del_init(&itl->vol_node);
	spin_unlock_irqrestore(&itl->lun->vol->lock, flags);
	if (!sees(nexus, itl->lun->vol))
		iet_reservation_nexus_lost(itl->lun->vol, nexus);
	kfree_rcu(itl, rcu);
}

/**
 * iet_nexus_init() - a new I_T nexus with all LUNs of its target
 * @nexus: to be filled in
 * @target: the target, which outlives @nexus
 * @iname: InitiatorName, which outlives @nexus
 * @isid: 6 bytes
 *
 * Each logical unit gets the unit attention POWER ON, RESET, OR BUS DEVICE
 * RESET OCCURRED.
 *
 * Context: sleeps, but not for a disk; iet_config_lock is held.
 *
 * Return: 0 or -ENOMEM; then there is nothing to undo
 */
int iet_nexus_init(struct iet_nexus *nexus, struct iet_target *target,
		   const char *iname, const u8 *isid)
{
	struct iet_lun *lun;
	unsigned long i;
	int err;

	snprintf(nexus->initiator, sizeof(nexus->initiator), "%s,i,0x%*phN",
		 iname, 6, isid);
	nexus->iname = iname;
	nexus->target = target;
	xa_init(&nexus->itls);
	xa_for_each(&target->luns, i, lun) {
		err = add_lun(nexus, lun);
		if (err) {
			iet_nexus_exit(nexus);
			return err;
		}
	}
	return 0;
}

/**
 * iet_nexus_exit() - the end of an I_T nexus
 * @nexus: a nexus that commands come from no longer
 *
 * Context: sleeps, but not for a disk; iet_config_lock is held.
 */
void iet_nexus_exit(struct iet_nexus *nexus)
{
	struct iet_itl *itl;
	unsigned long lun;

	xa_for_each(&nexus->itls, lun, itl)
		del_lun(nexus, lun);
	xa_destroy(&nexus->itls);
}

/**
 * iet_nexus_add_lun() - a LUN has been added to the target of a live nexus
 * @nexus: the nexus
 * @lun: the LUN, with its volume
 *
 * The other logical units tell the initiator REPORTED LUNS DATA HAS CHANGED.
 *
 * Context: sleeps, but not for a disk; iet_config_lock is held.
 *
 * Return: 0, -ENOMEM, or -EBUSY if there is such a LUN
 */
int iet_nexus_add_lun(struct iet_nexus *nexus, struct iet_lun *lun)
{
	int err = add_lun(nexus, lun);

	if (!err)
		iet_ua_nexus(nexus, IET_ASC_LUNS_CHANGED);
	return err;
}

/**
 * iet_nexus_del_lun() - a LUN of a live nexus is being deleted
 * @nexus: the nexus
 * @lun: number; if the nexus does not have it, nothing happens
 *
 * New commands no longer find it.  The remaining logical units tell the
 * initiator REPORTED LUNS DATA HAS CHANGED.
 *
 * Context: iet_config_lock is held.
 */
void iet_nexus_del_lun(struct iet_nexus *nexus, u32 lun)
{
	del_lun(nexus, lun);
	iet_ua_nexus(nexus, IET_ASC_LUNS_CHANGED);
}

/**
 * iet_nexus_itl() - find an I_T_L nexus
 * @nexus: the I_T nexus
 * @lun_raw: LUN field of a PDU, 8 bytes
 *
 * Context: under rcu_read_lock().
 *
 * Return: the I_T_L nexus or NULL
 */
struct iet_itl *iet_nexus_itl(struct iet_nexus *nexus, const u8 *lun_raw)
{
	u32 lun;

	RCU_LOCKDEP_WARN(!rcu_read_lock_held(), "iet_nexus_itl() without RCU");
	if (iet_lun_decode(lun_raw, &lun) != IET_LUN_UNIT)
		return NULL;
	return xa_load(&nexus->itls, lun);
}

/**
 * iet_nexus_get_volume() - the logical unit at a LUN
 * @nexus: the I_T nexus
 * @lun_raw: LUN field of a PDU, 8 bytes
 *
 * Context: any.
 *
 * Return: the volume, with a reference in its @ref, or NULL
 */
struct iet_volume *iet_nexus_get_volume(struct iet_nexus *nexus,
					const u8 *lun_raw)
{
	struct iet_volume *vol = NULL;
	struct iet_itl *itl;

	rcu_read_lock();
	itl = iet_nexus_itl(nexus, lun_raw);
	if (itl && percpu_ref_tryget_live(&itl->lun->vol->ref))
		vol = itl->lun->vol;
	rcu_read_unlock();
	return vol;
}
