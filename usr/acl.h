/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who may see and use which target: initiators.allow, targets.allow and, for
 * old installations, initiators.deny.  A change of these files counts at once.
 *
 * A line is a target name or ALL, and items separated by commas: ALL, an
 * IPv4 address with optional /bits, an IPv6 address in brackets with optional
 * /bits, or a POSIX basic regular expression that the whole initiator name
 * must match.  The first line for the target decides.
 *
 * They are looked for in /etc/iet and in /etc.  If initiators.allow or .deny
 * is in the first, those in the second count only for targets that they name,
 * and then both directories have to let an initiator in.
 */
#ifndef IET_USR_ACL_H
#define IET_USR_ACL_H

#include <stdbool.h>
#include <sys/socket.h>

/**
 * acl_init - say where the files are
 * @dir: directory to look into
 * @old_dir: directory of old, see above
 *
 * Both must stay valid.  Without a call: /etc/iet and /etc.
 */
void acl_init(const char *dir, const char *old_dir);

/**
 * acl_initiator_allowed - may an initiator use a target?
 * @target: target name
 * @initiator: InitiatorName
 * @peer: its address
 *
 * Return: true if there are no rules, or if they let it
 */
bool acl_initiator_allowed(const char *target, const char *initiator,
			   const struct sockaddr *peer);

/**
 * acl_item_valid - is this an item of such a line?
 * @item: ALL, an address or a regular expression
 *
 * Return: whether it is
 */
bool acl_item_valid(const char *item);

/**
 * acl_item_match - is an initiator meant?
 * @item: ALL, an address or a regular expression
 * @initiator: InitiatorName
 * @peer: its address
 *
 * Return: whether it is
 */
bool acl_item_match(const char *item, const char *initiator,
		    const struct sockaddr *peer);

/**
 * acl_target_visible - is a target there on one of our addresses?
 * @target: target name
 * @initiator: InitiatorName
 * @local: the address
 *
 * Return: true if there are no rules, or if they let it be seen
 */
bool acl_target_visible(const char *target, const char *initiator,
			const struct sockaddr *local);

/**
 * acl_hold - begin or end many questions at once
 * @on: begin, or end
 *
 * In between the files are looked at once, and then taken to stay the same.
 */
void acl_hold(bool on);

#endif /* IET_USR_ACL_H */
