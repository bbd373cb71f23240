// SPDX-License-Identifier: GPL-2.0-only
/* asymmetric access: what is told of it, who may change it, what it keeps off */
#include <scsi/scsi_proto.h>

#include "fake_device.h"
#include "ktap.h"

#define BS (1 << FAKE_SHIFT)

static struct iet_target other = { .name = "iqn.x:other", .port_id = 0x1234 };
static struct iet_lun other_lun = { .target = &other };
static struct iet_nexus other_nexus = { .target = &other };
static struct iet_itl other_itl = { .nexus = &other_nexus };

static void set_up(void)
{
	fake_init();
	fake.target.alua.explicit = false;
	memset(&other.alua, 0, sizeof(other.alua));
	other.luns.slot[0] = &other_lun;
	fake.target.luns.slot[0] = &fake.lun;
	other_lun.vol = &fake.vol;
	list_add_tail(&other_lun.vol_node, &fake.vol.luns);
	other_itl.lun = &other_lun;
	other_itl.nr_ua = 0;
	list_add_tail(&other_itl.vol_node, &fake.vol.itls);
}

static u16 result(void)
{
	return fake.s.status ? fake_asc() : 0;
}

static u16 run(const u8 *cdb, enum fake_dir dir, u32 len, const void *out)
{
	u16 asc;

	fake_run(cdb, dir, len, out);
	asc = result();
	fake_end();
	return asc;
}

static const u8 *report(u8 format, u32 alloc)
{
	static u8 cdb[16];

	memset(cdb, 0, sizeof(cdb));
	cdb[0] = 0xa3;
	cdb[1] = format << 5 | 0x0a;
	put_unaligned_be32(alloc, cdb + 6);
	fake_run(cdb, DIR_IN, alloc, NULL);
	return fake_in();
}

/* one segment of all blocks, and what each target port is good for */
static void referrals(void)
{
	static const u8 want[] = { 0,	 0, 0,	  28,	0,    0, 0,    2,
				   0,	 0, 0,	  0,	0,    0, 0,    0,
				   0,	 0, 0,	  0,	0,    0, 3,    0xff,
				   0x02, 0, 0x00, 0x01, 0x00, 0, 0x12, 0x34 };
	u8 cdb[16] = { 0x9e, 0x13, [13] = 255, [14] = 1 };
	unsigned int n;

	set_up();
	fake.target.alua.state = IET_ALUA_STANDBY; /* works all the same */
	for (n = 0; n <= sizeof(want) + 1; n++) {
		u32 len = min_t(u32, n, sizeof(want));

		cdb[13] = n;
		fake_run(cdb, DIR_IN, 255, NULL);
		CHECK_EQ(result(), 0);
		CHECK_EQ(fake.s.in_len, len);
		CHECK(!len || !memcmp(fake_in(), want, len));
		fake_end();
	}
	put_unaligned_be64(FAKE_BLOCKS - 1, cdb + 2);
	CHECK_EQ(run(cdb, DIR_IN, 255, NULL), 0);
	put_unaligned_be64(FAKE_BLOCKS, cdb + 2);
	CHECK_EQ(run(cdb, DIR_IN, 255, NULL), IET_ASC_LBA_OUT_OF_RANGE);
}

static u16 set_list(const u8 *list, u32 len)
{
	static u8 cdb[16];

	memset(cdb, 0, sizeof(cdb));
	cdb[0] = 0xa4;
	cdb[1] = 0x0a;
	put_unaligned_be32(len, cdb + 6);
	return run(cdb, len ? DIR_OUT : DIR_NONE, len, list);
}

static u16 set_group(u8 state, u16 id)
{
	u8 list[8] = { [4] = state, [6] = id >> 8, [7] = id };

	return set_list(list, sizeof(list));
}

static void admin(struct iet_target *target, u8 state, bool preferred,
		  bool explicit)
{
	const struct iet_alua want = { state, preferred, explicit, 0 };

	iet_alua_set(target, &want);
}

static u16 ua(struct iet_itl *itl)
{
	return iet_ua_take(&fake.vol, itl);
}

static void reporting(void)
{
	static const u8 want[] = {
		0, 0, 0, 24,   0x80, 0x8f, 0, 1, 0, 0, 0, 1, 0,	   0,
		0, 1, 2, 0x8f, 0x12, 0x34, 0, 2, 0, 1, 0, 0, 0x12, 0x34,
	};
	const u8 *d;
	u32 n;

	set_up();
	admin(&fake.target, IET_ALUA_OPTIMIZED, true, false);
	admin(&other, IET_ALUA_STANDBY, false, false);
	CHECK_EQ(ua(&fake.itl), IET_ASC_ACCESS_CHANGED);
	d = report(0, 255);
	CHECK_EQ(fake.s.in_len, sizeof(want));
	CHECK(!memcmp(d, want, sizeof(want)));
	fake_end();
	d = report(1, 255);
	CHECK_EQ(fake.s.in_len, sizeof(want) + 4);
	CHECK_EQ(get_unaligned_be32(d), 28);
	CHECK_EQ(d[4], 0x10);
	CHECK(!memcmp(d + 8, want + 4, 24));
	fake_end();
	/* the length is that of all there is, however little is asked for */
	for (n = 1; n <= sizeof(want); n++) {
		d = report(0, n);
		CHECK_EQ(fake.s.in_len, n);
		CHECK(!memcmp(d, want, n));
		fake_end();
	}
	report(0, 0);
	CHECK_EQ(result(), 0);
	fake_end();
	for (n = 2; n < 8; n++) {
		report(n, 255);
		CHECK_EQ(result(), IET_ASC_INVALID_FIELD_IN_CDB);
		fake_end();
	}
}

/* What is mapped twice by one target is one group. */
static void twice(void)
{
	struct iet_lun again = { .target = &other, .vol = &fake.vol };

	set_up();
	list_add_tail(&again.vol_node, &fake.vol.luns);
	report(0, 255);
	CHECK_EQ(fake.s.in_len, 28);
	fake_end();
}

static void setting(void)
{
	static const u8 bad[] = { 0, 0, 0, 0, 2, 0, 0, 1, 4, 0, 0, 1 };
	static const u8 two[] = { 0, 0, 0, 0, 2, 0, 0x12, 0x34, 1, 0, 0, 1 };
	u8 inquiry[16] = { 0x12, 0, 0, 0, 96 };
	u8 n;

	set_up();
	CHECK_EQ(set_group(1, 1), IET_ASC_INVALID_OPCODE);
	fake_run(inquiry, DIR_IN, 96, NULL);
	CHECK_EQ(fake_in()[5] & 0x30, 0x10);
	fake_end();
	admin(&fake.target, 0, false, true);
	CHECK_EQ(ua(&fake.itl), IET_ASC_INQUIRY_CHANGED);
	CHECK_EQ(ua(&fake.itl), 0);
	CHECK_EQ(ua(&other_itl), IET_ASC_INQUIRY_CHANGED);
	fake_run(inquiry, DIR_IN, 96, NULL);
	CHECK_EQ(fake_in()[5] & 0x30, 0x30);
	fake_end();

	CHECK_EQ(set_group(1, 1), 0);
	CHECK_EQ(fake.target.alua.state, 1);
	CHECK_EQ(fake.target.alua.status, IET_ALUA_BY_COMMAND);
	CHECK_EQ(ua(&fake.itl), 0); /* who asked knows */
	CHECK_EQ(ua(&other_itl), IET_ASC_ACCESS_CHANGED);
	CHECK_EQ(set_group(1, 1), 0);
	CHECK_EQ(ua(&other_itl), 0);
	CHECK_EQ(set_list(two, sizeof(two)), 0);
	CHECK_EQ(other.alua.state, 2);

	for (n = 4; n < 16; n++)
		CHECK_EQ(set_group(n, 1), IET_ASC_INVALID_FIELD_IN_PARAM);
	CHECK_EQ(set_group(0, 2), IET_ASC_INVALID_FIELD_IN_PARAM);
	/* all or nothing */
	CHECK_EQ(set_list(bad, sizeof(bad)), IET_ASC_INVALID_FIELD_IN_PARAM);
	CHECK_EQ(fake.target.alua.state, 1);
	CHECK_EQ(set_list(two, 0), 0);
	CHECK_EQ(set_list(two, 4), 0);
	for (n = 1; n < 12; n++)
		if (n % 4)
			CHECK_EQ(set_list(two, n), IET_ASC_PARAM_LENGTH);
}

static void keeping_off(void)
{
	static const struct {
		const char *name;
		u8 cdb[16];
		enum fake_dir dir;
		u32 len;
		bool standby, any;
	} rows[] = {
		{ "TEST UNIT READY", { 0 }, DIR_NONE, 0, false, false },
		{ "READ(10)", { 0x28, [8] = 1 }, DIR_IN, BS, false, false },
		{ "WRITE(10)", { 0x2a, [8] = 1 }, DIR_OUT, BS, false, false },
		{ "READ CAPACITY(10)", { 0x25 }, DIR_IN, 8, false, false },
		{ "RESERVE(6)", { 0x16 }, DIR_NONE, 0, false, false },
		{ "MODE SENSE(6)",
		  { 0x1a, 0, 0x3f, 0, 255 },
		  DIR_IN,
		  255,
		  true,
		  false },
		{ "READ KEYS", { 0x5e, [8] = 8 }, DIR_IN, 8, true, false },
		{ "INQUIRY", { 0x12, [4] = 96 }, DIR_IN, 96, true, true },
		{ "REQUEST SENSE", { 0x03, [4] = 18 }, DIR_IN, 18, true, true },
		{ "REPORT TARGET PORT GROUPS",
		  { 0xa3, 0x0a, [9] = 8 },
		  DIR_IN,
		  8,
		  true,
		  true },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bool before = ktap_ok;

		set_up();
		fake.target.alua.state = IET_ALUA_NON_OPTIMIZED;
		CHECK_EQ(run(rows[i].cdb, rows[i].dir, rows[i].len,
			     fake.medium),
			 0);
		iet_reservation_reset(&fake.vol);
		fake.target.alua.state = IET_ALUA_STANDBY;
		CHECK_EQ(run(rows[i].cdb, rows[i].dir, rows[i].len,
			     fake.medium),
			 rows[i].standby ? 0 : IET_ASC_PORT_STANDBY);
		fake.target.alua.state = IET_ALUA_UNAVAILABLE;
		CHECK_EQ(run(rows[i].cdb, rows[i].dir, rows[i].len,
			     fake.medium),
			 rows[i].any ? 0 : IET_ASC_PORT_UNAVAILABLE);
		fake.target.alua.state = IET_ALUA_TRANSITIONING;
		CHECK_EQ(run(rows[i].cdb, rows[i].dir, rows[i].len,
			     fake.medium),
			 rows[i].any ? 0 : IET_ASC_PORT_TRANSITION);
		CHECK_ROW(rows[i].name, before);
	}
}

/* A unit attention comes before the state that it tells of. */
static void attention_first(void)
{
	u8 cdb[16] = { 0 };

	set_up();
	admin(&fake.target, IET_ALUA_STANDBY, false, false);
	CHECK_EQ(run(cdb, DIR_NONE, 0, NULL), IET_ASC_ACCESS_CHANGED);
	CHECK_EQ(run(cdb, DIR_NONE, 0, NULL), IET_ASC_PORT_STANDBY);
	admin(&fake.target, IET_ALUA_STANDBY, false, false);
	CHECK_EQ(run(cdb, DIR_NONE, 0, NULL), IET_ASC_PORT_STANDBY);
}

int main(void)
{
	ktap_run(referrals);
	ktap_run(reporting);
	ktap_run(twice);
	ktap_run(setting);
	ktap_run(keeping_off);
	ktap_run(attention_first);
	return ktap_done();
}
