// SPDX-License-Identifier: GPL-2.0-only
/* Faults of logins: the daemon's rules, asked for and removed. */
#include <errno.h>
#include <inttypes.h>

#include "ietadm_fault.h"

/* "": of all */
static int add_tid(struct admin_msg *msg, const struct request *q)
{
	if (!(q->has & HAS_TID))
		return admin_msg_add(msg, "");
	return admin_msg_printf(msg, "%" PRIu32, q->tid);
}

int ietadm_new_login_fault(struct request *q)
{
	struct admin_msg msg = { 0 }, answer = { 0 };
	size_t pos = 0;
	const char *id;
	int err;

	admin_msg_add(&msg, "fault-new");
	add_tid(&msg, q);
	admin_msg_add(&msg, q->fault);
	err = admin_msg_add(&msg, q->params ? q->params : "");
	if (err) {
		admin_msg_free(&msg);
		return ietadm_fail(q, err, "too long");
	}
	err = ietadm_ask(q, &msg, &answer);
	admin_msg_next(&answer, &pos);
	id = err ? NULL : admin_msg_next(&answer, &pos);
	if (id)
		fprintf(q->out, "%s\n", id);
	admin_msg_free(&answer);
	return err;
}

int ietadm_delete_login_fault(struct request *q)
{
	struct admin_msg msg = { 0 }, answer = { 0 };
	bool all = *q->fault != LOGIN_ID;
	int err;

	admin_msg_add(&msg, "fault-del");
	add_tid(&msg, q);
	admin_msg_add(&msg, q->fault);
	if (!all) {
		err = ietadm_ask(q, &msg, &answer);
		admin_msg_free(&answer);
		return err;
	}
	err = ietadm_ask_quietly(&msg, &answer);
	admin_msg_free(&answer);
	if (!ietadm_no_daemon(err))
		return err ? ietadm_fail(q, err, "faults of logins stay") : 0;
	fprintf(q->err, "ietadm: ietd is not running: faults of logins stay, "
			"if there are any\n");
	return 0;
}
