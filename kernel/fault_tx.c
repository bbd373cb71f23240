// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults of PDUs that are sent: hooks of tx.c and tx_build.c.
 *
 * A PDU that something is to happen to on its way is the last of its batch;
 * what that is, is in iet_conn.fault until the batch is with TCP.
 */
#include <linux/bits.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/socket.h>
#include <linux/string.h>

#include "cmnd.h"
#include "compat.h"
#include "conn.h"
#include "conn_timer.h"
#include "fault.h"
#include "fault_pdu.h"
#include "iet_random.h"
#include "session.h"

#define SENT_KINDS                                            \
	(BIT(IET_FAULT_DROP) | BIT(IET_FAULT_WITHHOLD) |      \
	 BIT(IET_FAULT_SPLIT) | BIT(IET_FAULT_STALL) |        \
	 BIT(IET_FAULT_DUPLICATE) | BIT(IET_FAULT_HEADER) |   \
	 BIT(IET_FAULT_HEADER_DIGEST) | BIT(IET_FAULT_DATA) | \
	 BIT(IET_FAULT_DATA_DIGEST))

/* pieces of a PDU that is split at random have up to so many bytes */
#define PIECE_MAX 256

static void of_command(const struct iet_cmnd *cmnd, struct iet_fault_what *what)
{
	if (cmnd->kind != IET_TX_SCSI && cmnd->kind != IET_TX_R2T)
		return;
	iet_fault_of_scsi(&cmnd->scmd, what);
}

static bool is_data_in(const struct iet_tx_pdu *pdu)
{
	return iscsi_opcode(&pdu->hdr.bhs) == ISCSI_OP_DATA_IN;
}

static bool carries_status(const struct iet_tx_pdu *pdu)
{
	return iscsi_opcode(&pdu->hdr.bhs) == ISCSI_OP_SCSI_RSP ||
	       (is_data_in(pdu) && pdu->hdr.bhs.flags & ISCSI_DATA_IN_STATUS);
}

static bool check(const struct iet_tx_pdu *pdu, enum iet_fault_kind kind,
		  struct iet_fault_hit *hit)
{
	struct iet_fault_what what = {
		.is_pdu = true,
		.pdu = iscsi_opcode(&pdu->hdr.bhs),
		.status = carries_status(pdu),
	};
	const struct iet_nexus *nexus = &pdu->cmnd->conn->session->nexus;

	if (!iet_fault_possible(nexus, BIT(kind)))
		return false;
	of_command(pdu->cmnd, &what);
	return iet_fault_check(nexus, kind, &what, hit);
}

/**
 * iet_fault_state() - the faults that are under way on a connection
 * @conn: the connection
 * @create: there may be one from now on
 *
 * Those of before all rules went, and others came, are over.
 *
 * Context: the connection's thread.
 * Return: its state, or NULL: there is none, or no memory
 */
struct iet_fault_conn *iet_fault_state(struct iet_conn *conn, bool create)
{
	struct iet_fault_conn *fault = conn->fault;

	if (!fault && create)
		fault = conn->fault =
			kzalloc(sizeof(*fault), GFP_NOWAIT | __GFP_NOWARN);
	if (fault && fault->epoch != iet_fault_epoch()) {
		memset(fault, 0, sizeof(*fault));
		fault->epoch = iet_fault_epoch();
	}
	return fault;
}

/* --- while the PDU is built ----------------------------------------------- */

static void flip_header(struct iet_tx_pdu *pdu, const struct iet_fault_hit *hit)
{
	u8 *p = (u8 *)&pdu->hdr.bhs;

	if (hit->has & BIT(IET_F_BYTE))
		p[hit->byte] ^= 0xff;
	else
		p[hit->random % sizeof(pdu->hdr.bhs)] ^= 0xff;
}

/* Data that is somebody else's stays as it is. */
static bool may_flip_data(const struct iet_tx_pdu *pdu)
{
	return pdu->data_len &&
	       (pdu->inline_data || !pdu->cmnd->scmd.tio.borrowed);
}

static void flip_data(struct iet_tx_pdu *pdu, const struct iet_fault_hit *hit)
{
	struct iet_tio *tio = &pdu->cmnd->scmd.tio;
	u32 at = hit->random % pdu->data_len;
	u8 byte;

	if (hit->has & BIT(IET_F_BYTE))
		at = hit->byte % pdu->data_len;
	if (pdu->inline_data) {
		/* in conn->tx.sense, or the header that a Reject is about */
		((u8 *)pdu->inline_data)[at] ^= 0xff;
		return;
	}
	iet_tio_read(tio, pdu->tio_off + at, &byte, 1);
	byte ^= 0xff;
	iet_tio_write(tio, pdu->tio_off + at, &byte, 1);
}

/*
 * Its numbers have been used.  The command stays at the head of the queue, to
 * make the same PDU once more.
 */
static void duplicate(struct iet_tx_pdu *pdu, struct iet_fault_conn *fault)
{
	struct iet_cmnd *cmnd = pdu->cmnd;
	const struct iscsi_data_in_hdr *in = (void *)&pdu->hdr.bhs;
	u32 total, sn, off, len;

	switch (iscsi_opcode(&pdu->hdr.bhs)) {
	case ISCSI_OP_DATA_IN:
		total = iet_cmnd_data_in_len(cmnd);
		if (!iet_data_in_again(&cmnd->din, total,
				       be32_to_cpu(in->data_sn), 1))
			return;
		break;
	case ISCSI_OP_R2T:
		if (!iet_r2t_again(&cmnd->r2t, &sn, &off, &len))
			return;
		cmnd->r2t_again = true;
		break;
	}
	fault->again = cmnd;
	pdu->last = false;
}

/* The data goes, its status does not. */
static void strip_status(struct iet_tx_pdu *pdu)
{
	struct iscsi_data_in_hdr *hdr = (void *)&pdu->hdr.bhs;

	hdr->flags &= ~(ISCSI_DATA_IN_STATUS | ISCSI_RSP_OVERFLOW |
			ISCSI_RSP_UNDERFLOW);
	hdr->status = 0;
	hdr->stat_sn = 0;
	hdr->residual = 0;
}

/**
 * iet_fault_tx_built() - a PDU has been built, but for its digests
 * @pdu: the PDU
 *
 * Context: the connection's thread.
 */
void iet_fault_tx_built(struct iet_tx_pdu *pdu)
{
	struct iet_conn *conn = pdu->cmnd->conn;
	struct iet_fault_conn *fault = iet_fault_state(
		conn, iet_fault_possible(&conn->session->nexus, SENT_KINDS));
	struct iet_fault_hit hit;
	bool second;

	if (!fault)
		return;
	second = fault->again == pdu->cmnd;
	fault->again = NULL;
	fault->withheld = NULL;
	if (!second && check(pdu, IET_FAULT_DUPLICATE, &hit))
		duplicate(pdu, fault);
	if (check(pdu, IET_FAULT_WITHHOLD, &hit)) {
		if (!hit.by_status || !is_data_in(pdu)) {
			fault->withheld = pdu;
			return;
		}
		strip_status(pdu);
	}
	if (may_flip_data(pdu) && check(pdu, IET_FAULT_DATA, &hit))
		flip_data(pdu, &hit);
	if (check(pdu, IET_FAULT_HEADER, &hit))
		flip_header(pdu, &hit);
}

/* --- when it joins the batch ---------------------------------------------- */

static void withhold(struct iet_tx_pdu *pdu)
{
	pdu->hdr_len = 0;
	pdu->data_len = 0;
	pdu->inline_data = NULL;
	pdu->trailer_len = 0;
}

static void damage_digests(struct iet_tx_pdu *pdu)
{
	const struct iet_conn *conn = pdu->cmnd->conn;
	struct iet_fault_hit hit;

	if (conn->hdigest && check(pdu, IET_FAULT_HEADER_DIGEST, &hit))
		pdu->hdr.digest ^= cpu_to_le32(1U << hit.random % 32);
	if (conn->ddigest && pdu->data_len &&
	    check(pdu, IET_FAULT_DATA_DIGEST, &hit))
		pdu->trailer[pdu->trailer_len - 1] ^= 1U << hit.random % 8;
}

/* What happens on its way. */
static void plan(struct iet_tx_pdu *pdu, struct iet_fault_conn *fault)
{
	struct iet_fault_hit hit;

	if (check(pdu, IET_FAULT_STALL, &hit)) {
		fault->plan |= IET_FAULT_PLAN_STALL;
		fault->delay = msecs_to_jiffies(hit.delay);
		fault->stall_id = hit.id;
		fault->stalled = false;
	}
	if (check(pdu, IET_FAULT_SPLIT, &hit)) {
		fault->plan |= IET_FAULT_PLAN_SPLIT;
		fault->random = hit.random;
		fault->byte = hit.has & BIT(IET_F_BYTE) ? hit.byte : 0;
		fault->cut = 0;
	}
	if (check(pdu, IET_FAULT_DROP, &hit)) {
		fault->plan |= IET_FAULT_PLAN_DROP;
		fault->drop_at = hit.byte;
	}
}

/**
 * iet_fault_tx_add() - a PDU joins the batch
 * @conn: the connection
 * @pdu: the PDU, complete, as its last
 *
 * Context: the connection's thread.
 */
void iet_fault_tx_add(struct iet_conn *conn, struct iet_tx_pdu *pdu)
{
	struct iet_fault_conn *fault = iet_fault_state(conn, false);

	if (!fault)
		return;
	fault->begin = conn->tx.len;
	fault->plan = 0;
	if (fault->withheld == pdu) {
		fault->withheld = NULL;
		withhold(pdu);
		return;
	}
	damage_digests(pdu);
	plan(pdu, fault);
}

/**
 * iet_fault_tx_ends_batch() - does no PDU join the batch any more?
 * @conn: the connection
 *
 * Context: the connection's thread.
 * Return: true if something is to happen to the last one
 */
bool iet_fault_tx_ends_batch(struct iet_conn *conn)
{
	const struct iet_fault_conn *fault = iet_fault_state(conn, false);

	return fault && fault->plan;
}

/* --- on its way ----------------------------------------------------------- */

/* Where the next piece ends, in bytes of the PDU. */
static u32 next_cut(struct iet_fault_conn *fault, u32 done, u32 len)
{
	if (fault->cut > done)
		return fault->cut;
	if (!fault->byte)
		fault->cut = done + 1 + iet_random(&fault->random) % PIECE_MAX;
	else
		fault->cut = done < fault->byte ? fault->byte : len;
	return fault->cut;
}

/* Return: is it time to send? */
static bool stall(struct iet_conn *conn, struct iet_fault_conn *fault)
{
	if (!fault->stalled) {
		fault->stalled = true;
		fault->until = jiffies + fault->delay;
	}
	/* who removes the rule kicks the connection after that */
	if (!time_before(jiffies, fault->until) ||
	    !iet_fault_exists(&conn->session->nexus, fault->stall_id)) {
		fault->plan &= ~IET_FAULT_PLAN_STALL;
		return true;
	}
	iet_timer_set_by(conn, IET_TIMER_FAULT, fault->until - jiffies);
	return false;
}

/**
 * iet_fault_tx_may_send() - may some of the batch be sent now?
 * @conn: the connection, with a batch that is not with TCP
 *
 * Context: the connection's thread.
 * Return: false: not before the connection is kicked, if ever
 */
bool iet_fault_tx_may_send(struct iet_conn *conn)
{
	struct iet_fault_conn *fault = iet_fault_state(conn, false);
	const struct iet_tx *tx = &conn->tx;
	u32 done, len;

	if (!fault)
		return true;
	fault->piece = 0;
	if (!fault->plan)
		return true;
	if (tx->off < fault->begin) {
		fault->piece = fault->begin - tx->off;
		return true;
	}
	if (fault->plan & IET_FAULT_PLAN_STALL && !stall(conn, fault))
		return false;
	done = tx->off - fault->begin;
	len = tx->len - fault->begin;
	if (fault->plan & IET_FAULT_PLAN_SPLIT)
		fault->piece = min(next_cut(fault, done, len), len) - done;
	if (!(fault->plan & IET_FAULT_PLAN_DROP))
		return true;
	if (done >= fault->drop_at) {
		iet_conn_fail(conn, IET_EVENT_FAULT);
		return false;
	}
	len = fault->drop_at - done;
	fault->piece = fault->piece ? min(fault->piece, len) : len;
	return true;
}

/**
 * iet_fault_tx_piece() - is the next call into TCP to send less?
 * @conn: the connection; iet_fault_tx_may_send() was true
 * @len: bytes that it would send; set to how many it is to
 * @flags: MSG_... of that; set to those of a segment of its own
 *
 * Context: the connection's thread.
 * Return: true if so: by copy, since what TCP has by reference it may join with
 * what it has already
 */
bool iet_fault_tx_piece(struct iet_conn *conn, u32 *len, int *flags)
{
	const struct iet_fault_conn *fault = iet_fault_state(conn, false);

	/* 0: it was not asked, since there was no rule then */
	if (!fault || !fault->piece || fault->piece > *len)
		return false;
	*len = fault->piece;
	*flags &= ~MSG_MORE;
	*flags |= MSG_EOR;
	return true;
}

/**
 * iet_fault_tx_sent() - some bytes are with TCP
 * @conn: the connection
 *
 * Context: the connection's thread.
 */
void iet_fault_tx_sent(struct iet_conn *conn)
{
	struct iet_fault_conn *fault = iet_fault_state(conn, false);
	const struct iet_tx *tx = &conn->tx;

	if (!fault || tx->off < tx->len)
		return;
	if (fault->plan & IET_FAULT_PLAN_DROP)
		iet_conn_fail(conn, IET_EVENT_FAULT);
	fault->plan = 0;
}

/**
 * iet_fault_timer() - a connection has been stalled long enough
 * @conn: the connection
 *
 * The thread looks at it once more, and so at iet_fault_tx_may_send().
 *
 * Context: the connection's thread.
 */
void iet_fault_timer(struct iet_conn *conn)
{
}
