/* SPDX-License-Identifier: GPL-2.0-only */
/* The name of an iSNS server. */
#ifndef IET_USR_ISNS_SERVER_H
#define IET_USR_ISNS_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#define ISNS_HOST_MAX 256
/* "[host]:port" */
#define ISNS_SERVER_TEXT_MAX (ISNS_HOST_MAX + 16)

/**
 * struct isns_server - where a server is
 * @host: name or address; "" = there is none
 * @port: TCP port, in host order
 */
struct isns_server {
	char host[ISNS_HOST_MAX];
	uint16_t port;
};

/**
 * isns_server_parse - read the name of a server
 * @text: HOST, HOST:PORT or [HOST]:PORT
 * @s: the server
 *
 * Return: whether it is one of these
 */
bool isns_server_parse(const char *text, struct isns_server *s);

/**
 * isns_server_text - a server as it is written
 * @s: the server
 *
 * Return: text that is overwritten by the next call
 */
const char *isns_server_text(const struct isns_server *s);

/**
 * isns_server_same - are they one server?
 * @a: a server
 * @b: a server
 *
 * Return: true if so
 */
bool isns_server_same(const struct isns_server *a, const struct isns_server *b);

#endif /* IET_USR_ISNS_SERVER_H */
