// SPDX-License-Identifier: GPL-2.0-only
/*
 * What several I_T nexuses do to each other by reservations: random commands,
 * each of which is compared with the model of pr_model.c.
 *
 * PR_MODEL_STEPS=N in the environment makes it N steps for each seed,
 * PR_MODEL_SEED=N one more seed.
 */
#include <scsi/scsi_proto.h>
#include <stdarg.h>
#include <stdlib.h>

#include "fake_device.h"
#include "ktap.h"
#include "pr_model.h"
#include "pr_nexus.h"

#define NR_NEXUSES 5
#define STEPS 20000
#define LOG_LINES 24
#define HOST "iqn.2026-01.org.example:host"
#define OTHER "iqn.2026-01.org.example:other"
#define SPEC_I_PT 0x08
#define ALL_TG_PT 0x04
#define APTPL 0x01

static const char *const inames[MODEL_PORTS] = { HOST, HOST, OTHER,
						 "iqn.2026-01.org.example:x" };
static const char *const isids[MODEL_PORTS] = { "400001370000", "400001370001",
						"400001370000",
						"400001370002" };

/* who there is: two ports of a host, two target ports */
static const struct {
	unsigned int port, target;
} who[NR_NEXUSES] = { { 0, 0 }, { 1, 0 }, { 0, 1 }, { 2, 0 }, { 2, 1 } };

/**
 * struct told - what the model says is pending for an I_T_L nexus
 * @on: it is logged in
 * @prevent: it prevents the removal of the medium
 * @nr: how many
 * @ua: unit attentions, in order
 */
struct told {
	bool on;
	bool prevent;
	unsigned int nr;
	u16 ua[8];
};

static struct iet_target targets[MODEL_TARGETS];
static struct iet_lun luns[MODEL_TARGETS];
static struct iet_nexus nexuses[NR_NEXUSES];
static struct iet_itl itls[NR_NEXUSES];

static struct model model;
static struct told told[NR_NEXUSES];
static int legacy; /* who has reserved by RESERVE, -1: nobody */

/* --- chance, and what has happened ---------------------------------------- */

static u64 seed, state;
static unsigned int step;
static char lines[LOG_LINES][160];
static unsigned int nr_lines;

/* 0 to n - 1 */
static unsigned int pick(unsigned int n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 20) % n;
}

static bool one_in(unsigned int n)
{
	return !pick(n);
}

static void __attribute__((format(printf, 1, 2))) note(const char *fmt, ...)
{
	char *line = lines[nr_lines++ % LOG_LINES];
	va_list args;
	int len;

	len = snprintf(line, sizeof(lines[0]), "%u: ", step);
	va_start(args, fmt);
	vsnprintf(line + len, sizeof(lines[0]) - len, fmt, args);
	va_end(args);
}

static void tell_story(void)
{
	unsigned int i = nr_lines > LOG_LINES ? nr_lines - LOG_LINES : 0;

	ktap_note("seed %llu, the last steps:", (unsigned long long)seed);
	for (; i < nr_lines; i++)
		ktap_note("%s", lines[i % LOG_LINES]);
}

/* --- sessions ------------------------------------------------------------- */

static void log_in(unsigned int n)
{
	itls[n] = (struct iet_itl){ .nexus = &nexuses[n],
				    .lun = &luns[who[n].target],
				    .ua = { IET_ASC_POWER_ON },
				    .nr_ua = 1 };
	nexuses[n].itls.slot[0] = &itls[n];
	iet_pr_nexus_join(&fake.vol, &itls[n]);
	told[n] = (struct told){ .on = true,
				 .nr = 1,
				 .ua = { IET_ASC_POWER_ON } };
}

/* As nexus.c has it. */
static void log_out(unsigned int n)
{
	nexuses[n].itls.slot[0] = NULL;
	list_del_init(&itls[n].vol_node);
	iet_reservation_nexus_lost(&fake.vol, &nexuses[n]);
	told[n].on = false;
	if (legacy == (int)n)
		legacy = -1;
}

static void begin(u64 with)
{
	unsigned int i;

	seed = with;
	state = (with + 1) * 0x9e3779b97f4a7c15ULL;
	nr_lines = 0;
	memset(&model, 0, sizeof(model));
	legacy = -1;
	fake_init();
	fake_state();
	/* it wraps soon (6.15.2) */
	model.generation = UINT32_MAX - 9;
	fake.vol.reservation.pr.generation = model.generation;
	fake.vol.removable = true;
	fake.vol.thin = true;
	list_del_init(&fake.itl.vol_node);
	list_del_init(&fake.lun.vol_node);
	for (i = 0; i < MODEL_TARGETS; i++) {
		targets[i] = fake.target;
		sprintf(targets[i].name, "iqn.2026-01.org.example:disk%u", i);
		targets[i].port_id = i * 8 + 1;
		luns[i] = (struct iet_lun){ .vol = &fake.vol,
					    .target = &targets[i] };
		list_add_tail(&luns[i].vol_node, &fake.vol.luns);
	}
	for (i = 0; i < NR_NEXUSES; i++) {
		memset(&nexuses[i], 0, sizeof(nexuses[i]));
		sprintf(nexuses[i].initiator, "%s,i,0x%s", inames[who[i].port],
			isids[who[i].port]);
		nexuses[i].iname = inames[who[i].port];
		nexuses[i].target = &targets[who[i].target];
		INIT_LIST_HEAD(&nexuses[i].copies);
		log_in(i);
	}
}

/* --- unit attentions ------------------------------------------------------ */

/* A reset replaces all else; POWER ON, RESET says more than any other. */
static void expect_reset(struct told *t, u16 asc)
{
	if (!t->on || (t->nr && t->ua[0] >> 8 == 0x29 && t->ua[0] <= asc))
		return;
	t->nr = 1;
	t->ua[0] = asc;
}

/* In the order in which they come, none twice. */
static void expect_ua(struct told *t, u16 asc)
{
	unsigned int i;

	for (i = 0; i < t->nr; i++)
		if (t->ua[i] == asc)
			return;
	t->ua[t->nr++] = asc;
}

static u16 take_ua(unsigned int n)
{
	u16 asc = told[n].ua[0];

	told[n].nr--;
	memmove(told[n].ua, told[n].ua + 1, told[n].nr * sizeof(asc));
	return asc;
}

/* --- comparing ------------------------------------------------------------ */

static bool is_reg(const struct iet_pr_reg *reg, unsigned int p, unsigned int t)
{
	char port[IET_PORT_NAME_MAX];

	snprintf(port, sizeof(port), "%s,i,0x%s", inames[p], isids[p]);
	return !strcmp(reg->port, port) &&
	       !strcmp(reg->target, targets[t].name) &&
	       reg->target_port == targets[t].port_id;
}

static void compare_registrations(void)
{
	const struct iet_pr *pr = &fake.vol.reservation.pr;
	const struct iet_pr_reg *reg;
	unsigned int p, t, nr = 0, found;

	for (p = 0; p < MODEL_PORTS; p++) {
		for (t = 0; t < MODEL_TARGETS; t++) {
			found = 0;
			list_for_each_entry(reg, &pr->regs.list, node) {
				if (!is_reg(reg, p, t))
					continue;
				found++;
				CHECK_EQ(reg->key, model.key[p][t]);
				CHECK_EQ(reg->ua, 0);
				CHECK_EQ(iet_pr_holds(pr, reg),
					 model_holds(&model, p, t));
			}
			CHECK_EQ(found, model.key[p][t] ? 1 : 0);
			nr += found;
		}
	}
	CHECK_EQ(pr->regs.nr, nr);
}

/* All that the device server keeps, after each step */
static void compare(void)
{
	const struct iet_reservation *r = &fake.vol.reservation;
	unsigned int n, i;

	compare_registrations();
	CHECK(iet_pr_consistent(&r->pr));
	CHECK_EQ(r->pr.type, model.type);
	CHECK_EQ(r->pr.generation, model.generation);
	CHECK_EQ(r->pr.aptpl, model.aptpl);
	CHECK(r->legacy == (legacy < 0 ? NULL : &nexuses[legacy]));
	CHECK_EQ(r->active, model.type || legacy >= 0);
	CHECK(!r->busy && list_empty(&r->waiting));
	CHECK(legacy < 0 || !model_registered(&model));
	for (n = 0; n < NR_NEXUSES; n++) {
		if (!told[n].on)
			continue;
		CHECK_EQ(itls[n].kept_off,
			 model_keeps_off(&model, who[n].port, who[n].target,
					 false, true) *
					 IET_PR_OFF_READS |
				 model_keeps_off(&model, who[n].port,
						 who[n].target, true, true) *
					 IET_PR_OFF_WRITES);
		CHECK_EQ(itls[n].prevent, told[n].prevent);
		CHECK_EQ(itls[n].nr_ua, told[n].nr);
		for (i = 0; i < told[n].nr; i++)
			CHECK_EQ(itls[n].ua[i], told[n].ua[i]);
	}
}

static u16 result(void)
{
	if (fake.s.status == SAM_STAT_RESERVATION_CONFLICT)
		return CONFLICT;
	return fake.s.status ? fake_asc() : 0;
}

static u8 sense_key(void)
{
	return fake.s.sense[2] & 0xf;
}

/* Is a unit attention due, in place of whatever the command does? */
static bool told_instead(unsigned int n)
{
	if (!told[n].nr)
		return false;
	CHECK_EQ(result(), take_ua(n));
	CHECK_EQ(sense_key(), UNIT_ATTENTION);
	return true;
}

/* --- PERSISTENT RESERVE OUT ----------------------------------------------- */

static u8 list[1024];

static const u8 types[] = { 1, 3, 5, 6, 7, 8 };

static u8 some_type(void)
{
	if (model.type && one_in(2))
		return model.type;
	return one_in(12) ? pick(16) : types[pick(sizeof(types))];
}

/* That of the nexus, that of anybody, a few others, none */
static u64 some_key(unsigned int p, unsigned int t, unsigned int own)
{
	if (pick(100) < own)
		return model.key[p][t];
	if (one_in(3))
		return model.key[pick(MODEL_PORTS)][pick(MODEL_TARGETS)];
	return one_in(4) ? 0 : 0x1122334455667700ULL + pick(6);
}

static u32 put_id(u32 off, unsigned int port)
{
	char name[IET_PORT_NAME_MAX];
	u32 len;

	len = snprintf(name, sizeof(name), "%s,i,0x%s", inames[port],
		       isids[port]);
	len = round_up(len + 1, 4u);
	list[off] = 0x45;
	put_unaligned_be16(len, list + off + 2);
	strcpy((char *)list + off + 4, name);
	return 4 + len;
}

/* Every port that is named, some twice.  Returns the length of it all. */
static u32 put_ids(const struct model_out *out)
{
	u32 off = 28;
	unsigned int p;

	for (p = 0; p < MODEL_PORTS; p++) {
		if (!(out->ports & 1 << p))
			continue;
		off += put_id(off, p);
		if (one_in(8))
			off += put_id(off, p);
	}
	put_unaligned_be32(off - 28, list + 24);
	return off;
}

/*
 * The parameter list, mostly as it should be.  Returns its length; *illegal:
 * what is wrong with it.
 */
static u32 put_list(const struct model_out *out, u16 *illegal)
{
	u32 len = 24;

	memset(list, 0, sizeof(list));
	put_unaligned_be64(out->key, list);
	put_unaligned_be64(out->sa_key, list + 8);
	if (out->action == REGISTER_AND_MOVE) {
		list[17] = (out->unreg ? 2 : 0) | (out->aptpl ? 1 : 0);
		put_unaligned_be16(targets[out->to_target].port_id, list + 18);
		len += put_id(24, out->to_port);
		put_unaligned_be32(len - 24, list + 20);
		if (one_in(16))
			list[18 + pick(3)] ^= 0x80;
		else if (one_in(16))
			len -= 1 + pick(len - 24);
		else
			return len;
		*illegal = INVALID_FIELD_IN_PARAMETER_LIST;
		return len;
	}
	list[20] = (out->spec_i_pt ? SPEC_I_PT : 0) |
		   (out->all_tg_pt ? ALL_TG_PT : 0) | (out->aptpl ? APTPL : 0);
	if (out->spec_i_pt && out->action != REGISTER)
		*illegal = INVALID_FIELD_IN_PARAMETER_LIST;
	if (out->spec_i_pt)
		len = put_ids(out);
	if (out->spec_i_pt && one_in(12)) {
		len = 24 + pick(len - 24);
		if (out->action != REGISTER || out->sa_key) /* else ignored */
			*illegal = INVALID_FIELD_IN_PARAMETER_LIST;
	}
	return len;
}

static void make_out(struct model_out *out, unsigned int n)
{
	unsigned int p = who[n].port, t = who[n].target;
	/* what makes more of it comes more often */
	static const u8 actions[] = { 0, 0, 0, 1, 1, 1, 2, 3,
				      4, 4, 5, 6, 6, 7, 7, 8 };

	memset(out, 0, sizeof(*out));
	out->action = actions[pick(sizeof(actions))];
	out->port = p;
	out->target = t;
	out->scope = one_in(24) ? 1 + pick(15) : 0;
	out->type = some_type();
	out->key = some_key(p, t, 85);
	out->sa_key = some_key(p, t, 10);
	out->all_tg_pt = one_in(5);
	out->aptpl = one_in(3);
	out->unreg = one_in(2);
	out->to_port = pick(MODEL_PORTS);
	out->to_target = pick(MODEL_TARGETS);
	if (out->action == REGISTER ? one_in(4) : one_in(40)) {
		out->spec_i_pt = true;
		out->ports = pick(1 << MODEL_PORTS);
	}
}

/* What it is to do, if the parameter list is good: it does it to @next. */
static void expect_out(const struct model_out *out, u16 illegal,
		       struct model *next, struct model_answer *a)
{
	model_out(next, out, a);
	/* nothing says that one of two errors has to be found first */
	if (legacy >= 0)
		a->code = a->or = CONFLICT;
	if (illegal) {
		a->or = a->code ?: illegal;
		a->code = illegal;
	}
	if (!a->code && fake.save_err && (model.aptpl || next->aptpl))
		a->code = a->or = INSUFFICIENT_REGISTRATION_RESOURCES;
}

static void apply_out(const struct model_out *out, const struct model *next,
		      const struct model_answer *a)
{
	unsigned int n;

	model = *next;
	for (n = 0; n < NR_NEXUSES; n++) {
		unsigned int p = who[n].port, t = who[n].target;

		if (!told[n].on)
			continue;
		if (a->ua[p][t])
			expect_ua(&told[n], a->ua[p][t]);
		if (out->action == PREEMPT_AND_ABORT && a->gone[p][t])
			told[n].prevent = false;
	}
}

static void reserve_out(unsigned int n)
{
	unsigned int nr_preempts = fake.nr_preempts;
	u8 cdb[16] = { 0x5f };
	struct model next = model;
	struct model_answer a;
	struct model_out out;
	u16 illegal = GOOD;
	u32 len;

	make_out(&out, n);
	len = put_list(&out, &illegal);
	if (!illegal && one_in(30)) {
		len = pick(2) ? pick(24) : len + 1;
		illegal = len < 24 || !out.spec_i_pt ?
				  PARAMETER_LIST_LENGTH_ERROR :
				  illegal;
		if (out.action == REGISTER_AND_MOVE && len >= 24)
			illegal = GOOD; /* more than is needed */
	}
	cdb[1] = out.action;
	cdb[2] = out.scope << 4 | out.type;
	put_unaligned_be32(len, cdb + 5);
	fake.save_err = one_in(12) ? -EIO : 0;
	fake_run_from(&nexuses[n], cdb, DIR_OUT, len, list);
	note("%u: OUT %u scope %x type %x key %llx sa_key %llx%s%s%s%s ports %x to %u/%u len %u: %x",
	     n, out.action, out.scope, out.type, (unsigned long long)out.key,
	     (unsigned long long)out.sa_key, out.spec_i_pt ? " SPEC" : "",
	     out.all_tg_pt ? " ALL" : "", out.aptpl ? " APTPL" : "",
	     out.unreg ? " UNREG" : "", out.ports, out.to_port, out.to_target,
	     len, result());
	if (out.action == NO_SUCH_ACTION) {
		CHECK_EQ(result(), INVALID_FIELD_IN_CDB);
	} else if (!told_instead(n)) {
		expect_out(&out, illegal, &next, &a);
		if (result() != a.or)
			CHECK_EQ(result(), a.code);
		if (fake.s.status == SAM_STAT_CHECK_CONDITION)
			CHECK_EQ(sense_key(), ILLEGAL_REQUEST);
		if (!result())
			apply_out(&out, &next, &a);
		nr_preempts += !result() && out.action == PREEMPT_AND_ABORT;
	}
	CHECK_EQ(fake.nr_preempts, nr_preempts);
	fake.save_err = 0;
	fake_end();
}

/* --- PERSISTENT RESERVE IN ------------------------------------------------ */

/* the registrations, each once, in whatever order */
static void check_keys(const u8 *d, u32 len)
{
	u64 key[MODEL_PORTS * MODEL_TARGETS], have;
	const u64 *all = &model.key[0][0];
	unsigned int i, j, nr = 0;

	for (i = 0; i < MODEL_PORTS * MODEL_TARGETS; i++)
		if (all[i])
			key[nr++] = all[i];
	CHECK_EQ(len, 8 * nr);
	for (i = 0; i < len / 8; i++) {
		have = get_unaligned_be64(d + 8 * i);
		for (j = 0; j < nr && key[j] != have; j++)
			;
		CHECK(j < nr);
		if (j < nr)
			key[j] = key[--nr];
	}
}

static void check_reservation(const u8 *d, u32 len)
{
	bool all = model.type == 7 || model.type == 8;

	CHECK_EQ(len, model.type ? 16 : 0);
	if (len != 16)
		return;
	CHECK_EQ(get_unaligned_be64(d),
		 all ? 0 : model.key[model.port][model.target]);
	CHECK_EQ(d[13], model.type);
}

static void check_descriptor(const u8 *d, bool seen[][MODEL_TARGETS])
{
	char port[IET_PORT_NAME_MAX];
	unsigned int p, t;

	for (p = 0; p < MODEL_PORTS; p++) {
		snprintf(port, sizeof(port), "%s,i,0x%s", inames[p], isids[p]);
		for (t = 0; t < MODEL_TARGETS; t++) {
			if (strcmp((const char *)d + 28, port) ||
			    get_unaligned_be16(d + 18) != targets[t].port_id)
				continue;
			CHECK(!seen[p][t]);
			seen[p][t] = true;
			CHECK_EQ(get_unaligned_be64(d), model.key[p][t]);
			CHECK_EQ(d[12], model_holds(&model, p, t));
			CHECK_EQ(d[13], d[12] ? model.type : 0);
			return;
		}
	}
	CHECK(!"nobody we know");
}

static void check_full_status(const u8 *d, u32 len)
{
	bool seen[MODEL_PORTS][MODEL_TARGETS] = {};
	unsigned int p, t;
	u32 off, id;

	for (off = 0; off + 24 <= len; off += 24 + id) {
		id = get_unaligned_be32(d + off + 20);
		CHECK(id >= 24 && id % 4 == 0 && off + 24 + id <= len);
		CHECK_EQ(d[off + 24], 0x45);
		CHECK_EQ(get_unaligned_be16(d + off + 26), id - 4);
		if (!ktap_ok)
			return;
		check_descriptor(d + off, seen);
	}
	CHECK_EQ(off, len);
	for (p = 0; p < MODEL_PORTS; p++)
		for (t = 0; t < MODEL_TARGETS; t++)
			CHECK_EQ(seen[p][t], !!model.key[p][t]);
}

static void check_capabilities(const u8 *d, u32 len)
{
	CHECK_EQ(len, 8);
	CHECK_EQ(get_unaligned_be16(d), 8);
	CHECK_EQ(d[2], 0x0d);
	CHECK_EQ(d[3], 0x80 | model.aptpl);
	CHECK_EQ(get_unaligned_be16(d + 4), 0xea01);
	CHECK_EQ(get_unaligned_be16(d + 6), 0);
}

static void check_in(u8 sa, const u8 *d, u32 len)
{
	static void (*const check[])(const u8 *d,
				     u32 len) = { check_keys, check_reservation,
						  NULL, check_full_status };

	if (sa == 2) {
		check_capabilities(d, len);
		return;
	}
	CHECK(len >= 8);
	if (len < 8)
		return;
	CHECK_EQ(get_unaligned_be32(d), model.generation);
	CHECK_EQ(get_unaligned_be32(d + 4), len - 8);
	check[sa](d + 8, len - 8);
}

static u32 run_in(unsigned int n, u8 sa, u16 room, u8 *data)
{
	u8 cdb[16] = { 0x5e, sa };

	put_unaligned_be16(room, cdb + 7);
	fake_run_from(&nexuses[n], cdb, DIR_IN, room, NULL);
	if (!fake.s.in_len)
		return 0;
	memcpy(data, fake_in(), min(fake.s.in_len, (u32)room));
	return fake.s.in_len;
}

static void reserve_in(unsigned int n)
{
	static u8 all[4096], part[4096];
	u8 sa = pick(40) ? pick(4) : 4 + pick(28);
	u32 len, room;

	len = run_in(n, sa, sizeof(all), all);
	note("%u: IN %u: %x", n, sa, result());
	if (sa > 3) {
		CHECK_EQ(result(), INVALID_FIELD_IN_CDB);
		goto out;
	}
	if (told_instead(n))
		goto out;
	CHECK_EQ(result(), legacy < 0 ? GOOD : CONFLICT);
	if (result())
		goto out;
	check_in(sa, all, len);
	fake_end();
	/* the allocation length cuts it, and nothing else (4.2.5.6) */
	room = one_in(8) ? len + pick(9) : pick(len + 1);
	CHECK_EQ(run_in(n, sa, room, part), min(len, room));
	CHECK(!memcmp(all, part, min(len, room)));
out:
	fake_end();
}

/* --- all other commands --------------------------------------------------- */

enum { ALLOWED, OFF };

/*
 * SPC-4 table 65 and SBC-3's, the columns of Write Exclusive and Exclusive
 * Access: are others kept off?  By byte 1, and byte 4, where they matter.
 */
static const struct {
	u8 opcode, byte1, byte4;
	u8 write_exclusive, exclusive_access;
} commands[] = {
	{ 0x00, 0, 0, ALLOWED, ALLOWED }, /* TEST UNIT READY */
	{ 0x04, 0, 0, OFF, OFF }, /* FORMAT UNIT */
	{ 0x08, 0, 1, ALLOWED, OFF }, /* READ(6) */
	{ 0x0a, 0, 1, OFF, OFF }, /* WRITE(6) */
	{ 0x15, 0x10, 0, OFF, OFF }, /* MODE SELECT(6) */
	{ 0x1a, 0, 0, ALLOWED, OFF }, /* MODE SENSE(6) */
	{ 0x1b, 0, 0x01, ALLOWED, ALLOWED }, /* START STOP UNIT: START */
	{ 0x1b, 0, 0x00, OFF, OFF }, /* stop */
	{ 0x1b, 0, 0x11, OFF, OFF }, /* a power condition */
	{ 0x1d, 0x04, 0, OFF, OFF }, /* SEND DIAGNOSTIC */
	{ 0x25, 0, 0, ALLOWED, ALLOWED }, /* READ CAPACITY(10) */
	{ 0x28, 0, 0, ALLOWED, OFF }, /* READ(10) */
	{ 0x2a, 0, 0, OFF, OFF }, /* WRITE(10) */
	{ 0x2e, 0, 0, OFF, OFF }, /* WRITE AND VERIFY(10) */
	{ 0x2f, 0, 0, ALLOWED, OFF }, /* VERIFY(10) */
	{ 0x34, 0, 0, ALLOWED, OFF }, /* PRE-FETCH(10) */
	{ 0x35, 0, 0, OFF, OFF }, /* SYNCHRONIZE CACHE(10) */
	{ 0x37, 0, 0, ALLOWED, OFF }, /* READ DEFECT DATA(10) */
	{ 0x3b, 0, 0, OFF, OFF }, /* WRITE BUFFER */
	{ 0x3c, 0, 0, ALLOWED, OFF }, /* READ BUFFER */
	{ 0x41, 0, 0, OFF, OFF }, /* WRITE SAME(10) */
	{ 0x42, 0, 0, OFF, OFF }, /* UNMAP */
	{ 0x48, 0x01, 0, OFF, OFF }, /* SANITIZE */
	{ 0x48, 0x02, 0, OFF, OFF },
	{ 0x48, 0x1f, 0, OFF, OFF },
	{ 0x4c, 0, 0, OFF, OFF }, /* LOG SELECT */
	{ 0x4d, 0, 0, ALLOWED, ALLOWED }, /* LOG SENSE */
	{ 0x55, 0x10, 0, OFF, OFF }, /* MODE SELECT(10) */
	{ 0x5a, 0, 0, ALLOWED, OFF }, /* MODE SENSE(10) */
	{ 0x83, 0x00, 0, OFF, OFF }, /* EXTENDED COPY(LID1) */
	{ 0x83, 0x01, 0, OFF, OFF }, /* EXTENDED COPY(LID4) */
	{ 0x83, 0x10, 0, ALLOWED, OFF }, /* POPULATE TOKEN */
	{ 0x83, 0x11, 0, OFF, OFF }, /* WRITE USING TOKEN */
	{ 0x83, 0x1c, 0, OFF, OFF }, /* COPY OPERATION ABORT */
	{ 0x84, 0x00, 0, ALLOWED, ALLOWED }, /* RECEIVE COPY STATUS(LID1) */
	{ 0x84, 0x03, 0, ALLOWED, ALLOWED }, /* ... OPERATING PARAMETERS */
	{ 0x84, 0x04, 0, ALLOWED, ALLOWED }, /* ... FAILURE DETAILS(LID1) */
	{ 0x84, 0x05, 0, ALLOWED, ALLOWED }, /* RECEIVE COPY STATUS(LID4) */
	{ 0x84, 0x07, 0, ALLOWED, ALLOWED }, /* ... ROD TOKEN INFORMATION */
	{ 0x88, 0, 0, ALLOWED, OFF }, /* READ(16) */
	{ 0x89, 0, 0, OFF, OFF }, /* COMPARE AND WRITE */
	{ 0x8a, 0, 0, OFF, OFF }, /* WRITE(16) */
	{ 0x8b, 0, 0, OFF, OFF }, /* ORWRITE(16) */
	{ 0x8e, 0, 0, OFF, OFF }, /* WRITE AND VERIFY(16) */
	{ 0x8f, 0, 0, ALLOWED, OFF }, /* VERIFY(16) */
	{ 0x90, 0, 0, ALLOWED, OFF }, /* PRE-FETCH(16) */
	{ 0x91, 0, 0, OFF, OFF }, /* SYNCHRONIZE CACHE(16) */
	{ 0x93, 0, 0, OFF, OFF }, /* WRITE SAME(16) */
	{ 0x9e, 0x10, 0, ALLOWED, ALLOWED }, /* READ CAPACITY(16) */
	{ 0x9e, 0x12, 0, ALLOWED, OFF }, /* GET LBA STATUS */
	{ 0x9e, 0x13, 0, ALLOWED, ALLOWED }, /* REPORT REFERRALS */
	{ 0xa3, 0x0a, 0, ALLOWED, ALLOWED }, /* REPORT TARGET PORT GROUPS */
	{ 0xa3, 0x0c, 0, ALLOWED, OFF }, /* ... SUPPORTED OPERATION CODES */
	{ 0xa3, 0x0d, 0, ALLOWED, OFF }, /* ... TASK MANAGEMENT FUNCTIONS */
	{ 0xa3, 0x0f, 0, ALLOWED, ALLOWED }, /* REPORT TIMESTAMP */
	{ 0xa4, 0x0a, 0, OFF, OFF }, /* SET TARGET PORT GROUPS */
	{ 0xa4, 0x0f, 0, OFF, OFF }, /* SET TIMESTAMP */
	{ 0xa8, 0, 0, ALLOWED, OFF }, /* READ(12) */
	{ 0xaa, 0, 0, OFF, OFF }, /* WRITE(12) */
	{ 0xae, 0, 0, OFF, OFF }, /* WRITE AND VERIFY(12) */
	{ 0xaf, 0, 0, ALLOWED, OFF }, /* VERIFY(12) */
	{ 0xb7, 0, 0, ALLOWED, OFF }, /* READ DEFECT DATA(12) */
};

static bool is_kept_off(unsigned int n, bool by_we, bool by_ea)
{
	if (legacy >= 0)
		return legacy != (int)n;
	return model_keeps_off(&model, who[n].port, who[n].target, by_we,
			       by_ea);
}

/* Is a command kept off when it comes?  It is not carried out. */
static void admit(unsigned int n)
{
	unsigned int i = pick(ARRAY_SIZE(commands));
	u8 cdb[16] = { commands[i].opcode, commands[i].byte1 };

	cdb[4] = commands[i].byte4;
	fake.s.nexus = &nexuses[n];
	fake.s.cdb = cdb;
	fake.s.cdb_len = sizeof(cdb);
	fake.s.dir_in = fake.s.dir_out = false;
	iet_scsi_prepare(&fake.s);
	note("%u: %02x %02x %02x: %x", n, cdb[0], cdb[1], cdb[4], result());
	if (!told_instead(n)) {
		bool before = ktap_ok;
		char name[16];

		CHECK_EQ(result() == CONFLICT,
			 is_kept_off(n, commands[i].write_exclusive == OFF,
				     commands[i].exclusive_access == OFF));
		sprintf(name, "%02x %02x %02x", cdb[0], cdb[1], cdb[4]);
		CHECK_ROW(name, before);
	}
	iet_scsi_refused(&fake.s);
	fake_end();
}

/* ... and some are. */
static void read_write(unsigned int n)
{
	static u8 data[1 << FAKE_SHIFT];
	bool write = pick(2);
	u8 cdb[16] = { write ? 0x2a : 0x28, [8] = 1 };

	fake_run_from(&nexuses[n], cdb, write ? DIR_OUT : DIR_IN, sizeof(data),
		      data);
	note("%u: %s: %x", n, write ? "WRITE" : "READ", result());
	if (!told_instead(n)) {
		CHECK_EQ(result(), is_kept_off(n, write, true) ? CONFLICT : 0);
		CHECK_EQ(fake.nr_io, result() ? 0 : 1);
	}
	fake_end();
}

static void prevent_allow(unsigned int n)
{
	u8 prevent = pick(2), cdb[16] = { 0x1e, [4] = prevent };

	fake_run_from(&nexuses[n], cdb, DIR_NONE, 0, NULL);
	note("%u: PREVENT %u: %x", n, prevent, result());
	if (!told_instead(n)) {
		CHECK_EQ(result(),
			 is_kept_off(n, prevent, prevent) ? CONFLICT : 0);
		if (!result())
			told[n].prevent = prevent;
	}
	fake_end();
}

/*
 * INQUIRY, REPORT LUNS, and REQUEST SENSE, which has what the unit attention
 * would say, and ends it (SAM-5 5.14, SPC-4 6.39).
 */
static void always(unsigned int n)
{
	static const u8 opcodes[] = { 0x12, 0xa0, 0x03 };
	u8 cdb[16] = { opcodes[pick(3)], [4] = 36 };

	if (cdb[0] == 0xa0) {
		cdb[4] = 0;
		cdb[9] = 36;
	}
	fake_run_from(&nexuses[n], cdb, DIR_IN, 36, NULL);
	note("%u: %02x: %x", n, cdb[0], result());
	CHECK_EQ(result(), 0);
	if (cdb[0] == 0x03)
		CHECK_EQ(get_unaligned_be16(fake_in() + 12),
			 told[n].nr ? take_ua(n) : 0);
	fake_end();
}

/* --- RESERVE and RELEASE of SPC-2 ----------------------------------------- */

static void reserve_release(unsigned int n)
{
	static const u8 opcodes[] = { 0x16, 0x56, 0x17, 0x57 };
	u8 cdb[16] = { opcodes[pick(4)] };
	bool reserve = !(cdb[0] & 1), conflict;

	fake_run_from(&nexuses[n], cdb, DIR_NONE, 0, NULL);
	note("%u: %02x: %x", n, cdb[0], result());
	if (!told_instead(n)) {
		conflict = model_registered(&model) ||
			   (reserve && legacy >= 0 && legacy != (int)n);
		CHECK_EQ(result(), conflict ? CONFLICT : 0);
		if (!conflict && reserve)
			legacy = n;
		else if (!conflict && legacy == (int)n)
			legacy = -1;
	}
	fake_end();
}

/* --- what happens beside commands ----------------------------------------- */

static void power_cycle(void)
{
	unsigned int i;

	note("power cycle");
	for (i = 0; i < NR_NEXUSES; i++)
		if (told[i].on)
			log_out(i);
	iet_reservation_exit(&fake.vol.reservation);
	iet_reservation_init(&fake.vol.reservation);
	CHECK_EQ(iet_reservation_restore(&fake.vol), 0);
	model_power_cycle(&model);
	for (i = 0; i < NR_NEXUSES; i++)
		log_in(i);
}

static void unit_reset(void)
{
	unsigned int i;

	note("LOGICAL UNIT RESET");
	iet_reservation_reset(&fake.vol);
	iet_ua_volume(&fake.vol, IET_ASC_LUN_RESET, NULL);
	legacy = -1;
	for (i = 0; i < NR_NEXUSES; i++)
		expect_reset(&told[i], IET_ASC_LUN_RESET);
}

static void event(unsigned int n)
{
	unsigned int what = pick(40);

	if (what == 0) {
		power_cycle();
	} else if (what < 4) {
		unit_reset();
	} else if (told[n].on && what < 20) {
		note("%u: logout", n);
		log_out(n);
	} else if (!told[n].on) {
		note("%u: login", n);
		log_in(n);
	} else { /* I_T NEXUS RESET: the session stays */
		note("%u: nexus loss", n);
		iet_reservation_nexus_lost(&fake.vol, &nexuses[n]);
		iet_ua_add(&fake.vol, &itls[n], IET_ASC_NEXUS_LOSS);
		expect_reset(&told[n], IET_ASC_NEXUS_LOSS);
		if (legacy == (int)n)
			legacy = -1;
	}
}

/* --- the loop ------------------------------------------------------------- */

static void one_step(void)
{
	static void (*const steps[])(unsigned int n) = {
		reserve_out, reserve_out,   reserve_out, reserve_out,
		reserve_out, reserve_in,    reserve_in,	 admit,
		admit,	     admit,	    read_write,	 always,
		always,	     prevent_allow,
	};
	unsigned int n = pick(NR_NEXUSES), what = pick(32);

	if (what == 31)
		event(n);
	else if (!told[n].on)
		return;
	else if (what == 30)
		reserve_release(n);
	else
		steps[what % ARRAY_SIZE(steps)](n);
}

static void run_seed(u64 with)
{
	const char *env = getenv("PR_MODEL_STEPS");
	unsigned int steps = env ? strtoul(env, NULL, 0) : STEPS;

	begin(with);
	for (step = 0; step < steps && ktap_ok; step++) {
		one_step();
		compare();
	}
	if (!ktap_ok)
		tell_story();
	iet_reservation_exit(&fake.vol.reservation);
}

static void seed_1(void)
{
	run_seed(1);
}

static void seed_2(void)
{
	run_seed(2);
}

static void seed_3(void)
{
	run_seed(3);
}

static void seed_of_environment(void)
{
	run_seed(strtoull(getenv("PR_MODEL_SEED"), NULL, 0));
}

int main(void)
{
	ktap_run(seed_1);
	ktap_run(seed_2);
	ktap_run(seed_3);
	if (getenv("PR_MODEL_SEED"))
		ktap_run(seed_of_environment);
	return ktap_done();
}
