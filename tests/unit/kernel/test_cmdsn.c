// SPDX-License-Identifier: GPL-2.0-only
/* The command window (RFC 7143 4.2.2.1). */
#include "ktap.h"
#include "cmdsn.h"

static void test_in_order(void)
{
	struct iet_cmdsn sn;

	iet_cmdsn_init(&sn, 100, 4);
	CHECK_EQ(sn.max, 103);
	CHECK_EQ(iet_cmdsn_arrived(&sn, 100, false), IET_CMDSN_NEXT);
	CHECK_EQ(sn.exp, 101);
	CHECK_EQ(sn.max, 103);
	iet_cmdsn_answered(&sn);
	CHECK_EQ(sn.exp, 101);
	CHECK_EQ(sn.max, 104);
}

static void test_window(void)
{
	struct iet_cmdsn sn;

	iet_cmdsn_init(&sn, 1, 2);
	CHECK_EQ(iet_cmdsn_arrived(&sn, 1, false), IET_CMDSN_NEXT);
	CHECK_EQ(iet_cmdsn_arrived(&sn, 2, false), IET_CMDSN_NEXT);
	/* full: ExpCmdSN is MaxCmdSN + 1 */
	CHECK_EQ(sn.exp, sn.max + 1);
	CHECK_EQ(iet_cmdsn_arrived(&sn, 3, false), IET_CMDSN_OUTSIDE);
	CHECK(iet_cmdsn_outside(&sn, 3));
	CHECK_EQ(sn.exp, 3);
	iet_cmdsn_answered(&sn);
	CHECK_EQ(sn.max, 3);
	CHECK_EQ(iet_cmdsn_arrived(&sn, 3, false), IET_CMDSN_NEXT);
}

/* RFC 7143 7.3: the CmdSN of a rejected command has not been received */
static void test_rejected(void)
{
	struct iet_cmdsn sn;

	iet_cmdsn_init(&sn, 1, 2);
	CHECK_EQ(iet_cmdsn_arrived(&sn, 1, false), IET_CMDSN_NEXT);
	iet_cmdsn_rejected(&sn);
	CHECK_EQ(sn.exp, 1);
	CHECK_EQ(sn.max, 2);
	CHECK_EQ(sn.outstanding, 0);
	CHECK_EQ(iet_cmdsn_arrived(&sn, 1, false), IET_CMDSN_NEXT);
}

/* RFC 7143 11.5.5: a command that never arrives counts as received */
static void test_plugged(void)
{
	struct iet_cmdsn sn;

	iet_cmdsn_init(&sn, 0xfffffffe, 8);
	CHECK(iet_cmdsn_plug(&sn, 0xffffffff));
	CHECK(iet_cmdsn_plug(&sn, 1));
	/* again, before the window, after it */
	CHECK(!iet_cmdsn_plug(&sn, 1));
	CHECK(!iet_cmdsn_plug(&sn, 0xfffffffd));
	CHECK(!iet_cmdsn_plug(&sn, 6));
	CHECK_EQ(sn.nr_plugged, 2);
	iet_cmdsn_skip(&sn);
	CHECK_EQ(sn.exp, 0xfffffffe);
	/* if it comes after all it is ignored */
	CHECK_EQ(iet_cmdsn_arrived(&sn, 1, false), IET_CMDSN_OUTSIDE);
	CHECK_EQ(iet_cmdsn_arrived(&sn, 0xfffffffe, false), IET_CMDSN_NEXT);
	CHECK_EQ(sn.exp, 0xffffffff);
	iet_cmdsn_skip(&sn);
	CHECK_EQ(sn.exp, 0);
	CHECK_EQ(sn.nr_plugged, 1);
	CHECK_EQ(iet_cmdsn_arrived(&sn, 0, false), IET_CMDSN_NEXT);
	iet_cmdsn_skip(&sn);
	CHECK_EQ(sn.exp, 2);
	CHECK_EQ(sn.nr_plugged, 0);
	/* two are outstanding, two were plugged: those hold no place */
	CHECK_EQ(sn.max - sn.exp + 1, 6);
}

/* The whole of the largest window is plugged: no bit is used twice. */
static void test_plugged_window(void)
{
	struct iet_cmdsn sn;

	iet_cmdsn_init(&sn, 100, IET_CMDSN_WINDOW_MAX);
	for (u32 i = IET_CMDSN_WINDOW_MAX; i--;)
		CHECK(iet_cmdsn_plug(&sn, 100 + i));
	iet_cmdsn_skip(&sn);
	CHECK_EQ(sn.exp, 100 + IET_CMDSN_WINDOW_MAX);
	CHECK_EQ(sn.nr_plugged, 0);
	CHECK_EQ(sn.max, sn.exp + IET_CMDSN_WINDOW_MAX - 1);
	CHECK_EQ(iet_cmdsn_arrived(&sn, sn.exp, false), IET_CMDSN_NEXT);
}

struct row {
	const char *name;
	u32 exp, window, cmd_sn;
	bool immediate;
	enum iet_cmdsn_verdict want;
};

static const struct row rows[] = {
	{ "next", 5, 8, 5, false, IET_CMDSN_NEXT },
	{ "gap", 5, 8, 6, false, IET_CMDSN_EARLY },
	{ "last of the window", 5, 8, 12, false, IET_CMDSN_EARLY },
	{ "past the window", 5, 8, 13, false, IET_CMDSN_OUTSIDE },
	{ "duplicate", 5, 8, 4, false, IET_CMDSN_OUTSIDE },
	{ "far away", 5, 8, 0x80000005, false, IET_CMDSN_OUTSIDE },
	{ "immediate, next", 5, 8, 5, true, IET_CMDSN_NEXT },
	{ "immediate, past the window", 5, 8, 13, true, IET_CMDSN_NEXT },
	{ "immediate, overtaken", 5, 8, 4, true, IET_CMDSN_NEXT },
	{ "wrap: next", 0xffffffff, 4, 0xffffffff, false, IET_CMDSN_NEXT },
	{ "wrap: gap", 0xffffffff, 4, 1, false, IET_CMDSN_EARLY },
	{ "wrap: last", 0xffffffff, 4, 2, false, IET_CMDSN_EARLY },
	{ "wrap: outside", 0xffffffff, 4, 3, false, IET_CMDSN_OUTSIDE },
	{ "wrap: before", 0, 4, 0xffffffff, false, IET_CMDSN_OUTSIDE },
};

static void test_verdicts(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		bool before = ktap_ok;
		struct iet_cmdsn sn;

		iet_cmdsn_init(&sn, r->exp, r->window);
		CHECK_EQ(iet_cmdsn_arrived(&sn, r->cmd_sn, r->immediate),
			 r->want);
		/* only a command that is next and not immediate counts */
		CHECK_EQ(sn.exp,
			 r->exp + (r->want == IET_CMDSN_NEXT && !r->immediate));
		CHECK_ROW(r->name, before);
	}
}

/* MaxCmdSN never goes back, and the window is never more than promised. */
static void test_monotonic(void)
{
	struct iet_cmdsn sn;
	u32 max, seed = 1, open = 0;

	iet_cmdsn_init(&sn, 0xfffffff0, 16);
	max = sn.max;
	for (int i = 0; i < 100000; i++) {
		seed = seed * 1103515245 + 12345;
		if (seed >> 31 &&
		    iet_cmdsn_arrived(&sn, sn.exp, false) == IET_CMDSN_NEXT) {
			open++;
		} else if (open) {
			iet_cmdsn_answered(&sn);
			open--;
		}
		CHECK_EQ(sn.outstanding, open);
		CHECK((s32)(sn.max - max) >= 0);
		CHECK(sn.max - sn.exp + 1 + open <= 16);
		max = sn.max;
	}
}

int main(void)
{
	ktap_run(test_in_order);
	ktap_run(test_window);
	ktap_run(test_rejected);
	ktap_run(test_plugged);
	ktap_run(test_plugged_window);
	ktap_run(test_verdicts);
	ktap_run(test_monotonic);
	return ktap_done();
}
