// SPDX-License-Identifier: GPL-2.0-only
/*
 * The connection to the iSNS server.
 */
#include "isns_link.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "isns_resolve.h"
#include "isns_stream.h"
#include "log.h"

enum link_state {
	LINK_CLOSED,
	LINK_RESOLVING,
	LINK_CONNECTING,
	LINK_UP,
};

struct isns_link {
	struct event_base *base;
	const struct isns_link_ops *ops;
	void *arg;
	enum link_state state;
	struct isns_resolve *resolve;
	struct addrinfo *list;
	struct addrinfo *next; /* the address to try if this one fails */
	struct isns_stream *stream;
	struct event *deadline;
	bool waiting; /* for the answer to @function, @xid */
	uint16_t function;
	uint16_t xid;
};

void isns_link_close(struct isns_link *l)
{
	isns_resolve_cancel(l->resolve);
	l->resolve = NULL;
	isns_stream_free(l->stream);
	l->stream = NULL;
	if (l->list)
		freeaddrinfo(l->list);
	l->list = l->next = NULL;
	event_del(l->deadline);
	l->waiting = false;
	l->state = LINK_CLOSED;
}

static void end(struct isns_link *l, const char *reason)
{
	isns_link_close(l);
	l->ops->down(reason, l->arg);
}

static void set_deadline(struct isns_link *l)
{
	const struct timeval tv = { .tv_sec = ISNS_LINK_TIME_S };

	event_add(l->deadline, &tv);
}

/* --- connecting ---------------------------------------------------------- */

static const struct isns_stream_ops stream_ops;

/* Return: whether it is on its way */
static bool try_next(struct isns_link *l)
{
	const struct addrinfo *ai;

	/* there may be no route to one address, and to the next there is */
	while ((ai = l->next)) {
		l->next = ai->ai_next;
		isns_stream_free(l->stream);
		l->stream = isns_stream_new(l->base, -1, &stream_ops, l);
		if (!l->stream)
			return false;
		set_deadline(l);
		if (!isns_stream_connect(l->stream, ai->ai_addr,
					 ai->ai_addrlen))
			return true;
	}
	return false;
}

static void try_or_end(struct isns_link *l, const char *reason)
{
	if (!try_next(l))
		end(l, reason);
}

static void on_resolved(struct addrinfo *list, const char *reason, void *arg)
{
	struct isns_link *l = arg;

	l->resolve = NULL;
	if (!list) {
		end(l, reason ? reason : "it has no address");
		return;
	}
	l->list = l->next = list;
	l->state = LINK_CONNECTING;
	try_or_end(l, "no connection can be made");
}

static void on_up(void *arg)
{
	const int on = 1;
	struct isns_link *l = arg;

	/* a server that has gone without a word must be missed some time */
	setsockopt(isns_stream_fd(l->stream), SOL_SOCKET, SO_KEEPALIVE, &on,
		   sizeof(on));
	event_del(l->deadline);
	l->state = LINK_UP;
	l->ops->up(l->arg);
}

static void on_down(const char *reason, void *arg)
{
	struct isns_link *l = arg;

	if (l->state == LINK_CONNECTING)
		try_or_end(l, reason);
	else
		end(l, reason);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct isns_link *l = arg;
	const char *reason = strerror(ETIMEDOUT);

	(void)fd;
	(void)what;
	if (l->state == LINK_CONNECTING)
		try_or_end(l, reason);
	else
		end(l, l->waiting ? "it does not answer" : reason);
}

int isns_link_open(struct isns_link *l, const char *host, uint16_t port)
{
	l->resolve = isns_resolve_start(l->base, host, port, on_resolved, l);
	if (!l->resolve)
		return -ENOMEM;
	l->state = LINK_RESOLVING;
	set_deadline(l);
	return 0;
}

/* --- requests and answers ------------------------------------------------ */

int isns_link_request(struct isns_link *l, uint16_t function, uint16_t flags,
		      const struct isns_buf *data)
{
	int err = isns_stream_send(l->stream, function, flags, ++l->xid, data);

	if (err)
		return err;
	l->function = function;
	l->waiting = true;
	set_deadline(l);
	return 0;
}

static bool take_answer(struct isns_link *l, const struct isns_message *m)
{
	struct isns_reader r = { m->data.data, m->data.len };
	struct isns_stream *s = l->stream;
	uint32_t status;

	/* what nobody has asked for is no reason to believe it */
	if (!l->waiting || m->xid != l->xid ||
	    m->function != (l->function | ISNS_RESPONSE)) {
		log_debug("iSNS: answer 0x%04x to nothing", m->function);
		return true;
	}
	if (isns_read_status(&r, &status)) {
		end(l, "its answer is too short");
		return false;
	}
	l->waiting = false;
	event_del(l->deadline);
	l->ops->answer(status, &r, l->arg);
	return l->stream == s;
}

static bool on_message(const struct isns_message *m, void *arg)
{
	struct isns_link *l = arg;
	struct isns_buf answer = { 0 };
	int err;

	if (m->function & ISNS_RESPONSE)
		return take_answer(l, m);
	l->ops->notice(m, &answer, l->arg);
	err = isns_stream_send(l->stream, m->function | ISNS_RESPONSE, 0,
			       m->xid, &answer);
	isns_buf_free(&answer);
	if (!err)
		return true;
	end(l, strerror(-err));
	return false;
}

static const struct isns_stream_ops stream_ops = {
	.up = on_up,
	.message = on_message,
	.down = on_down,
};

/* --- the rest ------------------------------------------------------------ */

bool isns_link_is_closed(const struct isns_link *l)
{
	return l->state == LINK_CLOSED;
}

bool isns_link_is_free(const struct isns_link *l)
{
	return l->state == LINK_UP && !l->waiting;
}

bool isns_link_addresses(const struct isns_link *l,
			 struct sockaddr_storage *local,
			 struct sockaddr_storage *peer)
{
	socklen_t local_len = sizeof(*local), peer_len = sizeof(*peer);
	int fd = l->state == LINK_UP ? isns_stream_fd(l->stream) : -1;

	return fd >= 0 &&
	       !getsockname(fd, (struct sockaddr *)local, &local_len) &&
	       !getpeername(fd, (struct sockaddr *)peer, &peer_len);
}

struct isns_link *isns_link_new(struct event_base *base,
				const struct isns_link_ops *ops, void *arg)
{
	struct isns_link *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->base = base;
	l->ops = ops;
	l->arg = arg;
	l->deadline = event_new(base, -1, 0, on_deadline, l);
	if (l->deadline)
		return l;
	free(l);
	return NULL;
}

void isns_link_free(struct isns_link *l)
{
	if (!l)
		return;
	isns_link_close(l);
	event_free(l->deadline);
	free(l);
}
