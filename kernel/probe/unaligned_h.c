// SPDX-License-Identifier: GPL-2.0-only
/* 6.12 (5f60d5f6bbc1): before, it is <asm/unaligned.h> */
#include <linux/unaligned.h>

u16 probe_unaligned_h(const void *p);
u16 probe_unaligned_h(const void *p)
{
	return get_unaligned_be16(p);
}
