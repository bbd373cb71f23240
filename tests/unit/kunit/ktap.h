/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What ../ktap.h is for user space, for KUnit: a test program becomes a suite,
 * and each function that it runs a case of it.
 */
#ifndef KTAP_H
#define KTAP_H

#include <kunit/test.h>
#include <linux/timekeeping.h>

extern struct kunit *ktap_test;
extern bool ktap_ok;

void ktap_add(const char *name, void (*fn)(void));

/* main() says which functions there are */
#define ktap_run(fn) ktap_add(#fn, fn)
#define ktap_done() 0
#define ENTRY2(suite) suite##_main
#define ENTRY(suite) ENTRY2(suite)
#define main ENTRY(SUITE)
int main(void);

#define ktap_seconds() ((unsigned long)ktime_get_seconds())
#define ktap_note(fmt, ...) kunit_info(ktap_test, fmt "\n", ##__VA_ARGS__)
#define ktap_fail(fmt, ...) KUNIT_FAIL(ktap_test, fmt "\n", ##__VA_ARGS__)

#include "../ktap_check.h"

#endif /* KTAP_H */
