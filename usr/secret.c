// SPDX-License-Identifier: GPL-2.0-only
/*
 * Secrets in files of their own.
 */
#define _GNU_SOURCE
#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static uid_t owner;

void secret_set_owner(uid_t uid)
{
	owner = uid;
}

const char *secret_path(const char *word)
{
	return word[0] == '@' && word[1] == '/' ? word + 1 : NULL;
}

static int check_file(int fd, const char **reason)
{
	struct stat st;
	int err;

	if (fstat(fd, &st)) {
		err = -errno;
		*reason = strerror(-err);
		return err;
	}
	*reason = NULL;
	if (!S_ISREG(st.st_mode))
		*reason = "is not a file";
	else if (st.st_uid != owner)
		*reason = "does not belong to root";
	else if (st.st_mode & (S_IRWXG | S_IRWXO))
		*reason = "others than root have rights to it: chmod 600";
	return *reason ? -EPERM : 0;
}

/* up to @size bytes; Return: how many, or a negative errno */
static ssize_t read_some(int fd, char *to, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size) {
		n = read(fd, to + len, size - len);
		if (!n)
			break;
		if (n > 0)
			len += n;
		else if (errno != EINTR)
			return -errno;
	}
	return len;
}

/* Return: length of the first line without its end, or -1 if it is longer */
static ssize_t first_line(const char *text, size_t len, size_t size)
{
	const char *end = memchr(text, '\n', len);

	if (!end && len == size)
		return -1;
	len = end ? (size_t)(end - text) : len;
	return len && text[len - 1] == '\r' ? len - 1 : len;
}

static int read_line(int fd, char *secret, size_t size, const char **reason)
{
	ssize_t len = read_some(fd, secret, size);

	if (len < 0) {
		*reason = strerror(-len);
		return len;
	}
	len = first_line(secret, len, size);
	if (len < 0)
		*reason = "the first line is too long";
	else if (!len)
		*reason = "the first line is empty";
	else if (memchr(secret, '\0', len))
		*reason = "is not a text file";
	else
		memset(secret + len, 0, size - len);
	return *reason ? -EINVAL : 0;
}

int secret_read(const char *path, char *secret, size_t size,
		const char **reason)
{
	/* a pipe must not be waited for */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int err;

	*reason = NULL;
	if (fd < 0) {
		err = -errno;
		*reason = strerror(-err);
		return err;
	}
	err = check_file(fd, reason);
	if (!err)
		err = read_line(fd, secret, size, reason);
	close(fd);
	if (err)
		explicit_bzero(secret, size);
	return err;
}
