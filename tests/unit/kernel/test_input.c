// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bad input, made from the opcode table: every command with lengths, ranges,
 * lists and directions that do not fit, or that nobody would think of.
 */
#include <linux/ktime.h>
#include <scsi/scsi_proto.h>

#include "cdb.h"
#include "copy_op.h"
#include "fake_device.h"
#include "ktap.h"
#include "ready.h"

#define BS (1 << FAKE_SHIFT)
#define ROUNDS 400

static u8 data[128 << 10];

/* The same numbers each time. */
static u32 seed;

static u32 any(u32 below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

static bool is_variable(const struct iet_scsi_op *op)
{
	return op->opcode == IET_CDB_VARIABLE;
}

/* a unit that knows every command */
static void set_up(void)
{
	fake_init();
	fake.vol.thin = true;
	fake.vol.removable = true;
	fake.vol.atomic_max = 8 * BS;
	fake.vol.atomic_min = BS;
	fake.vol.atomic_align = BS;
}

static void tear_down(void)
{
	free(fake.vol.echo);
	fake.vol.echo = NULL;
	/* what is kept for RECEIVE COPY STATUS */
	iet_copy_nexus_lost(&fake.vol, &fake.nexus);
	iet_reservation_exit(&fake.vol.reservation);
}

static void put_op(const struct iet_scsi_op *op, u8 *cdb)
{
	memset(cdb, 0, 32);
	cdb[0] = op->opcode;
	if (is_variable(op)) {
		cdb[7] = op->len - 8;
		cdb[9] = op->sa;
	} else {
		cdb[1] = op->sa;
	}
}

static void put_be(u8 *p, u8 size, u64 value)
{
	while (size--) {
		p[size] = value;
		value >>= 8;
	}
}

static void put_len(const struct iet_scsi_op *op, u8 *cdb, u32 len)
{
	static const struct {
		u8 at, size;
	} fields[IET_CDB_NR_LAYOUTS] = {
		[IET_CDB_RW6] = { 4, 1 },
		[IET_CDB_RW10] = { 7, 2 },
		[IET_CDB_RW12] = { 6, 4 },
		[IET_CDB_RW16] = { 10, 4 },
		[IET_CDB_RW16_BYTE] = { 13, 1 },
		[IET_CDB_RW16_WORD] = { 12, 2 },
		[IET_CDB_RW32] = { 28, 4 },
		[IET_CDB_ALLOC_3_2] = { 3, 2 },
		[IET_CDB_ALLOC_4_1] = { 4, 1 },
		[IET_CDB_ALLOC_5_4] = { 5, 4 },
		[IET_CDB_ALLOC_6_3] = { 6, 3 },
		[IET_CDB_ALLOC_6_4] = { 6, 4 },
		[IET_CDB_ALLOC_7_2] = { 7, 2 },
		[IET_CDB_ALLOC_10_4] = { 10, 4 },
	};
	u8 size = fields[op->layout].size;
	u64 most = size ? (1ULL << 8 * size) - 1 : 0;

	put_be(cdb + fields[op->layout].at, size, min_t(u64, len, most));
}

static void put_lba(const struct iet_scsi_op *op, u8 *cdb, u64 lba)
{
	static const struct {
		u8 at, size;
	} fields[IET_CDB_NR_LAYOUTS] = {
		[IET_CDB_RW6] = { 2, 2 },	[IET_CDB_RW10] = { 2, 4 },
		[IET_CDB_RW12] = { 2, 4 },	[IET_CDB_RW16] = { 2, 8 },
		[IET_CDB_RW16_BYTE] = { 2, 8 }, [IET_CDB_RW16_WORD] = { 2, 8 },
		[IET_CDB_RW32] = { 12, 8 },
	};

	put_be(cdb + fields[op->layout].at, fields[op->layout].size, lba);
}

/* What holds for every command that has ended. */
static void check_end(const struct iet_scsi_op *op)
{
	CHECK(fake.prepared ? fake.nr_done == 1 : fake.nr_done == 0);
	switch (fake.s.status) {
	case SAM_STAT_GOOD:
	case SAM_STAT_RESERVATION_CONFLICT:
	case SAM_STAT_TASK_SET_FULL:
		CHECK_EQ(fake.s.sense_len, 0);
		break;
	case SAM_STAT_CHECK_CONDITION:
		CHECK(fake.s.sense_len >= 8);
		CHECK_EQ(fake.s.in_len, 0);
		break;
	default:
		CHECK_EQ(fake.s.status, SAM_STAT_GOOD);
	}
	if (!(op->flags & IET_OP_IN))
		CHECK_EQ(fake.s.in_len, 0);
	if (!(op->flags & IET_OP_OUT))
		CHECK_EQ(fake.s.out_len, 0);
}

/* any bits that the usage data has, any data, any direction and length */
static void anything(void)
{
	static const u32 lengths[] = { 0,  1,	4,	8,    12,
				       24, 255, BS - 1, BS,   BS + 1,
				       64, 520, 2 * BS, 4096, sizeof(data) };
	unsigned int i, n, b;
	u8 cdb[32];

	for (i = 0; i < iet_scsi_nr_ops; i++) {
		const struct iet_scsi_op *op = &iet_scsi_ops[i];
		bool before = ktap_ok;

		set_up();
		seed = i;
		for (n = 0; n < ROUNDS; n++) {
			put_op(op, cdb);
			/* few bits or many */
			for (b = 1; b < op->len; b++)
				cdb[b] |= op->usage[b] & any(256) &
					  (n % 3 ? any(256) & any(256) : 0xff);
			if (is_variable(op))
				cdb[9] = op->sa;
			else if (op->flags & IET_OP_SA)
				cdb[1] = (cdb[1] & ~0x1f) | op->sa;
			if (n % 2) /* so that some are in range */
				put_lba(op, cdb, any(FAKE_BLOCKS));
			if (n % 4 > 1)
				put_len(op, cdb, any(40));
			for (b = 0; b < 600; b++)
				data[b] = n % 5 ? any(256) & any(256) : any(4);
			fake_run(cdb, any(4), lengths[any(ARRAY_SIZE(lengths))],
				 data);
			check_end(op);
			fake_end();
			/* for the next one to have a chance */
			fake.vol.condition = IET_READY;
			iet_ready_reset(&fake.vol, NULL);
			iet_mode_reset(&fake.vol);
			iet_reservation_reset(&fake.vol);
			if (!ktap_ok)
				break;
		}
		tear_down();
		CHECK_ROW(op->name, before);
	}
}

/* a shorter allocation length gives the beginning of the same */
static void allocation_lengths(void)
{
	static const u32 lengths[] = { 0, 1, 2, 3, 4, 5, 7, 8, 12, 17, 64 };
	static u8 all[IET_PARAM_MAX];
	unsigned int i, n;
	u8 cdb[32];

	for (i = 0; i < iet_scsi_nr_ops; i++) {
		const struct iet_scsi_op *op = &iet_scsi_ops[i];
		bool before = ktap_ok;
		u32 whole;

		if (!(op->flags & IET_OP_IN) || op->flags & IET_OP_MEDIUM ||
		    op->layout == IET_CDB_PLAIN)
			continue;
		set_up();
		shim_clock = 1;
		put_op(op, cdb);
		put_len(op, cdb, U32_MAX);
		fake_run(cdb, DIR_IN, IET_PARAM_MAX, NULL);
		whole = fake.s.in_len;
		if (fake.s.status || whole > IET_PARAM_MAX) {
			fake_end();
			tear_down();
			continue;
		}
		memcpy(all, fake_in(), whole);
		fake_end();
		for (n = 0; n < ARRAY_SIZE(lengths); n++) {
			u32 len = min(lengths[n], whole);

			put_len(op, cdb, lengths[n]);
			fake_run(cdb, DIR_IN, IET_PARAM_MAX, NULL);
			CHECK_EQ(fake.s.status, SAM_STAT_GOOD);
			CHECK_EQ(fake.s.in_len, len);
			CHECK(!len || !memcmp(fake_in(), all, len));
			fake_end();
			/* the PDU may expect less as well */
			put_len(op, cdb, U32_MAX);
			fake_run(cdb, DIR_IN, lengths[n], NULL);
			CHECK_EQ(fake.s.in_len, whole);
			CHECK(!len || !memcmp(fake_in(), all, len));
			fake_end();
		}
		tear_down();
		CHECK_ROW(op->name, before);
	}
}

/* blocks that are not there are never touched */
static void ranges(void)
{
	static const struct {
		u64 lba;
		u32 len;
	} rows[] = {
		{ FAKE_BLOCKS, 0 },
		{ FAKE_BLOCKS, 1 },
		{ FAKE_BLOCKS - 1, 2 },
		{ FAKE_BLOCKS - 100, 101 },
		{ 0, U32_MAX },
		{ 1, U32_MAX },
		{ U64_MAX, 0 },
		{ U64_MAX, 1 },
		{ U64_MAX, U32_MAX },
		{ U64_MAX - FAKE_BLOCKS, U32_MAX },
		{ 1ULL << 63, 1 },
		{ 1ULL << 55, 1 }, /* 0, counted in bytes */
	};
	unsigned int i, n;
	u8 cdb[32];

	for (i = 0; i < iet_scsi_nr_ops; i++) {
		const struct iet_scsi_op *op = &iet_scsi_ops[i];
		bool before = ktap_ok;

		if (!(op->flags & IET_OP_MEDIUM))
			continue;
		set_up();
		for (n = 0; n < ARRAY_SIZE(rows); n++) {
			struct iet_cdb_fields f;

			put_op(op, cdb);
			put_lba(op, cdb, rows[n].lba);
			put_len(op, cdb, rows[n].len);
			iet_cdb_decode(op->layout, cdb, &f);
			if (f.lba < FAKE_BLOCKS && f.len <= FAKE_BLOCKS - f.lba)
				continue; /* not with so few bits */
			fake_run(cdb, DIR_NONE, 0, NULL);
			CHECK(!fake.prepared);
			CHECK_EQ(fake_asc(), IET_ASC_LBA_OUT_OF_RANGE);
			CHECK_EQ(fake.nr_io, 0);
			fake_end();
		}
		tear_down();
		CHECK_ROW(op->name, before);
	}
}

/* more than one command may move is refused, where it is a limit */
static void limit(void)
{
	unsigned int i;
	u8 cdb[32];

	for (i = 0; i < iet_scsi_nr_ops; i++) {
		const struct iet_scsi_op *op = &iet_scsi_ops[i];
		bool before = ktap_ok;
		struct iet_cdb_fields f;

		if (!(op->flags & IET_OP_LIMIT))
			continue;
		set_up();
		fake.vol.nr_blocks = 1ULL << 40;
		put_op(op, cdb);
		put_len(op, cdb, (IET_TIO_MAX >> FAKE_SHIFT) + 1);
		iet_cdb_decode(op->layout, cdb, &f);
		if (f.len > IET_TIO_MAX >> FAKE_SHIFT) {
			fake_run(cdb, DIR_NONE, 0, NULL);
			CHECK_EQ(fake_asc(), IET_ASC_INVALID_FIELD_IN_CDB);
			CHECK_EQ(fake.s.sense[17], f.len_at);
			fake_end();
		}
		tear_down();
		CHECK_ROW(op->name, before);
	}
}

/*
 * What the PDU says is to come against what the CDB says: residuals.  The
 * transport reports the difference between @edtl and in_len or out_len.
 */
static void residuals(void)
{
	static const s64 more[] = { -2 * BS, -BS, -1, 0, 1, BS, 3 * BS };
	unsigned int i, n;
	u8 cdb[32];

	for (i = 0; i < iet_scsi_nr_ops; i++) {
		const struct iet_scsi_op *op = &iet_scsi_ops[i];
		bool before = ktap_ok, in = op->flags & IET_OP_IN;

		if (!(op->flags & IET_OP_LIMIT) ||
		    op->flags & (IET_OP_EXACT | IET_OP_POWER_FAIL))
			continue;
		for (n = 0; n < ARRAY_SIZE(more); n++) {
			u32 edtl = 4 * BS + more[n], moved;

			set_up();
			put_op(op, cdb);
			put_lba(op, cdb, 5);
			put_len(op, cdb, 4);
			if (op->out_if)
				cdb[is_variable(op) ? 10 : 1] |= 0x02;
			memcpy(data, fake.medium + 5 * BS, 8 * BS);
			fake_run(cdb, in ? DIR_IN : DIR_OUT, edtl, data);
			CHECK_EQ(fake.s.status, SAM_STAT_GOOD);
			CHECK_EQ(in ? fake.s.in_len : fake.s.out_len, 4 * BS);
			moved = min_t(u32, edtl, 4 * BS);
			/* none beyond; verified is what is whole */
			if (in || op->execute == iet_sbc_write)
				moved = round_up(moved, BS);
			CHECK_EQ(fake.io[0].len, round_down(moved, BS));
			CHECK_EQ(fake.io[0].pos, 5 * BS);
			fake_end();
			tear_down();
		}
		CHECK_ROW(op->name, before);
	}
}

/* Data-Out that has to be just so: neither more nor less is taken */
static void exact(void)
{
	unsigned int i, n;
	u8 cdb[32];

	for (i = 0; i < iet_scsi_nr_ops; i++) {
		const struct iet_scsi_op *op = &iet_scsi_ops[i];
		static const s32 wrong[] = { -BS, -1, 1, BS };
		bool before = ktap_ok;
		u32 right;

		if (!(op->flags & IET_OP_EXACT))
			continue;
		set_up();
		put_op(op, cdb);
		put_len(op, cdb, 2);
		right = op->opcode == 0x89 ? 4 * BS : BS;
		memcpy(data, fake.medium, 2 * BS);
		memcpy(data + 2 * BS, fake.medium, 2 * BS);
		fake_run(cdb, DIR_OUT, right, data);
		CHECK_EQ(fake.s.status, SAM_STAT_GOOD);
		fake_end();
		for (n = 0; n < ARRAY_SIZE(wrong); n++) {
			fake_run(cdb, right + wrong[n] ? DIR_OUT : DIR_NONE,
				 right + wrong[n], data);
			CHECK_EQ(fake_asc(), IET_ASC_INVALID_FIELD_IN_CDB);
			CHECK_EQ(fake.nr_io, 0);
			fake_end();
		}
		fake_run(cdb, DIR_IN, right, NULL);
		CHECK_EQ(fake_asc(), IET_ASC_INVALID_FIELD_IN_CDB);
		fake_end();
		tear_down();
		CHECK_ROW(op->name, before);
	}
}

/*
 * Parameter lists of every length, with all their counts 0, 1 or as large as
 * can be, of which less comes than the CDB says, or more: nothing is written,
 * and what is behind the end of the list is not looked at (by the sanitizer).
 */
static void lists(void)
{
	static const u8 fills[] = { 0x00, 0x01, 0xff };
	static const s32 more[] = { -8, -1, 0, 1, 8 };
	unsigned int i, len, f, m;
	u8 cdb[32];

	for (i = 0; i < iet_scsi_nr_ops; i++) {
		const struct iet_scsi_op *op = &iet_scsi_ops[i];
		bool before = ktap_ok;

		/* SANITIZE and FORMAT UNIT write all there is */
		if (!(op->flags & IET_OP_OUT) || op->flags & IET_OP_MEDIUM ||
		    op->opcode == 0x48 || op->opcode == 0x04)
			continue;
		set_up();
		for (len = 0; len <= 600; len += len < 80 ? 1 : 13) {
			for (f = 0; f < sizeof(fills); f++) {
				for (m = 0; m < ARRAY_SIZE(more); m++) {
					s32 edtl = (s32)len + more[m];

					put_op(op, cdb);
					put_len(op, cdb, len);
					if (op->opcode == 0x15 ||
					    op->opcode == 0x55)
						cdb[1] |= 0x10; /* PF */
					memset(data, fills[f], sizeof(data));
					fake_run(cdb,
						 edtl > 0 ? DIR_OUT : DIR_NONE,
						 max(edtl, 0), data);
					check_end(op);
					CHECK(fake.s.out_len <= len);
					CHECK_EQ(fake.nr_io, 0);
					fake_end();
					fake.vol.condition = IET_READY;
					fake.itl.nr_ua = 0;
					iet_mode_reset(&fake.vol);
					iet_reservation_reset(&fake.vol);
				}
			}
			if (!ktap_ok)
				break;
		}
		tear_down();
		CHECK_ROW(op->name, before);
	}
}

int main(void)
{
	ktap_run(lists);
	ktap_run(anything);
	ktap_run(allocation_lengths);
	ktap_run(ranges);
	ktap_run(limit);
	ktap_run(residuals);
	ktap_run(exact);
	return ktap_done();
}
