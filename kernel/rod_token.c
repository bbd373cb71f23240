// SPDX-License-Identifier: GPL-2.0-only
/*
 * ROD tokens: see rod_token.h.
 *
 * There are few of them, for a short time, so that a list will do.  Those that
 * have expired go when somebody looks at the list; that they take memory until
 * then does no harm, since their number is bounded.
 */
#include <crypto/algapi.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "compat.h"
#include "cscd.h"
#include "rod_token.h"
#include "scsi.h"
#include "sense.h"
#include "target.h"
#include "volume.h"

/* the token's format (SPC-4 table 114, SBC-3 4.22) */
#define TOKEN_LENGTH 6
#define TOKEN_ID 8
#define TOKEN_CREATOR 16
#define TOKEN_BYTES 56
#define TOKEN_BLOCK_LENGTH 96
#define TOKEN_LBPME 102
#define TOKEN_TARGET 128
#define TOKEN_TARGET_MAX 256

#define BUCKETS 64

static DEFINE_SPINLOCK(lock);
static LIST_HEAD(tokens);
static unsigned int nr_tokens;
static u64 last_id;
/* by medium: how many there are that a write may revoke */
static unsigned int vulnerable[BUCKETS];

static unsigned int *bucket(const void *medium)
{
	return &vulnerable[((unsigned long)medium >> 6) % BUCKETS];
}

/**
 * iet_rod_any() - are there tokens that a write may revoke?
 * @vol: the unit that is written to
 *
 * Context: any.
 *
 * Return: true: perhaps
 */
bool iet_rod_any(const struct iet_volume *vol)
{
	return READ_ONCE(*bucket(vol->medium));
}

static bool is_vulnerable(const struct iet_rod_token *t)
{
	return t->type == IET_ROD_PIT_CHANGE_VULNERABLE;
}

static void count(const struct iet_rod_token *t, int change)
{
	unsigned int *nr = bucket(t->medium);

	if (is_vulnerable(t))
		WRITE_ONCE(*nr, *nr + change);
	nr_tokens += change;
}

static void put_locked(struct iet_rod_token *t)
{
	if (!--t->refs)
		kfree(t);
}

static void drop_locked(struct iet_rod_token *t)
{
	if (list_empty(&t->node))
		return;
	list_del_init(&t->node);
	count(t, -1);
	t->vol = NULL;
	put_locked(t);
}

static void drop_expired(void)
{
	struct iet_rod_token *t, *next;

	list_for_each_entry_safe(t, next, &tokens, node)
		if (time_after_eq(jiffies, t->expires))
			drop_locked(t);
}

/* --- making one ----------------------------------------------------------- */

static void fill_bytes(struct iet_rod_token *t, const struct iet_scmd *s)
{
	u8 *b = t->bytes;
	u32 len;

	put_unaligned_be32(t->type, b);
	put_unaligned_be16(IET_ROD_TOKEN_LEN - 8, b + TOKEN_LENGTH);
	iet_cscd_describe(s->vol, b + TOKEN_CREATOR);
	put_unaligned_be64(t->len, b + TOKEN_BYTES);
	put_unaligned_be32(1U << s->vol->blk_shift, b + TOKEN_BLOCK_LENGTH);
	if (s->vol->thin)
		b[TOKEN_LBPME] = 0x80;
	len = iet_cscd_describe_target(s->nexus->target, b + TOKEN_TARGET,
				       TOKEN_TARGET_MAX);
	get_random_bytes(b + TOKEN_TARGET + len,
			 IET_ROD_TOKEN_LEN - TOKEN_TARGET - len);
}

static struct iet_rod_token *alloc_token(const struct iet_scmd *s, u32 type,
					 u32 timeout,
					 const struct iet_rod_range *ranges,
					 unsigned int nr, gfp_t gfp)
{
	struct iet_rod_token *t;
	unsigned int i;

	t = kzalloc(sizeof(*t) + nr * sizeof(*ranges), gfp);
	if (!t)
		return NULL;
	INIT_LIST_HEAD(&t->node);
	t->refs = 1;
	t->vol = s->vol;
	t->medium = s->vol->medium;
	t->type = type;
	t->lifetime = (unsigned long)timeout * HZ;
	t->nr = nr;
	t->first = U64_MAX;
	strscpy(t->iname, s->nexus->iname, sizeof(t->iname));
	for (i = 0; i < nr; i++) {
		t->ranges[i] = ranges[i];
		t->len += ranges[i].len;
		t->first = min(t->first, ranges[i].pos);
		t->end = max(t->end, ranges[i].pos + ranges[i].len);
	}
	fill_bytes(t, s);
	return t;
}

/* Who has too many loses the oldest of them. */
static void make_room(const char *iname)
{
	struct iet_rod_token *t, *oldest = NULL;
	unsigned int nr = 0;

	drop_expired();
	list_for_each_entry(t, &tokens, node) {
		if (strcmp(t->iname, iname))
			continue;
		oldest = oldest ?: t;
		nr++;
	}
	if (nr >= IET_ROD_TOKENS_OF_ONE)
		drop_locked(oldest);
}

/**
 * iet_rod_create() - make a token
 * @s: the command that asks for it
 * @type: ROD type, of those that have a token
 * @timeout: how long it may stay unused, seconds
 * @ranges: what it stands for, all of it on the medium of @s->vol
 * @nr: how many
 * @bytes: where to put the token, IET_ROD_TOKEN_LEN bytes
 * @gfp: for its memory
 *
 * Nobody writes to the ranges now: the caller has locked them.
 *
 * Context: process context; sleeps if @gfp allows it.
 *
 * Return: 0, -ENOMEM, -ENOSPC: there are too many, or -ENODEV: the unit is
 * being deleted
 */
int iet_rod_create(const struct iet_scmd *s, u32 type, u32 timeout,
		   const struct iet_rod_range *ranges, unsigned int nr,
		   u8 *bytes, gfp_t gfp)
{
	struct iet_rod_token *t;
	unsigned long flags;
	int err = 0;

	t = alloc_token(s, type, timeout, ranges, nr, gfp);
	if (!t)
		return -ENOMEM;
	spin_lock_irqsave(&lock, flags);
	make_room(t->iname);
	if (nr_tokens >= IET_ROD_TOKENS_MAX) {
		err = -ENOSPC;
	} else if (percpu_ref_is_dying(&s->vol->ref)) {
		err = -ENODEV; /* its tokens have been dropped */
	} else {
		put_unaligned_be64(++last_id, t->bytes + TOKEN_ID);
		memcpy(bytes, t->bytes, IET_ROD_TOKEN_LEN);
		t->expires = jiffies + t->lifetime;
		list_add_tail(&t->node, &tokens);
		count(t, 1);
	}
	if (err)
		put_locked(t);
	spin_unlock_irqrestore(&lock, flags);
	return err;
}

/* --- using one ------------------------------------------------------------ */

static u16 use(struct iet_rod_token *t, struct iet_volume **vol)
{
	if (time_after_eq(jiffies, t->expires)) {
		drop_locked(t);
		return IET_ASC_TOKEN_EXPIRED;
	}
	if (t->revoked)
		return IET_ASC_TOKEN_REVOKED;
	if (!percpu_ref_tryget_live(&t->vol->ref))
		return IET_ASC_TOKEN_UNKNOWN;
	*vol = t->vol;
	t->refs++;
	t->expires = jiffies + t->lifetime;
	return 0;
}

/**
 * iet_rod_find() - use a token
 * @bytes: the token, IET_ROD_TOKEN_LEN bytes
 * @token: set to the token; iet_rod_put() must follow
 * @vol: set to the unit it is of, with a reference
 *
 * Context: any.
 *
 * Return: 0, or an enum iet_asc that says what is wrong with it
 */
u16 iet_rod_find(const u8 *bytes, struct iet_rod_token **token,
		 struct iet_volume **vol)
{
	u16 asc = IET_ASC_TOKEN_UNKNOWN;
	struct iet_rod_token *t;
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	list_for_each_entry(t, &tokens, node) {
		/* as long for a good guess as for a bad one */
		if (memcmp(t->bytes + TOKEN_ID, bytes + TOKEN_ID, 8) ||
		    crypto_memneq(t->bytes, bytes, IET_ROD_TOKEN_LEN))
			continue;
		asc = use(t, vol);
		if (!asc)
			*token = t;
		break;
	}
	spin_unlock_irqrestore(&lock, flags);
	return asc;
}

/**
 * iet_rod_put() - a token is no longer used
 * @token: from iet_rod_find()
 *
 * Context: any.
 */
void iet_rod_put(struct iet_rod_token *token)
{
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	token->expires = jiffies + token->lifetime;
	put_locked(token);
	spin_unlock_irqrestore(&lock, flags);
}

/**
 * iet_rod_delete() - nobody is to find a token any more
 * @token: from iet_rod_find()
 *
 * Context: any.
 */
void iet_rod_delete(struct iet_rod_token *token)
{
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	drop_locked(token);
	spin_unlock_irqrestore(&lock, flags);
}

/**
 * iet_rod_revoked() - have the data of a token changed?
 * @token: from iet_rod_find()
 *
 * To be asked after they have been read, and before anything is done with
 * them: it is known before the first byte changes.
 *
 * Context: any.
 *
 * Return: true if they have, or may have
 */
bool iet_rod_revoked(const struct iet_rod_token *token)
{
	return READ_ONCE(token->revoked);
}

/* --- what ends them ------------------------------------------------------- */

static bool overlaps(const struct iet_rod_token *t, u64 first, u64 end)
{
	unsigned int i;

	if (first >= t->end || end <= t->first)
		return false;
	for (i = 0; i < t->nr; i++)
		if (first < t->ranges[i].pos + t->ranges[i].len &&
		    t->ranges[i].pos < end)
			return true;
	return false;
}

static u64 to_bytes(u64 blocks, u32 shift)
{
	return blocks > U64_MAX >> shift ? U64_MAX : blocks << shift;
}

/**
 * iet_rod_written_slow() - see iet_rod_written()
 * @vol: the unit
 * @first: first block
 * @end: the block after the last
 */
void iet_rod_written_slow(struct iet_volume *vol, u64 first, u64 end)
{
	struct iet_rod_token *t;
	unsigned long flags;

	first = to_bytes(first, vol->blk_shift);
	end = to_bytes(end, vol->blk_shift);
	spin_lock_irqsave(&lock, flags);
	drop_expired();
	list_for_each_entry(t, &tokens, node)
		if (t->medium == vol->medium && is_vulnerable(t) &&
		    overlaps(t, first, end))
			WRITE_ONCE(t->revoked, true);
	spin_unlock_irqrestore(&lock, flags);
}

/**
 * iet_rod_volume_gone() - a logical unit is being deleted
 * @vol: the unit, to which no new references are given any more
 *
 * Context: any.
 */
void iet_rod_volume_gone(struct iet_volume *vol)
{
	struct iet_rod_token *t, *next;
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	list_for_each_entry_safe(t, next, &tokens, node)
		if (t->vol == vol)
			drop_locked(t);
	spin_unlock_irqrestore(&lock, flags);
}
