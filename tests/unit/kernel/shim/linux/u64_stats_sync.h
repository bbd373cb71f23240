/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_U64_STATS_SYNC_H
#define SHIM_U64_STATS_SYNC_H

#include "../kernel.h"

struct u64_stats_sync {};

typedef struct {
	u64 v;
} u64_stats_t;

static inline unsigned long
u64_stats_update_begin_irqsave(struct u64_stats_sync *sync)
{
	return 0;
}

static inline void u64_stats_update_end_irqrestore(struct u64_stats_sync *sync,
						   unsigned long flags)
{
}

static inline void u64_stats_add(u64_stats_t *p, u64 n)
{
	p->v += n;
}

static inline void u64_stats_inc(u64_stats_t *p)
{
	p->v++;
}

#endif /* SHIM_U64_STATS_SYNC_H */
