// SPDX-License-Identifier: GPL-2.0-only
/* initiators.allow, initiators.deny, targets.allow */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "acl.h"
#include "ktap.h"
#include "log.h"

#define T "iqn.2001-04.com.example:disk"
#define I "iqn.1993-08.org.debian:01:abc"

static char dir[] = "/tmp/test_acl.XXXXXX";
static char new_dir[64], old_dir[64];

static void put(const char *where, const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", where, name);
	unlink(path);
	if (!text)
		return;
	f = fopen(path, "w");
	CHECK(f);
	fputs(text, f);
	fclose(f);
}

static void clear(void)
{
	static const char *const names[] = { "initiators.allow",
					     "initiators.deny",
					     "targets.allow" };

	for (size_t i = 0; i < 3; i++) {
		put(new_dir, names[i], NULL);
		put(old_dir, names[i], NULL);
	}
}

static const struct sockaddr *address(const char *text)
{
	static struct sockaddr_storage ss;
	struct sockaddr_in6 *in6 = (void *)&ss;
	struct sockaddr_in *in = (void *)&ss;

	memset(&ss, 0, sizeof(ss));
	if (strchr(text, ':')) {
		in6->sin6_family = AF_INET6;
		CHECK_EQ(inet_pton(AF_INET6, text, &in6->sin6_addr), 1);
	} else {
		in->sin_family = AF_INET;
		CHECK_EQ(inet_pton(AF_INET, text, &in->sin_addr), 1);
	}
	return (const struct sockaddr *)&ss;
}

static void test_rules(void)
{
	static const struct {
		const char *rules;
		const char *peer;
		bool allowed;
	} rows[] = {
		{ NULL, "10.0.0.1", true },
		{ "", "10.0.0.1", false },
		{ "ALL ALL\n", "10.0.0.1", true },
		{ "# ALL ALL\n", "10.0.0.1", false },
		{ "  ALL ALL\n", "10.0.0.1", true },
		{ "ALL\tALL\n", "10.0.0.1", true },
		{ "ALL ALL", "10.0.0.1", true },
		{ "ALL\n", "10.0.0.1", false },
		{ T " ALL\n", "10.0.0.1", true },
		{ "IQN.2001-04.com.Example:disk ALL\n", "10.0.0.1", true },
		{ T "x ALL\n", "10.0.0.1", false },
		{ "iqn.2001-04.com.example:dis ALL\n", "10.0.0.1", false },
		/* addresses */
		{ "ALL 10.0.0.1\n", "10.0.0.1", true },
		{ "ALL 10.0.0.1\n", "10.0.0.2", false },
		{ "ALL 10.0.0.0/8\n", "10.255.0.1", true },
		{ "ALL 10.0.0.0/8\n", "11.0.0.1", false },
		{ "ALL 10.0.0.128/25\n", "10.0.0.129", true },
		{ "ALL 10.0.0.128/25\n", "10.0.0.127", false },
		{ "ALL 0.0.0.0/0\n", "10.0.0.1", true },
		{ "ALL 0.0.0.0/0\n", "fd00::1", false },
		{ "ALL 10.0.0.1/33\n", "10.0.0.1", false },
		{ "ALL 10.0.0.1/x\n", "10.0.0.1", false },
		{ "ALL 10.0.0.1\n", "::ffff:10.0.0.1", true },
		{ "ALL [fd00::1]\n", "fd00::1", true },
		{ "ALL [fd00::1]\n", "fd00::2", false },
		{ "ALL [fd00::]/16\n", "fd00::2", true },
		{ "ALL [fd00::]/16\n", "fd01::2", false },
		{ "ALL [fd00::\n", "fd00::1", false },
		{ "ALL [::]/0\n", "10.0.0.1", false },
		/* lists */
		{ "ALL 10.0.0.1, 10.0.0.2\n", "10.0.0.2", true },
		{ "ALL 10.0.0.1,10.0.0.2\n", "10.0.0.2", true },
		{ "ALL 10.0.0.1, ALL\n", "10.0.0.2", true },
		/* names */
		{ "ALL " I "\n", "10.0.0.1", true },
		{ "ALL iqn.1993-08.org.debian:.*\n", "10.0.0.1", true },
		{ "ALL iqn.1993-08.org.debian:\n", "10.0.0.1", false },
		{ "ALL 01:abc\n", "10.0.0.1", false },
		{ "ALL .*abc\n", "10.0.0.1", true },
		{ "ALL IQN.1993-08.ORG.DEBIAN:01:ABC\n", "10.0.0.1", true },
		{ "ALL no\\|iqn.*\n", "10.0.0.1", true },
		{ "ALL iqn\\|no\n", "10.0.0.1", false },
		{ "ALL [a-z]*.1993-08.*\n", "10.0.0.1", true },
		{ "ALL \\(\n", "10.0.0.1", false },
		{ "ALL \\(, ALL\n", "10.0.0.1", true },
		/* the first line for the target decides */
		{ T " 10.0.0.9\nALL ALL\n", "10.0.0.1", false },
		{ "iqn.other 10.0.0.9\nALL ALL\n", "10.0.0.1", true },
		{ "ALL 10.0.0.9\n" T " ALL\n", "10.0.0.1", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool ok = ktap_ok;

		clear();
		put(new_dir, "initiators.allow", rows[i].rules);
		CHECK_EQ(acl_initiator_allowed(T, I, address(rows[i].peer)),
			 rows[i].allowed);
		clear();
		put(old_dir, "targets.allow", rows[i].rules);
		CHECK_EQ(acl_target_visible(T, I, address(rows[i].peer)),
			 rows[i].allowed);
		CHECK_ROW(rows[i].rules ? rows[i].rules : "no file", ok);
	}
}

static void test_directories(void)
{
	clear();
	put(old_dir, "initiators.allow", "ALL 10.0.0.1\n");
	CHECK(!acl_initiator_allowed(T, I, address("10.0.0.2")));
	put(new_dir, "initiators.allow", "ALL 10.0.0.2\n");
	CHECK(acl_initiator_allowed(T, I, address("10.0.0.2")));
	CHECK(!acl_initiator_allowed(T, I, address("10.0.0.1")));
	put(old_dir, "targets.allow", "ALL 10.0.0.1\n");
	CHECK(!acl_target_visible(T, I, address("10.0.0.2")));
	put(new_dir, "targets.allow", T " 10.0.0.2\n");
	CHECK(acl_target_visible(T, I, address("10.0.0.2")));
}

/* what scripts write into the old files counts, and never lets in more */
static void test_both_directories(void)
{
	static const struct {
		const char *new_allow;
		const char *old_allow;
		const char *old_deny;
		bool allowed;
	} rows[] = {
		/* the agents of Pacemaker, with and without a list */
		{ "ALL ALL\n", T " 10.0.0.1,10.0.0.2\n", T " ALL\n", true },
		{ "ALL ALL\n", T " 10.0.0.3,10.0.0.2\n", T " ALL\n", false },
		{ "ALL ALL\n", T " ALL\n", NULL, true },
		{ "ALL 10.0.0.3\n", T " ALL\n", NULL, false },
		{ "ALL 10.0.0.3\n", T " 10.0.0.1\n", T " ALL\n", false },
		/* what they write of one target says nothing of another */
		{ "ALL ALL\n", T "x 10.0.0.3\n", T "x ALL\n", true },
		{ "ALL 10.0.0.3\n", T "x ALL\n", T "x ALL\n", false },
		{ "ALL ALL\n", "ALL 10.0.0.3\n", "ALL ALL\n", true },
		/* a line for ALL before the one with the name */
		{ "ALL ALL\n", "ALL 10.0.0.3\n" T " 10.0.0.1\n", NULL, false },
		{ NULL, T "x 10.0.0.3\n", T "x ALL\n", true },
		{ NULL, T " 10.0.0.3\n", T " ALL\n", false },
		{ NULL, T " 10.0.0.1\n", T " ALL\n", true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool ok = ktap_ok;

		clear();
		put(new_dir, "initiators.allow", rows[i].new_allow);
		put(old_dir, "initiators.allow", rows[i].old_allow);
		put(old_dir, "initiators.deny", rows[i].old_deny);
		CHECK_EQ(acl_initiator_allowed(T, I, address("10.0.0.1")),
			 rows[i].allowed);
		CHECK_ROW(rows[i].old_allow, ok);
	}
}

static void test_deny(void)
{
	static const struct {
		const char *deny;
		const char *allow;
		bool allowed;
	} rows[] = {
		{ "ALL ALL\n", NULL, false },
		{ "ALL ALL\n", "ALL 10.0.0.1\n", true },
		{ "ALL ALL\n", "ALL 10.0.0.2\n", false },
		{ "ALL 10.0.0.2\n", NULL, true },
		{ "ALL 10.0.0.2\n", "ALL 10.0.0.3\n", true },
		{ "", "ALL 10.0.0.3\n", true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		clear();
		put(new_dir, "initiators.deny", rows[i].deny);
		put(new_dir, "initiators.allow", rows[i].allow);
		CHECK_EQ(acl_initiator_allowed(T, I, address("10.0.0.1")),
			 rows[i].allowed);
	}
}

/* the first of many lines, by name in any case or for ALL */
static void test_many_lines(void)
{
	static char rules[1 << 16];
	char name[64];
	size_t len = 0;

	for (int i = 0; i < 1000; i++)
		len += snprintf(rules + len, sizeof(rules) - len,
				"iqn.%c%d 10.0.0.%d\n", i & 1 ? 't' : 'T',
				i % 500, i < 500 ? 1 : 2);
	snprintf(rules + len, sizeof(rules) - len,
		 "ALL 10.0.0.3\niqn.later 10.0.0.4\n");
	clear();
	put(new_dir, "initiators.allow", rules);
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "iqn.t%d", i);
		CHECK(acl_initiator_allowed(name, I, address("10.0.0.1")));
		CHECK(!acl_initiator_allowed(name, I, address("10.0.0.2")));
		CHECK(!acl_initiator_allowed(name, I, address("10.0.0.3")));
	}
	CHECK(acl_initiator_allowed("iqn.later", I, address("10.0.0.3")));
	CHECK(!acl_initiator_allowed("iqn.later", I, address("10.0.0.4")));
	CHECK(acl_initiator_allowed("iqn.t500", I, address("10.0.0.3")));
}

/* what was said of one initiator is not said of another */
static void test_names_in_turn(void)
{
	clear();
	put(new_dir, "initiators.allow", "ALL iqn.a.*, 10.0.0.2, iqn.b\n");
	for (int i = 0; i < 2; i++) {
		CHECK(acl_initiator_allowed(T, "iqn.a1", address("10.0.0.1")));
		CHECK(!acl_initiator_allowed(T, "iqn.b1", address("10.0.0.1")));
		CHECK(acl_initiator_allowed(T, "iqn.b1", address("10.0.0.2")));
		CHECK(acl_initiator_allowed(T, "iqn.b", address("10.0.0.1")));
	}
}

/* in between the files are not looked at again, afterwards they are */
static void test_hold(void)
{
	const struct sockaddr *peer = address("10.0.0.1");

	clear();
	put(new_dir, "initiators.allow", "ALL 10.0.0.1\n");
	acl_hold(true);
	CHECK(acl_initiator_allowed(T, I, peer));
	CHECK(acl_target_visible(T, I, peer));
	put(new_dir, "initiators.allow", "ALL 10.0.0.2\n");
	put(new_dir, "targets.allow", "ALL 10.0.0.2\n");
	CHECK(acl_initiator_allowed(T, I, peer));
	CHECK(acl_target_visible(T, I, peer));
	acl_hold(false);
	CHECK(!acl_initiator_allowed(T, I, peer));
	CHECK(!acl_target_visible(T, I, peer));
	acl_hold(true);
	CHECK(!acl_initiator_allowed(T, I, peer));
	acl_hold(false);
}

/* a change counts, however long the file has been there before */
static void test_changes(void)
{
	const struct timespec long_ago[2] = { { .tv_sec = 1 },
					      { .tv_sec = 1 } };
	const struct sockaddr *peer = address("10.0.0.1");
	char path[128];

	clear();
	snprintf(path, sizeof(path), "%s/initiators.allow", new_dir);
	put(new_dir, "initiators.allow", "ALL 10.0.0.1\n");
	/* after three seconds it is what is in memory that answers */
	sleep(3);
	for (int i = 0; i < 3; i++)
		CHECK(acl_initiator_allowed(T, I, peer));
	put(new_dir, "initiators.allow", "ALL 10.0.0.2\n");
	CHECK_EQ(utimensat(AT_FDCWD, path, long_ago, 0), 0);
	CHECK(!acl_initiator_allowed(T, I, peer));
	put(new_dir, "initiators.allow", "ALL 10.0.0.1\n");
	CHECK_EQ(utimensat(AT_FDCWD, path, long_ago, 0), 0);
	CHECK(acl_initiator_allowed(T, I, peer));
	put(new_dir, "initiators.allow", NULL);
	put(old_dir, "initiators.allow", "ALL 10.0.0.2\n");
	CHECK(!acl_initiator_allowed(T, I, peer));
	put(old_dir, "initiators.allow", NULL);
	CHECK(acl_initiator_allowed(T, I, peer));
}

/* rules that cannot be read are not the same as no rules */
static void test_unreadable(void)
{
	char path[128];

	clear();
	snprintf(path, sizeof(path), "%s/initiators.allow", new_dir);
	CHECK_EQ(symlink(path, path), 0);
	CHECK(!acl_initiator_allowed(T, I, address("10.0.0.1")));
	unlink(path);
	CHECK(acl_initiator_allowed(T, I, address("10.0.0.1")));
}

int main(void)
{
	FILE *null = fopen("/dev/null", "w");

	log_capture(null);
	if (!mkdtemp(dir))
		return 1;
	snprintf(new_dir, sizeof(new_dir), "%s/iet", dir);
	snprintf(old_dir, sizeof(old_dir), "%s/old", dir);
	mkdir(new_dir, 0700);
	mkdir(old_dir, 0700);
	acl_init(new_dir, old_dir);
	ktap_run(test_rules);
	ktap_run(test_directories);
	ktap_run(test_both_directories);
	ktap_run(test_deny);
	ktap_run(test_many_lines);
	ktap_run(test_names_in_turn);
	ktap_run(test_hold);
	ktap_run(test_changes);
	ktap_run(test_unreadable);
	clear();
	acl_init(dir, dir);
	rmdir(new_dir);
	rmdir(old_dir);
	rmdir(dir);
	fclose(null);
	return ktap_done();
}
