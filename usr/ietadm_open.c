// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "ietadm_open.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lun_blank.h"

/* what the child says; the descriptor comes with it */
struct result {
	int err;
	bool blank;
	char reason[LUN_REASON_MAX];
};

union control {
	char buf[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

static void send_result(int sock, struct result *r, int fd)
{
	struct iovec iov = { r, sizeof(*r) };
	union control control = { 0 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;

	if (fd >= 0) {
		msg.msg_control = control.buf;
		msg.msg_controllen = sizeof(control.buf);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	sendmsg(sock, &msg, MSG_NOSIGNAL);
}

static int take_result(int sock, struct result *r)
{
	struct iovec iov = { r, sizeof(*r) };
	union control control;
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	struct cmsghdr *c;
	int fd = -1;

	if (recvmsg(sock, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) != sizeof(*r))
		return -EIO;
	c = CMSG_FIRSTHDR(&msg);
	if (c && c->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	if (r->err)
		return r->err;
	return fd < 0 ? -EIO : fd;
}

/* Nobody may wait for a pipe that the child has, should it live for ever. */
static void let_go_of_the_rest(int sock)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), fd;

	for (fd = 0; fd <= 2; fd++)
		if (null < 0)
			close(fd);
		else
			dup2(null, fd);
	close_range(3, sock - 1, 0);
	close_range(sock + 1, ~0U, 0);
}

static void __attribute__((noreturn))
child(int sock, ietadm_open_fn open_one, const char *path, const char *iotype,
      uint32_t iomode, unsigned int busy_ms, bool want_blank)
{
	struct result r = { 0 };
	int fd;

	let_go_of_the_rest(sock);
	fd = open_one(path, iotype, iomode, busy_ms, r.reason);
	if (fd < 0)
		r.err = fd;
	else if (want_blank)
		r.blank = lun_is_blank(fd);
	send_result(sock, &r, fd);
	_exit(0);
}

static int wait_for(int sock, unsigned int ms)
{
	struct pollfd p = { .fd = sock, .events = POLLIN };
	int n;

	do
		n = poll(&p, 1, ms);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n ? 0 : -ETIMEDOUT;
}

int ietadm_open(ietadm_open_fn open_one, const char *path, const char *iotype,
		uint32_t iomode, unsigned int busy_ms, unsigned int ms,
		bool *blank, char reason[LUN_REASON_MAX])
{
	struct result r = { 0 };
	int sock[2], err, fd;
	pid_t pid;

	reason[0] = '\0';
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock))
		return -errno;
	pid = fork();
	if (pid < 0) {
		err = -errno;
		close(sock[0]);
		close(sock[1]);
		return err;
	}
	if (!pid)
		child(sock[1], open_one, path, iotype, iomode, busy_ms, blank);
	close(sock[1]);
	err = wait_for(sock[0], busy_ms + ms);
	if (err) {
		snprintf(reason, LUN_REASON_MAX,
			 "it can't be opened: its storage does not answer");
		/* it ends when the storage answers, or never; init has it */
		kill(pid, SIGKILL);
		close(sock[0]);
		return err;
	}
	fd = take_result(sock[0], &r);
	close(sock[0]);
	waitpid(pid, NULL, 0);
	if (blank)
		*blank = fd >= 0 && r.blank;
	if (fd == -EIO && !r.err)
		snprintf(reason, LUN_REASON_MAX, "it could not be opened");
	else
		memcpy(reason, r.reason, LUN_REASON_MAX);
	return fd;
}
