// SPDX-License-Identifier: GPL-2.0-only
/*
 * What rules for faults of logins may say: tables of kinds and parameters.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "fault_key.h"
#include "iet_netlink.h"
#include "login.h"
#include "login_fault.h"

#define H(attr) LF_HAS(LF_##attr)

/* what rules of all kinds may be limited by */
#define COMMON \
	(H(INITIATOR) | H(STAGE) | H(CHANCE) | H(SKIP) | H(COUNT) | H(SEED))

#define RECEIVED 1
#define SENT 2

/**
 * struct kind - what rules of a kind take
 * @name: as in --fault
 * @takes: LF_HAS() of parameters, beside those of all kinds
 * @needs: the one that can't be missing
 * @pdus: which PDUs it may be about: RECEIVED, SENT
 */
static const struct kind {
	const char *name;
	uint32_t takes;
	uint32_t needs;
	uint8_t pdus;
} kinds[NR_LOGIN_FAULTS] = {
	[LOGIN_FAULT_DROP] = { "login-drop", H(PDU) | H(BYTE),
			       .pdus = RECEIVED | SENT },
	[LOGIN_FAULT_WITHHOLD] = { "login-withhold", H(PDU),
				   .pdus = RECEIVED | SENT },
	[LOGIN_FAULT_DELAY] = { "login-delay", H(PDU) | H(DELAY), H(DELAY),
				RECEIVED },
	[LOGIN_FAULT_STATUS] = { "login-status", H(STATUS) | H(ADDRESS),
				 H(STATUS), RECEIVED },
	[LOGIN_FAULT_KEY] = { "login-key", H(PDU) | H(KEY) | H(DO) | H(VALUE),
			      H(KEY), SENT },
	[LOGIN_FAULT_TEXT] = { "login-text", H(PDU) | H(VALUE) | H(LENGTH),
			       .pdus = SENT },
	[LOGIN_FAULT_HEADER] = { "login-header", H(PDU) | H(BYTE),
				 .pdus = SENT },
	[LOGIN_FAULT_DATA] = { "login-data", H(PDU) | H(BYTE), .pdus = SENT },
	[LOGIN_FAULT_SPLIT] = { "login-split", H(PDU) | H(BYTE), .pdus = SENT },
	[LOGIN_FAULT_DUPLICATE] = { "login-duplicate", H(PDU), .pdus = SENT },
};

static const struct fault_word pdus[] = {
	{ "login", ISCSI_OP_LOGIN_REQ },
	{ "login-response", ISCSI_OP_LOGIN_RSP },
	{ "text", ISCSI_OP_TEXT_REQ },
	{ "text-response", ISCSI_OP_TEXT_RSP },
	{ "logout", ISCSI_OP_LOGOUT_REQ },
	{ "logout-response", ISCSI_OP_LOGOUT_RSP },
	{ NULL, 0 },
};

static const struct fault_word stages[] = {
	{ "security", LOGIN_FAULT_SECURITY },
	{ "operational", LOGIN_FAULT_OPERATIONAL },
	{ "final", LOGIN_FAULT_FINAL },
	{ NULL, 0 },
};

static const struct fault_word actions[] = {
	{ "omit", LOGIN_FAULT_OMIT },	  { "change", LOGIN_FAULT_CHANGE },
	{ "add", LOGIN_FAULT_ADD },	  { "twice", LOGIN_FAULT_TWICE },
	{ "damage", LOGIN_FAULT_DAMAGE }, { NULL, 0 },
};

static const struct fault_word bytes[] = {
	{ "end", IET_FAULT_BYTE_END },
	{ NULL, 0 },
};

/* --- texts --- */

static int hex_digit(char c)
{
	if (!isxdigit((unsigned char)c))
		return -1;
	return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

long login_fault_decode(const char *text, char *to)
{
	char *begin = to;

	for (; *text; text++) {
		int high, low;

		if (*text != '%') {
			*to++ = *text;
			continue;
		}
		high = hex_digit(text[1]);
		low = high < 0 ? -1 : hex_digit(text[2]);
		if (low < 0)
			return -EINVAL;
		*to++ = high << 4 | low;
		text += 2;
	}
	return to - begin;
}

/* What is shown and kept in lines must not have blanks or end them. */
static bool is_printable(const char *text)
{
	for (; *text; text++)
		if (*text <= ' ' || *text > '~' || *text == ',')
			return false;
	return true;
}

static int parse_plain(const struct fault_key *k, void *rule, const char *text)
{
	return is_printable(text) ? fault_text_parse(k, rule, text) : -EINVAL;
}

/* as it may come in a login */
static int parse_initiator(const struct fault_key *k, void *rule,
			   const char *text)
{
	return login_name((char *)rule + k->at, k->size, text) ? 0 : -EINVAL;
}

static int parse_encoded(const struct fault_key *k, void *rule,
			 const char *text)
{
	char bytes_of[LOGIN_FAULT_TEXT_MAX + 1];

	/* an empty value is one, too */
	if (!*text)
		return *((char *)rule + k->at) = 0;
	if (strlen(text) > LOGIN_FAULT_TEXT_MAX ||
	    login_fault_decode(text, bytes_of) < 0)
		return -EINVAL;
	return parse_plain(k, rule, text);
}

/* four digits of hexadecimal: Status-Class and Status-Detail */
static int parse_status(const struct fault_key *k, void *rule, const char *text)
{
	struct login_fault_args *a = rule;
	uint32_t n = 0;

	(void)k;
	if (strlen(text) != 4)
		return -EINVAL;
	for (; *text; text++) {
		if (hex_digit(*text) < 0)
			return -EINVAL;
		n = n << 4 | hex_digit(*text);
	}
	a->status = n;
	/* a rule must not say that a login has worked */
	return n >> 8 ? 0 : -EINVAL;
}

static void print_status(const struct fault_key *k, const void *rule, FILE *out)
{
	const struct login_fault_args *a = rule;

	(void)k;
	fprintf(out, "%04x", a->status);
}

#define ARGS struct login_fault_args
#define PLAIN(n, a, member, p)                                          \
	{                                                               \
		.name = (n), .attr = (a), .at = offsetof(ARGS, member), \
		.size = sizeof(((ARGS *)0)->member), .parse = (p),      \
		.print = fault_text_print                               \
	}

/* in the order in which they are shown */
static const struct fault_key keys[] = {
	PLAIN("Initiator", LF_INITIATOR, initiator, parse_initiator),
	FAULT_NUMBER("PDU", LF_PDU, ARGS, pdu, pdus, false),
	FAULT_NUMBER("Stage", LF_STAGE, ARGS, stage, stages, false),
	{ "Status", LF_STATUS, .parse = parse_status, .print = print_status },
	PLAIN("Address", LF_ADDRESS, address, parse_encoded),
	PLAIN("Key", LF_KEY, key, parse_plain),
	FAULT_NUMBER("Do", LF_DO, ARGS, what, actions, false),
	PLAIN("Value", LF_VALUE, value, parse_encoded),
	FAULT_NUMBER("Length", LF_LENGTH, ARGS, length, NULL, false),
	FAULT_NUMBER("Delay", LF_DELAY, ARGS, delay, NULL, false),
	FAULT_NUMBER("Byte", LF_BYTE, ARGS, byte, bytes, true),
	FAULT_CHANCE("Chance", LF_CHANCE, ARGS, chance),
	FAULT_NUMBER("Skip", LF_SKIP, ARGS, skip, NULL, false),
	FAULT_NUMBER("Count", LF_COUNT, ARGS, count, NULL, false),
	FAULT_NUMBER("Seed", LF_SEED, ARGS, seed, NULL, false),
};

#define NR_KEYS (sizeof(keys) / sizeof(keys[0]))

/* --- what cannot be --- */

enum login_fault_do login_fault_do_of(const struct login_fault_args *a)
{
	if (a->has & LF_HAS(LF_DO))
		return a->what;
	return a->has & LF_HAS(LF_VALUE) ? LOGIN_FAULT_CHANGE :
					   LOGIN_FAULT_OMIT;
}

bool login_fault_is_sent(uint32_t kind)
{
	return kinds[kind].pdus & SENT;
}

const char *login_fault_kind_name(uint32_t kind)
{
	return kinds[kind].name;
}

static const char *attr_name(uint32_t has)
{
	for (size_t i = 0; i < NR_KEYS; i++)
		if (has & LF_HAS(keys[i].attr))
			return keys[i].name;
	return "";
}

static const char *pdu_refusal(const struct login_fault_args *a, uint8_t may,
			       bool discovery)
{
	bool login = a->pdu == ISCSI_OP_LOGIN_REQ ||
		     a->pdu == ISCSI_OP_LOGIN_RSP;
	bool sent = a->pdu & 0x20;

	if (!(a->has & H(PDU)))
		return NULL;
	if (!(may & (sent ? SENT : RECEIVED)))
		return sent ? "faults of this kind are of received PDUs" :
			      "faults of this kind are of PDUs that are sent";
	if (!login && !discovery)
		return "only logins are before a target's sessions: without "
		       "--tid it is about discovery";
	if (!login && a->has & H(STAGE))
		return "only PDUs of the login have a stage";
	if (!sent && a->has & H(BYTE))
		return "of a request there is no part";
	return NULL;
}

static const char *byte_refusal(const struct login_fault_args *a)
{
	bool end = a->byte == IET_FAULT_BYTE_END;

	if (!(a->has & H(BYTE)))
		return NULL;
	if (end && a->kind != LOGIN_FAULT_DROP)
		return "only a connection can be dropped after the end";
	if (a->kind == LOGIN_FAULT_HEADER && a->byte >= ISCSI_BHS_LEN)
		return "a header has the bytes 0 to 47";
	if (a->kind == LOGIN_FAULT_SPLIT && !a->byte)
		return "there is nothing before byte 0";
	return NULL;
}

static const char *value_refusal(const struct login_fault_args *a)
{
	enum login_fault_do what = login_fault_do_of(a);
	bool takes = what == LOGIN_FAULT_CHANGE || what == LOGIN_FAULT_ADD;

	if (a->has & H(DELAY) && (!a->delay || a->delay > IET_FAULT_DELAY_MAX))
		return "a delay must be 1 to 60000 ms";
	if (a->has & H(LENGTH) && a->length > LOGIN_FAULT_LENGTH_MAX)
		return "a length must be 0 to 1048576";
	if (a->has & H(ADDRESS) && a->status != ISCSI_LOGIN_MOVED_TEMPORARILY &&
	    a->status != ISCSI_LOGIN_MOVED_PERMANENTLY)
		return "an address goes with status 0101 or 0102";
	if (a->kind == LOGIN_FAULT_KEY && strchr(a->key, '='))
		return "a key has no '=' in its name";
	if (a->kind == LOGIN_FAULT_KEY && takes != !!(a->has & H(VALUE)))
		return takes ? "the value is missing" :
			       "what it does with its key takes no value";
	return NULL;
}

static int fail(char *reason, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int fail(char *reason, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, size, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static int check(const struct login_fault_args *a, bool discovery, char *reason,
		 size_t size)
{
	const struct kind *kind = &kinds[a->kind];
	uint32_t excess = a->has & ~(COMMON | kind->takes);
	uint32_t missing = kind->needs & ~a->has;
	const char *text;

	if (excess)
		return fail(reason, size, "%s: not for faults of this kind",
			    attr_name(excess));
	if (missing)
		return fail(reason, size, "%s is missing", attr_name(missing));
	text = pdu_refusal(a, kind->pdus, discovery);
	if (!text)
		text = byte_refusal(a);
	if (!text)
		text = value_refusal(a);
	return text ? fail(reason, size, "%s", text) : 0;
}

/* --- as text --- */

static int set_key(struct login_fault_args *a, char *name, char *reason,
		   size_t size)
{
	char *val = strchr(name, '=');
	const struct fault_key *k;

	if (!val)
		return fail(reason, size,
			    "--params is not a list of KEY=VALUE");
	*val++ = '\0';
	k = fault_key_find(keys, NR_KEYS, name);
	if (!k)
		return fail(reason, size,
			    "\"%s\" is not a parameter of a fault of logins",
			    name);
	if (k->parse(k, a, val))
		return fail(reason, size, "%s: \"%s\" is not valid", k->name,
			    val);
	a->has |= LF_HAS(k->attr);
	return 0;
}

int login_fault_parse(const char *kind, char *params, bool discovery,
		      struct login_fault_args *a, char *reason, size_t size)
{
	char *one;
	int err;

	memset(a, 0, sizeof(*a));
	while (a->kind < NR_LOGIN_FAULTS &&
	       strcasecmp(kinds[a->kind].name, kind))
		a->kind++;
	if (a->kind == NR_LOGIN_FAULTS)
		return fail(reason, size, "there is no such kind of fault");
	while ((one = strsep(&params, ","))) {
		err = *one ? set_key(a, one, reason, size) : 0;
		if (err)
			return err;
	}
	return check(a, discovery, reason, size);
}

void login_fault_print_params(const struct login_fault_args *a, char separator,
			      FILE *out)
{
	bool more = false;

	for (size_t i = 0; i < NR_KEYS; i++) {
		if (!(a->has & LF_HAS(keys[i].attr)))
			continue;
		if (more)
			fputc(separator, out);
		more = true;
		fprintf(out, "%s=", keys[i].name);
		keys[i].print(&keys[i], a, out);
	}
}
