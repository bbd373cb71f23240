// SPDX-License-Identifier: GPL-2.0-only
/* What runs as an ietd.conf: ietadm --op show --config, and back again. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "admin_server.h"
#include "config_check.h"
#include "ietadm_line.h"
#include "kernel.h"
#include "ktap.h"
#include "lun.h"
#include "params.h"
#include "secret.h"

static const char sector[512];

static struct kernel_target *make_target(const char *name, const char *alias)
{
	struct kernel_target *t = fake_target(name);

	for (size_t i = 0; i < nr_params; i++)
		param_set(&params[i], t, params[i].def);
	strcpy(t->alias, alias);
	return t;
}

static void make_lun(const struct kernel_target *t, const char *text)
{
	struct kernel_lun l = { .tid = t->tid, .fd = -1 };
	char reason[LUN_REASON_MAX], copy[256];
	const char *rest = strchr(text, ' ');

	snprintf(copy, sizeof(copy), "%s", rest + 1);
	l.lun = atoi(text);
	if (lun_parse(copy, &l, reason) || lun_defaults(&l, t->name))
		abort();
	l.set |= K_HAS(IET_L_IOMODE) | K_HAS(IET_L_PROPS);
	if (kernel->lun_new(&l))
		abort();
}

/* of the daemon: what ietadm alone can make */
static void prepare(void)
{
	struct kernel_target *t = make_target("iqn.z", "a \\");
	const struct param *p = param_find("AluaState");

	param_set(p, t, IET_ALUA_STANDBY);
	strcpy(t->redirect, "[fe80::1]:99");
	t->redirect_flags = IET_REDIRECT_PERMANENT;
	make_lun(t, "7 Type=nullio,Blocks=9,BlockSize=4096,ProductId=a b,"
		    "OptimalIO=4096:8192");
	make_lun(t, "2 Type=nullio,ScsiId=x#y,VendorId=v\\");
	t = make_target("iqn.a", "");
	strcpy(t->redirect, "");
}

/* Return: the exit status; the output is put into a file */
static int show(const char *with, const char *file)
{
	char line[256];
	int status;

	snprintf(line, sizeof(line), "ietadm --op show --config%s", with);
	status = run(line);
	tmp_write(file, out, strlen(out));
	return status;
}

static char checked[4096];

static int check_file(const char *name)
{
	FILE *f = fmemopen(checked, sizeof(checked), "w");
	int err;

	memset(checked, 0, sizeof(checked));
	err = config_check(tmp_path(name), f);
	fclose(f);
	return err;
}

#define HEAD "# what runs, by ietadm --op show --config of version 2.0\n"

static void test_runtime(void)
{
	char want[PATH_MAX + 64];

	CHECK_EQ(show("", "shown"), 0);
	CHECK_STR(err_out, "");
	CHECK_STR(out, HEAD
		  "\n"
		  "Target iqn.z\n"
		  "\tAlias a \\ #\n"
		  "\tAluaState standby\n"
		  "\tRedirect [fe80::1]:99 permanent\n"
		  "\tLun 2 Type=nullio,ScsiId=x#y,VendorId=v\\ #\n"
		  "\tLun 7 Type=nullio,ScsiId=227663f28e0a4d4d,BlockSize=4096,"
		  "Blocks=9,ProductId=a b,OptimalIO=4096:8192\n"
		  "\n"
		  "Target iqn.a\n");
	CHECK_EQ(check_file("shown"), 0);
	snprintf(want, sizeof(want), "%s: no errors\n", tmp_path("shown"));
	CHECK_STR(checked, want);
	snprintf(want, sizeof(want), "ietadm --op reload --dry-run=%s",
		 tmp_path("shown"));
	CHECK_EQ(run(want), 0);
	CHECK_STR(out,
		  "adopt target iqn.z: made by ietadm\n"
		  "adopt redirect of iqn.z: [fe80::1]:99 permanent, by ietadm\n"
		  "adopt target iqn.a: made by ietadm\n"
		  "adopt lun 2 of iqn.z: nullio, made by ietadm\n"
		  "adopt lun 7 of iqn.z: nullio, made by ietadm\n");
}

static const char file[] =
	"iSNSServer 127.0.0.1:3205\n"
	"LoginRate 0\n"
	"OutgoingUser disc twelve-bytes-1\n"
	"Target iqn.a\n"
	"IncomingUser joe twelve-bytes-2 initiator=iqn.*\n"
	"IncomingUser ann @%1$s/secret\n"
	"IncomingUser tom #twelve-bytes\\ # a comment\n"
	"OutgoingUser us @%1$s/secret-2\n"
	"Alias one #two  three\n"
	"MaxBurstLength 512\n"
	"InitialR2T Yes\n"
	"HeaderDigest CRC32C\n"
	"MaxSessions 0x10\n"
	"AluaPreferred yes\n"
	"Redirect host.example\n"
	"Portal [::1]\n"
	"Portal 127.0.0.1:99\n"
	"LunAccess ALL 0\n"
	"LunAccess ALL 2-5\n"
	"LunAccess ALL 7 ro\n"
	"LunAccess iqn.x none\n"
	"LunAccess iqn.x all\n"
	"LunAccess iqn.x 4\n"
	"Lun 5 Path=%1$s/a,IOMode=ro,ScsiSN=number,Encrypted=No,UUID="
	"12345678-1234-1234-1234-123456789ABC\n"
	"Lun 0 Path=%1$s/b c,Removable=Yes,ThinProvisioned=Yes,WriteCache=Yes\n"
	"Target iqn.b\n"
	"Lun 0 Path=%1$s/b c\n"
	"Lun 1 Path=%1$s/a\n";

static const char shown[] = HEAD
	"iSNSServer 127.0.0.1\n"
	"LoginRate 0\n"
	"OutgoingUser disc twelve-bytes-1\n"
	"\n"
	"Target iqn.a\n"
	"\tIncomingUser ann @%1$s/secret\n"
	"\tIncomingUser joe twelve-bytes-2 initiator=iqn.*\n"
	"\tIncomingUser tom #twelve-bytes\\ #\n"
	"\tOutgoingUser us @%1$s/secret-2\n"
	"\tAlias one\n"
	"\tMaxSessions 16\n"
	"\tAluaPreferred Yes\n"
	"\tInitialR2T Yes\n"
	"\tMaxBurstLength 512\n"
	"\tHeaderDigest CRC32C\n"
	"\tRedirect host.example\n"
	"\tPortal [::1]\n"
	"\tPortal 127.0.0.1:99\n"
	"\tLunAccess ALL 0,2-5 rw\n"
	"\tLunAccess ALL 7 ro\n"
	"\tLunAccess iqn.x none\n"
	"\tLunAccess iqn.x 0-16383,4 rw\n"
	"\tLun 0 Path=%1$s/b c,Type=fileio,ScsiId=ad2e4d9d7c1f2b54,IOMode=wb,"
	"ThinProvisioned=Yes,Removable=Yes\n"
	"\tLun 5 Path=%1$s/a,Type=fileio,ScsiId=aaaaaaaaaaaaaaaa,"
	"ScsiSN=number,IOMode=ro,UUID=12345678-1234-1234-1234-123456789abc\n"
	"\n"
	"Target iqn.b\n"
	"\tLun 0 Path=%1$s/b c,Type=fileio,ScsiId=ad2e4d9d7c1f2b54,IOMode=wb,"
	"ThinProvisioned=Yes,Removable=Yes\n"
	"\tLun 1 Path=%1$s/a,Type=fileio,ScsiId=bbbbbbbbbbbbbbbb\n";

static char first_shown[65536];

static void check_same(const char *with)
{
	char line[PATH_MAX + 64];

	snprintf(line, sizeof(line), "ietadm --op reload --dry-run=%s",
		 tmp_path(with));
	CHECK_EQ(run(line), 0);
	CHECK_STR(out, "");
	CHECK_STR(err_out, "");
}

static void test_file(void)
{
	char text[8192], *s;

	tmp_write("a", sector, sizeof(sector));
	tmp_write("b c", sector, sizeof(sector));
	tmp_write("secret", "of-a-file-12\n", 13);
	tmp_write("secret-2", "of-a-file-34\n", 13);
	/* what ietadm has made goes */
	tmp_write("conf", "Target iqn.z\nTarget iqn.a\n", 26);
	CHECK_EQ(run("ietadm --op reload"), 0);
	tmp_write("conf", "", 0);
	CHECK_EQ(run("ietadm --op reload"), 0);
	snprintf(text, sizeof(text), file, tmp_dir);
	tmp_write("conf", text, strlen(text));
	CHECK_EQ(run("ietadm --op reload"), 0);
	CHECK_STR(err_out, "");
	CHECK_EQ(show(" --secrets", "shown"), 0);
	CHECK_STR(err_out, "");
	strcpy(first_shown, out);
	/* the identities are MD5 sums of names and numbers */
	while ((s = strstr(first_shown, "ScsiId=")) && s[7] != '?')
		memset(s, '?', 7 + 16);
	snprintf(text, sizeof(text), shown, tmp_dir);
	while ((s = strstr(text, "ScsiId=")))
		memset(s, '?', 7 + 16);
	CHECK_STR(first_shown, text);
	strcpy(first_shown, out);
	CHECK_EQ(check_file("shown"), 0);
	snprintf(text, sizeof(text), "%s: no errors\n", tmp_path("shown"));
	CHECK_STR(checked, text);
	check_same("shown");
}

/* The same again, from nothing. */
static void test_from_nothing(void)
{
	char text[65536];

	tmp_write("conf", "", 0);
	CHECK_EQ(run("ietadm --op reload"), 0);
	CHECK_EQ(show("", "nothing"), 0);
	CHECK_STR(out, HEAD);
	tmp_write("conf", first_shown, strlen(first_shown));
	CHECK_EQ(run("ietadm --op reload"), 0);
	CHECK_STR(err_out, "");
	CHECK_EQ(show(" --secrets", "again"), 0);
	snprintf(text, sizeof(text), "%s", out);
	CHECK_STR(text, first_shown);
	check_same("again");
}

/* A file without its passwords is one that is refused. */
static void test_no_secrets(void)
{
	CHECK_EQ(show("", "shown"), 0);
	CHECK_STR(err_out, "");
	CHECK(!strstr(out, "twelve-bytes"));
	CHECK(!strstr(out, "of-a-file"));
	CHECK(strstr(out, "\tIncomingUser ann @/"));
	CHECK(strstr(out, "\t# the password is left out: --secrets shows it\n"
			  "\tIncomingUser joe\n"));
	CHECK(strstr(out, "\tIncomingUser tom\n"));
	CHECK(strstr(out, "\n# the password is left out: --secrets shows it\n"
			  "OutgoingUser disc\n"));
	CHECK_EQ(check_file("shown"), -EINVAL);
	CHECK(strstr(checked, "needs a name and a secret"));
}

static void test_cannot(void)
{
	CHECK_EQ(run("ietadm --op new --user "
		     "--params=IncomingUser=#x,Password=twelve-bytes-d"),
		 0);
	CHECK_EQ(show(" --secrets", "shown"), -EIO);
	CHECK_STR(err_out, "ietadm: show config: discovery: IncomingUser has "
			   "blanks, or begins with #, which ietd.conf can't "
			   "have\n");
	CHECK(strstr(out,
		     "\n# IncomingUser has blanks, or begins with #, which "
		     "can't be written here\nIncomingUser\n"));
	CHECK_EQ(check_file("shown"), -EINVAL);
	CHECK_EQ(run("ietadm --op delete --user --params=IncomingUser=#x"), 0);

	CHECK_EQ(run("ietadm --op new --user "
		     "--params=IncomingUser=x,Password=a\tb"),
		 0);
	CHECK_EQ(show(" --secrets", "shown"), -EIO);
	CHECK(!strstr(err_out, "a\tb"));
	CHECK(!strstr(out, "a\tb"));
	CHECK_EQ(check_file("shown"), -EINVAL);
	CHECK_EQ(run("ietadm --op delete --user --params=IncomingUser=x"), 0);
	CHECK_EQ(show(" --secrets", "shown"), 0);
}

/* ietadm itself, with its output in a file */
static int to_file(mode_t mode, const char *with)
{
	struct request q = { .err = fmemopen(err_out, sizeof(err_out), "w") };
	char copy[256], *argv[8] = { 0 }, *rest = copy;
	int argc = 0, err;

	memset(err_out, 0, sizeof(err_out));
	tmp_write("stdout", "", 0);
	chmod(tmp_path("stdout"), mode);
	q.out = fopen(tmp_path("stdout"), "w");
	snprintf(copy, sizeof(copy), "ietadm --op show --config%s", with);
	while (argc < 7 && (argv[argc] = strsep(&rest, " ")))
		argc++;
	err = ietadm_options(&q, argc, argv);
	if (!err)
		err = ietadm_run(&q);
	fclose(q.out);
	fclose(q.err);
	return err;
}

static void test_readable(void)
{
	CHECK_EQ(to_file(0644, ""), 0);
	CHECK_EQ(to_file(0600, " --secrets"), 0);
	CHECK_EQ(to_file(0640, " --secrets"), -EACCES);
	CHECK_STR(err_out, "ietadm: show config: standard output is a file "
			   "that others can read: umask 077, or chmod 600\n");
	CHECK_EQ(to_file(0604, " --secrets"), -EACCES);
}

static void test_wrong(void)
{
	CHECK_EQ(run("ietadm --op show --secrets"), -EINVAL);
	CHECK_STR(err_out, "ietadm: show: --config is missing\n");
	CHECK_EQ(run("ietadm --op show --config --tid=1"), -EOPNOTSUPP);
	CHECK(server_stop());
	/* accounts are the daemon's: without it there is no configuration */
	CHECK_EQ(show("", "shown"), -ECONNREFUSED);
	CHECK_STR(out, "");
	CHECK(strstr(err_out, "ietadm: show config: ietd is not running"));
}

int main(void)
{
	secret_set_owner(getuid());
	server_start(prepare);
	ktap_run(test_runtime);
	ktap_run(test_file);
	ktap_run(test_from_nothing);
	ktap_run(test_no_secrets);
	ktap_run(test_cannot);
	ktap_run(test_readable);
	ktap_run(test_wrong);
	return ktap_done();
}
