// SPDX-License-Identifier: GPL-2.0-only
/*
 * The syntax of tgt's targets.conf, which is that of Perl's Config::General:
 * "key value", "key = value", <block name> ... </block>, "include GLOB".
 */
#define _GNU_SOURCE
#include "convert_tgt.h"

#include <ctype.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* files that include each other */
#define INCLUDE_MAX 16

/* a word and a block's name: who has more than this wants to see us break */
#define NODES_MAX 200000

struct reader {
	struct conv *c;
	struct conv_node *at; /* the block that is open */
	struct conv_node *bottom; /* that the file began in */
	struct lexer lx;
	const char *file;
	char *line; /* whole, when lines that go on are put together */
	unsigned int nr; /* where it begins */
	unsigned int include;
	bool comment; /* within one of C's */
};

static int read_file(struct conv *c, struct conv_node *at,
		     const struct conv_node *from, const char *path,
		     unsigned int include);

static char *trim(char *text)
{
	char *end;

	while (isspace((unsigned char)*text))
		text++;
	end = text + strlen(text);
	while (end > text && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	return text;
}

static char *unquote(char *text)
{
	size_t len = strlen(text);

	if (len < 2 || text[0] != '"' || text[len - 1] != '"')
		return text;
	text[len - 1] = '\0';
	return text + 1;
}

static int fail(struct reader *r, const char *why)
{
	const struct conv_node here = { .file = r->file, .line = r->nr };

	return conv_error(r->c, &here, "%s", why);
}

static struct conv_node *add(struct reader *r, const char *name,
			     const char *value)
{
	struct conv_node *node;

	node = conv_node_add(r->at, r->nr, conv_strndup(name, strlen(name)),
			     conv_strndup(value, strlen(value)));
	node->file = r->file;
	return node;
}

/* <NAME VALUE>: @text is what is between the brackets */
static int open_block(struct reader *r, char *text)
{
	char *value = text + strcspn(text, " \t");

	if (r->at->depth == CONV_DEPTH_MAX)
		return fail(r, "blocks are too deep");
	if (*value)
		*value++ = '\0';
	r->at = add(r, unquote(text), unquote(trim(value)));
	r->at->block = true;
	return 0;
}

static int close_block(struct reader *r, const char *name)
{
	if (r->at == r->bottom || strcmp(name, r->at->name))
		return fail(r, "the end of a block that is not open");
	r->at = r->at->parent;
	return 0;
}

static int block(struct reader *r, char *text)
{
	size_t len = strlen(text);
	bool empty = text[len - 2] == '/';
	int err;

	text[len - 1 - empty] = '\0';
	text++;
	if (*text == '/')
		return close_block(r, trim(text + 1));
	err = open_block(r, trim(text));
	if (!err && empty)
		r->at = r->at->parent;
	return err;
}

/* what a glob or a folder stands for, in the order of names */
static int include(struct reader *r, const char *pattern)
{
	const struct conv_node here = { .file = r->file, .line = r->nr };
	char *below = NULL;
	struct stat st;
	glob_t found;
	int err = 0;

	if (r->include == INCLUDE_MAX)
		return fail(r, "files include each other too deep");
	if (!stat(pattern, &st) && S_ISDIR(st.st_mode)) {
		if (asprintf(&below, "%s/*", pattern) < 0)
			return fail(r, "out of memory");
		pattern = below;
	}
	if (!glob(pattern, 0, NULL, &found)) {
		for (size_t i = 0; !err && i < found.gl_pathc; i++)
			err = read_file(r->c, r->at, &here, found.gl_pathv[i],
					r->include + 1);
		globfree(&found);
	} else if (!strpbrk(pattern, "*?[")) {
		err = conv_error(r->c, &here, "%s: no such file", pattern);
	}
	free(below);
	return err;
}

/* a word, and what follows blanks or a "=" */
static int assignment(struct reader *r, char *text)
{
	char *value = text + strcspn(text, " \t=");
	char *end = value;

	value += strspn(value, " \t");
	if (*value == '=')
		value++;
	value = trim(value);
	*end = '\0';
	if (!strncmp(value, "<<", 2))
		return fail(r, "here-documents are not understood");
	if (!strcasecmp(text, "include") ||
	    !strcasecmp(text, "includeoptional"))
		return include(r, unquote(value));
	add(r, text, unquote(value));
	return 0;
}

/* Takes C's comments out. Return: false if nothing is left */
static bool uncomment(struct reader *r, char *text)
{
	char *start = text + strspn(text, " \t");
	char *end = strstr(text, "*/");
	char *begin = strstr(text, "/*");

	if (!r->comment && begin && end && end >= begin + 2) {
		memmove(begin, end + 2, strlen(end + 2) + 1);
	} else if (!r->comment && begin == start) {
		r->comment = true;
	} else if (r->comment && end) {
		r->comment = false;
		memmove(text, end + 2, strlen(end + 2) + 1);
	}
	return !r->comment;
}

/* a "#" ends a line unless it has a backslash before it */
static void cut_comment(char *text)
{
	char *s;

	for (s = text; *s && !(*s == '#' && (s == text || s[-1] != '\\')); s++)
		;
	*s = '\0';
}

static int whole_line(struct reader *r)
{
	char *text = trim(r->line);
	size_t len = strlen(text);

	if (!len)
		return 0;
	if (text[0] == '<' && text[len - 1] == '>' && len > 2)
		return block(r, text);
	return assignment(r, text);
}

/* Appends a line of the file. Return: true if the next one goes on with it */
static bool join(struct reader *r, char *text)
{
	size_t have = r->line ? strlen(r->line) : 0, len = strlen(text);
	bool more = len && text[len - 1] == '\\' &&
		    (len < 2 || text[len - 2] != '\\');
	char *line;

	if (more)
		text[--len] = '\0';
	line = conv_checked(realloc(r->line, have + len + 1));
	memcpy(line + have, text, len + 1);
	r->line = line;
	return more;
}

static int lines(struct reader *r)
{
	char *next = r->lx.text, *text;
	unsigned int nr = 0;
	int err = 0;

	while (!err && (text = strsep(&next, "\n"))) {
		nr++;
		text[strcspn(text, "\r")] = '\0';
		if (!r->line && !r->comment)
			r->nr = nr;
		if (!uncomment(r, text))
			continue;
		cut_comment(text);
		if (join(r, text))
			continue;
		err = whole_line(r);
		free(r->line);
		r->line = NULL;
		if (r->nr > NODES_MAX)
			err = fail(r, "the file is too long");
	}
	if (!err && r->line)
		err = whole_line(r);
	if (!err && r->comment)
		err = fail(r, "a comment has no end");
	if (!err && r->at != r->bottom)
		err = conv_error(r->c, r->at, "<%.64s> has no end",
				 r->at->name);
	return err;
}

static int read_file(struct conv *c, struct conv_node *at,
		     const struct conv_node *from, const char *path,
		     unsigned int include_depth)
{
	struct reader r = { .c = c, .at = at, .bottom = at };
	int err;

	r.include = include_depth;
	r.file = conv_open(c, from, path, &r.lx);
	if (!r.file)
		return -1;
	err = lines(&r);
	if (r.line)
		explicit_bzero(r.line, strlen(r.line));
	free(r.line);
	lex_close(&r.lx);
	return err;
}

int conv_tgt_lex(struct conv *c, const char *path)
{
	c->root.block = true;
	return read_file(c, &c->root, NULL, path, 0);
}
