/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sessions that the administrator has closed in order to delete a target, and
 * those that have come since.
 */
#ifndef IET_EVICT_H
#define IET_EVICT_H

#include <linux/types.h>

struct iet_session;
struct iet_target;

/* who comes back within this time is not what the target is kept for */
#define IET_EVICT_S 30

/* all under iet_config_lock, which the caller holds */
void iet_evict_note(struct iet_session *session);
bool iet_evict_in_use(const struct iet_target *target);

#endif /* IET_EVICT_H */
