/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What ../ktap.h is for user space, for KUnit: a test program becomes a suite,
 * and each function that it runs a case of it.
 */
#ifndef KTAP_H
#define KTAP_H

#include <kunit/test.h>

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

#define CHECK(cond)                                           \
	do {                                                  \
		if (!(cond)) {                                \
			KUNIT_FAIL(ktap_test, "%s\n", #cond); \
			ktap_ok = false;                      \
		}                                             \
	} while (0)

#define CHECK_EQ(have, want)                                             \
	do {                                                             \
		long long have_ = (long long)(have);                     \
		long long want_ = (long long)(want);                     \
		if (have_ != want_) {                                    \
			KUNIT_FAIL(ktap_test, "%s is %lld, want %lld\n", \
				   #have, have_, want_);                 \
			ktap_ok = false;                                 \
		}                                                        \
	} while (0)

#define CHECK_STR(have, want)                                                \
	do {                                                                 \
		const char *have_ = (have);                                  \
		const char *want_ = (want);                                  \
		if (!have_ || strcmp(have_, want_)) {                        \
			KUNIT_FAIL(ktap_test, "%s is \"%s\", want \"%s\"\n", \
				   #have, have_ ?: "(null)", want_);         \
			ktap_ok = false;                                     \
		}                                                            \
	} while (0)

#define CHECK_ROW(name, before)                                        \
	do {                                                           \
		if ((before) && !ktap_ok)                              \
			kunit_info(ktap_test, "in row: %s\n", (name)); \
	} while (0)

#endif /* KTAP_H */
