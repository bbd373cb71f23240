// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "account_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "iscsi_proto.h"

#define KIND "iet-accounts"

/* a line: up to four texts in hexadecimal, the direction, blanks */
#define LINE_MAX_LEN                                                   \
	(2 * (ISCSI_NAME_MAX + ACCOUNT_NAME_MAX + ACCOUNT_SECRET_MAX + \
	      ACCOUNT_WHO_MAX) +                                       \
	 32)

static const char *file_path = ACCOUNT_FILE;

static const char *const dir_names[] = {
	[ACCOUNT_INCOMING] = "incoming",
	[ACCOUNT_OUTGOING] = "outgoing",
};

const char *account_file_path(void)
{
	return file_path;
}

void account_set_path(const char *path)
{
	file_path = path;
}

struct run_file *account_file_create(uint64_t instance)
{
	return run_file_create(file_path, KIND, instance);
}

static void write_hex(FILE *stream, const char *s, char end)
{
	if (!*s)
		putc('-', stream);
	for (; *s; s++)
		fprintf(stream, "%02x", (unsigned char)*s);
	putc(end, stream);
}

int account_file_write(struct run_file *f, const char *target,
		       const struct account *a)
{
	FILE *stream = run_file_stream(f);

	write_hex(stream, target, ' ');
	fprintf(stream, "%s ", dir_names[a->dir]);
	write_hex(stream, a->name, ' ');
	write_hex(stream, a->secret, *a->who ? ' ' : '\n');
	/* the line of an account for all ends before */
	if (*a->who)
		write_hex(stream, a->who, '\n');
	return ferror(stream) ? -EIO : 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

static int read_hex(const char *s, char *dst, size_t size)
{
	size_t n = 0;

	if (!s)
		return -EINVAL;
	if (!strcmp(s, "-"))
		s = "";
	for (; *s; s += 2) {
		int hi = hex_digit(s[0]), lo = hi < 0 ? -1 : hex_digit(s[1]);

		if (lo < 0 || !(hi | lo) || n + 1 >= size)
			return -EINVAL;
		dst[n++] = hi << 4 | lo;
	}
	dst[n] = '\0';
	return 0;
}

static int read_dir(const char *s, enum account_dir *dir)
{
	size_t i;

	for (i = 0; s && i < sizeof(dir_names) / sizeof(dir_names[0]); i++)
		if (!strcmp(s, dir_names[i])) {
			*dir = i;
			return 0;
		}
	return -EINVAL;
}

static int read_line(char *line, char *target, size_t size, struct account *a)
{
	char *rest = line, *secret;

	memset(a, 0, sizeof(*a));
	if (read_hex(strsep(&rest, " "), target, size) ||
	    read_dir(strsep(&rest, " "), &a->dir) ||
	    read_hex(strsep(&rest, " "), a->name, sizeof(a->name)))
		return -EINVAL;
	/* without its newline it has been cut off */
	line = strsep(&rest, "\n");
	if (!rest)
		return -EINVAL;
	secret = strsep(&line, " ");
	if (read_hex(secret, a->secret, sizeof(a->secret)) ||
	    (line && read_hex(line, a->who, sizeof(a->who))))
		return -EINVAL;
	return 0;
}

struct reader {
	int (*fn)(const char *target, const struct account *a, void *arg);
	void *arg;
};

static int take_line(char *line, void *arg)
{
	char target[ISCSI_NAME_MAX + 1];
	struct reader *r = arg;
	struct account a;
	int err = read_line(line, target, sizeof(target), &a);

	if (!err)
		err = r->fn(target, &a, r->arg);
	explicit_bzero(&a, sizeof(a));
	return err;
}

int account_file_read(uint64_t instance,
		      int (*fn)(const char *target, const struct account *a,
				void *arg),
		      void *arg)
{
	struct reader r = { fn, arg };

	return run_file_read(file_path, KIND, instance, LINE_MAX_LEN, take_line,
			     &r);
}
