/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The checks of unit tests, in user space and as KUnit. Whoever includes this
 * has ktap_ok, the test's state, and two ways to print a line: ktap_fail(),
 * of a check that fails, and ktap_note().
 */
#ifndef KTAP_CHECK_H
#define KTAP_CHECK_H

#define CHECK(cond)                             \
	do {                                    \
		if (!(cond)) {                  \
			ktap_fail("%s", #cond); \
			ktap_ok = false;        \
		}                               \
	} while (0)

#define CHECK_EQ(have, want)                                                 \
	do {                                                                 \
		long long have_ = (long long)(have);                         \
		long long want_ = (long long)(want);                         \
		if (have_ != want_) {                                        \
			ktap_fail("%s is %lld (0x%llx), want %lld (0x%llx)", \
				  #have, have_, have_, want_, want_);        \
			ktap_ok = false;                                     \
		}                                                            \
	} while (0)

#define CHECK_STR(have, want)                                         \
	do {                                                          \
		const char *have_ = (have);                           \
		const char *want_ = (want);                           \
		if (!have_ || strcmp(have_, want_)) {                 \
			ktap_fail("%s is \"%s\", want \"%s\"", #have, \
				  have_ ? have_ : "(null)", want_);   \
			ktap_ok = false;                              \
		}                                                     \
	} while (0)

/* says which row of a table the checks before it were about */
#define CHECK_ROW(name, before)                        \
	do {                                           \
		if ((before) && !ktap_ok)              \
			ktap_note("in row: %s", name); \
	} while (0)

#endif /* KTAP_CHECK_H */
