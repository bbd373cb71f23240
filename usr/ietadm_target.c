// SPDX-License-Identifier: GPL-2.0-only
/* Targets, logical units, sessions and connections: the module's. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "ietadm.h"
#include "ietadm_open.h"
#include "kernel.h"
#include "lun.h"
#include "lun_props.h"
#include "params.h"
#include "state.h"

/* how long a device may take to come free after its logical unit went */
#define BUSY_MS 3000

static int set_text(const struct request *q, char *dst, size_t size,
		    const char *key, const char *val)
{
	if (strlen(val) >= size)
		return ietadm_fail(q, -EINVAL, "%s: longer than %zu bytes", key,
				   size - 1);
	memcpy(dst, val, strlen(val) + 1);
	return 0;
}

static int set_param(const struct request *q, struct kernel_target *t,
		     const char *key, const char *val)
{
	const struct param *p = param_find(key);
	char reason[PARAM_TEXT_MAX];
	uint32_t n;
	int err;

	if (!p)
		return ietadm_fail(q, -EINVAL,
				   "\"%s\" is not a parameter of a target",
				   key);
	err = param_parse(p, val, &n, reason);
	if (err < 0)
		return ietadm_fail(q, err, "%s: %s", p->name, reason);
	if (err)
		fprintf(q->err, "ietadm: %s: warning: %s: %s\n", q->what,
			p->name, reason);
	param_set(p, t, n);
	return 0;
}

/* @with_name: the target is new, its name is among the parameters */
static int read_params(struct request *q, struct kernel_target *t,
		       bool with_name)
{
	char *rest = q->params, *key, *val;
	int more, err = 0;

	while (!err && (more = ietadm_pair(q, &rest, &key, &val))) {
		if (more < 0)
			return more;
		if (with_name && !strcasecmp(key, "Name")) {
			err = set_text(q, t->name, sizeof(t->name), key, val);
			t->set |= K_HAS(IET_T_NAME);
		} else if (!strcasecmp(key, "Alias")) {
			err = set_text(q, t->alias, sizeof(t->alias), key, val);
			t->set |= K_HAS(IET_T_ALIAS);
		} else {
			err = set_param(q, t, key, val);
		}
	}
	return err;
}

/* The module has limits that are lower than the table's. */
static int apply_limits(const struct request *q, struct kernel_target *t)
{
	struct kernel_info info;
	int err = kernel->info_get(&info);
	size_t i;

	if (err)
		return ietadm_kernel_fail(q, err);
	for (i = 0; i < nr_params; i++) {
		const struct param *p = &params[i];
		uint32_t limit = param_limit(p, &info), val;

		if (!param_get(p, t, &val) || val <= limit)
			continue;
		fprintf(q->err,
			"ietadm: %s: warning: %s: %u is above the module's "
			"maximum, %u is used\n",
			q->what, p->name, val, limit);
		param_set(p, t, limit);
	}
	return 0;
}

/* a value that is given, or else the one there is */
static uint32_t wanted(const char *name, const struct kernel_target *given,
		       const struct kernel_target *have)
{
	const struct param *p = param_find(name);
	uint32_t val;

	if (!param_get(p, given, &val) && !param_get(p, have, &val))
		val = p->def;
	return val;
}

/*
 * RFC 7143 13.14: FirstBurstLength gives way to MaxBurstLength, as it does in
 * the file.  @have: the target, or what is empty if it is a new one
 */
static void check_bursts(const struct request *q, struct kernel_target *t,
			 const struct kernel_target *have)
{
	const struct param *p = param_find("FirstBurstLength");
	uint32_t first = wanted("FirstBurstLength", t, have);
	uint32_t burst = wanted("MaxBurstLength", t, have), val;

	if (first <= burst)
		return;
	if (param_get(p, t, &val))
		fprintf(q->err,
			"ietadm: %s: warning: %s: is above MaxBurstLength, %u "
			"is used\n",
			q->what, p->name, burst);
	param_set(p, t, burst);
}

int ietadm_new_target(struct request *q)
{
	struct kernel_target t = { .set = K_HAS(IET_T_ORIGIN),
				   .origin = IET_ORIGIN_RUNTIME };
	const struct kernel_target none = { 0 };
	int err = read_params(q, &t, true);

	if (!err)
		err = apply_limits(q, &t);
	if (err)
		return err;
	check_bursts(q, &t, &none);
	if (!t.name[0])
		return ietadm_fail(q, -EINVAL, "Name is missing");
	if (q->tid) {
		t.tid = q->tid;
		t.set |= K_HAS(IET_T_TID);
	}
	err = kernel->target_new(&t);
	return err ? ietadm_kernel_fail(q, err) : 0;
}

/* ADDR[:PORT][,permanent] */
static int set_redirect(const struct request *q, struct kernel_target *t)
{
	size_t len = strcspn(q->redirect, ",");
	char address[IET_REDIRECT_LEN + 2];
	uint32_t flags = 0;
	int err;

	if (!strcmp(q->redirect + len, ",permanent") && len)
		flags = IET_REDIRECT_PERMANENT;
	else
		len = strlen(q->redirect);
	if (len >= sizeof(address))
		len = sizeof(address) - 1;
	memcpy(address, q->redirect, len);
	address[len] = '\0';
	err = param_redirect(t, address, flags);
	if (err == -E2BIG)
		return ietadm_fail(q, -EINVAL,
				   "--redirect: longer than %d bytes",
				   IET_REDIRECT_LEN);
	if (err)
		return ietadm_fail(q, err,
				   "\"%s\" is not ADDR[:PORT][,permanent]",
				   q->redirect);
	return 0;
}

int ietadm_update_target(struct request *q)
{
	struct kernel_target have = { .tid = q->tid, .set = K_HAS(IET_T_TID) };
	struct kernel_target t = { .tid = q->tid };
	int err = 0;

	if (q->has & HAS_PARAMS)
		err = read_params(q, &t, false);
	if (!err && q->has & HAS_REDIRECT)
		err = set_redirect(q, &t);
	if (!err)
		err = apply_limits(q, &t);
	if (err)
		return err;
	if (!t.set)
		return ietadm_fail(q, -EINVAL, "--params is empty");
	err = t.set & K_HAS(IET_T_KEYS) ? kernel->target_get(&have) : 0;
	if (err)
		return ietadm_kernel_fail(q, err);
	if (t.set & K_HAS(IET_T_KEYS))
		check_bursts(q, &t, &have);
	err = kernel->target_set(&t);
	return err ? ietadm_kernel_fail(q, err) : 0;
}

int ietadm_delete_target(struct request *q)
{
	int err = kernel->target_del(q->tid, false);

	if (err)
		return ietadm_kernel_fail(q, err);
	/* its accounts go, too; a daemon that comes later sees to it itself */
	ietadm_tell("target-gone", NULL);
	return 0;
}

static int delete_one(const struct kernel_target *t, void *arg)
{
	struct request *q = arg;
	int err = kernel->target_del(t->tid, true);

	/* gone in the meantime is what was wanted */
	if (!err || err == -ENOENT)
		return 0;
	ietadm_fail(q, err, "%s: %s", t->name, kernel_error());
	return 0;
}

static int count_one(const struct kernel_target *t, void *arg)
{
	(void)t;
	++*(unsigned int *)arg;
	return 0;
}

int ietadm_delete_all(struct request *q)
{
	unsigned int left = 0;
	int err = kernel->target_dump(delete_one, q);

	if (!err)
		err = kernel->target_dump(count_one, &left);
	if (err)
		return ietadm_kernel_fail(q, err);
	ietadm_tell("target-gone", NULL);
	return left ? ietadm_fail(q, -EBUSY, "%u targets are left", left) : 0;
}

int ietadm_delete_session(struct request *q)
{
	int err = kernel->session_del(q->tid, q->sid);

	return err ? ietadm_kernel_fail(q, err) : 0;
}

int ietadm_delete_conn(struct request *q)
{
	int err = kernel->conn_del(q->tid, q->sid, q->cid);

	return err ? ietadm_kernel_fail(q, err) : 0;
}

/* Without a state file the logical unit works, but keeps nothing. */
static void open_state(const struct request *q, struct kernel_lun *l)
{
	char reason[STATE_REASON_MAX];

	l->state_fd = state_open(l->scsi_id, reason);
	if (l->state_fd >= 0)
		l->set |= K_HAS(IET_L_STATE_FD);
	else if (reason[0])
		fprintf(q->err, "no reservation will survive a power cut: %s\n",
			reason);
}

static int open_file(const struct request *q, struct kernel_lun *l)
{
	char reason[LUN_REASON_MAX];
	bool blank;

	l->fd = ietadm_open(lun_open_wait, l->path, l->iotype, l->iomode,
			    BUSY_MS, IETADM_OPEN_MS,
			    l->encrypted ? &blank : NULL, reason);
	if (l->fd < 0)
		return ietadm_fail(q, l->fd, "%s: %s", l->path, reason);
	l->set |= K_HAS(IET_L_FD);
	if (l->encrypted && blank)
		l->encrypted = IET_ENCRYPTED_NEW;
	open_state(q, l);
	return 0;
}

static int take_same_path(const struct kernel_lun *l, void *arg)
{
	struct kernel_lun *want = arg;

	if (strcmp(l->path, want->path) || want->set & K_HAS(IET_L_OF_LUN) ||
	    (l->iomode == IET_IOMODE_RO) != (want->iomode == IET_IOMODE_RO))
		return 0;
	want->of_tid = l->tid;
	want->of_lun = l->lun;
	want->set |= K_HAS(IET_L_OF_TID) | K_HAS(IET_L_OF_LUN);
	return 0;
}

/* Is the disk a logical unit already? Then it is that one once more. */
static int find_disk(const struct request *q, struct kernel_lun *l)
{
	char full[PATH_MAX];
	int err;

	/* what is shown must mean the same to whoever looks at it */
	if (l->path[0] != '/' && realpath(l->path, full))
		memcpy(l->path, full, strlen(full) + 1);
	err = kernel->lun_dump(0, take_same_path, l);
	return err ? ietadm_kernel_fail(q, err) : 0;
}

int ietadm_new_lun(struct request *q)
{
	struct kernel_lun l = { .tid = q->tid,
				.lun = q->lun,
				.fd = -1,
				.state_fd = -1,
				.origin = IET_ORIGIN_RUNTIME,
				.set = K_HAS(IET_L_ORIGIN) };
	char name[ISCSI_NAME_MAX + 1], reason[LUN_REASON_MAX];
	int err = lun_parse(q->params, &l, reason);

	if (err)
		return ietadm_fail(q, err, "%s", reason);
	err = ietadm_target_name(q, name);
	if (err)
		return err;
	if (lun_needs_file(&l))
		err = find_disk(q, &l);
	if (err)
		return err;
	if (!(l.set & K_HAS(IET_L_OF_LUN)) && lun_defaults(&l, name))
		return ietadm_fail(q, -ENOTSUP,
				   "ScsiId must be given, as this "
				   "machine has no MD5 to make one");
	if (lun_needs_file(&l) && !(l.set & K_HAS(IET_L_OF_LUN)))
		err = open_file(q, &l);
	if (err)
		return err;
	err = kernel->lun_new(&l);
	if (l.fd >= 0)
		close(l.fd);
	if (l.state_fd >= 0)
		close(l.state_fd);
	return err ? ietadm_kernel_fail(q, err) : 0;
}

struct wanted {
	struct kernel_lun *l;
	bool found;
};

static int take_lun(const struct kernel_lun *l, void *arg)
{
	struct wanted *w = arg;

	if (l->lun != w->l->lun)
		return 0;
	*w->l = *l;
	w->found = true;
	return 0;
}

int ietadm_find_lun(const struct request *q, struct kernel_lun *l)
{
	struct wanted w = { .l = l };
	int err;

	*l = (struct kernel_lun){ .lun = q->lun };
	err = kernel->lun_dump(q->tid, take_lun, &w);
	if (err)
		return ietadm_kernel_fail(q, err);
	if (!w.found)
		return ietadm_fail(q, -ENOENT, "there is no such LUN");
	return 0;
}

static int read_timed(struct request *q, const char *val, struct kernel_lun *l)
{
	l->timed = !strcasecmp(val, "Yes");
	if (!l->timed && strcasecmp(val, "No"))
		return ietadm_fail(q, -EINVAL,
				   "Latency: \"%s\": must be Yes or No", val);
	l->set |= K_HAS(IET_L_TIMED);
	return 0;
}

/* Adds what is given to the properties that there are. */
static int read_props(struct request *q, struct kernel_lun *l)
{
	struct kernel_props given = { 0 };
	char *rest = q->params, *key, *val, reason[LUN_REASON_MAX];
	int more, err;

	l->set = 0;
	while ((more = ietadm_pair(q, &rest, &key, &val)) > 0) {
		if (!strcasecmp(key, "Latency")) {
			err = read_timed(q, val, l);
			if (err)
				return err;
			continue;
		}
		err = lun_prop_parse(key, val, &given, reason);
		if (err < 0)
			return ietadm_fail(q, err, "%s", reason);
		if (!err)
			return ietadm_fail(q, -EINVAL, "\"%s\" %s", key,
					   lun_has_arg(key) ?
						   "cannot be changed while "
						   "the logical unit is there" :
						   "is not an argument of a "
						   "logical unit");
	}
	if (given.set)
		l->set |= K_HAS(IET_L_PROPS);
	if (!more && !l->set)
		return ietadm_fail(q, -EINVAL, "--params is empty");
	lun_props_merge(&l->props, &given);
	return more;
}

int ietadm_update_lun(struct request *q)
{
	struct kernel_lun l = { .tid = q->tid,
				.lun = q->lun,
				.fd = -1,
				.rescan = true,
				.set = K_HAS(IET_L_RESCAN) };
	int err = 0;

	if (q->has & HAS_PARAMS) {
		err = ietadm_find_lun(q, &l);
		if (!err)
			err = read_props(q, &l);
	}
	if (err)
		return err;
	err = kernel->lun_set(&l);
	return err ? ietadm_kernel_fail(q, err) : 0;
}

int ietadm_delete_lun(struct request *q)
{
	int err = kernel->lun_del(q->tid, q->lun);

	return err ? ietadm_kernel_fail(q, err) : 0;
}
