// SPDX-License-Identifier: GPL-2.0-only
#include "isns_server.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "isns_pdu.h"
#include "text.h"

bool isns_server_parse(const char *text, struct isns_server *s)
{
	const char *end = text + strlen(text), *colon = strrchr(text, ':');
	uint64_t port = ISNS_PORT;
	size_t len;

	if (text[0] == '[') {
		end = strchr(++text, ']');
		if (!end || (end[1] && end[1] != ':'))
			return false;
		colon = end[1] ? end + 1 : NULL;
	} else if (colon && strchr(text, ':') != colon) {
		/* an IPv6 address without brackets has no port */
		colon = NULL;
	} else if (colon) {
		end = colon;
	}
	if (colon && (text_number(colon + 1, &port) || !port || port > 65535))
		return false;
	len = end - text;
	if (!len || len >= sizeof(s->host))
		return false;
	memset(s, 0, sizeof(*s));
	memcpy(s->host, text, len);
	s->port = port;
	return true;
}

const char *isns_server_text(const struct isns_server *s)
{
	static char text[ISNS_SERVER_TEXT_MAX];

	if (s->port == ISNS_PORT)
		return s->host;
	snprintf(text, sizeof(text), strchr(s->host, ':') ? "[%s]:%u" : "%s:%u",
		 s->host, s->port);
	return text;
}

bool isns_server_same(const struct isns_server *a, const struct isns_server *b)
{
	return !strcasecmp(a->host, b->host) && a->port == b->port;
}
