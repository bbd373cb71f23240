// SPDX-License-Identifier: GPL-2.0-only
/*
 * The transmit side of a connection.
 *
 * Commands with something to send are in a queue.  Responses are not objects:
 * the PDU being sent is built in conn->tx from the command at its head, sent
 * (header and small data by copy, pages by reference), and the next one is
 * built when it is with TCP.
 */
#include <linux/crc32c.h>
#include <linux/kernel.h>
#include <linux/net.h>
#include <linux/tcp.h>
#include <net/sock.h>

#include "cmnd.h"
#include "compat.h"
#include "conn.h"
#include "session.h"

/* PDUs begun in one turn */
#define TX_BUDGET 16

static void sn_fields(struct iet_conn *conn, struct iscsi_scsi_rsp_hdr *hdr,
		      bool status)
{
	/* StatSN, ExpCmdSN and MaxCmdSN have the same place in all of ours */
	struct iet_cmnd *cmnd = conn->tx.cmnd;

	if (status && !cmnd->numbered) {
		cmnd->stat_sn = conn->stat_sn++;
		cmnd->numbered = true;
		iet_cmnd_answered(cmnd);
	}
	if (status)
		hdr->stat_sn = cpu_to_be32(cmnd->stat_sn);
	iet_conn_sn(conn, &hdr->exp_cmd_sn, &hdr->max_cmd_sn);
}

static void inline_data(struct iet_conn *conn, const void *data, u32 len)
{
	conn->tx.inline_data = data;
	conn->tx.data_len = len;
	iscsi_set_dlength(&conn->tx.hdr.bhs, len);
}

static void tio_data(struct iet_conn *conn, u32 off, u32 len)
{
	conn->tx.tio_off = off;
	conn->tx.data_len = len;
	iscsi_set_dlength(&conn->tx.hdr.bhs, len);
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
static void sense_data(struct iet_conn *conn, const struct iet_scmd *s)
{
	u8 *sense = conn->tx.sense;

	if (!s->sense_len)
		return;
	put_unaligned_be16(s->sense_len, sense);
	memcpy(sense + 2, s->sense, s->sense_len);
	inline_data(conn, sense, s->sense_len + 2);
}

static void build_scsi_response(struct iet_conn *conn, struct iet_cmnd *cmnd)
{
	struct iscsi_scsi_rsp_hdr *hdr = (void *)&conn->tx.hdr.bhs;
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
	sn_fields(conn, hdr, true);
	hdr->exp_data_sn = cpu_to_be32(cmnd->din.sn + cmnd->r2t.sent);
	cmnd->status_due = false;
	sense_data(conn, s);
}

/* GOOD status goes with the last Data-In PDU (11.7). */
static void build_data_in(struct iet_conn *conn, struct iet_cmnd *cmnd,
			  u32 total)
{
	struct iscsi_data_in_hdr *hdr = (void *)&conn->tx.hdr.bhs;
	struct iet_scmd *s = &cmnd->scmd;
	struct iet_data_in_pdu pdu;
	bool status;

	iet_data_in_next(&cmnd->din, total, conn->max_xmit, &pdu);
	status = pdu.last && s->status == 0 && !cmnd->own_status;
	hdr->opcode = ISCSI_OP_DATA_IN;
	if (pdu.final)
		hdr->flags = ISCSI_FLAG_FINAL;
	if (status) {
		hdr->flags |= ISCSI_DATA_IN_STATUS |
			      residual(s, &hdr->residual);
		hdr->status = s->status;
		cmnd->status_due = false;
	}
	hdr->itt = cmnd->itt;
	hdr->ttt = cpu_to_be32(ISCSI_RESERVED_TAG);
	sn_fields(conn, (void *)hdr, status);
	hdr->data_sn = cpu_to_be32(pdu.sn);
	hdr->buffer_offset = cpu_to_be32(pdu.off);
	tio_data(conn, pdu.off, pdu.len);
	conn->tx.last = !cmnd->status_due &&
			!iet_data_in_pending(&cmnd->din, total);
}

static void build_scsi(struct iet_conn *conn, struct iet_cmnd *cmnd)
{
	u32 total = iet_cmnd_data_in_len(cmnd);

	if (iet_data_in_pending(&cmnd->din, total))
		build_data_in(conn, cmnd, total);
	else
		build_scsi_response(conn, cmnd);
}

static void build_r2t(struct iet_conn *conn, struct iet_cmnd *cmnd)
{
	struct iscsi_r2t_hdr *hdr = (void *)&conn->tx.hdr.bhs;
	u32 sn, off, len;

	cmnd->r2t_repeated = cmnd->r2t_again &&
			     iet_r2t_again(&cmnd->r2t, &sn, &off, &len);
	cmnd->r2t_again = false;
	if (!cmnd->r2t_repeated)
		iet_r2t_next(&cmnd->r2t, &sn, &off, &len);
	hdr->opcode = ISCSI_OP_R2T;
	hdr->flags = ISCSI_FLAG_FINAL;
	memcpy(hdr->lun, cmnd->req.lun, sizeof(hdr->lun));
	hdr->itt = cmnd->itt;
	hdr->ttt = cpu_to_be32((u32)cmnd->gen << 16 |
			       (sn & IET_TTT_SLOT_MASK) << IET_TTT_INDEX_BITS |
			       cmnd->index);
	/* the StatSN to come, which an R2T does not use up (11.8) */
	hdr->stat_sn = cpu_to_be32(conn->stat_sn);
	sn_fields(conn, (void *)hdr, false);
	hdr->r2t_sn = cpu_to_be32(sn);
	hdr->buffer_offset = cpu_to_be32(off);
	hdr->data_length = cpu_to_be32(len);
	conn->tx.last = !iet_r2t_pending(&cmnd->r2t);
	iet_watch_data(cmnd);
}

static void build_nop_in(struct iet_conn *conn, struct iet_cmnd *cmnd)
{
	struct iscsi_nop_in_hdr *hdr = (void *)&conn->tx.hdr.bhs;

	hdr->opcode = ISCSI_OP_NOP_IN;
	hdr->flags = ISCSI_FLAG_FINAL;
	memcpy(hdr->lun, cmnd->req.lun, sizeof(hdr->lun));
	hdr->itt = cmnd->itt;
	hdr->ttt = cpu_to_be32(ISCSI_RESERVED_TAG);
	sn_fields(conn, (void *)hdr, true);
	/* as much of the ping as the initiator takes back (11.19.4) */
	tio_data(conn, 0, min(cmnd->scmd.tio.size, conn->max_xmit));
}

static void build_ping(struct iet_conn *conn, struct iet_cmnd *cmnd)
{
	struct iscsi_nop_in_hdr *hdr = (void *)&conn->tx.hdr.bhs;

	hdr->opcode = ISCSI_OP_NOP_IN;
	hdr->flags = ISCSI_FLAG_FINAL;
	hdr->itt = cpu_to_be32(ISCSI_RESERVED_TAG);
	hdr->ttt = cpu_to_be32((u32)cmnd->gen << 16 | cmnd->index);
	/* the StatSN to come, which this one does not use up (11.19.1) */
	hdr->stat_sn = cpu_to_be32(conn->stat_sn);
	sn_fields(conn, (void *)hdr, false);
}

static void build_tmf(struct iet_conn *conn, struct iet_cmnd *cmnd)
{
	struct iscsi_tmf_rsp_hdr *hdr = (void *)&conn->tx.hdr.bhs;

	hdr->opcode = ISCSI_OP_TMF_RSP;
	hdr->flags = ISCSI_FLAG_FINAL;
	iet_tmf_answer(cmnd, hdr);
	hdr->itt = cmnd->itt;
	sn_fields(conn, (void *)hdr, true);
}

static void build_logout(struct iet_conn *conn, struct iet_cmnd *cmnd)
{
	struct iscsi_logout_rsp_hdr *hdr = (void *)&conn->tx.hdr.bhs;
	const u32 *keys = conn->session->keys;

	hdr->opcode = ISCSI_OP_LOGOUT_RSP;
	hdr->flags = ISCSI_FLAG_FINAL;
	hdr->response = cmnd->response;
	hdr->itt = cmnd->itt;
	sn_fields(conn, (void *)hdr, true);
	hdr->time2wait = cpu_to_be16(keys[IET_K_DEFAULT_TIME2WAIT]);
	hdr->time2retain = cpu_to_be16(keys[IET_K_DEFAULT_TIME2RETAIN]);
}

static void build_text(struct iet_conn *conn, struct iet_cmnd *cmnd)
{
	struct iscsi_text_rsp_hdr *hdr = (void *)&conn->tx.hdr.bhs;

	hdr->opcode = ISCSI_OP_TEXT_RSP;
	hdr->flags = cmnd->text_flags;
	hdr->itt = cmnd->itt;
	hdr->ttt = cmnd->text_ttt;
	sn_fields(conn, (void *)hdr, true);
	tio_data(conn, 0, cmnd->scmd.tio.size);
}

static void build_reject(struct iet_conn *conn, struct iet_cmnd *cmnd)
{
	struct iscsi_reject_hdr *hdr = (void *)&conn->tx.hdr.bhs;

	hdr->opcode = ISCSI_OP_REJECT;
	hdr->flags = ISCSI_FLAG_FINAL;
	hdr->reason = cmnd->response;
	hdr->tag = cpu_to_be32(ISCSI_RESERVED_TAG);
	sn_fields(conn, (void *)hdr, true);
	hdr->data_sn = cpu_to_be32(cmnd->reject_sn);
	inline_data(conn, &cmnd->req, sizeof(cmnd->req));
}

static void build_async(struct iet_conn *conn, struct iet_cmnd *cmnd)
{
	conn->tx.hdr.bhs = cmnd->req;
	sn_fields(conn, (void *)&conn->tx.hdr.bhs, true);
	sense_data(conn, &cmnd->scmd);
}

static void (*const builders[IET_TX_NR])(struct iet_conn *conn,
					 struct iet_cmnd *cmnd) = {
	[IET_TX_SCSI] = build_scsi,	[IET_TX_R2T] = build_r2t,
	[IET_TX_NOP_IN] = build_nop_in, [IET_TX_PING] = build_ping,
	[IET_TX_TMF] = build_tmf,	[IET_TX_LOGOUT] = build_logout,
	[IET_TX_TEXT] = build_text,	[IET_TX_REJECT] = build_reject,
	[IET_TX_ASYNC] = build_async,
};

static u32 data_crc(struct iet_conn *conn)
{
	struct iet_tx *tx = &conn->tx;
	u32 pad = iscsi_pad(tx->data_len);
	u32 crc;

	if (tx->inline_data)
		crc = crc32c(~0, tx->inline_data, tx->data_len);
	else
		crc = iet_tio_crc32c(&tx->cmnd->scmd.tio, tx->tio_off,
				     tx->data_len, ~0);
	return ~crc32c(crc, tx->trailer, pad);
}

/* Header and data digest, padding (11.2.3, 11.2.4). */
static void finish_pdu(struct iet_conn *conn)
{
	struct iet_tx *tx = &conn->tx;
	__le32 digest;

	tx->hdr_len = sizeof(tx->hdr.bhs);
	if (conn->hdigest) {
		u32 crc = crc32c(~0, &tx->hdr.bhs, sizeof(tx->hdr.bhs));

		tx->hdr.digest = cpu_to_le32(~crc);
		tx->hdr_len += sizeof(tx->hdr.digest);
	}
	tx->trailer_len = iscsi_pad(tx->data_len);
	memset(tx->trailer, 0, sizeof(tx->trailer));
	if (!conn->ddigest || !tx->data_len)
		return;
	digest = cpu_to_le32(data_crc(conn));
	memcpy(tx->trailer + tx->trailer_len, &digest, sizeof(digest));
	tx->trailer_len += sizeof(digest);
}

static bool next_pdu(struct iet_conn *conn)
{
	struct iet_tx *tx = &conn->tx;

	tx->cmnd =
		list_first_entry_or_null(&tx->queue, struct iet_cmnd, tx_node);
	if (!tx->cmnd)
		return false;
	memset(&tx->hdr, 0, sizeof(tx->hdr));
	tx->inline_data = NULL;
	tx->data_len = 0;
	tx->last = true;
	tx->off = 0;
	builders[tx->cmnd->kind](conn, tx->cmnd);
	finish_pdu(conn);
	return true;
}

/* The header, and with it what is in small buffers. */
static int send_small(struct iet_conn *conn, int flags)
{
	struct iet_tx *tx = &conn->tx;
	struct msghdr msg = { .msg_flags = flags };
	struct kvec kv[3];
	u32 off = tx->off, len = 0;
	int i, n = 0;

	kv[n++] = (struct kvec){ &tx->hdr, tx->hdr_len };
	if (tx->inline_data || !tx->data_len) {
		kv[n++] =
			(struct kvec){ (void *)tx->inline_data, tx->data_len };
		kv[n++] = (struct kvec){ tx->trailer, tx->trailer_len };
	} else {
		msg.msg_flags |= MSG_MORE;
	}
	for (i = 0; i < n; i++) {
		u32 skip = min_t(u32, off, kv[i].iov_len);

		kv[i].iov_base += skip;
		kv[i].iov_len -= skip;
		off -= skip;
		len += kv[i].iov_len;
	}
	return kernel_sendmsg(conn->sock, &msg, kv, n, len);
}

static int send_pages(struct iet_conn *conn, u32 done, int flags)
{
	struct iet_tx *tx = &conn->tx;
	struct iet_tio *tio = &tx->cmnd->scmd.tio;

	if (tx->trailer_len)
		flags |= MSG_MORE;
	return iet_sock_send_bvec(conn->sock, tio->bv, tio->nr,
				  tx->tio_off + done, tx->data_len - done,
				  flags);
}

static int send_trailer(struct iet_conn *conn, u32 done, int flags)
{
	struct msghdr msg = { .msg_flags = flags };
	struct kvec kv = { conn->tx.trailer + done,
			   conn->tx.trailer_len - done };

	return kernel_sendmsg(conn->sock, &msg, &kv, 1, kv.iov_len);
}

/* Send some of the PDU: bytes, or a negative errno. */
static int send_some(struct iet_conn *conn, int flags)
{
	struct iet_tx *tx = &conn->tx;
	u32 data_end = tx->hdr_len + tx->data_len;

	if (tx->off < tx->hdr_len || tx->inline_data || !tx->data_len)
		return send_small(conn, flags);
	if (tx->off < data_end)
		return send_pages(conn, tx->off - tx->hdr_len, flags);
	return send_trailer(conn, tx->off - data_end, flags);
}

/* Does anything follow this PDU at once?  Then TCP need not push it. */
static bool more_follows(const struct iet_conn *conn)
{
	return !conn->tx.last || !list_is_singular(&conn->tx.queue);
}

static int send_pdu(struct iet_conn *conn)
{
	struct iet_tx *tx = &conn->tx;
	u32 total = tx->hdr_len + tx->data_len + tx->trailer_len;
	int flags = MSG_DONTWAIT | MSG_NOSIGNAL;

	tx->corked = more_follows(conn);
	if (tx->corked)
		flags |= MSG_MORE;
	while (tx->off < total) {
		int n = send_some(conn, flags);

		if (n <= 0)
			return n ?: -ECONNRESET;
		tx->off += n;
	}
	return 0;
}

static void pdu_sent(struct iet_conn *conn)
{
	struct iet_tx *tx = &conn->tx;
	struct iet_cmnd *cmnd = tx->cmnd;

	tx->cmnd = NULL;
	if (!tx->last && !cmnd->aborted)
		return;
	list_del(&cmnd->tx_node);
	cmnd->queued = false;
	iet_cmnd_sent(cmnd);
}

/*
 * What was to follow the last PDU did not come (it was aborted): let TCP push
 * what it keeps back.
 */
static void uncork(struct iet_conn *conn)
{
	if (!conn->tx.corked)
		return;
	conn->tx.corked = false;
	tcp_sock_set_nodelay(conn->sock->sk);
}

/*
 * TCP took no more.  If its buffer is full, conn_write_space() tells when to go
 * on.  If there was no memory, nobody does: what frees it need not be a packet
 * of this connection.
 */
static void tx_blocked(struct iet_conn *conn)
{
	conn->tx.starved = sk_stream_is_writeable(conn->sock->sk);
}

/**
 * iet_conn_tx - a turn of the transmit side
 * @conn: the connection, which is not closing
 *
 * Context: the connection's thread; does not sleep.
 * Return: true if there is more to do at once
 */
bool iet_conn_tx(struct iet_conn *conn)
{
	struct iet_tx *tx = &conn->tx;
	int budget = TX_BUDGET;

	if (!tx->cmnd && list_empty(&tx->queue)) {
		uncork(conn);
		return false;
	}
	if (!test_bit(IET_CONN_TX_READY, &conn->flags) && !tx->starved)
		return false;
	tx->starved = false;
	while (budget--) {
		int err;

		if (!tx->cmnd && !next_pdu(conn)) {
			uncork(conn);
			return false;
		}
		clear_bit(IET_CONN_TX_READY, &conn->flags);
		err = send_pdu(conn);
		if (err == -EAGAIN) {
			tx_blocked(conn);
			return test_bit(IET_CONN_TX_READY, &conn->flags);
		}
		set_bit(IET_CONN_TX_READY, &conn->flags);
		if (err) {
			iet_conn_fail(conn, IET_EVENT_CLOSED_BY_PEER);
			return false;
		}
		pdu_sent(conn);
		if (test_bit(IET_CONN_CLOSE, &conn->flags))
			return false;
	}
	return true;
}
