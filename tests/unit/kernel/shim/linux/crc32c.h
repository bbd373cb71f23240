/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_CRC32C_H
#define SHIM_CRC32C_H

#include "../kernel.h"

/* as the kernel's: no final inversion */
static inline u32 crc32c(u32 crc, const void *data, size_t len)
{
	const u8 *p = data;
	int bit;

	while (len--) {
		crc ^= *p++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return crc;
}

#endif /* SHIM_CRC32C_H */
