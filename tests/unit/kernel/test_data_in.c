// SPDX-License-Identifier: GPL-2.0-only
/* The data of a read (RFC 7143 11.7, 11.16). */
#include "ktap.h"
#include "data_in.h"

static void check_pdu(struct iet_data_in *d, u32 total, u32 seg, u32 sn,
		      u32 off, u32 len, bool final, bool last)
{
	struct iet_data_in_pdu pdu;

	CHECK(iet_data_in_pending(d, total));
	CHECK(iet_data_in_next(d, total, seg, &pdu));
	CHECK_EQ(pdu.sn, sn);
	CHECK_EQ(pdu.off, off);
	CHECK_EQ(pdu.len, len);
	CHECK_EQ(pdu.final, final);
	CHECK_EQ(pdu.last, last);
}

static void check_none(struct iet_data_in *d, u32 total, u32 seg)
{
	struct iet_data_in_pdu pdu;

	CHECK(!iet_data_in_pending(d, total));
	CHECK(!iet_data_in_next(d, total, seg, &pdu));
}

/* 10000 bytes in bursts of 4000 and segments of 1500: 1500 1500 1000 ... */
static struct iet_data_in sent(u32 pdus)
{
	struct iet_data_in d;
	struct iet_data_in_pdu pdu;

	iet_data_in_init(&d, 4000);
	while (pdus--)
		CHECK(iet_data_in_next(&d, 10000, 1500, &pdu));
	return d;
}

static void test_cut(void)
{
	struct iet_data_in d = sent(0);

	check_pdu(&d, 10000, 1500, 0, 0, 1500, false, false);
	check_pdu(&d, 10000, 1500, 1, 1500, 1500, false, false);
	check_pdu(&d, 10000, 1500, 2, 3000, 1000, true, false);
	check_pdu(&d, 10000, 1500, 3, 4000, 1500, false, false);
	check_pdu(&d, 10000, 1500, 4, 5500, 1500, false, false);
	check_pdu(&d, 10000, 1500, 5, 7000, 1000, true, false);
	check_pdu(&d, 10000, 1500, 6, 8000, 1500, false, false);
	check_pdu(&d, 10000, 1500, 7, 9500, 500, true, true);
	check_none(&d, 10000, 1500);
}

static void test_nothing(void)
{
	struct iet_data_in d;

	iet_data_in_init(&d, 4000);
	check_none(&d, 0, 1500);
	CHECK(iet_data_in_again(&d, 0, 0, 0));
	CHECK(!iet_data_in_again(&d, 0, 0, 1));
	check_none(&d, 0, 1500);
}

static void test_again(void)
{
	struct iet_data_in d = sent(8);

	CHECK(iet_data_in_again(&d, 10000, 2, 2));
	check_pdu(&d, 10000, 1500, 2, 3000, 1000, true, false);
	check_pdu(&d, 10000, 1500, 3, 4000, 1500, false, false);
	check_none(&d, 10000, 1500);
	/* the last */
	CHECK(iet_data_in_again(&d, 10000, 7, 1));
	check_pdu(&d, 10000, 1500, 7, 9500, 500, true, true);
	/* from one on */
	CHECK(iet_data_in_again(&d, 10000, 6, 0));
	check_pdu(&d, 10000, 1500, 6, 8000, 1500, false, false);
	check_pdu(&d, 10000, 1500, 7, 9500, 500, true, true);
	check_none(&d, 10000, 1500);
}

/* In the midst of it all, the rest follows. */
static void test_again_early(void)
{
	struct iet_data_in d = sent(4);

	CHECK(iet_data_in_again(&d, 10000, 1, 1));
	check_pdu(&d, 10000, 1500, 1, 1500, 1500, false, false);
	check_pdu(&d, 10000, 1500, 4, 5500, 1500, false, false);
}

/* Two runs: all between them, and none twice for each time it is asked for. */
static void test_runs(void)
{
	struct iet_data_in d = sent(8);

	for (int i = 0; i < 1000; i++) {
		CHECK(iet_data_in_again(&d, 10000, 6, 1));
		CHECK(iet_data_in_again(&d, 10000, 4, 1));
	}
	check_pdu(&d, 10000, 1500, 4, 5500, 1500, false, false);
	check_pdu(&d, 10000, 1500, 5, 7000, 1000, true, false);
	check_pdu(&d, 10000, 1500, 6, 8000, 1500, false, false);
	check_none(&d, 10000, 1500);
}

struct row {
	const char *name;
	u32 sn, run;
	bool want;
};

/* four of eight are sent */
static const struct row rows[] = {
	{ "all", 0, 0, true },
	{ "all, counted", 0, 4, true },
	{ "the last", 3, 1, true },
	{ "one too many", 0, 5, false },
	{ "one after the last", 4, 1, false },
	{ "nothing after the last", 4, 0, true },
	{ "far away", 5, 0, false },
	{ "wrapping", 0xffffffff, 2, false },
	{ "wrapping to the end", 2, 0xffffffff, false },
	{ "all bits", 0xffffffff, 0xffffffff, false },
};

static void test_ranges(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct iet_data_in d = sent(4), was = d;
		bool before = ktap_ok;

		CHECK_EQ(iet_data_in_again(&d, 10000, rows[i].sn, rows[i].run),
			 rows[i].want);
		if (!rows[i].want)
			CHECK(!memcmp(&d, &was, sizeof(d)));
		CHECK_ROW(rows[i].name, before);
	}
}

/* The initiator takes other segments from now on. */
static void test_segment_changes(void)
{
	struct iet_data_in d = sent(4);

	check_pdu(&d, 10000, 3000, 4, 5500, 2500, true, false);
	CHECK(!iet_data_in_again(&d, 10000, 3, 1));
	CHECK(iet_data_in_again(&d, 10000, 4, 1));
	check_pdu(&d, 10000, 3000, 4, 5500, 2500, true, false);
	/* all of which it is known how they were */
	CHECK(iet_data_in_again(&d, 10000, 0, 0));
	check_pdu(&d, 10000, 3000, 4, 5500, 2500, true, false);
	check_pdu(&d, 10000, 3000, 5, 8000, 2000, true, true);
	check_none(&d, 10000, 3000);
}

static void test_restart(void)
{
	struct iet_data_in d = sent(8);

	iet_data_in_restart(&d, 10000, 0);
	check_pdu(&d, 10000, 4000, 0, 0, 4000, true, false);
	check_pdu(&d, 10000, 4000, 1, 4000, 4000, true, false);
	check_pdu(&d, 10000, 4000, 2, 8000, 2000, true, true);
	check_none(&d, 10000, 4000);

	/* on another connection, which knows what came before */
	d = sent(8);
	iet_data_in_restart(&d, 10000, 4);
	check_pdu(&d, 10000, 4000, 4, 5500, 2500, true, false);
	check_pdu(&d, 10000, 4000, 5, 8000, 2000, true, true);

	/* all was there */
	d = sent(8);
	iet_data_in_restart(&d, 10000, 8);
	check_none(&d, 10000, 4000);

	/* not sent at all: ignored (11.5.6) */
	d = sent(4);
	iet_data_in_restart(&d, 10000, 5);
	check_pdu(&d, 10000, 1500, 0, 0, 1500, false, false);
}

/* However it is cut, each PDU is found again as it was. */
static void test_all_cuts(void)
{
	static const u32 sizes[] = { 512, 700, 1000, 1500, 4000, 8192, 10001 };
	struct iet_data_in_pdu pdus[64], again;
	const size_t nr = ARRAY_SIZE(sizes);

	for (size_t i = 0; i < nr * nr * nr * nr; i++) {
		u32 burst = sizes[i % nr], seg = sizes[i / nr % nr];
		u32 total = sizes[i / nr / nr % nr];
		u32 other = sizes[i / nr / nr / nr];
		struct iet_data_in d;
		u32 count = 0, from = 0;

		iet_data_in_init(&d, burst);
		while (iet_data_in_next(&d, total, count < 3 ? other : seg,
					&pdus[count])) {
			if (count == 3 && other != seg)
				from = 3;
			count++;
		}
		CHECK_EQ(d.off, total);
		for (u32 sn = from; sn < count; sn++) {
			CHECK(iet_data_in_again(&d, total, sn, 1));
			CHECK(iet_data_in_next(&d, total, seg, &again));
			CHECK_EQ(again.sn, sn);
			CHECK_EQ(again.off, pdus[sn].off);
			CHECK_EQ(again.len, pdus[sn].len);
			CHECK_EQ(again.final, pdus[sn].final);
			CHECK_EQ(again.last, pdus[sn].last);
		}
		iet_data_in_restart(&d, total, count);
		CHECK(!iet_data_in_pending(&d, total));
	}
}

int main(void)
{
	ktap_run(test_cut);
	ktap_run(test_nothing);
	ktap_run(test_again);
	ktap_run(test_again_early);
	ktap_run(test_runs);
	ktap_run(test_ranges);
	ktap_run(test_segment_changes);
	ktap_run(test_restart);
	ktap_run(test_all_cuts);
	return ktap_done();
}
