/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A connection from accept() until it is handed over or closed: its input
 * and output, and its timers.
 */
#ifndef IET_USR_CONN_H
#define IET_USR_CONN_H

#include <sys/socket.h>

#include "portal.h"

/* the whole login phase, from accept() to the final response */
#define CONN_LOGIN_S 15
/* a discovery session without a complete request */
#define CONN_DISCOVERY_S 60
/* after a refusal, until the initiator has closed its side, too */
#define CONN_LINGER_S 2
/* after a response that a fault has withheld: longer than initiators wait */
#define CONN_WITHHELD_S 120

/**
 * conn_set_login_time - another limit for the login phase (tests)
 * @seconds: in place of %CONN_LOGIN_S
 */
void conn_set_login_time(unsigned int seconds);

/**
 * conn_start - begin with a connection
 * @base: event loop
 * @fd: its socket, non-blocking; it belongs to the connection if this works
 * @peer: address of the initiator
 * @local: our address that it has connected to
 *
 * Return: the connection, idle, or NULL without memory
 */
struct portal_slot *conn_start(struct event_base *base, int fd,
			       const struct sockaddr_storage *peer,
			       const struct sockaddr_storage *local);

#endif /* IET_USR_CONN_H */
