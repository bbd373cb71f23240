/* SPDX-License-Identifier: GPL-2.0-only */
/* What the module has: all targets and logical units. */
#ifndef IET_USR_ACTUAL_H
#define IET_USR_ACTUAL_H

#include <stddef.h>

#include "kernel.h"
#include "report.h"

struct actual {
	struct kernel_target *targets;
	size_t nr_targets;
	struct kernel_lun *luns; /* but for those that are going */
	size_t nr_luns;
};

/**
 * actual_read - ask the module
 * @a: zeroed; the answer, to be freed with actual_free() in any case
 * @info: the module itself
 * @r: gets the reason of a failure
 *
 * Return: 0, or a negative errno
 */
int actual_read(struct actual *a, struct kernel_info *info, struct report *r);

/**
 * actual_sort - put targets and logical units in the order of their numbers
 * @a: of actual_read()
 */
void actual_sort(struct actual *a);

/**
 * actual_free - free an answer
 * @a: zeroed again
 */
void actual_free(struct actual *a);

#endif /* IET_USR_ACTUAL_H */
