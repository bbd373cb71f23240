// SPDX-License-Identifier: GPL-2.0-only
/* Accounts, and the file that keeps them for the next daemon. */
#include "account.h"

#include <errno.h>
#include <fcntl.h>

#include "iet_netlink.h"
#include "ktap.h"
#include "log.h"
#include "tmpfile.h"

#define INSTANCE 0x1234567890abcdefULL

static char file[PATH_MAX];

static void start(void)
{
	snprintf(file, sizeof(file), "%s", tmp_path("run/accounts"));
	account_set_path(file);
	account_drop(NULL, -1);
	unlink(file);
	CHECK_EQ(account_load(INSTANCE), 0);
	CHECK_EQ(account_count(), 0);
}

/* as if a new daemon came */
static int restart(uint64_t instance)
{
	static char moved[sizeof(file) + 8];

	/* what is dropped from memory must not change the file */
	snprintf(moved, sizeof(moved), "%s.kept", file);
	if (!access(file, F_OK) && rename(file, moved))
		abort();
	account_drop(NULL, -1);
	unlink(file);
	if (!access(moved, F_OK) && rename(moved, file))
		abort();
	return account_load(instance);
}

static int add(const char *target, enum account_dir dir, const char *name,
	       const char *secret, uint32_t origin)
{
	struct account a = { .dir = dir };

	snprintf(a.name, sizeof(a.name), "%s", name);
	snprintf(a.secret, sizeof(a.secret), "%s", secret);
	return account_add(target, &a, origin);
}

static const char *secret_of(const char *target, enum account_dir dir,
			     const char *name)
{
	const struct account *a = account_find(target, dir, name);

	return a ? a->secret : "none";
}

static void test_find(void)
{
	start();
	CHECK(!account_required("iqn.a"));
	CHECK_EQ(add("iqn.a", ACCOUNT_OUTGOING, "we", "s0", 1), 0);
	CHECK(!account_required("iqn.a"));
	CHECK_EQ(add("iqn.a", ACCOUNT_INCOMING, "joe", "s1", 1), 0);
	CHECK_EQ(add("iqn.a", ACCOUNT_INCOMING, "ann", "s2", 1), 0);
	CHECK_EQ(add("", ACCOUNT_INCOMING, "joe", "s3", 1), 0);
	CHECK(account_required("iqn.a"));
	CHECK(account_required(""));
	CHECK(!account_required("iqn.b"));
	CHECK_STR(secret_of("iqn.a", ACCOUNT_INCOMING, "joe"), "s1");
	CHECK_STR(secret_of("IQN.A", ACCOUNT_INCOMING, "ann"), "s2");
	CHECK_STR(secret_of("iqn.a", ACCOUNT_INCOMING, "Joe"), "none");
	CHECK_STR(secret_of("iqn.a", ACCOUNT_INCOMING, NULL), "s1");
	CHECK_STR(secret_of("iqn.a", ACCOUNT_OUTGOING, NULL), "s0");
	CHECK_STR(secret_of("", ACCOUNT_INCOMING, "joe"), "s3");
	CHECK_STR(secret_of("", ACCOUNT_INCOMING, "ann"), "none");
}

static void test_replace(void)
{
	start();
	CHECK_EQ(add("iqn.a", ACCOUNT_INCOMING, "joe", "s1", 1), 0);
	CHECK_EQ(add("iqn.a", ACCOUNT_INCOMING, "joe", "s2", 1), 0);
	CHECK_EQ(account_count(), 1);
	CHECK_STR(secret_of("iqn.a", ACCOUNT_INCOMING, "joe"), "s2");
	CHECK_EQ(add("iqn.a", ACCOUNT_OUTGOING, "we", "s3", 1), 0);
	CHECK_EQ(add("iqn.a", ACCOUNT_OUTGOING, "us", "s4", 1), 0);
	CHECK_EQ(account_count(), 2);
	CHECK_STR(secret_of("iqn.a", ACCOUNT_OUTGOING, "we"), "none");
	CHECK_STR(secret_of("iqn.a", ACCOUNT_OUTGOING, NULL), "s4");
}

static void test_refused(void)
{
	struct account a = { .dir = ACCOUNT_INCOMING };

	start();
	CHECK_EQ(add("iqn.a", ACCOUNT_INCOMING, "", "s", 1), -EINVAL);
	CHECK_EQ(add("iqn.a", ACCOUNT_INCOMING, "joe", "", 1), -EINVAL);
	memset(a.name, 'x', sizeof(a.name));
	strcpy(a.secret, "s");
	CHECK_EQ(account_add("iqn.a", &a, 1), -EINVAL);
	CHECK_EQ(account_count(), 0);
	CHECK_EQ(account_del("iqn.a", ACCOUNT_INCOMING, "joe"), -ENOENT);
}

static void test_persist(void)
{
	struct stat st;

	start();
	CHECK_EQ(add("iqn.a", ACCOUNT_INCOMING, "joe d", "s,=\n\xff ", 0), 0);
	CHECK_EQ(add("iqn.a", ACCOUNT_OUTGOING, "we", "s2", 0), 0);
	CHECK_EQ(add("", ACCOUNT_INCOMING, "ann", "s3", 0), 0);
	CHECK_EQ(add("iqn.b", ACCOUNT_INCOMING, "file", "s4", 1), 0);
	CHECK(!stat(file, &st));
	CHECK_EQ(st.st_mode & 07777, 0600);
	CHECK(!stat(tmp_path("run"), &st));
	CHECK_EQ(st.st_mode & 07777, 0700);

	CHECK_EQ(restart(INSTANCE), 0);
	CHECK_EQ(account_count(), 3);
	CHECK_STR(secret_of("iqn.a", ACCOUNT_INCOMING, "joe d"), "s,=\n\xff ");
	CHECK_STR(secret_of("iqn.a", ACCOUNT_OUTGOING, NULL), "s2");
	CHECK_STR(secret_of("", ACCOUNT_INCOMING, "ann"), "s3");
	CHECK_STR(secret_of("iqn.b", ACCOUNT_INCOMING, "file"), "none");

	CHECK_EQ(account_del("iqn.a", ACCOUNT_INCOMING, "joe d"), 0);
	CHECK_EQ(restart(INSTANCE), 0);
	CHECK_EQ(account_count(), 2);
	account_drop("iqn.a", IET_ORIGIN_RUNTIME);
	CHECK_EQ(restart(INSTANCE), 0);
	CHECK_EQ(account_count(), 1);
}

/* who may be a user outlives the daemon, too */
static void test_persist_who(void)
{
	struct account a = { .dir = ACCOUNT_INCOMING,
			     .name = "joe",
			     .secret = "s1",
			     .who = "10.0.0.0/8" };
	const struct account *found;

	start();
	CHECK_EQ(account_add("iqn.a", &a, IET_ORIGIN_RUNTIME), 0);
	CHECK_EQ(add("iqn.a", ACCOUNT_INCOMING, "jim", "s2", 0), 0);
	CHECK_EQ(restart(INSTANCE), 0);
	CHECK_EQ(account_count(), 2);
	found = account_find("iqn.a", ACCOUNT_INCOMING, "joe");
	CHECK_STR(found ? found->who : NULL, "10.0.0.0/8");
	found = account_find("iqn.a", ACCOUNT_INCOMING, "jim");
	CHECK_STR(found ? found->who : NULL, "");
	account_drop(NULL, -1);
}

static void test_instance(void)
{
	start();
	CHECK_EQ(add("iqn.a", ACCOUNT_INCOMING, "joe", "s1", 0), 0);
	CHECK_EQ(restart(INSTANCE + 1), 0);
	CHECK_EQ(account_count(), 0);
	CHECK(access(file, F_OK));
}

static void test_reload_keeps(void)
{
	start();
	CHECK_EQ(add("iqn.a", ACCOUNT_INCOMING, "joe", "s1", 0), 0);
	CHECK_EQ(add("iqn.a", ACCOUNT_INCOMING, "ann", "s2", 1), 0);
	account_drop(NULL, IET_ORIGIN_CONFIG);
	CHECK_STR(secret_of("iqn.a", ACCOUNT_INCOMING, "joe"), "s1");
	CHECK_STR(secret_of("iqn.a", ACCOUNT_INCOMING, "ann"), "none");
	/* of the file from now on, so it goes from the state file */
	CHECK_EQ(add("iqn.a", ACCOUNT_INCOMING, "joe", "s3", 1), 0);
	CHECK_EQ(restart(INSTANCE), 0);
	CHECK_EQ(account_count(), 0);
}

static void write_state(const char *text, mode_t mode)
{
	int fd;

	unlink(file);
	fd = open(file, O_WRONLY | O_CREAT, 0600);
	if (fd < 0 || write(fd, text, strlen(text)) < 0 || fchmod(fd, mode))
		abort();
	close(fd);
}

static void test_damaged(void)
{
	static const char *const texts[] = {
		"",
		"iet-accounts 2 1234567890abcdef\n",
		"iet-accounts 1 1234567890abcdef",
		"iet-accounts 1 1234567890abcdef\n61 incoming 62\n",
		"iet-accounts 1 1234567890abcdef\n61 sideways 62 63\n",
		"iet-accounts 1 1234567890abcdef\n6 incoming 62 63\n",
		"iet-accounts 1 1234567890abcdef\n61 incoming 6200 63\n",
		"iet-accounts 1 1234567890abcdef\n61 incoming - 63\n",
		"iet-accounts 1 1234567890abcdef\n61 incoming 62 63",
		"iet-accounts 1 1234567890abcdef\n61 incoming 62 63 6\n",
		"iet-accounts 1 1234567890abcdef\n61 incoming 62 63 64",
		"iet-accounts 1 1234567890abcdef\n61 incoming 62 63 64 65\n",
	};
	FILE *null = fopen("/dev/null", "w");

	log_capture(null);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		bool before = ktap_ok;

		start();
		write_state(texts[i], 0600);
		CHECK_EQ(account_load(INSTANCE), -EINVAL);
		CHECK_EQ(account_count(), 0);
		CHECK_ROW(texts[i], before);
	}
	start();
	write_state("iet-accounts 1 1234567890abcdef\n61 incoming 62 63\n",
		    0644);
	CHECK_EQ(account_load(INSTANCE), -EPERM);
	CHECK_EQ(account_count(), 0);
	log_capture(NULL);
	fclose(null);
}

/* what can't be kept is not done by halves */
static void test_no_room(void)
{
	start();
	CHECK_EQ(add("iqn.a", ACCOUNT_INCOMING, "joe", "s1", 0), 0);
	account_set_path("/proc/nothing/accounts");
	CHECK(add("iqn.a", ACCOUNT_INCOMING, "ann", "s2", 0) < 0);
	CHECK(add("iqn.a", ACCOUNT_INCOMING, "joe", "s2", 0) < 0);
	CHECK(account_del("iqn.a", ACCOUNT_INCOMING, "joe") < 0);
	CHECK_EQ(account_count(), 1);
	CHECK_STR(secret_of("iqn.a", ACCOUNT_INCOMING, "joe"), "s1");
	account_set_path(file);
}

static bool is_b(const char *target, void *arg)
{
	(void)arg;
	return !strcmp(target, "iqn.b");
}

static void test_gone(void)
{
	start();
	CHECK_EQ(add("", ACCOUNT_INCOMING, "joe", "s0", 0), 0);
	CHECK_EQ(add("iqn.a", ACCOUNT_INCOMING, "joe", "s1", 0), 0);
	CHECK_EQ(add("iqn.a", ACCOUNT_INCOMING, "file", "s1", 1), 0);
	CHECK_EQ(add("iqn.b", ACCOUNT_INCOMING, "joe", "s2", 0), 0);
	account_drop_gone(is_b, NULL);
	CHECK_STR(secret_of("", ACCOUNT_INCOMING, "joe"), "s0");
	CHECK_STR(secret_of("iqn.a", ACCOUNT_INCOMING, "joe"), "none");
	CHECK_STR(secret_of("iqn.a", ACCOUNT_INCOMING, "file"), "s1");
	CHECK_STR(secret_of("iqn.b", ACCOUNT_INCOMING, "joe"), "s2");
}

int main(void)
{
	ktap_run(test_find);
	ktap_run(test_replace);
	ktap_run(test_refused);
	ktap_run(test_persist);
	ktap_run(test_persist_who);
	ktap_run(test_instance);
	ktap_run(test_reload_keeps);
	ktap_run(test_damaged);
	ktap_run(test_no_room);
	ktap_run(test_gone);
	account_drop(NULL, -1);
	return ktap_done();
}
