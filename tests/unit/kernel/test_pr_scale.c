// SPDX-License-Identifier: GPL-2.0-only
/*
 * PERSISTENT RESERVE OUT with as many registrations and sessions as there may
 * be: how often names are compared, which is what it costs.
 */
#include <scsi/scsi_proto.h>

#include "fake_device.h"
#include "ktap.h"
#include "pr_nexus.h"

enum { REGISTER, RESERVE, RELEASE, CLEAR, PREEMPT, ABORT };

#define SPEC_I_PT 0x08
#define ALL_TG_PT 0x04
#define CONFLICT 0xfffe

/* so many hosts with a session by each target: twice as many as can register */
#define NR_TARGETS 8
#define NR_HOSTS (2 * IET_PR_MAX_REGS / NR_TARGETS)
#define NR_NEXUSES (NR_HOSTS * NR_TARGETS)

/* names to be compared to find one of IET_PR_MAX_REGS: two log2 */
#define FIND 20

static struct iet_target targets[NR_TARGETS];
static struct iet_lun luns[NR_TARGETS];
static struct iet_nexus nexuses[NR_NEXUSES];
static struct iet_itl itls[NR_NEXUSES];
static char inames[NR_HOSTS][64];
static u8 list[24 + 4 + 8192];

static void begin(void)
{
	unsigned int i;

	fake_init();
	list_del_init(&fake.itl.vol_node);
	list_del_init(&fake.lun.vol_node);
	for (i = 0; i < NR_TARGETS; i++) {
		targets[i] = fake.target;
		sprintf(targets[i].name, "iqn.2026-01.org.example:disk%u", i);
		targets[i].port_id = i + 1;
		luns[i] = (struct iet_lun){ .vol = &fake.vol,
					    .target = &targets[i] };
		list_add_tail(&luns[i].vol_node, &fake.vol.luns);
	}
	for (i = 0; i < NR_NEXUSES; i++) {
		struct iet_nexus *nexus = &nexuses[i];

		sprintf(inames[i / NR_TARGETS], "iqn.x:%u", i / NR_TARGETS);
		memset(nexus, 0, sizeof(*nexus));
		sprintf(nexus->initiator, "%s,i,0x400001370000",
			inames[i / NR_TARGETS]);
		nexus->iname = inames[i / NR_TARGETS];
		nexus->target = &targets[i % NR_TARGETS];
		nexus->itls.slot[0] = &itls[i];
		INIT_LIST_HEAD(&nexus->copies);
		itls[i] = (struct iet_itl){ .nexus = nexus,
					    .lun = &luns[i % NR_TARGETS] };
		iet_pr_nexus_join(&fake.vol, &itls[i]);
	}
}

static void end(void)
{
	iet_reservation_exit(&fake.vol.reservation);
}

static u16 result(void)
{
	if (fake.s.status == SAM_STAT_RESERVATION_CONFLICT)
		return CONFLICT;
	return fake.s.status ? fake_asc() : 0;
}

/* The first nexus asks.  The list of TransportIDs is there. */
static u16 out(u8 sa, u8 type, u64 key, u64 sa_key, u8 flags, u32 ids)
{
	u8 cdb[16] = { 0x5f, sa, type };
	u32 len = flags & SPEC_I_PT ? 28 + ids : 24;
	u16 asc;

	put_unaligned_be64(key, list);
	put_unaligned_be64(sa_key, list + 8);
	list[20] = flags;
	put_unaligned_be32(ids, list + 24);
	put_unaligned_be32(len, cdb + 5);
	shim_compared = 0;
	fake_run_from(&nexuses[0], cdb, DIR_OUT, len, list);
	asc = result();
	fake_end();
	return asc;
}

/* TransportIDs of so many hosts from one on: names with port, or without */
static u32 put_ids(unsigned int from, unsigned int nr, bool node)
{
	u32 len = 0;

	memset(list, 0, sizeof(list));
	for (; nr--; from++) {
		u8 *id = list + 28 + len;
		u32 n;

		strcpy((char *)id + 4,
		       node ? inames[from] :
			      nexuses[from * NR_TARGETS].initiator);
		n = max(round_up((u32)strlen((char *)id + 4) + 1, 4), 20u);
		id[0] = node ? 0x05 : 0x45;
		put_unaligned_be16(n, id + 2);
		len += 4 + n;
	}
	assert(28 + len <= sizeof(list));
	return len;
}

/* All that are registered, and all nexuses, are looked for so many times. */
static void check_cost(unsigned int per_reg, unsigned int per_nexus)
{
	CHECK(shim_compared > 0);
	CHECK(shim_compared <=
	      FIND * (per_reg * IET_PR_MAX_REGS + per_nexus * NR_NEXUSES));
}

/* by all target ports: as many as there may be, in one go */
static void fill(void)
{
	unsigned int all = IET_PR_MAX_REGS / NR_TARGETS;

	CHECK_EQ(out(REGISTER, 0, 0, 1, SPEC_I_PT | ALL_TG_PT,
		     put_ids(1, all - 1, false)),
		 0);
	CHECK_EQ(fake.vol.reservation.pr.regs.nr, IET_PR_MAX_REGS);
}

/* as many as there may be, and one too many: then nobody is registered */
static void named(bool node, unsigned int per_nexus)
{
	unsigned int all = IET_PR_MAX_REGS / NR_TARGETS, more;

	for (more = 0; more < 2; more++) {
		begin();
		CHECK_EQ(out(REGISTER, 0, 0, 1, SPEC_I_PT | ALL_TG_PT,
			     put_ids(1, all - 1 + more, node)),
			 more ? IET_ASC_NO_REGISTRATIONS : 0);
		CHECK_EQ(fake.vol.reservation.pr.regs.nr,
			 more ? 0 : IET_PR_MAX_REGS);
		check_cost(6, per_nexus);
		end();
	}
}

static void spec_i_pt(void)
{
	named(false, 2);
}

/* initiators by their names: each has to be looked for among the nexuses */
static void nodes(void)
{
	named(true, 4);
}

/* the same ones again and again, as many as fit */
static void doubles(void)
{
	u32 len, one;

	begin();
	one = put_ids(1, 1, false);
	for (len = one; len + one <= 8192; len += one)
		memcpy(list + 28 + len, list + 28, one);
	CHECK_EQ(out(REGISTER, 0, 0, 1, SPEC_I_PT | ALL_TG_PT, len), 0);
	CHECK_EQ(fake.vol.reservation.pr.regs.nr, 2 * NR_TARGETS);
	check_cost(6, 2);
	end();
}

/* what tells all others */
static void told(void)
{
	static const struct {
		const char *name;
		u8 sa, type;
		u64 sa_key;
		u16 ua; /* of those who are registered */
	} rows[] = {
		{ "RELEASE", RELEASE, 5, 0, IET_ASC_RESERVATIONS_RELEASED },
		{ "CLEAR", CLEAR, 0, 0, IET_ASC_RESERVATIONS_PREEMPTED },
		{ "PREEMPT", PREEMPT, 1, 1, IET_ASC_REGISTRATIONS_PREEMPTED },
		{ "PREEMPT AND ABORT", ABORT, 1, 1,
		  IET_ASC_REGISTRATIONS_PREEMPTED },
	};
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bool before = ktap_ok;

		begin();
		fill();
		CHECK_EQ(out(RESERVE, 5, 1, 0, 0, 0), 0);
		check_cost(1, 2);
		for (n = 0; n < NR_NEXUSES; n++)
			CHECK_EQ(itls[n].kept_off,
				 n < IET_PR_MAX_REGS ? 0 : IET_PR_OFF_WRITES);
		CHECK_EQ(out(rows[i].sa, rows[i].type, 1, rows[i].sa_key, 0, 0),
			 0);
		check_cost(3, 3);
		for (n = 0; n < NR_NEXUSES; n++) {
			bool is_told = n && n < IET_PR_MAX_REGS;

			CHECK_EQ(itls[n].nr_ua, is_told);
			CHECK_EQ(itls[n].ua[0], is_told ? rows[i].ua : 0);
		}
		end();
		CHECK_ROW(rows[i].name, before);
	}
}

/* A command compares no names, whatever is reserved. */
static void commands(void)
{
	static u8 cdb[16] = { 0x2a, [8] = 1 }, data[1 << FAKE_SHIFT];
	unsigned int n;

	begin();
	fill();
	CHECK_EQ(out(RESERVE, 5, 1, 0, 0, 0), 0);
	shim_compared = 0;
	for (n = 0; n < NR_NEXUSES; n += 7) {
		fake_run_from(&nexuses[n], cdb, DIR_OUT, sizeof(data), data);
		CHECK_EQ(result(), n < IET_PR_MAX_REGS ? 0 : CONFLICT);
		fake_end();
	}
	CHECK_EQ(shim_compared, 0);
	end();
}

int main(void)
{
	ktap_run(spec_i_pt);
	ktap_run(nodes);
	ktap_run(doubles);
	ktap_run(told);
	ktap_run(commands);
	return ktap_done();
}
