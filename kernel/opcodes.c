// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of commands.  Decoding, checking, executing and REPORT SUPPORTED
 * OPERATION CODES all read it; what is not in it does not exist.
 */
#include <linux/kernel.h>

#include "opcodes.h"
#include "target.h"
#include "volume.h"

#define X4 0xff, 0xff, 0xff, 0xff
#define O4 0, 0, 0, 0

#define RW_IN (IET_OP_IN | IET_OP_MEDIUM | IET_OP_LIMIT)
#define RW_OUT (IET_OP_OUT | IET_OP_MEDIUM | IET_OP_LIMIT)
#define OUT_EXACT (IET_OP_OUT | IET_OP_MEDIUM | IET_OP_EXACT)
#define PR_SELF (IET_OP_PR_SELF | IET_OP_UNREADY | IET_OP_STANDBY)
#define PR_IN (IET_OP_SA | IET_OP_IN | PR_SELF)
#define PR_OUT (IET_OP_SA | IET_OP_OUT | PR_SELF)
#define RESERVE (IET_OP_PR_SELF | IET_OP_UNREADY)
#define ANYTIME (IET_OP_PR_FREE | IET_OP_UNREADY | IET_OP_ERASING)
/* as ANYTIME, but not while another has exclusive access (SPC-4, table 65) */
#define REPORT_SUPPORTED                                           \
	(IET_OP_SA | IET_OP_IN | IET_OP_PR_READ | IET_OP_UNREADY | \
	 IET_OP_ERASING | IET_OP_STANDBY)
/* nobody else works on the unit meanwhile */
#define ERASE (IET_OP_WRITE | IET_OP_ATOMIC)
#define COPY_OUT (IET_OP_SA | IET_OP_OUT)
#define IN_ALWAYS (IET_OP_IN | IET_OP_ALWAYS | IET_OP_WLUN)

/* byte 1 of the block commands */
#define DPO_FUA 0x18
#define DPO_BYTCHK 0x12 /* BYTCHK is 00b or 01b */
#define BYTCHK 0x06
#define DPO_BYTCHK_ANY 0x16
#define IMMED 0x02
#define UNMAP 0x18 /* ANCHOR, UNMAP */
#define NDOB 0x01
#define SANITIZE 0xa0 /* IMMED, AUSE */
/* group number of a hint, for statistics that are not kept */
#define GROUP 0x1f

/*
 * Of 32 bytes: without protection information the tags to expect (20 to 27)
 * mean nothing, and any will do (SBC-3 5.14).
 */
#define USAGE32(sa, flags) \
	0x7f, 0, O4, 0, 0x18, 0, sa, flags, 0, X4, X4, X4, X4, X4

/* Ordered by operation code, then by service action. */
const struct iet_scsi_op iet_scsi_ops[] = {
	{
		.opcode = 0x00,
		.name = "TEST UNIT READY",
		.len = 6,
		.flags = IET_OP_SIZE | IET_OP_WLUN | IET_OP_PR_FREE |
			 IET_OP_OLD_LUN,
		.usage = { 0x00 },
		.execute = iet_spc_test_unit_ready,
	},
	{
		.opcode = 0x03,
		.name = "REQUEST SENSE",
		.len = 6,
		.layout = IET_CDB_ALLOC_4_1,
		.flags = IN_ALWAYS | IET_OP_OLD_LUN,
		.usage = { 0x03, 0x01, 0, 0, 0xff, 0 },
		.param = iet_spc_request_sense,
	},
	{
		.opcode = 0x04,
		.name = "FORMAT UNIT",
		.len = 6,
		.flags = IET_OP_OUT | ERASE,
		.usage = { 0x04, 0x3f, 0, 0, 0, 0 },
		.out_bytes = iet_sbc_format_bytes,
		.execute = iet_sbc_format,
	},
	{
		.opcode = 0x08,
		.name = "READ(6)",
		.len = 6,
		.layout = IET_CDB_RW6,
		.flags = RW_IN | IET_OP_PR_READ | IET_OP_OLD_LUN,
		.usage = { 0x08, 0x1f, 0xff, 0xff, 0xff, 0 },
		.execute = iet_sbc_read,
	},
	{
		.opcode = 0x0a,
		.name = "WRITE(6)",
		.len = 6,
		.layout = IET_CDB_RW6,
		.flags = RW_OUT | IET_OP_WRITE | IET_OP_OLD_LUN,
		.usage = { 0x0a, 0x1f, 0xff, 0xff, 0xff, 0 },
		.execute = iet_sbc_write,
	},
	{
		.opcode = 0x12,
		.name = "INQUIRY",
		.len = 6,
		.layout = IET_CDB_ALLOC_3_2,
		.flags = IN_ALWAYS | IET_OP_OLD_LUN,
		.usage = { 0x12, 0x01, 0xff, 0xff, 0xff, 0 },
		.param = iet_spc_inquiry,
	},
	{
		.opcode = 0x15,
		.name = "MODE SELECT(6)",
		.len = 6,
		.layout = IET_CDB_ALLOC_4_1,
		.flags = IET_OP_OUT | IET_OP_UNREADY | IET_OP_STANDBY |
			 IET_OP_OLD_LUN,
		.usage = { 0x15, 0x11, 0, 0, 0xff, 0 },
		.execute = iet_spc_mode_select,
	},
	{
		.opcode = 0x16,
		.name = "RESERVE(6)",
		.len = 6,
		.flags = RESERVE | IET_OP_OLD_LUN,
		.usage = { 0x16, 0, 0, 0, 0, 0 },
		.execute = iet_spc_reserve,
	},
	{
		.opcode = 0x17,
		.name = "RELEASE(6)",
		.len = 6,
		.flags = RESERVE | IET_OP_OLD_LUN,
		.usage = { 0x17, 0, 0, 0, 0, 0 },
		.execute = iet_spc_release,
	},
	{
		.opcode = 0x1a,
		.name = "MODE SENSE(6)",
		.len = 6,
		.layout = IET_CDB_ALLOC_4_1,
		.flags = IET_OP_IN | IET_OP_PR_READ | IET_OP_UNREADY |
			 IET_OP_STANDBY | IET_OP_OLD_LUN,
		.usage = { 0x1a, 0x08, 0xff, 0xff, 0xff, 0 },
		.param = iet_spc_mode_sense,
	},
	{
		.opcode = 0x1b,
		.name = "START STOP UNIT",
		.len = 6,
		.flags = IET_OP_ATOMIC | IET_OP_UNREADY | IET_OP_OLD_LUN,
		.usage = { 0x1b, 0x01, 0, 0, 0xf7, 0 },
		.pr_free = iet_sbc_is_start,
		.execute = iet_sbc_start_stop,
	},
	{
		.opcode = 0x1d,
		.name = "SEND DIAGNOSTIC",
		.len = 6,
		.flags = IET_OP_STANDBY,
		.usage = { 0x1d, 0x14, 0, 0, 0, 0 },
		.execute = iet_spc_send_diagnostic,
	},
	{
		.opcode = 0x1e,
		.name = "PREVENT ALLOW MEDIUM REMOVAL",
		.len = 6,
		.flags = IET_OP_REMOVABLE | IET_OP_UNREADY | IET_OP_OLD_LUN,
		.usage = { 0x1e, 0, 0, 0, 0x01, 0 },
		.pr_free = iet_spc_is_allow,
		.execute = iet_spc_prevent_allow,
	},
	{
		.opcode = 0x25,
		.name = "READ CAPACITY(10)",
		.len = 10,
		.flags = IET_OP_SIZE | IET_OP_IN | IET_OP_PR_FREE |
			 IET_OP_OLD_LUN,
		.usage = { 0x25 },
		.param = iet_sbc_read_capacity10,
	},
	{
		.opcode = 0x28,
		.name = "READ(10)",
		.len = 10,
		.layout = IET_CDB_RW10,
		.flags = RW_IN | IET_OP_PR_READ,
		.usage = { 0x28, DPO_FUA, X4, 0, 0xff, 0xff, 0 },
		.execute = iet_sbc_read,
	},
	{
		.opcode = 0x2a,
		.name = "WRITE(10)",
		.len = 10,
		.layout = IET_CDB_RW10,
		.flags = RW_OUT | IET_OP_WRITE,
		.usage = { 0x2a, DPO_FUA, X4, 0, 0xff, 0xff, 0 },
		.execute = iet_sbc_write,
	},
	{
		.opcode = 0x2e,
		.name = "WRITE AND VERIFY(10)",
		.len = 10,
		.layout = IET_CDB_RW10,
		.flags = RW_OUT | IET_OP_WRITE,
		.usage = { 0x2e, DPO_BYTCHK, X4, 0, 0xff, 0xff, 0 },
		.execute = iet_sbc_write_verify,
	},
	{
		.opcode = 0x2f,
		.name = "VERIFY(10)",
		.len = 10,
		.layout = IET_CDB_RW10,
		.out_if = BYTCHK,
		.flags = RW_OUT | IET_OP_PR_READ,
		.usage = { 0x2f, DPO_BYTCHK_ANY, X4, 0, 0xff, 0xff, 0 },
		.out_bytes = iet_sbc_verify_bytes,
		.execute = iet_sbc_verify,
	},
	{
		.opcode = 0x34,
		.name = "PRE-FETCH(10)",
		.len = 10,
		.layout = IET_CDB_RW10,
		.flags = IET_OP_MEDIUM | IET_OP_PR_READ,
		.usage = { 0x34, IMMED, X4, GROUP, 0xff, 0xff, 0 },
		.execute = iet_sbc_prefetch,
	},
	{
		.opcode = 0x35,
		.name = "SYNCHRONIZE CACHE(10)",
		.len = 10,
		.layout = IET_CDB_RW10,
		.flags = IET_OP_MEDIUM,
		.usage = { 0x35, IMMED, X4, 0, 0xff, 0xff, 0 },
		.execute = iet_sbc_sync_cache,
	},
	{
		.opcode = 0x37,
		.name = "READ DEFECT DATA(10)",
		.len = 10,
		.layout = IET_CDB_ALLOC_7_2,
		.flags = IET_OP_IN | IET_OP_PR_READ | IET_OP_OLD_LUN,
		.usage = { 0x37, 0, 0x1f, 0, 0, 0, 0, 0xff, 0xff, 0 },
		.param = iet_sbc_read_defects,
	},
	{
		.opcode = 0x3b,
		.name = "WRITE BUFFER",
		.len = 10,
		.layout = IET_CDB_ALLOC_6_3,
		.flags = IET_OP_OUT | IET_OP_UNREADY | IET_OP_ANY_ACCESS,
		.usage = { 0x3b, 0x1f, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0 },
		.execute = iet_spc_write_buffer,
	},
	{
		.opcode = 0x3c,
		.name = "READ BUFFER",
		.len = 10,
		.layout = IET_CDB_ALLOC_6_3,
		.flags = IET_OP_IN | IET_OP_PR_READ | IET_OP_UNREADY |
			 IET_OP_ANY_ACCESS,
		.usage = { 0x3c, 0x1f, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0 },
		.param = iet_spc_read_buffer,
	},
	{
		.opcode = 0x41,
		.name = "WRITE SAME(10)",
		.len = 10,
		.layout = IET_CDB_RW10,
		.flags = OUT_EXACT | IET_OP_WRITE,
		.usage = { 0x41, UNMAP, X4, 0, 0xff, 0xff, 0 },
		.out_bytes = iet_sbc_write_same_bytes,
		.execute = iet_sbc_write_same,
	},
	{
		.opcode = 0x42,
		.name = "UNMAP",
		.len = 10,
		.layout = IET_CDB_ALLOC_7_2,
		.flags = IET_OP_OUT | IET_OP_WRITE | IET_OP_THIN,
		.usage = { 0x42, 0x01, O4, 0, 0xff, 0xff, 0 },
		.execute = iet_sbc_unmap,
	},
	{
		.opcode = 0x48,
		.sa = 0x01,
		.name = "SANITIZE, OVERWRITE",
		.len = 10,
		.layout = IET_CDB_ALLOC_7_2,
		.flags = IET_OP_SA | IET_OP_OUT | ERASE,
		.usage = { 0x48, SANITIZE | 0x01, O4, 0, 0xff, 0xff, 0 },
		.execute = iet_sbc_overwrite,
	},
	{
		.opcode = 0x48,
		.sa = 0x02,
		.name = "SANITIZE, BLOCK ERASE",
		.len = 10,
		.flags = IET_OP_SA | ERASE | IET_OP_THIN,
		.usage = { 0x48, SANITIZE | 0x02, O4, 0, 0, 0, 0 },
		.execute = iet_sbc_block_erase,
	},
	{
		.opcode = 0x48,
		.sa = 0x03,
		.name = "SANITIZE, CRYPTOGRAPHIC ERASE",
		.len = 10,
		.flags = IET_OP_SA | ERASE | IET_OP_ENCRYPTED,
		.usage = { 0x48, SANITIZE | 0x03, O4, 0, 0, 0, 0 },
		.execute = iet_sbc_crypto_erase,
	},
	{
		.opcode = 0x48,
		.sa = 0x1f,
		.name = "SANITIZE, EXIT FAILURE MODE",
		.len = 10,
		.flags = IET_OP_SA | ERASE,
		.usage = { 0x48, SANITIZE | 0x1f, O4, 0, 0, 0, 0 },
		.execute = iet_sbc_exit_failure,
	},
	{
		.opcode = 0x4c,
		.name = "LOG SELECT",
		.len = 10,
		.layout = IET_CDB_ALLOC_7_2,
		.flags = IET_OP_OUT | IET_OP_UNREADY | IET_OP_STANDBY |
			 IET_OP_OLD_LUN,
		.usage = { 0x4c, 0x02, 0xff, 0xff, 0, 0, 0, 0xff, 0xff, 0 },
		.execute = iet_spc_log_select,
	},
	{
		.opcode = 0x4d,
		.name = "LOG SENSE",
		.len = 10,
		.layout = IET_CDB_ALLOC_7_2,
		.flags = IET_OP_IN | ANYTIME | IET_OP_STANDBY | IET_OP_OLD_LUN,
		.usage = { 0x4d, 0, 0xff, 0xff, 0, 0xff, 0xff, 0xff, 0xff, 0 },
		.execute = iet_spc_log_sense,
	},
	{
		.opcode = 0x55,
		.name = "MODE SELECT(10)",
		.len = 10,
		.layout = IET_CDB_ALLOC_7_2,
		.flags = IET_OP_OUT | IET_OP_UNREADY | IET_OP_STANDBY |
			 IET_OP_OLD_LUN,
		.usage = { 0x55, 0x11, 0, 0, 0, 0, 0, 0xff, 0xff, 0 },
		.execute = iet_spc_mode_select,
	},
	{
		.opcode = 0x56,
		.name = "RESERVE(10)",
		.len = 10,
		.flags = RESERVE,
		.usage = { 0x56, 0, 0, 0, 0, 0, 0, 0, 0, 0 },
		.execute = iet_spc_reserve,
	},
	{
		.opcode = 0x57,
		.name = "RELEASE(10)",
		.len = 10,
		.flags = RESERVE,
		.usage = { 0x57, 0, 0, 0, 0, 0, 0, 0, 0, 0 },
		.execute = iet_spc_release,
	},
	{
		.opcode = 0x5a,
		.name = "MODE SENSE(10)",
		.len = 10,
		.layout = IET_CDB_ALLOC_7_2,
		.flags = IET_OP_IN | IET_OP_PR_READ | IET_OP_UNREADY |
			 IET_OP_STANDBY | IET_OP_OLD_LUN,
		.usage = { 0x5a, 0x18, 0xff, 0xff, 0, 0, 0, 0xff, 0xff, 0 },
		.param = iet_spc_mode_sense,
	},
	{
		.opcode = 0x5e,
		.name = "PERSISTENT RESERVE IN, READ KEYS",
		.len = 10,
		.layout = IET_CDB_ALLOC_7_2,
		.flags = PR_IN,
		.usage = { 0x5e, 0x00, O4, 0, 0xff, 0xff, 0 },
		.execute = iet_spc_pr_in,
	},
	{
		.opcode = 0x5e,
		.sa = 0x01,
		.name = "PERSISTENT RESERVE IN, READ RESERVATION",
		.len = 10,
		.layout = IET_CDB_ALLOC_7_2,
		.flags = PR_IN,
		.usage = { 0x5e, 0x01, O4, 0, 0xff, 0xff, 0 },
		.execute = iet_spc_pr_in,
	},
	{
		.opcode = 0x5e,
		.sa = 0x02,
		.name = "PERSISTENT RESERVE IN, REPORT CAPABILITIES",
		.len = 10,
		.layout = IET_CDB_ALLOC_7_2,
		.flags = PR_IN,
		.usage = { 0x5e, 0x02, O4, 0, 0xff, 0xff, 0 },
		.param = iet_spc_pr_capabilities,
	},
	{
		.opcode = 0x5e,
		.sa = 0x03,
		.name = "PERSISTENT RESERVE IN, READ FULL STATUS",
		.len = 10,
		.layout = IET_CDB_ALLOC_7_2,
		.flags = PR_IN,
		.usage = { 0x5e, 0x03, O4, 0, 0xff, 0xff, 0 },
		.execute = iet_spc_pr_in,
	},
	{
		.opcode = 0x5f,
		.name = "PERSISTENT RESERVE OUT, REGISTER",
		.len = 10,
		.layout = IET_CDB_ALLOC_5_4,
		.flags = PR_OUT,
		.usage = { 0x5f, 0x00, 0xff, 0, 0, X4, 0 },
		.execute = iet_spc_pr_out,
	},
	{
		.opcode = 0x5f,
		.sa = 0x01,
		.name = "PERSISTENT RESERVE OUT, RESERVE",
		.len = 10,
		.layout = IET_CDB_ALLOC_5_4,
		.flags = PR_OUT,
		.usage = { 0x5f, 0x01, 0xff, 0, 0, X4, 0 },
		.execute = iet_spc_pr_out,
	},
	{
		.opcode = 0x5f,
		.sa = 0x02,
		.name = "PERSISTENT RESERVE OUT, RELEASE",
		.len = 10,
		.layout = IET_CDB_ALLOC_5_4,
		.flags = PR_OUT,
		.usage = { 0x5f, 0x02, 0xff, 0, 0, X4, 0 },
		.execute = iet_spc_pr_out,
	},
	{
		.opcode = 0x5f,
		.sa = 0x03,
		.name = "PERSISTENT RESERVE OUT, CLEAR",
		.len = 10,
		.layout = IET_CDB_ALLOC_5_4,
		.flags = PR_OUT,
		.usage = { 0x5f, 0x03, 0xff, 0, 0, X4, 0 },
		.execute = iet_spc_pr_out,
	},
	{
		.opcode = 0x5f,
		.sa = 0x04,
		.name = "PERSISTENT RESERVE OUT, PREEMPT",
		.len = 10,
		.layout = IET_CDB_ALLOC_5_4,
		.flags = PR_OUT,
		.usage = { 0x5f, 0x04, 0xff, 0, 0, X4, 0 },
		.execute = iet_spc_pr_out,
	},
	{
		.opcode = 0x5f,
		.sa = 0x05,
		.name = "PERSISTENT RESERVE OUT, PREEMPT AND ABORT",
		.len = 10,
		.layout = IET_CDB_ALLOC_5_4,
		.flags = PR_OUT,
		.usage = { 0x5f, 0x05, 0xff, 0, 0, X4, 0 },
		.execute = iet_spc_pr_out,
	},
	{
		.opcode = 0x5f,
		.sa = 0x06,
		.name = "PERSISTENT RESERVE OUT, REGISTER AND IGNORE EXISTING KEY",
		.len = 10,
		.layout = IET_CDB_ALLOC_5_4,
		.flags = PR_OUT,
		.usage = { 0x5f, 0x06, 0xff, 0, 0, X4, 0 },
		.execute = iet_spc_pr_out,
	},
	{
		.opcode = 0x5f,
		.sa = 0x07,
		.name = "PERSISTENT RESERVE OUT, REGISTER AND MOVE",
		.len = 10,
		.layout = IET_CDB_ALLOC_5_4,
		.flags = PR_OUT,
		.usage = { 0x5f, 0x07, 0xff, 0, 0, X4, 0 },
		.execute = iet_spc_pr_out,
	},
	{
		.opcode = 0x7f,
		.sa = 0x09,
		.name = "READ(32)",
		.len = 32,
		.layout = IET_CDB_RW32,
		.flags = IET_OP_SA | RW_IN | IET_OP_PR_READ,
		.usage = { USAGE32(0x09, DPO_FUA) },
		.execute = iet_sbc_read,
	},
	{
		.opcode = 0x7f,
		.sa = 0x0a,
		.name = "VERIFY(32)",
		.len = 32,
		.layout = IET_CDB_RW32,
		.out_if = BYTCHK,
		.flags = IET_OP_SA | RW_OUT | IET_OP_PR_READ,
		.usage = { USAGE32(0x0a, DPO_BYTCHK_ANY) },
		.out_bytes = iet_sbc_verify_bytes,
		.execute = iet_sbc_verify,
	},
	{
		.opcode = 0x7f,
		.sa = 0x0b,
		.name = "WRITE(32)",
		.len = 32,
		.layout = IET_CDB_RW32,
		.flags = IET_OP_SA | RW_OUT | IET_OP_WRITE,
		.usage = { USAGE32(0x0b, DPO_FUA) },
		.execute = iet_sbc_write,
	},
	{
		.opcode = 0x7f,
		.sa = 0x0c,
		.name = "WRITE AND VERIFY(32)",
		.len = 32,
		.layout = IET_CDB_RW32,
		.flags = IET_OP_SA | RW_OUT | IET_OP_WRITE,
		.usage = { USAGE32(0x0c, DPO_BYTCHK) },
		.execute = iet_sbc_write_verify,
	},
	{
		.opcode = 0x7f,
		.sa = 0x0d,
		.name = "WRITE SAME(32)",
		.len = 32,
		.layout = IET_CDB_RW32,
		.flags = IET_OP_SA | OUT_EXACT | IET_OP_WRITE,
		.usage = { USAGE32(0x0d, UNMAP | NDOB) },
		.out_bytes = iet_sbc_write_same_bytes,
		.execute = iet_sbc_write_same,
	},
	{
		.opcode = 0x83,
		.sa = 0x00,
		.name = "EXTENDED COPY(LID1)",
		.len = 16,
		.layout = IET_CDB_ALLOC_10_4,
		.flags = COPY_OUT | IET_OP_COPY,
		.usage = { 0x83, 0x00, O4, O4, X4, 0, 0 },
		.out_bytes = iet_spc_extended_copy_bytes,
		.execute = iet_spc_extended_copy,
	},
	{
		.opcode = 0x83,
		.sa = 0x01,
		.name = "EXTENDED COPY(LID4)",
		.len = 16,
		.layout = IET_CDB_ALLOC_10_4,
		.flags = COPY_OUT | IET_OP_COPY,
		.usage = { 0x83, 0x01, O4, O4, X4, 0, 0 },
		.out_bytes = iet_spc_extended_copy_bytes,
		.execute = iet_spc_extended_copy,
	},
	{
		.opcode = 0x83,
		.sa = 0x10,
		.name = "POPULATE TOKEN",
		.len = 16,
		.layout = IET_CDB_ALLOC_10_4,
		.flags = COPY_OUT | IET_OP_COPY | IET_OP_PR_READ,
		.usage = { 0x83, 0x10, O4, X4, X4, GROUP, 0 },
		.out_bytes = iet_sbc_populate_token_bytes,
		.execute = iet_sbc_populate_token,
	},
	{
		.opcode = 0x83,
		.sa = 0x11,
		.name = "WRITE USING TOKEN",
		.len = 16,
		.layout = IET_CDB_ALLOC_10_4,
		.flags = COPY_OUT | IET_OP_COPY | IET_OP_WRITE,
		.usage = { 0x83, 0x11, O4, X4, X4, GROUP, 0 },
		.out_bytes = iet_sbc_write_using_token_bytes,
		.execute = iet_sbc_write_using_token,
	},
	{
		.opcode = 0x83,
		.sa = 0x1c,
		.name = "COPY OPERATION ABORT",
		.len = 16,
		.flags = IET_OP_SA,
		.usage = { 0x83, 0x1c, X4, O4, O4, 0, 0 },
		.execute = iet_spc_copy_abort,
	},
	{
		.opcode = 0x84,
		.sa = 0x00,
		.name = "RECEIVE COPY STATUS(LID1)",
		.len = 16,
		.layout = IET_CDB_ALLOC_10_4,
		.flags = IET_OP_SA | IET_OP_IN | IET_OP_PR_FREE,
		.usage = { 0x84, 0x00, 0xff, 0, 0, 0, O4, X4, 0, 0 },
		.param = iet_spc_copy_status1,
	},
	{
		.opcode = 0x84,
		.sa = 0x03,
		.name = "RECEIVE COPY OPERATING PARAMETERS",
		.len = 16,
		.layout = IET_CDB_ALLOC_10_4,
		.flags = IET_OP_SA | IET_OP_IN | IET_OP_PR_FREE,
		.usage = { 0x84, 0x03, O4, O4, X4, 0, 0 },
		.param = iet_spc_copy_parameters,
	},
	{
		.opcode = 0x84,
		.sa = 0x04,
		.name = "RECEIVE COPY FAILURE DETAILS(LID1)",
		.len = 16,
		.layout = IET_CDB_ALLOC_10_4,
		.flags = IET_OP_SA | IET_OP_IN | IET_OP_PR_FREE,
		.usage = { 0x84, 0x04, 0xff, 0, 0, 0, O4, X4, 0, 0 },
		.param = iet_spc_copy_failure,
	},
	{
		.opcode = 0x84,
		.sa = 0x05,
		.name = "RECEIVE COPY STATUS(LID4)",
		.len = 16,
		.layout = IET_CDB_ALLOC_10_4,
		.flags = IET_OP_SA | IET_OP_IN | IET_OP_PR_FREE,
		.usage = { 0x84, 0x05, X4, O4, X4, 0, 0 },
		.param = iet_spc_copy_status4,
	},
	{
		.opcode = 0x84,
		.sa = 0x07,
		.name = "RECEIVE ROD TOKEN INFORMATION",
		.len = 16,
		.layout = IET_CDB_ALLOC_10_4,
		.flags = IET_OP_SA | IET_OP_IN | IET_OP_PR_FREE,
		.usage = { 0x84, 0x07, X4, O4, X4, 0, 0 },
		.param = iet_spc_rod_token_info,
	},
	{
		.opcode = 0x88,
		.name = "READ(16)",
		.len = 16,
		.layout = IET_CDB_RW16,
		.flags = RW_IN | IET_OP_PR_READ,
		.usage = { 0x88, DPO_FUA, X4, X4, X4, 0, 0 },
		.execute = iet_sbc_read,
	},
	{
		.opcode = 0x89,
		.name = "COMPARE AND WRITE",
		.len = 16,
		.layout = IET_CDB_RW16_BYTE,
		.flags = OUT_EXACT | IET_OP_LIMIT | IET_OP_WRITE |
			 IET_OP_ATOMIC,
		.usage = { 0x89, DPO_FUA, X4, X4, 0, 0, 0, 0xff, 0, 0 },
		.out_bytes = iet_sbc_compare_write_bytes,
		.execute = iet_sbc_compare_write,
	},
	{
		.opcode = 0x8a,
		.name = "WRITE(16)",
		.len = 16,
		.layout = IET_CDB_RW16,
		.flags = RW_OUT | IET_OP_WRITE,
		.usage = { 0x8a, DPO_FUA, X4, X4, X4, 0, 0 },
		.execute = iet_sbc_write,
	},
	{
		.opcode = 0x8b,
		.name = "ORWRITE(16)",
		.len = 16,
		.layout = IET_CDB_RW16,
		.flags = RW_OUT | IET_OP_WRITE | IET_OP_ATOMIC,
		.usage = { 0x8b, DPO_FUA, X4, X4, X4, 0, 0 },
		.execute = iet_sbc_orwrite,
	},
	{
		.opcode = 0x8e,
		.name = "WRITE AND VERIFY(16)",
		.len = 16,
		.layout = IET_CDB_RW16,
		.flags = RW_OUT | IET_OP_WRITE,
		.usage = { 0x8e, DPO_BYTCHK, X4, X4, X4, 0, 0 },
		.execute = iet_sbc_write_verify,
	},
	{
		.opcode = 0x8f,
		.name = "VERIFY(16)",
		.len = 16,
		.layout = IET_CDB_RW16,
		.out_if = BYTCHK,
		.flags = RW_OUT | IET_OP_PR_READ,
		.usage = { 0x8f, DPO_BYTCHK_ANY, X4, X4, X4, 0, 0 },
		.out_bytes = iet_sbc_verify_bytes,
		.execute = iet_sbc_verify,
	},
	{
		.opcode = 0x90,
		.name = "PRE-FETCH(16)",
		.len = 16,
		.layout = IET_CDB_RW16,
		.flags = IET_OP_MEDIUM | IET_OP_PR_READ,
		.usage = { 0x90, IMMED, X4, X4, X4, GROUP, 0 },
		.execute = iet_sbc_prefetch,
	},
	{
		.opcode = 0x91,
		.name = "SYNCHRONIZE CACHE(16)",
		.len = 16,
		.layout = IET_CDB_RW16,
		.flags = IET_OP_MEDIUM,
		.usage = { 0x91, IMMED, X4, X4, X4, 0, 0 },
		.execute = iet_sbc_sync_cache,
	},
	{
		.opcode = 0x93,
		.name = "WRITE SAME(16)",
		.len = 16,
		.layout = IET_CDB_RW16,
		.flags = OUT_EXACT | IET_OP_WRITE,
		.usage = { 0x93, UNMAP | NDOB, X4, X4, X4, 0, 0 },
		.out_bytes = iet_sbc_write_same_bytes,
		.execute = iet_sbc_write_same,
	},
	{
		.opcode = 0x9c,
		.name = "WRITE ATOMIC(16)",
		.len = 16,
		.layout = IET_CDB_RW16_WORD,
		.flags = RW_OUT | IET_OP_WRITE | IET_OP_ATOMIC |
			 IET_OP_POWER_FAIL,
		.usage = { 0x9c, DPO_FUA, X4, X4, 0, 0, 0xff, 0xff, 0, 0 },
		.execute = iet_sbc_write_atomic,
	},
	{
		.opcode = 0x9e,
		.sa = 0x10,
		.name = "READ CAPACITY(16)",
		.len = 16,
		.layout = IET_CDB_ALLOC_10_4,
		.flags = IET_OP_SIZE | IET_OP_SA | IET_OP_IN | IET_OP_PR_FREE,
		.usage = { 0x9e, 0x10, O4, O4, X4, 0, 0 },
		.param = iet_sbc_read_capacity16,
	},
	{
		.opcode = 0x9e,
		.sa = 0x12,
		.name = "GET LBA STATUS",
		.len = 16,
		.layout = IET_CDB_ALLOC_10_4,
		.flags = IET_OP_SA | IET_OP_IN | IET_OP_THIN | IET_OP_PR_READ,
		.usage = { 0x9e, 0x12, X4, X4, X4, 0, 0 },
		.execute = iet_sbc_lba_status,
	},
	{
		.opcode = 0x9e,
		.sa = 0x13,
		.name = "REPORT REFERRALS",
		.len = 16,
		.layout = IET_CDB_ALLOC_10_4,
		.flags = IET_OP_SA | IET_OP_IN | IET_OP_PR_FREE |
			 IET_OP_ANY_ACCESS,
		.usage = { 0x9e, 0x13, X4, X4, X4, 0x01, 0 },
		.execute = iet_sbc_report_referrals,
	},
	{
		.opcode = 0xa0,
		.name = "REPORT LUNS",
		.len = 12,
		.layout = IET_CDB_ALLOC_6_4,
		.flags = IN_ALWAYS,
		.usage = { 0xa0, 0, 0xff, 0, 0, 0, X4, 0, 0 },
		.execute = iet_spc_report_luns,
	},
	{
		.opcode = 0xa3,
		.sa = 0x0a,
		.name = "REPORT TARGET PORT GROUPS",
		.len = 12,
		.layout = IET_CDB_ALLOC_6_4,
		.flags = IET_OP_SA | IET_OP_IN | ANYTIME | IET_OP_ANY_ACCESS,
		.usage = { 0xa3, 0xea, O4, X4, 0, 0 },
		.execute = iet_spc_report_groups,
	},
	{
		.opcode = 0xa3,
		.sa = 0x0c,
		.name = "REPORT SUPPORTED OPERATION CODES",
		.len = 12,
		.layout = IET_CDB_ALLOC_6_4,
		.flags = REPORT_SUPPORTED,
		.usage = { 0xa3, 0x0c, 0x87, 0xff, 0xff, 0xff, X4, 0, 0 },
		.param = iet_spc_report_opcodes,
	},
	{
		.opcode = 0xa3,
		.sa = 0x0d,
		.name = "REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS",
		.len = 12,
		.layout = IET_CDB_ALLOC_6_4,
		.flags = REPORT_SUPPORTED,
		.usage = { 0xa3, 0x0d, 0x80, 0, 0, 0, X4, 0, 0 },
		.param = iet_spc_report_tmfs,
	},
	{
		.opcode = 0xa3,
		.sa = 0x0f,
		.name = "REPORT TIMESTAMP",
		.len = 12,
		.layout = IET_CDB_ALLOC_6_4,
		.flags = IET_OP_SA | IET_OP_IN | ANYTIME,
		.usage = { 0xa3, 0x0f, O4, X4, 0, 0 },
		.param = iet_spc_report_timestamp,
	},
	{
		.opcode = 0xa4,
		.sa = 0x0a,
		.name = "SET TARGET PORT GROUPS",
		.len = 12,
		.layout = IET_CDB_ALLOC_6_4,
		.flags = IET_OP_SA | IET_OP_OUT | IET_OP_UNREADY |
			 IET_OP_ANY_ACCESS | IET_OP_EXPLICIT,
		.usage = { 0xa4, 0x0a, O4, X4, 0, 0 },
		.execute = iet_spc_set_groups,
	},
	{
		.opcode = 0xa4,
		.sa = 0x0f,
		.name = "SET TIMESTAMP",
		.len = 12,
		.layout = IET_CDB_ALLOC_6_4,
		.flags = IET_OP_SA | IET_OP_OUT | IET_OP_UNREADY,
		.usage = { 0xa4, 0x0f, O4, X4, 0, 0 },
		.execute = iet_spc_set_timestamp,
	},
	{
		.opcode = 0xa8,
		.name = "READ(12)",
		.len = 12,
		.layout = IET_CDB_RW12,
		.flags = RW_IN | IET_OP_PR_READ,
		.usage = { 0xa8, DPO_FUA, X4, X4, 0, 0 },
		.execute = iet_sbc_read,
	},
	{
		.opcode = 0xaa,
		.name = "WRITE(12)",
		.len = 12,
		.layout = IET_CDB_RW12,
		.flags = RW_OUT | IET_OP_WRITE,
		.usage = { 0xaa, DPO_FUA, X4, X4, 0, 0 },
		.execute = iet_sbc_write,
	},
	{
		.opcode = 0xae,
		.name = "WRITE AND VERIFY(12)",
		.len = 12,
		.layout = IET_CDB_RW12,
		.flags = RW_OUT | IET_OP_WRITE,
		.usage = { 0xae, DPO_BYTCHK, X4, X4, 0, 0 },
		.execute = iet_sbc_write_verify,
	},
	{
		.opcode = 0xaf,
		.name = "VERIFY(12)",
		.len = 12,
		.layout = IET_CDB_RW12,
		.out_if = BYTCHK,
		.flags = RW_OUT | IET_OP_PR_READ,
		.usage = { 0xaf, DPO_BYTCHK_ANY, X4, X4, 0, 0 },
		.out_bytes = iet_sbc_verify_bytes,
		.execute = iet_sbc_verify,
	},
	{
		.opcode = 0xb7,
		.name = "READ DEFECT DATA(12)",
		.len = 12,
		.layout = IET_CDB_ALLOC_6_4,
		.flags = IET_OP_IN | IET_OP_PR_READ,
		.usage = { 0xb7, 0x1f, X4, X4, 0, 0 },
		.param = iet_sbc_read_defects,
	},
};

const unsigned int iet_scsi_nr_ops = ARRAY_SIZE(iet_scsi_ops);

/* the first row that is not before (opcode, sa) */
static unsigned int lower_bound(u8 opcode, u16 sa)
{
	unsigned int lo = 0, hi = iet_scsi_nr_ops;

	while (lo < hi) {
		unsigned int mid = (lo + hi) / 2;
		const struct iet_scsi_op *op = &iet_scsi_ops[mid];

		if (op->opcode < opcode ||
		    (op->opcode == opcode && op->sa < sa))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/**
 * iet_op_known() - is there any command with an operation code?
 * @opcode: operation code
 * @has_sa: does it need a service action to tell which?
 *
 * Return: true if there is one
 */
bool iet_op_known(u8 opcode, bool *has_sa)
{
	unsigned int i = lower_bound(opcode, 0);

	if (i == iet_scsi_nr_ops || iet_scsi_ops[i].opcode != opcode)
		return false;
	*has_sa = iet_scsi_ops[i].flags & IET_OP_SA;
	return true;
}

/**
 * iet_op_supported() - does a logical unit know a command?
 * @op: row of the table
 * @s: a command of the initiator, to the unit; @s->vol is NULL if there is none
 *
 * Return: true if it does
 */
bool iet_op_supported(const struct iet_scsi_op *op, const struct iet_scmd *s)
{
	const struct iet_volume *vol = s->vol;

	if (op->flags & IET_OP_THIN && !(vol && vol->thin))
		return false;
	if (op->flags & IET_OP_ENCRYPTED && !(vol && vol->crypt))
		return false;
	if (op->flags & IET_OP_POWER_FAIL && !(vol && vol->atomic_max))
		return false;
	if (op->flags & IET_OP_EXPLICIT &&
	    !READ_ONCE(s->nexus->target->alua.explicit))
		return false;
	return !(op->flags & IET_OP_REMOVABLE) || (vol && vol->removable);
}

/**
 * iet_op_find() - look a command up
 * @opcode: operation code
 * @sa: service action, ignored where the operation code has none
 *
 * Return: the row of the table, or NULL
 */
const struct iet_scsi_op *iet_op_find(u8 opcode, u16 sa)
{
	unsigned int i;
	bool has_sa;

	if (!iet_op_known(opcode, &has_sa))
		return NULL;
	i = lower_bound(opcode, has_sa ? sa : 0);
	if (i == iet_scsi_nr_ops || iet_scsi_ops[i].opcode != opcode ||
	    (has_sa && iet_scsi_ops[i].sa != sa))
		return NULL;
	return &iet_scsi_ops[i];
}
