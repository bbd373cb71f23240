// SPDX-License-Identifier: GPL-2.0-only
/*
 * Designators: see designator.h.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "compat.h"
#include "designator.h"
#include "props.h"

/* designators of page 83 (SPC-4 7.8.6) */
#define CODE_BINARY 0x01
#define CODE_ASCII 0x02
#define CODE_UTF8 0x03
#define PROTO_ISCSI 0x50
#define PIV 0x80 /* the protocol identifier is valid */
#define ASSOC_UNIT 0x00
#define ASSOC_PORT 0x10
#define ASSOC_DEVICE 0x20
#define TYPE_T10 0x01
#define TYPE_NAA 0x03
#define TYPE_RELATIVE_PORT 0x04
#define TYPE_PORT_GROUP 0x05
#define TYPE_SCSI_NAME 0x08
#define TYPE_EUI64 0x02
#define TYPE_UUID 0x0a

/* UUID TYPE of a designator: as RFC 4122 has it (SPC-5 7.7.6.11) */
#define UUID_RFC4122 0x10

#define NAA_LOCAL (3ULL << 60)

/**
 * iet_spc_put_text() - an ASCII data field: left-aligned, filled with blanks
 * @field: where it goes
 * @len: bytes in it
 * @text: at most so many characters; "": @otherwise
 * @otherwise: for want of a text
 */
void iet_spc_put_text(u8 *field, size_t len, const char *text,
		      const char *otherwise)
{
	if (!text[0])
		text = otherwise;
	memset(field, ' ', len);
	memcpy(field, text, min(len, strlen(text)));
}

/**
 * iet_props_hex() - hexadecimal digits to bytes
 * @text: digits; dashes between them count for nothing
 * @bytes: room for IET_DESIGNATOR_MAX
 *
 * Return: how many bytes, 0 if it is something else
 */
u8 iet_props_hex(const char *text, u8 *bytes)
{
	char digits[2 * IET_DESIGNATOR_MAX];
	unsigned int n = 0;

	for (; *text; text++) {
		if (*text == '-')
			continue;
		if (n == sizeof(digits))
			return 0;
		digits[n++] = *text;
	}
	if (n % 2 || hex2bin(bytes, digits, n / 2))
		return 0;
	return n / 2;
}

/* Appends a designator; returns where the next one goes. */
static u8 *designator(u8 *d, u8 code, u8 type, const void *data, u8 len)
{
	d[0] = code;
	d[1] = type;
	d[3] = len;
	memcpy(d + 4, data, len);
	return d + 4 + len;
}

/* Four bytes, the last two of which are a number. */
static u8 *number(u8 *d, u8 type, u16 n)
{
	u8 data[4] = {};

	put_unaligned_be16(n, data + 2);
	return designator(d, PROTO_ISCSI | CODE_BINARY, PIV | ASSOC_PORT | type,
			  data, sizeof(data));
}

/* A SCSI name string: NUL-terminated and padded to a multiple of four. */
static u8 *scsi_name(u8 *d, u8 assoc, const char *name, const char *suffix)
{
	char text[256] = {};
	int len = snprintf(text, sizeof(text) - 4, "%s%s", name, suffix);

	return designator(d, PROTO_ISCSI | CODE_UTF8,
			  PIV | assoc | TYPE_SCSI_NAME, text,
			  round_up(len + 1, 4));
}

/*
 * A locally assigned NAA name made of the identifier (FNV-1a, 60 bits): some
 * initiators know a unit by nothing but an NAA name.  Never to be changed:
 * they would see another disk.
 */
static u64 naa_name(const char *id, size_t len)
{
	u64 hash = 0xcbf29ce484222325ULL;

	while (len--) {
		hash ^= (u8)*id++;
		hash *= 0x100000001b3ULL;
	}
	return NAA_LOCAL | hash >> 4;
}

/* What the administrator wants, in addition to the T10 designator. */
static u8 *given_designators(u8 *d, const struct iet_props *props)
{
	u8 bytes[2 + IET_DESIGNATOR_MAX] = { UUID_RFC4122 };

	if (props->naa[0])
		d = designator(d, CODE_BINARY, ASSOC_UNIT | TYPE_NAA, bytes + 2,
			       iet_props_hex(props->naa, bytes + 2));
	if (props->eui64[0])
		d = designator(d, CODE_BINARY, ASSOC_UNIT | TYPE_EUI64,
			       bytes + 2,
			       iet_props_hex(props->eui64, bytes + 2));
	if (props->uuid[0])
		d = designator(d, CODE_BINARY, ASSOC_UNIT | TYPE_UUID, bytes,
			       2 + iet_props_hex(props->uuid, bytes + 2));
	return d;
}

/**
 * iet_designators_of_unit() - the names of a logical unit
 * @d: where to put their designation descriptors: 512 zeroed bytes
 * @props: what the administrator says of it
 * @scsi_id: its ScsiId, zero-padded to IET_SCSI_ID_LEN
 *
 * Return: where they end
 */
u8 *iet_designators_of_unit(u8 *d, const struct iet_props *props,
			    const char *scsi_id)
{
	size_t len = strnlen(scsi_id, IET_SCSI_ID_LEN);
	u8 t10[IET_VENDOR_LEN + IET_SCSI_ID_LEN];
	u8 naa[8];

	iet_spc_put_text(t10, IET_VENDOR_LEN, props->vendor, IET_T10_VENDOR);
	memcpy(t10 + IET_VENDOR_LEN, scsi_id, len);
	d = designator(d, CODE_ASCII, ASSOC_UNIT | TYPE_T10, t10,
		       IET_VENDOR_LEN + len);

	if (!props->naa[0]) {
		put_unaligned_be64(naa_name(scsi_id, len), naa);
		d = designator(d, CODE_BINARY, ASSOC_UNIT | TYPE_NAA, naa,
			       sizeof(naa));
	}
	return given_designators(d, props);
}

/**
 * iet_designator_port_name() - the name of a target port
 * @d: where to put its designation descriptor: 260 zeroed bytes
 * @target: iSCSI name of the target
 * @suffix: ",t,0x" and the portal group tag
 *
 * Return: where it ends
 */
u8 *iet_designator_port_name(u8 *d, const char *target, const char *suffix)
{
	return scsi_name(d, ASSOC_PORT, target, suffix);
}

/**
 * iet_designators_of_port() - the names of a target port and its device
 * @d: where to put their designation descriptors: 560 zeroed bytes
 * @target: iSCSI name of the target
 * @suffix: as for iet_designator_port_name()
 * @port: relative target port identifier, and number of its group
 *
 * Return: where they end
 */
u8 *iet_designators_of_port(u8 *d, const char *target, const char *suffix,
			    u16 port)
{
	d = iet_designator_port_name(d, target, suffix);
	d = number(d, TYPE_RELATIVE_PORT, port);
	d = number(d, TYPE_PORT_GROUP, port);
	return scsi_name(d, ASSOC_DEVICE, target, "");
}
