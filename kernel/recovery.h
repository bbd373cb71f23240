/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Connection recovery: tasks outlive their connection (RFC 7143 7.2.2).
 */
#ifndef IET_RECOVERY_H
#define IET_RECOVERY_H

#include <linux/types.h>

struct iet_cmnd;
struct iet_conn;
struct iet_session;

bool iet_recovery_possible(const struct iet_conn *conn);
void iet_recovery_begin(struct iet_conn *conn);
bool iet_recovery_over(const struct iet_conn *conn);
void iet_recovery_timer(struct iet_conn *conn);
void iet_recovery_logged_out(struct iet_conn *conn);
struct iet_conn *iet_recovery_find(struct iet_session *session, u16 cid);
void iet_recovery_reassign(struct iet_cmnd *cmnd);

#endif /* IET_RECOVERY_H */
