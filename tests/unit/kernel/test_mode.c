// SPDX-License-Identifier: GPL-2.0-only
/* MODE SENSE and its pages */
#include <scsi/scsi_proto.h>

#include "fake_device.h"
#include "ktap.h"
#include "thin.h"

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
		{ "disconnect", 0x02, 0, 16 },
		{ "verify", 0x07, 0, 12 },
		{ "control extension", 0x0a, 1, 32 },
		{ "caching", 0x08, 0, 20 },
		{ "control", 0x0a, 0, 12 },
		{ "exceptions", 0x1c, 0, 12 },
		{ "all", 0x3f, 0, 84 },
		{ "all, with subpages", 0x3f, 0xff, 116 },
		{ "control, with subpages", 0x0a, 0xff, 44 },
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
		if (!rows[i].subpage) {
			d = mode_sense10(DBD, rows[i].page);
			CHECK_EQ(get_unaligned_be16(d), 6 + rows[i].len);
			fake_end();
		}
		CHECK_ROW(rows[i].name, before);
	}
}

/* page after page, in ascending order, of the lengths they say */
static void all_pages(void)
{
	static const u8 want[] = { 0x01, 0x02, 0x07, 0x08, 0x0a, 0x1c };
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
		{ "unknown subpage", 0x0a, 2, IET_ASC_INVALID_FIELD_IN_CDB },
		{ "of other units", 0x1c, 2, IET_ASC_INVALID_FIELD_IN_CDB },
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
	fake.vol.mode.wce = true;
	CHECK_EQ(mode_sense6(DBD, 0x08, 0, 255)[4 + 2], 0x04);
	fake_end();
	CHECK_EQ(mode_sense6(DBD, 0x08 | DEFAULT, 0, 255)[4 + 2], 0);
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

		CHECK_EQ(fake.s.in_len, n < 88 ? n : 88);
		if (n)
			CHECK_EQ(d[0], 87);
		fake_end();
	}
}

static void changeable(void)
{
	/* caching and control */
	static const u8 want[32] = { 0x08, 0x12, 0x04, [20] = 0x0a, 0x0a,
				     0x24, 0x06, 0x38, 0x40 };
	u8 have[144];
	unsigned int i;

	fake_init();
	fake.vol.thin = true;
	memcpy(have, mode_sense6(DBD, 0x3f | CHANGEABLE, 0xff, 255), 144);
	fake_end();
	CHECK(!memcmp(have + 44, want, 32));
	/* headers of the others */
	for (i = 4; i < 144; i++) {
		static const u8 headers[144] = {
			[4] = 0x01,   0x0a,	    [16] = 0x02,
			0x0e,	      [32] = 0x07,  0x0a,
			[76] = 0x4a,  0x01,	    0,
			0x1c,	      [108] = 0x1c, 0x0a,
			[120] = 0x5c, 0x02,	    0,
			0x14,
		};

		if (i < 44 || i >= 76)
			CHECK_EQ(have[i], headers[i]);
	}
}

/* how much is little, as VPD and log pages count (SBC-3 6.5.9) */
static void thin_threshold(void)
{
	const u8 *d;

	fake_init();
	fake.vol.thin = true;
	fake.vol.nr_blocks = 1ULL << 36;
	d = mode_sense6(DBD, 0x1c, 2, 255) + 4;
	CHECK_EQ(fake.s.in_len, 4 + 24);
	CHECK(d[0] == 0x5c && d[1] == 2 && d[3] == 20);
	CHECK(d[16] == 0x80 && d[17] == 1);
	CHECK_EQ((u64)get_unaligned_be32(d + 20) << IET_THIN_SET_SHIFT,
		 iet_thin_threshold(&fake.vol));
	CHECK(get_unaligned_be32(d + 20));
	fake_end();
}

/* --- MODE SELECT --- */

static u8 list[IET_PARAM_MAX + 1];

static u16 mode_select(u8 opcode, u8 flags, u16 len)
{
	static u8 cdb[16];
	u16 asc;

	memset(cdb, 0, sizeof(cdb));
	cdb[0] = opcode;
	cdb[1] = flags;
	if (opcode == 0x15)
		cdb[4] = len;
	else
		put_unaligned_be16(len, cdb + 7);
	fake_run(cdb, len ? DIR_OUT : DIR_NONE, len, list);
	asc = fake.s.status ? fake_asc() : 0;
	fake_end();
	return asc;
}

/* What MODE SENSE says of a page goes to the list, as initiators do it. */
static u16 current(u8 opcode, u8 flags, u8 page)
{
	const u8 *d = opcode == 0x15 ? mode_sense6(flags, page, 0, 255) :
				       mode_sense10(flags, page);
	u16 len = fake.s.in_len;

	memcpy(list, d, len);
	fake_end();
	return len;
}

static void select_bits(void)
{
	static const struct {
		const char *name;
		u8 page, byte, bits, value;
		size_t member;
	} rows[] = {
		{ "WCE", 0x08, 2, 0x04, 1, offsetof(struct iet_mode, wce) },
		{ "TST", 0x0a, 2, 0x20, 1, offsetof(struct iet_mode, tst) },
		{ "D_SENSE", 0x0a, 2, 0x04, 1,
		  offsetof(struct iet_mode, d_sense) },
		{ "QERR 1", 0x0a, 3, 0x02, 1, offsetof(struct iet_mode, qerr) },
		{ "QERR 3", 0x0a, 3, 0x06, 3, offsetof(struct iet_mode, qerr) },
		{ "UA_INTLCK 2", 0x0a, 4, 0x20, 2,
		  offsetof(struct iet_mode, ua_intlck) },
		{ "UA_INTLCK 3", 0x0a, 4, 0x30, 3,
		  offsetof(struct iet_mode, ua_intlck) },
		{ "SWP", 0x0a, 4, 0x08, 1, offsetof(struct iet_mode, swp) },
		{ "TAS", 0x0a, 5, 0x40, 1, offsetof(struct iet_mode, tas) },
	};
	static const u8 opcodes[] = { 0x15, 0x55 };
	static const u8 flags[] = { 0, DBD };
	unsigned int i, o, f;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bool before = ktap_ok;

		for (o = 0; o < 2; o++) {
			for (f = 0; f < 2; f++) {
				const u8 *b;
				u8 at = (o ? 8 : 4) + (f ? 0 : 8);
				u16 len;

				fake_init();
				b = (u8 *)&fake.vol.mode + rows[i].member;
				len = current(opcodes[o], flags[f],
					      rows[i].page);
				CHECK_EQ(mode_select(opcodes[o], 0x10, len), 0);
				CHECK(!*b && !fake.itl.nr_ua);
				list[at + rows[i].byte] |= rows[i].bits;
				CHECK_EQ(mode_select(opcodes[o], 0x10, len), 0);
				CHECK_EQ(*b, rows[i].value);
				current(opcodes[o], flags[f], rows[i].page);
				CHECK(list[at + rows[i].byte] & rows[i].bits);
				list[at + rows[i].byte] &= ~rows[i].bits;
				CHECK_EQ(mode_select(opcodes[o], 0x10, len), 0);
				CHECK(!*b);
			}
		}
		CHECK_ROW(rows[i].name, before);
	}
}

/* every other bit of every page is refused, and nothing is changed */
static void select_fixed(void)
{
	static const u8 changeable[12] = { [2] = 0x24, 0x06, 0x38, 0x40 };
	static const u8 starts[] = { 4, 16, 32, 44, 64, 76, 108, 120 };
	unsigned int i, bit, n = 0;

	fake_init();
	fake.vol.thin = true;
	memcpy(list, mode_sense6(DBD, 0x3f, 0xff, 255), 144);
	CHECK_EQ(fake.s.in_len, 144);
	fake_end();
	CHECK_EQ(mode_select(0x15, 0x10, 144), 0);
	for (i = 4; i < 144; i++) {
		bool start = i == starts[n];

		n += start && n + 1 < sizeof(starts);
		for (bit = 0; bit < 8; bit++) {
			u8 was = list[i];

			if ((i == 44 + 2 && bit == 2) ||
			    (i >= 64 && i < 76 &&
			     changeable[i - 64] & BIT(bit)) ||
			    (start && bit == 7)) /* PS */
				continue;
			list[i] ^= BIT(bit);
			CHECK(mode_select(0x15, 0x10, 144));
			CHECK_EQ(fake.s.sense[2], ILLEGAL_REQUEST);
			list[i] = was;
		}
	}
	CHECK(!fake.vol.mode.wce && !fake.vol.mode.d_sense &&
	      !fake.vol.mode.swp);
}

/* values that are reserved */
static void select_reserved(void)
{
	static const struct {
		u8 byte, bits, bit;
	} rows[] = {
		{ 3, 0x04, 2 }, /* QERR */
		{ 4, 0x10, 5 }, /* UA_INTLCK_CTRL */
		{ 2, 0x40, 7 }, /* TST: of the whole byte */
	};
	unsigned int i;
	u16 len;

	fake_init();
	len = current(0x15, DBD, 0x0a);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		list[4 + rows[i].byte] ^= rows[i].bits;
		CHECK_EQ(mode_select(0x15, 0x10, len),
			 IET_ASC_INVALID_FIELD_IN_PARAM);
		CHECK_EQ(fake.s.sense[15], 0x88 | rows[i].bit);
		CHECK_EQ(fake.s.sense[17], 4 + rows[i].byte);
		list[4 + rows[i].byte] ^= rows[i].bits;
	}
	CHECK(!fake.vol.mode.qerr && !fake.vol.mode.ua_intlck &&
	      !fake.vol.mode.tst);
}

static void select_lengths(void)
{
	unsigned int n;
	u16 len;

	fake_init();
	CHECK_EQ(mode_select(0x15, 0, 0), 0);
	CHECK_EQ(mode_select(0x15, 0x11, 4), IET_ASC_INVALID_FIELD_IN_CDB);
	len = current(0x15, 0, 0x08);
	CHECK_EQ(mode_select(0x15, 0, len), IET_ASC_INVALID_FIELD_IN_CDB);
	for (n = 1; n <= len; n++)
		CHECK_EQ(mode_select(0x15, 0x10, n),
			 n == len || n == 12 ? 0 : IET_ASC_PARAM_LENGTH);
	list[3] = 7;
	CHECK_EQ(mode_select(0x15, 0x10, len), IET_ASC_INVALID_FIELD_IN_PARAM);
	list[3] = 8;
	list[5] ^= 1; /* number of blocks */
	CHECK_EQ(mode_select(0x15, 0x10, len), IET_ASC_INVALID_FIELD_IN_PARAM);
	memset(list + 4, 0, 4);
	CHECK_EQ(mode_select(0x15, 0x10, len), 0);
	list[10] ^= 2; /* block size */
	CHECK_EQ(mode_select(0x15, 0x10, len), IET_ASC_INVALID_FIELD_IN_PARAM);
	CHECK_EQ(mode_select(0x55, 0x10, IET_PARAM_MAX + 1),
		 IET_ASC_PARAM_LENGTH);
	shim_no_memory = 1;
	len = current(0x15, 0, 0x08);
	CHECK_EQ(mode_select(0x15, 0x10, len), 0);
}

/* turning the cache off writes it back first */
static void cache_off(void)
{
	u16 len;

	fake_init();
	fake.vol.mode.wce = true;
	len = current(0x15, DBD, 0x08);
	list[6] = 0;
	CHECK_EQ(mode_select(0x15, 0x10, len), 0);
	CHECK(!fake.vol.mode.wce);
	CHECK_EQ(fake.nr_io, 1);
	CHECK_EQ(fake.io[0].op, IET_IO_FLUSH);
	CHECK_EQ(fake.io[0].len, FAKE_BYTES);
}

static void effects(void)
{
	static const u8 write[16] = { 0x2a, [8] = 1 };
	static const u8 bad[16] = { 0x28, [2] = 0xff, [8] = 1 };
	static struct iet_nexus other;

	fake_init();
	fake.vol.mode.swp = true;
	fake_run(write, DIR_OUT, 512, list);
	CHECK_EQ(fake_asc(), IET_ASC_SW_WRITE_PROTECTED);
	fake_end();
	CHECK_EQ(mode_sense6(DBD, 0x3f, 0, 255)[2], 0x90);
	fake_end();
	fake.vol.mode.d_sense = true;
	fake_run(bad, DIR_IN, 512, NULL);
	CHECK_EQ(fake.s.sense[0], 0x72);
	CHECK_EQ(get_unaligned_be16(fake.s.sense + 2),
		 IET_ASC_LBA_OUT_OF_RANGE);
	fake_end();
	iet_mode_reset(&fake.vol);
	CHECK(!fake.vol.mode.d_sense && !fake.vol.mode.swp);
	/* the others are told */
	current(0x15, DBD, 0x0a);
	list[6] |= 4;
	fake.itl.nexus = &other;
	CHECK_EQ(mode_select(0x15, 0x10, 16), 0);
	CHECK_EQ(fake.itl.ua[0], IET_ASC_MODE_CHANGED);
}

/* MODE SELECT with SP, and what a new volume makes of it */
static void saved_pages(void)
{
	static const u8 ps = 0x80;
	struct iet_mode now;
	u16 len;

	/* nowhere to save to */
	fake_init();
	iet_mode_init(&fake.vol);
	len = current(0x15, 8, 0x0a);
	list[0] = 0;
	CHECK_EQ(list[4] & ps, 0);
	CHECK_EQ(mode_select(0x15, 0x11, len), IET_ASC_INVALID_FIELD_IN_CDB);
	CHECK_EQ(fake.s.sense[17], 1);

	fake_state();
	iet_mode_init(&fake.vol);
	len = current(0x15, 8, 0x0a);
	list[0] = 0;
	CHECK_EQ(list[4] & ps, ps);
	list[4 + 4] |= 0x08; /* SWP */
	list[2] = 0;
	/* what can't be saved is not changed */
	fake.save_err = -EIO;
	CHECK_EQ(mode_select(0x15, 0x11, len), IET_ASC_TARGET_FAILURE);
	CHECK(!fake.vol.mode.swp && !fake.vol.mode_saved.swp);
	fake.save_err = 0;
	CHECK_EQ(mode_select(0x15, 0x11, len), 0);
	CHECK(fake.vol.mode.swp && fake.vol.mode_saved.swp);
	CHECK_EQ(fake.kept_part, IET_STATE_MODE);
	CHECK(mode_sense6(8, 0x0a | SAVED, 0, 255)[4 + 4] & 0x08);
	fake_end();

	/* without SP it is for now */
	list[4 + 4] &= ~0x08;
	CHECK_EQ(mode_select(0x15, 0x10, len), 0);
	CHECK(!fake.vol.mode.swp && fake.vol.mode_saved.swp);
	CHECK(mode_sense6(8, 0x0a | SAVED, 0, 255)[4 + 4] & 0x08);
	fake_end();
	iet_mode_reset(&fake.vol);
	CHECK(fake.vol.mode.swp);

	/* a volume that finds it */
	now = fake.vol.mode_default;
	fake.vol.mode = fake.vol.mode_saved = now;
	iet_mode_init(&fake.vol);
	CHECK(fake.vol.mode.swp && !fake.vol.mode.d_sense);
	/* what is cut off anywhere, or unknown, does no harm */
	fake.kept[0] = 0x3e;
	for (; fake.kept_len; fake.kept_len--)
		iet_mode_init(&fake.vol);
	iet_mode_init(&fake.vol);
	CHECK(!fake.vol.mode.swp);
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
	ktap_run(changeable);
	ktap_run(thin_threshold);
	ktap_run(select_bits);
	ktap_run(select_fixed);
	ktap_run(select_reserved);
	ktap_run(select_lengths);
	ktap_run(cache_off);
	ktap_run(effects);
	ktap_run(saved_pages);
	return ktap_done();
}
