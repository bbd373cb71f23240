/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The difference between a configuration and what the module has: what to
 * delete, to make and to change.  Looks only, changes nothing.
 */
#ifndef IET_USR_PLAN_H
#define IET_USR_PLAN_H

#include "actual.h"
#include "config.h"

enum plan_op {
	PLAN_NOTHING,
	PLAN_NEW,
	PLAN_SET,
};

/* what becomes of a target of the file */
struct plan_target {
	const struct config_target *from;
	const struct kernel_target *have; /* NULL: none of this name */
	enum plan_op op;
	struct kernel_target target; /* marked: what to pass on; tid if known */
	bool failed; /* of the executor: leave its LUNs alone */
};

/* what becomes of a logical unit of the file */
struct plan_lun {
	struct plan_target *target;
	const struct config_lun *from;
	const struct kernel_lun *have; /* of the same number, or NULL */
	enum plan_op op;
	bool replaces; /* @have is another one, and goes first */
	struct kernel_lun lun; /* marked: what to pass on */
	int fd; /* of the executor: the open file, or -1 */
	int state_fd; /* its state file, or -1 */
	bool failed;
	bool retry; /* of the executor: open again when the old ones are gone */
};

struct plan_gone {
	uint32_t tid;
	uint32_t lun;
	char name[ISCSI_NAME_MAX + 1];
};

struct plan {
	struct actual actual;
	struct plan_target *targets;
	size_t nr_targets;
	struct plan_lun *luns;
	size_t nr_luns;
	struct plan_gone *gone_targets;
	size_t nr_gone_targets;
	struct plan_gone *gone_luns; /* of targets that stay */
	size_t nr_gone_luns;
};

/**
 * plan_make - compare
 * @plan: the result, to be freed with plan_free()
 * @config: what is to be; must outlive @plan
 * @r: gets warnings about values that the module has a lower limit for
 *
 * Return: 0, or a negative errno with the reason in @r
 */
int plan_make(struct plan *plan, const struct config *config, struct report *r);

/**
 * plan_target_of - what becomes of a target
 * @plan: the plan
 * @tid: of a target that there is
 *
 * Return: what the file makes of it, or NULL if the file does not name it
 */
const struct plan_target *plan_target_of(const struct plan *plan, uint32_t tid);

/**
 * plan_has_lun - does the file name a logical unit?
 * @t: its target
 * @lun: its number
 *
 * Return: whether it does
 */
bool plan_has_lun(const struct plan_target *t, uint32_t lun);

/**
 * plan_fail_blocked - mark what can't be made beside what stays
 * @plan: the plan, with those LUNs marked that fail for other reasons
 * @config: what it was made for
 * @r: gets an error for each that is marked now
 *
 * A LUN that fails leaves what it was to replace where it is, so that others
 * may fail for that: call it until it returns false.
 *
 * Return: whether any has been marked
 */
bool plan_fail_blocked(struct plan *plan, const struct config *config,
		       struct report *r);

/**
 * plan_free - free a plan and close the files in it
 * @plan: the plan
 */
void plan_free(struct plan *plan);

#endif /* IET_USR_PLAN_H */
