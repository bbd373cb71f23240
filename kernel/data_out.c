// SPDX-License-Identifier: GPL-2.0-only
/*
 * Data-Out (RFC 7143 11.7): which command it is for, and whether it is what
 * was asked for or announced.
 */
#include <scsi/scsi_proto.h>

#include "cmnd.h"
#include "compat.h"
#include "conn.h"
#include "data_out.h"
#include "opcodes.h"
#include "pdu.h"
#include "sense.h"
#include "session.h"
#include "ttt.h"

/* A command of another connection's pool, to which the tag belongs. */
static struct iet_cmnd *find_adopted(struct iet_conn *conn, __be32 itt, u32 ttt)
{
	struct iet_cmnd *cmnd;

	if (!conn->nr_adopted)
		return NULL;
	cmnd = iet_cmnd_find(conn, itt);
	if (!cmnd || cmnd->home == conn || !iet_cmnd_is_scsi(cmnd) ||
	    cmnd->aborted || cmnd->index != iet_ttt_index(ttt) ||
	    cmnd->gen != iet_ttt_gen(ttt))
		return NULL;
	return cmnd;
}

/* Is the tag one of an earlier generation? */
static bool is_stale(u16 gen, u32 ttt)
{
	u16 behind = gen - iet_ttt_gen(ttt);

	return behind && behind < 0x4000;
}

/* Data-Out: the command it is for, NULL and a reason, or NULL and 0: drop */
static struct iet_cmnd *find_write(struct iet_conn *conn,
				   const struct iscsi_data_out_hdr *hdr,
				   u8 *reason)
{
	u32 ttt = be32_to_cpu(hdr->ttt);
	u32 index = iet_ttt_index(ttt);
	struct iet_cmnd *cmnd;

	*reason = 0;
	if (ttt == ISCSI_RESERVED_TAG) {
		cmnd = iet_cmnd_find(conn, hdr->itt);
	} else if ((cmnd = find_adopted(conn, hdr->itt, ttt))) {
		return cmnd;
	} else {
		cmnd = index < conn->pool.max ? conn->pool.cmnds[index] : NULL;
		/* an answer to an R2T of a command that has ended since */
		if (cmnd ? is_stale(cmnd->gen, ttt) :
			   conn->pool.gen && is_stale(conn->pool.gen + 1, ttt))
			return NULL;
		if (cmnd &&
		    (iet_ttt_gen(ttt) != cmnd->gen || cmnd->itt != hdr->itt))
			cmnd = NULL;
		/* it has ended, and its place is not in use again */
		if (cmnd && (cmnd->state == IET_CMND_FREE || cmnd->aborted))
			return NULL;
	}
	/* of a task that has ended, and that had no tag of this connection's */
	if (!cmnd && iet_conn_was_dropped(conn, hdr->itt))
		return NULL;
	if (!cmnd || !iet_cmnd_is_scsi(cmnd)) {
		*reason = ISCSI_REJECT_INVALID_PDU_FIELD;
		return NULL;
	}
	return cmnd;
}

/*
 * The data of a write can't be had right any more.  At ErrorRecoveryLevel 0
 * the command ends when each open sequence has (RFC 7143 7.8).  R2Ts that
 * were to be sent are not: one that is half sent is the last.
 */
static void fail_write(struct iet_cmnd *cmnd, u16 asc)
{
	const struct iet_sense sense = { .key = ABORTED_COMMAND, .asc = asc };

	iet_cmnd_stop_data(cmnd);
	if (cmnd->failed)
		return;
	cmnd->failed = true;
	iet_scsi_check(&cmnd->scmd, &sense);
}

/**
 * struct data_out_error - what a bad Data-Out means (RFC 7143 7.8, 11.4.7.2)
 * @reason: enum iscsi_reject_reason
 * @asc: additional sense code that ends the command, 0: it goes on
 */
struct data_out_error {
	u8 reason;
	u16 asc;
};

static const struct data_out_error data_out_errors[] = {
	[IET_R2T_BAD_TAG] = { ISCSI_REJECT_INVALID_PDU_FIELD, 0 },
	[IET_R2T_BAD_SN] = { ISCSI_REJECT_PROTOCOL_ERROR,
			     IET_ASC_PROTOCOL_CRC },
	[IET_R2T_BAD_OFFSET] = { ISCSI_REJECT_INVALID_PDU_FIELD,
				 IET_ASC_DATA_AMOUNT },
	[IET_R2T_TOO_LONG] = { ISCSI_REJECT_PROTOCOL_ERROR,
			       IET_ASC_DATA_AMOUNT },
	[IET_R2T_TOO_SHORT] = { ISCSI_REJECT_PROTOCOL_ERROR,
				IET_ASC_DATA_AMOUNT },
	[IET_R2T_NOT_FINAL] = { ISCSI_REJECT_PROTOCOL_ERROR,
				IET_ASC_DATA_AMOUNT },
};

static enum iet_r2t_verdict account_data(struct iet_cmnd *cmnd,
					 const struct iscsi_data_out_hdr *hdr)
{
	u32 ttt = be32_to_cpu(hdr->ttt);
	u32 sn = cmnd->r2t.filled;
	u32 ago = (sn - iet_ttt_slot(ttt)) & IET_TTT_SLOT_MASK;

	/*
	 * R2TSN of the slot: the one that is being filled, if it is right, or
	 * an earlier one.  Nobody can answer an R2T that is half sent.
	 */
	if (ago > IET_TTT_SLOT_MASK / 2 || ago > sn ||
	    (!ago && cmnd->r2t.sent - sn - 1 < cmnd->sending &&
	     !cmnd->r2t_repeated))
		sn = ISCSI_RESERVED_TAG;
	else
		sn -= ago;
	return iet_r2t_data_out(&cmnd->r2t, ttt != ISCSI_RESERVED_TAG, sn,
				be32_to_cpu(hdr->data_sn),
				be32_to_cpu(hdr->buffer_offset),
				iscsi_dlength(hdr),
				hdr->flags & ISCSI_FLAG_FINAL);
}

/*
 * An R2T waits to be sent again, and the last data that it asks for is on its
 * way: there is nothing left to ask for.  What is next the end of the PDU says.
 */
static void forget_r2t(struct iet_cmnd *cmnd)
{
	u32 sn, off, len;

	if (!cmnd->r2t_again || iet_r2t_again(&cmnd->r2t, &sn, &off, &len))
		return;
	cmnd->r2t_again = false;
	iet_cmnd_dequeue(cmnd);
}

/**
 * iet_data_out_header - the header of a Data-Out is there
 * @conn: the connection, with the header in conn->rx
 *
 * Context: the connection's thread.
 * Return: as iet_cmnd_header()
 */
int iet_data_out_header(struct iet_conn *conn)
{
	struct iet_rx *rx = &conn->rx;
	const struct iscsi_data_out_hdr *hdr = (void *)&rx->bhs;
	const struct data_out_error *error;
	enum iet_r2t_verdict verdict;
	struct iet_cmnd *cmnd;
	u8 reason;

	/* the Reject needs a command; nothing may change before it is there */
	if (!iet_cmnd_make_room(conn))
		return -ENOMEM;
	cmnd = find_write(conn, hdr, &reason);
	if (!cmnd)
		return reason ? iet_cmnd_reject(conn, reason) : 0;
	verdict = account_data(cmnd, hdr);
	rx->cmnd = cmnd;
	rx->data_off = be32_to_cpu(hdr->buffer_offset);
	if (verdict == IET_R2T_OK) {
		cmnd->tries = 0;
		forget_r2t(cmnd);
		return 0;
	}
	if (verdict == IET_R2T_IGNORE) {
		rx->cmnd = NULL;
		if (cmnd->state == IET_CMND_WAIT_DATA)
			iet_cmnd_progress(cmnd);
		return 0;
	}
	error = &data_out_errors[verdict];
	iet_cmnd_reject(conn, error->reason);
	if (!error->asc)
		return 0;
	fail_write(cmnd, error->asc);
	/* the PDU may be the one that ends the sequence */
	account_data(cmnd, hdr);
	if (cmnd->state == IET_CMND_WAIT_DATA)
		iet_cmnd_progress(cmnd);
	return 0;
}

/**
 * iet_data_out_damaged - the data segment of a Data-Out fails its digest
 * @conn: the connection, with the header in conn->rx
 * @cmnd: the command that it is for
 *
 * It has been rejected.  See iet_cmnd_data_error().
 *
 * Context: the connection's thread.
 */
void iet_data_out_damaged(struct iet_conn *conn, struct iet_cmnd *cmnd)
{
	const struct iscsi_data_out_hdr *hdr = (void *)&conn->rx.bhs;

	if (conn->erl)
		iet_r2t_lost(&cmnd->r2t, be32_to_cpu(hdr->buffer_offset),
			     hdr->flags & ISCSI_FLAG_FINAL);
	else
		fail_write(cmnd, IET_ASC_PROTOCOL_CRC);
	if (cmnd->state == IET_CMND_WAIT_DATA)
		iet_cmnd_progress(cmnd);
}
