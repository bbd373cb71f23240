// SPDX-License-Identifier: GPL-2.0-only
/*
 * The receive side of a connection: from bytes to PDUs.
 *
 * One function per state; each returns 1 if it made progress, 0 if there is
 * nothing more to be had now, or a negative errno to end the connection.
 * Headers go to conn->rx, data straight into the pages of the command.
 *
 * Once the socket has given less than it was asked for it is empty, and not
 * asked again before it says that there is more.
 */
#include <linux/crc32c.h>
#include <linux/kernel.h>
#include <linux/net.h>
#include <linux/tcp.h>
#include <net/sock.h>

#include "cmnd.h"
#include "compat.h"
#include "conn.h"
#include "fault.h"
#include "fault_pdu.h"
#include "nthread.h"
#include "session.h"

/* Bytes, 0 if there are none now, or a negative errno. */
static int receive(struct iet_conn *conn, struct msghdr *msg)
{
	size_t want = msg_data_left(msg);
	int n;

	if (conn->rx.drained)
		return 0;
	n = sock_recvmsg(conn->sock, msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n == -EAGAIN)
		n = 0;
	else if (n == 0)
		n = -ECONNRESET;
	/* or the end of the stream is next, or TCP stops at an urgent byte */
	conn->rx.drained =
		n < (int)want &&
		!(READ_ONCE(conn->sock->sk->sk_shutdown) & RCV_SHUTDOWN) &&
		!READ_ONCE(tcp_sk(conn->sock->sk)->urg_data);
	return n;
}

static int receive_into(struct iet_conn *conn, void *buf, u32 len)
{
	struct msghdr msg = {};
	struct kvec kv = { buf, len };

	iov_iter_kvec(&msg.msg_iter, ITER_DEST, &kv, 1, len);
	return receive(conn, &msg);
}

/* Receive into a small buffer; @off is what is there already. */
static int recv_buf(struct iet_conn *conn, void *buf, u32 len)
{
	struct iet_rx *rx = &conn->rx;
	int ret = receive_into(conn, buf + rx->off, len - rx->off);

	if (ret <= 0)
		return ret;
	rx->off += ret;
	return 1;
}

static void next_state(struct iet_rx *rx, enum iet_rx_state state)
{
	rx->state = state;
	rx->off = 0;
}

/* As far as it is known: how long the AHS is, the BHS says. */
static u32 header_len(const struct iet_conn *conn)
{
	const struct iet_rx *rx = &conn->rx;
	u32 len = sizeof(rx->bhs);

	if (rx->off >= len)
		len += rx->bhs.ahs_len * 4;
	return len + (conn->hdigest ? ISCSI_DIGEST_LEN : 0);
}

static bool digest_is(const void *digest, u32 crc)
{
	return get_unaligned_le32(digest) == crc;
}

static int rx_segment(struct iet_conn *conn)
{
	struct iet_rx *rx = &conn->rx;
	int ret = recv_buf(conn, rx->header, header_len(conn));
	u32 len;

	if (ret <= 0 || rx->off < header_len(conn))
		return ret;
	rx->ahs_len = rx->bhs.ahs_len * 4;
	rx->data_len = iscsi_dlength(&rx->bhs);
	len = sizeof(rx->bhs) + rx->ahs_len;
	/* nobody knows where the next header begins (RFC 7143 7.7) */
	if (conn->hdigest &&
	    !digest_is(rx->header + len, ~crc32c(~0, rx->header, len))) {
		iet_link_count(&conn->session->stats, IET_ST_DIGEST_ERRORS);
		return -EBADMSG;
	}
	next_state(rx, IET_RX_HEADER);
	return 1;
}

static int rx_header(struct iet_conn *conn)
{
	struct iet_rx *rx = &conn->rx;
	bool starved;
	int fault = 0;

	/* once for each PDU */
	if (iet_fault_on() && !rx->starved)
		fault = iet_fault_rx_header(conn);
	if (fault < 0)
		return 0;
	starved = !fault && iet_cmnd_header(conn) == -ENOMEM;
	if (starved && !rx->starved)
		rx->starved_since = jiffies;
	rx->starved = starved;
	if (starved)
		return 0;
	rx->crc = ~0;
	next_state(rx, rx->data_len ? IET_RX_DATA : IET_RX_PDU);
	return 1;
}

/* How many of the bytes to come have a place in the command's pages. */
static u32 room_for_data(const struct iet_rx *rx)
{
	u32 pos = rx->data_off + rx->off;
	u32 left = rx->data_len - rx->off;

	if (!rx->cmnd || pos >= rx->cmnd->scmd.tio.size)
		return 0;
	return min(left, rx->cmnd->scmd.tio.size - pos);
}

static int receive_data(struct iet_conn *conn, u32 pos, u32 room)
{
	struct iet_rx *rx = &conn->rx;
	struct msghdr msg = {};

	if (room)
		iet_tio_iter(&rx->cmnd->scmd.tio, &msg.msg_iter, ITER_DEST, pos,
			     min(room, rx->left));
	else
		iov_iter_discard(&msg.msg_iter, ITER_DEST,
				 rx->data_len - rx->off);
	return receive(conn, &msg);
}

static int rx_data(struct iet_conn *conn)
{
	struct iet_rx *rx = &conn->rx;
	u32 pos = rx->data_off + rx->off;
	u32 room = room_for_data(rx);
	int n;

	n = receive_data(conn, pos, room);
	if (n <= 0)
		return n;
	if (conn->ddigest && room)
		rx->crc = iet_tio_crc32c(&rx->cmnd->scmd.tio, pos, n, rx->crc);
	rx->turn += n;
	/* what was thrown away can't be checked, and need not be */
	rx->crc_skipped |= !room;
	rx->off += n;
	if (rx->off == rx->data_len)
		next_state(rx, IET_RX_TRAILER);
	return 1;
}

/* What follows the data: its padding and its digest, or nothing. */
static int rx_trailer(struct iet_conn *conn)
{
	struct iet_rx *rx = &conn->rx;
	u32 pad = iscsi_pad(rx->data_len);
	u32 len = pad + (conn->ddigest ? ISCSI_DIGEST_LEN : 0);

	if (rx->off < len) {
		int ret = recv_buf(conn, rx->trailer, len);

		if (ret <= 0 || rx->off < len)
			return ret;
	}
	if (conn->ddigest && rx->cmnd && !rx->crc_skipped &&
	    !digest_is(rx->trailer + pad, ~crc32c(rx->crc, rx->trailer, pad))) {
		rx->starved = iet_cmnd_data_error(conn) == -ENOMEM;
		if (rx->starved)
			return 0;
		iet_link_count(&conn->session->stats, IET_ST_DIGEST_ERRORS);
		rx->cmnd = NULL;
	}
	next_state(rx, IET_RX_PDU);
	return 1;
}

static int rx_pdu(struct iet_conn *conn)
{
	struct iet_rx *rx = &conn->rx;

	iet_cmnd_pdu(conn);
	if (iet_fault_on())
		iet_fault_rx_pdu(conn);
	rx->turn += IET_TURN_PDU;
	rx->cmnd = NULL;
	rx->crc_skipped = false;
	next_state(rx, IET_RX_SEGMENT);
	return 1;
}

static int (*const rx_states[])(struct iet_conn *conn) = {
	[IET_RX_SEGMENT] = rx_segment, [IET_RX_HEADER] = rx_header,
	[IET_RX_DATA] = rx_data,       [IET_RX_TRAILER] = rx_trailer,
	[IET_RX_PDU] = rx_pdu,
};

static enum iet_event close_reason(int err)
{
	return err == -EBADMSG ? IET_EVENT_PROTOCOL_ERROR :
				 IET_EVENT_CLOSED_BY_PEER;
}

/**
 * iet_conn_rx - a turn of the receive side
 * @conn: the connection, which is not closing
 *
 * Context: the connection's thread; does not sleep.
 * Return: true if there is more to do at once
 */
bool iet_conn_rx(struct iet_conn *conn)
{
	struct iet_rx *rx = &conn->rx;
	int ret = 1;

	if (!test_and_clear_bit(IET_CONN_RX_READY, &conn->flags) &&
	    !rx->starved)
		return false;
	rx->drained = false;
	rx->turn = 0;
	while (!conn->stop_rx &&
	       (rx->left = iet_nthread_turn(conn, rx->turn))) {
		ret = rx_states[rx->state](conn);
		if (ret <= 0)
			break;
	}
	if (ret < 0) {
		iet_conn_fail(conn, close_reason(ret));
		return false;
	}
	if (conn->stop_rx || ret == 0)
		return false;
	set_bit(IET_CONN_RX_READY, &conn->flags);
	return true;
}
