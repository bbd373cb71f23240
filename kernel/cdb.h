/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Command descriptor blocks and LUNs: decoding and checking, pure functions.
 */
#ifndef IET_CDB_H
#define IET_CDB_H

#include <linux/types.h>

/* where a CDB has its LBA, and its transfer or allocation length */
enum iet_cdb_layout {
	IET_CDB_PLAIN, /* neither */
	IET_CDB_RW6, /* 21 bits and 8 bits, 0 means 256 blocks */
	IET_CDB_RW10,
	IET_CDB_RW12,
	IET_CDB_RW16,
	IET_CDB_RW16_BYTE, /* 64 bits and 8 bits: COMPARE AND WRITE */
	IET_CDB_RW16_WORD, /* 64 bits and 16 bits: WRITE ATOMIC */
	IET_CDB_RW32, /* of variable length, with a service action */
	IET_CDB_ALLOC_3_2, /* allocation length at byte 3, of 2 bytes ... */
	IET_CDB_ALLOC_4_1,
	IET_CDB_ALLOC_5_4,
	IET_CDB_ALLOC_6_3,
	IET_CDB_ALLOC_6_4,
	IET_CDB_ALLOC_7_2,
	IET_CDB_ALLOC_10_4,
	IET_CDB_NR_LAYOUTS,
};

/**
 * struct iet_cdb_fields - what a CDB says
 * @lba: logical block address, 0 if there is none
 * @len: transfer length in blocks, or allocation length in bytes, U32_MAX if
 *	there is none
 * @len_at: the byte in which the length begins, for the field pointer
 */
struct iet_cdb_fields {
	u64 lba;
	u32 len;
	u8 len_at;
};

enum iet_lun_kind {
	IET_LUN_UNIT, /* a logical unit number */
	IET_LUN_REPORT_LUNS, /* the REPORT LUNS well-known logical unit */
	IET_LUN_INVALID, /* no LUN of ours looks like this */
};

/* operation code of CDBs of variable length (SPC-4 4.2.3) */
#define IET_CDB_VARIABLE 0x7f
#define IET_CDB_VARIABLE_LEN 7 /* byte: what follows the first 8 */

/* in the control byte (SAM-5 5.2) */
#define IET_CDB_NACA 0x04

/* byte 1: where SCSI-2 had the LUN */
#define IET_CDB_OLD_LUN 0xe0

u16 iet_cdb_sa(const u8 *cdb);
void iet_cdb_decode(enum iet_cdb_layout layout, const u8 *cdb,
		    struct iet_cdb_fields *fields);
u8 iet_cdb_control(u8 opcode);
bool iet_cdb_naca(const u8 *cdb);
bool iet_cdb_check(const u8 *cdb, const u8 *usage, u8 len, u8 ignored, u8 *byte,
		   u8 *bit);

enum iet_lun_kind iet_lun_decode(const u8 *raw, u32 *lun);
void iet_lun_encode(u32 lun, u8 *raw);

#endif /* IET_CDB_H */
