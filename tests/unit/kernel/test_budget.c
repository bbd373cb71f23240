// SPDX-License-Identifier: GPL-2.0-only
/* Who gets how much memory for the data of commands. */
#include "budget.h"
#include "ktap.h"

#define MIB (1U << 20)
#define NEXUSES 600

/* Everybody takes what he can get, in turns, until nobody gets more. */
static s64 take_all(s64 *own, unsigned int nr, s64 all, s64 max, u32 len)
{
	bool more = true;

	while (more) {
		more = false;
		for (unsigned int i = 0; i < nr; i++) {
			if (!iet_budget_fits(own[i], all, max, len))
				continue;
			own[i] += len;
			all += len;
			more = true;
		}
	}
	return all;
}

static void test_alone(void)
{
	s64 own = 0;

	CHECK_EQ(take_all(&own, 1, 0, 700 * MIB, MIB), 350 * MIB);
}

static void test_shares(void)
{
	s64 own[9] = { 0 };

	CHECK_EQ(take_all(own, 9, 0, 1000 * MIB, MIB), 900 * MIB);
	for (int i = 0; i < 9; i++)
		CHECK_EQ(own[i], 100 * MIB);
}

/* Whoever came first gives way as his commands end. */
static void test_gives_way(void)
{
	s64 own[2] = { 0 }, all = take_all(own, 1, 0, 600 * MIB, MIB);

	for (int i = 0; i < 10000; i++) {
		if (own[i % 2]) {
			own[i % 2] -= MIB;
			all -= MIB;
		}
		all = take_all(own, 2, all, 600 * MIB, MIB);
	}
	CHECK(own[0] - own[1] <= (s64)MIB && own[1] - own[0] <= (s64)MIB);
	CHECK(all <= 401LL * MIB);
}

static void test_many(void)
{
	static s64 own[NEXUSES];
	s64 all = take_all(own, NEXUSES, 0, 100 * MIB, MIB);

	/* each has its small transfer, and no more */
	for (int i = 0; i < NEXUSES; i++)
		CHECK_EQ(own[i], MIB);
	CHECK_EQ(all, (s64)NEXUSES * MIB);
}

static void test_large(void)
{
	/* alone with most of it, but not with what is not there */
	CHECK(iet_budget_fits(0, 0, 40 * MIB, 32 * MIB));
	CHECK(!iet_budget_fits(1, 1, 40 * MIB, 32 * MIB));
	CHECK(!iet_budget_fits(0, 10 * MIB, 40 * MIB, 32 * MIB));
	CHECK(!iet_budget_fits(0, 0, 31 * MIB, 32 * MIB));
	CHECK(iet_budget_fits(0, 100 * MIB, 40 * MIB, MIB));
	CHECK(!iet_budget_fits(0, 100 * MIB, 40 * MIB, MIB + 1));
	/* little by little as well as at once */
	CHECK(iet_budget_fits(MIB / 2, 100 * MIB, 40 * MIB, MIB / 2));
	CHECK(!iet_budget_fits(MIB / 2, 100 * MIB, 40 * MIB, MIB / 2 + 1));
	/* nothing is always there */
	CHECK(iet_budget_fits(0, 40 * MIB, 40 * MIB, 0));
}

int main(void)
{
	ktap_run(test_alone);
	ktap_run(test_shares);
	ktap_run(test_gives_way);
	ktap_run(test_many);
	ktap_run(test_large);
	return ktap_done();
}
