/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which block of a medium operation failed: see locate.c.
 */
#ifndef IET_LOCATE_H
#define IET_LOCATE_H

#include <linux/types.h>

struct iet_scmd;

/**
 * struct iet_locate - a block is looked for
 * @step: what the command goes on with
 * @err: why it is looked for, negative errno
 * @end: where the range ends that has it, bytes
 * @piece: how much is tried at once, bytes
 * @until: in jiffies: how long to look
 */
struct iet_locate {
	void (*step)(struct iet_scmd *s);
	int err;
	u64 end;
	u32 piece;
	unsigned long until;
};

bool iet_locate(struct iet_scmd *s, int err);

#endif /* IET_LOCATE_H */
