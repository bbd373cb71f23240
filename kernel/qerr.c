// SPDX-License-Identifier: GPL-2.0-only
/*
 * QErr of the control mode page (SPC-4 7.5.8): CHECK CONDITION aborts the other
 * commands of the task set, or those of the same initiator.
 *
 * As with task management, the thread of each connection concerned aborts
 * them; the response follows when all have looked.  What a backend still holds
 * is not waited for: see orphan.c.
 */
#include <linux/kernel.h>
#include <scsi/scsi_proto.h>

#include "cmnd.h"
#include "compat.h"
#include "conn.h"
#include "opcodes.h"
#include "sense.h"
#include "session.h"
#include "sweep.h"
#include "target.h"
#include "volume.h"

/**
 * struct qerr - commands are being aborted
 * @cmnd: the one that has ended with CHECK CONDITION
 * @sweep: the connections of whom it may abort commands
 *
 * Lifetime: iet_scmd.state of @cmnd.
 */
struct qerr {
	struct iet_cmnd *cmnd;
	struct iet_sweep sweep;
};

/* One that is being judged has its status, and is not aborted any more. */
static bool concerns(const struct iet_cmnd *failed, const struct iet_cmnd *cmnd)
{
	return iscsi_opcode(&cmnd->req) == ISCSI_OP_SCSI_CMD &&
	       (cmnd->state == IET_CMND_WAIT_DATA ||
		cmnd->state == IET_CMND_EXECUTING) &&
	       !cmnd->judged && cmnd->scmd.vol == failed->scmd.vol;
}

/* Those of another initiator, who is told. */
static void abort_others(struct iet_conn *conn, struct iet_volume *vol,
			 struct iet_cmnd *cmnd)
{
	struct iet_itl *itl;
	u8 lun[8];

	memcpy(lun, cmnd->req.lun, sizeof(lun));
	if (iet_cmnd_abort_by_other(cmnd, NULL, READ_ONCE(vol->mode.tas)))
		return;
	rcu_read_lock();
	itl = iet_nexus_itl(&conn->session->nexus, lun);
	if (itl && itl->lun->vol == vol)
		iet_ua_add(vol, itl, IET_ASC_COMMANDS_CLEARED);
	rcu_read_unlock();
}

static bool look(struct iet_sweep *sweep, struct iet_conn *conn)
{
	struct qerr *q = container_of(sweep, struct qerr, sweep);
	struct iet_cmnd *failed = q->cmnd, *cmnd, *next;

	list_for_each_entry_safe(cmnd, next, &conn->active, node) {
		if (!concerns(failed, cmnd))
			continue;
		if (&conn->session->nexus == failed->scmd.nexus)
			iet_cmnd_abort(cmnd, NULL);
		else
			abort_others(conn, failed->scmd.vol, cmnd);
	}
	return true;
}

/* Without memory for a message the connection ends, and its tasks with it. */
static void lost(struct iet_sweep *sweep, struct iet_conn *conn)
{
	iet_conn_close(conn, IET_EVENT_ADMIN);
}

static void done(struct iet_sweep *sweep)
{
	iet_cmnd_done(container_of(sweep, struct qerr, sweep)->cmnd);
}

static const struct iet_sweep_ops ops = {
	.look = look,
	.lost = lost,
	.done = done,
};

static void sweep_others(struct qerr *q, const struct iet_session *own)
{
	struct iet_volume *vol = q->cmnd->scmd.vol;
	struct iet_session *session;

	list_for_each_entry(session, &iet_sessions, all_node)
		if (session != own && iet_lun_of(vol, session->target))
			iet_sweep_session(&q->sweep, session);
}

static void sweep_work(struct work_struct *work)
{
	struct iet_scmd *s = container_of(work, struct iet_scmd, work);
	struct iet_cmnd *cmnd = container_of(s, struct iet_cmnd, scmd);
	struct iet_session *own =
		container_of(s->nexus, struct iet_session, nexus);
	struct qerr *q = iet_scsi_state(s, sizeof(*q), NULL, GFP_NOIO);

	if (!q) {
		iet_conn_close(cmnd->home, IET_EVENT_ADMIN);
		iet_cmnd_done(cmnd);
		return;
	}
	q->cmnd = cmnd;
	iet_sweep_begin(&q->sweep, &ops);
	mutex_lock(&iet_config_lock);
	iet_sweep_session(&q->sweep, own);
	if (READ_ONCE(s->vol->mode.qerr) == IET_QERR_ALL &&
	    !READ_ONCE(s->vol->mode.tst))
		sweep_others(q, own);
	mutex_unlock(&iet_config_lock);
	iet_sweep_end(&q->sweep);
}

/**
 * iet_qerr - a command has ended: does that abort others?
 * @cmnd: a SCSI command that is about to be answered
 *
 * Context: the connection's thread.
 * Return: true: it does; the command will be returned once more, and answered
 * then
 */
bool iet_qerr(struct iet_cmnd *cmnd)
{
	struct iet_scmd *s = &cmnd->scmd;

	if (likely(s->status != SAM_STAT_CHECK_CONDITION) || !s->vol ||
	    !READ_ONCE(s->vol->mode.qerr) || cmnd->judged)
		return false;
	cmnd->judged = true;
	cmnd->state = IET_CMND_EXECUTING;
	INIT_WORK(&s->work, sweep_work);
	queue_work(iet_wq, &s->work);
	return true;
}
