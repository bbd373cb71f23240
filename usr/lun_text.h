/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A logical unit that there is, in the words of the administrator: the
 * reverse of lun_parse().
 */
#ifndef IET_USR_LUN_TEXT_H
#define IET_USR_LUN_TEXT_H

#include <stddef.h>

#include "kernel.h"

/* room for the value of each argument */
#define LUN_TEXT_MAX (IET_PATH_LEN + 1)

/**
 * lun_text - an argument of a logical unit
 * @l: all of it
 * @i: which: 0 and up, Path and Type first
 * @text: its value; "" if it has none, or the one by default
 *
 * The identity is never taken for the one by default.
 *
 * Return: its keyword, or NULL if there are not so many
 */
const char *lun_text(const struct kernel_lun *l, size_t i,
		     char text[LUN_TEXT_MAX]);

#endif /* IET_USR_LUN_TEXT_H */
