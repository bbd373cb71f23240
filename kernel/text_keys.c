// SPDX-License-Identifier: GPL-2.0-only
/*
 * The keys of the full feature phase: see text_keys.h.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "compat.h"
#include "iscsi_proto.h"
#include "text_keys.h"

#define SEG_MIN 512

/* Returns false if the value breaks the protocol. */
typedef bool (*key_fn)(struct iet_text_keys *keys, const char *value,
		       struct iet_text_buf *out);

static void add(struct iet_text_buf *out, const char *key, const char *value)
{
	u32 room = out->size - out->len;
	int n;

	if (out->overflow)
		return;
	n = snprintf(out->data + out->len, room, "%s=%s", key, value);
	if (n < 0 || n >= room)
		out->overflow = true;
	else
		out->len += n + 1;
}

/* Nothing is said to a declaration. */
static bool declared(struct iet_text_keys *keys, const char *value,
		     struct iet_text_buf *out)
{
	return true;
}

/*
 * Empty or the own name: this target.  All is for discovery sessions only;
 * other targets are none of this session's business (appendix C).
 */
static bool send_targets(struct iet_text_keys *keys, const char *value,
			 struct iet_text_buf *out)
{
	if (!strcmp(value, "All")) {
		add(out, "SendTargets", "Reject");
		return true;
	}
	if (*value && strcasecmp(value, keys->target))
		return true;
	add(out, "TargetName", keys->target);
	if (*keys->address)
		add(out, "TargetAddress", keys->address);
	return true;
}

/* numerical-value: a decimal without leading zeros, or 0x and hex (6.1) */
static bool read_number(const char *value, u32 *number)
{
	unsigned int base = 10;
	u64 n = 0;

	if (value[0] == '0' && (value[1] | 0x20) == 'x') {
		base = 16;
		value += 2;
	} else if (value[0] == '0' && value[1]) {
		return false;
	}
	if (!*value)
		return false;
	for (; *value; value++) {
		char c = *value | 0x20;
		unsigned int digit;

		if (*value >= '0' && *value <= '9')
			digit = *value - '0';
		else if (base == 16 && c >= 'a' && c <= 'f')
			digit = c - 'a' + 10;
		else
			return false;
		n = n * base + digit;
		if (n > U32_MAX)
			return false;
	}
	*number = n;
	return true;
}

/*
 * Declared once more, it holds for what we send when the sequence has ended
 * (13.12).  A declaration has no answer to refuse it with.
 */
static bool max_recv(struct iet_text_keys *keys, const char *value,
		     struct iet_text_buf *out)
{
	u32 n;

	if (!read_number(value, &n) || n < SEG_MIN || n > ISCSI_DATA_SEG_MAX)
		return false;
	keys->max_recv = n;
	return true;
}

/**
 * struct text_key - a row of the table
 * @name: on the wire
 * @take: answers it; NULL: it is not for this phase, or not for initiators
 */
struct text_key {
	const char *name;
	key_fn take;
};

static const struct text_key table[] = {
	{ "SendTargets", send_targets },
	{ "MaxRecvDataSegmentLength", max_recv },
	{ "InitiatorAlias", declared },
	{ "InitiatorName" },
	{ "TargetName" },
	{ "SessionType" },
	{ "TargetAlias" },
	{ "TargetAddress" },
	{ "TargetPortalGroupTag" },
	{ "AuthMethod" },
	{ "CHAP_A" },
	{ "CHAP_I" },
	{ "CHAP_C" },
	{ "CHAP_N" },
	{ "CHAP_R" },
	{ "HeaderDigest" },
	{ "DataDigest" },
	{ "MaxConnections" },
	{ "InitialR2T" },
	{ "ImmediateData" },
	{ "MaxBurstLength" },
	{ "FirstBurstLength" },
	{ "DefaultTime2Wait" },
	{ "DefaultTime2Retain" },
	{ "MaxOutstandingR2T" },
	{ "DataPDUInOrder" },
	{ "DataSequenceInOrder" },
	{ "ErrorRecoveryLevel" },
	{ "TaskReporting" },
	{ "iSCSIProtocolLevel" },
	{ "X#NodeArchitecture" },
	{ "IFMarker" },
	{ "OFMarker" },
	{ "IFMarkInt" },
	{ "OFMarkInt" },
	{ "RDMAExtensions" },
	{ "TargetRecvDataSegmentLength" },
	{ "InitiatorRecvDataSegmentLength" },
	{ "MaxOutstandingUnexpectedPDUs" },
	{ "MaxAHSLength" },
	{ "TaggedBufferForSolicitedDataOnly" },
	{ "iSERHelloRequired" },
};

static_assert(ARRAY_SIZE(table) <= 64, "keys are bits of a u64");

static const struct text_key *find_key(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		if (!strcmp(name, table[i].name))
			return &table[i];
	}
	return NULL;
}

/**
 * iet_text_key_known - is this a key of a standard?
 * @name: of the key
 *
 * Return: false if it is answered with NotUnderstood
 */
bool iet_text_key_known(const char *name)
{
	return find_key(name);
}

/* not isalnum(), which knows Latin-1 */
static bool is_letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* standard-label (6.1), and the '#' of public extension keys (13.22) */
static bool is_label(const char *name)
{
	if (!is_letter(*name))
		return false;
	for (; *name; name++) {
		if (!is_letter(*name) && (*name < '0' || *name > '9') &&
		    !strchr(".-+@_#", *name))
			return false;
	}
	return true;
}

/* Answers, which are never answered themselves; we have not asked (6.2). */
static bool is_answer(const char *value)
{
	return !strcmp(value, "NotUnderstood") || !strcmp(value, "Reject") ||
	       !strcmp(value, "Irrelevant");
}

static bool take_known(struct iet_text_keys *keys, const struct text_key *key,
		       const char *value, struct iet_text_buf *out)
{
	u64 bit = 1ULL << (key - table);

	if (keys->seen & bit || strlen(value) > IET_TEXT_VALUE_MAX)
		return false;
	keys->seen |= bit;
	if (key->take)
		return key->take(keys, value, out);
	add(out, key->name, "Reject");
	return true;
}

static bool take_pair(struct iet_text_keys *keys, char *pair,
		      struct iet_text_buf *out)
{
	char *value = strchr(pair, '=');
	const struct text_key *key;

	if (!value || value - pair > IET_TEXT_KEY_MAX)
		return false;
	*value++ = '\0';
	if (!is_label(pair) || is_answer(value))
		return false;
	key = find_key(pair);
	if (key)
		return take_known(keys, key, value, out);
	if (++keys->nr_unknown > IET_TEXT_UNKNOWN_MAX)
		return false;
	add(out, pair, "NotUnderstood");
	return true;
}

/**
 * iet_text_answer - answer a complete text
 * @keys: the sequence that it belongs to
 * @text: key=value pairs, each with its NUL; is changed
 * @len: bytes
 * @out: where the answers go; look at its @overflow
 *
 * Return: false if the text breaks the protocol (6.1, 6.2)
 */
bool iet_text_answer(struct iet_text_keys *keys, char *text, u32 len,
		     struct iet_text_buf *out)
{
	u32 off = 0;

	if (len && text[len - 1])
		return false;
	while (off < len) {
		u32 n = strlen(text + off);

		/* some pad with NULs, which stand for no pair at all */
		if (n && !take_pair(keys, text + off, out))
			return false;
		off += n + 1;
	}
	return true;
}
