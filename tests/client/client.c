// SPDX-License-Identifier: GPL-2.0-only
/*
 * An initiator that sends whatever it is told to, see client.h.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "client.h"

#define READ_SIZE 65536

uint16_t client_port = ISCSI_PORT;

double client_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* CRC32C (RFC 7143 13.1), not inverted at either end. */
uint32_t client_crc32c(uint32_t crc, const void *data, size_t len)
{
	static uint32_t table[256];
	const uint8_t *p = data;

	for (unsigned int i = 0; !table[255] && i < 256; i++) {
		table[i] = i;
		for (int bit = 0; bit < 8; bit++)
			table[i] = table[i] >> 1 ^
				   (table[i] & 1 ? 0x82f63b78 : 0);
	}
	while (len--)
		crc = table[(crc ^ *p++) & 0xff] ^ crc >> 8;
	return crc;
}

/* Room for so many bytes behind what is there. */
static uint8_t *reserve(struct client_buf *b, size_t len)
{
	if (b->pos == b->len)
		b->pos = b->len = 0;
	if (b->pos && b->len + len > b->size) {
		memmove(b->data, b->data + b->pos, b->len - b->pos);
		b->len -= b->pos;
		b->pos = 0;
	}
	if (b->len + len > b->size) {
		b->size = 2 * (b->len + len);
		b->data = realloc(b->data, b->size);
		if (!b->data)
			abort();
	}
	return b->data + b->len;
}

static void append(struct client_buf *b, const void *data, size_t len)
{
	if (len)
		memcpy(reserve(b, len), data, len);
	b->len += len;
}

int client_connect(struct client *c, struct client_session *session,
		   uint16_t cid, uint32_t from)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	int one = 1;

	c->session = session;
	c->cid = cid;
	c->exp_stat_sn = 1;
	c->max_send = 8192;
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return -errno;
	in.sin_addr.s_addr = htonl(from);
	if (from && bind(c->fd, (struct sockaddr *)&in, sizeof(in)))
		return -errno;
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	in.sin_port = htons(client_port);
	if (connect(c->fd, (struct sockaddr *)&in, sizeof(in)))
		return -errno;
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fcntl(c->fd, F_SETFL, O_NONBLOCK) ? -errno : 0;
}

void client_close(struct client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	free(c->in.data);
	free(c->out.data);
	memset(c, 0, sizeof(*c));
	c->fd = -1;
}

static void append_digest(struct client_buf *b, uint32_t crc, bool bad)
{
	uint8_t le[4];

	crc = ~crc ^ bad;
	for (int i = 0; i < 4; i++)
		le[i] = crc >> 8 * i;
	append(b, le, sizeof(le));
}

void client_send(struct client *c, const struct client_pdu *p)
{
	static const uint8_t zeroes[3];
	size_t pad = -p->len & 3;
	uint32_t crc;

	append(&c->out, p->bhs, sizeof(p->bhs));
	append(&c->out, p->ahs, p->ahs_len);
	if (c->hdigest) {
		crc = client_crc32c(~0U, p->bhs, sizeof(p->bhs));
		crc = client_crc32c(crc, p->ahs, p->ahs_len);
		append_digest(&c->out, crc, p->bad_hdigest);
	}
	append(&c->out, p->data, p->len);
	append(&c->out, zeroes, pad);
	if (c->ddigest && p->len) {
		crc = client_crc32c(~0U, p->data, p->len);
		crc = client_crc32c(crc, zeroes, pad);
		append_digest(&c->out, crc, p->bad_ddigest);
	}
}

void client_send_bytes(struct client *c, const void *data, size_t len)
{
	append(&c->out, data, len);
}

static bool takes_cmd_sn(uint8_t op)
{
	return op == ISCSI_OP_NOP_OUT || op == ISCSI_OP_SCSI_CMD ||
	       op == ISCSI_OP_TMF_REQ || op == ISCSI_OP_TEXT_REQ ||
	       op == ISCSI_OP_LOGOUT_REQ;
}

void client_start(struct client *c, struct client_pdu *p, uint8_t op)
{
	struct client_session *s = c->session;

	memset(p, 0, offsetof(struct client_pdu, ahs));
	p->ahs_len = p->len = 0;
	p->data = NULL;
	p->bad_hdigest = p->bad_ddigest = false;
	p->bhs[0] = op;
	p->bhs[1] = ISCSI_FLAG_FINAL;
	put_be(p->bhs + AT_ITT, 4, s->itt++);
	put_be(p->bhs + AT_EXPSTATSN, 4, c->exp_stat_sn);
	if ((op & ISCSI_OP_MASK) != ISCSI_OP_DATA_OUT)
		put_be(p->bhs + AT_CMDSN, 4, s->cmd_sn);
	s->cmd_sn += takes_cmd_sn(op);
}

static void flush(struct client *c, bool *moved)
{
	struct client_buf *b = &c->out;
	ssize_t n = 0;

	while (b->pos < b->len) {
		n = send(c->fd, b->data + b->pos, b->len - b->pos,
			 MSG_NOSIGNAL);
		if (n <= 0)
			break;
		b->pos += n;
		*moved = true;
	}
	/* who has been reset may still have something to be read */
	if (n < 0 && errno != EAGAIN)
		b->pos = b->len = 0;
}

static void fill(struct client *c, bool *moved)
{
	ssize_t n = recv(c->fd, reserve(&c->in, READ_SIZE), READ_SIZE, 0);

	if (n > 0)
		c->in.len += n;
	else if (!n || errno != EAGAIN)
		c->eof = true;
	*moved |= n > 0 || c->eof;
}

bool client_run(struct client *c, int ms)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };
	bool moved = false;

	if (c->eof)
		return false;
	flush(c, &moved);
	fill(c, &moved);
	if (moved || !ms)
		return moved;
	if (c->out.pos < c->out.len)
		p.events |= POLLOUT;
	if (poll(&p, 1, ms) <= 0)
		return false;
	flush(c, &moved);
	fill(c, &moved);
	return moved;
}

static bool right_digest(const uint8_t *data, size_t len)
{
	uint32_t crc = ~client_crc32c(~0U, data, len);

	for (int i = 0; i < 4; i++)
		if (data[len + i] != (uint8_t)(crc >> 8 * i))
			return false;
	return true;
}

/* A response has come: there may be a StatSN that counts. */
static void note_numbers(struct client *c, const struct client_pdu *p)
{
	const uint8_t *bhs = p->bhs;
	uint8_t op = client_op(bhs);
	uint32_t sn = get_be(bhs + AT_CMDSN, 4) + 1;
	bool status = op != ISCSI_OP_R2T && op != ISCSI_OP_DATA_IN &&
		      op != ISCSI_OP_NOP_IN;

	status |= op == ISCSI_OP_DATA_IN && bhs[1] & ISCSI_DATA_IN_STATUS;
	status |= op == ISCSI_OP_NOP_IN &&
		  get_be(bhs + AT_ITT, 4) != ISCSI_RESERVED_TAG;
	if (status && (int32_t)(sn - c->exp_stat_sn) > 0)
		c->exp_stat_sn = sn;
	if ((int32_t)(get_be(bhs + AT_MAXCMDSN, 4) - c->session->max_cmd_sn) >
	    0)
		c->session->max_cmd_sn = get_be(bhs + AT_MAXCMDSN, 4);
}

int client_next(struct client *c, struct client_pdu *p)
{
	const uint8_t *at = c->in.data + c->in.pos;
	size_t have = c->in.len - c->in.pos;
	size_t ahs, len, head, tail;

	if (have < ISCSI_BHS_LEN)
		return 0;
	ahs = at[4] * 4;
	len = get_be(at + AT_DLENGTH, 3);
	head = ISCSI_BHS_LEN + ahs;
	tail = (len + 3) & ~(size_t)3;
	if (have < head + 4 * c->hdigest + tail + (c->ddigest && len ? 4 : 0))
		return 0;
	memcpy(p->bhs, at, ISCSI_BHS_LEN);
	memcpy(p->ahs, at + ISCSI_BHS_LEN, ahs);
	p->ahs_len = ahs;
	if (c->hdigest && !right_digest(at, head))
		return -EBADMSG;
	at += head + 4 * c->hdigest;
	p->data = at;
	p->len = len;
	if (c->ddigest && len && !right_digest(at, tail))
		return -EBADMSG;
	c->in.pos += head + 4 * c->hdigest + tail + (c->ddigest && len ? 4 : 0);
	note_numbers(c, p);
	return 1;
}

int client_wait(struct client *c, struct client_pdu *p, int seconds)
{
	double end = client_now() + seconds;
	int ret;

	while (!(ret = client_next(c, p))) {
		if (c->eof)
			return -ECONNRESET;
		if (client_now() > end)
			return -ETIMEDOUT;
		client_run(c, 100);
	}
	return ret < 0 ? ret : 0;
}

void client_login_send(struct client *c, const char *keys)
{
	struct client_session *s = c->session;
	struct client_pdu p;
	char text[8192];
	size_t len;

	client_start(c, &p, ISCSI_OP_LOGIN_REQ | ISCSI_OP_IMMEDIATE);
	p.bhs[1] = 0x87; /* from operational negotiation to full feature */
	memcpy(p.bhs + 8, s->isid, sizeof(s->isid));
	put_be(p.bhs + 14, 2, s->tsih);
	put_be(p.bhs + 20, 2, c->cid);
	len = snprintf(text, sizeof(text),
		       "InitiatorName=%s%cTargetName=%s%cSessionType=Normal%c",
		       s->initiator, 0, s->target, 0, 0);
	for (size_t n; *keys; keys += n, len += n) {
		n = strlen(keys) + 1;
		if (len + n > sizeof(text))
			abort();
		memcpy(text + len, keys, n);
	}
	p.data = (uint8_t *)text;
	p.len = len;
	put_be(p.bhs + AT_DLENGTH, 3, len);
	client_send(c, &p);
}

static const char *value_of(const struct client_pdu *p, const char *key)
{
	const char *at = (const char *)p->data, *end = at + p->len;
	size_t n = strlen(key);

	for (; at < end; at += strnlen(at, end - at) + 1)
		if ((size_t)(end - at) > n && !strncmp(at, key, n) &&
		    at[n] == '=' && memchr(at, 0, end - at))
			return at + n + 1;
	return "";
}

int client_login_done(struct client *c, const struct client_pdu *rsp)
{
	int status = get_be(rsp->bhs + 36, 2);

	if (client_op(rsp->bhs) != ISCSI_OP_LOGIN_RSP)
		return -EPROTO;
	if (status)
		return status;
	c->session->tsih = get_be(rsp->bhs + 14, 2);
	if (!c->session->max_cmd_sn)
		c->session->max_cmd_sn = get_be(rsp->bhs + AT_MAXCMDSN, 4);
	c->hdigest = !strcmp(value_of(rsp, "HeaderDigest"), "CRC32C");
	c->ddigest = !strcmp(value_of(rsp, "DataDigest"), "CRC32C");
	c->max_send = atoi(value_of(rsp, "MaxRecvDataSegmentLength")) ?: 8192;
	return 0;
}

int client_login(struct client *c, const char *keys, int seconds)
{
	struct client_pdu rsp;
	int err;

	client_login_send(c, keys);
	err = client_wait(c, &rsp, seconds);
	return err ? err : client_login_done(c, &rsp);
}

uint32_t client_scsi(struct client *c, unsigned int lun, const uint8_t *cdb,
		     uint8_t flags, uint32_t edtl, const void *data, size_t len)
{
	struct client_pdu p;

	client_start(c, &p, ISCSI_OP_SCSI_CMD);
	p.bhs[1] |= flags | ISCSI_ATTR_SIMPLE;
	put_lun(p.bhs, lun);
	put_be(p.bhs + AT_TTT, 4, edtl);
	put_be(p.bhs + AT_DLENGTH, 3, len);
	memcpy(p.bhs + 32, cdb, 16);
	p.data = data;
	p.len = len;
	client_send(c, &p);
	return get_be(p.bhs + AT_ITT, 4);
}
