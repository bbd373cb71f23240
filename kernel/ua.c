// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit attention conditions (SAM-5 5.14): for each I_T_L nexus a small set,
 * most important first, none twice.
 */
#include <linux/kernel.h>

#include "opcodes.h"
#include "target.h"
#include "volume.h"

#define ASC_RESET 0x29 /* power on, resets, loss of the nexus */

static bool is_reset(u16 asc)
{
	return asc >> 8 == ASC_RESET;
}

/*
 * How important: less is more (SAM-5 5.14.3).  Resets come first and among
 * them in the order of their ASCQ; what REPORT LUNS tells as well comes last.
 */
static u16 rank(u16 asc)
{
	if (is_reset(asc))
		return asc & 0xff;
	return asc == IET_ASC_LUNS_CHANGED ? U16_MAX : 0x100;
}

static void set_nr(struct iet_itl *itl, u8 nr)
{
	WRITE_ONCE(itl->nr_ua, nr);
}

static void remove_at(struct iet_itl *itl, u8 i)
{
	set_nr(itl, itl->nr_ua - 1);
	memmove(itl->ua + i, itl->ua + i + 1,
		(itl->nr_ua - i) * sizeof(itl->ua[0]));
}

/**
 * iet_ua_insert() - establish a unit attention for one I_T_L nexus
 * @itl: the nexus
 * @asc: enum iet_asc
 *
 * As iet_ua_add().
 *
 * Context: any; the lock of its volume is held.
 */
void iet_ua_insert(struct iet_itl *itl, u16 asc)
{
	u8 i;

	for (i = 0; i < itl->nr_ua; i++) {
		if (itl->ua[i] == asc)
			return;
		if (rank(itl->ua[i]) > rank(asc))
			break;
	}
	if (is_reset(asc)) {
		if (i) /* a greater one is pending and says it all */
			return;
		set_nr(itl, 0);
	}
	if (i == IET_UA_MAX)
		return;
	if (itl->nr_ua == IET_UA_MAX)
		set_nr(itl, IET_UA_MAX - 1);
	memmove(itl->ua + i + 1, itl->ua + i,
		(itl->nr_ua - i) * sizeof(itl->ua[0]));
	itl->ua[i] = asc;
	set_nr(itl, itl->nr_ua + 1);
}

/**
 * iet_ua_add() - establish a unit attention for one I_T_L nexus
 * @vol: the logical unit
 * @itl: the nexus
 * @asc: enum iet_asc
 *
 * A reset replaces what is pending.  If there are too many, the least
 * important is dropped.
 *
 * Context: any.
 */
void iet_ua_add(struct iet_volume *vol, struct iet_itl *itl, u16 asc)
{
	unsigned long flags;

	spin_lock_irqsave(&vol->lock, flags);
	iet_ua_insert(itl, asc);
	spin_unlock_irqrestore(&vol->lock, flags);
}

/**
 * iet_ua_volume() - establish a unit attention for all nexuses of a unit
 * @vol: the logical unit
 * @asc: enum iet_asc
 * @except: not for this I_T nexus, or NULL
 *
 * Context: any.
 */
void iet_ua_volume(struct iet_volume *vol, u16 asc,
		   const struct iet_nexus *except)
{
	struct iet_itl *itl;
	unsigned long flags;

	spin_lock_irqsave(&vol->lock, flags);
	list_for_each_entry(itl, &vol->itls, vol_node)
		if (itl->nexus != except)
			iet_ua_insert(itl, asc);
	spin_unlock_irqrestore(&vol->lock, flags);
}

/**
 * iet_ua_nexus() - establish a unit attention for all units of a nexus
 * @nexus: the I_T nexus
 * @asc: enum iet_asc
 *
 * Context: any.
 */
void iet_ua_nexus(struct iet_nexus *nexus, u16 asc)
{
	struct iet_itl *itl;
	unsigned long lun;

	rcu_read_lock();
	xa_for_each(&nexus->itls, lun, itl)
		iet_ua_add(itl->lun->vol, itl, asc);
	rcu_read_unlock();
}

static void clear(struct iet_volume *vol, struct iet_itl *itl, u16 asc)
{
	unsigned long flags;
	u8 i;

	spin_lock_irqsave(&vol->lock, flags);
	for (i = 0; i < itl->nr_ua; i++) {
		if (itl->ua[i] == asc) {
			remove_at(itl, i);
			break;
		}
	}
	spin_unlock_irqrestore(&vol->lock, flags);
}

/**
 * iet_ua_clear_nexus() - end a unit attention for all units of a nexus
 * @nexus: the I_T nexus
 * @asc: enum iet_asc
 *
 * Context: any.
 */
void iet_ua_clear_nexus(struct iet_nexus *nexus, u16 asc)
{
	struct iet_itl *itl;
	unsigned long lun;

	rcu_read_lock();
	xa_for_each(&nexus->itls, lun, itl)
		if (READ_ONCE(itl->nr_ua))
			clear(itl->lun->vol, itl, asc);
	rcu_read_unlock();
}

/**
 * iet_ua_take() - report a unit attention
 * @vol: the logical unit
 * @itl: the I_T_L nexus
 *
 * Context: any; under rcu_read_lock(), for @itl.
 *
 * Return: the most important pending additional sense code, which is pending
 * no longer, or 0
 */
u16 iet_ua_take(struct iet_volume *vol, struct iet_itl *itl)
{
	unsigned long flags;
	u16 asc = 0;

	if (likely(!READ_ONCE(itl->nr_ua)))
		return 0;
	spin_lock_irqsave(&vol->lock, flags);
	if (itl->nr_ua) {
		asc = itl->ua[0];
		remove_at(itl, 0);
	}
	spin_unlock_irqrestore(&vol->lock, flags);
	return asc;
}

/**
 * iet_ua_peek() - look at a unit attention
 * @vol: the logical unit
 * @itl: the I_T_L nexus
 *
 * Context: any; under rcu_read_lock(), for @itl.
 *
 * Return: the most important pending additional sense code, or 0
 */
u16 iet_ua_peek(struct iet_volume *vol, struct iet_itl *itl)
{
	unsigned long flags;
	u16 asc;

	spin_lock_irqsave(&vol->lock, flags);
	asc = itl->nr_ua ? itl->ua[0] : 0;
	spin_unlock_irqrestore(&vol->lock, flags);
	return asc;
}
