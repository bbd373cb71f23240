// SPDX-License-Identifier: GPL-2.0-only
/* the parameter list of EXTENDED COPY */
#include <scsi/scsi_proto.h>

#include "ktap.h"
#include "xcopy_list.h"

#define LID1 16
#define LID4 48

static u8 buf[65536];
static struct iet_xcopy_list list;
static struct iet_sense sense;

static u32 put_segments(u32 at, unsigned int nr)
{
	for (; nr; nr--, at += 28) {
		buf[at] = 0x02;
		buf[at + 3] = 0x18;
	}
	return at;
}

static u32 put_cscds(u32 at, unsigned int nr)
{
	for (; nr; nr--, at += 32)
		buf[at] = 0xe4;
	return at;
}

/* A good list; returns its length. */
static u32 lid1(unsigned int cscds, unsigned int segments)
{
	memset(buf, 0, sizeof(buf));
	buf[0] = 77;
	put_unaligned_be16(cscds * 32, buf + 2);
	put_unaligned_be32(segments * 28, buf + 8);
	return put_segments(put_cscds(LID1, cscds), segments);
}

static u32 lid4(unsigned int cscds, unsigned int segments)
{
	memset(buf, 0, sizeof(buf));
	buf[0] = 0x01;
	buf[3] = 0x20;
	buf[16] = 0xff;
	put_unaligned_be32(0x12345678, buf + 20);
	put_unaligned_be16(cscds * 32, buf + 42);
	put_unaligned_be16(segments * 28, buf + 44);
	return put_segments(put_cscds(LID4, cscds), segments);
}

static void good(void)
{
	u32 len = lid1(2, 3);

	CHECK(iet_xcopy_parse(buf, len, false, &list, &sense));
	CHECK_EQ(list.list_id, 77);
	CHECK(list.tracked && !list.immed);
	CHECK_EQ(list.nr_cscds, 2);
	CHECK_EQ(list.cscd_at, LID1);
	CHECK_EQ(list.nr_segments, 3);
	CHECK_EQ(list.segment_at[2], LID1 + 64 + 56);
	/* more may come than is in it */
	CHECK(iet_xcopy_parse(buf, len + 100, false, &list, &sense));
	/* the most that there may be, and nothing at all */
	CHECK(iet_xcopy_parse(buf, lid1(16, 64), false, &list, &sense));
	CHECK(iet_xcopy_parse(buf, lid1(0, 0), false, &list, &sense));
	CHECK_EQ(list.nr_cscds + list.nr_segments, 0);
	buf[0] = 0;
	buf[1] = 3 << 3;
	CHECK(iet_xcopy_parse(buf, LID1, false, &list, &sense));
	CHECK(!list.tracked);

	len = lid4(16, 64);
	buf[15] = 0x01;
	CHECK(iet_xcopy_parse(buf, len, true, &list, &sense));
	CHECK_EQ(list.list_id, 0x12345678);
	CHECK(list.tracked && list.immed);
	CHECK_EQ(list.cscd_at, LID4);
	CHECK_EQ(list.nr_segments, 64);
}

static void segment(void)
{
	struct iet_segment seg;
	u8 d[32] = { 0x02, 0x03, 0, 0x18, 1, 2, 3,  4,	0,  0,	5,  6,	1,  2,
		     3,	   4,	 5, 6,	  7, 8, 11, 12, 13, 14, 15, 16, 17, 18 };

	iet_xcopy_segment(d, &seg);
	CHECK_EQ(seg.src, 0x0102);
	CHECK_EQ(seg.dst, 0x0304);
	CHECK_EQ(seg.nr_blocks, 0x0506);
	CHECK_EQ(seg.src_lba, 0x0102030405060708);
	CHECK_EQ(seg.dst_lba, 0x0b0c0d0e0f101112);
	CHECK(seg.dc && seg.cat);
	d[0] = 0x0a;
	d[28] = 0x21;
	d[31] = 0x32;
	iet_xcopy_segment(d, &seg);
	CHECK_EQ(seg.dst, 0x0304);
	CHECK_EQ(seg.nr_bytes, 0x0506);
	CHECK_EQ(seg.src_lba, 0x0102030405060708);
	CHECK_EQ(seg.dst_lba, 0x0b0c0d0e0f101112);
	CHECK_EQ(seg.src_off, 0x2100);
	CHECK_EQ(seg.dst_off, 0x0032);
	CHECK(seg.cat && !seg.dc && !seg.nr_blocks);
	d[0] = 0x07;
	d[8] = 1;
	iet_xcopy_segment(d, &seg);
	CHECK_EQ(seg.src, 0x0102);
	CHECK(seg.tur && !seg.nr_blocks);
}

/* A good list with one byte changed, or cut short. */
static const struct {
	const char *name;
	u16 at;
	u8 value;
	u16 have; /* 0: all */
	u16 asc;
	int field; /* -1: none */
} lid1_rows[] = {
	{ "one byte", 0, 77, 1, IET_ASC_PARAM_LENGTH, -1 },
	{ "half a header", 0, 77, 15, IET_ASC_PARAM_LENGTH, -1 },
	{ "header only", 0, 77, 16, IET_ASC_PARAM_LENGTH, -1 },
	{ "half a CSCD", 0, 77, 16 + 63, IET_ASC_PARAM_LENGTH, -1 },
	{ "half a segment", 0, 77, 16 + 64 + 27, IET_ASC_PARAM_LENGTH, -1 },
	{ "usage 01b", 1, 1 << 3, 0, IET_ASC_INVALID_FIELD_IN_PARAM, 1 },
	{ "an id that is not used", 1, 3 << 3, 0,
	  IET_ASC_INVALID_FIELD_IN_PARAM, 0 },
	{ "CSCDs beyond the end", 2, 1, 0, IET_ASC_PARAM_LENGTH, -1 },
	{ "CSCDs of 2^16 bytes", 2, 0xff, 0, IET_ASC_PARAM_LENGTH, -1 },
	{ "segments of 2^32 bytes", 8, 0xff, 0, IET_ASC_PARAM_LENGTH, -1 },
	{ "inline data", 15, 1, 0, IET_ASC_INLINE_DATA, -1 },
	{ "CSCDs that are not whole", 3, 63, 0, IET_ASC_INVALID_FIELD_IN_PARAM,
	  2 },
	{ "Fibre Channel", 16, 0xe0, 0, IET_ASC_CSCD_UNSUPPORTED, 16 },
	{ "an extension", 48, 0xff, 0, IET_ASC_CSCD_UNSUPPORTED, 48 },
	{ "block to stream", 80, 0x00, 0, IET_ASC_SEGMENT_UNSUPPORTED, 80 },
	{ "offsets that are not there", 80, 0x0a, 0,
	  IET_ASC_INVALID_FIELD_IN_PARAM, 8 },
	{ "a wrong length", 83, 0x19, 0, IET_ASC_INVALID_FIELD_IN_PARAM, 82 },
	{ "a long length", 82, 0xff, 0, IET_ASC_INVALID_FIELD_IN_PARAM, 82 },
	{ "segments that are not whole", 11, 27, 0,
	  IET_ASC_INVALID_FIELD_IN_PARAM, 8 },
};

static const typeof(lid1_rows[0]) lid4_rows[] = {
	{ "half a header", 0, 1, 47, IET_ASC_PARAM_LENGTH, -1 },
	{ "another format", 0, 0, 0, IET_ASC_INVALID_FIELD_IN_PARAM, 0 },
	{ "no list id", 1, 3 << 3, 0, IET_ASC_INVALID_FIELD_IN_PARAM, 1 },
	{ "header CSCD length", 3, 0x21, 0, IET_ASC_INVALID_FIELD_IN_PARAM, 2 },
	{ "G_SENSE", 15, 2, 0, IET_ASC_INVALID_FIELD_IN_PARAM, 15 },
	{ "header CSCD type", 16, 0xe4, 0, IET_ASC_INVALID_FIELD_IN_PARAM, 16 },
	{ "inline data", 47, 1, 0, IET_ASC_INLINE_DATA, -1 },
	{ "segments beyond the end", 45, 29, 0, IET_ASC_PARAM_LENGTH, -1 },
};

static void check_refused(const typeof(lid1_rows[0]) *row, u32 len, bool four)
{
	bool before = ktap_ok;

	buf[row->at] = row->value;
	CHECK(!iet_xcopy_parse(buf, row->have ?: len, four, &list, &sense));
	CHECK_EQ(sense.key, ILLEGAL_REQUEST);
	CHECK_EQ(sense.asc, row->asc);
	CHECK_EQ(!!(sense.flags & IET_SENSE_FIELD), row->field >= 0);
	if (row->field >= 0)
		CHECK_EQ(sense.field, row->field);
	CHECK_ROW(row->name, before);
}

static void refused(void)
{
	unsigned int i;
	u32 len;

	for (i = 0; i < ARRAY_SIZE(lid1_rows); i++) {
		len = lid1(2, 1);
		check_refused(&lid1_rows[i], len, false);
	}
	for (i = 0; i < ARRAY_SIZE(lid4_rows); i++) {
		len = lid4(2, 1);
		check_refused(&lid4_rows[i], len, true);
	}
}

static void too_many(void)
{
	CHECK(!iet_xcopy_parse(buf, lid1(17, 1), false, &list, &sense));
	CHECK_EQ(sense.asc, IET_ASC_TOO_MANY_CSCDS);
	CHECK(!iet_xcopy_parse(buf, lid1(1, 65), false, &list, &sense));
	CHECK_EQ(sense.asc, IET_ASC_TOO_MANY_SEGMENTS);
	CHECK(!iet_xcopy_parse(buf, lid1(17, 73), false, &list, &sense));
	CHECK_EQ(sense.asc, IET_ASC_PARAM_LENGTH);
}

/* Whatever comes, nothing is read beyond what has come. */
static void noise(void)
{
	unsigned int i, j;
	u8 *exact;
	u32 have;

	for (i = 0; i < 20000; i++) {
		have = 1 + rand() % 400;
		exact = malloc(have);
		lid1(i % 3, i % 5);
		for (j = 0; j < 4; j++)
			buf[rand() % have] = rand();
		memcpy(exact, buf, have);
		if (iet_xcopy_parse(exact, have, i & 1, &list, &sense))
			for (j = 0; j < list.nr_segments; j++)
				CHECK(list.segment_at[j] + 12 <= have);
		free(exact);
	}
}

int main(void)
{
	ktap_run(good);
	ktap_run(segment);
	ktap_run(refused);
	ktap_run(too_many);
	ktap_run(noise);
	return ktap_done();
}
