// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "lun_blank.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define ENDS (1024 * 1024)
#define SAMPLES 64
#define PIECE 4096

/* The end of the file counts as zeroes. */
static bool is_zero(int fd, off_t pos, off_t len)
{
	char buf[PIECE];
	ssize_t n;

	for (; len > 0; pos += n, len -= n) {
		n = pread(fd, buf, len < PIECE ? len : PIECE, pos);
		if (n < 0)
			return false;
		if (!n)
			break;
		if (buf[0] || memcmp(buf, buf + 1, n - 1))
			return false;
	}
	return true;
}

static bool look(int fd, off_t size)
{
	off_t step = size / (SAMPLES + 1);
	int i;

	if (!is_zero(fd, 0, ENDS))
		return false;
	for (i = 1; i <= SAMPLES; i++)
		if (!is_zero(fd, i * step, PIECE))
			return false;
	return is_zero(fd, size > ENDS ? size - ENDS : 0, ENDS);
}

bool lun_is_blank(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	bool blank;

	if (size < 0)
		return false;
	if (lseek(fd, 0, SEEK_DATA) < 0 && errno == ENXIO)
		return true;
	blank = look(fd, size);
	/* a device may be written past the page cache from now on */
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	return blank;
}
