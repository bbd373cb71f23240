// SPDX-License-Identifier: GPL-2.0-only
/*
 * SNACK: what the initiator has not got, or not right, is sent again
 * (RFC 7143 11.16).
 *
 * Nothing is kept in order to be sent again but the commands themselves: they
 * stay until their status is acknowledged, and each PDU is built from its
 * command once more.  However often it is asked for, a PDU is in the transmit
 * queue once.
 *
 * We never set the A bit, since no data is given up before the status is
 * acknowledged; so there is no DataACK to be had.
 */
#include <linux/kernel.h>

#include "cmnd.h"
#include "compat.h"
#include "conn.h"

/**
 * struct snack - a SNACK Request
 * @conn: the connection that it came by
 * @hdr: the request
 * @beg: BegRun
 * @run: RunLength
 * @sn: for the Reject: the DataSN or R2TSN that would come next
 */
struct snack {
	struct iet_conn *conn;
	const struct iscsi_snack_hdr *hdr;
	u32 beg;
	u32 run;
	u32 sn;
};

static bool is_reserved(__be32 tag)
{
	return tag == cpu_to_be32(ISCSI_RESERVED_TAG);
}

static bool sends_data(const struct iet_cmnd *cmnd)
{
	return (cmnd->state == IET_CMND_SENDING ||
		cmnd->state == IET_CMND_SENT) &&
	       cmnd->kind == IET_TX_SCSI && !cmnd->aborted;
}

/* Data-In: as it was, which the initiator must still be able to take. */
static u8 data_again(struct snack *snack, struct iet_cmnd *cmnd)
{
	u32 total = iet_cmnd_data_in_len(cmnd);

	snack->sn = cmnd->din.sn;
	if (cmnd->din.seg > snack->conn->max_xmit)
		return ISCSI_REJECT_SNACK;
	if (!iet_data_in_again(&cmnd->din, total, snack->beg, snack->run))
		return ISCSI_REJECT_PROTOCOL_ERROR;
	if (iet_data_in_pending(&cmnd->din, total))
		iet_conn_queue(snack->conn, cmnd);
	return 0;
}

/* There is one R2T at a time; those before it have been answered. */
static u8 r2t_again(struct snack *snack, struct iet_cmnd *cmnd)
{
	u32 sn, off, len;

	snack->sn = cmnd->r2t.sent;
	if (!snack->beg && !snack->run)
		snack->beg = cmnd->r2t.filled;
	if (snack->beg < cmnd->r2t.filled || snack->beg > cmnd->r2t.sent ||
	    snack->run > cmnd->r2t.sent - snack->beg)
		return ISCSI_REJECT_PROTOCOL_ERROR;
	/* or it is on its way just now */
	if (snack->beg == cmnd->r2t.sent || cmnd->queued || cmnd->sending ||
	    !iet_r2t_again(&cmnd->r2t, &sn, &off, &len))
		return 0;
	cmnd->r2t_again = true;
	cmnd->kind = IET_TX_R2T;
	iet_conn_queue(snack->conn, cmnd);
	return 0;
}

static u8 data_or_r2t(struct snack *snack)
{
	struct iet_cmnd *cmnd = iet_cmnd_find(snack->conn, snack->hdr->itt);

	if (cmnd && cmnd->state == IET_CMND_WAIT_DATA)
		return r2t_again(snack, cmnd);
	if (cmnd && sends_data(cmnd))
		return data_again(snack, cmnd);
	return ISCSI_REJECT_PROTOCOL_ERROR;
}

/* Status that went with the last Data-In goes with it again. */
static void status_again(struct snack *snack, struct iet_cmnd *cmnd)
{
	u32 total = iet_cmnd_data_in_len(cmnd);

	if (cmnd->kind != IET_TX_SCSI || !total || cmnd->own_status ||
	    cmnd->scmd.status || cmnd->din.seg > snack->conn->max_xmit ||
	    !iet_data_in_again(&cmnd->din, total, cmnd->din.sn - 1, 1))
		cmnd->status_due = true;
	iet_conn_queue(snack->conn, cmnd);
}

static u8 status(struct snack *snack)
{
	struct iet_conn *conn = snack->conn;
	u32 end = snack->run ? snack->beg + snack->run : conn->stat_sn;
	struct iet_cmnd *cmnd, *next;

	if (!is_reserved(snack->hdr->itt))
		return ISCSI_REJECT_PROTOCOL_ERROR;
	if (!snack->beg && !snack->run)
		snack->beg = conn->exp_stat_sn;
	if (iscsi_sn_before(snack->beg, conn->exp_stat_sn) ||
	    iscsi_sn_before(conn->stat_sn, end) ||
	    iscsi_sn_before(end, snack->beg))
		return ISCSI_REJECT_PROTOCOL_ERROR;
	if (iscsi_sn_before(snack->beg, conn->forgotten_sn))
		return ISCSI_REJECT_SNACK;
	list_for_each_entry_safe(cmnd, next, &conn->unacked, tx_node) {
		if (!iscsi_sn_before(cmnd->stat_sn, end))
			break;
		if (!iscsi_sn_before(cmnd->stat_sn, snack->beg))
			status_again(snack, cmnd);
	}
	return 0;
}

static u8 data_ack(struct snack *snack)
{
	return ISCSI_REJECT_INVALID_DATA_ACK;
}

/* All data, newly cut, and the status by itself, with the initiator's tag. */
static u8 r_data(struct snack *snack)
{
	struct iet_cmnd *cmnd = iet_cmnd_find(snack->conn, snack->hdr->itt);

	if (!cmnd || !sends_data(cmnd) || !cmnd->scmd.dir_in || snack->beg ||
	    snack->run || !snack->hdr->ttt || is_reserved(snack->hdr->ttt))
		return ISCSI_REJECT_PROTOCOL_ERROR;
	iet_data_in_restart(&cmnd->din, iet_cmnd_data_in_len(cmnd), 0);
	cmnd->snack_tag = be32_to_cpu(snack->hdr->ttt);
	cmnd->own_status = true;
	cmnd->status_due = true;
	iet_conn_queue(snack->conn, cmnd);
	return 0;
}

/* By type: each returns 0, or an enum iscsi_reject_reason. */
static u8 (*const types[])(struct snack *snack) = {
	[ISCSI_SNACK_DATA_R2T] = data_or_r2t,
	[ISCSI_SNACK_STATUS] = status,
	[ISCSI_SNACK_DATA_ACK] = data_ack,
	[ISCSI_SNACK_R_DATA] = r_data,
};

static u8 serve(struct snack *snack)
{
	u8 type = snack->hdr->type & ISCSI_SNACK_TYPE_MASK;

	if (!snack->conn->erl)
		return ISCSI_REJECT_SNACK;
	if (type >= ARRAY_SIZE(types))
		return ISCSI_REJECT_PROTOCOL_ERROR;
	return types[type](snack);
}

/**
 * iet_snack - serve a SNACK Request
 * @conn: the connection, with the request in conn->rx
 *
 * Context: the connection's thread.
 * Return: 0, or -ENOMEM: call again later
 */
int iet_snack(struct iet_conn *conn)
{
	const struct iscsi_snack_hdr *hdr = (void *)&conn->rx.bhs;
	struct snack snack = {
		.conn = conn,
		.hdr = hdr,
		.beg = be32_to_cpu(hdr->beg_run),
		.run = be32_to_cpu(hdr->run_length),
	};
	u8 reason = serve(&snack);

	/* a request that is refused has changed nothing */
	return reason ? iet_cmnd_reject_sn(conn, reason, snack.sn) : 0;
}
