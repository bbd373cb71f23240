// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parameter list of EXTENDED COPY: see xcopy_list.h.
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include <scsi/scsi_proto.h>

#include "compat.h"
#include "cscd.h"
#include "xcopy_list.h"

/* LIST ID USAGE */
#define USAGE_HOLD 0
#define USAGE_DISCARD 2
#define USAGE_NONE 3

#define LID1_HEADER 16
#define LID4_HEADER 48
#define LID4_FORMAT 0x01
#define LID4_CSCD_TYPE 0xff /* of the header, as if it were a descriptor */
#define LID4_IMMED 0x01
#define LID4_G_SENSE 0x02

#define SEGMENT_HEADER 4
#define SEGMENT_CAT 0x01
#define SEGMENT_DC 0x02

/* Lengths of the three parts, and where the first begins. */
struct parts {
	u32 header;
	u32 cscds;
	u32 segments;
	u32 inline_data;
	u16 cscds_field;
	u16 segments_field;
};

static const struct {
	u8 type;
	u8 len; /* of the descriptor, with its header */
} segment_types[] = {
	{ IET_SEGMENT_BLOCK_TO_BLOCK, 28 },
	{ IET_SEGMENT_VERIFY, 12 },
	{ IET_SEGMENT_OFFSETS, 32 },
};

static bool refuse(struct iet_sense *sense, u16 asc)
{
	*sense = (struct iet_sense){ .key = ILLEGAL_REQUEST, .asc = asc };
	return false;
}

static bool bad_field(struct iet_sense *sense, u16 asc, u16 field, int bit)
{
	refuse(sense, asc);
	sense->flags = IET_SENSE_FIELD | IET_SENSE_PARAM;
	sense->field = field;
	if (bit >= 0) {
		sense->flags |= IET_SENSE_BIT;
		sense->bit = bit;
	}
	return false;
}

static bool parse_lid1(const u8 *buf, struct iet_xcopy_list *list,
		       struct parts *p, struct iet_sense *sense)
{
	u8 usage = buf[1] >> 3 & 3;

	list->list_id = buf[0];
	list->tracked = usage != USAGE_NONE;
	*p = (struct parts){
		.header = LID1_HEADER,
		.cscds = get_unaligned_be16(buf + 2),
		.segments = get_unaligned_be32(buf + 8),
		.inline_data = get_unaligned_be32(buf + 12),
		.cscds_field = 2,
		.segments_field = 8,
	};
	if (usage != USAGE_HOLD && usage != USAGE_DISCARD &&
	    usage != USAGE_NONE)
		return bad_field(sense, IET_ASC_INVALID_FIELD_IN_PARAM, 1, 4);
	if (usage == USAGE_NONE && list->list_id)
		return bad_field(sense, IET_ASC_INVALID_FIELD_IN_PARAM, 0, 7);
	return true;
}

static bool parse_lid4(const u8 *buf, struct iet_xcopy_list *list,
		       struct parts *p, struct iet_sense *sense)
{
	u8 usage = buf[1] >> 3 & 3;

	list->list_id = get_unaligned_be32(buf + 20);
	list->tracked = true;
	list->immed = buf[15] & LID4_IMMED;
	*p = (struct parts){
		.header = LID4_HEADER,
		.cscds = get_unaligned_be16(buf + 42),
		.segments = get_unaligned_be16(buf + 44),
		.inline_data = get_unaligned_be16(buf + 46),
		.cscds_field = 42,
		.segments_field = 44,
	};
	if (buf[0] != LID4_FORMAT)
		return bad_field(sense, IET_ASC_INVALID_FIELD_IN_PARAM, 0, 7);
	if (usage != USAGE_HOLD && usage != USAGE_DISCARD)
		return bad_field(sense, IET_ASC_INVALID_FIELD_IN_PARAM, 1, 4);
	if (get_unaligned_be16(buf + 2) != IET_CSCD_LEN)
		return bad_field(sense, IET_ASC_INVALID_FIELD_IN_PARAM, 2, 7);
	if (buf[15] & LID4_G_SENSE)
		return bad_field(sense, IET_ASC_INVALID_FIELD_IN_PARAM, 15, 1);
	if (buf[16] != LID4_CSCD_TYPE)
		return bad_field(sense, IET_ASC_INVALID_FIELD_IN_PARAM, 16, 7);
	return true;
}

static bool check_parts(const struct parts *p, u32 have,
			struct iet_sense *sense)
{
	if ((u64)p->cscds + p->segments > IET_XCOPY_LIST_MAX ||
	    p->header + p->cscds + p->segments > have)
		return refuse(sense, IET_ASC_PARAM_LENGTH);
	if (p->inline_data)
		return refuse(sense, IET_ASC_INLINE_DATA);
	if (p->cscds % IET_CSCD_LEN)
		return bad_field(sense, IET_ASC_INVALID_FIELD_IN_PARAM,
				 p->cscds_field, 7);
	return true;
}

static bool check_cscds(const u8 *buf, struct iet_xcopy_list *list,
			const struct parts *p, struct iet_sense *sense)
{
	u32 at;

	list->cscd_at = p->header;
	list->nr_cscds = p->cscds / IET_CSCD_LEN;
	if (list->nr_cscds > IET_XCOPY_CSCDS_MAX)
		return bad_field(sense, IET_ASC_TOO_MANY_CSCDS, p->cscds_field,
				 7);
	for (at = p->header; at < p->header + p->cscds; at += IET_CSCD_LEN)
		if (buf[at] != IET_CSCD_IDENTIFICATION)
			return bad_field(sense, IET_ASC_CSCD_UNSUPPORTED, at,
					 7);
	return true;
}

/* Length of a segment descriptor of that type, 0: there is none */
static u8 segment_len(u8 type)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(segment_types); i++)
		if (segment_types[i].type == type)
			return segment_types[i].len;
	return 0;
}

static bool find_segments(const u8 *buf, struct iet_xcopy_list *list,
			  const struct parts *p, struct iet_sense *sense)
{
	u32 at = p->header + p->cscds, end = at + p->segments;
	u8 len;

	for (; at < end; at += len) {
		if (list->nr_segments == IET_XCOPY_SEGMENTS_MAX)
			return bad_field(sense, IET_ASC_TOO_MANY_SEGMENTS,
					 p->segments_field, 7);
		len = segment_len(buf[at]);
		if (!len)
			return bad_field(sense, IET_ASC_SEGMENT_UNSUPPORTED, at,
					 7);
		if (len > end - at)
			return bad_field(sense, IET_ASC_INVALID_FIELD_IN_PARAM,
					 p->segments_field, 7);
		if (get_unaligned_be16(buf + at + 2) != len - SEGMENT_HEADER)
			return bad_field(sense, IET_ASC_INVALID_FIELD_IN_PARAM,
					 at + 2, 7);
		list->segment_at[list->nr_segments++] = at;
	}
	return true;
}

/**
 * iet_xcopy_parse() - look through a parameter list
 * @buf: the list
 * @have: how much of it has come, bytes; more than 0
 * @lid4: it is that of EXTENDED COPY(LID4)
 * @list: to be set
 * @sense: what is wrong with it
 *
 * Return: false: it is to be refused
 */
bool iet_xcopy_parse(const u8 *buf, u32 have, bool lid4,
		     struct iet_xcopy_list *list, struct iet_sense *sense)
{
	struct parts p;

	memset(list, 0, sizeof(*list));
	if (have < (lid4 ? LID4_HEADER : LID1_HEADER))
		return refuse(sense, IET_ASC_PARAM_LENGTH);
	if (lid4 ? !parse_lid4(buf, list, &p, sense) :
		   !parse_lid1(buf, list, &p, sense))
		return false;
	return check_parts(&p, have, sense) &&
	       check_cscds(buf, list, &p, sense) &&
	       find_segments(buf, list, &p, sense);
}

/**
 * iet_xcopy_segment() - decode a segment descriptor
 * @d: the descriptor, of a list that iet_xcopy_parse() has taken
 * @seg: to be set
 */
void iet_xcopy_segment(const u8 *d, struct iet_segment *seg)
{
	memset(seg, 0, sizeof(*seg));
	seg->type = d[0];
	seg->src = get_unaligned_be16(d + 4);
	if (seg->type == IET_SEGMENT_VERIFY) {
		seg->tur = d[8] & 1;
		return;
	}
	seg->cat = d[1] & SEGMENT_CAT;
	seg->dst = get_unaligned_be16(d + 6);
	seg->src_lba = get_unaligned_be64(d + 12);
	seg->dst_lba = get_unaligned_be64(d + 20);
	if (seg->type == IET_SEGMENT_OFFSETS) {
		seg->nr_bytes = get_unaligned_be32(d + 8);
		seg->src_off = get_unaligned_be16(d + 28);
		seg->dst_off = get_unaligned_be16(d + 30);
	} else {
		seg->dc = d[1] & SEGMENT_DC;
		seg->nr_blocks = get_unaligned_be16(d + 10);
	}
}
