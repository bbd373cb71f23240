// SPDX-License-Identifier: GPL-2.0-only
/* Structs to netlink attributes and back; hostile attributes are refused. */
#include "kernel_attr.h"

#include <errno.h>

#include "ktap.h"

static struct nl_msg *message(void)
{
	struct nl_msg *msg = nlmsg_alloc_size(65536);

	nlmsg_put(msg, 0, 0, 0, 0, 0);
	return msg;
}

static int get(struct nl_msg *msg, const struct attr_set *set, void *obj)
{
	return attr_get(nlmsg_attrdata(nlmsg_hdr(msg), 0),
			nlmsg_attrlen(nlmsg_hdr(msg), 0), set, obj);
}

static void test_target(void)
{
	struct kernel_target a = {
		.set = K_HAS(IET_T_TID) | K_HAS(IET_T_NAME) |
		       K_HAS(IET_T_ALIAS) | K_HAS(IET_T_KEYS) |
		       K_HAS(IET_T_WTHREADS) | K_HAS(IET_T_FORCE),
		.tid = 7,
		.name = "iqn.a",
		.wthreads = 9,
		.max_sessions = 5, /* not marked: not sent */
		.force = true,
		.keys = { .set = K_HAS(IET_K_MAX_BURST_LENGTH) |
				 K_HAS(IET_K_INITIAL_R2T),
			  .val = { [IET_K_MAX_BURST_LENGTH] = 262144 } },
	};
	struct kernel_target b = { 0 };
	struct nl_msg *msg = message();

	CHECK_EQ(attr_put(msg, &attr_target, a.set, &a), 0);
	CHECK_EQ(get(msg, &attr_target, &b), 0);
	CHECK_EQ(b.set, a.set);
	CHECK_EQ(b.tid, 7);
	CHECK_STR(b.name, "iqn.a");
	CHECK_STR(b.alias, "");
	CHECK_EQ(b.wthreads, 9);
	CHECK_EQ(b.max_sessions, 0);
	CHECK(b.force);
	CHECK_EQ(b.keys.set, a.keys.set);
	CHECK_EQ(b.keys.val[IET_K_MAX_BURST_LENGTH], 262144);
	nlmsg_free(msg);
}

static void test_lun(void)
{
	struct kernel_lun a = {
		.set = ~0ULL,
		.tid = 1,
		.lun = 16383,
		.iotype = "nullio",
		.blocks = 0x123456789abcULL,
		.thin = 1,
		.fd = 5,
		.scsi_id = "0123456789abcdef",
		.rescan = true,
		.props = { .set = K_HAS(IET_P_VENDOR) | K_HAS(IET_P_ROTATION),
			   .vendor = "ACME",
			   .product = "not marked",
			   .rotation = 7200 },
	};
	struct kernel_lun b = { 0 };
	struct nl_msg *msg = message();

	memset(a.path, 'p', IET_PATH_LEN);
	CHECK_EQ(attr_put(msg, &attr_lun, a.set, &a), 0);
	CHECK_EQ(get(msg, &attr_lun, &b), 0);
	CHECK_EQ(b.blocks, a.blocks);
	CHECK_EQ(b.thin, 1);
	CHECK_EQ(b.fd, 5);
	CHECK_STR(b.scsi_id, a.scsi_id);
	CHECK_STR(b.path, a.path);
	CHECK(b.rescan);
	CHECK_EQ(b.props.set, a.props.set);
	CHECK_STR(b.props.vendor, "ACME");
	CHECK_STR(b.props.product, "");
	CHECK_EQ(b.props.rotation, 7200);
	nlmsg_free(msg);
}

/* an empty set of properties is sent: it says that all are by default */
static void test_no_props(void)
{
	struct kernel_lun a = { 0 }, b = { 0 };
	struct nl_msg *msg = message();

	CHECK_EQ(attr_put(msg, &attr_lun, K_HAS(IET_L_PROPS), &a), 0);
	CHECK_EQ(get(msg, &attr_lun, &b), 0);
	CHECK_EQ(b.set, K_HAS(IET_L_PROPS));
	CHECK_EQ(b.props.set, 0);
	nlmsg_free(msg);

	msg = message();
	nla_put(msg, IET_L_PROPS, 7, "\7\0\1\0abc");
	CHECK_EQ(get(msg, &attr_lun, &b), -EPROTO);
	nlmsg_free(msg);
}

static void put_conn(struct nl_msg *msg, uint32_t cid)
{
	struct nlattr *nest = nla_nest_start(msg, IET_S_CONN);

	nla_put_u32(msg, IET_C_CID, cid);
	nla_put_string(msg, IET_C_ADDR, "[::1]");
	nla_nest_end(msg, nest);
}

static void test_session(void)
{
	struct kernel_session a = {
		.tid = 1,
		.sid = 0x0102030405060708ULL,
		.initiator = "iqn.i",
		.isid = { 0x40, 0, 1, 2, 3, 4 },
		.tsih = 0x102,
	};
	struct kernel_session b = { 0 };
	struct nl_msg *msg = message();

	CHECK_EQ(attr_put(msg, &attr_session,
			  K_HAS(IET_S_TID) | K_HAS(IET_S_SID) |
				  K_HAS(IET_S_INITIATOR) | K_HAS(IET_S_ISID) |
				  K_HAS(IET_S_TSIH),
			  &a),
		 0);
	/* more than there is room for */
	for (uint32_t i = 0; i < KERNEL_CONNS_MAX + 4; i++)
		put_conn(msg, i);
	CHECK_EQ(attr_get_session(nlmsg_attrdata(nlmsg_hdr(msg), 0),
				  nlmsg_attrlen(nlmsg_hdr(msg), 0), &b),
		 0);
	CHECK_EQ(b.sid, a.sid);
	CHECK_EQ(b.tsih, a.tsih);
	CHECK(!memcmp(b.isid, a.isid, sizeof(a.isid)));
	CHECK_EQ(b.nr_conns, KERNEL_CONNS_MAX);
	CHECK_EQ(b.conn[KERNEL_CONNS_MAX - 1].cid, KERNEL_CONNS_MAX - 1);
	CHECK_EQ(b.conn[3].sid, a.sid);
	CHECK_STR(b.conn[3].addr, "[::1]");
	nlmsg_free(msg);
}

/* a session with all it can have fits into one message */
static void test_size(void)
{
	struct kernel_target t = { .set = ~0ULL, .force = true };
	struct nl_msg *msg = message();

	t.keys.set = ~0ULL;
	memset(t.name, 'n', sizeof(t.name) - 1);
	memset(t.alias, 'a', sizeof(t.alias) - 1);
	memset(t.redirect, 'r', sizeof(t.redirect) - 1);
	CHECK_EQ(attr_put(msg, &attr_target, t.set, &t), 0);
	CHECK(nlmsg_hdr(msg)->nlmsg_len < 4096);
	nlmsg_free(msg);
}

static const struct {
	const char *desc;
	int attr;
	int len;
	int want;
} bad[] = {
	{ "u32 of 4 bytes", IET_T_TID, 4, 0 },
	{ "u32 of 2 bytes", IET_T_TID, 2, -EPROTO },
	{ "u32 of 8 bytes", IET_T_TID, 8, -EPROTO },
	{ "u32 of no bytes", IET_T_TID, 0, -EPROTO },
	{ "flag with bytes", IET_T_FORCE, 1, -EPROTO },
	{ "string without an end", IET_T_NAME, 8, -EPROTO },
	{ "string of no bytes", IET_T_NAME, 0, -EPROTO },
	{ "string too long", IET_T_NAME, 300, -EPROTO },
	{ "keys that are none", IET_T_KEYS, 3, -EPROTO },
	{ "unknown", IET_T_MAX + 1, 3, 0 },
	{ "reserved", 0, 3, 0 },
};

static void test_bad(void)
{
	char data[512];

	memset(data, 'x', sizeof(data));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct nl_msg *msg = message();
		struct kernel_target t = { 0 };
		bool before = ktap_ok;

		CHECK_EQ(nla_put(msg, bad[i].attr, bad[i].len, data), 0);
		CHECK_EQ(get(msg, &attr_target, &t), bad[i].want);
		CHECK_ROW(bad[i].desc, before);
		nlmsg_free(msg);
	}
}

static void test_bad_string(void)
{
	struct kernel_target t = { 0 };
	struct nl_msg *msg = message();

	CHECK_EQ(nla_put(msg, IET_T_NAME, 4, "a\0b"), 0);
	CHECK_EQ(get(msg, &attr_target, &t), -EPROTO);
	nlmsg_free(msg);
}

static void test_bad_keys(void)
{
	struct kernel_target t = { 0 };
	struct nl_msg *msg = message();
	struct nlattr *nest = nla_nest_start(msg, IET_T_KEYS);

	nla_put_u16(msg, IET_K_INITIAL_R2T, 1);
	nla_nest_end(msg, nest);
	CHECK_EQ(get(msg, &attr_target, &t), -EPROTO);
	nlmsg_free(msg);

	msg = message();
	nest = nla_nest_start(msg, IET_T_KEYS);
	nla_put_u32(msg, IET_K_MAX + 5, 1);
	nla_put_u32(msg, IET_K_MAX_BURST_LENGTH, 512);
	nla_nest_end(msg, nest);
	CHECK_EQ(get(msg, &attr_target, &t), 0);
	CHECK_EQ(t.keys.set, K_HAS(IET_K_MAX_BURST_LENGTH));
	nlmsg_free(msg);
}

int main(void)
{
	ktap_run(test_target);
	ktap_run(test_lun);
	ktap_run(test_no_props);
	ktap_run(test_session);
	ktap_run(test_size);
	ktap_run(test_bad);
	ktap_run(test_bad_string);
	ktap_run(test_bad_keys);
	return ktap_done();
}
