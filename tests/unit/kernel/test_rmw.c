// SPDX-License-Identifier: GPL-2.0-only
/* COMPARE AND WRITE, ORWRITE, and the small commands beside them */
#include <scsi/scsi_proto.h>

#include "fake_device.h"
#include "ktap.h"

#define BS (1 << FAKE_SHIFT)

static u8 out[2 * 255 * BS];
static u8 before_it[FAKE_BYTES];

static u16 result(void)
{
	return fake.s.status ? fake_asc() : 0;
}

/* The Data-Out is what is there, and what is to be: all 0x99. */
static void set_up(u64 lba, u8 nr)
{
	fake_init();
	memcpy(before_it, fake.medium, FAKE_BYTES);
	memcpy(out, fake.medium + lba * BS, nr * BS);
	memset(out + nr * BS, 0x99, nr * BS);
}

static void compare_write(u8 flags, u64 lba, u8 nr, u32 edtl)
{
	static u8 cdb[16];

	memset(cdb, 0, sizeof(cdb));
	cdb[0] = 0x89;
	cdb[1] = flags;
	put_unaligned_be64(lba, cdb + 2);
	cdb[13] = nr;
	fake_run(cdb, edtl ? DIR_OUT : DIR_NONE, edtl, out);
}

static void equal(void)
{
	unsigned int nr;

	for (nr = 1; nr < 256; nr += 127) {
		set_up(3, nr);
		compare_write(0, 3, nr, 2 * nr * BS);
		CHECK_EQ(result(), 0);
		CHECK(!memchr_inv(fake.medium + 3 * BS, 0x99, nr * BS));
		CHECK(!memcmp(fake.medium, before_it, 3 * BS));
		CHECK(!memcmp(fake.medium + (3 + nr) * BS,
			      before_it + (3 + nr) * BS,
			      FAKE_BYTES - (3 + nr) * BS));
		CHECK_EQ(fake.io[1].flags, IET_IO_FUA);
		fake_end();
	}
	set_up(3, 1);
	fake.vol.mode.wce = true;
	compare_write(0x10, 3, 1, 2 * BS);
	CHECK_EQ(fake.io[1].flags, 0);
	fake_end();
	compare_write(0x08, 3, 1, 2 * BS);
	CHECK_EQ(result(), IET_ASC_MISCOMPARE);
	fake_end();
}

static void differs(void)
{
	static const u32 where[] = { 0, 1, BS - 1, BS, 3 * BS + 77, 4 * BS - 1 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(where); i++) {
		set_up(9, 4);
		out[where[i]] ^= 1;
		compare_write(0, 9, 4, 8 * BS);
		CHECK_EQ(result(), IET_ASC_MISCOMPARE);
		CHECK_EQ(fake.s.sense[2], MISCOMPARE);
		CHECK_EQ(get_unaligned_be32(fake.s.sense + 3), where[i]);
		CHECK_EQ(fake.nr_io, 1);
		CHECK(!memcmp(fake.medium, before_it, FAKE_BYTES));
		fake_end();
	}
}

static void refused(void)
{
	static const struct {
		const char *name;
		u8 flags;
		u64 lba;
		u8 nr;
		u32 edtl;
		u16 asc;
	} rows[] = {
		{ "nothing", 0, 5, 0, 0, 0 },
		{ "no data", 0, 5, 1, 0, IET_ASC_INVALID_FIELD_IN_CDB },
		{ "half of the data", 0, 5, 2, 2 * BS,
		  IET_ASC_INVALID_FIELD_IN_CDB },
		{ "too much data", 0, 5, 1, 4 * BS,
		  IET_ASC_INVALID_FIELD_IN_CDB },
		{ "data for nothing", 0, 5, 0, BS,
		  IET_ASC_INVALID_FIELD_IN_CDB },
		{ "behind the end", 0, FAKE_BLOCKS - 1, 2, 4 * BS,
		  IET_ASC_LBA_OUT_OF_RANGE },
		{ "WRPROTECT", 0x20, 5, 1, 2 * BS,
		  IET_ASC_INVALID_FIELD_IN_CDB },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bool before = ktap_ok;

		set_up(5, 4);
		compare_write(rows[i].flags, rows[i].lba, rows[i].nr,
			      rows[i].edtl);
		CHECK_EQ(result(), rows[i].asc);
		CHECK_EQ(fake.nr_io, 0);
		fake_end();
		CHECK_ROW(rows[i].name, before);
	}
}

static void errors(void)
{
	set_up(5, 1);
	fake.fail_with = -EIO;
	compare_write(0, 5, 1, 2 * BS);
	CHECK_EQ(result(), IET_ASC_READ_ERROR);
	fake_end();
	fake.fail_at = 1;
	compare_write(0, 5, 1, 2 * BS);
	CHECK_EQ(result(), IET_ASC_WRITE_ERROR);
	fake_end();
}

static void no_memory(void)
{
	unsigned int n;

	for (n = 1; n < 4; n++) {
		set_up(5, 1);
		shim_no_memory = n;
		compare_write(0, 5, 1, 2 * BS);
		CHECK_EQ(result(), 0);
		fake_end();
	}
}

/* It waits for those who touch its blocks, and those wait for it. */
static void atomic(void)
{
	static const u8 read[16] = { 0x28, [5] = 5, 0, 0, 1 };
	struct iet_span held = { .first = 4, .end = 6 };

	set_up(5, 1);
	CHECK(iet_span_lock(&fake.vol.spans, &held));
	fake.held = &held;
	compare_write(0, 5, 1, 2 * BS);
	CHECK_EQ(result(), 0);
	CHECK(!memchr_inv(fake.medium + 5 * BS, 0x99, BS));
	fake_end();

	held.excl = true;
	CHECK(iet_span_lock(&fake.vol.spans, &held));
	fake_run(read, DIR_IN, BS, NULL);
	CHECK(!memcmp(fake_in(), out + BS, BS));
	fake_end();

	/* what is aborted while it waits does nothing */
	CHECK(iet_span_lock(&fake.vol.spans, &held));
	fake.abort = true;
	compare_write(0, 5, 1, 2 * BS);
	CHECK_EQ(fake.s.status, SAM_STAT_TASK_ABORTED);
	CHECK_EQ(fake.nr_io, 0);
	fake_end();
}

static void orwrite(void)
{
	static const u8 cdb[16] = { 0x8b, [9] = 7, [13] = 3 };
	unsigned int i;

	set_up(7, 0);
	for (i = 0; i < 3 * BS; i++)
		out[i] = i * 31;
	fake_run(cdb, DIR_OUT, 3 * BS, out);
	CHECK_EQ(result(), 0);
	for (i = 0; i < 3 * BS; i++)
		CHECK_EQ(fake.medium[7 * BS + i],
			 before_it[7 * BS + i] | out[i]);
	CHECK(!memcmp(fake.medium + 10 * BS, before_it + 10 * BS, BS));
	fake_end();
}

static void prefetch(void)
{
	static const u8 some[16] = { 0x34, 2, [5] = 7, [8] = 3 };
	static const u8 rest[16] = { 0x90, [9] = 7 };

	set_up(0, 0);
	fake_run(some, DIR_NONE, 0, NULL);
	CHECK_EQ(result(), 0);
	CHECK_EQ(fake.io[0].op, IET_IO_PREFETCH);
	CHECK_EQ(fake.io[0].pos, 7 * BS);
	CHECK_EQ(fake.io[0].len, 3 * BS);
	fake_end();
	fake_run(rest, DIR_NONE, 0, NULL);
	CHECK_EQ(fake.io[0].len, FAKE_BYTES - 7 * BS);
	fake_end();
}

static void defects(void)
{
	static const u8 ten[16] = { 0x37, 0, 0x1d, [8] = 255 };
	static const u8 twelve[16] = { 0xb7, 0x1d, [9] = 255 };

	set_up(0, 0);
	fake_run(ten, DIR_IN, 255, NULL);
	CHECK_EQ(fake.s.in_len, 4);
	CHECK_EQ(fake_in()[1], 0x1d);
	CHECK_EQ(get_unaligned_be16(fake_in() + 2), 0);
	fake_end();
	fake_run(twelve, DIR_IN, 255, NULL);
	CHECK_EQ(fake.s.in_len, 8);
	CHECK_EQ(fake_in()[1], 0x1d);
	CHECK_EQ(get_unaligned_be32(fake_in() + 4), 0);
	fake_end();
}

static void diagnostic(void)
{
	static const u8 nothing[16] = { 0x1d, 0x10 };
	static const u8 self_test[16] = { 0x1d, 0x04 };

	set_up(0, 0);
	fake_run(nothing, DIR_NONE, 0, NULL);
	CHECK_EQ(result(), 0);
	CHECK_EQ(fake.nr_io, 0);
	fake_end();
	fake_run(self_test, DIR_NONE, 0, NULL);
	CHECK_EQ(result(), 0);
	CHECK_EQ(fake.io[0].op, IET_IO_READ);
	fake_end();
	fake.fail_with = -EIO;
	fake_run(self_test, DIR_NONE, 0, NULL);
	CHECK_EQ(result(), IET_ASC_SELF_TEST_FAILED);
	fake_end();
}

static void task_management(void)
{
	static const u8 basic[16] = { 0xa3, 0x0d, [9] = 255 };
	static const u8 extended[16] = { 0xa3, 0x0d, 0x80, [9] = 255 };

	set_up(0, 0);
	fake.nexus.tmfs[0] = 0xda;
	fake.nexus.tmfs[1] = 0x07;
	fake_run(basic, DIR_IN, 255, NULL);
	CHECK_EQ(fake.s.in_len, 4);
	CHECK_EQ(fake_in()[0], 0xda);
	CHECK_EQ(fake_in()[1], 0x07);
	CHECK_EQ(fake_in()[3], 0);
	fake_end();
	fake_run(extended, DIR_IN, 255, NULL);
	CHECK_EQ(fake.s.in_len, 16);
	CHECK_EQ(fake_in()[3], 12);
	fake_end();
}

int main(void)
{
	ktap_run(equal);
	ktap_run(differs);
	ktap_run(refused);
	ktap_run(errors);
	ktap_run(no_memory);
	ktap_run(atomic);
	ktap_run(orwrite);
	ktap_run(prefetch);
	ktap_run(defects);
	ktap_run(diagnostic);
	ktap_run(task_management);
	return ktap_done();
}
