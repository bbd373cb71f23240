// SPDX-License-Identifier: GPL-2.0-only
/* EXTENDED COPY, POPULATE TOKEN, WRITE USING TOKEN and what is told of them */
#include <scsi/scsi_proto.h>

#include "copy_op.h"
#include "fake_device.h"
#include "ktap.h"
#include "ready.h"
#include "rod_token.h"
#include "xcopy_list.h"

#define BS (1 << FAKE_SHIFT)
#define LIST_ID 9

static u8 list[70000];
static u8 before_it[FAKE_BYTES];
static u8 token[IET_ROD_TOKEN_LEN];
static u8 cdb[16];

static u16 result(void)
{
	return fake.s.status ? fake_asc() : 0;
}

static u8 key(void)
{
	return fake.s.sense[2] & 0x0f;
}

static void set_up(void)
{
	fake_init();
	fake_add_other();
	memcpy(before_it, fake.medium, FAKE_BYTES);
}

/* The I_T nexus ends, and the units: nothing may be left of what they kept. */
static void tear_down(void)
{
	iet_copy_nexus_lost(&fake.vol, &fake.nexus);
	iet_copy_nexus_lost(&fake.other, &fake.nexus);
	iet_rod_volume_gone(&fake.vol);
	iet_rod_volume_gone(&fake.other);
	CHECK(list_empty(&fake.nexus.copies));
	CHECK_EQ(fake.other.ref.count, 1);
	CHECK(iet_spans_idle(&fake.other.spans));
	CHECK_EQ(fake.vol.orphans->nr + fake.other.orphans->nr, 0);
}

static void run_out(u8 sa, u32 list_id, u32 len)
{
	memset(cdb, 0, sizeof(cdb));
	cdb[0] = 0x83;
	cdb[1] = sa;
	put_unaligned_be32(list_id, cdb + 6);
	put_unaligned_be32(len, cdb + 10);
	if (sa < 0x10)
		memset(cdb + 6, 0, 4);
	fake_run(cdb, len ? DIR_OUT : DIR_NONE, len, list);
}

static void run_in(u8 sa, u32 list_id, u32 len)
{
	memset(cdb, 0, sizeof(cdb));
	cdb[0] = 0x84;
	cdb[1] = sa;
	if (sa == 0 || sa == 4)
		cdb[2] = list_id;
	else if (sa != 3)
		put_unaligned_be32(list_id, cdb + 2);
	put_unaligned_be32(len, cdb + 10);
	fake_run(cdb, DIR_IN, len, NULL);
}

/* --- EXTENDED COPY --- */

/* Identification descriptors of both units. */
static void put_cscds(void)
{
	struct iet_volume *vols[] = { &fake.vol, &fake.other };
	unsigned int i;
	u8 all[512], *p, *d;

	for (i = 0; i < 2; i++) {
		memset(all, 0, sizeof(all));
		iet_vpd_unit_designators(all, vols[i]);
		for (p = all; (p[1] & 0x0f) != 3; p += 4 + p[3])
			;
		d = list + 16 + 32 * i;
		memset(d, 0, 32);
		d[0] = 0xe4;
		memcpy(d + 4, p, 4 + p[3]);
		put_unaligned_be24(1 << vols[i]->blk_shift, d + 29);
	}
}

static u8 *segment(unsigned int i)
{
	return list + 16 + 64 + 28 * i;
}

static void put_segment(unsigned int i, u16 src, u16 dst, u16 nr, u64 src_lba,
			u64 dst_lba)
{
	u8 *d = segment(i);

	memset(d, 0, 28);
	d[0] = 0x02;
	d[3] = 0x18;
	put_unaligned_be16(src, d + 4);
	put_unaligned_be16(dst, d + 6);
	put_unaligned_be16(nr, d + 10);
	put_unaligned_be64(src_lba, d + 12);
	put_unaligned_be64(dst_lba, d + 20);
}

static void put_list(unsigned int nr_segments)
{
	memset(list, 0, sizeof(list));
	list[0] = LIST_ID;
	list[3] = 64;
	put_unaligned_be32(nr_segments * 28, list + 8);
	put_cscds();
}

static void xcopy(unsigned int nr_segments)
{
	run_out(0, 0, 16 + 64 + nr_segments * 28);
}

static void copies(void)
{
	set_up();
	put_list(3);
	put_segment(0, 0, 1, 600, 5, 100);
	put_segment(1, 1, 0, 1, 0, 1023);
	put_segment(2, 0, 0xffff, 2, 10, 500);
	xcopy(3);
	CHECK_EQ(result(), 0);
	CHECK(!memcmp(fake.other_medium + 100 * BS, before_it + 5 * BS,
		      600 * BS));
	CHECK(!memcmp(fake.medium + 1023 * BS, fake.other_medium, BS));
	CHECK(!memcmp(fake.medium + 500 * BS, before_it + 10 * BS, 2 * BS));
	CHECK(!memcmp(fake.medium, before_it, 500 * BS));
	fake_end();

	run_in(0, LIST_ID, 100);
	CHECK_EQ(fake.s.in_len, 12);
	CHECK_EQ(fake_in()[4], 1);
	CHECK_EQ(get_unaligned_be16(fake_in() + 5), 3);
	CHECK_EQ(fake_in()[7], 0);
	CHECK_EQ(get_unaligned_be32(fake_in() + 8), 603 * BS);
	fake_end();
	run_in(4, LIST_ID, 100);
	CHECK_EQ(get_unaligned_be32(fake_in()), 0);
	fake_end();
	run_in(0, LIST_ID + 1, 100);
	CHECK_EQ(result(), IET_ASC_INVALID_FIELD_IN_CDB);
	fake_end();
	tear_down();
}

/* What has been written is flushed once, unless there is a write cache. */
static void durable(void)
{
	set_up();
	put_list(1);
	put_segment(0, 0, 1, 1024, 0, 0);
	xcopy(1);
	CHECK_EQ(fake.nr_io, 5);
	CHECK_EQ(fake.io[0].op, IET_IO_READ);
	CHECK_EQ(fake.io[0].len, 256 << 10);
	CHECK_EQ(fake.io[1].op, IET_IO_WRITE);
	CHECK(fake.io[1].vol == &fake.other && fake.io[0].vol == &fake.vol);
	CHECK_EQ(fake.io[4].op, IET_IO_FLUSH);
	CHECK_EQ(fake.io[4].len, FAKE_BYTES);
	fake_end();
	fake.other.mode.wce = true;
	xcopy(1);
	CHECK_EQ(fake.nr_io, 4);
	fake_end();
	tear_down();
}

/* Nobody would forget what a nexus copies that is not there any more. */
static void nexus_gone(void)
{
	set_up();
	put_list(1);
	put_segment(0, 0, 1, 8, 0, 0);
	fake.taken_away = true;
	xcopy(1);
	CHECK_EQ(result(), IET_ASC_LUN_NOT_SUPPORTED);
	CHECK(list_empty(&fake.nexus.copies));
	CHECK_EQ(fake.nr_io, 0);
	fake_end();
	tear_down();
}

/* Ranges that overlap, up and down. */
static void overlapping(void)
{
	set_up();
	put_list(1);
	put_segment(0, 0, 0, 900, 0, 50);
	xcopy(1);
	CHECK_EQ(result(), 0);
	CHECK(!memcmp(fake.medium + 50 * BS, before_it, 900 * BS));
	fake_end();
	memcpy(before_it, fake.medium, FAKE_BYTES);
	put_segment(0, 0, 0, 900, 50, 0);
	xcopy(1);
	CHECK_EQ(result(), 0);
	CHECK(!memcmp(fake.medium, before_it + 50 * BS, 900 * BS));
	fake_end();
	tear_down();
}

/* ... of a medium that is two units, read-only and not. */
static void overlapping_units(void)
{
	set_up();
	fake.other.medium = fake.vol.medium;
	put_list(1);
	put_segment(0, 0, 1, 900, 0, 50);
	xcopy(1);
	CHECK_EQ(result(), 0);
	CHECK_EQ(fake.io[0].pos, 512 * BS);
	CHECK_EQ(fake.io[1].pos, 562 * BS);
	fake_end();
	put_segment(0, 0, 1, 900, 50, 0);
	xcopy(1);
	CHECK_EQ(result(), 0);
	CHECK_EQ(fake.io[0].pos, 50 * BS);
	fake_end();
	tear_down();
}

/* ... of bytes that are no whole blocks: the last one is filled up. */
static void overlapping_bytes(void)
{
	static const u32 lens[] = { 300000, 262144 + 1, 1000, 2 * 1000 + 24 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		u32 len = lens[i], end = 4 * BS + round_up(len, BS), at;
		u8 *d = segment(0);

		set_up();
		put_list(1);
		list[16 + 28] |= 0x04; /* PAD */
		put_unaligned_be32(32, list + 8);
		memset(d, 0, 32);
		d[0] = IET_SEGMENT_OFFSETS;
		d[3] = 28;
		put_unaligned_be32(len, d + 8);
		put_unaligned_be64(4, d + 20);
		run_out(0, 0, 16 + 64 + 32);
		CHECK_EQ(result(), 0);
		CHECK(!memcmp(fake.medium + 4 * BS, before_it, len));
		for (at = 4 * BS + len; at < end; at++)
			CHECK_EQ(fake.medium[at], 0);
		CHECK(!memcmp(fake.medium + end, before_it + end,
			      FAKE_BYTES - end));
		fake_end();
		tear_down();
	}
}

/* The medium copies what it can; what is around that is copied by us. */
static void by_medium(void)
{
	set_up();
	fake.vol.iotype = &fake_sharing;
	fake.other.iotype = &fake_sharing;
	put_list(1);
	put_segment(0, 0, 1, 101, 3, 7);
	xcopy(1);
	CHECK_EQ(result(), 0);
	CHECK(!memcmp(fake.other_medium + 7 * BS, before_it + 3 * BS,
		      101 * BS));
	CHECK_EQ(fake.nr_copied, 100 * BS);
	CHECK_EQ(fake.io[0].len, BS);
	fake_end();
	fake.nr_copied = 0;
	put_segment(0, 0, 1, 101, 3, 8);
	xcopy(1);
	CHECK_EQ(fake.nr_copied, 0);
	CHECK(!memcmp(fake.other_medium + 8 * BS, before_it + 3 * BS,
		      101 * BS));
	fake_end();
	put_segment(0, 0, 0, 8, 0, 12);
	xcopy(1);
	CHECK_EQ(fake.nr_copied, 8 * BS);
	CHECK(!memcmp(fake.medium + 12 * BS, before_it, 8 * BS));
	fake_end();
	tear_down();
}

/* Zeroes are unmapped where blocks can be. */
static void thin(void)
{
	set_up();
	fake.other.thin = true;
	memset(fake.medium, 0, 4 * BS);
	put_list(2);
	put_segment(0, 0, 1, 4, 0, 9);
	put_segment(1, 0, 1, 4, 1, 9);
	xcopy(2);
	CHECK_EQ(fake.io[1].op, IET_IO_WRITE_ZEROES);
	CHECK_EQ(fake.io[1].flags, IET_IO_UNMAP);
	CHECK_EQ(fake.io[4].op, IET_IO_WRITE);
	CHECK(!memcmp(fake.other_medium + 9 * BS, fake.medium + BS, 4 * BS));
	fake_end();
	tear_down();
}

/* Blocks of 512 and of 1024 bytes. */
static void block_sizes(void)
{
	set_up();
	fake.other.blk_shift = 10;
	fake.other.nr_blocks = FAKE_BLOCKS / 2;
	put_list(1);
	put_segment(0, 0, 1, 6, 3, 5);
	xcopy(1);
	CHECK_EQ(result(), 0);
	CHECK(!memcmp(fake.other_medium + 5 * 2 * BS, before_it + 3 * BS,
		      6 * BS));
	fake_end();

	put_segment(0, 0, 1, 5, 3, 5);
	xcopy(1);
	CHECK_EQ(result(), IET_ASC_INEXACT_SEGMENT);
	CHECK_EQ(key(), COPY_ABORTED);
	fake_end();
	list[16 + 32 + 28] = 0x04; /* PAD of the destination */
	xcopy(1);
	CHECK_EQ(result(), 0);
	CHECK(!memcmp(fake.other_medium + 5 * 2 * BS, before_it + 3 * BS,
		      5 * BS));
	CHECK(!memchr_inv(fake.other_medium + 5 * 2 * BS + 5 * BS, 0, BS));
	fake_end();

	/* 3 blocks of the destination, of 2 of the source */
	put_segment(0, 1, 0, 3, 5, 20);
	segment(0)[1] = 0x02; /* DC */
	xcopy(1);
	CHECK_EQ(result(), 0);
	CHECK(!memcmp(fake.medium + 20 * BS, fake.other_medium + 5 * 2 * BS,
		      3 * BS));
	CHECK(!memcmp(fake.medium + 23 * BS, before_it + 23 * BS, BS));
	fake_end();
	tear_down();
}

static void bad_segments(void)
{
	static const struct {
		const char *name;
		u16 src, dst;
		u64 src_lba, dst_lba;
		u16 asc;
		u8 field;
	} rows[] = {
		{ "no such source", 2, 1, 0, 0, IET_ASC_COPY_NOT_REACHABLE, 4 },
		{ "no such destination", 0, 0xfffe, 0, 0,
		  IET_ASC_COPY_NOT_REACHABLE, 6 },
		{ "source behind the end", 0, 1, 1021, 0, 0, 12 },
		{ "destination behind the end", 0, 1, 0, 1021, 0, 20 },
		{ "source that wraps", 0, 1, U64_MAX, 0, 0, 12 },
		{ "destination that wraps", 0, 1, 0, U64_MAX - 3, 0, 20 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bool before = ktap_ok;

		set_up();
		put_list(2);
		put_segment(0, 0, 1, 1, 0, 0);
		put_segment(1, rows[i].src, rows[i].dst, 4, rows[i].src_lba,
			    rows[i].dst_lba);
		xcopy(2);
		CHECK_EQ(fake.s.status, SAM_STAT_CHECK_CONDITION);
		CHECK_EQ(key(), COPY_ABORTED);
		CHECK_EQ(fake_asc(), rows[i].asc);
		/* residue, segment number, segment pointer */
		CHECK_EQ(get_unaligned_be32(fake.s.sense + 3), 4);
		CHECK_EQ(get_unaligned_be16(fake.s.sense + 10), 1);
		CHECK_EQ(fake.s.sense[15], 0xa0);
		CHECK_EQ(get_unaligned_be16(fake.s.sense + 16), rows[i].field);
		/* the first segment has been done */
		CHECK(!memcmp(fake.other_medium, before_it, BS));
		fake_end();
		run_in(4, LIST_ID, 200);
		CHECK_EQ(fake_in()[56], SAM_STAT_CHECK_CONDITION);
		CHECK_EQ(fake_in()[60 + 2], COPY_ABORTED);
		fake_end();
		run_in(0, LIST_ID, 200);
		CHECK_EQ(fake_in()[4], 2);
		CHECK_EQ(get_unaligned_be16(fake_in() + 5), 1);
		fake_end();
		tear_down();
		CHECK_ROW(rows[i].name, before);
	}
}

static void bad_units(void)
{
	set_up();
	put_list(1);
	put_segment(0, 0, 1, 4, 0, 0);
	list[16 + 32 + 1] = 0x01; /* a tape */
	xcopy(1);
	CHECK_EQ(result(), IET_ASC_COPY_WRONG_TYPE);
	fake_end();
	put_cscds();
	list[16 + 32 + 1] = 0x20; /* the null device */
	xcopy(1);
	CHECK_EQ(result(), IET_ASC_COPY_NOT_REACHABLE);
	fake_end();
	put_cscds();
	list[16 + 31] = 1; /* another block length */
	xcopy(1);
	CHECK_EQ(result(), IET_ASC_COPY_WRONG_TYPE);
	fake_end();
	put_cscds();
	list[16 + 8] ^= 1; /* another name */
	xcopy(1);
	CHECK_EQ(result(), IET_ASC_COPY_NOT_REACHABLE);
	fake_end();
	put_cscds();
	list[16 + 7] = 255; /* a name longer than the descriptor */
	xcopy(1);
	CHECK_EQ(result(), IET_ASC_COPY_NOT_REACHABLE);
	fake_end();
	put_cscds();
	/* one that this initiator does not see */
	fake.nexus.itls.slot[1] = NULL;
	xcopy(1);
	CHECK_EQ(result(), IET_ASC_COPY_NOT_REACHABLE);
	CHECK_EQ(fake.nr_io, 0);
	fake_end();
	tear_down();
}

static void forwarded(u8 at, u8 status, u8 sense_key, u16 asc)
{
	CHECK_EQ(fake_asc(), IET_ASC_THIRD_PARTY_FAILURE);
	CHECK_EQ(key(), COPY_ABORTED);
	CHECK_EQ(fake.s.sense[at], 18);
	CHECK_EQ(fake.s.sense[17 - at], 0);
	CHECK_EQ(fake.s.sense[18], status);
	CHECK_EQ(fake.s.sense[7] + 8, fake.s.sense_len);
	if (status != SAM_STAT_CHECK_CONDITION)
		return;
	CHECK_EQ(fake.s.sense[19 + 2], sense_key);
	CHECK_EQ(get_unaligned_be16(fake.s.sense + 19 + 12), asc);
}

static void failures(void)
{
	set_up();
	put_list(1);
	put_segment(0, 0, 1, 600, 7, 9);
	fake.fail_with = -EIO;
	xcopy(1);
	forwarded(8, SAM_STAT_CHECK_CONDITION, MEDIUM_ERROR,
		  IET_ASC_READ_ERROR);
	CHECK_EQ(get_unaligned_be32(fake.s.sense + 19 + 3), 7);
	CHECK_EQ(get_unaligned_be32(fake.s.sense + 3), 600);
	fake_end();
	fake.fail_at = 3;
	fake.fail_with = -ENOSPC;
	xcopy(1);
	forwarded(9, SAM_STAT_CHECK_CONDITION, DATA_PROTECT,
		  IET_ASC_SPACE_ALLOC_FAILED);
	CHECK_EQ(get_unaligned_be32(fake.s.sense + 3), 600 - 512);
	fake_end();
	/* the same in the other format */
	fake.vol.mode.d_sense = true;
	xcopy(1);
	CHECK_EQ(fake.s.sense[1], COPY_ABORTED);
	CHECK_EQ(get_unaligned_be64(fake.s.sense + 8 + 4), 600 - 512);
	CHECK_EQ(fake.s.sense[20], 0x01);
	CHECK_EQ(fake.s.sense[32], 0x0c);
	CHECK_EQ(fake.s.sense[32 + 2], 2);
	CHECK_EQ(fake.s.sense[32 + 3], SAM_STAT_CHECK_CONDITION);
	CHECK_EQ(fake.s.sense[32 + 4 + 2], DATA_PROTECT);
	CHECK_EQ(fake.s.sense[7] + 8, fake.s.sense_len);
	CHECK_EQ(fake.s.sense[33] + 34, fake.s.sense_len);
	fake_end();
	tear_down();
}

static void protection(void)
{
	set_up();
	put_list(1);
	put_segment(0, 0, 1, 4, 0, 0);
	fake.other.iomode = IET_IOMODE_RO;
	xcopy(1);
	forwarded(9, SAM_STAT_CHECK_CONDITION, DATA_PROTECT,
		  IET_ASC_WRITE_PROTECTED);
	fake_end();
	fake.other.iomode = IET_IOMODE_WT;
	fake.other_itl.read_only = true;
	xcopy(1);
	forwarded(9, SAM_STAT_CHECK_CONDITION, DATA_PROTECT,
		  IET_ASC_WRITE_PROTECTED);
	CHECK_EQ(fake.nr_io, 0);
	fake_end();
	/* from where it is, and by what it is asked, may be read-only */
	put_segment(0, 1, 0, 4, 0, 0);
	xcopy(1);
	CHECK_EQ(result(), 0);
	fake_end();
	tear_down();
}

/* Somebody else's reservations, of the one and of the other. */
static void reservations(void)
{
	static struct iet_nexus stranger;

	set_up();
	put_list(1);
	put_segment(0, 0, 1, 4, 0, 0);
	fake.other.reservation.legacy = &stranger;
	fake.other.reservation.active = true;
	xcopy(1);
	forwarded(9, SAM_STAT_RESERVATION_CONFLICT, 0, 0);
	CHECK_EQ(fake.nr_io, 0);
	fake_end();
	put_segment(0, 1, 0, 4, 0, 0);
	xcopy(1);
	forwarded(8, SAM_STAT_RESERVATION_CONFLICT, 0, 0);
	fake_end();
	tear_down();
}

static void reserve_meanwhile(unsigned int nr)
{
	static struct iet_nexus stranger;

	if (nr != 2)
		return;
	fake.other.reservation.legacy = &stranger;
	fake.other.reservation.active = true;
}

static void reset_meanwhile(unsigned int nr)
{
	if (nr == 2)
		iet_copy_reset(&fake.other);
}

static void abort_meanwhile(unsigned int nr)
{
	if (nr == 2)
		iet_orphan_add(&fake.s);
}

static void delete_meanwhile(unsigned int nr)
{
	shim_dying = nr == 2;
}

/* What happens while it is being copied: nothing is written after it. */
static void meanwhile(void)
{
	static const struct {
		const char *name;
		void (*event)(unsigned int nr);
		u8 status;
		u16 asc;
	} rows[] = {
		{ "reservation", reserve_meanwhile, SAM_STAT_CHECK_CONDITION,
		  IET_ASC_THIRD_PARTY_FAILURE },
		{ "reset of the destination", reset_meanwhile,
		  SAM_STAT_CHECK_CONDITION, IET_ASC_COPY_NOT_REACHABLE },
		{ "abort", abort_meanwhile, SAM_STAT_TASK_ABORTED, 0xffff },
		{ "a unit is deleted", delete_meanwhile,
		  SAM_STAT_CHECK_CONDITION, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bool before = ktap_ok;

		set_up();
		put_list(1);
		put_segment(0, 0, 1, 1024, 0, 0);
		fake.before_io = rows[i].event;
		xcopy(1);
		CHECK_EQ(fake.s.status, rows[i].status);
		CHECK_EQ(fake_asc(), rows[i].asc);
		CHECK_EQ(fake.nr_io, 3); /* the second chunk was only read */
		fake.before_io = NULL;
		shim_dying = false;
		fake_end();
		tear_down();
		CHECK_ROW(rows[i].name, before);
	}
}

/* An orphan keeps its initiator off the unit that it is writing to. */
static bool blocked, others_blocked;

static void look_at_orphans(unsigned int nr)
{
	struct iet_nexus other = { .iname = "iqn.2026-01.org.example:else" };

	if (nr != 1)
		return;
	CHECK(!iet_orphan_blocks(&fake.other, &fake.nexus));
	iet_orphan_add(&fake.s);
	blocked = iet_orphan_blocks(&fake.other, &fake.nexus);
	others_blocked = iet_orphan_blocks(&fake.other, &other);
}

static void orphans(void)
{
	set_up();
	put_list(1);
	put_segment(0, 0, 1, 4, 0, 0);
	fake.before_io = look_at_orphans;
	xcopy(1);
	CHECK(blocked && !others_blocked);
	CHECK(!iet_orphan_blocks(&fake.other, &fake.nexus));
	fake_end();
	tear_down();
}

/* It waits for COMPARE AND WRITE, at the one unit and then at the other. */
static void atomic(void)
{
	struct iet_span excl = { .first = 0, .end = 9, .excl = true };

	set_up();
	put_list(1);
	put_segment(0, 0, 1, 4, 0, 0);
	CHECK(iet_span_lock(&fake.other.spans, &excl));
	fake.limit = true;
	fake.steps = 20;
	xcopy(1);
	CHECK_EQ(fake.nr_done, 0);
	CHECK_EQ(fake.nr_io, 1);
	iet_span_unlock(&fake.other.spans, &excl);
	fake.steps = 20;
	fake_work();
	CHECK_EQ(fake.nr_done, 1);
	CHECK_EQ(result(), 0);
	fake_end();
	tear_down();
}

static void lists(void)
{
	set_up();
	run_out(0, 0, 0);
	CHECK_EQ(result(), 0);
	fake_end();
	put_list(1);
	put_segment(0, 0, 1, 4, 0, 0);
	run_out(0, 0, 16 + 64 + 27);
	CHECK_EQ(result(), IET_ASC_PARAM_LENGTH);
	fake_end();
	/* the CDB says more than comes */
	memset(cdb, 0, sizeof(cdb));
	cdb[0] = 0x83;
	cdb[12] = 1;
	fake_run(cdb, DIR_OUT, 16 + 64, list);
	CHECK_EQ(result(), IET_ASC_PARAM_LENGTH);
	fake_end();
	put_unaligned_be32(U32_MAX, cdb + 10);
	fake_run(cdb, DIR_OUT, sizeof(list), list);
	CHECK_EQ(result(), 0);
	CHECK_EQ(fake.s.out_len, IET_XCOPY_BYTES_MAX);
	fake_end();
	fake_run(cdb, DIR_NONE, 0, NULL);
	CHECK_EQ(result(), IET_ASC_PARAM_LENGTH);
	fake_end();
	tear_down();
}

static void verification(void)
{
	set_up();
	put_list(1);
	list[11] = 12;
	memset(segment(0), 0, 28);
	segment(0)[0] = 0x07;
	segment(0)[3] = 8;
	segment(0)[5] = 1;
	segment(0)[8] = 1;
	run_out(0, 0, 16 + 64 + 12);
	CHECK_EQ(result(), 0);
	CHECK_EQ(fake.nr_io, 0);
	fake_end();
	fake.other.condition = IET_NO_MEDIUM;
	run_out(0, 0, 16 + 64 + 12);
	forwarded(8, SAM_STAT_CHECK_CONDITION, NOT_READY, IET_ASC_NO_MEDIUM);
	fake_end();
	segment(0)[8] = 0;
	run_out(0, 0, 16 + 64 + 12);
	CHECK_EQ(result(), 0);
	fake_end();
	segment(0)[5] = 2;
	run_out(0, 0, 16 + 64 + 12);
	CHECK_EQ(result(), IET_ASC_COPY_NOT_REACHABLE);
	fake_end();
	tear_down();
}

static void no_memory(void)
{
	set_up();
	put_list(1);
	put_segment(0, 0, 1, 4, 0, 0);
	fake.no_budget = true;
	xcopy(1);
	CHECK_EQ(fake.s.status, SAM_STAT_TASK_SET_FULL);
	fake_end();
	tear_down();
}

/* LID4, in the background; what is asked of it while it runs. */
static void background(void)
{
	u8 *d = list;

	set_up();
	put_list(1);
	put_segment(0, 0, 1, 1024, 0, 0);
	memmove(list + 48, list + 16, 64 + 28);
	memset(d, 0, 48);
	d[0] = 1;
	d[3] = 0x20;
	d[15] = 1; /* IMMED */
	d[16] = 0xff;
	put_unaligned_be32(0xabcd, d + 20);
	d[43] = 64;
	d[45] = 28;
	fake.limit = true;
	fake.steps = 5;
	run_out(1, 0, 48 + 64 + 28);
	CHECK_EQ(fake.nr_done, 1);
	CHECK_EQ(result(), 0);
	iet_scsi_release(&fake.s);

	/* nothing else may run in this fake: the worker is the copy's */
	fake.limit = false;
	fake_work();
	CHECK(!memcmp(fake.other_medium, before_it, FAKE_BYTES));
	run_in(5, 0xabcd, 100);
	CHECK_EQ(fake.s.in_len, 32);
	CHECK_EQ(get_unaligned_be32(fake_in()), 28);
	CHECK_EQ(fake_in()[4], 1);
	CHECK_EQ(fake_in()[5], 0x01);
	CHECK_EQ(fake_in()[12], 0);
	CHECK_EQ(get_unaligned_be64(fake_in() + 16), FAKE_BYTES);
	CHECK_EQ(get_unaligned_be16(fake_in() + 24), 1);
	fake_end();
	tear_down();

	/* the end of the I_T nexus ends it */
	set_up();
	fake.limit = true;
	fake.steps = 5;
	run_out(1, 0, 48 + 64 + 28);
	CHECK_EQ(fake.nr_done, 1);
	iet_scsi_release(&fake.s);
	iet_copy_nexus_lost(&fake.vol, &fake.nexus);
	fake.limit = false;
	fake.nr_io = 0;
	fake_work();
	CHECK(fake.nr_io <= 1);
	tear_down();
}

static void parameters(void)
{
	set_up();
	run_in(3, 0, 100);
	CHECK_EQ(fake.s.in_len, 48);
	CHECK_EQ(get_unaligned_be32(fake_in()), 44);
	CHECK_EQ(fake_in()[4], 1);
	CHECK_EQ(get_unaligned_be16(fake_in() + 8), 16);
	CHECK_EQ(get_unaligned_be16(fake_in() + 10), 64);
	CHECK_EQ(get_unaligned_be32(fake_in() + 12), 16 * 32 + 64 * 32);
	CHECK_EQ(get_unaligned_be32(fake_in() + 16), U32_MAX);
	CHECK_EQ(fake_in()[43], 4);
	CHECK(!memcmp(fake_in() + 44, "\x02\x07\x0a\xe4", 4));
	fake_end();
	run_in(3, 0, 6);
	CHECK_EQ(fake.s.in_len, 6);
	fake_end();
	tear_down();
}

/* --- tokens --- */

static u32 put_range(u32 at, u64 lba, u32 nr)
{
	memset(list + at, 0, 16);
	put_unaligned_be64(lba, list + at);
	put_unaligned_be32(nr, list + at + 8);
	return at + 16;
}

static void populate(u32 end)
{
	put_unaligned_be16(end - 2, list);
	put_unaligned_be16(end - 16, list + 14);
	run_out(0x10, LIST_ID, end);
}

static void write_token(u32 end)
{
	memcpy(list + 16, token, sizeof(token));
	put_unaligned_be16(end - 2, list);
	put_unaligned_be16(end - 536, list + 534);
	run_out(0x11, LIST_ID + 1, end);
}

static void clear_list(void)
{
	memset(list, 0, sizeof(list));
}

/* A token for blocks 10 to 29 and 5 to 8. */
static void get_token(u32 type)
{
	clear_list();
	if (type) {
		list[2] = 0x02; /* RTV */
		put_unaligned_be32(type, list + 8);
	}
	populate(put_range(put_range(16, 10, 20), 5, 4));
	CHECK_EQ(result(), 0);
	fake_end();
	run_in(7, LIST_ID, 1024);
	CHECK_EQ(fake.s.in_len, 32 + 4 + 2 + 512);
	CHECK_EQ(get_unaligned_be32(fake_in()), 32 + 4 + 2 + 512 - 4);
	CHECK_EQ(fake_in()[4], 0x10);
	CHECK_EQ(fake_in()[5], 0x01);
	CHECK_EQ(fake_in()[15], 0xf1);
	CHECK_EQ(get_unaligned_be64(fake_in() + 16), 24);
	CHECK_EQ(get_unaligned_be32(fake_in() + 32), 514);
	memcpy(token, fake_in() + 38, sizeof(token));
	fake_end();
	clear_list();
}

static void tokens(void)
{
	u8 old[IET_ROD_TOKEN_LEN];

	set_up();
	get_token(0);
	CHECK_EQ(get_unaligned_be32(token), IET_ROD_PIT_CHANGE_VULNERABLE);
	CHECK_EQ(get_unaligned_be16(token + 6), 0x1f8);
	CHECK_EQ(token[16], 0xe4);
	CHECK_EQ(get_unaligned_be64(token + 56), 24 * BS);
	CHECK_EQ(get_unaligned_be32(token + 96), BS);
	memcpy(old, token, sizeof(old));
	get_token(IET_ROD_PIT_ANY);
	CHECK(memcmp(old + 400, token + 400, 100));

	write_token(put_range(put_range(536, 100, 6), 200, 18));
	CHECK_EQ(result(), 0);
	CHECK(!memcmp(fake.medium + 100 * BS, before_it + 10 * BS, 6 * BS));
	CHECK(!memcmp(fake.medium + 200 * BS, before_it + 16 * BS, 14 * BS));
	CHECK(!memcmp(fake.medium + 214 * BS, before_it + 5 * BS, 4 * BS));
	fake_end();
	run_in(7, LIST_ID + 1, 1024);
	CHECK_EQ(fake.s.in_len, 36);
	CHECK_EQ(fake_in()[4], 0x11);
	CHECK_EQ(fake_in()[5], 0x01);
	CHECK_EQ(get_unaligned_be64(fake_in() + 16), 24);
	CHECK_EQ(get_unaligned_be16(fake_in() + 24), 2);
	fake_end();

	/* a part, from the middle; and that is the end of the token */
	clear_list();
	put_unaligned_be64(18, list + 8);
	list[2] = 0x02; /* DEL_TKN */
	write_token(put_range(536, 300, 3));
	CHECK_EQ(result(), 0);
	CHECK(!memcmp(fake.medium + 300 * BS, before_it + 28 * BS, 2 * BS));
	CHECK(!memcmp(fake.medium + 302 * BS, before_it + 5 * BS, BS));
	fake_end();
	write_token(put_range(536, 300, 3));
	CHECK_EQ(result(), IET_ASC_TOKEN_UNKNOWN);
	CHECK_EQ(key(), ILLEGAL_REQUEST);
	fake_end();
	tear_down();
}

static void zero_token(void)
{
	set_up();
	clear_list();
	memset(token, 0, sizeof(token));
	put_unaligned_be32(IET_ROD_BLOCK_ZERO, token);
	put_unaligned_be16(0x1f8, token + 6);
	write_token(put_range(put_range(536, 100, 6), 0, 1));
	CHECK_EQ(result(), 0);
	CHECK(!memchr_inv(fake.medium + 100 * BS, 0, 6 * BS));
	CHECK(!memchr_inv(fake.medium, 0, BS));
	CHECK_EQ(fake.io[0].op, IET_IO_WRITE_ZEROES);
	CHECK_EQ(fake.io[0].flags, 0);
	fake_end();
	fake.vol.thin = true;
	write_token(put_range(536, 100, 6));
	CHECK_EQ(fake.io[0].flags, IET_IO_UNMAP);
	fake_end();
	tear_down();
}

/* Each guess is wrong, as far as it may be off by one bit. */
static void guesses(void)
{
	static const u16 bytes[] = { 8, 15, 16, 56, 130, 250, 511 };
	unsigned int i;

	set_up();
	get_token(0);
	for (i = 0; i < ARRAY_SIZE(bytes); i++) {
		token[bytes[i]] ^= 0x10;
		write_token(put_range(536, 100, 1));
		CHECK_EQ(result(), IET_ASC_TOKEN_UNKNOWN);
		CHECK_EQ(fake.nr_io, 0);
		fake_end();
		token[bytes[i]] ^= 0x10;
	}
	token[7]--;
	write_token(put_range(536, 100, 1));
	CHECK_EQ(result(), IET_ASC_TOKEN_LENGTH);
	fake_end();
	token[7]++;
	token[3] = 2;
	write_token(put_range(536, 100, 1));
	CHECK_EQ(result(), IET_ASC_TOKEN_UNSUPPORTED);
	fake_end();
	tear_down();
}

static void write_block(u64 lba)
{
	u8 w[16] = { 0x8a };

	put_unaligned_be64(lba, w + 2);
	w[13] = 1;
	fake_run(w, DIR_OUT, BS, list);
	CHECK_EQ(result(), 0);
	fake_end();
}

static void revoked(void)
{
	set_up();
	get_token(IET_ROD_PIT_DEFAULT);
	write_block(9);
	write_block(30);
	write_token(put_range(536, 100, 1));
	CHECK_EQ(result(), 0);
	fake_end();
	write_block(29);
	write_token(put_range(536, 100, 1));
	CHECK_EQ(result(), IET_ASC_TOKEN_REVOKED);
	CHECK_EQ(fake.nr_io, 0);
	fake_end();
	/* a copy is a write, too; and access upon reference is not revoked */
	get_token(IET_ROD_PIT_DEFAULT);
	put_list(1);
	put_segment(0, 1, 0, 1, 0, 8);
	xcopy(1);
	fake_end();
	clear_list();
	write_token(put_range(536, 100, 1));
	CHECK_EQ(result(), IET_ASC_TOKEN_REVOKED);
	fake_end();
	get_token(IET_ROD_ACCESS_UPON_REFERENCE);
	write_block(10);
	memcpy(before_it, list, BS);
	write_token(put_range(536, 100, 1));
	CHECK_EQ(result(), 0);
	fake_end();
	tear_down();
}

static void write_meanwhile(unsigned int nr)
{
	if (nr == 0)
		iet_rod_written(&fake.vol, 12, 13);
}

/* What may be newer than the token is not written. */
static void revoked_meanwhile(void)
{
	set_up();
	get_token(0);
	fake.before_io = write_meanwhile;
	write_token(put_range(536, 100, 10));
	CHECK_EQ(result(), IET_ASC_TOKEN_REVOKED);
	CHECK_EQ(fake.nr_io, 1);
	CHECK(!memcmp(fake.medium + 100 * BS, before_it + 100 * BS, 10 * BS));
	fake.before_io = NULL;
	fake_end();
	tear_down();
}

static void expiry(void)
{
	set_up();
	get_token(0);
	jiffies += 59 * HZ;
	write_token(put_range(536, 100, 1));
	CHECK_EQ(result(), 0);
	fake_end();
	jiffies += 59 * HZ;
	write_token(put_range(536, 100, 1));
	CHECK_EQ(result(), 0);
	fake_end();
	jiffies += 60 * HZ;
	write_token(put_range(536, 100, 1));
	CHECK_EQ(result(), IET_ASC_TOKEN_EXPIRED);
	fake_end();
	write_token(put_range(536, 100, 1));
	CHECK_EQ(result(), IET_ASC_TOKEN_UNKNOWN);
	fake_end();
	CHECK(!iet_rod_any(&fake.vol));
	/* and with the unit */
	get_token(0);
	CHECK(iet_rod_any(&fake.vol));
	iet_rod_volume_gone(&fake.vol);
	write_token(put_range(536, 100, 1));
	CHECK_EQ(result(), IET_ASC_TOKEN_UNKNOWN);
	fake_end();
	tear_down();
}

/* Who wants too many loses his oldest; all together have a limit. */
static void many_tokens(void)
{
	u8 first[IET_ROD_TOKEN_LEN];
	static char names[9][32];
	unsigned int i, n;

	set_up();
	get_token(0);
	memcpy(first, token, sizeof(first));
	for (i = 0; i < IET_ROD_TOKENS_OF_ONE; i++)
		get_token(0);
	write_token(put_range(536, 100, 1));
	CHECK_EQ(result(), 0);
	fake_end();
	memcpy(token, first, sizeof(first));
	write_token(put_range(536, 100, 1));
	CHECK_EQ(result(), IET_ASC_TOKEN_UNKNOWN);
	fake_end();
	for (n = 1; n < 8; n++) {
		snprintf(names[n], sizeof(names[n]), "iqn.2026-01.n:%u", n);
		fake.nexus.iname = names[n];
		for (i = 0; i < IET_ROD_TOKENS_OF_ONE; i++)
			get_token(0);
	}
	fake.nexus.iname = "iqn.2026-01.n:last";
	clear_list();
	populate(put_range(16, 0, 1));
	CHECK_EQ(result(), IET_ASC_INSUFFICIENT_RESOURCES);
	fake_end();
	tear_down();
}

static void bad_lists(void)
{
	static const struct {
		const char *name;
		u8 sa;
		u16 at;
		u8 value;
		u16 have;
		u16 asc;
	} rows[] = {
		{ "half a header", 0x10, 0, 0, 15, IET_ASC_PARAM_LENGTH },
		{ "ranges cut short", 0x10, 0, 0, 47, IET_ASC_PARAM_LENGTH },
		{ "no ranges", 0x10, 15, 0, 48,
		  IET_ASC_INVALID_FIELD_IN_PARAM },
		{ "half a range", 0x10, 15, 24, 48,
		  IET_ASC_INVALID_FIELD_IN_PARAM },
		{ "lengths that differ", 0x10, 1, 45, 48,
		  IET_ASC_INVALID_FIELD_IN_PARAM },
		{ "a long timeout", 0x10, 4, 1, 48,
		  IET_ASC_INVALID_FIELD_IN_PARAM },
		{ "LBA beyond the end", 0x10, 16 + 5, 1, 48,
		  IET_ASC_LBA_OUT_OF_RANGE },
		{ "LBA that wraps", 0x10, 16, 0xff, 48,
		  IET_ASC_LBA_OUT_OF_RANGE },
		{ "length beyond the end", 0x10, 16 + 8, 0xff, 48,
		  IET_ASC_LBA_OUT_OF_RANGE },
		{ "ranges that overlap", 0x10, 32 + 7, 10, 48,
		  IET_ASC_INVALID_FIELD_IN_PARAM },
		{ "half a header", 0x11, 0, 0, 535, IET_ASC_PARAM_LENGTH },
		{ "ranges cut short", 0x11, 0, 0, 567, IET_ASC_PARAM_LENGTH },
		{ "no ranges", 0x11, 535, 0, 568,
		  IET_ASC_INVALID_FIELD_IN_PARAM },
		{ "offset that wraps", 0x11, 8, 0xff, 568,
		  IET_ASC_INVALID_FIELD_IN_PARAM },
		{ "offset beyond the ROD", 0x11, 15, 24, 568,
		  IET_ASC_INVALID_FIELD_IN_PARAM },
		{ "more than is left of the ROD", 0x11, 15, 20, 568,
		  IET_ASC_INVALID_FIELD_IN_PARAM },
		{ "LBA that wraps", 0x11, 536, 0xff, 568,
		  IET_ASC_LBA_OUT_OF_RANGE },
		{ "ranges that overlap", 0x11, 552 + 7, 1, 568,
		  IET_ASC_INVALID_FIELD_IN_PARAM },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bool before = ktap_ok;
		u32 head = rows[i].sa == 0x10 ? 16 : 536;

		set_up();
		get_token(0);
		put_range(put_range(head, 0, 3), 9, 2);
		put_unaligned_be16(head + 32 - 2, list);
		put_unaligned_be16(32, list + head - 2);
		if (head > 16)
			memcpy(list + 16, token, sizeof(token));
		list[rows[i].at] = rows[i].value ?: list[rows[i].at];
		if (!rows[i].value && rows[i].at)
			list[rows[i].at] = 0;
		if (rows[i].at == 32 + 7)
			list[16 + 7] = 9;
		run_out(rows[i].sa, LIST_ID + 5, rows[i].have);
		CHECK_EQ(result(), rows[i].asc);
		CHECK_EQ(key(), ILLEGAL_REQUEST);
		CHECK_EQ(fake.nr_io, 0);
		fake_end();
		tear_down();
		CHECK_ROW(rows[i].name, before);
	}
}

/* Too many ranges, and a type that there is not. */
static void limits(void)
{
	u32 at = 16, i;

	set_up();
	clear_list();
	for (i = 0; i < 64; i++)
		at = put_range(at, 2 * i, 1);
	populate(at);
	CHECK_EQ(result(), 0);
	fake_end();
	populate(put_range(at, 500, 1));
	CHECK_EQ(result(), IET_ASC_TOO_MANY_SEGMENTS);
	fake_end();
	clear_list();
	list[2] = 0x02;
	put_unaligned_be32(IET_ROD_BLOCK_ZERO, list + 8);
	populate(put_range(16, 0, 1));
	CHECK_EQ(result(), IET_ASC_INVALID_FIELD_IN_PARAM);
	fake_end();
	/* no list, no error; no blocks, no token */
	run_out(0x10, 1, 0);
	CHECK_EQ(result(), 0);
	fake_end();
	clear_list();
	populate(put_range(16, 5, 0));
	CHECK_EQ(result(), 0);
	fake_end();
	run_in(7, LIST_ID, 1024);
	CHECK_EQ(fake.s.in_len, 36);
	fake_end();
	tear_down();
}

static void token_failures(void)
{
	set_up();
	get_token(0);
	fake.fail_with = -EIO;
	write_token(put_range(536, 100, 10));
	forwarded(8, SAM_STAT_CHECK_CONDITION, MEDIUM_ERROR,
		  IET_ASC_READ_ERROR);
	fake_end();
	fake.fail_at = 1;
	write_token(put_range(536, 100, 10));
	CHECK_EQ(result(), IET_ASC_WRITE_ERROR);
	CHECK_EQ(get_unaligned_be32(fake.s.sense + 3), 100);
	fake_end();
	run_in(7, LIST_ID + 1, 1024);
	CHECK_EQ(fake_in()[5], 0x02);
	CHECK_EQ(fake_in()[12], SAM_STAT_CHECK_CONDITION);
	CHECK_EQ(fake_in()[13], 18);
	CHECK_EQ(fake_in()[32 + 2], MEDIUM_ERROR);
	CHECK_EQ(get_unaligned_be32(fake_in() + 32 + 18), 0);
	fake_end();
	fake.fail_with = 0;
	fake.vol.iomode = IET_IOMODE_RO;
	write_token(put_range(536, 100, 10));
	CHECK_EQ(result(), IET_ASC_WRITE_PROTECTED);
	fake_end();
	tear_down();
}

/* It waits until what is being written is written. */
static void waits_for_writes(void)
{
	struct iet_span writing = { .first = 6, .end = 7 };

	set_up();
	clear_list();
	CHECK(iet_span_lock(&fake.vol.spans, &writing));
	fake.limit = true;
	fake.steps = 20;
	populate(put_range(16, 5, 9));
	CHECK_EQ(fake.nr_done, 0);
	iet_span_unlock(&fake.vol.spans, &writing);
	fake.steps = 20;
	fake_work();
	CHECK_EQ(fake.nr_done, 1);
	CHECK_EQ(result(), 0);
	fake_end();
	tear_down();
}

/* --- COPY OPERATION ABORT, results kept --- */

static void kept(void)
{
	unsigned int i;

	set_up();
	put_list(0);
	for (i = 0; i < IET_COPY_KEEP + 1; i++) {
		list[0] = i;
		xcopy(0);
		CHECK_EQ(result(), 0);
		fake_end();
	}
	run_in(0, 0, 100);
	CHECK_EQ(result(), IET_ASC_INVALID_FIELD_IN_CDB);
	fake_end();
	run_in(0, 1, 100);
	CHECK_EQ(result(), 0);
	fake_end();
	/* without an identifier there is nothing to ask for */
	list[0] = 0;
	list[1] = 3 << 3;
	xcopy(0);
	CHECK_EQ(result(), 0);
	fake_end();
	run_in(0, 0, 100);
	CHECK_EQ(result(), IET_ASC_INVALID_FIELD_IN_CDB);
	fake_end();
	memset(cdb, 0, sizeof(cdb));
	cdb[0] = 0x83;
	cdb[1] = 0x1c;
	cdb[5] = 1;
	fake_run(cdb, DIR_NONE, 0, NULL);
	CHECK_EQ(result(), IET_ASC_INVALID_FIELD_IN_CDB);
	fake_end();
	tear_down();
}

/* --- what INQUIRY says --- */

static void vpd(void)
{
	static const u8 std[16] = { 0x12, 0, 0, 0, 96 };
	static const u8 page[16] = { 0x12, 1, 0x8f, 4, 0 };
	static const u16 types[] = { 0, 1, 4, 8, 0xc, 0x106, 0x108, 0x8001 };
	unsigned int i = 0;
	u32 at, end;

	set_up();
	fake_run(std, DIR_IN, 96, NULL);
	CHECK_EQ(fake_in()[5] & 0x08, 0x08);
	fake_end();
	fake_run(page, DIR_IN, 1024, NULL);
	end = 4 + get_unaligned_be16(fake_in() + 2);
	CHECK_EQ(fake.s.in_len, end);
	for (at = 4; at < end; at += 4 + get_unaligned_be16(fake_in() + at + 2))
		CHECK_EQ(get_unaligned_be16(fake_in() + at), types[i++]);
	CHECK_EQ(at, end);
	CHECK_EQ(i, ARRAY_SIZE(types));
	/* supported commands: both operation codes with all service actions */
	at = 4 + 36;
	CHECK_EQ(fake_in()[at + 4], 2 + 5 + 2 + 5);
	CHECK(!memcmp(fake_in() + at + 5,
		      "\x83\x05\x00\x01\x10\x11\x1c\x84\x05\x00\x03\x04\x05\x07",
		      14));
	fake_end();
	tear_down();
}

int main(void)
{
	ktap_run(copies);
	ktap_run(durable);
	ktap_run(nexus_gone);
	ktap_run(overlapping);
	ktap_run(overlapping_units);
	ktap_run(overlapping_bytes);
	ktap_run(by_medium);
	ktap_run(thin);
	ktap_run(block_sizes);
	ktap_run(bad_segments);
	ktap_run(bad_units);
	ktap_run(failures);
	ktap_run(protection);
	ktap_run(reservations);
	ktap_run(meanwhile);
	ktap_run(orphans);
	ktap_run(atomic);
	ktap_run(lists);
	ktap_run(verification);
	ktap_run(no_memory);
	ktap_run(background);
	ktap_run(parameters);
	ktap_run(tokens);
	ktap_run(zero_token);
	ktap_run(guesses);
	ktap_run(revoked);
	ktap_run(revoked_meanwhile);
	ktap_run(expiry);
	ktap_run(many_tokens);
	ktap_run(bad_lists);
	ktap_run(limits);
	ktap_run(token_failures);
	ktap_run(waits_for_writes);
	ktap_run(kept);
	ktap_run(vpd);
	return ktap_done();
}
