// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "params.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DIGEST_BOTH (IET_DIGEST_NONE | IET_DIGEST_CRC32C)

#define TARGET(n, a, lo, hi, d)                                            \
	{                                                                  \
		n, PARAM_TARGET, PARAM_NUMBER, IET_T_##a, lo, hi, d, false \
	}
#define FLAG(n, a)                                                     \
	{                                                              \
		n, PARAM_TARGET, PARAM_BOOL, IET_T_##a, 0, 1, 0, false \
	}
#define KEY(n, a, lo, hi, d)                                            \
	{                                                               \
		n, PARAM_KEY, PARAM_NUMBER, IET_K_##a, lo, hi, d, false \
	}
/* a size or a count of something: the more, the better */
#define SIZE(n, a, lo, hi, d)                                          \
	{                                                              \
		n, PARAM_KEY, PARAM_NUMBER, IET_K_##a, lo, hi, d, true \
	}
#define BOOL(n, a, lo, hi, d)                                        \
	{                                                            \
		n, PARAM_KEY, PARAM_BOOL, IET_K_##a, lo, hi, d, true \
	}
#define DIGEST(n, a)                                                    \
	{                                                               \
		n, PARAM_KEY, PARAM_DIGEST, IET_K_##a, IET_DIGEST_NONE, \
			DIGEST_BOTH, DIGEST_BOTH, false                 \
	}

/*
 * The defaults are those of the module (kernel/param.c): what the file no
 * longer says is set back to them.
 */
const struct param params[] = {
	TARGET("Wthreads", WTHREADS, 1, 128, 8),
	TARGET("Type", TYPE, 0, 0, 0),
	TARGET("QueuedCommands", QUEUED_COMMANDS, 1, 256, 128),
	TARGET("NOPInterval", NOP_INTERVAL, 0, 90, 0),
	TARGET("NOPTimeout", NOP_TIMEOUT, 0, 90, 0),
	TARGET("MaxSessions", MAX_SESSIONS, 0, 65535, 0),
	{ "AluaState", PARAM_TARGET, PARAM_ALUA, IET_T_ALUA_STATE,
	  IET_ALUA_OPTIMIZED, IET_ALUA_TRANSITIONING, IET_ALUA_OPTIMIZED,
	  false },
	FLAG("AluaPreferred", ALUA_PREFERRED),
	FLAG("AluaExplicit", ALUA_EXPLICIT),
	BOOL("InitialR2T", INITIAL_R2T, 0, 1, 0),
	BOOL("ImmediateData", IMMEDIATE_DATA, 0, 1, 1),
	SIZE("MaxConnections", MAX_CONNECTIONS, 1, 65535, 1),
	SIZE("MaxRecvDataSegmentLength", MAX_RECV_DATA_SEGMENT_LENGTH, 512,
	     16777215, 262144),
	SIZE("MaxXmitDataSegmentLength", MAX_XMIT_DATA_SEGMENT_LENGTH, 512,
	     16777215, 262144),
	SIZE("MaxBurstLength", MAX_BURST_LENGTH, 512, 16777215, 1048576),
	SIZE("FirstBurstLength", FIRST_BURST_LENGTH, 512, 16777215, 262144),
	KEY("DefaultTime2Wait", DEFAULT_TIME2WAIT, 0, 3600, 2),
	KEY("DefaultTime2Retain", DEFAULT_TIME2RETAIN, 0, 3600, 20),
	SIZE("MaxOutstandingR2T", MAX_OUTSTANDING_R2T, 1, 65535, 8),
	/* out-of-order data was never offered, and is nothing to ask for */
	BOOL("DataPDUInOrder", DATA_PDU_IN_ORDER, 1, 1, 1),
	BOOL("DataSequenceInOrder", DATA_SEQUENCE_IN_ORDER, 1, 1, 1),
	SIZE("ErrorRecoveryLevel", ERROR_RECOVERY_LEVEL, 0, 2, 0),
	DIGEST("HeaderDigest", HEADER_DIGEST),
	DIGEST("DataDigest", DATA_DIGEST),
	/* RFC 7143 has done away with markers: read and shown, never used */
	BOOL("OFMarker", OFMARKER, 0, 0, 0),
	BOOL("IFMarker", IFMARKER, 0, 0, 0),
	KEY("OFMarkInt", OFMARKINT, 1, 65535, 2048),
	KEY("IFMarkInt", IFMARKINT, 1, 65535, 2048),
};

const size_t nr_params = sizeof(params) / sizeof(params[0]);

/* where a PARAM_TARGET lives in struct kernel_target */
static const size_t target_offset[IET_T_MAX + 1] = {
	[IET_T_WTHREADS] = offsetof(struct kernel_target, wthreads),
	[IET_T_TYPE] = offsetof(struct kernel_target, type),
	[IET_T_QUEUED_COMMANDS] =
		offsetof(struct kernel_target, queued_commands),
	[IET_T_NOP_INTERVAL] = offsetof(struct kernel_target, nop_interval),
	[IET_T_NOP_TIMEOUT] = offsetof(struct kernel_target, nop_timeout),
	[IET_T_MAX_SESSIONS] = offsetof(struct kernel_target, max_sessions),
	[IET_T_ALUA_STATE] = offsetof(struct kernel_target, alua_state),
	[IET_T_ALUA_PREFERRED] = offsetof(struct kernel_target, alua_preferred),
	[IET_T_ALUA_EXPLICIT] = offsetof(struct kernel_target, alua_explicit),
};

/* which limit of the module bounds a parameter */
static const struct {
	enum param_space space;
	int attr;
	size_t offset;
} limits[] = {
	{ PARAM_TARGET, IET_T_QUEUED_COMMANDS,
	  offsetof(struct kernel_info, max_queued) },
	{ PARAM_KEY, IET_K_MAX_RECV_DATA_SEGMENT_LENGTH,
	  offsetof(struct kernel_info, max_recv_segment) },
	{ PARAM_KEY, IET_K_MAX_BURST_LENGTH,
	  offsetof(struct kernel_info, max_burst) },
	{ PARAM_KEY, IET_K_FIRST_BURST_LENGTH,
	  offsetof(struct kernel_info, max_burst) },
	{ PARAM_KEY, IET_K_MAX_OUTSTANDING_R2T,
	  offsetof(struct kernel_info, max_outstanding_r2t) },
	{ PARAM_KEY, IET_K_MAX_CONNECTIONS,
	  offsetof(struct kernel_info, max_connections) },
};

const struct param *param_find(const char *name)
{
	size_t i;

	for (i = 0; i < nr_params; i++)
		if (!strcasecmp(params[i].name, name))
			return &params[i];
	return NULL;
}

int param_number(const char *text, uint64_t max, uint64_t *val)
{
	char *end;

	/* strtoull() takes blanks and signs, which are no numbers here */
	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	*val = strtoull(text, &end, 0);
	if (*end)
		return -EINVAL;
	if (errno || *val > max)
		return -ERANGE;
	return 0;
}

static int parse_number(const struct param *p, const char *text, uint64_t *val,
			char *reason)
{
	switch (param_number(text, UINT64_MAX, val)) {
	case 0:
		return 0;
	case -ERANGE:
		*val = UINT64_MAX;
		return 0;
	}
	snprintf(reason, PARAM_TEXT_MAX, "\"%.64s\" is not a number", text);
	(void)p;
	return -EINVAL;
}

static int parse_bool(const struct param *p, const char *text, uint64_t *val,
		      char *reason)
{
	*val = !strcasecmp(text, "Yes");
	if (*val || !strcasecmp(text, "No"))
		return 0;
	snprintf(reason, PARAM_TEXT_MAX, "\"%.64s\" is neither Yes nor No",
		 text);
	(void)p;
	return -EINVAL;
}

static int parse_digest(const struct param *p, const char *text, uint64_t *val,
			char *reason)
{
	const char *s = text;

	*val = 0;
	for (;;) {
		size_t len = strcspn(s, ",");

		if (len == 4 && !strncasecmp(s, "None", len))
			*val |= IET_DIGEST_NONE;
		else if (len == 6 && !strncasecmp(s, "CRC32C", len))
			*val |= IET_DIGEST_CRC32C;
		else
			break;
		if (!s[len])
			return 0;
		s += len + 1;
	}
	snprintf(reason, PARAM_TEXT_MAX,
		 "\"%.64s\" is not a list of None and CRC32C", text);
	(void)p;
	return -EINVAL;
}

static const char *const alua_states[] = {
	[IET_ALUA_OPTIMIZED] = "active-optimized",
	[IET_ALUA_NON_OPTIMIZED] = "active-nonoptimized",
	[IET_ALUA_STANDBY] = "standby",
	[IET_ALUA_UNAVAILABLE] = "unavailable",
	[IET_ALUA_TRANSITIONING] = "transitioning",
};

#define NR_ALUA_STATES (sizeof(alua_states) / sizeof(alua_states[0]))

static int parse_alua(const struct param *p, const char *text, uint64_t *val,
		      char *reason)
{
	for (*val = 0; *val < NR_ALUA_STATES; ++*val)
		if (alua_states[*val] && !strcasecmp(text, alua_states[*val]))
			return 0;
	snprintf(reason, PARAM_TEXT_MAX,
		 "\"%.40s\" is not active-optimized, active-nonoptimized, "
		 "standby, unavailable or transitioning",
		 text);
	(void)p;
	return -EINVAL;
}

static void print_range(const struct param *p, char *text, size_t len)
{
	if (p->kind == PARAM_BOOL)
		snprintf(text, len, "only %s is supported",
			 p->max ? "Yes" : "No");
	else if (p->min == p->max)
		snprintf(text, len, "must be %u", p->max);
	else
		snprintf(text, len, "must be %u to %u", p->min, p->max);
}

int param_parse(const struct param *p, const char *text, uint32_t *val,
		char reason[PARAM_TEXT_MAX])
{
	static int (*const parsers[])(const struct param *, const char *,
				      uint64_t *, char *) = {
		[PARAM_NUMBER] = parse_number,
		[PARAM_BOOL] = parse_bool,
		[PARAM_DIGEST] = parse_digest,
		[PARAM_ALUA] = parse_alua,
	};
	char range[64];
	uint64_t v;
	int err;

	reason[0] = '\0';
	err = parsers[p->kind](p, text, &v, reason);
	if (err)
		return err;
	if (v >= p->min && v <= p->max) {
		*val = v;
		return 0;
	}

	print_range(p, range, sizeof(range));
	if (!p->clamp || (p->kind == PARAM_NUMBER && v < p->min)) {
		snprintf(reason, PARAM_TEXT_MAX, "\"%.64s\": %s", text, range);
		return -EINVAL;
	}
	*val = p->max;
	if (p->kind == PARAM_BOOL)
		snprintf(reason, PARAM_TEXT_MAX, "\"%.64s\": %s", text, range);
	else
		snprintf(reason, PARAM_TEXT_MAX,
			 "\"%.64s\" is above the maximum, %u is used", text,
			 p->max);
	return 1;
}

void param_print(const struct param *p, uint32_t val, char text[PARAM_TEXT_MAX])
{
	static const char *const digests[] = {
		[0] = "None",
		[IET_DIGEST_NONE] = "None",
		[IET_DIGEST_CRC32C] = "CRC32C",
		[DIGEST_BOTH] = "CRC32C,None",
	};

	switch (p->kind) {
	case PARAM_NUMBER:
		snprintf(text, PARAM_TEXT_MAX, "%u", val);
		break;
	case PARAM_BOOL:
		snprintf(text, PARAM_TEXT_MAX, "%s", val ? "Yes" : "No");
		break;
	case PARAM_DIGEST:
		snprintf(text, PARAM_TEXT_MAX, "%s",
			 digests[val & DIGEST_BOTH]);
		break;
	case PARAM_ALUA:
		snprintf(text, PARAM_TEXT_MAX, "%s",
			 val < NR_ALUA_STATES && alua_states[val] ?
				 alua_states[val] :
				 "unknown");
		break;
	}
}

void param_set(const struct param *p, struct kernel_target *t, uint32_t val)
{
	if (p->space == PARAM_KEY) {
		t->keys.val[p->attr] = val;
		t->keys.set |= K_HAS(p->attr);
		t->set |= K_HAS(IET_T_KEYS);
		return;
	}
	memcpy((char *)t + target_offset[p->attr], &val, sizeof(val));
	t->set |= K_HAS(p->attr);
}

bool param_get(const struct param *p, const struct kernel_target *t,
	       uint32_t *val)
{
	if (p->space == PARAM_KEY) {
		*val = t->keys.val[p->attr];
		return t->keys.set & K_HAS(p->attr);
	}
	memcpy(val, (const char *)t + target_offset[p->attr], sizeof(*val));
	return t->set & K_HAS(p->attr);
}

uint32_t param_limit(const struct param *p, const struct kernel_info *info)
{
	uint32_t limit = p->max;
	size_t i;

	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		uint32_t v;

		if (limits[i].space != p->space || limits[i].attr != p->attr)
			continue;
		memcpy(&v, (const char *)info + limits[i].offset, sizeof(v));
		/* no module has a limit of 0: it has not said */
		if (v && v < limit)
			limit = v;
	}
	if (p->space == PARAM_KEY && p->attr == IET_K_ERROR_RECOVERY_LEVEL &&
	    info->max_erl < limit)
		limit = info->max_erl;
	return limit;
}

/* "" or ":PORT" */
static bool is_port(const char *text)
{
	uint64_t port;

	if (!text[0])
		return true;
	return text[0] == ':' && isdigit((unsigned char)text[1]) &&
	       !param_number(text + 1, UINT16_MAX, &port) && port;
}

/*
 * RFC 7143 13.8: a name, an IPv4 address or an IPv6 address in brackets, and
 * maybe a port; no portal group, which is what follows a comma.
 */
static bool is_portal(const char *text)
{
	static const char digits[] = "0123456789.";
	static const char name[] = "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789.-";
	bool v6 = text[0] == '[';
	size_t len = strcspn(text += v6, v6 ? "]" : ":");
	char host[IET_REDIRECT_LEN + 1];
	uint8_t bytes[16];

	if (!len || len >= sizeof(host))
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	if (v6)
		return text[len] && is_port(text + len + 1) &&
		       inet_pton(AF_INET6, host, bytes) == 1;
	if (strspn(host, digits) == len)
		return is_port(text + len) &&
		       inet_pton(AF_INET, host, bytes) == 1;
	return is_port(text + len) && strspn(host, name) == len;
}

int param_redirect(struct kernel_target *t, const char *address, uint32_t flags)
{
	if (strlen(address) >= sizeof(t->redirect))
		return -E2BIG;
	if (address[0] && !is_portal(address))
		return -EINVAL;
	snprintf(t->redirect, sizeof(t->redirect), "%s", address);
	t->redirect_flags = flags;
	t->set |= K_HAS(IET_T_REDIRECT) | K_HAS(IET_T_REDIRECT_FLAGS);
	return 0;
}
