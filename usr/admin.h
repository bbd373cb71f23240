/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The daemon's socket for ietadm: accounts, reload and status, which are the
 * daemon's own; all the rest ietadm asks of the module.
 *
 * A message is a length (32 bits, host order, at most ADMIN_MSG_MAX, or for the
 * answers of reload-look and config ADMIN_ANSWER_MAX) and that many bytes: strings, each ended by a NUL.  The first string of a request is
 * the verb, the others are its arguments.  The first string of an answer is a
 * decimal errno, 0 for success; the others are lines of text.
 *
 *	account-add   TARGET incoming|outgoing NAME SECRET [INITIATOR]
 *	account-del   TARGET incoming|outgoing NAME
 *	account-list  TARGET                -> "incoming NAME", "outgoing NAME"
 *	account-show  TARGET incoming|outgoing NAME -> SECRET [INITIATOR]
 *	fault-new     TID KIND PARAMS       -> ID: a fault of logins
 *	fault-del     [TID] ID|all
 *	fault-list    [TID]                 -> "Tid=TID Id=ID Kind=KIND ..."
 *	target-gone                         look which targets are left
 *	reload                              -> what the file got wrong
 *	reload-look   [PATH]                -> what a reload, with this file
 *	                                    instead, would do: "change TEXT",
 *	                                    "note TEXT", "warning TEXT", and
 *	                                    "error TEXT" for what would not work
 *	config        [secrets]             -> what runs, as an ietd.conf: "line
 *	                                    TEXT", and "warning TEXT" for what
 *	                                    such a file can't have
 *	status                              -> "KEY VALUE" lines
 *
 * TARGET is a target name, or "" for discovery.  TID is the number of a target,
 * 0 for discovery, "" where it is in brackets for all.
 */
#ifndef IET_USR_ADMIN_H
#define IET_USR_ADMIN_H

#include <stddef.h>

struct event_base;

#define ADMIN_SOCKET "/run/iet/admin.sock"
#define ADMIN_MSG_MAX 65536
#define ADMIN_ANSWER_MAX (64 << 20)
#define ADMIN_ARGS_MAX 8

/**
 * admin_listen - listen for ietadm, and for targets that go away
 * @base: event loop
 *
 * Accounts made by ietadm go when their target goes.  Call account_load()
 * before.
 *
 * Return: 0, or a negative errno; the reason has been logged
 */
int admin_listen(struct event_base *base);

/**
 * admin_close - undo admin_listen()
 */
void admin_close(void);

/**
 * admin_set_path - use another socket; for tests
 * @path: path of the socket, kept by reference
 */
void admin_set_path(const char *path);

#endif /* IET_USR_ADMIN_H */
