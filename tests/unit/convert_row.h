/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What iet-convert makes of a text, for the tests of its readers.
 */
#ifndef CONVERT_ROW_H
#define CONVERT_ROW_H

#include "convert.h"
#include "ktap.h"
#include "tmpfile.h"

/* what ietd.conf gets, but for comments; initiators.allow; the report */
struct convert_row {
	const char *text;
	const char *conf;
	const char *allow;
	const char *words; /* a line each, with FILE for the path, E or W */
};

/* all lines of a report */
static inline const char *convert_words(const struct report *r,
					const char *path)
{
	static char text[8192];
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < r->nr; i++) {
		const char *s = r->lines[i].text, *at;

		len += snprintf(text + len, sizeof(text) - len, "%c ",
				r->lines[i].kind == REPORT_ERROR ? 'E' : 'W');
		while ((at = strstr(s, path))) {
			len += snprintf(text + len, sizeof(text) - len,
					"%.*sFILE", (int)(at - s), s);
			s = at + strlen(path);
		}
		len += snprintf(text + len, sizeof(text) - len, "%s\n", s);
	}
	return text;
}

/* Takes comments and empty lines out, and puts lines that go on together. */
static inline char *convert_plain(char *text)
{
	char *s = text, *end;

	while (*s) {
		end = strchr(s, '\n');
		if (s[0] == '#' || s[0] == '\n') {
			memmove(s, end + 1, strlen(end + 1) + 1);
			continue;
		}
		if (end > s && end[-1] == '\\') {
			char *more = end + 1 + strspn(end + 1, " \t");

			memmove(end - 1, more, strlen(more) + 1);
			continue;
		}
		s = end + 1;
	}
	return text;
}

static inline void convert_check(int (*read)(struct conv *c, const char *path),
				 const struct convert_row *row, size_t len)
{
	const char *path = tmp_write("source", row->text, len);
	bool before = ktap_ok;
	struct conv c;
	int err;

	conv_init(&c);
	err = read(&c, path);
	if (!err)
		conv_finish(&c);
	CHECK_STR(convert_words(&c.report, path), row->words);
	CHECK(!err || c.report.errors);
	if (!c.report.errors && row->conf)
		CHECK_STR(convert_plain(c.conf_text), row->conf);
	if (!c.report.errors && row->allow)
		CHECK_STR(c.allow_text, row->allow);
	CHECK_ROW(row->text, before);
	conv_end(&c);
}

static inline void convert_rows(int (*read)(struct conv *c, const char *path),
				const struct convert_row *rows, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		convert_check(read, &rows[i], strlen(rows[i].text));
}

/* Whatever comes, it ends without harm: each beginning, and each byte off. */
static inline void convert_damage(int (*read)(struct conv *c, const char *path),
				  const char *text)
{
	size_t len = strlen(text);
	char *copy = strdup(text);

	for (size_t i = 0; i < 2 * len; i++) {
		const char *path;
		struct conv c;

		memcpy(copy, text, len);
		if (i >= len)
			copy[i - len] = "<>{}[]\"\\/=# \n0,:"[i % 16];
		path = tmp_write("damaged", copy, i < len ? i : len);
		conv_init(&c);
		if (!read(&c, path))
			conv_finish(&c);
		conv_end(&c);
	}
	free(copy);
}

#endif /* CONVERT_ROW_H */
