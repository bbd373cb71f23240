/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The memory of a connection's commands.
 */
#ifndef IET_CMND_POOL_H
#define IET_CMND_POOL_H

#include <linux/types.h>

struct iet_cmnd;
struct iet_conn;

/**
 * struct iet_cmnd_pool - where a connection's commands are
 * @cmnds: by index; NULL: there is none just now
 * @max: how many there may be
 * @nr: how many there are
 * @peak: how many were in use at a time since the pool was last trimmed
 * @gen: iet_cmnd.gen that no command which had been here has passed
 *
 * The thread's own.
 */
struct iet_cmnd_pool {
	struct iet_cmnd **cmnds;
	unsigned int max;
	unsigned int nr;
	unsigned int peak;
	u16 gen;
};

int iet_cmnd_pool_init(void);
void iet_cmnd_pool_exit(void);

int iet_cmnd_pool_create(struct iet_conn *conn, unsigned int max);
void iet_cmnd_pool_destroy(struct iet_conn *conn);
bool iet_cmnd_pool_grow(struct iet_conn *conn);
void iet_cmnd_pool_trim(struct iet_conn *conn);

#endif /* IET_CMND_POOL_H */
