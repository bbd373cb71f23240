// SPDX-License-Identifier: GPL-2.0-only
/* RESERVE, RELEASE, PERSISTENT RESERVE IN and OUT, as commands */
#include <scsi/scsi_proto.h>

#include "fake_device.h"
#include "ktap.h"
#include "pr_image.h"
#include "pr_nexus.h"

#define BS (1 << FAKE_SHIFT)
#define CONFLICT 0xfffe
#define OTHER_TARGET "iqn.2026-01.org.example:also"
#define OTHER_PORT "iqn.2026-01.org.example:other,i,0x400001370001"

enum { REGISTER, RESERVE, RELEASE, CLEAR, PREEMPT, ABORT, IGNORE, MOVE };

static u8 list[24 + 4 + 400];

static u16 result(void)
{
	if (fake.s.status == SAM_STAT_RESERVATION_CONFLICT)
		return CONFLICT;
	return fake.s.status ? fake_asc() : 0;
}

/* as with the end of a session, and another one */
static void log_in_again(void)
{
	list_del_init(&fake.itl.vol_node);
	iet_pr_nexus_join(&fake.vol, &fake.itl);
}

/* the initiator is another one from now on */
static void be(const char *port)
{
	strcpy(fake.nexus.initiator, port);
	log_in_again();
}

static u16 run_byte4(u8 opcode, u8 byte4, enum fake_dir dir, u32 len)
{
	static u8 cdb[16], data[4 * BS];
	u16 asc;

	memset(cdb, 0, sizeof(cdb));
	cdb[0] = opcode;
	cdb[4] = byte4;
	cdb[8] = len / BS;
	fake_run(cdb, dir, len, data);
	asc = result();
	fake_end();
	return asc;
}

static u16 run(u8 opcode, enum fake_dir dir, u32 len)
{
	return run_byte4(opcode, 0, dir, len);
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
		{ "READ BUFFER", 0x3c, DIR_IN, 0, CONFLICT,
		  IET_ASC_INVALID_FIELD_IN_CDB, CONFLICT },
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

/* what the rest of a CDB makes harmless, or not */
static void access_by_cdb(void)
{
	static const struct {
		const char *name;
		u8 opcode, byte4;
		u16 expected;
	} rows[] = {
		{ "start", 0x1b, 0x01, 0 },
		{ "stop", 0x1b, 0x00, CONFLICT },
		{ "start and load", 0x1b, 0x03, 0 },
		{ "eject", 0x1b, 0x02, CONFLICT },
		{ "power condition", 0x1b, 0x11, CONFLICT },
		{ "allow removal", 0x1e, 0x00, 0 },
		{ "prevent removal", 0x1e, 0x01, CONFLICT },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bool before = ktap_ok;

		fake_init();
		fake.vol.removable = true;
		CHECK_EQ(pr_out(REGISTER, 0, 0, 1, 0), 0);
		CHECK_EQ(pr_out(RESERVE, 3, 1, 0, 0), 0);
		be(OTHER_PORT);
		CHECK_EQ(run_byte4(rows[i].opcode, rows[i].byte4, DIR_NONE, 0),
			 rows[i].expected);
		clean_up();
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
	u32 len = max(round_up((u32)strlen(port) + 1, 4), 20u);

	list[off] = strstr(port, ",i,") ? 0x45 : 0x05;
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
			 IET_ASC_INVALID_FIELD_IN_PARAM);
		list[28 + n] = old;
		memset(list, 0, 24);
		list[15] = 1;
		list[20] = 0x08;
		put_id(28, OTHER_PORT);
		put_unaligned_be32(len, list + 24);
	}
	for (n = 1; n < 6; n++) {
		shim_no_memory = n;
		CHECK_EQ(out_list(REGISTER, 0, 28 + len), 0);
		CHECK_EQ(shim_no_memory, n <= 4 ? 0 : n - 4);
		CHECK_EQ(fake.vol.reservation.pr.regs.nr, 2);
		CHECK_EQ(pr_out(CLEAR, 0, 1, 0, 0), 0);
		memset(list, 0, 24);
		list[15] = 1;
		list[20] = 0x08;
		put_id(28, OTHER_PORT);
		put_unaligned_be32(len, list + 24);
	}
	shim_no_memory = 0;
	CHECK_EQ(out_list(REGISTER, 0, 28 + len), 0);
	CHECK_EQ(fake.vol.reservation.pr.regs.nr, 2);
	/* of somebody who is registered */
	list[7] = 1;
	CHECK_EQ(out_list(REGISTER, 0, 28 + len),
		 IET_ASC_INVALID_FIELD_IN_PARAM);
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
	CHECK_EQ(fake.vol.reservation.pr.regs.nr, 1);
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
	clean_up();
}

/* The tasks of others are aborted when, and only when, they are preempted. */
static void preempt_and_abort(void)
{
	fake_init();
	CHECK_EQ(pr_out(REGISTER, 0, 0, 1, 0), 0);
	CHECK_EQ(pr_out(RESERVE, 3, 1, 0, 0), 0);
	be(OTHER_PORT);
	CHECK_EQ(pr_out(REGISTER, 0, 0, 2, 0), 0);
	CHECK_EQ(pr_out(ABORT, 3, 2, 7, 0), CONFLICT);
	CHECK_EQ(fake.nr_preempts, 0);
	CHECK_EQ(pr_out(ABORT, 3, 2, 1, 0), 0);
	CHECK_EQ(fake.nr_preempts, 1);
	be(FAKE_PORT);
	CHECK_EQ(run(0x2a, DIR_OUT, BS), CONFLICT);
	be(OTHER_PORT);
	CHECK_EQ(pr_out(PREEMPT, 3, 2, 2, 0), 0);
	CHECK_EQ(fake.nr_preempts, 1);
	clean_up();
}

/* orphans that bar a unit keep all off, and who waits for them is told */
static unsigned int nr_back;

static void note_back(struct iet_orphan_wait *wait)
{
	nr_back++;
}

static void barred(void)
{
	static const struct iet_scsi_op write = { .flags = IET_OP_WRITE };
	struct iet_orphan_wait wait = { .bars_only = true,
					.all_back = note_back };
	struct iet_scmd a = { .op = &write,
			      .nexus = &fake.nexus,
			      .vol = &fake.vol };
	struct iet_nexus other = { .iname = "somebody" };
	struct iet_scmd b = a, c = a;
	struct iet_scsi_op read = {};

	fake_init();
	nr_back = 0;
	INIT_LIST_HEAD(&a.orphan_node);
	INIT_LIST_HEAD(&b.orphan_node);
	INIT_LIST_HEAD(&c.orphan_node);
	c.op = &read;
	iet_orphan_add(&a);
	iet_orphan_add(&b);
	iet_orphan_add(&c);
	CHECK(!iet_orphan_blocks(&fake.vol, &other));
	iet_orphan_bar(&a);
	iet_orphan_bar(&a);
	iet_orphan_bar(&c); /* a read: nothing */
	CHECK(iet_orphan_blocks(&fake.vol, &other));
	iet_orphan_wait(&fake.vol, &wait);
	iet_orphan_del(&b);
	iet_orphan_del(&c);
	CHECK_EQ(nr_back, 0);
	iet_orphan_del(&a);
	CHECK_EQ(nr_back, 1);
	CHECK(!iet_orphan_blocks(&fake.vol, &other));
	iet_orphan_unwait(&fake.vol, &wait);
	iet_orphan_add(&a);
	iet_orphan_bar(&a);
	iet_orphan_del(&a);
	CHECK_EQ(nr_back, 1);
	iet_orphan_wait(&fake.vol, &wait);
	CHECK_EQ(nr_back, 2);
	iet_orphan_unwait(&fake.vol, &wait);
}

/* who waits for all of them is told at the last, be it a copy */
static void waited_for(void)
{
	static const struct iet_scsi_op write = { .flags = IET_OP_WRITE };
	struct iet_orphan_wait wait = { .all_back = note_back };
	struct iet_scmd s = { .op = &write,
			      .nexus = &fake.nexus,
			      .vol = &fake.vol };
	struct iet_writer copy = { .iname = "somebody" };

	fake_init();
	nr_back = 0;
	INIT_LIST_HEAD(&s.orphan_node);
	iet_orphan_add(&s);
	CHECK(iet_writer_begin(&fake.vol, &copy));
	iet_orphan_wait(&fake.vol, &wait);
	iet_orphan_bar(&s);
	iet_orphan_del(&s);
	CHECK_EQ(nr_back, 0);
	iet_writer_end(&fake.vol, &copy);
	CHECK_EQ(nr_back, 1);
	iet_orphan_unwait(&fake.vol, &wait);
}

/* --- several target ports ------------------------------------------------- */

static struct iet_target other_target = { .name = OTHER_TARGET, .port_id = 9 };
static struct iet_lun other_lun = { .target = &other_target };

static void two_targets(void)
{
	fake_init();
	other_lun.vol = &fake.vol;
	list_add_tail(&other_lun.vol_node, &fake.vol.luns);
}

/* the command comes by the other target, or by the first */
static void by(struct iet_target *target)
{
	fake.nexus.target = target;
	log_in_again();
}

/* A registration is for one target port, unless all are wanted. */
static void all_tg_pt(void)
{
	const u8 *d;

	two_targets();
	CHECK_EQ(pr_out(REGISTER, 0, 0, 1, 0), 0);
	CHECK_EQ(pr_out(RESERVE, 5, 1, 0, 0), 0);
	by(&other_target);
	CHECK_EQ(run(0x2a, DIR_OUT, BS), CONFLICT);
	CHECK_EQ(pr_out(REGISTER, 0, 0, 1, 0), 0);
	CHECK_EQ(run(0x2a, DIR_OUT, BS), 0);
	CHECK_EQ(pr_out(REGISTER, 0, 1, 0, 0), 0);
	CHECK_EQ(run(0x2a, DIR_OUT, BS), CONFLICT);
	/* the key of the other path is not 0 */
	CHECK_EQ(pr_out(REGISTER, 0, 0, 2, 4), CONFLICT);
	CHECK_EQ(fake.vol.reservation.pr.regs.nr, 1);
	CHECK_EQ(pr_out(IGNORE, 0, 0, 2, 4), 0);
	CHECK_EQ(fake.vol.reservation.pr.regs.nr, 2);
	d = pr_in(0, 255);
	CHECK_EQ(get_unaligned_be64(d + 8), 2);
	CHECK_EQ(get_unaligned_be64(d + 16), 2);
	fake_end();
	/* both at once */
	CHECK_EQ(pr_out(REGISTER, 0, 2, 0, 4), 0);
	CHECK_EQ(fake.vol.reservation.pr.regs.nr, 0);
	CHECK_EQ(pr_out(REGISTER, 0, 0, 3, 4), 0);
	CHECK_EQ(fake.vol.reservation.pr.regs.nr, 2);
	d = pr_in(3, 255);
	CHECK_EQ(get_unaligned_be16(d + 8 + 18), 9);
	fake_end();
	clean_up();
}

static void move_to_port(void)
{
	u32 len;

	two_targets();
	CHECK_EQ(pr_out(REGISTER, 0, 0, 1, 0), 0);
	CHECK_EQ(pr_out(RESERVE, 1, 1, 0, 0), 0);
	memset(list, 0, sizeof(list));
	list[7] = 1;
	list[15] = 2;
	list[19] = 8;
	len = put_id(24, FAKE_PORT);
	put_unaligned_be32(len, list + 20);
	CHECK_EQ(out_list(MOVE, 0, 24 + len), IET_ASC_INVALID_FIELD_IN_PARAM);
	/* nor by way of another target port (SPC-4 5.13.8) */
	list[19] = 9;
	CHECK_EQ(out_list(MOVE, 0, 24 + len), IET_ASC_INVALID_FIELD_IN_PARAM);
	len = put_id(24, OTHER_PORT);
	put_unaligned_be32(len, list + 20);
	CHECK_EQ(out_list(MOVE, 0, 24 + len), 0);
	CHECK_EQ(run(0x2a, DIR_OUT, BS), CONFLICT);
	be(OTHER_PORT);
	CHECK_EQ(run(0x2a, DIR_OUT, BS), CONFLICT);
	by(&other_target);
	CHECK_EQ(run(0x2a, DIR_OUT, BS), 0);
	/* a name alone says not which port */
	memset(list, 0, sizeof(list));
	list[7] = 2;
	list[15] = 3;
	list[19] = 1;
	len = put_id(24, "iqn.2026-01.org.example:host");
	put_unaligned_be32(len, list + 20);
	CHECK_EQ(out_list(MOVE, 0, 24 + len), IET_ASC_INVALID_FIELD_IN_PARAM);
	clean_up();
}

/* all of the module's memory is lost */
static void power_cut(void)
{
	iet_reservation_exit(&fake.vol.reservation);
	iet_reservation_init(&fake.vol.reservation);
	CHECK_EQ(iet_reservation_restore(&fake.vol), 0);
	log_in_again();
}

/* --- nexuses that come and go --------------------------------------------- */

static struct iet_nexus theirs;
static struct iet_itl their_itl;

static void they_log_in(struct iet_target *target)
{
	theirs = (struct iet_nexus){ .iname = "iqn.2026-01.org.example:other",
				     .initiator = OTHER_PORT,
				     .target = target };
	INIT_LIST_HEAD(&theirs.copies);
	their_itl = (struct iet_itl){ .nexus = &theirs, .lun = &fake.lun };
	theirs.itls.slot[0] = &their_itl;
	iet_pr_nexus_join(&fake.vol, &their_itl);
}

static void they_log_out(void)
{
	theirs.itls.slot[0] = NULL;
	list_del_init(&their_itl.vol_node);
}

static u16 their_write(void)
{
	static u8 cdb[16] = { 0x2a, [8] = 1 }, data[BS];
	u16 asc;

	fake_run_from(&theirs, cdb, DIR_OUT, BS, data);
	asc = result();
	fake_end();
	return asc;
}

static u16 register_them(u8 flags)
{
	u32 len;

	memset(list, 0, sizeof(list));
	list[15] = 1;
	list[20] = 0x08 | flags;
	len = put_id(28, OTHER_PORT);
	put_unaligned_be32(len, list + 24);
	return out_list(REGISTER, 0, 28 + len);
}

/* Who has been registered by somebody else, and logs in then or later */
static void registered_by_others(void)
{
	unsigned int late, cut;

	for (late = 0; late < 2; late++) {
		for (cut = 0; cut < 2; cut++) {
			fake_init();
			fake_state();
			if (!late)
				they_log_in(&fake.target);
			CHECK_EQ(register_them(cut), 0);
			CHECK_EQ(pr_out(RESERVE, 5, 1, 0, 0), 0);
			if (!late) {
				CHECK_EQ(their_write(), 0);
				they_log_out();
			}
			if (cut)
				power_cut();
			they_log_in(&fake.target);
			CHECK_EQ(their_write(), 0);
			they_log_out();
			/* by a target port that they have not registered */
			they_log_in(&other_target);
			CHECK_EQ(their_write(), CONFLICT);
			they_log_out();
			clean_up();
		}
	}
}

/* What one does counts for the commands of all others at once. */
static void others_follow(void)
{
	u32 len;

	fake_init();
	they_log_in(&fake.target);
	CHECK_EQ(their_write(), 0);
	CHECK_EQ(register_them(0), 0);
	CHECK_EQ(their_write(), 0);
	CHECK_EQ(pr_out(RESERVE, 1, 1, 0, 0), 0);
	CHECK_EQ(their_write(), CONFLICT);
	memset(list, 0, sizeof(list));
	list[7] = 1;
	list[15] = 2;
	list[19] = 1;
	len = put_id(24, OTHER_PORT);
	put_unaligned_be32(len, list + 20);
	CHECK_EQ(out_list(MOVE, 0, 24 + len), 0);
	CHECK_EQ(their_write(), 0);
	CHECK_EQ(run(0x2a, DIR_OUT, BS), CONFLICT);
	/* and who is told, once, is who it is about */
	CHECK_EQ(pr_out(PREEMPT, 6, 1, 2, 0), 0);
	CHECK_EQ(their_itl.nr_ua, 1);
	CHECK_EQ(fake.itl.nr_ua, 0);
	CHECK_EQ(their_write(), IET_ASC_REGISTRATIONS_PREEMPTED);
	CHECK_EQ(their_write(), CONFLICT);
	CHECK_EQ(run(0x2a, DIR_OUT, BS), 0);
	CHECK_EQ(pr_out(RELEASE, 6, 1, 0, 0), 0);
	CHECK_EQ(their_write(), 0);
	they_log_out();
	clean_up();
}

static void reserve_for_first(void)
{
	struct iet_reservation *r = &fake.vol.reservation;

	r->pr.type = IET_PR_WRITE_EXCLUSIVE;
	r->pr.holder =
		list_first_entry(&r->pr.regs.list, struct iet_pr_reg, node);
	iet_reservation_changed(r);
}

/* A command whose LUN is deleted while it waits: its names are what counts. */
static void lun_deleted(void)
{
	static const struct {
		const char *name;
		const char *port;
		u16 expected;
	} rows[] = {
		{ "of who holds the reservation", FAKE_PORT, 0 },
		{ "of somebody else", OTHER_PORT, CONFLICT },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bool before = ktap_ok;

		fake_init();
		CHECK_EQ(pr_out(REGISTER, 0, 0, 1, 0), 0);
		be(rows[i].port);
		fake.taken_away = true;
		fake.meanwhile = reserve_for_first;
		CHECK_EQ(run(0x2a, DIR_OUT, BS), rows[i].expected);
		clean_up();
		CHECK_ROW(rows[i].name, before);
	}
}

/* A name alone: the ports of that initiator that are logged in. */
static void node_name(void)
{
	static struct iet_nexus nexus[2];
	static struct iet_itl itl[2];
	unsigned int i;
	u32 len;

	fake_init();
	for (i = 0; i < 2; i++) {
		sprintf(nexus[i].initiator, "iqn.x:other,i,0x40000137000%u", i);
		nexus[i].iname = "iqn.x:other";
		nexus[i].target = &fake.target;
		itl[i] = (struct iet_itl){ .nexus = &nexus[i],
					   .lun = &fake.lun };
		list_add_tail(&itl[i].vol_node, &fake.vol.itls);
	}
	memset(list, 0, sizeof(list));
	list[15] = 1;
	list[20] = 0x08;
	len = put_id(28, "IQN.x:Other");
	put_unaligned_be32(len, list + 24);
	CHECK_EQ(out_list(REGISTER, 0, 28 + len), 0);
	CHECK_EQ(fake.vol.reservation.pr.regs.nr, 3);
	CHECK_EQ(pr_out(CLEAR, 0, 1, 0, 0), 0);
	memset(list, 0, sizeof(list));
	list[15] = 1;
	list[20] = 0x08;
	len = put_id(28, "iqn.x:nobody");
	put_unaligned_be32(len, list + 24);
	CHECK_EQ(out_list(REGISTER, 0, 28 + len),
		 IET_ASC_INVALID_FIELD_IN_PARAM);
	CHECK_EQ(fake.vol.reservation.pr.regs.nr, 0);
	clean_up();
}

/* --- through a power cut -------------------------------------------------- */

static void aptpl(void)
{
	const u8 *d;

	fake_init();
	fake_state();
	d = pr_in(2, 255);
	CHECK_EQ(d[2], 0x0d);
	CHECK_EQ(d[3], 0x80);
	fake_end();
	CHECK_EQ(pr_out(REGISTER, 0, 0, 1, 0), 0);
	CHECK_EQ(fake.nr_saves, 0);
	power_cut();
	CHECK_EQ(fake.vol.reservation.pr.regs.nr, 0);
	CHECK_EQ(pr_out(REGISTER, 0, 0, 1, 1), 0);
	CHECK_EQ(fake.nr_saves, 1);
	d = pr_in(2, 255);
	CHECK_EQ(d[3], 0x81);
	fake_end();
	be(OTHER_PORT);
	CHECK_EQ(pr_out(REGISTER, 0, 0, 2, 1), 0);
	CHECK_EQ(pr_out(RESERVE, 3, 2, 0, 0), 0);
	CHECK_EQ(fake.nr_saves, 3);
	power_cut();
	CHECK_EQ(run(0x2a, DIR_OUT, BS), 0);
	be(FAKE_PORT);
	CHECK_EQ(run(0x2a, DIR_OUT, BS), CONFLICT);
	/* PRGENERATION begins anew */
	d = pr_in(0, 255);
	CHECK_EQ(get_unaligned_be32(d), 0);
	CHECK_EQ(get_unaligned_be32(d + 4), 16);
	fake_end();
	/* the last one to say so counts */
	CHECK_EQ(pr_out(REGISTER, 0, 1, 3, 0), 0);
	CHECK_EQ(fake.kept_len, 0);
	CHECK_EQ(fake.nr_saves, 4);
	power_cut();
	CHECK_EQ(fake.vol.reservation.pr.regs.nr, 0);
	CHECK(!fake.vol.reservation.active);
	clean_up();
}

/* What can't be kept has not happened. */
static void aptpl_fails(void)
{
	fake_init();
	fake_state();
	fake.save_err = -ENOSPC;
	CHECK_EQ(pr_out(REGISTER, 0, 0, 1, 1), IET_ASC_NO_REGISTRATIONS);
	CHECK_EQ(fake.vol.reservation.pr.regs.nr, 0);
	CHECK(!fake.vol.reservation.busy);
	fake.save_err = 0;
	CHECK_EQ(pr_out(REGISTER, 0, 0, 1, 1), 0);
	CHECK_EQ(pr_out(RESERVE, 1, 1, 0, 0), 0);
	fake.save_err = -EIO;
	CHECK_EQ(pr_out(CLEAR, 0, 1, 0, 0), IET_ASC_NO_REGISTRATIONS);
	CHECK_EQ(fake.vol.reservation.pr.regs.nr, 1);
	CHECK_EQ(fake.vol.reservation.pr.type, 1);
	clean_up();
}

/* While one is being written, nothing has changed; RESERVE is told to wait. */
static void aptpl_hangs(void)
{
	static u8 cdb[16] = { 0x5f, [8] = 24 }, reserve[16] = { 0x16 };
	static struct iet_scmd first;

	fake_init();
	fake_state();
	fake.hold_save = true;
	memset(list, 0, sizeof(list));
	list[15] = 1;
	list[20] = 1;
	fake_run(cdb, DIR_OUT, 24, list);
	CHECK(fake.saving && !fake.nr_done);
	CHECK_EQ(fake.vol.reservation.pr.regs.nr, 0);
	first = fake.s;
	memset(&fake.s, 0, sizeof(fake.s));
	fake_run(reserve, DIR_NONE, 0, NULL);
	CHECK_EQ(fake.s.status, SAM_STAT_BUSY);
	iet_scsi_release(&fake.s);
	fake.s = first;
	fake.nr_done = 0;
	fake_save_end();
	CHECK_EQ(fake.nr_done, 1);
	CHECK_EQ(fake.s.status, 0);
	CHECK_EQ(fake.vol.reservation.pr.regs.nr, 1);
	fake_end();
	clean_up();
}

/* All workers of the volume may be waiting for a disk that hangs. */
static void workers(void)
{
	CHECK_EQ(iet_reservations_init(), 0);
	fake_init();
	shim_no_memory = 1;
	CHECK_EQ(run(0x28, DIR_IN, BS), 0);
	CHECK_EQ(shim_no_memory, 0);
	CHECK(fake.nr_steps && fake.work_of_volume);
	shim_no_memory = 1;
	CHECK_EQ(pr_out(REGISTER, 0, 0, 1, 0), 0);
	CHECK_EQ(shim_no_memory, 0);
	CHECK(fake.nr_steps && !fake.work_of_volume);
	clean_up();
	iet_reservations_exit();
}

/* Nobody would release what a nexus reserves that is not there any more. */
static void nexus_gone(void)
{
	fake_init();
	fake.taken_away = true;
	CHECK_EQ(run(0x16, DIR_NONE, 0), IET_ASC_LUN_NOT_SUPPORTED);
	CHECK(!fake.vol.reservation.legacy);
	CHECK(!fake.vol.reservation.active);
	clean_up();
}

/* An image with any length or number in it wrong is not taken. */
static void bad_image(void)
{
	u8 good[4096];
	struct iet_pr pr;
	u32 len, i;

	fake_init();
	fake_state();
	CHECK_EQ(pr_out(REGISTER, 0, 0, 1, 1), 0);
	CHECK_EQ(pr_out(RESERVE, 1, 1, 0, 0), 0);
	len = fake.kept_len;
	memcpy(good, fake.kept, len);
	for (i = 0; i < len; i++) {
		fake.kept_len = i;
		iet_pr_init(&pr);
		CHECK_EQ(iet_pr_image_read(&pr, good, i, GFP_KERNEL), -EILSEQ);
		CHECK(list_empty(&pr.regs.list) && !pr.regs.nr && !pr.type);
	}
	for (i = 0; i < 8 + 12; i++) {
		if (i == 6 || i == 7 || (i >= 8 && i < 18))
			continue; /* reserved; key and port are what they are */
		good[i] ^= 0x40;
		iet_pr_init(&pr);
		CHECK_EQ(iet_pr_image_read(&pr, good, len, GFP_KERNEL),
			 -EILSEQ);
		good[i] ^= 0x40;
	}
	memset(good + 8, 0, 8); /* no key */
	iet_pr_init(&pr);
	CHECK_EQ(iet_pr_image_read(&pr, good, len, GFP_KERNEL), -EILSEQ);
	clean_up();
}

int main(void)
{
	ktap_run(access);
	ktap_run(access_by_cdb);
	ktap_run(legacy);
	ktap_run(refusals);
	ktap_run(spec_i_pt);
	ktap_run(move);
	ktap_run(in);
	ktap_run(unit_attentions);
	ktap_run(preempt_and_abort);
	ktap_run(barred);
	ktap_run(waited_for);
	ktap_run(all_tg_pt);
	ktap_run(move_to_port);
	ktap_run(registered_by_others);
	ktap_run(others_follow);
	ktap_run(lun_deleted);
	ktap_run(node_name);
	ktap_run(aptpl);
	ktap_run(aptpl_fails);
	ktap_run(aptpl_hangs);
	ktap_run(workers);
	ktap_run(nexus_gone);
	ktap_run(bad_image);
	return ktap_done();
}
