// SPDX-License-Identifier: GPL-2.0-only
/* Discovery sessions: SendTargets in one response and in many, and the rest */
#include <unistd.h>

#include "acl.h"
#include "discovery.h"
#include "fake_account.h"
#include "fake_kernel.h"
#include "ktap.h"
#include "log.h"
#include "login_client.h"
#include "target_portal.h"

#define F_BIT ISCSI_FLAG_FINAL
#define MORE ISCSI_FLAG_TEXT_CONTINUE
#define ALL TEXT("SendTargets=All")

static struct discovery d;
static struct iscsi_text_hdr req;
static struct pdu rsp;
static char text[1 << 20];
static size_t text_len;

/* logs in, declaring how much may come in a response */
static void begin(const char *segment)
{
	char keys[128];
	size_t len;

	fake_reset();
	fake_account_reset();
	login_limits(&fake_info);
	acl_init("/nonexistent", "/nonexistent");
	client_begin();
	client_hdr.cmd_sn = htonl(10);
	len = sprintf(keys, "InitiatorName=iqn.i") + 1;
	len += sprintf(keys + len, "SessionType=Discovery") + 1;
	len += sprintf(keys + len, "MaxRecvDataSegmentLength=%s", segment) + 1;
	CHECK_EQ(client_send(OP_TO_FFP, keys, len), 0);
	CHECK_EQ(client_action, PDU_ACCEPT);

	discovery_free(&d);
	discovery_init(&d, &client_login);
	memset(&req, 0, sizeof(req));
	req.opcode = ISCSI_OP_TEXT_REQ;
	req.itt = htonl(2);
	req.ttt = htonl(ISCSI_RESERVED_TAG);
	req.cmd_sn = htonl(10);
	text_len = 0;
}

static enum pdu_action send_hdr(const void *hdr, const char *data, size_t len)
{
	char *copy = malloc(len ? len : 1);
	enum pdu_action action;

	if (len)
		memcpy(copy, data, len);
	action = discovery_request(&d, hdr, copy, &rsp);
	if (action != PDU_IGNORE && action != PDU_CLOSE && rsp.len) {
		/* before the copy goes: an echo points into it */
		memcpy(text + text_len, rsp.data, rsp.len);
		text_len += rsp.len;
	}
	free(copy);
	return action;
}

static enum pdu_action send_text(uint8_t flags, const char *data, size_t len)
{
	enum pdu_action action;

	req.flags = flags;
	iscsi_set_dlength(&req, len);
	action = send_hdr(&req, data, len);
	if (action != PDU_IGNORE)
		req.cmd_sn = htonl(ntohl(req.cmd_sn) + 1);
	return action;
}

static int count(const char *key)
{
	size_t len = strlen(key);
	int n = 0;

	for (char *p = text; p < text + text_len; p += strlen(p) + 1)
		if (!strncmp(p, key, len))
			n++;
	return n;
}

static void check_rejected(enum iscsi_reject_reason reason)
{
	CHECK_EQ(rsp.hdr.opcode, ISCSI_OP_REJECT);
	CHECK_EQ(rsp.reject.reason, reason);
	CHECK_EQ(rsp.reject.tag, htonl(ISCSI_RESERVED_TAG));
	CHECK_EQ(rsp.len, ISCSI_BHS_LEN);
}

static void test_all(void)
{
	begin("8192");
	fake_target("iqn.a");
	fake_target("iqn.b");
	CHECK_EQ(send_text(F_BIT, ALL), PDU_SEND);
	CHECK_EQ(rsp.text.opcode, ISCSI_OP_TEXT_RSP);
	CHECK_EQ(rsp.text.flags, F_BIT);
	CHECK_EQ(rsp.text.ttt, htonl(ISCSI_RESERVED_TAG));
	CHECK_EQ(rsp.text.itt, req.itt);
	CHECK_EQ(ntohl(rsp.text.exp_cmd_sn), 11);
	CHECK_EQ(ntohl(rsp.text.stat_sn), 2);
	CHECK_EQ(text_len, 2 * (17 + 30));
	CHECK(!memcmp(text,
		      "TargetName=iqn.a\0TargetAddress=10.0.0.1:3260,1\0"
		      "TargetName=iqn.b\0TargetAddress=10.0.0.1:3260,1\0",
		      text_len));
	/* again */
	text_len = 0;
	CHECK_EQ(send_text(F_BIT, ALL), PDU_SEND);
	CHECK_EQ(text_len, 2 * (17 + 30));
	CHECK_EQ(ntohl(rsp.text.stat_sn), 3);
}

static void test_none(void)
{
	begin("8192");
	CHECK_EQ(send_text(F_BIT, ALL), PDU_SEND);
	CHECK_EQ(rsp.len, 0);
	CHECK_EQ(rsp.text.flags, F_BIT);
}

static void test_one(void)
{
	begin("8192");
	fake_target("iqn.a");
	fake_target("iqn.b");
	CHECK_EQ(send_text(F_BIT, TEXT("SendTargets=iqn.b")), PDU_SEND);
	CHECK_EQ(count("TargetName=iqn.b"), 1);
	CHECK_EQ(count("TargetName="), 1);
	text_len = 0;
	CHECK_EQ(send_text(F_BIT, TEXT("SendTargets=iqn.c")), PDU_SEND);
	CHECK_EQ(text_len, 0);
	CHECK_EQ(send_text(F_BIT, TEXT("SendTargets=")), PDU_SEND);
	CHECK_EQ(count("SendTargets=Reject"), 1);
}

/* 1,000 targets, 512 bytes at a time */
static void test_many(void)
{
	char name[64];
	int responses = 1;

	begin("512");
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "iqn.t%d", i);
		fake_target(name);
	}
	CHECK_EQ(send_text(F_BIT, ALL), PDU_SEND);
	while (rsp.text.flags & MORE) {
		CHECK_EQ(rsp.text.flags, MORE);
		CHECK_EQ(rsp.len, 512);
		CHECK(rsp.text.ttt != htonl(ISCSI_RESERVED_TAG));
		req.ttt = rsp.text.ttt;
		CHECK_EQ(send_text(F_BIT, NO_TEXT), PDU_SEND);
		responses++;
	}
	CHECK_EQ(rsp.text.flags, F_BIT);
	CHECK_EQ(rsp.text.ttt, htonl(ISCSI_RESERVED_TAG));
	CHECK_EQ(count("TargetName="), 1000);
	CHECK_EQ(count("TargetAddress="), 1000);
	CHECK(responses > 80);
	/* the tag is used up */
	CHECK_EQ(send_text(F_BIT, NO_TEXT), PDU_SEND);
	check_rejected(ISCSI_REJECT_PROTOCOL_ERROR);
}

/* there are initiators that don't go on reading: as much as they can take */
static void test_many_at_once(void)
{
	char name[64];

	begin("262144");
	for (int i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "iqn.2001-04.com.example:t%d", i);
		fake_target(name);
	}
	CHECK_EQ(send_text(F_BIT, ALL), PDU_SEND);
	CHECK_EQ(rsp.text.flags, F_BIT);
	CHECK(rsp.len > 65536);
	CHECK_EQ(count("TargetAddress="), 2000);
}

static void test_many_given_up(void)
{
	begin("512");
	for (int i = 0; i < 100; i++) {
		char name[64];

		snprintf(name, sizeof(name), "iqn.t%d", i);
		fake_target(name);
	}
	CHECK_EQ(send_text(F_BIT, ALL), PDU_SEND);
	CHECK(rsp.text.flags & MORE);
	/* a new negotiation ends the old one */
	text_len = 0;
	CHECK_EQ(send_text(F_BIT, TEXT("SendTargets=iqn.t1")), PDU_SEND);
	CHECK_EQ(rsp.text.flags, F_BIT);
	CHECK_EQ(count("TargetName="), 1);
	/* talking into our text */
	CHECK_EQ(send_text(F_BIT, ALL), PDU_SEND);
	req.ttt = rsp.text.ttt;
	CHECK_EQ(send_text(F_BIT, ALL), PDU_SEND);
	check_rejected(ISCSI_REJECT_PROTOCOL_ERROR);
}

static void test_request_in_pieces(void)
{
	begin("8192");
	fake_target("iqn.a");
	CHECK_EQ(send_text(MORE, "SendTar", 7), PDU_SEND);
	CHECK_EQ(rsp.len, 0);
	CHECK_EQ(rsp.text.flags, 0);
	CHECK(rsp.text.ttt != htonl(ISCSI_RESERVED_TAG));
	req.ttt = rsp.text.ttt;
	CHECK_EQ(send_text(F_BIT, TEXT("gets=All")), PDU_SEND);
	CHECK_EQ(rsp.text.flags, F_BIT);
	CHECK_EQ(count("TargetName=iqn.a"), 1);
	/* without the F bit there is more to come */
	req.ttt = htonl(ISCSI_RESERVED_TAG);
	CHECK_EQ(send_text(0, ALL), PDU_SEND);
	CHECK_EQ(rsp.text.flags, 0);
	req.ttt = rsp.text.ttt;
	CHECK_EQ(send_text(F_BIT, NO_TEXT), PDU_SEND);
	CHECK_EQ(rsp.text.flags, F_BIT);
	CHECK_EQ(rsp.len, 0);
}

/* what never ends is not kept */
static void test_endless_request(void)
{
	static char piece[8192];
	int pieces = 0;

	begin("8192");
	memset(piece, 'x', sizeof(piece));
	while (send_text(MORE, piece, sizeof(piece)) == PDU_SEND &&
	       rsp.hdr.opcode == ISCSI_OP_TEXT_RSP && pieces < 1000) {
		req.ttt = rsp.text.ttt;
		pieces++;
	}
	CHECK(pieces > 0 && pieces * sizeof(piece) <= LOGIN_TEXT_MAX);
	check_rejected(ISCSI_REJECT_PROTOCOL_ERROR);
	CHECK(d.in.len <= LOGIN_TEXT_MAX);
	/* and the next is heard */
	fake_target("iqn.a");
	req.ttt = htonl(ISCSI_RESERVED_TAG);
	text_len = 0;
	CHECK_EQ(send_text(F_BIT, ALL), PDU_SEND);
	CHECK_EQ(count("TargetName=iqn.a"), 1);
}

static void test_bad_text(void)
{
	static const struct {
		const char *name;
		uint8_t flags;
		const char *data;
		size_t len;
	} rows[] = {
		{ "F and C", F_BIT | MORE, ALL },
		{ "no =", F_BIT, TEXT("SendTargets") },
		{ "no NUL", F_BIT, "SendTargets=All", 15 },
		{ "twice", F_BIT, TEXT("SendTargets=All\0SendTargets=All") },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool ok = ktap_ok;

		begin("8192");
		CHECK_EQ(send_text(rows[i].flags, rows[i].data, rows[i].len),
			 PDU_SEND);
		check_rejected(ISCSI_REJECT_PROTOCOL_ERROR);
		/* and it goes on */
		CHECK_EQ(send_text(F_BIT, ALL), PDU_SEND);
		CHECK_EQ(rsp.hdr.opcode, ISCSI_OP_TEXT_RSP);
		CHECK_ROW(rows[i].name, ok);
	}
	begin("8192");
	req.ttt = htonl(1234);
	CHECK_EQ(send_text(F_BIT, ALL), PDU_SEND);
	check_rejected(ISCSI_REJECT_PROTOCOL_ERROR);
}

static void test_other_keys(void)
{
	begin("8192");
	CHECK_EQ(send_text(F_BIT, TEXT("X-a=b\0InitiatorAlias=x\0"
				       "MaxBurstLength=512\0"
				       "MaxRecvDataSegmentLength=512")),
		 PDU_SEND);
	CHECK_EQ(count("X-a=NotUnderstood"), 1);
	CHECK_EQ(count("MaxBurstLength=Reject"), 1);
	CHECK_EQ(text_len, 18 + 22);
	/* it may be declared again, and counts at once */
	for (int i = 0; i < 100; i++) {
		char name[64];

		snprintf(name, sizeof(name), "iqn.t%d", i);
		fake_target(name);
	}
	CHECK_EQ(send_text(F_BIT, ALL), PDU_SEND);
	CHECK_EQ(rsp.len, 512);
}

static void test_nop(void)
{
	struct iscsi_nop_out_hdr nop = { 0 };
	char ping[513];

	begin("8192");
	nop.opcode = ISCSI_OP_NOP_OUT | ISCSI_OP_IMMEDIATE;
	nop.flags = F_BIT;
	nop.itt = htonl(9);
	nop.ttt = htonl(ISCSI_RESERVED_TAG);
	nop.cmd_sn = htonl(10);
	iscsi_set_dlength(&nop, 4);
	CHECK_EQ(send_hdr(&nop, "ping", 4), PDU_SEND);
	CHECK_EQ(rsp.hdr.opcode, ISCSI_OP_NOP_IN);
	CHECK_EQ(rsp.nop.itt, nop.itt);
	CHECK_EQ(rsp.nop.ttt, htonl(ISCSI_RESERVED_TAG));
	CHECK_EQ(ntohl(rsp.nop.exp_cmd_sn), 10);
	CHECK(text_len == 4 && !memcmp(text, "ping", 4));
	nop.itt = htonl(ISCSI_RESERVED_TAG);
	CHECK_EQ(send_hdr(&nop, "ping", 4), PDU_IGNORE);
	/* 11.19: no more comes back than fits in a PDU */
	begin("512");
	memset(ping, 'x', sizeof(ping));
	nop.itt = htonl(9);
	iscsi_set_dlength(&nop, sizeof(ping));
	CHECK_EQ(send_hdr(&nop, ping, sizeof(ping)), PDU_SEND);
	CHECK(text_len == 512 && !memcmp(text, ping, 512));
}

static void test_logout(void)
{
	static const struct {
		uint8_t reason;
		uint16_t cid;
		enum pdu_action action;
		uint8_t response;
	} rows[] = {
		{ 0, 0, PDU_SEND_CLOSE, ISCSI_LOGOUT_SUCCESS },
		{ 1, 1, PDU_SEND_CLOSE, ISCSI_LOGOUT_SUCCESS },
		{ 1, 2, PDU_SEND, ISCSI_LOGOUT_CID_NOT_FOUND },
		{ 2, 1, PDU_SEND, ISCSI_LOGOUT_RECOVERY_UNSUPPORTED },
	};
	struct iscsi_logout_hdr lo = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin("8192");
		lo.opcode = ISCSI_OP_LOGOUT_REQ | ISCSI_OP_IMMEDIATE;
		lo.reason = F_BIT | rows[i].reason;
		lo.cid = htons(rows[i].cid);
		lo.itt = htonl(3);
		CHECK_EQ(send_hdr(&lo, NO_TEXT), rows[i].action);
		CHECK_EQ(rsp.hdr.opcode, ISCSI_OP_LOGOUT_RSP);
		CHECK_EQ(rsp.logout.response, rows[i].response);
		CHECK_EQ(rsp.logout.itt, lo.itt);
	}
	begin("8192");
	lo.reason = F_BIT | 3;
	CHECK_EQ(send_hdr(&lo, NO_TEXT), PDU_SEND);
	check_rejected(ISCSI_REJECT_INVALID_PDU_FIELD);
}

static void test_other_opcodes(void)
{
	for (int op = 0; op < 0x40; op++) {
		struct iscsi_hdr hdr = { 0 };

		if (op == ISCSI_OP_NOP_OUT || op == ISCSI_OP_TEXT_REQ ||
		    op == ISCSI_OP_LOGOUT_REQ)
			continue;
		begin("8192");
		hdr.opcode = op | ISCSI_OP_IMMEDIATE;
		CHECK_EQ(send_hdr(&hdr, NO_TEXT), PDU_SEND);
		check_rejected(ISCSI_REJECT_CMD_NOT_SUPPORTED);
		CHECK(!memcmp(text, &hdr, sizeof(hdr)));
	}
}

static void test_headers(void)
{
	struct iscsi_hdr *hdr = (void *)&req;

	begin("8192");
	hdr->ahs_len = 1;
	CHECK_EQ(discovery_data_len(&d, hdr), 0);
	CHECK_EQ(send_hdr(hdr, NO_TEXT), PDU_SEND_CLOSE);
	check_rejected(ISCSI_REJECT_INVALID_PDU_FIELD);
	begin("8192");
	iscsi_set_dlength(hdr, 8193);
	CHECK_EQ(discovery_data_len(&d, hdr), 0);
	CHECK_EQ(send_hdr(hdr, NO_TEXT), PDU_SEND_CLOSE);
	check_rejected(ISCSI_REJECT_INVALID_PDU_FIELD);
	begin("8192");
	iscsi_set_dlength(hdr, 8192);
	CHECK_EQ(discovery_data_len(&d, hdr), 8192);
	/* out of order: never answered (4.2.2.1) */
	begin("8192");
	req.cmd_sn = htonl(9);
	CHECK_EQ(send_text(F_BIT, ALL), PDU_IGNORE);
	req.cmd_sn = htonl(11);
	CHECK_EQ(send_text(F_BIT, ALL), PDU_IGNORE);
	req.opcode |= ISCSI_OP_IMMEDIATE;
	CHECK_EQ(send_text(F_BIT, ALL), PDU_SEND);
}

static void test_access(void)
{
	char dir[] = "/tmp/test_discovery.XXXXXX";
	char path[64];
	FILE *f;

	CHECK(mkdtemp(dir));
	begin("8192");
	fake_target("iqn.a");
	fake_target("iqn.b");
	acl_init(dir, dir);
	snprintf(path, sizeof(path), "%s/initiators.allow", dir);
	f = fopen(path, "w");
	fputs("iqn.a iqn.other\nALL ALL\n", f);
	fclose(f);
	CHECK_EQ(send_text(F_BIT, ALL), PDU_SEND);
	CHECK_EQ(count("TargetName=iqn.a"), 0);
	CHECK_EQ(count("TargetName=iqn.b"), 1);
	unlink(path);
	snprintf(path, sizeof(path), "%s/targets.allow", dir);
	f = fopen(path, "w");
	fputs("iqn.a 10.0.0.0/8\niqn.b 10.9.9.9\n", f);
	fclose(f);
	text_len = 0;
	CHECK_EQ(send_text(F_BIT, ALL), PDU_SEND);
	CHECK_EQ(count("TargetName=iqn.a"), 1);
	CHECK_EQ(count("TargetName=iqn.b"), 0);
	unlink(path);
	rmdir(dir);
}

static void put_portals(const char *target, const char *const *texts, int n)
{
	struct target_portals *t = calloc(1, sizeof(*t));
	struct target_portal **last = &t->list;

	snprintf(t->name, sizeof(t->name), "%s", target);
	for (int i = 0; i < n; i++) {
		*last = calloc(1, sizeof(**last));
		CHECK_EQ(target_portal_parse(texts[i], *last), 0);
		last = &(*last)->next;
	}
	target_portals_replace(t);
}

/* exactly the target's portals, and only to who has come by one of them */
static void test_portals(void)
{
	static const char *const here[] = { "10.0.0.9:3261", "10.0.0.1",
					    "[2001:db8::1]" };
	static const char *const port[] = { "10.0.0.1:3261" };
	char dir[] = "/tmp/test_discovery.XXXXXX", path[64];
	FILE *f;

	begin("8192");
	fake_target("iqn.a");
	fake_target("iqn.b");
	put_portals("iqn.a", here, 3);
	CHECK_EQ(send_text(F_BIT, ALL), PDU_SEND);
	CHECK_EQ(count("TargetName="), 2);
	CHECK_EQ(count("TargetAddress="), 4);
	CHECK(!memcmp(text,
		      "TargetName=iqn.a\0TargetAddress=10.0.0.9:3261,1\0"
		      "TargetAddress=10.0.0.1:3260,1\0"
		      "TargetAddress=[2001:db8::1]:3260,1\0"
		      "TargetName=iqn.b\0TargetAddress=10.0.0.1:3260,1",
		      17 + 30 + 30 + 35 + 17 + 30));
	/* of which targets.allow may take some */
	CHECK(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/targets.allow", dir);
	f = fopen(path, "w");
	fputs("iqn.a 10.0.0.0/24\n", f);
	fclose(f);
	acl_init(dir, "/nonexistent");
	text_len = 0;
	CHECK_EQ(send_text(F_BIT, TEXT("SendTargets=iqn.a")), PDU_SEND);
	CHECK_EQ(count("TargetAddress="), 2);
	CHECK_EQ(count("TargetAddress=[2001:db8::1]"), 0);
	unlink(path);
	rmdir(dir);
	/* another address, another port */
	put_portals("iqn.a", here, 1);
	text_len = 0;
	CHECK_EQ(send_text(F_BIT, ALL), PDU_SEND);
	CHECK_EQ(count("TargetName=iqn.a"), 0);
	CHECK_EQ(count("TargetName=iqn.b"), 1);
	put_portals("iqn.a", port, 1);
	text_len = 0;
	CHECK_EQ(send_text(F_BIT, ALL), PDU_SEND);
	CHECK_EQ(count("TargetName=iqn.a"), 0);
	target_portals_replace(NULL);
}

int main(void)
{
	FILE *null = fopen("/dev/null", "w");

	log_capture(null);
	ktap_run(test_all);
	ktap_run(test_none);
	ktap_run(test_one);
	ktap_run(test_many);
	ktap_run(test_many_at_once);
	ktap_run(test_many_given_up);
	ktap_run(test_request_in_pieces);
	ktap_run(test_endless_request);
	ktap_run(test_bad_text);
	ktap_run(test_other_keys);
	ktap_run(test_nop);
	ktap_run(test_logout);
	ktap_run(test_other_opcodes);
	ktap_run(test_headers);
	ktap_run(test_access);
	ktap_run(test_portals);
	discovery_free(&d);
	login_free(&client_login);
	fake_reset();
	fclose(null);
	return ktap_done();
}
