// SPDX-License-Identifier: GPL-2.0-only
/*
 * The unit tests of ../kernel that need nothing but the functions they test,
 * as KUnit suites in a real kernel: see suites.h.
 */
#include <kunit/test.h>
#include <linux/module.h>

#define CASES 32

struct kunit *ktap_test;
bool ktap_ok;

static void (*functions[CASES])(void);
static struct kunit_case *collecting;
static unsigned int nr_collected;

struct program {
	int (*entry)(void);
	struct kunit_case cases[CASES];
	void (*functions[CASES])(void);
};

#define SUITE_OF(name) int name##_main(void);
#include "suites.h"
#undef SUITE_OF

#define SUITE_OF(name) static struct program name = { .entry = name##_main };
#include "suites.h"
#undef SUITE_OF

static struct program *const programs[] = {
#define SUITE_OF(name) &name,
#include "suites.h"
#undef SUITE_OF
};

static void run(struct kunit *test)
{
	unsigned int i, n;

	ktap_test = test;
	ktap_ok = true;
	for (i = 0; i < ARRAY_SIZE(programs); i++)
		for (n = 0; programs[i]->cases[n].run_case; n++)
			if (programs[i]->cases[n].name == test->name)
				programs[i]->functions[n]();
}

void ktap_add(const char *name, void (*fn)(void));
void ktap_add(const char *name, void (*fn)(void))
{
	if (WARN_ON(nr_collected == CASES - 1))
		return;
	functions[nr_collected] = fn;
	collecting[nr_collected].name = name;
	collecting[nr_collected++].run_case = run;
}

#define SUITE_OF(n)                             \
	static struct kunit_suite n##_suite = { \
		.name = "iet_" #n,              \
		.test_cases = n.cases,          \
	};
#include "suites.h"
#undef SUITE_OF

static int __init kunit_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(programs); i++) {
		collecting = programs[i]->cases;
		nr_collected = 0;
		programs[i]->entry();
		memcpy(programs[i]->functions, functions, sizeof(functions));
	}
	return 0;
}

static void __exit kunit_exit(void)
{
}

/* they run when the module is live: that is, after kunit_init() */
#define SUITE_OF(n) &n##_suite,
static struct kunit_suite *const suites[] __used
	__section(".kunit_test_suites") = {
#include "suites.h"
	};

module_init(kunit_init);
module_exit(kunit_exit);
MODULE_DESCRIPTION("Unit tests of the iSCSI target");
MODULE_LICENSE("GPL");
