// SPDX-License-Identifier: GPL-2.0-only
/*
 * I_T nexuses, and for each logical unit that one sees an I_T_L nexus.
 */
#include <linux/in6.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/overflow.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <net/ipv6.h>

#include "aca.h"
#include "copy_op.h"
#include "lun_map.h"
#include "opcodes.h"
#include "pr_nexus.h"
#include "target.h"
#include "volume.h"

/* all of them, under iet_config_lock */
static LIST_HEAD(nexuses);

/*
 * The caller holds iet_config_lock, so an allocation must not wait for a disk
 * that may hang: no reclaim that writes.  Nothing happens if the LUN is not
 * for this initiator.
 */
static int add_lun(struct iet_nexus *nexus, struct iet_lun *lun)
{
	enum iet_access access = iet_lun_map_access(nexus->map, lun->lun);
	unsigned int noio = memalloc_noio_save();
	struct iet_itl *itl;
	unsigned long flags;
	int err = -ENOMEM;

	lockdep_assert_held(&iet_config_lock);
	if (access == IET_ACCESS_NONE || nexus->ended) {
		err = 0;
		goto out;
	}
	itl = kzalloc(sizeof(*itl), GFP_KERNEL);
	if (!itl)
		goto out;
	itl->nexus = nexus;
	itl->lun = lun;
	itl->read_only = access == IET_ACCESS_RO;
	itl->ua[itl->nr_ua++] = IET_ASC_POWER_ON;
	INIT_LIST_HEAD(&itl->vol_node);
	iet_stats_init(&itl->stats);

	/* before commands can find it, see there */
	iet_pr_nexus_join(lun->vol, itl);
	err = xa_insert(&nexus->itls, lun->lun, itl, GFP_KERNEL);
	if (err) {
		spin_lock_irqsave(&lun->vol->lock, flags);
		list_del_init(&itl->vol_node);
		spin_unlock_irqrestore(&lun->vol->lock, flags);
		kfree(itl);
	}
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

/* Return: was it for this initiator? */
static bool del_lun(struct iet_nexus *nexus, u32 lun)
{
	struct iet_itl *itl;
	unsigned long flags;

	lockdep_assert_held(&iet_config_lock);
	itl = xa_erase(&nexus->itls, lun);
	if (!itl)
		return false;
	spin_lock_irqsave(&itl->lun->vol->lock, flags);
	list_del_init(&itl->vol_node);
	iet_aca_forget(itl->lun->vol, itl);
	spin_unlock_irqrestore(&itl->lun->vol->lock, flags);
	if (!sees(nexus, itl->lun->vol)) {
		iet_reservation_nexus_lost(itl->lun->vol, nexus);
		iet_copy_nexus_lost(itl->lun->vol, nexus);
	}
	iet_stats_retire(itl);
	kfree_rcu(itl, rcu);
	return true;
}

/**
 * iet_nexus_init() - a new I_T nexus with the LUNs of its target
 * @nexus: to be filled in, zeroed
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
	INIT_LIST_HEAD(&nexus->copies);
	iet_stats_init(&nexus->stats);
	list_add(&nexus->node, &nexuses);
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
 * @nexus: a nexus that commands come from no longer, which may have ended
 *
 * Commands that a backend still holds find no I_T_L nexus then.
 *
 * Context: sleeps, but not for a disk; iet_config_lock is held.
 */
void iet_nexus_exit(struct iet_nexus *nexus)
{
	struct iet_itl *itl;
	unsigned long lun;

	lockdep_assert_held(&iet_config_lock);
	if (nexus->ended)
		return;
	nexus->ended = true;
	xa_for_each(&nexus->itls, lun, itl)
		del_lun(nexus, lun);
	xa_destroy(&nexus->itls);
	kfree(nexus->map);
	nexus->map = NULL;
	list_del(&nexus->node);
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

	if (!err && xa_load(&nexus->itls, lun->lun))
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
	if (del_lun(nexus, lun))
		iet_ua_nexus(nexus, IET_ASC_LUNS_CHANGED);
}

/* Return: has the inventory changed? or a negative errno */
static int follow_map(struct iet_nexus *nexus, struct iet_lun *lun)
{
	enum iet_access access = iet_lun_map_access(nexus->map, lun->lun);
	struct iet_itl *itl = xa_load(&nexus->itls, lun->lun);
	int err;

	if (access == IET_ACCESS_NONE)
		return del_lun(nexus, lun->lun);
	if (!itl) {
		err = add_lun(nexus, lun);
		return err ? err : 1;
	}
	if (itl->read_only != (access == IET_ACCESS_RO)) {
		WRITE_ONCE(itl->read_only, access == IET_ACCESS_RO);
		iet_ua_add(lun->vol, itl, IET_ASC_MODE_CHANGED);
	}
	return 0;
}

/**
 * iet_nexus_set_map() - change what an initiator may do with LUNs
 * @nexus: the nexus
 * @map: is copied; NULL: everything
 *
 * Commands that are under way go on.  The initiator is told that the inventory
 * or, by MODE PARAMETERS CHANGED, the write protection has changed.
 *
 * Context: sleeps, but not for a disk; iet_config_lock is held.
 *
 * Return: 0, or -ENOMEM: LUNs may be missing
 */
int iet_nexus_set_map(struct iet_nexus *nexus, const struct iet_lun_map *map)
{
	struct iet_lun_map *copy = NULL;
	bool changed = false;
	struct iet_lun *lun;
	unsigned long i;
	int ret, err = 0;

	lockdep_assert_held(&iet_config_lock);
	if (map) {
		copy = kmemdup(map, struct_size(map, rules, map->nr), GFP_NOIO);
		if (!copy)
			return -ENOMEM;
	}
	kfree(nexus->map);
	nexus->map = copy;
	xa_for_each(&nexus->target->luns, i, lun) {
		ret = follow_map(nexus, lun);
		changed |= ret > 0;
		if (ret < 0)
			err = ret;
	}
	if (changed)
		iet_ua_nexus(nexus, IET_ASC_LUNS_CHANGED);
	return err;
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

/**
 * iet_nexus_set_peer() - where the initiator is
 * @nexus: the nexus
 * @addr: address of its first connection
 *
 * Context: iet_config_lock is held.
 */
void iet_nexus_set_peer(struct iet_nexus *nexus,
			const struct sockaddr_storage *addr)
{
	const struct sockaddr_in6 *in6 = (const void *)addr;
	const struct sockaddr_in *in = (const void *)addr;
	struct in6_addr ip = in6addr_any;
	u32 scope = 0;

	lockdep_assert_held(&iet_config_lock);
	if (addr->ss_family == AF_INET) {
		ipv6_addr_set_v4mapped(in->sin_addr.s_addr, &ip);
	} else {
		ip = in6->sin6_addr;
		scope = in6->sin6_scope_id;
	}
	memcpy(nexus->peer, &ip, sizeof(ip));
	memcpy(nexus->peer + sizeof(ip), &scope, sizeof(scope));
	nexus->peer_known = true;
}

/* If it has several LUNs there, one that may be written to. */
static bool search_one(struct iet_nexus *nexus, struct iet_nexus_find *find)
{
	struct iet_itl *itl, *best = NULL;
	unsigned long lun;
	bool found;

	rcu_read_lock();
	xa_for_each(&nexus->itls, lun, itl) {
		if (best ? itl->lun->vol != best->lun->vol :
			   !find->match(itl->lun->vol, find->arg))
			continue;
		best = itl;
		if (!READ_ONCE(itl->read_only))
			break;
	}
	found = best && percpu_ref_tryget_live(&best->lun->vol->ref);
	if (found) {
		find->vol = best->lun->vol;
		find->read_only = READ_ONCE(best->read_only);
		find->nexus = nexus;
		strscpy(find->port, nexus->initiator, IET_PORT_NAME_MAX);
		strscpy(find->target, nexus->target->name, ISCSI_NAME_MAX + 1);
	}
	rcu_read_unlock();
	return found;
}

/* Two sessions of one initiator, as far as can be told: see cscd.c. */
static bool same_initiator(const struct iet_nexus *a, const struct iet_nexus *b)
{
	return a->peer_known && b->peer_known && !strcmp(a->iname, b->iname) &&
	       !memcmp(a->peer, b->peer, sizeof(a->peer));
}

static bool same_map(const struct iet_lun_map *a, const struct iet_lun_map *b)
{
	if (!a || !b)
		return a == b;
	return a->nr == b->nr &&
	       !memcmp(a->rules, b->rules, a->nr * sizeof(a->rules[0]));
}

/*
 * Has one been searched that has just the same units?  A host may have hundreds
 * of sessions with a target of a thousand LUNs, and a copy name units that there
 * are not.
 */
static bool is_repetition(const struct iet_nexus *own,
			  const struct iet_nexus *nexus)
{
	const struct iet_nexus *before;

	if (own->target == nexus->target && same_map(own->map, nexus->map))
		return true;
	list_for_each_entry(before, &nexuses, node) {
		if (before == nexus)
			break;
		if (before->target == nexus->target && !before->closed &&
		    same_map(before->map, nexus->map) &&
		    same_initiator(own, before))
			return true;
	}
	return false;
}

/**
 * iet_nexus_search() - look among the logical units that an initiator has
 * @own: an I_T nexus of the initiator, which is searched first
 * @find: what to look for, and what has been found
 *
 * Not by target ports that no reads and writes would come through.
 *
 * Context: process context; takes iet_config_lock.
 *
 * Return: has it been found?  Then @find->vol has a reference.
 */
bool iet_nexus_search(struct iet_nexus *own, struct iet_nexus_find *find)
{
	struct iet_nexus *other;
	bool found = search_one(own, find);

	if (found)
		return true;
	mutex_lock(&iet_config_lock);
	list_for_each_entry(other, &nexuses, node) {
		if (other == own || other->closed ||
		    !same_initiator(own, other) || is_repetition(own, other) ||
		    READ_ONCE(other->target->alua.state) >
			    IET_ALUA_NON_OPTIMIZED)
			continue;
		found = search_one(other, find);
		if (found)
			break;
	}
	mutex_unlock(&iet_config_lock);
	return found;
}
