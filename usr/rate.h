/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How many logins an address may begin: a login costs a look into the access
 * rules, questions to the module and maybe arithmetic for CHAP, and one
 * initiator that tries without end must not take that from the others.
 */
#ifndef IET_USR_RATE_H
#define IET_USR_RATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* logins in a second, unless the configuration says something else */
#define LOGIN_RATE_DEFAULT 200
#define LOGIN_RATE_MAX 100000
/* who was quiet may begin as many as are due in this time at once */
#define LOGIN_RATE_BURST_S 10
/* the log tells of an address once in this time */
#define LOGIN_RATE_TELL_S 60

/**
 * rate_set - limit the logins of each address
 * @per_second: so many, 0 = no limit
 */
void rate_set(unsigned int per_second);

/**
 * rate_get - what rate_set() has said last
 *
 * Return: logins of an address in a second, 0 = no limit
 */
unsigned int rate_get(void);

/**
 * rate_take - an address begins a login
 * @peer: the address; those of an IPv6 /64 count as one
 *
 * Return: false if these are too many, and the login is to be refused
 */
bool rate_take(const struct sockaddr *peer);

/**
 * rate_forget - forget all logins; for tests
 */
void rate_forget(void);

#endif /* IET_USR_RATE_H */
