/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The connection to the iSNS server: one request at a time, each with its
 * answer or the end of the connection in good time.
 */
#ifndef IET_USR_ISNS_LINK_H
#define IET_USR_ISNS_LINK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "isns_pdu.h"

struct event_base;
struct isns_link;

/* looking the name up and connecting to one address; one request */
#define ISNS_LINK_TIME_S 10

/**
 * struct isns_link_ops - what becomes of a link
 * @up: it is connected
 * @answer: to the request, its status and a reader behind it; may request
 * @notice: the server says something by itself; @answer is to be filled
 * @down: it ends, or could not begin, for this reason in words; there will
 *	be no answer to what was requested
 */
struct isns_link_ops {
	void (*up)(void *arg);
	void (*answer)(uint32_t status, struct isns_reader *r, void *arg);
	void (*notice)(const struct isns_message *m, struct isns_buf *answer,
		       void *arg);
	void (*down)(const char *reason, void *arg);
};

/**
 * isns_link_new - make a link, which is closed
 * @base: event loop
 * @ops: called by the event loop
 * @arg: passed to @ops
 *
 * Return: the link, or NULL without memory
 */
struct isns_link *isns_link_new(struct event_base *base,
				const struct isns_link_ops *ops, void *arg);

/**
 * isns_link_open - connect; @ops->up or @ops->down follow
 * @l: a closed link
 * @host: name or address of the server
 * @port: its port
 *
 * Return: 0 or -ENOMEM
 */
int isns_link_open(struct isns_link *l, const char *host, uint16_t port);

/**
 * isns_link_request - send a request; @ops->answer or @ops->down follow
 * @l: a link that is up and has no request under way
 * @function: &enum isns_function
 * @flags: %ISNS_FLAG_REPLACE or 0
 * @data: what it carries
 *
 * Return: 0, or a negative errno: see isns_stream_send()
 */
int isns_link_request(struct isns_link *l, uint16_t function, uint16_t flags,
		      const struct isns_buf *data);

/**
 * isns_link_is_closed - is it neither up nor on the way to be?
 * @l: link
 *
 * Return: true if so
 */
bool isns_link_is_closed(const struct isns_link *l);

/**
 * isns_link_is_free - can it take a request?
 * @l: link
 *
 * Return: true if so
 */
bool isns_link_is_free(const struct isns_link *l);

/**
 * isns_link_addresses - both ends of a link that is up
 * @l: link
 * @local: our address
 * @peer: the server's
 *
 * Return: true if it is up
 */
bool isns_link_addresses(const struct isns_link *l,
			 struct sockaddr_storage *local,
			 struct sockaddr_storage *peer);

/**
 * isns_link_close - end the connection without a word
 * @l: link
 */
void isns_link_close(struct isns_link *l);

/**
 * isns_link_free - close and free a link
 * @l: link, or NULL
 */
void isns_link_free(struct isns_link *l);

#endif /* IET_USR_ISNS_LINK_H */
