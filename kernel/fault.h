/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fault injection: rules of a target by which it misbehaves, so that
 * initiators can be tested with it.  See doc/fault-injection.md.
 *
 *	fault.c		the rules themselves: pure logic
 *	fault_target.c	those of a target: on and off, events
 *	fault_scsi.c	what becomes of commands
 *	fault_hold.c	commands that are held
 *	fault_tx.c	what becomes of PDUs that are sent
 *	fault_rx.c	... and of those that are received
 *
 * While no target has a rule, each of the hooks is a static branch that is not
 * taken: nothing else is looked at.  It becomes that some seconds after the
 * last rule has gone: rules come and go one after the other, and each time the
 * code is patched all CPUs are interrupted.
 */
#ifndef IET_FAULT_H
#define IET_FAULT_H

#include <linux/jump_label_ratelimit.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "iet_netlink.h"
#include "iscsi_proto.h"

struct iet_conn;
struct iet_nexus;
struct iet_scmd;
struct iet_target;
struct iet_tx_pdu;
struct netlink_ext_ack;

extern struct static_key_false_deferred iet_fault_key;

/* Does any target have a rule, or had one a moment ago? */
static inline bool iet_fault_on(void)
{
	return static_branch_unlikely(&iet_fault_key.key);
}

/**
 * struct iet_fault_args - what a rule is to do
 * @has: BIT() of the attributes that are given
 * @val: by enum iet_fault_attr: those that are u32
 * @sid: IET_F_SID
 * @lba: IET_F_LBA
 * @lba_last: IET_F_LBA_LAST
 * @initiator: IET_F_INITIATOR
 */
struct iet_fault_args {
	u32 has;
	u32 val[IET_F_MAX + 1];
	u64 sid;
	u64 lba;
	u64 lba_last;
	char initiator[ISCSI_NAME_MAX + 1];
};

/**
 * struct iet_fault_rule - a rule
 * @node: in iet_faults.rules, in the order of @id
 * @id: unique in the module
 * @args: what it is to do; constant
 * @random: state of its random numbers
 * @seen: how many commands or PDUs it was about
 * @hits: how often it did something
 * @held: commands that it holds
 * @ended: the session that it was for has ended: it does nothing any more
 * @tell_at: jiffies: its next hit is told from then on
 * @untold: it has hits that are to be told
 *
 * Lifetime: in the list from FAULT_NEW to FAULT_DEL or TARGET_DEL; who acts on
 * a hit has a copy of what he needs (struct iet_fault_hit).  All but @args is
 * under iet_faults.lock.
 */
struct iet_fault_rule {
	struct list_head node;
	u32 id;
	struct iet_fault_args args;
	u32 random;
	u64 seen;
	u64 hits;
	u32 held;
	bool ended;
	unsigned long tell_at;
	bool untold;
};

/**
 * struct iet_faults - the rules of a target
 * @lock: innermost, also taken in interrupts
 * @rules: iet_fault_rule.node; changes under iet_config_lock and @lock
 * @nr: how many
 * @kinds: BIT() of the kinds that there are; read without a lock
 * @held: iet_fault_held.node, under @lock
 * @target: of which target
 * @tell_work: tells of hits; holds @target
 *
 * Lifetime: made with the first rule of a target and freed with the target,
 * which every session, and so every command and connection, holds.
 */
struct iet_faults {
	spinlock_t lock;
	struct list_head rules;
	u32 nr;
	u32 kinds;
	struct list_head held;
	struct iet_target *target;
	struct work_struct tell_work;
};

/**
 * struct iet_fault_what - what a rule may be about: a command, a PDU
 * @sid: of the session
 * @iname: InitiatorName
 * @is_pdu: a PDU ...
 * @pdu: ... with this opcode
 * @status: ... that carries the status of a SCSI command
 * @scsi: it belongs to a SCSI command ...
 * @opcode: ... with this operation code
 * @direction: enum iet_fault_direction, 0: no data
 * @has_lun: @lun is known
 * @lun: the LUN
 * @has_lba: @lba and @lba_last are known
 * @lba: its first block
 * @lba_last: its last block
 */
struct iet_fault_what {
	u64 sid;
	const char *iname;
	bool is_pdu;
	u8 pdu;
	bool status;
	bool scsi;
	u8 opcode;
	u8 direction;
	bool has_lun;
	u32 lun;
	bool has_lba;
	u64 lba;
	u64 lba_last;
};

/**
 * struct iet_fault_hit - what a rule has done
 * @id: which rule
 * @has: as of its &struct iet_fault_args
 * @delay: IET_F_DELAY
 * @code: IET_F_SENSE, IET_F_STATUS, IET_F_REASON or IET_F_ASYNC_EVENT
 * @byte: IET_F_BYTE
 * @random: a random number
 * @lba: the first block that the rule and the command have in common
 * @lba_last: the last one
 * @by_status: it is about PDUs that carry status, whichever they are
 * @tell: it is to be told
 */
struct iet_fault_hit {
	u32 id;
	u32 has;
	u32 delay;
	u32 code;
	u32 byte;
	u32 random;
	u64 lba;
	u64 lba_last;
	bool by_status;
	bool tell;
};

/* fault.c */
const char *iet_fault_refusal(const struct iet_fault_args *args, int *attr);
void iet_faults_init(struct iet_faults *faults);
struct iet_fault_rule *iet_fault_add(struct iet_faults *faults,
				     const struct iet_fault_args *args, u32 id);
void iet_fault_remove(struct iet_faults *faults, struct iet_fault_rule *rule);
struct iet_fault_rule *iet_fault_next(struct iet_faults *faults, u32 id);
struct iet_fault_rule *iet_fault_find(struct iet_faults *faults, u32 id);
bool iet_fault_fire(struct iet_faults *faults, enum iet_fault_kind kind,
		    const struct iet_fault_what *what,
		    struct iet_fault_hit *hit);

/* fault_target.c */
struct iet_fault_rule *iet_target_fault_add(struct iet_target *target,
					    const struct iet_fault_args *args);
void iet_target_fault_remove(struct iet_target *target,
			     struct iet_fault_rule *rule);
void iet_target_faults_clear(struct iet_target *target);
void iet_faults_exit(void);
void iet_faults_session_ended(struct iet_target *target, u64 sid);
bool iet_fault_check(const struct iet_nexus *nexus, enum iet_fault_kind kind,
		     struct iet_fault_what *what, struct iet_fault_hit *hit);
u32 iet_fault_epoch(void);
bool iet_fault_possible(const struct iet_nexus *nexus, u32 kinds);
bool iet_fault_exists(const struct iet_nexus *nexus, u32 id);

/* fault_hold.c */
struct iet_fault_held;
struct iet_fault_held *iet_fault_held_new(void);
bool iet_fault_hold(struct iet_fault_held *held, struct iet_scmd *s,
		    const struct iet_fault_hit *hit);
void iet_fault_release(struct iet_faults *faults, u32 id);

/* fault_scsi.c: hooks of scsi.c */
void iet_fault_of_scsi(const struct iet_scmd *s, struct iet_fault_what *what);
bool iet_fault_refuses(struct iet_scmd *s);
bool iet_fault_takes(struct iet_scmd *s);
bool iet_fault_copies(const struct iet_scmd *s);
bool iet_fault_skips_io(struct iet_scmd *s);
void iet_fault_read(struct iet_scmd *s);

#endif /* IET_FAULT_H */
