/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_SCHED_MM_H
#define SHIM_SCHED_MM_H

#include "../sched.h"

static inline unsigned int memalloc_noio_save(void)
{
	unsigned int before = current->flags & PF_MEMALLOC_NOIO;

	current->flags |= PF_MEMALLOC_NOIO;
	return before;
}

static inline void memalloc_noio_restore(unsigned int before)
{
	current_restore_flags(before, PF_MEMALLOC_NOIO);
}

#endif /* SHIM_SCHED_MM_H */
