// SPDX-License-Identifier: GPL-2.0-only
/*
 * VERIFY and WRITE AND VERIFY (SBC-3): read blocks back, chunk by chunk, and
 * compare them with the Data-Out if BYTCHK says so.
 *
 * Each chunk is read asynchronously; comparing and starting the next is a step
 * in one of the volume's workers, so that none is held while the medium works.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <scsi/scsi_proto.h>

#include "compat.h"
#include "opcodes.h"
#include "volume.h"

/* BYTCHK: 01b: with as many blocks, 11b: each with the same one */
#define BYTCHK 0x06
#define BYTCHK_ALL 0x02
#define BYTCHK_ONE 0x06
#define VERIFY_CHUNK (128U << 10)

/**
 * struct iet_verify - state of a VERIFY
 * @tio: the chunk that is read back
 * @off: where it begins, bytes from the first block
 * @total: bytes to verify
 * @compare: with the Data-Out
 * @repeat: of which there is so much, bytes
 * @want: a piece of the Data-Out
 * @have: the same of the medium
 *
 * Lifetime: iet_scmd.state, from execute to release.
 */
struct iet_verify {
	struct iet_tio tio;
	u32 off;
	u32 total;
	bool compare;
	u32 repeat;
	u8 want[512];
	u8 have[512];
};

static u32 chunk_len(const struct iet_verify *v)
{
	return min(v->total - v->off, VERIFY_CHUNK);
}

/* Returns true if the chunk is the same; else tells the initiator where not. */
static bool same(struct iet_scmd *s, struct iet_verify *v)
{
	struct iet_sense sense = {
		.key = MISCOMPARE,
		.asc = IET_ASC_MISCOMPARE,
		.flags = IET_SENSE_INFO,
	};
	u32 len = chunk_len(v), off, n, i;

	for (off = 0; off < len; off += n) {
		n = min_t(u32, len - off, sizeof(v->want));
		iet_tio_read(&s->tio, (v->off + off) % v->repeat, v->want, n);
		iet_tio_read(&v->tio, off, v->have, n);
		if (!memcmp(v->want, v->have, n))
			continue;
		for (i = 0; v->want[i] == v->have[i]; i++)
			;
		sense.info = v->off + off + i; /* SBC-3 5.26, byte offset */
		iet_scsi_check(s, &sense);
		return false;
	}
	return true;
}

static void chunk_done(struct iet_scmd *s);

static int read_chunk(struct iet_scmd *s)
{
	struct iet_verify *v = s->state;

	return iet_scsi_io(s, IET_IO_READ, 0, &v->tio, v->off, chunk_len(v),
			   chunk_done);
}

static void chunk_done(struct iet_scmd *s)
{
	struct iet_verify *v = s->state;

	if (s->err || (v->compare && !same(s, v)) || iet_scsi_stopped(s)) {
		iet_scsi_end(s, s->err);
		return;
	}
	v->off += chunk_len(v);
	if (v->off < v->total)
		read_chunk(s);
	else
		iet_scsi_end(s, 0);
}

/* What was written or flushed is on the medium now. */
static void medium_ready(struct iet_scmd *s)
{
	if (s->err)
		iet_scsi_end(s, s->err);
	else
		read_chunk(s);
}

static void free_state(void *state)
{
	struct iet_verify *v = state;

	iet_tio_free(&v->tio);
}

static int verify_alloc(struct iet_scmd *s, u32 total, bool compare, gfp_t gfp)
{
	struct iet_verify *v = iet_scsi_state(s, sizeof(*v), free_state, gfp);

	if (!v)
		return -ENOMEM;
	v->total = total;
	v->compare = compare;
	v->repeat = iet_scsi_out_bytes(s);
	return iet_scsi_alloc_beside(s, &v->tio, chunk_len(v), gfp);
}

/**
 * iet_sbc_verify_bytes() - Data-Out of a VERIFY
 * @s: the command, decoded
 *
 * Return: bytes: one block, or as many as are verified
 */
u32 iet_sbc_verify_bytes(const struct iet_scmd *s)
{
	bool one = (iet_scsi_flags(s) & BYTCHK) == BYTCHK_ONE;

	return (one && s->nr_blocks ? 1 : s->nr_blocks) << s->vol->blk_shift;
}

/* How much is to be verified: not more than there is something to compare. */
static u32 verify_total(const struct iet_scmd *s)
{
	u32 out = iet_scsi_out_bytes(s),
	    all = s->nr_blocks << s->vol->blk_shift;

	switch (iet_scsi_flags(s) & BYTCHK) {
	case BYTCHK_ALL:
		return out;
	case BYTCHK_ONE:
		return out ? all : 0;
	default:
		return all;
	}
}

/**
 * iet_sbc_verify() - VERIFY(10), (12), (16), (32), SBC-3 5.26
 * @s: the command
 * @gfp: for the pages that are read back
 *
 * BYTCHK=00b: the blocks can be read; 01b: they equal the Data-Out; 11b: each
 * of them does.  What is in the cache only goes to the medium first.
 *
 * Return: see &struct iet_scsi_op
 */
int iet_sbc_verify(struct iet_scmd *s, gfp_t gfp)
{
	u8 bytchk = iet_scsi_flags(s) & BYTCHK;
	u32 total = verify_total(s);
	int err;

	if (bytchk && bytchk != BYTCHK_ALL && bytchk != BYTCHK_ONE) {
		iet_scsi_invalid_field(s, s->op->len == 32 ? 10 : 1, 2);
		return 0;
	}
	if (!total)
		return 0;
	err = verify_alloc(s, total, bytchk, gfp);
	if (err)
		return err;
	if (iet_volume_caches(s->vol))
		return iet_scsi_io(s, IET_IO_FLUSH, 0, NULL, 0, total,
				   medium_ready);
	return read_chunk(s);
}

/**
 * iet_sbc_write_verify() - WRITE AND VERIFY(10), (12), (16), SBC-3 5.32
 * @s: the command
 * @gfp: for the pages that are read back
 *
 * Return: see &struct iet_scsi_op
 */
int iet_sbc_write_verify(struct iet_scmd *s, gfp_t gfp)
{
	u32 total = iet_scsi_out_bytes(s);
	int err;

	if (!total)
		return 0;
	err = verify_alloc(s, total, iet_scsi_flags(s) & BYTCHK, gfp);
	if (err)
		return err;
	return iet_scsi_io(s, IET_IO_WRITE, IET_IO_FUA, &s->tio, 0, total,
			   medium_ready);
}
