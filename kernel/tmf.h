/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Task management (RFC 7143 11.5).
 */
#ifndef IET_TMF_H
#define IET_TMF_H

#include <linux/refcount.h>
#include <linux/workqueue.h>

struct iet_cmnd;
struct iet_conn;
struct iet_tmf_op;
struct iet_volume;

/**
 * struct iet_tmf - a task management function in progress
 * @op: row of the table of functions
 * @pending: connections still to look, aborted commands still in a backend,
 *	and one for whoever set it up; the response is sent at zero
 * @vol: the logical unit, with a reference, or NULL
 * @deadline: jiffies when it is to be given up
 * @given_up: the commands that backends still hold go on
 * @work: finds the connections concerned
 *
 * Lifetime: inside the command that carries the request.
 */
struct iet_tmf {
	const struct iet_tmf_op *op;
	refcount_t pending;
	struct iet_volume *vol;
	unsigned long deadline;
	bool given_up;
	struct work_struct work;
};

void iet_tmf_start(struct iet_cmnd *cmnd);
void iet_tmf_get(struct iet_tmf *tmf);
void iet_tmf_put(struct iet_tmf *tmf);
void iet_tmf_release(struct iet_tmf *tmf);
void iet_tmf_check(struct iet_conn *conn);

#endif /* IET_TMF_H */
