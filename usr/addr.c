// SPDX-License-Identifier: GPL-2.0-only
/*
 * Internet addresses in words.
 */
#include "addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

const uint8_t *addr_bytes(const struct sockaddr *sa, size_t *len)
{
	const struct sockaddr_in6 *in6 = (const void *)sa;
	const struct sockaddr_in *in = (const void *)sa;

	if (sa->sa_family == AF_INET) {
		*len = 4;
		return (const uint8_t *)&in->sin_addr;
	}
	if (sa->sa_family != AF_INET6) {
		*len = 0;
		return (const uint8_t *)sa;
	}
	if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
		*len = 4;
		return (const uint8_t *)&in6->sin6_addr + 12;
	}
	*len = 16;
	return (const uint8_t *)&in6->sin6_addr;
}

void addr_site(const struct sockaddr *sa, uint8_t key[ADDR_SITE_LEN])
{
	const uint8_t *bytes;
	size_t len;

	bytes = addr_bytes(sa, &len);
	memset(key, 0, ADDR_SITE_LEN);
	memcpy(key, bytes, len < ADDR_SITE_LEN ? len : ADDR_SITE_LEN);
}

size_t addr_size(const struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET6)
		return sizeof(struct sockaddr_in6);
	return sa->sa_family == AF_INET ? sizeof(struct sockaddr_in) :
					  sizeof(*sa);
}

void addr_print(const struct sockaddr *sa, bool with_port,
		char text[ADDR_TEXT_MAX])
{
	/* sin_port and sin6_port are at the same place */
	uint16_t port =
		ntohs(((const struct sockaddr_in *)(const void *)sa)->sin_port);
	char host[INET6_ADDRSTRLEN];
	const uint8_t *bytes;
	size_t len;
	int n;

	bytes = addr_bytes(sa, &len);
	if (!len) {
		snprintf(text, ADDR_TEXT_MAX, "local");
		return;
	}
	inet_ntop(len == 4 ? AF_INET : AF_INET6, bytes, host, sizeof(host));
	n = snprintf(text, ADDR_TEXT_MAX, len == 4 ? "%s" : "[%s]", host);
	if (with_port)
		snprintf(text + n, ADDR_TEXT_MAX - n, ":%u", port);
}

bool addr_same_prefix(const uint8_t *a, const uint8_t *b, unsigned int bits)
{
	unsigned int rest = bits % 8;

	if (memcmp(a, b, bits / 8))
		return false;
	return !rest || !((a[bits / 8] ^ b[bits / 8]) >> (8 - rest));
}
