// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests to an iSNS server.
 */
#include "isns_request.h"

#include <errno.h>
#include <netinet/in.h>
#include <strings.h>

#include "target_portal.h"

/* there is one portal group, as login.h says */
#define PORTAL_GROUP_TAG 1

static uint16_t port_of(const struct isns_portal *p)
{
	/* the port is at the same place in both kinds of address */
	return ntohs(
		((const struct sockaddr_in *)(const void *)&p->sa)->sin_port);
}

/* 5.6.1: every request begins with who makes it */
static void put_source(struct isns_buf *buf, const struct isns_node *n)
{
	isns_put_string(buf, ISNS_TAG_NAME, n->name);
}

static void put_portal(struct isns_buf *buf, const struct isns_site *site,
		       const struct isns_portal *p)
{
	isns_put_addr(buf, ISNS_TAG_PORTAL_ADDR,
		      (const struct sockaddr *)&p->sa);
	/* 6.3.2: a TCP port has no bit beside its number */
	isns_put_u32(buf, ISNS_TAG_PORTAL_PORT, port_of(p));
	if (!p->notices || !site->notice_port)
		return;
	if (site->esi) {
		isns_put_u32(buf, ISNS_TAG_ESI_INTERVAL, ISNS_ESI_INTERVAL_S);
		isns_put_u32(buf, ISNS_TAG_ESI_PORT, site->notice_port);
	}
	isns_put_u32(buf, ISNS_TAG_SCN_PORT, site->notice_port);
}

/*
 * The portals that the target is on, or those that it is not on: these have a
 * tag without a value, or else the server would take the target to be there
 * (RFC 4171 3.4, 6.5).  A tag is for all that come after it.
 */
static void put_groups(struct isns_buf *buf, const struct isns_site *site,
		       const struct isns_node *n, bool on)
{
	bool tagged = false;

	for (unsigned int i = 0; i < site->nr_portals; i++) {
		const struct sockaddr *sa = (const void *)&site->portals[i].sa;

		if (target_portal_on(n->name, sa) != on)
			continue;
		if (!tagged && on)
			isns_put_u32(buf, ISNS_TAG_PG_TAG, PORTAL_GROUP_TAG);
		else if (!tagged)
			isns_put_empty(buf, ISNS_TAG_PG_TAG);
		tagged = true;
		isns_put_addr(buf, ISNS_TAG_PG_ADDR, sa);
		isns_put_u32(buf, ISNS_TAG_PG_PORT, port_of(&site->portals[i]));
	}
}

static void put_node(struct isns_buf *buf, const struct isns_site *site,
		     const struct isns_node *n)
{
	isns_put_string(buf, ISNS_TAG_NAME, n->name);
	isns_put_u32(buf, ISNS_TAG_NODE_TYPE, ISNS_NODE_TARGET);
	if (n->alias[0])
		isns_put_string(buf, ISNS_TAG_ALIAS, n->alias);
	else
		isns_put_empty(buf, ISNS_TAG_ALIAS);
	if (!site->groups || !site->nr_portals)
		return;
	put_groups(buf, site, n, true);
	put_groups(buf, site, n, false);
}

/* source, key and the beginning of the operating attributes */
static void put_entity(struct isns_buf *buf, const struct isns_site *site,
		       const struct isns_node *n)
{
	put_source(buf, n);
	isns_put_string(buf, ISNS_TAG_EID, site->eid);
	isns_put_empty(buf, ISNS_TAG_DELIMITER);
	isns_put_string(buf, ISNS_TAG_EID, site->eid);
	isns_put_u32(buf, ISNS_TAG_PROTOCOL, ISNS_PROTOCOL_ISCSI);
}

void isns_build_enter(struct isns_buf *buf, const struct isns_site *site,
		      const struct isns_node *n)
{
	put_entity(buf, site, n);
	for (unsigned int i = 0; i < site->nr_portals; i++)
		put_portal(buf, site, &site->portals[i]);
	put_node(buf, site, n);
}

void isns_build_add(struct isns_buf *buf, const struct isns_site *site,
		    const struct isns_node *n)
{
	put_entity(buf, site, n);
	put_node(buf, site, n);
}

void isns_build_remove(struct isns_buf *buf, const struct isns_node *n)
{
	put_source(buf, n);
	isns_put_empty(buf, ISNS_TAG_DELIMITER);
	isns_put_string(buf, ISNS_TAG_NAME, n->name);
}

void isns_build_leave(struct isns_buf *buf, const struct isns_site *site,
		      const struct isns_node *n)
{
	put_source(buf, n);
	isns_put_empty(buf, ISNS_TAG_DELIMITER);
	isns_put_string(buf, ISNS_TAG_EID, site->eid);
}

void isns_build_scn_reg(struct isns_buf *buf, const struct isns_node *n)
{
	put_source(buf, n);
	isns_put_string(buf, ISNS_TAG_NAME, n->name);
	isns_put_empty(buf, ISNS_TAG_DELIMITER);
	isns_put_u32(buf, ISNS_TAG_SCN_BITMAP,
		     ISNS_SCN_INITIATORS_AND_SELF | ISNS_SCN_REMOVED |
			     ISNS_SCN_ADDED | ISNS_SCN_UPDATED);
}

void isns_build_verify(struct isns_buf *buf, const struct isns_node *n)
{
	put_source(buf, n);
	isns_put_string(buf, ISNS_TAG_NAME, n->name);
	isns_put_empty(buf, ISNS_TAG_DELIMITER);
	isns_put_empty(buf, ISNS_TAG_NAME);
}

void isns_build_query(struct isns_buf *buf, const struct isns_node *n)
{
	/* a key matches a value, not a bit: those that are both are others */
	static const uint32_t types[ISNS_QUERIES] = {
		ISNS_NODE_INITIATOR,
		ISNS_NODE_INITIATOR | ISNS_NODE_TARGET,
	};

	put_source(buf, n);
	isns_put_u32(buf, ISNS_TAG_NODE_TYPE, types[n->step]);
	isns_put_empty(buf, ISNS_TAG_DELIMITER);
	isns_put_empty(buf, ISNS_TAG_NAME);
}

/* Return: 1 with an operating attribute; 0 at the end; -EPROTO */
static int next_operating(struct isns_reader *r, bool *behind_key,
			  struct isns_attr *a)
{
	int more;

	while ((more = isns_read_attr(r, a)) > 0) {
		if (*behind_key)
			return 1;
		*behind_key = a->tag == ISNS_TAG_DELIMITER;
	}
	return more;
}

int isns_parse_names(struct isns_reader *r,
		     int (*fn)(const char *name, void *arg), void *arg)
{
	bool behind_key = false;
	struct isns_attr a;
	const char *name;
	int more, err;

	while ((more = next_operating(r, &behind_key, &a)) > 0) {
		if (a.tag != ISNS_TAG_NAME)
			continue;
		name = isns_attr_string(&a);
		err = name ? fn(name, arg) : -EPROTO;
		if (err)
			return err;
	}
	return more;
}

int isns_parse_period(struct isns_reader *r, uint32_t *seconds)
{
	bool behind_key = false;
	struct isns_attr a;
	int more;

	while ((more = next_operating(r, &behind_key, &a)) > 0)
		if (a.tag == ISNS_TAG_PERIOD && a.len &&
		    isns_attr_u32(&a, seconds))
			return -EPROTO;
	return more;
}
