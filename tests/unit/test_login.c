// SPDX-License-Identifier: GPL-2.0-only
/* The login phase: stages, flags, names, access, sessions, known initiators */
#include <errno.h>
#include <unistd.h>

#include "acl.h"
#include "fake_account.h"
#include "fake_kernel.h"
#include "handoff.h"
#include "ktap.h"
#include "log.h"
#include "login_client.h"
#include "lun_access.h"
#include "rate.h"
#include "target_portal.h"

#define TARGET "iqn.2001-04.com.example:disk"
#define INITIATOR "iqn.1991-05.com.microsoft:host"
#define SECRET "secret-of-12+"

#define NAMES "InitiatorName=" INITIATOR "\0TargetName=" TARGET
#define NORMAL NAMES "\0SessionType=Normal"
#define DISCOVERY "InitiatorName=" INITIATOR "\0SessionType=Discovery"

static struct kernel_target *target;
static FILE *null;

/* what the log is told in between, in log_text */
static char log_text[4096];
static FILE *log_file;

static void log_begin(void)
{
	memset(log_text, 0, sizeof(log_text));
	log_file = fmemopen(log_text, sizeof(log_text) - 1, "w");
	log_capture(log_file);
}

static void log_end(void)
{
	fclose(log_file);
	log_capture(null);
}

static void set_key(enum iet_key_attr attr, uint32_t val)
{
	target->keys.set |= K_HAS(attr);
	target->keys.val[attr] = val;
}

/* a target that wants what the RFC has for defaults */
static void begin(void)
{
	struct negotiation n;

	fake_reset();
	fake_account_reset();
	login_limits(&fake_info);
	rate_set(0);
	acl_init("/nonexistent", "/nonexistent");
	target = fake_target(TARGET);
	negotiate_init(&n);
	target->keys = n.result;
	negotiate_free(&n);
	client_begin();
}

/* --- the ways through ---------------------------------------------------- */

/* its FirstBurstLength is irrelevant, whatever the default */
static void test_nothing_unsolicited(void)
{
	begin();
	CHECK_EQ(client_send(OP_TO_FFP, TEXT(NORMAL "\0InitialR2T=Yes"
						    "\0ImmediateData=No"
						    "\0MaxBurstLength=512"
						    "\0FirstBurstLength=512")),
		 0);
	CHECK_EQ(client_action, PDU_ACCEPT);
	CHECK_STR(client_key("FirstBurstLength"), "Irrelevant");
	CHECK_STR(client_key("MaxBurstLength"), "512");
}

static void test_two_stages(void)
{
	begin();
	CHECK_EQ(client_send(SEC_TO_OP, TEXT(NORMAL "\0AuthMethod=None")), 0);
	CHECK_EQ(client_action, PDU_SEND);
	CHECK_EQ(client_rsp.login.flags, SEC_TO_OP);
	CHECK_EQ(client_rsp.login.tsih, 0);
	CHECK_STR(client_key("AuthMethod"), "None");
	CHECK_STR(client_key("TargetPortalGroupTag"), "1");
	CHECK_EQ(client_keys(), 2);
	CHECK_EQ(client_send(OP_TO_FFP, TEXT("MaxBurstLength=65536")), 0);
	CHECK_EQ(client_action, PDU_ACCEPT);
	CHECK_EQ(client_rsp.login.flags, OP_TO_FFP);
	CHECK_STR(client_key("MaxBurstLength"), "65536");
	CHECK_STR(client_key("MaxRecvDataSegmentLength"), "8192");
	CHECK_EQ(client_keys(), 2);
	CHECK(client_rsp.login.tsih != 0);
	CHECK_EQ(ntohl(client_rsp.login.exp_cmd_sn), 1);
	CHECK_EQ(ntohl(client_rsp.login.max_cmd_sn), 32);
}

static void test_operational_only(void)
{
	begin();
	CHECK_EQ(client_send(OP_TO_FFP, TEXT(NORMAL)), 0);
	CHECK_EQ(client_action, PDU_ACCEPT);
	CHECK_STR(client_key("TargetPortalGroupTag"), "1");
}

static void test_security_only(void)
{
	begin();
	CHECK_EQ(client_send(SEC_TO_FFP, TEXT(NORMAL "\0AuthMethod=None")), 0);
	CHECK_EQ(client_action, PDU_ACCEPT);
	CHECK_EQ(client_rsp.login.flags, SEC_TO_FFP);
	CHECK(!client_key("MaxRecvDataSegmentLength"));
	/* nothing negotiated: the RFC's defaults */
	CHECK_EQ(fake_session(0)->keys.val[IET_K_MAX_BURST_LENGTH], 262144);
	CHECK_EQ(fake_session(0)->keys.val[IET_K_FIRST_BURST_LENGTH], 65536);
	CHECK_EQ(fake_session(0)->keys.val[IET_K_INITIAL_R2T], 1);
}

static void test_many_requests(void)
{
	begin();
	CHECK_EQ(client_send(SEC, TEXT(NAMES)), 0);
	CHECK_EQ(client_rsp.login.flags, SEC);
	CHECK_EQ(client_send(SEC, TEXT("AuthMethod=None")), 0);
	CHECK_EQ(client_send(SEC_TO_OP, NO_TEXT), 0);
	CHECK_EQ(client_rsp.login.flags, SEC_TO_OP);
	CHECK_EQ(client_send(OP, TEXT("InitialR2T=No")), 0);
	CHECK_EQ(client_rsp.login.flags, OP);
	CHECK_EQ(client_send(OP_TO_FFP, NO_TEXT), 0);
	CHECK_EQ(client_action, PDU_ACCEPT);
	CHECK_EQ(ntohl(client_rsp.login.stat_sn), 5);
}

static void test_type_absent_and_alias(void)
{
	begin();
	strcpy(target->alias, "the disk");
	CHECK_EQ(client_send(OP, TEXT(NAMES)), 0);
	CHECK_STR(client_key("TargetAlias"), "the disk");
	CHECK_STR(client_key("TargetPortalGroupTag"), "1");
}

/* --- refusals ------------------------------------------------------------ */

struct refusal {
	const char *name;
	uint8_t flags;
	const char *text;
	size_t len;
	int status;
};

static const struct refusal refusals[] = {
	{ "no InitiatorName", OP, TEXT("TargetName=" TARGET), 0x0207 },
	{ "no TargetName", OP, TEXT("InitiatorName=" INITIATOR), 0x0207 },
	{ "no names", OP, NO_TEXT, 0x0207 },
	{ "no InitiatorName, discovery", OP, TEXT("SessionType=Discovery"),
	  0x0207 },
	{ "empty InitiatorName", OP, TEXT("InitiatorName=\0TargetName=x"),
	  0x0200 },
	{ "blank in InitiatorName", OP, TEXT("InitiatorName=a b\0TargetName=x"),
	  0x0200 },
	{ "control character in InitiatorName", OP,
	  TEXT("InitiatorName=iqn.\x1b[1m\0TargetName=x"), 0x0200 },
	{ "... of those beyond ASCII", OP,
	  TEXT("InitiatorName=iqn.\xc2\x9b"
	       "1m\0TargetName=x"),
	  0x0200 },
	{ "no UTF-8 in InitiatorName", OP,
	  TEXT("InitiatorName=iqn.\xe4\0TargetName=x"), 0x0200 },
	{ "unknown type", OP, TEXT(NAMES "\0SessionType=Other"), 0x0209 },
	{ "unknown target", OP,
	  TEXT("InitiatorName=" INITIATOR "\0TargetName=iqn.x"), 0x0203 },
	{ "reserved CSG", 0x08, TEXT(NORMAL), 0x0200 },
	{ "CSG is full feature", 0x0c, TEXT(NORMAL), 0x0200 },
	{ "reserved NSG", T_BIT | 0x02, TEXT(NORMAL), 0x0200 },
	{ "NSG is CSG", T_BIT | 0x00, TEXT(NORMAL), 0x0200 },
	{ "NSG is CSG, operational", T_BIT | 0x05, TEXT(NORMAL), 0x0200 },
	{ "NSG before CSG", T_BIT | 0x04, TEXT(NORMAL), 0x0200 },
	{ "T and C", T_BIT | C_BIT | 0x01, TEXT(NORMAL), 0x0200 },
	{ "text without =", OP, TEXT(NORMAL "\0garbage"), 0x0200 },
	{ "text without NUL", OP, NORMAL, sizeof(NORMAL) - 1, 0x0200 },
	{ "twice the same key", OP,
	  TEXT(NORMAL "\0InitialR2T=No\0InitialR2T=No"), 0x0200 },
	{ "security key", OP, TEXT(NORMAL "\0AuthMethod=None"), 0x0200 },
	{ "operational key", SEC, TEXT(NORMAL "\0MaxBurstLength=512"), 0x0200 },
	{ "a key of ours", OP, TEXT(NORMAL "\0TargetPortalGroupTag=1"),
	  0x0200 },
	{ "no method of ours", SEC_TO_OP, TEXT(NORMAL "\0AuthMethod=KRB5"),
	  0x0201 },
	{ "CHAP where there is none", SEC_TO_OP,
	  TEXT(NORMAL "\0AuthMethod=CHAP"), 0x0201 },
	{ "CHAP out of the blue", SEC, TEXT(NORMAL "\0CHAP_A=5"), 0x0200 },
};

static void test_refusals(void)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const struct refusal *r = &refusals[i];
		bool ok = ktap_ok;

		begin();
		CHECK_EQ(client_send(r->flags, r->text, r->len), r->status);
		CHECK_EQ(client_action, PDU_SEND_CLOSE);
		CHECK_EQ(client_rsp.len, 0);
		CHECK(!(client_rsp.login.flags & T_BIT));
		CHECK_EQ(fake_calls[FAKE_SESSION_NEW], 0);
		CHECK_ROW(r->name, ok);
	}
}

/* the administrator is told what it was */
static void test_refusals_in_log(void)
{
	begin();
	log_begin();
	CHECK_EQ(client_send(OP, TEXT("InitiatorName=" INITIATOR
				      "\0TargetName=iqn.x")),
		 0x0203);
	client_begin();
	CHECK_EQ(client_send(SEC_TO_OP, TEXT(NORMAL "\0AuthMethod=CHAP")),
		 0x0201);
	fake_account(TARGET, ACCOUNT_INCOMING, "joe", SECRET);
	client_begin();
	CHECK_EQ(client_send(SEC_TO_OP, TEXT(NORMAL "\0AuthMethod=None")),
		 0x0201);
	client_begin();
	CHECK_EQ(client_send(OP, TEXT(NORMAL)), 0x0201);
	log_end();
	CHECK(strstr(log_text, "target iqn.x) refused with status 0x0203: "
			       "no such target\n"));
	CHECK(strstr(log_text, "target " TARGET ") refused with status 0x0201: "
			       "authentication failed: it insists on "
			       "authentication, and there is no IncomingUser"));
	CHECK(strstr(log_text, ": it does not offer CHAP\n"));
	CHECK(strstr(log_text, ": it does not authenticate\n"));
	/* which must not do things to a terminal */
	log_begin();
	client_begin();
	CHECK_EQ(client_send(OP, TEXT("InitiatorName=iqn.\xc3\xa4"
				      "\0TargetName=\x1b[1m\xc2\x9b"
				      "1m\xc3\xa4\x9b\xe2\x82")),
		 0x0203);
	log_end();
	CHECK(strstr(log_text, "(initiator iqn.\xc3\xa4, target "
			       "?[1m??1m\xc3\xa4???"
			       ") refused"));
}

static void test_headers(void)
{
	begin();
	client_hdr.version_min = 1;
	client_hdr.version_max = 2;
	CHECK_EQ(client_send(OP, TEXT(NORMAL)), 0x0205);
	begin();
	client_hdr.version_max = 2;
	CHECK_EQ(client_send(OP, TEXT(NORMAL)), 0);
	CHECK_EQ(client_rsp.login.version_active, 0);
	begin();
	client_hdr.opcode = ISCSI_OP_LOGIN_REQ;
	CHECK_EQ(client_send(OP, TEXT(NORMAL)), 0x0200);
	begin();
	client_hdr.ahs_len = 1;
	CHECK_EQ(login_data_len((struct iscsi_hdr *)&client_hdr), 0);
	CHECK_EQ(client_send(OP, NO_TEXT), 0x0200);
	begin();
	iscsi_set_dlength(&client_hdr, LOGIN_SEGMENT_MAX + 1);
	CHECK_EQ(login_data_len((struct iscsi_hdr *)&client_hdr), 0);
	CHECK_EQ(client_send_raw(NO_TEXT), PDU_SEND_CLOSE);
	CHECK_EQ(client_rsp.login.status_class, 2);
	begin();
	iscsi_set_dlength(&client_hdr, LOGIN_SEGMENT_MAX);
	CHECK_EQ(login_data_len((struct iscsi_hdr *)&client_hdr),
		 LOGIN_SEGMENT_MAX);
}

/* 6.3: something else first is not answered; in between it is */
static void test_other_opcodes(void)
{
	for (int op = 0; op < 0x40; op++) {
		if (op == ISCSI_OP_LOGIN_REQ)
			continue;
		begin();
		client_hdr.opcode = op | ISCSI_OP_IMMEDIATE;
		CHECK_EQ(client_send(OP, NO_TEXT), -1);
		begin();
		CHECK_EQ(client_send(OP, TEXT(NORMAL)), 0);
		client_hdr.opcode = op | ISCSI_OP_IMMEDIATE;
		CHECK_EQ(client_send(OP, NO_TEXT), 0x020b);
		CHECK_EQ(client_action, PDU_SEND_CLOSE);
	}
}

/* requests of a login differ in nothing but flags and ExpStatSN */
static void test_changing_mind(void)
{
	for (int i = 0; i < 5; i++) {
		begin();
		CHECK_EQ(client_send(OP, TEXT(NORMAL)), 0);
		client_hdr.itt += i == 0;
		client_hdr.cid += i == 1;
		client_hdr.isid[5] += i == 2;
		client_hdr.tsih += i == 3;
		client_hdr.cmd_sn += i == 4;
		CHECK_EQ(client_send(OP, NO_TEXT), 0x0200);
	}
	/* back and forth between the stages */
	begin();
	CHECK_EQ(client_send(OP, TEXT(NORMAL)), 0);
	CHECK_EQ(client_send(SEC, NO_TEXT), 0x0200);
	begin();
	CHECK_EQ(client_send(SEC, TEXT(NORMAL)), 0);
	CHECK_EQ(client_send(OP_TO_FFP, NO_TEXT), 0x0200);
	begin();
	CHECK_EQ(client_send(SEC_TO_OP, TEXT(NORMAL)), 0);
	CHECK_EQ(client_send(SEC_TO_OP, NO_TEXT), 0x0200);
	/* another name */
	begin();
	CHECK_EQ(client_send(OP, TEXT(NORMAL)), 0);
	CHECK_EQ(client_send(OP, TEXT("InitiatorName=iqn.other")), 0x0200);
	begin();
	CHECK_EQ(client_send(OP, TEXT(NORMAL)), 0);
	CHECK_EQ(client_send(OP, TEXT("TargetName=iqn.other")), 0x0200);
	begin();
	CHECK_EQ(client_send(OP, TEXT(NORMAL)), 0);
	CHECK_EQ(client_send(OP, TEXT("SessionType=Discovery")), 0x0200);
}

static void test_endless(void)
{
	int i, status = 0;

	begin();
	CHECK_EQ(client_send(OP, TEXT(NORMAL)), 0);
	for (i = 0; i < 10000 && !status; i++)
		status = client_send(OP, NO_TEXT);
	CHECK_EQ(status, 0x0200);
	CHECK(i <= LOGIN_REQUESTS_MAX);
}

static void test_garbage(void)
{
	unsigned int seed = 7;
	char text[LOGIN_SEGMENT_MAX];

	for (int round = 0; round < 3000; round++) {
		size_t len = round % 3 ? sizeof(text) : seed % sizeof(text);

		for (size_t i = 0; i < sizeof(text); i++) {
			seed = seed * 1103515245 + 12345;
			text[i] = round & 1 ? "=\0AX-,1CHP_"[seed >> 16 & 7] :
					      (char)(seed >> 16);
		}
		memcpy(text, NORMAL, round & 2 ? sizeof(NORMAL) : 0);
		begin();
		if (round & 4)
			fake_account(TARGET, ACCOUNT_INCOMING, "a", SECRET);
		client_send(round & 8 ? SEC : OP, text, len);
		CHECK(client_rsp.len <= LOGIN_SEGMENT_MAX);
	}
}

/* --- the C bit ----------------------------------------------------------- */

/* a text in pieces of every size: in the middle of keys, values and NULs */
static void test_pieces(void)
{
	static const char text[] = NORMAL "\0InitialR2T=No\0X-a=b";

	for (size_t piece = 1; piece < sizeof(text); piece++) {
		size_t pos = 0;

		if (sizeof(text) / piece > LOGIN_REQUESTS_MAX)
			continue;
		begin();
		for (; sizeof(text) - pos > piece; pos += piece) {
			CHECK_EQ(client_send(OP | C_BIT, text + pos, piece), 0);
			CHECK_EQ(client_rsp.len, 0);
			CHECK_EQ(client_rsp.login.flags, OP);
		}
		CHECK_EQ(client_send(OP_TO_FFP, text + pos, sizeof(text) - pos),
			 0);
		CHECK_EQ(client_action, PDU_ACCEPT);
		CHECK_STR(client_key("InitialR2T"), "Yes");
		CHECK_STR(client_key("X-a"), "NotUnderstood");
	}
}

static void test_too_much_text(void)
{
	static char text[8000];
	int i, status = 0;

	memset(text, 'A', sizeof(text));
	begin();
	for (i = 0; i < 100 && !status; i++)
		status = client_send(OP | C_BIT, text, sizeof(text));
	CHECK_EQ(status, 0x0302);
	CHECK(i <= LOGIN_TEXT_MAX / 8000 + 1);
}

/* more answers than a segment takes: they come in pieces, too */
static void test_long_answer(void)
{
	static char text[8000];
	char key[80];
	size_t len = 0;
	int pieces = 0;

	begin();
	CHECK_EQ(client_send(OP, TEXT(NORMAL)), 0);
	memset(key, 'k', sizeof(key));
	for (int i = 0; i < 120; i++)
		len += sprintf(text + len, "X-%03d-%.55s=1", i, key) + 1;
	CHECK_EQ(client_send(OP_TO_FFP, text, len), 0);
	while (client_rsp.login.flags & C_BIT) {
		CHECK_EQ(client_rsp.len, LOGIN_SEGMENT_MAX);
		CHECK_EQ(client_action, PDU_SEND);
		CHECK(!(client_rsp.login.flags & T_BIT));
		CHECK_EQ(client_send(OP_TO_FFP, NO_TEXT), 0);
		pieces++;
	}
	CHECK(pieces >= 1);
	CHECK_EQ(client_action, PDU_ACCEPT);
	CHECK_EQ(client_keys(), 120);
	/* they must only ask for it, not talk into it */
	begin();
	CHECK_EQ(client_send(OP, TEXT(NORMAL)), 0);
	CHECK_EQ(client_send(OP, text, len), 0);
	CHECK(client_rsp.login.flags & C_BIT);
	CHECK_EQ(client_send(OP, TEXT("InitialR2T=No")), 0x0200);
}

/* --- authentication ------------------------------------------------------ */

static void chap_answer(char *text, const char *name, const char *secret,
			size_t *len)
{
	struct chap *c = &client_login.chap;
	uint8_t digest[CHAP_DIGEST_MAX];
	size_t n = chap_digest(c->algorithm, c->id, secret, c->challenge,
			       sizeof(c->challenge), digest);

	*len = sprintf(text, "CHAP_N=%s", name) + 1;
	*len += sprintf(text + *len, "CHAP_R=0x");
	for (size_t i = 0; i < n; i++)
		*len += sprintf(text + *len, "%02x", digest[i]);
	(*len)++;
}

static void test_chap(void)
{
	char text[512];
	size_t len;

	begin();
	fake_account(TARGET, ACCOUNT_INCOMING, "alice", SECRET);
	CHECK_EQ(client_send(SEC_TO_OP, TEXT(NORMAL "\0AuthMethod=CHAP,None")),
		 0);
	CHECK_EQ(client_rsp.login.flags, SEC);
	CHECK_STR(client_key("AuthMethod"), "CHAP");
	CHECK_STR(client_key("TargetPortalGroupTag"), "1");
	CHECK_EQ(client_send(SEC_TO_OP, TEXT("CHAP_A=7,5")), 0);
	CHECK_EQ(client_rsp.login.flags, SEC);
	CHECK_STR(client_key("CHAP_A"), "7");
	chap_answer(text, "alice", SECRET, &len);
	CHECK_EQ(client_send(SEC_TO_OP, text, len), 0);
	CHECK_EQ(client_rsp.login.flags, SEC_TO_OP);
	CHECK_EQ(client_rsp.delay_ms, 0);
	CHECK_EQ(client_send(OP_TO_FFP, NO_TEXT), 0);
	CHECK_EQ(client_action, PDU_ACCEPT);
}

/* the same without the T bit until there is reason for it */
static void test_chap_careful(void)
{
	char text[512];
	size_t len;

	begin();
	fake_account(TARGET, ACCOUNT_INCOMING, "alice", SECRET);
	CHECK_EQ(client_send(SEC, TEXT(NORMAL)), 0);
	CHECK_EQ(client_send(SEC, TEXT("AuthMethod=CHAP")), 0);
	CHECK_EQ(client_send(SEC, TEXT("CHAP_A=5")), 0);
	chap_answer(text, "alice", SECRET, &len);
	CHECK_EQ(client_send(SEC, text, len), 0);
	CHECK_EQ(client_rsp.login.flags, SEC);
	CHECK_EQ(client_send(SEC_TO_FFP, NO_TEXT), 0);
	CHECK_EQ(client_action, PDU_ACCEPT);
}

static void test_chap_refused(void)
{
	char text[512];
	size_t len;

	begin();
	fake_account(TARGET, ACCOUNT_INCOMING, "alice", SECRET);
	client_send(SEC_TO_OP, TEXT(NORMAL "\0AuthMethod=CHAP"));
	client_send(SEC_TO_OP, TEXT("CHAP_A=5"));
	chap_answer(text, "alice", "wrong", &len);
	CHECK_EQ(client_send(SEC_TO_OP, text, len), 0x0201);
	CHECK_EQ(client_action, PDU_SEND_CLOSE);
	CHECK_EQ(client_rsp.delay_ms, LOGIN_FAIL_DELAY_MS);
	CHECK_EQ(client_rsp.len, 0);
}

static void test_chap_required(void)
{
	static const struct {
		uint8_t flags;
		const char *text;
		size_t len;
	} rows[] = {
		{ OP, TEXT(NORMAL) },
		{ OP_TO_FFP, TEXT(NORMAL) },
		{ SEC_TO_OP, TEXT(NORMAL "\0AuthMethod=None") },
		{ SEC_TO_FFP, TEXT(NORMAL "\0AuthMethod=None") },
		{ SEC_TO_OP, TEXT(NORMAL) },
		{ SEC_TO_FFP, TEXT(NORMAL) },
		{ SEC_TO_OP, TEXT(NORMAL "\0AuthMethod=KRB5,SRP") },
		{ SEC_TO_OP, TEXT(NORMAL "\0AuthMethod=CHAP\0CHAP_A=99") },
		{ SEC, TEXT(NORMAL "\0AuthMethod=CHAP\0CHAP_A=5\0CHAP_N=alice"
				   "\0CHAP_R=0x00") },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int status;

		begin();
		fake_account(TARGET, ACCOUNT_INCOMING, "alice", SECRET);
		status = client_send(rows[i].flags, rows[i].text, rows[i].len);
		if (!status)
			status = client_send(SEC_TO_FFP,
					     TEXT("CHAP_N=alice\0CHAP_R=0x00"));
		CHECK(status == 0x0201 || status == 0x0200);
		CHECK_EQ(fake_calls[FAKE_SESSION_NEW], 0);
	}
	/* on and on without proof: it never gets further */
	begin();
	fake_account(TARGET, ACCOUNT_INCOMING, "alice", SECRET);
	CHECK_EQ(client_send(SEC_TO_OP, TEXT(NORMAL "\0AuthMethod=CHAP")), 0);
	for (int i = 0; i < 10; i++) {
		CHECK_EQ(client_send(SEC, NO_TEXT), 0);
		CHECK_EQ(client_action, PDU_SEND);
		CHECK_EQ(client_rsp.login.flags, SEC);
	}
	CHECK_EQ(client_send(SEC_TO_FFP, NO_TEXT), 0x0201);
	/* accounts of others don't count */
	begin();
	fake_account("", ACCOUNT_INCOMING, "alice", SECRET);
	CHECK_EQ(client_send(OP_TO_FFP, TEXT(NORMAL)), 0);
	client_begin();
	CHECK_EQ(client_send(OP_TO_FFP, TEXT(DISCOVERY)), 0x0201);
}

static void test_mutual_chap(void)
{
	char text[512];
	size_t len;

	begin();
	fake_account(TARGET, ACCOUNT_INCOMING, "alice", SECRET);
	fake_account(TARGET, ACCOUNT_OUTGOING, "us", "another secret");
	client_send(SEC_TO_OP, TEXT(NORMAL "\0AuthMethod=CHAP"));
	client_send(SEC_TO_OP, TEXT("CHAP_A=7,5"));
	chap_answer(text, "alice", SECRET, &len);
	memcpy(text + len, TEXT("CHAP_I=5\0CHAP_C=0bAAECAwQFBgcICQoLDA0ODw=="));
	len += sizeof("CHAP_I=5\0CHAP_C=0bAAECAwQFBgcICQoLDA0ODw==");
	CHECK_EQ(client_send(SEC_TO_OP, text, len), 0);
	CHECK_EQ(client_rsp.login.flags, SEC_TO_OP);
	CHECK_STR(client_key("CHAP_N"), "us");
	CHECK(client_key("CHAP_R"));
	CHECK_EQ(strlen(client_key("CHAP_R")), 2 + 64);
}

/* --- access -------------------------------------------------------------- */

static void put_rules(const char *dir, const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = text ? fopen(path, "w") : NULL;
	if (!f) {
		unlink(path);
		return;
	}
	fputs(text, f);
	fclose(f);
}

static void test_access(void)
{
	char dir[] = "/tmp/test_login.XXXXXX";

	CHECK(mkdtemp(dir));
	begin();
	acl_init(dir, "/nonexistent");
	put_rules(dir, "initiators.allow", "ALL 10.0.0.2\n");
	CHECK_EQ(client_send(OP, TEXT(NORMAL)), 0);
	client_begin();
	put_rules(dir, "initiators.allow", "ALL 10.0.0.3\n");
	log_begin();
	CHECK_EQ(client_send(OP, TEXT(NORMAL)), 0x0202);
	client_begin();
	put_rules(dir, "targets.allow", "ALL 10.0.0.9\n");
	CHECK_EQ(client_send(OP, TEXT(NORMAL)), 0x0203);
	log_end();
	CHECK(strstr(log_text, "0x0202: not allowed: initiators.allow"));
	CHECK(strstr(log_text, "0x0203: no such target: targets.allow"));
	put_rules(dir, "initiators.allow", NULL);
	put_rules(dir, "targets.allow", NULL);
	rmdir(dir);
}

static void test_portals(void)
{
	struct target_portals *t = calloc(1, sizeof(*t));

	begin();
	strcpy(t->name, TARGET);
	t->list = calloc(1, sizeof(*t->list));
	CHECK_EQ(target_portal_parse("10.0.0.1", t->list), 0);
	target_portals_replace(t);
	CHECK_EQ(client_send(OP, TEXT(NORMAL)), 0);
	client_begin();
	client_address(&client_login.local, "10.0.0.9");
	CHECK_EQ(client_send(OP, TEXT(NORMAL)), 0x0203);
	target_portals_replace(NULL);
}

static void test_redirect(void)
{
	begin();
	strcpy(target->redirect, "10.0.0.7:3261");
	CHECK_EQ(client_send(SEC_TO_OP, TEXT(NORMAL)), 0x0101);
	CHECK_EQ(client_action, PDU_SEND_CLOSE);
	CHECK_STR(client_key("TargetAddress"), "10.0.0.7:3261");
	CHECK_EQ(client_keys(), 1);
	/* for good */
	target->redirect_flags = IET_REDIRECT_PERMANENT;
	client_begin();
	CHECK_EQ(client_send(SEC_TO_OP, TEXT(NORMAL)), 0x0102);
	CHECK_EQ(client_action, PDU_SEND_CLOSE);
	CHECK_STR(client_key("TargetAddress"), "10.0.0.7:3261");
	CHECK_EQ(client_keys(), 1);
	/* discovery is not touched */
	client_begin();
	CHECK_EQ(client_send(OP_TO_FFP, TEXT(DISCOVERY)), 0);
}

static void test_name_case(void)
{
	begin();
	CHECK_EQ(client_send(OP_TO_FFP, TEXT("InitiatorName=IQN.A\0TargetName="
					     "IQN.2001-04.com.Example:DISK")),
		 0);
	CHECK_STR(fake_session(0)->initiator, "iqn.a");
	fake_target("iqn.2001-04.com.example:UPPER");
	client_begin();
	CHECK_EQ(client_send(OP_TO_FFP, TEXT("InitiatorName=iqn.a\0TargetName="
					     "iqn.2001-04.com.example:upper")),
		 0);
}

/* --- sessions ------------------------------------------------------------ */

static void test_handoff(void)
{
	const struct kernel_session *s;

	begin();
	set_key(IET_K_INITIAL_R2T, 0);
	set_key(IET_K_HEADER_DIGEST, 3);
	set_key(IET_K_MAX_RECV_DATA_SEGMENT_LENGTH, 262144);
	set_key(IET_K_MAX_XMIT_DATA_SEGMENT_LENGTH, 262144);
	client_hdr.cmd_sn = htonl(77);
	client_hdr.cid = htons(5);
	client_hdr.exp_stat_sn = htonl(1000);
	CHECK_EQ(client_send(OP_TO_FFP, TEXT(NORMAL "\0HeaderDigest=CRC32C,None"
						    "\0InitialR2T=No\0MaxRecv"
						    "DataSegmentLength=65536")),
		 0);
	CHECK_EQ(client_action, PDU_ACCEPT);
	CHECK_EQ(ntohl(client_rsp.login.stat_sn), 1000);
	s = fake_session(0);
	CHECK(s);
	CHECK_STR(s->initiator, INITIATOR);
	CHECK_EQ(s->tid, target->tid);
	CHECK_EQ(s->exp_cmd_sn, 77);
	CHECK(!memcmp(s->isid, client_hdr.isid, 6));
	CHECK_EQ(s->keys.val[IET_K_INITIAL_R2T], 0);
	CHECK_EQ(ntohs(client_rsp.login.tsih), s->tsih);

	CHECK_EQ(handoff_conn(&client_login, STDERR_FILENO), 0);
	CHECK_EQ(fake_conn.cid, 5);
	CHECK_EQ(fake_conn.sid, s->sid);
	CHECK_EQ(fake_conn.stat_sn, 1001);
	CHECK_EQ(fake_conn.exp_stat_sn, 1000);
	CHECK_EQ(fake_conn.header_digest, IET_DIGEST_CRC32C);
	CHECK_EQ(fake_conn.data_digest, IET_DIGEST_NONE);
	CHECK_EQ(fake_conn.max_recv, 262144);
	CHECK_EQ(fake_conn.max_xmit, 65536);
}

static void test_handoff_fails(void)
{
	begin();
	CHECK_EQ(client_send(OP_TO_FFP, TEXT(NORMAL)), 0);
	fake_fail(FAKE_CONN_NEW, -EINVAL, "not a socket");
	CHECK_EQ(handoff_conn(&client_login, STDERR_FILENO), -EINVAL);
	CHECK(!fake_session(0));
}

static void test_module_refuses(void)
{
	static const struct {
		int err;
		int status;
	} rows[] = {
		{ -EUSERS, 0x0302 }, { -ENOMEM, 0x0302 },
		{ -ENOENT, 0x0203 }, { -ESHUTDOWN, 0x0204 },
		{ -EINVAL, 0x0300 }, { -EBUSY, 0x0301 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin();
		fake_fail(FAKE_SESSION_NEW, rows[i].err, "no");
		CHECK_EQ(client_send(OP_TO_FFP, TEXT(NORMAL)), rows[i].status);
		CHECK_EQ(client_action, PDU_SEND_CLOSE);
		CHECK_EQ(ntohl(client_rsp.login.stat_sn), 1);
		CHECK_EQ(client_rsp.login.tsih, 0);
		CHECK_EQ(client_rsp.len, 0);
	}
	begin();
	target->max_sessions = 1;
	CHECK_EQ(client_send(OP_TO_FFP, TEXT(NORMAL)), 0);
	client_begin();
	client_hdr.isid[5]++;
	CHECK_EQ(client_send(OP_TO_FFP, TEXT(NORMAL)), 0x0302);
	/* the same again reinstates the session */
	client_begin();
	CHECK_EQ(client_send(OP_TO_FFP, TEXT(NORMAL)), 0);
}

/* the LUN of an address, and none of others */
static struct lun_access *rules_of(const char *address)
{
	struct lun_access *a = calloc(1, sizeof(*a));
	char reason[LUN_ACCESS_REASON_MAX], luns[] = "0";

	snprintf(a->name, sizeof(a->name), "%s", TARGET);
	CHECK_EQ(lun_access_parse(address, luns, NULL, a, reason), 0);
	return a;
}

static void test_second_connection(void)
{
	uint16_t tsih;

	begin();
	CHECK_EQ(client_send(OP_TO_FFP, TEXT(NORMAL)), 0);
	tsih = client_rsp.login.tsih;
	CHECK_EQ(handoff_conn(&client_login, STDERR_FILENO), 0);
	fake_session(0)->exp_cmd_sn = 500;
	fake_session(0)->max_cmd_sn = 510;
	fake_session(0)->keys.val[IET_K_MAX_CONNECTIONS] = 2;

	client_begin();
	client_hdr.tsih = tsih;
	client_hdr.cid = htons(2);
	CHECK_EQ(client_send(OP_TO_FFP, TEXT(NORMAL "\0MaxBurstLength=512")),
		 0);
	CHECK_EQ(client_rsp.login.tsih, tsih);
	CHECK_STR(client_key("MaxBurstLength"), "Reject");
	CHECK_EQ(ntohl(client_rsp.login.exp_cmd_sn), 500);
	CHECK_EQ(ntohl(client_rsp.login.max_cmd_sn), 510);
	CHECK_EQ(fake_calls[FAKE_SESSION_NEW], 1);
	CHECK_EQ(handoff_conn(&client_login, STDERR_FILENO), 0);
	CHECK_EQ(fake_session(0)->nr_conns, 2);

	/* a third is one too many, one of the two again is not */
	client_begin();
	client_hdr.tsih = tsih;
	client_hdr.cid = htons(3);
	CHECK_EQ(client_send(OP_TO_FFP, TEXT(NORMAL)), 0x0206);
	client_begin();
	client_hdr.tsih = tsih;
	client_hdr.cid = htons(2);
	CHECK_EQ(client_send(OP_TO_FFP, TEXT(NORMAL)), 0);
	/* one that is being closed leaves its place */
	fake_session(0)->conn[1].state = IET_CONN_CLOSING;
	client_begin();
	client_hdr.tsih = tsih;
	client_hdr.cid = htons(3);
	CHECK_EQ(client_send(OP_TO_FFP, TEXT(NORMAL)), 0);

	/* with level 2 there may be one more, to recover another */
	fake_session(0)->conn[1].state = IET_CONN_ACTIVE;
	fake_session(0)->keys.val[IET_K_ERROR_RECOVERY_LEVEL] = 2;
	client_begin();
	client_hdr.tsih = tsih;
	client_hdr.cid = htons(3);
	CHECK_EQ(client_send(OP_TO_FFP, TEXT(NORMAL)), 0);
	CHECK_EQ(handoff_conn(&client_login, STDERR_FILENO), 0);
	client_begin();
	client_hdr.tsih = tsih;
	client_hdr.cid = htons(4);
	CHECK_EQ(client_send(OP_TO_FFP, TEXT(NORMAL)), 0x0206);

	/* no such session, or not theirs */
	client_begin();
	client_hdr.tsih = tsih + 1;
	CHECK_EQ(client_send(OP_TO_FFP, TEXT(NORMAL)), 0x020a);
	client_begin();
	client_hdr.tsih = tsih;
	client_hdr.isid[5]++;
	CHECK_EQ(client_send(OP_TO_FFP, TEXT(NORMAL)), 0x020a);
	client_begin();
	client_hdr.tsih = tsih;
	CHECK_EQ(client_send(OP_TO_FFP,
			     TEXT("InitiatorName=iqn.x\0TargetName=" TARGET)),
		 0x020a);
	client_begin();
	client_hdr.tsih = tsih;
	CHECK_EQ(client_send(OP_TO_FFP, TEXT(DISCOVERY)), 0x020a);
}

/* LunAccess is that of now, and of the address that it comes from */
static void test_lun_access_changes(void)
{
	static const char *const first[] = { "10.0.0.2", "127.0.0.1" };
	uint16_t tsih;

	for (int i = 0; i < 2; i++) {
		begin();
		CHECK_EQ(client_send(OP_TO_FFP, TEXT(NORMAL)), 0);
		tsih = client_rsp.login.tsih;
		CHECK(!fake_session(0)->has_lun_map);
		/* a reload before the connection is handed over */
		lun_access_replace(rules_of(first[i]));
		CHECK_EQ(handoff_conn(&client_login, STDERR_FILENO), 0);
		CHECK(fake_session(0)->has_lun_map);
		CHECK_EQ(fake_session(0)->lun_map.nr, !i);

		/* another one while it has none; its CID comes back */
		fake_session(0)->nr_conns = 0;
		lun_access_replace(rules_of(first[!i]));
		CHECK_EQ(fake_session(0)->lun_map.nr, !i);
		client_begin();
		client_hdr.tsih = tsih;
		CHECK_EQ(client_send(OP_TO_FFP, TEXT(NORMAL)), 0);
		CHECK_EQ(handoff_conn(&client_login, STDERR_FILENO), 0);
		CHECK_EQ(fake_session(0)->lun_map.nr, i);
		lun_access_replace(NULL);
	}
}

/* --- initiators that we know --------------------------------------------- */

/* the Microsoft initiator waits 30 s without the tag, and loops over keys */
static void test_microsoft(void)
{
	static const char second[] =
		"HeaderDigest=None,CRC32C\0DataDigest=None,CRC32C\0"
		"ErrorRecoveryLevel=2\0InitialR2T=No\0ImmediateData=Yes\0"
		"MaxRecvDataSegmentLength=65536\0MaxBurstLength=262144\0"
		"FirstBurstLength=65536\0MaxConnections=32\0"
		"DefaultTime2Wait=0\0DefaultTime2Retain=60\0"
		"MaxOutstandingR2T=16";

	begin();
	CHECK_EQ(client_send(0x81,
			     TEXT("InitiatorName=" INITIATOR
				  "\0SessionType=Normal\0TargetName=" TARGET
				  "\0AuthMethod=None")),
		 0);
	CHECK_EQ(client_rsp.login.flags, 0x81);
	CHECK_STR(client_key("TargetPortalGroupTag"), "1");
	CHECK_STR(client_key("AuthMethod"), "None");
	CHECK_EQ(client_keys(), 2);
	CHECK_EQ(client_send(0x87, TEXT(second)), 0);
	CHECK_EQ(client_action, PDU_ACCEPT);
	CHECK_EQ(client_rsp.login.flags, 0x87);
	CHECK_STR(client_key("HeaderDigest"), "None");
	CHECK_STR(client_key("DataDigest"), "None");
	CHECK_STR(client_key("ErrorRecoveryLevel"), "0");
	CHECK_STR(client_key("InitialR2T"), "Yes");
	CHECK_STR(client_key("ImmediateData"), "Yes");
	CHECK_STR(client_key("MaxBurstLength"), "262144");
	CHECK_STR(client_key("FirstBurstLength"), "65536");
	CHECK_STR(client_key("MaxConnections"), "1");
	CHECK_STR(client_key("DefaultTime2Wait"), "2");
	CHECK_STR(client_key("DefaultTime2Retain"), "20");
	CHECK_STR(client_key("MaxOutstandingR2T"), "1");
	/* answers to the eleven, and our one declaration */
	CHECK_EQ(client_keys(), 12);
}

static void test_microsoft_discovery(void)
{
	begin();
	CHECK_EQ(client_send(0x81, TEXT(DISCOVERY "\0AuthMethod=None")), 0);
	CHECK_EQ(client_rsp.login.flags, 0x81);
	CHECK_EQ(client_keys(), 1);
	CHECK_EQ(client_send(0x87, TEXT("HeaderDigest=None,CRC32C\0"
					"DataDigest=None,CRC32C\0"
					"MaxRecvDataSegmentLength=65536\0"
					"DefaultTime2Wait=0\0"
					"DefaultTime2Retain=60")),
		 0);
	CHECK_EQ(client_action, PDU_ACCEPT);
	CHECK(client_rsp.login.tsih != 0);
	CHECK_EQ(client_keys(), 5);
	CHECK_EQ(fake_calls[FAKE_SESSION_NEW], 0);
}

static void test_open_iscsi(void)
{
	static const char second[] =
		"HeaderDigest=None\0DataDigest=None\0DefaultTime2Wait=2\0"
		"DefaultTime2Retain=0\0IFMarker=No\0OFMarker=No\0"
		"ErrorRecoveryLevel=0\0InitialR2T=No\0ImmediateData=Yes\0"
		"MaxBurstLength=16776192\0FirstBurstLength=262144\0"
		"MaxOutstandingR2T=1\0MaxConnections=1\0DataPDUInOrder=Yes\0"
		"DataSequenceInOrder=Yes\0MaxRecvDataSegmentLength=262144";

	begin();
	set_key(IET_K_INITIAL_R2T, 0);
	CHECK_EQ(client_send(SEC_TO_OP,
			     TEXT("InitiatorName=iqn.1993-08.org.debian:01:a"
				  "\0InitiatorAlias=host\0TargetName=" TARGET
				  "\0SessionType=Normal\0AuthMethod=None")),
		 0);
	CHECK_EQ(client_send(OP_TO_FFP, TEXT(second)), 0);
	CHECK_EQ(client_action, PDU_ACCEPT);
	CHECK_STR(client_key("IFMarker"), "No");
	CHECK_STR(client_key("OFMarker"), "No");
	CHECK_STR(client_key("InitialR2T"), "No");
	CHECK_STR(client_key("DataPDUInOrder"), "Yes");
	CHECK_STR(client_key("MaxBurstLength"), "262144");
	CHECK_EQ(client_keys(), 16);
}

/* says who it is in each stage */
static void test_libiscsi(void)
{
	begin();
	CHECK_EQ(client_send(SEC_TO_OP,
			     TEXT("InitiatorName=iqn.2007-10.com.github:x\0"
				  "InitiatorAlias=x\0TargetName=" TARGET "\0"
				  "SessionType=Normal\0"
				  "AuthMethod=CHAP,None")),
		 0);
	CHECK_STR(client_key("AuthMethod"), "None");
	CHECK_EQ(client_send(OP_TO_FFP,
			     TEXT("InitiatorName=iqn.2007-10.com.github:x\0"
				  "InitiatorAlias=x\0TargetName=" TARGET "\0"
				  "SessionType=Normal\0"
				  "HeaderDigest=None,CRC32C\0DataDigest=None\0"
				  "InitialR2T=No\0ImmediateData=Yes\0"
				  "MaxBurstLength=262144\0"
				  "FirstBurstLength=262144\0"
				  "DefaultTime2Wait=2\0DefaultTime2Retain=0\0"
				  "MaxOutstandingR2T=1\0ErrorRecoveryLevel=0\0"
				  "IFMarker=No\0OFMarker=No\0MaxConnections=1\0"
				  "MaxRecvDataSegmentLength=262144\0"
				  "DataPDUInOrder=Yes\0"
				  "DataSequenceInOrder=Yes")),
		 0);
	CHECK_EQ(client_action, PDU_ACCEPT);
	CHECK_EQ(client_keys(), 16);
}

/* What makes no sense counts as well, or it could fill the log. */
static void test_limited(void)
{
	unsigned int logged = 0, refused = 0;
	char *text = NULL;
	size_t len = 0;
	FILE *log = open_memstream(&text, &len);

	begin();
	rate_forget();
	rate_set(2);
	log_capture(log);
	for (int i = 0; i < 100; i++) {
		client_begin();
		client_hdr.version_min = 1;
		refused += client_send(OP_TO_FFP, TEXT(NORMAL)) ==
			   ISCSI_LOGIN_SERVICE_UNAVAILABLE;
	}
	fclose(log);
	log_capture(null);
	for (size_t i = 0; i < len; i++)
		logged += text[i] == '\n';
	free(text);
	rate_set(0);
	rate_forget();
	CHECK(refused >= 100 - 2 * LOGIN_RATE_BURST_S - 2);
	/* one of them says that there are too many */
	CHECK(logged <= 2 * LOGIN_RATE_BURST_S + 3);
}

int main(void)
{
	null = fopen("/dev/null", "w");
	log_capture(null);
	ktap_run(test_nothing_unsolicited);
	ktap_run(test_two_stages);
	ktap_run(test_operational_only);
	ktap_run(test_security_only);
	ktap_run(test_many_requests);
	ktap_run(test_type_absent_and_alias);
	ktap_run(test_refusals);
	ktap_run(test_refusals_in_log);
	ktap_run(test_headers);
	ktap_run(test_other_opcodes);
	ktap_run(test_changing_mind);
	ktap_run(test_endless);
	ktap_run(test_garbage);
	ktap_run(test_pieces);
	ktap_run(test_too_much_text);
	ktap_run(test_long_answer);
	ktap_run(test_chap);
	ktap_run(test_chap_careful);
	ktap_run(test_chap_refused);
	ktap_run(test_chap_required);
	ktap_run(test_mutual_chap);
	ktap_run(test_access);
	ktap_run(test_portals);
	ktap_run(test_redirect);
	ktap_run(test_name_case);
	ktap_run(test_handoff);
	ktap_run(test_handoff_fails);
	ktap_run(test_module_refuses);
	ktap_run(test_second_connection);
	ktap_run(test_lun_access_changes);
	ktap_run(test_microsoft);
	ktap_run(test_microsoft_discovery);
	ktap_run(test_open_iscsi);
	ktap_run(test_libiscsi);
	ktap_run(test_limited);
	login_free(&client_login);
	fake_reset();
	fclose(null);
	return ktap_done();
}
