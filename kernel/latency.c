// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long the commands of a logical unit take.
 *
 * Two looks at the clock for each command cost something, so nobody takes them
 * until a unit is switched on.  What has been counted stays when it is switched
 * off again.
 */
#include <linux/lockdep.h>
#include <linux/percpu.h>
#include <linux/string.h>

#include "compat.h"
#include "latency.h"
#include "target.h"
#include "volume.h"

DEFINE_STATIC_KEY_FALSE(iet_latency_key);

/**
 * iet_latency_set() - switch the histograms of a logical unit
 * @vol: the unit
 * @on: are they to go on?
 *
 * Context: iet_config_lock is held; sleeps, but not for a disk.
 *
 * Return: 0 or -ENOMEM
 */
int iet_latency_set(struct iet_volume *vol, bool on)
{
	lockdep_assert_held(&iet_config_lock);
	if (on && !vol->latency) {
		struct iet_latency __percpu *latency =
			alloc_percpu(struct iet_latency);

		if (!latency)
			return -ENOMEM;
		/* whoever finds it finds zeroes in it */
		smp_store_release(&vol->latency, latency);
	}
	if (vol->timed == on)
		return 0;
	WRITE_ONCE(vol->timed, on);
	if (on)
		static_branch_inc(&iet_latency_key);
	else
		static_branch_dec(&iet_latency_key);
	return 0;
}

/**
 * iet_latency_free() - the end of a logical unit's histograms
 * @vol: the unit, which nobody finds any more
 *
 * Context: process context; sleeps.
 */
void iet_latency_free(struct iet_volume *vol)
{
	if (vol->timed)
		static_branch_dec(&iet_latency_key);
	free_percpu(vol->latency);
}

/**
 * iet_latency_count() - a command has ended
 * @vol: its logical unit
 * @write: it was a write, else a read
 * @total: how long it took, from its header to its response, nanoseconds
 * @device: how much of that the device server had it
 *
 * Context: any, for which @vol has a reference.
 */
void iet_latency_count(struct iet_volume *vol, bool write, u64 total,
		       u64 device)
{
	/* pairs with iet_latency_set() */
	struct iet_latency __percpu *latency = smp_load_acquire(&vol->latency);
	int first = write ? IET_H_WRITE_TOTAL : IET_H_READ_TOTAL;

	if (!latency || !READ_ONCE(vol->timed))
		return;
	this_cpu_inc(latency->nr[first - 1][iet_latency_bucket(total)]);
	this_cpu_inc(latency->nr[first][iet_latency_bucket(device)]);
}

/**
 * iet_latency_get() - what has been counted
 * @vol: the logical unit
 * @sum: set to the sum of all CPUs
 *
 * Context: iet_config_lock is held.
 *
 * Return: false: it has never been switched on
 */
bool iet_latency_get(const struct iet_volume *vol, struct iet_latency *sum)
{
	const u64 *from;
	u64 *to = &sum->nr[0][0];
	unsigned int i;
	int cpu;

	lockdep_assert_held(&iet_config_lock);
	if (!vol->latency)
		return false;
	memset(sum, 0, sizeof(*sum));
	for_each_possible_cpu(cpu) {
		from = &per_cpu_ptr(vol->latency, cpu)->nr[0][0];
		for (i = 0; i < sizeof(*sum) / sizeof(u64); i++)
			to[i] += READ_ONCE(from[i]);
	}
	return true;
}
