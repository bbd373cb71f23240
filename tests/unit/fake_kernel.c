// SPDX-License-Identifier: GPL-2.0-only
/*
 * A module in memory, for the tests of the daemon.
 */
#include "fake_kernel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static struct kernel_target targets[FAKE_TARGETS];
static unsigned int nr_targets;
static struct kernel_lun luns[FAKE_LUNS];
static unsigned int nr_luns;
static struct kernel_session sessions[FAKE_SESSIONS];
static unsigned int nr_sessions;
static struct kernel_fault faults[FAKE_FAULTS];
static unsigned int nr_faults;
static uint16_t next_tsih;

static struct {
	int err;
	char text[128];
} fail[FAKE_NR_OPS];

static char error_text[128];

unsigned int fake_calls[FAKE_NR_OPS];
struct kernel_info fake_info;
int fake_conn_fd = -1;
struct kernel_conn fake_async;
struct kernel_conn fake_conn;

void fake_reset(void)
{
	nr_targets = nr_luns = nr_sessions = nr_faults = 0;
	next_tsih = 1;
	memset(fail, 0, sizeof(fail));
	memset(fake_calls, 0, sizeof(fake_calls));
	memset(&fake_conn, 0, sizeof(fake_conn));
	if (fake_conn_fd >= 0)
		close(fake_conn_fd);
	fake_conn_fd = -1;
	fake_info = (struct kernel_info){
		.version = "fake",
		.instance = 0x1234,
		.nthreads = 2,
		.max_recv_segment = 262144,
		.max_burst = 1048576,
		.max_queued = 256,
		.max_outstanding_r2t = 16,
		.max_connections = 1,
		.max_erl = 0,
	};
	error_text[0] = '\0';
}

void fake_fail(enum fake_op op, int err, const char *text)
{
	fail[op].err = err;
	snprintf(fail[op].text, sizeof(fail[op].text), "%s", text ? text : "");
}

static int refuse(int err, const char *text)
{
	snprintf(error_text, sizeof(error_text), "%s", text);
	return err;
}

static int enter(enum fake_op op)
{
	fake_calls[op]++;
	if (fail[op].err)
		return refuse(fail[op].err, fail[op].text);
	return 0;
}

static struct kernel_target *by_tid(uint32_t tid)
{
	for (unsigned int i = 0; i < nr_targets; i++)
		if (targets[i].tid == tid)
			return &targets[i];
	return NULL;
}

struct kernel_target *fake_find_target(const char *name)
{
	for (unsigned int i = 0; i < nr_targets; i++)
		if (!strcmp(targets[i].name, name))
			return &targets[i];
	return NULL;
}

struct kernel_lun *fake_find_lun(uint32_t tid, uint32_t lun)
{
	for (unsigned int i = 0; i < nr_luns; i++)
		if (luns[i].tid == tid && luns[i].lun == lun)
			return &luns[i];
	return NULL;
}

struct kernel_session *fake_session(unsigned int index)
{
	return index < nr_sessions ? &sessions[index] : NULL;
}

static struct kernel_session *by_sid(uint32_t tid, uint64_t sid)
{
	for (unsigned int i = 0; i < nr_sessions; i++)
		if (sessions[i].tid == tid && sessions[i].sid == sid)
			return &sessions[i];
	return NULL;
}

static uint32_t free_tid(void)
{
	uint32_t tid = 1;

	while (by_tid(tid))
		tid++;
	return tid;
}

static void count(struct kernel_target *t)
{
	t->nr_luns = t->nr_sessions = 0;
	for (unsigned int i = 0; i < nr_luns; i++)
		t->nr_luns += luns[i].tid == t->tid;
	for (unsigned int i = 0; i < nr_sessions; i++)
		t->nr_sessions += sessions[i].tid == t->tid;
}

static int fake_info_get(struct kernel_info *info)
{
	int err = enter(FAKE_INFO_GET);

	if (!err)
		*info = fake_info;
	return err;
}

static int fake_target_get(struct kernel_target *t)
{
	struct kernel_target *have;
	int err = enter(FAKE_TARGET_GET);

	if (err)
		return err;
	have = t->set & K_HAS(IET_T_NAME) ? fake_find_target(t->name) :
					    by_tid(t->tid);
	if (!have)
		return refuse(-ENOENT, "no such target");
	count(have);
	*t = *have;
	return 0;
}

static int fake_target_dump(kernel_target_fn fn, void *arg)
{
	int err = enter(FAKE_TARGET_DUMP);

	for (unsigned int i = 0; !err && i < nr_targets; i++) {
		count(&targets[i]);
		err = fn(&targets[i], arg);
	}
	return err;
}

static int fake_target_new(struct kernel_target *t)
{
	int err = enter(FAKE_TARGET_NEW);

	if (err)
		return err;
	if (!(t->set & K_HAS(IET_T_NAME)) || !t->name[0])
		return refuse(-EINVAL, "a target needs a name");
	if (fake_find_target(t->name))
		return refuse(-EEXIST, "a target of this name exists");
	if (t->set & K_HAS(IET_T_TID) && t->tid && by_tid(t->tid))
		return refuse(-EEXIST, "this tid is in use");
	if (nr_targets == FAKE_TARGETS)
		return refuse(-ENOSPC, "too many targets");
	if (!(t->set & K_HAS(IET_T_TID)) || !t->tid)
		t->tid = free_tid();
	t->set |= K_HAS(IET_T_TID);
	targets[nr_targets++] = *t;
	return 0;
}

static void merge_keys(struct kernel_keys *to, const struct kernel_keys *from)
{
	for (unsigned int i = 0; i <= IET_K_MAX; i++)
		if (from->set & K_HAS(i))
			to->val[i] = from->val[i];
	to->set |= from->set;
}

static int fake_target_set(const struct kernel_target *t)
{
	struct kernel_target *have;
	int err = enter(FAKE_TARGET_SET);

	if (err)
		return err;
	have = by_tid(t->tid);
	if (!have)
		return refuse(-ENOENT, "no such target");
	if (t->set & K_HAS(IET_T_ORIGIN))
		have->origin = t->origin;
	if (t->set & K_HAS(IET_T_WTHREADS))
		have->wthreads = t->wthreads;
	if (t->set & K_HAS(IET_T_TYPE))
		have->type = t->type;
	if (t->set & K_HAS(IET_T_QUEUED_COMMANDS))
		have->queued_commands = t->queued_commands;
	if (t->set & K_HAS(IET_T_NOP_INTERVAL))
		have->nop_interval = t->nop_interval;
	if (t->set & K_HAS(IET_T_NOP_TIMEOUT))
		have->nop_timeout = t->nop_timeout;
	if (t->set & K_HAS(IET_T_MAX_SESSIONS))
		have->max_sessions = t->max_sessions;
	if (t->set & K_HAS(IET_T_ALUA_STATE))
		have->alua_state = t->alua_state;
	if (t->set & K_HAS(IET_T_ALUA_PREFERRED))
		have->alua_preferred = t->alua_preferred;
	if (t->set & K_HAS(IET_T_ALUA_EXPLICIT))
		have->alua_explicit = t->alua_explicit;
	if (t->set & K_HAS(IET_T_ALIAS))
		strcpy(have->alias, t->alias);
	if (t->set & K_HAS(IET_T_REDIRECT)) {
		strcpy(have->redirect, t->redirect);
		have->redirect_flags = t->redirect_flags;
	}
	if (t->set & K_HAS(IET_T_KEYS))
		merge_keys(&have->keys, &t->keys);
	have->set |= t->set;
	return 0;
}

static void drop_luns(uint32_t tid)
{
	for (unsigned int i = 0; i < nr_luns;)
		if (luns[i].tid == tid)
			luns[i] = luns[--nr_luns];
		else
			i++;
}

static void drop_sessions(uint32_t tid)
{
	for (unsigned int i = 0; i < nr_sessions;)
		if (sessions[i].tid == tid)
			sessions[i] = sessions[--nr_sessions];
		else
			i++;
}

static int fake_target_del(uint32_t tid, bool force)
{
	struct kernel_target *have;
	int err = enter(FAKE_TARGET_DEL);

	if (err)
		return err;
	have = by_tid(tid);
	if (!have)
		return refuse(-ENOENT, "no such target");
	count(have);
	if (have->nr_sessions && !force)
		return refuse(-EBUSY, "the target has sessions");
	drop_sessions(tid);
	drop_luns(tid);
	memmove(have, have + 1,
		(char *)&targets[nr_targets] - (char *)(have + 1));
	nr_targets--;
	return 0;
}

static int fake_lun_dump(uint32_t tid, kernel_lun_fn fn, void *arg)
{
	int err = enter(FAKE_LUN_DUMP);

	for (unsigned int i = 0; !err && i < nr_luns; i++)
		if (!tid || luns[i].tid == tid)
			err = fn(&luns[i], arg);
	return err;
}

static int fake_lun_new(struct kernel_lun *l)
{
	int err = enter(FAKE_LUN_NEW);

	if (err)
		return err;
	if (!by_tid(l->tid))
		return refuse(-ENOENT, "no such target");
	if (fake_find_lun(l->tid, l->lun))
		return refuse(-EEXIST, "this LUN exists");
	if (l->set & K_HAS(IET_L_OF_LUN)) {
		const struct kernel_lun *of =
			fake_find_lun(l->of_tid, l->of_lun);

		if (!of || l->set & K_HAS(IET_L_FD))
			return refuse(-ENOENT, "no such LUN");
		if (!(l->set & K_HAS(IET_L_SCSI_ID)))
			strcpy(l->scsi_id, of->scsi_id);
	}
	if (nr_luns == FAKE_LUNS)
		return refuse(-ENOSPC, "too many LUNs");
	luns[nr_luns++] = *l;
	return 0;
}

static int fake_lun_set(const struct kernel_lun *l)
{
	struct kernel_lun *have;
	int err = enter(FAKE_LUN_SET);

	if (err)
		return err;
	have = fake_find_lun(l->tid, l->lun);
	if (!have)
		return refuse(-ENOENT, "no such LUN");
	if (l->set & K_HAS(IET_L_ORIGIN))
		have->origin = l->origin;
	if (l->set & K_HAS(IET_L_IOMODE))
		have->iomode = l->iomode;
	if (l->set & K_HAS(IET_L_SCSI_ID))
		strcpy(have->scsi_id, l->scsi_id);
	if (l->set & K_HAS(IET_L_SCSI_SN))
		strcpy(have->scsi_sn, l->scsi_sn);
	if (l->set & K_HAS(IET_L_PATH))
		strcpy(have->path, l->path);
	if (l->set & K_HAS(IET_L_PROPS))
		have->props = l->props;
	if (l->set & K_HAS(IET_L_TIMED))
		have->timed = l->timed;
	have->set |= l->set;
	return 0;
}

static int fake_lun_del(uint32_t tid, uint32_t lun)
{
	struct kernel_lun *have;
	int err = enter(FAKE_LUN_DEL);

	if (err)
		return err;
	have = fake_find_lun(tid, lun);
	if (!have)
		return refuse(-ENOENT, "no such LUN");
	*have = luns[--nr_luns];
	return 0;
}

static int fake_session_dump(uint32_t tid, kernel_session_fn fn, void *arg)
{
	int err = enter(FAKE_SESSION_DUMP);

	for (unsigned int i = 0; !err && i < nr_sessions; i++)
		if (!tid || sessions[i].tid == tid)
			err = fn(&sessions[i], arg);
	return err;
}

static int fake_session_new(struct kernel_session *s)
{
	struct kernel_target *t;
	int err = enter(FAKE_SESSION_NEW);

	if (err)
		return err;
	t = by_tid(s->tid);
	if (!t)
		return refuse(-ENOENT, "no such target");
	for (unsigned int i = 0; i < nr_sessions; i++)
		if (sessions[i].tid == s->tid &&
		    !strcmp(sessions[i].initiator, s->initiator) &&
		    !memcmp(sessions[i].isid, s->isid, sizeof(s->isid)))
			sessions[i] = sessions[--nr_sessions];
	count(t);
	if (t->max_sessions && t->nr_sessions >= t->max_sessions)
		return refuse(-EUSERS, "the target has MaxSessions sessions");
	if (nr_sessions == FAKE_SESSIONS)
		return refuse(-ENOSPC, "too many sessions");
	s->tsih = next_tsih++;
	s->sid = 0;
	memcpy(&s->sid, s->isid, sizeof(s->isid));
	s->sid |= (uint64_t)s->tsih << 48;
	s->nr_conns = 0;
	sessions[nr_sessions++] = *s;
	return 0;
}

static int fake_session_set(const struct kernel_session *s)
{
	struct kernel_session *have;
	int err = enter(FAKE_SESSION_SET);

	if (err)
		return err;
	have = by_sid(s->tid, s->sid);
	if (!have)
		return refuse(-ENOENT, "no such session");
	have->has_lun_map = s->has_lun_map;
	have->lun_map = s->lun_map;
	return 0;
}

static int fake_session_del(uint32_t tid, uint64_t sid)
{
	struct kernel_session *s;
	int err = enter(FAKE_SESSION_DEL);

	if (err)
		return err;
	s = by_sid(tid, sid);
	if (!s)
		return refuse(-ENOENT, "no such session");
	*s = sessions[--nr_sessions];
	return 0;
}

static int fake_conn_new(const struct kernel_conn *c)
{
	struct kernel_session *s;
	int err = enter(FAKE_CONN_NEW);

	if (err)
		return err;
	s = by_sid(c->tid, c->sid);
	if (!s)
		return refuse(-ENOENT, "no such session");
	if (s->nr_conns == sizeof(s->conn) / sizeof(s->conn[0]))
		return refuse(-ENOSPC, "too many connections");
	s->conn[s->nr_conns++] = *c;
	fake_conn = *c;
	if (fake_conn_fd >= 0)
		close(fake_conn_fd);
	fake_conn_fd = dup(c->fd);
	return 0;
}

static int fake_conn_del(uint32_t tid, uint64_t sid, uint32_t cid)
{
	struct kernel_session *s;
	int err = enter(FAKE_CONN_DEL);

	if (err)
		return err;
	s = by_sid(tid, sid);
	for (unsigned int i = 0; s && i < s->nr_conns; i++)
		if (s->conn[i].cid == cid) {
			s->conn[i] = s->conn[--s->nr_conns];
			if (!s->nr_conns)
				*s = sessions[--nr_sessions];
			return 0;
		}
	return refuse(-ENOENT, "no such connection");
}

static int fake_conn_async(const struct kernel_conn *c)
{
	int err = enter(FAKE_CONN_ASYNC);

	if (err)
		return err;
	if (!by_sid(c->tid, c->sid))
		return refuse(-ENOENT, "no such session");
	fake_async = *c;
	return 0;
}

static int fake_fault_dump(uint32_t tid, kernel_fault_fn fn, void *arg)
{
	int err = enter(FAKE_FAULT_DUMP);

	if (!err && tid && !by_tid(tid))
		return refuse(-ENOENT, "no such target");
	for (unsigned int i = 0; !err && i < nr_faults; i++)
		if (!tid || faults[i].tid == tid)
			err = fn(&faults[i], arg);
	return err;
}

static int fake_fault_new(struct kernel_fault *f)
{
	int err = enter(FAKE_FAULT_NEW);

	if (err)
		return err;
	if (!by_tid(f->tid))
		return refuse(-ENOENT, "no such target");
	if (nr_faults == FAKE_FAULTS)
		return refuse(-ENOSPC, "too many faults");
	f->id = nr_faults ? faults[nr_faults - 1].id + 1 : 1;
	faults[nr_faults++] = *f;
	return 0;
}

static int fake_fault_del(uint32_t tid, uint32_t id)
{
	unsigned int i, kept = 0;
	int err = enter(FAKE_FAULT_DEL);

	if (err)
		return err;
	for (i = 0; i < nr_faults; i++)
		if (faults[i].tid != tid || (id && faults[i].id != id))
			faults[kept++] = faults[i];
	if (id && kept == nr_faults)
		return refuse(-ENOENT, "no such fault");
	nr_faults = kept;
	return 0;
}

struct kernel_fault *fake_fault(unsigned int index)
{
	return index < nr_faults ? &faults[index] : NULL;
}

/* Each session has done at each LUN what it has done in all. */
static int fake_nexus_stats(uint32_t tid, kernel_nexus_fn fn, void *arg)
{
	int err = enter(FAKE_NEXUS_STATS);

	for (unsigned int i = 0; !err && i < nr_sessions * nr_luns; i++) {
		const struct kernel_session *s = &sessions[i / nr_luns];
		struct kernel_nexus n = { .tid = s->tid,
					  .lun = luns[i % nr_luns].lun,
					  .sid = s->sid,
					  .stats = s->stats };

		strcpy(n.initiator, s->initiator);
		if (s->tid == tid && luns[i % nr_luns].tid == tid)
			err = fn(&n, arg);
	}
	return err;
}

static const struct kernel_ops fake_ops = {
	.info_get = fake_info_get,
	.target_get = fake_target_get,
	.target_dump = fake_target_dump,
	.target_new = fake_target_new,
	.target_set = fake_target_set,
	.target_del = fake_target_del,
	.lun_dump = fake_lun_dump,
	.lun_new = fake_lun_new,
	.lun_set = fake_lun_set,
	.lun_del = fake_lun_del,
	.session_dump = fake_session_dump,
	.session_new = fake_session_new,
	.session_set = fake_session_set,
	.session_del = fake_session_del,
	.conn_new = fake_conn_new,
	.conn_del = fake_conn_del,
	.conn_async = fake_conn_async,
	.fault_dump = fake_fault_dump,
	.fault_new = fake_fault_new,
	.fault_del = fake_fault_del,
	.lun_stats = fake_lun_dump,
	.session_stats = fake_session_dump,
	.nexus_stats = fake_nexus_stats,
};

const struct kernel_ops *kernel = &fake_ops;

struct kernel_target *fake_target(const char *name)
{
	struct kernel_target t = { .set = K_HAS(IET_T_NAME) };

	snprintf(t.name, sizeof(t.name), "%s", name);
	return fake_target_new(&t) ? NULL : &targets[nr_targets - 1];
}

int kernel_open(void)
{
	return 0;
}

void kernel_close(void)
{
}

const char *kernel_error(void)
{
	return error_text;
}

int kernel_claim(void)
{
	return dup(STDERR_FILENO);
}

int kernel_events_fd(void)
{
	return -ENOSYS;
}

int kernel_events_read(void (*fn)(int cmd, int event, uint32_t tid,
				  uint64_t sid, uint32_t cid, void *arg),
		       void *arg)
{
	(void)fn;
	(void)arg;
	return 0;
}
