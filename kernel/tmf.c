// SPDX-License-Identifier: GPL-2.0-only
/*
 * Task management (RFC 7143 11.5, RFC 7144, SAM-5 7): the table of
 * functions.
 *
 * What is about one command of the same session, or about none, is done here.
 * What is about many, and all that waits for a backend, is in tmf_set.c.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "aca.h"
#include "cmnd.h"
#include "compat.h"
#include "conn.h"
#include "recovery.h"
#include "sense.h"
#include "session.h"
#include "target.h"
#include "tmf.h"
#include "trace.h"
#include "volume.h"

static void answer(struct iet_cmnd *cmnd, u8 response)
{
	cmnd->response = response;
	iet_conn_queue(cmnd->conn, cmnd);
}

static const struct iscsi_tmf_hdr *request(const struct iet_cmnd *cmnd)
{
	return (const void *)&cmnd->req;
}

/*
 * The command that a function names, if there is such a one.  All connections
 * of the session have one thread.
 */
static struct iet_cmnd *find_task(struct iet_cmnd *cmnd)
{
	const struct iscsi_tmf_hdr *hdr = request(cmnd);
	struct iet_cmnd *task = iet_cmnd_find_any(cmnd->conn, hdr->ref_itt);

	if (!task || iscsi_opcode(&task->req) != ISCSI_OP_SCSI_CMD ||
	    memcmp(task->req.lun, hdr->lun, sizeof(hdr->lun)))
		return NULL;
	return task;
}

/*
 * Has another function aborted it, which may yet let it go on?  It can't be
 * found by its tag any more.
 */
static struct iet_cmnd *find_aborted(struct iet_cmnd *cmnd)
{
	const struct iscsi_tmf_hdr *hdr = request(cmnd);
	struct iet_conn *conn;
	struct iet_cmnd *task;

	list_for_each_entry(conn, &cmnd->conn->session->members, member_node) {
		list_for_each_entry(task, &conn->active, node) {
			if (iet_cmnd_is_scsi(task) && task->aborted &&
			    !task->doomed &&
			    task->state == IET_CMND_EXECUTING &&
			    task->itt == hdr->ref_itt &&
			    !memcmp(task->req.lun, hdr->lun, sizeof(hdr->lun)))
				return task;
		}
	}
	return NULL;
}

/* A task that does not exist: it is over, or its request did not arrive. */
static u8 abort_missing(struct iet_cmnd *cmnd)
{
	u32 ref = be32_to_cpu(request(cmnd)->ref_cmd_sn);

	/* that of an immediate task is the function's own (11.5.5) */
	if (!iscsi_sn_before(ref, cmnd->cmd_sn))
		return ISCSI_TMF_RSP_NO_TASK;
	switch (iet_cmnd_plug(cmnd->conn, ref)) {
	case 0:
		return ISCSI_TMF_RSP_COMPLETE;
	case -ENOENT:
		return ISCSI_TMF_RSP_NO_TASK;
	default:
		return ISCSI_TMF_RSP_REJECTED;
	}
}

/*
 * A response that is on its way is sent before ours, which then says that the
 * task does not exist (11.6.1).
 */
static void abort_task(struct iet_cmnd *cmnd)
{
	struct iet_cmnd *task = find_task(cmnd);
	struct iet_tmf *tmf;

	if (!task)
		task = find_aborted(cmnd);
	if (!task && !iet_cmnd_find_any(cmnd->conn, request(cmnd)->ref_itt)) {
		answer(cmnd, abort_missing(cmnd));
		return;
	}
	if (!task || task->state >= IET_CMND_SENDING) {
		answer(cmnd, ISCSI_TMF_RSP_NO_TASK);
		return;
	}
	tmf = iet_tmf_begin(cmnd, cmnd->tmf_op, IET_TMF_WAIT);
	if (!tmf) {
		answer(cmnd, ISCSI_TMF_RSP_REJECTED);
		return;
	}
	iet_cmnd_abort(task, tmf);
	iet_tmf_go(tmf);
}

/* The task set is searched: what is not in it has ended, or has not come. */
static void query_task(struct iet_cmnd *cmnd)
{
	const struct iet_cmnd *task = find_task(cmnd);

	if (task && task->state < IET_CMND_SENDING)
		answer(cmnd, ISCSI_TMF_RSP_SUCCEEDED);
	else
		answer(cmnd, ISCSI_TMF_RSP_COMPLETE);
}

/* AdditionalResponseInformation of QUERY ASYNCHRONOUS EVENT (SAM-5 7.9) */
#define UADE_ONE 0x10
#define UADE_MORE 0x20
#define SENSE_KEY_UA 0x06

static void query_async_event(struct iet_cmnd *cmnd)
{
	struct iet_itl *itl;
	u16 asc = 0;
	u8 nr = 0;

	rcu_read_lock();
	itl = iet_nexus_itl(&cmnd->conn->session->nexus, request(cmnd)->lun);
	if (itl) {
		asc = iet_ua_peek(itl->lun->vol, itl);
		nr = READ_ONCE(itl->nr_ua);
	}
	rcu_read_unlock();
	if (!asc) {
		answer(cmnd, ISCSI_TMF_RSP_COMPLETE);
		return;
	}
	cmnd->tmf_info[0] = (nr > 1 ? UADE_MORE : UADE_ONE) | SENSE_KEY_UA;
	cmnd->tmf_info[1] = asc >> 8;
	cmnd->tmf_info[2] = asc;
	answer(cmnd, ISCSI_TMF_RSP_SUCCEEDED);
}

/* The command that was let in while the condition lasts, or NULL. */
static struct iet_cmnd *find_aca_task(struct iet_cmnd *cmnd,
				      const struct iet_volume *vol)
{
	struct iet_conn *conn;
	struct iet_cmnd *task;

	list_for_each_entry(conn, &cmnd->conn->session->members, member_node) {
		list_for_each_entry(task, &conn->active, node) {
			if (iscsi_opcode(&task->req) == ISCSI_OP_SCSI_CMD &&
			    (task->state == IET_CMND_WAIT_DATA ||
			     task->state == IET_CMND_EXECUTING) &&
			    task->scmd.vol == vol &&
			    iet_aca_is_let_in(&task->scmd))
				return task;
		}
	}
	return NULL;
}

/* The condition ends, and the command that it has let in (SAM-5 7.4). */
static void clear_aca(struct iet_cmnd *cmnd)
{
	struct iet_tmf *tmf = iet_tmf_begin(cmnd, cmnd->tmf_op, IET_TMF_WAIT);
	struct iet_cmnd *task;

	if (!tmf) {
		answer(cmnd, ISCSI_TMF_RSP_REJECTED);
		return;
	}
	task = find_aca_task(cmnd, tmf->vol);
	if (task)
		iet_cmnd_abort(task, tmf);
	iet_aca_clear(tmf->vol, &cmnd->conn->session->nexus);
	iet_tmf_go(tmf);
}

static void many_tasks(struct iet_cmnd *cmnd)
{
	struct iet_tmf *tmf =
		iet_tmf_begin(cmnd, cmnd->tmf_op, IET_TMF_ARRIVAL);

	if (tmf)
		iet_tmf_go(tmf);
	else
		answer(cmnd, ISCSI_TMF_RSP_REJECTED);
}

static const struct iet_tmf_op tmf_ops[] = {
	[ISCSI_TMF_ABORT_TASK] = {
		.start = abort_task,
		.report_mask = 0x80,
		.lun = true,
	},
	[ISCSI_TMF_ABORT_TASK_SET] = {
		.start = many_tasks,
		.report_mask = 0x40,
		.lun = true,
	},
	[ISCSI_TMF_CLEAR_ACA] = {
		.start = clear_aca,
		.report_mask = 0x20,
		.lun = true,
	},
	[ISCSI_TMF_CLEAR_TASK_SET] = {
		.start = many_tasks,
		.report_mask = 0x10,
		.lun = true,
		.all_sessions = true,
		.ua_cleared = IET_ASC_COMMANDS_CLEARED,
	},
	[ISCSI_TMF_LOGICAL_UNIT_RESET] = {
		.start = many_tasks,
		.report_mask = 0x08,
		.lun = true,
		.all_sessions = true,
		.ua = IET_ASC_LUN_RESET,
	},
	[ISCSI_TMF_TARGET_WARM_RESET] = {
		.start = many_tasks,
		.report_mask = 0x02,
		.all_sessions = true,
		.ua = IET_ASC_BUS_RESET,
	},
	[ISCSI_TMF_TARGET_COLD_RESET] = {
		.start = many_tasks,
		.report_mask = 0x02,
		.all_sessions = true,
		.end_sessions = true,
		.ua = IET_ASC_BUS_RESET,
	},
	[ISCSI_TMF_QUERY_TASK] = {
		.start = query_task,
		.level = 2,
		.report_mask = 0x04,
		.lun = true,
	},
	[ISCSI_TMF_QUERY_TASK_SET] = {
		.start = many_tasks,
		.level = 2,
		.report_byte = 1,
		.report_mask = 0x02,
		.lun = true,
		.query = true,
	},
	[ISCSI_TMF_I_T_NEXUS_RESET] = {
		.start = many_tasks,
		.level = 2,
		.report_byte = 1,
		.report_mask = 0x01,
		.nexus_loss = true,
	},
	[ISCSI_TMF_QUERY_ASYNC_EVENT] = {
		.start = query_async_event,
		.level = 2,
		.report_byte = 1,
		.report_mask = 0x04,
		.lun = true,
	},
};

static const struct iet_tmf_op *find_op(u8 function, u32 level)
{
	if (function >= ARRAY_SIZE(tmf_ops) || !tmf_ops[function].start ||
	    tmf_ops[function].level > level)
		return NULL;
	return &tmf_ops[function];
}

/**
 * iet_tmf_supported - which functions an initiator may use
 * @level: iSCSIProtocolLevel of its session
 * @bytes: the first two bytes of the parameter data of REPORT SUPPORTED TASK
 *	MANAGEMENT FUNCTIONS (SPC-4 6.36)
 */
void iet_tmf_supported(u32 level, u8 *bytes)
{
	unsigned int i;

	bytes[0] = 0;
	bytes[1] = 0;
	for (i = 0; i < ARRAY_SIZE(tmf_ops); i++) {
		const struct iet_tmf_op *op = find_op(i, level);

		if (op)
			bytes[op->report_byte] |= op->report_mask;
	}
}

static bool lun_exists(const struct iet_cmnd *cmnd)
{
	bool found;

	rcu_read_lock();
	found = iet_nexus_itl(&cmnd->conn->session->nexus, request(cmnd)->lun);
	rcu_read_unlock();
	return found;
}

/**
 * iet_tmf_start - carry out a task management function
 * @cmnd: the request
 *
 * Context: the connection's thread; does not sleep.
 */
void iet_tmf_start(struct iet_cmnd *cmnd)
{
	u32 level = cmnd->conn->session->keys[IET_K_PROTOCOL_LEVEL];
	u8 function = request(cmnd)->function & ISCSI_TMF_MASK;

	cmnd->kind = IET_TX_TMF;
	memset(cmnd->tmf_info, 0, sizeof(cmnd->tmf_info));
	cmnd->tmf_op = find_op(function, level);
	iet_link_count(&cmnd->conn->session->stats, IET_ST_TMFS);
	trace_iet_tmf_begin(cmnd);
	if (function == ISCSI_TMF_TASK_REASSIGN)
		iet_recovery_reassign(cmnd);
	else if (!cmnd->tmf_op)
		answer(cmnd, ISCSI_TMF_RSP_NOT_SUPPORTED);
	else if (cmnd->tmf_op->lun && !lun_exists(cmnd))
		answer(cmnd, ISCSI_TMF_RSP_NO_LUN);
	else
		cmnd->tmf_op->start(cmnd);
}

/**
 * iet_tmf_answer - what the response says
 * @cmnd: the request, which has been carried out
 * @hdr: the response
 *
 * Context: the connection's thread.
 */
void iet_tmf_answer(struct iet_cmnd *cmnd, struct iscsi_tmf_rsp_hdr *hdr)
{
	hdr->response = cmnd->response;
	memcpy(hdr->info, cmnd->tmf_info, sizeof(hdr->info));
	trace_iet_tmf_end(cmnd);
	if (!cmnd->tmf || !cmnd->tmf->op->end_sessions ||
	    cmnd->response != ISCSI_TMF_RSP_COMPLETE)
		return;
	/* the others of the target have gone already */
	cmpxchg(&cmnd->conn->close_reason, IET_EVENT_UNSPEC, IET_EVENT_RESET);
	cmnd->conn->ends_session = true;
	cmnd->close_after = true;
}
