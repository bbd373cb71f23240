// SPDX-License-Identifier: GPL-2.0-only
/* The module's part of a plan in words: targets and logical units. */
#include "plan_show.h"

#include <string.h>

#include "lun_text.h"
#include "params.h"

static const char *or_none(const char *text)
{
	return text[0] ? text : "none";
}

/* --- targets --- */

static void show_params(const struct plan_target *t, struct report *r)
{
	char before[PARAM_TEXT_MAX], after[PARAM_TEXT_MAX];
	uint32_t old, new;
	size_t i;

	for (i = 0; i < nr_params; i++) {
		const struct param *p = &params[i];

		if (!param_get(p, &t->target, &new))
			continue;
		if (!param_get(p, t->have, &old))
			old = p->def;
		param_print(p, old, before);
		param_print(p, new, after);
		report_change(r, "change target %s: %s %s -> %s", t->have->name,
			      p->name, before, after);
	}
}

static const char *how(const struct kernel_target *t)
{
	return t->redirect[0] && t->redirect_flags & IET_REDIRECT_PERMANENT ?
		       " permanent" :
		       "";
}

static void show_redirect(const struct plan_target *t, struct report *r)
{
	const struct kernel_target *have = t->have, *want = &t->target;

	if (!(want->set & K_HAS(IET_T_REDIRECT))) {
		if (have->redirect[0] &&
		    !(have->redirect_flags & IET_REDIRECT_CONFIG))
			report_note(r, "keep redirect of %s: %s%s, by ietadm",
				    have->name, have->redirect, how(have));
	} else if (strcmp(want->redirect, have->redirect) ||
		   strcmp(how(want), how(have))) {
		report_change(r, "change target %s: Redirect %s%s -> %s%s",
			      have->name, or_none(have->redirect), how(have),
			      or_none(want->redirect), how(want));
	} else {
		report_note(r, "adopt redirect of %s: %s%s, by ietadm",
			    have->name, have->redirect, how(have));
	}
}

/* the one parameter that stays when the file does not speak of it */
static void show_alua(const struct plan_target *t, struct report *r)
{
	const struct param *p = param_find("AluaState");
	char text[PARAM_TEXT_MAX];
	uint32_t val;

	if (t->from->target.set & K_HAS(p->attr) ||
	    !param_get(p, t->have, &val) || val == p->def)
		return;
	param_print(p, val, text);
	report_note(r, "keep %s of %s: %s, not by the file", p->name,
		    t->have->name, text);
}

static void show_target(const struct plan_target *t, struct report *r)
{
	if (t->op == PLAN_NEW) {
		report_change(r, "new target %s", t->from->target.name);
		return;
	}
	if (t->have->origin != IET_ORIGIN_CONFIG)
		report_note(r, "adopt target %s: made by ietadm",
			    t->have->name);
	show_params(t, r);
	if (t->target.set & K_HAS(IET_T_ALIAS))
		report_change(r, "change target %s: Alias %s -> %s",
			      t->have->name, or_none(t->have->alias),
			      or_none(t->target.alias));
	show_redirect(t, r);
	show_alua(t, r);
}

/* --- logical units --- */

/* an argument that the file does not give and that may be anything */
static bool is_open(const struct kernel_lun *want, const char *name)
{
	return (!strcmp(name, "BlockSize") &&
		!(want->set & K_HAS(IET_L_BLOCK_SIZE))) ||
	       (!strcmp(name, "Blocks") && !(want->set & K_HAS(IET_L_BLOCKS)));
}

static void show_args(const struct plan_lun *l, const char *verb,
		      struct report *r)
{
	char before[LUN_TEXT_MAX], after[LUN_TEXT_MAX];
	const char *name;
	size_t i;

	for (i = 0; (name = lun_text(l->have, i, before)); i++) {
		lun_text(&l->lun, i, after);
		if (!strcmp(before, after) ||
		    (l->replaces && is_open(&l->lun, name)))
			continue;
		report_change(r, "%s lun %u of %s: %s %s -> %s", verb,
			      l->lun.lun, l->target->from->target.name, name,
			      before[0] ? before : "default",
			      after[0] ? after : "default");
	}
}

static const char *disk(const struct kernel_lun *l)
{
	return l->path[0] ? l->path : l->iotype;
}

static void show_lun(const struct plan_lun *l, struct report *r)
{
	const char *target = l->target->from->target.name;

	if (l->failed)
		return;
	if (l->replaces)
		show_args(l, "replace", r);
	else if (l->op == PLAN_NEW)
		report_change(r, "new lun %u of %s: %s", l->lun.lun, target,
			      disk(&l->lun));
	else if (l->lun.set & K_HAS(IET_L_PROPS))
		show_args(l, "change", r);
	if (l->have && l->have->origin != IET_ORIGIN_CONFIG && !l->replaces)
		report_note(r, "adopt lun %u of %s: %s, made by ietadm",
			    l->lun.lun, target, disk(l->have));
}

/* --- what goes, and what stays --- */

static void show_gone(const struct plan *plan, struct report *r)
{
	const struct actual *a = &plan->actual;
	size_t i;

	for (i = 0; i < a->nr_targets; i++) {
		const struct kernel_target *t = &a->targets[i];

		if (plan_target_of(plan, t->tid))
			continue;
		if (t->origin != IET_ORIGIN_CONFIG)
			report_note(r, "keep target %s: made by ietadm",
				    t->name);
		else if (t->nr_sessions)
			report_change(r, "delete target %s: with %u session%s",
				      t->name, t->nr_sessions,
				      t->nr_sessions == 1 ? "" : "s");
		else
			report_change(r, "delete target %s", t->name);
	}
	for (i = 0; i < a->nr_luns; i++) {
		const struct kernel_lun *l = &a->luns[i];
		const struct plan_target *t = plan_target_of(plan, l->tid);

		if (!t || plan_has_lun(t, l->lun))
			continue;
		if (l->origin != IET_ORIGIN_CONFIG)
			report_note(r, "keep lun %u of %s: %s, made by ietadm",
				    l->lun, t->have->name, disk(l));
		else
			report_change(r, "delete lun %u of %s: %s", l->lun,
				      t->have->name, disk(l));
	}
}

void plan_show(const struct plan *plan, const struct config *config,
	       struct report *r)
{
	size_t i;

	plan_show_daemon(plan, config, r);
	show_gone(plan, r);
	for (i = 0; i < plan->nr_targets; i++)
		show_target(&plan->targets[i], r);
	for (i = 0; i < plan->nr_luns; i++)
		show_lun(&plan->luns[i], r);
}
