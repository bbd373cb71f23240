// SPDX-License-Identifier: GPL-2.0-only
/* Accounts, reload: the daemon's. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "account.h"
#include "ietadm.h"
#include "iscsi_proto.h"

struct user {
	const char *dir; /* "incoming", "outgoing", or NULL */
	const char *name;
	const char *secret; /* NULL if not given */
	const char *who; /* which initiators may be it, NULL if not given */
	char buf[ACCOUNT_SECRET_MAX + 2]; /* of a secret read from a file */
};

static const struct {
	const char *key;
	const char *dir;
} directions[] = {
	{ "IncomingUser", "incoming" },
	{ "OutgoingUser", "outgoing" },
};

static int read_secret(const struct request *q, struct user *u, FILE *f,
		       const char *from)
{
	size_t len;
	int err = 0;

	/* not through a buffer of the stream, which nobody wipes */
	setvbuf(f, NULL, _IONBF, 0);
	if (!fgets(u->buf, sizeof(u->buf), f))
		u->buf[0] = '\0';
	len = strcspn(u->buf, "\r\n");
	if (!len)
		err = ietadm_fail(q, -EINVAL, "%s: there is no password", from);
	else if (len > ACCOUNT_SECRET_MAX)
		err = ietadm_fail(q, -EINVAL, "%s: longer than %d bytes", from,
				  ACCOUNT_SECRET_MAX);
	u->buf[len] = '\0';
	u->secret = u->buf;
	return err;
}

/* A password, "@FILE" to read it from, or "-" for standard input. */
static int set_secret(const struct request *q, struct user *u, const char *val)
{
	FILE *f;
	int err;

	if (!strcmp(val, "-"))
		return read_secret(q, u, stdin, "standard input");
	if (*val != '@') {
		u->secret = val;
		return 0;
	}
	f = fopen(val + 1, "re");
	if (!f)
		return ietadm_fail(q, -errno, "%s: %s", val + 1,
				   strerror(errno));
	err = read_secret(q, u, f, val + 1);
	fclose(f);
	return err;
}

static int set_name(const struct request *q, struct user *u, const char *key,
		    const char *val)
{
	size_t i;

	for (i = 0; i < sizeof(directions) / sizeof(directions[0]); i++) {
		if (strcasecmp(directions[i].key, key))
			continue;
		if (u->dir)
			return ietadm_fail(q, -EINVAL, "one account at a time");
		u->dir = directions[i].dir;
		u->name = val;
		return 0;
	}
	return ietadm_fail(q, -EINVAL, "\"%s\" is not a parameter of a user",
			   key);
}

static int read_user(struct request *q, struct user *u)
{
	char *rest = q->params, *key, *val;
	int more, err = 0;

	while (!err && (more = ietadm_pair(q, &rest, &key, &val))) {
		if (more < 0)
			return more;
		if (!strcasecmp(key, "Password"))
			err = set_secret(q, u, val);
		else if (!strcasecmp(key, "Initiator"))
			u->who = val;
		else
			err = set_name(q, u, key, val);
	}
	if (!err && (!u->dir || !*u->name))
		err = ietadm_fail(q, -EINVAL,
				  "IncomingUser or OutgoingUser is missing");
	return err;
}

/* An account has one name, whoever may use it. */
static int read_name(struct request *q, struct user *u)
{
	int err = read_user(q, u);

	if (!err && u->who)
		err = ietadm_fail(q, -EINVAL,
				  "Initiator belongs to a new account");
	return err;
}

/* Without a target, or of target 0, accounts are those of discovery. */
static int of_target(struct request *q, char *target)
{
	target[0] = '\0';
	return q->has & HAS_TID && q->tid ? ietadm_target_name(q, target) : 0;
}

/* @with_secret: that, and who may use it, are the last arguments */
static int ask(struct request *q, const char *verb, const struct user *u,
	       bool with_secret, struct admin_msg *answer)
{
	char target[ISCSI_NAME_MAX + 1];
	struct admin_msg msg = { 0 };
	int err = of_target(q, target);

	if (err)
		return err;
	err = admin_msg_add(&msg, verb);
	if (!err)
		err = admin_msg_add(&msg, target);
	if (!err && u)
		err = admin_msg_add(&msg, u->dir);
	if (!err && u)
		err = admin_msg_add(&msg, u->name);
	if (!err && with_secret)
		err = admin_msg_add(&msg, u->secret);
	if (!err && with_secret && u->who)
		err = admin_msg_add(&msg, u->who);
	if (err) {
		admin_msg_free(&msg);
		return ietadm_fail(q, err, "%s", strerror(-err));
	}
	return ietadm_ask(q, &msg, answer);
}

int ietadm_new_user(struct request *q)
{
	struct admin_msg answer = { 0 };
	struct user u = { 0 };
	int err = read_user(q, &u);

	if (!err && !u.secret)
		err = ietadm_fail(q, -EINVAL, "Password is missing");
	if (!err)
		err = ask(q, "account-add", &u, true, &answer);
	explicit_bzero(&u, sizeof(u));
	admin_msg_free(&answer);
	return err;
}

int ietadm_delete_user(struct request *q)
{
	struct admin_msg answer = { 0 };
	struct user u = { 0 };
	int err = read_name(q, &u);

	if (!err)
		err = ask(q, "account-del", &u, false, &answer);
	explicit_bzero(&u, sizeof(u));
	admin_msg_free(&answer);
	return err;
}

static const char *key_of(const char *dir)
{
	return strcmp(dir, "outgoing") ? "IncomingUser" : "OutgoingUser";
}

static int show_one(struct request *q)
{
	struct admin_msg answer = { 0 };
	struct user u = { 0 };
	const char *secret, *who;
	size_t pos = 0;
	int err = read_name(q, &u);

	if (!err)
		err = ask(q, "account-show", &u, false, &answer);
	if (!err) {
		admin_msg_next(&answer, &pos);
		secret = admin_msg_next(&answer, &pos);
		who = admin_msg_next(&answer, &pos);
		fprintf(q->out, "%s %s %s%s%s\n", key_of(u.dir), u.name,
			secret ? secret : "", who ? " initiator=" : "",
			who ? who : "");
	}
	explicit_bzero(&u, sizeof(u));
	admin_msg_free(&answer);
	return err;
}

static int show_list(struct request *q)
{
	struct admin_msg answer = { 0 };
	size_t pos = 0;
	const char *s;
	int err = ask(q, "account-list", NULL, false, &answer);

	if (!err)
		admin_msg_next(&answer, &pos);
	while (!err && (s = admin_msg_next(&answer, &pos))) {
		const char *name = strchr(s, ' ');

		if (name)
			fprintf(q->out, "%s%s\n",
				key_of(name - s == 8 && *s == 'o' ? "outgoing" :
								    "incoming"),
				name);
	}
	admin_msg_free(&answer);
	return err;
}

int ietadm_show_user(struct request *q)
{
	return q->has & HAS_PARAMS ? show_one(q) : show_list(q);
}

int ietadm_reload(struct request *q)
{
	struct admin_msg msg = { 0 }, answer = { 0 };
	size_t pos = 0;
	const char *s;
	int err = admin_msg_add(&msg, "reload");

	if (err)
		return ietadm_fail(q, err, "%s", strerror(-err));
	err = ietadm_ask(q, &msg, &answer);
	if (!err) {
		/* it went well, but there are warnings */
		admin_msg_next(&answer, &pos);
		while ((s = admin_msg_next(&answer, &pos)))
			ietadm_fail(q, 0, "%s", s);
	}
	admin_msg_free(&answer);
	return err;
}
