// SPDX-License-Identifier: GPL-2.0-only
/* unit attentions and orphans */
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
		{ "too many: the least important goes",
		  { 0x3f0e, 0x2a01, 0x2a02, 0x2a03, 0x2a04, 0x2a05, 0x2a06,
		    0x2a07, 0x2a09, END },
		  { 0x2a01, 0x2a02, 0x2a03, 0x2a04, 0x2a05, 0x2a06, 0x2a07,
		    0x2a09, 0, END } },
		{ "too many: the new one is the least important",
		  { 0x2a01, 0x2a02, 0x2a03, 0x2a04, 0x2a05, 0x2a06, 0x2a07,
		    0x2a08, 0x3f0e, END },
		  { 0x2a01, 0x2a02, 0x2a03, 0x2a04, 0x2a05, 0x2a06, 0x2a07,
		    0x2a08, 0, END } },
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

int main(void)
{
	ktap_run(take_in_order);
	ktap_run(whom);
	ktap_run(orphans);
	return ktap_done();
}
