// SPDX-License-Identifier: GPL-2.0-only
/* RESERVE, RELEASE, PERSISTENT RESERVE IN and OUT, as commands */
#include <scsi/scsi_proto.h>

#include "fake_device.h"
#include "ktap.h"

#define BS (1 << FAKE_SHIFT)
#define CONFLICT 0xfffe
#define OTHER_PORT "iqn.2026-01.org.example:other,i,0x400001370001"

enum { REGISTER, RESERVE, RELEASE, CLEAR, PREEMPT, ABORT, IGNORE, MOVE };

static u8 list[24 + 4 + 400];

static u16 result(void)
{
	if (fake.s.status == SAM_STAT_RESERVATION_CONFLICT)
		return CONFLICT;
	return fake.s.status ? fake_asc() : 0;
}

/* the initiator is another one from now on */
static void be(const char *port)
{
	strcpy(fake.nexus.initiator, port);
}

static u16 run(u8 opcode, enum fake_dir dir, u32 len)
{
	static u8 cdb[16], data[4 * BS];
	u16 asc;

	memset(cdb, 0, sizeof(cdb));
	cdb[0] = opcode;
	cdb[8] = len / BS;
	fake_run(cdb, dir, len, data);
	asc = result();
	fake_end();
	return asc;
}

static u16 out_list(u8 sa, u8 scope_type, u32 param_len)
{
	static u8 cdb[16];
	u16 asc;

	memset(cdb, 0, sizeof(cdb));
	cdb[0] = 0x5f;
	cdb[1] = sa;
	cdb[2] = scope_type;
	put_unaligned_be32(param_len, cdb + 5);
	fake_run(cdb, DIR_OUT, param_len, list);
	asc = result();
	fake_end();
	return asc;
}

static u16 pr_out(u8 sa, u8 scope_type, u64 key, u64 sa_key, u8 flags)
{
	memset(list, 0, sizeof(list));
	put_unaligned_be64(key, list);
	put_unaligned_be64(sa_key, list + 8);
	list[20] = flags;
	return out_list(sa, scope_type, 24);
}

static const u8 *pr_in(u8 sa, u16 alloc)
{
	static u8 cdb[16];

	memset(cdb, 0, sizeof(cdb));
	cdb[0] = 0x5e;
	cdb[1] = sa;
	put_unaligned_be16(alloc, cdb + 7);
	fake_run(cdb, DIR_IN, alloc, NULL);
	return fake_in();
}

static void clean_up(void)
{
	iet_reservation_exit(&fake.vol.reservation);
}

/* what others may do by class of command, see the table */
static void access(void)
{
	static const struct {
		const char *name;
		u8 opcode;
		enum fake_dir dir;
		u32 len;
		u16 exclusive, write_exclusive, legacy;
	} rows[] = {
		{ "TEST UNIT READY", 0x00, DIR_NONE, 0, 0, 0, CONFLICT },
		{ "INQUIRY", 0x12, DIR_IN, 0, 0, 0, 0 },
		{ "READ(10)", 0x28, DIR_IN, BS, CONFLICT, 0, CONFLICT },
		{ "WRITE(10)", 0x2a, DIR_OUT, BS, CONFLICT, CONFLICT,
		  CONFLICT },
		{ "SYNCHRONIZE CACHE", 0x35, DIR_NONE, 0, CONFLICT, CONFLICT,
		  CONFLICT },
		{ "READ CAPACITY(10)", 0x25, DIR_IN, 8, 0, 0, CONFLICT },
		{ "RELEASE(6)", 0x17, DIR_NONE, 0, CONFLICT, CONFLICT, 0 },
		{ "RESERVE(10)", 0x56, DIR_NONE, 0, CONFLICT, CONFLICT,
		  CONFLICT },
	};
	struct iet_nexus other;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bool before = ktap_ok;
		unsigned int ea;

		for (ea = 0; ea < 2; ea++) {
			fake_init();
			CHECK_EQ(pr_out(REGISTER, 0, 0, 1, 0), 0);
			CHECK_EQ(pr_out(RESERVE, ea ? 3 : 1, 1, 0, 0), 0);
			be(OTHER_PORT);
			CHECK_EQ(run(rows[i].opcode, rows[i].dir, rows[i].len),
				 ea ? rows[i].exclusive :
				      rows[i].write_exclusive);
			clean_up();
		}
		fake_init();
		fake.vol.reservation.legacy = &other;
		fake.vol.reservation.active = true;
		CHECK_EQ(run(rows[i].opcode, rows[i].dir, rows[i].len),
			 rows[i].legacy);
		CHECK(fake.vol.reservation.legacy == &other);
		CHECK_ROW(rows[i].name, before);
	}
}

static void legacy(void)
{
	fake_init();
	CHECK_EQ(run(0x16, DIR_NONE, 0), 0);
	CHECK_EQ(run(0x2a, DIR_OUT, BS), 0);
	CHECK_EQ(pr_out(REGISTER, 0, 0, 1, 0), CONFLICT);
	pr_in(0, 255);
	CHECK_EQ(result(), CONFLICT);
	CHECK_EQ(fake.s.in_len, 0);
	fake_end();
	CHECK_EQ(run(0x57, DIR_NONE, 0), 0);
	CHECK(!fake.vol.reservation.active);
	CHECK_EQ(run(0x56, DIR_NONE, 0), 0);
	iet_reservation_nexus_lost(&fake.vol, NULL);
	CHECK(!fake.vol.reservation.active);
	CHECK_EQ(run(0x56, DIR_NONE, 0), 0);
	iet_reservation_nexus_lost(&fake.vol, &fake.nexus);
	CHECK(!fake.vol.reservation.active);
	CHECK_EQ(run(0x56, DIR_NONE, 0), 0);
	iet_reservation_reset(&fake.vol);
	CHECK(!fake.vol.reservation.active);
	CHECK_EQ(pr_out(REGISTER, 0, 0, 1, 0), 0);
	CHECK_EQ(run(0x16, DIR_NONE, 0), CONFLICT);
	clean_up();
}

static void refusals(void)
{
	fake_init();
	CHECK_EQ(pr_out(REGISTER, 0, 0, 1, 1), IET_ASC_INVALID_FIELD_IN_PARAM);
	CHECK_EQ(pr_out(IGNORE, 0, 0, 1, 8), IET_ASC_INVALID_FIELD_IN_PARAM);
	CHECK_EQ(out_list(REGISTER, 0, 23), IET_ASC_PARAM_LENGTH);
	CHECK_EQ(out_list(REGISTER, 0, 0), IET_ASC_PARAM_LENGTH);
	CHECK_EQ(pr_out(REGISTER, 0, 0, 1, 0), 0);
	CHECK_EQ(out_list(RESERVE, 1, 25), IET_ASC_PARAM_LENGTH);
	CHECK_EQ(pr_out(RESERVE, 0x11, 1, 0, 0), IET_ASC_INVALID_FIELD_IN_CDB);
	CHECK_EQ(pr_out(RESERVE, 2, 1, 0, 0), IET_ASC_INVALID_FIELD_IN_CDB);
	CHECK_EQ(pr_out(RESERVE, 1, 2, 0, 0), CONFLICT);
	CHECK_EQ(pr_out(RESERVE, 1, 1, 0, 0), 0);
	CHECK_EQ(pr_out(RELEASE, 3, 1, 0, 0), IET_ASC_INVALID_RELEASE);
	CHECK_EQ(pr_out(PREEMPT, 1, 1, 0, 0), IET_ASC_INVALID_FIELD_IN_PARAM);
	CHECK_EQ(pr_out(8, 0, 1, 0, 0), IET_ASC_INVALID_FIELD_IN_CDB);
	clean_up();
}

static u32 put_id(u32 off, const char *port)
{
	u32 len = round_up(strlen(port) + 1, 4);

	list[off] = 0x45;
	put_unaligned_be16(len, list + off + 2);
	strcpy((char *)list + off + 4, port);
	return 4 + len;
}

/* a list of ports to register, whole and broken in all ways */
static void spec_i_pt(void)
{
	unsigned int len, n;

	fake_init();
	memset(list, 0, sizeof(list));
	list[15] = 1;
	list[20] = 0x08;
	len = put_id(28, OTHER_PORT);
	put_unaligned_be32(len, list + 24);
	for (n = 24; n < 28 + len; n++)
		CHECK_EQ(out_list(REGISTER, 0, n),
			 IET_ASC_INVALID_FIELD_IN_PARAM);
	for (n = 0; n < 4; n++) {
		u8 old = list[28 + n];

		list[28 + n] ^= n == 3 ? 2 : 0x11;
		CHECK_EQ(out_list(REGISTER, 0, 28 + len),
			 n == 1 ? 0 : IET_ASC_INVALID_FIELD_IN_PARAM);
		list[28 + n] = old;
		if (n == 1)
			CHECK_EQ(pr_out(CLEAR, 0, 1, 0, 0), 0);
		memset(list, 0, 24);
		list[15] = 1;
		list[20] = 0x08;
		put_id(28, OTHER_PORT);
		put_unaligned_be32(len, list + 24);
	}
	shim_no_memory = 2;
	CHECK_EQ(out_list(REGISTER, 0, 28 + len), 0);
	CHECK_EQ(fake.vol.reservation.pr.nr_regs, 2);
	be(OTHER_PORT);
	CHECK_EQ(pr_out(RESERVE, 1, 1, 0, 0), 0);
	clean_up();
}

static void move(void)
{
	u32 len;

	fake_init();
	CHECK_EQ(pr_out(REGISTER, 0, 0, 1, 0), 0);
	CHECK_EQ(pr_out(RESERVE, 1, 1, 0, 0), 0);
	memset(list, 0, sizeof(list));
	list[7] = 1;
	list[15] = 2;
	list[17] = 2;
	list[19] = 1;
	len = put_id(24, OTHER_PORT);
	put_unaligned_be32(len, list + 20);
	CHECK_EQ(out_list(MOVE, 0, 24), IET_ASC_INVALID_FIELD_IN_PARAM);
	CHECK_EQ(out_list(MOVE, 0, 24 + len), 0);
	CHECK_EQ(run(0x2a, DIR_OUT, BS), CONFLICT);
	be(OTHER_PORT);
	CHECK_EQ(run(0x2a, DIR_OUT, BS), 0);
	CHECK_EQ(fake.vol.reservation.pr.nr_regs, 1);
	clean_up();
}

static void in(void)
{
	unsigned int n;
	const u8 *d;

	fake_init();
	d = pr_in(0, 255);
	CHECK_EQ(fake.s.in_len, 8);
	CHECK_EQ(get_unaligned_be32(d + 4), 0);
	fake_end();
	CHECK_EQ(pr_out(REGISTER, 0, 0, 0x1122334455667788, 0), 0);
	CHECK_EQ(pr_out(RESERVE, 6, 0x1122334455667788, 0, 0), 0);
	d = pr_in(0, 255);
	CHECK_EQ(fake.s.in_len, 16);
	CHECK_EQ(get_unaligned_be32(d), 1);
	CHECK_EQ(get_unaligned_be32(d + 4), 8);
	CHECK_EQ(get_unaligned_be64(d + 8), 0x1122334455667788);
	fake_end();
	d = pr_in(1, 255);
	CHECK_EQ(fake.s.in_len, 24);
	CHECK_EQ(get_unaligned_be64(d + 8), 0x1122334455667788);
	CHECK_EQ(d[21], 6);
	fake_end();
	d = pr_in(2, 255);
	CHECK_EQ(fake.s.in_len, 8);
	CHECK_EQ(get_unaligned_be16(d), 8);
	CHECK_EQ(d[2], 0x0c); /* no PTPL_C */
	CHECK_EQ(d[4], 0xea);
	CHECK_EQ(d[5], 0x01);
	fake_end();
	d = pr_in(3, 255);
	n = round_up(strlen(FAKE_PORT) + 1, 4);
	CHECK_EQ(fake.s.in_len, 8 + 24 + 4 + n);
	CHECK_EQ(d[8 + 12], 1);
	CHECK_EQ(d[8 + 13], 6);
	CHECK_EQ(get_unaligned_be16(d + 8 + 18), 1);
	CHECK_EQ(get_unaligned_be32(d + 8 + 20), 4 + n);
	CHECK_EQ(d[32], 0x45);
	CHECK_STR((const char *)d + 36, FAKE_PORT);
	fake_end();
	for (n = 0; n < 100; n++) {
		pr_in(3, n);
		CHECK_EQ(fake.s.in_len,
			 min(n, 36 + round_up((u32)strlen(FAKE_PORT) + 1, 4)));
		fake_end();
	}
	pr_in(4, 255);
	CHECK_EQ(result(), IET_ASC_INVALID_FIELD_IN_CDB);
	fake_end();
	clean_up();
}

/* who is registered is told by a unit attention, who asks is not */
static void unit_attentions(void)
{
	fake_init();
	CHECK_EQ(pr_out(REGISTER, 0, 0, 1, 0), 0);
	be(OTHER_PORT);
	CHECK_EQ(pr_out(REGISTER, 0, 0, 2, 0), 0);
	CHECK_EQ(pr_out(CLEAR, 0, 2, 0, 0), 0);
	CHECK_EQ(run(0x00, DIR_NONE, 0), 0);
	CHECK_EQ(pr_out(REGISTER, 0, 0, 2, 0), 0);
	be(FAKE_PORT);
	CHECK_EQ(pr_out(REGISTER, 0, 0, 1, 0), 0);
	/* the unit attention is for the port that is logged in when it comes */
	fake.nexus.initiator[0] = 'x';
	CHECK_EQ(pr_out(REGISTER, 0, 0, 3, 0), 0);
	CHECK_EQ(run(0x00, DIR_NONE, 0), 0);
	iet_ua_port(&fake.vol, fake.nexus.initiator,
		    IET_ASC_REGISTRATIONS_PREEMPTED);
	iet_ua_port(&fake.vol, OTHER_PORT, IET_ASC_RESERVATIONS_RELEASED);
	CHECK_EQ(run(0x00, DIR_NONE, 0), IET_ASC_REGISTRATIONS_PREEMPTED);
	CHECK_EQ(run(0x00, DIR_NONE, 0), 0);
	clean_up();
}

/*
 * PREEMPT AND ABORT waits for what has begun; what comes behind it looks at
 * the reservation again when it is its turn.
 */
static void preempt_and_abort(void)
{
	struct iet_span held = { .first = 4, .end = 6 };

	fake_init();
	CHECK_EQ(pr_out(REGISTER, 0, 0, 1, 0), 0);
	CHECK_EQ(pr_out(RESERVE, 3, 1, 0, 0), 0);
	be(OTHER_PORT);
	CHECK_EQ(pr_out(REGISTER, 0, 0, 2, 0), 0);
	CHECK(iet_span_lock(&fake.vol.spans, &held));
	fake.held = &held;
	CHECK_EQ(pr_out(ABORT, 3, 2, 1, 0), 0);
	fake.held = NULL;
	be(FAKE_PORT);
	CHECK_EQ(run(0x2a, DIR_OUT, BS), CONFLICT);
	clean_up();
}

int main(void)
{
	ktap_run(access);
	ktap_run(legacy);
	ktap_run(refusals);
	ktap_run(spec_i_pt);
	ktap_run(move);
	ktap_run(in);
	ktap_run(unit_attentions);
	ktap_run(preempt_and_abort);
	return ktap_done();
}
