// SPDX-License-Identifier: GPL-2.0-only
/*
 * SCSI commands: from the header over the data to the device server.
 */
#include <linux/slab.h>
#include <scsi/scsi_proto.h>

#include "cmnd.h"
#include "cmnd_stats.h"
#include "compat.h"
#include "conn.h"
#include "opcodes.h"
#include "order.h"
#include "pdu.h"
#include "session.h"
#include "watch.h"

static void scsi_done(struct iet_scmd *s)
{
	iet_cmnd_done(container_of(s, struct iet_cmnd, scmd));
}

static int scsi_cdb(struct iet_cmnd *cmnd)
{
	struct iet_conn *conn = cmnd->conn;
	struct iscsi_scsi_cmd_hdr *hdr = (void *)&cmnd->req;
	const u8 both = ISCSI_CMD_READ | ISCSI_CMD_WRITE;
	struct iet_pdu_ahs ahs;

	if (iet_pdu_ahs(conn->rx.ahs, conn->rx.ahs_len,
			(hdr->flags & both) == both, &ahs) ||
	    sizeof(hdr->cdb) + ahs.ext_len > IET_CDB_MAX)
		return ISCSI_REJECT_INVALID_PDU_FIELD;
	cmnd->scmd.cdb = hdr->cdb;
	cmnd->scmd.cdb_len = sizeof(hdr->cdb) + ahs.ext_len;
	cmnd->scmd.read_edtl = ahs.read_len;
	if (!ahs.ext)
		return 0;
	if (!cmnd->ext_cdb)
		cmnd->ext_cdb = kmalloc(IET_CDB_MAX, IET_TIO_GFP);
	if (!cmnd->ext_cdb)
		return -ENOMEM;
	memcpy(cmnd->ext_cdb, hdr->cdb, sizeof(hdr->cdb));
	memcpy(cmnd->ext_cdb + sizeof(hdr->cdb), ahs.ext, ahs.ext_len);
	cmnd->scmd.cdb = cmnd->ext_cdb;
	return 0;
}

/**
 * iet_cmnd_scsi_header - the header of a SCSI command is there
 * @cmnd: the command, in state RX
 *
 * Provides for its data.
 *
 * Context: the connection's thread.
 * Return: 0, -ENOMEM: try again later, or an enum iscsi_reject_reason
 */
int iet_cmnd_scsi_header(struct iet_cmnd *cmnd)
{
	struct iscsi_scsi_cmd_hdr *hdr = (void *)&cmnd->req;
	struct iet_conn *conn = cmnd->conn;
	const u32 *keys = conn->session->keys;
	struct iet_scmd *s = &cmnd->scmd;
	u32 unsolicited;
	int err;

	if (!cmnd->times.begun)
		iet_cmnd_stamp(&cmnd->times.begun);
	err = scsi_cdb(cmnd);
	if (err == -ENOMEM && iet_rx_has_waited(&conn->rx))
		return ISCSI_REJECT_LONG_OPERATION;
	if (err)
		return err;
	s->nexus = &conn->session->nexus;
	s->attr = hdr->flags & ISCSI_CMD_ATTR_MASK;
	s->dir_out = hdr->flags & ISCSI_CMD_WRITE;
	s->dir_in = hdr->flags & ISCSI_CMD_READ;
	memcpy(s->lun_raw, hdr->lun, sizeof(s->lun_raw));
	s->edtl = be32_to_cpu(hdr->data_length);
	s->done = scsi_done;
	/* a digest of it is made, or it may be sent once more */
	s->stable = conn->ddigest || conn->erl;

	iet_data_in_init(&cmnd->din, keys[IET_K_MAX_BURST_LENGTH]);
	iet_r2t_init(&cmnd->r2t, keys[IET_K_MAX_BURST_LENGTH],
		     keys[IET_K_MAX_OUTSTANDING_R2T], conn->erl);
	if (!s->dir_out)
		return 0;
	unsolicited = min(s->edtl, keys[IET_K_FIRST_BURST_LENGTH]);
	iet_r2t_unsolicited(&cmnd->r2t, iscsi_dlength(hdr), unsolicited,
			    hdr->flags & ISCSI_FLAG_FINAL);
	err = iet_scsi_alloc(s, min(s->edtl, IET_TIO_MAX), IET_TIO_GFP);
	if (err != -EAGAIN && !(err == -ENOMEM && iet_rx_has_waited(&conn->rx)))
		return err;
	s->status = SAM_STAT_TASK_SET_FULL;
	cmnd->failed = true;
	return 0;
}

static void scsi_execute(struct iet_cmnd *cmnd)
{
	if (iet_order_holds(cmnd))
		return;
	iet_order_leave(cmnd);
	cmnd->state = IET_CMND_EXECUTING;
	cmnd->kind = IET_TX_SCSI;
	iet_cmnd_stamp(&cmnd->times.run);
	iet_scsi_execute(&cmnd->scmd);
}

/**
 * iet_cmnd_progress - what a command that may wait for data does next
 * @cmnd: the command, in state WAIT_DATA
 *
 * Data is accounted for when its header is there: with the last of it still
 * under way (another connection may have started a command that was parked)
 * nothing happens, and the end of that PDU calls again.
 *
 * Context: the connection's thread.
 */
void iet_cmnd_progress(struct iet_cmnd *cmnd)
{
	struct iet_conn *conn = cmnd->conn;

	if (conn->rx.cmnd == cmnd) {
		iet_order_wait(cmnd);
		return;
	}
	if (iet_r2t_complete(&cmnd->r2t)) {
		/* an R2T that was to be sent again */
		iet_cmnd_dequeue(cmnd);
		if (!cmnd->failed) {
			scsi_execute(cmnd);
			return;
		}
		cmnd->kind = IET_TX_SCSI;
		iet_scsi_refused(&cmnd->scmd);
		if (iet_qerr(cmnd))
			return;
		iet_order_leave(cmnd);
		iet_cmnd_respond(cmnd);
		return;
	}
	iet_order_wait(cmnd);
	if (iet_r2t_pending(&cmnd->r2t)) {
		cmnd->kind = IET_TX_R2T;
		iet_conn_queue(conn, cmnd);
	} else {
		iet_watch_data(cmnd);
	}
}

/**
 * iet_cmnd_ask_again - data that was asked for, or announced, does not come
 * @cmnd: a command in state WAIT_DATA, not in the transmit queue, at
 *	ErrorRecoveryLevel 1 and up
 *
 * Perhaps the initiator has not seen the R2T: then it is the same once more.
 * If some of the data has come, an R2T asks for the rest (RFC 7143 7.9).
 *
 * Context: the connection's thread.
 */
void iet_cmnd_ask_again(struct iet_cmnd *cmnd)
{
	if (iet_r2t_untouched(&cmnd->r2t)) {
		cmnd->r2t_again = true;
		cmnd->kind = IET_TX_R2T;
		iet_conn_queue(cmnd->conn, cmnd);
		return;
	}
	iet_r2t_restart(&cmnd->r2t);
	iet_cmnd_progress(cmnd);
}

/**
 * iet_cmnd_scsi_start - it is a SCSI command's turn
 * @cmnd: the command, of which the whole PDU is there
 *
 * Context: the connection's thread.
 */
void iet_cmnd_scsi_start(struct iet_cmnd *cmnd)
{
	struct iet_scmd *s = &cmnd->scmd;

	/* its data may have come wrong while it was parked */
	if (!cmnd->failed)
		cmnd->failed = !iet_scsi_prepare(s);
	iet_r2t_set_total(&cmnd->r2t, !cmnd->failed && s->dir_out ?
					      min(s->out_len, s->edtl) :
					      0);
	cmnd->state = IET_CMND_WAIT_DATA;
	iet_cmnd_begun(cmnd);
	iet_cmnd_progress(cmnd);
}
