/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A client of the Internet Storage Name Service (RFC 4171): the targets are
 * registered with a server, and, if wanted, only initiators that it shows to
 * a target may use it.
 *
 * All of it is driven by the event loop.  A login asks what has been learned
 * before, and never waits for the server.
 */
#ifndef IET_USR_ISNS_H
#define IET_USR_ISNS_H

#include <stdbool.h>
#include <stddef.h>

struct event_base;

/* how long the end waits for the server to take the targets out */
#define ISNS_LEAVE_S 2

/**
 * enum isns_verdict - may an initiator use a target?
 * @ISNS_ALLOWED: it may; or iSNS does not decide
 * @ISNS_FORBIDDEN: it has no discovery domain in common with the target
 * @ISNS_UNKNOWN: the server has not been heard yet: not now, but soon
 */
enum isns_verdict {
	ISNS_ALLOWED,
	ISNS_FORBIDDEN,
	ISNS_UNKNOWN,
};

/**
 * isns_init - before all else
 * @base: event loop
 *
 * Return: 0 or -ENOMEM
 */
int isns_init(struct event_base *base);

/**
 * isns_configure - say what the configuration says
 * @server: HOST, HOST:PORT or [IPv6]:PORT; "" = none
 * @access_control: whether iSNS decides about initiators
 *
 * May be called again with the same or with other values.  The targets are
 * taken out of a server that is named no more.
 *
 * Return: 0 or -EINVAL if this is no server
 */
int isns_configure(const char *server, bool access_control);

/**
 * isns_configured - what isns_configure() has said last
 * @access_control: as there
 *
 * Return: the server, in its shortest form; "" = none; valid until the next
 * call
 */
const char *isns_configured(bool *access_control);

/**
 * isns_is_server - can this be the name of a server?
 * @server: as for isns_configure()
 *
 * Return: true if so
 */
bool isns_is_server(const char *server);

/**
 * isns_targets_changed - look which targets there are, soon
 */
void isns_targets_changed(void);

/**
 * isns_access - may an initiator use a target?
 * @target: name of the target
 * @initiator: name of the initiator
 *
 * While the server is away, what it has said last counts.  Of what it has
 * never been asked nothing is known, and nobody is let in.
 *
 * Return: &enum isns_verdict
 */
enum isns_verdict isns_access(const char *target, const char *initiator);

/**
 * isns_status - how it stands, in one line
 * @text: the line
 * @size: its size, bytes
 */
void isns_status(char *text, size_t size);

/**
 * isns_leave - take the targets out of the server
 * @done: called by the event loop when they are, or when %ISNS_LEAVE_S have
 *	passed
 * @arg: passed to @done
 *
 * Return: true; false if there is nothing to do, and @done is not called
 */
bool isns_leave(void (*done)(void *arg), void *arg);

/**
 * isns_exit - free everything, without a word to the server
 */
void isns_exit(void);

#endif /* IET_USR_ISNS_H */
