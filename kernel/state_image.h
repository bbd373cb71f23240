/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is in a slot of a state file (iet_state.h): making and reading it.
 * Pure logic.
 */
#ifndef IET_STATE_IMAGE_H
#define IET_STATE_IMAGE_H

#include <linux/types.h>

#include "iet_state.h"

/**
 * struct iet_state_data - a part of the state
 * @data: the bytes, NULL if there are none
 * @len: how many
 */
struct iet_state_data {
	const void *data;
	u32 len;
};

u32 iet_state_size(const char *id, const struct iet_state_data *parts);
void iet_state_encode(u8 *buf, u64 seq, const char *id,
		      const struct iet_state_data *parts);
int iet_state_peek(const u8 *header, u32 *size);
int iet_state_decode(const u8 *buf, const char *id, u64 *seq,
		     struct iet_state_data *parts);

#endif /* IET_STATE_IMAGE_H */
