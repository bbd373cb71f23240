// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "admin.h"

#include <errno.h>
#include <event2/event.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "admin_verb.h"
#include "isns.h"
#include "kernel.h"
#include "log.h"
#include "login_fault.h"
#include "spare.h"

#define CLIENTS_MAX 32
#define CLIENT_TIMEOUT_S 10

/* One ietadm: a request is read, an answer written, and that was it. */
struct client {
	struct client *next;
	int fd;
	struct event *event;
	struct admin_msg in;
	struct admin_msg out;
	size_t written;
};

static const char *socket_path = ADMIN_SOCKET;
static struct event_base *base;
static struct event *listener;
static struct event *module_event;
static struct client *clients;
static unsigned int nr_clients;

void admin_set_path(const char *path)
{
	socket_path = path;
}

static void free_client(struct client *c)
{
	struct client **at;

	for (at = &clients; *at; at = &(*at)->next)
		if (*at == c) {
			*at = c->next;
			nr_clients--;
			break;
		}
	if (c->event)
		event_free(c->event);
	close(c->fd);
	admin_msg_free(&c->in);
	admin_msg_free(&c->out);
	free(c);
}

static bool is_client(const struct client *who)
{
	const struct client *c;

	for (c = clients; c; c = c->next)
		if (c == who)
			return true;
	return false;
}

static void on_client(evutil_socket_t fd, short what, void *arg);

static bool wait_client(struct client *c, short what)
{
	const struct timeval tv = { .tv_sec = CLIENT_TIMEOUT_S };

	if (c->event)
		event_free(c->event);
	c->event = event_new(base, c->fd, what, on_client, c);
	return c->event && !event_add(c->event, &tv);
}

static void start_answer(struct client *c, int result,
			 const struct admin_msg *lines)
{
	size_t pos = 0;
	const char *s;

	admin_msg_free(&c->out);
	c->out.max = lines->max;
	admin_msg_printf(&c->out, "%d", result);
	/* the head has taken some bytes: a last line may not fit */
	while ((s = admin_msg_next(lines, &pos)))
		admin_msg_add(&c->out, s);
	if (!c->out.len || !wait_client(c, EV_WRITE))
		free_client(c);
}

/* The client may have gone while its answer was made. */
static void answer_later(int result, const struct admin_msg *lines, void *arg)
{
	if (is_client(arg))
		start_answer(arg, result, lines);
}

static void look_for_gone(int cmd, int event, uint32_t tid, uint64_t sid,
			  uint32_t cid, void *arg)
{
	bool *gone = arg;

	log_debug("module: event %d of %d, tid %u sid %llu cid %u", event, cmd,
		  tid, (unsigned long long)sid, cid);
	if (cmd != IET_CMD_TARGET_NTF)
		return;
	if (event == IET_EVENT_DEL) {
		*gone = true;
		/* by now another one may have its number and its name */
		if (tid)
			login_fault_del(&tid, 0);
	}
	isns_targets_changed();
}

static void read_module(void)
{
	bool gone = false;

	/* where events were lost, one of these may have been among them */
	if (kernel_events_read(look_for_gone, &gone) == -ENOBUFS) {
		gone = true;
		isns_targets_changed();
	}
	if (gone)
		admin_targets_gone();
}

static void carry_out(struct client *c)
{
	struct admin_msg lines = { 0 };
	int err;

	/* a target that it names may have taken the place of one that is gone */
	read_module();
	/* nothing more to read; only for answer_later() */
	event_free(c->event);
	c->event = NULL;
	err = admin_verb(base, &c->in, &lines, answer_later, c);
	if (err != ADMIN_LATER)
		start_answer(c, -err, &lines);
	admin_msg_free(&lines);
}

/* Return: whether to go on waiting */
static bool read_client(struct client *c)
{
	long want = admin_msg_want(&c->in);
	ssize_t n;
	char *p;

	p = want > 0 ? admin_msg_room(&c->in, want) : NULL;
	n = p ? read(c->fd, p, want) : -1;
	if (n < 0 && p && (errno == EAGAIN || errno == EINTR))
		return wait_client(c, EV_READ);
	if (n <= 0)
		return false;
	c->in.len += n;
	want = admin_msg_want(&c->in);
	if (want < 0)
		return false;
	if (want)
		return wait_client(c, EV_READ);
	carry_out(c);
	return true;
}

static bool write_client(struct client *c)
{
	ssize_t n = send(c->fd, c->out.data + c->written,
			 c->out.len - c->written, MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return false;
	if (n > 0)
		c->written += n;
	return c->written < c->out.len && wait_client(c, EV_WRITE);
}

static void on_client(evutil_socket_t fd, short what, void *arg)
{
	struct client *c = arg;
	bool go_on = false;

	(void)fd;
	if (what & EV_READ)
		go_on = read_client(c);
	else if (what & EV_WRITE)
		go_on = write_client(c);
	if (!go_on)
		free_client(c);
}

static bool is_allowed(int fd)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len))
		return false;
	return !cred.uid || cred.uid == geteuid();
}

static void on_accept(evutil_socket_t fd, short what, void *arg)
{
	struct client *c;
	int conn;

	(void)what;
	(void)arg;
	conn = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (conn < 0) {
		if (spare_missing(errno))
			spare_refuse(fd);
		return;
	}
	c = is_allowed(conn) && nr_clients < CLIENTS_MAX ?
		    calloc(1, sizeof(*c)) :
		    NULL;
	if (!c) {
		close(conn);
		return;
	}
	c->fd = conn;
	c->next = clients;
	clients = c;
	nr_clients++;
	if (!wait_client(c, EV_READ))
		free_client(c);
}

static int bind_socket(int fd)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	char copy[PATH_MAX];
	struct stat st;
	mode_t mask;
	int err = 0;

	if (strlen(socket_path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, socket_path, strlen(socket_path) + 1);
	snprintf(copy, sizeof(copy), "%s", socket_path);
	if (mkdir(dirname(copy), 0700) && errno != EEXIST)
		return -errno;
	/* of a daemon that is gone: this one has the claim on the module */
	if (!lstat(socket_path, &st) && S_ISSOCK(st.st_mode))
		unlink(socket_path);
	mask = umask(0177);
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		err = -errno;
	umask(mask);
	if (!err && listen(fd, CLIENTS_MAX))
		err = -errno;
	return err;
}

static int open_listener(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	err = bind_socket(fd);
	if (err) {
		close(fd);
		return err;
	}
	listener = event_new(base, fd, EV_READ | EV_PERSIST, on_accept, NULL);
	if (!listener || event_add(listener, NULL)) {
		close(fd);
		return -ENOMEM;
	}
	return 0;
}

static void on_module(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	read_module();
}

static int listen_to_module(void)
{
	int fd = kernel_events_fd();

	if (fd < 0)
		return fd;
	module_event =
		event_new(base, fd, EV_READ | EV_PERSIST, on_module, NULL);
	if (!module_event || event_add(module_event, NULL))
		return -ENOMEM;
	return 0;
}

int admin_listen(struct event_base *of)
{
	int err;

	base = of;
	err = open_listener();
	if (err) {
		log_error("%s: %s", socket_path, strerror(-err));
		admin_close();
		return err;
	}
	/* ietadm tells when it deletes a target, so this is not the end */
	err = listen_to_module();
	if (err)
		log_warning("the module's events can't be read: %s",
			    strerror(-err));
	/* targets may have gone while no daemon was there */
	admin_targets_gone();
	return 0;
}

void admin_close(void)
{
	while (clients)
		free_client(clients);
	if (module_event)
		event_free(module_event);
	module_event = NULL;
	if (!listener)
		return;
	close(event_get_fd(listener));
	event_free(listener);
	listener = NULL;
	unlink(socket_path);
}
