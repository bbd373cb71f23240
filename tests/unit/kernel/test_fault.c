// SPDX-License-Identifier: GPL-2.0-only
/* rules for faults: what there can be, and when they fire */
#include "fault.h"
#include "iet_random.h"
#include "ktap.h"

#define HAS(attr) BIT(IET_F_##attr)
#define INAME "iqn.2026-01.org.example:host"

unsigned long jiffies = 1000;
unsigned int shim_no_memory;
bool shim_dying;
struct static_key_false_deferred iet_fault_key;

static struct iet_faults faults;
static u32 last_id;

static void start(void)
{
	struct iet_fault_rule *rule;

	while (faults.rules.next && (rule = iet_fault_next(&faults, 0)))
		iet_fault_remove(&faults, rule);
	memset(&faults, 0, sizeof(faults));
	iet_faults_init(&faults);
}

static struct iet_fault_args args(u32 kind)
{
	struct iet_fault_args a = { .has = HAS(TID) | HAS(KIND) };

	a.val[IET_F_KIND] = kind;
	return a;
}

static void set(struct iet_fault_args *a, int attr, u32 val)
{
	a->has |= BIT(attr);
	a->val[attr] = val;
}

static struct iet_fault_rule *add(const struct iet_fault_args *a)
{
	struct iet_fault_rule *rule = iet_fault_add(&faults, a, ++last_id);

	CHECK(!IS_ERR(rule));
	return rule;
}

static void refused(const char *name, const struct iet_fault_args *a, int want,
		    const char *text)
{
	bool before = ktap_ok;
	int attr = 0;
	const char *have = iet_fault_refusal(a, &attr);

	if (text) {
		CHECK_STR(have, text);
		CHECK_EQ(attr, want);
	} else {
		CHECK(!have);
	}
	CHECK_ROW(name, before);
}

static void kinds(void)
{
	struct iet_fault_args a = args(0);

	refused("none", &a, IET_F_KIND, "unknown kind of fault");
	a = args(IET_FAULT_MAX + 1);
	refused("one more", &a, IET_F_KIND, "unknown kind of fault");
	a = args(U32_MAX);
	refused("any", &a, IET_F_KIND, "unknown kind of fault");
	a = args(IET_FAULT_HANG);
	refused("hang", &a, 0, NULL);
	a = args(IET_FAULT_DELAY);
	refused("how long?", &a, IET_F_DELAY, "the delay is missing");
	a = args(IET_FAULT_STALL);
	refused("stall", &a, IET_F_DELAY, "the delay is missing");
	a = args(IET_FAULT_STATUS);
	refused("status", &a, IET_F_STATUS, "the status is missing");
	a = args(IET_FAULT_ASYNC);
	refused("async", &a, IET_F_ASYNC_EVENT, "the event is missing");
}

/* one attribute at a time, at and beyond its ends */
static void ranges(void)
{
	static const struct {
		const char *name;
		u32 kind;
		int attr;
		u32 val;
		const char *text;
	} rows[] = {
		{ "lun", IET_FAULT_HANG, IET_F_LUN, 16383, NULL },
		{ "lun", IET_FAULT_HANG, IET_F_LUN, 16384,
		  "a LUN must be 0 to 16383" },
		{ "opcode", IET_FAULT_HANG, IET_F_OPCODE, 255, NULL },
		{ "opcode", IET_FAULT_HANG, IET_F_OPCODE, 256,
		  "an operation code must be 0 to 255" },
		{ "direction", IET_FAULT_HANG, IET_F_DIRECTION, 0,
		  "a direction must be 1 (read) or 2 (write)" },
		{ "direction", IET_FAULT_HANG, IET_F_DIRECTION, 3,
		  "a direction must be 1 (read) or 2 (write)" },
		{ "pdu", IET_FAULT_DROP, IET_F_PDU, 64, NULL },
		{ "pdu", IET_FAULT_DROP, IET_F_PDU, 65,
		  "a PDU must be an opcode, or 64 (status)" },
		{ "pdu of a command", IET_FAULT_HANG, IET_F_PDU, 1,
		  "not for faults of this kind" },
		{ "sent", IET_FAULT_REJECT, IET_F_PDU, 0x25,
		  "faults of this kind are of received PDUs" },
		{ "status is sent", IET_FAULT_ASYNC, IET_F_PDU, 64,
		  "faults of this kind are of received PDUs" },
		{ "received", IET_FAULT_SPLIT, IET_F_PDU, 1,
		  "faults of this kind are of PDUs that are sent" },
		{ "both", IET_FAULT_WITHHOLD, IET_F_PDU, 5, NULL },
		{ "chance", IET_FAULT_HANG, IET_F_CHANCE, 0,
		  "a chance must be 1 to 1000000 in a million" },
		{ "chance", IET_FAULT_HANG, IET_F_CHANCE, 1000000, NULL },
		{ "chance", IET_FAULT_HANG, IET_F_CHANCE, 1000001,
		  "a chance must be 1 to 1000000 in a million" },
		{ "delay", IET_FAULT_DELAY, IET_F_DELAY, 0,
		  "a delay must be 1 to 60000 ms" },
		{ "delay", IET_FAULT_DELAY, IET_F_DELAY, 60000, NULL },
		{ "delay", IET_FAULT_DELAY, IET_F_DELAY, 60001,
		  "a delay must be 1 to 60000 ms" },
		{ "delay of another", IET_FAULT_HANG, IET_F_DELAY, 1,
		  "not for faults of this kind" },
		{ "sense", IET_FAULT_SENSE, IET_F_SENSE, 0xfffff, NULL },
		{ "sense", IET_FAULT_SENSE, IET_F_SENSE, 0x100000,
		  "sense must be a key, ASC and ASCQ" },
		{ "status", IET_FAULT_STATUS, IET_F_STATUS, 0,
		  "a status must be 8, 18h, 28h, 30h or 40h" },
		{ "status", IET_FAULT_STATUS, IET_F_STATUS, 2,
		  "a status must be 8, 18h, 28h, 30h or 40h" },
		{ "status", IET_FAULT_STATUS, IET_F_STATUS, 0x108,
		  "a status must be 8, 18h, 28h, 30h or 40h" },
		{ "status", IET_FAULT_STATUS, IET_F_STATUS, 0x18, NULL },
		{ "reason", IET_FAULT_REJECT, IET_F_REASON, 0,
		  "a reason must be 1 to 255" },
		{ "reason", IET_FAULT_REJECT, IET_F_REASON, 256,
		  "a reason must be 1 to 255" },
		{ "event", IET_FAULT_ASYNC, IET_F_ASYNC_EVENT, 5,
		  "an event must be 1 (logout) to 4 (negotiation)" },
		{ "event", IET_FAULT_ASYNC, IET_F_ASYNC_EVENT, 0,
		  "an event must be 1 (logout) to 4 (negotiation)" },
		{ "byte", IET_FAULT_HEADER, IET_F_BYTE, 47, NULL },
		{ "byte", IET_FAULT_HEADER, IET_F_BYTE, 48,
		  "a header has the bytes 0 to 47" },
		{ "byte", IET_FAULT_DROP, IET_F_BYTE, U32_MAX, NULL },
		{ "what is for replies", IET_FAULT_DROP, IET_F_HELD, 1,
		  "not for faults of this kind" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct iet_fault_args a = args(rows[i].kind);

		if (rows[i].kind == IET_FAULT_ASYNC)
			set(&a, IET_F_ASYNC_EVENT, 1);
		set(&a, rows[i].attr, rows[i].val);
		refused(rows[i].name, &a, rows[i].attr, rows[i].text);
	}
}

static void blocks_and_names(void)
{
	struct iet_fault_args a = args(IET_FAULT_CORRUPT);

	a.has |= HAS(LBA_LAST);
	a.lba_last = 9;
	refused("no first", &a, IET_F_LBA_LAST,
		"the last block is before the first one");
	a.has |= HAS(LBA);
	a.lba = 10;
	refused("backwards", &a, IET_F_LBA_LAST,
		"the last block is before the first one");
	a.lba = 9;
	refused("one", &a, 0, NULL);
	a.has |= HAS(INITIATOR);
	refused("no name", &a, IET_F_INITIATOR, "InitiatorName is empty");
	strcpy(a.initiator, INAME);
	refused("a name", &a, 0, NULL);
}

static struct iet_fault_what command(void)
{
	return (struct iet_fault_what){
		.sid = 7,
		.iname = INAME,
		.scsi = true,
		.opcode = 0x28,
		.direction = IET_FAULT_READ,
		.has_lun = true,
		.lun = 3,
		.has_lba = true,
		.lba = 100,
		.lba_last = 107,
	};
}

static bool fire(u32 kind, const struct iet_fault_what *what)
{
	struct iet_fault_hit hit;

	return iet_fault_fire(&faults, kind, what, &hit);
}

/* what a rule is about: each limit alone, met and not */
static void limits(void)
{
	static const struct {
		const char *name;
		int attr;
		u32 val;
		bool fires;
	} rows[] = {
		{ "lun", IET_F_LUN, 3, true },
		{ "lun", IET_F_LUN, 0, false },
		{ "opcode", IET_F_OPCODE, 0x28, true },
		{ "opcode", IET_F_OPCODE, 0x2a, false },
		{ "direction", IET_F_DIRECTION, IET_FAULT_READ, true },
		{ "direction", IET_F_DIRECTION, IET_FAULT_WRITE, false },
		{ "not a PDU", IET_F_PDU, 0x25, false },
	};
	const struct iet_fault_what what = command();
	const struct iet_fault_what nop = {
		.sid = 7, .iname = INAME, .is_pdu = true, .pdu = 0x20
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct iet_fault_args a = args(IET_FAULT_DROP);
		bool before = ktap_ok;
		struct iet_fault_rule *rule;

		start();
		set(&a, rows[i].attr, rows[i].val);
		rule = add(&a);
		CHECK_EQ(fire(IET_FAULT_DROP, &what), rows[i].fires);
		CHECK_EQ(rule->seen, rows[i].fires);
		CHECK_EQ(rule->hits, rows[i].fires);
		CHECK(!fire(IET_FAULT_SPLIT, &what));
		/* which is of no command */
		CHECK(!fire(IET_FAULT_DROP, &nop));
		CHECK_ROW(rows[i].name, before);
	}
}

static void whose(void)
{
	struct iet_fault_args a = args(IET_FAULT_HANG);
	struct iet_fault_what what = command();
	struct iet_fault_rule *rule;

	start();
	a.has |= HAS(SID) | HAS(INITIATOR);
	a.sid = 7;
	strcpy(a.initiator, INAME);
	rule = add(&a);
	CHECK(fire(IET_FAULT_HANG, &what));
	what.sid = 8;
	CHECK(!fire(IET_FAULT_HANG, &what));
	what.sid = 7;
	what.iname = INAME "2";
	CHECK(!fire(IET_FAULT_HANG, &what));
	what.iname = INAME;
	rule->ended = true;
	CHECK(!fire(IET_FAULT_HANG, &what));
	CHECK_EQ(rule->hits, 1);
}

static void blocks(void)
{
	static const struct {
		u64 first, last;
		bool has_last, fires;
		u64 hit_first, hit_last;
	} rows[] = {
		{ 0, 99, true, false },
		{ 0, 100, true, true, 100, 100 },
		{ 103, 104, true, true, 103, 104 },
		{ 107, U64_MAX, true, true, 107, 107 },
		{ 108, 200, true, false },
		{ 0, 0, false, true, 100, 107 },
		{ 108, 0, false, false },
		{ U64_MAX, U64_MAX, true, false },
	};
	struct iet_fault_what what = command();
	struct iet_fault_hit hit;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct iet_fault_args a = args(IET_FAULT_CORRUPT);

		start();
		a.has |= HAS(LBA) | (rows[i].has_last ? HAS(LBA_LAST) : 0);
		a.lba = rows[i].first;
		a.lba_last = rows[i].last;
		add(&a);
		CHECK_EQ(iet_fault_fire(&faults, IET_FAULT_CORRUPT, &what,
					&hit),
			 rows[i].fires);
		if (rows[i].fires) {
			CHECK_EQ(hit.lba, rows[i].hit_first);
			CHECK_EQ(hit.lba_last, rows[i].hit_last);
		}
		what.has_lba = false;
		CHECK(!fire(IET_FAULT_CORRUPT, &what));
		what.has_lba = true;
	}
}

static void pdus(void)
{
	struct iet_fault_args a = args(IET_FAULT_DROP);
	struct iet_fault_what what = { .iname = "",
				       .is_pdu = true,
				       .pdu = ISCSI_OP_DATA_IN };

	start();
	set(&a, IET_F_PDU, IET_FAULT_PDU_STATUS);
	add(&a);
	CHECK(!fire(IET_FAULT_DROP, &what));
	what.status = true;
	CHECK(fire(IET_FAULT_DROP, &what));
	start();
	set(&a, IET_F_PDU, ISCSI_OP_DATA_IN);
	add(&a);
	CHECK(fire(IET_FAULT_DROP, &what));
	what.pdu = ISCSI_OP_R2T;
	CHECK(!fire(IET_FAULT_DROP, &what));
}

/* which PDUs a rule is about that does not say so */
static void any_pdu(void)
{
	static const struct {
		u32 kind;
		u8 pdu;
		bool fires;
	} rows[] = {
		{ IET_FAULT_DROP, ISCSI_OP_NOP_IN, true },
		{ IET_FAULT_DROP, ISCSI_OP_NOP_OUT, false },
		{ IET_FAULT_WITHHOLD, ISCSI_OP_R2T, true },
		{ IET_FAULT_WITHHOLD, ISCSI_OP_DATA_OUT, false },
		{ IET_FAULT_REJECT, ISCSI_OP_DATA_OUT, true },
		{ IET_FAULT_SPLIT, ISCSI_OP_DATA_IN, true },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct iet_fault_args a = args(rows[i].kind);
		const struct iet_fault_what what = { .iname = "",
						     .is_pdu = true,
						     .pdu = rows[i].pdu };

		start();
		add(&a);
		CHECK_EQ(fire(rows[i].kind, &what), rows[i].fires);
	}
}

static void skip_and_count(void)
{
	struct iet_fault_args a = args(IET_FAULT_HANG);
	const struct iet_fault_what what = command();
	struct iet_fault_rule *rule;
	unsigned int i;

	start();
	set(&a, IET_F_SKIP, 3);
	set(&a, IET_F_COUNT, 2);
	rule = add(&a);
	for (i = 0; i < 10; i++)
		CHECK_EQ(fire(IET_FAULT_HANG, &what), i == 3 || i == 4);
	CHECK_EQ(rule->seen, 10);
	CHECK_EQ(rule->hits, 2);
}

/* which of 1000 a rule fires at, as a checksum, and how many */
static u32 pattern(u32 seed, u32 chance, u32 *hits)
{
	struct iet_fault_args a = args(IET_FAULT_HANG);
	const struct iet_fault_what what = command();
	u32 sum = 0, i;

	start();
	set(&a, IET_F_CHANCE, chance);
	set(&a, IET_F_SEED, seed);
	add(&a);
	*hits = 0;
	for (i = 0; i < 1000; i++) {
		bool hit = fire(IET_FAULT_HANG, &what);

		sum = sum * 31 + hit;
		*hits += hit;
	}
	return sum;
}

static void chance(void)
{
	u32 hits, again, first = pattern(1, 250000, &hits);

	CHECK(hits > 200 && hits < 300);
	CHECK_EQ(pattern(1, 250000, &again), first);
	CHECK_EQ(again, hits);
	CHECK(pattern(2, 250000, &again) != first);
	CHECK(pattern(0, 250000, &again) != first);
	CHECK(again > 200 && again < 300);
	pattern(5, IET_FAULT_ALWAYS, &hits);
	CHECK_EQ(hits, 1000);
	pattern(5, 1, &hits);
	CHECK(hits < 3);
}

/* a release that draws other numbers can't replay what an older one did */
static void sequence(void)
{
	static const u32 want[] = { 0x20e44818, 0x0895a923, 0x1339a01f,
				    0xb4e3841a };
	u32 state = 42, i;

	for (i = 0; i < ARRAY_SIZE(want); i++)
		CHECK_EQ(iet_random(&state), want[i]);
}

/* the first rule that fires, and what of it the hit says */
static void order(void)
{
	struct iet_fault_args a = args(IET_FAULT_STATUS);
	const struct iet_fault_what what = command();
	struct iet_fault_rule *one, *two;
	struct iet_fault_hit hit;

	start();
	set(&a, IET_F_STATUS, 8);
	set(&a, IET_F_COUNT, 1);
	one = add(&a);
	set(&a, IET_F_STATUS, 0x28);
	set(&a, IET_F_COUNT, 0);
	two = add(&a);
	CHECK(iet_fault_fire(&faults, IET_FAULT_STATUS, &what, &hit));
	CHECK_EQ(hit.id, one->id);
	CHECK_EQ(hit.code, 8);
	CHECK(hit.tell);
	CHECK(iet_fault_fire(&faults, IET_FAULT_STATUS, &what, &hit));
	CHECK_EQ(hit.id, two->id);
	CHECK_EQ(hit.code, 0x28);
	CHECK_EQ(one->hits + two->hits, 2);
	/* and not told of again so soon */
	CHECK(iet_fault_fire(&faults, IET_FAULT_STATUS, &what, &hit));
	CHECK(!hit.tell);
	jiffies += HZ;
	CHECK(iet_fault_fire(&faults, IET_FAULT_STATUS, &what, &hit));
	CHECK(hit.tell);
	CHECK_EQ(iet_fault_next(&faults, 0)->id, one->id);
	CHECK_EQ(iet_fault_next(&faults, one->id + 1)->id, two->id);
	CHECK(!iet_fault_next(&faults, two->id + 1));
	CHECK_EQ(faults.kinds, BIT(IET_FAULT_STATUS));
	iet_fault_remove(&faults, one);
	iet_fault_remove(&faults, two);
	CHECK_EQ(faults.kinds, 0);
	CHECK(!fire(IET_FAULT_STATUS, &what));
	CHECK(!faults.lock.held);
}

static void full(void)
{
	struct iet_fault_args a = args(IET_FAULT_HANG);
	unsigned int i;

	start();
	for (i = 0; i < IET_FAULTS_MAX; i++)
		add(&a);
	CHECK_EQ(PTR_ERR(iet_fault_add(&faults, &a, ++last_id)), -ENOSPC);
	CHECK_EQ(faults.nr, IET_FAULTS_MAX);
	start();
}

int main(void)
{
	ktap_run(kinds);
	ktap_run(ranges);
	ktap_run(blocks_and_names);
	ktap_run(limits);
	ktap_run(whose);
	ktap_run(blocks);
	ktap_run(pdus);
	ktap_run(any_pdu);
	ktap_run(skip_and_count);
	ktap_run(chance);
	ktap_run(sequence);
	ktap_run(order);
	ktap_run(full);
	return ktap_done();
}
