/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The sockets we listen on, and how many connections may be in the login
 * phase or in a discovery session at a time.
 */
#ifndef IET_USR_PORTAL_H
#define IET_USR_PORTAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/socket.h>

struct event_base;

/* all connections, and those of one address (IPv6: of one /64) */
#define PORTAL_CONNS_MAX 4096
#define PORTAL_CONNS_PER_PEER (PORTAL_CONNS_MAX / 4)

/**
 * portal_bind - take the addresses to listen on
 * @base: event loop
 * @address: address or host name, NULL for all of IPv4 and IPv6
 * @port: port, 0 for any (tests)
 *
 * Return: 0, or a negative errno if there is not one socket, or if the port
 * is taken; the reason has been logged
 */
int portal_bind(struct event_base *base, const char *address, uint16_t port);

/**
 * portal_listen - let initiators in
 *
 * Return: 0, or a negative errno; the reason has been logged
 */
int portal_listen(void);

/**
 * portal_port - port that we listen on
 *
 * Return: the port, in host order
 */
uint16_t portal_port(void);

/**
 * portal_addresses - the addresses that initiators reach us under
 * @local: address that the asking initiator has connected to; comes first
 * @fn: called for each; returns 0 to go on
 * @arg: passed to @fn
 *
 * Return: 0, or what @fn returned
 */
int portal_addresses(const struct sockaddr *local,
		     int (*fn)(const struct sockaddr *sa, void *arg),
		     void *arg);

/**
 * portal_each - the addresses that others reach us under
 * @fallback: address for a machine that has no other than loopback ones; its
 *	port does not matter
 * @fn: called for each, with our port; returns 0 to go on
 * @arg: passed to @fn
 *
 * Return: 0, or what @fn returned
 */
int portal_each(const struct sockaddr *fallback,
		int (*fn)(const struct sockaddr *sa, void *arg), void *arg);

/**
 * portal_close - listen no more, and drop all connections that were not
 * handed over
 */
void portal_close(void);

/**
 * struct portal_slot - a connection as the caps see it; part of the
 * connection
 * @every: link among all connections
 * @idle: link among the waiting ones of all peers, oldest first
 * @idle_of_peer: link among the waiting ones of the same peer
 * @peer: its peer
 * @is_idle: it waits for a request, and nothing is lost if it is dropped
 * @drop: ends the connection at once
 */
struct portal_slot {
	TAILQ_ENTRY(portal_slot) every;
	TAILQ_ENTRY(portal_slot) idle;
	TAILQ_ENTRY(portal_slot) idle_of_peer;
	struct portal_peer *peer;
	bool is_idle;
	void (*drop)(struct portal_slot *slot);
};

/**
 * portal_busy - a connection has something going on: it keeps its place
 * @slot: the connection
 */
void portal_busy(struct portal_slot *slot);

/**
 * portal_idle - a connection waits; if places are rare, it is dropped before
 * those that began to wait later
 * @slot: the connection
 */
void portal_idle(struct portal_slot *slot);

/**
 * portal_put - a connection is gone
 * @slot: the connection
 */
void portal_put(struct portal_slot *slot);

/**
 * portal_count - how many connections there are
 *
 * Return: their number, without those that were handed over
 */
unsigned int portal_count(void);

#endif /* IET_USR_PORTAL_H */
