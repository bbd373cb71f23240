// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the module has counted: of which targets, LUNs and sessions it is shown.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ietadm.h"
#include "ietadm_stats.h"

const char *const stat_names[IET_STATS_NR] = {
	"reads",  "writes",  "others", "read_bytes",	"write_bytes", "checks",
	"errors", "aborted", "r2ts",   "digest_errors", "rejects",     "tmfs",
};

const char *const latency_names[IET_H_MAX] = {
	"read_total",
	"read_device",
	"write_total",
	"write_device",
};

/* a view in the making */
struct reader {
	const struct request *q;
	struct stats_view v;
};

static void view_free(struct stats_view *v)
{
	free(v->lun);
	free(v->nexus);
	free(v->session);
}

static int append(void **array, size_t *nr, const void *one, size_t size)
{
	char *more = reallocarray(*array, *nr + 1, size);

	if (!more)
		return -ENOMEM;
	*array = more;
	memcpy(more + *nr * size, one, size);
	++*nr;
	return 0;
}

static bool wants_lun(const struct request *q, uint32_t lun)
{
	return !(q->has & HAS_LUN) || lun == q->lun;
}

static bool wants_session(const struct request *q, uint64_t sid)
{
	return !(q->has & HAS_SID) || sid == q->sid;
}

static int add_lun(const struct kernel_lun *l, void *arg)
{
	struct reader *r = arg;

	/* of all initiators: not what was asked for */
	if (!wants_lun(r->q, l->lun) || r->q->has & HAS_SID)
		return 0;
	return append((void **)&r->v.lun, &r->v.nr_luns, l, sizeof(*l));
}

static int add_nexus(const struct kernel_nexus *n, void *arg)
{
	struct reader *r = arg;

	if (!wants_lun(r->q, n->lun) || !wants_session(r->q, n->sid))
		return 0;
	return append((void **)&r->v.nexus, &r->v.nr_nexuses, n, sizeof(*n));
}

static int add_session(const struct kernel_session *s, void *arg)
{
	struct reader *r = arg;

	/* of all LUNs: not what was asked for */
	if (!wants_session(r->q, s->sid) || r->q->has & HAS_LUN)
		return 0;
	return append((void **)&r->v.session, &r->v.nr_sessions, s, sizeof(*s));
}

static int read_view(struct reader *r, bool nexuses)
{
	uint32_t tid = r->v.target->tid;
	int err = kernel->lun_stats(tid, add_lun, r);

	if (!err && nexuses)
		err = kernel->nexus_stats(tid, add_nexus, r);
	if (!err)
		err = kernel->session_stats(tid, add_session, r);
	return err;
}

struct stats_request {
	const struct request *q;
	const struct stats_form *as;
	void *form;
	bool found;
};

static int show_target(const struct kernel_target *t, void *arg)
{
	struct stats_request *r = arg;
	struct reader reader = { .q = r->q, .v.target = t };
	const struct stats_view *v = &reader.v;
	bool all = !(r->q->has & (HAS_LUN | HAS_SID));
	int err;

	if (r->q->has & HAS_TID && t->tid != r->q->tid)
		return 0;
	reader.v.one_session = r->q->has & HAS_SID;
	err = read_view(&reader, !r->as->no_nexuses);
	if (!err && (all || v->nr_luns || v->nr_sessions || v->nr_nexuses)) {
		r->found = true;
		r->as->view(r->form, v);
	}
	view_free(&reader.v);
	/* gone since the dump of the targets was made */
	return err == -ENOENT ? 0 : err;
}

static const struct stats_form *form_of(const struct request *q)
{
	switch (q->has & (HAS_JSON | HAS_PROMETHEUS)) {
	case 0:
		return &stats_table;
	case HAS_JSON:
		return &stats_json;
	case HAS_PROMETHEUS:
		return &stats_prometheus;
	}
	return NULL;
}

int ietadm_show_stats(struct request *q)
{
	struct stats_request r = { .q = q, .as = form_of(q) };
	int err, end_err;

	if (!r.as)
		return ietadm_fail(q, -EINVAL, "either --json or --prometheus");
	r.form = r.as->begin(q->out);
	if (!r.form)
		return ietadm_fail(q, -ENOMEM, "%s", strerror(ENOMEM));
	err = kernel->target_dump(show_target, &r);
	end_err = r.as->end(r.form);
	if (!err)
		err = end_err;
	if (err == -ENOMEM)
		return ietadm_fail(q, err, "%s", strerror(ENOMEM));
	if (err)
		return ietadm_kernel_fail(q, err);
	if (q->has & HAS_TID && !r.found)
		return ietadm_fail(q, -ENOENT,
				   "there is no such target, session or LUN");
	return 0;
}
