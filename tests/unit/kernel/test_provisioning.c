// SPDX-License-Identifier: GPL-2.0-only
/* thin provisioning: UNMAP, GET LBA STATUS, WRITE SAME, what VPD says of it */
#include <scsi/scsi_proto.h>

#include "fake_device.h"
#include "ktap.h"

#define BS (1 << FAKE_SHIFT)
#define CHUNK (256 << 10)
#define QUARTER (FAKE_BLOCKS / 4)

static void set_up(void)
{
	fake_init();
	fake.vol.thin = true;
}

static u16 result(void)
{
	return fake.s.status ? fake_asc() : 0;
}

static bool is_filled(u64 lba, u64 nr, u8 with)
{
	return !memchr_inv(fake.medium + lba * BS, with, nr * BS);
}

/* --- UNMAP --- */

static u8 list[8 + 300 * 16];

static void put_descriptor(unsigned int i, u64 lba, u32 nr)
{
	put_unaligned_be64(lba, list + 8 + i * 16);
	put_unaligned_be32(nr, list + 8 + i * 16 + 8);
}

static void run_unmap(u16 data_len, u16 desc_len, u16 param_len)
{
	static u8 cdb[16];

	memset(cdb, 0, sizeof(cdb));
	cdb[0] = 0x42;
	put_unaligned_be16(param_len, cdb + 7);
	put_unaligned_be16(data_len, list);
	put_unaligned_be16(desc_len, list + 2);
	fake_run(cdb, DIR_OUT, param_len, list);
}

static void unmap(void)
{
	set_up();
	memset(fake.medium, 0xaa, FAKE_BYTES);
	put_descriptor(0, 3, 2);
	put_descriptor(1, 7, 0);
	put_descriptor(2, FAKE_BLOCKS, 0);
	put_descriptor(3, FAKE_BLOCKS - 1, 1);
	run_unmap(6 + 64, 64, 8 + 64);
	CHECK_EQ(result(), 0);
	CHECK_EQ(fake.nr_io, 3);
	CHECK_EQ(fake.io[0].op, IET_IO_DISCARD);
	CHECK_EQ(fake.io[0].flags, 0);
	CHECK_EQ(fake.io[1].op, IET_IO_DISCARD);
	CHECK_EQ(fake.io[2].op, IET_IO_FLUSH);
	CHECK_EQ(fake.io[2].pos, 3 * BS);
	CHECK_EQ(fake.io[2].len, (FAKE_BLOCKS - 3) * BS);
	CHECK(is_filled(0, 3, 0xaa) && is_filled(3, 2, 0));
	CHECK(is_filled(5, FAKE_BLOCKS - 6, 0xaa));
	CHECK(is_filled(FAKE_BLOCKS - 1, 1, 0));
	fake_end();
	run_unmap(6 + 16, 16, 8 + 16);
	CHECK_EQ(fake.nr_io, 1);
	CHECK_EQ(fake.io[0].flags, IET_IO_FUA);
	fake_end();
	fake.vol.mode.wce = true;
	run_unmap(6 + 64, 64, 8 + 64);
	CHECK_EQ(fake.nr_io, 2);
	CHECK_EQ(fake.io[0].flags, 0);
	fake_end();
}

#define STEP (IET_ZEROES_MAX / BS)

static void set_up_huge(void)
{
	set_up();
	fake.huge = true;
	fake.vol.nr_blocks = 1ULL << 40;
}

static void check_io(unsigned int i, enum iet_io_op op, u32 flags, u64 lba,
		     u64 nr)
{
	CHECK_EQ(fake.io[i].op, op);
	CHECK_EQ(fake.io[i].flags, flags);
	CHECK_EQ(fake.io[i].pos, lba * BS);
	CHECK_EQ(fake.io[i].len, nr * BS);
}

/* what is large is done in steps, and made stable at the end */
static void unmap_steps(void)
{
	set_up_huge();
	put_descriptor(0, 1ULL << 33, 2 * STEP + 1);
	put_descriptor(1, 7, STEP);
	run_unmap(6 + 32, 32, 8 + 32);
	CHECK_EQ(result(), 0);
	CHECK_EQ(fake.nr_io, 5);
	check_io(0, IET_IO_DISCARD, 0, 1ULL << 33, STEP);
	check_io(1, IET_IO_DISCARD, 0, (1ULL << 33) + STEP, STEP);
	check_io(2, IET_IO_DISCARD, 0, (1ULL << 33) + 2 * STEP, 1);
	check_io(3, IET_IO_DISCARD, 0, 7, STEP);
	check_io(4, IET_IO_FLUSH, 0, 7, (1ULL << 33) + 2 * STEP + 1 - 7);
	fake_end();
	put_descriptor(0, 7, STEP);
	run_unmap(6 + 16, 16, 8 + 16);
	CHECK_EQ(fake.nr_io, 1);
	check_io(0, IET_IO_DISCARD, IET_IO_FUA, 7, STEP);
	fake_end();
}

static void abort_at_second(unsigned int nr)
{
	fake.s.aborted = nr >= 1;
}

/* ... which end with an abort */
static void unmap_aborted(void)
{
	set_up_huge();
	fake.before_io = abort_at_second;
	put_descriptor(0, 0, 4 * STEP);
	run_unmap(6 + 16, 16, 8 + 16);
	CHECK_EQ(fake.s.status, SAM_STAT_TASK_ABORTED);
	CHECK_EQ(fake.nr_io, 2);
	fake_end();
	put_descriptor(0, 0, 2 * STEP);
	run_unmap(6 + 16, 16, 8 + 16);
	CHECK_EQ(fake.nr_io, 3);
	CHECK_EQ(fake.s.status, 0);
	fake_end();
}

static void unmap_lists(void)
{
	static const struct {
		const char *name;
		u16 data_len, desc_len, param_len;
		u16 asc;
		u8 nr_io;
	} rows[] = {
		{ "no list", 0, 0, 0, 0, 0 },
		{ "half a header", 0, 0, 7, IET_ASC_PARAM_LENGTH },
		{ "nothing in it", 6, 0, 8, 0, 0 },
		{ "one", 22, 16, 24, 0, 1 },
		{ "the last is not whole", 37, 31, 39, 0, 1 },
		{ "more than has come", 38, 32, 24, IET_ASC_PARAM_LENGTH },
		{ "more has come than is in it", 22, 16, 72, 0, 1 },
		{ "lengths that differ", 21, 16, 24,
		  IET_ASC_INVALID_FIELD_IN_PARAM },
		{ "as many as there may be", 6 + 4096, 4096, 8 + 4096, 0, 1 },
		{ "one more", 6 + 4112, 4112, 8 + 4112,
		  IET_ASC_INVALID_FIELD_IN_PARAM },
	};
	unsigned int i;

	memset(list, 0, sizeof(list));
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bool before = ktap_ok;

		set_up();
		put_descriptor(0, 1, 1);
		run_unmap(rows[i].data_len, rows[i].desc_len,
			  rows[i].param_len);
		CHECK_EQ(result(), rows[i].asc);
		CHECK_EQ(fake.nr_io, rows[i].asc ? 0 : rows[i].nr_io);
		fake_end();
		CHECK_ROW(rows[i].name, before);
	}
}

/* nothing is unmapped if one range is bad */
static void unmap_ranges(void)
{
	static const struct {
		const char *name;
		u64 lba;
		u32 nr;
	} rows[] = {
		{ "one too many", FAKE_BLOCKS - 1, 2 },
		{ "behind the end", FAKE_BLOCKS, 1 },
		{ "behind the end, none", FAKE_BLOCKS + 1, 0 },
		{ "wraps", U64_MAX, 2 },
		{ "all ones", U64_MAX, U32_MAX },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bool before = ktap_ok;

		set_up();
		put_descriptor(0, 0, 1);
		put_descriptor(1, rows[i].lba, rows[i].nr);
		run_unmap(6 + 32, 32, 8 + 32);
		CHECK_EQ(result(), IET_ASC_LBA_OUT_OF_RANGE);
		CHECK_EQ(fake.nr_io, 0);
		fake_end();
		CHECK_ROW(rows[i].name, before);
	}
}

static void unmap_fails(void)
{
	set_up();
	put_descriptor(0, 5, 1);
	put_descriptor(1, 9, 1);
	put_descriptor(2, 11, 1);
	fake.fail_with = -EIO;
	fake.fail_at = 1;
	run_unmap(6 + 48, 48, 8 + 48);
	CHECK_EQ(result(), IET_ASC_WRITE_ERROR);
	CHECK_EQ(get_unaligned_be32(fake.s.sense + 3), 9);
	CHECK_EQ(fake.nr_io, 2);
	fake_end();
	fake_init();
	run_unmap(6 + 48, 48, 8 + 48);
	CHECK_EQ(result(), IET_ASC_INVALID_OPCODE);
	fake_end();
	set_up();
	fake.vol.iomode = IET_IOMODE_RO;
	run_unmap(6 + 48, 48, 8 + 48);
	CHECK_EQ(result(), IET_ASC_WRITE_PROTECTED);
	fake_end();
}

static void unmap_without_memory(void)
{
	set_up();
	put_descriptor(0, 5, 1);
	shim_no_memory = 1;
	run_unmap(6 + 16, 16, 8 + 16);
	CHECK_EQ(result(), 0);
	CHECK_EQ(fake.nr_io, 1);
	fake_end();
}

/* --- GET LBA STATUS --- */

static const u8 *lba_status(u64 lba, u32 alloc)
{
	static u8 cdb[16];

	memset(cdb, 0, sizeof(cdb));
	cdb[0] = 0x9e;
	cdb[1] = 0x12;
	put_unaligned_be64(lba, cdb + 2);
	put_unaligned_be32(alloc, cdb + 10);
	fake_run(cdb, DIR_IN, alloc, NULL);
	return fake_in();
}

static void lba_status_data(void)
{
	unsigned int i;
	const u8 *d;

	set_up();
	d = lba_status(10, 1000);
	CHECK_EQ(fake.s.in_len, 8 + 4 * 16);
	CHECK_EQ(get_unaligned_be32(d), 4 + 4 * 16);
	for (i = 0, d += 8; i < 4; i++, d += 16) {
		CHECK_EQ(get_unaligned_be64(d), i ? i * QUARTER : 10);
		CHECK_EQ(get_unaligned_be32(d + 8), QUARTER - (i ? 0 : 10));
		CHECK_EQ(d[12], !(i & 1));
	}
	fake_end();
	for (i = 0; i < 80; i++) {
		lba_status(0, i);
		CHECK_EQ(fake.s.in_len, i < 72 ? i : 72);
		fake_end();
	}
	lba_status(FAKE_BLOCKS - 1, 24);
	CHECK_EQ(fake.s.in_len, 24);
	fake_end();
}

static void lba_status_refused(void)
{
	set_up();
	lba_status(FAKE_BLOCKS, 24);
	CHECK_EQ(result(), IET_ASC_LBA_OUT_OF_RANGE);
	fake_end();
	lba_status(U64_MAX, 24);
	CHECK_EQ(result(), IET_ASC_LBA_OUT_OF_RANGE);
	fake_end();
	fake.fail_with = -EIO;
	lba_status(0, 24);
	CHECK_EQ(fake.s.status, SAM_STAT_CHECK_CONDITION);
	CHECK_EQ(fake.s.in_len, 0);
	fake_end();
}

/* --- WRITE SAME --- */

static u8 block[BS];

static void write_same(u8 opcode, u8 flags, u64 lba, u32 nr, u32 edtl)
{
	static u8 cdb[16];

	memset(cdb, 0, sizeof(cdb));
	cdb[0] = opcode;
	cdb[1] = flags;
	if (opcode == 0x41) {
		put_unaligned_be32(lba, cdb + 2);
		put_unaligned_be16(nr, cdb + 7);
	} else {
		put_unaligned_be64(lba, cdb + 2);
		put_unaligned_be32(nr, cdb + 10);
	}
	fake_run(cdb, edtl ? DIR_OUT : DIR_NONE, edtl, block);
}

static void write_same_data(void)
{
	set_up();
	memset(block, 0x5a, sizeof(block));
	write_same(0x41, 0, 5, 3, BS);
	CHECK_EQ(result(), 0);
	CHECK(is_filled(5, 3, 0x5a) && !is_filled(4, 1, 0x5a) &&
	      !is_filled(8, 1, 0x5a));
	CHECK_EQ(fake.nr_io, 1);
	CHECK_EQ(fake.io[0].flags, IET_IO_FUA);
	fake_end();
	/* to the end, in chunks */
	write_same(0x93, 0, 1, 0, BS);
	CHECK(is_filled(1, FAKE_BLOCKS - 1, 0x5a));
	CHECK_EQ(fake.nr_io, 2);
	CHECK_EQ(fake.io[0].len, CHUNK);
	CHECK_EQ(fake.io[1].len, FAKE_BYTES - BS - CHUNK);
	fake_end();
	fake.fail_with = -ENOSPC;
	fake.fail_at = 1;
	write_same(0x93, 0, 1, 0, BS);
	CHECK_EQ(result(), IET_ASC_SPACE_ALLOC_FAILED);
	fake_end();
}

static void write_same_zeroes(void)
{
	set_up();
	memset(block, 0, sizeof(block));
	write_same(0x41, 0, 5, 3, BS);
	CHECK_EQ(fake.nr_io, 1);
	CHECK_EQ(fake.io[0].op, IET_IO_WRITE_ZEROES);
	CHECK_EQ(fake.io[0].flags, IET_IO_FUA);
	CHECK_EQ(fake.io[0].len, 3 * BS);
	fake_end();
	fake.vol.mode.wce = true;
	write_same(0x93, 0x08, 5, 0, BS);
	CHECK_EQ(fake.io[0].op, IET_IO_WRITE_ZEROES);
	CHECK_EQ(fake.io[0].flags, IET_IO_UNMAP);
	CHECK_EQ(fake.io[0].len, FAKE_BYTES - 5 * BS);
	fake_end();
	write_same(0x93, 0x09, 5, 7, 0);
	CHECK_EQ(result(), 0);
	CHECK_EQ(fake.io[0].flags, IET_IO_UNMAP);
	CHECK_EQ(fake.io[0].len, 7 * BS);
	fake_end();
	/* what is to be unmapped but not zero is written */
	block[BS - 1] = 1;
	write_same(0x93, 0x08, 5, 7, BS);
	CHECK_EQ(fake.io[0].op, IET_IO_WRITE);
	CHECK_EQ(fake.medium[6 * BS - 1], 1);
	fake_end();
}

/* many zeroes are written in steps, too */
static void write_same_steps(void)
{
	u32 nr = 2 * STEP + 5;

	set_up_huge();
	memset(block, 0, sizeof(block));
	write_same(0x93, 0x08, 1ULL << 33, nr, BS);
	CHECK_EQ(result(), 0);
	CHECK_EQ(fake.nr_io, 4);
	check_io(0, IET_IO_WRITE_ZEROES, IET_IO_UNMAP, 1ULL << 33, STEP);
	check_io(2, IET_IO_WRITE_ZEROES, IET_IO_UNMAP, (1ULL << 33) + 2 * STEP,
		 5);
	check_io(3, IET_IO_FLUSH, 0, 1ULL << 33, nr);
	fake_end();
	fake.vol.mode.wce = true;
	write_same(0x93, 0x09, 3, nr, 0);
	CHECK_EQ(fake.nr_io, 3);
	fake_end();
	fake.before_io = abort_at_second;
	write_same(0x93, 0x01, 3, nr, 0);
	CHECK_EQ(fake.s.status, SAM_STAT_TASK_ABORTED);
	CHECK_EQ(fake.nr_io, 2);
	fake_end();
}

/* what is anchored is zero, and has its space */
static void anchor(void)
{
	static const u8 opcodes[] = { 0x41, 0x93 };
	u8 cdb[16] = { 0x42, 0x01, [8] = 8 + 16 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(opcodes); i++) {
		set_up();
		memset(block, 0, sizeof(block));
		write_same(opcodes[i], 0x18, 5, 3, BS);
		CHECK_EQ(result(), 0);
		CHECK_EQ(fake.nr_io, 1);
		CHECK_EQ(fake.io[0].op, IET_IO_WRITE_ZEROES);
		CHECK_EQ(fake.io[0].flags, IET_IO_FUA);
		fake_end();
	}
	set_up();
	put_descriptor(0, 3, 2);
	put_unaligned_be16(6 + 16, list);
	put_unaligned_be16(16, list + 2);
	fake_run(cdb, DIR_OUT, 8 + 16, list);
	CHECK_EQ(result(), 0);
	CHECK_EQ(fake.nr_io, 1);
	CHECK_EQ(fake.io[0].op, IET_IO_WRITE_ZEROES);
	CHECK_EQ(fake.io[0].flags, IET_IO_FUA);
	CHECK(is_filled(3, 2, 0));
	fake_end();
}

static void write_same_refused(void)
{
	static const struct {
		const char *name;
		u8 opcode, flags;
		u64 lba;
		u32 nr, edtl;
		u16 asc;
	} rows[] = {
		{ "too little data", 0x41, 0, 0, 1, BS - 1,
		  IET_ASC_INVALID_FIELD_IN_CDB },
		{ "too much data", 0x93, 0, 0, 4, 4 * BS,
		  IET_ASC_INVALID_FIELD_IN_CDB },
		{ "no data", 0x93, 0, 0, 4, 0, IET_ASC_INVALID_FIELD_IN_CDB },
		{ "data in spite of NDOB", 0x93, 1, 0, 4, BS,
		  IET_ASC_INVALID_FIELD_IN_CDB },
		{ "NDOB in 10 bytes", 0x41, 1, 0, 4, 0,
		  IET_ASC_INVALID_FIELD_IN_CDB },
		{ "ANCHOR without UNMAP", 0x93, 0x10, 0, 4, BS,
		  IET_ASC_INVALID_FIELD_IN_CDB },
		{ "the same in 10 bytes", 0x41, 0x10, 0, 4, BS,
		  IET_ASC_INVALID_FIELD_IN_CDB },
		{ "WRPROTECT", 0x93, 0x20, 0, 4, BS,
		  IET_ASC_INVALID_FIELD_IN_CDB },
		{ "one too many", 0x93, 0, FAKE_BLOCKS - 1, 2, BS,
		  IET_ASC_LBA_OUT_OF_RANGE },
		{ "to the end from behind it", 0x93, 0, FAKE_BLOCKS, 0, BS,
		  IET_ASC_LBA_OUT_OF_RANGE },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bool before = ktap_ok;
		static u8 data[4 * BS];

		set_up();
		memcpy(data, block, sizeof(block));
		write_same(rows[i].opcode, rows[i].flags, rows[i].lba,
			   rows[i].nr, min(rows[i].edtl, (u32)BS));
		fake_end();
		if (rows[i].edtl > BS) {
			u8 cdb[16] = { rows[i].opcode, [13] = rows[i].nr };

			fake_run(cdb, DIR_OUT, rows[i].edtl, data);
			CHECK_EQ(result(), rows[i].asc);
			fake_end();
			continue;
		}
		write_same(rows[i].opcode, rows[i].flags, rows[i].lba,
			   rows[i].nr, rows[i].edtl);
		CHECK_EQ(result(), rows[i].asc);
		CHECK_EQ(fake.nr_io, 0);
		fake_end();
		CHECK_ROW(rows[i].name, before);
	}
	fake_init();
	write_same(0x93, 0x08, 0, 1, BS);
	CHECK_EQ(result(), IET_ASC_INVALID_FIELD_IN_CDB);
	CHECK_EQ(fake.s.sense[17], 1);
	fake_end();
}

/* every allocation that fails is made up for by a worker */
static void write_same_without_memory(void)
{
	unsigned int n;

	memset(block, 0x77, sizeof(block));
	for (n = 1; n < 4; n++) {
		set_up();
		shim_no_memory = n;
		write_same(0x41, 0, 5, 3, BS);
		CHECK_EQ(result(), 0);
		CHECK(is_filled(5, 3, 0x77));
		fake_end();
	}
}

/* --- what is said of it --- */

static const u8 *inquiry(u8 page)
{
	static u8 cdb[16] = { 0x12, 1, 0, 0, 255 };

	cdb[2] = page;
	fake_run(cdb, DIR_IN, 255, NULL);
	return fake_in();
}

static void vpd(void)
{
	static const u8 cdb[16] = { 0x9e, 0x10, [13] = 32 };
	unsigned int thin;
	const u8 *d;

	for (thin = 0; thin < 2; thin++) {
		fake_init();
		fake.vol.thin = thin;
		fake.vol.unmap_granularity = 4096;
		d = inquiry(0xb0);
		CHECK_EQ(get_unaligned_be32(d + 20), thin ? U32_MAX : 0);
		CHECK_EQ(get_unaligned_be32(d + 24),
			 thin ? IET_UNMAP_DESCRIPTORS : 0);
		CHECK_EQ(get_unaligned_be32(d + 28), thin ? 8 : 0);
		fake_end();
		d = inquiry(0xb2);
		CHECK_EQ(d[5], thin ? 0xe6 : 0);
		CHECK_EQ(d[6], thin ? 2 : 0);
		fake_end();
		fake_run(cdb, DIR_IN, 32, NULL);
		CHECK_EQ(fake_in()[14], thin ? 0xc0 : 0);
		fake_end();
	}
}

int main(void)
{
	ktap_run(unmap);
	ktap_run(unmap_steps);
	ktap_run(unmap_aborted);
	ktap_run(unmap_lists);
	ktap_run(unmap_ranges);
	ktap_run(unmap_fails);
	ktap_run(unmap_without_memory);
	ktap_run(lba_status_data);
	ktap_run(lba_status_refused);
	ktap_run(write_same_data);
	ktap_run(write_same_zeroes);
	ktap_run(write_same_steps);
	ktap_run(anchor);
	ktap_run(write_same_refused);
	ktap_run(write_same_without_memory);
	ktap_run(vpd);
	return ktap_done();
}
