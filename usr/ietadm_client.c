// SPDX-License-Identifier: GPL-2.0-only
/* The way to the daemon. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "admin.h"
#include "ietadm.h"

/* a reload may wait for slow disks twice */
#define ANSWER_S 60

static const char *socket_path = ADMIN_SOCKET;

void ietadm_set_path(const char *path)
{
	socket_path = path;
}

static int connect_daemon(void)
{
	const struct timeval tv = { .tv_sec = ANSWER_S };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(socket_path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, socket_path, strlen(socket_path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv))) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

static int send_all(int fd, const struct admin_msg *m)
{
	size_t done = 0;

	while (done < m->len) {
		ssize_t n =
			send(fd, m->data + done, m->len - done, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			done += n;
	}
	return 0;
}

static int receive(int fd, struct admin_msg *m)
{
	long want;

	while ((want = admin_msg_want(m)) > 0) {
		char *p = admin_msg_room(m, want);
		ssize_t n;

		if (!p)
			return -ENOMEM;
		n = recv(fd, p, want, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (!n)
			return -ECONNRESET;
		m->len += n;
	}
	return want;
}

static int exchange(struct admin_msg *msg, struct admin_msg *answer)
{
	int fd = connect_daemon(), err;

	if (fd < 0)
		return fd;
	err = send_all(fd, msg);
	if (!err)
		err = receive(fd, answer);
	close(fd);
	return err;
}

/* The errno that stands first in an answer, negative. */
static int result_of(const struct admin_msg *answer, size_t *pos)
{
	const char *s = admin_msg_next(answer, pos);
	long n = s ? strtol(s, NULL, 10) : EPROTO;

	return n >= 0 && n < 4096 ? -(int)n : -EPROTO;
}

bool ietadm_no_daemon(int err)
{
	return err == -ENOENT || err == -ECONNREFUSED;
}

int ietadm_ask(const struct request *q, struct admin_msg *msg,
	       struct admin_msg *answer)
{
	int err = exchange(msg, answer), said = 0;
	size_t pos = 0;
	const char *s;

	admin_msg_free(msg);
	if (ietadm_no_daemon(err))
		return ietadm_fail(q, err, "ietd is not running (%s: %s)",
				   socket_path, strerror(-err));
	if (err)
		return ietadm_fail(q, err, "%s: %s", socket_path,
				   strerror(-err));
	err = result_of(answer, &pos);
	if (!err)
		return 0;
	for (; (s = admin_msg_next(answer, &pos)); said = 1)
		ietadm_fail(q, err, "%s", s);
	return said ? err : ietadm_fail(q, err, "%s", strerror(-err));
}

int ietadm_ask_quietly(struct admin_msg *msg, struct admin_msg *answer)
{
	int err = exchange(msg, answer);
	size_t pos = 0;

	admin_msg_free(msg);
	return err ? err : result_of(answer, &pos);
}

int ietadm_tell(const char *verb, struct admin_msg *answer)
{
	struct admin_msg msg = { 0 }, ignored = { 0 };
	int err = admin_msg_add(&msg, verb);

	if (!err)
		err = ietadm_ask_quietly(&msg, answer ? answer : &ignored);
	admin_msg_free(&ignored);
	return err;
}
