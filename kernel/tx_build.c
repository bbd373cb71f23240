// SPDX-License-Identifier: GPL-2.0-only
/*
 * From commands to the PDUs that answer them.
 */
#include <linux/crc32c.h>
#include <linux/kernel.h>

#include "cmnd.h"
#include "cmnd_stats.h"
#include "compat.h"
#include "conn.h"
#include "fault.h"
#include "fault_pdu.h"
#include "session.h"
#include "ttt.h"
#include "watch.h"

static void sn_fields(struct iet_cmnd *cmnd, struct iscsi_scsi_rsp_hdr *hdr,
		      bool status)
{
	/* StatSN, ExpCmdSN and MaxCmdSN have the same place in all of ours */
	struct iet_conn *conn = cmnd->conn;

	if (status && !cmnd->numbered) {
		cmnd->stat_sn = conn->stat_sn++;
		cmnd->numbered = true;
		iet_cmnd_ended(cmnd, true);
		iet_cmnd_answered(cmnd);
	}
	if (status)
		hdr->stat_sn = cpu_to_be32(cmnd->stat_sn);
	iet_conn_sn(conn, &hdr->exp_cmd_sn, &hdr->max_cmd_sn);
}

static void inline_data(struct iet_tx_pdu *pdu, const void *data, u32 len)
{
	pdu->inline_data = data;
	pdu->data_len = len;
	iscsi_set_dlength(&pdu->hdr.bhs, len);
}

static void tio_data(struct iet_tx_pdu *pdu, u32 off, u32 len)
{
	pdu->tio_off = off;
	pdu->data_len = len;
	iscsi_set_dlength(&pdu->hdr.bhs, len);
}

/*
 * What the initiator expected against what the command moves (11.4.5.1):
 * the flag, and the residual count.
 */
static u8 residual(const struct iet_scmd *s, __be32 *count)
{
	u32 len = s->dir_out ? s->out_len : s->in_len;

	if (s->dir_in == s->dir_out)
		len = 0;
	if (len > s->edtl) {
		*count = cpu_to_be32(len - s->edtl);
		return ISCSI_RSP_OVERFLOW;
	}
	*count = cpu_to_be32(s->edtl - len);
	return len < s->edtl ? ISCSI_RSP_UNDERFLOW : 0;
}

/**
 * iet_cmnd_data_in_len - how much data does the initiator get?
 * @cmnd: a SCSI command that has been executed
 *
 * Return: bytes of Data-In
 */
u32 iet_cmnd_data_in_len(const struct iet_cmnd *cmnd)
{
	const struct iet_scmd *s = &cmnd->scmd;

	if (!s->dir_in || s->dir_out || s->sense_len)
		return 0;
	return min3(s->in_len, s->edtl, s->tio.size);
}

/* The data segment of a SCSI Response, or of a SCSI event (11.4.7, 11.9.4). */
static void sense_data(struct iet_tx_pdu *pdu)
{
	const struct iet_scmd *s = &pdu->cmnd->scmd;
	u8 *sense = pdu->cmnd->conn->tx.sense;

	if (!s->sense_len)
		return;
	put_unaligned_be16(s->sense_len, sense);
	memcpy(sense + 2, s->sense, s->sense_len);
	inline_data(pdu, sense, s->sense_len + 2);
}

static void build_scsi_response(struct iet_cmnd *cmnd, struct iet_tx_pdu *pdu)
{
	struct iscsi_scsi_rsp_hdr *hdr = (void *)&pdu->hdr.bhs;
	struct iet_scmd *s = &cmnd->scmd;

	hdr->opcode = ISCSI_OP_SCSI_RSP;
	hdr->flags = ISCSI_FLAG_FINAL | residual(s, &hdr->residual);
	/* which is all that a bidirectional command, being refused, has */
	if (s->dir_in && s->dir_out && s->read_edtl) {
		hdr->flags |= ISCSI_RSP_BIDI_UNDERFLOW;
		hdr->bi_residual = cpu_to_be32(s->read_edtl);
	}
	hdr->response = ISCSI_RESPONSE_COMPLETED;
	hdr->status = s->status;
	hdr->itt = cmnd->itt;
	hdr->snack_tag = cpu_to_be32(cmnd->snack_tag);
	sn_fields(cmnd, hdr, true);
	hdr->exp_data_sn = cpu_to_be32(cmnd->din.sn + cmnd->r2t.sent);
	cmnd->status_due = false;
	sense_data(pdu);
}

/* GOOD status goes with the last Data-In PDU (11.7). */
static void build_data_in(struct iet_cmnd *cmnd, struct iet_tx_pdu *pdu,
			  u32 total)
{
	struct iscsi_data_in_hdr *hdr = (void *)&pdu->hdr.bhs;
	struct iet_scmd *s = &cmnd->scmd;
	struct iet_data_in_pdu in;
	bool status;

	iet_data_in_next(&cmnd->din, total, cmnd->conn->max_xmit, &in);
	status = in.last && s->status == 0 && !cmnd->own_status;
	hdr->opcode = ISCSI_OP_DATA_IN;
	if (in.final)
		hdr->flags = ISCSI_FLAG_FINAL;
	if (status) {
		hdr->flags |= ISCSI_DATA_IN_STATUS |
			      residual(s, &hdr->residual);
		hdr->status = s->status;
		cmnd->status_due = false;
	}
	hdr->itt = cmnd->itt;
	hdr->ttt = cpu_to_be32(ISCSI_RESERVED_TAG);
	sn_fields(cmnd, (void *)hdr, status);
	hdr->data_sn = cpu_to_be32(in.sn);
	hdr->buffer_offset = cpu_to_be32(in.off);
	tio_data(pdu, in.off, in.len);
	pdu->last = !cmnd->status_due &&
		    !iet_data_in_pending(&cmnd->din, total);
}

static void build_scsi(struct iet_cmnd *cmnd, struct iet_tx_pdu *pdu)
{
	u32 total = iet_cmnd_data_in_len(cmnd);

	if (iet_data_in_pending(&cmnd->din, total))
		build_data_in(cmnd, pdu, total);
	else
		build_scsi_response(cmnd, pdu);
}

static void build_r2t(struct iet_cmnd *cmnd, struct iet_tx_pdu *pdu)
{
	struct iscsi_r2t_hdr *hdr = (void *)&pdu->hdr.bhs;
	u32 sn = 0, off = 0, len = 0;

	cmnd->r2t_repeated = cmnd->r2t_again &&
			     iet_r2t_again(&cmnd->r2t, &sn, &off, &len);
	cmnd->r2t_again = false;
	if (!cmnd->r2t_repeated)
		iet_r2t_next(&cmnd->r2t, &sn, &off, &len);
	hdr->opcode = ISCSI_OP_R2T;
	hdr->flags = ISCSI_FLAG_FINAL;
	memcpy(hdr->lun, cmnd->req.lun, sizeof(hdr->lun));
	hdr->itt = cmnd->itt;
	hdr->ttt = cpu_to_be32(iet_ttt(cmnd->gen, sn, cmnd->index));
	/* the StatSN to come, which an R2T does not use up (11.8) */
	hdr->stat_sn = cpu_to_be32(cmnd->conn->stat_sn);
	sn_fields(cmnd, (void *)hdr, false);
	hdr->r2t_sn = cpu_to_be32(sn);
	hdr->buffer_offset = cpu_to_be32(off);
	hdr->data_length = cpu_to_be32(len);
	pdu->last = !iet_r2t_pending(&cmnd->r2t);
	iet_link_count(&cmnd->conn->session->stats, IET_ST_R2TS);
	trace_iet_r2t(cmnd, sn, off, len);
	iet_watch_data(cmnd);
}

static void build_nop_in(struct iet_cmnd *cmnd, struct iet_tx_pdu *pdu)
{
	struct iscsi_nop_in_hdr *hdr = (void *)&pdu->hdr.bhs;

	hdr->opcode = ISCSI_OP_NOP_IN;
	hdr->flags = ISCSI_FLAG_FINAL;
	memcpy(hdr->lun, cmnd->req.lun, sizeof(hdr->lun));
	hdr->itt = cmnd->itt;
	hdr->ttt = cpu_to_be32(ISCSI_RESERVED_TAG);
	/*
	 * As much of the ping as the initiator takes back (11.19.4); no more
	 * when it comes again (11.16).
	 */
	if (!cmnd->numbered)
		cmnd->scmd.in_len = cmnd->scmd.tio.size;
	cmnd->scmd.in_len = min(cmnd->scmd.in_len, cmnd->conn->max_xmit);
	sn_fields(cmnd, (void *)hdr, true);
	tio_data(pdu, 0, cmnd->scmd.in_len);
}

static void build_ping(struct iet_cmnd *cmnd, struct iet_tx_pdu *pdu)
{
	struct iscsi_nop_in_hdr *hdr = (void *)&pdu->hdr.bhs;

	hdr->opcode = ISCSI_OP_NOP_IN;
	hdr->flags = ISCSI_FLAG_FINAL;
	hdr->itt = cpu_to_be32(ISCSI_RESERVED_TAG);
	hdr->ttt = cpu_to_be32(iet_ttt(cmnd->gen, 0, cmnd->index));
	/* the StatSN to come, which this one does not use up (11.19.1) */
	hdr->stat_sn = cpu_to_be32(cmnd->conn->stat_sn);
	sn_fields(cmnd, (void *)hdr, false);
}

static void build_tmf(struct iet_cmnd *cmnd, struct iet_tx_pdu *pdu)
{
	struct iscsi_tmf_rsp_hdr *hdr = (void *)&pdu->hdr.bhs;

	hdr->opcode = ISCSI_OP_TMF_RSP;
	hdr->flags = ISCSI_FLAG_FINAL;
	iet_tmf_answer(cmnd, hdr);
	hdr->itt = cmnd->itt;
	sn_fields(cmnd, (void *)hdr, true);
}

static void build_logout(struct iet_cmnd *cmnd, struct iet_tx_pdu *pdu)
{
	struct iscsi_logout_rsp_hdr *hdr = (void *)&pdu->hdr.bhs;
	const u32 *keys = cmnd->conn->session->keys;

	hdr->opcode = ISCSI_OP_LOGOUT_RSP;
	hdr->flags = ISCSI_FLAG_FINAL;
	hdr->response = cmnd->response;
	hdr->itt = cmnd->itt;
	sn_fields(cmnd, (void *)hdr, true);
	hdr->time2wait = cpu_to_be16(keys[IET_K_DEFAULT_TIME2WAIT]);
	hdr->time2retain = cpu_to_be16(keys[IET_K_DEFAULT_TIME2RETAIN]);
}

static void build_text(struct iet_cmnd *cmnd, struct iet_tx_pdu *pdu)
{
	struct iscsi_text_rsp_hdr *hdr = (void *)&pdu->hdr.bhs;
	struct iet_conn *conn = cmnd->conn;

	/* not for what is sent before this response, nor when it comes again */
	if (cmnd->text_max_recv && !cmnd->numbered)
		conn->max_xmit = min(cmnd->text_max_recv, conn->max_xmit_limit);

	hdr->opcode = ISCSI_OP_TEXT_RSP;
	hdr->flags = cmnd->text_flags;
	hdr->itt = cmnd->itt;
	hdr->ttt = cmnd->text_ttt;
	sn_fields(cmnd, (void *)hdr, true);
	tio_data(pdu, 0, cmnd->scmd.tio.size);
}

static void build_reject(struct iet_cmnd *cmnd, struct iet_tx_pdu *pdu)
{
	struct iscsi_reject_hdr *hdr = (void *)&pdu->hdr.bhs;

	hdr->opcode = ISCSI_OP_REJECT;
	hdr->flags = ISCSI_FLAG_FINAL;
	hdr->reason = cmnd->response;
	if (!cmnd->numbered) {
		iet_link_count(&cmnd->conn->session->stats, IET_ST_REJECTS);
		trace_iet_reject(cmnd->conn, &cmnd->req, cmnd->response);
	}
	hdr->tag = cpu_to_be32(ISCSI_RESERVED_TAG);
	sn_fields(cmnd, (void *)hdr, true);
	hdr->data_sn = cpu_to_be32(cmnd->reject_sn);
	inline_data(pdu, &cmnd->req, sizeof(cmnd->req));
}

static void build_async(struct iet_cmnd *cmnd, struct iet_tx_pdu *pdu)
{
	pdu->hdr.bhs = cmnd->req;
	sn_fields(cmnd, (void *)&pdu->hdr.bhs, true);
	sense_data(pdu);
}

static void (*const builders[IET_TX_NR])(struct iet_cmnd *cmnd,
					 struct iet_tx_pdu *pdu) = {
	[IET_TX_SCSI] = build_scsi,	[IET_TX_R2T] = build_r2t,
	[IET_TX_NOP_IN] = build_nop_in, [IET_TX_PING] = build_ping,
	[IET_TX_TMF] = build_tmf,	[IET_TX_LOGOUT] = build_logout,
	[IET_TX_TEXT] = build_text,	[IET_TX_REJECT] = build_reject,
	[IET_TX_ASYNC] = build_async,
};

static u32 data_crc(struct iet_tx_pdu *pdu)
{
	u32 crc;

	if (pdu->inline_data)
		crc = crc32c(~0, pdu->inline_data, pdu->data_len);
	else
		crc = iet_tio_crc32c(&pdu->cmnd->scmd.tio, pdu->tio_off,
				     pdu->data_len, ~0);
	return ~crc32c(crc, pdu->trailer, iscsi_pad(pdu->data_len));
}

/* Header and data digest, padding (11.2.3, 11.2.4). */
static void finish_pdu(const struct iet_conn *conn, struct iet_tx_pdu *pdu)
{
	__le32 digest;

	pdu->hdr_len = sizeof(pdu->hdr.bhs);
	if (conn->hdigest) {
		u32 crc = crc32c(~0, &pdu->hdr.bhs, sizeof(pdu->hdr.bhs));

		pdu->hdr.digest = cpu_to_le32(~crc);
		pdu->hdr_len += sizeof(pdu->hdr.digest);
	}
	pdu->trailer_len = iscsi_pad(pdu->data_len);
	memset(pdu->trailer, 0, sizeof(pdu->trailer));
	if (!conn->ddigest || !pdu->data_len)
		return;
	digest = cpu_to_le32(data_crc(pdu));
	memcpy(pdu->trailer + pdu->trailer_len, &digest, sizeof(digest));
	pdu->trailer_len += sizeof(digest);
}

/**
 * iet_tx_build - make the next PDU of a command
 * @cmnd: a command that has something to send
 * @pdu: where to; pdu->last says whether the command has more
 *
 * From now on it counts as sent: its StatSN, DataSN or R2TSN is used up.
 *
 * Context: the connection's thread.
 */
void iet_tx_build(struct iet_cmnd *cmnd, struct iet_tx_pdu *pdu)
{
	pdu->cmnd = cmnd;
	memset(&pdu->hdr, 0, sizeof(pdu->hdr));
	pdu->inline_data = NULL;
	pdu->data_len = 0;
	pdu->last = true;
	builders[cmnd->kind](cmnd, pdu);
	if (iet_fault_on())
		iet_fault_tx_built(pdu);
	finish_pdu(cmnd->conn, pdu);
}

/**
 * iet_tx_next_stat_sn - StatSN of what is answered from now on
 * @conn: the connection
 *
 * What waits to be sent is before that, though it gets its number only when
 * its PDU is made.
 *
 * Context: the connection's thread.
 * Return: the StatSN
 */
u32 iet_tx_next_stat_sn(const struct iet_conn *conn)
{
	u32 sn = conn->stat_sn;
	const struct iet_cmnd *cmnd;

	list_for_each_entry(cmnd, &conn->tx.queue, tx_node) {
		if (cmnd->kind != IET_TX_R2T && cmnd->kind != IET_TX_PING)
			sn += !cmnd->numbered;
	}
	return sn;
}
