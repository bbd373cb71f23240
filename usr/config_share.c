// SPDX-License-Identifier: GPL-2.0-only
#include "config_share.h"

#include <string.h>

#include "lun.h"
#include "lun_share.h"

static bool is_ro(const struct kernel_lun *l)
{
	return l->set & K_HAS(IET_L_IOMODE) && l->iomode == IET_IOMODE_RO;
}

/*
 * The first line of the file that names the same path, or @l itself.  What is
 * served read-only is a disk of its own: see kernel/share.c.
 */
static struct config_lun *find_first(const struct config *config,
				     struct config_lun *l)
{
	struct config_target *t;
	struct config_lun *p;

	for (t = config->targets; t; t = t->next)
		for (p = t->luns; p; p = p->next)
			if (p == l || (!strcmp(p->lun.path, l->lun.path) &&
				       is_ro(&p->lun) == is_ro(&l->lun)))
				return p;
	return l;
}

static void share(const struct config *config, struct config_lun *first,
		  struct config_lun *l, struct report *r)
{
	const char *what = lun_share_conflict(&first->lun, &l->lun);

	if (what) {
		report_error(r,
			     "%s:%u: Lun: %s: is not what line %u says of the "
			     "same path",
			     config->path, l->line, what, first->line);
		return;
	}
	l->first = first;
	first->shared = l->shared = true;
	lun_share_take(&first->lun, &l->lun);
}

void config_share(struct config *config, struct report *r)
{
	struct config_target *t;
	struct config_lun *l, *first;

	for (t = config->targets; t; t = t->next)
		for (l = t->luns; l; l = l->next) {
			l->target = t;
			if (!l->lun.path[0])
				continue;
			first = find_first(config, l);
			if (first != l)
				share(config, first, l, r);
		}
	for (t = config->targets; t; t = t->next)
		for (l = t->luns; l; l = l->next)
			if (l->first)
				lun_share_take(&l->lun, &l->first->lun);
}
