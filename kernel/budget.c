// SPDX-License-Identifier: GPL-2.0-only
/*
 * The budget of memory for the data of commands.
 *
 * An initiator that announces writes and sends no data, or asks for reads and
 * does not take them, pins memory for as long as it likes.  So all of them
 * together get a quarter of the machine's, and one I_T nexus as much of that as
 * it leaves to others.  What is over it ends with TASK SET FULL; nobody waits.
 * A nexus with next to nothing in flight always gets a small transfer, and what
 * that needs beside its data, so that those who take too much slow the others
 * down, but do not stop them.
 */
#include <linux/atomic.h>
#include <linux/mm.h>
#include <linux/percpu_counter.h>

#include "budget.h"
#include "scsi.h"

/* the sum of all may be wrong by so many bytes for each CPU */
#define COUNTER_BATCH (1 << 20)

static struct percpu_counter total;
static s64 total_max;

/**
 * iet_budget_init() - find out how much there is
 *
 * Context: module init.
 * Return: 0 or -ENOMEM
 */
int iet_budget_init(void)
{
	total_max = (s64)totalram_pages() << PAGE_SHIFT >> 2;
	return percpu_counter_init(&total, 0, GFP_KERNEL);
}

/**
 * iet_budget_exit() - undo iet_budget_init()
 *
 * Context: module exit, or init that failed; nothing is in flight.
 */
void iet_budget_exit(void)
{
	percpu_counter_destroy(&total);
}

/**
 * iet_budget_take() - may a command have memory for its data?
 * @nexus: the I_T nexus that it came by
 * @len: bytes
 *
 * Context: any.
 * Return: true: it may, and iet_budget_give() must follow; false: it is to end
 * with TASK SET FULL
 */
bool iet_budget_take(struct iet_nexus *nexus, u32 len)
{
	s64 others = atomic64_add_return(len, &nexus->in_flight) - len;

	if (!iet_budget_fits(others, percpu_counter_read(&total), total_max,
			     len)) {
		atomic64_sub(len, &nexus->in_flight);
		return false;
	}
	percpu_counter_add_batch(&total, len, COUNTER_BATCH);
	return true;
}

/**
 * iet_budget_give() - a command has given its memory back
 * @nexus: the I_T nexus
 * @len: bytes, as taken
 *
 * Context: any.
 */
void iet_budget_give(struct iet_nexus *nexus, u32 len)
{
	atomic64_sub(len, &nexus->in_flight);
	percpu_counter_add_batch(&total, -(s64)len, COUNTER_BATCH);
}
