// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module's side of a login.
 */
#include "handoff.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "addr.h"
#include "log.h"
#include "lun_access.h"

/* what the initiator hears when the module refuses */
static const struct {
	int err;
	enum iscsi_login_status status;
} statuses[] = {
	{ -ENOENT, ISCSI_LOGIN_NOT_FOUND },
	{ -ENODEV, ISCSI_LOGIN_NOT_FOUND },
	{ -ESHUTDOWN, ISCSI_LOGIN_TARGET_REMOVED },
	{ -EUSERS, ISCSI_LOGIN_OUT_OF_RESOURCES },
	{ -EDQUOT, ISCSI_LOGIN_OUT_OF_RESOURCES },
	{ -EMLINK, ISCSI_LOGIN_OUT_OF_RESOURCES },
	{ -ENOSPC, ISCSI_LOGIN_OUT_OF_RESOURCES },
	{ -ENOMEM, ISCSI_LOGIN_OUT_OF_RESOURCES },
	{ -EBUSY, ISCSI_LOGIN_SERVICE_UNAVAILABLE },
	{ -EAGAIN, ISCSI_LOGIN_SERVICE_UNAVAILABLE },
	{ -ETIMEDOUT, ISCSI_LOGIN_SERVICE_UNAVAILABLE },
};

static enum iscsi_login_status status_of(int err)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (statuses[i].err == err)
			return statuses[i].status;
	return ISCSI_LOGIN_TARGET_ERROR;
}

static enum iscsi_login_status refused(const struct login *l, int err)
{
	const char *reason = kernel_error();

	log_warning("%s: login of %s: %s", l->target.name, l->session.initiator,
		    reason[0] ? reason : strerror(-err));
	return status_of(err);
}

static int get_target(struct kernel_target *t, const char *name)
{
	memset(t, 0, sizeof(*t));
	t->set = K_HAS(IET_T_NAME);
	snprintf(t->name, sizeof(t->name), "%s", name);
	return kernel->target_get(t);
}

struct by_name {
	const char *name;
	struct kernel_target *t;
	bool found;
};

static int compare_name(const struct kernel_target *t, void *arg)
{
	struct by_name *by = arg;

	if (!by->found && !strcasecmp(t->name, by->name)) {
		*by->t = *t;
		by->found = true;
	}
	return 0;
}

static void lower(char *to, size_t size, const char *from)
{
	size_t i;

	for (i = 0; from[i] && i + 1 < size; i++)
		to[i] = from[i] >= 'A' && from[i] <= 'Z' ? from[i] + 32 :
							   from[i];
	to[i] = '\0';
}

enum iscsi_login_status handoff_find_target(struct login *l, const char *name)
{
	struct by_name by = { name, &l->target, false };
	char lowered[ISCSI_NAME_MAX + 1];
	int err;

	if (strlen(name) > ISCSI_NAME_MAX)
		return ISCSI_LOGIN_NOT_FOUND;
	err = get_target(&l->target, name);
	if (err == -ENOENT) {
		lower(lowered, sizeof(lowered), name);
		err = get_target(&l->target, lowered);
	}
	/* names are the same in any case (4.2.7.2), however they were made */
	if (err == -ENOENT) {
		err = kernel->target_dump(compare_name, &by);
		if (!err && !by.found)
			return ISCSI_LOGIN_NOT_FOUND;
	}
	return err ? status_of(err) : ISCSI_LOGIN_SUCCESS;
}

struct by_tsih {
	struct login *l;
	uint16_t tsih;
	bool found;
};

static int compare_tsih(const struct kernel_session *s, void *arg)
{
	struct by_tsih *by = arg;
	struct login *l = by->l;

	if (by->found || s->tsih != by->tsih ||
	    strcasecmp(s->initiator, l->session.initiator) ||
	    memcmp(s->isid, l->first.isid, sizeof(s->isid)))
		return 0;
	l->session = *s;
	by->found = true;
	return 0;
}

/*
 * 6.3.4: the same CID again reinstates that connection and adds none.  What
 * is being closed counts no more.
 */
static unsigned int others(const struct kernel_session *s, uint32_t cid)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < s->nr_conns; i++)
		nr += s->conn[i].cid != cid &&
		      s->conn[i].state != IET_CONN_CLOSING;
	return nr;
}

enum iscsi_login_status handoff_find_session(struct login *l)
{
	struct by_tsih by = { l, ntohs(l->first.tsih), false };
	struct kernel_session *s = &l->session;
	uint32_t max = 1;
	int err;

	err = kernel->session_dump(l->target.tid, compare_tsih, &by);
	if (err)
		return refused(l, err);
	if (!by.found)
		return ISCSI_LOGIN_NO_SESSION;
	if (s->keys.set & K_HAS(IET_K_MAX_CONNECTIONS))
		max = s->keys.val[IET_K_MAX_CONNECTIONS];
	/* one more is for recovering one that has failed (6.3.4) */
	max += s->keys.val[IET_K_ERROR_RECOVERY_LEVEL] == 2;
	if (others(s, ntohs(l->first.cid)) >= max)
		return ISCSI_LOGIN_TOO_MANY_CONNECTIONS;
	return ISCSI_LOGIN_SUCCESS;
}

enum iscsi_login_status handoff_session(struct login *l)
{
	struct kernel_session *s = &l->session;
	int err;

	s->tid = l->target.tid;
	s->exp_cmd_sn = l->exp_cmd_sn;
	s->keys = l->neg.result;
	memcpy(s->isid, l->first.isid, sizeof(s->isid));
	s->has_lun_map = lun_access_map(l->target.name, s->initiator,
					(const struct sockaddr *)&l->peer,
					&s->lun_map);
	err = kernel->session_new(s);
	return err ? refused(l, err) : ISCSI_LOGIN_SUCCESS;
}

struct by_sid {
	struct kernel_session s;
	bool found;
};

static int compare_sid(const struct kernel_session *s, void *arg)
{
	struct by_sid *by = arg;

	if (s->sid != by->s.sid)
		return 0;
	by->s = *s;
	by->found = true;
	return 0;
}

/*
 * The rules may have changed since the session was made, or while it had no
 * connection, and the address that it comes back from may be another one.
 */
static void take_lun_access(const struct login *l)
{
	struct by_sid by = { .s = l->session };

	if (l->first.tsih) {
		by.s.nr_conns = 0;
		kernel->session_dump(l->target.tid, compare_sid, &by);
		if (!by.found || others(&by.s, ntohs(l->first.cid)))
			return;
	}
	lun_access_update(l->target.name, &by.s,
			  (const struct sockaddr *)&l->peer);
}

int handoff_conn(struct login *l, int fd)
{
	const uint32_t *val = l->neg.result.val;
	const struct kernel_conn c = {
		.tid = l->target.tid,
		.sid = l->session.sid,
		.cid = ntohs(l->first.cid),
		.fd = fd,
		.stat_sn = l->stat_sn,
		.exp_stat_sn = l->exp_stat_sn,
		.header_digest = val[IET_K_HEADER_DIGEST],
		.data_digest = val[IET_K_DATA_DIGEST],
		.max_recv = val[IET_K_MAX_RECV_DATA_SEGMENT_LENGTH],
		.max_xmit = val[IET_K_MAX_XMIT_DATA_SEGMENT_LENGTH],
	};
	char peer[ADDR_TEXT_MAX];
	int err;

	take_lun_access(l);
	err = kernel->conn_new(&c);
	addr_print((const struct sockaddr *)&l->peer, true, peer);
	if (!err) {
		log_info("%s: login of %s from %s, session %llu, connection %u",
			 l->target.name, l->session.initiator, peer,
			 (unsigned long long)c.sid, c.cid);
		return 0;
	}
	log_error("%s: cannot hand over the connection of %s from %s: %s",
		  l->target.name, l->session.initiator, peer,
		  kernel_error()[0] ? kernel_error() : strerror(-err));
	handoff_abandon(l);
	return err;
}

void handoff_abandon(struct login *l)
{
	/* a session that others use goes on without this connection */
	if (l->neg.discovery || l->first.tsih || !l->session.tsih)
		return;
	if (kernel->session_del(l->target.tid, l->session.sid))
		log_debug("%s: session of %s: %s", l->target.name,
			  l->session.initiator, kernel_error());
}
