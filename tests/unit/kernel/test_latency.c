// SPDX-License-Identifier: GPL-2.0-only
/* Where in a histogram of latency a command is. */
#include "ktap.h"
#include "latency.h"

#define US 1000ULL
#define LAST (IET_LATENCY_BUCKETS - 1)

static void buckets(void)
{
	static const struct {
		u64 ns;
		unsigned int bucket;
	} rows[] = {
		{ 0, 0 },
		{ US - 1, 0 },
		{ US, 1 },
		{ 2 * US - 1, 1 },
		{ 2 * US, 2 },
		{ 3 * US, 2 },
		{ 4 * US, 3 },
		{ 1000 * US, 10 }, /* 512 to 1023 */
		{ 1024 * US, 11 },
		{ 1000000 * US, 20 },
		{ (1ULL << 23) * US, 24 },
		{ (1ULL << 24) * US - 1, 24 },
		{ (1ULL << 24) * US, LAST },
		{ (1ULL << 40) * US, LAST },
		{ U64_MAX, LAST },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		CHECK_EQ(iet_latency_bucket(rows[i].ns), rows[i].bucket);
}

int main(void)
{
	ktap_run(buckets);
	return ktap_done();
}
