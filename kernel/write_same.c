// SPDX-License-Identifier: GPL-2.0-only
/*
 * WRITE SAME (SBC-3 5.42, 5.43): one block, over and over.
 *
 * Zeroes are left to the medium, which may unmap if the initiator lets it.  To
 * anchor is to write zeroes without unmapping: the medium has the space then.
 * Other blocks are written.  Either is done chunk by chunk, each
 * asynchronously; starting the next is a step in one of the volume's workers.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <scsi/scsi_proto.h>

#include "compat.h"
#include "opcodes.h"
#include "volume.h"

#define FLAG_ANCHOR 0x10
#define FLAG_UNMAP 0x08
#define FLAG_NDOB 0x01

#define CHUNK (256U << 10)
#define BLOCK_MAX 4096

/**
 * struct write_same - state of a WRITE SAME
 * @tio: a chunk full of the block; empty: it is zeroes
 * @off: what has been written, bytes
 * @total: what is to be written, bytes
 * @block: the block
 *
 * Lifetime: iet_scmd.state, from execute to release.
 */
struct write_same {
	struct iet_tio tio;
	u64 off;
	u64 total;
	u8 block[BLOCK_MAX];
};

static bool no_data_out(const struct iet_scmd *s)
{
	return s->op->len != 10 && (iet_scsi_flags(s) & FLAG_NDOB);
}

/**
 * iet_sbc_write_same_bytes() - Data-Out of a WRITE SAME
 * @s: the command, decoded
 *
 * Return: bytes: one block, or 0 with NDOB
 */
u32 iet_sbc_write_same_bytes(const struct iet_scmd *s)
{
	return no_data_out(s) ? 0 : 1U << s->vol->blk_shift;
}

static u32 write_flags(const struct iet_scmd *s)
{
	return iet_volume_caches(s->vol) ? 0 : IET_IO_FUA;
}

static void chunk_done(struct iet_scmd *s);

static int write_chunk(struct iet_scmd *s)
{
	struct write_same *w = s->state;
	u32 len = min_t(u64, w->total - w->off, w->tio.size);
	u64 off = w->off;

	w->off += len;
	return iet_scsi_io(s, IET_IO_WRITE, write_flags(s), &w->tio, off, len,
			   chunk_done);
}

/* Of one chunk it is a part of writing that it becomes stable. */
static bool flushes_last(const struct iet_scmd *s, const struct write_same *w)
{
	return !w->tio.size && w->total > IET_ZEROES_MAX &&
	       !iet_volume_caches(s->vol);
}

static int zero_chunk(struct iet_scmd *s)
{
	struct write_same *w = s->state;
	u32 len = min_t(u64, w->total - w->off, IET_ZEROES_MAX);
	u32 flags = flushes_last(s, w) ? 0 : write_flags(s);
	u64 off = w->off;

	if ((iet_scsi_flags(s) & (FLAG_UNMAP | FLAG_ANCHOR)) == FLAG_UNMAP)
		flags |= IET_IO_UNMAP;
	w->off += len;
	return iet_scsi_io(s, IET_IO_WRITE_ZEROES, flags, NULL, off, len,
			   len == w->total ? NULL : chunk_done);
}

static void chunk_done(struct iet_scmd *s)
{
	struct write_same *w = s->state;
	bool more = w->off < w->total;

	if (s->err || (more && iet_scsi_stopped(s)))
		iet_scsi_end(s, s->err);
	else if (more && w->tio.size)
		write_chunk(s);
	else if (more)
		zero_chunk(s);
	else if (flushes_last(s, w))
		iet_scsi_io(s, IET_IO_FLUSH, 0, NULL, 0, w->total, NULL);
	else
		iet_scsi_end(s, 0);
}

static int write_blocks(struct iet_scmd *s, gfp_t gfp)
{
	struct write_same *w = s->state;
	u32 bs = 1U << s->vol->blk_shift, off;
	int err;

	err = iet_scsi_alloc_beside(s, &w->tio, min_t(u64, w->total, CHUNK),
				    gfp);
	if (err)
		return err;
	for (off = 0; off < w->tio.size; off += bs)
		iet_tio_write(&w->tio, off, w->block, bs);
	return write_chunk(s);
}

static void free_state(void *state)
{
	struct write_same *w = state;

	iet_tio_free(&w->tio);
}

/* ANCHOR is about how to unmap, which only thin provisioned units do. */
static bool check_unmap(struct iet_scmd *s)
{
	u8 flags = iet_scsi_flags(s);
	u8 bit = 3;

	if (!(flags & FLAG_UNMAP) && flags & FLAG_ANCHOR)
		bit = 4;
	else if (!(flags & FLAG_UNMAP) || s->vol->thin)
		return true;
	iet_scsi_invalid_field(s, s->op->len == 32 ? 10 : 1, bit);
	return false;
}

/**
 * iet_sbc_write_same() - WRITE SAME(10), (16), SBC-3 5.42, 5.43
 * @s: the command
 * @gfp: for the pages
 *
 * A length of 0 means: to the end of the medium.
 *
 * Return: see &struct iet_scsi_op
 */
int iet_sbc_write_same(struct iet_scmd *s, gfp_t gfp)
{
	u32 bs = 1U << s->vol->blk_shift;
	struct write_same *w;
	u64 total;

	if (!check_unmap(s))
		return 0;
	total = s->nr_blocks ?: READ_ONCE(s->vol->nr_blocks) - s->lba;
	total <<= s->vol->blk_shift;
	w = iet_scsi_state(s, sizeof(*w), free_state, gfp);
	if (!w)
		return -ENOMEM;
	w->total = total;
	if (!no_data_out(s))
		iet_tio_read(&s->tio, 0, w->block, bs);
	return memchr_inv(w->block, 0, bs) ? write_blocks(s, gfp) :
					     zero_chunk(s);
}
