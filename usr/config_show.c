// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "config_show.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "actual.h"
#include "iet_version.h"
#include "isns.h"
#include "lun_access.h"
#include "lun_share.h"
#include "lun_text.h"
#include "params.h"
#include "rate.h"
#include "secret.h"
#include "target_portal.h"

/* a line of an account */
#define ACCOUNT_LINE_MAX \
	(ACCOUNT_NAME_MAX + ACCOUNT_SECRET_MAX + ACCOUNT_WHO_MAX + 64)

struct writer {
	bool secrets;
	const char *indent; /* of the lines of a target */
	const char *target; /* its name, or "discovery" */
	struct admin_msg *out;
	struct report *report;
	struct actual actual;
	struct kernel_info info;
	size_t next_lun; /* of those that are sorted */
	int err;
};

/* --- lines --- */

/* A backslash at its end must not take the next line in. */
static void put(struct writer *w, const char *text)
{
	size_t len = strlen(text);
	/* holds a secret, maybe: nothing of it is to be left behind */
	size_t room = len + sizeof("line  #") + strlen(w->indent);
	char *line = malloc(room);

	if (line) {
		size_t n = snprintf(line, room, "line %s%s%s",
				    len ? w->indent : "", text,
				    len && text[len - 1] == '\\' ? " #" : "");

		if (!w->err)
			w->err = admin_msg_add(w->out, line);
		explicit_bzero(line, n);
	} else {
		w->err = -ENOMEM;
	}
	free(line);
}

static void putf(struct writer *w, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* no secrets */
static void putf(struct writer *w, const char *fmt, ...)
{
	char *text;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0) {
		w->err = -ENOMEM;
		return;
	}
	put(w, text);
	free(text);
}

/* @fmt: what, and why it can't be written down */
#define cannot(w, fmt, ...)                                               \
	do {                                                              \
		putf(w, "# " fmt ", which can't be written here",         \
		     ##__VA_ARGS__);                                      \
		report_warning((w)->report,                               \
			       "%s: " fmt ", which ietd.conf can't have", \
			       (w)->target, ##__VA_ARGS__);               \
	} while (0)

/* can it be one word? */
static bool is_word(const char *s)
{
	if (!*s)
		return false;
	for (; *s; s++)
		if (isspace((unsigned char)*s))
			return false;
	return true;
}

/* can it be a word that is no secret? */
static bool is_name(const char *s)
{
	return *s != '#' && is_word(s);
}

/* can it be the rest of a line, as an alias, or a piece of that? */
static bool is_rest(const char *s)
{
	bool blank = true;

	for (; *s; s++) {
		if (*s == '\n' || *s == '\r' || (*s == '#' && blank))
			return false;
		blank = isspace((unsigned char)*s);
	}
	return !blank;
}

/* --- accounts --- */

static void put_account(struct writer *w, const char *key,
			const struct account *a, const char *at,
			const char *secret)
{
	char text[ACCOUNT_LINE_MAX];

	snprintf(text, sizeof(text), "%s %s %s%s%s%s", key, a->name, at, secret,
		 a->who[0] ? " initiator=" : "", a->who);
	put(w, text);
	explicit_bzero(text, sizeof(text));
}

/*
 * An account without its secret, or that has something else that can't be
 * written, is a line that is refused: to leave it out would let everybody in.
 */
static void show_account(struct writer *w, const struct account *a)
{
	const char *key = a->dir == ACCOUNT_INCOMING ? "IncomingUser" :
						       "OutgoingUser";

	if (!is_name(a->name) || (a->who[0] && !is_name(a->who))) {
		cannot(w, "%s has blanks, or begins with #", key);
		putf(w, "%s", key);
	} else if (a->file[0] && is_name(a->file)) {
		put_account(w, key, a, "@", a->file);
	} else if (!w->secrets) {
		putf(w, "# the password is left out: --secrets shows it");
		putf(w, "%s %s", key, a->name);
	} else if (!is_word(a->secret) || secret_path(a->secret)) {
		cannot(w,
		       "%s %s has a password with blanks, or with @/ at its "
		       "beginning",
		       key, a->name);
		putf(w, "%s %s", key, a->name);
	} else {
		put_account(w, key, a, "", a->secret);
	}
}

struct accounts {
	const struct account **list;
	size_t nr;
};

static int add_account(const struct account *a, void *arg)
{
	struct accounts *all = arg;
	const struct account **list;

	list = reallocarray(all->list, all->nr + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	list[all->nr++] = a;
	all->list = list;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct account *x = *(const struct account *const *)a;
	const struct account *y = *(const struct account *const *)b;

	return x->dir != y->dir ? (int)x->dir - (int)y->dir :
				  strcmp(x->name, y->name);
}

/* By name, so that the same accounts make the same file. */
static void show_accounts(struct writer *w, const char *target)
{
	struct accounts all = { 0 };
	size_t i;

	if (account_each(target, add_account, &all))
		w->err = -ENOMEM;
	if (all.nr)
		qsort(all.list, all.nr, sizeof(*all.list), by_name);
	for (i = 0; i < all.nr; i++)
		show_account(w, all.list[i]);
	free(all.list);
}

/* --- targets --- */

/* what the parameter is if a file does not have it */
static uint32_t by_default(const struct writer *w, const struct param *p,
			   uint32_t burst)
{
	uint32_t def = p->def, limit = param_limit(p, &w->info);

	if (def > limit)
		def = limit;
	if (p->space == PARAM_KEY && p->attr == IET_K_FIRST_BURST_LENGTH &&
	    def > burst)
		def = burst;
	return def;
}

static void show_params(struct writer *w, const struct kernel_target *t)
{
	uint32_t burst = t->keys.val[IET_K_MAX_BURST_LENGTH];
	char text[PARAM_TEXT_MAX];
	uint32_t val;
	size_t i;

	for (i = 0; i < nr_params; i++) {
		const struct param *p = &params[i];

		if (!param_get(p, t, &val) || val == by_default(w, p, burst))
			continue;
		param_print(p, val, text);
		putf(w, "%s %s", p->name, text);
	}
}

static void show_redirect(struct writer *w, const struct kernel_target *t)
{
	if (t->redirect[0])
		putf(w, "Redirect %s%s", t->redirect,
		     t->redirect_flags & IET_REDIRECT_PERMANENT ? " permanent" :
								  "");
}

static void show_portals(struct writer *w, const char *target)
{
	const struct target_portal *p;
	char text[ADDR_TEXT_MAX];

	for (p = target_portals_of(target); p; p = p->next) {
		target_portal_print(p, text);
		putf(w, "Portal %s", text);
	}
}

static void show_access(struct writer *w, const char *target)
{
	const struct lun_rule *r = lun_access_of(target);

	while (r && !w->err) {
		char *text = NULL;
		size_t size;
		FILE *out = open_memstream(&text, &size);

		if (!out) {
			w->err = -ENOMEM;
			return;
		}
		fputs("LunAccess ", out);
		r = lun_rule_print(r, out);
		if (fclose(out))
			w->err = -ENOMEM;
		else
			put(w, text);
		free(text);
	}
}

/* --- logical units --- */

static bool is_ro(const struct kernel_lun *l)
{
	return l->iomode == IET_IOMODE_RO;
}

/*
 * A path that is served by several disks, as it may be when ietadm has made
 * one and the file another.  Return: what differs, or NULL
 */
static const char *conflict(const struct writer *w, const struct kernel_lun *l)
{
	const struct kernel_lun *m;

	for (m = w->actual.luns; m < l; m++)
		if (!strcmp(m->path, l->path) && is_ro(m) == is_ro(l))
			return lun_share_conflict(m, l);
	return NULL;
}

/* Return: the argument that can't be written, or NULL */
static const char *lun_line(const struct kernel_lun *l, FILE *out)
{
	char text[LUN_TEXT_MAX];
	const char *name, *first = "";
	size_t i;

	fprintf(out, "Lun %u ", l->lun);
	for (i = 0; (name = lun_text(l, i, text)); i++) {
		if (!text[0])
			continue;
		if (!is_rest(text) || strchr(text, ',') ||
		    (!i && text[0] != '/'))
			return name;
		fprintf(out, "%s%s=%s", first, name, text);
		first = ",";
	}
	return NULL;
}

static void show_lun(struct writer *w, const struct kernel_lun *l)
{
	const char *bad = conflict(w, l);
	char *text = NULL;
	size_t size;
	FILE *out;

	if (l->path[0] && bad) {
		cannot(w, "Lun %u: %s is not what another Lun has of its path",
		       l->lun, bad);
		return;
	}
	out = open_memstream(&text, &size);
	if (!out) {
		w->err = -ENOMEM;
		return;
	}
	bad = lun_line(l, out);
	if (fclose(out))
		w->err = -ENOMEM;
	else if (bad)
		cannot(w, "Lun %u: %s has a comma, # or a blank", l->lun, bad);
	else
		put(w, text);
	free(text);
}

static void show_luns(struct writer *w, uint32_t tid)
{
	const struct actual *a = &w->actual;

	for (; w->next_lun < a->nr_luns; w->next_lun++) {
		/* that of a target that came after the targets were read */
		if (a->luns[w->next_lun].tid < tid)
			continue;
		if (a->luns[w->next_lun].tid > tid)
			break;
		show_lun(w, &a->luns[w->next_lun]);
	}
}

static void show_target(struct writer *w, const struct kernel_target *t)
{
	w->indent = "";
	w->target = t->name;
	put(w, "");
	putf(w, "Target %s", t->name);
	w->indent = "\t";
	show_accounts(w, t->name);
	if (t->alias[0] && is_rest(t->alias) && !isspace(*t->alias))
		putf(w, "Alias %s", t->alias);
	else if (t->alias[0])
		cannot(w, "Alias has # or a blank");
	show_params(w, t);
	show_redirect(w, t);
	show_portals(w, t->name);
	show_access(w, t->name);
	show_luns(w, t->tid);
}

/* --- all --- */

static void show_global(struct writer *w)
{
	const char *isns;
	bool access;

	put(w,
	    "# what runs, by ietadm --op show --config of version " IET_VERSION);
	isns = isns_configured(&access);
	if (isns[0])
		putf(w, "iSNSServer %s", isns);
	if (access)
		put(w, "iSNSAccessControl Yes");
	if (rate_get() != LOGIN_RATE_DEFAULT)
		putf(w, "LoginRate %u", rate_get());
	show_accounts(w, "");
}

int config_show(bool secrets, struct admin_msg *out, struct report *r)
{
	struct writer w = {
		.secrets = secrets,
		.indent = "",
		.target = "discovery",
		.out = out,
		.report = r,
	};
	size_t i;

	w.err = actual_read(&w.actual, &w.info, r);
	if (w.err)
		goto free;
	actual_sort(&w.actual);
	show_global(&w);
	for (i = 0; i < w.actual.nr_targets; i++)
		show_target(&w, &w.actual.targets[i]);
	if (w.err)
		report_error(r, "%s", strerror(-w.err));
free:
	actual_free(&w.actual);
	return w.err;
}
