// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory of a connection's commands.
 *
 * A connection may have as many as its window needs, most never use so many
 * at a time.  So it begins with a few, gets more when it needs them, and keeps
 * them: what is used again and again is not allocated again and again.  Those
 * that were not used for some seconds are given back.
 */
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/slab.h>

#include "cmnd.h"
#include "cmnd_pool.h"
#include "conn.h"
#include "conn_timer.h"

/* that a connection has from its beginning to its end */
#define NR_MIN 8
/* those that were not in use for so long are too many: jiffies */
#define TRIM_INTERVAL (5 * HZ)

static struct kmem_cache *cache;

/**
 * iet_cmnd_pool_init - set up what all pools share
 *
 * Context: module init.
 * Return: 0 or -ENOMEM
 */
int iet_cmnd_pool_init(void)
{
	cache = KMEM_CACHE(iet_cmnd, SLAB_HWCACHE_ALIGN);
	return cache ? 0 : -ENOMEM;
}

/**
 * iet_cmnd_pool_exit - undo iet_cmnd_pool_init()
 *
 * Context: module exit, or init that failed; there is no connection.
 */
void iet_cmnd_pool_exit(void)
{
	kmem_cache_destroy(cache);
}

static int add_cmnd(struct iet_conn *conn, unsigned int index, gfp_t gfp)
{
	struct iet_cmnd *cmnd = kmem_cache_zalloc(cache, gfp);

	if (!cmnd)
		return -ENOMEM;
	cmnd->home = conn;
	cmnd->conn = conn;
	cmnd->index = index;
	/* no tag of one that had this place before is taken for one of this */
	cmnd->gen = conn->pool.gen;
	conn->pool.cmnds[index] = cmnd;
	conn->pool.nr++;
	list_add(&cmnd->node, &conn->free);
	return 0;
}

static void del_cmnd(struct iet_conn *conn, struct iet_cmnd *cmnd)
{
	struct iet_cmnd_pool *pool = &conn->pool;

	if ((s16)(cmnd->gen - pool->gen) > 0)
		pool->gen = cmnd->gen;
	pool->cmnds[cmnd->index] = NULL;
	pool->nr--;
	list_del(&cmnd->node);
	kmem_cache_free(cache, cmnd);
}

static void trim_later(struct iet_conn *conn)
{
	if (conn->pool.nr > NR_MIN)
		iet_timer_set_by(conn, IET_TIMER_TRIM, TRIM_INTERVAL);
}

/**
 * iet_cmnd_pool_create - make a connection's pool
 * @conn: new connection
 * @max: commands that it may have
 *
 * Context: may sleep.
 * Return: 0, or -ENOMEM; then iet_cmnd_pool_destroy() is to be called, too
 */
int iet_cmnd_pool_create(struct iet_conn *conn, unsigned int max)
{
	struct iet_cmnd_pool *pool = &conn->pool;
	unsigned int i;
	int err = 0;

	pool->max = max;
	pool->cmnds = kcalloc(max, sizeof(*pool->cmnds), GFP_NOIO);
	if (!pool->cmnds)
		return -ENOMEM;
	for (i = 0; !err && i < min(max, NR_MIN); i++)
		err = add_cmnd(conn, i, GFP_NOIO);
	return err;
}

/**
 * iet_cmnd_pool_destroy - free a connection's commands
 * @conn: connection without an active command
 */
void iet_cmnd_pool_destroy(struct iet_conn *conn)
{
	struct iet_cmnd *cmnd, *next;

	list_for_each_entry_safe(cmnd, next, &conn->free, node)
		del_cmnd(conn, cmnd);
	kfree(conn->pool.cmnds);
	conn->pool.cmnds = NULL;
}

/**
 * iet_cmnd_pool_grow - get memory for one command more
 * @conn: a connection without a free command
 *
 * Context: the connection's thread.
 * Return: true: there is a free one now; false: the connection has all it may
 * have, or there is no memory just now
 */
bool iet_cmnd_pool_grow(struct iet_conn *conn)
{
	struct iet_cmnd_pool *pool = &conn->pool;
	unsigned int i = 0;

	if (pool->nr == pool->max)
		return false;
	while (pool->cmnds[i])
		i++;
	/* what is written back through a target must not wait for memory */
	if (add_cmnd(conn, i, GFP_ATOMIC | __GFP_NOWARN))
		return false;
	trim_later(conn);
	return true;
}

/**
 * iet_cmnd_pool_trim - give back what was not in use of late
 * @conn: the connection
 *
 * Context: the connection's thread.
 */
void iet_cmnd_pool_trim(struct iet_conn *conn)
{
	struct iet_cmnd_pool *pool = &conn->pool;
	unsigned int want = max(pool->peak, NR_MIN);
	struct iet_cmnd *cmnd, *prev;

	/* last in, first out: those at the end were not used for longest */
	list_for_each_entry_safe_reverse(cmnd, prev, &conn->free, node) {
		if (pool->nr <= want)
			break;
		del_cmnd(conn, cmnd);
	}
	pool->peak = conn->nr_active;
	trim_later(conn);
}
