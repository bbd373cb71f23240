// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules for faults: pure logic, see fault.h.
 */
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"
#include "fault.h"
#include "iet_random.h"

#define F(attr) BIT(IET_F_##attr)

/* what rules of all kinds may be limited by */
#define COMMON                                                                 \
	(F(TID) | F(KIND) | F(SID) | F(INITIATOR) | F(LUN) | F(OPCODE) |       \
	 F(DIRECTION) | F(LBA) | F(LBA_LAST) | F(CHANCE) | F(SEED) | F(SKIP) | \
	 F(COUNT))

#define RECEIVED BIT(0)
#define SENT BIT(1)

/**
 * struct kind - what rules of a kind take
 * @takes: BIT() of attributes, beside those of all kinds
 * @needs: those that can't be missing
 * @code: the one that becomes iet_fault_hit.code, 0: none
 * @pdus: which PDUs it may be about: RECEIVED, SENT
 */
struct kind {
	u32 takes;
	u32 needs;
	u8 code;
	u8 pdus;
};

static const struct kind kinds[IET_FAULT_MAX + 1] = {
	[IET_FAULT_DROP] = { F(PDU) | F(BYTE), .pdus = RECEIVED | SENT },
	[IET_FAULT_WITHHOLD] = { F(PDU), .pdus = RECEIVED | SENT },
	[IET_FAULT_REJECT] = { F(PDU) | F(REASON), .code = IET_F_REASON,
			       .pdus = RECEIVED },
	[IET_FAULT_ASYNC] = { F(PDU) | F(ASYNC_EVENT), F(ASYNC_EVENT),
			      IET_F_ASYNC_EVENT, RECEIVED },
	[IET_FAULT_SPLIT] = { F(PDU) | F(BYTE), .pdus = SENT },
	[IET_FAULT_STALL] = { F(PDU) | F(DELAY), F(DELAY), .pdus = SENT },
	[IET_FAULT_DUPLICATE] = { F(PDU), .pdus = SENT },
	[IET_FAULT_HEADER] = { F(PDU) | F(BYTE), .pdus = SENT },
	[IET_FAULT_HEADER_DIGEST] = { F(PDU), .pdus = SENT },
	[IET_FAULT_DATA] = { F(PDU) | F(BYTE), .pdus = SENT },
	[IET_FAULT_DATA_DIGEST] = { F(PDU), .pdus = SENT },
	[IET_FAULT_SENSE] = { F(SENSE), .code = IET_F_SENSE },
	[IET_FAULT_STATUS] = { F(STATUS), F(STATUS), IET_F_STATUS },
	[IET_FAULT_DELAY] = { F(DELAY), F(DELAY) },
	[IET_FAULT_HANG] = {},
	[IET_FAULT_CORRUPT] = { F(BYTE) },
	[IET_FAULT_NO_FLUSH] = {},
};

static const struct {
	u8 attr;
	u32 min, max;
	const char *text;
} ranges[] = {
	{ IET_F_LUN, 0, IET_LUN_MAX, "a LUN must be 0 to 16383" },
	{ IET_F_OPCODE, 0, 0xff, "an operation code must be 0 to 255" },
	{ IET_F_DIRECTION, IET_FAULT_READ, IET_FAULT_WRITE,
	  "a direction must be 1 (read) or 2 (write)" },
	{ IET_F_PDU, 0, IET_FAULT_PDU_STATUS,
	  "a PDU must be an opcode, or 64 (status)" },
	{ IET_F_CHANCE, 1, IET_FAULT_ALWAYS,
	  "a chance must be 1 to 1000000 in a million" },
	{ IET_F_DELAY, 1, IET_FAULT_DELAY_MAX,
	  "a delay must be 1 to 60000 ms" },
	{ IET_F_SENSE, 0, 0xfffff, "sense must be a key, ASC and ASCQ" },
	{ IET_F_REASON, 1, 0xff, "a reason must be 1 to 255" },
	{ IET_F_ASYNC_EVENT, IET_ASYNC_LOGOUT, IET_ASYNC_NEGOTIATE,
	  "an event must be 1 (logout) to 4 (negotiation)" },
};

/* CHECK CONDITION goes with sense, GOOD is no fault; SAM-5 5.3.1 */
static const u8 statuses[] = { 0x08, 0x18, 0x28, 0x30, 0x40 };

static bool status_known(u32 status)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(statuses); i++) {
		if (statuses[i] == status)
			return true;
	}
	return false;
}

static const char *range_refusal(const struct iet_fault_args *a, int *attr)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		*attr = ranges[i].attr;
		if (a->has & BIT(*attr) && (a->val[*attr] < ranges[i].min ||
					    a->val[*attr] > ranges[i].max))
			return ranges[i].text;
	}
	*attr = IET_F_STATUS;
	if (a->has & F(STATUS) && !status_known(a->val[IET_F_STATUS]))
		return "a status must be 8, 18h, 28h, 30h or 40h";
	*attr = IET_F_LBA_LAST;
	if (a->has & F(LBA_LAST) &&
	    (!(a->has & F(LBA)) || a->lba_last < a->lba))
		return "the last block is before the first one";
	*attr = IET_F_INITIATOR;
	if (a->has & F(INITIATOR) && !a->initiator[0])
		return "InitiatorName is empty";
	return NULL;
}

static const char *pdu_refusal(const struct iet_fault_args *a, u8 pdus,
			       int *attr)
{
	/* those of the target have bit 5 set, and so has what has a status */
	bool sent = a->val[IET_F_PDU] >= 0x20;

	*attr = IET_F_PDU;
	if (a->has & F(PDU) && !(pdus & (sent ? SENT : RECEIVED)))
		return sent ? "faults of this kind are of received PDUs" :
			      "faults of this kind are of PDUs that are sent";
	*attr = IET_F_BYTE;
	if (a->val[IET_F_KIND] == IET_FAULT_HEADER && a->has & F(BYTE) &&
	    a->val[IET_F_BYTE] >= sizeof(struct iscsi_hdr))
		return "a header has the bytes 0 to 47";
	return NULL;
}

/**
 * iet_fault_refusal() - can there be such a rule?
 * @args: what it is to do
 * @attr: set to the attribute that is wrong, if one is
 *
 * Return: NULL, or why not
 */
const char *iet_fault_refusal(const struct iet_fault_args *args, int *attr)
{
	u32 number = args->val[IET_F_KIND], excess;
	const struct kind *kind = &kinds[number <= IET_FAULT_MAX ? number : 0];
	const char *text;

	*attr = IET_F_KIND;
	if (!number || number > IET_FAULT_MAX)
		return "unknown kind of fault";
	text = range_refusal(args, attr);
	if (text)
		return text;
	excess = args->has & ~(COMMON | kind->takes);
	if (excess) {
		*attr = __ffs(excess);
		return "not for faults of this kind";
	}
	if (kind->needs & ~args->has) {
		*attr = __ffs(kind->needs & ~args->has);
		return kind->needs & F(DELAY)  ? "the delay is missing" :
		       kind->needs & F(STATUS) ? "the status is missing" :
						 "the event is missing";
	}
	return pdu_refusal(args, kind->pdus, attr);
}

/**
 * iet_faults_init() - no rule yet
 * @faults: zeroed
 */
void iet_faults_init(struct iet_faults *faults)
{
	spin_lock_init(&faults->lock);
	INIT_LIST_HEAD(&faults->rules);
	INIT_LIST_HEAD(&faults->held);
}

static void set_kinds(struct iet_faults *faults)
{
	const struct iet_fault_rule *rule;
	u32 mask = 0;

	list_for_each_entry(rule, &faults->rules, node)
		mask |= BIT(rule->args.val[IET_F_KIND]);
	WRITE_ONCE(faults->kinds, mask);
}

/**
 * iet_fault_add() - make a rule
 * @faults: of a target
 * @args: what it is to do; iet_fault_refusal() has nothing to say, and there
 *	is a seed
 * @id: larger than those of all rules that there are
 *
 * Context: iet_config_lock held.
 * Return: the rule, which the list holds, or ERR_PTR(): -ENOSPC: there are
 * IET_FAULTS_MAX; -ENOMEM
 */
struct iet_fault_rule *iet_fault_add(struct iet_faults *faults,
				     const struct iet_fault_args *args, u32 id)
{
	struct iet_fault_rule *rule;
	unsigned long flags;

	if (faults->nr >= IET_FAULTS_MAX)
		return ERR_PTR(-ENOSPC);
	rule = kzalloc(sizeof(*rule), GFP_KERNEL);
	if (!rule)
		return ERR_PTR(-ENOMEM);
	rule->id = id;
	rule->args = *args;
	rule->random = args->val[IET_F_SEED];
	rule->tell_at = jiffies;
	spin_lock_irqsave(&faults->lock, flags);
	list_add_tail(&rule->node, &faults->rules);
	faults->nr++;
	set_kinds(faults);
	spin_unlock_irqrestore(&faults->lock, flags);
	return rule;
}

/**
 * iet_fault_remove() - forget a rule
 * @faults: of a target
 * @rule: one of them; freed
 *
 * Context: iet_config_lock held.
 */
void iet_fault_remove(struct iet_faults *faults, struct iet_fault_rule *rule)
{
	unsigned long flags;

	spin_lock_irqsave(&faults->lock, flags);
	list_del(&rule->node);
	faults->nr--;
	set_kinds(faults);
	spin_unlock_irqrestore(&faults->lock, flags);
	kfree(rule);
}

/**
 * iet_fault_next() - look a rule up
 * @faults: of a target
 * @id: which one, or the first after it
 *
 * Context: iet_config_lock or @faults->lock held.
 * Return: the rule, or NULL
 */
struct iet_fault_rule *iet_fault_next(struct iet_faults *faults, u32 id)
{
	struct iet_fault_rule *rule;

	list_for_each_entry(rule, &faults->rules, node) {
		if (rule->id >= id)
			return rule;
	}
	return NULL;
}

/**
 * iet_fault_find - look a rule up
 * @faults: of a target
 * @id: which one
 *
 * Context: iet_config_lock or @faults->lock held.
 * Return: the rule, or NULL
 */
struct iet_fault_rule *iet_fault_find(struct iet_faults *faults, u32 id)
{
	struct iet_fault_rule *rule = iet_fault_next(faults, id);

	return rule && rule->id == id ? rule : NULL;
}

static bool about_pdu(const struct iet_fault_args *a,
		      const struct iet_fault_what *what)
{
	/* without it, those that are sent, if it may be both */
	if (!(a->has & F(PDU)))
		return !what->is_pdu || what->pdu >= 0x20 ||
		       !(kinds[a->val[IET_F_KIND]].pdus & SENT);
	if (!what->is_pdu)
		return false;
	if (a->val[IET_F_PDU] == IET_FAULT_PDU_STATUS)
		return what->status;
	return what->pdu == a->val[IET_F_PDU];
}

static bool about_command(const struct iet_fault_args *a,
			  const struct iet_fault_what *what)
{
	if (a->has & F(LUN) &&
	    (!what->has_lun || what->lun != a->val[IET_F_LUN]))
		return false;
	if (a->has & F(OPCODE) &&
	    (!what->scsi || what->opcode != a->val[IET_F_OPCODE]))
		return false;
	if (a->has & F(DIRECTION) &&
	    (!what->scsi || what->direction != a->val[IET_F_DIRECTION]))
		return false;
	return !(a->has & F(LBA)) ||
	       (what->has_lba && what->lba_last >= a->lba &&
		(!(a->has & F(LBA_LAST)) || what->lba <= a->lba_last));
}

static bool is_about(const struct iet_fault_rule *rule,
		     const struct iet_fault_what *what)
{
	const struct iet_fault_args *a = &rule->args;

	if (rule->ended || (a->has & F(SID) && a->sid != what->sid))
		return false;
	if (a->has & F(INITIATOR) && strcmp(a->initiator, what->iname))
		return false;
	return about_pdu(a, what) && about_command(a, what);
}

/* It is about this one: does it do something? */
static bool fires(struct iet_fault_rule *rule)
{
	const struct iet_fault_args *a = &rule->args;
	u64 number;

	rule->seen++;
	if (rule->seen <= a->val[IET_F_SKIP])
		return false;
	if (a->val[IET_F_COUNT] && rule->hits >= a->val[IET_F_COUNT])
		return false;
	if (a->has & F(CHANCE)) {
		number = iet_random(&rule->random);
		if (number * IET_FAULT_ALWAYS >> 32 >= a->val[IET_F_CHANCE])
			return false;
	}
	rule->hits++;
	return true;
}

static void describe(struct iet_fault_rule *rule,
		     const struct iet_fault_what *what,
		     struct iet_fault_hit *hit)
{
	const struct iet_fault_args *a = &rule->args;
	u8 code = kinds[a->val[IET_F_KIND]].code;

	hit->id = rule->id;
	hit->has = a->has;
	hit->delay = a->val[IET_F_DELAY];
	hit->code = code ? a->val[code] : 0;
	hit->byte = a->val[IET_F_BYTE];
	hit->random = iet_random(&rule->random);
	hit->by_status = a->val[IET_F_PDU] == IET_FAULT_PDU_STATUS;
	hit->lba = what->lba;
	hit->lba_last = what->lba_last;
	if (a->has & F(LBA))
		hit->lba = max(hit->lba, a->lba);
	if (a->has & F(LBA_LAST))
		hit->lba_last = min(hit->lba_last, a->lba_last);
	hit->tell = time_after_eq(jiffies, rule->tell_at);
	if (hit->tell) {
		rule->tell_at = jiffies + HZ;
		rule->untold = true;
	}
}

/**
 * iet_fault_fire() - is there to be a fault?
 * @faults: of the target
 * @kind: of this kind
 * @what: with this command or PDU
 * @hit: set to what is to be done
 *
 * Of several rules the first one that fires counts.
 *
 * Context: any, hard interrupts included.
 * Return: true if so
 */
bool iet_fault_fire(struct iet_faults *faults, enum iet_fault_kind kind,
		    const struct iet_fault_what *what,
		    struct iet_fault_hit *hit)
{
	struct iet_fault_rule *rule;
	unsigned long flags;
	bool fired = false;

	spin_lock_irqsave(&faults->lock, flags);
	list_for_each_entry(rule, &faults->rules, node) {
		if (rule->args.val[IET_F_KIND] != kind ||
		    !is_about(rule, what) || !fires(rule))
			continue;
		describe(rule, what, hit);
		fired = true;
		break;
	}
	spin_unlock_irqrestore(&faults->lock, flags);
	return fired;
}
