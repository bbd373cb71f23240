// SPDX-License-Identifier: GPL-2.0-only
/* The key table: offer and policy -> answer, value, status */
#include <stdlib.h>

#include "fake_kernel.h"
#include "ktap.h"
#include "negotiate.h"

#define NONE NULL /* no answer at all */
#define REFUSED "(refused)"

static struct negotiation n;
static struct text_buf out;

/* what @policy does not say is as the RFC's defaults are */
static void begin(const struct kernel_keys *policy)
{
	struct kernel_keys all;

	fake_reset();
	fake_info.max_outstanding_r2t = 16;
	fake_info.max_connections = 4;
	fake_info.max_erl = 2;
	negotiate_free(&n);
	text_free(&out);
	text_init(&out, 65536);
	negotiate_init(&n);
	all = n.result;
	for (int i = 0; policy && i <= IET_K_MAX; i++)
		if (policy->set & K_HAS(i))
			all.val[i] = policy->val[i];
	negotiate_policy(&n, &all, &fake_info);
}

static enum iscsi_login_status offer(enum key_phase phase, const char *text,
				     size_t len)
{
	char *copy = malloc(len ? len : 1);
	enum iscsi_login_status status;
	struct offers offers;

	memcpy(copy, text, len);
	status = negotiate_parse(&n, phase, copy, len, &offers, &out);
	if (!status)
		status = negotiate_answer(&n, &offers, &out);
	free(copy);
	return status;
}

static enum iscsi_login_status offer_one(enum key_phase phase, const char *pair)
{
	return offer(phase, pair, strlen(pair) + 1);
}

/* the answer to a key, NULL if there is none, or "twice" */
static const char *answer(const char *key)
{
	const char *found = NULL;
	size_t len = strlen(key);

	for (char *p = out.data; out.data && p < out.data + out.len;
	     p += strlen(p) + 1)
		if (!strncmp(p, key, len) && p[len] == '=')
			found = found ? "twice" : p + len + 1;
	return found;
}

static const char *key_of(const char *pair)
{
	static char key[64];

	snprintf(key, sizeof(key), "%.*s", (int)strcspn(pair, "="), pair);
	return key;
}

struct row {
	const char *offer;
	int attr; /* of policy and result */
	int64_t policy; /* -1: the RFC's default */
	const char *answer;
	int64_t result; /* -1: as before */
};

static const struct row rows[] = {
	/* 13.1 */
	{ "HeaderDigest=None", IET_K_HEADER_DIGEST, 1, "None", 1 },
	{ "HeaderDigest=None,CRC32C", IET_K_HEADER_DIGEST, 3, "None", 1 },
	{ "HeaderDigest=CRC32C,None", IET_K_HEADER_DIGEST, 3, "CRC32C", 2 },
	{ "HeaderDigest=CRC32C,None", IET_K_HEADER_DIGEST, 1, "None", 1 },
	{ "HeaderDigest=None,CRC32C", IET_K_HEADER_DIGEST, 2, "CRC32C", 2 },
	{ "HeaderDigest=CRC32C", IET_K_HEADER_DIGEST, 1, "Reject", 1 },
	{ "HeaderDigest=MD5", IET_K_HEADER_DIGEST, 3, "Reject", 1 },
	{ "HeaderDigest=MD5,CRC32C", IET_K_HEADER_DIGEST, 3, "CRC32C", 2 },
	{ "HeaderDigest=crc32c", IET_K_HEADER_DIGEST, 3, "Reject", 1 },
	{ "HeaderDigest=", IET_K_HEADER_DIGEST, 3, "Reject", 1 },
	{ "DataDigest=CRC32C,None", IET_K_DATA_DIGEST, 3, "CRC32C", 2 },
	{ "DataDigest=None", IET_K_DATA_DIGEST, 3, "None", 1 },
	/* 13.2 */
	{ "MaxConnections=32", IET_K_MAX_CONNECTIONS, -1, "1", 1 },
	{ "MaxConnections=32", IET_K_MAX_CONNECTIONS, 3, "3", 3 },
	{ "MaxConnections=2", IET_K_MAX_CONNECTIONS, 3, "2", 2 },
	{ "MaxConnections=32", IET_K_MAX_CONNECTIONS, 16, "4", 4 },
	{ "MaxConnections=0", IET_K_MAX_CONNECTIONS, 3, "Reject", 1 },
	{ "MaxConnections=65535", IET_K_MAX_CONNECTIONS, 3, "3", 3 },
	{ "MaxConnections=65536", IET_K_MAX_CONNECTIONS, 3, "Reject", 1 },
	/* 13.10, OR */
	{ "InitialR2T=Yes", IET_K_INITIAL_R2T, 1, "Yes", 1 },
	{ "InitialR2T=Yes", IET_K_INITIAL_R2T, 0, "Yes", 1 },
	{ "InitialR2T=No", IET_K_INITIAL_R2T, 1, "Yes", 1 },
	{ "InitialR2T=No", IET_K_INITIAL_R2T, 0, "No", 0 },
	{ "InitialR2T=no", IET_K_INITIAL_R2T, 0, "Reject", 1 },
	{ "InitialR2T=", IET_K_INITIAL_R2T, 0, "Reject", 1 },
	/* 13.11, AND */
	{ "ImmediateData=Yes", IET_K_IMMEDIATE_DATA, 1, "Yes", 1 },
	{ "ImmediateData=Yes", IET_K_IMMEDIATE_DATA, 0, "No", 0 },
	{ "ImmediateData=No", IET_K_IMMEDIATE_DATA, 1, "No", 0 },
	{ "ImmediateData=No", IET_K_IMMEDIATE_DATA, 0, "No", 0 },
	{ "ImmediateData=1", IET_K_IMMEDIATE_DATA, 1, "Reject", 1 },
	/* 13.12: what they receive is what we send */
	{ "MaxRecvDataSegmentLength=65536", IET_K_MAX_XMIT_DATA_SEGMENT_LENGTH,
	  262144, NONE, 65536 },
	{ "MaxRecvDataSegmentLength=16777215",
	  IET_K_MAX_XMIT_DATA_SEGMENT_LENGTH, 262144, NONE, 262144 },
	{ "MaxRecvDataSegmentLength=0x200", IET_K_MAX_XMIT_DATA_SEGMENT_LENGTH,
	  262144, NONE, 512 },
	{ "MaxRecvDataSegmentLength=511", IET_K_MAX_XMIT_DATA_SEGMENT_LENGTH,
	  262144, REFUSED, 8192 },
	{ "MaxRecvDataSegmentLength=16777216",
	  IET_K_MAX_XMIT_DATA_SEGMENT_LENGTH, 262144, REFUSED, 8192 },
	{ "MaxRecvDataSegmentLength=big", IET_K_MAX_XMIT_DATA_SEGMENT_LENGTH,
	  262144, REFUSED, 8192 },
	/* 13.13 */
	{ "MaxBurstLength=262144", IET_K_MAX_BURST_LENGTH, 1048576, "262144",
	  262144 },
	{ "MaxBurstLength=16776192", IET_K_MAX_BURST_LENGTH, 1048576, "1048576",
	  1048576 },
	{ "MaxBurstLength=16776192", IET_K_MAX_BURST_LENGTH, 16777215,
	  "1048576", 1048576 },
	{ "MaxBurstLength=0x200", IET_K_MAX_BURST_LENGTH, 1048576, "512", 512 },
	{ "MaxBurstLength=511", IET_K_MAX_BURST_LENGTH, 1048576, "Reject",
	  262144 },
	{ "MaxBurstLength=-1", IET_K_MAX_BURST_LENGTH, 1048576, "Reject",
	  262144 },
	{ "MaxBurstLength=99999999999999999999", IET_K_MAX_BURST_LENGTH,
	  1048576, "Reject", 262144 },
	/* 13.14: at most MaxBurstLength, whose default is 262144 */
	{ "FirstBurstLength=65536", IET_K_FIRST_BURST_LENGTH, 262144, "65536",
	  65536 },
	{ "FirstBurstLength=16777215", IET_K_FIRST_BURST_LENGTH, 1048576,
	  "262144", 262144 },
	/* 13.15, maximum; 13.16, minimum */
	{ "DefaultTime2Wait=0", IET_K_DEFAULT_TIME2WAIT, 2, "2", 2 },
	{ "DefaultTime2Wait=10", IET_K_DEFAULT_TIME2WAIT, 2, "10", 10 },
	{ "DefaultTime2Wait=3601", IET_K_DEFAULT_TIME2WAIT, 2, "Reject", 2 },
	{ "DefaultTime2Retain=60", IET_K_DEFAULT_TIME2RETAIN, 20, "20", 20 },
	{ "DefaultTime2Retain=0", IET_K_DEFAULT_TIME2RETAIN, 20, "0", 0 },
	{ "DefaultTime2Retain=3601", IET_K_DEFAULT_TIME2RETAIN, 20, "Reject",
	  20 },
	/* 13.17 */
	{ "MaxOutstandingR2T=16", IET_K_MAX_OUTSTANDING_R2T, -1, "1", 1 },
	{ "MaxOutstandingR2T=16", IET_K_MAX_OUTSTANDING_R2T, 8, "8", 8 },
	{ "MaxOutstandingR2T=100", IET_K_MAX_OUTSTANDING_R2T, 100, "16", 16 },
	{ "MaxOutstandingR2T=0", IET_K_MAX_OUTSTANDING_R2T, 8, "Reject", 1 },
	/* 13.18, 13.19: always in order */
	{ "DataPDUInOrder=No", IET_K_DATA_PDU_IN_ORDER, -1, "Yes", 1 },
	{ "DataPDUInOrder=Yes", IET_K_DATA_PDU_IN_ORDER, -1, "Yes", 1 },
	{ "DataSequenceInOrder=No", IET_K_DATA_SEQUENCE_IN_ORDER, -1, "Yes",
	  1 },
	/* 13.20 */
	{ "ErrorRecoveryLevel=2", IET_K_ERROR_RECOVERY_LEVEL, -1, "0", 0 },
	{ "ErrorRecoveryLevel=2", IET_K_ERROR_RECOVERY_LEVEL, 1, "1", 1 },
	{ "ErrorRecoveryLevel=2", IET_K_ERROR_RECOVERY_LEVEL, 2, "2", 2 },
	{ "ErrorRecoveryLevel=3", IET_K_ERROR_RECOVERY_LEVEL, 2, "Reject", 0 },
	/* 13.23, 13.24 */
	{ "TaskReporting=RFC3720", IET_K_TASK_REPORTING, -1, "RFC3720", 1 },
	{ "TaskReporting=FastAbort,ResponseFence,RFC3720", IET_K_TASK_REPORTING,
	  -1, "RFC3720", 1 },
	{ "TaskReporting=FastAbort,ResponseFence,RFC3720", IET_K_TASK_REPORTING,
	  3, "ResponseFence", 2 },
	{ "TaskReporting=FastAbort", IET_K_TASK_REPORTING, -1, "Reject", 1 },
	{ "iSCSIProtocolLevel=2", IET_K_PROTOCOL_LEVEL, -1, "1", 1 },
	{ "iSCSIProtocolLevel=2", IET_K_PROTOCOL_LEVEL, 2, "2", 2 },
	{ "iSCSIProtocolLevel=0", IET_K_PROTOCOL_LEVEL, 2, "0", 0 },
	{ "iSCSIProtocolLevel=32", IET_K_PROTOCOL_LEVEL, 2, "Reject", 1 },
	/* 13.25 */
	{ "IFMarker=Yes", IET_K_IFMARKER, -1, "No", 0 },
	{ "OFMarker=No", IET_K_OFMARKER, -1, "No", 0 },
	{ "IFMarkInt=2048~8192", IET_K_IFMARKINT, -1, "Reject", 2048 },
	{ "OFMarkInt=2048", IET_K_OFMARKINT, -1, "Reject", 2048 },
	/* RFC 7145 */
	{ "RDMAExtensions=Yes", 0, -1, "No", -1 },
	{ "InitiatorRecvDataSegmentLength=8192", 0, -1, "Irrelevant", -1 },
	{ "TargetRecvDataSegmentLength=8192", 0, -1, "Irrelevant", -1 },
	{ "MaxOutstandingUnexpectedPDUs=0", 0, -1, NONE, -1 },
	{ "MaxAHSLength=256", 0, -1, NONE, -1 },
	{ "TaggedBufferForSolicitedDataOnly=Yes", 0, -1, NONE, -1 },
	{ "iSERHelloRequired=Yes", 0, -1, NONE, -1 },
	/* declared, and of no consequence */
	{ "InitiatorAlias=me", 0, -1, NONE, -1 },
	{ "X#NodeArchitecture=PDP11", 0, -1, NONE, -1 },
	/* not ours to know */
	{ "X-com.example.key=1", 0, -1, "NotUnderstood", -1 },
	{ "X#Other=1", 0, -1, "NotUnderstood", -1 },
	{ "MaxBurstlength=1", 0, -1, "NotUnderstood", -1 },
	{ "X-com.example.key=NotUnderstood", 0, -1, NONE, -1 },
	/* not theirs to send, or not now */
	{ "TargetAlias=x", 0, -1, REFUSED, -1 },
	{ "TargetAddress=10.0.0.1", 0, -1, REFUSED, -1 },
	{ "TargetPortalGroupTag=1", 0, -1, REFUSED, -1 },
	{ "SendTargets=All", 0, -1, REFUSED, -1 },
	{ "AuthMethod=None", 0, -1, REFUSED, -1 },
	{ "CHAP_A=5", 0, -1, REFUSED, -1 },
	/* answers to what we have not asked */
	{ "HeaderDigest=Reject", 0, -1, REFUSED, -1 },
	{ "MaxBurstLength=Irrelevant", 0, -1, REFUSED, -1 },
	{ "TargetAlias=NotUnderstood", 0, -1, REFUSED, -1 },
};

static void check_row(const struct row *row)
{
	struct kernel_keys policy = { 0 };
	enum iscsi_login_status status;
	bool refused = row->answer && !strcmp(row->answer, REFUSED);

	if (row->policy >= 0) {
		policy.set = K_HAS(row->attr);
		policy.val[row->attr] = row->policy;
	}
	begin(&policy);
	status = offer_one(PHASE_OPERATIONAL, row->offer);
	CHECK_EQ(status,
		 refused ? ISCSI_LOGIN_INITIATOR_ERROR : ISCSI_LOGIN_SUCCESS);
	if (!refused && row->answer)
		CHECK_STR(answer(key_of(row->offer)), row->answer);
	if (!row->answer)
		CHECK_EQ(out.len, 0);
	if (row->result >= 0)
		CHECK_EQ(n.result.val[row->attr], row->result);
}

static void test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool ok = ktap_ok;

		check_row(&rows[i]);
		CHECK_ROW(rows[i].offer, ok);
	}
}

/* every key is answered once, whatever the order they come in */
static void test_order(void)
{
	static const char first[] = "FirstBurstLength=1048576\0"
				    "MaxBurstLength=65536\0"
				    "ImmediateData=Yes\0InitialR2T=No";
	struct kernel_keys policy = {
		.set = K_HAS(IET_K_MAX_BURST_LENGTH) |
		       K_HAS(IET_K_FIRST_BURST_LENGTH),
	};

	policy.val[IET_K_MAX_BURST_LENGTH] = 262144;
	policy.val[IET_K_FIRST_BURST_LENGTH] = 262144;
	begin(&policy);
	CHECK_EQ(offer(PHASE_OPERATIONAL, first, sizeof(first)), 0);
	CHECK_STR(answer("MaxBurstLength"), "65536");
	CHECK_STR(answer("FirstBurstLength"), "65536");
	CHECK_EQ(negotiate_finish(&n), 0);
}

/* 13.19: with recovery there is one R2T at a time, in whatever order it came */
static void test_recovery(void)
{
	static const char text[] = "MaxOutstandingR2T=8\0"
				   "DataSequenceInOrder=No\0"
				   "DataPDUInOrder=No\0"
				   "ErrorRecoveryLevel=1";
	struct kernel_keys keys = {
		.set = K_HAS(IET_K_ERROR_RECOVERY_LEVEL) |
		       K_HAS(IET_K_MAX_OUTSTANDING_R2T),
		.val = { [IET_K_ERROR_RECOVERY_LEVEL] = 2,
			 [IET_K_MAX_OUTSTANDING_R2T] = 8 },
	};

	begin(&keys);
	CHECK_EQ(offer(PHASE_OPERATIONAL, text, sizeof(text)), 0);
	CHECK_STR(answer("ErrorRecoveryLevel"), "1");
	CHECK_STR(answer("MaxOutstandingR2T"), "1");
	/* the result is OR, so Yes is always legal, and what we do */
	CHECK_STR(answer("DataSequenceInOrder"), "Yes");
	CHECK_STR(answer("DataPDUInOrder"), "Yes");
}

static void test_irrelevant(void)
{
	static const char text[] = "FirstBurstLength=65536\0"
				   "InitialR2T=Yes\0ImmediateData=No";

	begin(NULL);
	CHECK_EQ(offer(PHASE_OPERATIONAL, text, sizeof(text)), 0);
	CHECK_STR(answer("FirstBurstLength"), "Irrelevant");
	CHECK_STR(answer("InitialR2T"), "Yes");
	CHECK_STR(answer("ImmediateData"), "No");
}

static void test_discovery(void)
{
	static const char text[] =
		"HeaderDigest=None,CRC32C\0DataDigest=None,CRC32C\0"
		"MaxRecvDataSegmentLength=65536\0DefaultTime2Wait=0\0"
		"DefaultTime2Retain=60\0ErrorRecoveryLevel=2\0"
		"MaxConnections=32\0InitialR2T=No\0ImmediateData=Yes\0"
		"MaxBurstLength=262144\0FirstBurstLength=65536\0"
		"MaxOutstandingR2T=16\0DataPDUInOrder=Yes\0"
		"DataSequenceInOrder=Yes\0TaskReporting=RFC3720\0"
		"iSCSIProtocolLevel=1";
	static const char *const irrelevant[] = {
		"MaxConnections",    "InitialR2T",	    "ImmediateData",
		"MaxBurstLength",    "FirstBurstLength",    "MaxOutstandingR2T",
		"DataPDUInOrder",    "DataSequenceInOrder", "TaskReporting",
		"iSCSIProtocolLevel"
	};

	begin(NULL);
	n.discovery = true;
	negotiate_policy(&n, NULL, &fake_info);
	CHECK_EQ(offer(PHASE_OPERATIONAL, text, sizeof(text)), 0);
	for (size_t i = 0; i < sizeof(irrelevant) / sizeof(*irrelevant); i++)
		CHECK_STR(answer(irrelevant[i]), "Irrelevant");
	CHECK_STR(answer("HeaderDigest"), "None");
	CHECK_STR(answer("DefaultTime2Wait"), "2");
	CHECK_STR(answer("DefaultTime2Retain"), "20");
	CHECK_STR(answer("ErrorRecoveryLevel"), "0");
	CHECK(!answer("MaxRecvDataSegmentLength"));
}

static void test_twice(void)
{
	static const char text[] = "InitialR2T=No\0InitialR2T=No";
	static const char unknown[] = "X-a=1\0X-a=1";

	begin(NULL);
	CHECK_EQ(offer(PHASE_OPERATIONAL, text, sizeof(text)),
		 ISCSI_LOGIN_INITIATOR_ERROR);
	begin(NULL);
	CHECK_EQ(offer_one(PHASE_OPERATIONAL, "InitialR2T=No"), 0);
	CHECK_EQ(offer_one(PHASE_OPERATIONAL, "InitialR2T=No"),
		 ISCSI_LOGIN_INITIATOR_ERROR);
	begin(NULL);
	CHECK_EQ(offer(PHASE_OPERATIONAL, unknown, sizeof(unknown)),
		 ISCSI_LOGIN_INITIATOR_ERROR);
	/* libiscsi says who it is in each stage; but not twice in one text */
	begin(NULL);
	CHECK_EQ(offer_one(PHASE_SECURITY, "InitiatorName=iqn.a"), 0);
	CHECK_EQ(offer_one(PHASE_OPERATIONAL, "InitiatorName=iqn.a"), 0);
	begin(NULL);
	CHECK_EQ(offer(PHASE_SECURITY, "InitiatorAlias=a\0InitiatorAlias=a",
		       34),
		 ISCSI_LOGIN_INITIATOR_ERROR);
}

static void test_phases(void)
{
	begin(NULL);
	CHECK_EQ(offer_one(PHASE_SECURITY, "AuthMethod=None"), 0);
	CHECK_EQ(offer_one(PHASE_SECURITY, "HeaderDigest=None"), 0);
	CHECK_STR(answer("HeaderDigest"), "None");
	CHECK_EQ(offer_one(PHASE_SECURITY, "MaxBurstLength=512"),
		 ISCSI_LOGIN_INITIATOR_ERROR);
	/* in the full feature phase it is rejected, and nothing changes */
	begin(NULL);
	CHECK_EQ(offer_one(PHASE_FULL_FEATURE, "MaxBurstLength=512"), 0);
	CHECK_STR(answer("MaxBurstLength"), "Reject");
	CHECK_EQ(n.result.val[IET_K_MAX_BURST_LENGTH], 262144);
	CHECK_EQ(offer_one(PHASE_FULL_FEATURE, "MaxRecvDataSegmentLength=512"),
		 0);
	CHECK_EQ(n.result.val[IET_K_MAX_XMIT_DATA_SEGMENT_LENGTH], 512);
}

static void test_second_connection(void)
{
	begin(NULL);
	n.leading = false;
	CHECK_EQ(offer_one(PHASE_OPERATIONAL, "MaxBurstLength=512"), 0);
	CHECK_STR(answer("MaxBurstLength"), "Reject");
	CHECK_EQ(offer_one(PHASE_OPERATIONAL, "HeaderDigest=None"), 0);
	CHECK_STR(answer("HeaderDigest"), "None");
}

static void test_declaration(void)
{
	struct kernel_keys policy = {
		.set = K_HAS(IET_K_MAX_RECV_DATA_SEGMENT_LENGTH),
	};

	policy.val[IET_K_MAX_RECV_DATA_SEGMENT_LENGTH] = 1048576;
	begin(&policy);
	CHECK_EQ(n.result.val[IET_K_MAX_RECV_DATA_SEGMENT_LENGTH], 8192);
	negotiate_declare(&n, &out);
	negotiate_declare(&n, &out);
	CHECK_STR(answer("MaxRecvDataSegmentLength"), "262144");
	CHECK_EQ(n.result.val[IET_K_MAX_RECV_DATA_SEGMENT_LENGTH], 262144);
	/* what they think of it is of no interest */
	CHECK_EQ(offer_one(PHASE_OPERATIONAL,
			   "MaxRecvDataSegmentLength=NotUnderstood"),
		 0);
}

static void test_finish(void)
{
	struct kernel_keys policy = {
		.set = K_HAS(IET_K_FIRST_BURST_LENGTH),
	};

	/* the default of one and a small value of the other */
	begin(NULL);
	CHECK_EQ(offer_one(PHASE_OPERATIONAL, "MaxBurstLength=4096"), 0);
	CHECK_EQ(negotiate_finish(&n), 0);
	CHECK_EQ(n.result.val[IET_K_FIRST_BURST_LENGTH], 4096);
	/* agreed on one after the other, and not together */
	policy.val[IET_K_FIRST_BURST_LENGTH] = 65536;
	begin(&policy);
	CHECK_EQ(offer_one(PHASE_OPERATIONAL, "FirstBurstLength=65536"), 0);
	CHECK_EQ(offer_one(PHASE_OPERATIONAL, "MaxBurstLength=4096"), 0);
	CHECK_EQ(negotiate_finish(&n), ISCSI_LOGIN_INITIATOR_ERROR);
}

static void test_too_many_unknown(void)
{
	enum iscsi_login_status status = 0;
	char pair[32];
	int i;

	begin(NULL);
	for (i = 0; i < 1000 && !status; i++) {
		snprintf(pair, sizeof(pair), "X-%d=1", i);
		status = offer_one(PHASE_OPERATIONAL, pair);
	}
	CHECK(i >= 100 && i < 1000);
}

static void test_long_values(void)
{
	char pair[600];

	memset(pair, 'a', sizeof(pair));
	memcpy(pair, "InitiatorAlias=", 15);
	pair[15 + 255] = '\0';
	begin(NULL);
	CHECK_EQ(offer_one(PHASE_OPERATIONAL, pair), 0);
	pair[15 + 255] = 'a';
	pair[15 + 256] = '\0';
	begin(NULL);
	CHECK_EQ(offer_one(PHASE_OPERATIONAL, pair),
		 ISCSI_LOGIN_INITIATOR_ERROR);
	/* challenges are long */
	memset(pair, 'a', sizeof(pair));
	memcpy(pair, "CHAP_C=0x", 9);
	pair[599] = '\0';
	begin(NULL);
	CHECK_EQ(offer_one(PHASE_SECURITY, pair), 0);
}

int main(void)
{
	ktap_run(test_rows);
	ktap_run(test_order);
	ktap_run(test_recovery);
	ktap_run(test_irrelevant);
	ktap_run(test_discovery);
	ktap_run(test_twice);
	ktap_run(test_phases);
	ktap_run(test_second_connection);
	ktap_run(test_declaration);
	ktap_run(test_finish);
	ktap_run(test_too_many_unknown);
	ktap_run(test_long_values);
	negotiate_free(&n);
	text_free(&out);
	return ktap_done();
}
