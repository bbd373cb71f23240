// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters: adding them up for those who ask.
 */
#include <linux/kernel.h>
#include <linux/lockdep.h>

#include "compat.h"
#include "scsi.h"
#include "session.h"
#include "stats.h"
#include "target.h"

/**
 * iet_stats_init() - get counters ready
 * @stats: zeroed
 */
void iet_stats_init(struct iet_stats *stats)
{
	u64_stats_init(&stats->sync);
}

/**
 * iet_link_stats_init() - get counters ready
 * @stats: zeroed
 */
void iet_link_stats_init(struct iet_link_stats *stats)
{
	u64_stats_init(&stats->sync);
}

static void add_counters(u64 *sum, const struct u64_stats_sync *sync,
			 const u64_stats_t *nr, unsigned int len)
{
	u64 seen[IET_STATS_NR];
	unsigned int i, start;

	do {
		start = u64_stats_fetch_begin(sync);
		for (i = 0; i < len; i++)
			seen[i] = u64_stats_read(&nr[i]);
	} while (u64_stats_fetch_retry(sync, start));
	for (i = 0; i < len; i++)
		sum[i] += seen[i];
}

static void add_stats(struct iet_stats_sum *sum, const struct iet_stats *stats)
{
	add_counters(sum->nr, &stats->sync, stats->nr, ARRAY_SIZE(stats->nr));
}

/**
 * iet_stats_retire() - an I_T_L nexus ends: what it has counted stays
 * @itl: the nexus, in no list any more
 *
 * If it is a LUN that goes, and not the session, commands that end in this
 * moment may be missing.
 *
 * Context: iet_config_lock is held.
 */
void iet_stats_retire(struct iet_itl *itl)
{
	lockdep_assert_held(&iet_config_lock);
	add_stats(&itl->lun->stats_gone, &itl->stats);
	add_stats(&itl->nexus->stats_gone, &itl->stats);
}

/**
 * iet_stats_itl() - what an I_T_L nexus has done
 * @itl: the nexus
 * @sum: set to it
 *
 * Context: iet_config_lock is held.
 */
void iet_stats_itl(const struct iet_itl *itl, struct iet_stats_sum *sum)
{
	*sum = (struct iet_stats_sum){};
	add_stats(sum, &itl->stats);
}

/**
 * iet_stats_lun() - what a LUN has done, for all initiators
 * @target: its target
 * @lun: the LUN
 * @sum: set to it
 *
 * Context: iet_config_lock is held.
 */
void iet_stats_lun(const struct iet_target *target, const struct iet_lun *lun,
		   struct iet_stats_sum *sum)
{
	struct iet_session *session;
	const struct iet_itl *itl;

	lockdep_assert_held(&iet_config_lock);
	*sum = lun->stats_gone;
	/* sessions that are being closed are in the list as well */
	list_for_each_entry(session, &target->sessions, target_node) {
		itl = xa_load(&session->nexus.itls, lun->lun);
		if (itl)
			add_stats(sum, &itl->stats);
	}
}

/**
 * iet_stats_session() - what a session has done
 * @session: the session
 * @sum: set to it
 *
 * Context: iet_config_lock is held.
 */
void iet_stats_session(const struct iet_session *session,
		       struct iet_stats_sum *sum)
{
	const struct iet_nexus *nexus = &session->nexus;
	const struct iet_link_stats *link = &session->stats;
	const struct iet_itl *itl;
	unsigned long lun;

	lockdep_assert_held(&iet_config_lock);
	*sum = nexus->stats_gone;
	add_stats(sum, &nexus->stats);
	xa_for_each((struct xarray *)&nexus->itls, lun, itl)
		add_stats(sum, &itl->stats);
	add_counters(sum->nr + IET_STATS_LUN, &link->sync, link->nr,
		     ARRAY_SIZE(link->nr));
}
