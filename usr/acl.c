// SPDX-License-Identifier: GPL-2.0-only
/*
 * Access rules from initiators.allow, initiators.deny and targets.allow.
 */
#include "acl.h"

#include <arpa/inet.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "acl_rules.h"
#include "addr.h"
#include "log.h"
#include "text.h"

static const char *acl_dir = "/etc/iet";
static const char *acl_old_dir = "/etc";

enum acl_verdict {
	ACL_NO_FILE, /* there are no rules */
	ACL_NO_LINE, /* there are, but none for this target */
	ACL_UNKNOWN, /* there are, but they cannot be read */
	ACL_MATCH,
	ACL_NO_MATCH,
};

/* what the items of a line are compared with */
struct acl_subject {
	const char *initiator;
	const struct sockaddr *addr;
};

void acl_init(const char *dir, const char *old_dir)
{
	acl_dir = dir;
	acl_old_dir = old_dir;
	acl_rules_forget();
}

static int compile(regex_t *regex, const char *item)
{
	size_t size = strlen(item) + 7;
	char *pattern = malloc(size);
	int err;

	if (!pattern)
		return REG_ESPACE;
	/* the group makes the anchors hold for all of a\|b */
	snprintf(pattern, size, "^\\(%s\\)$", item);
	err = regcomp(regex, pattern, REG_NOSUB | REG_ICASE);
	free(pattern);
	return err;
}

static bool regex_match(const char *item, const char *name)
{
	char reason[128];
	regex_t regex;
	bool match;
	int err = compile(&regex, item);

	if (err) {
		regerror(err, &regex, reason, sizeof(reason));
		log_warning("access rules: \"%s\": %s", item, reason);
		return false;
	}
	match = !regexec(&regex, name, 0, NULL, 0);
	regfree(&regex);
	return match;
}

/* splits ADDR[/BITS] or [ADDR][/BITS]; the item is changed */
static bool parse_prefix(char *item, uint8_t bytes[16], size_t *len,
			 unsigned int *bits)
{
	char *slash = strrchr(item, '/');
	uint64_t n;

	if (slash)
		*slash++ = '\0';
	if (item[0] == '[') {
		size_t end = strlen(item) - 1;

		if (item[end] != ']')
			return false;
		item[end] = '\0';
		*len = 16;
		if (inet_pton(AF_INET6, item + 1, bytes) != 1)
			return false;
	} else {
		*len = 4;
		if (inet_pton(AF_INET, item, bytes) != 1)
			return false;
	}
	*bits = *len * 8;
	if (slash) {
		if (text_number(slash, &n) || n > *bits)
			return false;
		*bits = n;
	}
	return true;
}

enum acl_kind {
	ACL_ALL,
	ACL_PREFIX,
	ACL_NAME,
};

/* an address and how much of it counts */
struct acl_prefix {
	uint8_t bytes[16];
	size_t len;
	unsigned int bits;
};

static enum acl_kind item_parse(const char *item, struct acl_prefix *p)
{
	char copy[ADDR_TEXT_MAX];

	if (!strcmp(item, "ALL"))
		return ACL_ALL;
	snprintf(copy, sizeof(copy), "%s", item);
	if (strlen(item) < sizeof(copy) &&
	    parse_prefix(copy, p->bytes, &p->len, &p->bits))
		return ACL_PREFIX;
	return ACL_NAME;
}

static bool item_match(const char *item, const struct acl_subject *subject)
{
	struct acl_prefix p;
	const uint8_t *have;
	size_t len;

	switch (item_parse(item, &p)) {
	case ACL_ALL:
		return true;
	case ACL_PREFIX:
		have = addr_bytes(subject->addr, &len);
		return len == p.len && addr_same_prefix(have, p.bytes, p.bits);
	case ACL_NAME:
		break;
	}
	return regex_match(item, subject->initiator);
}

bool acl_item_match(const char *item, const char *initiator,
		    const struct sockaddr *peer)
{
	const struct acl_subject subject = { initiator, peer };

	return item_match(item, &subject);
}

bool acl_item_valid(const char *item)
{
	struct acl_prefix p;
	regex_t regex;

	if (item_parse(item, &p) != ACL_NAME)
		return true;
	if (compile(&regex, item))
		return false;
	regfree(&regex);
	return true;
}

static bool is_name(const char *item)
{
	struct acl_prefix p;

	return item_parse(item, &p) == ACL_NAME;
}

/*
 * Whether one of the regular expressions of a line fits.  A discovery asks
 * the same of a line for ALL as many times as there are targets.
 */
static bool names_match(struct acl_line *l, const struct acl_subject *subject)
{
	if (l->asked && !strcmp(l->asked, subject->initiator))
		return l->answer;
	free(l->asked);
	l->asked = strdup(subject->initiator);
	l->answer = false;
	for (char *p = l->items; p < l->end && !l->answer; p += strlen(p) + 1)
		l->answer = is_name(p) && regex_match(p, subject->initiator);
	return l->answer;
}

static bool line_match(struct acl_line *l, const struct acl_subject *subject)
{
	bool names = false;

	for (char *p = l->items; p < l->end; p += strlen(p) + 1) {
		if (is_name(p))
			names = true;
		else if (item_match(p, subject))
			return true;
	}
	return names && names_match(l, subject);
}

/* what a file says of a target */
struct answer {
	enum acl_verdict verdict;
	bool named; /* by its name, and not only as one of ALL */
};

static struct answer ask(const char *dir, const char *file, const char *target,
			 const struct acl_subject *subject)
{
	struct acl_found found = acl_rules_find(dir, file, target);
	struct answer a = { ACL_NO_LINE, found.named };

	/* rules that cannot be read must not let everybody in */
	if (found.err)
		return (struct answer){ ACL_UNKNOWN, true };
	if (!found.present)
		a.verdict = ACL_NO_FILE;
	else if (found.line)
		a.verdict = line_match(found.line, subject) ? ACL_MATCH :
							      ACL_NO_MATCH;
	return a;
}

struct opinion {
	bool files; /* there are rules at all */
	bool named; /* and they name the target */
	bool allowed;
};

/* what initiators.deny and initiators.allow of a directory say */
static struct opinion ask_both(const char *dir, const char *target,
			       const struct acl_subject *subject)
{
	struct answer deny = ask(dir, "initiators.deny", target, subject);
	struct answer allow = ask(dir, "initiators.allow", target, subject);
	struct opinion o = {
		.files = deny.verdict != ACL_NO_FILE ||
			 allow.verdict != ACL_NO_FILE,
		.named = deny.named || allow.named,
	};

	if (deny.verdict == ACL_UNKNOWN)
		o.allowed = false;
	/* of old, as with hosts.deny: what nobody denies is allowed */
	else if (deny.verdict != ACL_NO_FILE)
		o.allowed = deny.verdict != ACL_MATCH ||
			    allow.verdict == ACL_MATCH;
	else
		o.allowed = allow.verdict == ACL_NO_FILE ||
			    allow.verdict == ACL_MATCH;
	return o;
}

/*
 * Scripts of old, Pacemaker's agents among them, write what they want of a
 * target into the old directory: that counts in addition.
 */
bool acl_initiator_allowed(const char *target, const char *initiator,
			   const struct sockaddr *peer)
{
	const struct acl_subject subject = { initiator, peer };
	struct opinion new = ask_both(acl_dir, target, &subject);
	struct opinion old = ask_both(acl_old_dir, target, &subject);

	if (!new.files)
		return old.allowed;
	return new.allowed && (!old.named || old.allowed);
}

bool acl_target_visible(const char *target, const char *initiator,
			const struct sockaddr *local)
{
	const struct acl_subject subject = { initiator, local };
	struct answer a = ask(acl_dir, "targets.allow", target, &subject);

	if (a.verdict == ACL_NO_FILE)
		a = ask(acl_old_dir, "targets.allow", target, &subject);
	return a.verdict == ACL_NO_FILE || a.verdict == ACL_MATCH;
}

void acl_hold(bool on)
{
	acl_rules_hold(on);
}
