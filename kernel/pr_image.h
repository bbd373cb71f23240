/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Persistent reservations as they are in a state file.  Pure logic.
 */
#ifndef IET_PR_IMAGE_H
#define IET_PR_IMAGE_H

#include "pr_state.h"

u32 iet_pr_image_size(const struct iet_pr *pr);
void iet_pr_image_make(const struct iet_pr *pr, u8 *buf);
int iet_pr_image_read(struct iet_pr *pr, const u8 *buf, u32 len, gfp_t gfp);

#endif /* IET_PR_IMAGE_H */
