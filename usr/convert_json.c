// SPDX-License-Identifier: GPL-2.0-only
#include "convert_json.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct reader {
	struct conv *c;
	const char *file;
	const char *s; /* what is next; a 0 is behind the text */
	unsigned int line;
};

static int fail(const struct reader *r, const char *why)
{
	const struct conv_node here = { .file = r->file, .line = r->line };

	return conv_error(r->c, &here, "%s", why);
}

static void skip(struct reader *r)
{
	for (; *r->s && strchr(" \t\r\n", *r->s); r->s++)
		r->line += *r->s == '\n';
}

/* Takes a character, and what blanks are before it. */
static bool take(struct reader *r, char ch)
{
	skip(r);
	if (*r->s != ch)
		return false;
	r->s++;
	return true;
}

/* --- strings ------------------------------------------------------------- */

/* Return: four hexadecimal digits as a number, or -1 */
static long hex4(const char *s)
{
	char digits[5] = "";

	for (int i = 0; i < 4; i++) {
		if (!isxdigit((unsigned char)s[i]))
			return -1;
		digits[i] = s[i];
	}
	return strtol(digits, NULL, 16);
}

static size_t put_utf8(char *to, long ch)
{
	static const unsigned char first[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t len = ch < 0x80 ? 1 : ch < 0x800 ? 2 : ch < 0x10000 ? 3 : 4;

	for (size_t i = len; i-- > 1; ch >>= 6)
		to[i] = (char)(0x80 | (ch & 0x3f));
	to[0] = (char)(first[len == 1 ? 0 : len] | ch);
	return len;
}

/* \uXXXX, maybe two of them: at the first X. Return: bytes, or 0 */
static size_t unicode(struct reader *r, char *to)
{
	long ch = hex4(r->s), low;

	if (ch < 0x20 || ch == 0x7f)
		return 0;
	r->s += 4;
	if (ch >= 0xdc00 && ch < 0xe000)
		return 0;
	if (ch >= 0xd800 && ch < 0xdc00) {
		if (r->s[0] != '\\' || r->s[1] != 'u')
			return 0;
		low = hex4(r->s + 2);
		if (low < 0xdc00 || low >= 0xe000)
			return 0;
		r->s += 6;
		ch = 0x10000 + ((ch - 0xd800) << 10) + (low - 0xdc00);
	}
	return put_utf8(to, ch);
}

/*
 * Behind the first quote.  Control characters have no place in anything that is
 * wanted here, so \n and its like are refused.
 */
static char *string(struct reader *r)
{
	char *text, *to;
	size_t max, len;

	for (max = 0; r->s[max] && r->s[max] != '"'; max++)
		if (r->s[max] == '\\' && r->s[max + 1])
			max++;
	text = to = conv_strndup(r->s, max);
	while (*r->s && *r->s != '"') {
		if ((unsigned char)*r->s < 0x20)
			break;
		if (*r->s != '\\') {
			*to++ = *r->s++;
			continue;
		}
		r->s++;
		if (*r->s == 'u') {
			r->s++;
			len = unicode(r, to);
			if (!len)
				break;
			to += len;
		} else if (*r->s && strchr("\"\\/", *r->s)) {
			*to++ = *r->s++;
		} else {
			break;
		}
	}
	*to = '\0';
	if (*r->s == '"') {
		r->s++;
		return text;
	}
	explicit_bzero(text, max);
	free(text);
	fail(r, *r->s ? "a character that no string can have" :
			"a string has no end");
	return NULL;
}

/* --- values -------------------------------------------------------------- */

/* a number or a word, as it is; null is nothing */
static char *literal(struct reader *r)
{
	static const char *const words[] = { "true", "false", "null" };
	size_t len = strcspn(r->s, " \t\r\n,:]}[{\"");
	bool good;

	good = len && strspn(r->s, "+-.0123456789eE") == len &&
	       (isdigit((unsigned char)r->s[0]) || r->s[0] == '-');
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		good = good || (strlen(words[i]) == len &&
				!strncmp(r->s, words[i], len));
	if (!good) {
		fail(r, "no value of JSON");
		return NULL;
	}
	r->s += len;
	return conv_strndup(r->s - len, r->s[-1] == 'l' ? 0 : len);
}

static int members(struct reader *r, struct conv_node *parent, char end);

/* @name: belongs to the node that is made, or is freed */
static int value(struct reader *r, struct conv_node *parent, char *name)
{
	struct conv_node *node;
	unsigned int line;
	char *text = NULL;
	char end = '\0';

	skip(r);
	line = r->line;
	if (take(r, '{'))
		end = '}';
	else if (take(r, '['))
		end = ']';
	else
		text = take(r, '"') ? string(r) : literal(r);
	if (!end && !text) {
		free(name);
		return -1;
	}
	node = conv_node_add(parent, line, name, text);
	if (!end)
		return 0;
	node->block = true;
	if (node->depth > CONV_DEPTH_MAX)
		return fail(r, "nested too deep");
	return members(r, node, end);
}

/* of an object or an array, behind its first character */
static int members(struct reader *r, struct conv_node *parent, char end)
{
	char *name;
	int err;

	if (take(r, end))
		return 0;
	do {
		if (end == ']') {
			name = conv_strndup("", 0);
		} else {
			if (!take(r, '"'))
				return fail(r, "a name is missing");
			name = string(r);
			if (!name)
				return -1;
			if (!take(r, ':')) {
				free(name);
				return fail(r, "\":\" is missing");
			}
		}
		err = value(r, parent, name);
	} while (!err && take(r, ','));
	if (err)
		return err;
	if (!take(r, end))
		return fail(r, end == ']' ? "\",\" or \"]\" is missing" :
					    "\",\" or \"}\" is missing");
	return 0;
}

int conv_json_read(struct conv *c, const char *path)
{
	struct reader r = { .c = c, .line = 1 };
	struct lexer lx;
	int err;

	r.file = conv_open(c, NULL, path, &lx);
	if (!r.file)
		return -1;
	r.s = lx.text;
	c->root.file = r.file;
	c->root.block = true;
	err = take(&r, '{') ? members(&r, &c->root, '}') :
			      fail(&r, "is no object");
	skip(&r);
	if (!err && *r.s)
		err = fail(&r, "more than one object");
	lex_close(&lx);
	return err;
}
