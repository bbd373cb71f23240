// SPDX-License-Identifier: GPL-2.0-only
/* what a disk says of itself because the administrator says so */
#include <scsi/scsi_proto.h>

#include "fake_device.h"
#include "ktap.h"

static const u8 *inquiry(bool evpd, u8 page)
{
	static u8 cdb[16];

	memset(cdb, 0, sizeof(cdb));
	cdb[0] = 0x12;
	cdb[1] = evpd;
	cdb[2] = page;
	cdb[4] = 255;
	fake_run(cdb, DIR_IN, 255, NULL);
	return fake_in();
}

static const u8 *capacity16(void)
{
	static const u8 cdb[16] = { 0x9e, 0x10, [13] = 32 };

	fake_run(cdb, DIR_IN, 32, NULL);
	return fake_in();
}

static void values(void)
{
	static const struct {
		const char *name, *text;
		const char *(*check)(const char *text);
		bool good;
	} rows[] = {
		{ "text", "A disk~", iet_props_text, true },
		{ "no text", "", iet_props_text, false },
		{ "not printable", "a\x7f", iet_props_text, false },
		{ "not ASCII", "\xc3\xa4", iet_props_text, false },
		{ "NAA 5", "5001405012345678", iet_props_naa, true },
		{ "NAA 6", "6001405012345678ABCDEF0123456789", iet_props_naa,
		  true },
		{ "NAA 6, 8 bytes", "6001405012345678", iet_props_naa, false },
		{ "NAA 3, 16 bytes", "3001405012345678abcdef0123456789",
		  iet_props_naa, false },
		{ "NAA, no digit", "500140501234567x", iet_props_naa, false },
		{ "NAA, odd", "50014050123456789", iet_props_naa, false },
		{ "NAA, dash", "50014050-12345678", iet_props_naa, false },
		{ "NAA, too long", "6001405012345678abcdef01234567890000",
		  iet_props_naa, false },
		{ "no NAA", "", iet_props_naa, false },
		{ "EUI-64", "0011223344556677", iet_props_eui64, true },
		{ "EUI-64, 12 bytes", "001122334455667788990011",
		  iet_props_eui64, true },
		{ "EUI-64, 10 bytes", "00112233445566778899", iet_props_eui64,
		  false },
		{ "UUID", "3a0bd6d0-f1e2-4d9a-8c1b-0123456789AB",
		  iet_props_uuid, true },
		{ "UUID, other dashes", "3a0bd6d-0f1e2-4d9a-8c1b-0123456789ab",
		  iet_props_uuid, false },
		{ "UUID, too short", "3a0bd6d0-f1e2-4d9a-8c1b-0123456789",
		  iet_props_uuid, false },
		{ "UUID, one more dash", "3a0bd6d0-f1e2-4d9a-8c1b-01234567-9ab",
		  iet_props_uuid, false },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bool before = ktap_ok;

		CHECK_EQ(!rows[i].check(rows[i].text), rows[i].good);
		CHECK_ROW(rows[i].name, before);
	}
}

static void sizes(void)
{
	static const struct {
		const char *name;
		struct iet_props p;
		bool good;
	} rows[] = {
		{ "nothing", {}, true },
		{ "physical",
		  { .set = BIT(IET_P_PHYS_BLOCK_SIZE),
		    .phys_block_size = 4096 },
		  true },
		{ "physical = logical",
		  { .set = BIT(IET_P_PHYS_BLOCK_SIZE), .phys_block_size = 512 },
		  true },
		{ "optimal", { .io_optimal = 4096 }, true },
		{ "optimal, no blocks", { .io_optimal = 4097 }, false },
		{ "granularity",
		  { .io_granularity = 512 * 65535, .io_optimal = 512 * 65535 },
		  true },
		{ "granularity over 16 bits",
		  { .io_granularity = 512 * 65536, .io_optimal = 512 * 65536 },
		  false },
		{ "optimal, no multiple",
		  { .io_granularity = 1024, .io_optimal = 4608 },
		  false },
	};
	unsigned int i;

	fake_init();
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bool before = ktap_ok;

		CHECK_EQ(!iet_props_refusal(&rows[i].p, &fake.vol),
			 rows[i].good);
		CHECK_ROW(rows[i].name, before);
	}
	/* of a disk with larger blocks */
	fake.vol.blk_shift = 12;
	CHECK(iet_props_refusal(&rows[2].p, &fake.vol));
}

static void standard(void)
{
	static const struct {
		u32 version;
		u8 byte;
		u16 spc;
	} rows[] = { { 0, 6, 0x0460 }, { 3, 3, 0x0120 }, { 4, 4, 0x0260 },
		     { 5, 5, 0x0300 }, { 6, 6, 0x0460 }, { 7, 7, 0x05c0 } };
	unsigned int i;
	const u8 *d;

	fake_init();
	strcpy(fake.vol.props.vendor, "ACME");
	strcpy(fake.vol.props.product, "1234567890abcdef");
	strcpy(fake.vol.props.revision, "9");
	d = inquiry(false, 0);
	CHECK(!memcmp(d + 8, "ACME    1234567890abcdef9   ", 28));
	fake_end();
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		fake.vol.props.scsi_version = rows[i].version;
		d = inquiry(false, 0);
		CHECK_EQ(d[2], rows[i].byte);
		CHECK_EQ(get_unaligned_be16(d + 60), 0x0960);
		CHECK_EQ(get_unaligned_be16(d + 62), rows[i].spc);
		fake_end();
	}
}

/* all designators of the unit, in their order */
static void designators(void)
{
	static const u8 want[] = {
		0x02, 0x01, 0,	  24,	'A',  'C',  'M',  'E',	' ',  ' ',
		' ',  ' ',  '0',  '1',	'2',  '3',  '4',  '5',	'6',  '7',
		'8',  '9',  'a',  'b',	'c',  'd',  'e',  'f',	0x01, 0x03,
		0,    16,   0x60, 0x01, 0x40, 0x50, 0x12, 0x34, 0x56, 0x78,
		0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0x01, 0x02,
		0,    8,    0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
		0x01, 0x0a, 0,	  18,	0x10, 0,    0x3a, 0x0b, 0xd6, 0xd0,
		0xf1, 0xe2, 0x4d, 0x9a, 0x8c, 0x1b, 0x01, 0x23, 0x45, 0x67,
		0x89, 0xab, 0x53, 0x98, /* then that of the port */
	};
	const u8 *d;

	fake_init();
	strcpy(fake.vol.props.vendor, "ACME");
	strcpy(fake.vol.props.naa, "6001405012345678abcdef0123456789");
	strcpy(fake.vol.props.eui64, "0011223344556677");
	strcpy(fake.vol.props.uuid, "3a0bd6d0-f1e2-4d9a-8c1b-0123456789ab");
	d = inquiry(true, 0x83);
	CHECK(!memcmp(d + 4, want, sizeof(want)));
	fake_end();
}

static void other_pages(void)
{
	static const u8 policy[] = { 0, 0x87, 0, 4, 0x3f, 0xff, 0, 0 };
	static const char port[] = "iqn.2026-01.org.example:disk,t,0x0001";
	const u8 *d;

	fake_init();
	d = inquiry(true, 0x86);
	CHECK_EQ(fake.s.in_len, 64);
	CHECK_EQ(d[5], 7);
	CHECK_EQ(d[6], 0);
	fake_end();
	fake.vol.file = (void *)1;
	CHECK_EQ(inquiry(true, 0x86)[6], 1);
	fake_end();
	d = inquiry(true, 0x87);
	CHECK_EQ(fake.s.in_len, sizeof(policy));
	CHECK(!memcmp(d, policy, sizeof(policy)));
	fake_end();
	d = inquiry(true, 0x88);
	CHECK_EQ(get_unaligned_be16(d + 2), 12 + 4 + 40);
	CHECK_EQ(get_unaligned_be16(d + 6), 1); /* relative port */
	CHECK_EQ(get_unaligned_be16(d + 10), 0); /* no initiator port */
	CHECK_EQ(get_unaligned_be16(d + 14), 4 + 40);
	CHECK_EQ(get_unaligned_be32(d + 16), 0x53980028);
	CHECK(!memcmp(d + 20, port, sizeof(port)));
	fake_end();
}

static void geometry(void)
{
	const struct {
		const char *name;
		struct iet_hints hints;
		struct iet_props p;
		u8 exponent;
		u16 aligned, granularity;
		u32 optimal;
		u16 rotation;
	} rows[] = {
		{ "nothing is known", {}, {}, 0, 0, 0, 2048, 0 },
		{ "of the medium",
		  { .phys_block_size = 4096,
		    .align_offset = 3584,
		    .io_min = 4096,
		    .io_opt = 65536,
		    .nonrot = true },
		  {},
		  3,
		  7,
		  8,
		  128,
		  1 },
		{ "of the administrator",
		  { .phys_block_size = 4096,
		    .align_offset = 3584,
		    .io_min = 4096,
		    .io_opt = 65536,
		    .nonrot = true },
		  { .set = BIT(IET_P_ROTATION),
		    .phys_block_size = 1024,
		    .rotation = 7200,
		    .io_granularity = 1024,
		    .io_optimal = 8192 },
		  1,
		  0,
		  2,
		  16,
		  7200 },
		{ "not told",
		  { .nonrot = true },
		  { .set = BIT(IET_P_ROTATION) },
		  0,
		  0,
		  0,
		  2048,
		  0 },
		{ "the medium's sizes make no sense",
		  { .phys_block_size = 256,
		    .io_min = 1000,
		    .io_opt = IET_TIO_MAX + 512 },
		  {},
		  0,
		  0,
		  0,
		  2048,
		  0 },
		{ "the medium's least is no part of the best",
		  { .io_min = 1536 },
		  {},
		  0,
		  0,
		  0,
		  2048,
		  0 },
		{ "an optimum alone",
		  { .io_min = 4096 },
		  { .io_optimal = 8192 },
		  0,
		  0,
		  0,
		  16,
		  0 },
		{ "huge blocks",
		  { .phys_block_size = 1U << 31 },
		  {},
		  15,
		  0,
		  0,
		  2048,
		  0 },
	};
	unsigned int i;
	const u8 *d;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bool before = ktap_ok;

		fake_init();
		fake.vol.hints = rows[i].hints;
		fake.vol.props = rows[i].p;
		d = capacity16();
		CHECK_EQ(d[13], rows[i].exponent);
		CHECK_EQ(get_unaligned_be16(d + 14), rows[i].aligned);
		fake_end();
		d = inquiry(true, 0xb0);
		CHECK_EQ(get_unaligned_be16(d + 6), rows[i].granularity);
		CHECK_EQ(get_unaligned_be32(d + 12), rows[i].optimal);
		CHECK_EQ(get_unaligned_be32(d + 16), IET_TIO_MAX / 512);
		fake_end();
		d = inquiry(true, 0xb1);
		CHECK_EQ(get_unaligned_be16(d + 4), rows[i].rotation);
		fake_end();
		CHECK_ROW(rows[i].name, before);
	}
}

static void changes(void)
{
	struct iet_props p = { .set = BIT(IET_P_VENDOR), .vendor = "NEW" };

	fake_init();
	iet_props_set(&fake.vol, &fake.vol.props);
	CHECK_EQ(fake.itl.nr_ua, 0);
	iet_props_set(&fake.vol, &p);
	CHECK_EQ(fake.itl.nr_ua, 1);
	CHECK_EQ(fake.itl.ua[0], 0x3f03);
	CHECK_STR(fake.vol.props.vendor, "NEW");

	fake.itl.nr_ua = 0;
	p.set |= BIT(IET_P_PHYS_BLOCK_SIZE);
	p.phys_block_size = 4096;
	iet_props_set(&fake.vol, &p);
	CHECK_EQ(fake.itl.nr_ua, 2);
	CHECK_EQ(fake.itl.ua[1], 0x2a09);

	CHECK(iet_props_same_unit(&p, &fake.vol.props));
	strcpy(p.naa, "5001405012345678");
	CHECK(!iet_props_same_unit(&p, &fake.vol.props));
}

int main(void)
{
	ktap_run(values);
	ktap_run(sizes);
	ktap_run(standard);
	ktap_run(designators);
	ktap_run(other_pages);
	ktap_run(geometry);
	ktap_run(changes);
	return ktap_done();
}
