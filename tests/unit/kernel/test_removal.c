// SPDX-License-Identifier: GPL-2.0-only
/* START STOP UNIT, PREVENT ALLOW MEDIUM REMOVAL and an ejected medium */
#include <scsi/scsi_proto.h>

#include "fake_device.h"
#include "ktap.h"
#include "ready.h"

#define BS (1 << FAKE_SHIFT)
#define GOOD 0

static const u8 tur[16] = { 0x00 };
static const u8 eject[16] = { 0x1b, [4] = 2 };
static const u8 load[16] = { 0x1b, [4] = 3 };
static const u8 start[16] = { 0x1b, [4] = 1 };
static const u8 stop[16] = { 0x1b };
static const u8 prevent[16] = { 0x1e, [4] = 1 };
static const u8 allow[16] = { 0x1e };

/* another initiator */
static struct iet_nexus other_nexus;
static struct iet_itl other;

static void set_up(void)
{
	fake_init();
	fake.vol.removable = true;
	fake.vol.thin = true;
	other_nexus = (struct iet_nexus){ .iname = "iqn.2026-01.x:other",
					  .target = &fake.target };
	other = (struct iet_itl){ .nexus = &other_nexus, .lun = &fake.lun };
	other_nexus.itls.slot[0] = &other;
	list_add_tail(&other.vol_node, &fake.vol.itls);
}

static u16 command_of(struct iet_nexus *nexus, const u8 *cdb, enum fake_dir dir,
		      u32 edtl)
{
	u16 asc;

	fake_run_from(nexus, cdb, dir, edtl, fake.medium);
	asc = fake.s.status ? fake_asc() : GOOD;
	fake_end();
	return asc;
}

static u16 command(const u8 *cdb)
{
	return command_of(&fake.nexus, cdb, DIR_NONE, 0);
}

static u16 command_of_other(const u8 *cdb)
{
	return command_of(&other_nexus, cdb, DIR_NONE, 0);
}

static void eject_and_load(void)
{
	set_up();
	CHECK_EQ(command(tur), GOOD);
	CHECK_EQ(command(eject), GOOD);
	CHECK_EQ(fake.nr_io, 1);
	CHECK_EQ(fake.io[0].op, IET_IO_FLUSH);
	CHECK_EQ(command(tur), IET_ASC_NO_MEDIUM);
	CHECK_EQ(fake.s.sense[2], NOT_READY);
	CHECK_EQ(command_of_other(tur), IET_ASC_NO_MEDIUM);
	CHECK_EQ(command(eject), GOOD);
	CHECK_EQ(fake.nr_io, 0);
	CHECK_EQ(command(start), GOOD);
	CHECK_EQ(command(tur), IET_ASC_NO_MEDIUM);
	CHECK_EQ(command(load), GOOD);
	CHECK_EQ(command(tur), GOOD);
	CHECK_EQ(command_of_other(tur), IET_ASC_MEDIUM_CHANGED);
	CHECK_EQ(command_of_other(tur), GOOD);
	/* loaded already: nothing to tell */
	CHECK_EQ(command(load), GOOD);
	CHECK_EQ(command_of_other(tur), GOOD);

	/* the medium does not go before its data is safe */
	fake.fail_with = -EIO;
	CHECK_EQ(command(eject), IET_ASC_WRITE_ERROR);
	CHECK_EQ(command(tur), GOOD);
}

static void without_medium(void)
{
	static const struct {
		u8 cdb[16];
		enum fake_dir dir;
		bool works;
	} rows[] = {
		{ { 0x12, [4] = 96 }, DIR_IN, true },
		{ { 0x03, [4] = 18 }, DIR_IN, true },
		{ { 0xa0, [9] = 16 }, DIR_IN, true },
		{ { 0x1a, [2] = 0x3f, [4] = 96 }, DIR_IN, true },
		{ { 0xa3, 0x0c, [9] = 96 }, DIR_IN, true },
		{ { 0x16 }, DIR_NONE, true },
		{ { 0x17 }, DIR_NONE, true },
		{ { 0x5e, [8] = 8 }, DIR_IN, true },
		{ { 0x1e, [4] = 1 }, DIR_NONE, true },
		{ { 0x1e, [4] = 0 }, DIR_NONE, true },
		{ { 0x08, [4] = 1 }, DIR_IN },
		{ { 0x28, [8] = 1 }, DIR_IN },
		{ { 0x2a, [8] = 1 }, DIR_OUT },
		{ { 0x25 }, DIR_IN },
		{ { 0x9e, 0x10, [13] = 32 }, DIR_IN },
		{ { 0x9e, 0x12, [13] = 24 }, DIR_IN },
		{ { 0x35 }, DIR_NONE },
		{ { 0x2f, [8] = 1 }, DIR_NONE },
		{ { 0x34, [8] = 1 }, DIR_NONE },
		{ { 0x41, [8] = 1 }, DIR_OUT },
		{ { 0x42, [8] = 24 }, DIR_OUT },
		{ { 0x48, 0x02 }, DIR_NONE },
		{ { 0x04 }, DIR_NONE },
	};
	unsigned int i;

	set_up();
	CHECK_EQ(command(eject), GOOD);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		u16 asc = command_of(&fake.nexus, rows[i].cdb, rows[i].dir,
				     rows[i].dir ? BS : 0);

		CHECK_EQ(asc, rows[i].works ? GOOD : IET_ASC_NO_MEDIUM);
		CHECK_EQ(fake.nr_io, 0);
	}
}

static void prevention(void)
{
	set_up();
	CHECK_EQ(command(prevent), GOOD);
	CHECK_EQ(command(eject), IET_ASC_REMOVAL_PREVENTED);
	CHECK_EQ(fake.s.sense[2], ILLEGAL_REQUEST);
	CHECK_EQ(command_of_other(eject), IET_ASC_REMOVAL_PREVENTED);
	CHECK_EQ(command_of_other(allow), GOOD);
	CHECK_EQ(command_of_other(eject), IET_ASC_REMOVAL_PREVENTED);
	CHECK_EQ(command(stop), GOOD);
	CHECK_EQ(command(tur), GOOD);
	CHECK_EQ(command(allow), GOOD);
	CHECK_EQ(command(eject), GOOD);
	/* nor is anything loaded */
	CHECK_EQ(command(prevent), GOOD);
	CHECK_EQ(command(load), IET_ASC_REMOVAL_PREVENTED);
	iet_ready_reset(&fake.vol, &other_nexus);
	CHECK_EQ(command(load), IET_ASC_REMOVAL_PREVENTED);
	iet_ready_reset(&fake.vol, NULL);
	CHECK_EQ(command(tur), IET_ASC_NO_MEDIUM);
	CHECK_EQ(command(load), GOOD);
	/* who is gone prevents nothing */
	CHECK_EQ(command(prevent), GOOD);
	list_del_init(&fake.itl.vol_node);
	CHECK_EQ(command_of_other(tur), IET_ASC_MEDIUM_CHANGED);
	CHECK_EQ(command_of_other(eject), GOOD);
	/* PREVENT of 10b and 11b are obsolete */
	CHECK_EQ(command((const u8[16]){ 0x1e, [4] = 2 }), 0x2400);
}

static void they_prevent(unsigned int nr)
{
	other.prevent = true;
}

/* by somebody who comes while the medium is flushed for it */
static void prevented_meanwhile(void)
{
	set_up();
	fake.before_io = they_prevent;
	CHECK_EQ(command(eject), IET_ASC_REMOVAL_PREVENTED);
	CHECK_EQ(fake.nr_io, 1);
	CHECK_EQ(fake.vol.condition, IET_READY);
	fake.before_io = NULL;
	CHECK_EQ(command_of_other(allow), GOOD);
	CHECK_EQ(command(eject), GOOD);
	CHECK_EQ(fake.vol.condition, IET_NO_MEDIUM);
}

static void fixed(void)
{
	set_up();
	fake.vol.removable = false;
	CHECK_EQ(command(prevent), 0x2000);
	CHECK_EQ(command(eject), 0x2400);
	CHECK_EQ(fake.s.sense[17], 4);
	CHECK_EQ(command(load), 0x2400);
	CHECK_EQ(command(tur), GOOD);
}

/* a fixed unit is stopped for who has stopped it */
static void stopped(void)
{
	static const u8 read10[16] = { 0x28, [8] = 1 };
	static const u8 inquiry[16] = { 0x12, [4] = 96 };
	static const u8 mode[16] = { 0x1a, [2] = 0x3f, [4] = 96 };
	static const u8 sense[16] = { 0x03, [4] = 18 };

	set_up();
	fake.vol.removable = false;
	CHECK_EQ(command(stop), GOOD);
	CHECK_EQ(fake.io[0].op, IET_IO_FLUSH);
	CHECK_EQ(command(tur), IET_ASC_INITIALIZING_NEEDED);
	CHECK_EQ(fake.s.sense[2], NOT_READY);
	CHECK_EQ(command_of(&fake.nexus, read10, DIR_IN, BS),
		 IET_ASC_INITIALIZING_NEEDED);
	CHECK_EQ(command_of(&fake.nexus, inquiry, DIR_IN, 96), GOOD);
	CHECK_EQ(command_of(&fake.nexus, mode, DIR_IN, 96), GOOD);
	fake_run(sense, DIR_IN, 18, NULL);
	CHECK_EQ(get_unaligned_be16(fake_in() + 12),
		 IET_ASC_INITIALIZING_NEEDED);
	fake_end();
	CHECK_EQ(command_of_other(tur), GOOD);
	CHECK_EQ(command_of(&other_nexus, read10, DIR_IN, BS), GOOD);
	CHECK_EQ(command(start), GOOD);
	CHECK_EQ(command(tur), GOOD);
	CHECK_EQ(command(stop), GOOD);
	iet_ready_reset(&fake.vol, NULL);
	CHECK_EQ(command(tur), GOOD);

	/* NO_FLUSH */
	CHECK_EQ(command((const u8[16]){ 0x1b, [4] = 4 }), GOOD);
	CHECK_EQ(fake.nr_io, 0);
	CHECK_EQ(command(tur), IET_ASC_INITIALIZING_NEEDED);
	/* power conditions stop nothing and start nothing */
	CHECK_EQ(command((const u8[16]){ 0x1b, [4] = 0x11 }), GOOD);
	CHECK_EQ(command(tur), IET_ASC_INITIALIZING_NEEDED);
	CHECK_EQ(command(start), GOOD);
	CHECK_EQ(command((const u8[16]){ 0x1b, [4] = 0x30 }), GOOD);
	CHECK_EQ(command(tur), GOOD);
}

int main(void)
{
	ktap_run(eject_and_load);
	ktap_run(without_medium);
	ktap_run(prevention);
	ktap_run(prevented_meanwhile);
	ktap_run(fixed);
	ktap_run(stopped);
	return ktap_done();
}
