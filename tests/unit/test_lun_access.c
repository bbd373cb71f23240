// SPDX-License-Identifier: GPL-2.0-only
/* Who may do what with which logical unit. */
#include "lun_access.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

#include "fake_kernel.h"
#include "ktap.h"

/* lines of "WHO LUNS [HOW]" */
static struct lun_access *rules(const char *name, const char *text)
{
	struct lun_access *a = calloc(1, sizeof(*a));
	char copy[512], reason[LUN_ACCESS_REASON_MAX], *line, *save;

	snprintf(a->name, sizeof(a->name), "%s", name);
	snprintf(copy, sizeof(copy), "%s", text);
	for (line = strtok_r(copy, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *more, *who = strtok_r(line, " ", &more);
		char *luns = strtok_r(NULL, " ", &more);

		CHECK_EQ(lun_access_parse(who, luns, strtok_r(NULL, " ", &more),
					  a, reason),
			 0);
	}
	return a;
}

/* "first-last=access ..." of an initiator, "-" without a map */
static const char *map_of(const char *initiator, const char *address)
{
	struct sockaddr_in peer = { .sin_family = AF_INET };
	struct kernel_lun_map map;
	static char text[256];
	size_t n = 0;

	inet_pton(AF_INET, address, &peer.sin_addr);
	if (!lun_access_map("IQN.A", initiator, (const void *)&peer, &map))
		return "-";
	text[0] = '\0';
	for (uint32_t i = 0; i < map.nr; i++)
		n += snprintf(text + n, sizeof(text) - n, "%s%u-%u=%u",
			      i ? " " : "", map.rule[i].first, map.rule[i].last,
			      map.rule[i].access);
	return text;
}

static void test_map(void)
{
	fake_reset();
	CHECK_STR(map_of("iqn.i", "10.0.0.1"), "-");
	lun_access_replace(rules("iqn.b", "ALL 0"));
	CHECK_STR(map_of("iqn.i", "10.0.0.1"), "-");
	lun_access_replace(rules("iqn.a", "iqn.i 0,2-5\n"
					  "10.0.0.0/8 7 ro\n"
					  "iqn.bad none\n"
					  "ALL all ro\n"));
	CHECK_STR(map_of("iqn.i", "10.0.0.1"), "0-0=2 2-5=2 7-7=1 0-16383=1");
	CHECK_STR(map_of("iqn.j", "11.0.0.1"), "0-16383=1");
	CHECK_STR(map_of("iqn.bad", "11.0.0.1"), "0-16383=0 0-16383=1");
	lun_access_replace(rules("iqn.a", "iqn.i 0\n"));
	CHECK_STR(map_of("iqn.j", "10.0.0.1"), "");
	lun_access_replace(NULL);
	CHECK_STR(map_of("iqn.j", "10.0.0.1"), "-");
}

static void test_too_many(void)
{
	struct lun_access *a = calloc(1, sizeof(*a));
	char reason[LUN_ACCESS_REASON_MAX], luns[8];
	int err = 0;

	for (int i = 0; i < 257 && !err; i++) {
		snprintf(luns, sizeof(luns), "%d", 2 * i);
		err = lun_access_parse("ALL", luns, NULL, a, reason);
	}
	CHECK_EQ(err, -EINVAL);
	CHECK_EQ(a->nr, 256);
	lun_access_free(a);
}

/* sessions that are there follow the rules, and only if it makes a change */
static void test_sessions(void)
{
	struct kernel_session s = { .initiator = "iqn.i" };
	struct kernel_conn c = { .addr = "10.0.0.1", .fd = 0 };
	struct kernel_session *have;

	fake_reset();
	fake_target("iqn.a");
	s.tid = c.tid = 1;
	CHECK_EQ(kernel->session_new(&s), 0);
	have = fake_session(0);
	/* without a connection nobody knows its address */
	lun_access_replace(rules("iqn.a", "10.0.0.1 0 ro\n"));
	CHECK_EQ(fake_calls[FAKE_SESSION_SET], 0);
	have->nr_conns = 1;
	have->conn[0] = c;
	lun_access_replace(rules("iqn.a", "10.0.0.1 0 ro\n"));
	CHECK_EQ(fake_calls[FAKE_SESSION_SET], 1);
	CHECK(have->has_lun_map);
	CHECK_EQ(have->lun_map.nr, 1);
	CHECK_EQ(have->lun_map.rule[0].access, IET_ACCESS_RO);
	lun_access_replace(rules("iqn.a", "10.0.0.1 0 ro\n"));
	CHECK_EQ(fake_calls[FAKE_SESSION_SET], 1);
	snprintf(have->conn[0].addr, sizeof(have->conn[0].addr), "[::1]");
	lun_access_replace(rules("iqn.a", "10.0.0.1 0 ro\n"));
	CHECK_EQ(fake_calls[FAKE_SESSION_SET], 2);
	CHECK(have->has_lun_map);
	CHECK_EQ(have->lun_map.nr, 0);
	lun_access_replace(NULL);
	CHECK_EQ(fake_calls[FAKE_SESSION_SET], 3);
	CHECK(!have->has_lun_map);
}

/* a reload asks for sessions once, not for those of each target */
static void test_many_targets(void)
{
	struct kernel_session s = { .initiator = "iqn.i" };
	struct kernel_conn c = { .addr = "10.0.0.1", .fd = 0 };
	char name[32];

	fake_reset();
	for (int i = 1; i <= 100; i++) {
		snprintf(name, sizeof(name), "iqn.t%d", i);
		fake_target(name);
	}
	for (int i = 0; i < 4; i++) {
		s.tid = c.tid = i < 2 ? 7 : 90;
		s.isid[0] = i;
		CHECK_EQ(kernel->session_new(&s), 0);
		fake_session(i)->nr_conns = 1;
		fake_session(i)->conn[0] = c;
	}
	lun_access_replace(rules("iqn.t90", "ALL 0 ro\n"));
	CHECK_EQ(fake_calls[FAKE_SESSION_DUMP], 1);
	CHECK_EQ(fake_calls[FAKE_TARGET_GET], 2);
	CHECK_EQ(fake_calls[FAKE_TARGET_DUMP], 0);
	CHECK_EQ(fake_calls[FAKE_SESSION_SET], 2);
	CHECK(!fake_session(1)->has_lun_map);
	CHECK(fake_session(2)->has_lun_map && fake_session(3)->has_lun_map);
	lun_access_replace(NULL);
	CHECK(!fake_session(2)->has_lun_map);
}

int main(void)
{
	ktap_run(test_map);
	ktap_run(test_too_many);
	ktap_run(test_sessions);
	ktap_run(test_many_targets);
	return ktap_done();
}
