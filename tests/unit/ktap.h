/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KTAP for small C test programs:
 *
 *	int main(void)
 *	{
 *		ktap_run(test_one);
 *		ktap_run(test_two);
 *		return ktap_done();
 *	}
 *
 * Each test function makes checks; it fails if one of them does.
 */
#ifndef KTAP_H
#define KTAP_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static unsigned int ktap_nr, ktap_failed;
static bool ktap_ok;
static const char *ktap_skipped;

/* says that what a test needs is not there; return from the test then */
#define ktap_skip(why) (ktap_skipped = (why))

/* that the program has worked; in the kernel, of the clock */
#define ktap_seconds() ((unsigned long)(clock() / CLOCKS_PER_SEC))

#define ktap_note(fmt, ...) printf("# " fmt "\n", ##__VA_ARGS__)
#define ktap_fail(fmt, ...) \
	ktap_note("%s:%d: " fmt, __FILE__, __LINE__, ##__VA_ARGS__)

#include "ktap_check.h"

static inline void ktap_run_named(void (*fn)(void), const char *name)
{
	if (!ktap_nr)
		printf("KTAP version 1\n");
	ktap_ok = true;
	ktap_skipped = NULL;
	fn();
	ktap_nr++;
	if (!ktap_ok)
		ktap_failed++;
	printf("%s %u %s%s%s\n", ktap_ok ? "ok" : "not ok", ktap_nr, name,
	       ktap_skipped ? " # SKIP " : "",
	       ktap_skipped ? ktap_skipped : "");
	fflush(stdout);
}

#define ktap_run(fn) ktap_run_named(fn, #fn)

static inline int ktap_done(void)
{
	printf("1..%u\n", ktap_nr);
	return ktap_failed ? 1 : 0;
}

#endif /* KTAP_H */
