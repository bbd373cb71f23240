/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Faults of PDUs: what tx.c, tx_build.c and rx.c ask, see fault.h.
 */
#ifndef IET_FAULT_PDU_H
#define IET_FAULT_PDU_H

#include <linux/types.h>

struct iet_cmnd;
struct iet_conn;
struct iet_tx_pdu;

/* iet_fault_conn.plan */
#define IET_FAULT_PLAN_STALL BIT(0)
#define IET_FAULT_PLAN_SPLIT BIT(1)
#define IET_FAULT_PLAN_DROP BIT(2)

/**
 * struct iet_fault_conn - what faults are under way on a connection
 * @epoch: iet_fault_epoch() of all the rest, which means nothing later
 * @again: the next PDU of this command is one that is sent twice
 * @withheld: this PDU, which has just been built, is not sent
 * @plan: what happens to the last PDU of the batch: IET_FAULT_PLAN_*
 * @begin: where in the batch it begins, bytes
 * @delay: STALL: jiffies
 * @stall_id: ... by which rule: it is over when that goes
 * @stalled: it has begun, and ...
 * @until: ... lasts so long, jiffies
 * @byte: SPLIT: where, or 0: at random
 * @cut: where the piece ends that is being sent, bytes of the PDU
 * @random: for that
 * @drop_at: DROP: after so many bytes of the PDU
 * @piece: what the next call into TCP may send, bytes
 * @drop_after: the connection ends with the PDU that is being received
 * @say: enum iet_async_event that follows that PDU, 0: none
 *
 * The connection's thread's own.  Lifetime: from the first PDU that a rule
 * could be about to the end of the connection.
 */
struct iet_fault_conn {
	u32 epoch;
	const struct iet_cmnd *again;
	const struct iet_tx_pdu *withheld;
	u8 plan;
	u32 begin;
	unsigned long delay;
	u32 stall_id;
	bool stalled;
	unsigned long until;
	u32 byte;
	u32 cut;
	u32 random;
	u32 drop_at;
	u32 piece;
	bool drop_after;
	u8 say;
};

struct iet_fault_conn *iet_fault_state(struct iet_conn *conn, bool create);

/* fault_tx.c */
void iet_fault_tx_built(struct iet_tx_pdu *pdu);
void iet_fault_tx_add(struct iet_conn *conn, struct iet_tx_pdu *pdu);
bool iet_fault_tx_ends_batch(struct iet_conn *conn);
bool iet_fault_tx_may_send(struct iet_conn *conn);
bool iet_fault_tx_piece(struct iet_conn *conn, u32 *len, int *flags);
void iet_fault_tx_sent(struct iet_conn *conn);
void iet_fault_timer(struct iet_conn *conn);

/* fault_rx.c */
int iet_fault_rx_header(struct iet_conn *conn);
void iet_fault_rx_pdu(struct iet_conn *conn);

#endif /* IET_FAULT_PDU_H */
