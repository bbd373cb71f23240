// SPDX-License-Identifier: GPL-2.0-only
/*
 * Erasing a whole medium, in the background: see erase.h.
 *
 * It goes on in steps, each a medium operation of bounded size, started by one
 * of the volume's own workers; so other units do not notice, and none of the
 * workers is held while the medium works.  It has a reference to the volume of
 * its own.  Neither aborts nor resets stop it (SBC-3 4.11.2), they only end
 * the waiting of the command that began it.  The deletion of the volume does.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/percpu-refcount.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <scsi/scsi_proto.h>

#include "compat.h"
#include "crypt.h"
#include "erase.h"
#include "opcodes.h"
#include "ready.h"
#include "volume.h"

/* a step: so much is written, if it is not zeroes */
#define WRITE_STEP (1U << 20)

#define PIECE 512

static u64 total_bytes(const struct iet_erase *e)
{
	return READ_ONCE(e->vol->nr_blocks) << e->vol->blk_shift;
}

/* In 65536ths; less than all until it is all. */
static void set_progress(struct iet_erase *e)
{
	u64 total = total_bytes(e) >> 9;
	u64 done = e->pass * total + (e->pos >> 9);
	u64 part = div64_u64(done << 16, total * e->passes);

	WRITE_ONCE(e->vol->progress, min_t(u64, part, U16_MAX));
}

static void end_waiter(struct iet_erase *e, int err)
{
	struct iet_scmd *s = e->waiter;

	if (!s)
		return;
	e->waiter = NULL;
	if (err)
		iet_scsi_refuse(s, MEDIUM_ERROR, e->failed_asc);
	iet_scsi_end(s, 0);
}

static void finish(struct iet_erase *e)
{
	struct iet_volume *vol = e->vol;

	if (!e->err && e->unmap)
		WRITE_ONCE(vol->unmapped, true);
	WRITE_ONCE(vol->progress, 0);
	WRITE_ONCE(vol->condition, e->err ? e->failed : IET_READY);
	end_waiter(e, e->err);
	iet_erase_free(e);
	percpu_ref_put(&vol->ref);
}

static void step_done(struct iet_io *io, int err)
{
	struct iet_erase *e = container_of(io, struct iet_erase, io);

	e->err = err;
	queue_work(e->vol->wq, &e->work);
}

static void submit(struct iet_erase *e, enum iet_io_op op, u64 len)
{
	struct iet_io *io = &e->io;

	io->vol = e->vol;
	io->op = op;
	io->flags = op == IET_IO_WRITE_ZEROES && e->unmap ? IET_IO_UNMAP : 0;
	io->pos = op == IET_IO_FLUSH ? 0 : e->pos;
	io->len = len;
	io->tio = op == IET_IO_WRITE ? &e->tio : NULL;
	io->tio_off = 0;
	io->done = step_done;
	iet_io_submit(io);
}

static void invert(struct iet_erase *e)
{
	u8 piece[PIECE];
	u32 off, i;

	for (off = 0; off < e->tio.size; off += PIECE) {
		iet_tio_read(&e->tio, off, piece, PIECE);
		for (i = 0; i < PIECE; i++)
			piece[i] = ~piece[i];
		iet_tio_write(&e->tio, off, piece, PIECE);
	}
}

/* Returns false when there is nothing left to do. */
static bool next(struct iet_erase *e)
{
	u64 left = total_bytes(e) - min(e->pos, total_bytes(e));
	u32 most = e->tio.size ?: IET_ZEROES_MAX;

	if (left) {
		submit(e, e->tio.size ? IET_IO_WRITE : IET_IO_WRITE_ZEROES,
		       min_t(u64, left, most));
		return true;
	}
	if (!e->flushed) {
		submit(e, IET_IO_FLUSH, total_bytes(e));
		return true;
	}
	if (++e->pass == e->passes)
		return false;
	e->pos = 0;
	e->flushed = false;
	if (e->invert)
		invert(e);
	return next(e);
}

static void account(struct iet_erase *e)
{
	if (e->io.op == IET_IO_FLUSH)
		e->flushed = true;
	else
		e->pos += e->io.len;
	set_progress(e);
}

static void step(struct work_struct *work)
{
	struct iet_erase *e = container_of(work, struct iet_erase, work);

	if (e->new_key)
		e->err = iet_crypt_new_key(e->vol);
	else if (!e->err)
		account(e);
	if (percpu_ref_is_dying(&e->vol->ref))
		e->err = -ESHUTDOWN;
	if (e->waiter && iet_scsi_stopped(e->waiter))
		end_waiter(e, 0);
	if (e->err || e->new_key || !next(e))
		finish(e);
}

/**
 * iet_erase_alloc() - get ready to erase a medium
 * @s: the command that wants it
 * @gfp: for the memory
 *
 * Without iet_erase_pattern() zeroes are written, once.
 *
 * Context: does not sleep unless @gfp allows it.
 *
 * Return: what @unmap, @passes and so on are to be set in, or NULL
 */
struct iet_erase *iet_erase_alloc(struct iet_scmd *s, gfp_t gfp)
{
	struct iet_erase *e = kzalloc(sizeof(*e), gfp);

	if (!e)
		return NULL;
	e->vol = s->vol;
	e->passes = 1;
	INIT_WORK(&e->work, step);
	return e;
}

/* As often as there is room for, the last time perhaps not all of it. */
static void repeat(u8 *block, u32 bs, const u8 *pattern, u32 len)
{
	u32 have, n;

	memcpy(block, pattern, len);
	for (have = len; have < bs; have += n) {
		n = min(have, bs - have);
		memcpy(block + have, block, n);
	}
}

/**
 * iet_erase_pattern() - write a pattern
 * @e: not started
 * @pattern: begins anew in each block
 * @len: bytes, at most a block
 * @gfp: for the pages
 *
 * Return: 0 or -ENOMEM
 */
int iet_erase_pattern(struct iet_erase *e, const u8 *pattern, u32 len,
		      gfp_t gfp)
{
	u32 bs = 1U << e->vol->blk_shift, off;
	u8 *block = kmalloc(bs, gfp);
	int err;

	if (!block)
		return -ENOMEM;
	err = iet_tio_alloc(&e->tio, WRITE_STEP, gfp);
	if (!err) {
		repeat(block, bs, pattern, len);
		for (off = 0; off < WRITE_STEP; off += bs)
			iet_tio_write(&e->tio, off, block, bs);
	}
	kfree(block);
	return err;
}

/**
 * iet_erase_free() - it is not started, or has ended
 * @e: from iet_erase_alloc()
 */
void iet_erase_free(struct iet_erase *e)
{
	iet_tio_free(&e->tio);
	kfree(e);
}

/**
 * iet_erase_start() - erase the medium
 * @s: the command, which has all of the medium to itself
 * @e: ends by itself
 * @condition: enum iet_condition of the unit meanwhile
 * @immed: the command ends at once
 *
 * Context: does not sleep.
 *
 * Return: 0 or -EIOCBQUEUED, for handlers to pass on
 */
int iet_erase_start(struct iet_scmd *s, struct iet_erase *e, u8 condition,
		    bool immed)
{
	percpu_ref_get(&e->vol->ref);
	WRITE_ONCE(e->vol->progress, 0);
	WRITE_ONCE(e->vol->condition, condition);
	e->waiter = immed ? NULL : s;
	if (e->new_key)
		queue_work(e->vol->wq, &e->work);
	else
		next(e);
	return immed ? 0 : -EIOCBQUEUED;
}
