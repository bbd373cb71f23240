/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Asynchronous messages (RFC 7143 11.9): what the target says by itself.
 */
#ifndef IET_ASYNC_H
#define IET_ASYNC_H

#include <linux/types.h>

struct iet_conn;
struct iet_session;
struct iet_volume;

/**
 * struct iet_conn_async - asynchronous messages of a connection
 * @dropping: the initiator was told that the connection is dropped
 * @with_session: ... with its session, so that nothing of it is retained
 * @luns_changed: to be told, but not so soon after the last time
 *
 * The connection's thread's own.
 */
struct iet_conn_async {
	bool dropping;
	bool with_session;
	bool luns_changed;
};

/* under iet_config_lock */
int iet_async_ask(struct iet_conn *conn, u8 event, u32 seconds);
void iet_async_luns_changed(struct iet_session *session, u32 lun);
void iet_async_capacity_changed(const struct iet_volume *vol);

/* called by the connection's thread only */
void iet_async_say(struct iet_conn *conn, u8 event, u16 seconds);
void iet_async_end(struct iet_conn *conn);
void iet_async_drop_timer(struct iet_conn *conn);
void iet_async_luns_timer(struct iet_conn *conn);
void iet_async_terminated(struct iet_conn *conn, const u8 *lun_raw);

#endif /* IET_ASYNC_H */
