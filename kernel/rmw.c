// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands that read blocks, look at them and write them (SBC-3): COMPARE AND
 * WRITE, ORWRITE, and WRITE if a part of a block has come.  Nobody comes in
 * between: their ranges are exclusive.
 *
 * Reading and writing are asynchronous; what is in between is a step in one of
 * the volume's workers.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <scsi/scsi_proto.h>

#include "compat.h"
#include "opcodes.h"
#include "volume.h"

#define PIECE 512

/**
 * struct rmw - state of such a command
 * @tio: the blocks, as they are and then as they are to be
 * @len: bytes
 * @modify: makes the one of the other; false: refused
 * @old: a piece of the medium
 * @new: a piece of the Data-Out
 *
 * Lifetime: iet_scmd.state, from execute to release.
 */
struct rmw {
	struct iet_tio tio;
	u32 len;
	bool (*modify)(struct iet_scmd *s, struct rmw *r);
	u8 old[PIECE];
	u8 new[PIECE];
};

static void blocks_read(struct iet_scmd *s)
{
	struct rmw *r = s->state;

	if (s->err || iet_scsi_stopped(s) || !r->modify(s, r))
		iet_scsi_end(s, s->err);
	else
		iet_scsi_io(s, IET_IO_WRITE, iet_sbc_write_flags(s), &r->tio, 0,
			    r->len, NULL);
}

static void free_state(void *state)
{
	struct rmw *r = state;

	iet_tio_free(&r->tio);
}

static int start(struct iet_scmd *s, u32 len,
		 bool (*modify)(struct iet_scmd *s, struct rmw *r), gfp_t gfp)
{
	struct rmw *r;
	int err;

	if (!len)
		return 0;
	r = iet_scsi_state(s, sizeof(*r), free_state, gfp);
	if (!r)
		return -ENOMEM;
	r->len = len;
	r->modify = modify;
	err = iet_scsi_alloc_beside(s, &r->tio, len, gfp);
	if (err)
		return err;
	return iet_scsi_io(s, IET_IO_READ, 0, &r->tio, 0, len, blocks_read);
}

/* --- COMPARE AND WRITE ---------------------------------------------------- */

/* The information field is the first byte that differs (SBC-3 5.2). */
static void miscompare(struct iet_scmd *s, struct rmw *r, u32 off)
{
	struct iet_sense sense = {
		.key = MISCOMPARE,
		.asc = IET_ASC_MISCOMPARE,
		.flags = IET_SENSE_INFO,
		.info = off,
	};
	u32 i;

	for (i = 0; r->old[i] == r->new[i]; i++)
		;
	sense.info += i;
	iet_scsi_check(s, &sense);
}

/* The first half of the Data-Out is compared, the second half is written. */
static bool compare_and_replace(struct iet_scmd *s, struct rmw *r)
{
	u32 off;

	for (off = 0; off < r->len; off += PIECE) {
		iet_tio_read(&r->tio, off, r->old, PIECE);
		iet_tio_read(&s->tio, off, r->new, PIECE);
		if (!memcmp(r->old, r->new, PIECE))
			continue;
		miscompare(s, r, off);
		return false;
	}
	for (off = 0; off < r->len; off += PIECE) {
		iet_tio_read(&s->tio, r->len + off, r->new, PIECE);
		iet_tio_write(&r->tio, off, r->new, PIECE);
	}
	return true;
}

/**
 * iet_sbc_compare_write_bytes() - Data-Out of a COMPARE AND WRITE
 * @s: the command, decoded
 *
 * Return: bytes
 */
u32 iet_sbc_compare_write_bytes(const struct iet_scmd *s)
{
	return 2 * s->nr_blocks << s->vol->blk_shift;
}

/**
 * iet_sbc_compare_write() - COMPARE AND WRITE, SBC-3 5.2
 * @s: the command
 * @gfp: for the pages
 *
 * Return: see &struct iet_scsi_op
 */
int iet_sbc_compare_write(struct iet_scmd *s, gfp_t gfp)
{
	return start(s, s->out_len / 2, compare_and_replace, gfp);
}

/* --- ORWRITE -------------------------------------------------------------- */

static bool or_data(struct iet_scmd *s, struct rmw *r)
{
	u32 off, i;

	for (off = 0; off < r->len; off += PIECE) {
		iet_tio_read(&r->tio, off, r->old, PIECE);
		iet_tio_read(&s->tio, off, r->new, PIECE);
		for (i = 0; i < PIECE; i++)
			r->new[i] |= r->old[i];
		iet_tio_write(&r->tio, off, r->new, PIECE);
	}
	return true;
}

/**
 * iet_sbc_orwrite() - ORWRITE(16), SBC-3 5.8
 * @s: the command
 * @gfp: for the pages
 *
 * Return: see &struct iet_scsi_op
 */
int iet_sbc_orwrite(struct iet_scmd *s, gfp_t gfp)
{
	return start(s, iet_scsi_out_bytes(s), or_data, gfp);
}

/* --- WRITE ---------------------------------------------------------------- */

/* What has come, and the rest of the last block as it is. */
static bool replace(struct iet_scmd *s, struct rmw *r)
{
	u32 have = min(s->out_len, s->edtl), off, n;

	for (off = 0; off < have; off += n) {
		n = min_t(u32, PIECE, have - off);
		iet_tio_read(&s->tio, off, r->new, n);
		iet_tio_write(&r->tio, off, r->new, n);
	}
	return true;
}

/**
 * iet_sbc_write_part() - a WRITE with less data than its blocks have
 * @s: the command
 * @gfp: for the pages
 *
 * It is carried out as far as there is data, as FCP-4 has it; iSCSI does not
 * say.
 *
 * Return: see &struct iet_scsi_op
 */
int iet_sbc_write_part(struct iet_scmd *s, gfp_t gfp)
{
	return start(
		s, round_up(min(s->out_len, s->edtl), 1U << s->vol->blk_shift),
		replace, gfp);
}
