// SPDX-License-Identifier: GPL-2.0-only
/*
 * I_T_L nexuses and persistent reservations: see pr_nexus.h.
 */
#include <linux/kernel.h>

#include "compat.h"
#include "pr_nexus.h"
#include "target.h"
#include "volume.h"

static struct iet_pr_reg *find(const struct iet_pr_regs *regs,
			       const struct iet_nexus *nexus)
{
	return iet_pr_regs_find(regs, nexus->initiator, nexus->target->name);
}

/**
 * iet_pr_nexus_join() - an I_T_L nexus begins
 * @vol: the logical unit
 * @itl: the nexus, which no command can find yet; gets into vol->itls
 *
 * Context: any.
 */
void iet_pr_nexus_join(struct iet_volume *vol, struct iet_itl *itl)
{
	struct iet_reservation *r = &vol->reservation;
	unsigned long flags;

	spin_lock_irqsave(&r->lock, flags);
	itl->kept_off = iet_pr_kept_off(&r->pr, find(&r->pr.regs, itl->nexus));
	spin_lock(&vol->lock);
	list_add_tail(&itl->vol_node, &vol->itls);
	spin_unlock(&vol->lock);
	spin_unlock_irqrestore(&r->lock, flags);
}

/* Those whose tasks are aborted keep no medium in, either (5.13.11.2.6). */
static bool is_aborted(const struct iet_pr_req *req,
		       const struct iet_nexus *nexus, bool gone)
{
	if (req->action != IET_PR_PREEMPT_AND_ABORT)
		return false;
	return gone ||
	       (req->abort_own && iet_nexus_is(nexus, req->port, req->target));
}

/* With both locks held. */
static void follow(const struct iet_pr *pr, const struct iet_pr_req *req,
		   struct iet_itl *itl)
{
	const struct iet_pr_reg *reg = find(&pr->regs, itl->nexus), *gone;

	gone = reg ? NULL : find(&req->gone, itl->nexus);
	WRITE_ONCE(itl->kept_off, iet_pr_kept_off(pr, reg));
	if (gone && gone->ua)
		iet_ua_insert(itl, gone->ua);
	else if (reg && reg->ua)
		iet_ua_insert(itl, reg->ua);
	if (is_aborted(req, itl->nexus, gone))
		itl->prevent = false;
}

/**
 * iet_pr_nexus_follow() - a PERSISTENT RESERVE OUT has become the state
 * @vol: the logical unit
 * @req: the request, after iet_pr_out()
 *
 * The initiators are told.  Once for each nexus: what it costs is their number,
 * times the logarithm of that of registrations.
 *
 * Context: any; @vol->reservation.lock is held, with interrupts off.
 */
void iet_pr_nexus_follow(struct iet_volume *vol, struct iet_pr_req *req)
{
	struct iet_pr *pr = &vol->reservation.pr;
	struct iet_pr_reg *reg;
	struct iet_itl *itl;

	spin_lock(&vol->lock);
	list_for_each_entry(itl, &vol->itls, vol_node)
		follow(pr, req, itl);
	spin_unlock(&vol->lock);
	list_for_each_entry(reg, &pr->regs.list, node)
		reg->ua = 0;
}
