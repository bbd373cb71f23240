// SPDX-License-Identifier: GPL-2.0-only
/* What a reload would do: ietadm --op reload --dry-run. */
#include <errno.h>
#include <stdarg.h>
#include <unistd.h>

#include "admin_server.h"
#include "ietadm_line.h"
#include "kernel.h"
#include "ktap.h"
#include "params.h"
#include "secret.h"

static const char sector[512];

/* of the daemon: a target with a disk, an account and more, by ietadm */
static void prepare(void)
{
	struct kernel_target *t = fake_target("iqn.made");
	struct kernel_lun l = { .iotype = "nullio",
				.blocks = 2048,
				.fd = -1,
				.scsi_id = "nix",
				.scsi_sn = "6e6978" };

	for (size_t i = 0; i < nr_params; i++)
		param_set(&params[i], t, params[i].def);
	strcpy(t->redirect, "10.1.2.3");
	l.tid = t->tid;
	l.set = K_HAS(IET_L_IOTYPE) | K_HAS(IET_L_BLOCKS) |
		K_HAS(IET_L_SCSI_ID) | K_HAS(IET_L_SCSI_SN);
	if (kernel->lun_new(&l))
		abort();
}

/* "@" stands for the folder of disks and secrets, "@@" for an "@" */
static const char *with_paths(const char *text)
{
	static char buf[8192];
	size_t n = 0;

	for (; *text; text++) {
		if (*text == '@' && text[1] != '@')
			n += snprintf(buf + n, sizeof(buf) - n, "%s",
				      tmp_path(""));
		else
			buf[n++] = *text == '@' ? *text++ : *text;
	}
	buf[n] = '\0';
	return buf;
}

static void put(const char *name, const char *text)
{
	text = with_paths(text);
	tmp_write(name, text, strlen(text));
}

/* What a reload with @text would do: lines, and the exit status */
static void check_look(const char *text, int status, const char *want)
{
	bool before = ktap_ok;
	char line[PATH_MAX + 64];

	put("other", text);
	snprintf(line, sizeof(line), "ietadm --op reload --dry-run=%s",
		 tmp_path("other"));
	CHECK_EQ(run(line), status);
	CHECK_STR(out, with_paths(want));
	if (status >= 0)
		CHECK_STR(err_out, "");
	CHECK_ROW(text, before);
}

static const char file[] = "IncomingUser disc discovery-pass\n"
			   "Target iqn.a\n"
			   "IncomingUser joe twelve-bytes-a\n"
			   "IncomingUser ann @@@secret\n"
			   "OutgoingUser us twelve-bytes-b\n"
			   "MaxSessions 4\n"
			   "Alias one two\n"
			   "Redirect 10.0.0.9 permanent\n"
			   "Portal 127.0.0.1\n"
			   "LunAccess ALL 0-3,7\n"
			   "LunAccess 10.0.0.0/8 all ro\n"
			   "Lun 0 Path=@a,VendorId=ACME\n"
			   "Lun 1 Path=@b,IOMode=ro,BlockSize=4096,"
			   "NAA=5000000000000001\n"
			   "Target iqn.b\n"
			   "Lun 0 Type=nullio,Blocks=2048\n";

#define KEPT "keep target iqn.made: made by ietadm\n"

static void test_none(void)
{
	tmp_write("a", sector, sizeof(sector));
	tmp_write("b", sector, sizeof(sector));
	tmp_write("secret", "of-the-file-12\n", 15);
	/* there is no file yet */
	CHECK_EQ(run("ietadm --op reload --dry-run"), -ENOENT);
	CHECK_STR(err_out, "ietadm: reload: there is no configuration file\n");
	put("conf", "");
	CHECK_EQ(run("ietadm --op reload --dry-run"), 0);
	CHECK_STR(out, KEPT);
	CHECK_STR(err_out, "");
}

static void test_new(void)
{
	put("conf", file);
	CHECK_EQ(run("ietadm --op reload --dry-run"), IETADM_CHANGES);
	CHECK_STR(err_out, "");
	CHECK_STR(
		out,
		with_paths(
			"new IncomingUser disc of discovery\n"
			"new IncomingUser joe of iqn.a\n"
			"new IncomingUser ann of iqn.a\n"
			"new OutgoingUser us of iqn.a\n"
			"change target iqn.a: Portal all -> 127.0.0.1\n"
			"change target iqn.a: LunAccess none -> ALL 0-3,7 rw, "
			"10.0.0.0/8 all ro\n" KEPT "new target iqn.a\n"
			"new target iqn.b\n"
			"new lun 0 of iqn.a: @a\n"
			"new lun 1 of iqn.a: @b\n"
			"new lun 0 of iqn.b: nullio\n"));
	/* nothing was done */
	CHECK_EQ(run("ietadm --op reload --dry-run"), IETADM_CHANGES);
	CHECK_EQ(run("ietadm --op reload"), 0);
	CHECK_EQ(run("ietadm --op reload --dry-run"), 0);
	CHECK_STR(out, KEPT);
	/* the file by its name is the same */
	CHECK_EQ(run(with_paths("ietadm --op reload --dry-run=@conf")), 0);
	CHECK_STR(out, KEPT);
}

/* @from in the file gives way to @to */
static void check_edit(const char *from, const char *to, int status,
		       const char *want)
{
	const char *at = strstr(file, from);
	char text[sizeof(file) + 512], lines[4096];

	if (!at)
		abort();
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - file), file, to,
		 at + strlen(from));
	snprintf(lines, sizeof(lines), "%s", want);
	check_look(text, status, lines);
}

static void test_target(void)
{
	check_edit("MaxSessions 4\n", "", 1,
		   KEPT "change target iqn.a: MaxSessions 4 -> 0\n");
	check_edit("MaxSessions 4", "HeaderDigest None\nAluaState standby", 1,
		   KEPT "change target iqn.a: MaxSessions 4 -> 0\n"
			"change target iqn.a: AluaState active-optimized -> "
			"standby\n"
			"change target iqn.a: HeaderDigest CRC32C,None -> "
			"None\n");
	check_edit("one two", "one", 1,
		   KEPT "change target iqn.a: Alias one two -> one\n");
	check_edit(" permanent", "", 1,
		   KEPT "change target iqn.a: Redirect 10.0.0.9 permanent -> "
			"10.0.0.9\n");
	check_edit("Redirect 10.0.0.9 permanent\n", "", 1,
		   KEPT "change target iqn.a: Redirect 10.0.0.9 permanent -> "
			"none\n");
	check_edit("Portal 127.0.0.1", "Portal [::1]:9", 1,
		   "change target iqn.a: Portal 127.0.0.1 -> [::1]:9\n" KEPT);
	check_edit("LunAccess ALL 0-3,7\nLunAccess 10.0.0.0/8 all ro\n",
		   "LunAccess ALL none\n", 1,
		   "change target iqn.a: LunAccess ALL 0-3,7 rw, 10.0.0.0/8 "
		   "all ro -> ALL none\n" KEPT);
	check_edit("Target iqn.b\nLun 0 Type=nullio,Blocks=2048\n", "", 1,
		   KEPT "delete target iqn.b\n");
	check_edit("Target iqn.b\n", "Target iqn.made\nTarget iqn.b\n", 0,
		   "keep lun 0 of iqn.made: nullio, made by ietadm\n"
		   "adopt target iqn.made: made by ietadm\n"
		   "keep redirect of iqn.made: 10.1.2.3, by ietadm\n");
	check_edit("Target iqn.b\n",
		   "Target iqn.made\nRedirect 10.1.2.3\n"
		   "Lun 0 Type=nullio,ScsiId=nix\nTarget iqn.b\n",
		   0,
		   "adopt target iqn.made: made by ietadm\n"
		   "adopt redirect of iqn.made: 10.1.2.3, by ietadm\n"
		   "adopt lun 0 of iqn.made: nullio, made by ietadm\n");
}

static void test_lun(void)
{
	check_edit("VendorId=ACME", "VendorId=OTHER,ProductRev=7", 1,
		   KEPT "change lun 0 of iqn.a: VendorId ACME -> OTHER\n"
			"change lun 0 of iqn.a: ProductRev default -> 7\n");
	check_edit("IOMode=ro,BlockSize=4096", "IOMode=wb", 1,
		   KEPT "replace lun 1 of iqn.a: IOMode ro -> wb\n");
	check_edit("BlockSize=4096", "BlockSize=512", 1,
		   KEPT "replace lun 1 of iqn.a: BlockSize 4096 -> default\n");
	check_edit("0001\n", "0002\n", 1,
		   KEPT "replace lun 1 of iqn.a: NAA 5000000000000001 -> "
			"5000000000000002\n");
	check_edit("VendorId=ACME", "ScsiId=x,VendorId=ACME", 1,
		   KEPT "replace lun 0 of iqn.a: ScsiId "
			"90e10aab5fb6277b -> x\n");
	check_edit("Lun 0 Path=@a,VendorId=ACME\n", "", 1,
		   KEPT "delete lun 0 of iqn.a: @a\n");
	check_edit("Lun 0 Type=nullio", "Lun 3 Type=nullio", 1,
		   KEPT "delete lun 0 of iqn.b: nullio\n"
			"new lun 3 of iqn.b: nullio\n");
}

static void test_accounts(void)
{
	check_edit("twelve-bytes-a", "another-secret", 1,
		   "change IncomingUser joe of iqn.a: password changed\n" KEPT);
	check_edit("twelve-bytes-a", "twelve-bytes-a initiator=iqn.x", 1,
		   "change IncomingUser joe of iqn.a: initiator=ALL -> "
		   "iqn.x\n" KEPT);
	check_edit("us twelve", "we twelve", 1,
		   "change OutgoingUser us of iqn.a: now we\n" KEPT);
	check_edit("IncomingUser ann @@@secret\n", "", 1,
		   "delete IncomingUser ann of iqn.a\n" KEPT);
	check_edit("Target iqn.a\n",
		   "IncomingUser x twelve-bytes-c\n"
		   "Target iqn.a\n",
		   1, "new IncomingUser x of discovery\n" KEPT);
	CHECK_EQ(run("ietadm --op new --user "
		     "--params=IncomingUser=tom,Password=twelve-bytes-d"),
		 0);
	check_edit("x", "x", 0,
		   "keep IncomingUser tom of discovery: made by ietadm\n" KEPT);
	check_edit(
		"Target iqn.a\n",
		"IncomingUser tom twelve-bytes-d\n"
		"Target iqn.a\n",
		0,
		"adopt IncomingUser tom of discovery: made by ietadm\n" KEPT);
	check_edit(
		"Target iqn.a\n",
		"IncomingUser tom twelve-bytes-e\n"
		"Target iqn.a\n",
		1,
		"change IncomingUser tom of discovery: password changed\n" KEPT);
	CHECK_EQ(run("ietadm --op delete --user --params=IncomingUser=tom"), 0);
}

static void test_global(void)
{
	check_edit("IncomingUser disc",
		   "LoginRate 7\niSNSServer host\n"
		   "iSNSAccessControl Yes\nIncomingUser disc",
		   1,
		   "change iSNSServer: none -> host\n"
		   "change iSNSAccessControl: No -> Yes\n"
		   "change LoginRate: 200 -> 7\n" KEPT);
}

static void test_refused(void)
{
	char want[2 * PATH_MAX];

	/* what does not work costs none of the rest */
	check_edit("Path=@a,", "Path=/nonexistent/x,", -EIO, KEPT);
	snprintf(want, sizeof(want),
		 "ietadm: reload: %s:12: /nonexistent/x: No such file or "
		 "directory\n",
		 tmp_path("other"));
	CHECK_STR(err_out, want);
	check_edit("Path=@a,VendorId=ACME\n",
		   "Path=/nonexistent/x\nLun 2 Path=/nonexistent/x\n"
		   "Lun 3 Type=nullio\n",
		   -EIO, KEPT "new lun 3 of iqn.a: nullio\n");
}

static void test_wrong(void)
{
	char want[2 * PATH_MAX];

	check_look("Target iqn.a\nColour red\nWthreads 0\n", -EINVAL, "");
	snprintf(want, sizeof(want),
		 "ietadm: reload: %1$s:2: Colour: is not a word of this "
		 "language\n"
		 "ietadm: reload: %1$s:3: Wthreads: \"0\": must be 1 to 128\n",
		 tmp_path("other"));
	CHECK_STR(err_out, want);
	CHECK_EQ(run("ietadm --op reload --dry-run=/nonexistent/file"),
		 -ENOENT);
	CHECK_STR(err_out, "ietadm: reload: /nonexistent/file: No such file or "
			   "directory\n");
	CHECK_EQ(run("ietadm --op reload --dry-run=/"), -EISDIR);
	CHECK_STR(err_out, "ietadm: reload: /: Is a directory\n");
	/* it must not wait for somebody who writes */
	if (mkfifo(tmp_path("fifo"), 0600))
		abort();
	CHECK_EQ(run(with_paths("ietadm --op reload --dry-run=@fifo")),
		 -EINVAL);
	CHECK_STR(err_out, "ietadm: reload: the path is not that of a file\n");
	CHECK_EQ(run("ietadm --op show --dry-run"), -EOPNOTSUPP);
	CHECK_EQ(run("ietadm --op reload --tid=1"), -EOPNOTSUPP);
	/* warnings are no changes */
	put("other", file);
	CHECK_EQ(run(with_paths("ietadm --op reload --dry-run=@other")), 0);
	put("other", "LoginRate 200 or so\n");
	CHECK_EQ(run(with_paths("ietadm --op reload --dry-run=@other")), 1);
	CHECK_STR(err_out, with_paths("ietadm: reload: warning: @other:1: "
				      "LoginRate: \"or so\" after the value is "
				      "ignored\n"));
}

/* more than a message usually holds */
static void test_many(void)
{
	static char text[65536];
	size_t n = 0, lines = 0;
	const char *s;
	unsigned int i;

	for (i = 0; i < 1500; i++)
		n += snprintf(text + n, sizeof(text) - n,
			      "Target iqn.many-with-a-name:%u\n", i);
	tmp_write("many", text, n);
	CHECK_EQ(run(with_paths("ietadm --op reload --dry-run=@many")), 1);
	for (s = out; (s = strchr(s, '\n')); s++)
		lines++;
	/* and iqn.a, iqn.b, iqn.made and the account of discovery */
	CHECK_EQ(lines, 1504);
}

static void test_no_daemon(void)
{
	CHECK(server_stop());
	CHECK_EQ(run("ietadm --op reload --dry-run"), -ECONNREFUSED);
	CHECK(strstr(err_out, "ietd is not running"));
}

int main(void)
{
	secret_set_owner(getuid());
	server_start(prepare);
	ktap_run(test_none);
	ktap_run(test_new);
	ktap_run(test_target);
	ktap_run(test_lun);
	ktap_run(test_accounts);
	ktap_run(test_global);
	ktap_run(test_refused);
	ktap_run(test_wrong);
	ktap_run(test_many);
	ktap_run(test_no_daemon);
	return ktap_done();
}
