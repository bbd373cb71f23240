// SPDX-License-Identifier: GPL-2.0-only
/*
 * Becoming a daemon.
 */
#define _GNU_SOURCE
#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"

/* to the parent that waits; closed without a byte: we have failed */
static int ready_fd = -1;

static void wait_for_child(int fd)
{
	char byte;
	ssize_t n;

	do {
		n = read(fd, &byte, 1);
	} while (n < 0 && errno == EINTR);
	_exit(n == 1 ? EXIT_SUCCESS : EXIT_FAILURE);
}

int daemon_begin(void)
{
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (pid < 0) {
		int err = -errno;

		close(fds[0]);
		close(fds[1]);
		return err;
	}
	if (pid) {
		close(fds[1]);
		wait_for_child(fds[0]);
	}
	close(fds[0]);
	ready_fd = fds[1];
	setsid();
	return 0;
}

void daemon_ready(void)
{
	int null;

	if (ready_fd < 0)
		return;
	log_stderr_done();
	if (chdir("/"))
		log_warning("/: %s", strerror(errno));
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		if (null > STDERR_FILENO)
			close(null);
	}
	if (write(ready_fd, "", 1) != 1)
		log_debug("nobody waits for the daemon");
	close(ready_fd);
	ready_fd = -1;
}

int daemon_write_pid(const char *path)
{
	FILE *f = fopen(path, "we");
	bool failed;

	if (!f) {
		log_error("%s: %s", path, strerror(errno));
		return -errno;
	}
	failed = fprintf(f, "%d\n", getpid()) < 0;
	if (fclose(f) || failed) {
		log_error("%s: %s", path, strerror(errno));
		unlink(path);
		return -EIO;
	}
	return 0;
}
