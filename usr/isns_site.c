// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "isns_site.h"

#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "addr.h"
#include "portal.h"

static bool same_addr(const struct sockaddr *a, const struct sockaddr *b)
{
	size_t len, other_len;
	const uint8_t *one = addr_bytes(a, &len);
	const uint8_t *other = addr_bytes(b, &other_len);

	return len && len == other_len && !memcmp(one, other, len);
}

static int add_portal(const struct sockaddr *sa, void *arg)
{
	struct isns_site *site = arg;
	struct isns_portal *p = &site->portals[site->nr_portals];

	if (site->nr_portals == ISNS_PORTALS_MAX)
		return 0;
	memcpy(&p->sa, sa,
	       sa->sa_family == AF_INET ? sizeof(struct sockaddr_in) :
					  sizeof(struct sockaddr_in6));
	site->nr_portals++;
	return 0;
}

/*
 * Notices go where the server can reach us for sure: the address that we
 * reach it from.  A portal in a network that the server is not in must not
 * be asked for, or the server would take it out.
 */
static void choose_notices(struct isns_site *site,
			   const struct sockaddr_storage *local, bool is_here)
{
	bool any = false;

	for (unsigned int i = 0; i < site->nr_portals; i++) {
		struct isns_portal *p = &site->portals[i];

		p->notices = same_addr((const struct sockaddr *)&p->sa,
				       (const struct sockaddr *)local);
		any |= p->notices;
	}
	/* what is on this machine reaches any address of it */
	if (!any && is_here && site->nr_portals)
		site->portals[0].notices = true;
}

bool isns_site_look(struct isns_site *site,
		    const struct sockaddr_storage *local,
		    const struct sockaddr_storage *peer)
{
	static struct isns_site now;
	bool changed;

	memset(&now, 0, sizeof(now));
	portal_each((const struct sockaddr *)local, add_portal, &now);
	choose_notices(&now, local,
		       same_addr((const struct sockaddr *)local,
				 (const struct sockaddr *)peer));
	changed = now.nr_portals != site->nr_portals ||
		  memcmp(now.portals, site->portals, sizeof(now.portals));
	memcpy(site->portals, now.portals, sizeof(now.portals));
	site->nr_portals = now.nr_portals;
	return changed;
}

/*
 * It must not be that of another client on this machine, which it would
 * replace; and it must be the same after a restart.
 */
void isns_site_name(struct isns_site *site,
		    const struct sockaddr_storage *local)
{
	char host[ADDR_TEXT_MAX + 1] = "";

	if (site->eid[0])
		return;
	if (gethostname(host, sizeof(host) - 1))
		host[0] = '\0';
	if (!host[0] || host[0] == '(' || !strncmp(host, "localhost", 9))
		addr_print((const struct sockaddr *)local, false, host);
	snprintf(site->eid, sizeof(site->eid), "iet.%s:%u", host,
		 portal_port());
}
