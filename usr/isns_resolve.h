/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Addresses of a host, without waiting for the name service in the event
 * loop.
 */
#ifndef IET_USR_ISNS_RESOLVE_H
#define IET_USR_ISNS_RESOLVE_H

#include <stdint.h>

struct addrinfo;
struct event_base;
struct isns_resolve;

/**
 * isns_resolve_start - look for the addresses of a host
 * @base: event loop
 * @host: name or address
 * @port: port, in host order
 * @fn: called once by the event loop: the addresses, to be freed with
 *	freeaddrinfo(), or NULL and the reason; the look-up is freed
 * @arg: passed to @fn
 *
 * Return: the look-up, or NULL without memory or threads
 */
struct isns_resolve *isns_resolve_start(
	struct event_base *base, const char *host, uint16_t port,
	void (*fn)(struct addrinfo *list, const char *reason, void *arg),
	void *arg);

/**
 * isns_resolve_cancel - have no interest any more
 * @r: look-up whose function has not been called, or NULL
 */
void isns_resolve_cancel(struct isns_resolve *r);

#endif /* IET_USR_ISNS_RESOLVE_H */
