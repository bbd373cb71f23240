/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Trace events, in /sys/kernel/tracing/events/iet.
 *
 * sid is the number in /proc/net/iet/session.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM iet

#if !defined(IET_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define IET_TRACE_H

#include <linux/tracepoint.h>
#include <scsi/scsi_proto.h>

#include "cmnd.h"
#include "conn.h"
#include "opcodes.h"
#include "session.h"
#include "target.h"

#ifndef IET_TRACE_ONCE
#define IET_TRACE_ONCE

/* no status: the command was aborted, or its connection has ended */
#define IET_TRACE_NO_STATUS 0x100

/* what ends a connection is traced with the reason */
enum iet_trace_conn {
	IET_TRACE_CONN_ACTIVE,
	IET_TRACE_CONN_SHUT,
	IET_TRACE_CONN_SUSPENDED,
	IET_TRACE_CONN_GONE,
};

static inline u32 iet_trace_lun(const u8 *lun_raw)
{
	u32 lun;

	return iet_lun_decode(lun_raw, &lun) == IET_LUN_UNIT ? lun : ~0;
}

/* sense key, additional sense code and its qualifier, 0 if there is none */
static inline u32 iet_trace_sense(const struct iet_scmd *s)
{
	if (!s->sense_len)
		return 0;
	if ((s->sense[0] & 0x7f) >= 0x72)
		return (s->sense[1] & 0xf) << 16 | s->sense[2] << 8 |
		       s->sense[3];
	return (s->sense[2] & 0xf) << 16 | s->sense[12] << 8 | s->sense[13];
}

#endif /* IET_TRACE_ONCE */

/* as in the kernel's own include/trace/events */
/* clang-format off */

#define iet_show_scsi(opcode)						\
	__print_symbolic(opcode,					\
		{ TEST_UNIT_READY, "TEST_UNIT_READY" },			\
		{ REQUEST_SENSE, "REQUEST_SENSE" },			\
		{ FORMAT_UNIT, "FORMAT_UNIT" },				\
		{ READ_6, "READ_6" },					\
		{ WRITE_6, "WRITE_6" },					\
		{ INQUIRY, "INQUIRY" },					\
		{ MODE_SELECT, "MODE_SELECT_6" },			\
		{ 0x16, "RESERVE_6" },					\
		{ 0x17, "RELEASE_6" },					\
		{ MODE_SENSE, "MODE_SENSE_6" },				\
		{ START_STOP, "START_STOP_UNIT" },			\
		{ READ_CAPACITY, "READ_CAPACITY_10" },			\
		{ READ_10, "READ_10" },					\
		{ WRITE_10, "WRITE_10" },				\
		{ WRITE_VERIFY, "WRITE_AND_VERIFY_10" },		\
		{ VERIFY, "VERIFY_10" },				\
		{ SYNCHRONIZE_CACHE, "SYNCHRONIZE_CACHE_10" },		\
		{ WRITE_SAME, "WRITE_SAME_10" },			\
		{ UNMAP, "UNMAP" },					\
		{ LOG_SENSE, "LOG_SENSE" },				\
		{ MODE_SELECT_10, "MODE_SELECT_10" },			\
		{ MODE_SENSE_10, "MODE_SENSE_10" },			\
		{ PERSISTENT_RESERVE_IN, "PERSISTENT_RESERVE_IN" },	\
		{ PERSISTENT_RESERVE_OUT, "PERSISTENT_RESERVE_OUT" },	\
		{ EXTENDED_COPY, "EXTENDED_COPY" },			\
		{ RECEIVE_COPY_RESULTS, "RECEIVE_COPY" },		\
		{ READ_16, "READ_16" },					\
		{ COMPARE_AND_WRITE, "COMPARE_AND_WRITE" },		\
		{ WRITE_16, "WRITE_16" },				\
		{ WRITE_VERIFY_16, "WRITE_AND_VERIFY_16" },		\
		{ VERIFY_16, "VERIFY_16" },				\
		{ 0x91, "SYNCHRONIZE_CACHE_16" },			\
		{ WRITE_SAME_16, "WRITE_SAME_16" },			\
		{ SERVICE_ACTION_IN_16, "SERVICE_ACTION_IN_16" },	\
		{ REPORT_LUNS, "REPORT_LUNS" },				\
		{ MAINTENANCE_IN, "MAINTENANCE_IN" },			\
		{ READ_12, "READ_12" },					\
		{ WRITE_12, "WRITE_12" })

#define iet_show_status(status)						\
	__print_symbolic(status,					\
		{ SAM_STAT_GOOD, "GOOD" },				\
		{ SAM_STAT_CHECK_CONDITION, "CHECK_CONDITION" },	\
		{ SAM_STAT_BUSY, "BUSY" },				\
		{ SAM_STAT_RESERVATION_CONFLICT, "RESERVED" },		\
		{ SAM_STAT_TASK_SET_FULL, "TASK_SET_FULL" },		\
		{ SAM_STAT_ACA_ACTIVE, "ACA_ACTIVE" },			\
		{ SAM_STAT_TASK_ABORTED, "TASK_ABORTED" },		\
		{ IET_TRACE_NO_STATUS, "ABORTED_WITHOUT_STATUS" })

#define iet_show_tmf(function)						\
	__print_symbolic(function,					\
		{ ISCSI_TMF_ABORT_TASK, "ABORT_TASK" },			\
		{ ISCSI_TMF_ABORT_TASK_SET, "ABORT_TASK_SET" },		\
		{ ISCSI_TMF_CLEAR_ACA, "CLEAR_ACA" },			\
		{ ISCSI_TMF_CLEAR_TASK_SET, "CLEAR_TASK_SET" },		\
		{ ISCSI_TMF_LOGICAL_UNIT_RESET, "LOGICAL_UNIT_RESET" },	\
		{ ISCSI_TMF_TARGET_WARM_RESET, "TARGET_WARM_RESET" },	\
		{ ISCSI_TMF_TARGET_COLD_RESET, "TARGET_COLD_RESET" },	\
		{ ISCSI_TMF_TASK_REASSIGN, "TASK_REASSIGN" },		\
		{ ISCSI_TMF_QUERY_TASK, "QUERY_TASK" },			\
		{ ISCSI_TMF_QUERY_TASK_SET, "QUERY_TASK_SET" },		\
		{ ISCSI_TMF_I_T_NEXUS_RESET, "I_T_NEXUS_RESET" },	\
		{ ISCSI_TMF_QUERY_ASYNC_EVENT, "QUERY_ASYNC_EVENT" })

#define iet_show_pdu(opcode)						\
	__print_symbolic(opcode,					\
		{ ISCSI_OP_NOP_OUT, "NOP_OUT" },			\
		{ ISCSI_OP_SCSI_CMD, "SCSI_COMMAND" },			\
		{ ISCSI_OP_TMF_REQ, "TASK_MANAGEMENT" },		\
		{ ISCSI_OP_LOGIN_REQ, "LOGIN" },			\
		{ ISCSI_OP_TEXT_REQ, "TEXT" },				\
		{ ISCSI_OP_DATA_OUT, "DATA_OUT" },			\
		{ ISCSI_OP_LOGOUT_REQ, "LOGOUT" },			\
		{ ISCSI_OP_SNACK_REQ, "SNACK" })

#define iet_show_conn(state)						\
	__print_symbolic(state,						\
		{ IET_TRACE_CONN_ACTIVE, "active" },			\
		{ IET_TRACE_CONN_SHUT, "shut" },			\
		{ IET_TRACE_CONN_SUSPENDED, "suspended" },		\
		{ IET_TRACE_CONN_GONE, "gone" })

#define iet_show_reason(reason)						\
	__print_symbolic(reason,					\
		{ IET_EVENT_UNSPEC, "-" },				\
		{ IET_EVENT_CLOSED_BY_PEER, "closed-by-peer" },		\
		{ IET_EVENT_PROTOCOL_ERROR, "protocol-error" },		\
		{ IET_EVENT_TIMEOUT, "timeout" },			\
		{ IET_EVENT_REINSTATED, "reinstated" },			\
		{ IET_EVENT_LOGOUT, "logout" },				\
		{ IET_EVENT_ADMIN, "admin" },				\
		{ IET_EVENT_DEL, "deleted" },				\
		{ IET_EVENT_RESET, "reset" },				\
		{ IET_EVENT_FAULT, "fault" })

/* A SCSI command whose turn has come; its Data-Out may still be under way. */
TRACE_EVENT(iet_scsi_cmd,
	TP_PROTO(const struct iet_cmnd *cmnd),
	TP_ARGS(cmnd),
	TP_STRUCT__entry(
		__field(u64, sid)
		__field(u64, lba)
		__field(u32, tid)
		__field(u32, lun)
		__field(u32, itt)
		__field(u32, blocks)
		__field(u32, edtl)
		__field(u16, cid)
		__field(u8, opcode)
	),
	TP_fast_assign(
		const struct iet_scmd *s = &cmnd->scmd;

		__entry->sid = cmnd->conn->session->sid;
		__entry->tid = cmnd->conn->session->target->tid;
		__entry->cid = cmnd->conn->cid;
		__entry->lun = iet_trace_lun(s->lun_raw);
		__entry->itt = be32_to_cpu(cmnd->itt);
		__entry->opcode = s->cdb[0];
		__entry->lba = s->op ? s->lba : 0;
		__entry->blocks = s->op ? s->nr_blocks : 0;
		__entry->edtl = s->edtl;
	),
	TP_printk("tid=%u sid=%llu cid=%u lun=%d itt=0x%08x op=%s(0x%02x) lba=%llu blocks=%u edtl=%u",
		  __entry->tid, __entry->sid, __entry->cid, (int)__entry->lun,
		  __entry->itt, iet_show_scsi(__entry->opcode),
		  __entry->opcode, __entry->lba, __entry->blocks,
		  __entry->edtl)
);

/*
 * Its response is being given to TCP, or there is none.  total_ns is since its
 * header came; wait_ns of that it waited for its turn and its Data-Out;
 * device_ns the device server had it; the rest, it waited to be sent.
 */
TRACE_EVENT(iet_scsi_done,
	TP_PROTO(const struct iet_cmnd *cmnd, bool answered, u64 total_ns,
		 u64 wait_ns, u64 device_ns),
	TP_ARGS(cmnd, answered, total_ns, wait_ns, device_ns),
	TP_STRUCT__entry(
		__field(u64, sid)
		__field(u64, lba)
		__field(u64, total_ns)
		__field(u64, wait_ns)
		__field(u64, device_ns)
		__field(u32, tid)
		__field(u32, lun)
		__field(u32, itt)
		__field(u32, blocks)
		__field(u32, sense)
		__field(u16, cid)
		__field(u16, status)
		__field(u8, opcode)
	),
	TP_fast_assign(
		const struct iet_scmd *s = &cmnd->scmd;

		__entry->sid = cmnd->conn->session->sid;
		__entry->tid = cmnd->conn->session->target->tid;
		__entry->cid = cmnd->conn->cid;
		__entry->lun = iet_trace_lun(s->lun_raw);
		__entry->itt = be32_to_cpu(cmnd->itt);
		__entry->opcode = s->cdb[0];
		__entry->lba = s->op ? s->lba : 0;
		__entry->blocks = s->op ? s->nr_blocks : 0;
		__entry->status = answered ? s->status : IET_TRACE_NO_STATUS;
		__entry->sense = answered ? iet_trace_sense(s) : 0;
		__entry->total_ns = total_ns;
		__entry->wait_ns = wait_ns;
		__entry->device_ns = device_ns;
	),
	TP_printk("tid=%u sid=%llu cid=%u lun=%d itt=0x%08x op=%s(0x%02x) lba=%llu blocks=%u status=%s sense=%x/%02x/%02x total_ns=%llu wait_ns=%llu device_ns=%llu",
		  __entry->tid, __entry->sid, __entry->cid, (int)__entry->lun,
		  __entry->itt, iet_show_scsi(__entry->opcode),
		  __entry->opcode, __entry->lba, __entry->blocks,
		  iet_show_status(__entry->status), __entry->sense >> 16,
		  __entry->sense >> 8 & 0xff, __entry->sense & 0xff,
		  __entry->total_ns, __entry->wait_ns, __entry->device_ns)
);

/* An R2T is being sent. */
TRACE_EVENT(iet_r2t,
	TP_PROTO(const struct iet_cmnd *cmnd, u32 r2t_sn, u32 offset, u32 len),
	TP_ARGS(cmnd, r2t_sn, offset, len),
	TP_STRUCT__entry(
		__field(u64, sid)
		__field(u32, itt)
		__field(u32, r2t_sn)
		__field(u32, offset)
		__field(u32, len)
		__field(u16, cid)
		__field(bool, again)
	),
	TP_fast_assign(
		__entry->sid = cmnd->conn->session->sid;
		__entry->cid = cmnd->conn->cid;
		__entry->itt = be32_to_cpu(cmnd->itt);
		__entry->r2t_sn = r2t_sn;
		__entry->offset = offset;
		__entry->len = len;
		__entry->again = cmnd->r2t_repeated;
	),
	TP_printk("sid=%llu cid=%u itt=0x%08x r2tsn=%u offset=%u len=%u%s",
		  __entry->sid, __entry->cid, __entry->itt, __entry->r2t_sn,
		  __entry->offset, __entry->len,
		  __entry->again ? " again" : "")
);

/* A PDU is answered with a Reject: reason of RFC 7143 11.17.1. */
TRACE_EVENT(iet_reject,
	TP_PROTO(const struct iet_conn *conn, const struct iscsi_hdr *hdr,
		 u8 reason),
	TP_ARGS(conn, hdr, reason),
	TP_STRUCT__entry(
		__field(u64, sid)
		__field(u32, tid)
		__field(u32, itt)
		__field(u16, cid)
		__field(u8, opcode)
		__field(u8, reason)
	),
	TP_fast_assign(
		__entry->sid = conn->session->sid;
		__entry->tid = conn->session->target->tid;
		__entry->cid = conn->cid;
		__entry->itt = be32_to_cpu(hdr->itt);
		__entry->opcode = iscsi_opcode(hdr);
		__entry->reason = reason;
	),
	TP_printk("tid=%u sid=%llu cid=%u pdu=%s(0x%02x) itt=0x%08x reason=0x%02x",
		  __entry->tid, __entry->sid, __entry->cid,
		  iet_show_pdu(__entry->opcode), __entry->opcode,
		  __entry->itt, __entry->reason)
);

/* A task management function begins; rtt is the ReferencedTaskTag. */
TRACE_EVENT(iet_tmf_begin,
	TP_PROTO(const struct iet_cmnd *cmnd),
	TP_ARGS(cmnd),
	TP_STRUCT__entry(
		__field(u64, sid)
		__field(u32, tid)
		__field(u32, lun)
		__field(u32, itt)
		__field(u32, rtt)
		__field(u16, cid)
		__field(u8, function)
	),
	TP_fast_assign(
		const struct iscsi_tmf_hdr *hdr = (const void *)&cmnd->req;

		__entry->sid = cmnd->conn->session->sid;
		__entry->tid = cmnd->conn->session->target->tid;
		__entry->cid = cmnd->conn->cid;
		__entry->lun = iet_trace_lun(hdr->lun);
		__entry->itt = be32_to_cpu(cmnd->itt);
		__entry->rtt = be32_to_cpu(hdr->ref_itt);
		__entry->function = hdr->function & ISCSI_TMF_MASK;
	),
	TP_printk("tid=%u sid=%llu cid=%u lun=%d itt=0x%08x rtt=0x%08x function=%s",
		  __entry->tid, __entry->sid, __entry->cid, (int)__entry->lun,
		  __entry->itt, __entry->rtt, iet_show_tmf(__entry->function))
);

/* It is answered: response of RFC 7143 11.6.1. */
TRACE_EVENT(iet_tmf_end,
	TP_PROTO(const struct iet_cmnd *cmnd),
	TP_ARGS(cmnd),
	TP_STRUCT__entry(
		__field(u64, sid)
		__field(u32, itt)
		__field(u16, cid)
		__field(u8, function)
		__field(u8, response)
	),
	TP_fast_assign(
		const struct iscsi_tmf_hdr *hdr = (const void *)&cmnd->req;

		__entry->sid = cmnd->conn->session->sid;
		__entry->cid = cmnd->conn->cid;
		__entry->itt = be32_to_cpu(cmnd->itt);
		__entry->function = hdr->function & ISCSI_TMF_MASK;
		__entry->response = cmnd->response;
	),
	TP_printk("sid=%llu cid=%u itt=0x%08x function=%s response=%u",
		  __entry->sid, __entry->cid, __entry->itt,
		  iet_show_tmf(__entry->function), __entry->response)
);

/*
 * A connection is handed over, shut, suspended for recovery, or gone with its
 * last command.
 */
TRACE_EVENT(iet_conn_state,
	TP_PROTO(const struct iet_conn *conn, enum iet_trace_conn state),
	TP_ARGS(conn, state),
	TP_STRUCT__entry(
		__field(u64, sid)
		__field(u32, tid)
		__field(u32, nr_active)
		__field(u16, cid)
		__field(u8, state)
		__field(u8, reason)
	),
	TP_fast_assign(
		__entry->sid = conn->session->sid;
		__entry->tid = conn->session->target->tid;
		__entry->cid = conn->cid;
		__entry->nr_active = conn->nr_active;
		__entry->state = state;
		__entry->reason = READ_ONCE(conn->close_reason);
	),
	TP_printk("tid=%u sid=%llu cid=%u state=%s reason=%s commands=%u",
		  __entry->tid, __entry->sid, __entry->cid,
		  iet_show_conn(__entry->state),
		  iet_show_reason(__entry->reason), __entry->nr_active)
);

/* clang-format on */

#endif /* IET_TRACE_H */

/* beside this file, which is not in include/trace/events */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
