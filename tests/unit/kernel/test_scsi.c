// SPDX-License-Identifier: GPL-2.0-only
/* the device server: checks in their order, data, errors, the cache */
#include <scsi/scsi_proto.h>

#include "fake_device.h"
#include "ktap.h"

#define BS (1 << FAKE_SHIFT)
#define GOOD 0
#define BUSY_STATUS 0xfffe

static u8 pattern[64 * BS];

static const u8 no_lun[8] = { 0, 9 };
static const u8 report_luns_wlun[8] = { 0xc1, 1 };

static const u8 tur[16] = { 0x00 };
static const u8 request_sense[16] = { 0x03, 0, 0, 0, 252 };
static const u8 inquiry[16] = { 0x12, 0, 0, 0, 96 };

static void set_up(void)
{
	unsigned int i;

	fake_init();
	for (i = 0; i < sizeof(pattern); i++)
		pattern[i] = ~(i * 13 + (i >> FAKE_SHIFT));
}

static u16 result(void)
{
	return fake.s.status ? fake_asc() : GOOD;
}

/* LBA range, transfer length and protection, for the block commands */
static void checks(void)
{
	static const struct {
		const char *name;
		u8 cdb[16];
		enum fake_dir dir;
		bool ro;
		u16 asc;
	} rows[] = {
		{ "the last block", { 0x28, [4] = 3, 0xff, [8] = 1 }, DIR_IN },
		{ "one too many",
		  { 0x28, [4] = 3, 0xff, [8] = 2 },
		  DIR_IN,
		  false,
		  IET_ASC_LBA_OUT_OF_RANGE },
		{ "behind the end",
		  { 0x28, [4] = 4, 0, [8] = 1 },
		  DIR_IN,
		  false,
		  IET_ASC_LBA_OUT_OF_RANGE },
		{ "nothing, behind the end",
		  { 0x28, [4] = 4 },
		  DIR_IN,
		  false,
		  IET_ASC_LBA_OUT_OF_RANGE },
		{ "nothing", { 0x28 }, DIR_IN },
		{ "LBA -1",
		  { 0x28, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 1 },
		  DIR_IN,
		  false,
		  IET_ASC_LBA_OUT_OF_RANGE },
		{ "LBA -1 of 64 bits",
		  { 0x88, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		    0xff, [13] = 1 },
		  DIR_IN,
		  false,
		  IET_ASC_LBA_OUT_OF_RANGE },
		{ "length that wraps",
		  { 0x88, [9] = 1, 0xff, 0xff, 0xff, 0xff },
		  DIR_IN,
		  false,
		  IET_ASC_LBA_OUT_OF_RANGE },
		{ "READ(6), 256 blocks, too many",
		  { 0x08, 0, 3, 1 },
		  DIR_IN,
		  false,
		  IET_ASC_LBA_OUT_OF_RANGE },
		{ "RDPROTECT",
		  { 0x28, 0x20, [8] = 1 },
		  DIR_IN,
		  false,
		  IET_ASC_INVALID_FIELD_IN_CDB },
		{ "DPO and FUA", { 0x28, 0x18, [8] = 1 }, DIR_IN },
		{ "NACA", { 0x28, [8] = 1, 0x04 }, DIR_IN },
		{ "LINK",
		  { 0x28, [8] = 1, 0x01 },
		  DIR_IN,
		  false,
		  IET_ASC_INVALID_FIELD_IN_CDB },
		{ "group number",
		  { 0x28, [6] = 1, 0, 1 },
		  DIR_IN,
		  false,
		  IET_ASC_INVALID_FIELD_IN_CDB },
		{ "read of a read-only unit", { 0x28, [8] = 1 }, DIR_IN, true },
		{ "write of a read-only unit",
		  { 0x2a, [8] = 1 },
		  DIR_OUT,
		  true,
		  IET_ASC_WRITE_PROTECTED },
		{ "write and verify of one",
		  { 0x2e, [8] = 1 },
		  DIR_OUT,
		  true,
		  IET_ASC_WRITE_PROTECTED },
		{ "verify of one", { 0x2f, [8] = 1 }, DIR_NONE, true },
		{ "range before protection",
		  { 0x2a, [4] = 4, 0, [8] = 1 },
		  DIR_OUT,
		  true,
		  IET_ASC_LBA_OUT_OF_RANGE },
		{ "unknown operation code",
		  { 0x24 },
		  DIR_NONE,
		  false,
		  IET_ASC_INVALID_OPCODE },
		{ "unknown service action",
		  { 0x9e, 0x11 },
		  DIR_IN,
		  false,
		  IET_ASC_INVALID_FIELD_IN_CDB },
		{ "for thin provisioned units only",
		  { 0x9e, 0x12 },
		  DIR_IN,
		  false,
		  IET_ASC_INVALID_OPCODE },
		{ "BYTCHK 10b",
		  { 0x2f, 0x04, [8] = 1 },
		  DIR_OUT,
		  false,
		  IET_ASC_INVALID_FIELD_IN_CDB },
		{ "write and verify, BYTCHK 11b",
		  { 0x2e, 0x06, [8] = 1 },
		  DIR_OUT,
		  false,
		  IET_ASC_INVALID_FIELD_IN_CDB },
		{ "atomic write without any",
		  { 0x9c, [13] = 1 },
		  DIR_OUT,
		  false,
		  IET_ASC_INVALID_OPCODE },
		{ "start", { 0x1b, 0, 0, 0, 1 }, DIR_NONE },
		{ "eject",
		  { 0x1b, 0, 0, 0, 2 },
		  DIR_NONE,
		  false,
		  IET_ASC_INVALID_FIELD_IN_CDB },
		{ "power condition", { 0x1b, 0, 0, 0, 0x20 }, DIR_NONE },
		{ "power condition modifier",
		  { 0x1b, 0, 0, 1, 0x20 },
		  DIR_NONE,
		  false,
		  IET_ASC_INVALID_FIELD_IN_CDB },
		{ "READ CAPACITY with an LBA",
		  { 0x25, [5] = 1 },
		  DIR_IN,
		  false,
		  IET_ASC_INVALID_FIELD_IN_CDB },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bool before = ktap_ok;

		set_up();
		if (rows[i].ro)
			fake.vol.iomode = IET_IOMODE_RO;
		fake_run(rows[i].cdb, rows[i].dir, BS, pattern);
		CHECK_EQ(result(), rows[i].asc);
		if (rows[i].asc)
			CHECK_EQ(fake.nr_io, 0);
		fake_end();
		CHECK_ROW(rows[i].name, before);
	}
}

static void too_long(void)
{
	static const u8 limit[16] = { 0x88, [11] = 1, 0, 0 };
	static const u8 more[16] = { 0x88, [11] = 1, 0, 1 };
	static const u8 sync_all[16] = { 0x35, [7] = 0x04, 0 };

	set_up();
	fake.vol.nr_blocks = 1 << 20;
	fake_run(limit, DIR_IN, 0, NULL);
	CHECK_EQ(result(), GOOD);
	CHECK_EQ(fake.s.in_len, IET_TIO_MAX);
	fake_end();
	fake_run(more, DIR_IN, 0, NULL);
	CHECK_EQ(fake_asc(), IET_ASC_INVALID_FIELD_IN_CDB);
	CHECK_EQ(fake.s.sense[15], 0xc0);
	CHECK_EQ(fake.s.sense[17], 10);
	fake_end();

	/* a flush is no transfer */
	set_up();
	fake_run(sync_all, DIR_NONE, 0, NULL);
	CHECK_EQ(result(), GOOD);
	CHECK_EQ(fake.io[0].len, FAKE_BYTES);
	fake_end();
}

/* what the initiator expects against what the CDB asks for */
static void read_lengths(void)
{
	static const struct {
		const char *name;
		u8 blocks;
		enum fake_dir dir;
		u32 edtl, in_len, read;
	} rows[] = {
		{ "as asked", 2, DIR_IN, 2 * BS, 2 * BS, 2 * BS },
		{ "none expected", 1, DIR_IN, 0, BS, 0 },
		{ "none expected, no direction", 1, DIR_NONE, 0, BS, 0 },
		{ "more expected", 1, DIR_IN, 10000, BS, BS },
		{ "part of a block", 1, DIR_IN, 200, BS, BS },
		{ "one of two blocks", 2, DIR_IN, BS, 2 * BS, BS },
		{ "one and a bit", 4, DIR_IN, BS + 1, 4 * BS, 2 * BS },
		{ "flagged as a write", 1, DIR_OUT, BS, 0, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const u8 cdb[16] = { 0x28, [5] = 5, [8] = rows[i].blocks };
		bool before = ktap_ok;

		set_up();
		fake_run(cdb, rows[i].dir, rows[i].edtl, pattern);
		CHECK_EQ(result(), GOOD);
		CHECK_EQ(fake.s.in_len, rows[i].in_len);
		CHECK_EQ(fake.s.out_len, 0);
		CHECK_EQ(fake.nr_io, !!rows[i].read);
		if (rows[i].read) {
			CHECK_EQ(fake.io[0].len, rows[i].read);
			CHECK(!memcmp(fake_in(), fake.medium + 5 * BS,
				      min(fake.s.in_len, rows[i].edtl)));
		}
		fake_end();
		CHECK_ROW(rows[i].name, before);
	}
}

static void both_directions(void)
{
	static const u8 ops[] = { 0x28, 0x2a, 0x12, 0x5e, 0x00 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		const u8 cdb[16] = { ops[i], [8] = 1 };

		set_up();
		fake_run(cdb, DIR_BOTH, BS, pattern);
		CHECK_EQ(result(), IET_ASC_INVALID_FIELD_IN_CIU);
		CHECK_EQ(fake.s.in_len, 0);
		CHECK_EQ(fake.s.out_len, 0);
		CHECK_EQ(fake.nr_io, 0);
		fake_end();
	}
}

static void write_lengths(void)
{
	static const struct {
		const char *name;
		u8 blocks;
		enum fake_dir dir;
		u32 edtl, out_len, written;
		u8 nr_io;
	} rows[] = {
		{ "as asked", 2, DIR_OUT, 2 * BS, 2 * BS, 2 * BS, 1 },
		{ "none expected", 1, DIR_OUT, 0, BS, 0 },
		{ "none expected, no direction", 1, DIR_NONE, 0, BS, 0 },
		{ "more expected", 1, DIR_OUT, 10000, BS, BS, 1 },
		{ "part of a block", 1, DIR_OUT, 200, BS, 200, 2 },
		{ "one of two blocks", 2, DIR_OUT, BS, 2 * BS, BS, 1 },
		{ "one and a bit", 4, DIR_OUT, BS + 1, 4 * BS, BS + 1, 2 },
		{ "flagged as a read", 1, DIR_IN, BS, 0, 0 },
	};
	unsigned int i;
	u8 next;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const u8 cdb[16] = { 0x2a, [5] = 5, [8] = rows[i].blocks };
		bool before = ktap_ok;

		set_up();
		next = fake.medium[5 * BS + rows[i].written];
		fake_run(cdb, rows[i].dir, rows[i].edtl, pattern);
		CHECK_EQ(result(), GOOD);
		CHECK_EQ(fake.s.out_len, rows[i].out_len);
		CHECK_EQ(fake.s.in_len, 0);
		CHECK_EQ(fake.nr_io, rows[i].nr_io);
		CHECK(!memcmp(fake.medium + 5 * BS, pattern, rows[i].written));
		CHECK_EQ(fake.medium[5 * BS + rows[i].written], next);
		fake_end();
		CHECK_ROW(rows[i].name, before);
	}
}

static void all_sizes_of_cdb(void)
{
	static const struct {
		u8 read[16], write[16];
		u32 lba;
	} rows[] = {
		{ { 0x08, 0, 1, 2, 3 }, { 0x0a, 0, 1, 2, 3 }, 0x102 },
		{ { 0x28, [4] = 1, 2, [8] = 3 },
		  { 0x2a, [4] = 1, 2, [8] = 3 },
		  0x102 },
		{ { 0xa8, [4] = 1, 2, [9] = 3 },
		  { 0xaa, [4] = 1, 2, [9] = 3 },
		  0x102 },
		{ { 0x88, [8] = 1, 2, [13] = 3 },
		  { 0x8a, [8] = 1, 2, [13] = 3 },
		  0x102 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		set_up();
		fake_run(rows[i].write, DIR_OUT, 3 * BS, pattern);
		CHECK_EQ(result(), GOOD);
		CHECK_EQ(fake.io[0].pos, rows[i].lba * BS);
		CHECK_EQ(fake.io[0].len, 3 * BS);
		CHECK(iet_scsi_is_write(&fake.s));
		fake_end();
		fake_run(rows[i].read, DIR_IN, 3 * BS, NULL);
		CHECK_EQ(result(), GOOD);
		CHECK_EQ(fake.io[0].pos, rows[i].lba * BS);
		CHECK(!memcmp(fake_in(), pattern, 3 * BS));
		CHECK(!iet_scsi_is_write(&fake.s));
		fake_end();
	}
}

/* what goes to stable storage when */
static void cache(void)
{
	static const struct {
		const char *name;
		bool wce;
		u8 cdb[16];
		enum fake_dir dir;
		u8 nr_io;
		struct fake_io io[2];
	} rows[] = {
		{ "write, no cache",
		  false,
		  { 0x2a, [8] = 1 },
		  DIR_OUT,
		  1,
		  { { IET_IO_WRITE, IET_IO_FUA, 0, BS } } },
		{ "write, cache",
		  true,
		  { 0x2a, [8] = 1 },
		  DIR_OUT,
		  1,
		  { { IET_IO_WRITE, 0, 0, BS } } },
		{ "write FUA, cache",
		  true,
		  { 0x2a, 0x08, [8] = 1 },
		  DIR_OUT,
		  1,
		  { { IET_IO_WRITE, IET_IO_FUA, 0, BS } } },
		{ "write DPO, cache",
		  true,
		  { 0x2a, 0x10, [8] = 1 },
		  DIR_OUT,
		  1,
		  { { IET_IO_WRITE, 0, 0, BS } } },
		{ "WRITE(6) has no FUA",
		  true,
		  { 0x0a, 0, 0, 8, 1 },
		  DIR_OUT,
		  1,
		  { { IET_IO_WRITE, 0, 8 * BS, BS } } },
		{ "read FUA, no cache",
		  false,
		  { 0x28, 0x08, [8] = 1 },
		  DIR_IN,
		  1,
		  { { IET_IO_READ, 0, 0, BS } } },
		{ "read FUA, cache",
		  true,
		  { 0x28, 0x08, [5] = 7, [8] = 1 },
		  DIR_IN,
		  2,
		  { { IET_IO_FLUSH, 0, 7 * BS, BS },
		    { IET_IO_READ, 0, 7 * BS, BS } } },
		{ "read, cache",
		  true,
		  { 0x28, [8] = 1 },
		  DIR_IN,
		  1,
		  { { IET_IO_READ, 0, 0, BS } } },
		{ "flush all",
		  true,
		  { 0x35 },
		  DIR_NONE,
		  1,
		  { { IET_IO_FLUSH, 0, 0, FAKE_BYTES } } },
		{ "flush to the end",
		  true,
		  { 0x91, [8] = 3, 0xff },
		  DIR_NONE,
		  1,
		  { { IET_IO_FLUSH, 0, 0x3ff * BS, BS } } },
		{ "flush some, IMMED",
		  true,
		  { 0x35, 2, [5] = 1, [8] = 2 },
		  DIR_NONE,
		  1,
		  { { IET_IO_FLUSH, 0, BS, 2 * BS } } },
		{ "stop",
		  true,
		  { 0x1b },
		  DIR_NONE,
		  1,
		  { { IET_IO_FLUSH, 0, 0, FAKE_BYTES } } },
		{ "stop, NO_FLUSH", true, { 0x1b, 0, 0, 0, 4 }, DIR_NONE, 0 },
		{ "verify, cache",
		  true,
		  { 0x2f, [5] = 1, [8] = 2 },
		  DIR_NONE,
		  2,
		  { { IET_IO_FLUSH, 0, BS, 2 * BS },
		    { IET_IO_READ, 0, BS, 2 * BS } } },
		{ "write and verify, cache",
		  true,
		  { 0x2e, [8] = 1 },
		  DIR_OUT,
		  2,
		  { { IET_IO_WRITE, IET_IO_FUA, 0, BS },
		    { IET_IO_READ, 0, 0, BS } } },
	};
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bool before = ktap_ok;

		set_up();
		fake.vol.mode.wce = rows[i].wce;
		fake_run(rows[i].cdb, rows[i].dir, rows[i].dir ? BS : 0,
			 pattern);
		CHECK_EQ(result(), GOOD);
		CHECK_EQ(fake.nr_io, rows[i].nr_io);
		for (j = 0; j < rows[i].nr_io; j++) {
			CHECK_EQ(fake.io[j].op, rows[i].io[j].op);
			CHECK_EQ(fake.io[j].flags, rows[i].io[j].flags);
			CHECK_EQ(fake.io[j].pos, rows[i].io[j].pos);
			CHECK_EQ(fake.io[j].len, rows[i].io[j].len);
		}
		fake_end();
		CHECK_ROW(rows[i].name, before);
	}
}

static void verify(void)
{
	static const u8 bytchk[3][16] = {
		{ 0x2f, 0x02, [5] = 5, [7] = 1, 44 },
		{ 0xaf, 0x02, [5] = 5, [8] = 1, 44 },
		{ 0x8f, 0x02, [9] = 5, [12] = 1, 44 },
	};
	static const u8 no_check[16] = { 0x2f, 0, [5] = 5, [7] = 2, 0 };
	static u8 data[300 * BS];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bytchk); i++) {
		set_up();
		memcpy(data, fake.medium + 5 * BS, sizeof(data));
		fake_run(bytchk[i], DIR_OUT, sizeof(data), data);
		CHECK_EQ(fake.s.out_len, sizeof(data));
		CHECK_EQ(result(), GOOD);
		fake_end();

		data[140000] ^= 1;
		fake_run(bytchk[i], DIR_OUT, sizeof(data), data);
		CHECK_EQ(result(), IET_ASC_MISCOMPARE);
		CHECK_EQ(fake.s.sense[2], MISCOMPARE);
		CHECK_EQ(fake.s.sense[0], 0xf0);
		CHECK_EQ(get_unaligned_be32(fake.s.sense + 3), 140000);
		CHECK(!iet_scsi_is_write(&fake.s));
		fake_end();
	}

	/* many chunks, without any data */
	fake_run(no_check, DIR_NONE, 0, NULL);
	CHECK_EQ(result(), GOOD);
	CHECK_EQ(fake.s.out_len, 0);
	CHECK_EQ(fake.nr_io, 2);
	CHECK_EQ(fake.io[1].pos, 5 * BS + (128 << 10));
	CHECK_EQ(fake.io[1].len, 512 * BS - (128 << 10));
	fake_end();

	/* a bit that is wrong behind what has come does not matter */
	fake_run(bytchk[0], DIR_OUT, 2 * BS, data);
	CHECK_EQ(result(), GOOD);
	CHECK_EQ(fake.s.out_len, sizeof(data));
	CHECK_EQ(fake.io[0].len, 2 * BS);
	fake_end();
}

/* BYTCHK=11b: each block against the same one */
static void verify_one(void)
{
	static const u8 cdbs[][32] = {
		{ 0x2f, 0x06, [5] = 5, [7] = 1, 44 },
		{ 0x8f, 0x06, [9] = 5, [12] = 1, 44 },
		{ 0x7f, [7] = 24, 0, 0x0a, 0x06, [19] = 5, [30] = 1, 44 },
	};
	static const u8 none[16] = { 0x2f, 0x06, [5] = 5 };
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(cdbs); i++) {
		set_up();
		for (n = 0; n < 300; n++)
			memcpy(fake.medium + (5 + n) * BS, pattern, BS);
		fake_run(cdbs[i], DIR_OUT, BS, pattern);
		CHECK_EQ(fake.s.out_len, BS);
		CHECK_EQ(result(), GOOD);
		CHECK_EQ(fake.nr_io, 2);
		fake_end();

		fake.medium[5 * BS + 140000] ^= 1;
		fake_run(cdbs[i], DIR_OUT, BS, pattern);
		CHECK_EQ(result(), IET_ASC_MISCOMPARE);
		CHECK_EQ(get_unaligned_be32(fake.s.sense + 3), 140000);
		fake_end();

		/* nothing to compare with */
		fake_run(cdbs[i], DIR_OUT, BS - 1, pattern);
		CHECK_EQ(result(), GOOD);
		CHECK_EQ(fake.nr_io, 0);
		fake_end();
	}
	fake_run(none, DIR_OUT, BS, pattern);
	CHECK_EQ(result(), GOOD);
	CHECK_EQ(fake.s.out_len, 0);
	fake_end();
}

static void cdbs_of_32_bytes(void)
{
	static const u8 write32[32] = { 0x7f, [7] = 24, 0, 0x0b,
					0x08, [18] = 1, 2, [31] = 3 };
	static const u8 read32[32] = {
		0x7f, [7] = 24, 0, 0x09, [18] = 1, 2, [31] = 3
	};
	static const u8 same32[32] = { 0x7f, [7] = 24, 0, 0x0d,
				       0x01, [18] = 1, 2, [31] = 3 };
	static const u8 unknown[32] = { 0x7f, [7] = 24, 1, 0x09 };
	u8 cdb[32];

	set_up();
	fake.vol.mode.wce = true;
	fake_run(write32, DIR_OUT, 3 * BS, pattern);
	CHECK_EQ(result(), GOOD);
	CHECK_EQ(fake.io[0].pos, 0x102 * BS);
	CHECK_EQ(fake.io[0].len, 3 * BS);
	CHECK_EQ(fake.io[0].flags, IET_IO_FUA);
	fake_end();
	fake_run(read32, DIR_IN, 3 * BS, NULL);
	CHECK_EQ(result(), GOOD);
	CHECK(!memcmp(fake_in(), pattern, 3 * BS));
	fake_end();
	fake_run(same32, DIR_NONE, 0, NULL);
	CHECK_EQ(result(), GOOD);
	CHECK_EQ(fake.io[0].op, IET_IO_WRITE_ZEROES);
	CHECK_EQ(fake.io[0].len, 3 * BS);
	fake_end();

	/* tags to expect are ignored, protection is not to be had */
	memcpy(cdb, read32, 32);
	memset(cdb + 20, 0xff, 8);
	fake_run(cdb, DIR_IN, 3 * BS, NULL);
	CHECK_EQ(result(), GOOD);
	fake_end();
	cdb[10] = 0x20;
	fake_run(cdb, DIR_IN, 3 * BS, NULL);
	CHECK_EQ(result(), IET_ASC_INVALID_FIELD_IN_CDB);
	CHECK_EQ(fake.s.sense[17], 10);
	fake_end();

	fake_run(unknown, DIR_NONE, 0, NULL);
	CHECK_EQ(result(), IET_ASC_INVALID_FIELD_IN_CDB);
	CHECK_EQ(fake.s.sense[17], 8);
	fake_end();
	/* says that it is longer than it is, or shorter */
	memcpy(cdb, read32, 32);
	cdb[7] = 25;
	fake_run(cdb, DIR_IN, 3 * BS, NULL);
	CHECK_EQ(result(), IET_ASC_INVALID_FIELD_IN_CDB);
	CHECK_EQ(fake.s.sense[17], 7);
	fake_end();
	cdb[7] = 8;
	fake_run(cdb, DIR_IN, 3 * BS, NULL);
	CHECK_EQ(result(), IET_ASC_INVALID_FIELD_IN_CDB);
	fake_end();
	/* there is no more of it than 16 bytes */
	fake.short_cdb = true;
	fake_run(read32, DIR_IN, 3 * BS, NULL);
	CHECK_EQ(result(), IET_ASC_INVALID_OPCODE);
	fake_end();
}

static void write_atomic(void)
{
	static const struct {
		const char *name;
		u8 lba, blocks;
		u32 sent;
		u16 asc;
		u32 written;
	} rows[] = {
		{ "most", 8, 8, 8 * BS, GOOD, 8 * BS },
		{ "least", 4, 2, 2 * BS, GOOD, 2 * BS },
		{ "none", 4, 0, 0, GOOD, 0 },
		{ "none, unaligned", 1, 0, 0, GOOD, 0 },
		{ "too many", 8, 10, 10 * BS, IET_ASC_INVALID_FIELD_IN_CDB },
		{ "granularity", 8, 3, 3 * BS, IET_ASC_INVALID_FIELD_IN_CDB },
		{ "alignment", 2, 2, 2 * BS, IET_ASC_INVALID_FIELD_IN_CDB },
		{ "more sent", 8, 2, 4 * BS, GOOD, 2 * BS },
		{ "less sent: nothing is written", 8, 4, 3 * BS, GOOD, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		u8 cdb[16] = { 0x9c, [9] = rows[i].lba, [13] = rows[i].blocks };
		bool before = ktap_ok;

		set_up();
		fake.vol.atomic_max = 8 * BS;
		fake.vol.atomic_min = 2 * BS;
		fake.vol.atomic_align = 4 * BS;
		fake_run(cdb, DIR_OUT, rows[i].sent, pattern);
		CHECK_EQ(result(), rows[i].asc);
		CHECK_EQ(fake.nr_io, !!rows[i].written);
		if (rows[i].written) {
			CHECK_EQ(fake.io[0].len, rows[i].written);
			CHECK(fake.io[0].flags & IET_IO_ATOMIC);
		}
		fake_end();
		CHECK_ROW(rows[i].name, before);
	}
	/* ATOMIC BOUNDARY */
	fake_run((const u8[16]){ 0x9c, [9] = 8, [11] = 1, [13] = 2 }, DIR_OUT,
		 2 * BS, pattern);
	CHECK_EQ(result(), IET_ASC_INVALID_FIELD_IN_CDB);
	fake_end();
}

static void write_and_verify(void)
{
	static const u8 cdb[16] = { 0x2e, 0x02, [5] = 5, [8] = 2 };

	set_up();
	fake_run(cdb, DIR_OUT, 2 * BS, pattern);
	CHECK_EQ(result(), GOOD);
	CHECK(!memcmp(fake.medium + 5 * BS, pattern, 2 * BS));
	CHECK(iet_scsi_is_write(&fake.s));
	fake_end();

	/* the write fails: nothing is read back */
	fake.fail_with = -EIO;
	fake_run(cdb, DIR_OUT, 2 * BS, pattern);
	CHECK_EQ(result(), IET_ASC_WRITE_ERROR);
	CHECK_EQ(fake.nr_io, 2); /* to find out which block it was */
	CHECK_EQ(fake.io[1].op, IET_IO_WRITE);
	fake_end();

	fake.fail_at = 1;
	fake_run(cdb, DIR_OUT, 2 * BS, pattern);
	CHECK_EQ(result(), IET_ASC_READ_ERROR);
	fake_end();
}

/* the first block that fails is named, whichever it is */
static void bad_blocks(void)
{
	static const struct {
		const char *name;
		u8 cdb[16];
		u32 out; /* bytes of Data-Out */
		u32 lba, nr;
	} rows[] = {
		{ "read, the first", { 0x28, [5] = 100, [7] = 1 }, 0, 100, 1 },
		{ "read, one", { 0x28, [5] = 100, [7] = 1 }, 0, 227, 1 },
		{ "read, the end of a piece",
		  { 0x28, [5] = 100, [7] = 1, 0x40 },
		  0,
		  227,
		  3 },
		{ "read, the beginning of another",
		  { 0x28, [5] = 100, [7] = 1, 0x40 },
		  0,
		  228,
		  300 },
		{ "read, the last", { 0x28, [5] = 100, [7] = 1 }, 0, 355, 9 },
		{ "a block that is not whole",
		  { 0x28, [5] = 100, [8] = 3 },
		  0,
		  102,
		  1 },
		{ "write", { 0x2a, [5] = 100, [8] = 200 }, 200 * BS, 290, 2 },
		{ "verify", { 0x2f, [5] = 100, [7] = 1, 0xc0 }, 0, 501, 1 },
		{ "write and verify",
		  { 0x2e, [5] = 100, [8] = 8 },
		  8 * BS,
		  105,
		  1 },
		{ "unmapped by write same",
		  { 0x41, 0x08, [5] = 100, [7] = 1 },
		  BS,
		  300,
		  9 },
		{ "write same", { 0x41, [5] = 100, [8] = 100 }, BS, 150, 1 },
		{ "compare and write",
		  { 0x89, [9] = 100, [13] = 8 },
		  16 * BS,
		  107,
		  1 },
	};
	static u8 out[200 * BS], zero[BS];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bool before = ktap_ok, whole = rows[i].lba != 102;

		set_up();
		fake.vol.thin = true;
		memcpy(out, fake.medium + 100 * BS, 8 * BS);
		fake.fail_with = -EIO;
		fake.bad_block = rows[i].lba;
		fake.bad_blocks = rows[i].nr;
		fake_run(rows[i].cdb, rows[i].out ? DIR_OUT : DIR_IN,
			 rows[i].out ? rows[i].out :
			 whole	     ? sizeof(out) * 2 :
				       3 * BS - 1,
			 rows[i].cdb[1] ? zero : out);
		CHECK_EQ(fake.s.sense[2], MEDIUM_ERROR);
		CHECK_EQ(fake.s.sense[0], 0xf0);
		CHECK_EQ(get_unaligned_be32(fake.s.sense + 3), rows[i].lba);
		CHECK_EQ(atomic_read(&fake.vol.nr_read_errors) +
				 atomic_read(&fake.vol.nr_write_errors),
			 1);
		CHECK_EQ(fake.nr_done, 1);
		fake_end();
		CHECK_ROW(rows[i].name, before);
	}
}

static void abort_it(unsigned int nr)
{
	if (nr == 1)
		fake.s.aborted = true;
}

static void an_hour_later(unsigned int nr)
{
	if (nr == 1)
		jiffies += 3600 * HZ;
}

/* no block is named that may be the wrong one, and nothing hangs */
static void bad_block_not_found(void)
{
	static const u8 read[16] = { 0x28, [7] = 1, 0x40 };
	static const u8 atomic[16] = { 0x9c, [13] = 4 };
	unsigned int i;

	for (i = 0; i < 4; i++) {
		set_up();
		fake.fail_with = -EIO;
		if (i) {
			fake.bad_block = i == 3 ? 2 : 300;
			fake.bad_blocks = 1;
		} /* else it works the second time */
		fake.before_io = i == 1 ? abort_it :
				 i == 2 ? an_hour_later :
					  NULL;
		fake.vol.atomic_max = 8 * BS;
		fake.vol.atomic_min = BS;
		fake.vol.atomic_align = BS;
		if (i == 3)
			fake_run(atomic, DIR_OUT, 4 * BS, pattern);
		else
			fake_run(read, DIR_IN, 0x140 * BS, NULL);
		CHECK_EQ(fake.s.sense[2], MEDIUM_ERROR);
		CHECK_EQ(fake.s.sense[0], 0x70);
		CHECK_EQ(fake.nr_io, i == 0 ? 4 : i == 3 ? 1 : 2);
		fake_end();
	}
}

static void errors(void)
{
	static const struct {
		int err;
		u8 status, key;
		u16 read, write;
	} rows[] = {
		{ -EIO, 2, MEDIUM_ERROR, 0x1100, 0x0c00 },
		{ -EILSEQ, 2, MEDIUM_ERROR, 0x1100, 0x0c00 },
		{ -ENODATA, 2, MEDIUM_ERROR, 0x1100, 0x0c00 },
		{ -ENOSPC, 2, DATA_PROTECT, 0x2707, 0x2707 },
		{ -EDQUOT, 2, DATA_PROTECT, 0x2707, 0x2707 },
		{ -EROFS, 2, DATA_PROTECT, 0x2700, 0x2700 },
		{ -EPERM, 2, DATA_PROTECT, 0x2700, 0x2700 },
		{ -ENODEV, 2, NOT_READY, 0x0403, 0x0403 },
		{ -ENXIO, 2, NOT_READY, 0x0403, 0x0403 },
		{ -ENOMEM, SAM_STAT_TASK_SET_FULL },
		{ -EAGAIN, SAM_STAT_TASK_SET_FULL },
		{ -ETIMEDOUT, 2, HARDWARE_ERROR, 0x4400, 0x4400 },
	};
	static const u8 read10[16] = { 0x28, [5] = 9, [8] = 1 };
	static const u8 write10[16] = { 0x2a, [5] = 9, [8] = 1 };
	unsigned int i, write;

	for (i = 0; i < 2 * ARRAY_SIZE(rows); i++) {
		unsigned int r = i / 2;

		write = i % 2;
		set_up();
		fake.fail_with = rows[r].err;
		fake_run(write ? write10 : read10, write ? DIR_OUT : DIR_IN, BS,
			 pattern);
		CHECK_EQ(fake.s.status, rows[r].status);
		CHECK_EQ(fake.s.in_len, 0);
		if (rows[r].status != SAM_STAT_CHECK_CONDITION) {
			CHECK_EQ(fake.s.sense_len, 0);
			fake_end();
			continue;
		}
		CHECK_EQ(fake.s.sense[2], rows[r].key);
		CHECK_EQ(fake_asc(), write ? rows[r].write : rows[r].read);
		if (rows[r].key == MEDIUM_ERROR) {
			CHECK_EQ(fake.s.sense[0], 0xf0);
			CHECK_EQ(get_unaligned_be32(fake.s.sense + 3), 9);
		}
		fake_end();
	}
}

static void flush_error_before_read(void)
{
	static const u8 read_fua[16] = { 0x28, 0x08, [8] = 1 };

	set_up();
	fake.vol.mode.wce = true;
	fake.fail_with = -EIO;
	fake_run(read_fua, DIR_IN, BS, NULL);
	CHECK_EQ(result(), IET_ASC_WRITE_ERROR);
	CHECK_EQ(fake.nr_io, 1);
	fake_end();
}

/* without memory at once a worker does it */
static void no_memory(void)
{
	static const u8 read10[16] = { 0x28, [8] = 1 };
	static const u8 verify10[16] = { 0x2f, [8] = 1 };
	static const u8 report_luns[16] = { 0xa0, [9] = 16 };
	static const struct {
		const u8 *cdb;
		enum fake_dir dir;
		u32 edtl;
		unsigned int allocations;
	} rows[] = {
		{ read10, DIR_IN, BS, 1 },
		{ inquiry, DIR_IN, 96, 2 },
		{ report_luns, DIR_IN, 16, 1 },
		{ verify10, DIR_NONE, 0, 2 },
	};
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		for (n = 1; n <= rows[i].allocations; n++) {
			set_up();
			shim_no_memory = n;
			fake_run(rows[i].cdb, rows[i].dir, rows[i].edtl, NULL);
			CHECK_EQ(result(), GOOD);
			CHECK(fake.nr_steps >= 1);
			CHECK_EQ(shim_no_memory, 0);
			fake_end();
		}
	}

	/* nobody's worker to go to */
	set_up();
	memcpy(fake.s.lun_raw, no_lun, 8);
	shim_no_memory = 1;
	fake_run(inquiry, DIR_IN, 96, NULL);
	CHECK_EQ(fake.s.status, SAM_STAT_TASK_SET_FULL);
	fake_end();
}

/* a length without a direction: there is no memory for it */
static void no_direction(void)
{
	static const u8 ops[] = { 0x0a, 0x2a, 0xaa, 0x8a, 0x2e, 0x2f };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		u8 cdb[16] = { ops[i], (ops[i] & 0xfe) == 0x2e ? 0x02 : 0 };

		set_up();
		cdb[ops[i] == 0x0a ? 4 : ops[i] < 0x80 ? 8 : 9] = 1;
		if (ops[i] == 0x8a)
			cdb[13] = 1;
		fake_run(cdb, DIR_NONE, BS, NULL);
		CHECK_EQ(fake.nr_done, 1);
		CHECK_EQ(fake.nr_io, 0);
		CHECK_EQ(fake.s.tio.size, 0);
		fake_end();
	}
}

static void over_budget(void)
{
	static const u8 read10[16] = { 0x28, [8] = 1 };
	static const u8 luns[16] = { 0xa0, [9] = 16 };
	const u8 *const cdbs[] = { read10, luns, inquiry };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cdbs); i++) {
		set_up();
		fake_run(cdbs[i], DIR_IN, BS, NULL);
		CHECK_EQ(result(), GOOD);
		CHECK(fake.nexus.in_flight.counter > 0);
		fake_end();
		CHECK_EQ(fake.nexus.in_flight.counter, 0);
		fake.no_budget = true;
		fake_run(cdbs[i], DIR_IN, BS, NULL);
		CHECK_EQ(fake.s.status, SAM_STAT_TASK_SET_FULL);
		CHECK_EQ(fake.s.in_len, 0);
		CHECK_EQ(fake.nr_steps, 0);
		fake_end();
		CHECK_EQ(fake.nexus.in_flight.counter, 0);
	}
}

static s64 held_at_io;

static void look_at_budget(unsigned int nr)
{
	held_at_io = fake.nexus.in_flight.counter;
}

/* What commands need beside their data comes out of the same budget. */
static void beside_data(void)
{
	static const struct {
		const char *name;
		u8 cdb[16];
		u32 edtl;
		u32 beside;
	} rows[] = {
		{ "WRITE SAME", { 0x41, [7] = 2 }, BS, 256 << 10 },
		{ "ORWRITE", { 0x8b, [13] = 9 }, 9 * BS, 9 * BS },
		{ "COMPARE AND WRITE", { 0x89, [13] = 3 }, 6 * BS, 3 * BS },
		{ "WRITE", { 0x2a, [8] = 4 }, 3 * BS + 1, 4 * BS },
		{ "VERIFY", { 0x2f, 0x00, [7] = 2 }, 0, 128 << 10 },
		{ "VERIFY, bytes", { 0x2f, 0x02, [8] = 8 }, 8 * BS, 8 * BS },
		{ "WRITE AND VERIFY", { 0x2e, [8] = 7 }, 7 * BS, 7 * BS },
	};
	static u8 out[16 * BS];
	unsigned int i;

	memset(out, 0x5a, sizeof(out));
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bool before = ktap_ok;

		set_up();
		held_at_io = 0;
		fake.before_io = look_at_budget;
		fake_run(rows[i].cdb, rows[i].edtl ? DIR_OUT : DIR_NONE,
			 rows[i].edtl, out);
		CHECK_EQ(held_at_io, rows[i].edtl + rows[i].beside);
		fake_end();
		CHECK_EQ(fake.nexus.in_flight.counter, 0);
		/* the same if it has to be tried once more in a worker */
		shim_no_memory = 2;
		fake_run(rows[i].cdb, rows[i].edtl ? DIR_OUT : DIR_NONE,
			 rows[i].edtl, out);
		CHECK_EQ(fake.nr_steps > 0, true);
		CHECK_EQ(held_at_io, rows[i].edtl + rows[i].beside);
		fake_end();
		fake.before_io = NULL;
		fake.no_budget = true;
		fake_run(rows[i].cdb, rows[i].edtl ? DIR_OUT : DIR_NONE,
			 rows[i].edtl, out);
		CHECK_EQ(fake.s.status, SAM_STAT_TASK_SET_FULL);
		CHECK_EQ(fake.nr_io, 0);
		fake_end();
		CHECK_ROW(rows[i].name, before);
	}
}

static void no_unit(void)
{
	static const u8 luns[][8] = {
		{ 0, 9 }, { 0x40, 9 }, { 1, 0 }, { 0x80 }, { 0xff },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(luns); i++) {
		set_up();
		memcpy(fake.s.lun_raw, luns[i], 8);
		fake_run(tur, DIR_NONE, 0, NULL);
		CHECK_EQ(fake_asc(), IET_ASC_LUN_NOT_SUPPORTED);
		CHECK_EQ(fake.s.sense[2], ILLEGAL_REQUEST);
		fake_end();
		fake_run((const u8[16]){ 0x42 }, DIR_NONE, 0, NULL);
		CHECK_EQ(fake_asc(), IET_ASC_LUN_NOT_SUPPORTED);
		fake_end();
		fake_run(request_sense, DIR_IN, 252, NULL);
		CHECK_EQ(fake.s.status, GOOD);
		CHECK_EQ(fake_in()[2], ILLEGAL_REQUEST);
		CHECK_EQ(get_unaligned_be16(fake_in() + 12),
			 IET_ASC_LUN_NOT_SUPPORTED);
		fake_end();
	}

	/* on its way out: as if it were gone */
	set_up();
	fake.vol.ref.count = 0;
	fake_run(tur, DIR_NONE, 0, NULL);
	CHECK_EQ(fake_asc(), IET_ASC_LUN_NOT_SUPPORTED);
	iet_scsi_release(&fake.s);
	CHECK_EQ(fake.vol.ref.count, 0);
}

static void well_known_unit(void)
{
	static const u8 read10[16] = { 0x28, [8] = 1 };

	set_up();
	memcpy(fake.s.lun_raw, report_luns_wlun, 8);
	fake_run(tur, DIR_NONE, 0, NULL);
	CHECK_EQ(result(), GOOD);
	fake_end();
	fake_run(request_sense, DIR_IN, 252, NULL);
	CHECK_EQ(fake_in()[2], NO_SENSE);
	fake_end();
	fake_run(read10, DIR_IN, BS, NULL);
	CHECK_EQ(fake_asc(), IET_ASC_INVALID_OPCODE);
	fake_end();
}

static void unit_attention(void)
{
	static const u8 report_luns[16] = { 0xa0, [9] = 16 };
	static const u8 desc_sense[16] = { 0x03, 1, 0, 0, 252 };
	static const u8 bad_tur[16] = { 0, 0xff };

	set_up();
	iet_ua_add(&fake.vol, &fake.itl, IET_ASC_POWER_ON);
	fake_run(inquiry, DIR_IN, 96, NULL);
	CHECK_EQ(result(), GOOD);
	fake_end();
	fake_run(report_luns, DIR_IN, 16, NULL);
	CHECK_EQ(result(), GOOD);
	fake_end();
	/* comes before what is wrong with the CDB, and once */
	fake_run(bad_tur, DIR_NONE, 0, NULL);
	CHECK_EQ(fake_asc(), IET_ASC_POWER_ON);
	CHECK_EQ(fake.s.sense[2], UNIT_ATTENTION);
	fake_end();
	fake_run(tur, DIR_NONE, 0, NULL);
	CHECK_EQ(result(), GOOD);
	fake_end();

	iet_ua_add(&fake.vol, &fake.itl, IET_ASC_LUN_RESET);
	fake_run(request_sense, DIR_IN, 252, NULL);
	CHECK_EQ(fake.s.in_len, 18);
	CHECK_EQ(fake_in()[2], UNIT_ATTENTION);
	CHECK_EQ(get_unaligned_be16(fake_in() + 12), IET_ASC_LUN_RESET);
	fake_end();
	fake_run(desc_sense, DIR_IN, 252, NULL);
	CHECK_EQ(fake.s.in_len, 8);
	CHECK_EQ(fake_in()[0], 0x72);
	CHECK_EQ(fake_in()[1], NO_SENSE);
	fake_end();

	/* REPORT LUNS answers this one itself */
	iet_ua_add(&fake.vol, &fake.itl, IET_ASC_LUNS_CHANGED);
	fake_run(report_luns, DIR_IN, 16, NULL);
	fake_end();
	fake_run(tur, DIR_NONE, 0, NULL);
	CHECK_EQ(result(), GOOD);
	fake_end();
}

/* no memory for REQUEST SENSE must not cost the unit attention */
static void unit_attention_is_not_lost(void)
{
	set_up();
	iet_ua_add(&fake.vol, &fake.itl, IET_ASC_POWER_ON);
	shim_no_memory = 1;
	fake_run(request_sense, DIR_IN, 252, NULL);
	CHECK_EQ(get_unaligned_be16(fake_in() + 12), IET_ASC_POWER_ON);
	fake_end();
}

static void busy_for_orphans(void)
{
	static const u8 write10[16] = { 0x2a, [8] = 1 };
	static struct iet_scmd orphan;

	set_up();
	iet_ua_add(&fake.vol, &fake.itl, IET_ASC_POWER_ON);
	orphan = (struct iet_scmd){ .nexus = &fake.nexus,
				    .vol = &fake.vol,
				    .op = iet_op_find(0x2a, 0) };
	INIT_LIST_HEAD(&orphan.orphan_node);
	iet_orphan_add(&orphan);
	fake_run(write10, DIR_OUT, BS, pattern);
	CHECK(!fake.prepared);
	CHECK_EQ(fake.s.status, SAM_STAT_BUSY);
	CHECK_EQ(fake.s.sense_len, 0);
	fake_end();
	fake_run(inquiry, DIR_IN, 96, NULL);
	CHECK_EQ(result(), GOOD);
	fake_end();

	iet_orphan_del(&orphan);
	fake_run(write10, DIR_OUT, BS, pattern);
	CHECK_EQ(fake_asc(), IET_ASC_POWER_ON); /* BUSY has not taken it */
	fake_end();
}

static void capacity(void)
{
	static const u8 rc10[16] = { 0x25 };
	static const u8 rc16[16] = { 0x9e, 0x10, [13] = 32 };
	static const u8 zero[20];

	set_up();
	fake_run(rc10, DIR_IN, 8, NULL);
	CHECK_EQ(fake.s.in_len, 8);
	CHECK_EQ(get_unaligned_be32(fake_in()), FAKE_BLOCKS - 1);
	CHECK_EQ(get_unaligned_be32(fake_in() + 4), BS);
	fake_end();
	fake_run(rc16, DIR_IN, 32, NULL);
	CHECK_EQ(fake.s.in_len, 32);
	CHECK_EQ(get_unaligned_be64(fake_in()), FAKE_BLOCKS - 1);
	CHECK_EQ(get_unaligned_be32(fake_in() + 8), BS);
	CHECK(!memcmp(fake_in() + 12, zero, 20));
	fake_end();

	fake.vol.nr_blocks = (1ULL << 32) + 1;
	fake_run(rc10, DIR_IN, 8, NULL);
	CHECK_EQ(get_unaligned_be32(fake_in()), U32_MAX);
	fake_end();
	fake_run(rc16, DIR_IN, 32, NULL);
	CHECK_EQ(get_unaligned_be64(fake_in()), 1ULL << 32);
	fake_end();
}

/* of two initiators of a writable unit, one may not write */
static void read_only_initiator(void)
{
	static const u8 write[16] = { 0x2a, [8] = 1 };
	static const u8 read[16] = { 0x28, [8] = 1 };
	static const u8 sense[16] = { 0x1a, 0, 0x3f, 0, 255 };
	static const u8 select[16] = { 0x15, 0x10, 0, 0, 24 };
	u8 data[512] = {};

	fake_init();
	fake.itl.read_only = true;
	fake_run(write, DIR_OUT, 512, data);
	CHECK_EQ(fake.s.status, SAM_STAT_CHECK_CONDITION);
	CHECK_EQ(fake_asc(), IET_ASC_WRITE_PROTECTED);
	CHECK_EQ(fake.nr_io, 0);
	fake_end();
	fake_run(read, DIR_IN, 512, NULL);
	CHECK_EQ(fake.s.status, SAM_STAT_GOOD);
	fake_end();
	fake_run(sense, DIR_IN, 255, NULL);
	CHECK_EQ(fake_in()[2] & 0x80, 0x80);
	fake_end();
	fake_run(select, DIR_OUT, 24, data);
	CHECK_EQ(fake_asc(), IET_ASC_WRITE_PROTECTED);
	fake_end();

	fake.itl.read_only = false;
	fake_run(write, DIR_OUT, 512, data);
	CHECK_EQ(fake.s.status, SAM_STAT_GOOD);
	fake_end();
	fake_run(sense, DIR_IN, 255, NULL);
	CHECK_EQ(fake_in()[2] & 0x80, 0);
	fake_end();
}

/* somebody makes the file larger or smaller: who looks sees, and all are told */
static void size_changes(void)
{
	static const u8 ready[16];
	static const u8 capacity[16] = { 0x25 };
	static const u8 read[16] = { 0x28, [4] = FAKE_BLOCKS >> 8, [8] = 1 };

	fake_init();
	fake.size = FAKE_BLOCKS / 2;
	fake_run(ready, DIR_NONE, 0, NULL);
	CHECK_EQ(fake_asc(), IET_ASC_CAPACITY_CHANGED);
	CHECK_EQ(fake.vol.nr_blocks, FAKE_BLOCKS / 2);
	fake_end();
	fake.size = FAKE_BLOCKS;
	fake_run(capacity, DIR_IN, 8, NULL);
	CHECK_EQ(fake_asc(), IET_ASC_CAPACITY_CHANGED);
	fake_end();
	fake_run(capacity, DIR_IN, 8, NULL);
	CHECK_EQ(fake.s.status, SAM_STAT_GOOD);
	CHECK_EQ(get_unaligned_be32(fake_in()), FAKE_BLOCKS - 1);
	fake_end();

	/* what is beyond the end, until there is more */
	fake_run(read, DIR_IN, 512, NULL);
	CHECK_EQ(fake_asc(), IET_ASC_LBA_OUT_OF_RANGE);
	CHECK_EQ(fake.itl.nr_ua, 0);
	fake_end();
	fake.size = FAKE_BLOCKS / 2;
	fake_run(read, DIR_IN, 512, NULL);
	CHECK_EQ(fake_asc(), IET_ASC_LBA_OUT_OF_RANGE);
	CHECK_EQ(fake.itl.nr_ua, 1);
	fake_end();
	/* a size that can't be told is no size */
	fake.itl.nr_ua = 0;
	fake.size = 0;
	fake_run(ready, DIR_NONE, 0, NULL);
	CHECK_EQ(fake.s.status, SAM_STAT_GOOD);
	fake_end();
}

/* An ORDERED task waits for whatever runs; who asks for no block does not. */
static void ordered(void)
{
	static const u8 read[16] = { 0x28, [8] = 1 };
	static const u8 sync[16] = { 0x35 }, ready[16] = { 0 };
	static const u8 inquiry[16] = { 0x12, [4] = 36 };
	static const u8 keys[16] = { 0x5e, [8] = 8 };
	const struct {
		const u8 *cdb;
		enum fake_dir dir;
		u32 len;
		bool waits;
	} rows[] = {
		{ read, DIR_IN, 512, true },  { sync, DIR_NONE, 0, true },
		{ ready, DIR_NONE, 0, true }, { inquiry, DIR_IN, 36, false },
		{ keys, DIR_IN, 8, false },
	};
	struct iet_span held = { .first = 900, .end = 901 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		u8 attr;

		for (attr = ISCSI_ATTR_UNTAGGED;
		     attr <= ISCSI_ATTR_HEAD_OF_QUEUE; attr++) {
			bool waits = rows[i].waits &&
				     attr == ISCSI_ATTR_ORDERED;

			fake_init();
			CHECK(iet_span_lock(&fake.vol.spans, &held));
			fake.s.attr = attr;
			/* which asserts that the command waits */
			fake.held = waits ? &held : NULL;
			fake_run(rows[i].cdb, rows[i].dir, rows[i].len, NULL);
			CHECK_EQ(fake.s.status, 0);
			if (!waits)
				iet_span_unlock(&fake.vol.spans, &held);
			fake_end();
		}
	}
}

/* What comes after an ORDERED task waits for it, but for what is asked always. */
static void after_ordered(void)
{
	static const u8 read[16] = { 0x28, [8] = 1 };
	static const u8 sync[16] = { 0x35 }, ready[16] = { 0 };
	static const u8 mode[16] = { 0x1a, 8, 0x3f, 0, 255 };
	static const u8 keys[16] = { 0x5e, [8] = 8 };
	const struct {
		const u8 *cdb;
		enum fake_dir dir;
		u32 len;
		bool waits;
	} rows[] = {
		{ read, DIR_IN, 512, true }, { sync, DIR_NONE, 0, true },
		{ mode, DIR_IN, 255, true }, { ready, DIR_NONE, 0, false },
		{ keys, DIR_IN, 8, false },
	};
	struct iet_span held = { .first = 900, .end = 901, .ordered = true };
	unsigned int i, j;
	bool waits;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		/* j: 1: HEAD OF QUEUE, 2: a task set of its own */
		for (j = 0; j < 3; j++) {
			fake_init();
			held.set = j == 2 ? &held : NULL;
			fake.vol.mode.tst = j == 2;
			CHECK(iet_span_lock(&fake.vol.spans, &held));
			fake.s.attr = j == 1 ? ISCSI_ATTR_HEAD_OF_QUEUE :
					       ISCSI_ATTR_SIMPLE;
			waits = rows[i].waits && !j;
			fake.held = waits ? &held : NULL;
			fake_run(rows[i].cdb, rows[i].dir, rows[i].len, NULL);
			CHECK_EQ(fake.s.status, 0);
			if (!waits)
				iet_span_unlock(&fake.vol.spans, &held);
			fake_end();
		}
	}
}

int main(void)
{
	ktap_run(checks);
	ktap_run(too_long);
	ktap_run(read_lengths);
	ktap_run(both_directions);
	ktap_run(write_lengths);
	ktap_run(all_sizes_of_cdb);
	ktap_run(cache);
	ktap_run(verify);
	ktap_run(verify_one);
	ktap_run(cdbs_of_32_bytes);
	ktap_run(write_atomic);
	ktap_run(write_and_verify);
	ktap_run(bad_blocks);
	ktap_run(bad_block_not_found);
	ktap_run(errors);
	ktap_run(flush_error_before_read);
	ktap_run(no_memory);
	ktap_run(no_direction);
	ktap_run(over_budget);
	ktap_run(beside_data);
	ktap_run(no_unit);
	ktap_run(well_known_unit);
	ktap_run(unit_attention);
	ktap_run(unit_attention_is_not_lost);
	ktap_run(busy_for_orphans);
	ktap_run(capacity);
	ktap_run(read_only_initiator);
	ktap_run(size_changes);
	ktap_run(ordered);
	ktap_run(after_ordered);
	return ktap_done();
}
