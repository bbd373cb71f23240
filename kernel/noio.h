/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Work on a medium for an initiator that may be this very machine, so that
 * memory is freed by writing to this very medium.
 */
#ifndef IET_NOIO_H
#define IET_NOIO_H

#include <linux/sched.h>
#include <linux/sched/mm.h>

/**
 * struct iet_noio - how the caller's task was before
 * @noio: of memalloc_noio_save()
 * @flags: of the task
 */
struct iet_noio {
	unsigned int noio;
	unsigned long flags;
};

/**
 * iet_noio_begin() - from now on the caller works for an initiator
 *
 * No allocation waits for I/O, and writing is held back by the dirty pages of
 * the medium that is written to only, not by those that wait for us.
 *
 * Return: for iet_noio_end()
 */
static inline struct iet_noio iet_noio_begin(void)
{
	const struct iet_noio before = {
		.noio = memalloc_noio_save(),
		.flags = current->flags,
	};

	current->flags |= PF_LOCAL_THROTTLE;
	return before;
}

/**
 * iet_noio_end() - no longer
 * @before: from iet_noio_begin()
 */
static inline void iet_noio_end(struct iet_noio before)
{
	current_restore_flags(before.flags, PF_LOCAL_THROTTLE);
	memalloc_noio_restore(before.noio);
}

#endif /* IET_NOIO_H */
