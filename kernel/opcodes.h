/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of commands, the handlers in it, and what handlers work with.
 */
#ifndef IET_OPCODES_H
#define IET_OPCODES_H

#include <linux/bits.h>
#include <linux/gfp.h>
#include <linux/types.h>

#include "cdb.h"
#include "designator.h"
#include "iotype.h"
#include "scsi.h"
#include "sense.h"
#include "volume.h"

/* most parameter data that a command returns from one buffer, bytes */
#define IET_PARAM_MAX 4096

/* most ranges that one UNMAP may have: Block Limits says the same */
#define IET_UNMAP_DESCRIPTORS 256

/* iet_scsi_op.flags */
#define IET_OP_SA BIT(0) /* the service action is part of the command */
#define IET_OP_IN BIT(1) /* there may be Data-In */
#define IET_OP_OUT BIT(2) /* there may be Data-Out */
#define IET_OP_MEDIUM BIT(3) /* LBA and length are a range of the medium */
#define IET_OP_LIMIT BIT(4) /* at most IET_TIO_MAX bytes of it */
#define IET_OP_WRITE BIT(5) /* changes the medium */
#define IET_OP_WLUN BIT(6) /* the REPORT LUNS well-known unit knows it too */
/*
 * Works whatever the state of the logical unit is: if there is none, if a
 * unit attention is pending, if aborted writes are still under way (SAM-5
 * 5.14, SPC-4 6.6, 6.33, 6.39).
 */
#define IET_OP_ALWAYS BIT(7)
#define IET_OP_THIN BIT(8) /* only thin provisioned units know it */
#define IET_OP_EXACT BIT(9) /* no less Data-Out than the CDB asks, nor more */
#define IET_OP_ATOMIC BIT(10) /* nobody else touches its blocks meanwhile */
/*
 * What persistent reservations of others mean (SPC-4 5.13.1, SBC-3 4.17): by
 * default, conflict.  Those that others have made by RESERVE are in conflict
 * with all but IET_OP_ALWAYS and IET_OP_PR_SELF.
 */
#define IET_OP_PR_READ BIT(11) /* conflict with exclusive access only */
#define IET_OP_PR_FREE BIT(12) /* no conflict */
#define IET_OP_PR_SELF BIT(13) /* the command looks itself */
#define IET_OP_UNREADY BIT(14) /* works when stopped and without a medium */
#define IET_OP_ERASING BIT(15) /* works while the medium is being erased */
#define IET_OP_REMOVABLE BIT(16) /* only removable units know it */
#define IET_OP_POWER_FAIL BIT(17) /* only if the medium has atomic writes */
#define IET_OP_COPY BIT(22) /* it locks the blocks that it works on itself */

/* asymmetric access: what works by way of which target port (SPC-4 5.15.2.4) */
#define IET_OP_STANDBY BIT(18) /* in standby, too */
#define IET_OP_ANY_ACCESS BIT(19) /* in any state */
#define IET_OP_EXPLICIT BIT(20) /* only if initiators may change it */
#define IET_OP_SIZE BIT(21) /* has the size of the medium changed? */
/*
 * SCSI-2 had the LUN in byte 1, and initiators that do not know yet how new a
 * unit is still put it there: Linux in its first INQUIRY.  Not where the bits
 * have got another meaning since.
 */
#define IET_OP_OLD_LUN BIT(23)
#define IET_OP_ENCRYPTED BIT(24) /* only if its medium is encrypted */

/**
 * struct iet_scsi_op - a command
 * @opcode: operation code
 * @sa: service action, with IET_OP_SA
 * @len: CDB length in bytes
 * @layout: where LBA and length are
 * @out_if: mask for the flags of the CDB: without one of these bits there is no
 *	Data-Out; 0: there is
 * @flags: IET_OP_*
 * @name: as in the standards
 * @usage: CDB usage data (SPC-4 6.35.3): the bits that are looked at
 * @pr_free: is there no conflict with persistent reservations, whatever @flags
 *	say?  NULL: that depends on them alone
 * @out_bytes: how much Data-Out there is to be, bytes; NULL: as much as the
 *	length in the CDB says
 * @param: builds parameter data for Data-In: bytes, at most IET_PARAM_MAX, in
 *	a zeroed buffer; 0 when it has refused the command.  Does not sleep.
 * @execute: runs the command, if there is no @param.  Does not sleep unless
 *	the flags for memory say that it may.  Returns 0 when status and data
 *	are set; -EIOCBQUEUED when iet_scsi_end() has been or will be called;
 *	-ENOMEM when nothing has happened and another try with reclaim is
 *	wanted; another negative errno, which becomes status and sense.
 */
struct iet_scsi_op {
	u8 opcode;
	u16 sa;
	u8 len;
	u8 layout;
	u8 out_if;
	u32 flags;
	const char *name;
	u8 usage[32];
	bool (*pr_free)(const struct iet_scmd *s);
	u32 (*out_bytes)(const struct iet_scmd *s);
	int (*param)(struct iet_scmd *s, u8 *buf);
	int (*execute)(struct iet_scmd *s, gfp_t gfp);
};

extern const struct iet_scsi_op iet_scsi_ops[];
extern const unsigned int iet_scsi_nr_ops;

const struct iet_scsi_op *iet_op_find(u8 opcode, u16 sa);
bool iet_op_known(u8 opcode, bool *has_sa);
bool iet_op_supported(const struct iet_scsi_op *op, const struct iet_scmd *s);

/* The byte with DPO, FUA, BYTCHK, UNMAP and so on; not of 6-byte CDBs. */
static inline u8 iet_scsi_flags(const struct iet_scmd *s)
{
	return s->cdb[s->op->layout == IET_CDB_RW32 ? 10 : 1];
}

/* handlers: spc.c, inquiry.c, mode.c, rsoc.c */
int iet_spc_test_unit_ready(struct iet_scmd *s, gfp_t gfp);
int iet_spc_request_sense(struct iet_scmd *s, u8 *buf);
int iet_spc_report_luns(struct iet_scmd *s, gfp_t gfp);
int iet_spc_inquiry(struct iet_scmd *s, u8 *buf);
int iet_spc_mode_sense(struct iet_scmd *s, u8 *buf);
int iet_spc_mode_select(struct iet_scmd *s, gfp_t gfp);
int iet_spc_report_opcodes(struct iet_scmd *s, u8 *buf);
int iet_spc_report_tmfs(struct iet_scmd *s, u8 *buf);
int iet_spc_send_diagnostic(struct iet_scmd *s, gfp_t gfp);

/* handlers: target_disk.c, verify.c */
int iet_sbc_read_capacity10(struct iet_scmd *s, u8 *buf);
int iet_sbc_read_capacity16(struct iet_scmd *s, u8 *buf);
int iet_sbc_read(struct iet_scmd *s, gfp_t gfp);
int iet_sbc_write(struct iet_scmd *s, gfp_t gfp);
int iet_sbc_write_atomic(struct iet_scmd *s, gfp_t gfp);
int iet_sbc_sync_cache(struct iet_scmd *s, gfp_t gfp);
int iet_sbc_prefetch(struct iet_scmd *s, gfp_t gfp);
int iet_sbc_read_defects(struct iet_scmd *s, u8 *buf);
u32 iet_sbc_write_flags(const struct iet_scmd *s);
int iet_sbc_verify(struct iet_scmd *s, gfp_t gfp);
u32 iet_sbc_verify_bytes(const struct iet_scmd *s);
int iet_sbc_write_verify(struct iet_scmd *s, gfp_t gfp);

/* handlers: log.c, buffer.c, timestamp.c */
int iet_spc_log_sense(struct iet_scmd *s, gfp_t gfp);
int iet_spc_log_select(struct iet_scmd *s, gfp_t gfp);
int iet_spc_write_buffer(struct iet_scmd *s, gfp_t gfp);
int iet_spc_read_buffer(struct iet_scmd *s, u8 *buf);
int iet_spc_report_timestamp(struct iet_scmd *s, u8 *buf);
int iet_spc_set_timestamp(struct iet_scmd *s, gfp_t gfp);

/* handlers: removal.c */
int iet_sbc_start_stop(struct iet_scmd *s, gfp_t gfp);
bool iet_sbc_is_start(const struct iet_scmd *s);
int iet_spc_prevent_allow(struct iet_scmd *s, gfp_t gfp);
bool iet_spc_is_allow(const struct iet_scmd *s);

/* handlers: sanitize.c, format.c */
int iet_sbc_overwrite(struct iet_scmd *s, gfp_t gfp);
int iet_sbc_block_erase(struct iet_scmd *s, gfp_t gfp);
int iet_sbc_crypto_erase(struct iet_scmd *s, gfp_t gfp);
int iet_sbc_exit_failure(struct iet_scmd *s, gfp_t gfp);
int iet_sbc_format(struct iet_scmd *s, gfp_t gfp);
u32 iet_sbc_format_bytes(const struct iet_scmd *s);

/* handlers: reservation.c */
int iet_spc_reserve(struct iet_scmd *s, gfp_t gfp);
int iet_spc_release(struct iet_scmd *s, gfp_t gfp);
int iet_spc_pr_in(struct iet_scmd *s, gfp_t gfp);
int iet_spc_pr_capabilities(struct iet_scmd *s, u8 *buf);
int iet_spc_pr_out(struct iet_scmd *s, gfp_t gfp);

/* handlers: alua.c */
int iet_spc_report_groups(struct iet_scmd *s, gfp_t gfp);
int iet_spc_set_groups(struct iet_scmd *s, gfp_t gfp);
int iet_sbc_report_referrals(struct iet_scmd *s, gfp_t gfp);

/* handlers: rmw.c */
int iet_sbc_compare_write(struct iet_scmd *s, gfp_t gfp);
u32 iet_sbc_compare_write_bytes(const struct iet_scmd *s);
int iet_sbc_write_part(struct iet_scmd *s, gfp_t gfp);
int iet_sbc_orwrite(struct iet_scmd *s, gfp_t gfp);

/* handlers: provisioning.c, write_same.c */
int iet_sbc_unmap(struct iet_scmd *s, gfp_t gfp);
int iet_sbc_lba_status(struct iet_scmd *s, gfp_t gfp);
int iet_sbc_write_same(struct iet_scmd *s, gfp_t gfp);
u32 iet_sbc_write_same_bytes(const struct iet_scmd *s);

/* handlers: copy_op.c, copy_status.c, xcopy.c, odx.c */
int iet_spc_copy_abort(struct iet_scmd *s, gfp_t gfp);
int iet_spc_copy_status1(struct iet_scmd *s, u8 *buf);
int iet_spc_copy_parameters(struct iet_scmd *s, u8 *buf);
int iet_spc_copy_failure(struct iet_scmd *s, u8 *buf);
int iet_spc_copy_status4(struct iet_scmd *s, u8 *buf);
int iet_spc_rod_token_info(struct iet_scmd *s, u8 *buf);
u16 iet_vpd_third_party_copy(const struct iet_scmd *s, u8 *p);
u32 iet_spc_extended_copy_bytes(const struct iet_scmd *s);
int iet_spc_extended_copy(struct iet_scmd *s, gfp_t gfp);
u32 iet_sbc_populate_token_bytes(const struct iet_scmd *s);
int iet_sbc_populate_token(struct iet_scmd *s, gfp_t gfp);
u32 iet_sbc_write_using_token_bytes(const struct iet_scmd *s);
int iet_sbc_write_using_token(struct iet_scmd *s, gfp_t gfp);

/* inquiry.c, vpd.c: vital product data */
u8 iet_spc_peripheral(const struct iet_scmd *s);
int iet_vpd_page(const struct iet_scmd *s, u8 page, u8 *buf);
u8 *iet_vpd_unit_designators(u8 *d, struct iet_volume *vol);

/* scsi.c: what handlers end and go on with */
void iet_scsi_check(struct iet_scmd *s, const struct iet_sense *sense);
void iet_scsi_invalid_field(struct iet_scmd *s, u16 byte, u8 bit);
void iet_scsi_invalid_param(struct iet_scmd *s, u16 byte, u8 bit);
void iet_scsi_refuse(struct iet_scmd *s, u8 key, u16 asc);
bool iet_scsi_stopped(struct iet_scmd *s);
u8 iet_scsi_explain(int err, bool write, struct iet_sense *sense);
u16 iet_scsi_protected(const struct iet_volume *vol);
bool iet_scsi_charge(struct iet_scmd *s, u32 len);
int iet_scsi_alloc_beside(struct iet_scmd *s, struct iet_tio *tio, u32 len,
			  gfp_t gfp);
void iet_scsi_go_on(struct iet_scmd *s);
void iet_scsi_end(struct iet_scmd *s, int err);
struct iet_itl *iet_scsi_itl(const struct iet_scmd *s);
bool iet_scsi_lost(struct iet_scmd *s);
void *iet_scsi_state(struct iet_scmd *s, size_t size,
		     void (*free_state)(void *state), gfp_t gfp);
int iet_scsi_in_worker(struct iet_scmd *s, void (*step)(struct iet_scmd *s));
u32 iet_scsi_out_bytes(const struct iet_scmd *s);
bool iet_scsi_out_part(const struct iet_scmd *s);
int iet_scsi_io(struct iet_scmd *s, enum iet_io_op op, u32 flags,
		struct iet_tio *tio, u64 off, u64 len,
		void (*step)(struct iet_scmd *s));

/* may the initiator of a command, which has a volume, not write there? */
static inline bool iet_scsi_read_only(const struct iet_scmd *s)
{
	return s->read_only || iet_volume_read_only(s->vol);
}

/* a bit number that says: the whole field */
#define IET_WHOLE_FIELD 0xff

/* memory for workers: they may wait, but not for the very disk they serve */
#define IET_GFP_WORKER (GFP_NOIO | __GFP_NOWARN | __GFP_NORETRY)

#endif /* IET_OPCODES_H */
