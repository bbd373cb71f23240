/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A plan in words, without carrying it out.
 */
#ifndef IET_USR_PLAN_SHOW_H
#define IET_USR_PLAN_SHOW_H

#include "plan.h"

/**
 * plan_show - say what a plan would do
 * @plan: of plan_make(); its LUNs that are marked as failed are left out
 * @config: what it was made for
 * @r: gets a REPORT_CHANGE for each thing that would be done, and a
 *	REPORT_NOTE for what would be left alone or taken over as it is
 *
 * What is the daemon's, as accounts, is compared with what it has now.  No
 * line has a secret.
 */
void plan_show(const struct plan *plan, const struct config *config,
	       struct report *r);

/**
 * plan_show_daemon - the part of plan_show() that is the daemon's own
 * @plan: as of plan_show()
 * @config: as of plan_show()
 * @r: as of plan_show()
 */
void plan_show_daemon(const struct plan *plan, const struct config *config,
		      struct report *r);

#endif /* IET_USR_PLAN_SHOW_H */
