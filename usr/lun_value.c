// SPDX-License-Identifier: GPL-2.0-only
#include "lun_value.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int lun_bad(char reason[LUN_REASON_MAX], const char *key, const char *why)
{
	snprintf(reason, LUN_REASON_MAX, "%s: %s", key, why);
	return -EINVAL;
}

int lun_set_text(char *dst, size_t max, const char *key, const char *val,
		 char reason[LUN_REASON_MAX])
{
	size_t len = strlen(val), i;
	char why[64];

	for (i = 0; i < len && val[i] >= 0x20 && val[i] < 0x7f; i++)
		;
	if (len && len <= max && i == len) {
		memcpy(dst, val, len + 1);
		return 0;
	}
	snprintf(why, sizeof(why), "must be 1 to %zu printable characters",
		 max);
	return lun_bad(reason, key, why);
}
