// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "account_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "iscsi_proto.h"

#define HEADER "iet-accounts 1"

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

struct account_file {
	FILE *stream;
	char buf[BUFSIZ]; /* ours, to be wiped */
	char path[PATH_MAX];
};

const char *account_file_path(void)
{
	return file_path;
}

void account_set_path(const char *path)
{
	file_path = path;
}

static int make_dir(void)
{
	char copy[PATH_MAX];

	snprintf(copy, sizeof(copy), "%s", file_path);
	if (!mkdir(dirname(copy), 0700) || errno == EEXIST)
		return 0;
	return -errno;
}

static int sync_dir(void)
{
	char copy[PATH_MAX];
	int fd, err = 0;

	snprintf(copy, sizeof(copy), "%s", file_path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fsync(fd))
		err = -errno;
	close(fd);
	return err;
}

static void free_file(struct account_file *f)
{
	explicit_bzero(f, sizeof(*f));
	free(f);
}

struct account_file *account_file_create(uint64_t instance)
{
	struct account_file *f = calloc(1, sizeof(*f));
	int fd, err;

	if (!f)
		return NULL;
	err = make_dir();
	if (err)
		goto free;
	snprintf(f->path, sizeof(f->path), "%s.new", file_path);
	/* one left behind by a crash */
	unlink(f->path);
	fd = open(f->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		  0600);
	if (fd < 0) {
		err = -errno;
		goto free;
	}
	f->stream = fdopen(fd, "w");
	if (!f->stream) {
		err = -errno;
		close(fd);
		unlink(f->path);
		goto free;
	}
	setvbuf(f->stream, f->buf, _IOFBF, sizeof(f->buf));
	fprintf(f->stream, HEADER " %016" PRIx64 "\n", instance);
	return f;
free:
	free_file(f);
	errno = -err;
	return NULL;
}

static void write_hex(FILE *stream, const char *s, char end)
{
	if (!*s)
		putc('-', stream);
	for (; *s; s++)
		fprintf(stream, "%02x", (unsigned char)*s);
	putc(end, stream);
}

int account_file_write(struct account_file *f, const char *target,
		       const struct account *a)
{
	write_hex(f->stream, target, ' ');
	fprintf(f->stream, "%s ", dir_names[a->dir]);
	write_hex(f->stream, a->name, ' ');
	write_hex(f->stream, a->secret, *a->who ? ' ' : '\n');
	/* the line of an account for all ends before */
	if (*a->who)
		write_hex(f->stream, a->who, '\n');
	return ferror(f->stream) ? -EIO : 0;
}

int account_file_commit(struct account_file *f, int err)
{
	if (!err && (fflush(f->stream) || fsync(fileno(f->stream))))
		err = -errno;
	if (fclose(f->stream) && !err)
		err = -errno;
	if (!err && rename(f->path, file_path))
		err = -errno;
	if (err)
		unlink(f->path);
	else
		err = sync_dir();
	free_file(f);
	return err;
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

/* Secrets that somebody else could have put there are none. */
static int check_owner(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
	    st.st_mode & (S_IRWXG | S_IRWXO))
		return -EPERM;
	return 0;
}

/* Return: 1 if the file is of another instance */
static int read_header(FILE *stream, char *line, uint64_t instance)
{
	uint64_t of;
	char end;

	if (!fgets(line, LINE_MAX_LEN, stream) ||
	    sscanf(line, HEADER " %" SCNx64 "%c", &of, &end) != 2 ||
	    end != '\n')
		return -EINVAL;
	return of != instance;
}

static int read_stream(FILE *stream, uint64_t instance,
		       int (*fn)(const char *target, const struct account *a,
				 void *arg),
		       void *arg)
{
	char line[LINE_MAX_LEN], target[ISCSI_NAME_MAX + 1];
	struct account a;
	int err = read_header(stream, line, instance);

	if (err > 0) {
		unlink(file_path);
		return 0;
	}
	while (!err && fgets(line, sizeof(line), stream)) {
		err = read_line(line, target, sizeof(target), &a);
		if (!err)
			err = fn(target, &a, arg);
	}
	if (!err && ferror(stream))
		err = -EIO;
	explicit_bzero(line, sizeof(line));
	explicit_bzero(&a, sizeof(a));
	return err;
}

int account_file_read(uint64_t instance,
		      int (*fn)(const char *target, const struct account *a,
				void *arg),
		      void *arg)
{
	char buf[BUFSIZ];
	FILE *stream;
	int fd, err;

	fd = open(file_path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	err = check_owner(fd);
	stream = err ? NULL : fdopen(fd, "r");
	if (!stream) {
		close(fd);
		return err ? err : -ENOMEM;
	}
	setvbuf(stream, buf, _IOFBF, sizeof(buf));
	err = read_stream(stream, instance, fn, arg);
	fclose(stream);
	explicit_bzero(buf, sizeof(buf));
	return err;
}
