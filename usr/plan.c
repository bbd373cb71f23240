// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "lun.h"
#include "lun_props.h"
#include "lun_share.h"
#include "params.h"

static struct kernel_target *actual_target(const struct actual *a,
					   const char *name)
{
	size_t i;

	for (i = 0; i < a->nr_targets; i++)
		if (!strcasecmp(a->targets[i].name, name))
			return &a->targets[i];
	return NULL;
}

static struct kernel_lun *actual_lun(const struct actual *a, uint32_t tid,
				     uint32_t lun)
{
	size_t i;

	for (i = 0; i < a->nr_luns; i++)
		if (a->luns[i].tid == tid && a->luns[i].lun == lun)
			return &a->luns[i];
	return NULL;
}

/* --- targets --- */

static unsigned int line_of(const struct config_target *t,
			    const struct param *p)
{
	return p->space == PARAM_KEY ? t->key_line[p->attr] :
				       t->target_line[p->attr];
}

/* What the target is to be: every parameter, whether given or not. */
static void wanted_target(struct kernel_target *want,
			  const struct config *config,
			  const struct config_target *from,
			  const struct kernel_info *info, struct report *r)
{
	uint32_t *first, burst;
	size_t i;

	*want = from->target;
	for (i = 0; i < nr_params; i++) {
		const struct param *p = &params[i];
		uint32_t limit = param_limit(p, info), val;
		bool given = param_get(p, want, &val);

		/* without a word in the file, others may have changed it */
		if (!given && p->kind == PARAM_ALUA)
			continue;
		if (!given)
			val = p->def;
		if (val > limit) {
			if (given)
				report_warning(r,
					       "%s:%u: %s: %u is above the "
					       "module's maximum, %u is used",
					       config->path, line_of(from, p),
					       p->name, val, limit);
			val = limit;
		}
		param_set(p, want, val);
	}
	/* RFC 7143 13.14, for whichever of the two is the default */
	first = &want->keys.val[IET_K_FIRST_BURST_LENGTH];
	burst = want->keys.val[IET_K_MAX_BURST_LENGTH];
	if (*first > burst)
		*first = burst;
	want->origin = IET_ORIGIN_CONFIG;
	want->set |= K_HAS(IET_T_ORIGIN) | K_HAS(IET_T_ALIAS);
}

/*
 * A redirect that the file does not speak of any more goes; one that ietadm
 * made stays, as long as the file has none.
 */
static uint64_t redirect_difference(struct kernel_target *want,
				    const struct kernel_target *have)
{
	if (!(want->set & K_HAS(IET_T_REDIRECT)) &&
	    !(have->redirect_flags & IET_REDIRECT_CONFIG))
		return 0;
	if (!strcmp(want->redirect, have->redirect) &&
	    want->redirect_flags == have->redirect_flags)
		return 0;
	return K_HAS(IET_T_REDIRECT) | K_HAS(IET_T_REDIRECT_FLAGS);
}

/* Leaves in @want only what @have has not. */
static void keep_difference(struct kernel_target *want,
			    const struct kernel_target *have)
{
	uint64_t set = 0;
	size_t i;

	for (i = 0; i < nr_params; i++) {
		const struct param *p = &params[i];
		uint32_t a, b;

		if (!param_get(p, want, &a))
			continue;
		if (param_get(p, have, &b) && a == b) {
			if (p->space == PARAM_KEY)
				want->keys.set &= ~K_HAS(p->attr);
		} else if (p->space == PARAM_TARGET) {
			set |= K_HAS(p->attr);
		}
	}
	if (want->keys.set)
		set |= K_HAS(IET_T_KEYS);
	if (strcmp(want->alias, have->alias))
		set |= K_HAS(IET_T_ALIAS);
	set |= redirect_difference(want, have);
	if (want->origin != have->origin)
		set |= K_HAS(IET_T_ORIGIN);
	want->set = set;
	want->tid = have->tid;
}

static int plan_targets(struct plan *plan, const struct config *config,
			const struct actual *a, const struct kernel_info *info,
			struct report *r)
{
	const struct config_target *from;
	struct plan_target *t;
	size_t n = 0;

	for (from = config->targets; from; from = from->next)
		n++;
	plan->targets = calloc(n ? n : 1, sizeof(*plan->targets));
	if (!plan->targets)
		return -ENOMEM;
	for (from = config->targets; from; from = from->next) {
		const struct kernel_target *have =
			actual_target(a, from->target.name);

		t = &plan->targets[plan->nr_targets++];
		t->from = from;
		t->have = have;
		wanted_target(&t->target, config, from, info, r);
		t->op = PLAN_NEW;
		if (have) {
			keep_difference(&t->target, have);
			t->op = t->target.set ? PLAN_SET : PLAN_NOTHING;
		}
	}
	return 0;
}

/* --- logical units --- */

static int wanted_lun(struct kernel_lun *want, const struct config_lun *from,
		      const char *target)
{
	*want = from->lun;
	want->origin = IET_ORIGIN_CONFIG;
	want->set |= K_HAS(IET_L_ORIGIN);
	if (from->first) {
		struct kernel_lun first = from->first->lun;
		int err =
			lun_defaults(&first, from->first->target->target.name);

		if (err)
			return err;
		lun_share_take(want, &first);
	}
	return lun_defaults(want, target);
}

static bool is_same_lun(const struct kernel_lun *want,
			const struct kernel_lun *have)
{
	if (strcmp(want->iotype, have->iotype) ||
	    strcmp(want->scsi_id, have->scsi_id) ||
	    strcmp(want->scsi_sn, have->scsi_sn) ||
	    want->iomode != have->iomode || want->thin != have->thin ||
	    want->removable != have->removable ||
	    want->encrypted != have->encrypted)
		return false;
	if (lun_needs_file(want) && strcmp(want->path, have->path))
		return false;
	if (want->set & K_HAS(IET_L_BLOCK_SIZE) &&
	    want->block_size != have->block_size)
		return false;
	if (!lun_props_same_unit(&want->props, &have->props))
		return false;
	return !(want->set & K_HAS(IET_L_BLOCKS)) ||
	       want->blocks == have->blocks;
}

static int plan_lun(struct plan_lun *l, const struct config *config,
		    const struct actual *a, struct report *r)
{
	const struct kernel_lun *have = NULL;
	int err;

	l->fd = -1;
	l->state_fd = -1;
	err = wanted_lun(&l->lun, l->from, l->target->from->target.name);
	if (err) {
		report_error(r,
			     "%s:%u: Lun: ScsiId must be given, as this "
			     "machine has no MD5 to make one",
			     config->path, l->from->line);
		return err;
	}
	if (l->target->op != PLAN_NEW)
		have = actual_lun(a, l->target->target.tid, l->lun.lun);
	l->op = PLAN_NEW;
	if (!have)
		return 0;
	l->have = have;
	l->lun.tid = have->tid;
	if (!is_same_lun(&l->lun, have)) {
		l->replaces = true;
		return 0;
	}
	l->lun.set = 0;
	if (have->origin != IET_ORIGIN_CONFIG)
		l->lun.set |= K_HAS(IET_L_ORIGIN);
	if (!lun_props_same(&l->lun.props, &have->props))
		l->lun.set |= K_HAS(IET_L_PROPS);
	l->op = l->lun.set ? PLAN_SET : PLAN_NOTHING;
	return 0;
}

static int plan_luns(struct plan *plan, const struct config *config,
		     const struct actual *a, struct report *r)
{
	const struct config_lun *from;
	size_t i, n = 0;
	int err;

	for (i = 0; i < plan->nr_targets; i++)
		for (from = plan->targets[i].from->luns; from;
		     from = from->next)
			n++;
	plan->luns = calloc(n ? n : 1, sizeof(*plan->luns));
	if (!plan->luns)
		return -ENOMEM;
	for (i = 0; i < plan->nr_targets; i++)
		for (from = plan->targets[i].from->luns; from;
		     from = from->next) {
			struct plan_lun *l = &plan->luns[plan->nr_luns++];

			l->target = &plan->targets[i];
			l->from = from;
			err = plan_lun(l, config, a, r);
			if (err)
				return err;
		}
	return 0;
}

/* --- what goes --- */

const struct plan_target *plan_target_of(const struct plan *plan, uint32_t tid)
{
	size_t i;

	for (i = 0; i < plan->nr_targets; i++)
		if (plan->targets[i].op != PLAN_NEW &&
		    plan->targets[i].target.tid == tid)
			return &plan->targets[i];
	return NULL;
}

bool plan_has_lun(const struct plan_target *t, uint32_t lun)
{
	const struct config_lun *l;

	for (l = t->from->luns; l; l = l->next)
		if (l->lun.lun == lun)
			return true;
	return false;
}

static int plan_gone(struct plan *plan, const struct actual *a)
{
	struct plan_gone *g;
	size_t i;

	plan->gone_targets =
		calloc(a->nr_targets + 1, sizeof(*plan->gone_targets));
	plan->gone_luns = calloc(a->nr_luns + 1, sizeof(*plan->gone_luns));
	if (!plan->gone_targets || !plan->gone_luns)
		return -ENOMEM;
	for (i = 0; i < a->nr_targets; i++) {
		const struct kernel_target *t = &a->targets[i];

		if (t->origin != IET_ORIGIN_CONFIG ||
		    plan_target_of(plan, t->tid))
			continue;
		g = &plan->gone_targets[plan->nr_gone_targets++];
		g->tid = t->tid;
		memcpy(g->name, t->name, sizeof(g->name));
	}
	for (i = 0; i < a->nr_luns; i++) {
		const struct kernel_lun *l = &a->luns[i];
		const struct plan_target *t = plan_target_of(plan, l->tid);

		if (!t || l->origin != IET_ORIGIN_CONFIG ||
		    plan_has_lun(t, l->lun))
			continue;
		g = &plan->gone_luns[plan->nr_gone_luns++];
		g->tid = l->tid;
		g->lun = l->lun;
		memcpy(g->name, t->from->target.name, sizeof(g->name));
	}
	return 0;
}

int plan_make(struct plan *plan, const struct config *config, struct report *r)
{
	struct kernel_info info;
	struct actual *a;
	int err;

	*plan = (struct plan){ 0 };
	a = &plan->actual;
	err = actual_read(a, &info, r);
	if (!err) {
		err = plan_targets(plan, config, a, &info, r);
		if (!err)
			err = plan_luns(plan, config, a, r);
		if (!err)
			err = plan_gone(plan, a);
		if (err == -ENOMEM)
			report_error(r, "%s: out of memory", config->path);
	}
	if (err)
		plan_free(plan);
	return err;
}

void plan_free(struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->nr_luns; i++)
		if (plan->luns[i].fd >= 0)
			close(plan->luns[i].fd);
	for (i = 0; i < plan->nr_luns; i++)
		if (plan->luns[i].state_fd >= 0)
			close(plan->luns[i].state_fd);
	actual_free(&plan->actual);
	free(plan->targets);
	free(plan->luns);
	free(plan->gone_targets);
	free(plan->gone_luns);
	*plan = (struct plan){ 0 };
}
