// SPDX-License-Identifier: GPL-2.0-only
/* Segment arithmetic of a tio. */
#include "ktap.h"
#include "tio_math.h"

#define P PAGE_SIZE
#define MAX (16U << 20)
#define S PAGE_SHIFT
#define L IET_TIO_LARGE_SHIFT
#define B (1U << L)

struct range_case {
	const char *name;
	u8 shift;
	u32 off, len;
	u32 seg, seg_off, piece, nr_segs;
};

static const struct range_case range_cases[] = {
	{ "nothing", S, 0, 0, 0, 0, 0, 0 },
	{ "nothing, within a segment", S, 100, 0, 0, 100, 0, 0 },
	{ "one byte", S, 0, 1, 0, 0, 1, 1 },
	{ "last byte of a segment", S, P - 1, 1, 0, P - 1, 1, 1 },
	{ "two bytes across", S, P - 1, 2, 0, P - 1, 1, 2 },
	{ "a segment", S, 0, P, 0, 0, P, 1 },
	{ "a segment and a byte", S, 0, P + 1, 0, 0, P, 2 },
	{ "a segment, shifted", S, 512, P, 0, 512, P - 512, 2 },
	{ "to the end of a segment", S, 512, P - 512, 0, 512, P - 512, 1 },
	{ "second segment", S, P, P, 1, 0, P, 1 },
	{ "three by two bytes", S, 2 * P - 1, P + 2, 1, P - 1, 1, 3 },
	{ "the largest", S, 0, MAX, 0, 0, P, MAX / P },
	{ "large: nothing", L, 0, 0, 0, 0, 0, 0 },
	{ "large: a segment", L, 0, B, 0, 0, B, 1 },
	{ "large: a page of it", L, P, P, 0, P, P, 1 },
	{ "large: a segment and a byte", L, 0, B + 1, 0, 0, B, 2 },
	{ "large: last byte of a segment", L, B - 1, 1, 0, B - 1, 1, 1 },
	{ "large: two bytes across", L, B - 1, 2, 0, B - 1, 1, 2 },
	{ "large: second segment", L, B, P, 1, 0, P, 1 },
	{ "large: the largest", L, 0, MAX, 0, 0, B, MAX / B },
	{ "large: no overflow", L, UINT32_MAX, UINT32_MAX, UINT32_MAX / B,
	  B - 1, 1, UINT32_MAX / B + 2 },
	{ "no overflow", S, UINT32_MAX, UINT32_MAX, UINT32_MAX / P, P - 1, 1,
	  UINT32_MAX / P + 2 },
};

static void test_ranges(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(range_cases); i++) {
		const struct range_case *c = &range_cases[i];
		bool before = ktap_ok;

		CHECK_EQ(iet_tio_seg(c->shift, c->off), c->seg);
		CHECK_EQ(iet_tio_seg_off(c->shift, c->off), c->seg_off);
		CHECK_EQ(iet_tio_piece(c->shift, c->off, c->len), c->piece);
		CHECK_EQ(iet_tio_nr_segs(c->shift, c->off, c->len), c->nr_segs);
		CHECK_ROW(c->name, before);
	}
}

/* Segment by segment, and piece by piece, a transfer is as long as it is. */
static void check_sums(u8 shift, u32 size)
{
	u32 nr = iet_tio_nr_segs(shift, 0, size);
	u32 sum = 0, off = 0, pieces = 0;

	for (u32 seg = 0; seg < nr; seg++) {
		u32 len = iet_tio_seg_len(shift, size, seg);

		CHECK(len > 0 && (len == 1U << shift || seg == nr - 1));
		sum += len;
	}
	CHECK_EQ(sum, size);
	for (; off < size; off += iet_tio_piece(shift, off, size - off)) {
		CHECK_EQ(iet_tio_seg(shift, off), pieces);
		pieces++;
	}
	CHECK_EQ(off, size);
	CHECK_EQ(pieces, nr);
}

static void test_sums(void)
{
	static const u32 sizes[] = { 0,	    1,	       511,	512,   P - 1,
				     P,	    P + 1,     2 * P,	65536, 65537,
				     P * 8, P * 8 + 1, MAX - 1, MAX };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		check_sums(S, sizes[i]);
		check_sums(L, sizes[i]);
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
