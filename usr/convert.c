// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "convert.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "acl.h"
#include "config.h"
#include "params.h"

struct conv_text {
	struct conv_text *next;
	char text[];
};

static FILE *memory_file(char **text, size_t *len)
{
	return conv_checked(open_memstream(text, len));
}

void conv_init(struct conv *c)
{
	*c = (struct conv){ 0 };
	c->conf = memory_file(&c->conf_text, &c->conf_len);
	c->allow = memory_file(&c->allow_text, &c->allow_len);
	c->root.file = "";
}

static void end_file(FILE **f)
{
	if (*f)
		fclose(*f);
	*f = NULL;
}

void conv_end(struct conv *c)
{
	struct conv_text *t;

	end_file(&c->conf);
	end_file(&c->allow);
	explicit_bzero(c->conf_text, c->conf_len);
	free(c->conf_text);
	free(c->allow_text);
	conv_media_free(c);
	conv_node_clear(&c->root);
	while ((t = c->texts)) {
		c->texts = t->next;
		free(t);
	}
	report_clear(&c->report);
}

/* --- what there is to say ------------------------------------------------ */

static void say(struct conv *c, enum report_kind kind,
		const struct conv_node *node, const char *fmt, va_list ap)
{
	char *text;

	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	report_add(&c->report, kind, "%s:%u: %s", node->file, node->line,
		   text ? text : "out of memory");
	free(text);
}

void conv_warn(struct conv *c, const struct conv_node *node, const char *fmt,
	       ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(c, REPORT_WARNING, node, fmt, ap);
	va_end(ap);
}

int conv_error(struct conv *c, const struct conv_node *node, const char *fmt,
	       ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(c, REPORT_ERROR, node, fmt, ap);
	va_end(ap);
	return -1;
}

static bool is_one_of(const char *value, const char *list)
{
	size_t len;

	for (;; list += len + 1) {
		len = strcspn(list, "|");
		if (strlen(value) == len && !strncasecmp(value, list, len))
			return true;
		if (!list[len])
			return false;
	}
}

void conv_ignore_value(struct conv *c, struct conv_node *parent,
		       const char *name, const char *harmless)
{
	struct conv_node *node = NULL;

	while ((node = conv_next(parent, node, name)))
		if (!is_one_of(node->value, harmless))
			conv_warn(c, node, "%s %.64s: not carried over", name,
				  node->value);
}

static void say_unused(struct conv *c, const struct conv_node *parent)
{
	const struct conv_node *n;

	for (n = parent->child; n; n = n->next) {
		if (n->used)
			say_unused(c, n);
		else
			conv_warn(c, n, "%.64s: not known, not carried over",
				  n->name[0] ? n->name : "element");
	}
}

/* --- files --------------------------------------------------------------- */

static const char *keep_text(struct conv *c, const char *text)
{
	size_t size = strlen(text) + 1;
	struct conv_text *t = conv_checked(malloc(sizeof(*t) + size));

	memcpy(t->text, text, size);
	t->next = c->texts;
	c->texts = t;
	return t->text;
}

/* Bytes that are no text end up in what administrators look at. */
static bool is_text(const struct lexer *lx)
{
	for (size_t i = 0; i < lx->len; i++) {
		unsigned char ch = lx->text[i];

		if (ch == 0x7f || (ch < 0x20 && !strchr("\t\n\r", ch)) || !ch)
			return false;
	}
	return true;
}

const char *conv_open(struct conv *c, const struct conv_node *from,
		      const char *path, struct lexer *lx)
{
	unsigned int mode;
	int err = lex_open(lx, path, &mode);
	const char *why = NULL;

	if (err)
		why = strerror(-err);
	else if (strpbrk(path, "\r\n"))
		why = "such a name would break a line";
	else if (!is_text(lx))
		why = "is no text";
	if (!why)
		return keep_text(c, path);
	lex_close(lx);
	if (from)
		conv_error(c, from, "%s: %s", path, why);
	else
		report_error(&c->report, "%s: %s", path, why);
	return NULL;
}

/* --- lines --------------------------------------------------------------- */

/* Does the rest of a line read as this? */
static bool is_line_value(const char *value)
{
	size_t len = strlen(value);

	return len && !strchr(" \t#", value[0]) && !strstr(value, " #") &&
	       !strstr(value, "\t#") && !strpbrk(value, "\r\n") &&
	       !strchr(" \t\\", value[len - 1]);
}

static bool is_word(const char *value)
{
	return is_line_value(value) && !strpbrk(value, " \t");
}

/* The words of a target are indented. */
static const char *margin(const struct conv *c)
{
	return c->in_target ? "\t" : "";
}

void conv_target(struct conv *c, const struct conv_node *node, const char *name)
{
	c->in_target = true;
	/* a line that goes on would take in the next one */
	if (!is_word(name)) {
		conv_error(c, node, "\"%.64s\" is no name of a target", name);
		return;
	}
	fprintf(c->conf, "\n# %s:%u\nTarget ", node->file, node->line);
	/* a name in capitals is the same in lower case */
	for (; *name; name++)
		fputc(isascii(*name) ? tolower((unsigned char)*name) : *name,
		      c->conf);
	fputc('\n', c->conf);
}

/* Return: what to write, or NULL after a warning */
static const char *check_param(struct conv *c, const struct conv_node *node,
			       const struct param *p, const char *value,
			       char text[PARAM_TEXT_MAX])
{
	char reason[PARAM_TEXT_MAX];
	uint32_t v;
	int err = param_parse(p, value, &v, reason);

	if (err)
		conv_warn(c, node, "%s: %s%s", p->name, reason,
			  err < 0 ? ": not carried over" : "");
	if (err < 0)
		return NULL;
	param_print(p, v, text);
	return text;
}

void conv_word(struct conv *c, const struct conv_node *node, const char *word,
	       const char *value)
{
	const struct param *p = param_find(word);
	char text[PARAM_TEXT_MAX];

	if (p)
		value = check_param(c, node, p, value, text);
	else if (!is_line_value(value)) {
		conv_warn(c, node,
			  "%s: ietd.conf can't have such a value: "
			  "not carried over",
			  word);
		return;
	}
	if (value)
		fprintf(c->conf, "%s%s %s\n", margin(c), word, value);
}

static const char *account_reason(const char *user, const char *secret)
{
	if (!is_word(user))
		return "ietd.conf can't have such a name";
	if (!secret[0] || strpbrk(secret, " \t\r\n") ||
	    secret[strlen(secret) - 1] == '\\')
		return "ietd.conf can't have such a secret";
	if (secret[0] == '@' && secret[1] == '/')
		return "a secret that begins with @/ has to be in a file";
	if (strlen(user) > ACCOUNT_NAME_MAX ||
	    strlen(secret) > ACCOUNT_SECRET_MAX)
		return "the name or the secret is too long";
	return NULL;
}

void conv_account(struct conv *c, const struct conv_node *node,
		  const char *word, const char *user, const char *secret,
		  const char *initiator)
{
	const char *why = account_reason(user, secret);

	if (why && !strcmp(word, "IncomingUser"))
		conv_error(c, node,
			   "%s: %s, and without it everybody could "
			   "log in",
			   word, why);
	else if (why)
		conv_warn(c, node, "%s: %s: not carried over", word, why);
	if (why)
		return;
	fprintf(c->conf, "%s%s %s %s", margin(c), word, user, secret);
	if (initiator)
		fprintf(c->conf, " initiator=%s", initiator);
	fputc('\n', c->conf);
}

void conv_allow_begin(struct conv *c, const char *name)
{
	for (; *name; name++)
		fputc(isascii(*name) && strcmp(name, "ALL") ?
			      tolower((unsigned char)*name) :
			      *name,
		      c->allow);
	fputc(' ', c->allow);
}

bool conv_allow_item(struct conv *c, const struct conv_node *node,
		     const char *item)
{
	if (!item)
		item = "ALL";
	else if (strcmp(item, "ALL"))
		c->restricted = true;
	if (!is_word(item) || strchr(item, ',') || !acl_item_valid(item)) {
		conv_warn(c, node,
			  "\"%.64s\" is nothing that initiators.allow "
			  "can have: such initiators stay out",
			  item);
		return false;
	}
	fflush(c->allow);
	fprintf(c->allow, "%s%s",
		c->allow_len && c->allow_text[c->allow_len - 1] == ' ' ? "" :
									 ", ",
		item);
	return true;
}

void conv_allow_end(struct conv *c)
{
	fputc('\n', c->allow);
}

void conv_access(struct conv *c, const struct conv_node *node, const char *item,
		 const char *luns)
{
	if (is_word(item) && acl_item_valid(item)) {
		fprintf(c->conf, "\tLunAccess %s %s\n", item, luns);
		return;
	}
	conv_warn(c, node,
		  "\"%.64s\" is nothing that LunAccess can have: such "
		  "initiators see no disk",
		  item);
	fputs("\tLunAccess [^[:print:]] none\n", c->conf);
}

void conv_mask(struct conv *c, const struct conv_node *node, const char *item,
	       const struct conv_mask *mask)
{
	static const char *const suffix[] = {
		[CONV_RW] = "", [CONV_RO] = " ro"
	};
	char *text;
	size_t len;
	FILE *f;

	for (int how = CONV_RW; how <= CONV_RO; how++) {
		f = memory_file(&text, &len);
		for (unsigned int i = 0, end; i <= IET_LUN_MAX; i = end + 1) {
			end = i;
			if (mask->how[i] != how)
				continue;
			while (end < IET_LUN_MAX && mask->how[end + 1] == how)
				end++;
			fprintf(f, ",%u", i);
			if (end > i)
				fprintf(f, "-%u", end);
		}
		fputs(suffix[how], f);
		fclose(f);
		if (text[0] == ',')
			conv_access(c, node, item, text + 1);
		free(text);
	}
}

/* --- the result ---------------------------------------------------------- */

/* With the daemon's own eyes. */
static void check_result(struct conv *c)
{
	struct report r = { 0 };
	struct config *config = NULL;
	char path[64];
	size_t skip;
	int fd = memfd_create("ietd.conf", MFD_CLOEXEC), err = 0;

	skip = snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fd < 0 || fchmod(fd, 0600) ||
	    write(fd, c->conf_text, c->conf_len) != (ssize_t)c->conf_len)
		err = -errno;
	else
		err = config_load(path, &config, &r);
	for (size_t i = 0; i < r.nr; i++)
		report_add(&c->report, r.lines[i].kind, "the result%s",
			   r.lines[i].text +
				   (strncmp(r.lines[i].text, path, skip) ?
					    0 :
					    skip));
	if (err && !r.nr)
		report_error(&c->report, "the result can't be checked: %s",
			     strerror(-err));
	report_clear(&r);
	config_free(config);
	if (fd >= 0)
		close(fd);
}

void conv_finish(struct conv *c)
{
	say_unused(c, &c->root);
	if (ferror(c->conf) || ferror(c->allow))
		report_error(&c->report, "out of memory");
	fflush(c->conf);
	fflush(c->allow);
	if (!c->report.errors)
		check_result(c);
}
