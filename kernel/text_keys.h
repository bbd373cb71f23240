/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The keys of the full feature phase in a normal session (RFC 7143 6.4, 13):
 * what is answered to each.  Plain C.
 *
 * Few may come: SendTargets, and the declarations MaxRecvDataSegmentLength and
 * InitiatorAlias.  All that is negotiated has been by the daemon, and can't be
 * changed any more.
 */
#ifndef IET_TEXT_KEYS_H
#define IET_TEXT_KEYS_H

#include <linux/types.h>

/* a key, and the value of one that is not binary (6.1) */
#define IET_TEXT_KEY_MAX 63
#define IET_TEXT_VALUE_MAX 255
/* more keys that nobody knows than a peer in good faith sends */
#define IET_TEXT_UNKNOWN_MAX 128

/**
 * struct iet_text_keys - what has come in one sequence of Text Requests
 * @target: TargetName of the session; set by the caller for each answer
 * @address: TargetAddress of the connection, with the portal group; "": none;
 *	set by the caller for each answer
 * @seen: by place in the table: a key comes once
 * @nr_unknown: how many have come that are not in the table
 * @max_recv: the MaxRecvDataSegmentLength that the initiator declares, bytes;
 *	0: it does not
 */
struct iet_text_keys {
	const char *target;
	const char *address;
	u64 seen;
	unsigned int nr_unknown;
	u32 max_recv;
};

/**
 * struct iet_text_buf - text that is being made
 * @data: key=value pairs, each with its NUL
 * @len: bytes used
 * @size: bytes there are
 * @overflow: it did not fit
 */
struct iet_text_buf {
	char *data;
	u32 len;
	u32 size;
	bool overflow;
};

bool iet_text_answer(struct iet_text_keys *keys, char *text, u32 len,
		     struct iet_text_buf *out);
bool iet_text_key_known(const char *name);

#endif /* IET_TEXT_KEYS_H */
