// SPDX-License-Identifier: GPL-2.0-only
/*
 * MODE SENSE(6) and (10) (SPC-4 6.13, 6.14) and the mode pages.
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include <scsi/scsi_proto.h>

#include "compat.h"
#include "opcodes.h"
#include "volume.h"

#define CDB1_LLBAA 0x10
#define CDB1_DBD 0x08

enum page_control {
	PC_CURRENT,
	PC_CHANGEABLE,
	PC_DEFAULT,
	PC_SAVED,
};

#define ALL_PAGES 0x3f
#define ALL_SUBPAGES 0xff

/* device-specific parameter of disks (SBC-3 6.5.1) */
#define DSP_WP 0x80
#define DSP_DPOFUA 0x10

#define CACHING_WCE 0x04 /* byte 2 */

/* SBC-3 6.5.8: no retries of ours, no counts */
static const u8 rw_error_recovery[12] = { 0x01, 0x0a };

/* SBC-3 6.5.5 */
static const u8 caching[20] = { 0x08, 0x12 };

/* SPC-4 7.5.8: GLTSD; unrestricted reordering */
static const u8 control[12] = { 0x0a, 0x0a, 0x02, 0x10 };

/* SBC-3 6.5.6: DEXCPT, nothing is ever predicted */
static const u8 exceptions[12] = { 0x1c, 0x0a, 0x08 };

static void set_caching(const struct iet_volume *vol, u8 *page)
{
	if (vol->wce)
		page[2] |= CACHING_WCE;
}

/* In ascending order, as SPC-4 6.13 wants them.  There are no subpages. */
static const struct {
	const u8 *data;
	u8 len;
	void (*set)(const struct iet_volume *vol, u8 *page);
} pages[] = {
	{ rw_error_recovery, sizeof(rw_error_recovery) },
	{ caching, sizeof(caching), set_caching },
	{ control, sizeof(control) },
	{ exceptions, sizeof(exceptions) },
};

/* Returns the bytes used.  Nothing can be changed by MODE SELECT. */
static u16 put_pages(const struct iet_volume *vol, u8 code,
		     enum page_control pc, u8 *buf)
{
	unsigned int i;
	u16 len = 0;

	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		if (code != ALL_PAGES && code != pages[i].data[0])
			continue;
		memcpy(buf + len, pages[i].data, 2);
		if (pc != PC_CHANGEABLE) {
			memcpy(buf + len, pages[i].data, pages[i].len);
			if (pages[i].set)
				pages[i].set(vol, buf + len);
		}
		len += pages[i].len;
	}
	return len;
}

/* Returns the bytes used (SBC-3 6.5.2). */
static u8 put_block_descriptor(const struct iet_volume *vol, bool llbaa,
			       u8 *buf)
{
	u64 nr_blocks = READ_ONCE(vol->nr_blocks);

	if (llbaa) {
		put_unaligned_be64(nr_blocks, buf);
		put_unaligned_be32(1U << vol->blk_shift, buf + 12);
		return 16;
	}
	put_unaligned_be32(min_t(u64, nr_blocks, U32_MAX), buf);
	put_unaligned_be32(1U << vol->blk_shift, buf + 4); /* of 24 bits */
	return 8;
}

static void put_header(u8 *buf, bool ten, u8 dsp, bool llbaa, u8 desc_len,
		       u16 len)
{
	if (ten) {
		put_unaligned_be16(len - 2, buf);
		buf[3] = dsp;
		buf[4] = llbaa;
		put_unaligned_be16(desc_len, buf + 6);
	} else {
		buf[0] = len - 1;
		buf[2] = dsp;
		buf[3] = desc_len;
	}
}

static int refuse_saved(struct iet_scmd *s)
{
	struct iet_sense sense = {
		.key = ILLEGAL_REQUEST,
		.asc = IET_ASC_SAVING_NOT_SUPPORTED,
	};

	iet_scsi_check(s, &sense);
	return 0;
}

/**
 * iet_spc_mode_sense() - MODE SENSE(6), (10), SPC-4 6.13, 6.14
 * @s: the command
 * @buf: parameter data
 *
 * Return: bytes of parameter data, 0: refused
 */
int iet_spc_mode_sense(struct iet_scmd *s, u8 *buf)
{
	bool ten = s->op->len == 10;
	bool llbaa = ten && (s->cdb[1] & CDB1_LLBAA);
	u8 pc = s->cdb[2] >> 6, code = s->cdb[2] & 0x3f;
	u8 header = ten ? 8 : 4, desc_len = 0, dsp = DSP_DPOFUA;
	u16 len;

	if (pc == PC_SAVED)
		return refuse_saved(s);
	if (s->cdb[3] && s->cdb[3] != ALL_SUBPAGES) {
		iet_scsi_invalid_field(s, 3, 7);
		return 0;
	}
	if (!(s->cdb[1] & CDB1_DBD))
		desc_len = put_block_descriptor(s->vol, llbaa, buf + header);
	llbaa = llbaa && desc_len;
	len = put_pages(s->vol, code, pc, buf + header + desc_len);
	if (!len) {
		iet_scsi_invalid_field(s, 2, 5);
		return 0;
	}
	len += header + desc_len;
	if (iet_volume_read_only(s->vol))
		dsp |= DSP_WP;
	put_header(buf, ten, dsp, llbaa, desc_len, len);
	return len;
}
