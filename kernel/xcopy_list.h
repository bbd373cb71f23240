/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parameter list of EXTENDED COPY (SPC-4 6.4, 6.5): pure functions.
 */
#ifndef IET_XCOPY_LIST_H
#define IET_XCOPY_LIST_H

#include <linux/types.h>

#include "sense.h"

/* limits, which RECEIVE COPY OPERATING PARAMETERS and VPD page 8F tell */
#define IET_XCOPY_CSCDS_MAX 16
#define IET_XCOPY_SEGMENTS_MAX 64
#define IET_XCOPY_LIST_MAX \
	(IET_XCOPY_CSCDS_MAX * 32 + IET_XCOPY_SEGMENTS_MAX * 32)
/* with the longer one of the two headers */
#define IET_XCOPY_BYTES_MAX (48 + IET_XCOPY_LIST_MAX)

#define IET_SEGMENT_BLOCK_TO_BLOCK 0x02
#define IET_SEGMENT_VERIFY 0x07
#define IET_SEGMENT_OFFSETS 0x0a

/**
 * struct iet_xcopy_list - a parameter list
 * @list_id: LIST IDENTIFIER
 * @tracked: it is used
 * @immed: IMMED bit
 * @nr_cscds: CSCD descriptors
 * @cscd_at: where they begin
 * @nr_segments: segment descriptors
 * @segment_at: where each begins
 */
struct iet_xcopy_list {
	u32 list_id;
	bool tracked;
	bool immed;
	u16 nr_cscds;
	u16 cscd_at;
	u16 nr_segments;
	u16 segment_at[IET_XCOPY_SEGMENTS_MAX];
};

/**
 * struct iet_segment - a segment descriptor
 * @type: its type
 * @dc: the blocks are the destination's
 * @cat: what is left of a block goes to the next segment
 * @tur: of a verification: is the unit ready?
 * @src: CSCD id of the source
 * @dst: CSCD id of the destination
 * @nr_blocks: how many
 * @nr_bytes: how many, if @type is IET_SEGMENT_OFFSETS
 * @src_lba: first block there
 * @dst_lba: first block there
 * @src_off: first byte of that block
 * @dst_off: first byte of that block
 */
struct iet_segment {
	u8 type;
	bool dc;
	bool cat;
	bool tur;
	u16 src;
	u16 dst;
	u16 nr_blocks;
	u32 nr_bytes;
	u64 src_lba;
	u64 dst_lba;
	u16 src_off;
	u16 dst_off;
};

bool iet_xcopy_parse(const u8 *buf, u32 have, bool lid4,
		     struct iet_xcopy_list *list, struct iet_sense *sense);
void iet_xcopy_segment(const u8 *d, struct iet_segment *seg);

#endif /* IET_XCOPY_LIST_H */
