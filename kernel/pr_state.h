/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Persistent reservations (SPC-4 5.13): the state of a logical unit and what
 * PERSISTENT RESERVE OUT does to it.  Pure logic: the caller locks, allocates
 * and tells the initiators.
 */
#ifndef IET_PR_STATE_H
#define IET_PR_STATE_H

#include <linux/list.h>
#include <linux/types.h>

/* longest name of an initiator port, "<InitiatorName>,i,0x<ISID>", with NUL */
#define IET_PORT_NAME_MAX 256
#define IET_PR_MAX_REGS 1024

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
	IET_PR_BAD_SA_KEY, /* a service action reservation key that can't be */
	IET_PR_BAD_PORT, /* a TransportID that can't be */
	IET_PR_BAD_RELEASE, /* INVALID RELEASE OF PERSISTENT RESERVATION */
	IET_PR_NO_ROOM, /* INSUFFICIENT REGISTRATION RESOURCES */
};

/**
 * struct iet_pr_reg - a registered I_T nexus
 * @node: in pr->regs, or in a list of the request
 * @key: reservation key
 * @ua: what the initiator is to be told (ASC << 8 | ASCQ), or 0
 * @port: name of the initiator port; there is one target port
 *
 * Lifetime: allocated and freed by the caller of iet_pr_out(), which says in
 * the request which have come and gone.
 */
struct iet_pr_reg {
	struct list_head node;
	u64 key;
	u16 ua;
	char port[IET_PORT_NAME_MAX];
};

/**
 * struct iet_pr - persistent reservation of a logical unit
 * @regs: iet_pr_reg.node
 * @nr_regs: how many
 * @generation: PRGENERATION
 * @type: enum iet_pr_type
 * @holder: who holds it, NULL: nobody, or all registrants
 */
struct iet_pr {
	struct list_head regs;
	unsigned int nr_regs;
	u32 generation;
	u8 type;
	struct iet_pr_reg *holder;
};

/**
 * struct iet_pr_req - a PERSISTENT RESERVE OUT
 * @action: what to do
 * @type: enum iet_pr_type
 * @port: who asks
 * @key: RESERVATION KEY
 * @sa_key: SERVICE ACTION RESERVATION KEY
 * @unreg: REGISTER AND MOVE: unregister who asks
 * @fresh: new registrations, by port: for REGISTER that of who asks, and those
 *	of SPEC_I_PT after it; for REGISTER AND MOVE the one to move to.  What
 *	is left in it afterwards has not been used.
 * @gone: registrations that are over are put here
 */
struct iet_pr_req {
	enum iet_pr_action action;
	u8 type;
	const char *port;
	u64 key;
	u64 sa_key;
	bool unreg;
	struct list_head fresh;
	struct list_head gone;
};

void iet_pr_init(struct iet_pr *pr);
bool iet_pr_type_valid(u8 type);
bool iet_pr_conflict(const struct iet_pr *pr, const char *port, bool write);
bool iet_pr_holds(const struct iet_pr *pr, const struct iet_pr_reg *reg);
enum iet_pr_result iet_pr_out(struct iet_pr *pr, struct iet_pr_req *req);

#endif /* IET_PR_STATE_H */
