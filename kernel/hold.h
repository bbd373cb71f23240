/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who logs in waits for the ends of its initiator's former connections.
 *
 * An initiator that closes its connections and logs in again may expect that
 * the I_T nexus it had is lost (SAM-5 6.3.4): what that has reserved, prevented
 * or stopped concerns nobody any more, and what a backend still holds of its
 * writes is known (orphan.c) before it sends others.  But its connections end
 * when their thread gets to it, and that of the new session may be another one.
 * So the new session reads nothing until they have ended, which takes
 * microseconds, whatever the disk does.
 */
#ifndef IET_HOLD_H
#define IET_HOLD_H

#include <linux/types.h>

struct iet_conn;
struct iet_session;

/* all under iet_config_lock */
int iet_hold_take(struct iet_session *session);
void iet_hold_drop(struct iet_session *session);
bool iet_hold_leaves(const struct iet_session *session);
void iet_hold_release(struct iet_conn *conn);

bool iet_hold_replaces(const struct iet_session *session,
		       const struct iet_session *old);

#endif /* IET_HOLD_H */
