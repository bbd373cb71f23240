/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An iSNS server for tests, in the event loop of the test: it keeps names,
 * and misbehaves as it is told.  Include once in a test program.
 */
#ifndef ISNS_SERVER_H
#define ISNS_SERVER_H

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "isns_pdu.h"

#define SERVER_NAMES 64

/**
 * struct isns_server - a server
 * @eid: the entity that is registered, "" = none
 * @names: its nodes
 * @scn: nodes that want notices
 * @notice_port: where to
 * @nr: requests so far, by function
 * @replaced: registrations with the replace bit so far
 * @refuse: status for the next registrations, of those that ask for what it
 *	is about; 0 = none
 * @mute: answers nothing
 * @raw: answers queries with these bytes in place of a response
 * @raw_len: how many
 * @shown: initiators that each query of type 2 shows
 * @both: and the one that a query of type 3 shows, or NULL
 * @cut: bytes of a PDU of an answer, 0 = all in one
 */
struct isns_server {
	struct evconnlistener *listener;
	struct bufferevent *conn;
	uint16_t port;
	char eid[ISNS_STRING_MAX];
	char names[SERVER_NAMES][ISNS_STRING_MAX];
	unsigned int nr_names;
	unsigned int nr_scn;
	unsigned int nr_portals;
	unsigned int nr_groups;
	uint32_t notice_port;
	uint32_t esi_port;
	unsigned int nr[16];
	unsigned int replaced;
	uint32_t refuse;
	bool mute;
	const char *raw;
	size_t raw_len;
	const char *const *shown;
	const char *both;
	size_t cut;
};

static void server_forget(struct isns_server *s)
{
	s->eid[0] = '\0';
	s->nr_names = s->nr_scn = s->nr_portals = s->nr_groups = 0;
	s->notice_port = s->esi_port = 0;
}

static int server_find(const struct isns_server *s, const char *name)
{
	for (unsigned int i = 0; i < s->nr_names; i++)
		if (!strcasecmp(s->names[i], name))
			return i;
	return -1;
}

static void server_add(struct isns_server *s, const char *name)
{
	if (server_find(s, name) < 0 && s->nr_names < SERVER_NAMES)
		snprintf(s->names[s->nr_names++], ISNS_STRING_MAX, "%s", name);
}

static void server_del(struct isns_server *s, const char *name)
{
	int i = server_find(s, name);

	if (i >= 0)
		memcpy(s->names[i], s->names[--s->nr_names], ISNS_STRING_MAX);
}

static void server_send(struct isns_server *s, const struct isns_hdr *to,
			const struct isns_buf *buf)
{
	size_t cut = s->cut ? s->cut : ISNS_PDU_DATA_MAX, pos = 0;
	uint8_t bytes[ISNS_HDR_LEN];
	struct isns_hdr hdr = { .function = to->function | ISNS_RESPONSE,
				.xid = to->xid };

	do {
		hdr.length = buf->len - pos < cut ? buf->len - pos : cut;
		hdr.flags = ISNS_FLAG_SERVER | (pos ? 0 : ISNS_FLAG_FIRST);
		if (pos + hdr.length == buf->len)
			hdr.flags |= ISNS_FLAG_LAST;
		isns_hdr_write(&hdr, bytes);
		bufferevent_write(s->conn, bytes, sizeof(bytes));
		bufferevent_write(s->conn, buf->data + pos, hdr.length);
		pos += hdr.length;
		hdr.seq++;
	} while (pos < buf->len);
}

/* skips source and key; Return: the first key, or one with tag 0 */
static struct isns_attr server_key(struct isns_reader *r)
{
	struct isns_attr key = { 0 }, a;

	isns_read_attr(r, &a);
	while (isns_read_attr(r, &a) > 0 && a.tag)
		if (!key.tag)
			key = a;
	return key;
}

static uint32_t server_reg(struct isns_server *s, const struct isns_hdr *hdr,
			   struct isns_reader r)
{
	bool esi = false, groups = false;
	struct isns_reader again;
	struct isns_attr a;

	server_key(&r);
	again = r;
	while (isns_read_attr(&again, &a) > 0) {
		esi |= a.tag == ISNS_TAG_ESI_PORT;
		groups |= a.tag == ISNS_TAG_PG_TAG;
	}
	if (s->refuse && (s->refuse != ISNS_ESI_NOT_AVAILABLE || esi) &&
	    (s->refuse != ISNS_FEATURE_NOT_SUPPORTED || groups))
		return s->refuse;
	if (hdr->flags & ISNS_FLAG_REPLACE) {
		server_forget(s);
		s->replaced++;
	}
	while (isns_read_attr(&r, &a) > 0) {
		const char *text = isns_attr_string(&a);

		if (a.tag == ISNS_TAG_EID)
			snprintf(s->eid, sizeof(s->eid), "%s", text);
		else if (a.tag == ISNS_TAG_NAME)
			server_add(s, text);
		else if (a.tag == ISNS_TAG_PORTAL_ADDR)
			s->nr_portals++;
		else if (a.tag == ISNS_TAG_PG_ADDR)
			s->nr_groups++;
		else if (a.tag == ISNS_TAG_SCN_PORT)
			isns_attr_u32(&a, &s->notice_port);
		else if (a.tag == ISNS_TAG_ESI_PORT)
			isns_attr_u32(&a, &s->esi_port);
	}
	return ISNS_SUCCESS;
}

static uint32_t server_dereg(struct isns_server *s, struct isns_reader r)
{
	struct isns_attr a;

	server_key(&r);
	while (isns_read_attr(&r, &a) > 0) {
		if (a.tag == ISNS_TAG_NAME)
			server_del(s, isns_attr_string(&a));
		else if (a.tag == ISNS_TAG_EID)
			server_forget(s);
	}
	return ISNS_SUCCESS;
}

static void server_query(struct isns_server *s, struct isns_reader r,
			 struct isns_buf *out)
{
	struct isns_attr key = server_key(&r);
	uint32_t type = 0;

	isns_put_status(out, ISNS_SUCCESS);
	if (key.tag == ISNS_TAG_NAME) {
		const char *name = isns_attr_string(&key);

		isns_put_string(out, ISNS_TAG_NAME, name);
		isns_put_empty(out, ISNS_TAG_DELIMITER);
		if (server_find(s, name) >= 0)
			isns_put_string(out, ISNS_TAG_NAME, name);
		return;
	}
	isns_attr_u32(&key, &type);
	isns_put_u32(out, ISNS_TAG_NODE_TYPE, type);
	isns_put_empty(out, ISNS_TAG_DELIMITER);
	for (const char *const *p = s->shown; type == 2 && p && *p; p++)
		isns_put_string(out, ISNS_TAG_NAME, *p);
	if (type == 3 && s->both)
		isns_put_string(out, ISNS_TAG_NAME, s->both);
}

static void server_answer(struct isns_server *s, const struct isns_hdr *hdr,
			  struct isns_reader r)
{
	struct isns_buf out = { 0 };

	s->nr[hdr->function % 16]++;
	if (s->mute || hdr->function & ISNS_RESPONSE)
		return;
	if (hdr->function == ISNS_DEV_ATTR_QRY && s->raw) {
		bufferevent_write(s->conn, s->raw, s->raw_len);
		return;
	}
	switch (hdr->function) {
	case ISNS_DEV_ATTR_REG:
		isns_put_status(&out, server_reg(s, hdr, r));
		break;
	case ISNS_DEV_DEREG:
		isns_put_status(&out, server_dereg(s, r));
		break;
	case ISNS_DEV_ATTR_QRY:
		server_query(s, r, &out);
		break;
	case ISNS_SCN_REG:
		s->nr_scn++;
		isns_put_status(&out, ISNS_SUCCESS);
		break;
	}
	server_send(s, hdr, &out);
	isns_buf_free(&out);
}

static void server_read(struct bufferevent *bev, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(bev);
	uint8_t bytes[ISNS_HDR_LEN], *p;
	struct isns_server *s = arg;
	struct isns_hdr hdr;

	while (s->conn && evbuffer_copyout(in, bytes, sizeof(bytes)) ==
				  (ssize_t)sizeof(bytes)) {
		if (isns_hdr_read(bytes, &hdr))
			abort();
		if (evbuffer_get_length(in) < (size_t)ISNS_HDR_LEN + hdr.length)
			return;
		p = evbuffer_pullup(in, ISNS_HDR_LEN + hdr.length);
		server_answer(s, &hdr,
			      (struct isns_reader){ p + ISNS_HDR_LEN,
						    hdr.length });
		evbuffer_drain(in, ISNS_HDR_LEN + hdr.length);
	}
}

static void server_drop(struct isns_server *s)
{
	if (s->conn)
		bufferevent_free(s->conn);
	s->conn = NULL;
}

static void server_event(struct bufferevent *bev, short what, void *arg)
{
	struct isns_server *s = arg;

	(void)what;
	if (bev == s->conn)
		server_drop(s);
}

static void server_accept(struct evconnlistener *l, evutil_socket_t fd,
			  struct sockaddr *sa, int len, void *arg)
{
	struct isns_server *s = arg;

	(void)sa;
	(void)len;
	server_drop(s);
	s->conn = bufferevent_socket_new(evconnlistener_get_base(l), fd,
					 BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(s->conn, server_read, NULL, server_event, s);
	bufferevent_enable(s->conn, EV_READ | EV_WRITE);
}

/* listens on s->port, or on any if that is 0 */
static void server_up(struct isns_server *s, struct event_base *base)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_port = htons(s->port) };
	socklen_t len = sizeof(in);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->listener = evconnlistener_new_bind(
		base, server_accept, s,
		LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE, -1,
		(struct sockaddr *)&in, sizeof(in));
	if (!s->listener || getsockname(evconnlistener_get_fd(s->listener),
					(struct sockaddr *)&in, &len))
		abort();
	s->port = ntohs(in.sin_port);
}

static void server_down(struct isns_server *s)
{
	server_drop(s);
	if (s->listener)
		evconnlistener_free(s->listener);
	s->listener = NULL;
}

#endif /* ISNS_SERVER_H */
