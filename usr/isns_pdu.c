// SPDX-License-Identifier: GPL-2.0-only
/*
 * The format of iSNS messages.
 */
#include "isns_pdu.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"

#define ATTR_HDR_LEN 8
#define ADDR_LEN 16

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

/* --- header -------------------------------------------------------------- */

int isns_hdr_read(const uint8_t *bytes, struct isns_hdr *hdr)
{
	hdr->function = get16(bytes + 2);
	hdr->length = get16(bytes + 4);
	hdr->flags = get16(bytes + 6);
	hdr->xid = get16(bytes + 8);
	hdr->seq = get16(bytes + 10);
	if (get16(bytes) != ISNS_VERSION || hdr->length % 4)
		return -EPROTO;
	return hdr->flags & ISNS_FLAG_AUTH ? -EOPNOTSUPP : 0;
}

void isns_hdr_write(const struct isns_hdr *hdr, uint8_t *bytes)
{
	put16(bytes, ISNS_VERSION);
	put16(bytes + 2, hdr->function);
	put16(bytes + 4, hdr->length);
	put16(bytes + 6, hdr->flags);
	put16(bytes + 8, hdr->xid);
	put16(bytes + 10, hdr->seq);
}

/* --- writing ------------------------------------------------------------- */

void isns_buf_free(struct isns_buf *buf)
{
	free(buf->data);
	memset(buf, 0, sizeof(*buf));
}

static bool make_room(struct isns_buf *buf, size_t len)
{
	size_t size = buf->size ? buf->size : 512;
	uint8_t *data;

	if (buf->failed || len > ISNS_MESSAGE_MAX - buf->len) {
		buf->failed = true;
		return false;
	}
	while (size < buf->len + len)
		size *= 2;
	if (size == buf->size)
		return true;
	data = realloc(buf->data, size);
	if (!data) {
		buf->failed = true;
		return false;
	}
	buf->data = data;
	buf->size = size;
	return true;
}

void isns_put(struct isns_buf *buf, const void *data, size_t len)
{
	if (!len || !make_room(buf, len))
		return;
	memcpy(buf->data + buf->len, data, len);
	buf->len += len;
}

void isns_put_status(struct isns_buf *buf, uint32_t status)
{
	uint8_t bytes[4];

	put32(bytes, status);
	isns_put(buf, bytes, sizeof(bytes));
}

static void put_attr(struct isns_buf *buf, uint32_t tag, const void *value,
		     size_t len)
{
	static const uint8_t zeroes[4];
	uint8_t hdr[ATTR_HDR_LEN];
	size_t pad = -len % 4;

	put32(hdr, tag);
	put32(hdr + 4, len + pad);
	isns_put(buf, hdr, sizeof(hdr));
	isns_put(buf, value, len);
	isns_put(buf, zeroes, pad);
}

void isns_put_empty(struct isns_buf *buf, uint32_t tag)
{
	put_attr(buf, tag, NULL, 0);
}

void isns_put_u32(struct isns_buf *buf, uint32_t tag, uint32_t value)
{
	uint8_t bytes[4];

	put32(bytes, value);
	put_attr(buf, tag, bytes, sizeof(bytes));
}

void isns_put_string(struct isns_buf *buf, uint32_t tag, const char *text)
{
	size_t size = strlen(text) + 1;

	if (size > ISNS_STRING_MAX)
		buf->failed = true;
	else
		put_attr(buf, tag, text, size);
}

void isns_put_addr(struct isns_buf *buf, uint32_t tag,
		   const struct sockaddr *sa)
{
	uint8_t value[ADDR_LEN] = { 0 };
	const uint8_t *bytes;
	size_t len;

	bytes = addr_bytes(sa, &len);
	if (!len) {
		buf->failed = true;
		return;
	}
	/* an IPv4 address stands as one mapped to IPv6 */
	if (len == 4)
		value[10] = value[11] = 0xff;
	memcpy(value + ADDR_LEN - len, bytes, len);
	put_attr(buf, tag, value, sizeof(value));
}

/* --- reading ------------------------------------------------------------- */

int isns_read_status(struct isns_reader *r, uint32_t *status)
{
	if (r->left < 4)
		return -EPROTO;
	*status = get32(r->p);
	r->p += 4;
	r->left -= 4;
	return 0;
}

int isns_read_attr(struct isns_reader *r, struct isns_attr *attr)
{
	if (!r->left)
		return 0;
	if (r->left < ATTR_HDR_LEN)
		return -EPROTO;
	attr->tag = get32(r->p);
	attr->len = get32(r->p + 4);
	attr->value = r->p + ATTR_HDR_LEN;
	if (attr->len % 4 || attr->len > r->left - ATTR_HDR_LEN)
		return -EPROTO;
	r->p += ATTR_HDR_LEN + attr->len;
	r->left -= ATTR_HDR_LEN + attr->len;
	return 1;
}

int isns_attr_u32(const struct isns_attr *attr, uint32_t *value)
{
	if (attr->len != 4)
		return -EPROTO;
	*value = get32(attr->value);
	return 0;
}

const char *isns_attr_string(const struct isns_attr *attr)
{
	const uint8_t *end = memchr(attr->value, '\0', attr->len);

	if (!end || end == attr->value || end - attr->value >= ISNS_STRING_MAX)
		return NULL;
	for (const uint8_t *p = attr->value; p < end; p++)
		if (*p < ' ' || *p == 0x7f)
			return NULL;
	return (const char *)attr->value;
}

/* --- messages of several PDUs -------------------------------------------- */

static int begin_message(struct isns_message *m, const struct isns_hdr *hdr)
{
	if (!(hdr->flags & ISNS_FLAG_FIRST) || hdr->seq)
		return -EPROTO;
	m->function = hdr->function;
	m->flags = hdr->flags;
	m->xid = hdr->xid;
	return 0;
}

static int go_on(const struct isns_message *m, const struct isns_hdr *hdr)
{
	if (hdr->flags & ISNS_FLAG_FIRST || hdr->seq != m->next_seq ||
	    hdr->function != m->function || hdr->xid != m->xid)
		return -EPROTO;
	/* one that carries nothing would let a message go on for ever */
	return hdr->length ? 0 : -EPROTO;
}

int isns_message_add(struct isns_message *m, const struct isns_hdr *hdr,
		     const uint8_t *data)
{
	int err = m->next_seq ? go_on(m, hdr) : begin_message(m, hdr);

	if (err)
		return err;
	if (hdr->length > ISNS_MESSAGE_MAX - m->data.len)
		return -EMSGSIZE;
	isns_put(&m->data, data, hdr->length);
	if (m->data.failed)
		return -ENOMEM;
	if (hdr->flags & ISNS_FLAG_LAST)
		return 1;
	m->next_seq = hdr->seq + 1;
	return m->next_seq ? 0 : -EPROTO;
}

void isns_message_clear(struct isns_message *m)
{
	isns_buf_free(&m->data);
	memset(m, 0, sizeof(*m));
}
