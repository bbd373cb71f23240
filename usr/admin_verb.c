// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "admin_verb.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "account.h"
#include "acl.h"
#include "admin.h"
#include "apply.h"
#include "config_show.h"
#include "iet_version.h"
#include "ietd.h"
#include "isns.h"
#include "kernel.h"
#include "login_fault.h"
#include "params.h"
#include "report.h"

struct call {
	struct event_base *base;
	const char *args[ADMIN_ARGS_MAX];
	struct admin_msg *answer;
	admin_later_fn later;
	void *arg;
};

static int refuse(struct call *c, int err, const char *reason)
{
	admin_msg_add(c->answer, reason);
	return err;
}

/* --- accounts --- */

static int read_dir(struct call *c, const char *text, enum account_dir *dir)
{
	if (!strcmp(text, "incoming"))
		*dir = ACCOUNT_INCOMING;
	else if (!strcmp(text, "outgoing"))
		*dir = ACCOUNT_OUTGOING;
	else
		return refuse(c, -EINVAL, "neither incoming nor outgoing");
	return 0;
}

static int account_result(struct call *c, int err)
{
	switch (err) {
	case 0:
		return 0;
	case -ENOENT:
		return refuse(c, err, "there is no such account");
	case -EINVAL:
		return refuse(c, err,
			      "name and secret must be 1 to 255 bytes long");
	}
	return refuse(c, err, strerror(-err));
}

static int do_account_add(struct call *c)
{
	struct account a = { 0 };
	int err = read_dir(c, c->args[1], &a.dir);

	if (err)
		return err;
	if (c->args[4] && (a.dir != ACCOUNT_INCOMING || !*c->args[4] ||
			   strlen(c->args[4]) > ACCOUNT_WHO_MAX ||
			   !acl_item_valid(c->args[4])))
		return refuse(c, -EINVAL,
			      "Initiator takes an item as in initiators.allow, "
			      "and goes with IncomingUser");
	if (strlen(c->args[2]) > ACCOUNT_NAME_MAX ||
	    strlen(c->args[3]) > ACCOUNT_SECRET_MAX)
		return account_result(c, -EINVAL);
	snprintf(a.name, sizeof(a.name), "%s", c->args[2]);
	snprintf(a.secret, sizeof(a.secret), "%s", c->args[3]);
	if (c->args[4])
		snprintf(a.who, sizeof(a.who), "%s", c->args[4]);
	err = account_add(c->args[0], &a, IET_ORIGIN_RUNTIME);
	explicit_bzero(&a, sizeof(a));
	return account_result(c, err);
}

static int do_account_del(struct call *c)
{
	enum account_dir dir;
	int err = read_dir(c, c->args[1], &dir);

	return err ? err :
		     account_result(c,
				    account_del(c->args[0], dir, c->args[2]));
}

static int list_one(const struct account *a, void *arg)
{
	struct call *c = arg;

	return admin_msg_printf(c->answer, "%s %s%s%s",
				a->dir == ACCOUNT_INCOMING ? "incoming" :
							     "outgoing",
				a->name, *a->who ? " initiator=" : "", a->who);
}

static int do_account_list(struct call *c)
{
	return account_each(c->args[0], list_one, c);
}

static int do_account_show(struct call *c)
{
	const struct account *a;
	enum account_dir dir;
	int err = read_dir(c, c->args[1], &dir);

	if (err)
		return err;
	a = account_find(c->args[0], dir, c->args[2]);
	if (!a)
		return account_result(c, -ENOENT);
	err = admin_msg_add(c->answer, a->secret);
	return err || !*a->who ? err : admin_msg_add(c->answer, a->who);
}

/* --- targets that go --- */

struct left_target {
	uint32_t tid;
	char *name;
};

struct left {
	struct left_target *target;
	size_t nr;
};

static int add_left(const struct kernel_target *t, void *arg)
{
	struct left *l = arg;
	struct left_target *p = reallocarray(l->target, l->nr + 1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	l->target = p;
	l->target[l->nr].tid = t->tid;
	l->target[l->nr].name = strdup(t->name);
	return l->target[l->nr++].name ? 0 : -ENOMEM;
}

/* @tid: 0 = whichever it has */
static bool is_left_as(uint32_t tid, const char *name, void *arg)
{
	const struct left *l = arg;
	size_t i;

	for (i = 0; i < l->nr; i++)
		if (!strcasecmp(l->target[i].name, name))
			return !tid || l->target[i].tid == tid;
	return false;
}

static bool is_left(const char *name, void *arg)
{
	return is_left_as(0, name, arg);
}

int admin_targets_gone(void)
{
	struct left l = { 0 };
	int err = kernel->target_dump(add_left, &l);
	size_t i;

	if (!err) {
		account_drop_gone(is_left, &l);
		login_fault_drop_gone(is_left_as, &l);
	}
	for (i = 0; i < l.nr; i++)
		free(l.target[i].name);
	free(l.target);
	return err;
}

static int do_target_gone(struct call *c)
{
	int err = admin_targets_gone();

	return err ? refuse(c, err, kernel_error()) : 0;
}

/* --- faults of logins --- */

/* Return: whether all digits are a target's number; "" is 0 */
static bool read_tid(const char *text, uint32_t *tid)
{
	uint64_t n = 0;

	if (*text && param_number(text, UINT32_MAX, &n))
		return false;
	*tid = n;
	return true;
}

static int find_owner(struct call *c, struct login_fault *f)
{
	struct kernel_target t = { .tid = f->tid, .set = K_HAS(IET_T_TID) };
	int err = f->tid ? kernel->target_get(&t) : 0;

	if (err)
		return refuse(c, err, kernel_error());
	memcpy(f->target, t.name, sizeof(f->target));
	return 0;
}

static int do_fault_new(struct call *c)
{
	struct login_fault f = { 0 };
	char reason[256];
	char *list;
	int err;

	if (!read_tid(c->args[0], &f.tid))
		return refuse(c, -EINVAL, "no such target");
	err = find_owner(c, &f);
	if (err)
		return err;
	list = strdup(c->args[2]);
	if (!list)
		return refuse(c, -ENOMEM, strerror(ENOMEM));
	err = login_fault_parse(c->args[1], list, !f.tid, &f.args, reason,
				sizeof(reason));
	free(list);
	if (err)
		return refuse(c, err, reason);
	err = login_fault_new(&f);
	if (err)
		return refuse(c, err,
			      err == -ENOSPC ? "there are 64 faults of logins "
					       "already" :
					       strerror(-err));
	login_fault_save();
	return admin_msg_printf(c->answer, "L%" PRIu32, f.id);
}

static int do_fault_del(struct call *c)
{
	bool all = !strcmp(c->args[1], "all");
	uint64_t id = 0;
	uint32_t tid;

	if (!read_tid(c->args[0], &tid) ||
	    (!all && (c->args[1][0] != 'L' ||
		      param_number(c->args[1] + 1, UINT32_MAX, &id) || !id)))
		return refuse(c, -ENOENT, "no such fault");
	if (!login_fault_del(*c->args[0] ? &tid : NULL, id) && !all)
		return refuse(c, -ENOENT, "no such fault");
	return 0;
}

struct fault_list {
	struct call *c;
	uint32_t tid;
};

static int list_fault(const struct login_fault *f, void *arg)
{
	struct fault_list *l = arg;
	char *line = NULL;
	size_t size;
	FILE *out;
	int err;

	if (*l->c->args[0] && f->tid != l->tid)
		return 0;
	out = open_memstream(&line, &size);
	if (!out)
		return -ENOMEM;
	fprintf(out, "Tid=%" PRIu32 " Id=L%" PRIu32 " Kind=%s ", f->tid, f->id,
		login_fault_kind_name(f->args.kind));
	login_fault_print_params(&f->args, ' ', out);
	fprintf(out, " Seen=%" PRIu64 " Hits=%" PRIu64 " Held=%" PRIu32,
		f->seen, f->hits, f->held);
	err = fclose(out) ? -ENOMEM : admin_msg_add(l->c->answer, line);
	free(line);
	return err;
}

static int do_fault_list(struct call *c)
{
	struct fault_list l = { .c = c };

	if (!read_tid(c->args[0], &l.tid))
		return refuse(c, -ENOENT, "no such target");
	return login_fault_each(list_fault, &l);
}

/* --- reload --- */

static void reload_done(int result, const struct report *r, void *arg)
{
	struct admin_msg answer = { 0 };
	struct call *c = arg;
	size_t i;

	/* lines that don't fit are in the log */
	for (i = 0; i < r->nr; i++)
		admin_msg_printf(
			&answer, "%s%s",
			r->lines[i].kind == REPORT_WARNING ? "warning: " : "",
			r->lines[i].text);
	c->later(result < 0 ? -result : result ? EIO : 0, &answer, c->arg);
	admin_msg_free(&answer);
	free(c);
}

static int start_reload(struct call *c, const char *path,
			int (*start)(struct event_base *base, const char *path,
				     apply_done_fn done, void *arg),
			apply_done_fn done)
{
	struct call *copy;
	int err;

	if (!path)
		return refuse(c, -ENOENT, "there is no configuration file");
	copy = malloc(sizeof(*copy));
	if (!copy)
		return refuse(c, -ENOMEM, strerror(ENOMEM));
	*copy = *c;
	err = start(c->base, path, done, copy);
	if (!err)
		return ADMIN_LATER;
	free(copy);
	return refuse(c, err,
		      err == -EBUSY ? "a reload is under way" : strerror(-err));
}

static int do_reload(struct call *c)
{
	return start_reload(c, ietd_config_path(), apply_start, reload_done);
}

/* --- what a reload would do --- */

static const char *const kinds[] = {
	[REPORT_ERROR] = "error",
	[REPORT_WARNING] = "warning",
	[REPORT_CHANGE] = "change",
	[REPORT_NOTE] = "note",
};

static void look_done(int result, const struct report *r, void *arg)
{
	/* that what is too much is noticed here: room for the errno */
	struct admin_msg answer = { .max = ADMIN_ANSWER_MAX - 16 };
	struct call *c = arg;
	int err = r->lost ? -ENOMEM : 0;
	size_t i;

	if (result < 0) {
		reload_done(result, r, arg);
		return;
	}
	for (i = 0; i < r->nr && !err; i++)
		err = admin_msg_printf(&answer, "%s %s",
				       kinds[r->lines[i].kind],
				       r->lines[i].text);
	if (err)
		admin_msg_free(&answer);
	answer.max = ADMIN_ANSWER_MAX;
	c->later(-err, &answer, c->arg);
	admin_msg_free(&answer);
	free(c);
}

static int do_look(struct call *c)
{
	const char *path = c->args[0] ? c->args[0] : ietd_config_path();
	struct stat st;

	if (path && path[0] != '/')
		return refuse(c, -EINVAL, "the path is not absolute");
	/* to open a fifo would stop the daemon */
	if (c->args[0] && !stat(path, &st) && !S_ISREG(st.st_mode))
		return refuse(c, -EINVAL, "the path is not that of a file");
	return start_reload(c, path, apply_look, look_done);
}

/* --- what runs --- */

static int do_config(struct call *c)
{
	bool secrets = c->args[0] && !strcmp(c->args[0], "secrets");
	struct report r = { 0 };
	size_t i;
	int err;

	if (c->args[0] && !secrets)
		return refuse(c, -EINVAL, "neither secrets nor nothing");
	if (apply_running())
		return refuse(c, -EBUSY, "a reload is under way");
	c->answer->max = ADMIN_ANSWER_MAX - 16;
	err = config_show(secrets, c->answer, &r);
	/* half of a configuration is none */
	if (err)
		admin_msg_free(c->answer);
	for (i = 0; i < r.nr; i++)
		admin_msg_printf(c->answer, "%s%s", err ? "" : "warning ",
				 r.lines[i].text);
	c->answer->max = ADMIN_ANSWER_MAX;
	report_clear(&r);
	return err;
}

static int do_status(struct call *c)
{
	const char *path = ietd_config_path();
	char isns[320];

	admin_msg_printf(c->answer, "version %s", IET_VERSION);
	admin_msg_printf(c->answer, "config %s", path ? path : "none");
	admin_msg_printf(c->answer, "accounts %u", account_count());
	isns_status(isns, sizeof(isns));
	admin_msg_printf(c->answer, "isns %s", isns);
	return 0;
}

static const struct verb {
	const char *name;
	size_t nr_args, nr_optional;
	int (*fn)(struct call *c);
} verbs[] = {
	{ "account-add", 4, 1, do_account_add },
	{ "account-del", 3, 0, do_account_del },
	{ "account-list", 1, 0, do_account_list },
	{ "account-show", 3, 0, do_account_show },
	{ "fault-new", 3, 0, do_fault_new },
	{ "fault-del", 2, 0, do_fault_del },
	{ "fault-list", 1, 0, do_fault_list },
	{ "target-gone", 0, 0, do_target_gone },
	{ "reload", 0, 0, do_reload },
	{ "reload-look", 0, 1, do_look },
	{ "config", 0, 1, do_config },
	{ "status", 0, 0, do_status },
};

int admin_verb(struct event_base *base, const struct admin_msg *request,
	       struct admin_msg *answer, admin_later_fn later, void *arg)
{
	struct call c = {
		.base = base, .answer = answer, .later = later, .arg = arg
	};
	size_t pos = 0, n = 0, i;
	const char *name = admin_msg_next(request, &pos), *s;

	while ((s = admin_msg_next(request, &pos))) {
		if (n == ADMIN_ARGS_MAX)
			return refuse(&c, -EINVAL, "too many arguments");
		c.args[n++] = s;
	}
	for (i = 0; name && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verbs[i].name, name))
			continue;
		if (n < verbs[i].nr_args ||
		    n > verbs[i].nr_args + verbs[i].nr_optional)
			return refuse(&c, -EINVAL, "wrong number of arguments");
		return verbs[i].fn(&c);
	}
	return refuse(&c, -EOPNOTSUPP, "ietd does not know this request");
}
