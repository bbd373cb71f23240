/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What waits for an initiator, and not for ever:
 *
 * - data of a write, where lost data can be asked for again
 *   (ErrorRecoveryLevel 1 and up): an R2T or its last Data-Out may be what was
 *   lost, and then no gap ever shows (RFC 7143 7.9);
 * - a Logout of a connection that is still on its way from the daemon.
 */
#ifndef IET_WATCH_H
#define IET_WATCH_H

struct iet_cmnd;
struct iet_conn;

/* all called by the connection's thread only */
void iet_watch_data(struct iet_cmnd *cmnd);
void iet_watch_logout(struct iet_cmnd *cmnd);
void iet_watch_timer(struct iet_conn *conn);

#endif /* IET_WATCH_H */
