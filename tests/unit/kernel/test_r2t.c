// SPDX-License-Identifier: GPL-2.0-only
/* The data of a write (RFC 7143 4.2.5.2, 11.7, 11.8). */
#include "ktap.h"
#include "r2t.h"

static struct iet_r2t begin(u32 total, u32 imm, u32 unsol_end, bool final,
			    u32 burst, u32 max)
{
	struct iet_r2t r;

	iet_r2t_init(&r, burst, max, false);
	iet_r2t_unsolicited(&r, imm, unsol_end, final);
	iet_r2t_set_total(&r, total);
	return r;
}

static void check_r2t(struct iet_r2t *r, u32 want_sn, u32 want_off,
		      u32 want_len)
{
	u32 sn, off, len;

	CHECK(iet_r2t_pending(r));
	CHECK(iet_r2t_next(r, &sn, &off, &len));
	CHECK_EQ(sn, want_sn);
	CHECK_EQ(off, want_off);
	CHECK_EQ(len, want_len);
}

static void test_all_immediate(void)
{
	struct iet_r2t r = begin(4096, 4096, 4096, true, 65536, 1);

	CHECK(iet_r2t_complete(&r));
	CHECK(!iet_r2t_pending(&r));
}

static void test_no_data(void)
{
	struct iet_r2t r = begin(0, 0, 0, true, 65536, 1);

	CHECK(iet_r2t_complete(&r));
	CHECK(!iet_r2t_pending(&r));
}

static void test_bursts(void)
{
	struct iet_r2t r = begin(20000, 1000, 8192, true, 8192, 2);

	check_r2t(&r, 0, 1000, 8192);
	check_r2t(&r, 1, 9192, 8192);
	CHECK(!iet_r2t_pending(&r));
	/* the first is filled in two PDUs */
	CHECK_EQ(iet_r2t_data_out(&r, true, 0, 0, 1000, 4096, false),
		 IET_R2T_OK);
	CHECK_EQ(iet_r2t_data_out(&r, true, 0, 1, 5096, 4096, true),
		 IET_R2T_OK);
	check_r2t(&r, 2, 17384, 2616);
	CHECK_EQ(iet_r2t_data_out(&r, true, 1, 0, 9192, 8192, true),
		 IET_R2T_OK);
	CHECK(!iet_r2t_complete(&r));
	CHECK_EQ(iet_r2t_data_out(&r, true, 2, 0, 17384, 2616, true),
		 IET_R2T_OK);
	CHECK(iet_r2t_complete(&r));
	CHECK(!iet_r2t_pending(&r));
}

static void test_unsolicited(void)
{
	struct iet_r2t r = begin(16384, 512, 8192, false, 16384, 1);

	CHECK(!iet_r2t_pending(&r));
	CHECK_EQ(iet_r2t_data_out(&r, false, 0, 0, 512, 3584, false),
		 IET_R2T_OK);
	CHECK(!iet_r2t_pending(&r));
	/* shorter than FirstBurstLength is legal: the F bit ends it */
	CHECK_EQ(iet_r2t_data_out(&r, false, 0, 1, 4096, 1024, true),
		 IET_R2T_OK);
	check_r2t(&r, 0, 5120, 11264);
	CHECK_EQ(iet_r2t_data_out(&r, true, 0, 0, 5120, 11264, true),
		 IET_R2T_OK);
	CHECK(iet_r2t_complete(&r));
}

/* The command wants less than the initiator sends unasked. */
static void test_unwanted(void)
{
	struct iet_r2t r = begin(512, 512, 4096, false, 65536, 1);

	CHECK(!iet_r2t_complete(&r));
	CHECK_EQ(iet_r2t_data_out(&r, false, 0, 0, 512, 3584, true),
		 IET_R2T_OK);
	CHECK(iet_r2t_complete(&r));

	/* it failed before any data came */
	r = begin(0, 0, 4096, false, 65536, 1);
	CHECK(!iet_r2t_complete(&r));
	CHECK_EQ(iet_r2t_data_out(&r, false, 0, 0, 0, 4096, true), IET_R2T_OK);
	CHECK(iet_r2t_complete(&r));
}

/* An empty Data-Out with the F bit ends the unsolicited sequence. */
static void test_empty_final(void)
{
	struct iet_r2t r = begin(8192, 4096, 8192, false, 65536, 1);

	CHECK_EQ(iet_r2t_data_out(&r, false, 0, 0, 4096, 0, true), IET_R2T_OK);
	check_r2t(&r, 0, 4096, 4096);
}

struct bad_row {
	const char *name;
	bool solicited;
	u32 r2t_sn, data_sn, offset, len;
	bool final;
	enum iet_r2t_verdict want;
};

/* one R2T is open: bytes 4096 to 12287; 1000 have come */
static const struct bad_row solicited_rows[] = {
	{ "right", true, 0, 1, 5096, 7192, true, IET_R2T_OK },
	{ "unsolicited", false, 0, 1, 5096, 7192, true, IET_R2T_BAD_TAG },
	{ "next R2T's tag", true, 1, 1, 5096, 7192, true, IET_R2T_BAD_TAG },
	{ "DataSN again", true, 0, 0, 5096, 7192, true, IET_R2T_BAD_SN },
	{ "DataSN skipped", true, 0, 2, 5096, 7192, true, IET_R2T_BAD_SN },
	{ "gap", true, 0, 1, 5097, 7191, true, IET_R2T_BAD_OFFSET },
	{ "byte again", true, 0, 1, 5095, 7193, true, IET_R2T_BAD_OFFSET },
	{ "before the start", true, 0, 1, 0, 512, false, IET_R2T_BAD_OFFSET },
	{ "wrapping", true, 0, 1, 0xfffffff0, 0x20, false, IET_R2T_BAD_OFFSET },
	{ "too long", true, 0, 1, 5096, 7193, true, IET_R2T_TOO_LONG },
	{ "much too long", true, 0, 1, 5096, 0xffffff, true, IET_R2T_TOO_LONG },
	{ "too short", true, 0, 1, 5096, 7191, true, IET_R2T_TOO_SHORT },
	{ "not final", true, 0, 1, 5096, 7192, false, IET_R2T_NOT_FINAL },
};

static void test_bad_solicited(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(solicited_rows); i++) {
		const struct bad_row *b = &solicited_rows[i];
		struct iet_r2t r = begin(65536, 4096, 4096, true, 8192, 1);
		struct iet_r2t before_r;
		bool before = ktap_ok;

		check_r2t(&r, 0, 4096, 8192);
		CHECK_EQ(iet_r2t_data_out(&r, true, 0, 0, 4096, 1000, false),
			 IET_R2T_OK);
		before_r = r;
		CHECK_EQ(iet_r2t_data_out(&r, b->solicited, b->r2t_sn,
					  b->data_sn, b->offset, b->len,
					  b->final),
			 b->want);
		if (b->want != IET_R2T_OK)
			CHECK(!memcmp(&r, &before_r, sizeof(r)));
		CHECK_ROW(b->name, before);
	}
}

/* 512 bytes of at most 4096 have come as immediate data */
static const struct bad_row unsolicited_rows[] = {
	{ "right", false, 0, 0, 512, 3584, true, IET_R2T_OK },
	{ "solicited", true, 0, 0, 512, 3584, true, IET_R2T_BAD_TAG },
	{ "over FirstBurst", false, 0, 0, 512, 3585, true, IET_R2T_TOO_LONG },
	{ "gap", false, 0, 0, 1024, 512, false, IET_R2T_BAD_OFFSET },
	{ "DataSN", false, 0, 1, 512, 512, false, IET_R2T_BAD_SN },
};

static void test_bad_unsolicited(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(unsolicited_rows); i++) {
		const struct bad_row *b = &unsolicited_rows[i];
		struct iet_r2t r = begin(65536, 512, 4096, false, 8192, 1);
		bool before = ktap_ok;

		CHECK_EQ(iet_r2t_data_out(&r, b->solicited, b->r2t_sn,
					  b->data_sn, b->offset, b->len,
					  b->final),
			 b->want);
		CHECK_ROW(b->name, before);
	}
}

/* After an error only the ends of the open sequences count. */
static void test_draining(void)
{
	struct iet_r2t r = begin(65536, 0, 0, true, 8192, 2);

	check_r2t(&r, 0, 0, 8192);
	check_r2t(&r, 1, 8192, 8192);
	iet_r2t_fail(&r);
	CHECK(!iet_r2t_pending(&r));
	CHECK_EQ(iet_r2t_data_out(&r, true, 5, 77, 1, 2, false), IET_R2T_OK);
	CHECK(!iet_r2t_complete(&r));
	CHECK_EQ(iet_r2t_data_out(&r, true, 0, 77, 1, 2, true), IET_R2T_OK);
	CHECK(!iet_r2t_complete(&r));
	CHECK_EQ(iet_r2t_data_out(&r, true, 1, 0, 8192, 8192, true),
		 IET_R2T_OK);
	CHECK(iet_r2t_complete(&r));

	r = begin(65536, 0, 4096, false, 8192, 2);
	iet_r2t_fail(&r);
	CHECK(!iet_r2t_complete(&r));
	CHECK_EQ(iet_r2t_data_out(&r, false, 0, 9, 9, 9, true), IET_R2T_OK);
	CHECK(iet_r2t_complete(&r));
}

static void test_after_the_end(void)
{
	struct iet_r2t r = begin(512, 512, 512, true, 8192, 1);

	CHECK_EQ(iet_r2t_data_out(&r, false, 0, 0, 512, 512, true),
		 IET_R2T_BAD_TAG);
	CHECK_EQ(iet_r2t_data_out(&r, true, 0, 0, 512, 512, true),
		 IET_R2T_BAD_TAG);
}

/* Whatever the sizes, each byte is asked for once and in order. */
static void test_sums(void)
{
	u32 seed = 7;

	for (int i = 0; i < 20000; i++) {
		u32 total, imm, burst, max, next, sn, off, len;
		struct iet_r2t r;

		seed = seed * 1664525 + 1013904223;
		total = seed >> 8;
		burst = 512 + (seed & 0xffff) * 64;
		imm = total ? (seed >> 4) % (total + 1) : 0;
		max = 1 + (seed >> 20) % 64;
		r = begin(total, imm, imm, true, burst, max);
		next = imm;
		while (!iet_r2t_complete(&r)) {
			while (iet_r2t_next(&r, &sn, &off, &len)) {
				CHECK_EQ(off, next);
				CHECK(len > 0 && len <= burst);
				next += len;
			}
			CHECK(r.sent - r.filled <= max);
			CHECK(r.filled < r.sent);
			if (!ktap_ok)
				return;
			while (r.filled < r.sent) {
				len = min(burst, total - r.off);
				CHECK_EQ(iet_r2t_data_out(&r, true, r.filled, 0,
							  r.off, len, true),
					 IET_R2T_OK);
				if (!ktap_ok)
					return;
			}
		}
		CHECK_EQ(next, total);
	}
}

/* ErrorRecoveryLevel 1: one R2T at a time, whatever was negotiated (13.19) */
static struct iet_r2t begin_recovery(u32 total, u32 imm, bool final)
{
	struct iet_r2t r;

	iet_r2t_init(&r, 8192, 4, true);
	iet_r2t_unsolicited(&r, imm, 8192, final);
	iet_r2t_set_total(&r, total);
	return r;
}

/* DataSN skipped: the rest of the sequence is ignored, then asked for again */
static void test_gap(void)
{
	struct iet_r2t r = begin_recovery(16384, 0, true);

	check_r2t(&r, 0, 0, 8192);
	CHECK(!iet_r2t_pending(&r));
	CHECK_EQ(iet_r2t_data_out(&r, true, 0, 0, 0, 1000, false), IET_R2T_OK);
	CHECK_EQ(iet_r2t_data_out(&r, true, 0, 2, 3000, 1000, false),
		 IET_R2T_IGNORE);
	/* too late, or it would be in order */
	CHECK_EQ(iet_r2t_data_out(&r, true, 0, 1, 1000, 2000, false),
		 IET_R2T_IGNORE);
	CHECK(!iet_r2t_pending(&r));
	CHECK_EQ(iet_r2t_data_out(&r, true, 0, 3, 4000, 4192, true),
		 IET_R2T_IGNORE);
	CHECK(!iet_r2t_complete(&r));
	check_r2t(&r, 1, 1000, 8192);
	CHECK_EQ(iet_r2t_data_out(&r, true, 1, 0, 1000, 8192, true),
		 IET_R2T_OK);
	check_r2t(&r, 2, 9192, 7192);
	CHECK_EQ(iet_r2t_data_out(&r, true, 2, 0, 9192, 7192, true),
		 IET_R2T_OK);
	CHECK(iet_r2t_complete(&r));
}

/* What has come already is ignored, even if it seems to end the sequence. */
static void test_duplicate(void)
{
	struct iet_r2t r = begin_recovery(8192, 0, true);

	check_r2t(&r, 0, 0, 8192);
	CHECK_EQ(iet_r2t_data_out(&r, true, 0, 0, 0, 4096, false), IET_R2T_OK);
	CHECK_EQ(iet_r2t_data_out(&r, true, 0, 0, 0, 4096, true),
		 IET_R2T_IGNORE);
	CHECK(!iet_r2t_pending(&r));
	CHECK_EQ(iet_r2t_data_out(&r, true, 0, 1, 4096, 4096, true),
		 IET_R2T_OK);
	CHECK(iet_r2t_complete(&r));
}

static void test_damaged(void)
{
	struct iet_r2t r = begin_recovery(16384, 0, true);

	/* in the middle of a sequence */
	check_r2t(&r, 0, 0, 8192);
	CHECK_EQ(iet_r2t_data_out(&r, true, 0, 0, 0, 4096, false), IET_R2T_OK);
	iet_r2t_lost(&r, 0, false);
	CHECK_EQ(iet_r2t_data_out(&r, true, 0, 1, 4096, 4096, true),
		 IET_R2T_IGNORE);
	/* its end */
	check_r2t(&r, 1, 0, 8192);
	CHECK_EQ(iet_r2t_data_out(&r, true, 1, 0, 0, 4096, false), IET_R2T_OK);
	CHECK_EQ(iet_r2t_data_out(&r, true, 1, 1, 4096, 4096, true),
		 IET_R2T_OK);
	iet_r2t_lost(&r, 4096, true);
	check_r2t(&r, 2, 4096, 8192);
	/* the end of the data */
	CHECK_EQ(iet_r2t_data_out(&r, true, 2, 0, 4096, 8192, true),
		 IET_R2T_OK);
	check_r2t(&r, 3, 12288, 4096);
	CHECK_EQ(iet_r2t_data_out(&r, true, 3, 0, 12288, 4096, true),
		 IET_R2T_OK);
	CHECK(iet_r2t_complete(&r));
	iet_r2t_lost(&r, 12288, true);
	CHECK(!iet_r2t_complete(&r));
	check_r2t(&r, 4, 12288, 4096);
}

static void test_damaged_unsolicited(void)
{
	struct iet_r2t r = begin_recovery(6000, 1000, false);

	CHECK_EQ(iet_r2t_data_out(&r, false, 0, 0, 1000, 2000, false),
		 IET_R2T_OK);
	iet_r2t_lost(&r, 1000, false);
	CHECK_EQ(iet_r2t_data_out(&r, false, 0, 1, 3000, 3000, true),
		 IET_R2T_IGNORE);
	check_r2t(&r, 0, 1000, 5000);

	/* all there was came unasked, and its last PDU is damaged */
	r = begin_recovery(6000, 1000, false);
	CHECK_EQ(iet_r2t_data_out(&r, false, 0, 0, 1000, 5000, true),
		 IET_R2T_OK);
	CHECK(iet_r2t_complete(&r));
	iet_r2t_lost(&r, 1000, true);
	CHECK(!iet_r2t_complete(&r));
	check_r2t(&r, 0, 1000, 5000);

	/* what is damaged is not wanted anyway */
	r = begin_recovery(1000, 1000, false);
	CHECK_EQ(iet_r2t_data_out(&r, false, 0, 0, 1000, 5000, true),
		 IET_R2T_OK);
	iet_r2t_lost(&r, 1000, true);
	CHECK(iet_r2t_complete(&r));
}

static void test_r2t_again(void)
{
	struct iet_r2t r = begin_recovery(16384, 0, true);
	u32 sn = 9, off, len;

	CHECK(!iet_r2t_again(&r, &sn, &off, &len));
	check_r2t(&r, 0, 0, 8192);
	CHECK_EQ(iet_r2t_data_out(&r, true, 0, 0, 0, 8192, true), IET_R2T_OK);
	CHECK(!iet_r2t_again(&r, &sn, &off, &len));
	check_r2t(&r, 1, 8192, 8192);
	CHECK_EQ(iet_r2t_data_out(&r, true, 1, 0, 8192, 512, false),
		 IET_R2T_OK);
	CHECK(iet_r2t_again(&r, &sn, &off, &len));
	CHECK_EQ(sn, 1);
	CHECK_EQ(off, 8192);
	CHECK_EQ(len, 8192);
}

/* The connection ends: what has come stays, the rest is asked for. */
static void test_restart(void)
{
	struct iet_r2t r = begin_recovery(16384, 512, false);

	CHECK_EQ(iet_r2t_data_out(&r, false, 0, 0, 512, 512, false),
		 IET_R2T_OK);
	iet_r2t_restart(&r);
	check_r2t(&r, 0, 1024, 8192);
	CHECK_EQ(iet_r2t_data_out(&r, true, 0, 0, 1024, 1024, false),
		 IET_R2T_OK);
	iet_r2t_restart(&r);
	check_r2t(&r, 1, 2048, 8192);
	iet_r2t_restart(&r);
	check_r2t(&r, 2, 2048, 8192);
	iet_r2t_fail(&r);
	CHECK(!iet_r2t_complete(&r));
	iet_r2t_restart(&r);
	CHECK(iet_r2t_complete(&r));
}

/* Silence: the same is asked for again, or the rest. */
static void test_silence(void)
{
	struct iet_r2t r = begin_recovery(16384, 512, false);

	/* the unsolicited data stops, and comes late */
	CHECK(!iet_r2t_untouched(&r));
	CHECK_EQ(iet_r2t_data_out(&r, false, 0, 0, 512, 512, false),
		 IET_R2T_OK);
	iet_r2t_restart(&r);
	CHECK_EQ(iet_r2t_data_out(&r, false, 0, 1, 1024, 512, false),
		 IET_R2T_IGNORE);
	check_r2t(&r, 0, 1024, 8192);
	CHECK_EQ(iet_r2t_data_out(&r, false, 0, 2, 1536, 512, true),
		 IET_R2T_IGNORE);
	/* the R2T is not answered */
	CHECK(iet_r2t_untouched(&r));
	CHECK_EQ(iet_r2t_data_out(&r, true, 0, 0, 1024, 1024, false),
		 IET_R2T_OK);
	CHECK(!iet_r2t_untouched(&r));
	/* not to its end, which comes late */
	iet_r2t_restart(&r);
	check_r2t(&r, 1, 2048, 8192);
	CHECK(iet_r2t_untouched(&r));
	CHECK_EQ(iet_r2t_data_out(&r, true, 0, 1, 2048, 7168, true),
		 IET_R2T_IGNORE);
	CHECK_EQ(iet_r2t_data_out(&r, true, 1, 0, 2048, 8192, true),
		 IET_R2T_OK);
	CHECK(!iet_r2t_untouched(&r));
	check_r2t(&r, 2, 10240, 6144);
	/* of an R2T that is still to be sent nothing can come */
	CHECK_EQ(iet_r2t_data_out(&r, true, 3, 0, 10240, 6144, true),
		 IET_R2T_BAD_TAG);
	CHECK_EQ(iet_r2t_data_out(&r, true, 2, 0, 10240, 6144, true),
		 IET_R2T_OK);
	CHECK(iet_r2t_complete(&r));
	/* a gap, and then nothing more */
	r = begin_recovery(8192, 0, true);
	check_r2t(&r, 0, 0, 8192);
	CHECK_EQ(iet_r2t_data_out(&r, true, 0, 1, 512, 512, false),
		 IET_R2T_IGNORE);
	CHECK(!iet_r2t_untouched(&r));
	iet_r2t_restart(&r);
	check_r2t(&r, 1, 0, 8192);
	/* without recovery what is late is an error */
	r = begin(16384, 0, 0, true, 8192, 1);
	check_r2t(&r, 0, 0, 8192);
	CHECK_EQ(iet_r2t_data_out(&r, true, 0, 0, 0, 8192, true), IET_R2T_OK);
	check_r2t(&r, 1, 8192, 8192);
	CHECK_EQ(iet_r2t_data_out(&r, true, 0, 0, 0, 8192, true),
		 IET_R2T_BAD_TAG);
}

int main(void)
{
	ktap_run(test_all_immediate);
	ktap_run(test_no_data);
	ktap_run(test_bursts);
	ktap_run(test_unsolicited);
	ktap_run(test_unwanted);
	ktap_run(test_empty_final);
	ktap_run(test_bad_solicited);
	ktap_run(test_bad_unsolicited);
	ktap_run(test_draining);
	ktap_run(test_after_the_end);
	ktap_run(test_sums);
	ktap_run(test_gap);
	ktap_run(test_duplicate);
	ktap_run(test_damaged);
	ktap_run(test_damaged_unsolicited);
	ktap_run(test_r2t_again);
	ktap_run(test_restart);
	ktap_run(test_silence);
	return ktap_done();
}
