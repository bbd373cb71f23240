// SPDX-License-Identifier: GPL-2.0-only
/* What initiators are told or asked for: update of a session. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "ietadm.h"
#include "kernel.h"
#include "params.h"

static const char *const event_names[] = {
	[IET_ASYNC_LOGOUT] = "logout",
	[IET_ASYNC_DROP_CONNECTION] = "drop-connection",
	[IET_ASYNC_DROP_SESSION] = "drop-session",
	[IET_ASYNC_NEGOTIATE] = "negotiate",
};

static int set_event(const struct request *q, struct kernel_conn *c,
		     const char *name)
{
	size_t i;

	for (i = 1; i < sizeof(event_names) / sizeof(event_names[0]); i++)
		if (!strcasecmp(event_names[i], name)) {
			c->async_event = i;
			c->set |= K_HAS(IET_C_ASYNC_EVENT);
			return 0;
		}
	return ietadm_fail(q, -EINVAL,
			   "Async: \"%s\" is not one of logout, "
			   "drop-connection, drop-session, negotiate",
			   name);
}

static int set_time(const struct request *q, struct kernel_conn *c,
		    const char *text)
{
	uint64_t seconds;

	if (param_number(text, IET_ASYNC_TIME_MAX, &seconds))
		return ietadm_fail(q, -EINVAL,
				   "Time: \"%s\" is not 0 to %d seconds", text,
				   IET_ASYNC_TIME_MAX);
	c->async_time = seconds;
	c->set |= K_HAS(IET_C_ASYNC_TIME);
	return 0;
}

static int read_params(const struct request *q, struct kernel_conn *c)
{
	char *rest = q->params, *key, *val;
	int more, err = 0;

	while (!err && (more = ietadm_pair(q, &rest, &key, &val))) {
		if (more < 0)
			return more;
		if (!strcasecmp(key, "Async"))
			err = set_event(q, c, val);
		else if (!strcasecmp(key, "Time"))
			err = set_time(q, c, val);
		else
			err = ietadm_fail(q, -EOPNOTSUPP,
					  "Unsupported: what a session has "
					  "negotiated stays until it ends");
	}
	return err;
}

int ietadm_update_session(struct request *q)
{
	struct kernel_conn c = { .tid = q->tid, .sid = q->sid, .cid = q->cid };
	int err;

	/* sid 0 stands for what will be offered from now on */
	if (!q->sid && !(q->has & HAS_CID))
		return ietadm_update_target(q);
	if (q->has & HAS_CID)
		c.set |= K_HAS(IET_C_CID);
	err = read_params(q, &c);
	if (err)
		return err;
	if (!(c.set & K_HAS(IET_C_ASYNC_EVENT)))
		return ietadm_fail(q, -EINVAL, "Async is missing");
	err = kernel->conn_async(&c);
	return err ? ietadm_kernel_fail(q, err) : 0;
}
