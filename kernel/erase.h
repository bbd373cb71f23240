/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Erasing a whole medium, in the background: what SANITIZE and FORMAT UNIT
 * have in common.
 */
#ifndef IET_ERASE_H
#define IET_ERASE_H

#include <linux/types.h>

#include "iotype.h"
#include "tio.h"

struct iet_scmd;

/**
 * struct iet_erase - erasing a medium
 * @vol: the logical unit, with a reference
 * @waiter: the command that ends with it, or NULL
 * @io: what is being done
 * @work: the next step, in a worker of the volume
 * @tio: what is written, or empty: zeroes
 * @new_key: nothing is written: the key is changed
 * @unmap: blocks need not be mapped afterwards
 * @invert: each pass writes the complement of what the one before has written
 * @passes: how often
 * @pass: that have been done
 * @pos: up to where this one has got, bytes
 * @flushed: this one is on the medium
 * @err: what went wrong
 * @failed: enum iet_condition of the unit if anything does
 * @failed_asc: and what is said of it
 *
 * Lifetime: from iet_erase_alloc() to its end, or iet_erase_free().
 */
struct iet_erase {
	struct iet_volume *vol;
	struct iet_scmd *waiter;
	struct iet_io io;
	struct work_struct work;
	struct iet_tio tio;
	bool new_key;
	bool unmap;
	bool invert;
	u8 passes;
	u8 pass;
	u64 pos;
	bool flushed;
	int err;
	u8 failed;
	u16 failed_asc;
};

struct iet_erase *iet_erase_alloc(struct iet_scmd *s, gfp_t gfp);
int iet_erase_pattern(struct iet_erase *e, const u8 *pattern, u32 len,
		      gfp_t gfp);
void iet_erase_free(struct iet_erase *e);
int iet_erase_start(struct iet_scmd *s, struct iet_erase *e, u8 condition,
		    bool immed);

#endif /* IET_ERASE_H */
