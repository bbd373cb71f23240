/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Portals of targets: which of our addresses a target is on, if not on all
 * of them.  They come from the configuration file.
 */
#ifndef IET_USR_TARGET_PORTAL_H
#define IET_USR_TARGET_PORTAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "addr.h"
#include "iscsi_proto.h"

/**
 * struct target_portal - an address that a target is on
 * @next: the next one of the same target
 * @addr: address; a port of 0 stands for the one that we listen on
 */
struct target_portal {
	struct target_portal *next;
	struct sockaddr_storage addr;
};

/**
 * struct target_portals - a target that is not on all addresses
 * @next: the next target
 * @name: its name
 * @list: its portals, in the order of the file
 */
struct target_portals {
	struct target_portals *next;
	char name[ISCSI_NAME_MAX + 1];
	struct target_portal *list;
};

/**
 * target_portal_parse - read a portal
 * @text: ADDRESS or ADDRESS:PORT, an IPv6 address in brackets; no host name
 * @portal: the portal
 *
 * Return: 0 or -EINVAL
 */
int target_portal_parse(const char *text, struct target_portal *portal);

/**
 * target_portal_same - are these the same portal?
 * @a: one
 * @b: another
 *
 * Return: true if they are
 */
bool target_portal_same(const struct target_portal *a,
			const struct target_portal *b);

/**
 * target_portals_replace - say where targets are
 * @all: the targets that are not on all addresses; belongs to us from now on
 */
void target_portals_replace(struct target_portals *all);

/**
 * target_portals_of - the portals of a target
 * @target: its name
 *
 * Return: the first of them, or NULL if it is on all addresses
 */
const struct target_portal *target_portals_of(const char *target);

/**
 * target_portal_print - a portal as in the configuration file
 * @portal: the portal
 * @text: the words
 */
void target_portal_print(const struct target_portal *portal,
			 char text[ADDR_TEXT_MAX]);

/**
 * target_portal_on - is a target on one of our addresses?
 * @target: its name
 * @local: the address, as an initiator has connected to it
 *
 * Return: true if it is
 */
bool target_portal_on(const char *target, const struct sockaddr *local);

/**
 * target_portal_each - the addresses that a target is on
 * @target: its name
 * @port: our port, in host order, for portals without one
 * @fn: called for each, in the order of the file; returns 0 to go on
 * @arg: passed to @fn
 * @err: 0, or what @fn returned
 *
 * Return: false if it is on all addresses, and @fn was not called
 */
bool target_portal_each(const char *target, uint16_t port,
			int (*fn)(const struct sockaddr *sa, void *arg),
			void *arg, int *err);

/**
 * target_portals_free - free targets and their lists
 * @all: the targets, or NULL
 */
void target_portals_free(struct target_portals *all);

#endif /* IET_USR_TARGET_PORTAL_H */
