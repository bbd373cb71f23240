// SPDX-License-Identifier: GPL-2.0-only
/*
 * Input and output of a connection in the login phase or in a discovery
 * session.
 *
 * A request is read to its last byte and not a byte further: what follows
 * the login phase is for the module to read.  Nothing is read while a
 * response is on its way.
 */
#define _GNU_SOURCE
#include "conn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>
#include <openssl/crypto.h>

#include "addr.h"
#include "conn_fault.h"
#include "crc32c.h"
#include "discovery.h"
#include "handoff.h"
#include "log.h"
#include "login.h"

/* what a refused initiator may still send until we look away */
#define LINGER_BYTES_MAX (1 << 20)

enum conn_state {
	CONN_HEADER, /* reads a BHS, and its digest */
	CONN_DATA, /* reads a data segment, padding and digest */
	CONN_HELD, /* a fault holds the request */
	CONN_DELAY, /* waits before it answers */
	CONN_SEND, /* writes a response */
	CONN_LINGER, /* has nothing more to say */
};

/**
 * struct conn - a connection
 * @slot: what the caps see of it
 * @fd: its socket
 * @state: what it does
 * @readable: event of the socket
 * @writable: event of the socket
 * @deadline: the login takes too long, or the discovery session is idle
 * @delay: the response is due
 * @login: the login phase
 * @discovery: the discovery session after it, or NULL
 * @hdr: BHS and digest of the request
 * @data: data segment, padding and digest of the request
 * @got: bytes of @hdr or @data that are there
 * @want: bytes of @hdr or @data that it takes
 * @out: the response as it goes out
 * @out_len: its length
 * @out_pos: how much of it is written
 * @then: what to do once it is
 * @lingered: bytes thrown away after a refusal
 * @hold: of a request that is held
 * @fault: what happens to the response on its way; NULL: there never was one
 */
struct conn {
	struct portal_slot slot;
	int fd;
	enum conn_state state;
	struct event *readable;
	struct event *writable;
	struct event *deadline;
	struct event *delay;
	struct login login;
	struct discovery *discovery;
	union {
		struct iscsi_hdr bhs;
		uint8_t bytes[ISCSI_BHS_LEN + ISCSI_DIGEST_LEN];
	} hdr;
	uint8_t *data;
	size_t got;
	size_t want;
	uint8_t *out;
	size_t out_len;
	size_t out_pos;
	enum pdu_action then;
	size_t lingered;
	struct login_fault_hold hold;
	struct conn_fault *fault;
};

static unsigned int login_time = CONN_LOGIN_S;

void conn_set_login_time(unsigned int seconds)
{
	login_time = seconds;
}

static void free_buffer(uint8_t **buffer, size_t len)
{
	if (*buffer)
		OPENSSL_cleanse(*buffer, len);
	free(*buffer);
	*buffer = NULL;
}

static void free_event(struct event *ev)
{
	if (ev)
		event_free(ev);
}

static void conn_free(struct conn *c)
{
	free_event(c->readable);
	free_event(c->writable);
	free_event(c->deadline);
	free_event(c->delay);
	login_fault_unhold(&c->hold);
	if (c->fault)
		conn_fault_free(c->fault);
	free(c->fault);
	if (c->discovery)
		discovery_free(c->discovery);
	free(c->discovery);
	login_free(&c->login);
	free_buffer(&c->data, c->want);
	free_buffer(&c->out, c->out_len);
	free(c);
}

static void conn_end(struct conn *c)
{
	int fd = c->fd;

	/* of the last response, which nobody got: there will be no handoff */
	if (c->fault && c->fault->withheld && c->then == PDU_ACCEPT)
		handoff_abandon(&c->login);
	portal_put(&c->slot);
	conn_free(c);
	close(fd);
}

static void drop_slot(struct portal_slot *slot)
{
	struct conn *c = (void *)((char *)slot - offsetof(struct conn, slot));

	log_debug("connection dropped");
	/* the session must not wait for a connection that will not come */
	if (c->state == CONN_SEND && c->then == PDU_ACCEPT)
		handoff_abandon(&c->login);
	conn_end(c);
}

static void set_deadline(struct conn *c, unsigned int seconds)
{
	const struct timeval tv = { .tv_sec = seconds };

	event_add(c->deadline, &tv);
}

/* --- digests of a discovery session -------------------------------------- */

static bool has_digest(const struct conn *c, enum iet_key_attr attr)
{
	return c->discovery &&
	       c->discovery->neg.result.val[attr] == IET_DIGEST_CRC32C;
}

static void put_digest(uint8_t *to, const void *data, size_t len)
{
	uint32_t crc = crc32c(data, len);

	for (int i = 0; i < ISCSI_DIGEST_LEN; i++)
		to[i] = crc >> (8 * i);
}

static bool is_digest(const uint8_t *have, const void *data, size_t len)
{
	uint8_t want[ISCSI_DIGEST_LEN];

	put_digest(want, data, len);
	return !memcmp(have, want, sizeof(want));
}

/* --- output -------------------------------------------------------------- */

static void expect_request(struct conn *c)
{
	free_buffer(&c->data, c->want);
	c->state = CONN_HEADER;
	c->got = 0;
	c->want = ISCSI_BHS_LEN +
		  (has_digest(c, IET_K_HEADER_DIGEST) ? ISCSI_DIGEST_LEN : 0);
	event_add(c->readable, NULL);
	if (c->discovery)
		portal_idle(&c->slot);
}

/* Return: false if the connection is gone */
static bool begin_discovery(struct conn *c)
{
	c->discovery = malloc(sizeof(*c->discovery));
	if (!c->discovery) {
		conn_end(c);
		return false;
	}
	discovery_init(c->discovery, &c->login);
	login_free(&c->login);
	set_deadline(c, CONN_DISCOVERY_S);
	return true;
}

/* all that is left to do is to see the initiator close it */
static void await_end(struct conn *c, unsigned int seconds)
{
	c->state = CONN_LINGER;
	/* nothing is lost any more if others need its place */
	portal_idle(&c->slot);
	set_deadline(c, seconds);
	event_add(c->readable, NULL);
}

static void begin_linger(struct conn *c)
{
	shutdown(c->fd, SHUT_WR);
	await_end(c, CONN_LINGER_S);
}

/* the response is out */
static void after_send(struct conn *c)
{
	enum pdu_action then = c->then;

	if (c->fault && c->fault->drop) {
		drop_slot(&c->slot);
		return;
	}
	if (c->fault)
		conn_fault_free(c->fault);
	free_buffer(&c->out, c->out_len);
	switch (then) {
	case PDU_ACCEPT:
		if (c->login.neg.discovery) {
			if (begin_discovery(c))
				expect_request(c);
			break;
		}
		handoff_conn(&c->login, c->fd);
		conn_end(c);
		break;
	case PDU_SEND_CLOSE:
		begin_linger(c);
		break;
	default:
		expect_request(c);
		break;
	}
}

static void do_send(struct conn *c)
{
	while (c->out_pos < c->out_len) {
		int flags = MSG_NOSIGNAL | MSG_DONTWAIT;
		size_t len = c->fault ? conn_fault_piece(c->fault, c->out_pos,
							 c->out_len, &flags) :
					c->out_len - c->out_pos;
		ssize_t n;

		if (!len)
			break;
		n = send(c->fd, c->out + c->out_pos, len, flags);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			event_add(c->writable, NULL);
			return;
		}
		if (n < 0) {
			drop_slot(&c->slot);
			return;
		}
		c->out_pos += n;
	}
	after_send(c);
}

static bool build_out(struct conn *c, struct pdu *rsp)
{
	bool data_digest = rsp->len && has_digest(c, IET_K_DATA_DIGEST);
	bool digest = has_digest(c, IET_K_HEADER_DIGEST);
	size_t padded = rsp->len + iscsi_pad(rsp->len);
	uint8_t *p;

	c->out_len = ISCSI_BHS_LEN + (digest ? ISCSI_DIGEST_LEN : 0) + padded +
		     (data_digest ? ISCSI_DIGEST_LEN : 0);
	c->out_pos = 0;
	c->out = p = calloc(1, c->out_len);
	if (!p)
		return false;

	memcpy(p, &rsp->hdr, ISCSI_BHS_LEN);
	p += ISCSI_BHS_LEN;
	if (digest) {
		put_digest(p, &rsp->hdr, ISCSI_BHS_LEN);
		p += ISCSI_DIGEST_LEN;
	}
	if (rsp->len)
		memcpy(p, rsp->data, rsp->len);
	if (data_digest)
		put_digest(p + padded, p, padded);
	return true;
}

static bool send_twice(struct conn *c)
{
	size_t len = c->out_len;
	uint8_t *out = malloc(2 * len);

	if (!out)
		return false;
	memcpy(out, c->out, len);
	memcpy(out + len, c->out, len);
	free_buffer(&c->out, len);
	c->out = out;
	c->out_len = 2 * len;
	return true;
}

/* Return: whether there is a response */
static bool make_out(struct conn *c, struct pdu *rsp)
{
	bool faults = login_faults_any();

	iscsi_set_dlength(&rsp->hdr, rsp->len);
	if (faults && !c->fault)
		c->fault = calloc(1, sizeof(*c->fault));
	if (faults && c->fault) {
		struct conn_fault_who who;

		conn_fault_who(&who, &c->login, c->discovery, &c->hdr.bhs,
			       c->data);
		conn_fault_response(c->fault, &who, &c->hdr.bhs, rsp,
				    c->then == PDU_ACCEPT);
	}
	return build_out(c, rsp) &&
	       (!c->fault || !c->fault->twice || send_twice(c));
}

static void respond(struct conn *c, enum pdu_action action, struct pdu *rsp)
{
	struct timeval tv = {
		.tv_sec = rsp->delay_ms / 1000,
		.tv_usec = rsp->delay_ms % 1000 * 1000,
	};

	event_del(c->readable);
	c->then = action;
	if (!make_out(c, rsp)) {
		c->state = CONN_SEND;
		drop_slot(&c->slot);
		return;
	}
	free_buffer(&c->data, c->want);
	if (c->fault && c->fault->withheld) {
		await_end(c, CONN_WITHHELD_S);
		return;
	}
	if (rsp->delay_ms) {
		c->state = CONN_DELAY;
		event_add(c->delay, &tv);
		return;
	}
	c->state = CONN_SEND;
	do_send(c);
}

/* --- input --------------------------------------------------------------- */

static enum pdu_action machine(struct conn *c, struct pdu *rsp)
{
	struct iscsi_hdr *hdr = &c->hdr.bhs;
	size_t padded;

	if (!c->discovery)
		return login_request(&c->login, hdr, c->data, rsp);

	set_deadline(c, CONN_DISCOVERY_S);
	padded = discovery_data_len(c->discovery, hdr);
	padded += iscsi_pad(padded);
	if (padded && has_digest(c, IET_K_DATA_DIGEST) &&
	    !is_digest(c->data + padded, c->data, padded))
		return discovery_bad_digest(c->discovery, hdr, rsp);
	return discovery_request(c->discovery, hdr, c->data, rsp);
}

static void go_on(struct login_fault_hold *hold)
{
	struct conn *c = (void *)((char *)hold - offsetof(struct conn, hold));

	event_active(c->delay, EV_TIMEOUT, 0);
}

static void hold(struct conn *c, const struct login_fault *rule)
{
	const struct timeval tv = {
		.tv_sec = rule->args.delay / 1000,
		.tv_usec = rule->args.delay % 1000 * 1000,
	};

	event_del(c->readable);
	c->state = CONN_HELD;
	c->hold.go_on = go_on;
	login_fault_hold(&c->hold, rule);
	/* it is not the initiator's time that passes */
	set_deadline(c, tv.tv_sec + 1 +
				(c->discovery ? CONN_DISCOVERY_S : login_time));
	portal_idle(&c->slot);
	event_add(c->delay, &tv);
}

/* Return: true if a fault has taken the request; @c may be gone */
static bool fault_takes(struct conn *c, bool held)
{
	const struct login_fault *rule;
	struct conn_fault_who who;
	struct pdu rsp = { 0 };
	enum pdu_action action;

	conn_fault_who(&who, &c->login, c->discovery, &c->hdr.bhs, c->data);
	switch (conn_fault_request(&who, &c->hdr.bhs, held, &rule)) {
	case CONN_FAULT_NONE:
		return false;
	case CONN_FAULT_HOLD:
		hold(c, rule);
		break;
	case CONN_FAULT_DROP:
		conn_end(c);
		break;
	case CONN_FAULT_WITHHOLD:
		await_end(c, CONN_WITHHELD_S);
		break;
	case CONN_FAULT_REFUSE:
		action = conn_fault_refuse(rule, &c->login, &c->hdr.bhs, &rsp);
		respond(c, action, &rsp);
		break;
	}
	return true;
}

static void take_request(struct conn *c, bool held)
{
	struct pdu rsp = { 0 };
	enum pdu_action action;

	portal_busy(&c->slot);
	if (login_faults_any() && fault_takes(c, held))
		return;
	action = machine(c, &rsp);
	if (action == PDU_CLOSE)
		conn_end(c);
	else if (action == PDU_IGNORE)
		expect_request(c);
	else
		respond(c, action, &rsp);
}

/* Return: true if the data segment is to be read now */
static bool take_header(struct conn *c)
{
	size_t len;

	if (has_digest(c, IET_K_HEADER_DIGEST) &&
	    !is_digest(c->hdr.bytes + ISCSI_BHS_LEN, c->hdr.bytes,
		       ISCSI_BHS_LEN)) {
		/* 7.8: where the next header is, nobody knows */
		conn_end(c);
		return false;
	}
	len = c->discovery ? discovery_data_len(c->discovery, &c->hdr.bhs) :
			     login_data_len(&c->hdr.bhs);
	if (!len) {
		c->want = 0;
		take_request(c, false);
		return false;
	}
	c->state = CONN_DATA;
	c->got = 0;
	c->want = len + iscsi_pad(len) +
		  (has_digest(c, IET_K_DATA_DIGEST) ? ISCSI_DIGEST_LEN : 0);
	c->data = malloc(c->want);
	if (!c->data) {
		conn_end(c);
		return false;
	}
	return true;
}

/* Return: bytes read, 0 if there are none now, -1 if there will be none */
static ssize_t do_recv(int fd, void *to, size_t len)
{
	ssize_t n;

	do {
		n = recv(fd, to, len, MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return 0;
	return n > 0 ? n : -1;
}

static void linger(struct conn *c)
{
	char waste[4096];
	ssize_t n = do_recv(c->fd, waste, sizeof(waste));

	if (n > 0)
		c->lingered += n;
	if (n < 0 || c->lingered > LINGER_BYTES_MAX)
		conn_end(c);
}

/* Return: true if all that is wanted now is there; else @c may be gone */
static bool fill(struct conn *c)
{
	uint8_t *to = c->state == CONN_DATA ? c->data : c->hdr.bytes;
	ssize_t n = do_recv(c->fd, to + c->got, c->want - c->got);

	if (n < 0) {
		conn_end(c);
		return false;
	}
	c->got += n;
	return c->got == c->want;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;

	(void)fd;
	(void)what;
	if (c->state == CONN_LINGER) {
		linger(c);
		return;
	}
	if (!fill(c))
		return;
	/* the data segment mostly comes with its header */
	if (c->state == CONN_HEADER && (!take_header(c) || !fill(c)))
		return;
	take_request(c, false);
}

/* --- events -------------------------------------------------------------- */

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	do_send(arg);
}

static bool has_gone(const struct conn *c)
{
	struct pollfd pfd = { .fd = c->fd, .events = POLLRDHUP };

	return poll(&pfd, 1, 0) > 0 && pfd.revents;
}

/* Who has given up must not have a session made, and an older one ended. */
static void end_hold(struct conn *c)
{
	event_del(c->delay);
	login_fault_unhold(&c->hold);
	if (has_gone(c))
		drop_slot(&c->slot);
	else
		take_request(c, true);
}

static void on_delay(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;

	(void)fd;
	(void)what;
	if (c->state == CONN_HELD) {
		end_hold(c);
		return;
	}
	c->state = CONN_SEND;
	do_send(c);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;
	char peer[ADDR_TEXT_MAX];

	(void)fd;
	(void)what;
	addr_print((const struct sockaddr *)&c->login.peer, true, peer);
	log_debug("connection of %s closed: time is up", peer);
	drop_slot(&c->slot);
}

struct portal_slot *conn_start(struct event_base *base, int fd,
			       const struct sockaddr_storage *peer,
			       const struct sockaddr_storage *local)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	login_init(&c->login, peer, local);
	c->fd = fd;
	c->slot.drop = drop_slot;
	c->want = ISCSI_BHS_LEN;
	c->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, c);
	c->writable = event_new(base, fd, EV_WRITE, on_writable, c);
	c->deadline = event_new(base, -1, 0, on_deadline, c);
	c->delay = event_new(base, -1, 0, on_delay, c);
	if (!c->readable || !c->writable || !c->deadline || !c->delay ||
	    event_add(c->readable, NULL)) {
		conn_free(c);
		return NULL;
	}
	set_deadline(c, login_time);
	return &c->slot;
}
