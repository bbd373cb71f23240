/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Commands: one for each request that is being worked on, and for what we
 * send on our own.  Responses are not objects.
 */
#ifndef IET_CMND_H
#define IET_CMND_H

#include <linux/list.h>
#include <linux/llist.h>
#include <linux/types.h>

#include "data_in.h"
#include "iscsi_proto.h"
#include "r2t.h"
#include "scsi.h"
#include "tmf.h"

struct iet_claim;
struct iet_conn;
struct iet_session;

enum iet_cmnd_state {
	IET_CMND_FREE,
	IET_CMND_RX, /* its request is being received */
	IET_CMND_PARKED, /* its CmdSN is early */
	IET_CMND_WAIT_DATA, /* Data-Out PDUs are to come */
	IET_CMND_WAIT_CONN, /* a Logout, of a connection that is to come */
	IET_CMND_EXECUTING, /* the device server has it */
	IET_CMND_SENDING, /* in the transmit queue */
	IET_CMND_SENT, /* sent, and kept until it is acknowledged */
};

/* what a command has to send */
enum iet_tx_kind {
	IET_TX_SCSI, /* Data-In PDUs and the SCSI Response */
	IET_TX_R2T,
	IET_TX_NOP_IN,
	IET_TX_PING, /* NOP-In that we began */
	IET_TX_TMF,
	IET_TX_LOGOUT,
	IET_TX_TEXT,
	IET_TX_REJECT,
	IET_TX_ASYNC, /* its PDU is in @req, sense data in @scmd */
	IET_TX_NR,
};

/**
 * struct iet_cmnd_times - when things happened to a SCSI command, nanoseconds
 * @begun: its header came; 0: nobody has looked at the clock
 * @run: the device server got it; 0: it has not
 * @done: the device server gave it back
 */
struct iet_cmnd_times {
	u64 begun;
	u64 run;
	u64 done;
};

/**
 * struct iet_cmnd - a request and its response
 * @home: the connection whose pool it is in, for ever
 * @conn: the connection it is allegiant to: @home, until it is reassigned
 * @node: in home->free or conn->active
 * @tx_node: in conn->tx.queue, or conn->unacked in state SENT
 * @park_node: in session->parked, by CmdSN
 * @line_node: in session->line while it waits for data, or its turn
 * @done_node: in home->done
 * @itt_node: in conn->itt, if @hashed
 * @state: where it is
 * @kind: what it has to send
 * @queued: it is in the transmit queue
 * @sending: how many of its PDUs are being sent
 * @hashed: it can be found by its ITT
 * @counted: it holds a place in the command window
 * @immediate: an immediate SCSI command, of which there may be few
 * @aborted: no response; when the backend returns it, it is over
 * @tell: aborted by another initiator: the response will say TASK ABORTED
 * @doomed: aborted, and nobody may let it go on after all
 * @gated: its data is all there, and it waits for its turn, see order.h
 * @judged: what QErr makes of its status has been done, or is being done
 * @failed: status is set already; data that comes is thrown away
 * @close_after: the connection ends with this response
 * @numbered: it has a StatSN
 * @status_due: its status is to be sent, alone or with the last Data-In
 * @own_status: status may not go with the last Data-In
 * @r2t_again: its last R2T is to be sent again
 * @begun: a SCSI command that is to be counted when it ends
 * @r2t_repeated: the R2T that is being sent, or was last, was sent before
 * @index: its place in the pool
 * @gen: counts the uses of that place: a part of the TTT, so that data for
 *	an earlier command is told from data for this one
 * @itt: InitiatorTaskTag, as on the wire
 * @cmd_sn: CmdSN
 * @req: the request's BHS
 * @ext_cdb: CDB of more than 16 bytes, allocated, or NULL
 * @r2t: progress of a write's data
 * @din: progress of a read's data
 * @stat_sn: StatSN, if @numbered
 * @snack_tag: of the last R-Data SNACK, 0: there was none
 * @reject_sn: DataSN or R2TSN of a Reject
 * @response: code of a task management, logout, or reject response
 * @tries: how often data that does not come was asked for again
 * @text_flags: F and C bit of a Text Response
 * @text_ttt: its TargetTransferTag, as on the wire
 * @text_max_recv: the MaxRecvDataSegmentLength that counts from it on, 0: as
 *	before
 * @times: see cmnd_stats.c
 * @waits_since: jiffies: see watch.h
 * @tmf_op: the task management function that it asks for
 * @tmf: task management in progress, with a reference, or NULL
 * @tmf_info: AdditionalResponseInformation (RFC 7144)
 * @aborted_by: a function that waits for the end of this command, which it has
 *	aborted
 * @claims: more of them, see claim.h
 * @scmd: the SCSI side; scmd.tio also holds the data of text and NOP
 *
 * Owned by the connection's thread, but for @scmd while EXECUTING.
 * Lifetime: in the pool of its connection, which outlives all uses.
 */
struct iet_cmnd {
	struct iet_conn *home;
	struct iet_conn *conn;
	struct list_head node;
	struct list_head tx_node;
	struct list_head park_node;
	struct list_head line_node;
	struct llist_node done_node;
	struct hlist_node itt_node;
	enum iet_cmnd_state state;
	enum iet_tx_kind kind;
	bool queued : 1;
	bool hashed : 1;
	bool counted : 1;
	bool immediate : 1;
	bool aborted : 1;
	bool tell : 1;
	bool doomed : 1;
	bool gated : 1;
	bool judged : 1;
	bool failed : 1;
	bool close_after : 1;
	bool numbered : 1;
	bool status_due : 1;
	bool own_status : 1;
	bool r2t_again : 1;
	bool r2t_repeated : 1;
	bool begun : 1;
	u8 sending;
	u16 index;
	u16 gen;
	__be32 itt;
	u32 cmd_sn;
	struct iscsi_hdr req;
	u8 *ext_cdb;
	struct iet_r2t r2t;
	struct iet_data_in din;
	u32 stat_sn;
	u32 snack_tag;
	u32 reject_sn;
	u8 response;
	u8 tries;
	u8 text_flags;
	__be32 text_ttt;
	u32 text_max_recv;
	struct iet_cmnd_times times;
	unsigned long waits_since;
	const struct iet_tmf_op *tmf_op;
	struct iet_tmf *tmf;
	u8 tmf_info[3];
	struct iet_tmf *aborted_by;
	struct iet_claim *claims;
	struct iet_scmd scmd;
};

/* data pages, in the connection's thread, which must not wait for memory */
#define IET_TIO_GFP (GFP_NOWAIT | __GFP_NOWARN)

static inline bool iet_cmnd_is_scsi(const struct iet_cmnd *cmnd)
{
	return iscsi_opcode(&cmnd->req) == ISCSI_OP_SCSI_CMD;
}

/* cmnd.c */
struct iet_cmnd *iet_cmnd_alloc(struct iet_conn *conn);
void iet_cmnd_free(struct iet_cmnd *cmnd);
struct iet_cmnd *iet_cmnd_find(struct iet_conn *conn, __be32 itt);
struct iet_cmnd *iet_cmnd_find_any(struct iet_conn *conn, __be32 itt);
unsigned int iet_cmnds_nr(unsigned int window, u8 erl);
void iet_cmnd_answered(struct iet_cmnd *cmnd);
void iet_cmnd_dequeue(struct iet_cmnd *cmnd);
int iet_cmnd_reject(struct iet_conn *conn, u8 reason);
int iet_cmnd_reject_sn(struct iet_conn *conn, u8 reason, u32 sn);
bool iet_cmnd_make_room(struct iet_conn *conn);
void iet_cmnd_hash(struct iet_cmnd *cmnd);
void iet_cmnd_unhash(struct iet_cmnd *cmnd);
int iet_cmnd_reject_and_close(struct iet_conn *conn, u8 reason);

/* cmnd_end.c */
void iet_cmnd_abort(struct iet_cmnd *cmnd, struct iet_tmf *tmf);
bool iet_cmnd_abort_by_other(struct iet_cmnd *cmnd, struct iet_tmf *tmf,
			     bool tas);
void iet_cmnd_revive(struct iet_cmnd *cmnd, struct iet_tmf *tmf);
void iet_cmnd_done(struct iet_cmnd *cmnd);
void iet_cmnds_end(struct iet_conn *conn);
void iet_cmnd_sent(struct iet_cmnd *cmnd);
void iet_cmnd_returned(struct iet_cmnd *cmnd);
void iet_cmnd_end(struct iet_cmnd *cmnd);
void iet_cmnd_respond(struct iet_cmnd *cmnd);
void iet_cmnd_keep(struct iet_cmnd *cmnd);
void iet_cmnd_move(struct iet_cmnd *cmnd, struct iet_conn *conn);
void iet_conn_note_dropped(struct iet_conn *conn, __be32 itt);
bool iet_conn_was_dropped(const struct iet_conn *conn, __be32 itt);
void iet_cmnd_stop_data(struct iet_cmnd *cmnd);
void iet_cmnds_acknowledged(struct iet_conn *conn, u32 stat_sn);

/* cmnd_scsi.c */
void iet_cmnd_progress(struct iet_cmnd *cmnd);
void iet_cmnd_ask_again(struct iet_cmnd *cmnd);
int iet_cmnd_scsi_header(struct iet_cmnd *cmnd);
void iet_cmnd_scsi_start(struct iet_cmnd *cmnd);

/* request.c */
int iet_cmnd_header(struct iet_conn *conn);
void iet_cmnd_pdu(struct iet_conn *conn);
int iet_cmnd_data_error(struct iet_conn *conn);
void iet_cmnd_uncount(struct iet_cmnd *cmnd);
int iet_cmnd_plug(struct iet_conn *conn, u32 cmd_sn);

/* tx_build.c */
u32 iet_cmnd_data_in_len(const struct iet_cmnd *cmnd);

/* logout.c */
void iet_logout_start(struct iet_cmnd *cmnd);
void iet_logout_arrived(struct iet_conn *conn);

/* qerr.c */
bool iet_qerr(struct iet_cmnd *cmnd);

/* snack.c */
int iet_snack(struct iet_conn *conn);

#endif /* IET_CMND_H */
