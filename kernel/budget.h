/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How much memory the data of commands may take.
 */
#ifndef IET_BUDGET_H
#define IET_BUDGET_H

#include <linux/types.h>

struct iet_nexus;

int iet_budget_init(void);
void iet_budget_exit(void);
bool iet_budget_take(struct iet_nexus *nexus, u32 len);
void iet_budget_give(struct iet_nexus *nexus, u32 len);

#endif /* IET_BUDGET_H */
