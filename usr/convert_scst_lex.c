// SPDX-License-Identifier: GPL-2.0-only
/*
 * The syntax of SCST's scst.conf: a word and its values in a line, and what is
 * below it in braces.
 */
#include "convert_scst.h"

#include <stdlib.h>
#include <string.h>

struct reader {
	struct conv *c;
	const char *file;
	const char *s; /* what is next; a 0 is behind the text */
	unsigned int line;
	struct conv_node *at; /* the block that is open */
};

/* words of a line */
struct statement {
	char *name;
	char *value; /* with one blank between them */
	unsigned int line;
};

static int fail(const struct reader *r, const char *why)
{
	const struct conv_node here = { .file = r->file, .line = r->line };

	return conv_error(r->c, &here, "%s", why);
}

static void drop(struct statement *st)
{
	free(st->name);
	if (st->value)
		explicit_bzero(st->value, strlen(st->value));
	free(st->value);
	*st = (struct statement){ 0 };
}

static void append(struct statement *st, const char *text, size_t len)
{
	size_t have = st->value ? strlen(st->value) : 0;
	char *more;

	if (!st->name) {
		st->name = conv_strndup(text, len);
		return;
	}
	more = conv_checked(realloc(st->value, have + len + 2));
	if (have)
		more[have++] = ' ';
	memcpy(more + have, text, len);
	more[have + len] = '\0';
	st->value = more;
}

/* "several words" are one, without the quotes */
static int word(struct reader *r, struct statement *st)
{
	bool quoted = *r->s == '"';
	size_t len = strcspn(r->s + quoted, quoted ? "\"\n" : " \t\r\n{}#\"");

	if (quoted && r->s[1 + len] != '"')
		return fail(r, "a quotation mark has no other");
	if (!st->name)
		st->line = r->line;
	append(st, r->s + quoted, len);
	r->s += len + 2 * quoted;
	return 0;
}

/* Return: the node of a statement, NULL if there is none */
static struct conv_node *flush(struct reader *r, struct statement *st)
{
	struct conv_node *node;

	if (!st->name)
		return NULL;
	node = conv_node_add(r->at, st->line, st->name, st->value);
	*st = (struct statement){ 0 };
	return node;
}

static int open_block(struct reader *r, struct statement *st)
{
	struct conv_node *node = flush(r, st);

	if (!node)
		return fail(r, "a block without a name");
	if (node->depth > CONV_DEPTH_MAX)
		return fail(r, "blocks are too deep");
	node->block = true;
	r->at = node;
	return 0;
}

static int close_block(struct reader *r, struct statement *st)
{
	flush(r, st);
	if (!r->at->parent)
		return fail(r, "the end of a block that is not open");
	r->at = r->at->parent;
	return 0;
}

/* Takes one character that is no part of a word, or a word. */
static int step(struct reader *r, struct statement *st)
{
	switch (*r->s) {
	case '\n':
		flush(r, st);
		r->line++;
		break;
	case ' ':
	case '\t':
	case '\r':
		break;
	case '{':
		r->s++;
		return open_block(r, st);
	case '}':
		r->s++;
		return close_block(r, st);
	case '#':
		r->s += strcspn(r->s, "\n");
		return 0;
	default:
		return word(r, st);
	}
	r->s++;
	return 0;
}

int conv_scst_lex(struct conv *c, const char *path)
{
	struct reader r = { .c = c, .line = 1, .at = &c->root };
	struct statement st = { 0 };
	struct lexer lx;
	int err = 0;

	r.file = conv_open(c, NULL, path, &lx);
	if (!r.file)
		return -1;
	r.s = lx.text;
	c->root.file = r.file;
	while (!err && *r.s)
		err = step(&r, &st);
	if (!err)
		flush(&r, &st);
	if (!err && r.at != &c->root)
		err = conv_error(c, r.at, "%.64s has no end", r.at->name);
	drop(&st);
	lex_close(&lx);
	return err;
}
