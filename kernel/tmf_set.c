// SPDX-License-Identifier: GPL-2.0-only
/*
 * Task management functions that wait (RFC 7143 4.2.3; SAM-5 7).
 *
 * A function may concern commands of any connection of the target, and only a
 * connection's thread may touch its commands: a worker asks each of them to
 * look, and the response is sent when all have and no backend holds an aborted
 * command any more.  Nobody else waits, and nothing polls: whatever the worker
 * waits for makes it run, and so does a deadline.
 *
 * A backend that hangs is not waited for: after a while the commands that it
 * still holds are alive again, and the function is rejected.  "Function
 * complete" would be a lie, since a write could land after it.
 */
#include <linux/kernel.h>
#include <linux/slab.h>

#include "aca.h"
#include "async.h"
#include "cmnd.h"
#include "compat.h"
#include "conn.h"
#include "copy_op.h"
#include "event.h"
#include "ping.h"
#include "ready.h"
#include "sense.h"
#include "session.h"
#include "sweep.h"
#include "target.h"
#include "tmf.h"
#include "volume.h"

/* from the request to the response, at most */
#define TMF_DEADLINE msecs_to_jiffies(1500)
/* how long the commands before it may take to arrive, of that */
#define ARRIVAL_DEADLINE msecs_to_jiffies(500)
/* how long an initiator may take to acknowledge, after that */
#define FENCE_DEADLINE msecs_to_jiffies(500)

static struct iet_session *own_session(const struct iet_tmf *tmf)
{
	return tmf->cmnd->conn->session;
}

/* --- references ----------------------------------------------------------- */

static void tmf_free(struct kref *ref)
{
	struct iet_tmf *tmf = container_of(ref, struct iet_tmf, ref);

	if (tmf->vol)
		percpu_ref_put(&tmf->vol->ref);
	kfree(tmf);
}

/* A queued @work has a reference, which it lets go of when it has run. */
static void run_now(struct iet_tmf *tmf)
{
	kref_get(&tmf->ref);
	if (mod_delayed_work(iet_wq, &tmf->work, 0))
		kref_put(&tmf->ref, tmf_free);
}

/* Not later than that: if it is to run now already, it will. */
static void run_in(struct iet_tmf *tmf, unsigned long delay)
{
	kref_get(&tmf->ref);
	if (!queue_delayed_work(iet_wq, &tmf->work, delay))
		kref_put(&tmf->ref, tmf_free);
}

/**
 * iet_tmf_get - there is one more command to wait for
 * @tmf: function in progress
 */
void iet_tmf_get(struct iet_tmf *tmf)
{
	kref_get(&tmf->ref);
	atomic_inc(&tmf->pending);
}

/**
 * iet_tmf_put - a command that was waited for has ended
 * @tmf: function in progress, or one that has been given up
 *
 * Context: any.
 */
void iet_tmf_put(struct iet_tmf *tmf)
{
	if (atomic_dec_and_test(&tmf->pending))
		run_now(tmf);
	kref_put(&tmf->ref, tmf_free);
}

/**
 * iet_tmf_fail - it can't be said of a function that all is done
 * @tmf: function in progress
 *
 * Context: any.
 */
void iet_tmf_fail(struct iet_tmf *tmf)
{
	WRITE_ONCE(tmf->response, ISCSI_TMF_RSP_REJECTED);
}

/* A sweep that runs has a reference. */
static void begin_sweep(struct iet_tmf *tmf, struct iet_sweep *sweep,
			const struct iet_sweep_ops *ops)
{
	kref_get(&tmf->ref);
	iet_sweep_begin(sweep, ops);
}

static void end_sweep(struct iet_tmf *tmf)
{
	run_now(tmf);
	kref_put(&tmf->ref, tmf_free);
}

/* in the session's thread, to which the list belongs */
static void forget_arrival(struct iet_tmf *tmf)
{
	if (list_empty(&tmf->arrival_node))
		return;
	list_del_init(&tmf->arrival_node);
	kref_put(&tmf->ref, tmf_free);
}

/**
 * iet_tmf_release - the command that carried the function ends
 * @cmnd: a command, which may have been no task management at all
 */
void iet_tmf_release(struct iet_cmnd *cmnd)
{
	if (!cmnd->tmf)
		return;
	forget_arrival(cmnd->tmf);
	kref_put(&cmnd->tmf->ref, tmf_free);
	cmnd->tmf = NULL;
}

/* --- in the connection's thread ------------------------------------------- */

/* Have all commands that were sent before it come? */
static bool has_arrived(const struct iet_tmf *tmf)
{
	return !iscsi_sn_before(READ_ONCE(own_session(tmf)->sn.exp),
				tmf->cmnd->cmd_sn);
}

/**
 * iet_tmf_arrivals - commands have come; does a function wait for them?
 * @session: the session
 *
 * Context: the session's thread.
 */
void iet_tmf_arrivals(struct iet_session *session)
{
	struct iet_tmf *tmf, *next;

	list_for_each_entry_safe(tmf, next, &session->arrivals, arrival_node) {
		if (!has_arrived(tmf))
			continue;
		run_now(tmf);
		forget_arrival(tmf);
	}
}

/**
 * iet_tmf_end - the connection is over that the function of a command came by
 * @cmnd: a command, which may be no task management at all
 *
 * What still waits for the commands before it, which may never come now, has
 * done nothing yet and does nothing any more: nobody could be told (SAM-5
 * 6.3.4), also if the session goes on, since no function can be reassigned (RFC
 * 7143 11.5.1).  What has begun goes on.
 *
 * Context: the connection's thread; does not sleep.
 */
void iet_tmf_end(struct iet_cmnd *cmnd)
{
	struct iet_tmf *tmf = cmnd->tmf;

	if (!tmf || list_empty(&tmf->arrival_node))
		return;
	WRITE_ONCE(tmf->ended, true);
	run_now(tmf);
	forget_arrival(tmf);
}

/*
 * What came after the function is none of its business.  CmdSN says so within
 * the session, where it is not in the order of arrival on one connection; for
 * other initiators all that is there counts.  An immediate command has the
 * CmdSN of the next one that is not: with the function's own, and on another
 * connection, nobody knows, and it is taken for one of before.
 */
static bool came_before(const struct iet_tmf *tmf, const struct iet_cmnd *cmnd)
{
	u32 sn = tmf->cmnd->cmd_sn;

	if (cmnd->conn->session != own_session(tmf))
		return true;
	if (cmnd->req.opcode & ISCSI_OP_IMMEDIATE &&
	    cmnd->conn != tmf->cmnd->conn)
		return !iscsi_sn_before(sn, cmnd->cmd_sn);
	return iscsi_sn_before(cmnd->cmd_sn, sn);
}

/*
 * A reset of a target is one of all its logical units, whatever target their
 * commands came by.
 */
static bool concerns_unit(const struct iet_tmf *tmf,
			  const struct iet_cmnd *cmnd)
{
	const struct iet_session *own = own_session(tmf);

	if (tmf->op->lun)
		return cmnd->scmd.vol == tmf->vol;
	return cmnd->conn->session->target == own->target ||
	       (cmnd->scmd.vol && iet_lun_of(cmnd->scmd.vol, own->target));
}

/*
 * Does the function concern this command?  One that somebody else has aborted
 * already may go on yet, unless this function waits for its end as well.
 */
static bool concerns(const struct iet_tmf *tmf, const struct iet_cmnd *cmnd)
{
	if (iscsi_opcode(&cmnd->req) != ISCSI_OP_SCSI_CMD ||
	    (cmnd->aborted &&
	     ((cmnd->doomed && !cmnd->tell) || tmf->op->query)))
		return false;
	switch (cmnd->state) {
	case IET_CMND_WAIT_DATA:
	case IET_CMND_EXECUTING:
		return concerns_unit(tmf, cmnd);
	case IET_CMND_PARKED:
		/* for a command that never comes, perhaps */
		return cmnd->conn->session == own_session(tmf) &&
		       (!tmf->op->lun ||
			!memcmp(cmnd->req.lun, tmf->cmnd->req.lun,
				sizeof(cmnd->req.lun)));
	default:
		return false;
	}
}

/*
 * Another initiator's command is aborted: a status or a unit attention is to
 * tell it of that.  That of a reset is there already, but a command that came
 * meanwhile may have taken it.
 */
static void abort_by_other(struct iet_tmf *tmf, struct iet_cmnd *cmnd)
{
	struct iet_nexus *nexus = &cmnd->conn->session->nexus;
	struct iet_itl *itl;
	u16 asc = tmf->op->ua;
	u8 lun[8];

	memcpy(lun, cmnd->req.lun, sizeof(lun));
	/* a reset of another target has reset the unit, and nothing else */
	if (!tmf->op->lun &&
	    cmnd->conn->session->target != own_session(tmf)->target)
		asc = IET_ASC_LUN_RESET;
	if (!iet_cmnd_abort_by_other(cmnd, tmf, tmf->tas) && !asc)
		asc = tmf->op->ua_cleared;
	if (!asc)
		return;
	rcu_read_lock();
	itl = iet_nexus_itl(nexus, lun);
	if (itl)
		iet_ua_add(itl->lun->vol, itl, asc);
	rcu_read_unlock();
}

/* Does the initiator learn by this function that a command ends? */
static bool is_terminated(const struct iet_tmf *tmf,
			  const struct iet_cmnd *cmnd)
{
	return !cmnd->aborted && came_before(tmf, cmnd) && concerns(tmf, cmnd);
}

/* Is there a command for the same unit before this one? */
static bool unit_seen(const struct iet_tmf *tmf, struct iet_conn *conn,
		      const struct iet_cmnd *last)
{
	const struct iet_cmnd *cmnd;

	list_for_each_entry(cmnd, &conn->active, node) {
		if (cmnd == last)
			return false;
		if (is_terminated(tmf, cmnd) &&
		    !memcmp(cmnd->req.lun, last->req.lun,
			    sizeof(last->req.lun)))
			return true;
	}
	return false;
}

/*
 * With FastAbort an initiator may stop sending data for what is aborted, once
 * it has been told (4.2.3.4): on all connections but that of the function.
 * Nothing waits for its acknowledgement: the tags of aborted commands are
 * not used for others soon, and late data is thrown away.
 */
static void tell_of_termination(const struct iet_tmf *tmf,
				struct iet_conn *conn)
{
	struct iet_cmnd *cmnd;

	if (tmf->op->query || conn == tmf->cmnd->conn ||
	    conn->session->keys[IET_K_TASK_REPORTING] != IET_TASK_FAST_ABORT)
		return;
	list_for_each_entry(cmnd, &conn->active, node) {
		if (is_terminated(tmf, cmnd) && !unit_seen(tmf, conn, cmnd))
			iet_async_terminated(conn, cmnd->req.lun);
	}
}

static void look_at(struct iet_tmf *tmf, struct iet_cmnd *cmnd)
{
	if (!concerns(tmf, cmnd))
		return;
	if (tmf->op->query)
		WRITE_ONCE(tmf->found, true);
	else if (cmnd->conn->session == own_session(tmf))
		iet_cmnd_abort(cmnd, tmf);
	else
		abort_by_other(tmf, cmnd);
}

static bool look(struct iet_sweep *sweep, struct iet_conn *conn)
{
	struct iet_tmf *tmf = container_of(sweep, struct iet_tmf, sweep);
	/* on the function's own connection the order of arrival counts, too */
	bool first = conn == tmf->cmnd->conn;
	struct iet_cmnd *cmnd, *next;

	tell_of_termination(tmf, conn);
	list_for_each_entry_safe(cmnd, next, &conn->active, node) {
		if (cmnd == tmf->cmnd)
			first = false;
		else if (first || came_before(tmf, cmnd))
			look_at(tmf, cmnd);
	}
	return true;
}

/* Without memory to ask somebody it can't be said that all is done. */
static void lost(struct iet_sweep *sweep, struct iet_conn *conn)
{
	iet_tmf_fail(container_of(sweep, struct iet_tmf, sweep));
}

static void looked(struct iet_sweep *sweep)
{
	end_sweep(container_of(sweep, struct iet_tmf, sweep));
}

static const struct iet_sweep_ops abort_ops = {
	.look = look,
	.lost = lost,
	.done = looked,
};

/* What a backend still holds is to go on instead. */
static bool revive(struct iet_sweep *sweep, struct iet_conn *conn)
{
	struct iet_tmf *tmf = container_of(sweep, struct iet_tmf, revival);
	struct iet_cmnd *cmnd, *next;

	list_for_each_entry_safe(cmnd, next, &conn->active, node)
		if (cmnd != tmf->cmnd)
			iet_cmnd_revive(cmnd, tmf);
	return true;
}

/* It stays aborted. */
static void not_revived(struct iet_sweep *sweep, struct iet_conn *conn)
{
}

static void revived(struct iet_sweep *sweep)
{
	end_sweep(container_of(sweep, struct iet_tmf, revival));
}

static const struct iet_sweep_ops revive_ops = {
	.look = revive,
	.lost = not_revived,
	.done = revived,
};

/* --- in a worker ---------------------------------------------------------- */

/*
 * Other I_T nexuses have task sets of their own if TST says so: then CLEAR TASK
 * SET is not about theirs (SAM-5 7.5).
 */
static bool is_for_all(const struct iet_tmf *tmf)
{
	return tmf->op->all_sessions &&
	       !(tmf->op->ua_cleared && READ_ONCE(tmf->vol->mode.tst));
}

/* A volume may be mapped into several targets: look at all of them. */
static void sweep_sessions(struct iet_tmf *tmf, struct iet_sweep *sweep)
{
	struct iet_session *session;

	if (!is_for_all(tmf)) {
		iet_sweep_session(sweep, own_session(tmf));
		return;
	}
	list_for_each_entry(session, &iet_sessions, all_node)
		iet_sweep_session(sweep, session);
}

static void reset_volume(struct iet_volume *vol)
{
	iet_copy_reset(vol);
	iet_reservation_reset(vol);
	iet_mode_reset(vol);
	iet_ready_reset(vol, NULL);
}

static void reset_target(struct iet_target *target, u16 asc)
{
	struct iet_session *session;
	struct iet_lun *lun;
	unsigned long i;

	xa_for_each(&target->luns, i, lun) {
		iet_ua_volume(lun->vol, IET_ASC_LUN_RESET, NULL);
		reset_volume(lun->vol);
	}
	/* which takes the place of the other */
	list_for_each_entry(session, &target->sessions, target_node)
		iet_ua_nexus(&session->nexus, asc);
}

/* SAM-5 6.3.4 */
static void lose_nexus(struct iet_nexus *nexus)
{
	struct iet_itl *itl;
	unsigned long i;

	xa_for_each(&nexus->itls, i, itl) {
		iet_reservation_nexus_lost(itl->lun->vol, nexus);
		iet_ready_reset(itl->lun->vol, nexus);
	}
	iet_ua_nexus(nexus, IET_ASC_NEXUS_LOSS);
}

/* What the function does beside the aborting. */
static void side_effects(struct iet_tmf *tmf)
{
	struct iet_session *own = own_session(tmf);

	if (tmf->op->nexus_loss)
		lose_nexus(&own->nexus);
	if (!tmf->op->ua)
		return;
	if (tmf->op->lun) {
		iet_ua_volume(tmf->vol, tmf->op->ua, NULL);
		reset_volume(tmf->vol);
	} else {
		reset_target(own->target, tmf->op->ua);
	}
}

/*
 * ACA conditions end when what they hold has been aborted: not before, or it
 * would go on.
 */
static void end_conditions(struct iet_tmf *tmf)
{
	struct iet_session *own = own_session(tmf);
	struct iet_lun *lun;
	struct iet_itl *itl;
	unsigned long i;

	tmf->settled = true;
	if (tmf->op->nexus_loss)
		xa_for_each(&own->nexus.itls, i, itl)
			iet_aca_clear(itl->lun->vol, &own->nexus);
	if (!tmf->op->ua)
		return;
	if (tmf->op->lun)
		iet_aca_clear(tmf->vol, NULL);
	else
		xa_for_each(&own->target->luns, i, lun)
			iet_aca_clear(lun->vol, NULL);
}

/* Aborted writes of connections that have ended, at one of the units. */
static struct iet_volume *old_writes(const struct iet_tmf *tmf)
{
	struct iet_lun *lun;
	unsigned long i;

	if (!is_for_all(tmf))
		return NULL;
	if (tmf->op->lun)
		return READ_ONCE(tmf->vol->orphans->nr) ? tmf->vol : NULL;
	xa_for_each(&own_session(tmf)->target->luns, i, lun) {
		if (READ_ONCE(lun->vol->orphans->nr))
			return lun->vol;
	}
	return NULL;
}

static void old_writes_back(struct iet_orphan_wait *wait)
{
	run_now(container_of(wait, struct iet_tmf, wait));
}

static void unwait(struct iet_tmf *tmf)
{
	if (!tmf->waits_at)
		return;
	iet_orphan_unwait(tmf->waits_at, &tmf->wait);
	percpu_ref_put(&tmf->waits_at->ref);
	tmf->waits_at = NULL;
	kref_put(&tmf->ref, tmf_free);
}

/* Be told when they are back; where there are others, one after the other. */
static bool wait_for_old_writes(struct iet_tmf *tmf)
{
	struct iet_volume *vol = old_writes(tmf);

	if (!vol)
		return false;
	percpu_ref_get(&vol->ref);
	kref_get(&tmf->ref);
	tmf->waits_at = vol;
	tmf->wait.all_back = old_writes_back;
	iet_orphan_wait(vol, &tmf->wait);
	return true;
}

/* TARGET COLD RESET (11.5.1); the requester has its response first. */
static void end_sessions(struct iet_tmf *tmf)
{
	struct iet_session *own = own_session(tmf), *session, *next;
	struct iet_conn *conn;

	list_for_each_entry_safe(session, next, &own->target->sessions,
				 target_node) {
		if (session != own)
			iet_session_close(session, IET_EVENT_RESET);
	}
	list_for_each_entry(conn, &own->conns, session_node) {
		if (conn != tmf->cmnd->conn)
			iet_conn_close(conn, IET_EVENT_RESET);
	}
}

static void finish(struct iet_tmf *tmf)
{
	if (tmf->op->query && tmf->found)
		tmf->response = ISCSI_TMF_RSP_SUCCEEDED;
	if (tmf->op->end_sessions && tmf->response == ISCSI_TMF_RSP_COMPLETE)
		end_sessions(tmf);
	WRITE_ONCE(tmf->phase, IET_TMF_DONE);
	tmf->cmnd->response = tmf->response;
	iet_cmnd_done(tmf->cmnd);
}

static bool is_over(const struct iet_tmf *tmf, unsigned long time)
{
	return time_after_eq(jiffies, tmf->start + time);
}

/* Run again when this much time has passed since the start. */
static void run_at(struct iet_tmf *tmf, unsigned long time)
{
	long left = tmf->start + time - jiffies;

	/* it may have passed since somebody looked */
	run_in(tmf, max(left, 1L));
}

/* --- Response Fence (4.2.2.3.3) ------------------------------------------- */

/* One that is closing sends nothing that the initiator could see too late. */
static bool has_acked(const struct iet_conn *conn)
{
	return READ_ONCE(conn->state) == IET_CONN_CLOSING ||
	       !iscsi_sn_before(READ_ONCE(conn->exp_stat_sn),
				READ_ONCE(conn->fence_sn));
}

static void set_fence(struct iet_sweep *sweep, struct iet_conn *conn)
{
	WRITE_ONCE(conn->fence_sn, iet_tx_next_stat_sn(conn));
}

/* A ping makes the initiator acknowledge what it has seen. */
static bool look_at_fence(struct iet_sweep *sweep, struct iet_conn *conn)
{
	struct iet_tmf *tmf = container_of(sweep, struct iet_tmf, fence);

	if (READ_ONCE(tmf->phase) == IET_TMF_DONE || has_acked(conn))
		return true;
	if (!conn->ping.waiting)
		iet_ping_send(conn);
	return false;
}

/* what the initiator has not seen is lost with it */
static void fence_lost(struct iet_sweep *sweep, struct iet_conn *conn)
{
	iet_conn_close(conn, IET_EVENT_TIMEOUT);
}

static void fence_passed(struct iet_sweep *sweep)
{
	end_sweep(container_of(sweep, struct iet_tmf, fence));
}

static const struct iet_sweep_ops fence_ops = {
	.arrive = set_fence,
	.look = look_at_fence,
	.lost = fence_lost,
	.done = fence_passed,
};

/*
 * What has been answered on the session's other connections must not be seen
 * after the function's own response.
 */
static void raise_fence(struct iet_tmf *tmf)
{
	struct iet_session *own = own_session(tmf);
	struct iet_conn *conn;

	if (own->keys[IET_K_TASK_REPORTING] == IET_TASK_RFC3720 ||
	    tmf->response != ISCSI_TMF_RSP_COMPLETE || own->nr_conns < 2) {
		finish(tmf);
		return;
	}
	tmf->phase = IET_TMF_FENCE;
	tmf->start = jiffies;
	begin_sweep(tmf, &tmf->fence, &fence_ops);
	list_for_each_entry(conn, &own->conns, session_node) {
		if (conn != tmf->cmnd->conn)
			iet_sweep_conn(&tmf->fence, conn);
	}
	iet_sweep_end(&tmf->fence);
	run_at(tmf, FENCE_DEADLINE);
}

static void wait_for_acks(struct iet_tmf *tmf)
{
	struct iet_conn *conn;

	if (!iet_sweep_runs(&tmf->fence)) {
		finish(tmf);
	} else if (!is_over(tmf, FENCE_DEADLINE)) {
		run_at(tmf, FENCE_DEADLINE);
	} else {
		list_for_each_entry(conn, &own_session(tmf)->conns,
				    session_node) {
			if (conn != tmf->cmnd->conn && !has_acked(conn))
				iet_conn_close(conn, IET_EVENT_TIMEOUT);
		}
		finish(tmf);
	}
}

/* --- the phases ----------------------------------------------------------- */

/*
 * A function that is immediate overtakes commands that were sent before it, on
 * other connections, or that come again after an error (4.2.3.3).
 */
static void wait_for_arrival(struct iet_tmf *tmf)
{
	if (READ_ONCE(tmf->ended)) {
		tmf->response = ISCSI_TMF_RSP_REJECTED;
		finish(tmf);
		return;
	}
	/* iet_tmf_arrivals() makes it sooner */
	if (!has_arrived(tmf) && !is_over(tmf, ARRIVAL_DEADLINE)) {
		run_at(tmf, ARRIVAL_DEADLINE);
		return;
	}
	tmf->phase = IET_TMF_WAIT;
	/* a reset changes it; that of a target says nothing but its UA */
	tmf->tas = tmf->op->lun && READ_ONCE(tmf->vol->mode.tas);
	side_effects(tmf);
	begin_sweep(tmf, &tmf->sweep, &abort_ops);
	sweep_sessions(tmf, &tmf->sweep);
	iet_sweep_end(&tmf->sweep);
}

static void give_up(struct iet_tmf *tmf)
{
	tmf->phase = IET_TMF_GIVE_UP;
	tmf->response = ISCSI_TMF_RSP_REJECTED;
	begin_sweep(tmf, &tmf->revival, &revive_ops);
	sweep_sessions(tmf, &tmf->revival);
	iet_sweep_end(&tmf->revival);
}

/* The last that comes back runs this at once. */
static void wait_for_backends(struct iet_tmf *tmf)
{
	bool waits = iet_sweep_runs(&tmf->sweep) || atomic_read(&tmf->pending);

	if (!tmf->settled && !iet_sweep_runs(&tmf->sweep))
		end_conditions(tmf);
	if (!waits && !old_writes(tmf))
		raise_fence(tmf);
	else if (is_over(tmf, TMF_DEADLINE))
		give_up(tmf);
	else if (waits || wait_for_old_writes(tmf))
		run_at(tmf, TMF_DEADLINE);
	else
		run_now(tmf);
}

/* What belongs to a connection that is gone stays an orphan. */
static void wait_for_revival(struct iet_tmf *tmf)
{
	if (iet_sweep_runs(&tmf->sweep) || iet_sweep_runs(&tmf->revival))
		return;
	if (!tmf->settled)
		end_conditions(tmf);
	finish(tmf);
}

static void tmf_work(struct work_struct *work)
{
	struct iet_tmf *tmf =
		container_of(to_delayed_work(work), struct iet_tmf, work);

	mutex_lock(&iet_config_lock);
	unwait(tmf);
	switch (tmf->phase) {
	case IET_TMF_ARRIVAL:
		wait_for_arrival(tmf);
		break;
	case IET_TMF_WAIT:
		wait_for_backends(tmf);
		break;
	case IET_TMF_GIVE_UP:
		wait_for_revival(tmf);
		break;
	case IET_TMF_FENCE:
		wait_for_acks(tmf);
		break;
	case IET_TMF_DONE:
		break;
	}
	mutex_unlock(&iet_config_lock);
	kref_put(&tmf->ref, tmf_free);
}

/**
 * iet_tmf_begin - set up a function that has to wait
 * @cmnd: the request; iet_cmnd_done() will be called for it
 * @op: its row of the table
 * @phase: %IET_TMF_ARRIVAL, or %IET_TMF_WAIT if the caller does the aborting
 *
 * Context: the connection's thread; does not sleep.
 * Return: the function, for iet_tmf_go(), or NULL if there is no memory, or the
 * unit is just being deleted
 */
struct iet_tmf *iet_tmf_begin(struct iet_cmnd *cmnd,
			      const struct iet_tmf_op *op,
			      enum iet_tmf_phase phase)
{
	struct iet_tmf *tmf = kzalloc(sizeof(*tmf), GFP_NOWAIT | __GFP_NOWARN);

	if (!tmf)
		return NULL;
	kref_init(&tmf->ref);
	tmf->cmnd = cmnd;
	tmf->op = op;
	tmf->phase = phase;
	tmf->start = jiffies;
	tmf->response = ISCSI_TMF_RSP_COMPLETE;
	if (op->lun) {
		tmf->vol = iet_nexus_get_volume(&cmnd->conn->session->nexus,
						cmnd->req.lun);
		if (!tmf->vol) {
			kfree(tmf);
			return NULL;
		}
	}
	INIT_DELAYED_WORK(&tmf->work, tmf_work);
	INIT_LIST_HEAD(&tmf->arrival_node);
	if (phase == IET_TMF_ARRIVAL && !has_arrived(tmf)) {
		kref_get(&tmf->ref);
		list_add_tail(&tmf->arrival_node,
			      &cmnd->conn->session->arrivals);
	}
	cmnd->tmf = tmf;
	cmnd->state = IET_CMND_EXECUTING;
	return tmf;
}

/**
 * iet_tmf_go - from now on a function may end
 * @tmf: the function
 *
 * Context: the connection's thread; does not sleep.
 */
void iet_tmf_go(struct iet_tmf *tmf)
{
	run_now(tmf);
}
