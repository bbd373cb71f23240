// SPDX-License-Identifier: GPL-2.0-only
/* Opening a file in a process of its own */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ietadm_open.h"
#include "ktap.h"

static char reason[LUN_REASON_MAX];

static int opens(const char *path, const char *iotype, uint32_t iomode,
		 unsigned int busy_ms, char *why)
{
	(void)iotype;
	(void)iomode;
	(void)busy_ms;
	(void)why;
	return open(path, O_RDWR | O_CLOEXEC);
}

static int refuses(const char *path, const char *iotype, uint32_t iomode,
		   unsigned int busy_ms, char *why)
{
	snprintf(why, LUN_REASON_MAX, "no %s %s %u %u", path, iotype, iomode,
		 busy_ms);
	return -EROFS;
}

static int hangs(const char *path, const char *iotype, uint32_t iomode,
		 unsigned int busy_ms, char *why)
{
	(void)path;
	(void)iotype;
	(void)iomode;
	(void)busy_ms;
	(void)why;
	sleep(30);
	return -EIO;
}

static int dies(const char *path, const char *iotype, uint32_t iomode,
		unsigned int busy_ms, char *why)
{
	(void)path;
	(void)iotype;
	(void)iomode;
	(void)busy_ms;
	(void)why;
	_exit(3);
}

static void test_open(void)
{
	char path[] = "/tmp/iet-open-XXXXXX";
	int made = mkstemp(path);
	struct stat a, b;
	bool blank = false;
	int fd = ietadm_open(opens, path, "fileio", 0, 0, 5000, &blank, reason);

	CHECK(fd >= 0);
	CHECK_STR(reason, "");
	CHECK(blank);
	CHECK_EQ(fstat(made, &a), 0);
	CHECK_EQ(fstat(fd, &b), 0);
	CHECK_EQ(a.st_ino, b.st_ino);
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	close(made);
	unlink(path);
}

static void test_refused(void)
{
	CHECK_EQ(ietadm_open(refuses, "/x", "blockio", 2, 7, 5000, NULL,
			     reason),
		 -EROFS);
	CHECK_STR(reason, "no /x blockio 2 7");
	CHECK_EQ(ietadm_open(dies, "/x", "blockio", 2, 7, 5000, NULL, reason),
		 -EIO);
	CHECK_STR(reason, "it could not be opened");
}

/* who reads what ietadm writes does not wait for the child, either */
static void test_hangs(void)
{
	struct timespec from, to;
	int fds[2];
	char c;

	CHECK_EQ(pipe(fds), 0);
	clock_gettime(CLOCK_MONOTONIC, &from);
	CHECK_EQ(ietadm_open(hangs, "/x", "fileio", 0, 100, 200, NULL, reason),
		 -ETIMEDOUT);
	CHECK_STR(reason, "it can't be opened: its storage does not answer");
	close(fds[1]);
	CHECK_EQ(read(fds[0], &c, 1), 0);
	close(fds[0]);
	clock_gettime(CLOCK_MONOTONIC, &to);
	CHECK(to.tv_sec - from.tv_sec < 10);
}

int main(void)
{
	ktap_run(test_open);
	ktap_run(test_refused);
	ktap_run(test_hangs);
	return ktap_done();
}
