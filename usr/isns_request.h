/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What we ask of an iSNS server, and its answers, in bytes.
 */
#ifndef IET_USR_ISNS_REQUEST_H
#define IET_USR_ISNS_REQUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "isns_node.h"
#include "isns_pdu.h"

/* so that a target with all its portals fits into one PDU */
#define ISNS_PORTALS_MAX 64
/* how often the server shall look whether we are there */
#define ISNS_ESI_INTERVAL_S 60
/* types of node (bits) that are initiators; one question for each */
#define ISNS_QUERIES 2

/**
 * struct isns_portal - an address with targets
 * @sa: address and port
 * @notices: the server can reach us there with notices
 */
struct isns_portal {
	struct sockaddr_storage sa;
	bool notices;
};

/**
 * struct isns_site - what there is to register beside the targets
 * @eid: entity identifier
 * @portals: where the targets are
 * @nr_portals: how many
 * @notice_port: TCP port for notices, in host order; 0 = none
 * @esi: ask to be looked after
 * @groups: register portal groups; without, the server takes them to be 1
 */
struct isns_site {
	char eid[ISNS_STRING_MAX];
	struct isns_portal portals[ISNS_PORTALS_MAX];
	unsigned int nr_portals;
	uint16_t notice_port;
	bool esi;
	bool groups;
};

/**
 * isns_build_enter - DevAttrReg of the entity, its portals and a target
 * @buf: payload, empty before
 * @site: the entity
 * @n: the target
 *
 * To be sent with %ISNS_FLAG_REPLACE (RFC 4171 5.6.5.1).
 */
void isns_build_enter(struct isns_buf *buf, const struct isns_site *site,
		      const struct isns_node *n);

/**
 * isns_build_add - DevAttrReg of one more target, or of its new alias
 * @buf: payload, empty before
 * @site: the entity, which is registered
 * @n: the target
 */
void isns_build_add(struct isns_buf *buf, const struct isns_site *site,
		    const struct isns_node *n);

/**
 * isns_build_remove - DevDereg of a target (5.6.5.4)
 * @buf: payload, empty before
 * @n: the target
 */
void isns_build_remove(struct isns_buf *buf, const struct isns_node *n);

/**
 * isns_build_leave - DevDereg of the entity
 * @buf: payload, empty before
 * @site: the entity
 * @n: a target that is registered
 */
void isns_build_leave(struct isns_buf *buf, const struct isns_site *site,
		      const struct isns_node *n);

/**
 * isns_build_scn_reg - SCNReg for a target (5.6.5.5)
 * @buf: payload, empty before
 * @n: the target
 */
void isns_build_scn_reg(struct isns_buf *buf, const struct isns_node *n);

/**
 * isns_build_verify - DevAttrQry of a target by itself (5.6.5.2)
 * @buf: payload, empty before
 * @n: the target
 */
void isns_build_verify(struct isns_buf *buf, const struct isns_node *n);

/**
 * isns_build_query - DevAttrQry of the initiators that a target may see
 * @buf: payload, empty before
 * @n: the target; its @step tells of which type, below %ISNS_QUERIES
 */
void isns_build_query(struct isns_buf *buf, const struct isns_node *n);

/**
 * isns_parse_names - the iSCSI names among the operating attributes
 * @r: reader, behind the status
 * @fn: called for each name; returns 0 to go on
 * @arg: passed to @fn
 *
 * Return: 0, what @fn returned, or -EPROTO
 */
int isns_parse_names(struct isns_reader *r,
		     int (*fn)(const char *name, void *arg), void *arg);

/**
 * isns_parse_period - the registration period that the server grants
 * @r: reader, behind the status
 * @seconds: the period; not changed if the server does not say
 *
 * Return: 0 or -EPROTO
 */
int isns_parse_period(struct isns_reader *r, uint32_t *seconds);

#endif /* IET_USR_ISNS_REQUEST_H */
