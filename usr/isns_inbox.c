// SPDX-License-Identifier: GPL-2.0-only
/*
 * The port for notices.
 */
#define _GNU_SOURCE
#include "isns_inbox.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "addr.h"
#include "isns_stream.h"
#include "log.h"
#include "spare.h"

struct inbox_conn {
	LIST_ENTRY(inbox_conn) link;
	struct isns_inbox *in;
	struct isns_stream *stream;
};

struct isns_inbox {
	struct event_base *base;
	struct event *listener;
	uint16_t port;
	struct sockaddr_storage server;
	bool is_here; /* the server is on this machine */
	LIST_HEAD(, inbox_conn) conns;
	unsigned int nr_conns;
	void (*notice)(const struct isns_message *m, struct isns_buf *answer,
		       void *arg);
	void *arg;
};

static void end_conn(struct inbox_conn *c)
{
	LIST_REMOVE(c, link);
	c->in->nr_conns--;
	isns_stream_free(c->stream);
	free(c);
}

static bool on_message(const struct isns_message *m, void *arg)
{
	struct isns_buf answer = { 0 };
	struct inbox_conn *c = arg;
	int err;

	if (m->function & ISNS_RESPONSE) {
		log_debug("iSNS: answer 0x%04x to nothing", m->function);
		end_conn(c);
		return false;
	}
	c->in->notice(m, &answer, c->in->arg);
	err = isns_stream_send(c->stream, m->function | ISNS_RESPONSE, 0,
			       m->xid, &answer);
	isns_buf_free(&answer);
	if (err)
		end_conn(c);
	return !err;
}

static void on_down(const char *reason, void *arg)
{
	log_debug("iSNS: connection of the server ends: %s", reason);
	end_conn(arg);
}

static const struct isns_stream_ops stream_ops = {
	.message = on_message,
	.down = on_down,
};

static bool is_same(const struct sockaddr_storage *a,
		    const struct sockaddr_storage *b)
{
	const uint8_t *one, *other;
	size_t len, other_len;

	one = addr_bytes((const struct sockaddr *)a, &len);
	other = addr_bytes((const struct sockaddr *)b, &other_len);
	return len && len == other_len && !memcmp(one, other, len);
}

static bool is_server(const struct isns_inbox *in, int fd,
		      const struct sockaddr_storage *from)
{
	struct sockaddr_storage local = { 0 };
	socklen_t len = sizeof(local);

	if (is_same(from, &in->server))
		return true;
	/* from itself, a machine connects with the address it connects to */
	return in->is_here &&
	       !getsockname(fd, (struct sockaddr *)&local, &len) &&
	       is_same(from, &local);
}

static struct inbox_conn *new_conn(struct isns_inbox *in, int fd)
{
	struct inbox_conn *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->in = in;
	c->stream = isns_stream_new(in->base, fd, &stream_ops, c);
	if (!c->stream) {
		free(c);
		return NULL;
	}
	isns_stream_set_idle(c->stream, ISNS_INBOX_IDLE_S);
	LIST_INSERT_HEAD(&in->conns, c, link);
	in->nr_conns++;
	return c;
}

static void on_accept(evutil_socket_t listener, short what, void *arg)
{
	struct sockaddr_storage from = { 0 };
	socklen_t len = sizeof(from);
	struct isns_inbox *in = arg;
	char text[ADDR_TEXT_MAX];
	int fd;

	(void)what;
	fd = accept4(listener, (struct sockaddr *)&from, &len,
		     SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		if (spare_missing(errno))
			spare_refuse(listener);
		return;
	}
	if (!is_server(in, fd, &from)) {
		addr_print((const struct sockaddr *)&from, false, text);
		log_debug("iSNS: %s is not the server", text);
		close(fd);
		return;
	}
	if (in->nr_conns == ISNS_INBOX_CONNS_MAX || !new_conn(in, fd))
		close(fd);
}

/* all addresses: IPv6 and, through it, IPv4; or IPv4 where there is no IPv6 */
static int bind_any(void)
{
	const int flags = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in in4 = { .sin_family = AF_INET };
	const int off = 0;
	int fd;

	fd = socket(AF_INET6, flags, 0);
	if (fd >= 0) {
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
		if (!bind(fd, (struct sockaddr *)&in6, sizeof(in6)))
			return fd;
		close(fd);
	}
	fd = socket(AF_INET, flags, 0);
	if (fd < 0 || !bind(fd, (struct sockaddr *)&in4, sizeof(in4)))
		return fd;
	close(fd);
	return -1;
}

static bool start_listening(struct isns_inbox *in, int fd)
{
	struct sockaddr_in6 in6 = { 0 };
	socklen_t len = sizeof(in6);

	/* the port is at the same place in both kinds of address */
	if (listen(fd, ISNS_INBOX_CONNS_MAX) ||
	    getsockname(fd, (struct sockaddr *)&in6, &len))
		return false;
	in->port = ntohs(in6.sin6_port);
	in->listener =
		event_new(in->base, fd, EV_READ | EV_PERSIST, on_accept, in);
	return in->listener && !event_add(in->listener, NULL);
}

struct isns_inbox *isns_inbox_open(struct event_base *base,
				   void (*notice)(const struct isns_message *m,
						  struct isns_buf *answer,
						  void *arg),
				   void *arg)
{
	struct isns_inbox *in = calloc(1, sizeof(*in));
	int fd, err;

	if (!in)
		return NULL;
	in->base = base;
	in->notice = notice;
	in->arg = arg;
	LIST_INIT(&in->conns);
	fd = bind_any();
	if (fd >= 0 && start_listening(in, fd))
		return in;
	err = errno;
	if (in->listener)
		event_free(in->listener);
	if (fd >= 0)
		close(fd);
	free(in);
	errno = err;
	return NULL;
}

uint16_t isns_inbox_port(const struct isns_inbox *in)
{
	return in->port;
}

void isns_inbox_allow(struct isns_inbox *in,
		      const struct sockaddr_storage *server,
		      const struct sockaddr_storage *local)
{
	in->server = *server;
	in->is_here = is_same(server, local);
}

void isns_inbox_close(struct isns_inbox *in)
{
	int fd;

	if (!in)
		return;
	while (!LIST_EMPTY(&in->conns))
		end_conn(LIST_FIRST(&in->conns));
	fd = event_get_fd(in->listener);
	event_free(in->listener);
	close(fd);
	free(in);
}
