// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "actual.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int add_target(const struct kernel_target *t, void *arg)
{
	struct actual *a = arg;
	struct kernel_target *p;

	p = reallocarray(a->targets, a->nr_targets + 1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	a->targets = p;
	p[a->nr_targets++] = *t;
	return 0;
}

static int add_lun(const struct kernel_lun *l, void *arg)
{
	struct actual *a = arg;
	struct kernel_lun *p;

	p = reallocarray(a->luns, a->nr_luns + 1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	a->luns = p;
	p[a->nr_luns++] = *l;
	return 0;
}

int actual_read(struct actual *a, struct kernel_info *info, struct report *r)
{
	int err = kernel->info_get(info);

	if (!err)
		err = kernel->target_dump(add_target, a);
	if (!err)
		err = kernel->lun_dump(0, add_lun, a);
	if (err)
		report_error(r, "the module's state can't be read: %s",
			     err == -ENOMEM ? strerror(ENOMEM) :
					      kernel_error());
	return err;
}

static int by_tid(const void *a, const void *b)
{
	const struct kernel_target *s = a, *t = b;

	return s->tid < t->tid ? -1 : s->tid > t->tid;
}

static int by_lun(const void *a, const void *b)
{
	const struct kernel_lun *l = a, *m = b;

	if (l->tid != m->tid)
		return l->tid < m->tid ? -1 : 1;
	return l->lun < m->lun ? -1 : l->lun > m->lun;
}

void actual_sort(struct actual *a)
{
	if (a->nr_targets)
		qsort(a->targets, a->nr_targets, sizeof(*a->targets), by_tid);
	if (a->nr_luns)
		qsort(a->luns, a->nr_luns, sizeof(*a->luns), by_lun);
}

void actual_free(struct actual *a)
{
	free(a->targets);
	free(a->luns);
	*a = (struct actual){ 0 };
}
