/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counters: what is counted where, and how one counts.
 *
 * All connections of a session belong to one network thread, so that a block of
 * counters that belongs to a session, or to one of its I_T_L nexuses, has one
 * writer, and nobody else ever writes to its cache lines.  What a LUN has done
 * is the sum of its nexuses' blocks, made when somebody asks.
 */
#ifndef IET_STATS_H
#define IET_STATS_H

#include <linux/types.h>
#include <linux/u64_stats_sync.h>

#include "iet_netlink.h"

struct iet_itl;
struct iet_lun;
struct iet_nexus;
struct iet_session;
struct iet_target;

/**
 * struct iet_stats - what the commands of an I_T_L nexus have done
 * @sync: for readers, where 64 bits are not read at once
 * @nr: by enum iet_stat_attr, from 0 on
 */
struct iet_stats {
	struct u64_stats_sync sync;
	u64_stats_t nr[IET_STATS_LUN];
};

/**
 * struct iet_link_stats - what a session has done beside its commands
 * @sync: for readers, where 64 bits are not read at once
 * @nr: by enum iet_stat_attr, from IET_STATS_LUN on
 */
struct iet_link_stats {
	struct u64_stats_sync sync;
	u64_stats_t nr[IET_STATS_NR - IET_STATS_LUN];
};

/**
 * struct iet_stats_sum - counters that nobody adds to just now
 * @nr: by enum iet_stat_attr, from 0 on
 */
struct iet_stats_sum {
	u64 nr[IET_STATS_NR];
};

/**
 * iet_stats_add() - count
 * @stats: of an I_T_L nexus
 * @attr: what
 * @n: how much of it
 *
 * Context: the session's thread.
 */
static inline void iet_stats_add(struct iet_stats *stats,
				 enum iet_stat_attr attr, u64 n)
{
	/* where readers may see half of it, no reader may get between */
	unsigned long flags = u64_stats_update_begin_irqsave(&stats->sync);

	u64_stats_add(&stats->nr[attr - 1], n);
	u64_stats_update_end_irqrestore(&stats->sync, flags);
}

/**
 * iet_link_count() - count one
 * @stats: of a session
 * @attr: what, IET_ST_R2TS or one that follows it
 *
 * Context: the session's thread.
 */
static inline void iet_link_count(struct iet_link_stats *stats,
				  enum iet_stat_attr attr)
{
	unsigned long flags = u64_stats_update_begin_irqsave(&stats->sync);

	u64_stats_inc(&stats->nr[attr - 1 - IET_STATS_LUN]);
	u64_stats_update_end_irqrestore(&stats->sync, flags);
}

void iet_stats_init(struct iet_stats *stats);
void iet_link_stats_init(struct iet_link_stats *stats);
void iet_stats_retire(struct iet_itl *itl);
void iet_stats_itl(const struct iet_itl *itl, struct iet_stats_sum *sum);
void iet_stats_lun(const struct iet_target *target, const struct iet_lun *lun,
		   struct iet_stats_sum *sum);
void iet_stats_session(const struct iet_session *session,
		       struct iet_stats_sum *sum);

#endif /* IET_STATS_H */
