// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ietadm.h"
#include "kernel.h"
#include "params.h"

/*
 * A request is the command whose options it has: all of @must, and no others
 * than @may.  Commands without a function were never there and say so.
 */
static const struct command {
	enum ietadm_op op;
	unsigned int must;
	unsigned int may;
	bool module; /* needs the module */
	int (*fn)(struct request *q);
} commands[] = {
	{ OP_NEW, HAS_USER | HAS_PARAMS, HAS_TID, true, ietadm_new_user },
	{ OP_NEW, HAS_TID | HAS_LUN | HAS_PARAMS, 0, true, ietadm_new_lun },
	{ OP_NEW, HAS_TID | HAS_PARAMS, 0, true, ietadm_new_target },
	{ OP_NEW, HAS_FAULT, HAS_TID | HAS_SID | HAS_LUN | HAS_PARAMS, true,
	  ietadm_new_fault },
	{ OP_DELETE, HAS_USER | HAS_PARAMS, HAS_TID, true, ietadm_delete_user },
	{ OP_DELETE, HAS_TID | HAS_SID | HAS_CID, 0, true, ietadm_delete_conn },
	{ OP_DELETE, HAS_TID | HAS_SID, 0, true, ietadm_delete_session },
	{ OP_DELETE, HAS_TID | HAS_LUN, 0, true, ietadm_delete_lun },
	{ OP_DELETE, HAS_FAULT, HAS_TID, true, ietadm_delete_fault },
	{ OP_DELETE, HAS_TID, 0, true, ietadm_delete_target },
	{ OP_DELETE, 0, 0, true, ietadm_delete_all },
	{ OP_UPDATE, HAS_TID | HAS_SID | HAS_PARAMS, HAS_CID, true,
	  ietadm_update_session },
	{ OP_UPDATE, HAS_TID | HAS_LUN, HAS_PARAMS, true, ietadm_update_lun },
	{ OP_UPDATE, HAS_TID | HAS_PARAMS, HAS_REDIRECT, true,
	  ietadm_update_target },
	{ OP_UPDATE, HAS_TID | HAS_REDIRECT, 0, true, ietadm_update_target },
	{ OP_SHOW, HAS_TID | HAS_SID | HAS_STATS, HAS_JSON | HAS_PROMETHEUS,
	  true, ietadm_show_stats },
	{ OP_SHOW, HAS_TID | HAS_STATS, HAS_LUN | HAS_JSON | HAS_PROMETHEUS,
	  true, ietadm_show_stats },
	{ OP_SHOW, HAS_STATS, HAS_JSON | HAS_PROMETHEUS, true,
	  ietadm_show_stats },
	{ OP_SHOW, HAS_CONFIG, HAS_SECRETS, true, ietadm_show_config },
	{ OP_SHOW, HAS_USER, HAS_TID | HAS_PARAMS, true, ietadm_show_user },
	{ OP_SHOW, HAS_FAULT, HAS_TID | HAS_JSON, true, ietadm_show_fault },
	{ OP_SHOW, HAS_TID | HAS_SID, 0, true, ietadm_show_session },
	{ OP_SHOW, HAS_TID | HAS_LUN, 0, true, ietadm_show_lun },
	{ OP_SHOW, HAS_TID, 0, true, ietadm_show_target },
	{ OP_SHOW, 0, 0, true, ietadm_show_all },
	{ OP_RELOAD, HAS_DRY_RUN, 0, false, ietadm_dry_run },
	{ OP_RELOAD, 0, 0, false, ietadm_reload },
};

int ietadm_fail(const struct request *q, int err, const char *fmt, ...)
{
	va_list ap;

	fprintf(q->err, "ietadm: %s: ", q->what);
	va_start(ap, fmt);
	vfprintf(q->err, fmt, ap);
	va_end(ap);
	fputc('\n', q->err);
	return err;
}

int ietadm_kernel_fail(const struct request *q, int err)
{
	return ietadm_fail(q, err, "%s", kernel_error());
}

/* The values of some keys are lists themselves: CRC32C,None. */
static void join_list(const char *key, char *val, char **rest)
{
	const struct param *p = param_find(key);
	char *next;

	while (p && p->kind == PARAM_DIGEST && (next = *rest) &&
	       strcspn(next, ",=") && next[strcspn(next, ",=")] != '=') {
		strsep(rest, ",");
		val[strlen(val)] = ',';
	}
}

int ietadm_pair(const struct request *q, char **rest, char **key, char **val)
{
	char *s;

	while ((s = strsep(rest, ","))) {
		if (!*s)
			continue;
		*val = strchr(s, '=');
		/* not repeated in words: it may be a piece of a password */
		if (!*val)
			return ietadm_fail(q, -EINVAL,
					   "--params is not a list of "
					   "KEY=VALUE");
		*(*val)++ = '\0';
		*key = s;
		join_list(s, *val, rest);
		return 1;
	}
	return 0;
}

int ietadm_target_name(const struct request *q, char *name)
{
	struct kernel_target t = { .tid = q->tid, .set = K_HAS(IET_T_TID) };
	int err = kernel->target_get(&t);

	if (err)
		return ietadm_kernel_fail(q, err);
	memcpy(name, t.name, sizeof(t.name));
	return 0;
}

/* Is it a command that lacks one option? */
static const char *missing(const struct request *q)
{
	static const struct {
		unsigned int has;
		const char *name;
	} options[] = {
		{ HAS_TID, "--tid" },	  { HAS_PARAMS, "--params" },
		{ HAS_LUN, "--lun" },	  { HAS_SID, "--sid" },
		{ HAS_STATS, "--stats" }, { HAS_CONFIG, "--config" },
	};
	size_t i, k;

	for (k = 0; k < sizeof(options) / sizeof(options[0]); k++)
		for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
			const struct command *c = &commands[i];
			unsigned int has = q->has | options[k].has;

			if (c->op == q->op && (has & c->must) == c->must &&
			    !(has & ~(c->must | c->may)))
				return options[k].name;
		}
	return NULL;
}

/* Which target has the name? */
static int find_target(struct request *q)
{
	struct kernel_target t = { .set = K_HAS(IET_T_NAME) };
	size_t len = strlen(q->name);
	int err;

	if (!len || len >= sizeof(t.name))
		return ietadm_fail(q, -ENOENT, "that is no name of a target");
	memcpy(t.name, q->name, len + 1);
	err = kernel->target_get(&t);
	if (err)
		return ietadm_kernel_fail(q, err);
	q->tid = t.tid;
	return 0;
}

static int run(const struct command *c, struct request *q)
{
	int err = c->module ? kernel_open() : 0;

	if (err)
		return ietadm_kernel_fail(q, err);
	if (q->name && c->fn == ietadm_new_target)
		return ietadm_fail(q, -EINVAL,
				   "a new target has its name in --params");
	if (q->name)
		err = find_target(q);
	return err ?: c->fn(q);
}

static int find_and_run(struct request *q)
{
	const char *option;
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		const struct command *c = &commands[i];

		if (c->op == q->op && (q->has & c->must) == c->must &&
		    !(q->has & ~(c->must | c->may)))
			return run(c, q);
	}
	option = q->has ? missing(q) : NULL;
	if (option)
		return ietadm_fail(q, -EINVAL, "%s is missing", option);
	return ietadm_fail(q, -EOPNOTSUPP, "Unsupported.");
}

int ietadm_run(struct request *q)
{
	/* the list gets cut up, so its length is not to be had afterwards */
	size_t len = q->params ? strlen(q->params) : 0;
	int err = find_and_run(q);

	if (q->params)
		explicit_bzero(q->params, len);
	free(q->params);
	q->params = NULL;
	return err;
}
