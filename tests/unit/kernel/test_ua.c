// SPDX-License-Identifier: GPL-2.0-only
/* unit attentions and orphans */
#include <scsi/scsi_proto.h>

#include "fake_device.h"
#include "ktap.h"

#define MODE_CHANGED 0x2a01
#define END 0xffff

static void take_in_order(void)
{
	static const struct {
		const char *name;
		u16 add[12];
		u16 take[12];
	} rows[] = {
		{ "none", { END }, { 0, END } },
		{ "one", { MODE_CHANGED, END }, { MODE_CHANGED, 0, END } },
		{ "none twice",
		  { MODE_CHANGED, MODE_CHANGED, END },
		  { MODE_CHANGED, 0, END } },
		{ "LUNs come last",
		  { IET_ASC_LUNS_CHANGED, IET_ASC_CAPACITY_CHANGED,
		    MODE_CHANGED, END },
		  { IET_ASC_CAPACITY_CHANGED, MODE_CHANGED,
		    IET_ASC_LUNS_CHANGED, 0, END } },
		{ "a reset clears the others",
		  { IET_ASC_LUNS_CHANGED, MODE_CHANGED, IET_ASC_LUN_RESET,
		    END },
		  { IET_ASC_LUN_RESET, 0, END } },
		{ "but not later ones",
		  { IET_ASC_LUN_RESET, IET_ASC_LUNS_CHANGED, MODE_CHANGED,
		    END },
		  { IET_ASC_LUN_RESET, MODE_CHANGED, IET_ASC_LUNS_CHANGED, 0,
		    END } },
		{ "power on says more than a reset",
		  { IET_ASC_POWER_ON, MODE_CHANGED, IET_ASC_LUN_RESET, END },
		  { IET_ASC_POWER_ON, MODE_CHANGED, 0, END } },
		{ "a reset says more than loss of the nexus",
		  { IET_ASC_NEXUS_LOSS, IET_ASC_LUN_RESET, END },
		  { IET_ASC_LUN_RESET, 0, END } },
	};
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bool before = ktap_ok;

		fake_init();
		for (j = 0; rows[i].add[j] != END; j++)
			iet_ua_add(&fake.vol, &fake.itl, rows[i].add[j]);
		for (j = 0; rows[i].take[j] != END; j++) {
			CHECK_EQ(iet_ua_peek(&fake.vol, &fake.itl),
				 rows[i].take[j]);
			CHECK_EQ(iet_ua_take(&fake.vol, &fake.itl),
				 rows[i].take[j]);
		}
		CHECK_ROW(rows[i].name, before);
	}
}

/* one of each kind fits, and what there are too many of is the least */
static void too_many(void)
{
	unsigned int i;

	fake_init();
	iet_ua_add(&fake.vol, &fake.itl, IET_ASC_LUNS_CHANGED);
	for (i = 0; i < IET_UA_MAX - 1; i++)
		iet_ua_add(&fake.vol, &fake.itl, 0x2a20 + i);
	CHECK_EQ(fake.itl.nr_ua, IET_UA_MAX);
	CHECK_EQ(fake.itl.ua[IET_UA_MAX - 1], IET_ASC_LUNS_CHANGED);
	iet_ua_add(&fake.vol, &fake.itl, MODE_CHANGED);
	CHECK_EQ(fake.itl.nr_ua, IET_UA_MAX);
	CHECK_EQ(fake.itl.ua[IET_UA_MAX - 1], MODE_CHANGED);
	iet_ua_add(&fake.vol, &fake.itl, IET_ASC_LUNS_CHANGED);
	iet_ua_add(&fake.vol, &fake.itl, 0x2a50);
	for (i = 0; i < IET_UA_MAX - 1; i++)
		CHECK_EQ(iet_ua_take(&fake.vol, &fake.itl), 0x2a20 + i);
	CHECK_EQ(iet_ua_take(&fake.vol, &fake.itl), MODE_CHANGED);
	CHECK_EQ(iet_ua_take(&fake.vol, &fake.itl), 0);
}

/*
 * What each command makes of two that are pending (SAM-5 5.14): most report
 * the first, and it is over; INQUIRY leaves both alone, REPORT LUNS ends the one
 * about LUNs, of all units, and REQUEST SENSE reports as its data.
 */
static void commands(void)
{
	unsigned int i;
	u8 cdb[32];

	for (i = 0; i < iet_scsi_nr_ops; i++) {
		const struct iet_scsi_op *op = &iet_scsi_ops[i];
		bool before = ktap_ok, in = op->flags & IET_OP_ALWAYS;

		fake_init();
		fake_add_other();
		fake.vol.thin = true;
		fake.vol.removable = true;
		fake.vol.atomic_max = 512;
		fake.vol.crypt = (struct iet_crypt *)&fake;
		iet_ua_nexus(&fake.nexus, IET_ASC_LUNS_CHANGED);
		iet_ua_nexus(&fake.nexus, IET_ASC_CAPACITY_CHANGED);
		memset(cdb, 0, sizeof(cdb));
		cdb[0] = op->opcode;
		if (op->opcode == IET_CDB_VARIABLE) {
			cdb[7] = op->len - 8;
			cdb[9] = op->sa;
		} else {
			cdb[1] = op->sa;
		}
		if (in)
			cdb[op->opcode == 0xa0 ? 9 : 4] = 64;
		fake_run(cdb, in ? DIR_IN : DIR_NONE, in ? 64 : 0, NULL);
		if (!in) {
			CHECK_EQ(fake.s.sense[2], UNIT_ATTENTION);
			CHECK_EQ(fake_asc(), IET_ASC_CAPACITY_CHANGED);
		} else {
			CHECK_EQ(fake.s.status, SAM_STAT_GOOD);
		}
		if (op->opcode == 0x03)
			CHECK_EQ(get_unaligned_be16(fake_in() + 12),
				 IET_ASC_CAPACITY_CHANGED);
		CHECK_EQ(fake.itl.nr_ua, op->opcode == 0x12 ? 2 : 1);
		CHECK_EQ(fake.itl.ua[fake.itl.nr_ua - 1],
			 op->opcode == 0xa0 ? IET_ASC_CAPACITY_CHANGED :
					      IET_ASC_LUNS_CHANGED);
		/* of the other unit only what it says of both */
		CHECK_EQ(fake.other_itl.nr_ua, op->opcode == 0xa0 ? 1 : 2);
		fake_end();
		CHECK_ROW(op->name, before);
	}
}

static void whom(void)
{
	struct iet_nexus other = {};
	struct iet_itl itl = { .nexus = &other, .lun = &fake.lun };

	fake_init();
	list_add_tail(&itl.vol_node, &fake.vol.itls);
	iet_ua_volume(&fake.vol, IET_ASC_LUN_RESET, &other);
	CHECK_EQ(fake.itl.nr_ua, 1);
	CHECK_EQ(itl.nr_ua, 0);
	iet_ua_volume(&fake.vol, IET_ASC_LUN_RESET, NULL);
	CHECK_EQ(fake.itl.nr_ua, 1);
	CHECK_EQ(itl.nr_ua, 1);

	iet_ua_nexus(&fake.nexus, IET_ASC_LUNS_CHANGED);
	CHECK_EQ(fake.itl.nr_ua, 2);
	CHECK_EQ(itl.nr_ua, 1);
	iet_ua_clear_nexus(&fake.nexus, IET_ASC_LUNS_CHANGED);
	CHECK_EQ(fake.itl.nr_ua, 1);
	iet_ua_clear_nexus(&fake.nexus, IET_ASC_LUNS_CHANGED);
	CHECK_EQ(iet_ua_take(&fake.vol, &fake.itl), IET_ASC_LUN_RESET);
}

static void orphans(void)
{
	struct iet_nexus session2 = { .iname = "iqn.2026-01.org.example:host" };
	struct iet_nexus stranger = { .iname = "iqn.2026-01.org.example:hos" };
	static const u8 write10[16] = { 0x2a, [8] = 1 };
	static const u8 read10[16] = { 0x28, [8] = 1 };
	static const u8 data[512];
	struct iet_volume next;

	fake_init();
	/* a LUN that is made anew has another volume of the same medium */
	next = (struct iet_volume){ .orphans = fake.vol.orphans };
	fake_run(read10, DIR_IN, 512, NULL);
	iet_orphan_add(&fake.s);
	CHECK_EQ(fake.vol.orphans->nr, 0); /* only writes count */
	iet_orphan_del(&fake.s);
	fake_end();

	fake_run(write10, DIR_OUT, 512, data);
	CHECK(!iet_orphan_blocks(&fake.vol, &fake.nexus));
	iet_orphan_add(&fake.s);
	iet_orphan_add(&fake.s);
	CHECK_EQ(fake.vol.orphans->nr, 1);
	CHECK(iet_orphan_blocks(&fake.vol, &fake.nexus));
	CHECK(iet_orphan_blocks(&fake.vol, &session2));
	CHECK(!iet_orphan_blocks(&fake.vol, &stranger));
	CHECK(iet_orphan_blocks(&next, &session2));
	CHECK(!iet_orphan_blocks(&next, &stranger));
	iet_orphan_bar(&fake.s);
	CHECK(iet_orphan_blocks(&next, &stranger));
	iet_orphan_del(&fake.s);
	CHECK_EQ(fake.vol.orphans->nr, 0);
	CHECK(!iet_orphan_blocks(&fake.vol, &fake.nexus));
	iet_orphan_del(&fake.s);
	CHECK_EQ(fake.vol.orphans->nr, 0);
	fake_end();
}

#define HOSTS 500
#define WRITES_OF_ONE 60

/*
 * Hosts that have lost their sessions with a disk that hangs come back, and ask
 * again and again: what that costs must not grow with the number of all writes.
 */
static void crowd_of_orphans(void)
{
	static const struct iet_scsi_op write = { .flags = IET_OP_WRITE };
	static struct iet_scmd s[HOSTS][WRITES_OF_ONE];
	static struct iet_nexus host[HOSTS];
	static char names[HOSTS][64];
	struct iet_nexus other = { .iname = "iqn.2026-01.org.example:other" };
	unsigned long start = ktap_seconds();
	unsigned int i, j;

	fake_init();
	for (i = 0; i < HOSTS; i++) {
		snprintf(names[i], sizeof(names[i]),
			 "iqn.2026-01.org.example:host%u", i);
		host[i].iname = names[i];
	}
	for (j = 0; j < WRITES_OF_ONE; j++)
		for (i = 0; i < HOSTS; i++) {
			s[i][j].op = &write;
			s[i][j].vol = &fake.vol;
			s[i][j].nexus = &host[i];
			INIT_LIST_HEAD(&s[i][j].orphan_node);
			iet_orphan_add(&s[i][j]);
		}
	for (i = 0; i < HOSTS; i++)
		CHECK(iet_orphan_blocks(&fake.vol, &host[i]));
	for (i = 0; i < 30000 && ktap_seconds() - start < 15; i++)
		if (iet_orphan_blocks(&fake.vol, &other))
			break;
	CHECK_EQ(i, 30000);
	for (i = 0; i < HOSTS; i++) {
		for (j = 0; j < WRITES_OF_ONE; j++)
			iet_orphan_del(&s[i][j]);
		CHECK(!iet_orphan_blocks(&fake.vol, &host[i]));
	}
	CHECK_EQ(fake.vol.orphans->nr, 0);
}

int main(void)
{
	ktap_run(take_in_order);
	ktap_run(too_many);
	ktap_run(commands);
	ktap_run(whom);
	ktap_run(orphans);
	ktap_run(crowd_of_orphans);
	return ktap_done();
}
