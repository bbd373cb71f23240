// SPDX-License-Identifier: GPL-2.0-only
/*
 * QErr of the control mode page (SPC-4 7.5.8): CHECK CONDITION aborts the other
 * commands of the task set, or those of the same initiator.
 *
 * As with task management, a worker sends a message to each connection
 * concerned, whose thread aborts them; the response follows when all have
 * looked.  What a backend still holds is not waited for: see orphan.c.
 */
#include <linux/kernel.h>
#include <linux/slab.h>
#include <scsi/scsi_proto.h>

#include "cmnd.h"
#include "compat.h"
#include "conn.h"
#include "opcodes.h"
#include "sense.h"
#include "session.h"
#include "target.h"
#include "volume.h"

/**
 * struct qerr - commands are being aborted
 * @cmnd: the one that has ended with CHECK CONDITION
 * @looking: connections still to look, and whoever tells them
 *
 * Lifetime: iet_scmd.state of @cmnd.
 */
struct qerr {
	struct iet_cmnd *cmnd;
	atomic_t looking;
};

struct qerr_msg {
	struct iet_conn_msg msg;
	struct qerr *q;
};

static void put_looking(struct qerr *q)
{
	if (atomic_dec_and_test(&q->looking))
		iet_cmnd_done(q->cmnd);
}

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

/* In the connection's thread. */
static void take_message(struct iet_conn *conn, struct iet_conn_msg *msg)
{
	struct qerr_msg *m = container_of(msg, struct qerr_msg, msg);
	struct iet_cmnd *failed = m->q->cmnd, *cmnd, *next;

	list_for_each_entry_safe(cmnd, next, &conn->active, node) {
		if (!concerns(failed, cmnd))
			continue;
		if (&conn->session->nexus == failed->scmd.nexus)
			iet_cmnd_abort(cmnd, NULL);
		else
			abort_others(conn, failed->scmd.vol, cmnd);
	}
	put_looking(m->q);
	kfree(m);
}

/* Without memory for a message the connection ends, and its tasks with it. */
static void tell(struct iet_conn *conn, struct qerr *q)
{
	struct qerr_msg *m = kmalloc(sizeof(*m), GFP_NOIO);

	if (!m) {
		iet_conn_close(conn, IET_EVENT_ADMIN);
		return;
	}
	m->msg.fn = take_message;
	m->q = q;
	atomic_inc(&q->looking);
	iet_conn_tell(conn, &m->msg);
}

static bool has_unit(struct iet_target *target, const struct iet_volume *vol)
{
	struct iet_lun *lun;
	unsigned long i;

	xa_for_each(&target->luns, i, lun)
		if (lun->vol == vol)
			return true;
	return false;
}

static void tell_session(struct iet_session *session, struct qerr *q)
{
	struct iet_conn *conn;

	list_for_each_entry(conn, &session->conns, session_node)
		tell(conn, q);
}

static void tell_all(struct iet_session *own, struct qerr *q)
{
	struct iet_volume *vol = q->cmnd->scmd.vol;
	struct iet_session *session;
	struct iet_target *target;

	list_for_each_entry(target, &iet_targets, node) {
		if (!has_unit(target, vol))
			continue;
		list_for_each_entry(session, &target->sessions, target_node)
			if (session != own)
				tell_session(session, q);
	}
}

static void tell_work(struct work_struct *work)
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
	atomic_set(&q->looking, 1);
	mutex_lock(&iet_config_lock);
	tell_session(own, q);
	if (READ_ONCE(s->vol->mode.qerr) == IET_QERR_ALL &&
	    !READ_ONCE(s->vol->mode.tst))
		tell_all(own, q);
	mutex_unlock(&iet_config_lock);
	put_looking(q);
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
	INIT_WORK(&s->work, tell_work);
	queue_work(iet_wq, &s->work);
	return true;
}
