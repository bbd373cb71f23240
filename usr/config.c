// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "acl.h"
#include "config_lex.h"
#include "config_share.h"
#include "isns.h"
#include "lun.h"
#include "params.h"
#include "rate.h"
#include "secret.h"

enum scope {
	SCOPE_GLOBAL = 1,
	SCOPE_TARGET = 2,
};

struct parser {
	struct config *config;
	struct config_target *target; /* the stanza, NULL before the first */
	struct config_target **last;
	struct report *report;
	unsigned int line;
	const char *word;
	bool secrets;
	unsigned int isns_access_line;
	unsigned int login_rate_line;
};

/* Each line of output is "file:line: word: reason". */
#define bad(p, fmt, ...)                                                \
	report_error((p)->report, "%s:%u: %s: " fmt, (p)->config->path, \
		     (p)->line, (p)->word, ##__VA_ARGS__)
#define odd(p, fmt, ...)                                                  \
	report_warning((p)->report, "%s:%u: %s: " fmt, (p)->config->path, \
		       (p)->line, (p)->word, ##__VA_ARGS__)

static void *alloc(struct parser *p, size_t size)
{
	void *mem = calloc(1, size);

	if (!mem)
		bad(p, "out of memory");
	return mem;
}

static void no_more(struct parser *p, char *rest)
{
	char *s = lex_rest(&rest);

	if (s)
		odd(p, "\"%.64s\" after the value is ignored", s);
}

static struct config_target *find_target(struct parser *p, const char *name)
{
	struct config_target *t;

	for (t = p->config->targets; t; t = t->next)
		if (!strcasecmp(t->target.name, name))
			return t;
	return NULL;
}

/* RFC 7143 4.2.7: no blanks, no control characters; the type comes first */
static bool check_name(struct parser *p, const char *name)
{
	const char *s;

	if (strlen(name) > ISCSI_NAME_MAX) {
		bad(p, "the name is longer than %d bytes", ISCSI_NAME_MAX);
		return false;
	}
	for (s = name; *s; s++) {
		if ((unsigned char)*s <= 0x20 || *s == 0x7f) {
			bad(p, "a control character in the name");
			return false;
		}
		/* beyond ASCII: UTF-8, prepared by RFC 3722 */
		if (!(*s & 0x80) && !isalnum((unsigned char)*s) &&
		    !strchr("-.:_", *s)) {
			bad(p, "\"%.64s\": a name has letters, digits and -.:_",
			    name);
			return false;
		}
	}
	if ((strncasecmp(name, "iqn.", 4) && strncasecmp(name, "eui.", 4) &&
	     strncasecmp(name, "naa.", 4)) ||
	    !name[4]) {
		bad(p, "\"%.64s\" is no iqn., eui. or naa. name", name);
		return false;
	}
	return true;
}

/*
 * RFC 7143 4.2.7.2: a name in capitals is the same in lower case, which is
 * what the module and all initiators know it by.
 */
static void lower_name(struct parser *p, char *name)
{
	bool changed = false;
	char *s;

	for (s = name; *s; s++)
		if (*s >= 'A' && *s <= 'Z') {
			*s += 'a' - 'A';
			changed = true;
		}
	if (changed)
		odd(p, "names are in lower case: it is served as %s", name);
}

static void parse_target(struct parser *p, char *rest)
{
	char *name = lex_word(&rest);
	struct config_target *t, *other;

	if (!name) {
		bad(p, "a name is missing");
		name = (char *)"";
	} else if (check_name(p, name)) {
		other = find_target(p, name);
		if (other)
			bad(p, "%s is in line %u already", name, other->line);
		else
			lower_name(p, name);
	}
	no_more(p, rest);

	/* also with a bad name, for the lines that follow */
	t = alloc(p, sizeof(*t));
	if (!t)
		return;
	t->line = p->line;
	snprintf(t->target.name, sizeof(t->target.name), "%s", name);
	t->target.set = K_HAS(IET_T_NAME);
	*p->last = t;
	p->last = &t->next;
	p->target = t;
}

static void parse_alias(struct parser *p, char *rest)
{
	struct kernel_target *t = &p->target->target;
	char *alias = lex_rest(&rest);

	if (!alias) {
		bad(p, "a value is missing");
		return;
	}
	if (strlen(alias) > IET_ALIAS_LEN) {
		bad(p, "longer than %d bytes", IET_ALIAS_LEN);
		return;
	}
	snprintf(t->alias, sizeof(t->alias), "%s", alias);
	t->set |= K_HAS(IET_T_ALIAS);
	p->target->target_line[IET_T_ALIAS] = p->line;
}

/* Return: the portals of the stanza, an empty list if there were none */
static struct target_portals *get_portals(struct parser *p)
{
	struct config_target *t = p->target;

	if (!t->portals)
		t->portals = alloc(p, sizeof(*t->portals));
	if (t->portals)
		snprintf(t->portals->name, sizeof(t->portals->name), "%s",
			 t->target.name);
	return t->portals;
}

static void parse_portal(struct parser *p, char *rest)
{
	struct target_portals *portals = get_portals(p);
	struct target_portal **last, *portal;
	char *text = lex_word(&rest);

	if (!text) {
		bad(p, "an address is missing");
		return;
	}
	portal = portals ? alloc(p, sizeof(*portal)) : NULL;
	if (!portal)
		return;
	if (target_portal_parse(text, portal)) {
		bad(p, "\"%.64s\" is no address of IPv4 or [IPv6]", text);
		free(portal);
		return;
	}
	no_more(p, rest);
	for (last = &portals->list; *last; last = &(*last)->next)
		if (target_portal_same(*last, portal)) {
			odd(p, "%s is there already", text);
			free(portal);
			return;
		}
	*last = portal;
}

static void parse_redirect(struct parser *p, char *rest)
{
	unsigned int *line = &p->target->target_line[IET_T_REDIRECT];
	char *address = lex_word(&rest), *how = lex_word(&rest);
	uint32_t flags = IET_REDIRECT_CONFIG;

	if (!address) {
		bad(p, "an address is missing");
		return;
	}
	if (how && strcasecmp(how, "permanent")) {
		bad(p, "\"%.64s\": must be permanent, or nothing", how);
		return;
	}
	if (how)
		flags |= IET_REDIRECT_PERMANENT;
	if (param_redirect(&p->target->target, address, flags)) {
		bad(p, "\"%.64s\" is no ADDR or ADDR:PORT", address);
		return;
	}
	no_more(p, rest);
	if (*line)
		odd(p, "takes the place of line %u", *line);
	*line = p->line;
}

static void parse_lun(struct parser *p, char *rest)
{
	char reason[LUN_REASON_MAX];
	char *number = lex_word(&rest), *args = lex_rest(&rest);
	struct config_lun *l, **last;
	uint64_t n;

	if (!number || !args) {
		bad(p, "needs a number and Path=...,Type=...");
		return;
	}
	if (param_number(number, IET_LUN_MAX, &n)) {
		bad(p, "\"%.64s\": must be 0 to %d", number, IET_LUN_MAX);
		return;
	}
	for (last = &p->target->luns; *last; last = &(*last)->next)
		if ((*last)->lun.lun == n) {
			bad(p, "%u is in line %u already", (unsigned int)n,
			    (*last)->line);
			return;
		}
	l = alloc(p, sizeof(*l));
	if (!l)
		return;
	l->line = p->line;
	l->lun.lun = n;
	l->lun.fd = -1;
	*last = l;
	if (lun_parse(args, &l->lun, reason))
		bad(p, "%s", reason);
	else if (lun_needs_file(&l->lun) && l->lun.path[0] != '/')
		bad(p, "Path: \"%.64s\" is not absolute", l->lun.path);
}

static void parse_lun_access(struct parser *p, char *rest)
{
	char *who = lex_word(&rest), *luns = lex_word(&rest);
	char *how = lex_word(&rest), reason[LUN_ACCESS_REASON_MAX];
	struct config_target *t = p->target;

	if (!luns) {
		bad(p, "needs an initiator and its LUNs");
		return;
	}
	if (!t->access)
		t->access = alloc(p, sizeof(*t->access));
	if (!t->access)
		return;
	snprintf(t->access->name, sizeof(t->access->name), "%s",
		 t->target.name);
	if (lun_access_parse(who, luns, how, t->access, reason))
		bad(p, "%s", reason);
	no_more(p, rest);
}

static void add_account(struct parser *p, struct config_account *a)
{
	struct config_account **last;

	last = p->target ? &p->target->accounts : &p->config->accounts;
	for (; *last; last = &(*last)->next) {
		struct account *b = &(*last)->account;

		if (b->dir != a->account.dir)
			continue;
		if (b->dir == ACCOUNT_OUTGOING ||
		    !strcmp(b->name, a->account.name))
			odd(p, "takes the place of line %u", (*last)->line);
	}
	*last = a;
}

/* the secret, or the file that has it */
static void take_secret(struct parser *p, struct account *a, const char *word)
{
	const char *path = secret_path(word), *reason;

	if (!path) {
		p->secrets = true;
		snprintf(a->secret, sizeof(a->secret), "%s", word);
	} else if (secret_read(path, a->secret, sizeof(a->secret), &reason)) {
		bad(p, "%s: %s", path, reason);
	} else if (strlen(path) <= ACCOUNT_FILE_MAX) {
		snprintf(a->file, sizeof(a->file), "%s", path);
	}
}

/* RFC 7143 9.2.1: 96 bits and more; Microsoft's initiator insists on it */
static void check_length(struct parser *p, const struct account *a)
{
	size_t len = strlen(a->secret);

	if (len && len < 12)
		odd(p, "a secret of less than 12 bytes, which some initiators "
		       "refuse");
}

/* which initiators may be this user */
static void take_who(struct parser *p, struct account *a, char **rest)
{
	static const char word[] = "initiator=";
	char *who;

	*rest += strspn(*rest, " \t");
	if (strncmp(*rest, word, sizeof(word) - 1))
		return;
	who = lex_word(rest) + sizeof(word) - 1;
	if (!*who || strlen(who) > ACCOUNT_WHO_MAX || !acl_item_valid(who))
		bad(p, "initiator= needs an item as in initiators.allow");
	else
		snprintf(a->who, sizeof(a->who), "%s", who);
}

static void parse_account(struct parser *p, char *rest, enum account_dir dir)
{
	char *name = lex_word(&rest);
	char *secret = name ? lex_secret(&rest) : NULL;
	struct config_account *a;

	if (!secret) {
		bad(p, "needs a name and a secret");
		return;
	}
	if (strlen(name) > ACCOUNT_NAME_MAX ||
	    (!secret_path(secret) && strlen(secret) > ACCOUNT_SECRET_MAX)) {
		bad(p, "name or secret are longer than %d bytes",
		    ACCOUNT_NAME_MAX);
		return;
	}
	a = alloc(p, sizeof(*a));
	if (!a)
		return;
	if (dir == ACCOUNT_INCOMING)
		take_who(p, &a->account, &rest);
	/* not repeated in words: it may be the rest of a secret */
	if (lex_rest(&rest))
		odd(p, "what follows the secret is ignored");
	a->line = p->line;
	a->account.dir = dir;
	snprintf(a->account.name, sizeof(a->account.name), "%s", name);
	take_secret(p, &a->account, secret);
	check_length(p, &a->account);
	add_account(p, a);
}

static void parse_incoming(struct parser *p, char *rest)
{
	parse_account(p, rest, ACCOUNT_INCOMING);
}

static void parse_outgoing(struct parser *p, char *rest)
{
	parse_account(p, rest, ACCOUNT_OUTGOING);
}

static void parse_isns_server(struct parser *p, char *rest)
{
	char *s = lex_word(&rest);

	if (!s || strlen(s) >= sizeof(p->config->isns_server)) {
		bad(p, "needs an address");
		return;
	}
	if (!isns_is_server(s)) {
		bad(p, "\"%.64s\" is no HOST, HOST:PORT or [ADDRESS]:PORT", s);
		return;
	}
	no_more(p, rest);
	if (p->config->isns_server[0])
		odd(p, "takes the place of another server");
	snprintf(p->config->isns_server, sizeof(p->config->isns_server), "%s",
		 s);
}

static void parse_isns_access(struct parser *p, char *rest)
{
	char *s = lex_word(&rest);

	if (!s || (strcasecmp(s, "Yes") && strcasecmp(s, "No"))) {
		bad(p, "must be Yes or No");
		return;
	}
	no_more(p, rest);
	p->config->isns_access_control = !strcasecmp(s, "Yes");
	p->isns_access_line = p->line;
}

static void parse_login_rate(struct parser *p, char *rest)
{
	char *text = lex_word(&rest);
	uint64_t n;

	if (!text) {
		bad(p, "a value is missing");
		return;
	}
	if (param_number(text, LOGIN_RATE_MAX, &n)) {
		bad(p, "\"%.64s\": must be 0 to %d", text, LOGIN_RATE_MAX);
		return;
	}
	no_more(p, rest);
	if (p->login_rate_line)
		odd(p, "takes the place of line %u", p->login_rate_line);
	p->login_rate_line = p->line;
	p->config->login_rate = n;
}

static void parse_param(struct parser *p, const struct param *param, char *rest)
{
	char *text = lex_word(&rest);
	char reason[PARAM_TEXT_MAX];
	unsigned int *line;
	uint32_t val;

	if (!text) {
		bad(p, "a value is missing");
		return;
	}
	switch (param_parse(param, text, &val, reason)) {
	case 0:
		break;
	case 1:
		odd(p, "%s", reason);
		break;
	default:
		bad(p, "%s", reason);
		return;
	}
	no_more(p, rest);
	line = param->space == PARAM_KEY ? &p->target->key_line[param->attr] :
					   &p->target->target_line[param->attr];
	if (*line)
		odd(p, "takes the place of line %u", *line);
	*line = p->line;
	param_set(param, &p->target->target, val);
}

static const struct word {
	const char *name;
	unsigned int scope;
	void (*parse)(struct parser *p, char *rest);
} words[] = {
	{ "Target", SCOPE_GLOBAL | SCOPE_TARGET, parse_target },
	{ "IncomingUser", SCOPE_GLOBAL | SCOPE_TARGET, parse_incoming },
	{ "OutgoingUser", SCOPE_GLOBAL | SCOPE_TARGET, parse_outgoing },
	{ "iSNSServer", SCOPE_GLOBAL, parse_isns_server },
	{ "iSNSAccessControl", SCOPE_GLOBAL, parse_isns_access },
	{ "LoginRate", SCOPE_GLOBAL, parse_login_rate },
	{ "Alias", SCOPE_TARGET, parse_alias },
	{ "Portal", SCOPE_TARGET, parse_portal },
	{ "Redirect", SCOPE_TARGET, parse_redirect },
	{ "Lun", SCOPE_TARGET, parse_lun },
	{ "LunAccess", SCOPE_TARGET, parse_lun_access },
};

static const struct word *find_word(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcasecmp(words[i].name, name))
			return &words[i];
	return NULL;
}

static void parse_line(struct parser *p, char *text)
{
	char *rest = text, *name = lex_word(&rest);
	const struct word *w = find_word(name);
	const struct param *param = w ? NULL : param_find(name);
	unsigned int scope = w ? w->scope : SCOPE_TARGET;

	p->word = name;
	if (!w && !param)
		bad(p, "is not a word of this language");
	else if (!(scope & SCOPE_TARGET) && p->target)
		bad(p, "belongs before the first Target");
	else if (!(scope & SCOPE_GLOBAL) && !p->target)
		bad(p, "belongs after a Target");
	else if (w)
		w->parse(p, rest);
	else
		parse_param(p, param, rest);
}

/* RFC 7143 13.14: FirstBurstLength must not exceed MaxBurstLength */
static void check_bursts(struct parser *p)
{
	struct config_target *t;

	for (t = p->config->targets; t; t = t->next) {
		struct kernel_keys *k = &t->target.keys;

		if (!(k->set & K_HAS(IET_K_FIRST_BURST_LENGTH)) ||
		    !(k->set & K_HAS(IET_K_MAX_BURST_LENGTH)) ||
		    k->val[IET_K_FIRST_BURST_LENGTH] <=
			    k->val[IET_K_MAX_BURST_LENGTH])
			continue;
		p->line = t->key_line[IET_K_FIRST_BURST_LENGTH];
		p->word = "FirstBurstLength";
		odd(p, "is above MaxBurstLength, %u is used",
		    k->val[IET_K_MAX_BURST_LENGTH]);
		k->val[IET_K_FIRST_BURST_LENGTH] =
			k->val[IET_K_MAX_BURST_LENGTH];
	}
}

/* RFC 7143 9.2.1: such a login is refused, so the account is of no use */
static void check_secrets(struct parser *p, const struct config_account *list)
{
	const struct config_account *in, *out;

	for (out = list; out; out = out->next) {
		if (out->account.dir != ACCOUNT_OUTGOING)
			continue;
		for (in = list; in; in = in->next) {
			if (in->account.dir != ACCOUNT_INCOMING ||
			    strcmp(in->account.secret, out->account.secret))
				continue;
			p->line = out->line;
			p->word = "OutgoingUser";
			odd(p,
			    "has the secret of line %u: logins with both "
			    "will fail",
			    in->line);
		}
	}
}

/* who wants access control must not get none, nor a target for nobody */
static void check_isns(struct parser *p)
{
	if (!p->config->isns_access_control || p->config->isns_server[0])
		return;
	p->line = p->isns_access_line;
	p->word = "iSNSAccessControl";
	bad(p, "needs an iSNSServer");
}

static int parse_all(struct parser *p, struct lexer *lx)
{
	const struct config_target *t;
	char *text;

	if (memchr(lx->text, '\0', lx->len)) {
		report_error(p->report, "%s: not a text file", p->config->path);
		return -EINVAL;
	}
	while ((text = lex_line(lx))) {
		p->line = lx->line;
		parse_line(p, text);
	}
	config_share(p->config, p->report);
	check_secrets(p, p->config->accounts);
	for (t = p->config->targets; t; t = t->next)
		check_secrets(p, t->accounts);
	check_bursts(p);
	check_isns(p);
	return 0;
}

int config_load(const char *path, struct config **config, struct report *r)
{
	unsigned int before = r->errors, mode = 0;
	struct parser p = { .report = r };
	struct lexer lx;
	int err;

	*config = NULL;
	p.config = calloc(1, sizeof(*p.config));
	if (p.config)
		p.config->path = strdup(path);
	if (!p.config || !p.config->path) {
		report_error(r, "%s: out of memory", path);
		config_free(p.config);
		return -ENOMEM;
	}
	p.last = &p.config->targets;
	p.config->login_rate = LOGIN_RATE_DEFAULT;

	err = lex_open(&lx, path, &mode);
	if (err) {
		report_error(r, "%s: %s", path, strerror(-err));
		config_free(p.config);
		return err;
	}
	err = parse_all(&p, &lx);
	lex_close(&lx);
	if (p.secrets && mode & S_IROTH)
		report_warning(r,
			       "%s: has secrets, and everybody may read "
			       "it: chmod 600",
			       path);
	if (err || r->errors != before) {
		config_free(p.config);
		return err ? err : -EINVAL;
	}
	*config = p.config;
	return 0;
}

static void free_accounts(struct config_account *a)
{
	struct config_account *next;

	for (; a; a = next) {
		next = a->next;
		explicit_bzero(a, sizeof(*a));
		free(a);
	}
}

static void free_target(struct config_target *t)
{
	struct config_lun *l, *next;

	for (l = t->luns; l; l = next) {
		next = l->next;
		free(l);
	}
	free_accounts(t->accounts);
	target_portals_free(t->portals);
	lun_access_free(t->access);
	free(t);
}

void config_free(struct config *config)
{
	struct config_target *t, *next;

	if (!config)
		return;
	for (t = config->targets; t; t = next) {
		next = t->next;
		free_target(t);
	}
	free_accounts(config->accounts);
	free(config->path);
	free(config);
}
