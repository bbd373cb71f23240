// SPDX-License-Identifier: GPL-2.0-only
/*
 * PDUs that have been received.
 *
 * iet_cmnd_header() makes a command of a request whose header has come and
 * provides for its data; iet_cmnd_pdu(), when all of the PDU is there, starts
 * it if its CmdSN is next.  Data-Out PDUs go to the command they name.
 */
#include <linux/list.h>

#include "cmnd.h"
#include "compat.h"
#include "conn.h"
#include "data_out.h"
#include "pdu.h"
#include "session.h"
#include "sweep.h"
#include "text.h"

#define IMMEDIATE_MAX (IET_CMND_RESERVE / 2)

/**
 * struct cmnd_op - what to do with a kind of request
 * @header: the header is there: provide for the data; 0, -ENOMEM: try again
 *	later, or an enum iscsi_reject_reason
 * @start: the whole PDU is there, and it is the request's turn
 */
struct cmnd_op {
	int (*header)(struct iet_cmnd *cmnd);
	void (*start)(struct iet_cmnd *cmnd);
};

/*
 * Room for the data of a request that is no SCSI command: from the same budget
 * (see budget.c).  None ends with a Reject instead of waiting without bound.
 */
static int data_header(struct iet_cmnd *cmnd, u32 len)
{
	struct iet_conn *conn = cmnd->conn;
	int err;

	cmnd->scmd.nexus = &conn->session->nexus;
	err = iet_scsi_alloc(&cmnd->scmd, len, IET_TIO_GFP);
	if (err == -EAGAIN || (err == -ENOMEM && iet_rx_has_waited(&conn->rx)))
		return ISCSI_REJECT_LONG_OPERATION;
	return err;
}

static int nop_header(struct iet_cmnd *cmnd)
{
	u32 len = iscsi_dlength(&cmnd->req);

	cmnd->kind = IET_TX_NOP_IN;
	if (cmnd->req.itt == cpu_to_be32(ISCSI_RESERVED_TAG))
		return 0;
	return data_header(cmnd, len);
}

static void nop_start(struct iet_cmnd *cmnd)
{
	struct iet_conn *conn = cmnd->conn;

	/* an answer to our ping, or a request that wants none */
	if (cmnd->req.itt == cpu_to_be32(ISCSI_RESERVED_TAG)) {
		conn->ping.waiting = false;
		iet_cmnd_free(cmnd);
		return;
	}
	iet_conn_queue(conn, cmnd);
}

static int text_header(struct iet_cmnd *cmnd)
{
	u32 len = iscsi_dlength(&cmnd->req);

	cmnd->kind = IET_TX_TEXT;
	return data_header(cmnd, len);
}

static int no_data(struct iet_cmnd *cmnd)
{
	return 0;
}

static const struct cmnd_op ops[] = {
	[ISCSI_OP_NOP_OUT] = { nop_header, nop_start },
	[ISCSI_OP_SCSI_CMD] = { iet_cmnd_scsi_header, iet_cmnd_scsi_start },
	[ISCSI_OP_TMF_REQ] = { no_data, iet_tmf_start },
	[ISCSI_OP_TEXT_REQ] = { text_header, iet_text_start },
	[ISCSI_OP_LOGOUT_REQ] = { no_data, iet_logout_start },
};

static bool is_parked(struct iet_session *session, u32 cmd_sn)
{
	struct iet_cmnd *cmnd;

	list_for_each_entry(cmnd, &session->parked, park_node) {
		if (cmnd->cmd_sn == cmd_sn)
			return true;
	}
	return false;
}

/* Requests to be ignored silently (RFC 7143 4.2.2.1). */
static bool to_be_ignored(struct iet_conn *conn, const struct iscsi_hdr *hdr)
{
	struct iet_session *session = conn->session;
	u32 cmd_sn = iet_pdu_cmd_sn(hdr);

	return iet_pdu_has_cmd_sn(hdr) &&
	       (iet_cmdsn_outside(&session->sn, cmd_sn) ||
		is_parked(session, cmd_sn));
}

static enum iet_cmdsn_verdict arrived(struct iet_session *session,
				      const struct iscsi_hdr *hdr)
{
	return iet_cmdsn_arrived(&session->sn, iet_pdu_cmd_sn(hdr),
				 !iet_pdu_has_cmd_sn(hdr));
}

/* Does a task have this tag?  One that has its response has not any more. */
static bool tag_in_use(struct iet_conn *conn, __be32 itt)
{
	struct iet_cmnd *cmnd;

	if (itt == cpu_to_be32(ISCSI_RESERVED_TAG))
		return false;
	while ((cmnd = iet_cmnd_find_any(conn, itt))) {
		if (cmnd->state != IET_CMND_SENT)
			return true;
		iet_cmnd_unhash(cmnd);
	}
	return false;
}

/* May this request be taken up?  0, or an enum iscsi_reject_reason. */
static u8 refuse_request(struct iet_conn *conn, const struct iscsi_hdr *hdr)
{
	bool immediate = hdr->opcode & ISCSI_OP_IMMEDIATE;

	if (tag_in_use(conn, hdr->itt))
		return ISCSI_REJECT_TASK_IN_PROGRESS;
	if (immediate && iscsi_opcode(hdr) == ISCSI_OP_SCSI_CMD &&
	    conn->nr_immediate >= IMMEDIATE_MAX)
		return ISCSI_REJECT_IMMEDIATE;
	return 0;
}

static struct iet_cmnd *new_request(struct iet_conn *conn)
{
	const struct iscsi_hdr *hdr = &conn->rx.bhs;
	struct iet_cmnd *cmnd = iet_cmnd_alloc(conn);

	if (!cmnd)
		return NULL;
	cmnd->req = *hdr;
	cmnd->itt = hdr->itt;
	cmnd->cmd_sn = iet_pdu_cmd_sn(hdr);
	if (iet_cmnd_is_scsi(cmnd) && hdr->opcode & ISCSI_OP_IMMEDIATE) {
		cmnd->immediate = true;
		conn->nr_immediate++;
	}
	if (hdr->itt != cpu_to_be32(ISCSI_RESERVED_TAG))
		iet_cmnd_hash(cmnd);
	return cmnd;
}

/* A request that has, or could have, a CmdSN. */
static int request_header(struct iet_conn *conn)
{
	struct iet_rx *rx = &conn->rx;
	struct iet_cmnd *cmnd = rx->cmnd;
	int err;
	u8 reason;

	if (!cmnd) {
		if (to_be_ignored(conn, &rx->bhs)) {
			iet_conn_note_dropped(conn, rx->bhs.itt);
			return 0;
		}
		reason = refuse_request(conn, &rx->bhs);
		if (reason)
			return iet_cmnd_reject(conn, reason);
		cmnd = new_request(conn);
		if (!cmnd)
			return -ENOMEM;
		rx->cmnd = cmnd;
	}
	rx->data_off = 0;
	err = ops[iscsi_opcode(&rx->bhs)].header(cmnd);
	if (err > 0) {
		iet_cmnd_free(cmnd);
		return iet_cmnd_reject(conn, err);
	}
	return err;
}

/**
 * iet_cmnd_header - a header has been received
 * @conn: the connection, with the header and its AHSs in conn->rx
 *
 * Sets conn->rx.cmnd and data_off to where the data is to go; without a
 * command the data is thrown away.
 *
 * Context: the connection's thread.
 * Return: 0, or -ENOMEM: call again later
 */
int iet_cmnd_header(struct iet_conn *conn)
{
	struct iet_rx *rx = &conn->rx;
	const u32 *keys = conn->session->keys;
	const struct iet_pdu_limits lim = {
		.max_recv = conn->max_recv,
		.first_burst = keys[IET_K_FIRST_BURST_LENGTH],
		.immediate_data = keys[IET_K_IMMEDIATE_DATA],
		.initial_r2t = keys[IET_K_INITIAL_R2T],
	};
	u8 reason;

	switch (iet_pdu_check(&rx->bhs, &lim, &reason)) {
	case IET_PDU_FATAL:
		return iet_cmnd_reject_and_close(conn, reason);
	case IET_PDU_REJECT:
		return iet_cmnd_reject(conn, reason);
	case IET_PDU_OK:
		break;
	}
	iet_cmnds_acknowledged(conn, iet_pdu_exp_stat_sn(&rx->bhs));
	if (unlikely(!list_empty(&conn->sweeps)))
		iet_sweep_again(conn);
	switch (iscsi_opcode(&rx->bhs)) {
	case ISCSI_OP_DATA_OUT:
		return iet_data_out_header(conn);
	case ISCSI_OP_SNACK_REQ:
		return iet_snack(conn);
	default:
		return request_header(conn);
	}
}

static void start(struct iet_cmnd *cmnd)
{
	cmnd->counted = iet_pdu_has_cmd_sn(&cmnd->req);
	ops[iscsi_opcode(&cmnd->req)].start(cmnd);
}

/**
 * iet_cmnd_uncount - a request that has just been started is rejected
 * @cmnd: the request
 *
 * Its CmdSN is still to be received, see iet_cmnd_reject().
 *
 * Context: the connection's thread, from the request's start function.
 */
void iet_cmnd_uncount(struct iet_cmnd *cmnd)
{
	struct iet_session *session = cmnd->conn->session;

	if (!cmnd->counted)
		return;
	cmnd->counted = false;
	iet_cmdsn_rejected(&session->sn);
}

/* Keep an early command, in the order of CmdSN. */
static void park(struct iet_session *session, struct iet_cmnd *cmnd)
{
	struct iet_cmnd *other;

	cmnd->state = IET_CMND_PARKED;
	list_for_each_entry_reverse(other, &session->parked, park_node) {
		if (iscsi_sn_before(other->cmd_sn, cmnd->cmd_sn))
			break;
	}
	list_add(&cmnd->park_node, &other->park_node);
}

/**
 * iet_cmnd_plug - a command that did not arrive is aborted
 * @conn: the connection
 * @cmd_sn: its CmdSN
 *
 * From now on the CmdSN counts as received (RFC 7143 11.5.1).  What was parked
 * behind it starts when the request that asks for this has.
 *
 * Context: the connection's thread, in a start function.
 * Return: 0, or -ENOENT if this CmdSN is not missing
 */
int iet_cmnd_plug(struct iet_conn *conn, u32 cmd_sn)
{
	struct iet_session *session = conn->session;

	if (is_parked(session, cmd_sn) || !iet_cmdsn_plug(&session->sn, cmd_sn))
		return -ENOENT;
	return 0;
}

/* Those whose turn has come, of whichever connection. */
static void start_parked(struct iet_session *session)
{
	struct iet_cmnd *cmnd;

	for (;;) {
		enum iet_cmdsn_verdict verdict;

		iet_cmdsn_skip(&session->sn);
		cmnd = list_first_entry_or_null(&session->parked,
						struct iet_cmnd, park_node);
		if (!cmnd)
			return;
		verdict = arrived(session, &cmnd->req);
		if (verdict == IET_CMDSN_EARLY)
			return;
		list_del(&cmnd->park_node);
		cmnd->state = IET_CMND_RX;
		/* or the CmdSN came again on its way here */
		if (verdict == IET_CMDSN_NEXT)
			start(cmnd);
		else
			iet_cmnd_free(cmnd);
	}
}

static void request_pdu(struct iet_conn *conn, struct iet_cmnd *cmnd)
{
	struct iet_session *session = conn->session;

	switch (arrived(session, &cmnd->req)) {
	case IET_CMDSN_NEXT:
		start(cmnd);
		if (!list_empty(&session->parked) || session->sn.nr_plugged)
			start_parked(session);
		if (!list_empty(&session->arrivals))
			iet_tmf_arrivals(session);
		break;
	case IET_CMDSN_EARLY:
		park(session, cmnd);
		break;
	case IET_CMDSN_OUTSIDE:
		iet_cmnd_abort(cmnd, NULL);
		break;
	}
}

/**
 * iet_cmnd_pdu - a whole PDU has been received
 * @conn: the connection
 *
 * Context: the connection's thread.
 */
void iet_cmnd_pdu(struct iet_conn *conn)
{
	struct iet_cmnd *cmnd = conn->rx.cmnd;

	conn->ping.last_rx = jiffies;
	if (!cmnd)
		return;
	conn->rx.cmnd = NULL;
	if (iscsi_opcode(&conn->rx.bhs) != ISCSI_OP_DATA_OUT)
		request_pdu(conn, cmnd);
	else if (cmnd->state == IET_CMND_WAIT_DATA)
		iet_cmnd_progress(cmnd);
}

/* A request that was damaged: it may come again, or not. */
static int request_error(struct iet_conn *conn)
{
	struct iet_cmnd *cmnd = conn->rx.cmnd;

	if (!conn->erl)
		return iet_cmnd_reject_and_close(conn,
						 ISCSI_REJECT_DATA_DIGEST);
	if (iet_cmnd_reject(conn, ISCSI_REJECT_DATA_DIGEST))
		return -ENOMEM;
	if (cmnd->r2t.unsolicited)
		iet_conn_note_dropped(conn, cmnd->itt);
	iet_cmnd_free(cmnd);
	return 0;
}

/**
 * iet_cmnd_data_error - the data segment of a PDU fails its digest
 * @conn: the connection, with the PDU in conn->rx
 *
 * The PDU is rejected (RFC 7143 7.8).  At ErrorRecoveryLevel 0 a write whose
 * Data-Out it was ends with CHECK CONDITION, and after a request, which can't
 * come again, the connection ends.  At other levels the data is asked for by
 * an R2T, and the initiator sends the request again, whose CmdSN is missing.
 *
 * Context: the connection's thread.
 * Return: 0, or -ENOMEM: call again later
 */
int iet_cmnd_data_error(struct iet_conn *conn)
{
	struct iet_cmnd *cmnd = conn->rx.cmnd;

	if (iscsi_opcode(&conn->rx.bhs) != ISCSI_OP_DATA_OUT)
		return request_error(conn);
	if (iet_cmnd_reject(conn, ISCSI_REJECT_DATA_DIGEST))
		return -ENOMEM;
	iet_data_out_damaged(conn, cmnd);
	return 0;
}
