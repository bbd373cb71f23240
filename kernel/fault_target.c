// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules for faults of a target: on and off, and telling of hits.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/printk.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "compat.h"
#include "conn.h"
#include "event.h"
#include "fault.h"
#include "nthread.h"
#include "scsi.h"
#include "session.h"
#include "target.h"

DEFINE_STATIC_KEY_DEFERRED_FALSE(iet_fault_key, 10 * HZ);

/* under iet_config_lock */
static u32 nr_targets, epoch;

/* The next rule that has hits to tell of. */
static bool next_untold(struct iet_faults *faults, u32 *id, u32 *kind,
			u64 *hits)
{
	struct iet_fault_rule *rule;
	bool found = false;

	spin_lock_irq(&faults->lock);
	list_for_each_entry(rule, &faults->rules, node) {
		if (!rule->untold)
			continue;
		rule->untold = false;
		*id = rule->id;
		*kind = rule->args.val[IET_F_KIND];
		*hits = rule->hits;
		found = true;
		break;
	}
	spin_unlock_irq(&faults->lock);
	return found;
}

/*
 * Whoever queued this got a reference to the target and one to the module.
 * iet_session_exit() waits for the few instructions after the latter is put.
 */
static void tell(struct work_struct *work)
{
	struct iet_faults *faults =
		container_of(work, struct iet_faults, tell_work);
	struct iet_target *target = faults->target;
	u32 id, kind;
	u64 hits;

	while (next_untold(faults, &id, &kind, &hits))
		iet_event_fault(target->tid, id, kind, hits);
	iet_target_put(target);
	module_put(THIS_MODULE);
}

/* The session of who asks holds both. */
static void tell_later(struct iet_faults *faults)
{
	iet_target_get(faults->target);
	__module_get(THIS_MODULE);
	if (queue_work(iet_wq, &faults->tell_work))
		return;
	iet_target_put(faults->target);
	module_put(THIS_MODULE);
}

static struct iet_faults *get_faults(struct iet_target *target)
{
	struct iet_faults *faults = target->faults;

	if (faults)
		return faults;
	faults = kzalloc(sizeof(*faults), GFP_KERNEL);
	if (!faults)
		return NULL;
	iet_faults_init(faults);
	faults->target = target;
	INIT_WORK(&faults->tell_work, tell);
	/* pairs with faults_of() */
	smp_store_release(&target->faults, faults);
	return faults;
}

static struct iet_faults *faults_of(const struct iet_target *target)
{
	return smp_load_acquire(&target->faults);
}

/**
 * iet_target_fault_add() - make a rule of a target
 * @target: the target
 * @args: what it is to do, checked by iet_fault_refusal()
 *
 * Context: iet_config_lock held; may sleep.
 * Return: the rule, or ERR_PTR(): -ENOSPC: there are IET_FAULTS_MAX already, or
 * no id is left; -ENOMEM
 */
struct iet_fault_rule *iet_target_fault_add(struct iet_target *target,
					    const struct iet_fault_args *args)
{
	static u32 last_id;
	struct iet_fault_args seeded = *args;
	struct iet_faults *faults = get_faults(target);
	struct iet_fault_rule *rule;

	lockdep_assert_held(&iet_config_lock);
	if (!faults)
		return ERR_PTR(-ENOMEM);
	if (last_id == U32_MAX)
		return ERR_PTR(-ENOSPC);
	if (!(args->has & BIT(IET_F_SEED))) {
		seeded.val[IET_F_SEED] = get_random_u32();
		seeded.has |= BIT(IET_F_SEED);
	}
	rule = iet_fault_add(faults, &seeded, last_id + 1);
	if (IS_ERR(rule))
		return rule;
	last_id++;
	if (faults->nr == 1) {
		pr_warn("fault injection is on for target %u, %s\n",
			target->tid, target->name);
		nr_targets++;
		static_branch_deferred_inc(&iet_fault_key);
	}
	return rule;
}

/* The connections that are stalled are among them. */
static void kick_all(struct iet_target *target)
{
	struct iet_session *session;
	struct iet_conn *conn;

	list_for_each_entry(session, &target->sessions, target_node) {
		list_for_each_entry(conn, &session->conns, session_node)
			iet_nthread_kick(conn);
	}
}

/**
 * iet_target_fault_remove() - end a rule
 * @target: the target
 * @rule: one of its rules; freed.  Commands that it holds and connections that
 *	it stalls go on.
 *
 * Context: iet_config_lock held; may sleep.
 */
void iet_target_fault_remove(struct iet_target *target,
			     struct iet_fault_rule *rule)
{
	struct iet_faults *faults = target->faults;
	bool stall = rule->args.val[IET_F_KIND] == IET_FAULT_STALL;
	u32 id = rule->id;

	lockdep_assert_held(&iet_config_lock);
	iet_fault_remove(faults, rule);
	/* none is held any more: iet_fault_hold() looks for the rule */
	iet_fault_release(faults, id);
	if (stall)
		kick_all(target);
	if (faults->nr)
		return;
	if (!--nr_targets)
		WRITE_ONCE(epoch, epoch + 1);
	static_branch_slow_dec_deferred(&iet_fault_key);
	pr_warn("fault injection is off for target %u, %s\n", target->tid,
		target->name);
}

/**
 * iet_target_faults_clear() - end all rules of a target
 * @target: the target
 *
 * Context: iet_config_lock held; may sleep.
 */
void iet_target_faults_clear(struct iet_target *target)
{
	struct iet_fault_rule *rule;

	lockdep_assert_held(&iet_config_lock);
	while (target->faults && (rule = iet_fault_next(target->faults, 0)))
		iet_target_fault_remove(target, rule);
}

/**
 * iet_faults_exit() - all targets are gone, the module is next
 *
 * Context: may sleep.
 */
void iet_faults_exit(void)
{
	static_key_deferred_flush(&iet_fault_key);
}

/**
 * iet_faults_session_ended() - rules for a session have nothing to do any more
 * @target: the target
 * @sid: of the session; another one may get it one day
 *
 * Commands that such a rule holds stay so until it is removed.
 *
 * Context: iet_config_lock held.
 */
void iet_faults_session_ended(struct iet_target *target, u64 sid)
{
	struct iet_faults *faults = target->faults;
	struct iet_fault_rule *rule;

	lockdep_assert_held(&iet_config_lock);
	if (!faults)
		return;
	spin_lock_irq(&faults->lock);
	list_for_each_entry(rule, &faults->rules, node) {
		if (rule->args.has & BIT(IET_F_SID) && rule->args.sid == sid)
			rule->ended = true;
	}
	spin_unlock_irq(&faults->lock);
}

/**
 * iet_fault_epoch() - tells the times apart in which there are rules
 *
 * What is under way when the last rule goes is over.
 *
 * Context: any.
 * Return: another number than in an earlier one
 */
u32 iet_fault_epoch(void)
{
	return READ_ONCE(epoch);
}

/**
 * iet_fault_possible() - are there rules of some kinds?
 * @nexus: from whom; its session is held
 * @kinds: BIT() of them
 *
 * Context: any.
 * Return: true if so, for this nexus or another one
 */
bool iet_fault_possible(const struct iet_nexus *nexus, u32 kinds)
{
	const struct iet_faults *faults = faults_of(nexus->target);

	return faults && READ_ONCE(faults->kinds) & kinds;
}

/**
 * iet_fault_exists() - is a rule still there?
 * @nexus: of its target; its session is held
 * @id: which one
 *
 * Context: any.
 * Return: true if so
 */
bool iet_fault_exists(const struct iet_nexus *nexus, u32 id)
{
	struct iet_faults *faults = faults_of(nexus->target);
	unsigned long flags;
	bool found;

	if (!faults)
		return false;
	spin_lock_irqsave(&faults->lock, flags);
	found = iet_fault_find(faults, id);
	spin_unlock_irqrestore(&faults->lock, flags);
	return found;
}

/**
 * iet_fault_check() - is there to be a fault?
 * @nexus: from whom; its session is held
 * @kind: of this kind
 * @what: with this command or PDU; the session is filled in here
 * @hit: set to what is to be done
 *
 * Context: any, hard interrupts included.
 * Return: true if so
 */
bool iet_fault_check(const struct iet_nexus *nexus, enum iet_fault_kind kind,
		     struct iet_fault_what *what, struct iet_fault_hit *hit)
{
	struct iet_faults *faults = faults_of(nexus->target);

	if (!iet_fault_possible(nexus, BIT(kind)))
		return false;
	what->sid = nexus->sid;
	what->iname = nexus->iname;
	if (!iet_fault_fire(faults, kind, what, hit))
		return false;
	if (hit->tell)
		tell_later(faults);
	return true;
}
