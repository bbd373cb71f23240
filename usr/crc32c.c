// SPDX-License-Identifier: GPL-2.0-only
/*
 * CRC32C, a nibble at a time: a discovery session has a few hundred bytes.
 */
#include "crc32c.h"

#define CRC32C_POLY 0x82f63b78U

static uint32_t nibble(uint32_t crc)
{
	for (int i = 0; i < 4; i++)
		crc = crc >> 1 ^ (crc & 1 ? CRC32C_POLY : 0);
	return crc;
}

uint32_t crc32c(const void *data, size_t len)
{
	static uint32_t table[16];
	const uint8_t *p = data;
	uint32_t crc = ~0U;

	if (!table[1])
		for (uint32_t i = 0; i < 16; i++)
			table[i] = nibble(i);
	while (len--) {
		crc ^= *p++;
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}
