// SPDX-License-Identifier: GPL-2.0-only
/* CDB decoding, usage data, the LUN field */
#include "cdb.h"
#include "ktap.h"

static void decode(void)
{
	static const struct {
		const char *name;
		enum iet_cdb_layout layout;
		u8 cdb[16];
		u64 lba;
		u32 len;
		u8 at;
	} rows[] = {
		{ "plain", IET_CDB_PLAIN, { 0, 1, 2, 3, 4 }, 0, U32_MAX, 0 },
		{ "6", IET_CDB_RW6, { 8, 0xff, 0x23, 0x45, 6 }, 0x1f2345, 6, 4 },
		{ "6 of 256", IET_CDB_RW6, { 8, 0, 0, 1, 0 }, 1, 256, 4 },
		{ "10",
		  IET_CDB_RW10,
		  { 0x28, 0xff, 0x81, 2, 3, 4, 0xff, 5, 6, 0xff },
		  0x81020304,
		  0x0506,
		  7 },
		{ "12",
		  IET_CDB_RW12,
		  { 0xa8, 0xff, 1, 2, 3, 4, 0x85, 6, 7, 8, 0xff },
		  0x01020304,
		  0x85060708,
		  6 },
		{ "16",
		  IET_CDB_RW16,
		  { 0x88, 0xff, 0x81, 2, 3, 4, 5, 6, 7, 8, 0x91, 2, 3, 4 },
		  0x8102030405060708,
		  0x91020304,
		  10 },
		{ "alloc 3",
		  IET_CDB_ALLOC_3_2,
		  { 0x12, 1, 2, 3, 4, 5 },
		  0,
		  0x0304,
		  3 },
		{ "alloc 4", IET_CDB_ALLOC_4_1, { 3, 1, 2, 3, 4, 5 }, 0, 4, 4 },
		{ "alloc 6",
		  IET_CDB_ALLOC_6_4,
		  { 0xa0, 1, 2, 3, 4, 5, 6, 7, 8, 9 },
		  0,
		  0x06070809,
		  6 },
		{ "alloc 7",
		  IET_CDB_ALLOC_7_2,
		  { 0x5a, 1, 2, 3, 4, 5, 6, 7, 8, 9 },
		  0,
		  0x0708,
		  7 },
		{ "alloc 10",
		  IET_CDB_ALLOC_10_4,
		  { 0x9e, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13 },
		  0,
		  0x0a0b0c0d,
		  10 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bool before = ktap_ok;
		struct iet_cdb_fields f;

		iet_cdb_decode(rows[i].layout, rows[i].cdb, &f);
		CHECK_EQ(f.lba, rows[i].lba);
		CHECK_EQ(f.len, rows[i].len);
		CHECK_EQ(f.len_at, rows[i].at);
		CHECK_ROW(rows[i].name, before);
	}
}

static void usage(void)
{
	static const u8 mask[6] = { 0x12, 0x01, 0xff, 0xff, 0xff, 0x00 };
	static const struct {
		const char *name;
		u8 cdb[6];
		bool ok;
		u8 byte, bit;
		u8 ignored;
	} rows[] = {
		{ "zero", { 0x12 }, true, 0, 0 },
		{ "ignored", { 0x12, 0xe0 }, true, 0, 0, 0xe0 },
		{ "not ignored", { 0x12, 0xe2 }, false, 1, 1, 0xe0 },
		{ "ignored in byte 1 only",
		  { 0x1a, 0xe1, 0, 0, 0, 0x80 },
		  false,
		  5,
		  7,
		  0xe0 },
		{ "all of it", { 0x12, 1, 0xff, 0xff, 0xff }, true, 0, 0 },
		{ "opcode is not looked at", { 0xff }, true, 0, 0 },
		{ "CMDDT", { 0x12, 0x02 }, false, 1, 1 },
		{ "two bits: the higher", { 0x12, 0x0a }, false, 1, 3 },
		{ "top bit", { 0x12, 0x80 }, false, 1, 7 },
		{ "NACA", { 0x12, 0, 0, 0, 0, 0x04 }, true, 0, 0 },
		{ "FLAG", { 0x12, 0, 0, 0, 0, 0x06 }, false, 5, 1 },
		{ "NACA elsewhere", { 0x12, 0x04 }, false, 1, 2 },
		{ "two bytes: the first",
		  { 0x12, 0x10, 0, 0, 0, 0x80 },
		  false,
		  1,
		  4 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bool before = ktap_ok;
		u8 byte = 0, bit = 0;

		CHECK_EQ(iet_cdb_check(rows[i].cdb, mask, 6, rows[i].ignored,
				       &byte, &bit),
			 rows[i].ok);
		CHECK_EQ(byte, rows[i].byte);
		CHECK_EQ(bit, rows[i].bit);
		CHECK_ROW(rows[i].name, before);
	}
}

static void lun_decode(void)
{
	static const struct {
		const char *name;
		u8 raw[8];
		enum iet_lun_kind kind;
		u32 lun;
	} rows[] = {
		{ "0", { 0 }, IET_LUN_UNIT, 0 },
		{ "peripheral 255", { 0, 255 }, IET_LUN_UNIT, 255 },
		{ "bus 1", { 1, 0 }, IET_LUN_INVALID, 0 },
		{ "second level", { 0, 1, 0, 1 }, IET_LUN_INVALID, 0 },
		{ "last byte", { 0, 0, 0, 0, 0, 0, 0, 1 }, IET_LUN_INVALID, 0 },
		{ "flat 5", { 0x40, 5 }, IET_LUN_UNIT, 5 },
		{ "flat 16383", { 0x7f, 0xff }, IET_LUN_UNIT, 16383 },
		{ "flat, second level", { 0x40, 5, 0x40 }, IET_LUN_INVALID, 0 },
		{ "logical unit method", { 0x80, 1 }, IET_LUN_INVALID, 0 },
		{ "extended flat", { 0xd2, 1, 2, 3 }, IET_LUN_UNIT, 0x010203 },
		{ "extended flat, more",
		  { 0xd2, 0, 0, 0, 1 },
		  IET_LUN_INVALID,
		  0 },
		{ "long extended flat",
		  { 0xe2, 0, 0, 0, 0, 1 },
		  IET_LUN_INVALID,
		  0 },
		{ "REPORT LUNS", { 0xc1, 1 }, IET_LUN_REPORT_LUNS, 0 },
		{ "REPORT LUNS, more", { 0xc1, 1, 1 }, IET_LUN_INVALID, 0 },
		{ "TARGET LOG PAGES", { 0xc1, 3 }, IET_LUN_INVALID, 0 },
		{ "not specified",
		  { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
		  IET_LUN_INVALID,
		  0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bool before = ktap_ok;
		u32 lun = 0;
		enum iet_lun_kind kind = iet_lun_decode(rows[i].raw, &lun);

		CHECK_EQ(kind, rows[i].kind);
		if (kind == IET_LUN_UNIT)
			CHECK_EQ(lun, rows[i].lun);
		CHECK_ROW(rows[i].name, before);
	}
}

static void lun_round_trip(void)
{
	u32 lun, back;
	u8 raw[8];

	for (lun = 0; lun <= 16383; lun++) {
		back = ~0u;
		iet_lun_encode(lun, raw);
		CHECK_EQ(raw[0] >> 6, lun > 255);
		CHECK_EQ(iet_lun_decode(raw, &back), IET_LUN_UNIT);
		CHECK_EQ(back, lun);
	}
}

int main(void)
{
	ktap_run(decode);
	ktap_run(usage);
	ktap_run(lun_decode);
	ktap_run(lun_round_trip);
	return ktap_done();
}
