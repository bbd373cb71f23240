// SPDX-License-Identifier: GPL-2.0-only
#include <stddef.h>

#include "ietadm_json.h"

/* The bytes of a character of UTF-8 (RFC 3629 4), or 0: it is none. */
static size_t utf8_len(const unsigned char *p)
{
	static const struct {
		unsigned char first, last, min, max, len;
	} forms[] = {
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	size_t i = 0, n;

	while (i < sizeof(forms) / sizeof(forms[0]) &&
	       (*p < forms[i].first || *p > forms[i].last))
		i++;
	if (i == sizeof(forms) / sizeof(forms[0]) || p[1] < forms[i].min ||
	    p[1] > forms[i].max)
		return 0;
	for (n = 2; n < forms[i].len; n++)
		if ((p[n] & 0xc0) != 0x80)
			return 0;
	return n;
}

/* Names and paths are bytes to the kernel; what is no UTF-8 goes as Latin 1. */
static void put_string(struct json *j, const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t len;

	fputc('"', j->out);
	for (; *p; p += len) {
		len = *p < 0x80 ? 1 : utf8_len(p);
		if (*p == '"' || *p == '\\')
			fprintf(j->out, "\\%c", *p);
		else if (!len || *p < 0x20 || *p == 0x7f)
			fprintf(j->out, "\\u%04x", *p);
		else
			fwrite(p, len, 1, j->out);
		len = len ? len : 1;
	}
	fputc('"', j->out);
}

static void begin(struct json *j, const char *key)
{
	if (j->more)
		fputc(',', j->out);
	j->more = true;
	if (!key)
		return;
	put_string(j, key);
	fputc(':', j->out);
}

void json_open(struct json *j, const char *key, const char *bracket)
{
	begin(j, key);
	fputs(bracket, j->out);
	j->more = false;
}

void json_close(struct json *j, const char *bracket)
{
	fputs(bracket, j->out);
	j->more = true;
}

void json_number(struct json *j, const char *key, uint64_t value)
{
	begin(j, key);
	fprintf(j->out, "%llu", (unsigned long long)value);
}

void json_string(struct json *j, const char *key, const char *value)
{
	begin(j, key);
	put_string(j, value);
}
