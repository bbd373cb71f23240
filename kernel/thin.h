/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How much space there is for the blocks of thin provisioned units.
 */
#ifndef IET_THIN_H
#define IET_THIN_H

#include <linux/types.h>

struct iet_volume;

/* initiators are told of space in units of 1 MiB: a threshold set (SBC-3) */
#define IET_THIN_SET_SHIFT 20

bool iet_thin_space(struct iet_volume *vol, u64 *used, u64 *available);
u64 iet_thin_threshold(const struct iet_volume *vol);
void iet_thin_check(struct iet_volume *vol);
void iet_thin_watch(struct iet_volume *vol);
void iet_thin_unwatch(struct iet_volume *vol);

#endif /* IET_THIN_H */
