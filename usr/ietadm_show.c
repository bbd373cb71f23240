// SPDX-License-Identifier: GPL-2.0-only
/* What there is: the module's state in words. */
#include <errno.h>
#include <string.h>

#include "ietadm.h"
#include "kernel.h"
#include "lun.h"
#include "lun_props.h"
#include "params.h"

static const char *origin(uint32_t of)
{
	return of == IET_ORIGIN_CONFIG ? "" : " (not from the file)";
}

static bool is_alua(const struct param *p)
{
	return p->attr == IET_T_ALUA_STATE || p->attr == IET_T_ALUA_PREFERRED ||
	       p->attr == IET_T_ALUA_EXPLICIT;
}

int ietadm_show_target(struct request *q)
{
	struct kernel_target t = { .tid = q->tid, .set = K_HAS(IET_T_TID) };
	int err = kernel->target_get(&t);
	char text[PARAM_TEXT_MAX];
	size_t i;

	if (err)
		return ietadm_kernel_fail(q, err);
	for (i = 0; i < nr_params; i++) {
		const struct param *p = &params[i];
		uint32_t val;

		/* the first five in this order: scripts read them */
		if (p->space != PARAM_TARGET || p->attr == IET_T_MAX_SESSIONS)
			continue;
		param_get(p, &t, &val);
		if (is_alua(p) && val == p->def)
			continue;
		param_print(p, val, text);
		fprintf(q->out, "%s=%s\n", p->name, text);
	}
	return 0;
}

static void show_keys(const struct request *q, const struct kernel_keys *k)
{
	char text[PARAM_TEXT_MAX];
	size_t i;

	for (i = 0; i < nr_params; i++) {
		const struct param *p = &params[i];

		if (p->space != PARAM_KEY)
			continue;
		param_print(p,
			    k->set & K_HAS(p->attr) ? k->val[p->attr] : p->def,
			    text);
		fprintf(q->out, "%s=%s\n", p->name, text);
	}
}

struct wanted {
	uint64_t sid;
	bool found;
	struct kernel_keys keys;
};

static int find_session(const struct kernel_session *s, void *arg)
{
	struct wanted *w = arg;

	if (s->sid == w->sid) {
		w->keys = s->keys;
		w->found = true;
	}
	return 0;
}

int ietadm_show_session(struct request *q)
{
	struct kernel_target t = { .tid = q->tid, .set = K_HAS(IET_T_TID) };
	struct wanted w = { .sid = q->sid };
	int err = kernel->target_get(&t);

	if (err)
		return ietadm_kernel_fail(q, err);
	if (!q->sid) {
		show_keys(q, &t.keys);
		return 0;
	}
	err = kernel->session_dump(q->tid, find_session, &w);
	if (err)
		return ietadm_kernel_fail(q, err);
	if (!w.found)
		return ietadm_fail(q, -ENOENT, "there is no such session");
	show_keys(q, &w.keys);
	return 0;
}

static int show_lun(const struct kernel_lun *l, void *arg)
{
	struct request *q = arg;

	fprintf(q->out, "\tlun %u: %s %s, %llu blocks of %u%s%s%s\n", l->lun,
		l->iotype, lun_iomode_name(l->iomode),
		(unsigned long long)l->blocks, l->block_size,
		l->path[0] ? ", " : "", l->path, origin(l->origin));
	return 0;
}

int ietadm_show_lun(struct request *q)
{
	struct kernel_lun l;
	int err = ietadm_find_lun(q, &l);

	if (err)
		return err;
	fprintf(q->out, "Type=%s\n", l.iotype);
	if (l.path[0])
		fprintf(q->out, "Path=%s\n", l.path);
	fprintf(q->out,
		"IOMode=%s\nBlockSize=%u\nBlocks=%llu\nScsiId=%s\n"
		"ScsiSN=%s\nThinProvisioned=%s\nRemovable=%s\n"
		"Encrypted=%s\n",
		lun_iomode_name(l.iomode), l.block_size,
		(unsigned long long)l.blocks, l.scsi_id, l.scsi_sn,
		l.thin ? "Yes" : "No", l.removable ? "Yes" : "No",
		l.encrypted ? "Yes" : "No");
	lun_props_print(&l.props, q->out);
	if (l.timed)
		fprintf(q->out, "Latency=Yes\n");
	return 0;
}

static int show_session(const struct kernel_session *s, void *arg)
{
	static const char *const states[] = {
		[IET_CONN_NEW] = "new",
		[IET_CONN_ACTIVE] = "active",
		[IET_CONN_CLOSING] = "closing",
	};
	struct request *q = arg;
	unsigned int i;

	fprintf(q->out, "\tsession %llu: %s\n", (unsigned long long)s->sid,
		s->initiator);
	for (i = 0; i < s->nr_conns; i++) {
		const struct kernel_conn *c = &s->conn[i];

		fprintf(q->out, "\t\tconnection %u: %s %s\n", c->cid, c->addr,
			c->state <= IET_CONN_CLOSING ? states[c->state] :
						       "unknown");
	}
	return 0;
}

static int show_whole_target(const struct kernel_target *t, void *arg)
{
	bool permanent = t->redirect_flags & IET_REDIRECT_PERMANENT;
	struct request *q = arg;
	int err;

	fprintf(q->out, "target %u: %s%s%s%s%s%s\n", t->tid, t->name,
		t->alias[0] ? ", " : "", t->alias,
		t->redirect[0] ? ", redirected to " : "", t->redirect,
		t->redirect[0] && permanent ? ", permanently" : "");
	if (t->origin != IET_ORIGIN_CONFIG)
		fprintf(q->out, "\tnot from the file\n");
	err = kernel->lun_dump(t->tid, show_lun, q);
	if (!err)
		err = kernel->session_dump(t->tid, show_session, q);
	if (!err)
		err = ietadm_show_faults_of(q, t->tid);
	/* gone since the dump of the targets was made */
	return err == -ENOENT ? 0 : err;
}

static void show_daemon(const struct request *q)
{
	struct admin_msg answer = { 0 };
	size_t pos = 0;
	const char *s;

	if (ietadm_tell("status", &answer)) {
		fprintf(q->out, "ietd: not running\n");
	} else {
		admin_msg_next(&answer, &pos);
		fprintf(q->out, "ietd: running");
		while ((s = admin_msg_next(&answer, &pos)))
			fprintf(q->out, ", %s", s);
		fputc('\n', q->out);
	}
	admin_msg_free(&answer);
}

int ietadm_show_all(struct request *q)
{
	struct kernel_info info;
	int err = kernel->info_get(&info);

	if (!err) {
		fprintf(q->out, "module: version %s, %u threads\n",
			info.version, info.nthreads);
		show_daemon(q);
		ietadm_show_faults_of(q, 0);
		err = kernel->target_dump(show_whole_target, q);
	}
	return err ? ietadm_kernel_fail(q, err) : 0;
}
