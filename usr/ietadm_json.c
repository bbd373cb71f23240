// SPDX-License-Identifier: GPL-2.0-only
#include <stddef.h>

#include "ietadm_json.h"
#include "utf8.h"

/* Names and paths are bytes to the kernel; what is no UTF-8 goes as Latin 1. */
static void put_string(struct json *j, const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t len;

	fputc('"', j->out);
	for (; *p; p += len) {
		len = utf8_len(p);
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
