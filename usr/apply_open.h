/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A seam for tests: what apply.c opens files with.
 */
#ifndef IET_USR_APPLY_OPEN_H
#define IET_USR_APPLY_OPEN_H

#include "opener.h"

/**
 * apply_set_open - let apply.c open files by another function
 * @fn: the function, NULL for lun_open_wait() again
 * @ms: how long all the files may take, instead of APPLY_OPEN_MS
 */
void apply_set_open(opener_fn fn, unsigned int ms);

#endif /* IET_USR_APPLY_OPEN_H */
