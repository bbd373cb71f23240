// SPDX-License-Identifier: GPL-2.0-only
/*
 * Time as the limits on logins see it.
 */
#include "clock.h"

#include <time.h>

static uint64_t fake;

void clock_fake(uint64_t ms)
{
	fake = ms;
}

uint64_t clock_ms(void)
{
	struct timespec ts;

	if (fake)
		return fake;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * UINT64_C(1000) + ts.tv_nsec / 1000000 + 1;
}
