/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Persistent reservations (SPC-4 5.13): the state of a logical unit and what
 * PERSISTENT RESERVE OUT does to it.  Pure logic: the caller locks, allocates
 * and tells the initiators.
 */
#ifndef IET_PR_STATE_H
#define IET_PR_STATE_H

#include <linux/gfp.h>
#include <linux/types.h>

#include "pr_regs.h"

/* longest name of an initiator port, "<InitiatorName>,i,0x<ISID>", with NUL */
#define IET_PORT_NAME_MAX 256
/* longest name of a target, with NUL; each has one target port */
#define IET_PR_TARGET_MAX 224
#define IET_PR_MAX_REGS 1024

/* what a reservation keeps somebody off */
#define IET_PR_OFF_READS 0x01 /* what Exclusive Access alone keeps off */
#define IET_PR_OFF_WRITES 0x02 /* what Write Exclusive does, too */

enum iet_pr_type {
	IET_PR_NONE = 0,
	IET_PR_WRITE_EXCLUSIVE = 1,
	IET_PR_EXCLUSIVE_ACCESS = 3,
	IET_PR_WRITE_EXCLUSIVE_RO = 5, /* registrants only */
	IET_PR_EXCLUSIVE_ACCESS_RO = 6,
	IET_PR_WRITE_EXCLUSIVE_AR = 7, /* all registrants */
	IET_PR_EXCLUSIVE_ACCESS_AR = 8,
};

/* service actions of PERSISTENT RESERVE OUT */
enum iet_pr_action {
	IET_PR_REGISTER,
	IET_PR_RESERVE,
	IET_PR_RELEASE,
	IET_PR_CLEAR,
	IET_PR_PREEMPT,
	IET_PR_PREEMPT_AND_ABORT,
	IET_PR_REGISTER_AND_IGNORE,
	IET_PR_REGISTER_AND_MOVE,
};

enum iet_pr_result {
	IET_PR_OK,
	IET_PR_CONFLICT, /* RESERVATION CONFLICT */
	IET_PR_BAD_SCOPE, /* not the logical unit, where that counts */
	IET_PR_BAD_TYPE, /* no type of reservation, where that counts */
	IET_PR_NOTHING_TO_MOVE, /* REGISTER AND MOVE of no reservation */
	IET_PR_BAD_SA_KEY, /* a service action reservation key that can't be */
	IET_PR_BAD_PORT, /* a TransportID that can't be */
	IET_PR_BAD_RELEASE, /* INVALID RELEASE OF PERSISTENT RESERVATION */
	IET_PR_BAD_SPEC, /* SPEC_I_PT of somebody who is registered */
	IET_PR_NO_ROOM, /* INSUFFICIENT REGISTRATION RESOURCES */
};

/**
 * struct iet_pr - persistent reservation of a logical unit
 * @regs: registrations
 * @generation: PRGENERATION
 * @type: enum iet_pr_type
 * @holder: who holds it, NULL: nobody, or all registrants
 * @aptpl: all this is to survive a power cut
 */
struct iet_pr {
	struct iet_pr_regs regs;
	u32 generation;
	u8 type;
	bool aptpl;
	struct iet_pr_reg *holder;
};

/**
 * struct iet_pr_req - a PERSISTENT RESERVE OUT
 * @action: what to do
 * @scope: SCOPE of the CDB
 * @type: TYPE of the CDB, enum iet_pr_type or what is none
 * @port: initiator port of who asks
 * @target: target port of who asks
 * @key: RESERVATION KEY
 * @sa_key: SERVICE ACTION RESERVATION KEY
 * @unreg: REGISTER AND MOVE: unregister who asks
 * @aptpl: what the three REGISTERs say of power cuts
 * @spec_i_pt: REGISTER: @others is given
 * @own: REGISTER, REGISTER AND IGNORE EXISTING KEY: the nexuses of who asks,
 *	by name: its own first, then, if ALL_TG_PT is set, those through the
 *	other target ports
 * @others: new nexuses, by name: those of SPEC_I_PT; for REGISTER AND MOVE
 *	the one to move to
 * @gone: registrations that are over are put here
 * @abort_own: PREEMPT AND ABORT: the other commands of who asks, too
 *
 * What is left in @own and @others afterwards has not been used.  Who makes the
 * request frees all of the three.
 */
struct iet_pr_req {
	enum iet_pr_action action;
	u8 scope;
	u8 type;
	const char *port;
	const char *target;
	u64 key;
	u64 sa_key;
	bool unreg;
	bool aptpl;
	bool spec_i_pt;
	struct iet_pr_regs own;
	struct iet_pr_regs others;
	struct iet_pr_regs gone;
	bool abort_own;
};

void iet_pr_init(struct iet_pr *pr);
bool iet_pr_consistent(const struct iet_pr *pr);
u8 iet_pr_kept_off(const struct iet_pr *pr, const struct iet_pr_reg *reg);
bool iet_pr_conflict(const struct iet_pr *pr, const char *port,
		     const char *target, bool write);
int iet_pr_copy(struct iet_pr *to, const struct iet_pr *from, gfp_t gfp);
bool iet_pr_holds(const struct iet_pr *pr, const struct iet_pr_reg *reg);
enum iet_pr_result iet_pr_out(struct iet_pr *pr, struct iet_pr_req *req);

#endif /* IET_PR_STATE_H */
