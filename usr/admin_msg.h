/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages between ietadm and the daemon, see admin.h: strings with a length
 * in front.  They may hold secrets, so no copy is left behind.
 */
#ifndef IET_USR_ADMIN_MSG_H
#define IET_USR_ADMIN_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct admin_msg {
	char *data; /* as it goes over the socket, length first */
	size_t len; /* bytes in data */
	size_t size; /* bytes allocated */
	size_t max; /* bytes it may have, 0 = ADMIN_MSG_MAX */
};

#define ADMIN_MSG_HEAD sizeof(uint32_t)

/**
 * admin_msg_add - add a string
 * @m: message, zeroed before the first
 * @s: string
 *
 * Return: 0, -EMSGSIZE if the message would be longer than it may be, or
 * -ENOMEM
 */
int admin_msg_add(struct admin_msg *m, const char *s);

/**
 * admin_msg_printf - add a formatted string
 * @m: message
 * @fmt: as printf(); no secrets
 *
 * Return: as admin_msg_add()
 */
int admin_msg_printf(struct admin_msg *m, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * admin_msg_want - how many more bytes a message takes
 * @m: what there is of it
 *
 * Return: bytes to read next, 0 if the message is whole, or -EPROTO if it
 * isn't one
 */
long admin_msg_want(const struct admin_msg *m);

/**
 * admin_msg_room - make room for bytes to be read
 * @m: message
 * @len: how many
 *
 * Return: where to put them, or NULL
 */
char *admin_msg_room(struct admin_msg *m, size_t len);

/**
 * admin_msg_next - walk through the strings of a whole message
 * @m: message
 * @pos: 0 at first
 *
 * Return: a string, or NULL after the last
 */
const char *admin_msg_next(const struct admin_msg *m, size_t *pos);

/**
 * admin_msg_free - wipe and free
 * @m: message
 */
void admin_msg_free(struct admin_msg *m);

#endif /* IET_USR_ADMIN_MSG_H */
