// SPDX-License-Identifier: GPL-2.0-only
/*
 * Portals of targets.
 */
#include "target_portal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "addr.h"
#include "params.h"

static struct target_portals *targets;

/* --- one portal ---------------------------------------------------------- */

/* the port is at the same place in both kinds of address */
static uint16_t port_of(const struct sockaddr *sa)
{
	return ntohs(((const struct sockaddr_in *)(const void *)sa)->sin_port);
}

static int parse_port(const char *text, struct sockaddr_storage *addr)
{
	uint64_t port;

	if (!*text)
		return 0;
	if (*text != ':' || param_number(text + 1, UINT16_MAX, &port) || !port)
		return -EINVAL;
	((struct sockaddr_in *)addr)->sin_port = htons(port);
	return 0;
}

int target_portal_parse(const char *text, struct target_portal *portal)
{
	bool brackets = text[0] == '[';
	size_t len = strcspn(text += brackets, brackets ? "]" : ":");
	struct sockaddr_in6 *in6 = (void *)&portal->addr;
	struct sockaddr_in *in = (void *)&portal->addr;
	char host[INET6_ADDRSTRLEN];

	memset(portal, 0, sizeof(*portal));
	if (len >= sizeof(host) || (brackets && !text[len]))
		return -EINVAL;
	memcpy(host, text, len);
	host[len] = '\0';
	portal->addr.ss_family = brackets ? AF_INET6 : AF_INET;
	if (inet_pton(portal->addr.ss_family, host,
		      brackets ? (void *)&in6->sin6_addr :
				 (void *)&in->sin_addr) != 1)
		return -EINVAL;
	return parse_port(text + len + brackets, &portal->addr);
}

static bool is_address(const struct sockaddr *a, const struct sockaddr *b)
{
	const uint8_t *a_bytes, *b_bytes;
	size_t a_len, b_len;

	a_bytes = addr_bytes(a, &a_len);
	b_bytes = addr_bytes(b, &b_len);
	return a_len && a_len == b_len && !memcmp(a_bytes, b_bytes, a_len);
}

bool target_portal_same(const struct target_portal *a,
			const struct target_portal *b)
{
	const struct sockaddr *of_a = (const void *)&a->addr;
	const struct sockaddr *of_b = (const void *)&b->addr;

	return is_address(of_a, of_b) && port_of(of_a) == port_of(of_b);
}

/* --- of all targets ------------------------------------------------------ */

static const struct target_portals *find(const char *target)
{
	const struct target_portals *t;

	for (t = targets; t; t = t->next)
		if (!strcasecmp(t->name, target))
			return t;
	return NULL;
}

void target_portals_free(struct target_portals *all)
{
	struct target_portals *next;
	struct target_portal *p;

	for (; all; all = next) {
		next = all->next;
		while ((p = all->list)) {
			all->list = p->next;
			free(p);
		}
		free(all);
	}
}

void target_portals_replace(struct target_portals *all)
{
	target_portals_free(targets);
	targets = all;
}

const struct target_portal *target_portals_of(const char *target)
{
	const struct target_portals *t = find(target);

	return t ? t->list : NULL;
}

void target_portal_print(const struct target_portal *portal,
			 char text[ADDR_TEXT_MAX])
{
	const struct sockaddr *sa = (const void *)&portal->addr;

	addr_print(sa, port_of(sa), text);
}

bool target_portal_on(const char *target, const struct sockaddr *local)
{
	const struct target_portals *t = find(target);
	const struct target_portal *p;

	if (!t)
		return true;
	for (p = t->list; p; p = p->next) {
		const struct sockaddr *sa = (const void *)&p->addr;

		if (is_address(sa, local) &&
		    (!port_of(sa) || port_of(sa) == port_of(local)))
			return true;
	}
	return false;
}

bool target_portal_each(const char *target, uint16_t port,
			int (*fn)(const struct sockaddr *sa, void *arg),
			void *arg, int *err)
{
	const struct target_portals *t = find(target);
	const struct target_portal *p;

	*err = 0;
	if (!t)
		return false;
	for (p = t->list; p && !*err; p = p->next) {
		struct sockaddr_storage ss = p->addr;
		struct sockaddr_in *sin = (void *)&ss;

		if (!sin->sin_port)
			sin->sin_port = htons(port);
		*err = fn((const struct sockaddr *)&ss, arg);
	}
	return true;
}
