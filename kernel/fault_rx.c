// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults of PDUs that are received: hooks of rx.c.
 */
#include <linux/bits.h>
#include <linux/kernel.h>

#include "async.h"
#include "cdb.h"
#include "cmnd.h"
#include "compat.h"
#include "conn.h"
#include "fault.h"
#include "fault_pdu.h"
#include "opcodes.h"
#include "session.h"

#define RECEIVED_KINDS                                   \
	(BIT(IET_FAULT_DROP) | BIT(IET_FAULT_WITHHOLD) | \
	 BIT(IET_FAULT_REJECT) | BIT(IET_FAULT_ASYNC))

/* how long an initiator has to log out, or to begin to negotiate, seconds */
#define ASYNC_TIME 10

/* The blocks of a CDB that nobody has looked at yet. */
static void blocks_of(const u8 *cdb, struct iet_fault_what *what)
{
	const struct iet_scsi_op *op = iet_op_find(cdb[0], iet_cdb_sa(cdb));
	struct iet_cdb_fields fields;

	if (!op || !(op->flags & IET_OP_MEDIUM) || op->len > 16)
		return;
	iet_cdb_decode(op->layout, cdb, &fields);
	what->has_lba = true;
	what->lba = fields.lba;
	what->lba_last = fields.lba + (fields.len ? fields.len - 1 : 0);
	if (what->lba_last < what->lba)
		what->lba_last = U64_MAX;
}

static void of_scsi_request(const struct iscsi_hdr *bhs,
			    struct iet_fault_what *what)
{
	const struct iscsi_scsi_cmd_hdr *hdr = (const void *)bhs;

	what->scsi = true;
	what->opcode = hdr->cdb[0];
	if (hdr->flags & ISCSI_CMD_READ)
		what->direction = IET_FAULT_READ;
	else if (hdr->flags & ISCSI_CMD_WRITE)
		what->direction = IET_FAULT_WRITE;
	/* the service action of a long CDB is in its AHS */
	if (hdr->cdb[0] != IET_CDB_VARIABLE)
		blocks_of(hdr->cdb, what);
}

static void describe(struct iet_conn *conn, struct iet_fault_what *what)
{
	const struct iscsi_hdr *bhs = &conn->rx.bhs;
	const struct iet_cmnd *cmnd;

	what->is_pdu = true;
	what->pdu = iscsi_opcode(bhs);
	switch (what->pdu) {
	case ISCSI_OP_SCSI_CMD:
		of_scsi_request(bhs, what);
		fallthrough;
	case ISCSI_OP_TMF_REQ:
		what->has_lun = iet_lun_decode(bhs->lun, &what->lun) ==
				IET_LUN_UNIT;
		return;
	case ISCSI_OP_DATA_OUT:
		cmnd = iet_cmnd_find(conn, bhs->itt);
		if (cmnd && iet_cmnd_is_scsi(cmnd))
			iet_fault_of_scsi(&cmnd->scmd, what);
	}
}

/**
 * iet_fault_rx_header() - a header has been received
 * @conn: the connection, with the header in conn->rx
 *
 * Context: the connection's thread.
 * Return: 0: go on; 1: what is left of the PDU is to be thrown away;
 * -ECONNABORTED: the connection ends
 */
int iet_fault_rx_header(struct iet_conn *conn)
{
	const struct iet_nexus *nexus = &conn->session->nexus;
	struct iet_fault_what what = {};
	struct iet_fault_conn *fault;
	struct iet_fault_hit hit;

	fault = iet_fault_state(conn,
				iet_fault_possible(nexus, RECEIVED_KINDS));
	if (!fault)
		return 0;
	fault->drop_after = false;
	fault->say = 0;
	describe(conn, &what);
	if (iet_fault_check(nexus, IET_FAULT_DROP, &what, &hit)) {
		fault->drop_after = hit.byte;
		if (!fault->drop_after) {
			iet_conn_fail(conn, IET_EVENT_FAULT);
			return -ECONNABORTED;
		}
	}
	if (iet_fault_check(nexus, IET_FAULT_WITHHOLD, &what, &hit))
		return 1;
	/* a Reject takes a command, without which it can't be */
	if (iet_fault_possible(nexus, BIT(IET_FAULT_REJECT)) &&
	    iet_cmnd_make_room(conn) &&
	    iet_fault_check(nexus, IET_FAULT_REJECT, &what, &hit)) {
		iet_cmnd_reject(conn, hit.code ?: ISCSI_REJECT_PROTOCOL_ERROR);
		return 1;
	}
	if (iet_fault_check(nexus, IET_FAULT_ASYNC, &what, &hit))
		fault->say = hit.code;
	return 0;
}

static void say(struct iet_conn *conn, u8 event)
{
	struct iet_conn *other;

	if (event != IET_ASYNC_DROP_SESSION) {
		iet_async_say(conn, event, ASYNC_TIME);
		return;
	}
	list_for_each_entry(other, &conn->session->members, member_node)
		iet_async_say(other, event, ASYNC_TIME);
}

/**
 * iet_fault_rx_pdu() - a PDU has been received and acted on
 * @conn: the connection
 *
 * Context: the connection's thread.
 */
void iet_fault_rx_pdu(struct iet_conn *conn)
{
	struct iet_fault_conn *fault = iet_fault_state(conn, false);

	if (!fault)
		return;
	if (fault->say)
		say(conn, fault->say);
	if (fault->drop_after)
		iet_conn_fail(conn, IET_EVENT_FAULT);
	fault->say = 0;
	fault->drop_after = false;
}
