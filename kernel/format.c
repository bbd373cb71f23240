// SPDX-License-Identifier: GPL-2.0-only
/*
 * FORMAT UNIT (SBC-3 5.4): the blocks read as zeroes, or as the initialization
 * pattern, afterwards.  There are no defects and no protection information,
 * and the size of the blocks stays as it is.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <scsi/scsi_proto.h>

#include "compat.h"
#include "erase.h"
#include "opcodes.h"
#include "ready.h"
#include "volume.h"

#define CDB1_LONGLIST 0x20
#define CDB1_FMTDATA 0x10

#define HEADER 4
#define HEADER_LONG 8
#define FOV 0x80
#define FOV_BITS 0x78 /* DPRY, DCRT, STPF, IP: valid with FOV only */
#define IP 0x08
#define IMMED 0x02

/* initialization pattern descriptor */
#define PATTERN_HEADER 4
#define PATTERN_REPEAT 0x01
#define LIST_MAX (HEADER_LONG + PATTERN_HEADER + 4096)

/**
 * struct list - a parameter list
 * @s: the command
 * @p: the list
 * @len: its length, bytes
 * @immed: IMMED
 * @pattern: what to write, or NULL: zeroes
 * @pattern_len: bytes of it
 */
struct list {
	struct iet_scmd *s;
	const u8 *p;
	u32 len;
	bool immed;
	const u8 *pattern;
	u32 pattern_len;
};

/**
 * iet_sbc_format_bytes() - Data-Out of a FORMAT UNIT
 * @s: the command, decoded
 *
 * The CDB does not tell how long the list is, only what is in it.
 *
 * Return: bytes: what is sent, if there is to be a list
 */
u32 iet_sbc_format_bytes(const struct iet_scmd *s)
{
	if (!(s->cdb[1] & CDB1_FMTDATA))
		return 0;
	return min_t(u32, s->edtl, LIST_MAX);
}

static bool too_short(struct list *l)
{
	iet_scsi_refuse(l->s, ILLEGAL_REQUEST, IET_ASC_PARAM_LENGTH);
	return false;
}

static bool bad(struct list *l, u16 byte, u8 bit)
{
	iet_scsi_invalid_param(l->s, byte, bit);
	return false;
}

static bool take_pattern(struct list *l, u32 off)
{
	u32 bs = 1U << l->s->vol->blk_shift, len;
	const u8 *d = l->p + off;

	if (l->len - off < PATTERN_HEADER)
		return too_short(l);
	len = get_unaligned_be16(d + 2);
	if (d[0])
		return bad(l, off, 7);
	if (d[1] > PATTERN_REPEAT)
		return bad(l, off + 1, 7);
	if (len > bs || !len != !d[1])
		return bad(l, off + 2, 7);
	if (l->len - off - PATTERN_HEADER < len)
		return too_short(l);
	if (len) {
		l->pattern = d + PATTERN_HEADER;
		l->pattern_len = len;
	}
	return true;
}

/* SBC-3 5.4.2 */
static bool take_list(struct list *l)
{
	bool is_long = l->s->cdb[1] & CDB1_LONGLIST;
	u32 header = is_long ? HEADER_LONG : HEADER, defects;

	if (l->len < header)
		return too_short(l);
	if (l->p[0])
		return bad(l, 0, 7);
	if (l->p[1] & FOV_BITS && !(l->p[1] & FOV))
		return bad(l, 1, 6);
	if (l->p[1] & ~(FOV | FOV_BITS | IMMED))
		return bad(l, 1, 2);
	if (is_long && (l->p[2] || l->p[3]))
		return bad(l, l->p[2] ? 2 : 3, 7);
	defects = is_long ? get_unaligned_be32(l->p + 4) :
			    get_unaligned_be16(l->p + 2);
	if (defects)
		return bad(l, is_long ? 4 : 2, 7);
	l->immed = l->p[1] & IMMED;
	return !(l->p[1] & IP) || take_pattern(l, header);
}

static int start(struct list *l, gfp_t gfp)
{
	struct iet_erase *e = iet_erase_alloc(l->s, gfp);
	int err;

	if (!e)
		return -ENOMEM;
	if (l->pattern) {
		err = iet_erase_pattern(e, l->pattern, l->pattern_len, gfp);
		if (err) {
			iet_erase_free(e);
			return err;
		}
	}
	e->unmap = !l->pattern && l->s->vol->thin;
	e->failed = IET_FORMAT_FAILED;
	e->failed_asc = IET_ASC_FORMAT_FAILED;
	return iet_erase_start(l->s, e, IET_FORMATTING, l->immed);
}

/**
 * iet_sbc_format() - FORMAT UNIT, SBC-3 5.4
 * @s: the command
 * @gfp: for the list and the pages
 *
 * Return: see &struct iet_scsi_op
 */
int iet_sbc_format(struct iet_scmd *s, gfp_t gfp)
{
	struct list l = { .s = s, .len = s->out_len };
	u8 *buf;

	if (s->cdb[1] & CDB1_FMTDATA) {
		buf = iet_scsi_state(s, LIST_MAX, NULL, gfp);
		if (!buf)
			return -ENOMEM;
		iet_tio_read(&s->tio, 0, buf, l.len);
		l.p = buf;
		if (!take_list(&l))
			return 0;
	} else if (s->cdb[1] & CDB1_LONGLIST) {
		iet_scsi_invalid_field(s, 1, 5);
		return 0;
	}
	return start(&l, gfp);
}
