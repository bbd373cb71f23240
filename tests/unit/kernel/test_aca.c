// SPDX-License-Identifier: GPL-2.0-only
/* auto contingent allegiance; unit attentions that stay */
#include <scsi/scsi_proto.h>

#include "aca.h"
#include "fake_device.h"
#include "ktap.h"

#define NACA 0x04

static const u8 good[16] = { 0x00 };
static const u8 good_naca[16] = { 0x00, [5] = NACA };
static const u8 bad[16] = { 0x28, [2] = 0xff, [8] = 1 };
static const u8 bad_naca[16] = { 0x28, [2] = 0xff, [8] = 1, [9] = NACA };
static const u8 inquiry[16] = { 0x12, [4] = 96 };
static const u8 write10[16] = { 0x2a, [8] = 1 };
static const u8 write10_at_8[16] = { 0x2a, [5] = 8, [8] = 1 };
static const u8 preempt_abort[16] = { 0x5f, 5, 3, [8] = 24 };

static struct iet_nexus other;
static struct iet_itl other_itl;

/* another initiator */
static void set_up(void)
{
	fake_init();
	memset(&other, 0, sizeof(other));
	memset(&other_itl, 0, sizeof(other_itl));
	other.target = &fake.target;
	other.iname = "iqn.2026-01.org.example:other";
	INIT_LIST_HEAD(&other.copies);
	strcpy(other.initiator, "iqn.2026-01.org.example:other,i,0x1");
	other_itl.nexus = &other;
	other_itl.lun = &fake.lun;
	other.itls.slot[0] = &other_itl;
	list_add_tail(&other_itl.vol_node, &fake.vol.itls);
}

static u8 status_of(struct iet_nexus *nexus, const u8 *cdb, u8 attr)
{
	bool in = cdb[0] == 0x12 || cdb[0] == 0x28;
	u8 status;

	fake.s.attr = attr;
	fake_run_from(nexus, cdb, in ? DIR_IN : DIR_NONE, in ? 512 : 0, NULL);
	status = fake.s.status;
	fake.s.attr = ISCSI_ATTR_SIMPLE;
	fake_end();
	return status;
}

static u8 simple(const u8 *cdb)
{
	return status_of(&fake.nexus, cdb, ISCSI_ATTR_SIMPLE);
}

static u8 aca(const u8 *cdb)
{
	return status_of(&fake.nexus, cdb, ISCSI_ATTR_ACA);
}

static u8 from_other(const u8 *cdb)
{
	return status_of(&other, cdb, ISCSI_ATTR_SIMPLE);
}

static void begins(void)
{
	set_up();
	CHECK_EQ(simple(good_naca), SAM_STAT_GOOD);
	CHECK_EQ(simple(bad), SAM_STAT_CHECK_CONDITION);
	CHECK_EQ(fake.vol.nr_aca, 0);
	/* the attribute is for the condition only */
	fake.s.attr = ISCSI_ATTR_ACA;
	fake_run(good, DIR_NONE, 0, NULL);
	CHECK_EQ(fake_asc(), IET_ASC_INVALID_MESSAGE);
	fake_end();
	fake.s.attr = ISCSI_ATTR_SIMPLE;
	CHECK_EQ(fake.vol.nr_aca, 0);

	CHECK_EQ(simple(bad_naca), SAM_STAT_CHECK_CONDITION);
	CHECK_EQ(fake.vol.nr_aca, 1);
	CHECK(fake.itl.aca && !other_itl.aca);
	CHECK_EQ(simple(good), SAM_STAT_ACA_ACTIVE);
	CHECK_EQ(simple(good_naca), SAM_STAT_ACA_ACTIVE);
	CHECK_EQ(simple(inquiry), SAM_STAT_ACA_ACTIVE);
	CHECK_EQ(aca(good), SAM_STAT_GOOD);
	CHECK_EQ(aca(inquiry), SAM_STAT_GOOD);
	CHECK(!fake.itl.aca_task);
	CHECK_EQ(simple(good), SAM_STAT_ACA_ACTIVE);
	/* one more failure, and it goes on; or not */
	CHECK_EQ(aca(bad_naca), SAM_STAT_CHECK_CONDITION);
	CHECK_EQ(simple(good), SAM_STAT_ACA_ACTIVE);
	CHECK_EQ(fake.vol.nr_aca, 1);
	CHECK_EQ(aca(bad), SAM_STAT_CHECK_CONDITION);
	CHECK_EQ(fake.vol.nr_aca, 0);
	CHECK_EQ(simple(good), SAM_STAT_GOOD);
}

/* each way to fail makes one */
static void any_failure(void)
{
	static const u8 rows[][16] = {
		{ 0x24, [9] = NACA }, /* no such command */
		{ 0x12, 0x02, [5] = NACA }, /* a bad field */
		{ 0x12, 0x01, 0x55, [5] = NACA }, /* refused when it runs */
		{ 0x9e, 0x1f, [15] = NACA }, /* no such service action */
		{ 0xa8, [2] = 0xff, [9] = 1, [11] = NACA },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		set_up();
		CHECK_EQ(simple(rows[i]), SAM_STAT_CHECK_CONDITION);
		CHECK(fake.itl.aca);
	}
	/* also a unit attention, and the medium */
	set_up();
	iet_ua_add(&fake.vol, &fake.itl, IET_ASC_LUN_RESET);
	CHECK_EQ(simple(good_naca), SAM_STAT_CHECK_CONDITION);
	CHECK(fake.itl.aca);
	set_up();
	fake.fail_with = -EIO;
	CHECK_EQ(simple((u8[16]){ 0x28, [8] = 1, [9] = NACA }),
		 SAM_STAT_CHECK_CONDITION);
	CHECK(fake.itl.aca);
	/* nobody can have one where there is no unit */
	set_up();
	memcpy(fake.s.lun_raw, "\xc1\x01\0\0\0\0\0\0", 8);
	fake_run(good_naca, DIR_NONE, 0, NULL);
	CHECK_EQ(fake_asc(), IET_ASC_INVALID_FIELD_IN_CDB);
	CHECK_EQ(fake.s.sense[17], 5);
	fake_end();
	fake.s.lun_raw[0] = 0x7f;
	fake_run(bad_naca, DIR_NONE, 0, NULL);
	CHECK_EQ(fake_asc(), IET_ASC_LUN_NOT_SUPPORTED);
	fake_end();
	memset(fake.s.lun_raw, 0, 8);
	CHECK_EQ(fake.vol.nr_aca, 0);
}

static void others(void)
{
	set_up();
	simple(bad_naca);
	CHECK_EQ(from_other(good), SAM_STAT_BUSY);
	CHECK_EQ(from_other(good_naca), SAM_STAT_ACA_ACTIVE);
	CHECK_EQ(from_other(inquiry), SAM_STAT_BUSY);
	CHECK_EQ(status_of(&other, good, ISCSI_ATTR_ACA), SAM_STAT_BUSY);
	/* without its parameters it does nothing, but it is let in */
	CHECK_EQ(from_other(preempt_abort), SAM_STAT_CHECK_CONDITION);
	fake.vol.mode.tst = 1;
	CHECK_EQ(from_other(good), SAM_STAT_GOOD);
	CHECK_EQ(from_other(bad_naca), SAM_STAT_CHECK_CONDITION);
	CHECK_EQ(fake.vol.nr_aca, 2);
	CHECK_EQ(from_other(good), SAM_STAT_ACA_ACTIVE);

	iet_aca_clear(&fake.vol, &other);
	CHECK_EQ(from_other(good), SAM_STAT_GOOD);
	CHECK_EQ(simple(good), SAM_STAT_ACA_ACTIVE);
	iet_aca_clear(&fake.vol, NULL);
	CHECK_EQ(simple(good), SAM_STAT_GOOD);
	CHECK_EQ(fake.vol.nr_aca, 0);

	/* the initiator leaves */
	simple(bad_naca);
	list_del_init(&fake.itl.vol_node);
	iet_aca_forget(&fake.vol, &fake.itl);
	CHECK_EQ(fake.vol.nr_aca, 0);
	CHECK_EQ(from_other(good), SAM_STAT_GOOD);
	/* and a command of his comes to its end just then */
	simple(bad_naca);
	CHECK_EQ(fake.vol.nr_aca, 0);
}

static struct iet_scmd held;
static unsigned int nr_ended;

static void ended(struct iet_scmd *s)
{
	nr_ended++;
}

static void take_as(struct iet_scmd *s, struct iet_nexus *nexus, const u8 *cdb,
		    u8 attr)
{
	memset(s, 0, sizeof(*s));
	s->nexus = nexus;
	s->cdb = cdb;
	s->cdb_len = 16;
	s->attr = attr;
	s->dir_out = true;
	s->edtl = 512;
	s->done = ended;
	iet_tio_alloc(&s->tio, 512, GFP_KERNEL);
	memset(s->tio.bv[0].bv_page, 0x5a, 512);
	CHECK(iet_scsi_prepare(s));
}

/* A command comes, whose data comes later. */
static void take(struct iet_nexus *nexus, const u8 *cdb, u8 attr)
{
	nr_ended = 0;
	take_as(&held, nexus, cdb, attr);
}

/* A condition begins while there are others. */
static void begin_beside(void)
{
	struct iet_scmd s = { .nexus = &fake.nexus,
			      .cdb = bad_naca,
			      .cdb_len = 16,
			      .attr = ISCSI_ATTR_SIMPLE,
			      .dir_in = true,
			      .edtl = 512 };

	CHECK(!iet_scsi_prepare(&s));
	iet_scsi_refused(&s);
	iet_scsi_release(&s);
	CHECK(fake.itl.aca);
}

/* what was there before waits, and goes on afterwards */
static void held_back(void)
{
	unsigned int i;

	for (i = 0; i < 5; i++) {
		set_up();
		fake.medium[0] = 1;
		take(i == 1 ? &other : &fake.nexus, write10, ISCSI_ATTR_SIMPLE);
		begin_beside();
		fake.nr_io = 0;
		iet_scsi_execute(&held);
		fake_work();
		CHECK(!nr_ended && !fake.nr_io);
		CHECK(list_empty(&fake.vol.spans.running));
		CHECK(list_empty(&fake.vol.spans.waiting));
		switch (i) {
		case 2: /* it is aborted */
			iet_orphan_add(&held);
			break;
		case 3: /* the others' condition ends: not ours */
			iet_aca_clear(&fake.vol, &other);
			fake_work();
			CHECK(!nr_ended);
			fallthrough;
		default:
			iet_aca_clear(&fake.vol, &fake.nexus);
			break;
		case 4:
			list_del_init(&fake.itl.vol_node);
			iet_aca_forget(&fake.vol, &fake.itl);
			break;
		}
		fake_work();
		CHECK_EQ(nr_ended, 1);
		CHECK_EQ(held.status,
			 i == 2 ? SAM_STAT_TASK_ABORTED : SAM_STAT_GOOD);
		CHECK_EQ(fake.nr_io, i != 2);
		CHECK_EQ(fake.medium[0], i == 2 ? 1 : 0x5a);
		iet_orphan_del(&held);
		iet_scsi_release(&held);
		CHECK(iet_spans_idle(&fake.vol.spans));
	}
}

/* TST is changed meanwhile */
static void own_task_set(void)
{
	set_up();
	take(&other, write10, ISCSI_ATTR_SIMPLE);
	begin_beside();
	iet_scsi_execute(&held);
	fake_work();
	CHECK(!nr_ended);
	fake.vol.mode.tst = 1;
	iet_aca_changed(&fake.vol);
	fake_work();
	CHECK_EQ(nr_ended, 1);
	CHECK_EQ(held.status, SAM_STAT_GOOD);
	iet_scsi_release(&held);
}

/* one at a time */
static void one_aca_task(void)
{
	set_up();
	simple(bad_naca);
	take(&fake.nexus, write10, ISCSI_ATTR_ACA);
	fake.vol.ref.count--;
	CHECK_EQ(aca(good), SAM_STAT_ACA_ACTIVE);
	fake.vol.ref.count++;
	iet_scsi_execute(&held);
	CHECK_EQ(nr_ended, 1);
	CHECK_EQ(held.status, SAM_STAT_GOOD);
	fake.vol.ref.count--;
	CHECK_EQ(aca(good), SAM_STAT_GOOD);
	fake.vol.ref.count++;
	iet_scsi_release(&held);
	/* its data never comes */
	take(&fake.nexus, write10, ISCSI_ATTR_ACA);
	CHECK(fake.itl.aca_task);
	iet_scsi_release(&held);
	CHECK(!fake.itl.aca_task);
	CHECK_EQ(aca(good), SAM_STAT_GOOD);
}

/* it waited for blocks when the condition began */
static void span_granted(struct iet_span *span)
{
}

static void waited_for_blocks(void)
{
	struct iet_span span = {
		.first = 0, .end = 4, .excl = true, .granted = span_granted
	};

	set_up();
	CHECK(iet_span_lock(&fake.vol.spans, &span));
	take(&fake.nexus, write10, ISCSI_ATTR_SIMPLE);
	iet_scsi_execute(&held);
	begin_beside();
	iet_span_unlock(&fake.vol.spans, &span);
	fake_work();
	CHECK(!nr_ended);
	iet_aca_clear(&fake.vol, NULL);
	fake_work();
	CHECK_EQ(nr_ended, 1);
	CHECK_EQ(held.status, SAM_STAT_GOOD);
	iet_scsi_release(&held);
}

/*
 * What waits for its turn is held in that order: an ORDERED command that came
 * later does not get ahead, though the disk still has a command that only it
 * waits for.
 */
static void order_stays(void)
{
	struct iet_span first = {
		.first = 0, .end = 4, .excl = true, .granted = span_granted
	};
	struct iet_span slow = { .first = 20,
				 .end = 24,
				 .granted = span_granted };
	static struct iet_scmd ordered;

	set_up();
	CHECK(iet_span_lock(&fake.vol.spans, &first));
	CHECK(iet_span_lock(&fake.vol.spans, &slow));
	take(&fake.nexus, write10, ISCSI_ATTR_SIMPLE);
	take_as(&ordered, &fake.nexus, write10_at_8, ISCSI_ATTR_ORDERED);
	iet_scsi_execute(&held);
	iet_scsi_execute(&ordered);
	begin_beside();
	iet_span_unlock(&fake.vol.spans, &first);
	fake_work();
	CHECK(!nr_ended);
	iet_aca_clear(&fake.vol, NULL);
	fake_work();
	CHECK_EQ(nr_ended, 1);
	CHECK(!held.spanned && ordered.spanned);
	iet_span_unlock(&fake.vol.spans, &slow);
	fake_work();
	CHECK_EQ(nr_ended, 2);
	iet_scsi_release(&held);
	iet_scsi_release(&ordered);
	CHECK(iet_spans_idle(&fake.vol.spans));
}

/* what has neither blocks nor a turn, but came before the condition */
static void without_turn(void)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		set_up();
		take(&fake.nexus, preempt_abort, ISCSI_ATTR_SIMPLE);
		begin_beside();
		iet_scsi_execute(&held);
		fake_work();
		CHECK(!nr_ended);
		if (i)
			iet_orphan_add(&held);
		else
			iet_aca_clear(&fake.vol, NULL);
		fake_work();
		CHECK_EQ(nr_ended, 1);
		CHECK_EQ(held.status,
			 i ? SAM_STAT_TASK_ABORTED : SAM_STAT_CHECK_CONDITION);
		iet_scsi_release(&held);
		iet_aca_clear(&fake.vol, NULL);
		CHECK(iet_spans_idle(&fake.vol.spans));
	}
	/* this one is let in by others */
	set_up();
	take(&other, preempt_abort, ISCSI_ATTR_SIMPLE);
	begin_beside();
	iet_scsi_execute(&held);
	fake_work();
	CHECK_EQ(nr_ended, 1);
	iet_scsi_release(&held);
}

/* it is aborted while it waits, which is given up before a worker has looked */
static void waits_again(void)
{
	struct iet_span span = {
		.first = 0, .end = 4, .excl = true, .granted = span_granted
	};

	set_up();
	CHECK(iet_span_lock(&fake.vol.spans, &span));
	take(&fake.nexus, write10, ISCSI_ATTR_SIMPLE);
	iet_scsi_execute(&held);
	iet_orphan_add(&held);
	CHECK(fake.work && !held.spanned);
	CHECK(iet_orphan_revive(&held));
	fake.nr_io = 0;
	fake_work();
	CHECK(!nr_ended && !fake.nr_io && held.spanned);
	iet_span_unlock(&fake.vol.spans, &span);
	fake_work();
	CHECK_EQ(nr_ended, 1);
	CHECK_EQ(fake.nr_io, 1);
	CHECK_EQ(held.status, SAM_STAT_GOOD);
	iet_scsi_release(&held);
	CHECK(iet_spans_idle(&fake.vol.spans));
}

/* nobody is told of its status, and nobody would end the condition */
static void aborted(void)
{
	set_up();
	take(&fake.nexus, write10, ISCSI_ATTR_SIMPLE);
	held.cdb = bad_naca;
	held.status = SAM_STAT_CHECK_CONDITION;
	held.aborted = true;
	iet_scsi_refused(&held);
	CHECK_EQ(fake.vol.nr_aca, 0);
	/* its end came first */
	held.aborted = false;
	iet_scsi_refused(&held);
	CHECK_EQ(fake.vol.nr_aca, 1);
	iet_aca_take_back(&held);
	CHECK_EQ(fake.vol.nr_aca, 0);
	iet_scsi_release(&held);
}

/* UA_INTLCK_CTRL */
static void interlock(void)
{
	static const u8 request_sense[16] = { 0x03, [4] = 18 };
	static const struct {
		u8 ctrl, status;
		u16 asc;
	} rows[] = {
		{ 0, SAM_STAT_RESERVATION_CONFLICT, 0 },
		{ 2, SAM_STAT_RESERVATION_CONFLICT, 0 },
		{ 3, SAM_STAT_RESERVATION_CONFLICT, IET_ASC_PREVIOUS_CONFLICT },
		{ 3, SAM_STAT_BUSY, IET_ASC_PREVIOUS_BUSY },
		{ 3, SAM_STAT_TASK_SET_FULL, IET_ASC_PREVIOUS_TASK_SET_FULL },
	};
	unsigned int i;

	for (i = 0; i < 4; i++) {
		set_up();
		fake.vol.mode.ua_intlck = i;
		iet_ua_add(&fake.vol, &fake.itl, IET_ASC_MODE_CHANGED);
		CHECK_EQ(simple(good), SAM_STAT_CHECK_CONDITION);
		CHECK_EQ(simple(good),
			 i ? SAM_STAT_CHECK_CONDITION : SAM_STAT_GOOD);
		fake_run(request_sense, DIR_IN, 18, NULL);
		CHECK_EQ(get_unaligned_be16(fake_in() + 12),
			 i ? IET_ASC_MODE_CHANGED : 0);
		fake_end();
		CHECK_EQ(simple(good), SAM_STAT_GOOD);
	}
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		set_up();
		fake.vol.mode.ua_intlck = rows[i].ctrl;
		fake.no_budget = rows[i].status == SAM_STAT_TASK_SET_FULL;
		if (rows[i].status == SAM_STAT_BUSY) {
			other_itl.aca = true;
			fake.vol.nr_aca = 1;
		}
		if (rows[i].status == SAM_STAT_RESERVATION_CONFLICT) {
			CHECK_EQ(from_other((u8[16]){ 0x16 }), SAM_STAT_GOOD);
			CHECK_EQ(simple(write10), rows[i].status);
			CHECK_EQ(simple((u8[16]){ 0x1a, 8, 0x3f, 0, 255 }),
				 rows[i].ctrl == 3 ? SAM_STAT_CHECK_CONDITION :
						     rows[i].status);
		} else {
			CHECK_EQ(simple(inquiry), rows[i].status);
		}
		CHECK_EQ(fake.itl.nr_ua ? fake.itl.ua[0] : 0, rows[i].asc);
	}
}

int main(void)
{
	ktap_run(begins);
	ktap_run(any_failure);
	ktap_run(others);
	ktap_run(held_back);
	ktap_run(own_task_set);
	ktap_run(one_aca_task);
	ktap_run(waited_for_blocks);
	ktap_run(order_stays);
	ktap_run(without_turn);
	ktap_run(waits_again);
	ktap_run(aborted);
	ktap_run(interlock);
	return ktap_done();
}
