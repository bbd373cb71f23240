// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sequences of Text Requests and Responses: see text_seq.h.
 */
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"
#include "text_seq.h"

static bool has_flag(const struct iscsi_text_hdr *req, u8 flag)
{
	return req->flags & flag;
}

static u32 data_len(const struct iscsi_text_hdr *req)
{
	return iscsi_dlength((const void *)req);
}

static void drop_in(struct iet_text_seq *seq)
{
	kfree(seq->in);
	seq->in = NULL;
	seq->in_len = 0;
}

static void drop_out(struct iet_text_seq *seq)
{
	kfree(seq->out.data);
	seq->out = (struct iet_text_buf){};
	seq->out_pos = 0;
}

/**
 * iet_text_end - the sequence is over
 * @seq: a sequence, or none
 */
void iet_text_end(struct iet_text_seq *seq)
{
	seq->open = false;
	drop_in(seq);
	drop_out(seq);
}

static u8 refuse(struct iet_text_seq *seq, u8 reason)
{
	iet_text_end(seq);
	return reason;
}

static void begin_new(struct iet_text_seq *seq,
		      const struct iscsi_text_hdr *req)
{
	iet_text_end(seq);
	seq->open = true;
	seq->immediate = req->opcode & ISCSI_OP_IMMEDIATE;
	seq->itt = req->itt;
	/* the one after the last one, and never the reserved one */
	if (++seq->ttt == ISCSI_RESERVED_TAG)
		seq->ttt = 0;
	seq->keys.seen = 0;
	seq->keys.nr_unknown = 0;
	seq->keys.max_recv = 0;
}

/* 11.10.3, 11.10.4: does the request go on with what there is? */
static bool continues(const struct iet_text_seq *seq,
		      const struct iscsi_text_hdr *req)
{
	return seq->open && be32_to_cpu(req->ttt) == seq->ttt &&
	       req->itt == seq->itt &&
	       !(req->opcode & ISCSI_OP_IMMEDIATE) == !seq->immediate;
}

/**
 * iet_text_begin - a Text Request is here
 * @seq: the connection's sequence, or none
 * @req: the request
 * @gfp: for its text
 * @to: where its data segment is to be put before iet_text_take(); NULL if it
 *	has none
 *
 * Return: 0, or an enum iscsi_reject_reason, and the sequence is over
 */
u8 iet_text_begin(struct iet_text_seq *seq, const struct iscsi_text_hdr *req,
		  gfp_t gfp, char **to)
{
	u32 len = data_len(req);
	char *text;

	*to = NULL;
	if (req->ttt == cpu_to_be32(ISCSI_RESERVED_TAG))
		begin_new(seq, req);
	else if (!continues(seq, req))
		return refuse(seq, ISCSI_REJECT_PROTOCOL_ERROR);
	/* who is asked to ask for the rest of our text has nothing to say */
	if (seq->out_pos < seq->out.len &&
	    (len || has_flag(req, ISCSI_FLAG_TEXT_CONTINUE)))
		return refuse(seq, ISCSI_REJECT_PROTOCOL_ERROR);
	if (!len)
		return 0;
	if (len > IET_TEXT_IN_MAX - seq->in_len)
		return refuse(seq, ISCSI_REJECT_LONG_OPERATION);
	text = krealloc(seq->in, seq->in_len + len, gfp);
	if (!text)
		return refuse(seq, ISCSI_REJECT_LONG_OPERATION);
	seq->in = text;
	*to = seq->in + seq->in_len;
	seq->in_len += len;
	return 0;
}

/* The text is complete. */
static u8 make_answers(struct iet_text_seq *seq, gfp_t gfp)
{
	bool ok;

	drop_out(seq);
	if (!seq->in)
		return 0;
	seq->out.data = kmalloc(IET_TEXT_OUT_MAX, gfp);
	if (!seq->out.data)
		return ISCSI_REJECT_LONG_OPERATION;
	seq->out.size = IET_TEXT_OUT_MAX;
	ok = iet_text_answer(&seq->keys, seq->in, seq->in_len, &seq->out);
	drop_in(seq);
	if (!ok)
		return ISCSI_REJECT_PROTOCOL_ERROR;
	return seq->out.overflow ? ISCSI_REJECT_LONG_OPERATION : 0;
}

static void next_piece(struct iet_text_seq *seq, bool final, u32 seg,
		       struct iet_text_piece *piece)
{
	u32 rest = seq->out.len - seq->out_pos;

	*piece = (struct iet_text_piece){
		.data = seq->out.data ? seq->out.data + seq->out_pos : NULL,
		.len = min(rest, seg),
		.ttt = cpu_to_be32(seq->ttt),
	};
	seq->out_pos += piece->len;
	if (rest > seg) {
		piece->flags = ISCSI_FLAG_TEXT_CONTINUE;
	} else if (final) {
		piece->flags = ISCSI_FLAG_FINAL;
		piece->ttt = cpu_to_be32(ISCSI_RESERVED_TAG);
		piece->max_recv = seq->keys.max_recv;
	}
}

/**
 * iet_text_take - what is answered to a Text Request
 * @seq: the sequence, after iet_text_begin(), with the target's name and
 *	address in @seq->keys
 * @req: the request
 * @seg: the longest data segment that the initiator takes, bytes
 * @gfp: for the answers
 * @piece: the response; with its F bit the caller calls iet_text_end() when
 *	it has the data
 *
 * Return: 0, or an enum iscsi_reject_reason, and the sequence is over
 */
u8 iet_text_take(struct iet_text_seq *seq, const struct iscsi_text_hdr *req,
		 u32 seg, gfp_t gfp, struct iet_text_piece *piece)
{
	u8 reason = 0;

	if (!has_flag(req, ISCSI_FLAG_TEXT_CONTINUE) &&
	    seq->out_pos == seq->out.len)
		reason = make_answers(seq, gfp);
	if (reason)
		return refuse(seq, reason);
	next_piece(seq, has_flag(req, ISCSI_FLAG_FINAL), seg, piece);
	return 0;
}
