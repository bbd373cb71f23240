/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How much memory the data of commands may take.
 */
#ifndef IET_BUDGET_H
#define IET_BUDGET_H

#include <linux/types.h>

struct iet_nexus;

/* what a nexus always gets, for one command or several, bytes */
#define IET_BUDGET_SMALL (1U << 20)

/**
 * iet_budget_fits() - may a nexus take so much?
 * @own: bytes that it has in flight
 * @all: bytes that all have in flight
 * @max: bytes that all may have
 * @len: bytes that it wants
 *
 * It may have as much as is left for others then.  So one alone gets a half,
 * and n that want all they can get an n+1st part each, whoever came first;
 * nobody has to know how many there are.
 *
 * Return: true if so
 */
static inline bool iet_budget_fits(s64 own, s64 all, s64 max, u32 len)
{
	if (own + len <= max - all - len || own + len <= IET_BUDGET_SMALL)
		return true;
	return !own && all + len <= max;
}

int iet_budget_init(void);
void iet_budget_exit(void);
bool iet_budget_take(struct iet_nexus *nexus, u32 len);
void iet_budget_give(struct iet_nexus *nexus, u32 len);

#endif /* IET_BUDGET_H */
