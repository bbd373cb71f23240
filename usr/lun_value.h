/* SPDX-License-Identifier: GPL-2.0-only */
/* What the values of a Lun line have in common. */
#ifndef IET_USR_LUN_VALUE_H
#define IET_USR_LUN_VALUE_H

#include <stddef.h>

#include "lun.h"

/**
 * lun_bad - say why a value is refused
 * @reason: gets "@key: @why"
 * @key: its keyword
 * @why: in words that follow the keyword
 *
 * Return: -EINVAL
 */
int lun_bad(char reason[LUN_REASON_MAX], const char *key, const char *why);

/**
 * lun_set_text - take a value of printable ASCII characters
 * @dst: has room for @max characters and a 0
 * @max: characters
 * @key: the keyword, for @reason
 * @val: the value
 * @reason: why not
 *
 * Return: 0, or -EINVAL
 */
int lun_set_text(char *dst, size_t max, const char *key, const char *val,
		 char reason[LUN_REASON_MAX]);

#endif /* IET_USR_LUN_VALUE_H */
