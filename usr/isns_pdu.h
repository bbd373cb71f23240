/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages of the Internet Storage Name Service, RFC 4171 section 5: a
 * header and a list of attributes, each a tag, a length and a value.  A
 * message may come in several PDUs.  All that comes is hostile: nothing here
 * reads beyond what the lengths have been checked against.
 */
#ifndef IET_USR_ISNS_PDU_H
#define IET_USR_ISNS_PDU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define ISNS_PORT 3205
#define ISNS_VERSION 1
#define ISNS_HDR_LEN 12
/* the largest length that the header can say and that is a multiple of 4 */
#define ISNS_PDU_DATA_MAX 65532
/* all PDUs of one message; a name takes up to 232 bytes */
#define ISNS_MESSAGE_MAX (4 << 20)
/* a name or an identifier, with its NUL */
#define ISNS_STRING_MAX 256

/* 5.1.4 */
#define ISNS_FLAG_CLIENT 0x8000
#define ISNS_FLAG_SERVER 0x4000
#define ISNS_FLAG_AUTH 0x2000
#define ISNS_FLAG_REPLACE 0x1000
#define ISNS_FLAG_LAST 0x0800
#define ISNS_FLAG_FIRST 0x0400

/* 4.1 */
#define ISNS_RESPONSE 0x8000

enum isns_function {
	ISNS_DEV_ATTR_REG = 0x0001,
	ISNS_DEV_ATTR_QRY = 0x0002,
	ISNS_DEV_DEREG = 0x0004,
	ISNS_SCN_REG = 0x0005,
	ISNS_SCN = 0x0008,
	ISNS_ESI = 0x000d,
};

/* 5.4.1 */
enum isns_status {
	ISNS_SUCCESS = 0,
	ISNS_FORMAT_ERROR = 2,
	ISNS_INVALID_REGISTRATION = 3,
	ISNS_SOURCE_UNKNOWN = 6,
	ISNS_SOURCE_ABSENT = 7,
	ISNS_NO_SUCH_ENTRY = 9,
	ISNS_NOT_SUPPORTED = 15,
	ISNS_SCN_REG_REJECTED = 17,
	ISNS_ESI_NOT_AVAILABLE = 21,
	ISNS_FEATURE_NOT_SUPPORTED = 23,
};

/* 6.1 */
enum isns_tag {
	ISNS_TAG_DELIMITER = 0,
	ISNS_TAG_EID = 1,
	ISNS_TAG_PROTOCOL = 2,
	ISNS_TAG_TIMESTAMP = 4,
	ISNS_TAG_PERIOD = 6,
	ISNS_TAG_PORTAL_ADDR = 16,
	ISNS_TAG_PORTAL_PORT = 17,
	ISNS_TAG_ESI_INTERVAL = 19,
	ISNS_TAG_ESI_PORT = 20,
	ISNS_TAG_SCN_PORT = 23,
	ISNS_TAG_NAME = 32,
	ISNS_TAG_NODE_TYPE = 33,
	ISNS_TAG_ALIAS = 34,
	ISNS_TAG_SCN_BITMAP = 35,
	ISNS_TAG_PG_ADDR = 49,
	ISNS_TAG_PG_PORT = 50,
	ISNS_TAG_PG_TAG = 51,
};

#define ISNS_PROTOCOL_ISCSI 2 /* 6.2.2 */
#define ISNS_NODE_TARGET 1 /* 6.4.2 */
#define ISNS_NODE_INITIATOR 2

/* 6.4.4 */
#define ISNS_SCN_UPDATED 0x04
#define ISNS_SCN_ADDED 0x08
#define ISNS_SCN_REMOVED 0x10
#define ISNS_SCN_INITIATORS_AND_SELF 0x80

struct isns_hdr {
	uint16_t function;
	uint16_t length; /* of what follows, bytes */
	uint16_t flags;
	uint16_t xid; /* transaction */
	uint16_t seq; /* of the PDU in its message, from 0 */
};

/**
 * isns_hdr_read - take a header apart
 * @bytes: %ISNS_HDR_LEN bytes
 * @hdr: the result
 *
 * Return: 0; -EPROTO if the version or the length can't be; -EOPNOTSUPP if
 * an authentication block comes with it
 */
int isns_hdr_read(const uint8_t *bytes, struct isns_hdr *hdr);

/**
 * isns_hdr_write - put a header together
 * @hdr: the header
 * @bytes: %ISNS_HDR_LEN bytes
 */
void isns_hdr_write(const struct isns_hdr *hdr, uint8_t *bytes);

/**
 * struct isns_buf - bytes that grow
 * @data: the bytes
 * @len: how many
 * @size: for how many there is room
 * @failed: something did not fit or there was no memory: what is here is
 *	not whole
 */
struct isns_buf {
	uint8_t *data;
	size_t len;
	size_t size;
	bool failed;
};

/**
 * isns_buf_free - free the bytes; the buffer is empty and good again
 * @buf: buffer
 */
void isns_buf_free(struct isns_buf *buf);

/**
 * isns_put - append bytes as they are
 * @buf: buffer
 * @data: bytes
 * @len: how many
 */
void isns_put(struct isns_buf *buf, const void *data, size_t len);

/**
 * isns_put_status - append the status code that begins a response (5.4)
 * @buf: buffer
 * @status: &enum isns_status
 */
void isns_put_status(struct isns_buf *buf, uint32_t status);

/**
 * isns_put_empty - append an attribute without a value
 * @buf: buffer
 * @tag: &enum isns_tag
 */
void isns_put_empty(struct isns_buf *buf, uint32_t tag);

/**
 * isns_put_u32 - append an attribute with a number
 * @buf: buffer
 * @tag: &enum isns_tag
 * @value: number
 */
void isns_put_u32(struct isns_buf *buf, uint32_t tag, uint32_t value);

/**
 * isns_put_string - append an attribute with a text
 * @buf: buffer
 * @tag: &enum isns_tag
 * @text: text, shorter than %ISNS_STRING_MAX, or the buffer fails
 */
void isns_put_string(struct isns_buf *buf, uint32_t tag, const char *text);

/**
 * isns_put_addr - append an attribute with an address (6.3.1)
 * @buf: buffer
 * @tag: &enum isns_tag
 * @sa: IPv4 or IPv6 address, or the buffer fails
 */
void isns_put_addr(struct isns_buf *buf, uint32_t tag,
		   const struct sockaddr *sa);

/**
 * struct isns_reader - where the reading of attributes is
 * @p: the next byte
 * @left: bytes from there on
 */
struct isns_reader {
	const uint8_t *p;
	size_t left;
};

/**
 * struct isns_attr - an attribute, as it lies in the message
 * @tag: &enum isns_tag, or any other number
 * @len: bytes, a multiple of 4
 * @value: the bytes
 */
struct isns_attr {
	uint32_t tag;
	uint32_t len;
	const uint8_t *value;
};

/**
 * isns_read_status - take the status code that begins a response
 * @r: reader
 * @status: &enum isns_status, or any other number
 *
 * Return: 0 or -EPROTO
 */
int isns_read_status(struct isns_reader *r, uint32_t *status);

/**
 * isns_read_attr - take the next attribute
 * @r: reader
 * @attr: the attribute
 *
 * Return: 1; 0 at the end; -EPROTO if it is not whole
 */
int isns_read_attr(struct isns_reader *r, struct isns_attr *attr);

/**
 * isns_attr_u32 - the number in an attribute
 * @attr: attribute
 * @value: number
 *
 * Return: 0, or -EPROTO if it is no number of 32 bits
 */
int isns_attr_u32(const struct isns_attr *attr, uint32_t *value);

/**
 * isns_attr_string - the text in an attribute
 * @attr: attribute
 *
 * Return: the text, of 1 to %ISNS_STRING_MAX - 1 bytes without control
 * characters, in the message; or NULL if there is none
 */
const char *isns_attr_string(const struct isns_attr *attr);

/**
 * struct isns_message - a message that comes in
 * @function: &enum isns_function, or any other number
 * @flags: of its first PDU
 * @xid: transaction
 * @next_seq: sequence number of its next PDU; 0: it has not begun
 * @data: what its PDUs carry
 */
struct isns_message {
	uint16_t function;
	uint16_t flags;
	uint16_t xid;
	uint16_t next_seq;
	struct isns_buf data;
};

/**
 * isns_message_add - take a PDU of a message
 * @m: message
 * @hdr: the PDU's header
 * @data: what follows it, @hdr->length bytes
 *
 * Return: 1 if this was the last one; 0 if there are more; -EPROTO if it does
 * not belong here; -EMSGSIZE; -ENOMEM
 */
int isns_message_add(struct isns_message *m, const struct isns_hdr *hdr,
		     const uint8_t *data);

/**
 * isns_message_clear - make ready for the next message
 * @m: message
 */
void isns_message_clear(struct isns_message *m);

#endif /* IET_USR_ISNS_PDU_H */
