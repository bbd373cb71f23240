// SPDX-License-Identifier: GPL-2.0-only
/*
 * Persistent reservations: who may what under each type, and what each service
 * action does to registrations, reservation and initiators.
 */
#include "ktap.h"
#include "pr_state.h"
#include "sense.h"

#define NR_PORTS 3
#define WE IET_PR_WRITE_EXCLUSIVE
#define EA IET_PR_EXCLUSIVE_ACCESS
#define WERO IET_PR_WRITE_EXCLUSIVE_RO
#define EARO IET_PR_EXCLUSIVE_ACCESS_RO
#define WEAR IET_PR_WRITE_EXCLUSIVE_AR
#define EAAR IET_PR_EXCLUSIVE_ACCESS_AR
#define PREEMPTED IET_ASC_RESERVATIONS_PREEMPTED
#define RELEASED IET_ASC_RESERVATIONS_RELEASED
#define UNREGISTERED IET_ASC_REGISTRATIONS_PREEMPTED

static const char *const ports[NR_PORTS] = { "a", "b", "c" };
static struct iet_pr pr;
static u16 told[NR_PORTS];
static bool abort_own;

#define TARGET "t"

unsigned int shim_no_memory;

static void add_nexus(struct iet_pr_regs *regs, const char *port,
		      const char *target)
{
	CHECK(iet_pr_regs_add(regs,
			      iet_pr_reg_new(port, target, 0, GFP_KERNEL)));
}

static void note(struct iet_pr_regs *regs)
{
	struct iet_pr_reg *reg;

	list_for_each_entry(reg, &regs->list, node) {
		if (reg->ua)
			told[reg->port[0] - 'a'] = reg->ua;
		reg->ua = 0;
	}
}

static void init_req(struct iet_pr_req *req)
{
	iet_pr_regs_init(&req->own);
	iet_pr_regs_init(&req->others);
	iet_pr_regs_init(&req->gone);
}

/* On a copy, which takes its place if all went well. */
static enum iet_pr_result carry_out(struct iet_pr_req *req)
{
	enum iet_pr_result result;
	struct iet_pr next;

	CHECK_EQ(iet_pr_copy(&next, &pr, GFP_KERNEL), 0);
	result = iet_pr_out(&next, req);
	abort_own = req->abort_own;
	memset(told, 0, sizeof(told));
	if (result == IET_PR_OK) {
		note(&next.regs);
		note(&req->gone);
		iet_pr_regs_swap(&pr.regs, &next.regs);
		pr.type = next.type;
		pr.holder = next.holder;
		pr.generation = next.generation;
		pr.aptpl = next.aptpl;
	}
	iet_pr_regs_free(&next.regs);
	iet_pr_regs_free(&req->own);
	iet_pr_regs_free(&req->others);
	iet_pr_regs_free(&req->gone);
	return result;
}

/* @moved: to whom REGISTER AND MOVE, or SPEC_I_PT, or NULL */
static enum iet_pr_result out(char who, enum iet_pr_action action, u8 type,
			      u64 key, u64 sa_key, const char *other)
{
	struct iet_pr_req req = {
		.action = action,
		.type = type,
		.port = ports[who - 'a'],
		.target = TARGET,
		.key = key,
		.sa_key = sa_key,
		.spec_i_pt = action == IET_PR_REGISTER && other,
		.unreg = action == IET_PR_REGISTER_AND_MOVE && type,
	};

	init_req(&req);
	if (action == IET_PR_REGISTER || action == IET_PR_REGISTER_AND_IGNORE)
		add_nexus(&req.own, req.port, TARGET);
	if (other)
		add_nexus(&req.others, other, TARGET);
	return carry_out(&req);
}

static void set_up(void)
{
	iet_pr_init(&pr);
}

static void tear_down(void)
{
	iet_pr_regs_free(&pr.regs);
}

/* "a1 b2*": who is registered with which key, and who holds */
static const char *state(void)
{
	static char text[128];
	struct iet_pr_reg *reg;
	char *p = text;

	*p = 0;
	list_for_each_entry(reg, &pr.regs.list, node)
		p += sprintf(p, "%s%s%llu%s", p == text ? "" : " ", reg->port,
			     (unsigned long long)reg->key,
			     iet_pr_holds(&pr, reg) ? "*" : "");
	return text;
}

static void abc(u8 type)
{
	set_up();
	CHECK_EQ(out('a', IET_PR_REGISTER, 0, 0, 1, NULL), IET_PR_OK);
	CHECK_EQ(out('b', IET_PR_REGISTER, 0, 0, 2, NULL), IET_PR_OK);
	CHECK_EQ(out('c', IET_PR_REGISTER, 0, 0, 2, NULL), IET_PR_OK);
	if (type)
		CHECK_EQ(out('a', IET_PR_RESERVE, type, 1, 0, NULL), IET_PR_OK);
}

static void access(void)
{
	static const struct {
		u8 type;
		/* conflict of: holder, registered, other; read, write */
		bool conflict[3][2];
	} rows[] = {
		{ IET_PR_NONE, { { 0, 0 }, { 0, 0 }, { 0, 0 } } },
		{ WE, { { 0, 0 }, { 0, 1 }, { 0, 1 } } },
		{ EA, { { 0, 0 }, { 1, 1 }, { 1, 1 } } },
		{ WERO, { { 0, 0 }, { 0, 0 }, { 0, 1 } } },
		{ EARO, { { 0, 0 }, { 0, 0 }, { 1, 1 } } },
		{ WEAR, { { 0, 0 }, { 0, 0 }, { 0, 1 } } },
		{ EAAR, { { 0, 0 }, { 0, 0 }, { 1, 1 } } },
	};
	static const char *const who[] = { "a", "b", "x" };
	unsigned int i, w, write;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		abc(rows[i].type);
		for (w = 0; w < 3; w++)
			for (write = 0; write < 2; write++)
				CHECK_EQ(iet_pr_conflict(&pr, who[w], TARGET,
							 write),
					 rows[i].conflict[w][write]);
		tear_down();
	}
}

/* The key counts before the type, and where that is ignored it may be any. */
static void types(void)
{
	unsigned int type, nr = 0;

	for (type = 0; type < 256; type++) {
		set_up();
		CHECK_EQ(out('a', IET_PR_RESERVE, type, 1, 0, NULL),
			 IET_PR_CONFLICT);
		CHECK_EQ(out('a', IET_PR_REGISTER, type, 0, 1, NULL),
			 IET_PR_OK);
		CHECK_EQ(out('b', IET_PR_REGISTER, type, 0, 2, NULL),
			 IET_PR_OK);
		CHECK_EQ(out('a', IET_PR_PREEMPT, type, 1, 2, NULL), IET_PR_OK);
		CHECK_EQ(out('a', IET_PR_RELEASE, type, 1, 0, NULL), IET_PR_OK);
		nr += out('a', IET_PR_RESERVE, type, 1, 0, NULL) == IET_PR_OK;
		CHECK_EQ(!!pr.type,
			 (bool)strchr("\1\3\5\6\7\10", type) && type);
		CHECK_EQ(pr.type && pr.type != type, false);
		tear_down();
	}
	CHECK_EQ(nr, 6);
	abc(WE);
	CHECK_EQ(out('b', IET_PR_PREEMPT, 2, 2, 1, NULL), IET_PR_BAD_TYPE);
	CHECK_EQ(out('a', IET_PR_RELEASE, 2, 1, 0, NULL), IET_PR_BAD_RELEASE);
	tear_down();
}

static void registering(void)
{
	set_up();
	CHECK_EQ(out('a', IET_PR_REGISTER, 0, 7, 1, NULL), IET_PR_CONFLICT);
	CHECK_EQ(out('a', IET_PR_REGISTER, 0, 0, 0, NULL), IET_PR_OK);
	CHECK_EQ(pr.generation, 0);
	CHECK_EQ(out('a', IET_PR_REGISTER, 0, 0, 1, "b"), IET_PR_OK);
	CHECK_STR(state(), "a1 b1");
	CHECK_EQ(pr.generation, 1);
	CHECK_EQ(out('a', IET_PR_REGISTER, 0, 0, 3, NULL), IET_PR_CONFLICT);
	CHECK_EQ(out('a', IET_PR_REGISTER, 0, 1, 3, NULL), IET_PR_OK);
	CHECK_EQ(out('b', IET_PR_REGISTER_AND_IGNORE, 0, 9, 4, NULL),
		 IET_PR_OK);
	CHECK_STR(state(), "a3 b4");
	/* all or nothing */
	CHECK_EQ(out('c', IET_PR_REGISTER, 0, 0, 5, "a"), IET_PR_BAD_PORT);
	CHECK_STR(state(), "a3 b4");
	/* who asks may name itself, too: it is not registered yet */
	CHECK_EQ(out('c', IET_PR_REGISTER, 0, 0, 5, "c"), IET_PR_OK);
	CHECK_STR(state(), "a3 b4 c5");
	CHECK_EQ(out('c', IET_PR_REGISTER, 0, 5, 0, NULL), IET_PR_OK);
	CHECK_EQ(out('b', IET_PR_REGISTER_AND_IGNORE, 0, 0, 0, NULL),
		 IET_PR_OK);
	CHECK_STR(state(), "a3");
	CHECK_EQ(pr.regs.nr, 1);
	CHECK_EQ(pr.generation, 6);
	tear_down();
}

static void too_many(void)
{
	struct iet_pr_req req = { .action = IET_PR_REGISTER,
				  .port = "x",
				  .target = TARGET,
				  .sa_key = 1 };
	unsigned int i;
	char name[16];

	set_up();
	init_req(&req);
	for (i = 0; i < IET_PR_MAX_REGS; i++) {
		sprintf(name, "z%u", i);
		add_nexus(&req.others, name, TARGET);
	}
	CHECK_EQ(carry_out(&req), IET_PR_OK);
	CHECK_EQ(pr.regs.nr, IET_PR_MAX_REGS);
	CHECK_EQ(out('a', IET_PR_REGISTER, 0, 0, 1, NULL), IET_PR_NO_ROOM);
	CHECK_EQ(pr.regs.nr, IET_PR_MAX_REGS);
	tear_down();
}

static void reserving(void)
{
	abc(0);
	CHECK_EQ(out('a', IET_PR_RESERVE, WE, 9, 0, NULL), IET_PR_CONFLICT);
	CHECK_EQ(out('a', IET_PR_RESERVE, WE, 1, 0, NULL), IET_PR_OK);
	CHECK_STR(state(), "a1* b2 c2");
	CHECK_EQ(out('a', IET_PR_RESERVE, WE, 1, 0, NULL), IET_PR_OK);
	CHECK_EQ(out('a', IET_PR_RESERVE, EA, 1, 0, NULL), IET_PR_CONFLICT);
	CHECK_EQ(out('b', IET_PR_RESERVE, WE, 2, 0, NULL), IET_PR_CONFLICT);
	tear_down();
	abc(WEAR);
	CHECK_STR(state(), "a1* b2* c2*");
	CHECK_EQ(out('b', IET_PR_RESERVE, WEAR, 2, 0, NULL), IET_PR_OK);
	CHECK_EQ(out('b', IET_PR_RESERVE, EAAR, 2, 0, NULL), IET_PR_CONFLICT);
	tear_down();
}

static void releasing(void)
{
	static const struct {
		u8 type;
		u16 told; /* to the others */
	} rows[] = {
		{ WE, 0 },	    { EA, 0 },		{ WERO, RELEASED },
		{ EARO, RELEASED }, { WEAR, RELEASED }, { EAAR, RELEASED }
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		abc(rows[i].type);
		CHECK_EQ(out('a', IET_PR_RELEASE, rows[i].type ^ 0xf, 1, 0,
			     NULL),
			 IET_PR_BAD_RELEASE);
		CHECK_EQ(out('a', IET_PR_RELEASE, rows[i].type, 5, 0, NULL),
			 IET_PR_CONFLICT);
		CHECK_EQ(pr.type, rows[i].type);
		CHECK_EQ(out('a', IET_PR_RELEASE, rows[i].type, 1, 0, NULL),
			 IET_PR_OK);
		CHECK_EQ(pr.type, 0);
		CHECK_STR(state(), "a1 b2 c2");
		CHECK_EQ(told[0], 0);
		CHECK_EQ(told[1], rows[i].told);
		CHECK_EQ(told[2], rows[i].told);
		tear_down();
	}
	abc(WE); /* of somebody else: nothing happens */
	CHECK_EQ(out('b', IET_PR_RELEASE, WE, 2, 0, NULL), IET_PR_OK);
	CHECK_STR(state(), "a1* b2 c2");
	tear_down();
}

/* the holder unregisters */
static void leaving(void)
{
	abc(WE);
	CHECK_EQ(out('a', IET_PR_REGISTER, 0, 1, 0, NULL), IET_PR_OK);
	CHECK_EQ(pr.type, 0);
	CHECK_EQ(told[1], 0);
	tear_down();
	abc(EARO);
	CHECK_EQ(out('a', IET_PR_REGISTER, 0, 1, 0, NULL), IET_PR_OK);
	CHECK_STR(state(), "b2 c2");
	CHECK_EQ(told[1], RELEASED);
	tear_down();
	abc(EAAR);
	CHECK_EQ(out('a', IET_PR_REGISTER, 0, 1, 0, NULL), IET_PR_OK);
	CHECK_STR(state(), "b2* c2*");
	CHECK_EQ(out('b', IET_PR_REGISTER, 0, 2, 0, NULL), IET_PR_OK);
	CHECK_EQ(out('c', IET_PR_REGISTER, 0, 2, 0, NULL), IET_PR_OK);
	CHECK_EQ(pr.type, 0);
	tear_down();
}

static void clearing(void)
{
	abc(EA);
	CHECK_EQ(out('b', IET_PR_CLEAR, 0, 1, 0, NULL), IET_PR_CONFLICT);
	CHECK_EQ(out('b', IET_PR_CLEAR, 0, 2, 0, NULL), IET_PR_OK);
	CHECK_STR(state(), "");
	CHECK_EQ(pr.type, 0);
	CHECK_EQ(pr.regs.nr, 0);
	CHECK_EQ(told[0], PREEMPTED);
	CHECK_EQ(told[1], 0);
	CHECK_EQ(told[2], PREEMPTED);
	CHECK_EQ(pr.generation, 4);
	tear_down();
}

static void preempting(void)
{
	static const struct {
		const char *name;
		u8 type;
		char who;
		u8 key, sa_key, new_type;
		enum iet_pr_result result;
		const char *state;
		u8 type_after;
		u16 told[3];
		bool own; /* PREEMPT AND ABORT aborts the asker's, too */
	} rows[] = {
		{ "registrations, nothing reserved",
		  0,
		  'a',
		  1,
		  2,
		  WE,
		  IET_PR_OK,
		  "a1",
		  0,
		  { 0, UNREGISTERED, UNREGISTERED } },
		{ "no such key", 0, 'a', 1, 9, WE, IET_PR_CONFLICT, "a1 b2 c2",
		  0 },
		{ "key 0", 0, 'a', 1, 0, WE, IET_PR_BAD_SA_KEY, "a1 b2 c2", 0 },
		{ "not registered with that key", WE, 'b', 3, 1, WE,
		  IET_PR_CONFLICT, "a1* b2 c2", WE },
		{ "registrations, not the holder's",
		  WE,
		  'a',
		  1,
		  2,
		  EA,
		  IET_PR_OK,
		  "a1*",
		  WE,
		  { 0, UNREGISTERED, UNREGISTERED } },
		{ "the holder",
		  WE,
		  'b',
		  2,
		  1,
		  WE,
		  IET_PR_OK,
		  "b2* c2",
		  WE,
		  { UNREGISTERED, 0, 0 } },
		{ "the holder, another type",
		  WE,
		  'b',
		  2,
		  1,
		  EARO,
		  IET_PR_OK,
		  "b2* c2",
		  EARO,
		  { UNREGISTERED, 0, RELEASED } },
		{ "oneself",
		  WE,
		  'a',
		  1,
		  1,
		  EA,
		  IET_PR_OK,
		  "a1* b2 c2",
		  EA,
		  { 0, RELEASED, RELEASED },
		  true },
		{ "key 0, not of all registrants", EARO, 'b', 2, 0, WE,
		  IET_PR_BAD_SA_KEY, "a1* b2 c2", EARO },
		{ "all registrants",
		  WEAR,
		  'b',
		  2,
		  0,
		  EA,
		  IET_PR_OK,
		  "b2*",
		  EA,
		  { UNREGISTERED, 0, UNREGISTERED },
		  true },
		{ "some of all registrants",
		  WEAR,
		  'b',
		  2,
		  1,
		  EA,
		  IET_PR_OK,
		  "b2* c2*",
		  WEAR,
		  { UNREGISTERED, 0, 0 } },
		{ "oneself of all registrants",
		  WEAR,
		  'b',
		  2,
		  2,
		  EA,
		  IET_PR_OK,
		  "a1*",
		  WEAR,
		  { 0, 0, UNREGISTERED },
		  true },
	};
	unsigned int i, abort;

	for (i = 0; i < 2 * ARRAY_SIZE(rows); i++) {
		unsigned int r = i / 2;
		bool before = ktap_ok;

		abort = i % 2;
		abc(rows[r].type);
		CHECK_EQ(out(rows[r].who,
			     abort ? IET_PR_PREEMPT_AND_ABORT : IET_PR_PREEMPT,
			     rows[r].new_type, rows[r].key, rows[r].sa_key,
			     NULL),
			 rows[r].result);
		CHECK_EQ(abort_own, rows[r].own);
		CHECK_STR(state(), rows[r].state);
		CHECK_EQ(pr.type, rows[r].type_after);
		CHECK(!memcmp(told, rows[r].told, sizeof(told)));
		CHECK_EQ(pr.generation, 3 + (rows[r].result == IET_PR_OK));
		CHECK_ROW(rows[r].name, before);
		tear_down();
	}
}

static void moving(void)
{
	const enum iet_pr_action MOVE = IET_PR_REGISTER_AND_MOVE;

	abc(WE);
	CHECK_EQ(out('b', MOVE, 0, 2, 5, "c"), IET_PR_CONFLICT);
	CHECK_EQ(out('a', MOVE, 0, 1, 0, "c"), IET_PR_BAD_SA_KEY);
	CHECK_EQ(out('a', MOVE, 0, 1, 5, "a"), IET_PR_BAD_PORT);
	CHECK_EQ(out('a', MOVE, 0, 1, 5, "c"), IET_PR_OK);
	CHECK_STR(state(), "a1 b2 c5*");
	CHECK_EQ(out('c', MOVE, true, 5, 6, "d"), IET_PR_OK);
	CHECK_STR(state(), "a1 b2 d6*");
	CHECK_EQ(pr.type, WE);
	CHECK_EQ(pr.regs.nr, 3);
	tear_down();
	abc(WEAR);
	CHECK_EQ(out('a', MOVE, 0, 1, 5, "c"), IET_PR_CONFLICT);
	tear_down();
}

int main(void)
{
	ktap_run(types);
	ktap_run(access);
	ktap_run(registering);
	ktap_run(too_many);
	ktap_run(reserving);
	ktap_run(releasing);
	ktap_run(leaving);
	ktap_run(clearing);
	ktap_run(preempting);
	ktap_run(moving);
	return ktap_done();
}
