// SPDX-License-Identifier: GPL-2.0-only
/*
 * The transmit side of a connection.
 *
 * Commands with something to send are in a queue.  Responses are not objects:
 * tx_build.c makes the PDUs of those at its head, as many as there is room for
 * in conn->tx.pdus, and they go to TCP with one call: headers, digests and
 * little data by copy.  Much data goes by reference; such a PDU is the last of
 * its batch.  The next ones are built when all of the batch is with TCP.
 */
#include <linux/highmem.h>
#include <linux/kernel.h>
#include <linux/net.h>
#include <linux/sizes.h>
#include <linux/tcp.h>
#include <net/sock.h>

#include "cmnd.h"
#include "compat.h"
#include "conn.h"
#include "fault.h"
#include "fault_pdu.h"
#include "nthread.h"
#include "tio_math.h"

/*
 * So much data is copied: it costs less than what TCP has to do for each page
 * by reference, and the pages can be used again at once, not only when the
 * peer has acknowledged them.
 */
#define COPY_MAX SZ_16K

/* of one PDU: header, data that does not begin with a page, trailer */
#define PDU_VECS (1 + DIV_ROUND_UP(COPY_MAX, PAGE_SIZE) + 1 + 1)

static void add_vec(struct iet_tx *tx, const void *base, u32 len)
{
	if (!len)
		return;
	tx->vecs[tx->nr_vecs++] = (struct kvec){ (void *)base, len };
	tx->copied += len;
}

static void add_data(struct iet_tx *tx, const struct iet_tx_pdu *pdu)
{
	const struct iet_tio *tio = &pdu->cmnd->scmd.tio;
	u32 off = pdu->tio_off, left, n;

	for (left = pdu->data_len; left; left -= n, off += n) {
		n = iet_tio_piece(tio->shift, off, left);
		add_vec(tx, iet_tio_address(tio, off), n);
	}
}

static bool is_copied(const struct iet_tx_pdu *pdu)
{
	return pdu->inline_data || !pdu->data_len ||
	       (pdu->data_len <= COPY_MAX && !IS_ENABLED(CONFIG_HIGHMEM));
}

/* The next PDU of the command at the head of the queue. */
static struct iet_tx_pdu *add_pdu(struct iet_tx *tx)
{
	struct iet_cmnd *cmnd =
		list_first_entry(&tx->queue, struct iet_cmnd, tx_node);
	struct iet_tx_pdu *pdu = &tx->pdus[tx->nr_pdus++];

	iet_tx_build(cmnd, pdu);
	if (iet_fault_on())
		iet_fault_tx_add(cmnd->conn, pdu);
	cmnd->sending++;
	if (pdu->last)
		iet_cmnd_dequeue(cmnd);
	add_vec(tx, &pdu->hdr, pdu->hdr_len);
	if (is_copied(pdu)) {
		if (pdu->inline_data)
			add_vec(tx, pdu->inline_data, pdu->data_len);
		else
			add_data(tx, pdu);
		add_vec(tx, pdu->trailer, pdu->trailer_len);
		pdu->end = tx->copied;
	} else {
		tx->paged = pdu;
		pdu->end = tx->copied + pdu->data_len + pdu->trailer_len;
	}
	tx->len = pdu->end;
	return pdu;
}

/* There is one buffer for sense data, and nothing follows what ends it all. */
static bool ends_batch(const struct iet_tx *tx, const struct iet_tx_pdu *pdu)
{
	return tx->paged || pdu->inline_data == tx->sense ||
	       pdu->cmnd->close_after || tx->nr_pdus == IET_TX_PDUS ||
	       tx->nr_vecs + PDU_VECS > IET_TX_VECS ||
	       (iet_fault_on() && iet_fault_tx_ends_batch(pdu->cmnd->conn));
}

/* Returns how many PDUs there are now to be sent. */
static unsigned int next_batch(struct iet_tx *tx)
{
	struct iet_tx_pdu *pdu;

	tx->nr_pdus = 0;
	tx->nr_sent = 0;
	tx->nr_vecs = 0;
	tx->copied = 0;
	tx->len = 0;
	tx->off = 0;
	tx->paged = NULL;
	while (!list_empty(&tx->queue)) {
		pdu = add_pdu(tx);
		if (ends_batch(tx, pdu))
			break;
	}
	return tx->nr_pdus;
}

/* What is sent by copy, from tx->off on. */
static int send_copied(struct iet_conn *conn, int flags)
{
	struct iet_tx *tx = &conn->tx;
	struct msghdr msg = { .msg_flags = flags };
	u32 len;

	if (tx->paged)
		msg.msg_flags |= MSG_MORE;
	iov_iter_kvec(&msg.msg_iter, ITER_SOURCE, tx->vecs, tx->nr_vecs,
		      tx->copied);
	iov_iter_advance(&msg.msg_iter, tx->off);
	len = tx->copied - tx->off;
	if (iet_fault_on() && iet_fault_tx_piece(conn, &len, &msg.msg_flags))
		iov_iter_truncate(&msg.msg_iter, len);
	return sock_sendmsg(conn->sock, &msg);
}

/* By copy: what is sent by reference may join the piece before it. */
static int send_piece(struct iet_conn *conn, struct iet_tio *tio, u32 off,
		      u32 len, int flags)
{
	struct msghdr msg = { .msg_flags = flags };

	iov_iter_bvec(&msg.msg_iter, ITER_SOURCE, tio->bv, tio->nr, off + len);
	iov_iter_advance(&msg.msg_iter, off);
	return sock_sendmsg(conn->sock, &msg);
}

/* No more than @left, the rest of the turn: it is much in one piece. */
static int send_pages(struct iet_conn *conn, u32 done, u32 left, int flags)
{
	const struct iet_tx_pdu *pdu = conn->tx.paged;
	struct iet_tio *tio = &pdu->cmnd->scmd.tio;
	u32 len = min(pdu->data_len - done, left);

	if (pdu->trailer_len || done + len < pdu->data_len)
		flags |= MSG_MORE;
	if (iet_fault_on() && iet_fault_tx_piece(conn, &len, &flags))
		return send_piece(conn, tio, pdu->tio_off + done, len, flags);
	return iet_sock_send_bvec(conn->sock, tio->bv, tio->nr,
				  pdu->tio_off + done, len, flags);
}

static int send_trailer(struct iet_conn *conn, u32 done, int flags)
{
	struct iet_tx_pdu *pdu = conn->tx.paged;
	struct msghdr msg = { .msg_flags = flags };
	u32 len = pdu->trailer_len - done;
	struct kvec kv = { pdu->trailer + done, len };

	if (iet_fault_on() && iet_fault_tx_piece(conn, &len, &msg.msg_flags))
		kv.iov_len = len;
	return kernel_sendmsg(conn->sock, &msg, &kv, 1, kv.iov_len);
}

/*
 * Send some of the batch: bytes, or a negative errno.  If anything follows at
 * once, TCP need not push what it has.
 */
static int send_some(struct iet_conn *conn, u32 left)
{
	struct iet_tx *tx = &conn->tx;
	int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
	u32 done;

	/* a fault has withheld all of it */
	if (unlikely(!tx->len))
		return 0;
	tx->corked = !list_empty(&tx->queue);
	if (tx->corked)
		flags |= MSG_MORE;
	if (tx->off < tx->copied)
		return send_copied(conn, flags);
	done = tx->off - tx->copied;
	if (done < tx->paged->data_len)
		return send_pages(conn, done, left, flags);
	return send_trailer(conn, done - tx->paged->data_len, flags);
}

static void pdu_sent(struct iet_cmnd *cmnd)
{
	cmnd->sending--;
	if (!cmnd->sending && !cmnd->queued)
		iet_cmnd_sent(cmnd);
}

/* So many more bytes are with TCP. */
static void bytes_sent(struct iet_tx *tx, u32 n)
{
	tx->off += n;
	tx->turn += n;
	while (tx->nr_sent < tx->nr_pdus &&
	       tx->pdus[tx->nr_sent].end <= tx->off) {
		pdu_sent(tx->pdus[tx->nr_sent++].cmnd);
		tx->turn += IET_TURN_PDU;
	}
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
 * iet_tx_drop - forget what is not with TCP yet
 * @conn: a connection that sends no more
 *
 * Context: the connection's thread.
 */
void iet_tx_drop(struct iet_conn *conn)
{
	struct iet_tx *tx = &conn->tx;

	while (tx->nr_sent < tx->nr_pdus)
		tx->pdus[tx->nr_sent++].cmnd->sending = 0;
	tx->off = tx->len;
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
	u32 left;

	if (tx->off == tx->len && list_empty(&tx->queue)) {
		uncork(conn);
		return false;
	}
	if (!test_bit(IET_CONN_TX_READY, &conn->flags) && !tx->starved)
		return false;
	tx->starved = false;
	tx->turn = 0;
	while ((left = iet_nthread_turn(conn, tx->turn))) {
		int n;

		if (tx->off == tx->len && !next_batch(tx)) {
			uncork(conn);
			return false;
		}
		if (iet_fault_on() && !iet_fault_tx_may_send(conn))
			return false;
		clear_bit(IET_CONN_TX_READY, &conn->flags);
		n = send_some(conn, left);
		if (n == -EAGAIN) {
			tx_blocked(conn);
			return test_bit(IET_CONN_TX_READY, &conn->flags);
		}
		set_bit(IET_CONN_TX_READY, &conn->flags);
		if (unlikely(n <= 0 && tx->len)) {
			iet_conn_fail(conn, IET_EVENT_CLOSED_BY_PEER);
			return false;
		}
		bytes_sent(tx, n);
		if (iet_fault_on())
			iet_fault_tx_sent(conn);
		if (test_bit(IET_CONN_CLOSE, &conn->flags))
			return false;
	}
	return true;
}
