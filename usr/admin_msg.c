// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "admin_msg.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin.h"

char *admin_msg_room(struct admin_msg *m, size_t len)
{
	size_t size = m->size ? m->size : 256;
	char *data;

	while (size < m->len + len)
		size *= 2;
	if (size > m->size) {
		/* not realloc(), which leaves the old bytes about */
		data = malloc(size);
		if (!data)
			return NULL;
		if (m->data) {
			memcpy(data, m->data, m->len);
			explicit_bzero(m->data, m->size);
			free(m->data);
		}
		m->data = data;
		m->size = size;
	}
	return m->data + m->len;
}

static size_t max_of(const struct admin_msg *m)
{
	return m->max ? m->max : ADMIN_MSG_MAX;
}

int admin_msg_add(struct admin_msg *m, const char *s)
{
	size_t len = strlen(s) + 1;
	uint32_t payload;
	char *p;

	if (!m->len) {
		if (!admin_msg_room(m, ADMIN_MSG_HEAD))
			return -ENOMEM;
		m->len = ADMIN_MSG_HEAD;
	}
	if (m->len - ADMIN_MSG_HEAD + len > max_of(m))
		return -EMSGSIZE;
	p = admin_msg_room(m, len);
	if (!p)
		return -ENOMEM;
	memcpy(p, s, len);
	m->len += len;
	payload = m->len - ADMIN_MSG_HEAD;
	memcpy(m->data, &payload, sizeof(payload));
	return 0;
}

int admin_msg_printf(struct admin_msg *m, const char *fmt, ...)
{
	char *text;
	va_list ap;
	int err;

	va_start(ap, fmt);
	err = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (err < 0)
		return -ENOMEM;
	err = admin_msg_add(m, text);
	free(text);
	return err;
}

long admin_msg_want(const struct admin_msg *m)
{
	uint32_t payload;

	if (m->len < ADMIN_MSG_HEAD)
		return ADMIN_MSG_HEAD - m->len;
	memcpy(&payload, m->data, sizeof(payload));
	if (!payload || payload > max_of(m) ||
	    m->len > ADMIN_MSG_HEAD + payload)
		return -EPROTO;
	if (m->len < ADMIN_MSG_HEAD + payload)
		return ADMIN_MSG_HEAD + payload - m->len;
	return m->data[m->len - 1] ? -EPROTO : 0;
}

const char *admin_msg_next(const struct admin_msg *m, size_t *pos)
{
	const char *s;

	if (*pos < ADMIN_MSG_HEAD)
		*pos = ADMIN_MSG_HEAD;
	if (*pos >= m->len)
		return NULL;
	s = m->data + *pos;
	*pos += strlen(s) + 1;
	return s;
}

void admin_msg_free(struct admin_msg *m)
{
	if (m->data)
		explicit_bzero(m->data, m->size);
	free(m->data);
	*m = (struct admin_msg){ 0 };
}
