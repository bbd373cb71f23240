// SPDX-License-Identifier: GPL-2.0-only
/*
 * Third-party Copy: page 8F of vital product data (SPC-4 7.8.17).
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "compat.h"
#include "copy_op.h"
#include "cscd.h"
#include "odx.h"
#include "opcodes.h"
#include "rod_token.h"
#include "volume.h"
#include "xcopy_list.h"

/* descriptors of the page */
#define BLOCK_ROD_LIMITS 0x0000
#define SUPPORTED_COMMANDS 0x0001
#define PARAMETER_DATA 0x0004
#define SUPPORTED_DESCRIPTORS 0x0008
#define SUPPORTED_CSCD_IDS 0x000c
#define ROD_TOKEN_FEATURES 0x0106
#define SUPPORTED_ROD_TYPES 0x0108
#define GENERAL_COPY 0x8001

#define HEADER 4

#define ROD_TYPE_LEN 64
#define ROD_TOKEN_IN 0x02 /* WRITE USING TOKEN takes it */
#define ROD_TOKEN_OUT 0x01 /* POPULATE TOKEN makes it */

static const struct {
	u32 type;
	u8 use;
	u16 preference; /* 0: not to be preferred */
} rod_types[] = {
	{ IET_ROD_ACCESS_UPON_REFERENCE, ROD_TOKEN_IN | ROD_TOKEN_OUT, 1 },
	{ IET_ROD_PIT_DEFAULT, ROD_TOKEN_OUT, 3 },
	{ IET_ROD_PIT_CHANGE_VULNERABLE, ROD_TOKEN_IN | ROD_TOKEN_OUT, 2 },
	{ IET_ROD_PIT_ANY, ROD_TOKEN_OUT, 1 },
	{ IET_ROD_BLOCK_ZERO, ROD_TOKEN_IN, 0 },
};

/* Each fills in what comes after a descriptor's header; returns its length. */

static u16 block_rod_limits(const struct iet_scmd *s, u8 *p)
{
	u32 shift = s->vol->blk_shift;

	put_unaligned_be16(IET_ROD_RANGES_MAX, p + 6);
	put_unaligned_be32(IET_ROD_TIMEOUT_MAX, p + 8);
	put_unaligned_be32(IET_ROD_TIMEOUT, p + 12);
	put_unaligned_be64(IET_ODX_BYTES_MAX >> shift, p + 16);
	put_unaligned_be64(IET_ODX_BYTES_OPTIMAL >> shift, p + 24);
	return 32;
}

static u16 supported_commands(const struct iet_scmd *s, u8 *p)
{
	u8 *d = p + 1, *count = NULL;
	unsigned int i;

	for (i = 0; i < iet_scsi_nr_ops; i++) {
		const struct iet_scsi_op *op = &iet_scsi_ops[i];

		if (op->opcode != 0x83 && op->opcode != 0x84)
			continue;
		if (!count || count[-1] != op->opcode) {
			d[0] = op->opcode;
			count = d + 1;
			d += 2;
		}
		*d++ = op->sa;
		++*count;
	}
	p[0] = d - p - 1;
	return round_up(d - p, 4);
}

static u16 parameter_data(const struct iet_scmd *s, u8 *p)
{
	put_unaligned_be16(IET_XCOPY_CSCDS_MAX, p + 4);
	put_unaligned_be16(IET_XCOPY_SEGMENTS_MAX, p + 6);
	put_unaligned_be32(IET_XCOPY_LIST_MAX, p + 8);
	return 28;
}

static u16 supported_descriptors(const struct iet_scmd *s, u8 *p)
{
	p[0] = 4;
	p[1] = IET_SEGMENT_BLOCK_TO_BLOCK;
	p[2] = IET_SEGMENT_VERIFY;
	p[3] = IET_SEGMENT_OFFSETS;
	p[4] = IET_CSCD_IDENTIFICATION;
	return round_up(5, 4);
}

static u16 supported_cscd_ids(const struct iet_scmd *s, u8 *p)
{
	put_unaligned_be16(2, p);
	put_unaligned_be16(IET_CSCD_SELF, p + 2);
	return 4;
}

/* No remote tokens; lifetimes end with inactivity only. */
static u16 rod_token_features(const struct iet_scmd *s, u8 *p)
{
	u8 *d = p + 44; /* block device features */

	put_unaligned_be32(IET_ROD_TIMEOUT, p + 12);
	put_unaligned_be32(U32_MAX, p + 16);
	put_unaligned_be32(IET_ROD_TIMEOUT_MAX, p + 20);
	put_unaligned_be16(48, p + 42);
	put_unaligned_be16(44, d + 2);
	put_unaligned_be64(IET_ODX_BYTES_MAX, d + 8);
	put_unaligned_be64(IET_ODX_BYTES_OPTIMAL, d + 16);
	put_unaligned_be64(IET_ODX_BYTES_OPTIMAL, d + 24);
	put_unaligned_be64(IET_ODX_BYTES_OPTIMAL, d + 32);
	return 44 + 48;
}

static u16 supported_rod_types(const struct iet_scmd *s, u8 *p)
{
	u8 *d = p + 4;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rod_types); i++, d += ROD_TYPE_LEN) {
		put_unaligned_be32(rod_types[i].type, d);
		d[4] = rod_types[i].use;
		put_unaligned_be16(rod_types[i].preference, d + 6);
	}
	put_unaligned_be16(d - p - 4, p + 2);
	return d - p;
}

static u16 general_copy(const struct iet_scmd *s, u8 *p)
{
	put_unaligned_be32(IET_COPY_KEEP, p);
	put_unaligned_be32(IET_COPY_KEEP, p + 4);
	put_unaligned_be32(U32_MAX, p + 8);
	p[12] = s->vol->blk_shift;
	return 32;
}

static const struct {
	u16 type;
	u16 (*fill)(const struct iet_scmd *s, u8 *p);
} descriptors[] = {
	{ BLOCK_ROD_LIMITS, block_rod_limits },
	{ SUPPORTED_COMMANDS, supported_commands },
	{ PARAMETER_DATA, parameter_data },
	{ SUPPORTED_DESCRIPTORS, supported_descriptors },
	{ SUPPORTED_CSCD_IDS, supported_cscd_ids },
	{ ROD_TOKEN_FEATURES, rod_token_features },
	{ SUPPORTED_ROD_TYPES, supported_rod_types },
	{ GENERAL_COPY, general_copy },
};

/**
 * iet_vpd_third_party_copy() - page 8F
 * @s: the INQUIRY
 * @p: where to put what comes after the page's header; zeroed
 *
 * Return: bytes used
 */
u16 iet_vpd_third_party_copy(const struct iet_scmd *s, u8 *p)
{
	unsigned int i;
	u8 *d = p;
	u16 len;

	for (i = 0; i < ARRAY_SIZE(descriptors); i++, d += HEADER + len) {
		len = descriptors[i].fill(s, d + HEADER);
		put_unaligned_be16(descriptors[i].type, d);
		put_unaligned_be16(len, d + 2);
	}
	return d - p;
}
