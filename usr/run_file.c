// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "run_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct run_file {
	FILE *stream;
	char buf[BUFSIZ]; /* ours, to be wiped */
	const char *path;
	char aside[PATH_MAX];
};

static int make_dir(const char *path)
{
	char copy[PATH_MAX];

	snprintf(copy, sizeof(copy), "%s", path);
	if (!mkdir(dirname(copy), 0700) || errno == EEXIST)
		return 0;
	return -errno;
}

static int sync_dir(const char *path)
{
	char copy[PATH_MAX];
	int fd, err = 0;

	snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fsync(fd))
		err = -errno;
	close(fd);
	return err;
}

static void free_file(struct run_file *f)
{
	explicit_bzero(f, sizeof(*f));
	free(f);
}

struct run_file *run_file_create(const char *path, const char *kind,
				 uint64_t instance)
{
	struct run_file *f = calloc(1, sizeof(*f));
	int fd, err;

	if (!f)
		return NULL;
	f->path = path;
	err = make_dir(path);
	if (err)
		goto free;
	snprintf(f->aside, sizeof(f->aside), "%s.new", path);
	/* one left behind by a crash */
	unlink(f->aside);
	fd = open(f->aside,
		  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		err = -errno;
		goto free;
	}
	f->stream = fdopen(fd, "w");
	if (!f->stream) {
		err = -errno;
		close(fd);
		unlink(f->aside);
		goto free;
	}
	setvbuf(f->stream, f->buf, _IOFBF, sizeof(f->buf));
	fprintf(f->stream, "%s 1 %016" PRIx64 "\n", kind, instance);
	return f;
free:
	free_file(f);
	errno = -err;
	return NULL;
}

FILE *run_file_stream(const struct run_file *f)
{
	return f->stream;
}

int run_file_commit(struct run_file *f, int err)
{
	if (!err && (fflush(f->stream) || fsync(fileno(f->stream))))
		err = -errno;
	if (fclose(f->stream) && !err)
		err = -errno;
	if (!err && rename(f->aside, f->path))
		err = -errno;
	if (err)
		unlink(f->aside);
	else
		err = sync_dir(f->path);
	free_file(f);
	return err;
}

/* What somebody else could have put there is not ours. */
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
static int check_header(char *line, const char *kind, uint64_t instance)
{
	size_t len = strlen(kind);
	uint64_t of;
	char end;

	if (strncmp(line, kind, len) ||
	    sscanf(line + len, " 1 %" SCNx64 "%c", &of, &end) != 2 ||
	    end != '\n')
		return -EINVAL;
	return of != instance;
}

/**
 * struct reader - a file that is being read
 * @stream: the file
 * @line: room for a line
 * @max: how much
 */
struct reader {
	FILE *stream;
	char *line;
	size_t max;
};

static int read_lines(struct reader *r, int (*fn)(char *line, void *arg),
		      void *arg)
{
	int err = 0;

	while (!err && fgets(r->line, r->max, r->stream))
		err = fn(r->line, arg);
	return !err && ferror(r->stream) ? -EIO : err;
}

int run_file_read(const char *path, const char *kind, uint64_t instance,
		  size_t max, int (*fn)(char *line, void *arg), void *arg)
{
	char buf[BUFSIZ];
	struct reader r = { .max = max };
	int fd, err;

	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	err = check_owner(fd);
	r.line = err ? NULL : malloc(max);
	r.stream = r.line ? fdopen(fd, "r") : NULL;
	if (!r.stream) {
		free(r.line);
		close(fd);
		return err ? err : -ENOMEM;
	}
	setvbuf(r.stream, buf, _IOFBF, sizeof(buf));
	err = fgets(r.line, max, r.stream) ?
		      check_header(r.line, kind, instance) :
		      -EINVAL;
	if (err > 0) {
		unlink(path);
		err = 0;
	} else if (!err) {
		err = read_lines(&r, fn, arg);
	}
	fclose(r.stream);
	explicit_bzero(buf, sizeof(buf));
	explicit_bzero(r.line, max);
	free(r.line);
	return err;
}
