// SPDX-License-Identifier: GPL-2.0-only
/* Segment arithmetic of a tio. */
#include "ktap.h"
#include "tio_math.h"

#define P PAGE_SIZE
#define MAX (16U << 20)

struct range_case {
	const char *name;
	u32 off, len;
	u32 seg, seg_off, piece, nr_segs;
};

static const struct range_case range_cases[] = {
	{ "nothing", 0, 0, 0, 0, 0, 0 },
	{ "nothing, within a segment", 100, 0, 0, 100, 0, 0 },
	{ "one byte", 0, 1, 0, 0, 1, 1 },
	{ "last byte of a segment", P - 1, 1, 0, P - 1, 1, 1 },
	{ "two bytes across", P - 1, 2, 0, P - 1, 1, 2 },
	{ "a segment", 0, P, 0, 0, P, 1 },
	{ "a segment and a byte", 0, P + 1, 0, 0, P, 2 },
	{ "a segment, shifted", 512, P, 0, 512, P - 512, 2 },
	{ "to the end of a segment", 512, P - 512, 0, 512, P - 512, 1 },
	{ "second segment", P, P, 1, 0, P, 1 },
	{ "three by two bytes", 2 * P - 1, P + 2, 1, P - 1, 1, 3 },
	{ "the largest", 0, MAX, 0, 0, P, MAX / P },
	{ "no overflow", UINT32_MAX, UINT32_MAX, UINT32_MAX / P, P - 1, 1,
	  UINT32_MAX / P + 2 },
};

static void test_ranges(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(range_cases); i++) {
		const struct range_case *c = &range_cases[i];
		bool before = ktap_ok;

		CHECK_EQ(iet_tio_seg(c->off), c->seg);
		CHECK_EQ(iet_tio_seg_off(c->off), c->seg_off);
		CHECK_EQ(iet_tio_piece(c->off, c->len), c->piece);
		CHECK_EQ(iet_tio_nr_segs(c->off, c->len), c->nr_segs);
		CHECK_ROW(c->name, before);
	}
}

/* Segment by segment, and piece by piece, a transfer is as long as it is. */
static void test_sums(void)
{
	static const u32 sizes[] = { 0,	    1,	       511,	512,   P - 1,
				     P,	    P + 1,     2 * P,	65536, 65537,
				     P * 8, P * 8 + 1, MAX - 1, MAX };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		u32 size = sizes[i], nr = iet_tio_nr_segs(0, size);
		u32 sum = 0, off = 0, pieces = 0;

		for (u32 seg = 0; seg < nr; seg++) {
			u32 len = iet_tio_seg_len(size, seg);

			CHECK(len > 0 && (len == P || seg == nr - 1));
			sum += len;
		}
		CHECK_EQ(sum, size);
		for (; off < size; off += iet_tio_piece(off, size - off)) {
			CHECK_EQ(iet_tio_seg(off), pieces);
			pieces++;
		}
		CHECK_EQ(off, size);
		CHECK_EQ(pieces, nr);
	}
}

struct clip_case {
	const char *name;
	u32 size, off, len, want;
};

static const struct clip_case clip_cases[] = {
	{ "empty transfer", 0, 0, 1, 0 },
	{ "all of it", 512, 0, 512, 512 },
	{ "too long", 512, 0, 513, 512 },
	{ "begins within, ends beyond", 512, 500, 100, 12 },
	{ "begins at the end", 512, 512, 1, 0 },
	{ "begins beyond", 512, 513, 1, 0 },
	{ "nothing", 512, 5, 0, 0 },
	{ "sum wraps", 512, UINT32_MAX, 513, 0 },
	{ "length wraps", 512, 1, UINT32_MAX, 511 },
};

static void test_clip(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(clip_cases); i++) {
		const struct clip_case *c = &clip_cases[i];
		bool before = ktap_ok;

		CHECK_EQ(iet_tio_clip(c->size, c->off, c->len), c->want);
		CHECK_ROW(c->name, before);
	}
}

int main(void)
{
	ktap_run(test_ranges);
	ktap_run(test_sums);
	ktap_run(test_clip);
	return ktap_done();
}
