// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of all iSCSI keys (RFC 7143 section 13, RFC 7145 section 6) and
 * the one function that negotiates them.
 */
#include "negotiate.h"

#include <stdio.h>
#include <string.h>

#include "params.h"

#define BIT(id) (1ULL << (id))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* more keys that nobody knows than a peer in good faith sends */
#define UNKNOWN_MAX 128

#define PHASE_LOGIN (PHASE_SECURITY | PHASE_OPERATIONAL)
#define PHASE_ANY (PHASE_LOGIN | PHASE_FULL_FEATURE)

#define SEG_MIN 512
#define SEG_MAX 0xffffff

enum key_kind {
	KIND_TEXT, /* declared: the login looks at it, or nobody */
	KIND_SECURITY, /* answered by the login */
	KIND_LIST, /* first word of theirs that we accept, too */
	KIND_AND,
	KIND_OR,
	KIND_MIN,
	KIND_MAX,
	KIND_DECLARED_NUMBER,
	KIND_MARKER, /* obsolete: always No */
	KIND_MARKER_INTERVAL, /* obsolete: always Reject */
};

enum key_sender {
	SENDER_INITIATOR = 1,
	SENDER_TARGET = 2,
	SENDER_BOTH = 3,
};

enum key_scope {
	SCOPE_SESSION, /* may come on any connection, the same on all */
	SCOPE_LEADING, /* for the session, on its first connection only */
	SCOPE_CONNECTION,
};

enum key_irrelevant {
	NEVER = 0,
	IN_DISCOVERY = 1,
	WITHOUT_UNSOLICITED = 2, /* InitialR2T=Yes and ImmediateData=No */
	WITHOUT_RDMA = 4,
};

/* the values of a list, as bits of an IET_K_* */
struct key_word {
	const char *name;
	uint32_t bit;
};

static const struct key_word digests[] = {
	{ "None", IET_DIGEST_NONE },
	{ "CRC32C", IET_DIGEST_CRC32C },
	{ NULL, 0 },
};

static const struct key_word task_reporting[] = {
	{ "RFC3720", 1 },
	{ "ResponseFence", 2 },
	{ "FastAbort", 4 },
	{ NULL, 0 },
};

/**
 * struct key - a row of the table
 * @name: on the wire
 * @kind: how it is answered
 * @sender: who may send it
 * @phase: when
 * @scope: what it holds for
 * @irrelevant: when it is answered with Irrelevant
 * @again: it may be sent again, with the same value
 * @binary: its value may be as long as a binary one
 * @attr: IET_K_* of its value, 0 if it has none
 * @def: value if it is not negotiated
 * @min: smallest legal value
 * @max: largest legal value
 * @words: legal values of a list
 */
struct key {
	const char *name;
	uint8_t kind;
	uint8_t sender;
	uint8_t phase;
	uint8_t scope;
	uint8_t irrelevant;
	bool again;
	bool binary;
	uint8_t attr;
	uint32_t def;
	uint32_t min;
	uint32_t max;
	const struct key_word *words;
};

/* who sends it, in which phases, how often: a declared text */
#define TEXT(n, who, ph, sc, twice)                                      \
	{                                                                \
		.name = n, .kind = KIND_TEXT, .sender = SENDER_##who,    \
		.phase = PHASE_##ph, .scope = SCOPE_##sc, .again = twice \
	}
#define SECURITY(n, bin)                                                 \
	{                                                                \
		.name = n, .kind = KIND_SECURITY, .sender = SENDER_BOTH, \
		.phase = PHASE_SECURITY, .scope = SCOPE_CONNECTION,      \
		.binary = bin                                            \
	}
/*
 * Digests belong to the operational stage, but there are initiators that
 * offer them with the first request already.
 */
#define DIGEST(n, a)                                                        \
	{                                                                   \
		.name = n, .kind = KIND_LIST, .sender = SENDER_BOTH,        \
		.phase = PHASE_LOGIN, .scope = SCOPE_CONNECTION,            \
		.attr = IET_K_##a, .def = IET_DIGEST_NONE, .words = digests \
	}
#define SESSION(n, k, irr, a, d, lo, hi)                                     \
	{                                                                    \
		.name = n, .kind = KIND_##k, .sender = SENDER_BOTH,          \
		.phase = PHASE_OPERATIONAL, .scope = SCOPE_LEADING,          \
		.irrelevant = irr, .attr = a, .def = d, .min = lo, .max = hi \
	}
#define MARKER(n, k, a, d)                                             \
	{                                                              \
		.name = n, .kind = KIND_##k, .sender = SENDER_BOTH,    \
		.phase = PHASE_OPERATIONAL, .scope = SCOPE_CONNECTION, \
		.attr = IET_K_##a, .def = d                            \
	}

static const struct key keys[NR_KEYS] = {
	/* names, 13.4 to 13.9 and 13.21; some initiators repeat them */
	[KEY_INITIATOR_NAME] =
		TEXT("InitiatorName", INITIATOR, LOGIN, SESSION, true),
	[KEY_INITIATOR_ALIAS] =
		TEXT("InitiatorAlias", INITIATOR, ANY, SESSION, true),
	[KEY_TARGET_NAME] = TEXT("TargetName", BOTH, LOGIN, SESSION, true),
	[KEY_SESSION_TYPE] =
		TEXT("SessionType", INITIATOR, LOGIN, SESSION, true),
	[KEY_TARGET_ALIAS] = TEXT("TargetAlias", TARGET, ANY, SESSION, false),
	[KEY_TARGET_ADDRESS] =
		TEXT("TargetAddress", TARGET, ANY, SESSION, false),
	[KEY_TARGET_PORTAL_GROUP_TAG] =
		TEXT("TargetPortalGroupTag", TARGET, LOGIN, SESSION, false),
	/* 13.3: answered by the discovery session */
	[KEY_SEND_TARGETS] =
		TEXT("SendTargets", INITIATOR, FULL_FEATURE, SESSION, false),

	/* 12 */
	[KEY_AUTH_METHOD] = SECURITY("AuthMethod", false),
	[KEY_CHAP_A] = SECURITY("CHAP_A", false),
	[KEY_CHAP_I] = SECURITY("CHAP_I", false),
	[KEY_CHAP_C] = SECURITY("CHAP_C", true),
	[KEY_CHAP_N] = SECURITY("CHAP_N", false),
	[KEY_CHAP_R] = SECURITY("CHAP_R", true),

	/* 13.1 */
	[KEY_HEADER_DIGEST] = DIGEST("HeaderDigest", HEADER_DIGEST),
	[KEY_DATA_DIGEST] = DIGEST("DataDigest", DATA_DIGEST),

	/* 13.2, 13.10 to 13.20 */
	[KEY_MAX_CONNECTIONS] = SESSION("MaxConnections", MIN, IN_DISCOVERY,
					IET_K_MAX_CONNECTIONS, 1, 1, 65535),
	[KEY_INITIAL_R2T] = SESSION("InitialR2T", OR, IN_DISCOVERY,
				    IET_K_INITIAL_R2T, 1, 0, 1),
	[KEY_IMMEDIATE_DATA] = SESSION("ImmediateData", AND, IN_DISCOVERY,
				       IET_K_IMMEDIATE_DATA, 1, 0, 1),
	[KEY_MAX_RECV_DATA_SEGMENT_LENGTH] = {
		.name = "MaxRecvDataSegmentLength",
		.kind = KIND_DECLARED_NUMBER,
		.sender = SENDER_BOTH,
		.phase = PHASE_OPERATIONAL | PHASE_FULL_FEATURE,
		.scope = SCOPE_CONNECTION,
		/* what they receive is what we may send */
		.attr = IET_K_MAX_XMIT_DATA_SEGMENT_LENGTH,
		.def = 8192,
		.min = SEG_MIN,
		.max = SEG_MAX,
	},
	[KEY_MAX_BURST_LENGTH] =
		SESSION("MaxBurstLength", MIN, IN_DISCOVERY,
			IET_K_MAX_BURST_LENGTH, 262144, SEG_MIN, SEG_MAX),
	[KEY_FIRST_BURST_LENGTH] =
		SESSION("FirstBurstLength", MIN,
			IN_DISCOVERY | WITHOUT_UNSOLICITED,
			IET_K_FIRST_BURST_LENGTH, 65536, SEG_MIN, SEG_MAX),
	[KEY_DEFAULT_TIME2WAIT] = SESSION("DefaultTime2Wait", MAX, NEVER,
					  IET_K_DEFAULT_TIME2WAIT, 2, 0, 3600),
	[KEY_DEFAULT_TIME2RETAIN] =
		SESSION("DefaultTime2Retain", MIN, NEVER,
			IET_K_DEFAULT_TIME2RETAIN, 20, 0, 3600),
	[KEY_MAX_OUTSTANDING_R2T] =
		SESSION("MaxOutstandingR2T", MIN, IN_DISCOVERY,
			IET_K_MAX_OUTSTANDING_R2T, 1, 1, 65535),
	[KEY_DATA_PDU_IN_ORDER] = SESSION("DataPDUInOrder", OR, IN_DISCOVERY,
					  IET_K_DATA_PDU_IN_ORDER, 1, 0, 1),
	[KEY_DATA_SEQUENCE_IN_ORDER] =
		SESSION("DataSequenceInOrder", OR, IN_DISCOVERY,
			IET_K_DATA_SEQUENCE_IN_ORDER, 1, 0, 1),
	[KEY_ERROR_RECOVERY_LEVEL] =
		SESSION("ErrorRecoveryLevel", MIN, NEVER,
			IET_K_ERROR_RECOVERY_LEVEL, 0, 0, 2),

	/* 13.23, 13.24, 13.26 */
	[KEY_TASK_REPORTING] = {
		.name = "TaskReporting",
		.kind = KIND_LIST,
		.sender = SENDER_BOTH,
		.phase = PHASE_OPERATIONAL,
		.scope = SCOPE_LEADING,
		.irrelevant = IN_DISCOVERY,
		.attr = IET_K_TASK_REPORTING,
		.def = 1,
		.words = task_reporting,
	},
	[KEY_PROTOCOL_LEVEL] = SESSION("iSCSIProtocolLevel", MIN, IN_DISCOVERY,
				       IET_K_PROTOCOL_LEVEL, 1, 0, 31),
	[KEY_NODE_ARCHITECTURE] =
		TEXT("X#NodeArchitecture", BOTH, LOGIN, SESSION, false),

	/* 13.25: obsolete, but must not be answered with NotUnderstood */
	[KEY_IFMARKER] = MARKER("IFMarker", MARKER, IFMARKER, 0),
	[KEY_OFMARKER] = MARKER("OFMarker", MARKER, OFMARKER, 0),
	[KEY_IFMARKINT] =
		MARKER("IFMarkInt", MARKER_INTERVAL, IFMARKINT, 2048),
	[KEY_OFMARKINT] =
		MARKER("OFMarkInt", MARKER_INTERVAL, OFMARKINT, 2048),

	/* RFC 7145 section 6: on TCP, RDMAExtensions=No is the answer */
	[KEY_RDMA_EXTENSIONS] =
		SESSION("RDMAExtensions", AND, IN_DISCOVERY, 0, 0, 0, 1),
	[KEY_TARGET_RECV_DATA_SEGMENT_LENGTH] =
		SESSION("TargetRecvDataSegmentLength", MIN, WITHOUT_RDMA, 0,
			8192, SEG_MIN, SEG_MAX),
	[KEY_INITIATOR_RECV_DATA_SEGMENT_LENGTH] =
		SESSION("InitiatorRecvDataSegmentLength", MIN, WITHOUT_RDMA, 0,
			8192, SEG_MIN, SEG_MAX),
	[KEY_MAX_OUTSTANDING_UNEXPECTED_PDUS] =
		TEXT("MaxOutstandingUnexpectedPDUs", BOTH, OPERATIONAL,
		     SESSION, false),
	[KEY_MAX_AHS_LENGTH] =
		TEXT("MaxAHSLength", BOTH, OPERATIONAL, SESSION, false),
	[KEY_TAGGED_BUFFER_FOR_SOLICITED_DATA_ONLY] =
		TEXT("TaggedBufferForSolicitedDataOnly", BOTH, OPERATIONAL,
		     SESSION, false),
	[KEY_ISER_HELLO_REQUIRED] =
		TEXT("iSERHelloRequired", INITIATOR, OPERATIONAL, SESSION,
		     false),
};

_Static_assert(NR_KEYS <= 64, "keys are bits of an uint64_t");

const char *key_name(enum key_id id)
{
	return keys[id].name;
}

void negotiate_init(struct negotiation *n)
{
	*n = (struct negotiation){ .leading = true };
	text_init(&n->unknown, UNKNOWN_MAX * (TEXT_KEY_MAX + 1));

	for (size_t i = 0; i < NR_KEYS; i++) {
		if (!keys[i].attr)
			continue;
		n->result.val[keys[i].attr] = keys[i].def;
		n->result.set |= K_HAS(keys[i].attr);
	}
	n->result.val[IET_K_MAX_RECV_DATA_SEGMENT_LENGTH] =
		keys[KEY_MAX_RECV_DATA_SEGMENT_LENGTH].def;
	n->result.set |= K_HAS(IET_K_MAX_RECV_DATA_SEGMENT_LENGTH);
	n->policy = n->result;
}

void negotiate_free(struct negotiation *n)
{
	text_free(&n->unknown);
}

static void policy_of_discovery(struct negotiation *n)
{
	uint32_t *val = n->policy.val;

	val[IET_K_HEADER_DIGEST] = IET_DIGEST_NONE | IET_DIGEST_CRC32C;
	val[IET_K_DATA_DIGEST] = IET_DIGEST_NONE | IET_DIGEST_CRC32C;
	/* as much as one text request of an initiator in its right mind */
	val[IET_K_MAX_RECV_DATA_SEGMENT_LENGTH] = 8192;
	/* there are initiators that take the targets in one PDU only */
	val[IET_K_MAX_XMIT_DATA_SEGMENT_LENGTH] = SEG_MAX;
	val[IET_K_ERROR_RECOVERY_LEVEL] = 0;
}

void negotiate_policy(struct negotiation *n, const struct kernel_keys *conf,
		      const struct kernel_info *info)
{
	if (n->discovery) {
		policy_of_discovery(n);
		return;
	}

	for (size_t i = 0; i < nr_params; i++) {
		const struct param *p = &params[i];
		uint32_t limit = param_limit(p, info);
		uint32_t val = p->def;

		if (p->space != PARAM_KEY)
			continue;
		if (conf && conf->set & K_HAS(p->attr))
			val = conf->val[p->attr];
		n->policy.val[p->attr] = val < limit ? val : limit;
	}
	for (size_t i = 0; i < NR_KEYS; i++) {
		int attr = keys[i].attr;

		/* what the configuration language has no word for */
		if ((i == KEY_TASK_REPORTING || i == KEY_PROTOCOL_LEVEL) &&
		    conf && conf->set & K_HAS(attr))
			n->policy.val[attr] = conf->val[attr];
	}
}

static bool is_key(const char *name, enum key_id *id)
{
	for (size_t i = 0; i < NR_KEYS; i++) {
		if (!strcmp(keys[i].name, name)) {
			*id = i;
			return true;
		}
	}
	return false;
}

/* 6.2: answers, which are never answered themselves */
static bool is_answer(const char *value)
{
	return !strcmp(value, "NotUnderstood") || !strcmp(value, "Reject") ||
	       !strcmp(value, "Irrelevant");
}

static bool was_unknown(const struct negotiation *n, const char *name)
{
	const struct text_buf *names = &n->unknown;

	for (size_t at = 0; at < names->len; at += strlen(names->data + at) + 1)
		if (!strcmp(names->data + at, name))
			return true;
	return false;
}

static enum iscsi_login_status take_unknown(struct negotiation *n,
					    const char *name, const char *value,
					    struct text_buf *out)
{
	if (is_answer(value))
		return ISCSI_LOGIN_SUCCESS;
	if (was_unknown(n, name) || n->nr_unknown == UNKNOWN_MAX)
		return ISCSI_LOGIN_INITIATOR_ERROR;
	n->nr_unknown++;
	text_append(&n->unknown, name, strlen(name) + 1);
	text_add(out, name, "NotUnderstood");
	return ISCSI_LOGIN_SUCCESS;
}

static enum iscsi_login_status take_key(struct negotiation *n,
					enum key_phase phase, enum key_id id,
					const char *value,
					struct offers *offers)
{
	const struct key *k = &keys[id];

	/* what they think of a key of ours */
	if (is_answer(value))
		return n->sent & BIT(id) ? ISCSI_LOGIN_SUCCESS :
					   ISCSI_LOGIN_INITIATOR_ERROR;
	if (!k->binary && strlen(value) > TEXT_VALUE_MAX)
		return ISCSI_LOGIN_INITIATOR_ERROR;
	if (offers->value[id] || (n->seen & BIT(id) && !k->again))
		return ISCSI_LOGIN_INITIATOR_ERROR;
	if (!(k->sender & SENDER_INITIATOR) || !(k->phase & phase)) {
		if (phase != PHASE_FULL_FEATURE)
			return ISCSI_LOGIN_INITIATOR_ERROR;
		offers->illegal |= BIT(id);
	}
	n->seen |= BIT(id);
	offers->value[id] = value;
	return ISCSI_LOGIN_SUCCESS;
}

enum iscsi_login_status negotiate_parse(struct negotiation *n,
					enum key_phase phase, char *text,
					size_t len, struct offers *offers,
					struct text_buf *out)
{
	enum iscsi_login_status status = ISCSI_LOGIN_SUCCESS;
	const char *name, *value;
	/* an empty buffer has no memory, and nothing may be added to that */
	char *pos = text, *end = len ? text + len : text;
	enum key_id id;

	memset(offers, 0, sizeof(*offers));
	while (status == ISCSI_LOGIN_SUCCESS) {
		if (text_next(&pos, end, &name, &value))
			return ISCSI_LOGIN_INITIATOR_ERROR;
		if (!name)
			break;
		if (is_key(name, &id))
			status = take_key(n, phase, id, value, offers);
		else
			status = take_unknown(n, name, value, out);
	}
	return status;
}

static void reject(const struct key *k, struct text_buf *out)
{
	text_add(out, k->name, "Reject");
}

static void settle(struct negotiation *n, const struct key *k, uint32_t val)
{
	if (k->attr)
		n->result.val[k->attr] = val;
}

static uint32_t wanted(const struct negotiation *n, const struct key *k)
{
	uint32_t val = k->attr ? n->policy.val[k->attr] : k->def;

	/* 13.14: never more than MaxBurstLength */
	if (k->attr == IET_K_FIRST_BURST_LENGTH &&
	    val > n->result.val[IET_K_MAX_BURST_LENGTH])
		val = n->result.val[IET_K_MAX_BURST_LENGTH];
	/* 13.19: only the last R2T may be sent again */
	if (k->attr == IET_K_MAX_OUTSTANDING_R2T &&
	    n->result.val[IET_K_ERROR_RECOVERY_LEVEL])
		val = 1;
	return val;
}

static enum iscsi_login_status answer_nothing(struct negotiation *n,
					      const struct key *k,
					      const char *value,
					      struct text_buf *out)
{
	(void)n;
	(void)k;
	(void)value;
	(void)out;
	return ISCSI_LOGIN_SUCCESS;
}

static enum iscsi_login_status answer_list(struct negotiation *n,
					   const struct key *k,
					   const char *value,
					   struct text_buf *out)
{
	const char *pos = value, *word;
	size_t len;

	while ((word = text_list_next(&pos, &len))) {
		for (const struct key_word *w = k->words; w->name; w++) {
			if (strlen(w->name) != len ||
			    memcmp(w->name, word, len) ||
			    !(wanted(n, k) & w->bit))
				continue;
			settle(n, k, w->bit);
			text_add(out, k->name, "%s", w->name);
			return ISCSI_LOGIN_SUCCESS;
		}
	}
	reject(k, out);
	return ISCSI_LOGIN_SUCCESS;
}

static enum iscsi_login_status answer_bool(struct negotiation *n,
					   const struct key *k,
					   const char *value,
					   struct text_buf *out)
{
	bool yes = !strcmp(value, "Yes");
	bool ours = wanted(n, k);

	if (!yes && strcmp(value, "No")) {
		reject(k, out);
		return ISCSI_LOGIN_SUCCESS;
	}
	yes = k->kind == KIND_AND ? yes && ours : yes || ours;
	settle(n, k, yes);
	text_add(out, k->name, "%s", yes ? "Yes" : "No");
	return ISCSI_LOGIN_SUCCESS;
}

static bool in_range(const struct key *k, const char *value, uint64_t *num)
{
	return !text_number(value, num) && *num >= k->min && *num <= k->max;
}

static enum iscsi_login_status answer_number(struct negotiation *n,
					     const struct key *k,
					     const char *value,
					     struct text_buf *out)
{
	uint32_t ours = wanted(n, k);
	uint64_t num;

	if (!in_range(k, value, &num)) {
		reject(k, out);
		return ISCSI_LOGIN_SUCCESS;
	}
	if (k->kind == KIND_MIN ? num > ours : num < ours)
		num = ours;
	settle(n, k, num);
	text_add(out, k->name, "%u", (uint32_t)num);
	return ISCSI_LOGIN_SUCCESS;
}

/* a declaration has no answer to refuse it with */
static enum iscsi_login_status answer_declared(struct negotiation *n,
					       const struct key *k,
					       const char *value,
					       struct text_buf *out)
{
	uint32_t ours = wanted(n, k);
	uint64_t num;

	(void)out;
	if (!in_range(k, value, &num))
		return ISCSI_LOGIN_INITIATOR_ERROR;
	settle(n, k, num < ours ? num : ours);
	return ISCSI_LOGIN_SUCCESS;
}

static enum iscsi_login_status answer_marker(struct negotiation *n,
					     const struct key *k,
					     const char *value,
					     struct text_buf *out)
{
	(void)n;
	(void)value;
	if (k->kind == KIND_MARKER)
		text_add(out, k->name, "No");
	else
		reject(k, out);
	return ISCSI_LOGIN_SUCCESS;
}

typedef enum iscsi_login_status (*answer_fn)(struct negotiation *n,
					     const struct key *k,
					     const char *value,
					     struct text_buf *out);

static const answer_fn answers[] = {
	[KIND_TEXT] = answer_nothing,  [KIND_SECURITY] = answer_nothing,
	[KIND_LIST] = answer_list,     [KIND_AND] = answer_bool,
	[KIND_OR] = answer_bool,       [KIND_MIN] = answer_number,
	[KIND_MAX] = answer_number,    [KIND_DECLARED_NUMBER] = answer_declared,
	[KIND_MARKER] = answer_marker, [KIND_MARKER_INTERVAL] = answer_marker,
};

static bool is_irrelevant(const struct negotiation *n, const struct key *k)
{
	const uint32_t *val = n->result.val;

	if (k->irrelevant & IN_DISCOVERY && n->discovery)
		return true;
	if (k->irrelevant & WITHOUT_UNSOLICITED && val[IET_K_INITIAL_R2T] &&
	    !val[IET_K_IMMEDIATE_DATA])
		return true;
	return k->irrelevant & WITHOUT_RDMA;
}

enum iscsi_login_status negotiate_answer(struct negotiation *n,
					 const struct offers *offers,
					 struct text_buf *out)
{
	enum iscsi_login_status status = ISCSI_LOGIN_SUCCESS;

	for (size_t i = 0; i < NR_KEYS && !status; i++) {
		const struct key *k = &keys[i];

		if (!offers->value[i])
			continue;
		if (offers->illegal & BIT(i) ||
		    (k->scope == SCOPE_LEADING && !n->leading))
			reject(k, out);
		else if (is_irrelevant(n, k))
			text_add(out, k->name, "Irrelevant");
		else
			status = answers[k->kind](n, k, offers->value[i], out);
	}
	return status;
}

void negotiate_tell(struct negotiation *n, enum key_id id, const char *value,
		    struct text_buf *out)
{
	n->sent |= BIT(id);
	text_add(out, key_name(id), "%s", value);
}

void negotiate_declare(struct negotiation *n, struct text_buf *out)
{
	uint32_t val = n->policy.val[IET_K_MAX_RECV_DATA_SEGMENT_LENGTH];
	char number[16];

	if (n->sent & BIT(KEY_MAX_RECV_DATA_SEGMENT_LENGTH))
		return;
	n->result.val[IET_K_MAX_RECV_DATA_SEGMENT_LENGTH] = val;
	snprintf(number, sizeof(number), "%u", val);
	negotiate_tell(n, KEY_MAX_RECV_DATA_SEGMENT_LENGTH, number, out);
}

enum iscsi_login_status negotiate_finish(struct negotiation *n)
{
	uint32_t *val = n->result.val;

	if (val[IET_K_FIRST_BURST_LENGTH] <= val[IET_K_MAX_BURST_LENGTH])
		return ISCSI_LOGIN_SUCCESS;
	/* agreed on in an earlier request, before MaxBurstLength was */
	if (n->seen & BIT(KEY_FIRST_BURST_LENGTH) &&
	    !is_irrelevant(n, &keys[KEY_FIRST_BURST_LENGTH]))
		return ISCSI_LOGIN_INITIATOR_ERROR;
	val[IET_K_FIRST_BURST_LENGTH] = val[IET_K_MAX_BURST_LENGTH];
	return ISCSI_LOGIN_SUCCESS;
}
