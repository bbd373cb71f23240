// SPDX-License-Identifier: GPL-2.0-only
/* Faults of logins: what rules may say, when they fire, what they do */
#include <arpa/inet.h>
#include <errno.h>
#include <sys/stat.h>

#include "clock.h"
#include "conn_fault.h"
#include "iet_netlink.h"
#include "ktap.h"
#include "log.h"
#include "login_fault.h"
#include "tmpfile.h"

#define TARGET "iqn.2001-04.com.example:disk"
#define HOST "iqn.2001-04.com.example:host"

static FILE *null;
static char reason[256];

static void start(void)
{
	log_capture(null);
	login_fault_set_path(tmp_path("faults"));
	login_fault_del(NULL, 0);
}

static int parse(const char *kind, const char *params, bool discovery,
		 struct login_fault_args *a)
{
	char *copy = strdup(params);
	int err;

	reason[0] = '\0';
	err = login_fault_parse(kind, copy, discovery, a, reason,
				sizeof(reason));
	free(copy);
	return err;
}

/* Return: its id, 0: refused */
static uint32_t add(uint32_t tid, const char *kind, const char *params)
{
	struct login_fault f = { .tid = tid };

	strcpy(f.target, tid ? TARGET : "");
	if (parse(kind, params, !tid, &f.args) || login_fault_new(&f))
		return 0;
	return f.id;
}

static int find(const struct login_fault *f, void *arg)
{
	const struct login_fault **found = arg;

	*found = f;
	return 0;
}

/* the one that was made last */
static const struct login_fault *last(void)
{
	const struct login_fault *f = NULL;

	login_fault_each(find, &f);
	return f;
}

/* --- what they may say --- */

static void test_params(void)
{
	static const struct {
		const char *kind, *given, *shown;
	} rows[] = {
		{ "login-drop", "", "" },
		{ "LOGIN-DROP", "PDU=login", "PDU=login" },
		{ "login-drop", "byte=END,pdu=login-response",
		  "PDU=login-response Byte=end" },
		{ "login-drop", "PDU=text", "PDU=text" },
		{ "login-withhold", "Stage=final,Initiator=" HOST,
		  "Initiator=" HOST " Stage=final" },
		{ "login-delay", "Delay=60000,Stage=security",
		  "Stage=security Delay=60000" },
		{ "login-status", "Status=03fF", "Status=03ff" },
		{ "login-status", "Status=0101,Address=[::1]:3260%2c1",
		  "Status=0101 Address=[::1]:3260%2c1" },
		{ "login-key", "Key=CHAP_R", "Key=CHAP_R" },
		{ "login-key", "Key=X-a,Value=", "Key=X-a Value=" },
		{ "login-key", "Key=X-a,Do=add,Value=b=c%00",
		  "Key=X-a Do=add Value=b=c%00" },
		{ "login-key", "Key=A,Do=damage", "Key=A Do=damage" },
		{ "login-text", "Length=1048576", "Length=1048576" },
		{ "login-text", "PDU=text-response,Value=%20",
		  "PDU=text-response Value=%20" },
		{ "login-header", "Byte=47", "Byte=47" },
		{ "login-data", "Byte=4294967294", "Byte=4294967294" },
		{ "login-split", "Byte=1", "Byte=1" },
		{ "login-duplicate", "Chance=0.5%,Skip=1,Count=2,Seed=3,,",
		  "Chance=0.5% Skip=1 Count=2 Seed=3" },
	};
	struct login_fault_args a;
	char shown[512];
	FILE *out;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool before = ktap_ok;

		CHECK_EQ(parse(rows[i].kind, rows[i].given,
			       strstr(rows[i].given, "PDU=text"), &a),
			 0);
		CHECK_STR(reason, "");
		out = fmemopen(shown, sizeof(shown), "w");
		login_fault_print_params(&a, ' ', out);
		fputc('\0', out);
		fclose(out);
		CHECK_STR(shown, rows[i].shown);
		CHECK_ROW(rows[i].given, before);
	}
}

static void test_refusals(void)
{
	static const struct {
		const char *kind, *given, *text;
	} rows[] = {
		{ "login-crash", "", "there is no such kind of fault" },
		{ "drop", "", "there is no such kind of fault" },
		{ "login-drop", "Byte", "--params is not a list of KEY=VALUE" },
		{ "login-drop", "Color=red",
		  "\"Color\" is not a parameter of a fault of logins" },
		{ "login-drop", "Delay=5",
		  "Delay: not for faults of this kind" },
		{ "login-delay", "", "Delay is missing" },
		{ "login-status", "", "Status is missing" },
		{ "login-key", "Do=omit", "Key is missing" },
		{ "login-key", "Key=A,Do=change", "the value is missing" },
		{ "login-key", "Key=A,Do=add", "the value is missing" },
		{ "login-key", "Key=A,Do=twice,Value=1",
		  "what it does with its key takes no value" },
		{ "login-key", "Key=A=B,Value=1",
		  "a key has no '=' in its name" },
		{ "login-delay", "Delay=0", "a delay must be 1 to 60000 ms" },
		{ "login-delay", "Delay=60001",
		  "a delay must be 1 to 60000 ms" },
		{ "login-text", "Length=1048577",
		  "a length must be 0 to 1048576" },
		{ "login-status", "Status=0301,Address=1.2.3.4",
		  "an address goes with status 0101 or 0102" },
		{ "login-header", "Byte=48", "a header has the bytes 0 to 47" },
		{ "login-split", "Byte=0", "there is nothing before byte 0" },
		{ "login-data", "Byte=end",
		  "only a connection can be dropped after the end" },
		{ "login-drop", "PDU=login,Byte=4",
		  "of a request there is no part" },
		{ "login-delay", "Delay=1,PDU=login-response",
		  "faults of this kind are of received PDUs" },
		{ "login-header", "PDU=login",
		  "faults of this kind are of PDUs that are sent" },
		{ "login-status", "Status=0301,PDU=login",
		  "PDU: not for faults of this kind" },
		{ "login-drop", "PDU=text-response",
		  "only logins are before a target's sessions: without --tid "
		  "it is about discovery" },
		{ "login-status", "Status=0000",
		  "Status: \"0000\" is not valid" },
		{ "login-status", "Status=00ff",
		  "Status: \"00ff\" is not valid" },
		{ "login-status", "Status=301",
		  "Status: \"301\" is not valid" },
		{ "login-status", "Status=03x1",
		  "Status: \"03x1\" is not valid" },
		{ "login-status", "Status=", "Status: \"\" is not valid" },
		{ "login-drop", "Stage=full", "Stage: \"full\" is not valid" },
		{ "login-drop", "PDU=35", "PDU: \"35\" is not valid" },
		{ "login-drop", "Initiator=", "Initiator: \"\" is not valid" },
		{ "login-drop", "Initiator=a b",
		  "Initiator: \"a b\" is not valid" },
		{ "login-key", "Key=A,Value=%4", "Value: \"%4\" is not valid" },
		{ "login-key", "Key=A,Value=%zz",
		  "Value: \"%zz\" is not valid" },
		{ "login-key", "Key=A,Value=a b",
		  "Value: \"a b\" is not valid" },
		{ "login-key", "Key=A,Value=\x80",
		  "Value: \"\x80\" is not valid" },
		{ "login-key", "Key=", "Key: \"\" is not valid" },
	};
	struct login_fault_args a;
	char longer[LOGIN_FAULT_TEXT_MAX + 64];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool before = ktap_ok;

		CHECK_EQ(parse(rows[i].kind, rows[i].given, false, &a),
			 -EINVAL);
		CHECK_STR(reason, rows[i].text);
		CHECK_ROW(rows[i].given, before);
	}
	CHECK_EQ(parse("login-drop", "PDU=text,Stage=final", true, &a),
		 -EINVAL);
	CHECK_STR(reason, "only PDUs of the login have a stage");
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	memcpy(longer, "Key=A,Value=", 12);
	CHECK_EQ(parse("login-key", longer, false, &a), -EINVAL);
	longer[12 + LOGIN_FAULT_TEXT_MAX] = '\0';
	CHECK_EQ(parse("login-key", longer, false, &a), 0);
	longer[4 + TEXT_KEY_MAX + 1] = '\0';
	memset(longer + 4, 'k', TEXT_KEY_MAX + 1);
	CHECK_EQ(parse("login-key", longer, false, &a), -EINVAL);
}

/* --- when they fire --- */

static bool fires_for(const char *target, const char *initiator, uint8_t pdu,
		      uint8_t stage, enum login_fault_kind kind)
{
	const struct login_fault_what what = { target, initiator, pdu,
					       stage,  NULL,	  0 };

	return login_fault_fire(kind, &what, NULL, NULL);
}

static bool drops(uint8_t pdu, uint8_t stage)
{
	return fires_for(TARGET, HOST, pdu, stage, LOGIN_FAULT_DROP);
}

static void test_about(void)
{
	start();
	CHECK(!login_faults_any());
	add(1, "login-drop", "Initiator=" HOST);
	CHECK(login_faults_any());
	CHECK(!fires_for("", HOST, 0x23, 1, LOGIN_FAULT_DROP));
	CHECK(!fires_for(TARGET "2", HOST, 0x23, 1, LOGIN_FAULT_DROP));
	CHECK(!fires_for(TARGET, HOST "2", 0x23, 1, LOGIN_FAULT_DROP));
	CHECK(!fires_for(TARGET, HOST, 0x23, 1, LOGIN_FAULT_DATA));
	CHECK_EQ(last()->seen, 0);
	CHECK(fires_for("IQN.2001-04.com.example:disk", HOST, 0x23, 1,
			LOGIN_FAULT_DROP));
	/* without PDU: those that are sent */
	CHECK(!drops(ISCSI_OP_LOGIN_REQ, 1));
	start();
	add(1, "login-drop", "PDU=login,Stage=final");
	CHECK(!drops(ISCSI_OP_LOGIN_RSP, LOGIN_FAULT_FINAL));
	CHECK(!drops(ISCSI_OP_LOGIN_REQ, LOGIN_FAULT_OPERATIONAL));
	CHECK(drops(ISCSI_OP_LOGIN_REQ,
		    LOGIN_FAULT_OPERATIONAL | LOGIN_FAULT_FINAL));
	start();
	add(0, "login-delay", "Delay=1");
	CHECK(fires_for("", HOST, ISCSI_OP_TEXT_REQ, 0, LOGIN_FAULT_DELAY));
	CHECK(!fires_for("", HOST, ISCSI_OP_TEXT_RSP, 0, LOGIN_FAULT_DELAY));
}

static void test_when(void)
{
	unsigned int hits[2] = { 0 };

	start();
	add(1, "login-drop", "Skip=2,Count=3");
	for (int i = 0; i < 9; i++)
		CHECK_EQ(drops(0x23, 1), i >= 2 && i < 5);
	CHECK_EQ(last()->seen, 9);
	CHECK_EQ(last()->hits, 3);
	/* the same seed, the same sequence */
	for (int turn = 0; turn < 2; turn++) {
		start();
		add(1, "login-drop", "Chance=30%,Seed=7");
		for (int i = 0; i < 32; i++)
			hits[turn] |= (unsigned int)drops(0x23, 1) << i;
	}
	CHECK_EQ(hits[0], hits[1]);
	CHECK(hits[0] && hits[0] != UINT32_MAX);
	/* of several the first that does something */
	start();
	add(1, "login-drop", "Count=1");
	add(1, "login-drop", "");
	CHECK(drops(0x23, 1));
	CHECK_EQ(last()->seen, 0);
	CHECK(drops(0x23, 1));
	CHECK_EQ(last()->hits, 1);
}

static void test_limit(void)
{
	struct login_fault f = { .tid = 1, .target = TARGET };
	uint32_t tid = 1, id;

	start();
	for (int i = 0; i < LOGIN_FAULTS_MAX; i++)
		CHECK(add(1, "login-drop", ""));
	CHECK_EQ(login_fault_new(&f), -ENOSPC);
	id = add(0, "login-drop", "");
	CHECK(id);
	CHECK_EQ(login_fault_del(&tid, id), 0);
	CHECK_EQ(login_fault_del(NULL, id), 1);
	CHECK_EQ(login_fault_del(&tid, 0), LOGIN_FAULTS_MAX);
	CHECK(!login_faults_any());
}

static unsigned int went_on;

static void count_go_on(struct login_fault_hold *hold)
{
	(void)hold;
	went_on++;
}

static void test_held(void)
{
	struct login_fault_hold hold[2] = { { .go_on = count_go_on },
					    { .go_on = count_go_on } };
	uint32_t id;

	start();
	id = add(1, "login-delay", "Delay=1");
	login_fault_hold(&hold[0], last());
	add(1, "login-delay", "Delay=1");
	login_fault_hold(&hold[1], last());
	CHECK_EQ(last()->held, 1);
	login_fault_unhold(&hold[1]);
	login_fault_unhold(&hold[1]);
	CHECK_EQ(last()->held, 0);
	login_fault_hold(&hold[1], last());
	went_on = 0;
	login_fault_del(NULL, id);
	CHECK_EQ(went_on, 1);
	login_fault_del(NULL, 0);
	CHECK_EQ(went_on, 2);
	login_fault_unhold(&hold[0]);
	login_fault_unhold(&hold[1]);
}

/* a target has taken the name of one that is gone */
static bool is_next(uint32_t tid, const char *target, void *arg)
{
	(void)arg;
	return tid == 2 && !strcmp(target, TARGET);
}

static void test_gone(void)
{
	start();
	add(1, "login-drop", "");
	add(0, "login-drop", "");
	login_fault_drop_gone(is_next, NULL);
	CHECK_EQ(last()->tid, 0);
	CHECK_EQ(login_fault_del(NULL, 0), 1);
}

/* one line in a second, and none that an initiator could make up */
static void test_log(void)
{
	char text[2048] = "";
	FILE *log = fmemopen(text, sizeof(text), "w");

	start();
	log_capture(log);
	clock_fake(10000);
	add(1, "login-drop", "");
	for (int i = 0; i < 5; i++)
		drops(0x23, 1);
	clock_fake(11000);
	drops(0x23, 1);
	login_fault_del(NULL, 0);
	fflush(log);
	CHECK(strstr(text, "fault injection is on for logins, " TARGET));
	CHECK(strstr(text, "(login-drop) hits " HOST ", number 1\n"));
	CHECK(!strstr(text, "number 2\n"));
	CHECK(strstr(text, "number 6\n"));
	CHECK(strstr(text, "fault injection is off for logins, " TARGET));
	clock_fake(0);
	log_capture(null);
	fclose(log);
}

/* --- the file --- */

/* forgets all, but not the file */
static void forget(void)
{
	char kept[4096], path[256];
	FILE *file;
	size_t len;

	snprintf(path, sizeof(path), "%s", tmp_path("faults"));
	file = fopen(path, "r");
	len = file ? fread(kept, 1, sizeof(kept), file) : 0;
	if (file)
		fclose(file);
	login_fault_del(NULL, 0);
	file = fopen(path, "w");
	fwrite(kept, 1, len, file);
	fclose(file);
	chmod(path, 0600);
}

static void test_kept(void)
{
	bool expected[16];
	struct stat st;
	uint32_t id;

	start();
	login_fault_load(42);
	id = add(1, "login-key", "Chance=40%,Seed=9,Key=A,Value=%00%2c%20=");
	add(0, "login-drop", "Chance=40%,Seed=9,Count=5");
	for (int i = 0; i < 8; i++)
		fires_for("", HOST, 0x23, 1, LOGIN_FAULT_DROP);
	login_fault_save();
	CHECK(!stat(tmp_path("faults"), &st) && (st.st_mode & 0777) == 0600);
	for (int i = 0; i < 16; i++)
		expected[i] = fires_for("", HOST, 0x23, 1, LOGIN_FAULT_DROP);
	forget();
	login_fault_load(42);
	CHECK_EQ(last()->tid, 0);
	CHECK_EQ(last()->id, id + 1);
	CHECK_EQ(last()->seen, 8);
	for (int i = 0; i < 16; i++)
		CHECK_EQ(fires_for("", HOST, 0x23, 1, LOGIN_FAULT_DROP),
			 expected[i]);
	CHECK_EQ(login_fault_del(NULL, id + 1), 1);
	CHECK_EQ(last()->id, id);
	CHECK_STR(last()->target, TARGET);
	CHECK_STR(last()->args.value, "%00%2c%20=");
	CHECK(add(1, "login-drop", "") > id);
	/* of a module that has been loaded anew since */
	forget();
	login_fault_load(43);
	CHECK(!login_faults_any());
	CHECK(stat(tmp_path("faults"), &st));
}

static void test_damaged(void)
{
	static const char *const lines[] = {
		"iet-faults 1 000000000000002a\n1 0 . 0 0 0 login-drop",
		"iet-faults 1 000000000000002a\n0 0 . 0 0 0 login-drop \n",
		"iet-faults 1 000000000000002a\n1 1 . 0 0 0 login-drop \n",
		"iet-faults 1 000000000000002a\n1 0 61. 0 0 0 login-drop \n",
		"iet-faults 1 000000000000002a\n1 1 6 0 0 0 login-drop \n",
		"iet-faults 1 000000000000002a\n1 1 6z. 0 0 0 login-drop \n",
		"iet-faults 1 000000000000002a\n1 1 61.6 0 0 0 login-drop \n",
		"iet-faults 1 000000000000002a\n1 0 . 0 0 0 login-x \n",
		"iet-faults 1 000000000000002a\n1 0 . 0 0 0 login-drop A=B\n",
		"iet-faults 1 000000000000002a\n1 0 . 0 0\n",
		"iet-accounts 1 000000000000002a\n",
		"iet-faults 2 000000000000002a\n",
		"",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		bool before = ktap_ok;
		char text[1024] = "";
		FILE *log, *file;

		start();
		file = fopen(tmp_path("faults"), "w");
		fputs(lines[i], file);
		fclose(file);
		chmod(tmp_path("faults"), 0600);
		log = fmemopen(text, sizeof(text), "w");
		log_capture(log);
		login_fault_load(42);
		fflush(log);
		log_capture(null);
		fclose(log);
		CHECK(!login_faults_any());
		CHECK(strstr(text, "is damaged: rules for faults are lost"));
		CHECK_ROW(lines[i], before);
	}
}

/* --- what they do with responses --- */

static struct conn_fault fault;
static struct pdu rsp;
static char made[2 * LOGIN_FAULT_LENGTH_MAX];

static void respond(const char *text, size_t len)
{
	static const struct conn_fault_who who = { .known = true,
						   .target = TARGET,
						   .initiator = HOST };
	static const struct iscsi_hdr req = { .opcode = 0x43, .flags = 0x87 };

	memset(&rsp, 0, sizeof(rsp));
	rsp.login.opcode = ISCSI_OP_LOGIN_RSP;
	rsp.data = len ? text : NULL;
	rsp.len = len;
	iscsi_set_dlength(&rsp.hdr, len);
	conn_fault_response(&fault, &who, &req, &rsp, true);
	if (rsp.len)
		memcpy(made, rsp.data, rsp.len);
}

#define CHECK_MADE(s)                                       \
	do {                                                \
		CHECK_EQ(rsp.len, sizeof(s) - 1);           \
		CHECK_EQ(iscsi_dlength(&rsp.hdr), rsp.len); \
		CHECK(!memcmp(made, s, sizeof(s) - 1));     \
	} while (0)

static void test_keys(void)
{
	static const char text[] = "A=1\0AB=2\0CHAP_R=0xfF9a\0A=3";

	start();
	add(1, "login-key", "Key=A");
	respond(text, sizeof(text));
	CHECK_MADE("AB=2\0CHAP_R=0xfF9a\0");
	start();
	add(1, "login-key", "Key=A,Value=x%00B=%2c");
	respond(text, sizeof(text));
	CHECK_MADE("A=x\0B=,\0AB=2\0CHAP_R=0xfF9a\0A=x\0B=,\0");
	start();
	add(1, "login-key", "Key=CHAP_R,Do=damage");
	add(1, "login-key", "Key=A,Do=damage,Count=1");
	add(1, "login-key", "Key=AB,Do=twice");
	add(1, "login-key", "Key=C,Do=add,Value=");
	respond(text, sizeof(text));
	CHECK_MADE("A=2\0AB=2\0AB=2\0CHAP_R=0xfF9b\0A=4\0C=\0");
	start();
	add(1, "login-key", "Key=CHAP");
	respond(text, sizeof(text));
	CHECK_EQ(last()->seen, 0);
	CHECK(rsp.data == text);
	/* a response before has begun it, or one to come ends it */
	start();
	add(1, "login-key", "Key=B,Do=damage");
	respond("23\0B=9", 6);
	CHECK_MADE("23\0B=0");
	respond(NULL, 0);
	CHECK_EQ(last()->seen, 1);
	CHECK(!rsp.data);
	start();
	add(1, "login-key", "Key=B,Do=add,Value=1");
	respond(NULL, 0);
	CHECK_MADE("B=1\0");
}

static void test_texts(void)
{
	start();
	add(1, "login-text", "");
	respond("A=1", 4);
	CHECK_EQ(rsp.len, 0);
	CHECK(!rsp.data);
	start();
	add(1, "login-text", "Length=2");
	respond("A=1", 4);
	CHECK_MADE("A=");
	start();
	add(1, "login-text", "Value=B=2%00,Length=40");
	respond("A=1", 4);
	CHECK_MADE("B=2\0X-org.example.fill=abcdefghijklmnop\0");
	start();
	add(1, "login-text", "Length=1048576");
	respond("A=1", 4);
	CHECK_EQ(rsp.len, 1048576);
	CHECK(!memcmp(made, "A=1\0X-", 6) && !made[1048575]);
	start();
	add(1, "login-text", "Length=0,Value=x");
	respond("A=1", 4);
	CHECK_EQ(rsp.len, 0);
	/* then the keys of what is there */
	start();
	add(1, "login-key", "Key=B,Value=3");
	add(1, "login-text", "Value=B=2%00");
	respond("A=1", 4);
	CHECK_MADE("B=3\0");
}

static void test_bytes(void)
{
	start();
	add(1, "login-header", "Byte=16");
	respond("A=1", 4);
	CHECK_EQ(rsp.hdr.itt, htonl(0xff000000));
	start();
	add(1, "login-header", "Byte=7");
	respond("A=1", 4);
	CHECK_EQ(iscsi_dlength(&rsp.hdr), 0xfb);
	CHECK_EQ(rsp.len, 4);
	start();
	add(1, "login-data", "Byte=6");
	respond("A=1", 4);
	CHECK_MADE("A=\xce\0");
	respond(NULL, 0);
	CHECK_EQ(last()->seen, 1);
	CHECK_EQ(rsp.len, 0);
}

static void test_pieces(void)
{
	size_t pos = 0, n = 0;
	int flags = 0;

	start();
	add(1, "login-split", "Byte=20");
	respond("A=1", 4);
	CHECK_EQ(conn_fault_piece(&fault, 0, 52, &flags), 20);
	CHECK_EQ(flags, MSG_EOR);
	CHECK_EQ(conn_fault_piece(&fault, 5, 52, &flags), 15);
	CHECK_EQ(conn_fault_piece(&fault, 20, 52, &flags), 32);
	add(1, "login-drop", "Byte=30");
	respond("A=1", 4);
	CHECK_EQ(conn_fault_piece(&fault, 20, 52, &flags), 10);
	CHECK_EQ(conn_fault_piece(&fault, 30, 52, &flags), 0);
	start();
	flags = 0;
	add(1, "login-drop", "");
	respond("A=1", 4);
	CHECK(fault.drop);
	CHECK_EQ(conn_fault_piece(&fault, 0, 52, &flags), 0);
	start();
	add(1, "login-drop", "Byte=end");
	add(1, "login-duplicate", "");
	respond("A=1", 4);
	CHECK(fault.drop && fault.twice);
	CHECK_EQ(conn_fault_piece(&fault, 0, 104, &flags), 104);
	CHECK_EQ(flags, 0);
	start();
	add(1, "login-split", "");
	respond("A=1", 4);
	for (; pos < 10000; n++)
		pos += conn_fault_piece(&fault, pos, 10000, &flags);
	CHECK(pos == 10000 && n > 40);
	start();
	respond("A=1", 4);
	CHECK(!fault.split && !fault.drop && !fault.twice && !fault.withheld);
	CHECK_EQ(conn_fault_piece(&fault, 7, 52, &flags), 45);
}

/* --- whose connection it is --- */

static void who_of(struct conn_fault_who *who, const char *text, size_t len)
{
	static const struct sockaddr_storage nobody;
	struct iscsi_hdr hdr = { .opcode = 0x43 };
	struct login l;

	login_init(&l, &nobody, &nobody);
	iscsi_set_dlength(&hdr, len);
	conn_fault_who(who, &l, NULL, &hdr, text);
	login_free(&l);
}

#define WHO(s) who_of(&who, s, sizeof(s))

static void test_who(void)
{
	struct conn_fault_who who;

	WHO("InitiatorName=IQN.A\0TargetName=iqn.B");
	CHECK(who.known);
	CHECK_STR(who.initiator, "iqn.a");
	CHECK_STR(who.target, "iqn.b");
	WHO("TargetName=b\0InitiatorName=a\0SessionType=Discovery");
	CHECK(who.known);
	CHECK_STR(who.target, "");
	WHO("InitiatorName=a");
	CHECK(!who.known);
	WHO("TargetName=a");
	CHECK(!who.known);
	/* what would be another line of the log */
	WHO("InitiatorName=a\nb\0TargetName=b");
	CHECK(!who.known);
	WHO("InitiatorName=a\0TargetName=");
	CHECK(!who.known);
	who_of(&who, "InitiatorName=a\0TargetName=b", 28);
	CHECK(!who.known);
	who_of(&who, NULL, 0);
	CHECK(!who.known);
}

int main(void)
{
	null = fopen("/dev/null", "w");
	ktap_run(test_params);
	ktap_run(test_refusals);
	ktap_run(test_about);
	ktap_run(test_when);
	ktap_run(test_limit);
	ktap_run(test_held);
	ktap_run(test_gone);
	ktap_run(test_log);
	ktap_run(test_kept);
	ktap_run(test_damaged);
	ktap_run(test_keys);
	ktap_run(test_texts);
	ktap_run(test_bytes);
	ktap_run(test_pieces);
	ktap_run(test_who);
	start();
	conn_fault_free(&fault);
	return ktap_done();
}
