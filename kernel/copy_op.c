// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copy operations: see copy_op.h.
 *
 * One lock for the lists of all nexuses, since there are few operations and
 * each takes it a few times only.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <scsi/scsi_proto.h>

#include "compat.h"
#include "copy_engine.h"
#include "copy_op.h"
#include "cscd.h"
#include "opcodes.h"
#include "ready.h"
#include "rod_token.h"
#include "volume.h"

static DEFINE_SPINLOCK(lock);
static unsigned int nr_background;

static bool is_running(const struct iet_copy *c)
{
	return c->state == IET_COPY_FOREGROUND ||
	       c->state == IET_COPY_BACKGROUND;
}

static void put(struct iet_copy *c)
{
	if (!refcount_dec_and_test(&c->ref))
		return;
	kfree(c->token);
	kfree(c);
}

static void unlist(struct iet_copy *c)
{
	if (list_empty(&c->node))
		return;
	list_del_init(&c->node);
	put(c);
}

static struct iet_copy *find(const struct iet_nexus *nexus,
			     const struct iet_volume *mgr, u32 list_id)
{
	struct iet_copy *c;

	list_for_each_entry(c, &nexus->copies, node)
		if (c->mgr == mgr && c->tracked && c->list_id == list_id)
			return c;
	return NULL;
}

/* --- begin and end -------------------------------------------------------- */

/* Makes room for one; false: all that there may be are running. */
static bool make_room(const struct iet_nexus *nexus)
{
	struct iet_copy *c, *oldest = NULL;
	unsigned int nr = 0;

	list_for_each_entry(c, &nexus->copies, node) {
		if (!oldest && !is_running(c))
			oldest = c;
		nr++;
	}
	if (nr < IET_COPY_KEEP)
		return true;
	if (oldest)
		unlist(oldest);
	return oldest;
}

static bool enlist(struct iet_scmd *s, struct iet_copy *c)
{
	struct iet_copy *old;

	if (iet_scsi_lost(s))
		return false;
	old = c->tracked ? find(s->nexus, s->vol, c->list_id) : NULL;
	if (old && is_running(old)) {
		iet_scsi_refuse(s, ILLEGAL_REQUEST,
				IET_ASC_OPERATION_IN_PROGRESS);
		return false;
	}
	if (old)
		unlist(old);
	if (!make_room(s->nexus)) {
		s->status = SAM_STAT_TASK_SET_FULL;
		return false;
	}
	list_add_tail(&c->node, &s->nexus->copies);
	return true;
}

/**
 * iet_copy_begin() - a command begins a copy operation
 * @s: the command
 * @list_id: its LIST IDENTIFIER
 * @tracked: it has one; not with LIST ID USAGE 11b
 *
 * It runs in the foreground.  If that is refused, status and sense say why.
 *
 * Context: a worker.
 *
 * Return: the operation, for which iet_copy_end() must be called, or NULL
 */
struct iet_copy *iet_copy_begin(struct iet_scmd *s, u32 list_id, bool tracked)
{
	struct iet_copy *c = kzalloc(sizeof(*c), IET_GFP_WORKER);
	unsigned long flags;
	bool ok;

	if (!c) {
		s->status = SAM_STAT_TASK_SET_FULL;
		return NULL;
	}
	INIT_LIST_HEAD(&c->node);
	refcount_set(&c->ref, 2);
	c->mgr = s->vol;
	c->sa = s->op->sa;
	c->list_id = list_id;
	c->tracked = tracked;
	c->state = IET_COPY_FOREGROUND;
	c->cmd = s;
	c->nexus = s->nexus;
	strscpy(c->port, s->nexus->initiator, sizeof(c->port));
	strscpy(c->iname, s->nexus->iname, sizeof(c->iname));
	spin_lock_irqsave(&lock, flags);
	ok = enlist(s, c);
	spin_unlock_irqrestore(&lock, flags);
	if (!ok) {
		kfree(c);
		return NULL;
	}
	percpu_ref_get(&c->mgr->ref);
	return c;
}

/**
 * iet_copy_to_background() - let the command end before its operation does
 * @c: the operation, which has not begun to copy
 *
 * The command gets status GOOD.
 *
 * Context: a worker.
 *
 * Return: false: too many are in the background, or the command has been
 * aborted; it stays in the foreground
 */
bool iet_copy_to_background(struct iet_copy *c)
{
	struct iet_scmd *cmd = c->cmd;
	unsigned long flags;
	bool ok;

	spin_lock_irqsave(&lock, flags);
	ok = nr_background < IET_COPY_BACKGROUND_MAX &&
	     !READ_ONCE(cmd->aborted);
	if (ok) {
		nr_background++;
		c->state = IET_COPY_BACKGROUND;
		c->cmd = NULL;
	}
	spin_unlock_irqrestore(&lock, flags);
	if (ok)
		iet_scsi_end(cmd, 0);
	return ok;
}

static void end_command(struct iet_copy *c)
{
	struct iet_scmd *cmd = c->cmd;

	if (!cmd)
		return;
	if (!iet_scsi_stopped(cmd)) {
		cmd->status = c->status;
		cmd->sense_len = c->sense_len;
		memcpy(cmd->sense, c->sense, c->sense_len);
	}
	iet_scsi_end(cmd, 0);
}

static u8 end_state(const struct iet_copy *c)
{
	if (iet_copy_stopped(c))
		return IET_COPY_TERMINATED;
	return c->status ? IET_COPY_FAILED : IET_COPY_DONE;
}

/**
 * iet_copy_end() - an operation has ended
 * @c: the operation, with status and sense set; may be gone on return
 *
 * Context: a worker.
 */
void iet_copy_end(struct iet_copy *c)
{
	struct iet_scmd *waiter;
	unsigned long flags;

	if (c->free_priv)
		c->free_priv(c->priv);
	kfree(c->priv);
	c->priv = NULL;
	spin_lock_irqsave(&lock, flags);
	if (!c->cmd)
		nr_background--;
	c->state = end_state(c);
	c->job = NULL;
	if (!c->tracked)
		unlist(c);
	waiter = c->waiter;
	c->waiter = NULL;
	spin_unlock_irqrestore(&lock, flags);
	/* the last of it: what initiators see next is that it has ended */
	percpu_ref_put(&c->mgr->ref);
	end_command(c);
	if (waiter)
		iet_scsi_end(waiter, 0);
	put(c);
}

/* --- while it runs -------------------------------------------------------- */

/**
 * iet_copy_stopped() - is an operation not to go on?
 * @c: the operation
 *
 * Return: true if not
 */
bool iet_copy_stopped(const struct iet_copy *c)
{
	return READ_ONCE(c->aborted) || (c->cmd && READ_ONCE(c->cmd->aborted));
}

static bool is_gone(const struct iet_volume *vol)
{
	return percpu_ref_is_dying((struct percpu_ref *)&vol->ref);
}

static int check_unit(const struct iet_cscd *cscd, bool write)
{
	if (is_gone(cscd->vol) ||
	    READ_ONCE(cscd->vol->nr_resets) != cscd->nr_resets)
		return -ESHUTDOWN;
	if (READ_ONCE(cscd->vol->condition) != IET_READY)
		return -ENOMEDIUM;
	if (iet_reservation_denies(cscd->vol, cscd->nexus, cscd->port,
				   cscd->target, write))
		return -EACCES;
	return 0;
}

/**
 * iet_copy_check() - may an operation go on?
 * @c: the operation; @c->of_dst is set
 * @src: from where it copies, or NULL: that needs no leave
 * @dst: to where it copies
 *
 * Context: any.
 *
 * Return: 0; -ECANCELED: it has been aborted; -ESHUTDOWN: a unit is gone, or
 * has been reset; -ENOMEDIUM: it is not ready; -EACCES: a reservation keeps the
 * copy off
 */
int iet_copy_check(struct iet_copy *c, const struct iet_cscd *src,
		   const struct iet_cscd *dst)
{
	int err;

	if (iet_copy_stopped(c) || is_gone(c->mgr))
		return -ECANCELED;
	c->of_dst = true;
	err = check_unit(dst, true);
	if (err || !src)
		return err;
	c->of_dst = false;
	return check_unit(src, false);
}

/**
 * iet_copy_run() - begin to copy a range
 * @c: the operation
 * @job: the range, as for iet_copy_start(), but for its writer
 *
 * Context: any.
 */
void iet_copy_run(struct iet_copy *c, struct iet_copy_job *job)
{
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	c->job = job;
	job->writer.iname = c->iname;
	job->writer.cmd = c->cmd;
	job->writer.aborted = c->aborted;
	INIT_LIST_HEAD(&job->writer.node);
	spin_unlock_irqrestore(&lock, flags);
	iet_copy_start(job);
}

/**
 * iet_copy_ran() - a range has been copied, or as much of it as can be
 * @c: the operation; its job is the caller's again
 *
 * Context: any.
 */
void iet_copy_ran(struct iet_copy *c)
{
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	c->bytes += c->job->copied;
	c->job = NULL;
	spin_unlock_irqrestore(&lock, flags);
}

static void abort_locked(struct iet_copy *c)
{
	if (!is_running(c))
		return;
	WRITE_ONCE(c->aborted, true);
	if (c->job)
		WRITE_ONCE(c->job->writer.aborted, true);
}

/* --- what others ask ------------------------------------------------------ */

/**
 * iet_copy_running() - is an operation under way?
 * @view: the operation
 *
 * Return: true if it is
 */
bool iet_copy_running(const struct iet_copy_view *view)
{
	return view->state == IET_COPY_FOREGROUND ||
	       view->state == IET_COPY_BACKGROUND;
}

/**
 * iet_copy_look() - what has become of an operation
 * @s: a command of the same I_T_L nexus
 * @list_id: LIST IDENTIFIER
 * @view: to be set
 * @token: its ROD token goes here, if it has one; or NULL
 *
 * Context: any.
 *
 * Return: false: there is none
 */
bool iet_copy_look(const struct iet_scmd *s, u32 list_id,
		   struct iet_copy_view *view, u8 *token)
{
	struct iet_copy *c;
	unsigned long flags;

	memset(view, 0, sizeof(*view));
	spin_lock_irqsave(&lock, flags);
	c = find(s->nexus, s->vol, list_id);
	if (c) {
		view->sa = c->sa;
		view->state = c->state;
		view->bytes = READ_ONCE(c->bytes);
		if (c->job)
			view->bytes += READ_ONCE(c->job->copied);
		view->segments = READ_ONCE(c->segments);
	}
	if (c && !is_running(c)) {
		view->status = c->status;
		view->sense_len = c->sense_len;
		memcpy(view->sense, c->sense, c->sense_len);
		view->has_token = c->token;
		if (c->token && token)
			memcpy(token, c->token, IET_ROD_TOKEN_LEN);
	}
	spin_unlock_irqrestore(&lock, flags);
	return c;
}

/**
 * iet_spc_copy_abort() - COPY OPERATION ABORT, SPC-4 6.3
 * @s: the command
 * @gfp: unused
 *
 * Ends when the operation has ended, and nothing of it can land any more.
 *
 * Return: see &struct iet_scsi_op
 */
int iet_spc_copy_abort(struct iet_scmd *s, gfp_t gfp)
{
	u32 list_id = get_unaligned_be32(s->cdb + 2);
	int ret = -EIOCBQUEUED;
	struct iet_copy *c;
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	c = find(s->nexus, s->vol, list_id);
	if (!c || !is_running(c)) {
		iet_scsi_invalid_field(s, 2, 7);
		ret = 0;
	} else if (c->waiter) {
		s->status = SAM_STAT_BUSY;
		ret = 0;
	} else {
		c->waiter = s;
		abort_locked(c);
	}
	spin_unlock_irqrestore(&lock, flags);
	return ret;
}

/**
 * iet_copy_nexus_lost() - an I_T_L nexus has come to its end
 * @vol: the unit
 * @nexus: the I_T nexus
 *
 * Context: any.
 */
void iet_copy_nexus_lost(const struct iet_volume *vol, struct iet_nexus *nexus)
{
	struct iet_copy *c, *next;
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	list_for_each_entry_safe(c, next, &nexus->copies, node) {
		if (c->mgr != vol)
			continue;
		abort_locked(c);
		unlist(c);
	}
	spin_unlock_irqrestore(&lock, flags);
}

/**
 * iet_copy_reset() - a logical unit has been reset
 * @vol: the unit
 *
 * Ends what runs in the background, and, a step later, copies from or to the
 * unit whose command went to another one.
 *
 * Context: any.
 */
void iet_copy_reset(struct iet_volume *vol)
{
	struct iet_itl *itl;
	struct iet_copy *c;
	unsigned long flags;

	spin_lock_irqsave(&vol->lock, flags);
	WRITE_ONCE(vol->nr_resets, vol->nr_resets + 1);
	list_for_each_entry(itl, &vol->itls, vol_node) {
		spin_lock(&lock);
		list_for_each_entry(c, &itl->nexus->copies, node)
			if (c->mgr == vol && c->state == IET_COPY_BACKGROUND)
				abort_locked(c);
		spin_unlock(&lock);
	}
	spin_unlock_irqrestore(&vol->lock, flags);
}
