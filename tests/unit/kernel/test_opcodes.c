// SPDX-License-Identifier: GPL-2.0-only
/* the table of commands, and what initiators see of it */
#include <scsi/scsi_proto.h>

#include "fake_device.h"
#include "ktap.h"

#define RSOC_ALL_HEADER 4
#define DESCRIPTOR 8
#define TIMEOUTS 12

/* CDB length by group code (SPC-4 4.3.2), 0: not ours */
static const u8 group_len[8] = { 6, 10, 10, 32, 16, 12, 0, 0 };

static bool is_variable(const struct iet_scsi_op *op)
{
	return op->opcode == IET_CDB_VARIABLE;
}

static bool covers(const u8 *mask, u8 at, u8 len)
{
	while (len--)
		if (mask[at++] != 0xff)
			return false;
	return true;
}

static void check_row(const struct iet_scsi_op *op)
{
	u8 i;

	CHECK(op->name && op->name[0]);
	CHECK_EQ(op->len, group_len[op->opcode >> 5]);
	CHECK_EQ(op->usage[0], op->opcode);
	if (is_variable(op))
		CHECK_EQ(op->usage[9], op->sa);
	else if (op->flags & IET_OP_SA)
		CHECK_EQ(op->usage[1] & 0x1f, op->sa);
	else
		CHECK_EQ(op->sa, 0);
	/* control byte */
	CHECK_EQ(op->usage[is_variable(op) ? 1 : op->len - 1], 0);
	for (i = op->len; i < sizeof(op->usage); i++)
		CHECK_EQ(op->usage[i], 0);

	CHECK(!op->param != !op->execute);
	CHECK(!op->param || (op->flags & IET_OP_IN));
	CHECK(!(op->flags & IET_OP_IN) || !(op->flags & IET_OP_OUT));
	CHECK(!(op->flags & IET_OP_WRITE) ||
	      (op->flags & (IET_OP_OUT | IET_OP_ATOMIC)));
	CHECK(!(op->flags & IET_OP_WRITE) ||
	      !(op->flags & (IET_OP_PR_READ | IET_OP_PR_FREE)));
	CHECK(!(op->flags & IET_OP_LIMIT) || (op->flags & IET_OP_MEDIUM));
	CHECK(!op->out_if ||
	      (op->usage[is_variable(op) ? 10 : 1] & op->out_if) == op->out_if);

	switch (op->layout) {
	case IET_CDB_PLAIN:
		CHECK(!(op->flags & IET_OP_MEDIUM));
		break;
	case IET_CDB_RW6:
		CHECK_EQ(op->len, 6);
		CHECK_EQ(op->usage[1], 0x1f);
		CHECK(covers(op->usage, 2, 3));
		break;
	case IET_CDB_RW10:
		CHECK_EQ(op->len, 10);
		CHECK(covers(op->usage, 2, 4) && covers(op->usage, 7, 2));
		break;
	case IET_CDB_RW12:
		CHECK_EQ(op->len, 12);
		CHECK(covers(op->usage, 2, 8));
		break;
	case IET_CDB_RW16:
		CHECK_EQ(op->len, 16);
		CHECK(covers(op->usage, 2, 12));
		break;
	case IET_CDB_RW16_BYTE:
		CHECK_EQ(op->len, 16);
		CHECK(covers(op->usage, 2, 8) && covers(op->usage, 13, 1));
		break;
	case IET_CDB_RW16_WORD:
		CHECK_EQ(op->len, 16);
		CHECK(covers(op->usage, 2, 8) && covers(op->usage, 12, 2));
		break;
	case IET_CDB_RW32:
		CHECK_EQ(op->len, 32);
		CHECK_EQ(op->usage[7], 32 - 8);
		CHECK(covers(op->usage, 12, 8) && covers(op->usage, 28, 4));
		break;
	}
}

static void rows(void)
{
	unsigned int i;

	for (i = 0; i < iet_scsi_nr_ops; i++) {
		bool before = ktap_ok;

		check_row(&iet_scsi_ops[i]);
		CHECK_ROW(iet_scsi_ops[i].name, before);
	}
}

static void order(void)
{
	unsigned int i;

	for (i = 1; i < iet_scsi_nr_ops; i++) {
		const struct iet_scsi_op *a = &iet_scsi_ops[i - 1], *b = a + 1;

		CHECK((a->opcode << 8 | a->sa) < (b->opcode << 8 | b->sa));
		CHECK(strcmp(a->name, b->name));
		CHECK(a->opcode != b->opcode ||
		      (a->flags & b->flags & IET_OP_SA));
	}
}

/* every operation code and service action finds its row, or nothing */
static void find(void)
{
	unsigned int opcode, sa, i;

	for (opcode = 0; opcode < 256; opcode++) {
		for (sa = 0; sa < 300; sa++) {
			const struct iet_scsi_op *want = NULL;

			for (i = 0; i < iet_scsi_nr_ops; i++) {
				const struct iet_scsi_op *op = &iet_scsi_ops[i];

				if (op->opcode == opcode &&
				    (!(op->flags & IET_OP_SA) || op->sa == sa))
					want = op;
			}
			CHECK(iet_op_find(opcode, sa) == want);
		}
	}
}

/* a unit that knows everything */
static void all_kinds(void)
{
	fake.vol.thin = true;
	fake.vol.removable = true;
	fake.vol.crypt = (struct iet_crypt *)&fake; /* never looked into */
	fake.vol.atomic_max = 1 << FAKE_SHIFT;
	fake.vol.atomic_min = 1 << FAKE_SHIFT;
	fake.vol.atomic_align = 1 << FAKE_SHIFT;
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

static bool is_sa(const struct iet_scsi_op *op, u8 byte, u8 bit)
{
	if (is_variable(op))
		return byte == 8 || byte == 9;
	return op->flags & IET_OP_SA && byte == 1 && bit < 5;
}

static bool is_old_lun(const struct iet_scsi_op *op, u8 byte, u8 bit)
{
	return op->flags & IET_OP_OLD_LUN && byte == 1 && bit >= 5;
}

static bool is_naca(const struct iet_scsi_op *op, u8 byte, u8 bit)
{
	return byte == (is_variable(op) ? 1 : op->len - 1) && bit == 2;
}

/* the LUN of SCSI-2 may be there, whatever it is, and means nothing */
static void old_lun(void)
{
	unsigned int i, nr = 0;
	u8 cdb[32];

	fake_init();
	all_kinds();
	for (i = 0; i < iet_scsi_nr_ops; i++) {
		const struct iet_scsi_op *op = &iet_scsi_ops[i];
		bool before = ktap_ok;

		if (!(op->flags & IET_OP_OLD_LUN))
			continue;
		nr++;
		CHECK(op->len <= 10 && !(op->flags & IET_OP_SA));
		CHECK_EQ(op->usage[1] & IET_CDB_OLD_LUN, 0);
		put_op(op, cdb);
		cdb[1] |= IET_CDB_OLD_LUN;
		fake_run(cdb, DIR_NONE, 0, NULL);
		CHECK(fake.prepared);
		CHECK_EQ(fake.s.lba, 0);
		fake_end();
		CHECK_ROW(op->name, before);
	}
	CHECK_EQ(nr, 17);
}

/* a bit that the usage data has not is refused, and pointed at */
static void usage_is_true(void)
{
	unsigned int i, byte, bit;
	u8 cdb[32];

	fake_init();
	all_kinds();
	for (i = 0; i < iet_scsi_nr_ops; i++) {
		const struct iet_scsi_op *op = &iet_scsi_ops[i];
		bool before = ktap_ok;

		for (byte = 1; byte < op->len; byte++) {
			for (bit = 0; bit < 8; bit++) {
				if (op->usage[byte] & BIT(bit) ||
				    is_sa(op, byte, bit) ||
				    is_old_lun(op, byte, bit) ||
				    is_naca(op, byte, bit))
					continue;
				put_op(op, cdb);
				cdb[byte] ^= BIT(bit);
				fake_run(cdb, DIR_NONE, 0, NULL);
				CHECK(!fake.prepared);
				CHECK_EQ(fake_asc(),
					 IET_ASC_INVALID_FIELD_IN_CDB);
				CHECK_EQ(fake.s.sense[15], 0xc8 | bit);
				CHECK_EQ(fake.s.sense[17], byte);
				fake_end();
			}
		}
		CHECK_ROW(op->name, before);
	}
}

static void report_all(void)
{
	u8 cdb[16] = { 0xa3, 0x0c, [8] = 0xff, 0xff };
	unsigned int rctd, i, size;

	for (rctd = 0; rctd < 2; rctd++) {
		const u8 *d;

		fake_init();
		all_kinds();
		cdb[2] = rctd ? 0x80 : 0;
		size = DESCRIPTOR + (rctd ? TIMEOUTS : 0);
		fake_run(cdb, DIR_IN, 0xffff, NULL);
		CHECK_EQ(fake.s.status, SAM_STAT_GOOD);
		CHECK_EQ(fake.s.in_len,
			 RSOC_ALL_HEADER + iet_scsi_nr_ops * size);
		d = fake_in();
		CHECK_EQ(get_unaligned_be32(d), iet_scsi_nr_ops * size);
		d += RSOC_ALL_HEADER;
		for (i = 0; i < iet_scsi_nr_ops; i++, d += size) {
			const struct iet_scsi_op *op = &iet_scsi_ops[i];
			bool sa = op->flags & IET_OP_SA;

			CHECK_EQ(d[0], op->opcode);
			CHECK_EQ(get_unaligned_be16(d + 2), op->sa);
			CHECK_EQ(d[5], rctd << 1 | sa);
			CHECK_EQ(get_unaligned_be16(d + 6), op->len);
			if (!rctd)
				continue;
			CHECK_EQ(get_unaligned_be16(d + 8), 10);
			CHECK_EQ(get_unaligned_be32(d + 12), 0);
			/* FORMAT UNIT, SANITIZE, copies */
			CHECK_EQ(get_unaligned_be32(d + 16),
				 op->opcode == 0x04 || op->opcode == 0x48 ||
						 (op->opcode == 0x83 &&
						  op->sa != 0x1c) ?
					 0 :
					 60);
		}
		fake_end();
	}
}

/* what only some units know, others do not report */
static void report_not_special(void)
{
	u8 cdb[16] = { 0xa3, 0x0c, [8] = 0xff, 0xff };
	unsigned int i, nr = 0;

	for (i = 0; i < iet_scsi_nr_ops; i++)
		nr += !(iet_scsi_ops[i].flags &
			(IET_OP_THIN | IET_OP_REMOVABLE | IET_OP_POWER_FAIL |
			 IET_OP_ENCRYPTED));
	CHECK(nr < iet_scsi_nr_ops);
	fake_init();
	fake_run(cdb, DIR_IN, 0xffff, NULL);
	CHECK_EQ(fake.s.in_len, RSOC_ALL_HEADER + nr * DESCRIPTOR);
	fake_end();
}

static void report_one(void)
{
	enum { REFUSED = 0xff, NO = 1, YES = 3 };
	static const struct {
		const char *name;
		u8 options, opcode, sa;
		u8 support;
	} cases[] = {
		{ "opcode", 1, 0x28, 0, YES },
		{ "opcode, with a service action", 1, 0x28, 5, YES },
		{ "unknown opcode", 1, 0x24, 0, NO },
		{ "not of an encrypted unit", 2, 0x48, 3, NO },
		{ "not of a thin unit", 1, 0x42, 0, NO },
		{ "opcode that needs a service action", 1, 0x9e, 0, REFUSED },
		{ "service action", 2, 0x9e, 0x10, YES },
		{ "unknown service action", 2, 0x9e, 0x11, NO },
		{ "not of a thin unit, service action", 2, 0x9e, 0x12, NO },
		{ "unknown opcode, service action", 2, 0x5d, 1, NO },
		{ "service action for none", 2, 0x28, 0, REFUSED },
		{ "either: opcode", 3, 0x28, 0, YES },
		{ "either: opcode has none", 3, 0x28, 1, NO },
		{ "either: service action", 3, 0xa3, 0x0c, YES },
		{ "either: none given", 3, 0xa3, 0, NO },
		{ "either: more than 5 bits", 3, 0xa3, 0x2c, NO },
		{ "variable length", 2, 0x7f, 0x09, YES },
		{ "variable length, unknown", 2, 0x7f, 0x08, NO },
		{ "variable length needs a service action", 1, 0x7f, 0,
		  REFUSED },
		{ "reserved option", 4, 0x28, 0, REFUSED },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct iet_scsi_op *op =
			iet_op_find(cases[i].opcode, cases[i].sa);
		u8 cdb[16] = { 0xa3,
			       0x0c,
			       0x80 | cases[i].options,
			       cases[i].opcode,
			       0,
			       cases[i].sa,
			       [9] = 0xff };
		bool before = ktap_ok;
		u8 usage[32];
		const u8 *d;

		fake_init();
		fake_run(cdb, DIR_IN, 0xff, NULL);
		if (cases[i].support == REFUSED) {
			CHECK_EQ(fake_asc(), IET_ASC_INVALID_FIELD_IN_CDB);
			CHECK_EQ(fake.s.sense[17], 2);
		} else if (cases[i].support == NO) {
			CHECK_EQ(fake.s.in_len, 4);
			CHECK_EQ(fake_in()[1], NO);
		} else {
			d = fake_in();
			CHECK_EQ(fake.s.in_len, 4 + op->len + TIMEOUTS);
			CHECK_EQ(d[1], 0x80 | YES);
			CHECK_EQ(get_unaligned_be16(d + 2), op->len);
			memcpy(usage, op->usage, sizeof(usage));
			usage[is_variable(op) ? 1 : op->len - 1] |= 0x04;
			CHECK(!memcmp(d + 4, usage, op->len));
			CHECK_EQ(get_unaligned_be16(d + 4 + op->len), 10);
		}
		fake_end();
		CHECK_ROW(cases[i].name, before);
	}
}

int main(void)
{
	ktap_run(rows);
	ktap_run(order);
	ktap_run(find);
	ktap_run(usage_is_true);
	ktap_run(old_lun);
	ktap_run(report_all);
	ktap_run(report_not_special);
	ktap_run(report_one);
	return ktap_done();
}
