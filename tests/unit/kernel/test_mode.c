// SPDX-License-Identifier: GPL-2.0-only
/* MODE SENSE and its pages */
#include <scsi/scsi_proto.h>

#include "fake_device.h"
#include "ktap.h"

#define DBD 0x08
#define LLBAA 0x10

enum { CURRENT = 0x00, CHANGEABLE = 0x40, DEFAULT = 0x80, SAVED = 0xc0 };

static const u8 *mode_sense6(u8 flags, u8 page, u8 subpage, u8 alloc)
{
	static u8 cdb[16];

	memset(cdb, 0, sizeof(cdb));
	cdb[0] = 0x1a;
	cdb[1] = flags;
	cdb[2] = page;
	cdb[3] = subpage;
	cdb[4] = alloc;
	fake_run(cdb, DIR_IN, alloc, NULL);
	return fake_in();
}

static const u8 *mode_sense10(u8 flags, u8 page)
{
	static u8 cdb[16];

	memset(cdb, 0, sizeof(cdb));
	cdb[0] = 0x5a;
	cdb[1] = flags;
	cdb[2] = page;
	cdb[8] = 255;
	fake_run(cdb, DIR_IN, 255, NULL);
	return fake_in();
}

static void lengths(void)
{
	static const struct {
		const char *name;
		u8 page, subpage, len;
	} rows[] = {
		{ "error recovery", 0x01, 0, 12 },
		{ "caching", 0x08, 0, 20 },
		{ "control", 0x0a, 0, 12 },
		{ "exceptions", 0x1c, 0, 12 },
		{ "all", 0x3f, 0, 56 },
		{ "all, with subpages", 0x3f, 0xff, 56 },
		{ "caching, with subpages", 0x08, 0xff, 20 },
		{ "control, default", 0x0a | DEFAULT, 0, 12 },
		{ "control, changeable", 0x0a | CHANGEABLE, 0, 12 },
	};
	unsigned int i;

	fake_init();
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bool before = ktap_ok;
		const u8 *d;

		d = mode_sense6(DBD, rows[i].page, rows[i].subpage, 255);
		CHECK_EQ(fake.s.in_len, 4 + rows[i].len);
		CHECK_EQ(d[0], 3 + rows[i].len);
		CHECK_EQ(d[3], 0);
		fake_end();
		d = mode_sense6(0, rows[i].page, rows[i].subpage, 255);
		CHECK_EQ(fake.s.in_len, 12 + rows[i].len);
		CHECK_EQ(d[0], 11 + rows[i].len);
		CHECK_EQ(d[3], 8);
		fake_end();
		d = mode_sense10(DBD, rows[i].page);
		CHECK_EQ(get_unaligned_be16(d), 6 + rows[i].len);
		fake_end();
		CHECK_ROW(rows[i].name, before);
	}
}

/* page after page, in ascending order, of the lengths they say */
static void all_pages(void)
{
	static const u8 want[] = { 0x01, 0x08, 0x0a, 0x1c };
	const u8 *d, *end;
	unsigned int i = 0;

	fake_init();
	d = mode_sense6(DBD, 0x3f, 0, 255);
	end = d + fake.s.in_len;
	for (d += 4; d < end; d += 2 + d[1])
		CHECK_EQ(d[0], want[i++]);
	CHECK_EQ(i, sizeof(want));
	CHECK(d == end);
	fake_end();
}

static void refusals(void)
{
	static const struct {
		const char *name;
		u8 page, subpage;
		u16 asc;
	} rows[] = {
		{ "unknown page", 0x05, 0, IET_ASC_INVALID_FIELD_IN_CDB },
		{ "unknown subpage", 0x0a, 1, IET_ASC_INVALID_FIELD_IN_CDB },
		{ "reserved subpage", 0x3f, 1, IET_ASC_INVALID_FIELD_IN_CDB },
		{ "saved", 0x3f | SAVED, 0, IET_ASC_SAVING_NOT_SUPPORTED },
	};
	unsigned int i;

	fake_init();
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bool before = ktap_ok;

		mode_sense6(0, rows[i].page, rows[i].subpage, 255);
		CHECK_EQ(fake_asc(), rows[i].asc);
		CHECK_EQ(fake.s.in_len, 0);
		fake_end();
		CHECK_ROW(rows[i].name, before);
	}
}

static void cache_bit(void)
{
	fake_init();
	CHECK_EQ(mode_sense6(DBD, 0x08, 0, 255)[4 + 2], 0);
	fake_end();
	fake.vol.wce = true;
	CHECK_EQ(mode_sense6(DBD, 0x08, 0, 255)[4 + 2], 0x04);
	fake_end();
	/* nothing can be changed */
	CHECK_EQ(mode_sense6(DBD, 0x08 | CHANGEABLE, 0, 255)[4 + 2], 0);
	fake_end();
}

static void write_protection(void)
{
	fake_init();
	CHECK_EQ(mode_sense6(DBD, 0x3f, 0, 255)[2], 0x10);
	fake_end();
	CHECK_EQ(mode_sense10(DBD, 0x3f)[3], 0x10);
	fake_end();
	fake.vol.iomode = IET_IOMODE_RO;
	CHECK_EQ(mode_sense6(DBD, 0x3f, 0, 255)[2], 0x90);
	fake_end();
	CHECK_EQ(mode_sense10(DBD, 0x3f)[3], 0x90);
	fake_end();
}

static void block_descriptors(void)
{
	const u8 *d;

	fake_init();
	d = mode_sense6(0, 0x08, 0, 255);
	CHECK_EQ(get_unaligned_be32(d + 4), FAKE_BLOCKS);
	CHECK_EQ(get_unaligned_be32(d + 8), 512);
	fake_end();
	d = mode_sense10(LLBAA, 0x08);
	CHECK_EQ(d[4], 1);
	CHECK_EQ(get_unaligned_be16(d + 6), 16);
	CHECK_EQ(get_unaligned_be64(d + 8), FAKE_BLOCKS);
	CHECK_EQ(get_unaligned_be32(d + 20), 512);
	CHECK_EQ(d[24], 0x08);
	fake_end();
	fake.vol.nr_blocks = 1ULL << 40;
	d = mode_sense10(0, 0x08);
	CHECK_EQ(d[4], 0);
	CHECK_EQ(get_unaligned_be16(d + 6), 8);
	CHECK_EQ(get_unaligned_be32(d + 8), U32_MAX);
	fake_end();
}

static void truncation(void)
{
	unsigned int n;

	fake_init();
	for (n = 0; n < 256; n++) {
		const u8 *d = mode_sense6(DBD, 0x3f, 0, n);

		CHECK_EQ(fake.s.in_len, n < 60 ? n : 60);
		if (n)
			CHECK_EQ(d[0], 59);
		fake_end();
	}
}

int main(void)
{
	ktap_run(lengths);
	ktap_run(all_pages);
	ktap_run(refusals);
	ktap_run(cache_bit);
	ktap_run(write_protection);
	ktap_run(block_descriptors);
	ktap_run(truncation);
	return ktap_done();
}
