// SPDX-License-Identifier: GPL-2.0-only
/*
 * Persistent reservations: see pr_state.h.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"
#include "pr_state.h"
#include "sense.h"

/* by type: what it is */
#define VALID 0x01
#define EXCLUSIVE 0x02 /* nobody else may read, either */
#define REGISTRANTS 0x04 /* but those who are registered may */
#define ALL_HOLD 0x08 /* and hold it, all of them */

static const u8 types[] = {
	[IET_PR_WRITE_EXCLUSIVE] = VALID,
	[IET_PR_EXCLUSIVE_ACCESS] = VALID | EXCLUSIVE,
	[IET_PR_WRITE_EXCLUSIVE_RO] = VALID | REGISTRANTS,
	[IET_PR_EXCLUSIVE_ACCESS_RO] = VALID | EXCLUSIVE | REGISTRANTS,
	[IET_PR_WRITE_EXCLUSIVE_AR] = VALID | REGISTRANTS | ALL_HOLD,
	[IET_PR_EXCLUSIVE_ACCESS_AR] = VALID | EXCLUSIVE | REGISTRANTS |
				       ALL_HOLD,
};

static bool is(u8 type, u8 what)
{
	return type < ARRAY_SIZE(types) && (types[type] & what);
}

/**
 * iet_pr_init() - nobody is registered
 * @pr: of a new logical unit
 */
void iet_pr_init(struct iet_pr *pr)
{
	memset(pr, 0, sizeof(*pr));
	iet_pr_regs_init(&pr->regs);
}

/**
 * iet_pr_consistent() - can the state be as it is?
 * @pr: state that was read from somewhere
 *
 * Return: true if type and holder go together
 */
bool iet_pr_consistent(const struct iet_pr *pr)
{
	if (!pr->type)
		return !pr->holder;
	if (is(pr->type, ALL_HOLD))
		return !pr->holder && pr->regs.nr;
	return is(pr->type, VALID) && pr->holder;
}

/**
 * iet_pr_copy() - copy all of the state
 * @to: gets it; not to be freed before
 * @from: state of a logical unit
 * @gfp: for the registrations
 *
 * Return: 0, or -ENOMEM; then @to has no registrations
 */
int iet_pr_copy(struct iet_pr *to, const struct iet_pr *from, gfp_t gfp)
{
	const struct iet_pr_reg *reg;
	struct iet_pr_reg *copy;

	*to = *from;
	to->holder = NULL;
	iet_pr_regs_init(&to->regs);
	list_for_each_entry(reg, &from->regs.list, node) {
		copy = iet_pr_reg_new(reg->port, reg->target, reg->target_port,
				      gfp);
		if (!copy) {
			iet_pr_regs_free(&to->regs);
			return -ENOMEM;
		}
		copy->key = reg->key;
		iet_pr_regs_add(&to->regs, copy);
		if (from->holder == reg)
			to->holder = copy;
	}
	return 0;
}

static struct iet_pr_reg *find(const struct iet_pr *pr, const char *port,
			       const char *target)
{
	return iet_pr_regs_find(&pr->regs, port, target);
}

/**
 * iet_pr_holds() - does a registered nexus hold the reservation?
 * @pr: of the logical unit
 * @reg: the registration
 *
 * Return: true if it does
 */
bool iet_pr_holds(const struct iet_pr *pr, const struct iet_pr_reg *reg)
{
	return pr->type && (is(pr->type, ALL_HOLD) || pr->holder == reg);
}

/**
 * iet_pr_kept_off() - what does the reservation keep an I_T nexus off?
 * @pr: of the logical unit
 * @reg: the registration of the nexus, NULL: it has none
 *
 * Return: IET_PR_OFF_*
 */
u8 iet_pr_kept_off(const struct iet_pr *pr, const struct iet_pr_reg *reg)
{
	if (!pr->type ||
	    (reg && (is(pr->type, REGISTRANTS) || pr->holder == reg)))
		return 0;
	return IET_PR_OFF_WRITES |
	       (is(pr->type, EXCLUSIVE) ? IET_PR_OFF_READS : 0);
}

/**
 * iet_pr_conflict() - is a command in conflict with the reservation?
 * @pr: of the logical unit
 * @port: initiator port that has sent it
 * @target: target port that it has come by
 * @write: it is of those that Write Exclusive keeps off (SPC-4 5.13.1)
 *
 * Return: true if it is
 */
bool iet_pr_conflict(const struct iet_pr *pr, const char *port,
		     const char *target, bool write)
{
	return iet_pr_kept_off(pr, find(pr, port, target)) &
	       (write ? IET_PR_OFF_WRITES : IET_PR_OFF_READS);
}

/* --- what happens to registrations ---------------------------------------- */

/* Tells all who are registered, but one. */
static void tell_others(struct iet_pr *pr, const struct iet_pr_reg *but, u16 ua)
{
	struct iet_pr_reg *reg;

	list_for_each_entry(reg, &pr->regs.list, node)
		if (reg != but)
			reg->ua = ua;
}

static void reserve(struct iet_pr *pr, struct iet_pr_reg *own, u8 type)
{
	pr->type = type;
	pr->holder = is(type, ALL_HOLD) ? NULL : own;
}

static void release(struct iet_pr *pr, const struct iet_pr_reg *own)
{
	if (is(pr->type, REGISTRANTS))
		tell_others(pr, own, IET_ASC_RESERVATIONS_RELEASED);
	reserve(pr, NULL, IET_PR_NONE);
}

/* The reservation stays, unless nobody is left to hold it. */
static void drop(struct iet_pr *pr, struct iet_pr_reg *reg,
		 struct iet_pr_req *req, u16 ua)
{
	reg->ua = ua;
	iet_pr_regs_del(&pr->regs, reg);
	iet_pr_regs_add(&req->gone, reg);
	if (pr->holder == reg || (!pr->regs.nr && is(pr->type, ALL_HOLD)))
		release(pr, NULL);
}

/* --- service actions ------------------------------------------------------ */

/* One of the nexuses of a request, which is not registered. */
static enum iet_pr_result add_new(struct iet_pr *pr, struct iet_pr_regs *from,
				  struct iet_pr_reg *reg, u64 key)
{
	if (pr->regs.nr == IET_PR_MAX_REGS)
		return IET_PR_NO_ROOM;
	iet_pr_regs_del(from, reg);
	reg->key = key;
	iet_pr_regs_add(&pr->regs, reg);
	return IET_PR_OK;
}

/* One nexus of who asks (SPC-4 5.13.7, tables 67 and 68). */
static enum iet_pr_result register_own(struct iet_pr *pr,
				       struct iet_pr_req *req,
				       struct iet_pr_reg *fresh, bool *changed)
{
	struct iet_pr_reg *own = find(pr, fresh->port, fresh->target);

	if (req->action == IET_PR_REGISTER && req->key != (own ? own->key : 0))
		return IET_PR_CONFLICT;
	if (own && req->spec_i_pt)
		return IET_PR_BAD_SPEC;
	*changed = *changed || own || req->sa_key;
	if (own && req->sa_key)
		own->key = req->sa_key;
	else if (own)
		drop(pr, own, req, 0);
	else if (req->sa_key)
		return add_new(pr, &req->own, fresh, req->sa_key);
	return IET_PR_OK;
}

static bool any_registered(const struct iet_pr *pr,
			   const struct iet_pr_regs *regs)
{
	const struct iet_pr_reg *reg;

	list_for_each_entry(reg, &regs->list, node)
		if (find(pr, reg->port, reg->target))
			return true;
	return false;
}

/*
 * Those of SPEC_I_PT, none of which was registered before.  Who asks may name
 * itself.
 */
static enum iet_pr_result register_others(struct iet_pr *pr,
					  struct iet_pr_req *req)
{
	enum iet_pr_result result = IET_PR_OK;
	struct iet_pr_reg *reg, *next;

	list_for_each_entry_safe(reg, next, &req->others.list, node) {
		if (!find(pr, reg->port, reg->target))
			result = add_new(pr, &req->others, reg, req->sa_key);
		if (result)
			break;
	}
	return result;
}

/*
 * ALL_TG_PT is as if each target port had been asked, in one go.  Who is not
 * registered and gives no key changes nothing, not even APTPL.
 */
static enum iet_pr_result do_register(struct iet_pr *pr, struct iet_pr_req *req,
				      struct iet_pr_reg *own)
{
	bool bad = any_registered(pr, &req->others), changed = false;
	enum iet_pr_result result;
	struct iet_pr_reg *reg, *next;

	list_for_each_entry_safe(reg, next, &req->own.list, node) {
		result = register_own(pr, req, reg, &changed);
		if (result)
			return result;
	}
	if (bad)
		return IET_PR_BAD_PORT;
	result = register_others(pr, req);
	if (!result && changed) {
		pr->aptpl = req->aptpl;
		pr->generation++;
	}
	return result;
}

/* May a reservation be as the CDB says? */
static enum iet_pr_result check_new(const struct iet_pr_req *req)
{
	if (req->scope)
		return IET_PR_BAD_SCOPE;
	return is(req->type, VALID) ? IET_PR_OK : IET_PR_BAD_TYPE;
}

static enum iet_pr_result do_reserve(struct iet_pr *pr, struct iet_pr_req *req,
				     struct iet_pr_reg *own)
{
	enum iet_pr_result result = check_new(req);

	if (pr->type && !iet_pr_holds(pr, own))
		return IET_PR_CONFLICT;
	if (result)
		return result;
	if (pr->type && pr->type != req->type)
		return IET_PR_CONFLICT;
	reserve(pr, own, req->type);
	return IET_PR_OK;
}

static enum iet_pr_result do_release(struct iet_pr *pr, struct iet_pr_req *req,
				     struct iet_pr_reg *own)
{
	if (!iet_pr_holds(pr, own))
		return IET_PR_OK;
	if (pr->type != req->type || req->scope)
		return IET_PR_BAD_RELEASE;
	release(pr, own);
	return IET_PR_OK;
}

static enum iet_pr_result do_clear(struct iet_pr *pr, struct iet_pr_req *req,
				   struct iet_pr_reg *own)
{
	struct iet_pr_reg *reg, *next;

	reserve(pr, NULL, IET_PR_NONE);
	list_for_each_entry_safe(reg, next, &pr->regs.list, node)
		drop(pr, reg, req,
		     reg == own ? 0 : IET_ASC_RESERVATIONS_PREEMPTED);
	pr->generation++;
	return IET_PR_OK;
}

/*
 * Returns how many there were; who asks stays if @keep.  It is among those
 * whose tasks PREEMPT AND ABORT aborts if all registrants are (5.13.11.2.6).
 */
static unsigned int remove_key(struct iet_pr *pr, struct iet_pr_req *req,
			       const struct iet_pr_reg *own, bool any,
			       bool keep)
{
	struct iet_pr_reg *reg, *next;
	unsigned int nr = 0;

	list_for_each_entry_safe(reg, next, &pr->regs.list, node) {
		if (!any && reg->key != req->sa_key)
			continue;
		nr++;
		if (reg == own)
			req->abort_own = any || reg->key == req->sa_key;
		if (reg == own && keep)
			continue;
		drop(pr, reg, req,
		     reg == own ? 0 : IET_ASC_REGISTRATIONS_PREEMPTED);
	}
	return nr;
}

/* The reservation goes to who asks, whatever else happens to it. */
static enum iet_pr_result take_over(struct iet_pr *pr, struct iet_pr_req *req,
				    struct iet_pr_reg *own)
{
	enum iet_pr_result result = check_new(req);
	bool all = is(pr->type, ALL_HOLD);
	u8 old = pr->type;

	if (result)
		return result;
	reserve(pr, NULL, IET_PR_NONE);
	remove_key(pr, req, own, all, true);
	reserve(pr, own, req->type);
	if (old != req->type)
		tell_others(pr, own, IET_ASC_RESERVATIONS_RELEASED);
	pr->generation++;
	return IET_PR_OK;
}

/*
 * SPC-4 5.13.11.2.4, table 72: the reservation with its registrations, or
 * registrations alone; then SCOPE and TYPE are ignored (5.13.11.2.5).
 */
static enum iet_pr_result do_preempt(struct iet_pr *pr, struct iet_pr_req *req,
				     struct iet_pr_reg *own)
{
	bool all = is(pr->type, ALL_HOLD);
	bool takes_over = all ? !req->sa_key :
				pr->holder && pr->holder->key == req->sa_key;

	if (takes_over)
		return take_over(pr, req, own);
	if (!req->sa_key)
		return IET_PR_BAD_SA_KEY;
	if (!remove_key(pr, req, own, false, false))
		return IET_PR_CONFLICT;
	pr->generation++;
	return IET_PR_OK;
}

/* SPC-4 5.13.8: not to who asks, be it through another target port. */
static enum iet_pr_result do_move(struct iet_pr *pr, struct iet_pr_req *req,
				  struct iet_pr_reg *own)
{
	struct iet_pr_reg *to, *fresh;

	if (!pr->type)
		return IET_PR_NOTHING_TO_MOVE;
	if (!iet_pr_holds(pr, own) || is(pr->type, ALL_HOLD))
		return IET_PR_CONFLICT;
	if (!req->sa_key)
		return IET_PR_BAD_SA_KEY;
	fresh = list_first_entry(&req->others.list, struct iet_pr_reg, node);
	if (!strcmp(fresh->port, req->port))
		return IET_PR_BAD_PORT;
	to = find(pr, fresh->port, fresh->target);
	if (!to && add_new(pr, &req->others, fresh, req->sa_key))
		return IET_PR_NO_ROOM;
	to = to ?: fresh;
	to->key = req->sa_key;
	pr->holder = to;
	pr->aptpl = req->aptpl;
	if (req->unreg)
		drop(pr, own, req, 0);
	pr->generation++;
	return IET_PR_OK;
}

static const struct {
	enum iet_pr_result (*fn)(struct iet_pr *pr, struct iet_pr_req *req,
				 struct iet_pr_reg *own);
	bool anybody; /* also those who are not registered */
} actions[] = {
	[IET_PR_REGISTER] = { do_register, true },
	[IET_PR_RESERVE] = { do_reserve },
	[IET_PR_RELEASE] = { do_release },
	[IET_PR_CLEAR] = { do_clear },
	[IET_PR_PREEMPT] = { do_preempt },
	[IET_PR_PREEMPT_AND_ABORT] = { do_preempt },
	[IET_PR_REGISTER_AND_IGNORE] = { do_register, true },
	[IET_PR_REGISTER_AND_MOVE] = { do_move },
};

/**
 * iet_pr_out() - carry out a PERSISTENT RESERVE OUT
 * @pr: a copy of the logical unit's state, to take its place if all goes well
 * @req: what is asked for; its lists are initialized
 *
 * Afterwards the @ua of those in pr->regs and in req->gone are to be told and,
 * in pr->regs, cleared; the members of the lists of @req are the caller's.
 *
 * Context: any; the caller has locked @pr.
 *
 * Return: what became of it; unless it is IET_PR_OK, @pr is good for nothing
 * any more
 */
enum iet_pr_result iet_pr_out(struct iet_pr *pr, struct iet_pr_req *req)
{
	struct iet_pr_reg *own = find(pr, req->port, req->target);

	if (!actions[req->action].anybody && (!own || own->key != req->key))
		return IET_PR_CONFLICT;
	return actions[req->action].fn(pr, req, own);
}
