/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a logical unit keeps through a power cut: its state file.
 */
#ifndef IET_STATE_STORE_H
#define IET_STATE_STORE_H

#include <linux/list.h>
#include <linux/types.h>

#include "state_image.h"

struct file;
struct iet_state;
struct iet_volume;

/**
 * struct iet_state_save - a part of the state is to be replaced
 * @node: while it waits
 * @part: enum iet_state_part
 * @data: what it is to be, from kvmalloc(); taken over when @done says 0, else
 *	the caller's again.  NULL: nothing
 * @len: bytes of it
 * @done: called once, in a worker, when it is on stable storage (0), or when
 *	it can't be: -EFBIG: there is no room for it; -ESHUTDOWN: the logical
 *	unit has been deleted; another negative errno: what the file system
 *	says.  Then the state is as it was.
 */
struct iet_state_save {
	struct list_head node;
	u8 part;
	void *data;
	u32 len;
	void (*done)(struct iet_state_save *save, int err);
};

int iet_state_open(struct iet_volume *vol, struct file *file);
void iet_state_kill(struct iet_volume *vol);
void iet_state_close(struct iet_volume *vol);
const void *iet_state_get(const struct iet_volume *vol, u8 part, u32 *len);
void iet_state_save(struct iet_volume *vol, struct iet_state_save *save);
int iet_state_init(void);
void iet_state_exit(void);

#endif /* IET_STATE_STORE_H */
