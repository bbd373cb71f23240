// SPDX-License-Identifier: GPL-2.0-only
/* faults of commands: what the device server makes of them */
#include <scsi/scsi_proto.h>

#include "fake_device.h"
#include "fault.h"
#include "ktap.h"

#define BS (1 << FAKE_SHIFT)

static struct iet_faults faults;
static u32 last_id;
static u8 out[16 * BS];

static struct iet_fault_args args(u32 kind)
{
	struct iet_fault_args a = { .has = BIT(IET_F_KIND) };

	a.val[IET_F_KIND] = kind;
	return a;
}

static void set(struct iet_fault_args *a, int attr, u32 val)
{
	a->has |= BIT(attr);
	a->val[attr] = val;
}

static struct iet_fault_rule *start(const struct iet_fault_args *a)
{
	struct iet_fault_rule *rule;
	int attr;

	fake_init();
	memset(&faults, 0, sizeof(faults));
	iet_faults_init(&faults);
	fake.target.faults = &faults;
	iet_fault_key.key = 1;
	shim_delayed = NULL;
	CHECK(!iet_fault_refusal(a, &attr));
	rule = iet_fault_add(&faults, a, ++last_id);
	CHECK(!IS_ERR(rule));
	return rule;
}

static void end(void)
{
	struct iet_fault_rule *rule;

	while ((rule = iet_fault_next(&faults, 0)))
		iet_fault_remove(&faults, rule);
	CHECK(list_empty(&faults.held));
	CHECK(!faults.lock.held);
	iet_fault_key.key = 0;
}

static void rw(u8 opcode, u32 lba, u16 blocks)
{
	static u8 cdb[16];

	memset(cdb, 0, sizeof(cdb));
	cdb[0] = opcode;
	put_unaligned_be32(lba, cdb + 2);
	put_unaligned_be16(blocks, cdb + 7);
	fake_run(cdb, opcode == 0x28 ? DIR_IN : DIR_OUT, blocks * BS, out);
}

static void or_write(u32 lba)
{
	static u8 cdb[16];

	memset(cdb, 0, sizeof(cdb));
	cdb[0] = 0x8b;
	put_unaligned_be32(lba, cdb + 6);
	cdb[13] = 1;
	fake_run(cdb, DIR_OUT, BS, out);
}

static void sense(void)
{
	struct iet_fault_args a = args(IET_FAULT_SENSE);
	struct iet_fault_rule *rule;

	a.has |= BIT(IET_F_LBA) | BIT(IET_F_LBA_LAST);
	a.lba = 100;
	a.lba_last = 101;
	rule = start(&a);
	rw(0x28, 99, 8);
	CHECK_EQ(fake_asc(), IET_ASC_READ_ERROR);
	CHECK_EQ(fake.s.sense[2], MEDIUM_ERROR);
	CHECK_EQ(fake.s.sense[0], 0xf0);
	CHECK_EQ(get_unaligned_be32(fake.s.sense + 3), 100);
	CHECK_EQ(fake.s.in_len, 0);
	CHECK_EQ(fake.nr_io, 0);
	fake_end();
	rw(0x2a, 101, 1);
	CHECK_EQ(fake_asc(), IET_ASC_WRITE_ERROR);
	CHECK_EQ(get_unaligned_be32(fake.s.sense + 3), 101);
	fake_end();
	rw(0x28, 102, 1);
	CHECK_EQ(fake.s.status, SAM_STAT_GOOD);
	fake_end();
	CHECK_EQ(rule->hits, 2);
	end();

	a = args(IET_FAULT_SENSE);
	set(&a, IET_F_SENSE, 0xb4703);
	start(&a);
	rw(0x28, 0, 1);
	CHECK_EQ(fake.s.sense[0], 0x70);
	CHECK_EQ(fake.s.sense[2], ABORTED_COMMAND);
	CHECK_EQ(fake_asc(), 0x4703);
	fake_end();
	end();
}

/* without data: it is refused before any is asked for */
static void status(void)
{
	struct iet_fault_args a = args(IET_FAULT_STATUS);

	set(&a, IET_F_STATUS, SAM_STAT_TASK_SET_FULL);
	set(&a, IET_F_OPCODE, 0x2a);
	start(&a);
	rw(0x2a, 5, 1);
	CHECK(!fake.prepared);
	CHECK_EQ(fake.s.status, SAM_STAT_TASK_SET_FULL);
	fake_end();
	rw(0x28, 5, 1);
	CHECK_EQ(fake.s.status, SAM_STAT_GOOD);
	fake_end();
	end();
}

static void run_delayed(void)
{
	struct delayed_work *work = shim_delayed;

	shim_delayed = NULL;
	CHECK(work);
	if (work)
		work->work.func(&work->work);
	fake_work();
}

static void delay(void)
{
	struct iet_fault_args a = args(IET_FAULT_DELAY);
	struct iet_fault_rule *rule;

	set(&a, IET_F_DELAY, 2000);
	rule = start(&a);
	fake.limit = true;
	fake.steps = 100;
	rw(0x28, 3, 2);
	CHECK_EQ(fake.nr_done, 0);
	CHECK_EQ(fake.nr_io, 0);
	CHECK_EQ(shim_delay, 2 * HZ);
	CHECK_EQ(rule->held, 1);
	run_delayed();
	CHECK_EQ(rule->held, 0);
	CHECK_EQ(fake.nr_done, 1);
	CHECK_EQ(fake.s.status, SAM_STAT_GOOD);
	CHECK(!memcmp(fake_in(), fake.medium + 3 * BS, 2 * BS));
	fake_end();

	/* the rule goes before that */
	rw(0x28, 3, 2);
	CHECK_EQ(fake.nr_done, 0);
	iet_fault_remove(&faults, rule);
	iet_fault_release(&faults, last_id);
	CHECK_EQ(shim_delay, 0);
	run_delayed();
	CHECK_EQ(fake.nr_done, 1);
	fake_end();
	end();
}

static void hang(bool aborted)
{
	struct iet_fault_args a = args(IET_FAULT_HANG);
	struct iet_fault_rule *rule = start(&a);

	fake.limit = true;
	fake.steps = 100;
	memset(out, 0x55, BS);
	rw(0x2a, 3, 1);
	CHECK_EQ(fake.nr_done, 0);
	CHECK_EQ(rule->held, 1);
	CHECK(!shim_delayed);
	fake.s.aborted = aborted;
	/* another rule's end is not its */
	iet_fault_release(&faults, last_id + 1);
	CHECK(!shim_delayed);
	iet_fault_remove(&faults, rule);
	iet_fault_release(&faults, last_id);
	run_delayed();
	CHECK_EQ(fake.nr_done, 1);
	CHECK_EQ(fake.nr_io, !aborted);
	CHECK_EQ(fake.s.status,
		 aborted ? SAM_STAT_TASK_ABORTED : SAM_STAT_GOOD);
	CHECK_EQ(fake.medium[3 * BS] == 0x55, !aborted);
	fake_end();
	end();
}

static void hangs(void)
{
	hang(false);
	hang(true);
}

static void no_memory(void)
{
	struct iet_fault_args a = args(IET_FAULT_HANG);
	struct iet_fault_rule *rule = start(&a);

	shim_no_memory = 1;
	rw(0x2a, 3, 1);
	CHECK_EQ(fake.nr_done, 1);
	CHECK_EQ(rule->hits, 0);
	fake_end();
	end();
}

/* which byte of the blocks 8 to 15 differs; -1: none, -2: several */
static int differs(void)
{
	const u8 *in = fake_in();
	int i, found = -1;

	for (i = 0; i < 8 * BS; i++) {
		if (in[i] != fake.medium[8 * BS + i])
			found = found < 0 && found > -2 ? i : -2;
	}
	return found;
}

static void corrupt(void)
{
	struct iet_fault_args a = args(IET_FAULT_CORRUPT);
	int i, at;

	set(&a, IET_F_BYTE, 7);
	a.has |= BIT(IET_F_LBA) | BIT(IET_F_LBA_LAST);
	a.lba = 9;
	a.lba_last = 9;
	start(&a);
	rw(0x28, 8, 8);
	CHECK_EQ(fake.s.status, SAM_STAT_GOOD);
	CHECK_EQ(differs(), BS + 7);
	fake_end();
	rw(0x28, 16, 8);
	CHECK(!memcmp(fake_in(), fake.medium + 16 * BS, 8 * BS));
	fake_end();
	end();

	/* what is read and written again goes to the medium as it was */
	a = args(IET_FAULT_CORRUPT);
	start(&a);
	memset(out, 0, BS);
	or_write(8);
	CHECK_EQ(fake.s.status, SAM_STAT_GOOD);
	CHECK_EQ(fake.medium[8 * BS + 3], (u8)((8 * BS + 3) * 7 + 8));
	CHECK_EQ(iet_fault_next(&faults, 0)->seen, 0);
	fake_end();
	end();

	/* anywhere in what the rule is about */
	a = args(IET_FAULT_CORRUPT);
	a.has |= BIT(IET_F_LBA) | BIT(IET_F_LBA_LAST);
	a.lba = 10;
	a.lba_last = 12;
	start(&a);
	for (i = 0; i < 200; i++) {
		rw(0x28, 8, 8);
		at = differs();
		CHECK(at >= 2 * BS && at < 5 * BS);
		fake_end();
	}
	end();
}

/* what is read to be written back: the medium stays as it is */
static void corrupt_not_for_good(void)
{
	struct iet_fault_args a = args(IET_FAULT_CORRUPT);
	static const u8 orwrite[16] = { 0x8b, [9] = 8, [13] = 2 };
	struct iet_fault_rule *rule = start(&a);
	u8 was[2 * BS];

	memset(out, 0, 2 * BS);
	memcpy(was, fake.medium + 8 * BS, sizeof(was));
	fake.steps = 100;
	fake_run(orwrite, DIR_OUT, 2 * BS, out);
	CHECK_EQ(fake.s.status, SAM_STAT_GOOD);
	CHECK_EQ(fake.nr_io, 2);
	CHECK(!memcmp(was, fake.medium + 8 * BS, sizeof(was)));
	CHECK_EQ(rule->seen, 0);
	fake_end();
	end();
}

static void no_flush(void)
{
	struct iet_fault_args a = args(IET_FAULT_NO_FLUSH);
	struct iet_fault_rule *rule = start(&a);
	static const u8 sync[16] = { 0x35 };

	fake_run(sync, DIR_NONE, 0, NULL);
	CHECK_EQ(fake.s.status, SAM_STAT_GOOD);
	CHECK_EQ(fake.nr_io, 0);
	fake_end();
	/* write-through */
	rw(0x2a, 3, 1);
	CHECK_EQ(fake.nr_io, 1);
	CHECK_EQ(fake.io[0].flags, 0);
	fake_end();
	CHECK_EQ(rule->hits, 2);
	end();
	rw(0x2a, 3, 1);
	CHECK_EQ(fake.io[0].flags, IET_IO_FUA);
	fake_end();
}

int main(void)
{
	ktap_run(sense);
	ktap_run(status);
	ktap_run(delay);
	ktap_run(hangs);
	ktap_run(no_memory);
	ktap_run(corrupt);
	ktap_run(corrupt_not_for_good);
	ktap_run(no_flush);
	return ktap_done();
}
