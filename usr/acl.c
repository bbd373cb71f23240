// SPDX-License-Identifier: GPL-2.0-only
/*
 * Access rules from initiators.allow, initiators.deny and targets.allow.
 */
#include "acl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

static bool item_match(const char *item, const struct acl_subject *subject)
{
	char copy[ADDR_TEXT_MAX];
	size_t have_len, len;
	const uint8_t *have;
	unsigned int bits;
	uint8_t bytes[16];

	if (!strcmp(item, "ALL"))
		return true;
	snprintf(copy, sizeof(copy), "%s", item);
	if (strlen(item) >= sizeof(copy) ||
	    !parse_prefix(copy, bytes, &len, &bits))
		return regex_match(item, subject->initiator);
	have = addr_bytes(subject->addr, &have_len);
	return have_len == len && addr_same_prefix(have, bytes, bits);
}

bool acl_item_match(const char *item, const char *initiator,
		    const struct sockaddr *peer)
{
	const struct acl_subject subject = { initiator, peer };

	return item_match(item, &subject);
}

bool acl_item_valid(const char *item)
{
	char copy[ADDR_TEXT_MAX];
	unsigned int bits;
	uint8_t bytes[16];
	regex_t regex;
	size_t len;

	snprintf(copy, sizeof(copy), "%s", item);
	if (strlen(item) < sizeof(copy) &&
	    parse_prefix(copy, bytes, &len, &bits))
		return true;
	if (compile(&regex, item))
		return false;
	regfree(&regex);
	return true;
}

static bool items_match(char *items, const struct acl_subject *subject)
{
	char *item, *save;

	for (item = strtok_r(items, ", \t\r\n", &save); item;
	     item = strtok_r(NULL, ", \t\r\n", &save))
		if (item_match(item, subject))
			return true;
	return false;
}

/* Return: 0 and the file, or NULL if there is none; else a negative errno */
static int open_rules(const char *dir, const char *name, FILE **file)
{
	char path[4096];
	int err;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	*file = fopen(path, "re");
	if (*file)
		return 0;
	err = -errno;
	if (err == -ENOENT || err == -ENOTDIR)
		return 0;
	log_error("%s: %s", path, strerror(-err));
	return err;
}

/* what a file says of a target */
struct answer {
	enum acl_verdict verdict;
	bool named; /* by its name, and not only as one of ALL */
};

/* does this line speak of the target?  *items: what follows the name */
static bool line_is_for(char *line, const char *target, char **items,
			bool *named)
{
	char *name = strtok_r(line, " \t\r\n", items);

	if (!name || name[0] == '#')
		return false;
	if (!strcmp(name, "ALL"))
		return true;
	if (strcasecmp(name, target) != 0)
		return false;
	*named = true;
	return true;
}

static struct answer ask(const char *dir, const char *file, const char *target,
			 const struct acl_subject *subject)
{
	struct answer a = { ACL_NO_LINE, false };
	char *line = NULL, *items;
	size_t size = 0;
	FILE *f;

	/* rules that cannot be read must not let everybody in */
	if (open_rules(dir, file, &f))
		return (struct answer){ ACL_UNKNOWN, true };
	if (!f)
		return (struct answer){ ACL_NO_FILE, false };
	while (getline(&line, &size, f) >= 0)
		if (line_is_for(line, target, &items, &a.named) &&
		    a.verdict == ACL_NO_LINE)
			a.verdict = items_match(items, subject) ? ACL_MATCH :
								  ACL_NO_MATCH;
	free(line);
	fclose(f);
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
