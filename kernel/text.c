// SPDX-License-Identifier: GPL-2.0-only
/*
 * Text requests in the full feature phase of a normal session.  What is
 * answered is in text_keys.c, in how many PDUs in text_seq.c; here is what
 * that has to do with connections.
 */
#include <linux/in.h>
#include <linux/net.h>

#include "cmnd.h"
#include "compat.h"
#include "conn.h"
#include "conn_timer.h"
#include "session.h"
#include "target.h"
#include "text.h"

#define TEXT_GFP (GFP_NOWAIT | __GFP_NOWARN)
/* how long a sequence may stall; its texts take up to 32 KiB */
#define TEXT_PATIENCE (10 * HZ)
/* "[", an IPv6 address, "]:", a port, ",1" */
#define ADDRESS_MAX 64

/* There is one portal group. */
static void own_address(struct iet_conn *conn, char *to)
{
	struct sockaddr_storage ss = {};
	const struct sockaddr_in *in = (const void *)&ss;
	int len;

	*to = '\0';
	if (kernel_getsockname(conn->sock, (struct sockaddr *)&ss) < 0)
		return;
	len = iet_address_text(&ss, to, ADDRESS_MAX);
	/* in IPv6 the port has the same place */
	snprintf(to + len, ADDRESS_MAX - len, ":%u,1",
		 be16_to_cpu(in->sin_port));
}

static u8 make_response(struct iet_cmnd *cmnd, struct iet_text_piece *piece)
{
	const struct iscsi_text_hdr *req = (const void *)&cmnd->req;
	struct iet_conn *conn = cmnd->conn;
	struct iet_text_seq *seq = &conn->text;
	struct iet_tio *tio = &cmnd->scmd.tio;
	char address[ADDRESS_MAX], *to;
	u8 reason;

	reason = iet_text_begin(seq, req, TEXT_GFP, &to);
	if (reason)
		return reason;
	if (to)
		iet_tio_read(tio, 0, to, iscsi_dlength(&cmnd->req));
	own_address(conn, address);
	seq->keys.target = conn->session->target->name;
	seq->keys.address = address;
	reason = iet_text_take(seq, req, conn->max_xmit, TEXT_GFP, piece);
	if (reason)
		return reason;
	iet_tio_free(tio);
	if (piece->len && iet_tio_alloc(tio, piece->len, TEXT_GFP)) {
		iet_text_end(seq);
		return ISCSI_REJECT_LONG_OPERATION;
	}
	iet_tio_write(tio, 0, piece->data, piece->len);
	return 0;
}

/**
 * iet_text_start - answer a Text Request
 * @cmnd: the request, with its data in scmd.tio
 *
 * A negotiation that fails changes nothing (RFC 7143 7.13), so what has been
 * declared counts from the last response on, see iet_tx_build().
 *
 * Context: the connection's thread; does not sleep.
 */
void iet_text_start(struct iet_cmnd *cmnd)
{
	struct iet_conn *conn = cmnd->conn;
	struct iet_text_piece piece;

	cmnd->response = make_response(cmnd, &piece);
	if (cmnd->response) {
		iet_tio_free(&cmnd->scmd.tio);
		iet_cmnd_uncount(cmnd);
		cmnd->kind = IET_TX_REJECT;
		iet_conn_queue(conn, cmnd);
		return;
	}
	cmnd->text_flags = piece.flags;
	cmnd->text_ttt = piece.ttt;
	cmnd->text_max_recv = piece.max_recv;
	if (piece.flags & ISCSI_FLAG_FINAL)
		iet_text_end(&conn->text);
	else
		iet_timer_set(conn, IET_TIMER_TEXT, TEXT_PATIENCE);
	iet_conn_queue(conn, cmnd);
}

/**
 * iet_text_timer - the initiator has not gone on with its sequence
 * @conn: the connection
 *
 * A request that comes after all has a tag that nobody knows, and is rejected.
 *
 * Context: the connection's thread; does not sleep.
 */
void iet_text_timer(struct iet_conn *conn)
{
	iet_text_end(&conn->text);
}
