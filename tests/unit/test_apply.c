// SPDX-License-Identifier: GPL-2.0-only
/* The file against the module: what is made, changed, deleted and said. */
#include "apply.h"

#include <dirent.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <semaphore.h>
#include <unistd.h>

#include "account.h"
#include "apply_open.h"
#include "clock.h"
#include "fake_kernel.h"
#include "ktap.h"
#include "log.h"
#include "lun.h"
#include "rate.h"
#include "state.h"
#include "target_portal.h"
#include "tmpfile.h"

/* a medium of one block */
static const char sector[512];

static char conf[PATH_MAX];
static char said[8192];

/* what log.c writes in front of a message */
static void check_said(const char *want)
{
	const char *s = strstr(said, want);

	if (!*want) {
		CHECK_STR(said, "");
		return;
	}
	if (!s)
		printf("# said \"%s\", want \"%s\"\n", said, want);
	CHECK(s);
}

static int apply(const char *text)
{
	FILE *f = fmemopen(said, sizeof(said), "w");
	int ret;

	snprintf(conf, sizeof(conf), "%s",
		 tmp_write("ietd.conf", text, strlen(text)));
	memset(said, 0, sizeof(said));
	log_capture(f);
	ret = apply_file(conf);
	log_capture(NULL);
	fclose(f);
	return ret;
}

static void start(void)
{
	fake_reset();
	account_set_path(tmp_path("accounts"));
	account_drop(NULL, -1);
	apply_set_open(NULL, 0);
	tmp_write("a", sector, sizeof(sector));
	tmp_write("b", sector, sizeof(sector));
}

/* "@a" stands for the path of the file a */
static const char *with_paths(const char *text)
{
	static char out[4096];
	size_t n = 0;

	for (; *text; text++) {
		if (*text == '@')
			n += snprintf(out + n, sizeof(out) - n, "%s",
				      tmp_path(""));
		else
			out[n++] = *text;
	}
	out[n] = '\0';
	return out;
}

static unsigned int changes(void)
{
	return fake_calls[FAKE_TARGET_NEW] + fake_calls[FAKE_TARGET_SET] +
	       fake_calls[FAKE_TARGET_DEL] + fake_calls[FAKE_LUN_NEW] +
	       fake_calls[FAKE_LUN_SET] + fake_calls[FAKE_LUN_DEL];
}

static void forget_calls(void)
{
	memset(fake_calls, 0, sizeof(fake_calls));
}

static const char two[] = "Target iqn.a\n"
			  "IncomingUser joe twelve-bytes\n"
			  "Alias First\n"
			  "Wthreads 4\n"
			  "Lun 0 Path=@a\n"
			  "Lun 1 Path=@b,IOMode=ro,ScsiId=two\n"
			  "Target iqn.b\n"
			  "Lun 0 Type=nullio,Blocks=2048\n";

static void test_from_nothing(void)
{
	struct kernel_target *t;
	struct kernel_lun *l;

	start();
	CHECK_EQ(apply(with_paths(two)), 0);
	check_said("");
	t = fake_find_target("iqn.a");
	CHECK(t);
	if (!t)
		return;
	CHECK_EQ(t->origin, IET_ORIGIN_CONFIG);
	CHECK_EQ(t->wthreads, 4);
	CHECK_EQ(t->queued_commands, 128);
	CHECK_STR(t->alias, "First");
	CHECK_EQ(t->keys.val[IET_K_MAX_BURST_LENGTH], 1048576);
	l = fake_find_lun(t->tid, 0);
	CHECK(l && l->set & K_HAS(IET_L_FD) && l->fd >= 0);
	CHECK(l && l->origin == IET_ORIGIN_CONFIG);
	CHECK(l && strlen(l->scsi_id) == 16 && strlen(l->scsi_sn) == 32);
	l = fake_find_lun(t->tid, 1);
	CHECK(l && l->iomode == IET_IOMODE_RO);
	CHECK_STR(l ? l->scsi_id : "", "two");
	CHECK_STR(l ? l->scsi_sn : "", "74776f");
	l = fake_find_lun(2, 0);
	CHECK(l && !(l->set & K_HAS(IET_L_FD)) && l->blocks == 2048);
	CHECK(account_find("iqn.a", ACCOUNT_INCOMING, "joe"));
}

static int logins(int tries)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	int n = 0;

	rate_forget();
	while (tries--)
		n += rate_take((struct sockaddr *)&sin);
	return n;
}

static void test_login_rate(void)
{
	start();
	clock_fake(1000000);
	CHECK_EQ(apply("LoginRate 1\n"), 0);
	CHECK_EQ(logins(100), 1 * LOGIN_RATE_BURST_S);
	/* what is not said any more is the default again */
	CHECK_EQ(apply(""), 0);
	CHECK_EQ(logins(10000), LOGIN_RATE_DEFAULT * LOGIN_RATE_BURST_S);
	CHECK_EQ(apply("LoginRate 0\n"), 0);
	CHECK_EQ(logins(10000), 10000);
	clock_fake(0);
}

static bool is_on(const char *target, uint32_t address)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_port = htons(3260),
				   .sin_addr.s_addr = htonl(address) };

	return target_portal_on(target, (struct sockaddr *)&sin);
}

static void test_portals(void)
{
	start();
	CHECK_EQ(apply("Target iqn.a\nPortal 10.0.0.1\nPortal 10.0.0.2:3261\n"
		       "Target iqn.b\n"),
		 0);
	CHECK(is_on("iqn.a", 0x0a000001));
	CHECK(is_on("IQN.A", 0x0a000001));
	CHECK(!is_on("iqn.a", 0x0a000002));
	CHECK(!is_on("iqn.a", 0x0a000003));
	CHECK(is_on("iqn.b", 0x0a000003));
	/* a file with errors changes nothing */
	CHECK_EQ(apply("Target iqn.a\nPortal 10.0.0.3\nPortal\n"), -EINVAL);
	CHECK(is_on("iqn.a", 0x0a000001));
	CHECK(!is_on("iqn.a", 0x0a000003));
	CHECK_EQ(apply("Target iqn.a\nTarget iqn.b\nPortal 10.0.0.1\n"), 0);
	CHECK(is_on("iqn.a", 0x0a000003));
	CHECK(!is_on("iqn.b", 0x0a000003));
	CHECK_EQ(apply(""), 0);
	CHECK(is_on("iqn.b", 0x0a000003));
}

static void test_redirect(void)
{
	struct kernel_target *t;

	start();
	CHECK_EQ(apply("Target iqn.a\nRedirect 10.0.0.7 permanent\n"), 0);
	t = fake_find_target("iqn.a");
	CHECK(t);
	if (!t)
		return;
	CHECK_STR(t->redirect, "10.0.0.7");
	CHECK_EQ(t->redirect_flags,
		 IET_REDIRECT_PERMANENT | IET_REDIRECT_CONFIG);
	forget_calls();
	CHECK_EQ(apply("Target iqn.a\nRedirect 10.0.0.7 permanent\n"), 0);
	CHECK_EQ(changes(), 0);
	CHECK_EQ(apply("Target iqn.a\nRedirect 10.0.0.7\n"), 0);
	CHECK_EQ(t->redirect_flags, IET_REDIRECT_CONFIG);
	/* what the file does not say any more goes */
	CHECK_EQ(apply("Target iqn.a\n"), 0);
	CHECK_STR(t->redirect, "");
	CHECK_EQ(t->redirect_flags, 0);
	/* what ietadm made stays, until the file has one */
	strcpy(t->redirect, "10.0.0.8");
	forget_calls();
	CHECK_EQ(apply("Target iqn.a\n"), 0);
	CHECK_EQ(changes(), 0);
	CHECK_EQ(apply("Target iqn.a\nRedirect 10.0.0.8\n"), 0);
	CHECK_EQ(t->redirect_flags, IET_REDIRECT_CONFIG);
}

static void test_again(void)
{
	start();
	CHECK_EQ(apply(with_paths(two)), 0);
	forget_calls();
	CHECK_EQ(apply(with_paths(two)), 0);
	CHECK_EQ(changes(), 0);
	CHECK(account_find("iqn.a", ACCOUNT_INCOMING, "joe"));
}

static void test_gone(void)
{
	start();
	CHECK_EQ(apply(with_paths(two)), 0);
	fake_target("iqn.runtime");
	forget_calls();
	CHECK_EQ(apply(with_paths("Target iqn.a\nLun 0 Path=@a\n")), 0);
	CHECK(!fake_find_target("iqn.b"));
	CHECK(fake_find_target("iqn.runtime"));
	CHECK(fake_find_lun(1, 0));
	CHECK(!fake_find_lun(1, 1));
	CHECK(!account_required("iqn.a"));
	/* what is no longer said is the default again */
	CHECK_EQ(fake_find_target("iqn.a")->wthreads, 8);
	CHECK_STR(fake_find_target("iqn.a")->alias, "");
	CHECK_EQ(fake_calls[FAKE_TARGET_SET], 1);
	CHECK_EQ(fake_calls[FAKE_TARGET_DEL], 1);
	CHECK_EQ(fake_calls[FAKE_LUN_DEL], 1);
	CHECK_EQ(fake_calls[FAKE_LUN_NEW], 0);
}

static void test_changed_lun(void)
{
	start();
	CHECK_EQ(apply(with_paths("Target iqn.a\nLun 0 Path=@a\n")), 0);
	forget_calls();
	CHECK_EQ(apply(with_paths("Target iqn.a\nLun 0 Path=@b\n")), 0);
	CHECK_EQ(fake_calls[FAKE_LUN_DEL], 1);
	CHECK_EQ(fake_calls[FAKE_LUN_NEW], 1);
	CHECK_STR(fake_find_lun(1, 0)->path, tmp_path("b"));
	forget_calls();
	CHECK_EQ(apply(with_paths("Target iqn.a\nLun 0 Path=@b,IOMode=wb\n")),
		 0);
	CHECK_EQ(fake_calls[FAKE_LUN_DEL], 1);
	CHECK_EQ(fake_find_lun(1, 0)->iomode, IET_IOMODE_WB);
}

/* what may change does, and the logical unit stays */
static void test_changed_props(void)
{
	struct kernel_lun *l;

	start();
	CHECK_EQ(apply(with_paths("Target iqn.a\nLun 0 Path=@a,VendorId=X,"
				  "OptimalIO=4096:8192\n")),
		 0);
	forget_calls();
	CHECK_EQ(apply(with_paths("Target iqn.a\nLun 0 Path=@a,VendorId=X,"
				  "OptimalIO=4096:8192\n")),
		 0);
	CHECK_EQ(changes(), 0);
	CHECK_EQ(apply(with_paths("Target iqn.a\nLun 0 Path=@a,VendorId=Y,"
				  "RotationRate=1\n")),
		 0);
	CHECK_EQ(changes(), 1);
	CHECK_EQ(fake_calls[FAKE_LUN_SET], 1);
	l = fake_find_lun(1, 0);
	CHECK_STR(l->props.vendor, "Y");
	CHECK_EQ(l->props.io_optimal, 0);
	/* nothing said is the default again */
	CHECK_EQ(apply(with_paths("Target iqn.a\nLun 0 Path=@a\n")), 0);
	CHECK_EQ(fake_calls[FAKE_LUN_SET], 2);
	CHECK_EQ(fake_find_lun(1, 0)->props.set, 0);
	/* another identity is another logical unit */
	forget_calls();
	CHECK_EQ(apply(with_paths("Target iqn.a\nLun 0 Path=@a,"
				  "NAA=5001405012345678\n")),
		 0);
	CHECK_EQ(fake_calls[FAKE_LUN_DEL], 1);
	CHECK_EQ(fake_calls[FAKE_LUN_NEW], 1);
}

/* the same path is the same disk, and opened once */
static void test_shared(void)
{
	static const char text[] = "Target iqn.a\nLun 0 Path=@a\n"
				   "Target iqn.b\nLun 3 Path=@a,VendorId=X\n"
				   "Target iqn.c\nLun 1 Path=@a\n";
	const struct kernel_lun *a, *b, *c;

	start();
	CHECK_EQ(apply(with_paths(text)), 0);
	check_said("");
	a = fake_find_lun(1, 0);
	b = fake_find_lun(2, 3);
	c = fake_find_lun(3, 1);
	CHECK(a->set & K_HAS(IET_L_FD));
	CHECK(!(b->set & K_HAS(IET_L_FD)));
	CHECK(!(c->set & K_HAS(IET_L_FD)));
	CHECK_EQ(b->of_tid, 1);
	CHECK_EQ(b->of_lun, 0);
	CHECK(c->set & K_HAS(IET_L_OF_LUN));
	CHECK_STR(b->scsi_id, a->scsi_id);
	CHECK_STR(c->scsi_sn, a->scsi_sn);
	CHECK_STR(a->props.vendor, "X");
	CHECK_STR(c->props.vendor, "X");
	forget_calls();
	CHECK_EQ(apply(with_paths(text)), 0);
	CHECK_EQ(changes(), 0);

	/* one more, of a disk that is there */
	CHECK_EQ(apply(with_paths("Target iqn.a\nLun 0 Path=@a\n"
				  "Target iqn.b\nLun 3 Path=@a,VendorId=X\n"
				  "Target iqn.c\nLun 0 Path=@a\n"
				  "Lun 1 Path=@a\n")),
		 0);
	CHECK_EQ(changes(), 1);
	CHECK(!(fake_find_lun(3, 0)->set & K_HAS(IET_L_FD)));

	/* all are made anew, and the first one again by its file */
	forget_calls();
	CHECK_EQ(apply(with_paths("Target iqn.a\nLun 0 Path=@a,ScsiId=z\n"
				  "Target iqn.b\nLun 3 Path=@a\n")),
		 0);
	CHECK_EQ(fake_calls[FAKE_LUN_NEW], 2);
	CHECK_STR(fake_find_lun(2, 3)->scsi_id, "z");
	CHECK(fake_find_lun(1, 0)->set & K_HAS(IET_L_FD));
}

static void test_shared_failed(void)
{
	char want[PATH_MAX];

	start();
	CHECK_EQ(apply(with_paths("Target iqn.a\nLun 0 Path=@c\n"
				  "Target iqn.b\nLun 3 Path=@c\n")),
		 2);
	snprintf(want, sizeof(want),
		 "%.1000s:4: Lun: 3 of iqn.b: the logical unit of line 2, with "
		 "the same path, could not be made",
		 conf);
	check_said(want);
}

/* a wrong path does not cost the logical unit that was there */
static void test_wrong_path(void)
{
	char want[PATH_MAX];

	start();
	CHECK_EQ(apply(with_paths("Target iqn.a\nLun 0 Path=@a\n")), 0);
	forget_calls();
	CHECK_EQ(apply(with_paths("Target iqn.a\nLun 0 Path=@c\n"
				  "Lun 1 Path=@b\n")),
		 1);
	snprintf(want, sizeof(want),
		 "%.1000s:2: %.1000s: No such file or "
		 "directory",
		 conf, tmp_path("c"));
	check_said(want);
	CHECK_EQ(fake_calls[FAKE_LUN_DEL], 0);
	CHECK_STR(fake_find_lun(1, 0)->path, tmp_path("a"));
	CHECK(fake_find_lun(1, 1));
	/* nor does a file that is not large enough to be one */
	tmp_write("c", sector, sizeof(sector) - 1);
	CHECK_EQ(apply(with_paths("Target iqn.a\nLun 0 Path=@c\n"
				  "Lun 1 Path=@b\n")),
		 1);
	check_said("c: is smaller than one block: ");
	CHECK_EQ(fake_calls[FAKE_LUN_DEL], 0);
	unlink(tmp_path("c"));
}

/* nor do those that were to share it, which are made anew like the first */
static void test_wrong_shared_path(void)
{
	start();
	CHECK_EQ(apply(with_paths("Target iqn.a\nLun 0 Path=@a\n"
				  "Lun 1 Path=@a\nTarget iqn.b\n"
				  "Lun 0 Path=@a\n")),
		 0);
	forget_calls();
	CHECK_EQ(apply(with_paths("Target iqn.a\nLun 0 Path=@none\n"
				  "Lun 1 Path=@none\nTarget iqn.b\n"
				  "Lun 0 Path=@none\n")),
		 3);
	check_said(":2: ");
	check_said(":3: Lun: 1 of iqn.a: the logical unit of line 2");
	check_said(":5: Lun: 0 of iqn.b: the logical unit of line 2");
	CHECK_EQ(fake_calls[FAKE_LUN_DEL], 0);
	CHECK(fake_find_lun(1, 0) && fake_find_lun(1, 1) &&
	      fake_find_lun(2, 0));
}

/* What can't be moved keeps its medium, which others can't have then. */
static void test_blocked(void)
{
	char id[IET_SCSI_ID_LEN + 1];

	start();
	CHECK_EQ(apply(with_paths("Target iqn.a\nLun 1 Path=@a,ScsiId=old\n"
				  "Lun 2 Path=@a\n")),
		 0);
	strcpy(id, fake_find_lun(1, 2)->scsi_id);
	CHECK_STR(id, "old");
	forget_calls();
	CHECK_EQ(apply(with_paths("Target iqn.a\nLun 1 Path=/nowhere/a\n"
				  "Lun 2 Path=@a,ScsiId=new\n"
				  "Lun 3 Path=@a\n")),
		 3);
	check_said("/nowhere/a: No such file");
	check_said(
		":3: Lun: 2 of iqn.a: the path is that of LUN 1 of target 1, "
		"which stays, with another ScsiId");
	check_said(
		":4: Lun: 3 of iqn.a: the path is that of LUN 1 of target 1, "
		"which stays, with another ScsiId");
	CHECK_EQ(changes(), 0);
	/* with what it is they can */
	CHECK_EQ(apply(with_paths("Target iqn.a\nLun 1 Path=/nowhere/a\n"
				  "Lun 3 Path=@a,ScsiId=old\n")),
		 1);
	CHECK(fake_find_lun(1, 3));
	CHECK(!fake_find_lun(1, 2));
}

static void test_error_changes_nothing(void)
{
	start();
	CHECK_EQ(apply(with_paths(two)), 0);
	forget_calls();
	CHECK_EQ(apply("Target iqn.c\nWthreads 1000\n"), -EINVAL);
	check_said(":2: Wthreads: \"1000\": must be 1 to 128");
	CHECK_EQ(changes(), 0);
	CHECK(account_find("iqn.a", ACCOUNT_INCOMING, "joe"));
}

static void test_adopt(void)
{
	struct kernel_target *t;
	struct kernel_lun l = { .lun = 5, .fd = -1 };

	start();
	CHECK_EQ(apply(with_paths("Target iqn.a\nLun 0 Path=@a\n")), 0);
	t = fake_find_target("iqn.a");
	/* as ietadm would have made them */
	t->origin = IET_ORIGIN_RUNTIME;
	fake_find_lun(1, 0)->origin = IET_ORIGIN_RUNTIME;
	l.tid = t->tid;
	strcpy(l.iotype, "nullio");
	CHECK_EQ(kernel->lun_new(&l), 0);
	forget_calls();
	CHECK_EQ(apply(with_paths("Target IQN.A\nLun 0 Path=@a\n")), 0);
	CHECK_EQ(t->origin, IET_ORIGIN_CONFIG);
	CHECK_EQ(fake_find_lun(1, 0)->origin, IET_ORIGIN_CONFIG);
	CHECK_EQ(fake_calls[FAKE_TARGET_NEW], 0);
	CHECK_EQ(fake_calls[FAKE_LUN_DEL], 0);
	CHECK(fake_find_lun(1, 5));
}

static void test_limits(void)
{
	struct kernel_target *t;

	start();
	fake_info.max_queued = 64;
	CHECK_EQ(apply("Target iqn.a\n"
		       "MaxRecvDataSegmentLength 1048576\n"
		       "QueuedCommands 128\n"
		       "MaxBurstLength 16384\n"),
		 0);
	check_said(":2: MaxRecvDataSegmentLength: 1048576 is above the "
		   "module's maximum, 262144 is used");
	check_said(":3: QueuedCommands: 128 is above the module's maximum, "
		   "64 is used");
	t = fake_find_target("iqn.a");
	CHECK_EQ(t->keys.val[IET_K_MAX_RECV_DATA_SEGMENT_LENGTH], 262144);
	CHECK_EQ(t->queued_commands, 64);
	CHECK_EQ(t->keys.val[IET_K_FIRST_BURST_LENGTH], 16384);
}

static void test_refused(void)
{
	start();
	fake_fail(FAKE_TARGET_NEW, -ENOSPC, "too many targets");
	CHECK_EQ(apply(with_paths(two)), 2);
	check_said(":1: Target: iqn.a: too many targets");
	check_said(":7: Target: iqn.b: too many targets");
	CHECK_EQ(fake_calls[FAKE_LUN_NEW], 0);

	start();
	fake_fail(FAKE_LUN_NEW, -EINVAL, "no such block size");
	CHECK_EQ(apply(with_paths(two)), 3);
	check_said(":5: Lun: 0 of iqn.a: no such block size");
	CHECK(fake_find_target("iqn.b"));

	start();
	fake_fail(FAKE_LUN_DUMP, -EIO, "broken");
	CHECK_EQ(apply(with_paths(two)), -EIO);
	check_said("the module's state can't be read: broken");
	CHECK_EQ(changes(), 0);
}

/* --- opening --- */

static int busy_once(const char *path, const char *iotype, uint32_t iomode,
		     unsigned int busy_ms, char *reason)
{
	(void)iotype;
	(void)iomode;
	/* free as soon as the old one has been deleted */
	if (!busy_ms) {
		snprintf(reason, LUN_REASON_MAX, "is in use");
		return -EBUSY;
	}
	return open(path, O_RDONLY | O_CLOEXEC);
}

static void test_own_device(void)
{
	start();
	CHECK_EQ(apply(with_paths("Target iqn.a\nLun 0 Path=@a\n")), 0);
	apply_set_open(busy_once, 2000);
	/* our own logical unit holds it: it goes first */
	CHECK_EQ(apply(with_paths("Target iqn.a\nLun 1 Path=@a\n")), 0);
	check_said("");
	CHECK(!fake_find_lun(1, 0));
	CHECK(fake_find_lun(1, 1));
	/* somebody else holds it: nothing to wait for */
	CHECK_EQ(apply(with_paths("Target iqn.a\nLun 1 Path=@a\n"
				  "Lun 2 Path=@b\n")),
		 1);
	check_said("/b: is in use");
}

/* the others answer by then, on a machine that is busy, too */
#define HANGS_MS 3000

static sem_t storage;

static int hang(const char *path, const char *iotype, uint32_t iomode,
		unsigned int busy_ms, char *reason)
{
	(void)busy_ms;
	if (strstr(path, "/a"))
		while (sem_wait(&storage))
			;
	return lun_open(path, iotype, iomode, reason);
}

/* how many threads there are: what hangs has one */
static int threads(void)
{
	DIR *dir = opendir("/proc/self/task");
	int n = -2;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void wait_for_threads(void)
{
	for (int n = 0; n < 3000 && threads() > 1; n++)
		usleep(10000);
	CHECK_EQ(threads(), 1);
}

/* lets what hangs go on, and waits for its end */
static void let_go(void)
{
	sem_post(&storage);
	wait_for_threads();
}

static void test_hanging_path(void)
{
	start();
	apply_set_open(hang, HANGS_MS);
	/* it ends though the path hangs until it is let go */
	CHECK_EQ(apply(with_paths(two)), 1);
	check_said("/a: does not answer");
	CHECK(!fake_find_lun(1, 0));
	CHECK(fake_find_lun(1, 1));
	CHECK(fake_find_lun(2, 0));
	let_go();
}

/* --- from the event loop --- */

static int done_result;
static unsigned int done_errors, done_calls;

static void on_done(int result, const struct report *r, void *arg)
{
	done_result = result;
	done_errors = r->errors;
	done_calls++;
	event_base_loopbreak(arg);
}

static unsigned int ticks;

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	ticks++;
}

static void test_event_loop(void)
{
	const struct timeval tv = { .tv_usec = 1000 };
	struct event_base *base = event_base_new();
	struct event *tick = event_new(base, -1, EV_PERSIST, on_tick, NULL);
	const char *path;

	start();
	event_add(tick, &tv);
	apply_set_open(hang, HANGS_MS);
	path = with_paths(two);
	snprintf(conf, sizeof(conf), "%s",
		 tmp_write("ietd.conf", path, strlen(path)));
	log_capture(fopen("/dev/null", "w"));
	done_calls = 0;
	CHECK_EQ(apply_start(base, conf, on_done, base), 0);
	CHECK_EQ(apply_start(base, conf, on_done, base), -EBUSY);
	CHECK_EQ(apply_file(conf), -EBUSY);
	CHECK_EQ(done_calls, 0);
	event_base_dispatch(base);
	CHECK_EQ(done_calls, 1);
	CHECK_EQ(done_result, 1);
	CHECK_EQ(done_errors, 1);
	/* the loop went on in the meantime */
	CHECK(ticks >= 5);
	CHECK(fake_find_lun(1, 1));
	let_go();

	apply_set_open(NULL, 0);
	CHECK_EQ(apply_start(base, conf, on_done, base), 0);
	event_base_dispatch(base);
	CHECK_EQ(done_result, 0);
	CHECK(fake_find_lun(1, 0));

	CHECK_EQ(apply_start(base, "/nonexistent/conf", on_done, base), 0);
	CHECK_EQ(done_result, -ENOENT);
	log_capture(NULL);
	event_free(tick);
	event_base_free(base);
}

/* Who only looks changes nothing, and is in nobody's way. */
static void test_look(void)
{
	struct event_base *base = event_base_new();
	const char *text;

	start();
	state_set_dir(tmp_path("state"));
	apply_set_open(hang, HANGS_MS);
	text = with_paths(two);
	snprintf(conf, sizeof(conf), "%s",
		 tmp_write("ietd.conf", text, strlen(text)));
	log_capture(fopen("/dev/null", "w"));
	done_calls = 0;
	CHECK_EQ(apply_look(base, conf, on_done, base), 0);
	CHECK_EQ(apply_look(base, conf, on_done, base), 0);
	event_base_dispatch(base);
	event_base_dispatch(base);
	CHECK_EQ(done_calls, 2);
	CHECK_EQ(done_result, 0);
	CHECK_EQ(done_errors, 1);
	CHECK_EQ(changes(), 0);
	CHECK(access(tmp_path("state"), F_OK));
	sem_post(&storage);
	let_go();

	/* a reload comes in between */
	CHECK_EQ(apply_look(base, conf, on_done, base), 0);
	CHECK(!apply_running());
	text = with_paths("Target iqn.a\nLun 1 Path=@b\n");
	tmp_write("ietd.conf", text, strlen(text));
	CHECK_EQ(apply_start(base, conf, on_done, base), 0);
	CHECK(apply_running());
	CHECK_EQ(apply_look(base, conf, on_done, base), -EBUSY);
	event_base_dispatch(base);
	CHECK_EQ(done_calls, 3);
	CHECK_EQ(done_result, 0);
	CHECK(fake_find_lun(1, 1));
	CHECK(!apply_running());
	event_base_dispatch(base);
	CHECK_EQ(done_calls, 4);
	let_go();
	log_capture(NULL);
	state_set_dir(NULL);
	event_base_free(base);
}

static int count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void test_no_leak(void)
{
	int before;

	start();
	/* a thread that opened something closes its own end a little later */
	wait_for_threads();
	before = count_fds();
	CHECK_EQ(apply(with_paths(two)), 0);
	CHECK_EQ(apply(with_paths("Target iqn.a\nLun 0 Path=@b\n")), 0);
	fake_fail(FAKE_LUN_NEW, -EINVAL, "no");
	CHECK_EQ(apply(with_paths("Target iqn.z\nLun 0 Path=@b\n")), 1);
	wait_for_threads();
	CHECK_EQ(count_fds(), before);
}

int main(void)
{
	ktap_run(test_from_nothing);
	ktap_run(test_login_rate);
	ktap_run(test_portals);
	ktap_run(test_redirect);
	ktap_run(test_again);
	ktap_run(test_gone);
	ktap_run(test_changed_lun);
	ktap_run(test_changed_props);
	ktap_run(test_shared);
	ktap_run(test_shared_failed);
	ktap_run(test_wrong_path);
	ktap_run(test_wrong_shared_path);
	ktap_run(test_blocked);
	ktap_run(test_error_changes_nothing);
	ktap_run(test_adopt);
	ktap_run(test_limits);
	ktap_run(test_refused);
	ktap_run(test_own_device);
	ktap_run(test_hanging_path);
	ktap_run(test_event_loop);
	ktap_run(test_look);
	ktap_run(test_no_leak);
	account_drop(NULL, -1);
	return ktap_done();
}
