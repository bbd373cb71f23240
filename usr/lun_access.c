// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "lun_access.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "acl.h"
#include "log.h"
#include "params.h"
#include "target_portal.h"

static struct lun_access *targets;

/* --- a line -------------------------------------------------------------- */

static int bad(char *reason, const char *text, const char *why)
{
	snprintf(reason, LUN_ACCESS_REASON_MAX, "\"%.64s\": %s", text, why);
	return -EINVAL;
}

static int add_rule(struct lun_access *a, const char *who, uint32_t first,
		    uint32_t last, uint32_t access, char *reason)
{
	struct lun_rule **end, *r;

	if (a->nr == KERNEL_LUN_RULES)
		return bad(reason, who,
			   "a target has at most 256 ranges of LUNs");
	r = calloc(1, sizeof(*r) + strlen(who) + 1);
	if (!r) {
		snprintf(reason, LUN_ACCESS_REASON_MAX, "out of memory");
		return -ENOMEM;
	}
	r->rule = (struct kernel_lun_rule){ first, last, access };
	memcpy(r->who, who, strlen(who) + 1);
	for (end = &a->rules; *end; end = &(*end)->next)
		;
	*end = r;
	a->nr++;
	return 0;
}

/* LUN or LUN-LUN; the text is changed */
static int parse_range(char *text, uint32_t *first, uint32_t *last)
{
	char *dash = strchr(text, '-');
	uint64_t a, b;

	if (dash)
		*dash = '\0';
	if (param_number(text, IET_LUN_MAX, &a) ||
	    param_number(dash ? dash + 1 : text, IET_LUN_MAX, &b) || b < a)
		return -EINVAL;
	*first = a;
	*last = b;
	return 0;
}

static int parse_luns(const char *who, char *luns, uint32_t access,
		      struct lun_access *a, char *reason)
{
	uint32_t first, last;
	char *range;
	int err = 0;

	while (!err && (range = strsep(&luns, ","))) {
		if (parse_range(range, &first, &last))
			return bad(reason, range,
				   "must be LUNs of 0 to 16383, as 0,2-5");
		err = add_rule(a, who, first, last, access, reason);
	}
	return err;
}

int lun_access_parse(const char *who, char *luns, const char *how,
		     struct lun_access *a, char reason[LUN_ACCESS_REASON_MAX])
{
	uint32_t access = IET_ACCESS_RW;

	if (!acl_item_valid(who))
		return bad(reason, who,
			   "is no ALL, address or regular expression");
	if (how && !strcasecmp(how, "ro"))
		access = IET_ACCESS_RO;
	else if (how && strcasecmp(how, "rw"))
		return bad(reason, how, "must be rw or ro");
	if (!strcasecmp(luns, "none"))
		return how ? bad(reason, how, "none has neither rw nor ro") :
			     add_rule(a, who, 0, IET_LUN_MAX, IET_ACCESS_NONE,
				      reason);
	if (!strcasecmp(luns, "all"))
		return add_rule(a, who, 0, IET_LUN_MAX, access, reason);
	return parse_luns(who, luns, access, a, reason);
}

/* --- of all targets ------------------------------------------------------ */

void lun_access_free(struct lun_access *all)
{
	struct lun_access *next;
	struct lun_rule *r;

	for (; all; all = next) {
		next = all->next;
		while ((r = all->rules)) {
			all->rules = r->next;
			free(r);
		}
		free(all);
	}
}

static const struct lun_access *find(const char *target)
{
	const struct lun_access *a;

	for (a = targets; a; a = a->next)
		if (!strcasecmp(a->name, target))
			break;
	return a;
}

const struct lun_rule *lun_access_of(const char *target)
{
	const struct lun_access *a = find(target);

	return a ? a->rules : NULL;
}

/* whether a line can go on with @next */
static bool goes_on(const struct lun_rule *r, const struct lun_rule *next)
{
	return next && next->rule.access == r->rule.access &&
	       r->rule.access != IET_ACCESS_NONE && !strcmp(next->who, r->who);
}

static void print_range(const struct kernel_lun_rule *r, FILE *out)
{
	fprintf(out, "%u", r->first);
	if (r->last != r->first)
		fprintf(out, "-%u", r->last);
}

const struct lun_rule *lun_rule_print(const struct lun_rule *r, FILE *out)
{
	fprintf(out, "%s ", r->who);
	if (r->rule.access == IET_ACCESS_NONE) {
		fputs("none", out);
		return r->next;
	}
	if (!r->rule.first && r->rule.last == IET_LUN_MAX &&
	    !goes_on(r, r->next)) {
		fputs("all", out);
	} else {
		print_range(&r->rule, out);
		for (; goes_on(r, r->next); r = r->next) {
			fputc(',', out);
			print_range(&r->next->rule, out);
		}
	}
	fputs(r->rule.access == IET_ACCESS_RO ? " ro" : " rw", out);
	return r->next;
}

bool lun_access_map(const char *target, const char *initiator,
		    const struct sockaddr *peer, struct kernel_lun_map *map)
{
	const struct lun_access *a = find(target);
	const struct lun_rule *r;

	map->nr = 0;
	if (!a)
		return false;
	for (r = a->rules; r; r = r->next)
		if (acl_item_match(r->who, initiator, peer))
			map->rule[map->nr++] = r->rule;
	return true;
}

/* --- sessions that are there --------------------------------------------- */

static bool same_map(const struct kernel_session *a,
		     const struct kernel_session *b)
{
	return a->has_lun_map == b->has_lun_map &&
	       a->lun_map.nr == b->lun_map.nr &&
	       !memcmp(a->lun_map.rule, b->lun_map.rule,
		       a->lun_map.nr * sizeof(a->lun_map.rule[0]));
}

/* the target of a session; those of one target come one after the other */
static bool look_up(struct kernel_target *t, uint32_t tid)
{
	if (t->tid == tid)
		return true;
	*t = (struct kernel_target){ .tid = tid, .set = K_HAS(IET_T_TID) };
	if (!kernel->target_get(t))
		return true;
	/* gone since the dump was made */
	t->tid = 0;
	return false;
}

void lun_access_update(const char *target, const struct kernel_session *s,
		       const struct sockaddr *peer)
{
	struct kernel_session want = { .tid = s->tid, .sid = s->sid };

	want.has_lun_map =
		lun_access_map(target, s->initiator, peer, &want.lun_map);
	if (!same_map(&want, s) && kernel->session_set(&want))
		log_error("target %s: initiator %s: LunAccess: %s", target,
			  s->initiator, kernel_error());
}

static int change_session(const struct kernel_session *s, void *arg)
{
	struct kernel_target *t = arg;
	struct target_portal peer;

	/* without an address it is done when a connection comes */
	if (!s->nr_conns || target_portal_parse(s->conn[0].addr, &peer) ||
	    !look_up(t, s->tid))
		return 0;
	lun_access_update(t->name, s, (const void *)&peer.addr);
	return 0;
}

void lun_access_replace(struct lun_access *all)
{
	struct kernel_target t = { 0 };

	lun_access_free(targets);
	targets = all;
	/* of all targets at once, which may be a thousand */
	if (kernel->session_dump(0, change_session, &t))
		log_error("LunAccess: sessions keep what they had: %s",
			  kernel_error());
}
