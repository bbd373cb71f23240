// SPDX-License-Identifier: GPL-2.0-only
/* The configuration file: what is read, and the exact words for the rest. */
#include "config.h"
#include "config_check.h"

#include <errno.h>

#include "ktap.h"
#include "tmpfile.h"

#define IQN "iqn.2001-04.com.example:storage.disk2.sys1.xyz"

/* All lines of a report, with FILE for the path and E or W in front. */
static const char *words(const struct report *r, const char *path)
{
	static char text[8192];
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < r->nr; i++) {
		const char *s = r->lines[i].text;
		bool error = r->lines[i].kind == REPORT_ERROR;

		if (!strncmp(s, path, strlen(path)))
			s += strlen(path);
		len += snprintf(text + len, sizeof(text) - len, "%s%s%s\n",
				error ? "E " : "W ",
				s == r->lines[i].text ? "" : "FILE", s);
	}
	return text;
}

/* Return: the configuration, if there is one */
static struct config *load(const char *text, size_t len, const char *want)
{
	const char *path = tmp_write("ietd.conf", text, len);
	struct report r = { 0 };
	struct config *c;
	int err = config_load(path, &c, &r);

	CHECK_STR(words(&r, path), want);
	CHECK_EQ(err, r.errors ? -EINVAL : 0);
	CHECK_EQ(!c, !!err);
	report_clear(&r);
	return c;
}

static const struct {
	const char *text;
	const char *words;
} rows[] = {
	{ "", "" },
	{ "\n\n   \t\n", "" },
	{ "# nothing but\n   # comments", "" },
	{ " \\\n# a comment\n\\\n\\", "" },
	{ "Target " IQN, "" },
	{ "Target " IQN "\r\n\tLun 0 Path=/a,Type=fileio\r\n", "" },
	{ "target " IQN "\nlun 0 path=/a\nWTHREADS 8\n", "" },
	{ "Target " IQN " # the first\nWthreads 8 # more\n", "" },
	{ "Target " IQN "\nLun 0 Path=/a # a comment\n", "" },
	{ "Target " IQN "\nLun 0 \\\n  Path=/a,\\\n  Type=fileio\n", "" },
	{ "# a comment \\\nGargot\n",
	  "E FILE:2: Gargot: is not a word of this language\n" },
	{ "Target " IQN "\n# Lun 0 Path=/a,\\\nLun 1 Path=/b\n", "" },
	{ "Target " IQN "\nAlias Our disk # no comment\n", "" },

	{ "Target iqn.a\nLun 0 Path=/a,BlockSize=512\nTarget iqn.b\n"
	  "Lun 7 Path=/a,VendorId=X\nLun 8 Path=/a,BlockSize=512\n",
	  "" },
	{ "Target iqn.a\nLun 0 Path=/a\nTarget iqn.b\n"
	  "Lun 7 Path=/a,BlockSize=512\nLun 8 Path=/a,BlockSize=4096\n",
	  "E FILE:5: Lun: BlockSize: is not what line 2 says of the same "
	  "path\n" },
	{ "Target iqn.a\nLun 0 Path=/a,ScsiId=x\nLun 1 Path=/a,ScsiId=y\n"
	  "Lun 2 Path=/a,Type=blockio\nLun 3 Path=/a,VendorId=X\n"
	  "Lun 4 Path=/a,VendorId=Y\nLun 5 Type=nullio\nLun 6 Type=nullio\n",
	  "E FILE:3: Lun: ScsiId: is not what line 2 says of the same path\n"
	  "E FILE:4: Lun: Type: is not what line 2 says of the same path\n"
	  "E FILE:6: Lun: VendorId to OptimalIO: is not what line 2 says of "
	  "the same path\n" },
	{ "Target iqn.a\nLunAccess ALL all\nlunaccess 10.0.0.0/8 0,2-5 RO\n"
	  "LunAccess [fe80::]/10 16383 rw # all of them\nLunAccess iqn.* none\n",
	  "" },
	{ "LunAccess ALL all\n",
	  "E FILE:1: LunAccess: belongs after a Target\n" },
	{ "Target iqn.a\nLunAccess ALL\nLunAccess ALL 0 r\n"
	  "LunAccess ALL 0,\nLunAccess ALL 5-2\nLunAccess ALL 16384\n"
	  "LunAccess ALL none ro\nLunAccess iqn.\\( 0\n"
	  "LunAccess ALL 0 ro 1\n",
	  "E FILE:2: LunAccess: needs an initiator and its LUNs\n"
	  "E FILE:3: LunAccess: \"r\": must be rw or ro\n"
	  "E FILE:4: LunAccess: \"\": must be LUNs of 0 to 16383, as 0,2-5\n"
	  "E FILE:5: LunAccess: \"5\": must be LUNs of 0 to 16383, as 0,2-5\n"
	  "E FILE:6: LunAccess: \"16384\": must be LUNs of 0 to 16383, as "
	  "0,2-5\n"
	  "E FILE:7: LunAccess: \"ro\": none has neither rw nor ro\n"
	  "E FILE:8: LunAccess: \"iqn.\\(\": is no ALL, address or regular "
	  "expression\n"
	  "W FILE:9: LunAccess: \"1\" after the value is ignored\n" },
	{ "loginrate 100000 # many\n", "" },
	{ "LoginRate 0\nLoginRate 5\n",
	  "W FILE:2: LoginRate: takes the place of line 1\n" },
	{ "LoginRate 100001\nLoginRate\nLoginRate few\n",
	  "E FILE:1: LoginRate: \"100001\": must be 0 to 100000\n"
	  "E FILE:2: LoginRate: a value is missing\n"
	  "E FILE:3: LoginRate: \"few\": must be 0 to 100000\n" },
	{ "Target iqn.a\nLoginRate 5\n",
	  "E FILE:2: LoginRate: belongs before the first Target\n" },
	{ "Target iqn.a\nRedirect 10.0.0.7 # now\n", "" },
	{ "Target iqn.a\nRedirect [::1]:3261 Permanent\n", "" },
	{ "Target iqn.a\nRedirect a\nRedirect b\n",
	  "W FILE:3: Redirect: takes the place of line 2\n" },
	{ "Target iqn.a\nRedirect\nRedirect a forever\nRedirect a,1\n",
	  "E FILE:2: Redirect: an address is missing\n"
	  "E FILE:3: Redirect: \"forever\": must be permanent, or nothing\n"
	  "E FILE:4: Redirect: \"a,1\" is no ADDR or ADDR:PORT\n" },
	{ "Target iqn.a\nRedirect 300.1.1.1\nRedirect 10.0.0.7:99999\n"
	  "Redirect fd00::1\nRedirect [fd00::1\nRedirect a:\n"
	  "Redirect a:-1\nRedirect [fd0x::1]:3260\nRedirect :3260\n"
	  "Redirect a_b\nRedirect host.example:0\n",
	  "E FILE:2: Redirect: \"300.1.1.1\" is no ADDR or ADDR:PORT\n"
	  "E FILE:3: Redirect: \"10.0.0.7:99999\" is no ADDR or ADDR:PORT\n"
	  "E FILE:4: Redirect: \"fd00::1\" is no ADDR or ADDR:PORT\n"
	  "E FILE:5: Redirect: \"[fd00::1\" is no ADDR or ADDR:PORT\n"
	  "E FILE:6: Redirect: \"a:\" is no ADDR or ADDR:PORT\n"
	  "E FILE:7: Redirect: \"a:-1\" is no ADDR or ADDR:PORT\n"
	  "E FILE:8: Redirect: \"[fd0x::1]:3260\" is no ADDR or ADDR:PORT\n"
	  "E FILE:9: Redirect: \":3260\" is no ADDR or ADDR:PORT\n"
	  "E FILE:10: Redirect: \"a_b\" is no ADDR or ADDR:PORT\n"
	  "E FILE:11: Redirect: \"host.example:0\" is no ADDR or ADDR:PORT\n" },
	{ "Target iqn.a\nRedirect host-1.example:65535\n", "" },
	{ "Redirect a\n", "E FILE:1: Redirect: belongs after a Target\n" },
	{ "Target iqn.a\nPortal 10.0.0.1\nportal [::1]:3261 # and so on\n"
	  "Portal 10.0.0.1:3261\n",
	  "" },
	{ "Target iqn.a\nPortal [::1]:3261\nPortal [0::1]:3261\n",
	  "W FILE:3: Portal: [0::1]:3261 is there already\n" },
	{ "Target iqn.a\nPortal\nPortal eth0\nPortal 10.0.0.1:0\n"
	  "Portal ::1\nPortal [::1\nPortal [10.0.0.1]\nPortal 1.2.3.4:5x\n",
	  "E FILE:2: Portal: an address is missing\n"
	  "E FILE:3: Portal: \"eth0\" is no address of IPv4 or [IPv6]\n"
	  "E FILE:4: Portal: \"10.0.0.1:0\" is no address of IPv4 or [IPv6]\n"
	  "E FILE:5: Portal: \"::1\" is no address of IPv4 or [IPv6]\n"
	  "E FILE:6: Portal: \"[::1\" is no address of IPv4 or [IPv6]\n"
	  "E FILE:7: Portal: \"[10.0.0.1]\" is no address of IPv4 or [IPv6]\n"
	  "E FILE:8: Portal: \"1.2.3.4:5x\" is no address of IPv4 or [IPv6]"
	  "\n" },
	{ "LoginRate 5 a second\n",
	  "W FILE:1: LoginRate: \"a second\" after the value is ignored\n" },

	{ "Lun 0 Path=/a\n", "E FILE:1: Lun: belongs after a Target\n" },
	{ "MaxBurstLength 512\n",
	  "E FILE:1: MaxBurstLength: belongs after a Target\n" },
	{ "Target\n", "E FILE:1: Target: a name is missing\n" },
	{ "Target # none\n", "E FILE:1: Target: a name is missing\n" },
	{ "Target iqn.a\nLun 0 Path=/a\nTarget iqn.b\nTarget IQN.A\n",
	  "E FILE:4: Target: IQN.A is in line 1 already\n" },
	{ "Target disk\n",
	  "E FILE:1: Target: \"disk\" is no iqn., eui. or naa. name\n" },
	{ "Target iqn.\n",
	  "E FILE:1: Target: \"iqn.\" is no iqn., eui. or naa. name\n" },
	{ "Target EUI.02004567A425678D\nTarget iqn.a\n",
	  "W FILE:1: Target: names are in lower case: it is served as "
	  "eui.02004567a425678d\n" },
	{ "Target iqn.a\x7f\n",
	  "E FILE:1: Target: a control character in the name\n" },
	{ "Target iqn.a iqn.b\n",
	  "W FILE:1: Target: \"iqn.b\" after the value is ignored\n" },
	{ "Tagret iqn.a\nWthreads 8\n",
	  "E FILE:1: Tagret: is not a word of this language\n"
	  "E FILE:2: Wthreads: belongs after a Target\n" },

	{ "Target iqn.a\nLun\n",
	  "E FILE:2: Lun: needs a number and Path=...,Type=...\n" },
	{ "Target iqn.a\nLun 0\n",
	  "E FILE:2: Lun: needs a number and Path=...,Type=...\n" },
	{ "Target iqn.a\nLun 16384 Path=/a\n",
	  "E FILE:2: Lun: \"16384\": must be 0 to 16383\n" },
	{ "Target iqn.a\nLun -1 Path=/a\n",
	  "E FILE:2: Lun: \"-1\": must be 0 to 16383\n" },
	{ "Target iqn.a\nLun 16383 Path=/a\n", "" },
	{ "Target iqn.a\nLun 1 Path=/a\nLun 2 Path=/b\nLun 1 Path=/c\n",
	  "E FILE:4: Lun: 1 is in line 2 already\n" },
	{ "Target iqn.a\nLun 0 Type=blockio\n",
	  "E FILE:2: Lun: Path: is missing\n" },
	{ "Target iqn.a\nLun 0 Path=a\n",
	  "E FILE:2: Lun: Path: \"a\" is not absolute\n" },
	{ "Target iqn.a\nLun 0 Path=/a,Typ=fileio\n",
	  "E FILE:2: Lun: \"Typ\" is not an argument of a logical unit\n" },

	{ "Target iqn.a\nWthreads\n",
	  "E FILE:2: Wthreads: a value is missing\n" },
	{ "Target iqn.a\nWthreads # 8\n",
	  "E FILE:2: Wthreads: a value is missing\n" },
	{ "Target iqn.a\nWthreads many\n",
	  "E FILE:2: Wthreads: \"many\" is not a number\n" },
	{ "Target iqn.a\nWthreads 8 9\n",
	  "W FILE:2: Wthreads: \"9\" after the value is ignored\n" },
	{ "Target iqn.a\nWthreads 4\nWthreads 8\n",
	  "W FILE:3: Wthreads: takes the place of line 2\n" },
	{ "Target iqn.a\nWthreads 129\nQueuedCommands 0\nHeaderDigest x\n",
	  "E FILE:2: Wthreads: \"129\": must be 1 to 128\n"
	  "E FILE:3: QueuedCommands: \"0\": must be 1 to 256\n"
	  "E FILE:4: HeaderDigest: \"x\" is not a list of None and CRC32C\n" },
	{ "Target iqn.a\nMaxRecvDataSegmentLength 99999999\n",
	  "W FILE:2: MaxRecvDataSegmentLength: \"99999999\" is above the "
	  "maximum, 16777215 is used\n" },
	{ "Target iqn.a\nFirstBurstLength 65536\n\nMaxBurstLength 8192\n",
	  "W FILE:2: FirstBurstLength: is above MaxBurstLength, 8192 is "
	  "used\n" },
	{ "Target iqn.a\nAlias\n", "E FILE:2: Alias: a value is missing\n" },

	{ "IncomingUser joe\n",
	  "E FILE:1: IncomingUser: needs a name and a secret\n" },
	{ "OutgoingUser\n",
	  "E FILE:1: OutgoingUser: needs a name and a secret\n" },
	/* the words that follow may be a part of the secret: not said */
	{ "IncomingUser joe twelve-bytes secret\n",
	  "W FILE:1: IncomingUser: what follows the secret is ignored\n" },
	{ "IncomingUser joe twelve-bytes initiator=[\n",
	  "E FILE:1: IncomingUser: initiator= needs an item as in "
	  "initiators.allow\n" },
	{ "IncomingUser joe twelve-bytes initiator=iqn.a:b # his\n", "" },
	{ "IncomingUser joe twelve-bytes initiator=iqn.a:b and more\n",
	  "W FILE:1: IncomingUser: what follows the secret is ignored\n" },
	{ "OutgoingUser joe twelve-bytes initiator=iqn.a:b\n",
	  "W FILE:1: OutgoingUser: what follows the secret is ignored\n" },
	{ "IncomingUser joe twelve-bytes\nIncomingUser ann twelve-bytes\n"
	  "IncomingUser joe twelve-again\n",
	  "W FILE:3: IncomingUser: takes the place of line 1\n" },
	{ "IncomingUser joe eleven-byte\nIncomingUser ann twelve-bytes\n",
	  "W FILE:1: IncomingUser: a secret of less than 12 bytes, which some "
	  "initiators refuse\n" },
	{ "OutgoingUser us the-same-words\nTarget iqn.a\n"
	  "IncomingUser joe the-same-words\nIncomingUser ann other-words-12\n"
	  "OutgoingUser us the-same-words\n",
	  "W FILE:5: OutgoingUser: has the secret of line 3: logins with both "
	  "will fail\n" },
	{ "OutgoingUser a twelve-bytes\nOutgoingUser b twelve-again\n",
	  "W FILE:2: OutgoingUser: takes the place of line 1\n" },

	{ "iSNSServer 192.168.1.1\niSNSAccessControl no\n", "" },
	{ "iSNSAccessControl Yes\niSNSServer [fd00::1]:3206\n", "" },
	{ "iSNSAccessControl Yes\nTarget iqn.a\n",
	  "E FILE:1: iSNSAccessControl: needs an iSNSServer\n" },
	{ "iSNSServer isns:0\n",
	  "E FILE:1: iSNSServer: \"isns:0\" is no HOST, HOST:PORT or "
	  "[ADDRESS]:PORT\n" },
	{ "iSNSServer a\niSNSServer b\n",
	  "W FILE:2: iSNSServer: takes the place of another server\n" },
	{ "iSNSServer\n", "E FILE:1: iSNSServer: needs an address\n" },
	{ "iSNSAccessControl maybe\n",
	  "E FILE:1: iSNSAccessControl: must be Yes or No\n" },
	{ "Target iqn.a\niSNSServer 1.2.3.4\n",
	  "E FILE:2: iSNSServer: belongs before the first Target\n" },
};

static void test_words(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool before = ktap_ok;

		config_free(load(rows[i].text, strlen(rows[i].text),
				 rows[i].words));
		CHECK_ROW(rows[i].text, before);
	}
}

static void test_values(void)
{
	static const char text[] = "IncomingUser joe #secret-word # his\n"
				   "OutgoingUser jack 12charsecret\n"
				   "Target iqn.a\n"
				   "\tIncomingUser ann secret-word-pw1\n"
				   "\tIncomingUser bob secret-word-pw2\n"
				   "\tOutgoingUser we secret-word-pw3\n"
				   "\tLun 3 Path=/srv/a#b,ScsiId=x\n"
				   "\tLun 0 \\\n"
				   "\t\tPath=/c,\\\n"
				   "\t\tIOMode=ro\n"
				   "\tAlias Our disk\n"
				   "\tMaxSessions 4\n"
				   "\tHeaderDigest CRC32C,None\n"
				   "Target iqn.b";
	struct config *c = load(text, sizeof(text) - 1, "");
	const struct config_target *t;

	if (!c)
		return;
	CHECK_STR(c->accounts->account.name, "joe");
	CHECK_STR(c->accounts->account.secret, "#secret-word");
	CHECK_EQ(c->accounts->next->account.dir, ACCOUNT_OUTGOING);
	CHECK(!c->accounts->next->next);

	t = c->targets;
	CHECK_STR(t->target.name, "iqn.a");
	CHECK_EQ(t->line, 3);
	CHECK_STR(t->accounts->account.name, "ann");
	CHECK_STR(t->accounts->next->account.secret, "secret-word-pw2");
	CHECK_EQ(t->accounts->next->next->account.dir, ACCOUNT_OUTGOING);
	CHECK_EQ(t->luns->lun.lun, 3);
	CHECK_STR(t->luns->lun.path, "/srv/a#b");
	CHECK_STR(t->luns->next->lun.path, "/c");
	CHECK_EQ(t->luns->next->lun.iomode, IET_IOMODE_RO);
	CHECK_EQ(t->luns->next->line, 8);
	CHECK_STR(t->target.alias, "Our disk");
	CHECK_EQ(t->target.max_sessions, 4);
	CHECK_EQ(t->target.keys.val[IET_K_HEADER_DIGEST], 3);
	CHECK_EQ(t->target.keys.set, K_HAS(IET_K_HEADER_DIGEST));
	CHECK_EQ(t->target.set, K_HAS(IET_T_NAME) | K_HAS(IET_T_ALIAS) |
					K_HAS(IET_T_MAX_SESSIONS) |
					K_HAS(IET_T_KEYS));
	CHECK_STR(t->next->target.name, "iqn.b");
	CHECK(!t->next->next);
	config_free(c);
}

/* What Proxmox VE writes, and reads back by its regular expressions. */
static void test_proxmox(void)
{
	static const char text[] =
		"\n"
		"Target iqn.2010-08.org.example:vmstore\n"
		"\tLun 0 Path=/dev/pool/vm-100-disk-1,Type=blockio\n"
		"\tLun 1 Path=/dev/pool/vm-101-disk-1,Type=blockio\n"
		"\tMaxConnections 1\n"
		"\tInitialR2T Yes\n"
		"\n";
	struct config *c = load(text, sizeof(text) - 1, "");

	if (!c)
		return;
	CHECK_STR(c->targets->target.name, "iqn.2010-08.org.example:vmstore");
	CHECK_STR(c->targets->luns->next->lun.path, "/dev/pool/vm-101-disk-1");
	CHECK_STR(c->targets->luns->next->lun.iotype, "blockio");
	config_free(c);
}

/* A file of 2007, as it is in many howtos. */
static void test_howto(void)
{
	static const char text[] =
		"# Example iscsi target configuration\n"
		"Target iqn.2001-04.com.example:storage.disk2.sys1.xyz\n"
		"\t# Users, who can access this target\n"
		"\t#IncomingUser joe secret\n"
		"\tLun 0 Path=/dev/sdc,Type=fileio\n"
		"\tAlias Test\n"
		"\tMaxConnections         1\t# Number of connections/session\n"
		"\tInitialR2T             Yes\t# Wait first for R2T\n"
		"\tImmediateData          No\t# Data can accompany command\n"
		"\tMaxRecvDataSegmentLength 8192\n"
		"\tMaxXmitDataSegmentLength 8192\n"
		"\tMaxBurstLength         262144\n"
		"\tFirstBurstLength       65536\n"
		"\tDefaultTime2Wait       2\n"
		"\tDefaultTime2Retain     20\n"
		"\tMaxOutstandingR2T      8\n"
		"\tDataPDUInOrder         Yes\n"
		"\tDataSequenceInOrder    Yes\n"
		"\tErrorRecoveryLevel     0\n"
		"\tHeaderDigest           CRC32C,None\n"
		"\tDataDigest             CRC32C,None\n"
		"\t#Wthreads              8\n";
	struct config *c = load(text, sizeof(text) - 1, "");

	if (c)
		CHECK_EQ(c->targets->target.keys.val[IET_K_IMMEDIATE_DATA], 0);
	config_free(c);
}

static void test_not_text(void)
{
	static const char text[] = "Target iqn.a\n\0\n";

	CHECK(!load(text, sizeof(text), "E FILE: not a text file\n"));
}

/* garbage gets words, and nothing worse: the sanitizers look on */
static void test_garbage(void)
{
	char text[4096];
	unsigned int seed = 1;

	for (int round = 0; round < 200; round++) {
		struct report r = { 0 };
		struct config *c;

		for (size_t i = 0; i < sizeof(text); i++) {
			seed = seed * 1103515245 + 12345;
			text[i] = "Lun 0Path=/a,\\\n#Target\tiq.1IncomgUser\r"
				  "\"\xff\x01"[seed >> 16 & 0x1f];
		}
		config_load(tmp_write("ietd.conf", text, sizeof(text)), &c, &r);
		config_free(c);
		report_clear(&r);
	}
}

static void check_error(const char *path, int want, const char *words_wanted)
{
	struct report r = { 0 };
	struct config *c;

	CHECK_EQ(config_load(path, &c, &r), want);
	CHECK(!c);
	CHECK_STR(words(&r, path), words_wanted);
	report_clear(&r);
}

static void test_unreadable(void)
{
	check_error("/nonexistent/ietd.conf", -ENOENT,
		    "E FILE: No such file or directory\n");
	check_error("/etc", -EISDIR, "E FILE: Is a directory\n");
}

static void test_permissions(void)
{
	static const char secret[] = "IncomingUser joe twelve-bytes\n";
	const char *path = tmp_write("ietd.conf", secret, strlen(secret));
	struct report r = { 0 };
	struct config *c;

	CHECK(!chmod(path, 0644));
	CHECK_EQ(config_load(path, &c, &r), 0);
	CHECK_STR(words(&r, path), "W FILE: has secrets, and everybody may "
				   "read it: chmod 600\n");
	config_free(c);
	report_clear(&r);
}

/* what "ietd --check-config" prints */
static void check_words(const char *text, int result, const char *want)
{
	const char *path = tmp_write("ietd.conf", text, strlen(text));
	char *words = NULL, *said;
	size_t size;
	FILE *out = open_memstream(&words, &size);

	CHECK(!chmod(path, 0600));
	CHECK_EQ(config_check(path, out), result);
	fclose(out);
	said = strstr(words, "ietd.conf");
	CHECK(said);
	CHECK_STR(said, want);
	free(words);
}

static void test_check(void)
{
	FILE *out = fopen("/dev/null", "w");

	check_words("Target iqn.a\n", 0, "ietd.conf: no errors\n");
	check_words("Gargot\n", -EINVAL,
		    "ietd.conf:1: Gargot: is not a word of this language\n");
	CHECK_EQ(config_check("/nonexistent/ietd.conf", out), -ENOENT);
	fclose(out);
}

static void test_long(void)
{
	static char text[70000] = "Target iqn.";
	struct config *c;

	memset(text + 11, 'a', ISCSI_NAME_MAX - 4);
	c = load(text, strlen(text), "");
	CHECK(c && strlen(c->targets->target.name) == ISCSI_NAME_MAX);
	config_free(c);
	strcat(text, "a");
	CHECK(!load(text, strlen(text),
		    "E FILE:1: Target: the name is longer than 223 bytes\n"));
	memset(text + 11, 'a', sizeof(text) - 12);
	CHECK(!load(text, strlen(text),
		    "E FILE:1: Target: the name is longer than 223 bytes\n"));
}

int main(void)
{
	ktap_run(test_words);
	ktap_run(test_values);
	ktap_run(test_proxmox);
	ktap_run(test_howto);
	ktap_run(test_not_text);
	ktap_run(test_garbage);
	ktap_run(test_unreadable);
	ktap_run(test_permissions);
	ktap_run(test_check);
	ktap_run(test_long);
	return ktap_done();
}
