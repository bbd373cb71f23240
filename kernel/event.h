/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Notifications to the netlink group "events".  May be called from process
 * context with iet_config_lock held; never waits.
 */
#ifndef IET_EVENT_H
#define IET_EVENT_H

#include "iet_netlink.h"

void iet_event_target(u32 tid, enum iet_event event);
void iet_event_lun(u32 tid, u32 lun, enum iet_event event);
void iet_event_session(u32 tid, u64 sid, enum iet_event event);
void iet_event_conn(u32 tid, u64 sid, u16 cid, enum iet_event event);

void iet_event_fault(u32 tid, u32 id, u32 kind, u64 hits);

void iet_events_enable(bool enable);
u32 iet_event_generation(void);

#endif /* IET_EVENT_H */
