// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reservations of a logical unit: who is kept off, RESERVE and RELEASE of
 * SPC-2 (5.5.1), and what goes on in persistent reservations (SPC-4 5.13) when
 * it is not their commands' turn.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include <scsi/scsi_proto.h>

#include "compat.h"
#include "opcodes.h"
#include "pr_image.h"
#include "reservation.h"
#include "state.h"
#include "target.h"
#include "volume.h"

/* --- workers -------------------------------------------------------------- */

static struct workqueue_struct *wq;

/**
 * iet_reservations_init() - set up what all reservations share
 *
 * Return: 0 or -ENOMEM
 */
int iet_reservations_init(void)
{
	wq = alloc_workqueue("iet-pr", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	return wq ? 0 : -ENOMEM;
}

/**
 * iet_reservations_exit() - undo iet_reservations_init()
 *
 * Context: there are no volumes; may sleep.
 */
void iet_reservations_exit(void)
{
	destroy_workqueue(wq);
}

/**
 * iet_reservation_in_worker() - have a worker do something about a reservation
 * @work: what; it waits for no disk
 *
 * Not one of the volume's: all of these may be waiting for a disk that hangs,
 * which is when somebody else is to get it.
 *
 * Context: any.
 */
void iet_reservation_in_worker(struct work_struct *work)
{
	queue_work(wq, work);
}

/* --- the volume's side ---------------------------------------------------- */

/**
 * iet_reservation_init() - nobody has reserved anything
 * @r: of a new logical unit
 */
void iet_reservation_init(struct iet_reservation *r)
{
	spin_lock_init(&r->lock);
	r->active = false;
	r->busy = false;
	r->legacy = NULL;
	INIT_LIST_HEAD(&r->waiting);
	iet_pr_init(&r->pr);
}

/**
 * iet_reservation_restore() - take up what survived a power cut
 * @vol: new volume with its state file, if it has one
 *
 * Return: 0; -ENOMEM; -EILSEQ: what is in the file can't be
 */
int iet_reservation_restore(struct iet_volume *vol)
{
	struct iet_reservation *r = &vol->reservation;
	const void *image;
	u32 len;
	int err;

	image = iet_state_get(vol, IET_STATE_PR, &len);
	if (!image)
		return 0;
	err = iet_pr_image_read(&r->pr, image, len, GFP_KERNEL);
	if (!err)
		iet_reservation_changed(r);
	return err;
}

/**
 * iet_reservation_exit() - the logical unit ends
 * @r: of the logical unit, which no command uses
 */
void iet_reservation_exit(struct iet_reservation *r)
{
	iet_pr_regs_free(&r->pr.regs);
}

/**
 * iet_reservation_changed() - somebody has reserved or released
 * @r: locked
 */
void iet_reservation_changed(struct iet_reservation *r)
{
	WRITE_ONCE(r->active, r->legacy || r->pr.type);
}

static void drop_legacy(struct iet_reservation *r,
			const struct iet_nexus *nexus)
{
	unsigned long flags;

	spin_lock_irqsave(&r->lock, flags);
	if (!nexus || r->legacy == nexus)
		WRITE_ONCE(r->legacy, NULL);
	iet_reservation_changed(r);
	spin_unlock_irqrestore(&r->lock, flags);
}

/**
 * iet_reservation_reset() - a logical unit has been reset
 * @vol: the logical unit
 *
 * That ends RESERVE, but not a persistent reservation.
 *
 * Context: any.
 */
void iet_reservation_reset(struct iet_volume *vol)
{
	drop_legacy(&vol->reservation, NULL);
}

/**
 * iet_reservation_nexus_lost() - an I_T nexus has come to its end
 * @vol: a logical unit that it saw
 * @nexus: the I_T nexus
 *
 * That ends its RESERVE, but neither its registration nor what it holds.
 *
 * Context: any.
 */
void iet_reservation_nexus_lost(struct iet_volume *vol,
				const struct iet_nexus *nexus)
{
	drop_legacy(&vol->reservation, nexus);
}

/* What a command can't do while others have the unit to themselves */
static u8 kept_off_by(const struct iet_scmd *s)
{
	if (s->op->flags & IET_OP_PR_FREE ||
	    (s->op->pr_free && s->op->pr_free(s)))
		return 0;
	return s->op->flags & IET_OP_PR_READ ? IET_PR_OFF_READS :
					       IET_PR_OFF_WRITES;
}

/* Without a lock: the I_T_L nexus knows, see pr_nexus.h. */
static bool nexus_kept_off(const struct iet_scmd *s, u8 what)
{
	struct iet_itl *itl;
	bool known, off = false;

	rcu_read_lock();
	itl = iet_scsi_itl(s);
	known = itl;
	if (itl)
		off = READ_ONCE(itl->kept_off) & what;
	rcu_read_unlock();
	if (known)
		return off;
	return iet_reservation_denies(s->vol, s->nexus, s->nexus->initiator,
				      s->nexus->target->name,
				      what & IET_PR_OFF_WRITES);
}

/**
 * iet_reservation_conflict() - does a reservation keep a command off?
 * @s: the command, with op; @s->vol may be NULL
 *
 * Takes no lock, be there a reservation or not.  While RESERVE holds the unit
 * nobody is registered, and the other way round, so that it does not matter that
 * the two are looked at one after the other.
 *
 * Context: any.
 *
 * Return: true: it is to end with RESERVATION CONFLICT
 */
bool iet_reservation_conflict(const struct iet_scmd *s)
{
	const struct iet_nexus *legacy;
	u8 what;

	if (!s->vol || !READ_ONCE(s->vol->reservation.active) ||
	    (s->op->flags & (IET_OP_ALWAYS | IET_OP_PR_SELF)))
		return false;
	legacy = READ_ONCE(s->vol->reservation.legacy);
	if (legacy)
		return legacy != s->nexus;
	what = kept_off_by(s);
	return what && nexus_kept_off(s, what);
}

/**
 * iet_reservation_denies() - does a reservation keep a copy off?
 * @vol: the unit that it reads or writes
 * @nexus: the I_T nexus that has the unit; only compared
 * @port: its initiator port
 * @target: its target port
 * @write: it writes
 *
 * Context: any.
 *
 * Return: true if it does
 */
bool iet_reservation_denies(struct iet_volume *vol,
			    const struct iet_nexus *nexus, const char *port,
			    const char *target, bool write)
{
	struct iet_reservation *r = &vol->reservation;
	unsigned long flags;
	bool conflict;

	if (!READ_ONCE(r->active))
		return false;
	spin_lock_irqsave(&r->lock, flags);
	if (r->legacy)
		conflict = r->legacy != nexus;
	else
		conflict = iet_pr_conflict(&r->pr, port, target, write);
	spin_unlock_irqrestore(&r->lock, flags);
	return conflict;
}

/* --- RESERVE and RELEASE -------------------------------------------------- */

/**
 * iet_spc_reserve() - RESERVE(6), (10), SPC-2 7.21, 7.22
 * @s: the command
 * @gfp: unused
 *
 * In conflict with any registration for persistent reservations (SPC-4
 * 5.13.3: compatible handling is not for us).
 *
 * Return: 0
 */
int iet_spc_reserve(struct iet_scmd *s, gfp_t gfp)
{
	struct iet_reservation *r = &s->vol->reservation;
	unsigned long flags;

	spin_lock_irqsave(&r->lock, flags);
	if (iet_scsi_lost(s))
		; /* nobody would release it */
	else if (r->pr.regs.nr || (r->legacy && r->legacy != s->nexus))
		s->status = SAM_STAT_RESERVATION_CONFLICT;
	else if (r->busy) /* somebody may be registering just now */
		s->status = SAM_STAT_BUSY;
	else
		WRITE_ONCE(r->legacy, s->nexus);
	iet_reservation_changed(r);
	spin_unlock_irqrestore(&r->lock, flags);
	return 0;
}

/**
 * iet_spc_release() - RELEASE(6), (10), SPC-2 7.16, 7.17
 * @s: the command
 * @gfp: unused
 *
 * Of what somebody else has reserved it releases nothing, without an error.
 *
 * Return: 0
 */
int iet_spc_release(struct iet_scmd *s, gfp_t gfp)
{
	struct iet_reservation *r = &s->vol->reservation;
	unsigned long flags;

	spin_lock_irqsave(&r->lock, flags);
	if (r->pr.regs.nr)
		s->status = SAM_STAT_RESERVATION_CONFLICT;
	else if (r->legacy == s->nexus)
		WRITE_ONCE(r->legacy, NULL);
	iet_reservation_changed(r);
	spin_unlock_irqrestore(&r->lock, flags);
	return 0;
}
