// SPDX-License-Identifier: GPL-2.0-only
/*
 * PERSISTENT RESERVE OUT (SPC-4 6.16).
 *
 * One at a time for a logical unit.  It is carried out on a copy of the state
 * (pr_state.c).  If that is to survive a power cut, it is written first; then
 * it takes the place of the old one, the initiators are told, and the status
 * is sent.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <scsi/scsi_proto.h>

#include "compat.h"
#include "opcodes.h"
#include "pr_image.h"
#include "pr_nexus.h"
#include "pr_params.h"
#include "preempt.h"
#include "state.h"
#include "target.h"
#include "volume.h"

#define CDB2_SCOPE_SHIFT 4
#define CDB2_TYPE 0x0f

/**
 * struct pr_out - a command on its way
 * @s: the command
 * @wait_node: in reservation.waiting
 * @req: what it asks for
 * @next: the state that is to be
 * @save: its way to the state file
 * @preempt: abortion of the tasks of others
 */
struct pr_out {
	struct iet_scmd *s;
	struct list_head wait_node;
	struct iet_pr_req req;
	struct iet_pr next;
	struct iet_state_save save;
	struct iet_preempt preempt;
};

static struct iet_reservation *reservation(const struct pr_out *p)
{
	return &p->s->vol->reservation;
}

static void free_out(void *state)
{
	struct pr_out *p = state;

	iet_pr_regs_free(&p->req.own);
	iet_pr_regs_free(&p->req.others);
	iet_pr_regs_free(&p->req.gone);
	iet_pr_regs_free(&p->next.regs);
	kvfree(p->save.data);
}

static struct pr_out *new_out(struct iet_scmd *s, gfp_t gfp)
{
	struct pr_out *p = iet_scsi_state(s, sizeof(*p), free_out, gfp);

	if (!p)
		return NULL;
	p->s = s;
	p->req.action = s->op->sa;
	p->req.scope = s->cdb[2] >> CDB2_SCOPE_SHIFT;
	p->req.type = s->cdb[2] & CDB2_TYPE;
	p->req.port = s->nexus->initiator;
	p->req.target = s->nexus->target->name;
	INIT_LIST_HEAD(&p->wait_node);
	iet_pr_regs_init(&p->req.own);
	iet_pr_regs_init(&p->req.others);
	iet_pr_regs_init(&p->req.gone);
	iet_pr_regs_init(&p->next.regs);
	return p;
}

/* --- one at a time -------------------------------------------------------- */

static void granted(struct iet_scmd *s);

/* Returns true if it is the command's turn. */
static bool enter(struct pr_out *p)
{
	struct iet_reservation *r = reservation(p);
	unsigned long flags;
	bool now;

	spin_lock_irqsave(&r->lock, flags);
	now = !r->busy;
	r->busy = true;
	if (!now)
		list_add_tail(&p->wait_node, &r->waiting);
	spin_unlock_irqrestore(&r->lock, flags);
	return now;
}

static void leave(struct pr_out *p)
{
	struct iet_reservation *r = reservation(p);
	struct pr_out *next;
	unsigned long flags;

	spin_lock_irqsave(&r->lock, flags);
	next = list_first_entry_or_null(&r->waiting, struct pr_out, wait_node);
	if (next)
		list_del_init(&next->wait_node);
	else
		r->busy = false;
	spin_unlock_irqrestore(&r->lock, flags);
	if (next)
		iet_scsi_in_worker(next->s, granted);
}

/* --- the end -------------------------------------------------------------- */

/* The old state becomes @p->next, which is freed with the command. */
static void take_over(struct pr_out *p)
{
	struct iet_reservation *r = reservation(p);
	unsigned long flags;

	spin_lock_irqsave(&r->lock, flags);
	iet_pr_regs_swap(&r->pr.regs, &p->next.regs);
	r->pr.generation = p->next.generation;
	r->pr.type = p->next.type;
	WRITE_ONCE(r->pr.aptpl, p->next.aptpl);
	r->pr.holder = p->next.holder;
	iet_pr_nexus_follow(p->s->vol, &p->req);
	iet_reservation_changed(r);
	spin_unlock_irqrestore(&r->lock, flags);
}

static void aborted_others(struct iet_scmd *s)
{
	leave(s->state);
	iet_scsi_end(s, 0);
}

/* 0, or -EIOCBQUEUED: aborted_others() will be called */
static int commit(struct pr_out *p)
{
	take_over(p);
	if (p->req.action == IET_PR_PREEMPT_AND_ABORT) {
		p->preempt.s = p->s;
		p->preempt.gone = &p->req.gone;
		p->preempt.own = p->req.abort_own;
		p->preempt.done = aborted_others;
		iet_preempt(&p->preempt);
		return -EIOCBQUEUED;
	}
	leave(p);
	return 0;
}

static void saved(struct iet_state_save *save, int err)
{
	struct pr_out *p = container_of(save, struct pr_out, save);
	struct iet_scmd *s = p->s;

	if (err) {
		iet_scsi_refuse(s, ILLEGAL_REQUEST, IET_ASC_NO_REGISTRATIONS);
		leave(p);
	} else {
		save->data = NULL; /* the state file's now */
		if (commit(p) == -EIOCBQUEUED)
			return;
	}
	iet_scsi_end(s, 0);
}

/* --- carrying it out ------------------------------------------------------ */

static void set_status(struct iet_scmd *s, enum iet_pr_result result)
{
	switch (result) {
	case IET_PR_OK:
		break;
	case IET_PR_CONFLICT:
		s->status = SAM_STAT_RESERVATION_CONFLICT;
		break;
	case IET_PR_BAD_SCOPE:
		iet_scsi_invalid_field(s, 2, 7);
		break;
	case IET_PR_BAD_TYPE:
		iet_scsi_invalid_field(s, 2, 3);
		break;
	case IET_PR_NOTHING_TO_MOVE:
		iet_scsi_invalid_field(s, 1, 4);
		break;
	case IET_PR_BAD_SA_KEY:
		iet_scsi_invalid_param(s, 8, 7);
		break;
	case IET_PR_BAD_PORT:
		iet_scsi_invalid_param(s, IET_PR_LIST_HEADER, IET_WHOLE_FIELD);
		break;
	case IET_PR_BAD_SPEC:
		iet_scsi_invalid_param(s, 20, 3);
		break;
	case IET_PR_BAD_RELEASE:
		iet_scsi_refuse(s, ILLEGAL_REQUEST, IET_ASC_INVALID_RELEASE);
		break;
	case IET_PR_NO_ROOM:
		iet_scsi_refuse(s, ILLEGAL_REQUEST, IET_ASC_NO_REGISTRATIONS);
		break;
	}
}

/* 0: nothing is to be saved; 1: it is; -ENOMEM */
static int make_save(struct pr_out *p, gfp_t gfp)
{
	struct iet_state_save *save = &p->save;

	if (!p->next.aptpl && !reservation(p)->pr.aptpl)
		return 0;
	save->part = IET_STATE_PR;
	save->done = saved;
	save->len = iet_pr_image_size(&p->next);
	if (!save->len)
		return 1;
	save->data = gfpflags_allow_blocking(gfp) ? kvmalloc(save->len, gfp) :
						    kmalloc(save->len, gfp);
	if (!save->data)
		return -ENOMEM;
	iet_pr_image_make(&p->next, save->data);
	return 1;
}

/* As the handler of the command; it is the command's turn. */
static int carry_out(struct pr_out *p, gfp_t gfp)
{
	struct iet_reservation *r = reservation(p);
	enum iet_pr_result result = IET_PR_CONFLICT;
	int err = 0;

	/* in conflict even for who has reserved (SPC-2 5.5.1) */
	if (!READ_ONCE(r->legacy)) {
		err = iet_pr_copy(&p->next, &r->pr, gfp);
		if (!err)
			result = iet_pr_out(&p->next, &p->req);
	}
	if (!err && !result)
		err = make_save(p, gfp);
	if (err == 1) {
		iet_state_save(p->s->vol, &p->save);
		return -EIOCBQUEUED;
	}
	if (!err && !result)
		return commit(p);
	if (!err)
		set_status(p->s, result);
	leave(p);
	return err;
}

static void granted(struct iet_scmd *s)
{
	struct pr_out *p = s->state;
	int err;

	if (iet_scsi_stopped(s)) {
		leave(p);
		iet_scsi_end(s, 0);
		return;
	}
	err = carry_out(p, IET_GFP_WORKER);
	if (err != -EIOCBQUEUED)
		iet_scsi_end(s, err);
}

/**
 * iet_spc_pr_out() - PERSISTENT RESERVE OUT, SPC-4 6.16
 * @s: the command
 * @gfp: for registrations
 *
 * PREEMPT AND ABORT aborts the tasks of those that it keeps off; those that
 * have not begun end with RESERVATION CONFLICT.
 *
 * Return: see &struct iet_scsi_op
 */
int iet_spc_pr_out(struct iet_scmd *s, gfp_t gfp)
{
	struct pr_out *p = new_out(s, gfp);
	int err;

	if (!p)
		return -ENOMEM;
	err = iet_pr_params(s, &p->req, gfp);
	if (err)
		return err == -ENOMEM ? err : 0;
	return enter(p) ? carry_out(p, gfp) : -EIOCBQUEUED;
}
