// SPDX-License-Identifier: GPL-2.0-only
/*
 * The daemon's part of a plan in words: accounts, portals, LunAccess and what
 * stands before the first target.  A reload takes all of these anew, so they
 * are compared here only.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "isns.h"
#include "isns_server.h"
#include "plan_show.h"
#include "rate.h"

/* --- accounts --- */

/* whose accounts are compared, in words */
struct owner {
	const char *target; /* "": discovery */
	const struct config_account *list;
	struct report *r;
};

static const char *of(const struct owner *o)
{
	return o->target[0] ? o->target : "discovery";
}

static const char *key_of(const struct account *a)
{
	return a->dir == ACCOUNT_INCOMING ? "IncomingUser" : "OutgoingUser";
}

/* does an account take the place of another? */
static bool is_place_of(const struct account *a, const struct account *b)
{
	return a->dir == b->dir &&
	       (a->dir == ACCOUNT_OUTGOING || !strcmp(a->name, b->name));
}

/* the account of the file that counts, of several that are the same */
static const struct account *last_like(const struct config_account *list,
				       const struct account *a)
{
	const struct account *last = NULL;

	for (; list; list = list->next)
		if (is_place_of(&list->account, a))
			last = &list->account;
	return last;
}

static const char *or_all(const char *who)
{
	return who[0] ? who : "ALL";
}

static void compare_account(const struct owner *o, const struct account *a,
			    const struct account *have)
{
	const char *key = key_of(a);
	bool same = true;

	if (strcmp(have->name, a->name)) {
		report_change(o->r, "change %s %s of %s: now %s", key,
			      have->name, of(o), a->name);
		same = false;
	}
	if (strcmp(have->secret, a->secret)) {
		report_change(o->r, "change %s %s of %s: password changed", key,
			      a->name, of(o));
		same = false;
	}
	if (strcmp(or_all(have->who), or_all(a->who))) {
		report_change(o->r, "change %s %s of %s: initiator=%s -> %s",
			      key, a->name, of(o), or_all(have->who),
			      or_all(a->who));
		same = false;
	}
	if (same && account_origin(have) != IET_ORIGIN_CONFIG)
		report_note(o->r, "adopt %s %s of %s: made by ietadm", key,
			    a->name, of(o));
}

static int show_gone_account(const struct account *a, void *arg)
{
	const struct owner *o = arg;

	if (last_like(o->list, a))
		return 0;
	if (account_origin(a) == IET_ORIGIN_CONFIG)
		report_change(o->r, "delete %s %s of %s", key_of(a), a->name,
			      of(o));
	else
		report_note(o->r, "keep %s %s of %s: made by ietadm", key_of(a),
			    a->name, of(o));
	return 0;
}

static void show_accounts(const char *target, const struct config_account *list,
			  struct report *r)
{
	struct owner o = { target, list, r };

	account_each(target, show_gone_account, &o);
	for (; list; list = list->next) {
		const struct account *a = &list->account, *have;

		if (last_like(o.list, a) != a)
			continue;
		have = account_find(target, a->dir,
				    a->dir == ACCOUNT_OUTGOING ? NULL :
								 a->name);
		if (have)
			compare_account(&o, a, have);
		else
			report_change(r, "new %s %s of %s", key_of(a), a->name,
				      of(&o));
	}
}

/* --- lists, which are compared as they are written --- */

static void write_portals(const void *list, FILE *out)
{
	const struct target_portal *p = list;
	char text[ADDR_TEXT_MAX];

	for (; p; p = p->next) {
		target_portal_print(p, text);
		fprintf(out, "%s%s", text, p->next ? ", " : "");
	}
}

static void write_access(const void *list, FILE *out)
{
	const struct lun_rule *r = list;

	while (r) {
		r = lun_rule_print(r, out);
		fputs(r ? ", " : "", out);
	}
}

/* Return: the words, to be freed, or NULL for lack of memory */
static char *to_text(void (*write)(const void *list, FILE *out),
		     const void *list)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	write(list, out);
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}

static void show_list(const char *target, const char *key, const char *none,
		      void (*write)(const void *list, FILE *out),
		      const void *have, const void *want, struct report *r)
{
	char *before = to_text(write, have), *after = to_text(write, want);

	if (!before || !after)
		report_error(r, "%s of %s: out of memory", key, target);
	else if (strcmp(before, after))
		report_change(r, "change target %s: %s %s -> %s", target, key,
			      before[0] ? before : none,
			      after[0] ? after : none);
	free(before);
	free(after);
}

/* @t: of the file, or NULL */
static void show_target(const char *name, const struct config_target *t,
			struct report *r)
{
	show_accounts(name, t ? t->accounts : NULL, r);
	show_list(name, "Portal", "all", write_portals, target_portals_of(name),
		  t && t->portals ? t->portals->list : NULL, r);
	show_list(name, "LunAccess", "none", write_access, lun_access_of(name),
		  t && t->access ? t->access->rules : NULL, r);
}

/* --- before the first target --- */

static const char *yes_no(bool yes)
{
	return yes ? "Yes" : "No";
}

static void show_isns(const struct config *c, struct report *r)
{
	char have[ISNS_SERVER_TEXT_MAX], want[ISNS_SERVER_TEXT_MAX] = "";
	struct isns_server s;
	bool access;

	snprintf(have, sizeof(have), "%s", isns_configured(&access));
	if (isns_server_parse(c->isns_server, &s))
		snprintf(want, sizeof(want), "%s", isns_server_text(&s));
	if (strcasecmp(have, want))
		report_change(r, "change iSNSServer: %s -> %s",
			      have[0] ? have : "none", want[0] ? want : "none");
	if (access != c->isns_access_control)
		report_change(r, "change iSNSAccessControl: %s -> %s",
			      yes_no(access), yes_no(c->isns_access_control));
}

void plan_show_daemon(const struct plan *plan, const struct config *config,
		      struct report *r)
{
	const struct actual *a = &plan->actual;
	const struct config_target *t;
	size_t i;

	show_isns(config, r);
	if (rate_get() != config->login_rate)
		report_change(r, "change LoginRate: %u -> %u", rate_get(),
			      config->login_rate);
	show_accounts("", config->accounts, r);
	for (t = config->targets; t; t = t->next)
		show_target(t->target.name, t, r);
	/* those that stay although the file does not name them */
	for (i = 0; i < a->nr_targets; i++)
		if (a->targets[i].origin != IET_ORIGIN_CONFIG &&
		    !plan_target_of(plan, a->targets[i].tid))
			show_target(a->targets[i].name, NULL, r);
}
