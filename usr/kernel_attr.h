/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between netlink attributes and the structs of kernel.h: a table for each
 * attribute set, and one function for each direction.
 */
#ifndef IET_USR_KERNEL_ATTR_H
#define IET_USR_KERNEL_ATTR_H

#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stddef.h>

#include "kernel.h"

struct attr_map;

struct attr_set {
	const struct attr_map *map; /* by attribute id */
	int max;
	ptrdiff_t set_offset; /* of the "set" member, -1 if there is none */
};

extern const struct attr_set attr_info, attr_target, attr_lun, attr_prop,
	attr_session, attr_conn, attr_fault, attr_stat, attr_latency,
	attr_nexus;

/**
 * attr_put - add members of a struct to a message
 * @msg: message
 * @set: what the struct is
 * @which: K_HAS() of the attributes to add; those without a member are not
 * @obj: the struct
 *
 * Return: 0, or -EMSGSIZE
 */
int attr_put(struct nl_msg *msg, const struct attr_set *set, uint64_t which,
	     const void *obj);

/**
 * attr_get - fill a struct from attributes
 * @head: first attribute
 * @len: bytes of attributes
 * @set: what the struct is
 * @obj: the struct; members without an attribute stay as they are
 *
 * Attributes this program does not know are those of a newer module, and
 * passed over.
 *
 * Return: 0, or -EPROTO if an attribute is not of the size it must have
 */
int attr_get(struct nlattr *head, int len, const struct attr_set *set,
	     void *obj);

/**
 * attr_get_session - fill a session with its connections
 * @head: first attribute
 * @len: bytes of attributes
 * @s: session
 *
 * Return: 0, or -EPROTO
 */
int attr_get_session(struct nlattr *head, int len, struct kernel_session *s);

#endif /* IET_USR_KERNEL_ATTR_H */
