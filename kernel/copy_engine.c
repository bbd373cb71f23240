// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copying a range: see copy_engine.h.
 *
 * The medium copies by itself where it can, as file systems do that let files
 * share blocks.  Otherwise a chunk is read and then written.  While it is read
 * its blocks at the source are locked, while it is written those at the
 * destination, and never both: a source that hangs must not keep others off
 * the destination.  The medium that copies by itself is one and the same for
 * both, so that both are locked, in an order that all copies agree on.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "compat.h"
#include "copy_engine.h"
#include "opcodes.h"
#include "rod_token.h"
#include "volume.h"

/* what no chunk's borders cut: the largest block that there is */
#define BLOCK_MAX 4096

static void next_step(struct iet_copy_job *job);

static void run_work(struct work_struct *work)
{
	struct iet_copy_job *job =
		container_of(work, struct iet_copy_job, work);

	job->step(job);
}

static void in_worker(struct iet_copy_job *job,
		      void (*step)(struct iet_copy_job *job))
{
	job->step = step;
	queue_work(job->dst->wq, &job->work);
}

/* --- the end -------------------------------------------------------------- */

static void end(struct iet_copy_job *job, int err)
{
	iet_tio_free(&job->tio);
	job->done(job, err);
}

static void refuse(struct iet_copy_job *job, int err)
{
	job->refused = true;
	end(job, err);
}

static void flushed(struct iet_copy_job *job)
{
	end(job, job->err);
}

static void io_done(struct iet_io *io, int err)
{
	struct iet_copy_job *job = container_of(io, struct iet_copy_job, io);

	job->err = err;
	queue_work(job->dst->wq, &job->work);
}

static void submit(struct iet_copy_job *job, struct iet_volume *vol,
		   enum iet_io_op op, u32 flags, u64 pos, u64 len,
		   void (*step)(struct iet_copy_job *job))
{
	struct iet_io *io = &job->io;

	job->step = step;
	io->vol = vol;
	io->op = op;
	io->flags = flags;
	io->pos = pos;
	io->len = len;
	io->tio = &job->tio;
	io->tio_off = 0;
	io->done = io_done;
	iet_io_submit(io);
}

/*
 * Without a write cache, status GOOD means that all is on stable storage: one
 * flush at the end costs less than a forced write for each chunk.
 */
static void finish(struct iet_copy_job *job)
{
	u64 len = round_up(job->len, 1U << job->dst->blk_shift);

	if (job->cached && !READ_ONCE(job->dst->mode.wce))
		submit(job, job->dst, IET_IO_FLUSH, 0, job->dst_pos, len,
		       flushed);
	else
		end(job, 0);
}

/* --- ranges of blocks ----------------------------------------------------- */

/* Where in the range this step begins. */
static u64 offset(const struct iet_copy_job *job)
{
	return job->backward ? job->len - job->copied - job->n : job->copied;
}

static void src_granted(struct iet_span *span)
{
	struct iet_copy_job *job =
		container_of(span, struct iet_copy_job, src_span);

	queue_work(job->dst->wq, &job->work);
}

static void dst_granted(struct iet_span *span)
{
	struct iet_copy_job *job =
		container_of(span, struct iet_copy_job, dst_span);

	queue_work(job->dst->wq, &job->work);
}

/* Goes on with @step when the range is locked. */
static void lock(struct iet_copy_job *job, struct iet_volume *vol,
		 struct iet_span *span, u64 pos, u64 len,
		 void (*step)(struct iet_copy_job *job))
{
	span->first = pos >> vol->blk_shift;
	span->end = ((pos + len - 1) >> vol->blk_shift) + 1;
	job->step = step;
	if (iet_span_lock(&vol->spans, span))
		step(job);
}

static void lock_src(struct iet_copy_job *job,
		     void (*step)(struct iet_copy_job *job))
{
	lock(job, job->src, &job->src_span, job->src_pos + offset(job), job->n,
	     step);
}

static void lock_dst(struct iet_copy_job *job,
		     void (*step)(struct iet_copy_job *job))
{
	lock(job, job->dst, &job->dst_span, job->dst_pos + offset(job), job->n,
	     step);
}

static void unlock_src(struct iet_copy_job *job)
{
	iet_span_unlock(&job->src->spans, &job->src_span);
}

static void unlock_dst(struct iet_copy_job *job)
{
	iet_span_unlock(&job->dst->spans, &job->dst_span);
}

/* --- writing -------------------------------------------------------------- */

/*
 * The destination is about to change, and nothing else: what is locked may have
 * the source in it, whose token must live.  False: the copy has been aborted,
 * and nothing of it may land any more.
 */
static bool begin_write(struct iet_copy_job *job)
{
	u32 shift = job->dst->blk_shift;
	u64 pos = job->dst_pos + offset(job);

	if (!iet_writer_begin(job->dst, &job->writer))
		return false;
	iet_rod_written(job->dst, pos >> shift,
			((pos + job->n - 1) >> shift) + 1);
	return true;
}

static void after_write(struct iet_copy_job *job)
{
	iet_writer_end(job->dst, &job->writer);
	unlock_dst(job);
	if (job->err) {
		end(job, job->err);
		return;
	}
	job->copied += job->n;
	job->cached = true;
	next_step(job);
}

static bool is_zero(struct iet_tio *tio, u32 len)
{
	u8 piece[128];
	u32 off;

	for (off = 0; off < len; off += sizeof(piece)) {
		iet_tio_read(tio, off, piece, sizeof(piece));
		if (memchr_inv(piece, 0, sizeof(piece)))
			return false;
	}
	return true;
}

/* What is thin stays thin: zeroes are not written if they can be unmapped. */
static void write_chunk(struct iet_copy_job *job)
{
	u64 pos = job->dst_pos + offset(job);
	u32 len = round_up(job->n, 1U << job->dst->blk_shift);

	if (!begin_write(job)) {
		unlock_dst(job);
		refuse(job, -ECANCELED);
		return;
	}
	if (!job->src || (job->dst->thin && is_zero(&job->tio, len)))
		submit(job, job->dst, IET_IO_WRITE_ZEROES,
		       job->dst->thin ? IET_IO_UNMAP : 0, pos, len,
		       after_write);
	else
		submit(job, job->dst, IET_IO_WRITE, 0, pos, len, after_write);
}

/* --- reading and writing by ourselves ------------------------------------- */

static void after_read(struct iet_copy_job *job)
{
	u32 end_of_block = round_up(job->n, 1U << job->dst->blk_shift);
	int err = job->err;

	unlock_src(job);
	if (err) {
		job->reading = true;
		end(job, err);
		return;
	}
	err = job->check(job);
	if (err) {
		refuse(job, err);
		return;
	}
	iet_tio_zero(&job->tio, job->n, end_of_block - job->n);
	lock_dst(job, write_chunk);
}

static void read_chunk(struct iet_copy_job *job)
{
	submit(job, job->src, IET_IO_READ, 0, job->src_pos + offset(job),
	       round_up(job->n, 1U << job->src->blk_shift), after_read);
}

/*
 * How much the next chunk has.  Each but the last of the range begins and ends
 * with a block: backwards the one that may not comes first.
 */
static u64 chunk_len(const struct iet_copy_job *job)
{
	u64 left = job->by_hand - job->copied;

	if (job->backward && left % IET_COPY_CHUNK)
		return left % IET_COPY_CHUNK;
	return min_t(u64, left, IET_COPY_CHUNK);
}

static void copy_by_hand(struct iet_copy_job *job)
{
	int err = 0;

	job->n = chunk_len(job);
	if (!job->tio.size)
		err = iet_tio_alloc(
			&job->tio,
			round_up(min_t(u64, job->len, IET_COPY_CHUNK),
				 BLOCK_MAX),
			IET_GFP_WORKER);
	if (err)
		end(job, err);
	else
		lock_src(job, read_chunk);
}

/* --- copying by the medium ------------------------------------------------ */

static void unlock_both(struct iet_copy_job *job)
{
	if (job->src != job->dst)
		unlock_src(job);
	unlock_dst(job);
}

/* In a worker of its own turn, so that others get theirs. */
static void copy_by_medium(struct iet_copy_job *job)
{
	u64 off = job->copied, n = job->n;
	int err;

	if (!begin_write(job)) {
		unlock_both(job);
		refuse(job, -ECANCELED);
		return;
	}
	err = iet_io_copy_range(job->src, job->src_pos + off, job->dst,
				job->dst_pos + off, &n);
	iet_writer_end(job->dst, &job->writer);
	unlock_both(job);
	if (err == -EOPNOTSUPP) {
		job->by_hand = job->copied + n;
		err = 0;
	} else if (!err) {
		job->copied += n;
		job->cached = true;
	}
	if (err)
		end(job, err);
	else
		in_worker(job, next_step);
}

static void lock_dst_too(struct iet_copy_job *job)
{
	lock_dst(job, copy_by_medium);
}

static void lock_src_too(struct iet_copy_job *job)
{
	lock_src(job, copy_by_medium);
}

/*
 * One range that has both in it, since who holds a range must not wait for
 * another one of the same unit: an exclusive one may have come in between.
 */
static void lock_hull(struct iet_copy_job *job)
{
	u64 src = job->src_pos + job->copied, dst = job->dst_pos + job->copied;

	lock(job, job->dst, &job->dst_span, min(src, dst),
	     max(src, dst) - min(src, dst) + job->n, copy_by_medium);
}

/* --- steps ---------------------------------------------------------------- */

static bool medium_may_copy(const struct iet_copy_job *job)
{
	return !job->backward && job->copied >= job->by_hand &&
	       job->src->iotype == job->dst->iotype &&
	       job->dst->iotype->copy_range && !job->src->crypt &&
	       !job->dst->crypt &&
	       !(job->len & ((1U << job->dst->blk_shift) - 1));
}

static void next_step(struct iet_copy_job *job)
{
	int err = job->check(job);

	if (err) {
		refuse(job, err);
		return;
	}
	if (job->copied == job->len) {
		finish(job);
		return;
	}
	job->n = job->len - job->copied;
	if (!job->src) {
		job->n = min_t(u64, job->n, IET_ZEROES_MAX);
		lock_dst(job, write_chunk);
	} else if (!medium_may_copy(job)) {
		if (job->copied >= job->by_hand)
			job->by_hand = job->len;
		copy_by_hand(job);
	} else if (job->src == job->dst) {
		lock_hull(job);
	} else if (job->src < job->dst) {
		lock_src(job, lock_dst_too);
	} else {
		lock_dst(job, lock_src_too);
	}
}

/**
 * iet_copy_start() - copy a range
 * @job: set as its description says, the rest zeroed
 *
 * Context: any.
 */
void iet_copy_start(struct iet_copy_job *job)
{
	/* two units may have one medium: see share.c */
	job->backward = job->src && job->src->medium == job->dst->medium &&
			job->src_pos < job->dst_pos &&
			job->dst_pos - job->src_pos < job->len;
	job->src_span.granted = src_granted;
	job->dst_span.granted = dst_granted;
	INIT_WORK(&job->work, run_work);
	in_worker(job, next_step);
}
