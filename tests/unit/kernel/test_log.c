// SPDX-License-Identifier: GPL-2.0-only
/* LOG SENSE, the echo buffer, timestamps, space */
#include <linux/ktime.h>
#include <scsi/scsi_proto.h>

#include "fake_device.h"
#include "ktap.h"
#include "thin.h"

#define BS (1 << FAKE_SHIFT)
#define GOOD 0
#define MIB (1ULL << 20)

static u16 result(void)
{
	return fake.s.status ? fake_asc() : GOOD;
}

static const u8 *log_sense(u8 page, u8 subpage, u16 first)
{
	u8 cdb[16] = { 0x4d, 0, page, subpage, 0, first >> 8, first, 1, 0 };

	fake_run(cdb, DIR_IN, 256, NULL);
	return fake_in();
}

static bool is_bytes(const u8 *p, const char *want, size_t len)
{
	return fake.s.in_len == len && p && !memcmp(p, want, len);
}

static void pages(void)
{
	static const struct {
		const char *name;
		bool thin;
		u8 page, subpage;
		u16 first;
		u16 asc;
		const char *data;
		u8 len;
	} rows[] = {
#define DATA(s) s, sizeof(s) - 1
		{ "supported", false, 0x40, 0, 0, GOOD,
		  DATA("\x80\0\0\4\0\2\3\x2f") },
		{ "supported, thin", true, 0x40, 0, 0, GOOD,
		  DATA("\x80\0\0\5\0\2\3\x0c\x2f") },
		{ "subpages", false, 0x40, 0xff, 0, GOOD,
		  DATA("\xc0\xff\0\x0a\0\0\0\xff\2\0\3\0\x2f\0") },
		{ "write errors", false, 0x42, 0, 0, GOOD,
		  DATA("\x82\0\0\x18"
		       "\0\3\2\10\0\0\0\0\0\0\0\0"
		       "\0\6\2\10\0\0\0\0\0\0\0\7") },
		{ "read errors, from the parameter", false, 0x43, 0, 6, GOOD,
		  DATA("\x83\0\0\x0c\0\6\2\10\0\0\0\0\0\0\0\5") },
		{ "read errors, from after the last", false, 0x43, 0, 7,
		  IET_ASC_INVALID_FIELD_IN_CDB },
		{ "read errors, thresholds", false, 0x03, 0, 6, GOOD,
		  DATA("\x83\0\0\x0c\0\6\2\10\0\0\0\0\0\0\0\0") },
		{ "space", true, 0x4c, 0, 0, GOOD,
		  DATA("\x8c\0\0\x18"
		       "\0\1\3\10\0\0\0\x64\2\0\0\0"
		       "\0\2\3\10\0\0\0\x03\2\0\0\0") },
		{ "space, not thin", false, 0x4c, 0, 0,
		  IET_ASC_INVALID_FIELD_IN_CDB },
		{ "exceptions", false, 0x6f, 0, 0, GOOD,
		  DATA("\xaf\0\0\x08\0\0\3\4\0\0\xff\0") },
		{ "unknown page", false, 0x4d, 0, 0,
		  IET_ASC_INVALID_FIELD_IN_CDB },
		{ "unknown subpage", false, 0x42, 1, 0,
		  IET_ASC_INVALID_FIELD_IN_CDB },
		{ "all subpages of one page", false, 0x42, 0xff, 0,
		  IET_ASC_INVALID_FIELD_IN_CDB },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bool before = ktap_ok;
		const u8 *p;

		fake_init();
		fake.vol.thin = rows[i].thin;
		fake.vol.nr_write_errors.counter = 7;
		fake.vol.nr_read_errors.counter = 5;
		fake.available = 100 * MIB + 1;
		fake.used = 3 * MIB;
		p = log_sense(rows[i].page, rows[i].subpage, rows[i].first);
		CHECK_EQ(result(), rows[i].asc);
		if (!rows[i].asc)
			CHECK(is_bytes(p, rows[i].data, rows[i].len));
		fake_end();
		CHECK_ROW(rows[i].name, before);
	}
	/* SP */
	fake_init();
	fake_run((const u8[16]){ 0x4d, 1 }, DIR_IN, 4, NULL);
	CHECK_EQ(result(), IET_ASC_INVALID_FIELD_IN_CDB);
	fake_end();
}

static void errors_are_counted(void)
{
	static const u8 read10[16] = { 0x28, [8] = 1 };
	static const u8 write10[16] = { 0x2a, [8] = 1 };

	fake_init();
	fake.fail_with = -EIO;
	fake_run(read10, DIR_IN, BS, NULL);
	fake_end();
	fake_run(write10, DIR_OUT, BS, fake.medium);
	fake_end();
	fake_run(write10, DIR_OUT, BS, fake.medium);
	fake_end();
	fake.fail_with = -ENOSPC;
	fake_run(write10, DIR_OUT, BS, fake.medium);
	fake_end();
	CHECK_EQ(fake.vol.nr_read_errors.counter, 1);
	CHECK_EQ(fake.vol.nr_write_errors.counter, 2);
}

static void space(void)
{
	static const struct {
		const char *name;
		u64 used, available; /* of 512 KiB, in KiB */
		bool low;
	} rows[] = {
		{ "enough", 0, 1000, false },
		{ "a little more than a sixteenth", 0, 33, false },
		{ "a sixteenth", 0, 32, true },
		{ "nothing", 256, 0, true },
		{ "all are mapped", 512, 0, false },
		{ "more than the rest", 500, 13, false },
		{ "less than the rest", 500, 11, true },
		{ "uses more than its size", 600, 0, false },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bool before = ktap_ok;

		fake_init();
		fake.vol.thin = true;
		fake.used = rows[i].used << 10;
		fake.available = rows[i].available << 10;
		iet_thin_check(&fake.vol);
		iet_thin_check(&fake.vol); /* is told once */
		CHECK_EQ(fake.vol.space_low, rows[i].low);
		CHECK_EQ(iet_ua_take(&fake.vol, &fake.itl),
			 rows[i].low ? IET_ASC_THIN_THRESHOLD : 0);
		iet_thin_check(&fake.vol);
		CHECK_EQ(iet_ua_take(&fake.vol, &fake.itl), 0);
		/* and again when there has been more meanwhile */
		fake.available = FAKE_BYTES;
		iet_thin_check(&fake.vol);
		CHECK(!fake.vol.space_low);
		CHECK_ROW(rows[i].name, before);
	}
	fake.vol.thin = false;
	fake.available = fake.used = 0;
	iet_thin_check(&fake.vol);
	CHECK(!fake.vol.space_low);
	fake.vol.thin = true;
	fake.fail_with = -EIO;
	iet_thin_check(&fake.vol);
	CHECK(!fake.vol.space_low);
}

static void echo(void)
{
	static const u8 describe[16] = { 0x3c, 0x0b, [8] = 4 };
	static const u8 read[16] = { 0x3c, 0x0a, [8] = 100 };
	static const u8 write[16] = { 0x3b, 0x0a, [8] = 64 };
	static const u8 too_long[16] = { 0x3b, 0x0a, [7] = 0x10, 1 };
	static const u8 longest[16] = { 0x3b, 0x0a, [7] = 0x10, 0 };
	static struct iet_nexus other = { .initiator = "iqn.other,i,0x1",
					  .iname = "iqn.other" };
	unsigned int mode;

	fake_init();
	other.target = &fake.target;
	other.itls.slot[0] = &fake.itl;
	fake_run(describe, DIR_IN, 4, NULL);
	CHECK(is_bytes(fake_in(), "\1\0\x10\0", 4));
	fake_end();
	fake_run(read, DIR_IN, 100, NULL);
	CHECK_EQ(result(), IET_ASC_SEQUENCE_ERROR);
	fake_end();
	fake_run(write, DIR_OUT, 64, fake.medium);
	CHECK_EQ(result(), GOOD);
	fake_end();
	fake_run(read, DIR_IN, 100, NULL);
	CHECK(is_bytes(fake_in(), (char *)fake.medium, 64));
	fake_end();
	/* less comes than was announced */
	fake_run(write, DIR_OUT, 10, fake.medium + 100);
	fake_end();
	fake_run(read, DIR_IN, 100, NULL);
	CHECK(is_bytes(fake_in(), (char *)fake.medium + 100, 10));
	fake_end();

	fake_run_from(&other, read, DIR_IN, 100, NULL);
	CHECK_EQ(result(), IET_ASC_ECHO_OVERWRITTEN);
	fake_end();
	fake_run_from(&other, longest, DIR_OUT, 4096, fake.medium);
	CHECK_EQ(result(), GOOD);
	fake_end();
	fake_run(read, DIR_IN, 100, NULL);
	CHECK_EQ(result(), IET_ASC_ECHO_OVERWRITTEN);
	CHECK_EQ(fake.s.sense[2], ABORTED_COMMAND);
	fake_end();

	fake_run(too_long, DIR_OUT, 4097, fake.medium);
	CHECK_EQ(result(), IET_ASC_INVALID_FIELD_IN_CDB);
	CHECK_EQ(fake.s.sense[17], 6);
	fake_end();
	/* firmware and all that */
	for (mode = 0; mode < 32; mode++) {
		u8 cdb[16] = { 0x3b, mode };

		if (mode == 0x0a)
			continue;
		fake_run(cdb, DIR_NONE, 0, NULL);
		CHECK_EQ(result(), IET_ASC_INVALID_FIELD_IN_CDB);
		fake_end();
		if (mode == 0x0b)
			continue;
		cdb[0] = 0x3c;
		fake_run(cdb, DIR_IN, 0, NULL);
		CHECK_EQ(result(), IET_ASC_INVALID_FIELD_IN_CDB);
		fake_end();
	}
	free(fake.vol.echo);
	fake.vol.echo = NULL;
}

static void timestamp(void)
{
	static const u8 report[16] = { 0xa3, 0x0f, [9] = 12 };
	static const u8 set[16] = { 0xa4, 0x0f, [9] = 12 };
	static const u8 list[12] = { [4] = 1, 2, 3, 4, 5, 6 };
	static const u8 short_set[16] = { 0xa4, 0x0f, [9] = 11 };
	static const u8 no_set[16] = { 0xa4, 0x0f };

	fake_init();
	shim_clock = 0x123456789abc;
	fake_run(report, DIR_IN, 12, NULL);
	CHECK(is_bytes(fake_in(), "\0\x0a\3\0\x12\x34\x56\x78\x9a\xbc\0\0",
		       12));
	fake_end();
	fake_run(set, DIR_OUT, 12, list);
	CHECK_EQ(result(), GOOD);
	fake_end();
	CHECK_EQ(iet_ua_take(&fake.vol, &fake.itl), 0);
	shim_clock += 10;
	fake_run(report, DIR_IN, 12, NULL);
	CHECK(is_bytes(fake_in(), "\0\x0a\2\0\1\2\3\4\5\x10\0\0", 12));
	fake_end();

	fake_run(short_set, DIR_OUT, 11, list);
	CHECK_EQ(result(), IET_ASC_PARAM_LENGTH);
	fake_end();
	fake_run(set, DIR_OUT, 11, list);
	CHECK_EQ(result(), IET_ASC_PARAM_LENGTH);
	fake_end();
	fake_run(no_set, DIR_NONE, 0, NULL);
	CHECK_EQ(result(), GOOD);
	fake_end();
}

static void select_pages(void)
{
	static const struct {
		const char *name;
		u8 cdb[16];
		u16 asc;
		u8 reads, writes; /* are left of 5 and 7 */
	} rows[] = {
		{ "all", { 0x4c, 2, 0x40 }, GOOD, 0, 0 },
		{ "all, with subpages", { 0x4c, 2, 0xc0, 0xff }, GOOD, 0, 0 },
		{ "of reads", { 0x4c, 2, 0x43 }, GOOD, 0, 7 },
		{ "of writes", { 0x4c, 2, 0x42 }, GOOD, 5, 0 },
		{ "of another page", { 0x4c, 2, 0x6f }, GOOD, 5, 7 },
		{ "without PCR", { 0x4c, 0, 0x40 }, GOOD, 5, 7 },
		{ "no such page",
		  { 0x4c, 2, 0x55 },
		  IET_ASC_INVALID_FIELD_IN_CDB,
		  5,
		  7 },
		{ "parameters",
		  { 0x4c, 2, 0x42, [8] = 4 },
		  IET_ASC_INVALID_FIELD_IN_CDB,
		  5,
		  7 },
		{ "to be saved",
		  { 0x4c, 3, 0x40 },
		  IET_ASC_INVALID_FIELD_IN_CDB,
		  5,
		  7 },
	};
	static struct iet_nexus other;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bool before = ktap_ok, changed = rows[i].reads != 5;

		fake_init();
		fake.vol.nr_read_errors.counter = 5;
		fake.vol.nr_write_errors.counter = 7;
		fake_run(rows[i].cdb, DIR_NONE, 0, NULL);
		CHECK_EQ(result(), rows[i].asc);
		CHECK_EQ(fake.vol.nr_read_errors.counter, rows[i].reads);
		CHECK_EQ(fake.vol.nr_write_errors.counter, rows[i].writes);
		CHECK_EQ(fake.itl.nr_ua, 0);
		fake_end();
		/* the others are told, if there is anything to tell */
		fake.vol.nr_read_errors.counter = changed;
		fake.itl.nexus = &other;
		fake_run(rows[i].cdb, DIR_NONE, 0, NULL);
		CHECK_EQ(fake.itl.nr_ua, changed);
		CHECK(!changed || fake.itl.ua[0] == IET_ASC_LOG_CHANGED);
		fake_end();
		CHECK_ROW(rows[i].name, before);
	}
	fake_init();
	fake.vol.nr_read_errors.counter = 5;
	fake.itl.read_only = true;
	fake_run(rows[0].cdb, DIR_NONE, 0, NULL);
	CHECK_EQ(result(), IET_ASC_WRITE_PROTECTED);
	CHECK_EQ(fake.vol.nr_read_errors.counter, 5);
	fake_end();
}

int main(void)
{
	ktap_run(select_pages);
	ktap_run(pages);
	ktap_run(errors_are_counted);
	ktap_run(space);
	ktap_run(echo);
	ktap_run(timestamp);
	return ktap_done();
}
