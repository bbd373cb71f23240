// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sense data in its two formats: see sense.h.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "compat.h"
#include "sense.h"

#define SENSE_FIXED 0x70
#define SENSE_FIXED_VALID 0x80
#define SENSE_DESC 0x72

/* sense key specific data: field pointer (SPC-4 4.5.2.4.2) */
#define SKSV 0x80
#define SKS_CDB 0x40 /* the error is in the CDB, not in parameter data */
#define SKS_BPV 0x08

#define DESC_INFO 0x00
#define DESC_SKS 0x02

static void key_specific(u8 *sks, const struct iet_sense *sense)
{
	if (sense->flags & IET_SENSE_PROGRESS) {
		sks[0] = SKSV;
		put_unaligned_be16(sense->progress, sks + 1);
		return;
	}
	sks[0] = SKSV | (sense->flags & IET_SENSE_PARAM ? 0 : SKS_CDB);
	if (sense->flags & IET_SENSE_BIT)
		sks[0] |= SKS_BPV | (sense->bit & 0x07);
	put_unaligned_be16(sense->field, sks + 1);
}

/**
 * iet_sense_fixed() - sense data in the fixed format (SPC-4 4.5.3)
 * @buf: IET_SENSE_FIXED_LEN bytes
 * @sense: what to say
 *
 * Information of more than 32 bits does not fit and is left out.
 *
 * Return: bytes used, IET_SENSE_FIXED_LEN
 */
u8 iet_sense_fixed(u8 *buf, const struct iet_sense *sense)
{
	memset(buf, 0, IET_SENSE_FIXED_LEN);
	buf[0] = SENSE_FIXED;
	buf[2] = sense->key;
	if ((sense->flags & IET_SENSE_INFO) && sense->info <= U32_MAX) {
		buf[0] |= SENSE_FIXED_VALID;
		put_unaligned_be32(sense->info, buf + 3);
	}
	buf[7] = IET_SENSE_FIXED_LEN - 8;
	put_unaligned_be16(sense->asc, buf + 12);
	if (sense->flags & (IET_SENSE_FIELD | IET_SENSE_PROGRESS))
		key_specific(buf + 15, sense);
	return IET_SENSE_FIXED_LEN;
}

/**
 * iet_sense_desc() - sense data in the descriptor format (SPC-4 4.5.2)
 * @buf: IET_SENSE_DESC_MAX bytes
 * @sense: what to say
 *
 * Return: bytes used
 */
u8 iet_sense_desc(u8 *buf, const struct iet_sense *sense)
{
	u8 *d = buf + 8;

	memset(buf, 0, IET_SENSE_DESC_MAX);
	buf[0] = SENSE_DESC;
	buf[1] = sense->key;
	put_unaligned_be16(sense->asc, buf + 2);
	if (sense->flags & IET_SENSE_INFO) {
		d[0] = DESC_INFO;
		d[1] = 10;
		d[2] = 0x80; /* VALID */
		put_unaligned_be64(sense->info, d + 4);
		d += 12;
	}
	if (sense->flags & (IET_SENSE_FIELD | IET_SENSE_PROGRESS)) {
		d[0] = DESC_SKS;
		d[1] = 6;
		key_specific(d + 4, sense);
		d += 8;
	}
	buf[7] = d - buf - 8;
	return d - buf;
}
