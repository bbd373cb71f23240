/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One disk as several logical units: what the lines that name the same path
 * say must not contradict, and holds for all of them.
 */
#ifndef IET_USR_LUN_SHARE_H
#define IET_USR_LUN_SHARE_H

#include "kernel.h"

/**
 * lun_share_conflict - do two lun sets of the same path contradict?
 * @a: lun set
 * @b: lun set
 *
 * Return: the argument that both give in different ways, or NULL
 */
const char *lun_share_conflict(const struct kernel_lun *a,
			       const struct kernel_lun *b);

/**
 * lun_share_take - take over what another lun set of the same path says
 * @l: gets what is not set in it
 * @from: does not contradict @l
 */
void lun_share_take(struct kernel_lun *l, const struct kernel_lun *from);

#endif /* IET_USR_LUN_SHARE_H */
