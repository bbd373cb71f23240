// SPDX-License-Identifier: GPL-2.0-only
/* SANITIZE and FORMAT UNIT: what is erased how, and the unit meanwhile */
#include <scsi/scsi_proto.h>

#include "fake_device.h"
#include "ktap.h"
#include "ready.h"

#define BS (1 << FAKE_SHIFT)
#define GOOD 0

static const u8 tur[16] = { 0x00 };
static const u8 block_erase[16] = { 0x48, 0x02 };
static const u8 crypto_erase[16] = { 0x48, 0x03 };
static const u8 crypto_immed[16] = { 0x48, 0x83 };
static const u8 crypto_ause[16] = { 0x48, 0x23 };
static const u8 exit_failure[16] = { 0x48, 0x1f };

static void set_up(void)
{
	fake_init();
	shim_dying = false;
	fake.vol.thin = true;
}

static u16 result(void)
{
	return fake.s.status ? fake_asc() : GOOD;
}

static void overwrite(u8 flags, const u8 *list, u16 len)
{
	u8 cdb[16] = { 0x48, 0x01 | flags, [7] = len >> 8, len };

	fake_run(cdb, DIR_OUT, len, list);
}

static u16 command(const u8 *cdb, enum fake_dir dir, u32 edtl)
{
	u16 asc;

	fake_run(cdb, dir, edtl, fake.medium);
	asc = result();
	iet_scsi_release(&fake.s);
	return asc;
}

static bool all_is(u8 byte)
{
	unsigned int i;

	for (i = 0; i < FAKE_BYTES; i++)
		if (fake.medium[i] != byte)
			return false;
	return true;
}

/* the pattern begins anew in each block, and is inverted by each pass */
static void patterns(void)
{
	static const struct {
		const char *name;
		u8 list[9];
		u8 len;
		u8 passes;
		u8 first, second, at_511, at_512;
	} rows[] = {
		{ "one byte",
		  { 1, 0, 0, 1, 0xaa },
		  5,
		  1,
		  0xaa,
		  0xaa,
		  0xaa,
		  0xaa },
		{ "three bytes", { 1, 0, 0, 3, 1, 2, 3 }, 7, 1, 1, 2, 2, 1 },
		{ "twice", { 2, 0, 0, 1, 0x55 }, 5, 2, 0x55, 0x55, 0x55, 0x55 },
		{ "twice, inverted",
		  { 0x82, 0, 0, 1, 0x55 },
		  5,
		  2,
		  0xaa,
		  0xaa,
		  0xaa,
		  0xaa },
		{ "31 times, inverted",
		  { 0x9f, 0, 0, 2, 0x0f, 0xff },
		  6,
		  31,
		  0x0f,
		  0xff,
		  0xff,
		  0x0f },
	};
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bool before = ktap_ok;

		set_up();
		overwrite(0, rows[i].list, rows[i].len);
		CHECK_EQ(result(), GOOD);
		CHECK_EQ(fake.medium[0], rows[i].first);
		CHECK_EQ(fake.medium[1], rows[i].second);
		CHECK_EQ(fake.medium[511], rows[i].at_511);
		CHECK_EQ(fake.medium[512], rows[i].at_512);
		CHECK_EQ(fake.medium[FAKE_BYTES - 1], rows[i].at_511);
		CHECK_EQ(fake.vol.condition, IET_READY);
		CHECK(!fake.vol.unmapped);
		/* a pass is written and flushed */
		CHECK_EQ(fake.nr_io, 2 * rows[i].passes);
		for (j = 0; j < fake.nr_io; j++)
			CHECK_EQ(fake.io[j].op,
				 j % 2 ? IET_IO_FLUSH : IET_IO_WRITE);
		fake_end();
		CHECK_ROW(rows[i].name, before);
	}
}

static void bad_lists(void)
{
	static const struct {
		const char *name;
		u8 list[4];
		u16 cdb_len, sent;
		u16 asc;
	} rows[] = {
		{ "none", { 1, 0, 0, 1 }, 0, 0, 0x2400 },
		{ "no pattern", { 1, 0, 0, 1 }, 4, 4, 0x2400 },
		{ "too long", { 1, 0, 2, 0 }, BS + 5, BS + 5, 0x2400 },
		{ "far too long", { 1, 0, 2, 0 }, 0xffff, 0xffff, 0x2400 },
		{ "longer than what is sent", { 1, 0, 0, 4 }, 8, 5, 0x1a00 },
		{ "nothing is sent", { 1, 0, 0, 4 }, 8, 0, 0x1a00 },
		{ "no pass", { 0, 0, 0, 1 }, 5, 5, 0x2600 },
		{ "TEST", { 0x21, 0, 0, 1 }, 5, 5, 0x2600 },
		{ "reserved", { 1, 1, 0, 1 }, 5, 5, 0x2600 },
		{ "pattern of none", { 1, 0, 0, 0 }, 5, 5, 0x2600 },
		{ "pattern longer than a block",
		  { 1, 0, 2, 1 },
		  BS + 4,
		  BS + 4,
		  0x2600 },
		{ "pattern longer than the list", { 1, 0, 0, 5 }, 8, 8, 0x1a00 },
	};
	static u8 list[0x10000];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		u8 cdb[16] = { 0x48, 1, [7] = rows[i].cdb_len >> 8,
			       rows[i].cdb_len };
		bool before = ktap_ok;

		set_up();
		memcpy(list, rows[i].list, 4);
		fake_run(cdb, rows[i].sent ? DIR_OUT : DIR_NONE, rows[i].sent,
			 list);
		CHECK_EQ(result(), rows[i].asc);
		CHECK_EQ(fake.s.sense[2], ILLEGAL_REQUEST);
		CHECK_EQ(fake.nr_io, 0);
		CHECK_EQ(fake.vol.condition, IET_READY);
		fake_end();
		CHECK_ROW(rows[i].name, before);
	}
}

static void erase_blocks(void)
{
	static const u8 status[16] = { 0x9e, 0x12, [13] = 24 };
	static const u8 write10[16] = { 0x2a, [8] = 1 };

	set_up();
	fake_run(block_erase, DIR_NONE, 0, NULL);
	CHECK_EQ(result(), GOOD);
	CHECK(all_is(0));
	CHECK_EQ(fake.nr_io, 2);
	CHECK_EQ(fake.io[0].op, IET_IO_WRITE_ZEROES);
	CHECK_EQ(fake.io[0].flags, IET_IO_UNMAP);
	CHECK(fake.vol.unmapped);
	fake_end();

	/* a medium that can't tell knows it all the same, until it is written */
	fake.vol.iotype = &(struct iet_iotype){ .name = "none" };
	fake_run(status, DIR_IN, 24, NULL);
	CHECK_EQ(fake_in()[8 + 12], 1);
	fake_end();
	fake.vol.unmapped = false;
	fake_run(status, DIR_IN, 24, NULL);
	CHECK_EQ(fake_in()[8 + 12], 0);
	fake_end();

	set_up();
	fake.vol.thin = false;
	CHECK_EQ(command(block_erase, DIR_NONE, 0), 0x2000);

	set_up();
	fake.vol.mode.swp = true;
	CHECK_EQ(command(block_erase, DIR_NONE, 0), IET_ASC_SW_WRITE_PROTECTED);
	CHECK_EQ(command(write10, DIR_OUT, BS), IET_ASC_SW_WRITE_PROTECTED);
	CHECK(!all_is(0));
}

/* which commands work meanwhile, and what the others are told */
static void meanwhile(void)
{
	static const struct {
		u8 cdb[16];
		enum fake_dir dir;
		bool works;
	} rows[] = {
		{ { 0x00 }, DIR_NONE, false },
		{ { 0x12, [4] = 96 }, DIR_IN, true },
		{ { 0x03, [4] = 18 }, DIR_IN, true },
		{ { 0xa0, [9] = 16 }, DIR_IN, true },
		{ { 0xa3, 0x0c, [9] = 96 }, DIR_IN, true },
		{ { 0xa3, 0x0d, [9] = 16 }, DIR_IN, true },
		{ { 0x1b, [4] = 1 }, DIR_NONE, false },
		{ { 0x1a, [2] = 0x3f, [4] = 96 }, DIR_IN, false },
		{ { 0x25 }, DIR_IN, false },
		{ { 0x28, [8] = 1 }, DIR_IN, false },
		{ { 0x2a, [8] = 1 }, DIR_OUT, false },
		{ { 0x35 }, DIR_NONE, false },
		{ { 0x16 }, DIR_NONE, false },
		{ { 0x5e, [8] = 8 }, DIR_IN, false },
		{ { 0x48, 0x02 }, DIR_NONE, false },
		{ { 0x48, 0x1f }, DIR_NONE, false },
		{ { 0x04 }, DIR_NONE, false },
	};
	static const u8 request_sense[16] = { 0x03, [4] = 18 };
	static const u8 request_desc[16] = { 0x03, 1, [4] = 18 };
	u8 list[5] = { 2, 0, 0, 1, 0xaa };
	unsigned int i;

	set_up();
	fake.limit = true;
	fake.steps = 2; /* one of two passes */
	overwrite(0x80, list, 5);
	CHECK_EQ(fake.nr_done, 1);
	CHECK_EQ(result(), GOOD);
	iet_scsi_release(&fake.s);
	CHECK_EQ(fake.vol.condition, IET_SANITIZING);
	CHECK_EQ(fake.vol.progress, 0x8000);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		u16 asc =
			command(rows[i].cdb, rows[i].dir, rows[i].dir ? BS : 0);

		CHECK_EQ(asc, rows[i].works ? GOOD : IET_ASC_SANITIZING);
		if (!rows[i].works) {
			CHECK_EQ(fake.s.sense[2], NOT_READY);
			CHECK_EQ(fake.s.sense[15], 0x80);
			CHECK_EQ(get_unaligned_be16(fake.s.sense + 16), 0x8000);
		}
		CHECK_EQ(fake.nr_io, 0);
	}
	fake_run(request_sense, DIR_IN, 18, NULL);
	CHECK_EQ(get_unaligned_be16(fake_in() + 12), IET_ASC_SANITIZING);
	CHECK_EQ(get_unaligned_be16(fake_in() + 16), 0x8000);
	iet_scsi_release(&fake.s);
	fake_run(request_desc, DIR_IN, 18, NULL);
	CHECK_EQ(fake_in()[1], NOT_READY);
	CHECK_EQ(fake_in()[8], 2);
	CHECK_EQ(get_unaligned_be16(fake_in() + 13), 0x8000);
	iet_scsi_release(&fake.s);

	fake.limit = false;
	fake_work();
	CHECK_EQ(command(tur, DIR_NONE, 0), GOOD);
	CHECK(all_is(0xaa));
	CHECK_EQ(fake.vol.ref.count, 1);
}

/* a command that waits for its blocks does not read what is being erased */
static void waiting_command(void)
{
	static const u8 read10[16] = { 0x28, [8] = 1 };
	struct iet_span held = { .end = U64_MAX, .excl = true };

	set_up();
	fake.held = &held;
	CHECK(iet_span_lock(&fake.vol.spans, &held));
	fake.vol.ref.count = 1;
	fake.erase_meanwhile = true;
	fake_run(read10, DIR_IN, BS, NULL);
	CHECK(fake.prepared);
	CHECK_EQ(result(), IET_ASC_SANITIZING);
	CHECK_EQ(fake.nr_io, 0);
	fake_end();
}

/* SBC-3 4.11.2: nothing stops it, but nobody has to wait for it */
static void aborted(void)
{
	u8 list[5] = { 3, 0, 0, 1, 0xaa };

	set_up();
	fake.limit = true;
	fake.steps = 1;
	overwrite(0, list, 5);
	CHECK_EQ(fake.nr_done, 0);
	iet_orphan_add(&fake.s);
	CHECK_EQ(fake.vol.orphans->nr, 1);
	fake.steps = 1;
	fake_work();
	CHECK_EQ(fake.nr_done, 1);
	CHECK_EQ(fake.s.status, SAM_STAT_TASK_ABORTED);
	iet_orphan_del(&fake.s);
	iet_scsi_release(&fake.s);
	CHECK_EQ(command(tur, DIR_NONE, 0), IET_ASC_SANITIZING);
	iet_ready_reset(&fake.vol, NULL);
	CHECK_EQ(command(tur, DIR_NONE, 0), IET_ASC_SANITIZING);
	fake.limit = false;
	fake_work();
	CHECK_EQ(command(tur, DIR_NONE, 0), GOOD);
	CHECK(all_is(0xaa));
}

static void deleted(void)
{
	u8 list[5] = { 3, 0, 0, 1, 0xaa };

	set_up();
	fake.limit = true;
	overwrite(0x80, list, 5);
	iet_scsi_release(&fake.s);
	CHECK_EQ(fake.vol.ref.count, 2);
	CHECK_EQ(fake.nr_io, 1);
	shim_dying = true;
	fake.limit = false;
	fake_work();
	CHECK_EQ(fake.nr_io, 1);
	CHECK_EQ(fake.vol.ref.count, 1);
	shim_dying = false;
}

static void failures(void)
{
	static const u8 erase_ause[16] = { 0x48, 0x22 };
	static const u8 inquiry[16] = { 0x12, [4] = 96 };
	static const u8 eject[16] = { 0x1b, [4] = 2 };
	unsigned int ause, at;

	for (at = 0; at < 2; at++) {
		for (ause = 0; ause < 2; ause++) {
			set_up();
			fake.vol.removable = true;
			fake.fail_with = -EIO;
			fake.fail_at = at;
			fake_run(ause ? erase_ause : block_erase, DIR_NONE, 0,
				 NULL);
			CHECK_EQ(result(), IET_ASC_SANITIZE_FAILED);
			CHECK_EQ(fake.s.sense[2], MEDIUM_ERROR);
			CHECK_EQ(fake.nr_io, at + 1);
			fake_end();
			fake.fail_with = 0;
			CHECK_EQ(command(tur, DIR_NONE, 0),
				 IET_ASC_SANITIZE_FAILED);
			CHECK_EQ(fake.s.sense[2], MEDIUM_ERROR);
			CHECK_EQ(command(inquiry, DIR_IN, 96), GOOD);
			CHECK_EQ(command(eject, DIR_NONE, 0),
				 IET_ASC_SANITIZE_FAILED);
			CHECK_EQ(command(exit_failure, DIR_NONE, 0),
				 ause ? GOOD : 0x2400);
			CHECK_EQ(command(tur, DIR_NONE, 0),
				 ause ? GOOD : IET_ASC_SANITIZE_FAILED);
			CHECK_EQ(command(block_erase, DIR_NONE, 0), GOOD);
			CHECK_EQ(command(tur, DIR_NONE, 0), GOOD);
		}
	}
	/* there is nothing to exit from */
	CHECK_EQ(command(exit_failure, DIR_NONE, 0), GOOD);
}

static void no_memory(void)
{
	u8 list[5] = { 1, 0, 0, 1, 0xaa };
	unsigned int n;

	for (n = 1; n <= 3; n++) {
		set_up();
		shim_no_memory = n;
		overwrite(0, list, 5);
		CHECK_EQ(result(), GOOD);
		CHECK_EQ(shim_no_memory, 0);
		CHECK(all_is(0xaa));
		fake_end();
	}
}

/* --- CRYPTOGRAPHIC ERASE -------------------------------------------------- */

static struct iet_crypt *const encrypted = (struct iet_crypt *)&fake;

/* only for what is encrypted; nothing is read or written, mapped or not */
static void new_key(void)
{
	set_up();
	memset(fake.medium, 0x11, FAKE_BYTES);
	CHECK_EQ(command(crypto_erase, DIR_NONE, 0), 0x2000);
	CHECK_EQ(fake.nr_keys, 0);
	fake.vol.crypt = encrypted;
	CHECK_EQ(command(crypto_erase, DIR_NONE, 0), GOOD);
	CHECK_EQ(fake.nr_keys, 1);
	CHECK_EQ(fake.nr_io, 0);
	CHECK(all_is(0x91));
	CHECK_EQ(fake.vol.condition, IET_READY);
	CHECK(!fake.vol.unmapped);
	fake_end();
}

static void new_key_immed(void)
{
	set_up();
	fake.vol.crypt = encrypted;
	fake.limit = true;
	CHECK_EQ(command(crypto_immed, DIR_NONE, 0), GOOD);
	CHECK_EQ(fake.nr_keys, 0);
	CHECK_EQ(fake.vol.condition, IET_SANITIZING);
	CHECK_EQ(command(tur, DIR_NONE, 0), 0x041b);
	CHECK_EQ(command(crypto_erase, DIR_NONE, 0), 0x041b);
	fake.limit = false;
	fake_work();
	CHECK_EQ(fake.nr_keys, 1);
	CHECK_EQ(command(tur, DIR_NONE, 0), GOOD);
	fake_end();
}

/* the old key may still be somewhere: that is no success */
static void new_key_fails(void)
{
	set_up();
	fake.vol.crypt = encrypted;
	fake.fail_with = -EIO;
	CHECK_EQ(command(crypto_erase, DIR_NONE, 0), 0x3103);
	CHECK_EQ(command(tur, DIR_NONE, 0), 0x3103);
	CHECK_EQ(command(exit_failure, DIR_NONE, 0), 0x2400);
	CHECK_EQ(command(crypto_ause, DIR_NONE, 0), 0x3103);
	CHECK_EQ(command(exit_failure, DIR_NONE, 0), GOOD);
	CHECK_EQ(command(tur, DIR_NONE, 0), GOOD);
	fake.fail_with = 0;
	CHECK_EQ(command(crypto_erase, DIR_NONE, 0), GOOD);
	CHECK_EQ(fake.nr_keys, 3);
	fake_end();
}

/* the deletion of the unit does not stop half way: it is done or it is not */
static void new_key_deleted(void)
{
	set_up();
	fake.vol.crypt = encrypted;
	fake.limit = true;
	CHECK_EQ(command(crypto_immed, DIR_NONE, 0), GOOD);
	shim_dying = true;
	fake.limit = false;
	fake_work();
	CHECK_EQ(fake.vol.condition, IET_SANITIZE_FAILED);
	fake_end();
}

/* --- FORMAT UNIT ---------------------------------------------------------- */

static void format(void)
{
	static const struct {
		const char *name;
		u8 byte1;
		u8 list[16];
		u8 len;
		u16 asc;
		u8 all; /* of the medium, afterwards */
	} rows[] = {
		{ "no list", 0, {}, 0, GOOD, 0 },
		{ "no list, LONGLIST", 0x20, {}, 0, 0x2400 },
		{ "short header", 0x10, {}, 4, GOOD, 0 },
		{ "short header, too short", 0x10, {}, 3, 0x1a00 },
		{ "none sent", 0x10, {}, 0, 0x1a00 },
		{ "long header", 0x30, {}, 8, GOOD, 0 },
		{ "long header, too short", 0x30, {}, 7, 0x1a00 },
		{ "list of defects", 0x10, { 0, 0, 0, 8 }, 12, 0x2600 },
		{ "long list of defects", 0x30, { [7] = 8 }, 16, 0x2600 },
		{ "protection information", 0x90, {}, 4, 0x2400 },
		{ "protection fields usage", 0x10, { 1 }, 4, 0x2600 },
		{ "protection interval", 0x30, { 0, 0, 0, 1 }, 8, 0x2600 },
		{ "CMPLST", 0x18, { 0, 0x80 }, 4, GOOD, 0 },
		{ "FOV, DPRY, DCRT, STPF", 0x10, { 0, 0xf0 }, 4, GOOD, 0 },
		{ "DCRT without FOV", 0x10, { 0, 0x20 }, 4, 0x2600 },
		{ "vendor specific", 0x10, { 0, 0x01 }, 4, 0x2600 },
		{ "IP",
		  0x10,
		  { 0, 0x88, 0, 0, 0, 1, 0, 1, 0x77 },
		  9,
		  GOOD,
		  0x77 },
		{ "IP, long",
		  0x30,
		  { 0, 0x88, [9] = 1, 0, 1, 0x77 },
		  13,
		  GOOD,
		  0x77 },
		{ "IP, default pattern", 0x10, { 0, 0x88 }, 8, GOOD, 0 },
		{ "IP, default pattern with a pattern",
		  0x10,
		  { 0, 0x88, 0, 0, 0, 0, 0, 1, 0x77 },
		  9,
		  0x2600 },
		{ "IP, no pattern", 0x10, { 0, 0x88, 0, 0, 0, 1 }, 8, 0x2600 },
		{ "IP, pattern longer than a block",
		  0x10,
		  { 0, 0x88, 0, 0, 0, 1, 2, 1 },
		  16,
		  0x2600 },
		{ "IP, pattern cut off",
		  0x10,
		  { 0, 0x88, 0, 0, 0, 1, 0, 2, 0x77 },
		  9,
		  0x1a00 },
		{ "IP, descriptor cut off",
		  0x10,
		  { 0, 0x88, 0, 0, 0, 1, 0 },
		  7,
		  0x1a00 },
		{ "IP, security",
		  0x10,
		  { 0, 0x88, 0, 0, 0x20, 1, 0, 1, 0x77 },
		  9,
		  0x2600 },
		{ "IP, type of pattern",
		  0x10,
		  { 0, 0x88, 0, 0, 0, 2, 0, 1, 0x77 },
		  9,
		  0x2600 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		u8 cdb[16] = { 0x04, rows[i].byte1 };
		bool before = ktap_ok;

		set_up();
		fake_run(cdb, rows[i].len ? DIR_OUT : DIR_NONE, rows[i].len,
			 rows[i].list);
		CHECK_EQ(result(), rows[i].asc);
		if (rows[i].asc)
			CHECK_EQ(fake.nr_io, 0);
		else
			CHECK(all_is(rows[i].all));
		fake_end();
		CHECK_ROW(rows[i].name, before);
	}
}

static void format_immed(void)
{
	static const u8 cdb[16] = { 0x04, 0x10 };
	static const u8 list[4] = { 0, 0x02 };

	set_up();
	fake.limit = true;
	fake_run(cdb, DIR_OUT, 4, list);
	CHECK_EQ(fake.nr_done, 1);
	CHECK_EQ(result(), GOOD);
	iet_scsi_release(&fake.s);
	CHECK_EQ(command(tur, DIR_NONE, 0), IET_ASC_FORMATTING);
	fake.limit = false;
	fake_work();
	CHECK_EQ(command(tur, DIR_NONE, 0), GOOD);

	/* what failed can be done again, or be sanitized */
	fake.fail_with = -EIO;
	fake.fail_at = 0;
	fake_run(cdb, DIR_OUT, 4, (const u8[4]){});
	CHECK_EQ(result(), IET_ASC_FORMAT_FAILED);
	fake_end();
	fake.fail_with = 0;
	CHECK_EQ(command(tur, DIR_NONE, 0), IET_ASC_MEDIUM_FORMAT_CORRUPTED);
	CHECK_EQ(command((const u8[16]){ 0x04 }, DIR_NONE, 0), GOOD);
	CHECK_EQ(command(tur, DIR_NONE, 0), GOOD);
}

static void not_thin(void)
{
	static const u8 cdb[16] = { 0x04 };

	set_up();
	fake.vol.thin = false;
	fake_run(cdb, DIR_NONE, 0, NULL);
	CHECK_EQ(fake.io[0].op, IET_IO_WRITE_ZEROES);
	CHECK_EQ(fake.io[0].flags, 0);
	CHECK(!fake.vol.unmapped);
	fake_end();
}

int main(void)
{
	ktap_run(patterns);
	ktap_run(bad_lists);
	ktap_run(erase_blocks);
	ktap_run(meanwhile);
	ktap_run(waiting_command);
	ktap_run(aborted);
	ktap_run(deleted);
	ktap_run(failures);
	ktap_run(no_memory);
	ktap_run(new_key);
	ktap_run(new_key_immed);
	ktap_run(new_key_fails);
	ktap_run(new_key_deleted);
	ktap_run(format);
	ktap_run(format_immed);
	ktap_run(not_thin);
	return ktap_done();
}
