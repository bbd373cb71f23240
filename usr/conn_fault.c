// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "conn_fault.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "iet_netlink.h"
#include "iet_random.h"

/* pieces of a response that is split at random have up to so many bytes */
#define PIECE_MAX 256
/* what a DataSegmentLength can say */
#define TEXT_MAX 0xffffff

/* --- whose it is --- */

/* The names are in the first request, if they are anywhere. */
static void read_names(struct conn_fault_who *who, char *text, size_t len)
{
	const char *key, *value;
	char *pos = text;
	bool discovery = false, named = false, target = false;

	while (!text_next(&pos, text + len, &key, &value) && key) {
		if (!strcmp(key, key_name(KEY_INITIATOR_NAME)))
			named = login_name(who->initiator,
					   sizeof(who->initiator), value);
		else if (!strcmp(key, key_name(KEY_TARGET_NAME)))
			target = login_name(who->target, sizeof(who->target),
					    value);
		else if (!strcmp(key, key_name(KEY_SESSION_TYPE)))
			discovery = !strcmp(value, "Discovery");
	}
	if (discovery)
		who->target[0] = '\0';
	who->known = named && (discovery || target);
}

void conn_fault_who(struct conn_fault_who *who, const struct login *l,
		    const struct discovery *d, const struct iscsi_hdr *hdr,
		    const void *data)
{
	size_t len = login_data_len(hdr);
	char *copy;

	memset(who, 0, sizeof(*who));
	if (d) {
		who->known = who->in_session = true;
		memcpy(who->initiator, d->initiator, sizeof(who->initiator));
		return;
	}
	if (l->identified) {
		who->known = true;
		memcpy(who->initiator, l->session.initiator,
		       sizeof(who->initiator));
		if (!l->neg.discovery)
			memcpy(who->target, l->target.name,
			       sizeof(who->target));
		return;
	}
	copy = len ? malloc(len) : NULL;
	if (!copy)
		return;
	memcpy(copy, data, len);
	read_names(who, copy, len);
	/* it may have what answers a challenge */
	explicit_bzero(copy, len);
	free(copy);
}

/* --- requests --- */

static bool is_final(const struct iscsi_hdr *hdr)
{
	return hdr->flags & ISCSI_LOGIN_TRANSIT &&
	       (hdr->flags & ISCSI_LOGIN_STAGE_MASK) ==
		       ISCSI_STAGE_FULL_FEATURE;
}

static uint8_t stage_of(const struct iscsi_hdr *hdr, bool final)
{
	uint8_t stage = hdr->flags >> ISCSI_LOGIN_CSG_SHIFT &
			ISCSI_LOGIN_STAGE_MASK;

	return (stage == ISCSI_STAGE_SECURITY ? LOGIN_FAULT_SECURITY :
						LOGIN_FAULT_OPERATIONAL) |
	       (final ? LOGIN_FAULT_FINAL : 0);
}

static void describe(struct login_fault_what *what,
		     const struct conn_fault_who *who, uint8_t pdu,
		     uint8_t stage)
{
	memset(what, 0, sizeof(*what));
	what->target = who->target;
	what->initiator = who->initiator;
	what->pdu = pdu;
	what->stage = stage;
}

enum conn_fault_do conn_fault_request(const struct conn_fault_who *who,
				      const struct iscsi_hdr *hdr, bool held,
				      const struct login_fault **rule)
{
	static const struct {
		enum login_fault_kind kind;
		enum conn_fault_do what;
	} order[] = {
		{ LOGIN_FAULT_DELAY, CONN_FAULT_HOLD },
		{ LOGIN_FAULT_DROP, CONN_FAULT_DROP },
		{ LOGIN_FAULT_WITHHOLD, CONN_FAULT_WITHHOLD },
		{ LOGIN_FAULT_STATUS, CONN_FAULT_REFUSE },
	};
	uint8_t pdu = iscsi_opcode(hdr);
	bool login = pdu == ISCSI_OP_LOGIN_REQ && !who->in_session;
	struct login_fault_what what;

	if (!who->known)
		return CONN_FAULT_NONE;
	describe(&what, who, pdu, login ? stage_of(hdr, is_final(hdr)) : 0);
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if ((held && order[i].what == CONN_FAULT_HOLD) ||
		    (!login && order[i].what == CONN_FAULT_REFUSE))
			continue;
		*rule = login_fault_fire(order[i].kind, &what, NULL, NULL);
		if (*rule)
			return order[i].what;
	}
	return CONN_FAULT_NONE;
}

enum pdu_action conn_fault_refuse(const struct login_fault *rule,
				  struct login *l, const struct iscsi_hdr *hdr,
				  struct pdu *rsp)
{
	char address[LOGIN_FAULT_TEXT_MAX + 1];
	long len = login_fault_decode(rule->args.address, address);

	address[len > 0 ? len : 0] = '\0';
	return login_refuse(l, hdr, rule->args.status, address, rsp);
}

/* --- text of responses --- */

/* Another one of its kind, so that the value keeps its form. */
static char other_character(char c)
{
	if (c >= '0' && c <= '9')
		return '0' + (c - '0' + 1) % 10;
	return c == 'a' || c == 'A' ? c + 1 : 'a';
}

static void add_pair(struct text_buf *out, const char *key, const char *value)
{
	char bytes[LOGIN_FAULT_TEXT_MAX + 1];
	long len = login_fault_decode(value, bytes);

	text_append(out, key, strlen(key));
	text_append(out, "=", 1);
	if (len > 0)
		text_append(out, bytes, len);
	text_append(out, "", 1);
}

/* what a rule makes of a pair with its key; @len: with its NUL */
static void do_pair(struct text_buf *out, const struct login_fault_args *a,
		    const char *pair, size_t len)
{
	size_t last;

	switch (login_fault_do_of(a)) {
	case LOGIN_FAULT_OMIT:
		return;
	case LOGIN_FAULT_CHANGE:
		add_pair(out, a->key, a->value);
		return;
	case LOGIN_FAULT_TWICE:
		text_append(out, pair, len);
		break;
	default:
		break;
	}
	text_append(out, pair, len);
	if (login_fault_do_of(a) != LOGIN_FAULT_DAMAGE || out->failed)
		return;
	last = out->len - 1;
	if (last && !out->data[last])
		last--;
	out->data[last] = other_character(out->data[last]);
}

static bool is_pair_of(const char *pair, size_t len, const char *key)
{
	size_t n = strlen(key);

	return len > n && !memcmp(pair, key, n) && pair[n] == '=';
}

static void change_keys(struct text_buf *out, const struct login_fault_args *a,
			const struct pdu *rsp)
{
	const char *p = rsp->data, *end = p + rsp->len;
	bool add = login_fault_do_of(a) == LOGIN_FAULT_ADD;

	while (p && p < end) {
		size_t len = strnlen(p, end - p);

		/* what a response before has begun has no NUL of its own */
		len += p + len < end;
		if (!add && is_pair_of(p, len, a->key))
			do_pair(out, a, p, len);
		else
			text_append(out, p, len);
		p += len;
	}
	if (add)
		add_pair(out, a->key, a->value);
}

/* Keys that nobody knows, up to a length. */
static void fill_up(struct text_buf *out, size_t length)
{
	static const char pair[] = "X-org.example.fill="
				   "abcdefghijklmnopqrstuvwxyz"
				   "abcdefghijklmnopqrstuvwxyz";

	while (out->len < length && !out->failed) {
		size_t rest = length - out->len;

		text_append(out, pair,
			    rest < sizeof(pair) ? rest : sizeof(pair));
	}
	if (out->len)
		out->data[out->len - 1] = '\0';
}

static void change_text(struct text_buf *out, const struct login_fault_args *a,
			const struct pdu *rsp)
{
	char bytes[LOGIN_FAULT_TEXT_MAX + 1];
	long len;

	if (a->has & LF_HAS(LF_VALUE)) {
		len = login_fault_decode(a->value, bytes);
		text_append(out, bytes, len > 0 ? len : 0);
	} else if (a->has & LF_HAS(LF_LENGTH)) {
		text_append(out, rsp->data, rsp->len);
	}
	if (!(a->has & LF_HAS(LF_LENGTH)) || out->failed)
		return;
	if (out->len < a->length)
		fill_up(out, a->length);
	else
		out->len = a->length;
}

/* The text that a rule has made takes the place of the one before. */
static void take_text(struct conn_fault *f, struct text_buf *made,
		      struct pdu *rsp)
{
	/* without memory it stays as it was */
	if (made->failed) {
		text_free(made);
		return;
	}
	text_free(&f->text);
	f->text = *made;
	f->changed = true;
	rsp->data = made->len ? f->text.data : NULL;
	rsp->len = made->len;
}

/* Return: true if another rule of the kind may have something to add */
static bool change(struct conn_fault *f, struct login_fault_what *what,
		   enum login_fault_kind kind, struct pdu *rsp,
		   const struct login_fault **rule)
{
	struct text_buf made;

	what->text = rsp->data;
	what->len = rsp->len;
	*rule = login_fault_fire(kind, what, *rule, NULL);
	if (!*rule)
		return false;
	text_init(&made, TEXT_MAX);
	if (kind == LOGIN_FAULT_TEXT)
		change_text(&made, &(*rule)->args, rsp);
	else
		change_keys(&made, &(*rule)->args, rsp);
	take_text(f, &made, rsp);
	return true;
}

/* --- responses --- */

static void flip_data(struct conn_fault *f, const struct login_fault *rule,
		      uint32_t random, struct pdu *rsp)
{
	struct text_buf made;
	size_t at = random;

	if (rule->args.has & LF_HAS(LF_BYTE))
		at = rule->args.byte;
	text_init(&made, TEXT_MAX);
	text_append(&made, rsp->data, rsp->len);
	if (!made.failed)
		made.data[at % made.len] ^= 0xff;
	take_text(f, &made, rsp);
}

static void flip_header(const struct login_fault *rule, uint32_t random,
			struct pdu *rsp)
{
	uint8_t *bytes = (uint8_t *)&rsp->hdr;

	if (rule->args.has & LF_HAS(LF_BYTE))
		bytes[rule->args.byte] ^= 0xff;
	else
		bytes[random % ISCSI_BHS_LEN] ^= 0xff;
}

/* What happens on its way. */
static void plan(struct conn_fault *f, const struct login_fault_what *what)
{
	const struct login_fault *rule;

	f->twice = login_fault_fire(LOGIN_FAULT_DUPLICATE, what, NULL, NULL);
	rule = login_fault_fire(LOGIN_FAULT_SPLIT, what, NULL, &f->random);
	f->split = rule;
	f->byte = rule ? rule->args.byte : 0;
	rule = login_fault_fire(LOGIN_FAULT_DROP, what, NULL, NULL);
	f->drop = rule;
	f->drop_at = rule ? rule->args.byte : 0;
}

void conn_fault_response(struct conn_fault *f, const struct conn_fault_who *who,
			 const struct iscsi_hdr *req, struct pdu *rsp,
			 bool final)
{
	uint8_t pdu = iscsi_opcode(&rsp->hdr);
	const struct login_fault *rule = NULL;
	struct login_fault_what what;
	uint32_t random;

	conn_fault_free(f);
	if (!who->known)
		return;
	describe(&what, who, pdu,
		 pdu == ISCSI_OP_LOGIN_RSP ? stage_of(req, final) : 0);
	f->withheld = login_fault_fire(LOGIN_FAULT_WITHHOLD, &what, NULL, NULL);
	if (f->withheld)
		return;
	change(f, &what, LOGIN_FAULT_TEXT, rsp, &rule);
	rule = NULL;
	while (change(f, &what, LOGIN_FAULT_KEY, rsp, &rule))
		;
	if (rsp->len) {
		rule = login_fault_fire(LOGIN_FAULT_DATA, &what, NULL, &random);
		if (rule)
			flip_data(f, rule, random, rsp);
	}
	iscsi_set_dlength(&rsp->hdr, rsp->len);
	rule = login_fault_fire(LOGIN_FAULT_HEADER, &what, NULL, &random);
	if (rule)
		flip_header(rule, random, rsp);
	plan(f, &what);
}

/* --- on its way --- */

/* Where the next segment ends. */
static size_t next_cut(struct conn_fault *f, size_t pos, size_t len)
{
	if (f->cut > pos)
		return f->cut;
	if (!f->byte)
		f->cut = pos + 1 + iet_random(&f->random) % PIECE_MAX;
	else
		f->cut = pos < f->byte ? f->byte : len;
	return f->cut;
}

size_t conn_fault_piece(struct conn_fault *f, size_t pos, size_t len,
			int *flags)
{
	size_t end = len;

	if (f->drop && f->drop_at < len)
		end = f->drop_at;
	if (pos < end && f->split) {
		size_t cut = next_cut(f, pos, len);

		if (cut < end)
			end = cut;
		*flags |= MSG_EOR;
	}
	return end > pos ? end - pos : 0;
}

void conn_fault_free(struct conn_fault *f)
{
	text_free(&f->text);
	memset(f, 0, sizeof(*f));
}
