/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note OR BSD-3-Clause */
/*
 * The iSCSI wire format: RFC 7143 section 11 (and RFC 7144 section 5 for the
 * newer task management functions).  Shared by the module, the daemon and the
 * tests, so it includes nothing but <linux/types.h>.
 *
 * All multi-byte fields are big endian.  Field names follow the RFC.
 */
#ifndef ISCSI_PROTO_H
#define ISCSI_PROTO_H

#include <linux/types.h>

#define ISCSI_PORT 3260
#define ISCSI_VERSION 0x00

#define ISCSI_BHS_LEN 48
#define ISCSI_DIGEST_LEN 4
#define ISCSI_AHS_MAX_LEN (255 * 4)
#define ISCSI_NAME_MAX 223 /* RFC 7143 4.2.7.1, without the NUL */
#define ISCSI_DATA_SEG_MAX 0xffffff

#define ISCSI_RESERVED_TAG 0xffffffffU

/* BHS byte 0: I bit and opcode (11.2.1.1, 11.2.1.2) */
#define ISCSI_OP_IMMEDIATE 0x40
#define ISCSI_OP_MASK 0x3f

enum iscsi_opcode {
	ISCSI_OP_NOP_OUT = 0x00,
	ISCSI_OP_SCSI_CMD = 0x01,
	ISCSI_OP_TMF_REQ = 0x02,
	ISCSI_OP_LOGIN_REQ = 0x03,
	ISCSI_OP_TEXT_REQ = 0x04,
	ISCSI_OP_DATA_OUT = 0x05,
	ISCSI_OP_LOGOUT_REQ = 0x06,
	ISCSI_OP_SNACK_REQ = 0x10,
	ISCSI_OP_NOP_IN = 0x20,
	ISCSI_OP_SCSI_RSP = 0x21,
	ISCSI_OP_TMF_RSP = 0x22,
	ISCSI_OP_LOGIN_RSP = 0x23,
	ISCSI_OP_TEXT_RSP = 0x24,
	ISCSI_OP_DATA_IN = 0x25,
	ISCSI_OP_LOGOUT_RSP = 0x26,
	ISCSI_OP_R2T = 0x31,
	ISCSI_OP_ASYNC = 0x32,
	ISCSI_OP_REJECT = 0x3f,
};

/* BHS byte 1: the F bit means the same in every PDU that has it. */
#define ISCSI_FLAG_FINAL 0x80

/* Generic BHS: what every PDU shares (11.2.1). */
struct iscsi_hdr {
	__u8 opcode;
	__u8 flags;
	__u8 spec[2];
	__u8 ahs_len; /* TotalAHSLength, in 4-byte words */
	__u8 dlength[3]; /* DataSegmentLength, in bytes */
	__u8 lun[8];
	__be32 itt;
	__u8 other[28];
};

/* Additional header segment (11.2.2). */
struct iscsi_ahs_hdr {
	__be16 length; /* effective bytes in the AHS, without this and type */
	__u8 type;
	__u8 spec;
};

#define ISCSI_AHS_EXT_CDB 1
#define ISCSI_AHS_BIDI_READ_LEN 2

/* SCSI Command (11.3) */
struct iscsi_scsi_cmd_hdr {
	__u8 opcode;
	__u8 flags;
	__u8 rsvd[2];
	__u8 ahs_len;
	__u8 dlength[3];
	__u8 lun[8];
	__be32 itt;
	__be32 data_length; /* ExpectedDataTransferLength */
	__be32 cmd_sn;
	__be32 exp_stat_sn;
	__u8 cdb[16];
};

#define ISCSI_CMD_READ 0x40
#define ISCSI_CMD_WRITE 0x20
#define ISCSI_CMD_ATTR_MASK 0x07

enum iscsi_task_attr {
	ISCSI_ATTR_UNTAGGED = 0,
	ISCSI_ATTR_SIMPLE = 1,
	ISCSI_ATTR_ORDERED = 2,
	ISCSI_ATTR_HEAD_OF_QUEUE = 3,
	ISCSI_ATTR_ACA = 4,
};

/* SCSI Response (11.4) */
struct iscsi_scsi_rsp_hdr {
	__u8 opcode;
	__u8 flags;
	__u8 response;
	__u8 status;
	__u8 ahs_len;
	__u8 dlength[3];
	__u8 rsvd[8];
	__be32 itt;
	__be32 snack_tag;
	__be32 stat_sn;
	__be32 exp_cmd_sn;
	__be32 max_cmd_sn;
	__be32 exp_data_sn;
	__be32 bi_residual;
	__be32 residual;
};

#define ISCSI_RSP_BIDI_OVERFLOW 0x10
#define ISCSI_RSP_BIDI_UNDERFLOW 0x08
#define ISCSI_RSP_OVERFLOW 0x04
#define ISCSI_RSP_UNDERFLOW 0x02

enum iscsi_scsi_response {
	ISCSI_RESPONSE_COMPLETED = 0x00,
	ISCSI_RESPONSE_TARGET_FAILURE = 0x01,
};

/* Task Management Function Request (11.5, RFC 7144 5.1) */
struct iscsi_tmf_hdr {
	__u8 opcode;
	__u8 function;
	__u8 rsvd[2];
	__u8 ahs_len;
	__u8 dlength[3];
	__u8 lun[8];
	__be32 itt;
	__be32 ref_itt; /* ReferencedTaskTag */
	__be32 cmd_sn;
	__be32 exp_stat_sn;
	__be32 ref_cmd_sn;
	__be32 exp_data_sn;
	__u8 rsvd2[8];
};

#define ISCSI_TMF_MASK 0x7f

enum iscsi_tmf {
	ISCSI_TMF_ABORT_TASK = 1,
	ISCSI_TMF_ABORT_TASK_SET = 2,
	ISCSI_TMF_CLEAR_ACA = 3,
	ISCSI_TMF_CLEAR_TASK_SET = 4,
	ISCSI_TMF_LOGICAL_UNIT_RESET = 5,
	ISCSI_TMF_TARGET_WARM_RESET = 6,
	ISCSI_TMF_TARGET_COLD_RESET = 7,
	ISCSI_TMF_TASK_REASSIGN = 8,
	ISCSI_TMF_QUERY_TASK = 9,
	ISCSI_TMF_QUERY_TASK_SET = 10,
	ISCSI_TMF_I_T_NEXUS_RESET = 11,
	ISCSI_TMF_QUERY_ASYNC_EVENT = 12,
};

/* Task Management Function Response (11.6) */
struct iscsi_tmf_rsp_hdr {
	__u8 opcode;
	__u8 flags;
	__u8 response;
	__u8 rsvd;
	__u8 ahs_len;
	__u8 dlength[3];
	__u8 info[3]; /* AdditionalResponseInformation, RFC 7144 */
	__u8 rsvd2[5];
	__be32 itt;
	__u8 rsvd3[4];
	__be32 stat_sn;
	__be32 exp_cmd_sn;
	__be32 max_cmd_sn;
	__u8 rsvd4[12];
};

enum iscsi_tmf_response {
	ISCSI_TMF_RSP_COMPLETE = 0,
	ISCSI_TMF_RSP_NO_TASK = 1,
	ISCSI_TMF_RSP_NO_LUN = 2,
	ISCSI_TMF_RSP_STILL_ALLEGIANT = 3,
	ISCSI_TMF_RSP_NO_REASSIGN = 4,
	ISCSI_TMF_RSP_NOT_SUPPORTED = 5,
	ISCSI_TMF_RSP_AUTH_FAILED = 6,
	ISCSI_TMF_RSP_SUCCEEDED = 7, /* RFC 7144 */
	ISCSI_TMF_RSP_REJECTED = 255,
};

/* SCSI Data-Out (11.7) */
struct iscsi_data_out_hdr {
	__u8 opcode;
	__u8 flags;
	__u8 rsvd[2];
	__u8 ahs_len;
	__u8 dlength[3];
	__u8 lun[8];
	__be32 itt;
	__be32 ttt;
	__u8 rsvd2[4];
	__be32 exp_stat_sn;
	__u8 rsvd3[4];
	__be32 data_sn;
	__be32 buffer_offset;
	__u8 rsvd4[4];
};

/* SCSI Data-In (11.7) */
struct iscsi_data_in_hdr {
	__u8 opcode;
	__u8 flags;
	__u8 rsvd;
	__u8 status;
	__u8 ahs_len;
	__u8 dlength[3];
	__u8 lun[8];
	__be32 itt;
	__be32 ttt;
	__be32 stat_sn;
	__be32 exp_cmd_sn;
	__be32 max_cmd_sn;
	__be32 data_sn;
	__be32 buffer_offset;
	__be32 residual;
};

#define ISCSI_DATA_IN_ACK 0x40
#define ISCSI_DATA_IN_STATUS 0x01

/* Ready To Transfer (11.8) */
struct iscsi_r2t_hdr {
	__u8 opcode;
	__u8 flags;
	__u8 rsvd[2];
	__u8 ahs_len;
	__u8 dlength[3];
	__u8 lun[8];
	__be32 itt;
	__be32 ttt;
	__be32 stat_sn;
	__be32 exp_cmd_sn;
	__be32 max_cmd_sn;
	__be32 r2t_sn;
	__be32 buffer_offset;
	__be32 data_length; /* DesiredDataTransferLength */
};

/* Asynchronous Message (11.9) */
struct iscsi_async_hdr {
	__u8 opcode;
	__u8 flags;
	__u8 rsvd[2];
	__u8 ahs_len;
	__u8 dlength[3];
	__u8 lun[8];
	__be32 tag; /* always 0xffffffff */
	__u8 rsvd2[4];
	__be32 stat_sn;
	__be32 exp_cmd_sn;
	__be32 max_cmd_sn;
	__u8 async_event;
	__u8 async_vcode;
	__be16 param1;
	__be16 param2;
	__be16 param3;
	__u8 rsvd3[4];
};

enum iscsi_async_event {
	ISCSI_ASYNC_SCSI_EVENT = 0,
	ISCSI_ASYNC_LOGOUT_REQUEST = 1,
	ISCSI_ASYNC_DROP_CONNECTION = 2,
	ISCSI_ASYNC_DROP_SESSION = 3,
	ISCSI_ASYNC_NEGOTIATION_REQUEST = 4,
	ISCSI_ASYNC_TASK_TERMINATION = 5, /* RFC 7143 4.2.3.4: FastAbort */
};

/* Text Request (11.10) */
struct iscsi_text_hdr {
	__u8 opcode;
	__u8 flags;
	__u8 rsvd[2];
	__u8 ahs_len;
	__u8 dlength[3];
	__u8 lun[8];
	__be32 itt;
	__be32 ttt;
	__be32 cmd_sn;
	__be32 exp_stat_sn;
	__u8 rsvd2[16];
};

/* Text Response (11.11) */
struct iscsi_text_rsp_hdr {
	__u8 opcode;
	__u8 flags;
	__u8 rsvd[2];
	__u8 ahs_len;
	__u8 dlength[3];
	__u8 lun[8];
	__be32 itt;
	__be32 ttt;
	__be32 stat_sn;
	__be32 exp_cmd_sn;
	__be32 max_cmd_sn;
	__u8 rsvd2[12];
};

#define ISCSI_FLAG_TEXT_CONTINUE 0x40

/* Login Request (11.12) */
struct iscsi_login_hdr {
	__u8 opcode;
	__u8 flags; /* T, C, CSG, NSG */
	__u8 version_max;
	__u8 version_min;
	__u8 ahs_len;
	__u8 dlength[3];
	__u8 isid[6];
	__be16 tsih;
	__be32 itt;
	__be16 cid;
	__u8 rsvd[2];
	__be32 cmd_sn;
	__be32 exp_stat_sn;
	__u8 rsvd2[16];
};

/* Login Response (11.13) */
struct iscsi_login_rsp_hdr {
	__u8 opcode;
	__u8 flags;
	__u8 version_max;
	__u8 version_active;
	__u8 ahs_len;
	__u8 dlength[3];
	__u8 isid[6];
	__be16 tsih;
	__be32 itt;
	__u8 rsvd[4];
	__be32 stat_sn;
	__be32 exp_cmd_sn;
	__be32 max_cmd_sn;
	__u8 status_class;
	__u8 status_detail;
	__u8 rsvd2[10];
};

#define ISCSI_LOGIN_TRANSIT 0x80
#define ISCSI_LOGIN_CONTINUE 0x40
#define ISCSI_LOGIN_CSG_SHIFT 2
#define ISCSI_LOGIN_STAGE_MASK 0x03

enum iscsi_login_stage {
	ISCSI_STAGE_SECURITY = 0,
	ISCSI_STAGE_OPERATIONAL = 1,
	ISCSI_STAGE_FULL_FEATURE = 3,
};

/* Login status: class in the high byte, detail in the low one (11.13.5) */
enum iscsi_login_status {
	ISCSI_LOGIN_SUCCESS = 0x0000,
	ISCSI_LOGIN_MOVED_TEMPORARILY = 0x0101,
	ISCSI_LOGIN_MOVED_PERMANENTLY = 0x0102,
	ISCSI_LOGIN_INITIATOR_ERROR = 0x0200,
	ISCSI_LOGIN_AUTH_FAILED = 0x0201,
	ISCSI_LOGIN_FORBIDDEN = 0x0202,
	ISCSI_LOGIN_NOT_FOUND = 0x0203,
	ISCSI_LOGIN_TARGET_REMOVED = 0x0204,
	ISCSI_LOGIN_UNSUPPORTED_VERSION = 0x0205,
	ISCSI_LOGIN_TOO_MANY_CONNECTIONS = 0x0206,
	ISCSI_LOGIN_MISSING_PARAMETER = 0x0207,
	ISCSI_LOGIN_CANT_INCLUDE_IN_SESSION = 0x0208,
	ISCSI_LOGIN_SESSION_TYPE_NOT_SUPPORTED = 0x0209,
	ISCSI_LOGIN_NO_SESSION = 0x020a,
	ISCSI_LOGIN_INVALID_DURING_LOGIN = 0x020b,
	ISCSI_LOGIN_TARGET_ERROR = 0x0300,
	ISCSI_LOGIN_SERVICE_UNAVAILABLE = 0x0301,
	ISCSI_LOGIN_OUT_OF_RESOURCES = 0x0302,
};

/* Logout Request (11.14) */
struct iscsi_logout_hdr {
	__u8 opcode;
	__u8 reason;
	__u8 rsvd[2];
	__u8 ahs_len;
	__u8 dlength[3];
	__u8 rsvd2[8];
	__be32 itt;
	__be16 cid;
	__u8 rsvd3[2];
	__be32 cmd_sn;
	__be32 exp_stat_sn;
	__u8 rsvd4[16];
};

#define ISCSI_LOGOUT_REASON_MASK 0x7f

enum iscsi_logout_reason {
	ISCSI_LOGOUT_CLOSE_SESSION = 0,
	ISCSI_LOGOUT_CLOSE_CONNECTION = 1,
	ISCSI_LOGOUT_RECOVERY = 2,
};

/* Logout Response (11.15) */
struct iscsi_logout_rsp_hdr {
	__u8 opcode;
	__u8 flags;
	__u8 response;
	__u8 rsvd;
	__u8 ahs_len;
	__u8 dlength[3];
	__u8 rsvd2[8];
	__be32 itt;
	__u8 rsvd3[4];
	__be32 stat_sn;
	__be32 exp_cmd_sn;
	__be32 max_cmd_sn;
	__u8 rsvd4[4];
	__be16 time2wait;
	__be16 time2retain;
	__u8 rsvd5[4];
};

enum iscsi_logout_response {
	ISCSI_LOGOUT_SUCCESS = 0,
	ISCSI_LOGOUT_CID_NOT_FOUND = 1,
	ISCSI_LOGOUT_RECOVERY_UNSUPPORTED = 2,
	ISCSI_LOGOUT_CLEANUP_FAILED = 3,
};

/* SNACK Request (11.16) */
struct iscsi_snack_hdr {
	__u8 opcode;
	__u8 type;
	__u8 rsvd[2];
	__u8 ahs_len;
	__u8 dlength[3];
	__u8 lun[8];
	__be32 itt;
	__be32 ttt; /* TTT or SNACK tag */
	__u8 rsvd2[4];
	__be32 exp_stat_sn;
	__u8 rsvd3[8];
	__be32 beg_run;
	__be32 run_length;
};

#define ISCSI_SNACK_TYPE_MASK 0x0f

enum iscsi_snack_type {
	ISCSI_SNACK_DATA_R2T = 0,
	ISCSI_SNACK_STATUS = 1,
	ISCSI_SNACK_DATA_ACK = 2,
	ISCSI_SNACK_R_DATA = 3,
};

/* Reject (11.17) */
struct iscsi_reject_hdr {
	__u8 opcode;
	__u8 flags;
	__u8 reason;
	__u8 rsvd;
	__u8 ahs_len;
	__u8 dlength[3];
	__u8 rsvd2[8];
	__be32 tag; /* always 0xffffffff */
	__u8 rsvd3[4];
	__be32 stat_sn;
	__be32 exp_cmd_sn;
	__be32 max_cmd_sn;
	__be32 data_sn; /* DataSN or R2TSN */
	__u8 rsvd4[8];
};

enum iscsi_reject_reason {
	ISCSI_REJECT_DATA_DIGEST = 0x02,
	ISCSI_REJECT_SNACK = 0x03,
	ISCSI_REJECT_PROTOCOL_ERROR = 0x04,
	ISCSI_REJECT_CMD_NOT_SUPPORTED = 0x05,
	ISCSI_REJECT_IMMEDIATE = 0x06,
	ISCSI_REJECT_TASK_IN_PROGRESS = 0x07,
	ISCSI_REJECT_INVALID_DATA_ACK = 0x08,
	ISCSI_REJECT_INVALID_PDU_FIELD = 0x09,
	ISCSI_REJECT_LONG_OPERATION = 0x0a,
	ISCSI_REJECT_NEGOTIATION_RESET = 0x0b, /* deprecated */
	ISCSI_REJECT_WAITING_FOR_LOGOUT = 0x0c,
};

/* NOP-Out (11.18) */
struct iscsi_nop_out_hdr {
	__u8 opcode;
	__u8 flags;
	__u8 rsvd[2];
	__u8 ahs_len;
	__u8 dlength[3];
	__u8 lun[8];
	__be32 itt;
	__be32 ttt;
	__be32 cmd_sn;
	__be32 exp_stat_sn;
	__u8 rsvd2[16];
};

/* NOP-In (11.19) */
struct iscsi_nop_in_hdr {
	__u8 opcode;
	__u8 flags;
	__u8 rsvd[2];
	__u8 ahs_len;
	__u8 dlength[3];
	__u8 lun[8];
	__be32 itt;
	__be32 ttt;
	__be32 stat_sn;
	__be32 exp_cmd_sn;
	__be32 max_cmd_sn;
	__u8 rsvd2[12];
};

_Static_assert(sizeof(struct iscsi_hdr) == ISCSI_BHS_LEN, "BHS");
_Static_assert(sizeof(struct iscsi_scsi_cmd_hdr) == ISCSI_BHS_LEN, "cmd");
_Static_assert(sizeof(struct iscsi_scsi_rsp_hdr) == ISCSI_BHS_LEN, "rsp");
_Static_assert(sizeof(struct iscsi_tmf_hdr) == ISCSI_BHS_LEN, "tmf");
_Static_assert(sizeof(struct iscsi_tmf_rsp_hdr) == ISCSI_BHS_LEN, "tmf rsp");
_Static_assert(sizeof(struct iscsi_data_out_hdr) == ISCSI_BHS_LEN, "dout");
_Static_assert(sizeof(struct iscsi_data_in_hdr) == ISCSI_BHS_LEN, "din");
_Static_assert(sizeof(struct iscsi_r2t_hdr) == ISCSI_BHS_LEN, "r2t");
_Static_assert(sizeof(struct iscsi_async_hdr) == ISCSI_BHS_LEN, "async");
_Static_assert(sizeof(struct iscsi_text_hdr) == ISCSI_BHS_LEN, "text");
_Static_assert(sizeof(struct iscsi_text_rsp_hdr) == ISCSI_BHS_LEN, "text rsp");
_Static_assert(sizeof(struct iscsi_login_hdr) == ISCSI_BHS_LEN, "login");
_Static_assert(sizeof(struct iscsi_login_rsp_hdr) == ISCSI_BHS_LEN,
	       "login rsp");
_Static_assert(sizeof(struct iscsi_logout_hdr) == ISCSI_BHS_LEN, "logout");
_Static_assert(sizeof(struct iscsi_logout_rsp_hdr) == ISCSI_BHS_LEN, "lo rsp");
_Static_assert(sizeof(struct iscsi_snack_hdr) == ISCSI_BHS_LEN, "snack");
_Static_assert(sizeof(struct iscsi_reject_hdr) == ISCSI_BHS_LEN, "reject");
_Static_assert(sizeof(struct iscsi_nop_out_hdr) == ISCSI_BHS_LEN, "nop out");
_Static_assert(sizeof(struct iscsi_nop_in_hdr) == ISCSI_BHS_LEN, "nop in");

/**
 * iscsi_dlength - DataSegmentLength of a PDU (RFC 7143 11.2.1.6)
 * @hdr: any BHS
 *
 * Return: bytes of data, without padding
 */
static inline __u32 iscsi_dlength(const void *hdr)
{
	const __u8 *d = ((const struct iscsi_hdr *)hdr)->dlength;

	return (__u32)d[0] << 16 | (__u32)d[1] << 8 | d[2];
}

/**
 * iscsi_set_dlength - set the DataSegmentLength of a PDU
 * @hdr: any BHS
 * @len: bytes of data without padding, at most ISCSI_DATA_SEG_MAX
 */
static inline void iscsi_set_dlength(void *hdr, __u32 len)
{
	__u8 *d = ((struct iscsi_hdr *)hdr)->dlength;

	d[0] = len >> 16;
	d[1] = len >> 8;
	d[2] = len;
}

/**
 * iscsi_pad - bytes that pad a segment to a multiple of four
 * @len: length of the segment in bytes
 *
 * Return: 0 to 3
 */
static inline __u32 iscsi_pad(__u32 len)
{
	return -len & 3;
}

/**
 * iscsi_opcode - opcode of a PDU without the I bit
 * @hdr: any BHS
 *
 * Return: an &enum iscsi_opcode, or an unassigned value of 6 bits
 */
static inline __u8 iscsi_opcode(const void *hdr)
{
	return *(const __u8 *)hdr & ISCSI_OP_MASK;
}

/**
 * iscsi_sn_before - serial number comparison (RFC 1982, RFC 7143 4.2.2.1)
 * @a: a serial number in host order
 * @b: another
 *
 * Return: non-zero if @a comes before @b
 */
static inline int iscsi_sn_before(__u32 a, __u32 b)
{
	return (__s32)(a - b) < 0;
}

#endif /* ISCSI_PROTO_H */
