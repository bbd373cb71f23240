/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Cloned initiators: machines that were copied together with their
 * InitiatorName.  To the standard they are one initiator that logs in again
 * (RFC 7143 section 6.3.5), so each login ends the session of the other, and
 * both work on the same disk.  Two addresses that take turns are told from
 * one initiator that comes again, and only one of them is let in.
 */
#ifndef IET_USR_CLONE_H
#define IET_USR_CLONE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* so many changes of the address ... */
#define CLONE_TURNS 4
/* ... in this time make clones, ... */
#define CLONE_TURNS_S 30
/* ... of which only the last one to log in may do so again for this time */
#define CLONE_HOLD_S 60

/**
 * struct clone_id - what makes a session one that exists already
 * @target: name of the target
 * @initiator: InitiatorName
 * @isid: ISID, 6 bytes
 */
struct clone_id {
	const char *target;
	const char *initiator;
	const uint8_t *isid;
};

/**
 * clone_refused - is a login to wait, as its clone is here?
 * @id: the session that it asks for
 * @peer: address of the initiator
 *
 * Return: true if another address holds this session
 */
bool clone_refused(const struct clone_id *id, const struct sockaddr *peer);

/**
 * clone_logged_in - a new session was made
 * @id: which
 * @peer: address of the initiator
 */
void clone_logged_in(const struct clone_id *id, const struct sockaddr *peer);

/**
 * clone_forget - forget all logins; for tests
 */
void clone_forget(void);

#endif /* IET_USR_CLONE_H */
