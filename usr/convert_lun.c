// SPDX-License-Identifier: GPL-2.0-only
/*
 * Logical units of iet-convert: see convert.h.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "convert.h"
#include "lun.h"
#include "lun_share.h"

/* a line of Lun breaks after so many characters */
#define WIDTH 64

/* what several LUNs may have in common */
struct conv_medium {
	struct conv_medium *next;
	const struct conv_node *node;
	struct kernel_lun lun;
	char *args;
};

void conv_lun_begin(struct conv_lun *l, const struct conv_node *node)
{
	*l = (struct conv_lun){ .node = node };
	l->args = conv_checked(open_memstream(&l->text, &l->len));
}

void conv_lun_drop(struct conv_lun *l)
{
	fclose(l->args);
	free(l->text);
}

static char *trim(char *text)
{
	size_t len;

	text += strspn(text, " \t");
	for (len = strlen(text); len && strchr(" \t", text[len - 1]); len--)
		text[len - 1] = '\0';
	return text;
}

/* Return: why a Lun line can't have this argument, or NULL */
static const char *refusal(const char *arg, const char *key, const char *value,
			   char reason[LUN_REASON_MAX])
{
	static struct kernel_lun scratch;
	const char *beside = ",Path=/";
	size_t len = strlen(value);
	char *text;
	int err;

	if (strpbrk(value, ",\r\n") || strstr(value, " #") ||
	    strstr(value, "\t#") || value[len - 1] == '\\')
		return "ietd.conf can't have such a value";
	/* what it takes beside it */
	if (!strcmp(key, "Blocks"))
		beside = ",Type=nullio";
	else if (!strcmp(key, "Path"))
		beside = "";
	if (asprintf(&text, "%s%s", arg, beside) < 0)
		return "out of memory";
	memset(&scratch, 0, sizeof(scratch));
	err = lun_parse(text, &scratch, reason);
	/* one value alone is looked at, not what it goes with */
	if (err && strncmp(reason, key, strlen(key)))
		err = 0;
	free(text);
	return err ? reason + strlen(key) + 2 : NULL;
}

static bool set(struct conv *c, struct conv_lun *l,
		const struct conv_node *node, const char *key,
		const char *value)
{
	char reason[LUN_REASON_MAX];
	const char *why;
	char *arg;
	int len = asprintf(&arg, "%s=%s", key, value);

	if (len < 0)
		conv_checked(NULL);
	why = refusal(arg, key, value, reason);
	if (why) {
		conv_warn(c, node, "%s: %s: not carried over", key, why);
	} else {
		if (l->column && l->column + len > WIDTH) {
			fputs(",\\\n\t      ", l->args);
			l->column = 0;
		} else if (l->column) {
			fputc(',', l->args);
		}
		fputs(arg, l->args);
		l->column += len + 1;
	}
	free(arg);
	return !why;
}

bool conv_lun_set(struct conv *c, struct conv_lun *l,
		  const struct conv_node *node, const char *key,
		  const char *fmt, ...)
{
	char *text, *value;
	bool done;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (len < 0)
		conv_checked(NULL);
	value = trim(text);
	done = value[0] && set(c, l, node, key, value);
	free(text);
	return done;
}

static bool is_ro(const struct kernel_lun *l)
{
	return l->set & K_HAS(IET_L_IOMODE) && l->iomode == IET_IOMODE_RO;
}

static const struct conv_medium *find_medium(const struct conv *c,
					     const struct kernel_lun *l)
{
	const struct conv_medium *m;

	for (m = c->media; m; m = m->next)
		if (!strcmp(m->lun.path, l->path) && is_ro(&m->lun) == is_ro(l))
			break;
	return l->path[0] ? m : NULL;
}

static void add_medium(struct conv *c, const struct conv_lun *l,
		       const struct kernel_lun *lun)
{
	struct conv_medium *m = conv_checked(calloc(1, sizeof(*m)));

	m->node = l->node;
	m->lun = *lun;
	m->args = conv_strndup(l->text, l->len);
	m->next = c->media;
	c->media = m;
}

void conv_media_free(struct conv *c)
{
	struct conv_medium *m;

	while ((m = c->media)) {
		c->media = m->next;
		free(m->args);
		free(m);
	}
}

/* @text: is changed: lines that go on are one */
static int parse(char *text, struct kernel_lun *lun, char *reason)
{
	char *brk;

	while ((brk = strstr(text, "\\\n")))
		memmove(brk, brk + 2, strlen(brk + 2) + 1);
	memset(lun, 0, sizeof(*lun));
	return lun_parse(text, lun, reason);
}

/* Return: the arguments to write, or NULL after a warning */
static const char *arguments(struct conv *c, const struct conv_lun *l)
{
	static struct kernel_lun lun;
	const struct conv_medium *m;
	char reason[LUN_REASON_MAX];
	char *copy = conv_strndup(l->text, l->len);
	const char *what;
	int err = parse(copy, &lun, reason);

	free(copy);
	if (err) {
		conv_warn(c, l->node, "%s: this disk is not carried over",
			  reason);
		return NULL;
	}
	m = find_medium(c, &lun);
	if (!m) {
		add_medium(c, l, &lun);
		return l->text;
	}
	what = lun_share_conflict(&m->lun, &lun);
	if (what)
		conv_warn(c, l->node,
			  "%s: not carried over, since what %s:%u "
			  "says of the same medium counts",
			  what, m->node->file, m->node->line);
	return what ? m->args : l->text;
}

bool conv_lun_end(struct conv *c, struct conv_lun *l, uint64_t number)
{
	const char *args = NULL;

	fflush(l->args);
	if (number > IET_LUN_MAX)
		conv_warn(c, l->node,
			  "LUN %" PRIu64 " is above %u: this disk "
			  "is not carried over",
			  number, IET_LUN_MAX);
	else
		args = arguments(c, l);
	if (args)
		fprintf(c->conf, "\tLun %" PRIu64 " %s\n", number, args);
	conv_lun_drop(l);
	return args;
}
