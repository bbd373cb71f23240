/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * iSNS messages on a TCP connection.
 */
#ifndef IET_USR_ISNS_STREAM_H
#define IET_USR_ISNS_STREAM_H

#include <stdbool.h>
#include <sys/socket.h>

#include "isns_pdu.h"

struct event_base;
struct isns_stream;

/**
 * struct isns_stream_ops - what becomes of a stream
 * @up: it is connected; may be NULL for one that was from the beginning
 * @message: a whole message has come; returns false if it has freed the
 *	stream
 * @down: it has ended, for this reason in words; frees it
 */
struct isns_stream_ops {
	void (*up)(void *arg);
	bool (*message)(const struct isns_message *m, void *arg);
	void (*down)(const char *reason, void *arg);
};

/**
 * isns_stream_new - begin with a connection
 * @base: event loop
 * @fd: its socket, non-blocking, which belongs to the stream if this works;
 *	-1 if isns_stream_connect() makes it
 * @ops: called by the event loop, and @down possibly by
 *	isns_stream_connect()
 * @arg: passed to @ops
 *
 * Return: the stream, or NULL without memory
 */
struct isns_stream *isns_stream_new(struct event_base *base, int fd,
				    const struct isns_stream_ops *ops,
				    void *arg);

/**
 * isns_stream_connect - connect a new stream; @ops->up or @ops->down follow
 * @s: stream
 * @sa: address
 * @len: its size, bytes
 *
 * Return: 0, or -1: no socket
 */
int isns_stream_connect(struct isns_stream *s, const struct sockaddr *sa,
			socklen_t len);

/**
 * isns_stream_set_idle - let a stream end that brings nothing
 * @s: stream
 * @seconds: for so long
 */
void isns_stream_set_idle(struct isns_stream *s, unsigned int seconds);

/**
 * isns_stream_send - send a message of one PDU
 * @s: stream
 * @function: &enum isns_function, with %ISNS_RESPONSE or without
 * @flags: %ISNS_FLAG_REPLACE or 0
 * @xid: transaction
 * @data: what it carries
 *
 * Return: 0; -EMSGSIZE if it is too large for a PDU, or is not whole;
 * -ENOBUFS if the peer takes nothing
 */
int isns_stream_send(struct isns_stream *s, uint16_t function, uint16_t flags,
		     uint16_t xid, const struct isns_buf *data);

/**
 * isns_stream_fd - the socket of a stream
 * @s: stream
 *
 * Return: its descriptor, which stays the stream's; -1 if there is none
 */
int isns_stream_fd(const struct isns_stream *s);

/**
 * isns_stream_free - close a connection
 * @s: stream, or NULL
 */
void isns_stream_free(struct isns_stream *s);

#endif /* IET_USR_ISNS_STREAM_H */
