// SPDX-License-Identifier: GPL-2.0-only
/*
 * EXTENDED COPY (SPC-4 6.4, 6.5): one segment after the other.
 *
 * All that happens here happens in workers; a step of the copying ends in one,
 * which begins the next segment.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <scsi/scsi_proto.h>

#include "compat.h"
#include "copy_engine.h"
#include "copy_op.h"
#include "cscd.h"
#include "opcodes.h"
#include "ready.h"
#include "volume.h"
#include "xcopy_list.h"

#define LID4 0x01 /* service action */

/* fields of a block to block segment descriptor */
#define FIELD_SRC 4
#define FIELD_DST 6
#define FIELD_NR_BYTES 8
#define FIELD_NR_BLOCKS 10
#define FIELD_SRC_LBA 12
#define FIELD_DST_LBA 20
#define FIELD_SRC_OFF 28
#define FIELD_DST_OFF 30

/**
 * struct xcopy - an EXTENDED COPY
 * @c: the operation
 * @list: its parameter list
 * @next: the segment that is to be done next
 * @seg: the segment in progress
 * @self: the unit that got the command, as a source or destination
 * @cscd: the units of the list
 * @job: what is being copied
 * @bytes: the parameter list itself
 *
 * Lifetime: iet_copy.priv.
 */
struct xcopy {
	struct iet_copy *c;
	struct iet_xcopy_list list;
	u16 next;
	struct iet_segment seg;
	struct iet_cscd self;
	struct iet_cscd cscd[IET_XCOPY_CSCDS_MAX];
	struct iet_copy_job job;
	u8 bytes[IET_XCOPY_BYTES_MAX];
};

static void free_units(void *priv)
{
	struct xcopy *x = priv;
	unsigned int i;

	iet_cscd_put(&x->self);
	for (i = 0; i < IET_XCOPY_CSCDS_MAX; i++)
		iet_cscd_put(&x->cscd[i]);
}

/* --- what goes wrong ------------------------------------------------------ */

/* Of the segment, in its own unit, if nothing of it has been copied. */
static u64 whole(const struct xcopy *x)
{
	return x->seg.type == IET_SEGMENT_OFFSETS ? x->seg.nr_bytes :
						    x->seg.nr_blocks;
}

static bool fail(struct xcopy *x, struct iet_copy_fault *f)
{
	f->segment = x->next;
	iet_copy_abort(x->c, f);
	iet_copy_end(x->c);
	return false;
}

/* Before the segment has begun: nothing of it is copied. */
static bool bad_segment(struct xcopy *x, u16 asc, u8 field)
{
	struct iet_copy_fault f = {
		.asc = asc,
		.field = field,
		.residue = whole(x),
	};

	return fail(x, &f);
}

/* What a unit would have said to a command that goes beyond its end. */
static bool out_of_range(struct xcopy *x, bool dst)
{
	struct iet_copy_fault f = {
		.field = dst ? FIELD_DST_LBA : FIELD_SRC_LBA,
		.residue = whole(x),
		.of_dst = dst,
		.status = SAM_STAT_CHECK_CONDITION,
		.sense = { .key = ILLEGAL_REQUEST,
			   .asc = IET_ASC_LBA_OUT_OF_RANGE },
	};

	return fail(x, &f);
}

static bool protected(struct xcopy *x, u16 asc)
{
	struct iet_copy_fault f = {
		.asc = IET_ASC_THIRD_PARTY_FAILURE,
		.residue = whole(x),
		.of_dst = true,
		.status = SAM_STAT_CHECK_CONDITION,
		.sense = { .key = DATA_PROTECT, .asc = asc },
	};

	return fail(x, &f);
}

static u64 residue(const struct xcopy *x)
{
	const struct iet_volume *vol = x->seg.dc ? x->job.dst : x->job.src;

	if (x->seg.type == IET_SEGMENT_OFFSETS)
		return whole(x) - x->job.copied;
	return whole(x) - (x->job.copied >> vol->blk_shift);
}

/* Why it must not go on. */
static void copy_refused(struct xcopy *x, struct iet_copy_fault *f, int err)
{
	f->of_dst = x->c->of_dst;
	switch (err) {
	case -ECANCELED:
		f->asc = IET_ASC_NONE;
		break;
	case -ESHUTDOWN:
		f->asc = IET_ASC_COPY_NOT_REACHABLE;
		break;
	case -ENOMEDIUM:
		f->status = SAM_STAT_CHECK_CONDITION;
		if (!iet_ready_sense(f->of_dst ? x->job.dst : x->job.src, NULL,
				     &f->sense))
			f->sense.key = NOT_READY;
		break;
	default:
		f->status = SAM_STAT_RESERVATION_CONFLICT;
	}
}

static void copy_failed(struct xcopy *x, int err)
{
	struct iet_copy_fault f = {
		.asc = IET_ASC_THIRD_PARTY_FAILURE,
		.residue = residue(x),
		.of_dst = !x->job.reading,
	};

	if (x->job.refused) {
		copy_refused(x, &f, err);
	} else {
		f.status = iet_scsi_explain(err, f.of_dst, &f.sense);
		if (f.sense.key == MEDIUM_ERROR) {
			f.sense.flags = IET_SENSE_INFO;
			f.sense.info = f.of_dst ? x->seg.dst_lba :
						  x->seg.src_lba;
		}
	}
	fail(x, &f);
}

/* --- a segment ------------------------------------------------------------ */

static struct iet_cscd *unit(struct xcopy *x, u16 id)
{
	struct iet_cscd *cscd = NULL;

	if (id == IET_CSCD_SELF)
		cscd = &x->self;
	else if (id < x->list.nr_cscds)
		cscd = &x->cscd[id];
	return cscd && cscd->vol ? cscd : NULL;
}

static bool wrong_type(const struct iet_cscd *cscd)
{
	return !cscd->disk || cscd->block_len != 1U << cscd->vol->blk_shift;
}

/*
 * What a segment with offsets is about.  It begins with a block at both sides:
 * the engine copies blocks.
 */
static u8 set_bytes(struct xcopy *x, const struct iet_cscd *dst)
{
	x->job.len = x->seg.nr_bytes;
	if (x->seg.src_off)
		return FIELD_SRC_OFF;
	if (x->seg.dst_off)
		return FIELD_DST_OFF;
	if (!(x->job.len & ((1U << dst->vol->blk_shift) - 1)))
		return 0;
	return dst->pad && !x->seg.cat ? 0 : FIELD_NR_BYTES;
}

/*
 * How many bytes a segment is about.  What is less than a block of the other
 * unit may be left out or filled up if that one's PAD bit says so (SPC-4
 * table 129); CAT, which would leave it to the next segment, is not obeyed.
 *
 * Return: 0, or the field that says something that can't be done
 */
static u8 set_length(struct xcopy *x, const struct iet_cscd *src,
		     const struct iet_cscd *dst)
{
	u32 shift = x->seg.dc ? dst->vol->blk_shift : src->vol->blk_shift;
	const struct iet_cscd *other = x->seg.dc ? src : dst;
	u64 len = (u64)x->seg.nr_blocks << shift;

	if (x->seg.type == IET_SEGMENT_OFFSETS)
		return set_bytes(x, dst);
	x->job.len = len;
	if (!(len & ((1U << other->vol->blk_shift) - 1)))
		return 0;
	return other->pad && !x->seg.cat ? 0 : FIELD_NR_BLOCKS;
}

static bool within(const struct iet_volume *vol, u64 lba, u64 len)
{
	u64 nr = (len + (1U << vol->blk_shift) - 1) >> vol->blk_shift;
	u64 nr_blocks = READ_ONCE(vol->nr_blocks);

	return lba <= nr_blocks && nr <= nr_blocks - lba;
}

/* The units of the segment in progress, which have been found. */
static int check(struct iet_copy_job *job)
{
	struct xcopy *x = container_of(job, struct xcopy, job);

	return iet_copy_check(x->c, unit(x, x->seg.src), unit(x, x->seg.dst));
}

static void next_segments(struct xcopy *x);

static void copied(struct iet_copy_job *job, int err)
{
	struct xcopy *x = container_of(job, struct xcopy, job);

	iet_copy_ran(x->c);
	if (err) {
		copy_failed(x, err);
		return;
	}
	WRITE_ONCE(x->c->segments, ++x->next);
	next_segments(x);
}

/* Returns true if there is nothing to wait for; so do the others. */
static bool block_to_block(struct xcopy *x)
{
	const struct iet_segment *seg = &x->seg;
	struct iet_cscd *src = unit(x, seg->src), *dst = unit(x, seg->dst);
	struct iet_copy_job *job = &x->job;
	u8 field;
	u16 asc;

	if (!src || !dst)
		return bad_segment(x, IET_ASC_COPY_NOT_REACHABLE,
				   src ? FIELD_DST : FIELD_SRC);
	if (wrong_type(src) || wrong_type(dst))
		return bad_segment(x, IET_ASC_COPY_WRONG_TYPE,
				   wrong_type(src) ? FIELD_SRC : FIELD_DST);
	memset(job, 0, sizeof(*job));
	field = set_length(x, src, dst);
	if (field)
		return bad_segment(x, IET_ASC_INEXACT_SEGMENT, field);
	if (!within(src->vol, seg->src_lba, job->len))
		return out_of_range(x, false);
	if (!within(dst->vol, seg->dst_lba, job->len))
		return out_of_range(x, true);
	asc = dst->read_only ? IET_ASC_WRITE_PROTECTED :
			       iet_scsi_protected(dst->vol);
	if (asc)
		return protected(x, asc);
	if (!job->len)
		return true;
	job->src = src->vol;
	job->dst = dst->vol;
	job->src_pos = seg->src_lba << src->vol->blk_shift;
	job->dst_pos = seg->dst_lba << dst->vol->blk_shift;
	job->check = check;
	job->done = copied;
	iet_copy_run(x->c, job);
	return false;
}

/* Is a unit there, and, with TUR, what would it say to a TEST UNIT READY? */
static bool verify(struct xcopy *x)
{
	const struct iet_cscd *cscd = unit(x, x->seg.src);
	struct iet_copy_fault f = {
		.asc = IET_ASC_THIRD_PARTY_FAILURE,
		.status = SAM_STAT_CHECK_CONDITION,
	};

	if (!cscd)
		return bad_segment(x, IET_ASC_COPY_NOT_REACHABLE, FIELD_SRC);
	if (x->seg.tur && iet_ready_sense(cscd->vol, NULL, &f.sense))
		return fail(x, &f);
	return true;
}

static bool run_segment(struct xcopy *x)
{
	struct iet_copy_fault stopped = { .asc = IET_ASC_NONE };

	iet_xcopy_segment(x->bytes + x->list.segment_at[x->next], &x->seg);
	if (iet_copy_stopped(x->c))
		return fail(x, &stopped);
	return x->seg.type == IET_SEGMENT_VERIFY ? verify(x) :
						   block_to_block(x);
}

static void next_segments(struct xcopy *x)
{
	while (x->next < x->list.nr_segments) {
		if (!run_segment(x))
			return;
		WRITE_ONCE(x->c->segments, ++x->next);
	}
	iet_copy_end(x->c);
}

/* --- the command ---------------------------------------------------------- */

static void find_units(struct xcopy *x, const struct iet_scmd *s)
{
	const u8 *d = x->bytes + x->list.cscd_at;
	unsigned int i;

	iet_cscd_self(s, &x->self);
	for (i = 0; i < x->list.nr_cscds; i++)
		iet_cscd_find(s, d + i * IET_CSCD_LEN, &x->cscd[i]);
}

/* Returns the command's operation, or NULL: its status is set. */
static struct xcopy *begin(struct iet_scmd *s, u32 have)
{
	struct xcopy *x = kzalloc(sizeof(*x), IET_GFP_WORKER);
	struct iet_sense sense;

	if (!x) {
		s->status = SAM_STAT_TASK_SET_FULL;
		return NULL;
	}
	iet_tio_read(&s->tio, 0, x->bytes, have);
	if (!iet_xcopy_parse(x->bytes, have, s->op->sa == LID4, &x->list,
			     &sense)) {
		iet_scsi_check(s, &sense);
		goto err_free;
	}
	/* the list's pages are not needed any more, those of a chunk will be */
	iet_tio_free(&s->tio);
	if (!iet_scsi_charge(s, IET_COPY_CHUNK)) {
		s->status = SAM_STAT_TASK_SET_FULL;
		goto err_free;
	}
	x->c = iet_copy_begin(s, x->list.list_id, x->list.tracked);
	if (!x->c)
		goto err_free;
	x->c->priv = x;
	x->c->free_priv = free_units;
	return x;

err_free:
	kfree(x);
	return NULL;
}

static void xcopy_work(struct iet_scmd *s)
{
	struct xcopy *x = NULL;

	if (!iet_scsi_stopped(s))
		x = begin(s, min(s->out_len, s->edtl));
	if (!x) {
		iet_scsi_end(s, 0);
		return;
	}
	find_units(x, s);
	if (x->list.immed)
		iet_copy_to_background(x->c);
	next_segments(x);
}

/**
 * iet_spc_extended_copy_bytes() - Data-Out of an EXTENDED COPY
 * @s: the command
 *
 * Return: bytes, no more than a list may have
 */
u32 iet_spc_extended_copy_bytes(const struct iet_scmd *s)
{
	return min_t(u32, get_unaligned_be32(s->cdb + 10), IET_XCOPY_BYTES_MAX);
}

/**
 * iet_spc_extended_copy() - EXTENDED COPY(LID1), (LID4), SPC-4 6.4, 6.5
 * @s: the command
 * @gfp: unused
 *
 * Return: see &struct iet_scsi_op
 */
int iet_spc_extended_copy(struct iet_scmd *s, gfp_t gfp)
{
	if (!s->out_len)
		return 0;
	return iet_scsi_in_worker(s, xcopy_work);
}
