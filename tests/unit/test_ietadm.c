// SPDX-License-Identifier: GPL-2.0-only
/* ietadm: command lines of old, their output, their exit codes, their words */
#include "ietadm.h"

#include <errno.h>

#include "admin_server.h"
#include "ietadm_line.h"
#include "ktap.h"

/* runs it, and looks at all that comes of it */
/* a medium of one block */
static const char sector[512];

static void check_run(const char *line, int want, const char *want_out,
		      const char *want_err)
{
	bool before = ktap_ok;

	CHECK_EQ(run(line), want);
	CHECK_STR(out, want_out);
	CHECK_STR(err_out, want_err);
	CHECK_ROW(line, before);
}

static void start(void)
{
	fake_reset();
	tmp_write("disk", sector, sizeof(sector));
	/* nobody there */
	ietadm_set_path("/nonexistent/socket");
}

static void test_target(void)
{
	start();
	check_run("ietadm --op new --tid=1 --params Name=iqn.a", 0, "", "");
	CHECK_EQ(fake_find_target("iqn.a")->tid, 1);
	CHECK_EQ(fake_find_target("iqn.a")->origin, IET_ORIGIN_RUNTIME);
	check_run("ietadm --op new --tid=0 --params=name=iqn.b,Alias=B", 0, "",
		  "");
	CHECK_EQ(fake_find_target("iqn.b")->tid, 2);
	CHECK_STR(fake_find_target("iqn.b")->alias, "B");
	check_run("ietadm -o new -t 7 -p Name=iqn.c", 0, "", "");
	CHECK_EQ(fake_find_target("iqn.c")->tid, 7);

	check_run("ietadm --op new --tid=7 --params Name=iqn.d", -EEXIST, "",
		  "ietadm: new target 7: this tid is in use\n");
	check_run("ietadm --op new --tid=8 --params Alias=x", -EINVAL, "",
		  "ietadm: new target 8: Name is missing\n");
	check_run("ietadm --op new --tid=8 --params iqn.d", -EINVAL, "",
		  "ietadm: new target 8: --params is not a list of "
		  "KEY=VALUE\n");
	check_run("ietadm --op delete --tid=7", 0, "", "");
	CHECK(!fake_find_target("iqn.c"));
	check_run("ietadm --op delete --tid=7", -ENOENT, "",
		  "ietadm: delete target 7: no such target\n");
}

static void test_busy(void)
{
	struct kernel_session s = { .tid = 1, .initiator = "iqn.i" };

	start();
	fake_target("iqn.a");
	CHECK_EQ(kernel->session_new(&s), 0);
	check_run("ietadm --op delete --tid=1", -EBUSY, "",
		  "ietadm: delete target 1: the target has sessions\n");
	/* 240 in the shell */
	CHECK_EQ(-EBUSY & 0xff, 240);
	check_run("ietadm --op delete", 0, "", "");
	CHECK(!fake_find_target("iqn.a"));
	CHECK(!fake_session(0));
}

static void test_update(void)
{
	struct kernel_target *t;

	start();
	t = fake_target("iqn.a");
	check_run("ietadm --op update --tid=1 --params=MaxRecvDataSegmentLength"
		  "=131072,HEADERDIGEST=CRC32C,wthreads=16,MaxSessions=3",
		  0, "", "");
	CHECK_EQ(t->keys.val[IET_K_MAX_RECV_DATA_SEGMENT_LENGTH], 131072);
	CHECK_EQ(t->keys.val[IET_K_HEADER_DIGEST], IET_DIGEST_CRC32C);
	CHECK_EQ(t->wthreads, 16);
	CHECK_EQ(t->max_sessions, 3);
	check_run("ietadm --op update --tid 1 --params NOPInterval=30", 0, "",
		  "");
	CHECK_EQ(t->nop_interval, 30);
	/* a value that is a list itself */
	check_run("ietadm --op update --tid=1 --params=HeaderDigest=CRC32C,"
		  "None,NOPInterval=31,DataDigest=none,,NOPTimeout=4",
		  0, "", "");
	CHECK_EQ(t->keys.val[IET_K_HEADER_DIGEST],
		 IET_DIGEST_CRC32C | IET_DIGEST_NONE);
	CHECK_EQ(t->keys.val[IET_K_DATA_DIGEST], IET_DIGEST_NONE);
	CHECK_EQ(t->nop_interval, 31);
	CHECK_EQ(t->nop_timeout, 4);
	check_run("ietadm --op update --tid=1 --params=DataDigest=None,MD5",
		  -EINVAL, "",
		  "ietadm: update target 1: DataDigest: \"None,MD5\" is not a "
		  "list of None and CRC32C\n");
	check_run("ietadm --op update --tid=1 --sid=0 --params=InitialR2T=No",
		  0, "", "");
	CHECK_EQ(t->keys.val[IET_K_INITIAL_R2T], 0);
	check_run("ietadm --op update --tid=1 --redirect=192.168.1.9:3261", 0,
		  "", "");
	CHECK_STR(t->redirect, "192.168.1.9:3261");
	CHECK_EQ(t->redirect_flags, 0);
	check_run("ietadm --op update --tid=1 --redirect=[::1]:3261,permanent",
		  0, "", "");
	CHECK_STR(t->redirect, "[::1]:3261");
	CHECK_EQ(t->redirect_flags, IET_REDIRECT_PERMANENT);
	check_run("ietadm --op update --tid=1 --redirect=", 0, "", "");
	CHECK_STR(t->redirect, "");

	check_run("ietadm --op update --tid=1 --params=bogus=1", -EINVAL, "",
		  "ietadm: update target 1: \"bogus\" is not a parameter of a "
		  "target\n");
	check_run("ietadm --op update --tid=1 --params=Wthreads=999", -EINVAL,
		  "",
		  "ietadm: update target 1: Wthreads: \"999\": must be 1 to "
		  "128\n");
	check_run("ietadm --op update --tid=1 "
		  "--params=MaxRecvDataSegmentLength=1048576",
		  0, "",
		  "ietadm: update target 1: warning: MaxRecvDataSegmentLength: "
		  "1048576 is above the module's maximum, 262144 is used\n");
	CHECK_EQ(t->keys.val[IET_K_MAX_RECV_DATA_SEGMENT_LENGTH], 262144);
	/* as in the file, the burst without R2T is no longer than one with */
	check_run("ietadm --op update --tid=1 --params=MaxBurstLength=65536", 0,
		  "", "");
	CHECK_EQ(t->keys.val[IET_K_FIRST_BURST_LENGTH], 65536);
	check_run(
		"ietadm --op update --tid=1 --params=FirstBurstLength=65537", 0,
		"",
		"ietadm: update target 1: warning: FirstBurstLength: is above "
		"MaxBurstLength, 65536 is used\n");
	CHECK_EQ(t->keys.val[IET_K_FIRST_BURST_LENGTH], 65536);
	check_run("ietadm --op update --tid=1 --params=FirstBurstLength=512", 0,
		  "", "");
	check_run("ietadm --op update --tid=1 --params=MaxBurstLength=1024", 0,
		  "", "");
	CHECK_EQ(t->keys.val[IET_K_FIRST_BURST_LENGTH], 512);
	check_run("ietadm --op update --tid=1 --params=,", -EINVAL, "",
		  "ietadm: update target 1: --params is empty\n");
	check_run("ietadm --op update --tid=1 --redirect=a,b", -EINVAL, "",
		  "ietadm: update target 1: \"a,b\" is not "
		  "ADDR[:PORT][,permanent]\n");
	check_run("ietadm --op update --tid=1 --redirect=,permanent", -EINVAL,
		  "",
		  "ietadm: update target 1: \",permanent\" is not "
		  "ADDR[:PORT][,permanent]\n");
	check_run("ietadm --op update --tid=1 --sid=5 --params=InitialR2T=No",
		  -EOPNOTSUPP, "",
		  "ietadm: update session 5 of target 1: Unsupported: what a "
		  "session has negotiated stays until it ends\n");
}

static void test_show(void)
{
	struct kernel_session s = { .tid = 1, .initiator = "iqn.i" };
	struct kernel_target *t;
	char line[128];

	start();
	t = fake_target("iqn.a");
	t->wthreads = 8;
	t->queued_commands = 32;
	t->nop_interval = 10;
	t->nop_timeout = 5;
	t->max_sessions = 9;
	check_run("ietadm --op show --tid=1", 0,
		  "Wthreads=8\nType=0\nQueuedCommands=32\nNOPInterval=10\n"
		  "NOPTimeout=5\n",
		  "");
	check_run(
		"ietadm --op show --tid=1 --sid=0", 0,
		"InitialR2T=No\nImmediateData=Yes\nMaxConnections=1\n"
		"MaxRecvDataSegmentLength=262144\n"
		"MaxXmitDataSegmentLength=262144\nMaxBurstLength=1048576\n"
		"FirstBurstLength=262144\nDefaultTime2Wait=2\n"
		"DefaultTime2Retain=20\nMaxOutstandingR2T=8\n"
		"DataPDUInOrder=Yes\nDataSequenceInOrder=Yes\n"
		"ErrorRecoveryLevel=0\nHeaderDigest=CRC32C,None\nDataDigest=CRC32C,None\n"
		"OFMarker=No\nIFMarker=No\nOFMarkInt=2048\nIFMarkInt=2048\n",
		"");
	s.keys.set = K_HAS(IET_K_HEADER_DIGEST);
	s.keys.val[IET_K_HEADER_DIGEST] = IET_DIGEST_CRC32C;
	CHECK_EQ(kernel->session_new(&s), 0);
	snprintf(line, sizeof(line), "ietadm --op show --tid=1 --sid=%llu",
		 (unsigned long long)s.sid);
	CHECK_EQ(run(line), 0);
	CHECK(strstr(out, "\nHeaderDigest=CRC32C\n"));
	check_run("ietadm --op show --tid=1 --sid=77", -ENOENT, "",
		  "ietadm: show session 77 of target 1: there is no such "
		  "session\n");
	check_run("ietadm --op show --tid=2", -ENOENT, "",
		  "ietadm: show target 2: no such target\n");
	CHECK_EQ(run("ietadm --op show"), 0);
	CHECK(strstr(out, "ietd: not running\n"));
	CHECK(strstr(out, "target 1: iqn.a\n"));
	CHECK(strstr(out, "iqn.i\n"));
}

static void test_lun(void)
{
	char line[512], want[512];
	struct kernel_lun *l;

	start();
	fake_target("iqn.a");
	snprintf(line, sizeof(line),
		 "ietadm --op new --tid=1 --lun=0 --params "
		 "Path=%s,Type=fileio,IOMode=wb",
		 tmp_path("disk"));
	check_run(line, 0, "", "");
	l = fake_find_lun(1, 0);
	CHECK(l && l->set & K_HAS(IET_L_FD) && l->fd >= 0);
	CHECK_STR(l ? l->path : "", tmp_path("disk"));
	CHECK_EQ(l ? l->iomode : 0, IET_IOMODE_WB);
	CHECK_EQ(l ? l->origin : 9, IET_ORIGIN_RUNTIME);
	CHECK_EQ(l ? strlen(l->scsi_sn) : 0, 32);
	check_run(line, -EEXIST, "",
		  "ietadm: new lun 0 of target 1: this LUN exists\n");
	check_run("ietadm --op update --tid=1 --lun=0", 0, "", "");
	check_run("ietadm --op delete --tid=1 --lun=0", 0, "", "");
	check_run("ietadm --op delete --tid=1 --lun=0", -ENOENT, "",
		  "ietadm: delete lun 0 of target 1: no such LUN\n");

	check_run("ietadm --op new --tid=1 --lun=1 --params "
		  "Type=nullio,Sectors=100",
		  0, "", "");
	CHECK_EQ(fake_find_lun(1, 1)->blocks, 100);
	check_run("ietadm --op new --tid=1 --lun=2 --params Path=/none",
		  -ENOENT, "",
		  "ietadm: new lun 2 of target 1: /none: No such file or "
		  "directory\n");
	snprintf(
		line, sizeof(line),
		"ietadm --op new --tid=1 --lun=2 --params Path=%s,Type=blockio",
		tmp_path("disk"));
	snprintf(want, sizeof(want),
		 "ietadm: new lun 2 of target 1: %s: is not a block device: "
		 "use Type=fileio\n",
		 tmp_path("disk"));
	check_run(line, -ENOTBLK, "", want);
	check_run("ietadm --op new --tid=1 --lun=2 --params Type=tape", -EINVAL,
		  "",
		  "ietadm: new lun 2 of target 1: Type: must be fileio, "
		  "blockio or nullio\n");
	check_run("ietadm --op new --tid=9 --lun=2 --params Type=nullio",
		  -ENOENT, "",
		  "ietadm: new lun 2 of target 9: no such target\n");
}

static void test_shared(void)
{
	char line[512];

	start();
	fake_target("iqn.a");
	fake_target("iqn.b");
	snprintf(line, sizeof(line),
		 "ietadm --op new --tid=1 --lun=4 --params Path=%s",
		 tmp_path("disk"));
	check_run(line, 0, "", "");
	snprintf(line, sizeof(line),
		 "ietadm --op new --tid=2 --lun=5 --params Path=%s",
		 tmp_path("disk"));
	check_run(line, 0, "", "");
	CHECK_EQ(fake_find_lun(2, 5)->of_tid, 1);
	CHECK_EQ(fake_find_lun(2, 5)->of_lun, 4);
	CHECK_STR(fake_find_lun(2, 5)->scsi_id, fake_find_lun(1, 4)->scsi_id);
}

static void test_props(void)
{
	start();
	fake_target("iqn.a");
	check_run("ietadm --op new --tid=1 --lun=1 --params "
		  "Type=nullio,Blocks=8,ScsiId=id,ScsiSN=sn,VendorId=ACME,"
		  "OptimalIO=4096:8192",
		  0, "", "");
	fake_find_lun(1, 1)->block_size = 512;
	check_run("ietadm --op show --tid=1 --lun=1", 0,
		  "Type=nullio\nIOMode=wt\nBlockSize=512\nBlocks=8\n"
		  "ScsiId=id\nScsiSN=sn\nThinProvisioned=No\nRemovable=No\n"
		  "Encrypted=No\n"
		  "VendorId=ACME\nOptimalIO=4096:8192\n",
		  "");
	check_run("ietadm --op update --tid=1 --lun=1 --params "
		  "RotationRate=7200,OptimalIO=65536",
		  0, "", "");
	CHECK_STR(fake_find_lun(1, 1)->props.vendor, "ACME");
	CHECK_EQ(fake_find_lun(1, 1)->props.rotation, 7200);
	CHECK_EQ(fake_find_lun(1, 1)->props.io_granularity, 0);
	check_run(
		"ietadm --op update --tid=1 --lun=1 --params Path=/a", -EINVAL,
		"",
		"ietadm: update lun 1 of target 1: \"Path\" cannot be changed "
		"while the logical unit is there\n");
	check_run("ietadm --op update --tid=1 --lun=1 --params Colour=blue",
		  -EINVAL, "",
		  "ietadm: update lun 1 of target 1: \"Colour\" is not an "
		  "argument of a logical unit\n");
	check_run("ietadm --op update --tid=1 --lun=1 --params RotationRate=3",
		  -EINVAL, "",
		  "ietadm: update lun 1 of target 1: RotationRate: must be 0, "
		  "1 or 1025 to 65534\n");
	check_run("ietadm --op update --tid=1 --lun=1 --params ,", -EINVAL, "",
		  "ietadm: update lun 1 of target 1: --params is empty\n");
	check_run("ietadm --op update --tid=1 --lun=2 --params VendorId=X",
		  -ENOENT, "",
		  "ietadm: update lun 2 of target 1: there is no such LUN\n");
	check_run("ietadm --op show --tid=1 --lun=2", -ENOENT, "",
		  "ietadm: show lun 2 of target 1: there is no such LUN\n");
}

/* --name for --tid */
static void test_name(void)
{
	char line[512];

	start();
	fake_target("iqn.a");
	fake_target("iqn.b");
	check_run("ietadm --op new --name=iqn.b --lun=3 "
		  "--params Type=nullio,Blocks=64",
		  0, "", "");
	CHECK(fake_find_lun(2, 3) && !fake_find_lun(1, 3));
	check_run("ietadm --op update -n iqn.b --params=MaxSessions=7", 0, "",
		  "");
	CHECK_EQ(fake_find_target("iqn.b")->max_sessions, 7);
	check_run("ietadm --op delete --name iqn.b --lun=3", 0, "", "");
	CHECK(!fake_find_lun(2, 3));
	check_run("ietadm --op delete --name iqn.b", 0, "", "");
	CHECK(!fake_find_target("iqn.b") && fake_find_target("iqn.a"));
	check_run("ietadm --op delete --name iqn.b", -ENOENT, "",
		  "ietadm: delete target iqn.b: no such target\n");
	check_run("ietadm --op delete --name= --lun=3", -ENOENT, "",
		  "ietadm: delete lun 3 of target : that is no name of a "
		  "target\n");
	snprintf(line, sizeof(line), "ietadm --op delete --name=%0300d", 0);
	CHECK_EQ(run(line), -ENOENT);

	/* one that is to come has no number yet */
	check_run("ietadm --op new --name=iqn.c --params Name=iqn.c", -EINVAL,
		  "",
		  "ietadm: new target iqn.c: a new target has its name in "
		  "--params\n");
	check_run("ietadm --op delete --tid=1 --name=iqn.a", -EINVAL, "",
		  "ietadm: either --tid or --name\n");
	check_run("ietadm --op delete --name=iqn.a --tid=1", -EINVAL, "",
		  "ietadm: either --tid or --name\n");
	CHECK(fake_find_target("iqn.a"));
}

static void test_session(void)
{
	struct kernel_session s = { .tid = 1, .initiator = "iqn.i" };
	struct kernel_conn c = { .tid = 1, .cid = 3, .fd = 0 };
	char line[128];

	start();
	fake_target("iqn.a");
	CHECK_EQ(kernel->session_new(&s), 0);
	c.sid = s.sid;
	CHECK_EQ(kernel->conn_new(&c), 0);
	snprintf(line, sizeof(line),
		 "ietadm --op delete --tid=1 --sid=%llu --cid=3",
		 (unsigned long long)s.sid);
	check_run(line, 0, "", "");
	CHECK(!fake_session(0));
	CHECK_EQ(kernel->session_new(&s), 0);
	snprintf(line, sizeof(line), "ietadm --op delete --tid=1 --sid=%llu",
		 (unsigned long long)s.sid);
	check_run(line, 0, "", "");
	CHECK(!fake_session(0));
}

/* a target with LUN 4 and a session that counts 1, 2, 3 ... */
static struct kernel_lun *stats_bed(void)
{
	struct kernel_session s = { .tid = 1, .initiator = "iqn.\"i\\\xe9" };
	struct kernel_lun l = { .tid = 1, .lun = 4, .path = "/d\xc3\xa4" };
	struct kernel_lun *have;

	start();
	fake_target("iqn.a");
	CHECK_EQ(kernel->session_new(&s), 0);
	CHECK_EQ(kernel->lun_new(&l), 0);
	have = fake_find_lun(1, 4);
	for (unsigned int i = 0; i < IET_STATS_NR; i++)
		fake_session(0)->stats.nr[i] = i + 1;
	for (unsigned int i = 0; i < IET_STATS_LUN; i++)
		have->stats.nr[i] = 100 + i;
	return have;
}

#define NEXUS_JSON                                                      \
	"\"initiator\":\"iqn.\\\"i\\\\\\u00e9\",\"reads\":1,"           \
	"\"writes\":2,\"others\":3,\"read_bytes\":4,\"write_bytes\":5," \
	"\"checks\":6,\"errors\":7,\"aborted\":8"

static void test_stats_json(void)
{
	char line[96], want[2048];
	unsigned long long sid;

	stats_bed();
	sid = fake_session(0)->sid;
	snprintf(
		want, sizeof(want),
		"{\"targets\":[{\"tid\":1,\"name\":\"iqn.a\",\"luns\":["
		"{\"lun\":4,\"path\":\"/d\xc3\xa4\",\"reads\":100,\"writes\":101,"
		"\"others\":102,\"read_bytes\":103,\"write_bytes\":104,"
		"\"checks\":105,\"errors\":106,\"aborted\":107}],"
		"\"nexuses\":[{\"lun\":4,\"sid\":\"%llu\"," NEXUS_JSON "}],"
		"\"sessions\":[{\"sid\":\"%llu\"," NEXUS_JSON
		",\"r2ts\":9,\"digest_errors\":10,\"rejects\":11,"
		"\"tmfs\":12}]}]}\n",
		sid, sid);
	check_run("ietadm --op show --stats --json", 0, want, "");
	check_run("ietadm --op show --stats --json --tid=1", 0, want, "");
	snprintf(want, sizeof(want),
		 "{\"targets\":[{\"tid\":1,\"name\":\"iqn.a\",\"luns\":[],"
		 "\"nexuses\":[{\"lun\":4,\"sid\":\"%llu\"," NEXUS_JSON "}],"
		 "\"sessions\":[{\"sid\":\"%llu\"," NEXUS_JSON
		 ",\"r2ts\":9,\"digest_errors\":10,\"rejects\":11,"
		 "\"tmfs\":12}]}]}\n",
		 sid, sid);
	snprintf(line, sizeof(line),
		 "ietadm --op show --stats --tid=1 --sid=%llu --json", sid);
	check_run(line, 0, want, "");
	check_run("ietadm --op show --stats --tid=9", -ENOENT, "",
		  "ietadm: show stats of target 9: there is no such target, "
		  "session or LUN\n");
	check_run("ietadm --op show --stats --tid=1 --lun=5", -ENOENT, "",
		  "ietadm: show stats of lun 5 of target 1: there is no such "
		  "target, session or LUN\n");
}

static void test_stats_table(void)
{
	struct kernel_lun *l = stats_bed();

	l->set |= K_HAS(IET_L_LATENCY);
	l->latency.nr[IET_H_READ_TOTAL - 1][3] = 7;
	l->latency.nr[IET_H_WRITE_DEVICE - 1][25] = 9;
	CHECK_EQ(run("ietadm --op show --stats --tid=1 --lun=4"), 0);
	CHECK_STR(err_out, "");
	CHECK(strstr(out, "target 1: iqn.a\n"));
	CHECK(strstr(out, "\t    4                  all        100"));
	CHECK(!strstr(out, "rejects"));
	CHECK(strstr(out, "(switched off)"));
	CHECK(strstr(out, "less than        8            7            0"));
	CHECK(strstr(out, "at least 16777216            0            0"
			  "            0            9\n"));
	CHECK(!strstr(out, "less than        4"));
}

/* how often a text is in another */
static int count(const char *text, const char *what)
{
	int nr = 0;

	while ((text = strstr(text, what))) {
		text += strlen(what);
		nr++;
	}
	return nr;
}

static void test_stats_prometheus(void)
{
	struct kernel_lun *l = stats_bed();
	struct kernel_lun more = { .tid = 2, .lun = 0, .path = "/a\"\\\n\xe9" };
	char want[256];

	fake_target("iqn.b");
	CHECK_EQ(kernel->lun_new(&more), 0);
	l->set |= K_HAS(IET_L_LATENCY);
	l->latency.nr[IET_H_WRITE_DEVICE - 1][0] = 2;
	l->latency.nr[IET_H_WRITE_DEVICE - 1][3] = 7;
	l->latency.nr[IET_H_WRITE_DEVICE - 1][IET_LATENCY_BUCKETS - 1] = 9;
	CHECK_EQ(run("ietadm --op show --stats --prometheus"), 0);
	CHECK_STR(err_out, "");
	/* what belongs to one metric is in one piece */
	CHECK(strstr(out,
		     "# HELP iet_lun_reads_total Commands that read the "
		     "medium.\n"
		     "# TYPE iet_lun_reads_total counter\n"
		     "iet_lun_reads_total{target=\"iqn.a\",lun=\"4\"} 100\n"
		     "iet_lun_reads_total{target=\"iqn.b\",lun=\"0\"} 0\n#"));
	CHECK(strstr(out, "{target=\"iqn.b\",lun=\"0\",path=\"/a\\\"\\\\\\n"
			  "\xc3\xa9\"} 1\n"));
	CHECK(strstr(out, "iet_target_sessions{target=\"iqn.a\",tid=\"1\"} "));
	snprintf(want, sizeof(want),
		 "iet_session_tmfs_total{target=\"iqn.a\",initiator="
		 "\"iqn.\\\"i\\\\\xc3\xa9\",sid=\"%llu\"} 12\n",
		 (unsigned long long)fake_session(0)->sid);
	CHECK(strstr(out, want));
	CHECK(strstr(out, "lun=\"4\",op=\"write\",phase=\"device\","
			  "le=\"1e-06\"} 2\n"));
	CHECK(strstr(out, "phase=\"device\",le=\"8e-06\"} 9\n"));
	CHECK(strstr(out, "phase=\"device\",le=\"16.777216\"} 9\n"));
	CHECK(strstr(out, "phase=\"device\",le=\"+Inf\"} 18\n"));
	CHECK(strstr(out, "seconds_count{target=\"iqn.a\",lun=\"4\","
			  "op=\"write\",phase=\"device\"} 18\n"));
	CHECK_EQ(count(out, "# TYPE "), 3 + IET_STATS_LUN + IET_STATS_NR);
	CHECK_EQ(count(out, "_bucket{"), IET_H_MAX * IET_LATENCY_BUCKETS);

	/* nothing of others, and no metric without a sample */
	CHECK_EQ(run("ietadm --op show --stats --prometheus --tid=1 --lun=4"),
		 0);
	CHECK(!strstr(out, "iqn.b") && !strstr(out, "iet_session"));
	check_run("ietadm --op show --stats --json --prometheus", -EINVAL, "",
		  "ietadm: show stats: either --json or --prometheus\n");
	check_run("ietadm --op show --prometheus", -EINVAL, "",
		  "ietadm: show: --stats is missing\n");
}

static void test_latency(void)
{
	struct kernel_lun *l = stats_bed();

	check_run("ietadm --op update --tid=1 --lun=4 --params=latency=yes", 0,
		  "", "");
	CHECK_EQ(l->timed, 1);
	/* and nothing else */
	CHECK(!(l->set & K_HAS(IET_L_PROPS)));
	check_run("ietadm --op update --tid=1 --lun=4 --params=Latency=2",
		  -EINVAL, "",
		  "ietadm: update lun 4 of target 1: Latency: \"2\": must be "
		  "Yes or No\n");
	CHECK_EQ(l->timed, 1);
	check_run("ietadm --op update --tid=1 --lun=4 "
		  "--params=VendorId=x,Latency=No",
		  0, "", "");
	CHECK_EQ(l->timed, 0);
	CHECK_STR(l->props.vendor, "x");
}

static void tell(uint64_t sid, const char *rest, int err, const char *errors)
{
	char line[160];

	memset(&fake_async, 0, sizeof(fake_async));
	snprintf(line, sizeof(line), "ietadm --op update --tid=1 --sid=%llu %s",
		 (unsigned long long)sid, rest);
	check_run(line, err, "", errors);
}

static void test_async(void)
{
	const uint64_t event = K_HAS(IET_C_ASYNC_EVENT);
	struct kernel_session s = { .tid = 1, .initiator = "iqn.i" };
	struct kernel_conn c = { .tid = 1, .cid = 3, .fd = 0 };

	start();
	fake_target("iqn.a");
	CHECK_EQ(kernel->session_new(&s), 0);
	c.sid = s.sid;
	CHECK_EQ(kernel->conn_new(&c), 0);
	tell(s.sid, "--params Async=logout,Time=30", 0, "");
	CHECK_EQ(fake_async.async_event, 1);
	CHECK_EQ(fake_async.async_time, 30);
	CHECK_EQ(fake_async.set, event | K_HAS(IET_C_ASYNC_TIME));
	tell(s.sid, "--cid 3 --params async=DROP-connection", 0, "");
	CHECK_EQ(fake_async.async_event, 2);
	CHECK_EQ(fake_async.cid, 3);
	CHECK_EQ(fake_async.set, event | K_HAS(IET_C_CID));
	tell(s.sid, "--params Async=drop-session", 0, "");
	CHECK_EQ(fake_async.async_event, 3);
	tell(s.sid, "--params Time=3600,Async=negotiate", 0, "");
	CHECK_EQ(fake_async.async_event, 4);
	CHECK_EQ(fake_async.async_time, 3600);
}

static void test_async_refused(void)
{
	struct kernel_session s = { .tid = 1, .initiator = "iqn.i" };

	start();
	fake_target("iqn.a");
	CHECK_EQ(kernel->session_new(&s), 0);
	s.sid = 5;
	tell(5, "--params Time=30", -EINVAL,
	     "ietadm: update session 5 of target 1: Async is missing\n");
	tell(5, "--params Async=", -EINVAL,
	     "ietadm: update session 5 of target 1: Async: \"\" is not one of "
	     "logout, drop-connection, drop-session, negotiate\n");
	tell(5, "--params Async=logout,Time=3601", -EINVAL,
	     "ietadm: update session 5 of target 1: Time: \"3601\" is not 0 "
	     "to 3600 seconds\n");
	tell(5, "--params Async=logout,Time=-1", -EINVAL,
	     "ietadm: update session 5 of target 1: Time: \"-1\" is not 0 to "
	     "3600 seconds\n");
	tell(5, "--params Async=logout", -ENOENT,
	     "ietadm: update session 5 of target 1: no such session\n");
	tell(0, "--cid=1 --params Async=logout", -ENOENT,
	     "ietadm: update connection 1 of session 0 of target 1: no such "
	     "session\n");
	CHECK_EQ(fake_async.async_event, 0);
	CHECK_EQ(fake_calls[FAKE_CONN_ASYNC], 2);
}

static void test_unsupported(void)
{
	static const char *const lines[] = {
		"ietadm --op show --tid=1 --lun=0 --params=a=b",
		"ietadm --op show --tid=1 --sid=1 --cid=1",
		"ietadm --op new",
		"ietadm --op reload --tid=1",
		"ietadm --op show --stats --tid=1 --sid=1 --lun=0",
		"ietadm --op update --tid=1 --stats",
	};

	start();
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		bool before = ktap_ok;

		CHECK_EQ(run(lines[i]), -EOPNOTSUPP);
		CHECK(strstr(err_out, ": Unsupported.\n"));
		CHECK_ROW(lines[i], before);
	}
	for (int op = 0; op < FAKE_NR_OPS; op++)
		CHECK_EQ(fake_calls[op], 0);
}

/* an option that was forgotten is named */
static void test_missing(void)
{
	static const struct {
		const char *line, *text;
	} rows[] = {
		{ "update --tid=1", "update target 1: --params" },
		{ "update --lun=0 --params=a=b", "update lun 0 of: --tid" },
		{ "new --tid=1", "new target 1: --params" },
		{ "new --params Name=x", "new: --tid" },
		{ "delete --lun=1", "delete lun 1 of: --tid" },
		{ "delete --user", "delete user: --params" },
		{ "show --json", "show: --stats" },
		{ "show --stats --lun=0", "show stats lun 0 of: --tid" },
	};
	char line[64], text[64];

	start();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool before = ktap_ok;

		snprintf(line, sizeof(line), "ietadm --op %s", rows[i].line);
		snprintf(text, sizeof(text), "ietadm: %s is missing\n",
			 rows[i].text);
		check_run(line, -EINVAL, "", text);
		CHECK_ROW(rows[i].line, before);
	}
	for (int op = 0; op < FAKE_NR_OPS; op++)
		CHECK_EQ(fake_calls[op], 0);
}

static void test_options(void)
{
	start();
	check_run("ietadm", -EINVAL, "", "ietadm: --op is missing\n");
	check_run("ietadm --op dance", -EINVAL, "",
		  "ietadm: --op: \"dance\" is not valid\n");
	check_run("ietadm --op show --tid=x", -EINVAL, "",
		  "ietadm: --tid: \"x\" is not valid\n");
	check_run("ietadm --op show --tid=4294967296", -EINVAL, "",
		  "ietadm: --tid: \"4294967296\" is not valid\n");
	check_run("ietadm --op show --tid=-1", -EINVAL, "",
		  "ietadm: --tid: \"-1\" is not valid\n");
	check_run("ietadm --op delete --tid=1 --lun=16384", -EINVAL, "",
		  "ietadm: --lun: \"16384\" is not valid\n");
	check_run("ietadm --op show --sid=99999999999999999999", -EINVAL, "",
		  "ietadm: --sid: \"99999999999999999999\" is not valid\n");
	check_run("ietadm --op show there", -EINVAL, "",
		  "ietadm: what is \"there\"?\n");
}

/* What Pacemaker's agents run, literally. */
static void test_pacemaker(void)
{
	char line[512];

	start();
	check_run("ietadm --op new --tid=1 --params "
		  "Name=iqn.2009-10.com.example:p",
		  0, "", "");
	check_run("ietadm --op update --tid=1 --params MaxConnections=1", 0, "",
		  "");
	snprintf(line, sizeof(line),
		 "ietadm --op new --tid=1 --lun=1 --params "
		 "Path=%s,Type=fileio,ScsiId=p_lu_drbd1,ScsiSN=2b5e4a9f,",
		 tmp_path("disk"));
	check_run(line, 0, "", "");
	CHECK_STR(fake_find_lun(1, 1)->scsi_id, "p_lu_drbd1");
	CHECK_STR(fake_find_lun(1, 1)->scsi_sn, "2b5e4a9f");
	check_run("ietadm --op delete --tid=1 --lun=1", 0, "", "");
	check_run("ietadm --op delete --tid=1", 0, "", "");

	server_start(NULL);
	fake_target("iqn.a");
	check_run("ietadm --op new --user --tid=1 "
		  "--params=IncomingUser=joe,Password=pacemakersecret",
		  0, "", "");
	check_run("ietadm --op show --tid=1 --user", 0, "IncomingUser joe\n",
		  "");
	check_run("ietadm --op delete --user --tid=1 "
		  "--params=IncomingUser=joe",
		  0, "", "");
	CHECK(server_stop());
}

/* What Proxmox VE runs, literally. */
static void test_proxmox(void)
{
	char line[512];

	start();
	fake_target("iqn.a");
	snprintf(line, sizeof(line),
		 "ietadm --op new --tid=1 --lun=3 --params Path=%s,Type=fileio",
		 tmp_path("disk"));
	check_run(line, 0, "", "");
	check_run("ietadm --op delete --tid=1 --lun=3", 0, "", "");
	/* a resize */
	check_run(line, 0, "", "");
}

static void test_user(void)
{
	char line[512];

	start();
	server_start(NULL);
	fake_target("iqn.a");
	check_run("ietadm --op show --user", 0, "", "");
	check_run("ietadm --op new --user --params=incominguser=joe,"
		  "password=s3cret",
		  0, "", "");
	check_run("ietadm --op new --tid=1 --user --params "
		  "Password=other,OutgoingUser=we",
		  0, "", "");
	check_run("ietadm --op show --user", 0, "IncomingUser joe\n", "");
	check_run("ietadm --op show --tid=1 --user", 0, "OutgoingUser we\n",
		  "");
	check_run("ietadm --op show --user --params=IncomingUser=joe", 0,
		  "IncomingUser joe s3cret\n", "");
	check_run("ietadm --op show --tid=1 --user --params=OutgoingUser=we", 0,
		  "OutgoingUser we other\n", "");
	check_run("ietadm --op new --user "
		  "--params=IncomingUser=joe,Password=s3cret,Initiator=ALL",
		  0, "", "");
	check_run("ietadm --op show --user", 0,
		  "IncomingUser joe initiator=ALL\n", "");
	check_run("ietadm --op show --user --params=IncomingUser=joe", 0,
		  "IncomingUser joe s3cret initiator=ALL\n", "");
	check_run("ietadm --op delete --user "
		  "--params=IncomingUser=joe,Initiator=ALL",
		  -EINVAL, "",
		  "ietadm: delete user: Initiator belongs to a new account\n");
	check_run("ietadm --op show --user --params=IncomingUser=ann", -ENOENT,
		  "", "ietadm: show user: there is no such account\n");
	check_run("ietadm --op delete --user --params=IncomingUser=joe", 0, "",
		  "");
	check_run("ietadm --op delete --user --params=IncomingUser=joe",
		  -ENOENT, "",
		  "ietadm: delete user: there is no such account\n");

	tmp_write("secret", "from a file\nmore\n", 17);
	snprintf(line, sizeof(line),
		 "ietadm --op new --user --params=IncomingUser=f,Password=@%s",
		 tmp_path("secret"));
	check_run(line, 0, "", "");
	check_run("ietadm --op show --user --params=IncomingUser=f", 0,
		  "IncomingUser f from a file\n", "");

	check_run("ietadm --op new --user --params=IncomingUser=joe", -EINVAL,
		  "", "ietadm: new user: Password is missing\n");
	check_run("ietadm --op new --user --params=Password=x", -EINVAL, "",
		  "ietadm: new user: IncomingUser or OutgoingUser is "
		  "missing\n");
	check_run("ietadm --op new --user --params=User=joe,Password=x",
		  -EINVAL, "",
		  "ietadm: new user: \"User\" is not a parameter of a user\n");
	check_run("ietadm --op new --user --params=IncomingUser=a,"
		  "OutgoingUser=b,Password=x",
		  -EINVAL, "", "ietadm: new user: one account at a time\n");
	check_run("ietadm --op new --user --params=IncomingUser=a,"
		  "Password=@/none",
		  -ENOENT, "",
		  "ietadm: new user: /none: No such file or directory\n");
	check_run("ietadm --op new --tid=9 --user --params=IncomingUser=a,"
		  "Password=x",
		  -ENOENT, "",
		  "ietadm: new user of target 9: no such target\n");
	/* a comma in a password: what is after it is not repeated in words */
	check_run("ietadm --op new --user --params=IncomingUser=a,"
		  "Password=x,hidden",
		  -EINVAL, "",
		  "ietadm: new user: --params is not a list of KEY=VALUE\n");
	CHECK(server_stop());

	CHECK_EQ(run("ietadm --op show --user"), -ECONNREFUSED);
	CHECK(strstr(err_out, "ietadm: show user: ietd is not running ("));
}

static void test_reload(void)
{
	char want[1024];

	start();
	server_start(NULL);
	tmp_write("conf", "Target iqn.a\n", 13);
	check_run("ietadm --op reload", 0, "", "");
	tmp_write("conf", "Target iqn.a\nWthreads x\nLun 0\n", 30);
	CHECK_EQ(run("ietadm --op reload"), -EINVAL);
	snprintf(want, sizeof(want),
		 "ietadm: reload: %s:2: Wthreads: \"x\" is not a number\n"
		 "ietadm: reload: %s:3: Lun: needs a number and "
		 "Path=...,Type=...\n",
		 server_conf, server_conf);
	CHECK_STR(err_out, want);
	CHECK(server_stop());
}

static void test_hide(void)
{
	char a[] = "ietadm", b[] = "--params=IncomingUser=a,Password=hidden",
	     c[] = "PASSWORD=hidden,IncomingUser=b", d[] = "--user";
	char *argv[] = { a, b, c, d, NULL };

	ietadm_hide(4, argv);
	CHECK_STR(b, "--params=IncomingUser=a,Password=");
	CHECK(!memcmp(b + sizeof(b) - 7, "\0\0\0\0\0\0", 6));
	CHECK_STR(c, "PASSWORD=");
	CHECK_STR(d, "--user");
}

int main(void)
{
	ktap_run(test_target);
	ktap_run(test_busy);
	ktap_run(test_update);
	ktap_run(test_show);
	ktap_run(test_lun);
	ktap_run(test_shared);
	ktap_run(test_props);
	ktap_run(test_name);
	ktap_run(test_session);
	ktap_run(test_stats_json);
	ktap_run(test_stats_table);
	ktap_run(test_stats_prometheus);
	ktap_run(test_latency);
	ktap_run(test_async);
	ktap_run(test_async_refused);
	ktap_run(test_unsupported);
	ktap_run(test_missing);
	ktap_run(test_options);
	ktap_run(test_pacemaker);
	ktap_run(test_proxmox);
	ktap_run(test_user);
	ktap_run(test_reload);
	ktap_run(test_hide);
	return ktap_done();
}
