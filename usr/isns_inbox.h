/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The port that an iSNS server sends its notices to (RFC 4171 6.3.5 and
 * 6.3.7: ESI Port and SCN Port).
 */
#ifndef IET_USR_ISNS_INBOX_H
#define IET_USR_ISNS_INBOX_H

#include <stdint.h>
#include <sys/socket.h>

#include "isns_pdu.h"

struct event_base;
struct isns_inbox;

/* a server needs one; nobody else gets any */
#define ISNS_INBOX_CONNS_MAX 8
/* a connection that brings nothing */
#define ISNS_INBOX_IDLE_S 300

/**
 * isns_inbox_open - listen, on a port that is free
 * @base: event loop
 * @notice: called for each notice: makes the answer
 * @arg: passed to @notice
 *
 * Return: the inbox, or NULL: errno tells why
 */
struct isns_inbox *isns_inbox_open(struct event_base *base,
				   void (*notice)(const struct isns_message *m,
						  struct isns_buf *answer,
						  void *arg),
				   void *arg);

/**
 * isns_inbox_port - the port
 * @in: inbox
 *
 * Return: the port, in host order
 */
uint16_t isns_inbox_port(const struct isns_inbox *in);

/**
 * isns_inbox_allow - say who may connect; nobody may before
 * @in: inbox
 * @server: address of the server
 * @local: ours, as the server sees it
 */
void isns_inbox_allow(struct isns_inbox *in,
		      const struct sockaddr_storage *server,
		      const struct sockaddr_storage *local);

/**
 * isns_inbox_close - listen no more, and drop the connections
 * @in: inbox, or NULL
 */
void isns_inbox_close(struct isns_inbox *in);

#endif /* IET_USR_ISNS_INBOX_H */
