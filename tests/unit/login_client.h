/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An initiator for tests of the login: makes requests and looks at what
 * comes back.
 */
#ifndef LOGIN_CLIENT_H
#define LOGIN_CLIENT_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "login.h"

#define T_BIT ISCSI_LOGIN_TRANSIT
#define C_BIT ISCSI_LOGIN_CONTINUE
/* T=1: security to operational, security to full feature, ... */
#define SEC_TO_OP (T_BIT | 0x01)
#define SEC_TO_FFP (T_BIT | 0x03)
#define OP_TO_FFP (T_BIT | 0x07)
#define SEC 0x00
#define OP 0x04

/* text of a request: TEXT("A=b\0C=d") */
#define TEXT(s) s, sizeof(s)
#define NO_TEXT NULL, 0

static struct login client_login;
static struct iscsi_login_hdr client_hdr;
static struct pdu client_rsp;
static char client_text[1 << 20];
static size_t client_len;
static enum pdu_action client_action;

static inline void client_address(struct sockaddr_storage *ss, const char *text)
{
	struct sockaddr_in *in = (void *)ss;

	memset(ss, 0, sizeof(*ss));
	in->sin_family = AF_INET;
	in->sin_port = htons(3260);
	inet_pton(AF_INET, text, &in->sin_addr);
}

/* a new connection */
static inline void client_begin(void)
{
	static const uint8_t isid[6] = { 0x40, 0, 1, 0x37, 0, 1 };
	struct sockaddr_storage peer, local;

	login_free(&client_login);
	client_address(&peer, "10.0.0.2");
	client_address(&local, "10.0.0.1");
	login_init(&client_login, &peer, &local);
	memset(&client_hdr, 0, sizeof(client_hdr));
	client_hdr.opcode = ISCSI_OP_LOGIN_REQ | ISCSI_OP_IMMEDIATE;
	memcpy(client_hdr.isid, isid, sizeof(isid));
	client_hdr.itt = htonl(1);
	client_hdr.cid = htons(1);
	client_hdr.cmd_sn = htonl(1);
	client_hdr.exp_stat_sn = htonl(1);
	client_len = 0;
}

/* sends client_hdr as it is; the text is copied to where ASan looks */
static inline enum pdu_action client_send_raw(const char *text, size_t len)
{
	char *copy = malloc(len ? len : 1);

	if (len)
		memcpy(copy, text, len);
	client_action = login_request(&client_login,
				      (const struct iscsi_hdr *)&client_hdr,
				      copy, &client_rsp);
	free(copy);
	if (client_action == PDU_CLOSE)
		return client_action;
	/* the text of responses with the C bit is put together */
	if (!client_len || !(client_text[client_len - 1] == '\1'))
		client_len = 0;
	else
		client_len--;
	if (client_rsp.len)
		memcpy(client_text + client_len, client_rsp.data,
		       client_rsp.len);
	client_len += client_rsp.len;
	if (client_rsp.login.flags & C_BIT)
		client_text[client_len++] = '\1';
	client_hdr.exp_stat_sn = htonl(ntohl(client_rsp.login.stat_sn) + 1);
	return client_action;
}

/* Return: login status, or -1 if the connection was closed */
static inline int client_send(uint8_t flags, const char *text, size_t len)
{
	client_hdr.flags = flags;
	iscsi_set_dlength(&client_hdr, len);
	if (client_send_raw(text, len) == PDU_CLOSE)
		return -1;
	return client_rsp.login.status_class << 8 |
	       client_rsp.login.status_detail;
}

/* Return: the value of a key in the last response, "twice", or NULL */
static inline const char *client_key(const char *key)
{
	const char *found = NULL;
	size_t len = strlen(key);

	for (char *p = client_text; p < client_text + client_len;
	     p += strlen(p) + 1)
		if (!strncmp(p, key, len) && p[len] == '=')
			found = found ? "twice" : p + len + 1;
	return found;
}

/* Return: number of keys in the last response */
static inline int client_keys(void)
{
	int n = 0;

	for (char *p = client_text; p < client_text + client_len;
	     p += strlen(p) + 1)
		n++;
	return n;
}

#endif /* LOGIN_CLIENT_H */
