// SPDX-License-Identifier: GPL-2.0-only
/*
 * TransportIDs: see transport_id.h.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "compat.h"
#include "transport_id.h"

#define FORMAT 0xc0
#define FORMAT_NODE 0x00 /* InitiatorName: all ports of an initiator */
#define FORMAT_PORT 0x40 /* InitiatorName and ISID: one of them */
#define PROTOCOL 0x3f /* with the reserved bits */
#define ISCSI 0x05
#define LEN_MIN 24
#define SEPARATOR ",i,0x"
#define ISID_DIGITS 12

/**
 * iet_transport_id_len() - how long is a TransportID?
 * @header: its first IET_TRANSPORT_ID_HEADER bytes
 * @room: bytes that there are
 *
 * Return: bytes of all of it, or 0 if it can't be one
 */
u32 iet_transport_id_len(const u8 *header, u32 room)
{
	u32 len = IET_TRANSPORT_ID_HEADER + get_unaligned_be16(header + 2);

	if ((header[0] & PROTOCOL) != ISCSI || header[1] || len > room ||
	    len < LEN_MIN || len > IET_TRANSPORT_ID_MAX || len % 4)
		return 0;
	return len;
}

/* Names are compared as login knows them, in lower case. */
static bool get_name(char *name, const u8 *p, u32 room)
{
	u32 len = strnlen((const char *)p, room), i;

	if (!len || len == room)
		return false;
	for (i = 0; i < len; i++)
		name[i] = p[i] >= 'A' && p[i] <= 'Z' ? p[i] + 32 : p[i];
	name[len] = 0;
	return true;
}

/**
 * iet_transport_id_parse() - read a TransportID
 * @id: the bytes
 * @len: from iet_transport_id_len()
 * @name: gets the name of the initiator port, or, with @node, InitiatorName
 * @node: set: does it mean all ports of the initiator?
 *
 * Return: true if it is right
 */
bool iet_transport_id_parse(const u8 *id, u32 len, char name[IET_PORT_NAME_MAX],
			    bool *node)
{
	const char *isid;

	if (!get_name(name, id + IET_TRANSPORT_ID_HEADER,
		      len - IET_TRANSPORT_ID_HEADER))
		return false;
	isid = strstr(name, SEPARATOR);
	*node = (id[0] & FORMAT) == FORMAT_NODE;
	if (*node)
		return !strchr(name, ',');
	if ((id[0] & FORMAT) != FORMAT_PORT || !isid || isid == name)
		return false;
	isid += strlen(SEPARATOR);
	return strlen(isid) == ISID_DIGITS &&
	       strspn(isid, "0123456789abcdef") == ISID_DIGITS;
}

/**
 * iet_transport_id_make() - make the TransportID of an initiator port
 * @id: room for IET_TRANSPORT_ID_MAX bytes
 * @port: name of the initiator port
 *
 * Return: its length, bytes
 */
u32 iet_transport_id_make(u8 *id, const char *port)
{
	u32 len = max_t(u32, round_up(strlen(port) + 1, 4),
			LEN_MIN - IET_TRANSPORT_ID_HEADER);

	memset(id, 0, IET_TRANSPORT_ID_HEADER + len);
	id[0] = FORMAT_PORT | ISCSI;
	put_unaligned_be16(len, id + 2);
	memcpy(id + IET_TRANSPORT_ID_HEADER, port, strlen(port));
	return IET_TRANSPORT_ID_HEADER + len;
}
