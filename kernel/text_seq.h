/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sequences of Text Requests and Responses (RFC 7143 11.10, 11.11): texts that
 * do not fit into one PDU, in either direction.  Plain C.
 *
 * A connection has one sequence at a time.  It begins with a request without a
 * Target Transfer Tag, and ends with the response that has the F bit, with a
 * Reject, with another beginning, or with the connection.  A response without
 * the F bit has a tag, which the next request has to bring back:
 *
 *	request		of a text of theirs	what is answered
 *	F=0, C=1	a part			nothing: C=0, F=0
 *	F=0, C=0	the end			its answers, F=0
 *	F=1, C=0	the end			its answers, F=1
 *
 * Answers that are longer than the initiator's MaxRecvDataSegmentLength go in
 * pieces, all but the last with C=1 and F=0; each is asked for by a request
 * without data (6.2).
 */
#ifndef IET_TEXT_SEQ_H
#define IET_TEXT_SEQ_H

#include <linux/types.h>

#include "iscsi_proto.h"
#include "text_keys.h"

/* all requests of one text; 6.1 wants 16384 bytes to be taken */
#define IET_TEXT_IN_MAX 16384
/* all answers to it: what IET_TEXT_UNKNOWN_MAX keys can make of it */
#define IET_TEXT_OUT_MAX 16384

/**
 * struct iet_text_seq - a sequence
 * @open: there is one
 * @immediate: I bit of its requests
 * @itt: InitiatorTaskTag, as on the wire
 * @ttt: TargetTransferTag; another one for each sequence
 * @in: the request's text so far, NULL: none
 * @in_len: bytes of it
 * @out: answers to be sent
 * @out_pos: bytes of them that have been sent
 * @keys: what it was about so far
 */
struct iet_text_seq {
	bool open;
	bool immediate;
	__be32 itt;
	u32 ttt;
	char *in;
	u32 in_len;
	struct iet_text_buf out;
	u32 out_pos;
	struct iet_text_keys keys;
};

/**
 * struct iet_text_piece - what a Text Response carries
 * @data: its data segment; good until the sequence is used again
 * @len: bytes
 * @flags: F and C bit
 * @ttt: TargetTransferTag, as on the wire
 * @max_recv: what the initiator has declared, with the last response; else 0
 */
struct iet_text_piece {
	const char *data;
	u32 len;
	u8 flags;
	__be32 ttt;
	u32 max_recv;
};

u8 iet_text_begin(struct iet_text_seq *seq, const struct iscsi_text_hdr *req,
		  gfp_t gfp, char **to);
u8 iet_text_take(struct iet_text_seq *seq, const struct iscsi_text_hdr *req,
		 u32 seg, gfp_t gfp, struct iet_text_piece *piece);
void iet_text_end(struct iet_text_seq *seq);

#endif /* IET_TEXT_SEQ_H */
