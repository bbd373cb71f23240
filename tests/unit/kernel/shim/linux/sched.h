/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_SCHED_H
#define SHIM_SCHED_H

#include "../kernel.h"

/* the task */
#define PF_LOCAL_THROTTLE 0x01UL
#define PF_MEMALLOC_NOIO 0x02UL

struct shim_task {
	unsigned long flags;
};

extern struct shim_task shim_task;
#define current (&shim_task)

static inline void current_restore_flags(unsigned long before,
					 unsigned long which)
{
	current->flags = (current->flags & ~which) | (before & which);
}

#endif /* SHIM_SCHED_H */
