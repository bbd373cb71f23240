// SPDX-License-Identifier: GPL-2.0-only
/*
 * iSNS messages on a TCP connection.
 */
#include "isns_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

/* a PDU and the beginning of the next */
#define IN_MAX (2 * (ISNS_HDR_LEN + ISNS_PDU_DATA_MAX))
#define OUT_MAX (1 << 20)

struct isns_stream {
	struct bufferevent *bev;
	struct isns_message in;
	const struct isns_stream_ops *ops;
	void *arg;
};

static const struct {
	int err;
	const char *text;
} reasons[] = {
	{ -EPROTO, "what it sends is no iSNS" },
	{ -EOPNOTSUPP, "it signs its messages, which ietd cannot check" },
	{ -EMSGSIZE, "it sends a message that is too long" },
};

static const char *reason_of(int err)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].err == err)
			return reasons[i].text;
	return strerror(-err);
}

/* Return: 1: went on; 0: needs more bytes; -1: the stream is gone */
static int take_pdu(struct isns_stream *s, struct evbuffer *in)
{
	uint8_t bytes[ISNS_HDR_LEN], *p;
	struct isns_message m;
	struct isns_hdr hdr;
	bool alive;
	int ret;

	if (evbuffer_copyout(in, bytes, sizeof(bytes)) != sizeof(bytes))
		return 0;
	ret = isns_hdr_read(bytes, &hdr);
	if (!ret) {
		if (evbuffer_get_length(in) < (size_t)ISNS_HDR_LEN + hdr.length)
			return 0;
		p = evbuffer_pullup(in, ISNS_HDR_LEN + hdr.length);
		ret = p ? isns_message_add(&s->in, &hdr, p + ISNS_HDR_LEN) :
			  -ENOMEM;
	}
	if (ret < 0) {
		s->ops->down(reason_of(ret), s->arg);
		return -1;
	}
	evbuffer_drain(in, ISNS_HDR_LEN + hdr.length);
	if (!ret)
		return 1;
	/* it outlives the stream if that is freed meanwhile */
	m = s->in;
	memset(&s->in, 0, sizeof(s->in));
	alive = s->ops->message(&m, s->arg);
	isns_message_clear(&m);
	return alive ? 1 : -1;
}

static void on_read(struct bufferevent *bev, void *arg)
{
	while (take_pdu(arg, bufferevent_get_input(bev)) > 0)
		;
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct isns_stream *s = arg;
	const char *reason = "it has closed the connection";

	(void)bev;
	if (what & BEV_EVENT_CONNECTED) {
		if (s->ops->up)
			s->ops->up(s->arg);
		return;
	}
	if (what & BEV_EVENT_TIMEOUT)
		reason = strerror(ETIMEDOUT);
	else if (what & BEV_EVENT_ERROR)
		reason = strerror(EVUTIL_SOCKET_ERROR());
	s->ops->down(reason, s->arg);
}

struct isns_stream *isns_stream_new(struct event_base *base, int fd,
				    const struct isns_stream_ops *ops,
				    void *arg)
{
	struct isns_stream *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->ops = ops;
	s->arg = arg;
	s->bev = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!s->bev) {
		free(s);
		return NULL;
	}
	bufferevent_setcb(s->bev, on_read, NULL, on_event, s);
	bufferevent_setwatermark(s->bev, EV_READ, 0, IN_MAX);
	bufferevent_enable(s->bev, EV_READ | EV_WRITE);
	return s;
}

int isns_stream_connect(struct isns_stream *s, const struct sockaddr *sa,
			socklen_t len)
{
	return bufferevent_socket_connect(s->bev, sa, len);
}

void isns_stream_set_idle(struct isns_stream *s, unsigned int seconds)
{
	const struct timeval tv = { .tv_sec = seconds };

	bufferevent_set_timeouts(s->bev, &tv, &tv);
}

int isns_stream_send(struct isns_stream *s, uint16_t function, uint16_t flags,
		     uint16_t xid, const struct isns_buf *data)
{
	struct evbuffer *out = bufferevent_get_output(s->bev);
	struct isns_hdr hdr = {
		.function = function,
		.length = data->len,
		.flags = flags | ISNS_FLAG_CLIENT | ISNS_FLAG_FIRST |
			 ISNS_FLAG_LAST,
		.xid = xid,
	};
	uint8_t bytes[ISNS_HDR_LEN];

	if (data->failed || data->len > ISNS_PDU_DATA_MAX)
		return -EMSGSIZE;
	if (evbuffer_get_length(out) > OUT_MAX)
		return -ENOBUFS;
	isns_hdr_write(&hdr, bytes);
	if (evbuffer_expand(out, sizeof(bytes) + data->len))
		return -ENOBUFS;
	evbuffer_add(out, bytes, sizeof(bytes));
	evbuffer_add(out, data->data, data->len);
	return 0;
}

int isns_stream_fd(const struct isns_stream *s)
{
	return bufferevent_getfd(s->bev);
}

void isns_stream_free(struct isns_stream *s)
{
	if (!s)
		return;
	bufferevent_free(s->bev);
	isns_message_clear(&s->in);
	free(s);
}
