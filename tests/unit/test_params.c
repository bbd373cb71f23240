// SPDX-License-Identifier: GPL-2.0-only
/* Parameters: every name, its range, and what is said about the rest. */
#include "params.h"

#include <errno.h>

#include "ktap.h"

static const struct {
	const char *name;
	const char *text;
	int ret;
	uint32_t val;
	const char *reason;
} rows[] = {
	{ "Wthreads", "1", 0, 1, "" },
	{ "Wthreads", "128", 0, 128, "" },
	{ "Wthreads", "0", -EINVAL, 0, "\"0\": must be 1 to 128" },
	{ "Wthreads", "129", -EINVAL, 0, "\"129\": must be 1 to 128" },
	{ "wTHREADS", "0x10", 0, 16, "" },
	{ "Wthreads", "010", 0, 8, "" },
	{ "Wthreads", "8k", -EINVAL, 0, "\"8k\" is not a number" },
	{ "Wthreads", "-1", -EINVAL, 0, "\"-1\" is not a number" },
	{ "Wthreads", "", -EINVAL, 0, "\"\" is not a number" },
	{ "Type", "0", 0, 0, "" },
	{ "Type", "1", -EINVAL, 0, "\"1\": must be 0" },
	{ "QueuedCommands", "256", 0, 256, "" },
	{ "QueuedCommands", "257", -EINVAL, 0, "\"257\": must be 1 to 256" },
	{ "NOPInterval", "90", 0, 90, "" },
	{ "NOPInterval", "91", -EINVAL, 0, "\"91\": must be 0 to 90" },
	{ "NOPTimeout", "91", -EINVAL, 0, "\"91\": must be 0 to 90" },
	{ "MaxSessions", "0", 0, 0, "" },
	{ "AluaState", "Active-NonOptimized", 0, 1, "" },
	{ "AluaState", "transitioning", 0, 15, "" },
	{ "AluaState", "offline", -EINVAL, 0,
	  "\"offline\" is not active-optimized, active-nonoptimized, standby, "
	  "unavailable or transitioning" },
	{ "AluaPreferred", "Yes", 0, 1, "" },
	{ "AluaExplicit", "1", -EINVAL, 0, "\"1\" is neither Yes nor No" },
	{ "InitialR2T", "No", 0, 0, "" },
	{ "InitialR2T", "yes", 0, 1, "" },
	{ "InitialR2T", "1", -EINVAL, 0, "\"1\" is neither Yes nor No" },
	{ "ImmediateData", "Yes", 0, 1, "" },
	{ "MaxConnections", "0", -EINVAL, 0, "\"0\": must be 1 to 65535" },
	{ "MaxConnections", "65536", 1, 65535,
	  "\"65536\" is above the maximum, 65535 is used" },
	{ "MaxRecvDataSegmentLength", "512", 0, 512, "" },
	/* never the minimum, as of old */
	{ "MaxRecvDataSegmentLength", "16777216", 1, 16777215,
	  "\"16777216\" is above the maximum, 16777215 is used" },
	{ "MaxRecvDataSegmentLength", "511", -EINVAL, 0,
	  "\"511\": must be 512 to 16777215" },
	{ "MaxXmitDataSegmentLength", "99999999999999999999", 1, 16777215,
	  "\"99999999999999999999\" is above the maximum, 16777215 is used" },
	{ "MaxBurstLength", "1048576", 0, 1048576, "" },
	{ "FirstBurstLength", "65536", 0, 65536, "" },
	{ "DefaultTime2Wait", "3600", 0, 3600, "" },
	{ "DefaultTime2Retain", "3601", -EINVAL, 0,
	  "\"3601\": must be 0 to 3600" },
	{ "MaxOutstandingR2T", "8", 0, 8, "" },
	{ "DataPDUInOrder", "Yes", 0, 1, "" },
	{ "DataPDUInOrder", "No", 1, 1, "\"No\": only Yes is supported" },
	{ "DataSequenceInOrder", "No", 1, 1, "\"No\": only Yes is supported" },
	{ "ErrorRecoveryLevel", "2", 0, 2, "" },
	{ "ErrorRecoveryLevel", "3", 1, 2,
	  "\"3\" is above the maximum, 2 is used" },
	{ "HeaderDigest", "None", 0, IET_DIGEST_NONE, "" },
	{ "HeaderDigest", "CRC32C", 0, IET_DIGEST_CRC32C, "" },
	{ "HeaderDigest", "crc32c,NONE", 0, 3, "" },
	{ "DataDigest", "CRC32C,", -EINVAL, 0,
	  "\"CRC32C,\" is not a list of None and CRC32C" },
	{ "DataDigest", "MD5", -EINVAL, 0,
	  "\"MD5\" is not a list of None and CRC32C" },
	{ "OFMarker", "No", 0, 0, "" },
	{ "OFMarker", "Yes", 1, 0, "\"Yes\": only No is supported" },
	{ "IFMarker", "Yes", 1, 0, "\"Yes\": only No is supported" },
	{ "OFMarkInt", "2048", 0, 2048, "" },
	{ "IFMarkInt", "0", -EINVAL, 0, "\"0\": must be 1 to 65535" },
};

static void test_parse(void)
{
	char reason[PARAM_TEXT_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct param *p = param_find(rows[i].name);
		bool before = ktap_ok;
		uint32_t val = 0;

		CHECK(p);
		if (!p)
			continue;
		CHECK_EQ(param_parse(p, rows[i].text, &val, reason),
			 rows[i].ret);
		CHECK_EQ(val, rows[i].val);
		CHECK_STR(reason, rows[i].reason);
		CHECK_ROW(rows[i].text, before);
	}
}

/* 5 numbers, MaxSessions and ALUA of the target, 19 keys of the session */
static void test_table(void)
{
	unsigned int nr_target = 0, nr_key = 0;
	uint64_t keys = 0;

	for (size_t i = 0; i < nr_params; i++) {
		const struct param *p = &params[i];

		CHECK(p->min <= p->def && p->def <= p->max);
		CHECK(param_find(p->name) == p);
		if (p->space == PARAM_TARGET) {
			nr_target++;
			continue;
		}
		nr_key++;
		CHECK(!(keys & K_HAS(p->attr)));
		keys |= K_HAS(p->attr);
	}
	CHECK_EQ(nr_target, 9);
	CHECK_EQ(nr_key, 19);
	CHECK(!param_find("Lun"));
	CHECK(!param_find(""));
}

/* what is printed is read back as the same */
static void test_print(void)
{
	char text[PARAM_TEXT_MAX], reason[PARAM_TEXT_MAX];

	for (size_t i = 0; i < nr_params; i++) {
		const struct param *p = &params[i];
		const uint32_t vals[] = { p->min, p->def, p->max };

		for (int j = 0; j < 3; j++) {
			uint32_t val = 0;

			param_print(p, vals[j], text);
			CHECK_EQ(param_parse(p, text, &val, reason), 0);
			CHECK_EQ(val, vals[j]);
		}
	}
	param_print(param_find("HeaderDigest"), 3, text);
	CHECK_STR(text, "CRC32C,None");
	/* nothing a module sends may read past the table */
	param_print(param_find("HeaderDigest"), 0xffffffff, text);
	CHECK_STR(text, "CRC32C,None");
}

static void test_set_get(void)
{
	for (size_t i = 0; i < nr_params; i++) {
		struct kernel_target t = { 0 };
		uint32_t val;

		CHECK(!param_get(&params[i], &t, &val));
		param_set(&params[i], &t, 77);
		CHECK(param_get(&params[i], &t, &val));
		CHECK_EQ(val, 77);
		for (size_t j = 0; j < nr_params; j++)
			if (j != i)
				CHECK(!param_get(&params[j], &t, &val));
	}
}

static void test_limit(void)
{
	const struct kernel_info info = {
		.max_recv_segment = 262144,
		.max_burst = 1048576,
		.max_queued = 128,
		.max_outstanding_r2t = 4,
		.max_connections = 1,
		.max_erl = 0,
	};

	CHECK_EQ(param_limit(param_find("MaxRecvDataSegmentLength"), &info),
		 262144);
	CHECK_EQ(param_limit(param_find("MaxXmitDataSegmentLength"), &info),
		 16777215);
	CHECK_EQ(param_limit(param_find("MaxBurstLength"), &info), 1048576);
	CHECK_EQ(param_limit(param_find("FirstBurstLength"), &info), 1048576);
	CHECK_EQ(param_limit(param_find("QueuedCommands"), &info), 128);
	CHECK_EQ(param_limit(param_find("MaxOutstandingR2T"), &info), 4);
	CHECK_EQ(param_limit(param_find("MaxConnections"), &info), 1);
	CHECK_EQ(param_limit(param_find("ErrorRecoveryLevel"), &info), 0);
	CHECK_EQ(param_limit(param_find("Wthreads"), &info), 128);
}

int main(void)
{
	ktap_run(test_parse);
	ktap_run(test_table);
	ktap_run(test_print);
	ktap_run(test_set_get);
	ktap_run(test_limit);
	return ktap_done();
}
