// SPDX-License-Identifier: GPL-2.0-only
/*
 * A medium is one disk.  What is to be served from the medium of a logical
 * unit that stays, with another identity, would be refused by the module; by
 * then what it takes the place of would be gone.
 */
#include <string.h>

#include "lun.h"
#include "lun_share.h"
#include "plan.h"

static const struct plan_lun *planned(const struct plan *plan,
				      const struct kernel_lun *have)
{
	size_t i;

	for (i = 0; i < plan->nr_luns; i++)
		if (plan->luns[i].have == have)
			return &plan->luns[i];
	return NULL;
}

static bool is_of_config(const struct plan *plan, uint32_t tid)
{
	const struct actual *a = &plan->actual;
	size_t i;

	for (i = 0; i < a->nr_targets; i++)
		if (a->targets[i].tid == tid)
			return a->targets[i].origin == IET_ORIGIN_CONFIG;
	return false;
}

/*
 * Is it left alone?  Those that the file has as they are do not count: what
 * has the same path in the file is the same disk anyway.
 */
static bool stays(const struct plan *plan, const struct kernel_lun *have)
{
	const struct plan_target *t = plan_target_of(plan, have->tid);
	const struct plan_lun *l;

	if (!t)
		return !is_of_config(plan, have->tid);
	if (!plan_has_lun(t, have->lun))
		return have->origin != IET_ORIGIN_CONFIG;
	l = planned(plan, have);
	return l && l->replaces && l->failed;
}

/* Return: what is in its way, with @what differs, or NULL */
static const struct kernel_lun *
blocked_by(const struct plan *plan, const struct plan_lun *l, const char **what)
{
	const struct actual *a = &plan->actual;
	bool ro = l->lun.iomode == IET_IOMODE_RO;
	size_t i;

	for (i = 0; i < a->nr_luns; i++) {
		const struct kernel_lun *have = &a->luns[i];

		if (strcmp(have->path, l->lun.path) ||
		    (have->iomode == IET_IOMODE_RO) != ro || !stays(plan, have))
			continue;
		*what = lun_share_conflict(&l->lun, have);
		if (*what)
			return have;
	}
	return NULL;
}

bool plan_fail_blocked(struct plan *plan, const struct config *config,
		       struct report *r)
{
	const struct kernel_lun *by;
	const char *what;
	bool any = false;
	size_t i;

	for (i = 0; i < plan->nr_luns; i++) {
		struct plan_lun *l = &plan->luns[i];

		if (l->op != PLAN_NEW || l->failed || !lun_needs_file(&l->lun))
			continue;
		by = blocked_by(plan, l, &what);
		if (!by)
			continue;
		l->failed = any = true;
		report_error(r,
			     "%s:%u: Lun: %u of %s: the path is that of LUN %u "
			     "of target %u, which stays, with another %s",
			     config->path, l->from->line, l->lun.lun,
			     l->target->from->target.name, by->lun, by->tid,
			     what);
	}
	return any;
}
