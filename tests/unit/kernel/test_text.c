// SPDX-License-Identifier: GPL-2.0-only
/* Text Requests in the full feature phase (RFC 7143 6, 11.10, 11.11, 13). */
#include "ktap.h"
#include "text_seq.h"

#define TARGET "iqn.2001-04.com.example:t"
#define RESERVED cpu_to_be32(ISCSI_RESERVED_TAG)
#define F ISCSI_FLAG_FINAL
#define C ISCSI_FLAG_TEXT_CONTINUE

unsigned int shim_no_memory;

static struct iet_text_seq seq;
static struct iet_text_piece got;
static __be32 itt;
static u8 immediate;
static u32 seg;

static void begin(void)
{
	iet_text_end(&seq);
	seq = (struct iet_text_seq){
		.keys = { .target = TARGET, .address = "10.0.0.1:3260,1" },
	};
	got = (struct iet_text_piece){};
	itt = cpu_to_be32(7);
	immediate = 0;
	seg = 8192;
}

static u8 send_bytes(u8 flags, __be32 ttt, const void *data, u32 len)
{
	struct iscsi_text_hdr req = {
		.opcode = ISCSI_OP_TEXT_REQ | immediate,
		.flags = flags,
		.itt = itt,
		.ttt = ttt,
	};
	char *to;
	u8 reason;

	iscsi_set_dlength((void *)&req, len);
	reason = iet_text_begin(&seq, &req, 0, &to);
	if (reason)
		return reason;
	CHECK_EQ(!to, !len);
	if (to)
		memcpy(to, data, len);
	return iet_text_take(&seq, &req, seg, 0, &got);
}

/* a text in C, with its last NUL */
#define SEND(flags, ttt, text) send_bytes(flags, ttt, text, sizeof(text))
#define EMPTY(flags, ttt) send_bytes(flags, ttt, NULL, 0)

static void check_got(u8 flags, const void *data, u32 len)
{
	CHECK_EQ(got.flags, flags);
	CHECK_EQ(got.ttt == RESERVED, !!(flags & F));
	CHECK_EQ(got.len, len);
	CHECK(got.len == len && (!len || !memcmp(got.data, data, len)));
}

#define GOT(flags, text) check_got(flags, text, sizeof(text))
#define GOT_EMPTY(flags) check_got(flags, NULL, 0)

static void test_one_pdu(void)
{
	begin();
	CHECK_EQ(SEND(F, RESERVED, "SendTargets="), 0);
	GOT(F, "TargetName=" TARGET "\0TargetAddress=10.0.0.1:3260,1");
	CHECK_EQ(SEND(F, RESERVED, "SendTargets=" TARGET), 0);
	GOT(F, "TargetName=" TARGET "\0TargetAddress=10.0.0.1:3260,1");
	CHECK_EQ(SEND(F, RESERVED, "SendTargets=iqn.other:x"), 0);
	GOT_EMPTY(F);
	CHECK_EQ(SEND(F, RESERVED, "SendTargets=All"), 0);
	GOT(F, "SendTargets=Reject");
	CHECK_EQ(EMPTY(F, RESERVED), 0);
	GOT_EMPTY(F);
	seq.keys.address = "";
	CHECK_EQ(SEND(F, RESERVED, "SendTargets="), 0);
	GOT(F, "TargetName=" TARGET);
}

/* a pair in three parts; each is answered with nothing until the last */
static void test_request_in_parts(void)
{
	begin();
	CHECK_EQ(send_bytes(C, RESERVED, "SendT", 5), 0);
	GOT_EMPTY(0);
	CHECK_EQ(send_bytes(C, got.ttt, "argets", 6), 0);
	GOT_EMPTY(0);
	CHECK_EQ(EMPTY(C, got.ttt), 0);
	GOT_EMPTY(0);
	CHECK_EQ(SEND(F, got.ttt, "=\0XYZ=1"), 0);
	GOT(F, "TargetName=" TARGET "\0TargetAddress=10.0.0.1:3260,1\0"
	       "XYZ=NotUnderstood");
}

/* F=0, C=0: more operations are to follow in the same sequence */
static void test_more_operations(void)
{
	begin();
	CHECK_EQ(SEND(0, RESERVED, "SendTargets=All"), 0);
	GOT(0, "SendTargets=Reject");
	CHECK_EQ(SEND(0, got.ttt, "XYZ=1"), 0);
	GOT(0, "XYZ=NotUnderstood");
	CHECK_EQ(EMPTY(0, got.ttt), 0);
	GOT_EMPTY(0);
	CHECK_EQ(EMPTY(F, got.ttt), 0);
	GOT_EMPTY(F);
}

static void test_response_in_parts(void)
{
	const char all[] = "TargetName=" TARGET
			   "\0TargetAddress=10.0.0.1:3260,1";
	u32 off = 0;

	begin();
	seg = 10;
	CHECK_EQ(SEND(F, RESERVED, "SendTargets="), 0);
	while (got.len == seg && off < sizeof(all)) {
		check_got(C, all + off, seg);
		off += seg;
		CHECK_EQ(EMPTY(F, got.ttt), 0);
	}
	check_got(F, all + off, sizeof(all) - off);
	/* the sequence is over only with the F bit of the request */
	begin();
	seg = sizeof(all) - 1;
	CHECK_EQ(SEND(0, RESERVED, "SendTargets="), 0);
	check_got(C, all, seg);
	CHECK_EQ(EMPTY(0, got.ttt), 0);
	check_got(0, all + seg, 1);
	CHECK_EQ(EMPTY(F, got.ttt), 0);
	GOT_EMPTY(F);
	/* as much as fits exactly is no part */
	begin();
	seg = sizeof(all);
	CHECK_EQ(SEND(F, RESERVED, "SendTargets="), 0);
	check_got(F, all, seg);
}

static void test_nothing_to_say_between_parts(void)
{
	begin();
	seg = 10;
	CHECK_EQ(SEND(F, RESERVED, "SendTargets="), 0);
	CHECK_EQ(SEND(F, got.ttt, "XYZ=1"), ISCSI_REJECT_PROTOCOL_ERROR);
	CHECK_EQ(EMPTY(F, got.ttt), ISCSI_REJECT_PROTOCOL_ERROR);
	CHECK_EQ(SEND(F, RESERVED, "SendTargets="), 0);
	CHECK_EQ(EMPTY(C, got.ttt), ISCSI_REJECT_PROTOCOL_ERROR);
	CHECK(!seq.open);
}

static void test_wrong_tags(void)
{
	__be32 ttt;

	begin();
	CHECK_EQ(EMPTY(F, 0), ISCSI_REJECT_PROTOCOL_ERROR);
	CHECK_EQ(EMPTY(F, cpu_to_be32(1)), ISCSI_REJECT_PROTOCOL_ERROR);
	/* of a sequence that is over */
	CHECK_EQ(EMPTY(0, RESERVED), 0);
	ttt = got.ttt;
	CHECK_EQ(EMPTY(F, ttt), 0);
	iet_text_end(&seq);
	CHECK_EQ(EMPTY(F, ttt), ISCSI_REJECT_PROTOCOL_ERROR);
	/* of one that another has taken the place of */
	CHECK_EQ(EMPTY(0, RESERVED), 0);
	ttt = got.ttt;
	CHECK_EQ(EMPTY(0, RESERVED), 0);
	CHECK(got.ttt != ttt);
	CHECK_EQ(EMPTY(F, ttt), ISCSI_REJECT_PROTOCOL_ERROR);
	/* another task's */
	CHECK_EQ(EMPTY(0, RESERVED), 0);
	itt = cpu_to_be32(8);
	CHECK_EQ(EMPTY(F, got.ttt), ISCSI_REJECT_PROTOCOL_ERROR);
	/* the I bit is to stay what it is */
	CHECK_EQ(EMPTY(0, RESERVED), 0);
	immediate = ISCSI_OP_IMMEDIATE;
	CHECK_EQ(EMPTY(F, got.ttt), ISCSI_REJECT_PROTOCOL_ERROR);
	CHECK_EQ(EMPTY(0, RESERVED), 0);
	CHECK_EQ(EMPTY(F, got.ttt), 0);
	/* the reserved one is left out */
	seq.ttt = ISCSI_RESERVED_TAG - 1;
	CHECK_EQ(EMPTY(0, RESERVED), 0);
	CHECK(got.ttt == 0);
	CHECK_EQ(EMPTY(F, got.ttt), 0);
}

static void test_new_sequence_forgets(void)
{
	begin();
	CHECK_EQ(send_bytes(C, RESERVED, "SendTargets=Al", 14), 0);
	CHECK_EQ(SEND(F, RESERVED, "XYZ=1"), 0);
	GOT(F, "XYZ=NotUnderstood");
}

static void test_too_long(void)
{
	static char text[8192];
	int i;

	memset(text, 'a', sizeof(text));
	memcpy(text, "XYZ=", 4);
	begin();
	CHECK_EQ(send_bytes(C, RESERVED, text, 8192), 0);
	CHECK_EQ(send_bytes(C, got.ttt, text, 8191), 0);
	CHECK_EQ(send_bytes(F, got.ttt, "", 1), 0);
	GOT(F, "XYZ=NotUnderstood");
	CHECK_EQ(send_bytes(C, RESERVED, text, 8192), 0);
	CHECK_EQ(send_bytes(C, got.ttt, text, 8192), 0);
	CHECK_EQ(send_bytes(F, got.ttt, "", 1), ISCSI_REJECT_LONG_OPERATION);
	CHECK(!seq.open && !seq.in && !seq.out.data);
	/* as many keys as we answer have answers that fit */
	memset(text, 'a', sizeof(text));
	begin();
	for (i = 0; i < IET_TEXT_UNKNOWN_MAX; i++) {
		text[61] = 'A' + i / 26;
		text[62] = 'A' + i % 26;
		text[63] = '=';
		text[64] = '\0';
		CHECK_EQ(send_bytes(C, i ? got.ttt : RESERVED, text, 65), 0);
	}
	CHECK_EQ(EMPTY(F, got.ttt), 0);
	CHECK_EQ(got.flags, C);
	CHECK_EQ(EMPTY(F, got.ttt), 0);
	CHECK_EQ(got.flags, F);
	/* and one more is too much */
	begin();
	for (i = 0; i <= IET_TEXT_UNKNOWN_MAX; i++)
		CHECK_EQ(send_bytes(C, i ? got.ttt : RESERVED, "a=", 3), 0);
	CHECK_EQ(EMPTY(F, got.ttt), ISCSI_REJECT_PROTOCOL_ERROR);
}

/* each allocation in its turn fails */
static void test_no_memory(void)
{
	begin();
	shim_no_memory = 1;
	CHECK_EQ(SEND(F, RESERVED, "XYZ=1"), ISCSI_REJECT_LONG_OPERATION);
	CHECK(!seq.open && !seq.in && !seq.out.data);
	CHECK_EQ(SEND(C, RESERVED, "XYZ="), 0);
	shim_no_memory = 1;
	CHECK_EQ(SEND(F, got.ttt, "1"), ISCSI_REJECT_LONG_OPERATION);
	CHECK(!seq.open && !seq.in && !seq.out.data);
	shim_no_memory = 2;
	CHECK_EQ(SEND(F, RESERVED, "XYZ=1"), ISCSI_REJECT_LONG_OPERATION);
	CHECK(!seq.open && !seq.in && !seq.out.data);
	CHECK_EQ(shim_no_memory, 0);
}

#define BAD(text)                                             \
	do {                                                  \
		begin();                                      \
		CHECK_EQ(SEND(F, RESERVED, text),             \
			 ISCSI_REJECT_PROTOCOL_ERROR);        \
		CHECK(!seq.open && !seq.in && !seq.out.data); \
	} while (0)

#define K16 "kkkkkkkkkkkkkkkk"
#define V64 K16 K16 K16 K16

static void test_broken_text(void)
{
	BAD("SendTargets");
	BAD("=All");
	BAD("1Key=x");
	BAD("a key=x");
	BAD("SendTargets=\0XYZ");
	BAD(K16 K16 K16 K16 "=1");
	/* values that are answers, to what we have not asked */
	BAD("SendTargets=Reject");
	BAD("XYZ=NotUnderstood");
	BAD("MaxRecvDataSegmentLength=Irrelevant");
	/* a key twice */
	BAD("SendTargets=\0SendTargets=");
	BAD("HeaderDigest=None\0HeaderDigest=None");
	/* more than 255 bytes */
	BAD("InitiatorAlias=" V64 V64 V64 V64);
	begin();
	CHECK_EQ(send_bytes(F, RESERVED, "XYZ=1", 5),
		 ISCSI_REJECT_PROTOCOL_ERROR);
	/* in the same sequence, too */
	CHECK_EQ(SEND(0, RESERVED, "SendTargets="), 0);
	CHECK_EQ(SEND(F, got.ttt, "SendTargets="), ISCSI_REJECT_PROTOCOL_ERROR);
	CHECK_EQ(SEND(F, RESERVED, "SendTargets="), 0);
	begin();
	CHECK_EQ(SEND(F, RESERVED, "\0\0XYZ=1\0\0"), 0);
	GOT(F, "XYZ=NotUnderstood");
	CHECK_EQ(SEND(F, RESERVED, K16 K16 K16 "kkkkkkkkkkkkkkk=1"), 0);
	GOT(F, K16 K16 K16 "kkkkkkkkkkkkkkk=NotUnderstood");
}

static void test_declarations(void)
{
	static const struct {
		const char *value;
		u32 n;
	} good[] = { { "512", 512 },
		     { "0x200", 512 },
		     { "0XFFFFFF", 0xffffff },
		     { "16777215", 0xffffff } };
	static const char *const bad[] = {
		"511",	"16777216", "0x1000000",  "-1",
		"",	"0x",	    "0512",	  "1e3",
		"512 ", "+512",	    "4294967808", "99999999999999999999",
	};
	char text[64];
	int i, n;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		begin();
		n = snprintf(text, sizeof(text), "MaxRecvDataSegmentLength=%s",
			     good[i].value);
		CHECK_EQ(send_bytes(F, RESERVED, text, n + 1), 0);
		GOT_EMPTY(F);
		CHECK_EQ(got.max_recv, good[i].n);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		begin();
		n = snprintf(text, sizeof(text), "MaxRecvDataSegmentLength=%s",
			     bad[i]);
		CHECK_EQ(send_bytes(F, RESERVED, text, n + 1),
			 ISCSI_REJECT_PROTOCOL_ERROR);
	}
	begin();
	CHECK_EQ(SEND(F, RESERVED, "InitiatorAlias=it is me"), 0);
	GOT_EMPTY(F);
	CHECK_EQ(got.max_recv, 0);
}

/* 7.13: what has been declared counts when the negotiation has succeeded */
static void test_declared_at_the_end(void)
{
	begin();
	CHECK_EQ(SEND(0, RESERVED, "MaxRecvDataSegmentLength=1024"), 0);
	CHECK_EQ(got.max_recv, 0);
	CHECK_EQ(EMPTY(F, got.ttt), 0);
	CHECK_EQ(got.max_recv, 1024);
	CHECK_EQ(SEND(0, RESERVED, "MaxRecvDataSegmentLength=2048"), 0);
	CHECK_EQ(SEND(F, got.ttt, "x"), ISCSI_REJECT_PROTOCOL_ERROR);
	CHECK_EQ(SEND(F, RESERVED, "XYZ=1"), 0);
	CHECK_EQ(got.max_recv, 0);
}

static void test_keys_of_other_phases(void)
{
	begin();
	CHECK_EQ(SEND(F, RESERVED,
		      "HeaderDigest=CRC32C\0IFMarker=No\0"
		      "InitiatorName=x\0TargetAlias=x\0"
		      "X#NodeArchitecture=x\0X-a.b=1"),
		 0);
	GOT(F, "HeaderDigest=Reject\0IFMarker=Reject\0InitiatorName=Reject\0"
	       "TargetAlias=Reject\0X#NodeArchitecture=Reject\0"
	       "X-a.b=NotUnderstood");
	CHECK(iet_text_key_known("TaskReporting"));
	CHECK(!iet_text_key_known("taskreporting"));
}

/* the keys are those of the document, which are those of the daemon */
static void test_all_keys(void)
{
	FILE *doc = fopen("../../../doc/negotiation.md", "r");
	char line[512], name[64];
	unsigned int nr = 0;

	CHECK(doc != NULL);
	while (doc && fgets(line, sizeof(line), doc)) {
		if (sscanf(line, "| `%63[^`]", name) != 1)
			continue;
		if (!iet_text_key_known(name))
			printf("# %s\n", name);
		CHECK(iet_text_key_known(name));
		nr++;
	}
	CHECK_EQ(nr, 42);
	if (doc)
		fclose(doc);
}

int main(void)
{
	ktap_run(test_all_keys);
	ktap_run(test_one_pdu);
	ktap_run(test_request_in_parts);
	ktap_run(test_more_operations);
	ktap_run(test_response_in_parts);
	ktap_run(test_nothing_to_say_between_parts);
	ktap_run(test_wrong_tags);
	ktap_run(test_new_sequence_forgets);
	ktap_run(test_too_long);
	ktap_run(test_no_memory);
	ktap_run(test_broken_text);
	ktap_run(test_declarations);
	ktap_run(test_declared_at_the_end);
	ktap_run(test_keys_of_other_phases);
	iet_text_end(&seq);
	return ktap_done();
}
