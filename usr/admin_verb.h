/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What ietadm may ask of the daemon: the verbs of admin.h.
 */
#ifndef IET_USR_ADMIN_VERB_H
#define IET_USR_ADMIN_VERB_H

#include "admin_msg.h"

struct event_base;

/* the answer comes later, from the event loop */
#define ADMIN_LATER 1

/**
 * typedef admin_later_fn - called with an answer that took its time
 * @result: errno of the answer, 0 for success
 * @answer: lines of the answer, without the errno; stays the caller's
 * @arg: of admin_verb()
 */
typedef void (*admin_later_fn)(int result, const struct admin_msg *answer,
			       void *arg);

/**
 * admin_verb - carry a request out
 * @base: event loop
 * @request: a whole message
 * @answer: gets the lines of the answer
 * @later: how to answer later
 * @arg: passed to @later
 *
 * Return: 0, ADMIN_LATER, or a negative errno with the reason in @answer
 */
int admin_verb(struct event_base *base, const struct admin_msg *request,
	       struct admin_msg *answer, admin_later_fn later, void *arg);

/**
 * admin_targets_gone - drop the run-time accounts of targets that are gone
 *
 * Return: 0, or a negative errno if the module can't be asked
 */
int admin_targets_gone(void);

#endif /* IET_USR_ADMIN_VERB_H */
