// SPDX-License-Identifier: GPL-2.0-only
/*
 * Coverage-guided fuzzing of the login and discovery machines of ietd, above
 * a module in memory.  An input is a series of requests, each as
 *
 *	flags		1 byte: the second byte of the header
 *	change		1 byte: offset in the header, 0 to 47, of ...
 *	value		1 byte: ... a byte to be changed; with an offset of 48
 *			or more nothing is
 *	length		2 bytes, big endian
 *	text		so many bytes, or what is left
 *
 * In a text, "CHAP_R=@" stands for the right answer to the challenge, and in
 * a discovery session the request's opcode is Text unless it is changed.  Who
 * is called MEMBER has a session with each target, TSIH 1 and 2, and can join
 * it with another connection.
 */
#define _GNU_SOURCE
#include "acl.h"
#include "discovery.h"
#include "fake_account.h"
#include "fake_kernel.h"
#include "isns.h"
#include "log.h"
#include "login_client.h"
#include "portal.h"
#include "rate.h"

#define OPEN "iqn.2001-04.com.example:open"
#define CLOSED "iqn.2001-04.com.example:secret"
#define MEMBER "iqn.m"
#define SECRET "topsecret1234"
#define REQUESTS_MAX 300

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *data;
	size_t size;
};

static struct discovery discovery;
static bool in_discovery;

/* stands in for isns.c: each verdict about some initiators */
enum isns_verdict isns_access(const char *target, const char *initiator)
{
	(void)target;
	switch (initiator[strlen(initiator) - 1]) {
	case '8':
		return ISNS_FORBIDDEN;
	case '9':
		return ISNS_UNKNOWN;
	default:
		return ISNS_ALLOWED;
	}
}

/* stands in for portal.c */
int portal_addresses(const struct sockaddr *local,
		     int (*fn)(const struct sockaddr *sa, void *arg), void *arg)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
				    .sin6_port = htons(ISCSI_PORT),
				    .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int err = fn(local, arg);

	return err ? err : fn((const struct sockaddr *)&in6, arg);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	log_init("login_fuzz", false, false, 0);
	acl_init("/nonexistent", "/nonexistent");
	return 0;
}

static uint8_t take_byte(struct input *in)
{
	if (!in->size)
		return 0;
	in->size--;
	return *in->data++;
}

/* the right answer in hexadecimal digits takes the place of the '@' */
static char *take_text(struct input *in, size_t *len)
{
	static const char mark[] = "CHAP_R=@";
	uint8_t digest[CHAP_DIGEST_MAX];
	size_t n = *len, extra = 2 * sizeof(digest) + 1;
	char *text = malloc(n + extra), *at;
	const struct chap *c = &client_login.chap;
	size_t rest, digits;

	if (n)
		memcpy(text, in->data, n);
	in->data += n;
	in->size -= n;
	at = n ? memmem(text, n, mark, strlen(mark)) : NULL;
	if (!at || c->state != CHAP_WANT_R)
		return text;
	at += strlen(mark) - 1;
	rest = n - (at - text) - 1;
	digits = 2 * chap_digest(c->algorithm, c->id, SECRET, c->challenge,
				 sizeof(c->challenge), digest);
	memmove(at + 2 + digits, at + 1, rest);
	memcpy(at, "0x", 2);
	for (size_t i = 0; i < digits / 2; i++) {
		at[2 + 2 * i] = "0123456789abcdef"[digest[i] >> 4];
		at[3 + 2 * i] = "0123456789abcdef"[digest[i] & 15];
	}
	*len = n + 1 + digits;
	return text;
}

static void check_response(const struct pdu *rsp, enum pdu_action action)
{
	if (action == PDU_CLOSE || action == PDU_IGNORE)
		return;
	/* all of it must be there, and it must fit in a segment */
	for (size_t i = 0; i < rsp->len; i++) {
		volatile char c = ((const char *)rsp->data)[i];

		(void)c;
	}
	if (rsp->len > ISCSI_DATA_SEG_MAX)
		abort();
}

/* Return: false if this was the last one */
static bool one_request(struct input *in)
{
	uint8_t flags = take_byte(in);
	uint8_t at = take_byte(in), value = take_byte(in);
	size_t len = take_byte(in) << 8;
	struct iscsi_login_hdr hdr = client_hdr;
	uint8_t *bytes = (uint8_t *)&hdr;
	enum pdu_action action;
	struct pdu rsp = { 0 };
	size_t have;
	char *text, *copy;

	len |= take_byte(in);
	if (len > in->size)
		len = in->size;
	text = take_text(in, &len);
	if (in_discovery) {
		hdr.opcode = ISCSI_OP_TEXT_REQ;
		memset(bytes + 20, 0xff, 4);
		hdr.cmd_sn = htonl(discovery.exp_cmd_sn);
	}
	hdr.flags = flags;
	hdr.exp_stat_sn = client_hdr.exp_stat_sn;
	iscsi_set_dlength(&hdr, len);
	if (at < sizeof(hdr))
		bytes[at] = value;

	/* as conn.c does: exactly as much as the machine wants, or no more */
	have = in_discovery ? discovery_data_len(&discovery, (void *)&hdr) :
			      login_data_len((void *)&hdr);
	copy = calloc(1, have ? have : 1);
	memcpy(copy, text, have < len ? have : len);
	free(text);
	if (in_discovery)
		action =
			discovery_request(&discovery, (void *)&hdr, copy, &rsp);
	else
		action = login_request(&client_login, (void *)&hdr, copy, &rsp);
	check_response(&rsp, action);
	free(copy);
	client_hdr.exp_stat_sn = htonl(ntohl(rsp.login.stat_sn) + 1);

	if (action == PDU_ACCEPT && client_login.neg.discovery) {
		discovery_init(&discovery, &client_login);
		in_discovery = true;
		return true;
	}
	return action == PDU_SEND || action == PDU_IGNORE;
}

/* A session with one connection that others may join. */
static void session_with(const struct kernel_target *t, uint32_t erl)
{
	static const uint8_t isid[6] = { 0x40, 0, 1, 0x37, 0, 1 };
	struct kernel_session s = { .tid = t->tid, .initiator = MEMBER };
	struct kernel_conn c = { .tid = t->tid, .fd = -1 };

	memcpy(s.isid, isid, sizeof(isid));
	s.keys.set = K_HAS(IET_K_MAX_CONNECTIONS) |
		     K_HAS(IET_K_ERROR_RECOVERY_LEVEL);
	s.keys.val[IET_K_MAX_CONNECTIONS] = 2;
	s.keys.val[IET_K_ERROR_RECOVERY_LEVEL] = erl;
	if (kernel->session_new(&s))
		abort();
	c.sid = s.sid;
	if (kernel->conn_new(&c))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct kernel_target *t;

	fake_reset();
	fake_account_reset();
	rate_set(0);
	fake_info.max_connections = 16;
	fake_info.max_erl = 2;
	login_limits(&fake_info);
	session_with(fake_target(OPEN), 0);
	t = fake_target(CLOSED);
	session_with(t, 2);
	snprintf(t->alias, sizeof(t->alias), "a secret one");
	fake_account(CLOSED, ACCOUNT_INCOMING, "joe", SECRET);
	fake_account(CLOSED, ACCOUNT_OUTGOING, "jack", "othersecret12");

	client_begin();
	for (int i = 0; i < REQUESTS_MAX && in.size; i++)
		if (!one_request(&in))
			break;
	if (in_discovery)
		discovery_free(&discovery);
	in_discovery = false;
	login_free(&client_login);
	return 0;
}
