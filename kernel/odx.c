// SPDX-License-Identifier: GPL-2.0-only
/*
 * POPULATE TOKEN and WRITE USING TOKEN (SBC-3 5.7, 5.46), known as offloaded
 * data transfer.
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
#include "odx.h"
#include "opcodes.h"
#include "ready.h"
#include "rod_token.h"
#include "volume.h"

#define CDB_LIST_ID 6

/* both parameter lists */
#define LIST_FLAGS 2
#define FLAG_IMMED 0x01

/* POPULATE TOKEN */
#define FLAG_RTV 0x02
#define PT_TIMEOUT 4
#define PT_ROD_TYPE 8
#define PT_RANGES_LEN 14
#define PT_RANGES 16

/* WRITE USING TOKEN */
#define FLAG_DEL_TKN 0x02
#define WUT_OFFSET 8
#define WUT_TOKEN 16
#define WUT_RANGES_LEN 534
#define WUT_RANGES 536

#define RANGE_LEN 16
#define TOKEN_LENGTH_AT 6 /* in the token */

#define BYTES_MAX (WUT_RANGES + IET_ROD_RANGES_MAX * RANGE_LEN)

/**
 * struct odx - either command
 * @c: the operation
 * @cmd: the command, while it is in the foreground
 * @span: of POPULATE TOKEN: all of its ranges, and what is between them
 * @work: goes on when that is locked
 * @type: of the ROD
 * @timeout: inactivity timeout, seconds
 * @immed: IMMED bit
 * @del_tkn: DEL_TKN bit
 * @nr: ranges
 * @ranges: the ranges, in bytes
 * @len: bytes in all of them
 * @token: what is written, NULL: zeroes
 * @src: the unit it is of; disk and so on are not used
 * @self: the unit that is written to
 * @offset: into the ROD, bytes
 * @next: the range that is being written
 * @done: what has been written of it, bytes
 * @job: a piece of it
 * @have: how much of @bytes there is
 * @bytes: the parameter list
 *
 * Lifetime: iet_copy.priv.
 */
struct odx {
	struct iet_copy *c;
	struct iet_scmd *cmd;
	struct iet_span span;
	struct work_struct work;
	u32 type;
	u32 timeout;
	bool immed;
	bool del_tkn;
	unsigned int nr;
	struct iet_rod_range ranges[IET_ROD_RANGES_MAX];
	u64 len;
	struct iet_rod_token *token;
	struct iet_volume *src;
	struct iet_cscd self;
	u64 offset;
	unsigned int next;
	u64 done;
	struct iet_copy_job job;
	u32 have;
	u8 bytes[BYTES_MAX];
};

static void free_units(void *priv)
{
	struct odx *o = priv;

	if (o->token)
		iet_rod_put(o->token);
	if (o->src)
		percpu_ref_put(&o->src->ref);
	iet_cscd_put(&o->self);
}

/* --- parameter lists ------------------------------------------------------ */

static bool bad_list(struct iet_scmd *s)
{
	iet_scsi_refuse(s, ILLEGAL_REQUEST, IET_ASC_PARAM_LENGTH);
	return false;
}

static bool bad_field(struct iet_scmd *s, u16 byte)
{
	iet_scsi_invalid_param(s, byte, IET_WHOLE_FIELD);
	return false;
}

static bool overlaps(const struct odx *o, u64 pos, u64 len)
{
	unsigned int i;

	for (i = 0; i < o->nr; i++)
		if (pos < o->ranges[i].pos + o->ranges[i].len &&
		    o->ranges[i].pos < pos + len)
			return true;
	return false;
}

static bool get_range(struct iet_scmd *s, struct odx *o, u32 at)
{
	u64 nr_blocks = READ_ONCE(s->vol->nr_blocks);
	u64 lba = get_unaligned_be64(o->bytes + at);
	u32 nr = get_unaligned_be32(o->bytes + at + 8);
	u64 pos = lba << s->vol->blk_shift, len = (u64)nr << s->vol->blk_shift;

	if (lba > nr_blocks || nr > nr_blocks - lba) {
		iet_scsi_refuse(s, ILLEGAL_REQUEST, IET_ASC_LBA_OUT_OF_RANGE);
		return false;
	}
	if (!nr)
		return true;
	if (overlaps(o, pos, len))
		return bad_field(s, at);
	o->ranges[o->nr++] = (struct iet_rod_range){ pos, len };
	o->len += len;
	return true;
}

/* The block device range descriptors, which end both lists. */
static bool get_ranges(struct iet_scmd *s, struct odx *o, u32 len_at, u32 at)
{
	u32 data_len = get_unaligned_be16(o->bytes) + 2;
	u32 len = get_unaligned_be16(o->bytes + len_at), end = at + len;

	if (len < RANGE_LEN || len % RANGE_LEN)
		return bad_field(s, len_at);
	if (data_len < end)
		return bad_field(s, 0);
	if (len / RANGE_LEN > IET_ROD_RANGES_MAX) {
		iet_scsi_refuse(s, ILLEGAL_REQUEST, IET_ASC_TOO_MANY_SEGMENTS);
		return false;
	}
	if (end > o->have)
		return bad_list(s);
	for (; at < end; at += RANGE_LEN)
		if (!get_range(s, o, at))
			return false;
	return o->len <= IET_ODX_BYTES_MAX || bad_field(s, len_at);
}

/* Returns the state of a command whose list has come, or NULL. */
static struct odx *get_list(struct iet_scmd *s, u32 header)
{
	struct odx *o = kzalloc(sizeof(*o), IET_GFP_WORKER);

	if (!o) {
		s->status = SAM_STAT_TASK_SET_FULL;
		return NULL;
	}
	o->have = min3(s->out_len, s->edtl, (u32)BYTES_MAX);
	iet_tio_read(&s->tio, 0, o->bytes, o->have);
	iet_tio_free(&s->tio);
	o->immed = o->bytes[LIST_FLAGS] & FLAG_IMMED;
	if (o->have >= header)
		return o;
	bad_list(s);
	kfree(o);
	return NULL;
}

/* The operation owns @o from now on; false: it is still the caller's. */
static bool begin(struct iet_scmd *s, struct odx *o)
{
	o->c = iet_copy_begin(s, get_unaligned_be32(s->cdb + CDB_LIST_ID),
			      true);
	if (!o->c)
		return false;
	o->c->priv = o;
	o->c->free_priv = free_units;
	return true;
}

/* --- POPULATE TOKEN ------------------------------------------------------- */

static bool get_type(struct iet_scmd *s, struct odx *o)
{
	o->type = get_unaligned_be32(o->bytes + PT_ROD_TYPE);
	if (!(o->bytes[LIST_FLAGS] & FLAG_RTV))
		o->type = IET_ROD_PIT_DEFAULT;
	switch (o->type) {
	case IET_ROD_PIT_DEFAULT:
	case IET_ROD_PIT_ANY:
		o->type = IET_ROD_PIT_CHANGE_VULNERABLE;
		return true;
	case IET_ROD_PIT_CHANGE_VULNERABLE:
	case IET_ROD_ACCESS_UPON_REFERENCE:
		return true;
	default:
		return bad_field(s, PT_ROD_TYPE);
	}
}

static bool get_populate(struct iet_scmd *s, struct odx *o)
{
	o->timeout = get_unaligned_be32(o->bytes + PT_TIMEOUT);
	if (o->timeout > IET_ROD_TIMEOUT_MAX)
		return bad_field(s, PT_TIMEOUT);
	if (!o->timeout)
		o->timeout = IET_ROD_TIMEOUT;
	return get_type(s, o) && get_ranges(s, o, PT_RANGES_LEN, PT_RANGES);
}

static int make_token(struct odx *o)
{
	struct iet_copy *c = o->c;
	int err;

	c->token = kmalloc(IET_ROD_TOKEN_LEN, IET_GFP_WORKER);
	if (!c->token)
		return -ENOMEM;
	err = iet_rod_create(o->cmd, o->type, o->timeout, o->ranges, o->nr,
			     c->token, IET_GFP_WORKER);
	if (!err) {
		c->bytes = o->len;
		c->segments = o->nr;
		return 0;
	}
	kfree(c->token);
	c->token = NULL;
	return err;
}

/* Status and sense of the operation, but for the token itself */
static void set_populated(struct odx *o)
{
	struct iet_sense sense = { .key = ILLEGAL_REQUEST,
				   .asc = IET_ASC_INSUFFICIENT_RESOURCES };

	if (iet_copy_stopped(o->c)) {
		sense.key = COPY_ABORTED;
		sense.asc = IET_ASC_NONE;
		iet_copy_refuse(o->c, &sense);
		return;
	}
	if (iet_reservation_conflict(o->cmd)) {
		o->c->status = SAM_STAT_RESERVATION_CONFLICT;
		return;
	}
	/* no blocks, no token */
	switch (o->nr ? make_token(o) : 0) {
	case 0:
		break;
	case -ENOMEM:
		o->c->status = SAM_STAT_TASK_SET_FULL;
		break;
	default:
		iet_copy_refuse(o->c, &sense);
	}
}

/* The ranges are locked: nobody is writing to them. */
static void populate(struct work_struct *work)
{
	struct odx *o = container_of(work, struct odx, work);

	set_populated(o);
	iet_span_unlock(&o->c->mgr->spans, &o->span);
	iet_copy_end(o->c);
}

static void populate_granted(struct iet_span *span)
{
	struct odx *o = container_of(span, struct odx, span);

	queue_work(o->c->mgr->wq, &o->work);
}

/* Writes that have begun must end first: a token is not revoked by them. */
static void lock_ranges(struct odx *o)
{
	u32 shift = o->c->mgr->blk_shift;
	unsigned int i;

	o->span.first = U64_MAX;
	for (i = 0; i < o->nr; i++) {
		const struct iet_rod_range *r = &o->ranges[i];

		o->span.first = min(o->span.first, r->pos >> shift);
		o->span.end = max(o->span.end, (r->pos + r->len) >> shift);
	}
	o->span.excl = true;
	o->span.granted = populate_granted;
	INIT_WORK(&o->work, populate);
	if (iet_span_lock(&o->c->mgr->spans, &o->span))
		populate(&o->work);
}

static void populate_token_work(struct iet_scmd *s)
{
	struct odx *o = NULL;

	if (!iet_scsi_stopped(s))
		o = get_list(s, PT_RANGES);
	if (!o) {
		iet_scsi_end(s, 0);
		return;
	}
	if (!get_populate(s, o) || !begin(s, o)) {
		kfree(o);
		iet_scsi_end(s, 0);
		return;
	}
	o->cmd = s;
	lock_ranges(o);
}

/**
 * iet_sbc_populate_token_bytes() - Data-Out of a POPULATE TOKEN
 * @s: the command
 *
 * Return: bytes, no more than a list may have
 */
u32 iet_sbc_populate_token_bytes(const struct iet_scmd *s)
{
	return min_t(u32, get_unaligned_be32(s->cdb + 10),
		     PT_RANGES + IET_ROD_RANGES_MAX * RANGE_LEN);
}

/**
 * iet_sbc_populate_token() - POPULATE TOKEN, SBC-3 5.7
 * @s: the command
 * @gfp: unused
 *
 * With IMMED as without: there is nothing that takes long.
 *
 * Return: see &struct iet_scsi_op
 */
int iet_sbc_populate_token(struct iet_scmd *s, gfp_t gfp)
{
	if (!s->out_len)
		return 0;
	return iet_scsi_in_worker(s, populate_token_work);
}

/* --- WRITE USING TOKEN: the token ----------------------------------------- */

static bool bad_token(struct iet_scmd *s, u16 asc)
{
	iet_scsi_refuse(s, ILLEGAL_REQUEST, asc);
	return false;
}

/* Blocks of one size must not have to be put together from others' parts. */
static bool fits_blocks(const struct odx *o, u32 block_len)
{
	u64 mask = block_len - 1;
	unsigned int i;

	if (o->offset & mask)
		return false;
	for (i = 0; i < o->nr; i++)
		if (o->ranges[i].len & mask)
			return false;
	for (i = 0; i < o->token->nr; i++)
		if (o->token->ranges[i].len & mask)
			return false;
	return true;
}

static bool find_token(struct iet_scmd *s, struct odx *o)
{
	const u8 *token = o->bytes + WUT_TOKEN;
	u16 asc;

	if (get_unaligned_be16(token + TOKEN_LENGTH_AT) !=
	    IET_ROD_TOKEN_LEN - 8)
		return bad_token(s, IET_ASC_TOKEN_LENGTH);
	o->type = get_unaligned_be32(token);
	if (o->type == IET_ROD_BLOCK_ZERO)
		return true;
	if (o->type != IET_ROD_PIT_CHANGE_VULNERABLE &&
	    o->type != IET_ROD_ACCESS_UPON_REFERENCE)
		return bad_token(s, IET_ASC_TOKEN_UNSUPPORTED);
	asc = iet_rod_find(token, &o->token, &o->src);
	if (asc)
		return bad_token(s, asc);
	if (o->offset >= o->token->len)
		return bad_field(s, WUT_OFFSET);
	if (o->len > o->token->len - o->offset)
		return bad_field(s, WUT_RANGES_LEN);
	if (!fits_blocks(o,
			 max(1U << s->vol->blk_shift, 1U << o->src->blk_shift)))
		return bad_field(s, WUT_RANGES_LEN);
	return true;
}

static bool get_write(struct iet_scmd *s, struct odx *o)
{
	u64 offset = get_unaligned_be64(o->bytes + WUT_OFFSET);

	o->del_tkn = o->bytes[LIST_FLAGS] & FLAG_DEL_TKN;
	if (offset > U64_MAX >> s->vol->blk_shift)
		return bad_field(s, WUT_OFFSET);
	o->offset = offset << s->vol->blk_shift;
	return get_ranges(s, o, WUT_RANGES_LEN, WUT_RANGES) && find_token(s, o);
}

/* --- WRITE USING TOKEN: the copying --------------------------------------- */

/* Where in the source a byte of the ROD is, and how many follow it there. */
static u64 locate(const struct iet_rod_token *t, u64 off, u64 *pos)
{
	unsigned int i;

	for (i = 0; off >= t->ranges[i].len; i++)
		off -= t->ranges[i].len;
	*pos = t->ranges[i].pos + off;
	return t->ranges[i].len - off;
}

static int check(struct iet_copy_job *job)
{
	struct odx *o = container_of(job, struct odx, job);
	int err = iet_copy_check(o->c, NULL, &o->self);

	if (err || !o->token)
		return err;
	if (percpu_ref_is_dying(&o->src->ref) ||
	    READ_ONCE(o->src->condition) != IET_READY)
		return -ESHUTDOWN;
	return iet_rod_revoked(o->token) ? -ESTALE : 0;
}

static void write_refused(struct odx *o, int err)
{
	struct iet_sense sense = { .key = COPY_ABORTED };

	switch (err) {
	case -ECANCELED:
		break;
	case -ESHUTDOWN:
		sense.asc = IET_ASC_COPY_NOT_REACHABLE;
		break;
	case -ENOMEDIUM:
		if (!iet_ready_sense(o->self.vol, NULL, &sense))
			sense.key = NOT_READY;
		break;
	case -ESTALE:
		sense.key = ILLEGAL_REQUEST;
		sense.asc = IET_ASC_TOKEN_REVOKED;
		break;
	default:
		o->c->status = SAM_STAT_RESERVATION_CONFLICT;
		return;
	}
	iet_copy_refuse(o->c, &sense);
}

/* The unit that is written to got the command, so that it says so itself. */
static void write_failed(struct odx *o, int err)
{
	struct iet_sense sense;

	o->c->status = iet_scsi_explain(err, true, &sense);
	if (sense.key == MEDIUM_ERROR) {
		sense.flags = IET_SENSE_INFO;
		sense.info = o->job.dst_pos >> o->c->mgr->blk_shift;
	}
	if (o->c->status == SAM_STAT_CHECK_CONDITION)
		iet_copy_refuse(o->c, &sense);
}

static void read_failed(struct odx *o, int err)
{
	struct iet_copy_fault f = { .asc = IET_ASC_THIRD_PARTY_FAILURE };

	f.status = iet_scsi_explain(err, false, &f.sense);
	iet_copy_abort(o->c, &f);
}

static void write_next(struct odx *o);

static void written(struct iet_copy_job *job, int err)
{
	struct odx *o = container_of(job, struct odx, job);

	iet_copy_ran(o->c);
	if (err) {
		if (job->refused)
			write_refused(o, err);
		else if (job->reading)
			read_failed(o, err);
		else
			write_failed(o, err);
		iet_copy_end(o->c);
		return;
	}
	o->done += job->len;
	o->offset += job->len;
	if (o->done == o->ranges[o->next].len) {
		o->done = 0;
		WRITE_ONCE(o->c->segments, ++o->next);
	}
	write_next(o);
}

static void write_next(struct odx *o)
{
	struct iet_copy_job *job = &o->job;

	if (o->next == o->nr) {
		if (o->token && o->del_tkn)
			iet_rod_delete(o->token);
		iet_copy_end(o->c);
		return;
	}
	memset(job, 0, sizeof(*job));
	job->dst = o->self.vol;
	job->dst_pos = o->ranges[o->next].pos + o->done;
	job->len = o->ranges[o->next].len - o->done;
	if (o->token) {
		job->src = o->src;
		job->len = min(job->len,
			       locate(o->token, o->offset, &job->src_pos));
	}
	job->check = check;
	job->done = written;
	iet_copy_run(o->c, job);
}

/* Returns the command's operation, or NULL: its status is set. */
static struct odx *begin_write(struct iet_scmd *s)
{
	struct odx *o = get_list(s, WUT_RANGES);

	if (!o)
		return NULL;
	if (!iet_scsi_charge(s, IET_COPY_CHUNK)) {
		s->status = SAM_STAT_TASK_SET_FULL;
		goto err_free;
	}
	if (!get_write(s, o) || !begin(s, o))
		goto err_free;
	iet_cscd_self(s, &o->self);
	return o;

err_free:
	free_units(o);
	kfree(o);
	return NULL;
}

static void write_using_token_work(struct iet_scmd *s)
{
	struct odx *o = NULL;

	if (!iet_scsi_stopped(s))
		o = begin_write(s);
	if (!o) {
		iet_scsi_end(s, 0);
		return;
	}
	if (o->immed)
		iet_copy_to_background(o->c);
	write_next(o);
}

/**
 * iet_sbc_write_using_token_bytes() - Data-Out of a WRITE USING TOKEN
 * @s: the command
 *
 * Return: bytes, no more than a list may have
 */
u32 iet_sbc_write_using_token_bytes(const struct iet_scmd *s)
{
	return min_t(u32, get_unaligned_be32(s->cdb + 10), BYTES_MAX);
}

/**
 * iet_sbc_write_using_token() - WRITE USING TOKEN, SBC-3 5.46
 * @s: the command
 * @gfp: unused
 *
 * Return: see &struct iet_scsi_op
 */
int iet_sbc_write_using_token(struct iet_scmd *s, gfp_t gfp)
{
	if (!s->out_len)
		return 0;
	return iet_scsi_in_worker(s, write_using_token_work);
}
