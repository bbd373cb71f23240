// SPDX-License-Identifier: GPL-2.0-only
/* 6.4: before, linux/kernel.h has it */
#include <linux/hex.h>

int probe_hex_h(u8 *dst, const char *src);
int probe_hex_h(u8 *dst, const char *src)
{
	return hex2bin(dst, src, 1);
}
