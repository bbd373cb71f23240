/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How long commands take: histograms of logical units, if they are wanted.
 */
#ifndef IET_LATENCY_H
#define IET_LATENCY_H

#include <linux/bitops.h>
#include <linux/jump_label.h>
#include <linux/math64.h>
#include <linux/types.h>

#include "iet_netlink.h"

struct iet_volume;

/**
 * struct iet_latency - a histogram for each enum iet_latency_attr
 * @nr: how many commands, by iet_latency_bucket()
 *
 * One for each CPU.  On a 32-bit machine a reader may see half of an addition.
 */
struct iet_latency {
	u64 nr[IET_H_MAX][IET_LATENCY_BUCKETS];
};

/* how many logical units want theirs */
DECLARE_STATIC_KEY_FALSE(iet_latency_key);

/**
 * iet_latency_bucket() - where in a histogram a command is
 * @ns: how long it took, nanoseconds
 *
 * Return: 0: less than a microsecond; n: 2^(n-1) microseconds and more, but
 * less than twice that.  What is longer than all is in the last one.
 */
static inline unsigned int iet_latency_bucket(u64 ns)
{
	unsigned int n = fls64(div_u64(ns, 1000));

	return n < IET_LATENCY_BUCKETS ? n : IET_LATENCY_BUCKETS - 1;
}

int iet_latency_set(struct iet_volume *vol, bool on);
void iet_latency_free(struct iet_volume *vol);
void iet_latency_count(struct iet_volume *vol, bool write, u64 total,
		       u64 device);
bool iet_latency_get(const struct iet_volume *vol, struct iet_latency *sum);

#endif /* IET_LATENCY_H */
